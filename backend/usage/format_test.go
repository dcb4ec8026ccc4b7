package usage

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"omniroute/backend/config"
	"omniroute/backend/llm"
)

func TestID(t *testing.T) {
	at := time.Date(2026, 11, 25, 10, 0, 0, 987654321, time.UTC)
	last := ""
	for i := range 1000 {
		id := NewID(at.Add(time.Duration(i)))
		if len(id) != IDLen || id <= last {
			t.Fatalf("id %q after %q", id, last)
		}
		got, ok := TimeOf(id)
		if !ok || !got.Equal(at.Add(time.Duration(i))) {
			t.Fatalf("time of %q is %v, %v", id, got, ok)
		}
		last = id
	}
	for _, bad := range []string{"", "short", last + "0", strings.Repeat("Z", IDLen), strings.ToLower(last), strings.Repeat("U", IDLen)} {
		if _, ok := TimeOf(bad); ok {
			t.Errorf("%q passes for an id", bad)
		}
	}
}

func TestReceiptJSON(t *testing.T) {
	r := receipt(0)
	r.Error = "bad \x00 \xff \"quoted\" \\ \u2028 é"
	for i := range maxList + 20 {
		r.Losses = append(r.Losses, llm.Loss{Path: fmt.Sprint(i), Why: "w"})
	}
	var got map[string]any
	if err := json.Unmarshal(r.AppendJSON(nil), &got); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"id", "snapshot", "candidates", "skipped", "attempts", "losses", "usage", "cost", "cache", "timing", "policies"} {
		if got[key] == nil {
			t.Errorf("%s is missing or null", key)
		}
	}
	if want := "bad \x00 \uFFFD \"quoted\" \\ \u2028 é"; got["error"] != want {
		t.Errorf("error %q, want %q", got["error"], want)
	}
	if n := len(got["losses"].([]any)); n != maxList || got["omitted"] != float64(21) {
		t.Errorf("%d losses and %v omitted, want %d and 21", n, got["omitted"], maxList)
	}
	if cost := got["cost"].(map[string]any); cost["usd"] != "0.01234" || cost["micros"] != float64(12340) {
		t.Errorf("cost %v", cost)
	}
	var empty map[string]any
	if err := json.Unmarshal((&Receipt{}).AppendJSON(nil), &empty); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"candidates", "skipped", "attempts", "losses", "policies"} {
		if _, ok := empty[key].([]any); !ok {
			t.Errorf("an empty %s is %v, want a list", key, empty[key])
		}
	}
	if cost := empty["cost"].(map[string]any); cost["usd"] != nil || cost["micros"] != nil {
		t.Errorf("an unknown cost is %v, want null", cost)
	}
}

func TestUSD(t *testing.T) {
	for micros, want := range map[int64]string{0: "0", 1: "0.000001", 1_000_000: "1", 1_500_000: "1.5", -2_000_001: "-2.000001", 123: "0.000123", -1 << 63: "-9223372036854.775808"} {
		if got := string(AppendUSD(nil, micros)); got != want {
			t.Errorf("%d is %q, want %q", micros, got, want)
		}
	}
}

// What is read back must show what was settled, to the last character.
func TestPacking(t *testing.T) {
	plain := receipt(1)
	long := receipt(2)
	long.Error, long.Agent, long.RequestedModel = strings.Repeat("é", 400), strings.Repeat("x", 600), "\x00\xff\""
	long.Time = time.Date(1999, 1, 1, 0, 0, 0, 5, time.UTC) // the id tells another time
	for i := range maxList + 20 {
		long.Losses = append(long.Losses, llm.Loss{Path: fmt.Sprint("path", i), Why: strings.Repeat("y", 400)})
		long.Candidates = append(long.Candidates, Choice{Target: config.Target{Provider: fmt.Sprint("p", i), Account: "a", Model: "m"}})
		long.Attempts = append(long.Attempts, Attempt{Target: config.Target{Model: fmt.Sprint("m", i)}, Status: 500, Kind: "upstream", Latency: -time.Millisecond})
		long.Policies = append(long.Policies, fmt.Sprint("policy", i%3))
	}
	broke := &Receipt{ID: NewID(time.Now()), Time: time.Now().UTC(), Kind: "canceled", Status: 499, Usage: llm.Usage{CacheLong: 3, Estimated: true}, Cost: Cost{Basis: "unknown"}}
	for _, r := range []*Receipt{plain, long, broke} {
		row, err := r.Pack()
		if err != nil {
			t.Fatal(err)
		}
		got, err := row.Receipt()
		if err != nil {
			t.Fatal(err)
		}
		if g, w := string(got.AppendJSON(nil)), string(r.AppendJSON(nil)); g != w {
			t.Errorf("read back as\n%s\nwant\n%s", g, w)
		}
		if got.Usage != r.Usage || !row.Is(r.ID) {
			t.Errorf("usage %+v of %s, want %+v of %s", got.Usage, got.ID, r.Usage, r.ID)
		}
		again, err := got.Pack()
		if same := string(again.Brief) == string(row.Brief) && string(again.Detail) == string(row.Detail); err != nil || !same && r != long {
			t.Errorf("what was read packs differently (%v)", err)
		}
		// A newer version may have added fields behind ours.
		row, err = OpenRow(append(slices.Clone(row.Brief), 1, 2, 3))
		if rec, err2 := row.Record(); err != nil || err2 != nil || rec.ID != r.ID || rec.Cache != r.Cache {
			t.Errorf("with fields from the future: %+v, %v, %v", rec, err, err2)
		}
	}
	a, b := *receipt(3), *receipt(4)
	b.Usage.Input, b.Path = 7, "/other"
	x, errX := a.Pack()
	y, errY := b.Pack()
	if errX != nil || errY != nil || string(x.Labels) != string(y.Labels) {
		t.Error("equal labels are different bytes")
	}
	for n := range len(x.Brief) {
		if row, err := OpenRow(x.Brief[:n]); err == nil {
			row.Detail = x.Detail[:min(n, len(x.Detail))]
			_, _ = row.Receipt() // must not panic
		}
	}
}

func TestAnIDThatIsNoneIsLeftOut(t *testing.T) {
	r := receipt(0)
	r.ID = "made-up"
	if row, err := r.Pack(); err == nil {
		t.Errorf("became %+v", row)
	}
}
