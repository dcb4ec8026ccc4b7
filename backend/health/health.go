// Package health turns what happens into conditions: named troubles with a
// beginning and an end, each told once per episode. It knows nobody it
// watches: events tell it what happened, a survey tells it how things stand,
// and whoever notices a trouble of its own reports it.
package health

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"omniroute/backend/events"
	"omniroute/backend/fault"
)

// Report is a trouble as its witness tells it. Code is one of the list.
type Report struct {
	Code    string
	Subject string            // id of what it is about, "" = the gateway
	Args    map[string]string // values of its sentence: times RFC 3339, never a secret
	Until   time.Time         // when it may end by itself, zero = not known
	Detail  string            // one English sentence, for logs and scripts
}

// Condition is an open trouble.
type Condition struct {
	Report
	Severity Severity
	Kind     string // of the subject
	Since    time.Time
}

// Edge is the beginning or the end of a condition.
type Edge struct {
	Condition
	At   time.Time
	Open bool
}

// Survey is how things stand that have an owner who knows: every report of
// Codes that is not in Reports is over, and so is every trouble with a combo
// that is not in Combos.
type Survey struct {
	Codes   []string
	Reports []Report
	Combos  []string // names
}

// keptEdges is how many edges are remembered.
const keptEdges = 50

type key struct{ code, subject string }

// Engine holds the open conditions. Safe for concurrent use.
type Engine struct {
	bus    *events.Bus
	sub    *events.Subscription
	now    func() time.Time
	kinds  map[string]Kind
	failed map[string]bool // kinds of a request that found nobody
	due    chan struct{}   // capacity 1: a survey is due

	unanswered atomic.Int32 // open conditions of combos
	queued     atomic.Int32 // failures of combos that were not handled yet

	mu      sync.Mutex
	survey  func() Survey
	open    map[key]*Condition
	waiting map[key]*time.Timer // troubles that have not lasted long enough
	edges   []Edge              // oldest first
	closed  bool
}

// New makes an engine that listens from now on; Run handles what it hears. now
// is the clock.
func New(bus *events.Bus, now func() time.Time) *Engine {
	e := &Engine{
		bus: bus, now: now, due: make(chan struct{}, 1),
		kinds: map[string]Kind{}, failed: map[string]bool{}, open: map[key]*Condition{}, waiting: map[key]*time.Timer{},
	}
	for _, k := range Kinds() {
		e.kinds[k.Code] = k
	}
	for k := fault.Internal; k <= fault.Exhausted; k++ {
		if k == fault.Exhausted || k.Policy().Next == fault.NextYes {
			e.failed[k.String()] = true
		}
	}
	e.sub = bus.SubscribeTo(e.cares)
	return e
}

// cares keeps the stream of requests that went well from waking anybody up:
// of requests, only a combo's count, and a good one only while a trouble is
// open, or about to be because a failure waits in the queue.
func (e *Engine) cares(ev events.Event) bool {
	r, request := ev.(events.RequestDone)
	switch {
	case !request:
		return true
	case r.Combo == "":
		return false
	case r.Kind != "":
		e.queued.Add(1)
		return true
	}
	return e.queued.Load() != 0 || e.unanswered.Load() > 0
}

// Ask says whom to ask how things stand, whenever something changed. f must
// not call the engine.
func (e *Engine) Ask(f func() Survey) {
	e.mu.Lock()
	e.survey = f
	e.mu.Unlock()
	select {
	case e.due <- struct{}{}:
	default:
	}
}

// surveyGap is how long the engine rests between two surveys: a storm of
// changes costs one at its beginning and one after it.
const surveyGap = 50 * time.Millisecond

// Run listens until ctx ends.
func (e *Engine) Run(ctx context.Context) error {
	defer e.stop()
	rest := time.NewTimer(0)
	defer rest.Stop()
	stale, resting := false, true
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-e.due:
			stale = true
		case ev := <-e.sub.C():
			stale = e.hear(ev) || stale
		case <-rest.C:
			resting = false
		}
		if stale && !resting {
			e.look()
			stale, resting = false, true
			rest.Reset(surveyGap)
		}
	}
}

func (e *Engine) stop() {
	e.sub.Close()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
	for _, t := range e.waiting {
		t.Stop()
	}
	clear(e.waiting)
}

// hear takes one event and everything that queued up behind it; stale reports
// that a survey is due.
func (e *Engine) hear(ev events.Event) (stale bool) {
	for {
		switch ev := ev.(type) {
		case events.RequestDone:
			e.request(ev)
		case events.ConfigChanged, events.TargetChanged, events.AccountChanged, events.Lagged:
			stale = true
		case events.Trouble:
			if ev.Open {
				e.Open(Report{Code: ev.Code, Subject: ev.Subject, Detail: ev.Detail})
			} else {
				e.Close(ev.Code, ev.Subject)
			}
		}
		select {
		case ev = <-e.sub.C():
		default:
			return stale
		}
	}
}

