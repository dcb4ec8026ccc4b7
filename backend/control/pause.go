package control

import (
	"sync"
	"sync/atomic"
	"time"

	"omniroute/backend/events"
)

// Pause is the switch that makes the gateway refuse agents for a while. It
// lives in memory only: a start always serves. Safe for concurrent use; asking
// costs one atomic load.
type Pause struct {
	bus   *events.Bus
	now   func() time.Time
	state atomic.Pointer[pausing] // nil = serving

	mu    sync.Mutex
	timer *time.Timer
}

type pausing struct{ until time.Time } // zero = until a person resumes

// NewPause makes a switch that is off. now is the clock.
func NewPause(bus *events.Bus, now func() time.Time) *Pause { return &Pause{bus: bus, now: now} }

// Paused reports whether agents are refused now, and until when; a zero time
// means until a person resumes.
func (p *Pause) Paused() (until time.Time, paused bool) {
	s := p.state.Load()
	if s == nil || !s.until.IsZero() && !p.now().Before(s.until) {
		return time.Time{}, false
	}
	return s.until, true
}

// set pauses for d, 0 = until resumed.
func (p *Pause) set(d time.Duration) {
	s := &pausing{}
	if d > 0 {
		s.until = p.now().Add(d)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopTimer()
	p.state.Store(s)
	if d > 0 {
		p.timer = time.AfterFunc(d, func() { p.lapse(s) })
	}
	p.bus.Publish(events.GatewayChanged{State: "paused", Until: s.until})
}

func (p *Pause) stopTimer() {
	if p.timer != nil {
		p.timer.Stop()
		p.timer = nil
	}
}

// lapse ends one pause, unless another took its place.
func (p *Pause) lapse(s *pausing) {
	if p.state.CompareAndSwap(s, nil) {
		p.bus.Publish(events.GatewayChanged{State: "serving"})
	}
}

// end resumes.
func (p *Pause) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopTimer()
	if p.state.Swap(nil) != nil {
		p.bus.Publish(events.GatewayChanged{State: "serving"})
	}
}
