package responses

import (
	"omniroute/backend/llm"
	"omniroute/backend/wire/jscan"
)

// piece reads an event about a part of an item.
func (d *streamDecoder) piece(f *fields) {
	switch f.typ {
	case "response.output_text.delta":
		d.textPiece(f, llm.PartText, jscan.Str(f.delta), false)
	case "response.output_text.done":
		d.textPiece(f, llm.PartText, f.text("text"), true)
	case "response.refusal.delta":
		d.textPiece(f, llm.PartRefusal, jscan.Str(f.delta), false)
	case "response.refusal.done":
		d.textPiece(f, llm.PartRefusal, f.text("refusal"), true)
	case "response.content_part.done":
		d.partDone(f)
	case "response.function_call_arguments.delta":
		d.argsPiece(f, argsText(f.delta), false)
	case "response.function_call_arguments.done":
		d.argsPiece(f, argsText(jscan.Get(f.data, "arguments")), true)
	case "response.custom_tool_call_input.delta":
		d.argsPiece(f, jscan.Str(f.delta), false)
	case "response.custom_tool_call_input.done":
		d.argsPiece(f, f.text("input"), true)
	case "response.reasoning_summary_text.delta":
		d.thought(f, "summary", f.summary, jscan.Str(f.delta), false)
	case "response.reasoning_summary_text.done":
		d.thought(f, "summary", f.summary, f.text("text"), true)
	case "response.reasoning_text.delta":
		d.thought(f, "content", f.part, jscan.Str(f.delta), false)
	case "response.reasoning_text.done":
		d.thought(f, "content", f.part, f.text("text"), true)
	}
}

func (it *inItem) part(index int64) *inPart {
	for i := range it.parts {
		if it.parts[i].index == index {
			return &it.parts[i]
		}
	}
	it.parts = append(it.parts, inPart{index: index})
	return &it.parts[len(it.parts)-1]
}

// textPiece takes text of a message; whole text counts only when no piece
// came before (P60).
func (d *streamDecoder) textPiece(f *fields, kind llm.PartKind, text string, whole bool) {
	it := d.item(f)
	if it.typ == "" {
		it.typ = "message"
	}
	p := it.part(f.part)
	if p.closed || text == "" {
		return
	}
	if !whole || !p.got {
		if !p.open {
			p.open, p.block = true, d.open(llm.Part{Kind: kind, Extra: llm.Extra{Format: own}})
		}
		p.got = true
		d.delta(p.block, llm.DeltaText, text)
	}
	if l := jscan.Get(f.data, "logprobs"); jscan.Len(l) > 0 && (!whole || !p.probs) {
		p.probs = true
		d.emit(llm.Event{Kind: llm.EventDelta, Delta: llm.DeltaLogprobs, Text: string(appendLogprobs(nil, l))})
	}
}

// partDone closes a content part, with its citations.
func (d *streamDecoder) partDone(f *fields) {
	it := d.item(f)
	if it.typ == "reasoning" {
		return
	}
	d.closePart(it.part(f.part), jscan.Get(f.data, "part"))
}

// closePart ends a content part; raw is the finished part, nil when unknown.
func (d *streamDecoder) closePart(p *inPart, raw []byte) {
	if p.closed {
		return
	}
	var last llm.Part
	if parts := contentPart(raw, nil); len(parts) == 1 && (parts[0].Kind == llm.PartText || parts[0].Kind == llm.PartRefusal) {
		last = parts[0]
	}
	if !p.got && last.Text != "" {
		p.open, p.got = true, true
		p.block = d.open(llm.Part{Kind: last.Kind, Extra: llm.Extra{Format: own}})
		d.delta(p.block, llm.DeltaText, last.Text)
		if l := jscan.Get(raw, "logprobs"); jscan.Len(l) > 0 && !p.probs {
			d.emit(llm.Event{Kind: llm.EventDelta, Delta: llm.DeltaLogprobs, Text: string(appendLogprobs(nil, l))})
		}
	}
	p.closed = true
	if p.open {
		d.close(p.block, llm.Part{Annotations: last.Annotations, Extra: llm.Extra{Format: own}})
	}
}

// openCall begins a call as soon as its name is known.
func (d *streamDecoder) openCall(it *inItem) {
	if it.block >= 0 || it.call == nil || it.call.Name == "" {
		return
	}
	d.calls = true
	call := *it.call
	it.block = d.open(llm.Part{Kind: llm.PartToolCall, Call: &call})
	d.delta(it.block, argsDelta(it.call), it.held)
	it.held = ""
}

func argsDelta(c *llm.ToolCall) llm.DeltaKind {
	if c.Kind == llm.CallCustom {
		return llm.DeltaInput
	}
	return llm.DeltaArgs
}

