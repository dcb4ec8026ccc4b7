package accounts

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"omniroute/backend/fault"
)

// LocalSecret returns a random secret of this installation (64 hex digits),
// made on first use and kept in a private file of the data directory. It is
// for what must work while the vault does not open: the HMAC secret of client
// keys, the admin token.
func LocalSecret(dataDir, name string) (fault.Secret, error) {
	path := filepath.Join(dataDir, name)
	text, err := os.ReadFile(path)
	if err == nil {
		if s := strings.TrimSpace(string(text)); len(s) >= 32 {
			return fault.Secret(s), nil
		}
		return "", broken(nil, "The file "+path+" is damaged. Restore it from a backup, or delete it; what it protects must then be made anew.")
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", broken(err, "The file "+path+" cannot be read. Check its owner and permissions.")
	}
	b := make([]byte, 32)
	rand.Read(b)
	s := hex.EncodeToString(b)
	if err := replaceFile(path, []byte(s+"\n")); err != nil {
		return "", broken(err, "The file "+path+" cannot be written. Check that the data directory is writable.")
	}
	return fault.Secret(s), nil
}

// VaultSecret returns a random 32-byte secret kept in the vault, made on
// first use: the key under which other rooms seal what they keep on disk.
func VaultSecret(v Vault, name string) ([]byte, error) {
	id := "system." + name
	secret, err := v.Get(id, "")
	if !errors.Is(err, ErrNoSecret) {
		return secret, err
	}
	secret = make([]byte, 32)
	rand.Read(secret)
	return secret, v.Put(id, "", secret)
}
