// Package daemon ties the rooms together and keeps them alive: New, Start,
// Stop. It holds no rule of its own.
package daemon

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"omniroute/backend/accounts"
	"omniroute/backend/catalog"
	"omniroute/backend/config"
	"omniroute/backend/control"
	"omniroute/backend/dispatch"
	"omniroute/backend/egress"
	"omniroute/backend/events"
	"omniroute/backend/fault"
	"omniroute/backend/gateway"
	"omniroute/backend/health"
	"omniroute/backend/providers"
	"omniroute/backend/resilience"
	"omniroute/backend/routing"
	"omniroute/backend/store"
	"omniroute/backend/usage"
	"omniroute/backend/wire/all"
	"omniroute/backend/wire/gemini"
)

// keepAlive is how long a client hears nothing before a sign of life.
const keepAlive = 15 * time.Second

// hangUpTime is how long requests may take to end once they were told to,
// closingTime how long the rest may take to close.
const (
	hangUpTime  = 2 * time.Second
	closingTime = 10 * time.Second
)

// Options are what a face decides. The zero Now is the system clock, the zero
// KeepAlive 15 s.
type Options struct {
	Env       *config.Env
	Version   string
	Face      string        // window, or browser when "": what Status says
	Keychain  bool          // a data directory without a vault gets the system's keychain (rulings 2.3)
	Shell     control.Shell // what only a window can do, nil without one
	Log       *slog.Logger
	Now       func() time.Time
	KeepAlive time.Duration // how long a client hears nothing before a sign of life

	Assets fs.FS // the built dashboard: index.html and assets/; nil or empty = there is none
	Words  fs.FS // the catalogues of what we say: <language>/<area>.json

	ClientWait time.Duration // how long a client may neither read nor send, 0 = gateway.ClientWait
}

// Daemon is one running gateway. Start (or Open and then Listen) and Stop are
// called once each; the other methods are safe for concurrent use between them.
type Daemon struct {
	opts Options
	log  *slog.Logger

	addr     atomic.Pointer[netip.AddrPort] // nil = no port is open
	handler  http.Handler
	page     *http.ServeMux
	server   *http.Server
	services *control.Services
	troubles *health.Engine
	lifetime context.Context // of background tasks
	cancel   context.CancelFunc
	calls    context.Context // of requests
	hangUp   context.CancelCauseFunc
	running  sync.WaitGroup
	closers  []closer // last in, first out

	madePassword fault.Secret // printed once by Announce
}

type closer struct {
	name string
	f    func(context.Context) error
}

// New makes a daemon. It opens nothing: that is Start's business.
func New(o Options) (*Daemon, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.KeepAlive = cmp.Or(o.KeepAlive, keepAlive)
	d := &Daemon{opts: o, log: o.Log}
	d.calls, d.hangUp = context.WithCancelCause(context.Background())
	return d, nil
}

// Start opens the data directory, replays the journal, and listens. When it
// fails, everything it had opened is closed again.
func (d *Daemon) Start(ctx context.Context) error {
	if err := d.Open(ctx); err != nil {
		return err
	}
	if err := d.Listen(d.opts.Env.Port); err != nil {
		d.abandon(ctx)
		return err
	}
	return nil
}

// Open is Start without the port: from then on the verbs work. When it fails,
// everything it had opened is closed again.
func (d *Daemon) Open(ctx context.Context) error {
	for _, w := range d.opts.Env.Warnings {
		d.log.Warn(w)
	}
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	d.lifetime, d.cancel = run, cancel
	parts, err := d.build(ctx)
	if err != nil {
		d.abandon(ctx)
		return err
	}
	d.handler = parts.handler
	d.Go("usage.writer", func() error { return parts.meter.Run(run) })
	d.Go("store.upkeep", func() error { parts.store.Upkeep(run); return nil })
	return nil
}

// abandon closes what a failed start had opened.
func (d *Daemon) abandon(ctx context.Context) {
	bounded, stop := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer stop()
	d.Stop(bounded)
}

// parts is what build made and the rest of the start needs.
type parts struct {
	store   *store.Store
	meter   *usage.Meter
	handler http.Handler
}

// Go runs a long-lived goroutine under a name; its failure is logged.
func (d *Daemon) Go(name string, f func() error) {
	d.running.Go(func() {
		if err := f(); err != nil && !errors.Is(err, context.Canceled) {
			d.log.Error("a background task ended", "task", name, "error", err)
		}
	})
}

func (d *Daemon) onStop(name string, f func(context.Context) error) {
	d.closers = append(d.closers, closer{name, f})
}

