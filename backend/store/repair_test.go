package store

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"omniroute/backend/config"
	"omniroute/backend/fault"
	"omniroute/backend/usage"
)

// filled makes a data directory with one saved revision.
func filled(t *testing.T, backup bool) (dir string, saved *config.Snapshot) {
	t.Helper()
	dir = t.TempDir()
	s := open(t, dir)
	h, err := config.NewHolder(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if saved, err = h.Update(t.Context(), fullSnapshot()); err != nil {
		t.Fatal(err)
	}
	if backup {
		if _, err := s.BackUp(t.Context(), "manual"); err != nil {
			t.Fatal(err)
		}
	}
	closeStore(t, s)
	return dir, saved
}

func overwrite(t *testing.T, path string, at int64, with []byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(with, at); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestDamagedSettingsComeBackFromTheBackup(t *testing.T) {
	for name, spoil := range map[string]func(t *testing.T, path string){
		"header": func(t *testing.T, path string) { overwrite(t, path, 0, bytes.Repeat([]byte{0xff}, 100)) },
		"page":   func(t *testing.T, path string) { overwrite(t, path, 4096, bytes.Repeat([]byte{0xa5}, 4096*3)) },
		"cut":    func(t *testing.T, path string) { truncate(t, path, 5000) },
		"text": func(t *testing.T, path string) {
			replaceWith(t, path, []byte("this is not a database at all, just text that is long enough"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir, saved := filled(t, true)
			path := filepath.Join(dir, settingsName)
			spoil(t, path)
			bad, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			s := open(t, dir)
			got, err := s.Load(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			same(t, "restored settings", got, saved)
			if n := s.Notices(); len(n) != 1 || !strings.Contains(n[0], "backup") {
				t.Errorf("notices %q, want one about the backup", n)
			}
			kept, err := filepath.Glob(path + ".damaged-*")
			if err != nil || len(kept) == 0 {
				t.Fatalf("the damaged file was not kept (%v)", err)
			}
			if now, err := os.ReadFile(kept[0]); err != nil || !bytes.Equal(now, bad) {
				t.Errorf("the damaged file was changed (%v)", err)
			}
		})
	}
}

func truncate(t *testing.T, path string, size int64) {
	t.Helper()
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
}

func replaceWith(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestDamagedSettingsWithoutBackupStay(t *testing.T) {
	dir, _ := filled(t, false)
	path := filepath.Join(dir, settingsName)
	overwrite(t, path, 0, bytes.Repeat([]byte{0xff}, 100))
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Open(t.Context(), dir, quiet())
	if err == nil || !strings.Contains(fault.As(err).Public, "damaged") {
		t.Fatalf("error %v, want one that says the file is damaged", err)
	}
	after, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("the damaged file was touched (%v)", err)
	}
}

func TestDamagedBackupIsPassedOver(t *testing.T) {
	dir, saved := filled(t, true)
	list, err := filepath.Glob(filepath.Join(dir, backupsName, "*"+backupExt))
	if err != nil || len(list) != 1 {
		t.Fatalf("backups %v, %v", list, err)
	}
	newer := filepath.Join(dir, backupsName, backupHead+"20991231-000000.000-daily"+backupExt)
	if err := os.WriteFile(newer, []byte("SQLite format 3\x00 and nothing more"), 0o600); err != nil {
		t.Fatal(err)
	}
	overwrite(t, filepath.Join(dir, settingsName), 0, bytes.Repeat([]byte{0xff}, 100))
	s := open(t, dir)
	got, err := s.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	same(t, "settings from the older backup", got, saved)
}

func TestSettingsFromTheFutureAreRefused(t *testing.T) {
	dir, _ := filled(t, true)
	s := open(t, dir)
	if _, err := s.settings.Exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, 1)"); err != nil {
		t.Fatal(err)
	}
	closeStore(t, s)
	if _, err := Open(t.Context(), dir, quiet()); fault.KindOf(err) != fault.Conflict {
		t.Errorf("error %v, want a conflict", err)
	}
}

func TestDamagedLogIsPutAsideAtStart(t *testing.T) {
	dir, saved := filled(t, false)
	overwrite(t, filepath.Join(dir, usageName), 0, bytes.Repeat([]byte{0xff}, 100))
	s := open(t, dir)
	got, err := s.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	same(t, "settings", got, saved)
	if len(s.Notices()) != 1 {
		t.Errorf("notices %q, want one", s.Notices())
	}
	if kept, err := filepath.Glob(filepath.Join(dir, usageName+".damaged-*")); err != nil || len(kept) == 0 {
		t.Errorf("the damaged log was not kept (%v)", err)
	}
}

func TestLogDamagedWhileRunningIsReplaced(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	write(t, s, requests(time.Now(), 300))
	if _, err := s.usage.Load().write.Exec("PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dir, usageName))
	if err != nil {
		t.Fatal(err)
	}
	overwrite(t, filepath.Join(dir, usageName), info.Size()/2, bytes.Repeat([]byte{0xa5}, int(info.Size()/2)))
	// Fresh connections, without the sound pages in their caches.
	fresh, err := openLedger(t.Context(), filepath.Join(dir, usageName))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.usage.Swap(fresh).close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Write(t.Context(), pack(t, requests(time.Now(), 10))); err != nil {
		t.Fatalf("write after damage: %v", err)
	}
	page, err := s.CallLogs(t.Context(), usage.Filter{})
	if err != nil || len(page.Logs) != 10 {
		t.Errorf("%d rows in the new log, error %v; want the 10 of the batch", len(page.Logs), err)
	}
	if len(s.Notices()) != 1 {
		t.Errorf("notices %q, want one", s.Notices())
	}
}

func TestBackupsArePruned(t *testing.T) {
	dir, _ := filled(t, false)
	s := open(t, dir)
	for i := range 20 {
		for _, hour := range []int{1, 2} {
			at := time.Date(2026, 10, 1+i, hour, 0, 0, 0, time.UTC)
			name := filepath.Join(dir, backupsName, backupHead+stamp(at)+"-"+backupDaily+backupExt)
			if err := os.WriteFile(name, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := s.BackUp(t.Context(), "manual"); err != nil {
		t.Fatal(err)
	}
	list, err := s.Backups()
	if err != nil {
		t.Fatal(err)
	}
	daily := 0
	for _, b := range list {
		if b.Why == backupDaily {
			daily++
			if b.Time.Hour() != 2 {
				t.Errorf("%s: of one day the newest copy must stay", b.Name)
			}
		}
	}
	if daily != keepBackups || len(list) != keepBackups+1 {
		t.Errorf("%d daily of %d backups, want %d of %d", daily, len(list), keepBackups, keepBackups+1)
	}
}

func TestDailyBackupFollowsChanges(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	count := func() int {
		list, err := s.Backups()
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	if err := s.backUpDaily(t.Context()); err != nil || count() != 0 {
		t.Fatalf("a fresh install was backed up: %d, %v", count(), err)
	}
	h, err := config.NewHolder(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		if _, err := h.Update(t.Context(), func(n *config.Snapshot) error { n.Settings.HideHealthCheckLogs = i == 0; return nil }); err != nil {
			t.Fatal(err)
		}
		if err := s.backUpDaily(t.Context()); err != nil || count() != 1 {
			t.Fatalf("after change %d: %d backups, error %v; want one", i, count(), err)
		}
	}
	if err := sound(context.Background(), filepath.Join(dir, backupsName, mustName(t, s))); err != nil {
		t.Errorf("the backup is not sound: %v", err)
	}
}

func mustName(t *testing.T, s *Store) string {
	t.Helper()
	list, err := s.Backups()
	if err != nil || len(list) == 0 {
		t.Fatalf("no backup: %v", err)
	}
	return list[0].Name
}
