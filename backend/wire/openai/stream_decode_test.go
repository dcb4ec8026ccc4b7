package openai

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"omniroute/backend/fault"
	"omniroute/backend/llm"
)

func TestDecodeStream(t *testing.T) {
	call := func(index, rest string) string { return delta(`{"tool_calls":[{"index":` + index + `,` + rest + `}]}`) }
	cases := []struct {
		name   string
		chunks []string
		want   string
		stop   llm.StopReason
	}{
		{"text", []string{delta(`{"role":"assistant","content":""}`), delta(`{"content":"Hel"}`), delta(`{"content":"lo","tool_calls":[]}`), finish("stop"), "[DONE]"}, "text:Hello", llm.StopEnd},
		{"no DONE", []string{delta(`{"content":"x"}`), finish("length")}, "text:x", llm.StopLength},
		{"DONE without finish", []string{delta(`{"content":"x"}`), "[DONE]"}, "text:x", llm.StopEnd},
		{"thoughts first in one chunk", []string{delta(`{"content":"B","reasoning_content":"A"}`), finish("stop")}, "think:A|text:B", llm.StopEnd},
		{"reasoning said twice", []string{delta(`{"reasoning":"A","reasoning_content":"A","reasoning_details":[{"text":"A"}]}`), finish("stop")}, "think:A", llm.StopEnd},
		{"reasoning details", []string{delta(`{"reasoning_details":[{"type":"reasoning.text","text":"A"},{"type":"reasoning.summary","summary":"B"}]}`), finish("stop")}, "think:AB", llm.StopEnd},
		{"thinking parts", []string{delta(`{"content":[{"type":"thinking","thinking":[{"type":"text","text":"A"}]},{"type":"text","text":"B"}]}`), finish("stop")}, "think:A|text:B", llm.StopEnd},
		{"stop with call", []string{call("0", `"id":"a","type":"function","function":{"name":"f","arguments":"{}"}`), finish("stop"), "[DONE]"}, "call:a/f({})", llm.StopToolCalls},
		{"length wins", []string{call("0", `"id":"a","function":{"name":"f","arguments":"{\"x"}`), finish("length"), "[DONE]"}, `call:a/f({"x)`, llm.StopLength},
		{"late id and name", []string{call("0", `"id":null,"function":{"name":"","arguments":"{\"a\""}`), call("0", `"id":"a","function":{"arguments":":1"}`), call("0", `"id":"a","function":{"name":"f","arguments":"}"}`), finish("tool_calls")}, `call:a/f({"a":1})`, llm.StopToolCalls},
		{"no id ever", []string{call("0", `"function":{"name":"f","arguments":"{}"}`), finish("tool_calls")}, `call:/f({})`, llm.StopToolCalls},
		{"no name ever", []string{call("0", `"id":"a","function":{"arguments":"{}"}`), delta(`{"content":"x"}`), finish("stop")}, `text:x`, llm.StopEnd},
		{"nameless call between texts", []string{delta(`{"content":"a"}`), call("0", `"function":{"arguments":"{}"}`), delta(`{"content":"b"}`), finish("stop")}, `text:ab`, llm.StopEnd},
		{"interleaved", []string{call("0", `"id":"a","function":{"name":"f","arguments":"{\"a\":"}`), call("1", `"id":"b","function":{"name":"g","arguments":"{\"b\":"}`), call("0", `"function":{"arguments":"1}"}`), call("1", `"function":{"arguments":"2}"}`), finish("tool_calls")}, `call:a/f({"a":1})|call:b/g({"b":2})`, llm.StopToolCalls},
		{"repeated name and id", []string{call("0", `"id":"a","function":{"name":"f","arguments":"{"}`), call("0", `"id":"a","function":{"name":"f","arguments":"}"}`), finish("tool_calls")}, `call:a/f({})`, llm.StopToolCalls},
		{"another id per fragment", []string{call("0", `"id":"a","function":{"name":"f","arguments":"{"}`), call("0", `"id":"z","function":{"arguments":"}"}`), finish("tool_calls")}, `call:a/f({})`, llm.StopToolCalls},
		{"all at index 0", []string{call("0", `"id":"a","function":{"name":"f","arguments":"{}"}`), call("0", `"id":"b","function":{"name":"f","arguments":"{}"}`), finish("tool_calls")}, `call:a/f({})|call:b/f({})`, llm.StopToolCalls},
		{"index 0 and no ids", []string{call("0", `"function":{"name":"f","arguments":"{\"a\":1}"}`), call("0", `"function":{"name":"f","arguments":"{\"a\":2}"}`), finish("tool_calls")}, `call:/f({"a":1})|call:/f({"a":2})`, llm.StopToolCalls},
		{"no index", []string{delta(`{"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{}"}},{"id":"b","function":{"name":"g","arguments":""}}]}`), finish("tool_calls")}, `call:a/f({})|call:b/g()`, llm.StopToolCalls},
		{"whole call sent again", []string{call("0", `"id":"a","function":{"name":"f","arguments":"{\"a\":"}`), call("0", `"function":{"arguments":"1}"}`), call("0", `"id":"a","function":{"name":"f","arguments":"{\"a\":1}"}`), finish("tool_calls")}, `call:a/f({"a":1})`, llm.StopToolCalls},
		{"arguments as object", []string{call("0", `"id":"a","function":{"name":"f","arguments":{"a":[1]}}`), finish("tool_calls")}, `call:a/f({"a":[1]})`, llm.StopToolCalls},
		{"text after call", []string{delta(`{"content":"A"}`), call("0", `"id":"a","function":{"name":"f","arguments":"{}"}`), delta(`{"content":"B"}`), finish("stop")}, `text:A|call:a/f({})|text:B`, llm.StopToolCalls},
		{"text between fragments", []string{call("0", `"id":"a","function":{"name":"f","arguments":"{"}`), delta(`{"content":"B"}`), call("0", `"function":{"arguments":"}"}`), finish("stop")}, `call:a/f({})|text:B`, llm.StopToolCalls},
		{"custom call", []string{call("0", `"id":"a","type":"custom","custom":{"name":"p","input":"x"}`), call("0", `"custom":{"input":"y"}`), finish("tool_calls")}, `call:a/p(xy)`, llm.StopToolCalls},
		{"legacy call", []string{delta(`{"function_call":{"name":"f","arguments":"{"}}`), delta(`{"function_call":{"arguments":"}"}}`), finish("function_call")}, `call:/f({})`, llm.StopToolCalls},
		{"refusal", []string{delta(`{"refusal":"I "}`), delta(`{"refusal":"won't"}`), finish("stop")}, `refuse:I won't`, llm.StopEnd},
		{"filter", []string{delta(`{"content":"x"}`), finish("content_filter")}, `text:x`, llm.StopFilter},
		{"content after finish", []string{delta(`{"content":"x"}`), finish("stop"), delta(`{"content":"y"}`), "[DONE]"}, `text:xy`, llm.StopEnd},
		{"finish said twice", []string{delta(`{"content":"x"}`), finish("length"), finish("stop"), "[DONE]"}, `text:x`, llm.StopLength},
		{"nothing after DONE", []string{delta(`{"content":"x"}`), finish("stop"), "[DONE]", delta(`{"content":"y"}`)}, `text:x`, llm.StopEnd},
		{"empty answer", []string{delta(`{"role":"assistant"}`), finish("stop"), "[DONE]"}, ``, llm.StopEnd},
		{"torn pair", []string{delta(`{"content":"a\ud83d"}`), delta(`{"content":"\ude00b"}`), finish("stop")}, "text:a😀b", llm.StopEnd},
		{"half a pair only", []string{delta(`{"content":"a\ud83d"}`), finish("stop")}, "text:a\ufffd", llm.StopEnd},
		{"torn UTF-8", []string{delta("{\"content\":\"a\xe2\x82\"}"), delta("{\"content\":\"\xacb\"}"), finish("stop")}, "text:a€b", llm.StopEnd},
		{"whole completion", []string{`{"id":"c1","choices":[{"index":0,"message":{"role":"assistant","content":"x","tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}]},"finish_reason":"tool_calls"}]}`}, "text:x|call:a/f({})", llm.StopToolCalls},
		{"vendor events", []string{`{"type":"ping"}`, delta(`{"content":"x"}`), `"hello"`, `{"choices":[],"prompt_filter_results":[]}`, finish("stop"), "[DONE]"}, "text:x", llm.StopEnd},
		{"image", []string{delta(`{"images":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]}`), finish("stop")}, "image:image/png", llm.StopEnd},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			events, err := decode(t, sse(c.chunks...))
			if err != nil {
				t.Fatal(err)
			}
			r, err := llm.Fold(replay(events))
			if err != nil {
				t.Fatal(err)
			}
			if got := sketch(&r.Candidates[0]); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if got := r.Candidates[0].Stop.Reason; got != c.stop {
				t.Errorf("stop %d, want %d", got, c.stop)
			}
		})
	}
}

