package wire

import (
	"encoding/base64"
	"net/url"
	"strings"
)

// ParseDataURL splits a data URL at its first comma (formats.md R20). data is
// base64 without white space; parameters such as ;charset= are ignored. A
// missing or general media type is guessed from the first bytes. ok is false
// for anything that is no data URL.
func ParseDataURL(s string) (mime, data string, ok bool) {
	if len(s) < 5 || !strings.EqualFold(s[:5], "data:") {
		return "", "", false
	}
	head, data, found := strings.Cut(s[5:], ",")
	if !found {
		return "", "", false
	}
	mime, params, _ := strings.Cut(head, ";")
	if isBase64(params) {
		data = cleanBase64(data)
	} else {
		text, err := url.PathUnescape(data)
		if err != nil {
			text = data
		}
		data = base64.StdEncoding.EncodeToString([]byte(text))
		if strings.TrimSpace(mime) == "" {
			mime = "text/plain"
		}
	}
	mime = CleanMIME(mime)
	if mime == "" || mime == "application/octet-stream" {
		if guess := SniffMIME(data); guess != "" {
			mime = guess
		}
	}
	return mime, data, true
}

func isBase64(params string) bool {
	for p := range strings.SplitSeq(params, ";") {
		if strings.EqualFold(strings.TrimSpace(p), "base64") {
			return true
		}
	}
	return false
}

func cleanBase64(s string) string {
	if strings.IndexByte(s, '%') >= 0 {
		if plain, err := url.PathUnescape(s); err == nil {
			s = plain
		}
	}
	if strings.IndexByte(s, '\n') < 0 && strings.IndexByte(s, '\r') < 0 && strings.IndexByte(s, ' ') < 0 && strings.IndexByte(s, '\t') < 0 {
		return s
	}
	return strings.NewReplacer("\n", "", "\r", "", " ", "", "\t", "").Replace(s)
}

// DataURL joins a media type and base64 data. Data that already is a data URL
// is not prefixed twice.
func DataURL(mime, data string) string {
	if strings.HasPrefix(data, "data:") {
		return data
	}
	if mime == "" {
		mime = "application/octet-stream"
	}
	return "data:" + mime + ";base64," + data
}

// CleanMIME gives a media type its proper spelling: lower case, without
// parameters, image/jpg as image/jpeg (formats.md R20).
func CleanMIME(mime string) string {
	mime, _, _ = strings.Cut(mime, ";")
	mime = strings.ToLower(strings.TrimSpace(mime))
	switch mime {
	case "image/jpg", "image/pjpeg":
		return "image/jpeg"
	case "image/x-png":
		return "image/png"
	case "application/x-pdf":
		return "application/pdf"
	}
	return mime
}

// SniffMIME guesses a media type from the beginning of base64 data; "" when
// it is none of the usual images and documents.
func SniffMIME(data string) string {
	for _, m := range [...]struct{ prefix, mime string }{
		{"iVBORw0KGgo", "image/png"}, {"/9j/", "image/jpeg"}, {"R0lGOD", "image/gif"}, {"UklGR", "image/webp"}, {"JVBERi", "application/pdf"},
	} {
		if strings.HasPrefix(data, m.prefix) {
			return m.mime
		}
	}
	return ""
}
