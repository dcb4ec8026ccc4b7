package anthropic

import (
	"encoding/base64"
	"strings"
	"testing"

	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// first is the content of the first message.
func first(t *testing.T, body string) string {
	t.Helper()
	for _, m := range jscan.Elements([]byte(part(body, "messages"))) {
		return string(jscan.Get(m, "content"))
	}
	t.Fatalf("no message in %s", body)
	return ""
}

// Attachments of any format become what this vendor takes (formats.md 3.2,
// R20, P46-P48).
func TestMedia(t *testing.T) {
	b64 := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	const png, pdf = "iVBORw0KGgoAAA==", "JVBERi0xLjQ="
	source := func(kind, rest string) string {
		return `{"type":"` + kind + `","source":{` + rest + `}}`
	}
	cases := []struct {
		name string
		kind llm.PartKind
		m    llm.Media
		from string // format the part came from
		caps wire.Caps
		want string // "" = lost
	}{
		{"png", llm.PartImage, llm.Media{MIME: "image/png", Data: png}, "", wire.Caps{}, source("image", `"type":"base64","media_type":"image/png","data":"`+png+`"`)},
		{"jpg", llm.PartImage, llm.Media{MIME: "image/jpg", Data: "/9j/AA=="}, "", wire.Caps{}, source("image", `"type":"base64","media_type":"image/jpeg","data":"/9j/AA=="`)},
		{"no type", llm.PartImage, llm.Media{Data: png}, "", wire.Caps{}, source("image", `"type":"base64","media_type":"image/png","data":"`+png+`"`)},
		{"general type", llm.PartFile, llm.Media{MIME: "application/octet-stream", Data: png}, "", wire.Caps{}, source("image", `"type":"base64","media_type":"image/png","data":"`+png+`"`)},
		{"data URL as address", llm.PartImage, llm.Media{URL: "data:image/png;charset=x;base64," + png}, "", wire.Caps{}, source("image", `"type":"base64","media_type":"image/png","data":"`+png+`"`)},
		{"data URL as data", llm.PartFile, llm.Media{MIME: "application/pdf", Data: "data:application/pdf;base64," + pdf}, "", wire.Caps{}, source("document", `"type":"base64","media_type":"application/pdf","data":"`+pdf+`"`)},
		{"image in a file part", llm.PartFile, llm.Media{MIME: "image/webp", Data: "UklGRg=="}, "", wire.Caps{}, source("image", `"type":"base64","media_type":"image/webp","data":"UklGRg=="`)},
		{"address", llm.PartImage, llm.Media{URL: "https://x.example/a"}, "", wire.Caps{}, source("image", `"type":"url","url":"https://x.example/a"`)},
		{"image address in a file part", llm.PartFile, llm.Media{URL: "https://x.example/a", MIME: "image/png"}, "", wire.Caps{}, source("image", `"type":"url","url":"https://x.example/a"`)},
		{"pdf address", llm.PartFile, llm.Media{URL: "https://x.example/a.pdf"}, "", wire.Caps{}, source("document", `"type":"url","url":"https://x.example/a.pdf"`)},
		{"pdf by name", llm.PartFile, llm.Media{Data: "AAAA", Name: "A.PDF"}, "", wire.Caps{}, `{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"AAAA"},"title":"A.PDF"}`},
		{"plain text", llm.PartFile, llm.Media{Text: "words"}, "", wire.Caps{NoFiles: true}, source("document", `"type":"text","media_type":"text/plain","data":"words"`)},
		{"csv", llm.PartFile, llm.Media{MIME: "text/csv", Data: b64("a,b")}, "", wire.Caps{}, source("document", `"type":"text","media_type":"text/plain","data":"a,b"`)},
		{"json", llm.PartFile, llm.Media{MIME: "application/json", Data: b64(`{"é":1}`)}, "", wire.Caps{}, source("document", `"type":"text","media_type":"text/plain","data":"{\"é\":1}"`)},
		{"text that is none", llm.PartFile, llm.Media{MIME: "text/plain", Data: "/w=="}, "", wire.Caps{}, ""},
		{"zip", llm.PartFile, llm.Media{MIME: "application/zip", Data: "AAAA"}, "", wire.Caps{}, ""},
		{"bmp", llm.PartImage, llm.Media{MIME: "image/bmp", Data: "AAAA"}, "", wire.Caps{}, ""},
		{"unknown", llm.PartFile, llm.Media{Data: "AAAA"}, "", wire.Caps{}, ""},
		{"nothing", llm.PartFile, llm.Media{}, "", wire.Caps{}, ""},
		{"bucket", llm.PartImage, llm.Media{URL: "gs://x/y"}, "", wire.Caps{}, ""},
		{"own file", llm.PartFile, llm.Media{FileID: "file_1"}, format, wire.Caps{}, source("document", `"type":"file","file_id":"file_1"`)},
		{"file of another vendor", llm.PartFile, llm.Media{FileID: "file-1"}, "openai-chat", wire.Caps{}, ""},
		{"blind model", llm.PartImage, llm.Media{MIME: "image/png", Data: png}, "", wire.Caps{NoImages: true}, ""},
		{"no files", llm.PartFile, llm.Media{MIME: "application/pdf", Data: pdf}, "", wire.Caps{NoFiles: true}, ""},
		{"sound", llm.PartAudio, llm.Media{MIME: "audio/wav", Data: "AAAA"}, "", wire.Caps{}, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			attachment := llm.Part{Kind: c.kind, Media: &c.m, Extra: llm.Extra{Format: c.from}}
			got, losses := encode(t, ask(func(r *llm.Request) { r.Messages[0].Parts = []llm.Part{{Text: "look"}, attachment} }), wire.Dialect{Caps: c.caps})
			want := `[{"type":"text","text":"look"}`
			if c.want != "" {
				want += "," + c.want
			}
			same(t, "content", first(t, got), want+"]")
			if lost := len(losses) > 0; lost != (c.want == "") {
				t.Errorf("losses = %v", losses)
			}
			if strings.Contains(got, "data:image") || strings.Contains(got, "data:application") {
				t.Error("a data URL was sent as data")
			}
		})
	}
}