// Chunks that differ in their text only take a short cut; it must notice
// everything else.
func TestDecodeStreamShortCut(t *testing.T) {
	chunks := []string{
		delta(`{"content":"a"}`), delta(`{"content":"b"}`), delta(`{"content":"\"}\n😀"}`), delta(`{"content":""}`),
		delta(`{"content":"c","reasoning_content":"t"}`), delta(`{"content":"d","refusal":"no"}`), delta(`{"content":"e"}`),
		`{"id":"c1","object":"chat.completion.chunk","created":7,"model":"up","choices":[{"index":0,"delta":{"content":"f"},"finish_reason":"stop"}]}`,
		delta(`{"content":"g"}`), delta(`{"reasoning_content":"u"}`), delta(`{"reasoning_content":"v"}`), "[DONE]",
	}
	events, err := decode(t, sse(chunks...))
	if err != nil {
		t.Fatal(err)
	}
	r, _ := llm.Fold(replay(events))
	const want = "text:ab\"}\n😀|think:t|text:cd|refuse:no|text:efg|think:uv"
	if got := sketch(&r.Candidates[0]); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if _, err := decode(t, sse(delta(`{"content":"a"}`), strings.Replace(delta(`{"content":"a"}`), `"a"`, "\"a\x01\"", 1))); fault.KindOf(err) != fault.Upstream {
		t.Errorf("a control character: %v", err)
	}
}

