package control

import (
	"sync"
	"time"

	"omniroute/backend/config"
	"omniroute/backend/usage"
)

// lastUses remembers when each connection and key was used last, out of the
// books: once per id, then only what is new. Safe for concurrent use.
type lastUses struct {
	mu     sync.Mutex
	byID   map[string]time.Time // zero = never; connections and keys have distinct ids
	seen   time.Time            // requests up to here are known
	asking time.Time            // last refresh
}

// usesEvery is how old an answer may be.
const usesEvery = 2 * time.Second

// refresh reads what is not known yet. What cannot be read is missing.
func (u *lastUses) refresh(r *Rooms, s *config.Snapshot) {
	u.mu.Lock()
	defer u.mu.Unlock()
	now := r.Now()
	if u.byID == nil {
		u.byID, u.seen = map[string]time.Time{}, now
	}
	ctx, cancel := r.within(readTime)
	defer cancel()
	if now.Sub(u.asking) >= usesEvery && len(u.byID) > 0 {
		page, err := r.Books.CallLogs(ctx, usage.Filter{From: u.seen.Add(-time.Minute), Limit: 1000})
		if err != nil {
			r.Log.Debug("the last uses were not read", "error", err)
			return
		}
		if len(page.Logs) == 1000 || page.Partial {
			clear(u.byID) // too many to follow: ask anew
		}
		for i := range page.Logs {
			u.note(&page.Logs[i])
		}
		u.asking = now
	}
	u.seen = now
	for id := range s.Accounts {
		u.learn(r, id, func() (usage.Page, error) {
			return r.Books.CallLogs(ctx, usage.Filter{Account: id, Limit: 1})
		})
	}
	for id := range s.Keys {
		u.learn(r, id, func() (usage.Page, error) { return r.Books.CallLogs(ctx, usage.Filter{KeyID: id, Limit: 1}) })
	}
}

// note takes a request in; the caller holds mu.
func (u *lastUses) note(rec *usage.Record) {
	for _, id := range [...]string{rec.Target.Account, rec.KeyID} {
		if at, known := u.byID[id]; known && rec.Time.After(at) {
			u.byID[id] = rec.Time
		}
	}
}

func (u *lastUses) learn(r *Rooms, id string, ask func() (usage.Page, error)) {
	if _, known := u.byID[id]; known {
		return
	}
	page, err := ask()
	if err != nil {
		r.Log.Debug("a last use was not read", "id", id, "error", err)
		return
	}
	u.byID[id] = time.Time{}
	if len(page.Logs) > 0 {
		u.byID[id] = page.Logs[0].Time
	}
}

// at is when something was used last, nil = never or not known.
func (u *lastUses) at(id string) *time.Time {
	u.mu.Lock()
	defer u.mu.Unlock()
	return moment(u.byID[id])
}
