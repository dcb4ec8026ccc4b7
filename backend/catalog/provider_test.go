package catalog

import (
	"io/fs"
	"net/url"
	"slices"
	"strings"
	"testing"
)

func everyProvider(t *testing.T, c *Catalog, f func(t *testing.T, p *Provider)) {
	t.Helper()
	for _, p := range append(c.Providers(), c.Nodes()...) {
		t.Run(p.ID, func(t *testing.T) { f(t, p) })
	}
}

func oneOf[S ~string](t *testing.T, what string, v S, allowed ...S) {
	t.Helper()
	if !slices.Contains(allowed, v) {
		t.Errorf("%s is %q, want one of %q", what, v, allowed)
	}
}

func TestListIsComplete(t *testing.T) {
	c := loaded(t)
	all := c.Providers()
	if len(all) < 63 || all[0].ID != "claude" || all[len(all)-1].ID != "demo" {
		t.Fatalf("%d providers, first %s, last %s; want the 62 of the research in their order and the demo last", len(all), all[0].ID, all[len(all)-1].ID)
	}
	for i, id := range c.index.Order {
		if all[i].ID != id {
			t.Errorf("place %d holds %s, the index says %s", i, all[i].ID, id)
		}
	}
	models := 0
	for _, p := range all {
		models += len(p.Models())
	}
	if models < 428 {
		t.Errorf("%d models, fewer than the 427 of the research and the simulated one", models)
	}
	if c.AsOf() == "" {
		t.Error("the snapshot has no date")
	}
}

func TestPrefixes(t *testing.T) {
	c := loaded(t)
	owner := map[string]string{}
	for _, p := range c.Providers() {
		for _, prefix := range append([]string{p.ID, p.Alias}, p.ExtraAliases...) {
			if prefix == "" || strings.ToLower(prefix) != prefix || strings.ContainsAny(prefix, "/ {}") {
				t.Errorf("%s: %q cannot be a prefix", p.ID, prefix)
			}
			if o, ok := owner[prefix]; ok && o != p.ID {
				t.Errorf("prefix %q belongs to %s and %s", prefix, o, p.ID)
			}
			owner[prefix] = p.ID
			if got, ok := c.Provider(prefix); !ok || got != p {
				t.Errorf("%q does not lead to %s", prefix, p.ID)
			}
		}
	}
	// Every prefix of contract.md 1.3 (F040 to F065), short and long.
	for prefix, id := range map[string]string{
		"cc": "claude", "cx": "codex", "gc": "gemini-cli", "gh": "github", "ag": "antigravity", "ds": "deepseek",
		"deepseek": "deepseek", "groq": "groq", "xai": "xai", "mistral": "mistral", "pplx": "perplexity",
		"together": "together", "fireworks": "fireworks", "cerebras": "cerebras", "cohere": "cohere", "nvidia": "nvidia",
		"or": "openrouter", "openrouter": "openrouter", "glm": "glm", "minimax": "minimax", "kimi": "kimi", "if": "iflow",
		"qw": "qwen", "kr": "kiro", "openai": "openai", "deepgram": "deepgram", "dg": "deepgram", "assemblyai": "assemblyai",
		"aai": "assemblyai", "cu": "cursor", "kmc": "kimi-coding", "kc": "kilocode", "cl": "cline", "minimax-cn": "minimax-cn",
		"anthropic": "anthropic", "gemini": "gemini", "nebius": "nebius", "siliconflow": "siliconflow", "hyp": "hyperbolic",
		"nanobanana": "nanobanana", "nb": "nanobanana", "demo": "demo",
	} {
		if p, ok := c.Provider(prefix); !ok || p.ID != id {
			t.Errorf("prefix %q does not lead to %s", prefix, id)
		}
	}
	for _, gone := range []string{"", "CC", "claude/", "nobody"} {
		if p, ok := c.Provider(gone); ok {
			t.Errorf("%q leads to %s", gone, p.ID)
		}
	}
}