func TestToolResults(t *testing.T) {
	image := llm.Part{Kind: llm.PartImage, Media: &llm.Media{MIME: "image/png", Data: "iVBORw0KGgo="}}
	zip := llm.Part{Kind: llm.PartFile, Media: &llm.Media{MIME: "application/zip", Data: "AA=="}}
	cases := map[string]struct {
		r    llm.ToolResult
		want string
	}{
		"text":          {llm.ToolResult{Parts: []llm.Part{{Text: "r"}}}, `{"type":"tool_result","tool_use_id":"t","content":"r"}`},
		"R26 nothing":   {llm.ToolResult{}, `{"type":"tool_result","tool_use_id":"t"}`},
		"R24 error":     {llm.ToolResult{Error: true, Parts: []llm.Part{{Text: "bad"}}}, `{"type":"tool_result","tool_use_id":"t","content":"bad","is_error":true}`},
		"P46 image":     {llm.ToolResult{Parts: []llm.Part{{Text: "r"}, image}}, `{"type":"tool_result","tool_use_id":"t","content":[{"type":"text","text":"r"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw0KGgo="}}]}`},
		"unreadable":    {llm.ToolResult{Parts: []llm.Part{zip}}, `{"type":"tool_result","tool_use_id":"t","content":"` + unreadable + `"}`},
		"cached text":   {llm.ToolResult{Parts: []llm.Part{{Text: "r", Cache: &llm.CacheHint{}}}}, `{"type":"tool_result","tool_use_id":"t","content":[{"type":"text","text":"r","cache_control":{"type":"ephemeral"}}]}`},
		"R15 no blanks": {llm.ToolResult{Parts: []llm.Part{{Text: " "}, {Text: "r"}}}, `{"type":"tool_result","tool_use_id":"t","content":"r"}`},
	}
	for name, c := range cases {
		c.r.CallID = "t"
		got, _ := encode(t, ask(func(r *llm.Request) {
			r.Messages = append(r.Messages, llm.Message{Role: llm.RoleAssistant, Parts: []llm.Part{{Kind: llm.PartToolCall, Call: &llm.ToolCall{ID: "t", Name: "f"}}}},
				llm.Message{Parts: []llm.Part{{Kind: llm.PartToolResult, Result: &c.r}}})
		}), wire.Dialect{})
		var last string
		for _, m := range jscan.Elements([]byte(part(got, "messages"))) {
			last = string(jscan.Get(m, "content"))
		}
		same(t, name, last, "["+c.want+"]")
	}
}

