package responses

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"omniroute/backend/fault"
	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// watch feeds a tap in pieces of n bytes.
func watch(stream bool, raw string, n int) wire.Tap {
	tap := New().Tap(stream)
	for len(raw) > 0 {
		k := min(n, len(raw))
		_, _ = tap.Write([]byte(raw[:k]))
		raw = raw[k:]
	}
	return tap
}

func TestTapStream(t *testing.T) {
	added := `{"type":"response.output_item.added","sequence_number":1,"output_index":0,"item":{"type":"function_call","id":"fc_1","call_id":"c","name":"f","arguments":""}}`
	text := `{"type":"response.output_text.delta","sequence_number":2,"output_index":0,"delta":"x"}`
	for _, c := range []struct {
		name, raw string
		usage     bool
		stop      llm.StopReason
		content   bool
		ended     bool
		kind      fault.Kind
	}{
		{"whole", sse(created, text, terminal("completed", "", "")), true, llm.StopEnd, true, true, 0},
		{"call", sse(created, added, terminal("completed", "", "")), true, llm.StopToolCalls, true, true, 0},
		{"incomplete", sse(created, text, terminal("incomplete", "", `,"incomplete_details":{"reason":"content_filter"}`)), true, llm.StopFilter, true, true, 0},
		{"nothing yet (P61)", sse(created, added), false, 0, false, false, 0},
		{"cut", sse(created, text), false, 0, true, false, 0},
		{"failed", sse(created, `{"type":"response.failed","response":{"status":"failed","error":{"code":"rate_limit_exceeded","message":"Slow"}}}`), false, llm.StopEnd, false, true, fault.RateLimited},
		{"error event", sse(`{"type":"error","code":"server_error","message":"Oh"}`), false, 0, false, false, fault.Upstream},
		{"oversized end", sse(created, text, terminal("completed", `{"type":"message","content":[{"type":"output_text","text":"`+strings.Repeat("a", 3<<20)+`"}]}`, "")), true, llm.StopEnd, true, true, 0},
		{"CRLF, no event lines", "data: " + created + "\r\n\r\ndata:" + text + "\r\n\r\ndata: " + terminal("completed", "", "") + "\r\n\r\n", true, llm.StopEnd, true, true, 0},
	} {
		for _, n := range []int{1 << 30, 7, 1} {
			if n == 1 && len(c.raw) > 1<<20 {
				continue
			}
			tap := watch(true, c.raw, n)
			err := tap.Err()
			if (tap.Usage() != nil) != c.usage || tap.Stop() != c.stop || tap.Content() != c.content || tap.Ended() != c.ended || (err != nil) != (c.kind != 0) || err != nil && fault.KindOf(err) != c.kind {
				t.Errorf("%s in pieces of %d: usage %v stop %d content %v ended %v err %v", c.name, n, tap.Usage(), tap.Stop(), tap.Content(), tap.Ended(), err)
			}
			if c.usage && *tap.Usage() != (llm.Usage{Input: 6, CacheRead: 2, CacheWrite: 1, Output: 3, Reasoning: 1}) {
				t.Errorf("%s: usage %+v", c.name, tap.Usage())
			}
			if !strings.Contains(c.raw, `"model"`) == (tap.Model() == "gpt") {
				t.Errorf("%s: model %q", c.name, tap.Model())
			}
			if !tap.Boundary() {
				t.Errorf("%s: not at a boundary", c.name)
			}
		}
	}
}

// TestTapFail cuts a stream anywhere; what the client reads must be events
// that the SDK takes, numbered upwards, with response.failed as the last.
func TestTapFail(t *testing.T) {
	raw := sse(created,
		`{"type":"response.in_progress","sequence_number":1,"response":{"id":"resp_1","a":[1,-2.5e1,true,false,null,{}],"b":{"c":[]}}}`,
		`{"type":"response.output_text.delta","sequence_number":2,"delta":"a\\\"\u00e9 \ud83d\ude00","logprobs":[]}`)
	for cut := 0; cut <= len(raw); cut++ {
		tap := watch(true, raw[:cut], 5)
		got := append([]byte(raw[:cut]), tap.Fail(fault.New(fault.Truncated, "x", "Cut."))...)
		r := wire.NewSSE(bytes.NewReader(got))
		seq, last := -1.0, ""
		for {
			_, data, err := r.Next()
			if err != nil {
				break
			}
			var d map[string]any
			if err := json.Unmarshal(data, &d); err != nil {
				t.Fatalf("cut at %d: %v in %s", cut, err, data)
			}
			typ, _ := d["type"].(string)
			if last == "" && typ != "response.created" {
				t.Fatalf("cut at %d: first event %s", cut, typ)
			}
			if typ == "keepalive" {
				continue
			}
			if n, _ := d["sequence_number"].(float64); n <= seq {
				t.Fatalf("cut at %d: sequence %v after %v", cut, n, seq)
			} else {
				seq = n
			}
			last = typ
		}
		r.Close()
		if last != "response.failed" {
			t.Fatalf("cut at %d: the stream ends with %q:\n%s", cut, last, got)
		}
	}
}

