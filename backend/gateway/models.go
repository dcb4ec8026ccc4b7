package gateway

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"omniroute/backend/catalog"
	"omniroute/backend/config"
	"omniroute/backend/fault"
	"omniroute/backend/providers"
	"omniroute/backend/routing"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// item is one entry of a model list.
type item struct {
	id        string // as a client asks for it
	name      string
	owner     string
	created   int64
	context   int64 // 0 = unknown
	maxOutput int64
	price     catalog.Price
	tools     bool
	vision    bool
	reasoning bool
	known     bool // the capabilities are known
}

// lists is what can be used under one snapshot.
type lists struct {
	snap  *config.Snapshot
	items []item
	byID  map[string]int
}

// usable lists combos first, then auto, then the models of usable accounts,
// each once under its alias prefix, and the demo last (rulings 3.9). It is
// worked out once per revision of the settings.
func (s *Server) usable(snap *config.Snapshot) *lists {
	if l := s.lists.Load(); l != nil && l.snap == snap {
		return l
	}
	l := &lists{snap: snap, byID: make(map[string]int)}
	combos := make([]*config.Combo, 0, len(snap.Combos))
	for _, c := range snap.Combos {
		combos = append(combos, c)
	}
	slices.SortFunc(combos, func(a, b *config.Combo) int { return strings.Compare(a.Name, b.Name) })
	var demo []routing.Upstream
	var all []item
	for _, up := range s.Planner.Known(snap) {
		if up.Node == nil && up.Provider.Kind == catalog.KindDemo {
			demo = append(demo, up)
			continue
		}
		all = append(all, s.modelsOf(snap, up)...)
	}
	for _, c := range combos {
		l.add(item{id: c.Name, name: c.Name, owner: "combo", created: c.CreatedAt.Unix(), price: catalog.NoPrice()})
	}
	if snap.ActiveCombo() != nil {
		l.add(item{id: routing.Auto, name: "Active combo", owner: "combo", price: catalog.NoPrice()})
	}
	for _, m := range all {
		l.add(m)
	}
	for _, up := range demo {
		for _, m := range s.modelsOf(snap, up) {
			l.add(m)
		}
	}
	s.windows(snap, l)
	s.lists.Store(l)
	return l
}

func (l *lists) add(m item) {
	if _, twice := l.byID[m.id]; twice {
		return
	}
	l.byID[m.id] = len(l.items)
	l.items = append(l.items, m)
}

// windows gives each combo the smallest window among its models, so that an
// agent compacts before any target overflows.
func (s *Server) windows(snap *config.Snapshot, l *lists) {
	for i := range l.items {
		m := &l.items[i]
		c, ok := snap.ComboByName(m.id)
		if m.id == routing.Auto {
			c, ok = snap.ActiveCombo(), true
		}
		if !ok || c == nil {
			continue
		}
		for _, step := range c.Models {
			if j, ok := l.byID[step.Model]; ok && l.items[j].context > 0 && (m.context == 0 || l.items[j].context < m.context) {
				m.context = l.items[j].context
				m.maxOutput = l.items[j].maxOutput
			}
		}
	}
}

func (s *Server) modelsOf(snap *config.Snapshot, up routing.Upstream) []item {
	accounts := routing.AccountsOf(snap, up)
	if len(accounts) == 0 || slices.Contains(snap.Settings.BlockedProviders, up.ID()) {
		return nil
	}
	var endpoint *providers.Endpoint
	for _, a := range accounts {
		if a.Kind == config.KindAPIKey && !a.HasSecret {
			continue
		}
		if e, err := s.Directory.Endpoint(snap, a, up); err == nil {
			endpoint = e
			break
		}
	}
	if endpoint == nil {
		return nil
	}
	var ids []string
	for _, a := range accounts {
		ids = append(ids, a.Models...)
	}
	if len(ids) == 0 { // the upstream was never asked: what the catalogue knows
		for _, m := range up.Provider.Models() {
			if m.Kind == "chat" && m.Living() {
				ids = append(ids, m.ID)
			}
		}
	}
	for _, c := range snap.CustomOf(up.ID()) {
		ids = append(ids, c.ID)
	}
	out := make([]item, 0, len(ids))
	for _, id := range ids {
		out = append(out, s.describe(up, endpoint.Model(s.Catalog, id)))
	}
	return out
}

