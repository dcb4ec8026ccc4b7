package anthropic

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"omniroute/backend/fault"
	"omniroute/backend/llm"
	"omniroute/backend/wire"
)

// sse spells events the way the vendor does.
func sse(events ...string) string {
	var b strings.Builder
	for _, e := range events {
		var head struct{ Type string }
		if err := json.Unmarshal([]byte(e), &head); err != nil {
			panic(err)
		}
		fmt.Fprintf(&b, "event: %s\ndata: %s\n\n", head.Type, e)
	}
	return b.String()
}

const (
	start    = `{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"up","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":11,"cache_read_input_tokens":5,"cache_creation_input_tokens":4,"cache_creation":{"ephemeral_1h_input_tokens":3},"output_tokens":1}}}`
	textOpen = `{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`
	stop0    = `{"type":"content_block_stop","index":0}`
	stop1    = `{"type":"content_block_stop","index":1}`
	endTurn  = `{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":20}}`
	toolUse  = `{"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":20,"output_tokens_details":{"thinking_tokens":7}}}`
	msgStop  = `{"type":"message_stop"}`
)

func textDelta(i int, s string) string {
	return fmt.Sprintf(`{"type":"content_block_delta","index":%d,"delta":{"type":"text_delta","text":%q}}`, i, s)
}

func argsDelta(i int, s string) string {
	return fmt.Sprintf(`{"type":"content_block_delta","index":%d,"delta":{"type":"input_json_delta","partial_json":%q}}`, i, s)
}

// pull reads a stream and checks the laws of llm.Stream on the way.
func pull(t *testing.T, r io.Reader) (events []llm.Event, err error) {
	t.Helper()
	open, block, finished, begun, ended := false, 0, false, false, false
	for ev, e := range New().DecodeStream(r) {
		if ended || err != nil {
			t.Fatalf("something follows the end: %+v", ev)
		}
		if e != nil {
			err = e
			continue
		}
		events = append(events, ev)
		if (ev.Kind == llm.EventBegin) == begun {
			t.Fatalf("Begin must come first and once: %+v", ev)
		}
		begun = true
		switch ev.Kind {
		case llm.EventOpen:
			if open || finished || ev.Block != block || ev.Part == nil {
				t.Fatalf("Open out of order: %+v", ev)
			}
			open = true
		case llm.EventDelta:
			if !open || ev.Block != block || ev.Text == "" {
				t.Fatalf("Delta out of order: %+v", ev)
			}
		case llm.EventClose:
			if !open || ev.Block != block {
				t.Fatalf("Close out of order: %+v", ev)
			}
			open, block = false, block+1
		case llm.EventFinish:
			if open || finished {
				t.Fatalf("Finish out of order: %+v", ev)
			}
			finished = true
		case llm.EventUsage:
			if ev.Usage == nil || !finished {
				t.Fatalf("Usage out of order: %+v", ev)
			}
		case llm.EventEnd:
			if open || !finished {
				t.Fatalf("End out of order")
			}
			ended = true
		}
	}
	if !ended && err == nil {
		t.Fatal("a stream without End and without error")
	}
	if err != nil {
		var f *fault.Error
		if !errors.As(err, &f) || f.Public == "" {
			t.Fatalf("error is not classified: %v", err)
		}
	}
	return events, err
}

func fold(t *testing.T, events []llm.Event) *llm.Response {
	t.Helper()
	r, err := llm.Fold(func(yield func(llm.Event, error) bool) {
		for _, ev := range events {
			if !yield(ev, nil) {
				return
			}
		}
	})
	if err != nil {
		t.Fatalf("Fold: %v", err)
	}
	return r
}