func TestTapBody(t *testing.T) {
	body := `{"id":"resp_1","model":"gpt","status":"completed","error":null,"output":[{"type":"custom_tool_call"}],"usage":{"input_tokens":1,"output_tokens":2}}`
	tap := watch(false, body, 3)
	if u := tap.Usage(); u == nil || u.Output != 2 || tap.Stop() != llm.StopToolCalls || tap.Model() != "gpt" || !tap.Ended() || tap.Err() != nil || tap.Fail(nil) != nil {
		t.Errorf("%+v %d %q %v %v", tap.Usage(), tap.Stop(), tap.Model(), tap.Ended(), tap.Err())
	}
	if tap := watch(false, body[:40], 9); tap.Ended() || tap.Err() == nil {
		t.Error("a torn body is not whole")
	}
	if tap := watch(false, `{"error":{"message":"no","code":"rate_limit_exceeded"}}`, 9); fault.KindOf(tap.Err()) != fault.RateLimited {
		t.Errorf("an error body with status 200 (R66): %v", tap.Err())
	}
	big := strings.Replace(body, `[{"type"`, `[{"x":"`+strings.Repeat("a", 9<<20)+`","type"`, 1)
	if tap := watch(false, big, 1<<16); tap.Usage() == nil || tap.Usage().Output != 2 || tap.Model() != "gpt" || !tap.Ended() {
		t.Errorf("a body over the limit: %+v %q %v", tap.Usage(), tap.Model(), tap.Ended())
	}
}

func TestConversation(t *testing.T) {
	items, err := InputItems([]byte(`{"input":"a \"b\""}`))
	if err != nil || string(items) != `[{"type":"message","role":"user","content":[{"type":"input_text","text":"a \"b\""}]}]` {
		t.Errorf("%s %v", items, err)
	}
	if _, err := InputItems([]byte(`{"input":{}}`)); fault.As(err).Param != "input" {
		t.Errorf("an object is no input: %v", err)
	}
	if items, _ := InputItems([]byte(`{}`)); string(items) != "[]" {
		t.Errorf("no input gives %s", items)
	}
	out := OutputItems([]byte(`{"output":[{"type":"message","id":"msg_1","role":"assistant","content":[],"created_by":"x"},{"type":"function_call","call_id":"c","name":"f","arguments":"{","status":"incomplete"},{"type":"reasoning","id":"rs","summary":[],"encrypted_content":"e"}]}`))
	if string(out) != `[{"type":"message","id":"msg_1","role":"assistant","content":[]},{"type":"reasoning","id":"rs","summary":[],"encrypted_content":"e"}]` {
		t.Errorf("output items %s", out)
	}
	if got := JoinItems([]byte(`[1, 2]`), []byte(`[]`)); string(got) != "[1,2]" {
		t.Errorf("joined %s", got)
	}
	body, err := WithInput([]byte(`{"model": "m", "input":"x", "previous_response_id":"resp_1", "big": 12345678901234567890}`), []byte(`[{"a":1}]`))
	if err != nil || string(body) != `{"model": "m", "input":[{"a":1}], "big": 12345678901234567890}` {
		t.Errorf("%s %v", body, err)
	}
	if body, _ := WithInput([]byte(`{"model":"m"}`), []byte(`[]`)); string(body) != `{"model":"m","input":[]}` {
		t.Errorf("%s", body)
	}
}

func TestCollector(t *testing.T) {
	item := `{"type":"message","id":"msg_1","content":[]}`
	done := `{"type":"response.output_item.done","output_index":0,"item":` + item + `}`
	for _, c := range []struct{ name, raw, output string }{
		{"final object has all", sse(created, done, terminal("completed", item, "")), "[" + item + "]"},
		{"final object is empty (codex)", sse(created, done, done, terminal("completed", "", "")), "[" + item + "," + item + "]"},
		{"failed", sse(created, `{"type":"response.failed","response":{}}`), ""},
		{"cut", sse(created, done), ""},
	} {
		k := NewCollector(1 << 20)
		for i := 0; i < len(c.raw); i += 11 {
			_, _ = k.Write([]byte(c.raw[i:min(i+11, len(c.raw))]))
		}
		if got := string(jscan.Get(k.Response(), "output")); got != c.output {
			t.Errorf("%s: %s, want %s", c.name, got, c.output)
		}
	}
	k := NewCollector(100)
	_, _ = k.Write([]byte(sse(created, terminal("completed", item, ""))))
	if k.Response() != nil {
		t.Error("an answer over the limit must not be collected")
	}
	ours := NewCollector(1 << 20)
	_, _ = ours.Write(encode(t, nil, nil, join(block(0, textPartOf, llm.DeltaText, llm.Part{}, "A"), finish(llm.StopEnd))...))
	if jscan.Len(jscan.Get(ours.Response(), "output")) != 1 {
		t.Errorf("our own stream: %s", ours.Response())
	}
}
