// Package usage counts what was consumed and keeps the books: a receipt for
// every answered request, written to an append-only journal before the answer
// ends and from there, in batches, to the database. A process that is killed
// loses no answered request; a machine that loses power loses at most the
// last second (rulings.md 4.1).
package usage

import (
	"time"

	"omniroute/backend/config"
	"omniroute/backend/fault"
	"omniroute/backend/llm"
)

// Road is how a reply travelled.
type Road string

// The two roads of a reply; a request that reached no upstream has none.
const (
	RoadNone       Road = ""
	RoadNative     Road = "native"
	RoadTranslated Road = "translated"
)

// KindInterrupted is the kind of a request that had begun when the process
// died. All other kinds are names of fault kinds.
const KindInterrupted = "interrupted"

// Receipt is everything worth knowing about one request after it was
// answered. Who fills it hands it to Settle and does not touch it again until
// Settle returns; nothing of it is kept.
type Receipt struct {
	ID             string // of NewID; also X-OmniRoute-Request-Id
	Snapshot       int64  // revision of the settings it saw
	Time           time.Time
	Path           string
	ClientFormat   string
	UpstreamFormat string
	Road           Road
	Stream         bool
	Agent          string // from the user agent, e.g. "claude-cli/2.1"
	KeyID          string // "" = anonymous

	RequestedModel string
	Combo          string // name, "" = none
	AnsweredBy     string // prefix/model as in X-OmniRoute-Model, "" = nobody
	Target         config.Target

	Candidates []Choice
	Skipped    []Choice
	Attempts   []Attempt
	Losses     []llm.Loss
	Policies   []string // names of those that changed the request

	Status int          // HTTP status the client saw
	Kind   string       // fault kind, "" = success
	Error  string       // the sentence the client saw, "" = none
	Reason fault.Reason // of a request that met no target, where one was given
	Usage  llm.Usage
	Cost   Cost
	Cache  string // "HIT", "MISS", "" = does not apply
	Timing Timing

	lost int // items of lists that were too long to be kept
}

// Choice is a target and why it was a candidate, or why it was skipped.
type Choice struct {
	Target config.Target
	Why    string
	Reason fault.Reason // zero: a candidate in the order of the list, or a receipt of an older version
}

// Attempt is one call to an upstream.
type Attempt struct {
	Target  config.Target
	Status  int           // HTTP status of the upstream, 0 = none came
	Kind    string        // fault kind, "" = success
	Started time.Duration // since the arrival of the request, 0 in receipts of older versions
	Latency time.Duration
	Why     string       // what the upstream said, shortened
	Reason  fault.Reason // zero = success
}

// Cost is money in micro-dollars. Not Known means that a price is missing,
// which is not the same as free.
type Cost struct {
	Micros int64
	Known  bool
	Basis  string // how the price is known, see catalog.Basis
}

// Timing is measured from the arrival of the request.
type Timing struct {
	TTFT     time.Duration // first content sent, 0 = none was
	Total    time.Duration
	Upstream time.Duration // of Total, spent waiting for upstreams
}

// Record is a line of the list of requests: a receipt without its lists.
type Record struct {
	ID             string
	Time           time.Time // of arrival, UTC
	Path           string
	ClientFormat   string
	UpstreamFormat string
	Road           Road
	Stream         bool
	Agent          string
	KeyID          string
	RequestedModel string
	Combo          string
	AnsweredBy     string
	Target         config.Target
	Status         int // 0 for interrupted ones
	Kind           string
	Error          string
	Tokens         llm.Usage
	Cost           Cost
	Cache          string
	Attempts       int
	TTFT, Total    time.Duration // whole microseconds
}

// BeginRecord is what is known before the upstream is called. Should the
// process die before the end, it becomes a row of kind "interrupted".
type BeginRecord struct {
	ID             string
	Time           time.Time
	Path           string
	ClientFormat   string
	RequestedModel string
	Agent          string
	KeyID          string
	Stream         bool
}
