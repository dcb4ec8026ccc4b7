package accounts

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"omniroute/backend/fault"
)

// counting is a vault in memory that counts and can be held up.
type counting struct {
	mu   sync.Mutex
	data map[string]string
	gets atomic.Int64
	hold chan struct{} // nil = no waiting
	fail error
}

func (c *counting) Get(id, binding string) ([]byte, error) {
	c.gets.Add(1)
	c.mu.Lock()
	s, ok := c.data[id+"\x00"+binding]
	c.mu.Unlock()
	if c.hold != nil {
		<-c.hold
	}
	if c.fail != nil {
		return nil, c.fail
	}
	if !ok {
		return nil, ErrNoSecret
	}
	return []byte(s), nil
}

func (c *counting) Put(id, binding string, secret []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fail != nil {
		return c.fail
	}
	for k := range c.data {
		if strings.HasPrefix(k, id+"\x00") {
			delete(c.data, k)
		}
	}
	c.data[id+"\x00"+binding] = string(secret)
	return nil
}

func (c *counting) Delete(id string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for k := range c.data {
		if strings.HasPrefix(k, id+"\x00") {
			delete(c.data, k)
		}
	}
	return nil
}

const host = "https://api.x.test:443"

func get(t *testing.T, k *Keeper, account, host string) (string, error) {
	t.Helper()
	c, err := k.Credential(t.Context(), account, host)
	return c.Secret.Reveal(), err
}

func TestOneLookUpPerAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &counting{data: map[string]string{"a\x00" + host: planted}, hold: make(chan struct{})}
		k := NewKeeper(v)
		for range 50 {
			go func() {
				if got, err := get(t, k, "a", host); err != nil || got != planted {
					t.Errorf("got %q, %v", got, err)
				}
			}()
		}
		synctest.Wait()
		close(v.hold)
		synctest.Wait()
		for range 10 {
			if _, err := get(t, k, "a", host); err != nil {
				t.Error(err)
			}
			if _, err := get(t, k, "none", host); err == nil {
				t.Error("an account without a key has one")
			}
		}
		if n := v.gets.Load(); n != 2 {
			t.Errorf("the vault was asked %d times, want once per account", n)
		}
	})
}

func TestKeyBelongsToItsHost(t *testing.T) {
	k := NewKeeper(vault(t, t.TempDir(), ""))
	if err := k.SetKey(t.Context(), "a", host, planted); err != nil {
		t.Fatal(err)
	}
	for _, other := range []string{"https://evil.test:443", "http://api.x.test:80", "https://api.x.test:8443", ""} {
		_, err := get(t, k, "a", other)
		if f := fault.As(err); f.Kind != fault.AuthRevoked || f.Code != CodeNeedsKey || f.Scope != fault.ScopeAccount {
			t.Errorf("%q: %v, want needs-key", other, err)
		}
	}
	if got, err := get(t, k, "a", host); err != nil || got != planted {
		t.Errorf("its own host: %q, %v", got, err)
	}
	if err := k.SetKey(t.Context(), "a", "https://new.test:443", "new"); err != nil {
		t.Fatal(err)
	}
	if _, err := get(t, k, "a", host); err == nil {
		t.Error("the old host still gets a key")
	}
	if err := k.Forget(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if _, err := get(t, k, "a", "https://new.test:443"); err == nil {
		t.Error("a forgotten key is still given out")
	}
	if err := k.SetKey(t.Context(), "a", host, ""); fault.KindOf(err) != fault.Invalid {
		t.Errorf("an empty key: %v", err)
	}
}

// A look-up that began before a new key was set must not bring back the old
// one.
func TestSlowLookUpDoesNotOverwrite(t *testing.T) {
	for name, change := range map[string]func(t *testing.T, k *Keeper){
		"set":    func(t *testing.T, k *Keeper) { must(t, k.SetKey(t.Context(), "a", host, "new")) },
		"forget": func(t *testing.T, k *Keeper) { must(t, k.Forget(t.Context(), "a")) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v := &counting{data: map[string]string{"a\x00" + host: "old"}, hold: make(chan struct{})}
				k := NewKeeper(v)
				go func() { _, _ = k.Credential(t.Context(), "a", host) }()
				synctest.Wait() // it has read the old one and waits
				change(t, k)
				close(v.hold)
				synctest.Wait()
				got, err := get(t, k, "a", host)
				if name == "set" && (err != nil || got != "new") || name == "forget" && err == nil {
					t.Errorf("got %q, %v", got, err)
				}
			})
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestWaitingObeysTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &counting{data: map[string]string{}, hold: make(chan struct{})}
		k := NewKeeper(v)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() {
			_, err := k.Credential(ctx, "a", host)
			done <- err
		}()
		synctest.Wait()
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want canceled", err)
		}
		close(v.hold)
	})
}

func TestBrokenVaultIsNotAMissingKey(t *testing.T) {
	cause := fault.New(fault.Internal, "test", "The vault does not open.")
	k := NewKeeper(BrokenVault{cause})
	_, err := get(t, k, "a", host)
	f := fault.As(err)
	if f.Kind != fault.Denied || f.Public != cause.Public || f.Kind.Policy().Next != fault.NextYes {
		t.Errorf("error %v, want one that lets others be tried", err)
	}
	if err := k.SetKey(t.Context(), "a", host, "x"); err == nil {
		t.Error("a broken vault took a key")
	}
}

func TestPrintingShowsDots(t *testing.T) {
	c := Credential{Secret: planted}
	for _, text := range []string{fmt.Sprint(c), fmt.Sprintf("%+v", c), fmt.Sprintf("%#v", c), fmt.Sprintf("%s %v", c, &c)} {
		if strings.Contains(text, planted) {
			t.Errorf("printed: %s", text)
		}
	}
}

func BenchmarkCredential(b *testing.B) {
	k := NewKeeper(vault(b, b.TempDir(), ""))
	if err := k.SetKey(b.Context(), "a", host, planted); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := k.Credential(b.Context(), "a", host); err != nil {
			b.Fatal(err)
		}
	}
}

// flaky is a vault that opens and closes.
type flaky struct {
	Vault
	err error
}

func (f *flaky) Get(id, binding string) ([]byte, error) {
	if f.err != nil {
		return nil, f.err
	}
	return f.Vault.Get(id, binding)
}

func TestTheKeeperTellsOfTheVault(t *testing.T) {
	v, err := OpenFileVault(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	f := &flaky{Vault: v}
	k := NewKeeper(f)
	var told []string
	k.Watch(func(err error) {
		if err == nil {
			told = append(told, "works")
		} else {
			told = append(told, err.Error())
		}
	})
	k.Check()
	f.err = errors.New("locked")
	k.Check()
	if _, err := k.Credential(t.Context(), "a", "h"); fault.As(err).Reason.Code != fault.ReasonVault || k.Trouble() == nil {
		t.Errorf("%v, trouble %v", err, k.Trouble())
	}
	f.err = nil
	if _, err := k.Credential(t.Context(), "a", "h"); fault.As(err).Reason.Code != fault.ReasonNeedsKey || k.Trouble() != nil {
		t.Errorf("%v, trouble %v", err, k.Trouble())
	}
	if got := strings.Join(told, ", "); got != "locked, works" {
		t.Errorf("told %q", got)
	}
}
