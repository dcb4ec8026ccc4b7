package all

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"omniroute/backend/fault"
	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// Input is one translation, in the shape of shared/vectors/run.mjs. Kind is
// request, response, stream, error or count_tokens. For request and
// count_tokens From is the client's format and To the upstream's; for the
// others From is the upstream's and To the client's.
type Input struct {
	Kind     string          `json:"kind"`
	From     wire.Format     `json:"from"`
	To       wire.Format     `json:"to"`
	Target   Target          `json:"target"`
	Context  Context         `json:"context"`
	Input    json.RawMessage `json:"input"`
	InputRaw string          `json:"inputRaw"` // exact bytes instead of Input
}

// Target is the upstream a request goes to. The zero value is an unknown
// model of the plainest kind.
type Target struct {
	Model          string          `json:"model"`
	Provider       string          `json:"provider"`
	Project        string          `json:"project"`
	Caps           Caps            `json:"caps"`
	UpstreamCounts bool            `json:"upstreamCounts"`
	CountReply     json.RawMessage `json:"countReply"`
}

// Caps is what the model can do, in the words of formats.md section 1.
type Caps struct {
	Thinking       string `json:"thinking"`
	Sampling       *bool  `json:"sampling"`
	SystemRole     string `json:"systemRole"`
	MaxTokensField string `json:"maxTokensField"`
	ReasoningField string `json:"reasoningField"`
	MaxOutput      int64  `json:"maxOutput"`
	Images         *bool  `json:"images"`
	Audio          *bool  `json:"audio"`
	Files          *bool  `json:"files"`
	Structured     string `json:"structured"`
	Codex          bool   `json:"codex"`
	JSONSchema     bool   `json:"jsonSchema"`
	CallIDs        *bool  `json:"callIds"`
}

// Context is what the answer depends on.
type Context struct {
	Request json.RawMessage `json:"request"` // the client's request
}

// Output is the result. Raw is set for request, response, error and
// count_tokens, Events for stream.
type Output struct {
	Raw      string            `json:"raw,omitempty"`
	Events   []Event           `json:"events,omitempty"`
	Status   int               `json:"status,omitempty"`
	Headers  map[string]string `json:"headers,omitempty"`
	Rejected *Rejected         `json:"rejected,omitempty"`
	Losses   []Loss            `json:"losses"`
}

// Event is one server-sent event; Data is its exact text.
type Event struct {
	Event string `json:"event,omitempty"`
	Data  string `json:"data"`
}

// Rejected is the gateway's own refusal of a request, in the client's format.
type Rejected struct {
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	Raw     string            `json:"raw"`
}

// Loss is something the translation could not carry.
type Loss struct {
	Path string `json:"path"`
	Why  string `json:"why"`
}

// translation is one call with its two codecs.
type translation struct {
	Input
	from, to wire.Codec
	body     []byte
	out      Output
}

// Translate does what the gateway does between a client and an upstream,
// without either. Errors are fault.Invalid and tell what is wrong with the
// call itself; refusals and upstream errors are outputs. It keeps nothing and
// may run concurrently.
func Translate(in Input) (Output, error) {
	t := newTranslation(in)
	err := t.open()
	if err != nil {
		return t.out, err
	}
	switch in.Kind {
	case "request":
		t.request()
	case "response":
		err = t.response()
	case "stream":
		err = t.stream()
	case "error":
		err = t.failure()
	case "count_tokens":
		err = t.count()
	default:
		err = fault.New(fault.Invalid, "translate", "`kind` must be request, response, stream, error or count_tokens, not %q.", in.Kind)
	}
	return t.out, err
}

func newTranslation(in Input) *translation {
	return &translation{Input: in, body: in.body(), out: Output{Losses: []Loss{}}}
}

// body is the exact input.
func (in Input) body() []byte {
	if in.InputRaw != "" {
		return []byte(in.InputRaw)
	}
	return in.Input
}

