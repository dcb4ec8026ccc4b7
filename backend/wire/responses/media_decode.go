package responses

import (
	"strings"

	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// image reads an image part; nil when it holds no image.
func (c *contentMembers) image() *llm.Media {
	m := &llm.Media{FileID: jscan.Str(c.fileID), Detail: jscan.Str(c.detail)}
	url := c.imageURL
	if jscan.KindOf(url) == jscan.Object { // chat's nesting
		if d := jscan.Str(jscan.Get(url, "detail")); d != "" {
			m.Detail = d
		}
		url = jscan.Get(url, "url")
	}
	setSource(m, jscan.Str(url))
	return usable(m)
}

// setSource tells a data URL from an address.
func setSource(m *llm.Media, url string) {
	if mime, data, ok := wire.ParseDataURL(url); ok {
		m.MIME, m.Data = mime, data
	} else {
		m.URL = url
	}
}

// usable keeps exactly one source: bytes before an address before an id.
func usable(m *llm.Media) *llm.Media {
	switch {
	case m.Data != "":
		m.URL, m.FileID = "", ""
	case m.URL != "":
		m.FileID = ""
	case m.FileID == "":
		return nil
	}
	return m
}

// document reads a file part; nil when it holds no file.
func (c *contentMembers) document() *llm.Media {
	if jscan.KindOf(c.nested) == jscan.Object { // chat's nesting
		c.read(c.nested)
	}
	m := &llm.Media{FileID: jscan.Str(c.fileID), Name: jscan.Str(c.fileName)}
	setSource(m, jscan.Str(c.fileURL))
	if s := jscan.Str(c.fileData); s != "" {
		if mime, data, ok := wire.ParseDataURL(s); ok {
			m.MIME, m.Data = mime, data
		} else {
			m.MIME, m.Data = wire.SniffMIME(s), s
		}
	}
	if m.MIME == "" && m.FileID == "" {
		m.MIME = mimeByName(m.Name, m.URL)
	}
	return usable(m)
}

// mimeByName guesses a document's type from its name; PDF is what this field
// is for.
func mimeByName(names ...string) string {
	for _, n := range names {
		n = strings.ToLower(n)
		for _, k := range [...]struct{ ext, mime string }{{".txt", "text/plain"}, {".md", "text/markdown"}, {".csv", "text/csv"}, {".json", "application/json"}, {".html", "text/html"}, {".png", "image/png"}, {".jpg", "image/jpeg"}, {".jpeg", "image/jpeg"}} {
			if strings.HasSuffix(n, k.ext) {
				return k.mime
			}
		}
	}
	return "application/pdf"
}

// sound reads an audio part; nil when it holds none.
func (c *contentMembers) sound() *llm.Media {
	m := &llm.Media{Data: jscan.Str(jscan.Get(c.audio, "data")), MIME: "audio/wav"}
	if jscan.Str(jscan.Get(c.audio, "format")) == "mp3" {
		m.MIME = "audio/mpeg"
	}
	if mime, data, ok := wire.ParseDataURL(m.Data); ok {
		m.MIME, m.Data = mime, data
	}
	return usable(m)
}
