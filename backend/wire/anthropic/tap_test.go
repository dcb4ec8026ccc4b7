package anthropic

import (
	"strings"
	"testing"

	"omniroute/backend/fault"
	"omniroute/backend/llm"
	"omniroute/backend/wire"
)

func watch(stream bool, body string, size int) wire.Tap {
	t := New().Tap(stream)
	for len(body) > size {
		t.Write([]byte(body[:size]))
		body = body[size:]
	}
	t.Write([]byte(body))
	return t
}

func TestStreamTap(t *testing.T) {
	full := sse(start, textOpen, textDelta(0, "a"), textDelta(0, "b"), stop0, endTurn, msgStop)
	crlf := strings.ReplaceAll(full, "\n", "\r\n")
	bare := strings.NewReplacer("event: content_block_delta\n", "", "event: message_stop\n", "").Replace(full)
	for name, body := range map[string]string{"plain": full, "crlf": crlf, "without event lines": bare} {
		for _, size := range []int{1, 7, 64, 1 << 20} {
			tap := watch(true, body, size)
			u := tap.Usage()
			if u == nil || *u != (llm.Usage{Input: 20, CacheRead: 5, CacheWrite: 4, CacheLong: 3, Output: 20}) {
				t.Errorf("%s/%d: usage %+v", name, size, u)
			}
			if tap.Model() != "up" || tap.Stop() != llm.StopEnd || !tap.Ended() || !tap.Content() || tap.Err() != nil || !tap.Boundary() {
				t.Errorf("%s/%d: %q %v %v %v %v %v", name, size, tap.Model(), tap.Stop(), tap.Ended(), tap.Content(), tap.Err(), tap.Boundary())
			}
		}
	}
}

func TestStreamTapContent(t *testing.T) {
	for body, want := range map[string]bool{
		"":                                      false,
		sse(start):                              false,
		sse(start, textOpen):                    false,
		sse(start, endTurn, msgStop):            false,
		sse(start, textOpen, textDelta(0, "a")): true,
		sse(start, `{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"a","name":"f","input":{}}}`): true,
	} {
		if tap := watch(true, body, 9); tap.Content() != want {
			t.Errorf("Content() = %v after %q", !want, body)
		}
	}
	tap := watch(true, sse(`{"type":"error","error":{"type":"overloaded_error","message":"busy"}}`), 5)
	if fault.KindOf(tap.Err()) != fault.Overloaded || tap.Content() || tap.Ended() {
		t.Errorf("P61: %v %v", tap.Err(), tap.Content())
	}
}

// A tap must not hold what it does not need.
func TestStreamTapBounds(t *testing.T) {
	tap := New().Tap(true).(*streamTap)
	tap.Write([]byte(sse(start)))
	long := strings.Repeat("x", 64<<10)
	for range 64 {
		tap.Write([]byte(long))
	}
	if cap(tap.line) > 2*tapLine {
		t.Errorf("an endless line holds %d bytes", cap(tap.line))
	}
	tap.Write([]byte("\n\n" + sse(endTurn, msgStop)))
	if !tap.Ended() || tap.Usage().Output != 20 {
		t.Errorf("the events after an endless line are lost: %+v", tap)
	}
}

func TestStreamTapFail(t *testing.T) {
	full := sse(start, textOpen, textDelta(0, "a"), stop0)
	broken := fault.New(fault.Truncated, "", "cut")
	for n := 0; n <= len(full); n++ {
		tap := watch(true, full[:n], 1000)
		whole := n == 0 || strings.HasSuffix(full[:n], "\n\n")
		if n > 0 && tap.Boundary() != whole {
			t.Fatalf("Boundary() = %v after %q", !whole, full[:n])
		}
		tail := full[:n] + string(tap.Fail(broken))
		blocks := strings.Split(strings.TrimSuffix(tail, "\n\n"), "\n\n")
		if last := blocks[len(blocks)-1]; last != "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"cut\"}}" {
			t.Fatalf("cut at %d: %q", n, last)
		}
		if !whole { // the torn event must have become a ping
			torn := strings.Split(blocks[len(blocks)-2], "\n")
			if torn[len(torn)-1] != "event: ping" {
				t.Fatalf("cut at %d: the torn event is %q", n, torn)
			}
		}
	}
}

func TestBodyTap(t *testing.T) {
	body := `{"id":"m","type":"message","role":"assistant","model":"up","content":[{"type":"text","text":"a"}],"stop_reason":"max_tokens","usage":{"input_tokens":3,"output_tokens":9}}`
	for _, size := range []int{1, 50, 1000} {
		tap := watch(false, body, size)
		if u := tap.Usage(); u == nil || u.Input != 3 || u.Output != 9 || tap.Stop() != llm.StopLength || tap.Model() != "up" || !tap.Ended() || !tap.Content() || tap.Err() != nil {
			t.Errorf("%d: %+v %v %q %v %v %v", size, u, tap.Stop(), tap.Model(), tap.Ended(), tap.Content(), tap.Err())
		}
	}
	if tap := watch(false, body[:60], 7); tap.Ended() || tap.Content() || tap.Usage() != nil {
		t.Error("half an answer counts as one")
	}
	tap := watch(false, `{"type":"error","error":{"type":"overloaded_error","message":"busy"}}`, 7)
	if fault.KindOf(tap.Err()) != fault.Overloaded || tap.Content() || tap.Ended() || tap.Stop() != 0 || tap.Model() != "" {
		t.Errorf("error body: %v", tap.Err())
	}
	huge := strings.Replace(body, `"text":"a"`, `"text":"`+strings.Repeat("long text ", 1<<20)+`"`, 1)
	big := watch(false, huge, 32<<10)
	if u := big.Usage(); u == nil || u.Output != 9 || big.Stop() != llm.StopLength || big.Model() != "up" || !big.Ended() || !big.Content() {
		t.Errorf("huge body: %+v %v %q", u, big.Stop(), big.Model())
	}
	if b := big.(*bodyTap); cap(b.body)+cap(b.tail) > 1<<20 {
		t.Errorf("a huge body holds %d bytes", cap(b.body)+cap(b.tail))
	}
}

func BenchmarkStreamTap(b *testing.B) {
	chunk := []byte(sse(textDelta(0, "a typical token")))
	tap := New().Tap(true)
	tap.Write([]byte(sse(start, textOpen, textDelta(0, "a"))))
	b.ReportAllocs()
	for b.Loop() {
		tap.Write(chunk)
	}
}
