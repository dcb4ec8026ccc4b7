package store

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.uber.org/goleak"

	"omniroute/backend/config"
	"omniroute/backend/fault"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func open(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(t.Context(), dir, quiet())
	if err != nil {
		t.Fatalf("open %s: %v", dir, err)
	}
	t.Cleanup(func() { closeStore(t, s) })
	return s
}

func closeStore(t *testing.T, s *Store) {
	t.Helper()
	if s.lock.Locked() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
}

func fullSnapshot() func(*config.Snapshot) error {
	at := time.Date(2026, 11, 25, 10, 0, 0, 123456000, time.UTC)
	return func(s *config.Snapshot) error {
		s.Nodes["n1"] = &config.Node{ID: "n1", Name: "Mine", Prefix: "mine", Type: config.NodeOpenAI, APIType: "chat", BaseURL: "http://127.0.0.1:9/v1", CreatedAt: at, UpdatedAt: at}
		s.Accounts["a1"] = &config.Account{ID: "a1", Provider: "n1", Name: "one", Kind: config.KindAPIKey, Priority: 2, Active: true, BaseURL: "https://x.test",
			Params: map[string]string{"region": "eu"}, DefaultModel: "m", HasSecret: true, Models: []string{"m", "ü"}, ModelsAt: at, CreatedAt: at, UpdatedAt: at}
		s.Accounts["a2"] = &config.Account{ID: "a2", Provider: "openai", Name: "two", Kind: config.KindRelay, CreatedAt: at, UpdatedAt: at}
		s.Combos["c1"] = &config.Combo{ID: "c1", Name: "best", Models: []config.ComboModel{{Model: "mine/m", Weight: 3}, {Model: "openai/x"}}, Strategy: "priority", Config: []byte(`{"a":1}`), CreatedAt: at, UpdatedAt: at}
		s.Combos["c2"] = &config.Combo{ID: "c2", Name: "outer", Models: []config.ComboModel{{Model: "best"}}, Strategy: "priority", CreatedAt: at, UpdatedAt: at}
		s.Keys["k1"] = &config.Key{ID: "k1", Name: "agent", Hash: "aa", Masked: "sk-omni-…", AllowedModels: []string{"best"}, ExpiresAt: at, CreatedAt: at}
		s.Keys["k2"] = &config.Key{ID: "k2", Name: "other", Hash: "bb", Masked: "sk-omni-…", Disabled: true, CreatedAt: at}
		s.Aliases = []config.Alias{{Pattern: "z", Target: "1"}, {Pattern: "a*", Target: "2"}}
		s.Custom = []config.CustomModel{{Provider: "openai", ID: "new", Name: "New"}, {Provider: "anthropic", ID: "old", Name: ""}}
		s.Settings.Theme = "dark"
		s.Settings.BlockedProviders = []string{"x"}
		s.Settings.ActiveCombo = "c2"
		s.Settings.RequireAPIKey = true
		s.Settings.More = map[string][]byte{"comboDefaults": []byte(`{"maxRetries":1}`)}
		return nil
	}
}

func same(t *testing.T, what string, got, want *config.Snapshot) {
	t.Helper()
	if d := cmp.Diff(want, got, cmpopts.IgnoreUnexported(config.Snapshot{}), cmpopts.EquateEmpty()); d != "" {
		t.Errorf("%s differs (-want +got):\n%s", what, d)
	}
}

