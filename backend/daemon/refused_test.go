package daemon_test

import (
	"fmt"
	"testing"

	"omniroute/backend/testkit"
	"omniroute/backend/wire"
)

// MiniMax refuses inside a 200 (providers.md): the next target answers, and
// the books say what the refusal really was.
func TestRefusalsInsideA200(t *testing.T) {
	g := testkit.Start(t)
	g.Upstream("good", wire.OpenAIChat, testkit.Says("all is well"))
	for _, up := range []wire.Format{wire.OpenAIChat, wire.Anthropic} {
		bad := g.Upstream("base-"+string(up), up)
		combo := "base-" + string(up) + "-first"
		g.Combo(combo, bad.Prefix+"/m", "good/m")
		for code, kind := range map[int]string{1002: "rate_limited", 1004: "auth_expired", 1008: "quota", 2056: "quota", 1013: "upstream"} {
			body := fmt.Sprintf(`{"id":"","choices":null,"model":"m","base_resp":{"status_code":%d,"status_msg":"refused in way %[1]d"}}`, code)
			for name, answer := range map[string]testkit.Answer{
				"whole": testkit.Raw("application/json", body), "event": testkit.Raw("text/event-stream", "data: "+body+"\n\n"),
			} {
				for _, client := range []wire.Format{wire.OpenAIChat, wire.Anthropic} {
					t.Run(fmt.Sprintf("%d as %s from %s to %s", code, name, up, client), func(t *testing.T) {
						g.Rested()
						bad.Then(answer)
						r := g.Ask(client, combo, name == "event")
						if text, complete := r.Text(client); r.Status != 200 || text != "all is well" || !complete {
							t.Fatalf("%d %q complete=%v", r.Status, text, complete)
						}
						attempt := testkit.At(g.Receipt(r.ID()), "attempts", 0)
						if got := testkit.At(attempt, "kind"); got != kind {
							t.Errorf("booked as %v, want %s: %v", got, kind, attempt)
						}
					})
				}
			}
		}
	}
}
