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

// NewID makes a request id: 13 characters of time (nanoseconds), 13 of
// chance. It needs no lock and is unique for all practical purposes; it is
// not a secret.
func NewID(now time.Time) string {
	var b [IDLen]byte
	put32(b[:13], uint64(now.UnixNano()))
	put32(b[13:], rand.Uint64())
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
	if len(id) != IDLen {
		return time.Time{}, false
	}
	var v uint64
	for i := range IDLen {
		d, ok := digit32(id[i])
		if !ok {
			return time.Time{}, false
		}
		if i < 13 {
			if v >= 1<<58 { // the sign bit and beyond
				return time.Time{}, false
			}
			v = v<<5 | uint64(d)
		}
	}
	return time.Unix(0, int64(v)).UTC(), true
}

func digit32(c byte) (byte, bool) {
	for i := range len(crockford) {
		if crockford[i] == c {
			return byte(i), true
		}
	}
	return 0, false
}
