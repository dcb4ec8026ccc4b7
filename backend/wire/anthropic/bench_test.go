package anthropic

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// agentTurn is the body of a long coding session, of about size bytes.
func agentTurn(size int) []byte {
	var b strings.Builder
	b.WriteString(`{"model":"m","max_tokens":9000,"system":[{"type":"text","text":"You are an agent.","cache_control":{"type":"ephemeral"}}],"tools":[`)
	for i := range 30 {
		fmt.Fprintf(&b, `%s{"name":"tool_%d","description":"Does things with files, and says so at length.","input_schema":{"type":"object","properties":{"path":{"type":"string"}},"required":["path"]}}`, []string{"", ","}[min(i, 1)], i)
	}
	b.WriteString(`],"messages":[{"role":"user","content":"start"}`)
	line := strings.Repeat("func main() {\\n\\tfmt.Println(\\\"hello, world\\\")\\n}\\n", 40)
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, `,{"role":"assistant","content":[{"type":"text","text":"Reading."},{"type":"tool_use","id":"toolu_%d","name":"tool_%d","input":{"path":"/src/%d.go"}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_%d","content":"%s"}]}`, i, i%30, i, i, line)
	}
	b.WriteString(`]}`)
	return []byte(b.String())
}

func BenchmarkDecodeRequest1MB(b *testing.B) {
	body := agentTurn(1 << 20)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := New().DecodeRequest(body); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCheck1MB(b *testing.B) {
	body := agentTurn(1 << 20)
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if err := jscan.Check(body); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncodeRequest1MB(b *testing.B) {
	req, err := New().DecodeRequest(agentTurn(1 << 20))
	if err != nil {
		b.Fatal(err)
	}
	p, _ := wire.Prepare(req, wire.Anthropic, wire.Dialect{})
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := New().EncodeRequest(p, wire.Dialect{}); err != nil {
			b.Fatal(err)
		}
	}
}

// One token from another format to an Anthropic client.
func BenchmarkEncodeDelta(b *testing.B) {
	e := New().EncodeStream(io.Discard, &llm.Request{})
	for _, ev := range []llm.Event{{Kind: llm.EventBegin}, opened(llm.Part{}), more(llm.DeltaText, "a")} {
		if err := e.Encode(ev); err != nil {
			b.Fatal(err)
		}
	}
	ev := more(llm.DeltaText, " a typical token")
	b.ReportAllocs()
	for b.Loop() {
		if err := e.Encode(ev); err != nil {
			b.Fatal(err)
		}
	}
}

// One token from an Anthropic upstream.
func BenchmarkDecodeDelta(b *testing.B) {
	chunk := sse(textDelta(0, " a typical token"))
	r := io.MultiReader(strings.NewReader(sse(start, textOpen)), strings.NewReader(strings.Repeat(chunk, b.N)))
	b.ReportAllocs()
	for _, err := range New().DecodeStream(r) {
		if err != nil {
			break
		}
	}
}
