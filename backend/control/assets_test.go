package control

import (
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

const testCSP = "default-src 'self'"

// built is a dashboard as vite leaves it.
func built() fstest.MapFS {
	script := strings.Repeat("export const door = 'open';\n", 200)
	return fstest.MapFS{
		"index.html":             {Data: []byte(`<!doctype html><title>OmniRoute</title>` + strings.Repeat("<p>page</p>", 50))},
		"theme.js":               {Data: []byte(script)},
		"logo.png":               {Data: []byte("\x89PNG")},
		"assets/index-C0ffee.js": {Data: []byte(script)},
		".vite/manifest.json":    {Data: []byte("{}")},
		"assets/tiny-0.css":      {Data: []byte("a{}")},
	}
}

func plain() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "plain page") })
}

// pageMux hangs the page up beside a catch-all, as the daemon does.
func pageMux(files fs.FS) *http.ServeMux {
	mux := http.NewServeMux()
	for _, r := range Page(PageOptions{Files: files, Plain: plain(), CSP: testCSP, Log: discard()}) {
		mux.Handle(r.Pattern(), r.handler)
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	return mux
}

func fetch(h http.Handler, text string, headers ...string) *http.Response {
	method, path, _ := strings.Cut(text, " ")
	r := httptest.NewRequest(method, path, nil)
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func bodyOf(t *testing.T, r *http.Response) string {
	t.Helper()
	var body io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		body = z
	}
	text, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestPageFiles(t *testing.T) {
	files := built()
	mux := pageMux(files)
	for _, c := range []struct{ path, file, kind, cache string }{
		{"/", "index.html", "text/html; charset=utf-8", "no-cache"},
		{"/index.html", "index.html", "text/html; charset=utf-8", "no-cache"},
		{"/?x=1", "index.html", "text/html; charset=utf-8", "no-cache"},
		{"/theme.js", "theme.js", "text/javascript; charset=utf-8", "no-cache"},
		{"/logo.png", "logo.png", "image/png", "no-cache"},
		{"/assets/index-C0ffee.js", "assets/index-C0ffee.js", "text/javascript; charset=utf-8", "public, max-age=31536000, immutable"},
		{"/assets/tiny-0.css", "assets/tiny-0.css", "text/css; charset=utf-8", "public, max-age=31536000, immutable"},
	} {
		plain, packed := fetch(mux, "GET "+c.path), fetch(mux, "GET "+c.path, "Accept-Encoding: br, gzip;q=0.8")
		for _, r := range []*http.Response{plain, packed} {
			if r.StatusCode != 200 || r.Header.Get("Content-Type") != c.kind || r.Header.Get("Cache-Control") != c.cache {
				t.Errorf("%s: %d %q %q", c.path, r.StatusCode, r.Header.Get("Content-Type"), r.Header.Get("Cache-Control"))
			}
			for name, want := range map[string]string{"Content-Security-Policy": testCSP, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY", "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin"} {
				if got := r.Header.Get(name); got != want {
					t.Errorf("%s: %s is %q", c.path, name, got)
				}
			}
			if r.Header.Get("Set-Cookie") != "" || r.Header.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%s: %v", c.path, r.Header)
			}
			if got := bodyOf(t, r); got != string(files[c.file].Data) {
				t.Errorf("%s: %d bytes, want those of %s", c.path, len(got), c.file)
			}
		}
		if plain.Header.Get("Content-Encoding") != "" {
			t.Errorf("%s is packed for a client that did not ask", c.path)
		}
		tag := plain.Header.Get("ETag")
		if r := fetch(mux, "GET "+c.path, `If-None-Match: "other", W/`+tag); tag == "" || r.StatusCode != 304 || bodyOf(t, r) != "" || r.Header.Get("Cache-Control") != c.cache {
			t.Errorf("%s again with its tag %s: %d", c.path, tag, r.StatusCode)
		}
		if r := fetch(mux, "GET "+c.path, `If-None-Match: "other"`); r.StatusCode != 200 {
			t.Errorf("%s with another tag: %d", c.path, r.StatusCode)
		}
		if r := fetch(mux, "HEAD "+c.path); r.StatusCode != 200 || bodyOf(t, r) != "" || r.Header.Get("Content-Length") != plain.Header.Get("Content-Length") {
			t.Errorf("HEAD %s: %d %v", c.path, r.StatusCode, r.Header)
		}
		if r := fetch(mux, "POST "+c.path); r.StatusCode == 200 {
			t.Errorf("POST %s is answered", c.path)
		}
	}
}

func TestPagePacksWhatGetsSmaller(t *testing.T) {
	mux := pageMux(built())
	for path, packs := range map[string]bool{"/": true, "/theme.js": true, "/assets/index-C0ffee.js": true, "/assets/tiny-0.css": false, "/logo.png": false} {
		one, packed := fetch(mux, "GET "+path), fetch(mux, "GET "+path, "Accept-Encoding: gzip")
		if got := packed.Header.Get("Content-Encoding") == "gzip"; got != packs {
			t.Errorf("%s packed: %v", path, got)
		}
		if (path == "/logo.png") != (one.Header.Get("Vary") == "") || packs == (one.Header.Get("ETag") == packed.Header.Get("ETag")) {
			t.Errorf("%s: Vary %q, tags %s and %s", path, one.Header.Get("Vary"), one.Header.Get("ETag"), packed.Header.Get("ETag"))
		}
	}
	for header, want := range map[string]bool{"gzip": true, "GZIP": true, "br, gzip": true, "gzip;q=0": false, "gzip; q=0.000": false, "gzip;q=0.1": true, "br": false, "": false, "x-gzip": false, "gzip;q=no": false} {
		if got := takesGzip(http.Header{"Accept-Encoding": {header}}); got != want {
			t.Errorf("Accept-Encoding %q: %v", header, got)
		}
	}
}

func TestPageServesNothingElse(t *testing.T) {
	mux := pageMux(built())
	for path, want := range map[string]int{"/assets/": 404, "/assets/old-1.js": 404, "/keep": 418, "/.vite/manifest.json": 418, "/theme.css": 418, "/assets/%2e%2e/index.html": 404, "/assets/..%2findex.html": 404} {
		r := fetch(mux, "GET "+path)
		if r.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, r.StatusCode, want)
		}
		if r.StatusCode == 404 && (r.Header.Get("Cache-Control") != "no-store" || r.Header.Get("Content-Security-Policy") != testCSP) {
			t.Errorf("%s: %v", path, r.Header)
		}
	}
}

