package responses

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"omniroute/backend/fault"
	"omniroute/backend/llm"
	"omniroute/backend/wire"
)

func TestDecodeResponse(t *testing.T) {
	for _, c := range []struct {
		name, body, want string
		stop             llm.StopReason
	}{
		{"text, thought, call", `{"id":"resp_1","status":"completed","model":"m","created_at":1.5,"output":[{"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"plan"}],"encrypted_content":"e"},{"type":"message","id":"msg_1","role":"assistant","content":[{"type":"output_text","text":"Yes","annotations":[]}]},{"type":"function_call","id":"fc_1","call_id":"call_1","namespace":"ns","name":"f","arguments":"{\"a\":2}"}],"error":null}`,
			`think(plan e rs_1) Yes call(call_1 ns/f {"a":2})`, llm.StopToolCalls},
		{"incomplete wins over calls (R55)", `{"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},"output":[{"type":"function_call","call_id":"c","name":"f","arguments":"{"}]}`, "call(c /f {)", llm.StopLength},
		{"filter", `{"status":"incomplete","incomplete_details":{"reason":"content_filter"},"output":[]}`, "", llm.StopFilter},
		{"server tools are no calls (R37)", `{"status":"completed","output":[{"type":"web_search_call","id":"ws"},{"type":"message","role":"assistant","content":[{"type":"output_text","text":"x","annotations":[{"type":"url_citation","url":"u"}]}]}]}`, `raw(web_search_call) x[{"type":"url_citation","url":"u"}]`, llm.StopEnd},
		{"only output_text", `{"status":"completed","output":[],"output_text":"hi"}`, "hi", llm.StopEnd},
		{"wrapped in its event", `{"type":"response.completed","response":{"status":"completed","output":[{"type":"message","role":"assistant","content":[{"type":"refusal","refusal":"no"}]}]}}`, "refuse(no)", llm.StopEnd},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := New().DecodeResponse([]byte(c.body))
			if err != nil {
				t.Fatal(err)
			}
			if got := show(r); got != c.want || r.Candidates[0].Stop.Reason != c.stop {
				t.Errorf("got %s stop %d, want %s stop %d", got, r.Candidates[0].Stop.Reason, c.want, c.stop)
			}
		})
	}
	for body, kind := range map[string]fault.Kind{
		`{"error":{"message":"no","code":"rate_limit_exceeded"}}`:                       fault.RateLimited,
		`{"status":"failed","output":[],"error":{"code":"server_error","message":"x"}}`: fault.Upstream,
		`{"status":"failed","output":[],"error":null}`:                                  fault.Upstream,
		`{"status":"cancelled","output":[],"error":null}`:                               fault.Upstream,
		`{"detail":"Unauthorized"}`:                                                     fault.Upstream,
		`{"object":"chat.completion","choices":[]}`:                                     fault.Upstream,
		`<html>`: fault.Upstream,
		`[]`:     fault.Upstream,
	} {
		if _, err := New().DecodeResponse([]byte(body)); err == nil || fault.KindOf(err) != kind {
			t.Errorf("%s: %v, want %s", body, err, kind)
		}
	}
}

func respond(t *testing.T, r *llm.Response, req *llm.Request) (map[string]any, []llm.Loss) {
	t.Helper()
	body, losses, err := New().EncodeResponse(r, req)
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(body, &m); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	return m, losses
}

