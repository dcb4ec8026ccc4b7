package providers

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"omniroute/backend/config"
	"omniroute/backend/fault"
	"omniroute/backend/routing"
	"omniroute/backend/wire"
)

func TestURLs(t *testing.T) {
	c := facts(t)
	cases := []struct {
		provider, base string
		format         wire.Format
		purpose        Purpose
		model, want    string // want "" = no such path
	}{
		{"openai", "", wire.OpenAIChat, ForAnswer, "m", "https://api.openai.com/v1/chat/completions"},
		{"openai", "", wire.OpenAIResponses, ForStream, "m", "https://api.openai.com/v1/responses"},
		{"openai", "http://127.0.0.1:9", wire.OpenAIChat, ForAnswer, "m", "http://127.0.0.1:9/v1/chat/completions"},
		{"openai", "http://127.0.0.1:9/v1/", wire.OpenAIChat, ForAnswer, "m", "http://127.0.0.1:9/v1/chat/completions"},
		{"openai", "http://127.0.0.1:9/v1/chat/completions", wire.OpenAIChat, ForAnswer, "m", "http://127.0.0.1:9/v1/chat/completions"},
		{"openai", "", wire.OpenAIChat, ForCount, "m", ""},
		{"openai", "", wire.Anthropic, ForAnswer, "m", ""},
		{"anthropic", "", wire.Anthropic, ForCount, "m", "https://api.anthropic.com/v1/messages/count_tokens"},
		{"claude", "", wire.Anthropic, ForStream, "m", "https://api.anthropic.com/v1/messages?beta=true"},
		{"gemini", "", wire.Gemini, ForAnswer, "gemini-3-pro", "https://generativelanguage.googleapis.com/v1beta/models/gemini-3-pro:generateContent"},
		{"gemini", "", wire.Gemini, ForStream, "gemini-3-pro", "https://generativelanguage.googleapis.com/v1beta/models/gemini-3-pro:streamGenerateContent?alt=sse"},
		{"gemini", "", wire.Gemini, ForCount, "a/b c", "https://generativelanguage.googleapis.com/v1beta/models/a/b%20c:countTokens"},
		{"gemini-cli", "", wire.CodeAssist, ForStream, "m", "https://cloudcode-pa.googleapis.com/v1internal:streamGenerateContent?alt=sse"},
		{"gemini-cli", "", wire.Gemini, ForAnswer, "m", ""},
	}
	for _, x := range cases {
		u, ok := endpointOf(t, c, x.provider, x.base).URL(x.format, x.purpose, x.model)
		if ok != (x.want != "") || ok && u.String() != x.want {
			t.Errorf("%s %s %s: %v, want %q", x.provider, x.base, x.format, u, x.want)
		}
	}
	// a model never climbs out of its place in the path
	u, ok := endpointOf(t, c, "gemini", "").URL(wire.Gemini, ForAnswer, "../../evil")
	if ok && (strings.Contains(u.EscapedPath(), "/../") || u.Host != "generativelanguage.googleapis.com") {
		t.Errorf("climbs out: %s", u)
	}
}

func TestURLIsMadeOnce(t *testing.T) {
	e := endpointOf(t, facts(t), "openai", "")
	a, _ := e.URL(wire.OpenAIChat, ForAnswer, "m")
	b, _ := e.URL(wire.OpenAIChat, ForAnswer, "other")
	if a != b {
		t.Error("two URLs for one path")
	}
}

func TestEndpointNeedsItsParams(t *testing.T) {
	c := facts(t)
	p, _ := c.Provider("cloudflare-ai")
	_, err := NewEndpoint(&config.Account{ID: "a"}, routing.Upstream{Provider: p})
	if f := fault.As(err); f == nil || f.Kind != fault.Invalid || f.Param != "params.account_id" {
		t.Errorf("%v", err)
	}
	openai, _ := c.Provider("openai")
	_, err = NewEndpoint(&config.Account{ID: "a", BaseURL: "http://169.254.169.254/v1"}, routing.Upstream{Provider: openai})
	if fault.KindOf(err) != fault.Invalid {
		t.Errorf("metadata address: %v", err)
	}
}

