package control

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"omniroute/backend/fault"
)

func TestDirectCaller(t *testing.T) {
	h := newHouse(t)
	key := h.call(201, "POST /api/keys", map[string]any{"name": "agent"}).str("key")
	for _, c := range []struct {
		name    string
		remote  string
		headers []string
		owner   ownership
		want    int
	}{
		{name: "curl on this computer", want: 200},
		{name: "over IPv6", remote: "[::1]:50000", want: 200},
		{name: "mapped", remote: "[::ffff:127.0.0.1]:50000", want: 200},
		{name: "another loopback address", remote: "127.9.9.9:50000", want: 200},
		{name: "our user", owner: ownerOurs, want: 200},
		{name: "node's fetch", headers: []string{"Sec-Fetch-Mode: cors", "Accept-Language: *"}, want: 200},
		{name: "a stale bearer", headers: []string{"Authorization: Bearer nothing"}, want: 200},
		{name: "a key for /v1", headers: []string{"Authorization: Bearer " + key}, want: 200},
		{name: "another user", owner: ownerForeign, want: 401},
		{name: "who is gone already", owner: ownerNobody, want: 401},
		{name: "another computer", remote: "192.168.1.20:50000", want: 401},
		{name: "no address", remote: "@", want: 401},
		{name: "Forwarded", headers: []string{"Forwarded: for=1.2.3.4"}, want: 401},
		{name: "X-Forwarded-For", headers: []string{"X-Forwarded-For: 127.0.0.1"}, want: 401},
		{name: "X-Forwarded-Proto, empty", headers: []string{"X-Forwarded-Proto: "}, want: 401},
		{name: "X-Forwarded-Anything", headers: []string{"x-forwarded-anything: 1"}, want: 401},
		{name: "X-Real-IP", headers: []string{"X-Real-IP: 127.0.0.1"}, want: 401},
		{name: "Via", headers: []string{"Via: 1.1 proxy"}, want: 401},
		{name: "CF-Connecting-IP", headers: []string{"CF-Connecting-IP: 127.0.0.1"}, want: 401},
		{name: "CF-Ray", headers: []string{"cf-ray: 1"}, want: 401},
		{name: "Referer", headers: []string{"Referer: http://127.0.0.1:20128/"}, want: 401},
		{name: "own page without a session", headers: []string{"Origin: http://127.0.0.1:20128"}, want: 401},
		{name: "own page, no origin", headers: []string{"Sec-Fetch-Site: same-origin"}, want: 401},
		{name: "own page with the admin token", headers: []string{"Origin: http://127.0.0.1:20128", h.admin()}, want: 200},
		{name: "another computer with the admin token", remote: "192.168.1.20:50000", headers: []string{h.admin()}, want: 200},
		{name: "through a proxy with the admin token", headers: []string{"X-Forwarded-For: 1.2.3.4", h.admin()}, want: 200},
		{name: "another user with a key for /v1", owner: ownerForeign, headers: []string{"Authorization: Bearer " + key, "X-Api-Key: " + key}, want: 401},
		{name: "another user with half the admin token", owner: ownerForeign, headers: []string{h.admin()[:40]}, want: 401},
		{name: "another user with the admin token as a basic password", owner: ownerForeign, headers: []string{"Authorization: Basic " + h.token.Reveal()}, want: 401},
	} {
		h.owner.Store(uint32(c.owner))
		g := h.do(ask{text: "GET /api/keys", remote: c.remote, headers: c.headers})
		if g.status != c.want {
			t.Errorf("%s: status %d, want %d: %s", c.name, g.status, c.want, g.body)
		}
		if c.want == 401 && (g.str("error.kind") != "unauthorized" || g.str("error.message") == "") {
			t.Errorf("%s: %s", c.name, g.body)
		}
	}
	h.owner.Store(0)
	if g := h.do(ask{text: "GET /api/keys", headers: []string{"Sec-Fetch-Site: same-origin"}}); !strings.Contains(g.str("error.message"), "omniroute open") {
		t.Errorf("a browser without a session is not told what to do: %s", g.body)
	}
}

