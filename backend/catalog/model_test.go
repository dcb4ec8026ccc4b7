package catalog

import (
	"slices"
	"testing"
)

func TestModelsAreConsistent(t *testing.T) {
	c := loaded(t)
	for _, p := range c.Providers() {
		seen := map[string]bool{}
		for _, m := range p.Models() {
			t.Run(p.Alias+"/"+m.ID, func(t *testing.T) {
				if seen[m.ID] {
					t.Error("listed twice")
				}
				seen[m.ID] = true
				if got, ok := p.Model(m.ID); !ok || got != m || m.Provider() != p {
					t.Error("cannot be found by its id")
				}
				checkModel(t, p, m)
				checkPrice(t, m)
				checkCapabilities(t, p, m)
			})
		}
	}
}

func checkModel(t *testing.T, p *Provider, m *Model) {
	oneOf(t, "kind", m.Kind, "chat", "embedding", "image", "transcription", "speech", "moderation", "rerank")
	oneOf(t, "status", m.Status, ModelCurrent, ModelLegacy, ModelDeprecated, ModelBeta, ModelAlias, ModelRemoved, ModelDiscontinued, ModelUnverified)
	for _, in := range m.Input {
		oneOf(t, "input", in, "text", "image", "audio", "video", "pdf")
	}
	if m.Context < 0 || m.Context > 10_000_000 || m.MaxOutput < 0 || m.MaxOutput > 2_000_000 {
		t.Errorf("context %d or output %d is no plausible number of tokens", m.Context, m.MaxOutput)
	}
	if m.Kind == "chat" && m.Context > 0 && m.MaxOutput > m.Context {
		t.Errorf("output %d is larger than the context %d", m.MaxOutput, m.Context)
	}
	if m.Status == ModelAlias && p.within(m.ID) == "" {
		t.Error("an alias of nothing")
	}
	if to := p.within(m.ID); to != "" {
		if target, ok := p.Model(to); !ok || !target.Living() {
			t.Errorf("leads to %q, which is not a living model of %s", to, p.ID)
		}
	}
	if m.UpstreamFormat != "" {
		if _, ok := p.Route(m.UpstreamFormat); !ok {
			t.Errorf("served as %s, which %s does not offer", m.UpstreamFormat, p.ID)
		}
	}
}

func checkPrice(t *testing.T, m *Model) {
	pr := &m.Price
	oneOf(t, "price basis", pr.Basis, BasisList, BasisReference, BasisPlan, BasisFree, BasisUnknown)
	oneOf(t, "unit", pr.Unit, PerMillionTokens, PerMillionCharacters, PerAudioMinute, PerImage, PerQuery)
	if pr.Basis == BasisUnknown && pr.Known {
		t.Error("a price of unknown basis")
	}
	if pr.Basis == BasisFree && (pr.Input > 0 || pr.Output > 0) {
		t.Error("free, but with a price")
	}
	if pr.Known && m.Price.Source != "" && m.Price.AsOf == "" {
		t.Errorf("source %q has no date", pr.Source)
	}
	if pr.Unit != PerMillionTokens {
		return
	}
	const dollar = 1_000_000
	for _, r := range []Rates{pr.Rates, pr.Above} {
		if r.Input > 200*dollar || r.Output > 1000*dollar || r.CacheWrite > 400*dollar {
			t.Errorf("rates %+v are beyond anything a vendor asks", r)
		}
		if r.CacheRead > r.Input && r.Input >= 0 {
			t.Errorf("reading the cache costs %d, more than plain input %d", r.CacheRead, r.Input)
		}
	}
	if pr.AboveInput > 0 && (pr.Above.Input < pr.Input || pr.Above.Output < pr.Output) {
		t.Errorf("cheaper above %d tokens: %+v", pr.AboveInput, pr.Above)
	}
	if m.Kind == "chat" && pr.Known && (pr.Input < 0 || pr.Output < 0) {
		t.Error("a chat model with half a price")
	}
}

func checkCapabilities(t *testing.T, p *Provider, m *Model) {
	k := m.Capabilities()
	oneOf(t, "thinking", k.Thinking, ThinkingUnknown, ThinkingNone, ThinkingBudget, ThinkingAdaptive, ThinkingLevel, ThinkingEffort)
	oneOf(t, "system role", k.SystemRole, "system", "developer", "user")
	oneOf(t, "max tokens field", k.MaxTokensField, "max_tokens", "max_completion_tokens")
	oneOf(t, "reasoning field", k.ReasoningField, "none", "reasoning_content")
	oneOf(t, "end user field", k.EndUserField, "user", "safety_identifier")
	oneOf(t, "tool choice", k.ToolChoiceAny, "required", "any")
	oneOf(t, "tool ids", k.ToolIDs, "", "alnum9")
	for _, f := range k.Formats {
		if _, ok := p.Route(f); !ok {
			t.Errorf("format %s leads nowhere", f)
		}
	}
	if usable, _ := p.Usable(); usable && m.Kind == "chat" && len(k.Formats) == 0 && p.Kind != KindDemo {
		t.Error("no format")
	}
	byFormat := map[Format][]Thinking{
		Anthropic: {ThinkingNone, ThinkingBudget, ThinkingAdaptive}, Gemini: {ThinkingNone, ThinkingBudget, ThinkingLevel},
		GeminiCodeAssist: {ThinkingNone, ThinkingBudget, ThinkingLevel}, OpenAIChat: {ThinkingNone, ThinkingEffort, ThinkingUnknown},
		OpenAIResponses: {ThinkingNone, ThinkingEffort},
	}
	if len(k.Formats) > 0 && !slices.Contains(byFormat[k.Formats[0]], k.Thinking) {
		t.Errorf("thinking %q cannot be asked for in %s", k.Thinking, k.Formats[0])
	}
	if m.Reasoning == No && k.Thinking != ThinkingNone {
		t.Errorf("does not reason, but is asked by %q", k.Thinking)
	}
	if k.MaxOutput != m.MaxOutput || k.Context != m.Context {
		t.Error("windows differ from the model's")
	}
}

