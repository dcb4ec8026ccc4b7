// Package dispatch runs one call from its plan to its end: it walks the
// candidates, chooses the road (native bytes or translation), inspects every
// answer before committing to it, and leaves a receipt. It never touches an
// http.ResponseWriter.
package dispatch

import (
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"omniroute/backend/catalog"
	"omniroute/backend/config"
	"omniroute/backend/egress"
	"omniroute/backend/llm"
	"omniroute/backend/providers"
	"omniroute/backend/resilience"
	"omniroute/backend/routing"
	"omniroute/backend/usage"
	"omniroute/backend/wire"
)

// Call is one request of a client, checked and authorised.
type Call struct {
	ID       string
	Time     time.Time
	Snapshot *config.Snapshot // the request's world
	Key      *config.Key      // nil = anonymous
	Path     string
	Format   wire.Format // the client's
	Model    string
	Provider string // dedicated provider route, "" = any
	Stream   bool
	Body     []byte    // JSON that passed wire.Peek
	Head     wire.Head // of Body
	Header   http.Header
	Query    string // without any key
	Previous string // Responses: previous_response_id, "" = none
	Array    bool   // Gemini: the stream as one JSON array, never native

	decoded  *llm.Request  // once somebody needed it
	anchored *wire.Head    // the body as it came, while Body holds the whole conversation
	minted   config.Target // who gave out Previous
	answered config.Target // who answers, once committed
	native   bool          // and by its own bytes
	session  session

	open    atomic.Int32 // readers of request bodies that the transport has not closed
	buffers [][]byte     // made for this call with wire.Buffer
}

// Own notes a buffer that nobody but this call holds, for Recycle.
func (c *Call) Own(b []byte) {
	if cap(b) == 0 || slices.ContainsFunc(c.buffers, func(o []byte) bool { return &o[:1][0] == &b[:1][0] }) {
		return
	}
	c.buffers = append(c.buffers, b)
}

// Recycle gives the call's buffers back, unless a transport still reads one.
// Nothing of the call may be used afterwards.
func (c *Call) Recycle() {
	if c.open.Load() != 0 {
		return
	}
	for _, b := range c.buffers {
		wire.Recycle(b)
	}
	c.buffers, c.Body, c.Head, c.anchored, c.decoded = nil, nil, wire.Head{}, nil, nil
}

// Caller names who owns conversations: a key, or everyone without one.
func (c *Call) Caller() string {
	if c.Key != nil {
		return c.Key.ID
	}
	return ""
}

// Head is what is known when an answer is committed to.
type Head struct {
	Header   http.Header  // of the upstream, what the client may see; nil on the translated road
	Answered string       // prefix/model
	Combo    string       // "" = none
	Attempts int          // made so far, this one included
	Request  *llm.Request // the client's, decoded; nil on the native road
	Cost     string       // USD, "" = not known yet
}

// Out is the client's side of a call. Dispatch pushes into it from one
// goroutine; a slow client slows the upstream, nothing is queued.
type Out interface {
	// Begin commits: content follows. Called once, before anything below.
	Begin(Head)
	// Native passes bytes of the client's own format.
	Native(p []byte) error
	// Event passes a step of a translated answer, already restored to the
	// client's names.
	Event(llm.Event) error
	// Whole passes a complete body of the client's own format.
	Whole(body []byte) error
	// Response passes a complete translated answer.
	Response(*llm.Response) ([]llm.Loss, error)
	// Flush sends what is buffered; called before every wait.
	Flush() error
}

// Conversations keeps what previous_response_id means (rulings 2.5).
type Conversations interface {
	// Find returns the input items so far, and who minted the id.
	Find(caller, id string) (items []byte, minted config.Target, ok bool)
	Keep(caller, id string, items []byte, minted config.Target)
}

// Dispatcher holds the rooms a call needs. All fields are set once; safe for
// concurrent use.
type Dispatcher struct {
	Catalog       *catalog.Catalog
	Planner       *routing.Planner
	Directory     *providers.Directory
	Board         *resilience.Board
	Keeper        Keeper
	Egress        *egress.Client
	Meter         *usage.Meter
	Conversations Conversations
	Codec         func(wire.Format) (wire.Codec, bool)
	UserAgent     string
	Timeouts      egress.Timeouts // zero = the defaults of egress
	Now           func() time.Time
}
