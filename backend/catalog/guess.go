package catalog

import (
	"regexp"
	"slices"
)

// Guess is a provider that a key may belong to. Sure means that keys of no
// other listed provider begin like it.
type Guess struct {
	Provider *Provider
	Sure     bool
}

// sureFrom is how many letters a pattern must begin with to be a mark of its
// own: "sk-" is everybody's.
const sureFrom = 4

// GuessKey lists the providers whose keys look like this one, the most
// telling look first, then in the order of the catalogue.
func (c *Catalog) GuessKey(key string) []Guess {
	type match struct {
		provider *Provider
		marks    int // letters the pattern begins with
	}
	var found []match
	for _, p := range c.providers {
		best := -1
		for _, text := range p.Auth.KeyPatterns {
			whole, err := regexp.Compile(`^(?:` + text + `)$`)
			if err != nil || !whole.MatchString(key) {
				continue
			}
			prefix, _ := regexp.MustCompile(text).LiteralPrefix() // it compiled above
			best = max(best, len(prefix))
		}
		if best >= 0 {
			found = append(found, match{p, best})
		}
	}
	slices.SortStableFunc(found, func(a, b match) int { return b.marks - a.marks })
	var out []Guess
	for i, m := range found {
		alone := i == 0 && (len(found) == 1 || found[1].marks < m.marks)
		out = append(out, Guess{m.provider, alone && m.marks >= sureFrom})
	}
	return out
}
