package daemon_test

import (
	"strings"
	"testing"

	"omniroute/backend/config"
	"omniroute/backend/testkit"
	"omniroute/backend/wire"
)

// twoAccounts is one upstream behind the accounts A and B of a node "up".
func twoAccounts(t *testing.T, g *testkit.Gateway) *testkit.Upstream {
	t.Helper()
	u := testkit.NewUpstream(t, wire.OpenAIChat, testkit.Says("hello"))
	node := g.API("POST", "/api/provider-nodes", map[string]any{"name": "up", "prefix": "up", "type": "openai-compatible", "apiType": "chat", "baseUrl": u.BaseURL()})
	id := testkit.At(node, "node", "id").(string)
	g.Connect(id, map[string]any{"name": "A", "apiKey": "secret-A", "priority": 1})
	g.Connect(id, map[string]any{"name": "B", "apiKey": "secret-B", "priority": 2})
	return u
}

// served asks n times and names who served, as the upstream saw it.
func served(t *testing.T, g *testkit.Gateway, u *testkit.Upstream, model string, n int, headers ...string) string {
	t.Helper()
	before := u.Count()
	for range n {
		if r := g.Ask(wire.OpenAIChat, model, false, headers...); r.Status != 200 {
			t.Fatalf("%s: %s", model, r)
		}
	}
	var b strings.Builder
	for _, c := range u.Calls()[before:] {
		b.WriteString(strings.TrimPrefix(c.Header.Get("Authorization"), "Bearer secret-"))
	}
	return b.String()
}

func TestAccountsTakeTurnsAcrossARestart(t *testing.T) {
	for _, c := range []struct {
		strategy, first, then string
	}{
		{"round-robin", "AAABB", "BAAABBB"},
		{"least-used", "ABABA", "BABABAB"},
		{"fill-first", "AAAAA", "AAAAAAA"},
	} {
		t.Run(c.strategy, func(t *testing.T) {
			dir := t.TempDir()
			g := testkit.Start(t, testkit.DataDir(dir))
			u := twoAccounts(t, g)
			g.API("PATCH", "/api/settings", map[string]any{"fallbackStrategy": c.strategy})
			if got := served(t, g, u, "up/m", 5); got != c.first {
				t.Errorf("%s, want %s", got, c.first)
			}
			g.Stop()
			g = testkit.Start(t, testkit.DataDir(dir))
			if got := served(t, g, u, "up/m", 7); got != c.then {
				t.Errorf("after a restart %s, want %s", got, c.then)
			}
		})
	}
}

func TestOneProviderHasItsOwnStrategy(t *testing.T) {
	g := testkit.Start(t)
	u := twoAccounts(t, g)
	g.API("PATCH", "/api/settings", map[string]any{"providerOverrides": map[string]any{"up": map[string]any{"fallbackStrategy": "round-robin", "stickyRoundRobinLimit": 1}}})
	if got := served(t, g, u, "up/m", 4); got != "ABAB" {
		t.Errorf("%s", got)
	}
	g.API("PATCH", "/api/settings", map[string]any{"providerOverrides": map[string]any{}})
	if got := served(t, g, u, "up/m", 3); got != "AAA" {
		t.Errorf("without its own %s", got)
	}
	for _, bad := range []any{
		map[string]any{"up": map[string]any{"fallbackStrategy": "best"}}, map[string]any{"up": map[string]any{"strategy": "random"}},
		map[string]any{"up": map[string]any{"stickyRoundRobinLimit": -1}}, map[string]any{"nobody": map[string]any{"fallbackStrategy": "random"}}, map[string]any{"up": 7},
	} {
		if status, body := g.Call("PATCH", "/api/settings", map[string]any{"providerOverrides": bad}); status != 400 || !strings.Contains(string(body), "providerOverrides") {
			t.Errorf("%v: %d %s", bad, status, body)
		}
	}
}

func TestEveryStrategyIsServedAndTold(t *testing.T) {
	g := testkit.Start(t)
	twoAccounts(t, g)
	g.Upstream("other", wire.OpenAIChat)
	codes := map[string]string{
		"round-robin": "chosen_round_robin", "weighted": "chosen_weighted", "random": "chosen_random", "p2c": "chosen_p2c", "least-used": "chosen_least_used",
		"cost-optimized": "inputs_missing", "priority": "chosen_priority", "fill-first": "chosen_priority",
	}
	for _, strategy := range config.ComboStrategies() {
		steps := []any{map[string]any{"model": "up/m", "weight": 3}, map[string]any{"model": "other/m", "weight": 7}}
		g.API("POST", "/api/combos", map[string]any{"name": strategy, "models": steps, "strategy": strategy})
		r := g.Ask(wire.OpenAIChat, strategy, false)
		if r.Status != 200 {
			t.Fatalf("%s: %s", strategy, r)
		}
		trace := g.API("GET", "/api/receipts/"+r.ID()+"/trace", nil)
		if code := testkit.At(trace, "steps", 1, "code"); code != codes[strategy] {
			t.Errorf("%s: the receipt says %v, want %s", strategy, code, codes[strategy])
		}
		if why := testkit.At(g.Receipt(r.ID()), "candidates", 0, "why"); (why != "") != (codes[strategy] != "chosen_priority") {
			t.Errorf("%s: %q", strategy, why)
		}
	}
}

