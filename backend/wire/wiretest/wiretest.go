// Package wiretest holds the laws that every codec obeys, whatever its
// format. It is for tests only; a codec's own tests call Run.
package wiretest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"omniroute/backend/fault"
	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// Run holds a codec to the laws.
func Run(t *testing.T, c wire.Codec) {
	t.Run("requests come back", func(t *testing.T) { requests(t, c) })
	t.Run("prefixes are stable", func(t *testing.T) { prefixes(t, c) })
	t.Run("answers come back", func(t *testing.T) { answers(t, c) })
	t.Run("streams come back", func(t *testing.T) { streams(t, c) })
	t.Run("broken streams say so", func(t *testing.T) { broken(t, c) })
	t.Run("errors come back", func(t *testing.T) { failures(t, c) })
	t.Run("counts come back", func(t *testing.T) { counts(t, c) })
	t.Run("rubbish is refused", func(t *testing.T) { rubbish(t, c) })
	t.Run("nothing is borrowed", func(t *testing.T) { borrowed(t, c) })
}

func encode(t *testing.T, c wire.Codec, r *llm.Request) []byte {
	t.Helper()
	prepared, _ := wire.Prepare(r, c.Format(), dialect)
	body, _, err := c.EncodeRequest(prepared, dialect)
	if err != nil {
		t.Fatalf("EncodeRequest: %v", err)
	}
	if err := jscan.Check(body); err != nil {
		t.Fatalf("EncodeRequest wrote no JSON: %v\n%s", err, body)
	}
	return body
}

var dialect = wire.Dialect{Model: "m", Project: "p", Caps: wire.Caps{Thinking: wire.ThinkingBudget, MaxOutput: 64000}}

// requests: what an encoder writes its decoder reads, and the second time
// nothing changes any more.
func requests(t *testing.T, c wire.Codec) {
	for name, r := range Requests() {
		body := encode(t, c, r)
		if again := encode(t, c, r); !bytes.Equal(body, again) {
			t.Errorf("%s: two runs differ:\n%s\n%s", name, body, again)
		}
		back, err := c.DecodeRequest(body)
		if err != nil {
			t.Errorf("%s: DecodeRequest: %v\n%s", name, err, body)
			continue
		}
		want, _ := wire.Prepare(r, c.Format(), dialect)
		got, _ := wire.Prepare(back, c.Format(), dialect)
		if a, b := Digest(want), Digest(got); a != b {
			t.Errorf("%s: became\n%s, was\n%s, written as %s", name, b, a, body)
		}
		if again := encode(t, c, back); !bytes.Equal(body, again) {
			t.Errorf("%s: the second encoding differs:\n%s\n%s", name, body, again)
		}
	}
}

// forget voids what is known of how texts stood in their body. Messages must
// not be shared with another request.
func forget(r *llm.Request) *llm.Request {
	var each func(parts []llm.Part)
	each = func(parts []llm.Part) {
		for i := range parts {
			parts[i].SetText(parts[i].Text, nil)
			if parts[i].Result != nil {
				each(parts[i].Result.Parts)
			}
		}
	}
	each(r.System)
	for i := range r.Messages {
		each(r.Messages[i].Parts)
	}
	return r
}

// borrowed: what was decoded stays when the body's memory is used again; only
// a part's Literal may point into it.
func borrowed(t *testing.T, c wire.Codec) {
	clobber := func(b []byte) {
		for i := range b {
			b[i] = '#'
		}
	}
	for name, r := range Requests() {
		body := encode(t, c, r)
		got, err := c.DecodeRequest(body)
		if err != nil {
			continue // requests says so
		}
		before := encode(t, c, forget(got))
		clobber(body)
		if after := encode(t, c, got); !bytes.Equal(before, after) {
			t.Errorf("request %s changed with its body:\n%s\n%s", name, before, after)
		}
	}
	for name, r := range Responses() {
		body, _, err := c.EncodeResponse(r, Asker())
		if err != nil {
			continue // answers says so
		}
		got, err := c.DecodeResponse(body)
		if err != nil {
			continue
		}
		before := DigestResponse(got)
		clobber(body)
		if after := DigestResponse(got); before != after {
			t.Errorf("answer %s changed with its body:\n%s\n%s", name, before, after)
		}
	}
}

