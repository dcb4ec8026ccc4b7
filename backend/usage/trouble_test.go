package usage

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"omniroute/backend/events"
)

func TestSlowDatabaseCostsNoRowsAndNoMemory(t *testing.T) {
	dir := t.TempDir()
	sink := &memory{fail: errors.New("database is locked")}
	bus := events.NewBus()
	heard := bus.Subscribe()
	m, err := NewMeter(dir, sink, bus, quiet())
	if err != nil {
		t.Fatal(err)
	}
	stop := run(t, m)
	settle := func(from, to int) {
		for i := from; i < to; i++ {
			r := receipt(i)
			begin(t, m, r).Settle(r)
		}
	}
	// next waits for the condition to change; what a full queue loses in
	// between is not about it.
	next := func(open bool) {
		for e := range heard.C() {
			if c, ok := e.(events.Trouble); ok {
				if c.Open != open {
					t.Errorf("the condition became %v, want %v", c.Open, open)
				}
				return
			}
		}
		t.Errorf("nobody heard that the condition became %v", open)
	}
	settle(0, 100)
	next(true)
	if m.Trouble() == "" {
		t.Error("nobody can ask about the trouble")
	}
	settle(100, 2000)
	sink.break_(nil)
	if err := m.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	stop()
	if got := len(sink.all()); got != 2000 {
		t.Errorf("%d rows, want 2000", got)
	}
	if m.Trouble() != "" {
		t.Errorf("trouble %q did not end", m.Trouble())
	}
	heard.Close()
	next(false)
}

// stubborn refuses rows until the gateway stops.
type stubborn struct {
	memory
	running context.Context
}

func (s *stubborn) Write(ctx context.Context, batch []Row) error {
	if s.running.Err() == nil {
		return errors.New("database is locked")
	}
	return s.memory.Write(ctx, batch)
}

// Rows that were refused before the end must not be passed over at the end:
// their journal is deleted then.
func TestRefusedRowsAreWrittenAtTheEnd(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	sink := &stubborn{running: ctx}
	m := newMeter(t, dir, sink)
	if err := m.Replay(t.Context()); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- m.Run(ctx) }()
	for i := range 30 {
		m.Settle(receipt(i))
	}
	for m.Trouble() == "" && t.Context().Err() == nil {
		time.Sleep(time.Millisecond)
	}
	for i := range 30 {
		m.Settle(receipt(30 + i))
	}
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if got := len(sink.all()); got != 60 {
		t.Errorf("%d rows, want 60", got)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(left) != 0 {
		t.Errorf("left %v (%v)", left, err)
	}
}

// Nothing is written while nothing happens.
func TestIdle(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		sink := &memory{}
		m := newMeter(t, dir, sink)
		stop := run(t, m)
		for i := range 10 {
			begin(t, m, receipt(i)).Settle(receipt(i))
		}
		time.Sleep(time.Minute)
		writes, syncs := sink.calls()
		if writes != 1 || len(sink.all()) != 10 {
			t.Errorf("%d writes of %d rows, want all ten in one", writes, len(sink.all()))
		}
		time.Sleep(24 * time.Hour)
		if w, s := sink.calls(); w != writes || s != syncs {
			t.Errorf("%d writes and %d syncs in an idle day", w-writes, s-syncs)
		}
		stop()
	})
}

func TestJournalThatCannotBeWritten(t *testing.T) {
	dir, sink := t.TempDir(), &memory{}
	m := newMeter(t, dir, sink)
	stop := run(t, m)
	m.Settle(receipt(0))
	if err := m.journal.segments[0].file.Close(); err != nil { // every write now fails
		t.Fatal(err)
	}
	r := receipt(1)
	begin(t, m, r).Settle(r)
	if m.Trouble() == "" {
		t.Error("nobody hears that the journal cannot be written")
	}
	if err := m.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := len(sink.all()); got != 2 {
		t.Errorf("%d rows, want 2: the database still works", got)
	}
	m.journal.mu.Lock()
	m.journal.segments[0].file = nil // a new segment can be made again
	m.journal.mu.Unlock()
	m.Settle(receipt(2))
	if m.Trouble() != "" {
		t.Errorf("trouble %q did not end", m.Trouble())
	}
	stop()
	if got := len(sink.all()); got != 3 {
		t.Errorf("%d rows, want 3", got)
	}
}
