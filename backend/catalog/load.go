package catalog

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"omniroute/backend/fault"
)

//go:embed data/*.json data/providers/*.json
var files embed.FS

// entry is one file of data/providers.
type entry struct {
	Provider
	Dialect dialect      `json:"dialect,omitzero"`
	Rules   []rule       `json:"dialect_rules,omitempty"`
	Models  []modelEntry `json:"models,omitempty"`
}

// modelEntry is one model of such a file.
type modelEntry struct {
	Model
	Quote   *quote   `json:"price,omitempty"`
	Basis   Basis    `json:"price_basis"`
	Source  string   `json:"source,omitempty"`
	Dialect *dialect `json:"dialect,omitempty"`
}

// Load parses the embedded facts. It fails only when the data in the binary
// are broken, which the tests rule out.
func Load() (*Catalog, error) { return load(files) }

func load(fsys fs.FS) (*Catalog, error) {
	c := &Catalog{prefixes: map[string]*Provider{}, bare: map[string][]ProviderModel{}}
	if err := read(fsys, "data/index.json", &c.index); err != nil {
		return nil, err
	}
	names, err := fs.ReadDir(fsys, "data/providers")
	if err != nil {
		return nil, broken("data/providers", err)
	}
	for _, name := range names {
		var e entry
		if err := read(fsys, path.Join("data/providers", name.Name()), &e); err != nil {
			return nil, err
		}
		c.providers = append(c.providers, c.build(&e))
	}
	c.sort()
	var nodes []entry
	if err := read(fsys, "data/nodes.json", &nodes); err != nil {
		return nil, err
	}
	for i := range nodes {
		c.nodes = append(c.nodes, c.build(&nodes[i]))
	}
	if err := read(fsys, "data/aliases.json", &c.audit); err != nil {
		return nil, err
	}
	if err := c.link(); err != nil {
		return nil, err
	}
	return c, nil
}

func read(fsys fs.FS, name string, into any) error {
	b, err := fs.ReadFile(fsys, name)
	if err == nil {
		err = json.Unmarshal(b, into)
	}
	if err != nil {
		return broken(name, err)
	}
	return nil
}

func broken(name string, err error) error {
	return fault.Wrap(fault.Internal, "catalog.Load", err,
		fmt.Sprintf("The catalogue file %s inside this program is damaged. Install the program again.", name))
}

// sort puts the providers into the order of the index; those it does not name
// follow by file name, the demo comes last.
func (c *Catalog) sort() {
	place := make(map[string]int, len(c.index.Order))
	for i, id := range c.index.Order {
		place[id] = i + 1
	}
	rank := func(p *Provider) int {
		if i := place[p.ID]; i > 0 {
			return i
		}
		if p.Kind == KindDemo {
			return len(place) + 2
		}
		return len(place) + 1
	}
	slices.SortStableFunc(c.providers, func(a, b *Provider) int { return rank(a) - rank(b) })
}

// build makes a provider of its file: its models with prices and abilities.
func (c *Catalog) build(e *entry) *Provider {
	p := &e.Provider
	p.defaults = baseline()
	p.defaults.Formats = p.Formats
	e.Dialect.apply(&p.defaults)
	p.rules = e.Rules
	p.models = make([]*Model, len(e.Models))
	p.byID = make(map[string]*Model, len(e.Models))
	for i := range e.Models {
		me := &e.Models[i]
		m := &me.Model
		m.provider = p
		m.Price = me.Quote.price(me.Basis, me.Source)
		origin, _, _ := strings.Cut(me.Source, "/")
		m.Price.AsOf = c.index.PriceSources[origin]
		m.capabilities = p.derive(m, me.Dialect)
		p.models[i] = m
		p.byID[m.ID] = m
	}
	if p.Paths.Responses != "" {
		p.inputTokens = p.Paths.Responses + "/input_tokens"
	}
	p.usable, p.why = p.judge()
	return p
}

// link builds the maps across providers: prefixes, replacements, bare ids.
func (c *Catalog) link() error {
	for _, p := range c.providers {
		for _, prefix := range append([]string{p.ID, p.Alias}, p.ExtraAliases...) {
			if other, ok := c.prefixes[prefix]; ok && other != p {
				return broken("data/providers/"+p.ID+".json", fmt.Errorf("prefix %q also belongs to %s", prefix, other.ID))
			}
			c.prefixes[prefix] = p
		}
	}
	if err := c.linkReplacements(); err != nil {
		return err
	}
	c.linkBare()
	return nil
}

func (c *Catalog) linkBare() {
	add := func(p *Provider, id string, m *Model, replaced bool) {
		c.bare[id] = append(c.bare[id], ProviderModel{Provider: p, Model: m, Replaced: replaced})
	}
	for _, p := range c.providers {
		for _, m := range p.models {
			if p.within(m.ID) == "" && (m.Living() || p.Kind == KindDemo) {
				add(p, m.ID, m, false)
			}
		}
	}
	for _, p := range c.providers {
		for _, m := range p.models {
			if to, ok := p.byID[p.within(m.ID)]; ok && to.Living() {
				add(p, m.ID, to, true)
			}
		}
	}
}
