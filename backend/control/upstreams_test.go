package control

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"omniroute/backend/accounts"
	"omniroute/backend/config"
	"omniroute/backend/fault"
	"omniroute/backend/providers"
)

func (h *house) node(prefix, base string) string {
	h.t.Helper()
	return h.call(201, "POST /api/provider-nodes", map[string]any{"name": "Node " + prefix, "prefix": prefix, "type": "openai-compatible", "apiType": "chat", "baseUrl": base}).str("node.id")
}

func (h *house) connect(provider, key string) string {
	h.t.Helper()
	return h.call(201, "POST /api/providers", map[string]any{"provider": provider, "name": "mine", "apiKey": key}).str("connection.id")
}

// secret is what the vault holds for an account and origin, "" = nothing.
func (h *house) secret(id, origin string) string {
	h.t.Helper()
	b, err := h.vault.Get(id, origin)
	if errors.Is(err, accounts.ErrNoSecret) {
		return ""
	}
	if err != nil {
		h.t.Fatal(err)
	}
	return string(b)
}

func TestNodes(t *testing.T) {
	h := newHouse(t)
	for _, c := range []struct {
		name string
		body map[string]any
		want int
		base string
	}{
		{"chat", map[string]any{"prefix": "a", "type": "openai-compatible", "apiType": "chat", "baseUrl": "http://127.0.0.1:9/x/v1"}, 201, "http://127.0.0.1:9/x/v1"},
		{"without version", map[string]any{"prefix": "b", "type": "openai-compatible", "apiType": "responses", "baseUrl": "http://Host.example/"}, 201, "http://host.example/v1"},
		{"pasted whole", map[string]any{"prefix": "c", "type": "openai-compatible", "baseUrl": "https://h.example/v1/chat/completions"}, 201, "https://h.example/v1"},
		{"anthropic", map[string]any{"prefix": "d", "type": "anthropic-compatible", "baseUrl": "https://h.example"}, 201, "https://h.example/v1"},
		{"gemini", map[string]any{"prefix": "e", "type": "gemini-compatible", "baseUrl": "https://h.example"}, 201, "https://h.example/v1beta"},
		{"prefix in use", map[string]any{"prefix": "a", "type": "openai-compatible", "baseUrl": "http://127.0.0.1:9"}, 409, ""},
		{"prefix in use, other case", map[string]any{"prefix": "A", "type": "openai-compatible", "baseUrl": "http://127.0.0.1:9"}, 409, ""},
		{"bad prefix", map[string]any{"prefix": "a/b", "type": "openai-compatible", "baseUrl": "http://127.0.0.1:9"}, 400, ""},
		{"no prefix", map[string]any{"type": "openai-compatible", "baseUrl": "http://127.0.0.1:9"}, 400, ""},
		{"no type", map[string]any{"prefix": "x", "baseUrl": "http://127.0.0.1:9"}, 400, ""},
		{"bad type", map[string]any{"prefix": "x", "type": "cohere-compatible", "baseUrl": "http://127.0.0.1:9"}, 400, ""},
		{"bad apiType", map[string]any{"prefix": "x", "type": "openai-compatible", "apiType": "edits", "baseUrl": "http://127.0.0.1:9"}, 400, ""},
		{"no base", map[string]any{"prefix": "x", "type": "openai-compatible"}, 400, ""},
		{"metadata", map[string]any{"prefix": "x", "type": "openai-compatible", "baseUrl": "http://169.254.169.254/v1"}, 400, ""},
		{"metadata by name", map[string]any{"prefix": "x", "type": "openai-compatible", "baseUrl": "http://metadata.google.internal"}, 400, ""},
		{"file", map[string]any{"prefix": "x", "type": "openai-compatible", "baseUrl": "file:///etc/passwd"}, 400, ""},
		{"decimal", map[string]any{"prefix": "x", "type": "openai-compatible", "baseUrl": "http://2130706433"}, 400, ""},
		{"hex", map[string]any{"prefix": "x", "type": "openai-compatible", "baseUrl": "http://0x7f000001"}, 400, ""},
		{"password in it", map[string]any{"prefix": "x", "type": "openai-compatible", "baseUrl": "http://u:p@h.example"}, 400, ""},
		{"ourselves", map[string]any{"prefix": "x", "type": "openai-compatible", "baseUrl": "http://localhost:20128/v1"}, 400, ""},
		{"unknown field", map[string]any{"prefix": "x", "type": "openai-compatible", "baseUrl": "http://127.0.0.1:9", "headers": map[string]any{}}, 400, ""},
	} {
		c.body["name"] = c.name
		g := h.do(ask{text: "POST /api/provider-nodes", body: c.body})
		if g.status != c.want || g.str("node.baseUrl") != c.base {
			t.Errorf("%s: %d %s, want %d %s", c.name, g.status, g.body, c.want, c.base)
		}
		if c.want == 400 && g.str("error.kind") != "invalid" || c.want == 409 && g.str("error.kind") != "conflict" {
			t.Errorf("%s: %s", c.name, g.body)
		}
	}
	list := h.call(200, "GET /api/provider-nodes", nil)
	if n := len(list.at("nodes").([]any)); n != 5 {
		t.Errorf("%d nodes, want 5: %s", n, list.body)
	}
	h.call(404, "PUT /api/provider-nodes/nope", map[string]any{"name": "x"})
	h.call(404, "DELETE /api/provider-nodes/nope", nil)
}

