package gemini

import (
	"encoding/base64"
	"path"
	"strconv"
	"strings"
	"unicode/utf8"

	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

func appendInt(b []byte, n int64) []byte { return strconv.AppendInt(b, n, 10) }

// pieces is what one Gemini part means: nothing, one part, or a signature
// that leads the part it signs. A signature travels in a reasoning part of
// its own, because every format has a carrier for those (formats.md R28);
// only calls carry theirs themselves. Extra.Format on a reasoning part says
// that the signature stood on this very part and not on the one after it.
type pieces struct {
	list    [2]llm.Part
	n       int
	thought bool // list[0] was marked as a thought
}

func (p *pieces) put(part llm.Part) {
	p.list[p.n] = part
	p.n++
}

// spans are the members of a Gemini part.
type spans struct {
	text, inline, file, call, result []byte
	signature                        string
	thought                          bool
	server                           string // name of a part about the vendor's own tools
	extra                            []llm.Field
}

func scanPart(v []byte) (s spans) {
	for k, m := range jscan.Members(v) {
		if jscan.IsNull(m) {
			continue
		}
		switch string(k) {
		case "text":
			s.text = m
		case "thought":
			s.thought = jscan.True(m)
		case "thoughtSignature", "thought_signature":
			s.signature = jscan.Str(m)
		case "inlineData", "inline_data":
			s.inline = m
		case "fileData", "file_data":
			s.file = m
		case "functionCall", "function_call":
			s.call = m
		case "functionResponse", "function_response":
			s.result = m
		case "executableCode", "executable_code", "codeExecutionResult", "code_execution_result", "toolCall", "tool_call", "toolResponse", "tool_response":
			s.server = camel(string(k))
		default:
			s.extra = append(s.extra, llm.Field{Name: camel(string(k)), Value: clone(m)})
		}
	}
	return s
}

// readPart decodes one part. Empty parts, {} and {"text":""}, mean nothing
// (formats.md P12); a part with a signature and nothing else is no text
// (formats.md 5.5).
func readPart(v []byte) pieces {
	s := scanPart(v)
	return s.read(v)
}

// plain reports a part that is text or a thought and nothing else: nearly
// every part of a stream.
func (s *spans) plain() bool {
	return s.text != nil && s.signature == "" && s.inline == nil && s.file == nil && s.call == nil && s.result == nil && s.server == "" && s.extra == nil
}

// read makes parts of the spans of v.
func (s *spans) read(v []byte) pieces {
	seal := wire.UnpackSeal(s.signature, wire.Gemini)
	var p pieces
	part := llm.Part{}
	if s.extra != nil {
		part.Extra = llm.Extra{Format: own, Fields: s.extra}
	}
	switch {
	case s.call != nil:
		part.Kind, part.Call, part.Seal = llm.PartToolCall, readCall(s.call), seal
		p.put(part)
		return p
	case s.result != nil:
		part.Kind, part.Result = llm.PartToolResult, readResult(s.result)
		p.put(part)
		return p
	case s.inline != nil:
		part.Kind, part.Media = readInline(s.inline)
		if part.Media.Text != "" {
			part.Extra.Format = own
		}
	case s.file != nil:
		part.Kind, part.Media = readFile(s.file)
	case s.server != "":
		part = llm.Part{Kind: llm.PartServer, Opaque: &llm.Opaque{Format: own, Type: s.server, Raw: compact(v)}}
		p.put(part)
		return p
	case s.text != nil && s.thought:
		part.Kind, part.Text, part.Seal = llm.PartReasoning, jscan.Str(s.text), seal
		p.thought = true
		if seal.Data != "" {
			part.Extra.Format = own
		} else if part.Text == "" {
			return p
		}
		p.put(part)
		return p
	case s.text != nil && !emptyText(s.text):
		wire.ReadText(&part, s.text)
	case seal.Data != "":
		p.thought = s.thought
		p.put(llm.Part{Kind: llm.PartReasoning, Seal: seal, Extra: llm.Extra{Format: own}})
		return p
	case s.text == nil && len(s.extra) > 0:
		part = llm.Part{Kind: llm.PartOpaque, Opaque: &llm.Opaque{Format: own, Type: s.extra[0].Name, Raw: compact(v)}}
	default:
		return p
	}
	if seal.Data != "" {
		p.put(llm.Part{Kind: llm.PartReasoning, Seal: seal})
	}
	p.put(part)
	return p
}

func emptyText(v []byte) bool { return string(v) == `""` || jscan.KindOf(v) != jscan.String }

func readCall(v []byte) *llm.ToolCall {
	c := &llm.ToolCall{}
	for k, m := range jscan.Members(v) {
		switch string(k) {
		case "id":
			c.ID = jscan.Str(m)
		case "name":
			c.Name = jscan.Str(m)
		case "args":
			if !jscan.IsNull(m) {
				c.Args = string(compact(m))
			}
		}
	}
	return c
}

func readResult(v []byte) *llm.ToolResult {
	r := &llm.ToolResult{}
	var response, parts []byte
	for k, m := range jscan.Members(v) {
		switch string(k) {
		case "id":
			r.CallID = jscan.Str(m)
		case "name":
			r.Name = jscan.Str(m)
		case "response":
			response = m
		case "parts":
			parts = m
		}
	}
	text, failed := resultText(response)
	r.Error = failed
	if text != "" {
		r.Parts = append(r.Parts, llm.Part{Kind: llm.PartText, Text: text})
	}
	for _, p := range jscan.Elements(parts) {
		s := scanPart(p)
		var part llm.Part
		switch {
		case s.inline != nil:
			part.Kind, part.Media = readInline(s.inline)
		case s.file != nil:
			part.Kind, part.Media = readFile(s.file)
		default:
			continue
		}
		r.Parts = append(r.Parts, part)
	}
	return r
}

// resultText reads a result's object (formats.md R24): {"output": string}
// alone is that string and {"error": string} alone a failed call's; anything
// else is its JSON text.
func resultText(v []byte) (text string, failed bool) {
	switch jscan.KindOf(v) {
	case jscan.Invalid, jscan.Null:
		return "", false
	case jscan.String:
		return jscan.Str(v), false
	case jscan.Object:
	default:
		return string(compact(v)), false
	}
	n := 0
	var key string
	var value []byte
	for k, m := range jscan.Members(v) {
		if n++; n == 1 {
			key, value = string(k), m
		}
	}
	if s, ok := jscan.Text(value); ok && n == 1 {
		switch key {
		case "output":
			return s, false
		case "error":
			return s, true
		}
	}
	if n == 0 {
		return "", false
	}
	return string(compact(v)), false
}

// readInline reads base64 data. Plain text becomes a text document, which
// more formats can carry.
func readInline(v []byte) (llm.PartKind, *llm.Media) {
	m := &llm.Media{}
	for k, x := range jscan.Members(v) {
		switch string(k) {
		case "mimeType", "mime_type":
			m.MIME = audioMIME(wire.CleanMIME(jscan.Str(x)))
		case "data":
			m.Data = jscan.Str(x)
		case "displayName", "display_name":
			m.Name = jscan.Str(x)
		}
	}
	if mime, data, ok := wire.ParseDataURL(m.Data); ok {
		m.Data = data
		if m.MIME == "" {
			m.MIME = mime
		}
	}
	if strings.IndexByte(m.Data, '-') >= 0 || strings.IndexByte(m.Data, '_') >= 0 { // proto JSON takes both alphabets
		m.Data = strings.NewReplacer("-", "+", "_", "/").Replace(m.Data)
	}
	if m.MIME == "" {
		m.MIME = wire.SniffMIME(m.Data)
	}
	if strings.HasPrefix(m.MIME, "text/") {
		if b, err := base64.StdEncoding.DecodeString(m.Data); err == nil && len(b) > 0 && utf8.Valid(b) {
			m.Data, m.Text = "", string(b)
		}
	}
	return kindOf(m.MIME), m
}

func readFile(v []byte) (llm.PartKind, *llm.Media) {
	m := &llm.Media{}
	for k, x := range jscan.Members(v) {
		switch string(k) {
		case "mimeType", "mime_type":
			m.MIME = audioMIME(wire.CleanMIME(jscan.Str(x)))
		case "fileUri", "file_uri":
			m.URL = jscan.Str(x)
		case "displayName", "display_name":
			m.Name = jscan.Str(x)
		}
	}
	if m.MIME == "" {
		m.MIME = guessMIME(m.URL)
	}
	return kindOf(m.MIME), m
}

func kindOf(mime string) llm.PartKind {
	switch {
	case strings.HasPrefix(mime, "image/"):
		return llm.PartImage
	case strings.HasPrefix(mime, "audio/"):
		return llm.PartAudio
	}
	return llm.PartFile
}

// audioMIME gives the two kinds of sound that every format knows the names
// the other codecs look for (formats.md 3.2).
func audioMIME(mime string) string {
	switch mime {
	case "audio/mp3", "audio/x-mp3", "audio/mpeg3":
		return "audio/mpeg"
	case "audio/x-wav", "audio/wave", "audio/vnd.wave":
		return "audio/wav"
	}
	return mime
}

// guessMIME reads a media type off the ending of an address, "" = unknown.
func guessMIME(url string) string {
	if i := strings.IndexAny(url, "?#"); i >= 0 {
		url = url[:i]
	}
	switch strings.ToLower(path.Ext(url)) {
	case ".png":
		return "image/png"
	case ".jpg", ".jpeg":
		return "image/jpeg"
	case ".gif":
		return "image/gif"
	case ".webp":
		return "image/webp"
	case ".pdf":
		return "application/pdf"
	case ".mp3":
		return "audio/mpeg"
	case ".wav":
		return "audio/wav"
	case ".mp4":
		return "video/mp4"
	case ".txt", ".md":
		return "text/plain"
	}
	return ""
}
