package store

import (
	"context"
	"math"
	"strconv"
	"time"
)

// retention says how long the past is kept. Roll-ups stay.
type retention struct {
	rows     time.Duration // requests
	receipts time.Duration // their receipts
	bytes    int64         // of usage.db; the oldest go first
}

// Bounds of the past (peers.md 3.4).
const (
	keepRows     = 90 * day
	keepReceipts = 30 * day
	keepBytes    = 1 << 30
)

const (
	upkeepEvery = 10 * time.Minute
	upkeepFirst = 30 * time.Second
	sweepRows   = 500                   // deleted in one transaction
	sweepPages  = 256                   // given back to the file system in one
	sweepPause  = 20 * time.Millisecond // between two, at least
	sweepShare  = 20                    // of the time at most one part is spent sweeping
)

// RetainDays makes each upkeep ask how many days requests are kept; until it
// is called they are kept for 90. Receipts, which are larger, go after 30.
func (s *Store) RetainDays(days func() int) {
	s.retention.Store(new(func() retention {
		rows := time.Duration(max(days(), 1)) * day
		return retention{rows, min(rows, keepReceipts), keepBytes}
	}))
}

// Upkeep keeps the files small and backed up until ctx ends: it deletes what
// is too old or too much in small steps, returns free pages and copies the
// settings once a day. Call it once, in a goroutine.
func (s *Store) Upkeep(ctx context.Context) {
	timer := time.NewTimer(upkeepFirst)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		if err := s.backUpDaily(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("the daily backup failed", "error", err)
		}
		if err := s.Sweep(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("old requests could not be deleted", "error", err)
		}
		timer.Reset(upkeepEvery)
	}
}

// Sweep deletes everything that retention no longer covers.
func (s *Store) Sweep(ctx context.Context) error {
	l := s.usage.Load()
	r := (*s.retention.Load())()
	for {
		began := now()
		more, err := l.sweepStep(ctx, r, began)
		if err != nil {
			return err
		}
		if !more {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(max(sweepPause, now().Sub(began)*(sweepShare-1))):
		}
	}
}

// sweepStep does one small piece of work and reports whether there is more.
func (l *ledger) sweepStep(ctx context.Context, r retention, at time.Time) (more bool, err error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	l.writing.Lock()
	defer l.writing.Unlock()
	for _, step := range [...]func() (int64, error){
		func() (int64, error) { return l.deleteBefore(ctx, "receipts", at.Add(-r.receipts).UnixNano()) },
		func() (int64, error) { return l.deleteBefore(ctx, "requests", at.Add(-r.rows).UnixNano()) },
		func() (int64, error) { return l.deleteMarks(ctx) },
	} {
		if n, err := step(); err != nil || n > 0 {
			return n > 0, err
		}
	}
	var pages, free, size int64
	for pragma, to := range map[string]*int64{"page_count": &pages, "freelist_count": &free, "page_size": &size} {
		if err := l.write.QueryRowContext(ctx, "PRAGMA "+pragma).Scan(to); err != nil {
			return false, err
		}
	}
	if r.bytes > 0 && (pages-free)*size > r.bytes {
		return l.deleteOldest(ctx)
	}
	// A few free pages are left for the next rows.
	if free > 4*sweepPages {
		return true, l.giveBack(ctx)
	}
	return false, nil
}

// deleteBefore deletes some of the rows before seq, the oldest first.
func (l *ledger) deleteBefore(ctx context.Context, table string, seq int64) (int64, error) {
	var first, last int64
	if err := l.write.QueryRowContext(ctx, "SELECT COALESCE(MIN(seq), 0), COALESCE(MAX(seq), 0) FROM (SELECT seq FROM "+table+" WHERE seq < ? ORDER BY seq LIMIT ?)", seq, sweepRows).Scan(&first, &last); err != nil || last == 0 {
		return 0, err
	}
	res, err := l.write.ExecContext(ctx, "DELETE FROM "+table+" WHERE seq >= ? AND seq <= ?", first, last)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// deleteMarks deletes some of the marks and spans that hold no request any
// more. The first span stays: it reaches from the beginning of time to the
// next one.
func (l *ledger) deleteMarks(ctx context.Context) (int64, error) {
	var keep int64
	err := l.write.QueryRowContext(ctx, "SELECT MAX(start) FROM spans WHERE start <= COALESCE((SELECT MIN(seq) FROM requests), ?)", int64(math.MaxInt64)).Scan(&keep)
	if err != nil {
		return 0, err
	}
	for _, query := range [...]string{
		"DELETE FROM marks WHERE (what, value, span) IN (SELECT what, value, span FROM marks WHERE span < ? ORDER BY span LIMIT ?)",
		"DELETE FROM spans WHERE start IN (SELECT start FROM spans WHERE start > 0 AND start < ? ORDER BY start LIMIT ?)",
	} {
		res, err := l.write.ExecContext(ctx, query, keep, sweepRows)
		if err != nil {
			return 0, err
		}
		if n, err := res.RowsAffected(); err != nil || n > 0 {
			l.desk = newDesk()
			return n, err
		}
	}
	return 0, nil
}

// deleteOldest makes room: the oldest requests go together with their
// receipts.
func (l *ledger) deleteOldest(ctx context.Context) (more bool, err error) {
	var seq int64
	err = l.write.QueryRowContext(ctx, "SELECT COALESCE(MAX(seq), 0) FROM (SELECT seq FROM requests ORDER BY seq LIMIT ?)", sweepRows).Scan(&seq)
	if err != nil || seq == 0 {
		return false, err
	}
	for _, table := range [...]string{"receipts", "requests"} {
		if _, err := l.deleteBefore(ctx, table, seq+1); err != nil {
			return false, err
		}
	}
	return true, nil
}

// giveBack returns free pages at the end of the file to the file system. The
// pragma frees one page per row it yields.
func (l *ledger) giveBack(ctx context.Context) error {
	rows, err := l.write.QueryContext(ctx, "PRAGMA incremental_vacuum("+strconv.Itoa(sweepPages)+")")
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
	}
	return rows.Err()
}
