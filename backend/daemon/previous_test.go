package daemon_test

import (
	"fmt"
	"strings"
	"testing"

	"omniroute/backend/testkit"
	"omniroute/backend/wire"
)

// respond sends a Responses request and returns the reply and its id.
func respond(t *testing.T, g *testkit.Gateway, body string, headers ...string) (r *testkit.Reply, id string) {
	t.Helper()
	r = g.Post("/v1/responses", body, headers...)
	if r.Status != 200 {
		t.Fatalf("%d %s", r.Status, r.Body)
	}
	for _, ev := range r.Events() {
		if v, ok := strings.CutPrefix(ev.Data, `{"type":"response.completed"`); ok {
			_, v, _ = strings.Cut(v, `"id":"`)
			id, _, _ = strings.Cut(v, `"`)
		}
	}
	if id == "" {
		id, _ = r.JSON()["id"].(string)
	}
	if id == "" {
		t.Fatalf("no id in %s", r.Body)
	}
	return r, id
}

func turn(model, previous, input string, stream bool, more string) string {
	if previous != "" {
		more = fmt.Sprintf(`,"previous_response_id":%q`, previous) + more
	}
	return fmt.Sprintf(`{"model":%q,"stream":%v,"input":%q%s}`, model, stream, input, more)
}

// Upstreams without state are told the whole conversation (formats.md R8).
func TestPreviousResponseWithoutUpstreamState(t *testing.T) {
	g := testkit.Start(t)
	for _, up := range []wire.Format{wire.OpenAIChat, wire.Anthropic, wire.Gemini} {
		for _, stream := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s stream=%v", up, stream), func(t *testing.T) {
				u := g.Upstream(fmt.Sprintf("%s-%v", up, stream), up, testkit.Says("my name is Ada"), testkit.Says("as I said"), testkit.Says("once more"))
				model := u.Prefix + "/m"
				_, first := respond(t, g, turn(model, "", "who are you?", stream, ""))
				_, second := respond(t, g, turn(model, first, "say it again", stream, ""))
				respond(t, g, turn(model, second, "and again", stream, ""))
				sent := string(u.Last(t).Body)
				at := -1
				for _, said := range []string{"who are you?", "my name is Ada", "say it again", "as I said", "and again"} {
					i := strings.Index(sent, said)
					if i <= at {
						t.Fatalf("%q is missing or out of order in %s", said, sent)
					}
					at = i
				}
				if strings.Contains(sent, "previous_response_id") {
					t.Errorf("the id travelled: %s", sent)
				}
			})
		}
	}
}

// An upstream of the same format keeps its own state: it gets the id and the
// new turn only, until it forgets; then it is told everything.
func TestPreviousResponseWithUpstreamState(t *testing.T) {
	g := testkit.Start(t)
	for _, stream := range []bool{false, true} {
		u := g.Upstream(fmt.Sprintf("up-%v", stream), wire.OpenAIResponses, testkit.Says("my name is Ada"), testkit.Says("as I said"),
			testkit.Fails(400, `{"error":{"message":"Previous response with id 'resp_up1' not found.","type":"invalid_request_error","param":"previous_response_id","code":"previous_response_not_found"}}`),
			testkit.Says("who was I?"))
		model := u.Prefix + "/m"
		_, first := respond(t, g, turn(model, "", "who are you?", stream, ""))
		if first != "resp_up1" {
			t.Errorf("the upstream's own id became %q", first)
		}
		respond(t, g, turn(model, first, "say it again", stream, ""))
		if sent := string(u.Last(t).Body); !strings.Contains(sent, `"previous_response_id":"resp_up1"`) || strings.Contains(sent, "who are you?") {
			t.Errorf("the upstream that minted the id got %s", sent)
		}
		r, _ := respond(t, g, turn(model, first, "and now?", stream, ""))
		if text, _ := r.Text(wire.OpenAIResponses); text != "who was I?" {
			t.Errorf("after the upstream forgot: %s", r.Body)
		}
		sent := string(u.Last(t).Body)
		if strings.Contains(sent, "previous_response_id") || !strings.Contains(sent, "who are you?") || !strings.Contains(sent, "my name is Ada") || !strings.Contains(sent, "and now?") {
			t.Errorf("after the upstream forgot it got %s", sent)
		}
		if u.Count() != 4 {
			t.Errorf("%d calls", u.Count())
		}
	}
}

