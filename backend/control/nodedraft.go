package control

import (
	"net/url"
	"strconv"
	"strings"

	"omniroute/backend/config"
	"omniroute/backend/egress"
	"omniroute/backend/providers"
	"omniroute/backend/routing"
	"omniroute/backend/wire"
)

// NodeDraft is an endpoint as it is being typed. Nothing is called or stored.
type NodeDraft struct {
	Type    string `json:"type"` // openai-compatible, anthropic-compatible or gemini-compatible
	APIType string `json:"apiType"`
	BaseURL string `json:"baseUrl"`
	Prefix  string `json:"prefix"` // wished for, "" = propose one
	ID      string `json:"id"`     // of the node being changed, "" = a new one
}

// DraftedNode says what would become of a draft: the base URL as it will be
// kept, the address of a chat call, and a prefix. TakenBy names who uses the
// wished prefix, "" = it is free; Shadows says that a provider of the
// catalogue has it and would be reached by its id only.
type DraftedNode struct {
	BaseURL string `json:"baseUrl"`
	CallURL string `json:"callUrl"`
	Prefix  string `json:"prefix"`
	TakenBy string `json:"takenBy"`
	Shadows string `json:"shadows"`
	Local   bool   `json:"local"` // leads to this computer
}

// Draft repairs a base URL and finds a prefix while a person types.
func (v *Nodes) Draft(in NodeDraft) (DraftedNode, error) {
	n := &config.Node{ID: "draft", Name: "This endpoint", Type: config.NodeType(in.Type), APIType: in.APIType, BaseURL: in.BaseURL}
	if err := v.normalise(n); err != nil {
		return DraftedNode{}, err
	}
	template, _ := v.rooms.Catalog.Node(string(n.Type))
	e, err := providers.NewEndpoint(&config.Account{ID: "draft", Provider: n.ID}, routing.Upstream{Provider: template, Node: n})
	if err != nil {
		return DraftedNode{}, err
	}
	out := DraftedNode{BaseURL: n.BaseURL, Local: egress.IsLoopback(n.BaseURL)}
	if u, ok := e.URL(wire.Format(e.Upstream.Format()), providers.ForAnswer, "MODEL"); ok {
		out.CallURL = u.String()
	}
	s := v.rooms.Config.Now()
	if out.Prefix = strings.TrimSpace(in.Prefix); out.Prefix == "" {
		out.Prefix = v.freePrefix(s, n.BaseURL, in.ID)
		return out, nil
	}
	if !config.ValidPrefix(out.Prefix) {
		return DraftedNode{}, badInput("prefix", "A prefix has 1 to 50 letters, digits, dots, dashes and underscores and begins with a letter or digit.")
	}
	if other := nodeWithPrefix(s, out.Prefix, in.ID); other != nil {
		out.TakenBy = other.Name
	} else if p, ok := v.rooms.Catalog.Provider(out.Prefix); ok {
		out.Shadows = p.Name
	}
	return out, nil
}

// freePrefix makes a short prefix of a host name that nobody uses.
func (v *Nodes) freePrefix(s *config.Snapshot, base, id string) string {
	stem := prefixOf(base)
	for i := 1; ; i++ {
		prefix := stem
		if i > 1 {
			prefix += "-" + strconv.Itoa(i)
		}
		_, listed := v.rooms.Catalog.Provider(prefix)
		if !listed && nodeWithPrefix(s, prefix, id) == nil {
			return prefix
		}
	}
}

// nodeWithPrefix finds another node with the same prefix; case does not count.
func nodeWithPrefix(s *config.Snapshot, prefix, except string) *config.Node {
	for id, n := range s.Nodes {
		if id != except && strings.EqualFold(n.Prefix, prefix) {
			return n
		}
	}
	return nil
}

// prefixOf takes the telling word of a host: "together" of
// https://api.together.xyz/v1, "local" of an address of this computer.
func prefixOf(base string) string {
	if egress.IsLoopback(base) {
		return "local"
	}
	u, err := url.Parse(base)
	if err != nil {
		return "custom"
	}
	labels := strings.Split(u.Hostname(), ".")
	if len(labels) > 1 && strings.Trim(u.Hostname(), "0123456789.:[]abcdef") != "" {
		labels = labels[:len(labels)-1] // the top level says nothing
	}
	word := ""
	for _, label := range labels {
		if !isFiller(label) && len(label) >= len(word) {
			word = label
		}
	}
	word = strings.ToLower(word)
	if !config.ValidPrefix(word) || strings.Trim(word, "0123456789") == "" {
		return "custom"
	}
	return word[:min(len(word), 20)]
}

func isFiller(label string) bool {
	switch strings.ToLower(label) {
	case "api", "www", "llm", "ai", "gateway", "inference", "v1", "co", "com", "":
		return true
	}
	return false
}
