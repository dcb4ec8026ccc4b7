package routing

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"omniroute/backend/config"
)

// Property P5 over random worlds of combos, aliases and chains that name one
// another, cycles included: a plan ends, tries no target twice, and is the
// same for the same seed.
func TestRandomGraphs(t *testing.T) {
	for seed := range uint64(20) {
		draw := rand.New(rand.NewPCG(seed, 1))
		p, s, v := five(t, config.AccountStrategies()[draw.IntN(6)])
		s.Combos = map[string]*config.Combo{}
		s.Aliases = nil
		name := func() string {
			switch draw.IntN(6) {
			case 0:
				return fmt.Sprint("combo-", draw.IntN(50))
			case 1:
				return fmt.Sprint("alias-", draw.IntN(20))
			case 2:
				return "nobody/x"
			case 3:
				return "groq/*"
			case 4:
				return fmt.Sprint("demo/", draw.IntN(3))
			}
			return fmt.Sprint("groq/m", draw.IntN(8))
		}
		for i := range 50 {
			c := &config.Combo{ID: fmt.Sprint("c", i), Name: fmt.Sprint("combo-", i), Strategy: config.ComboStrategies()[draw.IntN(8)]}
			for range 1 + draw.IntN(6) {
				c.Models = append(c.Models, config.ComboModel{Model: name(), Weight: draw.IntN(101)})
			}
			s.Combos[c.ID] = c
		}
		for i := range 20 {
			s.Aliases = append(s.Aliases, config.Alias{Pattern: fmt.Sprint("alias-", i), Target: name()})
		}
		if draw.IntN(2) == 0 {
			s.Settings.Chains = []config.Chain{{Name: "all", Models: []string{name(), name(), name()}, Enabled: true}}
		}
		for _, a := range []string{"A", "B", "C", "D", "E"} {
			v.rests[a] = draw.IntN(4) == 0
		}
		s.Seal()
		for i := range 50 {
			q := take(fmt.Sprint("combo-", i))
			q.Take, q.Seed, q.Talk = false, draw.Uint64(), talker{n: i}
			r, err := p.Plan(s, q)
			again, _ := p.Plan(s, q)
			if (err == nil) != (len(r.Candidates) > 0) {
				t.Fatalf("world %d, combo %d: %d candidates and %v", seed, i, len(r.Candidates), err)
			}
			if targets(&r) != targets(&again) {
				t.Fatalf("world %d, combo %d: the same question, another plan", seed, i)
			}
			seen := map[config.Target]bool{}
			for _, c := range r.Candidates {
				if seen[c.Target] {
					t.Fatalf("world %d, combo %d: %s twice", seed, i, c.Target)
				}
				seen[c.Target] = true
			}
			q.Take = true
			if _, err := p.Plan(s, q); (err == nil) != (len(r.Candidates) > 0) {
				t.Fatalf("world %d, combo %d: taking it ends otherwise", seed, i)
			}
		}
	}
}
