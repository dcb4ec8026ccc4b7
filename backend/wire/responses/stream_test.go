package responses

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"omniroute/backend/fault"
	"omniroute/backend/llm"
)

// encode writes events as a client would see them.
func encode(t *testing.T, req *llm.Request, cause error, events ...llm.Event) []byte {
	t.Helper()
	var b bytes.Buffer
	e := New().EncodeStream(&b, req)
	for _, ev := range events {
		if err := e.Encode(ev); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Close(cause); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func begin() llm.Event { return llm.Event{Kind: llm.EventBegin, ID: "x", Model: "m", Created: 7} }

func block(n int, open llm.Part, kind llm.DeltaKind, last llm.Part, pieces ...string) []llm.Event {
	out := []llm.Event{{Kind: llm.EventOpen, Block: n, Part: &open}}
	for _, p := range pieces {
		out = append(out, llm.Event{Kind: llm.EventDelta, Block: n, Delta: kind, Text: p})
	}
	return append(out, llm.Event{Kind: llm.EventClose, Block: n, Part: &last})
}

func finish(r llm.StopReason) []llm.Event {
	return []llm.Event{{Kind: llm.EventFinish, Stop: llm.Stop{Reason: r}}, {Kind: llm.EventUsage, Usage: &llm.Usage{Input: 9, CacheRead: 4, Output: 3, Reasoning: 1}}, {Kind: llm.EventEnd}}
}

func join(lists ...[]llm.Event) []llm.Event {
	out := []llm.Event{begin()}
	for _, l := range lists {
		out = append(out, l...)
	}
	return out
}

var (
	textPartOf = llm.Part{Kind: llm.PartText}
	funcPart   = llm.Part{Kind: llm.PartToolCall, Call: &llm.ToolCall{ID: "call_1", Name: "f"}}
)

func TestEncodeStream(t *testing.T) {
	custom := llm.Part{Kind: llm.PartToolCall, Call: &llm.ToolCall{ID: "c", Name: "apply_patch", Kind: llm.CallCustom, Namespace: "ns"}}
	gemini := llm.Seal{Family: llm.FamilyGemini, Data: "c2ln"}
	signed := funcPart
	signed.Seal = gemini
	shell := &llm.Request{Tools: toolList(nil, []byte(`[{"type":"local_shell"}]`))}
	local := llm.Part{Kind: llm.PartToolCall, Call: &llm.ToolCall{ID: "c", Name: "local_shell"}}
	for _, c := range []struct {
		name   string
		req    *llm.Request
		events []llm.Event
		want   string // output of the final object, types and what matters
		end    string
	}{
		{"text", nil, join(block(0, textPartOf, llm.DeltaText, llm.Part{}, "A", "B"), finish(llm.StopEnd)), "message:AB:completed", "response.completed"},
		{"two texts are two messages", nil, join(block(0, textPartOf, llm.DeltaText, llm.Part{}, "A"), block(1, textPartOf, llm.DeltaText, llm.Part{}, "B"), finish(llm.StopEnd)), "message:A:completed message:B:completed", "response.completed"},
		{"empty block is not shown", nil, join(block(0, textPartOf, llm.DeltaText, llm.Part{}), block(1, funcPart, llm.DeltaArgs, llm.Part{}, `{"a"`, `:1}`), finish(llm.StopToolCalls)), `function_call:{"a":1}:completed`, "response.completed"},
		{"no arguments", nil, join(block(0, funcPart, llm.DeltaArgs, llm.Part{}), finish(llm.StopToolCalls)), `function_call:{}:completed`, "response.completed"},
		{"cut call", nil, join(block(0, textPartOf, llm.DeltaText, llm.Part{}, "A"), block(1, funcPart, llm.DeltaArgs, llm.Part{}, `{"a`), finish(llm.StopLength)), `message:A:completed function_call:{"a:incomplete`, "response.incomplete"},
		{"filter", nil, join(block(0, textPartOf, llm.DeltaText, llm.Part{}, "A"), finish(llm.StopFilter)), `message:A:incomplete`, "response.incomplete"},
		{"custom", nil, join(block(0, custom, llm.DeltaInput, llm.Part{}, "*** Begin", "\nPatch"), finish(llm.StopToolCalls)), "custom_tool_call:*** Begin\nPatch:completed", "response.completed"},
		{"reasoning", nil, join(block(0, llm.Part{Kind: llm.PartReasoning}, llm.DeltaReasoning, llm.Part{Seal: llm.Seal{Family: llm.FamilyAnthropic, Data: "sig"}}, "th", "ink"), block(1, textPartOf, llm.DeltaText, llm.Part{}, "A"), finish(llm.StopEnd)), "reasoning:think:~omni1.a..sig message:A:completed", "response.completed"},
		{"redacted", nil, join(block(0, llm.Part{Kind: llm.PartReasoning}, llm.DeltaReasoning, llm.Part{Seal: llm.Seal{Family: llm.FamilyAnthropic, Data: "d", Redacted: true}}), finish(llm.StopEnd)), "reasoning::~omni1.ar..d", "response.completed"},
		{"refusal", nil, join(block(0, llm.Part{Kind: llm.PartRefusal}, llm.DeltaText, llm.Part{}, "no"), finish(llm.StopEnd)), "message:!no:completed", "response.completed"},
		{"signature known first", nil, join(block(0, signed, llm.DeltaArgs, llm.Part{Seal: gemini}, `{}`), finish(llm.StopToolCalls)), "reasoning::~omni1.g..c2ln function_call:{}:completed", "response.completed"},
		{"signature known last", nil, join(block(0, funcPart, llm.DeltaArgs, llm.Part{Seal: gemini}, `{}`), finish(llm.StopToolCalls)), "function_call:{}:completed reasoning::~omni1.g..c2ln", "response.completed"},
		{"local shell", shell, join(block(0, local, llm.DeltaArgs, llm.Part{}, `{"command":["ls"]`, `}`), finish(llm.StopToolCalls)), `local_shell_call:{"type":"exec","command":["ls"],"env":{}}:completed`, "response.completed"},
		{"nothing", nil, join(finish(llm.StopEnd)), "", "response.completed"},
		{"other candidates", nil, join([]llm.Event{{Kind: llm.EventOpen, Candidate: 1, Part: &textPartOf}, {Kind: llm.EventDelta, Candidate: 1, Text: "no"}, {Kind: llm.EventClose, Candidate: 1}}, finish(llm.StopEnd)), "", "response.completed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := play(t, encode(t, c.req, nil, c.events...))
			if s.end != c.end {
				t.Errorf("ended with %s, want %s", s.end, c.end)
			}
			if got := summary(s.final); got != c.want {
				t.Errorf("output\n%q, want\n%q", got, c.want)
			}
		})
	}
}

// summary writes the output of a response object in short.
func summary(r map[string]any) string {
	var out []string
	for _, o := range r["output"].([]any) {
		m := o.(map[string]any)
		text := []string{fmt.Sprint(m["type"])}
		for _, k := range []string{"arguments", "input"} {
			if v, ok := m[k]; ok {
				text = append(text, fmt.Sprint(v))
			}
		}
		for _, k := range []string{"action", "operation"} {
			if v, ok := m[k]; ok {
				b, _ := json.Marshal(v)
				var x struct {
					Type    string            `json:"type,omitempty"`
					Command []string          `json:"command,omitempty"`
					Env     map[string]string `json:"env"`
				}
				_ = json.Unmarshal(b, &x)
				b, _ = json.Marshal(x)
				text = append(text, string(b))
			}
		}
		for _, k := range []string{"content", "summary"} {
			l, ok := m[k].([]any)
			if !ok {
				continue
			}
			var parts []string
			for _, p := range l {
				q := p.(map[string]any)
				if q["type"] == "refusal" {
					parts = append(parts, "!"+fmt.Sprint(q["refusal"]))
				} else {
					parts = append(parts, fmt.Sprint(q["text"]))
				}
			}
			text = append(text, strings.Join(parts, "|"))
		}
		for _, k := range []string{"encrypted_content", "status"} {
			if v, ok := m[k]; ok {
				text = append(text, fmt.Sprint(v))
			}
		}
		out = append(out, strings.Join(text, ":"))
	}
	return strings.Join(out, " ")
}

func TestEncodeStreamErrors(t *testing.T) {
	limited := fault.New(fault.RateLimited, "x", "Slow down.")
	for _, c := range []struct {
		name    string
		err     error
		events  []llm.Event
		code    string
		message string
		output  string
	}{
		{"before anything", limited, nil, "rate_limit_exceeded", "Slow down.", ""},
		{"in the middle", fault.New(fault.Overloaded, "x", "Busy."), join(block(0, textPartOf, llm.DeltaText, llm.Part{}, "A"))[:3], "server_error", "Busy.", "message:A:incomplete"},
		{"no end", nil, join(block(0, textPartOf, llm.DeltaText, llm.Part{}, "A")), "server_error", "", "message:A:incomplete"},
		{"closed list of codes", &fault.Error{Kind: fault.Invalid, Code: "invalid_prompt", Public: "No."}, nil, "invalid_prompt", "No.", ""},
		{"foreign code", &fault.Error{Kind: fault.Invalid, Code: "other", Public: "No."}, nil, "server_error", "No.", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := play(t, encode(t, nil, c.err, c.events...))
			if s.end != "response.failed" {
				t.Fatalf("ended with %s", s.end)
			}
			e := s.final["error"].(map[string]any)
			if e["code"] != c.code || c.message != "" && e["message"] != c.message || e["message"] == "" {
				t.Errorf("error %v", e)
			}
			if got := summary(s.final); got != c.output {
				t.Errorf("output %q, want %q", got, c.output)
			}
		})
	}
}

