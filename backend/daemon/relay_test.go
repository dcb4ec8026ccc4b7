package daemon_test

import (
	"fmt"
	"strings"
	"testing"

	"omniroute/backend/testkit"
	"omniroute/backend/wire"
)

const (
	bearer     = "sk-ant-oat01-THIS-LOGIN-BELONGS-TO-SOMEBODY"
	relayModel = "cc/claude-sonnet-4-6"
)

// claude is how Claude Code presents itself in relay mode: its own login, and
// our key in a header of its own.
func claude(key string) []string {
	return []string{
		"Authorization", "Bearer " + bearer, "X-Omniroute-Key", key, "Anthropic-Version", "2023-06-01", "Anthropic-Beta", "oauth-2025-04-20,claude-code-20250219",
		"User-Agent", "claude-cli/2.1.0 (external, cli)", "X-App", "cli", "X-Stainless-Lang", "js", "Content-Type", "application/json",
		"Cookie", "a=b", "X-Forwarded-For", "1.2.3.4", "X-Claude-Code-Session-Id", "s1", "Accept-Encoding", "gzip, br", "X-Omniroute-Other", "x",
	}
}

// relay connects a scripted vendor whose logins pass through.
func relay(t *testing.T, g *testkit.Gateway, script ...testkit.Answer) *testkit.Upstream {
	t.Helper()
	u := testkit.NewUpstream(t, wire.Anthropic, script...)
	g.Connect("claude", map[string]any{"name": "mine", "kind": "relay", "baseUrl": u.Origin()})
	return u
}

// nowhere checks that the login stands in nothing that is kept.
func nowhere(t *testing.T, g *testkit.Gateway) {
	t.Helper()
	for _, l := range g.Logs() {
		if text := fmt.Sprint(l, g.Receipt(l["id"].(string))); strings.Contains(text, bearer) {
			t.Errorf("the login stands in the books: %s", text)
		}
	}
	g.Stop()
	if held := testkit.Holds(t, g.Dir, bearer); held != nil {
		t.Errorf("the login stands in %v", held)
	}
	if strings.Contains(g.Log.String(), bearer) {
		t.Error("the login stands in the log")
	}
}

func TestRelayPassesTheLoginUntouchedAndNowhereElse(t *testing.T) {
	g := testkit.Start(t)
	vendor := relay(t, g)
	_, key := g.Key("k")
	for _, stream := range []bool{false, true} {
		_, body := testkit.Ask(wire.Anthropic, relayModel, "hi", stream)
		r := g.Post("/v1/messages?beta=true", body, claude(key)...)
		if text, complete := r.Text(wire.Anthropic); r.Status != 200 || text != "hello" || !complete {
			t.Fatalf("%d %s", r.Status, r.Body)
		}
		got := vendor.Last(t)
		for name, want := range map[string]string{
			"Authorization": "Bearer " + bearer, "Anthropic-Beta": "oauth-2025-04-20,claude-code-20250219", "User-Agent": "claude-cli/2.1.0 (external, cli)",
			"X-App": "cli", "X-Stainless-Lang": "js", "X-Claude-Code-Session-Id": "s1", "Accept-Encoding": "identity",
			"Cookie": "", "X-Forwarded-For": "", "X-Omniroute-Key": "", "X-Omniroute-Other": "", "X-Api-Key": "",
		} {
			if v := got.Header.Get(name); v != want {
				t.Errorf("%s = %q, want %q", name, v, want)
			}
		}
		if got.Query != "beta=true" || got.Path != "/v1/messages" {
			t.Errorf("called %s?%s", got.Path, got.Query)
		}
		if want := strings.Replace(body, relayModel, "claude-sonnet-4-6", 1); string(got.Body) != want {
			t.Errorf("body %s, want %s", got.Body, want)
		}
	}
	if len(vendor.Lists()) != 0 {
		t.Errorf("a relay connection was asked for its models %d times", len(vendor.Lists()))
	}
	nowhere(t, g)
}

// Show 6: the window is used up, the next target of the combo serves the same
// request and sees nothing of the login.
func TestRelayFallsBackWithoutTheLogin(t *testing.T) {
	g := testkit.Start(t)
	vendor := relay(t, g, testkit.Refuses(429, "This request would exceed your account's rate limit. Please try again later.",
		"Retry-After", "3600", "Anthropic-Ratelimit-Unified-Status", "rejected", "Anthropic-Ratelimit-Unified-Reset", "1800000000", "Anthropic-Ratelimit-Unified-Representative-Claim", "five_hour"))
	native := g.Upstream("native", wire.Anthropic)
	foreign := g.Upstream("foreign", wire.OpenAIChat)
	g.Combo("near", relayModel, "native/m")
	g.Combo("far", relayModel, "foreign/m")
	_, key := g.Key("k")
	for combo, next := range map[string]*testkit.Upstream{"near": native, "far": foreign} {
		for _, stream := range []bool{false, true} {
			g.Rested()
			before := vendor.Count()
			_, body := testkit.Ask(wire.Anthropic, combo, "hi", stream)
			r := g.Post("/v1/messages", body, claude(key)...)
			if text, complete := r.Text(wire.Anthropic); r.Status != 200 || text != "hello" || !complete {
				t.Fatalf("%s: %d %s", combo, r.Status, r.Body)
			}
			if r.Header.Get("X-OmniRoute-Model") != next.Prefix+"/m" || r.Header.Get("X-OmniRoute-Attempts") != "2" || vendor.Count() != before+1 {
				t.Errorf("%s: %v after %d calls", combo, r.Header, vendor.Count()-before)
			}
			seen := next.Last(t)
			if text := fmt.Sprint(seen.Header, seen.Query, string(seen.Body)); strings.Contains(text, "oat01") || strings.Contains(text, "claude-cli") || strings.Contains(text, "sk-omni") {
				t.Errorf("%s: the next target saw %s", combo, text)
			}
			// It rests now, and is not asked again.
			g.Post("/v1/messages", body, claude(key)...)
			if vendor.Count() != before+1 {
				t.Errorf("%s: a resting login was used again", combo)
			}
		}
	}
	nowhere(t, g)
}

