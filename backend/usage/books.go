package usage

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"sync"
	"time"
)

// How records are gathered into one transaction.
const (
	batchRows  = 500
	batchBytes = 1 << 20
	batchDelay = 250 * time.Millisecond // how long the first record of a batch waits for others
	syncDelay  = 900 * time.Millisecond // fsync follows a write by less than a second
	retryFirst = 250 * time.Millisecond
	retryMost  = 5 * time.Second
	chunkBytes = 256 << 10
	drainTime  = 5 * time.Second // what Run may take after its context ended
)

// books is the reading half of the journal. It belongs to the goroutine that
// calls Replay and then Run.
type books struct {
	replayed bool
	segment  *segment // being read
	file     *os.File // of segment
	last     uint64   // number of the newest segment that was opened
	chunk    []byte   // memory of buf
	buf      []byte   // what was read of it and not yet taken apart
	open     map[string]entry
	names    names
	done     []*segment // read to the end; kept until their rows are safe and their begins ended
}

// entry is a begin without an end: what its row would be, and where it stands.
type entry struct {
	record  Record
	segment *segment
}

// batch is what one transaction takes.
type batch struct {
	records []Record
	frames  int64 // how many frames of this process it covers
	bytes   int
}

func (b *batch) add(r Record) {
	b.records = append(b.records, r)
	b.bytes += len(r.Receipt) + 512
}

func (b *batch) full() bool { return len(b.records) >= batchRows || b.bytes >= batchBytes }

