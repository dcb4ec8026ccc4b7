// Package i18n reads the dashboard's catalogues (frontend/src/i18n) for what
// speaks without a page: tray, notifications, conditions, command line. Keys,
// placeholders and plural suffixes are those of i18next, so that both sides
// say the same words from the same files.
package i18n

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// Source is the language every text exists in.
const Source = "en"

// Catalogues are all texts of all languages. They are immutable and safe for
// concurrent use.
type Catalogues struct {
	texts map[string]map[string]string // language → area:dotted.key → text
	tags  []string
}

// Load reads <language>/<area>.json of the given areas. A file that is not
// there holds nothing; one that is not JSON is an error. A nil words gives
// catalogues that answer every key with the key.
func Load(words fs.FS, areas ...string) (*Catalogues, error) {
	c := &Catalogues{texts: map[string]map[string]string{}}
	if words == nil {
		return c, nil
	}
	entries, err := fs.ReadDir(words, ".")
	if err != nil {
		return nil, fmt.Errorf("i18n: %w", err)
	}
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		texts := map[string]string{}
		for _, area := range areas {
			if err := read(words, path.Join(e.Name(), area+".json"), area+":", texts); err != nil {
				return nil, err
			}
		}
		c.texts[e.Name()] = texts
		c.tags = append(c.tags, e.Name())
	}
	return c, nil
}

func read(words fs.FS, name, prefix string, into map[string]string) error {
	data, err := fs.ReadFile(words, name)
	if err != nil {
		return nil // an area that another build brings
	}
	var tree map[string]any
	if err := json.Unmarshal(data, &tree); err != nil {
		return fmt.Errorf("i18n: %s: %w", name, err)
	}
	return flatten(tree, name, prefix, into)
}

func flatten(tree map[string]any, name, prefix string, into map[string]string) error {
	for key, value := range tree {
		switch v := value.(type) {
		case string:
			into[prefix+key] = v
		case map[string]any:
			if err := flatten(v, name, prefix+key+".", into); err != nil {
				return err
			}
		default:
			return fmt.Errorf("i18n: %s: %s%s is neither text nor a group", name, prefix, key)
		}
	}
	return nil
}

// Match finds the language for a tag as systems write it ("pt_BR.UTF-8",
// "ko-KR", "pt"), Source when there is none.
func (c *Catalogues) Match(tag string) string {
	tag, _, _ = strings.Cut(tag, ".")
	tag, _, _ = strings.Cut(tag, "@")
	tag = strings.ReplaceAll(tag, "_", "-")
	base, _, _ := strings.Cut(tag, "-")
	near := ""
	for _, have := range c.tags {
		if strings.EqualFold(have, tag) {
			return have
		}
		if b, _, _ := strings.Cut(have, "-"); strings.EqualFold(b, base) {
			near = have
		}
	}
	if near != "" {
		return near
	}
	return Source
}

// In is one language's words; what it lacks comes from Source.
func (c *Catalogues) In(tag string) Words {
	return Words{own: c.texts[c.Match(tag)], source: c.texts[Source]}
}

// Words are the texts of one language.
type Words struct{ own, source map[string]string }

// Has reports whether a key ("area:dotted.key") exists.
func (w Words) Has(key string) bool {
	_, own := w.own[key]
	_, source := w.source[key]
	return own || source
}

// T is the text of a key, with {{name}} replaced from pairs of name and
// value. A missing key is answered with itself: tests find it.
func (w Words) T(key string, pairs ...any) string {
	text, ok := w.own[key]
	if !ok {
		if text, ok = w.source[key]; !ok {
			return key
		}
	}
	if len(pairs) == 0 {
		return text
	}
	list := make([]string, 0, 2*len(pairs))
	for i := 0; i+1 < len(pairs); i += 2 {
		name, value := fmt.Sprint(pairs[i]), fmt.Sprint(pairs[i+1])
		list = append(list, "{{"+name+"}}", value, "{{ "+name+" }}", value)
	}
	return strings.NewReplacer(list...).Replace(text)
}

// N is T for a number of things: the text of key_one or key_other, with
// {{count}} among the placeholders. Languages without a singular have only
// key_other.
func (w Words) N(key string, n int, pairs ...any) string {
	pairs = append(pairs, "count", strconv.Itoa(n))
	if _, singular := w.own[key+"_one"]; n == 1 && singular {
		return w.T(key+"_one", pairs...)
	}
	return w.T(key+"_other", pairs...)
}