func TestComboDefaultsHold(t *testing.T) {
	g := testkit.Start(t)
	u := twoAccounts(t, g)
	g.API("PATCH", "/api/settings", map[string]any{"comboDefaults": map[string]any{"strategy": "round-robin", "stickyRoundRobinLimit": 2, "maxRetries": 1}})
	made := g.API("POST", "/api/combos", map[string]any{"name": "turns", "models": []any{"up/a", "up/b"}})
	if testkit.At(made, "combo", "strategy") != "round-robin" {
		t.Errorf("%v", made)
	}
	served(t, g, u, "turns", 5)
	models := func() string {
		var b strings.Builder
		for _, c := range u.Calls() {
			b.WriteString(string(c.Body)[len(`{"model":"`):][:1])
		}
		return b.String()
	}
	if got := models(); got != "aabba" {
		t.Errorf("%s", got)
	}
	id := testkit.At(made, "combo", "id").(string)
	g.API("PUT", "/api/combos/"+id, map[string]any{"config": map[string]any{"stickyRoundRobinLimit": 1}})
	served(t, g, u, "turns", 4)
	if got := models()[5:]; got != "baba" {
		t.Errorf("with its own limit: %s", got)
	}
	if status, _ := g.Call("PATCH", "/api/settings", map[string]any{"comboDefaults": map[string]any{"strategy": "best"}}); status != 400 {
		t.Errorf("an unknown default strategy: %d", status)
	}
}

func TestStrayNameIsServedByTheActiveCombo(t *testing.T) {
	g := testkit.Start(t)
	g.Upstream("up", wire.OpenAIChat)
	g.Combo("mine", "up/m")
	r := g.Ask(wire.Anthropic, "claude-sonnet-4-5", false)
	if r.Status != 200 || r.Header.Get("X-OmniRoute-Combo") != "mine" || r.Header.Get("X-OmniRoute-Model") != "up/m" {
		t.Fatalf("%s %v", r, r.Header)
	}
	receipt := g.Receipt(r.ID())
	if why := testkit.At(receipt, "losses", 0, "why"); !strings.Contains(why.(string), "claude-sonnet-4-5") {
		t.Errorf("the receipt does not say so: %v", receipt["losses"])
	}
	g.API("PATCH", "/api/settings", map[string]any{"unknownToActiveCombo": false})
	if r := g.Ask(wire.Anthropic, "claude-sonnet-4-5", false); r.Status != 404 {
		t.Errorf("switched off: %s", r)
	}
	if r := g.Ask(wire.Anthropic, "auto/offline", false); r.Status != 200 { // the test's upstream is on this computer
		t.Errorf("auto/offline: %s", r)
	}
}

func TestChainIsWalkedAfterEverythingElse(t *testing.T) {
	g := testkit.Start(t)
	up := g.Upstream("up", wire.OpenAIChat, testkit.Refuses(503, "busy"))
	spare := g.Upstream("spare", wire.Anthropic, testkit.Says("from the spare"))
	g.API("POST", "/api/fallback/chains", map[string]any{"name": "production", "models": []any{"up/m", "spare/m"}})
	r := g.Ask(wire.OpenAIChat, "up/m", false)
	if r.Status != 200 || r.Header.Get("X-OmniRoute-Model") != "spare/m" || up.Count() != 1 {
		t.Fatalf("%s, %d calls", r, up.Count())
	}
	trace := g.API("GET", "/api/receipts/"+r.ID()+"/trace", nil)
	if code := testkit.At(trace, "steps", 1, "code"); code != "fallback_chain" {
		t.Errorf("the receipt says %v", code)
	}
	up.Then(testkit.Refuses(400, "bad temperature"))
	g.Rested()
	if r := g.Ask(wire.OpenAIChat, "up/m", false); r.Status != 400 || spare.Count() != 1 {
		t.Errorf("the client's mistake went down the chain: %s", r)
	}
	up.Then(testkit.Refuses(503, "busy"))
	g.API("POST", "/api/fallback/chains", map[string]any{"name": "production", "models": []any{"spare/m"}, "enabled": false})
	if r := g.Ask(wire.OpenAIChat, "up/m", false); r.Status == 200 {
		t.Errorf("a chain that is off: %s", r)
	}
}

