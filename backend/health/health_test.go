package health

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"omniroute/backend/events"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// ward is an engine at work, and who listens to it.
type ward struct {
	*Engine
	t   *testing.T
	bus *events.Bus
	sub *events.Subscription
}

func watch(t *testing.T, f func(w *ward)) {
	synctest.Test(t, func(t *testing.T) {
		bus := events.NewBus()
		w := &ward{New(bus, time.Now), t, bus, bus.Subscribe()}
		ctx, end := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); _ = w.Run(ctx) }()
		f(w)
		end()
		<-done
		w.sub.Close()
	})
}

// told lists the edges since it was last asked: "+code subject", "-code …".
func (w *ward) told() (out []string) {
	w.t.Helper()
	time.Sleep(2 * surveyGap) // of the bubble's clock
	synctest.Wait()
	for {
		select {
		case e := <-w.sub.C():
			if c, ok := e.(events.ConditionChanged); ok {
				sign := "-"
				if c.Open {
					sign = "+"
				}
				out = append(out, sign+c.Code+" "+c.Subject)
			}
		default:
			return out
		}
	}
}

func (w *ward) wantTold(want ...string) {
	w.t.Helper()
	got := w.told()
	if len(got) != len(want) {
		w.t.Fatalf("told %q, want %q", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			w.t.Errorf("told %q, want %q", got, want)
		}
	}
}

func TestOncePerEpisode(t *testing.T) {
	watch(t, func(w *ward) {
		begun := time.Now()
		for range 3 {
			w.Open(Report{Code: VaultUnavailable, Detail: "locked"})
		}
		w.wantTold("+vault_unavailable ")
		if c := w.Conditions(); len(c) != 1 || c[0].Severity != Broken || c[0].Kind != "gateway" || !c[0].Since.Equal(begun) {
			t.Errorf("%+v", c)
		}
		w.Close(VaultUnavailable, "")
		w.Close(VaultUnavailable, "")
		w.wantTold("-vault_unavailable ")
		w.Open(Report{Code: VaultUnavailable})
		w.wantTold("+vault_unavailable ") // a new episode
		if r := w.Recent(); len(r) != 3 || !r[0].Open || r[1].Open {
			t.Errorf("%+v", r)
		}
		w.Open(Report{Code: "unheard.of"})
		w.wantTold()
	})
}

func TestTroubleMustLast(t *testing.T) {
	watch(t, func(w *ward) {
		w.bus.Publish(events.Trouble{Code: BooksBehind, Open: true, Detail: "locked"})
		w.wantTold()
		time.Sleep(9 * time.Second)
		w.bus.Publish(events.Trouble{Code: BooksBehind})
		time.Sleep(time.Minute)
		w.wantTold() // it did not last
		w.bus.Publish(events.Trouble{Code: BooksBehind, Open: true})
		synctest.Wait()
		time.Sleep(10 * time.Second)
		w.wantTold("+books_behind ")
		w.bus.Publish(events.Trouble{Code: BooksBehind})
		w.wantTold("-books_behind ")
	})
}

func TestComboWithoutAnswer(t *testing.T) {
	watch(t, func(w *ward) {
		w.Ask(func() Survey { return Survey{Combos: []string{"always-on"}} })
		ask := func(combo, kind, by string) {
			w.bus.Publish(events.RequestDone{Combo: combo, Kind: kind, AnsweredBy: by})
		}
		ask("", "rate_limited", "")                // a single model is no combo
		ask("always-on", "invalid", "")            // the request's own fault
		ask("always-on", "canceled", "")           // nobody waited for it
		ask("always-on", "truncated", "glm/glm-4") // somebody answered
		w.wantTold()
		ask("always-on", "rate_limited", "")
		ask("always-on", "upstream", "")
		w.wantTold("+no_usable_target always-on")
		ask("always-on", "", "glm/glm-4")
		w.wantTold("-no_usable_target always-on")
		ask("always-on", "exhausted", "")
		ask("gone", "exhausted", "")
		w.wantTold("+no_usable_target always-on", "+no_usable_target gone")
		w.bus.Publish(events.ConfigChanged{Rev: 2})
		w.wantTold("-no_usable_target gone") // that combo does not exist any more
	})
}

func TestSurvey(t *testing.T) {
	watch(t, func(w *ward) {
		stand := map[string]string{"a": BreakerOpen, "b": NeedsKey}
		asked := 0
		w.Ask(func() Survey {
			asked++
			s := Survey{Codes: []string{BreakerOpen, NeedsKey}}
			for _, id := range []string{"a", "b"} {
				if code := stand[id]; code != "" {
					s.Reports = append(s.Reports, Report{Code: code, Subject: id})
				}
			}
			return s
		})
		w.wantTold("+breaker_open a", "+needs_key b")
		w.Open(Report{Code: PortTaken})
		w.wantTold("+port_taken ")
		asked = 0
		delete(stand, "a")
		for range 100 { // a storm costs one survey at its beginning and one after it
			w.bus.Publish(events.TargetChanged{Account: "a", State: "usable"})
		}
		w.wantTold("-breaker_open a")
		if asked > 2 {
			t.Errorf("%d surveys for one storm", asked)
		}
		if c := w.Conditions(); len(c) != 2 || c[0].Code != PortTaken || c[1].Code != NeedsKey {
			t.Errorf("worst first: %+v", c)
		}
	})
}

func TestOnlyTheLastEdgesAreKept(t *testing.T) {
	watch(t, func(w *ward) {
		for range keptEdges {
			w.Open(Report{Code: PortTaken})
			w.Close(PortTaken, "")
		}
		if n := len(w.Recent()); n != keptEdges {
			t.Errorf("%d edges", n)
		}
		w.told()
	})
}

// TestGoodRequestsWakeNobody: nothing of them reaches the queue.
func TestGoodRequestsWakeNobody(t *testing.T) {
	bus := events.NewBus()
	e := New(bus, time.Now)
	defer e.stop()
	bus.Publish(events.RequestDone{Combo: "all", AnsweredBy: "x/m"})
	bus.Publish(events.RequestDone{Kind: "upstream"})
	if n := len(e.sub.C()); n != 0 {
		t.Errorf("%d events wait", n)
	}
	bus.Publish(events.RequestDone{Combo: "all", Kind: "upstream"})
	if n := len(e.sub.C()); n != 1 {
		t.Errorf("%d events wait, want the failure", n)
	}
}