// Replay takes what an earlier process left in its journal into the database:
// finished requests as they are, those without an end as interrupted. It is
// called once, before the first Begin and before Run, which tries again when
// it failed. What is damaged is skipped, record by record.
func (m *Meter) Replay(ctx context.Context) error {
	old := m.journal.left()
	var b batch
	open := make(map[string]Record)
	take := func(payload []byte) error {
		r, end, err := readPayload(payload, m.books.names)
		switch {
		case err != nil:
			m.log.Warn("a record of the journal cannot be read and is left out", "error", err)
			return nil
		case !end:
			open[r.ID] = r
			return nil
		}
		delete(open, r.ID)
		if b.add(r); b.full() {
			defer func() { b = batch{} }()
			return m.sink.Write(ctx, b.records)
		}
		return nil
	}
	for _, s := range old {
		if err := m.replaySegment(s, take); err != nil {
			return err
		}
	}
	for _, r := range open {
		b.add(interrupted(r))
	}
	if len(b.records) > 0 {
		if err := m.sink.Write(ctx, b.records); err != nil {
			return err
		}
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

// interrupted completes the row of a request that had begun.
func interrupted(r Record) Record {
	r.Error = "The gateway stopped while this request was running."
	r.Receipt = (&Receipt{
		ID: r.ID, Time: r.Time, Path: r.Path, ClientFormat: r.ClientFormat, Stream: r.Stream, Agent: r.Agent, KeyID: r.KeyID,
		RequestedModel: r.RequestedModel, Kind: r.Kind, Error: r.Error,
	}).AppendJSON(nil)
	return r
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
	m.untilDone(ctx, func() error {
		if m.books.replayed {
			return nil
		}
		return m.Replay(ctx)
	})
	for ctx.Err() == nil {
		b := m.fill()
		if b.frames == 0 {
			break
		}
		if len(b.records) > 0 && !m.untilDone(ctx, func() error { return m.sink.Write(ctx, b.records) }) {
			return // what is in b stays in the journal for the next start
		}
		m.advance(b.frames)
	}
	m.retireSegments(ctx)
}

// untilDone repeats f with growing pauses, false when ctx ended first.
func (m *Meter) untilDone(ctx context.Context, f func() error) bool {
	for pause := retryFirst; ; pause = min(2*pause, retryMost) {
		err := f()
		if err == nil {
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		m.report("The request log cannot be written to the database. Requests go on and are kept in the journal until it works again.", err)
		select {
		case <-ctx.Done():
			return false
		case <-time.After(pause):
		}
	}
}

func (m *Meter) advance(frames int64) {
	m.committed.Add(frames)
	m.mu.Lock()
	close(m.progress)
	m.progress = make(chan struct{})
	m.mu.Unlock()
	if m.troubled.Load() {
		m.report("", nil)
	}
}

// fill reads the next batch. A batch without frames means that there is
// nothing to read.
func (m *Meter) fill() batch {
	var b batch
	for _, payload := range m.takeSpare() {
		m.take(&b, nil, payload)
	}
	for !b.full() {
		payload := m.nextPayload()
		if payload == nil {
			break
		}
		m.take(&b, m.books.segment, payload)
	}
	return b
}

func (m *Meter) take(b *batch, s *segment, payload []byte) {
	b.frames++
	r, end, err := readPayload(payload, m.books.names)
	if err != nil {
		m.log.Error("a record of the journal cannot be read and is left out", "error", err)
		return
	}
	if !end {
		s.open++
		m.books.open[r.ID] = entry{r, s}
		return
	}
	if e, ok := m.books.open[r.ID]; ok {
		e.segment.open--
		delete(m.books.open, r.ID)
	}
	b.add(r)
}

// nextPayload returns the next record written by this process, nil when all
// were read. It is valid until the next call.
func (m *Meter) nextPayload() []byte {
	k := &m.books
	for {
		if payload := frameAt(k.buf, m.journal.salt); payload != nil {
			k.buf = k.buf[frameHead+len(payload):]
			return payload
		}
		if k.segment == nil && !m.openNext() {
			return nil
		}
		writing := m.journal.writing(k.segment) // asked before the tail, which is final once it says no
		tail := k.segment.tail.Load()
		if k.segment.at < tail {
			if err := m.readChunk(tail); err != nil {
				m.report("The journal of requests cannot be read back.", err)
				return nil
			}
			continue
		}
		if len(k.buf) > 0 { // the disk gave back something else than was written
			m.log.Error("a damaged piece of the journal is left out", "file", k.segment.path)
			payload, size, _ := nextFrame(k.buf, m.journal.salt)
			k.buf = k.buf[size:]
			if payload != nil {
				return payload
			}
			k.buf = nil
		}
		if writing {
			return nil
		}
		k.done = append(k.done, k.segment)
		if err := k.file.Close(); err != nil {
			m.log.Warn("a segment of the journal cannot be closed", "error", err)
		}
		k.file, k.segment = nil, nil
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
		m.report("The journal of requests cannot be read back.", err)
		return false
	}
	k.last, k.segment, k.file = s.n, s, f
	s.at, k.buf = int64(headBytes), nil
	return true
}

// readChunk reads on in the segment, never beyond its last whole frame.
func (m *Meter) readChunk(tail int64) error {
	k := &m.books
	n := min(tail-k.segment.at, max(chunkBytes, int64(len(k.buf))*2))
	if rest := len(k.buf); cap(k.chunk) < rest+int(n) {
		chunk := make([]byte, rest, rest+int(n))
		copy(chunk, k.buf)
		k.chunk = chunk
	} else {
		k.chunk = k.chunk[:copy(k.chunk[:rest], k.buf)]
	}
	rest := len(k.chunk)
	k.chunk = k.chunk[:rest+int(n)]
	if _, err := k.file.ReadAt(k.chunk[rest:], k.segment.at); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	k.segment.at += n
	k.buf = k.chunk
	return nil
}

// retireSegments deletes the segments that are no longer needed: read, their
// rows safe, their begins ended.
func (m *Meter) retireSegments(ctx context.Context) {
	k := &m.books
	if !slices.ContainsFunc(k.done, finished) {
		return
	}
	if err := m.sink.Sync(ctx); err != nil {
		m.log.Warn("the request log cannot be synced; the journal is kept", "error", err)
		return
	}
	for _, s := range k.done {
		if finished(s) {
			m.remove(s)
		}
	}
	k.done = slices.DeleteFunc(k.done, finished)
}

func finished(s *segment) bool { return s.open == 0 }

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
			m.report("The journal of requests cannot be made safe against a power cut.", err)
		}
	}
}
