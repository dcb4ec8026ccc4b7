package jscan

import (
	"bytes"
	"encoding/binary"
	"fmt"
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
func Check(b []byte) error {
	c := checker{b: b}
	c.i = skipSpace(b, 0)
	if c.i >= len(b) {
		return &Error{c.i, "the body is empty"}
	}
	if err := c.value(); err != nil {
		return err
	}
	if c.i = skipSpace(b, c.i); c.i < len(b) {
		return &Error{c.i, "text follows after the JSON value"}
	}
	return nil
}

// checker walks without recursion: open holds one byte per level.
type checker struct {
	b    []byte
	i    int
	open []byte
}

func (c *checker) fail(reason string) error { return &Error{c.i, reason} }

// value checks one value and everything inside it.
func (c *checker) value() error {
	for {
		if err := c.start(); err != nil {
			return err
		}
		if n := len(c.open); n > 0 && c.open[n-1] <= '{' { // just opened, see start
			continue
		}
		done, err := c.after()
		if done || err != nil {
			return err
		}
	}
}

// Levels are marked '[' or '{' when just opened and holding a value to come,
// and '|' (array) or '}' (object) after the first value was begun.
func (c *checker) start() error {
	c.i = skipSpace(c.b, c.i)
	if n := len(c.open); n > 0 && c.open[n-1] <= '{' {
		if closed, err := c.enter(); closed || err != nil {
			return err
		}
	}
	if c.i >= len(c.b) {
		return c.fail("the JSON is cut off")
	}
	switch ch := c.b[c.i]; {
	case ch == '"':
		return c.str()
	case ch == '{' || ch == '[':
		if len(c.open) >= MaxDepth {
			return c.fail(fmt.Sprintf("nested deeper than %d levels", MaxDepth))
		}
		c.open = append(c.open, ch)
		c.i++
		return nil
	case ch == '-' || (ch >= '0' && ch <= '9'):
		return c.number()
	case ch == 't':
		return c.literal("true")
	case ch == 'f':
		return c.literal("false")
	case ch == 'n':
		return c.literal("null")
	}
	return c.fail(fmt.Sprintf("unexpected %q", c.b[c.i]))
}

// enter handles the first token inside a fresh level: its end, or the key of
// its first member.
func (c *checker) enter() (closed bool, err error) {
	top := &c.open[len(c.open)-1]
	if *top == '[' {
		if c.i < len(c.b) && c.b[c.i] == ']' {
			*top = '|'
			return true, nil
		}
		*top = '|'
		return false, nil
	}
	if c.i < len(c.b) && c.b[c.i] == '}' {
		*top = '}'
		return true, nil
	}
	*top = '}'
	return false, c.key()
}

func (c *checker) key() error {
	c.i = skipSpace(c.b, c.i)
	if c.i >= len(c.b) {
		return c.fail("the JSON is cut off")
	}
	if c.b[c.i] != '"' {
		return c.fail("a member name in quotes is missing")
	}
	if err := c.str(); err != nil {
		return err
	}
	c.i = skipSpace(c.b, c.i)
	if c.i >= len(c.b) || c.b[c.i] != ':' {
		return c.fail("a colon is missing")
	}
	c.i = skipSpace(c.b, c.i+1)
	return nil
}

// after closes finished levels and steps over the comma to the next value.
func (c *checker) after() (done bool, err error) {
	for {
		n := len(c.open)
		if n == 0 {
			return true, nil
		}
		c.i = skipSpace(c.b, c.i)
		if c.i >= len(c.b) {
			return false, c.fail("the JSON is cut off")
		}
		object := c.open[n-1] == '}'
		switch ch := c.b[c.i]; {
		case ch == ',':
			c.i++
			if object {
				return false, c.key()
			}
			return false, nil
		case ch == '}' && object, ch == ']' && !object:
			c.open = c.open[:n-1]
			c.i++
		default:
			return false, c.fail(fmt.Sprintf("unexpected %q where a comma or the end should be", ch))
		}
	}
}

func (c *checker) literal(want string) error {
	if !bytes.HasPrefix(c.b[c.i:], []byte(want)) {
		return c.fail("an unknown word")
	}
	c.i += len(want)
	return nil
}

func (c *checker) number() error {
	b, i := c.b, c.i
	digits := func() bool {
		from := i
		for i < len(b) && b[i] >= '0' && b[i] <= '9' {
			i++
		}
		return i > from
	}
	if b[i] == '-' {
		i++
	}
	first := i
	if !digits() || (b[first] == '0' && i > first+1) {
		c.i = i
		return c.fail("a malformed number")
	}
	if i < len(b) && b[i] == '.' {
		i++
		if !digits() {
			c.i = i
			return c.fail("a malformed number")
		}
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		if !digits() {
			c.i = i
			return c.fail("a malformed number")
		}
	}
	c.i = i
	return nil
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// special reports whether one of eight bytes is a quote, a backslash or a
// control character. Bytes over 0x7f never are.
func special(w uint64) bool {
	ascii := ^w & highs
	quote := w ^ (ones * '"')
	slash := w ^ (ones * '\\')
	hit := (w - ones*0x20) | (quote - ones) | (slash - ones)
	return hit&ascii != 0
}

func (c *checker) str() error {
	b, i := c.b, c.i+1
	for {
		for i+8 <= len(b) && !special(binary.LittleEndian.Uint64(b[i:])) {
			i += 8
		}
		if i >= len(b) {
			c.i = i
			return c.fail("the JSON is cut off inside a string")
		}
		switch ch := b[i]; {
		case ch == '"':
			c.i = i + 1
			return nil
		case ch == '\\':
			n, ok := escapeLen(b[i:])
			if !ok {
				c.i = i
				return c.fail("an unknown escape in a string")
			}
			i += n
		case ch < 0x20:
			c.i = i
			return c.fail("a control character inside a string")
		default:
			i++
		}
	}
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
