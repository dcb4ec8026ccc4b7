package responses

import (
	"bytes"
)

// skipped is the event type that the SDK passes over (its accumulator throws
// on every type it does not know); Codex drops events it cannot parse.
const skipped = `"type":"keepalive"`

// closeTorn ends an event that broke off in the middle, so that the next one
// is read: its JSON is completed and its type overridden by a second one,
// the last of which counts. Nothing is made up that a client would show.
//
// with holds the members that override, skipped or those of an event the
// client must see. It reports whether they could be written.
func (w *writer) closeTorn(part []byte, over, named bool, with string) bool {
	data := dataOf(part)
	switch {
	case over: // most of the line is gone: the JSON cannot be completed
		w.lit("\n\n")
		return false
	case len(part) == 0 && !named: // the data is whole, only the blank line is missing
		w.lit("\n")
		return false
	case data == nil || len(bytes.TrimSpace(data)) == 0 && len(part) < len("data: "):
		if len(part) > 0 {
			w.lit("\n")
		}
		w.lit("data: {" + with + "}\n\n")
	case len(bytes.TrimSpace(data)) == 0:
		w.lit("{" + with + "}\n\n")
	case data[0] != '{': // [DONE, or nothing of this format
		w.lit("\n\n")
		return false
	default:
		ok := w.complete(data, with)
		w.lit("\n\n")
		return ok
	}
	return true
}

// complete writes what must follow data, the beginning of a JSON object, to
// make it a whole one in which the members of with count. It reports false
// for an object that is whole already.
func (w *writer) complete(data []byte, with string) bool {
	s := scanTorn(data)
	w.lit(s.token())
	for n := len(s.stack); n > 1; n-- {
		if s.stack[n-1] == '{' {
			w.end('}')
		} else {
			w.end(']')
		}
	}
	if len(s.stack) == 0 {
		return false
	}
	if !s.empty || len(s.stack) > 1 {
		w.end(',')
	}
	w.lit(with + "}")
	return true
}

// torn is where in a JSON text the bytes end.
type torn struct {
	stack  []byte // open brackets
	str    bool   // inside a string
	escape int    // bytes of an escape sequence that have come, 0 = none
	isKey  bool   // the string is a member's name
	want   byte   // 'k' a name, ':' a colon, 'v' a value, ',' a comma or an end
	word   []byte // a literal or number that has begun
	empty  bool   // nothing stands in the innermost bracket yet
}

func scanTorn(data []byte) *torn {
	s := &torn{want: 'v'}
	for _, c := range data {
		if s.str {
			s.inString(c)
			continue
		}
		switch c {
		case ' ', '\t', '\r', '\n':
			s.endWord()
		case '"':
			s.str, s.isKey, s.empty = true, s.want == 'k', false
		case '{', '[':
			s.stack = append(s.stack, c)
			s.empty, s.want = true, 'v'
			if c == '{' {
				s.want = 'k'
			}
		case '}', ']':
			s.endWord()
			if n := len(s.stack); n > 0 {
				s.stack = s.stack[:n-1]
			}
			s.empty, s.want = false, ','
		case ':':
			s.want = 'v'
		case ',':
			s.endWord()
			s.want = 'v'
			if n := len(s.stack); n > 0 && s.stack[n-1] == '{' {
				s.want = 'k'
			}
		default:
			s.word = append(s.word, c)
			s.empty = false
		}
	}
	return s
}

func (s *torn) inString(c byte) {
	switch {
	case s.escape == 1 && c != 'u':
		s.escape = 0
	case s.escape > 0:
		if s.escape++; s.escape == 6 {
			s.escape = 0
		}
	case c == '\\':
		s.escape = 1
	case c == '"':
		s.str = false
		s.want = ','
		if s.isKey {
			s.want = ':'
		}
	}
}

func (s *torn) endWord() {
	if len(s.word) > 0 {
		s.word, s.want = nil, ','
	}
}

// token completes what is being written: a string, a number, a literal, or a
// member without its value.
func (s *torn) token() string {
	if s.str {
		end := ""
		switch {
		case s.escape == 1:
			end = `\`
		case s.escape > 1:
			end = "0000"[:6-s.escape]
		}
		if s.isKey {
			return end + `":null`
		}
		return end + `"`
	}
	if len(s.word) > 0 {
		for _, full := range [...]string{"true", "false", "null"} {
			if bytes.HasPrefix([]byte(full), s.word) {
				return full[len(s.word):]
			}
		}
		if c := s.word[len(s.word)-1]; c < '0' || c > '9' {
			return "0"
		}
		return ""
	}
	switch s.want {
	case ':':
		return ":null"
	case 'v':
		if !s.empty {
			return "null"
		}
	case 'k':
		if !s.empty {
			return `"_":null`
		}
	}
	return ""
}
