package daemon_test

import (
	"bufio"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"omniroute/backend/testkit"
	"omniroute/backend/wire"
)

// A page that listens hears of an answered request, and does not hold up the
// end of the process.
func TestAListeningPageDoesNotHoldUpTheEnd(t *testing.T) {
	g := testkit.Start(t)
	up := g.Upstream("up", wire.OpenAIChat)
	up.Then(testkit.Says("hello"))
	token, err := os.ReadFile(filepath.Join(g.Dir, "admin-token"))
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequest("GET", g.URL+"/api/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	resp, err := g.Client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	in := bufio.NewScanner(resp.Body)
	await := func(text string) {
		t.Helper()
		for in.Scan() {
			if strings.Contains(in.Text(), text) {
				return
			}
		}
		t.Fatalf("the stream ended before %s: %v", text, in.Err())
	}
	await(`"topic":"hello"`)
	path, body := testkit.Ask(wire.OpenAIChat, "up/m", "hi", true)
	answer, err := g.Client.Post(g.URL+path, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	await(`"requests":[{"id":"` + answer.Header.Get("X-Omniroute-Request-Id") + `"`)
	ended := make(chan struct{})
	go func() { defer close(ended); g.Stop() }()
	await(`"state":"stopping"`)
	if in.Scan() && in.Text() != "" || in.Scan() {
		t.Errorf("after the end: %q", in.Text())
	}
	testkit.Wait(t, "the gateway to stop", ended)
	if strings.Contains(g.Log.String(), "cut off") {
		t.Error("the page was cut off like a request that did not end")
	}
}
