package gemini

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"omniroute/backend/fault"
	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// countingWriter counts writes: an event makes at most one.
type countingWriter struct {
	bytes.Buffer
	writes int
}

func (w *countingWriter) Write(b []byte) (int, error) {
	w.writes++
	return w.Buffer.Write(b)
}

func writeStream(t *testing.T, c wire.Codec, s llm.Stream, req *llm.Request, end error) string {
	t.Helper()
	var w countingWriter
	e := c.EncodeStream(&w, req)
	for ev, err := range s {
		if err != nil {
			end = err
			break
		}
		before := w.writes
		if err := e.Encode(ev); err != nil {
			t.Fatal(err)
		}
		if w.writes > before+1 {
			t.Errorf("%d writes for one event", w.writes-before)
		}
	}
	if err := e.KeepAlive(); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(end); err != nil {
		t.Fatal(err)
	}
	return w.String()
}

// chunks reads events the way the official client cuts them and checks what
// it and its chat helper insist on (formats.md 5.4, P86).
func chunks(t *testing.T, s string) [][]byte {
	t.Helper()
	if s != "" && !strings.HasSuffix(s, "\n\n") {
		t.Errorf("the stream ends in the middle of an event: %q", s)
	}
	var list [][]byte
	for block := range strings.SplitSeq(strings.TrimSuffix(s, "\n\n"), "\n\n") {
		data, ok := strings.CutPrefix(block, "data: ")
		if !ok || jscan.Check([]byte(data)) != nil {
			t.Fatalf("event %q", block)
		}
		v := []byte(data)
		list = append(list, v)
		if jscan.Get(unwrap(v), "error") != nil {
			continue
		}
		first := true
		for _, c := range jscan.Elements(jscan.Get(unwrap(v), "candidates")) {
			if n, _ := jscan.Int(jscan.Get(c, "index")); first && n != 0 {
				t.Errorf("the helper takes the first candidate for index 0: %s", data)
			}
			first = false
			parts := jscan.Path(c, "content", "parts")
			if jscan.Len(parts) == 0 || jscan.Str(jscan.Path(c, "content", "role")) != "model" {
				t.Errorf("a chunk without parts or role: %s", data)
			}
			for _, p := range jscan.Elements(parts) {
				if string(p) == "{}" {
					t.Errorf("an empty part: %s", data)
				}
			}
		}
		if first {
			t.Errorf("a chunk without candidate: %s", data)
		}
	}
	return list
}

func TestEncodeStream(t *testing.T) {
	claude := llm.Part{Kind: llm.PartReasoning, Text: "hm", Seal: llm.Seal{Family: llm.FamilyAnthropic, Data: "SIG"}}
	resp := &llm.Response{ID: "msg_1", Model: "up", Usage: &llm.Usage{Input: 3, Output: 6},
		Candidates: []llm.Candidate{{Parts: []llm.Part{claude, text("hey"), call("toolu_1", "go", `{"n":2}`), sealed(llm.Part{Kind: llm.PartReasoning}, "G"), text("x")}, Stop: llm.Stop{Reason: llm.StopToolCalls}}}}
	list := chunks(t, writeStream(t, New(), llm.Unfold(resp), &llm.Request{}, nil))
	want := []string{
		`{"candidates":[{"index":0,"content":{"role":"model","parts":[{"text":"hm","thought":true}]}}],"modelVersion":"up","responseId":"msg_1","usageMetadata":null}`,
		`{"candidates":[{"content":{"parts":[{"text":"","thought":true}]}}]}`,
		`{"candidates":[{"content":{"parts":[{"text":"hey","thought":null}]}}]}`,
		`{"candidates":[{"content":{"parts":[{"functionCall":{"id":"toolu_1","name":"go","args":{"n":2}}}]}}]}`,
		`{"candidates":[{"content":{"parts":[{"text":"x","thoughtSignature":"G"}]}}]}`,
		`{"candidates":[{"finishReason":"STOP","content":{"parts":[{"text":""}]}}],"usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":6,"totalTokenCount":9},"responseId":"msg_1"}`,
	}
	if len(list) != len(want) {
		t.Fatalf("%d chunks: %s", len(list), list)
	}
	for i := range want {
		subset(t, list[i], want[i])
	}
	seal := jscan.Str(jscan.Get(firstPart(list[1]), "thoughtSignature"))
	if got := wire.UnpackSeal(seal, wire.Gemini); got != claude.Seal {
		t.Errorf("seal %+v came back as %+v", claude.Seal, got)
	}
}

func firstPart(v []byte) []byte {
	for _, c := range jscan.Elements(jscan.Get(v, "candidates")) {
		for _, p := range jscan.Elements(jscan.Path(c, "content", "parts")) {
			return p
		}
	}
	return nil
}

func TestEncodeStreamCandidates(t *testing.T) {
	resp := &llm.Response{Candidates: []llm.Candidate{{Parts: []llm.Part{text("a")}, Stop: llm.Stop{Reason: llm.StopEnd}},
		{Parts: []llm.Part{text("b")}, Stop: llm.Stop{Reason: llm.StopFilter}, Logprobs: []byte(`[{"token":"b","logprob":-1}]`)}}}
	list := chunks(t, writeStream(t, New(), llm.Unfold(resp), &llm.Request{Messages: []llm.Message{user("some words")}}, nil))
	subset(t, list[1], `{"candidates":[{"index":0,"content":{"parts":[{"text":""}]}},{"index":1,"content":{"parts":[{"text":"b"}]}}]}`)
	last := list[len(list)-1]
	subset(t, last, `{"candidates":[{"index":0,"finishReason":"STOP"},{"index":1,"finishReason":"SAFETY","logprobsResult":{"chosenCandidates":[{"token":"b"}]}}]}`)
	if u := readUsage(jscan.Get(last, "usageMetadata")); u == nil || u.Input == 0 || u.Output == 0 {
		t.Errorf("usage must be estimated (R52): %s", last)
	}
}

