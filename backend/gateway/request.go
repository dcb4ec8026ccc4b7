package gateway

import (
	"net/http"
	"net/url"
	"strings"

	"omniroute/backend/config"
	"omniroute/backend/dispatch"
	"omniroute/backend/fault"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// generate serves one dialect whose model stands in the body.
func (s *Server) generate(f wire.Format) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		call := s.newCall(r, f)
		if err := s.admit(call, r); err != nil {
			s.reject(w, r, call, err)
			return
		}
		head, err := s.read(call, w, r)
		if err == nil {
			call.Model, call.Stream = head.Model, head.Stream || s.byDefault(f, call.Body)
			call.Provider = r.PathValue("provider")
			err = s.check(call, r)
		}
		if err != nil {
			s.reject(w, r, call, err)
			return
		}
		s.run(w, r, call)
	}
}

// byDefault reports a stream that nobody asked for: Ollama's clients get one
// unless they say false.
func (s *Server) byDefault(f wire.Format, body []byte) bool {
	codec, _ := s.Codec(f)
	d, ok := codec.(interface{ StreamsByDefault() bool })
	return ok && d.StreamsByDefault() && jscan.IsNull(jscan.Get(body, "stream"))
}

// maxModel and maxPath bound what is repeated in answers and kept in the books.
const (
	maxModel = 1024
	maxPath  = 1200
)

// clip shortens text without cutting a character.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}

// newCall pins the settings: they are this request's world.
func (s *Server) newCall(r *http.Request, f wire.Format) *dispatch.Call {
	now := s.Now()
	return &dispatch.Call{ID: s.NewID(now), Time: now, Snapshot: s.Config.Now(), Path: clip(r.URL.Path, maxPath), Format: f, Header: r.Header}
}

// admit checks who calls. It comes before the body is read, so that nobody
// without a key can make us read 64 MB.
func (s *Server) admit(call *dispatch.Call, r *http.Request) error {
	key, err := s.Keys.Check(call.Snapshot, r.Header, r.URL.RawQuery)
	if err != nil {
		return err
	}
	if key == nil && s.RequireKey(call.Snapshot) {
		return fault.New(fault.Unauthorized, "gateway.key", "An API key is required here. Make one with `omniroute keys create NAME` and send it as `Authorization: Bearer`.")
	}
	call.Key = key
	if e := s.paused(); e != nil {
		return e
	}
	if r.URL.RawQuery != "" {
		call.Query = withoutKey(r.URL.RawQuery)
	}
	return nil
}

// paused is asked after the key: who may not call learns nothing else.
func (s *Server) paused() error {
	if s.Paused == nil {
		return nil
	}
	if e := s.Paused(); e != nil {
		return e
	}
	return nil
}

// withoutKey drops every way a key may stand in a query.
func withoutKey(raw string) string {
	if !strings.Contains(raw, "key") && !strings.Contains(raw, "%") {
		return raw
	}
	var kept []string
	for part := range strings.SplitSeq(raw, "&") {
		name, _, _ := strings.Cut(part, "=")
		if plain, err := url.QueryUnescape(name); err != nil || plain == "key" || plain == "api_key" {
			continue
		}
		kept = append(kept, part)
	}
	return strings.Join(kept, "&")
}

// check refuses what no target can cure.
func (s *Server) check(call *dispatch.Call, r *http.Request) error {
	if call.Model == "" {
		e := fault.New(fault.Invalid, "gateway.model", "The request names no model. Set `model`, for example to \"demo/simulated\"; GET /v1/models lists what can be used.")
		e.Param = "model"
		return e
	}
	if len(call.Model) > maxModel {
		call.Model = clip(call.Model, 60)
		e := fault.New(fault.Invalid, "gateway.model", "The name of the model is longer than %d bytes. GET /v1/models lists what can be used.", maxModel)
		e.Param = "model"
		return e
	}
	name := call.Model
	if call.Key != nil && call.Provider != "" { // a dedicated route: the prefix may be missing, and is no way around the list
		if up, ok := s.Planner.Upstream(call.Snapshot, call.Provider); ok {
			name = up.Prefix() + "/" + strings.TrimPrefix(name, up.Prefix()+"/")
		}
	}
	return allowed(call.Key, name)
}