func TestNodesSpeakWhatTheySay(t *testing.T) {
	c := facts(t)
	for _, x := range []struct {
		typ  config.NodeType
		api  string
		want wire.Format
	}{
		{config.NodeOpenAI, "chat", wire.OpenAIChat}, {config.NodeOpenAI, "responses", wire.OpenAIResponses},
		{config.NodeAnthropic, "", wire.Anthropic}, {config.NodeGemini, "", wire.Gemini},
	} {
		m := nodeAt(t, c, x.typ, x.api, "http://127.0.0.1:9").Model(c, "gpt-5.4")
		if !slices.Equal(m.Formats, []wire.Format{x.want}) || m.Price.Known {
			t.Errorf("%s %s: %v, price known %v", x.typ, x.api, m.Formats, m.Price.Known)
		}
	}
}

func TestDirectoryForgetsOldSettings(t *testing.T) {
	c := facts(t)
	d := NewDirectory(c)
	p, _ := c.Provider("openai")
	up := routing.Upstream{Provider: p}
	old, next := &config.Snapshot{Rev: 1}, &config.Snapshot{Rev: 2}
	a, b := &config.Account{ID: "a"}, &config.Account{ID: "a", BaseURL: "http://127.0.0.1:9"}
	first, _ := d.Endpoint(old, a, up)
	again, _ := d.Endpoint(old, a, up)
	after, _ := d.Endpoint(next, b, up)
	if first != again || after == first || after.Base != "http://127.0.0.1:9/v1" {
		t.Errorf("%p %p %+v", first, again, after)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				if e, err := d.Endpoint(next, b, up); err != nil || e.Base != "http://127.0.0.1:9/v1" {
					t.Errorf("%v %v", e, err)
				}
			}
		})
	}
	wg.Wait()
}

func TestNativeHeaders(t *testing.T) {
	c := facts(t)
	client := http.Header{"Accept": {"text/event-stream"}, "Anthropic-Version": {"2024-01-01"}, "Anthropic-Beta": {"b1, b2", "b1"}, "Openai-Beta": {"x=1"}, "User-Agent": {"claude-cli"}, "X-Api-Key": {"sk-omni-1"}, "X-Foo": {"bar"}}
	e := endpointOf(t, c, "anthropic", "")
	req, err := Prepare(&Call{Endpoint: e, Model: e.Model(c, "m"), Format: wire.Anthropic, Native: true, Body: []byte(`{}`), Client: client, Query: "beta=true&x=1", Credential: kitKey}, "omniroute/test")
	if err != nil {
		t.Fatal(err)
	}
	want := http.Header{"Accept": {"text/event-stream"}, "Anthropic-Version": {"2024-01-01"}, "Anthropic-Beta": {"b1,b2"}, "Openai-Beta": {"x=1"}, "User-Agent": {"omniroute/test"}, "X-Api-Key": {kitKey}, "Content-Type": {"application/json"}}
	for k := range req.Header {
		if !slices.Equal(req.Header[k], want[k]) {
			t.Errorf("%s: %q, want %q", k, req.Header[k], want[k])
		}
	}
	if len(req.Header) != len(want) || req.URL.RawQuery != "beta=true&x=1" || req.ContentLength != 2 {
		t.Errorf("%v %s", req.Header, req.URL)
	}
	// the entry's own query wins and is not doubled
	claude := endpointOf(t, c, "claude", "")
	req, _ = Prepare(&Call{Endpoint: claude, Model: claude.Model(c, "m"), Format: wire.Anthropic, Native: true, Client: client, Query: "beta=true&y=2"}, "u")
	if req.URL.RawQuery != "beta=true&y=2" {
		t.Errorf("query %s", req.URL.RawQuery)
	}
}