func TestEntriesAreConsistent(t *testing.T) {
	c := loaded(t)
	everyProvider(t, c, func(t *testing.T, p *Provider) {
		if _, err := fs.Stat(files, "data/providers/"+p.ID+".json"); err != nil && p.Kind != KindNode {
			t.Errorf("does not stand in a file of its name: %v", err)
		}
		oneOf(t, "tier", p.Tier, TierSubscription, TierAPIKey, TierCheap, TierFree)
		oneOf(t, "kind", p.Kind, KindLLM, KindMedia, KindLocal, KindNode, KindDemo)
		oneOf(t, "status", p.Status, StatusActive, StatusRestricted, StatusDiscontinued, StatusDiscontinuedConsumer, StatusOptional)
		oneOf(t, "verdict", p.Terms.Verdict, "prohibited", "restricted", "grey", "unclear", "caution", "allowed_with_key", "ok", "discontinued")
		for _, s := range p.Services {
			oneOf(t, "service", s, "chat", "responses", "embedding", "image", "transcription", "speech", "moderation", "rerank")
		}
		if p.Name == "" || len(p.Services) == 0 || len(p.Auth.Methods) == 0 {
			t.Error("no name, services or auth methods")
		}
		for _, m := range p.Auth.Methods {
			oneOf(t, "auth method", m, "apikey", "none", "oauth", "import", "service_account")
		}
		if _, ok := c.WireFormat(p.WireFormat); !ok && p.Kind != KindDemo {
			t.Errorf("wire format %q is not described", p.WireFormat)
		}
		if _, ok := c.ErrorProfile(p.ErrorProfile); !ok && p.Kind != KindDemo {
			t.Errorf("error profile %q is not described", p.ErrorProfile)
		}
		if p.Auth.Relay && p.Auth.TokenPrefix == "" {
			t.Error("a relay needs a token prefix: any bearer would pass")
		}
		if strings.EqualFold(p.Auth.Header, "Authorization") && p.Auth.Scheme == "" && p.ID != "assemblyai" {
			t.Error("Authorization without a scheme")
		}
		for name, value := range p.Headers.Set {
			if strings.ContainsAny(name+value, "<>{}\r\n") || name != strings.ToLower(name) {
				t.Errorf("header %s: %s is not a constant to send", name, value)
			}
		}
		if p.Terms.Verdict == "prohibited" && p.Terms.UserNotice == "" {
			t.Error("forbidden by terms, but nothing to tell the user")
		}
	})
}

func TestURLsAreSafeAndJoinable(t *testing.T) {
	c := loaded(t)
	everyProvider(t, c, func(t *testing.T, p *Provider) {
		params := map[string]string{}
		for _, param := range p.Params {
			params[param.Name] = "mine"
		}
		base := "https://node.example/v1"
		switch p.Kind {
		case KindDemo:
			if p.BaseURL != "" || p.Paths != (Paths{}) {
				t.Error("the demo has no network")
			}
			return
		case KindNode:
			if p.BaseURL != "" || p.Version == "" {
				t.Error("a template has a version segment and no base URL")
			}
		default:
			var err error
			if base, err = p.Base("", params); err != nil {
				t.Fatal(err)
			}
			if u := mustURL(t, base); p.Kind == KindLocal && u.Hostname() != "127.0.0.1" || p.Kind != KindLocal && u.Scheme != "https" {
				t.Errorf("base URL %s is neither https nor a local server on loopback", base)
			}
		}
		host := mustURL(t, base).Host
		for _, path := range append(pathsOf(p), alternatePaths(p)...) {
			if strings.ContainsAny(path, " ()<>") {
				t.Errorf("path %q holds a remark", path)
				continue
			}
			full := Join(base, fill(path, params), "a/b c")
			if got := mustURL(t, full).Host; got != host {
				t.Errorf("%s leaves the host the key was entered for", full)
			}
			if strings.Contains(full, "//v") || strings.Contains(full, "/v1/v1/") {
				t.Errorf("%s repeats itself", full)
			}
		}
		for _, link := range []string{p.Website, p.Auth.KeyURL} {
			if link != "" && mustURL(t, link).Scheme != "https" {
				t.Errorf("link %s is not https", link)
			}
		}
		if p.OAuth != nil {
			for _, link := range append([]string{p.OAuth.AuthorizeURL, p.OAuth.TokenURL, p.OAuth.DeviceURL, p.OAuth.RevokeURL, p.OAuth.Refresh.URL}, p.OAuth.TokenURLAlternates...) {
				if strings.HasPrefix(link, "http://") {
					t.Errorf("login over %s", link)
				}
			}
		}
	})
}

func mustURL(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil || u.Host == "" {
		t.Fatalf("%q is no absolute URL: %v", s, err)
	}
	return u
}

func pathsOf(p *Provider) []string {
	q := p.Paths
	all := []string{q.Chat, q.Responses, q.Messages, q.Generate, q.Stream, q.CountTokens, q.Models, q.Embeddings, q.Images,
		q.ImageEdits, q.Transcriptions, q.Translations, q.Speech, q.Moderations, q.Rerank}
	return slices.DeleteFunc(all, func(s string) bool { return s == "" })
}

