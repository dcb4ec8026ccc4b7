package control

import (
	"strings"
	"testing"
	"time"

	"omniroute/backend/accounts"
	"omniroute/backend/config"
	"omniroute/backend/fault"
)

func TestCombos(t *testing.T) {
	h := newHouse(t)
	type m = map[string]any
	steps := []any{"demo/simulated"}
	first := h.call(201, "POST /api/combos", m{"name": "one", "models": steps})
	if first.at("combo.isActive") != true || first.str("combo.strategy") != "priority" {
		t.Errorf("the first combo: %s", first.body)
	}
	two := h.call(201, "POST /api/combos", m{"name": "team/two.b-c_d", "models": []any{"one", m{"model": "openai/gpt-5", "weight": 40}}, "strategy": "priority", "config": m{"maxRetries": 2}})
	if two.at("combo.isActive") != false || !strings.Contains(two.body, `"models":["one",{"model":"openai/gpt-5","weight":40}]`) || !strings.Contains(two.body, `"config":{"maxRetries":2}`) {
		t.Errorf("the second combo: %s", two.body)
	}
	id := two.str("combo.id")
	for _, c := range []struct {
		name string
		text string
		body m
		want int
	}{
		{"name in use", "POST /api/combos", m{"name": "one", "models": steps}, 409},
		{"no name", "POST /api/combos", m{"models": steps}, 400},
		{"bad name", "POST /api/combos", m{"name": "a b", "models": steps}, 400},
		{"long name", "POST /api/combos", m{"name": strings.Repeat("x", 101), "models": steps}, 400},
		{"reserved", "POST /api/combos", m{"name": "auto", "models": steps}, 400},
		{"no models", "POST /api/combos", m{"name": "x", "models": []any{}}, 400},
		{"models missing", "POST /api/combos", m{"name": "x"}, 400},
		{"empty model", "POST /api/combos", m{"name": "x", "models": []any{" "}}, 400},
		{"model of another type", "POST /api/combos", m{"name": "x", "models": []any{7}}, 400},
		{"unknown field in a model", "POST /api/combos", m{"name": "x", "models": []any{m{"model": "a", "wieght": 1}}}, 400},
		{"weight", "POST /api/combos", m{"name": "x", "models": []any{m{"model": "a", "weight": 101}}}, 400},
		{"unknown strategy", "POST /api/combos", m{"name": "x", "models": steps, "strategy": "best"}, 400},
		{"config", "POST /api/combos", m{"name": "x", "models": steps, "config": "no"}, 400},
		{"rule in config", "POST /api/combos", m{"name": "x", "models": steps, "config": m{"stickyRoundRobinLimit": -1}}, 400},
		{"contains itself", "PUT /api/combos/" + first.str("combo.id"), m{"models": []any{"team/two.b-c_d"}}, 400},
		{"in itself", "POST /api/combos", m{"name": "self", "models": []any{"self"}}, 400},
		{"unknown field", "POST /api/combos", m{"name": "x", "models": steps, "stratgy": "priority"}, 400},
		{"nothing there", "PUT /api/combos/nope", m{"name": "x"}, 404},
		{"nothing there", "GET /api/combos/nope", nil, 404},
		{"nothing there", "POST /api/combos/nope/activate", nil, 404},
		{"nothing there", "DELETE /api/combos/nope", nil, 404},
	} {
		if g := h.do(ask{text: c.text, body: c.body}); g.status != c.want || g.str("error.message") == "" {
			t.Errorf("%s: %d %s, want %d", c.name, g.status, g.body, c.want)
		}
	}
	h.call(201, "POST /api/combos", m{"name": "three", "models": []any{"team/two.b-c_d"}})
	h.call(400, "POST /api/combos", m{"name": "four", "models": []any{"three"}}) // four levels

	g := h.call(200, "POST /api/combos/"+id+"/activate", nil)
	if g.at("combo.isActive") != true || h.call(200, "GET /api/settings", nil).str("activeCombo") != id {
		t.Errorf("activate: %s", g.body)
	}
	h.call(200, "PUT /api/models/alias", m{"pattern": "short", "target": "team/two.b-c_d"})
	g = h.call(200, "PUT /api/combos/"+id, m{"name": "renamed"})
	if g.str("combo.name") != "renamed" || !strings.Contains(g.body, `"config":{"maxRetries":2}`) {
		t.Errorf("rename: %s", g.body)
	}
	list := h.call(200, "GET /api/combos", nil).body
	if !strings.Contains(list, `"models":["renamed"]`) || !strings.Contains(h.call(200, "GET /api/models/alias", nil).body, `"target":"renamed"`) {
		t.Errorf("who named it did not follow: %s", list)
	}
	whole := g.at("combo")
	h.call(200, "PUT /api/combos/"+id, whole) // what was read can be sent back
	h.call(204, "DELETE /api/combos/"+id, nil)
	if active := h.call(200, "GET /api/settings", nil).str("activeCombo"); active != "" {
		t.Errorf("a deleted combo is active: %s", active)
	}
}

