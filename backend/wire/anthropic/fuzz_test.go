package anthropic

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"omniroute/backend/fault"
	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// corpus seeds a fuzzer.
func corpus(f *testing.F, seeds ...string) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
}

// classified fails unless an error is one that can be shown.
func classified(t *testing.T, err error, kinds ...fault.Kind) {
	t.Helper()
	e, ok := err.(*fault.Error)
	if !ok || e.Public == "" || strings.Contains(e.Public, "%!") {
		t.Fatalf("unclassified error %#v", err)
	}
	for _, k := range kinds {
		if e.Kind == k {
			return
		}
	}
	t.Fatalf("kind %v: %v", e.Kind, err)
}

func FuzzDecodeRequest(f *testing.F) {
	corpus(f, `{"model":"m","max_tokens":5,"system":[{"type":"text","text":"s","cache_control":{"type":"ephemeral"}}],"messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}},{"type":"document","source":{"type":"content","content":[{"type":"text","text":"x"}]}}]},{"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"s"},{"type":"redacted_thinking","data":"d"},{"type":"tool_use","id":"a","name":"f","input":{"x":1}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":[{"type":"text","text":"r"}],"is_error":true}]}],"tools":[{"name":"f","input_schema":{}},{"type":"web_search_20250305","name":"web_search"}],"tool_choice":{"type":"any"},"thinking":{"type":"enabled","budget_tokens":1024}}`,
		`{"messages":[{"role":"assistant","content":[{"type":"tool_use","name":""},{"type":"tool_use","id":"é"}]},{"role":"system","content":"x"}],"thinking":{"type":"adaptive"},"output_config":{"effort":"none","format":{"type":"json_schema","schema":[]}}}`,
		`{"messages":[{"role":"user","content":[{"type":"server_tool_use","id":"x"},{"type":"odd"}]}],"x":{"y":[1]},"thread":{"type":"continue"}}`)
	f.Fuzz(func(t *testing.T, body []byte) {
		if jscan.Check(body) != nil {
			return
		}
		req, err := New().DecodeRequest(body)
		if err != nil {
			classified(t, err, fault.Invalid)
			return
		}
		before := fmt.Sprintf("%+v", *req)
		d := wire.Dialect{Model: "up", Caps: wire.Caps{Thinking: wire.ThinkingBudget}}
		p, _ := wire.Prepare(req, wire.Anthropic, d)
		out, _, err := New().EncodeRequest(p, d)
		if err != nil {
			classified(t, err, fault.Invalid, fault.Unsupported)
			return
		}
		if fmt.Sprintf("%+v", *req) != before {
			t.Fatal("encoding changed the request")
		}
		lawful(t, out)
		if again, _, _ := New().EncodeRequest(p, d); !bytes.Equal(out, again) {
			t.Fatal("two encodings differ")
		}
	})
}

// lawful checks the laws of an Anthropic request body (formats.md R10-R30).
func lawful(t *testing.T, body []byte) {
	t.Helper()
	var r struct {
		MaxTokens int64 `json:"max_tokens"`
		Messages  []struct {
			Role    string
			Content json.RawMessage
		}
		Tools []any
	}
	if !json.Valid(body) {
		t.Fatalf("no JSON: %s", body)
	}
	if err := json.Unmarshal(body, &r); err != nil {
		t.Skip() // members this test reads were kept as a stranger's
	}
	if r.MaxTokens < 1 || len(r.Messages) == 0 || r.Messages[0].Role != "user" {
		t.Fatalf("max_tokens %d, %d messages: %s", r.MaxTokens, len(r.Messages), body)
	}
	if budget, _ := jscan.Int(jscan.Path(body, "thinking", "budget_tokens")); jscan.Str(jscan.Path(body, "thinking", "type")) == "enabled" && (budget < 1024 || budget >= r.MaxTokens) {
		t.Fatalf("budget %d of %d", budget, r.MaxTokens)
	}
	if jscan.Path(body, "tool_choice", "type") != nil && len(r.Tools) == 0 {
		t.Fatal("tool_choice without tools")
	}
	type block struct {
		Type, ID, Text, Signature string
		UseID                     string `json:"tool_use_id"`
	}
	var calls []string
	for i, m := range r.Messages {
		if i > 0 && m.Role == r.Messages[i-1].Role {
			t.Fatalf("messages[%d] repeats the role: %s", i, body)
		}
		var blocks []block
		if json.Unmarshal(m.Content, &blocks) != nil {
			var s string
			if json.Unmarshal(m.Content, &s) != nil || s == "" {
				t.Fatalf("messages[%d] has no content: %s", i, body)
			}
		} else if len(blocks) == 0 {
			t.Fatalf("messages[%d] is empty: %s", i, body)
		}
		var results, next []string
		other := false
		for _, b := range blocks {
			switch b.Type {
			case "tool_result":
				if other {
					t.Fatalf("messages[%d]: a result after other content: %s", i, body)
				}
				results = append(results, b.UseID)
				continue
			case "tool_use":
				next = append(next, b.ID)
			case "text":
				if strings.TrimSpace(b.Text) == "" {
					t.Fatalf("messages[%d]: empty text: %s", i, body)
				}
			case "thinking":
				if b.Signature == "" {
					t.Fatalf("messages[%d]: unsigned thinking: %s", i, body)
				}
			}
			other = true
		}
		if i > 0 && !reflect.DeepEqual(results, calls) {
			t.Fatalf("messages[%d]: results %q for calls %q: %s", i, results, calls, body)
		}
		calls = next
	}
}