func TestDeletingANodeTakesItsConnections(t *testing.T) {
	h := newHouse(t)
	node := h.node("box", "http://127.0.0.1:9")
	id := h.connect(node, "sk-one")
	if h.secret(id, "http://127.0.0.1:9") != "sk-one" {
		t.Fatal("the key is not in the vault")
	}
	h.call(204, "DELETE /api/provider-nodes/"+node, nil)
	if n := len(h.holder.Now().Accounts); n != 0 {
		t.Errorf("%d connections are left", n)
	}
	h.undoTimePasses()
	if h.secret(id, "http://127.0.0.1:9") != "" {
		t.Error("the key is still in the vault")
	}
}

func TestMovingANodeTakesKeysAway(t *testing.T) {
	h := newHouse(t)
	node := h.node("box", "http://127.0.0.1:9")
	follows := h.connect(node, "sk-follows")
	own := h.call(201, "POST /api/providers", map[string]any{"provider": node, "name": "own", "apiKey": "sk-own", "baseUrl": "http://127.0.0.1:8"}).str("connection.id")
	h.call(200, "PUT /api/provider-nodes/"+node, map[string]any{"name": "renamed"})
	h.call(200, "PUT /api/provider-nodes/"+node, map[string]any{"baseUrl": "http://127.0.0.1:9/other/v1"}, h.admin())
	if h.secret(follows, "http://127.0.0.1:9") != "sk-follows" {
		t.Error("another path on the same host took the key")
	}
	g := h.call(200, "PUT /api/provider-nodes/"+node, map[string]any{"baseUrl": "http://127.0.0.1:7"}, h.admin())
	if g.str("node.baseUrl") != "http://127.0.0.1:7/v1" {
		t.Errorf("node: %s", g.body)
	}
	for id, want := range map[string]string{follows: "needs-key", own: "untested"} {
		if g := h.call(200, "GET /api/providers/"+id, nil); g.str("connection.status") != want {
			t.Errorf("status %s, want %s", g.str("connection.status"), want)
		}
	}
	if h.secret(follows, "http://127.0.0.1:9") != "" || h.secret(follows, "http://127.0.0.1:7") != "" || h.secret(own, "http://127.0.0.1:8") != "sk-own" {
		t.Error("the wrong keys were deleted")
	}
}

