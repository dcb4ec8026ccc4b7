package openai

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"

	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// Texts that stand for what a message cannot hold.
const (
	imageBelow = "[image attached below]" // R23
	fileBelow  = "[file attached below]"
	// noThoughts stands where DeepSeek and Kimi want reasoning_content on a
	// turn with calls and none is known; they refuse an absent or empty one
	// (P35, NousResearch/hermes-agent PR 17341).
	noThoughts = " "
)

// messages writes the conversation and tells how many messages it has.
func (w *requestWriter) messages() int {
	w.b = append(w.b, `,"messages":[`...)
	n := 0
	next := func() {
		if n > 0 {
			w.b = append(w.b, ',')
		}
		n++
	}
	messages := w.req.Messages
	if w.d.Caps.UserRole {
		messages = w.asUser()
	} else if w.hasSystem() {
		next()
		w.system()
	}
	for i := range messages {
		m := &messages[i]
		switch m.Role {
		case llm.RoleSystem:
			if hasText(m.Parts) {
				next()
				w.open(w.systemRole(), m.Name)
				w.b = append(w.b, `,"content":`...)
				w.b = appendTexts(w.b, m.Parts, "\n\n")
				w.b = append(w.b, '}')
			}
		case llm.RoleAssistant:
			w.assistant(i, m, next)
		default:
			w.user(i, m, next)
		}
	}
	w.b = append(w.b, ']')
	return n
}

// open begins a message up to its role.
func (w *requestWriter) open(role, name string) {
	w.b = append(w.b, `{"role":"`...)
	w.b = append(w.b, role...)
	w.b = append(w.b, '"')
	if name != "" {
		w.b = append(w.b, `,"name":`...)
		w.b = jscan.AppendQuoted(w.b, name)
	}
}

// systemRole is developer only where the target knows the word (R11, P15).
func (w *requestWriter) systemRole() string {
	if w.d.Caps.DeveloperRole {
		return "developer"
	}
	return "system"
}

func (w *requestWriter) wish() string {
	if !w.d.Caps.NoStructured {
		return ""
	}
	return structureWish(&w.req.Output)
}

func (w *requestWriter) hasSystem() bool { return hasText(w.req.System) || w.wish() != "" }

// system writes the leading instructions as one message, texts joined with a
// blank line (R11).
func (w *requestWriter) system() {
	w.open(w.systemRole(), "")
	w.b = append(w.b, `,"content":`...)
	w.b = appendTexts(w.b, w.req.System, "\n\n")
	if wish := w.wish(); wish != "" {
		w.b = w.b[:len(w.b)-1]
		if hasText(w.req.System) {
			w.b = append(w.b, `\n\n`...)
		}
		w.b = jscan.AppendEscaped(w.b, wish)
		w.b = append(w.b, '"')
	}
	w.b = append(w.b, '}')
}

// asUser gives the conversation to hosts without a role for instructions: the
// leading ones stand in front of the first user message, later ones where
// they were, as the user's words. Such hosts want roles to alternate.
func (w *requestWriter) asUser() []llm.Message {
	out := make([]llm.Message, 0, len(w.req.Messages)+1)
	for _, m := range w.req.Messages {
		if m.Role == llm.RoleSystem {
			m = llm.Message{Role: llm.RoleUser, Parts: []llm.Part{{Kind: llm.PartText, Text: joinTexts(m.Parts)}}}
		}
		out = append(out, m)
	}
	system := joinTexts(w.req.System)
	if wish := w.wish(); wish != "" {
		system = strings.TrimPrefix(system+"\n\n"+wish, "\n\n")
	}
	if system != "" {
		text := llm.Part{Kind: llm.PartText, Text: system}
		if len(out) == 0 || out[0].Role != llm.RoleUser || len(out[0].Parts) == 0 {
			out = append([]llm.Message{{Role: llm.RoleUser, Parts: []llm.Part{text}}}, out...)
		} else {
			parts := out[0].Parts
			if parts[0].Kind == llm.PartText {
				text.Text += "\n\n" + parts[0].Text
				parts = parts[1:]
			}
			out[0].Parts = append([]llm.Part{text}, parts...)
		}
	}
	return wire.MergeTurns(out)
}

func joinTexts(parts []llm.Part) string {
	var out []string
	for i := range parts {
		if parts[i].Kind == llm.PartText && parts[i].Text != "" {
			out = append(out, parts[i].Text)
		}
	}
	return strings.Join(out, "\n\n")
}

func hasText(parts []llm.Part) bool {
	for i := range parts {
		if parts[i].Kind == llm.PartText && parts[i].Text != "" {
			return true
		}
	}
	return false
}

