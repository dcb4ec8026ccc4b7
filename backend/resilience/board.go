// Package resilience answers one question: may this target be used right now?
// It measures how targets fare, rests those that said so or keep failing, and
// lets a single probe through when the time has come. Time is computed when
// asked; nothing runs in the background.
package resilience

import (
	"fmt"
	"hash/maphash"
	"math"
	"strconv"
	"sync"
	"time"

	"omniroute/backend/config"
	"omniroute/backend/events"
	"omniroute/backend/fault"
)

// Profile holds the numbers of the breaker and of cooldowns (rulings 3.8).
type Profile struct {
	Failures  int           // in a row, to open the breaker
	Open      time.Duration // first open time, doubled each time
	OpenMax   time.Duration
	Successes int           // to close it again
	CoolFirst time.Duration // a 429 without a hint, doubled each time
	CoolMax   time.Duration // a stated time beyond this is probed after it
}

// DefaultProfile: 5 failures, 15 s doubling to 300 s, 1 probe, 2 successes;
// cooldowns within 1 s and 15 min.
func DefaultProfile() Profile {
	return Profile{Failures: 5, Open: 15 * time.Second, OpenMax: 300 * time.Second, Successes: 2, CoolFirst: time.Second, CoolMax: 15 * time.Minute}
}

const shards = 64

// Board keeps the state of every target that was used. Safe for concurrent
// use; a request takes at most two short, uncontended locks.
type Board struct {
	profile Profile
	now     func() time.Time
	bus     *events.Bus
	seed    maphash.Seed
	shards  [shards]struct {
		sync.Mutex
		entries map[config.Target]*entry
	}
}

// NewBoard makes an empty board; now is the clock.
func NewBoard(p Profile, now func() time.Time) *Board {
	b := &Board{profile: p, now: now, bus: events.NewBus(), seed: maphash.MakeSeed()}
	for i := range b.shards {
		b.shards[i].entries = make(map[config.Target]*entry)
	}
	return b
}

// AnnounceOn sends TargetChanged on bus from now on. It is called before the
// board is used.
func (b *Board) AnnounceOn(bus *events.Bus) { b.bus = bus }

// tell announces how a target stands now.
func (b *Board) tell(t config.Target, e *entry, now time.Time) {
	ev := events.TargetChanged{Provider: t.Provider, Account: t.Account, Model: t.Model, State: "usable", Why: e.why, Until: e.retryAt}
	switch {
	case e.login:
		ev.State, ev.Why, ev.Until = "sign-in", e.coolWhy, time.Time{}
	case now.Before(e.coolUntil):
		ev.State, ev.Why, ev.Until = "cooling", e.coolWhy, e.coolUntil
	case e.state == Open:
		ev.State = "breaker-open"
	case e.state == HalfOpen:
		ev.State, ev.Until = "probing", time.Time{}
	default:
		ev.Why, ev.Until = "", time.Time{}
	}
	b.bus.Publish(ev)
}

// well reports that nothing is held against a target but a few failures.
func (e *entry) well(now time.Time) bool {
	return e.state == Closed && !e.login && !now.Before(e.coolUntil)
}

// Profile returns the numbers the board works with.
func (b *Board) Profile() Profile { return b.profile }

// State of a breaker.
type State uint8

// The states.
const (
	Closed State = iota
	Open
	HalfOpen
)

// String is the word of api.md.
func (s State) String() string { return [...]string{"CLOSED", "OPEN", "HALF_OPEN"}[s] }

// entry is the state of one account (Model "") or one model on it.
type entry struct {
	state     State
	failures  int // in a row
	successes int // while half-open
	opened    int // times opened without a full recovery
	probing   bool
	retryAt   time.Time
	why       string

	coolUntil time.Time
	quota     fault.Reason // of a used-up quota
	coolWhy   string
	coolKind  fault.Kind
	cooled    int // in a row
	login     bool
}

// Refusal says why a target rests. Hard refusals (a stated time, an empty
// quota, a dead login) are never overruled; an open breaker is, when no other
// candidate is left.
type Refusal struct {
	Kind   fault.Kind
	Until  time.Time
	Why    string
	Hard   bool
	Reason fault.Reason
}

