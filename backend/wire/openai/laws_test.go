package openai

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"

	"omniroute/backend/fault"
	"omniroute/backend/llm"
)

// subset reports where want is not contained in got: objects may hold more
// members, everything else must be equal. The value "<absent>" wants a member
// that is not there.
func subset(want, got any, at string) []string {
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			return []string{fmt.Sprintf("%s: want an object, got %v", at, got)}
		}
		var errs []string
		for k, v := range w {
			x, there := g[k]
			if v == "<absent>" {
				if there {
					errs = append(errs, fmt.Sprintf("%s.%s must be absent, is %v", at, k, x))
				}
				continue
			}
			if !there {
				errs = append(errs, fmt.Sprintf("%s.%s is missing", at, k))
				continue
			}
			errs = append(errs, subset(v, x, at+"."+k)...)
		}
		return errs
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			return []string{fmt.Sprintf("%s: want %v, got %v", at, want, got)}
		}
		var errs []string
		for i := range w {
			errs = append(errs, subset(w[i], g[i], fmt.Sprintf("%s[%d]", at, i))...)
		}
		return errs
	}
	if want != got {
		return []string{fmt.Sprintf("%s: want %v, got %v", at, want, got)}
	}
	return nil
}

func parse(t *testing.T, b []byte) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatalf("no JSON: %v\n%s", err, b)
	}
	return v
}

// mustContain fails unless the JSON text got contains the JSON text want.
func mustContain(t *testing.T, got []byte, want string) {
	t.Helper()
	for _, e := range subset(parse(t, []byte(want)), parse(t, got), "$") {
		t.Errorf("%s\nin %s", e, got)
	}
}

// ragged gives its bytes in pieces of changing length.
type ragged struct {
	b    []byte
	step int
}

func (r *ragged) Read(p []byte) (int, error) {
	if len(r.b) == 0 {
		return 0, io.EOF
	}
	r.step = r.step%7 + 1
	n := copy(p[:min(len(p), r.step)], r.b)
	r.b = r.b[n:]
	return n, nil
}

func collect(s llm.Stream) ([]llm.Event, error) {
	var events []llm.Event
	for ev, err := range s {
		if err != nil {
			return events, err
		}
		events = append(events, ev)
	}
	return events, nil
}

// breach says which law of llm.Stream the events break, "" = none.
func breach(events []llm.Event, err error) string {
	open, next, ended := -1, 0, false
	finished := map[int]bool{}
	for i, ev := range events {
		if ended {
			return "an event after End"
		}
		if (ev.Kind == llm.EventBegin) != (i == 0) {
			return "Begin must be first and only first"
		}
		switch ev.Kind {
		case llm.EventOpen:
			if open >= 0 {
				return "two blocks are open"
			}
			if ev.Block != next || ev.Part == nil {
				return fmt.Sprintf("block %d opened, want %d", ev.Block, next)
			}
			if finished[ev.Candidate] {
				return "a block after Finish"
			}
			open, next = ev.Block, next+1
		case llm.EventDelta:
			if ev.Delta != llm.DeltaLogprobs && ev.Block != open {
				return fmt.Sprintf("delta for block %d, open is %d", ev.Block, open)
			}
			if ev.Text == "" {
				return "an empty delta"
			}
		case llm.EventClose:
			if ev.Block != open {
				return fmt.Sprintf("close of block %d, open is %d", ev.Block, open)
			}
			open = -1
		case llm.EventFinish:
			if finished[ev.Candidate] || open >= 0 {
				return "Finish twice or inside a block"
			}
			finished[ev.Candidate] = true
		case llm.EventEnd:
			ended = true
		}
	}
	if ended == (err != nil) {
		return fmt.Sprintf("ended %v with error %v", ended, err)
	}
	if ended && (open >= 0 || len(finished) == 0) {
		return "End with an open block or without Finish"
	}
	return ""
}

// sse writes chunks the way a host does.
func sse(chunks ...string) []byte {
	var b bytes.Buffer
	for _, c := range chunks {
		b.WriteString("data: " + c + "\n\n")
	}
	return b.Bytes()
}

// delta is a chunk with one delta of choice 0.
func delta(d string) string {
	return `{"id":"c1","object":"chat.completion.chunk","created":7,"model":"up","choices":[{"index":0,"delta":` + d + `,"finish_reason":null}]}`
}

func finish(reason string) string {
	return `{"id":"c1","created":7,"model":"up","choices":[{"index":0,"delta":{},"finish_reason":"` + reason + `"}]}`
}

// decode runs a stream in ragged pieces and checks the laws.
func decode(t *testing.T, body []byte) ([]llm.Event, error) {
	t.Helper()
	events, err := collect(Codec{}.DecodeStream(&ragged{b: body}))
	if e := breach(events, err); e != "" {
		t.Fatalf("law broken: %s\n%+v %v", e, events, err)
	}
	return events, err
}

// sketch draws the parts of a candidate: kind, text, call.
func sketch(c *llm.Candidate) string {
	var out []string
	for i := range c.Parts {
		p := &c.Parts[i]
		switch p.Kind {
		case llm.PartText:
			out = append(out, "text:"+p.Text)
		case llm.PartReasoning:
			out = append(out, "think:"+p.Text)
		case llm.PartRefusal:
			out = append(out, "refuse:"+p.Text)
		case llm.PartToolCall:
			out = append(out, fmt.Sprintf("call:%s/%s(%s%s)", p.Call.ID, p.Call.Name, p.Call.Args, p.Call.Input))
		case llm.PartImage:
			out = append(out, "image:"+p.Media.MIME+p.Media.URL)
		default:
			out = append(out, fmt.Sprintf("kind%d", p.Kind))
		}
	}
	return strings.Join(out, "|")
}

func wantKind(t *testing.T, err error, kind fault.Kind) *fault.Error {
	t.Helper()
	e := fault.As(err)
	if e == nil || e.Kind != kind {
		t.Fatalf("want a %s error, got %v", kind, err)
	}
	return e
}