// appendTexts appends all text parts as one JSON string.
func appendTexts(dst []byte, parts []llm.Part, sep string) []byte {
	dst = append(dst, '"')
	first := true
	for i := range parts {
		if parts[i].Kind != llm.PartText || parts[i].Text == "" {
			continue
		}
		if !first {
			dst = jscan.AppendEscaped(dst, sep)
		}
		first = false
		dst = wire.AppendText(dst, &parts[i])
	}
	return append(dst, '"')
}

// assistant writes a turn of the model. A turn of which nothing can travel is
// left out.
func (w *requestWriter) assistant(i int, m *llm.Message, next func()) {
	var text, thoughts, refusal bool
	calls := 0
	var audio *llm.Opaque
	for j := range m.Parts {
		p := &m.Parts[j]
		switch p.Kind {
		case llm.PartText:
			text = text || p.Text != ""
		case llm.PartRefusal:
			refusal = refusal || p.Text != ""
		case llm.PartReasoning:
			thoughts = thoughts || p.Text != ""
		case llm.PartToolCall:
			calls++
		case llm.PartOpaque:
			if p.Opaque != nil && p.Opaque.Format == formatName && p.Opaque.Type == "audio" {
				audio = p.Opaque
				continue
			}
			w.losePart(i, j, "understood by its own format only")
		default:
			w.losePart(i, j, "chat has no place for it in an assistant message")
		}
	}
	replay := w.d.Caps.ReasoningField == "reasoning_content" && (thoughts || calls > 0)
	if !text && !refusal && calls == 0 && audio == nil && !(replay && thoughts) {
		return
	}
	next()
	w.open("assistant", m.Name)
	w.b = append(w.b, `,"content":`...)
	switch {
	case text:
		w.b = appendTexts(w.b, m.Parts, "")
	case calls > 0 || refusal || audio != nil:
		w.b = append(w.b, "null"...)
	default:
		w.b = append(w.b, `""`...)
	}
	if refusal {
		w.b = append(w.b, `,"refusal":"`...)
		w.b = appendKind(w.b, m.Parts, llm.PartRefusal)
		w.b = append(w.b, '"')
	}
	if replay { // R27b
		w.b = append(w.b, `,"reasoning_content":"`...)
		if thoughts {
			w.b = appendKind(w.b, m.Parts, llm.PartReasoning)
		} else {
			w.b = append(w.b, noThoughts...)
		}
		w.b = append(w.b, '"')
	}
	if audio != nil { // history refers to a spoken answer by its id
		if id := jscan.Str(jscan.Get(audio.Raw, "id")); id != "" {
			w.b = append(w.b, `,"audio":{"id":`...)
			w.b = append(jscan.AppendQuoted(w.b, id), '}')
		}
	}
	if calls > 0 {
		w.calls(m.Parts)
	}
	w.b = append(w.b, '}')
}

func (w *requestWriter) losePart(i, j int, why string) {
	w.lose(fmt.Sprintf("messages[%d].content[%d]", i, j), why)
}

// appendKind appends the texts of one kind of part, without quotes.
func appendKind(dst []byte, parts []llm.Part, kind llm.PartKind) []byte {
	for i := range parts {
		if parts[i].Kind == kind {
			dst = wire.AppendText(dst, &parts[i])
		}
	}
	return dst
}

func (w *requestWriter) calls(parts []llm.Part) {
	w.b = append(w.b, `,"tool_calls":`...)
	first := true
	for i := range parts {
		if parts[i].Kind != llm.PartToolCall || parts[i].Call == nil {
			continue
		}
		w.b = append(w.b, ",["[btoi(first)])
		w.b = appendCallHead(w.b, w.callID(parts[i].Call.ID), parts[i].Call.Kind)
		w.b = appendCallBody(w.b, parts[i].Call, wire.TextArgs(parts[i].Call.Args))
		w.seal(parts[i].Seal, first)
		w.b = append(w.b, '}')
		first = false
	}
	w.b = append(w.b, ']')
}

// unsigned is what Google takes in place of a signature that nobody has, on
// the first call of a turn only (R28).
const unsigned = "skip_thought_signature_validator"

// seal writes Google's carrier. Only Gemini's seals travel, and wire.Prepare
// left them only for Google's own chat endpoint.
func (w *requestWriter) seal(s llm.Seal, first bool) {
	v := ""
	if s.Family == llm.FamilyGemini {
		v = s.Data
	}
	if v == "" && first && w.d.Caps.NeedsSeal {
		v = unsigned
	}
	if v != "" {
		w.b = appendSeal(w.b, v)
	}
}

func appendSeal(dst []byte, v string) []byte {
	dst = append(dst, `,"extra_content":{"google":{"thought_signature":`...)
	dst = jscan.AppendQuoted(dst, v)
	return append(dst, "}}"...)
}

