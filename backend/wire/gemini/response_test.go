package gemini

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"omniroute/backend/fault"
	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

func answerOf(t *testing.T, c wire.Codec, body string) *llm.Response {
	t.Helper()
	r, err := c.DecodeResponse([]byte(body))
	if err != nil {
		t.Fatalf("DecodeResponse: %v", err)
	}
	return r
}

func TestDecodeResponse(t *testing.T) {
	r := answerOf(t, New(), `{"candidates":[{"content":{"role":"model","parts":[{"text":"hm","thought":true},{"text":"m","thought":true},{"functionCall":{"name":"get","args":{"a":1}},"thoughtSignature":"S"},{"functionCall":{"name":"get","args":{"a":1}}}]},"index":0,"finishReason":"STOP"},
		{"index":1,"content":{"parts":[{"text":"b"}]},"finishReason":"MAX_TOKENS"}],
		"usageMetadata":{"promptTokenCount":30,"toolUsePromptTokenCount":2,"candidatesTokenCount":6,"totalTokenCount":52,"thoughtsTokenCount":14,"cachedContentTokenCount":10},"modelVersion":"up","responseId":"g1","createTime":"2026-11-25T10:00:00.5Z"}`)
	if r.ID != "g1" || r.Model != "up" || r.Created != 1795600800 {
		t.Errorf("head %+v", r)
	}
	if want := (llm.Usage{Input: 32, CacheRead: 10, Output: 20, Reasoning: 14}); *r.Usage != want {
		t.Errorf("usage %+v, want %+v (P52)", *r.Usage, want)
	}
	c := r.Candidates[0]
	if c.Stop.Reason != llm.StopToolCalls || c.Stop.Native != "STOP" {
		t.Errorf("stop %+v (R55)", c.Stop)
	}
	if got := joined(c.Parts); got != `7:hmm|5:get({"a":1})#S|5:get({"a":1})|` {
		t.Errorf("parts %s", got)
	}
	if a, b := c.Parts[1].Call.ID, c.Parts[2].Call.ID; a == "" || a == b {
		t.Errorf("ids %q %q must be distinct (R30)", a, b)
	}
	if joined(r.Candidates[1].Parts) != "0:b|" || r.Candidates[1].Stop.Reason != llm.StopLength {
		t.Errorf("second candidate %+v (P85)", r.Candidates[1])
	}
}

func TestFinishReasons(t *testing.T) {
	for word, want := range map[string]llm.StopReason{"STOP": llm.StopEnd, "MAX_TOKENS": llm.StopLength, "SAFETY": llm.StopFilter, "RECITATION": llm.StopFilter, "BLOCKLIST": llm.StopFilter,
		"PROHIBITED_CONTENT": llm.StopFilter, "SPII": llm.StopFilter, "LANGUAGE": llm.StopFilter, "IMAGE_SAFETY": llm.StopFilter, "OTHER": llm.StopEnd, "NEW_WORD": llm.StopEnd, "MALFORMED_FUNCTION_CALL": llm.StopEnd, "": llm.StopEnd} {
		r := answerOf(t, New(), `{"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"`+word+`"}]}`)
		if got := r.Candidates[0].Stop.Reason; got != want {
			t.Errorf("%s: %d, want %d", word, got, want)
		}
	}
	for reason, want := range map[llm.StopReason]string{llm.StopEnd: "STOP", llm.StopSequence: "STOP", llm.StopToolCalls: "STOP", llm.StopPause: "STOP", llm.StopLength: "MAX_TOKENS", llm.StopContextFull: "MAX_TOKENS", llm.StopFilter: "SAFETY", llm.StopUnknown: "STOP"} {
		if got := finishWord(llm.Stop{Reason: reason, Native: "refusal"}); got != want {
			t.Errorf("%d: %s, want %s", reason, got, want)
		}
	}
	if got := finishWord(llm.Stop{Reason: llm.StopFilter, Native: "RECITATION"}); got != "RECITATION" {
		t.Errorf("Google's own word is kept: %s", got)
	}
	if got := stopOf("MAX_TOKENS", "", true).Reason; got != llm.StopLength {
		t.Errorf("the limit wins over a call: %d", got)
	}
}

