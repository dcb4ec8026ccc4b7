package openai

import (
	"bytes"

	"omniroute/backend/fault"
	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// DecodeResponse reads a whole answer; see wire.Codec. Choices are placed by
// their index (P85).
func (Codec) DecodeResponse(body []byte) (*llm.Response, error) {
	const op = "openai.response"
	if jscan.KindOf(body) == jscan.Array {
		return nil, decodeError(op, 0, nil, body)
	}
	r := &llm.Response{}
	var choices []byte
	for k, v := range jscan.Members(body) {
		switch string(k) {
		case "id":
			r.ID = jscan.Str(v)
		case "model":
			r.Model = jscan.Str(v)
		case "created":
			r.Created, _ = jscan.Int(v)
		case "service_tier":
			r.Tier = jscan.Str(v)
		case "usage":
			r.Usage = readUsage(v)
		case "choices":
			choices = v
		case "error":
			if isError(v) {
				return nil, decodeError(op, 0, nil, body)
			}
		}
	}
	n := jscan.Len(choices)
	if n == 0 {
		if saysError(body) {
			return nil, decodeError(op, 0, nil, body)
		}
		return nil, noAnswer(op, nil, "The upstream's answer holds no choices.")
	}
	r.Candidates = make([]llm.Candidate, n)
	taken := make([]bool, n)
	for i, v := range jscan.Elements(choices) {
		at, ok := jscan.Int(jscan.Get(v, "index"))
		if !ok || at < 0 || at >= int64(n) || taken[at] {
			at = int64(i)
			for taken[at] {
				at = (at + 1) % int64(n)
			}
		}
		taken[at] = true
		c, err := candidate(v)
		if err != nil {
			return nil, err
		}
		r.Candidates[at] = c
		if r.Usage == nil {
			r.Usage = readUsage(jscan.Get(v, "usage"))
		}
	}
	return r, nil
}

// isError tells whether an error member means anything.
func isError(v []byte) bool {
	switch jscan.KindOf(v) {
	case jscan.Object:
		for range jscan.Members(v) {
			return true
		}
		return false
	case jscan.String:
		return jscan.Str(v) != ""
	}
	return false
}

// saysError recognises error bodies without an error member.
func saysError(v []byte) bool {
	if jscan.Str(jscan.Get(v, "object")) == "error" || jscan.Str(jscan.Get(v, "type")) == "error" {
		return true
	}
	return wire.Refused(v) || jscan.Get(v, "choices") == nil && (jscan.Get(v, "detail") != nil || jscan.KindOf(jscan.Get(v, "message")) == jscan.String)
}

// candidate reads one choice.
func candidate(v []byte) (llm.Candidate, error) {
	var c llm.Candidate
	m := readMessage(jscan.Get(v, "message"))
	if t := m.thoughts(); t != nil {
		c.Parts = append(c.Parts, llm.Part{Kind: llm.PartReasoning, Text: jscan.Str(t)})
	}
	c.Parts, _ = contentParts(c.Parts, m.content)
	c.Parts = withoutEmpty(c.Parts)
	annotate(c.Parts, m.annotations)
	if s := jscan.Str(m.refusal); s != "" {
		c.Parts = append(c.Parts, llm.Part{Kind: llm.PartRefusal, Text: s})
	}
	for _, e := range jscan.Elements(m.images) {
		if p := imagePart(e); *p.Media != (llm.Media{}) {
			c.Parts = append(c.Parts, p)
		}
	}
	if m.audio != nil {
		c.Parts = append(c.Parts, llm.Part{Kind: llm.PartOpaque, Opaque: opaque("audio", m.audio)})
	}
	called := false
	for _, e := range jscan.Elements(m.toolCalls) {
		call, rides := readCall(e)
		if call.Name == "" { // nobody could run it
			continue
		}
		c.Parts, called = appendCall(c.Parts, call, rides), true
	}
	if m.functionCall != nil && !called {
		call := &llm.ToolCall{Name: jscan.Str(jscan.Get(m.functionCall, "name")), Args: argsText(jscan.Get(m.functionCall, "arguments"))}
		if call.Name != "" {
			c.Parts, called = append(c.Parts, llm.Part{Kind: llm.PartToolCall, Call: call}), true
		}
	}
	if list := jscan.Path(v, "logprobs", "content"); jscan.KindOf(list) == jscan.Array {
		c.Logprobs = bytes.Clone(list)
	}
	native := jscan.Str(jscan.Get(v, "finish_reason"))
	if failed(native) {
		return c, brokenOff(native)
	}
	c.Stop = stopOf(native, called)
	return c, nil
}

// annotate puts the citations of a message on its text.
func annotate(parts []llm.Part, list []byte) {
	if jscan.KindOf(list) != jscan.Array || jscan.Len(list) == 0 {
		return
	}
	for i := len(parts) - 1; i >= 0; i-- {
		if parts[i].Kind == llm.PartText {
			parts[i].Annotations = bytes.Clone(list)
			parts[i].Extra.Format = formatName
			return
		}
	}
}

// failed recognises hosts that report a failure as a finish reason.
func failed(finish string) bool {
	return finish == "error" || finish == "network_error" || finish == "insufficient_system_resource"
}

func brokenOff(native string) *fault.Error {
	e := fault.New(fault.Upstream, "openai.finish", "The upstream broke off its answer (%s).", wire.MaskSecrets(native))
	e.Code = native
	return e
}

// stopOf is table 4.7. A call makes the answer end with tool calls, unless it
// was cut or filtered (R55); unknown words are a normal end (R56).
func stopOf(native string, called bool) llm.Stop {
	s := llm.Stop{Native: native}
	switch native {
	case "length", "max_tokens", "model_length":
		s.Reason = llm.StopLength
	case "content_filter", "sensitive":
		s.Reason = llm.StopFilter
	default:
		s.Reason = llm.StopEnd
		if called {
			s.Reason = llm.StopToolCalls
		}
	}
	return s
}
