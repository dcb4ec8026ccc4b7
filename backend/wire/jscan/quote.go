package jscan

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// plain marks the bytes that stand for themselves inside a JSON string.
var plain = func() (t [256]bool) {
	for c := 0x20; c < utf8.RuneSelf; c++ {
		t[c] = c != '"' && c != '\\'
	}
	return t
}()

// AppendQuoted appends s as a JSON string. Non-ASCII text is kept as it is,
// invalid UTF-8 becomes U+FFFD, nothing is escaped for HTML.
func AppendQuoted(dst []byte, s string) []byte {
	dst = append(dst, '"')
	dst = AppendEscaped(dst, s)
	return append(dst, '"')
}

// AppendEscaped appends the inside of a JSON string, without the quotes. It
// copies eight bytes at a time and steps back to the first one that needs an
// escape: source code has one every few words.
func AppendEscaped(dst []byte, s string) []byte {
	if !utf8.ValidString(s) {
		return appendRepaired(dst, s)
	}
	w := len(dst)
	dst = slices.Grow(dst, len(s)+len(s)/16+16)
	dst = dst[:cap(dst)]
	i := 0
	for i+8 <= len(s) {
		if w+16 > len(dst) {
			dst = slices.Grow(dst[:w], len(s)-i+len(s)/8+16)
			dst = dst[:cap(dst)]
		}
		v := word(s[i : i+8])
		binary.LittleEndian.PutUint64(dst[w:], v)
		m := special(v)
		if m == 0 {
			i, w = i+8, w+8
			continue
		}
		n := bits.TrailingZeros64(m) >> 3
		w = putEscape(dst, w+n, s[i+n])
		for i += n + 1; i < len(s) && s[i] < ' ' && w+16 <= len(dst); i++ { // a newline, then tabs
			w = putEscape(dst, w, s[i])
		}
	}
	dst = dst[:w]
	for ; i < len(s); i++ {
		if c := s[i]; plain[c] || c >= utf8.RuneSelf {
			dst = append(dst, c)
		} else {
			dst = appendEscape(dst, c)
		}
	}
	return dst
}

// putEscape writes the escape of c at w, which has room for six bytes.
func putEscape(b []byte, w int, c byte) int {
	b[w] = '\\'
	switch c {
	case '"', '\\':
		b[w+1] = c
	case '\n':
		b[w+1] = 'n'
	case '\r':
		b[w+1] = 'r'
	case '\t':
		b[w+1] = 't'
	default:
		copy(b[w+1:], "u00")
		b[w+4], b[w+5] = hexDigits[c>>4], hexDigits[c&15]
		return w + 6
	}
	return w + 2
}

func appendEscape(dst []byte, c byte) []byte {
	dst = slices.Grow(dst, 6)
	w := len(dst)
	return dst[:putEscape(dst[:w+6], w, c)]
}

// appendRepaired escapes text that is not valid UTF-8: each bad byte becomes
// U+FFFD.
func appendRepaired(dst []byte, s string) []byte {
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && n == 1:
			dst = append(dst, "\ufffd"...)
		case n == 1 && !plain[s[0]]:
			dst = appendEscape(dst, s[0])
		default:
			dst = append(dst, s[:n]...)
		}
		s = s[n:]
	}
	return dst
}

// word is eight bytes of a string; the compiler makes one load of it.
func word(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// AppendUnquoted appends the text of the JSON string quoted (with its
// quotes). Lone surrogates and invalid UTF-8 become U+FFFD.
func AppendUnquoted(dst, quoted []byte) []byte {
	dst, _ = appendUnquoted(dst, quoted)
	return dst
}

// appendUnquoted also tells whether every reader finds the same text in
// quoted: it is valid UTF-8 and has no numbered escapes, which may be halves
// of a character.
func appendUnquoted(dst, quoted []byte) (text []byte, clear bool) {
	if len(quoted) < 2 {
		return dst, false
	}
	from := len(dst)
	dst = slices.Grow(dst, len(quoted)+8)
	n, numbered := unquote(dst[from:cap(dst)], quoted[1:len(quoted)-1])
	dst = dst[:from+n]
	if utf8.Valid(dst[from:]) { // escapes give whole runes: one look at the end is enough
		return dst, !numbered
	}
	return appendValid(dst[:from], bytes.Clone(dst[from:])), false
}

// unquote writes the text of the inside of a JSON string to dst, which is at
// least eight bytes longer, and returns its length. Like AppendEscaped it
// copies in strides and steps back.
func unquote(dst, b []byte) (w int, numbered bool) {
	i := 0
	for i < len(b) {
		if i+8 <= len(b) {
			v := binary.LittleEndian.Uint64(b[i:])
			binary.LittleEndian.PutUint64(dst[w:], v)
			slash := v ^ (ones * '\\')
			hit := (slash - ones) &^ slash & highs
			if hit == 0 {
				i, w = i+8, w+8
				continue
			}
			n := bits.TrailingZeros64(hit) >> 3
			i, w = i+n, w+n
		} else if b[i] != '\\' {
			dst[w] = b[i]
			i, w = i+1, w+1
			continue
		}
		for i+1 < len(b) && b[i] == '\\' { // a newline, then tabs
			if c := b[i+1]; c != 'u' {
				dst[w] = unescaped(c)
				i, w = i+2, w+1
				continue
			}
			numbered = true
			r, used := unescapeRune(b[i+2:])
			w += utf8.EncodeRune(dst[w:], r)
			i += 2 + used
		}
		if i+1 == len(b) && b[i] == '\\' {
			break
		}
	}
	return w, numbered
}

// unescaped is what a one-letter escape means.
func unescaped(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 't':
		return '\t'
	case 'r':
		return '\r'
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	}
	return c
}

// appendValid appends b with one U+FFFD for each bad byte, like encoding/json.
func appendValid(dst, b []byte) []byte {
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		dst = utf8.AppendRune(dst, r)
		b = b[n:]
	}
	return dst
}

// unescapeRune reads the four digits after \u, and the low half after a high
// surrogate; used is how many bytes it took.
func unescapeRune(b []byte) (r rune, used int) {
	r, ok := hex4(b)
	if !ok {
		return utf8.RuneError, min(4, len(b))
	}
	if !utf16.IsSurrogate(r) {
		return r, 4
	}
	if len(b) >= 10 && b[4] == '\\' && b[5] == 'u' {
		if low, ok := hex4(b[6:]); ok {
			if full := utf16.DecodeRune(r, low); full != utf8.RuneError {
				return full, 10
			}
		}
	}
	return utf8.RuneError, 4
}

func hex4(b []byte) (rune, bool) {
	if len(b) < 4 {
		return 0, false
	}
	var r rune
	for _, c := range b[:4] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// AppendCompact appends v without white space between tokens; string bytes
// and number bytes stay as they are.
func AppendCompact(dst, v []byte) []byte {
	for i := 0; i < len(v); {
		switch v[i] {
		case ' ', '\n', '\t', '\r':
			i++
		case '"':
			end := skipString(v, i)
			dst = append(dst, v[i:end]...)
			i = end
		default:
			dst = append(dst, v[i])
			i++
		}
	}
	return dst
}

// AppendFloat appends a number the way encoding/json does for everyday
// values: the shortest text that reads back the same.
func AppendFloat(dst []byte, f float64) []byte { return strconv.AppendFloat(dst, f, 'g', -1, 64) }
