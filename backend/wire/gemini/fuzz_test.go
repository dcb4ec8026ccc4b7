package gemini

import (
	"bytes"
	"net/http"
	"reflect"
	"testing"
	"testing/iotest"

	"omniroute/backend/fault"
	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// Whatever a client sends, the answer is a request that encodes to JSON, or
// an error that can be shown.
func FuzzDecodeRequest(f *testing.F) {
	for _, s := range []string{
		`{"contents":[{"role":"user","parts":[{"text":"a"},{"inline_data":{"mime_type":"image/png","data":"AAAA"}}]},{"role":"model","parts":[{"text":"t","thought":true,"thoughtSignature":"S"},{"functionCall":{"name":"f","args":{"a":1}}}]},{"parts":[{"functionResponse":{"name":"f","response":{"output":"x"},"parts":[{"fileData":{"fileUri":"gs://x/a.png"}}]}}]}],"systemInstruction":"S"}`,
		`{"contents":"x","tools":[{"functionDeclarations":[{"name":"f","parameters":{"type":"OBJECT"}}],"googleSearch":{}}],"toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["f"]}},"generationConfig":{"thinkingConfig":{"thinkingBudget":-1},"responseSchema":{"type":"STRING"}}}`,
		`{"model":"m","project":"p","request":{"model":"models/x","contents":[{"parts":{"text":"a"}}]}}`,
		`{"generateContentRequest":{"contents":["a",{"role":"system","parts":[{"text":"b"}]}]}}`,
		`{"contents":[{"parts":[{"executableCode":{}},{"novel":1},{"text":""},{}]}],"cachedContent":"c"}`,
	} {
		f.Add([]byte(s))
	}
	targets := []wire.Dialect{{Model: "gemini-3-pro", Caps: wire.Caps{JSONSchema: true}}, {Model: "m", Caps: wire.Caps{Thinking: wire.ThinkingBudget, NoCallIDs: true, NoImages: true}}}
	f.Fuzz(func(t *testing.T, b []byte) {
		if jscan.Check(b) != nil {
			return
		}
		for _, c := range []wire.Codec{New(), NewCodeAssist()} {
			req, err := c.DecodeRequest(b)
			if err != nil {
				if e := fault.As(err); e.Kind != fault.Invalid || e.Public == "" {
					t.Fatalf("%v", err)
				}
				continue
			}
			for i, d := range targets {
				to := []wire.Codec{New(), NewCodeAssist()}[i]
				ready, _ := wire.Prepare(req, to.Format(), d)
				out, _, err := to.EncodeRequest(ready, d)
				if err != nil {
					continue
				}
				if err := jscan.Check(out); err != nil {
					t.Fatalf("%v\nin  %s\nout %s", err, b, out)
				}
			}
		}
	})
}

func FuzzDecodeResponse(f *testing.F) {
	for _, s := range []string{
		`{"candidates":[{"content":{"parts":[{"text":"a","thought":true},{"functionCall":{"name":"f","args":[1]},"thoughtSignature":"S"},{"text":"","thoughtSignature":"T"}]},"finishReason":"STOP","index":1,"logprobsResult":{"chosenCandidates":[{"token":"a"}]}}],"usageMetadata":{"promptTokenCount":1}}`,
		`{"promptFeedback":{"blockReason":"SAFETY"}}`, `[{"error":{"code":429}}]`, `{"response":{"candidates":[{}]}}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if jscan.Check(b) != nil {
			return
		}
		r, err := New().DecodeResponse(b)
		if err != nil {
			if fault.As(err).Public == "" {
				t.Fatalf("nothing to show: %v", err)
			}
			return
		}
		out, _, err := NewCodeAssist().EncodeResponse(r, &llm.Request{})
		if err != nil || jscan.Check(out) != nil {
			t.Fatalf("%v %s", err, out)
		}
		again, err := llm.Fold(llm.Unfold(r))
		if err != nil || len(again.Candidates) != len(r.Candidates) {
			t.Fatalf("%v %+v", err, again)
		}
	})
}

// Any bytes, cut anywhere, give the same events, and the laws of llm.Stream
// hold.
func FuzzDecodeStream(f *testing.F) {
	f.Add([]byte(streamed))
	f.Add([]byte(`[{"candidates":[{"index":1,"content":{"parts":[{"text":"a"}]},"finishReason":"STOP"}]}]`))
	f.Add([]byte(sse(`{"error":{"code":500,"message":"x"}}`)))
	f.Add([]byte(sse(`{"candidates":[{"index":9,"content":{"parts":[{"inlineData":{"mimeType":"image/png","data":"AAAA"}}]}}]}`, `{"promptFeedback":{"blockReason":"X"}}`)))
	f.Fuzz(func(t *testing.T, b []byte) {
		whole, err := eventsOf(New(), bytes.NewReader(b))
		pieces, err2 := eventsOf(New(), iotest.OneByteReader(bytes.NewReader(b)))
		if (err == nil) != (err2 == nil) || err != nil && fault.As(err).Kind != fault.As(err2).Kind || !reflect.DeepEqual(withoutIDs(whole), withoutIDs(pieces)) {
			t.Fatalf("cut differently:\n%v %+v\n%v %+v", err, whole, err2, pieces)
		}
		if err != nil {
			return
		}
		laws(t, whole)
		chunks(t, writeStream(t, New(), replay(whole), &llm.Request{}, nil))
	})
}

func FuzzDecodeError(f *testing.F) {
	f.Add(400, []byte(`{"error":{"code":400,"message":"m","status":"INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}}`))
	f.Add(200, []byte(`[{"error":{"code":"x","details":[{"retryDelay":"1s"}]}}]`))
	f.Add(502, []byte(`<html>`))
	f.Fuzz(func(t *testing.T, status int, b []byte) {
		e := fault.As(New().DecodeError(status, http.Header{}, b))
		if e.Public == "" || e.Kind == fault.Internal {
			t.Fatalf("%+v", e)
		}
		code, _, body := New().EncodeError(e, "r")
		if code < 400 || code > 599 || jscan.Check(body) != nil {
			t.Fatalf("%d %s", code, body)
		}
	})
}

// A tap never fails, whatever passes.
func FuzzTap(f *testing.F) {
	f.Add([]byte(streamed), 7)
	f.Add([]byte(`[{"candidates":[]},{"error":{}}]`), 1)
	f.Fuzz(func(t *testing.T, b []byte, size int) {
		for _, stream := range []bool{true, false} {
			tap := NewArray().Tap(stream)
			for rest := b; len(rest) > 0; {
				n := min(max(size, 1), len(rest))
				if m, err := tap.Write(rest[:n]); err != nil || m != n {
					t.Fatal(m, err)
				}
				rest = rest[n:]
			}
			_, _, _, _, _, _ = tap.Usage(), tap.Stop(), tap.Model(), tap.Content(), tap.Ended(), tap.Err()
			if out := tap.Fail(fault.New(fault.Truncated, "x", "y")); stream == (out == nil) {
				t.Fatal("Fail answers streams, and only them")
			}
		}
	})
}
