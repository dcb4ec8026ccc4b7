package daemon

import (
	"context"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"omniroute/backend/accounts"
	"omniroute/backend/config"
	"omniroute/backend/control"
	"omniroute/backend/dispatch"
	"omniroute/backend/events"
	"omniroute/backend/gateway"
	"omniroute/backend/health"
	"omniroute/backend/store"
)

// plane is what the routes are made of.
type plane struct {
	gate     *gateway.Server
	runner   *dispatch.Dispatcher
	holder   *config.Holder
	store    *store.Store
	keeper   *accounts.Keeper
	keys     *accounts.ClientKeys
	bus      *events.Bus
	lifetime context.Context
	health   *health.Engine
	pause    *control.Pause
}

// routes ties the verbs and the data plane to one mux behind one guard.
func (d *Daemon) routes(ctx context.Context, p plane) (http.Handler, error) {
	env := d.opts.Env
	admin, err := control.AdminToken(env.DataDir)
	if err != nil {
		return nil, err
	}
	access := control.NewAccess(control.AccessOptions{
		Holder: p.holder, Sessions: p.store, Bus: p.bus, DataDir: env.DataDir, AdminToken: admin,
		LoopbackOnly: env.Loopback() && loopbackNames(env.OwnHosts()), SecureCookie: env.CookieSecure || httpsBase(env.BaseURLs), Now: d.opts.Now, Log: d.log,
	})
	if err := d.firstPassword(ctx, access); err != nil {
		return nil, err
	}
	port := func() int { return int(d.Addr().Port()) }
	d.services = control.New(control.Rooms{
		Lifetime: p.lifetime, Config: p.holder, Catalog: p.runner.Catalog, Planner: p.runner.Planner, Board: p.runner.Board, Profile: p.runner.Board.Profile(),
		Secrets: p.keeper, Issuer: p.keys,
		Prober: &prober{p.runner.Egress, p.runner.Catalog, p.keeper, p.runner.UserAgent, port},
		Tester: &tester{p.runner, p.holder, d.opts.Now},
		Books:  p.store, Flush: p.runner.Meter.Flush, Access: access, Bus: p.bus, Version: d.opts.Version,
		Health: p.health, Pause: p.pause, Vault: vaultStatus(p.keeper), DataDir: env.DataDir, Face: d.opts.Face, Shell: d.opts.Shell,
		BaseURL: first(env.BaseURLs), CORSOrigins: env.CORSOrigins,
		URL: d.URL, Port: port, Go: d.Go, Log: d.log, Now: d.opts.Now,
	})
	d.page = http.NewServeMux()
	control.Mount(d.page, access, d.pages(p.gate))
	d.onStop("feed", func(context.Context) error { d.services.Feed.Close(); return nil }) // where no port was opened
	d.services.EmptyBin()
	mux := http.NewServeMux()
	control.Mount(mux, access, d.table(p.gate))
	return control.Guard(control.GuardOptions{
		Hosts: d.ownHosts(), Own: origins(env.BaseURLs), Origins: env.CORSOrigins, Refuse: p.gate.Refuse,
	}, mux), nil
}

// table is the whole route table: the data plane, the page, health, the verbs.
func (d *Daemon) table(g *gateway.Server) []control.Route {
	var out []control.Route
	methods := map[string][]string{}
	for _, r := range g.Routes() {
		out = append(out, control.Serve(control.TierDataPlane, r.Pattern, r.Handler))
		method, path, _ := strings.Cut(r.Pattern, " ")
		methods[path] = append(methods[path], method)
	}
	for path, allowed := range methods {
		out = append(out, control.Serve(control.TierDataPlane, path, g.WrongMethod(allowed)))
	}
	slices.SortFunc(out, func(a, b control.Route) int { return strings.Compare(a.Pattern(), b.Pattern()) })
	out = append(out, d.pages(g)...)
	out = append(out,
		control.Serve(control.TierOpen, "GET /healthz", http.HandlerFunc(d.health)),
		control.Serve(control.TierDataPlane, "/", http.HandlerFunc(g.NotFound)),
	)
	return control.Describe(d.opts.Version, append(out, control.Routes(d.services)...))
}

// pages are the dashboard's files.
func (d *Daemon) pages(g *gateway.Server) []control.Route {
	return control.Page(control.PageOptions{Files: d.opts.Assets, Plain: g.Page(), CSP: gateway.CSP, Log: d.log})
}

// health says that we run, and nothing else.
func (d *Daemon) health(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Write([]byte(`{"status":"ok","version":"` + d.opts.Version + `"}`))
}

// ownHosts are the names a request may address besides loopback.
func (d *Daemon) ownHosts() []string {
	hosts := d.opts.Env.OwnHosts()
	if ip, err := netip.ParseAddr(d.opts.Env.Host); err == nil && !ip.IsLoopback() && !ip.IsUnspecified() {
		hosts = append(hosts, ip.String())
	}
	return hosts
}

func loopbackNames(hosts []string) bool {
	for _, h := range hosts {
		if h != "localhost" && h != "127.0.0.1" && h != "::1" {
			return false
		}
	}
	return true
}

// first is the base URL that settings show.
func first(urls []string) string {
	if len(urls) == 0 {
		return ""
	}
	return urls[0]
}

func httpsBase(urls []string) bool {
	return slices.ContainsFunc(urls, func(u string) bool { return strings.HasPrefix(u, "https://") })
}

// origins are the base URLs as a browser names them.
func origins(urls []string) []string {
	out := make([]string, 0, len(urls))
	for _, u := range urls {
		out = append(out, control.OriginOf(u)) // Guard leaves out the empty ones
	}
	return out
}

// firstPassword sets the password of the environment, and makes one where
// others than this machine can reach us; it is printed once.
func (d *Daemon) firstPassword(ctx context.Context, a *control.Access) error {
	if p := d.opts.Env.InitialPassword; p != "" {
		if err := a.InitialPassword(ctx, p); err != nil {
			return err
		}
	}
	if a.PasswordSet() || d.opts.Env.Loopback() {
		return nil
	}
	p, err := a.MakePassword(ctx)
	if err == nil {
		d.madePassword = p
	}
	return err
}
