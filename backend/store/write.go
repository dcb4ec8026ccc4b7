package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"time"

	"omniroute/backend/usage"
)

// wideRows is how many rows one statement takes: beyond it there is nothing
// left to save.
const wideRows = 32

const (
	insertMark   = `INSERT INTO marks (what, value, span) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`
	upsertRollup = `INSERT INTO rollups (hour, provider, account, model, key_id, combo,
	requests, failed, input, output, cache_read, cache_write, reasoning, cost_micros, unpriced, total_ms)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
	ON CONFLICT (hour, provider, account, model, key_id, combo) DO UPDATE SET requests = requests + excluded.requests, failed = failed + excluded.failed,
	input = input + excluded.input, output = output + excluded.output, cache_read = cache_read + excluded.cache_read, cache_write = cache_write + excluded.cache_write,
	reasoning = reasoning + excluded.reasoning, cost_micros = cost_micros + excluded.cost_micros, unpriced = unpriced + excluded.unpriced, total_ms = total_ms + excluded.total_ms`
)

// insertRows is a statement for n rows of requests or receipts.
func insertRows(table string, n int) string {
	return "INSERT INTO " + table + " (seq, body) VALUES (?, ?)" + strings.Repeat(", (?, ?)", n-1) + " ON CONFLICT (seq) DO NOTHING"
}

// maxShare is how many requests may share one nanosecond by the clock; on
// systems with a coarse one they are numbered on from there.
const maxShare = 4096

// errHeld says that a number is taken, by the same request or another one.
var errHeld = errors.New("store: the number of a request is taken")

// Write takes a batch in one transaction. Rows it has are ignored. When the
// database turns out to be damaged, it is put aside, a new one begun and the
// batch written to that.
func (s *Store) Write(ctx context.Context, batch []usage.Row) error {
	l := s.usage.Load()
	err := l.put(ctx, batch)
	if err == nil || !damaged(err) {
		return usageFault(err)
	}
	l, err = s.renew(ctx, l, err)
	if err != nil {
		return usageFault(err)
	}
	return usageFault(l.put(ctx, batch))
}

// renew replaces a damaged ledger once, whoever notices first.
func (s *Store) renew(ctx context.Context, bad *ledger, cause error) (*ledger, error) {
	s.swap.Lock()
	defer s.swap.Unlock()
	if l := s.usage.Load(); l != bad {
		return l, nil
	}
	if err := bad.close(); err != nil {
		s.log.Warn("the damaged request log did not close well", "error", err)
	}
	l, err := s.quarantine(ctx, bad.path, cause)
	if err != nil {
		return nil, err
	}
	s.usage.Store(l)
	return l, nil
}

// Sync makes what Write committed survive a power cut.
func (s *Store) Sync(context.Context) error { return usageFault(s.usage.Load().sync()) }

// put assumes that the whole batch is new, which it always is but after a
// crash; otherwise it begins again and looks at each row.
func (l *ledger) put(ctx context.Context, batch []usage.Row) error {
	l.mu.RLock()
	defer l.mu.RUnlock()
	l.writing.Lock()
	defer l.writing.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	// The driver starts a goroutine per statement to watch a context that can
	// end; a batch is short enough to be finished.
	ctx = context.WithoutCancel(ctx)
	err := l.transact(ctx, func(tx *sql.Tx) error {
		if err := l.number(batch); err != nil {
			return err
		}
		if err := l.insert(ctx, tx, batch, l.seqs); err != nil {
			return err
		}
		return l.tally(ctx, tx, batch, l.seqs)
	})
	if !errors.Is(err, errHeld) {
		return err
	}
	return l.transact(ctx, func(tx *sql.Tx) error {
		for i := range batch {
			seq, isNew, err := l.insertOnce(ctx, tx, &batch[i])
			if err != nil {
				return err
			}
			if !isNew {
				continue
			}
			if err := l.tally(ctx, tx, batch[i:i+1], []int64{seq}); err != nil {
				return err
			}
		}
		return nil
	})
}

// transact runs f and the sums it left in a transaction.
func (l *ledger) transact(ctx context.Context, f func(*sql.Tx) error) (err error) {
	defer func() {
		if err != nil {
			l.desk = newDesk()
		}
	}()
	tx, err := l.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if err := f(tx); err != nil {
		return err
	}
	if err := l.sumUp(ctx, tx); err != nil {
		return err
	}
	return tx.Commit()
}

// number gives each row of a batch the first number free in it, into l.seqs.
func (l *ledger) number(batch []usage.Row) error {
	clear(l.taken)
	l.seqs = l.seqs[:0]
	for i := range batch {
		seq := batch[i].Seq
		for held := true; held; seq++ {
			_, held = l.taken[seq]
			if seq-batch[i].Seq > maxShare {
				return errHeld
			}
		}
		seq--
		l.taken[seq] = struct{}{}
		l.seqs = append(l.seqs, seq)
	}
	return nil
}

