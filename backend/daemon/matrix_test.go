package daemon_test

import (
	"fmt"
	"testing"

	"omniroute/backend/testkit"
	"omniroute/backend/wire"
	"omniroute/backend/wire/all"
)

// clients are the dialects that agents speak.
func clients() []wire.Format {
	list := testkit.Formats()
	if _, ok := all.Of(wire.Ollama); ok {
		list = append(list, wire.Ollama)
	}
	return list
}

func TestEveryDialectReachesEveryUpstream(t *testing.T) {
	g := testkit.Start(t)
	for _, up := range testkit.Formats() {
		u := g.Upstream("up-"+string(up), up, testkit.Says("hello out there"))
		for _, client := range clients() {
			for _, stream := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s to %s stream=%v", client, up, stream), func(t *testing.T) {
					r := g.Ask(client, u.Prefix+"/m", stream)
					text, complete := r.Text(client)
					if r.Status != 200 || text != "hello out there" || !complete {
						t.Fatalf("%d, text %q, complete %v:\n%s", r.Status, text, complete, r.Body)
					}
					if got := r.Header.Get("X-OmniRoute-Model"); got != u.Prefix+"/m" {
						t.Errorf("X-OmniRoute-Model = %q", got)
					}
					if got := u.Last(t).Model(); got != "m" {
						t.Errorf("the upstream was asked for %q", got)
					}
					logged := g.Logged(r.ID())
					if len(logged) != 1 {
						t.Fatalf("%d entries in the log", len(logged))
					}
					tokens := logged[0]["tokens"].(map[string]any)
					if tokens["input"] != float64(testkit.TokensIn) || tokens["output"] != float64(testkit.TokensOut) {
						t.Errorf("booked %v", tokens)
					}
					road := "translated"
					if client == up {
						road = "native"
					}
					if logged[0]["road"] != road {
						t.Errorf("road %v, want %s", logged[0]["road"], road)
					}
				})
			}
		}
	}
}
