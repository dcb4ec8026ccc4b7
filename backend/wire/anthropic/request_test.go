package anthropic

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"omniroute/backend/fault"
	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// same compares two JSON texts by meaning.
func same(t *testing.T, what, got, want string) {
	t.Helper()
	var g, w any
	if err := json.Unmarshal([]byte(got), &g); err != nil {
		t.Errorf("%s is no JSON: %v\n%s", what, err, got)
		return
	}
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		t.Fatalf("the test's own JSON: %v\n%s", err, want)
	}
	if !reflect.DeepEqual(g, w) {
		t.Errorf("%s =\n  %s\nwant\n  %s", what, got, want)
	}
}

func decode(t *testing.T, body string) *llm.Request {
	t.Helper()
	if err := jscan.Check([]byte(body)); err != nil {
		t.Fatalf("test body: %v", err)
	}
	r, err := New().DecodeRequest([]byte(body))
	if err != nil {
		t.Fatalf("DecodeRequest(%s): %v", body, err)
	}
	return r
}

// encode prepares and encodes the way the gateway does.
func encode(t *testing.T, r *llm.Request, d wire.Dialect) (string, []llm.Loss) {
	t.Helper()
	p, losses := wire.Prepare(r, wire.Anthropic, d)
	b, more, err := New().EncodeRequest(p, d)
	if err != nil {
		t.Fatalf("EncodeRequest: %v", err)
	}
	if err := jscan.Check(b); err != nil {
		t.Fatalf("EncodeRequest wrote no JSON: %v\n%s", err, b)
	}
	return string(b), append(losses, more...)
}

func part(body string, path ...string) string { return string(jscan.Path([]byte(body), path...)) }

// What an Anthropic client sends must come back the same from the canonical
// model: nothing of its own format is lost on the way.
func TestRequestRoundTrip(t *testing.T) {
	cases := map[string]string{
		"plain": `{"model":"m","max_tokens":5,"messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}]}`,
		"everything": `{"model":"m","max_tokens":9000,"stream":true,
			"system":[{"type":"text","text":"x-anthropic-billing-header: a"},{"type":"text","text":"S","cache_control":{"type":"ephemeral","ttl":"1h"}}],
			"tools":[{"name":"f","description":"d","input_schema":{"type":"object","properties":{"a":{"type":"number","maximum":9007199254740993}}},"strict":true,
				"defer_loading":true,"input_examples":[{}],"eager_input_streaming":true,"allowed_callers":["direct"],"cache_control":{"type":"ephemeral"}},
				{"type":"web_search_20250305","name":"web_search","max_uses":3,"allowed_domains":["a.example"],"user_location":{"type":"approximate","city":"Oslo"}},
				{"type":"bash_20250124","name":"bash","cache_control":{"type":"ephemeral"}}],
			"tool_choice":{"type":"auto","disable_parallel_tool_use":true},
			"thinking":{"type":"adaptive","display":"summarized"},"output_config":{"effort":"max","format":{"type":"json_schema","schema":{"type":"object","properties":{}}},"task_budget":{"n":1}},
			"stop_sequences":["##"],"metadata":{"user_id":"u"},"service_tier":"standard_only","thread":{"type":"create"},"container":"c1","mcp_servers":[{"url":"https://x"}],
			"messages":[
				{"role":"user","content":[{"type":"text","text":"a","citations":[{"type":"char_location","cited_text":"q"}]},
					{"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw0KGgo="}},
					{"type":"image","source":{"type":"file","file_id":"file_1"},"transformations":{"x":1}},
					{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JVBERi0="},"title":"t.pdf","context":"c","citations":{"enabled":true},"cache_control":{"type":"ephemeral"}},
					{"type":"document","source":{"type":"text","media_type":"text/plain","data":"words"}},
					{"type":"document","source":{"type":"url","url":"https://x.example/a.pdf"}},
					{"type":"document","source":{"type":"content","content":[{"type":"text","text":"one"}]},"title":"n"},
					{"type":"search_result","source":"s","title":"t","content":[{"type":"text","text":"found"}]},
					{"type":"container_upload","file_id":"f"}]},
				{"role":"assistant","content":[{"type":"thinking","thinking":"","signature":"c2ln"},{"type":"redacted_thinking","data":"ZGF0YQ=="},
					{"type":"server_tool_use","id":"srv","name":"web_search","input":{"query":"x"}},
					{"type":"web_search_tool_result","tool_use_id":"srv","content":[]},
					{"type":"tool_use","id":"toolu_1","name":"f","input":{"n":12345678901234567890,"pages":""},"caller":{"type":"direct"}}]},
				{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","is_error":true,"content":[{"type":"text","text":"r"},{"type":"image","source":{"type":"url","url":"https://x.example/i.png"}},{"type":"tool_reference","tool_name":"f"}]},{"type":"text","text":"go on"}]}]}`,
		"disabled thinking": `{"model":"m","max_tokens":5,"thinking":{"type":"disabled"},"messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}]}`,
		"other thinking":    `{"model":"m","max_tokens":5,"thinking":{"type":"between_tools"},"messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}]}`,
		"budget":            `{"model":"m","max_tokens":5000,"thinking":{"type":"enabled","budget_tokens":4999},"messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}]}`,
		"named tool":        `{"model":"m","max_tokens":5,"tools":[{"name":"f","input_schema":{"type":"object","properties":{}}}],"tool_choice":{"type":"tool","name":"f"},"messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}]}`,
		"prefill":           `{"model":"m","max_tokens":5,"top_k":20,"temperature":0.5,"messages":[{"role":"user","content":[{"type":"text","text":"hi"}]},{"role":"assistant","content":[{"type":"text","text":"{ "}]}]}`,
	}
	for name, body := range cases {
		t.Run(name, func(t *testing.T) {
			got, losses := encode(t, decode(t, body), wire.Dialect{})
			same(t, "round trip", got, body)
			if len(losses) > 0 {
				t.Errorf("losses: %v", losses)
			}
			again, _ := encode(t, decode(t, body), wire.Dialect{})
			if again != got {
				t.Error("the same input gave other bytes")
			}
		})
	}
}

