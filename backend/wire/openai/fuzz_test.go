package openai

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"omniroute/backend/fault"
	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// seeds adds the inputs of the given vectors that speak this format.
func seeds(f *testing.F, kind string, add func(input []byte)) {
	files, err := filepath.Glob(filepath.Join("..", "..", "testkit", "vectors", "*.json"))
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		if jscan.Check(b) == nil && jscan.Str(jscan.Get(b, "kind")) == kind && jscan.Str(jscan.Get(b, "from")) == formatName {
			add(jscan.AppendCompact(nil, jscan.Get(b, "input")))
		}
	}
}

func FuzzDecodeRequest(f *testing.F) {
	seeds(f, "request", func(in []byte) { f.Add(in) })
	for _, s := range []string{
		user(`"tools":[{"type":"custom","custom":{"name":"p","format":{"grammar":{}}}},{"type":"web_search"}],"tool_choice":{"type":"allowed_tools","allowed_tools":{"tools":[{"name":"p"}]}}`),
		conversation(`{"role":"assistant","tool_calls":[{"id":"a","function":{"name":"f","arguments":{}},"extra_content":{"google":{"thought_signature":"~omni1.a..x"}}}],"audio":{"id":"x"}},{"role":"tool","tool_call_id":"a","content":"[{\"type\":\"input_image\",\"image_url\":\"data:,x\"}]"}`),
		conversation(`{"role":"assistant","function_call":{"name":"f"}},{"role":"function","name":"f","content":[{"type":"file","file":{"file_data":"x","filename":"."}}]}`),
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if jscan.Check(body) != nil {
			return
		}
		req, err := Codec{}.DecodeRequest(body)
		if err != nil {
			if e := fault.As(err); e.Kind != fault.Invalid || e.Public == "" {
				t.Fatalf("%v", err)
			}
			return
		}
		for _, d := range []wire.Dialect{{Model: "m"}, {Model: "m", Caps: wire.Caps{ReasoningField: "reasoning_content", NoStructured: true, NoImages: true, NeedsSeal: true}}} {
			for _, r := range []*llm.Request{req, first(wire.Prepare(req, wire.OpenAIChat, d))} {
				out, _, err := Codec{}.EncodeRequest(r, d)
				if err != nil {
					continue
				}
				if err := jscan.Check(out); err != nil {
					t.Fatalf("no JSON: %v\n%s", err, out)
				}
				again, _, _ := Codec{}.EncodeRequest(r, d)
				if !bytes.Equal(out, again) {
					t.Fatalf("not deterministic:\n%s\n%s", out, again)
				}
			}
		}
	})
}

func first[A, B any](a A, _ B) A { return a }

