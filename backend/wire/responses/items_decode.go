package responses

import (
	"bytes"
	"strings"

	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// readInput reads the input: a string, or items in order. Items of one turn
// become one message: reasoning, text and calls of the model stand together
// (P82), results and user texts likewise.
func readInput(req *llm.Request, input []byte) error {
	switch jscan.KindOf(input) {
	case jscan.Invalid:
		return nil
	case jscan.String:
		if s := jscan.Str(input); s != "" {
			req.Messages = append(req.Messages, llm.Message{Role: llm.RoleUser, Parts: []llm.Part{{Text: s}}})
		}
		return nil
	case jscan.Array:
	default:
		return invalid("input", "input must be a string or an array of items.")
	}
	for i, item := range jscan.Elements(input) {
		if jscan.KindOf(item) != jscan.Object {
			return invalid(at("input", i), "input[%d] must be an object.", i)
		}
		if err := readItem(req, item, i); err != nil {
			return err
		}
	}
	for i := range req.Messages {
		if req.Messages[i].Role == llm.RoleAssistant {
			req.Messages[i].Parts = attachSeals(req.Messages[i].Parts)
		}
	}
	return nil
}

// itemType is the type of an item; messages and references may lack it.
func itemType(item []byte) string {
	var t string
	var role, id bool
	for k, v := range jscan.Members(item) {
		switch string(k) {
		case "type":
			t = jscan.Str(v)
		case "role":
			role = true
		case "id":
			id = true
		}
	}
	switch {
	case t != "":
		return t
	case role:
		return "message"
	case id:
		return "item_reference"
	}
	return ""
}

func readItem(req *llm.Request, item []byte, i int) error {
	switch t := itemType(item); t {
	case "":
		return invalid(at("input", i)+".type", "input[%d] needs a type or a role.", i)
	case "message":
		return readMessage(req, item, i)
	case "item_reference":
		req.Meta.ItemReferences = append(req.Meta.ItemReferences, jscan.Str(jscan.Get(item, "id")))
	case "additional_tools":
		req.Tools = toolList(req.Tools, jscan.Get(item, "tools"))
	default:
		if p, ok := resultPart(t, item); ok {
			if t == "tool_search_output" {
				req.Tools = loadedTools(req.Tools, jscan.Get(item, "tools"))
			}
			add(req, llm.RoleUser, p)
			return nil
		}
		parts, role := modelParts(t, item)
		add(req, role, parts...)
	}
	return nil
}

// add appends parts to the last message of that role, or begins one.
func add(req *llm.Request, role llm.Role, parts ...llm.Part) {
	if len(parts) == 0 {
		return
	}
	if n := len(req.Messages); n > 0 && req.Messages[n-1].Role == role && role != llm.RoleSystem {
		last := &req.Messages[n-1]
		last.Parts = append(last.Parts, parts...)
		return
	}
	req.Messages = append(req.Messages, llm.Message{Role: role, Parts: parts})
}

// readMessage reads a message item. Instructions before anything else are the
// system prompt, later ones keep their place (R12).
func readMessage(req *llm.Request, item []byte, i int) error {
	content := jscan.Get(item, "content")
	parts := contentParts(content, nil)
	switch role := jscan.Str(jscan.Get(item, "role")); role {
	case "assistant":
		markItem(parts, item)
		add(req, llm.RoleAssistant, parts...)
	case "user":
		if len(parts) == 0 && (content == nil || jscan.KindOf(content) == jscan.Object) {
			return invalid(at("input", i)+".content", "input[%d].content must be a string or an array of parts.", i)
		}
		add(req, llm.RoleUser, parts...)
	case "system", "developer":
		for _, p := range parts {
			switch {
			case p.Kind != llm.PartText: // an image in an instruction is shown as the user's
				add(req, llm.RoleUser, p)
			case len(req.Messages) == 0:
				req.System = append(req.System, p)
			default:
				add(req, llm.RoleSystem, p)
			}
		}
	default:
		return invalid(at("input", i)+".role", "input[%d].role must be user, assistant, system or developer.", i)
	}
	return nil
}

// markItem notes on a message's first part what tells this message from its
// neighbours, so that messages stay apart and phases survive.
func markItem(parts []llm.Part, item []byte) {
	if len(parts) == 0 {
		return
	}
	p := &parts[0]
	for k, v := range jscan.Members(item) {
		if n := string(k); (n == "id" || n == "phase") && !jscan.IsNull(v) {
			withExtra(&p.Extra, n, v)
		}
	}
}

// contentParts reads the content of a message or of a result.
func contentParts(content []byte, dst []llm.Part) []llm.Part {
	switch jscan.KindOf(content) {
	case jscan.String:
		if s := jscan.Str(content); s != "" {
			dst = append(dst, llm.Part{Text: s})
		}
	case jscan.Array:
		for _, e := range jscan.Elements(content) {
			dst = contentPart(e, dst)
		}
	}
	return dst
}

func contentPart(e []byte, dst []llm.Part) []llm.Part {
	if s, ok := jscan.Text(e); ok {
		return append(dst, llm.Part{Text: s})
	}
	var p llm.Part
	switch t := jscan.Str(jscan.Get(e, "type")); t {
	case "input_text", "output_text", "text", "summary_text", "reasoning_text":
		p = textPart(e)
	case "refusal":
		p = llm.Part{Kind: llm.PartRefusal, Text: jscan.Str(jscan.Get(e, "refusal"))}
	case "input_image", "image_url", "computer_screenshot":
		m := imageOf(e)
		if m == nil {
			return dst
		}
		p = llm.Part{Kind: llm.PartImage, Media: m}
	case "input_file":
		m := fileOf(e)
		if m == nil {
			return dst
		}
		p = llm.Part{Kind: llm.PartFile, Media: m}
	case "input_audio":
		m := audioOf(e)
		if m == nil {
			return dst
		}
		p = llm.Part{Kind: llm.PartAudio, Media: m}
	case "":
		return dst
	default:
		p = opaque(llm.PartOpaque, t, e)
		withExtra(&p.Extra, inContent, []byte("true"))
	}
	if c := jscan.Get(e, "cache_control"); jscan.KindOf(c) == jscan.Object {
		p.Cache = &llm.CacheHint{TTL: jscan.Str(jscan.Get(c, "ttl"))}
	}
	return append(dst, p)
}

func textPart(e []byte) llm.Part {
	var p llm.Part
	for k, v := range jscan.Members(e) {
		switch string(k) {
		case "text":
			p.Text = jscan.Str(v)
		case "annotations":
			if jscan.Len(v) > 0 {
				p.Annotations = keep(v)
				p.Extra.Format = own
			}
		}
	}
	return p
}

// inContent marks an opaque part that stood inside a message; other opaque
// parts were items.
const inContent = "content_part"

func opaque(kind llm.PartKind, typ string, raw []byte) llm.Part {
	return llm.Part{Kind: kind, Opaque: &llm.Opaque{Format: own, Type: typ, Raw: keep(raw)}}
}

// modelParts reads an item that the model made: in a history or in an answer.
// Items only OpenAI's servers understand stay opaque.
func modelParts(typ string, item []byte) ([]llm.Part, llm.Role) {
	switch typ {
	case "message":
		parts := contentParts(jscan.Get(item, "content"), nil)
		markItem(parts, item)
		return parts, llm.RoleAssistant
	case "reasoning":
		if p, ok := reasoningPart(item); ok {
			return []llm.Part{p}, llm.RoleAssistant
		}
		return nil, llm.RoleAssistant
	case "function_call", "custom_tool_call":
		return []llm.Part{callPart(typ, item)}, llm.RoleAssistant
	}
	if n := nativeByCall(typ); n != nil && !serverRun(item) {
		return []llm.Part{n.call(item)}, llm.RoleAssistant
	}
	switch {
	case strings.HasSuffix(typ, "_output"), strings.HasSuffix(typ, "_response"), strings.HasSuffix(typ, "_trigger"):
		return []llm.Part{opaque(llm.PartOpaque, typ, item)}, llm.RoleUser
	case strings.HasSuffix(typ, "_call"), strings.HasPrefix(typ, "mcp_"):
		return []llm.Part{opaque(llm.PartServer, typ, item)}, llm.RoleAssistant
	}
	return []llm.Part{opaque(llm.PartOpaque, typ, item)}, llm.RoleAssistant
}

// reasoningPart reads a reasoning item; ok is false when it says nothing.
// encrypted_content may carry another family's seal (R28).
func reasoningPart(item []byte) (llm.Part, bool) {
	p := llm.Part{Kind: llm.PartReasoning}
	var id, sealed string
	var summary, content []byte
	for k, v := range jscan.Members(item) {
		switch string(k) {
		case "id":
			id = jscan.Str(v)
		case "encrypted_content":
			sealed = jscan.Str(v)
		case "summary":
			summary = v
		case "content":
			content = v
		}
	}
	p.Text = joinTexts(summary)
	if jscan.Len(summary) > 1 {
		withExtra(&p.Extra, "summary", summary)
	}
	if jscan.Len(content) > 0 {
		withExtra(&p.Extra, "content", content)
		if p.Text == "" {
			p.Text = joinTexts(content)
		}
	}
	p.Seal = wire.UnpackSeal(sealed, wire.OpenAIResponses)
	if p.Seal.Family == llm.FamilyOpenAI || p.Seal.Family == llm.FamilyNone {
		p.Seal.ItemID = id
		p.Seal.Redacted = p.Seal.Data != "" && p.Text == ""
	}
	return p, p.Text != "" || p.Seal.Data != ""
}

// joinTexts joins the paragraphs of a reasoning item.
func joinTexts(list []byte) string {
	var b strings.Builder
	for _, e := range jscan.Elements(list) {
		s := jscan.Str(jscan.Get(e, "text"))
		if s == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteString("\n\n")
		}
		b.WriteString(s)
	}
	return b.String()
}

