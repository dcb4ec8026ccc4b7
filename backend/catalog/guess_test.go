package catalog

import (
	"regexp"
	"strings"
	"testing"
)

func TestGuessKey(t *testing.T) {
	c := loaded(t)
	for _, x := range []struct {
		key, want string
		sure      bool
	}{
		{"gsk_" + strings.Repeat("aB3", 17), "groq", true},
		{"sk-ant-api03-" + strings.Repeat("x", 80), "anthropic", true},
		{"sk-or-v1-" + strings.Repeat("0a", 32), "openrouter", true},
		{"sk-proj-" + strings.Repeat("x", 60), "openai", true},
		{"AIza" + strings.Repeat("x", 35), "gemini", true},
		{"nvapi-" + strings.Repeat("x", 40), "nvidia", true},
		{"xai-" + strings.Repeat("x", 40), "xai", true},
		{"sk-" + strings.Repeat("0a", 16), "deepseek dashscope", false},
		{"sk-" + strings.Repeat("aB", 24), "openai kimi", false},
		{"hello", "", false},
		{"gsk_", "", false},
		{"xx gsk_" + strings.Repeat("a", 30), "", false},
	} {
		var names []string
		sure := false
		for i, g := range c.GuessKey(x.key) {
			names = append(names, g.Provider.ID)
			sure = sure || g.Sure
			if g.Sure && i > 0 {
				t.Errorf("%s: the guess at place %d is sure", x.key, i)
			}
		}
		if got := strings.Join(names, " "); got != x.want || sure != x.sure {
			t.Errorf("%s: %q (sure %v), want %q (%v)", x.key, got, sure, x.want, x.sure)
		}
	}
}

func TestKeyPatternsCompile(t *testing.T) {
	for _, p := range loaded(t).Providers() {
		for _, text := range p.Auth.KeyPatterns {
			if _, err := regexp.Compile(text); err != nil {
				t.Errorf("%s: %v", p.ID, err)
			}
			if len(p.Auth.KeyPatterns) > 0 && !p.Auth.Accepts("apikey") {
				t.Errorf("%s has key patterns but takes no key", p.ID)
			}
		}
	}
}
