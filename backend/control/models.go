package control

import (
	"cmp"
	"slices"
	"strings"

	"omniroute/backend/catalog"
	"omniroute/backend/config"
	"omniroute/backend/fault"
	"omniroute/backend/routing"
)

// Models are the verbs about what can be asked for: the catalogue, models the
// user added, and aliases.
type Models struct {
	rooms    *Rooms
	accounts *Providers
	pick     pickable
}

// Model is one model of one provider. ID is what to ask for: prefix/model.
type Model struct {
	ID              string `json:"id"`
	Name            string `json:"name"`
	Type            string `json:"type"` // chat embedding image transcription speech moderation rerank
	Custom          bool   `json:"custom"`
	ContextLength   int64  `json:"contextLength,omitempty"` // tokens, absent = unknown
	MaxOutputTokens int64  `json:"maxOutputTokens,omitempty"`
}

// ProviderModels are the models under one prefix.
type ProviderModels struct {
	Provider string  `json:"provider"` // catalogue id or node id
	Name     string  `json:"name"`
	Active   bool    `json:"active"` // a connection can be used
	Models   []Model `json:"models"`
}

// Catalog is what GET /api/models/catalog answers, by prefix.
type Catalog struct {
	Catalog map[string]ProviderModels `json:"catalog"`
}

// Catalog lists every provider and node with its models: those the catalogue
// knows, those the upstreams of connected accounts list, and the user's own.
func (v *Models) Catalog() (Catalog, error) {
	s := v.rooms.Config.Now()
	out := Catalog{Catalog: map[string]ProviderModels{}}
	for _, up := range v.rooms.Planner.Known(s) {
		accounts := routing.AccountsOf(s, up)
		out.Catalog[up.Prefix()] = ProviderModels{
			Provider: up.ID(), Name: up.Name(), Active: slices.ContainsFunc(accounts, usable), Models: modelsOf(s, up, accounts),
		}
	}
	return out, nil
}

func usable(a *config.Account) bool { return a.Kind != config.KindAPIKey || a.HasSecret }

// modelsOf merges the three lists of an upstream's models, each id once.
func modelsOf(s *config.Snapshot, up routing.Upstream, accounts []*config.Account) []Model {
	out := []Model{}
	seen := map[string]bool{}
	add := func(id, name, typ string, custom bool) {
		if seen[id] {
			return
		}
		seen[id] = true
		caps := up.Provider.Capabilities(id)
		out = append(out, Model{ID: up.Prefix() + "/" + id, Name: cmp.Or(name, id), Type: cmp.Or(typ, "chat"), Custom: custom, ContextLength: caps.Context, MaxOutputTokens: caps.MaxOutput})
	}
	for _, m := range s.CustomOf(up.ID()) {
		add(m.ID, m.Name, kindIn(up.Provider, m.ID), true)
	}
	for _, m := range up.Provider.Models() {
		if m.Living() {
			add(m.ID, m.Name, m.Kind, false)
		}
	}
	for _, a := range accounts {
		for _, id := range a.Models {
			add(id, nameIn(up.Provider, id), kindIn(up.Provider, id), false)
		}
	}
	return out
}

func kindIn(p *catalog.Provider, id string) string {
	if m, ok := p.Model(id); ok {
		return m.Kind
	}
	return ""
}

func nameIn(p *catalog.Provider, id string) string {
	if m, ok := p.Model(id); ok {
		return m.Name
	}
	return ""
}

// ConnectionModel is one model of one connection. ID is the upstream's own
// name, Model what to ask this gateway for.
type ConnectionModel struct {
	ID              string `json:"id"`
	Model           string `json:"model"`
	Name            string `json:"name"`
	Type            string `json:"type"`
	Custom          bool   `json:"custom"`
	ContextLength   int64  `json:"contextLength,omitempty"` // tokens, absent = unknown
	MaxOutputTokens int64  `json:"maxOutputTokens,omitempty"`
}

// ModelList is what one connection can be asked for. Live tells an upstream's
// own list from the catalogue's; Note says why it is not live.
type ModelList struct {
	Models []ConnectionModel `json:"models"`
	Live   bool              `json:"live"`
	Note   string            `json:"note,omitempty"`
}

// Models asks a connection's upstream for its models. Where there is no list
// to ask for, it is the catalogue's.
func (v *Providers) Models(in ByID) (ModelList, error) {
	r := v.rooms
	ids, err := v.refresh(in.ID)
	if err != nil && fault.KindOf(err) != fault.Unsupported {
		return ModelList{}, err
	}
	s := r.Config.Now()
	a := s.Accounts[in.ID]
	if a == nil {
		return ModelList{}, notFound("connection", in.ID)
	}
	up, ok := r.Planner.Upstream(s, a.Provider)
	if !ok {
		return ModelList{}, notFound("provider", a.Provider)
	}
	out := ModelList{Models: []ConnectionModel{}, Live: err == nil}
	if err != nil {
		out.Note = fault.As(err).Public
		for _, m := range modelsOf(s, up, nil) {
			ids = append(ids, strings.TrimPrefix(m.ID, up.Prefix()+"/"))
		}
	}
	for _, id := range ids {
		caps := up.Provider.Capabilities(id)
		out.Models = append(out.Models, ConnectionModel{
			ID: id, Model: up.Prefix() + "/" + id, Name: cmp.Or(nameIn(up.Provider, id), id), Type: cmp.Or(kindIn(up.Provider, id), "chat"),
			Custom: s.HasCustom(up.ID(), id), ContextLength: caps.Context, MaxOutputTokens: caps.MaxOutput,
		})
	}
	return out, nil
}

