package responses

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"testing"

	"omniroute/backend/wire"
)

// sdk applies events the way the accumulator of the openai SDK 6.49.0 does
// and reports everything it would throw at, plus the laws of formats.md 5.3.
type sdk struct {
	t      *testing.T
	seq    float64
	items  []map[string]any
	open   map[int]bool
	final  map[string]any
	end    string
	labels []string
}

func (s *sdk) bad(format string, args ...any) { s.t.Helper(); s.t.Errorf(format, args...) }

func (s *sdk) event(name string, d map[string]any) {
	s.t.Helper()
	typ, _ := d["type"].(string)
	if name != typ {
		s.bad("event line %q, type %q", name, typ)
	}
	if len(s.labels) == 0 && typ != "response.created" {
		s.bad("first event is %s", typ)
	}
	if s.end != "" {
		s.bad("%s after the terminal event", typ)
	}
	if seq, ok := d["sequence_number"].(float64); !ok || seq <= s.seq {
		s.bad("sequence_number %v after %v", d["sequence_number"], s.seq)
	} else {
		s.seq = seq
	}
	if n := len(s.labels); n == 0 || s.labels[n-1] != typ {
		s.labels = append(s.labels, typ)
	}
	switch typ {
	case "response.created", "response.in_progress":
		s.response(d["response"].(map[string]any))
		return
	case "response.completed", "response.incomplete", "response.failed":
		s.terminal(typ, d["response"].(map[string]any))
		return
	}
	i := int(d["output_index"].(float64))
	if typ == "response.output_item.added" {
		if i != len(s.items) {
			s.bad("output_index %d, want %d", i, len(s.items))
		}
		s.items = append(s.items, d["item"].(map[string]any))
		s.open[i] = true
		return
	}
	if i >= len(s.items) || !s.open[i] {
		s.bad("%s for item %d, which is not open", typ, i)
		return
	}
	s.inside(typ, i, s.items[i], d)
}

func (s *sdk) inside(typ string, i int, item, d map[string]any) {
	s.t.Helper()
	if id, ok := d["item_id"]; ok && id != item["id"] {
		s.bad("%s for id %v, item is %v", typ, id, item["id"])
	}
	list := func(key, index string) map[string]any {
		l, _ := item[key].([]any)
		n := int(d[index].(float64))
		if n >= len(l) {
			s.bad("%s: no %s %d", typ, key, n)
			return map[string]any{}
		}
		return l[n].(map[string]any)
	}
	add := func(m map[string]any, key string) { m[key] = fmt.Sprint(m[key], d["delta"]) }
	same := func(m map[string]any, key string, want any) {
		if m[key] != want {
			s.bad("%s: %v, pieces gave %v", typ, want, m[key])
		}
	}
	switch typ {
	case "response.content_part.added":
		item["content"] = append(item["content"].([]any), d["part"])
	case "response.output_text.delta":
		if _, ok := d["logprobs"].([]any); !ok {
			s.bad("delta without logprobs")
		}
		add(list("content", "content_index"), "text")
	case "response.output_text.done":
		same(list("content", "content_index"), "text", d["text"])
	case "response.refusal.delta":
		add(list("content", "content_index"), "refusal")
	case "response.refusal.done":
		same(list("content", "content_index"), "refusal", d["refusal"])
	case "response.content_part.done":
		same(list("content", "content_index"), "text", d["part"].(map[string]any)["text"])
	case "response.output_text.annotation.added":
	case "response.reasoning_summary_part.added":
		item["summary"] = append(item["summary"].([]any), d["part"])
	case "response.reasoning_summary_text.delta":
		add(list("summary", "summary_index"), "text")
	case "response.reasoning_summary_text.done":
		same(list("summary", "summary_index"), "text", d["text"])
	case "response.reasoning_summary_part.done":
	case "response.function_call_arguments.delta":
		add(item, "arguments")
	case "response.function_call_arguments.done":
		if item["arguments"] != "" {
			same(item, "arguments", d["arguments"])
		}
	case "response.custom_tool_call_input.delta":
		add(item, "input")
	case "response.custom_tool_call_input.done":
		same(item, "input", d["input"])
	case "response.output_item.done":
		done := d["item"].(map[string]any)
		if done["id"] != item["id"] || done["type"] != item["type"] {
			s.bad("item changed from %v to %v", item, done)
		}
		s.items[i] = done
		delete(s.open, i)
	default:
		s.bad("the SDK throws at %s", typ)
	}
}

func (s *sdk) response(r map[string]any) {
	s.t.Helper()
	for _, k := range []string{"id", "object", "created_at", "status", "error", "incomplete_details", "instructions", "metadata", "model", "output", "parallel_tool_calls", "temperature", "tool_choice", "tools", "top_p", "usage", "text", "reasoning", "store"} {
		if _, ok := r[k]; !ok {
			s.bad("response lacks %s", k)
		}
	}
}

func (s *sdk) terminal(typ string, r map[string]any) {
	s.t.Helper()
	s.response(r)
	s.end, s.final = typ, r
	if "response."+r["status"].(string) != typ {
		s.bad("status %v in %s", r["status"], typ)
	}
	if typ == "response.failed" {
		return
	}
	if len(s.open) > 0 {
		s.bad("items are open at the end")
	}
	if !reflect.DeepEqual(r["output"], asAny(s.items)) {
		s.bad("final output differs from the items:\n%v\n%v", r["output"], s.items)
	}
	u := r["usage"].(map[string]any)
	if u["total_tokens"] != u["input_tokens"].(float64)+u["output_tokens"].(float64) {
		s.bad("usage %v", u)
	}
	_ = u["input_tokens_details"].(map[string]any)["cached_tokens"].(float64)
	_ = u["output_tokens_details"].(map[string]any)["reasoning_tokens"].(float64)
}

func asAny(items []map[string]any) []any {
	out := []any{}
	for _, i := range items {
		out = append(out, i)
	}
	return out
}

// play runs a stream of ours through the accumulator.
func play(t *testing.T, raw []byte) *sdk {
	t.Helper()
	s := &sdk{t: t, seq: -1, open: map[int]bool{}}
	r := wire.NewSSE(bytes.NewReader(raw))
	defer r.Close()
	for {
		name, data, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		var d map[string]any
		if err := json.Unmarshal(data, &d); err != nil {
			t.Fatalf("event is not JSON: %v in %s", err, data)
		}
		s.event(name, d)
	}
	if s.end == "" {
		t.Error("no terminal event")
	}
	return s
}