func TestEncodeStreamEmptyAnswer(t *testing.T) {
	resp := &llm.Response{Candidates: []llm.Candidate{{Stop: llm.Stop{Reason: llm.StopEnd}}}, Usage: &llm.Usage{}}
	list := chunks(t, writeStream(t, New(), llm.Unfold(resp), &llm.Request{Model: "m"}, nil))
	if len(list) != 1 {
		t.Fatalf("%s", list)
	}
	subset(t, list[0], `{"candidates":[{"finishReason":"STOP","content":{"parts":[{"text":""}]}}],"modelVersion":"m"}`)
}

func TestEncodeStreamErrors(t *testing.T) {
	begin := replay([]llm.Event{{Kind: llm.EventBegin}, {Kind: llm.EventOpen, Part: &llm.Part{}}, {Kind: llm.EventDelta, Text: "a"}})
	slow := fault.New(fault.RateLimited, "x", "slow down")
	for name, c := range map[string]struct {
		end  error
		want string
	}{
		"in our words":       {slow, `{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":"slow down"}}`},
		"no end":             {nil, `{"error":{"code":502,"status":"INTERNAL"}}`},
		"an unknown mistake": {errors.New("secret"), `{"error":{"code":500,"status":"INTERNAL"}}`},
	} {
		t.Run(name, func(t *testing.T) {
			s := writeStream(t, New(), begin, &llm.Request{}, c.end)
			list := chunks(t, s)
			subset(t, list[len(list)-1], c.want)
			if strings.Contains(s, "finishReason") || strings.Contains(s, "secret") {
				t.Errorf("a failed stream must not look finished, nor tell secrets: %s", s)
			}
		})
	}
}

func TestEncodeStreamAsArray(t *testing.T) {
	resp := &llm.Response{Candidates: []llm.Candidate{{Parts: []llm.Part{text("a"), text("b")}, Stop: llm.Stop{Reason: llm.StopEnd}}}, Usage: &llm.Usage{}}
	s := writeStream(t, NewArray(), llm.Unfold(resp), &llm.Request{}, nil)
	subset(t, []byte(s), `[{"candidates":[{"content":{"parts":[{"text":"a"}]}}]},{"candidates":[{}]},{"candidates":[{"finishReason":"STOP"}]}]`)
	s = writeStream(t, NewArray(), replay(nil), &llm.Request{}, fault.New(fault.Overloaded, "x", "busy"))
	subset(t, []byte(s), `[{"error":{"code":503,"status":"UNAVAILABLE","message":"busy"}}]`)
	s = writeStream(t, codec{envelope: true, array: true}, llm.Unfold(resp), &llm.Request{}, nil)
	subset(t, []byte(s), `[{"response":{"candidates":[{}]}},{"response":{}},{"response":{"candidates":[{"finishReason":"STOP"}]}}]`)
}

// From Code Assist to a plain client and back nothing changes but the
// envelope.
func TestStreamThroughBothFormats(t *testing.T) {
	s := writeStream(t, New(), NewCodeAssist().DecodeStream(strings.NewReader(streamed)), &llm.Request{}, nil)
	list := chunks(t, s)
	var parts []string
	for _, v := range list {
		parts = append(parts, string(firstPart(v)))
	}
	got := strings.Join(parts, " ")
	for _, want := range []string{`{"text":"think ","thought":true}`, `{"text":"more","thought":true}`, `"thoughtSignature":"S"`, `{"text":"","thoughtSignature":"T"}`} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is missing in %s", want, got)
		}
	}
	again, err := llm.Fold(New().DecodeStream(strings.NewReader(s)))
	if err != nil || joined(again.Candidates[0].Parts) != `7:think more|0:Calling é|5:f({"deep":{"x":[1,2]}})#S|7:#T|` {
		t.Errorf("%v %s", err, joined(again.Candidates[0].Parts))
	}
}

// A writer that fails ends the stream with its error.
type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("gone") }

func TestEncodeStreamWriterFails(t *testing.T) {
	e := New().EncodeStream(brokenWriter{}, &llm.Request{})
	var failed error
	for ev := range llm.Unfold(&llm.Response{Candidates: []llm.Candidate{{Parts: []llm.Part{text("a")}}}}) {
		if err := e.Encode(ev); err != nil {
			failed = err
		}
	}
	if failed == nil {
		t.Error("the writer's error is lost")
	}
}

func BenchmarkEncodeStreamDelta(b *testing.B) {
	e := New().EncodeStream(&bytes.Buffer{}, &llm.Request{}).(*streamEncoder)
	e.w = discard{}
	_ = e.Encode(llm.Event{Kind: llm.EventBegin, ID: "x", Model: "m", Usage: &llm.Usage{Output: 1}})
	_ = e.Encode(llm.Event{Kind: llm.EventOpen, Part: &llm.Part{}})
	ev := llm.Event{Kind: llm.EventDelta, Text: "some words of an answer"}
	b.ReportAllocs()
	for b.Loop() {
		if err := e.Encode(ev); err != nil {
			b.Fatal(err)
		}
	}
}

type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }
