package control

import (
	"maps"
	"slices"
	"time"

	"omniroute/backend/fault"
	"omniroute/backend/health"
	"omniroute/backend/resilience"
)

// Health are the verbs about troubles.
type Health struct{ rooms *Rooms }

// Condition is a named trouble (dashboard.md 2.16). Its words stand in the
// catalogue "conditions" under Code and Args.
type Condition struct {
	Code     string            `json:"code"`
	Severity string            `json:"severity" enum:"attention broken"`
	Subject  ConditionSubject  `json:"subject"`
	Args     map[string]string `json:"args"` // times RFC 3339
	Detail   string            `json:"detail"`
	Since    time.Time         `json:"since"`
	Until    *time.Time        `json:"until,omitempty"` // when it may end by itself, absent = not known
	Action   *ConditionAction  `json:"action,omitempty"`
}

// ConditionSubject is what a trouble is about; ID and Name are "" for the
// gateway itself.
type ConditionSubject struct {
	Kind string `json:"kind" enum:"account combo gateway"`
	ID   string `json:"id"`
	Name string `json:"name"`
}

// ConditionAction is the way out: Label is a word of the catalogue
// "conditions" under actions, Route a place in the dashboard.
type ConditionAction struct {
	Label string `json:"label" enum:"open_providers open_account open_combos open_settings open_logs"`
	Route string `json:"route"`
}

// ConditionEdge is the beginning or the end of a condition.
type ConditionEdge struct {
	Condition
	At   time.Time `json:"at"`
	Open bool      `json:"open"`
}

// ConditionList is what is open, worst first, and the last 50 edges, newest
// first.
type ConditionList struct {
	Conditions []Condition     `json:"conditions"`
	Recent     []ConditionEdge `json:"recent"`
}

// Conditions lists what is wrong now and what was lately.
func (v *Health) Conditions() (ConditionList, error) {
	out := ConditionList{Conditions: []Condition{}, Recent: []ConditionEdge{}}
	for _, c := range v.rooms.Health.Conditions() {
		out.Conditions = append(out.Conditions, v.view(&c))
	}
	for _, e := range v.rooms.Health.Recent() {
		out.Recent = append(out.Recent, ConditionEdge{v.view(&e.Condition), e.At.UTC(), e.Open})
	}
	return out, nil
}

func (v *Health) view(c *health.Condition) Condition {
	out := Condition{
		Code: c.Code, Severity: string(c.Severity), Subject: ConditionSubject{Kind: c.Kind, ID: c.Subject, Name: c.Subject},
		Args: maps.Clone(c.Args), Detail: c.Detail, Since: c.Since.UTC(), Until: moment(c.Until),
	}
	if out.Args == nil {
		out.Args = map[string]string{}
	}
	switch c.Kind {
	case "account":
		s := v.rooms.Config.Now()
		out.Action = &ConditionAction{"open_providers", "/providers"}
		if a := s.Accounts[c.Subject]; a != nil {
			out.Subject.Name = a.Name
			out.Args["provider"] = a.Provider
			if up, ok := v.rooms.Planner.Upstream(s, a.Provider); ok {
				out.Args["provider"] = up.Name()
				out.Action = &ConditionAction{"open_account", "/providers/" + up.ID()}
			}
		}
		out.Args["name"] = out.Subject.Name
	case "combo":
		out.Args["name"] = c.Subject
		out.Action = &ConditionAction{"open_combos", "/combos"}
	default:
		out.Action = wayOut(c.Code)
	}
	return out
}

// wayOut is where the trouble of the gateway itself is mended, nil where no
// page helps.
func wayOut(code string) *ConditionAction {
	switch code {
	case health.VaultUnavailable, health.PortTaken:
		return &ConditionAction{"open_settings", "/settings"}
	case health.BooksBehind, health.DatabaseTrouble, health.DatabaseRepaired:
		return &ConditionAction{"open_logs", "/logs"}
	}
	return nil
}

// survey says how the accounts stand: which condition each is in.
func (v *Providers) survey() health.Survey {
	out := health.Survey{Codes: []string{health.BreakerOpen, health.NeedsLogin, health.NeedsKey}}
	s := v.rooms.Config.Now()
	standing := v.standings()
	for _, a := range s.Accounts {
		st := standing[a.ID]
		word, why, until := v.status(a, st)
		r := health.Report{Subject: a.ID, Detail: why}
		if until != nil {
			r.Until = *until
			r.Args = map[string]string{"until": fault.Moment(*until)}
		}
		switch {
		case word == "needs-key":
			r.Code = health.NeedsKey
		case word == "sign-in":
			r.Code = health.NeedsLogin
		case a.Active && st.known && st.State != resilience.Closed:
			r.Code = health.BreakerOpen
		default:
			continue
		}
		out.Reports = append(out.Reports, r)
	}
	for _, c := range s.Combos {
		out.Combos = append(out.Combos, c.Name)
	}
	slices.Sort(out.Combos)
	return out
}
