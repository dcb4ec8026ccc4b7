package control

import (
	"slices"
	"time"

	"omniroute/backend/config"
	"omniroute/backend/fault"
	"omniroute/backend/routing"
	"omniroute/backend/usage"
)

// Trace is what the sheet of one request shows. Codes and args belong to the
// catalogue "reasons".
type Trace struct {
	ID             string       `json:"id"`
	Time           time.Time    `json:"time"`
	Path           string       `json:"path"`
	Agent          string       `json:"agent"`  // first product of the user agent
	APIKey         string       `json:"apiKey"` // name, "" = anonymous
	APIKeyID       string       `json:"apiKeyId"`
	RequestedModel string       `json:"requestedModel"`
	Combo          string       `json:"combo"`
	AnsweredBy     string       `json:"answeredBy"` // prefix/model, "" = nobody
	Status         int          `json:"status"`
	Kind           string       `json:"kind"`  // fault kind, "" = success
	Error          string       `json:"error"` // the sentence the client saw
	Stream         bool         `json:"stream"`
	Summary        TraceSummary `json:"summary"`
	Steps          []TraceStep  `json:"steps"`
	Omitted        int          `json:"omitted"` // items of lists that were too long to be kept
	TotalMs        int64        `json:"totalMs"`
	OwnMs          int64        `json:"ownMs"`
	UpstreamMs     int64        `json:"upstreamMs"`
	OwnUs          int64        `json:"ownUs"`        // microseconds: ours is mostly less than a millisecond
	FirstTokenMs   int64        `json:"firstTokenMs"` // since arrival, 0 = none was sent
	Tokens         TraceTokens  `json:"tokens"`
	Cost           TraceCost    `json:"cost"`
	FormatFrom     string       `json:"formatFrom"` // of the client
	FormatTo       string       `json:"formatTo"`   // of the upstream, "" = reached none
	Road           string       `json:"road" enum:"native translated none"`
	Losses         []TraceLoss  `json:"losses"`
	Policies       []string     `json:"policies"`
	Cache          string       `json:"cache"`
	Revision       int64        `json:"revision"` // of the settings it saw
}

// TraceSummary is one sentence: who served and the first two reasons that
// prevented better ones, never more. Outcome says which sentence frames them.
type TraceSummary struct {
	Outcome  string        `json:"outcome" enum:"served failed refused interrupted"`
	Model    string        `json:"model"`    // who served, prefix/model
	Provider string        `json:"provider"` // its name
	Account  string        `json:"account"`  // its name
	Because  []TraceReason `json:"because"`  // at most two
}

// TraceReason is why one target did not serve.
type TraceReason struct {
	Model    string            `json:"model"` // prefix/model, "" = the request as a whole
	Provider string            `json:"provider"`
	Account  string            `json:"account"`
	Code     string            `json:"code"`
	Args     map[string]string `json:"args"`
}

// TraceStep is one target the request met. Kind resolve is the name itself:
// what it led to.
type TraceStep struct {
	AtMs         int64             `json:"atMs"` // since arrival
	Kind         string            `json:"kind" enum:"resolve candidate"`
	Model        string            `json:"model"` // prefix/model
	Provider     string            `json:"provider"`
	ProviderName string            `json:"providerName"`
	Account      string            `json:"account"` // connection id
	AccountName  string            `json:"accountName"`
	Outcome      string            `json:"outcome" enum:"served failed skipped resolved"`
	Code         string            `json:"code"`
	Args         map[string]string `json:"args"`
	Why          string            `json:"why"`        // in English, what was said at the time
	HTTPStatus   int               `json:"httpStatus"` // of the upstream, 0 = none came
	Ms           int64             `json:"ms"`
	FirstTokenMs int64             `json:"firstTokenMs"` // since the beginning of the step, 0 = none
}

// TraceTokens counts as Tokens does; Basis says who counted.
type TraceTokens struct {
	Tokens
	Basis string `json:"basis" enum:"exact estimated unknown"`
}

// TraceCost is the price of the request. Micros is null where it is unknown.
type TraceCost struct {
	Micros *int64 `json:"micros"`
	Basis  string `json:"basis" enum:"exact estimated unknown included free"`
}

// TraceLoss is what could not travel, and why (English).
type TraceLoss struct {
	Path string `json:"path"`
	Why  string `json:"why"`
}

