// Package jscan reads and writes JSON text without reflection. A body is
// checked once (Check); afterwards the readers trust it and walk raw spans,
// so nothing is decoded that nobody asks for, and numbers, key order and
// unknown members keep their exact bytes. All functions are pure; returned
// slices alias their input unless said otherwise.
package jscan

import (
	"bytes"
	"encoding/binary"
	"iter"
	"math"
	"math/bits"
	"strconv"
	"unicode/utf8"
	"unsafe"
)

// Kind is the type of a JSON value.
type Kind uint8

// Invalid is the kind of an empty or malformed span.
const (
	Invalid Kind = iota
	Null
	Bool
	Number
	String
	Array
	Object
)

// KindOf looks at the first byte of a value (leading white space allowed).
func KindOf(v []byte) Kind {
	i := skipSpace(v, 0)
	if i >= len(v) {
		return Invalid
	}
	switch c := v[i]; {
	case c == '{':
		return Object
	case c == '[':
		return Array
	case c == '"':
		return String
	case c == 'n':
		return Null
	case c == 't' || c == 'f':
		return Bool
	case c == '-' || (c >= '0' && c <= '9'):
		return Number
	}
	return Invalid
}

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// trim drops white space around a whole value; spans from the walkers have
// none, a body of a caller may.
func trim(v []byte) []byte {
	v = v[skipSpace(v, 0):]
	for n := len(v); n > 0 && (v[n-1] == ' ' || v[n-1] == '\n' || v[n-1] == '\t' || v[n-1] == '\r'); n-- {
		v = v[:n-1]
	}
	return v
}

// skipString returns the index after the string that starts at b[i] == '"'.
// Short strings are read eight bytes at a time, long ones by their quotes.
func skipString(b []byte, i int) int {
	i++
	for n := 0; n < 6 && i+8 <= len(b); n++ {
		w := binary.LittleEndian.Uint64(b[i:])
		quote, slash := w^(ones*'"'), w^(ones*'\\')
		m := ((quote - ones) | (slash - ones)) &^ w & highs
		if m == 0 {
			i += 8
			continue
		}
		i += bits.TrailingZeros64(m) >> 3
		if b[i] == '"' {
			return i + 1
		}
		i += 2
	}
	for i < len(b) {
		q := bytes.IndexByte(b[i:], '"')
		if q < 0 {
			return len(b)
		}
		q += i
		s := q
		for s > i && b[s-1] == '\\' {
			s--
		}
		if (q-s)%2 == 0 {
			return q + 1
		}
		i = q + 1
	}
	return len(b)
}

// skipValue returns the index after the value that starts at b[i].
func skipValue(b []byte, i int) int {
	if i >= len(b) {
		return i
	}
	switch b[i] {
	case '"':
		return skipString(b, i)
	case '{', '[':
		depth := 0
		for i < len(b) {
			switch b[i] {
			case '"':
				i = skipString(b, i)
				continue
			case '{', '[':
				depth++
			case '}', ']':
				depth--
				if depth == 0 {
					return i + 1
				}
			}
			i++
		}
		return i
	}
	for i < len(b) {
		switch b[i] {
		case ',', '}', ']', ' ', '\n', '\t', '\r':
			return i
		}
		i++
	}
	return i
}

// Members walks the members of an object in order: the key with its escapes
// resolved and the raw value. It yields nothing for another kind. A key that
// stands twice is yielded twice.
func Members(obj []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(key, value []byte) bool) {
		i := skipSpace(obj, 0)
		if i >= len(obj) || obj[i] != '{' {
			return
		}
		i = skipSpace(obj, i+1)
		for i < len(obj) && obj[i] == '"' {
			end := skipString(obj, i)
			key := obj[i+1 : max(end-1, i+1)]
			if bytes.IndexByte(key, '\\') >= 0 {
				key = AppendUnquoted(nil, obj[i:end])
			}
			i = skipSpace(obj, end)
			if i >= len(obj) || obj[i] != ':' {
				return
			}
			i = skipSpace(obj, i+1)
			end = skipValue(obj, i)
			if !yield(key, obj[i:end]) {
				return
			}
			i = skipSpace(obj, end)
			if i >= len(obj) || obj[i] != ',' {
				return
			}
			i = skipSpace(obj, i+1)
		}
	}
}

// Elements walks the elements of an array. It yields nothing for another kind.
func Elements(arr []byte) iter.Seq2[int, []byte] {
	return func(yield func(i int, value []byte) bool) {
		i := skipSpace(arr, 0)
		if i >= len(arr) || arr[i] != '[' {
			return
		}
		i = skipSpace(arr, i+1)
		for n := 0; i < len(arr) && arr[i] != ']'; n++ {
			end := skipValue(arr, i)
			if end == i || !yield(n, arr[i:end]) {
				return
			}
			i = skipSpace(arr, end)
			if i >= len(arr) || arr[i] != ',' {
				return
			}
			i = skipSpace(arr, i+1)
		}
	}
}

// Get returns the last member called key, like encoding/json does, and nil
// when there is none. Use Members to read several at once.
func Get(obj []byte, key string) []byte {
	var found []byte
	for k, v := range Members(obj) {
		if string(k) == key {
			found = v
		}
	}
	return found
}

// Path follows keys from object to object; nil when one is missing.
func Path(v []byte, keys ...string) []byte {
	for _, k := range keys {
		if v = Get(v, k); v == nil {
			return nil
		}
	}
	return v
}

// Len counts the elements of an array.
func Len(arr []byte) int {
	n := 0
	for range Elements(arr) {
		n++
	}
	return n
}

// IsNull reports absent or null.
func IsNull(v []byte) bool { return len(v) == 0 || KindOf(v) == Null }

// Text returns the string a value holds; ok is false for any other kind.
func Text(v []byte) (s string, ok bool) {
	s, _, ok = Literal(v)
	return s, ok
}

// Literal is Text, and the inside of the JSON string when whoever copies it
// between quotes of another document says exactly s: nil when the string has
// numbered escapes or invalid UTF-8. inside aliases v, s does not.
func Literal(v []byte) (s string, inside []byte, ok bool) {
	if KindOf(v) != String {
		return "", nil, false
	}
	v = trim(v)
	inside = v[1:max(len(v)-1, 1)]
	if bytes.IndexByte(inside, '\\') < 0 && utf8.Valid(inside) {
		return string(inside), inside, true
	}
	text, clear := appendUnquoted(make([]byte, 0, len(inside)+10), v)
	if !clear {
		inside = nil
	}
	return unsafe.String(unsafe.SliceData(text), len(text)), inside, true // nobody else holds the bytes
}

// Str is Text without the flag: "" for anything but a string.
func Str(v []byte) string { s, _ := Text(v); return s }

// Int returns an integer. Numbers with a fraction or beyond 64 bits are not ok.
func Int(v []byte) (int64, bool) {
	if KindOf(v) != Number {
		return 0, false
	}
	v = trim(v)
	if n, err := strconv.ParseInt(string(v), 10, 64); err == nil {
		return n, true
	}
	f, err := strconv.ParseFloat(string(v), 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) >= 1<<63 {
		return 0, false
	}
	return int64(f), true
}

// Float returns a finite number.
func Float(v []byte) (float64, bool) {
	if KindOf(v) != Number {
		return 0, false
	}
	f, err := strconv.ParseFloat(string(trim(v)), 64)
	return f, err == nil
}

// True and False report exactly that literal.
func True(v []byte) bool  { return string(v) == "true" }
func False(v []byte) bool { return string(v) == "false" }
