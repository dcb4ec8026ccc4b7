package wire

import (
	"encoding/json"
	"strings"
	"testing"

	"omniroute/backend/wire/jscan"
)

func TestObjectSchema(t *testing.T) {
	for in, want := range map[string]string{
		``:                                  `{"type":"object","properties":{}}`,
		`null`:                              `{"type":"object","properties":{}}`,
		`true`:                              `{"type":"object","properties":{}}`,
		`{}`:                                `{"type":"object","properties":{}}`,
		`{"type":"object"}`:                 `{"type":"object","properties":{}}`,
		`{"properties":{"a":{}}}`:           `{"properties":{"a":{}},"type":"object"}`,
		`{"type":"OBJECT","properties":{}}`: `{"type":"object","properties":{}}`,
		`{"type":["object","null"],"properties":{}}`:          `{"type":"object","properties":{}}`,
		`{ "properties" : { "type" : 1 } , "type":"object" }`: `{ "properties" : { "type" : 1 } , "type":"object" }`,
		`{"type":"object","properties":null}`:                 `{"type":"object","properties":{}}`,
	} {
		if got := string(ObjectSchema([]byte(in))); got != want {
			t.Errorf("ObjectSchema(%s) = %s, want %s", in, got, want)
		}
	}
}

func TestCleanSchema(t *testing.T) {
	cases := map[string]struct{ in, want string }{
		"keywords dropped": {
			`{"$schema":"s","$id":"i","type":"object","additionalProperties":false,"patternProperties":{},"properties":{"a":{"type":"string","examples":["x"],"contentEncoding":"base64","readOnly":true,"deprecated":true,"strict":true,"not":{},"if":{},"then":{},"else":{},"minLength":2}},"unevaluatedProperties":false,"dependentRequired":{},"propertyNames":{}}`,
			`{"type":"object","properties":{"a":{"type":"string","minLength":2}}}`},
		"properties named like keywords": {
			`{"type":"object","properties":{"const":{"type":"string"},"properties":{"type":"object","properties":{"$ref":{"type":"string"},"not":{"const":1}}},"additionalProperties":{"type":"boolean"}},"required":["const","properties"]}`,
			`{"type":"object","properties":{"const":{"type":"string"},"properties":{"type":"object","properties":{"$ref":{"type":"string"},"not":{"enum":["1"],"type":"string"}}},"additionalProperties":{"type":"boolean"}},"required":["const","properties"]}`},
		"const":            {`{"const":"file"}`, `{"enum":["file"],"type":"string"}`},
		"numeric enum":     {`{"type":"integer","enum":[1,2,null]}`, `{"type":"string","enum":["1","2"],"nullable":true}`},
		"empty enum value": {`{"type":"string","enum":["","a"]}`, `{"type":"string","enum":["a"]}`},
		"nullable":         {`{"type":["string","null"]}`, `{"type":"string","nullable":true}`},
		"only null":        {`{"type":"null"}`, `{"type":"string","nullable":true}`},
		"two types":        {`{"type":["string","integer","null"],"description":"d"}`, `{"description":"d","nullable":true,"anyOf":[{"type":"string"},{"type":"integer"}]}`},
		"two types, array": {`{"type":["string","array"],"items":{"type":"number"}}`, `{"anyOf":[{"type":"string"},{"type":"array","items":{"type":"number"}}]}`},
		"array or text":    {`{"type":["array","string"]}`, `{"anyOf":[{"type":"array","items":{"type":"string"}},{"type":"string"}]}`},
		"exclusive":        {`{"type":"integer","exclusiveMinimum":0,"exclusiveMaximum":9}`, `{"type":"integer","minimum":1,"maximum":8}`},
		"exclusive beside": {`{"type":"integer","minimum":5,"exclusiveMinimum":2}`, `{"type":"integer","minimum":5}`},
		"exclusive draft4": {`{"type":"integer","minimum":5,"exclusiveMinimum":true}`, `{"type":"integer","minimum":6}`},
		"exclusive number": {`{"type":"number","exclusiveMinimum":0.5}`, `{"type":"number"}`},
		"oneOf":            {`{"oneOf":[{"type":"string"},{"const":2}]}`, `{"anyOf":[{"type":"string"},{"enum":["2"],"type":"string"}]}`},
		"anyOf with null":  {`{"anyOf":[{"type":"string","maxLength":4},{"type":"null"}],"description":"d"}`, `{"description":"d","nullable":true,"type":"string","maxLength":4}`},
		"allOf": {
			`{"allOf":[{"type":"object","properties":{"a":{"type":"string"}}},{"required":["a","b"]},{"properties":{"b":{"type":"number"}}}],"title":"T"}`,
			`{"title":"T","type":"object","properties":{"a":{"type":"string"},"b":{"type":"number"}},"required":["a","b"]}`},
		"ref": {
			`{"type":"object","properties":{"p":{"$ref":"#/$defs/P","description":"mine"},"q":{"$ref":"#/definitions/Q"}},"$defs":{"P":{"type":"object","description":"its","properties":{"x":{"type":"number"}},"required":["x"]}},"definitions":{"Q":{"type":"string"}}}`,
			`{"type":"object","properties":{"p":{"description":"mine","type":"object","properties":{"x":{"type":"number"}},"required":["x"]},"q":{"type":"string"}}}`},
		"ref cycle": {
			`{"type":"object","properties":{"n":{"$ref":"#/$defs/N"}},"$defs":{"N":{"type":"object","properties":{"next":{"$ref":"#/$defs/N"}}}}}`,
			`{"type":"object","properties":{"n":{"type":"object","properties":{"next":{"type":"object"}}}}}`},
		"ref to itself":    {`{"type":"object","properties":{"c":{"$ref":"#"}}}`, `{"type":"object","properties":{"c":{"type":"object","properties":{"c":{"type":"object"}}}}}`},
		"ref nowhere":      {`{"properties":{"c":{"$ref":"#/$defs/No","description":"d"},"e":{"$ref":"http://x/y"}}}`, `{"properties":{"c":{"type":"object","description":"d"},"e":{"type":"object"}},"type":"object"}`},
		"ref escapes":      {`{"properties":{"c":{"$ref":"#/$defs/a~1b"}},"$defs":{"a/b":{"type":"number"}}}`, `{"properties":{"c":{"type":"number"}},"type":"object"}`},
		"ghost required":   {`{"type":"object","properties":{"n":{"type":"string"}},"required":["n","ghost","n"]}`, `{"type":"object","properties":{"n":{"type":"string"}},"required":["n"]}`},
		"no required left": {`{"type":"object","properties":{},"required":["ghost"]}`, `{"type":"object","properties":{}}`},
		"array":            {`{"type":"array"}`, `{"type":"array","items":{"type":"string"}}`},
		"tuple":            {`{"type":"array","prefixItems":[{"type":"string"},{"type":"number"}]}`, `{"type":"array","items":{"anyOf":[{"type":"string"},{"type":"number"}]}}`},
		"boolean schemas":  {`{"type":"object","properties":{"a":true,"b":false}}`, `{"type":"object","properties":{"a":{}}}`},
		"format":           {`{"type":"object","properties":{"a":{"type":"string","format":"uri"},"b":{"type":"string","format":"date-time"},"c":{"type":"integer","format":"int64"}}}`, `{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"string","format":"date-time"},"c":{"type":"integer","format":"int64"}}}`},
		"big numbers":      {`{"type":"integer","maximum":12345678901234567891,"default":1.0}`, `{"type":"integer","maximum":12345678901234567891,"default":1.0}`},
		"no schema":        {`7`, `{"type":"object","properties":{}}`},
	}
	for name, c := range cases {
		got := string(CleanSchema([]byte(c.in)))
		if got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, c.want)
		}
		if again := string(CleanSchema([]byte(got))); again != got {
			t.Errorf("%s: cleaning twice changes it:\n %s\n %s", name, got, again)
		}
	}
}