func TestPageWithoutABuild(t *testing.T) {
	for name, files := range map[string]fs.FS{"none": nil, "empty": fstest.MapFS{}, "no index": fstest.MapFS{"assets/a.js": {}}, "broken": brokenFS{}} {
		mux := pageMux(files)
		for _, path := range []string{"/", "/index.html"} {
			if r := fetch(mux, "GET "+path); r.StatusCode != 200 || bodyOf(t, r) != "plain page" {
				t.Errorf("%s: GET %s: %d", name, path, r.StatusCode)
			}
		}
		if r := fetch(mux, "GET /assets/a.js"); r.StatusCode != http.StatusTeapot {
			t.Errorf("%s: files without a page are served: %d", name, r.StatusCode)
		}
	}
}

type brokenFS struct{}

func (brokenFS) Open(string) (fs.File, error) { return nil, errors.New("broken") }

func TestPageRoutesAreOfThePageTier(t *testing.T) {
	var patterns []string
	for _, r := range Page(PageOptions{Files: built(), Plain: plain(), Log: discard()}) {
		if r.Tier != TierPage || r.Name != "" {
			t.Errorf("%s: tier %q, name %q", r.Pattern(), r.Tier, r.Name)
		}
		patterns = append(patterns, r.Pattern())
	}
	slices.Sort(patterns)
	if want := []string{"GET /assets/{name...}", "GET /index.html", "GET /logo.png", "GET /theme.js", "GET /{$}"}; !slices.Equal(patterns, want) {
		t.Errorf("routes %v, want %v", patterns, want)
	}
}
