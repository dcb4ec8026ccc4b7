package control

import (
	"strings"
	"testing"

	"omniroute/backend/config"
)

func TestSettings(t *testing.T) {
	h := newHouse(t)
	type m = map[string]any
	all := h.call(200, "GET /api/settings", nil)
	for _, key := range []string{
		"cloudEnabled", "stickyRoundRobinLimit", "requireLogin", "setupComplete", "fallbackStrategy", "wildcardAliases", "requireAuthForModels", "blockedProviders",
		"hideHealthCheckLogs", "theme", "language", "instanceName", "corsOrigins", "logRetentionDays", "cloudUrl", "baseUrl", "enableRequestLogs", "enableSocks5Proxy",
		"comboDefaults", "providerOverrides", "providerProfiles", "rateLimitDefaults", "thinkingBudget", "systemPrompt", "activeCombo", "hasPassword", "requireApiKey",
	} {
		if v, there := all.json[key]; !there || v == nil {
			t.Errorf("%s is missing: %v", key, v)
		}
	}
	if _, there := all.json["password"]; there {
		t.Error("the password is shown")
	}
	for _, c := range []struct {
		body m
		want int
		then string // part of the answer
	}{
		{m{"fallbackStrategy": "least-used", "stickyRoundRobinLimit": 5}, 200, `"fallbackStrategy":"least-used","stickyRoundRobinLimit":5`},
		{m{"theme": "system"}, 200, `"theme":"system","language":""`}, // nobody chose: the page speaks the system's
		{m{"theme": "dark", "language": "pt-BR", "instanceName": "home"}, 200, `"theme":"dark","language":"pt-BR","instanceName":"home"`},
		{m{"blockedProviders": []string{"cc", "openai", "cc"}}, 200, `"blockedProviders":["claude","openai"]`},
		{m{"wildcardAliases": []m{{"pattern": "gpt-*", "target": "gh/gpt-5"}}}, 200, `"wildcardAliases":[{"pattern":"gpt-*","target":"gh/gpt-5"}]`},
		{m{"comboDefaults": m{"maxRetries": 1}, "systemPrompt": m{"enabled": true, "prompt": "Be brief."}}, 200, `"comboDefaults":{"maxRetries":1}`},
		{m{"cloudEnabled": true, "cloudUrl": "https://sync.example"}, 200, `"cloudEnabled":true,"cloudUrl":"https://sync.example"`},
		{m{"logRetentionDays": 30, "hideHealthCheckLogs": true, "requireAuthForModels": true, "setupComplete": true}, 200, `"logRetentionDays":30`},
		{m{"requireApiKey": true}, 200, `"requireApiKey":true`},
		{m{}, 200, `"requireApiKey":true`},
		{m{"unknownKey": 1}, 400, "unknownKey"},
		{m{"fallbackStrategy": "best"}, 400, "fallbackStrategy"},
		{m{"stickyRoundRobinLimit": 1001}, 400, "stickyRoundRobinLimit"},
		{m{"stickyRoundRobinLimit": "3"}, 400, "stickyRoundRobinLimit"},
		{m{"logRetentionDays": 0}, 400, "logRetentionDays"},
		{m{"theme": "pink"}, 400, "theme"},
		{m{"language": "<b>"}, 400, "language"},
		{m{"blockedProviders": []string{"nobody"}}, 400, "nobody"},
		{m{"wildcardAliases": []m{{"pattern": "plain", "target": "x"}}}, 400, "plain"},
		{m{"comboDefaults": "x"}, 400, "comboDefaults"},
		{m{"cloudUrl": "http://sync.example"}, 400, "cloudUrl"},
		{m{"activeCombo": "none"}, 400, "none"},
		{m{"corsOrigins": []string{"https://evil.test"}}, 409, "CORS_ORIGIN"},
		{m{"baseUrl": "https://evil.test"}, 409, "BASE_URL"},
		{m{"rev": 1, "theme": "light"}, 409, "changed elsewhere"},
	} {
		before := h.holder.Now().Rev
		g := h.do(ask{text: "PATCH /api/settings", body: c.body})
		if g.status != c.want || !strings.Contains(g.body, c.then) {
			t.Errorf("%v: %d %s\nwant %d with %s", c.body, g.status, g.body, c.want, c.then)
		}
		if g.status >= 400 && h.holder.Now().Rev != before {
			t.Errorf("%v was refused but changed the settings", c.body)
		}
	}
	h.call(201, "POST /api/combos", m{"name": "one", "models": []any{"demo/simulated"}})
	id := h.call(201, "POST /api/combos", m{"name": "two", "models": []any{"demo/simulated"}}).str("combo.id")
	if g := h.call(200, "PUT /api/settings", m{"activeCombo": "two"}); g.str("activeCombo") != id {
		t.Errorf("active by name: %s", g.body)
	}
	whole := h.call(200, "GET /api/settings", nil)
	if g := h.call(200, "PUT /api/settings", whole.json); g.at("rev") != whole.at("rev").(float64)+1 {
		t.Errorf("what was read cannot be sent back: %s", g.body)
	}
}

func TestSettingsOfTheEnvironment(t *testing.T) {
	h := open(t, t.TempDir(), func(_ *AccessOptions, r *Rooms) {
		r.BaseURL, r.CORSOrigins = "https://gw.example.com", []string{"https://app.example.com"}
	})
	yes := true
	h.holder.Override(config.Overrides{RequireAPIKey: &yes, Locks: []config.Lock{{Setting: "requireApiKey", Value: "true", Why: "REQUIRE_API_KEY is set in the environment."}}})
	g := h.call(200, "GET /api/settings", nil)
	if g.at("requireApiKey") != true || g.str("locked.requireApiKey.why") == "" || g.str("baseUrl") != "https://gw.example.com" || g.str("locked.corsOrigins.value") != "https://app.example.com" {
		t.Errorf("%s", g.body)
	}
	if g := h.call(409, "PATCH /api/settings", map[string]any{"requireApiKey": false}); !strings.Contains(g.body, "REQUIRE_API_KEY") {
		t.Errorf("%s", g.body)
	}
	h.call(200, "PUT /api/settings", g.json)
}
