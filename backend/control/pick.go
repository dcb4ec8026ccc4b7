package control

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"

	"omniroute/backend/catalog"
	"omniroute/backend/config"
	"omniroute/backend/fault"
	"omniroute/backend/providers"
	"omniroute/backend/routing"
)

// PickQuery narrows what can be asked for. Every word of Query must occur in
// the id, the name or the provider's name.
type PickQuery struct {
	Query  string `json:"query" query:"query"`
	Limit  int    `json:"limit" query:"limit"`   // 0 = 100, at most 1000
	Combos bool   `json:"combos" query:"combos"` // combos and auto, too
}

// PickModel is something that can be asked for now. Prices are micro-dollars
// per million tokens, null where they are not known; 0 is free.
type PickModel struct {
	ID            string     `json:"id"` // what to ask for
	Kind          string     `json:"kind" enum:"combo auto model demo"`
	Name          string     `json:"name"`
	Provider      string     `json:"provider"` // catalogue id or node id, "" = a combo
	ProviderName  string     `json:"providerName"`
	Prefix        string     `json:"prefix"`
	Group         string     `json:"group" enum:"combo subscription apikey cheap free local custom demo"`
	ContextLength *int64     `json:"contextLength"` // tokens, null = not known
	MaxOutput     *int64     `json:"maxOutput"`
	InputMicros   *int64     `json:"inputMicros"`
	OutputMicros  *int64     `json:"outputMicros"`
	PriceBasis    string     `json:"priceBasis" enum:"list reference plan free unknown"` // reference and plan: covered by a plan
	Tools         bool       `json:"tools"`
	Vision        bool       `json:"vision"`
	Reasoning     bool       `json:"reasoning"`
	Custom        bool       `json:"custom"`
	Status        string     `json:"status" enum:"ready needs-key sign-in cooling out-of-quota breaker-open probing locked off untested"` // of its best connection
	StatusUntil   *time.Time `json:"statusUntil,omitempty"`
}

// PickList is a piece of what can be asked for: combos first, then by
// provider. Total counts all that fit the query.
type PickList struct {
	Models []PickModel `json:"models"`
	Total  int         `json:"total"`
}

// pickable is what can be asked for under one revision of the settings.
type pickable struct {
	mu   sync.Mutex
	snap *config.Snapshot
	list []PickModel
}

// Pick lists what can be asked for: combos, models of usable connections,
// the demo.
func (v *Models) Pick(in PickQuery) (PickList, error) {
	if in.Limit < 0 || in.Limit > 1000 {
		return PickList{}, badInput("limit", "limit must be between 1 and 1000.")
	}
	limit := cmp.Or(in.Limit, 100)
	words := strings.Fields(strings.ToLower(in.Query))
	out := PickList{Models: []PickModel{}}
	status := v.statuses()
	for _, m := range v.pickable() {
		if !in.Combos && (m.Kind == "combo" || m.Kind == "auto") || !fits(&m, words) {
			continue
		}
		out.Total++
		if len(out.Models) == limit {
			continue
		}
		m.Status = "ready"
		if st, ok := status[m.Provider]; ok {
			m.Status, m.StatusUntil = st.word, st.until
		}
		out.Models = append(out.Models, m)
	}
	return out, nil
}

func fits(m *PickModel, words []string) bool {
	for _, w := range words {
		if !strings.Contains(strings.ToLower(m.ID), w) && !strings.Contains(strings.ToLower(m.Name), w) && !strings.Contains(strings.ToLower(m.ProviderName), w) {
			return false
		}
	}
	return true
}

type stateOf struct {
	word  string
	until *time.Time
}

// statuses is how the best connection of each provider stands.
func (v *Models) statuses() map[string]stateOf {
	rank := func(word string) int {
		return slices.Index([]string{"ready", "untested", "probing", "cooling", "breaker-open", "out-of-quota", "locked", "sign-in", "needs-key", "off"}, word)
	}
	standing := v.accounts.standings()
	out := map[string]stateOf{}
	for _, a := range v.rooms.Config.Now().Accounts {
		if !a.Active {
			continue
		}
		word, _, until := v.accounts.status(a, standing[a.ID])
		best, ok := out[a.Provider]
		sooner := ok && rank(word) == rank(best.word) && until != nil && best.until != nil && until.Before(*best.until)
		if !ok || rank(word) < rank(best.word) || sooner {
			out[a.Provider] = stateOf{word, until}
		}
	}
	return out
}