func TestDecodeStream(t *testing.T) {
	usage := &llm.Usage{Input: 20, CacheRead: 5, CacheWrite: 4, CacheLong: 3, Output: 20}
	text := func(s string) llm.Part {
		return llm.Part{Kind: llm.PartText, Text: s, Extra: llm.Extra{Format: format}}
	}
	call := func(id, args string) llm.Part {
		return llm.Part{Kind: llm.PartToolCall, Call: &llm.ToolCall{ID: id, Name: "f", Args: args}}
	}
	cases := []struct {
		name   string
		stream string
		parts  []llm.Part
		stop   llm.StopReason
	}{
		{"text", sse(start, textOpen, `{"type":"ping"}`, textDelta(0, "Hé"), textDelta(0, "llo"), stop0, endTurn, msgStop), []llm.Part{text("Héllo")}, llm.StopEnd},
		{"nothing", sse(start, endTurn, msgStop), nil, llm.StopEnd},
		{"tools", sse(start, `{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"a","name":"f","input":{}}}`, argsDelta(0, ""), argsDelta(0, `{"x":`), argsDelta(0, `1}`), stop0,
			`{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"b","name":"f","input":{}}}`, stop1, toolUse, msgStop),
			[]llm.Part{call("a", `{"x":1}`), call("b", "")}, llm.StopToolCalls},
		{"P57 args in the start", sse(start, `{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"a","name":"f","input":{"x":12345678901234567890}}}`, stop0, toolUse, msgStop),
			[]llm.Part{call("a", `{"x":12345678901234567890}`)}, llm.StopToolCalls},
		{"P60 args in both", sse(start, `{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"a","name":"f","input":{"x":1}}}`, argsDelta(0, `{"x":1}`), stop0, toolUse, msgStop),
			[]llm.Part{call("a", `{"x":1}`)}, llm.StopToolCalls},
		{"R55 end_turn with a call", sse(start, `{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"a","name":"f","input":{}}}`, stop0, endTurn, msgStop),
			[]llm.Part{call("a", "")}, llm.StopToolCalls},
		{"thinking", sse(start, `{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}`,
			`{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}`,
			`{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"old"}}`,
			`{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"c2ln"}}`, stop0,
			`{"type":"content_block_start","index":1,"content_block":{"type":"redacted_thinking","data":"ZA=="}}`, stop1, endTurn, msgStop),
			[]llm.Part{{Kind: llm.PartReasoning, Text: "hm", Seal: llm.Seal{Family: "anthropic", Data: "c2ln"}}, {Kind: llm.PartReasoning, Seal: llm.Seal{Family: "anthropic", Data: "ZA==", Redacted: true}}}, llm.StopEnd},
		{"P32 signature only", sse(start, `{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":"c2ln"}}`, stop0, endTurn, msgStop),
			[]llm.Part{{Kind: llm.PartReasoning, Seal: llm.Seal{Family: "anthropic", Data: "c2ln"}}}, llm.StopEnd},
		{"P37 thoughts in a text block", sse(start, textOpen, `{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}`, textDelta(0, "x"), stop0, endTurn, msgStop),
			[]llm.Part{text(""), {Kind: llm.PartReasoning, Text: "hm"}, text("x")}, llm.StopEnd},
		{"blocks never stopped", sse(start, textOpen, textDelta(0, "a"), `{"type":"content_block_start","index":1,"content_block":{"type":"text","text":"b"}}`, endTurn, msgStop), []llm.Part{text("a"), text("b")}, llm.StopEnd},
		{"block never started", sse(start, textDelta(0, "a"), stop0, endTurn, msgStop), []llm.Part{text("a")}, llm.StopEnd},
		{"no start", sse(textOpen, textDelta(0, "a"), stop0, `{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"input_tokens":11,"cache_read_input_tokens":5,"cache_creation_input_tokens":4,"cache_creation":{"ephemeral_1h_input_tokens":3},"output_tokens":20}}`, msgStop), []llm.Part{text("a")}, llm.StopEnd},
		{"two starts", sse(start, start, textOpen, textDelta(0, "a"), stop0, endTurn, msgStop, msgStop), []llm.Part{text("a")}, llm.StopEnd},
		{"usage apart, blocks after the end", sse(start, textOpen, textDelta(0, "a"), stop0, `{"type":"message_delta","delta":{"stop_reason":"end_turn"}}`, endTurn, textDelta(1, "late"), textOpen, msgStop), []llm.Part{text("a")}, llm.StopEnd},
		{"server tools", sse(start, `{"type":"content_block_start","index":0,"content_block":{"type":"server_tool_use","id":"s","name":"web_search","input":{}}}`, argsDelta(0, `{"query":`), argsDelta(0, `"x"}`), stop0,
			`{"type":"content_block_start","index":1,"content_block":{"type":"web_search_tool_result","tool_use_id":"s","content":[]}}`, stop1, endTurn, msgStop),
			[]llm.Part{{Kind: llm.PartServer, Opaque: &llm.Opaque{Format: format, Type: "server_tool_use", Raw: []byte(`{"type":"server_tool_use","id":"s","name":"web_search","input":{"query":"x"}}`)}},
				{Kind: llm.PartServer, Opaque: &llm.Opaque{Format: format, Type: "web_search_tool_result", Raw: []byte(`{"type":"web_search_tool_result","tool_use_id":"s","content":[]}`)}}}, llm.StopEnd},
		{"unknown things", sse(start, `{"type":"vendor_event","x":1}`, textOpen, `{"type":"content_block_delta","index":0,"delta":{"type":"odd_delta"}}`, textDelta(0, "a"), stop0, endTurn, msgStop) + "data: [DONE]\n\n", []llm.Part{text("a")}, llm.StopEnd},
		{"stream ignored", `{"id":"msg_1","type":"message","role":"assistant","model":"up","content":[{"type":"text","text":"a"}],"stop_reason":"end_turn","usage":{"input_tokens":11,"cache_read_input_tokens":5,"cache_creation_input_tokens":4,"cache_creation":{"ephemeral_1h_input_tokens":3},"output_tokens":20}}`, []llm.Part{{Text: "a"}}, llm.StopEnd},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			events, err := pull(t, strings.NewReader(c.stream))
			if err != nil {
				t.Fatal(err)
			}
			r := fold(t, events)
			var got llm.Candidate
			if len(r.Candidates) > 0 {
				got = r.Candidates[0]
			}
			if !reflect.DeepEqual(got.Parts, c.parts) {
				t.Errorf("parts =\n  %+v\nwant\n  %+v", got.Parts, c.parts)
			}
			if got.Stop.Reason != c.stop {
				t.Errorf("stop = %v, want %v", got.Stop.Reason, c.stop)
			}
			want := *usage
			if c.stop == llm.StopToolCalls && strings.Contains(c.stream, "thinking_tokens") {
				want.Reasoning = 7
			}
			if r.Usage == nil || *r.Usage != want {
				t.Errorf("usage = %+v, want %+v", r.Usage, want)
			}
			bytewise, err := pull(t, iotest.OneByteReader(strings.NewReader(c.stream)))
			if err != nil || !reflect.DeepEqual(bytewise, events) {
				t.Errorf("byte by byte the stream means something else: %v", err)
			}
		})
	}
}

