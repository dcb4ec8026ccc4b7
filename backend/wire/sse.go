package wire

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"

	"omniroute/backend/fault"
)

const (
	sseStart   = 8 << 10  // first buffer of a stream
	ssePooled  = 64 << 10 // larger buffers are left to the collector
	sseLarge   = 1 << 20
	sseLimit   = 32 << 20 // a line, and an event, may be this long
	sseMaxIdle = 100      // reads that bring nothing before giving up
)

var sseBuffers = sync.Pool{New: func() any { b := make([]byte, sseStart); return &b }}

// SSE reads server-sent events (formats.md section 5). It accepts LF, CRLF
// and CR, a byte order mark, comments, several data lines, `data:` without a
// space, and delivers a last event that lacks its blank line. A body that is
// bare JSON instead of events is delivered as one event. It asks its reader
// for more only when it has no whole event. Not for concurrent use.
type SSE struct {
	r      io.Reader
	pooled *[]byte
	buf    []byte // buf[base:end] is held: the event being read and what follows
	base   int    // start of the event being read
	pos    int    // start of the next line
	end    int
	err    error // what the reader ended with, delivered after the last event
	limit  int
	begun  bool // the first bytes were looked at
	skipLF bool // the line before ended with CR: a LF here belongs to it
	joined []byte
	names  [12]string // event names seen, so that each is allocated once
}

// NewSSE reads events from r. Close gives its buffer back.
func NewSSE(r io.Reader) *SSE {
	p := sseBuffers.Get().(*[]byte)
	return &SSE{r: r, pooled: p, buf: *p, limit: sseLimit}
}

// Close returns the buffer to the pool; data of the last Next is void then.
// It does not close the reader. Calling it twice is harmless.
func (s *SSE) Close() {
	if s.pooled == nil {
		return
	}
	if len(s.buf) <= ssePooled {
		*s.pooled = s.buf
		sseBuffers.Put(s.pooled)
	}
	s.pooled, s.buf, s.base, s.pos, s.end = nil, nil, 0, 0, 0
	if s.err == nil {
		s.err = io.EOF
	}
}

// Next returns the next event that has data. data is valid until the next
// call and is not checked to be JSON. At the end the error is io.EOF; a
// failing reader gives a *fault.Error: Canceled, Timeout or Truncated; an
// event over the limit Upstream.
func (s *SSE) Next() (event string, data []byte, err error) {
	if !s.begun {
		if whole, err := s.begin(); whole || err != nil {
			return "", s.takeAll(), err
		}
	}
	s.base = s.pos
	var name, first span // offsets from base: the buffer may move
	lines := 0
	for {
		line, ok := s.line()
		if !ok {
			if s.err != io.EOF || lines == 0 {
				return "", nil, s.err
			}
			break
		}
		if line.to == line.from {
			if lines > 0 && s.size(first, lines) > 0 {
				break
			}
			s.base, lines, name = s.pos, 0, span{}
			continue
		}
		field, value := s.field(line)
		switch string(field) {
		case "data":
			lines++
			if lines == 1 {
				first = value
			} else {
				s.join(first, value, lines)
			}
		case "event":
			name = value
		default:
			if lines == 0 && name == (span{}) { // a comment between events need not be held
				s.base = s.pos
			}
		}
	}
	if s.size(first, lines) == 0 {
		return "", nil, io.EOF
	}
	data = s.bytes(first)
	if lines > 1 {
		data = s.joined
	}
	return s.name(s.bytes(name)), data, nil
}

// span is a piece of the held bytes, counted from base.
type span struct{ from, to int }

func (s *SSE) bytes(p span) []byte { return s.buf[s.base+p.from : s.base+p.to] }

func (s *SSE) size(first span, lines int) int {
	if lines > 1 {
		return len(s.joined)
	}
	return first.to - first.from
}

func (s *SSE) join(first, value span, lines int) {
	if lines == 2 {
		s.joined = append(s.joined[:0], s.bytes(first)...)
	}
	s.joined = append(s.joined, '\n')
	s.joined = append(s.joined, s.bytes(value)...)
}

// field splits a line at its colon; a comment has an empty field.
func (s *SSE) field(line span) (field []byte, value span) {
	b := s.bytes(line)
	i := bytes.IndexByte(b, ':')
	if i < 0 {
		return b, span{line.to, line.to}
	}
	value = span{line.from + i + 1, line.to}
	if value.from < value.to && b[i+1] == ' ' {
		value.from++
	}
	return b[:i], value
}

// name returns the event's name, allocated once per name and stream.
func (s *SSE) name(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	for i, n := range s.names {
		if n == string(b) {
			return n
		}
		if n == "" {
			s.names[i] = string(b)
			return s.names[i]
		}
	}
	return string(b)
}

