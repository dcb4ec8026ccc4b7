package control

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"omniroute/backend/fault"
)

func TestOwnHostsOnly(t *testing.T) {
	h := newHouse(t)
	own := []string{
		"127.0.0.1:20128", "127.0.0.1", "127.0.0.1:1", "localhost:20128", "localhost", "LOCALHOST:20128", "127.1.2.3:80", "127.255.255.254",
		"[::1]:20128", "[::1]", "gw.example.com", "GW.example.com:8443",
	}
	for _, host := range own {
		if g := h.do(ask{text: "GET /healthz", host: host}); g.status != 200 {
			t.Errorf("Host %q: status %d, want 200: %s", host, g.status, g.body)
		}
	}
	foreign := []string{
		" ", "evil.test", "evil.test:20128", "localhost.evil.test", "127.0.0.1.evil.test", "127.0.0.1.nip.io:20128", "evil.test#@localhost", "localhost#@evil.test",
		"user@localhost", "user:pw@localhost:20128", "localhost@evil.test", "localhost:80@evil.test", "localhost:20128:80", "localhost:", "localhost:x",
		"localhost:999999", "localhost:-1", "localhost.", "localhost.:20128", "127.0.0.1.", "127.0.0.1.:20128", "LOCALHOST.", "localhost ", " localhost", "localhost\t",
		"2130706433", "2130706433:20128", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "127.1", "127.0.1", "127.000.000.001", "127.0.0.256", "127.0.0.1x",
		"0.0.0.0", "0.0.0.0:20128", "0", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]:20128", "[0:0:0:0:0:0:0:1]", "[::1%25lo]", "[::1", "::1", "[::1]x", "[::1]:",
		"10.0.0.1", "192.168.1.10:20128", "169.254.169.254", "127.0.0.1,evil.test", "localhost/..", "localhost\\evil.test", "localhost?x", "%6cocalhost", "ｌocalhost",
		"sub.localhost", "gw.example.com.evil.test", "evil-gw.example.com", "*",
	}
	paths := []string{"GET /", "GET /healthz", "GET /api/keys", "GET /api/nope", "POST /v1/chat/completions", "GET /v1/nope", "POST /api/auth/login", "OPTIONS /v1/chat/completions", "GET /nothing/here"}
	for _, host := range foreign {
		for _, path := range paths {
			g := h.do(ask{text: path, host: host, headers: []string{h.admin()}})
			if g.status != http.StatusMisdirectedRequest || g.str("error.kind") != "forbidden" || g.str("error.message") == "" {
				t.Errorf("%s with Host %q: status %d, want 421: %s", path, host, g.status, g.body)
			}
		}
	}
	empty := httptest.NewRequest("GET", "/healthz", nil)
	empty.Host = ""
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(w, empty)
	if w.Code != http.StatusMisdirectedRequest {
		t.Errorf("no Host at all: status %d, want 421", w.Code)
	}
}

// TestEveryRouteIsGuarded walks the table: no route answers a foreign name, a
// foreign page or another site.
func TestEveryRouteIsGuarded(t *testing.T) {
	h := newHouse(t)
	for _, r := range h.routes() {
		method := r.Method
		if method == "" {
			method = "GET"
		}
		path := strings.NewReplacer("{id}", "x", "{$}", "").Replace(r.Path)
		for name, c := range map[string]struct {
			ask
			want int
		}{
			"foreign host":   {ask{host: "evil.test:20128"}, 421},
			"foreign origin": {ask{headers: []string{"Origin: http://evil.test"}}, 403},
			"null origin":    {ask{headers: []string{"Origin: null"}}, 403},
			"other port":     {ask{headers: []string{"Origin: http://127.0.0.1:3000"}}, 403},
			"https of us":    {ask{headers: []string{"Origin: https://127.0.0.1:20128"}}, 403},
			"cross-site":     {ask{headers: []string{"Sec-Fetch-Site: cross-site"}}, 403},
			"same-site":      {ask{headers: []string{"Sec-Fetch-Site: same-site"}}, 403},
		} {
			c.text = method + " " + path
			c.headers = append(c.headers, h.admin())
			g := h.do(c.ask)
			if g.status != c.want {
				t.Errorf("%s, %s: status %d, want %d", c.text, name, g.status, c.want)
			}
			for k := range g.header {
				if strings.HasPrefix(k, "Access-Control-") {
					t.Errorf("%s, %s: answers %s", c.text, name, k)
				}
			}
		}
	}
}