// CustomModel is a model id the user added to a provider.
type CustomModel struct {
	Provider string `json:"provider"`
	ID       string `json:"id"`
	Name     string `json:"name"`
}

// CustomModels lists them.
type CustomModels struct {
	Models []CustomModel `json:"models"`
}

// CustomModelAnswer holds one.
type CustomModelAnswer struct {
	Model CustomModel `json:"model"`
}

// CustomFilter narrows the list to one provider, by id or prefix.
type CustomFilter struct {
	Provider string `json:"provider" query:"provider"`
}

// NewCustomModel is the shape the seed documents use.
type NewCustomModel struct {
	Provider  string `json:"provider"`
	ModelID   string `json:"modelId"`
	ModelName string `json:"modelName"`
}

// CustomModelID names one to be removed.
type CustomModelID struct {
	Provider string `json:"provider" query:"provider"`
	Model    string `json:"model" query:"model,modelId"`
}

// upstreamID resolves a prefix or id to the id that is stored.
func (v *Models) upstreamID(s *config.Snapshot, name string) (string, error) {
	if name == "" {
		return "", badInput("provider", "The field \"provider\" is missing.")
	}
	up, ok := v.rooms.Planner.Upstream(s, name)
	if !ok {
		return "", badInput("provider", "The provider %q is unknown.", clip(name, 100))
	}
	return up.ID(), nil
}

// Custom lists the models the user added.
func (v *Models) Custom(in CustomFilter) (CustomModels, error) {
	s := v.rooms.Config.Now()
	out := CustomModels{Models: []CustomModel{}}
	only := ""
	if in.Provider != "" {
		var err error
		if only, err = v.upstreamID(s, in.Provider); err != nil {
			return out, err
		}
	}
	for _, m := range s.Custom {
		if only == "" || m.Provider == only {
			out.Models = append(out.Models, CustomModel{m.Provider, m.ID, m.Name})
		}
	}
	return out, nil
}

// AddCustom adds a model, or renames it.
func (v *Models) AddCustom(in NewCustomModel) (CustomModelAnswer, error) {
	m := config.CustomModel{ID: strings.TrimSpace(in.ModelID), Name: strings.TrimSpace(in.ModelName)}
	m.Name = cmp.Or(m.Name, m.ID)
	_, err := v.rooms.update(func(s *config.Snapshot) (err error) {
		if m.Provider, err = v.upstreamID(s, in.Provider); err != nil {
			return err
		}
		i := slices.IndexFunc(s.Custom, func(o config.CustomModel) bool { return o.Provider == m.Provider && o.ID == m.ID })
		if i >= 0 {
			s.Custom[i] = m
		} else {
			s.Custom = append(s.Custom, m)
		}
		return nil
	})
	return CustomModelAnswer{CustomModel{m.Provider, m.ID, m.Name}}, err
}

// RemoveCustom removes a model the user added.
func (v *Models) RemoveCustom(in CustomModelID) error {
	var old config.CustomModel
	var at int
	_, err := v.rooms.update(func(s *config.Snapshot) error {
		provider, err := v.upstreamID(s, in.Provider)
		if err != nil {
			return err
		}
		at = slices.IndexFunc(s.Custom, func(m config.CustomModel) bool { return m.Provider == provider && m.ID == in.Model })
		if at < 0 {
			return notFound("custom model", in.Model)
		}
		old = s.Custom[at]
		s.Custom = slices.Delete(s.Custom, at, at+1)
		return nil
	})
	if err != nil {
		return err
	}
	v.rooms.bin.put(discarded{kind: "custom model", id: old.Provider + "/" + old.ID, undo: func(s *config.Snapshot) error {
		s.Custom = slices.Insert(s.Custom, min(at, len(s.Custom)), old)
		return nil
	}})
	return nil
}

// CustomModelName names a custom model in a body.
type CustomModelName struct {
	Provider string `json:"provider"` // id or prefix
	Model    string `json:"model"`
}

// RestoreCustom undoes a removal, up to ten minutes after it and until the
// next start.
func (v *Models) RestoreCustom(in CustomModelName) (CustomModelAnswer, error) {
	provider, err := v.upstreamID(v.rooms.Config.Now(), in.Provider)
	if err != nil {
		return CustomModelAnswer{}, err
	}
	next, err := v.rooms.restore("custom model", provider+"/"+in.Model)
	if err != nil {
		return CustomModelAnswer{}, err
	}
	for _, m := range next.CustomOf(provider) {
		if m.ID == in.Model {
			return CustomModelAnswer{CustomModel{m.Provider, m.ID, m.Name}}, nil
		}
	}
	return CustomModelAnswer{}, notFound("custom model", in.Model)
}
