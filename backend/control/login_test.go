package control

import (
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestLoginIsThrottled(t *testing.T) {
	h := newHouse(t)
	setPassword(t, h)
	for i := range freeTries {
		if _, g := h.login("wrong " + strconv.Itoa(i)); g.status != 401 || g.str("error.kind") != "unauthorized" {
			t.Fatalf("wrong try %d: %d %s", i+1, g.status, g.body)
		}
	}
	for _, password := range []string{"wrong again", testPassword} {
		_, g := h.login(password)
		if n, err := strconv.Atoi(g.header.Get("Retry-After")); g.status != 429 || err != nil || n < 1 || n > 900 {
			t.Errorf("after %d wrong tries: %d, Retry-After %q: %s", freeTries, g.status, g.header.Get("Retry-After"), g.body)
		}
	}
	other := h.do(ask{text: "POST /api/auth/login", body: map[string]any{"password": testPassword}, remote: "192.168.1.7:1000"})
	if other.status != 200 {
		t.Errorf("another address waits as well: %d %s", other.status, other.body)
	}
	h.clock.advance(firstWait + time.Second)
	if _, g := h.login(testPassword); g.status != 200 {
		t.Errorf("after the wait: %d %s", g.status, g.body)
	}
	if _, g := h.login("wrong"); g.status != 401 {
		t.Errorf("the right password did not clear the count: %d", g.status)
	}
	if !strings.Contains(h.log.String(), "wrong password") || strings.Contains(h.log.String(), "wrong again") {
		t.Errorf("log: %s", h.log)
	}
}

func TestThrottleGrowsAndForgets(t *testing.T) {
	c := &clock{}
	th := &throttle{now: c.now, tries: map[string]Tries{}}
	for range freeTries {
		if d := th.admit("a"); d != 0 {
			t.Fatalf("waits %v too early", d)
		}
	}
	want := firstWait
	for range 12 {
		d := th.admit("a")
		if d != min(want, longestWait) {
			t.Fatalf("waits %v, want %v", d, min(want, longestWait))
		}
		c.advance(d)
		if d := th.admit("a"); d != 0 {
			t.Fatalf("waits %v after its time", d)
		}
		want = min(want*2, longestWait)
	}
	c.advance(longestWait + time.Second)
	if d := th.admit("a"); d != 0 || th.tries["a"].Wrong != 1 {
		t.Errorf("not forgotten: %v %v", d, th.tries)
	}
}

func TestThrottleForEverybody(t *testing.T) {
	c := &clock{}
	th := &throttle{now: c.now, tries: map[string]Tries{}}
	for i := range freeGlobal {
		if d := th.admit(strconv.Itoa(i)); d != 0 {
			t.Fatalf("address %d waits %v", i, d)
		}
	}
	if th.admit("fresh") <= 0 {
		t.Error("many addresses together may guess on")
	}
}

// TestManyAtOnce: a burst gains no more tries than one after the other.
func TestManyAtOnce(t *testing.T) {
	c := &clock{}
	th := &throttle{now: c.now, tries: map[string]Tries{}}
	var mu sync.Mutex
	free := 0
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			if th.admit("a") == 0 {
				mu.Lock()
				free++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if free != freeTries {
		t.Errorf("%d tries, want %d", free, freeTries)
	}
}

func TestAddressOf(t *testing.T) {
	for remote, want := range map[string]string{
		"127.0.0.1:5": "127.0.0.1", "[::ffff:10.0.0.1]:5": "10.0.0.1", "[2001:db8:1:2:3:4:5:6]:5": "2001:db8:1:2::/64", "[2001:db8:1:2::9]:7": "2001:db8:1:2::/64", "junk": "unknown",
	} {
		if got := addressOf(remote); got != want {
			t.Errorf("%s: %s, want %s", remote, got, want)
		}
	}
}

func TestLoginInput(t *testing.T) {
	h := newHouse(t)
	if _, g := h.login("anything"); g.status != 403 || !strings.Contains(g.body, "omniroute open") {
		t.Errorf("login without a password set: %d %s", g.status, g.body)
	}
	setPassword(t, h)
	for _, c := range []struct {
		name    string
		body    any
		headers []string
		want    int
	}{
		{"no password", map[string]any{}, nil, 400},
		{"unknown field", map[string]any{"password": "x", "user": "y"}, nil, 400},
		{"not JSON", "password=x", nil, 400},
		{"a number", `{"password":5}`, nil, 400},
		{"a form from our page", "password=x", []string{"Origin: http://127.0.0.1:20128", "Content-Type: application/x-www-form-urlencoded"}, 415},
		{"text from our page", `{"password":"x"}`, []string{"Origin: http://127.0.0.1:20128", "Content-Type: text/plain"}, 415},
		{"curl's content type", `{"password":"` + testPassword + `"}`, []string{"Content-Type: application/x-www-form-urlencoded"}, 200},
		{"large", `{"password":"` + strings.Repeat("x", maxOpenBody) + `"}`, nil, 413},
	} {
		if g := h.do(ask{text: "POST /api/auth/login", body: c.body, headers: c.headers}); g.status != c.want {
			t.Errorf("%s: %d, want %d: %s", c.name, g.status, c.want, g.body)
		}
	}
}

func TestSignInLink(t *testing.T) {
	h := newHouse(t)
	browser := []string{"Origin: http://127.0.0.1:20128", "Sec-Fetch-Site: same-origin", "Content-Type: application/json", "Referer: http://127.0.0.1:20128/"}
	token := func() string {
		link := h.access.Link("http://127.0.0.1:20128")
		tok, ok := strings.CutPrefix(link, "http://127.0.0.1:20128/#/sign-in/")
		if !ok || len(tok) < 43 {
			t.Fatalf("link %q", link)
		}
		return tok
	}
	signIn := func(tok, remote string, headers ...string) got {
		return h.do(ask{text: "POST /api/auth/sign-in", body: map[string]any{"token": tok}, remote: remote, headers: append(headers, browser...)})
	}
	one := token()
	for name, g := range map[string]got{
		"from elsewhere":   signIn(one, "192.168.1.4:9"),
		"through a proxy":  signIn(one, "", "X-Forwarded-For: 127.0.0.1"),
		"through a tunnel": signIn(one, "", "CF-Connecting-IP: 1.2.3.4"),
	} {
		if g.status != 403 {
			t.Errorf("%s: %d %s", name, g.status, g.body)
		}
	}
	h.owner.Store(uint32(ownerForeign))
	if g := signIn(one, ""); g.status != 403 {
		t.Errorf("by another user: %d", g.status)
	}
	h.owner.Store(uint32(ownerUnknown))
	if g := signIn("!"+one[1:], ""); g.status != 401 {
		t.Errorf("a wrong token: %d", g.status)
	}
	g := signIn(one, "")
	p := pageOf(g)
	if g.status != 200 || g.at("success") != true || p.csrf == "" {
		t.Fatalf("sign-in: %d %s", g.status, g.body)
	}
	h.call(200, "GET /api/keys", nil, p.headers()...)
	h.call(200, "PATCH /api/settings", map[string]any{"enableRequestLogs": true}, p.headers()...)
	if g := signIn(one, ""); g.status != 401 {
		t.Errorf("twice: %d", g.status)
	}
	late := token()
	h.clock.advance(linkLife)
	if g := signIn(late, ""); g.status != 401 {
		t.Errorf("after 15 minutes: %d", g.status)
	}
	for range maxLinks + 5 {
		token()
	}
	if n := len(h.access.links.byHash); n > maxLinks {
		t.Errorf("%d links are held", n)
	}
	early := token()
	setPassword(t, h)
	if g := signIn(early, ""); g.status != 403 {
		t.Errorf("beside a password: %d", g.status)
	}
	if link := h.access.Link("http://127.0.0.1:20128"); strings.Contains(link, "#") {
		t.Errorf("a link beside a password: %s", link)
	}
	if files := grepDir(t, h.dir, one); len(files) > 0 {
		t.Errorf("the token of a link lies in %v", files)
	}
}
