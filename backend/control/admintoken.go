package control

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"omniroute/backend/accounts"
	"omniroute/backend/fault"
)

// AdminTokenFile is the file in DATA_DIR that holds the admin token, one line.
const AdminTokenFile = "admin-token"

// AdminToken reads the admin token of a data directory, or makes one: 256
// random bits in a file that only its owner can read. It must be called
// before the port opens. A file that others could read is not trusted any
// more and gets a new token.
func AdminToken(dir string) (fault.Secret, error) {
	path := filepath.Join(dir, AdminTokenFile)
	info, err := os.Lstat(path)
	if err == nil && (!info.Mode().IsRegular() || runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0) {
		err = os.Remove(path)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fault.Wrap(fault.Internal, "control.admin-token", err, "The admin token in the data directory could not be read. Check its owner and permissions.")
	}
	return accounts.LocalSecret(dir, AdminTokenFile)
}

// randomText is 256 random bits, 43 characters that need no escaping in a
// URL, a cookie or a file.
func randomText() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// digest is what is kept of a random secret. A secret of 256 bits needs no
// salt and no slow hash.
func digest(secret string) string {
	h := sha256.Sum256([]byte(secret))
	return base64.RawURLEncoding.EncodeToString(h[:])
}

// newID is the id of a row: 96 random bits, which no list of ours makes meet.
func newID() string {
	var b [12]byte
	_, _ = rand.Read(b[:])
	return hex.EncodeToString(b[:])
}