func (s *Server) describe(up routing.Upstream, m *providers.Model) item {
	it := item{
		id: up.Prefix() + "/" + m.ID, name: m.ID, owner: up.ID(), price: m.Price,
		context: m.Caps.Context, maxOutput: m.Caps.MaxOutput, tools: m.Caps.Tools, vision: m.Caps.Images, reasoning: m.Caps.Thinking != catalog.ThinkingNone,
	}
	if m.Entry != nil {
		it.known = true
		if m.Entry.Name != "" {
			it.name = m.Entry.Name
		}
	}
	return it
}

// visible applies a key's list of models to the list it sees.
func visible(l *lists, key *config.Key) []item {
	if key == nil || len(key.AllowedModels) == 0 {
		return l.items
	}
	var out []item
	for _, m := range l.items {
		if allowed(key, m.id) == nil {
			out = append(out, m)
		}
	}
	return out
}

// models serves GET /v1/models in the dialect the headers ask for.
func (s *Server) models(w http.ResponseWriter, r *http.Request) {
	format := wire.OpenAIChat
	if r.Header.Get("Anthropic-Version") != "" {
		format = wire.Anthropic
	}
	call := s.newCall(r, format)
	if err := s.admit(call, r); err != nil {
		s.fail(w, format, call.ID, err)
		return
	}
	list := visible(s.usable(call.Snapshot), call.Key)
	if format == wire.Anthropic {
		s.json(w, call.ID, anthropicList(list))
		return
	}
	b := []byte(`{"object":"list","data":[`)
	for i := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = list[i].openai(b)
	}
	s.json(w, call.ID, append(b, "]}"...))
}

// model serves one entry of the list.
func (s *Server) model(w http.ResponseWriter, r *http.Request) {
	format := wire.OpenAIChat
	if r.Header.Get("Anthropic-Version") != "" {
		format = wire.Anthropic
	}
	call := s.newCall(r, format)
	err := s.admit(call, r)
	if err == nil {
		l := s.usable(call.Snapshot)
		name := r.PathValue("model")
		if i, ok := l.byID[name]; ok && allowed(call.Key, name) == nil {
			if format == wire.Anthropic {
				s.json(w, call.ID, l.items[i].anthropic(nil))
			} else {
				s.json(w, call.ID, l.items[i].openai(nil))
			}
			return
		}
		e := fault.New(fault.NotFound, "gateway.model", "Model %q is not in the list. GET /v1/models shows what can be used.", name)
		e.Code, e.Param, err = fault.CodeModelNotFound, "model", e
	}
	s.fail(w, format, call.ID, err)
}

func (m *item) openai(b []byte) []byte {
	b = append(b, `{"id":`...)
	b = jscan.AppendQuoted(b, m.id)
	b = append(b, `,"object":"model","created":`...)
	b = strconv.AppendInt(b, m.created, 10)
	b = append(b, `,"owned_by":`...)
	b = jscan.AppendQuoted(b, m.owner)
	b = append(b, `,"display_name":`...)
	b = jscan.AppendQuoted(b, m.name)
	b = append(b, `,"context_length":`...)
	b = number(b, m.context)
	b = append(b, `,"max_output_tokens":`...)
	b = number(b, m.maxOutput)
	b = append(b, `,"pricing":{"input":`...)
	b = usd(b, m.price.Known, m.price.Input)
	b = append(b, `,"output":`...)
	b = usd(b, m.price.Known, m.price.Output)
	b = append(b, `,"cache_read":`...)
	b = usd(b, m.price.Known, m.price.CacheRead)
	b = append(b, `,"cache_write":`...)
	b = usd(b, m.price.Known, m.price.CacheWrite)
	b = append(b, `},"capabilities":{"tools":`...)
	b = strconv.AppendBool(b, m.tools)
	b = append(b, `,"vision":`...)
	b = strconv.AppendBool(b, m.vision)
	b = append(b, `,"reasoning":`...)
	b = strconv.AppendBool(b, m.reasoning)
	return append(b, "}}"...)
}

func number(b []byte, n int64) []byte {
	if n <= 0 {
		return append(b, "null"...)
	}
	return strconv.AppendInt(b, n, 10)
}

