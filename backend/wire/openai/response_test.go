package openai

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"omniroute/backend/fault"
	"omniroute/backend/llm"
)

func TestDecodeResponse(t *testing.T) {
	body := func(message, reason string) string {
		return `{"id":"c","object":"chat.completion","created":5,"model":"up","service_tier":"flex","choices":[{"index":0,"message":` + message + `,"finish_reason":` + reason + `}],"usage":{"prompt_tokens":9,"completion_tokens":4,"total_tokens":13,"prompt_tokens_details":{"cached_tokens":6,"cache_write_tokens":1},"completion_tokens_details":{"reasoning_tokens":2}}}`
	}
	cases := []struct {
		name, body, want string
		stop             llm.StopReason
	}{
		{"text", body(`{"role":"assistant","content":"x"}`, `"stop"`), "text:x", llm.StopEnd},
		{"thoughts", body(`{"content":"x","reasoning":"t"}`, `"stop"`), "think:t|text:x", llm.StopEnd},
		{"Mistral", body(`{"content":[{"type":"thinking","thinking":[{"type":"text","text":"t"}]},{"type":"text","text":"x"}]}`, `"stop"`), "think:t|text:x", llm.StopEnd},
		{"calls", body(`{"content":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":""}},{"id":"b","type":"custom","custom":{"name":"p","input":"i"}}]}`, `"stop"`), "call:a/f()|call:b/p(i)", llm.StopToolCalls},
		{"nameless call", body(`{"content":"x","tool_calls":[{"id":"a","function":{"arguments":"{}"}}]}`, `"stop"`), "text:x", llm.StopEnd},
		{"cut call", body(`{"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{"}}]}`, `"length"`), "call:a/f({)", llm.StopLength},
		{"legacy", body(`{"function_call":{"name":"f","arguments":"{}"}}`, `"function_call"`), "call:/f({})", llm.StopToolCalls},
		{"refusal", body(`{"content":null,"refusal":"no"}`, `"content_filter"`), "refuse:no", llm.StopFilter},
		{"no finish", body(`{"content":"x"}`, `null`), "text:x", llm.StopEnd},
		{"null message", body(`null`, `"stop"`), "", llm.StopEnd},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r, err := Codec{}.DecodeResponse([]byte(c.body))
			if err != nil {
				t.Fatal(err)
			}
			if got := sketch(&r.Candidates[0]); got != c.want || r.Candidates[0].Stop.Reason != c.stop {
				t.Errorf("%s stop %d, want %s stop %d", got, r.Candidates[0].Stop.Reason, c.want, c.stop)
			}
			if r.ID != "c" || r.Model != "up" || r.Created != 5 || r.Tier != "flex" || *r.Usage != (llm.Usage{Input: 9, CacheRead: 6, CacheWrite: 1, Output: 4, Reasoning: 2}) {
				t.Errorf("head %+v %+v", r, r.Usage)
			}
		})
	}
}

