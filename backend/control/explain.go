package control

import (
	"cmp"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"time"

	"omniroute/backend/catalog"
	"omniroute/backend/config"
	"omniroute/backend/dispatch"
	"omniroute/backend/fault"
	"omniroute/backend/resilience"
	"omniroute/backend/routing"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// Routing are the verbs about where a request would go.
type Routing struct{ rooms *Rooms }

// Question describes a request that is not made. Model may stand in Body.
type Question struct {
	Model   string          `json:"model"`
	Format  string          `json:"format"` // of the client, "" = openai-chat
	Body    json.RawMessage `json:"body"`
	Session string          `json:"session"` // what X-Session-Id would say, "" = nothing
	KeyID   string          `json:"keyId"`   // whose conversation it is, "" = who brings no API key
}

// Plan is where the request would go, first to last, and what is left out.
// What is left to chance is drawn anew for each request. Error is what the
// client would hear when nothing is left.
type Plan struct {
	Model      string   `json:"model"`
	Combo      string   `json:"combo,omitempty"`
	Strategy   string   `json:"strategy,omitempty"` // of the combo
	Candidates []Choice `json:"candidates"`
	Skipped    []Choice `json:"skipped"`
	Error      string   `json:"error,omitempty"`
}

// Choice is a target (prefix/model@connection) and why it stands there: in
// English, and as a code and its values of the catalogue "reasons".
type Choice struct {
	Target string            `json:"target"`
	Why    string            `json:"why"`
	Code   string            `json:"code"`
	Args   map[string]string `json:"args"`
	Health int               `json:"health"` // 0 to 100
}

// Explain plans a request without calling anyone. A name that means nothing
// is NotFound, as it would be for the request.
func (v *Routing) Explain(in Question) (Plan, error) {
	r := v.rooms
	s := r.Config.Now()
	query, err := in.query(s, r.Now())
	if err != nil {
		return Plan{}, err
	}
	route, err := r.Planner.Plan(s, query)
	if err != nil && len(route.Skipped) == 0 {
		return Plan{}, err
	}
	out := Plan{Model: query.Model, Candidates: []Choice{}, Skipped: []Choice{}}
	if err != nil {
		out.Error = fault.As(err).Public
	}
	if route.Combo != nil {
		out.Combo, out.Strategy = route.Combo.Name, s.ComboSpread(route.Combo).Strategy
	}
	v.sort(&out, s, &route)
	for _, skip := range route.Skipped {
		out.Skipped = append(out.Skipped, v.choice(skip.Target, skip.Why, skip.Reason, skip.At))
	}
	return out, nil
}

// query is the plan to make for a question.
func (in *Question) query(s *config.Snapshot, now time.Time) (routing.Query, error) {
	call := &dispatch.Call{Body: in.Body, Header: http.Header{}}
	if !jscan.IsNull(in.Body) {
		var err error
		if call.Head, err = wire.Peek(in.Body); err != nil {
			return routing.Query{}, err
		}
	}
	if in.Session != "" {
		call.Header.Set("X-Session-Id", in.Session)
	}
	if in.KeyID != "" {
		if call.Key = s.Keys[in.KeyID]; call.Key == nil {
			return routing.Query{}, badInput("keyId", "There is no API key with this id.")
		}
	}
	q := routing.Query{Model: cmp.Or(in.Model, call.Head.Model), Format: catalog.OpenAIChat, Now: now, Seed: rand.Uint64(), Talk: call}
	if q.Model == "" {
		return q, badInput("model", "The field \"model\" is missing.")
	}
	if in.Format != "" {
		if !catalog.HasCodec(in.Format) {
			return q, badInput("format", "The format %q is unknown. Use openai-chat, openai-responses, anthropic or gemini.", clip(in.Format, 60))
		}
		q.Format = in.Format
	}
	return q, nil
}

func (v *Routing) choice(target, why string, reason fault.Reason, at config.Target) Choice {
	out := Choice{Target: target, Why: why, Code: string(reason.Code), Args: argsOf(reason)}
	if at.Account != "" {
		out.Health = v.rooms.Board.Health(at)
	}
	return out
}

// sort tells candidates from targets that rest now. Asking the board for a
// lease would spend a breaker's one probe, so only its view is read.
func (v *Routing) sort(out *Plan, s *config.Snapshot, route *routing.Route) {
	rest := map[config.Target]resilience.Standing{}
	now := v.rooms.Now()
	for _, st := range v.rooms.Board.Standings() {
		if st.Login || st.Until.After(now) {
			rest[st.Target] = st
		}
	}
	for i := range route.Candidates {
		c := &route.Candidates[i]
		t := v.choice(targetName(v.rooms, s, c.Target), c.Why(), c.Reason, c.Target)
		st, resting := rest[c.Target]
		if !resting {
			st, resting = rest[config.Target{Provider: c.Target.Provider, Account: c.Target.Account}]
		}
		if resting {
			t.Why, t.Code, t.Args = st.Why, string(st.Reason.Code), argsOf(st.Reason)
			out.Skipped = append(out.Skipped, t)
			continue
		}
		if t.Code == "" {
			reason, why := fault.ReasonFirst, "First in the list."
			if len(out.Candidates) > 0 {
				reason, why = fault.ReasonNext, "Next in the list."
			}
			t.Code, t.Why = string(reason), cmp.Or(t.Why, why)
		}
		out.Candidates = append(out.Candidates, t)
	}
	if len(out.Candidates) == 0 && len(out.Skipped) > 0 && out.Error == "" {
		out.Error = "Every target that could answer rests now."
	}
}
