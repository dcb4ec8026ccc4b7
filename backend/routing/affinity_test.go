package routing

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"omniroute/backend/config"
	"omniroute/backend/fault"
)

// talker is a scripted conversation.
type talker struct {
	n     int
	fresh bool
}

func (t talker) Session([16]byte) (id SessionID, fresh, ok bool) {
	binary.BigEndian.PutUint64(id[:], uint64(t.n)*0x9e3779b97f4a7c15+1)
	return id, t.fresh, true
}

// five is a provider with five accounts.
func five(t testing.TB, strategy string) (*Planner, *config.Snapshot, *view) {
	p, s, v := three(t, strategy, func(s *config.Snapshot) {
		for i, id := range []string{"D", "E"} {
			s.Accounts[id] = &config.Account{ID: id, Provider: "groq", Name: id, Kind: config.KindAPIKey, Active: true, HasSecret: true, Priority: i + 4}
		}
		s.Settings.SessionAffinity = true
	})
	return p, s, v
}

// Show 5: a thousand conversations over five accounts stay where they are
// warm, and when an account dies each of its conversations moves once.
func TestThousandSessionsStayWarm(t *testing.T) {
	for _, strategy := range config.AccountStrategies() {
		t.Run(strategy, func(t *testing.T) {
			p, s, v := five(t, strategy)
			draw := rand.New(rand.NewPCG(7, 7))
			const sessions, turns, death = 1000, 20, 10
			home := make([]string, sessions)
			moves := make([]int, sessions)
			warm, told := 0, 0
			onDead := 0
			now := at
			for turn := range turns {
				if turn == death {
					for _, h := range home {
						if h == "A" {
							onDead++
						}
					}
					v.rests["A"] = true
				}
				for _, i := range draw.Perm(sessions) {
					now = now.Add(10 * time.Millisecond)
					q := take("groq/x")
					q.Talk, q.Now, q.Seed = talker{n: i}, now, draw.Uint64()
					r, err := p.Plan(s, q)
					if err != nil || !r.Sticky {
						t.Fatal(err, r.Sticky)
					}
					first := &r.Candidates[0]
					p.State.Begin(first, now).Release()
					p.State.Served(s, sessionOf(i), first.Target, 1000, now)
					switch {
					case home[i] == "":
					case home[i] == first.Target.Account:
						warm++
						if first.Reason.Code == fault.ReasonSession {
							told++
						}
					default:
						moves[i]++
						if first.Reason.Code != fault.ReasonMoved {
							t.Fatalf("session %d moved, and the plan says %+v", i, first.Reason)
						}
					}
					home[i] = first.Target.Account
				}
			}
			moved := 0
			for i, n := range moves {
				if n > 1 || home[i] == "A" {
					t.Fatalf("session %d moved %d times and is at %s", i, n, home[i])
				}
				moved += n
			}
			if moved != onDead {
				t.Errorf("%d sessions moved, %d were on the account that died", moved, onDead)
			}
			again := sessions * (turns - 1)
			if share := float64(warm) / float64(again-moved); share < 0.98 {
				t.Errorf("%.1f %% of turns stayed", share*100)
			}
			if told != warm {
				t.Errorf("%d of %d receipts say so", told, warm)
			}
			v.rests["A"] = false // it is back: nobody goes back
			for i := range sessions {
				q := take("groq/x")
				q.Talk, q.Now = talker{n: i}, now
				if r, _ := p.Plan(s, q); r.Candidates[0].Target.Account != home[i] {
					t.Fatalf("session %d went back", i)
				}
			}
		})
	}
}

func sessionOf(n int) SessionID {
	id, _, _ := talker{n: n}.Session([16]byte{})
	return id
}

func ask(t testing.TB, p *Planner, s *config.Snapshot, talk Talk, now time.Time) *Candidate {
	t.Helper()
	q := take("groq/x")
	q.Talk, q.Now, q.Seed = talk, now, uint64(now.UnixNano())
	r, err := p.Plan(s, q)
	if err != nil {
		t.Fatal(err)
	}
	return &r.Candidates[0]
}

func TestAffinityEnds(t *testing.T) {
	p, s, _ := five(t, "round-robin")
	s.Settings.StickyRoundRobinLimit = 1
	s.Seal()
	first := ask(t, p, s, talker{n: 1}, at).Target.Account
	if got := ask(t, p, s, talker{n: 1}, at.Add(59*time.Minute)).Target.Account; got != first {
		t.Errorf("59 minutes later at %s, was %s", got, first)
	}
	if got := ask(t, p, s, talker{n: 1}, at.Add(3*time.Hour)); got.Target.Account == first || got.Reason.Code == fault.ReasonMoved {
		t.Errorf("hours later still at %s, %v", got.Target.Account, got.Reason)
	}
	if got := ask(t, p, s, talker{n: 1, fresh: true}, at.Add(3*time.Hour)); got.Reason.Code != fault.ReasonTurn {
		t.Errorf("a conversation that only begins the same way was kept: %v", got.Reason)
	}
	s.Settings.SessionAffinity = false
	seen := map[string]bool{}
	for range 5 {
		seen[ask(t, p, s, talker{n: 1}, at).Target.Account] = true
	}
	if len(seen) != 5 {
		t.Errorf("switched off, and it stayed: %v", seen)
	}
}

