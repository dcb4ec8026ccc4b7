package responses

import (
	"bytes"
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"omniroute/backend/fault"
	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

func FuzzDecodeRequest(f *testing.F) {
	for _, s := range []string{
		`{"model":"m","input":"hi","tools":[{"type":"function","name":"f"}],"tool_choice":{"type":"function","name":"f"}}`,
		`{"instructions":"a","input":[{"role":"developer","content":"d"},{"role":"user","content":[{"type":"input_image","image_url":"data:image/png;base64,QQ=="},{"type":"input_file","file_id":"x"}]},{"type":"reasoning","summary":[{"text":"a"}],"encrypted_content":"~omni1.g..QQ"},{"type":"function_call","call_id":"c","name":"f","arguments":"{"},{"type":"function_call_output","call_id":"c","output":[{"type":"input_text","text":"x"}]}]}`,
		`{"input":[{"type":"local_shell_call","call_id":"c","action":{}},{"type":"local_shell_call_output","id":"c","output":""},{"type":"additional_tools","role":"developer","tools":[{"type":"namespace","name":"n","tools":[{"type":"custom","name":"c"}]}]},{"type":"tool_search_output","call_id":"x","tools":[{}]},{"type":"compaction"}]}`,
		`{"input":[{"id":"x"}],"reasoning":{"effort":"none","x":[1]},"text":{"format":{"type":"json_schema"}},"tool_choice":{"type":"allowed_tools","tools":[{"type":"mcp"}]}}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if jscan.Check(body) != nil {
			return
		}
		req, err := New().DecodeRequest(body)
		if err != nil {
			if fault.KindOf(err) != fault.Invalid {
				t.Errorf("kind %s", fault.KindOf(err))
			}
			return
		}
		for _, caps := range []wire.Caps{{}, {Codex: true, NoImages: true, NoFiles: true, NoAudio: true, NoStructured: true}} {
			d := wire.Dialect{Model: "m", Caps: caps}
			prepared, _ := wire.Prepare(req, wire.OpenAIResponses, d)
			out, _, err := New().EncodeRequest(prepared, d)
			if err == nil && !json.Valid(out) {
				t.Fatalf("not JSON: %s", out)
			}
		}
		if items, err := InputItems(body); err == nil {
			if edited, err := WithInput(body, items); err != nil || !json.Valid(edited) {
				t.Errorf("WithInput: %v %s", err, edited)
			}
		}
	})
}

func FuzzDecodeResponse(f *testing.F) {
	f.Add([]byte(`{"id":"r","status":"completed","output":[{"type":"message","content":[{"type":"output_text","text":"a","logprobs":[{"token":"a","logprob":1,"top_logprobs":[{}]}]}]},{"type":"local_shell_call","action":{}}]}`))
	f.Add([]byte(`{"error":{"message":"x"}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := New().DecodeResponse(body)
		if err != nil {
			_ = fault.As(err).Public
			return
		}
		out, _, err := New().EncodeResponse(r, &llm.Request{Tools: toolList(nil, []byte(`[{"type":"local_shell"}]`))})
		if err != nil || !json.Valid(out) {
			t.Fatalf("%v: %s", err, out)
		}
		if !json.Valid(OutputItems(out)) {
			t.Errorf("OutputItems: %s", OutputItems(out))
		}
		play(t, encode(t, nil, nil, events(t, llm.Unfold(r))...))
	})
}

func events(t *testing.T, s llm.Stream) []llm.Event {
	var out []llm.Event
	for ev, err := range s {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, ev)
	}
	return out
}

func FuzzDecodeStream(f *testing.F) {
	f.Add([]byte(sse(created, `{"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"a"}`, terminal("completed", `{"type":"message","content":[{"type":"output_text","text":"ab"}]}`, ""))), 3)
	f.Add([]byte(sse(created, `{"type":"response.output_item.added","output_index":1,"item":{"type":"function_call","call_id":"c","name":"f"}}`, `{"type":"response.function_call_arguments.delta","output_index":1,"delta":"{"}`, `{"type":"response.reasoning_text.delta","output_index":2,"delta":"x"}`, `{"type":"response.failed","response":{"error":{"message":"x"}}}`)), 1)
	f.Add([]byte("data: {\"type\":\"error\"}\r\r"), 2)
	f.Fuzz(func(t *testing.T, raw []byte, n int) {
		whole, err := llm.Fold(lawful(t, New().DecodeStream(bytes.NewReader(raw))))
		torn, terr := llm.Fold(New().DecodeStream(&pieces{raw, max(1, n%16)}))
		if !reflect.DeepEqual(whole, torn) || (err == nil) != (terr == nil) {
			t.Errorf("pieces change the answer: %+v %v, %+v %v", whole, err, torn, terr)
		}
		if err == nil {
			play(t, encode(t, nil, nil, events(t, New().DecodeStream(bytes.NewReader(raw)))...))
		}
		tap := watch(true, string(raw), max(1, n%16))
		_, _, _, _, _ = tap.Usage(), tap.Stop(), tap.Model(), tap.Ended(), tap.Err()
		if !strings.HasSuffix(string(tap.Fail(fault.New(fault.Truncated, "x", "Cut."))), "\n\n") {
			t.Error("Fail leaves an event open")
		}
		c := NewCollector(1 << 16)
		_, _ = c.Write(raw)
		if r := c.Response(); r != nil && !json.Valid(r) {
			t.Errorf("collected %s", r)
		}
	})
}

type pieces struct {
	b []byte
	n int
}

func (p *pieces) Read(b []byte) (int, error) {
	if len(p.b) == 0 {
		return bytes.NewReader(nil).Read(b)
	}
	n := copy(b, p.b[:min(p.n, len(p.b))])
	p.b = p.b[n:]
	return n, nil
}

func FuzzDecodeError(f *testing.F) {
	f.Add(429, "7", []byte(`{"error":{"code":"rate_limit_exceeded","message":"x"}}`))
	f.Add(500, "", []byte(`<html>`))
	f.Fuzz(func(t *testing.T, status int, wait string, body []byte) {
		err := New().DecodeError(status, http.Header{"Retry-After": {wait}}, body)
		code, _, out := New().EncodeError(err, "r")
		var b struct {
			Error struct{ Message, Type string }
		}
		if json.Unmarshal(out, &b) != nil || b.Error.Message == "" || b.Error.Type == "" || code < 400 || code > 599 {
			t.Errorf("%d %s", code, out)
		}
	})
}