func TestCapabilities(t *testing.T) {
	c := loaded(t)
	for _, tc := range []struct {
		name     string
		thinking Thinking
		sampling bool
		role     string
		max      string
		field    string
		format   Format
	}{
		{"cc/claude-opus-4-6", ThinkingAdaptive, true, "system", "max_tokens", "none", Anthropic},
		{"cc/claude-opus-4-7", ThinkingAdaptive, false, "system", "max_tokens", "none", Anthropic},
		{"anthropic/claude-sonnet-4-6", ThinkingAdaptive, true, "system", "max_tokens", "none", Anthropic},
		{"anthropic/claude-sonnet-5", ThinkingAdaptive, false, "system", "max_tokens", "none", Anthropic},
		{"anthropic/claude-fable-5", ThinkingAdaptive, false, "system", "max_tokens", "none", Anthropic},
		{"anthropic/claude-opus-5", ThinkingAdaptive, false, "system", "max_tokens", "none", Anthropic},
		{"anthropic/claude-opus-5-20261101", ThinkingAdaptive, false, "system", "max_tokens", "none", Anthropic}, // not listed
		{"anthropic/claude-sonnet-4-5-20250929", ThinkingBudget, true, "system", "max_tokens", "none", Anthropic},
		{"anthropic/claude-opus-4-1-20250805", ThinkingBudget, true, "system", "max_tokens", "none", Anthropic},
		{"anthropic/claude-3-5-haiku-20241022", ThinkingNone, true, "system", "max_tokens", "none", Anthropic},
		{"gemini/gemini-2.5-pro", ThinkingBudget, true, "system", "max_tokens", "none", Gemini},
		{"gemini/gemini-3.7-flash", ThinkingLevel, true, "system", "max_tokens", "none", Gemini},
		{"gemini/gemini-4-new", ThinkingUnknown, true, "system", "max_tokens", "none", Gemini},
		{"gemini/gemini-2.0-flash", ThinkingNone, true, "system", "max_tokens", "none", Gemini},
		{"gc/gemini-3-flash-preview", ThinkingLevel, true, "system", "max_tokens", "none", GeminiCodeAssist},
		{"openai/gpt-4o", ThinkingNone, true, "system", "max_tokens", "none", OpenAIChat},
		{"openai/gpt-5.4", ThinkingEffort, false, "developer", "max_completion_tokens", "none", OpenAIChat},
		{"openai/o3", ThinkingEffort, false, "developer", "max_completion_tokens", "none", OpenAIChat},
		{"openai/gpt-5.3-codex", ThinkingEffort, false, "developer", "max_completion_tokens", "none", OpenAIResponses},
		{"openai/gpt-5.9-codex", ThinkingEffort, false, "developer", "max_completion_tokens", "none", OpenAIResponses},
		{"openai/gpt-5-pro", ThinkingEffort, false, "developer", "max_completion_tokens", "none", OpenAIResponses},
		{"cx/gpt-5.4", ThinkingEffort, false, "developer", "max_tokens", "none", OpenAIResponses},
		{"gh/gpt-5.3-codex", ThinkingEffort, true, "system", "max_completion_tokens", "none", OpenAIResponses},
		{"gh/gpt-5.4", ThinkingEffort, false, "system", "max_completion_tokens", "none", OpenAIChat},
		{"gh/claude-sonnet-4.5", ThinkingNone, true, "system", "max_tokens", "none", OpenAIChat},
		{"ds/deepseek-chat", ThinkingNone, true, "system", "max_tokens", "reasoning_content", OpenAIChat},
		{"ds/deepseek-reasoner", ThinkingNone, false, "system", "max_tokens", "reasoning_content", OpenAIChat},
		{"kimi/kimi-k2.6", ThinkingNone, false, "system", "max_tokens", "reasoning_content", OpenAIChat},
		{"kmc/kimi-for-coding", ThinkingBudget, false, "system", "max_tokens", "reasoning_content", Anthropic},
		{"glm/glm-4.7", ThinkingBudget, true, "system", "max_tokens", "none", Anthropic},
		{"glm-cn/glm-4.7", ThinkingNone, true, "user", "max_tokens", "reasoning_content", OpenAIChat},
		{"groq/openai/gpt-oss-120b", ThinkingEffort, true, "system", "max_tokens", "none", OpenAIChat},
		{"groq/llama-3.3-70b-versatile", ThinkingNone, true, "system", "max_tokens", "none", OpenAIChat},
		{"cerebras/gpt-oss-120b", ThinkingEffort, true, "system", "max_completion_tokens", "none", OpenAIChat},
		{"xai/grok-4.3", ThinkingNone, true, "system", "max_completion_tokens", "none", OpenAIChat},
		{"ocg/minimax-m2.7", ThinkingBudget, true, "system", "max_tokens", "none", Anthropic},
		{"ocg/glm-5.2", ThinkingNone, true, "system", "max_tokens", "reasoning_content", OpenAIChat},
		{"siliconflow/moonshotai/Kimi-K2.5", ThinkingNone, true, "system", "max_tokens", "reasoning_content", OpenAIChat},
		{"or/anthropic/claude-sonnet-4.5", ThinkingEffort, true, "system", "max_tokens", "none", OpenAIChat},
		{"ollama-local/whatever", ThinkingUnknown, true, "system", "max_tokens", "none", OpenAIChat},
	} {
		r, err := c.Resolve(tc.name, func(string) bool { return true })
		if err != nil {
			t.Errorf("%s: %v", tc.name, err)
			continue
		}
		k := r.Provider.Capabilities(r.Model)
		var f Format
		if len(k.Formats) > 0 {
			f = k.Formats[0]
		}
		got := [...]any{k.Thinking, k.Sampling, k.SystemRole, k.MaxTokensField, k.ReasoningField, f}
		want := [...]any{tc.thinking, tc.sampling, tc.role, tc.max, tc.field, tc.format}
		if got != want {
			t.Errorf("%s:\n have %v\n want %v", tc.name, got, want)
		}
	}
}