func TestEncodeStreamOneWrite(t *testing.T) {
	w := &countingWriter{}
	e := New().EncodeStream(w, nil)
	for _, ev := range join(block(0, textPartOf, llm.DeltaText, llm.Part{}, "A"), block(1, funcPart, llm.DeltaArgs, llm.Part{}, "{}"), finish(llm.StopToolCalls)) {
		w.n = 0
		if err := e.Encode(ev); err != nil || w.n > 1 {
			t.Errorf("event %d: %d writes, error %v", ev.Kind, w.n, err)
		}
	}
	if err := e.KeepAlive(); err != nil || w.last != ": keepalive\n\n" {
		t.Errorf("keep-alive %q, %v", w.last, err)
	}
	w.fail = errors.New("gone")
	if err := e.Close(nil); !errors.Is(err, w.fail) {
		t.Errorf("the writer's error is lost: %v", err)
	}
}

type countingWriter struct {
	n    int
	last string
	fail error
}

func (w *countingWriter) Write(b []byte) (int, error) {
	w.n++
	w.last = string(b)
	return len(b), w.fail
}

// sse writes events as an upstream does.
func sse(events ...string) string {
	var b strings.Builder
	for _, e := range events {
		var d struct {
			Type string `json:"type"`
		}
		_ = json.Unmarshal([]byte(e), &d)
		b.WriteString("event: " + d.Type + "\ndata: " + e + "\n\n")
	}
	return b.String()
}

