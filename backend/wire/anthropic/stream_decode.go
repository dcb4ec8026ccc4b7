package anthropic

import (
	"io"

	"omniroute/backend/fault"
	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// DecodeStream reads a message stream (formats.md 5.1, 5.5). It is lenient
// about what hosts get wrong without losing meaning: a block that was never
// announced, announced while another is open, or never stopped. A stream
// without message_stop is truncated, whatever came before (P62).
func (c codec) DecodeStream(r io.Reader) llm.Stream {
	return func(yield func(llm.Event, error) bool) {
		sse := wire.NewSSE(r)
		defer sse.Close()
		d := &streamDecoder{codec: c, yield: yield}
		for !d.done {
			name, data, err := sse.Next()
			switch {
			case err == io.EOF:
				d.fail(fault.New(fault.Truncated, "anthropic.stream", "The upstream's answer broke off before its end."))
			case err != nil:
				d.fail(err)
			default:
				d.event(name, data)
			}
		}
	}
}

type streamDecoder struct {
	codec codec
	yield func(llm.Event, error) bool
	done  bool

	begun    bool
	finished bool // EventFinish was sent
	stop     llm.Stop
	counts   counts
	calls    bool

	open      bool
	kind      llm.PartKind
	index     int64 // the upstream's number of the open block
	block     int   // ours of the next block
	seal      llm.Seal
	start     []byte // raw block of a kind kept whole
	startArgs []byte // arguments a host put into content_block_start (P57)
	input     []byte // streamed input of a server's call
	args      bool   // argument fragments have come
}

func (d *streamDecoder) send(ev llm.Event) {
	if !d.done && !d.yield(ev, nil) {
		d.done = true
	}
}

func (d *streamDecoder) fail(err error) {
	if !d.done {
		d.done = true
		d.yield(llm.Event{}, err)
	}
}

func (d *streamDecoder) event(name string, data []byte) {
	if err := jscan.Check(data); err != nil {
		if string(data) != "[DONE]" { // some hosts end every stream with it
			d.fail(upstream("The upstream sent a stream event that is not valid JSON."))
		}
		return
	}
	var e streamEvent
	e.scan(data)
	if e.kind == "" {
		e.kind = name
	}
	switch e.kind {
	case "content_block_delta":
		d.delta(e.index, e.delta)
	case "message_start":
		d.begin(e.message)
	case "content_block_start":
		d.begin(nil)
		d.startBlock(e.index, e.block)
	case "content_block_stop":
		if d.open && e.index == d.index {
			d.close()
		}
	case "message_delta":
		d.messageDelta(e.delta, e.usage)
	case "message_stop":
		d.end()
	case "error":
		d.fail(d.codec.DecodeError(200, nil, data))
	case "message": // the host ignored stream:true
		d.wholeMessage(data)
	case "":
		if jscan.KindOf(data) != jscan.Object || !jscan.IsNull(jscan.Get(data, "error")) || wire.Refused(data) {
			d.fail(d.codec.DecodeError(200, nil, data))
		}
	}
}

// streamEvent is one event's members as raw spans.
type streamEvent struct {
	kind                         string
	index                        int64
	message, block, delta, usage []byte
}

func (e *streamEvent) scan(data []byte) {
	for k, v := range jscan.Members(data) {
		switch string(k) {
		case "type":
			e.kind = eventWord(v)
		case "index":
			e.index, _ = jscan.Int(v)
		case "message":
			e.message = v
		case "content_block":
			e.block = v
		case "delta":
			e.delta = v
		case "usage":
			e.usage = v
		}
	}
}

// eventWord is jscan.Str without an allocation for the words that come once
// per token.
func eventWord(v []byte) string {
	switch string(v) {
	case `"content_block_delta"`:
		return "content_block_delta"
	case `"text_delta"`:
		return "text_delta"
	case `"thinking_delta"`:
		return "thinking_delta"
	case `"input_json_delta"`:
		return "input_json_delta"
	}
	return jscan.Str(v)
}

func (d *streamDecoder) begin(message []byte) {
	if d.begun {
		return
	}
	d.begun = true
	ev := llm.Event{Kind: llm.EventBegin}
	for k, v := range jscan.Members(message) {
		switch string(k) {
		case "id":
			ev.ID = jscan.Str(v)
		case "model":
			ev.Model = jscan.Str(v)
		case "usage":
			d.counts.overlay(v)
			ev.Usage = d.counts.usage()
		}
	}
	d.send(ev)
}

// startBlock announces a block; content a host put into it already follows as
// deltas.
func (d *streamDecoder) startBlock(index int64, v []byte) {
	d.close()
	at := jscan.NewCursor(v)
	b, err := scanBlock(&at)
	if d.finished || b.kind == "" || err != nil { // the answer is over, or this is no block
		return
	}
	d.index = index
	switch b.kind {
	case "text":
		d.announce(llm.Part{Kind: llm.PartText, Extra: llm.Extra{Format: format}})
		d.textDelta(llm.DeltaText, b.text)
		for _, c := range jscan.Elements(b.citations) {
			d.send(llm.Event{Kind: llm.EventDelta, Block: d.block, Delta: llm.DeltaAnnotation, Text: string(c)})
		}
	case "thinking":
		d.announce(llm.Part{Kind: llm.PartReasoning})
		d.textDelta(llm.DeltaReasoning, b.thinking)
		d.seal = vendor.seal(b.signature)
	case "redacted_thinking":
		d.announce(llm.Part{Kind: llm.PartReasoning})
		d.seal = vendor.seal(b.data)
		d.seal.Redacted = true
	case "tool_use":
		d.calls = true
		call := decodeCall(&b)
		if call.Args != "" && call.Args != "{}" {
			d.startArgs = []byte(call.Args)
		}
		call.Args = ""
		d.announce(llm.Part{Kind: llm.PartToolCall, Call: call, Extra: extra(b.extra)})
	default:
		d.start = raw(v)
		p := llm.Part{Kind: llm.PartOpaque, Opaque: &llm.Opaque{Format: format, Type: b.kind, Raw: d.start}}
		if serverBlock(b.kind) {
			p.Kind = llm.PartServer
		}
		d.announce(p)
	}
}

func (d *streamDecoder) announce(p llm.Part) {
	d.open, d.kind = true, p.Kind
	d.send(llm.Event{Kind: llm.EventOpen, Block: d.block, Part: &p})
}

func (d *streamDecoder) textDelta(kind llm.DeltaKind, v []byte) {
	if s := jscan.Str(v); s != "" && d.open {
		d.send(llm.Event{Kind: llm.EventDelta, Block: d.block, Delta: kind, Text: s})
	}
}

// delta adds to the open block. Text or thoughts that do not fit it get a
// block of their own (P37); arguments without a call mean nothing.
func (d *streamDecoder) delta(index int64, v []byte) {
	var kind string
	var content, signature, citation []byte
	for k, v := range jscan.Members(v) {
		switch string(k) {
		case "type":
			kind = eventWord(v)
		case "text", "thinking", "partial_json":
			content = v
		case "signature":
			signature = v
		case "citation":
			citation = v
		}
	}
	switch kind {
	case "text_delta":
		d.want(index, llm.PartText)
		d.textDelta(llm.DeltaText, content)
	case "thinking_delta":
		d.want(index, llm.PartReasoning)
		d.textDelta(llm.DeltaReasoning, content)
	case "signature_delta":
		d.want(index, llm.PartReasoning)
		d.seal = vendor.seal(signature)
	case "input_json_delta":
		switch {
		case d.open && d.kind == llm.PartToolCall:
			d.args = d.args || jscan.Str(content) != ""
			d.textDelta(llm.DeltaArgs, content)
		case d.open && d.start != nil:
			d.input = append(d.input, jscan.Str(content)...)
		}
	case "citations_delta":
		if d.open && d.kind == llm.PartText && jscan.KindOf(citation) == jscan.Object {
			d.send(llm.Event{Kind: llm.EventDelta, Block: d.block, Delta: llm.DeltaAnnotation, Text: string(citation)})
		}
	}
}

// want makes sure that a block of the kind is open.
func (d *streamDecoder) want(index int64, kind llm.PartKind) {
	if d.open && d.kind == kind || d.finished {
		return
	}
	d.begin(nil)
	d.close()
	d.index = index
	p := llm.Part{Kind: kind}
	if kind == llm.PartText {
		p.Extra.Format = format
	}
	d.announce(p)
}

func (d *streamDecoder) close() {
	if !d.open {
		return
	}
	last := &llm.Part{Kind: d.kind}
	switch {
	case d.kind == llm.PartReasoning && d.seal.Data != "":
		last.Seal = d.seal
	case d.startArgs != nil && !d.args:
		d.send(llm.Event{Kind: llm.EventDelta, Block: d.block, Delta: llm.DeltaArgs, Text: string(d.startArgs)})
	case d.start != nil && len(d.input) > 0 && jscan.Check(d.input) == nil:
		last.Opaque = &llm.Opaque{Format: format, Type: jscan.Str(jscan.Get(d.start, "type")),
			Raw: wire.Edit(d.start, []wire.Member{{Name: "input", Raw: d.input}}, nil)}
	}
	d.send(llm.Event{Kind: llm.EventClose, Block: d.block, Part: last})
	d.block++
	d.open, d.seal, d.start, d.startArgs, d.input, d.args = false, llm.Seal{}, nil, nil, nil, false
}

// messageDelta carries the reason of the end and the cumulative counters,
// which replace those of message_start (formats.md R51).
func (d *streamDecoder) messageDelta(delta, usage []byte) {
	d.begin(nil)
	d.counts.overlay(usage)
	var reason, sequence, details []byte
	for k, v := range jscan.Members(delta) {
		switch string(k) {
		case "stop_reason":
			reason = v
		case "stop_sequence":
			sequence = v
		case "stop_details":
			details = v
		}
	}
	if !jscan.IsNull(reason) {
		d.close()
		d.stop = decodeStop(reason, sequence, details)
		d.finish()
	}
	if u := d.counts.usage(); u != nil && d.finished {
		d.send(llm.Event{Kind: llm.EventUsage, Usage: u})
	}
}

func (d *streamDecoder) finish() {
	if !d.finished {
		d.finished = true
		d.send(llm.Event{Kind: llm.EventFinish, Stop: ended(d.stop, d.calls)})
	}
}

func (d *streamDecoder) end() {
	d.begin(nil)
	d.close()
	if !d.finished {
		d.finish()
		if u := d.counts.usage(); u != nil {
			d.send(llm.Event{Kind: llm.EventUsage, Usage: u})
		}
	}
	d.send(llm.Event{Kind: llm.EventEnd})
	d.done = true
}

// wholeMessage turns an answer that came in one piece into its events.
func (d *streamDecoder) wholeMessage(data []byte) {
	r, err := d.codec.DecodeResponse(data)
	if err != nil {
		d.fail(err)
		return
	}
	for ev, err := range llm.Unfold(r) {
		if err != nil {
			d.fail(err)
			return
		}
		d.send(ev)
		if d.done {
			return
		}
	}
	d.done = true
}
