package control

import (
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"omniroute/backend/fault"
)

// GuardOptions says under which names the gateway may be addressed and which
// web pages may call it. Read only after Guard was called.
type GuardOptions struct {
	// Hosts are further own host names or addresses, without port: the host
	// of BASE_URL, an address bound on purpose.
	Hosts []string
	// Own are further own origins, e.g. https://gw.example.com when a reverse
	// proxy does the TLS. A page of one of them is our own page.
	Own []string
	// Origins are foreign origins (CORS_ORIGIN) that may call /v1, and
	// nothing else.
	Origins []string
	// Refuse writes a refusal in other words than those of /api, for the
	// paths it takes; it returns false for the others. May be nil.
	Refuse func(http.ResponseWriter, *http.Request, *fault.Error) bool
}

// Guard stands before every route, static files and unknown paths included
// (rulings 1.2): it refuses foreign Host names, foreign web pages, and
// requests that a browser makes on behalf of another site. It is what keeps
// DNS rebinding and pages on other local ports out; who is calling is
// Access's question.
func Guard(o GuardOptions, next http.Handler) http.Handler {
	g := &guard{next: next, refuseWith: o.Refuse, hosts: nameSet(o.Hosts, strings.ToLower), own: nameSet(o.Own, nil), origins: nameSet(o.Origins, nil)}
	delete(g.origins, "*") // never everyone (rulings 1.7)
	delete(g.origins, "null")
	delete(g.own, "null")
	return g
}

type guard struct {
	next                http.Handler
	refuseWith          func(http.ResponseWriter, *http.Request, *fault.Error) bool
	hosts, own, origins map[string]bool
}

func nameSet(list []string, norm func(string) string) map[string]bool {
	m := make(map[string]bool, len(list))
	for _, s := range list {
		if s = strings.TrimSpace(s); s == "" {
			continue
		}
		if norm != nil {
			s = norm(s)
		}
		m[s] = true
	}
	return m
}

// ServeHTTP lets the usual request of an agent through without allocating.
func (g *guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !g.ownHost(r.Host) {
		g.refuse(w, r, http.StatusMisdirectedRequest, "This host name is not one of this gateway's. Use http://127.0.0.1 or localhost with the gateway's port, or set BASE_URL to the address you use.")
		return
	}
	origins, site := r.Header["Origin"], r.Header["Sec-Fetch-Site"]
	if origins == nil && site == nil {
		g.next.ServeHTTP(w, r)
		return
	}
	g.browser(w, r, origins, site)
}

// browser judges a request that carries what only browsers send.
func (g *guard) browser(w http.ResponseWriter, r *http.Request, origins, site []string) {
	if len(origins) > 1 || len(site) > 1 {
		g.refuse(w, r, http.StatusForbidden, "The request names more than one origin.")
		return
	}
	if len(origins) == 1 {
		origin := origins[0]
		if g.origins[origin] && underV1(r.URL.Path) {
			g.cors(w, r, origin)
			return
		}
		if !g.ownOrigin(r, origin) {
			g.refuse(w, r, http.StatusForbidden, "Web pages of another origin may not call this gateway. For /v1 an exact origin can be allowed with CORS_ORIGIN.")
			return
		}
	}
	if len(site) == 1 && site[0] != "same-origin" && !(site[0] == "none" && r.Method == http.MethodGet && IsPage(r.URL.Path)) {
		if r.Method == http.MethodGet && IsPage(r.URL.Path) && r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document" {
			bounce(w)
			return
		}
		g.refuse(w, r, http.StatusForbidden, "A browser sent this on behalf of another site, or outside of the dashboard. Open the dashboard's own page instead.")
		return
	}
	g.next.ServeHTTP(w, r)
}

// IsPage reports the path of the dashboard's one document.
func IsPage(path string) bool { return path == "/" || path == "/index.html" }

// underV1 does not trust dots: the mux would clean them away later.
func underV1(path string) bool {
	return path == "/v1" || strings.HasPrefix(path, "/v1/") && !strings.Contains(path, "..")
}

// ownHost reports whether the Host header names us; the port may be any,
// because containers map it. Odd spellings of a right address (decimal,
// IPv4-mapped, trailing dot, user info) are wrong: nothing we print has them.
func (g *guard) ownHost(host string) bool {
	name, ok := hostName(host)
	if !ok {
		return false
	}
	switch {
	case name == "127.0.0.1", strings.EqualFold(name, "localhost"), name == "[::1]":
		return true
	case strings.HasPrefix(name, "127."):
		ip, err := netip.ParseAddr(name)
		return err == nil && ip.Is4()
	}
	return len(g.hosts) > 0 && (g.hosts[strings.ToLower(name)] || g.hosts[strings.ToLower(strings.Trim(name, "[]"))])
}

