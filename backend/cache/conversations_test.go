package cache

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"omniroute/backend/config"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	secret = bytes.Repeat([]byte{7}, 32)
	target = config.Target{Provider: "openai", Account: "acc-1", Model: "gpt-5"}
)

func start(t *testing.T, dir string, l limits) *Conversations {
	t.Helper()
	c, err := open(dir, secret, time.Now, l)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, c) })
	return c
}

func stop(t *testing.T, c *Conversations) {
	t.Helper()
	if err := c.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

func usual() limits { return limits{maxMemory, maxDisk, maxItems, maxWait} }

func wants(t *testing.T, c *Conversations, caller, id, items string) {
	t.Helper()
	got, minted, ok := c.Find(caller, id)
	if items == "" {
		if ok || got != nil || minted != (config.Target{}) {
			t.Errorf("%s %s: found %q, want nothing", caller, id, got)
		}
		return
	}
	if !ok || string(got) != items || minted != target {
		t.Errorf("%s %s: %.40q %v %v, want %.40q", caller, id, got, minted, ok, items)
	}
}

// files lists what is on disk, path → content.
func files(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	err := filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		out[p], err = os.ReadFile(p)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestAnotherCallerNeverFindsIt(t *testing.T) {
	dir := t.TempDir()
	c := start(t, dir, usual())
	c.Keep("key-a", "resp_1", []byte(`[{"a":1}]`), target)
	c.Keep("", "resp_2", []byte(`[2]`), target)
	c.Keep("ab", "c", []byte(`[3]`), target)
	check := func(c *Conversations) {
		t.Helper()
		wants(t, c, "key-a", "resp_1", `[{"a":1}]`)
		wants(t, c, "key-b", "resp_1", "")
		wants(t, c, "", "resp_1", "")
		wants(t, c, "", "resp_2", `[2]`)
		wants(t, c, "key-a", "resp_2", "")
		wants(t, c, "a", "bc", "") // the border between caller and id counts
		wants(t, c, "abc", "", "")
	}
	check(c)
	stop(t, c)
	check(start(t, dir, usual()))
}

func TestRestart(t *testing.T) {
	dir := t.TempDir()
	c := start(t, dir, usual())
	big := strings.Repeat("x", 1<<20)
	for i := range 20 {
		c.Keep("k", "r"+strconv.Itoa(i), []byte(big+strconv.Itoa(i)), target)
	}
	c.Keep("k", "r0", []byte("later"), target)
	stop(t, c)
	wants(t, c, "k", "r3", big+"3") // a closed cache still answers
	c.Keep("k", "after", []byte("memory only"), target)
	wants(t, c, "k", "after", "memory only")

	again := start(t, dir, usual())
	if n := again.held.Load(); n != 0 {
		t.Errorf("%d bytes were read at start", n)
	}
	for i := 1; i < 20; i++ {
		wants(t, again, "k", "r"+strconv.Itoa(i), big+strconv.Itoa(i))
	}
	wants(t, again, "k", "r0", "later")
	wants(t, again, "k", "after", "")
	if again.Trouble() != nil {
		t.Error(again.Trouble())
	}
}

func TestFilesAreSealedAndPrivate(t *testing.T) {
	dir := t.TempDir()
	c := start(t, dir, usual())
	c.Keep("key-a", "resp_visible", []byte(`["a secret sentence"]`), target)
	stop(t, c)
	all := files(t, dir)
	if len(all) != 1 {
		t.Fatalf("%d files", len(all))
	}
	for path, content := range all {
		for _, word := range []string{"secret sentence", "resp_visible", "key-a", "openai", "acc-1"} {
			if bytes.Contains(content, []byte(word)) || strings.Contains(path, word) {
				t.Errorf("%q can be read from the disk", word)
			}
		}
		info, err := os.Stat(path)
		if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
			t.Errorf("%v %v, want 0600", info.Mode(), err)
		}
		folder, err := os.Stat(filepath.Dir(path))
		if err != nil || runtime.GOOS != "windows" && folder.Mode().Perm() != 0o700 {
			t.Errorf("%v %v, want 0700", folder.Mode(), err)
		}
	}
}

func TestForgedFilesDoNotOpen(t *testing.T) {
	cases := map[string]func(t *testing.T, c *Conversations, path string, content []byte){
		"one bit": func(t *testing.T, _ *Conversations, p string, b []byte) { b[len(b)/2] ^= 1; rewrite(t, p, b) },
		"cut":     func(t *testing.T, _ *Conversations, p string, b []byte) { rewrite(t, p, b[:len(b)-5]) },
		"empty":   func(t *testing.T, _ *Conversations, p string, b []byte) { rewrite(t, p, nil) },
		"another's": func(t *testing.T, c *Conversations, p string, b []byte) {
			os.Remove(p)
			rewrite(t, filepath.Join(filepath.Dir(p), c.disk.name(key{"thief", "r"})), b)
		},
	}
	for name, forge := range cases {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			c := start(t, dir, usual())
			c.Keep("k", "r", []byte(`[1,2,3]`), target)
			stop(t, c)
			for path, content := range files(t, dir) {
				forge(t, c, path, content)
			}
			again := start(t, dir, usual())
			wants(t, again, "k", "r", "")
			wants(t, again, "thief", "r", "")
			if n := len(files(t, dir)); n != 0 {
				t.Errorf("%d files that will never open are left", n)
			}
		})
	}
}

