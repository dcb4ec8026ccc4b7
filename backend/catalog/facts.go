package catalog

// OAuth describes a vendor's login. Client ids are public; client secrets are
// not stored (SecretsPolicy). Used by the accounts room; nil for providers
// that take keys.
type OAuth struct {
	Flow               string            `json:"flow"`
	ClientID           string            `json:"client_id,omitempty"`
	ClientSecret       string            `json:"client_secret,omitempty"` // prose: whether one is needed and who supplies it
	PKCE               string            `json:"pkce,omitempty"`
	AuthorizeURL       string            `json:"authorize_url,omitempty"`
	AuthorizeParams    map[string]string `json:"authorize_params,omitempty"`
	TokenURL           string            `json:"token_url,omitempty"`
	TokenURLAlternates []string          `json:"token_url_alternates,omitempty"`
	TokenBody          string            `json:"token_body,omitempty"`
	ExchangeFields     []string          `json:"exchange_fields,omitempty"`
	DeviceURL          string            `json:"device_url,omitempty"`
	DeviceNote         string            `json:"device_note,omitempty"`
	RevokeURL          string            `json:"revoke_url,omitempty"`
	Redirect           Redirect          `json:"redirect,omitzero"`
	Scopes             []string          `json:"scopes,omitempty"`
	ScopesNote         string            `json:"scopes_note,omitempty"`
	TokenResponse      string            `json:"token_response,omitempty"`
	Refresh            Refresh           `json:"refresh,omitzero"`
}

// Redirect says where the browser comes back to after a login.
type Redirect struct {
	Loopback     string `json:"loopback,omitempty"`
	LoopbackNote string `json:"loopback_note,omitempty"`
	Manual       string `json:"manual,omitempty"`
	ManualNote   string `json:"manual_note,omitempty"`
}

// Refresh says how an access token is renewed.
type Refresh struct {
	URL            string   `json:"url,omitempty"`
	Body           string   `json:"body,omitempty"` // json or form
	Fields         []string `json:"fields,omitempty"`
	Rotates        *bool    `json:"rotates_refresh_token,omitempty"` // nil = unknown
	AccessLifetime string   `json:"access_lifetime,omitempty"`
	Lead           string   `json:"lead,omitempty"`
	Rules          []string `json:"rules,omitempty"`
}

// LocalLogin says where an official app keeps its login on disk.
type LocalLogin struct {
	App        string   `json:"app"`
	Where      []string `json:"where"`
	Shape      string   `json:"shape"`
	ImportRule string   `json:"import_rule"`
}

// Step is an extra call after a login.
type Step struct {
	Step    string `json:"step"`
	Method  string `json:"method"`
	URL     string `json:"url"`
	Body    string `json:"body,omitempty"`
	Returns string `json:"returns"`
}

// Identity says how an account is named and told apart from others.
type Identity struct {
	Primary   string `json:"primary"`
	StableKey string `json:"stable_key"`
	Plan      string `json:"plan,omitempty"`
}

// Usage says how a provider reports the rest of a quota.
type Usage struct {
	Supported bool              `json:"supported"`
	Method    string            `json:"method,omitempty"`
	URL       string            `json:"url,omitempty"`
	Headers   map[string]string `json:"headers,omitempty"`
	Shape     string            `json:"shape,omitempty"`
	Windows   []Window          `json:"windows,omitempty"`
	Poll      string            `json:"poll,omitempty"`
	Note      string            `json:"note,omitempty"`
}

// Window is one quota window: rolling_5h, weekly, monthly, daily or money.
type Window struct {
	Key  string `json:"key"`
	Kind string `json:"kind"`
}

// ErrorNote is a provider's own meaning of a status.
type ErrorNote struct {
	Status  string `json:"status"` // one code or a list, "400, 404"
	Meaning string `json:"meaning"`
	Action  string `json:"action"`
}

// ErrorProfile is the shape of error bodies and where they say when to come
// back.
type ErrorProfile struct {
	Shape      string   `json:"shape"`
	RetryAfter []string `json:"retry_after,omitempty"`
}

// StatusRule is one common rule for an upstream status, as prose.
type StatusRule struct {
	Status string `json:"status"`
	Scope  string `json:"scope"`
	Retry  string `json:"retry"`
	Cool   string `json:"cool,omitempty"`
	Note   string `json:"note,omitempty"`
}

// GatewayRoute says which providers serve a media route.
type GatewayRoute struct {
	Route     string   `json:"route"`
	Providers []string `json:"providers"`
	OneDotOh  []string `json:"one_dot_oh"` // those of the first release of a peer
	Body      string   `json:"body"`
}

// LocalDiscovery says how servers on this machine are found. Servers found
// are listed and added only on request (rulings 3.12).
type LocalDiscovery struct {
	Rule    string        `json:"rule"`
	Targets []LocalTarget `json:"targets"`
}

// LocalTarget is a kind of server to look for on the loopback address.
type LocalTarget struct {
	Provider    string        `json:"provider"`       // provider id, or "openai-compatible" for a node
	Name        string        `json:"name,omitempty"` // of a server that has no entry of its own
	Ports       []int         `json:"ports"`
	Fingerprint string        `json:"fingerprint"` // prose
	Signs       []Fingerprint `json:"signs"`       // any one identifies the server
}

// Fingerprint identifies a server when every probe holds.
type Fingerprint struct {
	Probes   []Probe `json:"probes"`
	BasePath string  `json:"base_path"` // of the OpenAI-style API, appended to http://127.0.0.1:PORT
}

// Probe is one GET. It holds when the answer is 200, JSON, and has Field;
// with Equals set, the field must have that text.
type Probe struct {
	Path   string `json:"path"`
	Field  string `json:"field,omitempty"` // keys joined by ".", "[]" = any element: "data[].owned_by"
	Equals string `json:"equals,omitempty"`
}

// SecretsPolicy says why a client secret is missing and how to supply it.
type SecretsPolicy struct {
	Rule string   `json:"rule"`
	How  []string `json:"how"`
}

// PeerDefaults are another gateway's constants, for comparison.
type PeerDefaults struct {
	Source      string            `json:"source"`
	OAuth       map[string]int    `json:"oauth"`
	APIKey      map[string]int    `json:"apikey"`
	APILimits   map[string]int    `json:"api_limits"`
	RefreshLead map[string]string `json:"refresh_lead"`
}

// index is data/index.json: everything that is not one provider.
type index struct {
	SchemaVersion  int                     `json:"schema_version"`
	AsOf           string                  `json:"as_of"`
	Order          []string                `json:"order"`
	PriceSources   map[string]string       `json:"price_sources"` // first word of Model.Source → day it was read
	WireFormats    map[string]string       `json:"wire_formats"`
	ErrorProfiles  map[string]ErrorProfile `json:"error_profiles"`
	StatusRules    []StatusRule            `json:"status_rules"`
	GatewayRoutes  []GatewayRoute          `json:"gateway_routes"`
	LocalDiscovery LocalDiscovery          `json:"local_discovery"`
	SecretsPolicy  SecretsPolicy           `json:"secrets_policy"`
	PeerDefaults   PeerDefaults            `json:"peer_defaults"`
}
