package control

import (
	"testing"
	"time"

	"omniroute/backend/config"
	"omniroute/backend/fault"
)

func TestReleasingAConnectionClearsOnlyIts(t *testing.T) {
	h := newHouse(t)
	one, two := h.connect("openai", "sk-one"), h.connect("openai", "sk-two")
	for _, id := range []string{one, two} {
		lease, refusal := h.board.Admit(config.Target{Provider: "openai", Account: id, Model: "gpt-5"}, false)
		if refusal != nil {
			t.Fatal(refusal)
		}
		lease.Done(fault.New(fault.Quota, "test", "The window is used up.").With(func(e *fault.Error) { e.Scope, e.RetryAfter = fault.ScopeAccount, time.Hour }))
	}
	status := func(id string) string { return h.call(200, "GET /api/providers/"+id, nil).str("connection.status") }
	if got := status(one); got != "out-of-quota" {
		t.Fatalf("before: %s", got)
	}
	if g := h.call(200, "POST /api/providers/"+one+"/release", map[string]any{}); g.str("connection.status") != "untested" {
		t.Errorf("after: %s", g.body)
	}
	if got := status(two); got != "out-of-quota" {
		t.Errorf("the other one: %s", got)
	}
	h.call(404, "POST /api/providers/nope/release", map[string]any{})
}