func TestNodeOfAnthropicKindGetsBothHeaders(t *testing.T) {
	c := facts(t)
	h := http.Header{}
	Authorize(h, nodeAt(t, c, config.NodeAnthropic, "", "http://127.0.0.1:9"), kitKey)
	if h.Get("X-Api-Key") != kitKey || h.Get("Authorization") != "Bearer "+kitKey {
		t.Errorf("%v", h)
	}
	h = http.Header{}
	Authorize(h, nodeAt(t, c, config.NodeAnthropic, "", "https://api.anthropic.com"), kitKey)
	if h.Get("X-Api-Key") != kitKey || h.Get("Authorization") != "" {
		t.Errorf("%v", h)
	}
	h = http.Header{}
	Authorize(h, nodeAt(t, c, config.NodeOpenAI, "chat", "http://127.0.0.1:9"), "")
	if len(h) != 0 {
		t.Errorf("without a key: %v", h)
	}
}

func TestRelay(t *testing.T) {
	c := facts(t)
	e := endpointOf(t, c, "claude", "")
	e.Account.Kind = config.KindRelay
	client := http.Header{
		"Authorization": {"Bearer sk-ant-oat01-abc"}, "Anthropic-Beta": {"oauth-2025-04-20"}, "X-App": {"cli"}, "User-Agent": {"claude-cli/2"}, "Cookie": {"a"}, "Origin": {"x"}, "Host": {"h"},
		"X-Forwarded-For": {"1"}, "X-Omniroute-Key": {"sk-omni-x"}, "X-Api-Key": {"sk-omni-y"}, "Accept-Encoding": {"gzip"}, "Connection": {"keep-alive, X-Hop"}, "X-Hop": {"1"}, "Transfer-Encoding": {"chunked"},
	}
	bearer, ok := Relayable(e, client)
	if !ok || bearer.Reveal() != "sk-ant-oat01-abc" {
		t.Fatalf("%v %v", bearer, ok)
	}
	req, err := Prepare(&Call{Endpoint: e, Model: e.Model(c, "m"), Format: wire.Anthropic, Native: true, Client: client, Credential: bearer}, "omniroute/test")
	if err != nil {
		t.Fatal(err)
	}
	want := http.Header{"Authorization": {"Bearer sk-ant-oat01-abc"}, "Anthropic-Beta": {"oauth-2025-04-20"}, "X-App": {"cli"}, "User-Agent": {"claude-cli/2"}, "Accept-Encoding": {"identity"}}
	for k := range req.Header {
		if !slices.Equal(req.Header[k], want[k]) {
			t.Errorf("%s: %q, want %q", k, req.Header[k], want[k])
		}
	}
	if len(req.Header) != len(want) {
		t.Errorf("%v", req.Header)
	}
	for _, other := range []string{"", "Bearer sk-ant-api03-x", "Bearer sk-omni-abc", "sk-ant-oat01-abc", "Basic sk-ant-oat01-abc"} {
		if b, ok := Relayable(e, http.Header{"Authorization": {other}}); ok {
			t.Errorf("%q is relayed as %q", other, b.Reveal())
		}
	}
	if _, ok := Relayable(endpointOf(t, c, "openai", ""), client); ok {
		t.Error("relayed to a provider without logins of that shape")
	}
}

func TestCopyBack(t *testing.T) {
	got := http.Header{}
	CopyBack(got, http.Header{"Set-Cookie": {"a"}, "Retry-After": {"1"}, "X-Ratelimit-Reset": {"2"}, "Anthropic-Ratelimit-Unified-Status": {"allowed"}, "Request-Id": {"r"}, "Server": {"s"}, "Content-Encoding": {"gzip"}})
	if len(got) != 4 || got.Get("Set-Cookie") != "" || got.Get("Server") != "" {
		t.Errorf("%v", got)
	}
}
