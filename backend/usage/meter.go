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

// ConditionBooks is the condition code for books that cannot be kept.
const ConditionBooks = "books.unwritable"

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

	appended  atomic.Int64  // records handed in
	committed atomic.Int64  // records whose rows are written, or which need none
	waiting   atomic.Int64  // records since the writer last woke
	wake      chan struct{} // capacity 1: there is something to read
	hurry     chan struct{} // capacity 1: do not wait for the batch to fill

	mu       sync.Mutex
	spare    [][]byte // payloads the journal would not take
	spareLen int
	progress chan struct{} // closed and replaced when committed grows
	trouble  string
	troubled atomic.Bool // trouble != ""
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
		books:    books{open: make(map[string]entry), names: make(names)},
	}, nil
}

// Hold is an open entry in the books: a request that has begun.
type Hold struct {
	meter   *Meter
	settled atomic.Bool
}

// Begin notes that a request is about to call an upstream. It must be called
// before the call. A journal that cannot be written does not stop requests;
// Trouble tells.
//
// The two writes of a request cost about two microseconds together (0.7 and
// 1.2 measured on ext4), so that whole answers get a begin as streams do: a
// call that may have cost money is never unknown.
func (m *Meter) Begin(r BeginRecord) (*Hold, error) {
	buf := m.buffers.Get().(*[]byte)
	b := appendBegin((*buf)[:frameHead], &r)
	err := m.put(b, false)
	m.recycle(buf, b)
	if err != nil {
		return nil, err
	}
	return &Hold{meter: m}, nil
}

// Settle closes the entry. It must be called before the end of the answer is
// sent: once the client can know that the answer is complete, so do the
// books. A second call does nothing.
func (h *Hold) Settle(r *Receipt) {
	if h.settled.CompareAndSwap(false, true) {
		h.meter.Settle(r)
	}
}

// Settle books a request that called no upstream and had no Begin: refused,
// answered from the cache, without a candidate.
func (m *Meter) Settle(r *Receipt) {
	buf := m.buffers.Get().(*[]byte)
	b := appendEnd((*buf)[:frameHead], r)
	if err := m.put(b, true); err != nil {
		m.log.Error("a request is missing from the books", "request", r.ID, "error", err)
	}
	m.recycle(buf, b)
	if m.bus.Watched() {
		m.bus.Publish(events.RequestDone{
			RequestID: r.ID, Time: r.Time, RequestedModel: r.RequestedModel, AnsweredBy: r.AnsweredBy, KeyID: r.KeyID,
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

// put writes a frame and wakes the writer. What the journal will not take is
// kept in memory as far as that is bounded; a lost begin alone loses nothing,
// since it only matters when the process dies.
func (m *Meter) put(frame []byte, keep bool) error {
	if len(frame)-frameHead > maxPayload {
		return fault.New(fault.Internal, "usage.put", "A receipt was too large to be kept.")
	}
	seal(frame, m.journal.salt)
	switch err := m.journal.append(frame); {
	case errors.Is(err, errClosed):
		return fault.New(fault.Overloaded, "usage.put", "The gateway is shutting down. Try again in a moment.")
	case err != nil:
		m.report("The journal of requests cannot be written. Free some disk space and check that the data directory is writable.", err)
		if !keep {
			return nil
		}
		if !m.keep(frame[frameHead:]) {
			return fault.Wrap(fault.Internal, "usage.put", err, "The request could not be written to the books.")
		}
	case m.troubled.Load():
		m.report("", nil)
	}
	m.appended.Add(1)
	switch m.waiting.Add(1) {
	case 1:
		signal(m.wake)
	case batchRows:
		signal(m.hurry)
	}
	return nil
}

// keep holds a payload in memory, false when there is no room.
func (m *Meter) keep(payload []byte) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.spareLen+len(payload) > maxSpare {
		return false
	}
	m.spare = append(m.spare, bytes.Clone(payload))
	m.spareLen += len(payload)
	return true
}

func (m *Meter) takeSpare() [][]byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.spare
	m.spare, m.spareLen = nil, 0
	return s
}

// report begins or ("") ends a trouble: one line in the log and one condition
// per episode.
func (m *Meter) report(trouble string, cause error) {
	m.mu.Lock()
	changed := m.trouble != trouble
	m.trouble = trouble
	m.troubled.Store(trouble != "")
	m.mu.Unlock()
	if !changed {
		return
	}
	if trouble != "" {
		m.log.Error(trouble, "error", cause)
	}
	m.bus.Publish(events.ConditionChanged{Code: ConditionBooks, Open: trouble != "", Detail: trouble})
}

// Trouble is a sentence about why the books cannot be kept right now, "" when
// all is well.
func (m *Meter) Trouble() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.trouble
}

// Flush returns when everything settled before the call is in the database,
// or with the context's error.
func (m *Meter) Flush(ctx context.Context) error {
	want := m.appended.Load()
	for {
		m.mu.Lock()
		progress := m.progress
		m.mu.Unlock()
		if m.committed.Load() >= want {
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
