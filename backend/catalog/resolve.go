package catalog

import (
	"fmt"
	"strings"

	"omniroute/backend/fault"
)

// Alias is one audited name of the seed documents (data/aliases.json).
type Alias struct {
	From       string   `json:"from"`                  // prefix/model as printed
	State      string   `json:"state"`                 // what became of it
	To         []string `json:"to,omitempty"`          // prefix/model, best first
	UseInstead string   `json:"use_instead,omitempty"` // the same as prose
	Note       string   `json:"note,omitempty"`
}

// replacement is what a model id of one provider means today.
type replacement struct {
	within  string        // id at the same provider, "" = none
	outside []*substitute // at others, best first
	note    string
}

// substitute is a model of another provider.
type substitute struct {
	name     string // prefix/model as shown to people
	provider *Provider
	model    *Model
	paid     bool
}

// Resolution is what a prefix/model name means.
type Resolution struct {
	Provider *Provider
	Model    string // the id to send upstream
	Entry    *Model // nil when the id is not listed

	Replaced       bool   // another id than the one asked for; the reply's header says so
	OtherProvider  bool   // and at another provider: report a loss
	PaidSubstitute bool   // only with an error: the substitute would cost money
	Discontinued   bool   // the named provider or model has ended
	Note           string // why, for the receipt
}

// Resolve says what prefix/model means (rulings 3.1 and 3.2). The prefix is a
// provider's id or alias; the model may hold further slashes; an id that is
// not listed passes through unchanged.
//
// A name with a successor at the same provider is replaced silently. A name
// of a provider that has ended goes to another provider if connected reports
// an account there, but never from the free or subscription tier to a model
// that is billed per call; otherwise the error is fault.NotFound and names the
// substitute. connected is asked with provider ids; nil means that nothing is
// connected. A user's own aliases and
// custom models come before this table: ask them first.
func (c *Catalog) Resolve(name string, connected func(providerID string) bool) (Resolution, error) {
	prefix, id, ok := strings.Cut(name, "/")
	p := c.prefixes[prefix]
	if !ok || id == "" || p == nil {
		return Resolution{}, notFound("There is no provider with the prefix %q. Ask for PREFIX/MODEL with a prefix from the providers page.", prefix)
	}
	return c.ResolveAt(p, id, connected)
}

// ResolveAt is Resolve for a provider that is known already.
func (c *Catalog) ResolveAt(p *Provider, id string, connected func(providerID string) bool) (Resolution, error) {
	r := Resolution{Provider: p, Model: id, Discontinued: p.Status.Discontinued()}
	repl := p.replace[id]
	if repl != nil {
		r.Note = repl.note
		if repl.within != "" {
			r.Model, r.Replaced = repl.within, true
		}
	}
	r.Entry = p.byID[r.Model]
	if r.Entry != nil && !r.Entry.Living() && r.Entry.Status != ModelUnverified {
		r.Discontinued = true
	}
	if repl == nil || len(repl.outside) == 0 || !p.Status.Discontinued() {
		return r, nil
	}
	if p.Status == StatusDiscontinuedConsumer && has(connected, p) {
		return r, nil // an enterprise account still serves it
	}
	for _, s := range repl.outside {
		if !(s.paid && unbilled(p)) && has(connected, s.provider) {
			r.Provider, r.Model, r.Entry = s.provider, s.model.ID, s.model
			r.Replaced, r.OtherProvider = true, true
			return r, nil
		}
	}
	return c.refuse(r, p, id, repl)
}

// refuse names the substitute that is not taken by itself.
func (c *Catalog) refuse(r Resolution, p *Provider, id string, repl *replacement) (Resolution, error) {
	var free, paid []string
	for _, s := range repl.outside {
		if s.paid && unbilled(p) {
			paid = append(paid, s.name)
		} else {
			free = append(free, s.name)
		}
	}
	r.PaidSubstitute = len(paid) > 0
	r.Provider, r.Model, r.Entry = p, id, nil
	asked := p.Alias + "/" + id
	switch {
	case len(free) > 0 && len(paid) > 0:
		return r, notFound("%s is gone: %s no longer serves it. Connect the provider of %s, or ask for %s by name, which is billed and therefore never chosen by itself.",
			asked, p.Name, strings.Join(free, " or "), strings.Join(paid, " or "))
	case len(free) > 0:
		return r, notFound("%s is gone: %s no longer serves it. Connect the provider of %s.", asked, p.Name, strings.Join(free, " or "))
	}
	return r, notFound("%s is gone: %s no longer serves it. Ask for %s by name; it is billed and therefore never chosen by itself.",
		asked, p.Name, strings.Join(paid, " or "))
}

// unbilled reports that calls of a provider cost nothing beyond a plan.
func unbilled(p *Provider) bool { return p.Tier == TierFree || p.Tier == TierSubscription }

func has(connected func(string) bool, p *Provider) bool {
	return connected != nil && connected(p.ID)
}

func notFound(format string, args ...any) error {
	return fault.New(fault.NotFound, "catalog.Resolve", format, args...).
		With(func(e *fault.Error) { e.Code, e.Param = fault.CodeModelNotFound, "model" })
}

// within is the id at the same provider that an id means today, "" = itself.
func (p *Provider) within(id string) string {
	if r := p.replace[id]; r != nil {
		return r.within
	}
	return ""
}

// linkReplacements joins the two sources of other names, the audit first,
// then the alias_of of each model, and follows chains to their end.
func (c *Catalog) linkReplacements() error {
	for _, p := range c.providers {
		p.replace = map[string]*replacement{}
	}
	for i := range c.audit {
		if err := c.linkAlias(&c.audit[i]); err != nil {
			return err
		}
	}
	for _, p := range c.providers {
		for _, m := range p.models {
			if m.AliasOf == "" {
				continue
			}
			r := p.replace[m.ID]
			if r == nil {
				r = &replacement{note: m.Note}
				p.replace[m.ID] = r
			}
			if r.within == "" {
				r.within = m.AliasOf
			}
		}
	}
	for _, p := range c.providers {
		if err := p.flatten(); err != nil {
			return err
		}
	}
	return nil
}

func (c *Catalog) linkAlias(a *Alias) error {
	const file = "data/aliases.json"
	prefix, id, _ := strings.Cut(a.From, "/")
	p := c.prefixes[prefix]
	if p == nil {
		return broken(file, fmt.Errorf("unknown prefix in %q", a.From))
	}
	r := &replacement{note: a.Note}
	for _, to := range a.To {
		prefix, target, _ := strings.Cut(to, "/")
		tp := c.prefixes[prefix]
		if tp == nil || tp.byID[target] == nil {
			return broken(file, fmt.Errorf("%q leads to %q, which is not listed", a.From, to))
		}
		if tp == p {
			if r.within == "" {
				r.within = target
			}
			continue
		}
		m := tp.byID[target]
		r.outside = append(r.outside, &substitute{name: to, provider: tp, model: m, paid: m.Price.Billed()})
	}
	p.replace[id] = r
	return nil
}

// flatten lets every replacement point at the end of its chain; names that
// were audited outside the provider inherit where their target goes.
func (p *Provider) flatten() error {
	for id, r := range p.replace {
		seen := 0
		for r.within != "" {
			next := p.replace[r.within]
			if next == nil || next.within == "" {
				break
			}
			r.within = next.within
			if seen++; seen > len(p.replace) || r.within == id {
				return broken("data/aliases.json", fmt.Errorf("%s/%s is an alias of itself", p.ID, id))
			}
		}
	}
	return nil
}
