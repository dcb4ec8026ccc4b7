package openai

import (
	"strings"
	"testing"

	"omniroute/backend/fault"
	"omniroute/backend/llm"
	"omniroute/backend/wire"
)

func ptr[T any](v T) *T { return &v }

func texts(s ...string) []llm.Part {
	var parts []llm.Part
	for _, x := range s {
		parts = append(parts, llm.Part{Kind: llm.PartText, Text: x})
	}
	return parts
}

func said(role llm.Role, parts ...llm.Part) llm.Message {
	return llm.Message{Role: role, Parts: parts}
}

func called(id, name, args string) llm.Part {
	return llm.Part{Kind: llm.PartToolCall, Call: &llm.ToolCall{ID: id, Name: name, Args: args}}
}

func answered(id string, failed bool, parts ...llm.Part) llm.Part {
	return llm.Part{Kind: llm.PartToolResult, Result: &llm.ToolResult{CallID: id, Error: failed, Parts: parts}}
}

func thought(s string) llm.Part { return llm.Part{Kind: llm.PartReasoning, Text: s} }

var picture = llm.Part{Kind: llm.PartImage, Media: &llm.Media{MIME: "image/png", Data: "AAAA"}}

func TestEncodeRequest(t *testing.T) {
	hi := []llm.Message{said(llm.RoleUser, texts("hi")...)}
	function := llm.Tool{Name: "f"}
	cases := []struct {
		name   string
		req    llm.Request
		d      wire.Dialect
		want   string
		losses int
	}{
		{"limit by name", llm.Request{Messages: hi, Sampling: llm.Sampling{MaxTokens: ptr[int64](9)}}, wire.Dialect{Caps: wire.Caps{MaxTokensField: "max_completion_tokens"}}, `{"max_completion_tokens":9,"max_tokens":"<absent>"}`, 0},
		{"limit of the model", llm.Request{Messages: hi, Sampling: llm.Sampling{MaxTokens: ptr[int64](99)}}, wire.Dialect{Caps: wire.Caps{MaxOutput: 50}}, `{"max_tokens":50}`, 1},
		{"no sampling", llm.Request{Messages: hi, Sampling: llm.Sampling{Temperature: ptr(1.0), TopP: ptr(0.5), TopK: ptr(4.0)}}, wire.Dialect{Caps: wire.Caps{NoSampling: true}}, `{"temperature":"<absent>","top_p":"<absent>","top_k":"<absent>"}`, 3},
		{"stops", llm.Request{Messages: hi, Sampling: llm.Sampling{Stop: []string{"a", "", "\n", "c", "d", "e"}}}, wire.Dialect{}, `{"stop":["a","\n","c","d"]}`, 1},
		{"logprobs by number", llm.Request{Messages: hi, Sampling: llm.Sampling{TopLogprobs: ptr[int64](3)}}, wire.Dialect{}, `{"logprobs":true,"top_logprobs":3}`, 0},
		{"Mistral's words", llm.Request{Messages: []llm.Message{said(llm.RoleAssistant, called("call_1", "f", ""), called("abcDEF012", "f", "")), said(llm.RoleUser, answered("call_1", false), answered("abcDEF012", false))}, Tools: []llm.Tool{function}, Choice: llm.ToolChoice{Mode: llm.ChoiceRequired}, Sampling: llm.Sampling{Seed: ptr[int64](4)}},
			wire.Dialect{Caps: wire.Caps{SeedField: "random_seed", ToolChoiceAny: "any", ToolIDs: "alnum9"}},
			`{"random_seed":4,"seed":"<absent>","tool_choice":"any","messages":[{"tool_calls":[{"id":"Bu09e4fdz"},{"id":"abcDEF012"}]},{"tool_call_id":"Bu09e4fdz"},{"tool_call_id":"abcDEF012"}]}`, 0},
		{"no role for instructions", llm.Request{System: texts("a", "b"), Messages: []llm.Message{said(llm.RoleUser, texts("hi")...), said(llm.RoleSystem, texts("c")...), said(llm.RoleAssistant, texts("d")...)}},
			wire.Dialect{Caps: wire.Caps{UserRole: true}}, `{"messages":[{"role":"user","content":[{"type":"text","text":"a\n\nb\n\nhi"},{"type":"text","text":"c"}]},{"role":"assistant","content":"d"}]}`, 0},
		{"instructions only", llm.Request{System: texts("a")}, wire.Dialect{Caps: wire.Caps{UserRole: true}}, `{"messages":[{"role":"user","content":"a"}]}`, 0},
		{"stream", llm.Request{Messages: hi, Stream: true}, wire.Dialect{}, `{"stream":true,"stream_options":{"include_usage":true}}`, 0},
		{"stream, no usage", llm.Request{Messages: hi, Stream: true}, wire.Dialect{Caps: wire.Caps{NoStreamUsage: true}}, `{"stream":true,"stream_options":"<absent>"}`, 0},
		{"strip", llm.Request{Messages: hi, Meta: llm.Meta{UserID: "u", Store: ptr(true)}}, wire.Dialect{Strip: []string{"store", "user"}}, `{"store":"<absent>","user":"<absent>"}`, 2},
		{"user at OpenAI", llm.Request{Messages: hi, Meta: llm.Meta{UserID: "u"}}, wire.Dialect{Caps: wire.Caps{OpenAIHost: true}}, `{"safety_identifier":"u","user":"<absent>"}`, 0},
		{"foreign tier", llm.Request{Messages: hi, Meta: llm.Meta{ServiceTier: "standard_only"}}, wire.Dialect{}, `{"service_tier":"<absent>"}`, 1},
		{"foreign extra", llm.Request{Messages: hi, Extra: llm.Extra{Format: "anthropic", Fields: []llm.Field{{Name: "x", Value: []byte("1")}}}}, wire.Dialect{}, `{"x":"<absent>"}`, 1},
		{"budget", llm.Request{Messages: hi, Reasoning: llm.Reasoning{Mode: llm.ReasoningOn, Budget: ptr[int64](4000)}}, wire.Dialect{}, `{"reasoning_effort":"medium"}`, 0},
		{"adaptive", llm.Request{Messages: hi, Reasoning: llm.Reasoning{Mode: llm.ReasoningAdaptive}}, wire.Dialect{}, `{"reasoning_effort":"medium"}`, 0},
		{"adaptive with effort", llm.Request{Messages: hi, Reasoning: llm.Reasoning{Mode: llm.ReasoningAdaptive, Effort: llm.EffortMax}}, wire.Dialect{}, `{"reasoning_effort":"max"}`, 0},
		{"off", llm.Request{Messages: hi, Reasoning: llm.Reasoning{Mode: llm.ReasoningOff}}, wire.Dialect{}, `{"reasoning_effort":"<absent>"}`, 0},
		{"off by word", llm.Request{Messages: hi, Reasoning: llm.Reasoning{Mode: llm.ReasoningOff, Effort: llm.EffortNone}}, wire.Dialect{}, `{"reasoning_effort":"none"}`, 0},
		{"no thinking here", llm.Request{Messages: hi, Reasoning: llm.Reasoning{Mode: llm.ReasoningOn, Effort: llm.EffortHigh}}, wire.Dialect{Caps: wire.Caps{Thinking: wire.ThinkingNone}}, `{"reasoning_effort":"<absent>"}`, 1},
		{"schema without name", llm.Request{Messages: hi, Output: llm.Output{Kind: llm.OutputSchema, Schema: []byte(`{"title":"My Shape","type":"object"}`)}}, wire.Dialect{}, `{"response_format":{"type":"json_schema","json_schema":{"name":"My_Shape","strict":true,"schema":{"type":"object"}}}}`, 0},
		{"no structure", llm.Request{Messages: hi, Output: llm.Output{Kind: llm.OutputSchema, Schema: []byte(`{"a":1}`)}}, wire.Dialect{Caps: wire.Caps{NoStructured: true}}, `{"response_format":"<absent>","messages":[{"role":"system","content":"Answer with a single JSON value and nothing else. It must follow this JSON Schema:\n{\"a\":1}"},{"role":"user"}]}`, 0},
		{"system joined", llm.Request{System: texts("a", "b"), Messages: hi, Output: llm.Output{Kind: llm.OutputJSON}}, wire.Dialect{Caps: wire.Caps{NoStructured: true, DeveloperRole: true}}, `{"messages":[{"role":"developer","content":"a\n\nb\n\nAnswer with a single JSON object and nothing else."},{"role":"user"}]}`, 0},
		{"tool without schema", llm.Request{Messages: hi, Tools: []llm.Tool{function, {Kind: llm.ToolServer, Name: "s"}}}, wire.Dialect{}, `{"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{}},"strict":"<absent>"}}]}`, 1},
		{"search dropped", llm.Request{Messages: hi, Tools: []llm.Tool{{Kind: llm.ToolWebSearch, Name: "web_search"}}, Choice: llm.ToolChoice{Mode: llm.ChoiceRequired}}, wire.Dialect{Model: "plain"}, `{"tools":"<absent>","tool_choice":"<absent>","web_search_options":"<absent>"}`, 1},
		{"search at a search model", llm.Request{Messages: hi, Tools: []llm.Tool{{Kind: llm.ToolWebSearch, Search: &llm.WebSearch{City: "Oslo"}}}}, wire.Dialect{Model: "x-search-preview"}, `{"tools":"<absent>","web_search_options":{"user_location":{"type":"approximate","approximate":{"city":"Oslo"}}}}`, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			body, losses, err := Codec{}.EncodeRequest(&c.req, c.d)
			if err != nil {
				t.Fatal(err)
			}
			mustContain(t, body, c.want)
			if len(losses) != c.losses {
				t.Errorf("losses %v, want %d", losses, c.losses)
			}
		})
	}
}

