package config

import (
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"omniroute/backend/events"
	"omniroute/backend/fault"
)

// Repo keeps snapshots. Load returns the newest one (revision 0 and
// DefaultSettings when nothing was ever saved). Save writes what differs
// between old and next, the revision included, in one transaction: after an
// error nothing of next is stored. Rows whose pointer is the same in both are
// unchanged.
type Repo interface {
	Load(ctx context.Context) (*Snapshot, error)
	Save(ctx context.Context, old, next *Snapshot) error
}

// Holder owns the snapshot. Reading is one atomic load; there is one writer
// at a time. It is safe for concurrent use.
type Holder struct {
	now atomic.Pointer[Snapshot] // with overrides: what requests see

	mu     sync.Mutex // the writer; held across Repo.Save, never by readers
	repo   Repo
	stored *Snapshot // without overrides: what the database holds
	over   Overrides
	vetoes []veto
	bus    *events.Bus
}

type veto struct {
	name  string
	check func(old, next *Snapshot) error
}

// NewHolder loads the stored snapshot and publishes it.
func NewHolder(ctx context.Context, repo Repo) (*Holder, error) {
	s, err := repo.Load(ctx)
	if err != nil {
		return nil, err
	}
	s = s.clone() // no nil maps
	s.Seal()
	h := &Holder{repo: repo, stored: s, bus: events.NewBus()}
	h.publish()
	return h, nil
}

// AnnounceOn sends ConfigChanged on bus from now on.
func (h *Holder) AnnounceOn(bus *events.Bus) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.bus = bus
}

// Now returns the published snapshot. It never blocks; a request calls it
// once and keeps the result.
func (h *Holder) Now() *Snapshot { return h.now.Load() }

// Override fixes settings from outside the database (flags, environment).
// They win over what is stored, are never saved, and Update refuses to change
// them.
func (h *Holder) Override(o Overrides) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.over = o
	h.publish()
}

// Overridden returns what Override fixed.
func (h *Holder) Overridden() Overrides {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.over
}

// Verify adds a check that every future snapshot must pass. The name goes to
// the log with a refusal; the error's Public sentence goes to the user. A
// check must not call the Holder.
func (h *Holder) Verify(name string, check func(old, next *Snapshot) error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.vetoes = append(h.vetoes, veto{name, check})
}

// Update changes the settings: edit gets a private clone (see Snapshot for
// what it may do; lookups on it answer for the state before the edit), the
// result is checked, saved in one transaction and published. On any error
// everything stays as it was, on disk as well. edit must not call the Holder.
func (h *Holder) Update(ctx context.Context, edit func(*Snapshot) error) (*Snapshot, error) {
	return h.update(ctx, -1, edit)
}

// UpdateAt is Update for an editor who saw revision rev: if the settings have
// moved on, it answers fault.Conflict and changes nothing.
func (h *Holder) UpdateAt(ctx context.Context, rev int64, edit func(*Snapshot) error) (*Snapshot, error) {
	return h.update(ctx, rev, edit)
}

func (h *Holder) update(ctx context.Context, rev int64, edit func(*Snapshot) error) (*Snapshot, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	old := h.stored
	if rev >= 0 && rev != old.Rev {
		return nil, fault.New(fault.Conflict, "config.update", "These settings were changed elsewhere meanwhile (revision %d, yours was %d). Reload and try again.", old.Rev, rev)
	}
	next := old.clone()
	if err := edit(next); err != nil {
		return nil, err
	}
	next.Rev = old.Rev + 1
	next.tidy(old, time.Now())
	if err := h.over.guard(&old.Settings, &next.Settings); err != nil {
		return nil, err
	}
	if err := check(next); err != nil {
		return nil, err
	}
	next.Seal()
	for _, v := range h.vetoes {
		if err := v.check(old, next); err != nil {
			return nil, err
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := h.repo.Save(ctx, old, next); err != nil {
		return nil, err
	}
	h.stored = next
	h.publish()
	h.bus.Publish(events.ConfigChanged{Rev: next.Rev})
	return h.now.Load(), nil
}

// publish makes the stored snapshot, with overrides, the one readers see. The
// lookups do not depend on settings and are shared. The caller holds mu.
func (h *Holder) publish() {
	s := *h.stored
	h.over.apply(&s.Settings)
	h.now.Store(&s)
}

// clone copies the containers, not what their pointers point to.
func (s *Snapshot) clone() *Snapshot {
	c := *s
	c.Accounts = cloneMap(s.Accounts)
	c.Nodes = cloneMap(s.Nodes)
	c.Combos = cloneMap(s.Combos)
	c.Keys = cloneMap(s.Keys)
	c.Revoked = cloneMap(s.Revoked)
	c.Discarded = cloneMap(s.Discarded)
	c.Aliases = slices.Clone(s.Aliases)
	c.Custom = slices.Clone(s.Custom)
	c.Settings.BlockedProviders = slices.Clone(s.Settings.BlockedProviders)
	c.Settings.Chains = slices.Clone(s.Settings.Chains)
	c.Settings.More = cloneMap(s.Settings.More)
	return &c
}

func cloneMap[K comparable, V any](m map[K]V) map[K]V {
	if m == nil {
		return make(map[K]V)
	}
	return maps.Clone(m)
}

// tidy does what every edit would otherwise have to remember: a hash that was
// a key and no longer is one becomes a tombstone, and the active combo is one
// that exists.
func (s *Snapshot) tidy(old *Snapshot, now time.Time) {
	for id, k := range old.Keys {
		if n := s.Keys[id]; n == nil || n.Hash != k.Hash {
			s.Revoked[k.Hash] = now.UTC()
		}
	}
	if _, ok := s.Combos[s.Settings.ActiveCombo]; !ok {
		s.Settings.ActiveCombo = ""
	}
}
