package routing

import (
	"strings"
	"testing"

	"omniroute/backend/catalog"
	"omniroute/backend/config"
	"omniroute/backend/fault"
)

func targets(r *Route) string {
	var out []string
	for _, c := range r.Candidates {
		out = append(out, c.Target.String())
	}
	return strings.Join(out, " ")
}

func TestChainsStandBehindEverything(t *testing.T) {
	p, s := world(t)
	s.Settings.Chains = []config.Chain{
		{Name: "off", Models: []string{"my/off"}},
		{Name: "prod", Models: []string{"my/a", "nobody/x", "groq/openai/gpt-oss-20b", "outer"}, Enabled: true},
		{Name: "last", Models: []string{"demo/simulated"}, Enabled: true},
	}
	s.Seal()
	chain := " n1/a@m1 groq/openai/gpt-oss-20b@g2 groq/openai/gpt-oss-20b@g1 groq/openai/gpt-oss-120b@g2 groq/openai/gpt-oss-120b@g1 n1/b@m1 demo/simulated@demo"
	for model, want := range map[string]string{
		"my/x":             "n1/x@m1" + chain,
		"coding":           "n1/a@m1 groq/openai/gpt-oss-120b@g2 groq/openai/gpt-oss-120b@g1 groq/openai/gpt-oss-20b@g2 groq/openai/gpt-oss-20b@g1 n1/b@m1 demo/simulated@demo", // each once
		"mistral/x":        chain[1:],                                                                                                                                           // known, and its only account has no key
		"ds/deepseek-chat": chain[1:],                                                                                                                                           // known, and nobody connected it
		"deepseek-chat":    chain[1:],
	} {
		r, err := p.Plan(s, Query{Model: model, Format: catalog.OpenAIChat})
		if got := targets(&r); err != nil || got != want {
			t.Errorf("%s:\n%s\nwant\n%s (%v)", model, got, want, err)
		}
		for i, c := range r.Candidates {
			if chained := c.Reason.Code == fault.ReasonChain; chained != (i >= len(strings.Fields(want))-len(strings.Fields(chain)) && model != "coding" || model == "coding" && i > 2) {
				t.Errorf("%s: candidate %d, from a chain: %v", model, i, chained)
			}
		}
		if combo := r.Combo != nil; combo != (model == "coding") {
			t.Errorf("%s: combo %v", model, r.Combo)
		}
	}
	for _, model := range []string{"nope", "nobody/x", "loop"} { // the client's mistakes stay its own
		if r, err := p.Plan(s, Query{Model: model}); err == nil || len(r.Candidates) > 0 {
			t.Errorf("%s fell back to %s", model, targets(&r))
		}
	}
	if r, err := p.Plan(s, Query{Model: "x", Provider: "my"}); err != nil || len(r.Candidates) != 1 {
		t.Errorf("who asks one provider fell back to %s", targets(&r))
	}
	if r, _ := p.Plan(s, Query{Model: "my/x"}); len(r.Skipped) == 0 {
		t.Error("a step of the chain that means nothing was dropped in silence")
	}
}

func TestWildcards(t *testing.T) {
	p, s := world(t)
	s.Aliases = append(s.Aliases,
		config.Alias{Pattern: "openai/*", Target: "my/*"}, config.Alias{Pattern: "OLD-?-*-end", Target: "my/new-*"},
		config.Alias{Pattern: "a*b*", Target: "my/plain"}, config.Alias{Pattern: "quick", Target: "groq/*"}, config.Alias{Pattern: "openai/exact", Target: "my/exact-one"},
		config.Alias{Pattern: "gpt-?", Target: "my/one-more"}, config.Alias{Pattern: "gpt-*", Target: "my/any-gpt"},
	)
	s.Accounts["g2"].DefaultModel = "openai/gpt-oss-20b"
	s.Seal()
	for model, want := range map[string]string{
		"openai/gpt-5":        "n1/gpt-5@m1",      // what * stands for goes on
		"openai/x/y":          "n1/x/y@m1",        //
		"openai/exact":        "n1/exact-one@m1",  // exact before wildcard
		"old-7-middle-end":    "n1/new-middle@m1", // ignoring case
		"axxb1":               "n1/plain@m1",
		"gpt-5":               "n1/one-more@m1", // ? is more specific than *
		"gpt-55":              "n1/any-gpt@m1",
		"groq/*":              "groq/openai/gpt-oss-20b@g2 groq/openai/gpt-oss-20b@g1", // the connection's default
		"quick":               "groq/openai/gpt-oss-20b@g2 groq/openai/gpt-oss-20b@g1",
		"my/*":                "n1/local-model@m1",
		"claude-sonnet-4-5":   "n1/from-longer-star@m1",
		"claude-sonnet-":      "n1/from-longer-star@m1",
		"CLAUDE-opus":         "n1/from-star@m1",
		"groq/openai/unknown": "groq/openai/unknown@g2 groq/openai/unknown@g1",
	} {
		r, err := p.Plan(s, Query{Model: model, Format: catalog.OpenAIChat})
		if got := targets(&r); err != nil || got != want {
			t.Errorf("%s: %s, want %s (%v)", model, got, want, err)
		}
	}
	s.Aliases = []config.Alias{{Pattern: "x/*", Target: "x/a*"}}
	s.Seal()
	if _, err := p.Plan(s, Query{Model: "x/b"}); fault.As(err).Reason.Code != fault.ReasonTooDeep {
		t.Errorf("a pattern that leads to itself: %v", err)
	}
}

// prefix/* in a chain is the same model elsewhere.
func TestSameModelElsewhere(t *testing.T) {
	p, s := world(t)
	s.Settings.Chains = []config.Chain{{Name: "elsewhere", Models: []string{"groq/*", "my/*", "mistral/*"}, Enabled: true}}
	s.Seal()
	r, err := p.Plan(s, Query{Model: "deepseek/local-model"})
	if got := targets(&r); err != nil || !strings.HasSuffix(got, "n1/local-model@m1") || !strings.HasPrefix(got, "groq/") {
		t.Errorf("%s %v", got, err)
	}
	r, err = p.Plan(s, Query{Model: "openrouter/my-own"})
	if got := targets(&r); err != nil || !strings.HasPrefix(got, "groq/my-own@g2 groq/my-own@g1 n1/local-model@m1") {
		t.Errorf("%s %v", got, err)
	}
}
