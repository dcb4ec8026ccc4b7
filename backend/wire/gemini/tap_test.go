package gemini

import (
	"bytes"
	"strings"
	"testing"

	"omniroute/backend/fault"
	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

func tapOf(c wire.Codec, stream bool, pieces ...string) wire.Tap {
	t := c.Tap(stream)
	for _, p := range pieces {
		_, _ = t.Write([]byte(p))
	}
	return t
}

func TestTapSeesTheAnswer(t *testing.T) {
	array := "[" + strings.ReplaceAll(strings.TrimSuffix(strings.ReplaceAll(streamed, "data: ", ""), "\n\n"), "\n\n", ",\n") + "]"
	whole := `{"response":{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f"}}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":8,"candidatesTokenCount":4},"modelVersion":"up"}}`
	for name, c := range map[string]struct {
		stream bool
		in     string
	}{"events": {true, streamed}, "CRLF": {true, strings.ReplaceAll(streamed, "\n", "\r\n")}, "array": {true, array}, "whole": {false, whole}} {
		for _, size := range []int{1, 7, 1 << 20} {
			tap := NewCodeAssist().Tap(c.stream)
			for b := []byte(c.in); len(b) > 0; {
				n := min(size, len(b))
				_, _ = tap.Write(b[:n])
				b = b[n:]
			}
			u := tap.Usage()
			if u == nil || u.Input != 8 || u.Output != 4 || tap.Stop() != llm.StopToolCalls || tap.Model() != "up" || !tap.Content() || !tap.Ended() || tap.Err() != nil {
				t.Errorf("%s in pieces of %d: %+v %v %q %v %v %v", name, size, u, tap.Stop(), tap.Model(), tap.Content(), tap.Ended(), tap.Err())
			}
		}
	}
}

func TestTapContentAndErrors(t *testing.T) {
	quiet := tapOf(New(), true, sse(`{"candidates":[{"content":{"parts":[{"text":""}]}}],"modelVersion":"up"}`))
	if quiet.Content() || quiet.Ended() || !quiet.Boundary() {
		t.Error("an empty text is no content and no end")
	}
	failed := tapOf(New(), true, sse(`{"error":{"code":503,"message":"busy","status":"UNAVAILABLE"}}`))
	if kind(failed.Err()) != fault.Overloaded || failed.Content() {
		t.Errorf("%v", failed.Err())
	}
	said := tapOf(New(), true, sse(`{"candidates":[{"content":{"parts":[{"text":"an \"error\" in words"}]}}],"modelVersion":"up"}`, `{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{"error":{"code":1}}}}]}}]}`))
	if said.Err() != nil {
		t.Errorf("an error in the content is none: %v", said.Err())
	}
	blocked := tapOf(New(), false, `{"promptFeedback":{"blockReason":"SAFETY"}}`)
	if !blocked.Ended() || blocked.Stop() != llm.StopFilter {
		t.Error("a blocked prompt is an end")
	}
	huge := tapOf(New(), true, `data: {"candidates":[{"content":{"parts":[{"inlineData":{"data":"`, strings.Repeat("A", tapEvent), "\"}}]}}]}\n\n", streamed)
	if huge.Usage() == nil || !huge.Ended() || len(huge.(*tap).held) > tapEvent {
		t.Error("a huge event is skipped, the rest is seen")
	}
}

func TestTapFail(t *testing.T) {
	err := fault.New(fault.Truncated, "x", "broke off")
	whole := sse(`{"candidates":[{"content":{"parts":[{"text":"a"}]}}]}`)
	for name, in := range map[string]string{"nothing": "", "whole event": whole, "torn line": whole + `data: {"candi`, "no blank line": strings.TrimSuffix(whole, "\n")} {
		tap := tapOf(New(), true, in)
		all := in + string(tap.Fail(err))
		at := strings.LastIndex(all, "\n\ndata: ")
		last := strings.TrimPrefix(all[at+2:], "data: ")
		if at < 0 {
			last = strings.TrimPrefix(all, "data: ")
		}
		if !strings.HasSuffix(last, "\n\n") {
			t.Errorf("%s: %q", name, all)
		}
		subset(t, []byte(strings.TrimSuffix(last, "\n\n")), `{"error":{"code":502,"status":"INTERNAL","message":"broke off"}}`)
	}
	object := `{"candidates":[{"content":{"parts":[{"text":"}],"}]}}]}`
	for _, in := range []string{"", "[", "[" + object, "[" + object + ",", "[" + object + ",\n"} {
		all := in + string(tapOf(NewArray(), true, in).Fail(err))
		if jscan.Check([]byte(all)) != nil {
			t.Errorf("after %q the array is broken: %s", in, all)
		}
	}
	if tapOf(New(), false, `{"candi`).Fail(err) != nil {
		t.Error("a whole body has no room for an error")
	}
}

func BenchmarkTap(b *testing.B) {
	chunk := []byte(sse(`{"candidates":[{"content":{"role":"model","parts":[{"text":"` + strings.Repeat("some words ", 20) + `"}]},"index":0}],"usageMetadata":{"promptTokenCount":8,"candidatesTokenCount":4,"totalTokenCount":12},"modelVersion":"up","responseId":"g1"}`))
	tap := New().Tap(true)
	b.ReportAllocs()
	for b.Loop() {
		_, _ = tap.Write(chunk)
	}
}

func BenchmarkDecodeStream(b *testing.B) {
	one := sse(`{"candidates":[{"content":{"role":"model","parts":[{"text":"some words of an answer"}]},"index":0}],"usageMetadata":{"promptTokenCount":8,"candidatesTokenCount":4,"totalTokenCount":12},"modelVersion":"up","responseId":"g1"}`)
	body := []byte(strings.Repeat(one, 200) + sse(`{"candidates":[{"finishReason":"STOP"}]}`))
	b.ReportAllocs()
	for b.Loop() {
		for _, err := range New().DecodeStream(bytes.NewReader(body)) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkRequest1MB(b *testing.B) {
	turn := `{"role":"user","parts":[{"text":"` + strings.Repeat("some words of a prompt, \\n and more ", 700) + `"}]},{"role":"model","parts":[{"functionCall":{"name":"f","args":{"a":1}}}]},{"role":"user","parts":[{"functionResponse":{"name":"f","response":{"output":"x"}}}]},`
	body := []byte(`{"contents":[` + strings.Repeat(turn, 40) + `{"role":"user","parts":[{"text":"q"}]}]}`)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		req, err := New().DecodeRequest(body)
		if err != nil {
			b.Fatal(err)
		}
		ready, _ := wire.Prepare(req, wire.CodeAssist, wire.Dialect{})
		if _, _, err := NewCodeAssist().EncodeRequest(ready, wire.Dialect{Model: "m"}); err != nil {
			b.Fatal(err)
		}
	}
}