func TestConversationStaysWithItsAccount(t *testing.T) {
	dir := t.TempDir()
	g := testkit.Start(t, testkit.DataDir(dir))
	u := twoAccounts(t, g)
	g.API("PATCH", "/api/settings", map[string]any{"fallbackStrategy": "round-robin", "stickyRoundRobinLimit": 1})
	one, two := "X-Session-Id: one", "x-claude-code-session-id: two"
	if got := served(t, g, u, "up/m", 3, header(one)...) + served(t, g, u, "up/m", 3, header(two)...) + served(t, g, u, "up/m", 2, header(one)...); got != "AAABBBAA" {
		t.Errorf("%s", got)
	}
	g.Stop()
	g = testkit.Start(t, testkit.DataDir(dir))
	if got := served(t, g, u, "up/m", 2, header(two)...) + served(t, g, u, "up/m", 2, header(one)...); got != "BBAA" {
		t.Errorf("after a restart %s", got)
	}
	warm := g.Ask(wire.OpenAIChat, "up/m", false, header(one)...)
	if code := testkit.At(g.API("GET", "/api/receipts/"+warm.ID()+"/trace", nil), "steps", 0, "code"); code != "session_kept" {
		t.Errorf("the receipt of a turn that stayed says %v", code)
	}

	// A refuses from now on: the conversation moves in the very request, once.
	u.Then(testkit.Refuses(429, "slow down", "Retry-After", "600"), testkit.Says("hello"))
	moved := g.Ask(wire.OpenAIChat, "up/m", false, header(one)...)
	trace := g.API("GET", "/api/receipts/"+moved.ID()+"/trace", nil)
	last := testkit.At(trace, "steps", 1)
	if moved.Status != 200 || testkit.At(last, "code") != "session_moved" || testkit.At(last, "args", "from") != "A" || testkit.At(last, "args", "tokens") != "18" {
		t.Errorf("%s: %v", moved, last)
	}
	if got := served(t, g, u, "up/m", 2, header(one)...); got != "BB" {
		t.Errorf("after the move %s", got)
	}
	g.Rested()
	if got := served(t, g, u, "up/m", 2, header(one)...); got != "BB" {
		t.Errorf("it went back: %s", got)
	}
	g.API("PATCH", "/api/settings", map[string]any{"sessionAffinity": false})
	if got := served(t, g, u, "up/m", 4, header(one)...); got != "ABAB" && got != "BABA" {
		t.Errorf("switched off: %s", got)
	}
	if found := testkit.Holds(t, dir, "X-Session-Id"); len(found) != 0 {
		t.Errorf("kept in clear: %v", found)
	}
}

func header(line string) []string {
	name, value, _ := strings.Cut(line, ": ")
	return []string{name, value}
}

// What explain says is what the next request meets, and asking changes
// nothing.
func TestExplainForetells(t *testing.T) {
	g := testkit.Start(t)
	u := twoAccounts(t, g)
	g.API("PATCH", "/api/settings", map[string]any{"fallbackStrategy": "round-robin", "stickyRoundRobinLimit": 2})
	explain := func(in map[string]any) string {
		in["model"] = "up/m"
		plan := g.API("POST", "/api/route/explain", in)
		target := testkit.At(plan, "candidates", 0, "target").(string)
		return target[len(target)-1:] + " " + testkit.At(plan, "candidates", 0, "code").(string)
	}
	for i, want := range []string{"A", "A", "B", "B", "A"} {
		for range 3 {
			if got := explain(map[string]any{}); got != want+" chosen_round_robin" {
				t.Errorf("before request %d: %s, want %s", i, got, want)
			}
		}
		if got := served(t, g, u, "up/m", 1); got != want {
			t.Errorf("request %d went to %s, want %s", i, got, want)
		}
	}
	if got := served(t, g, u, "up/m", 1, "X-Session-Id", "s"); got != "A" {
		t.Fatal(got)
	}
	if got := explain(map[string]any{"session": "s"}); got != "A session_kept" {
		t.Errorf("the conversation: %s", got)
	}
	if got := explain(map[string]any{"session": "another"}); got != "B chosen_round_robin" {
		t.Errorf("another one: %s", got)
	}
	_, body := testkit.Ask(wire.Anthropic, "up/m", "hi", false)
	body = strings.Replace(body, `{`, `{"metadata":{"user_id":"u"},`, 1)
	g.Post("/v1/messages", body)
	if got := explain(map[string]any{"format": "anthropic", "body": map[string]any{"metadata": map[string]any{"user_id": "u"}}}); got != "B session_kept" {
		t.Errorf("told by the body: %s", got)
	}
}
