package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"omniroute/backend/accounts"
	"omniroute/backend/fault"
)

// SessionByHash finds a sign-in that has not expired.
func (s *Store) SessionByHash(ctx context.Context, hash string) (accounts.Session, error) {
	a := accounts.Session{Hash: hash}
	var created, seen, expires int64
	err := s.settings.QueryRowContext(ctx, "SELECT csrf, created, seen, expires, agent FROM sessions WHERE hash = ?", hash).
		Scan(&a.CSRF, &created, &seen, &expires, &a.Agent)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return a, sessionFault(err)
	}
	a.Created, a.Seen, a.Expires = time.UnixMilli(created), time.UnixMilli(seen), time.UnixMilli(expires)
	if err != nil || !now().Before(a.Expires) {
		return accounts.Session{}, fault.New(fault.NotFound, "store.session", "This sign-in has ended. Sign in again.")
	}
	return a, nil
}

// LivingSessions lists the sign-ins that have not expired.
func (s *Store) LivingSessions(ctx context.Context) (list []accounts.Session, err error) {
	rows, err := s.settings.QueryContext(ctx, "SELECT hash, csrf, created, seen, expires, agent FROM sessions WHERE expires > ? ORDER BY created", now().UnixMilli())
	if err != nil {
		return nil, sessionFault(err)
	}
	defer rows.Close()
	for rows.Next() {
		var a accounts.Session
		var created, seen, expires int64
		if err := rows.Scan(&a.Hash, &a.CSRF, &created, &seen, &expires, &a.Agent); err != nil {
			return nil, sessionFault(err)
		}
		a.Created, a.Seen, a.Expires = time.UnixMilli(created), time.UnixMilli(seen), time.UnixMilli(expires)
		list = append(list, a)
	}
	return list, sessionFault(rows.Err())
}

// SaveSession inserts or replaces a sign-in, and deletes those that expired.
func (s *Store) SaveSession(ctx context.Context, a accounts.Session) error {
	_, err := s.settings.ExecContext(ctx, "DELETE FROM sessions WHERE expires <= ?", now().UnixMilli())
	if err == nil {
		_, err = s.settings.ExecContext(ctx, `INSERT INTO sessions (hash, csrf, created, seen, expires, agent) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (hash) DO UPDATE SET csrf = excluded.csrf, seen = excluded.seen, expires = excluded.expires, agent = excluded.agent`,
			a.Hash, a.CSRF, a.Created.UnixMilli(), a.Seen.UnixMilli(), a.Expires.UnixMilli(), a.Agent)
	}
	return sessionFault(err)
}

// RenewSession notes that a sign-in was used. One that was dropped meanwhile
// stays dropped.
func (s *Store) RenewSession(ctx context.Context, a accounts.Session) error {
	_, err := s.settings.ExecContext(ctx, "UPDATE sessions SET seen = ?, expires = ? WHERE hash = ?", a.Seen.UnixMilli(), a.Expires.UnixMilli(), a.Hash)
	return sessionFault(err)
}

// DropSession ends one sign-in.
func (s *Store) DropSession(ctx context.Context, hash string) error {
	_, err := s.settings.ExecContext(ctx, "DELETE FROM sessions WHERE hash = ?", hash)
	return sessionFault(err)
}

// DropSessions ends all sign-ins.
func (s *Store) DropSessions(ctx context.Context) error {
	_, err := s.settings.ExecContext(ctx, "DELETE FROM sessions")
	return sessionFault(err)
}

func sessionFault(err error) error {
	if err == nil {
		return nil
	}
	return fault.Wrap(fault.Internal, "store.session", err, "The sign-in could not be stored or read. Check free disk space and the data directory.")
}
