package events

import (
	"sync"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestEverySubscriberHearsInOrder(t *testing.T) {
	b := NewBus()
	if b.Watched() {
		t.Fatal("a new bus says that someone listens")
	}
	one, two := b.Subscribe(), b.Subscribe()
	for rev := range int64(Backlog) {
		b.Publish(ConfigChanged{Rev: rev})
	}
	one.Close()
	two.Close()
	for name, s := range map[string]*Subscription{"first": one, "second": two} {
		want := int64(0)
		for e := range s.C() {
			if got := e.(ConfigChanged).Rev; got != want {
				t.Fatalf("%s subscriber: event %d, want %d", name, got, want)
			}
			want++
		}
		if want != Backlog {
			t.Errorf("%s subscriber got %d events, want %d", name, want, Backlog)
		}
	}
	if b.Watched() {
		t.Error("closed subscribers still count as listeners")
	}
}

func TestOverflowLeavesOneLagged(t *testing.T) {
	b := NewBus()
	s := b.Subscribe()
	for rev := range int64(3*Backlog + 5) {
		b.Publish(ConfigChanged{Rev: rev})
	}
	s.Close()
	lagged, last := 0, int64(-1)
	for e := range s.C() {
		switch e := e.(type) {
		case Lagged:
			lagged++
		case ConfigChanged:
			if e.Rev <= last {
				t.Fatalf("revision %d after %d", e.Rev, last)
			}
			last = e.Rev
		}
	}
	if lagged != 1 {
		t.Errorf("%d Lagged events, want exactly one", lagged)
	}
	if last != 3*Backlog+4 {
		t.Errorf("last event is %d, the newest one was lost", last)
	}
}

func TestPublishersAndClosersMayRace(t *testing.T) {
	b := NewBus()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 500 {
				b.Publish(Lagged{})
			}
		})
		wg.Go(func() {
			for range 100 {
				s := b.Subscribe()
				select {
				case <-s.C():
				default:
				}
				s.Close()
				s.Close()
			}
		})
	}
	wg.Wait()
	if b.Watched() {
		t.Error("a closed subscription stayed on the bus")
	}
}

func TestSubscribersMayChoose(t *testing.T) {
	b := NewBus()
	s := b.SubscribeTo(func(e Event) bool { c, ok := e.(ConfigChanged); return ok && c.Rev%2 == 0 })
	for rev := range int64(10) {
		b.Publish(ConfigChanged{Rev: rev})
		b.Publish(RequestDone{})
	}
	s.Close()
	n := 0
	for e := range s.C() {
		if c, ok := e.(ConfigChanged); !ok || c.Rev%2 != 0 {
			t.Errorf("got %+v", e)
		}
		n++
	}
	if n != 5 {
		t.Errorf("%d events, want 5", n)
	}
}