func TestEncodeResponse(t *testing.T) {
	req := mustDecode(t, `{"model":"asked","instructions":"Be kind.","input":"q","temperature":0.2,"max_output_tokens":50,"metadata":{"a":"b"},"parallel_tool_calls":false,"store":false,"previous_response_id":"resp_0",
		"reasoning":{"effort":"low"},"text":{"format":{"type":"json_object"}},"tool_choice":"required","truncation":"auto",
		"tools":[{"type":"custom","name":"apply_patch"},{"type":"namespace","name":"crm","description":"d","tools":[{"type":"function","name":"find","strict":true}]},{"type":"local_shell"},{"type":"web_search"}]}`)
	resp := &llm.Response{
		ID: "chatcmpl-1", Created: 9, Usage: &llm.Usage{Input: 10, CacheRead: 4, CacheWrite: 2, Output: 5, Reasoning: 1},
		Candidates: []llm.Candidate{{
			Parts: []llm.Part{
				{Kind: llm.PartReasoning, Text: "mm", Seal: llm.Seal{Family: llm.FamilyAnthropic, Data: "sig"}},
				{Text: "a", Annotations: []byte(`[{"type":"url_citation","url_citation":{"url":"u","title":"t","start_index":0,"end_index":1}},{"nothing":1}]`), Extra: llm.Extra{Format: "openai-chat"}},
				{Kind: llm.PartToolCall, Call: &llm.ToolCall{ID: "c1", Name: "apply_patch", Kind: llm.CallCustom, Input: "*** x"}},
				{Kind: llm.PartToolCall, Call: &llm.ToolCall{ID: "c2", Namespace: "crm", Name: "find", Args: `{"q":1}`}, Seal: llm.Seal{Family: llm.FamilyGemini, Data: "Zw"}},
				{Kind: llm.PartToolCall, Call: &llm.ToolCall{Name: "local_shell", Args: `{"command":["ls"],"timeout_ms":5}`}},
				{Kind: llm.PartServer, Opaque: &llm.Opaque{Format: "anthropic", Type: "server_tool_use"}},
				{Text: "b"},
			},
			Stop: llm.Stop{Reason: llm.StopLength}, Logprobs: []byte(`[{"token":"b","logprob":-0.1,"bytes":[98],"top_logprobs":[]}]`),
		}, {}},
	}
	m, losses := respond(t, resp, req)
	if len(losses) != 2 {
		t.Errorf("losses %v", losses)
	}
	if got, want := summary(m), `reasoning:mm:~omni1.a..sig message:a:completed custom_tool_call:*** x:completed reasoning::~omni1.g..Zw function_call:{"q":1}:completed local_shell_call:{"type":"exec","command":["ls"],"env":{}}:completed message:b:incomplete`; got != want {
		t.Errorf("output\n%s, want\n%s", got, want)
	}
	for path, want := range map[string]string{
		"object": `"response"`, "status": `"incomplete"`, "incomplete_details": `{"reason":"max_output_tokens"}`, "error": "null", "model": `"asked"`, "created_at": "9",
		"instructions": `"Be kind."`, "temperature": "0.2", "top_p": "null", "max_output_tokens": "50", "metadata": `{"a":"b"}`, "parallel_tool_calls": "false", "store": "false",
		"previous_response_id": `"resp_0"`, "reasoning": `{"effort":"low","summary":null}`, "text": `{"format":{"type":"json_object"}}`, "tool_choice": `"required"`, "truncation": `"auto"`,
		"usage":                          `{"input_tokens":10,"input_tokens_details":{"cached_tokens":4,"cache_write_tokens":2},"output_tokens":5,"output_tokens_details":{"reasoning_tokens":1},"total_tokens":15}`,
		"tools":                          `[{"type":"custom","name":"apply_patch"},{"type":"namespace","name":"crm","description":"d","tools":[{"type":"function","name":"find","parameters":{"type":"object","properties":{}},"strict":true}]},{"type":"local_shell"},{"type":"web_search"}]`,
		"output.1.content.0.annotations": `[{"type":"url_citation","start_index":0,"end_index":1,"url":"u","title":"t"}]`,
		"output.4.namespace":             `"crm"`,
		"output.5.action.timeout_ms":     "5",
		"output.6.content.0.logprobs":    `[{"token":"b","logprob":-0.1,"bytes":[98],"top_logprobs":[]}]`,
	} {
		same(t, m, path, want)
	}
	ids := map[any]bool{}
	for _, o := range m["output"].([]any) {
		id := o.(map[string]any)["id"]
		if s, _ := id.(string); s == "" || len(s) > 64 || ids[id] {
			t.Errorf("item id %v is empty, too long or twice", id)
		}
		ids[id] = true
	}
	if id := m["output"].([]any)[5].(map[string]any)["call_id"]; id == "" || id == nil {
		t.Error("a call without id needs one")
	}
}

