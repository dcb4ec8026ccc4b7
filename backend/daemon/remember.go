package daemon

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"omniroute/backend/config"
	"omniroute/backend/routing"
)

// routingFile holds what routing remembers. It can be deleted at any time:
// turns then begin anew and conversations find a place again.
const routingFile = "routing.json"

// routingEvery is how often that is written, where it changed: what a killed
// process forgets at most.
const routingEvery = 10 * time.Second

// remember reads what routing remembered and has it written from now on.
func (d *Daemon) remember(holder *config.Holder) *routing.State {
	path := filepath.Join(d.opts.Env.DataDir, routingFile)
	state := routing.NewState()
	b, err := os.ReadFile(path)
	if err == nil {
		err = state.Restore(b)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		d.log.Warn("what routing remembered was not read; turns begin anew", "error", err)
	}
	save := func() {
		if err := saveRouting(path, state, holder.Now()); err != nil {
			state.Changed()
			d.log.Warn("what routing remembers was not written", "error", err)
		}
	}
	d.Go("routing.state", func() error {
		tick := time.NewTicker(routingEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				save()
			case <-d.lifetime.Done():
				return nil
			}
		}
	})
	d.onStop("routing", func(context.Context) error { save(); return nil })
	return state
}

// saveRouting writes beside the file and renames.
func saveRouting(path string, state *routing.State, snap *config.Snapshot) error {
	b, err := state.Save(snap)
	if err != nil || b == nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+routingFile+"-*") // created 0600
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