func TestNoDirectCallerBehindAnotherName(t *testing.T) {
	h := open(t, t.TempDir(), func(a *AccessOptions, _ *Rooms) { a.LoopbackOnly = false })
	h.call(401, "GET /api/keys", nil)
	h.call(200, "GET /api/keys", nil, h.admin())
	if link := h.access.Link("https://gw.example.com"); strings.Contains(link, "#") {
		t.Errorf("a sign-in link for callers from elsewhere: %s", link)
	}
}

// TestOnlyTheProven is the second paragraph of rulings 1.1.
func TestOnlyTheProven(t *testing.T) {
	h := newHouse(t)
	node := h.call(201, "POST /api/provider-nodes", map[string]any{"name": "box", "prefix": "box", "type": "openai-compatible", "baseUrl": "http://127.0.0.1:9"}).str("node.id")
	id := h.call(201, "POST /api/providers", map[string]any{"provider": node, "name": "a", "apiKey": "k1"}).str("connection.id")
	for _, c := range []struct {
		text string
		body map[string]any
		ok   int
	}{
		{"PATCH /api/settings", map[string]any{"requireLogin": false}, 200},
		{"PATCH /api/settings", map[string]any{"enableRequestLogs": true}, 200},
		{"PUT /api/providers/" + id, map[string]any{"baseUrl": "http://127.0.0.1:10"}, 200},
		{"PUT /api/provider-nodes/" + node, map[string]any{"baseUrl": "http://127.0.0.1:11"}, 200},
		{"POST /api/providers", map[string]any{"provider": "claude", "name": "r", "kind": "relay", "baseUrl": "http://127.0.0.1:12"}, 201},
		{"POST /api/system/sign-in-link", nil, 200},
		{"PATCH /api/settings", map[string]any{"password": "a long enough one"}, 200},
	} {
		if c.text == "PUT /api/provider-nodes/"+node { // back to where the node's address decides
			h.call(200, "PUT /api/providers/"+id, map[string]any{"baseUrl": ""}, h.admin())
		}
		before := h.holder.Now().Rev
		if g := h.do(ask{text: c.text, body: c.body}); g.status != 401 {
			t.Errorf("%s %v by a direct caller: status %d, want 401: %s", c.text, c.body, g.status, g.body)
		}
		if h.holder.Now().Rev != before {
			t.Errorf("%s %v was refused but changed the settings", c.text, c.body)
		}
		h.call(c.ok, c.text, c.body, h.admin())
	}
}

func TestWhatIsOpenUnderAPassword(t *testing.T) {
	h := newHouse(t)
	setPassword(t, h)
	for _, r := range h.routes() {
		method, path := r.Method, strings.NewReplacer("{id}", "x", "{$}", "").Replace(r.Path)
		if method == "" {
			method = "GET"
		}
		g := h.do(ask{text: method + " " + path, body: map[string]any{}})
		closed := g.status == 401 && g.str("error.kind") == "unauthorized" && !strings.Contains(path, "/auth/")
		if want := r.Tier == TierAPI; closed != want {
			t.Errorf("%s %s (tier %s): status %d %s", method, path, r.Tier, g.status, g.body)
		}
	}
	for _, path := range []string{"/api/monitoring/health", "/api/x", "/api", "/api/"} {
		if g := h.do(ask{text: "GET " + path}); g.status != 401 {
			t.Errorf("GET %s: status %d, want 401", path, g.status)
		}
		if g := h.do(ask{text: "GET " + path, headers: []string{h.admin()}}); g.status != 404 || g.str("error.kind") != "not_found" {
			t.Errorf("GET %s with the admin token: %d %s", path, g.status, g.body)
		}
	}
	key := h.call(201, "POST /api/keys", map[string]any{"name": "agent"}, h.admin()).str("key")
	for _, header := range []string{"Authorization: Bearer " + key, "X-Api-Key: " + key, "X-OmniRoute-Key: " + key} {
		h.call(401, "GET /api/keys", nil, header)
	}
	h.call(401, "GET /api/keys?key="+key, nil)
}

