package accounts

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/singleflight"

	"omniroute/backend/fault"
)

// CodeNeedsKey is the code of the error for an account without a credential.
const CodeNeedsKey = "needs-key"

// Credential is what an upstream wants to see. Printing it shows dots.
type Credential struct{ Secret fault.Secret }

// Keeper hands out credentials from memory; the vault is asked once per
// account. It is safe for concurrent use.
type Keeper struct {
	vault   Vault
	known   sync.Map // account id → *held, replaced as a whole
	flights singleflight.Group
	writing sync.Mutex            // SetKey and Forget, so that memory and vault agree
	trouble atomic.Pointer[error] // of the vault, nil = it worked when it was last asked
	watch   func(error)
}

// held is what is known about an account: the credential for one host, or
// that there is none for it.
type held struct {
	host       string
	missing    bool
	credential Credential
}

// NewKeeper makes a keeper over a vault.
func NewKeeper(vault Vault) *Keeper { return &Keeper{vault: vault, watch: func(error) {}} }

// Watch calls f when the vault stops working, and with nil when it works
// again. It is called before the keeper is used.
func (k *Keeper) Watch(f func(error)) { k.watch = f }

// Trouble is why the vault did not work when it was last asked, nil when it
// did.
func (k *Keeper) Trouble() error {
	if e := k.trouble.Load(); e != nil {
		return *e
	}
	return nil
}

// Check asks the vault for something it does not have, to learn whether it
// works at all.
func (k *Keeper) Check() {
	_, err := k.vault.Get("system.check", "")
	k.judge(err)
}

// judge notes how the vault answered; that it has no such secret is an answer.
func (k *Keeper) judge(err error) {
	if errors.Is(err, ErrNoSecret) {
		err = nil
	}
	if err == nil {
		if k.trouble.Load() != nil && k.trouble.Swap(nil) != nil {
			k.watch(nil)
		}
		return
	}
	if k.trouble.Swap(&err) == nil {
		k.watch(err)
	}
}

// Credential returns the account's credential for a host (see egress.Origin). A key
// that was entered for another host does not exist for this one (rulings.md
// 2.2). Without one the error has the kind AuthRevoked and the code needs-key;
// if the vault cannot be read, the kind is Denied, so that other candidates
// are tried and this account rests only for a while.
func (k *Keeper) Credential(ctx context.Context, account, host string) (Credential, error) {
	if h, ok := k.lookup(account, host); ok {
		return h.result()
	}
	flight := k.flights.DoChan(account+"\x00"+host, func() (any, error) { return k.load(account, host) })
	select {
	case r := <-flight:
		if r.Err != nil {
			return Credential{}, r.Err
		}
		return r.Val.(*held).result()
	case <-ctx.Done():
		return Credential{}, ctx.Err()
	}
}

func (k *Keeper) lookup(account, host string) (*held, bool) {
	v, ok := k.known.Load(account)
	if !ok {
		return nil, false
	}
	h := v.(*held)
	return h, h.host == host
}

func (h *held) result() (Credential, error) {
	if h.missing {
		return Credential{}, needsKey(h.host)
	}
	return h.credential, nil
}

func needsKey(host string) error {
	return fault.New(fault.AuthRevoked, "accounts.credential", "This connection has no key for %s. Enter its key again on the Providers page.", host).
		With(func(e *fault.Error) {
			e.Scope, e.Code, e.Reason = fault.ScopeAccount, CodeNeedsKey, fault.Because(fault.ReasonNeedsKey)
		})
}

// load asks the vault. What SetKey or Forget stored meanwhile is newer and
// wins.
func (k *Keeper) load(account, host string) (*held, error) {
	before, _ := k.known.Load(account)
	h := &held{host: host}
	secret, err := k.vault.Get(account, host)
	k.judge(err)
	switch {
	case errors.Is(err, ErrNoSecret):
		h.missing = true
	case err != nil:
		return nil, fault.As(err).With(func(e *fault.Error) {
			e.Kind, e.Scope, e.Reason = fault.Denied, fault.ScopeAccount, fault.Because(fault.ReasonVault)
		})
	default:
		h.credential = Credential{Secret: fault.Secret(secret)}
	}
	swapped := false
	if before == nil {
		_, loaded := k.known.LoadOrStore(account, h)
		swapped = !loaded
	} else {
		swapped = k.known.CompareAndSwap(account, before, h)
	}
	if !swapped {
		if now, ok := k.lookup(account, host); ok {
			return now, nil
		}
	}
	return h, nil
}

// SetKey stores an account's key for a host, replacing what it had. It
// returns when the key is durable; from then on Credential gives it.
func (k *Keeper) SetKey(ctx context.Context, account, host string, key fault.Secret) error {
	if key == "" {
		return fault.New(fault.Invalid, "accounts.setKey", "The key is empty.")
	}
	k.writing.Lock()
	defer k.writing.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	err := k.vault.Put(account, host, []byte(key.Reveal()))
	k.judge(err)
	if err != nil {
		return err
	}
	k.known.Store(account, &held{host: host, credential: Credential{Secret: key}})
	return nil
}

// Forget deletes what is stored for an account.
func (k *Keeper) Forget(ctx context.Context, account string) error {
	k.writing.Lock()
	defer k.writing.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := k.vault.Delete(account); err != nil {
		return err
	}
	k.known.Store(account, &held{missing: true})
	return nil
}
