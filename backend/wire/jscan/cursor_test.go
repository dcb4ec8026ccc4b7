package jscan

import (
	"strings"
	"testing"
)

// dump rebuilds a value with the cursor, taking some values whole and walking
// into the others.
func dump(c *Cursor, b *strings.Builder, whole bool) {
	switch c.Kind() {
	case Object:
		b.WriteByte('{')
		for k := range c.Members() {
			b.WriteString("<" + string(k) + ">")
			if whole && strings.HasPrefix(string(k), "w") {
				b.Write(AppendCompact(nil, c.Value()))
			} else if !strings.HasPrefix(string(k), "skip") {
				dump(c, b, whole)
			}
		}
		b.WriteByte('}')
	case Array:
		b.WriteByte('[')
		for i := range c.Elements() {
			if i > 0 {
				b.WriteByte(',')
			}
			dump(c, b, whole)
		}
		b.WriteByte(']')
	default:
		b.Write(c.Value())
	}
}

func TestCursor(t *testing.T) {
	cases := map[string]string{
		`1`:                    `1`,
		` [ 1 , "a]" , [ ] ] `: `[1,"a]",[]]`,
		`{"a":{"b":[{},{"c\"":null}]},"skip":[{"x":1}],"d":"}"}`: `{<a>{<b>[{},{<c">null}]}<skip><d>"}"}`,
		`[{"skip":{}},{"skip2":[1,2]},3]`:                        `[{<skip>},{<skip2>},3]`,
		`{}`:                                                     `{}`,
		`[]`:                                                     `[]`,
	}
	for in, want := range cases {
		var b strings.Builder
		c := NewCursor([]byte(in))
		dump(&c, &b, false)
		if b.String() != want {
			t.Errorf("%s read as %s, want %s", in, b.String(), want)
		}
	}
}

func TestCursorSkipsOtherKinds(t *testing.T) {
	c := NewCursor([]byte(`[{"a":1},"x",7]`))
	var kinds []Kind
	for range c.Elements() {
		kinds = append(kinds, c.Kind())
		for range c.Members() {
		}
	}
	if len(kinds) != 3 || kinds[0] != Object || kinds[1] != String || kinds[2] != Number {
		t.Errorf("kinds = %v", kinds)
	}
}

// The cursor must see what Members and Elements see, and end on any bytes.
func FuzzCursor(f *testing.F) {
	for _, s := range []string{`{"a":[1,{"wb":"x"}],"skip":{}}`, `[[[]],{"a":{}}]`, `{"a"`, `[1,`, `{"a":1,`, `{,}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		if len(in) > 1<<12 || strings.Count(string(in), "[")+strings.Count(string(in), "{") > MaxDepth {
			return
		}
		var b strings.Builder
		c := NewCursor(in)
		dump(&c, &b, true)
		if Check(in) != nil {
			return
		}
		if c.i != len(in) && skipSpace(in, c.i) != len(in) {
			t.Fatalf("stopped at %d of %d", c.i, len(in))
		}
		var want strings.Builder
		rebuild(in, &want)
		if b.String() != want.String() {
			t.Fatalf("%s\nread as %s\nwant    %s", in, b.String(), want.String())
		}
	})
}

func rebuild(v []byte, b *strings.Builder) {
	switch KindOf(v) {
	case Object:
		b.WriteByte('{')
		for k, x := range Members(v) {
			b.WriteString("<" + string(k) + ">")
			if strings.HasPrefix(string(k), "w") {
				b.Write(AppendCompact(nil, x))
			} else if !strings.HasPrefix(string(k), "skip") {
				rebuild(x, b)
			}
		}
		b.WriteByte('}')
	case Array:
		b.WriteByte('[')
		for i, x := range Elements(v) {
			if i > 0 {
				b.WriteByte(',')
			}
			rebuild(x, b)
		}
		b.WriteByte(']')
	default:
		b.Write(trim(v))
	}
}