func TestLoginOffIsForDirectCallersOnly(t *testing.T) {
	h := newHouse(t)
	setPassword(t, h)
	h.call(401, "PATCH /api/settings", map[string]any{"requireLogin": false})
	h.call(200, "PATCH /api/settings", map[string]any{"requireLogin": false}, h.admin())
	h.call(200, "GET /api/keys", nil)
	h.call(401, "GET /api/keys", nil, "X-Forwarded-For: 1.2.3.4")
	h.call(401, "PATCH /api/settings", map[string]any{"requireLogin": true})
}

func TestAdminToken(t *testing.T) {
	dir := t.TempDir()
	first, err := AdminToken(dir)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, AdminTokenFile)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v, %v", info.Mode(), err)
	}
	if text, _ := os.ReadFile(path); strings.TrimSpace(string(text)) != first.Reveal() || strings.Count(string(text), "\n") != 1 || len(first.Reveal()) < 43 {
		t.Errorf("the file holds %q", text)
	}
	if again, err := AdminToken(dir); err != nil || again.Reveal() != first.Reveal() {
		t.Errorf("a second start makes another token: %v", err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if other, err := AdminToken(dir); err != nil || other.Reveal() == first.Reveal() {
		t.Errorf("a token that others could read is still trusted: %v", err)
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v after repair", info.Mode())
	}
}

func TestInitialAndMadePasswords(t *testing.T) {
	exposed := open(t, t.TempDir(), func(a *AccessOptions, _ *Rooms) { a.LoopbackOnly = false })
	for _, weak := range []fault.Secret{"short", "123456", "CHANGEME", "changeme", "password", "12345678"} {
		if err := CheckPassword(weak); err == nil || fault.KindOf(err) != fault.Invalid {
			t.Errorf("password %q: %v", weak.Reveal(), err)
		}
		if err := exposed.access.InitialPassword(t.Context(), weak); err == nil || exposed.access.PasswordSet() {
			t.Errorf("where others reach us, INITIAL_PASSWORD %q: %v", weak.Reveal(), err)
		}
	}
	h := newHouse(t)
	for _, public := range []fault.Secret{"", "123456", "CHANGEME"} {
		if err := h.access.InitialPassword(t.Context(), public); err != nil || h.access.PasswordSet() {
			t.Errorf("on loopback, INITIAL_PASSWORD %q is not ignored: %v", public.Reveal(), err)
		}
	}
	if short := newHouse(t); short.access.InitialPassword(t.Context(), "s3cret") != nil || !short.access.PasswordSet() {
		t.Error("on loopback, a short INITIAL_PASSWORD of the user's own is not taken")
	}
	if err := h.access.InitialPassword(t.Context(), "from the environment"); err != nil {
		t.Fatal(err)
	}
	if s := h.holder.Now().Settings; s.PasswordHash == "" || !s.SetupComplete || strings.Contains(s.PasswordHash, "environment") || !strings.HasPrefix(s.PasswordHash, "$argon2id$v=19$m=65536,") {
		t.Errorf("stored: %q", s.PasswordHash)
	}
	hash := h.holder.Now().Settings.PasswordHash
	if err := h.access.InitialPassword(t.Context(), "another from there"); err != nil || h.holder.Now().Settings.PasswordHash != hash {
		t.Errorf("INITIAL_PASSWORD replaced a password: %v", err)
	}
	if p, err := h.access.MakePassword(t.Context()); err != nil || p != "" {
		t.Errorf("made a password beside one: %v", err)
	}
	other := newHouse(t)
	p, err := other.access.MakePassword(t.Context())
	if err != nil || len(p.Reveal()) < 20 || !samePassword(p, other.holder.Now().Settings.PasswordHash) {
		t.Errorf("made password: %v", err)
	}
	if samePassword("x", "$argon2id$v=19$m=1,t=0,p=1$AA$AA") || samePassword("x", "x") || samePassword("", "") {
		t.Error("a broken hash matches")
	}
}

const testPassword = "correct horse battery"

func setPassword(t *testing.T, h *house) {
	t.Helper()
	if err := h.access.InitialPassword(t.Context(), testPassword); err != nil {
		t.Fatal(err)
	}
}

// page is a signed-in browser.
type page struct{ cookie, csrf string }

func (p page) headers() []string {
	return []string{"Origin: http://127.0.0.1:20128", "Sec-Fetch-Site: same-origin", "Content-Type: application/json", "Cookie: " + p.cookie, CSRFHeader + ": " + p.csrf}
}

func (h *house) login(password string, headers ...string) (page, got) {
	h.t.Helper()
	g := h.do(ask{text: "POST /api/auth/login", body: map[string]any{"password": password}, headers: append([]string{"Origin: http://127.0.0.1:20128", "Content-Type: application/json"}, headers...)})
	return pageOf(g), g
}

func pageOf(g got) page {
	for _, c := range (&http.Response{Header: g.header}).Cookies() {
		if c.Name == CookieName {
			return page{c.Name + "=" + c.Value, g.str("csrf")}
		}
	}
	return page{}
}

func TestSessions(t *testing.T) {
	dir := t.TempDir()
	h := open(t, dir, nil)
	setPassword(t, h)
	p, g := h.login(testPassword)
	if g.status != 200 || g.at("success") != true || p.csrf == "" {
		t.Fatalf("login: %d %s", g.status, g.body)
	}
	cookie := g.header.Get("Set-Cookie")
	for _, part := range []string{"HttpOnly", "SameSite=Strict", "Path=/"} {
		if !strings.Contains(cookie, part) {
			t.Errorf("cookie %q lacks %s", cookie, part)
		}
	}
	if strings.Contains(cookie, "Secure") {
		t.Errorf("cookie %q cannot work over http", cookie)
	}
	for name, c := range map[string]struct {
		headers []string
		want    int
	}{
		"whole":                 {p.headers(), 200},
		"cookie alone":          {[]string{"Cookie: " + p.cookie}, 403},
		"cookie and origin":     {[]string{"Cookie: " + p.cookie, "Origin: http://127.0.0.1:20128"}, 403},
		"wrong csrf":            {[]string{"Cookie: " + p.cookie, CSRFHeader + ": " + p.csrf[1:]}, 403},
		"csrf alone":            {[]string{CSRFHeader + ": " + p.csrf}, 401},
		"another cookie before": {[]string{"Cookie: " + CookieName + "=toss; " + p.cookie, CSRFHeader + ": " + p.csrf}, 200},
		"cookie as csrf":        {[]string{"Cookie: " + p.cookie, CSRFHeader + ": " + strings.TrimPrefix(p.cookie, CookieName+"=")}, 403},
	} {
		if g := h.do(ask{text: "GET /api/keys", headers: c.headers}); g.status != c.want {
			t.Errorf("%s: status %d, want %d: %s", name, g.status, c.want, g.body)
		} else if c.want == 403 && g.str("error.param") != CSRFHeader {
			t.Errorf("%s: the page cannot tell what is missing: %s", name, g.body)
		}
	}
	if g := h.do(ask{text: "GET /api/auth/status", headers: []string{"Cookie: " + p.cookie}}); g.at("authenticated") != false || strings.Contains(g.body, p.csrf) {
		t.Errorf("status for the cookie alone: %s", g.body)
	}
	if g := h.do(ask{text: "GET /api/auth/status", headers: p.headers()}); g.at("authenticated") != true || g.at("passwordSet") != true || g.at("setupRequired") != false {
		t.Errorf("status for the page: %s", g.body)
	}
	second, _ := h.login(testPassword, "Cookie: "+p.cookie)
	if second.cookie == p.cookie {
		t.Error("the session was not renewed at login")
	}
	h.call(401, "GET /api/keys", nil, p.headers()...)
	h.call(200, "GET /api/keys", nil, second.headers()...)

	if g := h.do(ask{text: "POST /api/auth/logout", headers: []string{"Cookie: " + second.cookie}}); g.status != 200 {
		t.Errorf("logout without proof: %d", g.status)
	}
	h.call(200, "GET /api/keys", nil, second.headers()...)
	g = h.call(200, "POST /api/auth/logout", nil, second.headers()...)
	if g.at("authenticated") != false || g.at("passwordSet") != true || !strings.Contains(g.header.Get("Set-Cookie"), "Max-Age=0") {
		t.Errorf("logout: %s %v", g.body, g.header)
	}
	h.call(401, "GET /api/keys", nil, second.headers()...)
}

func TestSessionsEnd(t *testing.T) {
	h := newHouse(t)
	setPassword(t, h)
	p, _ := h.login(testPassword)
	for range 3 { // used now and then it lives on
		h.clock.advance(11 * time.Hour)
		h.call(200, "GET /api/keys", nil, p.headers()...)
	}
	h.clock.advance(sessionIdle + time.Second)
	h.call(401, "GET /api/keys", nil, p.headers()...)
	p, _ = h.login(testPassword)
	for range 30 * 24 / 11 {
		h.clock.advance(11 * time.Hour)
		h.do(ask{text: "GET /api/keys", headers: p.headers()})
	}
	h.clock.advance(11 * time.Hour)
	h.call(401, "GET /api/keys", nil, p.headers()...)
}

func TestANewPasswordEndsOtherSessions(t *testing.T) {
	h := newHouse(t)
	setPassword(t, h)
	mine, _ := h.login(testPassword)
	other, _ := h.login(testPassword)
	next := map[string]any{"password": "another long password"}
	h.call(403, "PATCH /api/settings", next, mine.headers()...)
	next["currentPassword"] = "wrong"
	h.call(403, "PATCH /api/settings", next, mine.headers()...)
	next["currentPassword"] = testPassword
	g := h.call(200, "PATCH /api/settings", next, mine.headers()...)
	if g.at("hasPassword") != true || strings.Contains(g.body, "argon2") {
		t.Errorf("answer: %s", g.body)
	}
	h.call(200, "GET /api/keys", nil, mine.headers()...)
	h.call(401, "GET /api/keys", nil, other.headers()...)
	if _, g := h.login(testPassword); g.status != 401 {
		t.Errorf("the old password still opens: %d", g.status)
	}
	h.call(400, "PATCH /api/settings", map[string]any{"password": "123456"}, h.admin())
	h.call(200, "PATCH /api/settings", map[string]any{"password": ""}, h.admin())
	h.call(401, "GET /api/keys", nil, mine.headers()...)
	h.call(200, "GET /api/keys", nil)
}

func TestNoPasswordOffWhereOthersReachUs(t *testing.T) {
	h := open(t, t.TempDir(), func(a *AccessOptions, _ *Rooms) { a.LoopbackOnly, a.SecureCookie = false, true })
	setPassword(t, h)
	h.call(409, "PATCH /api/settings", map[string]any{"password": ""}, h.admin())
	if _, g := h.login(testPassword); !strings.Contains(g.header.Get("Set-Cookie"), "; Secure") {
		t.Errorf("cookie %q is not Secure", g.header.Get("Set-Cookie"))
	}
}

// TestRestart: sessions and wrong tries outlive the process; the database
// holds no secret of theirs.
func TestRestart(t *testing.T) {
	dir := t.TempDir()
	var p page
	t.Run("before", func(t *testing.T) {
		h := open(t, dir, nil)
		setPassword(t, h)
		p, _ = h.login(testPassword)
		h.call(200, "GET /api/keys", nil, p.headers()...)
		for range freeTries {
			h.login("wrong", "X-Test: 1")
		}
	})
	t.Run("after", func(t *testing.T) {
		h := open(t, dir, nil)
		h.call(200, "GET /api/keys", nil, p.headers()...)
		if _, g := h.login(testPassword); g.status != 429 {
			t.Errorf("a restart forgets the wrong tries: %d", g.status)
		}
	})
	for _, secret := range []string{strings.TrimPrefix(p.cookie, CookieName+"="), p.csrf, testPassword} {
		for _, f := range grepDir(t, dir, secret) {
			t.Errorf("%s holds a secret of the session", f)
		}
	}
}

func grepDir(t *testing.T, dir, text string) (files []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if strings.Contains(string(b), text) {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
