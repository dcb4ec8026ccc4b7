package openai

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"

	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// EncodeResponse writes a whole answer; see wire.Codec. A client that declared
// its tools through the old functions member gets function_call back.
func (Codec) EncodeResponse(resp *llm.Response, req *llm.Request) ([]byte, []llm.Loss, error) {
	w := responseWriter{id: answerID(resp.ID), legacy: usesFunctions(req)}
	w.b = append(make([]byte, 0, sizeOfResponse(resp)), `{"id":`...)
	w.b = jscan.AppendQuoted(w.b, w.id)
	w.b = append(w.b, `,"object":"chat.completion","created":`...)
	w.b = strconv.AppendInt(w.b, createdAt(resp.Created), 10)
	w.b = append(w.b, `,"model":`...)
	w.b = jscan.AppendQuoted(w.b, modelName(resp.Model, req))
	w.b = append(w.b, `,"choices":[`...)
	candidates := resp.Candidates
	if len(candidates) == 0 { // clients need a choice
		candidates = []llm.Candidate{{}}
	}
	for i := range candidates {
		if i > 0 {
			w.b = append(w.b, ',')
		}
		w.choice(i, &candidates[i])
	}
	w.b = append(w.b, `],"usage":`...)
	usage := resp.Usage
	if usage == nil { // R52
		usage = &llm.Usage{Output: wire.EstimateOutput(resp), Estimated: true}
		if req != nil {
			usage.Input = wire.EstimateTokens(req)
		}
	}
	w.b = appendUsage(w.b, usage)
	if resp.Tier != "" {
		w.b = append(w.b, `,"service_tier":`...)
		w.b = jscan.AppendQuoted(w.b, resp.Tier)
	}
	return append(w.b, '}'), w.losses, nil
}

// usesFunctions tells whether the client speaks the legacy shape.
func usesFunctions(req *llm.Request) bool {
	if req == nil {
		return false
	}
	for i := range req.Tools {
		x := &req.Tools[i].Extra
		if x.Format == formatName && len(x.Fields) > 0 && x.Fields[0].Name == legacyMark {
			return true
		}
	}
	return false
}

// answerID makes an id when the upstream gave none: the time is different for
// every answer.
func answerID(id string) string {
	if id == "" {
		return "chatcmpl-" + fingerprint("answer", time.Now().UnixNano())
	}
	return id
}

// callID makes an id for a call that has none, which wire.Names normally
// prevents; it depends on the answer and on the place in it (R30).
func callID(answer string, choice, n int) string {
	return "call_" + fingerprint(answer, int64(choice), int64(n))
}

func fingerprint(s string, numbers ...int64) string {
	b := append([]byte(s), 0)
	for _, n := range numbers {
		b = append(strconv.AppendInt(b, n, 10), 0)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:12])
}

func createdAt(t int64) int64 {
	if t == 0 {
		return time.Now().Unix()
	}
	return t
}

func modelName(model string, req *llm.Request) string {
	if model == "" && req != nil {
		model = req.Model
	}
	if model == "" { // clients refuse an empty name
		return "unknown"
	}
	return model
}

func sizeOfResponse(r *llm.Response) int {
	n := 512
	for i := range r.Candidates {
		c := &r.Candidates[i]
		n += 256 + len(c.Logprobs)
		for j := range c.Parts {
			n += len(c.Parts[j].Text) + len(c.Parts[j].Text)/8 + len(c.Parts[j].Seal.Data)
			if call := c.Parts[j].Call; call != nil {
				n += 128 + len(call.Args) + len(call.Args)/4 + len(call.Input)
			}
		}
	}
	return n
}

type responseWriter struct {
	b      []byte
	id     string
	legacy bool
	losses []llm.Loss
}

// choice writes one candidate (4.7: a call makes it end with tool_calls).
func (w *responseWriter) choice(index int, c *llm.Candidate) {
	w.b = append(w.b, `{"index":`...)
	w.b = strconv.AppendInt(w.b, int64(index), 10)
	w.b = append(w.b, `,"message":{"role":"assistant","content":`...)
	calls := 0
	for i := range c.Parts {
		p := &c.Parts[i]
		switch p.Kind {
		case llm.PartToolCall:
			calls++
		case llm.PartAudio, llm.PartFile:
			w.losses = append(w.losses, llm.Loss{Path: fmt.Sprintf("choices[%d].content[%d]", index, i), Why: "chat answers hold no such media"})
		}
	}
	if hasText(c.Parts) {
		w.b = appendTexts(w.b, c.Parts, "")
	} else {
		w.b = append(w.b, "null"...)
	}
	w.b = append(w.b, `,"refusal":`...)
	w.texts(c.Parts, llm.PartRefusal)
	if hasKind(c.Parts, llm.PartReasoning) {
		w.b = append(w.b, `,"reasoning_content":`...)
		w.texts(c.Parts, llm.PartReasoning)
	}
	if calls > 0 {
		w.calls(index, c.Parts)
	}
	w.media(c.Parts)
	w.citations(c.Parts)
	w.b = append(w.b, `},"logprobs":`...)
	if c.Logprobs != nil {
		w.b = append(w.b, `{"content":`...)
		w.b = append(w.b, c.Logprobs...)
		w.b = append(w.b, `,"refusal":null}`...)
	} else {
		w.b = append(w.b, "null"...)
	}
	w.b = append(w.b, `,"finish_reason":"`...)
	w.b = append(w.b, finishWord(c.Stop.Reason, calls > 0, w.legacy)...)
	w.b = append(w.b, `"}`...)
}

