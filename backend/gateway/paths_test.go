package gateway_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"omniroute/backend/testkit"
	"omniroute/backend/wire"
)

// body is a minimal request of a format without the path.
func body(f wire.Format, model string, stream bool) string {
	_, b := testkit.Ask(f, model, "hi", stream)
	return b
}

func TestEveryPathOfTheDataPlaneAnswers(t *testing.T) {
	g := testkit.Start(t)
	g.Upstream("one", wire.OpenAIChat)
	for path, f := range map[string]wire.Format{
		"/v1/chat/completions": wire.OpenAIChat, "/chat/completions": wire.OpenAIChat, "/v1/v1/chat/completions": wire.OpenAIChat,
		"/v1/responses": wire.OpenAIResponses, "/responses": wire.OpenAIResponses, "/v1/v1/responses": wire.OpenAIResponses,
		"/codex/responses": wire.OpenAIResponses, "/codex/v1/responses": wire.OpenAIResponses,
		"/v1/messages": wire.Anthropic, "/messages": wire.Anthropic, "/v1/v1/messages": wire.Anthropic, "/v1/messages?beta=true": wire.Anthropic,
		"/v1/providers/one/chat/completions": wire.OpenAIChat, "/v1/providers/one/messages": wire.Anthropic, "/v1/providers/one/responses": wire.OpenAIResponses,
		"/api/chat": wire.Ollama, "/v1/api/chat": wire.Ollama,
		"/v1beta/models/one/m:generateContent": wire.Gemini, "/api/v1beta/models/one/m:generateContent": wire.Gemini,
		"/v1beta/models/one%2Fm:generateContent": wire.Gemini, "/v1beta/models/one%2fm:generateContent": wire.Gemini,
		"/v1beta/models/models/one/m:generateContent":          wire.Gemini,
		"/v1beta/models/one/m:streamGenerateContent?alt=sse":   wire.Gemini,
		"/api/v1beta/models/one/m:streamGenerateContent":       wire.Gemini,
		"/v1beta/models/one%2Fm:streamGenerateContent?alt=sse": wire.Gemini,
	} {
		t.Run(path, func(t *testing.T) {
			r := g.Post(path, body(f, "one/m", false))
			if text, complete := r.Text(f); r.Status != 200 || text != "hello" || !complete {
				t.Fatalf("%d %s", r.Status, r.Body)
			}
			if r.Header.Get("X-OmniRoute-Model") != "one/m" {
				t.Errorf("answered by %q", r.Header.Get("X-OmniRoute-Model"))
			}
		})
	}
	for path, f := range map[string]wire.Format{
		"/v1/messages/count_tokens": wire.Anthropic, "/messages/count_tokens": wire.Anthropic,
		"/v1/responses/input_tokens": wire.OpenAIResponses, "/responses/input_tokens": wire.OpenAIResponses,
		"/v1beta/models/one/m:countTokens": wire.Gemini, "/api/v1beta/models/one/m:countTokens": wire.Gemini,
	} {
		r := g.Post(path, body(f, "one/m", false))
		field := map[wire.Format]string{wire.Anthropic: "input_tokens", wire.OpenAIResponses: "input_tokens", wire.Gemini: "totalTokens"}[f]
		if n, ok := r.JSON()[field].(float64); r.Status != 200 || !ok || n < 1 {
			t.Errorf("%s: %d %s", path, r.Status, r.Body)
		}
	}
}

func TestDedicatedProviderRoutes(t *testing.T) {
	g := testkit.Start(t)
	one := g.Upstream("one", wire.OpenAIChat)
	g.Upstream("two", wire.OpenAIChat)
	for _, f := range []wire.Format{wire.OpenAIChat, wire.Anthropic, wire.OpenAIResponses} {
		path := map[wire.Format]string{wire.OpenAIChat: "chat/completions", wire.Anthropic: "messages", wire.OpenAIResponses: "responses"}[f]
		for model, sent := range map[string]string{"m": "m", "one/m": "m", "meta/m": "meta/m", "one/meta/m": "meta/m"} {
			r := g.Post("/v1/providers/one/"+path, body(f, model, false))
			if text, _ := r.Text(f); r.Status != 200 || text != "hello" || one.Last(t).Model() != sent {
				t.Errorf("%s %s: %d, upstream asked for %q\n%s", path, model, r.Status, one.Last(t).Model(), r.Body)
			}
		}
		r := g.Post("/v1/providers/one/"+path, body(f, "two/m", false))
		if e, ok := r.Failure(f); r.Status != 400 || !ok || !strings.Contains(e.Message, "Expected prefix: one/") {
			t.Errorf("%s: foreign prefix: %d %s", path, r.Status, r.Body)
		}
		r = g.Post("/v1/providers/nobody/"+path, body(f, "m", false))
		if _, ok := r.Failure(f); r.Status != 404 || !ok {
			t.Errorf("%s: unknown provider: %d %s", path, r.Status, r.Body)
		}
	}
}