// insert writes rows under their numbers, errHeld if one is taken.
func (l *ledger) insert(ctx context.Context, tx *sql.Tx, rows []usage.Row, seqs []int64) error {
	for len(rows) > 0 {
		n, briefs, details := 1, l.brief, l.detail
		if len(rows) >= wideRows {
			n, briefs, details = wideRows, l.briefs, l.details
		}
		l.args = l.args[:0]
		for i := range n {
			l.args = append(l.args, seqs[i], rows[i].Brief)
		}
		res, err := tx.StmtContext(ctx, briefs).ExecContext(ctx, l.args...)
		if err != nil {
			return err
		}
		if done, err := res.RowsAffected(); err != nil || done != int64(n) {
			return errors.Join(err, errHeld)
		}
		for i := range n {
			l.args[2*i+1] = rows[i].Detail
		}
		if _, err := tx.StmtContext(ctx, details).ExecContext(ctx, l.args...); err != nil {
			return err
		}
		rows, seqs = rows[n:], seqs[n:]
	}
	return nil
}

// insertOnce inserts a row under the first free number from its time on,
// unless it is there.
func (l *ledger) insertOnce(ctx context.Context, tx *sql.Tx, r *usage.Row) (seq int64, isNew bool, err error) {
	err = l.insert(ctx, tx, []usage.Row{*r}, []int64{r.Seq})
	if !errors.Is(err, errHeld) {
		return r.Seq, true, err
	}
	seq, there, err := firstFree(ctx, tx, r)
	if err != nil || there {
		return seq, false, err
	}
	return seq, true, l.insert(ctx, tx, []usage.Row{*r}, []int64{seq})
}

// firstFree finds the number for a row whose own is taken, unless the row is
// there.
func firstFree(ctx context.Context, tx *sql.Tx, r *usage.Row) (seq int64, there bool, err error) {
	rows, err := tx.QueryContext(ctx, "SELECT seq, body FROM requests WHERE seq >= ? AND seq < ? ORDER BY seq", r.Seq, r.Seq+maxShare)
	if err != nil {
		return 0, false, err
	}
	defer func() { _ = rows.Close() }()
	free := r.Seq
	for rows.Next() {
		var body sql.RawBytes
		if err := rows.Scan(&seq, &body); err != nil {
			return 0, false, err
		}
		if seq > free {
			return free, false, nil
		}
		if o, err := usage.OpenRow(body); err == nil && o.Same(r) {
			return seq, true, nil
		}
		free = seq + 1
	}
	if free-r.Seq >= maxShare && rows.Err() == nil {
		return 0, false, errors.New("store: no free number for a request")
	}
	return free, false, rows.Err()
}

// tally adds rows to the sums of the batch and marks their spans.
func (l *ledger) tally(ctx context.Context, tx *sql.Tx, rows []usage.Row, seqs []int64) error {
	marks := tx.StmtContext(ctx, l.mark)
	for i := range rows {
		r := &rows[i]
		g := l.desk.group(r.Labels)
		start, err := l.desk.place(ctx, tx, seqs[i])
		if err != nil {
			return err
		}
		if err := l.desk.mark(ctx, marks, g, start); err != nil {
			return err
		}
		if len(g.sums) == 0 {
			l.desk.touched = append(l.desk.touched, g)
		}
		g.add(r)
	}
	return nil
}

// sumUp writes the sums of the batch into the roll-ups.
func (l *ledger) sumUp(ctx context.Context, tx *sql.Tx) error {
	rollup := tx.StmtContext(ctx, l.rollup)
	for _, g := range l.desk.touched {
		t := &g.labels.Target
		for _, u := range g.sums {
			if _, err := rollup.ExecContext(ctx, u.hour, t.Provider, t.Account, t.Model, g.labels.KeyID, g.labels.Combo, u.requests, u.failed,
				u.input, u.output, u.cacheRead, u.cacheWrite, u.reasoning, u.cost, u.unpriced, u.totalMs); err != nil {
				return err
			}
		}
		g.sums = g.sums[:0]
	}
	l.desk.touched = l.desk.touched[:0]
	return nil
}

// sum is what a group consumed in an hour.
type sum struct {
	hour                                                                                       int64 // unix seconds / 3600
	requests, failed, input, output, cacheRead, cacheWrite, reasoning, cost, unpriced, totalMs int64
}

func (g *group) add(r *usage.Row) {
	hour := r.At / int64(time.Hour)
	i := slices.IndexFunc(g.sums, func(u sum) bool { return u.hour == hour })
	if i < 0 {
		g.sums = append(g.sums, sum{hour: hour})
		i = len(g.sums) - 1
	}
	u := &g.sums[i]
	u.requests++
	if g.labels.Kind != "" {
		u.failed++
	}
	u.input += r.Tokens.Input
	u.output += r.Tokens.Output
	u.cacheRead += r.Tokens.CacheRead
	u.cacheWrite += r.Tokens.CacheWrite
	u.reasoning += r.Tokens.Reasoning
	if r.Priced {
		u.cost += r.Micros
	} else if r.Tokens.Input+r.Tokens.Output > 0 { // what used nothing costs nothing
		u.unpriced++
	}
	u.totalMs += r.Total.Milliseconds()
}
