// Package routing decides which targets a request may go to, in which order,
// and why. It is pure: everything it needs is handed in, nothing is called,
// and the same input gives the same plan.
package routing

import (
	"time"

	"omniroute/backend/catalog"
	"omniroute/backend/config"
	"omniroute/backend/fault"
)

// Query is what the plan of one request depends on.
type Query struct {
	Model    string         // as the client wrote it
	Provider string         // id or prefix of a dedicated provider route, "" = any
	Format   catalog.Format // the client's, to prefer native targets

	Take bool      // a call follows: whose turn it is counts as used
	Now  time.Time // of the request
	Seed uint64    // for what is left to chance; the same seed draws the same
	Talk Talk      // the conversation it belongs to, nil = none
}

// Candidate is one option of a route.
type Candidate struct {
	Target  config.Target
	Account *config.Account
	Upstream
	Asked string // the name in the combo or request that led here, "prefix/model"
	Note  string // what was replaced and why, "" = nothing

	Reason fault.Reason // why it stands at this place; zero = by the list's own order

	later *later // nil = nothing is left to count
}

// Upstream is a provider as a request sees it: a catalogue entry, or a
// user's node over its template.
type Upstream struct {
	Provider *catalog.Provider
	Node     *config.Node // nil for catalogue entries
}

// ID is the stable id used in targets and receipts.
func (u Upstream) ID() string {
	if u.Node != nil {
		return u.Node.ID
	}
	return u.Provider.ID
}

// Prefix is the model prefix shown to people.
func (u Upstream) Prefix() string {
	if u.Node != nil {
		return u.Node.Prefix
	}
	return u.Provider.Alias
}

// Name is the display name.
func (u Upstream) Name() string {
	if u.Node != nil {
		return u.Node.Name
	}
	return u.Provider.Name
}

// Format is the wire format a node was made for, or a provider's default.
func (u Upstream) Format() catalog.Format {
	if u.Node != nil && u.Node.Type == config.NodeOpenAI && u.Node.APIType == "responses" {
		return catalog.OpenAIResponses
	}
	return u.Provider.Format()
}

// Skip is a target that was left out, and why. Target is for people:
// prefix/model@account, or the name that stood in the combo. At is the target
// itself as far as it is known.
type Skip struct {
	Target, Why string
	At          config.Target
	Reason      fault.Reason
}

// Route is the plan of one request.
type Route struct {
	Combo      *config.Combo // nil = a single model
	Candidates []Candidate
	Skipped    []Skip
	Sticky     bool // there was a choice, and the conversation is known: State.Served wants to hear the outcome
}

// Planner holds what a plan needs besides the settings. Safe for concurrent
// use.
type Planner struct {
	Catalog *catalog.Catalog
	View    View   // nil = everything can be used
	State   *State // nil = nothing is remembered
}

// View is how targets stand right now. It is asked only where there is a
// choice.
type View interface {
	// Rests reports a target that would be refused now.
	Rests(config.Target) bool
	// Health is from 0, as bad as can be, to 100.
	Health(config.Target) int
}

// DemoAccount stands for the built-in simulated provider, which needs no
// connection.
const DemoAccount = "demo"

// Plan resolves the model name (rulings 3.1) and lists the targets in order.
// A name that means nothing is fault.NotFound. A known name without a usable
// account is an error too, whose sentence says what to connect.
func (p *Planner) Plan(s *config.Snapshot, q Query) (Route, error) {
	var r Route
	w := walk{planner: p, snap: s, query: q, route: &r}
	if q.Provider != "" {
		return r, w.dedicated()
	}
	err := w.name(q.Model, 0)
	if w.stray {
		err = w.adopt(err)
	}
	if len(s.Chains()) > 0 {
		err = w.fallBack(err)
	}
	if w.repeats {
		r.Candidates = distinct(r.Candidates)
	}
	return r, err
}

// upstream finds a provider by node id, node prefix, catalogue id or prefix.
// A node's prefix wins (contract.md 4.2).
func (p *Planner) upstream(s *config.Snapshot, name string) (Upstream, bool) {
	node, ok := s.NodeByPrefix(name)
	if !ok {
		node, ok = s.Nodes[name]
	}
	if ok {
		template, ok := p.Catalog.Node(string(node.Type))
		return Upstream{template, node}, ok
	}
	entry, ok := p.Catalog.Provider(name)
	return Upstream{Provider: entry}, ok
}

// Upstream resolves a provider id or prefix for other rooms.
func (p *Planner) Upstream(s *config.Snapshot, name string) (Upstream, bool) {
	return p.upstream(s, name)
}

// AccountsOf lists the active accounts of an upstream; the demo has one of
// its own.
func AccountsOf(s *config.Snapshot, u Upstream) []*config.Account {
	if u.Node == nil && u.Provider.Kind == catalog.KindDemo {
		return demoAccounts
	}
	return s.AccountsOf(u.ID())
}

var demoAccounts = []*config.Account{{ID: DemoAccount, Provider: "demo", Name: "Built-in demo", Kind: config.KindNone, Active: true}}

func modelNotFound(format string, args ...any) *fault.Error {
	e := fault.New(fault.NotFound, "routing.plan", format, args...)
	e.Code, e.Param = fault.CodeModelNotFound, "model"
	return e
}
