package responses

import (
	"unicode/utf8"

	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// item writes the open item as it stands: in its first event with status
// in_progress, at its end with everything.
func (a *answer) item(w *writer, status string) {
	o := &a.open
	if o.kind == llm.PartServer {
		w.b = jscan.AppendCompact(w.b, o.raw)
		return
	}
	if o.kind == llm.PartToolCall && o.native != nil {
		w.nativeItem(o, status)
		return
	}
	w.lit("{")
	w.str("id", o.id)
	switch o.kind {
	case llm.PartText:
		w.str("type", "message")
		w.str("status", status)
		if o.phase != nil {
			w.raw("phase", o.phase)
		}
		w.str("role", "assistant")
		w.key("content")
		w.lit("[")
		w.b = append(w.b, o.content...)
		w.end(']')
	case llm.PartReasoning:
		w.reasoning(o)
	case llm.PartToolCall:
		custom := o.call.Kind == llm.CallCustom
		if custom {
			w.str("type", "custom_tool_call")
		} else {
			w.str("type", "function_call")
		}
		w.str("status", status)
		w.str("call_id", o.call.ID)
		w.str("name", o.call.Name)
		if o.call.Namespace != "" {
			w.str("namespace", o.call.Namespace)
		}
		if custom {
			w.str("input", o.args.String())
		} else {
			w.str("arguments", o.args.String())
		}
	}
	w.end('}')
}

func (w *writer) reasoning(o *openItem) {
	w.str("type", "reasoning")
	summary, content := extra(o.extra, "summary"), extra(o.extra, "content")
	switch {
	case summary != nil && o.part.active:
		w.raw("summary", summary)
	case o.part.text.Len() == 0 || content != nil && joinTexts(content) == o.part.text.String():
		w.raw("summary", []byte("[]"))
	default:
		w.key("summary")
		w.lit(`[{"type":"summary_text"`)
		w.str("text", o.part.text.String())
		w.lit("}]")
	}
	if content != nil && o.part.active {
		w.raw("content", content)
	}
	if v := wire.PackSeal(o.seal, wire.OpenAIResponses); v != "" {
		w.str("encrypted_content", v)
	}
}

// nativeItem writes a call in the shape the client declared. While it is
// being written its arguments are a skeleton of the right type.
func (w *writer) nativeItem(o *openItem, status string) {
	args := o.args.String()
	if status == "in_progress" {
		args = ""
	}
	if raw := extra(o.extra, "item"); raw != nil && status != "in_progress" {
		w.b = jscan.AppendCompact(w.b, raw)
		return
	}
	o.native.item(w, nil, o.id, o.call.ID, args, status)
}

// list writes a JSON list, the empty one for none.
func (w *writer) list(v []byte) {
	if len(v) == 0 {
		w.lit("[]")
		return
	}
	w.b = jscan.AppendCompact(w.b, v)
}

// part writes a content part; full tells its end from its beginning.
func (w *writer) part(p *openPart, full bool) {
	text := ""
	if full {
		text = p.text.String()
	}
	w.lit("{")
	if p.refusal {
		w.str("type", "refusal")
		w.str("refusal", text)
		w.end('}')
		return
	}
	w.str("type", "output_text")
	w.str("text", text)
	w.key("annotations")
	w.end('[')
	if full {
		w.b = append(w.b, p.annotations...)
	}
	w.end(']')
	w.key("logprobs")
	if full {
		w.list(p.logprobs)
	} else {
		w.lit("[]")
	}
	w.end('}')
}

func (a *answer) contentPart(full bool) {
	a.key("part")
	a.part(&a.open.part, full)
}

// citation brings a citation of any format into this format's shape; nil for
// one that cannot be shown. text is what was said so far: other formats do
// not count its characters.
func citation(raw []byte, origin, text string) []byte {
	if origin == own {
		return jscan.AppendCompact(nil, raw)
	}
	c := raw
	for _, nest := range [...]string{"url_citation", "web"} { // chat's and Gemini's nesting
		if inner := jscan.Get(raw, nest); jscan.KindOf(inner) == jscan.Object {
			c = inner
		}
	}
	url := jscan.Str(jscan.Get(c, "url"))
	if url == "" {
		url = jscan.Str(jscan.Get(c, "uri"))
	}
	if url == "" {
		return nil
	}
	start, hasStart := jscan.Int(jscan.Get(c, "start_index"))
	end, hasEnd := jscan.Int(jscan.Get(c, "end_index"))
	if !hasStart || !hasEnd {
		start, end = 0, int64(utf8.RuneCountInString(text))
	}
	w := writer{}
	w.lit("{")
	w.str("type", "url_citation")
	w.num("start_index", start)
	w.num("end_index", end)
	w.str("url", url)
	w.str("title", jscan.Str(jscan.Get(c, "title")))
	w.end('}')
	return w.b
}

// event begins an event; endEvent must follow.
func (a *answer) event(typ string) {
	a.lit("event: ")
	a.lit(typ)
	a.lit("\ndata: {\"type\":\"")
	a.lit(typ)
	a.lit(`","sequence_number":`)
	a.number(a.seq)
	a.seq++
}

func (a *answer) endEvent() { a.lit("}\n\n") }

// itemEvent writes an event about the open item.
func (a *answer) itemEvent(typ string, body func()) {
	if !a.live {
		return
	}
	a.event(typ)
	a.lit(`,"item_id":`)
	a.quote(a.open.id)
	a.num("output_index", a.index())
	body()
	a.endEvent()
}

// partEvent writes an event about the open content part.
func (a *answer) partEvent(typ string, body func()) {
	a.itemEvent(typ, func() {
		a.num("content_index", int64(a.open.parts))
		body()
	})
}

// summaryEvent writes an event about the summary of the open reasoning.
func (a *answer) summaryEvent(typ string, body func()) {
	a.itemEvent(typ, func() {
		a.lit(`,"summary_index":0`)
		body()
	})
}

func (a *answer) itemAdded() {
	if !a.live {
		return
	}
	a.event("response.output_item.added")
	a.num("output_index", a.index())
	a.key("item")
	a.item(&a.writer, "in_progress")
	a.endEvent()
}

// object writes the response object. Before the end it says little; at the
// end it also repeats what the request asked for, as OpenAI does.
func (a *answer) object(w *writer, status string, stop llm.Stop, usage *llm.Usage, failure func(*writer)) {
	final := status != "in_progress"
	w.lit("{")
	w.str("id", a.id)
	w.str("object", "response")
	w.num("created_at", a.created)
	w.str("status", status)
	w.boolean("background", false)
	w.key("error")
	if failure != nil {
		failure(w)
	} else {
		w.lit("null")
	}
	w.key("incomplete_details")
	if status == "incomplete" {
		w.lit("{")
		w.str("reason", incompleteReason(stop.Reason))
		w.end('}')
	} else {
		w.lit("null")
	}
	w.key("instructions")
	w.instructions(a.req, final)
	w.key("max_output_tokens")
	w.optInt(a.req.Sampling.MaxTokens)
	w.str("model", a.model)
	w.key("output")
	w.lit("[")
	if final {
		w.b = append(w.b, a.output...)
	}
	w.end(']')
	w.settings(a.req, a.tier)
	w.toolSettings(a.req, final)
	w.key("usage")
	w.usage(usage)
	w.key("metadata")
	if a.req.Meta.Map != nil {
		w.b = jscan.AppendCompact(w.b, a.req.Meta.Map)
	} else {
		w.lit("{}")
	}
	w.end('}')
}

func incompleteReason(r llm.StopReason) string {
	if r == llm.StopFilter {
		return "content_filter"
	}
	return "max_output_tokens"
}

// statusOf is table 4.7 read the other way.
func statusOf(r llm.StopReason) string {
	switch r {
	case llm.StopLength, llm.StopContextFull, llm.StopFilter:
		return "incomplete"
	}
	return "completed"
}

func (w *writer) instructions(req *llm.Request, full bool) {
	if full && len(req.System) > 0 && extra(req.System[0].Extra, "instructions") != nil {
		w.quote(req.System[0].Text)
		return
	}
	w.lit("null")
}

func (w *writer) optInt(n *int64) {
	if n == nil {
		w.lit("null")
		return
	}
	w.number(*n)
}

func (w *writer) optFloat(name string, f *float64) {
	if f == nil {
		w.key(name)
		w.lit("null")
		return
	}
	w.float(name, *f)
}

func (w *writer) optStr(name, s string) {
	if s == "" {
		w.key(name)
		w.lit("null")
		return
	}
	w.str(name, s)
}

// settings repeats how the client wanted the answer made.
func (w *writer) settings(req *llm.Request, tier string) {
	m := &req.Meta
	w.optStr("previous_response_id", m.PreviousResponseID)
	if m.CacheKey != "" {
		w.str("prompt_cache_key", m.CacheKey)
	}
	w.key("reasoning")
	w.lit("{")
	w.optStr("effort", string(req.Reasoning.Effort))
	w.optStr("summary", req.Reasoning.Summary)
	w.end('}')
	if !knownTier(tier) {
		tier = "default"
	}
	w.str("service_tier", tier)
	w.boolean("store", m.Store == nil || *m.Store)
	w.optFloat("temperature", req.Sampling.Temperature)
	w.optFloat("top_p", req.Sampling.TopP)
	w.key("top_logprobs")
	w.optInt(req.Sampling.TopLogprobs)
	w.key("text")
	w.lit(`{"format":`)
	w.format(&req.Output)
	if req.Output.Verbosity != "" {
		w.str("verbosity", req.Output.Verbosity)
	}
	w.end('}')
	w.key("truncation")
	if v := extra(req.Extra, "truncation"); v != nil {
		w.b = jscan.AppendCompact(w.b, v)
	} else {
		w.quote("disabled")
	}
	if m.UserID != "" {
		w.str("user", m.UserID)
	}
}

func (w *writer) toolSettings(req *llm.Request, full bool) {
	w.boolean("parallel_tool_calls", req.Parallel == nil || *req.Parallel)
	if raw := extra(req.Extra, "tool_choice"); raw != nil {
		w.raw("tool_choice", raw)
	} else if req.Choice.Mode == llm.ChoiceUnset || req.Choice.Mode == llm.ChoiceNamed && len(req.Choice.Names) == 0 {
		w.str("tool_choice", "auto")
	} else {
		w.choice(&req.Choice, req.Tools)
	}
	w.key("tools")
	if !full {
		w.lit("[]")
		return
	}
	w.tools(req.Tools, func(*llm.Tool, string) {})
}

// usage writes table 4.6; both details objects are always there (5.3).
func (w *writer) usage(u *llm.Usage) {
	if u == nil {
		w.lit("null")
		return
	}
	w.lit("{")
	w.num("input_tokens", u.Input)
	w.lit(`,"input_tokens_details":{`)
	w.num("cached_tokens", u.CacheRead)
	w.num("cache_write_tokens", u.CacheWrite)
	w.end('}')
	w.num("output_tokens", u.Output)
	w.lit(`,"output_tokens_details":{`)
	w.num("reasoning_tokens", u.Reasoning)
	w.end('}')
	w.num("total_tokens", u.Input+u.Output)
	w.end('}')
}

// counted completes the usage: an upstream that said nothing, or not how much
// it wrote, is estimated (R52).
func (a *answer) counted(final, early *llm.Usage) *llm.Usage {
	if final != nil {
		return final
	}
	u := llm.Usage{Estimated: true}
	if early != nil {
		u = *early
		u.Estimated = true
	}
	if u.Input == 0 {
		u.Input = wire.EstimateTokens(a.req)
	}
	if u.Output == 0 {
		u.Output = a.tokens
	}
	return &u
}
