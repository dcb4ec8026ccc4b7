package gemini

import (
	"bytes"

	"omniroute/backend/fault"
	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

const (
	tapEvent = 1 << 20 // an event of a stream beyond this is not looked at
	tapBody  = 8 << 20 // nor a whole body beyond this
)

// Tap implements wire.Codec. It tells events from a JSON array by their
// first byte.
func (c codec) Tap(stream bool) wire.Tap {
	t := &tap{codec: c, stream: stream, limit: tapEvent, blank: true}
	if !stream {
		t.limit = tapBody
	}
	return t
}

type tap struct {
	codec
	stream bool
	limit  int
	mode   tapMode
	held   []byte // a line or an object that is not complete
	skip   bool   // it is over the limit
	blank  bool   // events: the last line was empty
	json   splitter

	model    string
	counted  []byte // the last object with usage
	stop     llm.StopReason
	called   bool
	content  bool
	finished bool
	err      error
}

type tapMode uint8

const (
	tapUndecided tapMode = iota
	tapEvents
	tapJSON
)

// Write implements wire.Tap.
func (t *tap) Write(b []byte) (int, error) {
	n := len(b)
	if t.mode == tapUndecided {
		head := bytes.TrimLeft(b, "\ufeff \t\r\n")
		if len(head) == 0 {
			return n, nil
		}
		t.mode = tapEvents
		if head[0] == '[' || head[0] == '{' {
			t.mode = tapJSON
		}
	}
	if t.mode == tapJSON {
		t.values(b)
	} else {
		t.lines(b)
	}
	return n, nil
}

// lines cuts events at their line ends; Google puts each into one line.
func (t *tap) lines(b []byte) {
	for len(b) > 0 {
		i := bytes.IndexByte(b, '\n')
		if i < 0 {
			t.hold(b)
			return
		}
		line := b[:i]
		if len(t.held) > 0 || t.skip {
			t.hold(line)
			line = t.held
		}
		line = bytes.TrimSuffix(line, []byte("\r"))
		t.blank = len(line) == 0 && !t.skip
		if data, ok := bytes.CutPrefix(line, []byte("data:")); ok && !t.skip {
			t.see(data)
		}
		t.held, t.skip = t.held[:0], false
		b = b[i+1:]
	}
}

// hold keeps the piece of a line or object that is not complete.
func (t *tap) hold(b []byte) {
	if t.skip || len(t.held)+len(b) > t.limit {
		t.skip = true
		t.held = t.held[:0]
		return
	}
	t.held = append(t.held, b...)
}

// values cuts a JSON array, or a single object, into objects.
func (t *tap) values(b []byte) {
	for len(b) > 0 {
		n, done := t.json.next(b)
		if !done {
			if t.json.inside {
				t.hold(b)
			}
			return
		}
		v := b[:n]
		if len(t.held) > 0 || t.skip {
			t.hold(v)
			v = t.held
		}
		if !t.skip {
			if i := bytes.IndexByte(v, '{'); i >= 0 {
				t.see(v[i:])
			}
		}
		t.held, t.skip = t.held[:0], false
		b = b[n:]
	}
}

// splitter finds the ends of the objects in a JSON array or a row of objects.
type splitter struct {
	depth  int
	inside bool // an object is open
	quoted bool
	escape bool
	comma  bool // the last object was followed by a comma
	any    bool // an object has ended
}

// next returns the index after the object that ends in b.
func (s *splitter) next(b []byte) (int, bool) {
	for i := 0; i < len(b); i++ {
		c := b[i]
		switch {
		case s.escape:
			s.escape = false
		case s.quoted:
			q := bytes.IndexAny(b[i:], `"\`)
			if q < 0 {
				return 0, false
			}
			i += q
			s.escape = b[i] == '\\'
			s.quoted = s.escape
		case c == '"':
			s.quoted = true
		case c == '{':
			s.depth++
			s.inside = true
		case c == '}':
			if s.depth--; s.depth <= 0 {
				s.depth, s.inside, s.comma, s.any = 0, false, false, true
				return i + 1, true
			}
		case c == ',' && !s.inside:
			s.comma = true
		}
	}
	return 0, false
}

// see looks at one object. Most are text only: they are searched for the few
// words that matter and not read. The words lack their first quote, because
// a search for a rarer first byte is ten times as fast.
func (t *tap) see(v []byte) {
	if bytes.Contains(v, []byte(`usageMetadata"`)) {
		t.counted = append(t.counted[:0], v...)
	}
	t.called = t.called || bytes.Contains(v, []byte(`functionCall"`))
	if t.content && t.model != "" && !bytes.Contains(v, []byte(`finishReason"`)) && !bytes.Contains(v, []byte(`blockReason"`)) &&
		(t.err != nil || !bytes.Contains(v, []byte(`error"`))) {
		return
	}
	if jscan.Check(v) != nil {
		return
	}
	a := readAnswer(v)
	if a.failure != nil && t.err == nil {
		t.err = t.DecodeError(200, nil, v)
	}
	if m := jscan.Str(a.model); m != "" {
		t.model = m
	}
	if a.blocked != "" {
		t.finished, t.stop = true, llm.StopFilter
	}
	for i, c := range jscan.Elements(a.candidates) {
		p := readPiece(c, i)
		t.content = t.content || shows(p.parts)
		if p.finish != "" {
			t.finished = true
			if p.index == 0 {
				t.stop = reasonOf(p.finish)
			}
		}
	}
}

// shows reports parts with anything a person could see.
func shows(parts []byte) bool {
	for _, v := range jscan.Elements(parts) {
		s := scanPart(v)
		if s.call != nil || s.inline != nil || s.file != nil || s.server != "" || s.text != nil && !emptyText(s.text) {
			return true
		}
	}
	return false
}

// Usage implements wire.Tap.
func (t *tap) Usage() *llm.Usage {
	if t.counted == nil || jscan.Check(t.counted) != nil {
		return nil
	}
	return readUsage(readAnswer(t.counted).usage)
}

// Stop implements wire.Tap.
func (t *tap) Stop() llm.StopReason {
	if t.stop == llm.StopEnd && t.called {
		return llm.StopToolCalls
	}
	return t.stop
}

// Model implements wire.Tap.
func (t *tap) Model() string { return t.model }

// Content implements wire.Tap.
func (t *tap) Content() bool { return t.content }

// Ended implements wire.Tap.
func (t *tap) Ended() bool { return t.finished }

// Final reports that the counters have come, too: they may follow the finish
// reason in a chunk of their own.
func (t *tap) Final() bool { return t.finished && t.counted != nil }

// Err implements wire.Tap.
func (t *tap) Err() error { return t.err }

// Boundary implements wire.Tap. A JSON array has no place for a sign of life.
func (t *tap) Boundary() bool {
	return t.mode != tapJSON && t.blank && len(t.held) == 0 && !t.skip
}

// Fail implements wire.Tap.
func (t *tap) Fail(err error) []byte {
	if !t.stream {
		return nil
	}
	var b []byte
	if t.mode == tapJSON || t.mode == tapUndecided && t.array {
		switch {
		case t.mode == tapUndecided:
			b = append(b, '[')
		case t.json.inside, t.json.any && !t.json.comma: // a torn object cannot be mended
			b = append(b, ",\n"...)
		}
		return append(appendError(b, fault.As(err), ""), ']')
	}
	if !t.Boundary() {
		b = append(b, "\n\n"...)
	}
	b = append(b, "data: "...)
	return append(appendError(b, fault.As(err), ""), "\n\n"...)
}