func TestEncodeMessages(t *testing.T) {
	deepseek := wire.Dialect{Caps: wire.Caps{ReasoningField: "reasoning_content"}}
	cases := []struct {
		name string
		d    wire.Dialect
		in   []llm.Message
		want string
	}{
		{"tool loop with image", wire.Dialect{}, []llm.Message{
			said(llm.RoleAssistant, append(texts("On it."), called("a", "f", ""), called("b", "g", `{"x`))...),
			said(llm.RoleUser, answered("a", false, picture), answered("b", true, texts("bad", "worse")...), texts("go on")[0]),
		}, `[{"role":"assistant","content":"On it.","tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}},{"id":"b","function":{"arguments":"{\"_raw\":\"{\\\"x\"}"}}]},
			{"role":"tool","tool_call_id":"a","content":"[image attached below]"},{"role":"tool","tool_call_id":"b","content":"Error: bad\nworse"},
			{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}},{"type":"text","text":"go on"}]}]`},
		{"errors", wire.Dialect{}, []llm.Message{
			said(llm.RoleAssistant, called("a", "f", ""), called("b", "f", ""), called("c", "f", "")),
			said(llm.RoleUser, answered("a", true, texts("Error 7")...), answered("b", true), answered("c", false)),
		}, `[{"role":"assistant","content":null},{"role":"tool","content":"Error 7"},{"role":"tool","content":"Error"},{"role":"tool","content":""}]`},
		{"thoughts kept out", wire.Dialect{}, []llm.Message{said(llm.RoleAssistant, thought("t"), texts("x")[0]), said(llm.RoleAssistant, thought("u"))}, `[{"role":"assistant","content":"x","reasoning_content":"<absent>"}]`},
		{"thoughts replayed", deepseek, []llm.Message{said(llm.RoleAssistant, thought("t"), texts("x")[0]), said(llm.RoleAssistant, called("a", "f", "")), said(llm.RoleUser, answered("a", false)), said(llm.RoleAssistant, texts("y")...)},
			`[{"content":"x","reasoning_content":"t"},{"content":null,"reasoning_content":" "},{"role":"tool"},{"content":"y","reasoning_content":"<absent>"}]`},
		{"texts of a user stay apart", wire.Dialect{}, []llm.Message{said(llm.RoleUser, texts("a", "", "b")...)}, `[{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}]`},
		{"texts of the assistant join", wire.Dialect{}, []llm.Message{said(llm.RoleAssistant, texts("a", "b")...)}, `[{"role":"assistant","content":"ab"}]`},
		{"instruction in place", wire.Dialect{}, []llm.Message{said(llm.RoleUser, texts("a")...), said(llm.RoleSystem, texts("s")...)}, `[{"role":"user"},{"role":"system","content":"s"}]`},
		{"documents", wire.Dialect{}, []llm.Message{said(llm.RoleUser,
			llm.Part{Kind: llm.PartFile, Media: &llm.Media{Text: "plain"}},
			llm.Part{Kind: llm.PartFile, Media: &llm.Media{MIME: "text/plain", Data: "aGk="}},
			llm.Part{Kind: llm.PartFile, Media: &llm.Media{MIME: "application/pdf", Data: "JVBE"}},
			llm.Part{Kind: llm.PartFile, Media: &llm.Media{URL: "https://h/d.pdf"}},
			llm.Part{Kind: llm.PartImage, Media: &llm.Media{FileID: "file_011"}})},
			`[{"content":[{"type":"text","text":"plain"},{"type":"text","text":"hi"},{"type":"file","file":{"filename":"document.pdf","file_data":"data:application/pdf;base64,JVBE"}},{"type":"text","text":"[file: https://h/d.pdf]"},{"type":"text","text":"[image not available]"}]}]`},
		{"blind model", wire.Dialect{Caps: wire.Caps{NoImages: true}}, []llm.Message{said(llm.RoleUser, picture)}, `[{"content":"[image left out: this model reads no images]"}]`},
		{"signed calls at Google", wire.Dialect{Caps: wire.Caps{NeedsSeal: true}}, []llm.Message{said(llm.RoleAssistant, called("a", "f", ""), llm.Part{Kind: llm.PartToolCall, Call: &llm.ToolCall{ID: "b", Name: "f"}, Seal: llm.Seal{Family: llm.FamilyGemini, Data: "S"}})},
			`[{"tool_calls":[{"id":"a","extra_content":{"google":{"thought_signature":"skip_thought_signature_validator"}}},{"id":"b","extra_content":{"google":{"thought_signature":"S"}}}]}]`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			body, _, err := Codec{}.EncodeRequest(&llm.Request{Messages: c.in}, c.d)
			if err != nil {
				t.Fatal(err)
			}
			mustContain(t, body, `{"messages":`+c.want+`}`)
		})
	}
}