func TestConnecting(t *testing.T) {
	h := newHouse(t)
	node := h.node("box", "http://127.0.0.1:9")
	type m = map[string]any
	for _, c := range []struct {
		name   string
		body   m
		want   int
		field  string // named by the error
		kind   string
		base   string
		status string
	}{
		{name: "a key", body: m{"provider": "openai", "apiKey": " sk-1 \n"}, want: 201, kind: "apikey", base: "https://api.openai.com/v1", status: "untested"},
		{name: "by prefix", body: m{"provider": "ds", "apiKey": "sk-1"}, want: 201, kind: "apikey", base: "https://api.deepseek.com/v1", status: "untested"},
		{name: "a node", body: m{"provider": node, "apiKey": "sk-1"}, want: 201, kind: "apikey", base: "http://127.0.0.1:9/v1", status: "untested"},
		{name: "a node without a key", body: m{"provider": node}, want: 201, kind: "none", base: "http://127.0.0.1:9/v1", status: "untested"},
		{name: "a node by prefix", body: m{"provider": "box", "apiKey": "sk-2"}, want: 201, kind: "apikey", base: "http://127.0.0.1:9/v1", status: "untested"},
		{name: "a local server", body: m{"provider": "ollama-local"}, want: 201, kind: "none", base: "http://127.0.0.1:11434/v1", status: "untested"},
		{name: "another host", body: m{"provider": "openai", "apiKey": "sk-1", "baseUrl": "https://eu.example/openai/"}, want: 201, kind: "apikey", base: "https://eu.example/openai/v1", status: "untested"},
		{name: "a parameter", body: m{"provider": "cloudflare-ai", "apiKey": "k", "params": m{"account_id": "abc"}}, want: 201, kind: "apikey", base: "https://api.cloudflare.com/client/v4/accounts/abc/ai/v1", status: "untested"},
		{name: "a relay", body: m{"provider": "claude", "kind": "relay"}, want: 201, kind: "relay", base: "https://api.anthropic.com", status: "ready"},
		{name: "no provider", body: m{"apiKey": "k"}, want: 400, field: "provider"},
		{name: "unknown provider", body: m{"provider": "nobody", "apiKey": "k"}, want: 400, field: "provider"},
		{name: "demo", body: m{"provider": "demo"}, want: 400, field: "demo"},
		{name: "no key", body: m{"provider": "openai"}, want: 400, field: "apiKey"},
		{name: "no key, said so", body: m{"provider": "openai", "kind": "none"}, want: 400, field: "apiKey"},
		{name: "two lines", body: m{"provider": "openai", "apiKey": "a\nb"}, want: 400, field: "key"},
		{name: "our own key", body: m{"provider": "openai", "apiKey": "sk-omni-abc"}, want: 400, field: "this gateway"},
		{name: "missing parameter", body: m{"provider": "cloudflare-ai", "apiKey": "k"}, want: 400, field: "account_id"},
		{name: "unknown parameter", body: m{"provider": "openai", "apiKey": "k", "params": m{"zone": "1"}}, want: 400, field: "zone"},
		{name: "login needed", body: m{"provider": "claude", "apiKey": "k"}, want: 400, field: "login"},
		{name: "ended", body: m{"provider": "qwen", "apiKey": "k"}, want: 400, field: ""},
		{name: "media only", body: m{"provider": "deepgram", "apiKey": "k"}, want: 400, field: "media"},
		{name: "relay with a key", body: m{"provider": "claude", "kind": "relay", "apiKey": "k"}, want: 400, field: "relay"},
		{name: "relay of a key provider", body: m{"provider": "openai", "kind": "relay"}, want: 400, field: "relay"},
		{name: "relay of a node", body: m{"provider": node, "kind": "relay"}, want: 400, field: "relay"},
		{name: "unknown kind", body: m{"provider": "openai", "kind": "oauth", "apiKey": "k"}, want: 400, field: "kind"},
		{name: "metadata", body: m{"provider": "openai", "apiKey": "k", "baseUrl": "http://169.254.169.254"}, want: 400},
		{name: "ourselves", body: m{"provider": "openai", "apiKey": "k", "baseUrl": "http://127.0.0.1:20128"}, want: 400},
		{name: "negative priority", body: m{"provider": "openai", "apiKey": "k", "priority": -1}, want: 400, field: "priority"},
		{name: "wrong type", body: m{"provider": "openai", "apiKey": 7}, want: 400, field: "apiKey"},
		{name: "unknown field", body: m{"provider": "openai", "apiKey": "k", "globalPriority": 1}, want: 400, field: "globalPriority"},
	} {
		c.body["name"] = c.name
		g := h.do(ask{text: "POST /api/providers", body: c.body})
		if g.status != c.want || g.str("connection.kind") != c.kind || g.str("connection.baseUrl") != c.base || g.str("connection.status") != c.status {
			t.Errorf("%s: %d %s", c.name, g.status, g.body)
		}
		if c.field != "" && !strings.Contains(g.str("error.message"), c.field) {
			t.Errorf("%s: %q does not name %q", c.name, g.str("error.message"), c.field)
		}
		if strings.Contains(g.body, "sk-1") {
			t.Errorf("%s: the answer shows the key: %s", c.name, g.body)
		}
	}
	if n := len(h.holder.Now().Accounts); n != 9 {
		t.Errorf("%d connections, want 9", n)
	}
	h.call(400, "POST /api/providers", map[string]any{"provider": "openai", "apiKey": "k"}) // no name
}