// hostName cuts the port off a Host header; false when it is no plain
// name[:port].
func hostName(host string) (string, bool) {
	end := len(host)
	if strings.HasPrefix(host, "[") {
		i := strings.IndexByte(host, ']')
		if i < 0 {
			return "", false
		}
		end = i + 1
	} else if i := strings.IndexByte(host, ':'); i >= 0 {
		end = i
	}
	name, port := host[:end], host[end:]
	if name == "" {
		return "", false
	}
	if port == "" {
		return name, true
	}
	if port[0] != ':' || len(port) < 2 || len(port) > 6 {
		return "", false
	}
	for i := 1; i < len(port); i++ {
		if port[i] < '0' || port[i] > '9' {
			return "", false
		}
	}
	return name, true
}

// ownOrigin compares exactly: scheme and Host of this very request, or a
// configured own origin.
func (g *guard) ownOrigin(r *http.Request, origin string) bool {
	scheme := "http://"
	if r.TLS != nil {
		scheme = "https://"
	}
	if rest, ok := strings.CutPrefix(origin, scheme); ok && rest == r.Host {
		return true
	}
	return g.own[origin]
}

// cors answers a listed foreign page, preflight included. Requests to a
// private network are never promised, and no credentials travel: keys are
// headers.
func (g *guard) cors(w http.ResponseWriter, r *http.Request, origin string) {
	h := w.Header()
	h["Access-Control-Allow-Origin"] = []string{origin}
	h.Add("Vary", "Origin")
	h["Access-Control-Expose-Headers"] = []string{"Retry-After, X-OmniRoute-Request-Id, X-OmniRoute-Model, X-OmniRoute-Combo, X-OmniRoute-Attempts, X-OmniRoute-Cache, X-OmniRoute-Cost"}
	if r.Method != http.MethodOptions {
		g.next.ServeHTTP(w, r)
		return
	}
	h["Access-Control-Allow-Methods"] = []string{"GET, POST, OPTIONS"}
	if asked := r.Header.Get("Access-Control-Request-Headers"); asked != "" && len(asked) <= 4096 && plainHeaderList(asked) {
		h["Access-Control-Allow-Headers"] = []string{asked}
	}
	h["Access-Control-Max-Age"] = []string{strconv.Itoa(600)}
	w.WriteHeader(http.StatusNoContent)
}

// plainHeaderList accepts only what header names, commas and spaces are made
// of, since it is repeated in a header of ours.
func plainHeaderList(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == ',' || c == ' ') {
			return false
		}
	}
	return true
}

func (g *guard) refuse(w http.ResponseWriter, r *http.Request, status int, why string) {
	e := fault.New(fault.Forbidden, "control.guard", "%s", why)
	e.Status = status
	if g.refuseWith != nil && g.refuseWith(w, r, e) {
		return
	}
	writeError(w, e)
}

// bouncePage takes a person on who followed a link from elsewhere to the
// dashboard, for example from the file that "omniroute open" writes: the
// request itself is refused like every other from another site, but our own
// page may ask again, and the part after # survives only so.
const (
	bouncePage = `<!doctype html><meta charset="utf-8"><title>OmniRoute</title><p>You came here from another page. <a href="/">Open the dashboard</a>.</p><script>` + bounceScript + `</script>`

	bounceScript     = `location.replace("/?"+location.hash)`
	bounceScriptHash = `'sha256-XCueJAEgohGwmICKE+SymEDet8bo5BkW7wEjvfNPL5c='`
)

func bounce(w http.ResponseWriter) {
	h := w.Header()
	h["Content-Type"] = []string{"text/html; charset=utf-8"}
	h["Content-Security-Policy"] = []string{"default-src 'none'; script-src " + bounceScriptHash + "; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"}
	h["X-Content-Type-Options"] = []string{"nosniff"}
	h["Referrer-Policy"] = []string{"no-referrer"}
	h["Cache-Control"] = []string{"no-store"}
	w.WriteHeader(http.StatusForbidden)
	_, _ = w.Write([]byte(bouncePage))
}

// OriginOf returns scheme://host[:port] of a URL as a browser would send it,
// "" when it is none; for filling GuardOptions.
func OriginOf(rawURL string) string {
	u, err := url.Parse(strings.TrimSpace(rawURL))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return ""
	}
	host := strings.ToLower(u.Host)
	if u.Scheme == "http" {
		host = strings.TrimSuffix(host, ":80")
	} else {
		host = strings.TrimSuffix(host, ":443")
	}
	return u.Scheme + "://" + host
}
