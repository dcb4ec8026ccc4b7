package responses

import (
	"io"
	"slices"

	"omniroute/backend/fault"
	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// streamEncoder writes the ladder of events (formats.md 5.3). The terminal
// event waits for Close: usage may come after the finish (P53).
type streamEncoder struct {
	w     io.Writer
	a     *answer
	begun bool
	ended bool
	block *llm.Part // announced, nothing said yet
	noted bool      // the block's citations came one by one
	stop  llm.Stop
	early *llm.Usage
	usage *llm.Usage
}

func (codec) EncodeStream(w io.Writer, req *llm.Request) wire.StreamEncoder {
	e := &streamEncoder{w: w, a: newAnswer(req)}
	e.a.live = true
	return e
}

func (e *streamEncoder) Encode(ev llm.Event) error {
	if ev.Candidate > 0 { // the format has one answer
		return nil
	}
	a := e.a
	switch ev.Kind {
	case llm.EventBegin:
		e.early = ev.Usage
		e.begin(&ev)
	case llm.EventOpen:
		e.open(ev.Part)
	case llm.EventDelta:
		e.delta(&ev)
	case llm.EventClose:
		e.close(ev.Part)
	case llm.EventFinish:
		e.stop = ev.Stop
		a.finish(statusOf(e.stop.Reason))
	case llm.EventUsage:
		e.usage = ev.Usage
	case llm.EventEnd:
		e.ended = true
	}
	return e.flush()
}

// begin writes the two events that open every stream.
func (e *streamEncoder) begin(ev *llm.Event) {
	if e.begun {
		return
	}
	e.begun = true
	a := e.a
	a.begin(ev.ID, ev.Model, ev.Tier, ev.Created)
	for _, typ := range [...]string{"response.created", "response.in_progress"} {
		a.event(typ)
		a.key("response")
		a.object(&a.writer, "in_progress", llm.Stop{}, nil, nil)
		a.endEvent()
	}
}

func (e *streamEncoder) open(p *llm.Part) {
	if p == nil {
		return
	}
	if !e.begun {
		e.begin(&llm.Event{})
	}
	e.block, e.noted = nil, false
	switch p.Kind {
	case llm.PartToolCall:
		if p.Call == nil {
			return
		}
		e.a.startCall(p)
		if p.Call.Kind == llm.CallCustom {
			e.a.arguments(p.Call.Input)
		} else {
			e.a.arguments(p.Call.Args)
		}
	case llm.PartServer, llm.PartOpaque:
		if extra(p.Extra, inContent) == nil {
			e.a.whole(p.Opaque)
		}
	default:
		e.block = p
		if p.Text != "" {
			e.say(p.Text)
		}
	}
}

// say writes text into the announced block, opening it first.
func (e *streamEncoder) say(text string) {
	if text == "" {
		return
	}
	if p := e.block; p != nil {
		e.block = nil
		if !e.start(p) {
			return
		}
	}
	e.a.text(text)
}

func (e *streamEncoder) start(p *llm.Part) bool {
	switch p.Kind {
	case llm.PartText, llm.PartRefusal:
		e.a.startMessage(p)
	case llm.PartReasoning:
		e.a.startReasoning(p)
	default:
		return false
	}
	return true
}

func (e *streamEncoder) delta(ev *llm.Event) {
	switch ev.Delta {
	case llm.DeltaText, llm.DeltaReasoning:
		e.say(ev.Text)
	case llm.DeltaArgs, llm.DeltaInput:
		e.a.arguments(ev.Text)
	case llm.DeltaLogprobs:
		if part := &e.a.open.part; part.active && e.a.open.kind == llm.PartText {
			part.logprobs = appendLogprobs(part.logprobs, []byte(ev.Text))
		}
	case llm.DeltaAnnotation:
		e.noted = true
		e.a.annotate([]byte(ev.Text))
	}
}

// close takes what completes the block. Its last events wait for what comes
// next, which tells whether the item was cut off.
func (e *streamEncoder) close(p *llm.Part) {
	a := e.a
	pending := e.block
	e.block = nil
	if p == nil {
		return
	}
	if pending != nil {
		if pending.Kind != llm.PartReasoning || p.Seal.Data == "" {
			return
		}
		a.startReasoning(pending)
	}
	switch {
	case !a.open.active:
	case a.open.kind == llm.PartReasoning:
		a.open.seal = p.Seal
	case a.open.kind == llm.PartToolCall:
		if !a.sealed {
			a.open.after = p.Seal
		}
	case a.open.kind == llm.PartText:
		a.open.after = p.Seal
		if p.Extra.Format != "" {
			a.open.part.origin = p.Extra.Format
		}
		for _, c := range jscan.Elements(p.Annotations) {
			if !e.noted {
				a.annotate(c)
			}
		}
	}
}

// KeepAlive writes a comment: the SDK throws on events it does not know and
// on events without data.
func (e *streamEncoder) KeepAlive() error {
	_, err := io.WriteString(e.w, ": keepalive\n\n")
	return err
}

// Close writes the one terminal event.
func (e *streamEncoder) Close(err error) error {
	if err == nil && !e.ended {
		err = fault.New(fault.Truncated, "responses.stream", "The upstream ended the stream before the answer was complete.")
	}
	if err != nil {
		return e.fail(err)
	}
	a := e.a
	if !e.begun {
		e.begin(&llm.Event{})
	}
	status := statusOf(e.stop.Reason)
	a.finish(status)
	a.event("response." + status)
	a.key("response")
	a.b = slices.Grow(a.b, len(a.output)+1024)
	a.object(&a.writer, status, e.stop, a.counted(e.usage, e.early), nil)
	a.endEvent()
	return e.flush()
}

// fail ends the stream honestly (R67): Codex understands response.failed only
// (P63), and the SDK wants response.created before it.
func (e *streamEncoder) fail(err error) error {
	a := e.a
	if !e.begun {
		e.begin(&llm.Event{})
	}
	a.live = false
	a.finish("incomplete")
	a.live = true
	a.event("response.failed")
	a.key("response")
	a.object(&a.writer, "failed", llm.Stop{}, e.usage, func(w *writer) { w.failure(err) })
	a.endEvent()
	return e.flush()
}

func (e *streamEncoder) flush() error {
	if len(e.a.b) == 0 {
		return nil
	}
	_, err := e.w.Write(e.a.b)
	e.a.b = e.a.b[:0]
	return err
}
