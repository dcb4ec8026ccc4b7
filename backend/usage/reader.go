package usage

import (
	"context"
	"time"
)

// Sink takes finished requests into the database. Write must be atomic for the
// whole batch and ignore rows whose id it has: after a crash the journal is
// read again. It must not keep the batch or what it points to. Sync returns
// when everything written survives a power cut; only then a journal segment
// is deleted.
type Sink interface {
	Write(ctx context.Context, batch []Row) error
	Sync(ctx context.Context) error
}

// Reader answers questions about the past. Its answers take time in
// proportion to what is shown, never to what is stored.
type Reader interface {
	// CallLogs lists requests, newest first, without their receipts.
	CallLogs(ctx context.Context, f Filter) (Page, error)
	// Find returns a receipt, or fault.NotFound. Its lists may have been cut.
	Find(ctx context.Context, id string) (*Receipt, error)
	// Receipt returns a receipt as JSON, or fault.NotFound.
	Receipt(ctx context.Context, id string) ([]byte, error)
	// Totals sums whole hours out of the roll-ups, ordered by Start and Name.
	Totals(ctx context.Context, q Query) ([]Total, error)
}

// Filter narrows a list. Empty fields do not narrow.
type Filter struct {
	Limit     int    // rows wanted; 0 = 100, at most 1000
	Before    string // id of the last row seen: continue after it
	From, To  time.Time
	StatusMin int // HTTP status from …
	StatusMax int // … to, inclusive; 0 = no bound
	Kind      string
	Failed    bool   // only those with a kind
	Model     string // requested or answering model, or prefix/model
	ModelPart string // part of one of them; ignores ASCII case
	Provider  string
	Account   string
	KeyID     string
	Combo     string
	Longer    time.Duration // took at least; 0 = no bound
	Shorter   time.Duration // took at most; 0 = no bound
	Search    string        // part of id, path, models, combo, error or agent; ignores ASCII case
}

// Page is a piece of a list. Partial says that the search stopped early, at a
// bound of time or rows, and that older matches may exist.
type Page struct {
	Logs    []Record
	Partial bool
}

// By is what totals are grouped by.
type By string

// The groupings.
const (
	ByNothing  By = ""
	ByModel    By = "model" // requested model
	ByProvider By = "provider"
	ByAccount  By = "account"
	ByKey      By = "key"
	ByCombo    By = "combo"
)

// Query asks for sums between two times; From is rounded down, To up to whole
// hours. Step is the width of a bar: an hour, 24 hours, or 0 for one bar.
type Query struct {
	From, To time.Time
	Step     time.Duration
	By       By
	Zone     *time.Location // where days begin; nil = UTC
}

// Total is one bar of one group.
type Total struct {
	Start      time.Time // zero when Step was 0
	Name       string    // of the group, "" = none
	Requests   int64
	Failed     int64
	Input      int64
	Output     int64
	CacheRead  int64
	CacheWrite int64
	Reasoning  int64
	CostMicros int64
	Unpriced   int64 // requests that used tokens and whose cost is not known
	TotalMs    int64 // sum of durations, for averages
}
