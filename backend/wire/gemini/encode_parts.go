package gemini

import (
	"encoding/base64"
	"strings"

	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// skipValidator is Google's word for a call whose signature is not known
// (formats.md R28).
const skipValidator = "skip_thought_signature_validator"

// filler stands in for the user where a conversation begins with the model
// (formats.md R10).
const filler = "."

// contents writes the conversation and leaves its list open. It reports
// whether anything was written.
func (e *requestEncoder) contents() (bool, error) {
	e.open("contents", '[')
	for i := range e.req.Messages {
		m := &e.req.Messages[i]
		switch m.Role {
		case llm.RoleUser:
			e.userParts(i, m.Parts)
		case llm.RoleAssistant:
			e.modelParts(i, m.Parts)
		}
	}
	if e.role != "" {
		e.b = append(e.b, "]}"...)
		e.role = ""
	}
	return e.began, nil
}

// part begins a part of the given role: neighbours of one role share one
// content (formats.md R13), and the first is the user's.
func (e *requestEncoder) part(role string) {
	if e.role != role {
		if e.role != "" {
			e.b = append(e.b, "]}"...)
		} else if role == "model" && !e.began {
			e.textContent("user", []string{filler})
		}
		e.openContent(role)
	}
	e.comma()
}

func (e *requestEncoder) openContent(role string) {
	e.comma()
	e.b = append(e.b, '{')
	e.text("role", role)
	e.open("parts", '[')
	e.role, e.began = role, true
}

// textContent writes a whole content of text.
func (e *requestEncoder) textContent(role string, texts []string) {
	e.openContent(role)
	for _, s := range texts {
		e.textPart(s)
	}
	e.b = append(e.b, "]}"...)
	e.role = ""
}

func (w *buffer) textPart(s string) {
	w.comma()
	w.b = append(w.b, `{"text":`...)
	w.b = append(jscan.AppendQuoted(w.b, s), '}')
}

func (e *requestEncoder) userParts(i int, parts []llm.Part) {
	for j := range parts {
		p := &parts[j]
		switch p.Kind {
		case llm.PartText, llm.PartRefusal:
			e.textOf("user", p, "")
		case llm.PartImage, llm.PartAudio, llm.PartFile:
			e.mediaOf("user", at(i, j), p, "")
		case llm.PartToolResult:
			e.result(at(i, j), p.Result)
		case llm.PartServer, llm.PartOpaque:
			e.opaque("user", at(i, j), p)
		}
	}
}

// modelParts writes an answer of the model. A signature that arrived in a
// reasoning part goes back onto the part it leads; with nothing to lead it
// stands alone, as Gemini sends it at the end of a stream.
func (e *requestEncoder) modelParts(i int, parts []llm.Part) {
	pending, first := "", true
	take := func(p *llm.Part) string {
		s := seal(p)
		if s == "" {
			s, pending = pending, ""
		}
		return s
	}
	for j := range parts {
		p := &parts[j]
		switch p.Kind {
		case llm.PartReasoning:
			s := seal(p)
			if s == "" {
				e.add(at(i, j), "reasoning without a signature of Google's is not sent back")
				continue
			}
			e.flush(pending)
			if pending = s; p.Extra.Format == own {
				e.thought(p, s)
				pending = ""
			}
		case llm.PartText, llm.PartRefusal:
			if !blank(p.Text) {
				e.textOf("model", p, take(p))
			}
		case llm.PartImage, llm.PartAudio, llm.PartFile:
			e.mediaOf("model", at(i, j), p, take(p))
		case llm.PartToolCall:
			s := take(p)
			if s == "" && first && e.sealed && i > e.turn {
				s = skipValidator
			}
			first = false
			e.call(p, s)
		case llm.PartServer, llm.PartOpaque:
			e.opaque("model", at(i, j), p)
		}
	}
	e.flush(pending)
}

// seal is the signature of a part as far as Google minted it.
func seal(p *llm.Part) string {
	if p.Seal.Family != llm.FamilyGemini {
		return ""
	}
	return p.Seal.Data
}

// flush writes a signature without content.
func (e *requestEncoder) flush(signature string) {
	if signature == "" {
		return
	}
	e.part("model")
	e.b = append(e.b, `{"text":""`...)
	e.text("thoughtSignature", signature)
	e.b = append(e.b, '}')
}

// thought writes back a part of Google's own that was signed itself.
func (e *requestEncoder) thought(p *llm.Part, signature string) {
	if p.Text == "" {
		e.flush(signature)
		return
	}
	e.part("model")
	e.b = append(e.b, '{')
	e.text("text", p.Text)
	e.literal("thought", "true")
	e.text("thoughtSignature", signature)
	e.fields(p.Extra)
	e.b = append(e.b, '}')
}

// textOf writes a text; white space alone is an empty part to Gemini (R15).
func (e *requestEncoder) textOf(role string, p *llm.Part, signature string) {
	if blank(p.Text) {
		return
	}
	e.part(role)
	e.b = append(e.b, '{')
	e.key("text")
	e.b = wire.AppendTextQuoted(e.b, p)
	e.tail(p, signature)
}

// tail ends a part with its signature and what only this format knows.
func (w *buffer) tail(p *llm.Part, signature string) {
	if signature != "" {
		w.text("thoughtSignature", signature)
	}
	w.fields(p.Extra)
	w.b = append(w.b, '}')
}

func (e *requestEncoder) opaque(role, path string, p *llm.Part) {
	if p.Opaque == nil || p.Opaque.Format != own {
		e.add(path, "only the vendor it came from understands this part")
		return
	}
	e.part(role)
	e.b = append(e.b, p.Opaque.Raw...)
}

// mediaOf writes an image, a sound or a document.
func (e *requestEncoder) mediaOf(role, path string, p *llm.Part, signature string) {
	if why := e.cannot(p); why != "" {
		e.add(path, why)
		return
	}
	e.part(role)
	e.b = append(e.b, '{')
	if p.Media.Text != "" && p.Extra.Format != own {
		e.text("text", p.Media.Text)
	} else {
		e.media(p)
	}
	e.tail(p, signature)
}

// cannot says why a medium cannot travel, "" = it can.
func (e *requestEncoder) cannot(p *llm.Part) string {
	c := &e.d.Caps
	switch {
	case p.Media == nil:
		return "the part holds no data"
	case p.Media.Text != "":
		return ""
	case p.Kind == llm.PartImage && c.NoImages, p.Kind == llm.PartAudio && c.NoAudio, p.Kind == llm.PartFile && c.NoFiles:
		return "the model does not take this kind of content"
	case p.Media.Data == "" && p.Media.URL == "":
		return "a file id is known only to the vendor that keeps the file"
	}
	return ""
}

// media writes inlineData or fileData (formats.md 3.2).
func (w *buffer) media(p *llm.Part) {
	m := p.Media
	data, mime := m.Data, m.MIME
	if m.Text != "" {
		data = base64.StdEncoding.EncodeToString([]byte(m.Text))
	}
	if kind, inline, ok := wire.ParseDataURL(m.URL); ok {
		data = inline
		if mime == "" {
			mime = kind
		}
	}
	if data != "" {
		w.open("inlineData", '{')
		w.text("mimeType", mimeOf(p.Kind, mime, wire.SniffMIME(data)))
		w.text("data", data)
		w.b = append(w.b, '}')
		return
	}
	w.open("fileData", '{')
	w.text("mimeType", mimeOf(p.Kind, mime, guessMIME(m.URL)))
	w.text("fileUri", m.URL)
	w.b = append(w.b, '}')
}

// mimeOf is the stated media type, the guessed one, or the usual one of the
// kind: Gemini insists on having one.
func mimeOf(kind llm.PartKind, stated, guessed string) string {
	if stated = wire.CleanMIME(stated); stated != "" && !strings.HasSuffix(stated, "/*") {
		return stated
	}
	switch {
	case guessed != "":
		return guessed
	case kind == llm.PartImage:
		return "image/jpeg"
	case kind == llm.PartAudio:
		return "audio/wav"
	}
	return "application/pdf"
}

func (e *requestEncoder) call(p *llm.Part, signature string) {
	e.part("model")
	e.b = append(e.b, '{')
	e.functionCall(p.Call, !e.d.Caps.NoCallIDs)
	e.tail(p, signature)
}

// functionCall writes a call with its arguments as an object (formats.md
// R25); a custom call's text stands in the member input (R38).
func (w *buffer) functionCall(c *llm.ToolCall, withID bool) {
	w.open("functionCall", '{')
	if withID && c.ID != "" {
		w.text("id", c.ID)
	}
	w.text("name", c.Name)
	args := c.Args
	if c.Kind == llm.CallCustom {
		args = wire.WrapInput(c.Input)
	}
	w.raw("args", wire.ObjectArgs(args))
	w.b = append(w.b, '}')
}

// result writes one functionResponse. Media of a result stand inside it where
// the model takes them there, else right after it in the same content (R23).
func (e *requestEncoder) result(path string, r *llm.ToolResult) {
	inside := e.sealed // Gemini 3 and later
	var media []*llm.Part
	for k := range r.Parts {
		p := &r.Parts[k]
		switch p.Kind {
		case llm.PartImage, llm.PartAudio, llm.PartFile:
			if why := e.cannot(p); why != "" {
				e.add(path, why)
			} else if p.Media.Text == "" {
				media = append(media, p)
			}
		case llm.PartServer, llm.PartOpaque:
			e.add(path, "only the vendor it came from understands a part of this result")
		}
	}
	e.part("user")
	e.b = append(e.b, '{')
	e.open("functionResponse", '{')
	if !e.d.Caps.NoCallIDs && r.CallID != "" {
		e.text("id", r.CallID)
	}
	e.text("name", r.Name)
	e.key("response")
	e.response(r)
	if inside && len(media) > 0 {
		e.open("parts", '[')
		for _, p := range media {
			e.comma()
			e.b = append(e.b, '{')
			e.media(p)
			e.b = append(e.b, '}')
		}
		e.b = append(e.b, ']')
	}
	e.b = append(e.b, "}}"...)
	if inside {
		return
	}
	for _, p := range media {
		e.part("user")
		e.b = append(e.b, '{')
		e.media(p)
		e.b = append(e.b, '}')
	}
}

// response writes what a result says (formats.md R24, R26): always an object.
func (e *requestEncoder) response(r *llm.ToolResult) {
	text := resultWords(r)
	name := "output"
	if r.Error {
		name = "error"
	} else if v := []byte(text); jscan.KindOf(v) == jscan.Object && jscan.Check(v) == nil {
		e.b = jscan.AppendCompact(e.b, v)
		return
	}
	e.b = append(e.b, '{')
	e.text(name, text)
	e.b = append(e.b, '}')
}

// resultWords is all text of a result.
func resultWords(r *llm.ToolResult) string {
	one, n := "", 0
	var all strings.Builder
	for k := range r.Parts {
		p := &r.Parts[k]
		s := p.Text
		if p.Media != nil {
			s = p.Media.Text
		} else if p.Kind != llm.PartText && p.Kind != llm.PartRefusal {
			continue
		}
		if s == "" {
			continue
		}
		if n++; n == 1 {
			one = s
			continue
		}
		if n == 2 {
			all.WriteString(one)
		}
		all.WriteByte('\n')
		all.WriteString(s)
	}
	if n > 1 {
		return all.String()
	}
	return one
}
