package catalog

import (
	"strings"
	"testing"
	"testing/fstest"

	"omniroute/backend/fault"
)

func everything(string) bool { return true }
func nothing(string) bool    { return false }

func only(ids ...string) func(string) bool {
	return func(id string) bool {
		for _, x := range ids {
			if x == id {
				return true
			}
		}
		return false
	}
}

// seedIDs is every model id printed in the seed documents (contract.md 1.3 and
// 1.4 F075, F082, the audit in providers.md 11) with what it means when every
// provider is connected. "!" marks those whose only substitutes are billed:
// they are refused by name.
var seedIDs = map[string]string{
	"cc/claude-opus-4-6":                                 "cc/claude-opus-4-6",
	"cc/claude-sonnet-4-5-20250929":                      "cc/claude-sonnet-4-5-20250929",
	"cc/claude-haiku-4-5-20251001":                       "cc/claude-haiku-4-5-20251001",
	"cx/gpt-5.2-codex":                                   "cx/gpt-5.4",
	"cx/gpt-5.1-codex-max":                               "cx/gpt-5.4",
	"gc/gemini-3-flash-preview":                          "gc/gemini-3-flash-preview",
	"gc/gemini-3-flash":                                  "gc/gemini-3-flash-preview",
	"gc/gemini-2.5-pro":                                  "gc/gemini-2.5-pro",
	"gh/gpt-5":                                           "gh/gpt-5.4",
	"gh/claude-4.5-sonnet":                               "gh/claude-sonnet-4.5",
	"gh/gemini-3-pro":                                    "gh/gemini-3.1-pro-preview",
	"gh/gpt-5.1-codex":                                   "gh/gpt-5.3-codex",
	"ds/deepseek-chat":                                   "ds/deepseek-chat",
	"ds/deepseek-reasoner":                               "ds/deepseek-reasoner",
	"ds/deepseek-coder":                                  "ds/deepseek-chat",
	"deepseek/deepseek-chat":                             "ds/deepseek-chat",
	"deepseek/deepseek-coder":                            "ds/deepseek-chat",
	"groq/llama-3.3-70b-versatile":                       "groq/llama-3.3-70b-versatile",
	"groq/llama-3.3-70b":                                 "groq/llama-3.3-70b-versatile",
	"groq/mixtral-8x7b":                                  "groq/llama-3.1-8b-instant",
	"groq/llama-4-maverick-17b-128e-instruct":            "groq/openai/gpt-oss-120b",
	"groq/meta-llama/llama-4-maverick-17b-128e-instruct": "groq/meta-llama/llama-4-maverick-17b-128e-instruct",
	"xai/grok-4":                                         "xai/grok-4.3",
	"xai/grok-4-0709-fast-reasoning":                     "xai/grok-4.3",
	"xai/grok-code-mini":                                 "xai/grok-build-0.1",
	"mistral/mistral-large-2501":                         "mistral/mistral-large-2512",
	"mistral/mistral-large-latest":                       "mistral/mistral-large-latest",
	"mistral/codestral-2501":                             "mistral/codestral-latest",
	"pplx/sonar-pro":                                     "pplx/sonar-pro",
	"pplx/sonar":                                         "pplx/sonar",
	"perplexity/sonar":                                   "pplx/sonar",
	"together/meta-llama/Llama-3.3-70B-Instruct-Turbo":   "together/meta-llama/Llama-3.3-70B-Instruct-Turbo",
	"fireworks/accounts/fireworks/models/deepseek-v3p1":  "fireworks/accounts/fireworks/models/glm-5p2",
	"cerebras/llama-3.3-70b":                             "cerebras/gpt-oss-120b",
	"cohere/command-r-plus-08-2024":                      "cohere/command-r-plus-08-2024",
	"nvidia/llama-3.3-70b-instruct":                      "nvidia/meta/llama-3.3-70b-instruct",
	"nvidia/llama-3.3-70b":                               "nvidia/meta/llama-3.3-70b-instruct",
	"nvidia/nvidia/llama-3.3-70b-instruct":               "nvidia/meta/llama-3.3-70b-instruct",
	"nvidia/mistral-7b-instruct":                         "nvidia/meta/llama-3.3-70b-instruct",
	"or/anthropic/claude-4-sonnet":                       "or/anthropic/claude-sonnet-4",
	"openrouter/anthropic/claude-4-sonnet":               "or/anthropic/claude-sonnet-4",
	"or/google/gemini-2.5-pro":                           "or/google/gemini-2.5-pro",
	"glm/glm-4.7":                                        "glm/glm-4.7",
	"minimax/MiniMax-M2.1":                               "minimax/MiniMax-M2.1",
	"kimi/kimi-latest":                                   "kimi/kimi-k2.6",
	"if/kimi-k2-thinking":                                "kmc/kimi-for-coding",
	"if/qwen3-coder-plus":                                "!dashscope/qwen3-coder-plus",
	"if/glm-4.7":                                         "glm/glm-4.7-flash",
	"if/minimax-m2":                                      "!minimax/MiniMax-M2",
	"if/minimax-m2.1":                                    "!minimax/MiniMax-M2.1",
	"if/deepseek-r1":                                     "!ds/deepseek-reasoner",
	"qw/qwen3-coder-plus":                                "alicode-intl/qwen3-coder-plus",
	"qw/qwen3-coder-flash":                               "!dashscope/qwen3-coder-flash",
	"kr/claude-sonnet-4.5":                               "kr/claude-sonnet-4.5",
	"kr/claude-haiku-4.5":                                "kr/claude-haiku-4.5",
	"openai/gpt-4.5-preview":                             "openai/gpt-4.5-preview",
	"deepgram/nova-3":                                    "deepgram/nova-3",
}

