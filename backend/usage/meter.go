package usage

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"

	"omniroute/backend/events"
	"omniroute/backend/fault"
)

// The troubles a meter can be in, as health lists them: what is answered may
// be lost, or it only waits in the journal.
const (
	TroubleLost   = "database_trouble"
	TroubleBehind = "books_behind"
)

// maxSpare bounds the records kept in memory while the journal cannot be
// written, in bytes.
const maxSpare = 4 << 20

// Meter keeps the books. Begin and Settle may be called from any goroutine;
// each is one write to the journal, which is also the queue to the database:
// what waits for its row waits on disk, so nothing is held in memory and
// nothing is dropped however slow the database is.
type Meter struct {
	journal *journal
	books   books
	sink    Sink
	bus     *events.Bus
	log     *slog.Logger
	buffers sync.Pool // *[]byte

	written atomic.Int64  // up to here the rows of the journal are in the database
	waiting atomic.Int64  // ends since the writer last woke
	wake    chan struct{} // capacity 1: there is something to write
	hurry   chan struct{} // capacity 1: do not wait for the batch to fill

	mu       sync.Mutex
	spares   []spare // what the journal would not take
	spareLen int
	spared   int           // how many there ever were
	unspared int           // how many of them are in the database
	progress chan struct{} // closed and replaced when written or unspared grow
	trouble  [troubles]string
	troubled [troubles]atomic.Bool // which of them are not ""
}

// spare is the payload of an end that is in no segment.
type spare struct {
	payload []byte
	begun   *segment // of its begin, may be nil
}

// NewMeter opens the journal in dir. bus may be nil. Nothing reaches the sink
// before Replay and Run.
func NewMeter(dir string, sink Sink, bus *events.Bus, log *slog.Logger) (*Meter, error) {
	j, err := openJournal(dir)
	if err != nil {
		return nil, err
	}
	if bus == nil {
		bus = events.NewBus()
	}
	return &Meter{
		journal: j, sink: sink, bus: bus, log: log,
		buffers:  sync.Pool{New: func() any { b := make([]byte, 0, 2048); return &b }},
		wake:     make(chan struct{}, 1),
		hurry:    make(chan struct{}, 1),
		progress: make(chan struct{}),
	}, nil
}

// Hold is an open entry in the books: a request that has begun.
type Hold struct {
	meter   *Meter
	begun   *segment // nil when the journal would not take the begin
	settled atomic.Bool
}

// Begin notes that a request is about to call an upstream. It must be called
// before the call. A journal that cannot be written does not stop requests;
// Trouble tells.
//
// Whole answers get a begin as streams do, although it is half of what the
// books cost a request (about a microsecond each on ext4): a call that may
// have cost money is never unknown.
func (m *Meter) Begin(r BeginRecord) (*Hold, error) {
	buf := m.buffers.Get().(*[]byte)
	b := appendBegin((*buf)[:frameHead], &r)
	seal(b, m.journal.salt)
	s, err := m.journal.appendBegin(b)
	m.recycle(buf, b)
	if errors.Is(err, errClosed) {
		return nil, stopping()
	}
	// A begin that is lost loses nothing by itself: it only matters when the
	// process dies.
	m.judge(err)
	return &Hold{meter: m, begun: s}, nil
}

// Settle closes the entry. It must be called before the end of the answer is
// sent: once the client can know that the answer is complete, so do the
// books. A second call does nothing.
func (h *Hold) Settle(r *Receipt) {
	if h.settled.CompareAndSwap(false, true) {
		h.meter.settle(r, h.begun)
	}
}

// Settle books a request that called no upstream and had no Begin: refused,
// answered from the cache, without a candidate.
func (m *Meter) Settle(r *Receipt) { m.settle(r, nil) }

func (m *Meter) settle(r *Receipt, begun *segment) {
	buf := m.buffers.Get().(*[]byte)
	b := appendEnd((*buf)[:frameHead], r)
	if err := m.put(b, begun); err != nil {
		m.log.Error("a request is missing from the books", "request", r.ID, "error", err)
	}
	m.recycle(buf, b)
	if m.bus.Watched() {
		m.bus.Publish(events.RequestDone{
			RequestID: r.ID, Time: r.Time, RequestedModel: r.RequestedModel, AnsweredBy: r.AnsweredBy, Combo: r.Combo, Account: r.Target.Account, KeyID: r.KeyID,
			Status: r.Status, Kind: r.Kind, Tokens: r.Usage.Input + r.Usage.Output,
			CostMicros: r.Cost.Micros, CostKnown: r.Cost.Known, Total: r.Timing.Total,
		})
	}
}