func TestEncodeRequestRefuses(t *testing.T) {
	hi := []llm.Message{said(llm.RoleUser, texts("hi")...)}
	cases := []struct {
		meta         llm.Meta
		status       int
		code, param  string
		emptyMessage bool
	}{
		{meta: llm.Meta{PreviousResponseID: "r"}, status: 400, code: fault.CodeUnsupportedParam, param: "previous_response_id"},
		{meta: llm.Meta{Conversation: []byte(`"c"`)}, status: 400, code: fault.CodeUnsupportedParam, param: "conversation"},
		{meta: llm.Meta{ItemReferences: []string{"i"}}, status: 400, code: fault.CodeUnsupportedParam, param: "input"},
		{meta: llm.Meta{Thread: []byte(`{"type":"create"}`)}, status: 400, code: fault.CodeThreadUnsupported, param: "thread"},
		{meta: llm.Meta{Thread: []byte(`{"type":"continue"}`)}, status: 404, code: fault.CodeThreadNotFound, param: "thread"},
	}
	for _, c := range cases {
		_, _, err := Codec{}.EncodeRequest(&llm.Request{Messages: hi, Meta: c.meta}, wire.Dialect{})
		if e := wantKind(t, err, fault.Unsupported); e.HTTPStatus() != c.status || e.Code != c.code || e.Param != c.param {
			t.Errorf("%+v: %+v", c.meta, e)
		}
	}
	_, _, err := Codec{}.EncodeRequest(&llm.Request{Messages: []llm.Message{said(llm.RoleAssistant, thought("x"))}}, wire.Dialect{})
	wantKind(t, err, fault.Invalid)
}

