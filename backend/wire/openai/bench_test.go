package openai

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"omniroute/backend/llm"
	"omniroute/backend/wire"
)

// largeRequest is about 1 MB of an agent's conversation.
func largeRequest() []byte {
	var b strings.Builder
	b.WriteString(`{"model":"m","stream":true,"tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object","properties":{"a":{"type":"string"}}}}}],"messages":[{"role":"system","content":"s"}`)
	text := strings.Repeat(`some words of a file, \"quoted\" and\n`, 200)
	for i := 0; b.Len() < 1<<20; i++ {
		b.WriteString(`,{"role":"assistant","content":null,"tool_calls":[{"id":"call_` + itoa(i) + `","type":"function","function":{"name":"f","arguments":"{\"a\":\"b\"}"}}]},{"role":"tool","tool_call_id":"call_` + itoa(i) + `","content":"` + text + `"}`)
	}
	b.WriteString(`]}`)
	return []byte(b.String())
}

func itoa(i int) string { return string([]byte{byte('a' + i/26%26), byte('a' + i%26)}) }

func BenchmarkDecodeRequest1MB(b *testing.B) {
	body := largeRequest()
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := (Codec{}).DecodeRequest(body); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncodeRequest1MB(b *testing.B) {
	body := largeRequest()
	req, err := Codec{}.DecodeRequest(body)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := (Codec{}).EncodeRequest(req, wire.Dialect{Model: "m"}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDecodeChunk is one text chunk of a stream of 200.
func BenchmarkDecodeChunk(b *testing.B) {
	chunks := bytes.Repeat(sse(delta(`{"content":" some"}`)), 200)
	chunks = append(chunks, sse(finish("stop"), "[DONE]")...)
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		for _, err := range (Codec{}).DecodeStream(bytes.NewReader(chunks)) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/200, "ns/chunk")
}

func BenchmarkEncodeChunk(b *testing.B) {
	e := Codec{}.EncodeStream(io.Discard, &llm.Request{})
	_ = e.Encode(llm.Event{Kind: llm.EventBegin, ID: "chatcmpl-1", Model: "m", Created: 1})
	_ = e.Encode(llm.Event{Kind: llm.EventOpen, Part: &llm.Part{Kind: llm.PartText}})
	b.ReportAllocs()
	for b.Loop() {
		_ = e.Encode(llm.Event{Kind: llm.EventDelta, Text: " some"})
	}
}
