package gateway

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"omniroute/backend/config"
	"omniroute/backend/dispatch"
	"omniroute/backend/fault"
	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/all"
	"omniroute/backend/wire/gemini"
)

// script is a Runner that pushes what a test says.
type script struct {
	run func(out dispatch.Out) (begun bool, err error)
}

func (s script) Do(_ context.Context, _ *dispatch.Call, out dispatch.Out) (bool, error) {
	return s.run(out)
}
func (script) Count(context.Context, *dispatch.Call) (int64, error) { return 0, nil }
func (script) Remember(*dispatch.Call, []byte)                      {}
func (script) Refused(*dispatch.Call, error)                        {}

// slow is the time an upstream thinks: three signs of life fit into it.
const slow = 50 * time.Second

// serve runs one streamed request of a format against a script, in a bubble
// whose clock is false.
func serve(f wire.Format, array bool, run func(out dispatch.Out) (bool, error)) *httptest.ResponseRecorder {
	s := &Server{Runner: script{run}, Codec: all.Of, Array: gemini.NewArray(), NewID: func(time.Time) string { return "id" }, Now: time.Now, KeepAlive: 15 * time.Second}
	w := httptest.NewRecorder()
	r := httptest.NewRequest("POST", "/x", nil)
	s.run(w, r, &dispatch.Call{ID: "id", Snapshot: &config.Snapshot{}, Format: f, Model: "m", Stream: true, Array: array, Body: []byte(`{}`), Header: http.Header{}})
	return w
}

// signs is how each dialect says that it lives (formats.md 5): Anthropic has
// an event for it, others take a comment, and Gemini's and Ollama's clients
// want nothing.
func signs(f wire.Format) string {
	switch f {
	case wire.Anthropic:
		return "event: ping\ndata: {\"type\": \"ping\"}\n\n"
	case wire.OpenAIChat, wire.OpenAIResponses:
		return ": keepalive\n\n"
	}
	return ""
}

func dialects() []wire.Format {
	return []wire.Format{wire.OpenAIChat, wire.OpenAIResponses, wire.Anthropic, wire.Gemini, wire.Ollama}
}

// same compares without caring for spaces inside JSON.
func same(a, b string) bool {
	return strings.ReplaceAll(a, " ", "") == strings.ReplaceAll(b, " ", "")
}

func text(out dispatch.Out, s string) error {
	for _, ev := range []llm.Event{
		{Kind: llm.EventBegin, ID: "r1", Model: "up"},
		{Kind: llm.EventOpen, Part: &llm.Part{Kind: llm.PartText}},
		{Kind: llm.EventDelta, Text: s},
		{Kind: llm.EventClose},
		{Kind: llm.EventFinish, Stop: llm.Stop{Reason: llm.StopEnd}},
		{Kind: llm.EventUsage, Usage: &llm.Usage{Input: 1, Output: 1}},
		{Kind: llm.EventEnd},
	} {
		if err := out.Event(ev); err != nil {
			return err
		}
		if err := out.Flush(); err != nil {
			return err
		}
	}
	return nil
}

func TestKeepAliveWhileAnUpstreamThinks(t *testing.T) {
	for _, f := range dialects() {
		t.Run(string(f), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var before string
				w := serve(f, false, func(out dispatch.Out) (bool, error) {
					heard := func() string {
						r := out.(*reply)
						r.mu.Lock() // the keep-alive writes from its own goroutine
						defer r.mu.Unlock()
						return r.w.(*httptest.ResponseRecorder).Body.String()
					}
					time.Sleep(14 * time.Second)
					synctest.Wait()
					if early := heard(); early != "" {
						t.Errorf("something was sent after 14 s: %q", early)
					}
					time.Sleep(slow - 14*time.Second)
					synctest.Wait()
					before = heard()
					out.Begin(dispatch.Head{Answered: "one/m", Attempts: 1, Request: &llm.Request{Model: "m", Stream: true}})
					return true, text(out, "hello")
				})
				if want := strings.Repeat(signs(f), 3); !same(before, want) {
					t.Errorf("after %v the client had heard %q, want %q", slow, before, want)
				}
				if !strings.Contains(w.Body.String(), "hello") || w.Code != 200 {
					t.Errorf("%d %s", w.Code, w.Body)
				}
				early := signs(f) != ""
				if has := w.Header().Get("X-Omniroute-Model") != ""; has == early {
					t.Errorf("X-OmniRoute-Model is there: %v, headers left early: %v", has, early)
				}
				if w.Header().Get("X-Omniroute-Request-Id") != "id" {
					t.Error("no request id")
				}
			})
		})
	}
}

