package usage

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

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
