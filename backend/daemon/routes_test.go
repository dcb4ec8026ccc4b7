package daemon

import (
	"context"
	"net/http"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"omniroute/backend/config"
	"omniroute/backend/control"
	"omniroute/backend/gateway"
)

// patterns walks what is really mounted: every pattern that the mux behind
// the guard knows.
func patterns(t *testing.T, v reflect.Value) (found []string) {
	t.Helper()
	for v.Kind() == reflect.Interface || v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	switch v.Type().Name() {
	case "guard":
		return patterns(t, v.FieldByName("next"))
	case "ServeMux":
		return walkTree(v.FieldByName("tree"))
	}
	t.Fatalf("no mux behind %s", v.Type())
	return nil
}

// walkTree collects the patterns of the mux's tree, which has no door of its
// own.
func walkTree(v reflect.Value) (found []string) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			found = walkTree(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			found = append(found, walkTree(v.Index(i))...)
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			found = append(found, walkTree(it.Value())...)
		}
	case reflect.Struct:
		if s := v.FieldByName("str"); s.IsValid() && v.Type().Name() == "pattern" {
			return []string{s.String()}
		}
		for i := range v.NumField() {
			if v.Type().Field(i).Name != "handler" {
				found = append(found, walkTree(v.Field(i))...)
			}
		}
	}
	return found
}

func started(t *testing.T) *Daemon {
	t.Helper()
	dir := t.TempDir()
	env, err := config.LoadEnv(config.Source{Environ: []string{"DATA_DIR=" + dir}, ReadFile: func(string) ([]byte, error) { return nil, os.ErrNotExist }, OS: "linux", Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	env.Port = 0
	d, err := New(Options{Env: env, Version: "test", Assets: fstest.MapFS{
		"index.html": {Data: []byte("<!doctype html>")}, "theme.js": {Data: []byte("1")}, "assets/index-0.js": {Data: []byte("1")},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return d
}

// open are the only routes of /api that anyone may call (api.md).
func open() []string {
	return []string{"POST /api/auth/login", "POST /api/auth/logout", "GET /api/auth/status", "POST /api/auth/sign-in"}
}

// tierOf is what the documents say about a path.
func tierOf(r control.Route) []control.Tier {
	switch {
	case r.Path == "/healthz":
		return []control.Tier{control.TierOpen}
	case r.Path == "/{$}", r.Path == "/index.html", r.Path == "/theme.js", strings.HasPrefix(r.Path, "/assets/"):
		return []control.Tier{control.TierPage}
	case slices.Contains(open(), r.Pattern()):
		return []control.Tier{control.TierOpen, control.TierAPI}
	case r.Path == "/api/chat", r.Path == "/api/tags", strings.HasPrefix(r.Path, "/api/v1beta/"):
		return []control.Tier{control.TierDataPlane}
	case strings.HasPrefix(r.Path, "/api/"), r.Path == "/metrics":
		return []control.Tier{control.TierAPI}
	}
	return []control.Tier{control.TierDataPlane}
}

// Every route stands in one table with its tier, and nothing else is mounted
// (rulings 1.9).
func TestEveryRouteStandsInTheTable(t *testing.T) {
	d := started(t)
	table := d.table(&gateway.Server{})
	want := []string{"/api", "/api/"} // what no route takes is refused there, behind the same door
	for _, r := range table {
		if slices.Contains(want, r.Pattern()) {
			t.Errorf("%s stands twice", r.Pattern())
		}
		want = append(want, r.Pattern())
		if !slices.Contains(tierOf(r), r.Tier) {
			t.Errorf("%s has the tier %q, the documents say %v", r.Pattern(), r.Tier, tierOf(r))
		}
	}
	got := patterns(t, reflect.ValueOf(d.server.Handler))
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		for _, p := range got {
			if !slices.Contains(want, p) {
				t.Errorf("%s is mounted and stands in no table", p)
			}
		}
		for _, p := range want {
			if !slices.Contains(got, p) {
				t.Errorf("%s stands in the table and is not mounted", p)
			}
		}
	}
	if len(got) < 100 {
		t.Errorf("the walk found only %d routes", len(got))
	}
}

// Every call of the management API that anyone may make without standing is
// refused to a stranger.
func TestEveryManagementRouteIsClosedToStrangers(t *testing.T) {
	d := started(t)
	for _, r := range d.table(&gateway.Server{}) {
		if r.Tier != control.TierAPI {
			continue
		}
		path := strings.NewReplacer("{id}", "x", "{provider}", "x", "{name}", "x").Replace(r.Path)
		if status := call(t, d, r.Method, path, "X-Forwarded-For", "10.0.0.1"); status != 401 {
			t.Errorf("%s through a proxy: %d", r.Pattern(), status)
		}
		if status := call(t, d, r.Method, path, "Sec-Fetch-Site", "same-origin"); status != 401 {
			t.Errorf("%s from a browser without a session: %d", r.Pattern(), status)
		}
		if status := call(t, d, r.Method, path, "Authorization", "Bearer wrong", "Via", "1.1 x"); status != 401 {
			t.Errorf("%s with a wrong token: %d", r.Pattern(), status)
		}
	}
}

// call makes a bare request and returns its status. Headers come in pairs.
func call(t *testing.T, d *Daemon, method, path string, headers ...string) int {
	t.Helper()
	req, err := http.NewRequest(method, d.URL()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}
