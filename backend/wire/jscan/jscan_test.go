package jscan

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestCheckAgreesWithStandardLibrary(t *testing.T) {
	cases := []string{
		``, ` `, `{}`, `[]`, `[[]]`, `{"a":[]}`, `{"a":{}}`, `[{}]`, `[{},{}]`, `{"a":1,"b":[1,2,{"c":null}]}`, `[1,]`, `{"a":1,}`, `{,}`, `[,]`,
		`{"a"}`, `{"a":}`, `{a:1}`, `01`, `-`, `-0`, `1.`, `1.5e`, `1.5e+3`, `.5`, `tru`, `true`, `false`, `null`, `nul`, `"a`, `"a\"`, `"\x"`, `"\u12"`,
		`"\u12aF"`, "\"a\nb\"", "\"a\x7fb\"", `"é"`, `{} {}`, `{}x`, `[1 2]`, `{"a" 1}`, `]`, `}`, `[}`, `{]`, `[1}`, `{"a":1]`, `"12345678\"90123456"`,
		`"1234567"`, "\"12345678\x01\"", `[[[[[[]]]]]]`, `{"":""}`, ` [ 1 , 2 ] `, `{ "a" : 1 , "b" : "x" }`,
	}
	for _, c := range cases {
		if got, want := Check([]byte(c)) == nil, json.Valid([]byte(c)); got != want {
			t.Errorf("Check(%q) valid=%v, encoding/json says %v (%v)", c, got, want, Check([]byte(c)))
		}
	}
}

func TestCheckDepth(t *testing.T) {
	for _, n := range []int{1, MaxDepth, MaxDepth + 1, 10_000} {
		err := Check([]byte(strings.Repeat("[", n) + strings.Repeat("]", n)))
		if (err == nil) != (n <= MaxDepth) {
			t.Errorf("depth %d: %v", n, err)
		}
	}
}

func TestMembersAndElements(t *testing.T) {
	obj := []byte(` { "a" : [1, "x]", {"y":2}] , "b\u0021":"q\"{" , "a":null } `)
	var got []string
	for k, v := range Members(obj) {
		got = append(got, string(k)+"="+string(v))
	}
	want := `a=[1, "x]", {"y":2}]|b!="q\"{"|a=null`
	if s := strings.Join(got, "|"); s != want {
		t.Errorf("Members = %s, want %s", s, want)
	}
	got = nil
	for _, v := range Elements([]byte(`[1, "x]", {"y":2}, []]`)) {
		got = append(got, string(v))
	}
	if s := strings.Join(got, "|"); s != `1|"x]"|{"y":2}|[]` {
		t.Errorf("Elements = %s", s)
	}
	if string(Path(obj, "a")) != "null" || Get(obj, "zz") != nil {
		t.Error("Get must return the last duplicate and nil for a missing key")
	}
}

func TestNumbers(t *testing.T) {
	for in, want := range map[string]int64{"9007199254740993": 9007199254740993, "1.0": 1, "1e3": 1000, "-7": -7} {
		if n, ok := Int([]byte(in)); !ok || n != want {
			t.Errorf("Int(%s) = %d %v", in, n, ok)
		}
	}
	for _, in := range []string{"1.5", "1e30", `"1"`, "null"} {
		if _, ok := Int([]byte(in)); ok {
			t.Errorf("Int(%s) must not be ok", in)
		}
	}
}

func FuzzText(f *testing.F) {
	for _, s := range []string{"", "a", "\"\\\n\t\u0000", "日本語 😀", "\xff\xfe", "a\u2028b", strings.Repeat("x\"", 40)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		q := AppendQuoted(nil, s)
		if err := Check(q); err != nil {
			t.Fatalf("AppendQuoted(%q) is no JSON: %v", s, err)
		}
		back, ok := Text(q)
		var std string
		if err := json.Unmarshal(q, &std); err != nil || !ok || back != std {
			t.Fatalf("Text(%s) = %q, encoding/json %q (%v)", q, back, std, err)
		}
		if utf8.ValidString(s) && back != s {
			t.Fatalf("round trip of %q gave %q", s, back)
		}
	})
}

func FuzzCheck(f *testing.F) {
	for _, s := range []string{`{"a":[1,2,{"b":"c\u00e9"}],"d":-1.5e+3}`, `[[],{},""]`, `"\ud83d\ude00"`, `{"a":tru}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		err := Check(b)
		std := json.Valid(b)
		if err == nil && !std {
			t.Fatalf("Check accepts %q", b)
		}
		if err != nil && std && !strings.Contains(err.Error(), "deeper") {
			t.Fatalf("Check refuses %q: %v", b, err)
		}
		if err == nil {
			walk(t, b)
			var want bytes.Buffer
			if json.Compact(&want, b) != nil || !bytes.Equal(want.Bytes(), AppendCompact(nil, b)) {
				t.Fatalf("AppendCompact(%q) = %q", b, AppendCompact(nil, b))
			}
		}
		for k, v := range Members(b) { // hostile bytes must not panic
			_, _ = k, KindOf(v)
		}
	})
}

// walk compares every string with what encoding/json reads.
func walk(t *testing.T, v []byte) {
	switch KindOf(v) {
	case Object:
		for _, m := range Members(v) {
			walk(t, m)
		}
	case Array:
		for _, e := range Elements(v) {
			walk(t, e)
		}
	case String:
		var want string
		if json.Unmarshal(v, &want) == nil && Str(v) != want {
			t.Fatalf("Str(%q) = %q, want %q", v, Str(v), want)
		}
	}
}

func BenchmarkCheck1MB(b *testing.B) {
	body := []byte(`{"messages":[{"role":"user","content":"` + strings.Repeat("some words of a prompt, \\n and more ", 29_000) + `"}]}`)
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if Check(body) != nil {
			b.Fatal("invalid")
		}
	}
}