// prefixes: a longer conversation begins with the bytes of the shorter one,
// prompt caches live on it.
func prefixes(t *testing.T, c wire.Codec) {
	long := Requests()["tools"]
	var shorter [][]byte
	for n := 1; n <= len(long.Messages); n++ {
		r := *long
		r.Messages = long.Messages[:n]
		body := encode(t, c, &r)
		now := conversation(body)
		if now == nil {
			t.Fatalf("no conversation in %s", body)
		}
		for i := 0; i+1 < len(shorter); i++ { // the last turn may still grow
			if i >= len(now) || !bytes.Equal(shorter[i], now[i]) {
				t.Fatalf("message %d changed when the conversation grew:\n%s\n%s", i, shorter[i], now[i])
			}
		}
		shorter = now
	}
}

func conversation(body []byte) (out [][]byte) {
	for _, path := range [][]string{{"messages"}, {"input"}, {"contents"}, {"request", "contents"}} {
		for _, m := range jscan.Elements(jscan.Path(body, path...)) {
			out = append(out, m)
		}
	}
	return out
}

// answers: a whole answer survives its own format.
func answers(t *testing.T, c wire.Codec) {
	req := Asker()
	for name, r := range Responses() {
		body, _, err := c.EncodeResponse(r, req)
		if err != nil || jscan.Check(body) != nil {
			t.Errorf("%s: EncodeResponse: %v\n%s", name, err, body)
			continue
		}
		back, err := c.DecodeResponse(body)
		if err != nil {
			t.Errorf("%s: DecodeResponse: %v\n%s", name, err, body)
			continue
		}
		if a, b := DigestResponse(r), DigestResponse(back); a != b {
			t.Errorf("%s: became\n%s, was\n%s, written as %s", name, b, a, body)
		}
		tap := c.Tap(false)
		for chunk := range pieces(body, 100) {
			tap.Write(chunk)
		}
		if !tap.Ended() || tap.Err() != nil || !reflect.DeepEqual(tap.Usage(), back.Usage) || tap.Model() != back.Model {
			t.Errorf("%s: the tap saw ended=%v err=%v usage=%+v model=%q, the decoder usage=%+v model=%q", name, tap.Ended(), tap.Err(), tap.Usage(), tap.Model(), back.Usage, back.Model)
		}
	}
}

// write encodes a stream and checks the encoder's manners.
func write(t *testing.T, c wire.Codec, s llm.Stream, end error) []byte {
	t.Helper()
	req := Asker()
	req.Stream = true
	w := &writer{}
	enc := c.EncodeStream(w, req)
	for ev, err := range s {
		if err != nil {
			end = err
			break
		}
		w.writes = 0
		if err := enc.Encode(ev); err != nil {
			t.Fatalf("Encode: %v", err)
		}
		if w.writes > 1 {
			t.Fatalf("Encode(%+v) wrote %d times", ev, w.writes)
		}
	}
	if err := enc.Close(end); err != nil {
		t.Fatalf("Close: %v", err)
	}
	return w.b
}

type writer struct {
	b      []byte
	writes int
}

func (w *writer) Write(p []byte) (int, error) {
	w.b = append(w.b, p...)
	w.writes++
	return len(p), nil
}

// streams: a stream survives its own format, and any cut of its bytes gives
// the same events.
func streams(t *testing.T, c wire.Codec) {
	for name, r := range Responses() {
		raw := write(t, c, llm.Unfold(r), nil)
		events, err := Events(c.DecodeStream(bytes.NewReader(raw)))
		if err != nil {
			t.Errorf("%s: %v\n%s", name, err, raw)
			continue
		}
		back, err := llm.Fold(Replay(events))
		if err != nil {
			t.Errorf("%s: Fold: %v\n%s", name, err, raw)
			continue
		}
		if a, b := DigestResponse(r), DigestResponse(back); a != b {
			t.Errorf("%s: became\n%s, was\n%s, written as\n%s", name, b, a, raw)
		}
		for cut := range len(raw) {
			torn, err := Events(c.DecodeStream(io.MultiReader(bytes.NewReader(raw[:cut]), bytes.NewReader(raw[cut:]))))
			if err != nil || fmt.Sprint(show(torn)) != fmt.Sprint(show(events)) {
				t.Fatalf("%s: cut at byte %d gives other events (%v):\n%v\n%v", name, cut, err, show(torn), show(events))
			}
		}
		tapStream(t, c, name, raw, back)
	}
}

