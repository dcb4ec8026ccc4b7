package usage

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io/fs"
	"math/bits"
	"os"
	"slices"
	"sync"
	"time"
)

// How rows are gathered into one transaction.
const (
	batchRows  = 1000
	batchDelay = 250 * time.Millisecond // how long the first row of a batch waits for others
	syncDelay  = 900 * time.Millisecond // fsync follows a write by less than a second
	retryFirst = 250 * time.Millisecond
	retryMost  = 5 * time.Second
	drainTime  = 5 * time.Second // what Run may take after its context ended
	arenaLeast = 64 << 10        // memory of a batch, in bytes
	arenaMost  = 1 << 20         // more only for a single frame that is larger
)

// books is the reading half of the journal. It belongs to the goroutine that
// calls Replay and then Run.
type books struct {
	replayed bool
	segment  *segment // being read
	file     *os.File // of segment
	last     uint64   // number of the newest segment that was opened
	arena    []byte   // what was read of it; arena[from:to] is not yet taken apart
	from, to int
	lost     bool  // what is at from is damaged
	past     int64 // bytes of frames in the segments that were read to the end

	rows   []Row // being written; they point into arena
	spares int   // how many of rows were in no segment

	done []*segment // read to the end; kept until their rows are safe and their begins ended
}

// Replay takes what an earlier process left in its journal into the database:
// finished requests as they are, those without an end as interrupted. It is
// called once, before the first Begin and before Run, which tries again when
// it failed. What is damaged is skipped, record by record.
func (m *Meter) Replay(ctx context.Context) error {
	old := m.journal.left()
	var rows []Row
	write := func(least int) error {
		if len(rows) < least {
			return nil
		}
		err := m.sink.Write(ctx, rows)
		rows = rows[:0]
		return err
	}
	open := make(map[string][]byte) // begins by their version and id
	const idEnd = 2 + 16
	take := func(payload []byte) error {
		if payload[0] == kindBegin && len(payload) >= idEnd {
			open[string(payload[1:idEnd])] = bytes.Clone(payload)
			return nil
		}
		row, err := endRow(payload)
		if err != nil {
			m.unreadable(err)
			return nil
		}
		delete(open, string(row.Brief[:idEnd-1]))
		rows = append(rows, row)
		return write(batchRows)
	}
	for _, s := range old {
		if err := m.replaySegment(s, take); err != nil {
			return err
		}
	}
	for _, payload := range open {
		row, err := interrupted(payload)
		if err != nil {
			m.unreadable(err)
			continue
		}
		rows = append(rows, row)
	}
	if err := write(1); err != nil {
		return err
	}
	if len(old) > 0 {
		if err := m.sink.Sync(ctx); err != nil {
			return err
		}
	}
	for _, s := range old {
		m.remove(s)
	}
	m.books.replayed = true
	return nil
}

func (m *Meter) unreadable(err error) {
	m.log.Error("a record of the journal cannot be read and is left out", "error", err)
}

// interrupted makes the row of a request that had begun.
func interrupted(begin []byte) (Row, error) {
	r, err := readBegin(begin)
	if err != nil {
		return Row{}, err
	}
	return r.Pack()
}

func (m *Meter) replaySegment(s *segment, take func([]byte) error) error {
	data, err := os.ReadFile(s.path)
	if err != nil {
		return err
	}
	if len(data) < headBytes { // the process died making it
		return nil
	}
	if string(data[:len(magic)]) != magic {
		m.log.Error("a segment of the journal has a damaged head and is put aside", "file", s.path)
		return os.Rename(s.path, s.path+".bad")
	}
	salt := binary.LittleEndian.Uint32(data[len(magic):])
	data = data[headBytes:]
	for len(data) > 0 {
		payload, size, damage := nextFrame(data, salt)
		if payload == nil {
			break // the tail: a record that was being written
		}
		if damage > 0 {
			m.log.Warn("a damaged piece of the journal is left out", "file", s.path, "bytes", damage)
		}
		if err := take(payload); err != nil {
			return err
		}
		data = data[size:]
	}
	return nil
}

