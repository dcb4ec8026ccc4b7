package daemon_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"omniroute/backend/testkit"
	"omniroute/backend/wire"
)

func TestPauseRefusesInEveryDialect(t *testing.T) {
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	g := testkit.Start(t, testkit.Clock(func() time.Time { return now }))
	u := g.Upstream("up", wire.OpenAIChat)
	g.API("POST", "/api/system/pause", map[string]any{"minutes": 2})
	for _, client := range clients() {
		r := g.Ask(client, "up/m", true)
		told(t, g, r, client, statusFor(client, 503), "paused until")
		if r.Header.Get("Retry-After") != "120" {
			t.Errorf("%s: Retry-After %q", client, r.Header.Get("Retry-After"))
		}
		trace := g.API("GET", "/api/receipts/"+r.ID()+"/trace", nil)
		if code := testkit.At(trace, "summary", "because", 0, "code"); code != "paused" {
			t.Errorf("%s: the receipt says %v", client, code)
		}
	}
	if r := g.Get("/v1/models"); r.Status != 503 {
		t.Errorf("the list of models: %d", r.Status)
	}
	if r := g.Get("/healthz"); r.Status != 200 {
		t.Errorf("health: %d", r.Status)
	}
	if u.Count() != 0 {
		t.Error("a paused gateway called an upstream")
	}
	g.API("POST", "/api/system/resume", nil)
	if r := g.Ask(wire.OpenAIChat, "up/m", false); r.Status != 200 {
		t.Errorf("after the pause: %d %s", r.Status, r.Body)
	}
}

// TestTraceTellsTheWay: the codes come from the very places where a target is
// passed over or fails.
func TestTraceTellsTheWay(t *testing.T) {
	g := testkit.Start(t)
	for _, c := range []struct {
		name   string
		script testkit.Answer
		code   string
		args   string
	}{
		{"busy", testkit.Refuses(503, "busy"), "upstream_status", "status=503"},
		{"limited", testkit.Refuses(429, "slow down", "Retry-After", "30"), "cooldown", "until="},
		{"empty", testkit.Refuses(402, "your balance is empty"), "quota_empty", ""},
		{"used", testkit.Refuses(429, "You exceeded your current quota for today.", "Retry-After", "7200"), "quota_exhausted", "until="},
		{"revoked", testkit.Refuses(401, "bad key"), "reauth", ""},
		{"gone", testkit.Refuses(404, "no such model"), "model_unknown", ""},
		{"cut", testkit.CutAt(0, "x"), "", ""},
		{"dead", testkit.Resets(), "", ""},
	} {
		g.Upstream(c.name, wire.OpenAIChat, c.script)
		g.Upstream(c.name+"-next", wire.OpenAIChat, testkit.Says("hello"))
		g.Combo("via-"+c.name, "ds/deepseek-chat", c.name+"/m", c.name+"-next/m")
		r := g.Ask(wire.OpenAIChat, "via-"+c.name, false)
		if r.Status != 200 {
			t.Fatalf("%s: %d %s", c.name, r.Status, r.Body)
		}
		trace := g.API("GET", "/api/receipts/"+r.ID()+"/trace", nil)
		var way []string
		for _, s := range trace["steps"].([]any) {
			way = append(way, fmt.Sprint(testkit.At(s, "outcome"), " ", testkit.At(s, "code")))
		}
		failed := testkit.At(trace, "steps", 2)
		if code := fmt.Sprint(testkit.At(failed, "code")); c.code != "" && code != c.code || code == "" || code == "internal" {
			t.Errorf("%s: failed for %q, want %q", c.name, code, c.code)
		}
		if args := fmt.Sprint(testkit.At(failed, "args")); c.args != "" && !strings.Contains(strings.ReplaceAll(args, ":", "="), c.args) {
			t.Errorf("%s: args %s, want %s", c.name, args, c.args)
		}
		if len(way) != 4 || way[0] != "resolved resolved_combo" || way[1] != "skipped no_credentials" || !strings.HasPrefix(way[2], "failed ") || way[3] != "served chosen_next" {
			t.Errorf("%s: %v", c.name, way)
		}
		if n := len(testkit.At(trace, "summary", "because").([]any)); n != 2 || testkit.At(trace, "summary", "outcome") != "served" {
			t.Errorf("%s: summary %v", c.name, trace["summary"])
		}
		if own, all := testkit.At(trace, "ownUs").(float64), testkit.At(trace, "totalMs").(float64); own < 0 || own > all*1000+1000 {
			t.Errorf("%s: %v µs of %v ms are ours", c.name, own, all)
		}
	}
	// The next request meets what rests.
	r := g.Ask(wire.OpenAIChat, "via-limited", false)
	trace := g.API("GET", "/api/receipts/"+r.ID()+"/trace", nil)
	if s := testkit.At(trace, "steps", 2); testkit.At(s, "outcome") != "skipped" || testkit.At(s, "code") != "cooldown" || testkit.At(s, "args", "until") == nil {
		t.Errorf("a resting target: %v", s)
	}
}

