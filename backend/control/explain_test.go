package control

import (
	"strings"
	"testing"
)

func TestClientExplains(t *testing.T) {
	h, port := listening(t)
	c, err := NewClient(h.dir, port)
	if err != nil {
		t.Fatal(err)
	}
	for _, made := range []struct {
		path string
		in   map[string]any
	}{
		{"/api/providers", map[string]any{"provider": "openai", "name": "mine", "apiKey": "sk-1"}},
		{"/api/combos", map[string]any{"name": "mix", "models": []any{"groq/x", map[string]any{"model": "openai/gpt-5", "weight": 100}, "demo/simulated"}, "strategy": "weighted"}},
	} {
		if err := c.call(t.Context(), "POST", made.path, made.in, &map[string]any{}); err != nil {
			t.Fatal(err)
		}
	}
	for locale, want := range map[string][]string{
		"C.UTF-8": {"auto → combo mix (weighted)", "  1. openai/gpt-5@mine  Drawn by its weight, 100.", "  2. demo/simulated@demo  Next in the list.", "Left out:", "   - groq/x  No account connected."},
		"ko_KR":   {"auto → 콤보 mix (weighted)", "  1. openai/gpt-5@mine  가중치 100에 따라 선택되었습니다."},
		"pt_BR":   {"auto → combo mix (weighted)", "  1. openai/gpt-5@mine  Sorteada pelo peso, 100."},
	} {
		lines, err := c.Explain(t.Context(), spoken(t), locale, Question{Model: "auto"})
		if err != nil || len(lines) < len(want) {
			t.Fatal(lines, err)
		}
		for i := range want {
			if lines[i] != want[i] {
				t.Errorf("%s: %q, want %q", locale, lines[i], want[i])
			}
		}
	}
	if _, err := c.Explain(t.Context(), spoken(t), "", Question{Model: "nobody/x"}); err == nil || !strings.Contains(err.Error(), "nobody") {
		t.Errorf("a name that means nothing: %v", err)
	}
}