func TestDecodeChoicesByIndex(t *testing.T) {
	r, err := Codec{}.DecodeResponse([]byte(`{"choices":[{"index":1,"message":{"content":"b"}},{"index":0,"message":{"content":"a"}},{"index":9,"message":{"content":"c"},"logprobs":{"content":[{"token":"c"}]}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if sketch(&r.Candidates[0]) != "text:a" || sketch(&r.Candidates[1]) != "text:b" || sketch(&r.Candidates[2]) != "text:c" || string(r.Candidates[2].Logprobs) != `[{"token":"c"}]` {
		t.Errorf("%+v", r.Candidates)
	}
}

func TestDecodeResponseErrors(t *testing.T) {
	for body, kind := range map[string]fault.Kind{
		`{"error":{"message":"slow down","code":429}}`: fault.RateLimited,
		`{"error":"boom","choices":[]}`:                fault.Upstream,
		`{"choices":[]}`:                               fault.Upstream,
		`{}`:                                           fault.Upstream,
		`[{"error":{"message":"x","code":400}}]`:       fault.Invalid,
		`{"detail":"no"}`:                              fault.Upstream,
		`{"choices":[{"message":{"content":"x"},"finish_reason":"error"}]}`:                  fault.Upstream,
		`{"error":{"message":"too long","code":"context_length_exceeded"},"choices":null}`:   fault.TooLarge,
		`{"error":{"message":"busy","type":"overloaded_error"}}`:                             fault.Overloaded,
		`{"error":{"message":"who?","type":"authentication_error"}}`:                         fault.AuthExpired,
		`{"error":{"message":"empty","type":"insufficient_quota"}}`:                          fault.Quota,
		`{"error":{"message":"This model's maximum context length is 5","code":400.0}}`:      fault.TooLarge,
		`{"error":null,"object":"error","message":"bad","type":"invalid_request_error"}`:     fault.Invalid,
		`{"error":{"message":"gone","type":"invalid_request_error","code":"x_not_found"}}`:   fault.Invalid,
		`{"error":{"message":"gone","type":null,"code":"model_not_found"}}`:                  fault.ModelGone,
		`{"error":{"message":"late","type":"server_error","code":"timeout"}}`:                fault.Timeout,
		`{"error":{"message":"not you","type":"permission_error"}}`:                          fault.Denied,
		`{"error":{"message":"RESOURCE","status":"RESOURCE_EXHAUSTED"}}`:                     fault.RateLimited,
		`{"error":{"message":"large","type":"request_too_large"}}`:                           fault.TooLarge,
		`{"type":"error","error":{"type":"api_error","message":"in Anthropic's own shape"}}`: fault.Upstream,
	} {
		_, err := Codec{}.DecodeResponse([]byte(body))
		if e := fault.As(err); e == nil || e.Kind != kind {
			t.Errorf("%s: %v, want %s", body, err, kind)
		}
	}
	// An empty error object beside an answer is no error.
	if _, err := (Codec{}).DecodeResponse([]byte(`{"error":{},"choices":[{"message":{"content":"x"}}]}`)); err != nil {
		t.Error(err)
	}
}

func TestUsageDialects(t *testing.T) {
	for in, want := range map[string]llm.Usage{
		`{"prompt_tokens":9,"completion_tokens":4,"total_tokens":13,"completion_tokens_details":{"reasoning_tokens":3}}`: {Input: 9, Output: 4, Reasoning: 3},
		`{"prompt_tokens":9,"completion_tokens":4,"total_tokens":16,"completion_tokens_details":{"reasoning_tokens":3}}`: {Input: 9, Output: 7, Reasoning: 3},
		`{"prompt_tokens":9,"completion_tokens":4,"prompt_cache_hit_tokens":8,"prompt_cache_miss_tokens":1}`:             {Input: 9, Output: 4, CacheRead: 8},
		`{"prompt_tokens":9,"completion_tokens":4,"cached_tokens":8,"prompt_tokens_details":null}`:                       {Input: 9, Output: 4, CacheRead: 8},
		`{"prompt_tokens":-9,"completion_tokens":null,"total_tokens":3}`:                                                 {Output: 3},
	} {
		if got := readUsage([]byte(in)); got == nil || *got != want {
			t.Errorf("%s: %+v, want %+v", in, got, want)
		}
	}
	if readUsage([]byte(`{}`)) != nil || readUsage([]byte(`null`)) != nil {
		t.Error("an empty usage object says nothing")
	}
}

func TestEncodeResponse(t *testing.T) {
	usage := &llm.Usage{Input: 10, CacheRead: 4, CacheWrite: 2, Output: 5, Reasoning: 1}
	one := func(stop llm.StopReason, parts ...llm.Part) *llm.Response {
		return &llm.Response{ID: "r", Model: "up", Created: 3, Usage: usage, Candidates: []llm.Candidate{{Parts: parts, Stop: llm.Stop{Reason: stop}}}}
	}
	responses := llm.Part{Kind: llm.PartText, Text: "x", Annotations: []byte(`[{"type":"url_citation","url":"u","title":"t","start_index":0,"end_index":1},{"type":"file_citation"}]`), Extra: llm.Extra{Format: "openai-responses"}}
	cases := []struct {
		name string
		resp *llm.Response
		want string
	}{
		{"text", one(llm.StopEnd, texts("a", "b")...), `{"id":"r","object":"chat.completion","created":3,"model":"up","choices":[{"index":0,"message":{"role":"assistant","content":"ab","refusal":null,"tool_calls":"<absent>","reasoning_content":"<absent>"},"logprobs":null,"finish_reason":"stop"}],
			"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,"prompt_tokens_details":{"cached_tokens":4,"cache_write_tokens":2},"completion_tokens_details":{"reasoning_tokens":1}}}`},
		{"calls win over stop", one(llm.StopEnd, thought("t"), called("a", "f", ""), called("", "g", `{"cut`)), `{"choices":[{"message":{"content":null,"reasoning_content":"t","tool_calls":[{"id":"a","function":{"arguments":"{}"}},{"type":"function","function":{"name":"g","arguments":"{\"cut"}}]},"finish_reason":"tool_calls"}]}`},
		{"length wins", one(llm.StopLength, called("a", "f", "{")), `{"choices":[{"finish_reason":"length"}]}`},
		{"full context", one(llm.StopContextFull, texts("x")...), `{"choices":[{"finish_reason":"length"}]}`},
		{"filter", one(llm.StopFilter), `{"choices":[{"message":{"content":null},"finish_reason":"content_filter"}]}`},
		{"pause", one(llm.StopPause, texts("x")...), `{"choices":[{"finish_reason":"stop"}]}`},
		{"calls of the vendor's server", one(llm.StopToolCalls, llm.Part{Kind: llm.PartServer, Opaque: &llm.Opaque{}}, texts("x")[0]), `{"choices":[{"message":{"content":"x","tool_calls":"<absent>"},"finish_reason":"stop"}]}`},
		{"nothing", &llm.Response{}, `{"choices":[{"index":0,"message":{"role":"assistant","content":null},"finish_reason":"stop"}],"model":"asked","usage":{"total_tokens":1}}`},
		{"citations", one(llm.StopEnd, responses), `{"choices":[{"message":{"annotations":[{"type":"url_citation","url_citation":{"url":"u","title":"t","start_index":0,"end_index":1}}]}}]}`},
		{"image", one(llm.StopEnd, picture), `{"choices":[{"message":{"images":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]}}]}`},
		{"custom", one(llm.StopEnd, llm.Part{Kind: llm.PartToolCall, Call: &llm.ToolCall{ID: "a", Name: "p", Kind: llm.CallCustom, Input: "i"}}), `{"choices":[{"message":{"tool_calls":[{"id":"a","type":"custom","custom":{"name":"p","input":"i"}}]}}]}`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			body, _, err := Codec{}.EncodeResponse(c.resp, &llm.Request{Model: "asked"})
			if err != nil {
				t.Fatal(err)
			}
			mustContain(t, body, c.want)
		})
	}
}

func TestLegacyClientGetsFunctionCall(t *testing.T) {
	req := decodeRequest(t, user(`"functions":[{"name":"f"}]`))
	resp := &llm.Response{Candidates: []llm.Candidate{{Parts: []llm.Part{called("a", "f", `{"x":1}`), called("b", "f", "{}")}, Stop: llm.Stop{Reason: llm.StopToolCalls}}}}
	body, losses, _ := Codec{}.EncodeResponse(resp, req)
	mustContain(t, body, `{"choices":[{"message":{"function_call":{"name":"f","arguments":"{\"x\":1}"},"tool_calls":"<absent>"},"finish_reason":"function_call"}]}`)
	if len(losses) != 1 {
		t.Errorf("losses %v", losses)
	}
	chunks := encode(t, req, resp, nil)
	if got := chatText(chunks); got != `role|fn f|fn {"x":1}|finish function_call|[DONE]` {
		t.Error(got)
	}
}

// counting fails the test when one Encode makes several writes.
type counting struct {
	bytes.Buffer
	writes int
}

func (c *counting) Write(b []byte) (int, error) { c.writes++; return c.Buffer.Write(b) }

// encode writes an answer as a stream, ended by err, and returns its events.
func encode(t *testing.T, req *llm.Request, r *llm.Response, end error) []string {
	t.Helper()
	var w counting
	e := Codec{}.EncodeStream(&w, req)
	for ev := range llm.Unfold(r) {
		if end != nil && ev.Kind == llm.EventFinish {
			break
		}
		w.writes = 0
		if err := e.Encode(ev); err != nil {
			t.Fatal(err)
		}
		if w.writes > 1 {
			t.Errorf("%d writes for event %+v", w.writes, ev)
		}
	}
	if err := e.Close(end); err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, block := range strings.Split(strings.TrimSuffix(w.String(), "\n\n"), "\n\n") {
		data, ok := strings.CutPrefix(block, "data: ")
		if !ok {
			t.Fatalf("no data line: %q", block)
		}
		out = append(out, data)
	}
	return out
}

func TestEncodeStream(t *testing.T) {
	usage := &llm.Usage{Input: 10, CacheRead: 4, Output: 5}
	asks := &llm.Request{Model: "asked", Meta: llm.Meta{IncludeUsage: true}}
	one := func(stop llm.StopReason, parts ...llm.Part) *llm.Response {
		return &llm.Response{ID: "r", Model: "up", Created: 3, Usage: usage, Candidates: []llm.Candidate{{Parts: parts, Stop: llm.Stop{Reason: stop}}}}
	}
	custom := llm.Part{Kind: llm.PartToolCall, Call: &llm.ToolCall{ID: "a", Name: "p", Kind: llm.CallCustom, Input: "i"}}
	two := one(llm.StopEnd, texts("a")...)
	two.Candidates = append(two.Candidates, llm.Candidate{Parts: []llm.Part{called("b", "f", "{}")}})
	logged := one(llm.StopEnd, texts("a")...)
	logged.Candidates[0].Logprobs = []byte(`[{"token":"a"}]`)
	cases := []struct {
		name string
		req  *llm.Request
		resp *llm.Response
		err  error
		want string
	}{
		{"text", asks, one(llm.StopEnd, texts("a")...), nil, "role|a|finish stop|usage 10+5|[DONE]"},
		{"usage only when asked", &llm.Request{}, one(llm.StopEnd, texts("a")...), nil, "role|a|finish stop|[DONE]"},
		{"thoughts and calls", asks, one(llm.StopEnd, thought("t"), texts("x")[0], called("a", "f", ""), called("", "g", `{"b":1}`)), nil, `role|think t|x|call 0 f|args 0 {}|call 1 g|args 1 {"b":1}|finish tool_calls|usage 10+5|[DONE]`},
		{"length wins", asks, one(llm.StopLength, called("a", "f", "{")), nil, `role|call 0 f|args 0 {|finish length|usage 10+5|[DONE]`},
		{"refusal", asks, one(llm.StopEnd, llm.Part{Kind: llm.PartRefusal, Text: "no"}), nil, "role|refuse no|finish stop|usage 10+5|[DONE]"},
		{"custom", asks, one(llm.StopEnd, custom), nil, "role|call 0 p|args 0 i|finish tool_calls|usage 10+5|[DONE]"},
		{"two choices", asks, two, nil, "role|a|finish stop|1:role|1:call 0 f|1:args 0 {}|1:finish tool_calls|usage 10+5|[DONE]"},
		{"logprobs", asks, logged, nil, `role|a|logprobs|finish stop|usage 10+5|[DONE]`},
		{"server calls stay hidden", asks, one(llm.StopToolCalls, llm.Part{Kind: llm.PartServer, Opaque: &llm.Opaque{}}, texts("x")[0]), nil, "role|x|finish stop|usage 10+5|[DONE]"},
		{"nothing", asks, &llm.Response{}, nil, "role|finish stop|usage 1+0|[DONE]"},
		{"estimated", asks, &llm.Response{Candidates: []llm.Candidate{{Parts: texts("12345678")}}}, nil, "role|12345678|finish stop|usage 1+2|[DONE]"},
		{"broken off", asks, one(llm.StopEnd, texts("par")...), fault.New(fault.Upstream, "x", "It broke."), "role|par|error It broke."},
		{"unclassified", asks, one(llm.StopEnd, texts("par")...), errors.New("secret"), "role|par|error The gateway made a mistake. The receipt id helps to report it."},
		{"nothing before the error", asks, &llm.Response{}, fault.New(fault.Timeout, "x", "Late."), "error Late."},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			chunks := encode(t, c.req, c.resp, c.err)
			if got := chatText(chunks); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			for _, chunk := range chunks {
				if chunk != "[DONE]" && !strings.Contains(chunk, `"error"`) {
					mustContain(t, []byte(chunk), `{"object":"chat.completion.chunk"}`)
				}
			}
		})
	}
}

