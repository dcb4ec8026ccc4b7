package responses

import (
	"omniroute/backend/fault"
	"omniroute/backend/llm"
	"omniroute/backend/wire/jscan"
)

// DecodeResponse reads a response object. A body that is an error, and a
// response that failed, are that error (R66).
func (codec) DecodeResponse(body []byte) (*llm.Response, error) {
	if err := jscan.Check(body); err != nil {
		return nil, fault.Wrap(fault.Upstream, "responses.decode", err, "The upstream's answer is not valid JSON.")
	}
	if jscan.KindOf(body) != jscan.Object {
		return nil, fault.New(fault.Upstream, "responses.decode", "The upstream's answer is not a response object.")
	}
	if inner := jscan.Get(body, "response"); jscan.KindOf(inner) == jscan.Object && jscan.Get(body, "output") == nil {
		body = inner // the last event of a stream, sent as a body
	}
	if err := failure(body); err != nil {
		return nil, err
	}
	r := header(body)
	var c llm.Candidate
	calls := false
	output := jscan.Get(body, "output")
	if jscan.KindOf(output) != jscan.Array && jscan.Get(body, "output_text") == nil {
		return nil, fault.New(fault.Upstream, "responses.decode", "The upstream's answer holds no output.")
	}
	for _, raw := range jscan.Elements(output) {
		it := itemOf(raw)
		if _, isResult := resultPart(&it); isResult {
			continue // what a server-side tool answered; it is no part of the model's words
		}
		parts, _ := modelParts(&it)
		for i := range parts {
			calls = calls || parts[i].Kind == llm.PartToolCall
		}
		c.Parts = append(c.Parts, parts...)
		c.Logprobs = contentLogprobs(c.Logprobs, it.content)
	}
	if text := jscan.Str(jscan.Get(body, "output_text")); text != "" && jscan.Len(output) == 0 {
		c.Parts = append(c.Parts, llm.Part{Text: text})
	}
	c.Parts = attachSeals(c.Parts)
	c.Stop = stopOf(body, calls)
	r.Candidates = []llm.Candidate{c}
	r.Usage = usageOf(jscan.Get(body, "usage"))
	return r, nil
}

// failure returns the error that a response object or an error body is.
func failure(body []byte) error {
	status := jscan.Str(jscan.Get(body, "status"))
	if e := jscan.Get(body, "error"); !jscan.IsNull(e) || status == "failed" {
		return errorOf(body)
	}
	if jscan.Get(body, "detail") != nil && jscan.Get(body, "output") == nil {
		return errorOf(body)
	}
	if status == "cancelled" {
		return fault.New(fault.Upstream, "responses.decode", "The upstream cancelled the response.")
	}
	return nil
}

// header reads what a response says before its output.
func header(body []byte) *llm.Response {
	r := &llm.Response{}
	for k, v := range jscan.Members(body) {
		switch string(k) {
		case "id":
			r.ID = jscan.Str(v)
		case "model":
			r.Model = jscan.Str(v)
		case "created_at":
			if f, ok := jscan.Float(v); ok { // some hosts send fractions
				r.Created = int64(f)
			}
		case "service_tier":
			r.Tier = jscan.Str(v)
		}
	}
	return r
}

// stopOf is table 4.7: the status, and for an incomplete response its reason.
func stopOf(body []byte, calls bool) llm.Stop {
	status := jscan.Str(jscan.Get(body, "status"))
	if status != "incomplete" {
		s := llm.Stop{Reason: llm.StopEnd, Native: status}
		if calls {
			s.Reason = llm.StopToolCalls
		}
		return s
	}
	reason := jscan.Str(jscan.Path(body, "incomplete_details", "reason"))
	s := llm.Stop{Reason: llm.StopLength, Native: reason}
	if reason == "content_filter" {
		s.Reason = llm.StopFilter
	}
	return s
}

// usageOf reads a usage object (4.6); nil when there is none.
func usageOf(v []byte) *llm.Usage {
	if jscan.KindOf(v) != jscan.Object {
		return nil
	}
	u := &llm.Usage{}
	for k, x := range jscan.Members(v) {
		switch string(k) {
		case "input_tokens":
			u.Input = count(x)
		case "output_tokens":
			u.Output = count(x)
		case "input_tokens_details":
			u.CacheRead = count(jscan.Get(x, "cached_tokens"))
			u.CacheWrite = count(jscan.Get(x, "cache_write_tokens"))
		case "output_tokens_details":
			u.Reasoning = count(jscan.Get(x, "reasoning_tokens"))
		}
	}
	return u
}

// count reads a number of tokens; a negative one is nonsense and counts as 0.
func count(v []byte) int64 {
	n, _ := jscan.Int(v)
	return max(n, 0)
}

// contentLogprobs appends the log probabilities of a message's content.
func contentLogprobs(dst, content []byte) []byte {
	for _, p := range jscan.Elements(content) {
		if l := jscan.Get(p, "logprobs"); jscan.Len(l) > 0 {
			dst = appendLogprobs(dst, l)
		}
	}
	return dst
}

// appendLogprobs appends the elements of a list of log probabilities to
// another list. Both OpenAI formats use one shape; members that one of them
// may leave out are filled in (R4b).
func appendLogprobs(dst, list []byte) []byte {
	w := writer{b: dst}
	if len(dst) == 0 {
		w.lit("[")
	} else {
		w.b = dst[:len(dst)-1]
	}
	for _, e := range jscan.Elements(list) {
		w.logprob(e, true)
	}
	w.end(']')
	return w.b
}

func (w *writer) logprob(e []byte, top bool) {
	w.open()
	bytes, alternatives := []byte(nil), []byte(nil)
	token := jscan.Get(e, "token")
	if jscan.KindOf(token) == jscan.String {
		w.raw("token", token)
	} else {
		w.str("token", "")
	}
	for k, v := range jscan.Members(e) {
		switch string(k) {
		case "logprob":
			w.raw("logprob", v)
		case "bytes":
			bytes = v
		case "top_logprobs":
			alternatives = v
		}
	}
	if jscan.KindOf(bytes) == jscan.Array {
		w.raw("bytes", bytes)
	} else {
		w.tokenBytes(jscan.Str(token))
	}
	if top {
		w.key("top_logprobs")
		w.lit("[")
		for _, a := range jscan.Elements(alternatives) {
			w.logprob(a, false)
		}
		w.end(']')
	}
	w.end('}')
}

// tokenBytes spells out the bytes of a token whose host left them out.
func (w *writer) tokenBytes(token string) {
	w.key("bytes")
	w.lit("[")
	for i := 0; i < len(token); i++ {
		w.comma()
		w.number(int64(token[i]))
	}
	w.end(']')
}
