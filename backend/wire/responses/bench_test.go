package responses

import (
	"io"
	"strings"
	"testing"

	"omniroute/backend/llm"
	"omniroute/backend/wire"
)

func BenchmarkEncodeDelta(b *testing.B) {
	e := New().EncodeStream(io.Discard, nil)
	for _, ev := range join(block(0, textPartOf, llm.DeltaText, llm.Part{}))[:2] {
		_ = e.Encode(ev)
	}
	ev := llm.Event{Kind: llm.EventDelta, Text: "some words"}
	b.ReportAllocs()
	for b.Loop() {
		_ = e.Encode(ev)
	}
}

func BenchmarkDecodeStream(b *testing.B) {
	delta := `{"type":"response.output_text.delta","sequence_number":4,"item_id":"msg_1","output_index":0,"content_index":0,"delta":"some words","logprobs":[]}`
	events := []string{created}
	for range 200 {
		events = append(events, delta)
	}
	raw := sse(append(events, terminal("completed", "", ""))...)
	b.ReportAllocs()
	for b.Loop() {
		for range New().DecodeStream(strings.NewReader(raw)) {
		}
	}
}

func BenchmarkTapDelta(b *testing.B) {
	tap := New().Tap(true)
	line := []byte(sse(`{"type":"response.output_text.delta","sequence_number":4,"item_id":"msg_1","output_index":0,"content_index":0,"delta":"some words","logprobs":[]}`))
	b.ReportAllocs()
	for b.Loop() {
		_, _ = tap.Write(line)
	}
}

func BenchmarkRequest1MB(b *testing.B) {
	item := `{"type":"message","role":"user","content":[{"type":"input_text","text":"` + strings.Repeat("word \\\"x\\\" ", 100) + `"}]},{"type":"function_call","call_id":"c","name":"f","arguments":"{\"a\":1}"},{"type":"function_call_output","call_id":"c","output":"` + strings.Repeat("line\\n", 200) + `"}`
	var items []string
	for n := 0; n < 1<<20; n += len(item) {
		items = append(items, item)
	}
	body := []byte(`{"model":"m","input":[` + strings.Join(items, ",") + `]}`)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		req, err := New().DecodeRequest(body)
		if err != nil {
			b.Fatal(err)
		}
		if _, _, err := New().EncodeRequest(req, wire.Dialect{Model: "x"}); err != nil {
			b.Fatal(err)
		}
	}
}
