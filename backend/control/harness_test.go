package control

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"omniroute/backend/accounts"
	"omniroute/backend/catalog"
	"omniroute/backend/config"
	"omniroute/backend/events"
	"omniroute/backend/fault"
	"omniroute/backend/health"
	"omniroute/backend/providers"
	"omniroute/backend/resilience"
	"omniroute/backend/routing"
	"omniroute/backend/store"
	"omniroute/backend/usage"
)

// house is the management API over real rooms; upstreams are scripted.
type house struct {
	t        *testing.T
	dir      string
	store    *store.Store
	holder   *config.Holder
	vault    *accounts.FileVault
	keeper   *accounts.Keeper
	keys     *accounts.ClientKeys
	board    *resilience.Board
	bus      *events.Bus
	meter    *usage.Meter
	health   *health.Engine
	access   *Access
	services *Services
	prober   *scriptedProber
	tester   *scriptedTester
	token    fault.Secret
	handler  http.Handler
	log      *bytes.Buffer
	clock    *clock
	tasks    sync.WaitGroup
	owner    atomic.Uint32 // what the system says about the peer, see ownership
}

type clock struct{ at atomic.Int64 }

func (c *clock) now() time.Time          { return time.Unix(0, c.at.Load()) }
func (c *clock) advance(d time.Duration) { c.at.Add(int64(d)) }

type scriptedProber struct {
	mu     sync.Mutex
	models []string
	err    error
	result providers.Result
	found  []providers.Found
	asked  []string // "list base key" or "test base key model"
}

func (p *scriptedProber) ListModels(_ context.Context, e *providers.Endpoint, key fault.Secret) ([]string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, "list "+e.Base+" "+key.Reveal())
	return p.models, p.err
}

func (p *scriptedProber) Test(_ context.Context, e *providers.Endpoint, key fault.Secret, model string) providers.Result {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, strings.TrimSpace("test "+e.Base+" "+key.Reveal()+" "+model))
	return p.result
}

func (p *scriptedProber) Discover(context.Context) []providers.Found { return p.found }

func (p *scriptedProber) calls() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string{}, p.asked...)
}

type scriptedTester struct{ fails map[string]error }

func (s *scriptedTester) Try(_ context.Context, q TrialQuestion) (Trial, error) {
	if err := s.fails[q.Model]; err != nil {
		return Trial{RequestID: "r1"}, err
	}
	return Trial{Answered: q.Model, Status: 200, Latency: 12 * time.Millisecond, Text: "Hello.", RequestID: "r1"}, nil
}

// open starts a house in a data directory; the same one twice is a restart.
func open(t *testing.T, dir string, change func(*AccessOptions, *Rooms)) *house {
	t.Helper()
	ctx := t.Context()
	h := &house{t: t, dir: dir, log: &bytes.Buffer{}, clock: &clock{}, prober: &scriptedProber{}, tester: &scriptedTester{}}
	h.clock.at.Store(time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC).UnixNano())
	logger := slog.New(slog.NewTextHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	h.prober.err = fault.New(fault.Unsupported, "test", "There is no list.")
	var err error
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	h.store, err = store.Open(ctx, dir, logger)
	check(err)
	h.holder, err = config.NewHolder(ctx, h.store)
	check(err)
	h.vault, err = accounts.OpenFileVault(dir, "")
	check(err)
	h.keeper = accounts.NewKeeper(h.vault)
	h.keys = accounts.NewClientKeys("a test secret of this house")
	h.board = resilience.NewBoard(resilience.DefaultProfile(), h.clock.now)
	h.bus = events.NewBus()
	h.holder.AnnounceOn(h.bus)
	h.board.AnnounceOn(h.bus)
	h.health = health.New(h.bus, h.clock.now)
	h.meter, err = usage.NewMeter(dir+"/journal", h.store, h.bus, logger)
	check(err)
	facts, err := catalog.Load()
	check(err)
	h.token, err = AdminToken(dir)
	check(err)
	life, end := context.WithCancel(context.Background())
	rooms := Rooms{
		Lifetime: life, Config: h.holder, Catalog: facts, Planner: &routing.Planner{Catalog: facts, View: h.board, State: routing.NewState()}, Board: h.board, Profile: resilience.DefaultProfile(),
		Secrets: h.keeper, Issuer: h.keys, Prober: h.prober, Tester: h.tester, Books: h.store, Flush: h.meter.Flush, Bus: h.bus, Health: h.health, Pause: NewPause(h.bus, h.clock.now), DataDir: dir,
		Vault: func() VaultStatus { return VaultStatus{Kind: "files", State: "ok"} }, Version: "1.2.3",
		URL: func() string { return "http://127.0.0.1:20128" }, Port: func() int { return 20128 },
		Go:  func(_ string, f func() error) { h.tasks.Go(func() { _ = f() }) },
		Log: logger, Now: h.clock.now,
	}
	access := AccessOptions{
		Holder: h.holder, Sessions: h.store, Bus: h.bus, DataDir: dir, AdminToken: h.token, LoopbackOnly: true, Now: h.clock.now, Log: logger,
		owner: func(_, _ netip.AddrPort) ownership { return ownership(h.owner.Load()) },
	}
	if change != nil {
		change(&access, &rooms)
	}
	h.access = NewAccess(access)
	rooms.Access = h.access
	h.services = New(rooms)
	mux := http.NewServeMux()
	Mount(mux, h.access, h.routes())
	h.handler = Guard(GuardOptions{Hosts: []string{"gw.example.com"}, Own: []string{"https://gw.example.com"}, Origins: []string{"https://app.example.com"}}, mux)
	writing := make(chan struct{})
	listening := make(chan struct{})
	go func() { defer close(writing); _ = h.meter.Run(life) }()
	go func() { defer close(listening); _ = h.health.Run(life) }()
	t.Cleanup(func() {
		h.tasks.Wait()
		end()
		<-writing
		<-listening
		_ = h.store.Close()
	})
	return h
}