func TestDecodeStreamFailures(t *testing.T) {
	full := sse(start, textOpen, textDelta(0, "a"), stop0, endTurn, msgStop)
	cases := []struct {
		name, stream string
		kind         fault.Kind
		events       int
		message      string
	}{
		{"empty", "", fault.Truncated, 0, ""},
		{"cut in a block", sse(start, textOpen, textDelta(0, "a")), fault.Truncated, 3, ""},
		{"cut before message_stop", strings.TrimSuffix(full, sse(msgStop)), fault.Truncated, 6, ""},
		{"P61 error first", sse(`{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`), fault.Overloaded, 0, "Overloaded"},
		{"error in the middle", sse(start, textOpen, `{"type":"error","error":{"type":"api_error","message":"boom"}}`), fault.Upstream, 2, "boom"},
		{"R66 a plain error body", `{"type":"error","error":{"type":"rate_limit_error","message":"slow down"}}`, fault.RateLimited, 0, "slow down"},
		{"error of another shape", "data: {\"error\":{\"message\":\"odd\"}}\n\n", fault.Upstream, 0, "odd"},
		{"nonsense", "event: message_start\ndata: {oops\n\n", fault.Upstream, 0, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			events, err := pull(t, strings.NewReader(c.stream))
			if e := fault.As(err); e == nil || e.Kind != c.kind || !strings.Contains(e.Public, c.message) {
				t.Fatalf("error = %v, want kind %v with %q", err, c.kind, c.message)
			}
			if len(events) != c.events {
				t.Errorf("%d events before the error, want %d: %+v", len(events), c.events, events)
			}
		})
	}
	_, err := pull(t, io.MultiReader(strings.NewReader(sse(start)), iotest.ErrReader(io.ErrUnexpectedEOF)))
	if fault.KindOf(err) != fault.Truncated {
		t.Errorf("broken connection: %v", err)
	}
}

