package catalog

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

func price(t *testing.T, c *Catalog, provider, model string) *Price {
	t.Helper()
	p, _ := c.Provider(provider)
	m, ok := p.Model(model)
	if !ok {
		t.Fatalf("%s/%s is not listed", provider, model)
	}
	return &m.Price
}

func TestPricesComeOutInMicros(t *testing.T) {
	c := loaded(t)
	for _, tc := range []struct {
		provider, model string
		want            Rates
		basis           Basis
		asOf            string
	}{
		{"anthropic", "claude-sonnet-4-5-20250929", Rates{3_000_000, 15_000_000, 300_000, 3_750_000}, BasisList, "2026-07-02"},
		{"claude", "claude-haiku-4-5-20251001", Rates{1_000_000, 5_000_000, 100_000, 1_250_000}, BasisReference, "2026-07-02"},
		{"deepseek", "deepseek-v4-pro", Rates{435_000, 870_000, 3_625, UnknownRate}, BasisList, "2026-07-02"},
		{"openai", "gpt-5.6-sol", Rates{5_000_000, 30_000_000, 500_000, 6_250_000}, BasisList, "2026-08-21"},
		{"groq", "whisper-large-v3-turbo", Rates{667, UnknownRate, UnknownRate, UnknownRate}, BasisList, "2026-08-01"},
		{"kiro", "auto-kiro", Rates{UnknownRate, UnknownRate, UnknownRate, UnknownRate}, BasisPlan, ""},
	} {
		p := price(t, c, tc.provider, tc.model)
		if p.Rates != tc.want || p.Basis != tc.basis || p.AsOf != tc.asOf {
			t.Errorf("%s/%s: %+v, want %+v %s %s", tc.provider, tc.model, *p, tc.want, tc.basis, tc.asOf)
		}
	}
}

func TestBilled(t *testing.T) {
	c := loaded(t)
	for name, want := range map[[2]string]bool{
		{"anthropic", "claude-opus-4-6"}:     true,
		{"claude", "claude-opus-4-6"}:        false, // plan
		{"glm", "glm-4.7-flash"}:             false, // list price 0
		{"kimi-coding", "kimi-for-coding"}:   false,
		{"nvidia", "openai/gpt-oss-120b"}:    false,
		{"openai", "gpt-4.5-preview"}:        true, // unknown counts as billed
		{"xai", "grok-imagine-image"}:        true, // list without a figure
		{"openai", "omni-moderation-latest"}: false,
	} {
		if got := price(t, c, name[0], name[1]).Billed(); got != want {
			t.Errorf("%v: billed %v", name, got)
		}
	}
}

