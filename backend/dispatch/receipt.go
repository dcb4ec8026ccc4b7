package dispatch

import (
	"net/http"
	"strings"

	"omniroute/backend/config"
	"omniroute/backend/fault"
	"omniroute/backend/llm"
	"omniroute/backend/routing"
	"omniroute/backend/usage"
)

// maxListed bounds what a receipt lists, so that a combo of thousands does
// not make receipts of megabytes.
const maxListed = 64

func newReceipt(call *Call) usage.Receipt {
	r := usage.Receipt{
		ID: call.ID, Snapshot: call.Snapshot.Rev, Time: call.Time, Path: call.Path, ClientFormat: string(call.Format), Stream: call.Stream,
		Agent: agent(call.Header), RequestedModel: call.Model,
	}
	if call.Key != nil {
		r.KeyID = call.Key.ID
	}
	return r
}

func (r *run) begin() usage.BeginRecord {
	return usage.BeginRecord{
		ID: r.receipt.ID, Time: r.receipt.Time, Path: r.receipt.Path, ClientFormat: r.receipt.ClientFormat,
		RequestedModel: r.receipt.RequestedModel, Agent: r.receipt.Agent, KeyID: r.receipt.KeyID, Stream: r.receipt.Stream,
	}
}

// note copies the plan into the receipt.
func (r *run) note(route *routing.Route) {
	if route.Combo != nil {
		r.receipt.Combo = route.Combo.Name
	}
	n := min(len(route.Candidates), maxListed)
	r.receipt.Candidates = make([]usage.Choice, 0, n)
	for i := range route.Candidates[:n] {
		c := &route.Candidates[i]
		r.receipt.Candidates = append(r.receipt.Candidates, usage.Choice{Target: c.Target, Why: c.Why(), Reason: c.Reason})
	}
	for _, s := range route.Skipped[:min(len(route.Skipped), maxListed)] {
		at := s.At
		if at == (config.Target{}) {
			at = target(s.Target)
		}
		r.receipt.Skipped = append(r.receipt.Skipped, usage.Choice{Target: at, Why: s.Why, Reason: s.Reason})
	}
}

func target(name string) (t config.Target) {
	t.Provider, t.Model, _ = strings.Cut(name, "/")
	if i := strings.LastIndexByte(t.Model, '@'); i >= 0 {
		t.Model, t.Account = t.Model[:i], t.Model[i+1:]
	}
	return t
}

// attempted adds one finished attempt; f is nil for a success.
func (r *run) attempted(a *attempt, f *fault.Error) {
	latency := r.Now().Sub(a.started)
	r.receipt.Timing.Upstream += latency
	if len(r.receipt.Attempts) >= maxListed {
		return
	}
	t := usage.Attempt{Target: a.cand.Target, Status: a.status, Started: a.started.Sub(r.call.Time), Latency: latency}
	if f != nil {
		t.Kind, t.Why, t.Reason = f.Kind.String(), f.Public, fault.ReasonOf(f, a.status, t.Latency, r.Now())
	}
	r.receipt.Attempts = append(r.receipt.Attempts, t)
}

// answered notes who answers, at the moment of commitment.
func (a *attempt) answered() Head {
	r := a.run
	r.receipt.AnsweredBy = a.cand.Upstream.Prefix() + "/" + a.model.ID
	r.receipt.Target = a.cand.Target
	r.call.answered, r.call.native = a.cand.Target, a.native
	r.receipt.Road = usage.RoadTranslated
	if a.native {
		r.receipt.Road = usage.RoadNative
	}
	if a.codec != nil {
		r.receipt.UpstreamFormat = string(a.codec.Format())
	}
	r.losses = a.losses
	if a.cand.Note != "" {
		r.losses = append(r.losses, llm.Loss{Path: "model", Why: a.cand.Note})
	}
	now := r.Now()
	r.receipt.Timing.TTFT = now.Sub(r.call.Time)
	if r.call.Stream {
		r.Planner.State.Measured(a.cand.Target, now.Sub(a.started))
	}
	return Head{Answered: r.receipt.AnsweredBy, Combo: r.receipt.Combo, Attempts: len(r.receipt.Attempts) + 1, Request: a.request}
}

