package anthropic

import (
	"reflect"
	"strings"
	"testing"

	"omniroute/backend/fault"
	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

func answer(t *testing.T, body string) *llm.Response {
	t.Helper()
	r, err := New().DecodeResponse([]byte(body))
	if err != nil {
		t.Fatalf("DecodeResponse(%s): %v", body, err)
	}
	return r
}

func reply(t *testing.T, r *llm.Response, req *llm.Request) (string, []llm.Loss) {
	t.Helper()
	b, losses, err := New().EncodeResponse(r, req)
	if err != nil {
		t.Fatal(err)
	}
	if err := jscan.Check(b); err != nil {
		t.Fatalf("EncodeResponse wrote no JSON: %v\n%s", err, b)
	}
	return string(b), losses
}

func TestResponseRoundTrip(t *testing.T) {
	for name, body := range map[string]string{
		"all blocks": `{"id":"msg_1","type":"message","role":"assistant","model":"up","content":[
			{"type":"thinking","thinking":"","signature":"c2ln"},{"type":"redacted_thinking","data":"ZA=="},
			{"type":"text","text":"see","citations":[{"type":"char_location","cited_text":"q"}]},
			{"type":"server_tool_use","id":"s","name":"web_search","input":{"query":"x"}},{"type":"web_search_tool_result","tool_use_id":"s","content":[]},
			{"type":"tool_use","id":"toolu_1","name":"f","input":{"n":12345678901234567890},"caller":{"type":"direct"}},{"type":"text","text":"after"}],
			"stop_reason":"tool_use","stop_sequence":null,"usage":{"input_tokens":3,"cache_creation_input_tokens":2,"cache_read_input_tokens":1,"output_tokens":9,"output_tokens_details":{"thinking_tokens":4}}}`,
		"stop sequence": `{"id":"msg_1","type":"message","role":"assistant","model":"up","content":[{"type":"text","text":"a"}],"stop_reason":"stop_sequence","stop_sequence":"##","usage":{"input_tokens":3,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":9}}`,
		"refusal":       `{"id":"msg_1","type":"message","role":"assistant","model":"up","content":[],"stop_reason":"refusal","stop_sequence":null,"stop_details":{"type":"refusal","category":null,"explanation":"no"},"usage":{"input_tokens":3,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":9}}`,
		"window full":   `{"id":"msg_1","type":"message","role":"assistant","model":"up","content":[],"stop_reason":"model_context_window_exceeded","stop_sequence":null,"usage":{"input_tokens":3,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":9}}`,
		"compaction":    `{"id":"msg_1","type":"message","role":"assistant","model":"up","content":[{"type":"compaction","content":"sum"}],"stop_reason":"compaction","stop_sequence":null,"usage":{"input_tokens":3,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":9}}`,
	} {
		t.Run(name, func(t *testing.T) {
			r := answer(t, body)
			got, losses := reply(t, r, ask(nil))
			same(t, "round trip", got, body)
			if len(losses) > 0 {
				t.Errorf("losses %v", losses)
			}
			if folded, err := llm.Fold(llm.Unfold(r)); err != nil || !reflect.DeepEqual(folded, r) {
				t.Errorf("Fold(Unfold(r)) differs: %v\n%+v\n%+v", err, folded, r)
			}
		})
	}
}

func TestDecodeResponseMeaning(t *testing.T) {
	r := answer(t, `{"id":"m","model":"up","content":[{"type":"text","text":""},{"type":"tool_use","id":"a","name":"f","input":{}}],"stop_reason":"end_turn",
		"usage":{"input_tokens":20,"cache_read_input_tokens":300,"cache_creation_input_tokens":40,"cache_creation":{"ephemeral_1h_input_tokens":10,"ephemeral_5m_input_tokens":30},"output_tokens":15}}`)
	if c := r.Candidates[0]; len(c.Parts) != 1 || c.Stop.Reason != llm.StopToolCalls || c.Stop.Native != "end_turn" {
		t.Errorf("candidate = %+v", c)
	}
	if want := (llm.Usage{Input: 360, CacheRead: 300, CacheWrite: 40, CacheLong: 10, Output: 15}); *r.Usage != want {
		t.Errorf("usage = %+v, want %+v (R50)", r.Usage, want)
	}
	if r := answer(t, `{"content":[]}`); r.Usage != nil {
		t.Error("no usage must stay unknown (R52)")
	}
	if r := answer(t, `{"content":[],"usage":{"input_tokens":-5,"cache_read_input_tokens":9223372036854775807,"cache_creation_input_tokens":9223372036854775807,"output_tokens":1e30}}`); r.Usage.Input < 0 {
		t.Errorf("hostile counters: %+v", r.Usage)
	}
	for body, kind := range map[string]fault.Kind{
		`{}`:              fault.Upstream,
		`[]`:              fault.Upstream,
		`{"content":"x"}`: fault.Upstream,
		`{"content":[3]}`: fault.Upstream,
		`{"type":"error","error":{"type":"overloaded_error","message":"x"}}`: fault.Overloaded,
		`{"error":"x"}`: fault.Upstream,
	} {
		if _, err := New().DecodeResponse([]byte(body)); fault.KindOf(err) != kind || err == nil {
			t.Errorf("%s: %v, want kind %v", body, err, kind)
		}
	}
}

func TestEncodeResponse(t *testing.T) {
	foreign := llm.Seal{Family: llm.FamilyOpenAI, Data: "gAAAB", ItemID: "rs_1"}
	gemini := llm.Seal{Family: llm.FamilyGemini, Data: "R0VN"}
	call := func(id, args string) llm.Part {
		return llm.Part{Kind: llm.PartToolCall, Call: &llm.ToolCall{ID: id, Name: "f", Args: args}}
	}
	cases := []struct {
		name  string
		parts []llm.Part
		stop  llm.StopReason
		req   *llm.Request
		want  string // content
		why   string // stop_reason
	}{
		{"reasoning without a signature", []llm.Part{{Kind: llm.PartReasoning, Text: "hm"}, {Text: "a"}}, llm.StopEnd, nil, `[{"type":"thinking","thinking":"hm","signature":""},{"type":"text","text":"a"}]`, "end_turn"},
		{"foreign seal", []llm.Part{{Kind: llm.PartReasoning, Text: "hm", Seal: foreign}}, llm.StopEnd, nil, `[{"type":"thinking","thinking":"hm","signature":"` + wire.PackSeal(foreign, wire.Anthropic) + `"}]`, "end_turn"},
		{"seal of a call", []llm.Part{{Kind: llm.PartToolCall, Call: &llm.ToolCall{ID: "a", Name: "f"}, Seal: gemini}}, llm.StopEnd, nil, `[{"type":"thinking","thinking":"","signature":"` + wire.PackSeal(gemini, wire.Anthropic) + `"},{"type":"tool_use","id":"a","name":"f","input":{}}]`, "tool_use"},
		{"thoughts not wanted", []llm.Part{{Kind: llm.PartReasoning, Text: "hm", Seal: llm.Seal{Family: llm.FamilyAnthropic, Data: "s"}}, {Kind: llm.PartReasoning, Text: "x"}}, llm.StopEnd,
			ask(func(r *llm.Request) { r.Reasoning.Show = yes(false) }), `[{"type":"thinking","thinking":"","signature":"s"}]`, "end_turn"},
		{"empty", []llm.Part{{Text: ""}, {Kind: llm.PartReasoning}}, llm.StopUnknown, nil, `[]`, "end_turn"},
		{"refusal", []llm.Part{{Kind: llm.PartRefusal, Text: "no"}}, llm.StopEnd, nil, `[{"type":"text","text":"no"}]`, "refusal"},
		{"length", []llm.Part{call("a", `{"x`)}, llm.StopLength, nil, `[{"type":"tool_use","id":"a","name":"f","input":{"_raw":"{\"x"}}]`, "max_tokens"},
		{"ids", []llm.Part{call("call:1|x", ""), call("call_1_x", "[1]"), call("old", "")}, llm.StopToolCalls,
			ask(func(r *llm.Request) {
				r.Messages = []llm.Message{{Role: llm.RoleAssistant, Parts: []llm.Part{call("old", "")}}}
			}),
			`[{"type":"tool_use","id":"call_1_x","name":"f","input":{}},{"type":"tool_use","id":"call_1_x_2","name":"f","input":{"value":[1]}},{"type":"tool_use","id":"old_2","name":"f","input":{}}]`, "tool_use"},
		{"custom call", []llm.Part{{Kind: llm.PartToolCall, Call: &llm.ToolCall{ID: "a", Name: "f", Kind: llm.CallCustom, Input: "x\n"}}}, llm.StopEnd, nil, `[{"type":"tool_use","id":"a","name":"f","input":{"input":"x\n"}}]`, "tool_use"},
		{"media and strangers", []llm.Part{{Kind: llm.PartImage, Media: &llm.Media{Data: "A"}}, {Kind: llm.PartServer, Opaque: &llm.Opaque{Format: "gemini"}}, {Text: "a", Annotations: []byte(`[{"type":"url_citation"}]`)}}, llm.StopEnd, nil, `[{"type":"text","text":"a"}]`, "end_turn"},
		{"filter", nil, llm.StopFilter, nil, `[]`, "refusal"},
		{"pause", nil, llm.StopPause, nil, `[]`, "pause_turn"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			req := c.req
			if req == nil {
				req = ask(nil)
			}
			got, _ := reply(t, &llm.Response{ID: "i", Model: "up", Candidates: []llm.Candidate{{Parts: c.parts, Stop: llm.Stop{Reason: c.stop}}}}, req)
			same(t, "content", part(got, "content"), c.want)
			if s := part(got, "stop_reason"); s != `"`+c.why+`"` {
				t.Errorf("stop_reason = %s, want %s", s, c.why)
			}
		})
	}
	got, losses := reply(t, &llm.Response{Candidates: []llm.Candidate{{}, {}}}, ask(nil))
	if len(losses) != 1 || !strings.HasPrefix(jscan.Str([]byte(part(got, "id"))), "msg_") || part(got, "model") != `"m"` || strings.Contains(got, `"input_tokens":0`) {
		t.Errorf("bare answer: %s, losses %v", got, losses)
	}
	id := part(got, "id")
	if again, _ := reply(t, &llm.Response{}, nil); part(again, "id") == id {
		t.Error("two answers share an id")
	}
	anonymous, _ := reply(t, &llm.Response{Candidates: []llm.Candidate{{Parts: []llm.Part{call("", ""), call("", "")}}}}, nil)
	if strings.Count(anonymous, `"id":"toolu_`) != 2 {
		t.Errorf("calls without ids: %s", anonymous)
	}
}

