package resilience

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"omniroute/backend/config"
	"omniroute/backend/events"
	"omniroute/backend/fault"
)

var (
	modelX  = config.Target{Provider: "p", Account: "a", Model: "x"}
	modelY  = config.Target{Provider: "p", Account: "a", Model: "y"}
	otherAc = config.Target{Provider: "p", Account: "b", Model: "x"}
)

func admit(t *testing.T, b *Board, target config.Target) Lease {
	t.Helper()
	l, r := b.Admit(target, false)
	if r != nil {
		t.Fatalf("%v refused: %s", target, r.Why)
	}
	return l
}

func refused(t *testing.T, b *Board, target config.Target) *Refusal {
	t.Helper()
	_, r := b.Admit(target, false)
	if r == nil {
		t.Fatalf("%v admitted, want a refusal", target)
	}
	return r
}

func TestBreakerOpensProbesAndCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBoard(DefaultProfile(), time.Now)
		for range 4 {
			admit(t, b, modelX).Done(fault.New(fault.Upstream, "", "500"))
		}
		admit(t, b, modelX).Done(fault.New(fault.Canceled, "", "left")) // counts for nothing
		admit(t, b, modelX).Done(fault.New(fault.Timeout, "", "silent"))
		if r := refused(t, b, modelY); r.Hard {
			t.Error("an open breaker must give way to force")
		}
		if _, r := b.Admit(modelX, true); r != nil {
			t.Error("force must overrule an open breaker")
		}
		admit(t, b, otherAc).Done(nil)
		time.Sleep(15 * time.Second)
		probe := admit(t, b, modelX)
		refused(t, b, modelX) // one probe only
		probe.Done(errors.New("unclassified"))
		probe = admit(t, b, modelX)
		probe.Done(nil)
		admit(t, b, modelX).Done(nil)
		if s := b.Standings(); len(s) != 0 {
			t.Errorf("two successes must close the breaker, got %+v", s)
		}
	})
}

func TestOpenTimeDoubles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBoard(DefaultProfile(), time.Now)
		for range 5 {
			admit(t, b, modelX).Done(fault.New(fault.Upstream, "", "500"))
		}
		for _, want := range []time.Duration{15, 30, 60, 120, 240, 300, 300} {
			r := refused(t, b, modelX)
			if got := time.Until(r.Until); got != want*time.Second {
				t.Fatalf("open for %v, want %v s", got, want)
			}
			time.Sleep(time.Until(r.Until))
			admit(t, b, modelX).Done(fault.New(fault.Upstream, "", "500"))
		}
	})
}

func TestCooldownScopes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBoard(DefaultProfile(), time.Now)
		limited := fault.New(fault.RateLimited, "", "slow down")
		limited.Scope, limited.RetryAfter = fault.ScopeModel, 120*time.Second
		admit(t, b, modelX).Done(limited)
		if r := refused(t, b, modelX); !r.Hard || r.Error(time.Now()).RetryAfter != 120*time.Second {
			t.Errorf("a stated time is hard and honoured: %+v", r)
		}
		admit(t, b, modelY).Done(nil)
		empty := fault.New(fault.Quota, "", "used up")
		empty.Scope, empty.RetryAfter = fault.ScopeAccount, 156*time.Hour
		admit(t, b, modelY).Done(empty)
		refused(t, b, modelY)
		admit(t, b, otherAc).Done(nil)
		time.Sleep(15 * time.Minute) // a longer time is probed after 15 minutes
		admit(t, b, modelY).Done(nil)
	})
}

func TestDeadLoginRestsUntilForgotten(t *testing.T) {
	b := NewBoard(DefaultProfile(), time.Now)
	dead := fault.New(fault.AuthRevoked, "", "key revoked")
	dead.Scope = fault.ScopeAccount
	admit(t, b, modelX).Done(dead)
	if r := refused(t, b, modelY); r.Kind != fault.AuthRevoked || !r.Hard {
		t.Errorf("got %+v", r)
	}
	b.Forget("a")
	admit(t, b, modelY).Done(nil)
}

// TestTheBoardTells: every change of standing is announced with its reason,
// and nothing else is.
func TestTheBoardTells(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus := events.NewBus()
		sub := bus.Subscribe()
		defer sub.Close()
		b := NewBoard(DefaultProfile(), time.Now)
		b.AnnounceOn(bus)
		told := func(want ...string) {
			t.Helper()
			var got []string
			for len(sub.C()) > 0 {
				e := (<-sub.C()).(events.TargetChanged)
				got = append(got, e.Model+" "+e.State)
			}
			if !slices.Equal(got, want) {
				t.Errorf("told %q, want %q", got, want)
			}
		}
		reason := func() fault.ReasonCode {
			for _, s := range b.Standings() {
				if s.Reason.Code != "" {
					return s.Reason.Code
				}
			}
			return ""
		}
		admit(t, b, modelX).Done(nil)
		for range 4 {
			admit(t, b, modelX).Done(fault.New(fault.Upstream, "", "500"))
		}
		told()
		admit(t, b, modelX).Done(fault.New(fault.Upstream, "", "500"))
		told(" breaker-open")
		if r := refused(t, b, modelX); r.Reason.Code != fault.ReasonBreaker || r.Reason.Args[0] != (fault.Arg{Name: "n", Value: "5"}) {
			t.Errorf("%+v", r.Reason)
		}
		time.Sleep(15 * time.Second)
		for range 2 {
			admit(t, b, modelX).Done(nil)
		}
		told(" usable")
		limited := fault.New(fault.RateLimited, "", "slow")
		limited.Scope = fault.ScopeModel
		admit(t, b, modelX).Done(limited)
		told("x cooling")
		if reason() != fault.ReasonCooldown {
			t.Errorf("%q", reason())
		}
		time.Sleep(time.Minute)
		if reason() != "" {
			t.Errorf("%q, and the time is over", reason())
		}
		admit(t, b, modelX).Done(fault.New(fault.AuthRevoked, "", "dead").With(func(e *fault.Error) { e.Scope = fault.ScopeAccount }))
		told(" sign-in")
		if reason() != fault.ReasonSignIn {
			t.Errorf("%q", reason())
		}
		b.Forget("b")
		told()
		b.Forget("a")
		told(" usable")
		b.Reset()
		told()
	})
}

// TestSuccessTellsNothingAndAllocatesNothing: it is every request's way.
func TestSuccessTellsNothingAndAllocatesNothing(t *testing.T) {
	b := NewBoard(DefaultProfile(), time.Now)
	if n := testing.AllocsPerRun(100, func() {
		l, _ := b.Admit(modelX, false)
		l.Done(nil)
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
