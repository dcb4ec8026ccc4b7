package control

import "testing"

func TestDraftingANode(t *testing.T) {
	h := newHouse(t)
	h.node("box", "http://127.0.0.1:9")
	for _, c := range []struct {
		name                               string
		body                               map[string]any
		base, call, prefix, taken, shadows string
	}{
		{"chat", map[string]any{"type": "openai-compatible", "apiType": "chat", "baseUrl": "https://api.example.com"},
			"https://api.example.com/v1", "https://api.example.com/v1/chat/completions", "example", "", ""},
		{"responses", map[string]any{"type": "openai-compatible", "apiType": "responses", "baseUrl": "https://api.example.com/v1/responses"},
			"https://api.example.com/v1", "https://api.example.com/v1/responses", "example", "", ""},
		{"anthropic", map[string]any{"type": "anthropic-compatible", "baseUrl": "https://h.example/v1/messages"},
			"https://h.example/v1", "https://h.example/v1/messages", "h", "", ""},
		{"gemini", map[string]any{"type": "gemini-compatible", "baseUrl": "https://h.example"},
			"https://h.example/v1beta", "https://h.example/v1beta/models/MODEL:generateContent", "h", "", ""},
		{"this computer", map[string]any{"type": "openai-compatible", "baseUrl": "http://localhost:8000"},
			"http://localhost:8000/v1", "http://localhost:8000/v1/chat/completions", "local", "", ""},
		{"an address", map[string]any{"type": "openai-compatible", "baseUrl": "http://192.168.1.4:8000"},
			"http://192.168.1.4:8000/v1", "http://192.168.1.4:8000/v1/chat/completions", "custom", "", ""},
		{"a name of the catalogue is not proposed", map[string]any{"type": "openai-compatible", "baseUrl": "https://groq.example"},
			"https://groq.example/v1", "https://groq.example/v1/chat/completions", "groq-2", "", ""},
		{"in use", map[string]any{"type": "openai-compatible", "baseUrl": "https://h.example", "prefix": "BOX"},
			"https://h.example/v1", "https://h.example/v1/chat/completions", "BOX", "Node box", ""},
		{"shadows", map[string]any{"type": "openai-compatible", "baseUrl": "https://h.example", "prefix": "groq"},
			"https://h.example/v1", "https://h.example/v1/chat/completions", "groq", "", "Groq"},
	} {
		g := h.call(200, "POST /api/provider-nodes/draft", c.body)
		for field, want := range map[string]string{"baseUrl": c.base, "callUrl": c.call, "prefix": c.prefix, "takenBy": c.taken, "shadows": c.shadows} {
			if got := g.str(field); got != want {
				t.Errorf("%s: %s is %q, want %q", c.name, field, got, want)
			}
		}
	}
	for name, body := range map[string]map[string]any{
		"metadata":   {"type": "openai-compatible", "baseUrl": "http://169.254.169.254"},
		"bad prefix": {"type": "openai-compatible", "baseUrl": "https://h.example", "prefix": "a/b"},
		"ourselves":  {"type": "openai-compatible", "baseUrl": "http://localhost:20128"},
	} {
		if g := h.call(400, "POST /api/provider-nodes/draft", body); g.str("error.kind") != "invalid" {
			t.Errorf("%s: %s", name, g.body)
		}
	}
	if n := len(h.prober.calls()); n != 0 {
		t.Errorf("drafting called an upstream %d times", n)
	}
}

func TestADraftOfANodeKeepsItsOwnPrefix(t *testing.T) {
	h := newHouse(t)
	id := h.node("box", "http://127.0.0.1:9")
	g := h.call(200, "POST /api/provider-nodes/draft", map[string]any{"type": "openai-compatible", "baseUrl": "http://127.0.0.1:9", "prefix": "box", "id": id})
	if g.str("takenBy") != "" {
		t.Errorf("its own prefix is taken by %q", g.str("takenBy"))
	}
}