// A signature of another family survives the client and is refused where it
// does not belong (R28, P34).
func TestSealsThroughTheClient(t *testing.T) {
	seal := llm.Seal{Family: llm.FamilyGemini, Data: "R0VNSU5JLVNJRw=="}
	body, _ := reply(t, &llm.Response{Candidates: []llm.Candidate{{Parts: []llm.Part{{Kind: llm.PartToolCall, Call: &llm.ToolCall{ID: "t", Name: "f"}, Seal: seal}}}}}, ask(nil))
	r := decode(t, `{"model":"m","messages":[{"role":"user","content":"x"},{"role":"assistant","content":`+part(body, "content")+`},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"r"}]}],"tools":[{"name":"f","input_schema":{}}]}`)
	back, _ := wire.Prepare(r, wire.Gemini, wire.Dialect{})
	if parts := back.Messages[1].Parts; parts[0].Seal != seal { // ahead of the call it belongs to
		t.Errorf("at Gemini: %+v", parts)
	}
	if own, _ := encode(t, r, wire.Dialect{}); strings.Contains(own, "R0VNSU5JLVNJRw") {
		t.Errorf("at Anthropic: %s", own)
	}
}

func TestCount(t *testing.T) {
	if got := string(New().EncodeCount(42)); got != `{"input_tokens":42}` {
		t.Error(got)
	}
	if n, err := New().DecodeCount([]byte(`{"input_tokens":42}`)); n != 42 || err != nil {
		t.Error(n, err)
	}
	if _, err := New().DecodeCount([]byte(`{"x":1}`)); fault.KindOf(err) != fault.Upstream {
		t.Error(err)
	}
	if _, err := New().DecodeCount([]byte(`{"type":"error","error":{"type":"authentication_error","message":"bad key"}}`)); fault.KindOf(err) != fault.AuthExpired {
		t.Error(err)
	}
	req := decode(t, `{"model":"m","system":"s","messages":[{"role":"user","content":"x"}],"tools":[{"name":"f","input_schema":{}}],"thinking":{"type":"enabled","budget_tokens":2000}}`)
	req.Op, req.Stream = llm.OpCountTokens, true
	req.Sampling.Temperature, req.Meta.UserID = f64(1), "u"
	got, _ := encode(t, req, wire.Dialect{})
	same(t, "count body", got, `{"model":"m","system":"s","messages":[{"role":"user","content":[{"type":"text","text":"x"}]}],"tools":[{"name":"f","input_schema":{"type":"object","properties":{}}}],"thinking":{"type":"enabled","budget_tokens":2000}}`)
}