func callPart(typ string, item []byte) llm.Part {
	c := &llm.ToolCall{}
	var id string
	for k, v := range jscan.Members(item) {
		switch string(k) {
		case "call_id":
			c.ID = jscan.Str(v)
		case "id":
			id = jscan.Str(v)
		case "name":
			c.Name = jscan.Str(v)
		case "namespace":
			c.Namespace = jscan.Str(v)
		case "arguments":
			c.Args = argsText(v)
		case "input":
			c.Input = argsText(v)
		}
	}
	if c.ID == "" {
		c.ID = id
	}
	if typ == "custom_tool_call" {
		c.Kind = llm.CallCustom
	}
	return llm.Part{Kind: llm.PartToolCall, Call: c}
}

// argsText is the string of arguments; hosts that send the object itself are
// understood.
func argsText(v []byte) string {
	if s, ok := jscan.Text(v); ok {
		return s
	}
	if jscan.IsNull(v) {
		return ""
	}
	return string(jscan.AppendCompact(nil, v))
}

// attachSeals puts a Gemini signature back on the part it came from. It
// travels as a reasoning item without a summary: before a call, or behind the
// call or the text where it became known only at the end (R28).
func attachSeals(parts []llm.Part) []llm.Part {
	bare := func(p *llm.Part, kind llm.PartKind) bool { return p.Kind == kind && p.Seal.Data == "" }
	out := parts[:0]
	for i := range parts {
		p := parts[i]
		if p.Kind == llm.PartReasoning && p.Text == "" && p.Seal.Family == llm.FamilyGemini {
			last := &llm.Part{Kind: llm.PartOpaque}
			if n := len(out); n > 0 {
				last = &out[n-1]
			}
			switch {
			case bare(last, llm.PartToolCall):
				last.Seal = p.Seal
				continue
			case i+1 < len(parts) && bare(&parts[i+1], llm.PartToolCall):
				parts[i+1].Seal = p.Seal
				continue
			case bare(last, llm.PartText):
				last.Seal = p.Seal
				continue
			}
		}
		out = append(out, p)
	}
	return out
}

