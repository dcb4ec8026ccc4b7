package routing

import (
	"encoding/json"
	"math"
	"strings"

	"omniroute/backend/config"
	"omniroute/backend/fault"
)

// saved is State as it lies on disk. What a reader does not know it ignores.
type saved struct {
	Version int                 `json:"version"`
	Turns   map[string]uint64   `json:"turns"`
	Uses    map[string]savedUse `json:"uses"`
	Speeds  map[string]int64    `json:"speeds"` // nanoseconds
	Salt    []byte              `json:"salt"`
	Warm    []savedSession      `json:"sessions"`
}

type savedUse struct {
	Last int64   `json:"last,omitempty"` // unix nanoseconds
	Heat float64 `json:"heat,omitempty"`
	At   int64   `json:"at,omitempty"`
}

const savedVersion = 1

// Save forgets what the settings no longer have and returns the rest for
// Restore, nil when nothing changed since the last Save.
func (s *State) Save(snap *config.Snapshot) ([]byte, error) {
	if !s.changed.Swap(false) {
		return nil, nil
	}
	s.forget(snap)
	out := saved{Version: savedVersion, Turns: map[string]uint64{}, Uses: map[string]savedUse{}, Speeds: map[string]int64{}, Salt: s.salt[:], Warm: s.warm.save()}
	for k, v := range s.speeds.all() {
		out.Speeds[k] = int64(math.Float64frombits(v.bits.Load()))
	}
	for k, c := range s.turns.all() {
		out.Turns[k] = c.Load()
	}
	for k, u := range s.uses.all() {
		u.mu.Lock()
		out.Uses[k] = savedUse{u.last.Load(), u.heat, u.at}
		u.mu.Unlock()
	}
	b, err := json.Marshal(out)
	if err != nil {
		s.changed.Store(true)
		return nil, fault.Wrap(fault.Internal, "routing.save", err, "What routing remembers could not be written.")
	}
	return b, nil
}

// Changed has the next Save write everything: the last one came to nothing.
func (s *State) Changed() { s.changed.Store(true) }

// Restore takes in what Save returned. It is called before the state is used.
// After an error nothing is remembered, which is no harm but a fresh start.
func (s *State) Restore(b []byte) error {
	var in saved
	if err := json.Unmarshal(b, &in); err != nil || in.Version != savedVersion {
		return fault.Wrap(fault.Internal, "routing.restore", err, "What routing remembered cannot be read; it starts afresh.")
	}
	if len(in.Salt) == len(s.salt) { // without it the names of conversations mean nothing
		s.salt = [16]byte(in.Salt)
		s.warm.restore(in.Warm)
	}
	for k, n := range in.Turns {
		s.turns.get(k).Store(n)
	}
	for k, v := range in.Speeds {
		s.speeds.get(k).bits.Store(math.Float64bits(float64(v)))
	}
	for k, v := range in.Uses {
		u := s.uses.get(k)
		u.last.Store(v.Last)
		u.heat, u.at = v.Heat, v.At
	}
	return nil
}

// forget drops accounts, steps and scopes that are no more.
func (s *State) forget(snap *config.Snapshot) {
	providers := map[string]bool{}
	for _, a := range snap.Accounts {
		providers[a.Provider] = true
	}
	alive := func(key string) bool {
		kind, id, scoped := strings.Cut(key, "/")
		id, _, _ = strings.Cut(id, "\x00")
		switch {
		case !scoped:
			return snap.Accounts[key] != nil || key == DemoAccount
		case kind == "combo":
			return snap.Combos[id] != nil
		}
		return providers[id]
	}
	forget(&s.turns, alive)
	forget(&s.uses, alive)
	forget(&s.speeds, func(key string) bool {
		account, _, _ := strings.Cut(key, "\x00")
		return snap.Accounts[account] != nil
	})
}

func forget[T any](t *table[T], alive func(string) bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for k := range t.all() {
		if !alive(k) {
			t.edit(func(m map[string]*T) {
				for k := range m {
					if !alive(k) {
						delete(m, k)
					}
				}
			})
			return
		}
	}
}
