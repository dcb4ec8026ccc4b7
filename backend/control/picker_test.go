package control

import (
	"strings"
	"testing"
	"time"

	"omniroute/backend/config"
	"omniroute/backend/fault"
	"omniroute/backend/providers"
	"omniroute/backend/usage"
)

func (h *house) target(id, provider, model string) config.Target {
	return config.Target{Provider: provider, Account: id, Model: model}
}

// break_ lets calls of an account fail n times in a row.
func (h *house) break_(id, provider string, n int) {
	h.t.Helper()
	for range n {
		lease, refusal := h.board.Admit(h.target(id, provider, "m"), false)
		if refusal != nil {
			h.t.Fatalf("it rests already: %+v", refusal)
		}
		lease.Done(fault.New(fault.Upstream, "test", "It failed."))
	}
}

func TestPickerShowsWhatCanBeConnected(t *testing.T) {
	h := newHouse(t)
	h.connect("groq", "gsk_x")
	list, err := h.services.Providers.Catalog()
	if err != nil {
		t.Fatal(err)
	}
	byID := map[string]PickerEntry{}
	for _, e := range list.Entries {
		byID[e.ID] = e
		if len(e.Kinds) == 0 || e.Group == "" || e.Name == "" {
			t.Errorf("%+v", e)
		}
	}
	if e := byID["groq"]; e.Group != "apikey" || e.Connected != 1 || e.KeyURL == "" || strings.Join(e.Kinds, " ") != "apikey" {
		t.Errorf("groq: %+v", e)
	}
	if e := byID["claude"]; strings.Join(e.Kinds, " ") != "relay" || e.Notice == "" || e.Group != "subscription" {
		t.Errorf("claude: %+v", e)
	}
	if e := byID["azure"]; len(e.Params) != 1 {
		t.Errorf("azure: %+v", e)
	}
	if e := byID["ollama-local"]; e.Group != "local" || e.Kinds[0] != "none" {
		t.Errorf("ollama: %+v", e)
	}
	if e := byID["openai-compatible"]; e.Group != "custom" {
		t.Errorf("node: %+v", e)
	}
	for _, id := range []string{"codex", "github", "vertex", "deepgram", "qwen"} {
		if _, ok := byID[id]; ok {
			t.Errorf("%s is offered and cannot be connected", id)
		}
	}
	if last := list.Entries[len(list.Entries)-1]; last.ID != "demo" {
		t.Errorf("the last one is %s", last.ID)
	}
}

func TestGuessAndTryAKey(t *testing.T) {
	h := newHouse(t)
	type m = map[string]any
	key := "gsk_" + strings.Repeat("planted0", 6)
	if g := h.call(200, "POST /api/providers/guess-key", m{"key": " " + key + "\n"}); !strings.Contains(g.body, `[{"provider":"groq","name":"Groq","sure":true}]`) {
		t.Errorf("%s", g.body)
	}
	h.call(400, "POST /api/providers/guess-key", m{"key": "two words"})
	try := func(r providers.Result, body m) (string, got) {
		h.prober.result = r
		g := h.call(200, "POST /api/providers/try", body)
		var out []string
		for _, c := range g.at("checks").([]any) {
			one := c.(m)
			out = append(out, one["code"].(string)+"="+one["why"].(string))
		}
		return strings.Join(out, " "), g
	}
	verdict := func(v providers.Verdict, valid bool, source string) providers.Result {
		return providers.Result{Valid: valid, Diagnosis: providers.Diagnosis{Type: v, Source: source, Message: "Said."}}
	}
	h.prober.models, h.prober.err = []string{"a", "b"}, nil
	if s, g := try(verdict(providers.VerdictOK, true, "models"), m{"provider": "groq", "apiKey": key}); s != "reachable=ok accepted=ok models=ok" || g.at("valid") != true || len(g.at("models").([]any)) != 2 {
		t.Errorf("%s: %s", s, g.body)
	}
	h.prober.err = fault.New(fault.Unsupported, "test", "There is no list.")
	for _, c := range []struct {
		r    providers.Result
		body m
		want string
	}{
		{verdict(providers.VerdictOK, true, "completion"), m{"provider": "groq", "apiKey": key}, "reachable=ok accepted=ok call=ok"},
		{verdict(providers.VerdictRefused, false, "models"), m{"provider": "groq", "apiKey": key}, "reachable=ok accepted=refused"},
		{verdict(providers.VerdictRefused, false, "models"), m{"provider": "openai", "apiKey": key}, "reachable=ok accepted=wrong_provider"},
		{verdict(providers.VerdictNoCredit, true, "completion"), m{"provider": "openai", "apiKey": "sk-x"}, "reachable=ok accepted=ok call=no_credit"},
		{verdict(providers.VerdictUnreachable, false, "network"), m{"provider": "openai", "apiKey": "sk-x"}, "reachable=unreachable"},
		{verdict(providers.VerdictTimeout, false, "network"), m{"type": "openai-compatible", "baseUrl": "http://127.0.0.1:9/v1"}, "reachable=timeout"},
		{verdict(providers.VerdictNotFound, false, "completion"), m{"type": "anthropic-compatible", "baseUrl": "http://127.0.0.1:9"}, "reachable=not_found"},
		{verdict(providers.VerdictLimited, true, "completion"), m{"provider": "ollama-local"}, "reachable=ok accepted=ok call=limited"},
	} {
		if s, g := try(c.r, c.body); s != c.want {
			t.Errorf("%v %v: %s, want %s: %s", c.r.Diagnosis.Type, c.body, s, c.want, g.body)
		}
	}
	h.call(400, "POST /api/providers/try", m{"provider": "groq"})
	h.call(400, "POST /api/providers/try", m{"provider": "nope", "apiKey": "x"})
	h.call(400, "POST /api/providers/try", m{"provider": "groq", "apiKey": "x", "baseUrl": "http://169.254.1.1"})
	if len(h.holder.Now().Accounts)+len(h.holder.Now().Nodes) != 0 {
		t.Error("a trial stored something")
	}
	if strings.Contains(h.log.String(), "planted0") {
		t.Error("the log has the key")
	}
}

