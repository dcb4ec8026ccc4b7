// Package store persists: omniroute.db holds everything the user decided,
// usage.db what happened. It is the only room that speaks SQL. It implements
// interfaces owned by the rooms below (config.Repo, usage.Sink, usage.Reader,
// accounts.Sessions), so that another database can take its place.
package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"

	"omniroute/backend/accounts"
	"omniroute/backend/config"
	"omniroute/backend/fault"
	"omniroute/backend/usage"
)

//go:embed migrations
var migrations embed.FS

const (
	settingsName = "omniroute.db"
	usageName    = "usage.db"
	backupsName  = "backups"
	lockName     = "omniroute.lock"
	pidName      = "omniroute.pid"
)

// Store is an open data directory. It is safe for concurrent use.
type Store struct {
	dir  string
	log  *slog.Logger
	lock *flock.Flock

	settings *sql.DB // one connection, synchronous=FULL
	usage    atomic.Pointer[ledger]
	swap     sync.Mutex // replacing a damaged usage.db

	retention atomic.Pointer[func() retention]
	changed   atomic.Bool // settings were saved since the last backup

	mu      sync.Mutex
	notices []string
}

var (
	_ config.Repo       = (*Store)(nil)
	_ usage.Sink        = (*Store)(nil)
	_ usage.Reader      = (*Store)(nil)
	_ accounts.Sessions = (*Store)(nil)
)

// Open locks a data directory, which it makes when it is not there, and opens
// its databases, migrating and repairing them. What had to be repaired is in
// the log and in Notices. A directory in use by another process is
// fault.Conflict.
func Open(ctx context.Context, dir string, log *slog.Logger) (*Store, error) {
	if err := privateDir(dir); err != nil {
		return nil, err
	}
	s := &Store{dir: dir, log: log, lock: flock.New(filepath.Join(dir, lockName), flock.SetPermissions(0o600))}
	s.RetainDays(func() int { return int(keepRows / day) })
	if err := s.acquire(); err != nil {
		return nil, err
	}
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Store) open(ctx context.Context) error {
	if err := privateDir(filepath.Join(s.dir, backupsName)); err != nil {
		return err
	}
	if err := s.openSettings(ctx); err != nil {
		return err
	}
	l, err := s.openUsage(ctx)
	if err != nil {
		return err
	}
	s.usage.Store(l)
	return nil
}

// privateDir makes a directory for its owner alone, also when it was there
// with wider rights.
func privateDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fault.Wrap(fault.Internal, "store.open", err, "The data directory "+dir+" cannot be made. Check DATA_DIR and its permissions.")
	}
	info, err := os.Stat(dir)
	if err == nil && !info.IsDir() {
		return fault.New(fault.Internal, "store.open", "%s is a file, not a directory. Check DATA_DIR.", dir)
	}
	if err == nil && info.Mode().Perm() != 0o700 {
		err = os.Chmod(dir, 0o700)
	}
	if err != nil {
		return fault.Wrap(fault.Internal, "store.open", err, "The permissions of "+dir+" cannot be set. Its owner must be the user that runs OmniRoute.")
	}
	return nil
}

// acquire takes the lock of the directory and notes our process id beside it
// (a locked file cannot be read everywhere).
func (s *Store) acquire() error {
	got, err := s.lock.TryLock()
	if err != nil {
		return fault.Wrap(fault.Internal, "store.lock", err, "The data directory "+s.dir+" cannot be locked. Check its owner, permissions and free space.")
	}
	pid := filepath.Join(s.dir, pidName)
	if !got {
		who := "another process"
		if text, err := os.ReadFile(pid); err == nil {
			if n, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil {
				who = "process " + strconv.Itoa(n)
			}
		}
		return fault.New(fault.Conflict, "store.lock", "OmniRoute is already running on %s (%s). Stop it first, or choose another DATA_DIR.", s.dir, who)
	}
	if err := os.WriteFile(pid, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o600); err != nil {
		return fault.Wrap(fault.Internal, "store.lock", err, "The data directory "+s.dir+" cannot be written. Check its permissions and free space.")
	}
	return nil
}

// Close closes the databases and releases the directory.
func (s *Store) Close() error {
	var err error
	if s.settings != nil {
		err = s.settings.Close()
	}
	if l := s.usage.Load(); l != nil {
		err = errors.Join(err, l.close())
	}
	if s.lock.Locked() {
		err = errors.Join(err, os.Remove(filepath.Join(s.dir, pidName)), s.lock.Unlock())
	}
	return err
}

// Notices are sentences about what Open or a later repair had to do, for the
// person to see.
func (s *Store) Notices() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.notices...)
}

func (s *Store) notice(text string, cause error) {
	s.log.Error(text, "error", cause)
	s.mu.Lock()
	s.notices = append(s.notices, text)
	s.mu.Unlock()
}

// stamp names files by the time they were made.
func stamp(t time.Time) string { return t.UTC().Format("20060102-150405.000") }