// pickable works the list out once per revision.
func (v *Models) pickable() []PickModel {
	s := v.rooms.Config.Now()
	v.pick.mu.Lock()
	defer v.pick.mu.Unlock()
	if v.pick.snap == s {
		return v.pick.list
	}
	var models, demo []PickModel
	for _, up := range v.rooms.Planner.Known(s) {
		list := v.callable(s, up)
		if up.Node == nil && up.Provider.Kind == catalog.KindDemo {
			demo = list
			continue
		}
		models = append(models, list...)
	}
	var combos []PickModel
	for _, c := range s.Combos {
		combos = append(combos, PickModel{ID: c.Name, Kind: "combo", Name: c.Name, Group: "combo", PriceBasis: string(catalog.BasisUnknown)})
	}
	slices.SortFunc(combos, func(a, b PickModel) int { return cmp.Compare(a.ID, b.ID) })
	if c := s.ActiveCombo(); c != nil {
		combos = append(combos, PickModel{ID: routing.Auto, Kind: "auto", Name: c.Name, Group: "combo", PriceBasis: string(catalog.BasisUnknown)})
	}
	v.pick.snap, v.pick.list = s, slices.Concat(combos, models, demo)
	return v.pick.list
}

// callable lists the models of an upstream that can be called now: the
// upstream's own lists, else the catalogue's, and the user's.
func (v *Models) callable(s *config.Snapshot, up routing.Upstream) []PickModel {
	if slices.Contains(s.Settings.BlockedProviders, up.ID()) {
		return nil
	}
	var e *providers.Endpoint
	var ids []string
	for _, a := range routing.AccountsOf(s, up) {
		if !usable(a) {
			continue
		}
		if one, err := providers.NewEndpoint(a, up); err == nil && e == nil {
			e = one
		}
		ids = append(ids, a.Models...)
	}
	if e == nil {
		return nil
	}
	if len(ids) == 0 {
		for _, m := range up.Provider.Models() {
			if m.Kind == "chat" && m.Living() {
				ids = append(ids, m.ID)
			}
		}
	}
	custom := map[string]string{}
	for _, m := range s.CustomOf(up.ID()) {
		custom[m.ID] = m.Name
		ids = append(ids, m.ID)
	}
	var out []PickModel
	seen := map[string]bool{}
	for _, id := range ids {
		if seen[id] || cmp.Or(kindIn(up.Provider, id), "chat") != "chat" {
			continue
		}
		seen[id] = true
		m := describe(up, e.Model(v.rooms.Catalog, id))
		if name, ok := custom[id]; ok {
			m.Custom, m.Name = true, cmp.Or(name, m.Name)
		}
		out = append(out, m)
	}
	return out
}

// describe says what is known about a model at an endpoint.
func describe(up routing.Upstream, m *providers.Model) PickModel {
	out := PickModel{
		ID: up.Prefix() + "/" + m.ID, Kind: "model", Name: m.ID, Provider: up.ID(), ProviderName: up.Name(), Prefix: up.Prefix(), Group: upstreamGroup(up),
		ContextLength: positive(m.Caps.Context), MaxOutput: positive(m.Caps.MaxOutput), PriceBasis: cmp.Or(string(m.Price.Basis), string(catalog.BasisUnknown)),
		Tools: m.Caps.Tools, Vision: m.Caps.Images, Reasoning: m.Caps.Thinking != catalog.ThinkingNone && m.Caps.Thinking != catalog.ThinkingUnknown,
	}
	if up.Node == nil && up.Provider.Kind == catalog.KindDemo {
		out.Kind = "demo"
	}
	if m.Entry != nil {
		out.Name = cmp.Or(m.Entry.Name, m.ID)
		out.Reasoning = out.Reasoning || m.Entry.Reasoning == catalog.Yes
	}
	if m.Price.Unit == catalog.PerMillionTokens {
		out.InputMicros, out.OutputMicros = rate(m.Price.Input), rate(m.Price.Output)
	}
	return out
}