// allowed applies a key's list of models: exact names, and prefix/* patterns.
func allowed(key *config.Key, model string) error {
	if key == nil || len(key.AllowedModels) == 0 {
		return nil
	}
	for _, pattern := range key.AllowedModels {
		if config.Match(pattern, model) {
			return nil
		}
	}
	return fault.New(fault.Forbidden, "gateway.scope", "Model %q is not allowed for this API key.", model)
}

// count serves a token count.
func (s *Server) count(f wire.Format) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		call := s.newCall(r, f)
		err := s.admit(call, r)
		if err == nil {
			var head wire.Head
			head, err = s.read(call, w, r)
			call.Model = head.Model
		}
		if err == nil {
			err = s.check(call, r)
		}
		s.finishCount(w, r, call, err)
	}
}

func (s *Server) finishCount(w http.ResponseWriter, r *http.Request, call *dispatch.Call, err error) {
	var n int64
	if err == nil {
		n, err = s.Runner.Count(r.Context(), call)
	}
	if err != nil {
		s.turnAway(w, r, call.Format, call.ID, err)
		return
	}
	codec, _ := s.Codec(call.Format)
	s.json(w, call.ID, codec.EncodeCount(n))
}

// gemini serves /v1beta/models/{m}:{method}: the model may hold slashes, and
// the method stands after the last colon.
func (s *Server) gemini(w http.ResponseWriter, r *http.Request) {
	call := s.newCall(r, wire.Gemini)
	name := r.PathValue("model")
	i := strings.LastIndexByte(name, ':')
	method := ""
	if i >= 0 {
		name, method = name[:i], name[i+1:]
	}
	err := s.admit(call, r)
	if err == nil && method != "generateContent" && method != "streamGenerateContent" && method != "countTokens" {
		err = fault.New(fault.NotFound, "gateway.gemini", "There is no method %q. Use generateContent, streamGenerateContent or countTokens.", method)
	}
	if err == nil {
		_, err = s.read(call, w, r)
	}
	if err == nil {
		call.Model = strings.TrimPrefix(name, "models/")
		call.Stream = method == "streamGenerateContent"
		err = s.check(call, r)
	}
	if err != nil {
		s.reject(w, r, call, err)
		return
	}
	if method == "countTokens" {
		s.finishCount(w, r, call, nil)
		return
	}
	if call.Stream && r.URL.Query().Get("alt") != "sse" {
		call.Array = true
	}
	s.run(w, r, call)
}

// upgrade answers Codex's try at a WebSocket, so that it falls back at once.
func (s *Server) upgrade(w http.ResponseWriter, r *http.Request) {
	id := s.NewID(s.Now())
	e := fault.New(fault.Unsupported, "gateway.upgrade", "WebSocket is not served here. Use POST /v1/responses.")
	if r.Header.Get("Upgrade") != "" {
		w.Header().Set("Upgrade", "HTTP/1.1")
		e.Status = http.StatusUpgradeRequired
	} else {
		e.Status = http.StatusMethodNotAllowed
		w.Header().Set("Allow", "POST")
	}
	s.turnAway(w, r, wire.OpenAIResponses, id, e)
}

// refuse answers a path that is known and not served.
func (s *Server) refuse(f wire.Format, why string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.turnAway(w, r, f, s.NewID(s.Now()), fault.New(fault.NotFound, "gateway.refuse", "%s", why))
	}
}

func notFound(r *http.Request) error {
	e := fault.New(fault.NotFound, "gateway.route", "There is no %s %s. The base URL for OpenAI clients is http://HOST:PORT/v1, for Anthropic and Gemini clients http://HOST:PORT.", r.Method, clip(r.URL.Path, maxPath))
	e.Code = "unknown_url"
	return e
}

// dialect guesses whose error body a path expects.
func dialect(path string) wire.Format {
	switch {
	case strings.Contains(path, "/messages"):
		return wire.Anthropic
	case strings.Contains(path, "/v1beta/"):
		return wire.Gemini
	case strings.Contains(path, "/responses"):
		return wire.OpenAIResponses
	case strings.HasSuffix(path, "/api/chat"), strings.HasSuffix(path, "/api/tags"):
		return wire.Ollama
	}
	return wire.OpenAIChat
}
