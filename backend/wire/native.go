package wire

import (
	"bytes"
	"slices"

	"omniroute/backend/llm"
	"omniroute/backend/wire/jscan"
)

// Native is the body for an upstream of the client's own format (formats.md
// section 1, fast path): the model is spliced in, what the target's dialect
// cannot take is edited by span, and every other byte stays. An empty
// d.Model leaves the model alone. h comes from Peek. ok is false when the
// dialect wants more than edits: such a request is decoded and encoded.
func Native(h Head, f Format, d Dialect) (body []byte, ok bool) {
	if f == OpenAIResponses && d.Caps.Codex || holdsCarrier(f, h.body) {
		return nil, false
	}
	body = h.body
	if d.Model != "" {
		body = h.Splice(d.Model)
	}
	if f == OpenAIChat {
		body = nativeChat(body, d.Caps)
	}
	var set []Member
	if f == CodeAssist && d.Project != "" {
		set = append(set, Member{Name: "project", Raw: jscan.AppendQuoted(nil, d.Project)})
	}
	if set != nil || hasMember(body, d.Strip) {
		body = Edit(body, set, d.Strip)
	}
	return body, true
}

// holdsCarrier reports a seal of another family, packed for the way through
// this client: its upstream would refuse it (P34). The tag begins with a byte
// that prompts rarely hold, so that a megabyte costs microseconds; only
// Gemini's fields may hold it in base64.
func holdsCarrier(f Format, body []byte) bool {
	if f.Family() == llm.FamilyGemini {
		return bytes.Contains(body, []byte(`"`+sealTag64))
	}
	for at := 0; ; at++ {
		n := bytes.IndexByte(body[at:], sealTag[0])
		if n < 0 {
			return false
		}
		if at += n; at > 0 && body[at-1] == '"' && bytes.HasPrefix(body[at:], []byte(sealTag)) {
			return true
		}
	}
}

func hasMember(body []byte, names []string) bool {
	if len(names) == 0 {
		return false
	}
	for k := range jscan.Members(body) {
		if slices.Contains(names, string(k)) {
			return true
		}
	}
	return false
}

// nativeChat renames the limit where the host wants another name (R1), and
// the developer role where the host does not know it (P15).
func nativeChat(body []byte, c Caps) []byte {
	if c.MaxTokensField == "max_completion_tokens" {
		if old := jscan.Get(body, "max_tokens"); old != nil {
			var set []Member
			if jscan.Get(body, "max_completion_tokens") == nil {
				set = append(set, Member{Name: "max_completion_tokens", Raw: bytes.Clone(old)})
			}
			body = Edit(body, set, []string{"max_tokens"})
		}
	}
	if c.DeveloperRole || c.OpenAIHost {
		return body
	}
	spans := developers(body)
	if len(spans) == 0 {
		return body
	}
	out := Buffer(len(body))
	at := 0
	for _, s := range spans {
		out = append(out, body[at:s.from]...)
		out = append(out, `"system"`...)
		at = s.to
	}
	return append(out, body[at:]...)
}

// developers finds the messages' roles that read "developer".
func developers(body []byte) (spans []span) {
	c := jscan.NewCursor(body)
	for name := range c.Members() {
		if string(name) != "messages" {
			continue
		}
		for range c.Elements() {
			for key := range c.Members() {
				if string(key) != "role" {
					continue
				}
				if v := c.Value(); string(v) == `"developer"` {
					spans = append(spans, spanIn(body, v))
				}
			}
		}
	}
	return spans
}
