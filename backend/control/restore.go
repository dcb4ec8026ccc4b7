package control

import (
	"context"
	"sync"
	"time"

	"omniroute/backend/config"
	"omniroute/backend/fault"
)

// undoTime is how long a deletion can be undone.
const undoTime = 10 * time.Minute

// bin keeps what was deleted, in memory. Safe for concurrent use.
type bin struct {
	now func() time.Time

	mu    sync.Mutex
	items map[[2]string]*discarded // by kind and id
}

// discarded is something that was deleted: undo puts it back into a snapshot,
// gone is called once when that is not possible any more. gone may be nil.
type discarded struct {
	kind, id string
	undo     func(*config.Snapshot) error
	gone     func()

	until time.Time
	timer *time.Timer
}

func newBin(now func() time.Time) *bin {
	return &bin{now: now, items: map[[2]string]*discarded{}}
}

func (b *bin) put(d discarded) {
	k := [2]string{d.kind, d.id}
	d.until = b.now().Add(undoTime)
	b.mu.Lock()
	defer b.mu.Unlock()
	if old := b.items[k]; old != nil {
		old.timer.Stop()
	}
	one := &d
	one.timer = time.AfterFunc(undoTime, func() { b.expire(k, one) })
	b.items[k] = one
}

func (b *bin) expire(k [2]string, one *discarded) {
	b.mu.Lock()
	mine := b.items[k] == one
	if mine {
		delete(b.items, k)
	}
	b.mu.Unlock()
	if mine && one.gone != nil {
		one.gone()
	}
}

// take gives back what can still be restored; put it back if that fails.
func (b *bin) take(kind, id string) *discarded {
	k := [2]string{kind, id}
	b.mu.Lock()
	defer b.mu.Unlock()
	d := b.items[k]
	if d == nil || !b.now().Before(d.until) {
		return nil
	}
	d.timer.Stop()
	delete(b.items, k)
	return d
}

// restore undoes a deletion.
func (r *Rooms) restore(kind, id string) (*config.Snapshot, error) {
	d := r.bin.take(kind, id)
	if d == nil {
		return nil, fault.New(fault.NotFound, "control.restore", "There is no deleted %s %q that can be restored: ten minutes after a deletion, or with a restart, it is gone for good.", kind, clip(id, 100))
	}
	next, err := r.update(d.undo)
	if err != nil {
		r.bin.put(*d) // somebody may mend what is in the way
	}
	return next, err
}

// discardSecret notes, with the deletion itself, that the vault still holds a
// secret which must go: should the process die, the next start does it.
func (r *Rooms) discardSecret(s *config.Snapshot, a *config.Account) {
	if a.HasSecret {
		s.Discarded[a.ID] = r.Now().UTC()
	}
}

// keep puts the key of a connection to be made into the vault. That it may
// have to go is noted before: should the process die before the connection is
// stored, the next start forgets the key.
func (r *Rooms) keep(a *config.Account, origin string, key fault.Secret) error {
	if _, err := r.update(func(s *config.Snapshot) error {
		s.Discarded[a.ID] = r.Now().UTC()
		return nil
	}); err != nil {
		return err
	}
	ctx, cancel := r.within(saving)
	defer cancel()
	if err := r.Secrets.SetKey(ctx, a.ID, origin, key); err != nil {
		r.forgetDiscarded([]string{a.ID})
		return err
	}
	a.HasSecret, a.KeyHint = true, hintOf(key.Reveal())
	return nil
}

// forgetDiscarded deletes the secrets of connections that were deleted, and
// the note about it.
func (r *Rooms) forgetDiscarded(ids []string) {
	var done []string
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Lifetime), saving)
	defer cancel()
	for _, id := range ids {
		r.Board.Forget(id)
		if err := r.Secrets.Forget(ctx, id); err != nil {
			r.Log.Warn("the key of a deleted connection could not be deleted; the next start tries again", "connection", id, "error", err)
			continue
		}
		done = append(done, id)
	}
	noted := false
	for _, id := range done {
		_, there := r.Config.Now().Discarded[id]
		noted = noted || there
	}
	if !noted {
		return
	}
	if _, err := r.Config.Update(ctx, func(s *config.Snapshot) error {
		for _, id := range done {
			delete(s.Discarded, id)
		}
		return nil
	}); err != nil {
		r.Log.Warn("the note about a deleted key stays; the next start tries again", "error", err)
	}
}

// forgetLater is forgetDiscarded for a timer. After the end of the process's
// life the next start does it.
func (r *Rooms) forgetLater(ids []string) func() {
	return func() {
		if r.Lifetime.Err() == nil {
			r.Go("control.bin", func() error { r.forgetDiscarded(ids); return nil })
		}
	}
}

// EmptyBin deletes the secrets of connections that were deleted before this
// start. It returns at once and works in the background.
func (s *Services) EmptyBin() {
	r := s.Providers.rooms
	var ids []string
	for id := range r.Config.Now().Discarded {
		if r.Config.Now().Accounts[id] == nil {
			ids = append(ids, id)
		}
	}
	if len(ids) > 0 {
		r.Go("control.bin", func() error { r.forgetDiscarded(ids); return nil })
	}
}
