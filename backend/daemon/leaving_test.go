package daemon_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"omniroute/backend/testkit"
	"omniroute/backend/wire"
)

// A client that goes away at any moment: its upstream is let go, nobody is
// blamed, and what it had consumed is booked once.
func TestClientThatLeavesReleasesItsUpstream(t *testing.T) {
	const text = "one two three four"
	g := testkit.Start(t)
	second := g.Upstream("second", wire.OpenAIChat)
	for _, up := range testkit.Formats() {
		u := g.Upstream("up-"+string(up), up)
		all := len(testkit.StreamAnswer(up, text))
		for _, client := range clients() {
			combo := string(up) + "-" + string(client)
			g.Combo(combo, u.Prefix+"/m", "second/m")
			for _, c := range []struct {
				name    string
				answer  testkit.Answer
				stream  bool
				content bool // whether the client sees some before it leaves
			}{
				{"before any header", testkit.Hangs(), true, false},
				{"before a whole answer", testkit.Hangs(), false, false},
				{"before content", testkit.HangsAfter(min(1, all-len(strings.Fields(text))), text), true, false},
				{"after content", testkit.HangsAfter(all/2, text), true, true},
			} {
				t.Run(fmt.Sprintf("%s, %s to %s", c.name, client, up), func(t *testing.T) {
					u.Then(c.answer)
					leave(t, g, u, client, combo, c.stream, c.content)
				})
			}
		}
	}
	if second.Count() != 0 {
		t.Errorf("the next target was called %d times for clients that had left", second.Count())
	}
	standing := g.API("GET", "/api/resilience", nil)
	for _, b := range standing["circuitBreakers"].([]any) {
		if testkit.At(b, "state") != "CLOSED" || testkit.At(b, "failureCount") != 0.0 {
			t.Errorf("somebody was blamed: %v", b)
		}
	}
	if c := standing["cooldowns"].([]any); len(c) != 0 {
		t.Errorf("somebody rests: %v", c)
	}
}

func leave(t *testing.T, g *testkit.Gateway, u *testkit.Upstream, client wire.Format, combo string, stream, content bool) {
	t.Helper()
	calls, rows := u.Count(), len(g.Logs())
	path, body := testkit.Ask(client, combo, "hi", stream)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, "POST", g.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		resp, err := g.Client.Do(req)
		if err != nil {
			return
		}
		defer resp.Body.Close()
		if content {
			io.ReadFull(resp.Body, make([]byte, 10))
			cancel()
		}
		io.Copy(io.Discard, resp.Body)
	}()
	u.Await(t, calls+1)
	if !content {
		cancel()
	}
	if c := testkit.Wait(t, "the upstream to be let go", u.Gone); c != u.Last(t) {
		t.Error("another call was let go")
	}
	testkit.Wait(t, "the client to end", gone)
	// The row is written when the handler ends, a moment after the upstream
	// was let go: the log is asked until it is there.
	for range 1000 {
		if logs := g.Logs(); len(logs) > rows {
			l := logs[0]
			if len(logs) != rows+1 || l["kind"] != "canceled" || l["status"] != float64(499) {
				t.Errorf("%d rows, the last %v", len(logs)-rows, l)
			}
			if input := l["tokens"].(map[string]any)["input"].(float64); content && input == 0 {
				t.Errorf("nothing was booked: %v", l)
			}
			return
		}
	}
	t.Error("the request is not in the log")
}
