package responses

import (
	"slices"
	"strings"

	"omniroute/backend/fault"
	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// What stands in for something the API insists on and the client did not say.
const (
	defaultInstructions = "You are a helpful assistant." // codex refuses empty ones (4.9)
	placeholder         = "."                            // an empty input is refused
)

// requestEncoder writes one request body. Members that stay the same from
// turn to turn come first, the growing input last.
type requestEncoder struct {
	writer
	req    *llm.Request
	d      wire.Dialect
	losses []llm.Loss
	custom []string // call ids of custom calls: their results are typed too
	items  int      // input items written
}

// EncodeRequest writes a create request, or an input_tokens request when
// req.Op says so.
func (codec) EncodeRequest(req *llm.Request, d wire.Dialect) ([]byte, []llm.Loss, error) {
	if err := refuse(req); err != nil {
		return nil, nil, err
	}
	e := &requestEncoder{req: req, d: d}
	e.b = wire.Buffer(sizeOf(req))
	e.lit("{")
	model := d.Model
	if model == "" {
		model = req.Model
	}
	e.str("model", model)
	e.head()
	e.reasoning()
	e.text()
	e.toolList()
	e.toolChoice()
	if req.Op == llm.OpChat {
		e.sampling()
		e.meta()
	}
	e.extras()
	e.input()
	e.end('}')
	return e.b, e.losses, nil
}

// refuse names what must not be dropped silently: several answers (R4), state
// that nobody resolved (R8) and Anthropic's threads (R9).
func refuse(req *llm.Request) error {
	fail := func(kind fault.Kind, param, code, text string) error {
		e := fault.New(kind, "responses.encode", "%s", text)
		e.Param, e.Code = param, code
		return e
	}
	m := &req.Meta
	switch {
	case m.Thread != nil && jscan.Str(jscan.Get(m.Thread, "type")) == "continue":
		return fail(fault.NotFound, "thread", fault.CodeThreadNotFound, "This thread is not known here. Send the whole conversation without thread.")
	case m.Thread != nil:
		return fail(fault.Unsupported, "thread", fault.CodeThreadUnsupported, "Threads are not supported for this model. Send the whole conversation without thread.")
	case req.Sampling.N != nil && *req.Sampling.N > 1:
		return fail(fault.Unsupported, "n", fault.CodeUnsupportedParam, "This model gives one answer per request: leave out n or set it to 1.")
	case m.PreviousResponseID != "":
		return fail(fault.Invalid, "previous_response_id", "previous_response_not_found", "Previous response '"+m.PreviousResponseID+"' is not known here. Send the whole conversation in input.")
	case m.Conversation != nil:
		return fail(fault.Invalid, "conversation", fault.CodeUnsupportedParam, "Stored conversations are not available for this model. Send the whole conversation in input.")
	case len(m.ItemReferences) > 0:
		return fail(fault.Invalid, "input", "item_not_found", "Item '"+m.ItemReferences[0]+"' is not known here. Send the item itself in input.")
	}
	return nil
}

func sizeOf(req *llm.Request) int {
	n := 512
	add := func(ps []llm.Part) {
		for i := range ps {
			p := &ps[i]
			n += len(p.Text) + len(p.Text)/16 + 96
			if p.Media != nil {
				n += len(p.Media.Data) + len(p.Media.URL) + len(p.Media.Text)
			}
			if p.Call != nil {
				n += len(p.Call.Args) + len(p.Call.Args)/8 + len(p.Call.Input)
			}
			if p.Opaque != nil {
				n += len(p.Opaque.Raw)
			}
			n += len(p.Seal.Data)
			if p.Result != nil {
				for j := range p.Result.Parts {
					r := &p.Result.Parts[j]
					n += len(r.Text) + len(r.Text)/8 + 96
					if r.Media != nil {
						n += len(r.Media.Data)
					}
				}
			}
		}
	}
	add(req.System)
	for i := range req.Messages {
		add(req.Messages[i].Parts)
	}
	for i := range req.Tools {
		n += len(req.Tools[i].Schema) + len(req.Tools[i].Description) + 128
	}
	return n
}

func (e *requestEncoder) lose(path, why string) {
	e.losses = append(e.losses, llm.Loss{Path: path, Why: why})
}

// codexRefuses lists what ChatGPT's backend answers 400 to (4.9, P42).
func codexRefuses(name string) bool {
	switch name {
	case "max_output_tokens", "temperature", "top_p", "top_logprobs", "metadata", "user", "safety_identifier",
		"prompt_cache_retention", "prompt_cache_options", "truncation", "previous_response_id", "conversation",
		"background", "prompt", "max_tool_calls", "stream_options", "context_management", "moderation":
		return true
	}
	return false
}

// allowed reports whether the target takes a top-level member; a refused one
// becomes a loss.
func (e *requestEncoder) allowed(name string) bool {
	if slices.Contains(e.d.Strip, name) || e.d.Caps.Codex && codexRefuses(name) {
		e.lose(name, "the upstream refuses this field")
		return false
	}
	return true
}

func (e *requestEncoder) head() {
	if e.req.Op == llm.OpChat && (e.req.Stream || e.d.Caps.Codex) {
		e.boolean("stream", true)
	}
	text := systemText(e.req.System)
	if e.req.Output.Kind != llm.OutputText && e.d.Caps.NoStructured {
		text = joinParagraphs(text, structuredSentence(&e.req.Output))
	}
	if text == "" && e.d.Caps.Codex {
		text = defaultInstructions
	}
	if text != "" {
		e.str("instructions", text)
	}
}

// systemText joins the leading instructions with a blank line (R12).
func systemText(parts []llm.Part) string {
	switch len(parts) {
	case 0:
		return ""
	case 1:
		return parts[0].Text
	}
	var b strings.Builder
	for i := range parts {
		if parts[i].Text == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteString("\n\n")
		}
		b.WriteString(parts[i].Text)
	}
	return b.String()
}