func TestOriginsAndSites(t *testing.T) {
	h := newHouse(t)
	for _, c := range []struct {
		name    string
		text    string
		headers []string
		want    int
	}{
		{"own page", "GET /healthz", []string{"Origin: http://127.0.0.1:20128", "Sec-Fetch-Site: same-origin"}, 200},
		{"own origin, old browser", "GET /healthz", []string{"Origin: http://127.0.0.1:20128"}, 200},
		{"same-origin without origin", "GET /healthz", []string{"Sec-Fetch-Site: same-origin"}, 200},
		{"configured own origin", "GET /healthz", []string{"Origin: https://gw.example.com"}, 200},
		{"own name, other spelling", "GET /healthz", []string{"Origin: http://localhost:20128"}, 403},
		{"no port", "GET /healthz", []string{"Origin: http://127.0.0.1"}, 403},
		{"slash behind", "GET /healthz", []string{"Origin: http://127.0.0.1:20128/"}, 403},
		{"upper case", "GET /healthz", []string{"Origin: HTTP://127.0.0.1:20128"}, 403},
		{"extension", "GET /healthz", []string{"Origin: chrome-extension://abcdef"}, 403},
		{"app", "GET /healthz", []string{"Origin: app://localhost"}, 403},
		{"file", "GET /healthz", []string{"Origin: file://"}, 403},
		{"empty", "GET /healthz", []string{"Origin: "}, 403},
		{"two", "GET /healthz", []string{"Origin: http://127.0.0.1:20128", "Origin: http://evil.test"}, 403},
		{"own page, data plane", "POST /v1/chat/completions", []string{"Origin: http://127.0.0.1:20128", "Sec-Fetch-Site: same-origin"}, 200},
		{"address bar, page", "GET /", []string{"Sec-Fetch-Site: none"}, 200},
		{"address bar, api", "GET /api/auth/status", []string{"Sec-Fetch-Site: none"}, 403},
		{"address bar, data plane", "GET /v1/models", []string{"Sec-Fetch-Site: none"}, 403},
		{"address bar, post", "POST /", []string{"Sec-Fetch-Site: none"}, 403},
		{"odd site", "GET /", []string{"Sec-Fetch-Site: SAME-ORIGIN"}, 403},
		{"two sites", "GET /", []string{"Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: cross-site"}, 403},
		{"node's fetch", "GET /healthz", []string{"Sec-Fetch-Mode: cors", "User-Agent: node"}, 200},
		{"listed page, data plane", "POST /v1/chat/completions", []string{"Origin: https://app.example.com", "Sec-Fetch-Site: cross-site"}, 200},
		{"listed page, api", "GET /api/auth/status", []string{"Origin: https://app.example.com", "Sec-Fetch-Site: cross-site"}, 403},
		{"listed page, health", "GET /healthz", []string{"Origin: https://app.example.com"}, 403},
		{"listed page, v1 in the name only", "GET /v1beta/models", []string{"Origin: https://app.example.com"}, 403},
		{"listed page, out of v1 by dots", "GET /v1/../api/auth/status", []string{"Origin: https://app.example.com"}, 403},
		{"not quite listed", "POST /v1/chat/completions", []string{"Origin: https://app.example.com:8443"}, 403},
		{"link from a mail", "GET /", []string{"Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"}, 403},
	} {
		if g := h.do(ask{text: c.text, headers: c.headers}); g.status != c.want {
			t.Errorf("%s: status %d, want %d: %s", c.name, g.status, c.want, g.body)
		}
	}
}

