package i18n

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func small(t *testing.T) *Catalogues {
	t.Helper()
	c, err := Load(fstest.MapFS{
		"README.md":          {Data: []byte("not a language")},
		"en/desktop.json":    {Data: []byte(`{"a":{"b":"Hello {{name}}, {{ name }}","n_one":"{{count}} thing","n_other":"{{count}} things","only":"English"}}`)},
		"ko/desktop.json":    {Data: []byte(`{"a":{"b":"{{name}} 님, 안녕하세요","n_other":"{{count}}개"}}`)},
		"pt-BR/desktop.json": {Data: []byte(`{"a":{"b":"Olá {{name}}"}}`)},
	}, "desktop", "missing")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestWords(t *testing.T) {
	c := small(t)
	for _, x := range []struct{ tag, key, want string }{
		{"en", "desktop:a.b", "Hello Ann, Ann"},
		{"ko_KR.UTF-8", "desktop:a.b", "Ann 님, 안녕하세요"},
		{"ko", "desktop:a.only", "English"},
		{"pt_PT@euro", "desktop:a.b", "Olá Ann"},
		{"de-DE", "desktop:a.b", "Hello Ann, Ann"},
		{"", "desktop:a.b", "Hello Ann, Ann"},
		{"C.UTF-8", "desktop:a.b", "Hello Ann, Ann"},
		{"en", "desktop:a.none", "desktop:a.none"},
	} {
		if got := c.In(x.tag).T(x.key, "name", "Ann"); got != x.want {
			t.Errorf("%s %s: %q, want %q", x.tag, x.key, got, x.want)
		}
	}
	// What is put in is not read again.
	if got := c.In("en").T("desktop:a.b", "name", "{{name}}"); got != "Hello {{name}}, {{name}}" {
		t.Errorf("a value with braces became %q", got)
	}
}

func TestPlurals(t *testing.T) {
	c := small(t)
	for _, x := range []struct {
		tag  string
		n    int
		want string
	}{{"en", 1, "1 thing"}, {"en", 0, "0 things"}, {"en", 5, "5 things"}, {"ko", 1, "1개"}, {"ko", 7, "7개"}} {
		if got := c.In(x.tag).N("desktop:a.n", x.n); got != x.want {
			t.Errorf("%s %d: %q, want %q", x.tag, x.n, got, x.want)
		}
	}
}

func TestBrokenCatalogueIsAnError(t *testing.T) {
	for _, text := range []string{"{", `{"a":1}`, `{"a":["b"]}`} {
		_, err := Load(fstest.MapFS{"en/desktop.json": {Data: []byte(text)}}, "desktop")
		if err == nil || !strings.Contains(err.Error(), "desktop.json") {
			t.Errorf("%s: %v, want an error that names the file", text, err)
		}
	}
}

// TestGoSpeaksEveryLanguage: what the tray, notifications and conditions say
// exists in all languages, with the same placeholders.
func TestGoSpeaksEveryLanguage(t *testing.T) {
	c, err := Load(os.DirFS("../../frontend/src/i18n"), "desktop", "conditions", "cli")
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"en", "ko", "pt-BR"}; !slices.Equal(slices.Sorted(slices.Values(c.tags)), want) {
		t.Fatalf("languages %v, want %v", c.tags, want)
	}
	suffix := regexp.MustCompile(`_(one|many|other)$`)
	hole := regexp.MustCompile(`\{\{\s*\w+\s*\}\}`)
	stems := func(texts map[string]string) map[string]string {
		out := map[string]string{}
		for key, text := range texts {
			out[suffix.ReplaceAllString(key, "")] = text
		}
		return out
	}
	source := stems(c.texts[Source])
	for _, tag := range c.tags {
		have := stems(c.texts[tag])
		for key := range maps.Keys(source) {
			if _, ok := have[key]; !ok {
				t.Errorf("%s lacks %s", tag, key)
			}
		}
		for key, text := range have {
			if _, ok := source[key]; !ok {
				t.Errorf("%s has %s, which %s does not", tag, key, Source)
			}
			a, b := hole.FindAllString(text, -1), hole.FindAllString(source[key], -1)
			if slices.Sort(a); len(a) > 0 {
				a = slices.Compact(a)
			}
			if slices.Sort(b); len(b) > 0 {
				b = slices.Compact(b)
			}
			if !slices.Equal(a, b) {
				t.Errorf("%s %s has the placeholders %v, %s has %v", tag, key, a, Source, b)
			}
		}
	}
}
