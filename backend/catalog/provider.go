package catalog

// Format names a wire format with a codec, as formats.md spells it. The empty
// Format means that no codec speaks it.
type Format = string

// The wire formats with a codec.
const (
	OpenAIChat       Format = "openai-chat"
	OpenAIResponses  Format = "openai-responses"
	Anthropic        Format = "anthropic"
	Gemini           Format = "gemini"
	GeminiCodeAssist Format = "gemini-code-assist"
)

// Tier groups providers by what a call costs the user; the product falls back
// from one to the next (contract 1.3).
type Tier string

// The tiers in the order of fallback.
const (
	TierSubscription Tier = "subscription"
	TierAPIKey       Tier = "apikey"
	TierCheap        Tier = "cheap"
	TierFree         Tier = "free"
)

// Rank is the place of a tier in the order of fallback, 0 first. An unknown
// tier comes last.
func (t Tier) Rank() int {
	switch t {
	case TierSubscription:
		return 0
	case TierAPIKey:
		return 1
	case TierCheap:
		return 2
	case TierFree:
		return 3
	}
	return 4
}

// Kind says what sort of thing a provider is.
type Kind string

// The kinds.
const (
	KindLLM   Kind = "llm"
	KindMedia Kind = "media"
	KindLocal Kind = "local"
	KindNode  Kind = "node" // template of a user-defined endpoint
	KindDemo  Kind = "demo" // simulated inside the gateway, no network
)

// Status says whether a provider can still be used.
type Status string

// The states of a provider.
const (
	StatusActive               Status = "active"
	StatusRestricted           Status = "restricted" // works, but terms or limits bite
	StatusDiscontinued         Status = "discontinued"
	StatusDiscontinuedConsumer Status = "discontinued_consumer" // only enterprise accounts work
	StatusOptional             Status = "optional"              // outside the 1.0 scope
)

// Discontinued reports that the service has ended, for everyone or for
// everyone but enterprise accounts.
func (s Status) Discontinued() bool {
	return s == StatusDiscontinued || s == StatusDiscontinuedConsumer
}

// Provider is one upstream. Fields that are prose in the research (Endpoints,
// RequestRules, Headers.Required and so on) are for people; code reads the
// structured fields beside them.
type Provider struct {
	ID           string   `json:"id"`                      // stable; also valid as a model prefix
	Alias        string   `json:"alias"`                   // model prefix, "cc" in cc/claude-opus-4-6
	ExtraAliases []string `json:"extra_aliases,omitempty"` // more prefixes
	Name         string   `json:"name"`
	Website      string   `json:"website,omitempty"`
	Tier         Tier     `json:"tier"`
	Kind         Kind     `json:"kind"`
	Simulated    bool     `json:"simulated,omitempty"` // answers are made up on this machine
	Status       Status   `json:"status"`
	StatusNote   string   `json:"status_note,omitempty"`
	Seed         bool     `json:"seed,omitempty"` // named by the user's documents
	Services     []string `json:"services"`       // chat responses embedding image transcription speech moderation rerank

	WireFormat string      `json:"wire_format"`       // as the research names it
	Formats    []Format    `json:"formats,omitempty"` // with a codec and served for every model; the first is the default
	BaseURL    string      `json:"base_url,omitempty"`
	Version    string      `json:"version,omitempty"` // version segment of a user's base URL, where BaseURL is empty
	Params     []Param     `json:"params,omitempty"`  // the {placeholders} of BaseURL, asked per connection
	Paths      Paths       `json:"paths,omitzero"`
	Alternates []Alternate `json:"alternates,omitempty"` // other formats on another base of the same host

	Auth             Auth     `json:"auth"`
	Headers          Headers  `json:"headers,omitzero"`
	RateLimitHeaders []string `json:"rate_limit_headers,omitempty"`
	ErrorProfile     string   `json:"error_profile,omitempty"`

	PassthroughModels bool   `json:"passthrough_models,omitempty"` // the list is open by design
	ModelsShape       string `json:"models_shape,omitempty"`       // of the answer at Paths.Models, see data/README.md
	ModelsDynamic     string `json:"models_dynamic,omitempty"`

	Terms     Terms  `json:"terms,omitzero"`
	FreeTier  string `json:"free_tier,omitempty"`
	PlanPrice string `json:"plan_price,omitempty"`

	Endpoints    map[string]string `json:"endpoints,omitempty"`
	RequestRules []string          `json:"request_rules,omitempty"`
	Errors       []ErrorNote       `json:"errors,omitempty"`

	OAuth       *OAuth       `json:"oauth,omitempty"`
	LocalLogins []LocalLogin `json:"local_logins,omitempty"`
	Bootstrap   []Step       `json:"bootstrap,omitempty"`
	Identity    *Identity    `json:"identity,omitempty"`
	Usage       *Usage       `json:"usage,omitempty"`

	Confidence string   `json:"confidence,omitempty"`
	Volatile   []string `json:"volatile,omitempty"` // what changes often
	Sources    []string `json:"sources,omitempty"`

	defaults Capabilities
	rules    []rule
	models   []*Model
	byID     map[string]*Model
	replace  map[string]*replacement
	usable   bool
	why      string

	inputTokens string // path that counts for the Responses format
}

// Param is a per-connection value that fills a {placeholder} of the base URL.
type Param struct {
	Name string `json:"name"`
	Hint string `json:"hint,omitempty"`
}