func joinParagraphs(a, b string) string {
	if a == "" {
		return b
	}
	return a + "\n\n" + b
}

// structuredSentence asks in words for what the target cannot be asked for
// in fields (R47).
func structuredSentence(o *llm.Output) string {
	if o.Kind == llm.OutputSchema && o.Schema != nil {
		return "Answer with a single JSON value that follows this JSON Schema, and with nothing else:\n" + string(jscan.AppendCompact(nil, o.Schema))
	}
	return "Answer with a single JSON object, and with nothing else."
}

func (e *requestEncoder) sampling() {
	s, caps := &e.req.Sampling, &e.d.Caps
	if s.MaxTokens != nil && e.allowed("max_output_tokens") {
		e.num("max_output_tokens", *s.MaxTokens)
	}
	if caps.NoSampling && (s.Temperature != nil || s.TopP != nil) {
		e.lose("temperature", "the model takes no sampling parameters")
	} else {
		if s.Temperature != nil && e.allowed("temperature") {
			e.float("temperature", *s.Temperature)
		}
		if s.TopP != nil && e.allowed("top_p") {
			e.float("top_p", *s.TopP)
		}
	}
	if s.Logprobs && s.TopLogprobs != nil && e.allowed("top_logprobs") {
		e.num("top_logprobs", *s.TopLogprobs)
	}
	for _, l := range [...]struct {
		set  bool
		name string
	}{
		{s.TopK != nil, "top_k"}, {s.Frequency != nil, "frequency_penalty"}, {s.Presence != nil, "presence_penalty"},
		{s.Seed != nil, "seed"}, {len(s.Stop) > 0, "stop"}, {s.LogitBias != nil, "logit_bias"},
	} {
		if l.set {
			e.lose(l.name, "Responses has no such field")
		}
	}
}

// reasoning writes the client's wish (R42, R44); none is invented.
func (e *requestEncoder) reasoning() {
	r := &e.req.Reasoning
	if e.d.Caps.Thinking == wire.ThinkingNone {
		if r.Mode == llm.ReasoningOn || r.Mode == llm.ReasoningAdaptive {
			e.lose("reasoning", "the model does not reason")
		}
		return
	}
	effort := e.effort()
	summary := r.Summary
	if summary == "" && effort != "" && effort != llm.EffortNone && wantsSummary(r) {
		summary = "auto"
	}
	if slices.Contains(e.d.Strip, "reasoning") {
		return
	}
	from := len(e.b)
	e.key("reasoning")
	e.lit("{")
	empty := len(e.b)
	if effort != "" {
		e.str("effort", string(effort))
	}
	if summary != "" && effort != llm.EffortNone {
		e.str("summary", summary)
	}
	if e.req.Extra.Format == own {
		for _, f := range e.req.Extra.Fields {
			if name, ok := strings.CutPrefix(f.Name, "reasoning."); ok {
				e.field(name, f.Value)
			}
		}
	}
	if len(e.b) == empty {
		e.b = e.b[:from]
		return
	}
	e.end('}')
}

// effort translates the wish. Switching thinking off without a word for it is
// written only where the model is known to take words.
func (e *requestEncoder) effort() llm.Effort {
	r := &e.req.Reasoning
	switch r.Mode {
	case llm.ReasoningOff:
		if r.Effort == llm.EffortNone || e.d.Caps.Thinking == wire.ThinkingEffort {
			return llm.EffortNone
		}
	case llm.ReasoningOn:
		if r.Effort == "" && r.Budget != nil {
			return wire.BudgetEffort(*r.Budget)
		}
		return r.Effort
	case llm.ReasoningAdaptive:
		if r.Effort == "" {
			return llm.EffortMedium
		}
		return r.Effort
	}
	return ""
}