// Twenty levels of two references each would be a million schemas.
func TestCleanSchemaBounded(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"$ref":"#/$defs/d0","$defs":{`)
	for i := range 40 {
		n, _ := json.Marshal(i + 1)
		b.WriteString(`"d` + string(mustJSON(i)) + `":{"type":"object","properties":{"a":{"$ref":"#/$defs/d` + string(n) + `"},"b":{"$ref":"#/$defs/d` + string(n) + `"}}},`)
	}
	b.WriteString(`"d40":{"type":"string"}}}`)
	got := CleanSchema([]byte(b.String()))
	if len(got) > 4<<20 || jscan.Check(got) != nil {
		t.Errorf("%d bytes, valid: %v", len(got), jscan.Check(got))
	}
}

func mustJSON(v any) []byte { b, _ := json.Marshal(v); return b }

func TestLowerSchema(t *testing.T) {
	for in, want := range map[string]string{
		`{"type":"OBJECT","properties":{"type":{"type":"STRING","nullable":true},"nullable":{"type":"ARRAY","items":{"type":"INTEGER"},"minItems":"2"}},"propertyOrdering":["type"]}`: `{"type":"object","properties":{"type":{"type":["string","null"]},"nullable":{"type":"array","items":{"type":"integer"},"minItems":2}}}`,
		`{"type":"STRING","enum":["a"],"nullable":true}`:         `{"type":["string","null"],"enum":["a",null]}`,
		`{"any_of":[{"type":"NUMBER"},{"type":"BOOLEAN"}]}`:      `{"anyOf":[{"type":"number"},{"type":"boolean"}]}`,
		`{"type":"TYPE_UNSPECIFIED","description":"STRING"}`:     `{"description":"STRING"}`,
		`{ "type":"object", "properties":{"a":{"type":"null"}}}`: `{ "type":"object", "properties":{"a":{"type":"null"}}}`,
		`{"type":"string","nullable":false}`:                     `{"type":"string"}`,
	} {
		if got := string(LowerSchema([]byte(in))); got != want {
			t.Errorf("LowerSchema(%s)\n got %s\nwant %s", in, got, want)
		}
	}
}

func TestSchemaTitle(t *testing.T) {
	for in, want := range map[string]string{
		`{"title":"My Point!"}`: "My_Point", `{"title":"日本"}`: "response", `{}`: "response", `{"title":7}`: "response",
		`{"title":"` + strings.Repeat("a", 90) + `"}`: strings.Repeat("a", 64),
	} {
		if got := SchemaTitle([]byte(in)); got != want {
			t.Errorf("SchemaTitle(%s) = %q, want %q", in, got, want)
		}
	}
}

// FuzzSchema: hostile schemas neither panic nor leave what Gemini refuses.
func FuzzSchema(f *testing.F) {
	for _, s := range []string{`{"$ref":"#/x","x":{"$ref":"#"}}`, `{"allOf":[{"required":["a"]},true]}`, `{"anyOf":[{"type":["null","string"]},{"const":null}]}`, `{"type":["a","b"],"enum":[1]}`, `{"items":[{},{"type":"array"}]}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 4096 || jscan.Check(b) != nil {
			return
		}
		for name, out := range map[string][]byte{"Clean": CleanSchema(b), "Object": ObjectSchema(b), "Lower": LowerSchema(b), "CleanObject": CleanSchema(ObjectSchema(b))} {
			if name == "Clean" {
				checkClean(t, b, parseTree(out))
			}
			if err := jscan.Check(out); err != nil && !strings.Contains(err.Error(), "deeper") {
				t.Fatalf("%sSchema(%s) = %s: %v", name, b, out, err)
			}
		}
		SchemaTitle(b)
	})
}

func checkClean(t *testing.T, in []byte, s *tree) {
	for i, k := range s.keys {
		switch k {
		case "properties":
			for _, p := range s.items[i].items {
				checkClean(t, in, p)
			}
		case "items":
			checkClean(t, in, s.items[i])
		case "anyOf":
			for _, p := range s.items[i].items {
				checkClean(t, in, p)
			}
		case "type":
			if s.items[i].is(jscan.Array) {
				t.Fatalf("type is a list after cleaning %s", in)
			}
		case "$ref", "$defs", "const", "oneOf", "allOf", "not", "additionalProperties", "exclusiveMinimum":
			t.Fatalf("%s survives in %s", k, in)
		}
	}
}
