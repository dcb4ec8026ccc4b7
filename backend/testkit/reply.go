package testkit

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"omniroute/backend/wire"
)

// Reply is an answer of the gateway, read to its end.
type Reply struct {
	Status int
	Header http.Header
	Body   []byte
	Err    error // how the body ended, nil = regularly

	t testing.TB
}

// Post sends a body and reads the whole answer. Headers come in pairs.
func (g *Gateway) Post(path, body string, headers ...string) *Reply {
	g.t.Helper()
	return g.Do("POST", path, strings.NewReader(body), headers...)
}

// Get reads a path.
func (g *Gateway) Get(path string, headers ...string) *Reply {
	g.t.Helper()
	return g.Do("GET", path, nil, headers...)
}

// Ask sends a minimal request of a format.
func (g *Gateway) Ask(f wire.Format, model string, stream bool, headers ...string) *Reply {
	g.t.Helper()
	path, body := Ask(f, model, "hi", stream)
	return g.Post(path, body, headers...)
}

// Do sends a request and reads the whole answer.
func (g *Gateway) Do(method, path string, body io.Reader, headers ...string) *Reply {
	g.t.Helper()
	return g.read(g.Open(method, path, body, headers...))
}

// Send sends a body of an announced length, -1 = chunked, and reads the whole
// answer.
func (g *Gateway) Send(method, path string, body io.Reader, length int64, headers ...string) *Reply {
	g.t.Helper()
	req := g.request(method, path, body, headers)
	req.ContentLength = length
	return g.read(g.send(req))
}

func (g *Gateway) read(resp *http.Response) *Reply {
	defer resp.Body.Close()
	r := &Reply{Status: resp.StatusCode, Header: resp.Header, t: g.t}
	r.Body, r.Err = io.ReadAll(resp.Body)
	return r
}

// Open sends a request and leaves the body to the caller.
func (g *Gateway) Open(method, path string, body io.Reader, headers ...string) *http.Response {
	g.t.Helper()
	return g.send(g.request(method, path, body, headers))
}

func (g *Gateway) request(method, path string, body io.Reader, headers []string) *http.Request {
	g.t.Helper()
	req, err := http.NewRequest(method, g.URL+path, body)
	if err != nil {
		g.t.Fatal(err)
	}
	req.Header = header(headers)
	if host := req.Header.Get("Host"); host != "" {
		req.Host = host
	}
	return req
}

func (g *Gateway) send(req *http.Request) *http.Response {
	g.t.Helper()
	resp, err := g.Client.Do(req)
	if err != nil {
		g.t.Fatalf("%s %s: %v", req.Method, req.URL.Path, err)
	}
	return resp
}

// ID is the request id of the reply.
func (r *Reply) ID() string { return r.Header.Get("X-OmniRoute-Request-Id") }

// String shows a reply in a message.
func (r *Reply) String() string {
	return http.StatusText(r.Status) + " " + short(r.Body)
}

// JSON is the body, which must be one object.
func (r *Reply) JSON() map[string]any {
	r.t.Helper()
	out := map[string]any{}
	if err := json.Unmarshal(r.Body, &out); err != nil {
		r.t.Fatalf("no JSON object: %d %s", r.Status, short(r.Body))
	}
	return out
}

// Event is one server-sent event.
type Event struct{ Name, Data string }

// Events splits a body into server-sent events; comments are left out.
func (r *Reply) Events() []Event { return SplitEvents(r.Body) }

// SplitEvents splits a stream into its events, without any decoder of ours.
func SplitEvents(body []byte) (out []Event) {
	for _, block := range strings.Split(strings.ReplaceAll(string(body), "\r\n", "\n"), "\n\n") {
		var ev Event
		var data []string
		for _, line := range strings.Split(block, "\n") {
			if v, ok := strings.CutPrefix(line, "data:"); ok {
				data = append(data, strings.TrimPrefix(v, " "))
			} else if v, ok := strings.CutPrefix(line, "event:"); ok {
				ev.Name = strings.TrimSpace(v)
			}
		}
		if data != nil {
			ev.Data = strings.Join(data, "\n")
			out = append(out, ev)
		}
	}
	return out
}

// Text is what the person at the client reads, streamed or not, and whether
// the answer says of itself that it is complete.
func (r *Reply) Text(f wire.Format) (text string, complete bool) {
	r.t.Helper()
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "text/event-stream") {
		return wholeText(f, r.Body)
	}
	return StreamText(f, r.Body)
}

