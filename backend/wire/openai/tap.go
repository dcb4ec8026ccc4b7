package openai

import (
	"bytes"

	"omniroute/backend/fault"
	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

const (
	maxTapLine = 1 << 20 // longer lines are not looked at
	maxTapBody = 8 << 20 // larger bodies are not read for usage
)

// Tap watches a native answer; see wire.Tap.
func (Codec) Tap(stream bool) wire.Tap {
	if stream {
		return &streamTap{blank: true}
	}
	return &bodyTap{}
}

// streamTap cuts lines and looks into those that can matter: the first
// chunks, and those that hold usage, an error or a finish reason.
type streamTap struct {
	line    []byte   // the unfinished last line
	long    bool     // it is over the limit and skipped
	blank   bool     // the last byte ended an event
	pending bool     // the unfinished event has a data line already
	bare    *bodyTap // the host answers with JSON instead of events
	usage   *llm.Usage
	stop    llm.StopReason
	called  bool
	model   string
	content bool
	begun   bool
	any     bool // a choice was seen
	open    int  // choices seen that have not finished
	seen    [maxChoices]bool
	over    [maxChoices]bool
	done    bool
	err     error
}

func (t *streamTap) Write(b []byte) (int, error) {
	n := len(b)
	if !t.begun {
		text := bytes.TrimLeft(b, " \t\r\n")
		if t.begun = len(text) > 0; t.begun && (text[0] == '{' || text[0] == '[') {
			t.bare = &bodyTap{}
		}
	}
	if t.bare != nil {
		t.blank = false
		return t.bare.Write(b)
	}
	for len(b) > 0 {
		at := bytes.IndexByte(b, '\n')
		if at < 0 {
			t.keep(b)
			t.blank = false
			break
		}
		line := b[:at]
		b = b[at+1:]
		if t.long || len(t.line) > 0 {
			t.keep(line)
			line = t.line
		}
		line = bytes.TrimSuffix(line, []byte{'\r'})
		t.blank = len(line) == 0 && !t.long
		t.pending = !t.blank && (t.pending || t.long || bytes.HasPrefix(line, []byte("data:")))
		if !t.long {
			t.see(line)
		}
		t.line, t.long = t.line[:0], false
	}
	return n, nil
}

func (t *streamTap) keep(b []byte) {
	if t.long || len(t.line)+len(b) > maxTapLine {
		t.long, t.line = true, nil
		return
	}
	t.line = append(t.line, b...)
}

// see looks at one whole line.
func (t *streamTap) see(line []byte) {
	data, ok := bytes.CutPrefix(line, []byte("data:"))
	if !ok {
		return
	}
	data = bytes.TrimSpace(data)
	switch {
	case len(data) == 0:
	case bytes.HasPrefix(data, []byte("[DONE]")):
		t.done = true
	case !t.content || t.model == "" || bytes.Contains(data, []byte(`"error"`)) || bytes.Contains(data, []byte(`"usage"`)) || finishes(data):
		t.chunk(data)
	}
}

// finishes finds a finish_reason that is no null, without parsing.
func finishes(data []byte) bool {
	for {
		at := bytes.Index(data, []byte(`"finish_reason"`))
		if at < 0 {
			return false
		}
		data = bytes.TrimLeft(data[at+len(`"finish_reason"`):], ": ")
		if len(data) > 0 && data[0] == '"' {
			return true
		}
	}
}

func (t *streamTap) chunk(data []byte) {
	if jscan.KindOf(data) != jscan.Object {
		if jscan.KindOf(data) == jscan.Array && t.err == nil {
			t.err = decodeError("openai.tap", 0, nil, data)
		}
		return
	}
	var choices []byte
	failed := false
	for k, v := range jscan.Members(data) {
		switch string(k) {
		case "model":
			if t.model == "" {
				t.model = jscan.Str(v)
			}
		case "usage":
			t.count(v)
		case "x_groq":
			t.count(jscan.Get(v, "usage"))
		case "error":
			failed = isError(v)
		case "choices":
			choices = v
		}
	}
	if (failed || jscan.IsNull(choices) && saysError(data)) && t.err == nil {
		t.err = decodeError("openai.tap", 0, nil, data)
	}
	for i, v := range jscan.Elements(choices) {
		t.choice(i, v)
	}
}

func (t *streamTap) count(v []byte) {
	if u := readUsage(v); u != nil {
		t.usage = u
	}
}

func (t *streamTap) choice(index int, v []byte) {
	var delta []byte
	finish := ""
	for k, x := range jscan.Members(v) {
		switch string(k) {
		case "index":
			if n, ok := jscan.Int(x); ok {
				index = int(n)
			}
		case "delta", "message":
			delta = x
		case "finish_reason":
			finish = jscan.Str(x)
		case "usage":
			t.count(x)
		}
	}
	if index < 0 || index >= maxChoices {
		return
	}
	if !t.seen[index] {
		t.seen[index], t.any = true, true
		t.open++
	}
	if !t.content || !t.called {
		m := readMessage(delta)
		t.called = t.called || jscan.Len(m.toolCalls) > 0 || m.functionCall != nil
		t.content = t.content || t.called || m.shows()
	}
	if finish == "" {
		return
	}
	if failed(finish) && t.err == nil {
		t.err = brokenOff(finish)
	}
	if !t.over[index] {
		t.over[index] = true
		t.open--
	}
	if index == 0 {
		t.stop = stopOf(finish, t.called || finish == "tool_calls" || finish == "function_call").Reason
	}
}

// shows tells whether a message holds anything a person could see.
func (m *rawMessage) shows() bool {
	for _, v := range [...][]byte{m.content, m.refusal, m.audio, m.images} {
		if len(v) > 2 {
			return true
		}
	}
	return m.thoughts() != nil
}

// flush looks at a last line that lacks its end. Looking twice is harmless.
func (t *streamTap) flush() {
	if len(t.line) == 0 || t.long {
		return
	}
	data := bytes.TrimSpace(bytes.TrimPrefix(t.line, []byte("data:")))
	if bytes.HasPrefix(data, []byte("[DONE]")) || jscan.Check(data) == nil {
		t.see(t.line)
	}
}

func (t *streamTap) Usage() *llm.Usage {
	if t.bare != nil {
		return t.bare.Usage()
	}
	t.flush()
	return t.usage
}

func (t *streamTap) Stop() llm.StopReason {
	if t.bare != nil {
		return t.bare.Stop()
	}
	t.flush()
	return t.stop
}

func (t *streamTap) Model() string {
	if t.bare != nil {
		return t.bare.Model()
	}
	return t.model
}

func (t *streamTap) Content() bool {
	if t.bare != nil {
		return t.bare.Content()
	}
	return t.content
}

func (t *streamTap) Err() error {
	if t.bare != nil {
		return t.bare.Err()
	}
	t.flush()
	return t.err
}

// Ended is true after [DONE], or when every choice seen has finished: some
// hosts omit [DONE] (formats.md 5.5).
func (t *streamTap) Ended() bool {
	if t.bare != nil {
		return t.bare.Ended()
	}
	t.flush()
	return t.err == nil && (t.done || t.any && t.open == 0)
}

// Final reports that [DONE] was seen: counters may follow the last finish
// reason, but nothing follows this.
func (t *streamTap) Final() bool {
	t.flush()
	return t.done
}

func (t *streamTap) Boundary() bool { return t.blank }

// Fail ends the stream with an error event. A chunk that was torn becomes
// that event: what is open inside it is closed and the error is added as a
// member, so that the SDK reads one valid event and throws an APIError.
func (t *streamTap) Fail(err error) []byte {
	if t.done || t.bare != nil {
		return nil
	}
	e := fault.As(err)
	if e == nil {
		e = fault.New(fault.Truncated, "openai.tap", "The upstream's answer broke off before its end.")
	}
	if t.blank || len(t.line) == 0 && !t.long && !t.pending { // between events, or after an event line
		return appendErrorEvent(nil, e)
	}
	data, isData := bytes.CutPrefix(t.line, []byte("data:"))
	switch {
	case t.long || t.pending:
	case isData:
		suffix, ok := closeToTop(bytes.TrimLeft(data, " "))
		if !ok {
			break
		}
		event := appendError(nil, e)
		if suffix != nil { // the inside of {"error":…} joins the torn object
			event = append(suffix, event[1:]...)
		}
		return append(event, "\n\n"...)
	case string(t.line) == "data":
		return append(appendError([]byte(": "), e), "\n\n"...)
	default: // no data yet: a blank line here would be an event without any
		return appendErrorEvent([]byte{'\n'}, e)
	}
	return appendErrorEvent([]byte("\n\n"), e)
}

// bodyTap keeps a whole body, up to a limit, and reads it when asked.
type bodyTap struct {
	body   []byte
	last   byte
	large  bool
	parsed bool
	usage  *llm.Usage
	stop   llm.StopReason
	model  string
	shown  bool
	whole  bool
	err    error
}

func (t *bodyTap) Write(b []byte) (int, error) {
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] > ' ' {
			t.last = b[i]
			break
		}
	}
	if t.large || len(t.body)+len(b) > maxTapBody {
		t.large, t.body = true, nil
	} else {
		t.body = append(t.body, b...)
		t.parsed = false
	}
	return len(b), nil
}