func TestToolsAndChoice(t *testing.T) {
	f, g := llm.Tool{Name: "f"}, llm.Tool{Name: "g", Description: "d", Schema: []byte(`{"properties":{}}`), Strict: yes(true)}
	const fJSON = `{"name":"f","input_schema":{"type":"object","properties":{}}}`
	cases := []struct {
		name       string
		tools      []llm.Tool
		choice     llm.ToolChoice
		parallel   *bool
		want, pick string
		losses     int
	}{
		{name: "none", choice: llm.ToolChoice{Mode: llm.ChoiceRequired}, parallel: yes(false)},
		{name: "plain", tools: []llm.Tool{f, g}, want: `[` + fJSON + `,{"name":"g","description":"d","input_schema":{"properties":{},"type":"object"},"strict":true}]`},
		{name: "P26 parallel alone", tools: []llm.Tool{f}, parallel: yes(false), want: `[` + fJSON + `]`, pick: `{"type":"auto","disable_parallel_tool_use":true}`},
		{name: "parallel allowed", tools: []llm.Tool{f}, parallel: yes(true), want: `[` + fJSON + `]`},
		{name: "any", tools: []llm.Tool{f}, choice: llm.ToolChoice{Mode: llm.ChoiceRequired}, parallel: yes(false), want: `[` + fJSON + `]`, pick: `{"type":"any","disable_parallel_tool_use":true}`},
		{name: "off", tools: []llm.Tool{f}, choice: llm.ToolChoice{Mode: llm.ChoiceNone}, parallel: yes(false), want: `[` + fJSON + `]`, pick: `{"type":"none"}`},
		{name: "named", tools: []llm.Tool{f}, choice: llm.ToolChoice{Mode: llm.ChoiceNamed, Names: []string{"f"}}, want: `[` + fJSON + `]`, pick: `{"type":"tool","name":"f"}`},
		{name: "allowed", tools: []llm.Tool{f, g}, choice: llm.ToolChoice{Mode: llm.ChoiceAllowed, Names: []string{"f"}}, want: `[` + fJSON + `]`, pick: `{"type":"auto"}`},
		{name: "allowed and required", tools: []llm.Tool{f, g}, choice: llm.ToolChoice{Mode: llm.ChoiceAllowed, Names: []string{"f"}, Required: true}, want: `[` + fJSON + `]`, pick: `{"type":"any"}`},
		{name: "allowed but absent", tools: []llm.Tool{f}, choice: llm.ToolChoice{Mode: llm.ChoiceAllowed, Names: []string{"zz"}}},
		{name: "R37 search", tools: []llm.Tool{{Kind: llm.ToolWebSearch, Search: &llm.WebSearch{Allowed: []string{"a.b"}, Blocked: []string{"c.d"}, City: "Oslo", Country: "NO", MaxUses: 2}}}, losses: 1,
			want: `[{"type":"web_search_20250305","name":"web_search","max_uses":2,"allowed_domains":["a.b"],"user_location":{"type":"approximate","city":"Oslo","country":"NO"}}]`},
		{name: "R37 search of others", tools: []llm.Tool{{Kind: llm.ToolWebSearch, Opaque: &llm.Opaque{Format: "openai-responses", Raw: []byte(`{"type":"web_search"}`)}, Search: &llm.WebSearch{Blocked: []string{"c.d"}}}},
			want: `[{"type":"web_search_20250305","name":"web_search","blocked_domains":["c.d"]}]`},
		{name: "P23 server tool of others", tools: []llm.Tool{f, {Kind: llm.ToolServer, Name: "code", Opaque: &llm.Opaque{Format: "openai-responses", Raw: []byte(`{"type":"code_interpreter"}`)}}}, losses: 1, want: `[` + fJSON + `]`},
		{name: "R38 custom", tools: []llm.Tool{{Kind: llm.ToolCustom, Name: "patch"}}, want: `[{"name":"patch","input_schema":{"type":"object","properties":{"input":{"type":"string"}},"required":["input"]}}]`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, losses := encode(t, ask(func(r *llm.Request) { r.Tools, r.Choice, r.Parallel = c.tools, c.choice, c.parallel }), wire.Dialect{})
			if c.want == "" && part(got, "tools") != "" || c.want != "" && part(got, "tools") == "" {
				t.Fatalf("tools = %s, want %s", part(got, "tools"), c.want)
			}
			if c.want != "" {
				same(t, "tools", part(got, "tools"), c.want)
			}
			if s := part(got, "tool_choice"); s != c.pick {
				t.Errorf("tool_choice = %s, want %s", s, c.pick)
			}
			if len(losses) != c.losses {
				t.Errorf("losses = %v", losses)
			}
		})
	}
}

