// Package testkit starts a whole gateway inside a test and scripts the
// upstreams it talks to: the daemon on a port of its own, SQLite in a
// temporary directory, and servers that speak the four formats well or badly.
// Only tests import it.
package testkit

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"omniroute/backend/config"
	"omniroute/backend/daemon"
)

// patience bounds every wait of a test for something that must happen. It is
// never measured, only there so that a hung test says where it hangs.
const patience = 30 * time.Second

// Gateway is a running daemon. It ends with the test, which fails when a
// goroutine is left over.
type Gateway struct {
	URL    string // http://127.0.0.1:port
	Dir    string // DATA_DIR
	Daemon *daemon.Daemon
	Client *http.Client // follows no redirect, decompresses nothing
	Log    *Log

	t       testing.TB
	token   string
	stopped bool
}

// Option changes how a gateway is started.
type Option func(*settings)

type settings struct {
	dir  string
	vars []string
	opts daemon.Options
}

// DataDir starts on an existing data directory.
func DataDir(dir string) Option { return func(s *settings) { s.dir = dir } }

// Env sets an environment variable of the daemon.
func Env(name, value string) Option {
	return func(s *settings) { s.vars = append(s.vars, name+"="+value) }
}

// KeepAlive shortens the time until a sign of life.
func KeepAlive(d time.Duration) Option { return func(s *settings) { s.opts.KeepAlive = d } }

// ClientWait shortens how long a client may neither read nor send.
func ClientWait(d time.Duration) Option { return func(s *settings) { s.opts.ClientWait = d } }

// Clock replaces the system clock.
func Clock(now func() time.Time) Option { return func(s *settings) { s.opts.Now = now } }

// Start runs a gateway until the end of the test. Do not call it from
// parallel tests: the search for leaks sees the whole process.
func Start(t testing.TB, options ...Option) *Gateway {
	t.Helper()
	before := goleak.IgnoreCurrent()
	s := settings{}
	for _, o := range options {
		o(&s)
	}
	if s.dir == "" {
		s.dir = t.TempDir()
	}
	env, err := config.LoadEnv(config.Source{
		Environ: append(s.vars, "DATA_DIR="+s.dir), ReadFile: func(string) ([]byte, error) { return nil, os.ErrNotExist }, OS: "linux", Dir: s.dir,
	})
	if err != nil {
		t.Fatal(err)
	}
	env.Port = 0
	g := &Gateway{Dir: s.dir, t: t, Log: &Log{}}
	s.opts.Env, s.opts.Version = env, "test"
	s.opts.Log = slog.New(slog.NewTextHandler(g.Log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	if g.Daemon, err = daemon.New(s.opts); err != nil {
		t.Fatal(err)
	}
	if err := g.Daemon.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	g.URL = "http://" + g.Daemon.Addr().String()
	g.Client = NewClient()
	t.Cleanup(func() {
		g.Stop()
		goleak.VerifyNone(t, before)
	})
	token, err := os.ReadFile(filepath.Join(g.Dir, "admin-token"))
	if err != nil {
		t.Fatal(err)
	}
	g.token = strings.TrimSpace(string(token))
	return g
}

// NewClient makes a client that shows every answer as it came.
func NewClient() *http.Client {
	return &http.Client{
		Transport:     &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 64},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Stop ends the daemon as SIGTERM does; a second call does nothing.
func (g *Gateway) Stop() {
	if g.stopped {
		return
	}
	g.stopped = true
	g.Client.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := g.Daemon.Stop(ctx); err != nil {
		g.t.Errorf("stopping: %v", err)
	}
	g.Client.CloseIdleConnections()
}

// API makes a management call with the admin token and expects success.
func (g *Gateway) API(method, path string, in any) map[string]any {
	g.t.Helper()
	status, body := g.Call(method, path, in)
	if status < 200 || status > 299 {
		g.t.Fatalf("%s %s: %d %s", method, path, status, body)
	}
	out := map[string]any{}
	if len(body) > 0 {
		if err := json.Unmarshal(body, &out); err != nil {
			g.t.Fatalf("%s %s answered no JSON: %s", method, path, body)
		}
	}
	return out
}

// Call makes a management call with the admin token.
func (g *Gateway) Call(method, path string, in any) (status int, body []byte) {
	g.t.Helper()
	var payload io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			g.t.Fatal(err)
		}
		payload = bytes.NewReader(raw)
	}
	req, err := http.NewRequest(method, g.URL+path, payload)
	if err != nil {
		g.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+g.token)
	resp, err := g.Client.Do(req)
	if err != nil {
		g.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	if body, err = io.ReadAll(resp.Body); err != nil {
		g.t.Fatalf("%s %s: %v", method, path, err)
	}
	return resp.StatusCode, body
}

// Token is the admin token.
func (g *Gateway) Token() string { return g.token }

// Log keeps what the daemon logged.
type Log struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write implements io.Writer.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

// String is everything logged so far.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// Wait returns when c is closed or has a value, and fails the test when that
// never happens.
func Wait[T any](t testing.TB, what string, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(patience):
		t.Fatalf("waited in vain for %s", what)
	}
	return v
}
