package gateway

import (
	"bytes"
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"omniroute/backend/dispatch"
	"omniroute/backend/fault"
	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// run executes a call and writes its answer.
func (s *Server) run(w http.ResponseWriter, r *http.Request, call *dispatch.Call) {
	if call.Format == wire.OpenAIResponses {
		call.Previous = jscan.Str(jscan.Get(call.Body, "previous_response_id"))
	}
	codec, ok := s.Codec(call.Format)
	if call.Array {
		codec = s.Array
	}
	if !ok {
		s.fail(w, wire.OpenAIChat, call.ID, fault.New(fault.Internal, "gateway.codec", "No codec speaks %s.", call.Format))
		return
	}
	out := &reply{codec: codec, call: call, idle: s.KeepAlive, now: s.Now, client: client{w: w, wait: s.clientWait()}}
	out.flusher, _ = w.(http.Flusher)
	out.watched = call.Stream && !call.Array
	out.keeper = remember(s.Runner, call)
	setID(w.Header(), call.ID)
	if out.watched {
		out.watch()
		defer out.timer.Stop()
	}
	begun, err := s.Runner.Do(r.Context(), call, out)
	out.finish(s, begun, err)
	out.done()
	call.Recycle()
}

// reply is the client's side of one call: it turns what dispatch pushes into
// bytes. A mutex keeps the keep-alive and the answer apart; it is uncontended.
type reply struct {
	client
	codec wire.Codec
	call  *dispatch.Call
	idle  time.Duration
	now   func() time.Time

	mu     sync.Mutex
	timer  *time.Timer
	last   time.Time // of the last bytes to the client
	sent   bool      // the header left
	over   bool
	native bool
	last3  ending // of the native bytes
	head   dispatch.Head
	enc    wire.StreamEncoder
	out    bytes.Buffer // of the encoder, until the next flush
	dirty  bool
	keeper *conversation // nil when nothing is to be remembered
}

// watch sends a sign of life whenever the client has heard nothing for a
// while. Nothing is sent while an event stands half-written.
func (r *reply) watch() {
	r.last = r.now()
	r.timer = time.AfterFunc(math.MaxInt64, r.keepAlive)
	r.timer.Reset(r.idle) // not before the timer is stored: it may fire at once
}

func (r *reply) keepAlive() {
	if !r.mu.TryLock() { // something is being written, perhaps to a client that does not read
		r.timer.Reset(r.look())
		return
	}
	defer r.mu.Unlock()
	if r.over {
		return
	}
	if left := r.idle - r.now().Sub(r.last); left > 0 {
		r.timer.Reset(left)
		return
	}
	if !r.native || r.last3.event() {
		enc := r.enc
		if enc == nil {
			enc = r.codec.EncodeStream(&r.out, &llm.Request{Model: r.call.Model, Stream: true})
		}
		if enc.KeepAlive() == nil && r.out.Len() > 0 { // Gemini's clients want none: nothing is committed to
			r.header()
			r.within(r.wait) // nobody watches while this very timer writes
			r.push()
			r.within(0)
		}
	}
	r.last = r.now()
	r.timer.Reset(r.idle)
}

// ending is the last bytes of a native stream: the end of an event may come in
// two pieces.
type ending [3]byte

func (e *ending) add(p []byte) {
	n := min(len(p), len(e))
	copy(e[:], e[n:])
	copy(e[len(e)-n:], p[len(p)-n:])
}

// event reports that nothing stands half-written.
func (e *ending) event() bool { return e[2] == '\n' && (e[1] == '\n' || e[1] == '\r' && e[0] == '\n') }

// header sends the status line once. After that only the answer's own format
// can carry an error.
func (r *reply) header() {
	if r.sent {
		return
	}
	r.sent = true
	h := r.w.Header()
	if r.call.Stream && !r.call.Array {
		h["Content-Type"] = eventStream
		if c, ok := r.codec.(interface{ ContentType() string }); ok { // lines instead of events
			h["Content-Type"] = []string{c.ContentType()}
		}
		h["Cache-Control"] = noCache
	} else {
		h["Content-Type"] = jsonType
	}
	r.w.WriteHeader(http.StatusOK)
}

// Shared header values; net/http only reads them.
var (
	eventStream = []string{"text/event-stream; charset=utf-8"}
	jsonType    = []string{"application/json"}
	noCache     = []string{"no-cache"}
)

// push writes what the encoder made and flushes.
func (r *reply) push() error {
	if r.out.Len() > 0 {
		r.keeper.watch(r.out.Bytes())
		err := r.write(r.out.Bytes())
		r.out.Reset()
		if err != nil {
			return err
		}
		r.dirty = true
	}
	if r.dirty {
		r.flush()
	}
	r.dirty = false
	return nil
}

// Begin implements dispatch.Out.
func (r *reply) Begin(head dispatch.Head) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.head = head
	if r.sent {
		return // a keep-alive went first; the receipt has the rest
	}
	h := r.w.Header()
	for k, v := range head.Header {
		h[k] = v
	}
	h["X-Omniroute-Model"] = []string{headerText(head.Answered)}
	if head.Combo != "" {
		h["X-Omniroute-Combo"] = []string{headerText(head.Combo)}
	}
	h["X-Omniroute-Attempts"] = []string{strconv.Itoa(head.Attempts)}
	if head.Cost != "" {
		h["X-Omniroute-Cost"] = []string{head.Cost}
	}
}