// Whoever stops pulling is not called again.
func TestDecodeStreamStops(t *testing.T) {
	full := sse(start, textOpen, textDelta(0, "a"), stop0, endTurn, msgStop)
	for n := 1; n < 8; n++ {
		seen := 0
		for range New().DecodeStream(strings.NewReader(full)) {
			if seen++; seen == n {
				break
			}
		}
		if seen != n {
			t.Errorf("%d events, want %d", seen, n)
		}
	}
}

// one feeds an encoder and returns what it wrote, event by event; it fails
// when a call writes more than once.
type one struct {
	b     strings.Builder
	calls int
}

func (w *one) Write(p []byte) (int, error) { w.calls++; return w.b.Write(p) }

func write(t *testing.T, req *llm.Request, end error, events ...llm.Event) string {
	t.Helper()
	w := &one{}
	e := New().EncodeStream(w, req)
	do := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
		if w.calls > 1 {
			t.Errorf("%d writes for one event", w.calls)
		}
		w.calls = 0
	}
	for _, ev := range events {
		do(e.Encode(ev))
	}
	do(e.Close(end))
	return w.b.String()
}

// labels reduces a written stream to its shape and checks the framing.
func labels(t *testing.T, stream string) []string {
	t.Helper()
	var out []string
	for _, block := range strings.Split(strings.TrimSuffix(stream, "\n\n"), "\n\n") {
		lines := strings.Split(block, "\n")
		if len(lines) != 2 || !strings.HasPrefix(lines[0], "event: ") || !strings.HasPrefix(lines[1], "data: ") {
			t.Fatalf("not an event: %q", block)
		}
		var d struct {
			Type         string
			Index        int
			ContentBlock struct{ Type string } `json:"content_block"`
			Delta        struct {
				Type, Text, Thinking, Signature string
				PJ                              string `json:"partial_json"`
				Stop                            string `json:"stop_reason"`
			}
			Error struct{ Type string }
		}
		if err := json.Unmarshal([]byte(lines[1][6:]), &d); err != nil {
			t.Fatalf("%v: %s", err, lines[1])
		}
		if lines[0][7:] != d.Type {
			t.Errorf("event line %q, data.type %q", lines[0], d.Type)
		}
		switch d.Type {
		case "content_block_start":
			out = append(out, fmt.Sprintf("%d<%s", d.Index, d.ContentBlock.Type))
		case "content_block_delta":
			out = append(out, d.Delta.Text+d.Delta.Thinking+d.Delta.PJ+d.Delta.Signature)
		case "content_block_stop":
			out = append(out, fmt.Sprintf("%d>", d.Index))
		case "message_delta":
			out = append(out, d.Delta.Stop)
		case "message_start":
			out = append(out, "start")
		case "message_stop":
			out = append(out, "stop")
		case "error":
			out = append(out, "error "+d.Error.Type)
		}
	}
	return out
}

func opened(p llm.Part) llm.Event { return llm.Event{Kind: llm.EventOpen, Part: &p} }
func more(kind llm.DeltaKind, s string) llm.Event {
	return llm.Event{Kind: llm.EventDelta, Delta: kind, Text: s}
}
func closed(p llm.Part) llm.Event { return llm.Event{Kind: llm.EventClose, Part: &p} }
func finish(r llm.StopReason) llm.Event {
	return llm.Event{Kind: llm.EventFinish, Stop: llm.Stop{Reason: r}}
}

