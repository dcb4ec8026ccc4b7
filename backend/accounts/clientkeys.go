package accounts

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"hash/crc32"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"omniroute/backend/config"
	"omniroute/backend/fault"
)

// The shape of the keys we issue (rulings.md 1.6): prefix, 43 base62
// characters (256 bits of chance), 6 characters of checksum.
const (
	KeyPrefix = "sk-omni-"
	keyBody   = 43
	keyCheck  = 6
	keyLen    = len(KeyPrefix) + keyBody + keyCheck
	base62    = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// ClientKeys issues and checks the keys of agents. Only the HMAC of a key is
// ever stored. It is safe for concurrent use.
type ClientKeys struct{ macs sync.Pool } // *mac

// mac is an HMAC and the memory it works in.
type mac struct {
	hash hash.Hash
	text []byte
	sum  []byte
}

// NewClientKeys uses secret (API_KEY_SECRET) for the HMAC. Another secret
// voids all keys.
func NewClientKeys(secret fault.Secret) *ClientKeys {
	key := []byte(secret.Reveal())
	return &ClientKeys{macs: sync.Pool{New: func() any { return &mac{hash: hmac.New(sha256.New, key)} }}}
}

// Issue makes a key: its text, shown once, and what is stored of it.
func (c *ClientKeys) Issue() (text fault.Secret, hash, masked string) {
	b := append(make([]byte, 0, keyLen), KeyPrefix...)
	var chance [64]byte
	for len(b) < len(KeyPrefix)+keyBody {
		rand.Read(chance[:])
		for _, r := range chance {
			if r < 248 && len(b) < len(KeyPrefix)+keyBody { // 248 = 4·62: no character is likelier
				b = append(b, base62[r%62])
			}
		}
	}
	b = appendCheck(b)
	s := string(b)
	return fault.Secret(s), c.Hash(s), s[:len(KeyPrefix)+4] + "…" + s[keyLen-4:]
}

// Hash is what is stored of a key.
func (c *ClientKeys) Hash(text string) string {
	m := c.macs.Get().(*mac)
	m.hash.Reset()
	m.text = append(m.text[:0], text...)
	m.hash.Write(m.text)
	clear(m.text)
	m.sum = m.hash.Sum(m.sum[:0])
	var digits [2 * sha256.Size]byte
	hex.Encode(digits[:], m.sum)
	c.macs.Put(m)
	return string(digits[:])
}

func appendCheck(b []byte) []byte {
	sum := crc32.ChecksumIEEE(b)
	var check [keyCheck]byte
	for i := keyCheck - 1; i >= 0; i-- {
		check[i] = base62[sum%62]
		sum /= 62
	}
	return append(b, check[:]...)
}

// WellFormed reports whether text has the shape and checksum of a key of
// ours. It says nothing about whether we issued it.
func WellFormed(text string) bool {
	if len(text) != keyLen || !strings.HasPrefix(text, KeyPrefix) {
		return false
	}
	var b [keyLen]byte
	whole := appendCheck(append(b[:0], text[:keyLen-keyCheck]...))
	return string(whole) == text
}

// KeyStatus says what a text is worth as a key.
type KeyStatus uint8

// The states of a key.
const (
	KeyMissing KeyStatus = iota // there was none
	KeyUnknown                  // not one of ours
	KeyValid
	KeyRevoked // deleted, replaced or switched off
	KeyExpired
)

// Verdict is the answer of Check. Key is set for KeyValid and KeyExpired, and
// for KeyRevoked when the key still exists but is switched off.
type Verdict struct {
	Status KeyStatus
	Key    *config.Key
}

// Check judges a key's text. The time it takes does not depend on how close
// text is to a real key: what is looked up is its HMAC.
func (c *ClientKeys) Check(s *config.Snapshot, text string, now time.Time) Verdict {
	if text == "" {
		return Verdict{Status: KeyMissing}
	}
	if !WellFormed(text) {
		return Verdict{Status: KeyUnknown}
	}
	hash := c.Hash(text)
	k, ok := s.KeyByHash(hash)
	if !ok {
		if _, dead := s.Revoked[hash]; dead {
			return Verdict{Status: KeyRevoked}
		}
		return Verdict{Status: KeyUnknown}
	}
	switch {
	case k.Disabled:
		return Verdict{KeyRevoked, k}
	case !k.ExpiresAt.IsZero() && !now.Before(k.ExpiresAt):
		return Verdict{KeyExpired, k}
	}
	return Verdict{KeyValid, k}
}

// Admit decides about a caller of the data plane: the key it may use, nil for
// an anonymous one. A revoked or expired key is always refused, a missing or
// unknown one only where keys are required (architecture 14).
func (c *ClientKeys) Admit(s *config.Snapshot, h http.Header, rawQuery string, now time.Time) (*config.Key, error) {
	text, _ := FromRequest(h, rawQuery)
	v := c.Check(s, text, now)
	public := ""
	switch v.Status {
	case KeyValid:
		return v.Key, nil
	case KeyRevoked:
		public = "This API key was revoked. Make a new one on the Keys page."
	case KeyExpired:
		public = "This API key has expired. Make a new one on the Keys page."
	case KeyMissing:
		public = "Missing API key. Make one on the Keys page and send it as Authorization: Bearer, x-api-key or x-goog-api-key."
	case KeyUnknown:
		public = "Invalid API key. Check that it was copied whole, or make a new one on the Keys page."
	}
	if !s.Settings.RequireAPIKey && (v.Status == KeyMissing || v.Status == KeyUnknown) {
		return nil, nil
	}
	return nil, fault.New(fault.Unauthorized, "accounts.admit", "%s", public)
}

// FromRequest finds the key in a request (rulings.md 1.6): x-omniroute-key,
// when present, alone decides; else the first of x-api-key, x-goog-api-key,
// Authorization and ?key= that has our prefix; else the first that holds
// anything at all.
func FromRequest(h http.Header, rawQuery string) (text string, found bool) {
	if v, ok := h["X-Omniroute-Key"]; ok {
		return strings.TrimSpace(strings.Join(v, ",")), true
	}
	for _, name := range [...]string{"X-Api-Key", "X-Goog-Api-Key", "Authorization"} {
		for _, v := range h[name] {
			if name == "Authorization" {
				v = bearer(v)
			}
			if v = strings.TrimSpace(v); strings.HasPrefix(v, KeyPrefix) {
				return v, true
			}
			if text == "" {
				text = v
			}
		}
	}
	if v := queryKey(rawQuery); strings.HasPrefix(v, KeyPrefix) || text == "" {
		text = v
	}
	return text, text != ""
}

// bearer returns the token of a Bearer header, "" for other schemes.
func bearer(v string) string {
	scheme, token, ok := strings.Cut(strings.TrimSpace(v), " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return token
}

// queryKey finds ?key= without taking the whole query apart.
func queryKey(raw string) string {
	for raw != "" {
		var part string
		part, raw, _ = strings.Cut(raw, "&")
		if v, ok := strings.CutPrefix(part, "key="); ok {
			if text, err := url.QueryUnescape(v); err == nil {
				return strings.TrimSpace(text)
			}
			return v
		}
	}
	return ""
}