// usd writes micro-dollars as dollars; unknown is null.
func usd(b []byte, known bool, micros int64) []byte {
	if !known || micros < 0 {
		return append(b, "null"...)
	}
	return strconv.AppendFloat(b, float64(micros)/1e6, 'f', -1, 64)
}

func (m *item) anthropic(b []byte) []byte {
	b = append(b, `{"type":"model","id":`...)
	b = jscan.AppendQuoted(b, m.id)
	b = append(b, `,"display_name":`...)
	b = jscan.AppendQuoted(b, m.name)
	b = append(b, `,"created_at":"`...)
	b = time.Unix(m.created, 0).UTC().AppendFormat(b, time.RFC3339)
	b = append(b, `","max_input_tokens":`...)
	b = number(b, m.context)
	b = append(b, `,"max_tokens":`...)
	b = number(b, m.maxOutput)
	return append(b, '}')
}

func anthropicList(list []item) []byte {
	b := []byte(`{"data":[`)
	for i := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = list[i].anthropic(b)
	}
	b = append(b, `],"has_more":false,"first_id":`...)
	if len(list) == 0 {
		return append(b, `null,"last_id":null}`...)
	}
	b = jscan.AppendQuoted(b, list[0].id)
	b = append(b, `,"last_id":`...)
	b = jscan.AppendQuoted(b, list[len(list)-1].id)
	return append(b, '}')
}

// geminiModels serves GET /v1beta/models.
func (s *Server) geminiModels(w http.ResponseWriter, r *http.Request) {
	call := s.newCall(r, wire.Gemini)
	if err := s.admit(call, r); err != nil {
		s.fail(w, wire.Gemini, call.ID, err)
		return
	}
	list := visible(s.usable(call.Snapshot), call.Key)
	b := []byte(`{"models":[`)
	for i := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = list[i].gemini(b)
	}
	s.json(w, call.ID, append(b, "]}"...))
}

// geminiModel serves one of them.
func (s *Server) geminiModel(w http.ResponseWriter, r *http.Request) {
	call := s.newCall(r, wire.Gemini)
	err := s.admit(call, r)
	if err == nil {
		l := s.usable(call.Snapshot)
		name := strings.TrimPrefix(r.PathValue("model"), "models/")
		if i, ok := l.byID[name]; ok && allowed(call.Key, name) == nil {
			s.json(w, call.ID, l.items[i].gemini(nil))
			return
		}
		err = fault.New(fault.NotFound, "gateway.model", "Model %q is not in the list. GET /v1beta/models shows what can be used.", name)
	}
	s.fail(w, wire.Gemini, call.ID, err)
}

func (m *item) gemini(b []byte) []byte {
	b = append(b, `{"name":`...)
	b = jscan.AppendQuoted(b, "models/"+m.id)
	b = append(b, `,"version":"1","displayName":`...)
	b = jscan.AppendQuoted(b, m.name)
	if m.context > 0 {
		b = append(b, `,"inputTokenLimit":`...)
		b = strconv.AppendInt(b, m.context, 10)
	}
	if m.maxOutput > 0 {
		b = append(b, `,"outputTokenLimit":`...)
		b = strconv.AppendInt(b, m.maxOutput, 10)
	}
	return append(b, `,"supportedGenerationMethods":["generateContent","streamGenerateContent","countTokens"]}`...)
}

// ollamaTags serves GET /api/tags from the same list.
func (s *Server) ollamaTags(w http.ResponseWriter, r *http.Request) {
	call := s.newCall(r, wire.Ollama)
	if err := s.admit(call, r); err != nil {
		s.fail(w, wire.Ollama, call.ID, err)
		return
	}
	b := []byte(`{"models":[`)
	for i, m := range visible(s.usable(call.Snapshot), call.Key) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"name":`...)
		b = jscan.AppendQuoted(b, m.id)
		b = append(b, `,"model":`...)
		b = jscan.AppendQuoted(b, m.id)
		b = append(b, `,"modified_at":"`...)
		b = time.Unix(m.created, 0).UTC().AppendFormat(b, time.RFC3339)
		b = append(b, `","size":0,"digest":"","details":{"format":"api","family":`...)
		b = jscan.AppendQuoted(b, m.owner)
		b = append(b, `,"families":null,"parameter_size":"","quantization_level":""}}`...)
	}
	s.json(w, call.ID, append(b, "]}"...))
}
