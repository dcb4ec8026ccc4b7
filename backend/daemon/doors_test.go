package daemon

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"omniroute/backend/control"
	"omniroute/backend/gateway"
)

// visitor asks a running daemon with fixed headers.
type visitor struct {
	t       *testing.T
	d       *Daemon
	headers []string // "Name: value"
}

func (v visitor) ask(method, path, body string) (status int, answer map[string]any, header http.Header) {
	v.t.Helper()
	req, err := http.NewRequest(method, v.d.URL()+path, strings.NewReader(body))
	if err != nil {
		v.t.Fatal(err)
	}
	for _, line := range v.headers {
		name, value, _ := strings.Cut(line, ": ")
		if name == "Host" {
			req.Host = value
			continue
		}
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		v.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil && !strings.Contains(err.Error(), "EOF") {
		v.t.Fatal(err)
	}
	_ = json.Unmarshal(text, &answer) // pages are no JSON
	return resp.StatusCode, answer, resp.Header
}

// door is a route as a request. Some say the same to everyone, key or not:
// what does not exist, and what was never served.
type door struct {
	method, path string
	tier         control.Tier
	same         bool
}

func everyDoor(d *Daemon) (out []door) {
	for _, r := range d.table(&gateway.Server{}) {
		one := door{method: r.Method, path: strings.NewReplacer("{$}", "", "{id}", "x", "{provider}", "x", "{model...}", "x", "{name...}", "index-0.js").Replace(r.Path), tier: r.Tier}
		if one.method == "" {
			one.method, one.same = http.MethodGet, true
		}
		if r.Tier == control.TierDataPlane && (one.method == http.MethodGet && strings.HasSuffix(one.path, "/responses") || strings.HasSuffix(one.path, "/completions") && !strings.HasSuffix(one.path, "/chat/completions")) {
			one.same = true
		}
		out = append(out, one)
	}
	return out
}

// TestEveryDoorAgainstEveryVisitor walks what is really mounted, as a page of
// another site, as a rebound name, and as callers with the wrong kind of proof
// (rulings 1).
func TestEveryDoorAgainstEveryVisitor(t *testing.T) {
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	d := started(t)
	token, err := os.ReadFile(filepath.Join(d.opts.Env.DataDir, control.AdminTokenFile))
	if err != nil {
		t.Fatal(err)
	}
	admin := visitor{t, d, []string{"Authorization: Bearer " + strings.TrimSpace(string(token))}}
	_, made, _ := admin.ask("POST", "/api/keys", `{"name":"agent"}`)
	key, _ := made["key"].(string)
	if status, answer, _ := admin.ask("PATCH", "/api/settings", `{"password":"a long enough one","requireApiKey":true}`); status != 200 || key == "" {
		t.Fatalf("%d %v", status, answer)
	}
	own := []string{"Origin: " + d.URL(), "Sec-Fetch-Site: same-origin", "Content-Type: application/json"}
	_, answer, header := visitor{t, d, own}.ask("POST", "/api/auth/login", `{"password":"a long enough one"}`)
	csrf, _ := answer["csrf"].(string)
	cookie, _, _ := strings.Cut(header.Get("Set-Cookie"), ";")
	if csrf == "" || cookie == "" {
		t.Fatalf("%v %v", answer, header)
	}
	page := slices.Clip(append(own, "Cookie: "+cookie, control.CSRFHeader+": "+csrf)) // each append below copies it
	if status, _, _ := (visitor{t, d, page}).ask("GET", "/api/keys", ""); status != 200 {
		t.Fatalf("the page itself is refused: %d", status)
	}

	strangers := []struct {
		name    string
		headers []string
		want    int
	}{
		{"a rebound name", append(page, "Host: evil.test", "Origin: http://evil.test"), 421},
		{"a rebound name without a browser", []string{"Host: evil.test", admin.headers[0]}, 421},
		{"a page of another site", append(page, "Origin: http://evil.test"), 403},
		{"a page of another port", append(page, "Origin: http://127.0.0.1:1", "Sec-Fetch-Site: same-site"), 403},
		{"a page without an origin", append(page, "Origin: null"), 403},
		{"another port's image, which carries our cookie", []string{"Cookie: " + cookie, "Sec-Fetch-Site: same-site", "Sec-Fetch-Dest: image", "Sec-Fetch-Mode: no-cors"}, 403},
		{"an extension", append(page, "Origin: chrome-extension://abcdef"), 403},
	}
	proofs := []struct {
		name       string
		headers    []string
		api, plane int // 0 = open, or another test's
	}{
		{"the cookie alone", append(own, "Cookie: "+cookie), 403, 401},
		{"a guessed csrf", append(own, "Cookie: "+cookie, control.CSRFHeader+": "+strings.Repeat("A", len(csrf))), 403, 401},
		{"nobody", nil, 401, 401},
		{"an agent's key", []string{"Authorization: Bearer " + key}, 401, 0},
		{"an agent's key in other places", []string{"x-api-key: " + key, "x-omniroute-key: " + key}, 401, 0},
		{"the signed-in page", page, 0, 401},
		{"the admin token", admin.headers, 0, 401},
	}
	for _, door := range everyDoor(d) {
		for _, v := range strangers {
			if status, answer, _ := (visitor{t, d, v.headers}).ask(door.method, door.path, ""); status != v.want {
				t.Errorf("%s %s to %s: %d, want %d: %v", door.method, door.path, v.name, status, v.want, answer)
			}
		}
		for _, v := range proofs {
			want := map[control.Tier]int{control.TierAPI: v.api, control.TierDataPlane: v.plane}[door.tier]
			if door.same || want == 0 {
				continue
			}
			if status, answer, _ := (visitor{t, d, v.headers}).ask(door.method, door.path, ""); status != want {
				t.Errorf("%s %s to %s: %d, want %d: %v", door.method, door.path, v.name, status, want, answer)
			}
		}
	}
}

// TestThePageIsServedUnderThePolicy word for word (rulings 1.8), to whoever
// Guard lets through, by GET and HEAD alone.
func TestThePageIsServedUnderThePolicy(t *testing.T) {
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	d := started(t)
	const policy = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
	for _, path := range []string{"/", "/index.html", "/theme.js", "/assets/index-0.js", "/assets/gone.js"} {
		for _, method := range []string{"GET", "HEAD"} {
			status, _, h := visitor{t, d, nil}.ask(method, path, "")
			if want := map[bool]int{true: 404, false: 200}[path == "/assets/gone.js"]; status != want || h.Get("Content-Security-Policy") != policy || h.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("%s %s: %d %v", method, path, status, h)
			}
		}
		if status, _, _ := (visitor{t, d, nil}).ask("POST", path, "{}"); status < 400 {
			t.Errorf("POST %s: %d", path, status)
		}
	}
	for _, site := range []string{"none", "same-origin"} {
		if status, _, _ := (visitor{t, d, []string{"Sec-Fetch-Site: " + site}}).ask("GET", "/", ""); status != 200 {
			t.Errorf("the page for %s: %d", site, status)
		}
	}
}