func (m *Meter) remove(s *segment) {
	if err := m.journal.remove(s); err != nil && !errors.Is(err, fs.ErrNotExist) {
		m.log.Warn("a finished segment of the journal cannot be deleted; it will be read again at the next start", "file", s.path, "error", err)
	}
}

// Run writes the books until ctx ends, then what is left, within a bounded
// time. Call it once, in a goroutine; after it returns, Begin is refused.
func (m *Meter) Run(ctx context.Context) error {
	var syncer sync.WaitGroup
	syncer.Go(func() { m.syncLoop(ctx) })
	for m.gather(ctx) {
		m.drain(ctx)
	}
	syncer.Wait()
	err := m.journal.close()
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	m.drain(last)
	if m.books.file != nil {
		err = errors.Join(err, m.books.file.Close())
	}
	return err
}

// gather waits for a first record and then for its companions, false when ctx
// has ended.
func (m *Meter) gather(ctx context.Context) bool {
	if m.books.replayed {
		select {
		case <-ctx.Done():
			return false
		case <-m.wake:
		case <-m.hurry:
			return true
		}
	}
	delay := time.NewTimer(batchDelay)
	defer delay.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-m.hurry:
	case <-delay.C:
	}
	return true
}

// drain writes everything there is, waiting out a database that refuses.
func (m *Meter) drain(ctx context.Context) {
	m.waiting.Store(0)
	if !m.books.replayed && !m.untilDone(ctx, func() error { return m.Replay(ctx) }) {
		return
	}
	for ctx.Err() == nil && m.fill() {
		if len(m.books.rows) > 0 && !m.untilDone(ctx, func() error { return m.sink.Write(ctx, m.books.rows) }) {
			return // the rows stay where they are, and in the journal
		}
		m.advance()
	}
	m.retireSegments(ctx)
}