func rewrite(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestAnotherKeyOpensNothing(t *testing.T) {
	dir := t.TempDir()
	c := start(t, dir, usual())
	c.Keep("k", "r", []byte(`[1]`), target)
	stop(t, c)
	other, err := New(dir, bytes.Repeat([]byte{8}, 32), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, other) })
	wants(t, other, "k", "r", "")
	if _, err := New(t.TempDir(), []byte("short"), time.Now); err == nil {
		t.Error("a short key is taken")
	}
}

func TestADayAndNoLonger(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		c := start(t, dir, usual())
		c.Keep("k", "old", []byte(`[1]`), target)
		time.Sleep(20 * time.Hour)
		c.Keep("k", "young", []byte(`[2]`), target)
		time.Sleep(4*time.Hour - time.Second)
		wants(t, c, "k", "old", `[1]`)
		time.Sleep(2 * time.Second)
		wants(t, c, "k", "old", "")
		wants(t, c, "k", "young", `[2]`)
		stop(t, c)

		again := start(t, dir, usual()) // from the disk the same
		wants(t, again, "k", "old", "")
		wants(t, again, "k", "young", `[2]`)
		time.Sleep(2 * time.Hour) // the writer tidies the old hour away
		synctest.Wait()
		if n := len(files(t, dir)); n != 1 {
			t.Errorf("%d files, want only the young one", n)
		}
		time.Sleep(30 * time.Hour)
		synctest.Wait()
		if n := len(files(t, dir)); n != 0 {
			t.Errorf("%d files after two days", n)
		}
		if folders, _ := os.ReadDir(dir); len(folders) != 0 {
			t.Errorf("%d empty folders are left", len(folders))
		}
		if n := again.held.Load(); n != 0 {
			t.Errorf("%d expired bytes in memory", n)
		}
		stop(t, again)
	})
}

func TestClockSetBack(t *testing.T) {
	dir := t.TempDir()
	now := time.Date(2026, 11, 25, 12, 30, 0, 0, time.UTC)
	var mu sync.Mutex
	clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	c, err := open(dir, secret, clock, usual())
	if err != nil {
		t.Fatal(err)
	}
	c.Keep("k", "r", []byte(`[1]`), target)
	stop(t, c)
	mu.Lock()
	now = now.Add(-time.Hour)
	mu.Unlock()
	again, err := open(dir, secret, clock, usual())
	if err != nil {
		t.Fatal(err)
	}
	defer stop(t, again)
	wants(t, again, "k", "r", `[1]`)
}

func TestMemoryIsBounded(t *testing.T) {
	dir := t.TempDir()
	l := usual()
	l.memory = 1 << 20
	c := start(t, dir, l)
	item := bytes.Repeat([]byte("x"), 10<<10)
	for i := range 200 {
		c.Keep("k", strconv.Itoa(i), item, target)
	}
	stop(t, c)
	if n := c.held.Load(); n > l.memory {
		t.Errorf("%d bytes in memory, the limit is %d", n, l.memory)
	}
	for i := range 200 { // what memory forgot, the disk knows
		wants(t, c, "k", strconv.Itoa(i), string(item))
	}
	if n := c.held.Load(); n > l.memory {
		t.Errorf("%d bytes in memory after reading, the limit is %d", n, l.memory)
	}
}

