package gemini

import (
	"crypto/rand"
	"strings"
	"time"

	"omniroute/backend/fault"
	"omniroute/backend/llm"
	"omniroute/backend/wire/jscan"
)

// answer holds the members of a GenerateContentResponse: a whole answer, or
// one chunk of a stream.
type answer struct {
	candidates []byte
	usage      []byte
	blocked    string // promptFeedback.blockReason
	why        string // promptFeedback.blockReasonMessage
	model, id  []byte // modelVersion, responseId
	created    []byte // createTime
	failure    []byte // error
}

// readAnswer scans an answer of either format, once.
func readAnswer(body []byte) answer {
	var a answer
	for k, v := range jscan.Members(body) {
		if jscan.IsNull(v) {
			continue
		}
		switch string(k) {
		case "response":
			if jscan.KindOf(v) == jscan.Object {
				return readAnswer(v)
			}
		case "candidates":
			a.candidates = v
		case "usageMetadata", "usage_metadata":
			a.usage = v
		case "promptFeedback", "prompt_feedback":
			a.blocked = jscan.Str(member(v, "blockReason", "block_reason"))
			a.why = jscan.Str(member(v, "blockReasonMessage", "block_reason_message"))
		case "modelVersion", "model_version":
			a.model = v
		case "responseId", "response_id":
			a.id = v
		case "createTime", "create_time":
			a.created = v
		case "error":
			a.failure = v
		}
	}
	return a
}

// unix is createTime in seconds, 0 = not said.
func (a *answer) unix() int64 {
	if t, err := time.Parse(time.RFC3339Nano, jscan.Str(a.created)); err == nil {
		return t.Unix()
	}
	return 0
}

// piece holds the members of a candidate.
type piece struct {
	index    int
	parts    []byte
	finish   string
	message  string // finishMessage
	logprobs []byte
	sources  []byte // see groundingChunks
}

func readPiece(v []byte, position int) piece {
	p := piece{index: position}
	for k, m := range jscan.Members(v) {
		switch string(k) {
		case "index":
			if n, ok := number(m); ok && n >= 0 && n < maxCandidates {
				p.index = int(n)
			}
		case "content":
			p.parts = jscan.Get(m, "parts")
		case "finishReason", "finish_reason":
			p.finish = strings.ToUpper(jscan.Str(m))
		case "finishMessage", "finish_message":
			p.message = jscan.Str(m)
		case "logprobsResult", "logprobs_result":
			p.logprobs = chatLogprobs(m)
		case "groundingMetadata", "grounding_metadata":
			p.sources = groundingChunks(m)
		}
	}
	if p.finish == unspecified {
		p.finish = ""
	}
	return p
}

// maxCandidates bounds what a wrong index may allocate; Google allows 8.
const maxCandidates = 128

// unspecified is proto's zero value: nothing was said.
const unspecified = "FINISH_REASON_UNSPECIFIED"

// DecodeResponse implements wire.Codec.
func (c codec) DecodeResponse(body []byte) (*llm.Response, error) {
	if jscan.KindOf(body) == jscan.Array { // errors may come in a list (R64)
		for _, v := range jscan.Elements(body) {
			body = v
			break
		}
	}
	a := readAnswer(body)
	if a.failure != nil {
		return nil, c.DecodeError(200, nil, body)
	}
	r := &llm.Response{ID: jscan.Str(a.id), Model: jscan.Str(a.model), Created: a.unix(), Usage: readUsage(a.usage)}
	for i, v := range jscan.Elements(a.candidates) {
		p := readPiece(v, i)
		for len(r.Candidates) <= p.index {
			r.Candidates = append(r.Candidates, llm.Candidate{})
		}
		cand := &r.Candidates[p.index]
		called := false
		for _, v := range jscan.Elements(p.parts) {
			got := readPart(v)
			for k := range got.n {
				part := got.list[k]
				called = called || part.Kind == llm.PartToolCall
				nameCall(&part)
				cand.Parts = appendPart(cand.Parts, part, got.thought)
			}
		}
		cite(cand.Parts, p.sources)
		cand.Logprobs = p.logprobs
		cand.Stop = stopOf(p.finish, p.message, called)
	}
	if len(r.Candidates) == 0 {
		if a.blocked == "" {
			return nil, fault.New(fault.Upstream, "wire.gemini", "The upstream's answer holds no candidate.")
		}
		r.Candidates = []llm.Candidate{{Stop: blockedStop(a)}}
	}
	return r, nil
}