// open finds the codecs.
func (t *translation) open() error {
	var ok bool
	if t.from, ok = Of(t.From); !ok {
		return fault.New(fault.Invalid, "translate", "`from` is not a known format: %q.", t.From)
	}
	if t.to, ok = Of(t.To); !ok {
		return fault.New(fault.Invalid, "translate", "`to` is not a known format: %q.", t.To)
	}
	return nil
}

func (t *translation) lose(losses []llm.Loss) {
	for _, l := range losses {
		t.out.Losses = append(t.out.Losses, Loss{Path: l.Path, Why: l.Why})
	}
}

// reject refuses the request in the client's words.
func (t *translation) reject(client wire.Codec, err error) {
	status, header, body := client.EncodeError(err, "")
	t.out.Rejected = &Rejected{Status: status, Headers: flatHeader(header), Raw: string(body)}
}

func flatHeader(h http.Header) map[string]string {
	out := make(map[string]string, len(h))
	for k, v := range h {
		out[strings.ToLower(k)] = strings.Join(v, ", ")
	}
	return out
}

func (t *translation) request() {
	head, err := wire.Peek(t.body)
	if err != nil {
		t.reject(t.from, err)
		return
	}
	d := dialect(t.Target, t.To)
	if t.From == t.To {
		if body, ok := wire.Native(head, t.To, d); ok {
			t.out.Raw = string(body)
			return
		}
	}
	req, err := t.from.DecodeRequest(t.body)
	if err != nil {
		t.reject(t.from, err)
		return
	}
	if d.Model == "" {
		if d.Model = req.Model; d.Model == "" { // a Gemini client names it in the URL
			d.Model = "model"
		}
	}
	prepared, losses := wire.Prepare(req, t.To, d)
	t.lose(losses)
	body, losses, err := t.to.EncodeRequest(prepared, d)
	if err != nil {
		t.reject(t.from, err)
		return
	}
	t.lose(losses)
	t.out.Raw = string(body)
}

// clientRequest is the request an answer belongs to.
func (t *translation) clientRequest(stream bool) (*llm.Request, error) {
	body := []byte(t.Context.Request)
	if jscan.IsNull(body) {
		body = minimalRequest(t.To)
	}
	req, err := t.to.DecodeRequest(body)
	if err != nil {
		return nil, fault.As(err).With(func(e *fault.Error) { e.Public = "`context.request`: " + e.Public })
	}
	if stream && !req.Stream {
		streaming := *req
		streaming.Stream = true
		return &streaming, nil
	}
	return req, nil
}

func minimalRequest(f wire.Format) []byte {
	switch f {
	case wire.OpenAIResponses:
		return []byte(`{"model":"model","input":"x"}`)
	case wire.Anthropic:
		return []byte(`{"model":"model","max_tokens":1024,"messages":[{"role":"user","content":"x"}]}`)
	case wire.Gemini:
		return []byte(`{"contents":[{"role":"user","parts":[{"text":"x"}]}]}`)
	case wire.CodeAssist:
		return []byte(`{"model":"model","request":{"contents":[{"role":"user","parts":[{"text":"x"}]}]}}`)
	}
	return []byte(`{"model":"model","messages":[{"role":"user","content":"x"}]}`)
}

func (t *translation) response() error {
	if err := jscan.Check(t.body); err != nil {
		return fault.New(fault.Invalid, "translate", "`input` is not valid JSON: %v.", err)
	}
	if t.From == t.To {
		t.out.Raw = string(t.body)
		return nil
	}
	req, err := t.clientRequest(false)
	if err != nil {
		return err
	}
	resp, err := t.from.DecodeResponse(t.body)
	if err != nil { // R66: a 200 that is an error
		t.encodeError(err)
		return nil
	}
	body, losses, err := t.to.EncodeResponse(wire.NamesFor(req, t.From).Restore(resp), req)
	if err != nil {
		t.encodeError(err)
		return nil
	}
	t.lose(losses)
	t.out.Raw = string(body)
	return nil
}

