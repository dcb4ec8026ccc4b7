package openai

import (
	"slices"
	"strconv"
	"strings"

	"omniroute/backend/fault"
	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// maxStop is how many stop strings chat takes (R3).
const maxStop = 4

// requestWriter builds one body.
type requestWriter struct {
	b      []byte
	req    *llm.Request
	d      wire.Dialect
	losses []llm.Loss
}

// EncodeRequest writes a request for a chat upstream; see wire.Codec. State
// that only another vendor's server holds is refused (R8, R9).
func (Codec) EncodeRequest(req *llm.Request, d wire.Dialect) ([]byte, []llm.Loss, error) {
	if err := refuseServerState(&req.Meta); err != nil {
		return nil, nil, err
	}
	w := requestWriter{b: wire.Buffer(sizeOf(req)), req: req, d: d}
	w.b = append(w.b, `{"model":`...)
	w.b = jscan.AppendQuoted(w.b, d.Model)
	if n := w.messages(); n == 0 {
		return nil, nil, invalid("messages", "The request holds no message that this target could read.")
	}
	w.tools()
	w.sampling()
	w.reasoning()
	w.output()
	w.meta()
	if req.Stream && w.member("stream") {
		w.b = append(w.b, "true"...)
		if !d.Caps.NoStreamUsage && w.member("stream_options") { // R7
			w.b = append(w.b, `{"include_usage":true}`...)
		}
	}
	if req.Extra.Format == formatName {
		for _, f := range req.Extra.Fields {
			if w.member(f.Name) {
				w.b = append(w.b, f.Value...)
			}
		}
	} else {
		for _, f := range req.Extra.Fields {
			w.lose(f.Name, "unknown outside its own format")
		}
	}
	return append(w.b, '}'), w.losses, nil
}

// refuseServerState answers requests that lean on history this target does
// not have: ignoring that would silently lose the conversation (R8, R9).
func refuseServerState(m *llm.Meta) error {
	const op = "openai.request"
	refuse := func(param string) error {
		return &fault.Error{Kind: fault.Unsupported, Op: op, Status: 400, Code: fault.CodeUnsupportedParam, Param: param,
			Public: param + " refers to history that this target does not keep. Send the whole conversation instead."}
	}
	switch {
	case m.Thread != nil && jscan.Str(jscan.Get(m.Thread, "type")) == "continue":
		return &fault.Error{Kind: fault.Unsupported, Op: op, Status: 404, Code: fault.CodeThreadNotFound, Param: "thread",
			Public: "The thread is not known here. Send the whole conversation."}
	case m.Thread != nil:
		return &fault.Error{Kind: fault.Unsupported, Op: op, Status: 400, Code: fault.CodeThreadUnsupported, Param: "thread",
			Public: "This target keeps no threads. Send the whole conversation."}
	case m.PreviousResponseID != "":
		return refuse("previous_response_id")
	case m.Conversation != nil:
		return refuse("conversation")
	case len(m.ItemReferences) > 0:
		return refuse("input")
	}
	return nil
}

// sizeOf estimates the body so that it is built without growing.
func sizeOf(req *llm.Request) int {
	n := 1024
	count := func(parts []llm.Part) {
		for i := range parts {
			p := &parts[i]
			n += len(p.Text) + len(p.Text)/8 + 64
			if p.Media != nil {
				n += len(p.Media.Data) + len(p.Media.URL) + len(p.Media.Text) + 64
			}
			if p.Call != nil {
				n += len(p.Call.Args) + len(p.Call.Args)/4 + len(p.Call.Input) + 128
			}
			if p.Result != nil {
				for j := range p.Result.Parts {
					r := &p.Result.Parts[j]
					n += len(r.Text) + len(r.Text)/8 + 64
					if r.Media != nil {
						n += len(r.Media.Data) + 128
					}
				}
			}
		}
	}
	count(req.System)
	for i := range req.Messages {
		count(req.Messages[i].Parts)
	}
	for i := range req.Tools {
		n += len(req.Tools[i].Description) + len(req.Tools[i].Schema) + 256
	}
	return n
}

// member begins a top-level member. It is false when the upstream refuses the
// field (Dialect.Strip); the caller then writes nothing.
func (w *requestWriter) member(name string) bool {
	if slices.Contains(w.d.Strip, name) {
		w.lose(name, "refused by this upstream")
		return false
	}
	w.b = append(w.b, ',')
	w.b = jscan.AppendQuoted(w.b, name)
	w.b = append(w.b, ':')
	return true
}

func (w *requestWriter) lose(path, why string) {
	w.losses = append(w.losses, llm.Loss{Path: path, Why: why})
}

func (w *requestWriter) integer(name string, n *int64) {
	if n != nil && w.member(name) {
		w.b = strconv.AppendInt(w.b, *n, 10)
	}
}

func (w *requestWriter) float(name string, f *float64) {
	if f != nil && w.member(name) {
		w.b = jscan.AppendFloat(w.b, *f)
	}
}

func (w *requestWriter) str(name, s string) {
	if s != "" && w.member(name) {
		w.b = jscan.AppendQuoted(w.b, s)
	}
}

func (w *requestWriter) boolean(name string, v *bool) {
	if v != nil && w.member(name) {
		w.b = strconv.AppendBool(w.b, *v)
	}
}

func (w *requestWriter) raw(name string, v []byte) {
	if v != nil && w.member(name) {
		w.b = append(w.b, v...)
	}
}

func (w *requestWriter) sampling() {
	s, caps := &w.req.Sampling, &w.d.Caps
	if limit := s.MaxTokens; limit != nil { // R1
		if caps.MaxOutput > 0 && *limit > caps.MaxOutput {
			w.lose("max_tokens", "lowered to the most this model can write")
			limit = &caps.MaxOutput
		}
		name := caps.MaxTokensField
		if name == "" {
			name = "max_tokens"
		}
		w.integer(name, limit)
	}
	if caps.NoSampling {
		if s.Temperature != nil {
			w.lose("temperature", "refused by this model")
		}
		if s.TopP != nil {
			w.lose("top_p", "refused by this model")
		}
	} else {
		w.float("temperature", s.Temperature)
		w.float("top_p", s.TopP)
	}
	if s.TopK != nil {
		w.lose("top_k", "unknown to the chat format")
	}
	w.float("frequency_penalty", s.Frequency)
	w.float("presence_penalty", s.Presence)
	seed := caps.SeedField
	if seed == "" {
		seed = "seed"
	}
	w.integer(seed, s.Seed)
	w.integer("n", s.N)
	w.stop(s.Stop)
	asked := s.Logprobs || s.TopLogprobs != nil && *s.TopLogprobs > 0 // chat refuses the number without the switch
	if asked {
		w.boolean("logprobs", &asked)
		w.integer("top_logprobs", s.TopLogprobs)
	}
	w.raw("logit_bias", s.LogitBias)
}

// stop is always written as a list of at most four (R3, P43).
func (w *requestWriter) stop(all []string) {
	kept := make([]string, 0, maxStop)
	for _, s := range all {
		if s != "" && len(kept) < maxStop {
			kept = append(kept, s)
		}
	}
	if len(kept) < len(all) {
		w.lose("stop", "empty entries and those after the fourth are dropped")
	}
	if len(kept) == 0 || !w.member("stop") {
		return
	}
	for i, s := range kept {
		w.b = append(w.b, ",["[btoi(i == 0)])
		w.b = jscan.AppendQuoted(w.b, s)
	}
	w.b = append(w.b, ']')
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// reasoning writes reasoning_effort (R42, R44). Switching thinking off is
// only said with the word the client itself used: many models refuse "none".
func (w *requestWriter) reasoning() {
	r := &w.req.Reasoning
	if r.Mode == llm.ReasoningUnset {
		return
	}
	if w.d.Caps.Thinking == wire.ThinkingNone {
		if r.Mode != llm.ReasoningOff {
			w.lose("reasoning_effort", "this model does not think")
		}
		return
	}
	effort := r.Effort
	switch {
	case r.Mode == llm.ReasoningOff:
	case effort == "" && r.Budget != nil:
		if effort = wire.BudgetEffort(*r.Budget); effort == llm.EffortNone {
			return
		}
	case effort == "" && r.Mode == llm.ReasoningAdaptive:
		effort = llm.EffortMedium
	}
	w.str("reasoning_effort", string(effort))
}

// output writes response_format and verbosity (4.5). A schema without a name
// came from a format whose schemas are strict (R45).
func (w *requestWriter) output() {
	o := &w.req.Output
	w.str("verbosity", o.Verbosity)
	if o.Kind == llm.OutputText || w.d.Caps.NoStructured || !w.member("response_format") {
		return
	}
	if o.Kind == llm.OutputJSON || o.Schema == nil {
		w.b = append(w.b, `{"type":"json_object"}`...)
		return
	}
	name, strict := legalName(o.Name), o.Strict
	if o.Name == "" && strict == nil {
		yes := true
		strict = &yes
	}
	if name == "" {
		name = wire.SchemaTitle(o.Schema)
	}
	w.b = append(w.b, `{"type":"json_schema","json_schema":{"name":`...)
	w.b = jscan.AppendQuoted(w.b, name)
	if o.Description != "" {
		w.b = append(w.b, `,"description":`...)
		w.b = jscan.AppendQuoted(w.b, o.Description)
	}
	w.b = append(w.b, `,"schema":`...)
	w.b = append(w.b, o.Schema...)
	if strict != nil {
		w.b = append(w.b, `,"strict":`...)
		w.b = strconv.AppendBool(w.b, *strict)
	}
	w.b = append(w.b, "}}"...)
}

// legalName keeps what a schema's name may hold, at most 64 characters.
func legalName(name string) string {
	clean := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-' {
			return r
		}
		return '_'
	}, name)
	return clean[:min(len(clean), 64)]
}