func TestEverySeedIDResolves(t *testing.T) {
	c := loaded(t)
	for name, want := range seedIDs {
		r, err := c.Resolve(name, everything)
		if substitute, paid := strings.CutPrefix(want, "!"); paid {
			if fault.KindOf(err) != fault.NotFound || !strings.Contains(fault.As(err).Public, substitute) || !r.PaidSubstitute {
				t.Errorf("%s: %+v, %v; want a refusal that names %s", name, r, err, substitute)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got := r.Provider.Alias + "/" + r.Model
		if got != want {
			t.Errorf("%s means %s, want %s", name, got, want)
		}
		prefix, id, _ := strings.Cut(name, "/")
		asked, _ := c.Provider(prefix)
		if r.Replaced != (asked != r.Provider || id != r.Model) || r.OtherProvider != (asked != r.Provider) {
			t.Errorf("%s: replaced %v, other provider %v", name, r.Replaced, r.OtherProvider)
		}
		if e, ok := r.Provider.Model(r.Model); ok && (e != r.Entry || !e.Living() && name != "openai/gpt-4.5-preview") {
			t.Errorf("%s leads to %s, which is %s", name, got, e.Status)
		}
	}
	for _, a := range c.Aliases() {
		if _, ok := seedIDs[a.From]; !ok {
			t.Errorf("audited id %s is not in the list of this test", a.From)
		}
	}
}

// TestSeedEntriesAreInTheList: what the data mark as named in the documents
// must be in the list above, so that neither can forget one.
func TestSeedEntriesAreInTheList(t *testing.T) {
	c := loaded(t)
	for _, p := range c.Providers() {
		for _, m := range p.Models() {
			if _, ok := seedIDs[p.Alias+"/"+m.ID]; m.Seed && !ok {
				t.Errorf("%s/%s is marked as a seed id", p.Alias, m.ID)
			}
		}
	}
}

func TestResolveToAnotherProvider(t *testing.T) {
	c := loaded(t)
	for _, tc := range []struct {
		name      string
		connected func(string) bool
		want      string // "" = refused
		says      []string
		paid      bool
	}{
		// The enterprise account itself, else never a billed key by itself.
		{"gc/gemini-2.5-pro", only("gemini-cli", "gemini"), "gc/gemini-2.5-pro", nil, false},
		{"gc/gemini-2.5-pro", only("gemini"), "", []string{"gc/gemini-2.5-pro", "gemini/gemini-2.5-pro", "billed"}, true},
		{"gc/gemini-3-flash", only("gemini"), "", []string{"gemini/gemini-3-flash-preview"}, true},
		{"gc/gemini-3-flash", only("gemini-cli"), "gc/gemini-3-flash-preview", nil, false},
		// A plan or a free model, if it is connected.
		{"if/kimi-k2-thinking", only("kimi-coding"), "kmc/kimi-for-coding", nil, false},
		{"if/kimi-k2-thinking", only("kimi"), "", []string{"kmc/kimi-for-coding", "kimi/kimi-k2.6"}, true},
		{"if/glm-4.7", only("glm"), "glm/glm-4.7-flash", nil, false},
		{"if/glm-4.7", nothing, "", []string{"glm/glm-4.7-flash", "Connect"}, true},
		{"if/glm-4.7", nil, "", []string{"glm/glm-4.7-flash"}, true},
		{"qw/qwen3-coder-plus", only("alicode-intl", "dashscope"), "alicode-intl/qwen3-coder-plus", nil, false},
		{"qw/qwen3-coder-plus", only("dashscope"), "", []string{"dashscope/qwen3-coder-plus"}, true},
		// A living provider is never left.
		{"cx/gpt-5.2-codex", nothing, "cx/gpt-5.4", nil, false},
		{"xai/grok-4", nil, "xai/grok-4.3", nil, false},
	} {
		r, err := c.Resolve(tc.name, tc.connected)
		if tc.want != "" {
			if err != nil || r.Provider.Alias+"/"+r.Model != tc.want {
				t.Errorf("%s: %+v, %v; want %s", tc.name, r, err, tc.want)
			}
			if r.OtherProvider && r.Note == "" {
				t.Errorf("%s goes to another provider without a reason", tc.name)
			}
			continue
		}
		f := fault.As(err)
		if f == nil || f.Kind != fault.NotFound || f.Code != fault.CodeModelNotFound {
			t.Errorf("%s: %v, want not found", tc.name, err)
			continue
		}
		for _, word := range tc.says {
			if !strings.Contains(f.Public, word) {
				t.Errorf("%s: %q does not say %q", tc.name, f.Public, word)
			}
		}
		if r.PaidSubstitute != tc.paid || !r.Discontinued {
			t.Errorf("%s: paid substitute %v, discontinued %v", tc.name, r.PaidSubstitute, r.Discontinued)
		}
	}
}

func TestResolvePassesUnknownIDsThrough(t *testing.T) {
	c := loaded(t)
	for _, name := range []string{"openai/gpt-99", "or/a/b/c:free", "groq/meta-llama/llama-9", "claude/claude-next", "ollama/x:70b"} {
		r, err := c.Resolve(name, nothing)
		_, id, _ := strings.Cut(name, "/")
		if err != nil || r.Model != id || r.Replaced || r.Entry != nil || r.Discontinued {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
	for _, name := range []string{"", "gpt-4o", "nobody/gpt-4o", "openai/", "/gpt-4o", "meta/llama-3.3-70b-instruct"} {
		if r, err := c.Resolve(name, everything); fault.KindOf(err) != fault.NotFound || err == nil {
			t.Errorf("%q: %+v, %v; want not found", name, r, err)
		}
	}
	if r, err := c.Resolve("gh/gpt-4o", nil); err != nil || r.Replaced || !r.Discontinued {
		t.Errorf("a removed model without a successor passes through and says so: %+v, %v", r, err)
	}
}

func TestBare(t *testing.T) {
	c := loaded(t)
	names := func(id string) string {
		var all []string
		for _, pm := range c.Bare(id) {
			s := pm.Provider.Alias + "/" + pm.Model.ID
			if pm.Replaced {
				s += "*"
			}
			all = append(all, s)
		}
		return strings.Join(all, " ")
	}
	for id, want := range map[string]string{
		"gpt-5.4":           "cx/gpt-5.4 gh/gpt-5.4 openai/gpt-5.4",
		"claude-opus-4-6":   "cc/claude-opus-4-6 anthropic/claude-opus-4-6",
		"simulated":         "demo/simulated",
		"claude-4.5-sonnet": "cu/claude-4.5-sonnet gh/claude-sonnet-4.5*",
		"grok-4":            "xai/grok-4.3*",
		"gpt-5.2-codex":     "gh/gpt-5.2-codex cu/gpt-5.2-codex openai/gpt-5.2-codex cx/gpt-5.4*",
		"no-such-model":     "",
	} {
		if got := names(id); got != want {
			t.Errorf("%s is served by %q, want %q", id, got, want)
		}
	}
}

// TestAliasCycleIsRefused: names that lead in a circle must not hang or load.
func TestAliasCycleIsRefused(t *testing.T) {
	for name, aliases := range map[string]string{
		"circle":         `[{"from":"demo/a","state":"alias","to":["demo/b"]},{"from":"demo/b","state":"alias","to":["demo/a"]}]`,
		"self":           `[{"from":"demo/a","state":"alias","to":["demo/a"]}]`,
		"unknown prefix": `[{"from":"nobody/a","state":"alias","to":["demo/a"]}]`,
		"unknown target": `[{"from":"demo/a","state":"alias","to":["demo/zzz"]}]`,
	} {
		const provider = `{"id":"demo","alias":"demo","name":"Demo","tier":"free","kind":"demo","status":"active","services":["chat"],"wire_format":"x","auth":{"type":"none","methods":["none"]},
			"models":[{"id":"a","kind":"chat","status":"current","price_basis":"free"},{"id":"b","kind":"chat","status":"current","price_basis":"free"}]}`
		_, err := load(fstest.MapFS{
			"data/index.json":          {Data: []byte(`{}`)},
			"data/nodes.json":          {Data: []byte(`[]`)},
			"data/aliases.json":        {Data: []byte(aliases)},
			"data/providers/demo.json": {Data: []byte(provider)},
		})
		if fault.KindOf(err) != fault.Internal || err == nil {
			t.Errorf("%s: loaded with %v", name, err)
		}
	}
}

func TestDamagedDataAreRefused(t *testing.T) {
	good := fstest.MapFS{
		"data/index.json": {Data: []byte(`{}`)}, "data/nodes.json": {Data: []byte(`[]`)}, "data/aliases.json": {Data: []byte(`[]`)},
		"data/providers/a.json": {Data: []byte(`{"id":"a","alias":"x"}`)},
	}
	if _, err := load(good); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string]string{
		"data/index.json":       `{`,
		"data/nodes.json":       `{}`,
		"data/aliases.json":     `nonsense`,
		"data/providers/a.json": `{"id":"a","models":[{"price":{"input":0.1234567}}]}`,
		"data/providers/b.json": `{"id":"b","alias":"x"}`,
	} {
		fsys := fstest.MapFS{}
		for k, v := range good {
			fsys[k] = v
		}
		fsys[name] = &fstest.MapFile{Data: []byte(data)}
		if _, err := load(fsys); err == nil || !strings.Contains(fault.As(err).Public, name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := load(fstest.MapFS{}); err == nil {
		t.Error("no data at all, and loaded")
	}
}
