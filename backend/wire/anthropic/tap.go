package anthropic

import (
	"bytes"

	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

const (
	tapLine = 1 << 20 // longer lines are skipped, not stored
	tapBody = 8 << 20 // of a longer body only head and tail are kept
	tapEnds = 64 << 10
)

// Tap watches a native answer.
func (codec) Tap(stream bool) wire.Tap {
	if stream {
		return &streamTap{}
	}
	return &bodyTap{}
}

// streamTap reads the few events that matter for the books. Once content has
// passed, a delta costs two searches for a line end.
type streamTap struct {
	line    []byte // a line that is not whole yet
	skip    bool   // its rest is skipped: too long
	delta   bool   // the event being read is a content_block_delta
	begun   bool   // any byte has passed
	blank   bool   // the last whole line was empty
	counts  counts
	stop    llm.StopReason
	calls   bool
	model   string
	content bool
	ended   bool
	err     error
}

func (t *streamTap) Write(p []byte) (int, error) {
	n := len(p)
	t.begun = t.begun || n > 0
	for len(p) > 0 {
		end := bytes.IndexByte(p, '\n')
		if end < 0 {
			t.keep(p)
			break
		}
		line := p[:end]
		if len(t.line) > 0 {
			t.keep(line)
			line = t.line
		}
		if !t.skip {
			t.take(bytes.TrimSuffix(line, []byte{'\r'}))
		}
		t.line, t.skip = t.line[:0], false
		p = p[end+1:]
	}
	return n, nil
}

func (t *streamTap) keep(p []byte) {
	if t.skip || len(t.line)+len(p) > tapLine {
		t.skip, t.line = true, t.line[:0]
		return
	}
	t.line = append(t.line, p...)
}

func (t *streamTap) take(line []byte) {
	t.blank = len(line) == 0
	switch {
	case t.blank:
		t.delta = false
	case bytes.HasPrefix(line, []byte("event:")):
		t.delta = bytes.HasSuffix(line, []byte("content_block_delta"))
	case bytes.HasPrefix(line, []byte("data:")):
		if !t.delta || !t.content {
			t.event(line[len("data:"):])
		}
	}
}

func (t *streamTap) event(data []byte) {
	if t.content && bytes.Contains(data[:min(len(data), 64)], []byte(`"content_block_delta"`)) {
		return
	}
	if jscan.Check(data) != nil {
		return
	}
	var e streamEvent
	e.scan(data)
	switch e.kind {
	case "message_start":
		t.model = jscan.Str(jscan.Get(e.message, "model"))
		t.counts.overlay(jscan.Get(e.message, "usage"))
	case "content_block_start":
		switch kind := jscan.Str(jscan.Get(e.block, "type")); kind {
		case "text", "thinking", "":
		default:
			t.content = true
			t.calls = t.calls || kind == "tool_use"
		}
	case "content_block_delta":
		t.content = true
	case "message_delta":
		t.counts.overlay(e.usage)
		if word := jscan.Str(jscan.Get(e.delta, "stop_reason")); word != "" {
			t.stop = ended(llm.Stop{Reason: readStop(word)}, t.calls).Reason
		}
	case "message_stop":
		t.ended = true
	case "":
		if wire.Refused(data) {
			t.err = codec{}.DecodeError(200, nil, data)
		}
	case "error":
		t.err = codec{}.DecodeError(200, nil, data)
	}
}

func (t *streamTap) Usage() *llm.Usage    { return t.counts.usage() }
func (t *streamTap) Stop() llm.StopReason { return t.stop }
func (t *streamTap) Model() string        { return t.model }
func (t *streamTap) Content() bool        { return t.content }
func (t *streamTap) Ended() bool          { return t.ended }
func (t *streamTap) Err() error           { return t.err }
func (t *streamTap) Boundary() bool       { return t.blank && len(t.line) == 0 && !t.skip }

// Fail ends a broken stream with an error event. A torn event before it is
// renamed to a ping, which the SDK skips without looking at its data.
func (t *streamTap) Fail(err error) []byte {
	var b []byte
	if t.begun && !t.Boundary() {
		b = append(b, "\nevent: ping\n\n"...)
	}
	return errorEvent(b, err)
}

// bodyTap keeps a whole answer and reads it when it is asked.
type bodyTap struct {
	body []byte
	tail []byte // of a body over tapBody
	size int
	read int // the size that was read
	r    *llm.Response
	err  error
}

func (t *bodyTap) Write(p []byte) (int, error) {
	t.size += len(p)
	if t.size <= tapBody {
		t.body = append(t.body, p...)
		return len(p), nil
	}
	if t.tail == nil {
		t.tail = append(make([]byte, 0, 2*tapEnds), t.body[max(0, len(t.body)-tapEnds):]...)
		t.body = bytes.Clone(t.body[:min(len(t.body), tapEnds)])
	}
	t.tail = append(t.tail, p[max(0, len(p)-tapEnds):]...)
	if len(t.tail) > tapEnds {
		t.tail = t.tail[:copy(t.tail, t.tail[len(t.tail)-tapEnds:])]
	}
	return len(p), nil
}

// look reads the body once it is whole; of one too long only the counters
// and the reason, which stand at its end.
func (t *bodyTap) look() *llm.Response {
	if t.read == t.size {
		return t.r
	}
	t.read, t.r, t.err = t.size, nil, nil
	if t.tail != nil {
		t.r = t.ends()
		return t.r
	}
	if jscan.Check(t.body) == nil {
		t.r, t.err = codec{}.DecodeResponse(t.body)
	}
	return t.r
}

func (t *bodyTap) ends() *llm.Response {
	r := &llm.Response{Candidates: make([]llm.Candidate, 1)}
	r.Model = jscan.Str(after(t.body, `"model":`, bytes.Index))
	r.Candidates[0].Stop.Reason = readStop(jscan.Str(after(t.tail, `"stop_reason":`, bytes.LastIndex)))
	var n counts
	n.overlay(after(t.tail, `"usage":`, bytes.LastIndex))
	r.Usage = n.usage()
	return r
}

// after is the value behind a key in a piece of JSON.
func after(b []byte, key string, find func(s, sep []byte) int) []byte {
	i := find(b, []byte(key))
	if i < 0 {
		return nil
	}
	for _, v := range jscan.Elements(append([]byte{'['}, b[i+len(key):]...)) {
		return v
	}
	return nil
}

func (t *bodyTap) Usage() *llm.Usage {
	if r := t.look(); r != nil {
		return r.Usage
	}
	return nil
}

func (t *bodyTap) Stop() llm.StopReason {
	if r := t.look(); r != nil {
		return r.Candidates[0].Stop.Reason
	}
	return llm.StopUnknown
}

func (t *bodyTap) Model() string {
	if r := t.look(); r != nil {
		return r.Model
	}
	return ""
}

// Content reports that a block has begun to pass.
func (t *bodyTap) Content() bool {
	head := t.body[:min(len(t.body), tapEnds)]
	if i := bytes.Index(head, []byte(`"content":`)); i >= 0 {
		rest := bytes.TrimLeft(head[i+len(`"content":`):], " \t\r\n[")
		return len(rest) > 0 && rest[0] == '{'
	}
	return false
}

// Ended reports a whole message; of a body too long to keep, one that ends
// like an object.
func (t *bodyTap) Ended() bool {
	if t.tail != nil {
		return bytes.HasSuffix(bytes.TrimRight(t.tail, " \t\r\n"), []byte{'}'})
	}
	return t.look() != nil
}

func (t *bodyTap) Err() error            { t.look(); return t.err }
func (t *bodyTap) Fail(err error) []byte { return nil }
func (t *bodyTap) Boundary() bool        { return false }
