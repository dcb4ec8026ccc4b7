package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"omniroute/backend/fault"
	"omniroute/backend/wire/jscan"
)

func TestPeek(t *testing.T) {
	h, err := Peek([]byte(` {"messages":[{"model":"no"}],"stream" : true,"mo\u0064el":"a\"b"}`))
	if err != nil || h.Model != `a"b` || !h.Stream || !h.HasModel {
		t.Errorf("%+v %v", h, err)
	}
	if h, err := Peek([]byte(`{"model":null,"stream":null}`)); err != nil || h.HasModel || h.Stream {
		t.Errorf("null members: %+v %v", h, err)
	}
	for in, want := range map[string]string{
		``: "empty", `[]`: "object", `{"a":`: "cut off", `{} x`: "follows", `{"model":7}`: "`model` must be a string", `{"stream":"yes"}`: "`stream` must be",
		strings.Repeat("[", 600) + strings.Repeat("]", 600): "deeper",
	} {
		_, err := Peek([]byte(in))
		var e *fault.Error
		if !errors.As(err, &e) || e.Kind != fault.Invalid || !strings.Contains(e.Public, want) {
			t.Errorf("Peek(%.20s) = %v, want %q", in, err, want)
		}
	}
}

func TestSpliceModel(t *testing.T) {
	for in, want := range map[string]string{
		`{"model":"alias/m","x":{"model":"keep","big":12345678901234567891,"f":1.0}}`: `{"model":"NEW","x":{"model":"keep","big":12345678901234567891,"f":1.0}}`,
		" {\n \"a\" : 1 ,\"model\" :  \"m\"\n} ":                                      " {\n \"a\" : 1 ,\"model\" :  \"NEW\"\n} ",
		`{"model":"a","model":"b"}`:                                                   `{"model":"NEW","model":"NEW"}`,
		`{"mod\u0065l":null}`:                                                         `{"mod\u0065l":"NEW"}`,
	} {
		got, err := SpliceModel([]byte(in), "NEW")
		if err != nil || string(got) != want {
			t.Errorf("SpliceModel(%s) = %s (%v), want %s", in, got, err, want)
		}
	}
	if _, err := SpliceModel([]byte(`{"messages":[]}`), "x"); fault.KindOf(err) != fault.Invalid {
		t.Errorf("a body without model: %v", err)
	}
}

func TestEdit(t *testing.T) {
	set := []Member{{"b", []byte("9")}, {"new", []byte("[1]")}}
	for in, want := range map[string]string{
		`{"a":1,"b":2,"c":3}`: `{"a":1,"b":9,"new":[1]}`,
		`{"c":3,"a":1}`:       `{"a":1,"b":9,"new":[1]}`,
		`{"c":3,"c":4}`:       `{"b":9,"new":[1]}`,
		`{}`:                  `{"b":9,"new":[1]}`,
		"{ \"a\" : 1.0 ,\n \"c\" : {\"b\":1} ,\n \"z\" : 0 }\n": "{ \"a\" : 1.0 ,\n \"z\" : 0,\"b\":9,\"new\":[1] }\n",
		`[1]`: `[1]`,
	} {
		if got := string(Edit([]byte(in), set, []string{"c"})); got != want {
			t.Errorf("Edit(%q) = %q, want %q", in, got, want)
		}
	}
}

// FuzzSplice compares with encoding/json: only `model` differs afterwards.
func FuzzSplice(f *testing.F) {
	for _, s := range []string{`{"model":"a","b":[1.0]}`, `{"a":{"model":1},"model":"x","model":"y"}`, ` {"model" : "\u00e9" } `, `{"model":null}`} {
		f.Add([]byte(s), "new")
	}
	f.Fuzz(func(t *testing.T, b []byte, model string) {
		Detect("POST", string(b), nil, b)
		out, err := SpliceModel(b, model)
		if err != nil {
			return
		}
		var before, after map[string]json.RawMessage
		if json.Unmarshal(b, &before) != nil || json.Unmarshal(out, &after) != nil {
			t.Fatalf("SpliceModel(%q) = %q", b, out)
		}
		for k, v := range before {
			if k == "model" {
				v = jscan.AppendQuoted(nil, model)
			}
			if !bytes.Equal(v, after[k]) {
				t.Fatalf("SpliceModel(%q) changed %q: %s", b, k, after[k])
			}
		}
		dropped := Edit(b, []Member{{"zz", []byte("1")}}, []string{"model"})
		var left map[string]json.RawMessage
		if err := json.Unmarshal(dropped, &left); err != nil || left["model"] != nil || string(left["zz"]) != "1" {
			t.Fatalf("Edit(%q) = %q (%v)", b, dropped, err)
		}
	})
}

func BenchmarkSplice1MB(b *testing.B) {
	body := []byte(`{"messages":[{"role":"user","content":"` + strings.Repeat("some words of a prompt, \\n and more ", 29_000) + `"}],"model":"alias/m"}`)
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if _, err := SpliceModel(body, "m"); err != nil {
			b.Fatal(err)
		}
	}
}