// Lease is the right to one attempt. Done must be called exactly once.
type Lease struct {
	board  *Board
	target config.Target
	probe  bool
}

func account(t config.Target) config.Target {
	return config.Target{Provider: t.Provider, Account: t.Account}
}

// Admit asks for one attempt. A nil refusal comes with a lease; force
// overrules an open breaker, nothing else.
func (b *Board) Admit(t config.Target, force bool) (Lease, *Refusal) {
	now := b.now()
	if r := b.resting(t, now); r != nil {
		return Lease{}, r
	}
	if r := b.resting(account(t), now); r != nil {
		return Lease{}, r
	}
	probe, r := b.breaker(account(t), now, force)
	if r != nil {
		return Lease{}, r
	}
	return Lease{board: b, target: t, probe: probe}, nil
}

func (b *Board) with(t config.Target, create bool, f func(*entry)) {
	s := &b.shards[maphash.Comparable(b.seed, t)%shards]
	s.Lock()
	defer s.Unlock()
	e := s.entries[t]
	if e == nil {
		if !create {
			return
		}
		e = &entry{}
		s.entries[t] = e
	}
	f(e)
}

func (b *Board) resting(t config.Target, now time.Time) (r *Refusal) {
	b.with(t, false, func(e *entry) {
		if e.login {
			r = &Refusal{Kind: fault.AuthRevoked, Why: e.coolWhy, Hard: true, Reason: e.reason(now)}
		} else if now.Before(e.coolUntil) {
			r = &Refusal{Kind: e.coolKind, Until: e.coolUntil, Why: e.coolWhy, Hard: true, Reason: e.reason(now)}
		}
	})
	return r
}

func (b *Board) breaker(t config.Target, now time.Time, force bool) (probe bool, r *Refusal) {
	b.with(t, false, func(e *entry) {
		switch {
		case e.state == Closed || force:
		case e.state == Open && now.Before(e.retryAt), e.probing:
			r = &Refusal{Kind: fault.Overloaded, Until: e.retryAt, Why: "breaker open after " + e.why, Reason: e.reason(now)}
		default:
			e.state, e.probing, probe = HalfOpen, true, true
		}
	})
	return probe, r
}

// reason says why a target rests, zero when it does not. A dead login comes
// before a rest, a rest before the breaker.
func (e *entry) reason(now time.Time) fault.Reason {
	until := func(code fault.ReasonCode, t time.Time, pairs ...string) fault.Reason {
		return fault.Because(code, append(pairs, "until", fault.Moment(t))...)
	}
	switch {
	case e.login:
		return fault.Because(fault.ReasonSignIn)
	case now.Before(e.coolUntil) && e.coolKind == fault.Quota:
		return e.quota // the reset that was stated, not when we look again
	case now.Before(e.coolUntil) && (e.coolKind == fault.Denied || e.coolKind == fault.AuthExpired):
		return fault.ReasonOf(fault.New(e.coolKind, "", ""), 0, 0, now)
	case now.Before(e.coolUntil) && e.coolKind == fault.ModelGone:
		return fault.Because(fault.ReasonModelUnknown)
	case now.Before(e.coolUntil):
		return until(fault.ReasonCooldown, e.coolUntil)
	case e.state == Open && now.Before(e.retryAt):
		return until(fault.ReasonBreaker, e.retryAt, "n", strconv.Itoa(e.failures))
	case e.state != Closed:
		return fault.Because(fault.ReasonProbing)
	}
	return fault.Reason{}
}

// Done ends the attempt: nil absolves, an error blames and cools as the fault
// table says. A cancelled attempt counts for nothing.
func (l Lease) Done(err error) {
	if l.board == nil {
		return
	}
	if err == nil {
		l.board.succeed(l)
		return
	}
	l.board.fail(l, fault.As(err))
}

func (b *Board) succeed(l Lease) {
	b.with(account(l.target), false, func(e *entry) {
		e.failures, e.cooled = 0, 0
		if e.state == Closed {
			return
		}
		e.probing = false
		if e.successes++; e.successes >= b.profile.Successes {
			*e = entry{}
			b.tell(account(l.target), e, b.now())
		}
	})
	b.with(l.target, false, func(e *entry) { *e = entry{} })
}

