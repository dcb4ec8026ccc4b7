// Package accounts gives a valid credential or says why not. It owns the
// vault, where upstream credentials live sealed, and the keys that we issue to
// agents. Secrets leave it only towards an upstream; nothing here logs or
// returns one to the management API.
package accounts

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/crypto/argon2"

	"omniroute/backend/fault"
)

// Vault keeps secrets by id. Each is bound to a word (the host a key was
// entered for): who asks with another binding gets ErrNoSecret. It is safe
// for concurrent use; Put returns when the secret is durable.
type Vault interface {
	Get(id, binding string) ([]byte, error)
	Put(id, binding string, secret []byte) error
	Delete(id string) error // deleting what is not there is no error
}

// ErrNoSecret says that the vault works but has no such secret.
var ErrNoSecret = errors.New("accounts: no such secret")

const (
	vaultDir    = "vault"
	vaultFile   = "vault.json" // the choice and how the key is made
	keyFile     = "key"
	sealedExt   = ".sealed"
	sealedMagic = "omnivlt1"
	checkID     = "check"
	maxSealed   = 1 << 20
)

// How the key of a file vault comes about.
const (
	keyFromFile       = "file"
	keyFromRaw        = "raw"
	keyFromPassphrase = "passphrase"
)

// Argon2id cost (peers.md S22: at least 64 MiB).
const (
	argonTime    = 3
	argonMemory  = 64 << 10 // KiB
	argonThreads = 2
)

// choice is vault.json. It is written once and never changed by itself.
type choice struct {
	Version int    `json:"version"`
	Kind    string `json:"kind"`              // VaultFiles or VaultKeychain
	Service string `json:"service,omitempty"` // of a keychain: the name of this directory's items
	Key     string `json:"key,omitempty"`     // of files
	Salt    []byte `json:"salt,omitempty"`
	Check   []byte `json:"check,omitempty"` // a sealed constant: tells a wrong key from damage
}

// The kinds of vault.
const (
	VaultFiles    = "files"
	VaultKeychain = "keychain"
)

// ChosenVault is the kind of vault a data directory was given, "" when it has
// none yet. The choice never changes by itself (rulings 2.3).
func ChosenVault(dataDir string) (string, error) {
	c, err := chosen(filepath.Join(dataDir, vaultDir))
	if c == nil {
		return "", err
	}
	return c.Kind, nil
}

// FileVault keeps each secret in a file, sealed with AES-256-GCM under one
// key. Id and binding are authenticated: files that were swapped, renamed or
// edited do not open.
type FileVault struct {
	dir  string
	aead cipher.AEAD

	// Warning is for the log when the vault opened, but not quite as asked.
	Warning string
}

// OpenFileVault opens the vault of a data directory, or makes it when there
// is none. secret is OMNIROUTE_VAULT_KEY: 64 hex digits or 44 base64
// characters are a raw key, other text a passphrase, "" a key file made on
// first start (rulings.md 2.3). The way chosen first stays; a vault that does
// not open is an error, never replaced by a new one.
func OpenFileVault(dataDir string, secret fault.Secret) (*FileVault, error) {
	dir := filepath.Join(dataDir, vaultDir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, broken(err, "The vault directory "+dir+" cannot be made. Check that the data directory is writable.")
	}
	c, err := readChoice(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return makeVault(dir, secret)
	}
	if err != nil {
		return nil, err
	}
	if c.Kind != VaultFiles {
		return nil, broken(nil, "This data directory keeps its credentials in a vault of the kind "+c.Kind+", which this program cannot open. Start the one it was made with.")
	}
	key, err := c.unlock(dir, secret)
	if err != nil {
		return nil, err
	}
	v, err := newFileVault(dir, key)
	if err != nil {
		return nil, err
	}
	if plain, err := v.open(checkID, "", c.Check); err != nil || string(plain) != checkID {
		if c.Key == keyFromFile {
			return nil, broken(err, "The vault does not open with its key file "+filepath.Join(dir, keyFile)+". Restore that file from a backup, or delete the folder "+dir+" and enter your keys again.")
		}
		return nil, broken(err, "The vault does not open with this OMNIROUTE_VAULT_KEY. Start with the one it was made with, or delete the folder "+dir+" and enter your keys again.")
	}
	if c.Key == keyFromFile && secret != "" {
		v.Warning = "OMNIROUTE_VAULT_KEY is not used: this vault was made with a key file and stays with it. To change that, delete the folder " + dir + " and enter your keys again."
	}
	return v, nil
}