// A longer conversation begins with the bytes of the shorter one: prompt
// caches live on it.
func TestStablePrefix(t *testing.T) {
	req := &llm.Request{System: texts("s"), Messages: []llm.Message{said(llm.RoleUser, texts("a")...)}}
	short, _, _ := Codec{}.EncodeRequest(req, wire.Dialect{Model: "m"})
	req.Messages = append(req.Messages, said(llm.RoleAssistant, called("a", "f", "{}")), said(llm.RoleUser, answered("a", false, texts("r")...)))
	long, _, _ := Codec{}.EncodeRequest(req, wire.Dialect{Model: "m"})
	if head := strings.TrimSuffix(string(short), "]}"); !strings.HasPrefix(string(long), head) {
		t.Errorf("%s\ndoes not begin with\n%s", long, head)
	}
}

// A thought that its vendor signed must come back word for word, though the
// client keeps a piece of reasoning_content only, or none.
func TestSealsComeBack(t *testing.T) {
	anthropic := llm.Seal{Family: llm.FamilyAnthropic, Data: "SIG"}
	resp := &llm.Response{ID: "r", Candidates: []llm.Candidate{{Parts: []llm.Part{{Kind: llm.PartReasoning, Text: "why\n not", Seal: anthropic}, texts("Say")[0], called("a", "f", "{}"),
		{Kind: llm.PartReasoning, Seal: llm.Seal{Family: llm.FamilyAnthropic, Data: "RED", Redacted: true}}, called("b", "f", "{}"), called("c", "f", "{}")}}}}
	body, _, err := Codec{}.EncodeResponse(resp, nil)
	if err != nil {
		t.Fatal(err)
	}
	message := string(body[strings.Index(string(body), `{"role"`):strings.Index(string(body), `,"logprobs"`)])
	for _, kept := range []string{`"reasoning_content":"why\n not"`, `"reasoning_content":" not"`, `"reasoning_content":null`} {
		back := decodeRequest(t, conversation(strings.Replace(message, `"reasoning_content":"why\n not"`, kept, 1)))
		if got := drawing(back); got != "a[think:why\n not text:Say call:a/f({}) think: call:b/f({}) call:c/f({})]" {
			t.Errorf("with %s: %s", kept, got)
		}
		if p := back.Messages[0].Parts; p[0].Seal != anthropic || !p[3].Seal.Redacted || p[3].Seal.Data != "RED" {
			t.Errorf("with %s the seals are %+v and %+v", kept, p[0].Seal, p[3].Seal)
		}
	}
}
