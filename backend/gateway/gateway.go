// Package gateway is the API the agents expect: HTTP in, HTTP out, in four
// dialects, and nothing about any provider. It checks keys and bodies, makes
// a call of a request, and writes what dispatch pushes back.
package gateway

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"omniroute/backend/catalog"
	"omniroute/backend/config"
	"omniroute/backend/dispatch"
	"omniroute/backend/fault"
	"omniroute/backend/providers"
	"omniroute/backend/routing"
	"omniroute/backend/wire"
)

// Runner runs calls; *dispatch.Dispatcher is the one there is.
type Runner interface {
	Do(ctx context.Context, call *dispatch.Call, out dispatch.Out) (begun bool, err error)
	Count(ctx context.Context, call *dispatch.Call) (int64, error)
	Remember(call *dispatch.Call, answer []byte)
	Refused(call *dispatch.Call, err error)
}

// Keys recognises the keys we issued. A nil key without an error is an
// anonymous caller; the error says why a key is refused.
type Keys interface {
	Check(s *config.Snapshot, h http.Header, rawQuery string) (*config.Key, error)
}

// Server is the data plane. All fields are set before it serves; safe for
// concurrent use.
type Server struct {
	Config     *config.Holder
	Catalog    *catalog.Catalog
	Planner    *routing.Planner
	Directory  *providers.Directory
	Runner     Runner
	Keys       Keys
	Codec      func(wire.Format) (wire.Codec, bool)
	Array      wire.Codec // Gemini's streams as one JSON array
	NewID      func(time.Time) string
	Now        func() time.Time
	KeepAlive  time.Duration // between signs of life while an upstream thinks
	MaxBody    int64         // bytes of a request, 0 = MaxBody
	ClientWait time.Duration // 0 = ClientWait

	// Paused says why no agent is served right now, nil = they are; the field
	// itself may be nil.
	Paused func() *fault.Error

	// RequireKey refuses anonymous callers: the setting, or any other bind
	// address than loopback.
	RequireKey func(*config.Snapshot) bool

	lists atomic.Pointer[lists]
}

// Route is one line of the route table.
type Route struct {
	Pattern string // of http.ServeMux
	Handler http.HandlerFunc
}

// Routes is the whole data plane on one page (api.md, contract.md 2.1). The
// seed documents use several of these paths with and without /v1.
func (s *Server) Routes() []Route {
	chat := s.generate(wire.OpenAIChat)
	responses := s.generate(wire.OpenAIResponses)
	messages := s.generate(wire.Anthropic)
	countMessages := s.count(wire.Anthropic)
	countResponses := s.count(wire.OpenAIResponses)
	var routes []Route
	add := func(pattern string, h http.HandlerFunc) { routes = append(routes, Route{pattern, h}) }
	for _, prefix := range [...]string{"", "/v1", "/v1/v1"} {
		add("POST "+prefix+"/chat/completions", chat)
		add("POST "+prefix+"/responses", responses)
		add("GET "+prefix+"/responses", s.upgrade)
		add("POST "+prefix+"/responses/input_tokens", countResponses)
		add("POST "+prefix+"/messages", messages)
		add("POST "+prefix+"/messages/count_tokens", countMessages)
		add("GET "+prefix+"/models", s.models)
		add("GET "+prefix+"/models/{model...}", s.model)
		add("POST "+prefix+"/completions", s.refuse(wire.OpenAIChat, "Legacy completions are not served. Use POST /v1/chat/completions."))
	}
	for _, prefix := range [...]string{"/codex", "/codex/v1"} {
		add("POST "+prefix+"/responses", responses)
		add("GET "+prefix+"/responses", s.upgrade)
	}
	for _, op := range [...]struct {
		path   string
		format wire.Format
	}{{"chat/completions", wire.OpenAIChat}, {"messages", wire.Anthropic}, {"responses", wire.OpenAIResponses}} {
		add("POST /v1/providers/{provider}/"+op.path, s.generate(op.format))
	}
	for _, prefix := range [...]string{"/v1beta", "/api/v1beta"} {
		add("GET "+prefix+"/models", s.geminiModels)
		add("GET "+prefix+"/models/{model...}", s.geminiModel)
		add("POST "+prefix+"/models/{model...}", s.gemini)
	}
	add("POST /api/chat", s.generate(wire.Ollama))
	add("POST /v1/api/chat", s.generate(wire.Ollama))
	add("GET /api/tags", s.ollamaTags)
	add("GET /v1/api/tags", s.ollamaTags)
	return routes
}

// NotFound answers what no route matches, in the dialect the path suggests.
func (s *Server) NotFound(w http.ResponseWriter, r *http.Request) {
	f := dialect(r.URL.Path)
	s.turnAway(w, r, f, s.NewID(s.Now()), notFound(r))
}

// WrongMethod answers a path of ours that was called with another method.
func (s *Server) WrongMethod(allowed []string) http.HandlerFunc {
	allow := strings.Join(allowed, ", ")
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Allow"] = []string{allow}
		e := fault.New(fault.Invalid, "gateway.method", "%s is not possible on %s. Use %s.", r.Method, clip(r.URL.Path, maxPath), allow)
		e.Status = http.StatusMethodNotAllowed
		s.turnAway(w, r, dialect(r.URL.Path), s.NewID(s.Now()), e)
	}
}

// Refuse answers a request that the guard turned away, when its path belongs
// to the data plane; false leaves it to others.
func (s *Server) Refuse(w http.ResponseWriter, r *http.Request, err *fault.Error) bool {
	if !DataPlane(r.URL.Path) {
		return false
	}
	if err.Status != 0 && err.Status != http.StatusForbidden { // 421: the dialects would make 403 of it
		err = err.With(func(e *fault.Error) { e.Kind = fault.Invalid })
	}
	s.turnAway(w, r, dialect(r.URL.Path), s.NewID(s.Now()), err)
	return true
}

// DataPlane tells the paths of agents from those of the dashboard.
func DataPlane(path string) bool {
	switch path {
	case "/api/chat", "/api/tags":
		return true
	case "/", "/healthz":
		return false
	}
	return strings.HasPrefix(path, "/api/v1beta/") || !strings.HasPrefix(path, "/api/")
}
