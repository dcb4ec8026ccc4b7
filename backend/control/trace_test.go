package control

import (
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"omniroute/backend/config"
	"omniroute/backend/fault"
	"omniroute/backend/llm"
	"omniroute/backend/usage"
)

// routed books a request of a combo whose first step was out of quota, whose
// second failed, and whose third answered.
func (h *house) routed(accounts [3]string, key string) string {
	h.t.Helper()
	target := func(i int) config.Target {
		return config.Target{Provider: "groq", Account: accounts[i], Model: "llama"}
	}
	start := h.clock.now()
	return h.book(usage.Receipt{
		Time: start, Path: "/v1/messages", ClientFormat: "anthropic", UpstreamFormat: "openai-chat", Road: usage.RoadTranslated, Stream: true, Agent: "claude-cli/2.1", KeyID: key,
		RequestedModel: "auto", Combo: "always-on", AnsweredBy: "groq/llama", Target: target(2),
		Candidates: []usage.Choice{{Target: target(0)}, {Target: target(1)}, {Target: target(2)}},
		Skipped:    []usage.Choice{{Target: target(0), Why: "used up", Reason: fault.Because(fault.ReasonQuotaUntil, "until", "2026-11-25T18:00:00Z")}},
		Attempts: []usage.Attempt{
			{Target: target(1), Status: 503, Kind: "overloaded", Started: 2 * time.Millisecond, Latency: 310 * time.Millisecond, Why: "busy", Reason: fault.Because(fault.ReasonUpstreamStatus, "status", "503", "ms", "310")},
			{Target: target(2), Status: 200, Started: 313 * time.Millisecond, Latency: 925 * time.Millisecond},
		},
		Losses: []llm.Loss{{Path: "top_k", Why: "not known there"}}, Status: 200,
		Usage: llm.Usage{Input: 8112, CacheRead: 5900, Output: 412, Reasoning: 120}, Cost: usage.Cost{Micros: 4000, Known: true, Basis: "list"},
		Timing: usage.Timing{TTFT: 693 * time.Millisecond, Total: 1243 * time.Millisecond, Upstream: 1235 * time.Millisecond},
	})
}

func TestTrace(t *testing.T) {
	h := newHouse(t)
	type m = map[string]any
	var ids [3]string
	for i, name := range []string{"ana", "work", "spare"} {
		ids[i] = h.call(201, "POST /api/providers", m{"provider": "groq", "name": name, "apiKey": "gsk_x"}).str("connection.id")
	}
	key := h.call(201, "POST /api/keys", m{"name": "laptop"}).str("id")
	id := h.routed(ids, key)
	got, err := h.services.Logs.Trace(ByID{id})
	if err != nil {
		t.Fatal(err)
	}
	if got.APIKey != "laptop" || got.OwnMs != 8 || got.UpstreamMs != 1235 || got.FormatFrom != "anthropic" || got.FormatTo != "openai-chat" || len(got.Losses) != 1 || got.Cost.Basis != "exact" || *got.Cost.Micros != 4000 || got.Tokens.Basis != "exact" || got.Tokens.CacheRead != 5900 {
		t.Errorf("%+v", got)
	}
	var way []string
	for _, s := range got.Steps {
		way = append(way, s.Kind+" "+s.Model+" "+s.AccountName+" "+s.Outcome+" "+s.Code)
	}
	want := []string{"resolve auto  resolved resolved_combo", "candidate groq/llama ana skipped quota_exhausted", "candidate groq/llama work failed upstream_status", "candidate groq/llama spare served chosen_next"}
	if strings.Join(way, "\n") != strings.Join(want, "\n") {
		t.Errorf("the way was\n%s\nwant\n%s", strings.Join(way, "\n"), strings.Join(want, "\n"))
	}
	if s := got.Steps[3]; s.AtMs != 313 || s.Ms != 925 || s.FirstTokenMs != 380 || s.HTTPStatus != 200 {
		t.Errorf("the last step: %+v", s)
	}
	sum := got.Summary
	if sum.Outcome != "served" || sum.Provider != "Groq" || sum.Account != "spare" || len(sum.Because) != 2 || sum.Because[0].Args["until"] != "2026-11-25T18:00:00Z" || sum.Because[1].Code != "upstream_status" {
		t.Errorf("the summary: %+v", sum)
	}
	h.call(404, "GET /api/receipts/nope/trace", nil)
}

