// Package responses speaks OpenAI's Responses format (POST /v1/responses): the
// format of the openai SDK's responses API and of Codex CLI, and, as an
// upstream, of api.openai.com and of ChatGPT's Codex backend. Where a rule is
// meant it is named by its id in formats.md (R.., P..); field names and event
// types are those of the openai SDK 6.49.0.
//
// Besides the codec it offers what a cache of conversations needs to answer
// previous_response_id without an upstream that keeps state: InputItems,
// OutputItems, WithInput and Collector.
package responses

import (
	"strconv"

	"omniroute/backend/fault"
	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// own is the word in llm.Extra and llm.Opaque for what only this format
// understands.
const own = string(wire.OpenAIResponses)

type codec struct{}

// New returns the codec. It has no state and may be shared.
func New() wire.Codec { return codec{} }

func (codec) Format() wire.Format { return wire.OpenAIResponses }

// EncodeCount writes the answer of /v1/responses/input_tokens.
func (codec) EncodeCount(tokens int64) []byte {
	b := append(make([]byte, 0, 64), `{"object":"response.input_tokens","input_tokens":`...)
	return append(strconv.AppendInt(b, tokens, 10), '}')
}

// DecodeCount reads such an answer.
func (codec) DecodeCount(body []byte) (int64, error) {
	if jscan.Check(body) == nil {
		if n, ok := jscan.Int(jscan.Get(body, "input_tokens")); ok && n >= 0 {
			return n, nil
		}
	}
	return 0, fault.New(fault.Upstream, "responses.count", "The upstream's answer to the count request holds no input_tokens.")
}

// writer builds JSON text front to back in one buffer. Commas come by
// themselves: whatever begins a member or an element looks at the last byte.
type writer struct{ b []byte }

func (w *writer) comma() {
	if n := len(w.b); n > 0 {
		switch w.b[n-1] {
		case '{', '[', ',', ':':
		default:
			w.b = append(w.b, ',')
		}
	}
}

// key begins a member; name must need no escapes.
func (w *writer) key(name string) {
	w.comma()
	w.b = append(w.b, '"')
	w.b = append(w.b, name...)
	w.b = append(w.b, '"', ':')
}

// open begins an array element that is an object.
func (w *writer) open() { w.comma(); w.b = append(w.b, '{') }

func (w *writer) end(c byte) { w.b = append(w.b, c) }

func (w *writer) lit(s string) { w.b = append(w.b, s...) }

func (w *writer) quote(s string) { w.b = jscan.AppendQuoted(w.b, s) }

func (w *writer) str(name, value string) { w.key(name); w.quote(value) }

func (w *writer) raw(name string, value []byte) {
	w.key(name)
	w.b = jscan.AppendCompact(w.b, value)
}

// field is raw for a name that came from outside.
func (w *writer) field(name string, value []byte) {
	w.comma()
	w.quote(name)
	w.end(':')
	w.b = jscan.AppendCompact(w.b, value)
}

func (w *writer) number(n int64) { w.b = strconv.AppendInt(w.b, n, 10) }

func (w *writer) num(name string, n int64) { w.key(name); w.number(n) }

func (w *writer) boolean(name string, v bool) { w.key(name); w.b = strconv.AppendBool(w.b, v) }

func (w *writer) float(name string, f float64) { w.key(name); w.b = jscan.AppendFloat(w.b, f) }

// keep returns a copy of a raw value: decoded values alias nothing.
func keep(raw []byte) []byte { return append([]byte(nil), raw...) }

// extra finds a member that was kept for this format only.
func extra(e llm.Extra, name string) []byte {
	if e.Format != own {
		return nil
	}
	for _, f := range e.Fields {
		if f.Name == name {
			return f.Value
		}
	}
	return nil
}

// withExtra keeps a raw member for this format only.
func withExtra(e *llm.Extra, name string, raw []byte) {
	e.Format = own
	e.Fields = append(e.Fields, llm.Field{Name: name, Value: keep(raw)})
}