func replay(events []llm.Event) llm.Stream {
	return func(yield func(llm.Event, error) bool) {
		for _, ev := range events {
			if !yield(ev, nil) {
				return
			}
		}
	}
}

// The first of two parallel calls must flow while it arrives, and the second
// as soon as the first is whole: nothing waits for the end.
func TestDecodeStreamFlows(t *testing.T) {
	r, w := io.Pipe()
	defer r.Close()
	steps := []struct{ chunk, want string }{
		{delta(`{"reasoning_content":"hm"}`), "hm"},
		{delta(`{"content":"Hi"}`), "Hi"},
		{delta(`{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{\"a\":"}}]}`), `{"a":`},
		{delta(`{"tool_calls":[{"index":0,"function":{"arguments":"1}"}}]}`), `1}`},
		{delta(`{"tool_calls":[{"index":1,"id":"b","function":{"name":"g","arguments":"{"}}]}`), `{`},
	}
	texts := make(chan string)
	go func() {
		for ev, err := range (Codec{}).DecodeStream(r) {
			if err != nil {
				break
			}
			if ev.Kind == llm.EventDelta {
				texts <- ev.Text
			}
		}
		close(texts)
	}()
	for _, s := range steps {
		if _, err := w.Write(sse(s.chunk)); err != nil {
			t.Fatal(err)
		}
		if got := <-texts; got != s.want {
			t.Fatalf("after %s came %q, want %q", s.chunk, got, s.want)
		}
	}
	_ = w.Close()
	for range texts {
		t.Error("more text after the last chunk")
	}
}

func TestDecodeStreamChoices(t *testing.T) {
	chunk := func(i, d string) string {
		return `{"id":"c","model":"m","choices":[{"index":` + i + `,"delta":` + d + `,"finish_reason":null}]}`
	}
	end := func(i string) string {
		return `{"choices":[{"index":` + i + `,"delta":{},"finish_reason":"stop"}]}`
	}
	body := sse(chunk("0", `{"content":"a"}`), chunk("1", `{"content":"x"}`), chunk("0", `{"content":"b"}`),
		`{"choices":[{"index":1,"delta":{},"logprobs":{"content":[{"token":"x"}]}}]}`, chunk("1", `{"content":"y"}`), end("1"), chunk("0", `{"content":"c"}`), end("0"),
		`{"choices":[{"index":4000000000,"delta":{"content":"hostile"}}]}`, "[DONE]")
	events, err := decode(t, body)
	if err != nil {
		t.Fatal(err)
	}
	r, _ := llm.Fold(replay(events))
	if len(r.Candidates) != 2 || sketch(&r.Candidates[0]) != "text:abc" || sketch(&r.Candidates[1]) != "text:xy" {
		t.Errorf("candidates %d: %s / %s", len(r.Candidates), sketch(&r.Candidates[0]), sketch(&r.Candidates[1]))
	}
	if string(r.Candidates[1].Logprobs) != `[{"token":"x"}]` {
		t.Errorf("logprobs of choice 1: %s", r.Candidates[1].Logprobs)
	}
}

func TestDecodeStreamUsage(t *testing.T) {
	cases := map[string][]string{
		"after finish":   {delta(`{"content":"x"}`), finish("stop"), `{"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":2,"total_tokens":9,"prompt_tokens_details":{"cached_tokens":3}}}`, "[DONE]"},
		"on finish":      {delta(`{"content":"x"}`), `{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":7,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":3}}}`},
		"cumulative":     {`{"choices":[{"index":0,"delta":{"content":"x"}}],"usage":{"prompt_tokens":7,"completion_tokens":1}}`, `{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":7,"completion_tokens":2,"cached_tokens":3}}`},
		"in the choice":  {delta(`{"content":"x"}`), `{"choices":[{"index":0,"delta":{},"finish_reason":"stop","usage":{"prompt_tokens":7,"completion_tokens":2,"cached_tokens":3}}]}`},
		"in x_groq":      {delta(`{"content":"x"}`), `{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"x_groq":{"usage":{"prompt_tokens":7,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":3}}}}`},
		"null elsewhere": {`{"choices":[{"index":0,"delta":{"content":"x"},"finish_reason":"stop"}],"usage":{"prompt_tokens":7,"completion_tokens":2,"prompt_cache_hit_tokens":3}}`, `{"choices":[],"usage":null}`, "[DONE]"},
	}
	for name, chunks := range cases {
		t.Run(name, func(t *testing.T) {
			events, err := decode(t, sse(chunks...))
			if err != nil {
				t.Fatal(err)
			}
			r, _ := llm.Fold(replay(events))
			if r.Usage == nil || *r.Usage != (llm.Usage{Input: 7, CacheRead: 3, Output: 2}) {
				t.Errorf("usage %+v", r.Usage)
			}
		})
	}
}

