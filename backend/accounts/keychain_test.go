package accounts

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"omniroute/backend/fault"
)

// memoryRing is a keychain that a test can break. The real one is tested on a
// private bus by make test-desktop.
type memoryRing struct {
	mu      sync.Mutex
	items   map[string]string
	fail    error         // of every call
	diesAt  int           // the call at which the process "dies": from it on, all fail; 0 = never
	calls   int           // so far
	blocked chan struct{} // non-nil: calls wait until it is closed
}

var errDied = errors.New("died")

func newRing() *memoryRing { return &memoryRing{items: map[string]string{}} }

func (r *memoryRing) enter() error {
	if r.blocked != nil {
		<-r.blocked
	}
	r.mu.Lock()
	r.calls++
	if r.diesAt > 0 && r.calls >= r.diesAt {
		return errDied
	}
	return r.fail
}

func (r *memoryRing) Get(service, user string) (string, error) {
	err := r.enter()
	defer r.mu.Unlock()
	if err != nil {
		return "", err
	}
	text, ok := r.items[service+"|"+user]
	if !ok {
		return "", ErrNoSecret
	}
	return text, nil
}

func (r *memoryRing) Set(service, user, text string) error {
	err := r.enter()
	defer r.mu.Unlock()
	if err != nil {
		return err
	}
	if len(text) >= maxItem {
		return fmt.Errorf("item %s has %d bytes", user, len(text))
	}
	r.items[service+"|"+user] = text
	return nil
}

func (r *memoryRing) Delete(service, user string) error {
	err := r.enter()
	defer r.mu.Unlock()
	if err != nil {
		return err
	}
	if _, ok := r.items[service+"|"+user]; !ok {
		return ErrNoSecret
	}
	delete(r.items, service+"|"+user)
	return nil
}

func TestKeychainKeepsSecretsOfAnySize(t *testing.T) {
	dir, ring := t.TempDir(), newRing()
	v := NewKeychainVault(dir, ring)
	for _, n := range []int{0, 1, chunk - 1, chunk, chunk + 1, 3 * chunk, 40_000} {
		secret := make([]byte, n)
		rand.Read(secret)
		if err := v.Put("a", "https://one.test", secret); err != nil {
			t.Fatalf("put %d bytes: %v", n, err)
		}
		got, err := v.Get("a", "https://one.test")
		if err != nil || !bytes.Equal(got, secret) {
			t.Fatalf("%d bytes came back as %d (%v)", n, len(got), err)
		}
		if _, err := v.Get("a", "https://two.test"); !errors.Is(err, ErrNoSecret) {
			t.Fatalf("another host got %v, want ErrNoSecret", err)
		}
	}
	if err := v.Delete("a"); err != nil {
		t.Fatal(err)
	}
	if len(ring.items) != 1 { // the check of the installation
		t.Errorf("after the deletion the keychain still holds %v", maps.Keys(ring.items))
	}
	if err := v.Delete("a"); err != nil {
		t.Errorf("deleting what is not there: %v", err)
	}
}

func TestKeychainIsRecordedAndStays(t *testing.T) {
	dir, ring := t.TempDir(), newRing()
	if err := NewKeychainVault(dir, ring).Put("a", "h", []byte("one")); err != nil {
		t.Fatal(err)
	}
	if kind, err := ChosenVault(dir); kind != VaultKeychain || err != nil {
		t.Fatalf("recorded: %q, %v", kind, err)
	}
	if _, err := OpenFileVault(dir, ""); err == nil {
		t.Error("a file vault opened in a directory whose keys lie in the keychain")
	}
	got, err := NewKeychainVault(dir, ring).Get("a", "h")
	if err != nil || string(got) != "one" {
		t.Errorf("after a restart: %q, %v", got, err)
	}
	other := NewKeychainVault(t.TempDir(), ring)
	if _, err := other.Get("a", "h"); !errors.Is(err, ErrNoSecret) {
		t.Errorf("another data directory sees this one's secrets: %v", err)
	}
}

