package responses

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"omniroute/backend/fault"
	"omniroute/backend/llm"
	"omniroute/backend/wire"
)

func mustDecode(t *testing.T, body string) *llm.Request {
	t.Helper()
	if !json.Valid([]byte(body)) {
		t.Fatalf("the test's body is not JSON: %s", body)
	}
	req, err := New().DecodeRequest([]byte(body))
	if err != nil {
		t.Fatalf("DecodeRequest: %v", err)
	}
	return req
}

// outline writes messages in short.
func outline(ms []llm.Message) string {
	var out []string
	for _, m := range ms {
		var parts []string
		for _, p := range m.Parts {
			parts = append(parts, partOutline(p))
		}
		out = append(out, [...]string{"user", "assistant", "system"}[m.Role]+"["+strings.Join(parts, " ")+"]")
	}
	return strings.Join(out, " ")
}

func partOutline(p llm.Part) string {
	s := ""
	switch p.Kind {
	case llm.PartText:
		s = p.Text
	case llm.PartRefusal:
		s = "refuse:" + p.Text
	case llm.PartImage, llm.PartFile, llm.PartAudio:
		s = fmt.Sprintf("media:%s,%s,%s,%s,%s,%s", p.Media.MIME, p.Media.Data, p.Media.URL, p.Media.FileID, p.Media.Name, p.Media.Detail)
	case llm.PartToolCall:
		s = fmt.Sprintf("call:%s,%s,%s,%s%s", p.Call.ID, p.Call.Namespace, p.Call.Name, p.Call.Args, p.Call.Input)
	case llm.PartToolResult:
		var inner []string
		for _, x := range p.Result.Parts {
			inner = append(inner, partOutline(x))
		}
		s = fmt.Sprintf("result:%s(%s)", p.Result.CallID, strings.Join(inner, " "))
		if p.Result.Error {
			s += "!"
		}
	case llm.PartReasoning:
		s = "think:" + p.Text
	case llm.PartServer, llm.PartOpaque:
		s = "raw:" + p.Opaque.Type
	}
	if p.Seal.Data != "" {
		s += fmt.Sprintf("{%s %s}", p.Seal.Family, p.Seal.Data)
	}
	return s
}

