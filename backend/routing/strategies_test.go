package routing

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"omniroute/backend/catalog"
	"omniroute/backend/config"
	"omniroute/backend/fault"
)

// view is a scripted View.
type view struct {
	rests  map[string]bool // by account
	health map[string]int
}

func (v *view) Rests(t config.Target) bool { return v.rests[t.Account] }
func (v *view) Health(t config.Target) int {
	if h, ok := v.health[t.Account]; ok {
		return h
	}
	return 100
}

// three is a provider with the accounts A, B and C.
func three(t testing.TB, strategy string, edit ...func(*config.Snapshot)) (*Planner, *config.Snapshot, *view) {
	t.Helper()
	p, s := world(t)
	s.Accounts = map[string]*config.Account{}
	for i, id := range []string{"A", "B", "C"} {
		s.Accounts[id] = &config.Account{ID: id, Provider: "groq", Name: id, Kind: config.KindAPIKey, Active: true, HasSecret: true, Priority: i + 1}
	}
	s.Settings.FallbackStrategy, s.Settings.StickyRoundRobinLimit = strategy, 3
	for _, f := range edit {
		f(s)
	}
	s.Seal()
	v := &view{rests: map[string]bool{}, health: map[string]int{}}
	p.View, p.State = v, NewState()
	return p, s, v
}

func without(account string) func(*config.Snapshot) {
	return func(s *config.Snapshot) { delete(s.Accounts, account) }
}

// firsts plans n times and names the first candidate of each plan.
func firsts(t testing.TB, p *Planner, s *config.Snapshot, n int, q Query) string {
	t.Helper()
	var b strings.Builder
	for i := range n {
		q.Seed = uint64(i)*2862933555777941757 + 1
		r, err := p.Plan(s, q)
		if err != nil || len(r.Candidates) == 0 {
			t.Fatal(r, err)
		}
		b.WriteString(r.Candidates[0].Target.Account)
	}
	return b.String()
}

var at = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

func take(model string) Query {
	return Query{Model: model, Format: catalog.OpenAIChat, Take: true, Now: at}
}

