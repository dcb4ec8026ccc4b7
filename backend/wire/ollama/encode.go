package ollama

import (
	"fmt"
	"io"
	"strconv"
	"time"

	"omniroute/backend/fault"
	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// head begins every object of an answer.
func head(dst []byte, model string, created int64, req *llm.Request) []byte {
	if model == "" && req != nil {
		model = req.Model
	}
	at := time.Now()
	if created > 0 {
		at = time.Unix(created, 0)
	}
	dst = append(dst, `{"model":`...)
	dst = jscan.AppendQuoted(dst, model)
	dst = append(dst, `,"created_at":"`...)
	dst = at.UTC().AppendFormat(dst, time.RFC3339Nano)
	return append(dst, `","message":{"role":"assistant","content":`...)
}

// doneReason is table 4.7 in Ollama's two words.
func doneReason(r llm.StopReason) string {
	if r == llm.StopLength || r == llm.StopContextFull {
		return "length"
	}
	return "stop"
}

// appendCall writes one call; arguments are an object here (R25).
func appendCall(dst []byte, c *llm.ToolCall, index int) []byte {
	args := c.Args
	if c.Kind == llm.CallCustom {
		args = wire.WrapInput(c.Input)
	}
	dst = append(dst, '{')
	if c.ID != "" {
		dst = append(dst, `"id":`...)
		dst = append(jscan.AppendQuoted(dst, c.ID), ',')
	}
	dst = append(dst, `"function":{"index":`...)
	dst = strconv.AppendInt(dst, int64(index), 10)
	dst = append(dst, `,"name":`...)
	dst = jscan.AppendQuoted(dst, c.Name)
	dst = append(dst, `,"arguments":`...)
	dst = append(dst, wire.ObjectArgs(args)...)
	return append(dst, "}}"...)
}

// appendCounts writes the token counts.
func appendCounts(dst []byte, u *llm.Usage) []byte {
	dst = append(dst, `,"prompt_eval_count":`...)
	dst = strconv.AppendInt(dst, u.Input, 10)
	dst = append(dst, `,"eval_count":`...)
	return strconv.AppendInt(dst, u.Output, 10)
}

// EncodeResponse writes a whole answer; see wire.Codec. The format has one
// answer, so further candidates are lost. How long the model took is not
// known here; the durations are left out.
func (Codec) EncodeResponse(resp *llm.Response, req *llm.Request) ([]byte, []llm.Loss, error) {
	var losses []llm.Loss
	var c llm.Candidate
	if len(resp.Candidates) > 0 {
		c = resp.Candidates[0]
	}
	for i := 1; i < len(resp.Candidates); i++ {
		losses = append(losses, llm.Loss{Path: fmt.Sprintf("choices[%d]", i), Why: "Ollama's format holds one answer"})
	}
	b := head(make([]byte, 0, 512), resp.Model, resp.Created, req)
	var text, thinking, images, calls []byte
	n := 0
	for i := range c.Parts {
		p := &c.Parts[i]
		switch {
		case p.Kind == llm.PartText || p.Kind == llm.PartRefusal:
			text = jscan.AppendEscaped(text, p.Text)
		case p.Kind == llm.PartReasoning:
			thinking = jscan.AppendEscaped(thinking, p.Text)
		case p.Kind == llm.PartToolCall && p.Call != nil:
			calls = append(calls, ",["[btoi(n == 0)])
			calls = appendCall(calls, p.Call, n)
			n++
		case p.Kind == llm.PartImage && p.Media != nil && p.Media.Data != "":
			images = append(images, ",["[btoi(len(images) == 0)])
			images = jscan.AppendQuoted(images, p.Media.Data)
		default:
			losses = append(losses, llm.Loss{Path: fmt.Sprintf("content[%d]", i), Why: "Ollama's answers hold no such content"})
		}
	}
	if c.Logprobs != nil {
		losses = append(losses, llm.Loss{Path: "logprobs", Why: "not part of this answer"})
	}
	b = append(append(append(b, '"'), text...), '"')
	if len(thinking) > 0 {
		b = append(append(append(b, `,"thinking":"`...), thinking...), '"')
	}
	if len(images) > 0 {
		b = append(append(append(b, `,"images":`...), images...), ']')
	}
	if n > 0 {
		b = append(append(append(b, `,"tool_calls":`...), calls...), ']')
	}
	b = append(b, `},"done":true,"done_reason":"`...)
	b = append(append(b, doneReason(c.Stop.Reason)...), '"')
	usage := resp.Usage
	if usage == nil { // R52
		usage = &llm.Usage{Output: wire.EstimateOutput(resp), Estimated: true}
		if req != nil {
			usage.Input = wire.EstimateTokens(req)
		}
	}
	return append(appendCounts(b, usage), '}'), losses, nil
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// EncodeStream writes one line of JSON per piece; see wire.Codec.
func (Codec) EncodeStream(w io.Writer, req *llm.Request) wire.StreamEncoder {
	return &streamEncoder{w: w, req: req, start: time.Now()}
}

// streamEncoder turns events into lines. A call is written whole when it is
// complete: the format has no pieces of one.
type streamEncoder struct {
	w       io.Writer
	req     *llm.Request
	buf     []byte
	model   string
	created int64
	start   time.Time
	first   time.Time // of the first content
	kind    llm.PartKind
	call    *llm.ToolCall
	calls   int
	bytes   int // of text, for an estimate
	stop    llm.StopReason
	usage   *llm.Usage
	ended   bool
	closed  bool
}

func (e *streamEncoder) Encode(ev llm.Event) error {
	e.buf = e.buf[:0]
	if ev.Candidate > 0 { // one answer
		return nil
	}
	switch ev.Kind {
	case llm.EventBegin:
		e.model, e.created = ev.Model, ev.Created
		if ev.Usage != nil {
			e.usage = ev.Usage
		}
	case llm.EventOpen:
		e.open(ev.Part)
	case llm.EventDelta:
		e.delta(&ev)
	case llm.EventClose:
		e.close()
	case llm.EventFinish:
		e.stop = ev.Stop.Reason
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

func (e *streamEncoder) open(p *llm.Part) {
	e.kind, e.call = llm.PartOpaque, nil
	if p == nil {
		return
	}
	e.kind = p.Kind
	switch {
	case p.Kind == llm.PartToolCall && p.Call != nil:
		call := *p.Call // the event's own stays as it is
		e.call = &call
	case p.Kind == llm.PartImage && p.Media != nil && p.Media.Data != "":
		e.line(func(b []byte) []byte {
			b = append(b, `"","images":[`...)
			return append(jscan.AppendQuoted(b, p.Media.Data), ']')
		})
	case p.Text != "" && (p.Kind == llm.PartText || p.Kind == llm.PartRefusal || p.Kind == llm.PartReasoning):
		e.text(p.Text)
	}
}

// line writes one line; rest fills the message from its content on.
func (e *streamEncoder) line(rest func([]byte) []byte) {
	if e.first.IsZero() {
		e.first = time.Now()
	}
	e.buf = rest(head(e.buf, e.model, e.created, e.req))
	e.buf = append(e.buf, "},\"done\":false}\n"...)
}

func (e *streamEncoder) text(s string) {
	e.bytes += len(s)
	e.line(func(b []byte) []byte {
		if e.kind == llm.PartReasoning {
			b = append(b, `"","thinking":`...)
		}
		return jscan.AppendQuoted(b, s)
	})
}

func (e *streamEncoder) delta(ev *llm.Event) {
	if ev.Text == "" {
		return
	}
	switch ev.Delta {
	case llm.DeltaText, llm.DeltaReasoning:
		if e.kind == llm.PartText || e.kind == llm.PartRefusal || e.kind == llm.PartReasoning {
			e.text(ev.Text)
		}
	case llm.DeltaArgs:
		if e.call != nil {
			e.call.Args += ev.Text
		}
	case llm.DeltaInput:
		if e.call != nil {
			e.call.Input += ev.Text
		}
	}
}

func (e *streamEncoder) close() {
	if c := e.call; c != nil {
		e.bytes += len(c.Name) + len(c.Args) + len(c.Input)
		e.line(func(b []byte) []byte {
			b = append(b, `"","tool_calls":[`...)
			return append(appendCall(b, c, e.calls), ']')
		})
		e.calls++
	}
	e.kind, e.call = llm.PartOpaque, nil
}

// KeepAlive writes nothing: every line must be an answer.
func (e *streamEncoder) KeepAlive() error { return nil }

// Close writes the last line: the counts, or the error (R67).
func (e *streamEncoder) Close(err error) error {
	if e.closed {
		return nil
	}
	e.closed = true
	e.buf = e.buf[:0]
	if err == nil && !e.ended {
		err = fault.New(fault.Truncated, "ollama.encode", "The upstream's answer broke off before its end.")
	}
	if err != nil {
		e.buf = append(appendError(e.buf, asFault(err)), '\n')
		return e.flush()
	}
	usage := e.usage
	if usage == nil { // R52
		usage = &llm.Usage{Output: int64(e.bytes+3) / 4, Estimated: true}
		if e.req != nil {
			usage.Input = wire.EstimateTokens(e.req)
		}
	}
	now := time.Now()
	if e.first.IsZero() {
		e.first = now
	}
	e.buf = head(e.buf, e.model, e.created, e.req)
	e.buf = append(e.buf, `""},"done":true,"done_reason":"`...)
	e.buf = append(append(e.buf, doneReason(e.stop)...), `","total_duration":`...)
	e.buf = appendNanos(e.buf, now.Sub(e.start))
	e.buf = append(e.buf, `,"load_duration":0,"prompt_eval_duration":`...)
	e.buf = appendNanos(e.buf, e.first.Sub(e.start))
	e.buf = append(e.buf, `,"eval_duration":`...)
	e.buf = appendNanos(e.buf, now.Sub(e.first))
	e.buf = append(appendCounts(e.buf, usage), "}\n"...)
	return e.flush()
}

// appendNanos writes a duration that is never 0: clients divide by it.
func appendNanos(dst []byte, d time.Duration) []byte {
	return strconv.AppendInt(dst, max(int64(d), 1), 10)
}