func alternatePaths(p *Provider) []string {
	var all []string
	for _, a := range p.Alternates {
		all = append(all, a.BaseURL+a.Path)
	}
	return all
}

// fill replaces the placeholders that are not the model's.
func fill(path string, params map[string]string) string {
	for name, value := range params {
		path = strings.ReplaceAll(path, "{"+name+"}", value)
	}
	return path
}

// TestEveryKeyProviderWorksByItsEntry is the promise that a provider which
// speaks a known format needs no code.
func TestEveryKeyProviderWorksByItsEntry(t *testing.T) {
	c := loaded(t)
	everyProvider(t, c, func(t *testing.T, p *Provider) {
		for i, f := range p.Formats {
			if !HasCodec(f) {
				t.Errorf("no codec speaks %q", f)
			}
			r, ok := p.Route(f)
			if !ok || r.Path == "" || r.StreamPath == "" || r.Format != f {
				t.Errorf("%s is offered but leads nowhere: %+v", f, r)
			}
			if i == 0 && r.Alternate {
				t.Errorf("the default format %s would be lost when the base URL is overridden", f)
			}
		}
		key := p.Auth.Accepts("apikey") || p.Auth.Accepts("none")
		ok, why := p.Usable()
		if key && p.Status != StatusDiscontinued && (p.Kind == KindLLM || p.Kind == KindLocal || p.Kind == KindNode) {
			if !ok {
				t.Errorf("not usable: %s", why)
			}
			if p.Auth.Header == "" || p.Format() == "" {
				t.Error("no header for the key or no format")
			}
		}
		if ok == (why != "") {
			t.Errorf("usable %v with the reason %q", ok, why)
		}
		if !ok && !strings.HasSuffix(why, ".") {
			t.Errorf("%q is no sentence", why)
		}
	})
}

func TestUsableSaysWhy(t *testing.T) {
	c := loaded(t)
	for id, want := range map[string]string{
		"openai": "", "cohere": "", "glm": "", "kimi-coding": "", "opencode-free": "", "ollama-local": "", "azure": "", "demo": "",
		"claude":      "A relay connection",
		"codex":       "needs a login, which comes later",
		"github":      "needs a login, which comes later",
		"gemini-cli":  "needs a login, which comes later",
		"antigravity": "no codec yet",
		"kiro":        "no codec yet",
		"cursor":      "no codec yet",
		"vertex":      "service account",
		"deepgram":    "media only (transcription, speech)",
		"iflow":       "shut down",
		"qwen":        "ended the free Qwen login",
	} {
		p, _ := c.Provider(id)
		if ok, why := p.Usable(); ok != (want == "") || !strings.Contains(why, want) {
			t.Errorf("%s: usable %v, %q; want %q", id, ok, why, want)
		}
	}
}

func TestRoutes(t *testing.T) {
	c := loaded(t)
	for _, tc := range []struct {
		provider string
		format   Format
		url      string // "" = not served
	}{
		{"claude", Anthropic, "https://api.anthropic.com/v1/messages?beta=true"},
		{"anthropic", Anthropic, "https://api.anthropic.com/v1/messages"},
		{"anthropic", OpenAIChat, ""},
		{"openai", OpenAIChat, "https://api.openai.com/v1/chat/completions"},
		{"openai", OpenAIResponses, "https://api.openai.com/v1/responses"},
		{"openai", Gemini, ""},
		{"gemini", Gemini, "https://generativelanguage.googleapis.com/v1beta/models/m:generateContent"},
		{"gemini", GeminiCodeAssist, ""},
		{"gemini-cli", GeminiCodeAssist, "https://cloudcode-pa.googleapis.com/v1internal:generateContent"},
		{"gemini-cli", Gemini, ""},
		{"cohere", OpenAIChat, "https://api.cohere.ai/compatibility/v1/chat/completions"},
		{"perplexity", OpenAIChat, "https://api.perplexity.ai/chat/completions"},
		{"glm", Anthropic, "https://api.z.ai/api/anthropic/v1/messages"},
		{"deepseek", Anthropic, "https://api.deepseek.com/anthropic/v1/messages"},
		{"demo", OpenAIChat, ""},
	} {
		p, _ := c.Provider(tc.provider)
		r, ok := p.Route(tc.format)
		got := ""
		if ok {
			got = Join(r.BaseURL, r.Path, "m")
		}
		if got != tc.url {
			t.Errorf("%s %s: %q, want %q", tc.provider, tc.format, got, tc.url)
		}
	}
}

