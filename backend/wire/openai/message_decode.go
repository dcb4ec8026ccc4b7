package openai

import (
	"fmt"
	"slices"
	"strconv"

	"omniroute/backend/llm"
	"omniroute/backend/wire/jscan"
)

// rawMessage holds the spans of a message, of an answer's message or of a
// stream's delta: the three share their members.
type rawMessage struct {
	role, content, name, refusal           []byte
	toolCalls, toolCallID, functionCall    []byte
	reasoningContent, reasoning, details   []byte
	audio, images, annotations, cacheHints []byte
}

func readMessage(v []byte) rawMessage {
	var m rawMessage
	for k, x := range jscan.Members(v) {
		if jscan.IsNull(x) {
			continue
		}
		switch string(k) {
		case "role":
			m.role = x
		case "content":
			m.content = x
		case "name":
			m.name = x
		case "refusal":
			m.refusal = x
		case "tool_calls":
			m.toolCalls = x
		case "tool_call_id":
			m.toolCallID = x
		case "function_call":
			m.functionCall = x
		case "reasoning_content":
			m.reasoningContent = x
		case "reasoning":
			m.reasoning = x
		case "reasoning_details":
			m.details = x
		case "audio":
			m.audio = x
		case "images":
			m.images = x
		case "annotations":
			m.annotations = x
		case "cache_control":
			m.cacheHints = x
		}
	}
	return m
}

// thoughts returns the raw JSON string of the reasoning text. Hosts send it as
// reasoning_content, reasoning or reasoning_details, some twice (4.9).
func (m *rawMessage) thoughts() []byte {
	for _, v := range [...][]byte{m.reasoningContent, m.reasoning} {
		if jscan.KindOf(v) == jscan.String && len(v) > 2 {
			return v
		}
	}
	var text []byte
	for _, e := range jscan.Elements(m.details) {
		for _, key := range [...]string{"text", "summary"} {
			if s := jscan.Get(e, key); jscan.KindOf(s) == jscan.String {
				text = append(text, s[1:len(s)-1]...)
			}
		}
	}
	if len(text) == 0 {
		return nil
	}
	return append(append([]byte{'"'}, text...), '"')
}

// readMessages reads the conversation after the tools are known.
func (d *requestDecoder) readMessages() {
	if jscan.KindOf(d.messages) != jscan.Array {
		d.fail("messages", "messages must be a list of messages.")
		return
	}
	leading := true
	for i, v := range jscan.Elements(d.messages) {
		if jscan.KindOf(v) != jscan.Object {
			d.fail(fmt.Sprintf("messages[%d]", i), "messages[%d] must be an object.", i)
			return
		}
		m := readMessage(v)
		switch role := jscan.Str(m.role); role {
		case "system", "developer":
			parts := textsOnly(d.parts(i, m))
			if !leading {
				d.add(llm.RoleSystem, m, parts)
			} else if d.err == nil {
				hintLast(parts, m.cacheHints)
				d.req.System = append(d.req.System, parts...)
				continue
			}
		case "user":
			d.add(llm.RoleUser, m, d.parts(i, m))
		case "assistant":
			d.add(llm.RoleAssistant, m, d.assistant(i, m))
		case "tool", "function":
			d.result(i, m, role == "function")
		default:
			d.fail(fmt.Sprintf("messages[%d].role", i), "messages[%d].role must be system, developer, user, assistant or tool.", i)
		}
		if d.err != nil {
			return
		}
		leading = false
	}
	if len(d.req.Messages) == 0 && len(d.req.System) == 0 {
		d.fail("messages", "messages must hold at least one message.")
	}
}

func (d *requestDecoder) add(role llm.Role, m rawMessage, parts []llm.Part) {
	if len(parts) == 0 { // an assistant turn that says nothing
		return
	}
	hintLast(parts, m.cacheHints)
	d.req.Messages = append(d.req.Messages, llm.Message{Role: role, Name: jscan.Str(m.name), Parts: parts})
}