func TestRelay(t *testing.T) {
	h := newHouse(t)
	relay := map[string]any{"provider": "claude", "kind": "relay", "name": "own login"}
	g := h.call(201, "POST /api/providers", relay)
	if g.str("notice") == "" {
		t.Errorf("no notice: %s", g.body)
	}
	id := g.str("connection.id")
	relay["baseUrl"] = "http://127.0.0.1:7777/relay"
	h.call(401, "POST /api/providers", relay)
	if g := h.call(201, "POST /api/providers", relay, h.admin()); !strings.HasPrefix(g.str("connection.baseUrl"), "http://127.0.0.1:7777/relay") {
		t.Errorf("relay: %s", g.body)
	}
	for _, base := range []string{"https://relay.example", "http://192.168.1.2", "http://localhost.evil.test"} {
		relay["baseUrl"] = base
		h.call(400, "POST /api/providers", relay, h.admin())
	}
	h.call(400, "PUT /api/providers/"+id, map[string]any{"baseUrl": "https://relay.example"}, h.admin())
	h.call(400, "PUT /api/providers/"+id, map[string]any{"apiKey": "k"}, h.admin())
	h.call(401, "PUT /api/providers/"+id, map[string]any{"baseUrl": "http://127.0.0.1:7778"})
	h.call(200, "PUT /api/providers/"+id, map[string]any{"baseUrl": "http://127.0.0.1:7778"}, h.admin())
	h.call(200, "PUT /api/providers/"+id, map[string]any{"name": "renamed", "baseUrl": h.call(200, "GET /api/providers/"+id, nil).str("connection.baseUrl")})
	list := h.call(200, "GET /api/providers", nil)
	if !strings.Contains(list.body, "http://127.0.0.1:7778") {
		t.Errorf("the list hides where the relay leads: %s", list.body)
	}
	h.tasks.Wait()
	if asked := h.prober.calls(); len(asked) > 0 {
		t.Errorf("a relay was probed: %v", asked)
	}
}

func TestAKeyBelongsToItsHost(t *testing.T) {
	h := newHouse(t)
	node := h.node("box", "http://127.0.0.1:9")
	id := h.connect(node, "sk-first")
	put := func(body map[string]any) got { return h.call(200, "PUT /api/providers/"+id, body, h.admin()) }

	g := put(map[string]any{"baseUrl": "http://127.0.0.1:9/deeper/v1"})
	if g.str("connection.status") != "untested" || h.secret(id, "http://127.0.0.1:9") != "sk-first" {
		t.Errorf("another path on the same host: %s", g.body)
	}
	g = put(map[string]any{"baseUrl": "http://127.0.0.1:10"})
	if g.str("connection.status") != "needs-key" || g.str("connection.baseUrl") != "http://127.0.0.1:10/v1" {
		t.Errorf("another port without a key: %s", g.body)
	}
	if h.secret(id, "http://127.0.0.1:9") != "" || h.secret(id, "http://127.0.0.1:10") != "" {
		t.Error("the old key is still there")
	}
	put(map[string]any{"baseUrl": "http://127.0.0.1:9"})
	if g := h.call(200, "GET /api/providers/"+id, nil); g.str("connection.status") != "needs-key" {
		t.Errorf("moving back brought the key back: %s", g.body)
	}
	if _, err := h.keeper.Credential(t.Context(), id, "http://127.0.0.1:9"); err == nil {
		t.Error("the keeper still knows the old key")
	}
	g = put(map[string]any{"apiKey": "sk-second"})
	if g.str("connection.status") != "untested" || h.secret(id, "http://127.0.0.1:9") != "sk-second" {
		t.Errorf("a new key: %s", g.body)
	}
	g = put(map[string]any{"baseUrl": "https://127.0.0.1:9", "apiKey": "sk-third"})
	if g.str("connection.status") != "untested" || h.secret(id, "https://127.0.0.1:9") != "sk-third" {
		t.Errorf("another scheme with a key: %s", g.body)
	}
	h.call(204, "DELETE /api/providers/"+id, nil)
	h.call(404, "GET /api/providers/"+id, nil)
	h.undoTimePasses()
	if h.secret(id, "https://127.0.0.1:9") != "" {
		t.Error("deleting the connection left its key")
	}
}

func TestParamsMoveAKeyToo(t *testing.T) {
	h := newHouse(t)
	id := h.call(201, "POST /api/providers", map[string]any{"provider": "azure", "name": "az", "apiKey": "k", "params": map[string]any{"resource": "one"}}).str("connection.id")
	h.call(401, "PUT /api/providers/"+id, map[string]any{"params": map[string]any{"resource": "two"}})
	g := h.call(200, "PUT /api/providers/"+id, map[string]any{"params": map[string]any{"resource": "two"}}, h.admin())
	if g.str("connection.status") != "needs-key" || !strings.Contains(g.str("connection.baseUrl"), "two.openai.azure.com") {
		t.Errorf("%s", g.body)
	}
}

