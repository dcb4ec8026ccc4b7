package providers

import "omniroute/backend/wire/jscan"

// exampleDepth ends schemas that refer to themselves.
const exampleDepth = 8

// example makes the smallest value that fits a JSON schema, for the simulated
// provider.
func example(schema []byte, depth int) []byte {
	if depth > exampleDepth {
		return []byte("null")
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
			return example(v, depth+1)
		}
	}
	switch schemaType(schema) {
	case "string":
		return []byte(`"simulated"`)
	case "integer", "number":
		if v := jscan.Get(schema, "minimum"); v != nil {
			return v
		}
		return []byte("1")
	case "boolean":
		return []byte("false")
	case "null":
		return []byte("null")
	case "array":
		if n, _ := jscan.Int(jscan.Get(schema, "minItems")); n < 1 {
			return []byte("[]")
		}
		return append(append([]byte("["), example(jscan.Get(schema, "items"), depth+1)...), ']')
	}
	return exampleObject(schema, depth)
}

func exampleObject(schema []byte, depth int) []byte {
	properties := jscan.Get(schema, "properties")
	out := []byte("{")
	for _, name := range jscan.Elements(jscan.Get(schema, "required")) {
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = jscan.AppendQuoted(out, jscan.Str(name))
		out = append(out, ':')
		out = append(out, example(jscan.Get(properties, jscan.Str(name)), depth+1)...)
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