// Close(nil) without End must not look like success.
func TestEncodeStreamWithoutEnd(t *testing.T) {
	var b bytes.Buffer
	e := Codec{}.EncodeStream(&b, &llm.Request{})
	_ = e.Encode(llm.Event{Kind: llm.EventBegin, ID: "r"})
	if b.Len() > 0 {
		t.Error("Begin alone must write nothing: another target may still be tried")
	}
	_ = e.KeepAlive()
	_ = e.Close(nil)
	_ = e.Close(nil)
	if got := b.String(); !strings.HasPrefix(got, ": keepalive\n\ndata: {\"error\":") || strings.Count(got, "data:") != 1 {
		t.Error(got)
	}
}

// Input counts that came early are better than a guess; the output is not
// counted as nothing because of them.
func TestEncodeStreamEarlyUsage(t *testing.T) {
	var b bytes.Buffer
	e := Codec{}.EncodeStream(&b, &llm.Request{Meta: llm.Meta{IncludeUsage: true}})
	for _, ev := range []llm.Event{
		{Kind: llm.EventBegin, Usage: &llm.Usage{Input: 50, CacheRead: 8, Output: 1}}, {Kind: llm.EventOpen, Part: &llm.Part{}},
		{Kind: llm.EventDelta, Text: "12345678"}, {Kind: llm.EventClose}, {Kind: llm.EventFinish}, {Kind: llm.EventEnd},
	} {
		_ = e.Encode(ev)
	}
	_ = e.Close(nil)
	if !strings.Contains(b.String(), `"usage":{"prompt_tokens":50,"completion_tokens":2,"total_tokens":52,"prompt_tokens_details":{"cached_tokens":8}`) {
		t.Error(b.String())
	}
}

// A seal known at the start rides on the first fragment, a late one on its own.
func TestEncodeStreamSeals(t *testing.T) {
	call := called("a", "f", "{}")
	call.Seal = llm.Seal{Family: llm.FamilyGemini, Data: "U0lH"}
	other := called("b", "f", "{}")
	r := &llm.Response{Candidates: []llm.Candidate{{Parts: []llm.Part{call, {Kind: llm.PartReasoning, Seal: llm.Seal{Family: llm.FamilyAnthropic, Data: "SIG"}}, other}}}}
	all := strings.Join(encode(t, &llm.Request{}, r, nil), "\n")
	for _, want := range []string{
		`{"tool_calls":[{"index":0,"extra_content":{"google":{"thought_signature":"U0lH"}}}]}`,
		`"name":"f","arguments":""},"extra_content":{"google":{"thought_signature":"~omni1.at...SIG"}}}]`,
	} {
		if strings.Count(all, want) != 1 {
			t.Errorf("want once %s in\n%s", want, all)
		}
	}
}