const created = `{"type":"response.created","sequence_number":0,"response":{"id":"resp_1","object":"response","created_at":5,"model":"gpt","output":[],"status":"in_progress","error":null}}`

func terminal(status, output, more string) string {
	return `{"type":"response.` + status + `","sequence_number":99,"response":{"id":"resp_1","object":"response","created_at":5,"model":"gpt","status":"` + status + `","error":null,"output":[` + output + `]` + more + `,"usage":{"input_tokens":6,"input_tokens_details":{"cached_tokens":2,"cache_write_tokens":1},"output_tokens":3,"output_tokens_details":{"reasoning_tokens":1},"total_tokens":9}}}`
}

func decode(t *testing.T, raw string) (*llm.Response, error) {
	t.Helper()
	return llm.Fold(lawful(t, New().DecodeStream(strings.NewReader(raw))))
}

// lawful checks the laws of llm.Stream on the way.
func lawful(t *testing.T, s llm.Stream) llm.Stream {
	return func(yield func(llm.Event, error) bool) {
		begun, ended, finished, open, next := false, false, false, -1, 0
		for ev, err := range s {
			if ended {
				t.Error("event after the end")
			}
			if err != nil {
				var f *fault.Error
				if !errors.As(err, &f) || f.Public == "" {
					t.Errorf("unclassified error %v", err)
				}
				ended = true
				if !yield(ev, err) {
					return
				}
				continue
			}
			if !begun && ev.Kind != llm.EventBegin {
				t.Errorf("event %d before Begin", ev.Kind)
			}
			switch ev.Kind {
			case llm.EventBegin:
				if begun {
					t.Error("second Begin")
				}
				begun = true
			case llm.EventOpen:
				if open >= 0 || ev.Block != next || finished || ev.Part == nil {
					t.Errorf("Open %d while %d is open, next is %d, finished %v", ev.Block, open, next, finished)
				}
				open, next = ev.Block, next+1
			case llm.EventDelta:
				if ev.Delta != llm.DeltaLogprobs && ev.Block != open {
					t.Errorf("Delta for %d, open is %d", ev.Block, open)
				}
			case llm.EventClose:
				if ev.Block != open {
					t.Errorf("Close of %d, open is %d", ev.Block, open)
				}
				open = -1
			case llm.EventFinish:
				if finished || open >= 0 {
					t.Error("Finish twice or inside a block")
				}
				finished = true
			case llm.EventEnd:
				if !finished {
					t.Error("End without Finish")
				}
				ended = true
			}
			if !yield(ev, err) {
				return
			}
		}
	}
}

