package usage

import (
	"math/rand/v2"
	"time"
)

// IDLen is the length of a request id.
const IDLen = 26

// crockford is base32 without letters that look like digits; its order is the
// order of ASCII, so ids sort by time.
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// digits32 is the value of each character from '0' to 'Z', \xff for those
// that are no digit.
const digits32 = "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\xff\xff\xff\xff\xff\xff\xff" +
	"\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\xff\x12\x13\xff\x14\x15\xff\x16\x17\x18\x19\x1a\xff\x1b\x1c\x1d\x1e\x1f"

// number is an id taken apart: how it is stored.
type number struct {
	at     uint64 // unix nanoseconds, below 1<<63
	chance uint64
}

// NewID makes a request id: 13 characters of time (nanoseconds), 13 of
// chance. It needs no lock and is unique for all practical purposes; it is
// not a secret.
func NewID(now time.Time) string {
	return number{uint64(now.UnixNano()), rand.Uint64()}.String()
}

// String is the id.
func (n number) String() string {
	var b [IDLen]byte
	put32(b[:13], n.at)
	put32(b[13:], n.chance)
	return string(b[:])
}

func put32(dst []byte, v uint64) {
	for i := len(dst) - 1; i >= 0; i-- {
		dst[i] = crockford[v&31]
		v >>= 5
	}
}

// TimeOf returns the time inside a request id, false when the text is none.
func TimeOf(id string) (time.Time, bool) {
	n, ok := numberOf(id)
	if !ok {
		return time.Time{}, false
	}
	return time.Unix(0, int64(n.at)).UTC(), true
}

func numberOf(id string) (n number, ok bool) {
	if len(id) != IDLen {
		return n, false
	}
	at, one := get32(id[:13])
	chance, two := get32(id[13:])
	return number{at, chance}, one && two && at < 1<<63
}

// get32 reads what put32 wrote, false when it is none or beyond 64 bits.
func get32(s string) (v uint64, ok bool) {
	if s[0] > 'F' {
		return 0, false
	}
	for i := range len(s) {
		c := int(s[i]) - '0'
		if c < 0 || c >= len(digits32) || digits32[c] > 31 {
			return 0, false
		}
		v = v<<5 | uint64(digits32[c])
	}
	return v, true
}
