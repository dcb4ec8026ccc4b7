package gateway_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"omniroute/backend/testkit"
	"omniroute/backend/wire"
)

// private is what a client sends that is nobody's business but ours.
func private(key string) []string {
	return []string{
		"Cookie", "auth_token=secret-cookie", "X-Forwarded-For", "10.1.2.3", "X-Forwarded-Host", "inner.example", "Forwarded", "for=10.1.2.3",
		"Via", "1.1 proxy", "X-Real-Ip", "10.1.2.3", "Authorization", "Bearer secret-client-token", "X-Api-Key", "secret-client-key",
		"X-Goog-Api-Key", "secret-google-key", "X-Omniroute-Key", key, "X-Omniroute-Anything", "secret-own", "Proxy-Authorization", "Basic secret",
		"Referer", "http://localhost/secret", "X-Custom", "secret-custom", "X-Stainless-Os", "secret-os", "Te", "trailers", "Accept-Encoding", "gzip, br",
		"Anthropic-Dangerous-Direct-Browser-Access", "secret-browser",
	}
}

// No header of the client reaches an upstream but those the ruling names
// (rulings 3.3).
func TestOnlyNamedHeadersGoUpstream(t *testing.T) {
	g := testkit.Start(t)
	_, key := g.Key("k")
	named := []string{"Accept", "Anthropic-Beta", "Anthropic-Version", "Content-Length", "Content-Type", "Openai-Beta", "User-Agent"}
	for _, up := range testkit.Formats() {
		u := g.Upstream("up-"+string(up), up)
		auth := map[wire.Format][]string{wire.Anthropic: {"X-Api-Key", "Authorization"}, wire.Gemini: {"X-Goog-Api-Key"}}[up]
		if auth == nil {
			auth = []string{"Authorization"}
		}
		for _, client := range clients() {
			for _, stream := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s to %s stream=%v", client, up, stream), func(t *testing.T) {
					headers := append(private(key), "Content-Type", "application/json", "Accept", "application/json", "User-Agent", "secret-agent/1.0",
						"Anthropic-Version", "2099-01-01", "Anthropic-Beta", "one,two", "Anthropic-Beta", "three", "Openai-Beta", "four")
					if r := g.Ask(client, u.Prefix+"/m", stream, headers...); r.Status != 200 {
						t.Fatalf("%d %s", r.Status, r.Body)
					}
					got := u.Last(t)
					for name, values := range got.Header {
						text := strings.Join(values, ",")
						switch {
						case slices.Contains(auth, name):
							if want := testkit.Secret(u.Prefix); text != want && text != "Bearer "+want {
								t.Errorf("%s: %s", name, text)
							}
						case !slices.Contains(named, name):
							t.Errorf("%s: %s reached the upstream", name, text)
						case strings.Contains(text, "secret"):
							t.Errorf("%s: %s reached the upstream", name, text)
						}
					}
					if ua := got.Header.Get("User-Agent"); ua != "omniroute/test" {
						t.Errorf("User-Agent %q", ua)
					}
					if up == wire.Anthropic {
						version, beta := "2023-06-01", ""
						if client == up {
							version, beta = "2099-01-01", "one,two,three"
						}
						if v, b := got.Header.Get("Anthropic-Version"), got.Header.Get("Anthropic-Beta"); v != version || b != beta {
							t.Errorf("version %q, beta %q", v, b)
						}
					}
					if strings.Contains(got.Query, "key") || strings.Contains(got.Host, "inner") {
						t.Errorf("query %q, host %q", got.Query, got.Host)
					}
				})
			}
		}
	}
}

func TestTheQueryTravelsWithoutTheKey(t *testing.T) {
	g := testkit.Start(t)
	u := g.Upstream("one", wire.Anthropic)
	_, key := g.Key("k")
	for query, want := range map[string]string{
		"beta=true": "beta=true", "beta=true&key=" + key: "beta=true", "key=" + key + "&beta=true&x=1": "beta=true&x=1",
		"%6bey=" + key + "&beta=true": "beta=true", "api_key=abc&beta=true": "beta=true",
	} {
		if r := g.Post("/v1/messages?"+query, body(wire.Anthropic, "one/m", false)); r.Status != 200 {
			t.Fatalf("%s: %d %s", query, r.Status, r.Body)
		}
		if got := u.Last(t).Query; got != want {
			t.Errorf("%s became %q", query, got)
		}
	}
}

