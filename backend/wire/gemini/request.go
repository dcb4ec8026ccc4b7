package gemini

import (
	"strings"

	"omniroute/backend/llm"
	"omniroute/backend/wire/jscan"
)

// Names of Extra fields that do not stand at the top of the body: unknown
// members of generationConfig and toolConfig are kept as one object each,
// those of the envelope get a mark that no JSON member of Google's has.
const (
	extraConfig   = "generationConfig"
	extraTools    = "toolConfig"
	extraEnvelope = "envelope:"
)

// DecodeRequest implements wire.Codec. It also reads both shapes of a
// countTokens request; {"contents":…} alone leaves Op at OpChat, because only
// the URL tells.
func (c codec) DecodeRequest(body []byte) (*llm.Request, error) {
	if jscan.KindOf(body) != jscan.Object {
		return nil, invalid("", "The request body must be a JSON object.")
	}
	req := &llm.Request{Extra: llm.Extra{Format: own}}
	if c.envelope {
		var err error
		if body, err = openEnvelope(req, body); err != nil {
			return nil, err
		}
	}
	d := requestDecoder{req: req, envelope: c.envelope}
	if err := d.body(body); err != nil {
		return nil, err
	}
	if !d.contents {
		return nil, invalid("contents", "The field contents is missing: it must hold the conversation.")
	}
	if len(req.Messages) == 0 {
		return nil, invalid("contents", "The field contents must hold at least one part with text, data or a function call.")
	}
	return req, nil
}

// openEnvelope reads what stands around a Code Assist request.
func openEnvelope(req *llm.Request, body []byte) ([]byte, error) {
	var inner []byte
	for k, v := range jscan.Members(body) {
		if jscan.IsNull(v) {
			continue
		}
		switch string(k) {
		case "request":
			inner = v
		case "model":
			req.Model = strings.TrimPrefix(jscan.Str(v), "models/")
		case "project":
			req.Meta.Project = jscan.Str(v)
		default:
			req.Extra.Fields = append(req.Extra.Fields, llm.Field{Name: extraEnvelope + string(k), Value: clone(v)})
		}
	}
	if jscan.KindOf(inner) != jscan.Object {
		return nil, invalid("request", "The field request is missing: it must hold the generateContent request.")
	}
	return inner, nil
}

type requestDecoder struct {
	req      *llm.Request
	envelope bool
	contents bool // the field was there
	join     bool // the next part begins a content, see addText
}

func (d *requestDecoder) body(body []byte) error {
	req := d.req
	var nested []byte
	for k, v := range jscan.Members(body) {
		if jscan.IsNull(v) {
			continue
		}
		var err error
		switch string(k) {
		case "contents":
			d.contents = true
			err = d.turns(v)
		case "systemInstruction", "system_instruction":
			err = d.system(v)
		case "tools":
			err = d.tools(v)
		case "toolConfig", "tool_config":
			d.toolConfig(v)
		case "generationConfig", "generation_config":
			err = d.config(v)
		case "generateContentRequest", "generate_content_request":
			nested = v
		case "model": // the URL decides; Code Assist's countTokens says it here
			if d.envelope && req.Model == "" {
				req.Op = llm.OpCountTokens
				req.Model = strings.TrimPrefix(jscan.Str(v), "models/")
			}
		case "session_id", "sessionId":
			if d.envelope {
				req.Meta.Session = jscan.Str(v)
				continue
			}
			d.extra(string(k), v)
		default:
			d.extra(camel(string(k)), v)
		}
		if err != nil {
			return err
		}
	}
	if jscan.KindOf(nested) == jscan.Object {
		req.Op = llm.OpCountTokens
		return d.body(nested)
	}
	return nil
}

func (d *requestDecoder) extra(name string, v []byte) {
	d.req.Extra.Fields = append(d.req.Extra.Fields, llm.Field{Name: name, Value: clone(v)})
}

// camel turns the snake case spelling of a member into Google's own.
func camel(name string) string {
	if strings.IndexByte(name, '_') <= 0 {
		return name
	}
	b := make([]byte, 0, len(name))
	for i := 0; i < len(name); i++ {
		if name[i] == '_' && i+1 < len(name) && name[i+1] >= 'a' && name[i+1] <= 'z' {
			i++
			b = append(b, name[i]-'a'+'A')
			continue
		}
		b = append(b, name[i])
	}
	return string(b)
}

