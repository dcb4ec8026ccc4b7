package control

import (
	"encoding/json"
	"slices"

	"omniroute/backend/catalog"
	"omniroute/backend/config"
	"omniroute/backend/fault"
	"omniroute/backend/routing"
	"omniroute/backend/wire/jscan"
)

// Routing are the verbs about where a request would go.
type Routing struct{ rooms *Rooms }

// Question describes a request that is not made. Model may stand in Body.
type Question struct {
	Model  string          `json:"model"`
	Format string          `json:"format"` // of the client, "" = openai-chat
	Body   json.RawMessage `json:"body"`
}

// Plan is where the request would go, first to last, and what is left out.
// Error is what the client would hear when nothing is left.
type Plan struct {
	Combo      string   `json:"combo,omitempty"`
	Candidates []Choice `json:"candidates"`
	Skipped    []Choice `json:"skipped"`
	Error      string   `json:"error,omitempty"`
}

// Choice is a target (prefix/model@connection) and why it stands there.
type Choice struct {
	Target string `json:"target"`
	Why    string `json:"why"`
}

// Explain plans a request without calling anyone. A name that means nothing
// is NotFound, as it would be for the request.
func (v *Routing) Explain(in Question) (Plan, error) {
	r := v.rooms
	model := in.Model
	if model == "" {
		model = jscan.Str(jscan.Get(in.Body, "model"))
	}
	if model == "" {
		return Plan{}, badInput("model", "The field \"model\" is missing.")
	}
	format := catalog.OpenAIChat
	if in.Format != "" {
		if !catalog.HasCodec(in.Format) {
			return Plan{}, badInput("format", "The format %q is unknown. Use openai-chat, openai-responses, anthropic or gemini.", clip(in.Format, 60))
		}
		format = in.Format
	}
	s := r.Config.Now()
	route, err := r.Planner.Plan(s, routing.Query{Model: model, Format: format})
	if err != nil && len(route.Skipped) == 0 {
		return Plan{}, err
	}
	out := Plan{Candidates: []Choice{}, Skipped: []Choice{}}
	if err != nil {
		out.Error = fault.As(err).Public
	}
	if route.Combo != nil {
		out.Combo = route.Combo.Name
	}
	v.sort(&out, s, &route)
	for _, skip := range route.Skipped {
		out.Skipped = append(out.Skipped, Choice{skip.Target, skip.Why})
	}
	return out, nil
}

// sort tells candidates from targets that rest now. Asking the board for a
// lease would spend a breaker's one probe, so only its view is read.
func (v *Routing) sort(out *Plan, s *config.Snapshot, route *routing.Route) {
	rest := map[config.Target]string{}
	now := v.rooms.Now()
	for _, st := range v.rooms.Board.Standings() {
		if st.Login || st.Until.After(now) {
			rest[st.Target] = st.Why
		}
	}
	for i := range route.Candidates {
		c := &route.Candidates[i]
		t := Choice{Target: targetName(v.rooms, s, c.Target), Why: c.Note}
		why, resting := rest[c.Target]
		if !resting {
			why, resting = rest[config.Target{Provider: c.Target.Provider, Account: c.Target.Account}]
		}
		if resting {
			t.Why = why
			out.Skipped = append(out.Skipped, t)
			continue
		}
		if t.Why == "" {
			t.Why = "First in the list."
			if len(out.Candidates) > 0 {
				t.Why = "Next in the list."
			}
		}
		out.Candidates = append(out.Candidates, t)
	}
	out.Candidates = slices.Clip(out.Candidates)
}
