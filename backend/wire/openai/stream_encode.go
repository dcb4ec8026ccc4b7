package openai

import (
	"io"
	"strconv"

	"omniroute/backend/fault"
	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// keepAlive is a comment: the SDK parses the data of every event that has a
// name (formats.md section 5).
const keepAlive = ": keepalive\n\n"

// EncodeStream writes chunks for a chat client; see wire.Codec. The usage
// chunk comes only when the client asked for it (R7).
func (Codec) EncodeStream(w io.Writer, req *llm.Request) wire.StreamEncoder {
	e := &streamEncoder{w: w, req: req, legacy: usesFunctions(req)}
	e.usageAsked = req != nil && req.Meta.IncludeUsage
	return e
}

// streamEncoder turns events into chunks. Every Encode ends in at most one
// Write of buf.
type streamEncoder struct {
	w          io.Writer
	req        *llm.Request
	legacy     bool
	usageAsked bool
	buf        []byte
	id         string
	prefix     []byte // of every chunk, up to its choices
	choices    []sentChoice
	part       llm.PartKind
	origin     string // of the open text's annotations
	cited      bool   // some of them were sent
	call       sentCall
	words      []byte     // of the thought being written
	carrier    string     // its seal and words wait for the next call (R28)
	early      *llm.Usage // what Begin knew
	usage      *llm.Usage
	ascii      int // what was written, for an estimate
	wide       int
	ended      bool
	closed     bool
}

// sentChoice is what a client has seen of one choice.
type sentChoice struct {
	role, finished bool
	calls          int
}

// sentCall is the call being written.
type sentCall struct {
	kind   llm.CallKind
	index  int
	args   bool
	sealed bool
	skip   bool // a second call of a legacy client
}

func (e *streamEncoder) Encode(ev llm.Event) error {
	e.buf = e.buf[:0]
	switch ev.Kind {
	case llm.EventBegin:
		if e.prefix == nil {
			e.begin(&ev)
		}
		if ev.Usage != nil {
			e.early = ev.Usage
		}
	case llm.EventOpen:
		e.open(&ev)
	case llm.EventDelta:
		e.delta(&ev)
	case llm.EventClose:
		e.close(&ev)
	case llm.EventFinish:
		e.finish(ev.Candidate, ev.Stop.Reason)
	case llm.EventUsage:
		if ev.Usage != nil {
			e.usage = ev.Usage
		}
	case llm.EventEnd:
		e.ended = true
	}
	return e.flush()
}

func (e *streamEncoder) flush() error {
	if len(e.buf) == 0 {
		return nil
	}
	_, err := e.w.Write(e.buf)
	e.buf = e.buf[:0]
	return err
}

// begin fixes id, created and model for all chunks.
func (e *streamEncoder) begin(ev *llm.Event) {
	e.id = answerID(ev.ID)
	p := append(make([]byte, 0, 192), `data: {"id":`...)
	p = jscan.AppendQuoted(p, e.id)
	p = append(p, `,"object":"chat.completion.chunk","created":`...)
	p = strconv.AppendInt(p, createdAt(ev.Created), 10)
	p = append(p, `,"model":`...)
	p = jscan.AppendQuoted(p, modelName(ev.Model, e.req))
	if ev.Tier != "" {
		p = append(p, `,"service_tier":`...)
		p = jscan.AppendQuoted(p, ev.Tier)
	}
	e.prefix = append(p, `,"choices":[`...)
}

// choice returns the state of a candidate and writes its role first: the SDK
// refuses a choice without one.
func (e *streamEncoder) choice(index int) *sentChoice {
	if e.prefix == nil {
		e.begin(&llm.Event{})
	}
	for len(e.choices) <= index {
		e.choices = append(e.choices, sentChoice{})
	}
	c := &e.choices[index]
	if !c.role {
		c.role = true
		e.chunk(index)
		e.buf = append(e.buf, `"role":"assistant","content":""`...)
		e.endChunk()
	}
	return c
}

// chunk begins a chunk of one choice, inside its delta.
func (e *streamEncoder) chunk(index int) {
	e.buf = append(e.buf, e.prefix...)
	e.buf = append(e.buf, `{"index":`...)
	e.buf = strconv.AppendInt(e.buf, int64(index), 10)
	e.buf = append(e.buf, `,"delta":{`...)
}

func (e *streamEncoder) endChunk() {
	e.buf = append(e.buf, "},\"finish_reason\":null}]}\n\n"...)
}

// piece writes one delta of a single text member.
func (e *streamEncoder) piece(index int, member, text string) {
	e.choice(index)
	e.chunk(index)
	e.buf = append(e.buf, member...)
	e.buf = jscan.AppendQuoted(e.buf, text)
	e.endChunk()
}

func (e *streamEncoder) open(ev *llm.Event) {
	if ev.Part == nil {
		return
	}
	e.part, e.origin, e.cited = ev.Part.Kind, ev.Part.Extra.Format, false
	switch e.part {
	case llm.PartReasoning:
		e.words = e.words[:0]
	case llm.PartToolCall:
		if ev.Part.Call != nil {
			e.openCall(ev.Candidate, ev.Part)
		}
	case llm.PartImage:
		if m := ev.Part.Media; m != nil && (m.Data != "" || m.URL != "") {
			e.choice(ev.Candidate)
			e.chunk(ev.Candidate)
			e.buf = append(e.buf, `"images":[`...)
			e.buf = append(appendImage(e.buf, m), ']')
			e.endChunk()
		}
	}
}

// openCall writes the first fragment of a call: the SDK wants id, type and
// name in it.
func (e *streamEncoder) openCall(index int, p *llm.Part) {
	c := e.choice(index)
	e.call = sentCall{kind: p.Call.Kind, index: c.calls}
	c.calls++
	if e.legacy {
		if e.call.skip = c.calls > 1; e.call.skip {
			return
		}
		e.chunk(index)
		e.buf = append(e.buf, `"function_call":{"name":`...)
		e.buf = jscan.AppendQuoted(e.buf, p.Call.Name)
		e.buf = append(e.buf, `,"arguments":""}`...)
		e.endChunk()
		return
	}
	id := p.Call.ID
	if id == "" {
		id = callID(e.id, index, e.call.index)
	}
	e.chunk(index)
	e.openFragment()
	e.buf = append(e.buf, `,"id":`...)
	e.buf = jscan.AppendQuoted(e.buf, id)
	if p.Call.Kind == llm.CallCustom {
		e.buf = append(e.buf, `,"type":"custom","custom":{"name":`...)
		e.buf = jscan.AppendQuoted(e.buf, p.Call.Name)
		e.buf = append(e.buf, `,"input":""}`...)
	} else {
		e.buf = append(e.buf, `,"type":"function","function":{"name":`...)
		e.buf = jscan.AppendQuoted(e.buf, p.Call.Name)
		e.buf = append(e.buf, `,"arguments":""}`...)
	}
	v := wire.PackSeal(p.Seal, wire.OpenAIChat)
	if v == "" {
		v, e.carrier = e.carrier, ""
	}
	e.seal(v)
	e.buf = append(e.buf, "}]"...)
	e.endChunk()
	if args := p.Call.Args + p.Call.Input; args != "" { // some decoders know them at once
		e.fragment(index, args)
	}
}

func (e *streamEncoder) openFragment() {
	e.buf = append(e.buf, `"tool_calls":[{"index":`...)
	e.buf = strconv.AppendInt(e.buf, int64(e.call.index), 10)
}

func (e *streamEncoder) seal(v string) {
	if v != "" {
		e.buf = appendSeal(e.buf, v)
		e.call.sealed = true
	}
}

// fragment writes a piece of the call's arguments or input.
func (e *streamEncoder) fragment(index int, text string) {
	if e.call.skip {
		return
	}
	e.call.args = true
	if e.legacy {
		e.chunk(index)
		e.buf = append(e.buf, `"function_call":{"arguments":`...)
		e.buf = append(jscan.AppendQuoted(e.buf, text), '}')
		e.endChunk()
		return
	}
	e.chunk(index)
	e.openFragment()
	if e.call.kind == llm.CallCustom {
		e.buf = append(e.buf, `,"custom":{"input":`...)
	} else {
		e.buf = append(e.buf, `,"function":{"arguments":`...)
	}
	e.buf = jscan.AppendQuoted(e.buf, text)
	e.buf = append(e.buf, "}}]"...)
	e.endChunk()
}

func (e *streamEncoder) delta(ev *llm.Event) {
	if ev.Text == "" {
		return
	}
	switch ev.Delta {
	case llm.DeltaLogprobs:
		e.choice(ev.Candidate)
		e.chunk(ev.Candidate)
		e.buf = append(e.buf, `},"logprobs":{"content":`...)
		e.buf = append(e.buf, ev.Text...)
		e.buf = append(e.buf, ",\"refusal\":null},\"finish_reason\":null}]}\n\n"...)
		return
	case llm.DeltaReasoning:
		e.words = append(e.words, ev.Text...)
		e.piece(ev.Candidate, `"reasoning_content":`, ev.Text)
	case llm.DeltaText:
		switch e.part {
		case llm.PartText:
			e.piece(ev.Candidate, `"content":`, ev.Text)
		case llm.PartRefusal:
			e.piece(ev.Candidate, `"refusal":`, ev.Text)
		default: // text of parts chat does not show
			return
		}
	case llm.DeltaArgs, llm.DeltaInput:
		if e.part != llm.PartToolCall {
			return
		}
		e.fragment(ev.Candidate, ev.Text)
	case llm.DeltaAnnotation:
		if e.part == llm.PartText {
			e.cited = true
			e.citations(ev.Candidate, "["+ev.Text+"]")
		}
		return
	default:
		return
	}
	e.weigh(ev.Text)
}

// weigh counts text the way wire.EstimateText does, without rounding each
// piece up.
func (e *streamEncoder) weigh(s string) {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c < 0x80:
			e.ascii++
		case c >= 0xe0: // the lead byte of a wide character
			e.wide++
		case c >= 0xc0:
			e.ascii += 2
		}
	}
}

