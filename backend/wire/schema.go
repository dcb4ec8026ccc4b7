package wire

import (
	"strings"

	"omniroute/backend/wire/jscan"
)

// emptySchema is what a tool without parameters declares.
const emptySchema = `{"type":"object","properties":{}}`

// ObjectSchema makes the schema of a tool's parameters one that every vendor
// takes (formats.md R31): an object that names its properties. A schema that
// already is one is returned as it is.
func ObjectSchema(raw []byte) []byte {
	if jscan.KindOf(raw) != jscan.Object {
		return []byte(emptySchema)
	}
	typ, properties := jscan.Get(raw, "type"), jscan.Get(raw, "properties")
	isObject := string(typ) == `"object"`
	if isObject && jscan.KindOf(properties) == jscan.Object {
		return raw
	}
	var set []Member
	if !isObject {
		set = append(set, Member{Name: "type", Raw: []byte(`"object"`)})
	}
	if jscan.KindOf(properties) != jscan.Object {
		set = append(set, Member{Name: "properties", Raw: []byte("{}")})
	}
	return Edit(raw, set, nil)
}

// SchemaTitle is the name of an output schema for formats that demand one
// (formats.md R45): its title cleaned to [a-zA-Z0-9_-]{1,64}, else "response".
func SchemaTitle(raw []byte) string {
	title := strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '_'
		case r < 0x80 && nameByte(byte(r)):
			return r
		}
		return -1
	}, jscan.Str(jscan.Get(raw, "title")))
	if len(title) > 64 {
		title = title[:64]
	}
	if strings.Trim(title, "_-") == "" {
		return "response"
	}
	return title
}

// LowerSchema turns a schema in Gemini's words into JSON Schema: OBJECT into
// object, nullable into a second type, snake_case keywords into camelCase,
// integers written as strings into numbers. Names of properties are left
// alone. A schema without any of this is returned as it is.
func LowerSchema(raw []byte) []byte {
	if jscan.KindOf(raw) != jscan.Object {
		return raw
	}
	t := parseTree(raw)
	if !lower(t) {
		return raw
	}
	return t.append(make([]byte, 0, len(raw)))
}

// lowerKeys maps spellings of Gemini's schema keywords to JSON Schema's; ""
// drops one that means nothing there.
func lowerKey(k string) (string, bool) {
	switch k {
	case "any_of":
		return "anyOf", true
	case "min_items":
		return "minItems", true
	case "max_items":
		return "maxItems", true
	case "min_length":
		return "minLength", true
	case "max_length":
		return "maxLength", true
	case "min_properties":
		return "minProperties", true
	case "max_properties":
		return "maxProperties", true
	case "propertyOrdering", "property_ordering":
		return "", true
	}
	return k, false
}

// lower rewrites one schema and those inside it; it tells whether anything
// changed.
func lower(t *tree) (changed bool) {
	if !t.is(jscan.Object) {
		return false
	}
	for i := 0; i < len(t.keys); i++ {
		k, renamed := lowerKey(t.keys[i])
		if renamed {
			changed = true
			if k == "" {
				t.remove(t.keys[i])
				i--
				continue
			}
			t.keys[i] = k
		}
		v := t.items[i]
		switch k {
		case "properties":
			for _, p := range v.items {
				changed = lower(p) || changed
			}
		case "items":
			changed = lower(v) || changed
		case "anyOf":
			for _, p := range v.items {
				changed = lower(p) || changed
			}
		case "minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties":
			if _, ok := jscan.Int([]byte(v.text())); ok { // int64 travels as a string at Google
				t.items[i] = newRaw(strings.TrimSpace(v.text()))
				changed = true
			}
		}
	}
	return lowerType(t) || changed
}

func lowerType(t *tree) (changed bool) {
	name := t.get("type").text()
	low := strings.ToLower(name)
	if name == "TYPE_UNSPECIFIED" {
		t.remove("type")
		changed, low = true, ""
	} else if low != name {
		t.set("type", newText(low))
		changed = true
	}
	nullable := t.get("nullable")
	if nullable == nil {
		return changed
	}
	t.remove("nullable")
	if !nullable.isTrue() || low == "" {
		return true
	}
	t.set("type", &tree{kind: jscan.Array, items: []*tree{newText(low), newText("null")}})
	if enum := t.get("enum"); enum.is(jscan.Array) {
		enum.items = append(enum.items, newRaw("null"))
	}
	return true
}
