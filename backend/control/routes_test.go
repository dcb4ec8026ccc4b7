package control

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// TestTheTable is what the table promises: a tier for each route, no two the
// same, shapes that a page can rely on.
func TestTheTable(t *testing.T) {
	h := newHouse(t)
	seen := map[string]bool{}
	open := []string{"POST /api/auth/login", "POST /api/auth/sign-in", "POST /api/auth/logout", "GET /api/auth/status"}
	for _, r := range Routes(h.services) {
		p := r.Pattern()
		if seen[p] {
			t.Errorf("%s stands twice", p)
		}
		seen[p] = true
		if !strings.HasPrefix(r.Path, "/api/") || r.Method == "" {
			t.Errorf("%s is no management call", p)
		}
		switch r.Tier {
		case TierAPI:
			if r.verb == nil {
				t.Errorf("%s has no verb", p)
			}
		case TierOpen:
			if !slices.Contains(open, p) {
				t.Errorf("%s is open to everyone", p)
			}
		default:
			t.Errorf("%s has tier %q", p, r.Tier)
		}
		if r.In != nil {
			checkShape(t, p, r.In, map[reflect.Type]bool{})
		}
		if r.Out != nil {
			checkShape(t, p, r.Out, map[reflect.Type]bool{})
		}
		if strings.Contains(r.Path, "{id}") && (r.In == nil || !hasPathID(r.In)) {
			t.Errorf("%s does not take its id from the path", p)
		}
	}
	for _, p := range open {
		if !seen[p] {
			t.Errorf("%s is missing", p)
		}
	}
}

func hasPathID(in reflect.Type) bool {
	f, ok := in.FieldByName("ID")
	return ok && f.Tag.Get("path") == "id"
}

// checkShape refuses what cannot be bound to the window or typed for a page:
// interfaces, functions, channels, floats, fields without a JSON name.
func checkShape(t *testing.T, route string, typ reflect.Type, seen map[reflect.Type]bool) {
	if seen[typ] || typ == reflect.TypeFor[json.RawMessage]() || typ == reflect.TypeFor[Caller]() || typ.PkgPath() == "time" || typ == reflect.TypeFor[ComboStep]() {
		return
	}
	seen[typ] = true
	switch typ.Kind() {
	case reflect.Interface, reflect.Func, reflect.Chan, reflect.Float32, reflect.Float64, reflect.Complex128:
		t.Errorf("%s: a %s in its shape", route, typ)
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		checkShape(t, route, typ.Elem(), seen)
	case reflect.Struct:
		for i := range typ.NumField() {
			f := typ.Field(i)
			if f.Tag.Get("json") == "" && !f.Anonymous {
				t.Errorf("%s: %s.%s has no JSON name", route, typ, f.Name)
			}
			checkShape(t, route, f.Type, seen)
		}
	}
}

func TestUnknownPathsAndMethods(t *testing.T) {
	h := newHouse(t)
	for _, text := range []string{"GET /api/nope", "POST /api/", "GET /api", "GET /api/combos/", "GET /api/keys/a/b", "DELETE /api/keys/a/rotate/b"} {
		if g := h.do(ask{text: text}); g.status != 404 || g.str("error.kind") != "not_found" {
			t.Errorf("%s: %d %s", text, g.status, g.body)
		}
	}
	for text, allow := range map[string]string{
		"DELETE /api/keys": "GET, HEAD, POST", "POST /api/keys/x": "DELETE, GET, HEAD, PATCH", "PUT /api/combos": "GET, HEAD, POST",
		"GET /api/combos/x/activate": "POST", "OPTIONS /api/settings": "GET, HEAD, PATCH, PUT", "GET /api/auth/login": "POST", "GET /api/chat": "POST", "BREW /api/keys": "GET, HEAD, POST",
	} {
		g := h.do(ask{text: text})
		if g.status != 405 || g.header.Get("Allow") != allow || g.str("error.kind") != "invalid" {
			t.Errorf("%s: %d, Allow %q: %s", text, g.status, g.header.Get("Allow"), g.body)
		}
	}
	if g := h.do(ask{text: "HEAD /api/keys"}); g.status != 200 {
		t.Errorf("HEAD: %d", g.status)
	}
}