func (e *streamEncoder) close(ev *llm.Event) {
	kind := e.part
	e.part = llm.PartOpaque
	switch kind {
	case llm.PartReasoning:
		if ev.Part != nil && ev.Part.Seal.Data != "" {
			e.carrier = wire.PackThought(string(e.words), ev.Part.Seal, wire.OpenAIChat)
		}
	case llm.PartToolCall:
		e.closeCall(ev)
	case llm.PartText:
		if ev.Part != nil && len(ev.Part.Annotations) > 0 && !e.cited {
			e.citations(ev.Candidate, string(ev.Part.Annotations))
		}
	}
}

// closeCall completes a call: arguments that never came are {} (R25), and a
// seal that came last travels in a fragment of its own.
func (e *streamEncoder) closeCall(ev *llm.Event) {
	if !e.call.args && e.call.kind == llm.CallFunction {
		e.fragment(ev.Candidate, "{}")
	}
	if e.legacy || e.call.sealed || ev.Part == nil {
		return
	}
	v := wire.PackSeal(ev.Part.Seal, wire.OpenAIChat)
	if v == "" {
		return
	}
	e.chunk(ev.Candidate)
	e.openFragment()
	e.seal(v)
	e.buf = append(e.buf, "}]"...)
	e.endChunk()
}