// Back to the client come limits and ids, on the native road; cookies and the
// rest never (rulings 3.3).
func TestOnlyNamedHeadersComeBack(t *testing.T) {
	g := testkit.Start(t)
	ours := []string{"Content-Type", "Content-Length", "Cache-Control", "Date", "Transfer-Encoding", "X-Omniroute-Request-Id", "X-Omniroute-Model", "X-Omniroute-Attempts", "X-Omniroute-Cost"}
	back := []string{"X-Ratelimit-Remaining-Requests", "Anthropic-Ratelimit-Unified-Status", "Request-Id", "X-Request-Id", "Retry-After"}
	for _, up := range testkit.Formats() {
		u := g.Upstream("up-"+string(up), up, testkit.WithHeader(testkit.Says("hello"), "Set-Cookie", "a=b", "Server", "up/1", "X-Internal", "x", "Access-Control-Allow-Origin", "*",
			"X-Ratelimit-Remaining-Requests", "9", "Anthropic-Ratelimit-Unified-Status", "allowed", "Request-Id", "req_up", "X-Request-Id", "req_up", "Retry-After", "3",
			"X-Omniroute-Model", "forged", "X-Omniroute-Request-Id", "forged", "Strict-Transport-Security", "max-age=1", "Alt-Svc", "h3", "Content-Security-Policy", "x"))
		for _, client := range clients() {
			for _, stream := range []bool{false, true} {
				r := g.Ask(client, u.Prefix+"/m", stream)
				for name, values := range r.Header {
					native := client == up && slices.Contains(back, name)
					if !native && !slices.Contains(ours, name) || slices.Contains(values, "forged") {
						t.Errorf("%s to %s stream=%v: %s: %v came back", client, up, stream, name, values)
					}
				}
				for _, name := range back {
					if has := r.Header.Get(name) != ""; has != (client == up) {
						t.Errorf("%s to %s stream=%v: %s came back: %v", client, up, stream, name, has)
					}
				}
			}
		}
	}
}

func TestOwnReplyHeaders(t *testing.T) {
	g := testkit.Start(t)
	g.Upstream("bad", wire.OpenAIChat, testkit.Refuses(500, "boom"))
	g.Upstream("good", wire.OpenAIChat)
	g.Combo("both", "bad/m", "good/m")
	for _, f := range clients() {
		for _, stream := range []bool{false, true} {
			g.Rested()
			r := g.Ask(f, "both", stream)
			for name, want := range map[string]string{"X-OmniRoute-Model": "good/m", "X-OmniRoute-Combo": "both", "X-OmniRoute-Attempts": "2"} {
				if got := r.Header.Get(name); got != want {
					t.Errorf("%s stream=%v: %s = %q, want %q", f, stream, name, got, want)
				}
			}
			if id := r.ID(); id == "" || g.Receipt(id)["id"] != id {
				t.Errorf("%s stream=%v: id %q", f, stream, id)
			}
			r = g.Ask(f, "demo/simulated", stream)
			if r.Header.Get("X-OmniRoute-Combo") != "" || r.Header.Get("X-OmniRoute-Attempts") != "1" {
				t.Errorf("%s stream=%v: a single model: %v", f, stream, r.Header)
			}
			if cost := r.Header.Get("X-OmniRoute-Cost"); (cost != "") == stream {
				t.Errorf("%s stream=%v: cost %q", f, stream, cost)
			}
		}
	}
	seen := map[string]bool{}
	for _, path := range []string{"/v1/models", "/v1beta/models", "/api/tags", "/v1/nonsense", "/v1/models/nope"} {
		id := g.Get(path).ID()
		if id == "" || seen[id] {
			t.Errorf("%s: id %q", path, id)
		}
		seen[id] = true
	}
}

// crossOrigin reports any header that would let another page read an answer.
func crossOrigin(h http.Header) (found []string) {
	for name, v := range h {
		if strings.HasPrefix(name, "Access-Control-") {
			found = append(found, name+": "+strings.Join(v, ","))
		}
	}
	return found
}

