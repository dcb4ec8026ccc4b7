package openai

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"omniroute/backend/fault"
	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// feed writes a stream to a tap in ragged pieces.
func feed(t *testing.T, tap wire.Tap, body []byte) wire.Tap {
	t.Helper()
	if _, err := io.CopyBuffer(struct{ io.Writer }{tap}, &ragged{b: body}, make([]byte, 16)); err != nil {
		t.Fatal(err)
	}
	return tap
}

func TestStreamTap(t *testing.T) {
	role, text := delta(`{"role":"assistant","content":""}`), delta(`{"content":"x"}`)
	usage := `{"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":2}}`
	cases := []struct {
		name           string
		body           []byte
		content, ended bool
		stop           llm.StopReason
		usage          bool
		kind           fault.Kind // Internal = no error
	}{
		{"whole", sse(role, text, finish("stop"), usage, "[DONE]"), true, true, llm.StopEnd, true, 0},
		{"no DONE", sse(role, text, finish("length"), usage), true, true, llm.StopLength, true, 0},
		{"no newline at the end", bytes.TrimSpace(sse(role, text, finish("stop"), usage)), true, true, llm.StopEnd, true, 0},
		{"CRLF", bytes.ReplaceAll(sse(role, text, finish("stop"), usage, "[DONE]"), []byte("\n"), []byte("\r\n")), true, true, llm.StopEnd, true, 0},
		{"role only", sse(role), false, false, llm.StopUnknown, false, 0},
		{"broken off", sse(role, text), true, false, llm.StopUnknown, false, 0},
		{"calls", sse(role, delta(`{"tool_calls":[{"index":0,"id":"a","function":{"name":"f"}}]}`), finish("stop")), true, true, llm.StopToolCalls, false, 0},
		{"thoughts are content", sse(role, delta(`{"reasoning_content":"x"}`)), true, false, llm.StopUnknown, false, 0},
		{"error first", sse(`{"error":{"message":"slow","code":429}}`), false, false, llm.StopUnknown, false, fault.RateLimited},
		{"error late", sse(role, text, `{"error":{"message":"boom"}}`), true, false, llm.StopUnknown, false, fault.Upstream},
		{"one of two unfinished", sse(`{"model":"up","choices":[{"index":0,"delta":{"content":"a"}},{"index":1,"delta":{"content":"b"}}]}`, finish("stop")), true, false, llm.StopEnd, false, 0},
		{"words inside text", sse(role, delta(`{"content":"\"finish_reason\":\"stop\" \"usage\":{\"prompt_tokens\":1} \"error\":{\"message\":\"x\"}"}`)), true, false, llm.StopUnknown, false, 0},
		{"bare JSON error", []byte("{\n \"error\": {\"message\": \"slow\", \"code\": 429}\n}\n"), false, false, llm.StopUnknown, false, fault.RateLimited},
		{"bare JSON answer", []byte(`{"model":"up","choices":[{"message":{"content":"x"},"finish_reason":"stop"}],"usage":{"prompt_tokens":7,"completion_tokens":2}}`), true, true, llm.StopEnd, true, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			tap := feed(t, Codec{}.Tap(true), c.body)
			if tap.Ended() != c.ended || tap.Content() != c.content || tap.Stop() != c.stop {
				t.Errorf("ended %v content %v stop %d", tap.Ended(), tap.Content(), tap.Stop())
			}
			if u := tap.Usage(); (u != nil) != c.usage || u != nil && (u.Input != 7 || u.Output != 2) {
				t.Errorf("usage %+v", u)
			}
			if err := tap.Err(); (err != nil) != (c.kind != 0) || err != nil && fault.KindOf(err) != c.kind {
				t.Errorf("error %v", err)
			}
			if c.kind == 0 && tap.Model() != "up" {
				t.Errorf("model %q", tap.Model())
			}
		})
	}
}

func TestStreamTapLongLine(t *testing.T) {
	long := delta(`{"content":"` + strings.Repeat("x", maxTapLine) + `"}`)
	tap := feed(t, Codec{}.Tap(true), sse(long, finish("stop"), `{"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":2}}`, "[DONE]"))
	if !tap.Ended() || tap.Usage() == nil {
		t.Error("what follows a long line is lost")
	}
}

