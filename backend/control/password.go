package control

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/crypto/argon2"

	"omniroute/backend/fault"
)

// Cost of a password hash (peers.md S25): Argon2id, 64 MiB, 3 passes.
const (
	argonMemory  = 64 << 10 // KiB
	argonTime    = 3
	argonThreads = 2
	minPassword  = 8
	maxPassword  = 1024
)

// weakPasswords are printed in documents and guides, so they protect nothing
// (peers.md S03).
var weakPasswords = [...]string{"123456", "12345678", "123456789", "1234567890", "password", "changeme", "omniroute", "administrator", "11111111", "qwertyuiop"}

// CheckPassword refuses what would not protect anything. The error says what
// to change.
func CheckPassword(p fault.Secret) error {
	if published(p) {
		return badInput("password", "This password stands in public documents. Choose another one.")
	}
	if len(p.Reveal()) < minPassword {
		return badInput("password", "The password must have at least %d characters.", minPassword)
	}
	if len(p.Reveal()) > maxPassword {
		return badInput("password", "The password must not be longer than %d bytes.", maxPassword)
	}
	return nil
}

func published(p fault.Secret) bool {
	return slices.ContainsFunc(weakPasswords[:], func(w string) bool { return strings.EqualFold(p.Reveal(), w) })
}

// hashPassword takes about a tenth of a second and 64 MiB.
func hashPassword(p fault.Secret) string {
	var salt [16]byte
	_, _ = rand.Read(salt[:])
	sum := argon2.IDKey([]byte(p.Reveal()), salt[:], argonTime, argonMemory, argonThreads, 32)
	enc := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonThreads, enc.EncodeToString(salt[:]), enc.EncodeToString(sum))
}

// samePassword checks a password against a hash of hashPassword, in constant
// time. A hash it cannot read matches nothing.
func samePassword(p fault.Secret, hash string) bool {
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || len(p.Reveal()) > maxPassword {
		return false
	}
	var version int
	var memory, passes uint32
	var threads uint8
	if _, err := fmt.Sscanf(parts[2], "v=%d", &version); err != nil || version != argon2.Version {
		return false
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &passes, &threads); err != nil || memory > 1<<20 || passes == 0 || passes > 16 || threads == 0 {
		return false
	}
	salt, err1 := base64.RawStdEncoding.DecodeString(parts[4])
	want, err2 := base64.RawStdEncoding.DecodeString(parts[5])
	if err1 != nil || err2 != nil || len(want) < 16 {
		return false
	}
	got := argon2.IDKey([]byte(p.Reveal()), salt, passes, memory, threads, uint32(len(want)))
	return subtle.ConstantTimeCompare(got, want) == 1
}