func TestTroublesBeginAndEnd(t *testing.T) {
	g := testkit.Start(t)
	u := g.Upstream("up", wire.OpenAIChat, testkit.Refuses(500, "broken"))
	g.Combo("all", "up/m")
	codes := func() string {
		var out []string
		for _, c := range g.API("GET", "/api/health/conditions", nil)["conditions"].([]any) {
			out = append(out, fmt.Sprint(testkit.At(c, "code")))
		}
		return strings.Join(out, " ")
	}
	edges := g.Edges()
	for range 5 {
		g.Ask(wire.OpenAIChat, "all", false)
	}
	edges.Until(t, "+no_usable_target all", "+breaker_open "+u.AccountID)
	if got := codes(); got != "no_usable_target breaker_open" {
		t.Errorf("open: %s", got)
	}
	if state := g.API("GET", "/api/system/status", nil)["state"]; state != "broken" {
		t.Errorf("the state is %v", state)
	}
	u.Then(testkit.Says("hello"))
	g.Rested()
	if r := g.Ask(wire.OpenAIChat, "all", false); r.Status != 200 {
		t.Fatalf("%d %s", r.Status, r.Body)
	}
	edges.Until(t, "-no_usable_target all", "-breaker_open "+u.AccountID)
	if got := codes(); got != "" {
		t.Errorf("still open: %s", got)
	}
}

// TestSendTestAnswersInWords: on both roads.
func TestSendTestAnswersInWords(t *testing.T) {
	g := testkit.Start(t)
	for _, f := range testkit.Formats() {
		prefix := "up-" + string(f)
		g.Upstream(prefix, f, testkit.Says("hello there"))
		got := g.API("POST", "/api/overview/send-test", map[string]any{"model": prefix + "/m"})
		if got["ok"] != true || got["text"] != "hello there" || got["answeredBy"] != prefix+"/m" || len(g.Logged(got["requestId"].(string))) != 1 {
			t.Errorf("%s: %v", f, got)
		}
	}
	g.Upstream("bad", wire.OpenAIChat, testkit.Refuses(401, "no such key"))
	got := g.API("POST", "/api/overview/send-test", map[string]any{"model": "bad/m"})
	if got["ok"] != false || got["kind"] != "auth_revoked" && got["kind"] != "auth_expired" || len(g.Logged(got["requestId"].(string))) != 1 {
		t.Errorf("%v", got)
	}
}

// TestDeletedKeysAreGoneAfterAStart: the ten minutes of undo do not outlive
// the process.
func TestDeletedKeysAreGoneAfterAStart(t *testing.T) {
	dir := t.TempDir()
	g := testkit.Start(t, testkit.DataDir(dir))
	node, account := g.Node("box", wire.OpenAIChat, "http://127.0.0.1:9/v1")
	_ = node
	g.API("DELETE", "/api/providers/"+account, nil)
	if len(testkit.Sealed(t, dir, account)) != 1 {
		t.Fatal("the key went at once, nothing could be undone")
	}
	g.Stop()
	g = testkit.Start(t, testkit.DataDir(dir))
	g.Stop() // waits for what the start began
	if left := testkit.Sealed(t, dir, account); len(left) != 0 {
		t.Errorf("after a start the key is still in %v", left)
	}
}

func TestTroublesOfTheStart(t *testing.T) {
	dir := t.TempDir()
	testkit.Start(t, testkit.DataDir(dir)).Stop()
	if err := os.WriteFile(filepath.Join(dir, "vault", "key"), []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "usage.db"), bytes.Repeat([]byte("no database "), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	g := testkit.Start(t, testkit.DataDir(dir))
	text := fmt.Sprint(g.API("GET", "/api/health/conditions", nil)["conditions"])
	for _, code := range []string{"vault_unavailable", "database_repaired"} {
		if !strings.Contains(text, code) {
			t.Errorf("%s is not open: %s", code, text)
		}
	}
	status := g.API("GET", "/api/system/status", nil)
	if status["state"] != "broken" || testkit.At(status, "vault", "state") != "unavailable" || testkit.At(status, "vault", "detail") == "" {
		t.Errorf("%v", status)
	}
	if r := g.Ask(wire.OpenAIChat, "demo/simulated", false); r.Status != 200 {
		t.Errorf("the demo: %d %s", r.Status, r.Body)
	}
}
