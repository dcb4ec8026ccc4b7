package gateway_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"omniroute/backend/testkit"
	"omniroute/backend/wire"
)

// by tells whose request it was, as the books have it.
func by(t *testing.T, g *testkit.Gateway, r *testkit.Reply) string {
	t.Helper()
	logged := g.Logged(r.ID())
	if len(logged) != 1 {
		t.Fatalf("%d entries in the log for %v", len(logged), r)
	}
	return logged[0]["apiKeyId"].(string)
}

// The order of places (rulings 1.6): the first that has our prefix counts,
// and x-omniroute-key alone decides when it is there.
func TestWhereAKeyIsLookedFor(t *testing.T) {
	g := testkit.Start(t)
	idA, a := g.Key("a")
	_, b := g.Key("b")
	for _, c := range []struct {
		name, query string
		headers     []string
		want        string
	}{
		{"none", "", nil, ""},
		{"bearer", "", []string{"Authorization", "Bearer " + a}, idA},
		{"bearer, other case", "", []string{"Authorization", "bearer  " + a}, idA},
		{"x-api-key", "", []string{"x-api-key", a}, idA},
		{"x-goog-api-key", "", []string{"x-goog-api-key", a}, idA},
		{"query", "?key=" + a, nil, idA},
		{"query among others", "?alt=sse&key=" + a + "&x=1", nil, idA},
		{"own header", "", []string{"x-omniroute-key", a}, idA},
		{"own header wins", "", []string{"x-omniroute-key", a, "x-api-key", b, "Authorization", "Bearer " + b}, idA},
		{"own header decides alone", "", []string{"x-omniroute-key", "sk-other", "x-api-key", b}, ""},
		{"own header empty decides alone", "", []string{"x-omniroute-key", "", "x-api-key", b}, ""},
		{"x-api-key before bearer", "", []string{"x-api-key", a, "Authorization", "Bearer " + b}, idA},
		{"x-goog before bearer", "", []string{"x-goog-api-key", a, "Authorization", "Bearer " + b}, idA},
		{"header before query", "?key=" + b, []string{"Authorization", "Bearer " + a}, idA},
		{"foreign ones are passed over", "?key=" + a, []string{"x-api-key", "sk-ant-1", "x-goog-api-key", "AIza", "Authorization", "Bearer sk-proj"}, idA},
		{"sample key of the documents", "", []string{"Authorization", "Bearer sk_omniroute"}, ""},
		{"foreign key alone", "", []string{"x-api-key", "sk-ant-api03-xxx"}, ""},
		{"damaged key", "", []string{"x-api-key", a[:len(a)-1] + "~"}, ""},
		{"cookie is no place", "", []string{"Cookie", "key=" + a + "; auth_token=" + a}, ""},
		{"basic is no place", "", []string{"Authorization", "Basic " + a}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := g.Post("/v1/chat/completions"+c.query, body(wire.OpenAIChat, "demo/simulated", false), c.headers...)
			if r.Status != 200 {
				t.Fatalf("%d %s", r.Status, r.Body)
			}
			if got := by(t, g, r); got != c.want {
				t.Errorf("booked on %q, want %q", got, c.want)
			}
		})
	}
	for _, secret := range []string{a, b} {
		if strings.Contains(g.Log.String(), secret) {
			t.Error("a key stands in the log")
		}
	}
}

func TestRevokedAndExpiredKeysAreAlwaysRefused(t *testing.T) {
	var ahead atomic.Int64
	g := testkit.Start(t, testkit.Clock(func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }))
	idGone, gone := g.Key("gone")
	idOff, off := g.Key("off")
	idOld, old := g.Key("old")
	idTurned, turned := g.Key("turned")
	g.API("DELETE", "/api/keys/"+idGone, nil)
	g.API("PATCH", "/api/keys/"+idOff, map[string]any{"disabled": true})
	g.API("PATCH", "/api/keys/"+idOld, map[string]any{"expiresAt": time.Now().Add(time.Hour).UTC().Format(time.RFC3339)})
	next := g.API("POST", "/api/keys/"+idTurned+"/rotate", nil)["key"].(string)
	if r := g.Ask(wire.OpenAIChat, "demo/simulated", false, "x-api-key", old); r.Status != 200 {
		t.Errorf("before its time is over: %d %s", r.Status, r.Body)
	}
	if r := g.Ask(wire.OpenAIChat, "demo/simulated", false, "x-api-key", next); r.Status != 200 || by(t, g, r) != idTurned {
		t.Errorf("the new text of a key: %d %s", r.Status, r.Body)
	}
	ahead.Store(int64(2 * time.Hour))
	for name, c := range map[string]struct{ key, says string }{
		"deleted": {gone, "revoked"}, "switched off": {off, "revoked"}, "expired": {old, "expired"}, "replaced": {turned, "revoked"},
	} {
		for _, f := range clients() {
			for _, header := range []string{"Authorization", "x-api-key", "x-goog-api-key", "x-omniroute-key"} {
				value := c.key
				if header == "Authorization" {
					value = "Bearer " + value
				}
				refused(t, g.Ask(f, "demo/simulated", false, header, value), f, 401, c.says)
			}
			path, b := testkit.Ask(f, "demo/simulated", "hi", false)
			refused(t, g.Post(path+"?key="+c.key, b), f, 401, c.says)
		}
		for _, path := range []string{"/v1/models", "/v1beta/models", "/api/tags"} {
			if r := g.Get(path, "x-api-key", c.key); r.Status != 401 {
				t.Errorf("%s: %s: %d", name, path, r.Status)
			}
		}
		if strings.Contains(g.Log.String(), c.key) {
			t.Errorf("%s: the key stands in the log", name)
		}
	}
}