func TestMemoryOnly(t *testing.T) {
	c, err := open("", nil, time.Now, limits{memory: 10_000, items: 5_000})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		c.Keep("k", strconv.Itoa(i), bytes.Repeat([]byte("x"), 1000), target)
	}
	if n := c.held.Load(); n > 10_000 || n == 0 {
		t.Errorf("%d bytes", n)
	}
	wants(t, c, "k", "99", strings.Repeat("x", 1000))
	wants(t, c, "k", "0", "")
	c.Keep("k", "huge", bytes.Repeat([]byte("x"), 5001), target)
	wants(t, c, "k", "huge", "")
	c.Keep("k", "", []byte("x"), target)
	wants(t, c, "k", "", "")
	stop(t, c)
	stop(t, c) // twice is once
}

func TestKeepTakesACopy(t *testing.T) {
	c := start(t, t.TempDir(), usual())
	items := []byte(`[1]`)
	c.Keep("k", "r", items, target)
	copy(items, "xxx")
	wants(t, c, "k", "r", `[1]`)
}

func TestDiskIsBounded(t *testing.T) {
	dir := t.TempDir()
	l := usual()
	l.memory, l.disk = 0, 100<<10
	synctest.Test(t, func(t *testing.T) {
		c := start(t, dir, l)
		fill := func(from, n int) {
			for i := from; i < from+n; i++ {
				c.Keep("k", strconv.Itoa(i), bytes.Repeat([]byte("x"), 10<<10), target)
				synctest.Wait()
			}
		}
		fill(0, 9)
		time.Sleep(2 * time.Hour)
		fill(9, 5)
		if n := onDisk(t, dir); n > l.disk {
			t.Errorf("%d bytes on disk, the limit is %d", n, l.disk)
		}
		wants(t, c, "k", "13", strings.Repeat("x", 10<<10)) // the oldest hour goes first
		wants(t, c, "k", "9", strings.Repeat("x", 10<<10))
		stop(t, c)

		// a new run counts what the last one left
		c = start(t, dir, l)
		time.Sleep(time.Hour)
		fill(20, 5)
		if n := onDisk(t, dir); n > l.disk {
			t.Errorf("%d bytes on disk after a restart, the limit is %d", n, l.disk)
		}
		stop(t, c)

		small := l
		small.disk = 25 << 10
		c = start(t, dir, small)
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := onDisk(t, dir); n > small.disk {
			t.Errorf("%d bytes on disk under a smaller limit of %d", n, small.disk)
		}
		stop(t, c)
	})
}

func onDisk(t *testing.T, dir string) (n int64) {
	for _, b := range files(t, dir) {
		n += int64(len(b))
	}
	return n
}

func TestADiskThatFails(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "conversations")
	c := start(t, dir, usual())
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	rewrite(t, dir, nil) // a file where the folder should be
	c.Keep("k", "r", []byte(`[1]`), target)
	stop(t, c)
	wants(t, c, "k", "r", `[1]`)
	if c.Trouble() == nil {
		t.Error("nobody says that the disk fails")
	}
}

// TestQueueIsBounded: whatever the disk does, memory remembers.
func TestQueueIsBounded(t *testing.T) {
	l := usual()
	l.wait = 4 << 10
	c := start(t, t.TempDir(), l)
	for i := range 1000 {
		c.Keep("k", strconv.Itoa(i), bytes.Repeat([]byte("x"), 1<<10), target)
		if w := c.waiting.Load(); w > l.wait {
			t.Fatalf("%d bytes wait, the limit is %d", w, l.wait)
		}
	}
	for i := range 1000 {
		wants(t, c, "k", strconv.Itoa(i), strings.Repeat("x", 1<<10))
	}
}

func TestManyAtOnce(t *testing.T) {
	l := usual()
	l.memory, l.wait = 200<<10, 50<<10
	c := start(t, t.TempDir(), l)
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			caller := strconv.Itoa(w)
			for i := range 300 {
				want := fmt.Sprintf(`["%d-%d-%s"]`, w, i, strings.Repeat("y", i%700))
				id := strconv.Itoa(i % 40)
				c.Keep(caller, id, []byte(want), target)
				if got, _, ok := c.Find(caller, id); ok && string(got) != want {
					t.Errorf("caller %s found %q, want %q", caller, got, want)
				}
				if got, _, ok := c.Find(caller, "none"); ok {
					t.Errorf("found %q", got)
				}
			}
		})
	}
	wg.Wait()
	stop(t, c)
	if n := c.held.Load(); n > l.memory {
		t.Errorf("%d bytes in memory", n)
	}
}