func TestNodes(t *testing.T) {
	c := loaded(t)
	for typ, f := range map[string]Format{"openai-compatible": OpenAIChat, "anthropic-compatible": Anthropic, "gemini-compatible": Gemini} {
		n, ok := c.Node(typ)
		if !ok || n.Format() != f || !n.PassthroughModels {
			t.Errorf("template %s is missing or speaks another format than %s", typ, f)
			continue
		}
		if _, ok := c.Provider(typ); ok {
			t.Errorf("template %s is reachable as a model prefix", typ)
		}
	}
	if _, ok := c.Node("kiro-compatible"); ok {
		t.Error("an unknown type has a template")
	}
	n, _ := c.Node("openai-compatible")
	if _, ok := n.Route(OpenAIResponses); !ok {
		t.Error("an OpenAI node can be of type responses")
	}
}

func TestDemoIsMarkedSimulated(t *testing.T) {
	c := loaded(t)
	for _, p := range c.Providers() {
		if p.Simulated != (p.ID == "demo") {
			t.Errorf("%s: simulated is %v", p.ID, p.Simulated)
		}
	}
	p, _ := c.Provider("demo")
	m, ok := p.Model("simulated")
	if !ok || len(p.Models()) != 1 || p.Kind != KindDemo || p.Tier != TierFree || m.Price.Billed() {
		t.Errorf("the demo is not one free simulated model: %+v", p)
	}
}

func TestIndexNamesProviders(t *testing.T) {
	c := loaded(t)
	for _, r := range c.GatewayRoutes() {
		for _, id := range append(slices.Clone(r.Providers), r.OneDotOh...) {
			if _, ok := c.Provider(id); !ok {
				t.Errorf("%s names %q, which is no provider", r.Route, id)
			}
		}
	}
	targets := c.LocalDiscovery().Targets
	if len(targets) != 11 {
		t.Errorf("%d kinds of local servers, want 11", len(targets))
	}
	for _, lt := range targets {
		_, node := c.Node(lt.Provider)
		if p, ok := c.Provider(lt.Provider); !node && (!ok || p.Kind != KindLocal) {
			t.Errorf("local server %q is neither a local provider nor a node", lt.Provider)
		}
		if node && lt.Name == "" {
			t.Errorf("a server found on %v has no name to show", lt.Ports)
		}
		if len(lt.Ports) == 0 || len(lt.Signs) == 0 {
			t.Errorf("%s%s: nothing to look for", lt.Provider, lt.Name)
		}
		for _, s := range lt.Signs {
			if len(s.Probes) == 0 || !strings.HasPrefix(s.BasePath, "/") {
				t.Errorf("%s%s: a sign without probes or base path", lt.Provider, lt.Name)
			}
			for _, probe := range s.Probes {
				if !strings.HasPrefix(probe.Path, "/") || probe.Field == "" {
					t.Errorf("%s%s: probe %+v identifies nothing", lt.Provider, lt.Name, probe)
				}
			}
		}
	}
	if len(c.StatusRules()) != 7 || len(c.SecretsPolicy().How) != 4 || c.PeerDefaults().APILimits["requests_per_minute"] != 100 {
		t.Error("the index lost status rules, the secrets policy or the peers' defaults")
	}
}

func TestTierOrder(t *testing.T) {
	order := []Tier{TierSubscription, TierAPIKey, TierCheap, TierFree, "other"}
	for i, tier := range order {
		if tier.Rank() != i {
			t.Errorf("%s is in place %d, want %d", tier, tier.Rank(), i)
		}
	}
}

// TestLookupsDoNotAllocate: routing asks these for every request.
func TestLookupsDoNotAllocate(t *testing.T) {
	c := loaded(t)
	p, _ := c.Provider("openai")
	none := func(string) bool { return false }
	for name, f := range map[string]func(){
		"Provider":            func() { c.Provider("cc") },
		"Model":               func() { p.Model("gpt-5.4") },
		"Bare":                func() { c.Bare("gpt-5.4") },
		"Resolve":             func() { _, _ = c.Resolve("nvidia/nvidia/llama-3.3-70b-instruct", none) },
		"Resolve unlisted":    func() { _, _ = c.Resolve("openai/gpt-9", none) },
		"Capabilities":        func() { p.Capabilities("gpt-5.4") },
		"Capabilities, other": func() { p.Capabilities("gpt-9-codex") },
		"Route":               func() { p.Route(OpenAIResponses) },
	} {
		if n := testing.AllocsPerRun(100, f); n != 0 {
			t.Errorf("%s allocates %v times", name, n)
		}
	}
}