// wantsSummary: clients whose format shows thoughts get them unless they
// refused (R42). A bare effort word, chat's way of asking, does not ask for
// thoughts; OpenAI gives summaries to verified organisations only.
func wantsSummary(r *llm.Reasoning) bool {
	if r.Show != nil {
		return *r.Show
	}
	return r.Budget != nil || r.Mode == llm.ReasoningAdaptive
}

func (e *requestEncoder) text() {
	o := &e.req.Output
	format := o.Kind != llm.OutputText && !e.d.Caps.NoStructured
	if !format && o.Verbosity == "" || !e.allowed("text") {
		return
	}
	e.key("text")
	e.lit("{")
	if o.Verbosity != "" {
		e.str("verbosity", o.Verbosity)
	}
	if format {
		e.key("format")
		e.format(o)
	}
	e.end('}')
}

// format writes text.format (R45, R46). A schema without a name came from a
// format whose schemas are always binding.
func (w *writer) format(o *llm.Output) {
	switch {
	case o.Kind == llm.OutputText:
		w.lit(`{"type":"text"}`)
		return
	case o.Kind == llm.OutputJSON || o.Schema == nil:
		w.lit(`{"type":"json_object"}`)
		return
	}
	w.lit(`{"type":"json_schema"`)
	name, strict := o.Name, o.Strict
	if name == "" {
		name = wire.SchemaTitle(o.Schema)
		if strict == nil {
			yes := true
			strict = &yes
		}
	}
	w.str("name", name)
	if o.Description != "" {
		w.str("description", o.Description)
	}
	if strict != nil {
		w.boolean("strict", *strict)
	}
	w.raw("schema", o.Schema)
	w.end('}')
}

// meta writes what is about the call. A translated conversation lives at the
// client: the upstream is told not to store it unless the client said so.
func (e *requestEncoder) meta() {
	m, codex := &e.req.Meta, e.d.Caps.Codex
	if e.allowed("store") {
		e.boolean("store", !codex && m.Store != nil && *m.Store)
	}
	e.include()
	if m.UserID != "" {
		name := "user"
		if e.d.Caps.OpenAIHost {
			name = "safety_identifier"
		}
		if e.allowed(name) {
			e.str(name, m.UserID)
		}
	}
	if m.Map != nil && e.allowed("metadata") {
		e.raw("metadata", m.Map)
	}
	if m.ServiceTier != "" {
		e.tier(m.ServiceTier)
	}
	if m.CacheKey != "" && e.allowed("prompt_cache_key") {
		e.str("prompt_cache_key", m.CacheKey)
	}
}

// knownTier reports OpenAI's words; Anthropic has others.
func knownTier(t string) bool {
	return t == "auto" || t == "default" || t == "flex" || t == "scale" || t == "priority"
}

// tier writes the service tier (R6); codex takes only priority (4.9).
func (e *requestEncoder) tier(t string) {
	if !knownTier(t) || e.d.Caps.Codex && t != "priority" || slices.Contains(e.d.Strip, "service_tier") {
		e.lose("service_tier", "the upstream has no tier "+t)
		return
	}
	e.str("service_tier", t)
}

// include asks for what this gateway and the client need back: reasoning that
// can be replayed, and log probabilities.
func (e *requestEncoder) include() {
	list := slices.Clone(e.req.Meta.Include)
	want := func(name string, yes bool) {
		at := slices.Index(list, name)
		switch {
		case yes && at < 0:
			list = append(list, name)
		case !yes && at >= 0:
			list = slices.Delete(list, at, at+1)
		}
	}
	r := &e.req.Reasoning
	thinks := r.Mode == llm.ReasoningOn || r.Mode == llm.ReasoningAdaptive || e.d.Caps.Thinking == wire.ThinkingEffort
	if e.d.Caps.Codex || thinks && e.d.Caps.Thinking != wire.ThinkingNone {
		want(sealInclude, true)
	}
	want(logprobsInclude, e.req.Sampling.Logprobs && !e.d.Caps.Codex)
	if len(list) == 0 || !e.allowed("include") {
		return
	}
	e.key("include")
	e.lit("[")
	for _, s := range list {
		e.comma()
		e.quote(s)
	}
	e.end(']')
}

// extras writes unknown members back to their own format; codex takes none of
// OpenAI's optional ones.
func (e *requestEncoder) extras() {
	x := &e.req.Extra
	for _, f := range x.Fields {
		switch {
		case x.Format != own:
			e.lose(f.Name, "Responses has no such field")
		case f.Name == "tool_choice" || strings.HasPrefix(f.Name, "reasoning."):
			// written where it belongs
		case e.req.Op != llm.OpChat && f.Name != "truncation" && f.Name != "personality":
		case e.allowed(f.Name):
			e.field(f.Name, f.Value)
		}
	}
}