func TestRelayIsSkippedWithoutALoginOfItsOwn(t *testing.T) {
	g := testkit.Start(t)
	vendor := relay(t, g)
	g.Upstream("next", wire.Anthropic)
	g.Combo("both", relayModel, "next/m")
	_, key := g.Key("k")
	for name, headers := range map[string][]string{
		"none": nil, "our key": {"Authorization", "Bearer " + key}, "an API key": {"Authorization", "Bearer sk-ant-api03-xyz"}, "a refresh token": {"Authorization", "Bearer sk-ant-ort01-xyz"},
		"in x-api-key": {"X-Api-Key", bearer}, "basic": {"Authorization", "Basic " + bearer}, "another vendor's": {"Authorization", "Bearer sk-proj-xyz"},
		"in the query": {},
	} {
		for _, stream := range []bool{false, true} {
			path, body := testkit.Ask(wire.Anthropic, "both", "hi", stream)
			if name == "in the query" {
				path += "?key=" + bearer
			}
			r := g.Post(path, body, headers...)
			if r.Status != 200 || r.Header.Get("X-OmniRoute-Model") != "next/m" {
				t.Errorf("%s: %d %s", name, r.Status, r.Body)
			}
			skipped := fmt.Sprint(g.Receipt(r.ID())["skipped"])
			if !strings.Contains(skipped, "login") {
				t.Errorf("%s: skipped %s", name, skipped)
			}
			r = g.Ask(wire.Anthropic, relayModel, stream, headers...)
			if e, ok := r.Failure(wire.Anthropic); r.Status != 401 || !ok || !strings.Contains(e.Message, "login") {
				t.Errorf("%s, alone: %d %s", name, r.Status, r.Body)
			}
		}
	}
	// Another format cannot carry the login, whoever brings it.
	for _, f := range clients() {
		if f == wire.Anthropic {
			continue
		}
		r := g.Ask(f, "both", false, claude(key)...)
		if r.Status != 200 || r.Header.Get("X-OmniRoute-Model") != "next/m" {
			t.Errorf("%s: %d %s", f, r.Status, r.Body)
		}
	}
	if vendor.Count() != 0 {
		t.Errorf("the vendor was called %d times", vendor.Count())
	}
	nowhere(t, g)
}

// A redirect is never followed, and a test of the connection brings no login.
func TestLoginsAndKeysStayWithTheirHost(t *testing.T) {
	g := testkit.Start(t)
	elsewhere := testkit.NewUpstream(t, wire.Anthropic)
	vendor := relay(t, g)
	keyed := g.Upstream("keyed", wire.Anthropic)
	_, key := g.Key("k")
	for _, status := range []int{301, 302, 303, 307, 308} {
		g.Rested()
		vendor.Then(testkit.Redirects(status, elsewhere.Origin()+"/v1/messages"))
		keyed.Then(testkit.Redirects(status, elsewhere.Origin()+"/v1/messages"))
		for _, model := range []string{relayModel, "keyed/m"} {
			_, body := testkit.Ask(wire.Anthropic, model, "hi", false)
			r := g.Post("/v1/messages", body, claude(key)...)
			if e, ok := r.Failure(wire.Anthropic); r.Status != 502 || !ok || !strings.Contains(e.Message, "redirect") || strings.Contains(e.Message, elsewhere.Origin()) {
				t.Errorf("%d from %s: %d %s", status, model, r.Status, r.Body)
			}
		}
	}
	if n := elsewhere.Count() + len(elsewhere.Lists()); n != 0 {
		t.Errorf("a redirect was followed %d times", n)
	}
	calls := vendor.Count()
	for _, c := range g.API("GET", "/api/providers", nil)["connections"].([]any) {
		if testkit.At(c, "kind") == "relay" {
			g.API("POST", "/api/providers/"+testkit.At(c, "id").(string)+"/test", nil)
		}
	}
	for _, c := range append(vendor.Calls()[calls:], vendor.Lists()...) {
		if c.Header.Get("Authorization") != "" {
			t.Errorf("a test of the connection brought a login: %v", c.Header)
		}
	}
	nowhere(t, g)
}

// What may not be set by just anyone (rulings 2.1).
func TestRelayConnectionsLeadOnlyToThisMachine(t *testing.T) {
	g := testkit.Start(t)
	for _, base := range []string{"https://relay.example.com", "http://10.0.0.1:8080", "http://169.254.169.254", "http://127.0.0.1.evil.test"} {
		if status, body := g.Call("POST", "/api/providers", map[string]any{"provider": "claude", "name": "x", "kind": "relay", "baseUrl": base}); status != 400 {
			t.Errorf("%s: %d %s", base, status, body)
		}
	}
	r := g.Post("/api/providers", `{"provider":"claude","name":"x","kind":"relay","baseUrl":"http://127.0.0.1:9"}`)
	if r.Status != 401 && r.Status != 403 {
		t.Errorf("a direct caller set the base URL of a relay: %d %s", r.Status, r.Body)
	}
	if out := g.API("POST", "/api/providers", map[string]any{"provider": "claude", "name": "x", "kind": "relay"}); out["notice"] == nil || out["notice"] == "" {
		t.Errorf("no notice: %v", out)
	}
}
