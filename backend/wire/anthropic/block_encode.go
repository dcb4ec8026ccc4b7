package anthropic

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"

	"omniroute/backend/llm"
	"omniroute/backend/wire"
)

// fit returns a part this format can carry in a message of the role, changed
// where it must be, or nil. why tells what was lost; a part that simply holds
// nothing (formats.md R15) vanishes without a word.
func fit(p *llm.Part, role llm.Role, caps *wire.Caps) (fitting *llm.Part, why string) {
	if native(p.Opaque) {
		return p, ""
	}
	switch p.Kind {
	case llm.PartText, llm.PartRefusal:
		if strings.TrimSpace(p.Text) == "" {
			return nil, ""
		}
		return p, ""
	case llm.PartReasoning: // R27, R28
		switch {
		case !signed(p):
			return nil, "reasoning that this vendor has not signed"
		case role != llm.RoleAssistant:
			return nil, "reasoning outside the assistant's turn"
		}
		return p, ""
	case llm.PartToolCall:
		if p.Call == nil || role != llm.RoleAssistant {
			return nil, "a tool call outside the assistant's turn"
		}
		return p, ""
	case llm.PartToolResult:
		if p.Result == nil || role != llm.RoleUser {
			return nil, "a tool result outside the user's turn"
		}
		return p, ""
	case llm.PartImage, llm.PartFile:
		return fitMedia(p, caps)
	case llm.PartAudio:
		return nil, "the Anthropic format carries no audio"
	}
	return nil, "content that only the format it came in understands"
}

// fitMedia turns an image or a file into what the API takes: four image
// types, PDF, plain text, and addresses (formats.md 3.2, R20).
func fitMedia(p *llm.Part, caps *wire.Caps) (*llm.Part, string) {
	if p.Media == nil {
		return nil, "an attachment without content"
	}
	m := *p.Media
	mime, data, ok := wire.ParseDataURL(m.URL)
	if ok {
		m.URL, m.Data, m.MIME = "", data, mime
	} else if mime, data, ok = wire.ParseDataURL(m.Data); ok {
		m.Data, m.MIME = data, mime
	}
	m.MIME = wire.CleanMIME(m.MIME)
	if m.Data != "" && (m.MIME == "" || m.MIME == "application/octet-stream" || m.MIME == "image/*") {
		if m.MIME = wire.SniffMIME(m.Data); m.MIME == "" && strings.HasSuffix(strings.ToLower(m.Name), ".pdf") {
			m.MIME = "application/pdf"
		}
	}
	q := *p
	q.Media = &m
	switch {
	case m.Text != "":
		q.Kind = llm.PartFile
		return &q, ""
	case m.FileID != "":
		if p.Extra.Format != format {
			return nil, "a file that lies at another vendor"
		}
		return capped(&q, caps)
	case m.URL != "":
		if !strings.HasPrefix(m.URL, "https://") && !strings.HasPrefix(m.URL, "http://") {
			return nil, "an attachment at an address this vendor cannot reach"
		}
		if strings.HasPrefix(m.MIME, "image/") {
			q.Kind = llm.PartImage
		}
		return capped(&q, caps)
	case m.Data == "":
		return nil, "an attachment without content"
	}
	return fitData(&q, caps)
}

func fitData(q *llm.Part, caps *wire.Caps) (*llm.Part, string) {
	m := q.Media
	switch m.MIME {
	case "image/jpeg", "image/png", "image/gif", "image/webp":
		q.Kind = llm.PartImage
		return capped(q, caps)
	case "application/pdf":
		q.Kind = llm.PartFile
		return capped(q, caps)
	}
	if textual(m.MIME) {
		b, err := base64.StdEncoding.DecodeString(m.Data)
		if err == nil && utf8.Valid(b) && strings.TrimSpace(string(b)) != "" {
			q.Kind, m.Text, m.Data, m.MIME = llm.PartFile, string(b), "", "text/plain"
			return q, ""
		}
	}
	if m.MIME == "" {
		return nil, "an attachment of unknown type"
	}
	return nil, "the Anthropic format takes no attachment of type " + m.MIME
}

// capped holds a part back that the model itself cannot read.
func capped(q *llm.Part, caps *wire.Caps) (*llm.Part, string) {
	switch {
	case q.Kind == llm.PartImage && caps.NoImages:
		return nil, "the model takes no images"
	case q.Kind == llm.PartFile && caps.NoFiles:
		return nil, "the model takes no files"
	}
	return q, ""
}

// textual reports media types whose bytes are text.
func textual(mime string) bool {
	switch mime {
	case "application/json", "application/xml", "application/javascript", "application/x-yaml", "application/yaml", "application/toml", "application/sql":
		return true
	}
	return strings.HasPrefix(mime, "text/")
}

// textBlock writes a text; citations go back only to the family they came
// from.
func textBlock(b []byte, p *llm.Part) []byte {
	if native(p.Opaque) {
		return hinted(b, p.Opaque.Raw, p.Cache)
	}
	b = wire.AppendTextQuoted(member(append(b, `{"type":"text"`...), "text"), p)
	if p.Extra.Format == format {
		if len(p.Annotations) > 2 {
			b = append(member(b, "citations"), p.Annotations...)
		}
		b = fields(b, &p.Extra)
	}
	return append(cacheHint(b, p.Cache), '}')
}

// callBlock writes a tool call; its arguments become an object (R25, R38).
func callBlock(b []byte, p *llm.Part) []byte {
	c := p.Call
	b = text(append(b, `{"type":"tool_use"`...), "id", c.ID)
	b = text(b, "name", c.Name)
	args := c.Args
	if c.Kind == llm.CallCustom {
		args = wire.WrapInput(c.Input)
	}
	b = append(member(b, "input"), wire.ObjectArgs(args)...)
	b = fields(b, &p.Extra)
	return append(cacheHint(b, p.Cache), '}')
}

// reasoningBlock writes thinking this vendor signed, byte for byte (P30, P32).
func reasoningBlock(b []byte, thought string, s *llm.Seal) []byte {
	if s.Redacted {
		b = text(append(b, `{"type":"redacted_thinking"`...), "data", s.Data)
		return append(b, '}')
	}
	b = text(append(b, `{"type":"thinking"`...), "thinking", thought)
	return append(text(b, "signature", s.Data), '}')
}

// mediaBlock writes an image or a document that fit approved.
func mediaBlock(b []byte, p *llm.Part) []byte {
	m := p.Media
	kind := "document"
	if p.Kind == llm.PartImage {
		kind = "image"
	}
	b = append(b, `{"type":"`+kind+`","source":{`...)
	switch {
	case m.Text != "":
		b = text(append(b, `"type":"text","media_type":"text/plain"`...), "data", m.Text)
	case m.FileID != "":
		b = text(append(b, `"type":"file"`...), "file_id", m.FileID)
	case m.URL != "":
		b = text(append(b, `"type":"url"`...), "url", m.URL)
	default:
		b = text(append(b, `"type":"base64"`...), "media_type", m.MIME)
		b = text(b, "data", m.Data)
	}
	b = append(b, '}')
	if kind == "document" && m.Name != "" {
		b = text(b, "title", m.Name)
	}
	b = fields(b, &p.Extra)
	return append(cacheHint(b, p.Cache), '}')
}