// Without alt=sse Google's clients expect one JSON array.
func TestGeminiStreamsBothWays(t *testing.T) {
	g := testkit.Start(t)
	for _, up := range testkit.Formats() {
		u := g.Upstream("up-"+string(up), up, testkit.Says("one two three"))
		path := "/v1beta/models/" + u.Prefix + "/m:streamGenerateContent"
		r := g.Post(path+"?alt=sse", body(wire.Gemini, "", true))
		if text, complete := r.Text(wire.Gemini); !strings.HasPrefix(r.Header.Get("Content-Type"), "text/event-stream") || text != "one two three" || !complete {
			t.Errorf("%s, alt=sse: %q\n%s", up, r.Header.Get("Content-Type"), r.Body)
		}
		for _, query := range []string{"", "?alt=json", "?key=abc"} {
			r = g.Post(path+query, body(wire.Gemini, "", true))
			var list []map[string]any
			if err := json.Unmarshal(r.Body, &list); err != nil || len(list) == 0 || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
				t.Fatalf("%s, %q: %v %q\n%s", up, query, err, r.Header.Get("Content-Type"), r.Body)
			}
			if text, complete := r.Text(wire.Gemini); text != "one two three" || !complete {
				t.Errorf("%s, %q: text %q, complete %v", up, query, text, complete)
			}
			if q := u.Last(t).Query; strings.Contains(q, "key") {
				t.Errorf("the client's key travelled: %q", q)
			}
		}
		u.Then(testkit.BreaksAfter(len(testkit.StreamAnswer(up, "one two three"))/2, "one two three"))
		r = g.Post(path, body(wire.Gemini, "", true))
		var list []map[string]any
		if err := json.Unmarshal(r.Body, &list); err != nil || len(list) < 2 || list[len(list)-1]["error"] == nil {
			t.Errorf("%s, broken: %v\n%s", up, err, r.Body)
		}
		g.Rested()
		u.Then(testkit.Refuses(429, "slow down"))
		r = g.Post(path, body(wire.Gemini, "", true))
		if _, ok := r.Failure(wire.Gemini); r.Status != 429 || !ok {
			t.Errorf("%s, refused: %d %s", up, r.Status, r.Body)
		}
	}
}