// appendPart joins thoughts that were cut into several parts.
func appendPart(parts []llm.Part, p llm.Part, thought bool) []llm.Part {
	if n := len(parts); n > 0 && continues(&parts[n-1], &p, false, thought) {
		last := &parts[n-1]
		last.Text += p.Text
		last.Seal, last.Extra = p.Seal, p.Extra
		return parts
	}
	return append(parts, p)
}

// nameCall gives a call of the upstream an id (formats.md R30). It is random:
// ids must be unique within a conversation, and the same call may come twice.
func nameCall(p *llm.Part) {
	if p.Kind == llm.PartToolCall && p.Call.ID == "" {
		p.Call.ID = "call_" + rand.Text()[:24]
	}
}

func blockedStop(a answer) llm.Stop {
	return llm.Stop{Reason: llm.StopFilter, Native: a.blocked, Message: a.why}
}

// stopOf reads a finish reason (formats.md 4.7, R55, R56). The upstream's
// limits and filters win over calls: their arguments may be cut.
func stopOf(word, message string, called bool) llm.Stop {
	s := llm.Stop{Reason: reasonOf(word), Native: word, Message: message}
	if s.Reason == llm.StopEnd && called {
		s.Reason = llm.StopToolCalls
	}
	return s
}

func reasonOf(word string) llm.StopReason {
	switch word {
	case "MAX_TOKENS":
		return llm.StopLength
	case "SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "LANGUAGE", "MODEL_ARMOR", "JAILBREAK",
		"IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION":
		return llm.StopFilter
	}
	return llm.StopEnd
}

// finishWord is the finish reason for a client (formats.md 4.7). A word of
// Google's own is kept where it means the same.
func finishWord(s llm.Stop) string {
	word := "STOP"
	switch s.Reason {
	case llm.StopLength, llm.StopContextFull:
		word = "MAX_TOKENS"
	case llm.StopFilter:
		word = "SAFETY"
	}
	switch s.Native {
	case "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "LANGUAGE", "IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION",
		"OTHER", "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "NO_IMAGE", "IMAGE_OTHER":
		if reasonOf(s.Native) == s.Reason {
			return s.Native
		}
	}
	return word
}

// readUsage reads usageMetadata (formats.md 4.6). Thoughts are output, but
// not part of candidatesTokenCount (P52), unless the stated total says that
// this host counts them there. nil means the upstream said nothing.
func readUsage(v []byte) *llm.Usage {
	if jscan.KindOf(v) != jscan.Object {
		return nil
	}
	var prompt, tools, cached, thoughts, total int64
	candidates, known := int64(0), false
	for k, m := range jscan.Members(v) {
		n, ok := number(m)
		if !ok || n < 0 {
			continue
		}
		switch string(k) {
		case "promptTokenCount", "prompt_token_count":
			prompt = n
		case "toolUsePromptTokenCount", "tool_use_prompt_token_count":
			tools = n
		case "cachedContentTokenCount", "cached_content_token_count":
			cached = n
		case "candidatesTokenCount", "candidates_token_count":
			candidates, known = n, true
		case "thoughtsTokenCount", "thoughts_token_count":
			thoughts = n
		case "totalTokenCount", "total_token_count":
			total = n
		}
	}
	u := &llm.Usage{Input: prompt + tools, CacheRead: min(cached, prompt+tools), Reasoning: thoughts}
	switch {
	case !known:
		u.Output = thoughts + max(total-u.Input-thoughts, 0)
	case thoughts > 0 && thoughts <= candidates && total == u.Input+candidates:
		u.Output = candidates
	default:
		u.Output = candidates + thoughts
	}
	return u
}