// wholeText reads a whole answer, or Ollama's lines.
func wholeText(f wire.Format, body []byte) (text string, complete bool) {
	var b strings.Builder
	switch {
	case f == wire.Ollama:
		for line := range bytes.Lines(body) {
			v := value(line)
			b.WriteString(str(v, "message", "content"))
			complete = at(v, "done") == true
		}
		return b.String(), complete
	case f == wire.Gemini && bytes.HasPrefix(bytes.TrimSpace(body), []byte("[")):
		list, _ := value(body).([]any)
		for _, v := range list {
			b.WriteString(piece(f, v))
			complete = complete || finished(f, "", v)
		}
		return b.String(), complete
	}
	v := value(body)
	switch f {
	case wire.OpenAIChat:
		return str(v, "choices", 0, "message", "content"), str(v, "choices", 0, "finish_reason") != ""
	case wire.OpenAIResponses:
		items, _ := at(v, "output").([]any)
		for _, item := range items {
			parts, _ := at(item, "content").([]any)
			for _, p := range parts {
				b.WriteString(str(p, "text"))
			}
		}
		return b.String(), str(v, "status") == "completed"
	case wire.Anthropic:
		parts, _ := at(v, "content").([]any)
		for _, p := range parts {
			b.WriteString(str(p, "text"))
		}
		return b.String(), str(v, "stop_reason") != ""
	}
	return piece(f, v), finished(f, "", v)
}

// StreamText reads a stream of server-sent events.
func StreamText(f wire.Format, body []byte) (text string, complete bool) {
	var b strings.Builder
	for _, ev := range SplitEvents(body) {
		v := value([]byte(ev.Data))
		b.WriteString(piece(f, v))
		complete = complete || finished(f, ev.Data, v)
	}
	return b.String(), complete
}

// piece is the text one event adds.
func piece(f wire.Format, v any) string {
	switch f {
	case wire.OpenAIChat:
		return str(v, "choices", 0, "delta", "content")
	case wire.OpenAIResponses:
		if str(v, "type") == "response.output_text.delta" {
			return str(v, "delta")
		}
		return ""
	case wire.Anthropic:
		return str(v, "delta", "text")
	}
	var b strings.Builder
	parts, _ := at(v, "candidates", 0, "content", "parts").([]any)
	for _, p := range parts {
		b.WriteString(str(p, "text"))
	}
	return b.String()
}

// finished recognises the event after which a client believes that the
// answer is complete.
func finished(f wire.Format, raw string, v any) bool {
	switch f {
	case wire.OpenAIChat:
		return raw == "[DONE]"
	case wire.OpenAIResponses:
		return str(v, "type") == "response.completed"
	case wire.Anthropic:
		return str(v, "type") == "message_stop"
	}
	return str(v, "candidates", 0, "finishReason") != ""
}

func value(raw []byte) (v any) {
	if json.Unmarshal(raw, &v) != nil {
		return nil
	}
	return v
}

// at walks into nested values: strings name members, numbers elements.
func at(v any, path ...any) any {
	for _, step := range path {
		switch s := step.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[s]
		case int:
			list, _ := v.([]any)
			if s >= len(list) {
				return nil
			}
			v = list[s]
		}
	}
	return v
}

func str(v any, path ...any) string {
	s, _ := at(v, path...).(string)
	return s
}

// At walks into decoded JSON: strings name members, numbers elements; nil
// when there is no such thing.
func At(v any, path ...any) any { return at(v, path...) }

// Failure is what an error body says in its format's own words.
type Failure struct{ Kind, Code, Message, Param string }

// Failure reads the error body of a whole reply, or the error event that ends
// a stream; ok is false when there is none of the format's own shape.
func (r *Reply) Failure(f wire.Format) (e Failure, ok bool) {
	if strings.HasPrefix(r.Header.Get("Content-Type"), "text/event-stream") {
		for _, ev := range r.Events() {
			v := value([]byte(ev.Data))
			if f == wire.OpenAIResponses {
				if v = at(v, "response"); str(v, "status") != "failed" {
					continue
				}
				return Failure{Code: str(v, "error", "code"), Message: str(v, "error", "message")}, at(v, "error", "message") != nil
			}
			if e, ok := failure(f, v); ok {
				return e, true
			}
		}
		return e, false
	}
	if f == wire.Ollama {
		for line := range bytes.Lines(r.Body) {
			if e, ok := failure(f, value(line)); ok {
				return e, true
			}
		}
	}
	return failure(f, value(r.Body))
}

// failure checks the shape strictly: every member a client's SDK reads.
func failure(f wire.Format, v any) (e Failure, ok bool) {
	inner, _ := at(v, "error").(map[string]any)
	switch f {
	case wire.Ollama:
		e.Message = str(v, "error")
		return e, e.Message != ""
	case wire.Anthropic:
		e = Failure{Kind: str(v, "error", "type"), Message: str(v, "error", "message")}
		return e, str(v, "type") == "error" && e.Kind != "" && e.Message != ""
	case wire.Gemini:
		e = Failure{Kind: str(v, "error", "status"), Message: str(v, "error", "message")}
		_, number := inner["code"].(float64)
		return e, number && e.Kind != "" && e.Message != ""
	}
	e = Failure{Kind: str(v, "error", "type"), Code: str(v, "error", "code"), Message: str(v, "error", "message"), Param: str(v, "error", "param")}
	for _, k := range [...]string{"message", "type", "param", "code"} {
		if _, there := inner[k]; !there {
			return e, false
		}
	}
	return e, e.Kind != "" && e.Message != ""
}