func (t *bodyTap) read() {
	if t.parsed || t.large {
		return
	}
	t.parsed = true
	if t.whole = jscan.Check(t.body) == nil; !t.whole {
		return
	}
	r, err := Codec{}.DecodeResponse(t.body)
	if err != nil {
		t.err = err
		return
	}
	t.usage, t.model = r.Usage, r.Model
	t.stop = r.Candidates[0].Stop.Reason
	for i := range r.Candidates {
		t.shown = t.shown || len(r.Candidates[i].Parts) > 0
	}
}

func (t *bodyTap) Usage() *llm.Usage    { t.read(); return t.usage }
func (t *bodyTap) Stop() llm.StopReason { t.read(); return t.stop }
func (t *bodyTap) Model() string        { t.read(); return t.model }
func (t *bodyTap) Content() bool        { t.read(); return t.shown || t.large }
func (t *bodyTap) Err() error           { t.read(); return t.err }
func (t *bodyTap) Fail(error) []byte    { return nil }
func (t *bodyTap) Boundary() bool       { return false }

// Ended is true for a body that is one whole JSON value. A body too large to
// keep is believed when it ends like one.
func (t *bodyTap) Ended() bool {
	t.read()
	if t.large {
		return t.last == '}'
	}
	return t.whole && t.err == nil
}