// request watches whether combos still find somebody who answers.
func (e *Engine) request(r events.RequestDone) {
	if r.Combo == "" {
		return
	}
	if r.Kind != "" {
		defer e.queued.Add(-1)
	}
	switch {
	case r.Kind == "":
		e.Close(NoUsableTarget, r.Combo)
	case r.AnsweredBy == "" && e.failed[r.Kind]:
		e.Open(Report{Code: NoUsableTarget, Subject: r.Combo, Detail: "No step of the combo " + r.Combo + " could answer."})
	}
}

func (e *Engine) look() {
	e.mu.Lock()
	ask := e.survey
	e.mu.Unlock()
	if ask == nil {
		return
	}
	s := ask()
	stands := map[key]bool{}
	for _, r := range s.Reports {
		stands[key{r.Code, r.Subject}] = true
		e.Open(r)
	}
	for _, k := range e.known() {
		switch {
		case slices.Contains(s.Codes, k.code) && !stands[k],
			k.code == NoUsableTarget && !slices.Contains(s.Combos, k.subject):
			e.Close(k.code, k.subject)
		}
	}
}

// known lists what is open or about to be.
func (e *Engine) known() []key {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append(slices.Collect(maps.Keys(e.open)), slices.Collect(maps.Keys(e.waiting))...)
}

// Open reports a trouble. One that is open already only takes over what is
// new about it; nothing is told twice.
func (e *Engine) Open(r Report) {
	k := key{r.Code, r.Subject}
	kind, listed := e.kinds[r.Code]
	if !listed {
		return // not on the list: nobody would have words for it
	}
	e.mu.Lock()
	if c := e.open[k]; c != nil {
		c.Report = r
		e.mu.Unlock()
		return
	}
	switch {
	case e.closed, e.waiting[k] != nil:
		e.mu.Unlock()
	case kind.After > 0:
		e.waiting[k] = time.AfterFunc(kind.After, func() { e.begin(k, kind, r) })
		e.mu.Unlock()
	default:
		e.mu.Unlock()
		e.begin(k, kind, r)
	}
}

// begin opens a condition, unless it ended or began meanwhile.
func (e *Engine) begin(k key, kind Kind, r Report) {
	e.mu.Lock()
	waited := e.waiting[k] != nil
	delete(e.waiting, k)
	if e.closed || e.open[k] != nil || kind.After > 0 && !waited {
		e.mu.Unlock()
		return
	}
	now := e.now()
	c := &Condition{Report: r, Severity: kind.Severity, Kind: kind.Subject, Since: now}
	e.open[k] = c
	e.count(k, 1)
	e.edge(*c, now, true)
	e.mu.Unlock()
	e.bus.Publish(events.ConditionChanged{Code: r.Code, Subject: r.Subject, Open: true, Detail: r.Detail})
}

// Close ends a trouble; ending what is not open does nothing.
func (e *Engine) Close(code, subject string) {
	k := key{code, subject}
	e.mu.Lock()
	if t := e.waiting[k]; t != nil {
		t.Stop()
		delete(e.waiting, k)
	}
	c := e.open[k]
	if c == nil {
		e.mu.Unlock()
		return
	}
	delete(e.open, k)
	e.count(k, -1)
	e.edge(*c, e.now(), false)
	e.mu.Unlock()
	e.bus.Publish(events.ConditionChanged{Code: code, Subject: subject, Detail: c.Detail})
}

// count keeps the number of combos in trouble; the caller holds mu.
func (e *Engine) count(k key, by int32) {
	if k.code == NoUsableTarget {
		e.unanswered.Add(by)
	}
}

// edge remembers; the caller holds mu.
func (e *Engine) edge(c Condition, at time.Time, open bool) {
	if len(e.edges) == keptEdges {
		e.edges = slices.Delete(e.edges, 0, 1)
	}
	e.edges = append(e.edges, Edge{c, at, open})
}

// Conditions lists what is open: broken before attention, newest first.
func (e *Engine) Conditions() []Condition {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := make([]Condition, 0, len(e.open))
	for _, c := range e.open {
		out = append(out, *c)
	}
	rank := func(s Severity) int { return slices.Index([]Severity{Broken, Attention}, s) }
	slices.SortFunc(out, func(a, b Condition) int {
		return cmp.Or(cmp.Compare(rank(a.Severity), rank(b.Severity)), b.Since.Compare(a.Since), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Subject, b.Subject))
	})
	return out
}

// Recent lists the last edges, newest first.
func (e *Engine) Recent() []Edge {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := slices.Clone(e.edges)
	slices.Reverse(out)
	return out
}
