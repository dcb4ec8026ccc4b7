package events

import (
	"slices"
	"sync"
	"sync/atomic"
)

// Backlog is how many events one subscriber may leave unread.
const Backlog = 256

// Bus hands every published event to every subscriber. Publishing never
// blocks and costs one atomic load while nobody listens. A Bus is safe for
// concurrent use; make it with NewBus.
type Bus struct {
	mu   sync.Mutex // orders changes of the list
	subs atomic.Pointer[[]*Subscription]
}

// NewBus makes a bus without subscribers.
func NewBus() *Bus {
	b := &Bus{}
	b.subs.Store(new([]*Subscription))
	return b
}

// Publish queues e for every subscriber. One whose queue is full loses what is
// in it and finds one Lagged in its place.
func (b *Bus) Publish(e Event) {
	for _, s := range *b.subs.Load() {
		s.put(e)
	}
}

// Watched reports whether anyone listens; who would have to assemble a costly
// event may ask first.
func (b *Bus) Watched() bool { return len(*b.subs.Load()) > 0 }

// Subscribe starts listening. The subscriber must call Close in the end.
func (b *Bus) Subscribe() *Subscription { return b.SubscribeTo(nil) }

// SubscribeTo is Subscribe for a listener that wants some events only: those
// for which want is true, nil = all. Publishers call want, so it must be quick
// and must not publish. Lagged comes without being asked for.
func (b *Bus) SubscribeTo(want func(Event) bool) *Subscription {
	s := &Subscription{bus: b, want: want, queue: make(chan Event, Backlog)}
	b.mu.Lock()
	defer b.mu.Unlock()
	next := append(slices.Clip(*b.subs.Load()), s)
	b.subs.Store(&next)
	return s
}

func (b *Bus) drop(s *Subscription) {
	b.mu.Lock()
	defer b.mu.Unlock()
	next := slices.DeleteFunc(slices.Clone(*b.subs.Load()), func(o *Subscription) bool { return o == s })
	b.subs.Store(&next)
}

// Subscription is one listener's queue.
type Subscription struct {
	bus   *Bus
	want  func(Event) bool
	mu    sync.Mutex // held by publishers and Close, never by the reader
	queue chan Event
	done  bool
}

// C delivers the events in the order of publishing and is closed by Close.
func (s *Subscription) C() <-chan Event { return s.queue }

// Close ends the subscription. It may be called more than once and from any
// goroutine.
func (s *Subscription) Close() {
	s.bus.drop(s)
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.done {
		s.done = true
		close(s.queue)
	}
}

func (s *Subscription) put(e Event) {
	if s.want != nil && !s.want(e) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.done {
		return
	}
	select {
	case s.queue <- e:
		return
	default:
	}
	// Only publishers send, and they hold the mutex: once emptied here, the
	// queue has room for both.
	for emptied := false; !emptied; {
		select {
		case <-s.queue:
		default:
			emptied = true
		}
	}
	s.queue <- Lagged{}
	s.queue <- e
}