// Another target of the combo continues what the first one began.
func TestPreviousResponseMovesToAnotherTarget(t *testing.T) {
	g := testkit.Start(t)
	first := g.Upstream("first", wire.OpenAIResponses, testkit.Says("my name is Ada"), testkit.Refuses(500, "gone"))
	second := g.Upstream("second", wire.Anthropic)
	g.Combo("both", "first/m", "second/m")
	_, id := respond(t, g, turn("both", "", "who are you?", false, ""))
	r, _ := respond(t, g, turn("both", id, "say it again", false, ""))
	if r.Header.Get("X-OmniRoute-Model") != "second/m" || first.Count() != 2 {
		t.Errorf("answered by %q after %d calls", r.Header.Get("X-OmniRoute-Model"), first.Count())
	}
	if sent := string(second.Last(t).Body); !strings.Contains(sent, "my name is Ada") || !strings.Contains(sent, "who are you?") {
		t.Errorf("the second target got %s", sent)
	}
}

func TestPreviousResponseBelongsToItsCaller(t *testing.T) {
	g := testkit.Start(t)
	u := g.Upstream("one", wire.OpenAIChat)
	_, a := g.Key("a")
	_, b := g.Key("b")
	for _, stream := range []bool{false, true} {
		_, mine := respond(t, g, turn("one/m", "", "my secret is 42", stream, ""), "x-api-key", a)
		_, unkept := respond(t, g, turn("one/m", "", "forget me", stream, `,"store":false`), "x-api-key", a)
		calls := u.Count()
		for name, c := range map[string]struct{ id, key string }{
			"another key": {mine, b}, "no key": {mine, ""}, "unknown": {"resp_nobody", a}, "not kept": {unkept, a}, "odd": {"'; -- /", a},
		} {
			headers := []string{}
			if c.key != "" {
				headers = []string{"x-api-key", c.key}
			}
			r := g.Post("/v1/responses", turn("one/m", c.id, "go on", stream, ""), headers...)
			e, ok := r.Failure(wire.OpenAIResponses)
			if r.Status != 400 || !ok || e.Param != "previous_response_id" || !strings.Contains(e.Message, "whole conversation") {
				t.Errorf("%s stream=%v: %d %s", name, stream, r.Status, r.Body)
			}
		}
		if u.Count() != calls {
			t.Errorf("%d calls for ids that mean nothing", u.Count()-calls)
		}
		respond(t, g, turn("one/m", mine, "go on", stream, ""), "x-api-key", a)
		if sent := string(u.Last(t).Body); !strings.Contains(sent, "my secret is 42") {
			t.Errorf("the owner's conversation: %s", sent)
		}
	}
}

func TestPreviousResponseSurvivesARestart(t *testing.T) {
	dir := t.TempDir()
	u := testkit.NewUpstream(t, wire.OpenAIChat)
	g := testkit.Start(t, testkit.DataDir(dir))
	g.Node("one", wire.OpenAIChat, u.BaseURL())
	_, id := respond(t, g, turn("one/m", "", "the secret word is plugh", false, ""))
	g.Stop()
	if held := testkit.Holds(t, dir, "plugh"); held != nil {
		t.Errorf("the conversation stands in clear in %v", held)
	}
	g = testkit.Start(t, testkit.DataDir(dir))
	respond(t, g, turn("one/m", id, "go on", false, ""))
	if sent := string(u.Last(t).Body); !strings.Contains(sent, "plugh") {
		t.Errorf("after the restart the upstream got %s", sent)
	}
}