func TestUnreachableKeychainIsNotReplaced(t *testing.T) {
	dir, ring := t.TempDir(), newRing()
	ring.fail = errors.New("no such collection")
	v := NewKeychainVault(dir, ring)
	_, err := v.Get("a", "h")
	if fault.As(err).Code != CodeVaultUnavailable || errors.Is(err, ErrNoSecret) || !strings.Contains(fault.As(err).Public, "omniroute serve") {
		t.Fatalf("got %v, want the code %s and a way out", err, CodeVaultUnavailable)
	}
	if _, err := os.Stat(filepath.Join(dir, vaultDir)); !os.IsNotExist(err) {
		t.Error("a vault was chosen although the keychain did not answer")
	}
	ring.fail = nil
	if err := v.Put("a", "h", []byte("x")); err != nil {
		t.Fatal(err)
	}
	if kind, err := ChosenVault(dir); kind != VaultKeychain || err != nil {
		t.Errorf("once the keychain answered, the choice is %q (%v)", kind, err)
	}
}

// At whatever call the process dies, either the old or the new secret is
// there and whole.
func TestKeychainSurvivesDeathAtEveryCall(t *testing.T) {
	oldSecret, newSecret := bytes.Repeat([]byte("old"), 1500), bytes.Repeat([]byte("NEW!"), 1500)
	for at := 1; ; at++ {
		dir, ring := t.TempDir(), newRing()
		v := NewKeychainVault(dir, ring)
		if err := v.Put("a", "h", oldSecret); err != nil {
			t.Fatal(err)
		}
		ring.calls, ring.diesAt = 0, at
		err := v.Put("a", "h", newSecret)
		ring.diesAt = 0
		got, gerr := NewKeychainVault(dir, ring).Get("a", "h")
		if gerr != nil || !bytes.Equal(got, oldSecret) && !bytes.Equal(got, newSecret) {
			t.Fatalf("death at call %d: %d bytes, %v", at, len(got), gerr)
		}
		if err := NewKeychainVault(dir, ring).Put("a", "h", newSecret); err != nil {
			t.Fatalf("death at call %d: the next write fails: %v", at, err)
		}
		if err == nil {
			if at < 10 {
				t.Fatalf("a write of two kilobytes took %d calls; this test expects more", at)
			}
			return
		}
	}
}

func TestDamagedKeychainItemIsNoSecret(t *testing.T) {
	dir, ring := t.TempDir(), newRing()
	v := NewKeychainVault(dir, ring)
	if err := v.Put("a", "h", bytes.Repeat([]byte("x"), 2*chunk)); err != nil {
		t.Fatal(err)
	}
	for name := range ring.items {
		if strings.HasSuffix(name, "/a1") {
			delete(ring.items, name)
		}
	}
	if got, err := v.Get("a", "h"); err == nil {
		t.Errorf("half a secret was handed out: %d bytes", len(got))
	}
	for name, text := range ring.items {
		var m manifest
		if json.Unmarshal([]byte(text), &m) == nil && m.Parts > 0 {
			ring.items[name] = strings.Replace(text, `"b":"h"`, `"b":"evil"`, 1)
		}
	}
	if got, err := v.Get("a", "evil"); err == nil {
		t.Errorf("an edited binding opened the secret: %d bytes", len(got))
	}
}

// A keychain that waits for a person blocks one call for its time, everybody
// after it not at all, and works again when it was unlocked.
func TestLockedKeychainDoesNotHoldUp(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		ring := newRing()
		v := NewKeychainVault(dir, ring)
		if err := v.Put("a", "h", []byte("x")); err != nil {
			t.Fatal(err)
		}
		ring.blocked = make(chan struct{})
		freed := false
		v.Freed = func() { freed = true }
		start := time.Now()
		if _, err := v.Get("a", "h"); fault.As(err).Code != CodeVaultUnavailable {
			t.Fatalf("got %v", err)
		}
		if took := time.Since(start); took != readTime {
			t.Errorf("the first call waited %v, want %v", took, readTime)
		}
		start = time.Now()
		if _, err := v.Get("a", "h"); err == nil {
			t.Error("a locked keychain answered")
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("a call behind a blocked one waited %v", took)
		}
		close(ring.blocked)
		synctest.Wait()
		if !freed {
			t.Error("nobody was told that the keychain answers again")
		}
		if got, err := v.Get("a", "h"); err != nil || string(got) != "x" {
			t.Errorf("after unlocking: %q, %v", got, err)
		}
	})
}
