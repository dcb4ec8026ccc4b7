package all

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
	"omniroute/backend/wire/wiretest"
)

// rounds is how many random bodies each pair of formats gets; ROUNDS=5000
// looks longer.
func rounds(t *testing.T, usual int) int {
	t.Helper()
	if s := os.Getenv("ROUNDS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	return usual
}

func pairs(t *testing.T, f func(t *testing.T, from, to wire.Codec)) {
	t.Helper()
	for _, from := range Codecs() {
		for _, to := range Codecs() {
			if from.Format() != to.Format() {
				t.Run(fmt.Sprintf("%s to %s", from.Format(), to.Format()), func(t *testing.T) { f(t, from, to) })
			}
		}
	}
}

// TestAnyRequestIsLawful: whatever a client sends, the upstream gets a body
// that obeys its format's laws, or the client a proper refusal.
func TestAnyRequestIsLawful(t *testing.T) {
	m := startMatcher(t, vectorsDir)
	pairs(t, func(t *testing.T, from, to wire.Codec) {
		rng := rand.New(rand.NewPCG(11, uint64(len(from.Format())*100+len(to.Format()))))
		for range rounds(t, 60) {
			body := clientBody(t, rng, from)
			if rng.IntN(3) > 0 {
				body = wiretest.Mutate(rng, body)
			}
			out, err := Translate(Input{Kind: "request", From: from.Format(), To: to.Format(), InputRaw: string(body), Target: randomTarget(rng)})
			if err != nil {
				t.Fatalf("%v\n%s", err, body)
			}
			if r := out.Rejected; r != nil {
				if r.Status < 400 || r.Status > 499 || jscan.Check([]byte(r.Raw)) != nil {
					t.Fatalf("refused with %d %s\n%s", r.Status, r.Raw, body)
				}
				continue
			}
			if errs := m.ask(t, map[string]any{"check": map[string]any{"kind": "request", "to": to.Format(), "expect": tolerated()}, "out": out}).Errs; len(errs) > 0 {
				t.Fatalf("%v\nclient   %s\nupstream %s", errs, body, out.Raw)
			}
		}
	})
}

func randomTarget(rng *rand.Rand) Target {
	caps := Caps{Thinking: []string{"", "none", "budget", "adaptive", "level", "effort"}[rng.IntN(6)]}
	if rng.IntN(2) == 0 {
		caps.MaxOutput = 64000
	}
	if rng.IntN(3) == 0 {
		caps.ReasoningField = "reasoning_content"
	}
	return Target{Model: "target-model", Project: "p", Caps: caps}
}

// clientBody writes a random conversation in a client's format.
func clientBody(t *testing.T, rng *rand.Rand, c wire.Codec) []byte {
	t.Helper()
	var names []string
	for name := range wiretest.Requests() {
		names = append(names, name)
	}
	slices.Sort(names)
	r := *wiretest.Requests()[names[rng.IntN(len(names))]]
	if rng.IntN(2) == 0 {
		r.Messages = wiretest.Conversation(rng)
		r.Tools = wiretest.Requests()["tools"].Tools
	}
	if rng.IntN(3) == 0 {
		r.Reasoning = llm.Reasoning{Mode: llm.ReasoningOn, Effort: []llm.Effort{"none", "minimal", "low", "medium", "high", "xhigh", "max"}[rng.IntN(7)]}
	}
	if rng.IntN(3) == 0 {
		f := rng.Float64() * 2
		r.Sampling.Temperature, r.Sampling.TopP = &f, &f
		r.Sampling.Stop = []string{"a", " ", "b", "c", "d", "e"}[:rng.IntN(7)]
	}
	// Half of the bodies keep what Prepare would repair.
	req := &r
	if rng.IntN(2) == 0 {
		req, _ = wire.Prepare(&r, c.Format(), wire.Dialect{Model: "m"})
	}
	body, _, err := c.EncodeRequest(req, wire.Dialect{Model: "m", Project: "p"})
	if err != nil { // nothing but empty messages
		req, _ = wire.Prepare(&r, c.Format(), wire.Dialect{Model: "m"})
		if body, _, err = c.EncodeRequest(req, wire.Dialect{Model: "m", Project: "p"}); err != nil {
			t.Fatalf("EncodeRequest: %v", err)
		}
	}
	return body
}

// TestAnyAnswerIsLawful: whatever an upstream answers, the client gets an
// answer that obeys its format's laws, or an error in its words.
func TestAnyAnswerIsLawful(t *testing.T) {
	m := startMatcher(t, vectorsDir)
	pairs(t, func(t *testing.T, from, to wire.Codec) {
		rng := rand.New(rand.NewPCG(12, uint64(len(from.Format())*100+len(to.Format()))))
		for range rounds(t, 60) {
			body, _, err := from.EncodeResponse(wiretest.Answer(rng), wiretest.Asker())
			if err != nil {
				t.Fatal(err)
			}
			if rng.IntN(3) > 0 {
				body = wiretest.Mutate(rng, body)
			}
			out, err := Translate(Input{Kind: "response", From: from.Format(), To: to.Format(), InputRaw: string(body)})
			if err != nil {
				t.Fatalf("%v\n%s", err, body)
			}
			kind := "response"
			if out.Status != 0 {
				kind = "error"
			}
			if errs := m.ask(t, map[string]any{"check": map[string]any{"kind": kind, "to": to.Format(), "expect": tolerated()}, "out": out}).Errs; len(errs) > 0 {
				t.Fatalf("%v\nupstream %s\nclient   %s", errs, body, out.Raw)
			}
		}
	})
}

// TestAnyStreamIsLawful: whatever an upstream streams, torn, doubled, out of
// order or cut off, the client's stream obeys its format's laws.
func TestAnyStreamIsLawful(t *testing.T) {
	m := startMatcher(t, vectorsDir)
	pairs(t, func(t *testing.T, from, to wire.Codec) {
		rng := rand.New(rand.NewPCG(13, uint64(len(from.Format())*100+len(to.Format()))))
		for range rounds(t, 80) {
			sse := append(wiretest.Damage(rng, from, wiretest.Answer(rng)), '\n')
			out, err := Translate(Input{Kind: "stream", From: from.Format(), To: to.Format(), InputRaw: string(sse)})
			if err != nil {
				t.Fatalf("%v\n%s", err, sse)
			}
			if errs := m.ask(t, map[string]any{"check": map[string]any{"kind": "stream", "to": to.Format(), "expect": tolerated()}, "out": out}).Errs; len(errs) > 0 {
				t.Fatalf("%v\nupstream\n%s\nclient%s", errs, sse, showEvents(out.Events))
			}
		}
	})
}

// TestMeaningSurvives: a lawful conversation and a lawful answer mean the
// same on the other side.
func TestMeaningSurvives(t *testing.T) {
	pairs(t, func(t *testing.T, from, to wire.Codec) {
		for name, r := range wiretest.Requests() {
			prepared, _ := wire.Prepare(r, from.Format(), wire.Dialect{Model: "m"})
			body, _, err := from.EncodeRequest(prepared, wire.Dialect{Model: "m", Project: "p"})
			if err != nil {
				t.Fatal(err)
			}
			out, err := Translate(Input{Kind: "request", From: from.Format(), To: to.Format(), InputRaw: string(body), Target: Target{Model: "m", Project: "p"}})
			if err != nil || out.Rejected != nil {
				t.Fatalf("%s: %v %+v", name, err, out.Rejected)
			}
			back, err := to.DecodeRequest([]byte(out.Raw))
			if err != nil {
				t.Fatalf("%s: %v\n%s", name, err, out.Raw)
			}
			want, _ := wire.Prepare(r, to.Format(), wire.Dialect{Model: "m"})
			got, _ := wire.Prepare(back, to.Format(), wire.Dialect{Model: "m"})
			if a, b := wiretest.Digest(want), wiretest.Digest(got); a != b {
				t.Errorf("%s: became\n%s, was\n%s, written as %s", name, b, a, out.Raw)
			}
		}
		rng := rand.New(rand.NewPCG(14, 1))
		for range 40 {
			want := wiretest.Answer(rng)
			if from.Format() == wire.OpenAIChat || to.Format() == wire.OpenAIChat {
				want = chatOrder(want)
			}
			sameAnswer(t, from, to, want)
		}
	})
}

// chatOrder is an answer as far as chat can keep its order: thought, text,
// calls.
func chatOrder(r *llm.Response) *llm.Response {
	var parts []llm.Part
	for _, kind := range []llm.PartKind{llm.PartReasoning, llm.PartText, llm.PartToolCall} {
		for _, p := range r.Candidates[0].Parts {
			if n := len(parts); p.Kind == kind && kind == llm.PartText && n > 0 && parts[n-1].Kind == kind {
				parts[n-1].Text += p.Text
			} else if p.Kind == kind {
				parts = append(parts, p)
			}
		}
	}
	out := *r
	out.Candidates = []llm.Candidate{{Parts: parts, Stop: r.Candidates[0].Stop}}
	return &out
}

// tolerated are laws that rubbish may break on its way: a part of a kind that
// Google adds one day, alternatives that the upstream numbers with gaps.
func tolerated() map[string]any {
	return map[string]any{"skipInvariants": []string{"has a part without data", "gap in choice indexes"}}
}

// sameAnswer sends an answer through both formats, whole and as a stream.
func sameAnswer(t *testing.T, from, to wire.Codec, want *llm.Response) {
	t.Helper()
	req := wiretest.Asker()
	whole, _, err := from.EncodeResponse(want, req)
	if err != nil {
		t.Fatal(err)
	}
	ask := Context{Request: json.RawMessage(askerBody(t, to))}
	out, err := Translate(Input{Kind: "response", From: from.Format(), To: to.Format(), InputRaw: string(whole), Context: ask})
	if err != nil || out.Status != 0 {
		t.Fatalf("%v %s\n%s", err, out.Raw, whole)
	}
	got, err := to.DecodeResponse([]byte(out.Raw))
	if err != nil {
		t.Fatalf("%v\n%s", err, out.Raw)
	}
	if a, b := wiretest.DigestResponse(want), wiretest.DigestResponse(got); a != b {
		t.Errorf("became\n%s, was\n%s, upstream %s, client %s", b, a, whole, out.Raw)
	}
	sse := wiretest.Stream(from, want)
	out, err = Translate(Input{Kind: "stream", From: from.Format(), To: to.Format(), InputRaw: string(sse), Context: ask})
	if err != nil {
		t.Fatal(err)
	}
	var client []byte
	for _, e := range out.Events {
		client = wire.AppendEvent(client, e.Event, []byte(e.Data))
	}
	events, err := wiretest.Events(to.DecodeStream(bytes.NewReader(client)))
	if err != nil {
		t.Fatalf("%v\nupstream\n%s\nclient%s", err, sse, showEvents(out.Events))
	}
	got, err = llm.Fold(wiretest.Replay(events))
	if err != nil {
		t.Fatal(err)
	}
	if a, b := wiretest.DigestResponse(want), wiretest.DigestResponse(got); a != b {
		t.Errorf("stream became\n%s, was\n%s, upstream\n%s\nclient%s", b, a, sse, showEvents(out.Events))
	}
}

func askerBody(t *testing.T, c wire.Codec) string {
	t.Helper()
	req := *wiretest.Asker()
	req.Stream = true
	prepared, _ := wire.Prepare(&req, c.Format(), wire.Dialect{})
	body, _, err := c.EncodeRequest(prepared, wire.Dialect{Model: "m"})
	if err != nil {
		t.Fatal(err)
	}
	if c.Format() == wire.OpenAIChat && !strings.Contains(string(body), "include_usage") {
		t.Fatalf("chat must ask for usage: %s", body)
	}
	return string(body)
}

// TestNativeKeepsBytes: on the road between equal formats only the model
// changes.
func TestNativeKeepsBytes(t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 1))
	for _, c := range Codecs() {
		for range 200 {
			body := string(clientBody(t, rng, c))
			if rng.IntN(2) == 0 {
				body = string(wiretest.Mutate(rng, []byte(body)))
			}
			body = strings.ReplaceAll(body, "developer", "user") // a role that hosts may not know
			out, err := Translate(Input{Kind: "request", From: c.Format(), To: c.Format(), InputRaw: body, Target: Target{Model: "other"}})
			if err != nil {
				t.Fatal(err)
			}
			if out.Rejected != nil { // the model became a number
				continue
			}
			want := body
			if h, err := wire.Peek([]byte(body)); err == nil {
				want = string(h.Splice("other"))
			}
			if out.Raw != want {
				t.Fatalf("%s: became\n%s, was\n%s", c.Format(), out.Raw, body)
			}
		}
	}
}
