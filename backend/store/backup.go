package store

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"omniroute/backend/fault"
)

const (
	day         = 24 * time.Hour
	keepBackups = 14 // daily ones (peers.md 3.4)
	keepOthers  = 10 // before migrations, imports, restores
	backupDaily = "daily"
	backupExt   = ".db"
	backupHead  = "omniroute-"
)

func now() time.Time { return time.Now() }

// Backup is a copy of omniroute.db in the backups directory.
type Backup struct {
	Name string // file name
	Why  string // daily, migration, manual …
	Time time.Time
	Size int64
}

// BackUp copies the settings into the backups directory. why becomes part of
// the name: lower-case letters.
func (s *Store) BackUp(ctx context.Context, why string) (Backup, error) {
	if why == "" || strings.Trim(why, "abcdefghijklmnopqrstuvwxyz") != "" {
		return Backup{}, fault.New(fault.Invalid, "store.backup", "The reason of a backup is one lower-case word.")
	}
	if err := s.backupTo(ctx, s.settings, why); err != nil {
		return Backup{}, err
	}
	list, err := s.Backups()
	if err != nil || len(list) == 0 {
		return Backup{}, err
	}
	return list[0], nil
}

// backupTo writes a consistent copy under a temporary name first: what has a
// backup's name is whole.
func (s *Store) backupTo(ctx context.Context, db *sql.DB, why string) error {
	t := now()
	path := filepath.Join(s.dir, backupsName, backupHead+stamp(t)+"-"+why+backupExt)
	part := path + ".part"
	f, err := os.OpenFile(part, os.O_CREATE|os.O_TRUNC|os.O_RDWR, 0o600)
	if err == nil {
		err = f.Close()
	}
	if err == nil {
		_, err = db.ExecContext(ctx, "VACUUM INTO ?", part)
	}
	if err == nil {
		err = syncFile(part)
	}
	if err == nil {
		err = os.Rename(part, path)
	}
	if err != nil {
		return fault.Wrap(fault.Internal, "store.backup", errors.Join(err, os.Remove(part)), "The settings could not be backed up. Check free space and the permissions of "+filepath.Join(s.dir, backupsName)+".")
	}
	return s.prune()
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Backups lists the copies, newest first.
func (s *Store) Backups() ([]Backup, error) {
	entries, err := os.ReadDir(filepath.Join(s.dir, backupsName))
	if err != nil {
		return nil, fault.Wrap(fault.Internal, "store.backups", err, "The backups cannot be listed. Check the permissions of the data directory.")
	}
	list := []Backup{}
	for _, e := range entries {
		name, ok := strings.CutPrefix(e.Name(), backupHead)
		name, whole := strings.CutSuffix(name, backupExt)
		when, why, named := cutLast(name, "-")
		t, err := time.Parse("20060102-150405.000", when)
		if !ok || !whole || !named || err != nil {
			continue
		}
		info, err := e.Info()
		if err != nil {
			continue // deleted meanwhile
		}
		list = append(list, Backup{Name: e.Name(), Why: why, Time: t, Size: info.Size()})
	}
	slices.SortFunc(list, func(a, b Backup) int { return strings.Compare(b.Name, a.Name) })
	return list, nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// prune deletes what is beyond the numbers to keep, the oldest first. Of one
// day only the newest daily copy stays.
func (s *Store) prune() error {
	list, err := s.Backups()
	if err != nil {
		return err
	}
	days := make(map[string]bool)
	others := 0
	for _, b := range list {
		keep := true
		if b.Why == backupDaily {
			date := b.Time.Format(time.DateOnly)
			keep = !days[date] && len(days) < keepBackups
			days[date] = true
		} else {
			others++
			keep = others <= keepOthers
		}
		if keep {
			continue
		}
		if err := os.Remove(filepath.Join(s.dir, backupsName, b.Name)); err != nil {
			s.log.Warn("an old backup cannot be deleted", "file", b.Name, "error", err)
		}
	}
	return nil
}

// newestBackup finds the newest copy that is sound.
func (s *Store) newestBackup(ctx context.Context) (path string, found bool) {
	list, err := s.Backups()
	if err != nil {
		return "", false
	}
	for _, b := range list {
		path := filepath.Join(s.dir, backupsName, b.Name)
		if err := sound(ctx, path); err == nil {
			return path, true
		}
		s.log.Warn("a backup is damaged too", "file", b.Name)
	}
	return "", false
}

func sound(ctx context.Context, path string) error {
	db, err := openFile(path, 1, true, "trusted_schema(OFF)")
	if err != nil {
		return err
	}
	err = quickCheck(ctx, db)
	if err == nil {
		_, err = readSnapshot(ctx, db)
	}
	return errors.Join(err, db.Close())
}

// backUpDaily keeps today's copy at most an hour behind the settings.
func (s *Store) backUpDaily(ctx context.Context) error {
	if !s.changed.Load() {
		return nil
	}
	list, err := s.Backups()
	if err != nil {
		return err
	}
	for _, b := range list {
		if b.Why == backupDaily && now().Sub(b.Time) < time.Hour {
			return nil
		}
	}
	rev, err := s.revision(ctx)
	if err != nil || rev == 0 {
		return err
	}
	s.changed.Store(false)
	if err := s.backupTo(ctx, s.settings, backupDaily); err != nil {
		s.changed.Store(true)
		return err
	}
	return nil
}