// hintLast puts the cache_control of a whole message on its last part.
func hintLast(parts []llm.Part, raw []byte) {
	if n := len(parts); n > 0 && parts[n-1].Cache == nil {
		parts[n-1].Cache = cacheHint(raw)
	}
}

// textsOnly keeps what an instruction may consist of.
func textsOnly(parts []llm.Part) []llm.Part {
	kept := parts[:0]
	for _, p := range parts {
		if p.Kind == llm.PartText && p.Text != "" {
			kept = append(kept, p)
		}
	}
	return kept
}

// parts reads the content of a system or user message, which must say
// something.
func (d *requestDecoder) parts(i int, m rawMessage) []llm.Part {
	parts, known := contentParts(nil, m.content)
	if !known {
		d.fail(fmt.Sprintf("messages[%d].content", i), "messages[%d].content must be text or a list of content parts of known types.", i)
	}
	return parts
}

// assistant reads a turn of the model: thoughts, text, refusal, calls.
func (d *requestDecoder) assistant(i int, m rawMessage) []llm.Part {
	var parts []llm.Part
	if t := m.thoughts(); t != nil {
		parts = append(parts, llm.Part{Kind: llm.PartReasoning, Text: jscan.Str(t)})
	}
	called := jscan.Len(m.toolCalls) > 0 || m.functionCall != nil
	if m.content != nil {
		var known bool
		if parts, known = contentParts(parts, m.content); !known && !called {
			d.fail(fmt.Sprintf("messages[%d].content", i), "messages[%d].content must be text or a list of content parts of known types.", i)
		}
		parts = withoutEmpty(parts)
	}
	if s := jscan.Str(m.refusal); s != "" {
		parts = append(parts, llm.Part{Kind: llm.PartRefusal, Text: s})
	}
	if m.audio != nil {
		parts = append(parts, llm.Part{Kind: llm.PartOpaque, Opaque: opaque("audio", m.audio)})
	}
	for j, v := range jscan.Elements(m.toolCalls) {
		call, rides := readCall(v)
		if call.Name == "" {
			d.fail(fmt.Sprintf("messages[%d].tool_calls[%d]", i, j), "messages[%d].tool_calls[%d] needs a name.", i, j)
			return nil
		}
		if call.Kind == llm.CallCustom {
			d.customIDs = append(d.customIDs, call.ID)
		}
		parts = appendCall(parts, call, rides)
	}
	if m.functionCall != nil {
		parts = append(parts, d.legacyCall(m.functionCall))
	}
	return parts
}

// withoutEmpty drops texts that say nothing: an assistant's "" stands for
// "no content" (R15, P11).
func withoutEmpty(parts []llm.Part) []llm.Part {
	kept := parts[:0]
	for _, p := range parts {
		if p.Text != "" || p.Kind != llm.PartText && p.Kind != llm.PartRefusal {
			kept = append(kept, p)
		}
	}
	return kept
}

// readCall reads an element of tool_calls.
func readCall(v []byte) (*llm.ToolCall, carrier) {
	c := &llm.ToolCall{}
	var rides carrier
	for k, x := range jscan.Members(v) {
		switch string(k) {
		case "id":
			c.ID = jscan.Str(x)
		case "function":
			if jscan.KindOf(x) == jscan.Object {
				c.Name = jscan.Str(jscan.Get(x, "name"))
				c.Args = argsText(jscan.Get(x, "arguments"))
			}
		case "custom":
			if jscan.KindOf(x) == jscan.Object {
				c.Kind = llm.CallCustom
				c.Name = jscan.Str(jscan.Get(x, "name"))
				c.Input = jscan.Str(jscan.Get(x, "input"))
			}
		case "extra_content":
			rides = readCarrier(x)
		}
	}
	return c, rides
}