func TestAffinitySurvivesARestart(t *testing.T) {
	p, s, v := five(t, "random")
	home := map[int]string{}
	for i := range 200 {
		c := ask(t, p, s, talker{n: i}, at.Add(time.Duration(i)))
		home[i] = c.Target.Account
		p.State.Served(s, sessionOf(i), c.Target, 4200, at)
	}
	saved, err := p.State.Save(s)
	if err != nil {
		t.Fatal(err)
	}
	salt := p.State.salt
	p.State = NewState()
	if err := p.State.Restore(saved); err != nil || p.State.salt != salt {
		t.Fatal(err, "or another salt")
	}
	for i := range 200 {
		if c := ask(t, p, s, talker{n: i}, at.Add(time.Minute)); c.Target.Account != home[i] || c.Why() != "The conversation stays here, where about 4200 tokens of it are warm." {
			t.Fatalf("session %d: %s, was %s: %s", i, c.Target.Account, home[i], c.Why())
		}
	}
	v.rests[home[0]] = true
	if c := ask(t, p, s, talker{n: 0}, at.Add(time.Minute)); c.Reason.Code != fault.ReasonMoved || c.Why() != fmt.Sprintf("The conversation moved here because %s cannot take it; about 4200 tokens are not warm here.", home[0]) {
		t.Errorf("%s", c.Why())
	}
}

// Two requests of one conversation at once must not part.
func TestOneConversationAtOnce(t *testing.T) {
	p, s, _ := five(t, "random")
	for n := range 50 {
		ask(t, p, s, talker{n: n}, at)
		var wg sync.WaitGroup
		got := make([]string, 8)
		for i := range got {
			wg.Go(func() { got[i] = ask(t, p, s, talker{n: n}, at.Add(time.Duration(i))).Target.Account })
		}
		wg.Wait()
		for _, a := range got {
			if a != got[0] {
				t.Fatalf("session %d: %v", n, got)
			}
		}
	}
}

func TestSessionsAreBounded(t *testing.T) {
	p, s, _ := five(t, "fill-first")
	const many = 40_000
	for i := range many {
		p.State.Served(s, sessionOf(i), config.Target{Provider: "groq", Account: "C", Model: "x"}, 1, at.Add(time.Duration(i)*time.Millisecond))
	}
	kept := 0
	for i := range p.State.warm.shards {
		kept += len(p.State.warm.shards[i].warm)
	}
	if kept < 10_000 || kept > sessionShards*shardSessions {
		t.Errorf("%d are remembered", kept)
	}
	if c := ask(t, p, s, talker{n: many - 1}, at.Add(time.Minute)); c.Target.Account != "C" {
		t.Error("the newest was forgotten")
	}
}

// A conversation keeps its step of a combo that spreads, and the first of one
// that does not.
func TestAffinityOfCombos(t *testing.T) {
	p, s, _ := five(t, "fill-first")
	s.Accounts["m1"] = &config.Account{ID: "m1", Provider: "n1", Name: "m1", Kind: config.KindAPIKey, Active: true, HasSecret: true}
	for _, c := range []struct {
		strategy string
		changes  bool
	}{{"round-robin", true}, {"random", true}, {"weighted", true}, {"p2c", true}, {"least-used", true}, {"priority", false}} {
		s.Combos = map[string]*config.Combo{"c": {ID: "c" + c.strategy, Name: "mix", Strategy: c.strategy, Models: []config.ComboModel{{Model: "groq/x", Weight: 5}, {Model: "my/x", Weight: 5}}}}
		s.Seal()
		where := func(n int, seed uint64) string {
			q := take("mix")
			q.Talk, q.Seed = talker{n: n}, seed
			r, err := p.Plan(s, q)
			if err != nil {
				t.Fatal(err)
			}
			return r.Candidates[0].Target.Provider
		}
		seen := map[string]int{}
		for n := range 100 {
			home := where(n, uint64(n))
			seen[home]++
			for k := range uint64(5) {
				if got := where(n, k*77+3); got != home {
					t.Fatalf("%s: session %d went from %s to %s", c.strategy, n, home, got)
				}
			}
		}
		if spread := len(seen) == 2; spread != c.changes {
			t.Errorf("%s: %v", c.strategy, seen)
		}
	}
}

// What stands behind others counts when it is tried, not when it is planned.
func TestTurnsBehindOthersAreSpentWhenTried(t *testing.T) {
	p, s, _ := three(t, "round-robin", func(s *config.Snapshot) { s.Settings.StickyRoundRobinLimit = 1 })
	s.Accounts["m1"] = &config.Account{ID: "m1", Provider: "n1", Name: "m1", Kind: config.KindAPIKey, Active: true, HasSecret: true}
	s.Combos = map[string]*config.Combo{"c": {ID: "c", Name: "mix", Strategy: "priority", Models: []config.ComboModel{{Model: "my/x"}, {Model: "groq/x"}}}}
	s.Seal()
	second := func(try bool) string {
		r, err := p.Plan(s, take("mix"))
		if err != nil {
			t.Fatal(err)
		}
		if try {
			p.State.Begin(&r.Candidates[1], at).Release()
		}
		return r.Candidates[1].Target.Account
	}
	got := ""
	for range 3 {
		got += second(false)
	}
	for range 4 {
		got += second(true)
	}
	if got != "AAAABCA" {
		t.Errorf("%s", got)
	}
}
