package testkit

import (
	"bytes"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"omniroute/backend/wire"
)

// nodeType is what a node that speaks a format is called.
func nodeType(f wire.Format) (typ, api string) {
	switch f {
	case wire.OpenAIResponses:
		return "openai-compatible", "responses"
	case wire.Anthropic:
		return "anthropic-compatible", ""
	case wire.Gemini:
		return "gemini-compatible", ""
	}
	return "openai-compatible", "chat"
}

// Secret is the upstream key of a node or provider that testkit connects.
func Secret(prefix string) string { return "upstream-secret-of-" + prefix }

// Node makes a provider node with one account, whose key is Secret(prefix),
// and returns both ids.
func (g *Gateway) Node(prefix string, f wire.Format, baseURL string) (node, account string) {
	g.t.Helper()
	typ, api := nodeType(f)
	in := map[string]any{"name": prefix, "prefix": prefix, "type": typ, "baseUrl": baseURL}
	if api != "" {
		in["apiType"] = api
	}
	node = g.API("POST", "/api/provider-nodes", in)["node"].(map[string]any)["id"].(string)
	return node, g.Connect(node, map[string]any{"name": prefix, "apiKey": Secret(prefix)})
}

// Connect connects an account of a provider or node and returns its id.
func (g *Gateway) Connect(provider string, in map[string]any) string {
	g.t.Helper()
	in["provider"] = provider
	return g.API("POST", "/api/providers", in)["connection"].(map[string]any)["id"].(string)
}

// Upstream starts a scripted upstream and connects it under a prefix.
func (g *Gateway) Upstream(prefix string, f wire.Format, script ...Answer) *Upstream {
	g.t.Helper()
	u := NewUpstream(g.t, f, script...)
	u.Prefix = prefix
	u.NodeID, u.AccountID = g.Node(prefix, f, u.BaseURL())
	return u
}

// Combo makes a combo and returns its id.
func (g *Gateway) Combo(name string, models ...string) string {
	g.t.Helper()
	out := g.API("POST", "/api/combos", map[string]any{"name": name, "models": models, "strategy": "priority"})
	return out["combo"].(map[string]any)["id"].(string)
}

// Key makes an API key.
func (g *Gateway) Key(name string, allowed ...string) (id, text string) {
	g.t.Helper()
	in := map[string]any{"name": name}
	if len(allowed) > 0 {
		in["allowedModels"] = allowed
	}
	out := g.API("POST", "/api/keys", in)
	return out["id"].(string), out["key"].(string)
}

// Rested clears every breaker and cooldown.
func (g *Gateway) Rested() {
	g.t.Helper()
	g.API("POST", "/api/resilience/reset", nil)
}

// Receipt is what the books say about a request.
func (g *Gateway) Receipt(id string) map[string]any {
	g.t.Helper()
	return g.API("GET", "/api/receipts/"+id, nil)
}

// Logged returns the entries of the request log with this id: one, or
// something is wrong.
func (g *Gateway) Logged(id string) (found []map[string]any) {
	g.t.Helper()
	for _, l := range g.Logs() {
		if l["id"] == id {
			found = append(found, l)
		}
	}
	return found
}

// Logs is the whole request log, newest first.
func (g *Gateway) Logs() (all []map[string]any) {
	g.t.Helper()
	path := "/api/usage/call-logs?limit=1000"
	for before := ""; ; {
		page := g.API("GET", path+before, nil)
		for _, l := range page["logs"].([]any) {
			all = append(all, l.(map[string]any))
		}
		next, _ := page["next"].(string)
		if next == "" {
			return all
		}
		before = "&before=" + next
	}
}

// Ask is a minimal request of a client: where it goes and its body. For
// Gemini the model stands in the path.
func Ask(f wire.Format, model, text string, stream bool) (path, body string) {
	switch f {
	case wire.OpenAIResponses:
		return "/v1/responses", fmt.Sprintf(`{"model":%q,"stream":%v,"input":%q}`, model, stream, text)
	case wire.Anthropic:
		return "/v1/messages", fmt.Sprintf(`{"model":%q,"stream":%v,"max_tokens":100,"messages":[{"role":"user","content":%q}]}`, model, stream, text)
	case wire.Gemini:
		method := ":generateContent"
		if stream {
			method = ":streamGenerateContent?alt=sse"
		}
		return "/v1beta/models/" + model + method, fmt.Sprintf(`{"contents":[{"role":"user","parts":[{"text":%q}]}]}`, text)
	case wire.Ollama:
		return "/api/chat", fmt.Sprintf(`{"model":%q,"stream":%v,"messages":[{"role":"user","content":%q}]}`, model, stream, text)
	}
	return "/v1/chat/completions", fmt.Sprintf(`{"model":%q,"stream":%v,"messages":[{"role":"user","content":%q}]}`, model, stream, text)
}

// Formats are the four that both clients and upstreams speak.
func Formats() []wire.Format {
	return []wire.Format{wire.OpenAIChat, wire.OpenAIResponses, wire.Anthropic, wire.Gemini}
}

// header makes a header of name, value pairs.
func header(pairs []string) http.Header {
	h := http.Header{}
	for i := 0; i+1 < len(pairs); i += 2 {
		h.Add(pairs[i], pairs[i+1])
	}
	return h
}

// short cuts text for a message.
func short(b []byte) string {
	if len(b) > 600 {
		return strings.ToValidUTF8(string(b[:600]), "?") + "…"
	}
	return string(b)
}

// Holds lists the files under dir that contain a text in clear.
func Holds(t testing.TB, dir, text string) (found []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		raw, err := os.ReadFile(path)
		if bytes.Contains(raw, []byte(text)) {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