// untilDone repeats f with growing pauses, false when ctx ended first.
func (m *Meter) untilDone(ctx context.Context, f func() error) bool {
	for pause := retryFirst; ; pause = min(2*pause, retryMost) {
		err := f()
		if err == nil {
			m.over(troubleRows)
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		m.report(troubleRows, "The request log cannot be written to the database. Requests go on and are kept in the journal until it works again.", err)
		select {
		case <-ctx.Done():
			return false
		case <-time.After(pause):
		}
	}
}

// advance notes that everything read so far needs no more writing.
func (m *Meter) advance() {
	k := &m.books
	m.written.Store(k.place())
	m.mu.Lock()
	m.unspared += k.spares
	close(m.progress)
	m.progress = make(chan struct{})
	m.mu.Unlock()
	k.rows, k.spares = k.rows[:0], 0
}

// fill reads the next batch into rows, false when there is nothing to read.
// Rows that were not written are the next batch once more.
func (m *Meter) fill() bool {
	k := &m.books
	if len(k.rows) > 0 {
		return true
	}
	spares := m.takeSpares()
	for _, s := range spares {
		if s.begun != nil {
			m.journal.ended(s.begun)
		}
		m.take(s.payload)
	}
	k.spares = len(spares)
	k.ready(m.journal.behind(m.written.Load()))
	for len(k.rows) < batchRows {
		payload := m.nextPayload()
		if payload == nil {
			break
		}
		if payload[0] == kindEnd {
			m.take(payload)
		}
	}
	return k.place() != m.written.Load() || len(spares) > 0
}

// place is up to where the journal was taken apart, in bytes of frames.
func (k *books) place() int64 {
	if k.segment == nil {
		return k.past
	}
	return k.segment.base + k.segment.at - int64(headBytes) - int64(k.to-k.from)
}

// take adds the row of an end. Begins matter only to Replay.
func (m *Meter) take(payload []byte) {
	row, err := endRow(payload)
	if err != nil {
		m.unreadable(err)
		return
	}
	m.books.rows = append(m.books.rows, row)
}

// nextPayload returns the next record written by this process, nil when all
// were read or the memory of the batch is full.
func (m *Meter) nextPayload() []byte {
	k := &m.books
	for {
		payload, need := frameAt(k.arena[k.from:k.to], m.journal.salt)
		if payload != nil {
			k.from += need
			k.lost = false
			return payload
		}
		if k.segment == nil && !m.openNext() {
			return nil
		}
		writing := m.journal.writing(k.segment) // asked before the tail, which is final once it says no
		tail := k.segment.tail.Load()
		have := k.to - k.from
		switch {
		case need > have && k.segment.at < tail:
			if !k.room(need) {
				return nil
			}
			if err := k.read(tail); err != nil {
				m.report(troubleRead, "The journal of requests cannot be read back.", err)
				return nil
			}
			m.over(troubleRead)
		case have > 0: // the disk gave back something else than was written
			if !k.lost {
				m.log.Error("a damaged piece of the journal is left out", "file", k.segment.path)
			}
			k.lost = true
			k.from++
		case writing:
			return nil
		default:
			k.past = k.segment.base + tail - int64(headBytes)
			k.done = append(k.done, k.segment)
			if err := k.file.Close(); err != nil {
				m.log.Warn("a segment of the journal cannot be closed", "error", err)
			}
			k.file, k.segment = nil, nil
		}
	}
}

func (m *Meter) openNext() bool {
	k := &m.books
	s := m.journal.after(k.last)
	if s == nil {
		return false
	}
	f, err := os.Open(s.path)
	if err != nil {
		m.report(troubleRead, "The journal of requests cannot be read back.", err)
		return false
	}
	k.last, k.segment, k.file = s.n, s, f
	s.at = int64(headBytes)
	return true
}

// ready makes room in the arena for a batch: no row points into it any more.
// behind is how many bytes wait to be read.
func (k *books) ready(behind int64) {
	if size := int(min(max(behind, arenaLeast), arenaMost)); cap(k.arena) < size {
		arena := make([]byte, 1<<bits.Len(uint(size-1)))
		k.to = copy(arena, k.arena[k.from:k.to])
		k.arena = arena
	} else {
		k.to = copy(k.arena, k.arena[k.from:k.to])
	}
	k.from = 0
}

// room makes the arena long enough for need bytes from from on. It cannot
// when rows point into it.
func (k *books) room(need int) bool {
	switch {
	case k.from+need <= len(k.arena) && k.to < len(k.arena):
		return true
	case len(k.rows) > 0:
		return false
	}
	arena := k.arena
	if need > len(arena) {
		arena = make([]byte, need)
	}
	k.to = copy(arena, k.arena[k.from:k.to])
	k.arena, k.from = arena, 0
	return true
}

// read reads on in the segment, never beyond its last whole frame.
func (k *books) read(tail int64) error {
	n := min(tail-k.segment.at, int64(len(k.arena)-k.to))
	got, err := k.file.ReadAt(k.arena[k.to:k.to+int(n)], k.segment.at)
	k.to += got
	k.segment.at += int64(got)
	return err
}

// retireSegments deletes the segments that are no longer needed: read, their
// rows safe, their begins ended.
func (m *Meter) retireSegments(ctx context.Context) {
	k := &m.books
	if !slices.ContainsFunc(k.done, m.journal.finished) {
		return
	}
	if err := m.sink.Sync(ctx); err != nil {
		m.log.Warn("the request log cannot be synced; the journal is kept", "error", err)
		return
	}
	k.done = slices.DeleteFunc(k.done, func(s *segment) bool {
		if !m.journal.finished(s) {
			return false
		}
		m.remove(s)
		return true
	})
}

// syncLoop follows every write with an fsync less than a second later.
func (m *Meter) syncLoop(ctx context.Context) {
	delay := time.NewTimer(0)
	defer delay.Stop()
	<-delay.C
	for {
		select {
		case <-ctx.Done():
			return
		case <-m.journal.unsynced:
		}
		delay.Reset(syncDelay)
		select {
		case <-ctx.Done():
			return
		case <-delay.C:
		}
		if err := m.journal.sync(); err != nil {
			m.report(troubleSync, "The journal of requests cannot be made safe against a power cut.", err)
			continue
		}
		m.over(troubleSync)
	}
}
