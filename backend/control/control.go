// Package control is the verbs of the dashboard and of scripts: what a person
// can ask the gateway to do, mounted on /api and bound to the window. It also
// decides who may call (Guard, Access) and holds the client of the command
// line. Rules that a room below could own stand there; here are names, shapes
// and permissions.
package control

import (
	"context"
	"log/slog"
	"time"

	"omniroute/backend/catalog"
	"omniroute/backend/config"
	"omniroute/backend/events"
	"omniroute/backend/fault"
	"omniroute/backend/health"
	"omniroute/backend/providers"
	"omniroute/backend/resilience"
	"omniroute/backend/routing"
	"omniroute/backend/usage"
)

// Secrets keeps the keys of upstream accounts, each for one origin. A key
// goes in and never comes out here. *accounts.Keeper is the one there is.
type Secrets interface {
	SetKey(ctx context.Context, account, origin string, key fault.Secret) error
	Forget(ctx context.Context, account string) error
}

// Issuer makes the keys of agents. *accounts.ClientKeys is the one there is.
type Issuer interface {
	Issue() (text fault.Secret, hash, masked string)
}

// Prober asks upstreams about themselves. key is what a person just entered;
// "" stands for the one stored for that endpoint, if there is one: control
// never sees it.
type Prober interface {
	ListModels(ctx context.Context, e *providers.Endpoint, key fault.Secret) ([]string, error)
	Test(ctx context.Context, e *providers.Endpoint, key fault.Secret, model string) providers.Result
	Discover(ctx context.Context) []providers.Found
}

// Tester makes a small call on the road that agents' calls take. The error is
// what a client would have heard.
type Tester interface {
	Try(ctx context.Context, q TrialQuestion) (Trial, error)
}

// TrialQuestion is a call to be tried.
type TrialQuestion struct {
	Model     string
	Ask       string // what a person would write
	MaxTokens int
	Path      string // under which it is booked
}

// Trial is the outcome of a call that was answered.
type Trial struct {
	Answered  string // prefix/model
	Status    int
	Latency   time.Duration
	Text      string // of the answer
	RequestID string
}

// Rooms are the rooms below, and what only the process knows. All fields but
// Log and Now are required.
type Rooms struct {
	Lifetime context.Context // ends when the process does; verbs have no context of their own (architecture 9)
	Config   *config.Holder
	Catalog  *catalog.Catalog
	Planner  *routing.Planner
	Board    *resilience.Board
	Profile  resilience.Profile // the Board's
	Secrets  Secrets
	Issuer   Issuer
	Prober   Prober
	Tester   Tester
	Books    usage.Reader
	Flush    func(context.Context) error // returns when what was answered is in the books
	Access   *Access
	Bus      *events.Bus
	Health   *health.Engine
	Pause    *Pause
	Vault    func() VaultStatus
	Version  string
	DataDir  string
	Face     string // window, or browser when ""
	Shell    Shell  // what only a window can do, nil without one

	BaseURL     string   // BASE_URL, "" = not set
	CORSOrigins []string // CORS_ORIGIN

	URL  func() string                     // where people reach us, valid once the port is open
	Port func() int                        // 0 = not open
	Go   func(name string, f func() error) // runs a background task that the process waits for
	Log  *slog.Logger
	Now  func() time.Time

	bin *bin // what was deleted and can be restored
}

// Services are the verbs by page. A field's exported methods are verbs and
// nothing else, except of the two that are no pages: Session speaks HTTP, and
// Feed is what a face listens to.
type Services struct {
	Session    *Access
	Feed       *Feed
	Overview   *Overview
	Health     *Health
	System     *System
	Nodes      *Nodes
	Providers  *Providers
	Models     *Models
	Combos     *Combos
	Routing    *Routing
	Keys       *Keys
	Settings   *Settings
	Security   *Security
	Resilience *Resilience
	Logs       *Logs
	Translator *Translator
	Desktop    *Desktop
}

// New makes the services. It opens nothing. Without rooms they can be looked
// at, which is what writes bindings, and not be called.
func New(r Rooms) *Services {
	if r.Now == nil {
		r.Now = time.Now
	}
	if r.Log == nil {
		r.Log = slog.New(slog.DiscardHandler)
	}
	if r.Face == "" {
		r.Face = "browser"
	}
	rooms := &r
	rooms.bin = newBin(r.Now)
	connections := &Providers{rooms: rooms, proven: map[string]bool{}}
	models := &Models{rooms: rooms, accounts: connections}
	if r.Health != nil {
		r.Health.Ask(connections.survey)
	}
	return &Services{
		Session:    r.Access,
		Feed:       newFeed(rooms),
		Overview:   &Overview{rooms},
		Health:     &Health{rooms},
		System:     &System{rooms: rooms, started: r.Now()},
		Nodes:      &Nodes{rooms},
		Providers:  connections,
		Models:     models,
		Combos:     &Combos{rooms, models},
		Routing:    &Routing{rooms},
		Keys:       &Keys{rooms: rooms},
		Settings:   &Settings{rooms},
		Security:   &Security{rooms},
		Resilience: &Resilience{rooms},
		Logs:       &Logs{rooms},
		Translator: newTranslator(),
		Desktop:    &Desktop{rooms},
	}
}

// Bound lists the services whose methods a window may call: every one but
// Session and Feed.
func (s *Services) Bound() []any {
	return []any{s.Overview, s.Health, s.System, s.Nodes, s.Providers, s.Models, s.Combos, s.Routing, s.Keys, s.Settings, s.Security, s.Resilience, s.Logs, s.Translator, s.Desktop}
}

// within bounds a verb's wait.
func (r *Rooms) within(d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(r.Lifetime, d)
}

// saving bounds a change of the settings.
const saving = 15 * time.Second

// update changes the settings; see config.Holder.Update.
func (r *Rooms) update(edit func(*config.Snapshot) error) (*config.Snapshot, error) {
	ctx, cancel := r.within(saving)
	defer cancel()
	return r.Config.Update(ctx, edit)
}

// endpoint works out where an account's calls go.
func (r *Rooms) endpoint(s *config.Snapshot, a *config.Account) (*providers.Endpoint, error) {
	up, ok := r.Planner.Upstream(s, a.Provider)
	if !ok {
		return nil, fault.New(fault.NotFound, "control.endpoint", "The provider %q of this connection does not exist any more. Delete the connection.", a.Provider)
	}
	return providers.NewEndpoint(a, up)
}

func notFound(what, id string) error {
	return fault.New(fault.NotFound, "control.find", "There is no %s %q.", what, clip(id, 100))
}