func TestCost(t *testing.T) {
	const m = 1_000_000
	claude := Price{Rates: Rates{3 * m, 15 * m, 300_000, 3_750_000}, Above: Rates{UnknownRate, UnknownRate, UnknownRate, UnknownRate}, Unit: PerMillionTokens, Known: true}
	step := Price{Rates: Rates{1_250_000, 10 * m, 125_000, UnknownRate}, AboveInput: 200_000, Above: Rates{2_500_000, 15 * m, 250_000, UnknownRate}, Unit: PerMillionTokens, Known: true}
	half := Price{Rates: Rates{1, UnknownRate, UnknownRate, UnknownRate}, Unit: PerMillionTokens, Known: true}
	huge := Price{Rates: Rates{math.MaxInt64, math.MaxInt64, math.MaxInt64, math.MaxInt64}, Unit: PerMillionTokens, Known: true}
	minutes := Price{Rates: Rates{4300, UnknownRate, UnknownRate, UnknownRate}, Unit: PerAudioMinute, Known: true}
	for _, tc := range []struct {
		name                 string
		price                Price
		in, read, write, out int64
		micros               int64
		known                bool
	}{
		{"nothing", claude, 0, 0, 0, 0, 0, true},
		{"plain", claude, 1000, 0, 0, 500, 3000 + 7500, true},
		{"cache read and write are part of input", claude, 1000, 600, 300, 0, 100*3 + 180 + 1125, true},
		{"one million", claude, m, 0, 0, m, 18 * m, true},
		{"up to the step", step, 200_000, 0, 0, 10, 250_000 + 100, true},
		{"above the step everything is dearer", step, 200_001, 100_000, 0, 10, 250_003 + 25_000 + 150, true}, // 250002.5 up
		{"unknown write rate counts as input", step, 1000, 0, 1000, 0, 1250, true},
		{"half rounds up", half, 500_000, 0, 0, 0, 1, true},
		{"less than half rounds down", half, 499_999, 0, 0, 0, 0, true},
		{"unknown output rate, no output", half, 10, 0, 0, 0, 0, true},
		{"unknown output rate", half, 10, 0, 0, 1, 0, false},
		{"more cache than input", claude, 10, 20, 20, 0, 6 + 75, true},
		{"negative counts", claude, -5, -5, -5, -5, 0, true},
		{"beyond int64", huge, math.MaxInt64, math.MaxInt64, 0, math.MaxInt64, math.MaxInt64, true},
		{"not per token", minutes, 10, 0, 0, 0, 0, false},
		{"no price", NoPrice(), 1, 0, 0, 0, 0, false},
		{"no price, no tokens", NoPrice(), 0, 0, 0, 0, 0, true},
	} {
		if got, known := tc.price.Cost(tc.in, tc.read, tc.write, tc.out); got != tc.micros || known != tc.known {
			t.Errorf("%s: %d %v, want %d %v", tc.name, got, known, tc.micros, tc.known)
		}
	}
}

// TestCostAgainstBigIntegers compares with arithmetic that cannot overflow.
func TestCostAgainstBigIntegers(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	pick := func() int64 { return r.Int64() >> r.IntN(63) }
	for range 20_000 {
		p := Price{Rates: Rates{pick(), pick(), pick(), pick()}, Unit: PerMillionTokens, Known: true}
		read, write, out := pick()>>2, pick()>>2, pick()
		plain := pick() >> 2
		got, known := p.Cost(plain+read+write, read, write, out)
		sum := new(big.Int)
		for _, term := range [][2]int64{{plain, p.Input}, {read, p.CacheRead}, {write, p.CacheWrite}, {out, p.Output}} {
			sum.Add(sum, new(big.Int).Mul(big.NewInt(term[0]), big.NewInt(term[1])))
		}
		sum.Add(sum, big.NewInt(500_000)).Div(sum, big.NewInt(1_000_000))
		want := int64(math.MaxInt64)
		if sum.IsInt64() {
			want = sum.Int64()
		}
		if got != want || !known {
			t.Fatalf("%+v for %d+%d+%d and %d: %d, want %d", p.Rates, plain, read, write, out, got, want)
		}
	}
}

func TestStepPriceOfCacheWrites(t *testing.T) {
	p := price(t, loaded(t), "openrouter", "anthropic/claude-sonnet-4.5")
	if p.AboveInput != 200_000 || p.Above.CacheWrite != 7_500_000 {
		t.Errorf("writing above %d tokens costs %d, want 3.75 scaled like the input from 3 to 6 dollars", p.AboveInput, p.Above.CacheWrite)
	}
}

func TestAmounts(t *testing.T) {
	for text, micros := range map[string]int64{"0": 0, "3": 3_000_000, "0.15": 150_000, "0.000001": 1, "12.5": 12_500_000, "0.003625": 3625} {
		var u usd
		if err := u.UnmarshalJSON([]byte(text)); err != nil || u.micros != micros || !u.known {
			t.Errorf("%s: %d, %v", text, u.micros, err)
		}
		if back, _ := u.MarshalJSON(); string(back) != text {
			t.Errorf("%s is written as %s", text, back)
		}
	}
	for _, text := range []string{"null", "-1", "1e3", "0.1234567", `"3"`, "", ".5", "1.2.3", "9999999999"} {
		var u usd
		if err := u.UnmarshalJSON([]byte(text)); err == nil {
			t.Errorf("%q is taken as %d", text, u.micros)
		}
	}
}
