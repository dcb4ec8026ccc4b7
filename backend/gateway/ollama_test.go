package gateway_test

import (
	"strings"
	"testing"

	"omniroute/backend/testkit"
	"omniroute/backend/wire"
)

// TestOllamaStreamsByDefault: lines of JSON, unless the client says false.
func TestOllamaStreamsByDefault(t *testing.T) {
	g := testkit.Start(t)
	u := g.Upstream("up", wire.OpenAIChat)
	for more, lines := range map[string]bool{``: true, `,"stream":null`: true, `,"stream":true`: true, `,"stream":false`: false} {
		r := g.Post("/api/chat", `{"model":"`+u.Prefix+`/m","messages":[{"role":"user","content":"hi"}]`+more+`}`)
		want := "application/json"
		if lines {
			want = "application/x-ndjson"
		}
		text, complete := r.Text(wire.Ollama)
		if r.Status != 200 || r.Header.Get("Content-Type") != want || text != "hello" || !complete || (strings.Count(string(r.Body), "\n") > 1) != lines {
			t.Errorf("%s: %d %s %s", more, r.Status, r.Header.Get("Content-Type"), r.Body)
		}
	}
}
