package control

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"omniroute/backend/catalog"
	"omniroute/backend/config"
	"omniroute/backend/egress"
	"omniroute/backend/fault"
	"omniroute/backend/providers"
	"omniroute/backend/routing"
)

// Providers are the verbs about connections: accounts of providers and of the
// user's own nodes.
type Providers struct {
	rooms *Rooms

	mu     sync.Mutex
	proven map[string]bool // connections that passed a test since the start

	used lastUses
}

// Connection is one account. BaseURL is where its calls go.
type Connection struct {
	ID           string            `json:"id"`
	Provider     string            `json:"provider"` // catalogue id or node id
	ProviderName string            `json:"providerName"`
	Group        string            `json:"group" enum:"subscription apikey cheap free local custom"`
	Prefix       string            `json:"prefix"` // of its models
	Name         string            `json:"name"`
	Kind         string            `json:"kind" enum:"apikey relay none"`
	KeyHint      string            `json:"keyHint"` // beginning and end of the stored key, "" = none or too short
	Priority     int               `json:"priority"`
	IsActive     bool              `json:"isActive"`
	BaseURL      string            `json:"baseUrl,omitempty"`
	Params       map[string]string `json:"params,omitempty"`
	DefaultModel string            `json:"defaultModel,omitempty"`
	Status       string            `json:"status" enum:"ready needs-key sign-in cooling out-of-quota breaker-open probing locked off untested"` // words of rulings 3.12
	StatusCode   string            `json:"statusCode"`                                                                                          // reason code of the catalogue "reasons", "" = none
	StatusArgs   map[string]string `json:"statusArgs"`
	StatusWhy    string            `json:"statusWhy,omitempty"`
	StatusUntil  *time.Time        `json:"statusUntil,omitempty"`
	Notice       string            `json:"notice,omitempty"`   // of the vendor's terms, for relay connections
	ModelCount   int               `json:"modelCount"`         // in the upstream's own list, 0 = not read
	ModelsAt     *time.Time        `json:"modelsAt,omitempty"` // when that list was read
	LastUsedAt   *time.Time        `json:"lastUsedAt,omitempty"`
	CreatedAt    time.Time         `json:"createdAt"`
	UpdatedAt    time.Time         `json:"updatedAt"`
}

// ConnectionAnswer holds one connection. Notice is what the vendor's terms
// make worth knowing, for relay connections (rulings 2.1).
type ConnectionAnswer struct {
	Connection Connection `json:"connection"`
	Notice     string     `json:"notice,omitempty"`
}

// ConnectionList holds all connections, by provider and priority.
type ConnectionList struct {
	Connections []Connection `json:"connections"`
}

// NewConnection describes an account to be connected.
type NewConnection struct {
	Caller       Caller            `json:"-"`
	Provider     string            `json:"provider"`
	Name         string            `json:"name"`
	Kind         string            `json:"kind"` // "" = apikey, or none where the provider needs no key and none is given
	APIKey       string            `json:"apiKey"`
	Priority     *int              `json:"priority"` // nil = after the others of this provider
	BaseURL      string            `json:"baseUrl"`
	Params       map[string]string `json:"params"`
	DefaultModel string            `json:"defaultModel"`
}

// ConnectionChange changes a connection; what is nil stays.
type ConnectionChange struct {
	Caller       Caller            `json:"-"`
	ID           string            `json:"id" path:"id"`
	Provider     *string           `json:"provider"` // may be repeated, not changed
	Kind         *string           `json:"kind"`     // may be repeated, not changed
	Name         *string           `json:"name"`
	APIKey       *string           `json:"apiKey"` // "" = as it was
	Priority     *int              `json:"priority"`
	IsActive     *bool             `json:"isActive"`
	BaseURL      *string           `json:"baseUrl"` // "" = the provider's own
	Params       map[string]string `json:"params"`
	DefaultModel *string           `json:"defaultModel"`
}

const maxPriority = 1_000_000