func (t *translation) encodeError(err error) {
	status, header, body := t.to.EncodeError(err, "")
	t.out.Status, t.out.Headers, t.out.Raw = status, flatHeader(header), string(body)
}

func (t *translation) stream() error {
	sse, err := t.sse()
	if err != nil {
		return err
	}
	return t.streamFrom(bytes.NewReader(sse))
}

// streamFrom runs an upstream's bytes through the codecs exactly as the
// gateway does.
func (t *translation) streamFrom(upstream io.Reader) error {
	if t.From == t.To {
		events, err := readEvents(upstream)
		t.out.Events = events
		return err
	}
	req, err := t.clientRequest(true)
	if err != nil {
		return err
	}
	var client bytes.Buffer
	enc := t.to.EncodeStream(&client, req)
	var broken error
	for ev, err := range wire.NamesFor(req, t.From).RestoreStream(t.from.DecodeStream(upstream)) {
		if err == nil {
			err = enc.Encode(ev)
		}
		if err != nil {
			broken = err
			break
		}
	}
	if err := enc.Close(broken); err != nil {
		return err
	}
	t.out.Events, err = readEvents(&client)
	return err
}

func readEvents(r io.Reader) ([]Event, error) {
	s := wire.NewSSE(r)
	defer s.Close()
	events := []Event{}
	for {
		name, data, err := s.Next()
		if err == io.EOF {
			return events, nil
		}
		if err != nil {
			return events, err
		}
		events = append(events, Event{Event: name, Data: string(data)})
	}
}

// sse writes the upstream's stream: the listed events, or InputRaw as it is.
func (t *translation) sse() ([]byte, error) {
	if t.InputRaw != "" {
		return t.body, nil
	}
	if jscan.Check(t.body) != nil || jscan.KindOf(t.body) != jscan.Array {
		return nil, fault.New(fault.Invalid, "translate", "`input` of a stream must be a list of {event, data}.")
	}
	var out []byte
	for _, e := range jscan.Elements(t.body) {
		data := jscan.Get(e, "data")
		if s, ok := jscan.Text(data); ok {
			data = []byte(s)
		} else {
			data = jscan.AppendCompact(nil, data)
		}
		out = wire.AppendEvent(out, jscan.Str(jscan.Get(e, "event")), data)
	}
	return out, nil
}

func (t *translation) failure() error {
	if jscan.Check(t.body) != nil || jscan.KindOf(t.body) != jscan.Object {
		return fault.New(fault.Invalid, "translate", "`input` of an error must be {status, headers, body or bodyText}.")
	}
	status, _ := jscan.Int(jscan.Get(t.body, "status"))
	header := http.Header{}
	for k, v := range jscan.Members(jscan.Get(t.body, "headers")) {
		header.Add(string(k), jscan.Str(v))
		for _, one := range jscan.Elements(v) {
			header.Add(string(k), jscan.Str(one))
		}
	}
	body := jscan.Get(t.body, "body")
	if text, ok := jscan.Text(jscan.Get(t.body, "bodyText")); ok {
		body = []byte(text)
	}
	t.encodeError(t.from.DecodeError(int(status), header, body))
	return nil
}

func (t *translation) count() error {
	if _, err := wire.Peek(t.body); err != nil {
		t.reject(t.from, err)
		return nil
	}
	req, err := t.from.DecodeRequest(t.body)
	if err != nil {
		t.reject(t.from, err)
		return nil
	}
	tokens := int64(0)
	if t.Target.UpstreamCounts && !jscan.IsNull(t.Target.CountReply) {
		if tokens, err = t.to.DecodeCount(t.Target.CountReply); err != nil {
			t.reject(t.from, err)
			return nil
		}
	} else {
		tokens = wire.EstimateTokens(req)
	}
	t.out.Raw = string(t.from.EncodeCount(tokens))
	return nil
}
