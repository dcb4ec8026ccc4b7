package store

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"omniroute/backend/accounts"
	"omniroute/backend/config"
	"omniroute/backend/usage"
)

// victimEnv names the data directory for the process that is to be killed.
const victimEnv = "STORE_TEST_VICTIM"

// TestVictim is the body of that process: it books requests and changes
// settings, and prints each only when it would have been answered.
func TestVictim(t *testing.T) {
	dir := os.Getenv(victimEnv)
	if dir == "" {
		return // only meaningful as the child of TestKill
	}
	ctx := context.Background()
	s, err := Open(ctx, dir, quiet())
	if err != nil {
		t.Fatal(err)
	}
	m, err := usage.NewMeter(filepath.Join(dir, "journal"), s, nil, quiet())
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Replay(ctx); err != nil {
		t.Fatal(err)
	}
	go func() { _ = m.Run(ctx) }()
	h, err := config.NewHolder(ctx, s)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for i := 0; ; i++ {
			snap, err := h.Update(ctx, func(n *config.Snapshot) error { n.Settings.InstanceName = fmt.Sprint(i); return nil })
			if err != nil {
				t.Error(err)
				return
			}
			fmt.Printf("saved %d\n", snap.Rev)
		}
	}()
	for {
		r := &usage.Receipt{ID: usage.NewID(time.Now()), Time: time.Now(), Path: "/v1/messages", Status: 200, Cost: usage.Cost{Micros: 3, Known: true}}
		hold, err := m.Begin(usage.BeginRecord{ID: r.ID, Time: r.Time, Path: r.Path})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println("begun " + r.ID)
		hold.Settle(r)
		fmt.Println("answered " + r.ID)
	}
}

// What a client or the dashboard was told before kill -9 is there after it,
// once.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	answered, begun := map[string]bool{}, map[string]bool{}
	var saved int64
	for round := range 6 {
		killOne(t, dir, time.Duration(20+rand.IntN(300))*time.Millisecond, func(what, value string) {
			switch what {
			case "answered":
				answered[value] = true
			case "begun":
				begun[value] = true
			case "saved":
				var rev int64
				if _, err := fmt.Sscan(value, &rev); err == nil {
					saved = max(saved, rev)
				}
			}
		})
		s := open(t, dir)
		m, err := usage.NewMeter(filepath.Join(dir, "journal"), s, nil, quiet())
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Replay(t.Context()); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		checkBooks(t, s, answered, begun)
		if rev, err := s.revision(t.Context()); err != nil || rev < saved {
			t.Errorf("round %d: revision %d after %d was saved (%v)", round, rev, saved, err)
		}
		if n := s.Notices(); len(n) > 0 {
			t.Errorf("round %d: kill -9 made repairs necessary: %q", round, n)
		}
		closeStore(t, s)
	}
	if len(answered) == 0 || saved == 0 {
		t.Errorf("%d requests and %d revisions: the victims did nothing", len(answered), saved)
	}
}

func killOne(t *testing.T, dir string, after time.Duration, line func(what, value string)) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestVictim$")
	cmd.Env = append(os.Environ(), victimEnv+"="+dir)
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(after)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	text := out.String()
	text = text[:strings.LastIndexByte(text, '\n')+1]
	for sc := bufio.NewScanner(strings.NewReader(text)); sc.Scan(); {
		what, value, _ := strings.Cut(sc.Text(), " ")
		if what == "---" || strings.HasPrefix(what, "store_test") {
			t.Fatalf("victim: %s", text)
		}
		line(what, value)
	}
}

func checkBooks(t *testing.T, s *Store, answered, begun map[string]bool) {
	t.Helper()
	rows := map[string]usage.Record{}
	before := ""
	for {
		page, err := s.CallLogs(t.Context(), usage.Filter{Limit: maxRows, Before: before})
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Logs) == 0 {
			break
		}
		for _, r := range page.Logs {
			if _, twice := rows[r.ID]; twice {
				t.Fatalf("%s is there twice", r.ID)
			}
			rows[r.ID] = r
		}
		before = page.Logs[len(page.Logs)-1].ID
	}
	for id := range answered {
		if r, ok := rows[id]; !ok || r.Kind != "" || r.Cost.Micros != 3 {
			t.Fatalf("answered request %s: there %v, kind %q", id, ok, r.Kind)
		}
	}
	for id := range begun {
		if r, ok := rows[id]; !ok || !answered[id] && r.Kind != "" && r.Kind != usage.KindInterrupted {
			t.Fatalf("begun request %s: there %v, kind %q", id, ok, r.Kind)
		}
	}
	totals, err := s.Totals(t.Context(), usage.Query{})
	if err != nil || len(totals) > 0 && totals[0].Requests != int64(len(rows)) {
		t.Errorf("roll-ups count %+v, rows are %d (%v)", totals, len(rows), err)
	}
}

// Whatever passes through the house, the data directory holds no secret in
// clear (peers.md S19).
func TestNoSecretOnDisk(t *testing.T) {
	const upstream = "sk-upstream-PLANTED-7Qd2-secret"
	dir := t.TempDir()
	s := open(t, dir)
	vault, err := accounts.OpenFileVault(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	keeper := accounts.NewKeeper(vault)
	h, err := config.NewHolder(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	issue := accounts.NewClientKeys("hmac")
	text, hash, masked := issue.Issue()
	if err := keeper.SetKey(t.Context(), "a1", "https://x.test:443", upstream); err != nil {
		t.Fatal(err)
	}
	_, err = h.Update(t.Context(), func(n *config.Snapshot) error {
		n.Accounts["a1"] = &config.Account{ID: "a1", Provider: "openai", Name: "a", Kind: config.KindAPIKey, HasSecret: true}
		n.Keys["k1"] = &config.Key{ID: "k1", Name: "k", Hash: hash, Masked: masked}
		return nil
	})
	if err == nil {
		_, err = s.BackUp(t.Context(), "manual")
	}
	if err != nil {
		t.Fatal(err)
	}
	files := 0
	err = filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		files++
		data, err := os.ReadFile(path)
		for _, secret := range []string{upstream, text.Reveal()} {
			if bytes.Contains(data, []byte(secret)) {
				t.Errorf("%s holds a secret in clear", path)
			}
		}
		return err
	})
	if err != nil || files < 8 {
		t.Errorf("searched %d files, %v", files, err)
	}
}

// A field of the settings without a key would be lost at every restart.
func TestEverySettingIsStored(t *testing.T) {
	s := config.Settings{}
	stored := len(settingFields(&s)) + 1 // and More
	if fields := numFields(s); fields != stored {
		t.Errorf("the settings have %d fields, %d are stored: settingFields lacks some", fields, stored)
	}
}