func FuzzDecodeResponse(f *testing.F) {
	corpus(f, `{"id":"msg_1","type":"message","role":"assistant","model":"up","content":[{"type":"thinking","thinking":"t","signature":"s"},{"type":"redacted_thinking","data":"d"},{"type":"text","text":"a","citations":[{}]},{"type":"tool_use","id":"a","name":"f","input":{"x":1}},{"type":"server_tool_use","id":"s","name":"web_search","input":{}}],"stop_reason":"tool_use","stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":2}}`,
		`{"type":"error","error":{"type":"overloaded_error","message":"m"}}`, `{"content":[{"type":"odd"},{"type":"tool_use","input":"x"}]}`)
	f.Fuzz(func(t *testing.T, body []byte) {
		if jscan.Check(body) != nil {
			return
		}
		r, err := New().DecodeResponse(body)
		if err != nil {
			if _, ok := err.(*fault.Error); !ok {
				t.Fatalf("unclassified error %#v", err)
			}
			return
		}
		folded, err := llm.Fold(llm.Unfold(r))
		if err != nil || len(folded.Candidates) != 1 {
			t.Fatalf("Fold: %v", err)
		}
		b, _, err := New().EncodeResponse(r, &llm.Request{})
		if err != nil || !json.Valid(b) {
			t.Fatalf("EncodeResponse: %v %s", err, b)
		}
		w := &one{}
		e := New().EncodeStream(w, &llm.Request{})
		for ev := range llm.Unfold(r) {
			if err := e.Encode(ev); err != nil {
				t.Fatal(err)
			}
		}
		if err := e.Close(nil); err != nil {
			t.Fatal(err)
		}
		labels(t, w.b.String())
	})
}

func FuzzDecodeStream(f *testing.F) {
	corpus(f, sse(start, textOpen, textDelta(0, "a"), stop0, endTurn, msgStop),
		sse(start, `{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"a","name":"f","input":{"x":1}}}`, argsDelta(0, `{"x":`), argsDelta(0, `1}`), stop0, toolUse, msgStop),
		sse(start, `{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}`, `{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"s"}}`, stop0,
			`{"type":"content_block_start","index":1,"content_block":{"type":"server_tool_use","id":"s","input":{}}}`, argsDelta(1, `{"q":1}`), stop1, `{"type":"error","error":{"type":"api_error","message":"m"}}`),
		`{"type":"message","content":[{"type":"text","text":"a"}]}`, sse(start, `{"type":"content_block_start","index":0,"content_block":""}`))
	f.Fuzz(func(t *testing.T, stream []byte) {
		events, err := pull(t, bytes.NewReader(stream))
		bytewise, err2 := pull(t, iotest.OneByteReader(bytes.NewReader(stream)))
		if !reflect.DeepEqual(events, bytewise) || (err == nil) != (err2 == nil) {
			t.Fatalf("cut differently, read differently:\n%+v %v\n%+v %v", events, err, bytewise, err2)
		}
		labels(t, write(t, &llm.Request{}, err, events...))
		tap, torn := New().Tap(true), New().Tap(true)
		tap.Write(stream)
		for i := range stream {
			torn.Write(stream[i : i+1])
		}
		if tap.Ended() != torn.Ended() || tap.Content() != torn.Content() || !reflect.DeepEqual(tap.Usage(), torn.Usage()) || tap.Boundary() != torn.Boundary() {
			t.Fatal("the tap depends on how the bytes were cut")
		}
	})
}

func FuzzDecodeError(f *testing.F) {
	corpus(f, `{"type":"error","error":{"type":"overloaded_error","message":"m","details":{"error_code":"c"}}}`, `<html><title>x</title>`, ``, `[{"error":{"message":"x"}}]`, `{"error":{"type":"invalid_request_error","message":"prompt is too long: 1"}}`)
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, status := range []int{200, 400, 429, 529} {
			err := New().DecodeError(status, nil, body)
			e, ok := err.(*fault.Error)
			if !ok || e.Public == "" {
				t.Fatalf("unclassified error %#v", err)
			}
			got, h, b := New().EncodeError(err, "req")
			if got < 400 || got > 599 || h.Get("Content-Type") == "" || !json.Valid(b) {
				t.Fatalf("%d %v %s", got, h, b)
			}
		}
	})
}