// system reads a content, a list of parts or a plain string.
func (d *requestDecoder) system(v []byte) error {
	switch jscan.KindOf(v) {
	case jscan.String:
		d.addSystem(v)
		return nil
	case jscan.Object:
		parts := jscan.Get(v, "parts")
		if parts == nil {
			d.addSystem(jscan.Get(v, "text"))
			return nil
		}
		v = parts
	case jscan.Array:
	default:
		return invalid("systemInstruction", "The field systemInstruction must be a content with text parts.")
	}
	if jscan.KindOf(v) == jscan.Object { // one part instead of a list
		d.addSystem(jscan.Get(v, "text"))
		return nil
	}
	for _, p := range jscan.Elements(v) {
		if jscan.KindOf(p) == jscan.Object {
			p = jscan.Get(p, "text")
		}
		d.addSystem(p)
	}
	return nil
}

func (d *requestDecoder) addSystem(v []byte) {
	if s := jscan.Str(v); s != "" {
		d.req.System = append(d.req.System, llm.Part{Kind: llm.PartText, Text: s})
	}
}

func (d *requestDecoder) turns(v []byte) error {
	switch jscan.KindOf(v) {
	case jscan.Array:
		for i, c := range jscan.Elements(v) {
			if err := d.content(i, c); err != nil {
				return err
			}
		}
		return nil
	case jscan.Object, jscan.String: // one content without its list
		return d.content(0, v)
	}
	return invalid("contents", "The field contents must be a list of contents.")
}

func (d *requestDecoder) content(i int, v []byte) error {
	if s, ok := jscan.Text(v); ok {
		d.join = true
		d.add(llm.RoleUser, llm.Part{Kind: llm.PartText, Text: s}, false)
		return nil
	}
	if jscan.KindOf(v) != jscan.Object {
		return invalid(param(i, -1), "The field %s must be an object with role and parts.", param(i, -1))
	}
	var parts []byte
	role := llm.RoleUser
	for k, m := range jscan.Members(v) {
		switch string(k) {
		case "role":
			switch jscan.Str(m) {
			case "model", "assistant":
				role = llm.RoleAssistant
			case "system":
				role = llm.RoleSystem
			}
		case "parts":
			parts = m
		}
	}
	d.join = true
	if jscan.KindOf(parts) == jscan.Object {
		return d.part(role, i, 0, parts)
	}
	for j, p := range jscan.Elements(parts) {
		if err := d.part(role, i, j, p); err != nil {
			return err
		}
	}
	return nil
}

func (d *requestDecoder) part(role llm.Role, i, j int, v []byte) error {
	if jscan.KindOf(v) != jscan.Object {
		return invalid(param(i, j), "The field %s must be an object.", param(i, j))
	}
	p := readPart(v)
	for k := range p.n {
		d.add(role, p.list[k], p.thought)
	}
	return nil
}

// add appends a part to the last message or begins a new one. Calls belong
// to the model and results to the user, whatever the content's role says.
// Contents of the model that follow each other are pieces of one answer: the
// official chat helper stores a stream that way, one content per chunk.
// There, and only there, texts are joined, so that a piece of white space is
// not taken for an empty part.
func (d *requestDecoder) add(role llm.Role, p llm.Part, thought bool) {
	switch p.Kind {
	case llm.PartToolCall:
		role = llm.RoleAssistant
	case llm.PartToolResult:
		role = llm.RoleUser
	}
	begins := d.join
	d.join = false
	ms := d.req.Messages
	if len(ms) == 0 || ms[len(ms)-1].Role != role || (begins && role != llm.RoleAssistant) {
		d.req.Messages = append(ms, llm.Message{Role: role, Parts: []llm.Part{p}})
		return
	}
	m := &ms[len(ms)-1]
	last := &m.Parts[len(m.Parts)-1]
	if role == llm.RoleAssistant && continues(last, &p, begins, thought) {
		last.Text += p.Text
		last.Seal, last.Extra = p.Seal, p.Extra
		return
	}
	m.Parts = append(m.Parts, p)
}

// continues reports whether next is a further piece of last: thoughts up to
// the piece that is signed, and text at the beginning of a content.
func continues(last, next *llm.Part, begins, thought bool) bool {
	if last.Kind != next.Kind || last.Seal.Data != "" || last.Extra.Format != "" {
		return false
	}
	switch next.Kind {
	case llm.PartReasoning:
		return thought
	case llm.PartText:
		return begins && next.Extra.Format == ""
	}
	return false
}

// param names a content, or a part of it, the way Google's errors do.
func param(content, part int) string {
	b := append(appendInt([]byte("contents["), int64(content)), ']')
	if part >= 0 {
		b = append(appendInt(append(b, ".parts["...), int64(part)), ']')
	}
	return string(b)
}
