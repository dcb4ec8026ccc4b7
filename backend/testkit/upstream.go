package testkit

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"omniroute/backend/wire"
)

// Upstream is a scripted server of one format. It plays its script answer by
// answer and then repeats the last one; without a script it says "hello".
// Model lists are answered apart and are not part of the script.
type Upstream struct {
	Format    wire.Format
	Prefix    string // of its node, when made by Gateway.Upstream
	NodeID    string
	AccountID string
	Gone      chan *Call // calls whose caller went away before the answer ended

	server *httptest.Server
	mu     sync.Mutex
	script []Answer
	calls  []*Call
	lists  []*Call
	came   chan struct{} // closed and replaced at each call
}

// Call is one request that reached an upstream.
type Call struct {
	Method, Path, Query string
	Header              http.Header
	Body                []byte
	Host                string

	up *Upstream
	w  http.ResponseWriter
	r  *http.Request
}

// Answer plays one part of a script.
type Answer func(*Call)

// NewUpstream starts a scripted upstream that lives as long as the test.
func NewUpstream(t testing.TB, f wire.Format, script ...Answer) *Upstream {
	u := &Upstream{Format: f, script: script, Gone: make(chan *Call, 1024), came: make(chan struct{})}
	u.server = httptest.NewServer(u)
	t.Cleanup(u.server.Close)
	return u
}

// BaseURL is what a node or connection is given.
func (u *Upstream) BaseURL() string {
	if u.Format == wire.Gemini {
		return u.server.URL + "/v1beta"
	}
	return u.server.URL + "/v1"
}

// Origin is scheme, host and port.
func (u *Upstream) Origin() string { return u.server.URL }

// Then replaces the script.
func (u *Upstream) Then(script ...Answer) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.script = script
}

// Calls are the requests so far, model lists left out.
func (u *Upstream) Calls() []*Call {
	u.mu.Lock()
	defer u.mu.Unlock()
	return append([]*Call(nil), u.calls...)
}

// Count is how many calls there were.
func (u *Upstream) Count() int { return len(u.Calls()) }

// Last is the latest call.
func (u *Upstream) Last(t testing.TB) *Call {
	t.Helper()
	calls := u.Calls()
	if len(calls) == 0 {
		t.Fatalf("the upstream %q was never called", u.Prefix)
	}
	return calls[len(calls)-1]
}

// Lists are the requests for the model list.
func (u *Upstream) Lists() []*Call {
	u.mu.Lock()
	defer u.mu.Unlock()
	return append([]*Call(nil), u.lists...)
}

// Await returns when at least n calls have come.
func (u *Upstream) Await(t testing.TB, n int) {
	t.Helper()
	for {
		u.mu.Lock()
		have, came := len(u.calls), u.came
		u.mu.Unlock()
		if have >= n {
			return
		}
		Wait(t, "a call of the upstream "+u.Prefix, came)
	}
}

// ServeHTTP plays the script. The request is read to its end first.
func (u *Upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the gateway gave up while it was sending
	}
	c := &Call{Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery, Header: r.Header.Clone(), Body: body, Host: r.Host, up: u, w: w, r: r}
	if r.Method == http.MethodGet {
		u.mu.Lock()
		u.lists = append(u.lists, c)
		u.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, modelList(u.Format))
		return
	}
	answer := Says("hello")
	u.mu.Lock()
	u.calls = append(u.calls, c)
	if len(u.script) > 0 {
		answer = u.script[0]
	}
	if len(u.script) > 1 {
		u.script = u.script[1:]
	}
	close(u.came)
	u.came = make(chan struct{})
	u.mu.Unlock()
	answer(c)
	if r.Context().Err() != nil {
		u.Gone <- c
	}
}

// Stream reports whether a stream was asked for.
func (c *Call) Stream() bool {
	return strings.Contains(c.Path, ":streamGenerateContent") || at(value(c.Body), "stream") == true
}

// Model is the model asked for.
func (c *Call) Model() string {
	if c.up.Format == wire.Gemini {
		name := c.Path[strings.LastIndex(c.Path, "/models/")+len("/models/"):]
		return name[:strings.LastIndexByte(name, ':')]
	}
	return str(value(c.Body), "model")
}

// JSON is the body, decoded.
func (c *Call) JSON() any { return value(c.Body) }

// Done is closed when the caller goes away.
func (c *Call) Done() <-chan struct{} { return c.r.Context().Done() }

// Header sets an answer header; before the first Write.
func (c *Call) Set(name, value string) { c.w.Header().Set(name, value) }

// Begin sends the header of a 200.
func (c *Call) Begin(contentType string) {
	c.w.Header().Set("Content-Type", contentType)
	c.w.WriteHeader(http.StatusOK)
	c.Flush()
}

// Write sends bytes at once; an error means that the caller went away.
func (c *Call) Write(p string) error {
	if _, err := io.WriteString(c.w, p); err != nil {
		return err
	}
	c.Flush()
	return nil
}

// Flush sends what is buffered.
func (c *Call) Flush() { http.NewResponseController(c.w).Flush() }

// Reset breaks the connection as a crashing peer does: with a TCP reset.
func (c *Call) Reset() {
	c.Flush()
	conn, _, err := http.NewResponseController(c.w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	conn.(*net.TCPConn).SetLinger(0)
	conn.Close()
}

// Break ends the connection in the middle of the body: no terminating chunk.
func (c *Call) Break() { panic(http.ErrAbortHandler) }
