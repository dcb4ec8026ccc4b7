package control

import (
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"omniroute/backend/fault"
)

// Mount puts routes on a mux: verbs behind Access, handlers as they are. All
// of /api that no route takes is refused in JSON: 404, or 405 when the path
// exists for another method. It must be called once per mux, with the whole
// table.
func Mount(mux *http.ServeMux, a *Access, routes []Route) {
	methods := map[string][]string{} // by path
	for _, r := range routes {
		mux.Handle(r.Pattern(), r.serve(a))
		if strings.HasPrefix(r.Path, "/api/") && r.Method != "" {
			methods[r.Path] = append(methods[r.Path], r.Method)
		}
	}
	paths := http.NewServeMux()
	for path, list := range methods {
		paths.Handle(path, wrongMethod(list))
	}
	unknown := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := a.Authorize(r); err != nil {
			writeError(w, err)
			return
		}
		if h, pattern := paths.Handler(r); pattern != "" {
			h.ServeHTTP(w, r)
			return
		}
		writeError(w, fault.New(fault.NotFound, "control.mount", "There is no call %s.", clip(r.URL.Path, 200)))
	})
	mux.Handle("/api/", unknown)
	mux.Handle("/api", unknown)
}

// serve is the route's handler behind its tier's check.
func (r Route) serve(a *Access) http.Handler {
	if r.Tier != TierAPI {
		return r.handler
	}
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		c, err := a.Authorize(req)
		if err != nil {
			writeError(w, err)
			return
		}
		if r.handler != nil {
			r.handler.ServeHTTP(w, req)
			return
		}
		r.answer(a.o.Log, w, req, c)
	})
}

// answer runs the verb and answers its failure. What it says about a mistake
// of ours is all a caller learns, so the rest goes to the log.
func (r Route) answer(log *slog.Logger, w http.ResponseWriter, req *http.Request, c Caller) {
	err := r.verb(w, req, c)
	if err == nil {
		return
	}
	if fault.KindOf(err) == fault.Internal {
		log.Error("a call failed", "call", r.Pattern(), "error", err)
	}
	writeError(w, err)
}

func wrongMethod(allowed []string) http.Handler {
	if slices.Contains(allowed, http.MethodGet) {
		allowed = append(allowed, http.MethodHead)
	}
	slices.Sort(allowed)
	allow := strings.Join(slices.Compact(allowed), ", ")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Allow"] = []string{allow}
		e := fault.New(fault.Invalid, "control.mount", "%s is not possible here. Use %s.", clip(r.Method, 20), allow)
		e.Status = http.StatusMethodNotAllowed
		writeError(w, e)
	})
}
