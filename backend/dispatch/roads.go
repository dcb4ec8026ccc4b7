package dispatch

import (
	"compress/gzip"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"sync"

	"omniroute/backend/fault"
	"omniroute/backend/llm"
	"omniroute/backend/providers"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

const (
	chunkSize = 8 << 10   // of a native stream
	heldLimit = 256 << 10 // held back while waiting for content
	maxBody   = 64 << 20  // of a whole answer
)

var chunks = sync.Pool{New: func() any { b := make([]byte, chunkSize); return &b }}

// passStream hands the upstream's bytes on as they come. Nothing leaves
// before content is seen, so that an error inside a 200 can still fall back.
func (a *attempt) passStream(resp *http.Response) error {
	tap := a.codec.Tap(true)
	buf := chunks.Get().(*[]byte)
	defer chunks.Put(buf)
	var held []byte
	for {
		n, err := resp.Body.Read(*buf)
		if n > 0 {
			chunk := (*buf)[:n]
			tap.Write(chunk)
			if !a.begun {
				held = append(held, chunk...)
				if tap.Err() != nil && !tap.Content() {
					return a.inBand(tap.Err())
				}
				if !tap.Content() && !tap.Ended() && len(held) < heldLimit {
					chunk = nil
				} else {
					a.commitNative(resp)
					chunk, held = held, nil
				}
			}
			if err := a.pass(chunk, tap); err != nil {
				return err
			}
		}
		if err != nil {
			return a.endStream(tap, err)
		}
	}
}

// pass writes one chunk. The receipt is in the journal before the terminator.
func (a *attempt) pass(chunk []byte, tap wire.Tap) error {
	if len(chunk) == 0 {
		return nil
	}
	if !a.settled && final(tap) && tap.Err() == nil {
		a.complete(a.counted(tap), tap.Stop())
	}
	if err := a.out.Native(chunk); err != nil {
		return a.left(tap, err)
	}
	if err := a.out.Flush(); err != nil {
		return a.left(tap, err)
	}
	return nil
}

// final reports that a stream has reached its terminator. Where counters may
// follow the last finish reason, the tap tells the two apart.
func final(tap wire.Tap) bool {
	if t, ok := tap.(interface{ Final() bool }); ok {
		return t.Final()
	}
	return tap.Ended()
}

func (a *attempt) commitNative(resp *http.Response) {
	head := a.answered()
	head.Header = make(http.Header)
	providers.CopyBack(head.Header, resp.Header)
	a.begun = true
	a.out.Begin(head)
}

// endStream judges how a native stream ended. One that broke off after
// content is ended in the format's own words; an error the upstream wrote
// itself has passed already.
func (a *attempt) endStream(tap wire.Tap, err error) error {
	if tap.Ended() && tap.Err() == nil {
		if !a.settled {
			a.complete(a.counted(tap), tap.Stop())
		}
		return nil
	}
	a.partial(tap.Usage())
	if tap.Err() != nil {
		return a.inBand(tap.Err())
	}
	if err == io.EOF {
		err = fault.New(fault.Truncated, "dispatch.stream", "The upstream's answer broke off before its end.")
	}
	if a.begun && !unread(err) {
		if werr := a.out.Native(tap.Fail(err)); werr != nil {
			return fault.Wrap(fault.Canceled, "dispatch.write", werr, "The client closed the connection.")
		}
	}
	return err
}

// unread reports that the client left. A call that we broke off ourselves has
// a status, and somebody who reads it.
func unread(err error) bool {
	f := fault.As(err)
	return f.Kind == fault.Canceled && f.Status == 0
}

// inBand gives an error that came inside a 200 its real class. What broke on
// the way here was classified where it broke.
func (a *attempt) inBand(err error) error {
	f := fault.As(err)
	switch f.Kind {
	case fault.Canceled, fault.Timeout, fault.Truncated:
		return f
	}
	return providers.Refine(a.endpoint, f)
}

// left books what a client consumed before it went away: all of it, when only
// the terminator was missing.
func (a *attempt) left(tap wire.Tap, err error) error {
	if tap.Ended() && tap.Err() == nil {
		if !a.settled {
			a.complete(a.counted(tap), tap.Stop())
		}
		return nil
	}
	a.partial(tap.Usage())
	return fault.Wrap(fault.Canceled, "dispatch.write", err, "The client closed the connection.")
}

// partial keeps the tokens of an answer that did not reach its end.
func (a *attempt) partial(u *llm.Usage) {
	if u == nil {
		u = a.estimate(0)
	}
	a.receipt.Usage = *u
	a.receipt.Usage.Estimated = true
	a.receipt.Cost.Micros, a.receipt.Cost.Known = a.model.Price.Cost(u.Input, u.CacheRead, u.CacheWrite, u.Output)
	a.receipt.Cost.Basis = string(a.model.Price.Basis)
}

// counted is the upstream's own count, or ours when it gave none.
func (a *attempt) counted(tap wire.Tap) *llm.Usage {
	if u := tap.Usage(); u != nil {
		return u
	}
	return a.estimate(0)
}

// estimate counts what was sent; answered is the length of the answer's text.
func (a *attempt) estimate(answered int64) *llm.Usage {
	u := &llm.Usage{Estimated: true, Output: answered}
	if a.request != nil {
		u.Input = wire.EstimateTokens(a.request)
	} else {
		u.Input = int64(len(a.body)+3) / 4
	}
	return u
}

// passWhole hands a whole answer of the client's own format on.
func (a *attempt) passWhole(resp *http.Response) error {
	body, err := readBody(resp)
	if err != nil {
		return err
	}
	if jscan.Check(body) != nil || jscan.KindOf(body) != jscan.Object {
		return notAnAnswer(a.endpoint.Upstream.Name())
	}
	tap := a.codec.Tap(false)
	tap.Write(body)
	if tap.Err() != nil {
		return a.inBand(tap.Err())
	}
	if !tap.Ended() && !tap.Content() && tap.Usage() == nil {
		return notAnAnswer(a.endpoint.Upstream.Name())
	}
	head := a.answered()
	head.Header = make(http.Header)
	providers.CopyBack(head.Header, resp.Header)
	a.complete(a.counted(tap), tap.Stop())
	head.Cost = a.cost()
	a.begun = true
	a.out.Begin(head)
	return a.out.Whole(body)
}

// translateWhole decodes a whole answer and gives it to the client's codec.
func (a *attempt) translateWhole(resp *http.Response) error {
	body, err := readBody(resp)
	if err != nil {
		return err
	}
	if jscan.Check(body) != nil || jscan.KindOf(body) != jscan.Object {
		return notAnAnswer(a.endpoint.Upstream.Name())
	}
	answer, err := a.codec.DecodeResponse(body)
	if err != nil {
		return a.inBand(err)
	}
	return a.whole(answer)
}

func (a *attempt) whole(answer *llm.Response) error {
	if a.names != nil {
		answer = a.names.Restore(answer)
	}
	if answer.Model == "" {
		answer.Model = a.model.ID
	}
	if answer.Usage == nil {
		answer.Usage = a.estimate(answerTokens(answer))
	}
	head := a.answered()
	a.complete(answer.Usage, llm.StopUnknown)
	head.Cost = a.cost()
	a.begun = true
	a.out.Begin(head)
	_, err := a.out.Response(answer)
	return err
}

func answerTokens(r *llm.Response) (n int64) {
	for _, c := range r.Candidates {
		for _, p := range c.Parts {
			n += wire.EstimateText(p.Text)
			if p.Call != nil {
				n += wire.EstimateText(p.Call.Args) + wire.EstimateText(p.Call.Input)
			}
		}
	}
	return n
}

// flushing sends what is known before it waits for more.
type flushing struct {
	io.Reader
	out Out
}

func (f flushing) Read(p []byte) (int, error) {
	if err := f.out.Flush(); err != nil {
		return 0, err
	}
	return f.Reader.Read(p)
}

// translateStream decodes an upstream stream event by event.
func (a *attempt) translateStream(resp *http.Response) error {
	s := a.codec.DecodeStream(flushing{resp.Body, a.out})
	if a.names != nil {
		s = a.names.RestoreStream(s)
	}
	return a.stream(s)
}

// simulate answers with the built-in demo.
func (a *attempt) simulate() error {
	return a.stream(providers.Simulate(a.request, a.call.ID, a.call.Time.Unix()))
}

// stream passes events on, holding them back until content is seen. A client
// that wants a whole answer gets the fold.
func (a *attempt) stream(s llm.Stream) error {
	if !a.call.Stream {
		answer, err := llm.Fold(s)
		if err != nil {
			return a.broken(err)
		}
		names := a.names
		a.names = nil // the stream was restored already
		defer func() { a.names = names }()
		return a.whole(answer)
	}
	var held []llm.Event
	var seen *llm.Usage
	var tokens int64
	for ev, err := range s {
		if err != nil {
			a.partial(seen)
			return a.broken(err)
		}
		switch ev.Kind {
		case llm.EventBegin:
			if ev.Model == "" {
				ev.Model = a.model.ID
			}
			if ev.Usage != nil {
				seen = ev.Usage
			}
		case llm.EventUsage:
			seen = ev.Usage
		case llm.EventDelta:
			tokens += int64(len(ev.Text))
		case llm.EventEnd:
			if seen == nil {
				seen = a.estimate(tokens / 4)
				held = append(held, llm.Event{Kind: llm.EventUsage, Usage: seen})
			}
		}
		held = append(held, ev)
		if !a.begun && !shows(ev) {
			continue
		}
		if !a.begun {
			head := a.answered()
			a.begun = true
			a.out.Begin(head)
		}
		if ev.Kind == llm.EventEnd {
			a.complete(seen, llm.StopUnknown)
		}
		for _, h := range held {
			if err := a.out.Event(h); err != nil {
				a.partial(seen)
				return fault.Wrap(fault.Canceled, "dispatch.write", err, "The client closed the connection.")
			}
		}
		held = held[:0]
		if ev.Kind == llm.EventEnd {
			return nil
		}
	}
	a.partial(seen)
	return fault.New(fault.Truncated, "dispatch.stream", "The upstream's answer broke off before its end.")
}

// shows reports events after which there is no way back: something a person
// sees, or the regular end of an empty answer.
func shows(ev llm.Event) bool {
	switch ev.Kind {
	case llm.EventDelta:
		return ev.Text != ""
	case llm.EventOpen:
		return ev.Part != nil && ev.Part.Kind == llm.PartToolCall
	case llm.EventEnd:
		return true
	}
	return false
}

// broken keeps the class of a failing stream.
func (a *attempt) broken(err error) error {
	if errors.Is(err, llm.ErrNoEnd) {
		return fault.New(fault.Truncated, "dispatch.stream", "The upstream's answer broke off before its end.")
	}
	return a.inBand(err)
}

// decompress undoes an encoding nobody asked for.
func decompress(resp *http.Response) error {
	switch enc := strings.ToLower(resp.Header.Get("Content-Encoding")); enc {
	case "", "identity":
		return nil
	case "gzip", "x-gzip":
		z, err := gzip.NewReader(resp.Body)
		if err != nil {
			return fault.Wrap(fault.Upstream, "dispatch.gzip", err, "The upstream's answer is said to be gzip and is not.")
		}
		resp.Body = &unzipped{z, resp.Body}
		return nil
	default:
		return fault.New(fault.Upstream, "dispatch.encoding", "The upstream's answer is encoded as %q, which nobody asked for.", enc)
	}
}

type unzipped struct {
	io.Reader
	under io.Closer
}

func (u *unzipped) Close() error { return u.under.Close() }

// plausible refuses what is no API answer: a captive portal, an error page.
func plausible(resp *http.Response, stream bool) error {
	ct, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if ct == "text/html" || ct == "application/xhtml+xml" {
		return fault.New(fault.Upstream, "dispatch.answer", "The upstream answered with a web page instead of an API answer. A proxy or a login page may stand in between.")
	}
	return nil
}

// bareJSON recognises a host that answers a request for a stream with one
// whole body: the client still gets its stream.
func bareJSON(resp *http.Response) bool {
	ct, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	return ct == "application/json"
}

func notAnAnswer(name string) error {
	return fault.New(fault.Upstream, "dispatch.answer", "%s answered with something that is no answer of its API.", name)
}

func readBody(resp *http.Response) ([]byte, error) {
	var body []byte
	if n := resp.ContentLength; n > 0 && n <= maxBody {
		body = make([]byte, 0, n+1) // one more, so that the end is seen without growing
	}
	body, err := appendAll(body, io.LimitReader(resp.Body, maxBody+1))
	if err != nil {
		return nil, err
	}
	if len(body) > maxBody {
		return nil, fault.New(fault.Upstream, "dispatch.answer", "The upstream's answer is larger than 64 MB.")
	}
	return body, nil
}

func appendAll(b []byte, r io.Reader) ([]byte, error) {
	for {
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
		n, err := r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		if err == io.EOF {
			return b, nil
		}
		if err != nil {
			return b, err
		}
	}
}