// structureWish asks in words for what the target cannot enforce (R47).
func structureWish(o *llm.Output) string {
	switch {
	case o.Kind == llm.OutputText:
		return ""
	case o.Kind == llm.OutputJSON || o.Schema == nil:
		return "Answer with a single JSON object and nothing else."
	}
	return "Answer with a single JSON value and nothing else. It must follow this JSON Schema:\n" + string(o.Schema)
}

// meta writes what is not content (table of section 2, R5, R6).
func (w *requestWriter) meta() {
	m := &w.req.Meta
	if w.d.Caps.OpenAIHost {
		w.str("safety_identifier", m.UserID)
	} else {
		w.str("user", m.UserID)
	}
	w.raw("metadata", m.Map)
	switch m.ServiceTier {
	case "":
	case "auto", "default", "flex", "scale", "priority":
		w.str("service_tier", m.ServiceTier)
	default:
		w.lose("service_tier", "no such tier in the chat format")
	}
	w.boolean("store", m.Store)
	w.str("prompt_cache_key", m.CacheKey)
	for _, s := range m.Include {
		if s != "message.output_text.logprobs" {
			w.lose("include", s+" is unknown to the chat format")
		}
	}
	if w.req.Reasoning.Summary != "" {
		w.lose("reasoning.summary", "unknown to the chat format")
	}
}
