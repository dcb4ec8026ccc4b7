package responses

import (
	"bytes"
	"strconv"
	"strings"

	"omniroute/backend/fault"
	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// tapLine bounds a line, tapBody a whole body that is kept.
const (
	tapLine = 1 << 20
	tapBody = 8 << 20
)

func (codec) Tap(stream bool) wire.Tap {
	if stream {
		return &streamTap{lines: lines{limit: tapLine}, blank: true}
	}
	return &bodyTap{lines: lines{limit: tapBody}}
}

// seen is what both taps found out.
type seen struct {
	usage *llm.Usage
	stop  llm.StopReason
	model string
	ended bool
	err   error
	calls bool
}

func (s *seen) Usage() *llm.Usage    { return s.usage }
func (s *seen) Stop() llm.StopReason { return s.stop }
func (s *seen) Model() string        { return s.model }
func (s *seen) Ended() bool          { return s.ended }
func (s *seen) Err() error           { return s.err }

// final reads the response object of an answer's end.
func (s *seen) final(response []byte) {
	if m := jscan.Str(jscan.Get(response, "model")); m != "" {
		s.model = m
	}
	if u := usageOf(jscan.Get(response, "usage")); u != nil {
		s.usage = u
	}
	for _, item := range jscan.Elements(jscan.Get(response, "output")) {
		s.calls = s.calls || clientCall(jscan.Str(jscan.Get(item, "type")))
	}
	s.stop = stopOf(response, s.calls).Reason
}

// clientCall reports the items that ask the client to run something.
func clientCall(typ string) bool {
	return typ == "function_call" || typ == "custom_tool_call" || nativeByCall(typ) != nil
}

// streamTap watches a native stream line by line.
type streamTap struct {
	seen
	lines   lines
	content bool
	blank   bool // the last line ended an event, or nothing came yet
	named   bool // an event line came, its data did not yet
	begun   bool
	id      string
	created int64
	events  int64
	last    [160]byte // beginning of the last event: its sequence number
	lastLen int
}

func (t *streamTap) Write(b []byte) (int, error) {
	t.lines.feed(b, t.line)
	return len(b), nil
}

func (t *streamTap) Content() bool { return t.content }

// Boundary reports that a keep-alive may be inserted here.
func (t *streamTap) Boundary() bool { return t.blank && t.lines.whole() }

func (t *streamTap) line(head, tail []byte) {
	if len(head) == 0 {
		t.blank, t.named = true, false
		return
	}
	t.blank = false
	data := dataOf(head)
	if data == nil {
		t.named = t.named || bytes.HasPrefix(head, []byte("event:"))
		return
	}
	t.named = false
	t.events++
	t.lastLen = copy(t.last[:], data)
	switch typ := typeOf(data); typ {
	case "response.created":
		t.opening(data)
	case "response.in_progress", "response.queued", "keepalive", "response.content_part.added", "response.reasoning_summary_part.added":
	case "response.output_item.added":
		t.calls = t.calls || clientCall(jscan.Str(jscan.Path(data, "item", "type")))
	case "response.completed", "response.incomplete", "response.done":
		t.ended, t.content = true, true
		t.terminal(typ, data, tail)
	case "response.failed", "response.cancelled":
		t.ended = true
		t.terminal(typ, data, tail)
		if t.err == nil {
			t.err = errorOf(jscan.Get(data, "response"))
		}
	case "error":
		if t.err == nil {
			t.err = errorOf(data)
		}
	case "":
		if e := jscan.Get(data, "error"); !jscan.IsNull(e) && t.err == nil {
			t.err = errorOf(data)
		}
	default:
		if strings.HasPrefix(typ, "response.") {
			t.content = true
		}
	}
}

// opening reads who answers; the object may be long and is read once.
func (t *streamTap) opening(data []byte) {
	if t.begun {
		return
	}
	t.begun = true
	r := header(jscan.Get(data, "response"))
	t.id, t.model, t.created = r.ID, r.Model, r.Created
}

func (t *streamTap) terminal(typ string, data, tail []byte) {
	if tail == nil {
		t.final(jscan.Get(data, "response"))
		return
	}
	if u := usageOf(lastObject(tail, "usage")); u != nil {
		t.usage = u
	}
	t.stop = llm.StopEnd
	switch {
	case typ == "response.incomplete":
		t.stop = llm.StopLength
	case t.calls:
		t.stop = llm.StopToolCalls
	}
}

// Fail ends a stream that broke (R67). A torn event is made one that clients
// skip; then response.failed follows, after response.created when even that
// is missing.
func (t *streamTap) Fail(err error) []byte {
	a := newAnswer(nil)
	a.live, a.seq = true, t.sequence()+1
	a.begin(t.id, t.model, "", t.created)
	if t.id != "" {
		a.id = t.id
	}
	begun := t.begun
	if !t.Boundary() {
		with := skipped
		if !begun { // the SDK wants it to be the very first event
			w := writer{b: []byte(`"type":"response.created","sequence_number":0,"response":`)}
			a.object(&w, "in_progress", llm.Stop{}, nil, nil)
			with = string(w.b)
		}
		if a.closeTorn(t.lines.part, t.lines.over, t.named, with) {
			begun = true
		}
		a.seq++
	}
	if !begun {
		a.event("response.created")
		a.key("response")
		a.object(&a.writer, "in_progress", llm.Stop{}, nil, nil)
		a.endEvent()
	}
	a.event("response.failed")
	a.key("response")
	a.object(&a.writer, "failed", llm.Stop{}, t.usage, func(w *writer) { w.failure(err) })
	a.endEvent()
	return a.b
}

// sequence is the last event's number, or how many events came.
func (t *streamTap) sequence() int64 {
	const name = `"sequence_number":`
	head := t.last[:t.lastLen]
	if i := bytes.Index(head, []byte(name)); i >= 0 {
		digits := bytes.TrimLeft(head[i+len(name):], " ")
		n := 0
		for n < len(digits) && digits[n] >= '0' && digits[n] <= '9' {
			n++
		}
		if v, err := strconv.ParseInt(string(digits[:n]), 10, 64); err == nil && n < len(digits) {
			return v
		}
	}
	return t.events*2 + 1<<16 // unknown: above whatever was written
}

// bodyTap keeps a whole body and reads it when asked.
type bodyTap struct {
	seen
	lines lines
	n     int
	read  bool
}

// Write joins the lines again: white space between tokens means nothing.
func (t *bodyTap) Write(b []byte) (int, error) {
	t.n += len(b)
	t.read = false
	t.lines.hold(b)
	return len(b), nil
}

func (t *bodyTap) Content() bool        { return t.n > 0 }
func (t *bodyTap) Boundary() bool       { return false }
func (t *bodyTap) Fail(error) []byte    { return nil }
func (t *bodyTap) Usage() *llm.Usage    { return t.look().usage }
func (t *bodyTap) Stop() llm.StopReason { return t.look().stop }
func (t *bodyTap) Model() string        { return t.look().model }
func (t *bodyTap) Ended() bool          { return t.look().ended }
func (t *bodyTap) Err() error           { return t.look().err }

func (t *bodyTap) look() *seen {
	if t.read {
		return &t.seen
	}
	t.read = true
	body := t.lines.part
	if t.lines.over {
		tail := bytes.TrimSpace(t.lines.tail)
		t.model = header(body).Model
		t.usage = usageOf(lastObject(tail, "usage"))
		t.ended = len(tail) > 0 && tail[len(tail)-1] == '}'
		t.stop = llm.StopEnd
		return &t.seen
	}
	if jscan.Check(body) != nil || jscan.KindOf(body) != jscan.Object {
		if t.n > 0 {
			t.err = fault.New(fault.Upstream, "responses.tap", "The upstream's answer is not a whole response object.")
		}
		return &t.seen
	}
	t.ended = true
	t.final(body)
	if t.err = failure(body); t.err == nil && jscan.Get(body, "output") == nil && jscan.Get(body, "output_text") == nil {
		t.err = fault.New(fault.Upstream, "responses.tap", "The upstream's answer holds no output.")
	}
	return &t.seen
}
