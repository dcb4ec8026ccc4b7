// Package catalog knows facts about providers and models: where they are
// reached, which wire format they speak, what their models can do and cost,
// what their terms say, and which names printed elsewhere mean which living
// model.
//
// The facts are JSON files embedded in the binary (data/, see data/README.md).
// Load parses them once; everything it returns is immutable from then on and
// safe for concurrent use without locks. Callers must not change what the
// fields point to. Lookups are map reads and do not allocate.
//
// The package holds no secrets and no user edits and never calls the network.
package catalog

import "slices"

// Catalog is the whole of the embedded facts. Make one with Load.
type Catalog struct {
	index     index
	providers []*Provider
	nodes     []*Provider
	prefixes  map[string]*Provider // id, alias and extra aliases
	bare      map[string][]ProviderModel
	audit     []Alias
}

// ProviderModel is one provider that lists a bare model id.
type ProviderModel struct {
	Provider *Provider
	Model    *Model // the living entry that answers; after replacement
	Replaced bool   // the bare id is another name for Model.ID at this provider
}

// AsOf is the day of the snapshot, YYYY-MM-DD.
func (c *Catalog) AsOf() string { return c.index.AsOf }

// Provider finds a provider by its id or one of its model prefixes
// ("claude" and "cc" are the same). User-defined nodes are not in here.
func (c *Catalog) Provider(idOrPrefix string) (*Provider, bool) {
	p, ok := c.prefixes[idOrPrefix]
	return p, ok
}

// Providers lists all providers in the order of the catalogue, the built-in
// demo last.
func (c *Catalog) Providers() []*Provider { return slices.Clone(c.providers) }

// Nodes lists the templates for endpoints that the user defines.
func (c *Catalog) Nodes() []*Provider { return slices.Clone(c.nodes) }

// Node returns the template for a user-defined endpoint: typ is
// "openai-compatible", "anthropic-compatible" or "gemini-compatible"
// (api.md, POST /api/provider-nodes).
func (c *Catalog) Node(typ string) (*Provider, bool) {
	for _, n := range c.nodes {
		if n.ID == typ {
			return n, true
		}
	}
	return nil, false
}

// Bare lists the providers that serve a model id given without a prefix, in
// the order of the catalogue; retired names come after the living ones and
// only where their provider has a successor for them. The slice is shared:
// do not change it.
func (c *Catalog) Bare(model string) []ProviderModel { return c.bare[model] }

// Aliases lists the audited names of the seed documents and what they mean
// today, for display.
func (c *Catalog) Aliases() []Alias { return slices.Clone(c.audit) }

// LocalDiscovery says how servers on this machine are found.
func (c *Catalog) LocalDiscovery() LocalDiscovery { return c.index.LocalDiscovery }

// ErrorProfile returns the shape of a provider's error bodies by the name in
// Provider.ErrorProfile.
func (c *Catalog) ErrorProfile(name string) (ErrorProfile, bool) {
	e, ok := c.index.ErrorProfiles[name]
	return e, ok
}

// StatusRules are the common rules for upstream status codes, as prose for
// people; the fault table decides in code.
func (c *Catalog) StatusRules() []StatusRule { return slices.Clone(c.index.StatusRules) }

// GatewayRoutes says which providers serve the media routes of the gateway.
func (c *Catalog) GatewayRoutes() []GatewayRoute { return slices.Clone(c.index.GatewayRoutes) }

// WireFormat describes a wire format in one sentence, by the name in
// Provider.WireFormat.
func (c *Catalog) WireFormat(name string) (string, bool) {
	s, ok := c.index.WireFormats[name]
	return s, ok
}

// SecretsPolicy says why some OAuth client secrets are not in the data and
// how a user supplies them.
func (c *Catalog) SecretsPolicy() SecretsPolicy { return c.index.SecretsPolicy }

// PeerDefaults are retry and limit figures of another gateway, kept for
// comparison only (rulings 3.8: ours are in the fault table).
func (c *Catalog) PeerDefaults() PeerDefaults { return c.index.PeerDefaults }
