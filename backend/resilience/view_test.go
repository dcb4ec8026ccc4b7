package resilience

import (
	"testing"
	"time"

	"omniroute/backend/config"
	"omniroute/backend/fault"
)

// The view must say what Admit would do, and spend no probe by saying it.
func TestViewAgreesWithAdmit(t *testing.T) {
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	b := NewBoard(DefaultProfile(), func() time.Time { return now })
	at := config.Target{Provider: "p", Account: "a", Model: "m"}
	attempt := func(err error) {
		l, refusal := b.Admit(at, true)
		if refusal != nil {
			t.Fatal(refusal)
		}
		l.Done(err)
	}
	check := func(what string, rests bool, health int) {
		t.Helper()
		if got := b.Rests(at); got != rests {
			t.Errorf("%s: rests %v", what, got)
		}
		if got := b.Health(at); got != health {
			t.Errorf("%s: health %d, want %d", what, got, health)
		}
	}
	check("never used", false, 100)
	attempt(nil)
	check("well", false, 100)
	attempt(fault.New(fault.Upstream, "", "broken"))
	check("failed once", false, 80)
	for range 4 {
		attempt(fault.New(fault.Upstream, "", "broken"))
	}
	check("open", true, 40)
	if b.Rests(config.Target{Provider: "p", Account: "b", Model: "m"}) {
		t.Error("another account rests with it")
	}
	now = now.Add(time.Minute)
	check("due for its probe", false, 40)
	check("looking spent no probe", false, 40)
	l, refusal := b.Admit(at, false)
	if refusal != nil {
		t.Fatal(refusal)
	}
	check("being probed", true, 40)
	l.Done(nil)
	b.Reset()
	attempt(fault.New(fault.RateLimited, "", "slow").With(func(e *fault.Error) { e.RetryAfter = time.Minute }))
	check("rate limited", true, 40)
	now = now.Add(time.Minute)
	check("after its rest", false, 70)
}
