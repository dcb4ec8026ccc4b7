package jscan

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/bits"
)

// MaxDepth is how deep values may nest (rulings 3.4).
const MaxDepth = 512

// Error says where and why a text is no JSON.
type Error struct {
	Offset int
	Reason string
}

func (e *Error) Error() string { return fmt.Sprintf("%s at byte %d", e.Reason, e.Offset) }

// Check reports whether b is exactly one JSON value, nested at most MaxDepth
// deep. It returns an *Error; a nil error makes the readers of this package
// safe and exact on b. Invalid UTF-8 inside strings is not an error: such
// bytes become U+FFFD when read.
func Check(b []byte) error { return Scan(b, nil) }

// Scan is Check, and shows the members of a top-level object on the way: the
// key with its escapes resolved, and the raw value. member may be nil; what it
// was shown means nothing when Scan returns an error.
func Scan(b []byte, member func(key, value []byte)) error {
	s := scanner{b: b}
	i, err := s.run(member)
	if err != "" {
		return &Error{i, err}
	}
	return nil
}

// scanner walks without recursion: open holds the bracket of every level.
type scanner struct {
	b     []byte
	open  [MaxDepth]byte
	depth int
}

const cutOff = "the JSON is cut off"

// run returns where it stopped and why; "" means that all is well.
func (s *scanner) run(member func(key, value []byte)) (at int, fault string) {
	b := s.b
	i := skipSpace(b, 0)
	if i >= len(b) {
		return i, "the body is empty"
	}
	var key []byte
	value := i
	for {
		opened := false
		if i, opened, fault = s.begin(i); fault != "" {
			return i, fault
		}
		if opened {
			i = skipSpace(b, i)
			if i < len(b) && b[i] == s.open[s.depth-1]+2 { // {} or []
				s.depth--
				i++
				opened = false
			}
		}
		for !opened { // a value ended: close levels until another one begins
			if s.depth == 0 {
				if i = skipSpace(b, i); i < len(b) {
					return i, "text follows after the JSON value"
				}
				return i, ""
			}
			if s.depth == 1 && member != nil && s.open[0] == '{' {
				member(key, b[value:i])
			}
			i = skipSpace(b, i)
			switch {
			case i >= len(b):
				return i, cutOff
			case b[i] == ',':
				opened = true
				i = skipSpace(b, i+1)
			case b[i] == s.open[s.depth-1]+2:
				s.depth--
				i++
			default:
				return i, fmt.Sprintf("unexpected %q where a comma or the end should be", b[i])
			}
		}
		if s.open[s.depth-1] == '{' {
			start := i
			if i, fault = s.key(i); fault != "" {
				return i, fault
			}
			if s.depth == 1 {
				key, value = keyOf(b[start:i]), i
			}
		}
	}
}

// keyOf cuts the name out of `"name" : `.
func keyOf(v []byte) []byte {
	end, _ := scanString(v, 0)
	if name := v[1 : end-1]; bytes.IndexByte(name, '\\') < 0 {
		return name
	}
	return AppendUnquoted(nil, v[:end])
}

// begin reads one scalar, or opens a level.
func (s *scanner) begin(i int) (next int, opened bool, fault string) {
	b := s.b
	if i >= len(b) {
		return i, false, cutOff
	}
	switch c := b[i]; {
	case c == '"':
		i, fault = scanString(b, i)
		return i, false, fault
	case c == '{' || c == '[':
		if s.depth >= MaxDepth {
			return i, false, fmt.Sprintf("nested deeper than %d levels", MaxDepth)
		}
		s.open[s.depth] = c
		s.depth++
		return i + 1, true, ""
	case c == '-' || (c >= '0' && c <= '9'):
		i, fault = scanNumber(b, i)
		return i, false, fault
	}
	for _, word := range [...]string{"true", "false", "null"} {
		if len(b)-i >= len(word) && string(b[i:i+len(word)]) == word {
			return i + len(word), false, ""
		}
	}
	return i, false, fmt.Sprintf("unexpected %q", b[i])
}

// key reads a member's name and its colon, and returns where the value is.
func (s *scanner) key(i int) (next int, fault string) {
	b := s.b
	if i >= len(b) {
		return i, cutOff
	}
	if b[i] != '"' {
		return i, "a member name in quotes is missing"
	}
	if i, fault = scanString(b, i); fault != "" {
		return i, fault
	}
	i = skipSpace(b, i)
	if i >= len(b) || b[i] != ':' {
		return i, "a colon is missing"
	}
	return skipSpace(b, i+1), ""
}

func scanNumber(b []byte, i int) (next int, fault string) {
	const malformed = "a malformed number"
	if b[i] == '-' {
		i++
	}
	first := i
	if i = digits(b, i); i == first || (b[first] == '0' && i > first+1) {
		return i, malformed
	}
	if i < len(b) && b[i] == '.' {
		first = i + 1
		if i = digits(b, first); i == first {
			return i, malformed
		}
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		first = i
		if i = digits(b, first); i == first {
			return i, malformed
		}
	}
	return i, ""
}

func digits(b []byte, i int) int {
	for i < len(b) && b[i] >= '0' && b[i] <= '9' {
		i++
	}
	return i
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// special marks the bytes of w that are a quote, a backslash or a control
// character; the lowest mark is exact. Bytes over 0x7f are never marked.
func special(w uint64) uint64 {
	quote := w ^ (ones * '"')
	slash := w ^ (ones * '\\')
	return ((w - ones*0x20) | (quote - ones) | (slash - ones)) &^ w & highs
}

// scanString checks the string that starts at b[i] == '"' and returns the
// index after it.
func scanString(b []byte, i int) (next int, fault string) {
	i++
	for i+8 <= len(b) {
		m := special(binary.LittleEndian.Uint64(b[i:]))
		if m == 0 {
			i += 8
			continue
		}
		i += bits.TrailingZeros64(m) >> 3
		switch c := b[i]; c {
		case '"':
			return i + 1, ""
		case '\\':
			for i < len(b) && b[i] == '\\' { // a newline, then tabs
				n, ok := escapeLen(b[i:])
				if !ok {
					return i, "an unknown escape in a string"
				}
				i += n
			}
		default:
			return i, "a control character inside a string"
		}
	}
	for i < len(b) {
		switch c := b[i]; {
		case c == '"':
			return i + 1, ""
		case c == '\\':
			n, ok := escapeLen(b[i:])
			if !ok {
				return i, "an unknown escape in a string"
			}
			i += n
		case c < 0x20:
			return i, "a control character inside a string"
		default:
			i++
		}
	}
	return i, "the JSON is cut off inside a string"
}

// escapeLen is the length of the escape sequence that b begins with.
func escapeLen(b []byte) (int, bool) {
	if len(b) < 2 {
		return 0, false
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2, true
	case 'u':
		_, ok := hex4(b[2:])
		return 6, ok
	}
	return 0, false
}
