package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"omniroute/backend/usage"
)

const insertRequest = `INSERT INTO requests (seq, id, path, client_format, upstream_format, road, stream, agent, key_id, requested_model, combo, answered_by,
	provider, account, model, status, kind, error, input, output, cache_read, cache_write, cache_long, reasoning, estimated, cost_micros, cost_basis, cache, attempts, ttft_ms, total_ms)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (seq) DO NOTHING`

const upsertRollup = `INSERT INTO rollups (hour, provider, account, model, key_id, combo,
	requests, failed, input, output, cache_read, cache_write, reasoning, cost_micros, unpriced, total_ms)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
	ON CONFLICT (hour, provider, account, model, key_id, combo) DO UPDATE SET requests = requests + excluded.requests, failed = failed + excluded.failed,
	input = input + excluded.input, output = output + excluded.output, cache_read = cache_read + excluded.cache_read, cache_write = cache_write + excluded.cache_write,
	reasoning = reasoning + excluded.reasoning, cost_micros = cost_micros + excluded.cost_micros, unpriced = unpriced + excluded.unpriced, total_ms = total_ms + excluded.total_ms`

// maxShare is how many requests may share one nanosecond by the clock; on
// systems with a coarse one they are numbered on from there.
const maxShare = 4096

// Write takes a batch in one transaction. Records it has are ignored. When
// the database turns out to be damaged, it is put aside, a new one begun and
// the batch written to that.
func (s *Store) Write(ctx context.Context, batch []usage.Record) error {
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

func (l *ledger) put(ctx context.Context, batch []usage.Record) error {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	// The driver starts a goroutine per statement to watch a context that can
	// end; a batch is short enough to be finished.
	ctx = context.WithoutCancel(ctx)
	tx, err := l.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	insert, detail, rollup := tx.StmtContext(ctx, l.insert), tx.StmtContext(ctx, l.detail), tx.StmtContext(ctx, l.rollup)
	sums := make(map[bucket]*sum)
	for i := range batch {
		r := &batch[i]
		seq, isNew, err := insertOnce(ctx, tx, insert, r)
		if err != nil {
			return err
		}
		if !isNew {
			continue
		}
		if len(r.Receipt) > 0 {
			if _, err := detail.ExecContext(ctx, seq, r.Receipt); err != nil {
				return err
			}
		}
		b := bucketOf(r)
		if sums[b] == nil {
			sums[b] = &sum{}
		}
		sums[b].add(r)
	}
	for b, u := range sums {
		if _, err := rollup.ExecContext(ctx, b.hour, b.provider, b.account, b.model, b.key, b.combo, u.requests, u.failed,
			u.input, u.output, u.cacheRead, u.cacheWrite, u.reasoning, u.cost, u.unpriced, u.totalMs); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// insertOnce inserts a record under the first free number from its time on.
func insertOnce(ctx context.Context, tx *sql.Tx, insert *sql.Stmt, r *usage.Record) (seq int64, isNew bool, err error) {
	seq = seqOf(r)
	for range maxShare {
		var cost any
		if r.Cost.Known {
			cost = r.Cost.Micros
		}
		res, err := insert.ExecContext(ctx, seq, r.ID, r.Path, r.ClientFormat, r.UpstreamFormat, string(r.Road), r.Stream, r.Agent, r.KeyID, r.RequestedModel, r.Combo, r.AnsweredBy,
			r.Target.Provider, r.Target.Account, r.Target.Model, r.Status, r.Kind, r.Error,
			r.Tokens.Input, r.Tokens.Output, r.Tokens.CacheRead, r.Tokens.CacheWrite, r.Tokens.CacheLong, r.Tokens.Reasoning, r.Tokens.Estimated,
			cost, r.Cost.Basis, r.Cache, r.Attempts, r.TTFT.Milliseconds(), r.Total.Milliseconds())
		if err != nil {
			return 0, false, err
		}
		if n, err := res.RowsAffected(); err != nil || n == 1 {
			return seq, true, err
		}
		var id string
		if err := tx.QueryRowContext(ctx, "SELECT id FROM requests WHERE seq = ?", seq).Scan(&id); err != nil || id == r.ID {
			return seq, false, err
		}
		seq++
	}
	return 0, false, errors.New("store: no free number for a request")
}

func seqOf(r *usage.Record) int64 {
	if t, ok := usage.TimeOf(r.ID); ok {
		return t.UnixNano()
	}
	return r.Time.UnixNano()
}

// bucket is the key of a roll-up.
type bucket struct {
	hour                                 int64
	provider, account, model, key, combo string
}

func bucketOf(r *usage.Record) bucket {
	return bucket{r.Time.Unix() / 3600, r.Target.Provider, r.Target.Account, r.Target.Model, r.KeyID, r.Combo}
}

type sum struct {
	requests, failed, input, output, cacheRead, cacheWrite, reasoning, cost, unpriced, totalMs int64
}

func (u *sum) add(r *usage.Record) {
	u.requests++
	if r.Kind != "" {
		u.failed++
	}
	u.input += r.Tokens.Input
	u.output += r.Tokens.Output
	u.cacheRead += r.Tokens.CacheRead
	u.cacheWrite += r.Tokens.CacheWrite
	u.reasoning += r.Tokens.Reasoning
	if r.Cost.Known {
		u.cost += r.Cost.Micros
	} else {
		u.unpriced++
	}
	u.totalMs += int64(r.Total / time.Millisecond)
}