// Trace tells the way of one request.
func (v *Logs) Trace(in ByID) (Trace, error) {
	v.rooms.flush()
	ctx, cancel := v.rooms.within(readTime)
	defer cancel()
	r, err := v.rooms.Books.Find(ctx, in.ID)
	if err != nil {
		return Trace{}, err
	}
	t := tracer{rooms: v.rooms, snap: v.rooms.Config.Now(), receipt: r}
	return t.trace(), nil
}

// tracer puts a receipt into the words of today's settings: names, where what
// had them is still there.
type tracer struct {
	rooms   *Rooms
	snap    *config.Snapshot
	receipt *usage.Receipt
}

func (t *tracer) trace() Trace {
	r := t.receipt
	out := Trace{
		ID: r.ID, Time: r.Time.UTC(), Path: r.Path, Agent: r.Agent, APIKey: r.KeyID, APIKeyID: r.KeyID, RequestedModel: r.RequestedModel, Combo: r.Combo,
		AnsweredBy: r.AnsweredBy, Status: r.Status, Kind: r.Kind, Error: r.Error, Stream: r.Stream, Steps: t.steps(), Omitted: r.Omitted(),
		TotalMs: r.Timing.Total.Milliseconds(), UpstreamMs: r.Timing.Upstream.Milliseconds(), FirstTokenMs: r.Timing.TTFT.Milliseconds(),
		FormatFrom: r.ClientFormat, FormatTo: r.UpstreamFormat, Road: string(r.Road), Losses: []TraceLoss{}, Policies: append([]string{}, r.Policies...),
		Cache: r.Cache, Revision: r.Snapshot,
		Tokens: TraceTokens{Tokens{r.Usage.Input, r.Usage.Output, r.Usage.CacheRead, r.Usage.CacheWrite, r.Usage.Reasoning}, tokenBasis(r)},
		Cost:   TraceCost{Basis: costBasis(r.Cost, r.Usage.Estimated, r.AnsweredBy != "")},
	}
	own := max(r.Timing.Total-r.Timing.Upstream, 0)
	out.OwnMs, out.OwnUs = own.Milliseconds(), own.Microseconds()
	if k := t.snap.Keys[r.KeyID]; k != nil {
		out.APIKey = k.Name
	}
	if out.Road == "" {
		out.Road = "none"
	}
	if r.Cost.Known {
		out.Cost.Micros = &r.Cost.Micros
	}
	for _, l := range r.Losses {
		out.Losses = append(out.Losses, TraceLoss{l.Path, l.Why})
	}
	out.Summary = t.summary(out.Steps)
	return out
}

func tokenBasis(r *usage.Receipt) string {
	switch {
	case r.Usage.Estimated:
		return "estimated"
	case r.AnsweredBy == "":
		return "unknown"
	}
	return "exact"
}

// costBasis puts the basis of a price into the words of dashboard.md 2.16.
func costBasis(c usage.Cost, estimated, answered bool) string {
	switch {
	case c.Basis == "reference", c.Basis == "plan":
		return "included"
	case c.Basis == "free" && answered:
		return "free"
	case !c.Known:
		return "unknown"
	case estimated:
		return "estimated"
	}
	return "exact"
}

// steps lists the way in its order: what the plan left out, then the attempts
// as they were made; targets that were passed over for their rest stand
// before the attempt that came after them.
func (t *tracer) steps() []TraceStep {
	r := t.receipt
	var out []TraceStep
	if r.Combo != "" {
		out = append(out, TraceStep{Kind: "resolve", Outcome: "resolved", Model: r.RequestedModel, Code: string(fault.ReasonCombo), Args: map[string]string{"name": r.Combo}})
	}
	for i := range r.Skipped {
		c := &r.Skipped[i]
		s := t.target(c.Target)
		s.Outcome, s.Why = "skipped", c.Why
		t.because(&s, c.Reason)
		out = append(out, s)
	}
	for i := range r.Attempts {
		a := &r.Attempts[i]
		s := t.target(a.Target)
		s.AtMs, s.Ms, s.HTTPStatus, s.Why = a.Started.Milliseconds(), a.Latency.Milliseconds(), a.Status, a.Why
		if a.Kind == "" {
			s.Outcome = "served"
			t.because(&s, t.place(a.Target))
			if r.Timing.TTFT > a.Started {
				s.FirstTokenMs = (r.Timing.TTFT - a.Started).Milliseconds()
			}
		} else {
			s.Outcome = "failed"
			t.because(&s, a.Reason)
		}
		out = append(out, s)
	}
	t.order(out)
	if out == nil {
		out = []TraceStep{}
	}
	return out
}