func TestEncodeStreamShapes(t *testing.T) {
	begin := llm.Event{Kind: llm.EventBegin, ID: "x", Model: "up"}
	end := llm.Event{Kind: llm.EventEnd}
	text := llm.Part{Kind: llm.PartText}
	think := llm.Part{Kind: llm.PartReasoning}
	call := func(id string) llm.Part {
		return llm.Part{Kind: llm.PartToolCall, Call: &llm.ToolCall{ID: id, Name: "f"}}
	}
	gemini := llm.Seal{Family: llm.FamilyGemini, Data: "R0VN"}
	carried := wire.PackSeal(gemini, wire.Anthropic)
	own := llm.Seal{Family: llm.FamilyAnthropic, Data: "c2ln"}
	cases := []struct {
		name   string
		events []llm.Event
		want   string
	}{
		{"text", []llm.Event{begin, opened(text), more(llm.DeltaText, "a"), more(llm.DeltaText, "b"), closed(text), finish(llm.StopEnd), end}, "start 0<text a b 0> end_turn stop"},
		{"5.1 empty answer", []llm.Event{begin, finish(llm.StopEnd), end}, "start end_turn stop"},
		{"P69 no empty text", []llm.Event{begin, opened(text), closed(text), opened(call("a")), more(llm.DeltaArgs, `{"x"`), more(llm.DeltaArgs, `:1}`), closed(llm.Part{}), finish(llm.StopToolCalls), end}, `start 0<tool_use {"x" :1} 0> tool_use stop`},
		{"P55 stop with a call", []llm.Event{begin, opened(call("a")), closed(llm.Part{}), finish(llm.StopEnd), end}, `start 0<tool_use 0> tool_use stop`},
		{"R55 length wins", []llm.Event{begin, opened(call("a")), more(llm.DeltaArgs, `{"x`), closed(llm.Part{}), finish(llm.StopLength), end}, `start 0<tool_use {"x 0> max_tokens stop`},
		{"P68 text after a call", []llm.Event{begin, opened(call("a")), more(llm.DeltaArgs, `{}`), closed(llm.Part{}), opened(text), more(llm.DeltaText, "t"), closed(text), finish(llm.StopToolCalls), end}, `start 0<tool_use {} 0> 1<text t 1> tool_use stop`},
		{"R25 whole arguments that are no object", []llm.Event{begin, opened(call("a")), more(llm.DeltaArgs, `[1]`), closed(llm.Part{}), finish(llm.StopToolCalls), end}, `start 0<tool_use {"value":[1]} 0> tool_use stop`},
		{"whole arguments that go on", []llm.Event{begin, opened(call("a")), more(llm.DeltaArgs, `1`), more(llm.DeltaArgs, `2`), closed(llm.Part{}), finish(llm.StopToolCalls), end}, `start 0<tool_use 1 2 0> tool_use stop`},
		{"R28 seal of a call", []llm.Event{begin, opened(call("a")), more(llm.DeltaArgs, `{"x":1}`), closed(llm.Part{Seal: gemini}), finish(llm.StopToolCalls), end}, `start 0<thinking ` + carried + ` 0> 1<tool_use {"x":1} 1> tool_use stop`},
		{"R28 seal of a text", []llm.Event{begin, opened(text), more(llm.DeltaText, "t"), closed(llm.Part{Seal: gemini}), finish(llm.StopEnd), end}, `start 0<text t 0> 1<thinking ` + carried + ` 1> end_turn stop`},
		{"P31 signature before the stop", []llm.Event{begin, opened(think), more(llm.DeltaReasoning, "hm"), closed(llm.Part{Seal: own}), finish(llm.StopEnd), end}, `start 0<thinking hm c2ln 0> end_turn stop`},
		{"R27e no signature", []llm.Event{begin, opened(think), more(llm.DeltaReasoning, "hm"), closed(think), finish(llm.StopEnd), end}, `start 0<thinking hm 0> end_turn stop`},
		{"P32 signature only", []llm.Event{begin, opened(think), closed(llm.Part{Seal: own}), finish(llm.StopEnd), end}, `start 0<thinking c2ln 0> end_turn stop`},
		{"P30 redacted", []llm.Event{begin, opened(think), closed(llm.Part{Seal: llm.Seal{Family: llm.FamilyAnthropic, Data: "ZA==", Redacted: true}}), finish(llm.StopEnd), end}, `start 0<redacted_thinking 0> end_turn stop`},
		{"thoughts that say nothing", []llm.Event{begin, opened(think), closed(think), finish(llm.StopEnd), end}, `start end_turn stop`},
		{"refusal", []llm.Event{begin, opened(llm.Part{Kind: llm.PartRefusal}), more(llm.DeltaText, "no"), closed(text), finish(llm.StopEnd), end}, `start 0<text no 0> refusal stop`},
		{"custom call", []llm.Event{begin, opened(llm.Part{Kind: llm.PartToolCall, Call: &llm.ToolCall{ID: "a", Name: "f", Kind: llm.CallCustom}}), more(llm.DeltaInput, "a\""), more(llm.DeltaInput, "b"), closed(llm.Part{}), finish(llm.StopToolCalls), end}, `start 0<tool_use {"input":"a\" b "} 0> tool_use stop`},
		{"custom call without input", []llm.Event{begin, opened(llm.Part{Kind: llm.PartToolCall, Call: &llm.ToolCall{ID: "a", Name: "f", Kind: llm.CallCustom}}), closed(llm.Part{}), finish(llm.StopToolCalls), end}, `start 0<tool_use {"input":""} 0> tool_use stop`},
		{"P85 other candidates", []llm.Event{begin, {Kind: llm.EventOpen, Candidate: 1, Part: &text}, {Kind: llm.EventDelta, Candidate: 1, Text: "x"}, {Kind: llm.EventClose, Candidate: 1}, {Kind: llm.EventFinish, Candidate: 1}, finish(llm.StopEnd), end}, `start end_turn stop`},
		{"R37 server tools of others", []llm.Event{begin, opened(llm.Part{Kind: llm.PartServer, Opaque: &llm.Opaque{Format: "gemini", Raw: []byte(`{}`)}}), closed(llm.Part{}), finish(llm.StopEnd), end}, `start end_turn stop`},
		{"server tools of ours", []llm.Event{begin, opened(llm.Part{Kind: llm.PartServer, Opaque: &llm.Opaque{Format: format, Raw: []byte(`{"type":"server_tool_use","id":"s","name":"web_search","input":{"q":1}}`)}}), closed(llm.Part{}), finish(llm.StopEnd), end}, `start 0<server_tool_use {"q":1} 0> end_turn stop`},
		{"never begun", []llm.Event{end}, "start end_turn stop"},
		{"never closed", []llm.Event{begin, opened(text), more(llm.DeltaText, "a"), opened(call("a")), end}, "start 0<text a 0> 1<tool_use 1> tool_use stop"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := strings.Join(labels(t, write(t, ask(nil), nil, c.events...)), " ")
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestEncodeStreamErrors(t *testing.T) {
	begin := llm.Event{Kind: llm.EventBegin, ID: "x", Model: "up"}
	text := llm.Part{Kind: llm.PartText}
	cases := []struct {
		name   string
		err    error
		events []llm.Event
		want   string
	}{
		{"at once", fault.New(fault.Overloaded, "", "busy"), nil, "error overloaded_error"},
		{"in a block", fault.New(fault.Timeout, "", "slow"), []llm.Event{begin, opened(text), more(llm.DeltaText, "par")}, "start 0<text par error timeout_error"},
		{"P62 no end", nil, []llm.Event{begin, opened(text), more(llm.DeltaText, "par"), closed(text), finish(llm.StopEnd)}, "start 0<text par 0> error api_error"},
	}
	for _, c := range cases {
		if got := strings.Join(labels(t, write(t, ask(nil), c.err, c.events...)), " "); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

// The counts of the end replace those of the beginning; the beginning is
// never zero (P53, P54, R50, R52).
func TestEncodeStreamUsage(t *testing.T) {
	begin := llm.Event{Kind: llm.EventBegin}
	req := ask(func(r *llm.Request) { r.Messages[0].Parts[0].Text = strings.Repeat("word ", 100) })
	text := []llm.Event{opened(llm.Part{}), more(llm.DeltaText, strings.Repeat("word ", 20)), closed(llm.Part{}), finish(llm.StopEnd)}
	usage := llm.Event{Kind: llm.EventUsage, Usage: &llm.Usage{Input: 100, CacheRead: 60, CacheWrite: 30, Output: 9, Reasoning: 4}}
	end := llm.Event{Kind: llm.EventEnd}
	got := write(t, req, nil, append(append([]llm.Event{begin}, text...), usage, end)...)
	for _, want := range []string{
		`"usage":{"input_tokens":10,"cache_creation_input_tokens":30,"cache_read_input_tokens":60,"output_tokens":9,"output_tokens_details":{"thinking_tokens":4}}`,
		`"model":"m"`, `"id":"msg_`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
	if strings.Contains(got[:strings.Index(got, "\n\n")], `"input_tokens":0`) {
		t.Errorf("message_start without an estimate:\n%s", got)
	}
	got = write(t, req, nil, append(append([]llm.Event{begin}, text...), end)...)
	if last := got[strings.Index(got, "message_delta"):]; strings.Contains(last, `"input_tokens":0`) || strings.Contains(last, `"output_tokens":0`) {
		t.Errorf("no estimate without usage:\n%s", last)
	}
}

func TestKeepAlive(t *testing.T) {
	w := &one{}
	e := New().EncodeStream(w, ask(nil))
	if err := e.KeepAlive(); err != nil || w.b.String() != "event: ping\ndata: {\"type\":\"ping\"}\n\n" {
		t.Errorf("%v %q", err, w.b.String())
	}
	broken := New().EncodeStream(brokenWriter{}, ask(nil))
	if err := broken.Encode(llm.Event{Kind: llm.EventBegin}); err == nil {
		t.Error("a failing writer went unnoticed")
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// What this vendor streams must arrive unchanged when it only passes through
// the canonical model.
func TestStreamRoundTrip(t *testing.T) {
	in := sse(start, `{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}`,
		`{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}`,
		`{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"c2ln"}}`, stop0,
		`{"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}`, textDelta(1, "see"),
		`{"type":"content_block_delta","index":1,"delta":{"type":"citations_delta","citation":{"type":"char_location","cited_text":"q"}}}`, stop1,
		`{"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"toolu_1","name":"f","input":{},"caller":{"type":"direct"}}}`, argsDelta(2, `{"a":`), argsDelta(2, `1}`), `{"type":"content_block_stop","index":2}`,
		`{"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"input_tokens":11,"cache_creation_input_tokens":4,"cache_read_input_tokens":5,"output_tokens":20}}`, msgStop)
	events, err := pull(t, strings.NewReader(in))
	if err != nil {
		t.Fatal(err)
	}
	out := write(t, ask(nil), nil, events...)
	split := func(s string) []string { return strings.Split(strings.TrimSuffix(s, "\n\n"), "\n\n") }
	got, want := split(out), split(in)
	if len(got) != len(want) {
		t.Fatalf("got\n%s", out)
	}
	for i := range got {
		_, g, _ := strings.Cut(got[i], "data: ")
		_, w, _ := strings.Cut(want[i], "data: ")
		if i == 0 { // the counters of the beginning are written in full
			w = strings.Replace(w, `"ephemeral_1h_input_tokens":3`, `"ephemeral_5m_input_tokens":1,"ephemeral_1h_input_tokens":3`, 1)
		}
		same(t, fmt.Sprint("event ", i), g, w)
	}
}