func (m *Meter) recycle(buf *[]byte, b []byte) {
	if cap(b) <= 64<<10 {
		*buf = b[:0]
		m.buffers.Put(buf)
	}
}

// put writes the frame of an end and wakes the writer. What the journal will
// not take is kept in memory as far as that is bounded.
func (m *Meter) put(frame []byte, begun *segment) error {
	if len(frame)-frameHead > maxPayload {
		return fault.New(fault.Internal, "usage.put", "A receipt was too large to be kept.")
	}
	seal(frame, m.journal.salt)
	err := m.journal.append(frame, begun)
	if errors.Is(err, errClosed) {
		return stopping()
	}
	m.judge(err)
	if err != nil && !m.keep(frame[frameHead:], begun) {
		return fault.Wrap(fault.Internal, "usage.put", err, "The request could not be written to the books.")
	}
	switch m.waiting.Add(1) {
	case 1:
		signal(m.wake)
	case batchRows:
		signal(m.hurry)
	}
	return nil
}

func stopping() error {
	e := fault.New(fault.Overloaded, "usage.put", "The gateway is shutting down. Try again in a moment.")
	e.Reason = fault.Because(fault.ReasonStopped)
	return e
}

// judge notes how a write to the journal went.
func (m *Meter) judge(err error) {
	if err != nil {
		m.report(troubleAppend, "The journal of requests cannot be written. Free some disk space and check that the data directory is writable.", err)
		return
	}
	m.over(troubleAppend)
}

// keep holds a payload in memory, false when there is no room.
func (m *Meter) keep(payload []byte, begun *segment) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.spareLen+len(payload) > maxSpare {
		return false
	}
	m.spares = append(m.spares, spare{bytes.Clone(payload), begun})
	m.spareLen += len(payload)
	m.spared++
	return true
}

func (m *Meter) takeSpares() []spare {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.spares
	m.spares, m.spareLen = nil, 0
	return s
}

// What can be wrong with the books, each on its own.
const (
	troubleAppend = iota // the journal cannot be written
	troubleSync          // nor synced
	troubleRead          // nor read back
	troubleRows          // the database refuses
	troubles
)

// report begins or ("") ends a trouble: one line in the log and one word to
// health per episode.
func (m *Meter) report(which int, trouble string, cause error) {
	code, from, to := TroubleLost, troubleAppend, troubleRead
	if which >= troubleRead {
		code, from, to = TroubleBehind, troubleRead, troubles
	}
	m.mu.Lock()
	before := first(m.trouble[from:to])
	changed := m.trouble[which] != trouble
	m.trouble[which] = trouble
	after := first(m.trouble[from:to])
	m.troubled[which].Store(trouble != "")
	m.mu.Unlock()
	if changed && trouble != "" {
		m.log.Error(trouble, "error", cause)
	}
	if before != after {
		m.bus.Publish(events.Trouble{Code: code, Open: after != "", Detail: after})
	}
}

// over ends a trouble, at next to no cost when there is none.
func (m *Meter) over(which int) {
	if m.troubled[which].Load() {
		m.report(which, "", nil)
	}
}

// first is the first trouble there is.
func first(list []string) string {
	for _, t := range list {
		if t != "" {
			return t
		}
	}
	return ""
}

// Trouble is a sentence about why the books cannot be kept right now, "" when
// all is well.
func (m *Meter) Trouble() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return first(m.trouble[:])
}

// Flush returns when everything settled before the call is in the database,
// or with the context's error.
func (m *Meter) Flush(ctx context.Context) error {
	written := m.journal.ends.Load()
	m.mu.Lock()
	spared := m.spared
	m.mu.Unlock()
	for {
		m.mu.Lock()
		progress, done := m.progress, m.unspared >= spared
		m.mu.Unlock()
		if done && m.written.Load() >= written {
			return nil
		}
		signal(m.hurry)
		select {
		case <-progress:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