func TestDecodeRequestMeaning(t *testing.T) {
	r := decode(t, `{"model":"m","messages":[
		{"role":"system","content":"lead"},
		{"role":"user","content":"q"},
		{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":"{\"x\":1}"},{"type":"tool_use","id":"b","name":"f"}]},
		{"role":"user","content":[{"type":"tool_result","tool_use_id":"a"},{"content":"two","tool_use_id":"b","type":"tool_result"}]},
		{"role":"system","content":[{"type":"text","text":"later"}]},
		{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/jpg","data":"data:image/jpg;base64,AAAA"}},
			{"type":"document","source":{"type":"content","content":[{"type":"text","text":"t"},{"type":"image","source":{"type":"url","url":"data:image/gif;base64,R0lGODlh"}}]}}]}],
		"system":"top","output_format":{"type":"json_schema","schema":{"a":1}},"thinking":{"type":"enabled","budget_tokens":2000,"display":"omitted"},
		"tool_choice":{"type":"any"},"max_tokens":null,"metadata":{"user_id":null}}`)
	if len(r.System) != 2 || r.System[0].Text != "top" || r.System[1].Text != "lead" {
		t.Errorf("System = %+v", r.System)
	}
	if r.Sampling.MaxTokens != nil {
		t.Error("null max_tokens must be absent")
	}
	if r.Output.Kind != llm.OutputSchema || r.Output.Strict == nil || !*r.Output.Strict {
		t.Errorf("Output = %+v", r.Output)
	}
	if r.Reasoning.Mode != llm.ReasoningOn || *r.Reasoning.Budget != 2000 || *r.Reasoning.Show {
		t.Errorf("Reasoning = %+v", r.Reasoning)
	}
	calls := r.Messages[1].Parts
	if calls[0].Call.Args != `{"x":1}` || calls[1].Call.Args != "" {
		t.Errorf("arguments = %q, %q", calls[0].Call.Args, calls[1].Call.Args)
	}
	results := r.Messages[2].Parts
	if results[0].Result.Parts != nil || results[1].Result.Parts[0].Text != "two" {
		t.Errorf("results = %+v", results)
	}
	if r.Messages[3].Role != llm.RoleSystem || r.Messages[3].Parts[0].Text != "later" {
		t.Errorf("mid-conversation system = %+v", r.Messages[3])
	}
	media := r.Messages[4].Parts
	if m := media[0].Media; m.MIME != "image/jpeg" || m.Data != "AAAA" {
		t.Errorf("jpg = %+v", m)
	}
	if len(media) != 3 || media[1].Text != "t" || media[2].Media.Data != "R0lGODlh" || media[2].Media.URL != "" {
		t.Errorf("document of pieces = %+v", media)
	}
}

