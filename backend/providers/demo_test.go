package providers

import (
	"strings"
	"testing"

	"omniroute/backend/llm"
	"omniroute/backend/wire/jscan"
)

func fold(t *testing.T, req *llm.Request) *llm.Response {
	t.Helper()
	r, err := llm.Fold(Simulate(req, "REQ-1", 1_700_000_000))
	if err != nil {
		t.Fatal(err)
	}
	if r.Model != DemoModel || r.ID != "REQ-1" || r.Usage == nil || !r.Usage.Estimated || len(r.Candidates) != 1 {
		t.Fatalf("%+v", r)
	}
	return r
}

func ask(text string) *llm.Request {
	return &llm.Request{Messages: []llm.Message{{Role: llm.RoleUser, Parts: []llm.Part{{Kind: llm.PartText, Text: text}}}}}
}

func TestDemoSaysWhatItIs(t *testing.T) {
	r := fold(t, ask("What is  "+strings.Repeat("é", 100)+"?"))
	text := r.Candidates[0].Parts[0].Text
	if !strings.Contains(text, "simulated") || !strings.Contains(text, "What is") || !strings.Contains(text, "…") || r.Candidates[0].Stop.Reason != llm.StopEnd {
		t.Errorf("%q %v", text, r.Candidates[0].Stop)
	}
	req := ask("x")
	req.Output.Kind = llm.OutputJSON
	if text := fold(t, req).Candidates[0].Parts[0].Text; jscan.Check([]byte(text)) != nil {
		t.Errorf("asked for JSON, got %q", text)
	}
}

func TestDemoStopsWhenNobodyListens(t *testing.T) {
	n := 0
	for range Simulate(ask("hello there"), "r", 1) {
		if n++; n == 3 {
			break
		}
	}
	if n != 3 {
		t.Errorf("%d events", n)
	}
}

func TestDemoCallsATool(t *testing.T) {
	req := ask("use it")
	req.Tools = []llm.Tool{
		{Kind: llm.ToolServer, Name: "search"},
		{Name: "first", Schema: []byte(`{"type":"object","properties":{"n":{"type":"integer","minimum":3},"o":{"type":"string"}},"required":["n"]}`)},
		{Name: "second", Namespace: "ns"},
		{Kind: llm.ToolCustom, Name: "free"},
	}
	part := fold(t, req).Candidates[0].Parts[0]
	if part.Call == nil || part.Call.Name != "first" || part.Call.Args != `{"n":3}` || part.Call.ID == "" {
		t.Fatalf("%+v", part.Call)
	}
	req.Choice = llm.ToolChoice{Mode: llm.ChoiceNamed, Names: []string{"second"}}
	if c := fold(t, req).Candidates[0].Parts[0].Call; c == nil || c.Name != "second" || c.Namespace != "ns" || c.Args != "{}" {
		t.Errorf("%+v", c)
	}
	req.Choice.Names = []string{"free"}
	if c := fold(t, req).Candidates[0].Parts[0].Call; c == nil || c.Kind != llm.CallCustom || c.Input == "" {
		t.Errorf("%+v", c)
	}
	req.Choice = llm.ToolChoice{Mode: llm.ChoiceNone}
	if c := fold(t, req).Candidates[0].Parts[0].Call; c != nil {
		t.Errorf("called against the client's will: %+v", c)
	}
	req.Choice = llm.ToolChoice{}
	req.Messages = append(req.Messages, llm.Message{Role: llm.RoleAssistant, Parts: []llm.Part{{Kind: llm.PartToolCall, Call: &llm.ToolCall{ID: "1", Name: "first"}}}})
	if c := fold(t, req).Candidates[0].Parts[0].Call; c != nil {
		t.Errorf("called a second time: %+v", c)
	}
}

func TestExamplesFit(t *testing.T) {
	for schema, want := range map[string]string{
		``:                                 `{}`,
		`{}`:                               `{}`,
		`true`:                             `{}`,
		`{"type":"string"}`:                `"simulated"`,
		`{"type":"string","minLength":12}`: `"simulated si"`,
		`{"type":"string","maxLength":3}`:  `"sim"`,
		`{"type":["null","string"]}`:       `null`,
		`{"type":"integer"}`:               `1`,
		`{"type":"number","minimum":2.5}`:  `2.5`,
		`{"type":"integer","exclusiveMinimum":4}`:                                      `5`,
		`{"type":"number","maximum":-2}`:                                               `-2`,
		`{"type":"boolean"}`:                                                           `false`,
		`{"enum":["b","a"]}`:                                                           `"b"`,
		`{"const":{"x":1}}`:                                                            `{"x":1}`,
		`{"type":"string","default":"d"}`:                                              `"d"`,
		`{"anyOf":[{"type":"integer"},{"type":"string"}]}`:                             `1`,
		`{"type":"array","items":{"type":"string"}}`:                                   `[]`,
		`{"type":"array","minItems":2,"items":{"type":"boolean"}}`:                     `[false,false]`,
		`{"type":"object","required":["a","b"],"properties":{"a":{"type":"integer"}}}`: `{"a":1,"b":{}}`,
		`{"type":"object","required":["a"],"properties":{"a":{"$ref":"#/$defs/A"}},"$defs":{"A":{"enum":[7]}}}`: `{"a":7}`,
	} {
		got := string(example([]byte(schema), []byte(schema), 0))
		if got != want {
			t.Errorf("%s: %s, want %s", schema, got, want)
		}
	}
	endless := []byte(`{"type":"object","required":["a"],"properties":{"a":{"$ref":"#"}},"x":{"$ref":"#/x"}}`)
	if got := example(endless, endless, 0); jscan.Check(got) != nil {
		t.Errorf("endless schema: %s", got)
	}
	self := []byte(`{"$ref":"#/x","x":{"type":"object","required":["y"],"properties":{"y":{"$ref":"#/x"}}}}`)
	if got := example(self, self, 0); jscan.Check(got) != nil {
		t.Errorf("endless reference: %s", got)
	}
}