// callID is an id in the shape the host insists on: Mistral's are exactly nine
// letters and digits. The result depends on the id only, so that call and
// result still meet.
func (w *requestWriter) callID(id string) string {
	const size, letters = 9, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	if w.d.Caps.ToolIDs != "alnum9" {
		return id
	}
	legal := len(id) == size
	for i := 0; i < len(id) && legal; i++ {
		legal = strings.IndexByte(letters, id[i]) >= 0
	}
	if legal {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	n := binary.BigEndian.Uint64(sum[:])
	short := make([]byte, size)
	for i := range short {
		short[i] = letters[n%uint64(len(letters))]
		n /= uint64(len(letters))
	}
	return string(short)
}

// appendCallHead begins an element of tool_calls: id and type.
func appendCallHead(dst []byte, id string, kind llm.CallKind) []byte {
	dst = append(dst, `{"id":`...)
	dst = jscan.AppendQuoted(dst, id)
	if kind == llm.CallCustom {
		return append(dst, `,"type":"custom"`...)
	}
	return append(dst, `,"type":"function"`...)
}

// appendCallBody appends name and arguments, or the input of a custom call.
func appendCallBody(dst []byte, c *llm.ToolCall, args string) []byte {
	if c.Kind == llm.CallCustom {
		dst = append(dst, `,"custom":{"name":`...)
		dst = jscan.AppendQuoted(dst, c.Name)
		dst = append(dst, `,"input":`...)
		return append(jscan.AppendQuoted(dst, c.Input), '}')
	}
	dst = append(dst, `,"function":{"name":`...)
	dst = jscan.AppendQuoted(dst, c.Name)
	dst = append(dst, `,"arguments":`...)
	return append(jscan.AppendQuoted(dst, args), '}')
}

// user writes a user turn: first one tool message for each result, then what
// else the user says, headed by the media of the results (R21, R23).
func (w *requestWriter) user(i int, m *llm.Message, next func()) {
	var media, rest []*llm.Part
	results := false
	for j := range m.Parts {
		p := &m.Parts[j]
		if p.Kind != llm.PartToolResult || p.Result == nil {
			rest = append(rest, p)
			continue
		}
		results = true
		next()
		media = append(media, w.result(p.Result)...)
	}
	rest = append(media, rest...)
	start := len(w.b)
	rest = w.carried(i, rest)
	if len(rest) == 0 {
		w.b = w.b[:start]
		return
	}
	only := len(rest) == 1 && rest[0].Kind == llm.PartText
	if only && rest[0].Text == "" && results {
		return
	}
	next()
	w.open("user", m.Name)
	w.b = append(w.b, `,"content":`...)
	if only && (rest[0].Text == "" || rest[0].Extra.Format != formatName || len(rest[0].Extra.Fields) == 0) {
		w.b = wire.AppendTextQuoted(w.b, rest[0])
	} else {
		for k, p := range rest {
			w.b = append(w.b, ",["[btoi(k == 0)])
			w.b = appendPart(w.b, p)
		}
		w.b = append(w.b, ']')
	}
	w.b = append(w.b, '}')
}

// result writes one tool message and returns the media it cannot hold.
func (w *requestWriter) result(r *llm.ToolResult) (media []*llm.Part) {
	w.b = append(w.b, `{"role":"tool","tool_call_id":`...)
	w.b = jscan.AppendQuoted(w.b, w.callID(r.CallID))
	w.b = append(w.b, `,"content":"`...)
	texts := 0
	begin := func(s string) {
		if texts > 0 {
			w.b = append(w.b, `\n`...)
		} else if r.Error && !strings.HasPrefix(strings.TrimLeft(s, " \t\r\n"), "Error") { // R24
			w.b = append(w.b, "Error: "...)
		}
		texts++
	}
	add := func(s string) {
		begin(s)
		w.b = jscan.AppendEscaped(w.b, s)
	}
	placeholder := ""
	for i := range r.Parts {
		p := &r.Parts[i]
		switch {
		case p.Kind == llm.PartImage:
			media, placeholder = append(media, p), imageBelow
		case p.Media != nil && p.Media.Text != "":
			add(p.Media.Text)
		case p.Kind == llm.PartFile || p.Kind == llm.PartAudio:
			if media = append(media, p); placeholder == "" {
				placeholder = fileBelow
			}
		case p.Text != "" && (p.Kind == llm.PartText || p.Kind == llm.PartRefusal):
			begin(p.Text)
			w.b = wire.AppendText(w.b, p)
		case p.Kind == llm.PartOpaque || p.Kind == llm.PartServer:
			w.lose("tool result "+r.CallID, "a part that only its own format understands")
		}
	}
	if texts == 0 && placeholder != "" {
		add(placeholder)
	} else if texts == 0 && r.Error {
		w.b = append(w.b, "Error"...)
	}
	w.b = append(w.b, `"}`...)
	return media
}
