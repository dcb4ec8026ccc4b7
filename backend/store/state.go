package store

import (
	"context"
	"database/sql"
	"errors"
)

// SaveState keeps a small piece of memory of a room (control.Memory: wrong
// passwords over a restart; rotation, affinity,
// breakers) under a name. It lies in usage.db: it can be lost.
func (s *Store) SaveState(ctx context.Context, name string, body []byte) error {
	l := s.usage.Load()
	l.mu.RLock()
	defer l.mu.RUnlock()
	_, err := l.write.ExecContext(ctx, `INSERT INTO state (name, body, saved) VALUES (?, ?, ?)
		ON CONFLICT (name) DO UPDATE SET body = excluded.body, saved = excluded.saved`, name, body, now().UnixMilli())
	return usageFault(err)
}

// LoadState returns what SaveState kept, nil when there is nothing.
func (s *Store) LoadState(ctx context.Context, name string) ([]byte, error) {
	l := s.usage.Load()
	l.mu.RLock()
	defer l.mu.RUnlock()
	var body []byte
	err := l.read.QueryRowContext(ctx, "SELECT body FROM state WHERE name = ?", name).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return body, usageFault(err)
}
