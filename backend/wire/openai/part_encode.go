package openai

import (
	"encoding/base64"
	"strings"

	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// carried is what of a user's parts can be written for this target; a part
// that cannot leaves a short text in its place, so that the model knows.
func (w *requestWriter) carried(i int, parts []*llm.Part) []*llm.Part {
	kept := parts[:0]
	for j, p := range parts {
		note, why := w.obstacle(p)
		switch {
		case why == "":
			if p.Kind == llm.PartText && p.Text == "" && len(parts) > 1 {
				continue
			}
			kept = append(kept, p)
		case note == "":
			w.losePart(i, j, why)
		default:
			w.losePart(i, j, why)
			kept = append(kept, &llm.Part{Kind: llm.PartText, Text: note})
		}
	}
	return kept
}

// obstacle says why a part cannot be written, "" = it can, and what to say
// instead.
func (w *requestWriter) obstacle(p *llm.Part) (note, why string) {
	caps, m := &w.d.Caps, p.Media
	switch p.Kind {
	case llm.PartText:
		return "", ""
	case llm.PartImage:
		switch {
		case m == nil || m.Data == "" && m.URL == "":
			return "[image not available]", "chat takes images as data or address, not as a stored file"
		case caps.NoImages:
			return "[image left out: this model reads no images]", "this model reads no images"
		}
		return "", ""
	case llm.PartAudio:
		switch {
		case m == nil || m.Data == "":
			return "[audio not available]", "chat takes audio as data only"
		case caps.NoAudio:
			return "[audio left out: this model hears no audio]", "this model hears no audio"
		}
		return "", ""
	case llm.PartFile:
		return fileObstacle(m, caps.NoFiles)
	case llm.PartOpaque:
		if p.Opaque != nil && p.Opaque.Format == formatName {
			return "", ""
		}
	}
	return "", "understood by its own format only"
}

func fileObstacle(m *llm.Media, refused bool) (note, why string) {
	switch {
	case m == nil:
		return "", "an empty file"
	case m.Text != "":
		return "", ""
	case m.URL != "":
		return "[file: " + m.URL + "]", "chat takes files as data, not by address"
	case m.Data == "" && !strings.HasPrefix(m.FileID, "file-"):
		return "[file not available]", "a file that is stored with another vendor"
	case strings.HasPrefix(m.MIME, "text/") && m.Data != "":
		return "", ""
	case refused:
		return "[file left out: this model reads no files]", "this model reads no files"
	}
	return "", ""
}

// appendPart appends one content part of a user message.
func appendPart(dst []byte, p *llm.Part) []byte {
	m := p.Media
	switch {
	case p.Kind == llm.PartText:
		dst = append(dst, `{"type":"text","text":`...)
		dst = wire.AppendTextQuoted(dst, p)
	case p.Kind == llm.PartImage:
		dst = append(dst, `{"type":"image_url","image_url":{"url":`...)
		dst = appendAddress(dst, m)
		if m.Detail != "" {
			dst = append(dst, `,"detail":`...)
			dst = jscan.AppendQuoted(dst, m.Detail)
		}
		dst = append(dst, '}')
	case p.Kind == llm.PartAudio:
		dst = append(dst, `{"type":"input_audio","input_audio":{"data":`...)
		dst = jscan.AppendQuoted(dst, m.Data)
		dst = append(dst, `,"format":`...)
		dst = append(jscan.AppendQuoted(dst, audioFormat(m.MIME)), '}')
	case p.Kind == llm.PartOpaque:
		return append(dst, p.Opaque.Raw...)
	case m.Text != "":
		dst = append(dst, `{"type":"text","text":`...)
		dst = jscan.AppendQuoted(dst, m.Text)
	default:
		return appendFile(dst, p)
	}
	return appendExtra(dst, p)
}

// appendExtra closes a part with the members only chat knows.
func appendExtra(dst []byte, p *llm.Part) []byte {
	if p.Extra.Format == formatName {
		for _, f := range p.Extra.Fields {
			dst = append(dst, ',')
			dst = jscan.AppendQuoted(dst, f.Name)
			dst = append(append(dst, ':'), f.Value...)
		}
	}
	return append(dst, '}')
}

// appendAddress appends the URL of a medium; its data becomes a data URL.
func appendAddress(dst []byte, m *llm.Media) []byte {
	if m.Data == "" {
		return jscan.AppendQuoted(dst, m.URL)
	}
	mime := m.MIME
	if mime == "" {
		mime = wire.SniffMIME(m.Data)
	}
	return appendDataURL(dst, mime, m.Data)
}

// appendDataURL is wire.DataURL without copying the data twice.
func appendDataURL(dst []byte, mime, data string) []byte {
	dst = append(dst, '"')
	if !strings.HasPrefix(data, "data:") {
		if mime == "" {
			mime = "application/octet-stream"
		}
		dst = append(dst, "data:"...)
		dst = jscan.AppendEscaped(dst, mime)
		dst = append(dst, ";base64,"...)
	}
	return append(jscan.AppendEscaped(dst, data), '"')
}

func audioFormat(mime string) string {
	switch sub := strings.TrimPrefix(mime, "audio/"); sub {
	case "mpeg", "mp3", "mpga":
		return "mp3"
	case "", "wav", "x-wav", "wave", "vnd.wave":
		return "wav"
	default:
		return strings.TrimPrefix(sub, "x-")
	}
}

// appendFile appends a document. Text documents become text, since chat's
// file parts are for PDFs.
func appendFile(dst []byte, p *llm.Part) []byte {
	m := p.Media
	if strings.HasPrefix(m.MIME, "text/") && m.Data != "" {
		if text, err := base64.StdEncoding.DecodeString(m.Data); err == nil {
			dst = append(dst, `{"type":"text","text":`...)
			return appendExtra(jscan.AppendQuoted(dst, string(text)), p)
		}
	}
	dst = append(dst, `{"type":"file","file":{`...)
	if m.Data == "" {
		dst = append(dst, `"file_id":`...)
		dst = jscan.AppendQuoted(dst, m.FileID)
	} else {
		name := m.Name
		if name == "" { // R20
			name = nameOf(m.MIME)
		}
		dst = append(dst, `"filename":`...)
		dst = jscan.AppendQuoted(dst, name)
		dst = append(dst, `,"file_data":`...)
		mime := m.MIME
		if mime == "" {
			mime = "application/pdf"
		}
		dst = appendDataURL(dst, mime, m.Data)
	}
	dst = append(dst, '}')
	return appendExtra(dst, p)
}

func nameOf(mime string) string {
	switch mime {
	case "", "application/pdf":
		return "document.pdf"
	case "application/json":
		return "document.json"
	}
	return "document"
}