func TestForeignPagesGetNothing(t *testing.T) {
	g := testkit.Start(t)
	u := g.Upstream("one", wire.OpenAIChat)
	paths := []string{"/", "/healthz", "/v1/models", "/v1/chat/completions", "/v1/messages", "/v1beta/models", "/api/tags", "/api/chat", "/api/keys", "/nonsense"}
	for _, origin := range []string{"http://evil.test", "null", "http://127.0.0.1:1", "http://localhost", "chrome-extension://abc", "https://" + strings.TrimPrefix(g.URL, "http://"), g.URL + ".evil.test", g.URL + "/"} {
		for _, path := range paths {
			for _, method := range []string{"GET", "POST", "OPTIONS"} {
				r := g.Do(method, path, strings.NewReader(body(wire.OpenAIChat, "one/m", false)), "Origin", origin, "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization")
				if r.Status != 403 || crossOrigin(r.Header) != nil {
					t.Errorf("%s %s from %s: %d %v", method, path, origin, r.Status, crossOrigin(r.Header))
				}
			}
		}
	}
	for _, site := range []string{"cross-site", "same-site", "none"} {
		if r := g.Post("/v1/chat/completions", body(wire.OpenAIChat, "one/m", false), "Sec-Fetch-Site", site); r.Status != 403 {
			t.Errorf("Sec-Fetch-Site %s: %d", site, r.Status)
		}
	}
	for _, host := range []string{"evil.test", "127.0.0.1.evil.test", "localhost.evil.test", "169.254.169.254", "0.0.0.0", "2130706433", "127.1", "localhost.", "[::ffff:127.0.0.1]", "127.0.0.1:99999999"} {
		for _, path := range paths {
			r := g.Get(path, "Host", host)
			if r.Status != http.StatusMisdirectedRequest {
				t.Errorf("Host %s, %s: %d", host, path, r.Status)
			}
		}
	}
	if r := g.Ask(wire.Anthropic, "one/m", false, "Host", "evil.test"); r.Status == 421 {
		if _, ok := r.Failure(wire.Anthropic); !ok {
			t.Errorf("the refusal is not in the client's words: %s", r.Body)
		}
	}
	if u.Count() != 0 {
		t.Errorf("foreign pages made %d calls", u.Count())
	}
	// Our own page, and clients that are no browsers, may.
	for _, headers := range [][]string{{"Origin", g.URL, "Sec-Fetch-Site", "same-origin"}, {"Sec-Fetch-Mode", "cors"}, {"Host", "localhost"}, {"Host", "127.0.0.1:1"}, {"Host", "[::1]:20128"}} {
		if r := g.Ask(wire.OpenAIChat, "one/m", false, headers...); r.Status != 200 || crossOrigin(r.Header) != nil {
			t.Errorf("%v: %d %v %s", headers, r.Status, crossOrigin(r.Header), r.Body)
		}
	}
}

func TestListedPagesMayCallV1AndNothingElse(t *testing.T) {
	const page = "https://app.example.com"
	g := testkit.Start(t, testkit.Env("CORS_ORIGIN", page))
	g.Upstream("one", wire.OpenAIChat)
	r := g.Ask(wire.OpenAIChat, "one/m", false, "Origin", page, "Sec-Fetch-Site", "cross-site")
	if r.Status != 200 || r.Header.Get("Access-Control-Allow-Origin") != page || r.Header.Get("Vary") != "Origin" || r.Header.Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("%d %v %s", r.Status, r.Header, r.Body)
	}
	r = g.Do("OPTIONS", "/v1/messages", nil, "Origin", page, "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization,content-type")
	if r.Status != 204 || r.Header.Get("Access-Control-Allow-Origin") != page || !strings.Contains(r.Header.Get("Access-Control-Allow-Headers"), "authorization") {
		t.Errorf("preflight: %d %v", r.Status, r.Header)
	}
	for _, path := range []string{"/api/keys", "/api/chat", "/healthz", "/", "/chat/completions"} {
		if r := g.Get(path, "Origin", page); r.Status != 403 || crossOrigin(r.Header) != nil {
			t.Errorf("%s: %d %v", path, r.Status, crossOrigin(r.Header))
		}
	}
	if r := g.Get("/v1/models", "Origin", "https://other.example.com"); r.Status != 403 || crossOrigin(r.Header) != nil {
		t.Errorf("another page: %d %v", r.Status, r.Header)
	}
}

func TestCORSForEveryoneIsRefused(t *testing.T) {
	g := testkit.Start(t, testkit.Env("CORS_ORIGIN", "*"))
	for _, origin := range []string{"*", "null", "https://app.example.com"} {
		if r := g.Get("/v1/models", "Origin", origin); r.Status != 403 || crossOrigin(r.Header) != nil {
			t.Errorf("%s: %d %v", origin, r.Status, r.Header)
		}
	}
}

// A model may be called anything; a control character in the header would
// make the whole answer unreadable for strict clients.
func TestModelNameInTheReplyHeader(t *testing.T) {
	g := testkit.Start(t)
	g.Upstream("one", wire.OpenAIChat)
	for name, want := range map[string]string{`a\u0000b`: "a%00b", `a\tb\u007f`: "a%09b%7F", "모델": "모델"} {
		r := g.Post("/v1/chat/completions", `{"model":"one/`+name+`","messages":[{"role":"user","content":"hi"}]}`)
		if got := r.Header.Get("X-Omniroute-Model"); r.Status != 200 || got != "one/"+want {
			t.Errorf("%s: %d %q", name, r.Status, got)
		}
	}
}