func TestCORS(t *testing.T) {
	h := newHouse(t)
	preflight := []string{"Origin: https://app.example.com", "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: authorization,content-type", "Access-Control-Request-Private-Network: true", "Sec-Fetch-Site: cross-site"}
	g := h.do(ask{text: "OPTIONS /v1/chat/completions", headers: preflight})
	if g.status != 204 || g.header.Get("Access-Control-Allow-Origin") != "https://app.example.com" || g.header.Get("Vary") != "Origin" {
		t.Errorf("preflight of a listed origin: %d %v", g.status, g.header)
	}
	if got := g.header.Get("Access-Control-Allow-Headers"); got != "authorization,content-type" {
		t.Errorf("allowed headers: %q", got)
	}
	for _, name := range []string{"Access-Control-Allow-Credentials", "Access-Control-Allow-Private-Network"} {
		if g.header.Get(name) != "" {
			t.Errorf("preflight answers %s", name)
		}
	}
	g = h.do(ask{text: "POST /v1/chat/completions", headers: []string{"Origin: https://app.example.com"}})
	if g.header.Get("Access-Control-Allow-Origin") != "https://app.example.com" {
		t.Errorf("answer to a listed origin: %v", g.header)
	}
	g = h.do(ask{text: "OPTIONS /v1/chat/completions", headers: []string{"Origin: https://app.example.com", "Access-Control-Request-Headers: x\r\nSet-Cookie: a=b"}})
	if g.header.Get("Access-Control-Allow-Headers") != "" || g.header.Get("Set-Cookie") != "" {
		t.Errorf("an odd header list was repeated: %v", g.header)
	}
	star := Guard(GuardOptions{Origins: []string{"*", "null"}}, http.NotFoundHandler())
	for _, origin := range []string{"*", "null", "https://evil.test"} {
		r := httptest.NewRequest("POST", "/v1/chat/completions", nil)
		r.Host = "localhost"
		r.Header.Set("Origin", origin)
		w := httptest.NewRecorder()
		star.ServeHTTP(w, r)
		if w.Code != 403 || w.Header().Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("CORS_ORIGIN=*, Origin %q: %d %v", origin, w.Code, w.Header())
		}
	}
}

// TestBounce: who follows a link from elsewhere is refused, but shown the
// way; the part after # must survive, because the sign-in token is there.
func TestBounce(t *testing.T) {
	h := newHouse(t)
	g := h.do(ask{text: "GET /", headers: []string{"Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"}})
	if g.status != 403 || g.body != bouncePage {
		t.Errorf("%d %s", g.status, g.body)
	}
	sum := sha256.Sum256([]byte(bounceScript))
	if want := "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; bounceScriptHash != want {
		t.Errorf("the hash of the script in the policy is %s, want %s", bounceScriptHash, want)
	}
	csp := g.header.Get("Content-Security-Policy")
	if !strings.Contains(csp, bounceScriptHash) || !strings.Contains(csp, "frame-ancestors 'none'") {
		t.Errorf("policy: %s", csp)
	}
}

func TestRefusalsInOtherWords(t *testing.T) {
	g := Guard(GuardOptions{}, http.NotFoundHandler()).(*guard)
	g.refuseWith = refuseTeapot
	for path, want := range map[string]int{"/v1/models": http.StatusTeapot, "/api/keys": 421} {
		r := httptest.NewRequest("GET", path, nil)
		r.Host = "evil.test"
		w := httptest.NewRecorder()
		g.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%s: %d, want %d", path, w.Code, want)
		}
	}
}

type silent struct{}

func (silent) Header() http.Header         { return nil }
func (silent) Write(b []byte) (int, error) { return len(b), nil }
func (silent) WriteHeader(int)             {}
func (silent) ServeHTTP(http.ResponseWriter, *http.Request) {
}

func agentRequest() *http.Request {
	r := httptest.NewRequest("POST", "/v1/messages", nil)
	r.Host = "127.0.0.1:20128"
	r.Header.Set("Authorization", "Bearer x")
	r.Header.Set("Content-Type", "application/json")
	return r
}

func TestGuardDoesNotAllocate(t *testing.T) {
	g := Guard(GuardOptions{Hosts: []string{"gw.example.com"}}, silent{})
	r := agentRequest()
	for _, host := range []string{"127.0.0.1:20128", "localhost:20128", "[::1]:20128", "127.0.0.2:1"} {
		r.Host = host
		if n := testing.AllocsPerRun(100, func() { g.ServeHTTP(silent{}, r) }); n != 0 {
			t.Errorf("Host %s: %v allocations, want none", host, n)
		}
	}
}

func BenchmarkGuard(b *testing.B) {
	g := Guard(GuardOptions{Hosts: []string{"gw.example.com"}}, silent{})
	r := agentRequest()
	b.ReportAllocs()
	for b.Loop() {
		g.ServeHTTP(silent{}, r)
	}
}

func refuseTeapot(w http.ResponseWriter, r *http.Request, _ *fault.Error) bool {
	if !strings.HasPrefix(r.URL.Path, "/v1/") {
		return false
	}
	w.WriteHeader(http.StatusTeapot)
	return true
}
