package routing

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"omniroute/backend/catalog"
	"omniroute/backend/config"
	"omniroute/backend/fault"
)

// shop connects providers of all tiers, a local server and a node elsewhere.
func shop(t testing.TB) (*Planner, *config.Snapshot) {
	t.Helper()
	p, s := world(t)
	p.State = NewState()
	account := func(id, provider, model string) {
		s.Accounts[id] = &config.Account{ID: id, Provider: provider, Name: id, Kind: config.KindAPIKey, Active: true, HasSecret: true, DefaultModel: model}
	}
	s.Accounts = map[string]*config.Account{}
	s.Nodes["far"] = &config.Node{ID: "far", Name: "Far", Prefix: "far", Type: config.NodeOpenAI, APIType: "chat", BaseURL: "https://far.example/v1"}
	account("openai", "openai", "")
	account("groq", "groq", "")
	account("deepseek", "deepseek", "")
	account("near", "n1", "near-model")
	account("far", "far", "far-model")
	s.Seal()
	return p, s
}

func TestVariantsOfAuto(t *testing.T) {
	p, s := shop(t)
	p.State.Measured(config.Target{Provider: "far", Account: "far", Model: "far-model"}, 900*time.Millisecond)
	p.State.Measured(config.Target{Provider: "n1", Account: "near", Model: "near-model"}, 100*time.Millisecond)
	for _, name := range Variants() {
		r, err := p.Plan(s, Query{Model: name})
		if err != nil {
			t.Fatal(name, err)
		}
		var got []string
		for _, c := range r.Candidates {
			got = append(got, c.Upstream.ID()+" "+string(c.Reason.Code))
			if c.Reason.Code == "" || c.Why() == "" {
				t.Errorf("%s: %s has no score that can be explained", name, c.Target)
			}
		}
		way := strings.Join(got, ", ")
		switch name {
		case "auto/offline":
			if way != "n1 chosen_local" || len(r.Skipped) < 4 || r.Skipped[0].Reason.Code != fault.ReasonNotLocal {
				t.Errorf("%s: %s, %d skipped", name, way, len(r.Skipped))
			}
		case "auto/fast":
			if !strings.HasPrefix(way, "n1 chosen_fast, far chosen_fast, ") || !strings.Contains(way, "openai no_metric") {
				t.Errorf("%s: %s", name, way)
			}
		case "auto/cheap":
			if !strings.Contains(way, "far no_price") || strings.HasPrefix(way, "far") || strings.HasPrefix(way, "n1") {
				t.Errorf("%s: %s", name, way)
			}
			last := int64(-1)
			for i := range r.Candidates {
				if micros, known := p.cost(&r.Candidates[i]); known {
					if micros < last {
						t.Errorf("%s: %s stands behind what costs more", name, r.Candidates[i].Target)
					}
					last = micros
				}
			}
		case "auto/free":
			if strings.Contains(way, "openai") || strings.Contains(way, "far") || !strings.Contains(way, "n1 chosen_free") {
				t.Errorf("%s: %s", name, way)
			}
		}
	}
	p.State = NewState()
	if r, err := p.Plan(s, Query{Model: "auto/fast"}); err != nil || r.Candidates[0].Reason.Code != fault.ReasonNoneKnown {
		t.Errorf("nothing was measured: %v", err)
	}
	s.Accounts = map[string]*config.Account{"far": s.Accounts["far"]}
	s.Seal()
	if _, err := p.Plan(s, Query{Model: "auto/offline"}); fault.KindOf(err) != fault.NotFound || !strings.Contains(fault.As(err).Public, "on this computer") {
		t.Errorf("nothing is local: %v", err)
	}
	if _, err := p.Plan(s, Query{Model: "auto/quick"}); fault.KindOf(err) != fault.NotFound {
		t.Errorf("an unknown variant: %v", err)
	}
	s.Combos["mine"] = &config.Combo{ID: "mine", Name: "auto/cheap", Strategy: "priority", Models: []config.ComboModel{{Model: "far/mine"}}}
	s.Seal()
	if r, err := p.Plan(s, Query{Model: "auto/cheap"}); err != nil || r.Candidates[0].Target.Model != "mine" {
		t.Errorf("a combo of that name comes first: %v", err)
	}
}

// Of a provider the variant takes the model that suits best, and only what
// its accounts are offered.
func TestVariantChoosesTheModel(t *testing.T) {
	p, s := shop(t)
	first := func() string {
		r, err := p.Plan(s, Query{Model: "auto/cheap"})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range r.Candidates {
			if c.Upstream.ID() == "openai" {
				return c.Target.Model
			}
		}
		return ""
	}
	cheapest := first()
	dear := ""
	openai, _ := p.Catalog.Provider("openai")
	for _, m := range openai.Models() {
		if m.ID != cheapest && m.Kind == "chat" && m.Living() && m.AliasOf == "" && m.Tools == catalog.Yes {
			dear = m.ID
		}
	}
	s.Accounts["openai"].Models = []string{dear}
	s.Seal()
	if got := first(); got != dear {
		t.Errorf("offered %s only, chose %s", dear, got)
	}
}

func TestStrayNamesGoToTheActiveCombo(t *testing.T) {
	p, s := world(t)
	plan := func(model string) (string, Route, error) {
		r, err := p.Plan(s, Query{Model: model})
		combo := ""
		if r.Combo != nil {
			combo = r.Combo.Name
		}
		return combo, r, err
	}
	for _, on := range []bool{false, true} {
		s.Settings.UnknownToActiveCombo = on
		for _, model := range []string{"nope", "deepseek-chat"} { // unknown, and known to a provider nobody connected
			combo, r, err := plan(model)
			if !on {
				if fault.KindOf(err) != fault.NotFound || combo != "" {
					t.Errorf("%s while it is off: %q %v", model, combo, err)
				}
				continue
			}
			if err != nil || combo != "coding" || len(r.Candidates) != 3 || !strings.Contains(r.Candidates[0].Note, model) {
				t.Errorf("%s: %q %+v %v", model, combo, r.Candidates, err)
			}
			if last := r.Skipped[len(r.Skipped)-1]; last.Reason.Code != fault.ReasonStray {
				t.Errorf("%s: the receipt does not say so: %+v", model, last)
			}
		}
		for _, model := range []string{"nope/x", "loop", "mistral/x", "ds/deepseek-chat"} {
			if combo, _, err := plan(model); err == nil || combo != "" {
				t.Errorf("%s (%v) went to the combo %q", model, on, combo)
			}
		}
		// A step that nobody serves is skipped, not replaced.
		s.Combos["c9"] = &config.Combo{ID: "c9", Name: "holes", Strategy: "priority", Models: []config.ComboModel{{Model: "nope"}, {Model: "my/a"}}}
		s.Seal()
		if combo, r, err := plan("holes"); err != nil || combo != "holes" || fmt.Sprint(len(r.Candidates)) != "1" {
			t.Errorf("holes: %q %v %v", combo, r.Candidates, err)
		}
	}
	s.Settings.ActiveCombo = ""
	if _, _, err := plan("nope"); fault.KindOf(err) != fault.NotFound {
		t.Errorf("without an active combo: %v", err)
	}
}
