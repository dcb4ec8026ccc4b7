package openai

import "bytes"

// closeToTop takes the beginning of a JSON object and returns what to append
// so that only the outermost object stays open, ready for a further member:
// v and the suffix together end in a comma or in the opening brace. ok is
// false when v is no beginning of an object or the object is already closed;
// an empty v gives nil.
func closeToTop(v []byte) (suffix []byte, ok bool) {
	if len(v) == 0 {
		return nil, true
	}
	s := tornScan{}
	for i := range v {
		if !s.step(v[i]) {
			return nil, false
		}
	}
	if len(s.stack) == 0 {
		return nil, false
	}
	return s.finish(v), true
}

// tornScan follows JSON text and knows what would complete it.
type tornScan struct {
	stack  []byte // '{' or '[' for each open level
	text   bool   // inside a string
	escape bool   // after a backslash
	hex    int    // digits of \u still to come
	key    bool   // the string is, or the next string will be, a key
	state  byte   // what stands at the end: '{' '[' ',' ':' or 'v' after a value
}

func (s *tornScan) step(c byte) bool {
	switch {
	case s.hex > 0:
		s.hex--
	case s.escape:
		s.escape = false
		if c == 'u' {
			s.hex = 4
		}
	case s.text:
		switch c {
		case '\\':
			s.escape = true
		case '"':
			s.text = false
			s.state = 'v'
			if s.key {
				s.state = 'k'
			}
		}
	case c == ' ' || c == '\t' || c == '\r' || c == '\n':
	case len(s.stack) == 0:
		if c != '{' || s.state != 0 {
			return false
		}
		s.push(c)
	case c == '"':
		s.text, s.key = true, s.stack[len(s.stack)-1] == '{' && s.state != ':'
	case c == '{' || c == '[':
		s.push(c)
	case c == '}' || c == ']':
		s.stack = s.stack[:len(s.stack)-1]
		s.state = 'v'
	case c == ',' || c == ':':
		s.state = c
	default:
		s.state = 'w' // inside a number or a word
	}
	return true
}

func (s *tornScan) push(c byte) {
	s.stack = append(s.stack, c)
	s.state = c
}

// finish completes the value at the end, closes all levels but the outermost
// and prepares for another member.
func (s *tornScan) finish(v []byte) []byte {
	out := []byte{}
	if s.text {
		switch {
		case s.escape:
			out = append(out, '\\')
		default:
			out = append(out, "0000"[:s.hex]...)
		}
		out = append(out, '"')
		s.state = 'v'
		if s.key {
			s.state = 'k'
		}
	}
	switch s.state {
	case 'k':
		out = append(out, ":null"...)
	case ':':
		out = append(out, "null"...)
	case 'w':
		out = append(out, restOfWord(v)...)
	case ',':
		if s.stack[len(s.stack)-1] == '[' {
			out = append(out, "null"...)
		} else if len(s.stack) > 1 {
			out = append(out, `"":null`...)
		}
	}
	for i := len(s.stack) - 1; i > 0; i-- {
		if s.stack[i] == '{' {
			out = append(out, '}')
		} else {
			out = append(out, ']')
		}
		s.state = 'v'
	}
	if s.state != '{' && s.state != ',' {
		out = append(out, ',')
	}
	return out
}

// restOfWord completes true, false, null or a number.
func restOfWord(v []byte) string {
	at := bytes.LastIndexAny(v, "{[,:\" \t\r\n") + 1
	word := string(v[at:])
	if word == "" { // it was complete, and white space followed
		return ""
	}
	for _, full := range [...]string{"true", "false", "null"} {
		if len(word) < len(full) && full[:len(word)] == word {
			return full[len(word):]
		}
	}
	switch word[len(word)-1] {
	case '-', '+', '.', 'e', 'E':
		if word[len(word)-1] == 'e' && (word == "true" || word == "false") {
			return ""
		}
		return "0"
	}
	return ""
}
