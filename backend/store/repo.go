package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"omniroute/backend/config"
	"omniroute/backend/fault"
)

// Load reads the newest snapshot.
func (s *Store) Load(ctx context.Context) (*config.Snapshot, error) {
	snap, err := readSnapshot(ctx, s.settings)
	if err != nil {
		return nil, fault.Wrap(fault.Internal, "store.load", err, "The settings cannot be read from the database.")
	}
	return snap, nil
}

// Save writes what differs between old and next, in one transaction.
func (s *Store) Save(ctx context.Context, old, next *config.Snapshot) error {
	err := s.save(ctx, old, next)
	var f *fault.Error
	if err == nil || errors.As(err, &f) {
		return err
	}
	return fault.Wrap(fault.Internal, "store.save", err, "The change could not be saved. Check free disk space and the permissions of the data directory; nothing was changed.")
}

func (s *Store) save(ctx context.Context, old, next *config.Snapshot) error {
	was, err := settingRows(&old.Settings)
	if err != nil {
		return err
	}
	is, err := settingRows(&next.Settings)
	if err != nil {
		return err
	}
	tx, err := s.settings.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	r, err := tx.ExecContext(ctx, "UPDATE meta SET value = ? WHERE key = 'revision' AND value = ?", next.Rev, old.Rev)
	if err != nil {
		return err
	}
	if n, err := r.RowsAffected(); err != nil || n != 1 {
		return errors.Join(err, fault.New(fault.Conflict, "store.save", "The settings on disk were changed by another program. Restart OmniRoute to load them."))
	}
	w := writer{ctx: ctx, tx: tx}
	diff(&w, accountTable(), old.Accounts, next.Accounts)
	diff(&w, nodeTable(), old.Nodes, next.Nodes)
	diff(&w, comboTable(), old.Combos, next.Combos)
	diff(&w, keyTable(), old.Keys, next.Keys)
	diff(&w, revokedTable(), old.Revoked, next.Revoked)
	diff(&w, discardedTable(), old.Discarded, next.Discarded)
	diff(&w, settingTable(), was, is)
	diff(&w, aliasTable(), aliasRows(old.Aliases), aliasRows(next.Aliases))
	diff(&w, customTable(), customRows(old.Custom), customRows(next.Custom))
	if w.err != nil {
		return w.err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	s.changed.Store(true)
	return nil
}

func (s *Store) revision(ctx context.Context) (rev int64, err error) {
	err = s.settings.QueryRowContext(ctx, "SELECT value FROM meta WHERE key = 'revision'").Scan(&rev)
	return rev, err
}

// writer runs statements until the first error.
type writer struct {
	ctx context.Context
	tx  *sql.Tx
	err error
}

func (w *writer) exec(query string, args ...any) {
	if w.err == nil {
		_, w.err = w.tx.ExecContext(w.ctx, query, args...)
	}
}

// diff deletes the rows of old that next has no more and writes those that
// differ. Pointers that are equal mean rows that are equal.
func diff[K, V comparable](w *writer, t table[K, V], old, next map[K]V) {
	for k := range old {
		if _, still := next[k]; !still {
			w.exec(t.drop, t.key(k)...)
		}
	}
	for k, v := range next {
		if was, had := old[k]; had && was == v {
			continue
		}
		args, err := t.values(k, v)
		if err != nil && w.err == nil {
			w.err = err
		}
		w.exec(t.put, args...)
	}
}

// readSnapshot reads every table.
func readSnapshot(ctx context.Context, db *sql.DB) (*config.Snapshot, error) {
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback() }()
	s := &config.Snapshot{Settings: config.DefaultSettings()}
	if err := tx.QueryRowContext(ctx, "SELECT value FROM meta WHERE key = 'revision'").Scan(&s.Rev); err != nil {
		return nil, err
	}
	settings := make(map[string]string)
	aliases := make(map[string]aliasRow)
	custom := make(map[customID]customRow)
	err = errors.Join(
		read(ctx, tx, accountTable(), &s.Accounts),
		read(ctx, tx, nodeTable(), &s.Nodes),
		read(ctx, tx, comboTable(), &s.Combos),
		read(ctx, tx, keyTable(), &s.Keys),
		read(ctx, tx, revokedTable(), &s.Revoked),
		read(ctx, tx, discardedTable(), &s.Discarded),
		read(ctx, tx, settingTable(), &settings),
		read(ctx, tx, aliasTable(), &aliases),
		read(ctx, tx, customTable(), &custom),
	)
	if err != nil {
		return nil, err
	}
	if err := applySettings(&s.Settings, settings); err != nil {
		return nil, err
	}
	for _, pattern := range inOrder(aliases, func(r aliasRow) int { return r.position }) {
		s.Aliases = append(s.Aliases, config.Alias{Pattern: pattern, Target: aliases[pattern].target})
	}
	for _, id := range inOrder(custom, func(r customRow) int { return r.position }) {
		s.Custom = append(s.Custom, config.CustomModel{Provider: id.provider, ID: id.model, Name: custom[id].name})
	}
	return s, nil
}

func read[K, V comparable](ctx context.Context, tx *sql.Tx, t table[K, V], into *map[K]V) error {
	m := make(map[K]V)
	*into = m
	rows, err := tx.QueryContext(ctx, t.list)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		k, v, err := t.scan(rows)
		if err != nil {
			return err
		}
		m[k] = v
	}
	return rows.Err()
}

func inOrder[K comparable, V any](m map[K]V, position func(V) int) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b K) int { return position(m[a]) - position(m[b]) })
	return keys
}
