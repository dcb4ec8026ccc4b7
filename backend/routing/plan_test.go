package routing

import (
	"strings"
	"testing"

	"omniroute/backend/catalog"
	"omniroute/backend/config"
	"omniroute/backend/fault"
)

// world is a snapshot with a node, two accounts of a provider, combos and
// aliases whose names collide on purpose.
func world(t testing.TB) (*Planner, *config.Snapshot) {
	t.Helper()
	facts, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	account := func(id, provider string, priority int, models ...string) *config.Account {
		return &config.Account{ID: id, Provider: provider, Name: id, Kind: config.KindAPIKey, Active: true, HasSecret: true, Priority: priority, Models: models}
	}
	s := &config.Snapshot{
		Nodes: map[string]*config.Node{"n1": {ID: "n1", Name: "Mine", Prefix: "my", Type: config.NodeOpenAI, APIType: "chat", BaseURL: "http://127.0.0.1:1/v1"}},
		Accounts: map[string]*config.Account{
			"g1": account("g1", "groq", 2), "g2": account("g2", "groq", 1), "m1": account("m1", "n1", 1, "local-model"),
			"dead": {ID: "dead", Provider: "mistral", Name: "dead", Kind: config.KindAPIKey, Active: true},
		},
		Combos: map[string]*config.Combo{
			"c1": {ID: "c1", Name: "coding", Strategy: "priority", Models: []config.ComboModel{{Model: "my/a"}, {Model: "mistral/x"}, {Model: "groq/openai/gpt-oss-120b"}}},
			"c2": {ID: "c2", Name: "outer", Strategy: "priority", Models: []config.ComboModel{{Model: "coding"}, {Model: "my/b"}}},
			"c3": {ID: "c3", Name: "my/shadow", Strategy: "priority", Models: []config.ComboModel{{Model: "my/real"}}},
		},
		Aliases: []config.Alias{{Pattern: "fast", Target: "groq/openai/gpt-oss-120b"}, {Pattern: "claude-*", Target: "my/from-star"}, {Pattern: "claude-sonnet-*", Target: "my/from-longer-star"}, {Pattern: "loop", Target: "loop"}},
		Custom:  []config.CustomModel{{Provider: "groq", ID: "my-own"}},
	}
	s.Settings.ActiveCombo = "c1"
	s.Seal()
	return &Planner{Catalog: facts}, s
}

func TestOrderOfNames(t *testing.T) {
	p, s := world(t)
	for _, c := range []struct{ model, provider, want string }{
		{"coding", "", "n1/a@m1 groq/openai/gpt-oss-120b@g2 groq/openai/gpt-oss-120b@g1"},
		{"outer", "", "n1/a@m1 groq/openai/gpt-oss-120b@g2 groq/openai/gpt-oss-120b@g1 n1/b@m1"},
		{"auto", "", "n1/a@m1 groq/openai/gpt-oss-120b@g2 groq/openai/gpt-oss-120b@g1"},
		{"my/shadow", "", "n1/real@m1"}, // a combo's exact name comes first
		{"fast", "", "groq/openai/gpt-oss-120b@g2 groq/openai/gpt-oss-120b@g1"},
		{"claude-sonnet-5", "", "n1/from-longer-star@m1"}, // the more specific pattern
		{"claude-x", "", "n1/from-star@m1"},
		{"my/anything/with/slashes", "", "n1/anything/with/slashes@m1"},
		{"n1/by-id", "", "n1/by-id@m1"},
		{"groq/unlisted", "", "groq/unlisted@g2 groq/unlisted@g1"},
		{"groq/llama-3.3-70b", "", "groq/llama-3.3-70b-versatile@g2 groq/llama-3.3-70b-versatile@g1"}, // the built-in table
		{"local-model", "", "n1/local-model@m1"},
		{"my-own", "", "groq/my-own@g2 groq/my-own@g1"},
		{"demo/simulated", "", "demo/simulated@demo"},
		{"x", "my", "n1/x@m1"}, // dedicated routes add the prefix
		{"my/x", "my", "n1/x@m1"},
	} {
		r, err := p.Plan(s, Query{Model: c.model, Provider: c.provider, Format: catalog.OpenAIChat})
		var got []string
		for _, x := range r.Candidates {
			got = append(got, x.Target.String())
		}
		if g := strings.Join(got, " "); err != nil || g != c.want {
			t.Errorf("%s at %q: %s, want %s (%v)", c.model, c.provider, g, c.want, err)
		}
	}
}

func TestNamesThatLeadNowhere(t *testing.T) {
	p, s := world(t)
	for _, c := range []struct {
		model, provider string
		kind            fault.Kind
		says            string
	}{
		{"nope", "", fault.NotFound, "not known"},
		{"nope/x", "", fault.NotFound, "prefix"},
		{"loop", "", fault.NotFound, "deeper"},
		{"mistral/x", "", fault.AuthRevoked, "no key"},
		{"ds/deepseek-chat", "", fault.NotFound, "Connect one"},
		{"groq/x", "my", fault.Invalid, "does not belong"},
	} {
		_, err := p.Plan(s, Query{Model: c.model, Provider: c.provider, Format: catalog.OpenAIChat})
		if fault.KindOf(err) != c.kind || !strings.Contains(fault.As(err).Public, c.says) {
			t.Errorf("%s at %q: %v, want %v with %q", c.model, c.provider, err, c.kind, c.says)
		}
	}
	s.Settings.ActiveCombo = ""
	if _, err := p.Plan(s, Query{Model: "auto"}); fault.KindOf(err) != fault.NotFound || !strings.Contains(fault.As(err).Public, "No combo is active") {
		t.Errorf("auto without a combo: %v", err)
	}
}

func TestSkippedTargetsSayWhy(t *testing.T) {
	p, s := world(t)
	r, err := p.Plan(s, Query{Model: "coding"})
	if err != nil || len(r.Skipped) == 0 {
		t.Fatalf("%+v %v", r.Skipped, err)
	}
	for _, x := range r.Skipped {
		if x.Why == "" || x.Reason.Code == "" {
			t.Errorf("%s was skipped without a reason", x.Target)
		}
	}
	if x := r.Skipped[0]; x.Reason.Code != fault.ReasonNeedsKey || x.At != (config.Target{Provider: "mistral", Account: "dead", Model: "x"}) {
		t.Errorf("%+v", x)
	}
}

func TestEverySkipHasItsCode(t *testing.T) {
	p, s := world(t)
	s.Accounts["off"] = &config.Account{ID: "off", Provider: "cohere", Name: "off", Kind: config.KindAPIKey, HasSecret: true}
	s.Settings.BlockedProviders = []string{"groq"}
	s.Seal()
	for model, want := range map[string]fault.ReasonCode{
		"cohere/x": fault.ReasonDisabled, "ds/deepseek-chat": fault.ReasonNoAccount, "nobody/x": fault.ReasonModelUnknown, "nope": fault.ReasonModelUnknown,
		"groq/x": fault.ReasonBlocked, "loop": fault.ReasonTooDeep, "mistral/x": fault.ReasonNeedsKey, "deepseek-chat": fault.ReasonNoAccount,
	} {
		s.Combos["c1"] = &config.Combo{ID: "c1", Name: "coding", Strategy: "priority", Models: []config.ComboModel{{Model: model}, {Model: "my/a"}}}
		s.Seal()
		r, err := p.Plan(s, Query{Model: "coding"})
		if err != nil || len(r.Skipped) == 0 || r.Skipped[0].Reason.Code != want {
			t.Errorf("%s: %+v, want %s (%v)", model, r.Skipped, want, err)
		}
	}
}
