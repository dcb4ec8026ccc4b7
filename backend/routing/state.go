package routing

import (
	"crypto/rand"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"omniroute/backend/config"
)

// State is what routing remembers between requests: whose turn it is, who was
// used when and how often, and where conversations are warm. It is bounded,
// forgets what is gone, and can be saved (Save, Restore). Reading takes no
// lock; a nil *State remembers nothing. Safe for concurrent use.
type State struct {
	turns   table[atomic.Uint64] // spent turns, by scope
	uses    table[use]           // by account, or by combo and step
	speeds  table[speed]         // by target
	warm    sessions             // conversations
	salt    [16]byte             // of their names
	picking [pickers]sync.Mutex  // keeps two requests from taking the same least-used one
	changed atomic.Bool          // since the last Save
}

const pickers = 16

// use is how something was used.
type use struct {
	last atomic.Int64 // unix nanoseconds of the last use, 0 = never
	busy atomic.Int32 // requests on it right now
	mu   sync.Mutex
	heat float64 // requests, each of which counts half after an hour
	at   int64   // when heat was right, unix nanoseconds
}

// heatHalf is after how long a use counts half.
const heatHalf = time.Hour

// NewState makes one that remembers nothing yet.
func NewState() *State {
	s := &State{}
	rand.Read(s.salt[:]) // never fails (crypto/rand)
	return s
}

// table is a map that is read without a lock and without allocating. Entries
// are few (accounts, combos) and added once each.
type table[T any] struct {
	mu  sync.Mutex
	now atomic.Pointer[map[string]*T]
}

// find returns the entry of a key, nil when there is none.
func (t *table[T]) find(key string) *T {
	if m := t.now.Load(); m != nil {
		return (*m)[key]
	}
	return nil
}

// get returns the entry of a key and makes it when there is none.
func (t *table[T]) get(key string) *T {
	if e := t.find(key); e != nil {
		return e
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if e := t.find(key); e != nil {
		return e
	}
	e := new(T)
	t.edit(func(m map[string]*T) { m[key] = e })
	return e
}

// edit replaces the map by a changed copy; the caller holds mu.
func (t *table[T]) edit(f func(map[string]*T)) {
	next := map[string]*T{}
	if m := t.now.Load(); m != nil {
		for k, v := range *m {
			next[k] = v
		}
	}
	f(next)
	t.now.Store(&next)
}

// all returns the entries; the map must not be changed.
func (t *table[T]) all() map[string]*T {
	if m := t.now.Load(); m != nil {
		return *m
	}
	return nil
}

// turn returns the number of the turn of a scope, from 0 on, and spends it
// when take is set.
func (s *State) turn(scope string, take bool) uint64 {
	if s == nil {
		return 0
	}
	if !take {
		if c := s.turns.find(scope); c != nil {
			return c.Load()
		}
		return 0
	}
	s.changed.Store(true)
	return s.turns.get(scope).Add(1) - 1
}

// lastUse is when an account was used, in unix nanoseconds, 0 = never.
func (s *State) lastUse(account string) int64 {
	if s == nil {
		return 0
	}
	if u := s.uses.find(account); u != nil {
		return u.last.Load()
	}
	return 0
}

// busy is how many requests run on an account right now.
func (s *State) busy(account string) int {
	if s == nil {
		return 0
	}
	if u := s.uses.find(account); u != nil {
		return int(u.busy.Load())
	}
	return 0
}

// Begin notes that a candidate is tried, until the returned load is released.
// A turn that the plan left open, because others stood before it, is spent.
func (s *State) Begin(c *Candidate, now time.Time) Load {
	if s == nil {
		return Load{}
	}
	u := s.uses.get(c.Target.Account)
	u.busy.Add(1)
	u.touch(now.UnixNano())
	s.changed.Store(true)
	for l := c.later; l != nil; l = l.outer {
		if l.turn != "" {
			s.turn(l.turn, true)
		}
		if l.heat != "" {
			s.heat(l.heat, now.UnixNano())
		}
	}
	return Load{u}
}

// later is what trying a candidate counts for, where the plan did not count
// it yet.
type later struct {
	turn, heat string // scopes in State, "" = none
	outer      *later // of the combo around it
}

// Load is a request that runs on an account. The zero Load is none.
type Load struct{ use *use }

// Release ends it; it is called once.
func (l Load) Release() {
	if l.use != nil {
		l.use.busy.Add(-1)
	}
}

// touch moves the last use forward, never back.
func (u *use) touch(at int64) {
	for {
		old := u.last.Load()
		if at <= old || u.last.CompareAndSwap(old, at) {
			return
		}
	}
}

// heatOf is how much something was used lately.
func (s *State) heatOf(key string, now int64) float64 {
	if s == nil {
		return 0
	}
	u := s.uses.find(key)
	if u == nil {
		return 0
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	return cooled(u.heat, u.at, now)
}

func (s *State) heat(key string, now int64) {
	u := s.uses.get(key)
	u.mu.Lock()
	defer u.mu.Unlock()
	u.heat, u.at = cooled(u.heat, u.at, now)+1, max(u.at, now)
	s.changed.Store(true)
}

// speed is how soon a target's first word came, smoothed.
type speed struct{ bits atomic.Uint64 } // of a float64 of nanoseconds, 0 = never measured

// newest is the weight of the latest measurement.
const newest = 0.3

// Measured notes how soon the first word of a streamed answer came.
func (s *State) Measured(t config.Target, first time.Duration) {
	if s == nil || first <= 0 {
		return
	}
	v := s.speeds.get(speedKey(t))
	for {
		old := v.bits.Load()
		next := float64(first)
		if old != 0 {
			next = math.Float64frombits(old)*(1-newest) + next*newest
		}
		if v.bits.CompareAndSwap(old, math.Float64bits(next)) {
			s.changed.Store(true)
			return
		}
	}
}

// First is how soon the first word of a target came lately.
func (s *State) First(t config.Target) (first time.Duration, known bool) {
	if s == nil {
		return 0, false
	}
	v := s.speeds.find(speedKey(t))
	if v == nil || v.bits.Load() == 0 {
		return 0, false
	}
	return time.Duration(math.Float64frombits(v.bits.Load())), true
}

func speedKey(t config.Target) string { return t.Account + "\x00" + t.Model }

// pick holds the choice of a scope together, so that two requests at once do
// not both take what was used least. Scopes may share a lock.
func (s *State) pick(scope string) func() {
	var h uint32 = 2166136261
	for i := range len(scope) {
		h = (h ^ uint32(scope[i])) * 16777619
	}
	m := &s.picking[h%pickers]
	m.Lock()
	return m.Unlock
}