// resultPart reads what a tool of the client answered; ok is false for items
// that are no results.
func resultPart(typ string, item []byte) (llm.Part, bool) {
	switch typ {
	case "function_call_output", "custom_tool_call_output":
	default:
		if n := nativeByResult(typ); n != nil && !serverRun(item) {
			return n.result(item), true
		}
		return llm.Part{}, false
	}
	r := &llm.ToolResult{CallID: jscan.Str(jscan.Get(item, "call_id")), Name: jscan.Str(jscan.Get(item, "name"))}
	if typ == "custom_tool_call_output" {
		r.Kind = llm.CallCustom
	}
	r.Parts = outputParts(jscan.Get(item, "output"))
	return llm.Part{Kind: llm.PartToolResult, Result: r}, true
}

// outputParts reads a result's output: a string, parts, or a string that
// holds the JSON of parts with images (R23, P46).
func outputParts(v []byte) []llm.Part {
	switch jscan.KindOf(v) {
	case jscan.String:
		s := jscan.Str(v)
		if parts := unwrapParts(s); parts != nil {
			return parts
		}
		if s == "" {
			return nil
		}
		return []llm.Part{{Text: s}}
	case jscan.Array:
		return contentParts(v, nil)
	case jscan.Invalid, jscan.Null:
		return nil
	}
	return []llm.Part{{Text: string(jscan.AppendCompact(nil, v))}}
}

// unwrapParts reads a stringified list of parts. Only a list whose elements
// are all parts, one of them an image or a file, is taken for one: other
// lists are the tool's own data.
func unwrapParts(s string) []llm.Part {
	if !strings.Contains(s, `"input_image"`) && !strings.Contains(s, `"input_file"`) && !strings.Contains(s, `"image_url"`) {
		return nil
	}
	b := bytes.TrimSpace([]byte(s))
	if len(b) == 0 || b[0] != '[' || jscan.Check(b) != nil {
		return nil
	}
	media := false
	parts := contentParts(b, nil)
	for _, p := range parts {
		switch p.Kind {
		case llm.PartImage, llm.PartFile:
			media = true
		case llm.PartText:
		default:
			return nil
		}
	}
	if !media || len(parts) != jscan.Len(b) {
		return nil
	}
	return parts
}