func TestDecodeInput(t *testing.T) {
	for _, c := range []struct{ name, input, system, want string }{
		{"string", `"hi"`, "", "user[hi]"},
		{"easy messages", `[{"role":"user","content":"a"},{"role":"assistant","content":"b"},{"role":"user","content":[{"type":"input_text","text":"c"}]}]`, "", "user[a] assistant[b] user[c]"},
		{"leading instructions (R12)", `[{"role":"system","content":"s"},{"type":"message","role":"developer","content":[{"type":"input_text","text":"d"}]},{"role":"user","content":"a"}]`, "s|d", "user[a]"},
		{"later instructions stay (P13)", `[{"role":"user","content":"a"},{"role":"developer","content":"d"},{"role":"user","content":"b"}]`, "", "user[a] system[d] user[b]"},
		{"one turn of the model (P82)", `[{"role":"user","content":"a"},{"type":"reasoning","id":"rs","summary":[],"encrypted_content":"enc"},{"type":"message","role":"assistant","content":[{"type":"output_text","text":"t"}]},{"type":"function_call","call_id":"c1","name":"f","arguments":"{}"},{"type":"function_call","call_id":"c2","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"c1","output":"r1"},{"type":"function_call_output","call_id":"c2","output":""}]`,
			"", "user[a] assistant[think:{openai enc} t call:c1,,f,{} call:c2,,f,{}] user[result:c1(r1) result:c2()]"},
		{"custom call", `[{"type":"custom_tool_call","call_id":"c","name":"apply_patch","namespace":"n","input":"*** x"},{"type":"custom_tool_call_output","call_id":"c","output":[{"type":"input_text","text":"ok"}]}]`, "", "assistant[call:c,n,apply_patch,*** x] user[result:c(ok)]"},
		{"local shell", `[{"type":"local_shell_call","id":"lsh","call_id":"c","status":"completed","action":{"type":"exec","command":["ls"],"env":{}}},{"type":"local_shell_call_output","id":"c","output":"out"}]`, "", `assistant[call:c,,local_shell,{"type":"exec","command":["ls"],"env":{}}] user[result:c(out)]`},
		{"failed patch", `[{"type":"apply_patch_call","call_id":"c","status":"completed","operation":{"type":"delete_file","path":"x"}},{"type":"apply_patch_call_output","call_id":"c","status":"failed","output":"no file"}]`, "", `assistant[call:c,,apply_patch,{"type":"delete_file","path":"x"}] user[result:c(no file)!]`},
		{"shell in a container is the server's", `[{"type":"shell_call","call_id":"c","action":{"commands":[]},"environment":{"type":"container_reference"}}]`, "", "assistant[raw:shell_call]"},
		{"server items", `[{"type":"web_search_call","id":"ws"},{"type":"mcp_approval_response","approve":true},{"type":"compaction","encrypted_content":"x"}]`, "", "assistant[raw:web_search_call] user[raw:mcp_approval_response] assistant[raw:compaction]"},
		{"stringified image (R23)", `[{"type":"function_call_output","call_id":"c","output":"[{\"type\":\"input_text\",\"text\":\"see\"},{\"type\":\"input_image\",\"image_url\":\"data:image/jpg;base64,QUJD\"}]"}]`, "", "user[result:c(see media:image/jpeg,QUJD,,,,)]"},
		{"a tool's own list stays text", `[{"type":"function_call_output","call_id":"c","output":"[{\"type\":\"input_image\"},{\"x\":1}]"}]`, "", `user[result:c([{"type":"input_image"},{"x":1}])]`},
		{"media", `[{"role":"user","content":[{"type":"input_image","image_url":"https://x/i.png","detail":"low"},{"type":"input_image","file_id":"file-1"},{"type":"input_file","filename":"a.pdf","file_data":"data:application/pdf;base64,JVBERi0="},{"type":"input_file","file_url":"https://x/a.pdf"},{"type":"input_audio","input_audio":{"data":"QQ==","format":"mp3"}}]}]`,
			"", "user[media:,,https://x/i.png,,,low media:,,,file-1,, media:application/pdf,JVBERi0=,,,a.pdf, media:application/pdf,,https://x/a.pdf,,, media:audio/mpeg,QQ==,,,,]"},
		{"claude's thought comes back (R28)", `[{"type":"reasoning","summary":[{"type":"summary_text","text":"mm"}],"encrypted_content":"~omni1.a..c2ln"}]`, "", "assistant[think:mm{anthropic c2ln}]"},
		{"gemini's signature before its call", `[{"type":"reasoning","summary":[],"encrypted_content":"~omni1.g..c2ln"},{"type":"function_call","call_id":"c1","name":"f","arguments":"{}"},{"type":"function_call","call_id":"c2","name":"f","arguments":"{}"}]`, "", "assistant[call:c1,,f,{}{gemini c2ln} call:c2,,f,{}]"},
		{"gemini's signature behind its call", `[{"type":"function_call","call_id":"c1","name":"f","arguments":"{}"},{"type":"reasoning","summary":[],"encrypted_content":"~omni1.g..c2ln"},{"type":"function_call","call_id":"c2","name":"f","arguments":"{}"}]`, "", "assistant[call:c1,,f,{}{gemini c2ln} call:c2,,f,{}]"},
		{"gemini's signature behind its text", `[{"role":"assistant","content":"a"},{"type":"reasoning","summary":[],"encrypted_content":"~omni1.g..c2ln"}]`, "", "assistant[a{gemini c2ln}]"},
		{"forged carrier", `[{"role":"user","content":"a"},{"type":"reasoning","summary":[],"encrypted_content":"~omni1.zz..c2ln"}]`, "", "user[a]"},
		{"refusal", `[{"role":"assistant","content":[{"type":"refusal","refusal":"no"}]}]`, "", "assistant[refuse:no]"},
		{"reasoning text of open models", `[{"type":"reasoning","id":"rs","summary":[],"content":[{"type":"reasoning_text","text":"x"},{"type":"reasoning_text","text":"y"}]}]`, "", "assistant[think:x\n\ny]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			req := mustDecode(t, `{"model":"m","input":`+c.input+`}`)
			var system []string
			for _, p := range req.System {
				system = append(system, p.Text)
			}
			if got := strings.Join(system, "|"); got != c.system {
				t.Errorf("system %q, want %q", got, c.system)
			}
			if got := outline(req.Messages); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestDecodeRequestMembers(t *testing.T) {
	req := mustDecode(t, `{"model":"m","stream":true,"instructions":"Be kind.","input":"hi","max_output_tokens":9,"temperature":0.5,"top_p":1,"top_logprobs":2,
		"include":["message.output_text.logprobs","reasoning.encrypted_content"],"parallel_tool_calls":false,"reasoning":{"effort":"low","summary":"auto","context":"all_turns"},
		"text":{"verbosity":"low","format":{"type":"json_schema","name":"r","strict":true,"schema":{"type":"object"}}},"metadata":{"a":"b"},"service_tier":"flex","store":false,
		"prompt_cache_key":"k","user":"u","safety_identifier":"s","previous_response_id":"resp_9","conversation":{"id":"conv_1"},"truncation":"auto","unknown":{"x":1},
		"tools":[{"type":"function","name":"f","parameters":{"type":"object"},"strict":null,"output_schema":{}},{"type":"custom","name":"p","format":{"type":"grammar","syntax":"lark","definition":"d"}},
		 {"type":"namespace","name":"crm","description":"about","tools":[{"type":"function","name":"g"},{"type":"custom","name":"h"}]},
		 {"type":"web_search_preview","user_location":{"type":"approximate","city":"Bonn"}},{"type":"image_generation"},{"type":"local_shell"},{"type":"tool_search","execution":"client","description":"find","parameters":{"type":"object"}},{"type":"mcp","server_label":"x"}],
		"tool_choice":{"type":"custom","name":"p"}}`)
	if req.Model != "m" || !req.Stream || req.System[0].Text != "Be kind." || *req.Sampling.MaxTokens != 9 || *req.Sampling.Temperature != 0.5 || *req.Sampling.TopLogprobs != 2 || !req.Sampling.Logprobs || *req.Parallel {
		t.Errorf("members lost: %+v", req)
	}
	if r := req.Reasoning; r.Mode != llm.ReasoningOn || r.Effort != "low" || r.Summary != "auto" || r.Show == nil || !*r.Show {
		t.Errorf("reasoning %+v", r)
	}
	if o := req.Output; o.Kind != llm.OutputSchema || o.Name != "r" || !*o.Strict || o.Verbosity != "low" {
		t.Errorf("output %+v", o)
	}
	if m := req.Meta; m.UserID != "s" || string(m.Map) != `{"a":"b"}` || m.ServiceTier != "flex" || *m.Store || m.CacheKey != "k" || m.PreviousResponseID != "resp_9" || string(m.Conversation) != `{"id":"conv_1"}` {
		t.Errorf("meta %+v", m)
	}
	var tools []string
	for _, x := range req.Tools {
		tools = append(tools, fmt.Sprintf("%d:%s:%s", x.Kind, x.Namespace, x.Name))
	}
	if got, want := strings.Join(tools, " "), "0::f 1::p 0:crm:g 1:crm:h 2::web_search 3::image_generation 0::local_shell 0::tool_search 3::mcp"; got != want {
		t.Errorf("tools %s, want %s", got, want)
	}
	if c := req.Choice; c.Mode != llm.ChoiceNamed || c.Names[0] != "p" || !c.Custom {
		t.Errorf("choice %+v", c)
	}
	if string(extra(req.Extra, "unknown")) != `{"x":1}` || string(extra(req.Extra, "truncation")) != `"auto"` {
		t.Errorf("unknown members lost: %v", req.Extra)
	}
	refs := mustDecode(t, `{"input":[{"type":"item_reference","id":"msg_1"},{"id":"rs_1"},{"type":"additional_tools","role":"developer","tools":[{"type":"function","name":"late"}]}]}`)
	if !reflect.DeepEqual(refs.Meta.ItemReferences, []string{"msg_1", "rs_1"}) || len(refs.Tools) != 1 || refs.Tools[0].Name != "late" {
		t.Errorf("references %v, tools %v", refs.Meta.ItemReferences, refs.Tools)
	}
}

func TestDecodeChoice(t *testing.T) {
	for _, c := range []struct {
		in   string
		want llm.ToolChoice
		raw  bool
	}{
		{`"auto"`, llm.ToolChoice{Mode: llm.ChoiceAuto}, false},
		{`"none"`, llm.ToolChoice{Mode: llm.ChoiceNone}, false},
		{`"required"`, llm.ToolChoice{Mode: llm.ChoiceRequired}, false},
		{`{"type":"function","name":"f"}`, llm.ToolChoice{Mode: llm.ChoiceNamed, Names: []string{"f"}}, false},
		{`{"type":"web_search_preview"}`, llm.ToolChoice{Mode: llm.ChoiceNamed, Names: []string{"web_search"}}, false},
		{`{"type":"apply_patch"}`, llm.ToolChoice{Mode: llm.ChoiceNamed, Names: []string{"apply_patch"}}, false},
		{`{"type":"file_search"}`, llm.ToolChoice{}, true},
		{`{"type":"allowed_tools","mode":"required","tools":[{"type":"function","name":"f"},{"type":"mcp","server_label":"x"}]}`, llm.ToolChoice{Mode: llm.ChoiceAllowed, Names: []string{"f"}, Required: true}, false},
		{`{"type":"allowed_tools","mode":"auto","tools":[{"type":"file_search"}]}`, llm.ToolChoice{}, true},
	} {
		req := mustDecode(t, `{"input":"x","tool_choice":`+c.in+`,"tools":[{"type":"function","name":"f"},{"type":"web_search"},{"type":"apply_patch"}]}`)
		if !reflect.DeepEqual(req.Choice, c.want) || (extra(req.Extra, "tool_choice") != nil) != c.raw {
			t.Errorf("%s: %+v, raw %s", c.in, req.Choice, extra(req.Extra, "tool_choice"))
		}
	}
}

func TestDecodeRequestRefuses(t *testing.T) {
	for _, c := range []struct{ body, param string }{
		{`[]`, ""},
		{`{"model":"m"}`, "input"},
		{`{"input":7}`, "input"},
		{`{"input":["x"]}`, "input[0]"},
		{`{"input":[{"role":"user","content":"a"},{"role":"critic","content":"x"}]}`, "input[1].role"},
		{`{"input":[{"role":"user"}]}`, "input[0].content"},
		{`{"input":[{"x":1}]}`, "input[0].type"},
		{`{"input":"a","tools":{}}`, "tools"},
	} {
		_, err := New().DecodeRequest([]byte(c.body))
		if e := fault.As(err); e == nil || e.Kind != fault.Invalid || e.Param != c.param {
			t.Errorf("%s: %+v, want param %q", c.body, e, c.param)
		}
	}
}

// through decodes a client's request and encodes it for an upstream, as the
// gateway does.
func through(t *testing.T, req *llm.Request, d wire.Dialect) (map[string]any, []llm.Loss) {
	t.Helper()
	prepared, losses := wire.Prepare(req, wire.OpenAIResponses, d)
	body, more, err := New().EncodeRequest(prepared, d)
	if err != nil {
		t.Fatalf("EncodeRequest: %v", err)
	}
	again, _, _ := New().EncodeRequest(prepared, d)
	if string(again) != string(body) {
		t.Errorf("not deterministic:\n%s\n%s", body, again)
	}
	var m map[string]any
	if err := json.Unmarshal(body, &m); err != nil {
		t.Fatalf("not JSON: %v in %s", err, body)
	}
	return m, append(losses, more...)
}

// same compares a member with JSON text.
func same(t *testing.T, m map[string]any, path, want string) {
	t.Helper()
	var got any = m
	for _, k := range strings.Split(path, ".") {
		switch x := got.(type) {
		case map[string]any:
			v, ok := x[k]
			if !ok {
				if want != "" {
					t.Errorf("%s is missing", path)
				}
				return
			}
			got = v
		case []any:
			var i int
			fmt.Sscan(k, &i)
			if i >= len(x) {
				t.Errorf("%s is missing", path)
				return
			}
			got = x[i]
		}
	}
	var w any
	if want == "" || json.Unmarshal([]byte(want), &w) != nil {
		b, _ := json.Marshal(got)
		t.Errorf("%s = %s, want none", path, b)
		return
	}
	if !reflect.DeepEqual(got, w) {
		b, _ := json.Marshal(got)
		t.Errorf("%s = %s, want %s", path, b, want)
	}
}

func ptr[T any](v T) *T { return &v }

func userSays(text string) []llm.Message {
	return []llm.Message{{Role: llm.RoleUser, Parts: []llm.Part{{Text: text}}}}
}

func TestEncodeRequest(t *testing.T) {
	req := &llm.Request{
		Model: "m", System: []llm.Part{{Text: "A"}, {Text: "B"}},
		Messages: []llm.Message{
			{Role: llm.RoleUser, Parts: []llm.Part{{Text: "see"}, {Kind: llm.PartImage, Media: &llm.Media{MIME: "image/png", Data: "QUJD"}}, {Kind: llm.PartFile, Media: &llm.Media{MIME: "application/pdf", Data: "JVBERi0="}}}},
			{Role: llm.RoleAssistant, Parts: []llm.Part{{Text: "ok"}, {Kind: llm.PartToolCall, Call: &llm.ToolCall{ID: "c1", Name: "f"}}, {Kind: llm.PartToolCall, Call: &llm.ToolCall{ID: "c2", Name: "p", Kind: llm.CallCustom, Input: "x"}}}},
			{Role: llm.RoleUser, Parts: []llm.Part{
				{Kind: llm.PartToolResult, Result: &llm.ToolResult{CallID: "c1", Error: true, Parts: []llm.Part{{Text: "boom"}}}},
				{Kind: llm.PartToolResult, Result: &llm.ToolResult{CallID: "c2", Parts: []llm.Part{{Kind: llm.PartImage, Media: &llm.Media{URL: "https://x/i.png"}}}}},
				{Text: "go on"}}},
			{Role: llm.RoleSystem, Parts: []llm.Part{{Text: "late rule"}}},
		},
		Tools: []llm.Tool{
			{Name: "f", Description: "does", Schema: []byte(`{"type":"object"}`)}, {Kind: llm.ToolCustom, Name: "p", Grammar: []byte(`{"type":"grammar","grammar":{"syntax":"lark","definition":"d"}}`)},
			{Kind: llm.ToolWebSearch, Name: "web_search", Search: &llm.WebSearch{Allowed: []string{"a.org"}, City: "Bonn", MaxUses: 2}},
		},
		Choice: llm.ToolChoice{Mode: llm.ChoiceAllowed, Names: []string{"f", "p"}}, Parallel: ptr(false),
		Sampling: llm.Sampling{MaxTokens: ptr(int64(80)), Temperature: ptr(0.5), Stop: []string{"x"}, Seed: ptr(int64(1)), N: ptr(int64(1)), Logprobs: true, TopLogprobs: ptr(int64(3))},
		Output:   llm.Output{Kind: llm.OutputSchema, Schema: []byte(`{"title":"My Answer","type":"object"}`)},
		Meta:     llm.Meta{UserID: "u", ServiceTier: "standard_only", CacheKey: "k"},
	}
	m, losses := through(t, req, wire.Dialect{Model: "gpt"})
	same(t, m, "model", `"gpt"`)
	same(t, m, "instructions", `"A\n\nB"`)
	same(t, m, "stream", "")
	same(t, m, "store", "false")
	same(t, m, "user", `"u"`)
	same(t, m, "service_tier", "")
	same(t, m, "max_output_tokens", "80")
	same(t, m, "top_logprobs", "3")
	same(t, m, "include", `["message.output_text.logprobs"]`)
	same(t, m, "text.format.name", `"My_Answer"`)
	same(t, m, "text.format.strict", "true")
	same(t, m, "parallel_tool_calls", "false")
	same(t, m, "tool_choice", `{"type":"allowed_tools","mode":"auto","tools":[{"type":"function","name":"f"},{"type":"custom","name":"p"}]}`)
	same(t, m, "tools", `[{"type":"function","name":"f","description":"does","parameters":{"type":"object","properties":{}},"strict":false},{"type":"custom","name":"p","format":{"type":"grammar","syntax":"lark","definition":"d"}},{"type":"web_search","filters":{"allowed_domains":["a.org"]},"user_location":{"type":"approximate","city":"Bonn"}}]`)
	same(t, m, "input", `[
		{"type":"message","role":"user","content":[{"type":"input_text","text":"see"},{"type":"input_image","image_url":"data:image/png;base64,QUJD","detail":"auto"},{"type":"input_file","filename":"document.pdf","file_data":"data:application/pdf;base64,JVBERi0="}]},
		{"type":"message","role":"assistant","content":[{"type":"output_text","text":"ok"}]},
		{"type":"function_call","call_id":"c1","name":"f","arguments":"{}"},{"type":"custom_tool_call","call_id":"c2","name":"p","input":"x"},
		{"type":"function_call_output","call_id":"c1","output":"Error: boom"},{"type":"custom_tool_call_output","call_id":"c2","output":[{"type":"input_image","image_url":"https://x/i.png","detail":"auto"}]},
		{"type":"message","role":"user","content":[{"type":"input_text","text":"go on"}]},
		{"type":"message","role":"developer","content":[{"type":"input_text","text":"late rule"}]}]`)
	var lost []string
	for _, l := range losses {
		lost = append(lost, l.Path)
	}
	if got, want := strings.Join(lost, " "), "tools.web_search seed stop service_tier"; got != want {
		t.Errorf("losses %q, want %q", got, want)
	}
}

func TestEncodeReasoning(t *testing.T) {
	effort := wire.Caps{Thinking: wire.ThinkingEffort}
	for _, c := range []struct {
		name string
		in   llm.Reasoning
		caps wire.Caps
		want string
	}{
		{"no wish", llm.Reasoning{}, effort, ""},
		{"chat's word", llm.Reasoning{Mode: llm.ReasoningOn, Effort: "minimal"}, wire.Caps{}, `{"effort":"minimal"}`},
		{"budget (R42)", llm.Reasoning{Mode: llm.ReasoningOn, Budget: ptr(int64(2000))}, effort, `{"effort":"medium","summary":"auto"}`},
		{"adaptive (R42)", llm.Reasoning{Mode: llm.ReasoningAdaptive}, effort, `{"effort":"medium","summary":"auto"}`},
		{"omitted (R42)", llm.Reasoning{Mode: llm.ReasoningAdaptive, Effort: "high", Show: ptr(false)}, effort, `{"effort":"high"}`},
		{"off, the model has the word", llm.Reasoning{Mode: llm.ReasoningOff}, effort, `{"effort":"none"}`},
		{"off, nobody knows", llm.Reasoning{Mode: llm.ReasoningOff}, wire.Caps{}, ""},
		{"none", llm.Reasoning{Mode: llm.ReasoningOff, Effort: "none"}, wire.Caps{}, `{"effort":"none"}`},
		{"the model does not think (R44)", llm.Reasoning{Mode: llm.ReasoningOn, Effort: "high"}, wire.Caps{Thinking: wire.ThinkingNone}, ""},
		{"own words", llm.Reasoning{Mode: llm.ReasoningOn, Effort: "xhigh", Summary: "detailed"}, effort, `{"effort":"xhigh","summary":"detailed"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, _ := through(t, &llm.Request{Messages: userSays("x"), Reasoning: c.in}, wire.Dialect{Caps: c.caps})
			same(t, m, "reasoning", c.want)
		})
	}
}

func TestEncodeRequestRefuses(t *testing.T) {
	for _, c := range []struct {
		name   string
		edit   func(*llm.Request)
		param  string
		code   string
		status int
	}{
		{"n (R4)", func(r *llm.Request) { r.Sampling.N = ptr(int64(2)) }, "n", fault.CodeUnsupportedParam, 400},
		{"previous response (R8)", func(r *llm.Request) { r.Meta.PreviousResponseID = "resp_x" }, "previous_response_id", "previous_response_not_found", 400},
		{"conversation (R8)", func(r *llm.Request) { r.Meta.Conversation = []byte(`"c"`) }, "conversation", fault.CodeUnsupportedParam, 400},
		{"reference (R8)", func(r *llm.Request) { r.Meta.ItemReferences = []string{"x"} }, "input", "item_not_found", 400},
		{"thread (R9)", func(r *llm.Request) { r.Meta.Thread = []byte(`{"type":"create"}`) }, "thread", fault.CodeThreadUnsupported, 400},
		{"continued thread (R9)", func(r *llm.Request) { r.Meta.Thread = []byte(`{"type":"continue"}`) }, "thread", fault.CodeThreadNotFound, 404},
	} {
		req := &llm.Request{Messages: userSays("x")}
		c.edit(req)
		_, _, err := New().EncodeRequest(req, wire.Dialect{})
		e := fault.As(err)
		if e == nil || e.Param != c.param || e.Code != c.code || e.HTTPStatus() != c.status {
			t.Errorf("%s: %+v", c.name, e)
		}
	}
}

func TestCodex(t *testing.T) {
	client := mustDecode(t, `{"model":"m","input":[{"role":"developer","content":"early"},{"role":"user","content":[{"type":"input_text","text":"hi","prompt_cache_breakpoint":{"mode":"explicit"}}]},{"role":"system","content":"later"},
		{"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"a"},{"type":"summary_text","text":"b"}],"encrypted_content":"enc"},
		{"type":"reasoning","id":"rs_2","summary":[],"encrypted_content":"~omni1.a..Zm9yZWlnbg"},
		{"type":"message","id":"msg_1","role":"assistant","phase":"commentary","content":[{"type":"output_text","text":"one"}]},
		{"type":"message","id":"msg_2","role":"assistant","phase":"final_answer","content":[{"type":"output_text","text":"two"}]},
		{"type":"local_shell_call","id":"lsh","call_id":"c","status":"completed","action":{"type":"exec","command":["ls"],"env":{}}},{"type":"local_shell_call_output","id":"c","output":"out"},
		{"type":"web_search_call","id":"ws_1","status":"completed","action":{"type":"search","query":"q"}}],
		"tools":[{"type":"local_shell"},{"type":"web_search","external_web_access":true},{"type":"image_generation"}],"tool_choice":{"type":"image_generation"},
		"store":true,"max_output_tokens":5,"temperature":1,"top_p":1,"metadata":{},"user":"u","safety_identifier":"s","prompt_cache_retention":"24h","truncation":"auto","service_tier":"flex","top_logprobs":2,
		"client_metadata":{"x":"y"},"prompt_cache_key":"k","include":["web_search_call.action.sources"]}`)
	m, _ := through(t, client, wire.Dialect{Model: "gpt-codex", Caps: wire.Caps{Codex: true, Thinking: wire.ThinkingEffort}})
	for _, k := range []string{"max_output_tokens", "temperature", "top_p", "top_logprobs", "metadata", "user", "safety_identifier", "prompt_cache_retention", "truncation", "service_tier", "previous_response_id"} {
		same(t, m, k, "")
	}
	same(t, m, "stream", "true")
	same(t, m, "store", "false")
	same(t, m, "instructions", `"early"`)
	same(t, m, "include", `["web_search_call.action.sources","reasoning.encrypted_content"]`)
	same(t, m, "client_metadata", `{"x":"y"}`)
	same(t, m, "prompt_cache_key", `"k"`)
	same(t, m, "tool_choice", `{"type":"image_generation"}`)
	same(t, m, "tools", `[{"type":"local_shell"},{"type":"web_search","external_web_access":true},{"type":"image_generation"}]`)
	same(t, m, "input", `[{"type":"message","role":"user","content":[{"type":"input_text","text":"hi"}]},
		{"type":"message","role":"developer","content":[{"type":"input_text","text":"later"}]},
		{"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"a"},{"type":"summary_text","text":"b"}],"encrypted_content":"enc"},
		{"type":"message","role":"assistant","phase":"commentary","content":[{"type":"output_text","text":"one"}]},
		{"type":"message","role":"assistant","phase":"final_answer","content":[{"type":"output_text","text":"two"}]},
		{"type":"local_shell_call","id":"lsh","call_id":"c","status":"completed","action":{"type":"exec","command":["ls"],"env":{}}},{"type":"local_shell_call_output","id":"c","output":"out"},
		{"type":"web_search_call","id":"ws_1","status":"completed","action":{"type":"search","query":"q"}}]`)

	m, _ = through(t, &llm.Request{}, wire.Dialect{Caps: wire.Caps{Codex: true}})
	if s, _ := m["instructions"].(string); s == "" {
		t.Error("codex refuses empty instructions")
	}
	if l, _ := m["input"].([]any); len(l) != 1 {
		t.Errorf("codex refuses an empty input: %v", m["input"])
	}
}

func TestEncodeCountRequest(t *testing.T) {
	m, _ := through(t, &llm.Request{Op: llm.OpCountTokens, Messages: userSays("x"), Stream: true, Sampling: llm.Sampling{MaxTokens: ptr(int64(5))}, Meta: llm.Meta{UserID: "u"}}, wire.Dialect{Model: "m"})
	for _, k := range []string{"stream", "store", "max_output_tokens", "user", "include"} {
		same(t, m, k, "")
	}
	c := New()
	if n, err := c.DecodeCount(c.EncodeCount(42)); n != 42 || err != nil {
		t.Errorf("count %d, %v", n, err)
	}
	if _, err := c.DecodeCount([]byte(`{"error":1}`)); err == nil {
		t.Error("a body without a count is not 0 tokens")
	}
}

func TestToolSearch(t *testing.T) {
	req := mustDecode(t, `{"input":[{"role":"user","content":"x"},{"type":"tool_search_call","call_id":"c","execution":"client","status":"completed","arguments":{"query":"mail"}},
		{"type":"tool_search_output","call_id":"c","execution":"client","status":"completed","tools":[{"type":"namespace","name":"mail","description":"","tools":[{"type":"function","name":"send","parameters":{"type":"object","properties":{}}}]}]}],
		"tools":[{"type":"tool_search","execution":"client","parameters":{"type":"object","properties":{}}}]}`)
	if got, want := outline(req.Messages), `user[x] assistant[call:c,,tool_search,{"query":"mail"}] user[result:c({"loaded":["send"]})]`; got != want {
		t.Errorf("got %s", got)
	}
	if n := len(req.Tools); n != 2 || req.Tools[0].Name != "tool_search" || req.Tools[1].Namespace != "mail" {
		t.Errorf("other formats need the loaded tool declared: %v", req.Tools)
	}
	m, _ := through(t, req, wire.Dialect{Model: "m"})
	if l := m["tools"].([]any); len(l) != 1 {
		t.Errorf("the loaded tool stands in its item already: %v", l)
	}
	same(t, m, "input.2.tools.0.name", `"mail"`)
}
