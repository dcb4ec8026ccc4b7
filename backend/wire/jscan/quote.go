package jscan

import (
	"bytes"
	"encoding/binary"
	"math/bits"
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

// AppendEscaped appends the inside of a JSON string, without the quotes.
func AppendEscaped(dst []byte, s string) []byte {
	start := 0
	for i := 0; i < len(s); {
		i += ordinary(s[i:])
		if i == len(s) {
			break
		}
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r != utf8.RuneError || n > 1 {
				i += n
				continue
			}
			dst = append(dst, s[start:i]...)
			dst = append(dst, "\ufffd"...)
			i++
			start = i
			continue
		}
		dst = append(dst, s[start:i]...)
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		i++
		start = i
	}
	return append(dst, s[start:]...)
}

// ordinary is how many bytes at the beginning of s are ASCII that stands for
// itself in a JSON string.
func ordinary(s string) int {
	i := 0
	for ; i+8 <= len(s); i += 8 {
		w := word(s[i : i+8])
		quote, slash := w^(ones*'"'), w^(ones*'\\')
		hit := ((w-ones*0x20)|(quote-ones)|(slash-ones))&^w&highs | w&highs
		if hit != 0 {
			return i + bits.TrailingZeros64(hit)/8
		}
	}
	for i < len(s) && plain[s[i]] {
		i++
	}
	return i
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
	if len(quoted) < 2 {
		return dst
	}
	from := len(dst)
	b := quoted[1 : len(quoted)-1]
	for len(b) > 0 {
		n := toEscape(b)
		dst = append(dst, b[:n]...)
		if n+1 >= len(b) {
			break
		}
		c := b[n+1]
		b = b[n+2:]
		switch c {
		case 'n':
			dst = append(dst, '\n')
		case 't':
			dst = append(dst, '\t')
		case 'r':
			dst = append(dst, '\r')
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'u':
			r, used := unescapeRune(b)
			dst = utf8.AppendRune(dst, r)
			b = b[used:]
		default:
			dst = append(dst, c)
		}
	}
	if utf8.Valid(dst[from:]) { // escapes give whole runes: one look at the end is enough
		return dst
	}
	return appendValid(dst[:from], bytes.Clone(dst[from:]))
}

// toEscape is the length of what comes before the first backslash. Escapes
// stand close together in source code: a call for each would cost more than
// the search.
func toEscape(b []byte) int {
	i := 0
	for i+8 <= len(b) {
		slash := binary.LittleEndian.Uint64(b[i:]) ^ (ones * '\\')
		if hit := (slash - ones) &^ slash & highs; hit != 0 {
			return i + bits.TrailingZeros64(hit)/8
		}
		i += 8
		if i == 64 { // a long plain stretch
			if n := bytes.IndexByte(b[i:], '\\'); n >= 0 {
				return i + n
			}
			return len(b)
		}
	}
	for i < len(b) && b[i] != '\\' {
		i++
	}
	return i
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