func TestDecodeRequestRefuses(t *testing.T) {
	cases := []struct{ body, param string }{
		{`[]`, ""},
		{`{"model":"m"}`, "messages"},
		{`{"messages":[]}`, "messages"},
		{`{"messages":{}}`, "messages"},
		{`{"model":3,"messages":[{"role":"user","content":"x"}]}`, "model"},
		{`{"max_tokens":"5","messages":[{"role":"user","content":"x"}]}`, "max_tokens"},
		{`{"max_tokens":1.5,"messages":[{"role":"user","content":"x"}]}`, "max_tokens"},
		{`{"messages":[{"role":"tool","content":"x"}]}`, "messages[0].role"},
		{`{"messages":["x"]}`, "messages[0].role"},
		{`{"messages":[{"role":"user","content":3}]}`, "messages[0].content"},
		{`{"messages":[{"role":"user","content":["x"]}]}`, "messages[0].content[0]"},
		{`{"messages":[{"role":"user","content":[{"text":"x"}]}]}`, "messages[0].content[0].type"},
		{`{"messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"tool_result","content":[{"type":"text"},7]}]}]}`, "messages[0].content[1].content[1]"},
		{`{"system":4,"messages":[{"role":"user","content":"x"}]}`, "system"},
		{`{"system":[{"type":"image"}],"messages":[{"role":"user","content":"x"}]}`, "system"},
		{`{"tools":{},"messages":[{"role":"user","content":"x"}]}`, "tools"},
		{`{"tools":[{"description":"d"}],"messages":[{"role":"user","content":"x"}]}`, "tools[0].name"},
		{`{"tool_choice":{"type":"tool"},"messages":[{"role":"user","content":"x"}]}`, "tool_choice.name"},
		{`{"tool_choice":"auto","messages":[{"role":"user","content":"x"}]}`, "tool_choice.type"},
	}
	for _, c := range cases {
		_, err := New().DecodeRequest([]byte(c.body))
		if err == nil {
			t.Errorf("%s was accepted", c.body)
			continue
		}
		if e := fault.As(err); e.Kind != fault.Invalid || e.Param != c.param || e.Public == "" || strings.Contains(e.Public, "%!") {
			t.Errorf("%s: kind %v, param %q, %q; want param %q", c.body, e.Kind, e.Param, e.Public, c.param)
		}
	}
}

func i64(n int64) *int64     { return &n }
func f64(f float64) *float64 { return &f }
func yes(b bool) *bool       { return &b }

func ask(edit func(*llm.Request)) *llm.Request {
	r := &llm.Request{Model: "m", Messages: []llm.Message{{Parts: []llm.Part{{Text: "hi"}}}}}
	if edit != nil {
		edit(r)
	}
	return r
}