func TestComboTest(t *testing.T) {
	h := newHouse(t)
	h.tester.fails = map[string]error{"openai/gpt-5": fault.New(fault.NotFound, "test", "No account of OpenAI is connected.")}
	h.call(201, "POST /api/combos", map[string]any{"name": "mix", "models": []any{"openai/gpt-5", "demo/simulated"}})
	g := h.call(200, "POST /api/combos/test", map[string]any{"comboName": "mix"})
	if g.str("resolvedBy") != "demo/simulated" || g.str("strategy") != "priority" || g.str("comboName") != "mix" {
		t.Errorf("%s", g.body)
	}
	results := g.at("results").([]any)
	bad, good := results[0].(map[string]any), results[1].(map[string]any)
	if bad["status"] != "error" || bad["statusCode"] != 404.0 || bad["error"] == "" || good["status"] != "ok" || good["latencyMs"] != 12.0 {
		t.Errorf("%s", g.body)
	}
	h.call(404, "POST /api/combos/test", map[string]any{"comboName": "none"})

	// A draft is asked as it stands in the editor, and stays a draft.
	g = h.call(200, "POST /api/combos/test", map[string]any{"comboName": "mix", "models": []any{"demo/simulated"}})
	if rows := g.at("results").([]any); len(rows) != 1 || g.str("resolvedBy") != "demo/simulated" {
		t.Errorf("draft: %s", g.body)
	}
	if g := h.call(200, "POST /api/combos/test", map[string]any{"models": []any{"demo/simulated"}}); g.str("resolvedBy") != "demo/simulated" {
		t.Errorf("nameless draft: %s", g.body)
	}
	if list := h.call(200, "GET /api/combos", nil).body; !strings.Contains(list, `"models":["openai/gpt-5","demo/simulated"]`) || strings.Contains(list, `"draft"`) {
		t.Errorf("a draft was stored: %s", list)
	}
}

func TestComboChangedElsewhere(t *testing.T) {
	h := newHouse(t)
	type m = map[string]any
	read := h.call(201, "POST /api/combos", m{"name": "mine", "models": []any{"demo/simulated"}})
	id, seen := read.str("combo.id"), read.str("combo.updatedAt")
	h.clock.advance(time.Second)
	first := h.call(200, "PUT /api/combos/"+id, m{"models": []any{"demo/simulated", "openai/gpt-5"}, "ifUpdatedAt": seen})
	h.clock.advance(time.Second)
	g := h.call(409, "PUT /api/combos/"+id, m{"name": "late", "ifUpdatedAt": seen})
	if g.str("error.kind") != "conflict" || !strings.Contains(g.body, "changed since it was read") {
		t.Errorf("%s", g.body)
	}
	h.call(200, "PUT /api/combos/"+id, m{"name": "late", "ifUpdatedAt": first.str("combo.updatedAt")})
}

