// Package gemini speaks Google's generateContent format (formats.md 4.9, 5.4)
// and the same format inside the Cloud Code envelope of Code Assist. The
// model and the wish to stream stand in the URL, not in the body: decoded
// requests leave Model and Stream empty and the gateway fills them in.
//
// Snake case spellings of every member are accepted, as Google's own servers
// do; camel case is written.
package gemini

import (
	"bytes"
	"strings"

	"omniroute/backend/fault"
	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// own is the origin of Extra, Opaque and Annotations that this package may
// write back verbatim. Both of its formats share one body.
const own = string(wire.Gemini)

// codec is one value for four ways of speaking: with or without envelope,
// streaming as events or as one JSON array.
type codec struct{ envelope, array bool }

// New speaks the plain format; streams are server-sent events (alt=sse).
func New() wire.Codec { return codec{} }

// NewArray speaks the plain format to clients that stream without alt=sse:
// the stream is one JSON array of the same objects (formats.md 5.4). Whole
// answers, requests and errors are those of New.
func NewArray() wire.Codec { return codec{array: true} }

// NewCodeAssist speaks the Cloud Code envelope (formats.md 4.9).
func NewCodeAssist() wire.Codec { return codec{envelope: true} }

// Format implements wire.Codec.
func (c codec) Format() wire.Format {
	if c.envelope {
		return wire.CodeAssist
	}
	return wire.Gemini
}

// unwrap returns the object that holds the answer: Code Assist puts it into
// "response". Neither format has a member of that name of its own.
func unwrap(body []byte) []byte {
	if inner := jscan.Get(body, "response"); jscan.KindOf(inner) == jscan.Object {
		return inner
	}
	return body
}

func invalid(param, format string, args ...any) error {
	return fault.New(fault.Invalid, "wire.gemini", format, args...).With(func(e *fault.Error) { e.Param = param })
}

func clone(v []byte) []byte { return bytes.Clone(v) }

// compact is a copy of a value without white space between its tokens.
func compact(v []byte) []byte { return jscan.AppendCompact(make([]byte, 0, len(v)), v) }

// number reads an integer that may stand in quotes, as proto JSON allows.
func number(v []byte) (int64, bool) {
	if s, ok := jscan.Text(v); ok {
		v = []byte(s)
	}
	return jscan.Int(v)
}

func float(v []byte) (float64, bool) {
	if s, ok := jscan.Text(v); ok {
		v = []byte(s)
	}
	return jscan.Float(v)
}

func ptr[T any](v T) *T { return &v }

func blank(s string) bool { return strings.TrimSpace(s) == "" }

// buffer writes JSON; commas follow from the byte before.
type buffer struct{ b []byte }

func (w *buffer) comma() {
	if n := len(w.b); n > 0 {
		switch w.b[n-1] {
		case '{', '[', ':':
		default:
			w.b = append(w.b, ',')
		}
	}
}

// key begins a member; names are ours and need no escape.
func (w *buffer) key(name string) {
	w.comma()
	w.b = append(w.b, '"')
	w.b = append(w.b, name...)
	w.b = append(w.b, '"', ':')
}

func (w *buffer) open(name string, bracket byte) {
	w.key(name)
	w.b = append(w.b, bracket)
}

func (w *buffer) text(name, s string) {
	w.key(name)
	w.b = jscan.AppendQuoted(w.b, s)
}

func (w *buffer) raw(name string, v []byte) {
	w.key(name)
	w.b = append(w.b, v...)
}

func (w *buffer) int(name string, n int64) {
	w.key(name)
	w.b = appendInt(w.b, n)
}

func (w *buffer) float(name string, f float64) {
	w.key(name)
	w.b = jscan.AppendFloat(w.b, f)
}

func (w *buffer) literal(name, word string) {
	w.key(name)
	w.b = append(w.b, word...)
}

func (w *buffer) strings(name string, list []string) {
	w.open(name, '[')
	for _, s := range list {
		w.comma()
		w.b = jscan.AppendQuoted(w.b, s)
	}
	w.b = append(w.b, ']')
}

// member writes a member whose name came from outside, without white space.
func (w *buffer) member(name string, v []byte) {
	w.comma()
	w.b = jscan.AppendQuoted(w.b, name)
	w.b = append(w.b, ':')
	w.b = jscan.AppendCompact(w.b, v)
}

// fields writes back members that came from this format.
func (w *buffer) fields(x llm.Extra) {
	if x.Format != own {
		return
	}
	for _, f := range x.Fields {
		w.member(f.Name, f.Value)
	}
}

// losses collects what could not travel.
type losses []llm.Loss

func (l *losses) add(path, why string) { *l = append(*l, llm.Loss{Path: path, Why: why}) }
