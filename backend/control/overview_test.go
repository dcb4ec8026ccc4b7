package control

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"omniroute/backend/events"
	"omniroute/backend/fault"
	"omniroute/backend/health"
	"omniroute/backend/llm"
	"omniroute/backend/usage"
)

func TestStatusSaysHowItIs(t *testing.T) {
	h := newHouse(t)
	g := h.call(200, "GET /api/system/status", nil)
	if g.str("state") != "ready" || g.str("endpoint") != "http://localhost:20128/v1" || g.str("face") != "browser" || g.str("dataDir") != h.dir || g.str("vault.state") != "ok" {
		t.Errorf("%s", g.body)
	}
	h.health.Open(health.Report{Code: health.DatabaseRepaired})
	if g = h.call(200, "GET /api/system/status", nil); g.str("state") != "attention" || g.at("conditions") != 1.0 {
		t.Errorf("%s", g.body)
	}
	h.health.Open(health.Report{Code: health.PortTaken, Args: map[string]string{"port": "20128"}})
	if g = h.call(200, "GET /api/system/status", nil); g.str("state") != "broken" {
		t.Errorf("%s", g.body)
	}
	list := h.call(200, "GET /api/health/conditions", nil)
	if !strings.Contains(list.body, `"code":"port_taken","severity":"broken","subject":{"kind":"gateway","id":"","name":""},"args":{"port":"20128"}`) || len(list.at("recent").([]any)) != 2 {
		t.Errorf("%s", list.body)
	}
	sub := h.bus.Subscribe()
	defer sub.Close()
	if g = h.call(200, "POST /api/system/pause", map[string]any{"minutes": 15}); g.str("state") != "paused" || g.str("pausedUntil") != "2026-11-25T12:15:00Z" {
		t.Errorf("%s", g.body)
	}
	h.call(400, "POST /api/system/pause", map[string]any{"minutes": -1})
	h.call(400, "POST /api/system/pause", map[string]any{"minutes": maxPause + 1})
	if g = h.call(503, "POST /api/overview/send-test", map[string]any{}); !strings.Contains(g.body, "paused until") || g.header.Get("Retry-After") != "900" {
		t.Errorf("%s %v", g.body, g.header)
	}
	h.clock.advance(15 * time.Minute)
	if g = h.call(200, "GET /api/system/status", nil); g.str("state") != "broken" {
		t.Errorf("after the pause: %s", g.body)
	}
	h.call(200, "POST /api/system/pause", map[string]any{})
	h.call(200, "POST /api/system/resume", nil)
	var said []string
	for range 3 {
		said = append(said, (<-sub.C()).(events.GatewayChanged).State)
	}
	if got := strings.Join(said, " "); got != "paused paused serving" {
		t.Errorf("the feed heard %q", got)
	}
}

func TestAPauseEndsByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus := events.NewBus()
		sub := bus.Subscribe()
		defer sub.Close()
		p := NewPause(bus, time.Now)
		p.set(time.Minute)
		p.set(time.Hour) // another one takes its place
		time.Sleep(2 * time.Minute)
		if _, paused := p.Paused(); !paused {
			t.Error("the first pause ended the second")
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if _, paused := p.Paused(); paused {
			t.Error("the pause goes on")
		}
		n := 0
		for len(sub.C()) > 0 {
			if e := (<-sub.C()).(events.GatewayChanged); e.State == "serving" {
				n++
			}
		}
		if n != 1 {
			t.Errorf("told %d times that it serves again", n)
		}
	})
}

func TestToday(t *testing.T) {
	h := newHouse(t)
	book := func(at time.Time, kind string, micros int64, known bool) {
		h.book(usage.Receipt{Time: at, Path: "/v1/messages", RequestedModel: "m", Status: 200, Kind: kind, Usage: llm.Usage{Input: 100, CacheRead: 60, Output: 10}, Cost: usage.Cost{Micros: micros, Known: known}})
	}
	now := h.clock.now()
	book(now.Add(-2*time.Second), "", 1500, true)
	book(now.Add(-time.Second), "upstream", 0, false)
	book(midnight(now).Add(-time.Hour), "", 99, true) // yesterday
	g := h.call(200, "GET /api/overview/today", nil)
	if g.at("requests") != 2.0 || g.at("failed") != 1.0 || g.at("spentMicros") != 1500.0 || g.at("unpriced") != 1.0 || g.at("tokens.input") != 200.0 || g.at("tokens.cacheRead") != 120.0 {
		t.Errorf("%s", g.body)
	}
}

func TestSendTest(t *testing.T) {
	h := newHouse(t)
	h.tester.fails = map[string]error{"groq/x": fault.New(fault.AuthRevoked, "test", "The key is refused.")}
	type m = map[string]any
	if g := h.call(200, "POST /api/overview/send-test", m{}); g.at("ok") != true || g.str("model") != "demo/simulated" || g.str("text") != "Hello." || g.str("requestId") == "" {
		t.Errorf("%s", g.body)
	}
	h.call(201, "POST /api/combos", m{"name": "one", "models": []any{"demo/simulated"}})
	if g := h.call(200, "POST /api/overview/send-test", m{}); g.str("model") != "auto" {
		t.Errorf("%s", g.body)
	}
	if g := h.call(200, "POST /api/overview/send-test", m{"model": "groq/x"}); g.at("ok") != false || g.str("kind") != "auth_revoked" || g.str("error") == "" || g.str("requestId") == "" {
		t.Errorf("%s", g.body)
	}
}

// TestAccountsInTrouble: what the board knows becomes conditions, and ends.
func TestAccountsInTrouble(t *testing.T) {
	h := newHouse(t)
	id := h.call(201, "POST /api/providers", map[string]any{"provider": "groq", "name": "ana", "apiKey": "gsk_x"}).str("connection.id")
	h.tasks.Wait()
	codes := func() string {
		var out []string
		for _, c := range h.health.Conditions() {
			out = append(out, c.Code)
		}
		return strings.Join(out, " ")
	}
	sub := h.bus.Subscribe()
	defer sub.Close()
	until := func(want string) {
		t.Helper()
		for codes() != want {
			if _, open := <-sub.C(); !open {
				t.Fatalf("open: %q, want %q", codes(), want)
			}
		}
	}
	h.break_(id, "groq", 5)
	until("breaker_open")
	g := h.call(200, "GET /api/health/conditions", nil)
	if !strings.Contains(g.body, `"subject":{"kind":"account","id":"`+id+`","name":"ana"}`) || !strings.Contains(g.body, `"provider":"Groq"`) || !strings.Contains(g.body, `"route":"/providers/groq"`) {
		t.Errorf("%s", g.body)
	}
	h.call(200, "POST /api/resilience/reset", nil)
	until("")
	lease, _ := h.board.Admit(h.target(id, "groq", "m"), false)
	lease.Done(fault.New(fault.AuthRevoked, "test", "no").With(func(e *fault.Error) { e.Scope = fault.ScopeAccount }))
	until("needs_key")
	if g := h.call(200, "GET /api/providers/"+id, nil); g.str("connection.statusCode") != "reauth" {
		t.Errorf("%s", g.body)
	}
	h.call(204, "DELETE /api/providers/"+id, nil)
	until("")
}