func newHouse(t *testing.T) *house { t.Helper(); return open(t, t.TempDir(), nil) }

// routes is the table as the daemon would hang it up, with stand-ins for the
// other rooms' handlers.
func (h *house) routes() []Route {
	say := func(text string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) })
	}
	table := append(Routes(h.services), Page(PageOptions{Files: built(), CSP: testCSP, Log: discard()})...)
	return Describe("1.2.3", append(table,
		Serve(TierOpen, "GET /healthz", say("healthy")),
		Serve(TierDataPlane, "POST /v1/chat/completions", say("chat")),
		Serve(TierDataPlane, "POST /api/chat", say("ollama")),
		Serve(TierDataPlane, "/", say("not found")),
	))
}

// ask is one request: text is "METHOD path", headers are "Name: value".
type ask struct {
	text    string
	body    any // string = as it is
	headers []string
	remote  string
	host    string
}

type got struct {
	status int
	header http.Header
	body   string
	json   map[string]any
}

func (h *house) do(a ask) got {
	h.t.Helper()
	method, path, _ := strings.Cut(a.text, " ")
	var body io.Reader
	switch b := a.body.(type) {
	case nil:
	case string:
		body = strings.NewReader(b)
	default:
		text, err := json.Marshal(b)
		if err != nil {
			h.t.Fatal(err)
		}
		body = bytes.NewReader(text)
	}
	r := httptest.NewRequest(method, path, body)
	r.Host = "127.0.0.1:20128"
	if a.host != "" {
		r.Host = a.host
	}
	r.RemoteAddr = "127.0.0.1:50000"
	if a.remote != "" {
		r.RemoteAddr = a.remote
	}
	ctx, leave := context.WithCancel(context.WithValue(r.Context(), http.LocalAddrContextKey, addr("127.0.0.1:20128")))
	defer leave()
	r = r.WithContext(ctx)
	for _, line := range a.headers {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(&hasty{w, leave}, r)
	g := got{status: w.Code, header: w.Result().Header, body: w.Body.String()}
	_ = json.Unmarshal(w.Body.Bytes(), &g.json)
	return g
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

// hasty is a client that leaves a stream after its first delivery.
type hasty struct {
	*httptest.ResponseRecorder
	leave func()
}

func (c *hasty) Flush() { c.leave() }

type addr string

func (addr) Network() string  { return "tcp" }
func (a addr) String() string { return string(a) }

// call is do for a direct caller, and fails unless the status is as wanted.
func (h *house) call(want int, text string, body any, headers ...string) got {
	h.t.Helper()
	g := h.do(ask{text: text, body: body, headers: headers})
	if g.status != want {
		h.t.Fatalf("%s %v: status %d, want %d: %s", text, body, g.status, want, g.body)
	}
	return g
}

func (h *house) admin() string { return "Authorization: Bearer " + h.token.Reveal() }

// at walks a decoded answer: "connection.status".
func (g got) at(path string) any {
	var v any = g.json
	for name := range strings.SplitSeq(path, ".") {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}

func (g got) str(path string) string { s, _ := g.at(path).(string); return s }