// complete books the success of an attempt before the terminator leaves.
func (a *attempt) complete(u *llm.Usage, stop llm.StopReason) {
	if u == nil {
		u = a.estimate(0)
	}
	a.receipt.Usage = *u
	a.receipt.Cost.Micros, a.receipt.Cost.Known = a.model.Price.Cost(u.Input, u.CacheRead, u.CacheWrite, u.Output)
	a.receipt.Cost.Basis = string(a.model.Price.Basis)
	a.attempted(a, nil)
	a.stays(u.Input + u.Output)
	a.settle(nil)
}

// stays tells routing where the conversation is warm now. If it moved during
// this request, the receipt says what that cost.
func (a *attempt) stays(tokens int64) {
	if !a.sticky {
		return
	}
	moved := a.Planner.State.Served(a.call.Snapshot, a.call.session.id, a.cand.Target, tokens, a.Now())
	if moved.Code == "" || a.call.session.fresh {
		return
	}
	for i := range a.receipt.Candidates {
		c := &a.receipt.Candidates[i]
		if c.Target == a.cand.Target && c.Reason.Code != fault.ReasonMoved {
			c.Reason, c.Why = moved, routing.Sentence(moved)
		}
	}
}

// settle writes the receipt to the journal, once.
func (r *run) settle(f *fault.Error) {
	if r.settled || r.hold == nil && f == nil {
		return
	}
	r.settled = true
	r.receipt.Status = http.StatusOK
	if f != nil {
		r.receipt.Kind, r.receipt.Error, r.receipt.Status, r.receipt.Reason = f.Kind.String(), f.Public, r.status(f), f.Reason
	}
	r.receipt.Losses = r.losses
	r.receipt.Timing.Total = r.Now().Sub(r.call.Time)
	if r.hold == nil { // refused before any upstream was called: the log still knows it
		r.Meter.Settle(&r.receipt)
		return
	}
	r.hold.Settle(&r.receipt)
}

// status is what the client saw: its dialect has the last word. Of an answer
// that broke off after its 200, and of a client that left, the books keep
// what went wrong.
func (r *run) status(f *fault.Error) int {
	if r.begun || f.Kind == fault.Canceled {
		return f.HTTPStatus()
	}
	status, _, _ := r.client.EncodeError(f, "")
	return status
}

// Refused books a request that was turned away before it could be run, so
// that its id leads to a receipt like any other.
func (d *Dispatcher) Refused(call *Call, err error) {
	client, ok := d.Codec(call.Format)
	if !ok {
		return
	}
	r := &run{Dispatcher: d, call: call, client: client}
	r.receipt = newReceipt(call)
	r.settle(fault.As(err))
}

// agent is the first product of a user agent, e.g. "claude-cli/2.1".
func agent(h http.Header) string {
	ua, _, _ := strings.Cut(h.Get("User-Agent"), " ")
	return ua[:min(len(ua), 64)]
}

// usefulness ranks refusals: what a client can act on first.
func usefulness(f *fault.Error) int {
	switch f.Kind {
	case fault.Quota, fault.RateLimited:
		return 6
	case fault.Overloaded:
		return 5
	case fault.Timeout, fault.Upstream, fault.Truncated:
		return 4
	case fault.TooLarge, fault.Unsupported:
		return 3
	case fault.AuthExpired, fault.AuthRevoked, fault.Denied:
		return 2
	}
	return 1
}

// worse keeps the more useful of two refusals, with the earliest time at
// which a new try makes sense.
func worse(old, f *fault.Error) *fault.Error {
	if old == nil {
		return f
	}
	best, other := old, f
	if usefulness(f) > usefulness(old) {
		best, other = f, old
	}
	if other.RetryAfter > 0 && best.RetryAfter > other.RetryAfter {
		return best.With(func(e *fault.Error) { e.RetryAfter = other.RetryAfter })
	}
	return best
}
