package accounts

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"omniroute/backend/fault"
)

// Ring is a keychain of the system: small texts by service and user. Missing
// is ErrNoSecret. Calls may block for as long as a person takes to unlock it.
type Ring interface {
	Get(service, user string) (string, error)
	Set(service, user, text string) error
	Delete(service, user string) error
}

// Bounds of the keychain. Windows takes 2,560 bytes an item, macOS about
// 2,900 (desktop.md 3); reads have somebody waiting for an answer, writes a
// person who may have to type a password first.
const (
	maxItem   = 2000 // bytes of text
	chunk     = 1400 // bytes of a secret in one item: 1,868 characters of base64
	readTime  = 3 * time.Second
	writeTime = 45 * time.Second
)

// KeychainVault keeps secrets in the system's keychain, each split over items
// of less than 2,000 bytes: first the parts, last a manifest that names them.
// A death in between leaves the old secret whole. When the keychain does not
// answer, every call says so, and nothing falls back to another place
// (rulings 2.3). It opens nothing before its first use.
type KeychainVault struct {
	dir  string // of vault.json
	ring Ring

	writing sync.Mutex // Put and Delete
	turn    chan struct{}
	stuck   atomic.Bool // the call whose turn it is has overrun its time

	opening sync.Mutex
	service atomic.Pointer[string] // of this installation's items; nil = not opened yet

	// Freed, when not nil, is called after a call that overran its time has
	// ended at last: the person may have unlocked the keychain.
	Freed func()
}

// manifest is the item under a secret's own id.
type manifest struct {
	Version    int    `json:"v"`
	Generation string `json:"g"` // of the parts: a or b
	Parts      int    `json:"n"`
	Binding    string `json:"b"`
	Sum        string `json:"s"` // of binding and secret
}

// NewKeychainVault makes the vault of a data directory over a keychain.
func NewKeychainVault(dataDir string, ring Ring) *KeychainVault {
	return &KeychainVault{dir: filepath.Join(dataDir, vaultDir), ring: ring, turn: make(chan struct{}, 1)}
}

var (
	errSlow      = errors.New("accounts: the keychain did not answer in time")
	errNoPart    = errors.New("accounts: a part of a secret is missing")
	errOtherText = errors.New("accounts: a secret is not the one that was written")
)

// unavailable is what everybody hears while the keychain does not answer.
func unavailable(err error) error {
	return fault.Wrap(fault.Internal, "accounts.keychain", err, "The system's keychain cannot be reached, so stored keys cannot be used. Unlock it, or start its service, and try again.").
		With(func(e *fault.Error) { e.Code = CodeVaultUnavailable })
}

// CodeVaultUnavailable is the code of errors of a vault that does not answer.
const CodeVaultUnavailable = "vault-unavailable"

// call takes its turn at the keychain and gives up after a while: the library
// has no time limits, and a locked keychain blocks until a person answers its
// dialog. What overran goes on in the background; until it ends, others are
// refused at once.
func (v *KeychainVault) call(limit time.Duration, f func() (string, error)) (string, error) {
	text, err := v.bounded(limit, f)
	if err != nil && !errors.Is(err, ErrNoSecret) {
		return "", unavailable(err)
	}
	return text, err
}

func (v *KeychainVault) bounded(limit time.Duration, f func() (string, error)) (string, error) {
	if v.stuck.Load() {
		return "", errSlow
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case v.turn <- struct{}{}:
	case <-timer.C:
		return "", errSlow
	}
	type answer struct {
		text string
		err  error
	}
	done := make(chan answer, 1)
	go func() {
		text, err := f()
		done <- answer{text, err} // before stuck is taken back: see below
		overran := v.stuck.Swap(false)
		<-v.turn
		if overran && v.Freed != nil {
			v.Freed()
		}
	}()
	select {
	case a := <-done:
		return a.text, a.err
	case <-timer.C:
	}
	v.stuck.Store(true)
	select {
	case a := <-done: // it ended just now, and may have taken stuck back before it was set
		v.stuck.Store(false)
		return a.text, a.err
	default:
		return "", errSlow
	}
}

func (v *KeychainVault) get(user string) (string, error) {
	service := *v.service.Load()
	return v.call(readTime, func() (string, error) { return v.ring.Get(service, user) })
}

func (v *KeychainVault) set(user, text string) error {
	if len(text) >= maxItem {
		return fault.New(fault.TooLarge, "accounts.keychain", "The name of this host is too long for the keychain.")
	}
	service := *v.service.Load()
	_, err := v.call(writeTime, func() (string, error) { return "", v.ring.Set(service, user, text) })
	return err
}

func (v *KeychainVault) remove(user string) error {
	service := *v.service.Load()
	_, err := v.call(writeTime, func() (string, error) { return "", v.ring.Delete(service, user) })
	if errors.Is(err, ErrNoSecret) {
		return nil
	}
	return err
}

// Open makes sure that the keychain works and is recorded as this directory's
// vault. Every other method does this by itself.
func (v *KeychainVault) Open() error {
	if v.service.Load() != nil {
		return nil
	}
	v.opening.Lock()
	defer v.opening.Unlock()
	if v.service.Load() != nil {
		return nil
	}
	c, err := chosen(v.dir)
	if err != nil {
		return err
	}
	if c != nil {
		if c.Kind != VaultKeychain || c.Service == "" {
			return broken(nil, "This data directory keeps its credentials in a vault of the kind "+c.Kind+". Start OmniRoute again.")
		}
		v.service.Store(&c.Service)
		return nil
	}
	return v.choose()
}

