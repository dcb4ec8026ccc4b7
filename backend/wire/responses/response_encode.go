package responses

import (
	"omniroute/backend/llm"
	"omniroute/backend/wire/jscan"
)

// EncodeResponse writes a whole response object. The format has one answer:
// further candidates are losses.
func (codec) EncodeResponse(resp *llm.Response, req *llm.Request) ([]byte, []llm.Loss, error) {
	a := newAnswer(req)
	a.begin(resp.ID, resp.Model, resp.Tier, resp.Created)
	var losses []llm.Loss
	var stop llm.Stop
	for ci := range resp.Candidates {
		c := &resp.Candidates[ci]
		if ci > 0 {
			losses = append(losses, llm.Loss{Path: at("candidates", ci), Why: "Responses holds one answer"})
			continue
		}
		stop = c.Stop
		for pi := range c.Parts {
			if !a.add(&c.Parts[pi]) {
				losses = append(losses, llm.Loss{Path: at("content", pi), Why: lossOf(&c.Parts[pi])})
			}
		}
		if a.open.kind == llm.PartText && a.open.part.active {
			a.open.part.logprobs = c.Logprobs
		} else if c.Logprobs != nil {
			losses = append(losses, llm.Loss{Path: "logprobs", Why: "the answer does not end with text"})
		}
	}
	status := statusOf(stop.Reason)
	a.finish(status)
	w := writer{b: make([]byte, 0, len(a.output)+1024)}
	a.object(&w, status, stop, a.counted(resp.Usage, nil), nil)
	return w.b, losses, nil
}

// add writes a whole part; false when it cannot be shown.
func (a *answer) add(p *llm.Part) bool {
	switch p.Kind {
	case llm.PartText, llm.PartRefusal:
		if p.Text == "" {
			return true
		}
		a.startMessage(p)
		a.text(p.Text)
		for _, c := range jscan.Elements(p.Annotations) {
			a.annotate(c)
		}
		a.open.after = p.Seal
	case llm.PartReasoning:
		if p.Text == "" && p.Seal.Data == "" {
			return true
		}
		a.startReasoning(p)
		a.text(p.Text)
		a.open.seal = p.Seal
	case llm.PartToolCall:
		if p.Call == nil {
			return false
		}
		a.startCall(p)
		if p.Call.Kind == llm.CallCustom {
			a.arguments(p.Call.Input)
		} else {
			a.arguments(p.Call.Args)
		}
	case llm.PartServer, llm.PartOpaque:
		return extra(p.Extra, inContent) == nil && a.whole(p.Opaque)
	default:
		return false
	}
	return true
}

func lossOf(p *llm.Part) string {
	if p.Opaque != nil && p.Opaque.Type != "" {
		return p.Opaque.Type + " has no counterpart in Responses"
	}
	return "Responses shows text, reasoning and calls only"
}
