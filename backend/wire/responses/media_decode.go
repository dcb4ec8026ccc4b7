package responses

import (
	"strings"

	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// imageOf reads an image part; nil when it holds no image.
func imageOf(e []byte) *llm.Media {
	m := &llm.Media{}
	for k, v := range jscan.Members(e) {
		switch string(k) {
		case "image_url":
			if jscan.KindOf(v) == jscan.Object { // chat's nesting
				m.Detail = jscan.Str(jscan.Get(v, "detail"))
				v = jscan.Get(v, "url")
			}
			setSource(m, jscan.Str(v))
		case "file_id":
			m.FileID = jscan.Str(v)
		case "detail":
			m.Detail = jscan.Str(v)
		}
	}
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

func fileOf(e []byte) *llm.Media {
	m := &llm.Media{}
	if f := jscan.Get(e, "file"); jscan.KindOf(f) == jscan.Object { // chat's nesting
		e = f
	}
	for k, v := range jscan.Members(e) {
		switch string(k) {
		case "file_data":
			s := jscan.Str(v)
			if mime, data, ok := wire.ParseDataURL(s); ok {
				m.MIME, m.Data = mime, data
			} else {
				m.MIME, m.Data = wire.SniffMIME(s), s
			}
		case "file_url":
			setSource(m, jscan.Str(v))
		case "file_id":
			m.FileID = jscan.Str(v)
		case "filename":
			m.Name = jscan.Str(v)
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

func audioOf(e []byte) *llm.Media {
	a := jscan.Get(e, "input_audio")
	m := &llm.Media{Data: jscan.Str(jscan.Get(a, "data")), MIME: "audio/wav"}
	if jscan.Str(jscan.Get(a, "format")) == "mp3" {
		m.MIME = "audio/mpeg"
	}
	if mime, data, ok := wire.ParseDataURL(m.Data); ok {
		m.MIME, m.Data = mime, data
	}
	return usable(m)
}