// line returns the next line without its end. At the end of the stream the
// rest counts as a line once.
func (s *SSE) line() (span, bool) {
	scanned := s.pos
	for {
		if s.skipLF && s.pos < s.end {
			s.skipLF = false
			if s.buf[s.pos] == '\n' {
				s.pos++
			}
			scanned = s.pos
		}
		if n := lineEnd(s.buf[scanned:s.end]); n >= 0 {
			at := scanned + n
			l := span{s.pos - s.base, at - s.base}
			s.skipLF = s.buf[at] == '\r'
			s.pos = at + 1
			return l, true
		}
		scanned = s.end
		if s.err != nil {
			if s.err == io.EOF && s.pos < s.end {
				l := span{s.pos - s.base, s.end - s.base}
				s.pos = s.end
				return l, true
			}
			return span{}, false
		}
		moved := s.fill()
		scanned -= moved
	}
}

// lineEnd finds the first CR or LF.
func lineEnd(b []byte) int {
	n := bytes.IndexByte(b, '\n')
	if n >= 0 {
		b = b[:n]
	}
	if r := bytes.IndexByte(b, '\r'); r >= 0 {
		return r
	}
	return n
}

// fill reads once more and tells how far the held bytes moved down. Errors
// are kept in s.err.
func (s *SSE) fill() (moved int) {
	if s.base > 0 && (s.base == s.end || s.end == len(s.buf)) {
		moved = s.base
		copy(s.buf, s.buf[s.base:s.end])
		s.pos -= moved
		s.end -= moved
		s.base = 0
	}
	if s.end == len(s.buf) {
		if len(s.buf) >= s.limit {
			s.err = fault.New(fault.Upstream, "wire.sse", "The upstream sent a stream event larger than %d MB.", s.limit>>20)
			return moved
		}
		grow := 2
		if len(s.buf) >= sseLarge { // fewer copies of what is large already
			grow = 8
		}
		bigger := make([]byte, min(grow*len(s.buf), s.limit))
		copy(bigger, s.buf[:s.end])
		s.buf = bigger
	}
	for range sseMaxIdle {
		n, err := s.r.Read(s.buf[s.end:])
		s.end += n
		if err != nil {
			s.err = readError(err)
			return moved
		}
		if n > 0 {
			return moved
		}
	}
	s.err = readError(io.ErrNoProgress)
	return moved
}

// begin drops a byte order mark and recognises a body that is bare JSON: it
// is read whole then.
func (s *SSE) begin() (whole bool, err error) {
	s.begun = true
	for {
		b := s.buf[s.pos:s.end]
		if rest, ok := bytes.CutPrefix(b, []byte("\ufeff")); ok {
			s.pos = s.end - len(rest)
			continue
		}
		partial := len(b) < 3 && bytes.HasPrefix([]byte("\ufeff"), b)
		if b = bytes.TrimLeft(b, " \t\r\n"); len(b) > 0 && !partial {
			if b[0] != '{' && b[0] != '[' {
				return false, nil
			}
			break
		}
		if s.err != nil {
			return false, nil
		}
		s.base = 0
		s.fill()
	}
	for s.err == nil {
		s.fill()
	}
	if s.err != io.EOF {
		return false, s.err
	}
	return true, nil
}

func (s *SSE) takeAll() []byte {
	b := bytes.TrimSpace(s.buf[s.pos:s.end])
	s.pos = s.end
	return b
}

// readError classifies how a body ended before its end.
func readError(err error) error {
	if err == io.EOF {
		return err
	}
	var known *fault.Error
	if errors.As(err, &known) {
		return known
	}
	var slow net.Error
	switch {
	case errors.Is(err, context.Canceled):
		return fault.As(context.Canceled).With(func(e *fault.Error) { e.Op, e.Err = "wire.sse", err })
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &slow) && slow.Timeout():
		return fault.Wrap(fault.Timeout, "wire.sse", err, "The upstream stopped sending in the middle of its answer.")
	}
	return fault.Wrap(fault.Truncated, "wire.sse", err, "The connection to the upstream broke in the middle of its answer.")
}

// AppendEvent appends one event; an empty name writes no event line. Line
// ends inside data become several data lines.
func AppendEvent(dst []byte, event string, data []byte) []byte {
	if event != "" {
		dst = append(dst, "event: "...)
		dst = append(dst, event...)
		dst = append(dst, '\n')
	}
	for {
		n := bytes.IndexByte(data, '\n')
		dst = append(dst, "data: "...)
		if n < 0 {
			dst = append(dst, data...)
			return append(dst, "\n\n"...)
		}
		dst = append(dst, data[:n]...)
		dst = append(dst, '\n')
		data = data[n+1:]
	}
}
