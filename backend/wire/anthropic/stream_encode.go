package anthropic

import (
	"io"

	"omniroute/backend/fault"
	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// EncodeStream writes a message stream as the official SDK wants it
// (formats.md 5.1): one message_start, blocks one after the other with
// indexes without gaps, one message_delta with usage, message_stop.
func (codec) EncodeStream(w io.Writer, req *llm.Request) wire.StreamEncoder {
	return &streamEncoder{w: w, req: req, ids: callIDs{req: req}, hide: hides(req)}
}

// streamEncoder keeps the block that is open. A block is announced late, with
// its first content: one that stays empty is never shown (P69), and a call
// whose arguments come whole waits for the signature that belongs before it.
type streamEncoder struct {
	w    io.Writer
	req  *llm.Request
	ids  callIDs
	hide bool
	b    []byte

	started bool // message_start is written
	ended   bool // EventEnd was seen
	index   int  // of the next block

	block  *llm.Part // the open block as announced, nil = none
	shown  bool      // its content_block_start is written
	args   string    // whole arguments that wait for Close
	custom bool      // the open call streams free text inside {"input":"…"}

	calls, refused bool
	stop           llm.Stop
	usage          *llm.Usage
	early          *llm.Usage // what message_start said
	written        int64      // estimate of the tokens streamed
}

// Encode implements wire.StreamEncoder.
func (e *streamEncoder) Encode(ev llm.Event) error {
	e.b = e.b[:0]
	if ev.Candidate == 0 { // a message has one answer
		e.event(&ev)
	}
	return e.flush()
}

func (e *streamEncoder) event(ev *llm.Event) {
	switch ev.Kind {
	case llm.EventBegin:
		e.begin(ev)
	case llm.EventOpen:
		e.close(nil)
		e.open(ev.Part)
	case llm.EventDelta:
		e.delta(ev)
	case llm.EventClose:
		e.close(ev.Part)
	case llm.EventFinish:
		e.stop = ev.Stop
	case llm.EventUsage:
		e.usage = ev.Usage
	case llm.EventEnd:
		e.ended = true
	}
}

func (e *streamEncoder) flush() error {
	if len(e.b) == 0 {
		return nil
	}
	_, err := e.w.Write(e.b)
	return err
}

// KeepAlive writes the format's ping (formats.md section 5).
func (e *streamEncoder) KeepAlive() error {
	_, err := io.WriteString(e.w, "event: ping\ndata: {\"type\":\"ping\"}\n\n")
	return err
}

// Close implements wire.StreamEncoder.
func (e *streamEncoder) Close(err error) error {
	e.b = e.b[:0]
	if err == nil && !e.ended {
		err = fault.New(fault.Truncated, "anthropic.stream", "The upstream's answer broke off before its end.")
	}
	if err != nil {
		e.b = errorEvent(e.b, err)
		return e.flush()
	}
	e.begin(&llm.Event{})
	e.close(nil)
	e.b = append(e.b, "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{"...)
	e.b = stopMembers(e.b, e.stop, e.calls, e.refused)
	e.b = append(e.b, '}')
	e.b = usageObject(member(e.b, "usage"), e.finalUsage(), false)
	e.b = append(e.b, "}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"...)
	return e.flush()
}

// begin writes message_start once. Its input count is the best known value:
// context meters read it (P54).
func (e *streamEncoder) begin(ev *llm.Event) {
	if e.started {
		return
	}
	e.started = true
	u := llm.Usage{Estimated: true}
	if ev.Usage != nil {
		u = *ev.Usage
	}
	if u.Input == 0 && e.req != nil {
		u.Input = wire.EstimateTokens(e.req)
	}
	e.early = &u
	e.b = append(e.b, "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{"...)
	e.b = text(e.b, "id", messageID(ev.ID))
	e.b = append(e.b, `,"type":"message","role":"assistant"`...)
	e.b = text(e.b, "model", modelName(ev.Model, e.req))
	e.b = append(e.b, `,"content":[],"stop_reason":null,"stop_sequence":null`...)
	e.b = usageObject(member(e.b, "usage"), &u, true)
	e.b = append(e.b, "}}\n\n"...)
}

// finalUsage is the upstream's count, completed by what was known early and
// by estimates (formats.md R52, P53).
func (e *streamEncoder) finalUsage() *llm.Usage {
	if e.usage == nil {
		u := *e.early
		u.Output = max(u.Output, e.written)
		return &u
	}
	u := *e.usage
	if u.Input == 0 {
		u.Input, u.CacheRead, u.CacheWrite = e.early.Input, e.early.CacheRead, e.early.CacheWrite
	}
	return &u
}

func (e *streamEncoder) open(p *llm.Part) {
	e.begin(&llm.Event{})
	if p == nil {
		p = &llm.Part{}
	}
	e.block, e.shown, e.args, e.custom = p, false, "", false
}

// show writes content_block_start for the open block; body is the block
// without its braces.
func (e *streamEncoder) show(body func([]byte) []byte) {
	e.shown = true
	e.b = append(e.b, "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":"...)
	e.b = append(e.b, itoa(int64(e.index))...)
	e.b = append(e.b, `,"content_block":`...)
	e.b = append(body(e.b), "}\n\n"...)
}

// grow writes one content_block_delta.
func (e *streamEncoder) grow(kind, name, value string) {
	e.b = append(e.b, "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":"...)
	e.b = append(e.b, itoa(int64(e.index))...)
	e.b = append(e.b, `,"delta":{"type":"`...)
	e.b = append(e.b, kind...)
	e.b = append(e.b, `","`...)
	e.b = append(e.b, name...)
	e.b = append(e.b, `":`...)
	e.b = jscan.AppendQuoted(e.b, value)
	e.b = append(e.b, "}}\n\n"...)
}

// shut writes content_block_stop.
func (e *streamEncoder) shut() {
	e.b = append(e.b, "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":"...)
	e.b = append(e.b, itoa(int64(e.index))...)
	e.b = append(e.b, "}\n\n"...)
	e.index++
}

const emptyText, emptyThought = `{"type":"text","text":""}`, `{"type":"thinking","thinking":"","signature":""}`

func constant(s string) func([]byte) []byte {
	return func(b []byte) []byte { return append(b, s...) }
}

func (e *streamEncoder) delta(ev *llm.Event) {
	p := e.block
	if p == nil || ev.Text == "" || native(p.Opaque) {
		return
	}
	switch {
	case ev.Delta == llm.DeltaText && (p.Kind == llm.PartText || p.Kind == llm.PartRefusal):
		if !e.shown {
			e.refused = e.refused || p.Kind == llm.PartRefusal
			e.show(constant(emptyText))
		}
		e.grow("text_delta", "text", ev.Text)
	case ev.Delta == llm.DeltaAnnotation && p.Kind == llm.PartText && p.Extra.Format == format:
		if !e.shown {
			e.show(constant(emptyText))
		}
		e.cite(ev.Text)
		return
	case ev.Delta == llm.DeltaReasoning && p.Kind == llm.PartReasoning:
		e.written += wire.EstimateText(ev.Text)
		if e.hide {
			return
		}
		if !e.shown {
			e.show(constant(emptyThought))
		}
		e.grow("thinking_delta", "thinking", ev.Text)
		return
	case ev.Delta == llm.DeltaArgs && p.Kind == llm.PartToolCall:
		e.arguments(ev.Text)
	case ev.Delta == llm.DeltaInput && p.Kind == llm.PartToolCall:
		e.input(ev.Text)
	default:
		return
	}
	e.written += wire.EstimateText(ev.Text)
}

// cite writes one citation; it is JSON already.
func (e *streamEncoder) cite(citation string) {
	e.b = append(e.b, "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":"...)
	e.b = append(e.b, itoa(int64(e.index))...)
	e.b = append(e.b, `,"delta":{"type":"citations_delta","citation":`...)
	e.b = append(e.b, citation...)
	e.b = append(e.b, "}}\n\n"...)
}

// arguments streams a fragment of a call's arguments (P57, P58). A first
// fragment that is a whole value already waits: its signature may follow.
func (e *streamEncoder) arguments(fragment string) {
	if !e.shown && e.args == "" && jscan.Check([]byte(fragment)) == nil {
		e.args = fragment
		return
	}
	e.call(llm.Seal{})
	if e.args != "" {
		e.grow("input_json_delta", "partial_json", e.args)
		e.args = ""
	}
	e.grow("input_json_delta", "partial_json", fragment)
}

// input streams a fragment of a custom call's text as the one member of an
// arguments object (formats.md R38).
func (e *streamEncoder) input(fragment string) {
	e.call(llm.Seal{})
	piece := make([]byte, 0, len(fragment)+16)
	if !e.custom {
		piece = append(piece, `{"input":"`...)
		e.custom = true
	}
	e.grow("input_json_delta", "partial_json", string(jscan.AppendEscaped(piece, fragment)))
}

// call announces the open call, once; a signature of another family goes
// before it (formats.md R28).
func (e *streamEncoder) call(seal llm.Seal) {
	if e.shown {
		return
	}
	if seal.Data == "" {
		seal = e.block.Seal
	}
	e.carry(seal)
	c := e.block.Call
	if c == nil {
		c = &llm.ToolCall{}
	}
	e.calls = true
	id := e.ids.next(c.ID)
	e.show(func(b []byte) []byte {
		b = text(append(b, `{"type":"tool_use"`...), "id", id)
		b = append(text(b, "name", c.Name), `,"input":{}`...)
		return append(fields(b, &e.block.Extra), '}')
	})
}

// carry writes another family's signature as a thinking block without text.
func (e *streamEncoder) carry(seal llm.Seal) {
	if sig := wire.PackSeal(seal, wire.Anthropic); sig != "" {
		e.show(constant(emptyThought))
		e.grow("signature_delta", "signature", sig)
		e.shut()
		e.shown = false
	}
}

// close ends the open block; last may complete it.
func (e *streamEncoder) close(last *llm.Part) {
	p := e.block
	if p == nil {
		return
	}
	seal, raw := p.Seal, p.Opaque
	if last != nil {
		if last.Seal.Data != "" {
			seal = last.Seal
		}
		if last.Opaque != nil {
			raw = last.Opaque
		}
	}
	switch {
	case native(raw):
		e.whole(raw.Raw)
	case p.Kind == llm.PartText || p.Kind == llm.PartRefusal:
		if e.shown {
			e.shut()
		}
		e.carry(seal)
	case p.Kind == llm.PartReasoning:
		e.closeThought(seal)
	case p.Kind == llm.PartToolCall:
		e.call(seal)
		switch {
		case e.args != "":
			e.grow("input_json_delta", "partial_json", string(wire.ObjectArgs(e.args)))
		case e.custom:
			e.grow("input_json_delta", "partial_json", `"}`)
		case p.Call != nil && p.Call.Kind == llm.CallCustom:
			e.grow("input_json_delta", "partial_json", `{"input":""}`)
		}
		e.shut()
	}
	e.block, e.shown, e.args, e.custom = nil, false, "", false
}

// closeThought sends the signature once, whole, just before the stop: the SDK
// replaces, it does not append (formats.md 5.1).
func (e *streamEncoder) closeThought(seal llm.Seal) {
	if seal.Redacted && seal.Family == llm.FamilyAnthropic && seal.Data != "" && !e.shown {
		e.show(func(b []byte) []byte { return reasoningBlock(b, "", &seal) })
		e.shut()
		return
	}
	sig := wire.PackSeal(seal, wire.Anthropic)
	if sig != "" {
		if !e.shown {
			e.show(constant(emptyThought))
		}
		e.grow("signature_delta", "signature", sig)
	}
	if e.shown {
		e.shut()
	}
}

// whole writes a block of this very format that arrived as raw bytes. The
// input of a server's call travels as a delta like every other.
func (e *streamEncoder) whole(v []byte) {
	if e.shown {
		e.shut()
	}
	input := jscan.Get(v, "input")
	if input == nil || jscan.Str(jscan.Get(v, "type")) != "server_tool_use" {
		e.show(constant(string(v)))
		e.shut()
		return
	}
	e.show(constant(string(wire.Edit(v, []wire.Member{{Name: "input", Raw: []byte("{}")}}, nil))))
	if string(input) != "{}" {
		e.grow("input_json_delta", "partial_json", string(input))
	}
	e.shut()
}
