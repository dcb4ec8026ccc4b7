package anthropic

import (
	"fmt"
	"strings"

	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// block is a content block as it stands on the wire: the members several
// kinds read, as raw spans of the body, and what nobody here knows.
type block struct {
	kind                                  string
	text, thinking, signature, data       []byte
	id, name, input, useID, content       []byte
	source, title, cache, citations, fail []byte
	parts                                 []llm.Part // content of a tool result
	extra                                 []llm.Field
}

// scanBlock takes the block the cursor stands at. The content of a tool
// result, often longer than everything else together, is read on the way:
// with type and id before it, as every client writes them.
func scanBlock(c *jscan.Cursor) (b block, err error) {
	for k := range c.Members() {
		switch string(k) {
		case "type":
			b.kind = kindWord(c.Value())
		case "text":
			b.text = c.Value()
		case "thinking":
			b.thinking = c.Value()
		case "signature":
			b.signature = c.Value()
		case "data":
			b.data = c.Value()
		case "id":
			b.id = c.Value()
		case "name":
			b.name = c.Value()
		case "input":
			b.input = c.Value()
		case "tool_use_id":
			b.useID = c.Value()
		case "content":
			if b.kind != "tool_result" {
				b.content = c.Value()
			} else if b.parts, err = decodeContent(c); err != nil {
				return b, err
			}
		case "source":
			b.source = c.Value()
		case "title":
			b.title = c.Value()
		case "cache_control":
			b.cache = c.Value()
		case "citations":
			b.citations = c.Value()
		case "is_error":
			b.fail = c.Value()
		default:
			b.extra = append(b.extra, llm.Field{Name: string(k), Value: c.Value()})
		}
	}
	return b, nil
}

// kindWord is jscan.Str without an allocation for the commonest blocks.
func kindWord(v []byte) string {
	switch string(v) {
	case `"text"`:
		return "text"
	case `"tool_use"`:
		return "tool_use"
	case `"tool_result"`:
		return "tool_result"
	}
	return jscan.Str(v)
}

// side is who wrote a block.
type side uint8

const (
	client side = iota
	vendor
)

// seal reads a signature. A client may bring another family's in this one's
// field (formats.md R28); what a vendor mints is the vendor's own.
func (s side) seal(v []byte) llm.Seal {
	if s == client {
		return wire.UnpackSeal(jscan.Str(v), wire.Anthropic)
	}
	if data := jscan.Str(v); data != "" {
		return llm.Seal{Family: llm.FamilyAnthropic, Data: data}
	}
	return llm.Seal{}
}

// decodeBlock reads one block of a request or an answer and appends its part;
// a document made of pieces gives several. A complaint names no place: who
// walks the list puts it in front (see within).
func decodeBlock(parts []llm.Part, c *jscan.Cursor, from side) ([]llm.Part, error) {
	if c.Kind() != jscan.Object {
		return nil, invalid("", "a content block must be an object.")
	}
	whole := *c
	b, err := scanBlock(c)
	if err != nil {
		return nil, err
	}
	if b.kind == "" {
		return nil, invalid("type", "the content block has no type.")
	}
	p := llm.Part{Cache: decodeCache(b.cache)}
	switch b.kind {
	case "text":
		wire.ReadText(&p, b.text)
		p.Extra = extra(b.extra)
		if jscan.Len(b.citations) > 0 {
			p.Annotations, p.Extra.Format = raw(b.citations), format
		}
	case "image":
		p.Kind, p.Media = llm.PartImage, decodeSource(b.source)
		p.Extra = extra(b.extra)
		p.Extra.Format = format // whose file ids these are
	case "document":
		return decodeDocument(parts, &b, whole, p), nil
	case "search_result":
		p.Kind = llm.PartFile
		p.Media = &llm.Media{MIME: "text/plain", Text: plainText(b.content), Name: jscan.Str(b.title)}
		p.Opaque = opaque(&b, whole)
	case "thinking":
		p.Kind, p.Text, p.Cache = llm.PartReasoning, jscan.Str(b.thinking), nil
		p.Seal = from.seal(b.signature)
	case "redacted_thinking":
		p.Kind, p.Cache = llm.PartReasoning, nil
		p.Seal = from.seal(b.data)
		p.Seal.Redacted = true
	case "tool_use":
		p.Kind, p.Call = llm.PartToolCall, decodeCall(&b)
		p.Extra = extra(b.extra)
	case "tool_result":
		result, err := decodeResult(&b)
		if err != nil {
			return nil, err
		}
		p.Kind, p.Result, p.Extra = llm.PartToolResult, result, extra(b.extra)
	case "compaction":
		// The summary stands for everything before it: strangers get it as text.
		p.Kind, p.Text, p.Opaque = llm.PartText, jscan.Str(b.content), opaque(&b, whole)
		if p.Text == "" {
			p.Kind = llm.PartOpaque
		}
	default:
		p.Kind, p.Opaque = llm.PartOpaque, opaque(&b, whole)
		if serverBlock(b.kind) {
			p.Kind = llm.PartServer
		}
	}
	return append(parts, p), nil
}

// serverBlock reports a call the vendor's own server runs, or its result:
// never a client's tool call (formats.md R37).
func serverBlock(kind string) bool {
	return kind == "server_tool_use" || kind == "mcp_tool_use" || strings.HasSuffix(kind, "_tool_result")
}

// opaque keeps the block that begins at the cursor as it is.
func opaque(b *block, at jscan.Cursor) *llm.Opaque {
	return &llm.Opaque{Format: format, Type: b.kind, Raw: without(at.Value(), "cache_control")}
}

// decodeCache reads cache_control (formats.md R29); nil for none.
func decodeCache(v []byte) *llm.CacheHint {
	if jscan.KindOf(v) != jscan.Object {
		return nil
	}
	return &llm.CacheHint{TTL: jscan.Str(jscan.Get(v, "ttl"))}
}

func decodeCall(b *block) *llm.ToolCall {
	c := &llm.ToolCall{ID: jscan.Str(b.id), Name: jscan.Str(b.name)}
	switch jscan.KindOf(b.input) {
	case jscan.Invalid, jscan.Null:
	case jscan.String: // some hosts send the arguments as text
		c.Args = jscan.Str(b.input)
	default:
		c.Args = string(b.input)
	}
	return c
}

func decodeResult(b *block) (*llm.ToolResult, error) {
	r := &llm.ToolResult{CallID: jscan.Str(b.useID), Parts: b.parts, Error: jscan.True(b.fail)}
	if b.content != nil { // it stood before the type
		c := jscan.NewCursor(b.content)
		parts, err := decodeContent(&c)
		if err != nil {
			return nil, err
		}
		r.Parts = parts
	}
	return r, nil
}

// decodeContent reads the content of a message or a tool result: a string or
// a list of blocks; null and absent are nothing.
func decodeContent(c *jscan.Cursor) ([]llm.Part, error) {
	switch c.Kind() {
	case jscan.Invalid, jscan.Null:
		return nil, nil
	case jscan.String:
		parts := make([]llm.Part, 1)
		if wire.ReadText(&parts[0], c.Value()); parts[0].Text == "" {
			return nil, nil
		}
		return parts, nil
	case jscan.Array:
		var parts []llm.Part
		for i := range c.Elements() {
			var err error
			if parts, err = decodeBlock(parts, c, client); err != nil {
				return nil, within(err, fmt.Sprintf("content[%d]", i))
			}
		}
		return parts, nil
	}
	return nil, invalid("content", "must be a string or a list of content blocks.")
}

// decodeSource reads the source of an image or a document. A data URL in the
// wrong place is taken apart (formats.md R20).
func decodeSource(v []byte) *llm.Media {
	m := &llm.Media{}
	var kind string
	for k, v := range jscan.Members(v) {
		switch string(k) {
		case "type":
			kind = jscan.Str(v)
		case "media_type":
			m.MIME = wire.CleanMIME(jscan.Str(v))
		case "data":
			m.Data = jscan.Str(v)
		case "url":
			m.URL = jscan.Str(v)
		case "file_id":
			m.FileID = jscan.Str(v)
		}
	}
	for _, s := range [...]string{m.Data, m.URL} {
		if mime, data, ok := wire.ParseDataURL(s); ok {
			m.MIME, m.Data, m.URL = mime, data, ""
		}
	}
	switch kind {
	case "text":
		m.Text, m.Data, m.MIME = m.Data, "", "text/plain"
	case "base64":
		if m.MIME == "" {
			m.MIME = wire.SniffMIME(m.Data)
		}
	}
	return m
}

// decodeDocument reads a document. One whose source is a list of blocks
// becomes plain text, or its pieces when there are images among them.
func decodeDocument(parts []llm.Part, b *block, whole jscan.Cursor, p llm.Part) []llm.Part {
	p.Kind, p.Media = llm.PartFile, decodeSource(b.source)
	p.Extra = extra(b.extra)
	if jscan.KindOf(b.citations) == jscan.Object {
		p.Extra.Fields = append(p.Extra.Fields, llm.Field{Name: "citations", Value: raw(b.citations)})
	}
	p.Extra.Format = format
	p.Media.Name = jscan.Str(b.title)
	content := jscan.Get(b.source, "content")
	if content == nil {
		if p.Media.MIME == "" && p.Media.URL != "" {
			p.Media.MIME = "application/pdf"
		}
		return append(parts, p)
	}
	c := jscan.NewCursor(content)
	pieces, err := decodeContent(&c)
	if err != nil {
		pieces = nil
	}
	onlyText := true
	for i := range pieces {
		onlyText = onlyText && pieces[i].Kind == llm.PartText
	}
	if !onlyText {
		pieces[len(pieces)-1].Cache = p.Cache
		return append(parts, pieces...)
	}
	p.Media = &llm.Media{MIME: "text/plain", Text: plainText(content), Name: p.Media.Name}
	p.Opaque, p.Extra = opaque(b, whole), llm.Extra{}
	return append(parts, p)
}

// plainText joins the texts of a string or a list of blocks.
func plainText(v []byte) string {
	if s, ok := jscan.Text(v); ok {
		return s
	}
	var out strings.Builder
	for _, e := range jscan.Elements(v) {
		if s, ok := jscan.Text(jscan.Get(e, "text")); ok {
			if out.Len() > 0 {
				out.WriteByte('\n')
			}
			out.WriteString(s)
		}
	}
	return out.String()
}