func TestKeysAreRequiredWhereTheyAre(t *testing.T) {
	g := testkit.Start(t, testkit.Env("REQUIRE_API_KEY", "true"))
	_, key := g.Key("k")
	for _, f := range clients() {
		for _, stream := range []bool{false, true} {
			refused(t, g.Ask(f, "demo/simulated", stream), f, 401, "key")
			refused(t, g.Ask(f, "demo/simulated", stream, "Authorization", "Bearer sk_omniroute"), f, 401, "key")
			refused(t, g.Ask(f, "demo/simulated", stream, "x-omniroute-key", "", "x-api-key", key), f, 401, "key")
			if r := g.Ask(f, "demo/simulated", stream, "x-api-key", key); r.Status != 200 {
				t.Errorf("%s: %d %s", f, r.Status, r.Body)
			}
		}
	}
	for _, path := range []string{"/v1/models", "/v1beta/models", "/api/tags", "/v1/models/demo/simulated"} {
		if r := g.Get(path); r.Status != 401 {
			t.Errorf("%s without a key: %d", path, r.Status)
		}
		if r := g.Get(path, "x-api-key", key); r.Status != 200 {
			t.Errorf("%s with a key: %d %s", path, r.Status, r.Body)
		}
	}
	for path, f := range map[string]wire.Format{"/v1/messages/count_tokens": wire.Anthropic, "/v1/responses/input_tokens": wire.OpenAIResponses, "/v1beta/models/demo/simulated:countTokens": wire.Gemini} {
		refused(t, g.Post(path, body(f, "demo/simulated", false)), f, 401, "key")
	}
	for _, path := range []string{"/healthz", "/"} {
		if r := g.Get(path); r.Status != 200 {
			t.Errorf("%s needs no key: %d", path, r.Status)
		}
	}
	// A key of /v1 opens nothing else, and the admin token is no key of /v1.
	if r := g.Get("/api/keys", "Authorization", "Bearer "+key, "X-Forwarded-For", "1.2.3.4"); r.Status != 401 {
		t.Errorf("/api with a key: %d", r.Status)
	}
	if r := g.Ask(wire.OpenAIChat, "demo/simulated", false, "Authorization", "Bearer "+g.Token()); r.Status != 401 {
		t.Errorf("/v1 with the admin token: %d", r.Status)
	}
}

func TestKeysOpenOnlyTheirModels(t *testing.T) {
	g := testkit.Start(t)
	one := g.Upstream("one", wire.OpenAIChat)
	two := g.Upstream("two", wire.OpenAIChat)
	g.Combo("team", "two/m", "one/m")
	g.API("PUT", "/api/models/alias", map[string]any{"pattern": "cheap", "target": "two/m"})
	_, key := g.Key("k", "one/*", "team")
	for _, f := range clients() {
		for _, stream := range []bool{false, true} {
			for model, want := range map[string]int{"one/m": 200, "one/other": 200, "team": 200, "two/m": 403, "cheap": 403, "demo/simulated": 403, "auto": 403, "m": 403} {
				r := g.Ask(f, model, stream, "x-api-key", key)
				if want == 403 {
					refused(t, r, f, 403, "not allowed")
				} else if r.Status != want {
					t.Errorf("%s %s: %d %s", f, model, r.Status, r.Body)
				}
			}
		}
	}
	if r := g.Post("/v1/providers/two/chat/completions", body(wire.OpenAIChat, "one/m", false), "x-api-key", key); r.Status == 200 {
		t.Errorf("a dedicated route leads around the list: %d", r.Status)
	}
	if r := g.Post("/v1/providers/two/chat/completions", body(wire.OpenAIChat, "m", false), "x-api-key", key); r.Status != 403 {
		t.Errorf("a dedicated route with a bare name: %d %s", r.Status, r.Body)
	}
	if r := g.Post("/v1/providers/one/chat/completions", body(wire.OpenAIChat, "m", false), "x-api-key", key); r.Status != 200 {
		t.Errorf("a dedicated route to an allowed model: %d %s", r.Status, r.Body)
	}
	g.API("POST", "/api/provider-models", map[string]any{"provider": "two", "modelId": "one/m", "modelName": "looks like another's"})
	if r := g.Post("/v1/providers/two/chat/completions", body(wire.OpenAIChat, "one/m", false), "x-api-key", key); r.Status != 403 {
		t.Errorf("a model whose id looks like another's: %d %s", r.Status, r.Body)
	}
	if n := two.Count(); n == 0 || one.Count() == 0 {
		t.Errorf("calls: one %d, two %d", one.Count(), n)
	}
	var ids []string
	for _, m := range g.Get("/v1/models", "x-api-key", key).JSON()["data"].([]any) {
		ids = append(ids, m.(map[string]any)["id"].(string))
	}
	if fmt.Sprint(ids) != "[team one/m]" {
		t.Errorf("the list shows %v", ids)
	}
	if r := g.Get("/v1/models/two/m", "x-api-key", key); r.Status != 404 {
		t.Errorf("a hidden model can be read: %d", r.Status)
	}
	for path, f := range map[string]wire.Format{"/v1/messages/count_tokens": wire.Anthropic, "/v1/responses/input_tokens": wire.OpenAIResponses, "/v1beta/models/two/m:countTokens": wire.Gemini} {
		refused(t, g.Post(path, body(f, "two/m", false), "x-api-key", key), f, 403, "not allowed")
	}
}
