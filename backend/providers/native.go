package providers

import (
	"bytes"
	"strings"

	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// billingMark begins the attribution block that Claude Code puts before its
// instructions. It is Anthropic's business alone, and elsewhere it breaks the
// prompt cache (formats.md R14, P14).
const billingMark = "x-anthropic-billing-header:"

// anthropicOrigin is where Anthropic's own API lives.
const anthropicOrigin = "https://api.anthropic.com:443"

// CleanNative removes from a body on the native road what only the vendor of
// its format may see. The body is returned as it is, without a copy, for
// Anthropic itself (its host, or its catalogue entries also behind a proxy the
// user set), for other formats and when the mark does
// not occur; else only the attribution lines go and every other byte of the
// instructions stays. The body passed jscan.Check.
func CleanNative(body []byte, e *Endpoint, f wire.Format) []byte {
	if f != wire.Anthropic || e.own || !bytes.Contains(body, []byte(billingMark)) {
		return body
	}
	body = cleanMember(body, "system", cleanContent)
	if bytes.Contains(body, []byte(billingMark)) { // instructions in the middle of the conversation
		body = cleanMember(body, "messages", cleanMessages)
	}
	return body
}

// cleanMember rewrites one top-level member; nil from clean drops it.
func cleanMember(body []byte, name string, clean func([]byte) []byte) []byte {
	old := jscan.Get(body, name)
	if !bytes.Contains(old, []byte(billingMark)) {
		return body
	}
	now := clean(old)
	switch {
	case now == nil:
		return wire.Edit(body, nil, []string{name})
	case bytes.Equal(now, old):
		return body
	}
	return wire.Edit(body, []wire.Member{{Name: name, Raw: now}}, nil)
}

// cleanContent takes the mark out of a text or a list of text blocks; nil
// means that nothing is left.
func cleanContent(v []byte) []byte {
	if text, ok := jscan.Text(v); ok {
		rest, marked := afterMark(text)
		switch {
		case !marked:
			return v
		case rest == "":
			return nil
		}
		return jscan.AppendQuoted(nil, rest)
	}
	return cleanItems(v, func(block []byte) []byte {
		rest, marked := afterMark(jscan.Str(jscan.Get(block, "text")))
		switch {
		case !marked:
			return block
		case rest == "":
			return nil
		}
		return wire.Edit(block, []wire.Member{{Name: "text", Raw: jscan.AppendQuoted(nil, rest)}}, nil)
	})
}

// cleanMessages takes the mark out of messages of role system; what a user
// quotes is the user's.
func cleanMessages(v []byte) []byte {
	now := cleanItems(v, func(m []byte) []byte {
		if jscan.Str(jscan.Get(m, "role")) != "system" || !bytes.Contains(m, []byte(billingMark)) {
			return m
		}
		content := cleanContent(jscan.Get(m, "content"))
		if content == nil {
			return nil
		}
		return wire.Edit(m, []wire.Member{{Name: "content", Raw: content}}, nil)
	})
	if now == nil {
		return v // a request without messages is no request: let the upstream say so
	}
	return now
}

// cleanItems rewrites the items of an array, dropping those that become nil;
// nil when none is left.
func cleanItems(arr []byte, clean func([]byte) []byte) []byte {
	out := append(make([]byte, 0, len(arr)), '[')
	for _, item := range jscan.Elements(arr) {
		if now := clean(item); now != nil {
			if len(out) > 1 {
				out = append(out, ',')
			}
			out = append(out, now...)
		}
	}
	if len(out) == 1 {
		return nil
	}
	return append(out, ']')
}

// afterMark returns what follows the attribution line.
func afterMark(text string) (rest string, marked bool) {
	if !strings.HasPrefix(text, billingMark) {
		return text, false
	}
	_, rest, _ = strings.Cut(text, "\n")
	if strings.TrimSpace(rest) == "" {
		rest = ""
	}
	return rest, true
}