// Paths are endpoint paths, relative to the base URL, or full URLs on the
// same host. {model} stands for the escaped model id.
type Paths struct {
	Chat           string `json:"chat,omitempty"`
	Responses      string `json:"responses,omitempty"`
	Messages       string `json:"messages,omitempty"`
	Generate       string `json:"generate,omitempty"`
	Stream         string `json:"stream,omitempty"` // streaming twin of Generate
	CountTokens    string `json:"count_tokens,omitempty"`
	Models         string `json:"models,omitempty"`
	Embeddings     string `json:"embeddings,omitempty"`
	Images         string `json:"images,omitempty"`
	ImageEdits     string `json:"image_edits,omitempty"`
	Transcriptions string `json:"transcriptions,omitempty"`
	Translations   string `json:"translations,omitempty"`
	Speech         string `json:"speech,omitempty"`
	Moderations    string `json:"moderations,omitempty"`
	Rerank         string `json:"rerank,omitempty"`
}

// Alternate is a second wire format that a provider serves under another base
// URL of the same host. It exists only while the account uses the catalogue's
// own base URL: a key belongs to the host it was entered for (rulings 2.2).
type Alternate struct {
	Format  Format `json:"format"`
	BaseURL string `json:"base_url"`
	Path    string `json:"path"`
}

// Route is where requests of one format go.
type Route struct {
	Format      Format
	BaseURL     string // the catalogue's; {placeholders} unfilled
	Path        string
	StreamPath  string // equals Path unless the format has a second method for streams
	CountTokens string // "" = the upstream cannot count
	Alternate   bool   // not available when the account overrides the base URL
}

// Auth says how a credential is presented.
type Auth struct {
	Type        string   `json:"type"`                   // as the research names it
	Methods     []string `json:"methods"`                // apikey none oauth import service_account
	Header      string   `json:"header,omitempty"`       // request header that carries it
	Scheme      string   `json:"scheme,omitempty"`       // word before the credential, "" = the bare credential
	TokenPrefix string   `json:"token_prefix,omitempty"` // every credential of this kind starts so
	Relay       bool     `json:"relay,omitempty"`        // the vendor's own client may bring its own bearer (rulings 2.1)
	Env         string   `json:"env,omitempty"`          // conventional environment variable
	TokenShape  string   `json:"token_shape,omitempty"`
	KeyPatterns []string `json:"key_patterns,omitempty"` // regular expressions, one of which a whole key matches
	KeyURL      string   `json:"key_url,omitempty"`      // where the user makes a key
}

// Accepts reports whether a credential can be obtained by a method: apikey,
// none, oauth, import or service_account.
func (a *Auth) Accepts(method string) bool {
	for _, m := range a.Methods {
		if m == method {
			return true
		}
	}
	return false
}

// Headers beside the credential. Set and Betas are structured and sent; the
// others are knowledge for people (rulings 2.4: Identity is never sent by
// itself).
type Headers struct {
	Set      map[string]string `json:"set,omitempty"`   // constant headers the call needs
	Betas    []string          `json:"betas,omitempty"` // must be in anthropic-beta
	Required map[string]string `json:"required,omitempty"`
	Identity map[string]string `json:"identity,omitempty"`
	Optional map[string]string `json:"optional,omitempty"`
}

// Terms is what the vendor's terms say about this use.
type Terms struct {
	Verdict        string `json:"verdict,omitempty"`         // prohibited restricted grey unclear caution allowed_with_key ok discontinued
	UserNotice     string `json:"user_notice,omitempty"`     // sentence to show at connect time
	SanctionedPath string `json:"sanctioned_path,omitempty"` // the allowed alternative
	Basis          string `json:"basis,omitempty"`           // where it was read
}

// Format is the default wire format, "" when no codec speaks it.
func (p *Provider) Format() Format {
	if len(p.Formats) == 0 {
		return ""
	}
	return p.Formats[0]
}

// Models lists the known models in the order of the catalogue. The slice is
// shared: do not change it.
func (p *Provider) Models() []*Model { return p.models }

// Model finds a listed model by its exact id. Not listed does not mean not
// served: the static list is never a gate.
func (p *Provider) Model(id string) (*Model, bool) {
	m, ok := p.byID[id]
	return m, ok
}

// Serves reports whether the provider offers a service, e.g. "chat".
func (p *Provider) Serves(service string) bool {
	for _, s := range p.Services {
		if s == service {
			return true
		}
	}
	return false
}

// Usable reports whether a connection with a key (or without one, where none
// is needed) can serve chat now, by this entry alone. If not, why is a
// sentence for people.
func (p *Provider) Usable() (ok bool, why string) { return p.usable, p.why }

// Route returns where requests of a format go, false when this provider does
// not serve it.
func (p *Provider) Route(f Format) (Route, bool) {
	r := Route{Format: f, BaseURL: p.BaseURL}
	switch f {
	case OpenAIChat:
		r.Path = p.Paths.Chat
	case OpenAIResponses:
		r.Path, r.CountTokens = p.Paths.Responses, p.inputTokens
	case Anthropic:
		r.Path, r.CountTokens = p.Paths.Messages, p.Paths.CountTokens
	case Gemini, GeminiCodeAssist:
		if p.Format() != f { // the two share their paths but not their envelope
			return Route{}, false
		}
		r.Path, r.StreamPath, r.CountTokens = p.Paths.Generate, p.Paths.Stream, p.Paths.CountTokens
	}
	if r.Path != "" {
		if r.StreamPath == "" {
			r.StreamPath = r.Path
		}
		return r, true
	}
	for i := range p.Alternates {
		if a := &p.Alternates[i]; a.Format == f {
			return Route{Format: f, BaseURL: a.BaseURL, Path: a.Path, StreamPath: a.Path, Alternate: true}, true
		}
	}
	return Route{}, false
}
