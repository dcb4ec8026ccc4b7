// Package config holds what the user decided: an immutable snapshot of all
// settings behind an atomic pointer, and its single writer. Requests pin one
// snapshot and never see a half-made change.
package config

import "time"

// Target is where a call can go: one model on one account of one provider.
// Provider is a catalogue id or a node id.
type Target struct{ Provider, Account, Model string }

// String is prefix-free and stable: used in receipts and logs.
func (t Target) String() string { return t.Provider + "/" + t.Model + "@" + t.Account }

// AccountKind is how an account proves itself.
type AccountKind string

// KindRelay accounts keep nothing: the client's own login passes through
// (rulings 2.1). KindNone needs no credential (local servers, demo).
const (
	KindAPIKey AccountKind = "apikey"
	KindRelay  AccountKind = "relay"
	KindNone   AccountKind = "none"
)

// Account is one credentialed connection to a provider (table
// provider_connections). Its secret lives in the vault under ID.
type Account struct {
	ID           string
	Provider     string // catalogue id or node id
	Name         string
	Kind         AccountKind
	Priority     int // lower is preferred
	Active       bool
	BaseURL      string            // "" = the provider's own
	Params       map[string]string // values for {placeholders} in the base URL
	DefaultModel string
	HasSecret    bool     // the vault holds a credential for this account and host
	KeyHint      string   // last characters of the key, to recognise it; "" = none or too short
	Models       []string // live list of the upstream, bare ids; nil = never asked
	ModelsAt     time.Time
	CreatedAt    time.Time
	UpdatedAt    time.Time
}

// NodeType is the kind of a user-defined endpoint.
type NodeType string

// The types of api.md.
const (
	NodeOpenAI    NodeType = "openai-compatible"
	NodeAnthropic NodeType = "anthropic-compatible"
	NodeGemini    NodeType = "gemini-compatible"
)

// Node is a user-defined endpoint (table provider_nodes).
type Node struct {
	ID        string
	Name      string
	Prefix    string
	Type      NodeType
	APIType   string // "chat" or "responses" for NodeOpenAI
	BaseURL   string // normalised: as it will be called
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Combo is a named list of models.
type Combo struct {
	ID        string
	Name      string
	Models    []ComboModel
	Strategy  string
	Config    []byte // raw JSON object, nil = defaults
	CreatedAt time.Time
	UpdatedAt time.Time
}

// ComboModel is one step of a combo.
type ComboModel struct {
	Model  string
	Weight int // 0 = not said
}

// Alias renames what is asked for; a pattern may hold * and ?.
type Alias struct{ Pattern, Target string }

// Chain is a list of models that every request falls back to when everything
// it was routed to has failed. The JSON is how it lies in the database.
type Chain struct {
	Name    string   `json:"name"`
	Models  []string `json:"models"`
	Enabled bool     `json:"enabled"`
}

// CustomModel is a model id the user added to a provider.
type CustomModel struct{ Provider, ID, Name string }

// Key is an API key we issued. Only its HMAC is kept.
type Key struct {
	ID            string
	Name          string
	Hash          string // hex HMAC-SHA256 under the key secret
	Masked        string // prefix and last characters, to recognise it
	AllowedModels []string
	Disabled      bool
	ExpiresAt     time.Time // zero = never
	CreatedAt     time.Time
}

// Settings are the switches of contract.md 3.2 (JSON names there). Those that
// only later steps give an effect are kept and returned all the same.
type Settings struct {
	FallbackStrategy      string
	StickyRoundRobinLimit int
	RequireLogin          bool
	PasswordHash          string // Argon2id, "" = none
	SetupComplete         bool
	RequireAuthForModels  bool
	BlockedProviders      []string
	HideHealthCheckLogs   bool
	Theme                 string
	Language              string // "" = whatever the system of whoever looks speaks
	InstanceName          string
	LogRetentionDays      int
	EnableRequestLogs     bool
	EnableSocks5Proxy     bool
	ActiveCombo           string  // combo id, "" = none
	UnknownToActiveCombo  bool    // a bare model name that nobody serves goes to the active combo
	SessionAffinity       bool    // a conversation stays where it is warm
	Chains                []Chain // walked in this order, those that are enabled
	RequireAPIKey         bool
	Density               string // comfortable or compact
	SingleKeyShortcuts    bool   // one key without a modifier does something
	CloseToTray           bool
	StartHidden           bool
	Notifications         Notifications
	More                  map[string][]byte // further known keys whose value is an object: raw JSON
}

// Notifications says which edges of conditions become a notification of the
// system. Quiet hours are local times "22:00"; From == To means none. The
// JSON is how they lie in the database.
type Notifications struct {
	Enabled   bool   `json:"enabled"`
	Breaker   bool   `json:"breaker"`   // breaker_open and its end
	NoTarget  bool   `json:"noTarget"`  // no_usable_target
	SignIn    bool   `json:"signIn"`    // needs_login, needs_key
	System    bool   `json:"system"`    // vault, database, port
	Recovered bool   `json:"recovered"` // ends, too
	QuietFrom string `json:"quietFrom"`
	QuietTo   string `json:"quietTo"`
}

// Quiet reports whether a moment lies in the quiet hours of its own zone.
func (n *Notifications) Quiet(at time.Time) bool {
	from, ok1 := clockMinutes(n.QuietFrom)
	to, ok2 := clockMinutes(n.QuietTo)
	if !ok1 || !ok2 || from == to {
		return false
	}
	m := at.Hour()*60 + at.Minute()
	if from < to {
		return m >= from && m < to
	}
	return m >= from || m < to
}

// clockMinutes reads "22:00" as minutes after midnight.
func clockMinutes(text string) (int, bool) {
	t, err := time.Parse("15:04", text)
	return t.Hour()*60 + t.Minute(), err == nil
}

// Snapshot is everything at one revision. It is immutable once published;
// edit functions get a private clone whose slices and maps may be replaced,
// but whose pointed-to values must be replaced, never changed in place.
type Snapshot struct {
	Rev       int64
	Accounts  map[string]*Account  // by id
	Nodes     map[string]*Node     // by id
	Combos    map[string]*Combo    // by id
	Keys      map[string]*Key      // by id
	Revoked   map[string]time.Time // hashes that were a key once, and since when not: refused, never taken for unknown
	Discarded map[string]time.Time // connections that were deleted while the vault still holds their secret, and when
	Aliases   []Alias              // in the user's order
	Custom    []CustomModel
	Settings  Settings

	index *index
}