// List lists the connections.
func (v *Providers) List() (ConnectionList, error) {
	s := v.rooms.Config.Now()
	standing := v.standings()
	v.used.refresh(v.rooms, s)
	out := ConnectionList{Connections: make([]Connection, 0, len(s.Accounts))}
	for _, a := range s.Accounts {
		out.Connections = append(out.Connections, v.view(s, a, standing))
	}
	slices.SortFunc(out.Connections, func(a, b Connection) int {
		return cmp.Or(cmp.Compare(a.Prefix, b.Prefix), cmp.Compare(a.Priority, b.Priority), a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	return out, nil
}

// Get shows one connection.
func (v *Providers) Get(in ByID) (ConnectionAnswer, error) {
	s := v.rooms.Config.Now()
	a := s.Accounts[in.ID]
	if a == nil {
		return ConnectionAnswer{}, notFound("connection", in.ID)
	}
	v.used.refresh(v.rooms, s)
	return ConnectionAnswer{Connection: v.view(s, a, v.standings())}, nil
}

func (v *Providers) view(s *config.Snapshot, a *config.Account, standing map[string]resting) Connection {
	c := Connection{
		ID: a.ID, Provider: a.Provider, Prefix: a.Provider, Name: a.Name, Kind: string(a.Kind), Priority: a.Priority, IsActive: a.Active,
		KeyHint: a.KeyHint, ProviderName: a.Provider, Group: "custom",
		BaseURL: a.BaseURL, Params: a.Params, DefaultModel: a.DefaultModel, ModelCount: len(a.Models), ModelsAt: moment(a.ModelsAt), LastUsedAt: v.used.at(a.ID),
		CreatedAt: a.CreatedAt, UpdatedAt: a.UpdatedAt,
	}
	if up, ok := v.rooms.Planner.Upstream(s, a.Provider); ok {
		c.Prefix, c.ProviderName, c.Group = up.Prefix(), up.Name(), upstreamGroup(up)
		if a.Kind == config.KindRelay {
			c.Notice = up.Provider.Terms.UserNotice
		}
		if e, err := providers.NewEndpoint(a, up); err == nil {
			c.BaseURL = e.Base
		}
	}
	c.Status, c.StatusWhy, c.StatusUntil = v.status(a, standing[a.ID])
	reason := statusReason(a, c.Status, standing[a.ID])
	c.StatusCode, c.StatusArgs = string(reason.Code), argsOf(reason)
	return c
}

// Create connects an account. Its model list is read afterwards, so that the
// answer waits for nobody.
func (v *Providers) Create(in NewConnection) (ConnectionAnswer, error) {
	r := v.rooms
	s := r.Config.Now()
	up, ok := r.Planner.Upstream(s, strings.TrimSpace(in.Provider))
	if !ok {
		return ConnectionAnswer{}, badInput("provider", "The provider %q is unknown. Use an id or prefix of GET /api/models/catalog, or the id of a provider node.", clip(in.Provider, 100))
	}
	now := r.Now().UTC()
	a := &config.Account{
		ID: newID(), Provider: up.ID(), Name: strings.TrimSpace(in.Name), Active: true,
		DefaultModel: strings.TrimSpace(in.DefaultModel), CreatedAt: now, UpdatedAt: now,
	}
	key, err := v.kindOf(a, up, &in)
	if err != nil {
		return ConnectionAnswer{}, err
	}
	if err := v.place(a, up, in.BaseURL, in.Params, in.Caller); err != nil {
		return ConnectionAnswer{}, err
	}
	if a.Priority, err = v.priority(s, a.Provider, in.Priority); err != nil {
		return ConnectionAnswer{}, err
	}
	e, err := providers.NewEndpoint(a, up)
	if err != nil {
		return ConnectionAnswer{}, err
	}
	if key != "" { // the vault before the settings: what is published works
		if err := r.keep(a, e.Origin, key); err != nil {
			return ConnectionAnswer{}, err
		}
	}
	next, err := r.update(func(s *config.Snapshot) error {
		if up.Node != nil && s.Nodes[up.Node.ID] != up.Node {
			return fault.New(fault.Conflict, "control.connect", "The provider node changed meanwhile. Try again.")
		}
		s.Accounts[a.ID] = a
		delete(s.Discarded, a.ID)
		return nil
	})
	if err != nil {
		if key != "" {
			r.forgetDiscarded([]string{a.ID})
		}
		return ConnectionAnswer{}, err
	}
	v.refreshLater(a.ID)
	answer := ConnectionAnswer{Connection: v.view(next, a, nil)}
	if a.Kind == config.KindRelay {
		answer.Notice = up.Provider.Terms.UserNotice
	}
	return answer, nil
}

// kindOf decides how the account proves itself, and checks that the provider
// takes that.
func (v *Providers) kindOf(a *config.Account, up routing.Upstream, in *NewConnection) (fault.Secret, error) {
	p := up.Provider
	if p.Kind == catalog.KindDemo {
		return "", badInput("provider", "The demo needs no connection: ask for demo/simulated.")
	}
	key, err := cleanKey(in.APIKey)
	if err != nil {
		return "", err
	}
	switch config.AccountKind(in.Kind) {
	case config.KindRelay:
		if up.Node != nil || !p.Auth.Relay {
			return "", badInput("kind", "%s has no relay connections: only logins of vendors whose own client brings them can be relayed.", up.Name())
		}
		if key != "" {
			return "", badInput("apiKey", "A relay connection keeps no key: the client brings its own login.")
		}
		a.Kind = config.KindRelay
		return "", nil
	case "", config.KindAPIKey, config.KindNone:
	default:
		return "", badInput("kind", "The kind %q is unknown. Use apikey or relay.", clip(in.Kind, 60))
	}
	if ok, why := p.Usable(); up.Node == nil && !ok {
		return "", badInput("provider", "%s", why)
	}
	a.Kind = config.KindAPIKey
	switch {
	case key != "" && in.Kind == string(config.KindNone):
		return "", badInput("apiKey", "A connection of kind none takes no key.")
	case key != "" && !p.Auth.Accepts("apikey"):
		return "", badInput("apiKey", "%s takes no key.", up.Name())
	case key == "" && (!p.Auth.Accepts("none") || in.Kind == string(config.KindAPIKey) && p.Kind == catalog.KindLLM):
		return "", badInput("apiKey", "The field \"apiKey\" is missing: %s needs one.", up.Name())
	case key == "":
		a.Kind = config.KindNone
	}
	return key, nil
}

// place sets base URL and params. The base URL of a relay is another
// program's way to a person's login, so it may only lead to this machine, and
// only who proved himself may set it (rulings 2.1).
func (v *Providers) place(a *config.Account, up routing.Upstream, base string, params map[string]string, c Caller) error {
	for name := range params {
		if !slices.ContainsFunc(up.Provider.Params, func(p catalog.Param) bool { return p.Name == name }) {
			return badInput("params."+name, "%s has no parameter %q.", up.Name(), clip(name, 60))
		}
	}
	a.BaseURL, a.Params = "", nil
	if len(params) > 0 {
		a.Params = maps.Clone(params)
	}
	if base = strings.TrimSpace(base); base == "" {
		return nil
	}
	if a.Kind == config.KindRelay {
		if !egress.IsLoopback(base) {
			return badInput("baseUrl", "The base URL of a relay connection may only be an address of this computer, like http://127.0.0.1:8080.")
		}
		if err := c.proven("A relay connection with its own base URL"); err != nil {
			return err
		}
	}
	base, err := v.rooms.checkBase(base)
	if err != nil {
		return err
	}
	if base, err = up.Provider.Base(base, params); err != nil {
		return err
	}
	a.BaseURL, err = v.rooms.checkBase(base)
	return err
}

func (v *Providers) priority(s *config.Snapshot, provider string, wish *int) (int, error) {
	if wish != nil {
		if *wish < 0 || *wish > maxPriority {
			return 0, badInput("priority", "priority must be between 0 and %d; lower is preferred.", maxPriority)
		}
		return *wish, nil
	}
	last := 0
	for _, a := range s.Accounts {
		if a.Provider == provider {
			last = max(last, a.Priority)
		}
	}
	return min(last+1, maxPriority), nil
}

// Delete removes a connection. For a while it can be restored with its key;
// then the key is deleted, too.
func (v *Providers) Delete(in ByID) error {
	var old *config.Account
	_, err := v.rooms.update(func(s *config.Snapshot) error {
		if old = s.Accounts[in.ID]; old == nil {
			return notFound("connection", in.ID)
		}
		delete(s.Accounts, in.ID)
		v.rooms.discardSecret(s, old)
		return nil
	})
	if err != nil {
		return err
	}
	v.prove(in.ID, false)
	v.rooms.Board.Forget(in.ID)
	v.rooms.bin.put(discarded{kind: "connection", id: in.ID, undo: func(s *config.Snapshot) error {
		if _, ok := v.rooms.Planner.Upstream(s, old.Provider); !ok {
			return fault.New(fault.Conflict, "control.restore", "The provider of this connection was deleted meanwhile.")
		}
		s.Accounts[old.ID] = old
		delete(s.Discarded, old.ID)
		return nil
	}, gone: v.rooms.forgetLater([]string{old.ID})})
	return nil
}

// Restore undoes a deletion, up to ten minutes after it and until the next
// start.
func (v *Providers) Restore(in ByID) (ConnectionAnswer, error) {
	next, err := v.rooms.restore("connection", in.ID)
	if err != nil {
		return ConnectionAnswer{}, err
	}
	return ConnectionAnswer{Connection: v.view(next, next.Accounts[in.ID], v.standings())}, nil
}

func portOf(base string) int {
	u, err := url.Parse(base)
	if err != nil {
		return 0
	}
	if n, err := strconv.Atoi(u.Port()); err == nil {
		return n
	}
	if u.Scheme == "https" {
		return 443
	}
	return 80
}