func tapStream(t *testing.T, c wire.Codec, name string, raw []byte, back *llm.Response) {
	t.Helper()
	for _, size := range []int{1, 7, len(raw)} {
		tap := c.Tap(true)
		for chunk := range pieces(raw, size) {
			tap.Write(chunk)
		}
		content := false
		for _, p := range back.Candidates[0].Parts {
			content = content || p.Text != "" || p.Call != nil
		}
		if !tap.Ended() || tap.Err() != nil || !reflect.DeepEqual(tap.Usage(), back.Usage) || tap.Model() != back.Model || tap.Stop() != back.Candidates[0].Stop.Reason || tap.Content() != content || !tap.Boundary() {
			t.Errorf("%s in pieces of %d: the tap saw ended=%v err=%v usage=%+v model=%q stop=%d content=%v boundary=%v, the decoder usage=%+v model=%q stop=%d content=%v",
				name, size, tap.Ended(), tap.Err(), tap.Usage(), tap.Model(), tap.Stop(), tap.Content(), tap.Boundary(), back.Usage, back.Model, back.Candidates[0].Stop.Reason, content)
		}
	}
}

// broken: a stream that ends anywhere before its end is an error, never a
// success, and an error that was written is read again (R67, P62).
func broken(t *testing.T, c wire.Codec) {
	r := Responses()["everything"]
	raw := write(t, c, llm.Unfold(r), nil)
	whole, _ := Events(c.DecodeStream(bytes.NewReader(raw)))
	last := bytes.LastIndex(bytes.TrimRight(raw, "\n"), []byte("\n\n")) // before the terminal event
	if c.Format() == wire.OpenAIChat {
		last = bytes.Index(raw, []byte(`"finish_reason":"`)) // [DONE] and usage may be missing
	}
	for cut := 0; cut < last; cut += 3 {
		events, err := Events(c.DecodeStream(bytes.NewReader(raw[:cut])))
		if k := fault.KindOf(err); k != fault.Truncated && k != fault.Upstream {
			t.Fatalf("cut off after %d bytes: %v, error %v\n%s", cut, show(events), err, raw[:cut])
		}
		if len(events) > len(whole) {
			t.Fatalf("cut off after %d bytes: more events than the whole stream has", cut)
		}
	}
	failing := fault.New(fault.Overloaded, "test", "The kitchen is closed.")
	for at := range whole {
		if whole[at].Kind == llm.EventEnd {
			break
		}
		raw := write(t, c, Replay(whole[:at]), failing)
		_, err := Events(c.DecodeStream(bytes.NewReader(raw)))
		var e *fault.Error
		if !errors.As(err, &e) || !strings.Contains(e.Public, "kitchen") {
			t.Fatalf("failed after %d events: read as %v\n%s", at, err, raw)
		}
	}
}

// failures: the class and the words of an error survive its own format
// (formats.md 4.8).
func failures(t *testing.T, c wire.Codec) {
	for kind := range fault.Exhausted {
		if kind == fault.Canceled {
			continue
		}
		status, h, body := c.EncodeError(fault.New(kind, "test", "The kitchen is closed."), "req_1")
		if status < 400 || status > 599 || jscan.Check(body) != nil || !strings.HasPrefix(h.Get("Content-Type"), "application/json") {
			t.Errorf("%s: status %d, header %v, body %s", kind, status, h, body)
			continue
		}
		e := fault.As(c.DecodeError(status, h, body))
		if !strings.Contains(e.Public, "The kitchen is closed.") {
			t.Errorf("%s: the words are lost: %q from %s", kind, e.Public, body)
		}
		switch kind {
		case fault.Invalid, fault.RateLimited, fault.Overloaded, fault.Timeout, fault.TooLarge:
			if e.Kind != kind {
				t.Errorf("%s came back as %s from %d %s", kind, e.Kind, status, body)
			}
		}
	}
	limited := fault.New(fault.RateLimited, "test", "Slow down.").With(func(e *fault.Error) { e.RetryAfter = 36_100_000_000 })
	if _, h, _ := c.EncodeError(limited, ""); h.Get("Retry-After") != "37" {
		t.Errorf("Retry-After %q (R61)", h.Get("Retry-After"))
	}
	for _, body := range []string{"", "<html><title>502 Bad</title></html>", "{", `[]`, `{"error":null}`, `{"error":{}}`, `[{"error":{"code":503,"message":"m","status":"UNAVAILABLE"}}]`} {
		e := fault.As(c.DecodeError(502, http.Header{}, []byte(body)))
		if e == nil || e.Public == "" || strings.ContainsAny(e.Public, "<>\n") {
			t.Errorf("body %q gave %+v", body, e)
		}
	}
}