func TestModelListsInEveryShape(t *testing.T) {
	g := testkit.Start(t)
	g.Upstream("one", wire.OpenAIChat)
	g.Connect("openai", map[string]any{"name": "o", "apiKey": "sk-test-1234567890", "baseUrl": testkit.NewUpstream(t, wire.OpenAIChat).BaseURL()})
	g.Combo("both", "one/m", "demo/simulated")
	for _, path := range []string{"/v1/models", "/models", "/v1/v1/models"} {
		r := g.Get(path)
		list := r.JSON()
		data, _ := list["data"].([]any)
		if r.Status != 200 || list["object"] != "list" || len(data) < 3 {
			t.Fatalf("%s: %d %s", path, r.Status, r.Body)
		}
		var ids []string
		for _, m := range data {
			m := m.(map[string]any)
			ids = append(ids, m["id"].(string))
			if m["object"] != "model" || m["owned_by"] == "" {
				t.Errorf("entry %v", m)
			}
			for _, k := range []string{"created", "context_length", "max_output_tokens", "pricing", "capabilities"} {
				if _, there := m[k]; !there {
					t.Errorf("%v has no %s", m["id"], k)
				}
			}
			for _, k := range []string{"input", "output", "cache_read", "cache_write"} {
				if _, there := testkit.At(m, "pricing").(map[string]any)[k]; !there {
					t.Errorf("%v has no price for %s", m["id"], k)
				}
			}
			for _, k := range []string{"tools", "vision", "reasoning"} {
				if _, ok := testkit.At(m, "capabilities", k).(bool); !ok {
					t.Errorf("%v does not say whether it can do %s", m["id"], k)
				}
			}
		}
		if ids[0] != "both" || ids[1] != "auto" || ids[len(ids)-1] != "demo/simulated" {
			t.Errorf("order: %v", ids)
		}
		seen := map[string]bool{}
		for _, id := range ids {
			if seen[id] {
				t.Errorf("%s stands twice", id)
			}
			seen[id] = true
		}
	}
	r := g.Get("/v1/models", "anthropic-version", "2023-06-01")
	list := r.JSON()
	data, _ := list["data"].([]any)
	if len(data) < 3 || list["first_id"] != "both" || list["last_id"] != "demo/simulated" || list["has_more"] != false {
		t.Errorf("Anthropic: %s", r.Body)
	}
	for _, m := range data {
		if m := m.(map[string]any); m["type"] != "model" || m["id"] == "" || m["display_name"] == "" || m["created_at"] == nil {
			t.Errorf("Anthropic: entry %v", m)
		}
	}
	for _, path := range []string{"/v1beta/models", "/api/v1beta/models"} {
		models, _ := g.Get(path).JSON()["models"].([]any)
		if len(models) < 3 || testkit.At(models, 0, "name") != "models/both" || testkit.At(models, 0, "supportedGenerationMethods") == nil {
			t.Errorf("%s: %v", path, models)
		}
	}
	for _, path := range []string{"/api/tags", "/v1/api/tags"} {
		models, _ := g.Get(path).JSON()["models"].([]any)
		if len(models) < 3 || testkit.At(models, 0, "name") != "both" || testkit.At(models, 0, "model") != "both" {
			t.Errorf("%s: %v", path, models)
		}
	}
	for path, name := range map[string]string{"/v1/models/one/m": "id", "/models/both": "id", "/v1/models/one%2Fm": "id", "/v1beta/models/one/m": "name"} {
		if r := g.Get(path); r.Status != 200 || r.JSON()[name] == nil {
			t.Errorf("%s: %d %s", path, r.Status, r.Body)
		}
	}
	for path, f := range map[string]wire.Format{"/v1/models/nope": wire.OpenAIChat, "/v1beta/models/nope": wire.Gemini} {
		if _, ok := g.Get(path).Failure(f); !ok {
			t.Errorf("%s: no refusal of its own", path)
		}
	}
}

func TestHealthAndFirstTouch(t *testing.T) {
	g := testkit.Start(t)
	r := g.Get("/healthz")
	if r.Status != 200 || len(r.JSON()) != 2 || r.JSON()["status"] != "ok" || r.JSON()["version"] != "test" {
		t.Errorf("GET /healthz: %d %s", r.Status, r.Body)
	}
	for _, path := range []string{"/", "/healthz", "/v1/models"} { // Claude Code begins with HEAD /
		if r := g.Do("HEAD", path, nil); r.Status != 200 || len(r.Body) != 0 {
			t.Errorf("HEAD %s: %d", path, r.Status)
		}
	}
	if r := g.Get("/"); !strings.Contains(string(r.Body), "demo/simulated") || !strings.Contains(string(r.Body), g.URL+"/v1") {
		t.Errorf("GET /: %s", r.Body)
	}
	if r := g.Get("/", "Host", "localhost:1234"); r.Status != 200 {
		t.Errorf("another port in Host: %d", r.Status)
	}
}

// The line that serve prints works on a fresh install, as curl sends it.
func TestDemoWorksAtOnce(t *testing.T) {
	g := testkit.Start(t)
	r := g.Post("/v1/chat/completions", `{"model":"demo/simulated","messages":[{"role":"user","content":"Hello"}]}`, "Content-Type", "application/x-www-form-urlencoded", "User-Agent", "curl/8.0", "Accept", "*/*")
	if text, complete := r.Text(wire.OpenAIChat); r.Status != http.StatusOK || !complete || !strings.Contains(text, "simulated") || r.JSON()["model"] != "demo/simulated" {
		t.Errorf("%d %s", r.Status, r.Body)
	}
	for _, f := range clients() {
		for _, stream := range []bool{false, true} {
			r := g.Ask(f, "demo/simulated", stream)
			if text, complete := r.Text(f); r.Status != 200 || !complete || !strings.Contains(text, "simulated") {
				t.Errorf("%s stream=%v: %d %s", f, stream, r.Status, r.Body)
			}
		}
	}
}
