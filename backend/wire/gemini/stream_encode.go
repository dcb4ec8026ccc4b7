package gemini

import (
	"io"

	"omniroute/backend/fault"
	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// EncodeStream implements wire.Codec (formats.md 5.4). Every chunk holds a
// part of candidate 0 first, because the official chat helper looks at
// nothing else; calls travel whole; finish reasons and usage come together
// in the last chunk.
func (c codec) EncodeStream(w io.Writer, req *llm.Request) wire.StreamEncoder {
	return &streamEncoder{codec: c, w: w, req: req, ends: []ending{{}}}
}

type streamEncoder struct {
	codec
	answerEncoder
	w       io.Writer
	req     *llm.Request
	closing []byte // of every chunk
	ends    []ending
	counted *llm.Usage
	ended   bool
	began   bool // something was written: an array needs to know

	block *llm.Part // the open block, nil = none
	of    int       // its candidate
	wrote bool      // it has written text
	cited bool      // its citations came one by one
	args  []byte    // of the open call

	guess    []byte // text not yet counted by the estimate
	musing   bool   // guess is thoughts
	guessed  int64
	thoughts int64
}

// ending is what a candidate's last chunk will hold.
type ending struct {
	stop     llm.Stop
	pending  string // a signature that leads the next part
	logprobs []byte
	sources  []byte // see source
}

func (e *streamEncoder) end(candidate int) *ending {
	for len(e.ends) <= candidate {
		e.ends = append(e.ends, ending{})
	}
	return &e.ends[candidate]
}

// Encode implements wire.StreamEncoder.
func (e *streamEncoder) Encode(ev llm.Event) error {
	e.b = e.b[:0]
	switch ev.Kind {
	case llm.EventBegin:
		e.closing = closing(ev.ID, modelOf(ev.Model, e.req), ev.Created)
		e.counted = ev.Usage
	case llm.EventOpen:
		e.openBlock(ev)
	case llm.EventDelta:
		e.delta(ev)
	case llm.EventClose:
		e.closeBlock(ev)
	case llm.EventFinish:
		e.end(ev.Candidate).stop = ev.Stop
	case llm.EventUsage:
		if ev.Usage != nil {
			e.counted = ev.Usage
		}
	case llm.EventEnd:
		e.last()
		e.ended = true
	}
	return e.flush()
}

func (e *streamEncoder) openBlock(ev llm.Event) {
	e.block, e.of, e.wrote, e.cited, e.args = &llm.Part{}, ev.Candidate, false, false, e.args[:0]
	if ev.Part == nil {
		return
	}
	*e.block = *ev.Part
	switch e.block.Kind {
	case llm.PartText, llm.PartRefusal, llm.PartReasoning, llm.PartToolCall:
		return
	}
	if e.visible(e.block) { // media and the like arrive whole
		e.begin(e.of)
		e.content(e.block, e.takePending())
		e.finish()
	}
}

func (e *streamEncoder) delta(ev llm.Event) {
	if ev.Delta == llm.DeltaLogprobs {
		f := e.end(ev.Candidate)
		f.logprobs = joinArrays(f.logprobs, ev.Text)
		return
	}
	if e.block == nil || ev.Text == "" {
		return
	}
	switch ev.Delta {
	case llm.DeltaAnnotation:
		f := e.end(e.of)
		f.sources, e.cited = source(f.sources, []byte(ev.Text)), true
	case llm.DeltaArgs, llm.DeltaInput:
		e.args = append(e.args, ev.Text...)
		e.count(ev.Text, false)
	case llm.DeltaText, llm.DeltaReasoning:
		thought := e.block.Kind == llm.PartReasoning
		e.count(ev.Text, thought)
		e.wrote = true
		e.begin(e.of)
		p := llm.Part{Kind: e.block.Kind, Text: ev.Text}
		if thought {
			e.reasoning(&p, "")
		} else {
			e.content(&p, e.takePending())
		}
		e.finish()
	}
}

func (e *streamEncoder) closeBlock(ev llm.Event) {
	p := e.block
	e.block = nil
	if p == nil {
		return
	}
	if ev.Part != nil {
		if ev.Part.Seal.Data != "" {
			p.Seal = ev.Part.Seal
		}
		if ev.Part.Extra.Format != "" {
			p.Extra = ev.Part.Extra
		}
		if !e.cited {
			f := e.end(e.of)
			for _, a := range jscan.Elements(ev.Part.Annotations) {
				f.sources = source(f.sources, a)
			}
		}
	}
	sealed := wire.PackSeal(p.Seal, wire.Gemini)
	switch {
	case p.Kind == llm.PartToolCall && p.Call != nil:
		call := *p.Call
		if call.Kind == llm.CallCustom {
			call.Input += string(e.args)
		} else {
			call.Args += string(e.args)
		}
		p.Call = &call
		if sealed == "" {
			sealed = e.takePending()
		}
		e.begin(e.of)
		e.content(p, sealed)
		e.finish()
	case sealed == "":
	case p.Kind == llm.PartReasoning && !e.wrote && leads(p):
		f := e.end(e.of)
		if f.pending != "" {
			e.begin(e.of)
			e.signature(f.pending)
			e.finish()
		}
		f.pending = sealed
	case p.Kind == llm.PartReasoning && (e.wrote || p.Seal.Family != llm.FamilyGemini):
		e.begin(e.of) // the end of a thought: the text is already there
		e.comma()
		e.b = append(e.b, `{"text":"","thought":true`...)
		e.tail(&llm.Part{}, sealed)
		e.finish()
	case p.Kind == llm.PartReasoning || p.Kind == llm.PartText:
		e.begin(e.of)
		e.signature(sealed)
		e.finish()
	}
}

func (e *streamEncoder) takePending() string {
	f := e.end(e.of)
	s := f.pending
	f.pending = ""
	return s
}

// begin starts a chunk with an open list of parts of the candidate.
func (e *streamEncoder) begin(candidate int) {
	e.chunk()
	if candidate > 0 {
		e.b = append(e.b, `{"content":{"parts":[{"text":""}],"role":"model"},"index":0},`...)
	}
	e.b = append(e.b, `{"content":{"parts":[`...)
}

// finish ends the chunk that begin started.
func (e *streamEncoder) finish() {
	e.b = append(e.b, `],"role":"model"}`...)
	e.int("index", int64(e.of))
	if f := e.end(e.of); f.logprobs != nil {
		e.logprobsResult(f.logprobs)
		f.logprobs = nil
	}
	e.b = append(e.b, "}]"...)
	e.endChunk()
}

// chunk starts an object of the stream up to its list of candidates.
func (e *streamEncoder) chunk() {
	e.frame()
	if e.envelope {
		e.b = append(e.b, `{"response":`...)
	}
	e.b = append(e.b, `{"candidates":[`...)
}

func (e *streamEncoder) endChunk() {
	if e.closing == nil {
		e.closing = closing("", modelOf("", e.req), 0)
	}
	e.b = append(e.b, e.closing...)
	e.b = append(e.b, '}')
	if e.envelope {
		e.b = append(e.b, '}')
	}
	e.endFrame()
}

// frame and endFrame are what stands between the objects of a stream.
func (e *streamEncoder) frame() {
	switch {
	case !e.array:
		e.b = append(e.b, "data: "...)
	case !e.began:
		e.b = append(e.b, '[')
	default:
		e.b = append(e.b, ",\n"...)
	}
	e.began = true
}

func (e *streamEncoder) endFrame() {
	if !e.array {
		e.b = append(e.b, "\n\n"...)
	}
}

// last writes the chunk with every finish reason and the usage.
func (e *streamEncoder) last() {
	e.chunk()
	for i := range e.ends {
		f := &e.ends[i]
		e.comma()
		e.b = append(e.b, `{"content":{"parts":[`...)
		if f.pending != "" {
			e.signature(f.pending)
		} else {
			e.emptyPart()
		}
		e.b = append(e.b, `],"role":"model"}`...)
		e.text("finishReason", finishWord(f.stop))
		if f.stop.Message != "" {
			e.text("finishMessage", f.stop.Message)
		}
		e.int("index", int64(i))
		if f.logprobs != nil {
			e.logprobsResult(f.logprobs)
		}
		e.grounding(f.sources)
		e.b = append(e.b, '}')
	}
	e.b = append(e.b, ']')
	u := e.counted
	if u == nil {
		u = e.estimate()
	}
	e.usage(u)
	e.endChunk()
}

// count keeps text for the estimate of an answer nobody counted (R52).
func (e *streamEncoder) count(s string, thought bool) {
	if e.counted != nil && e.counted.Output > 0 {
		return
	}
	if thought != e.musing || len(e.guess) >= 16<<10 {
		e.settle()
	}
	e.musing = thought
	e.guess = append(e.guess, s...)
}

func (e *streamEncoder) settle() {
	n := wire.EstimateText(string(e.guess))
	e.guessed += n
	if e.musing {
		e.thoughts += n
	}
	e.guess = e.guess[:0]
}

func (e *streamEncoder) estimate() *llm.Usage {
	e.settle()
	u := &llm.Usage{Output: e.guessed, Reasoning: e.thoughts, Estimated: true}
	if e.req != nil {
		u.Input = wire.EstimateTokens(e.req)
	}
	return u
}

// KeepAlive implements wire.StreamEncoder; this format has no sign of life
// (rulings 3.5).
func (e *streamEncoder) KeepAlive() error { return nil }

// Close implements wire.StreamEncoder. The format has no terminator but the
// bracket of an array.
func (e *streamEncoder) Close(err error) error {
	e.b = e.b[:0]
	if err == nil && !e.ended {
		err = truncated()
	}
	if err != nil {
		e.frame()
		e.b = appendError(e.b, fault.As(err), "")
		e.endFrame()
	}
	if e.array {
		if !e.began {
			e.b = append(e.b, '[')
		}
		e.b = append(e.b, ']')
	}
	return e.flush()
}

// flush makes the one write of a call.
func (e *streamEncoder) flush() error {
	if len(e.b) == 0 {
		return nil
	}
	_, err := e.w.Write(e.b)
	return err
}

// joinArrays appends the elements of the JSON array b to those of a.
func joinArrays(a []byte, b string) []byte {
	if len(b) < 2 || b == "[]" {
		return a
	}
	if len(a) <= 2 {
		return []byte(b)
	}
	a[len(a)-1] = ','
	return append(a, b[1:]...)
}