func (b *Board) fail(l Lease, f *fault.Error) {
	policy := f.Kind.Policy()
	now := b.now()
	if policy.Blame {
		b.with(account(l.target), true, func(e *entry) {
			b.blame(e, f, now)
			if e.state != Closed {
				b.tell(account(l.target), e, now)
			}
		})
	} else if l.probe {
		b.with(account(l.target), false, func(e *entry) { e.probing = false })
	}
	if policy.Cool == fault.CoolNo || policy.Blame {
		return // a failing upstream is rested by its breaker
	}
	at := l.target
	if f.Scope >= fault.ScopeAccount {
		at = account(at)
	}
	b.with(at, true, func(e *entry) {
		b.cool(e, f, now)
		b.tell(at, e, now)
	})
}

func (b *Board) blame(e *entry, f *fault.Error, now time.Time) {
	e.failures++
	e.successes = 0
	e.probing = false
	e.why = f.Public
	if e.state == Closed && e.failures < b.profile.Failures {
		return
	}
	e.state = Open
	e.retryAt = now.Add(grow(b.profile.Open, e.opened, b.profile.OpenMax))
	e.opened++
}

func (b *Board) cool(e *entry, f *fault.Error, now time.Time) {
	e.coolKind, e.coolWhy = f.Kind, f.Public
	if f.Kind == fault.Quota {
		e.quota = fault.ReasonOf(f, 0, 0, now)
	}
	if f.Kind.Policy().Cool == fault.CoolLogin {
		e.login = true
		return
	}
	d := f.RetryAfter
	if d <= 0 {
		d = grow(b.profile.CoolFirst, e.cooled, b.profile.CoolMax)
	}
	e.cooled++
	e.coolUntil = now.Add(min(max(d, b.profile.CoolFirst), b.profile.CoolMax))
}

func grow(first time.Duration, times int, limit time.Duration) time.Duration {
	d := float64(first) * math.Pow(2, float64(min(times, 30)))
	return time.Duration(min(d, float64(limit)))
}

// Forget drops what is known about an account: its key changed, or it is gone.
func (b *Board) Forget(accountID string) {
	b.drop(func(t config.Target) bool { return t.Account == accountID })
}

// drop deletes entries, tells whose standing changes by that, and counts.
func (b *Board) drop(which func(config.Target) bool) (n int) {
	now := b.now()
	for i := range b.shards {
		s := &b.shards[i]
		s.Lock()
		for t, e := range s.entries {
			if !which(t) {
				continue
			}
			n++
			delete(s.entries, t)
			if !e.well(now) {
				b.tell(t, &entry{}, now)
			}
		}
		s.Unlock()
	}
	return n
}

// Reset clears every breaker and cooldown and says how many there were.
func (b *Board) Reset() int {
	return b.drop(func(config.Target) bool { return true })
}

// Standing is what a person may know about a target.
type Standing struct {
	Target   config.Target
	State    State
	Failures int
	Until    time.Time // of the open breaker or the cooldown
	Why      string
	Cooling  bool
	Kind     fault.Kind // of the cooldown
	Login    bool
	Reason   fault.Reason // zero: it may be used
}

// Standings lists every target that is not simply well.
func (b *Board) Standings() []Standing {
	now := b.now()
	var out []Standing
	for i := range b.shards {
		s := &b.shards[i]
		s.Lock()
		for t, e := range s.entries {
			st := Standing{Target: t, State: e.state, Failures: e.failures, Until: e.retryAt, Why: e.why, Login: e.login, Reason: e.reason(now)}
			if now.Before(e.coolUntil) || e.login {
				st.Cooling, st.Until, st.Why, st.Kind = true, e.coolUntil, e.coolWhy, e.coolKind
			}
			if st.State != Closed || st.Cooling || st.Failures > 0 {
				out = append(out, st)
			}
		}
		s.Unlock()
	}
	return out
}

// Error is what a client hears when every candidate rests.
func (r *Refusal) Error(now time.Time) *fault.Error {
	e := fault.New(r.Kind, "resilience.admit", "%s", r.Why)
	if !r.Until.IsZero() {
		e.RetryAfter = max(r.Until.Sub(now), time.Second)
		e.Public = fmt.Sprintf("%s (rests for another %d s)", r.Why, int(math.Ceil(e.RetryAfter.Seconds())))
	}
	return e
}