// build opens everything but the port.
func (d *Daemon) build(ctx context.Context) (*parts, error) {
	env := d.opts.Env
	facts, err := catalog.Load()
	if err != nil {
		return nil, err
	}
	db, err := store.Open(ctx, env.DataDir, d.log)
	if err != nil {
		return nil, err
	}
	d.onStop("store", func(context.Context) error { return db.Close() })
	bus := events.NewBus()
	troubles := health.New(bus, d.opts.Now)
	d.troubles = troubles
	d.Go("health", func() error { return troubles.Run(d.lifetime) })
	if notices := db.Notices(); len(notices) > 0 {
		troubles.Open(health.Report{Code: health.DatabaseRepaired, Detail: strings.Join(notices, " ")})
	}
	holder, err := config.NewHolder(ctx, db)
	if err != nil {
		return nil, err
	}
	holder.AnnounceOn(bus)
	holder.Override(env.Overrides)
	holder.Verify("catalogue prefixes", prefixesFree(facts))
	db.RetainDays(func() int { return holder.Now().Settings.LogRetentionDays })
	vault := d.vault()
	keeper := accounts.NewKeeper(vault)
	if k, ok := vault.(*accounts.KeychainVault); ok {
		k.Freed = keeper.Check
	}
	keeper.Watch(watchVault(troubles))
	keeper.Check()
	pause := control.NewPause(bus, d.opts.Now)
	secret := env.APIKeySecret
	if secret == "" {
		if secret, err = accounts.LocalSecret(env.DataDir, "api-key-secret"); err != nil {
			return nil, err
		}
	}
	meter, err := usage.NewMeter(filepath.Join(env.DataDir, "journal"), db, bus, d.log)
	if err != nil {
		return nil, err
	}
	if err := meter.Replay(ctx); err != nil {
		d.log.Error("the journal could not be read into usage.db; it is kept and tried again", "error", err)
	}
	conversations, err := d.conversations(vault)
	if err != nil {
		return nil, err
	}
	d.onStop("conversations", conversations.Close)
	client := egress.New(egress.Proxy(env.Proxy))
	d.onStop("egress", func(context.Context) error { client.CloseIdle(); return nil })
	board := resilience.NewBoard(resilience.DefaultProfile(), d.opts.Now)
	board.AnnounceOn(bus)
	dispatcher := &dispatch.Dispatcher{
		Catalog: facts, Planner: &routing.Planner{Catalog: facts, View: board, State: d.remember(holder)}, Directory: providers.NewDirectory(facts),
		Board: board, Keeper: credentials{keeper}, Egress: client, Meter: meter,
		Conversations: conversations, Codec: all.Of, UserAgent: "omniroute/" + d.opts.Version, Now: d.opts.Now,
		Timeouts: egress.Timeouts{Header: env.HeaderTimeout, Idle: env.IdleTimeout},
	}
	keys := accounts.NewClientKeys(secret)
	gate := &gateway.Server{
		Config: holder, Catalog: facts, Planner: dispatcher.Planner, Directory: dispatcher.Directory, Runner: dispatcher, Keys: clientKeys{keys, d.opts.Now},
		Codec: all.Of, Array: gemini.NewArray(), NewID: usage.NewID, Now: d.opts.Now, KeepAlive: d.opts.KeepAlive, ClientWait: d.opts.ClientWait, MaxBody: env.MaxBody, RequireKey: d.requireKey,
		Paused: func() *fault.Error {
			if until, paused := pause.Paused(); paused {
				return control.Paused(until, d.opts.Now())
			}
			return nil
		},
	}
	handler, err := d.routes(ctx, plane{gate, dispatcher, holder, db, keeper, keys, bus, d.lifetime, troubles, pause})
	if err != nil {
		return nil, err
	}
	return &parts{db, meter, handler}, nil
}

// requireKey: the setting, and always on any other address than loopback.
func (d *Daemon) requireKey(s *config.Snapshot) bool {
	return s.Settings.RequireAPIKey || !d.opts.Env.Loopback()
}

// prefixesFree keeps a user's prefixes away from the catalogue's.
func prefixesFree(facts *catalog.Catalog) func(old, next *config.Snapshot) error {
	return func(old, next *config.Snapshot) error {
		for id, n := range next.Nodes {
			if before := old.Nodes[id]; before != nil && before.Prefix == n.Prefix {
				continue
			}
			if p, taken := facts.Provider(n.Prefix); taken {
				e := fault.New(fault.Conflict, "daemon.prefix", "The prefix %q belongs to %s. Choose another one.", n.Prefix, p.Name)
				e.Param = "prefix"
				return e
			}
		}
		return nil
	}
}

// Listen opens a port (0 = any that is free) and serves, after Open. It
// succeeds once; after a failure it may be tried again with another port.
func (d *Daemon) Listen(port int) error {
	listeners, err := bind(d.opts.Env.Host, port)
	if err != nil {
		return err
	}
	addr := listeners[0].Addr().(*net.TCPAddr).AddrPort()
	d.server = &http.Server{
		Handler: d.handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog:    slog.NewLogLogger(d.log.Handler(), slog.LevelDebug),
		BaseContext: func(net.Listener) context.Context { return d.calls },
	}
	d.addr.Store(&addr)
	d.server.RegisterOnShutdown(d.services.Feed.Close) // pages that listen would hold the end up
	d.onStop("http", d.stopServing)
	for _, l := range listeners {
		d.Go("http "+l.Addr().String(), func() error {
			var err error
			if env := d.opts.Env; env.TLSCert != "" {
				err = d.server.ServeTLS(l, env.TLSCert, env.TLSKey)
			} else {
				err = d.server.Serve(l)
			}
			if errors.Is(err, http.ErrServerClosed) {
				return nil
			}
			return err
		})
	}
	return nil
}