func TestSnapshotSurvivesReopening(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	h, err := config.NewHolder(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	first, err := h.Update(t.Context(), fullSnapshot())
	if err != nil {
		t.Fatal(err)
	}
	closeStore(t, s)
	s = open(t, dir)
	got, err := s.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	same(t, "first revision", got, first)

	if h, err = config.NewHolder(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	second, err := h.Update(t.Context(), func(n *config.Snapshot) error {
		delete(n.Accounts, "a2")
		delete(n.Keys, "k2") // leaves a tombstone
		k := *n.Keys["k1"]
		k.Hash, k.ExpiresAt = "cc", time.Time{} // rotated: the old hash too
		n.Keys["k1"] = &k
		c1, c2 := *n.Combos["c1"], *n.Combos["c2"]
		c1.Name, c2.Name = c2.Name, c1.Name // names swap places
		c1.Models, c2.Models = []config.ComboModel{{Model: "best"}}, []config.ComboModel{{Model: "mine/m"}}
		n.Combos["c1"], n.Combos["c2"] = &c1, &c2
		n.Aliases = []config.Alias{{Pattern: "a*", Target: "2"}, {Pattern: "z", Target: "9"}}
		n.Custom = n.Custom[1:]
		delete(n.Settings.More, "comboDefaults")
		n.Settings.BlockedProviders = nil
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(second.Revoked) != 2 {
		t.Errorf("%d tombstones, want two: a deleted and a rotated key", len(second.Revoked))
	}
	closeStore(t, s)
	s = open(t, dir)
	if got, err = s.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	same(t, "second revision", got, second)
}

func TestFailedSaveLeavesDiskAndMemory(t *testing.T) {
	s := open(t, t.TempDir())
	h, err := config.NewHolder(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	before, err := h.Update(t.Context(), fullSnapshot())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.settings.Exec("CREATE TRIGGER no BEFORE DELETE ON aliases BEGIN SELECT RAISE(ABORT, 'disk full'); END"); err != nil {
		t.Fatal(err)
	}
	_, err = h.Update(t.Context(), func(n *config.Snapshot) error {
		n.Settings.Theme = "light"
		delete(n.Accounts, "a1")
		n.Aliases = nil
		return nil
	})
	if fault.KindOf(err) != fault.Internal {
		t.Fatalf("error %v, want internal", err)
	}
	if h.Now() != before {
		t.Error("a snapshot that was not saved was published")
	}
	got, err := s.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	same(t, "after the failed save", got, before)
}

func TestStaleRevisionOnDiskIsConflict(t *testing.T) {
	s := open(t, t.TempDir())
	h, err := config.NewHolder(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.settings.Exec("UPDATE meta SET value = 7"); err != nil {
		t.Fatal(err)
	}
	_, err = h.Update(t.Context(), func(n *config.Snapshot) error { n.Settings.Theme = "light"; return nil })
	if fault.KindOf(err) != fault.Conflict {
		t.Errorf("error %v, want a conflict", err)
	}
}

func TestSecondProcessIsToldWhoIsThere(t *testing.T) {
	dir := t.TempDir()
	open(t, dir)
	_, err := Open(t.Context(), dir, quiet())
	if fault.KindOf(err) != fault.Conflict {
		t.Fatalf("error %v, want a conflict", err)
	}
}

func TestFilesArePrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	s := open(t, dir)
	if err := s.Save(t.Context(), &config.Snapshot{}, &config.Snapshot{Rev: 1}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.BackUp(t.Context(), "manual"); err != nil {
		t.Fatal(err)
	}
	files := 0
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		want := os.FileMode(0o600)
		if e.IsDir() {
			want = 0o700
		} else {
			files++
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %o, want %o", path, info.Mode().Perm(), want)
		}
		return nil
	})
	if err != nil || files < 6 {
		t.Errorf("saw %d files, error %v", files, err)
	}
}

func TestOddDirectoryNames(t *testing.T) {
	for _, name := range []string{"with space", "per%20cent", "hash#mark", "question?mark", "am&per=sand", "ünïcode 空"} {
		dir := filepath.Join(t.TempDir(), name)
		s := open(t, dir)
		if err := s.Save(t.Context(), &config.Snapshot{}, &config.Snapshot{Rev: 1}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, file := range []string{settingsName, usageName} {
			if _, err := os.Stat(filepath.Join(dir, file)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := s.BackUp(t.Context(), "manual"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestContextEndsSave(t *testing.T) {
	s := open(t, t.TempDir())
	h, err := config.NewHolder(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.Update(ctx, fullSnapshot()); fault.KindOf(err) != fault.Canceled {
		t.Errorf("error %v, want canceled", err)
	}
	if h.Now().Rev != 0 {
		t.Error("a cancelled update was published")
	}
}

func numFields(v any) int { return reflect.TypeOf(v).NumField() }

func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	for b.Loop() {
		s, err := Open(b.Context(), dir, quiet())
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