func show(r *llm.Response) string {
	if len(r.Candidates) == 0 {
		return ""
	}
	var out []string
	for _, p := range r.Candidates[0].Parts {
		switch p.Kind {
		case llm.PartToolCall:
			out = append(out, fmt.Sprintf("call(%s %s/%s %s%s)", p.Call.ID, p.Call.Namespace, p.Call.Name, p.Call.Args, p.Call.Input))
		case llm.PartReasoning:
			out = append(out, fmt.Sprintf("think(%s %s %s)", p.Text, p.Seal.Data, p.Seal.ItemID))
		case llm.PartRefusal:
			out = append(out, "refuse("+p.Text+")")
		case llm.PartServer, llm.PartOpaque:
			out = append(out, "raw("+p.Opaque.Type+")")
		default:
			out = append(out, p.Text+string(p.Annotations))
		}
	}
	return strings.Join(out, " ")
}

func TestDecodeStream(t *testing.T) {
	msgAdded := `{"type":"response.output_item.added","output_index":0,"item":{"type":"message","id":"msg_1","role":"assistant","status":"in_progress","content":[]}}`
	delta := func(s string) string {
		return `{"type":"response.output_text.delta","output_index":0,"item_id":"msg_1","content_index":0,"delta":"` + s + `"}`
	}
	msgItem := `{"type":"message","id":"msg_1","role":"assistant","status":"completed","content":[{"type":"output_text","text":"one two","annotations":[]}]}`
	msgDone := `{"type":"response.output_item.done","output_index":0,"item":` + msgItem + `}`
	fcAdded := `{"type":"response.output_item.added","output_index":0,"item":{"type":"function_call","id":"fc_1","call_id":"call_1","name":"f","arguments":""}}`
	fcItem := `{"type":"function_call","id":"fc_1","call_id":"call_1","name":"f","arguments":"{\"q\":1}","status":"completed"}`
	fcDone := `{"type":"response.output_item.done","output_index":0,"item":` + fcItem + `}`
	argsDone := `{"type":"response.function_call_arguments.done","output_index":0,"item_id":"fc_1","arguments":"{\"q\":1}"}`
	argsDelta := func(s string) string {
		return `{"type":"response.function_call_arguments.delta","output_index":0,"item_id":"fc_1","delta":"` + s + `"}`
	}
	for _, c := range []struct {
		name, raw, want string
		stop            llm.StopReason
	}{
		{"text once", sse(created, msgAdded, delta("one "), delta("two"), msgDone, terminal("completed", msgItem, "")), "one two", llm.StopEnd},
		{"only in the final object (5.5)", sse(created, terminal("completed", msgItem+","+fcItem, "")), `one two call(call_1 /f {"q":1})`, llm.StopToolCalls},
		{"nothing but deltas", sse(created, delta("hi"), terminal("completed", "", "")), "hi", llm.StopEnd},
		{"args from deltas (P60)", sse(created, fcAdded, argsDelta(`{\"q\"`), argsDelta(`:1}`), argsDone, fcDone, terminal("completed", fcItem, "")), `call(call_1 /f {"q":1})`, llm.StopToolCalls},
		{"args only in done (P59)", sse(created, fcAdded, argsDone, fcDone, terminal("completed", fcItem, "")), `call(call_1 /f {"q":1})`, llm.StopToolCalls},
		{"args only in the item (P59)", sse(created, fcAdded, fcDone, terminal("completed", "", "")), `call(call_1 /f {"q":1})`, llm.StopToolCalls},
		{"args without announcement", sse(created, argsDelta(`{\"q\":1}`), fcDone, terminal("completed", "", "")), `call(call_1 /f {"q":1})`, llm.StopToolCalls},
		{"vendor events (P64)", sse(created, `{"type":"codex.rate_limits","x":1}`, `{"type":"keepalive"}`, `{"type":"response.future.thing","output_index":7}`, msgAdded, delta("a"), terminal("completed", "", "")), "a", llm.StopEnd},
		{"length", sse(created, msgAdded, delta("a"), terminal("incomplete", "", `,"incomplete_details":{"reason":"max_output_tokens"}`)), "a", llm.StopLength},
		{"filter", sse(created, msgAdded, delta("a"), terminal("incomplete", "", `,"incomplete_details":{"reason":"content_filter"}`)), "a", llm.StopFilter},
		{"length wins over calls", sse(created, fcAdded, argsDelta(`{`), terminal("incomplete", "", `,"incomplete_details":{"reason":"max_output_tokens"}`)), "call(call_1 /f {)", llm.StopLength},
		{"interleaved calls (P67)", sse(created, fcAdded,
			`{"type":"response.output_item.added","output_index":1,"item":{"type":"custom_tool_call","id":"ctc","call_id":"call_2","namespace":"n","name":"g","input":""}}`,
			argsDelta(`{\"q\"`), `{"type":"response.custom_tool_call_input.delta","output_index":1,"item_id":"ctc","delta":"raw"}`, argsDelta(`:1}`), fcDone, terminal("completed", "", "")),
			`call(call_1 /f {"q":1}) call(call_2 n/g raw)`, llm.StopToolCalls},
		{"reasoning", sse(created, `{"type":"response.output_item.added","output_index":0,"item":{"type":"reasoning","id":"rs_1","summary":[]}}`,
			`{"type":"response.reasoning_summary_text.delta","output_index":0,"item_id":"rs_1","summary_index":0,"delta":"a"}`,
			`{"type":"response.reasoning_summary_text.done","output_index":0,"item_id":"rs_1","summary_index":0,"text":"a"}`,
			`{"type":"response.reasoning_summary_text.delta","output_index":0,"item_id":"rs_1","summary_index":1,"delta":"b"}`,
			`{"type":"response.reasoning_text.delta","output_index":0,"item_id":"rs_1","content_index":0,"delta":"not twice"}`,
			`{"type":"response.output_item.done","output_index":0,"item":{"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"a"},{"type":"summary_text","text":"b"}],"encrypted_content":"enc"}}`,
			terminal("completed", "", "")), "think(a\n\nb enc rs_1)", llm.StopEnd},
		{"sealed reasoning", sse(created, `{"type":"response.output_item.done","output_index":0,"item":{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"enc"}}`, terminal("completed", "", "")), "think( enc rs_1)", llm.StopEnd},
		{"empty reasoning is nothing", sse(created, `{"type":"response.output_item.done","output_index":0,"item":{"type":"reasoning","id":"rs_1","summary":[]}}`, terminal("completed", "", "")), "", llm.StopEnd},
		{"refusal", sse(created, msgAdded, `{"type":"response.refusal.delta","output_index":0,"item_id":"msg_1","content_index":0,"delta":"no"}`, terminal("completed", "", "")), "refuse(no)", llm.StopEnd},
		{"server tool is no call (R37)", sse(created, `{"type":"response.output_item.done","output_index":0,"item":{"type":"web_search_call","id":"ws_1","status":"completed"}}`, `{"type":"response.web_search_call.completed","output_index":0,"item_id":"ws_1"}`, terminal("completed", "", "")), "raw(web_search_call)", llm.StopEnd},
		{"native call", sse(created, `{"type":"response.output_item.done","output_index":0,"item":{"type":"local_shell_call","id":"lsh","call_id":"c","status":"completed","action":{"type":"exec","command":["ls"],"env":{}}}}`, terminal("completed", "", "")), `call(c /local_shell {"type":"exec","command":["ls"],"env":{}})`, llm.StopToolCalls},
		{"citations", sse(created, msgAdded, delta("a"), `{"type":"response.content_part.done","output_index":0,"item_id":"msg_1","content_index":0,"part":{"type":"output_text","text":"a","annotations":[{"type":"url_citation","url":"u"}]}}`, terminal("completed", "", "")), `a[{"type":"url_citation","url":"u"}]`, llm.StopEnd},
		{"nothing after the end (P71)", sse(created, msgAdded, delta("a"), terminal("completed", "", ""), delta("b")), "a", llm.StopEnd},
		{"no event lines", "data: " + created + "\n\ndata: " + delta("a") + "\n\ndata: " + terminal("completed", "", "") + "\n\ndata: [DONE]\n\n", "a", llm.StopEnd},
		{"a whole response instead of events", `{"id":"resp_1","object":"response","status":"completed","output":[` + msgItem + `]}`, "one two", llm.StopEnd},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := decode(t, c.raw)
			if err != nil {
				t.Fatal(err)
			}
			if got := show(r); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if r.Candidates[0].Stop.Reason != c.stop {
				t.Errorf("stop %d, want %d", r.Candidates[0].Stop.Reason, c.stop)
			}
			one, err := llm.Fold(New().DecodeStream(iotest.OneByteReader(strings.NewReader(c.raw))))
			if err != nil || !reflect.DeepEqual(one, r) {
				t.Errorf("bytes one by one give %v, %v", one, err)
			}
		})
	}
	r, _ := decode(t, sse(created, terminal("completed", "", "")))
	if want := (llm.Usage{Input: 6, CacheRead: 2, CacheWrite: 1, Output: 3, Reasoning: 1}); r.Usage == nil || *r.Usage != want || r.ID != "resp_1" || r.Model != "gpt" || r.Created != 5 {
		t.Errorf("head or usage lost: %+v %+v", r, r.Usage)
	}
}