// citations writes the annotations of a text that chat can show; list is a
// JSON array.
func (e *streamEncoder) citations(index int, list string) {
	w := responseWriter{}
	w.citations([]llm.Part{{Annotations: []byte(list), Extra: llm.Extra{Format: e.origin}}})
	if len(w.b) == 0 {
		return
	}
	e.choice(index)
	e.chunk(index)
	e.buf = append(e.buf, w.b[1:]...) // without the comma before a further member
	e.endChunk()
}

// finish writes the one finish_reason of a choice.
func (e *streamEncoder) finish(index int, reason llm.StopReason) {
	c := e.choice(index)
	if c.finished {
		return
	}
	c.finished = true
	e.buf = append(e.buf, e.prefix...)
	e.buf = append(e.buf, `{"index":`...)
	e.buf = strconv.AppendInt(e.buf, int64(index), 10)
	e.buf = append(e.buf, `,"delta":{},"finish_reason":"`...)
	e.buf = append(e.buf, finishWord(reason, c.calls > 0, e.legacy)...)
	e.buf = append(e.buf, "\"}]}\n\n"...)
}

// KeepAlive writes a comment.
func (e *streamEncoder) KeepAlive() error {
	_, err := io.WriteString(e.w, keepAlive)
	return err
}

// Close ends the stream: usage if asked for and [DONE], or an error and
// nothing after it (R67).
func (e *streamEncoder) Close(err error) error {
	if e.closed {
		return nil
	}
	e.closed = true
	e.buf = e.buf[:0]
	if err == nil && !e.ended {
		err = fault.New(fault.Truncated, "openai.encode", "The upstream's answer broke off before its end.")
	}
	if err != nil {
		e.buf = appendErrorEvent(e.buf, fault.As(err))
		return e.flush()
	}
	if len(e.choices) == 0 { // an empty answer still has a choice
		e.choice(0)
	}
	for i := range e.choices {
		e.finish(i, llm.StopUnknown)
	}
	if e.usageAsked {
		e.buf = append(e.buf, e.prefix...)
		e.buf = append(e.buf, `],"usage":`...)
		e.buf = appendUsage(e.buf, e.total())
		e.buf = append(e.buf, "}\n\n"...)
	}
	e.buf = append(e.buf, "data: [DONE]\n\n"...)
	return e.flush()
}

// total is the usage, estimated when the upstream gave none (R52).
func (e *streamEncoder) total() *llm.Usage {
	if e.usage != nil {
		return e.usage
	}
	u := llm.Usage{Output: int64(e.ascii+3)/4 + int64(e.wide), Estimated: true}
	if e.early != nil && e.early.Input > 0 {
		u.Input, u.CacheRead, u.CacheWrite, u.Output = e.early.Input, e.early.CacheRead, e.early.CacheWrite, max(u.Output, e.early.Output)
	} else {
		u.Input = wire.EstimateTokens(e.req)
	}
	return &u
}

func appendErrorEvent(dst []byte, err *fault.Error) []byte {
	dst = append(dst, "data: "...)
	dst = appendError(dst, err)
	return append(dst, "\n\n"...)
}
