package gemini

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"omniroute/backend/fault"
	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// match reports the first difference between want and got: every member of
// want must be in got, lists must be equally long.
func match(want, got any, at string) string {
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			return fmt.Sprintf("%s: want an object, got %v", at, got)
		}
		for k, v := range w {
			if v == nil { // null in a pattern means absent
				if _, there := g[k]; there {
					return fmt.Sprintf("%s.%s: must be absent, is %v", at, k, g[k])
				}
				continue
			}
			if _, there := g[k]; !there {
				return fmt.Sprintf("%s.%s: missing", at, k)
			}
			if s := match(v, g[k], at+"."+k); s != "" {
				return s
			}
		}
		return ""
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			return fmt.Sprintf("%s: want %v, got %v", at, w, got)
		}
		for i := range w {
			if s := match(w[i], g[i], fmt.Sprintf("%s[%d]", at, i)); s != "" {
				return s
			}
		}
		return ""
	}
	if !reflect.DeepEqual(want, got) {
		return fmt.Sprintf("%s: want %v, got %v", at, want, got)
	}
	return ""
}

// parse reads JSON without losing digits.
func parse(t *testing.T, b []byte) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("no JSON: %v\n%s", err, b)
	}
	return v
}

// subset fails unless got holds everything in the pattern want.
func subset(t *testing.T, got []byte, want string) {
	t.Helper()
	if err := jscan.Check(got); err != nil {
		t.Fatalf("no JSON: %v\n%s", err, got)
	}
	if s := match(parse(t, []byte(want)), parse(t, got), "$"); s != "" {
		t.Errorf("%s\nin %s", s, got)
	}
}

func decode(t *testing.T, c wire.Codec, body string) *llm.Request {
	t.Helper()
	if err := jscan.Check([]byte(body)); err != nil {
		t.Fatalf("the test's own input: %v\n%s", err, body)
	}
	req, err := c.DecodeRequest([]byte(body))
	if err != nil {
		t.Fatalf("DecodeRequest: %v", err)
	}
	return req
}

// encode prepares and encodes the way dispatch does.
func encode(t *testing.T, c wire.Codec, req *llm.Request, d wire.Dialect) []byte {
	t.Helper()
	ready, _ := wire.Prepare(req, c.Format(), d)
	b, _, err := c.EncodeRequest(ready, d)
	if err != nil {
		t.Fatalf("EncodeRequest: %v", err)
	}
	return b
}

func user(text string) llm.Message {
	return llm.Message{Role: llm.RoleUser, Parts: []llm.Part{{Kind: llm.PartText, Text: text}}}
}

func model(parts ...llm.Part) llm.Message { return llm.Message{Role: llm.RoleAssistant, Parts: parts} }

func results(parts ...llm.Part) llm.Message { return llm.Message{Role: llm.RoleUser, Parts: parts} }

func call(id, name, args string) llm.Part {
	return llm.Part{Kind: llm.PartToolCall, Call: &llm.ToolCall{ID: id, Name: name, Args: args}}
}

func result(id, text string, more ...llm.Part) llm.Part {
	parts := more
	if text != "" {
		parts = append([]llm.Part{{Kind: llm.PartText, Text: text}}, more...)
	}
	return llm.Part{Kind: llm.PartToolResult, Result: &llm.ToolResult{CallID: id, Parts: parts}}
}

func text(s string) llm.Part { return llm.Part{Kind: llm.PartText, Text: s} }

func sealed(p llm.Part, data string) llm.Part {
	p.Seal = llm.Seal{Family: llm.FamilyGemini, Data: data}
	return p
}

func kind(err error) fault.Kind { return fault.KindOf(err) }

func joined(parts []llm.Part) string {
	var b strings.Builder
	for _, p := range parts {
		fmt.Fprintf(&b, "%d:%s", p.Kind, p.Text)
		if p.Call != nil {
			fmt.Fprintf(&b, "%s(%s)", p.Call.Name, p.Call.Args)
		}
		if p.Result != nil {
			fmt.Fprintf(&b, "=%v", joined(p.Result.Parts))
		}
		if p.Seal.Data != "" {
			fmt.Fprintf(&b, "#%s", p.Seal.Data)
		}
		b.WriteByte('|')
	}
	return b.String()
}