// argsPiece takes arguments; whole ones count only when no piece came (P59,
// P60).
func (d *streamDecoder) argsPiece(f *fields, text string, whole bool) {
	it := d.item(f)
	if it.done || it.call == nil && it.typ != "" {
		return
	}
	if it.call == nil { // never announced
		it.call = &llm.ToolCall{}
		if f.typ == "response.custom_tool_call_input.delta" || f.typ == "response.custom_tool_call_input.done" {
			it.call.Kind = llm.CallCustom
		}
	}
	if it.call.Name == "" {
		it.call.Name = f.text("name")
		if it.call.ID == "" {
			it.call.ID = f.text("call_id")
		}
		if it.call.ID != "" { // else the finished item brings it
			d.openCall(it)
		}
	}
	if text == "" || whole && it.got {
		return
	}
	it.got = true
	if it.block < 0 {
		it.held += text
		return
	}
	d.delta(it.block, argsDelta(it.call), text)
}

// thought takes reasoning from the list that comes first, summary or content.
func (d *streamDecoder) thought(f *fields, list string, at int64, text string, whole bool) {
	it := d.item(f)
	if it.done || text == "" || it.got && it.list != list {
		return
	}
	if it.typ == "" {
		it.typ = "reasoning"
	}
	if it.got && at != it.listAt {
		it.before = true
	} else if it.got && whole {
		return
	}
	if it.block < 0 {
		it.block = d.open(llm.Part{Kind: llm.PartReasoning, Seal: llm.Seal{ItemID: it.id}})
	}
	if it.before {
		it.before = false
		d.delta(it.block, llm.DeltaReasoning, "\n\n")
	}
	it.got, it.list, it.listAt = true, list, at
	d.delta(it.block, llm.DeltaReasoning, text)
}

// finished ends an item with what its pieces left out. raw is its final
// state, nil when the stream never told.
func (d *streamDecoder) finished(it *inItem, raw []byte) {
	if it.done {
		return
	}
	it.done = true
	last := itemOf(raw)
	if it.typ == "" {
		it.typ = last.typ
	}
	switch it.typ {
	case "message":
		d.messageDone(it, &last)
	case "reasoning":
		d.reasoningDone(it, &last)
	case "function_call", "custom_tool_call":
		d.callDone(it, &last)
	case "":
		if it.call != nil {
			d.callDone(it, &last)
		}
	default:
		if raw != nil {
			d.otherDone(&last)
		}
	}
}

func (d *streamDecoder) messageDone(it *inItem, last *item) {
	for i, raw := range jscan.Elements(last.content) {
		d.closePart(it.part(int64(i)), raw)
	}
	for i := range it.parts {
		d.closePart(&it.parts[i], nil)
	}
}

// reasoningDone closes a thought with its seal. A seal without text is a
// thought nobody may read (formats.md 3.2).
func (d *streamDecoder) reasoningDone(it *inItem, last *item) {
	p, ok := reasoningPart(last)
	if it.block < 0 {
		if !ok {
			return
		}
		head := p
		head.Text = ""
		it.block = d.open(head)
		d.delta(it.block, llm.DeltaReasoning, p.Text)
	}
	if it.got {
		p.Seal.Redacted = false
	}
	d.close(it.block, llm.Part{Seal: p.Seal})
}

func (d *streamDecoder) callDone(it *inItem, last *item) {
	if it.call == nil {
		it.call = &llm.ToolCall{}
	}
	var final llm.ToolCall
	if last.raw != nil {
		last.typ = it.typ
		final = *callPart(last).Call
	}
	if it.block < 0 {
		args := it.held
		if final.Name != "" || final.ID != "" {
			kind := it.call.Kind
			*it.call = final
			if it.typ == "" {
				it.call.Kind = kind
			}
		}
		if !it.got {
			args = final.Args + final.Input
		}
		it.call.Args, it.call.Input = "", ""
		if it.call.Name == "" {
			return // nobody could run it
		}
		it.held = ""
		d.openCall(it)
		d.delta(it.block, argsDelta(it.call), args)
	} else if !it.got {
		d.delta(it.block, argsDelta(it.call), final.Args+final.Input)
	}
	d.close(it.block, llm.Part{})
}

// otherDone shows an item that comes whole: a call in a shape of its own, or
// something OpenAI's servers did.
func (d *streamDecoder) otherDone(last *item) {
	if _, isResult := resultPart(last); isResult {
		return
	}
	parts, _ := modelParts(last)
	for _, p := range parts {
		head := p
		if p.Kind != llm.PartToolCall {
			d.close(d.open(head), llm.Part{})
			continue
		}
		d.calls = true
		call := *p.Call
		call.Args = ""
		head.Call = &call
		n := d.open(head)
		d.delta(n, llm.DeltaArgs, p.Call.Args)
		d.close(n, llm.Part{})
	}
}