func TestAliases(t *testing.T) {
	h := newHouse(t)
	type m = map[string]any
	if g := h.call(200, "GET /api/models/alias", nil); g.body != `{"aliases":[]}` {
		t.Errorf("empty list: %s", g.body)
	}
	h.call(200, "PUT /api/models/alias", m{"pattern": "claude-sonnet-*", "target": "cc/claude-sonnet-4-5"})
	h.call(200, "PUT /api/models/alias", m{"alias": "fast", "model": "demo/simulated"})
	g := h.call(200, "PUT /api/models/alias", m{"pattern": "fast", "target": "groq/llama-3.3-70b"})
	if g.body != `{"aliases":[{"pattern":"claude-sonnet-*","target":"cc/claude-sonnet-4-5"},{"pattern":"fast","target":"groq/llama-3.3-70b"}]}` {
		t.Errorf("%s", g.body)
	}
	for _, bad := range []m{{}, {"pattern": "x"}, {"target": "x"}, {"pattern": "x", "target": "x"}, {"pattern": "x", "alias": "y", "target": "z"}, {"pattern": "x", "target": "y", "kind": 1}} {
		h.call(400, "PUT /api/models/alias", bad)
	}
	h.call(404, "DELETE /api/models/alias?pattern=none", nil)
	h.call(400, "DELETE /api/models/alias", nil)
	h.call(204, "DELETE /api/models/alias?pattern=claude-sonnet-*", nil)
	h.call(204, "DELETE /api/models/alias?alias=fast", nil)
	if g := h.call(200, "GET /api/models/alias", nil); g.body != `{"aliases":[]}` {
		t.Errorf("after deleting: %s", g.body)
	}
}

func TestCustomModels(t *testing.T) {
	h := newHouse(t)
	type m = map[string]any
	g := h.call(201, "POST /api/provider-models", m{"provider": "openai", "modelId": "gpt-4.5-preview", "modelName": "GPT-4.5 Preview"})
	if g.str("model.id") != "gpt-4.5-preview" || g.str("model.provider") != "openai" {
		t.Errorf("%s", g.body)
	}
	h.call(201, "POST /api/provider-models", m{"provider": "cc", "modelId": "new"})
	h.call(201, "POST /api/provider-models", m{"provider": "cc", "modelId": "new", "modelName": "Newer"})
	if g := h.call(200, "GET /api/provider-models?provider=claude", nil); g.body != `{"models":[{"provider":"claude","id":"new","name":"Newer"}]}` {
		t.Errorf("%s", g.body)
	}
	if g := h.call(200, "GET /api/models/catalog", nil); !strings.Contains(g.body, `"id":"openai/gpt-4.5-preview","name":"GPT-4.5 Preview","type":"chat","custom":true`) {
		t.Error("the catalogue misses the custom model")
	}
	h.call(400, "POST /api/provider-models", m{"provider": "nobody", "modelId": "x"})
	h.call(400, "POST /api/provider-models", m{"provider": "openai"})
	h.call(400, "GET /api/provider-models?provider=nobody", nil)
	h.call(404, "DELETE /api/provider-models?provider=openai&model=none", nil)
	h.call(204, "DELETE /api/provider-models?provider=openai&model=gpt-4.5-preview", nil)
	if g := h.call(200, "GET /api/provider-models?provider=openai", nil); g.body != `{"models":[]}` {
		t.Errorf("%s", g.body)
	}
}

func TestKeys(t *testing.T) {
	h := newHouse(t)
	type m = map[string]any
	g := h.call(201, "POST /api/keys", m{"name": " codex ", "allowedModels": []string{"openai/*", "openai/*", "demo/simulated"}, "expiresAt": "2027-01-01T00:00:00Z"})
	text, id := g.str("key"), g.str("id")
	if !accounts.WellFormed(text) || g.str("name") != "codex" {
		t.Errorf("%s", g.body)
	}
	check := func(text string) accounts.KeyStatus {
		return h.keys.Check(h.holder.Now(), text, h.clock.now()).Status
	}
	if check(text) != accounts.KeyValid {
		t.Error("the key does not open")
	}
	list := h.call(200, "GET /api/keys", nil)
	if strings.Contains(list.body, text) || !strings.Contains(list.body, `"allowedModels":["openai/*","demo/simulated"]`) || !strings.Contains(list.body, `"masked":"sk-omni-`) {
		t.Errorf("%s", list.body)
	}
	for _, bad := range []m{
		{}, {"name": "x", "rpm": 5}, {"name": "x", "allowedIps": []string{"10.0.0.1"}}, {"name": "x", "expiresAt": "tomorrow"},
		{"name": "x", "expiresAt": "2020-01-01T00:00:00Z"}, {"name": "x", "allowedModels": []string{""}}, {"name": "x", "allowedModels": "openai/*"},
	} {
		h.call(400, "POST /api/keys", bad)
	}
	g = h.call(200, "PATCH /api/keys/"+id, m{"allowedModels": []string{}, "name": "all", "expiresAt": ""})
	if !strings.Contains(g.body, `"allowedModels":[]`) || g.at("expiresAt") != nil || g.str("name") != "all" {
		t.Errorf("%s", g.body)
	}
	h.call(200, "PATCH /api/keys/"+id, m{"disabled": true})
	if check(text) != accounts.KeyRevoked {
		t.Error("a key that was switched off opens")
	}
	h.call(200, "PATCH /api/keys/"+id, m{"disabled": false})
	next := h.call(200, "POST /api/keys/"+id+"/rotate", nil)
	if next.str("id") != id || check(text) != accounts.KeyRevoked || check(next.str("key")) != accounts.KeyValid {
		t.Errorf("rotate: %s", next.body)
	}
	h.call(204, "DELETE /api/keys/"+id, nil)
	if check(next.str("key")) != accounts.KeyRevoked {
		t.Error("a deleted key is not refused")
	}
	for _, text := range []string{"GET /api/keys/", "PATCH /api/keys/", "DELETE /api/keys/"} {
		h.call(404, text+id, m{})
	}
	h.call(404, "POST /api/keys/"+id+"/rotate", nil)
	if files := grepDir(t, h.dir, text[8:30]); len(files) > 0 {
		t.Errorf("the text of a key lies in %v", files)
	}
}

