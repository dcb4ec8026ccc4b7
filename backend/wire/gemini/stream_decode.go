package gemini

import (
	"io"

	"omniroute/backend/fault"
	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// DecodeStream implements wire.Codec. It reads events (alt=sse) as well as a
// JSON array. The format has no terminal event: the end of the body is the
// end of the answer if every candidate has a finishReason or the prompt was
// blocked, else the stream was cut off (formats.md R67, P62).
func (c codec) DecodeStream(r io.Reader) llm.Stream {
	return func(yield func(llm.Event, error) bool) {
		events := wire.NewSSE(r)
		defer events.Close()
		d := streamDecoder{codec: c, yield: yield}
		for {
			_, data, err := events.Next()
			if err == io.EOF {
				d.end()
				return
			}
			if err != nil {
				yield(llm.Event{}, err)
				return
			}
			if string(data) == "[DONE]" { // not Google's, but some proxies send it
				continue
			}
			if err := jscan.Check(data); err != nil {
				yield(llm.Event{}, fault.Wrap(fault.Upstream, "wire.gemini", err, "The upstream sent a stream event that is no JSON."))
				return
			}
			if jscan.KindOf(data) != jscan.Array {
				if !d.chunk(data) {
					return
				}
				continue
			}
			for _, v := range jscan.Elements(data) {
				if !d.chunk(v) {
					return
				}
			}
		}
	}
}

type streamDecoder struct {
	codec
	yield   func(llm.Event, error) bool
	begun   bool
	blocks  int // blocks opened so far
	open    bool
	kind    llm.PartKind // of the open block
	of      int          // candidate of the open block
	usage   []byte       // the last usageMetadata
	blocked *llm.Stop
	sources []byte     // of the open text
	ends    []lastWord // per candidate
}

type lastWord struct {
	seen, called  bool
	word, message string
}

// chunk decodes one object; false means stop.
func (d *streamDecoder) chunk(v []byte) bool {
	a := readAnswer(v)
	if a.failure != nil {
		d.yield(llm.Event{}, d.DecodeError(200, nil, v))
		return false
	}
	if a.usage != nil {
		d.usage = append(d.usage[:0], a.usage...) // cumulative: the last one counts
	}
	if !d.begun {
		if a.candidates == nil && a.blocked == "" && a.usage == nil && a.model == nil {
			return true
		}
		d.begun = true
		ev := llm.Event{Kind: llm.EventBegin, ID: jscan.Str(a.id), Model: jscan.Str(a.model), Created: a.unix(), Usage: readUsage(d.usage)}
		if !d.yield(ev, nil) {
			return false
		}
	}
	if a.blocked != "" {
		stop := blockedStop(a)
		d.blocked = &stop
	}
	for i, c := range jscan.Elements(a.candidates) {
		if !d.candidate(readPiece(c, i)) {
			return false
		}
	}
	return true
}

func (d *streamDecoder) candidate(p piece) bool {
	for len(d.ends) <= p.index {
		d.ends = append(d.ends, lastWord{})
	}
	d.ends[p.index].seen = true
	for _, v := range jscan.Elements(p.parts) {
		if s := scanPart(v); s.plain() {
			if !d.plain(p.index, &s) {
				return false
			}
		} else if !d.other(p.index, s.read(v)) {
			return false
		}
	}
	if p.logprobs != nil && !d.yield(llm.Event{Kind: llm.EventDelta, Delta: llm.DeltaLogprobs, Candidate: p.index, Block: d.block(), Text: string(p.logprobs)}, nil) {
		return false
	}
	if p.sources != nil && d.open && d.kind == llm.PartText && d.of == p.index {
		d.sources = p.sources
	}
	if p.finish != "" {
		d.ends[p.index].word, d.ends[p.index].message = p.finish, p.message
	}
	return true
}

// block is the number of the open or the last block.
func (d *streamDecoder) block() int { return max(d.blocks-1, 0) }

// plain is part for text and thoughts without anything else.
func (d *streamDecoder) plain(candidate int, s *spans) bool {
	text := jscan.Str(s.text)
	switch {
	case text == "":
		return true
	case s.thought:
		return d.extend(candidate, llm.PartReasoning, llm.DeltaReasoning, text, llm.Extra{})
	}
	return d.extend(candidate, llm.PartText, llm.DeltaText, text, llm.Extra{})
}

func (d *streamDecoder) other(candidate int, got pieces) bool {
	for k := range got.n {
		if !d.part(candidate, &got.list[k], got.thought) {
			return false
		}
	}
	return true
}

// part turns a part into events. Texts and thoughts continue the open block
// of their kind; everything else arrives whole.
func (d *streamDecoder) part(candidate int, p *llm.Part, thought bool) bool {
	switch p.Kind {
	case llm.PartText:
		return d.extend(candidate, p.Kind, llm.DeltaText, p.Text, p.Extra)
	case llm.PartReasoning:
		if !thought {
			return d.close(nil) && d.whole(candidate, p, llm.Event{})
		}
		if !d.extend(candidate, p.Kind, llm.DeltaReasoning, p.Text, p.Extra) {
			return false
		}
		if p.Seal.Data != "" {
			return d.close(&llm.Part{Seal: p.Seal, Extra: p.Extra})
		}
		return true
	case llm.PartToolCall:
		nameCall(p)
		d.ends[candidate].called = true
		call := *p.Call
		call.Args = ""
		head := llm.Part{Kind: llm.PartToolCall, Call: &call, Seal: p.Seal, Extra: p.Extra}
		return d.close(nil) && d.whole(candidate, &head, llm.Event{Delta: llm.DeltaArgs, Text: p.Call.Args})
	}
	return d.close(nil) && d.whole(candidate, p, llm.Event{})
}

// extend adds to the open block, or opens one.
func (d *streamDecoder) extend(candidate int, kind llm.PartKind, delta llm.DeltaKind, text string, extra llm.Extra) bool {
	if !d.open || d.kind != kind || d.of != candidate {
		if !d.close(nil) || !d.openBlock(candidate, &llm.Part{Kind: kind, Extra: extra}) {
			return false
		}
	}
	return text == "" || d.yield(llm.Event{Kind: llm.EventDelta, Delta: delta, Candidate: candidate, Block: d.block(), Text: text}, nil)
}

// whole sends a block that is complete: head, at most one delta, end. The
// seal stands on both ends, because some clients' formats carry it ahead of
// the block and others behind it.
func (d *streamDecoder) whole(candidate int, head *llm.Part, delta llm.Event) bool {
	if !d.openBlock(candidate, head) {
		return false
	}
	if delta.Text != "" {
		delta.Kind, delta.Candidate, delta.Block = llm.EventDelta, candidate, d.block()
		if !d.yield(delta, nil) {
			return false
		}
	}
	return d.close(&llm.Part{Seal: head.Seal, Extra: head.Extra})
}

func (d *streamDecoder) openBlock(candidate int, head *llm.Part) bool {
	d.blocks++
	d.open, d.kind, d.of = true, head.Kind, candidate
	return d.yield(llm.Event{Kind: llm.EventOpen, Candidate: candidate, Block: d.block(), Part: head}, nil)
}

// close ends the open block, if there is one.
func (d *streamDecoder) close(last *llm.Part) bool {
	if !d.open {
		return true
	}
	d.open = false
	if d.sources != nil {
		last = &llm.Part{Annotations: d.sources, Extra: llm.Extra{Format: own}}
		d.sources = nil
	}
	return d.yield(llm.Event{Kind: llm.EventClose, Candidate: d.of, Block: d.block(), Part: last}, nil)
}

// end closes the answer, or says that it broke off.
func (d *streamDecoder) end() {
	if d.blocked != nil && len(d.ends) == 0 {
		d.ends = []lastWord{{}}
	}
	stops := make([]llm.Stop, len(d.ends))
	for i, e := range d.ends {
		switch {
		case e.word != "":
			stops[i] = stopOf(e.word, e.message, e.called)
		case d.blocked != nil:
			stops[i] = *d.blocked
		case e.seen:
			d.yield(llm.Event{}, truncated())
			return
		default: // a gap in the indexes
			stops[i] = llm.Stop{Reason: llm.StopEnd}
		}
	}
	if len(stops) == 0 {
		d.yield(llm.Event{}, truncated())
		return
	}
	if !d.close(nil) {
		return
	}
	for i, s := range stops {
		if !d.yield(llm.Event{Kind: llm.EventFinish, Candidate: i, Stop: s}, nil) {
			return
		}
	}
	if u := readUsage(d.usage); u != nil && !d.yield(llm.Event{Kind: llm.EventUsage, Usage: u}, nil) {
		return
	}
	d.yield(llm.Event{Kind: llm.EventEnd}, nil)
}

func truncated() error {
	return fault.New(fault.Truncated, "wire.gemini", "The upstream's answer broke off before its end.")
}
