package all

import (
	"fmt"
	"strings"
	"testing"

	"omniroute/backend/wire"
	"omniroute/backend/wire/wiretest"
)

// agentTurn is an Anthropic request as a coding agent sends it late in a
// session: many tools, a long history of calls and file contents.
func agentTurn(size int) []byte {
	var b strings.Builder
	b.WriteString(`{"max_tokens":32000,"system":[{"type":"text","text":"You are a careful agent.","cache_control":{"type":"ephemeral"}}],"tools":[`)
	for i := range 40 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"name":"tool_%d","description":%q,"input_schema":{"type":"object","properties":{"path":{"type":"string","description":"where"},"mode":{"type":"string","enum":["a","b"]}},"required":["path"],"additionalProperties":false}}`, i, strings.Repeat("What this tool does. ", 20))
	}
	b.WriteString(`],"messages":[{"role":"user","content":"Fix the bug."}`)
	file := strings.Repeat("func main() {\\n\\tfmt.Println(\\\"hello, world\\\")\\n}\\n", 60)
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, `,{"role":"assistant","content":[{"type":"text","text":"Looking at file %d."},{"type":"tool_use","id":"toolu_%d","name":"tool_%d","input":{"path":"/src/file_%d.go","mode":"a"}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_%d","content":"%s"}]}`, i, i, i%40, i, i, file)
	}
	b.WriteString(`],"stream":true,"model":"claude"}`)
	return []byte(b.String())
}

func BenchmarkRequest1MB(b *testing.B) {
	body := agentTurn(1 << 20)
	from, _ := Of(wire.Anthropic)
	for _, to := range Codecs() {
		b.Run(string(to.Format()), func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				req, err := from.DecodeRequest(body)
				if err != nil {
					b.Fatal(err)
				}
				d := wire.Dialect{Model: "m", Project: "p"}
				prepared, _ := wire.Prepare(req, to.Format(), d)
				if _, _, err := to.EncodeRequest(prepared, d); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("decode", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := from.DecodeRequest(body); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("prepare", func(b *testing.B) {
		req, err := from.DecodeRequest(body)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			wire.Prepare(req, wire.OpenAIChat, wire.Dialect{})
		}
	})
	b.Run("check", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		for b.Loop() {
			if _, err := wire.Peek(body); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkStream is one answer of 200 pieces through every pair that the
// gateway meets most.
func BenchmarkStream(b *testing.B) {
	answer := wiretest.Responses()["text"]
	for _, pair := range [][2]wire.Format{{wire.OpenAIChat, wire.Anthropic}, {wire.Anthropic, wire.OpenAIChat}, {wire.OpenAIResponses, wire.Anthropic}, {wire.Gemini, wire.Anthropic}, {wire.OpenAIChat, wire.OpenAIResponses}, {wire.OpenAIChat, wire.Gemini}} {
		from, _ := Of(pair[0])
		to, _ := Of(pair[1])
		sse := wiretest.Pieces(from, answer, 200)
		b.Run(fmt.Sprintf("%s to %s", pair[0], pair[1]), func(b *testing.B) {
			req := wiretest.Asker()
			b.ReportAllocs()
			for b.Loop() {
				enc := to.EncodeStream(discard{}, req)
				for ev, err := range wire.NamesFor(req, pair[0]).RestoreStream(from.DecodeStream(strings.NewReader(sse))) {
					if err != nil {
						b.Fatal(err)
					}
					if err := enc.Encode(ev); err != nil {
						b.Fatal(err)
					}
				}
				if err := enc.Close(nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
