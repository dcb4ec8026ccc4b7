package catalog

import (
	"bytes"
	"encoding/json"
	"flag"
	"io/fs"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

var update = flag.Bool("update", false, "rewrite the data files in their canonical form")

// TestFilesAreCanonical holds every data file to one spelling: only known
// keys, in the order of the Go fields, no empty values, one layout. Then a
// change of a fact is a change of its line and nothing else.
func TestFilesAreCanonical(t *testing.T) {
	err := fs.WalkDir(files, "data", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		want, err := canonical(raw, emptyFor(name))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return nil
		}
		if bytes.Equal(raw, want) {
			return nil
		}
		if *update {
			return os.WriteFile(name, want, 0o644)
		}
		t.Errorf("%s is not in canonical form (run: go test ./backend/catalog -run Canonical -update)\nfirst difference: %s", name, difference(raw, want))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func emptyFor(name string) any {
	switch {
	case strings.HasPrefix(name, "data/providers/"):
		return new(entry)
	case name == "data/nodes.json":
		return new([]entry)
	case name == "data/aliases.json":
		return new([]Alias)
	}
	return new(index)
}

// canonical decodes strictly into the Go shape and writes that back.
func canonical(raw []byte, into any) ([]byte, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return nil, err
	}
	var flat bytes.Buffer
	enc := json.NewEncoder(&flat)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(into); err != nil {
		return nil, err
	}
	dec = json.NewDecoder(&flat)
	dec.UseNumber()
	v, err := readOrdered(dec)
	if err != nil {
		return nil, err
	}
	var out strings.Builder
	layout(&out, v, 0)
	out.WriteByte('\n')
	return []byte(out.String()), nil
}

type member struct {
	key   string
	value any
}

// readOrdered reads a value and keeps the order of keys.
func readOrdered(dec *json.Decoder) (any, error) {
	tok, err := dec.Token()
	if err != nil {
		return nil, err
	}
	open, ok := tok.(json.Delim)
	if !ok {
		return tok, nil
	}
	var list []any
	members := []member{}
	for dec.More() {
		var key string
		if open == '{' {
			k, err := dec.Token()
			if err != nil {
				return nil, err
			}
			key = k.(string)
		}
		v, err := readOrdered(dec)
		if err != nil {
			return nil, err
		}
		list, members = append(list, v), append(members, member{key, v})
	}
	if _, err := dec.Token(); err != nil {
		return nil, err
	}
	if open == '{' {
		return members, nil
	}
	return list, nil
}

// layout writes a value on one line if it fits into 110 columns, else one
// element a line.
func layout(out *strings.Builder, v any, indent int) {
	line := oneLine(v)
	if utf8.RuneCountInString(line)+indent <= 110 {
		out.WriteString(line)
		return
	}
	pad := "\n" + strings.Repeat(" ", indent+2)
	switch v := v.(type) {
	case []member:
		for i, m := range v {
			out.WriteString([]string{"{", ","}[min(i, 1)] + pad + quoted(m.key) + ": ")
			layout(out, m.value, indent+2)
		}
		out.WriteString(pad[:len(pad)-2] + "}")
	case []any:
		for i, e := range v {
			out.WriteString([]string{"[", ","}[min(i, 1)] + pad)
			layout(out, e, indent+2)
		}
		out.WriteString(pad[:len(pad)-2] + "]")
	default:
		out.WriteString(line)
	}
}

func oneLine(v any) string {
	switch v := v.(type) {
	case []member:
		parts := make([]string, len(v))
		for i, m := range v {
			parts[i] = quoted(m.key) + ": " + oneLine(m.value)
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = oneLine(e)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return quoted(v)
}

func quoted(v any) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err)
	}
	return strings.TrimSpace(b.String())
}

func difference(a, b []byte) string {
	al, bl := strings.Split(string(a), "\n"), strings.Split(string(b), "\n")
	for i := range al {
		if i >= len(bl) {
			return "extra line " + al[i]
		}
		if al[i] != bl[i] {
			return "\n have " + al[i] + "\n want " + bl[i]
		}
	}
	return "too short"
}

// TestNoSecretsInData looks for anything shaped like a credential. Client ids
// are public; everything else that long and random has no place here.
func TestNoSecretsInData(t *testing.T) {
	shapes := map[string]*regexp.Regexp{
		"Google client secret": regexp.MustCompile(`GOCSPX-[A-Za-z0-9_-]{10,}`),
		"Anthropic key":        regexp.MustCompile(`sk-ant-[a-z0-9]+-[A-Za-z0-9_-]{10,}`),
		"OpenAI style key":     regexp.MustCompile(`\bsk-[A-Za-z0-9_-]{16,}`),
		"Google API key":       regexp.MustCompile(`AIza[A-Za-z0-9_-]{30,}`),
		"GitHub token":         regexp.MustCompile(`gh[pousr]_[A-Za-z0-9]{20,}`),
		"other vendor key":     regexp.MustCompile(`\b(gsk|xai|nvapi|hf|pplx|fw|csk|jina|pa)[-_][A-Za-z0-9]{16,}`),
		"JSON web token":       regexp.MustCompile(`eyJ[A-Za-z0-9_-]{10,}\.`),
		"private key":          regexp.MustCompile(`-----BEGIN`),
		"long hex":             regexp.MustCompile(`\b[0-9a-f]{40,}\b`),
	}
	for _, planted := range []string{"sk-ant-api03-AAAAAAAAAAAA", "GOCSPX-abcdefghijkl", "eyJhbGciOiJIUzI1NiJ9."} {
		if !matchesAny(shapes, planted) {
			t.Errorf("the search does not find %q", planted)
		}
	}
	err := fs.WalkDir(files, "data", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := fs.ReadFile(files, name)
		for what, re := range shapes {
			if found := re.Find(raw); found != nil {
				t.Errorf("%s holds something like a %s: %.12s…", name, what, found)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func matchesAny(shapes map[string]*regexp.Regexp, s string) bool {
	for _, re := range shapes {
		if re.MatchString(s) {
			return true
		}
	}
	return false
}

func TestLoadGivesTheSameEachTime(t *testing.T) {
	a, b := loaded(t), loaded(t)
	if a == b || a.providers[0] == b.providers[0] {
		t.Fatal("two loads share state")
	}
	if !reflect.DeepEqual(a.index, b.index) || !reflect.DeepEqual(a.audit, b.audit) {
		t.Error("two loads differ")
	}
	for i := range a.providers {
		if a.providers[i].ID != b.providers[i].ID {
			t.Errorf("place %d: %s and %s", i, a.providers[i].ID, b.providers[i].ID)
		}
	}
}

func loaded(t testing.TB) *Catalog {
	t.Helper()
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := Load(); err != nil {
			b.Fatal(err)
		}
	}
}