func counts(t *testing.T, c wire.Codec) {
	for _, n := range []int64{0, 1, 1 << 40} {
		if got, err := c.DecodeCount(c.EncodeCount(n)); err != nil || got != n {
			t.Errorf("DecodeCount(EncodeCount(%d)) = %d, %v", n, got, err)
		}
	}
	if _, err := c.DecodeCount([]byte(`{"error":{"message":"no"}}`)); err == nil {
		t.Error("an error is no count")
	}
}

// rubbish: bodies of the wrong shape are refused or read as far as they go;
// nothing panics.
func rubbish(t *testing.T, c wire.Codec) {
	rng := rand.New(rand.NewPCG(7, 7))
	var bodies [][]byte
	for _, r := range Requests() {
		bodies = append(bodies, encode(t, c, r))
	}
	for _, r := range Responses() {
		body, _, _ := c.EncodeResponse(r, Asker())
		bodies = append(bodies, body)
	}
	for range 3000 {
		body := Mutate(rng, bodies[rng.IntN(len(bodies))])
		if r, err := c.DecodeRequest(body); err == nil {
			prepared, _ := wire.Prepare(r, c.Format(), dialect)
			if out, _, err := c.EncodeRequest(prepared, dialect); err == nil && jscan.Check(out) != nil {
				t.Fatalf("%s is encoded as %s: no JSON", body, out)
			}
		}
		if r, err := c.DecodeResponse(body); err == nil {
			if out, _, err := c.EncodeResponse(r, Asker()); err == nil && jscan.Check(out) != nil {
				t.Fatalf("%s is encoded as %s: no JSON", body, out)
			}
		}
		Events(c.DecodeStream(bytes.NewReader(wire.AppendEvent(nil, "", body))))
		c.DecodeError(400, nil, body)
	}
}

// Events reads a stream to its end and checks the laws of llm.Stream; a
// breach is an error of kind Internal.
func Events(s llm.Stream) (events []llm.Event, err error) {
	open, ended, next := -1, false, 0
	breach := func(ev llm.Event, why string) error {
		return fault.New(fault.Internal, "wiretest", "%s: %s", why, show([]llm.Event{ev}))
	}
	for ev, err := range s {
		if err != nil {
			var e *fault.Error
			if !errors.As(err, &e) || e.Public == "" {
				return events, breach(ev, "the error is no fault.Error with a sentence: "+err.Error())
			}
			return events, err
		}
		if ended {
			return events, breach(ev, "an event after End")
		}
		if (ev.Kind == llm.EventBegin) != (len(events) == 0) {
			return events, breach(ev, "Begin comes first and once")
		}
		switch ev.Kind {
		case llm.EventOpen:
			if open >= 0 || ev.Block != next || ev.Part == nil {
				return events, breach(ev, "blocks open one at a time and count up")
			}
			open, next = ev.Block, next+1
		case llm.EventDelta:
			if ev.Block != open && ev.Delta != llm.DeltaLogprobs {
				return events, breach(ev, "a delta outside its block")
			}
		case llm.EventClose:
			if ev.Block != open {
				return events, breach(ev, "closing what is not open")
			}
			open = -1
		case llm.EventFinish, llm.EventUsage:
			if open >= 0 {
				return events, breach(ev, "a block is still open")
			}
		case llm.EventEnd:
			if open >= 0 {
				return events, breach(ev, "the end inside a block")
			}
			ended = true
		}
		if ev.Part != nil {
			part := *ev.Part
			ev.Part = &part
		}
		events = append(events, ev)
	}
	if !ended {
		return events, fault.New(fault.Internal, "wiretest", "The stream stopped without End and without error after %v.", show(events))
	}
	return events, nil
}

// Replay is the stream of some events.
func Replay(events []llm.Event) llm.Stream {
	return func(yield func(llm.Event, error) bool) {
		for _, ev := range events {
			if !yield(ev, nil) {
				return
			}
		}
	}
}

// pieces cuts bytes into chunks of a size.
func pieces(b []byte, size int) func(func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for len(b) > 0 {
			n := min(size, len(b))
			if !yield(b[:n]) {
				return
			}
			b = b[n:]
		}
	}
}