func TestExplain(t *testing.T) {
	h := newHouse(t)
	type m = map[string]any
	a := h.connect("openai", "sk-1")
	h.call(201, "POST /api/combos", m{"name": "mix", "models": []any{"groq/llama-3.3-70b", "openai/gpt-5", "demo/simulated"}})
	g := h.call(200, "POST /api/route/explain", m{"model": "auto"})
	if g.str("combo") != "mix" || !strings.Contains(g.body, `"candidates":[{"target":"openai/gpt-5@mine"`) || !strings.Contains(g.body, `"skipped":[{"target":"groq/llama-3.3-70b"`) {
		t.Errorf("%s", g.body)
	}
	lease, _ := h.board.Admit(config.Target{Provider: "openai", Account: a, Model: "gpt-5"}, false)
	lease.Done(fault.New(fault.Quota, "test", "The window is used up.").With(func(e *fault.Error) { e.Scope, e.RetryAfter = fault.ScopeAccount, 60e9 }))
	g = h.call(200, "POST /api/route/explain", m{"body": m{"model": "mix"}, "format": "anthropic"})
	if !strings.Contains(g.body, `"candidates":[{"target":"demo/simulated@demo"`) || !strings.Contains(g.body, `{"target":"openai/gpt-5@mine","why":"The window is used up.","code":"quota_exhausted","args":{"until":"2026-11-25T12:01:00Z"},"health":`) {
		t.Errorf("while resting: %s", g.body)
	}
	h.call(404, "POST /api/route/explain", m{"model": "nobody/x"})
	h.call(400, "POST /api/route/explain", m{})
	h.call(400, "POST /api/route/explain", m{"model": "mix", "format": "xml"})
	h.call(400, "POST /api/route/explain", m{"model": "mix", "keyId": "nope"})
	h.call(400, "POST /api/route/explain", m{"model": "mix", "body": []int{1}})
}

func TestResilienceView(t *testing.T) {
	h := newHouse(t)
	id := h.connect("openai", "sk-1")
	target := config.Target{Provider: "openai", Account: id, Model: "gpt-5"}
	for range 5 {
		lease, _ := h.board.Admit(target, true)
		lease.Done(fault.New(fault.Upstream, "test", "It failed."))
	}
	lease, _ := h.board.Admit(target, true)
	lease.Done(fault.New(fault.RateLimited, "test", "Slow down.").With(func(e *fault.Error) { e.Scope, e.RetryAfter = fault.ScopeModel, 90e9 }))
	g := h.call(200, "GET /api/resilience", nil)
	for _, part := range []string{
		`"circuitBreakers":[{"provider":"openai","state":"OPEN","failureCount":5,"retryAt":"2026-11-25T12:00:15Z"`,
		`"cooldowns":[{"target":"openai/gpt-5@mine","until":"2026-11-25T12:01:30Z","why":"Slow down."}]`, `"lockouts":[]`,
		`"failureThreshold":5`, `"resetTimeoutMs":15000`, `"requestsPerMinute":0`,
	} {
		if !strings.Contains(g.body, part) {
			t.Errorf("%s\nlacks %s", g.body, part)
		}
	}
	if g := h.call(200, "POST /api/resilience/reset", nil); g.at("resetCount") != 2.0 {
		t.Errorf("%s", g.body)
	}
	if g := h.call(200, "GET /api/resilience", nil); !strings.Contains(g.body, `"state":"CLOSED","failureCount":0`) || !strings.Contains(g.body, `"cooldowns":[]`) {
		t.Errorf("after the reset: %s", g.body)
	}
}

