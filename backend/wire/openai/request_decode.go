package openai

import (
	"bytes"

	"omniroute/backend/fault"
	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// requestDecoder collects one request. Spans in it alias the body and are
// read after all top-level members are known, because their order is free.
type requestDecoder struct {
	req                                        *llm.Request
	messages, tools, functions, choice, called []byte
	maxTokens, maxCompletion                   *int64
	user, safety                               string
	legacyCalls                                int
	legacyOpen                                 []legacyCall
	customIDs                                  []string // calls of free-text tools
	err                                        error
}

// legacyCall is a function_call of the old shape, which has no id.
type legacyCall struct{ name, id string }

// DecodeRequest reads a Chat Completions request; see wire.Codec. The legacy
// functions, function_call and role function are read as tools (R57).
func (Codec) DecodeRequest(body []byte) (*llm.Request, error) {
	if jscan.KindOf(body) != jscan.Object {
		return nil, invalid("", "The request body must be a JSON object.")
	}
	d := requestDecoder{req: &llm.Request{}}
	for k, v := range jscan.Members(body) {
		if !jscan.IsNull(v) {
			d.member(k, v)
		}
	}
	r := d.req
	r.Sampling.MaxTokens = d.maxTokens
	if d.maxCompletion != nil { // R1
		r.Sampling.MaxTokens = d.maxCompletion
	}
	r.Meta.UserID = d.user
	if d.safety != "" { // R5
		r.Meta.UserID = d.safety
	}
	d.readTools()
	d.readChoice()
	d.readMessages()
	if d.err != nil {
		return nil, d.err
	}
	return r, nil
}

func invalid(param, format string, args ...any) *fault.Error {
	e := fault.New(fault.Invalid, "openai.request", format, args...)
	e.Param = param
	return e
}

// fail keeps the first mistake.
func (d *requestDecoder) fail(param, format string, args ...any) {
	if d.err == nil {
		d.err = invalid(param, format, args...)
	}
}

// member reads one top-level member whose value is not null.
func (d *requestDecoder) member(key, v []byte) {
	r := d.req
	switch string(key) {
	case "model":
		r.Model = d.str("model", v)
	case "messages":
		d.messages = v
	case "tools":
		d.tools = v
	case "functions":
		d.functions = v
	case "tool_choice":
		d.choice = v
	case "function_call":
		d.called = v
	case "stream":
		r.Stream = d.boolean("stream", v)
	case "stream_options":
		r.Meta.IncludeUsage = jscan.True(jscan.Get(v, "include_usage"))
	case "parallel_tool_calls":
		b := d.boolean("parallel_tool_calls", v)
		r.Parallel = &b
	case "reasoning_effort":
		d.reasoning(v)
	case "response_format":
		d.output(v)
	case "verbosity":
		r.Output.Verbosity = d.str("verbosity", v)
	case "web_search_options":
		r.Tools = append(r.Tools, webSearchOptions(v))
	default:
		if !d.sampling(string(key), v) && !d.meta(string(key), v) {
			r.Extra.Format = formatName
			r.Extra.Fields = append(r.Extra.Fields, llm.Field{Name: string(key), Value: bytes.Clone(v)})
		}
	}
}

func (d *requestDecoder) sampling(key string, v []byte) bool {
	s := &d.req.Sampling
	switch key {
	case "max_tokens":
		d.maxTokens = d.integer(key, v)
	case "max_completion_tokens":
		d.maxCompletion = d.integer(key, v)
	case "temperature":
		s.Temperature = d.number(key, v)
	case "top_p":
		s.TopP = d.number(key, v)
	case "frequency_penalty":
		s.Frequency = d.number(key, v)
	case "presence_penalty":
		s.Presence = d.number(key, v)
	case "seed":
		s.Seed = d.integer(key, v)
	case "n":
		s.N = d.integer(key, v)
	case "stop":
		s.Stop = d.stop(v)
	case "logprobs":
		s.Logprobs = d.boolean(key, v)
	case "top_logprobs":
		s.TopLogprobs = d.integer(key, v)
	case "logit_bias":
		s.LogitBias = d.object(key, v)
	default:
		return false
	}
	return true
}

func (d *requestDecoder) meta(key string, v []byte) bool {
	m := &d.req.Meta
	switch key {
	case "user":
		d.user = d.str(key, v)
	case "safety_identifier":
		d.safety = d.str(key, v)
	case "metadata":
		m.Map = d.object(key, v)
	case "service_tier":
		m.ServiceTier = d.str(key, v)
	case "store":
		b := d.boolean(key, v)
		m.Store = &b
	case "prompt_cache_key":
		m.CacheKey = d.str(key, v)
	default:
		return false
	}
	return true
}

func (d *requestDecoder) str(param string, v []byte) string {
	s, ok := jscan.Text(v)
	if !ok {
		d.fail(param, "%s must be a string.", param)
	}
	return s
}

func (d *requestDecoder) boolean(param string, v []byte) bool {
	if jscan.KindOf(v) != jscan.Bool {
		d.fail(param, "%s must be true or false.", param)
	}
	return jscan.True(v)
}

func (d *requestDecoder) number(param string, v []byte) *float64 {
	f, ok := jscan.Float(v)
	if !ok {
		d.fail(param, "%s must be a number.", param)
	}
	return &f
}

func (d *requestDecoder) integer(param string, v []byte) *int64 {
	n, ok := jscan.Int(v)
	if !ok {
		d.fail(param, "%s must be a whole number.", param)
	}
	return &n
}

func (d *requestDecoder) object(param string, v []byte) []byte {
	if jscan.KindOf(v) != jscan.Object {
		d.fail(param, "%s must be an object.", param)
		return nil
	}
	return bytes.Clone(v)
}

// stop is a string or a list of strings (R3).
func (d *requestDecoder) stop(v []byte) []string {
	if s, ok := jscan.Text(v); ok {
		return []string{s}
	}
	if jscan.KindOf(v) != jscan.Array {
		d.fail("stop", "stop must be a string or a list of strings.")
		return nil
	}
	var out []string
	for _, e := range jscan.Elements(v) {
		s, ok := jscan.Text(e)
		if !ok {
			d.fail("stop", "stop must be a string or a list of strings.")
		}
		out = append(out, s)
	}
	return out
}

// reasoning reads reasoning_effort. A stated effort is also a wish to see the
// thoughts, which the format shows as reasoning_content (R43).
func (d *requestDecoder) reasoning(v []byte) {
	r := &d.req.Reasoning
	e := llm.Effort(d.str("reasoning_effort", v))
	switch e {
	case llm.EffortNone:
		r.Mode, r.Effort = llm.ReasoningOff, e
	case llm.EffortMinimal, llm.EffortLow, llm.EffortMedium, llm.EffortHigh, llm.EffortXHigh, llm.EffortMax:
		show := true
		r.Mode, r.Effort, r.Show = llm.ReasoningOn, e, &show
	case "", "auto", "default":
	default:
		d.fail("reasoning_effort", "reasoning_effort must be none, minimal, low, medium, high, xhigh or max.")
	}
}

func (d *requestDecoder) output(v []byte) {
	o := &d.req.Output
	switch kind := jscan.Str(jscan.Get(v, "type")); kind {
	case "text":
	case "json_object":
		o.Kind = llm.OutputJSON
	case "json_schema":
		s := jscan.Get(v, "json_schema")
		o.Kind = llm.OutputJSON // a schema that says nothing asks for any object
		if schema := jscan.Get(s, "schema"); jscan.KindOf(schema) == jscan.Object {
			o.Kind, o.Schema = llm.OutputSchema, bytes.Clone(schema)
		}
		o.Name = jscan.Str(jscan.Get(s, "name"))
		o.Description = jscan.Str(jscan.Get(s, "description"))
		o.Strict = optionalBool(jscan.Get(s, "strict"))
	default:
		d.fail("response_format.type", "response_format.type must be text, json_object or json_schema.")
	}
}

func optionalBool(v []byte) *bool {
	if jscan.KindOf(v) != jscan.Bool {
		return nil
	}
	b := jscan.True(v)
	return &b
}

// cacheHint reads Anthropic's cache_control, which some clients put into chat
// parts and tools (R29).
func cacheHint(v []byte) *llm.CacheHint {
	if jscan.KindOf(v) != jscan.Object {
		return nil
	}
	return &llm.CacheHint{TTL: jscan.Str(jscan.Get(v, "ttl"))}
}

// carrier is what rides on a call: the seal of the call itself or of the
// thought before it, and that thought's exact words if they came along (R28).
type carrier struct {
	seal  llm.Seal
	words string
	known bool
}

func readCarrier(extraContent []byte) (c carrier) {
	if extraContent != nil {
		c.seal, c.words, c.known = wire.UnpackThought(jscan.Str(jscan.Path(extraContent, "google", "thought_signature")), wire.OpenAIChat)
	}
	return c
}