// order puts candidates into the order of the plan, where it is known.
func (t *tracer) order(steps []TraceStep) {
	place := map[config.Target]int{}
	for i := range t.receipt.Candidates {
		if _, twice := place[t.receipt.Candidates[i].Target]; !twice {
			place[t.receipt.Candidates[i].Target] = i + 1
		}
	}
	rank := func(s *TraceStep) int {
		if s.Kind == "resolve" {
			return -1
		}
		return place[config.Target{Provider: s.Provider, Account: s.Account, Model: t.bare(s.Model)}]
	}
	slices.SortStableFunc(steps, func(a, b TraceStep) int { return rank(&a) - rank(&b) })
}

// bare takes the prefix off a model.
func (t *tracer) bare(model string) string {
	for i := range len(model) {
		if model[i] == '/' {
			return model[i+1:]
		}
	}
	return model
}

// place is why a target served: what the plan said about it, or it was the
// first, or those before it could not.
func (t *tracer) place(target config.Target) fault.Reason {
	c := t.receipt.Candidates
	for i := range c {
		if c[i].Target == target && c[i].Reason.Code != "" {
			return c[i].Reason
		}
	}
	if len(c) > 0 && c[0].Target == target && len(t.receipt.Attempts) == 1 && len(t.receipt.Skipped) == 0 {
		return fault.Because(fault.ReasonFirst)
	}
	return fault.Because(fault.ReasonNext)
}

// target names a target.
func (t *tracer) target(at config.Target) TraceStep {
	s := TraceStep{Kind: "candidate", Model: at.Provider, Provider: at.Provider, ProviderName: at.Provider, Account: at.Account, AccountName: at.Account, Args: map[string]string{}}
	prefix := at.Provider
	if up, ok := t.rooms.Planner.Upstream(t.snap, at.Provider); ok {
		prefix, s.Provider, s.ProviderName = up.Prefix(), up.ID(), up.Name()
	}
	if at.Model != "" {
		s.Model = prefix + "/" + at.Model
	}
	s.AccountName = accountName(t.snap, at.Account)
	return s
}

// accountName is what a connection is called now, its id when it is gone. The
// demo's has no name of its own.
func accountName(s *config.Snapshot, id string) string {
	if a := s.Accounts[id]; a != nil {
		return a.Name
	}
	if id == routing.DemoAccount {
		return ""
	}
	return id
}

// because tells why; a receipt of an older version has only English.
func (t *tracer) because(s *TraceStep, r fault.Reason) {
	s.Code, s.Args = string(r.Code), argsOf(r)
}

// summary is the sentence on top.
func (t *tracer) summary(steps []TraceStep) TraceSummary {
	r := t.receipt
	out := TraceSummary{Outcome: "served", Model: r.AnsweredBy, Because: []TraceReason{}}
	switch {
	case r.Kind == usage.KindInterrupted:
		out.Outcome = "interrupted"
	case r.Kind != "" && len(r.Attempts) == 0 && len(r.Skipped) == 0:
		out.Outcome = "refused"
	case r.Kind != "":
		out.Outcome = "failed"
	}
	for i := range steps {
		s := &steps[i]
		switch s.Outcome {
		case "served":
			out.Provider, out.Account = s.ProviderName, s.AccountName
		case "failed", "skipped":
			if len(out.Because) < 2 && s.Code != "" {
				out.Because = append(out.Because, TraceReason{s.Model, s.ProviderName, s.AccountName, s.Code, s.Args})
			}
		}
	}
	if out.Outcome == "refused" {
		reason := r.Reason
		if reason.Code == "" {
			reason = fault.Because(refusal(r.Kind))
		}
		out.Because = append(out.Because, TraceReason{Code: string(reason.Code), Args: argsOf(reason)})
	}
	return out
}

// refusal is why a request was turned away before any target was asked.
func refusal(kind string) fault.ReasonCode {
	switch kind {
	case fault.Unauthorized.String():
		return fault.ReasonUnauthorized
	case fault.Forbidden.String():
		return fault.ReasonNotAllowed
	case fault.NotFound.String():
		return fault.ReasonModelUnknown
	case fault.TooLarge.String():
		return fault.ReasonTooLarge
	case fault.Canceled.String():
		return fault.ReasonCanceled
	case fault.Internal.String():
		return fault.ReasonInternal
	}
	return fault.ReasonInvalid
}