func broken(err error, public string) error {
	return fault.Wrap(fault.Internal, "accounts.vault", err, public)
}

func readChoice(dir string) (*choice, error) {
	data, err := os.ReadFile(filepath.Join(dir, vaultFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, madeBefore(dir)
	}
	if err != nil {
		return nil, broken(err, "The vault cannot be read. Check the owner and permissions of "+dir+".")
	}
	c := &choice{}
	if err := json.Unmarshal(data, c); err != nil || c.Version != 1 {
		return nil, broken(err, "The file "+filepath.Join(dir, vaultFile)+" is damaged or from a newer version. Restore it from a backup, or delete the folder "+dir+" and enter your keys again.")
	}
	return c, nil
}

// chosen is readChoice for those who may find none: nil.
func chosen(dir string) (*choice, error) {
	c, err := readChoice(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return c, err
}

// madeBefore tells a vault that lost its vault.json from one that was never
// made: only the latter may be made now.
func madeBefore(dir string) error {
	sealed, err := filepath.Glob(filepath.Join(dir, "*"+sealedExt))
	if err != nil || len(sealed) > 0 {
		return broken(err, "The vault holds secrets, but its file "+vaultFile+" is gone. Restore it from a backup, or delete the folder "+dir+" and enter your keys again.")
	}
	return fs.ErrNotExist
}

func makeVault(dir string, secret fault.Secret) (*FileVault, error) {
	c := &choice{Version: 1, Kind: VaultFiles}
	switch raw := rawKey(secret); {
	case secret == "":
		c.Key = keyFromFile
		if err := makeKeyFile(dir); err != nil {
			return nil, err
		}
	case raw != nil:
		c.Key = keyFromRaw
	default:
		c.Key, c.Salt = keyFromPassphrase, make([]byte, 16)
		rand.Read(c.Salt)
	}
	key, err := c.unlock(dir, secret)
	if err != nil {
		return nil, err
	}
	v, err := newFileVault(dir, key)
	if err != nil {
		return nil, err
	}
	if c.Check, err = v.seal(checkID, "", []byte(checkID)); err != nil {
		return nil, err
	}
	data, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	if err := replaceFile(filepath.Join(dir, vaultFile), data); err != nil {
		return nil, broken(err, "The vault cannot be written. Check free space and the permissions of "+dir+".")
	}
	return v, nil
}

// makeKeyFile keeps a key file that is there: the process died before
// vault.json was written.
func makeKeyFile(dir string) error {
	path := filepath.Join(dir, keyFile)
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	key := make([]byte, 32)
	rand.Read(key)
	if err := replaceFile(path, []byte(hex.EncodeToString(key)+"\n")); err != nil {
		return broken(err, "The vault's key file cannot be written. Check free space and the permissions of "+dir+".")
	}
	return nil
}

// unlock finds the key in the recorded way.
func (c *choice) unlock(dir string, secret fault.Secret) ([]byte, error) {
	switch c.Key {
	case keyFromFile:
		path := filepath.Join(dir, keyFile)
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, broken(err, "The vault's key file "+path+" cannot be read. Restore it from a backup, or delete the folder "+dir+" and enter your keys again.")
		}
		key, err := hex.DecodeString(strings.TrimSpace(string(text)))
		if err != nil || len(key) != 32 {
			return nil, broken(err, "The vault's key file "+path+" is damaged. Restore it from a backup, or delete the folder "+dir+" and enter your keys again.")
		}
		return key, nil
	case keyFromRaw, keyFromPassphrase:
		if secret == "" {
			return nil, broken(nil, "The vault was made with OMNIROUTE_VAULT_KEY, which is not set. Start with the same value again.")
		}
		if c.Key == keyFromPassphrase {
			return argon2.IDKey([]byte(secret.Reveal()), c.Salt, argonTime, argonMemory, argonThreads, 32), nil
		}
		if key := rawKey(secret); key != nil {
			return key, nil
		}
		return nil, broken(nil, "The vault was made with a raw OMNIROUTE_VAULT_KEY (64 hex digits or 44 base64 characters), and this one is a passphrase. Start with the same value again.")
	}
	return nil, broken(nil, "The file "+vaultFile+" names an unknown kind of key. Restore it from a backup.")
}

// rawKey returns the 32 bytes that text spells, nil when it is a passphrase.
func rawKey(text fault.Secret) []byte {
	s := text.Reveal()
	if len(s) == 64 {
		if key, err := hex.DecodeString(s); err == nil {
			return key
		}
	}
	if len(s) == 44 {
		if key, err := base64.StdEncoding.DecodeString(s); err == nil && len(key) == 32 {
			return key
		}
	}
	return nil
}

func newFileVault(dir string, key []byte) (*FileVault, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	return &FileVault{dir: dir, aead: aead}, nil
}

// A sealed file is magic, length of the binding, binding, nonce, ciphertext.
// The binding stands in clear to tell "another host" from "damaged".
func (v *FileVault) seal(id, binding string, secret []byte) ([]byte, error) {
	if len(binding) > 255 {
		return nil, fault.New(fault.Invalid, "accounts.seal", "The host name is too long.")
	}
	b := append([]byte(sealedMagic), byte(len(binding)))
	b = append(b, binding...)
	nonce := make([]byte, v.aead.NonceSize())
	rand.Read(nonce)
	b = append(b, nonce...)
	return v.aead.Seal(b, nonce, secret, aad(id, binding)), nil
}

func (v *FileVault) open(id, binding string, b []byte) ([]byte, error) {
	b, ok := bytes.CutPrefix(b, []byte(sealedMagic))
	if !ok || len(b) < 1 || len(b) < 1+int(b[0])+v.aead.NonceSize() {
		return nil, errors.New("accounts: not a sealed secret")
	}
	bound, rest := string(b[1:1+int(b[0])]), b[1+int(b[0]):]
	if bound != binding {
		return nil, ErrNoSecret
	}
	nonce, text := rest[:v.aead.NonceSize()], rest[v.aead.NonceSize():]
	return v.aead.Open(nil, nonce, text, aad(id, binding))
}

func aad(id, binding string) []byte { return []byte(sealedMagic + id + "\x00" + binding) }

func (v *FileVault) path(id string) (string, error) {
	if id == "" || strings.HasPrefix(id, ".") || strings.ContainsAny(id, `/\:`+"\x00") || len(id) > 200 {
		return "", fault.New(fault.Internal, "accounts.vault", "A secret has an id that cannot be stored.")
	}
	return filepath.Join(v.dir, id+sealedExt), nil
}

// Get opens a secret.
func (v *FileVault) Get(id, binding string) ([]byte, error) {
	path, err := v.path(id)
	if err != nil {
		return nil, err
	}
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNoSecret
	}
	if err != nil {
		return nil, broken(err, "The vault cannot be read. Check the owner and permissions of "+v.dir+".")
	}
	secret, err := v.open(id, binding, b)
	if err != nil && !errors.Is(err, ErrNoSecret) {
		return nil, broken(err, "A stored credential is damaged and cannot be opened. Enter it again.")
	}
	return secret, err
}

// Put seals a secret, replacing an older one of the same id.
func (v *FileVault) Put(id, binding string, secret []byte) error {
	path, err := v.path(id)
	if err != nil {
		return err
	}
	if len(secret) > maxSealed {
		return fault.New(fault.TooLarge, "accounts.vault", "The credential is larger than one megabyte.")
	}
	b, err := v.seal(id, binding, secret)
	if err != nil {
		return err
	}
	if err := replaceFile(path, b); err != nil {
		return broken(err, "The credential could not be stored. Check free space and the permissions of "+v.dir+".")
	}
	return nil
}

// Delete removes a secret.
func (v *FileVault) Delete(id string) error {
	path, err := v.path(id)
	if err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return broken(err, "The stored credential could not be deleted. Check the permissions of "+v.dir+".")
	}
	return nil
}

// BrokenVault stands in for a vault that did not open: the gateway runs, and
// whoever needs a credential hears why there is none (rulings.md 2.3).
type BrokenVault struct{ Err error }

func (b BrokenVault) Get(string, string) ([]byte, error) { return nil, b.Err }
func (b BrokenVault) Put(string, string, []byte) error   { return b.Err }
func (b BrokenVault) Delete(string) error                { return b.Err }
