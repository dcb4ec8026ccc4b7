package store

import (
	"cmp"
	"context"
	"database/sql"
	"math"
	"slices"
	"strconv"

	"omniroute/backend/usage"
)

// Requests are found by model, key and so on through marks: one per value and
// span of some hundred requests, not one per request. Writing a mark is so
// rare that it costs a request next to nothing, and a search that has to look
// at a few hundred neighbours of what it finds still takes milliseconds.

// spanRows is how many requests a span holds before the next begins;
// crowdRows how many it may hold if the next cannot begin for nothing.
const (
	spanRows  = 256
	crowdRows = 4 * spanRows
)

// What a mark can be about. The numbers are stored.
const (
	markModel    = 1 // requested, answering, or answering with its prefix
	markProvider = 2
	markAccount  = 3
	markKey      = 4
	markCombo    = 5
	markStatus   = 6
	markClass    = 7 // first digit of the status
	markKind     = 8
	markFailed   = 9 // of any kind; no value
)

type mark struct {
	what  int64
	value string
}

// marksOf lists what a request can be found by.
func marksOf(l *usage.Labels) []mark {
	list := []mark{
		{markModel, l.RequestedModel}, {markModel, l.Target.Model}, {markModel, l.AnsweredBy},
		{markProvider, l.Target.Provider}, {markAccount, l.Target.Account}, {markKey, l.KeyID}, {markCombo, l.Combo}, {markKind, l.Kind},
	}
	list = slices.DeleteFunc(list, func(m mark) bool { return m.value == "" })
	if l.Status > 0 {
		list = append(list, mark{markStatus, strconv.Itoa(l.Status)}, mark{markClass, strconv.Itoa(l.Status / 100)})
	}
	if failed(l) {
		list = append(list, mark{markFailed, ""})
	}
	return list
}

func failed(l *usage.Labels) bool { return l.Kind != "" || l.Status >= 400 }

// span is a stretch of requests, as far as the writer remembers it.
type span struct {
	start, end int64 // seq; end is the next one's start
	last       int64 // highest seq in it
	rows       int
}

// Bounds of what the writer remembers.
const (
	maxSpans  = 512
	maxGroups = 1024
	maxMarked = 4096
)

// placed is a mark in its span.
type placed struct {
	span int64
	mark mark
}

// group gathers the requests of equal labels within a batch.
type group struct {
	labels usage.Labels
	marks  []mark
	marked int64 // span that has them, -1 = none yet
	sums   []sum // one per hour, nearly always one; empty between batches
}

// desk is what the writer of usage.db remembers between batches, all of which
// the database knows as well. It is thrown away when a transaction fails.
type desk struct {
	groups  map[string]*group // by packed labels
	touched []*group          // those with sums
	spans   []span            // ordered; not all there are
	marked  map[placed]struct{}
}

func newDesk() desk {
	return desk{groups: make(map[string]*group), marked: make(map[placed]struct{})}
}

func (d *desk) group(packed []byte) *group {
	if g := d.groups[string(packed)]; g != nil { // looking up does not copy
		return g
	}
	l, err := usage.ReadLabels(packed)
	if err != nil {
		l = usage.Labels{} // one bad row must not keep the others out
	}
	if len(d.groups) >= maxGroups {
		clear(d.groups)
	}
	g := &group{labels: l, marks: marksOf(&l), marked: -1}
	d.groups[string(packed)] = g
	return g
}

// place finds the span of a request that is being written, or begins one.
func (d *desk) place(ctx context.Context, tx *sql.Tx, seq int64) (start int64, err error) {
	i, found := d.find(seq)
	if !found {
		if i, err = d.load(ctx, tx, seq); err != nil {
			return 0, err
		}
	}
	s := &d.spans[i]
	if s.rows >= crowdRows && seq > s.start || s.rows >= spanRows && seq > s.last {
		if err := d.split(ctx, tx, i, seq); err != nil {
			return 0, err
		}
		s = &d.spans[i+1]
	}
	s.rows++
	s.last = max(s.last, seq)
	return s.start, nil
}

// split lets a new span begin inside another one. Requests that are beyond,
// as they are when the clock was once ahead, have left their marks in the old
// one: the new one gets all of them, for a mark too many only costs time.
func (d *desk) split(ctx context.Context, tx *sql.Tx, i int, seq int64) error {
	s := &d.spans[i]
	if _, err := tx.ExecContext(ctx, "INSERT INTO spans (start) VALUES (?)", seq); err != nil {
		return err
	}
	if s.last >= seq {
		if _, err := tx.ExecContext(ctx, "INSERT INTO marks (what, value, span) SELECT what, value, ? FROM marks WHERE span = ?", seq, s.start); err != nil {
			return err
		}
	}
	next := span{start: seq, end: s.end, last: s.last}
	s.end, s.last = seq, min(s.last, seq-1)
	d.spans = slices.Insert(d.spans, i+1, next)
	return nil
}

// find returns the index of the span that seq is in, or where it would be.
func (d *desk) find(seq int64) (i int, found bool) {
	if n := len(d.spans); n > 0 && d.spans[n-1].start <= seq && seq < d.spans[n-1].end {
		return n - 1, true
	}
	i, found = slices.BinarySearchFunc(d.spans, seq, func(s span, seq int64) int { return cmp.Compare(s.start, seq) })
	if found {
		return i, true
	}
	if i > 0 && seq < d.spans[i-1].end {
		return i - 1, true
	}
	return i, false
}

// load asks the database about a span.
func (d *desk) load(ctx context.Context, tx *sql.Tx, seq int64) (int, error) {
	if len(d.spans) >= maxSpans {
		d.spans = slices.Delete(d.spans, 0, maxSpans/2)
	}
	s := span{end: math.MaxInt64}
	var end sql.NullInt64
	if err := tx.QueryRowContext(ctx, "SELECT (SELECT MAX(start) FROM spans WHERE start <= ?1), (SELECT MIN(start) FROM spans WHERE start > ?1)", seq).Scan(&s.start, &end); err != nil {
		return 0, err
	}
	if end.Valid {
		s.end = end.Int64
	}
	// Rows of this very batch may be counted, which only makes the span longer.
	if err := tx.QueryRowContext(ctx, `SELECT (SELECT COUNT(*) FROM (SELECT 1 FROM requests WHERE seq >= ?1 AND seq < ?2 LIMIT ?3)),
		COALESCE((SELECT MAX(seq) FROM requests WHERE seq >= ?1 AND seq < ?2), 0)`, s.start, s.end, crowdRows).Scan(&s.rows, &s.last); err != nil {
		return 0, err
	}
	i, _ := d.find(seq)
	d.spans = slices.Insert(d.spans, i, s)
	return i, nil
}

// mark notes in its span what a request can be found by.
func (d *desk) mark(ctx context.Context, insert *sql.Stmt, g *group, span int64) error {
	if g.marked == span {
		return nil
	}
	for _, m := range g.marks {
		p := placed{span, m}
		if _, done := d.marked[p]; done {
			continue
		}
		if _, err := insert.ExecContext(ctx, m.what, m.value, span); err != nil {
			return err
		}
		if len(d.marked) >= maxMarked {
			clear(d.marked)
		}
		d.marked[p] = struct{}{}
	}
	g.marked = span
	return nil
}
