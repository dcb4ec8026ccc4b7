package wire

import (
	"bytes"

	"omniroute/backend/fault"
	"omniroute/backend/wire/jscan"
)

// Member is one member of a JSON object: its name and raw value.
type Member struct {
	Name string
	Raw  []byte
}

// Head is what the gateway needs to know of a body before it decides where
// the call goes. It belongs to the bytes it was read from.
type Head struct {
	Model    string
	HasModel bool // a top-level member `model` exists
	Stream   bool

	// As they stand in the body, nil = none; of several the last one.
	CacheKey []byte // prompt_cache_key
	Metadata []byte // metadata
	Turns    []byte // messages, input or contents

	body   []byte
	models []span // every top-level `model` value: duplicates must not disagree
}

// Peek checks the whole body (jscan.Check: valid JSON, at most 512 levels)
// and reads its head in the same pass. Errors are fault.Invalid with Param
// where a member is at fault.
func Peek(body []byte) (Head, error) {
	h := Head{body: body}
	var wrong error
	err := jscan.Scan(body, func(key, v []byte) {
		if bytes.IndexByte(key, '\\') >= 0 { // an upstream reads "mod\u0065l" as model too
			key = jscan.AppendUnquoted(nil, []byte(`"`+string(key)+`"`))
		}
		switch string(key) {
		case "model":
			s, ok := jscan.Text(v)
			if !ok && !jscan.IsNull(v) && wrong == nil {
				wrong = invalidMember("model", "`model` must be a string.")
			}
			h.Model, h.HasModel = s, ok
			h.models = append(h.models, spanIn(body, v))
		case "stream":
			if jscan.KindOf(v) != jscan.Bool && !jscan.IsNull(v) && wrong == nil {
				wrong = invalidMember("stream", "`stream` must be true or false.")
			}
			h.Stream = jscan.True(v)
		case "prompt_cache_key":
			h.CacheKey = v
		case "metadata":
			h.Metadata = v
		case "messages", "input", "contents":
			h.Turns = v
		}
	})
	switch {
	case err != nil:
		return h, fault.New(fault.Invalid, "wire.peek", "The request body is not valid JSON: %v.", err)
	case jscan.KindOf(body) != jscan.Object:
		return h, fault.New(fault.Invalid, "wire.peek", "The request body must be a JSON object.")
	}
	return h, wrong
}

func invalidMember(name, public string) error {
	return fault.New(fault.Invalid, "wire.peek", "%s", public).With(func(e *fault.Error) { e.Param = name })
}

// spanIn finds where a value returned by a walker stands in its body.
func spanIn(body, v []byte) span {
	from := cap(body) - cap(v)
	return span{from, from + len(v)}
}

// Splice returns the body with another model; no other byte changes. Without
// a `model` member the body is returned as it is.
func (h Head) Splice(model string) []byte {
	if len(h.models) == 0 {
		return h.body
	}
	quoted := jscan.AppendQuoted(nil, model)
	out := Buffer(len(h.body) + len(h.models)*len(quoted))
	at := 0
	for _, m := range h.models {
		out = append(out, h.body[at:m.from]...)
		out = append(out, quoted...)
		at = m.to
	}
	return append(out, h.body[at:]...)
}

// SpliceModel changes the value of the top-level member `model` and no other
// byte; of duplicates it changes all. A body without one is fault.Invalid.
func SpliceModel(body []byte, model string) ([]byte, error) {
	h, err := Peek(body)
	if err != nil {
		return nil, err
	}
	if len(h.models) == 0 {
		return nil, invalidMember("model", "The request names no model: add a `model` field.")
	}
	return h.Splice(model), nil
}

// Edit changes top-level members of an object by replacing their spans: the
// named values are set (added at the end when absent), the dropped ones
// removed, and every other byte stays. The body passed jscan.Check; anything
// but an object is returned as it is.
func Edit(body []byte, set []Member, drop []string) []byte {
	if jscan.KindOf(body) != jscan.Object {
		return body
	}
	grow := 0
	for _, m := range set {
		grow += len(m.Name) + len(m.Raw) + 6
	}
	out := make([]byte, 0, len(body)+grow)
	open := 0
	for body[open] != '{' {
		open++
	}
	out = append(out, body[:open+1]...)
	end := open + 1
	found := make([]bool, len(set))
	kept := 0
	for k, v := range jscan.Members(body) {
		at := spanIn(body, v)
		lead := body[end:at.from] // comma, key, colon and white space
		end = at.to
		if contains(drop, k) {
			continue
		}
		if kept == 0 { // the members before it are gone, and so is its comma
			lead = withoutComma(lead)
		}
		kept++
		out = append(out, lead...)
		value := body[at.from:at.to]
		for i, m := range set {
			if m.Name == string(k) {
				value, found[i] = m.Raw, true
			}
		}
		out = append(out, value...)
	}
	for i, m := range set {
		if found[i] {
			continue
		}
		if kept > 0 {
			out = append(out, ',')
		}
		kept++
		out = append(jscan.AppendQuoted(out, m.Name), ':')
		out = append(out, m.Raw...)
	}
	return append(out, body[end:]...)
}

func contains(list []string, k []byte) bool {
	for _, s := range list {
		if s == string(k) {
			return true
		}
	}
	return false
}

// withoutComma drops what stands before a member's key up to its comma.
func withoutComma(lead []byte) []byte {
	for i, c := range lead {
		switch c {
		case ',':
			return lead[i+1:]
		case ' ', '\n', '\t', '\r':
		default:
			return lead
		}
	}
	return lead
}
