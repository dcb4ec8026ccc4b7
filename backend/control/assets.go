package control

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
)

// PageOptions is what the browser face is made of.
type PageOptions struct {
	Files fs.FS        // the built dashboard; nil or without index.html = none was built
	Plain http.Handler // stands in for it
	CSP   string       // Content-Security-Policy (rulings 1.8)
	Log   *slog.Logger
}

// indexFile is the dashboard's one document; hashedFolder holds files whose
// name changes with their content, so that a browser never asks twice.
const (
	indexFile    = "index.html"
	hashedFolder = "assets/"
)

// Page makes the routes of the dashboard's files, one for each, so that the
// table shows all that is served. The files hold no secrets: whoever Guard
// lets through may have them.
func Page(o PageOptions) []Route {
	files := listFiles(o)
	index, built := files[indexFile]
	if !built {
		return []Route{Serve(TierPage, "GET /{$}", o.Plain), Serve(TierPage, "GET /"+indexFile, o.Plain)}
	}
	out := []Route{Serve(TierPage, "GET /{$}", index), Serve(TierPage, "GET /"+indexFile, index)}
	hashed := map[string]*asset{}
	for name, f := range files {
		if strings.HasPrefix(name, hashedFolder) {
			hashed[name] = f
		} else if name != indexFile {
			out = append(out, Serve(TierPage, "GET /"+name, f))
		}
	}
	return append(out, Serve(TierPage, "GET /"+hashedFolder+"{name...}", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if f := hashed[hashedFolder+r.PathValue("name")]; f != nil {
			f.ServeHTTP(w, r)
			return
		}
		protect(w.Header(), o.CSP)
		w.Header()["Cache-Control"] = []string{"no-store"} // an older page asks; the next build may have it again
		http.Error(w, "There is no such file in this version. Load the page again.", http.StatusNotFound)
	})))
}

func listFiles(o PageOptions) map[string]*asset {
	out := map[string]*asset{}
	if o.Files == nil {
		return out
	}
	err := fs.WalkDir(o.Files, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && name != "." && strings.HasPrefix(d.Name(), ".") {
			return fs.SkipDir // what the build keeps for itself
		}
		if err == nil && !d.IsDir() {
			out[name] = &asset{files: o.Files, name: name, csp: o.CSP}
		}
		return err
	})
	if err != nil {
		o.Log.Debug("no dashboard was built in", "error", err)
		return map[string]*asset{}
	}
	return out
}

// asset is one file. It is packed at the first request that takes it so, and
// kept: there are few, they are small, and they never change while we run.
type asset struct {
	files fs.FS
	name  string
	csp   string

	known  sync.Once
	failed error
	size   int
	tag    string // ETag of the plain bytes

	once   sync.Once
	packed []byte // gzip, nil = not worth it
}

func (a *asset) look() {
	text, err := fs.ReadFile(a.files, a.name)
	if err != nil {
		a.failed = err
		return
	}
	sum := sha256.Sum256(text)
	a.size, a.tag = len(text), base64.RawURLEncoding.EncodeToString(sum[:12])
}

func (a *asset) pack() {
	text, err := fs.ReadFile(a.files, a.name)
	if err != nil {
		return // the plain road says so
	}
	var buf bytes.Buffer
	z, err := gzip.NewWriterLevel(&buf, gzip.BestCompression)
	if err == nil {
		_, err = z.Write(text)
	}
	if err == nil {
		err = z.Close()
	}
	if err == nil && buf.Len() < len(text) {
		a.packed = bytes.Clone(buf.Bytes())
	}
}

// ServeHTTP answers GET and HEAD.
func (a *asset) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.known.Do(a.look)
	h := w.Header()
	protect(h, a.csp)
	if a.failed != nil {
		http.Error(w, "The file could not be read.", http.StatusInternalServerError)
		return
	}
	h["Cache-Control"] = []string{"no-cache"}
	if strings.HasPrefix(a.name, hashedFolder) {
		h["Cache-Control"] = []string{"public, max-age=31536000, immutable"}
	}
	tag, size := `"`+a.tag+`"`, a.size
	small := false
	if compressible(path.Ext(a.name)) {
		h["Vary"] = []string{"Accept-Encoding"}
		if takesGzip(r.Header) {
			a.once.Do(a.pack)
			small = a.packed != nil
		}
	}
	if small {
		tag, size = `"`+a.tag+`-gz"`, len(a.packed)
	}
	h["Etag"] = []string{tag}
	if same(r.Header.Get("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if small {
		h["Content-Encoding"] = []string{"gzip"}
	}
	h["Content-Type"] = []string{contentType(path.Ext(a.name))}
	h["Content-Length"] = []string{strconv.Itoa(size)}
	if r.Method == http.MethodHead {
		return
	}
	if small {
		_, _ = w.Write(a.packed) // the client is gone: nobody left to tell
		return
	}
	f, err := a.files.Open(a.name)
	if err != nil {
		panic(http.ErrAbortHandler) // the length was promised
	}
	defer f.Close()
	_, _ = io.Copy(w, f)
}

// protect sets what every answer of the page carries. The clipboard is the
// only one of a browser's powers the page uses.
func protect(h http.Header, csp string) {
	h["Content-Security-Policy"] = []string{csp}
	h["X-Content-Type-Options"] = []string{"nosniff"}
	h["Referrer-Policy"] = []string{"no-referrer"}
	h["X-Frame-Options"] = []string{"DENY"}
	h["Cross-Origin-Opener-Policy"] = []string{"same-origin"}
	h["Cross-Origin-Resource-Policy"] = []string{"same-origin"}
	h["Permissions-Policy"] = []string{"camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"}
}

// takesGzip reads Accept-Encoding; a weight of zero is a no (RFC 9110,
// 12.5.3).
func takesGzip(h http.Header) bool {
	for _, line := range h["Accept-Encoding"] {
		for part := range strings.SplitSeq(line, ",") {
			name, weight, _ := strings.Cut(part, ";")
			if name = strings.TrimSpace(name); !strings.EqualFold(name, "gzip") {
				continue
			}
			q, weighed := strings.CutPrefix(strings.ReplaceAll(strings.ToLower(weight), " ", ""), "q=")
			n, err := strconv.ParseFloat(q, 64)
			return !weighed || err == nil && n > 0
		}
	}
	return false
}

// same reports whether If-None-Match names the tag; weak ones count (RFC
// 9110, 13.1.2).
func same(header, tag string) bool {
	for part := range strings.SplitSeq(header, ",") {
		if part = strings.TrimPrefix(strings.TrimSpace(part), "W/"); part == tag || part == "*" {
			return true
		}
	}
	return false
}

// contentType does not ask the system: its table differs from machine to
// machine, and with nosniff a wrong word is a page without scripts.
func contentType(ext string) string {
	switch ext {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".json", ".map":
		return "application/json; charset=utf-8"
	case ".webmanifest":
		return "application/manifest+json; charset=utf-8"
	case ".svg":
		return "image/svg+xml; charset=utf-8"
	case ".txt":
		return "text/plain; charset=utf-8"
	case ".png":
		return "image/png"
	case ".ico":
		return "image/x-icon"
	case ".woff2":
		return "font/woff2"
	case ".wasm":
		return "application/wasm"
	}
	return "application/octet-stream"
}

func compressible(ext string) bool {
	return strings.Contains(contentType(ext), "charset=") || ext == ".ico" || ext == ".wasm"
}
