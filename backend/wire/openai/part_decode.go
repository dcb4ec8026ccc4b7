package openai

import (
	"bytes"
	"strings"

	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// contentParts appends the parts of a content member. known is false when
// there is nothing in it that anyone could understand.
func contentParts(parts []llm.Part, content []byte) (_ []llm.Part, known bool) {
	if jscan.KindOf(content) == jscan.String {
		var p llm.Part
		wire.ReadText(&p, content)
		return append(parts, p), true
	}
	if jscan.KindOf(content) != jscan.Array {
		return parts, false
	}
	for _, v := range jscan.Elements(content) {
		p, ok := contentPart(v)
		if ok || p.Kind == llm.PartOpaque {
			parts = append(parts, p)
		}
		known = known || ok
	}
	return parts, known || jscan.Len(content) == 0
}

// contentPart reads one part. A type of no one's is kept as opaque and not
// ok; a medium without data, address or id is not ok.
func contentPart(v []byte) (p llm.Part, ok bool) {
	if wire.ReadText(&p, v) { // a bare string in the list
		return p, true
	}
	kind := jscan.Str(jscan.Get(v, "type"))
	switch kind {
	case "text", "input_text", "output_text":
		wire.ReadText(&p, jscan.Get(v, "text"))
	case "refusal":
		p = llm.Part{Kind: llm.PartRefusal, Text: jscan.Str(jscan.Get(v, "refusal"))}
	case "image_url", "input_image":
		p = imagePart(v)
	case "input_audio":
		p = audioPart(jscan.Get(v, "input_audio"))
	case "file", "input_file":
		p = filePart(nested(v, "file"))
	case "thinking":
		p = llm.Part{Kind: llm.PartReasoning, Text: thinkingText(jscan.Get(v, "thinking"))}
	default:
		return llm.Part{Kind: llm.PartOpaque, Opaque: opaque(kind, v)}, false
	}
	p.Cache = cacheHint(jscan.Get(v, "cache_control"))
	if hint := jscan.Get(v, "prompt_cache_breakpoint"); !jscan.IsNull(hint) {
		p.Extra = llm.Extra{Format: formatName, Fields: []llm.Field{{Name: "prompt_cache_breakpoint", Value: bytes.Clone(hint)}}}
	}
	return p, p.Media == nil || *p.Media != (llm.Media{})
}

// thinkingText reads Mistral's thinking parts: a string or a list of texts.
func thinkingText(v []byte) string {
	if s, ok := jscan.Text(v); ok {
		return s
	}
	var b strings.Builder
	for _, e := range jscan.Elements(v) {
		b.WriteString(jscan.Str(jscan.Get(e, "text")))
	}
	return b.String()
}

// imagePart reads {image_url:{url,detail}}; some clients give the URL as a
// plain string (R20).
func imagePart(v []byte) llm.Part {
	m := &llm.Media{Detail: jscan.Str(jscan.Get(v, "detail")), FileID: jscan.Str(jscan.Get(v, "file_id"))}
	img := jscan.Get(v, "image_url")
	url, flat := jscan.Text(img)
	if !flat {
		url = jscan.Str(jscan.Get(img, "url"))
		m.Detail = jscan.Str(jscan.Get(img, "detail"))
	}
	if mime, data, ok := wire.ParseDataURL(url); ok {
		m.MIME, m.Data = mime, data
	} else {
		m.URL = url
	}
	if m.Data == "" && m.URL == "" && m.FileID == "" {
		return llm.Part{Kind: llm.PartImage, Media: &llm.Media{}}
	}
	return llm.Part{Kind: llm.PartImage, Media: m}
}

func audioPart(v []byte) llm.Part {
	m := &llm.Media{}
	data := jscan.Str(jscan.Get(v, "data"))
	if mime, inner, ok := wire.ParseDataURL(data); ok {
		m.MIME, data = mime, inner
	}
	if data == "" {
		return llm.Part{Kind: llm.PartAudio, Media: m}
	}
	m.Data = data
	switch format := strings.ToLower(jscan.Str(jscan.Get(v, "format"))); format {
	case "":
	case "mp3", "mpeg":
		m.MIME = "audio/mpeg"
	default:
		m.MIME = "audio/" + format
	}
	if m.MIME == "" {
		m.MIME = "audio/wav"
	}
	return llm.Part{Kind: llm.PartAudio, Media: m}
}

// filePart reads {file_data,file_id,filename}; file_data is a data URL, and
// by some clients bare base64 or a link.
func filePart(v []byte) llm.Part {
	m := &llm.Media{Name: jscan.Str(jscan.Get(v, "filename"))}
	data := jscan.Str(jscan.Get(v, "file_data"))
	if data == "" {
		data = jscan.Str(jscan.Get(v, "file_url"))
	}
	mime, inner, isURL := wire.ParseDataURL(data)
	switch {
	case isURL:
		m.MIME, m.Data = mime, inner
	case strings.HasPrefix(data, "https://") || strings.HasPrefix(data, "http://"):
		m.URL = data
	case data != "":
		m.Data = data
		if m.MIME = wire.SniffMIME(data); m.MIME == "" {
			m.MIME = mimeOfName(m.Name)
		}
	default:
		m.FileID = jscan.Str(jscan.Get(v, "file_id"))
		if m.FileID == "" {
			m.Name = ""
		}
	}
	return llm.Part{Kind: llm.PartFile, Media: m}
}

// mimeOfName guesses from a file's ending; documents are PDFs by default.
func mimeOfName(name string) string {
	at := strings.LastIndexByte(name, '.')
	switch strings.ToLower(name[at+1:]) {
	case "txt", "md", "csv", "log":
		return "text/plain"
	case "json":
		return "application/json"
	case "html", "htm":
		return "text/html"
	}
	return "application/pdf"
}

// resultParts reads a result's text. Some clients stringify a list of parts;
// it is unwrapped when it holds an image, which must not travel as base64
// text (R23, P46).
func resultParts(s string) []llm.Part {
	if s == "" {
		return nil
	}
	text := []llm.Part{{Kind: llm.PartText, Text: s}}
	if !strings.HasPrefix(strings.TrimLeft(s, " \t\r\n"), "[") || !strings.Contains(s, "image") {
		return text
	}
	raw := []byte(s)
	if jscan.Check(raw) != nil || jscan.KindOf(raw) != jscan.Array {
		return text
	}
	var parts []llm.Part
	images := false
	for _, v := range jscan.Elements(raw) {
		p, ok := contentPart(v)
		if !ok || jscan.KindOf(v) != jscan.Object {
			return text
		}
		images = images || p.Kind == llm.PartImage
		parts = append(parts, p)
	}
	if !images {
		return text
	}
	return withoutEmpty(parts)
}