func TestInstructionsAndTheRest(t *testing.T) {
	schema := []byte(`{ "type": "object" }`)
	got, _ := encode(t, ask(func(r *llm.Request) { r.Output = llm.Output{Kind: llm.OutputJSON} }), wire.Dialect{})
	if part(got, "system") != `"`+jsonOnly+`"` {
		t.Errorf("R46: %s", got)
	}
	got, _ = encode(t, ask(func(r *llm.Request) { r.Output = llm.Output{Kind: llm.OutputSchema, Schema: schema} }), wire.Dialect{})
	same(t, "structured output", part(got, "output_config"), `{"format":{"type":"json_schema","schema":{"type":"object"}}}`)
	got, _ = encode(t, ask(func(r *llm.Request) {
		r.System = []llm.Part{{Text: "s"}, {Text: " "}}
		r.Output = llm.Output{Kind: llm.OutputSchema, Schema: schema}
	}), wire.Dialect{Caps: wire.Caps{NoStructured: true}})
	if !strings.Contains(part(got, "system"), `{\"type\":\"object\"}`) || part(got, "output_config") != "" || jscan.Len([]byte(part(got, "system"))) != 2 {
		t.Errorf("R47: %s", got)
	}
	got, losses := encode(t, ask(func(r *llm.Request) {
		r.Meta = llm.Meta{UserID: "u", Map: []byte(`{"k":1}`), ServiceTier: "flex", Store: yes(true), CacheKey: "k"}
		r.Sampling = llm.Sampling{Seed: i64(1), Frequency: f64(1), Presence: f64(1), Logprobs: true, LogitBias: []byte(`{}`)}
		r.Extra = llm.Extra{Format: "openai-chat", Fields: []llm.Field{{Name: "prediction", Value: []byte(`{}`)}}}
	}), wire.Dialect{})
	same(t, "meta", got, `{"model":"m","max_tokens":8192,"metadata":{"user_id":"u"},"messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}]}`)
	if len(losses) != 10 {
		t.Errorf("%d losses: %v", len(losses), losses)
	}
	got, _ = encode(t, ask(func(r *llm.Request) { r.Meta.ServiceTier = "default" }), wire.Dialect{Model: "up"})
	if part(got, "service_tier") != `"auto"` || part(got, "model") != `"up"` {
		t.Errorf("R6: %s", got)
	}
	got, _ = encode(t, decode(t, `{"model":"m","metadata":{"user_id":"u"},"container":"c","thinking":{"type":"adaptive"},"messages":[{"role":"user","content":"x"}]}`), wire.Dialect{Strip: []string{"metadata", "container", "thinking"}})
	same(t, "stripped", got, `{"model":"m","max_tokens":8192,"messages":[{"role":"user","content":[{"type":"text","text":"x"}]}]}`)
}

// A turn of which nothing can be carried must not leave a hole (P81).
func TestEmptiedTurns(t *testing.T) {
	got, _ := encode(t, decode(t, `{"model":"m","messages":[{"role":"assistant","content":"a"},{"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":""}]},{"role":"user","content":" "},{"role":"assistant","content":"b"}]}`), wire.Dialect{})
	same(t, "messages", part(got, "messages"), `[{"role":"user","content":[{"type":"text","text":"."}]},{"role":"assistant","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}]`)
	b, _, err := New().EncodeRequest(&llm.Request{Messages: []llm.Message{{Role: llm.RoleAssistant, Parts: []llm.Part{{Text: "a"}}}}}, wire.Dialect{})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "messages", part(string(b), "messages"), `[{"role":"user","content":"."},{"role":"assistant","content":[{"type":"text","text":"a"}]}]`)
	if b, _, _ = New().EncodeRequest(&llm.Request{}, wire.Dialect{}); first(t, string(b)) != `[{"type":"text","text":"."}]` {
		t.Errorf("no messages at all: %s", b)
	}
}
