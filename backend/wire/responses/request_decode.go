package responses

import (
	"strconv"

	"omniroute/backend/fault"
	"omniroute/backend/llm"
	"omniroute/backend/wire/jscan"
)

// logprobsInclude is how a client asks for log probabilities.
const logprobsInclude = "message.output_text.logprobs"

// sealInclude is how a client asks for reasoning it can replay.
const sealInclude = "reasoning.encrypted_content"

func invalid(param, text string, args ...any) *fault.Error {
	e := fault.New(fault.Invalid, "responses.decode", text, args...)
	e.Param = param
	return e
}

// DecodeRequest reads a create or an input_tokens request (formats.md 2, 3).
// References to state that lives elsewhere (previous_response_id,
// conversation, item_reference) are reported in Meta and resolved by whoever
// keeps the conversation, before encoding.
func (codec) DecodeRequest(body []byte) (*llm.Request, error) {
	if jscan.KindOf(body) != jscan.Object {
		return nil, invalid("", "The request body must be a JSON object.")
	}
	req := &llm.Request{}
	var input, choice []byte
	known := true
	for k, v := range jscan.Members(body) {
		if jscan.IsNull(v) {
			continue
		}
		switch string(k) {
		case "input":
			input = v
		case "tool_choice":
			choice = v
		case "instructions":
			readInstructions(req, v)
		case "tools":
			if jscan.KindOf(v) != jscan.Array {
				return nil, invalid("tools", "tools must be an array.")
			}
			req.Tools = toolList(req.Tools, v)
		default:
			if known = readMember(req, string(k), v); !known {
				known = readMeta(req, string(k), v)
			}
			if !known {
				withExtra(&req.Extra, string(k), v)
			}
		}
	}
	if err := readInput(req, input); err != nil {
		return nil, err
	}
	readChoice(req, choice)
	if len(req.Messages) == 0 && len(req.System) == 0 && input == nil && !hasState(req) {
		return nil, invalid("input", "The request needs input: a string or an array of items.")
	}
	return req, nil
}

// hasState reports whether something other than input holds the conversation.
func hasState(req *llm.Request) bool {
	return req.Meta.PreviousResponseID != "" || req.Meta.Conversation != nil || len(req.Meta.ItemReferences) > 0 || extra(req.Extra, "prompt") != nil
}

// readInstructions accepts the string of the create call and the list of
// items that a response object may carry.
func readInstructions(req *llm.Request, v []byte) {
	if s, ok := jscan.Text(v); ok {
		if s != "" {
			p := llm.Part{Text: s}
			withExtra(&p.Extra, "instructions", []byte("true"))
			req.System = append(req.System, p)
		}
		return
	}
	for _, item := range jscan.Elements(v) {
		for _, p := range contentParts(jscan.Get(item, "content"), nil) {
			if p.Kind == llm.PartText {
				req.System = append(req.System, p)
			}
		}
	}
}

// readMember reads what steers the generation.
func readMember(req *llm.Request, name string, v []byte) bool {
	s := &req.Sampling
	switch name {
	case "model":
		req.Model = jscan.Str(v)
	case "stream":
		req.Stream = jscan.True(v)
	case "max_output_tokens":
		s.MaxTokens = intOf(v)
	case "temperature":
		s.Temperature = floatOf(v)
	case "top_p":
		s.TopP = floatOf(v)
	case "top_logprobs":
		s.TopLogprobs = intOf(v)
		if s.TopLogprobs != nil && *s.TopLogprobs > 0 {
			s.Logprobs = true
		}
	case "parallel_tool_calls":
		req.Parallel = boolOf(v)
	case "reasoning":
		readReasoning(&req.Reasoning, v)
		for k, x := range jscan.Members(v) {
			if n := string(k); !jscan.IsNull(x) && n != "effort" && n != "summary" && n != "generate_summary" {
				withExtra(&req.Extra, "reasoning."+n, x)
			}
		}
	case "text":
		readText(&req.Output, v)
	default:
		return false
	}
	return true
}

// readMeta reads what is about the call, not about its content.
func readMeta(req *llm.Request, name string, v []byte) bool {
	m := &req.Meta
	switch name {
	case "metadata":
		if jscan.KindOf(v) == jscan.Object {
			m.Map = keep(v)
		}
	case "service_tier":
		m.ServiceTier = jscan.Str(v)
	case "store":
		m.Store = boolOf(v)
	case "prompt_cache_key":
		m.CacheKey = jscan.Str(v)
	case "previous_response_id":
		m.PreviousResponseID = jscan.Str(v)
	case "conversation":
		m.Conversation = keep(v)
	case "safety_identifier":
		m.UserID = jscan.Str(v)
	case "user":
		if m.UserID == "" {
			m.UserID = jscan.Str(v)
		}
	case "include":
		for _, e := range jscan.Elements(v) {
			s := jscan.Str(e)
			if s == logprobsInclude {
				req.Sampling.Logprobs = true
			}
			if s != "" {
				m.Include = append(m.Include, s)
			}
		}
	default:
		return false
	}
	return true
}

func readReasoning(r *llm.Reasoning, v []byte) {
	for k, x := range jscan.Members(v) {
		switch string(k) {
		case "effort":
			r.Effort = llm.Effort(jscan.Str(x))
		case "summary":
			r.Summary = jscan.Str(x)
		case "generate_summary": // the old name of summary
			if r.Summary == "" {
				r.Summary = jscan.Str(x)
			}
		}
	}
	switch {
	case r.Effort == llm.EffortNone:
		r.Mode = llm.ReasoningOff
	case r.Effort != "": // a summary alone asks to show thoughts, not to think
		r.Mode = llm.ReasoningOn
	}
	if r.Summary != "" && r.Mode != llm.ReasoningOff {
		show := true
		r.Show = &show
	}
}

func readText(o *llm.Output, v []byte) {
	o.Verbosity = jscan.Str(jscan.Get(v, "verbosity"))
	f := jscan.Get(v, "format")
	switch jscan.Str(jscan.Get(f, "type")) {
	case "json_object":
		o.Kind = llm.OutputJSON
	case "json_schema":
		o.Kind = llm.OutputSchema
		if s := jscan.Get(f, "json_schema"); jscan.KindOf(s) == jscan.Object { // chat's nesting
			f = s
		}
		o.Name = jscan.Str(jscan.Get(f, "name"))
		o.Description = jscan.Str(jscan.Get(f, "description"))
		o.Strict = boolOf(jscan.Get(f, "strict"))
		if s := jscan.Get(f, "schema"); jscan.KindOf(s) == jscan.Object {
			o.Schema = keep(s)
		}
	}
}

func intOf(v []byte) *int64 {
	if n, ok := jscan.Int(v); ok {
		return &n
	}
	return nil
}

func floatOf(v []byte) *float64 {
	if f, ok := jscan.Float(v); ok {
		return &f
	}
	return nil
}

func boolOf(v []byte) *bool {
	if jscan.True(v) || jscan.False(v) {
		b := jscan.True(v)
		return &b
	}
	return nil
}

func at(name string, i int) string { return name + "[" + strconv.Itoa(i) + "]" }