func TestAccountStrategies(t *testing.T) {
	override := func(text string) func(*config.Snapshot) {
		return func(s *config.Snapshot) {
			s.Settings.More = map[string][]byte{"providerOverrides": []byte(text)}
		}
	}
	for _, c := range []struct {
		name, strategy string
		edit           []func(*config.Snapshot)
		rests          string
		want           string
	}{
		{"fill-first", "fill-first", nil, "", "AAAAAAAAAAAA"},
		{"round-robin", "round-robin", nil, "", "AAABBBCCCAAA"},
		{"round-robin of two", "round-robin", []func(*config.Snapshot){without("C")}, "", "AAABBBAAABBB"},
		{"round-robin, one rests", "round-robin", nil, "B", "AAACCCAAACCC"},
		{"round-robin, one is left", "round-robin", nil, "AC", "BBBBBBBBBBBB"},
		{"round-robin, all rest", "round-robin", nil, "ABC", "AAAAAAAAAAAA"},
		{"least-used", "least-used", nil, "", "ABCABCABCABC"},
		{"least-used, one rests", "least-used", nil, "A", "BCBCBCBCBCBC"},
		{"cost-optimized is the lowest priority value", "cost-optimized", nil, "", "AAAAAAAAAAAA"},
		{"override by id", "fill-first", []func(*config.Snapshot){override(`{"groq":{"fallbackStrategy":"round-robin","stickyRoundRobinLimit":1}}`)}, "", "ABCABCABCABC"},
		{"override keeps the global limit", "fill-first", []func(*config.Snapshot){override(`{"groq":{"fallbackStrategy":"round-robin"}}`)}, "", "AAABBBCCCAAA"},
		{"override of another provider", "fill-first", []func(*config.Snapshot){override(`{"mistral":{"fallbackStrategy":"round-robin"}}`)}, "", "AAAAAAAAAAAA"},
		{"override keeps the global strategy", "round-robin", []func(*config.Snapshot){override(`{"groq":{"stickyRoundRobinLimit":2}}`)}, "", "AABBCCAABBCC"},
		{"what nobody can read", "round-robin", []func(*config.Snapshot){override(`{"groq":7}`)}, "", "AAABBBCCCAAA"},
		{"unknown strategy of an older version", "best", nil, "", "AAAAAAAAAAAA"},
	} {
		p, s, v := three(t, c.strategy, c.edit...)
		for _, a := range c.rests {
			v.rests[string(a)] = true
		}
		if got := firsts(t, p, s, 12, take("groq/x")); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestChanceIsFair(t *testing.T) {
	for _, strategy := range []string{"random", "p2c"} {
		p, s, v := three(t, strategy)
		got := firsts(t, p, s, 9000, take("groq/x"))
		for _, a := range []string{"A", "B", "C"} {
			if n := strings.Count(got, a); n < 2700 || n > 3300 {
				t.Errorf("%s: %s was first %d times of 9000", strategy, a, n)
			}
		}
		if strategy == "random" {
			continue
		}
		v.health["A"] = 30
		if got := firsts(t, p, s, 300, take("groq/x")); strings.Contains(got, "A") {
			t.Errorf("p2c chose the ill one of two: %s", got)
		}
		delete(v.health, "A")
		for range 3 {
			p.State.Begin(&Candidate{Target: config.Target{Account: "B"}}, at)
		}
		if got := firsts(t, p, s, 300, take("groq/x")); strings.Contains(got, "B") {
			t.Errorf("p2c chose the busy one of two: %s", got)
		}
	}
}

func TestEveryAccountStaysACandidate(t *testing.T) {
	for _, strategy := range config.AccountStrategies() {
		p, s, v := three(t, strategy)
		v.rests["B"] = true
		for seed := range uint64(50) {
			q := take("groq/x")
			q.Seed = seed
			r, err := p.Plan(s, q)
			var got []string
			for _, c := range r.Candidates {
				got = append(got, c.Target.Account)
			}
			joined := strings.Join(got, "")
			if err != nil || len(got) != 3 || !strings.Contains(joined, "A") || !strings.Contains(joined, "C") {
				t.Fatalf("%s: %s %v", strategy, joined, err)
			}
			if strategy != "fill-first" && got[2] != "B" {
				t.Fatalf("%s: the one that rests stands before others: %s", strategy, joined)
			}
		}
	}
}

// A plan that nobody follows must not change whose turn it is.
func TestLookingSpendsNoTurn(t *testing.T) {
	for _, strategy := range []string{"round-robin", "least-used"} {
		p, s, _ := three(t, strategy)
		q := take("groq/x")
		firsts(t, p, s, 4, q)
		q.Take = false
		next := firsts(t, p, s, 1, q)
		if got := firsts(t, p, s, 5, q); got != strings.Repeat(next, 5) {
			t.Errorf("%s: looking gave %s", strategy, got)
		}
		q.Take = true
		if got := firsts(t, p, s, 1, q); got != next {
			t.Errorf("%s: %s was foretold, %s came", strategy, next, got)
		}
	}
}

func TestGoesOnAfterARestart(t *testing.T) {
	for strategy, want := range map[string]string{"round-robin": "AAABB BCCCAAABBB", "least-used": "ABCAB CABCABCABC"} {
		p, s, _ := three(t, strategy)
		got := firsts(t, p, s, 5, take("groq/x"))
		saved, err := p.State.Save(s)
		if err != nil || saved == nil {
			t.Fatal(err)
		}
		if again, _ := p.State.Save(s); again != nil {
			t.Error("nothing changed, and it was saved again")
		}
		p.State = NewState()
		if err := p.State.Restore(saved); err != nil {
			t.Fatal(err)
		}
		if got += " " + firsts(t, p, s, 10, take("groq/x")); got != want {
			t.Errorf("%s: %s, want %s", strategy, got, want)
		}
	}
	if err := NewState().Restore([]byte("{")); fault.KindOf(err) != fault.Internal {
		t.Error("a broken file was taken in")
	}
}

func TestSaveForgetsWhatIsGone(t *testing.T) {
	p, s, _ := three(t, "least-used")
	firsts(t, p, s, 3, take("groq/x"))
	s.Settings.FallbackStrategy = "round-robin"
	s.Seal()
	firsts(t, p, s, 3, take("groq/x"))
	delete(s.Accounts, "B")
	if saved, _ := p.State.Save(s); strings.Contains(string(saved), `"B"`) || !strings.Contains(string(saved), `"A"`) || !strings.Contains(string(saved), "accounts/groq") {
		t.Errorf("%s", saved)
	}
	clear(s.Accounts)
	p.State.Changed()
	if saved, _ := p.State.Save(s); strings.Contains(string(saved), "groq") || strings.Contains(string(saved), `"A"`) {
		t.Errorf("%s", saved)
	}
}

func TestComboStrategies(t *testing.T) {
	combo := func(strategy, rules string, models ...config.ComboModel) (*Planner, *config.Snapshot, *view) {
		p, s, v := three(t, "fill-first")
		for _, a := range s.Accounts {
			a.Provider = map[string]string{"A": "groq", "B": "mistral", "C": "n1"}[a.ID]
		}
		s.Combos = map[string]*config.Combo{"c": {ID: "c", Name: "mix", Strategy: strategy, Config: []byte(rules), Models: models}}
		s.Seal()
		return p, s, v
	}
	steps := []config.ComboModel{{Model: "groq/x"}, {Model: "mistral/x"}, {Model: "my/x"}}
	for _, c := range []struct{ strategy, rules, rests, want string }{
		{"priority", "", "", "AAAAAA"},
		{"fill-first", "", "", "AAAAAA"},
		{"round-robin", "", "", "ABCABC"},
		{"round-robin", `{"stickyRoundRobinLimit":2}`, "", "AABBCC"},
		{"round-robin", "", "B", "ACACAC"},
		{"least-used", "", "", "ABCABC"},
		{"cost-optimized", "", "", "AAAAAA"}, // no prices: the order of the list
	} {
		p, s, v := combo(c.strategy, c.rules, steps...)
		for _, a := range c.rests {
			v.rests[string(a)] = true
		}
		if got := firsts(t, p, s, 6, take("mix")); got != c.want {
			t.Errorf("%s %s: %s, want %s", c.strategy, c.rules, got, c.want)
		}
	}

	// 70/20/10 over 10,000 plans, within 2 points; what rests is left out.
	p, s, v := combo("weighted", "", config.ComboModel{Model: "groq/x", Weight: 70}, config.ComboModel{Model: "mistral/x", Weight: 20}, config.ComboModel{Model: "my/x", Weight: 10})
	got := firsts(t, p, s, 10_000, take("mix"))
	for a, want := range map[string]float64{"A": 70, "B": 20, "C": 10} {
		if share := float64(strings.Count(got, a)) / 100; math.Abs(share-want) > 2 {
			t.Errorf("%s has %.1f %%, want %v", a, share, want)
		}
	}
	v.rests["A"] = true
	got = firsts(t, p, s, 3000, take("mix"))
	if b := float64(strings.Count(got, "B")) / 30; math.Abs(b-200./3) > 3 || strings.Contains(got, "A") {
		t.Errorf("of what is left, B has %.1f %%", b)
	}

	// Random and p2c reach everyone.
	for _, strategy := range []string{"random", "p2c", "weighted"} {
		p, s, _ := combo(strategy, "", steps...)
		got := firsts(t, p, s, 3000, take("mix"))
		for _, a := range []string{"A", "B", "C"} {
			if n := strings.Count(got, a); n < 850 || n > 1150 {
				t.Errorf("%s: %s %d times of 3000", strategy, a, n)
			}
		}
	}
}

func TestMissingInputsAreSaid(t *testing.T) {
	p, s, _ := three(t, "fill-first")
	combo := func(strategy string, models ...config.ComboModel) *Route {
		s.Combos = map[string]*config.Combo{"c": {ID: "c", Name: "mix", Strategy: strategy, Models: models}}
		s.Accounts["M"] = &config.Account{ID: "M", Provider: "n1", Name: "M", Kind: config.KindAPIKey, Active: true, HasSecret: true}
		s.Seal()
		r, err := p.Plan(s, take("mix"))
		if err != nil {
			t.Fatal(err)
		}
		return &r
	}
	r := combo("cost-optimized", config.ComboModel{Model: "my/a"}, config.ComboModel{Model: "my/b"})
	if r.Candidates[0].Reason.Code != fault.ReasonNoneKnown || r.Candidates[0].Target.Model != "a" {
		t.Errorf("no price at all: %+v", r.Candidates[0])
	}
	r = combo("cost-optimized", config.ComboModel{Model: "my/a"}, config.ComboModel{Model: "groq/openai/gpt-oss-120b"}, config.ComboModel{Model: "groq/openai/gpt-oss-20b"})
	var got []string
	for _, c := range r.Candidates {
		if c.Target.Account == "A" || c.Target.Account == "M" {
			got = append(got, fmt.Sprint(c.Target.Model, " ", c.Reason.Code))
		}
	}
	if want := "openai/gpt-oss-20b chosen_cost, openai/gpt-oss-120b chosen_cost, a no_price"; strings.Join(got, ", ") != want {
		t.Errorf("%q, want %q", strings.Join(got, ", "), want)
	}
	r = combo("weighted", config.ComboModel{Model: "my/a"}, config.ComboModel{Model: "my/b"})
	if r.Candidates[0].Reason.Code != fault.ReasonNoneKnown {
		t.Errorf("no weights: %+v", r.Candidates[0].Reason)
	}
}

// One target in two steps is tried once, at the place the strategy gives the
// first of them.
func TestNoTargetTwice(t *testing.T) {
	for _, strategy := range config.ComboStrategies() {
		p, s, _ := three(t, "random")
		s.Combos = map[string]*config.Combo{
			"in": {ID: "in", Name: "inner", Strategy: "round-robin", Models: []config.ComboModel{{Model: "groq/x"}, {Model: "groq/y", Weight: 3}}},
			"c":  {ID: "c", Name: "mix", Strategy: strategy, Models: []config.ComboModel{{Model: "inner", Weight: 1}, {Model: "groq/y", Weight: 5}, {Model: "groq/x", Weight: 1}, {Model: "groq/z", Weight: 2}}},
		}
		s.Seal()
		for seed := range uint64(100) {
			q := take("mix")
			q.Seed = seed
			r, err := p.Plan(s, q)
			seen := map[config.Target]bool{}
			for _, c := range r.Candidates {
				if seen[c.Target] {
					t.Fatalf("%s: %s twice", strategy, c.Target)
				}
				seen[c.Target] = true
			}
			if err != nil || len(seen) != 9 {
				t.Fatalf("%s: %d targets, %v", strategy, len(seen), err)
			}
		}
	}
}

func TestSentencesAreComplete(t *testing.T) {
	for _, r := range []fault.Reason{
		fault.Because(fault.ReasonTurn, "n", "1", "limit", "3"), fault.Because(fault.ReasonLeastUsed), fault.Because(fault.ReasonRandom), fault.Because(fault.ReasonWeighted, "weight", "7"),
		fault.Because(fault.ReasonHealthier, "score", "9", "than", "8"), fault.Because(fault.ReasonCheapest, "usd", "0.01"), fault.Because(fault.ReasonLowest, "priority", "1"),
		fault.Because(fault.ReasonNoPrice, "strategy", "x"), fault.Because(fault.ReasonNoneKnown, "strategy", "x"),
	} {
		if text := Sentence(r); text == "" || strings.Contains(text, "  ") || strings.Contains(text, " .") || strings.Contains(text, " ,") {
			t.Errorf("%s: %q", r.Code, text)
		}
	}
}
