package catalog

import (
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"
)

// Unit says what a price is per.
type Unit string

// The units. Token and character prices are per million.
const (
	PerMillionTokens     Unit = "usd_per_1m_tokens"
	PerMillionCharacters Unit = "usd_per_1m_characters"
	PerAudioMinute       Unit = "usd_per_audio_minute"
	PerImage             Unit = "usd_per_image"
	PerQuery             Unit = "usd_per_query"
)

// Basis says what a price means.
type Basis string

// The bases.
const (
	BasisList      Basis = "list"      // the vendor bills this
	BasisReference Basis = "reference" // flat-rate plan; list price of the same model, for "saved" figures
	BasisPlan      Basis = "plan"      // covered by a plan or by credits
	BasisFree      Basis = "free"
	BasisUnknown   Basis = "unknown" // no source was read: show "-" and let the user set it
)

// UnknownRate marks a rate that no source gives.
const UnknownRate int64 = -1

// Rates are micro-dollars per Unit (per million for token prices), or
// UnknownRate.
type Rates struct {
	Input, Output, CacheRead, CacheWrite int64
}

// Price is what a model costs. The zero value is not a price; use NoPrice.
type Price struct {
	Rates
	Unit  Unit
	Basis Basis
	// Above holds for the whole request when its input, cache included, is
	// larger than AboveInput tokens; 0 = no such step.
	AboveInput int64
	Above      Rates
	Known      bool   // at least one rate is known
	Source     string // where it was read
	AsOf       string // the day of that copy, YYYY-MM-DD
}

// NoPrice is the price of a model about which no source was read.
func NoPrice() Price {
	none := Rates{UnknownRate, UnknownRate, UnknownRate, UnknownRate}
	return Price{Rates: none, Above: none, Unit: PerMillionTokens, Basis: BasisUnknown}
}

// Billed reports that the vendor bills calls at this price. A reference price
// or one that a plan covers is not billed per call.
func (p *Price) Billed() bool {
	if p.Basis == BasisList {
		return !p.Known || p.Input > 0 || p.Output > 0
	}
	return p.Basis == BasisUnknown
}

// Cost is the price of one call in micro-dollars, rounded half up. Input is
// all input tokens, cache read and cache write included (rulings 3.11);
// output includes reasoning. A cache rate that no source gives counts as the
// plain input rate. Known is false when a rate that is needed is unknown or
// the price is not per token; negative counts are taken as 0; a result beyond
// int64 is its maximum.
func (p *Price) Cost(input, cacheRead, cacheWrite, output int64) (micros int64, known bool) {
	if p.Unit != PerMillionTokens {
		return 0, false
	}
	input, cacheRead, cacheWrite, output = max(input, 0), max(cacheRead, 0), max(cacheWrite, 0), max(output, 0)
	r := p.Rates
	if p.AboveInput > 0 && input > p.AboveInput {
		r = p.Above
	}
	if r.CacheRead < 0 {
		r.CacheRead = r.Input
	}
	if r.CacheWrite < 0 {
		r.CacheWrite = r.Input
	}
	plain := input
	if cacheRead <= plain {
		plain -= cacheRead
	} else {
		plain = 0
	}
	if cacheWrite <= plain {
		plain -= cacheWrite
	} else {
		plain = 0
	}
	var sum product
	known = sum.add(plain, r.Input) && sum.add(cacheRead, r.CacheRead) &&
		sum.add(cacheWrite, r.CacheWrite) && sum.add(output, r.Output)
	if !known {
		return 0, false
	}
	return sum.perMillion(), true
}

// product is a 128-bit sum of tokens times rates. Four terms of two positive
// int64 each fit.
type product struct{ hi, lo uint64 }

func (s *product) add(tokens, rate int64) bool {
	if tokens == 0 {
		return true
	}
	if rate < 0 {
		return false
	}
	hi, lo := bits.Mul64(uint64(tokens), uint64(rate))
	var carry uint64
	s.lo, carry = bits.Add64(s.lo, lo, 0)
	s.hi, _ = bits.Add64(s.hi, hi, carry)
	return true
}

func (s *product) perMillion() int64 {
	const million = 1_000_000
	lo, carry := bits.Add64(s.lo, million/2, 0)
	hi := s.hi + carry
	if hi >= million {
		return math.MaxInt64
	}
	q, _ := bits.Div64(hi, lo, million)
	return int64(min(q, math.MaxInt64))
}

// quote is a price in the data: USD as decimals.
type quote struct {
	Input      usd         `json:"input,omitzero"`
	Output     usd         `json:"output,omitzero"`
	CacheRead  usd         `json:"cache_read,omitzero"`
	CacheWrite usd         `json:"cache_write,omitzero"`
	Unit       Unit        `json:"unit,omitempty"` // absent = usd_per_1m_tokens
	Above      *aboveQuote `json:"above,omitempty"`
}

type aboveQuote struct {
	ContextOver int64 `json:"context_over"`
	Input       usd   `json:"input,omitzero"`
	Output      usd   `json:"output,omitzero"`
	CacheRead   usd   `json:"cache_read,omitzero"`
	CacheWrite  usd   `json:"cache_write,omitzero"`
}

func (q *quote) price(basis Basis, source string) Price {
	p := NoPrice()
	p.Basis, p.Source = basis, source
	if q == nil {
		return p
	}
	p.Rates = Rates{q.Input.rate(), q.Output.rate(), q.CacheRead.rate(), q.CacheWrite.rate()}
	if q.Unit != "" {
		p.Unit = q.Unit
	}
	p.Known = q.Input.known || q.Output.known
	if a := q.Above; a != nil {
		p.AboveInput = a.ContextOver
		p.Above = Rates{a.Input.rate(), a.Output.rate(), a.CacheRead.rate(), a.CacheWrite.rate()}
		// The sources give no write rate above the step; it is taken to rise
		// by the same factor as the input rate.
		if p.Above.CacheWrite < 0 && p.CacheWrite >= 0 && p.Input > 0 && p.Above.Input >= 0 {
			p.Above.CacheWrite = (p.CacheWrite*p.Above.Input + p.Input/2) / p.Input
		}
	}
	return p
}

// usd is an amount of dollars read exactly, at most six decimals.
type usd struct {
	micros int64
	known  bool
}

func (u usd) rate() int64 {
	if !u.known {
		return UnknownRate
	}
	return u.micros
}

// IsZero reports that the amount is unknown; the JSON leaves it out then.
func (u usd) IsZero() bool { return !u.known }

func (u usd) MarshalJSON() ([]byte, error) {
	b := strconv.AppendInt(nil, u.micros/1_000_000, 10)
	if frac := u.micros % 1_000_000; frac != 0 {
		digits := strconv.FormatInt(1_000_000+frac, 10)[1:]
		b = append(append(b, '.'), strings.TrimRight(digits, "0")...)
	}
	return b, nil
}

func (u *usd) UnmarshalJSON(b []byte) error {
	whole, frac, _ := strings.Cut(string(b), ".")
	if len(whole) == 0 || len(whole) > 9 || len(frac) > 6 {
		return notAmount(b)
	}
	n, err := strconv.ParseUint(whole+(frac + "000000")[:6], 10, 63)
	if err != nil {
		return notAmount(b)
	}
	u.micros, u.known = int64(n), true
	return nil
}

func notAmount(b []byte) error {
	return fmt.Errorf("price %s: want a plain decimal number of dollars with at most six decimals", b)
}
