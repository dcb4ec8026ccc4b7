package store

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"sync"

	"omniroute/backend/fault"
)

// ledger is an open usage.db: one connection that writes, a few that read.
type ledger struct {
	path  string
	write *sql.DB
	read  *sql.DB

	mu sync.RWMutex // readers hold it while they work; close waits for them

	// The writer's. Whoever writes holds the mutex; without it they would wait
	// for the one connection.
	writing         sync.Mutex
	brief, briefs   *sql.Stmt // a row of requests, wideRows of them
	detail, details *sql.Stmt // of receipts
	mark, rollup    *sql.Stmt
	desk            desk
	seqs            []int64 // of a batch
	taken           map[int64]struct{}
	args            []any
}

// readers is how many queries of the dashboard may run at once.
const readers = 3

// openUsage opens usage.db. A damaged one is put aside and a new one begun:
// it can be lost without losing settings, requests must not wait for it.
func (s *Store) openUsage(ctx context.Context) (*ledger, error) {
	path := filepath.Join(s.dir, usageName)
	l, err := openLedger(ctx, path)
	if err != nil && damaged(err) {
		l, err = s.quarantine(ctx, path, err)
	}
	if err != nil {
		return nil, unreachable(err, path)
	}
	return l, nil
}

func (s *Store) quarantine(ctx context.Context, path string, cause error) (*ledger, error) {
	aside := path + ".damaged-" + stamp(now())
	if err := moveDatabase(path, aside); err != nil {
		return nil, err
	}
	l, err := openLedger(ctx, path)
	if err != nil {
		return nil, err
	}
	s.notice("The request log was damaged. A new one was begun; the damaged file is kept as "+filepath.Base(aside)+".", cause)
	return l, nil
}

func openLedger(ctx context.Context, path string) (_ *ledger, err error) {
	if _, err := touch(path); err != nil {
		return nil, err
	}
	l := &ledger{path: path, desk: newDesk(), taken: make(map[int64]struct{})}
	defer func() {
		if err != nil {
			err = errors.Join(err, l.close())
		}
	}()
	// auto_vacuum counts only before the first table; NORMAL is enough because
	// the journal keeps what is not yet synced (rulings.md 4.1). Rows are only
	// appended, so that a larger cache would fill up and help nobody.
	l.write, err = openFile(path, 1, false, "auto_vacuum(INCREMENTAL)", "journal_mode(WAL)", "synchronous(NORMAL)", "cache_size(-2000)", "wal_autocheckpoint(2000)")
	if err != nil {
		return nil, err
	}
	if err := migrate(ctx, l.write, "usage", func() error { return nil }); err != nil {
		return nil, err
	}
	l.read, err = openFile(path, readers, true, "query_only(ON)", "cache_size(-2000)")
	if err != nil {
		return nil, err
	}
	l.read.SetMaxIdleConns(1)
	for _, p := range [...]struct {
		to  **sql.Stmt
		sql string
	}{
		{&l.brief, insertRows("requests", 1)}, {&l.briefs, insertRows("requests", wideRows)},
		{&l.detail, insertRows("receipts", 1)}, {&l.details, insertRows("receipts", wideRows)},
		{&l.mark, insertMark}, {&l.rollup, upsertRollup},
	} {
		if *p.to, err = l.write.PrepareContext(ctx, p.sql); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// close waits for queries that run and closes both pools.
func (l *ledger) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var err error
	for _, s := range [...]*sql.Stmt{l.brief, l.briefs, l.detail, l.details, l.mark, l.rollup} {
		if s != nil {
			err = errors.Join(err, s.Close())
		}
	}
	for _, db := range [...]*sql.DB{l.read, l.write} {
		if db != nil {
			err = errors.Join(err, db.Close())
		}
	}
	return err
}

// sync makes committed rows durable: with synchronous=NORMAL they are in the
// write-ahead log, which was perhaps not synced yet. (SQLite locks the
// database file, never this one, so opening and closing it is harmless.)
func (l *ledger) sync() error {
	f, err := os.OpenFile(l.path+"-wal", os.O_RDWR, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func usageFault(err error) error {
	var f *fault.Error
	if err == nil || errors.As(err, &f) {
		return err
	}
	return fault.Wrap(fault.Internal, "store.usage", err, "The request log cannot be read right now.")
}