func TestLongCallID(t *testing.T) {
	long := strings.Repeat("x", 90)
	m, _ := respond(t, &llm.Response{Candidates: []llm.Candidate{{Parts: []llm.Part{{Kind: llm.PartToolCall, Call: &llm.ToolCall{ID: long, Name: "f"}}}}}}, nil)
	if id := m["output"].([]any)[0].(map[string]any)["call_id"].(string); len(id) > 64 || id != wire.LegalID(wire.OpenAIResponses, long) {
		t.Errorf("call_id %q must fit OpenAI's 64 characters (P05)", id)
	}
}

func TestEncodeResponseEstimates(t *testing.T) {
	m, _ := respond(t, &llm.Response{Candidates: []llm.Candidate{{Parts: []llm.Part{{Text: "some words here"}}}}}, nil)
	u := m["usage"].(map[string]any)
	if u["output_tokens"].(float64) == 0 || u["input_tokens"].(float64) == 0 {
		t.Errorf("usage must be estimated when the upstream gave none (R52): %v", u)
	}
	if m["model"] != "unknown" || !strings.HasPrefix(m["id"].(string), "resp_") {
		t.Errorf("id %v model %v", m["id"], m["model"])
	}
}

// TestRoundTrip: an answer of a Responses upstream that must be decoded
// (Codex streams only) comes out as it was.
func TestRoundTrip(t *testing.T) {
	items := `[{"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"a"},{"type":"summary_text","text":"b"}],"encrypted_content":"enc"},` +
		`{"type":"message","id":"msg_1","status":"completed","phase":"commentary","role":"assistant","content":[{"type":"output_text","text":"one","annotations":[],"logprobs":[]}]},` +
		`{"type":"message","id":"msg_2","status":"completed","phase":"final_answer","role":"assistant","content":[{"type":"output_text","text":"two","annotations":[],"logprobs":[]},{"type":"refusal","refusal":"no more"}]},` +
		`{"type":"web_search_call","id":"ws_1","status":"completed","action":{"type":"search","query":"q"}},` +
		`{"type":"local_shell_call","id":"lsh_1","call_id":"c","status":"completed","action":{"type":"exec","command":["ls"],"env":{}}}]`
	r, err := New().DecodeResponse([]byte(`{"id":"resp_0123456789","status":"completed","output":` + items + `}`))
	if err != nil {
		t.Fatal(err)
	}
	m, losses := respond(t, r, mustDecode(t, `{"input":"x","tools":[{"type":"local_shell"}]}`))
	if len(losses) > 0 {
		t.Errorf("losses %v", losses)
	}
	same(t, m, "id", `"resp_0123456789"`)
	same(t, m, "output", items)
}

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		name           string
		status         int
		header         http.Header
		body           string
		kind           fault.Kind
		code           string
		wait           time.Duration
		outStatus      int
		outType        string
		outCode, param any
	}{
		{"bad request", 400, nil, `{"error":{"message":"Bad.","type":"invalid_request_error","param":"tools[0]","code":"invalid_value"}}`, fault.Invalid, "invalid_value", 0, 400, "invalid_request_error", "invalid_value", "tools[0]"},
		{"too long", 400, nil, `{"error":{"message":"Your input exceeds the context window of this model.","type":"invalid_request_error","code":"context_length_exceeded"}}`, fault.TooLarge, fault.CodeContextLength, 0, 400, "invalid_request_error", "context_length_exceeded", nil},
		{"too long without a code", 400, nil, `{"error":{"message":"This model's maximum context length is 8 tokens."}}`, fault.TooLarge, fault.CodeContextLength, 0, 400, "invalid_request_error", "context_length_exceeded", nil},
		{"key", 401, nil, `{"error":{"message":"Bad key.","type":"invalid_request_error","code":"invalid_api_key"}}`, fault.AuthExpired, "invalid_api_key", 0, 401, "authentication_error", "invalid_api_key", nil},
		{"balance", 429, nil, `{"error":{"message":"Pay.","type":"insufficient_quota","code":"insufficient_quota"}}`, fault.Quota, "insufficient_quota", 0, 429, "insufficient_quota", "insufficient_quota", nil},
		{"balance, 402", 402, nil, `{"error":{"message":"Pay."}}`, fault.Quota, "insufficient_quota", 0, 429, "insufficient_quota", "insufficient_quota", nil},
		{"rate", 429, http.Header{"Retry-After": {"7"}}, `{"error":{"message":"Slow.","type":"requests","code":"rate_limit_exceeded"}}`, fault.RateLimited, "rate_limit_exceeded", 7 * time.Second, 429, "rate_limit_error", "rate_limit_exceeded", nil},
		{"codex window", 429, nil, `{"error":{"type":"usage_limit_reached","message":"The usage limit has been reached","resets_in_seconds":90}}`, fault.Quota, "", 90 * time.Second, 429, "rate_limit_error", "rate_limit_exceeded", nil},
		{"codex detail (R65)", 400, nil, `{"detail":"Unsupported parameter: x"}`, fault.Invalid, "", 0, 400, "invalid_request_error", nil, nil},
		{"model", 404, nil, `{"error":{"message":"The model x does not exist","type":"invalid_request_error","code":"model_not_found"}}`, fault.ModelGone, "model_not_found", 0, 404, "invalid_request_error", "model_not_found", nil},
		{"body too large", 413, nil, ``, fault.TooLarge, fault.CodeBodyTooLarge, 0, 413, "invalid_request_error", "request_too_large", nil},
		{"html (R62)", 502, nil, `<html><head><title>Bad gateway</title></head></html>`, fault.Upstream, "", 0, 502, "server_error", nil, nil},
		{"overloaded", 503, nil, `{"error":{"message":"Busy","type":"server_error","code":"server_is_overloaded"}}`, fault.Overloaded, "server_is_overloaded", 0, 503, "server_error", "server_is_overloaded", nil},
		{"unprocessable", 422, nil, `{"error":{"message":"Hm"}}`, fault.Invalid, "", 0, 422, "invalid_request_error", nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := New().DecodeError(c.status, c.header, []byte(c.body))
			e := fault.As(err)
			if e.Kind != c.kind || e.Code != c.code || e.RetryAfter != c.wait || e.Public == "" {
				t.Errorf("%+v, want kind %s code %q wait %s", e, c.kind, c.code, c.wait)
			}
			status, h, body := New().EncodeError(err, "req_1")
			var b struct{ Error map[string]any }
			if json.Unmarshal(body, &b) != nil || status != c.outStatus || h.Get("Content-Type") != "application/json" {
				t.Fatalf("status %d body %s", status, body)
			}
			for k, want := range map[string]any{"type": c.outType, "code": c.outCode, "param": c.param} {
				if got, ok := b.Error[k]; !ok || got != want {
					t.Errorf("%s is %v, want %v", k, got, want)
				}
			}
			if strings.ContainsAny(b.Error["message"].(string), "<>\n") {
				t.Errorf("message %q", b.Error["message"])
			}
			if c.wait > 0 && h.Get("Retry-After") == "" {
				t.Error("Retry-After is lost (R61)")
			}
		})
	}
	for _, c := range []struct {
		err    *fault.Error
		status int
		retry  string
	}{
		{fault.New(fault.Budget, "x", "Spent."), 429, "false"},
		{fault.New(fault.Internal, "x", "Oh."), 500, ""},
		{fault.New(fault.Timeout, "x", "Late."), 504, ""},
		{fault.New(fault.Exhausted, "x", "None."), 503, ""},
		{&fault.Error{Kind: fault.Overloaded, Status: 529, Public: "Busy."}, 503, ""},
		{&fault.Error{Kind: fault.RateLimited, Status: 429, Code: "RESOURCE_EXHAUSTED", Public: "Slow."}, 429, ""},
	} {
		status, h, body := New().EncodeError(c.err, "")
		if status != c.status || h.Get("x-should-retry") != c.retry || strings.Contains(string(body), "RESOURCE") {
			t.Errorf("%+v: %d %v %s", c.err, status, h, body)
		}
	}
}
