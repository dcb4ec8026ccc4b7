package wire

import (
	"strings"

	"omniroute/backend/wire/jscan"
)

// ObjectArgs makes the arguments of a call fit for a format that wants a JSON
// object (formats.md R25): nothing or null becomes {}, broken JSON is kept as
// {"_raw": text} and never repaired, another value becomes {"value": …}.
// Objects are returned without white space between tokens; numbers keep their
// exact digits and members their order.
func ObjectArgs(args string) []byte {
	b := []byte(strings.TrimSpace(args))
	if len(b) == 0 || string(b) == "null" {
		return []byte("{}")
	}
	if jscan.Check(b) != nil {
		return rawArgs(args)
	}
	if jscan.KindOf(b) == jscan.Object {
		return jscan.AppendCompact(make([]byte, 0, len(b)), b)
	}
	out := append(make([]byte, 0, len(b)+10), `{"value":`...)
	return append(jscan.AppendCompact(out, b), '}')
}

// TextArgs makes the arguments of a call fit for a format that wants them as
// a string holding JSON text: valid text stays as it is, nothing becomes {},
// broken JSON becomes {"_raw": text} (formats.md R25).
func TextArgs(args string) string {
	if strings.TrimSpace(args) == "" {
		return "{}"
	}
	if jscan.Check([]byte(args)) != nil {
		return string(rawArgs(args))
	}
	return args
}

func rawArgs(args string) []byte {
	out := append(make([]byte, 0, len(args)+16), `{"_raw":`...)
	return append(jscan.AppendQuoted(out, args), '}')
}

// WrapInput is the arguments object of a custom call at a format that knows
// functions only: {"input": text} (formats.md R38).
func WrapInput(input string) string {
	out := append(make([]byte, 0, len(input)+16), `{"input":`...)
	return string(append(jscan.AppendQuoted(out, input), '}'))
}

// UnwrapInput reads the text back from the arguments of a wrapped custom
// call. Arguments of another shape are returned as they are, so that nothing
// the model wrote is lost.
func UnwrapInput(args string) string {
	b := []byte(args)
	if jscan.Check(b) != nil {
		return args
	}
	if s, ok := jscan.Text(b); ok {
		return s
	}
	if s, ok := jscan.Text(jscan.Get(b, "input")); ok {
		return s
	}
	return args
}
