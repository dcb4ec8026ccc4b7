package control

import (
	"slices"

	"omniroute/backend/catalog"
	"omniroute/backend/config"
	"omniroute/backend/routing"
)

// PickerEntry is something that can be connected. Prose of the catalogue
// (FreeNote, PriceNote, Notice) is English.
type PickerEntry struct {
	ID        string        `json:"id"` // what Providers.Create takes; for group custom the type of a node
	Prefix    string        `json:"prefix"`
	Name      string        `json:"name"`
	Group     string        `json:"group" enum:"subscription apikey cheap free local custom demo"`
	Kinds     []string      `json:"kinds" enum:"apikey relay none"` // ways to connect it now, best first; none for the demo and for nodes without a key
	KeyURL    string        `json:"keyUrl"`                         // where a key is made, "" = not known
	BaseURL   string        `json:"baseUrl"`                        // where its calls go unless told otherwise, "" = a node's own
	Website   string        `json:"website"`
	FreeNote  string        `json:"freeNote"`  // what is free there, "" = nothing known
	PriceNote string        `json:"priceNote"` // of a plan
	Notice    string        `json:"notice"`    // to be shown before connecting, "" = none
	Params    []PickerParam `json:"params"`
	Models    int           `json:"models"`    // that the catalogue knows
	Connected int           `json:"connected"` // connections there are already
}

// PickerParam is a value that the address of a provider needs.
type PickerParam struct {
	Name string `json:"name"`
	Hint string `json:"hint"`
}

// PickerList is everything that can be connected now, in the order of the
// catalogue, nodes and the demo last.
type PickerList struct {
	Entries []PickerEntry `json:"entries"`
}

// Catalog lists what can be connected. Providers that need a login which only
// a later version brings are left out.
func (v *Providers) Catalog() (PickerList, error) {
	r := v.rooms
	s := r.Config.Now()
	count := map[string]int{}
	for _, a := range s.Accounts {
		count[a.Provider]++
	}
	out := PickerList{Entries: []PickerEntry{}}
	var demo []PickerEntry
	for _, p := range r.Catalog.Providers() {
		kinds := waysOf(p)
		switch {
		case p.Kind == catalog.KindDemo:
			demo = append(demo, pickerEntry(p, "demo", kinds, 0))
		case len(kinds) > 0 && p.Kind != catalog.KindNode:
			out.Entries = append(out.Entries, pickerEntry(p, groupOf(p), kinds, count[p.ID]))
		}
	}
	for _, t := range [...]config.NodeType{config.NodeOpenAI, config.NodeAnthropic, config.NodeGemini} {
		template, ok := r.Catalog.Node(string(t))
		if !ok {
			continue
		}
		nodes := 0
		for _, n := range s.Nodes {
			if n.Type == t {
				nodes++
			}
		}
		out.Entries = append(out.Entries, pickerEntry(template, "custom", []string{"apikey", "none"}, nodes))
	}
	out.Entries = append(out.Entries, demo...)
	return out, nil
}

// groupOf is where the picker lists a provider.
func groupOf(p *catalog.Provider) string {
	switch p.Kind {
	case catalog.KindLocal:
		return "local"
	case catalog.KindNode:
		return "custom"
	case catalog.KindDemo:
		return "demo"
	}
	return string(p.Tier)
}

// waysOf lists the kinds of connection a provider takes now, best first.
func waysOf(p *catalog.Provider) []string {
	out := []string{}
	if ok, _ := p.Usable(); ok {
		if p.Kind == catalog.KindLocal && p.Auth.Accepts("none") {
			out = append(out, string(config.KindNone))
		}
		if p.Auth.Accepts("apikey") {
			out = append(out, string(config.KindAPIKey))
		}
		if p.Auth.Accepts("none") && !slices.Contains(out, string(config.KindNone)) {
			out = append(out, string(config.KindNone))
		}
	}
	if p.Auth.Relay && !p.Status.Discontinued() {
		out = append(out, string(config.KindRelay))
	}
	return out
}

func pickerEntry(p *catalog.Provider, group string, kinds []string, connected int) PickerEntry {
	e := PickerEntry{
		ID: p.ID, Prefix: p.Alias, Name: p.Name, Group: group, Kinds: kinds, KeyURL: p.Auth.KeyURL, BaseURL: p.BaseURL, Website: p.Website,
		FreeNote: p.FreeTier, PriceNote: p.PlanPrice, Notice: p.Terms.UserNotice, Params: []PickerParam{}, Connected: connected,
	}
	if p.Kind == catalog.KindLocal {
		e.FreeNote = "" // it is the user's own machine
	}
	for _, q := range p.Params {
		e.Params = append(e.Params, PickerParam{q.Name, q.Hint})
	}
	for _, m := range p.Models() {
		if m.Living() {
			e.Models++
		}
	}
	return e
}

// PastedKey is a key whose owner is to be guessed. It is neither kept nor
// logged.
type PastedKey struct {
	Key string `json:"key"`
}

// KeyGuess is a provider the key may belong to.
type KeyGuess struct {
	Provider string `json:"provider"` // catalogue id
	Name     string `json:"name"`
	Sure     bool   `json:"sure"` // keys of no other known provider begin so
}

// KeyGuesses lists the candidates, likeliest first.
type KeyGuesses struct {
	Candidates []KeyGuess `json:"candidates"`
}

// GuessKey tells by its look whose a key may be. Nobody is asked.
func (v *Providers) GuessKey(in PastedKey) (KeyGuesses, error) {
	key, err := cleanKey(in.Key)
	if err != nil {
		return KeyGuesses{}, err
	}
	out := KeyGuesses{Candidates: []KeyGuess{}}
	for _, g := range v.rooms.Catalog.GuessKey(key.Reveal()) {
		if len(waysOf(g.Provider)) > 0 {
			out.Candidates = append(out.Candidates, KeyGuess{g.Provider.ID, g.Provider.Name, g.Sure})
		}
	}
	return out, nil
}

// hintOf is what of a key may be shown again: how it begins and its last four
// characters, nothing of a short one.
func hintOf(key string) string {
	if len(key) < 20 {
		return ""
	}
	return key[:3] + "…" + key[len(key)-4:]
}

// upstreamName is what people call a provider or node.
func upstreamName(r *Rooms, s *config.Snapshot, provider string) string {
	if up, ok := r.Planner.Upstream(s, provider); ok {
		return up.Name()
	}
	return provider
}

// upstreamGroup is the picker's group of a provider or node.
func upstreamGroup(up routing.Upstream) string {
	if up.Node != nil {
		return "custom"
	}
	return groupOf(up.Provider)
}