// Native implements dispatch.Out.
func (r *reply) Native(p []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.header()
	r.native = true
	r.last3.add(p)
	r.dirty = true
	r.keeper.watch(p)
	return r.write(p)
}

// Event implements dispatch.Out.
func (r *reply) Event(ev llm.Event) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.encoder().Encode(ev)
}

func (r *reply) encoder() wire.StreamEncoder {
	if r.enc == nil {
		req := r.head.Request
		if req == nil {
			req = &llm.Request{Model: r.call.Model, Stream: true}
		}
		r.enc = r.codec.EncodeStream(&r.out, req)
	}
	return r.enc
}

// Flush implements dispatch.Out.
func (r *reply) Flush() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.out.Len() > 0 {
		r.header()
	}
	if !r.dirty && r.out.Len() == 0 {
		return nil
	}
	r.last = r.now()
	return r.push()
}

// Whole implements dispatch.Out.
func (r *reply) Whole(body []byte) error {
	r.keeper.whole(body)
	h := r.w.Header()
	h["Content-Type"] = jsonType
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	r.sent = true
	return r.write(body)
}

// Response implements dispatch.Out.
func (r *reply) Response(answer *llm.Response) ([]llm.Loss, error) {
	body, losses, err := r.codec.EncodeResponse(answer, r.head.Request)
	if err != nil {
		return losses, err
	}
	return losses, r.Whole(body)
}

// finish ends the answer: with its terminator, or with an error that the
// client's own SDK understands.
func (r *reply) finish(s *Server, begun bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.over = true
	switch {
	case err == nil && !r.call.Stream, r.native:
		return // whole, or native bytes that brought their own end
	case err == nil:
		r.header()
		r.encoder().Close(nil)
	case r.sent && !r.call.Stream:
		return
	case r.sent || begun:
		r.header()
		r.encoder().Close(fault.As(err))
	default:
		s.fail(r.w, r.call.Format, r.call.ID, err)
		return
	}
	r.push() // nobody is left to tell when this fails
}

// fail writes an error in the client's own format.
func (s *Server) fail(w http.ResponseWriter, f wire.Format, id string, err error) {
	codec, ok := s.Codec(f)
	if !ok {
		codec, _ = s.Codec(wire.OpenAIChat)
	}
	status, header, body := codec.EncodeError(fault.As(err), id)
	h := w.Header()
	for k, v := range header {
		h[k] = v
	}
	setID(h, id)
	h["Content-Type"] = jsonType
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(status)
	w.Write(body)
}

// json writes a plain success.
func (s *Server) json(w http.ResponseWriter, id string, body []byte) {
	h := w.Header()
	setID(h, id)
	h["Content-Type"] = jsonType
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.Write(body)
}

func setID(h http.Header, id string) { h["X-Omniroute-Request-Id"] = []string{id} }