// TestSendBack: what a form was shown can be sent back without moving
// anything or needing proof.
func TestSendBack(t *testing.T) {
	h := newHouse(t)
	id := h.connect("openai", "sk-1")
	c := h.call(200, "GET /api/providers/"+id, nil)
	body := map[string]any{"apiKey": ""}
	for _, k := range []string{"id", "provider", "name", "kind", "priority", "isActive", "baseUrl"} {
		body[k] = c.at("connection." + k)
	}
	g := h.call(200, "PUT /api/providers/"+id, body)
	if g.str("connection.status") != "untested" || h.holder.Now().Accounts[id].BaseURL != "" || h.secret(id, "https://api.openai.com:443") != "sk-1" {
		t.Errorf("%s", g.body)
	}
	h.call(400, "PUT /api/providers/"+id, map[string]any{"provider": "groq"})
	h.call(404, "PUT /api/providers/nope", map[string]any{"name": "x"})
	if g := h.call(200, "PUT /api/providers/"+id, map[string]any{"isActive": false, "priority": 9, "name": "off now"}); g.str("connection.status") != "off" || g.at("connection.priority") != 9.0 {
		t.Errorf("%s", g.body)
	}
}

func TestStatusWords(t *testing.T) {
	h := newHouse(t)
	id := h.connect("openai", "sk-1")
	h.tasks.Wait()
	target := config.Target{Provider: "openai", Account: id, Model: "gpt-5"}
	status := func() string { return h.call(200, "GET /api/providers/"+id, nil).str("connection.status") }
	fail := func(kind fault.Kind, scope fault.Scope, after time.Duration) {
		lease, refusal := h.board.Admit(target, true)
		if refusal != nil {
			t.Fatalf("refused: %+v", refusal)
		}
		lease.Done(fault.New(kind, "test", "It said no.").With(func(e *fault.Error) { e.Scope, e.RetryAfter = scope, after }))
	}
	for _, c := range []struct {
		want string
		do   func()
	}{
		{"untested", func() {}},
		{"cooling", func() { fail(fault.RateLimited, fault.ScopeAccount, time.Minute) }},
		{"out-of-quota", func() { fail(fault.Quota, fault.ScopeAccount, time.Minute) }},
		{"untested", func() { fail(fault.RateLimited, fault.ScopeModel, time.Minute) }},
		{"needs-key", func() { fail(fault.AuthRevoked, fault.ScopeAccount, 0) }},
		{"needs-key", func() { fail(fault.AuthExpired, fault.ScopeAccount, time.Minute) }}, // tried again, but a person must act
		{"breaker-open", func() {
			for range 5 {
				fail(fault.Upstream, fault.ScopeRequest, 0)
			}
		}},
		{"probing", func() {
			for range 5 {
				fail(fault.Upstream, fault.ScopeRequest, 0)
			}
			h.clock.advance(20 * time.Second)
		}},
	} {
		h.board.Reset()
		c.do()
		if got := status(); got != c.want {
			t.Errorf("status %s, want %s", got, c.want)
		}
	}
	if g := h.call(200, "POST /api/resilience/reset", nil); g.at("ok") != true || g.at("resetCount").(float64) < 1 {
		t.Errorf("reset: %s", g.body)
	}
	h.prober.result = providers.Result{Valid: true, StatusCode: 200, LatencyMs: 7, Diagnosis: providers.Diagnosis{Type: providers.VerdictOK, Source: "models", Message: "Fine."}}
	g := h.call(200, "POST /api/providers/"+id+"/test", nil)
	if g.at("valid") != true || g.at("latencyMs") != 7.0 || g.str("diagnosis.type") != "ok" || g.str("testedAt") == "" {
		t.Errorf("test: %s", g.body)
	}
	if got := status(); got != "ready" {
		t.Errorf("after a good test: %s", got)
	}
	fail(fault.AuthRevoked, fault.ScopeAccount, 0)
	h.call(200, "POST /api/providers/"+id+"/test", map[string]any{"model": "gpt-5"})
	if got := status(); got != "ready" {
		t.Errorf("a key that works again: %s", got)
	}
	h.prober.result = providers.Result{Error: "The key was refused.", StatusCode: 401}
	if g := h.call(200, "POST /api/providers/"+id+"/test", nil); g.at("valid") != false || g.str("error") == "" || g.at("statusCode") != 401.0 {
		t.Errorf("bad test: %s", g.body)
	}
	if got := status(); got != "untested" {
		t.Errorf("after a bad test: %s", got)
	}
	h.call(404, "POST /api/providers/nope/test", nil)
}

