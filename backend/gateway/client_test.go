package gateway_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"omniroute/backend/testkit"
	"omniroute/backend/wire"
)

// endless streams text until the gateway hangs up, and says so on gone.
func endless(gone chan<- struct{}) testkit.Answer {
	return func(c *testkit.Call) {
		defer close(gone)
		c.Begin("text/event-stream")
		event := fmt.Sprintf(`data: {"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":%q}}]}`+"\n\n", strings.Repeat("words ", 2000))
		for c.Write(event) == nil {
		}
	}
}

// A client that stops reading is given up, its upstream is closed, and
// everybody else is served meanwhile (peers.md F34).
func TestClientThatNeverReads(t *testing.T) {
	for _, f := range []wire.Format{wire.OpenAIChat, wire.Anthropic} { // native and translated
		t.Run(string(f), func(t *testing.T) {
			g := testkit.Start(t, testkit.ClientWait(200*time.Millisecond), testkit.KeepAlive(100*time.Millisecond))
			gone := make(chan struct{})
			u := g.Upstream("one", wire.OpenAIChat, endless(gone), testkit.Says("hello"))
			deaf := dial(t, g)
			deaf.SetReadBuffer(4 << 10)
			path, body := testkit.Ask(f, "one/m", "hi", true)
			fmt.Fprintf(deaf, "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n%s", path, len(body), body)
			u.Await(t, 1)
			if text, complete := g.Ask(f, "one/m", false).Text(f); text != "hello" || !complete {
				t.Errorf("another client heard %q, complete=%v", text, complete)
			}
			testkit.Wait(t, "the upstream of the client that never reads to be closed", gone)
		})
	}
}

// A whole answer larger than what the system holds does not wait for ever
// either.
func TestLargeAnswerToAClientThatNeverReads(t *testing.T) {
	g := testkit.Start(t, testkit.ClientWait(200*time.Millisecond))
	g.Upstream("one", wire.OpenAIChat, testkit.Says(strings.Repeat("words ", 4<<20)))
	deaf := dial(t, g)
	deaf.SetReadBuffer(4 << 10)
	path, body := testkit.Ask(wire.Anthropic, "one/m", "hi", false)
	fmt.Fprintf(deaf, "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n%s", path, len(body), body)
	log := func() (status any) {
		for _, l := range g.Logs() {
			status = l["kind"]
		}
		return status
	}
	for deadline := time.Now().Add(30 * time.Second); log() == nil; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the request never ended")
		}
	}
}

// A slow reader gets everything, however long it takes, as long as it reads.
func TestSlowReaderGetsEverything(t *testing.T) {
	g := testkit.Start(t, testkit.ClientWait(2*time.Second), testkit.KeepAlive(50*time.Millisecond))
	text := strings.Repeat(strings.Repeat("word", 500)+" ", 2000) // events of 2 KB, 4 MB in all
	g.Upstream("one", wire.OpenAIChat, testkit.Says(text))
	for _, stream := range []bool{false, true} {
		path, body := testkit.Ask(wire.Anthropic, "one/m", "hi", stream)
		resp := g.Open("POST", path, strings.NewReader(body))
		var got []byte
		buf := make([]byte, 256<<10)
		for n, err := 0, error(nil); err == nil; {
			n, err = resp.Body.Read(buf)
			got = append(got, buf[:n]...)
			if err != nil && err != io.EOF {
				t.Fatalf("stream=%v: broke off after %d bytes: %v", stream, len(got), err)
			}
			time.Sleep(time.Millisecond)
		}
		resp.Body.Close()
		said, complete := "", json.Valid(got)
		if stream {
			said, complete = testkit.StreamText(wire.Anthropic, got)
		} else if complete && bytes.Contains(got, []byte(text)) {
			said = text
		}
		if said != text || !complete {
			t.Errorf("stream=%v: %d of %d characters, complete=%v", stream, len(said), len(text), complete)
		}
	}
}

// A client that stops in the middle of its request is told so.
func TestBodyThatStopsComing(t *testing.T) {
	g := testkit.Start(t, testkit.ClientWait(50*time.Millisecond))
	u := g.Upstream("one", "openai-chat")
	conn := dial(t, g)
	io.WriteString(conn, "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n{\"model\":\"one/m\"")
	if status, body := answer(t, conn); status != 408 || !strings.Contains(body, "stopped coming") {
		t.Errorf("%d %s", status, body)
	}
	if u.Count() != 0 {
		t.Error("the upstream was called")
	}
}

// While an upstream thinks, every dialect hears a sign of life in its own
// way, on both roads, and the answer that follows is whole.
func TestKeepAliveThroughTheDaemon(t *testing.T) {
	g := testkit.Start(t, testkit.KeepAlive(20*time.Millisecond))
	signs := map[wire.Format]string{wire.OpenAIChat: ": keepalive", wire.OpenAIResponses: ": keepalive", wire.Anthropic: "event: ping"}
	for _, upstream := range testkit.Formats() {
		for client, sign := range signs {
			t.Run(fmt.Sprintf("%s from %s", client, upstream), func(t *testing.T) {
				gate := make(chan struct{})
				prefix := "k-" + strings.ReplaceAll(string(client)+"-"+string(upstream), ".", "-")
				g.Upstream(prefix, upstream, testkit.Gated(gate, "hello there"))
				path, body := testkit.Ask(client, prefix+"/m", "hi", true)
				resp := g.Open("POST", path, strings.NewReader(body))
				defer resp.Body.Close()
				first := make([]byte, len(sign))
				if _, err := io.ReadFull(resp.Body, first); err != nil || string(first) != sign {
					t.Fatalf("the first that was heard: %q %v, want %q", first, err, sign)
				}
				close(gate)
				rest, err := io.ReadAll(resp.Body)
				if err != nil {
					t.Fatal(err)
				}
				if text, complete := testkit.StreamText(client, append(first, rest...)); text != "hello there" || !complete {
					t.Errorf("%q complete=%v", text, complete)
				}
			})
		}
	}
}
