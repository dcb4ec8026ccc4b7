package llm

import "iter"

// Response is a whole answer: the fold of its events.
type Response struct {
	ID         string
	Model      string
	Created    int64 // unix seconds, 0 = not said
	Tier       string
	Candidates []Candidate
	Usage      *Usage // nil = the upstream said nothing (R52)
}

// Candidate is one of the alternatives of an answer; most answers have one.
type Candidate struct {
	Parts    []Part
	Stop     Stop
	Logprobs []byte // raw JSON array in chat's shape (R4b), nil = none
}

// StopReason is table 4.7 of formats.md. The zero value means unknown.
type StopReason uint8

// The reasons.
const (
	StopUnknown StopReason = iota
	StopEnd
	StopSequence
	StopToolCalls
	StopLength
	StopContextFull
	StopFilter
	StopPause
)

// Stop is why a candidate ended.
type Stop struct {
	Reason   StopReason
	Sequence string // the stop sequence that matched, "" = none
	Native   string // the upstream's own word
	Message  string // explanation of a filter, "" = none
}

// Usage counts tokens. Input includes cache read and write, Output includes
// reasoning (formats.md 4.6, rulings 3.11).
type Usage struct {
	Input      int64
	CacheRead  int64
	CacheWrite int64
	CacheLong  int64 // of CacheWrite, those with the one-hour lifetime
	Output     int64
	Reasoning  int64
	Estimated  bool // ours, because the upstream gave none
}

// EventKind is a step of an answer.
type EventKind uint8

// A stream is: Begin, (Open, Delta*, Close)*, Finish once per candidate,
// Usage*, End. End comes exactly once and last; a stream that yields an
// error instead has no End. At most one block is open at a time.
const (
	EventBegin  EventKind = iota // ID, Model, Created; Usage may carry early input counts
	EventOpen                    // Block, Candidate, Part: kind, call id and name
	EventDelta                   // Block, Delta, Text
	EventClose                   // Block; Part.Seal or Part.Annotations may complete the block
	EventFinish                  // Candidate, Stop
	EventUsage                   // Usage, cumulative: replaces what came before (R51)
	EventEnd
)

// DeltaKind says what Event.Text adds to.
type DeltaKind uint8

// DeltaArgs is a fragment of a call's JSON arguments, DeltaInput of a custom
// call's text, DeltaLogprobs a raw JSON array in chat's shape.
const (
	DeltaText DeltaKind = iota
	DeltaReasoning
	DeltaArgs
	DeltaInput
	DeltaLogprobs
	DeltaAnnotation // raw JSON of one annotation in the origin's shape
)

// Event is one step.
type Event struct {
	Kind      EventKind
	Delta     DeltaKind
	Candidate int
	Block     int // counts up from 0 over the whole answer
	Text      string
	Part      *Part // Open and Close only
	ID        string
	Model     string
	Created   int64
	Tier      string
	Stop      Stop
	Usage     *Usage
}

// Stream is a pull-based answer. The error, if any, is a *fault.Error and
// ends the stream.
type Stream = iter.Seq2[Event, error]

// Loss is something an encoding could not carry.
type Loss struct {
	Path string // where it stood in the client's request or the upstream's answer
	Why  string
}