// TestListsAreNeverNull walks every call without a parameter on an empty
// house.
func TestListsAreNeverNull(t *testing.T) {
	h := newHouse(t)
	for _, r := range Routes(h.services) {
		if r.Method != "GET" || strings.Contains(r.Path, "{") {
			continue
		}
		g := h.call(200, r.Pattern(), nil)
		for key, v := range g.json {
			if v == nil {
				t.Errorf("%s: %q is null", r.Pattern(), key)
			}
		}
	}
}

// TestReadingChangesNothing: no GET has a side effect on the settings.
func TestReadingChangesNothing(t *testing.T) {
	h := newHouse(t)
	node := h.node("box", "http://127.0.0.1:9")
	ids := map[string]string{"providers": h.connect(node, "sk-1"), "combos": h.call(201, "POST /api/combos", map[string]any{"name": "one", "models": []any{"box/x"}}).str("combo.id")}
	h.tasks.Wait()
	rev := h.holder.Now().Rev
	for _, r := range Routes(h.services) {
		if r.Method == "GET" {
			h.do(ask{text: strings.Replace(r.Pattern(), "{id}", ids[strings.Split(r.Path, "/")[2]], 1)})
		}
	}
	if got := h.holder.Now().Rev; got != rev {
		t.Errorf("reading moved the revision from %d to %d", rev, got)
	}
}

// TestPlantedSecrets: what went in as a secret comes back from nowhere.
func TestPlantedSecrets(t *testing.T) {
	h := newHouse(t)
	const password, upstream, second = "planted password 1", "sk-planted-upstream-1", "sk-planted-upstream-2"
	node := h.node("box", "http://127.0.0.1:9")
	id := h.connect(node, upstream)
	h.call(200, "PUT /api/providers/"+id, map[string]any{"apiKey": second, "name": "two"})
	h.call(201, "POST /api/combos", map[string]any{"name": "one", "models": []any{"box/x"}})
	key := h.call(201, "POST /api/keys", map[string]any{"name": "agent"}).str("key")
	h.call(200, "PATCH /api/settings", map[string]any{"password": password}, h.admin())
	p, _ := h.login(password)
	hash := h.holder.Now().Settings.PasswordHash
	link := h.access.links.make()
	planted := []string{password, upstream, second, key, h.token.Reveal(), p.csrf, strings.TrimPrefix(p.cookie, CookieName+"="), hash, link}

	var seen strings.Builder
	look := func(a ask) {
		a.headers = append(a.headers, p.headers()...)
		g := h.do(a)
		seen.WriteString(g.body)
		for k, v := range g.header {
			seen.WriteString(k + strings.Join(v, " "))
		}
	}
	for _, r := range h.routes() {
		if r.Path == "/api/auth/login" || r.Path == "/api/auth/logout" || r.Path == "/api/keys/{id}/rotate" || r.Method == "DELETE" {
			continue
		}
		method := r.Method
		if method == "" {
			method = "GET"
		}
		for _, value := range []string{id, node, "nope"} {
			path := strings.NewReplacer("{id}", value, "{$}", "").Replace(r.Path)
			look(ask{text: method + " " + path})
			look(ask{text: method + " " + path, body: map[string]any{"password": password, "apiKey": upstream, "token": link, "key": key}})
			look(ask{text: method + " " + path, body: `{"password":"` + password + `",`})
		}
	}
	h.do(ask{text: "GET /api/keys", headers: []string{"Authorization: Bearer " + h.token.Reveal() + "x"}})
	out := seen.String()
	for _, secret := range planted {
		if strings.Contains(out, secret) {
			i := strings.Index(out, secret)
			t.Errorf("an answer shows the secret %q: …%s…", secret, out[max(i-80, 0):min(i+len(secret)+20, len(out))])
		}
		if strings.Contains(h.log.String(), secret) {
			t.Errorf("the log shows the secret %q", secret)
		}
		if secret == hash {
			continue // the database holds it, and only it
		}
		for _, f := range grepDir(t, h.dir, secret) {
			if !strings.HasSuffix(f, AdminTokenFile) {
				t.Errorf("%s holds the secret %q", f, secret)
			}
		}
	}
}