func positive(n int64) *int64 {
	if n <= 0 {
		return nil
	}
	return &n
}

func rate(micros int64) *int64 {
	if micros == catalog.UnknownRate {
		return nil
	}
	return &micros
}

// ModelsOf names a provider or node.
type ModelsOf struct {
	Provider string `json:"provider" path:"provider"` // catalogue id, prefix or node id
}

// ProviderModel is one model of a provider's page. Listed says that the
// upstream of a connection lists it.
type ProviderModel struct {
	PickModel
	Model  string `json:"model"` // the upstream's own name
	Type   string `json:"type"`  // chat embedding image transcription speech moderation rerank
	Listed bool   `json:"listed"`
}

// ProviderModelList is everything known under one prefix. ReadAt is when a
// connection's own list was read last.
type ProviderModelList struct {
	Provider string          `json:"provider"`
	Name     string          `json:"name"`
	Prefix   string          `json:"prefix"`
	Models   []ProviderModel `json:"models"`
	ReadAt   *time.Time      `json:"readAt,omitempty"`
}

// ListOf lists every model of one provider, connected or not: the user's own
// first, then what its upstream lists, then the catalogue's.
func (v *Models) ListOf(in ModelsOf) (ProviderModelList, error) {
	s := v.rooms.Config.Now()
	up, ok := v.rooms.Planner.Upstream(s, in.Provider)
	if !ok {
		return ProviderModelList{}, notFound("provider", in.Provider)
	}
	accounts := routing.AccountsOf(s, up)
	out := ProviderModelList{Provider: up.ID(), Name: up.Name(), Prefix: up.Prefix(), Models: []ProviderModel{}}
	listed := map[string]bool{}
	e, err := providers.NewEndpoint(&config.Account{ID: "none", Provider: up.ID(), Kind: config.KindNone}, up)
	for _, a := range accounts {
		if one, failed := providers.NewEndpoint(a, up); failed == nil {
			e, err = one, nil
		}
		for _, id := range a.Models {
			listed[id] = true
		}
		if at := moment(a.ModelsAt); at != nil && (out.ReadAt == nil || at.After(*out.ReadAt)) {
			out.ReadAt = at
		}
	}
	if err != nil { // an address with a hole, and nobody connected who fills it
		e = &providers.Endpoint{Account: &config.Account{}, Upstream: up}
	}
	status := v.statuses()[up.ID()]
	for _, m := range modelsOf(s, up, accounts) {
		id := strings.TrimPrefix(m.ID, up.Prefix()+"/")
		one := ProviderModel{PickModel: describe(up, e.Model(v.rooms.Catalog, id)), Model: id, Type: m.Type, Listed: listed[id]}
		one.Name, one.Custom, one.Status, one.StatusUntil = m.Name, m.Custom, cmp.Or(status.word, "off"), status.until
		out.Models = append(out.Models, one)
	}
	rank := func(m *ProviderModel) int {
		switch {
		case m.Custom:
			return 0
		case m.Listed:
			return 1
		}
		return 2
	}
	slices.SortStableFunc(out.Models, func(a, b ProviderModel) int { return rank(&a) - rank(&b) })
	return out, nil
}

// ModelToTest names a model as a client would.
type ModelToTest struct {
	Model string `json:"model"`
}

// Test asks one model for a word.
func (v *Models) Test(in ModelToTest) (ModelTest, error) {
	model := strings.TrimSpace(in.Model)
	if model == "" || len(model) > 512 {
		return ModelTest{}, badInput("model", "The field \"model\" is missing or too long.")
	}
	ctx, cancel := v.rooms.within(trialTime)
	defer cancel()
	return v.rooms.tryModel(ctx, model), nil
}

// codeOf is a failure in the words of the catalogue "reasons".
func (r *Rooms) codeOf(err error, took time.Duration) fault.Reason {
	f := fault.As(err)
	status := f.Status
	if status == 0 && f.Kind == fault.Overloaded {
		status = f.HTTPStatus()
	}
	return fault.ReasonOf(f, status, took, r.Now())
}