// choose proves that the keychain keeps what it is given, and records it as
// the vault of this directory.
func (v *KeychainVault) choose() error {
	id := make([]byte, 8)
	rand.Read(id)
	service := "OmniRoute " + hex.EncodeToString(id)
	_, err := v.call(readTime, func() (string, error) {
		if err := v.ring.Set(service, checkID, service); err != nil {
			return "", err
		}
		if text, err := v.ring.Get(service, checkID); err != nil || text != service {
			return "", errors.New("accounts: the keychain does not give back what it was given")
		}
		return "", nil
	})
	if err != nil {
		return fault.As(err).With(func(e *fault.Error) {
			e.Public += " On a system without one, quit OmniRoute and run \"omniroute serve\" once: from then on keys lie in encrypted files."
		})
	}
	data, err := json.Marshal(choice{Version: 1, Kind: VaultKeychain, Service: service})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(v.dir, 0o700); err != nil {
		return broken(err, "The vault directory "+v.dir+" cannot be made. Check that the data directory is writable.")
	}
	if err := replaceFile(filepath.Join(v.dir, vaultFile), data); err != nil {
		return broken(err, "The choice of the vault cannot be written. Check free space and the permissions of "+v.dir+".")
	}
	v.service.Store(&service)
	return nil
}

// Get gathers a secret.
func (v *KeychainVault) Get(id, binding string) ([]byte, error) {
	if err := v.Open(); err != nil {
		return nil, err
	}
	m, err := v.manifest(id)
	if err != nil {
		return nil, err
	}
	if m.Binding != binding {
		return nil, ErrNoSecret
	}
	return v.gather(id, m)
}

func (v *KeychainVault) manifest(id string) (*manifest, error) {
	text, err := v.get(id)
	if err != nil {
		return nil, err
	}
	m := &manifest{}
	if err := json.Unmarshal([]byte(text), m); err != nil || m.Version != 1 || m.Parts < 0 || m.Parts > maxSealed/chunk+1 {
		return nil, damagedSecret(err)
	}
	return m, nil
}

func damagedSecret(err error) error {
	return broken(err, "A stored credential is damaged and cannot be opened. Enter it again.")
}

func (v *KeychainVault) gather(id string, m *manifest) ([]byte, error) {
	var secret []byte
	for i := range m.Parts {
		text, err := v.get(part(id, m.Generation, i))
		if errors.Is(err, ErrNoSecret) {
			return nil, damagedSecret(errNoPart)
		}
		if err != nil {
			return nil, err
		}
		piece, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return nil, damagedSecret(err)
		}
		secret = append(secret, piece...)
	}
	if sum(m.Binding, secret) != m.Sum {
		return nil, damagedSecret(errOtherText)
	}
	return secret, nil
}

func part(id, generation string, i int) string { return id + "/" + generation + strconv.Itoa(i) }

func sum(binding string, secret []byte) string {
	h := sha256.New()
	h.Write([]byte(binding + "\x00"))
	h.Write(secret)
	return hex.EncodeToString(h.Sum(nil))
}

// Put stores a secret beside the old one, and lets go of that when the new
// one was read back.
func (v *KeychainVault) Put(id, binding string, secret []byte) error {
	if len(secret) > maxSealed {
		return fault.New(fault.TooLarge, "accounts.vault", "The credential is larger than one megabyte.")
	}
	if err := v.Open(); err != nil {
		return err
	}
	v.writing.Lock()
	defer v.writing.Unlock()
	old, err := v.manifest(id)
	if err != nil && fault.As(err).Code == CodeVaultUnavailable {
		return err
	}
	next := &manifest{Version: 1, Generation: "a", Binding: binding, Sum: sum(binding, secret)}
	if old != nil && old.Generation == "a" {
		next.Generation = "b"
	}
	for rest := secret; len(rest) > 0; next.Parts++ {
		n := min(chunk, len(rest))
		if err := v.set(part(id, next.Generation, next.Parts), base64.StdEncoding.EncodeToString(rest[:n])); err != nil {
			return err
		}
		rest = rest[n:]
	}
	text, err := json.Marshal(next)
	if err != nil {
		return err
	}
	if err := v.set(id, string(text)); err != nil {
		return err
	}
	if _, err := v.gather(id, next); err != nil {
		return err
	}
	if old == nil {
		return nil
	}
	return v.clear(id, old.Generation)
}

// clear removes the parts of one generation.
func (v *KeychainVault) clear(id, generation string) error {
	for i := range maxSealed/chunk + 1 {
		user := part(id, generation, i)
		if _, err := v.get(user); errors.Is(err, ErrNoSecret) {
			return nil
		} else if err != nil {
			return err
		}
		if err := v.remove(user); err != nil {
			return err
		}
	}
	return nil
}

// Delete removes a secret, and what a death may have left beside it.
func (v *KeychainVault) Delete(id string) error {
	if err := v.Open(); err != nil {
		return err
	}
	v.writing.Lock()
	defer v.writing.Unlock()
	if err := v.remove(id); err != nil {
		return err
	}
	return errors.Join(v.clear(id, "a"), v.clear(id, "b"))
}

// VaultKind says where credentials lie: VaultFiles or VaultKeychain.
func (k *Keeper) VaultKind() string {
	if _, is := k.vault.(*KeychainVault); is {
		return VaultKeychain
	}
	return VaultFiles
}