func TestBlockedAndBroken(t *testing.T) {
	r := answerOf(t, New(), `{"promptFeedback":{"blockReason":"OTHER","blockReasonMessage":"no"},"usageMetadata":{"promptTokenCount":4,"totalTokenCount":4}}`)
	if len(r.Candidates) != 1 || r.Candidates[0].Stop.Reason != llm.StopFilter || r.Candidates[0].Stop.Message != "no" || r.Usage.Output != 0 {
		t.Errorf("blocked prompt: %+v", r)
	}
	for body, want := range map[string]fault.Kind{
		`{"error":{"code":503,"message":"busy","status":"UNAVAILABLE"}}`:          fault.Overloaded,
		`[{"error":{"code":429,"message":"slow","status":"RESOURCE_EXHAUSTED"}}]`: fault.RateLimited,
		`{"response":{"error":{"code":500,"message":"x","status":"INTERNAL"}}}`:   fault.Upstream,
		`{"candidates":[],"usageMetadata":{"promptTokenCount":4}}`:                fault.Upstream,
		`{}`: fault.Upstream,
	} {
		if _, err := New().DecodeResponse([]byte(body)); kind(err) != want {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestUsageWhereThoughtsAreInside(t *testing.T) {
	for in, want := range map[string]llm.Usage{
		`{"promptTokenCount":5,"candidatesTokenCount":9,"thoughtsTokenCount":6,"totalTokenCount":14}`: {Input: 5, Output: 9, Reasoning: 6},
		`{"promptTokenCount":5,"candidatesTokenCount":9,"thoughtsTokenCount":6,"totalTokenCount":20}`: {Input: 5, Output: 15, Reasoning: 6},
		`{"promptTokenCount":5,"candidatesTokenCount":9,"thoughtsTokenCount":6}`:                      {Input: 5, Output: 15, Reasoning: 6},
		`{"promptTokenCount":5,"totalTokenCount":9,"thoughtsTokenCount":1}`:                           {Input: 5, Output: 4, Reasoning: 1},
		`{"promptTokenCount":"5"}`: {Input: 5},
	} {
		if got := readUsage([]byte(in)); *got != want {
			t.Errorf("%s: %+v, want %+v", in, *got, want)
		}
	}
	var w buffer
	w.b = append(w.b, '{')
	w.usage(&llm.Usage{Input: 11, CacheRead: 6, Output: 7, Reasoning: 9})
	subset(t, append(w.b, '}'), `{"usageMetadata":{"promptTokenCount":11,"cachedContentTokenCount":6,"candidatesTokenCount":0,"thoughtsTokenCount":7,"totalTokenCount":18}}`)
}

func TestLogprobsRoundTrip(t *testing.T) {
	gemini := `{"chosenCandidates":[{"token":"é","logProbability":-0.125},{"token":"b"}],"topCandidates":[{"candidates":[{"token":"é","logProbability":-0.125},{"token":"e","logProbability":-2.5}]},{"candidates":[]}]}`
	r := answerOf(t, New(), `{"candidates":[{"content":{"parts":[{"text":"éb"}]},"finishReason":"STOP","logprobsResult":`+gemini+`}]}`)
	want := `[{"token":"é","logprob":-0.125,"bytes":[195,169],"top_logprobs":[{"token":"é","logprob":-0.125,"bytes":[195,169]},{"token":"e","logprob":-2.5,"bytes":[101]}]},{"token":"b","logprob":0,"bytes":[98],"top_logprobs":[]}]`
	if got := string(r.Candidates[0].Logprobs); got != want {
		t.Errorf("chat's shape (R4b):\n%s\n%s", got, want)
	}
	b, _, _ := New().EncodeResponse(r, nil)
	subset(t, b, `{"candidates":[{"logprobsResult":{"chosenCandidates":[{"token":"é","logProbability":-0.125},{"token":"b","logProbability":0}],"topCandidates":[{"candidates":[{},{"token":"e","logProbability":-2.5}]},{"candidates":[]}]}}]}`)
}

func TestEncodeResponse(t *testing.T) {
	claude := llm.Part{Kind: llm.PartReasoning, Text: "hm", Seal: llm.Seal{Family: llm.FamilyAnthropic, Data: "SIG+/="}}
	redacted := llm.Part{Kind: llm.PartReasoning, Seal: llm.Seal{Family: llm.FamilyAnthropic, Data: "RED", Redacted: true}}
	resp := &llm.Response{ID: "msg_1", Model: "up", Created: 1795600800, Usage: &llm.Usage{Input: 11, CacheRead: 6, Output: 7},
		Candidates: []llm.Candidate{{Parts: []llm.Part{claude, redacted, text("ok"), call("toolu_g", "f", `{"a":[1]}`), {Kind: llm.PartToolCall, Call: &llm.ToolCall{ID: "x", Name: "patch", Kind: llm.CallCustom, Input: "free"}}}, Stop: llm.Stop{Reason: llm.StopToolCalls}}}}
	b, lost, err := New().EncodeResponse(resp, &llm.Request{})
	if err != nil || len(lost) != 0 {
		t.Fatal(err, lost)
	}
	subset(t, b, `{"candidates":[{"index":0,"finishReason":"STOP","content":{"role":"model","parts":[{"text":"hm","thought":true},{"text":"","thought":true},{"text":"ok","thought":null,"thoughtSignature":null},{"functionCall":{"id":"toolu_g","name":"f","args":{"a":[1]}}},{"functionCall":{"name":"patch","args":{"input":"free"}}}]}}],
		"usageMetadata":{"promptTokenCount":11,"cachedContentTokenCount":6,"candidatesTokenCount":7,"totalTokenCount":18},"modelVersion":"up","responseId":"msg_1","createTime":"2026-11-25T10:00:00Z"}`)

	// Claude's seals come back whole when the client replays the turn (R28).
	back := decode(t, New(), `{"contents":[{"parts":[{"text":"q"}]},`+string(contentOf(t, b))+`]}`)
	parts := back.Messages[1].Parts
	if !reflect.DeepEqual(parts[0].Seal, claude.Seal) || parts[0].Text != "hm" || parts[1].Seal.Data != "RED" || !parts[1].Seal.Redacted {
		t.Errorf("seals %+v %+v", parts[0].Seal, parts[1].Seal)
	}

	empty, _, _ := New().EncodeResponse(&llm.Response{Candidates: []llm.Candidate{{Stop: llm.Stop{Reason: llm.StopFilter, Message: "why"}}}}, &llm.Request{Model: "m", Messages: []llm.Message{user("hello there")}})
	subset(t, empty, `{"candidates":[{"finishReason":"SAFETY","finishMessage":"why","content":{"parts":[{"text":""}]}}],"modelVersion":"m"}`)
	if !bytes.Contains(empty, []byte(`"totalTokenCount":`)) || bytes.Contains(empty, []byte(`"totalTokenCount":0`)) {
		t.Errorf("usage must be estimated (R52): %s", empty)
	}
	wrapped, _, _ := NewCodeAssist().EncodeResponse(resp, nil)
	subset(t, wrapped, `{"candidates":null,"response":{"candidates":[{}]}}`)
}

func contentOf(t *testing.T, answer []byte) []byte {
	t.Helper()
	for _, c := range jscan.Elements(readAnswer(answer).candidates) {
		return jscan.Get(c, "content")
	}
	t.Fatalf("no candidate in %s", answer)
	return nil
}

func sse(chunks ...string) string {
	var b strings.Builder
	for _, c := range chunks {
		b.WriteString("data: " + c + "\n\n")
	}
	return b.String()
}

func eventsOf(c wire.Codec, r io.Reader) (list []llm.Event, err error) {
	for ev, e := range c.DecodeStream(r) {
		if e != nil {
			return list, e
		}
		list = append(list, ev)
	}
	return list, nil
}

var streamed = sse(
	`{"candidates":[{"content":{"role":"model","parts":[{"text":"think ","thought":true}]},"index":0}],"usageMetadata":{"promptTokenCount":8},"modelVersion":"up","responseId":"g1"}`,
	`{"candidates":[{"content":{"role":"model","parts":[{"text":"more","thought":true},{"text":"Call"}]},"index":0}],"modelVersion":"up","responseId":"g1"}`,
	`{"candidates":[{"content":{"role":"model","parts":[{"text":"ing é"}]},"index":0}]}`,
	`{"candidates":[{"content":{"role":"model","parts":[{"functionCall":{"name":"f","args":{"deep":{"x":[1,2]}}},"thoughtSignature":"S"}]},"index":0}]}`,
	`{"candidates":[{"content":{"role":"model","parts":[{"text":"","thoughtSignature":"T"}]},"index":0,"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":8,"candidatesTokenCount":4,"totalTokenCount":12}}`)

func TestDecodeStream(t *testing.T) {
	list, err := eventsOf(New(), strings.NewReader(streamed))
	if err != nil {
		t.Fatal(err)
	}
	r, err := llm.Fold(replay(list))
	if err != nil {
		t.Fatal(err)
	}
	if got := joined(r.Candidates[0].Parts); got != `7:think more|0:Calling é|5:f({"deep":{"x":[1,2]}})#S|7:#T|` {
		t.Errorf("parts %s", got)
	}
	if r.Candidates[0].Stop.Reason != llm.StopToolCalls || r.Usage.Input != 8 || r.Usage.Output != 4 || r.Model != "up" || r.ID != "g1" {
		t.Errorf("answer %+v %+v", r, r.Usage)
	}
	if list[0].Usage == nil || list[0].Usage.Input != 8 {
		t.Errorf("the first count is worth telling early (P54): %+v", list[0])
	}
	laws(t, list)
}

// replay is a stream of given events.
func replay(list []llm.Event) llm.Stream {
	return func(yield func(llm.Event, error) bool) {
		for _, ev := range list {
			if !yield(ev, nil) {
				return
			}
		}
	}
}

// laws checks llm.Stream's own.
func laws(t *testing.T, list []llm.Event) {
	t.Helper()
	open, block, ended := false, -1, false
	finished := map[int]bool{}
	for i, ev := range list {
		if ended {
			t.Errorf("event %d after End", i)
		}
		switch ev.Kind {
		case llm.EventBegin:
			if i != 0 {
				t.Errorf("event %d: second Begin", i)
			}
		case llm.EventOpen:
			if block++; open || ev.Block != block || ev.Part == nil {
				t.Errorf("event %d: Open of block %d, %d expected, open %v", i, ev.Block, block, open)
			}
			open = true
		case llm.EventDelta:
			if !open && ev.Delta != llm.DeltaLogprobs {
				t.Errorf("event %d: delta without a block", i)
			}
		case llm.EventClose:
			if !open || ev.Block != block {
				t.Errorf("event %d: Close of block %d", i, ev.Block)
			}
			open = false
		case llm.EventFinish:
			if open || finished[ev.Candidate] {
				t.Errorf("event %d: Finish while open or twice", i)
			}
			finished[ev.Candidate] = true
		case llm.EventEnd:
			ended = true
		}
	}
	if !ended {
		t.Error("no End")
	}
}

// A call's random id is the one thing that differs between two readings.
func withoutIDs(list []llm.Event) []llm.Event {
	out := append([]llm.Event(nil), list...)
	for i := range out {
		if p := out[i].Part; p != nil && p.Call != nil {
			q, c := *p, *p.Call
			c.ID = ""
			q.Call, out[i].Part = &c, &q
		}
	}
	return out
}

func TestDecodeStreamInOtherPieces(t *testing.T) {
	want, _ := eventsOf(New(), strings.NewReader(streamed))
	want = withoutIDs(want)
	array := "[" + strings.ReplaceAll(strings.TrimSuffix(strings.ReplaceAll(streamed, "data: ", ""), "\n\n"), "\n\n", ",\n") + "]"
	enveloped := strings.ReplaceAll(strings.ReplaceAll(streamed, "data: ", `data: {"response":`), "\n\n", `,"traceId":"t"}`+"\n\n")
	for name, in := range map[string]io.Reader{
		"byte by byte":       iotest.OneByteReader(strings.NewReader(streamed)),
		"CRLF":               strings.NewReader(strings.ReplaceAll(streamed, "\n", "\r\n")),
		"no space":           strings.NewReader(strings.ReplaceAll(streamed, "data: ", "data:")),
		"no last blank":      strings.NewReader(strings.TrimRight(streamed, "\n")),
		"comments":           strings.NewReader(": hello\n\n" + streamed + ": bye\n\n"),
		"[DONE]":             strings.NewReader(streamed + "data: [DONE]\n\n"),
		"a JSON array":       strings.NewReader(array),
		"Code Assist":        strings.NewReader(enveloped),
		"a usage of its own": strings.NewReader(streamed + sse(`{"usageMetadata":{"promptTokenCount":8,"candidatesTokenCount":4,"totalTokenCount":12}}`)),
	} {
		t.Run(name, func(t *testing.T) {
			got, err := eventsOf(NewCodeAssist(), in)
			if err != nil || !reflect.DeepEqual(withoutIDs(got), want) {
				t.Errorf("err %v\n%+v\n%+v", err, got, want)
			}
		})
	}
}

func TestDecodeStreamFails(t *testing.T) {
	first := `{"candidates":[{"content":{"role":"model","parts":[{"text":"a"}]},"index":0}]}`
	for name, c := range map[string]struct {
		in     string
		kind   fault.Kind
		events int
	}{
		"nothing at all":           {"", fault.Truncated, 0},
		"no finish (P62)":          {sse(first), fault.Truncated, 3},
		"unspecified is no word":   {sse(strings.Replace(first, `"index"`, `"finishReason":"FINISH_REASON_UNSPECIFIED","index"`, 1)), fault.Truncated, 3},
		"an error first (P61)":     {sse(`{"error":{"code":503,"message":"busy","status":"UNAVAILABLE"}}`), fault.Overloaded, 0},
		"an error later":           {sse(first, `{"error":{"code":429,"message":"slow","status":"RESOURCE_EXHAUSTED"}}`), fault.RateLimited, 3},
		"errors in a list (P84)":   {`[{"error":{"code":400,"message":"bad","status":"INVALID_ARGUMENT"}}]`, fault.Invalid, 0},
		"no JSON":                  {sse(first, `{"candidates":`), fault.Upstream, 3},
		"one candidate unfinished": {sse(`{"candidates":[{"index":0,"finishReason":"STOP"},{"index":1,"content":{"parts":[{"text":"b"}]}}]}`), fault.Truncated, 3},
	} {
		t.Run(name, func(t *testing.T) {
			list, err := eventsOf(New(), strings.NewReader(c.in))
			if kind(err) != c.kind || len(list) != c.events {
				t.Errorf("%v after %d events", err, len(list))
			}
		})
	}
	broken := io.MultiReader(strings.NewReader(sse(first)), iotest.ErrReader(errors.New("reset")))
	if _, err := eventsOf(New(), broken); kind(err) != fault.Truncated {
		t.Errorf("a broken connection: %v", err)
	}
	list, err := eventsOf(New(), strings.NewReader(sse(`{"promptFeedback":{"blockReason":"SAFETY"}}`)))
	if err != nil || list[1].Kind != llm.EventFinish || list[1].Stop.Reason != llm.StopFilter {
		t.Errorf("a blocked prompt ends normally: %v %+v", err, list)
	}
	laws(t, list)
}

func TestDecodeStreamSeveralCandidates(t *testing.T) {
	list, err := eventsOf(New(), strings.NewReader(sse(
		`{"candidates":[{"index":0,"content":{"parts":[{"text":"a"}]}},{"index":1,"content":{"parts":[{"text":"x"}]}}]}`,
		`{"candidates":[{"index":1,"content":{"parts":[{"text":"y"}]},"finishReason":"MAX_TOKENS"}]}`,
		`{"candidates":[{"index":0,"content":{"parts":[{"text":"b"}]},"finishReason":"STOP","logprobsResult":{"chosenCandidates":[{"token":"b","logProbability":-1}]}}]}`)))
	if err != nil {
		t.Fatal(err)
	}
	laws(t, list)
	r, _ := llm.Fold(replay(list))
	if len(r.Candidates) != 2 || joined(r.Candidates[0].Parts) != "0:a|0:b|" || r.Candidates[1].Stop.Reason != llm.StopLength || r.Candidates[0].Logprobs == nil {
		t.Errorf("%+v", r)
	}
}
