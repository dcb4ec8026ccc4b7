package control

import (
	"strings"
	"testing"

	"omniroute/backend/fault"
)

func (v *Combos) told(t *testing.T, in Draft) (string, Preview) {
	t.Helper()
	p, err := v.Preview(in)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, r := range p.Rows {
		out = append(out, strings.TrimSpace(r.Target+" "+r.AccountName)+" "+r.Verdict+" "+r.Code)
	}
	return strings.Join(out, "\n"), p
}

func TestPreview(t *testing.T) {
	h := newHouse(t)
	type m = map[string]any
	connect := func(provider, name string) string {
		return h.call(201, "POST /api/providers", m{"provider": provider, "name": name, "apiKey": "sk-x"}).str("connection.id")
	}
	ana, work := connect("groq", "ana"), connect("groq", "work")
	off := connect("deepseek", "off")
	h.call(200, "PUT /api/providers/"+off, m{"isActive": false})
	h.call(201, "POST /api/providers", m{"provider": "claude", "name": "mine", "kind": "relay"})
	h.call(201, "POST /api/combos", m{"name": "outer", "models": []any{"groq/llama-3.1-8b-instant"}})
	h.tasks.Wait()
	h.break_(ana, "groq", 5)
	steps := func(names ...string) (out []ComboStep) {
		for _, n := range names {
			out = append(out, ComboStep{Model: n})
		}
		return out
	}
	got, p := h.services.Combos.told(t, Draft{Models: steps("cc/claude-opus-4-6", "deepseek/deepseek-chat", "kimi/x", "groq/llama-3.1-8b-instant", "outer", "nobody/x", "demo/simulated")})
	want := strings.Join([]string{
		"cc/claude-opus-4-6 mine next no_login",
		"deepseek/deepseek-chat skipped disabled",
		"kimi/x skipped no_credentials",
		"groq/llama-3.1-8b-instant ana skipped breaker_open",
		"groq/llama-3.1-8b-instant work would_answer chosen_priority",
		"nobody/x skipped model_unknown",
		"demo/simulated next chosen_next",
	}, "\n")
	if got != want {
		t.Errorf("the preview is\n%s\nwant\n%s", got, want)
	}
	for _, r := range p.Rows {
		if r.Code == "breaker_open" && (r.Args["n"] != "5" || r.Args["until"] == "" || r.Account != ana) {
			t.Errorf("%+v", r)
		}
		if r.Verdict == "would_answer" && (r.EstMicros == nil || r.Account != work) {
			t.Errorf("%+v", r)
		}
	}
	// Asking spent nothing: the breaker's one probe is still there.
	h.clock.advance(16e9)
	if _, refusal := h.board.Admit(h.target(ana, "groq", "m"), false); refusal != nil {
		t.Errorf("the preview took the probe: %+v", refusal)
	}
	if got, p := h.services.Combos.told(t, Draft{Name: "outer", Models: steps("outer")}); !strings.Contains(got, "too_deep") || p.NextAt != nil {
		t.Errorf("a combo in itself: %s", got)
	}
	for _, bad := range []m{{"name": "auto", "models": []any{"demo/simulated"}}, {"models": []any{7}}} {
		h.call(400, "POST /api/combos/preview", bad)
	}
	if g := h.call(200, "POST /api/combos/preview", m{"models": []any{}}); len(g.at("rows").([]any)) != 0 {
		t.Errorf("%s", g.body)
	}
}

func TestPreviewSaysWhenSomebodyAnswers(t *testing.T) {
	h := newHouse(t)
	id := h.connect("groq", "gsk_x")
	h.tasks.Wait()
	lease, _ := h.board.Admit(h.target(id, "groq", "m"), false)
	e := fault.New(fault.RateLimited, "test", "slow down")
	e.RetryAfter, e.Scope = 60e9, fault.ScopeAccount
	lease.Done(e)
	got, p := h.services.Combos.told(t, Draft{Models: []ComboStep{{Model: "groq/m"}}})
	if got != "groq/m mine skipped cooldown" || p.NextAt == nil || p.NextAt.Sub(h.clock.now()) != 60e9 {
		t.Errorf("%s, next at %v", got, p.NextAt)
	}
}

func TestTemplates(t *testing.T) {
	h := newHouse(t)
	codes := func() string {
		list, err := h.services.Combos.Templates()
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, c := range list.Templates {
			one := c.Code + " " + c.Name + ":"
			for _, s := range c.Models {
				one += " " + s.Model
			}
			out = append(out, one)
		}
		return strings.Join(out, "\n")
	}
	if got := codes(); got != "try_out try-out: demo/simulated" {
		t.Errorf("nothing connected: %s", got)
	}
	h.connect("groq", "gsk_x")
	h.connect("glm", "x.y")
	h.connect("groq", "gsk_y")
	h.call(201, "POST /api/combos", map[string]any{"name": "always-on", "models": []any{"demo/simulated"}})
	got := codes()
	if !strings.HasPrefix(got, "best_first always-on-2: groq/") || !strings.Contains(got, " glm/") || !strings.Contains(got, "same_model one-model: groq/") {
		t.Errorf("%s", got)
	}
	h.tasks.Wait()
}

func TestPickModels(t *testing.T) {
	h := newHouse(t)
	type m = map[string]any
	pick := func(in PickQuery) (string, PickList) {
		list, err := h.services.Models.Pick(in)
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, x := range list.Models {
			ids = append(ids, x.ID)
		}
		return strings.Join(ids, " "), list
	}
	if got, _ := pick(PickQuery{}); got != "demo/simulated" {
		t.Errorf("nothing connected: %s", got)
	}
	h.prober.models, h.prober.err = []string{"one", "two"}, nil
	node := h.node("box", "http://127.0.0.1:9")
	id := h.connect(node, "sk-x")
	h.tasks.Wait()
	h.call(201, "POST /api/provider-models", m{"provider": "box", "modelId": "three", "modelName": "Mine"})
	h.call(201, "POST /api/combos", m{"name": "coding", "models": []any{"box/one"}})
	if got, list := pick(PickQuery{Combos: true}); got != "coding auto box/one box/two box/three demo/simulated" || list.Total != 6 {
		t.Errorf("%s", got)
	}
	if got, list := pick(PickQuery{Query: "MINE box", Limit: 1}); got != "box/three" || !list.Models[0].Custom || list.Models[0].ProviderName != "Node box" || list.Models[0].InputMicros != nil || list.Models[0].Status != "ready" {
		t.Errorf("%s %+v", got, list)
	}
	if _, list := pick(PickQuery{Limit: 1}); list.Total != 4 || len(list.Models) != 1 {
		t.Errorf("%+v", list)
	}
	h.break_(id, node, 5)
	if _, list := pick(PickQuery{Query: "box/one"}); list.Models[0].Status != "breaker-open" || list.Models[0].StatusUntil == nil {
		t.Errorf("%+v", list.Models)
	}
	if g := h.call(200, "GET /api/models/of/box", nil); !strings.Contains(g.body, `"model":"three"`) || strings.Index(g.body, "box/three") > strings.Index(g.body, "box/one") || g.str("name") != "Node box" {
		t.Errorf("%s", g.body)
	}
	h.call(404, "GET /api/models/of/nope", nil)
	if g := h.call(200, "GET /api/models/of/azure", nil); g.str("prefix") != "azure" {
		t.Errorf("%s", g.body)
	}
	h.tester.fails = map[string]error{"box/two": fault.New(fault.Timeout, "test", "No answer.")}
	if g := h.call(200, "POST /api/models/test", m{"model": "box/two"}); g.str("status") != "error" || g.str("code") != "timeout" {
		t.Errorf("%s", g.body)
	}
	h.call(200, "PUT /api/providers/"+id, m{"isActive": false})
	if got, _ := pick(PickQuery{}); got != "demo/simulated" {
		t.Errorf("switched off: %s", got)
	}
}

func TestComboDraftsAndConflicts(t *testing.T) {
	h := newHouse(t)
	type m = map[string]any
	c := h.call(201, "POST /api/combos", m{"name": "one", "models": []any{"demo/simulated"}})
	id, seen := c.str("combo.id"), c.str("combo.updatedAt")
	if g := h.call(200, "POST /api/combos/test", m{"comboName": "one", "models": []any{"a/b", "demo/simulated"}}); len(g.at("results").([]any)) != 2 {
		t.Errorf("%s", g.body)
	}
	h.clock.advance(1e9)
	h.call(200, "PUT /api/combos/"+id, m{"name": "two", "ifUpdatedAt": seen})
	h.call(409, "PUT /api/combos/"+id, m{"name": "three", "ifUpdatedAt": seen})
	list := h.call(200, "GET /api/combos", nil)
	if !strings.Contains(list.body, `"use":{"requests":0`) {
		t.Errorf("%s", list.body)
	}
}