func TestDialectDetails(t *testing.T) {
	c := loaded(t)
	of := func(name string) Capabilities {
		r, err := c.Resolve(name, nil)
		if err != nil {
			t.Fatal(err)
		}
		return r.Provider.Capabilities(r.Model)
	}
	if k := of("mistral/mistral-large-2512"); k.StreamUsage || k.SeedField != "random_seed" || k.ToolChoiceAny != "any" || k.ToolIDs != "alnum9" || !slices.Contains(k.StripFields, "stream_options") {
		t.Errorf("mistral: %+v", k)
	}
	if k := of("pplx/sonar"); k.Tools || !k.AlternateRoles || k.StreamUsage || k.Images {
		t.Errorf("perplexity: %+v", k)
	}
	if k := of("pplx/sonar-pro"); !k.Images {
		t.Error("sonar-pro sees images")
	}
	if k := of("cx/gpt-5.4"); !k.Codex || !slices.Contains(k.StripFields, "max_output_tokens") {
		t.Errorf("codex: %+v", k)
	}
	if k := of("openai/gpt-5.4"); k.EndUserField != "safety_identifier" || !k.Files || k.Audio {
		t.Errorf("openai: %+v", k)
	}
	if k := of("gemini/gemini-3-flash-preview"); !k.NeedsSeal || !k.Audio || !k.Video {
		t.Errorf("gemini 3: %+v", k)
	}
	if k := of("gemini/gemini-2.5-pro"); k.NeedsSeal {
		t.Errorf("gemini 2.5: %+v", k)
	}
	if k := of("vx/gemini-2.5-pro"); !k.NoCallIDs {
		t.Errorf("vertex: %+v", k)
	}
	if k := of("gh/gemini-2.5-pro"); k.Audio || k.Files || !k.Images {
		t.Errorf("copilot takes text and images only: %+v", k)
	}
	if k := of("or/some/model-of-tomorrow"); !k.Images || !k.Tools || k.MaxOutput != 0 {
		t.Errorf("an unlisted model is presumed able: %+v", k)
	}
}

func TestMatch(t *testing.T) {
	for _, tc := range []struct {
		pattern, text string
		want          bool
	}{
		{"gpt-5*", "gpt-5.4", true}, {"gpt-5*", "gpt-4.5", false}, {"*codex*", "gpt-5.1-codex-max", true},
		{"*gpt-oss*", "openai/GPT-OSS-120b", true}, {"a*b*c", "axxbxxbc", true}, {"a*b*c", "axxbxx", false},
		{"", "", true}, {"", "x", false}, {"*", "", true}, {"o1*", "o1", true}, {"claude-opus-4-6*", "claude-opus-4-6-thinking", true},
		{"**a", "bca", true}, {"abc", "abcd", false}, {"*ab", "aab", true},
	} {
		if got := match(tc.pattern, tc.text); got != tc.want {
			t.Errorf("match(%q, %q) = %v", tc.pattern, tc.text, got)
		}
	}
}
