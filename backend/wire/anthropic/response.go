package anthropic

import (
	"fmt"

	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// DecodeResponse reads a whole message. An error object in its place is that
// error (formats.md R66); anything else is no valid answer.
func (c codec) DecodeResponse(body []byte) (*llm.Response, error) {
	var content, reason, sequence, details, usage []byte
	r := &llm.Response{}
	for k, v := range jscan.Members(body) {
		switch string(k) {
		case "error":
			if !jscan.IsNull(v) {
				return nil, c.DecodeError(200, nil, body)
			}
		case "id":
			r.ID = jscan.Str(v)
		case "model":
			r.Model = jscan.Str(v)
		case "content":
			content = v
		case "stop_reason":
			reason = v
		case "stop_sequence":
			sequence = v
		case "stop_details":
			details = v
		case "usage":
			usage = v
		}
	}
	if wire.Refused(body) {
		return nil, c.DecodeError(200, nil, body)
	}
	if jscan.KindOf(content) != jscan.Array {
		return nil, upstream("The upstream's answer is no Anthropic message: it has no content list.")
	}
	var n counts
	n.overlay(usage)
	r.Usage = n.usage()
	candidate := llm.Candidate{}
	at := jscan.NewCursor(content)
	for i := range at.Elements() {
		parts, err := decodeBlock(candidate.Parts, &at, vendor)
		if err != nil {
			return nil, upstream("The upstream's answer holds a broken content block at place %d.", i)
		}
		if len(parts) > len(candidate.Parts) && empty(&parts[len(parts)-1]) {
			parts = parts[:len(parts)-1]
		}
		candidate.Parts = parts
	}
	candidate.Stop = ended(decodeStop(reason, sequence, details), called(candidate.Parts))
	r.Candidates = []llm.Candidate{candidate}
	return r, nil
}

// empty reports a text or thinking block that says nothing.
func empty(p *llm.Part) bool {
	return (p.Kind == llm.PartText || p.Kind == llm.PartReasoning) && p.Text == "" && p.Seal.Data == "" && p.Opaque == nil
}

func called(parts []llm.Part) bool {
	for i := range parts {
		if parts[i].Kind == llm.PartToolCall {
			return true
		}
	}
	return false
}

// EncodeResponse writes a whole message for the client that sent req.
func (codec) EncodeResponse(resp *llm.Response, req *llm.Request) ([]byte, []llm.Loss, error) {
	var losses []llm.Loss
	var candidate llm.Candidate
	if len(resp.Candidates) > 0 {
		candidate = resp.Candidates[0]
	}
	for i := 1; i < len(resp.Candidates); i++ {
		losses = append(losses, llm.Loss{Path: fmt.Sprintf("candidates[%d]", i), Why: "an Anthropic message holds one answer"})
	}
	b := append(make([]byte, 0, 1024+2*sizeOfParts(candidate.Parts)), '{')
	b = text(b, "id", messageID(resp.ID))
	b = append(b, `,"type":"message","role":"assistant"`...)
	b = text(b, "model", modelName(resp.Model, req))
	b = append(member(b, "content"), '[')
	w := blockWriter{ids: callIDs{req: req}, hide: hides(req)}
	for i := range candidate.Parts {
		var why string
		if b, why = w.append(b, &candidate.Parts[i]); why != "" {
			losses = append(losses, llm.Loss{Path: fmt.Sprintf("content[%d]", i), Why: why})
		}
	}
	b = append(b, ']')
	b = stopMembers(b, candidate.Stop, w.calls, w.refused)
	b = usageObject(member(b, "usage"), wholeUsage(resp, req), true)
	return append(b, '}'), losses, nil
}

// wholeUsage is what is known of the tokens, or an estimate (formats.md R52).
func wholeUsage(resp *llm.Response, req *llm.Request) *llm.Usage {
	u := llm.Usage{Estimated: true}
	if resp.Usage != nil {
		u = *resp.Usage
	}
	if u.Input == 0 && req != nil {
		u.Input = wire.EstimateTokens(req)
	}
	if resp.Usage == nil {
		u.Output = wire.EstimateOutput(resp)
	}
	return &u
}

// hides reports a client that wants signatures without the thoughts.
func hides(req *llm.Request) bool {
	return req != nil && req.Reasoning.Show != nil && !*req.Reasoning.Show
}

func modelName(model string, req *llm.Request) string {
	if model == "" && req != nil {
		model = req.Model
	}
	if model == "" {
		model = "unknown"
	}
	return model
}

// blockWriter writes the blocks of an answer.
type blockWriter struct {
	ids            callIDs
	hide           bool
	calls, refused bool
}

// append writes what a part of an answer is to an Anthropic client; why tells
// what could not be shown. A part that says nothing writes nothing (P69).
func (w *blockWriter) append(b []byte, p *llm.Part) (_ []byte, why string) {
	if native(p.Opaque) {
		return append(comma(b), p.Opaque.Raw...), ""
	}
	switch p.Kind {
	case llm.PartText, llm.PartRefusal:
		if p.Text != "" {
			w.refused = w.refused || p.Kind == llm.PartRefusal
			why = citationLoss(p)
			b = textBlock(comma(b), &llm.Part{Text: p.Text, Annotations: p.Annotations, Extra: p.Extra})
		}
		return sealBlock(b, p.Seal), why
	case llm.PartReasoning:
		if p.Seal.Redacted && signed(p) {
			return reasoningBlock(comma(b), "", &p.Seal), ""
		}
		return thoughtBlock(b, p, w.hide), ""
	case llm.PartToolCall:
		w.calls = true
		b = sealBlock(b, p.Seal) // before the call it was minted for (R28)
		call := *p.Call
		call.ID = w.ids.next(call.ID)
		return callBlock(comma(b), &llm.Part{Call: &call, Extra: p.Extra}), ""
	case llm.PartImage, llm.PartAudio, llm.PartFile:
		return b, "an Anthropic answer holds no media"
	}
	return b, "content that only the upstream's format understands"
}

func citationLoss(p *llm.Part) string {
	if len(p.Annotations) > 2 && p.Extra.Format != format {
		return "citations of another format"
	}
	return ""
}

// sealBlock carries another family's signature in a thinking block without
// text (formats.md R28); wire.Prepare puts it back on the part it came from.
func sealBlock(b []byte, s llm.Seal) []byte {
	if sig := wire.PackSeal(s, wire.Anthropic); sig != "" {
		b = text(append(comma(b), `{"type":"thinking","thinking":""`...), "signature", sig)
		b = append(b, '}')
	}
	return b
}

// thoughtBlock writes thinking with whatever signature there is; without one
// it is shown with an empty signature (formats.md R27e).
func thoughtBlock(b []byte, p *llm.Part, hide bool) []byte {
	sig, thought := wire.PackSeal(p.Seal, wire.Anthropic), p.Text
	if hide {
		thought = ""
	}
	if sig == "" && thought == "" {
		return b
	}
	b = text(append(comma(b), `{"type":"thinking"`...), "thinking", thought)
	return append(text(b, "signature", sig), '}')
}