// bind listens on one address, or on both loopbacks with the same port. A
// machine without IPv6 is served on IPv4 alone. Port 0 is any port that is
// free on both.
func bind(host string, port int) (listeners []net.Listener, err error) {
	for range 20 {
		if listeners, err = bindBoth(host, port); err == nil || port != 0 {
			break
		}
	}
	return listeners, err
}

func bindBoth(host string, port int) ([]net.Listener, error) {
	first := host
	if host == "" || host == "localhost" {
		first = "127.0.0.1"
	}
	l, err := net.Listen("tcp", net.JoinHostPort(first, fmt.Sprint(port)))
	if err != nil {
		return nil, taken(err, port)
	}
	listeners := []net.Listener{l}
	if first != host {
		port = l.Addr().(*net.TCPAddr).Port
		switch six, err := net.Listen("tcp6", net.JoinHostPort("::1", fmt.Sprint(port))); {
		case err == nil:
			listeners = append(listeners, six)
		case inUse(err):
			l.Close()
			return nil, taken(err, port)
		}
	}
	return listeners, nil
}

// Addr is where the daemon listens, the zero AddrPort before a port is open.
func (d *Daemon) Addr() netip.AddrPort {
	if a := d.addr.Load(); a != nil {
		return *a
	}
	return netip.AddrPort{}
}

// Health is where a face reports troubles of its own, like a taken port;
// valid once the data directory is open.
func (d *Daemon) Health() *health.Engine { return d.troubles }

// Services are the verbs, for faces that bind them directly.
func (d *Daemon) Services() *control.Services { return d.services }

// Page is the dashboard's files and nothing else, for a window that does not
// come through the port; valid after Open.
func (d *Daemon) Page() http.Handler { return d.page }

// URL is the address for people; before a port is open, the one to be.
func (d *Daemon) URL() string {
	scheme := "http"
	if d.opts.Env.TLSCert != "" {
		scheme = "https"
	}
	addr := d.Addr()
	if !addr.IsValid() {
		host, err := netip.ParseAddr(d.opts.Env.Host)
		if err != nil {
			host = netip.AddrFrom4([4]byte{127, 0, 0, 1})
		}
		addr = netip.AddrPortFrom(host, uint16(d.opts.Env.Port))
	}
	return scheme + "://" + addr.String()
}

// Announce prints the two lines of api.md: the dashboard's address, and a
// line that works at once. A password that had to be made stands before them.
func (d *Daemon) Announce(w io.Writer) {
	if d.madePassword != "" {
		fmt.Fprintln(w, "Password of the dashboard, shown this once:", d.madePassword.Reveal())
	}
	fmt.Fprintln(w, d.services.Session.Link(d.URL()))
	fmt.Fprintln(w, gateway.Curl(d.URL()))
}

// OpenBrowser shows the dashboard to the person at this machine, signed in
// once. The link lies in a file of theirs, so that no process list shows it
// (rulings 1.4).
func (d *Daemon) OpenBrowser() error {
	file, err := control.LinkFile(d.opts.Env.DataDir, d.services.Session.Link(d.URL()))
	if err != nil {
		return err
	}
	return control.OpenBrowser(file)
}

// Stop refuses new requests, lets running ones finish within ctx, writes what
// is owed, and closes everything in reverse order. It may be called on a
// daemon that never started.
func (d *Daemon) Stop(ctx context.Context) error {
	var errs []error
	for len(d.closers) > 0 {
		c := d.closers[len(d.closers)-1]
		d.closers = d.closers[:len(d.closers)-1]
		if c.name == "store" { // the writer must be done before the database closes
			d.drain(ctx)
		}
		if err := c.f(ctx); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", c.name, err))
		}
		if c.name == "http" { // what is left is ours to do, however long the streams took
			var done context.CancelFunc
			ctx, done = context.WithTimeout(context.WithoutCancel(ctx), closingTime)
			defer done()
		}
	}
	d.drain(ctx)
	return errors.Join(errs...)
}

// stopServing lets requests end within ctx. Those that do not are told so in
// their own format.
func (d *Daemon) stopServing(ctx context.Context) error {
	if d.server.Shutdown(ctx) == nil {
		return nil
	}
	d.log.Warn("streams were cut off: they did not end within the time to shut down")
	e := fault.New(fault.Canceled, "daemon.stop", "The gateway is shutting down. Try again in a moment.")
	e.Status = http.StatusServiceUnavailable
	d.hangUp(e)
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), hangUpTime)
	defer cancel()
	if d.server.Shutdown(last) != nil {
		d.server.Close()
	}
	return nil
}

// drain ends the background tasks and waits for them.
func (d *Daemon) drain(ctx context.Context) {
	if d.cancel != nil {
		d.cancel()
	}
	done := make(chan struct{})
	go func() { d.running.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		d.log.Error("background tasks did not end in time")
	}
}
