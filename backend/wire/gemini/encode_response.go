package gemini

import (
	"crypto/rand"
	"time"

	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// EncodeResponse implements wire.Codec.
func (c codec) EncodeResponse(resp *llm.Response, req *llm.Request) ([]byte, []llm.Loss, error) {
	var e answerEncoder
	size := 1024
	for i := range resp.Candidates {
		for j := range resp.Candidates[i].Parts {
			size += partSize(&resp.Candidates[i].Parts[j])
		}
	}
	e.b = make([]byte, 0, size)
	if c.envelope {
		e.b = append(e.b, `{"response":`...)
	}
	e.b = append(e.b, '{')
	e.open("candidates", '[')
	for i := range resp.Candidates {
		e.candidate(i, &resp.Candidates[i])
	}
	if len(resp.Candidates) == 0 { // the official helpers want one
		e.candidate(0, &llm.Candidate{})
	}
	e.b = append(e.b, ']')
	u := resp.Usage
	if u == nil {
		u = estimate(resp, req)
	}
	e.usage(u)
	e.b = append(e.b, closing(resp.ID, modelOf(resp.Model, req), resp.Created)...)
	e.b = append(e.b, '}')
	if c.envelope {
		e.b = append(e.b, '}')
	}
	return e.b, e.losses, nil
}

// estimate is the usage of an answer whose upstream counted nothing (R52).
func estimate(resp *llm.Response, req *llm.Request) *llm.Usage {
	u := &llm.Usage{Output: wire.EstimateOutput(resp), Estimated: true}
	if req != nil {
		u.Input = wire.EstimateTokens(req)
	}
	return u
}

func modelOf(model string, req *llm.Request) string {
	if model == "" && req != nil {
		return req.Model
	}
	return model
}

// closing is what every answer, and every chunk of one stream, ends with;
// comma first.
func closing(id, model string, created int64) []byte {
	w := buffer{b: []byte{'}'}} // makes the first comma
	w.text("modelVersion", model)
	if created > 0 {
		w.text("createTime", time.Unix(created, 0).UTC().Format(time.RFC3339))
	}
	if id == "" {
		id = rand.Text()
	}
	w.text("responseId", id)
	return w.b[1:]
}

type answerEncoder struct {
	buffer
	losses
}

func (e *answerEncoder) candidate(i int, c *llm.Candidate) {
	e.comma()
	e.b = append(e.b, `{"content":{"parts":[`...)
	start := len(e.b)
	e.parts(c.Parts)
	if len(e.b) == start {
		e.emptyPart()
	}
	e.b = append(e.b, `],"role":"model"}`...)
	e.text("finishReason", finishWord(c.Stop))
	if c.Stop.Message != "" {
		e.text("finishMessage", c.Stop.Message)
	}
	e.int("index", int64(i))
	if c.Logprobs != nil {
		e.logprobsResult(c.Logprobs)
	}
	var sources []byte
	for j := range c.Parts {
		for _, a := range jscan.Elements(c.Parts[j].Annotations) {
			sources = source(sources, a)
		}
	}
	e.grounding(sources)
	e.b = append(e.b, '}')
}

// emptyPart keeps the official chat helper from throwing the turn away
// (formats.md 5.4, P86).
func (w *buffer) emptyPart() { w.textPart("") }

// parts writes the content of an answer. A signature of Google's that leads
// a part goes onto it; every other seal travels on a thought (R28).
func (e *answerEncoder) parts(parts []llm.Part) {
	pending := ""
	for j := range parts {
		p := &parts[j]
		own := wire.PackSeal(p.Seal, wire.Gemini)
		if p.Kind == llm.PartReasoning {
			if leads(p) {
				e.signature(pending)
				pending = own
				continue
			}
			e.reasoning(p, own)
			continue
		}
		if !e.visible(p) {
			e.add("content", "this part has no counterpart in Gemini's answers")
			continue
		}
		if own == "" {
			own, pending = pending, ""
		}
		e.content(p, own)
	}
	e.signature(pending)
}

// leads reports a signature of Google's that belongs to the part after it.
func leads(p *llm.Part) bool {
	return p.Text == "" && p.Seal.Family == llm.FamilyGemini && p.Seal.Data != "" && p.Extra.Format != own
}

// visible reports whether content can write a part.
func (e *answerEncoder) visible(p *llm.Part) bool {
	switch p.Kind {
	case llm.PartText, llm.PartRefusal:
		return p.Text != ""
	case llm.PartToolCall:
		return p.Call != nil
	case llm.PartImage, llm.PartAudio, llm.PartFile:
		return p.Media != nil && (p.Media.Data != "" || p.Media.URL != "" || p.Media.Text != "")
	}
	return p.Opaque != nil && p.Opaque.Format == own
}

func (w *buffer) content(p *llm.Part, signature string) {
	w.comma()
	if p.Opaque != nil {
		w.b = append(w.b, p.Opaque.Raw...)
		return
	}
	w.b = append(w.b, '{')
	switch p.Kind {
	case llm.PartText, llm.PartRefusal:
		w.text("text", p.Text)
	case llm.PartToolCall:
		w.functionCall(p.Call, true)
	default:
		w.media(p)
	}
	w.tail(p, signature)
}

// reasoning writes a thought; a lone signature of Google's is no thought.
func (w *buffer) reasoning(p *llm.Part, signature string) {
	if p.Text == "" && (signature == "" || p.Seal.Family == llm.FamilyGemini) {
		w.signature(signature)
		return
	}
	w.comma()
	w.b = append(w.b, '{')
	w.text("text", p.Text)
	w.literal("thought", "true")
	w.tail(p, signature)
}

// signature writes a part that holds nothing else.
func (w *buffer) signature(s string) {
	if s == "" {
		return
	}
	w.comma()
	w.b = append(w.b, `{"text":""`...)
	w.text("thoughtSignature", s)
	w.b = append(w.b, '}')
}

// usage writes usageMetadata (formats.md 4.6): the prompt includes the cache,
// the candidates exclude the thoughts.
func (w *buffer) usage(u *llm.Usage) {
	thoughts := min(u.Reasoning, u.Output)
	w.open("usageMetadata", '{')
	w.int("promptTokenCount", u.Input)
	if u.CacheRead > 0 {
		w.int("cachedContentTokenCount", u.CacheRead)
	}
	w.int("candidatesTokenCount", u.Output-thoughts)
	if thoughts > 0 {
		w.int("thoughtsTokenCount", thoughts)
	}
	w.int("totalTokenCount", u.Input+u.Output)
	w.b = append(w.b, '}')
}