func TestMaxTokensAndThinking(t *testing.T) {
	budget, adaptive := wire.Caps{Thinking: wire.ThinkingBudget, MaxOutput: 64000}, wire.Caps{Thinking: wire.ThinkingAdaptive, MaxOutput: 64000}
	on := func(e llm.Effort, limit *int64) func(*llm.Request) {
		return func(r *llm.Request) {
			r.Reasoning = llm.Reasoning{Mode: llm.ReasoningOn, Effort: e}
			r.Sampling.MaxTokens = limit
		}
	}
	tokens := func(n int64) func(*llm.Request) {
		return func(r *llm.Request) { r.Reasoning = llm.Reasoning{Mode: llm.ReasoningOn, Budget: &n} }
	}
	tool := llm.Tool{Name: "f"}
	cases := []struct {
		name                      string
		edit                      func(*llm.Request)
		caps                      wire.Caps
		max, thinking, outputConf string
	}{
		{"R1 default", nil, wire.Caps{}, "8192", "", ""},
		{"R1 catalogue", nil, budget, "64000", "", ""},
		{"R1 over the maximum", func(r *llm.Request) { r.Sampling.MaxTokens = i64(100000) }, budget, "64000", "", ""},
		{"R41 budget", on("high", nil), budget, "64000", `{"type":"enabled","budget_tokens":24576}`, ""},
		{"R41 at least 1024", on("minimal", nil), budget, "64000", `{"type":"enabled","budget_tokens":1024}`, ""},
		{"R41 grows the limit", on("high", nil), wire.Caps{Thinking: wire.ThinkingBudget}, "32768", `{"type":"enabled","budget_tokens":24576}`, ""},
		{"R41 shrinks the budget", on("high", i64(2000)), budget, "2000", `{"type":"enabled","budget_tokens":1500}`, ""},
		{"R41 no room", on("high", i64(1024)), budget, "1024", "", ""},
		{"R41 just room", on("high", i64(1025)), budget, "1025", `{"type":"enabled","budget_tokens":1024}`, ""},
		{"R41 max", on("max", nil), budget, "64000", `{"type":"enabled","budget_tokens":48000}`, ""},
		{"R41 none", on("none", nil), budget, "64000", `{"type":"disabled"}`, ""},
		{"R41 zero budget", tokens(0), budget, "64000", `{"type":"disabled"}`, ""},
		{"R41 dynamic", tokens(-1), budget, "64000", `{"type":"enabled","budget_tokens":8192}`, ""},
		{"R41 adaptive", on("minimal", nil), adaptive, "64000", `{"type":"adaptive"}`, `{"effort":"low"}`},
		{"R41 adaptive from budget", tokens(20000), adaptive, "64000", `{"type":"adaptive"}`, `{"effort":"high"}`},
		{"R44 none", on("high", nil), wire.Caps{Thinking: wire.ThinkingNone}, "8192", "", ""},
		{"unknown model", on("low", nil), wire.Caps{}, "8192", `{"type":"enabled","budget_tokens":1024}`, ""},
		{"adaptive wish, budget model", func(r *llm.Request) { r.Reasoning = llm.Reasoning{Mode: llm.ReasoningAdaptive} }, budget, "64000", `{"type":"enabled","budget_tokens":8192}`, ""},
		{"effort alone", func(r *llm.Request) { r.Reasoning.Effort = "high" }, adaptive, "64000", "", `{"effort":"high"}`},
		{"effort alone, budget model", func(r *llm.Request) { r.Reasoning.Effort = "high" }, budget, "64000", "", ""},
		{"effort only", on("minimal", nil), wire.Caps{Thinking: wire.ThinkingEffort}, "8192", "", `{"effort":"low"}`},
		{"omitted", func(r *llm.Request) {
			r.Reasoning = llm.Reasoning{Mode: llm.ReasoningAdaptive, Show: yes(false)}
		}, adaptive, "64000", `{"type":"adaptive","display":"omitted"}`, ""},
		{"R40 forced", func(r *llm.Request) {
			on("high", nil)(r)
			r.Tools, r.Choice = []llm.Tool{tool}, llm.ToolChoice{Mode: llm.ChoiceRequired}
		}, budget, "64000", "", ""},
		{"R40 auto keeps thinking", func(r *llm.Request) {
			on("high", nil)(r)
			r.Tools, r.Choice = []llm.Tool{tool}, llm.ToolChoice{Mode: llm.ChoiceAuto}
		}, budget, "64000", `{"type":"enabled","budget_tokens":24576}`, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, _ := encode(t, ask(c.edit), wire.Dialect{Caps: c.caps})
			if s := part(got, "max_tokens"); s != c.max {
				t.Errorf("max_tokens = %s, want %s", s, c.max)
			}
			if s := part(got, "thinking"); s != c.thinking {
				t.Errorf("thinking = %s, want %s", s, c.thinking)
			}
			if s := part(got, "output_config"); s != c.outputConf {
				t.Errorf("output_config = %s, want %s", s, c.outputConf)
			}
		})
	}
	if _, _, err := New().EncodeRequest(ask(func(r *llm.Request) { r.Sampling.MaxTokens = i64(0) }), wire.Dialect{}); fault.KindOf(err) != fault.Invalid {
		t.Errorf("max_tokens 0: %v", err)
	}
}

// A tool turn whose thinking came from elsewhere cannot go on thinking here
// (R27c, P28, P29).
func TestThinkingInToolTurns(t *testing.T) {
	turn := func(thought string) string {
		return `{"model":"m","max_tokens":9000,"thinking":{"type":"enabled","budget_tokens":2000},"tools":[{"name":"f","input_schema":{}}],"messages":[{"role":"user","content":"q"},
			{"role":"assistant","content":[` + thought + `{"type":"tool_use","id":"t","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"r"}]}]}`
	}
	for name, c := range map[string]struct {
		thought string
		on      bool
		blocks  int
	}{
		"signed":   {`{"type":"thinking","thinking":"a","signature":"c2ln"},`, true, 2},
		"redacted": {`{"type":"redacted_thinking","data":"ZA=="},`, true, 2},
		"unsigned": {`{"type":"thinking","thinking":"a","signature":""},`, false, 1},
		"foreign":  {`{"type":"thinking","thinking":"a","signature":"` + wire.PackSeal(llm.Seal{Family: llm.FamilyGemini, Data: "R0VN"}, wire.Anthropic) + `"},`, false, 1},
		"absent":   {``, false, 1},
	} {
		got, _ := encode(t, decode(t, turn(c.thought)), wire.Dialect{Caps: wire.Caps{Thinking: wire.ThinkingBudget}})
		if on := part(got, "thinking") != ""; on != c.on {
			t.Errorf("%s: thinking on = %v", name, on)
		}
		var body struct {
			Messages []struct{ Content []any }
		}
		if err := json.Unmarshal([]byte(got), &body); err != nil {
			t.Fatal(err)
		}
		if n := len(body.Messages[1].Content); n != c.blocks {
			t.Errorf("%s: %d blocks in the assistant's turn, want %d", name, n, c.blocks)
		}
	}
}

