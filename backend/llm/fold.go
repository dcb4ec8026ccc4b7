package llm

import "errors"

// ErrNoEnd is what Fold returns for a stream that stops without End.
var ErrNoEnd = errors.New("llm: stream without end")

// Fold collects a stream into a whole answer. It returns the stream's own
// error when it has one, and ErrNoEnd for a stream that just stops.
func Fold(s Stream) (*Response, error) {
	r := &Response{}
	var open *Part
	ended := false
	for ev, err := range s {
		if err != nil {
			return r, err
		}
		switch ev.Kind {
		case EventBegin:
			r.ID, r.Model, r.Created, r.Tier = ev.ID, ev.Model, ev.Created, ev.Tier
			if ev.Usage != nil {
				r.Usage = ev.Usage
			}
		case EventOpen:
			c := r.candidate(ev.Candidate)
			c.Parts = append(c.Parts, openPart(ev.Part))
			open = &c.Parts[len(c.Parts)-1]
		case EventDelta:
			if ev.Delta == DeltaLogprobs {
				c := r.candidate(ev.Candidate)
				c.Logprobs = joinArrays(c.Logprobs, ev.Text)
			} else if open != nil {
				addDelta(open, ev)
			}
		case EventClose:
			if open != nil && ev.Part != nil {
				closePart(open, ev.Part)
			}
			open = nil
		case EventFinish:
			r.candidate(ev.Candidate).Stop = ev.Stop
		case EventUsage:
			r.Usage = ev.Usage
		case EventEnd:
			ended = true
		}
	}
	if !ended {
		return r, ErrNoEnd
	}
	return r, nil
}

func (r *Response) candidate(i int) *Candidate {
	for len(r.Candidates) <= i {
		r.Candidates = append(r.Candidates, Candidate{})
	}
	return &r.Candidates[i]
}

// openPart copies what Open announced so that deltas never write through the
// event's pointer.
func openPart(p *Part) Part {
	if p == nil {
		return Part{}
	}
	c := *p
	if p.Call != nil {
		call := *p.Call
		c.Call = &call
	}
	return c
}

func addDelta(p *Part, ev Event) {
	switch ev.Delta {
	case DeltaText, DeltaReasoning:
		p.Text += ev.Text
	case DeltaArgs:
		if p.Call != nil {
			p.Call.Args += ev.Text
		}
	case DeltaInput:
		if p.Call != nil {
			p.Call.Input += ev.Text
		}
	case DeltaAnnotation:
		p.Annotations = joinArrays(p.Annotations, "["+ev.Text+"]")
	}
}

func closePart(p, last *Part) {
	if last.Seal != (Seal{}) {
		p.Seal = last.Seal
	}
	if last.Annotations != nil {
		p.Annotations = last.Annotations
	}
	if last.Opaque != nil {
		p.Opaque = last.Opaque
	}
}

// joinArrays appends the elements of the JSON array b to the JSON array a.
func joinArrays(a []byte, b string) []byte {
	if len(b) < 2 || b == "[]" {
		return a
	}
	if len(a) <= 2 {
		return []byte(b)
	}
	out := append([]byte(nil), a[:len(a)-1]...)
	out = append(out, ',')
	return append(out, b[1:]...)
}

// Unfold turns a whole answer into its events. Fold(Unfold(r)) equals r.
func Unfold(r *Response) Stream {
	return func(yield func(Event, error) bool) {
		if !yield(Event{Kind: EventBegin, ID: r.ID, Model: r.Model, Created: r.Created, Tier: r.Tier, Usage: r.Usage}, nil) {
			return
		}
		block := 0
		for ci := range r.Candidates {
			c := &r.Candidates[ci]
			for pi := range c.Parts {
				if !unfoldPart(&c.Parts[pi], ci, block, yield) {
					return
				}
				block++
			}
			if c.Logprobs != nil && !yield(Event{Kind: EventDelta, Delta: DeltaLogprobs, Candidate: ci, Text: string(c.Logprobs)}, nil) {
				return
			}
			if !yield(Event{Kind: EventFinish, Candidate: ci, Stop: c.Stop}, nil) {
				return
			}
		}
		if r.Usage != nil && !yield(Event{Kind: EventUsage, Usage: r.Usage}, nil) {
			return
		}
		yield(Event{Kind: EventEnd}, nil)
	}
}

func unfoldPart(p *Part, candidate, block int, yield func(Event, error) bool) bool {
	head := *p
	head.Text, head.Seal, head.Annotations = "", Seal{}, nil
	d := Event{Kind: EventDelta, Candidate: candidate, Block: block}
	switch p.Kind {
	case PartText, PartRefusal:
		d.Text = p.Text
	case PartReasoning:
		d.Delta, d.Text = DeltaReasoning, p.Text
		head.Seal = Seal{ItemID: p.Seal.ItemID}
	case PartToolCall:
		call := *p.Call
		d.Delta, d.Text = DeltaArgs, call.Args
		if call.Kind == CallCustom {
			d.Delta, d.Text = DeltaInput, call.Input
		}
		call.Args, call.Input = "", ""
		head.Call = &call
	}
	if !yield(Event{Kind: EventOpen, Candidate: candidate, Block: block, Part: &head}, nil) {
		return false
	}
	if d.Text != "" && !yield(d, nil) {
		return false
	}
	return yield(Event{Kind: EventClose, Candidate: candidate, Block: block, Part: &Part{Seal: p.Seal, Annotations: p.Annotations}}, nil)
}