func TestModelListIsReadAfterwards(t *testing.T) {
	h := newHouse(t)
	h.prober.err, h.prober.models = nil, []string{"m-1", "m-2"}
	node := h.node("box", "http://127.0.0.1:9")
	id := h.connect(node, "sk-1")
	h.tasks.Wait()
	g := h.call(200, "GET /api/providers/"+id, nil)
	if g.str("connection.status") != "ready" || g.at("connection.modelCount") != 2.0 {
		t.Errorf("%s", g.body)
	}
	if asked := h.prober.calls(); !slices.Equal(asked, []string{"list http://127.0.0.1:9/v1 "}) {
		t.Errorf("asked %v", asked)
	}
	g = h.call(200, "GET /api/providers/"+id+"/models", nil)
	if g.at("live") != true || !strings.Contains(g.body, `"id":"m-2","model":"box/m-2"`) {
		t.Errorf("models: %s", g.body)
	}
	rev := h.holder.Now().Rev
	h.call(200, "GET /api/providers/"+id+"/models", nil)
	if h.holder.Now().Rev != rev {
		t.Error("reading the same list again changed the settings")
	}
	catalog := h.call(200, "GET /api/models/catalog", nil)
	box, _ := catalog.at("catalog.box").(map[string]any)
	if box["active"] != true || !strings.Contains(catalog.body, `"id":"box/m-1","name":"m-1","type":"chat"`) {
		t.Errorf("catalogue: %v", box)
	}
	h.prober.err = fault.New(fault.AuthExpired, "test", "The key was refused.")
	if g := h.do(ask{text: "GET /api/providers/" + id + "/models"}); g.status != 502 || g.str("error.kind") != "auth_expired" {
		t.Errorf("a refused key: %d %s", g.status, g.body)
	}
	h.prober.err = fault.New(fault.Unsupported, "test", "There is no list.")
	other := h.connect("openai", "sk-2")
	g = h.call(200, "GET /api/providers/"+other+"/models", nil)
	if g.at("live") != false || g.str("note") == "" || !strings.Contains(g.body, `"model":"openai/`) {
		t.Errorf("without a list: %.300s", g.body)
	}
	h.call(404, "GET /api/providers/nope/models", nil)
}

func TestValidateAndDiscover(t *testing.T) {
	h := newHouse(t)
	h.prober.result = providers.Result{Valid: true}
	g := h.call(200, "POST /api/provider-nodes/validate", map[string]any{"baseUrl": "http://127.0.0.1:9", "apiKey": "sk-try", "type": "openai-compatible", "apiType": "chat"})
	if g.at("valid") != true || !slices.Equal(h.prober.calls(), []string{"test http://127.0.0.1:9/v1 sk-try"}) {
		t.Errorf("%s after %v", g.body, h.prober.calls())
	}
	h.prober.result = providers.Result{Error: "No connection."}
	if g := h.call(200, "POST /api/provider-nodes/validate", map[string]any{"baseUrl": "http://127.0.0.1:9", "type": "anthropic-compatible"}); g.at("valid") != false || g.str("error") != "No connection." {
		t.Errorf("%s", g.body)
	}
	h.call(400, "POST /api/provider-nodes/validate", map[string]any{"baseUrl": "http://169.254.169.254", "type": "openai-compatible"})
	h.prober.found = []providers.Found{{Provider: "ollama-local", Name: "Ollama", Port: 11434, BaseURL: "http://127.0.0.1:11434/v1"}, {Provider: "openai-compatible", Name: "Jan", Port: 1337, BaseURL: "http://127.0.0.1:1337/v1"}}
	h.call(201, "POST /api/providers", map[string]any{"provider": "ollama-local", "name": "local"})
	rev := h.holder.Now().Rev
	g = h.call(200, "GET /api/providers/local", nil)
	if !strings.Contains(g.body, `"port":11434,"added":true`) || !strings.Contains(g.body, `"port":1337,"added":false`) || h.holder.Now().Rev != rev {
		t.Errorf("%s", g.body)
	}
}
