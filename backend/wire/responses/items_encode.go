package responses

import (
	"strings"

	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// input writes the conversation as items (formats.md 3).
func (e *requestEncoder) input() {
	e.key("input")
	e.lit("[")
	for i := range e.req.Messages {
		m := &e.req.Messages[i]
		switch m.Role {
		case llm.RoleUser:
			e.user(m.Parts, i)
		case llm.RoleSystem:
			e.message("developer", "input_text", m.Parts, i)
		case llm.RoleAssistant:
			e.assistant(m.Parts, i)
		}
	}
	if e.items == 0 { // only instructions, or nothing at all
		e.openMessage("user", nil)
		e.textPart("input_text", placeholder)
		e.lit("]}")
	}
	e.end(']')
}

func (e *requestEncoder) openMessage(role string, phase []byte) {
	e.items++
	e.open()
	e.str("type", "message")
	e.str("role", role)
	if phase != nil {
		e.raw("phase", phase)
	}
	e.key("content")
	e.lit("[")
}

func (e *requestEncoder) textPart(typ, text string) {
	e.textOf(typ, &llm.Part{Text: text})
}

func (e *requestEncoder) textOf(typ string, p *llm.Part) {
	e.open()
	e.str("type", typ)
	e.key("text")
	e.b = wire.AppendTextQuoted(e.b, p)
	e.end('}')
}

// user writes results first, directly after their calls (R21), then one
// message with the rest.
func (e *requestEncoder) user(parts []llm.Part, i int) {
	rest := false
	for j := range parts {
		p := &parts[j]
		switch p.Kind {
		case llm.PartToolResult:
			e.result(p, i, j)
		case llm.PartOpaque, llm.PartServer:
			if extra(p.Extra, inContent) != nil {
				rest = true
				continue
			}
			e.opaqueItem(p, i, j)
		default:
			rest = true
		}
	}
	if rest {
		e.message("user", "input_text", parts, i)
	}
}

// message writes one message item with the content parts among parts, or
// nothing when there is none.
func (e *requestEncoder) message(role, textType string, parts []llm.Part, i int) {
	from, items := len(e.b), e.items
	e.openMessage(role, nil)
	empty := len(e.b)
	for j := range parts {
		e.content(&parts[j], textType, i, j)
	}
	if len(e.b) == empty {
		e.b, e.items = e.b[:from], items
		return
	}
	e.lit("]}")
}

// content writes one part of what a user or a tool says.
func (e *requestEncoder) content(p *llm.Part, textType string, i, j int) {
	switch p.Kind {
	case llm.PartText, llm.PartRefusal:
		if p.Text != "" {
			e.textOf(textType, p)
		}
	case llm.PartImage:
		if e.d.Caps.NoImages {
			e.losePart(i, j, "the model takes no images")
			return
		}
		e.open()
		e.str("type", "input_image")
		e.imageSource(p.Media)
		e.end('}')
	case llm.PartFile:
		e.file(p, i, j)
	case llm.PartAudio:
		if e.d.Caps.NoAudio || p.Media.Data == "" {
			e.losePart(i, j, "the model takes no such audio")
			return
		}
		format := "wav"
		if strings.Contains(p.Media.MIME, "mp3") || strings.Contains(p.Media.MIME, "mpeg") {
			format = "mp3"
		}
		e.open()
		e.str("type", "input_audio")
		e.key("input_audio")
		e.lit("{")
		e.str("data", p.Media.Data)
		e.str("format", format)
		e.lit("}}")
	case llm.PartOpaque:
		if extra(p.Extra, inContent) != nil {
			e.comma()
			e.b = jscan.AppendCompact(e.b, p.Opaque.Raw)
		}
	}
}

func (e *requestEncoder) losePart(i, j int, why string) {
	e.lose(at("messages", i)+"."+at("content", j), why)
}

func (e *requestEncoder) imageSource(m *llm.Media) {
	if m.FileID != "" {
		e.str("file_id", m.FileID)
	} else {
		e.str("image_url", mediaURL(m))
	}
	detail := m.Detail
	if detail == "" {
		detail = "auto" // the SDK's type requires it
	}
	e.str("detail", detail)
}

// mediaURL is an address or a data URL.
func mediaURL(m *llm.Media) string {
	if m.URL != "" {
		return m.URL
	}
	return wire.DataURL(m.MIME, m.Data)
}

// file writes a document; plain text travels as text (formats.md 3.2).
func (e *requestEncoder) file(p *llm.Part, i, j int) {
	m := p.Media
	if m.Text != "" {
		e.textPart("input_text", m.Text)
		return
	}
	if e.d.Caps.NoFiles {
		e.losePart(i, j, "the model takes no files")
		return
	}
	e.open()
	switch {
	case strings.HasPrefix(m.MIME, "image/"):
		e.str("type", "input_image")
		e.imageSource(m)
	case m.FileID != "":
		e.str("type", "input_file")
		e.str("file_id", m.FileID)
	case m.URL != "":
		e.str("type", "input_file")
		e.str("file_url", m.URL)
	default:
		e.str("type", "input_file")
		e.str("filename", fileName(m))
		e.str("file_data", wire.DataURL(m.MIME, m.Data))
	}
	e.end('}')
}

// fileName names a nameless document, since OpenAI refuses it otherwise (R20).
func fileName(m *llm.Media) string {
	if m.Name != "" {
		return m.Name
	}
	switch m.MIME {
	case "text/plain":
		return "document.txt"
	case "text/csv":
		return "document.csv"
	case "text/markdown":
		return "document.md"
	case "application/json":
		return "document.json"
	}
	return "document.pdf"
}

// result writes what a tool answered (R23, R24, R26).
func (e *requestEncoder) result(p *llm.Part, i, j int) {
	r := p.Result
	e.items++
	if raw := extra(p.Extra, "item"); raw != nil {
		key := "call_id"
		if jscan.Get(raw, key) == nil {
			key = "id" // a local shell's output
		}
		e.member(raw, key, r.CallID)
		return
	}
	e.open()
	if r.Kind == llm.CallCustom || e.isCustom(r.CallID) {
		e.str("type", "custom_tool_call_output")
	} else {
		e.str("type", "function_call_output")
	}
	e.str("call_id", r.CallID)
	e.key("output")
	switch text, ok := plainText(r.Parts); {
	case !ok:
		e.outputParts(r, i, j)
	case len(r.Parts) == 1 && !r.Error:
		e.b = wire.AppendTextQuoted(e.b, &r.Parts[0])
	default:
		e.quote(errorText(text, r.Error))
	}
	e.end('}')
}

func (e *requestEncoder) isCustom(id string) bool {
	for _, c := range e.custom {
		if c == id {
			return true
		}
	}
	return false
}

// plainText is the text of a result that is at most one text.
func plainText(parts []llm.Part) (string, bool) {
	switch {
	case len(parts) == 0:
		return "", true
	case len(parts) == 1 && (parts[0].Kind == llm.PartText || parts[0].Kind == llm.PartRefusal):
		return parts[0].Text, true
	}
	return "", false
}

// errorText marks a failure, since the format has no field for it (R24).
func errorText(text string, failed bool) string {
	if !failed || strings.HasPrefix(text, "Error") {
		return text
	}
	return "Error: " + text
}

func (e *requestEncoder) outputParts(r *llm.ToolResult, i, j int) {
	e.lit("[")
	empty := len(e.b)
	marked := !r.Error
	for n := range r.Parts {
		p := r.Parts[n]
		if !marked && p.Kind == llm.PartText {
			p.Text, marked = errorText(p.Text, true), true
		}
		e.content(&p, "input_text", i, j)
	}
	if !marked {
		e.textPart("input_text", "Error: the tool failed.")
	}
	if len(e.b) == empty { // nothing could travel: say so instead of sending no output
		e.b[empty-1] = '"'
		e.end('"')
		return
	}
	e.end(']')
}

// assistant writes the model's own items in order (P82): neighbouring texts
// are one message, unless they were several.
func (e *requestEncoder) assistant(parts []llm.Part, i int) {
	openMsg := false
	closeMsg := func() {
		if openMsg {
			e.lit("]}")
			openMsg = false
		}
	}
	var id []byte
	for j := range parts {
		p := &parts[j]
		switch p.Kind {
		case llm.PartText, llm.PartRefusal:
			if p.Text == "" {
				continue
			}
			if x := extra(p.Extra, "id"); openMsg && x != nil && string(x) != string(id) {
				closeMsg()
			}
			if !openMsg {
				id = extra(p.Extra, "id")
				e.openMessage("assistant", extra(p.Extra, "phase"))
				openMsg = true
			}
			if p.Kind == llm.PartRefusal {
				e.open()
				e.str("type", "refusal")
				e.str("refusal", p.Text)
				e.end('}')
			} else {
				e.textOf("output_text", p)
			}
		case llm.PartReasoning:
			if p.Seal.Family != llm.FamilyOpenAI || p.Seal.Data == "" {
				e.losePart(i, j, "reasoning without OpenAI's seal cannot be replayed")
				continue
			}
			closeMsg()
			e.reasoningItem(p)
		case llm.PartToolCall:
			closeMsg()
			e.call(p)
		case llm.PartOpaque, llm.PartServer:
			closeMsg()
			e.opaqueItem(p, i, j)
		default:
			e.losePart(i, j, "an assistant message holds text only")
		}
	}
	closeMsg()
}

// reasoningItem replays sealed reasoning unchanged (R27a).
func (e *requestEncoder) reasoningItem(p *llm.Part) {
	e.items++
	e.open()
	e.str("type", "reasoning")
	if p.Seal.ItemID != "" {
		e.str("id", p.Seal.ItemID)
	}
	summary, content := extra(p.Extra, "summary"), extra(p.Extra, "content")
	switch {
	case summary != nil:
		e.raw("summary", summary)
	case p.Text == "" || content != nil:
		e.raw("summary", []byte("[]"))
	default:
		e.key("summary")
		e.lit("[")
		e.textPart("summary_text", p.Text)
		e.end(']')
	}
	if content != nil {
		e.raw("content", content)
	}
	e.str("encrypted_content", p.Seal.Data)
	e.end('}')
}

func (e *requestEncoder) call(p *llm.Part) {
	c := p.Call
	e.items++
	if raw := extra(p.Extra, "item"); raw != nil {
		e.member(raw, "call_id", c.ID)
		return
	}
	e.open()
	if c.Kind == llm.CallCustom {
		e.custom = append(e.custom, c.ID)
		e.str("type", "custom_tool_call")
	} else {
		e.str("type", "function_call")
	}
	e.str("call_id", c.ID)
	e.str("name", c.Name)
	if c.Namespace != "" {
		e.str("namespace", c.Namespace)
	}
	if c.Kind == llm.CallCustom {
		e.str("input", c.Input)
	} else {
		e.str("arguments", wire.TextArgs(c.Args))
	}
	e.end('}')
}

// opaqueItem writes an item of this format back in its own words.
func (e *requestEncoder) opaqueItem(p *llm.Part, i, j int) {
	o := p.Opaque
	if o == nil || o.Format != own || jscan.KindOf(o.Raw) != jscan.Object {
		typ := "content"
		if o != nil {
			typ = o.Type
		}
		e.losePart(i, j, typ+" has no counterpart in Responses")
		return
	}
	e.items++
	e.comma()
	e.b = jscan.AppendCompact(e.b, o.Raw)
}
