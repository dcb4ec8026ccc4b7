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
	for i, raw := range jscan.Elements(input) {
		if jscan.KindOf(raw) != jscan.Object {
			return invalid(at("input", i), "input[%d] must be an object.", i)
		}
		it := itemOf(raw)
		if err := readItem(req, &it, i); err != nil {
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

func readItem(req *llm.Request, it *item, i int) error {
	switch it.typ {
	case "":
		return invalid(at("input", i)+".type", "input[%d] needs a type or a role.", i)
	case "message":
		return readMessage(req, it, i)
	case "item_reference":
		req.Meta.ItemReferences = append(req.Meta.ItemReferences, jscan.Str(it.id))
	case "additional_tools":
		req.Tools = toolList(req.Tools, it.tools)
	default:
		if p, ok := resultPart(it); ok {
			if it.typ == "tool_search_output" {
				req.Tools = loadedTools(req.Tools, it.tools)
			}
			add(req, llm.RoleUser, p)
			return nil
		}
		parts, role := modelParts(it)
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
func readMessage(req *llm.Request, it *item, i int) error {
	parts := contentParts(it.content, nil)
	switch string(it.role) {
	case `"assistant"`:
		markItem(parts, it)
		add(req, llm.RoleAssistant, parts...)
	case `"user"`:
		if len(parts) == 0 && (it.content == nil || jscan.KindOf(it.content) == jscan.Object) {
			return invalid(at("input", i)+".content", "input[%d].content must be a string or an array of parts.", i)
		}
		add(req, llm.RoleUser, parts...)
	case `"system"`, `"developer"`:
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
func markItem(parts []llm.Part, it *item) {
	if len(parts) == 0 {
		return
	}
	for i := range parts {
		parts[i].Extra.Format = own
	}
	if !jscan.IsNull(it.id) {
		withExtra(&parts[0].Extra, "id", it.id)
	}
	if !jscan.IsNull(it.phase) {
		withExtra(&parts[0].Extra, "phase", it.phase)
	}
}

// contentParts reads the content of a message or of a result.
func contentParts(content []byte, dst []llm.Part) []llm.Part {
	switch jscan.KindOf(content) {
	case jscan.String:
		var p llm.Part
		if wire.ReadText(&p, content); p.Text != "" {
			dst = append(dst, p)
		}
	case jscan.Array:
		for _, e := range jscan.Elements(content) {
			dst = contentPart(e, dst)
		}
	}
	return dst
}

// contentMembers are the members of a content part, cut in one pass.
type contentMembers struct {
	typ                                 []byte
	text, refusal, annotations, cache   []byte
	imageURL, fileID, detail            []byte
	fileData, fileURL, fileName, nested []byte
	audio                               []byte
}

func (c *contentMembers) read(e []byte) {
	for k, v := range jscan.Members(e) {
		switch string(k) {
		case "type":
			c.typ = v
		case "text":
			c.text = v
		case "refusal":
			c.refusal = v
		case "annotations":
			c.annotations = v
		case "cache_control":
			c.cache = v
		case "image_url":
			c.imageURL = v
		case "file_id":
			c.fileID = v
		case "detail":
			c.detail = v
		case "file_data":
			c.fileData = v
		case "file_url":
			c.fileURL = v
		case "filename":
			c.fileName = v
		case "file":
			c.nested = v
		case "input_audio":
			c.audio = v
		}
	}
}

func contentPart(e []byte, dst []llm.Part) []llm.Part {
	var p llm.Part
	if wire.ReadText(&p, e) {
		return append(dst, p)
	}
	var c contentMembers
	c.read(e)
	switch string(c.typ) {
	case `"input_text"`, `"output_text"`, `"text"`, `"summary_text"`, `"reasoning_text"`:
		wire.ReadText(&p, c.text)
		if jscan.Len(c.annotations) > 0 {
			p.Annotations = keep(c.annotations)
			p.Extra.Format = own
		}
	case `"refusal"`:
		p.Kind, p.Text = llm.PartRefusal, jscan.Str(c.refusal)
	case `"input_image"`, `"image_url"`, `"computer_screenshot"`:
		p.Kind, p.Media = llm.PartImage, c.image()
	case `"input_file"`, `"file"`:
		p.Kind, p.Media = llm.PartFile, c.document()
	case `"input_audio"`:
		p.Kind, p.Media = llm.PartAudio, c.sound()
	default:
		typ := jscan.Str(c.typ)
		if typ == "" {
			return dst
		}
		p = opaque(llm.PartOpaque, typ, e)
		withExtra(&p.Extra, inContent, []byte("true"))
	}
	if p.Media == nil && (p.Kind == llm.PartImage || p.Kind == llm.PartFile || p.Kind == llm.PartAudio) {
		return dst // holds nothing
	}
	if jscan.KindOf(c.cache) == jscan.Object {
		p.Cache = &llm.CacheHint{TTL: jscan.Str(jscan.Get(c.cache, "ttl"))}
	}
	return append(dst, p)
}

// inContent marks an opaque part that stood inside a message; other opaque
// parts were items.
const inContent = "content_part"

func opaque(kind llm.PartKind, typ string, raw []byte) llm.Part {
	return llm.Part{Kind: kind, Opaque: &llm.Opaque{Format: own, Type: typ, Raw: keep(raw)}}
}

// modelParts reads an item that the model made: in a history or in an answer.
// Items only OpenAI's servers understand stay opaque.
func modelParts(it *item) ([]llm.Part, llm.Role) {
	switch it.typ {
	case "", "item_reference":
		return nil, llm.RoleAssistant
	case "message":
		parts := contentParts(it.content, nil)
		markItem(parts, it)
		return parts, llm.RoleAssistant
	case "reasoning":
		if p, ok := reasoningPart(it); ok {
			return []llm.Part{p}, llm.RoleAssistant
		}
		return nil, llm.RoleAssistant
	case "function_call", "custom_tool_call":
		return []llm.Part{callPart(it)}, llm.RoleAssistant
	}
	if n := nativeByCall(it.typ); n != nil && !it.serverRun() {
		return []llm.Part{n.call(it)}, llm.RoleAssistant
	}
	switch {
	case strings.HasSuffix(it.typ, "_output"), strings.HasSuffix(it.typ, "_response"), strings.HasSuffix(it.typ, "_trigger"):
		return []llm.Part{opaque(llm.PartOpaque, it.typ, it.raw)}, llm.RoleUser
	case strings.HasSuffix(it.typ, "_call"), strings.HasPrefix(it.typ, "mcp_"):
		return []llm.Part{opaque(llm.PartServer, it.typ, it.raw)}, llm.RoleAssistant
	}
	return []llm.Part{opaque(llm.PartOpaque, it.typ, it.raw)}, llm.RoleAssistant
}

// reasoningPart reads a reasoning item; ok is false when it says nothing.
// encrypted_content may carry another family's seal (R28).
func reasoningPart(it *item) (llm.Part, bool) {
	p := llm.Part{Kind: llm.PartReasoning, Text: joinTexts(it.summary)}
	if jscan.Len(it.summary) > 1 {
		withExtra(&p.Extra, "summary", it.summary)
	}
	if jscan.Len(it.content) > 0 {
		withExtra(&p.Extra, "content", it.content)
		if p.Text == "" {
			p.Text = joinTexts(it.content)
		}
	}
	p.Seal = wire.UnpackSeal(jscan.Str(it.sealed), wire.OpenAIResponses)
	if p.Seal.Family == llm.FamilyOpenAI || p.Seal.Family == llm.FamilyNone {
		p.Seal.ItemID = jscan.Str(it.id)
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

func callPart(it *item) llm.Part {
	c := &llm.ToolCall{ID: it.call(), Name: jscan.Str(it.name), Namespace: jscan.Str(it.namespace)}
	if it.typ == "custom_tool_call" {
		c.Kind, c.Input = llm.CallCustom, argsText(it.input)
	} else {
		c.Args = argsText(it.arguments)
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
func resultPart(it *item) (llm.Part, bool) {
	switch it.typ {
	case "function_call_output", "custom_tool_call_output":
	default:
		if n := nativeByResult(it.typ); n != nil && !it.serverRun() {
			return n.result(it), true
		}
		return llm.Part{}, false
	}
	r := &llm.ToolResult{CallID: jscan.Str(it.callID), Name: jscan.Str(it.name), Parts: outputParts(it.output)}
	if it.typ == "custom_tool_call_output" {
		r.Kind = llm.CallCustom
	}
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