func TestPreviewOfAStoredCombo(t *testing.T) {
	h := newHouse(t)
	type m = map[string]any
	h.call(201, "POST /api/combos", m{"name": "one", "models": []any{"demo/simulated"}})
	if g := h.call(200, "POST /api/combos/preview", m{"name": "one"}); !strings.Contains(g.body, `"model":"demo/simulated"`) || !strings.Contains(g.body, `"verdict":"would_answer"`) {
		t.Errorf("a stored combo named without its models: %s", g.body)
	}
	for _, in := range []m{{"name": "one", "models": []any{}}, {"name": "other"}} {
		if g := h.call(200, "POST /api/combos/preview", in); !strings.Contains(g.body, `"rows":[]`) {
			t.Errorf("%v shows steps that nobody drafted: %s", in, g.body)
		}
	}
}

func TestFallbackChains(t *testing.T) {
	type m = map[string]any
	h := newHouse(t)
	if g := h.call(200, "GET /api/fallback/chains", nil); g.body != `{"chains":[]}`+"\n" && g.body != `{"chains":[]}` {
		t.Errorf("none yet: %s", g.body)
	}
	h.call(200, "POST /api/fallback/chains", m{"name": "prod", "models": []string{"demo/simulated", " groq/x "}})
	h.call(200, "POST /api/fallback/chains", m{"name": "spare", "models": []string{"demo/simulated"}, "enabled": false})
	g := h.call(200, "POST /api/fallback/chains", m{"name": "prod", "models": []string{"auto/cheap"}})
	if want := `{"chains":[{"name":"prod","models":["auto/cheap"],"enabled":true},{"name":"spare","models":["demo/simulated"],"enabled":false}]}`; !strings.Contains(g.body, want) {
		t.Errorf("%s, want %s", g.body, want)
	}
	for _, bad := range []m{
		{"models": []string{"demo/simulated"}}, {"name": "x"}, {"name": "x", "models": []string{" "}}, {"name": "x", "models": []string{"nobody/x"}}, {"name": "x", "models": []string{"a"}, "extra": 1},
	} {
		if g := h.do(ask{text: "POST /api/fallback/chains", body: bad}); g.status != 400 {
			t.Errorf("%v: %d %s", bad, g.status, g.body)
		}
	}
	h.call(404, "DELETE /api/fallback/chains?name=nope", nil)
	h.call(400, "DELETE /api/fallback/chains", nil)
	h.call(204, "DELETE /api/fallback/chains?name=prod", nil)
	combo := h.call(201, "POST /api/combos", m{"name": "old", "models": []string{"demo/simulated"}}).str("combo.id")
	h.call(200, "POST /api/fallback/chains", m{"name": "spare", "models": []string{"old"}})
	h.call(200, "PUT /api/combos/"+combo, m{"name": "new"})
	if g := h.call(200, "GET /api/fallback/chains", nil); !strings.Contains(g.body, `"models":["new"]`) {
		t.Errorf("the chain did not follow a combo's new name: %s", g.body)
	}
}

func TestComboDefaults(t *testing.T) {
	type m = map[string]any
	h := newHouse(t)
	h.call(200, "PATCH /api/settings/combo-defaults", m{"comboDefaults": m{"strategy": "random"}})
	g := h.call(200, "PATCH /api/settings/combo-defaults", m{"providerOverrides": m{"groq": m{"fallbackStrategy": "p2c"}}})
	if want := `{"comboDefaults":{"strategy":"random"},"providerOverrides":{"groq":{"fallbackStrategy":"p2c"}}}`; !strings.Contains(g.body, want) {
		t.Errorf("%s", g.body)
	}
	if g := h.call(201, "POST /api/combos", m{"name": "x", "models": []string{"demo/simulated"}}); g.str("combo.strategy") != "random" {
		t.Errorf("%s", g.body)
	}
	h.call(400, "PATCH /api/settings/combo-defaults", m{"providerOverrides": m{"groq": m{"fallbackStrategy": "best"}}})
}