func FuzzDecodeResponse(f *testing.F) {
	seeds(f, "response", func(in []byte) { f.Add(in) })
	f.Add([]byte(`{"choices":[{"index":1,"message":{"content":[{"type":"thinking","thinking":"t"}],"images":[{}],"audio":{},"annotations":[{}],"reasoning_details":[{"text":"x"}]},"logprobs":{"content":[]}},{"index":1}],"usage":{}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if jscan.Check(body) != nil {
			return
		}
		r, err := Codec{}.DecodeResponse(body)
		if err != nil {
			if fault.As(err).Public == "" {
				t.Fatal("an error without words")
			}
			return
		}
		if back, err := llm.Fold(llm.Unfold(r)); err != nil || len(back.Candidates) != len(r.Candidates) {
			t.Fatalf("fold: %v", err)
		}
		out, _, err := Codec{}.EncodeResponse(r, &llm.Request{})
		if err != nil || jscan.Check(out) != nil {
			t.Fatalf("%v %s", err, out)
		}
		var b bytes.Buffer
		e := Codec{}.EncodeStream(&b, &llm.Request{})
		for ev := range llm.Unfold(r) {
			_ = e.Encode(ev)
		}
		_ = e.Close(nil)
		if _, err := collect(Codec{}.DecodeStream(&b)); err != nil {
			t.Fatalf("our own stream: %v", err)
		}
	})
}

func FuzzDecodeStream(f *testing.F) {
	seeds(f, "stream", func(in []byte) {
		var b []byte
		for _, e := range jscan.Elements(in) {
			data := jscan.Get(e, "data")
			if s, ok := jscan.Text(data); ok {
				data = []byte(s)
			}
			b = wire.AppendEvent(b, jscan.Str(jscan.Get(e, "event")), data)
		}
		f.Add(b)
	})
	f.Add(sse(delta(`{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{"}},{"index":1,"custom":{"name":"p","input":"x"}}]}`), delta(`{"content":"a\ud83d","reasoning":"r"}`), delta(`{"tool_calls":[{"index":0,"function":{"arguments":"}"}}],"function_call":{"name":"g"}}`), finish("stop")))
	f.Add(sse(`{"choices":[{"index":1,"delta":{"content":"b"}},{"index":0,"message":{"content":[{"type":"text","text":"a"}],"images":[{"image_url":"x"}],"annotations":[1]},"logprobs":{"content":[1]},"finish_reason":"length"}],"usage":{"prompt_tokens":1}}`, "[DONE]"))
	f.Fuzz(func(t *testing.T, body []byte) {
		whole, err := collect(Codec{}.DecodeStream(bytes.NewReader(body)))
		if b := breach(whole, err); b != "" {
			t.Fatalf("law broken: %s\n%+v", b, whole)
		}
		pieces, err2 := collect(Codec{}.DecodeStream(&ragged{b: bytes.Clone(body)}))
		if !reflect.DeepEqual(whole, pieces) || fmt.Sprint(err) != fmt.Sprint(err2) {
			t.Fatalf("cut in pieces it gives\n%+v %v\nnot\n%+v %v", pieces, err2, whole, err)
		}
		var out bytes.Buffer
		e := Codec{}.EncodeStream(&out, &llm.Request{Meta: llm.Meta{IncludeUsage: true}})
		for _, ev := range whole {
			_ = e.Encode(ev)
		}
		_ = e.Close(err)
		again, err3 := collect(Codec{}.DecodeStream(&out))
		if (err == nil) != (err3 == nil) {
			t.Fatalf("our own stream ends with %v, the original with %v\n%+v", err3, err, again)
		}
		tap := Codec{}.Tap(true)
		_, _ = tap.Write(body)
		_, _, _, _ = tap.Usage(), tap.Err(), tap.Ended(), tap.Fail(nil)
	})
}

func FuzzDecodeError(f *testing.F) {
	f.Add(429, []byte(`{"error":{"message":"m","type":"t","param":"p","code":"c"}}`))
	f.Add(200, []byte(`[{"error":{"code":429,"details":[{"retryDelay":"3s"}]}}]`))
	f.Add(502, []byte(`<html><title>x</title>`))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		e := fault.As(Codec{}.DecodeError(status, http.Header{}, body))
		if e == nil || e.Public == "" {
			t.Fatal("an error without words")
		}
		got, _, out := Codec{}.EncodeError(e, "")
		if got < 400 || got > 599 || jscan.Check(out) != nil {
			t.Fatalf("%d %s", got, out)
		}
	})
}

// FuzzTornChunk: what Fail makes of the beginning of any JSON object is one.
func FuzzTornChunk(f *testing.F) {
	f.Add([]byte(`{"a":[1,{"b":"c\u00e9\\"},-1.5e+3,true],"d":null}`), 9)
	f.Fuzz(func(t *testing.T, v []byte, n int) {
		if jscan.Check(v) != nil || jscan.KindOf(v) != jscan.Object || n < 0 || n >= len(v) {
			return
		}
		suffix, ok := closeToTop(v[:n])
		if !ok || n == 0 {
			return
		}
		if out := append(append(bytes.Clone(v[:n]), suffix...), `"error":1}`...); jscan.Check(out) != nil {
			t.Fatalf("%q cut at %d became %q", v, n, out)
		}
	})
}
