package providers

import (
	"strconv"
	"strings"

	"omniroute/backend/wire/jscan"
)

// exampleDepth ends schemas that refer to themselves.
const exampleDepth = 8

// example makes a small value that fits a JSON schema, for the simulated
// provider. root is where references lead to.
func example(root, schema []byte, depth int) []byte {
	if depth > exampleDepth {
		return []byte("null")
	}
	if ref, ok := strings.CutPrefix(jscan.Str(jscan.Get(schema, "$ref")), "#/"); ok {
		return example(root, jscan.Path(root, strings.Split(ref, "/")...), depth+1)
	}
	if v := jscan.Get(schema, "const"); v != nil {
		return v
	}
	if v := jscan.Get(schema, "default"); v != nil {
		return v
	}
	for _, v := range jscan.Elements(jscan.Get(schema, "enum")) {
		return v
	}
	for _, key := range [...]string{"anyOf", "oneOf", "allOf"} {
		for _, v := range jscan.Elements(jscan.Get(schema, key)) {
			return example(root, v, depth+1)
		}
	}
	switch schemaType(schema) {
	case "string":
		return exampleText(schema)
	case "integer", "number":
		return exampleNumber(schema)
	case "boolean":
		return []byte("false")
	case "null":
		return []byte("null")
	case "array":
		return exampleArray(root, schema, depth)
	}
	return exampleObject(root, schema, depth)
}

func exampleText(schema []byte) []byte {
	text := "simulated"
	if n, ok := jscan.Int(jscan.Get(schema, "minLength")); ok && n > int64(len(text)) {
		text = strings.Repeat("simulated ", int(min(n, 10_000))/10+1)[:min(n, 10_000)]
	}
	if n, ok := jscan.Int(jscan.Get(schema, "maxLength")); ok && n >= 0 && n < int64(len(text)) {
		text = text[:n]
	}
	return jscan.AppendQuoted(nil, text)
}

func exampleNumber(schema []byte) []byte {
	if v := jscan.Get(schema, "minimum"); v != nil {
		return v
	}
	if n, ok := jscan.Int(jscan.Get(schema, "exclusiveMinimum")); ok {
		return strconv.AppendInt(nil, n+1, 10)
	}
	if n, ok := jscan.Float(jscan.Get(schema, "maximum")); ok && n < 1 {
		return jscan.Get(schema, "maximum")
	}
	return []byte("1")
}

func exampleArray(root, schema []byte, depth int) []byte {
	n, _ := jscan.Int(jscan.Get(schema, "minItems"))
	out := []byte("[")
	for i := range min(n, 16) {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, example(root, jscan.Get(schema, "items"), depth+1)...)
	}
	return append(out, ']')
}

func exampleObject(root, schema []byte, depth int) []byte {
	properties := jscan.Get(schema, "properties")
	out := []byte("{")
	for _, name := range jscan.Elements(jscan.Get(schema, "required")) {
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = jscan.AppendQuoted(out, jscan.Str(name))
		out = append(out, ':')
		out = append(out, example(root, jscan.Get(properties, jscan.Str(name)), depth+1)...)
	}
	return append(out, '}')
}

func schemaType(schema []byte) string {
	t := jscan.Get(schema, "type")
	if s, ok := jscan.Text(t); ok {
		return s
	}
	for _, v := range jscan.Elements(t) {
		return jscan.Str(v)
	}
	return ""
}
