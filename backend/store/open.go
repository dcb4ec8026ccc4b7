package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"omniroute/backend/fault"
)

// errDamaged marks a database file whose content cannot be trusted, as
// against one that cannot be reached.
var errDamaged = errors.New("store: the database file is damaged")

// openFile opens one database. The busy timeout comes first: the pragmas
// after it may have to wait as well.
func openFile(path string, connections int, readOnly bool, pragmas ...string) (*sql.DB, error) {
	q := url.Values{"_pragma": append([]string{"busy_timeout(5000)"}, pragmas...)}
	if readOnly {
		q.Set("mode", "ro")
	} else {
		q.Set("_txlock", "immediate")
	}
	dsn := url.URL{Scheme: "file", Opaque: (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath(), RawQuery: q.Encode()}
	c, err := sqlite.NewConnector(dsn.String())
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(c)
	db.SetMaxOpenConns(connections)
	return db, nil
}

// touch makes a missing database file, so that it is private from the
// beginning; the files SQLite puts beside it take over its mode.
func touch(path string) (existed bool, err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if errors.Is(err, fs.ErrExist) {
		info, err := os.Stat(path)
		if err != nil {
			return true, err
		}
		if info.Mode().Perm() != 0o600 {
			err = os.Chmod(path, 0o600)
		}
		return info.Size() > 0, err
	}
	if err != nil {
		return false, err
	}
	return false, f.Close()
}

// damaged tells content from circumstance: disk full, permissions and locks
// are no reason to replace a database.
func damaged(err error) bool {
	var e *sqlite.Error
	if errors.As(err, &e) {
		switch e.Code() & 0xff {
		case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
			return true
		}
	}
	return errors.Is(err, errDamaged)
}

// quickCheck reads the whole file and compares its structure.
func quickCheck(ctx context.Context, db *sql.DB) error {
	var answer string
	if err := db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&answer); err != nil {
		return err
	}
	if answer != "ok" {
		return fmt.Errorf("%w: %s", errDamaged, answer)
	}
	return nil
}

// migrate brings a database to the newest schema; before is called when an
// older one is about to be changed. A schema from the future is refused.
func migrate(ctx context.Context, db *sql.DB, folder string, before func() error) error {
	files, err := fs.Sub(migrations, "migrations/"+folder)
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	current, newest, err := p.GetVersions(ctx)
	if err != nil {
		return err
	}
	if current > newest {
		return fault.New(fault.Conflict, "store.migrate", "The data directory was used by a newer version of OmniRoute (schema %d, this one knows %d). Install that version again.", current, newest)
	}
	if current == newest {
		return nil
	}
	if current > 0 {
		if err := before(); err != nil {
			return err
		}
	}
	_, err = p.Up(ctx)
	return err
}

// openSettings opens omniroute.db. A damaged file is put aside and the newest
// backup takes its place; where there is none, nothing is touched and the
// error says what to do.
func (s *Store) openSettings(ctx context.Context) error {
	path := filepath.Join(s.dir, settingsName)
	db, err := s.trySettings(ctx, path)
	if err == nil {
		s.settings = db
		return nil
	}
	if !damaged(err) {
		return unreachable(err, path)
	}
	backup, found := s.newestBackup(ctx)
	if !found {
		return fault.Wrap(fault.Internal, "store.open", err, "The settings file "+path+" is damaged and there is no backup of it. It was left as it is. Put a copy in its place, or move it away to begin anew.")
	}
	aside := path + ".damaged-" + stamp(now())
	if err := moveDatabase(path, aside); err != nil {
		return unreachable(err, path)
	}
	if err := copyFile(backup, path); err != nil {
		return unreachable(err, path)
	}
	s.notice("The settings file was damaged. The backup "+filepath.Base(backup)+" took its place; the damaged file is kept as "+filepath.Base(aside)+".", err)
	if s.settings, err = s.trySettings(ctx, path); err != nil {
		return unreachable(err, path)
	}
	return nil
}

func (s *Store) trySettings(ctx context.Context, path string) (_ *sql.DB, err error) {
	existed, err := touch(path)
	if err != nil {
		return nil, err
	}
	db, err := openFile(path, 1, false, "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(ON)")
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, db.Close())
		}
	}()
	if existed {
		if err := quickCheck(ctx, db); err != nil {
			return nil, err
		}
	}
	err = migrate(ctx, db, "settings", func() error { return s.backupTo(ctx, db, "migration") })
	if err == nil {
		_, err = readSnapshot(ctx, db) // rows that cannot be read are damage as well
	}
	return db, err
}

// unreachable wraps what is not damage.
func unreachable(err error, path string) error {
	var f *fault.Error
	if errors.As(err, &f) {
		return err
	}
	return fault.Wrap(fault.Internal, "store.open", err, "The database "+path+" cannot be opened. Check its owner, permissions and free space, and that no other program holds it.")
}

// moveDatabase renames a database and the files beside it.
func moveDatabase(from, to string) error {
	for _, suffix := range [...]string{"-wal", "-shm", ""} {
		if err := os.Rename(from+suffix, to+suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func copyFile(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}