func TestTraceOfWhatMetNobody(t *testing.T) {
	h := newHouse(t)
	for _, c := range []struct {
		r                   usage.Receipt
		outcome, code, cost string
	}{
		{usage.Receipt{Status: 401, Kind: "unauthorized"}, "refused", "unauthorized", "unknown"},
		{usage.Receipt{Status: 403, Kind: "forbidden"}, "refused", "not_allowed_for_key", "unknown"},
		{usage.Receipt{Status: 404, Kind: "not_found"}, "refused", "model_unknown", "unknown"},
		{usage.Receipt{Status: 400, Kind: "invalid"}, "refused", "invalid_request", "unknown"},
		{usage.Receipt{Status: 503, Kind: "overloaded", Reason: fault.Because(fault.ReasonPaused)}, "refused", "paused", "unknown"},
		{usage.Receipt{Kind: "interrupted"}, "interrupted", "", "unknown"},
		{usage.Receipt{Status: 503, Kind: "exhausted", Skipped: []usage.Choice{{Target: config.Target{Provider: "x"}, Reason: fault.Because(fault.ReasonNoAccount)}}}, "failed", "no_credentials", "unknown"},
		{usage.Receipt{Status: 200, AnsweredBy: "demo/simulated", Cost: usage.Cost{Known: true, Basis: "free"}}, "served", "", "free"},
		{usage.Receipt{Status: 200, AnsweredBy: "cc/x", Cost: usage.Cost{Known: true, Micros: 5, Basis: "reference"}}, "served", "", "included"},
		{usage.Receipt{Status: 200, AnsweredBy: "a/x", Usage: llm.Usage{Estimated: true}, Cost: usage.Cost{Known: true, Micros: 5, Basis: "list"}}, "served", "", "estimated"},
	} {
		h.clock.advance(time.Second)
		c.r.Time, c.r.Path, c.r.RequestedModel = h.clock.now(), "/v1/messages", "m"
		got, err := h.services.Logs.Trace(ByID{h.book(c.r)})
		code := ""
		if len(got.Summary.Because) > 0 {
			code = got.Summary.Because[0].Code
		}
		if err != nil || got.Summary.Outcome != c.outcome || code != c.code || got.Cost.Basis != c.cost || got.Steps == nil {
			t.Errorf("%s: outcome %s, code %q, cost %s, want %s %q %s (%v)", c.r.Kind, got.Summary.Outcome, code, got.Cost.Basis, c.outcome, c.code, c.cost, err)
		}
	}
}

func TestSearchTokens(t *testing.T) {
	h := newHouse(t)
	key := h.call(201, "POST /api/keys", map[string]any{"name": "my laptop"}).str("id")
	book := func(model, combo, kind, keyID string, took time.Duration) string {
		h.clock.advance(time.Second)
		status := 200
		if kind != "" {
			status = 500
		}
		return h.book(usage.Receipt{Time: h.clock.now(), Path: "/v1/messages", RequestedModel: model, Combo: combo, Kind: kind, Status: status, KeyID: keyID, Timing: usage.Timing{Total: took}})
	}
	a := book("cc/claude-opus-4-6", "", "", key, 3*time.Second)
	b := book("groq/llama", "always-on", "upstream", "", 200*time.Millisecond)
	for search, want := range map[string]string{
		"": b + " " + a, "model:OPUS": a, "status:error": b, `key:"my laptop"`: a, "combo:always-on": b, ">2s": a, "<500ms": b, "<0.5": b, ">=2": a,
		"llama status:error": b, "llama status:ok": "", "nothing:special": "", "status:error >2s": "",
	} {
		got, err := h.services.Logs.Calls(CallFilter{Search: search})
		var ids []string
		for _, l := range got.Logs {
			ids = append(ids, l.ID)
		}
		if err != nil || strings.Join(ids, " ") != want {
			t.Errorf("%q: %v, want %q (%v)", search, ids, want, err)
		}
	}
	if _, err := h.services.Logs.Calls(CallFilter{Search: ">soon"}); fault.KindOf(err) != fault.Invalid {
		t.Errorf("a time that is none: %v", err)
	}
}

func TestExport(t *testing.T) {
	h := newHouse(t)
	for range 3 {
		h.clock.advance(time.Second)
		h.book(usage.Receipt{Time: h.clock.now(), Path: "/v1/messages", RequestedModel: "=cmd()", Agent: `a,"b"`, Status: 200, Cost: usage.Cost{Known: true, Micros: 1500}})
	}
	file, err := h.services.Logs.Export(ExportQuery{})
	if err != nil || file.Rows != 3 || !file.Complete || !strings.HasSuffix(file.Name, ".csv") {
		t.Fatalf("%+v %v", file, err)
	}
	rows, err := csv.NewReader(strings.NewReader(file.Text)).ReadAll()
	if err != nil || len(rows) != 4 || len(rows[0]) != len(exportColumns) {
		t.Fatalf("%d rows: %v", len(rows), err)
	}
	for i, name := range rows[0] {
		switch cell := rows[1][i]; {
		case name == "requested_model" && cell != "'=cmd()":
			t.Errorf("a spreadsheet would run %q", cell)
		case name == "cost_usd" && cell != "0.0015":
			t.Errorf("the cost is %q", cell)
		case name == "agent" && cell != `a,"b"`:
			t.Errorf("the agent is %q", cell)
		}
	}
	var list []CallLog
	g := h.call(200, "GET /api/usage/call-logs/export?format=json&search=status:ok", nil)
	if err := json.Unmarshal([]byte(g.body), &list); err != nil || len(list) != 3 || !strings.Contains(g.header.Get("Content-Disposition"), ".json") {
		t.Errorf("%d requests, %v: %s", len(list), err, g.body)
	}
	if g := h.call(200, "GET /api/usage/call-logs/export?format=json&model=none", nil); strings.TrimSpace(g.body) != "[]" {
		t.Errorf("nothing is %q", g.body)
	}
	h.call(400, "GET /api/usage/call-logs/export?format=xml", nil)
	h.call(400, "POST /api/usage/call-logs/export", map[string]any{"format": "xml"})
}
