// Package providers knows what is peculiar about each upstream: where a call
// goes, which headers it carries, what its errors mean, how to list its
// models and how to try it. Almost everything is data of the catalogue; code
// stands here only for what data cannot say.
package providers

import (
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"omniroute/backend/catalog"
	"omniroute/backend/config"
	"omniroute/backend/egress"
	"omniroute/backend/fault"
	"omniroute/backend/routing"
	"omniroute/backend/wire"
)

// Endpoint is everything fixed about one account: worked out once, then only
// read.
type Endpoint struct {
	Account  *config.Account
	Upstream routing.Upstream
	Base     string // as it will be called
	Origin   string // what its key belongs to
	own      bool   // Anthropic's own API

	urls   sync.Map // urlKey → *url.URL, bounded by the models in use
	models sync.Map // model id → *Model
}

// Model is what a request must know about one model at one endpoint.
type Model struct {
	ID      string
	Entry   *catalog.Model // nil when the catalogue does not list it
	Caps    catalog.Capabilities
	Dialect wire.Dialect
	Formats []wire.Format // served here, best first
	Price   catalog.Price
}

// Serves reports whether the endpoint speaks a format for this model.
func (m *Model) Serves(f wire.Format) bool { return slices.Contains(m.Formats, f) }

// Directory finds endpoints. It forgets everything when the settings change.
type Directory struct {
	catalog *catalog.Catalog
	current atomic.Pointer[generation]
}

type generation struct {
	snap      *config.Snapshot
	endpoints sync.Map // account id → *Endpoint
}

// NewDirectory makes an empty directory.
func NewDirectory(c *catalog.Catalog) *Directory { return &Directory{catalog: c} }

// Endpoint returns the endpoint of a candidate; the error is fault.Invalid
// when a value its base URL needs is missing.
func (d *Directory) Endpoint(s *config.Snapshot, a *config.Account, up routing.Upstream) (*Endpoint, error) {
	g := d.current.Load()
	if g == nil || g.snap != s {
		g = &generation{snap: s}
		d.current.Store(g)
	}
	if e, ok := g.endpoints.Load(a.ID); ok {
		return e.(*Endpoint), nil
	}
	e, err := NewEndpoint(a, up)
	if err != nil {
		return nil, err
	}
	actual, _ := g.endpoints.LoadOrStore(a.ID, e)
	return actual.(*Endpoint), nil
}

// NewEndpoint works out where an account's calls go.
func NewEndpoint(a *config.Account, up routing.Upstream) (*Endpoint, error) {
	e := &Endpoint{Account: a, Upstream: up}
	if up.Provider.Kind == catalog.KindDemo {
		return e, nil
	}
	override := a.BaseURL
	if up.Node != nil && override == "" {
		override = up.Node.BaseURL
	}
	base, err := up.Provider.Base(override, a.Params)
	if err != nil {
		return nil, err
	}
	if base, err = egress.CheckBaseURL(base); err != nil {
		return nil, err
	}
	e.Base, e.Origin = base, egress.Origin(base)
	e.own = e.Origin == anthropicOrigin || up.Node == nil && egress.Origin(up.Provider.BaseURL) == anthropicOrigin
	return e, nil
}

// Model returns what is known about a model here.
func (e *Endpoint) Model(c *catalog.Catalog, id string) *Model {
	if m, ok := e.models.Load(id); ok {
		return m.(*Model)
	}
	m := e.describe(c, id)
	actual, _ := e.models.LoadOrStore(id, m)
	return actual.(*Model)
}

func (e *Endpoint) describe(c *catalog.Catalog, id string) *Model {
	m := &Model{ID: id, Price: catalog.NoPrice()}
	p := e.Upstream.Provider
	if entry, ok := p.Model(id); ok {
		m.Entry, m.Price = entry, entry.Price
	}
	m.Caps = p.Capabilities(id)
	m.Dialect = wire.Dialect{Model: id, Provider: p.ID, Project: e.Account.Params["project"], Caps: caps(&m.Caps), Strip: m.Caps.StripFields}
	if e.Upstream.Node != nil {
		m.Dialect.Provider = ""
		m.Formats = []wire.Format{wire.Format(e.Upstream.Format())}
		e.borrow(c, m)
		return m
	}
	for _, f := range m.Caps.Formats {
		if r, ok := p.Route(f); ok && (!r.Alternate || e.Account.BaseURL == "") {
			m.Formats = append(m.Formats, wire.Format(f))
		}
	}
	return m
}