func TestDecodeStreamErrors(t *testing.T) {
	for _, c := range []struct {
		name, raw string
		kind      fault.Kind
		code      string
	}{
		{"cut", sse(created), fault.Truncated, ""},
		{"done without end", sse(created) + "data: [DONE]\n\n", fault.Truncated, ""},
		{"nothing", "", fault.Truncated, ""},
		{"failed", sse(created, `{"type":"response.failed","response":{"id":"r","status":"failed","error":{"code":"rate_limit_exceeded","message":"Try again in 2s."}}}`), fault.RateLimited, "rate_limit_exceeded"},
		{"failed without a word", sse(created, `{"type":"response.failed","response":{"id":"r","status":"failed","error":null}}`), fault.Upstream, ""},
		{"error event", sse(`{"type":"error","code":"context_length_exceeded","message":"too long","param":null}`), fault.TooLarge, "context_length_exceeded"},
		{"nested error event", sse(`{"type":"error","error":{"type":"invalid_request_error","message":"no"}}`), fault.Invalid, ""},
		{"error body", `{"error":{"message":"no","type":"server_error","code":null,"param":null}}`, fault.Upstream, ""},
		{"codex detail", `{"detail":"Unsupported parameter"}`, fault.Upstream, ""},
		{"broken event", "data: {\"type\":\n\n", fault.Upstream, ""},
		{"usage limit", sse(`{"type":"error","status":429,"error":{"type":"usage_limit_reached","message":"limit","resets_in_seconds":60}}`), fault.Quota, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := decode(t, c.raw)
			if e := fault.As(err); e == nil || e.Kind != c.kind || e.Code != c.code {
				t.Errorf("got %v (%+v), want kind %s code %q", err, e, c.kind, c.code)
			}
		})
	}
}
