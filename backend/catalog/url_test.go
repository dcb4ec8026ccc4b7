package catalog

import (
	"strings"
	"testing"

	"omniroute/backend/fault"
)

func TestBase(t *testing.T) {
	c := loaded(t)
	get := func(id string) *Provider {
		if p, ok := c.Provider(id); ok {
			return p
		}
		n, _ := c.Node(id)
		return n
	}
	for _, tc := range []struct{ id, override, path, want string }{
		{"openai", "", "/chat/completions", "https://api.openai.com/v1/chat/completions"},
		{"openai", "http://127.0.0.1:9", "/chat/completions", "http://127.0.0.1:9/v1/chat/completions"},
		{"openai", "http://127.0.0.1:9/v1/", "/chat/completions", "http://127.0.0.1:9/v1/chat/completions"},
		{"openai", "https://eu.api.example/proxy/v2", "/responses", "https://eu.api.example/proxy/v2/responses"},
		{"groq", "http://127.0.0.1:9", "/chat/completions", "http://127.0.0.1:9/v1/chat/completions"},
		{"anthropic", "http://127.0.0.1:9", "/messages", "http://127.0.0.1:9/v1/messages"},
		{"claude", "http://127.0.0.1:9", "/v1/messages?beta=true", "http://127.0.0.1:9/v1/messages?beta=true"},
		{"claude", "http://127.0.0.1:9/v1", "/v1/messages?beta=true", "http://127.0.0.1:9/v1/messages?beta=true"},
		{"glm", "http://127.0.0.1:9/v1", "/v1/messages", "http://127.0.0.1:9/v1/messages"},
		{"glm-cn", "http://127.0.0.1:9", "/chat/completions", "http://127.0.0.1:9/v4/chat/completions"},
		{"gemini", "http://127.0.0.1:9", "/models/{model}:generateContent", "http://127.0.0.1:9/v1beta/models/m:generateContent"},
		{"gemini", "http://127.0.0.1:9/v1beta", "/models/{model}:generateContent", "http://127.0.0.1:9/v1beta/models/m:generateContent"},
		{"gemini-cli", "http://127.0.0.1:9", "/v1internal:generateContent", "http://127.0.0.1:9/v1internal:generateContent"},
		{"perplexity", "http://127.0.0.1:9", "/chat/completions", "http://127.0.0.1:9/chat/completions"},
		{"openai-compatible", "http://[::1]:9", "/chat/completions", "http://[::1]:9/v1/chat/completions"},
		{"openai-compatible", "https://h.example/v1/chat/completions", "/chat/completions", "https://h.example/v1/chat/completions"},
		{"openai-compatible", " https://h.example/v1/models/ ", "/chat/completions", "https://h.example/v1/chat/completions"},
		{"anthropic-compatible", "https://h.example/anthropic", "/messages", "https://h.example/anthropic/v1/messages"},
		{"anthropic-compatible", "https://h.example/v1/messages", "/messages", "https://h.example/v1/messages"},
		{"gemini-compatible", "https://h.example", "/models/{model}:generateContent", "https://h.example/v1beta/models/m:generateContent"},
	} {
		base, err := get(tc.id).Base(tc.override, nil)
		if err != nil {
			t.Errorf("%s over %q: %v", tc.id, tc.override, err)
			continue
		}
		if got := Join(base, tc.path, "m"); got != tc.want {
			t.Errorf("%s over %q: %s, want %s", tc.id, tc.override, got, tc.want)
		}
	}
}

func TestBaseFillsParams(t *testing.T) {
	c := loaded(t)
	azure, _ := c.Provider("azure")
	if base, err := azure.Base("", map[string]string{"resource": "mine"}); err != nil || base != "https://mine.openai.azure.com/openai" {
		t.Errorf("%s, %v", base, err)
	}
	for _, params := range []map[string]string{nil, {"resource": "  "}, {"other": "x"}} {
		_, err := azure.Base("", params)
		f := fault.As(err)
		if f == nil || f.Kind != fault.Invalid || f.Param != "params.resource" || !strings.Contains(f.Public, "params.resource") {
			t.Errorf("%v: %v; want an error that names resource", params, err)
		}
	}
	// A value must not move the key to another host or path.
	for _, evil := range []string{"evil.example/x?", "a@evil.example", "x#", "a/b", "a.evil", "169.254.169.254:80", "a\nb"} {
		if base, err := azure.Base("", map[string]string{"resource": evil}); err == nil {
			t.Errorf("resource %q gives %s", evil, base)
		}
	}
	if base, err := azure.Base("http://127.0.0.1:9/openai", nil); err != nil || base != "http://127.0.0.1:9/openai" {
		t.Errorf("an override needs no params: %s, %v", base, err)
	}
	cf, _ := c.Provider("cloudflare-ai")
	if base, err := cf.Base("", map[string]string{"account_id": "0a1b"}); err != nil || base != "https://api.cloudflare.com/client/v4/accounts/0a1b/ai/v1" {
		t.Errorf("%s, %v", base, err)
	}
	node, _ := c.Node("openai-compatible")
	if _, err := node.Base("", nil); fault.KindOf(err) != fault.Invalid || err == nil {
		t.Errorf("a node without a base URL: %v", err)
	}
}

func TestJoin(t *testing.T) {
	for _, tc := range []struct{ base, path, model, want string }{
		{"https://h/v1", "https://h/other/models", "", "https://h/other/models"},
		{"https://h/v1beta", "/models/{model}:countTokens", "tuned/My model?x#", "https://h/v1beta/models/tuned/My%20model%3Fx%23:countTokens"},
		{"https://h/v1", "/models/{model}", "../../admin", "https://h/v1/models/..%2F..%2Fadmin"},
		{"https://h/v1", "/models/{model}", "./x", "https://h/v1/models/.%2Fx"},
		{"https://h/v1/", "/v1/messages", "", "https://h/v1/messages"},
		{"https://h/v1", "/v1internal:x", "", "https://h/v1/v1internal:x"},
		{"https://h", "/chat", "", "https://h/chat"},
	} {
		if got := Join(tc.base, tc.path, tc.model); got != tc.want {
			t.Errorf("Join(%q, %q, %q) = %s, want %s", tc.base, tc.path, tc.model, got, tc.want)
		}
	}
}