// borrow takes what the catalogue knows about a model of the same name when
// it is reached through a user's own endpoint; an unknown model keeps the
// format's plainest ways and a stated wish to think travels.
func (e *Endpoint) borrow(c *catalog.Catalog, m *Model) {
	m.Dialect.Caps.Thinking = wire.ThinkingUnknown
	known := c.Bare(m.ID)
	if len(known) == 0 {
		return
	}
	k := known[0].Provider.Capabilities(m.ID)
	if wire.Format(known[0].Provider.Format()).Family() == m.Formats[0].Family() {
		m.Dialect.Caps.Thinking = wire.Thinking(k.Thinking)
		m.Dialect.Caps.NoSampling = !k.Sampling
		m.Dialect.Caps.MaxOutput = k.MaxOutput
		m.Dialect.Caps.NeedsSeal = k.NeedsSeal
	}
	m.Caps.Context, m.Caps.MaxOutput = k.Context, k.MaxOutput
}

// caps says in wire's words what the catalogue knows.
func caps(k *catalog.Capabilities) wire.Caps {
	return wire.Caps{
		Thinking: wire.Thinking(k.Thinking), NoSampling: !k.Sampling, DeveloperRole: k.SystemRole == "developer", UserRole: k.SystemRole == "user",
		MaxTokensField: k.MaxTokensField, ReasoningField: k.ReasoningField, MaxOutput: k.MaxOutput, NoStructured: !k.Structured,
		NoImages: !k.Images, NoAudio: !k.Audio, NoFiles: !k.Files, Codex: k.Codex, NeedsSeal: k.NeedsSeal, NoCallIDs: k.NoCallIDs,
		OpenAIHost: k.EndUserField == "safety_identifier", NoStreamUsage: !k.StreamUsage,
		SeedField: k.SeedField, ToolChoiceAny: k.ToolChoiceAny, ToolIDs: k.ToolIDs,
	}
}

// Purpose is what a URL is for.
type Purpose uint8

// The purposes.
const (
	ForAnswer Purpose = iota
	ForStream
	ForCount
)

type urlKey struct {
	format  wire.Format
	purpose Purpose
	model   string // "" unless the path holds it
}

// URL returns where a call goes; false when the upstream has no such path.
// The result is shared: copy it before changing the query.
func (e *Endpoint) URL(f wire.Format, p Purpose, model string) (*url.URL, bool) {
	key := urlKey{f, p, ""}
	if f == wire.Gemini || f == wire.CodeAssist {
		key.model = model
	}
	if u, ok := e.urls.Load(key); ok {
		return u.(*url.URL), true
	}
	r, ok := e.Upstream.Provider.Route(catalog.Format(f))
	if !ok {
		return nil, false
	}
	path := [...]string{r.Path, r.StreamPath, r.CountTokens}[p]
	if path == "" {
		return nil, false
	}
	base := e.Base
	if r.Alternate {
		base = r.BaseURL
	}
	u, err := url.Parse(catalog.Join(base, path, model))
	if err != nil || egress.Origin(u.String()) != e.Origin {
		return nil, false // a key never travels to another origin than its own
	}
	if p == ForStream && (f == wire.Gemini || f == wire.CodeAssist) && !strings.Contains(u.RawQuery, "alt=") {
		u.RawQuery = strings.TrimPrefix(u.RawQuery+"&alt=sse", "&")
	}
	e.urls.Store(key, u)
	return u, true
}

// ModelsURL is where the upstream lists its models.
func (e *Endpoint) ModelsURL() (string, error) {
	path := e.Upstream.Provider.Paths.Models
	if path == "" {
		return "", fault.New(fault.Unsupported, "providers.models", "%s has no model list.", e.Upstream.Name())
	}
	for _, p := range e.Upstream.Provider.Params {
		path = strings.ReplaceAll(path, "{"+p.Name+"}", url.PathEscape(strings.TrimSpace(e.Account.Params[p.Name])))
	}
	u := catalog.Join(e.Base, path, "")
	if egress.Origin(u) != e.Origin {
		return "", fault.New(fault.Unsupported, "providers.models", "The model list of %s lives on another host than its key.", e.Upstream.Name())
	}
	return u, nil
}