func TestOrderOfAccounts(t *testing.T) {
	h := newHouse(t)
	type m = map[string]any
	a, b, c := h.connect("groq", "gsk_1"), h.connect("groq", "gsk_2"), h.connect("groq", "gsk_3")
	other := h.connect("openai", "sk-1")
	h.tasks.Wait()
	order := func() string {
		var out []string
		for _, x := range h.holder.Now().AccountsOf("groq") {
			out = append(out, map[string]string{a: "a", b: "b", c: "c"}[x.ID])
		}
		return strings.Join(out, "")
	}
	h.call(200, "POST /api/providers/reorder", m{"provider": "groq", "ids": []any{c, a}})
	if order() != "cab" {
		t.Errorf("the order is %s", order())
	}
	rev := h.holder.Now().Rev
	for _, ids := range [][]any{{c, c}, {other}, {"nope"}} {
		h.call(400, "POST /api/providers/reorder", m{"provider": "groq", "ids": ids})
	}
	if h.holder.Now().Rev != rev {
		t.Error("a refused order changed something")
	}
	h.prober.result = providers.Result{Valid: true, Diagnosis: providers.Diagnosis{Type: providers.VerdictOK}}
	h.call(200, "PUT /api/providers/"+b, m{"isActive": false})
	if g := h.call(200, "POST /api/providers/test-all", m{"provider": "groq"}); len(g.at("results").([]any)) != 2 {
		t.Errorf("%s", g.body)
	}
	if g := h.call(200, "POST /api/providers/test-all", m{}); len(g.at("results").([]any)) != 3 {
		t.Errorf("%s", g.body)
	}
	h.tasks.Wait()
}

func TestLastUseAndMonth(t *testing.T) {
	h := newHouse(t)
	account := h.connect("groq", "gsk_x")
	key := h.call(201, "POST /api/keys", map[string]any{"name": "laptop"}).str("id")
	h.tasks.Wait()
	used := func() (string, string) {
		return h.call(200, "GET /api/providers/"+account, nil).str("connection.lastUsedAt"), h.call(200, "GET /api/keys/"+key, nil).str("lastUsedAt")
	}
	if a, k := used(); a != "" || k != "" {
		t.Errorf("used at %q and %q before anything was", a, k)
	}
	for range 2 {
		h.clock.advance(time.Minute)
		h.book(usage.Receipt{Time: h.clock.now(), Path: "/v1/messages", RequestedModel: "m", Status: 200, KeyID: key, Target: h.target(account, "groq", "m"), Cost: usage.Cost{Known: true, Micros: 700}})
		h.call(200, "GET /api/usage/call-logs", nil) // waits for the books
		want := h.clock.now().UTC().Format(time.RFC3339)
		if a, k := used(); a != want || k != want {
			t.Errorf("used at %q and %q, want %q", a, k, want)
		}
	}
	list := h.call(200, "GET /api/keys", nil)
	if !strings.Contains(list.body, `"month":{"requests":2,"failed":0,"tokens":0,"spentMicros":1400,"unpriced":0}`) {
		t.Errorf("%s", list.body)
	}
}

func TestNewSettings(t *testing.T) {
	h := newHouse(t)
	type m = map[string]any
	g := h.call(200, "GET /api/settings", nil)
	if g.str("density") != "comfortable" || g.at("singleKeyShortcuts") != true || g.at("closeToTray") != true || g.at("startHidden") != false || g.at("notifications.enabled") != true || g.at("notifications.recovered") != false {
		t.Errorf("%s", g.body)
	}
	quiet := m{"enabled": true, "breaker": false, "noTarget": true, "signIn": true, "system": true, "recovered": true, "quietFrom": "22:00", "quietTo": "07:30"}
	h.call(200, "PATCH /api/settings", m{"density": "compact", "singleKeyShortcuts": false, "startHidden": true, "notifications": quiet})
	g = h.call(200, "GET /api/settings", nil)
	if g.str("density") != "compact" || g.at("singleKeyShortcuts") != false || g.at("startHidden") != true || g.str("notifications.quietTo") != "07:30" || g.at("notifications.breaker") != false {
		t.Errorf("%s", g.body)
	}
	n := h.holder.Now().Settings.Notifications
	for at, want := range map[string]bool{"21:59": false, "22:00": true, "03:00": true, "07:29": true, "07:30": false, "12:00": false} {
		moment, _ := time.Parse("15:04", at)
		if n.Quiet(moment) != want {
			t.Errorf("quiet at %s: %v", at, !want)
		}
	}
	for _, bad := range []m{{"density": "tiny"}, {"notifications": m{"quietFrom": "25:00"}}, {"notifications": m{"loud": true}}} {
		h.call(400, "PATCH /api/settings", bad)
	}
}
