package control

import (
	"strings"
	"testing"
	"time"

	"omniroute/backend/config"
	"omniroute/backend/llm"
	"omniroute/backend/usage"
)

// book puts an answered request into the books, as the gateway does.
func (h *house) book(r usage.Receipt) string {
	h.t.Helper()
	r.ID = usage.NewID(r.Time)
	hold, err := h.meter.Begin(usage.BeginRecord{ID: r.ID, Time: r.Time, Path: r.Path, RequestedModel: r.RequestedModel, KeyID: r.KeyID})
	if err != nil {
		h.t.Fatal(err)
	}
	hold.Settle(&r)
	return r.ID
}

func TestCallLogsAndReceipts(t *testing.T) {
	h := newHouse(t)
	key := h.call(201, "POST /api/keys", map[string]any{"name": "agent one"}).str("id")
	start := h.clock.now()
	target := config.Target{Provider: "openai", Account: "acc", Model: "gpt-5"}
	ok := h.book(usage.Receipt{
		Time: start, Path: "/v1/messages", RequestedModel: "mix", AnsweredBy: "openai/gpt-5", Target: target, Combo: "mix", KeyID: key, Status: 200,
		Road: usage.RoadTranslated, Usage: llm.Usage{Input: 100, CacheRead: 40, Output: 20, Reasoning: 5}, Cost: usage.Cost{Micros: 1234567, Known: true},
		Timing:   usage.Timing{TTFT: 120 * time.Millisecond, Total: 900 * time.Millisecond, Upstream: 880 * time.Millisecond},
		Attempts: []usage.Attempt{{Target: target, Status: 200, Latency: 880 * time.Millisecond}},
		Skipped:  []usage.Choice{{Target: config.Target{Provider: "groq", Account: "b", Model: "x"}, Why: "It rests."}},
		Losses:   []llm.Loss{{Path: "top_k", Why: "unknown there"}},
	})
	bad := h.book(usage.Receipt{Time: start.Add(time.Second), Path: "/v1/chat/completions", RequestedModel: "nobody/x", Status: 404, Kind: "not_found", Error: "Model is not known."})

	g := h.call(200, "GET /api/usage/call-logs", nil)
	logs := g.at("logs").([]any)
	if len(logs) != 2 || logs[0].(map[string]any)["id"] != bad || logs[1].(map[string]any)["id"] != ok {
		t.Fatalf("not newest first: %s", g.body)
	}
	for _, part := range []string{
		`"time":"2026-11-25T12:00:00Z"`, `"tokens":{"input":100,"output":20,"cacheRead":40,"cacheWrite":0,"reasoning":5}`, `"costUsd":"1.234567","costMicros":1234567`,
		`"costUsd":null`, `"ttftMs":120,"totalMs":900`, `"attempts":1`, `"apiKey":"agent one"`, `"answeredBy":"openai/gpt-5"`, `"requestedModel":"nobody/x"`, `"provider":"openai"`,
	} {
		if !strings.Contains(g.body, part) {
			t.Errorf("the list lacks %s: %s", part, g.body)
		}
	}
	for query, want := range map[string]string{
		"limit=1": bad, "status=404": bad, "status=4xx": bad, "status=error": bad, "status=ok": ok, "status=200": ok, "model=mix": ok, "model=openai/gpt-5": ok,
		"provider=openai": ok, "apiKey=" + key: ok, "apiKey=agent%20one": ok, "combo=mix": ok, "search=NOBODY": bad, "before=" + bad: ok, "from=2026-11-25T12:00:01Z": bad, "to=2026-11-25T12:00:00.5Z": ok,
	} {
		g := h.call(200, "GET /api/usage/call-logs?"+query, nil)
		if logs := g.at("logs").([]any); len(logs) != 1 || logs[0].(map[string]any)["id"] != want {
			t.Errorf("%s: %s", query, g.body)
		}
	}
	if g := h.call(200, "GET /api/usage/call-logs?limit=1", nil); g.str("next") != bad {
		t.Errorf("no way on: %s", g.body)
	}
	for _, query := range []string{"limit=x", "limit=-1", "limit=5000", "status=zzz", "status=9xx", "status=42", "from=yesterday", "to=1"} {
		h.call(400, "GET /api/usage/call-logs?"+query, nil)
	}
	if g := h.call(200, "GET /api/usage/call-logs?model=none", nil); !strings.Contains(g.body, `"logs":[]`) {
		t.Errorf("an empty list: %s", g.body)
	}

	g = h.call(200, "GET /api/receipts/"+ok, nil)
	for _, part := range []string{
		`"id":"` + ok + `"`, `"snapshot":`, `"candidates":[]`, `"skipped":[{"target":"groq/x@b","why":"It rests."}]`, `"attempts":[{"target":"openai/gpt-5@acc","status":200`,
		`"losses":[{"path":"top_k","why":"unknown there"}]`, `"usage":{`, `"cost":{"usd":"1.234567","micros":1234567`, `"cache":`, `"timing":{`,
	} {
		if !strings.Contains(g.body, part) {
			t.Errorf("the receipt lacks %s: %s", part, g.body)
		}
	}
	if g := h.do(ask{text: "GET /api/receipts/none"}); g.status != 404 || g.str("error.kind") != "not_found" {
		t.Errorf("%d %s", g.status, g.body)
	}
}