func TestDecodeStreamErrors(t *testing.T) {
	cases := []struct {
		name   string
		chunks []string
		kind   fault.Kind
		begun  bool
		says   string
	}{
		{"first", []string{`{"error":{"message":"Rate limit","type":"rate_limit_error","code":"rate_limit_exceeded"}}`}, fault.RateLimited, false, "Rate limit"},
		{"middle", []string{delta(`{"content":"par"}`), `{"error":{"message":"worker limit","code":502}}`}, fault.Upstream, true, "worker limit"},
		{"as string", []string{`{"error":"model overloaded"}`}, fault.Upstream, false, "model overloaded"},
		{"beside empty choices", []string{`{"choices":[],"error":{"message":"no","code":429}}`}, fault.RateLimited, false, "no"},
		{"object error", []string{`{"object":"error","message":"bad","type":"BadRequestError","code":400}`}, fault.Invalid, false, "bad"},
		{"detail", []string{`{"detail":"Not allowed"}`}, fault.Upstream, false, "Not allowed"},
		{"broken JSON", []string{delta(`{"content":"x"}`), `{"id":`}, fault.Upstream, true, "no JSON"},
		{"no finish", []string{delta(`{"content":"x"}`)}, fault.Truncated, true, "broke off"},
		{"one choice unfinished", []string{`{"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop"},{"index":1,"delta":{"content":"b"}}]}`}, fault.Truncated, true, "broke off"},
		{"nothing", nil, fault.Truncated, false, "before it answered"},
		{"DONE only", []string{"[DONE]"}, fault.Upstream, false, "without an answer"},
		{"finish error", []string{delta(`{"content":"x"}`), finish("error")}, fault.Upstream, true, "broke off"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			events, err := decode(t, sse(c.chunks...))
			e := wantKind(t, err, c.kind)
			if !strings.Contains(e.Public, c.says) {
				t.Errorf("message %q lacks %q", e.Public, c.says)
			}
			if (len(events) > 0) != c.begun {
				t.Errorf("%d events before the error", len(events))
			}
		})
	}
}

// A connection that breaks after the finish reason has lost nothing.
func TestDecodeStreamReadError(t *testing.T) {
	broken := errors.New("reset")
	_, err := collect(Codec{}.DecodeStream(io.MultiReader(strings.NewReader(string(sse(delta(`{"content":"x"}`)))), iotest.ErrReader(broken))))
	wantKind(t, err, fault.Truncated)
	events, err := collect(Codec{}.DecodeStream(io.MultiReader(strings.NewReader(string(sse(delta(`{"content":"x"}`), finish("stop")))), iotest.ErrReader(broken))))
	if b := breach(events, err); err != nil || b != "" {
		t.Errorf("after finish: %v %s", err, b)
	}
}

// A consumer may leave after any event; the decoder must not go on.
func TestDecodeStreamStops(t *testing.T) {
	body := sse(delta(`{"reasoning_content":"r","content":"a"}`), delta(`{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}},{"index":1,"id":"b","function":{"name":"g","arguments":"{}"}}]}`), finish("tool_calls"), "[DONE]")
	all, err := decode(t, body)
	if err != nil {
		t.Fatal(err)
	}
	for n := range all {
		seen := 0
		for range (Codec{}).DecodeStream(strings.NewReader(string(body))) {
			if seen++; seen > n {
				break
			}
		}
		if seen != n+1 {
			t.Errorf("left after %d, saw %d", n+1, seen)
		}
	}
}

func TestDecodeStreamSeal(t *testing.T) {
	body := sse(delta(`{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"},"extra_content":{"google":{"thought_signature":"U0lH"}}}]}`), finish("tool_calls"))
	events, err := decode(t, body)
	if err != nil {
		t.Fatal(err)
	}
	r, _ := llm.Fold(replay(events))
	if s := r.Candidates[0].Parts[0].Seal; s.Family != llm.FamilyGemini || s.Data != "U0lH" {
		t.Errorf("seal %+v", s)
	}
}