// Wherever a stream breaks, Fail makes its last event valid JSON with an
// error, and every event before it stays as it was.
func TestStreamTapFail(t *testing.T) {
	whole := append([]byte(": hi\n\nevent: chunk\n"), sse(delta(`{"content":"a\u00e9\\\"b","n":[1,-2.5e+3,true,null,{"k":[]}]}`), delta(`{"content":"b"}`))...)
	for n := range whole {
		tap := feed(t, Codec{}.Tap(true), whole[:n])
		tail := tap.Fail(fault.New(fault.Truncated, "x", "It broke."))
		body := append(bytes.Clone(whole[:n]), tail...)
		last, lines, named := "", 0, false
		for line := range strings.SplitSeq(string(body), "\n") {
			data, isData := strings.CutPrefix(line, "data:")
			switch {
			case isData:
				last = strings.TrimSpace(data)
				if lines++; lines > 1 {
					t.Fatalf("cut at %d: an event of two data lines:\n%s", n, body)
				}
				if jscan.Check([]byte(last)) != nil {
					t.Fatalf("cut at %d: torn event %q in\n%s", n, last, body)
				}
			case line == "data":
				t.Fatalf("cut at %d: an empty data line:\n%s", n, body)
			case strings.HasPrefix(line, "event:"):
				named = true
			case line == "":
				if named && lines == 0 {
					t.Fatalf("cut at %d: a named event without data:\n%s", n, body)
				}
				lines, named = 0, false
			}
		}
		mustContain(t, []byte(last), `{"error":{"message":"It broke.","type":"server_error","param":null,"code":null}}`)
		if !bytes.HasSuffix(body, []byte("\n\n")) {
			t.Fatalf("cut at %d: the last event has no end", n)
		}
	}
	if tail := feed(t, Codec{}.Tap(true), sse(finish("stop"), "[DONE]")).Fail(nil); tail != nil {
		t.Errorf("after [DONE] came %q", tail)
	}
}

func TestStreamTapBoundary(t *testing.T) {
	tap := Codec{}.Tap(true)
	for _, s := range []struct {
		piece string
		want  bool
	}{{"", true}, {"data: {}", false}, {"\n", false}, {"\n", true}, {"data: {}\r\n\r\n", true}, {":", false}} {
		_, _ = tap.Write([]byte(s.piece))
		if tap.Boundary() != s.want {
			t.Errorf("after %q: %v", s.piece, tap.Boundary())
		}
	}
}

func TestBodyTap(t *testing.T) {
	body := []byte(`{"model":"up","choices":[{"message":{"content":"x"},"finish_reason":"length"}],"usage":{"prompt_tokens":7,"completion_tokens":2}}`)
	tap := feed(t, Codec{}.Tap(false), body)
	if !tap.Ended() || !tap.Content() || tap.Stop() != llm.StopLength || tap.Usage().Input != 7 || tap.Model() != "up" || tap.Err() != nil || tap.Fail(nil) != nil {
		t.Errorf("%+v", tap)
	}
	if tap := feed(t, Codec{}.Tap(false), body[:40]); tap.Ended() || tap.Usage() != nil {
		t.Error("half a body is no answer")
	}
	if tap := feed(t, Codec{}.Tap(false), []byte(`{"error":{"message":"x","code":503}}`)); fault.KindOf(tap.Err()) != fault.Overloaded {
		t.Errorf("error %v", tap.Err())
	}
	large := Codec{}.Tap(false)
	for range 9 {
		_, _ = large.Write(make([]byte, 1<<20))
	}
	_, _ = large.Write([]byte("} \n"))
	if !large.Ended() || large.Usage() != nil || !large.Content() {
		t.Error("a large body is believed by its end")
	}
}

func BenchmarkStreamTap(b *testing.B) {
	chunk := sse(delta(`{"content":" some"}`))
	tap := Codec{}.Tap(true)
	b.ReportAllocs()
	for b.Loop() {
		_, _ = tap.Write(chunk)
	}
}