func TestSampling(t *testing.T) {
	cases := []struct {
		name       string
		s          llm.Sampling
		caps       wire.Caps
		mode       llm.ReasoningMode
		temp, p, k string
		stop       string
	}{
		{"R2 clamp", llm.Sampling{Temperature: f64(1.6)}, wire.Caps{}, 0, "1", "", "", ""},
		{"R2 below", llm.Sampling{Temperature: f64(-1)}, wire.Caps{}, 0, "0", "", "", ""},
		{"R2 both", llm.Sampling{Temperature: f64(0.25), TopP: f64(0.5), TopK: f64(20)}, wire.Caps{}, 0, "0.25", "", "20", ""},
		{"R2 top_p", llm.Sampling{TopP: f64(0.5)}, wire.Caps{}, 0, "", "0.5", "", ""},
		{"R2 thinking", llm.Sampling{Temperature: f64(0.2), TopP: f64(0.5), TopK: f64(3)}, wire.Caps{}, llm.ReasoningOn, "", "", "", ""},
		{"R2 thinking at 1", llm.Sampling{Temperature: f64(1)}, wire.Caps{}, llm.ReasoningOn, "1", "", "", ""},
		{"R2 refused", llm.Sampling{Temperature: f64(1), TopP: f64(0.5), TopK: f64(3)}, wire.Caps{NoSampling: true}, 0, "", "", "", ""},
		{"R3", llm.Sampling{Stop: []string{"", " \n", "END", "x"}}, wire.Caps{}, 0, "", "", "", `["END","x"]`},
		{"R3 none left", llm.Sampling{Stop: []string{" "}}, wire.Caps{}, 0, "", "", "", ""},
	}
	for _, c := range cases {
		got, losses := encode(t, ask(func(r *llm.Request) { r.Sampling, r.Reasoning.Mode = c.s, c.mode }), wire.Dialect{Caps: c.caps})
		if part(got, "temperature") != c.temp || part(got, "top_p") != c.p || part(got, "top_k") != c.k || part(got, "stop_sequences") != c.stop {
			t.Errorf("%s: %s", c.name, got)
		}
		if c.name != "R2 top_p" && c.name != "R2 thinking at 1" && len(losses) == 0 {
			t.Errorf("%s: nothing listed as lost", c.name)
		}
	}
}

func TestRefused(t *testing.T) {
	cases := map[string]struct {
		edit  func(*llm.Request)
		kind  fault.Kind
		param string
	}{
		"R4 n":            {func(r *llm.Request) { r.Sampling.N = i64(2) }, fault.Unsupported, "n"},
		"R8 previous":     {func(r *llm.Request) { r.Meta.PreviousResponseID = "resp_1" }, fault.Invalid, "previous_response_id"},
		"R8 conversation": {func(r *llm.Request) { r.Meta.Conversation = []byte(`"c"`) }, fault.Invalid, "conversation"},
		"R8 item":         {func(r *llm.Request) { r.Meta.ItemReferences = []string{"i"} }, fault.Invalid, "input"},
		"only audio": {func(r *llm.Request) {
			r.Messages[0].Parts = []llm.Part{{Kind: llm.PartAudio, Media: &llm.Media{Data: "AA"}}}
		}, fault.Unsupported, "messages[0].content"},
		"only a strange type": {func(r *llm.Request) {
			r.Messages[0].Parts = []llm.Part{{Kind: llm.PartFile, Media: &llm.Media{Data: "AAAA", MIME: "application/zip"}}}
		}, fault.Unsupported, "messages[0].content"},
	}
	for name, c := range cases {
		_, _, err := New().EncodeRequest(ask(c.edit), wire.Dialect{})
		if e := fault.As(err); e == nil || e.Kind != c.kind || e.Param != c.param {
			t.Errorf("%s: %v", name, err)
		}
	}
}