func TestKeepAliveThenFailureIsAnErrorInTheStream(t *testing.T) {
	for _, f := range dialects() {
		t.Run(string(f), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := serve(f, false, func(out dispatch.Out) (bool, error) {
					time.Sleep(slow)
					e := fault.New(fault.RateLimited, "test", "Slow down, says the upstream.")
					e.RetryAfter = 7 * time.Second
					return false, e
				})
				got := w.Body.String()
				if signs(f) == "" { // nothing was sent yet: a plain refusal is possible
					if w.Code != 429 || w.Header().Get("Retry-After") != "7" || !strings.Contains(got, "Slow down") {
						t.Errorf("%d %v %s", w.Code, w.Header(), got)
					}
					return
				}
				rest, ok := strings.CutPrefix(strings.ReplaceAll(got, " ", ""), strings.ReplaceAll(strings.Repeat(signs(f), 3), " ", ""))
				if w.Code != 200 || !ok || !strings.Contains(rest, "Slowdown") {
					t.Fatalf("%d %s", w.Code, got)
				}
				want := map[wire.Format]string{wire.OpenAIChat: `data:{"error":{`, wire.Anthropic: "event:error\n", wire.OpenAIResponses: `"status":"failed"`}[f]
				if !strings.Contains(rest, want) || strings.Contains(rest, "[DONE]") || strings.Contains(rest, "message_stop") {
					t.Errorf("want %s in %s", want, rest)
				}
			})
		})
	}
}

// While an event stands half-written nothing may be put in between.
func TestKeepAliveNeverTearsAnEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const event = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hello\"}}]}\n\n"
		w := serve(wire.OpenAIChat, false, func(out dispatch.Out) (bool, error) {
			out.Begin(dispatch.Head{Answered: "one/m", Attempts: 1})
			for _, piece := range []string{event, event[:20], event[20 : len(event)-1], "\n", event[:30], event[30:] + "data: [DONE]\n\n"} {
				out.Native([]byte(piece))
				out.Flush()
				time.Sleep(slow)
			}
			return true, nil
		})
		got := strings.ReplaceAll(w.Body.String(), ": keepalive\n\n", "")
		if got != event+event+event+"data: [DONE]\n\n" {
			t.Errorf("torn: %q", w.Body)
		}
		if n := strings.Count(w.Body.String(), ": keepalive"); n != 9 { // three after each whole event
			t.Errorf("%d signs of life between events: %q", n, w.Body)
		}
	})
}

// A whole answer and Gemini's array have no place for a sign of life.
func TestNoSignOfLifeOutsideOfEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := serve(wire.Gemini, true, func(out dispatch.Out) (bool, error) {
			time.Sleep(slow)
			out.Begin(dispatch.Head{Answered: "one/m", Attempts: 1, Request: &llm.Request{Model: "m", Stream: true}})
			return true, text(out, "hello")
		})
		if !bytes.HasPrefix(w.Body.Bytes(), []byte("[")) || strings.Contains(w.Body.String(), "keepalive") || w.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%v %s", w.Header(), w.Body)
		}
		if w.Header().Get("X-Omniroute-Model") != "one/m" {
			t.Errorf("headers %v", w.Header())
		}
	})
}

// A steady stream needs no signs of life.
func TestSteadyStreamsAreLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := serve(wire.Anthropic, false, func(out dispatch.Out) (bool, error) {
			out.Begin(dispatch.Head{Answered: "one/m", Attempts: 1})
			for i := range 10 {
				out.Native(fmt.Appendf(nil, "event: x\ndata: {\"n\":%d}\n\n", i))
				out.Flush()
				time.Sleep(14 * time.Second)
			}
			return true, nil
		})
		if strings.Contains(w.Body.String(), "ping") {
			t.Errorf("%s", w.Body)
		}
	})
}