// finishWord is table 4.7 for chat, with R55.
func finishWord(r llm.StopReason, called, legacy bool) string {
	switch r {
	case llm.StopLength, llm.StopContextFull:
		return "length"
	case llm.StopFilter:
		return "content_filter"
	}
	switch {
	case called && legacy:
		return "function_call"
	case called:
		return "tool_calls"
	}
	return "stop"
}

func hasKind(parts []llm.Part, kind llm.PartKind) bool {
	for i := range parts {
		if parts[i].Kind == kind && parts[i].Text != "" {
			return true
		}
	}
	return false
}

// texts writes the texts of one kind as a string, null when there are none.
func (w *responseWriter) texts(parts []llm.Part, kind llm.PartKind) {
	if !hasKind(parts, kind) {
		w.b = append(w.b, "null"...)
		return
	}
	w.b = append(w.b, '"')
	w.b = appendKind(w.b, parts, kind)
	w.b = append(w.b, '"')
}

// calls writes tool_calls; the seal of a call, or of the thoughts before it,
// rides on the call (R28).
func (w *responseWriter) calls(index int, parts []llm.Part) {
	if w.legacy {
		w.functionCall(parts)
		return
	}
	w.b = append(w.b, `,"tool_calls":`...)
	first := true
	var thought *llm.Part
	for i := range parts {
		p := &parts[i]
		if p.Kind == llm.PartReasoning && p.Seal.Data != "" {
			thought = p
		}
		if p.Kind != llm.PartToolCall || p.Call == nil {
			continue
		}
		call := *p.Call
		if call.ID == "" {
			call.ID = callID(w.id, index, i)
		}
		w.b = append(w.b, ",["[btoi(first)])
		w.b = appendCallHead(w.b, call.ID, call.Kind)
		w.b = appendCallBody(w.b, &call, answerArgs(call.Args))
		v := wire.PackSeal(p.Seal, wire.OpenAIChat)
		if v == "" && thought != nil {
			v, thought = wire.PackThought(thought.Text, thought.Seal, wire.OpenAIChat), nil
		}
		if v != "" {
			w.b = appendSeal(w.b, v)
		}
		w.b = append(w.b, '}')
		first = false
	}
	w.b = append(w.b, ']')
}

// answerArgs keeps arguments exactly as the model wrote them, also cut ones:
// a string can hold them (R25).
func answerArgs(args string) string {
	if args == "" {
		return "{}"
	}
	return args
}

// functionCall writes the old shape, which holds one call.
func (w *responseWriter) functionCall(parts []llm.Part) {
	written := false
	for i := range parts {
		c := parts[i].Call
		if c == nil {
			continue
		}
		if written {
			w.losses = append(w.losses, llm.Loss{Path: fmt.Sprintf("content[%d]", i), Why: "function_call holds a single call"})
			continue
		}
		written = true
		w.b = append(w.b, `,"function_call":{"name":`...)
		w.b = jscan.AppendQuoted(w.b, c.Name)
		w.b = append(w.b, `,"arguments":`...)
		w.b = append(jscan.AppendQuoted(w.b, answerArgs(c.Args)), '}')
	}
}

// media writes images the way OpenRouter does, which other hosts and clients
// follow, and a spoken answer in chat's own shape.
func (w *responseWriter) media(parts []llm.Part) {
	open := len(w.b)
	for i := range parts {
		p := &parts[i]
		if p.Kind != llm.PartImage || p.Media == nil || p.Media.Data == "" && p.Media.URL == "" {
			continue
		}
		if len(w.b) == open {
			w.b = append(w.b, `,"images":[`...)
		} else {
			w.b = append(w.b, ',')
		}
		w.b = appendImage(w.b, p.Media)
	}
	if len(w.b) > open {
		w.b = append(w.b, ']')
	}
	for i := range parts {
		if o := parts[i].Opaque; parts[i].Kind == llm.PartOpaque && o != nil && o.Format == formatName && o.Type == "audio" {
			w.b = append(w.b, `,"audio":`...)
			w.b = append(w.b, o.Raw...)
			return
		}
	}
}

func appendImage(dst []byte, m *llm.Media) []byte {
	dst = append(dst, `{"type":"image_url","image_url":{"url":`...)
	return append(appendAddress(dst, m), "}}"...)
}

// citations writes the annotations of the texts in chat's shape.
func (w *responseWriter) citations(parts []llm.Part) {
	open := len(w.b)
	for i := range parts {
		p := &parts[i]
		for _, a := range jscan.Elements(p.Annotations) {
			before := len(w.b)
			if before == open {
				w.b = append(w.b, `,"annotations":[`...)
			} else {
				w.b = append(w.b, ',')
			}
			head := len(w.b)
			if w.b = appendAnnotation(w.b, p.Extra.Format, a); len(w.b) == head {
				w.b = w.b[:before]
			}
		}
	}
	if len(w.b) > open {
		w.b = append(w.b, ']')
	}
}

// appendAnnotation appends one citation: chat's own as it is, the flat one of
// Responses nested. Those of other vendors point into texts chat does not
// show, and are left out.
func appendAnnotation(dst []byte, origin string, a []byte) []byte {
	if origin == formatName {
		return append(dst, a...)
	}
	if origin != string(wire.OpenAIResponses) || jscan.Str(jscan.Get(a, "type")) != "url_citation" {
		return dst
	}
	dst = append(dst, `{"type":"url_citation","url_citation":{`...)
	return append(appendUntyped(dst, a), "}}"...)
}