// argsText is the text of arguments: a string, from some hosts the object
// itself.
func argsText(v []byte) string {
	if k := jscan.KindOf(v); k == jscan.Object || k == jscan.Array {
		return string(v)
	}
	return jscan.Str(v)
}

// appendCall adds a call and puts its seal where it was minted: Gemini signs
// calls, the others sign the thoughts before them (R28). The words that come
// with a seal replace reasoning_content, of which clients may have kept a part
// only.
func appendCall(parts []llm.Part, call *llm.ToolCall, rides carrier) []llm.Part {
	p := llm.Part{Kind: llm.PartToolCall, Call: call}
	if rides.seal.Data == "" {
		return append(parts, p)
	}
	if rides.seal.Family == llm.FamilyGemini {
		p.Seal = rides.seal
		return append(parts, p)
	}
	first := true
	for i := 0; i < len(parts); i++ {
		first = first && parts[i].Kind != llm.PartToolCall
		if parts[i].Kind != llm.PartReasoning || parts[i].Seal.Data != "" || rides.seal.Redacted {
			continue
		}
		if !rides.known {
			parts[i].Seal = rides.seal
			return append(parts, p)
		}
		parts = append(parts[:i], parts[i+1:]...)
		i--
	}
	thought := llm.Part{Kind: llm.PartReasoning, Text: rides.words, Seal: rides.seal}
	if first { // a turn that thinks begins with its thoughts
		return append(append([]llm.Part{thought}, parts...), p)
	}
	return append(parts, thought, p)
}

// legacyCall gives the old function_call an id that its result will find.
func (d *requestDecoder) legacyCall(v []byte) llm.Part {
	d.legacyCalls++
	call := &llm.ToolCall{
		ID:   "call_legacy" + strconv.Itoa(d.legacyCalls),
		Name: jscan.Str(jscan.Get(v, "name")),
		Args: argsText(jscan.Get(v, "arguments")),
	}
	d.legacyOpen = append(d.legacyOpen, legacyCall{call.Name, call.ID})
	return llm.Part{Kind: llm.PartToolCall, Call: call}
}

// legacyID finds the oldest open call of a name.
func (d *requestDecoder) legacyID(name string) string {
	for i, c := range d.legacyOpen {
		if c.name == name {
			d.legacyOpen = append(d.legacyOpen[:i:i], d.legacyOpen[i+1:]...)
			return c.id
		}
	}
	return ""
}

// result reads a tool message. Neighbours become one user turn.
func (d *requestDecoder) result(i int, m rawMessage, legacy bool) {
	r := &llm.ToolResult{CallID: jscan.Str(m.toolCallID), Name: jscan.Str(m.name)}
	if legacy {
		r.CallID = d.legacyID(r.Name)
	}
	if slices.Contains(d.customIDs, r.CallID) {
		r.Kind = llm.CallCustom
	}
	if s, ok := jscan.Text(m.content); ok {
		r.Parts = resultParts(s)
	} else if m.content != nil {
		parts, known := contentParts(nil, m.content)
		if !known {
			d.fail(fmt.Sprintf("messages[%d].content", i), "messages[%d].content must be text or a list of text parts.", i)
			return
		}
		r.Parts = withoutEmpty(parts)
	}
	p := llm.Part{Kind: llm.PartToolResult, Result: r, Cache: cacheHint(m.cacheHints)}
	for j := range r.Parts { // the hint of a block inside belongs to the result
		if p.Cache == nil {
			p.Cache = r.Parts[j].Cache
		}
		r.Parts[j].Cache = nil
	}
	if n := len(d.req.Messages); n > 0 {
		last := &d.req.Messages[n-1]
		if last.Role == llm.RoleUser && last.Name == "" && last.Parts[len(last.Parts)-1].Kind == llm.PartToolResult {
			last.Parts = append(last.Parts, p)
			return
		}
	}
	d.req.Messages = append(d.req.Messages, llm.Message{Role: llm.RoleUser, Parts: []llm.Part{p}})
}
