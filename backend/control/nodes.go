package control

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"omniroute/backend/accounts"
	"omniroute/backend/config"
	"omniroute/backend/egress"
	"omniroute/backend/fault"
	"omniroute/backend/providers"
	"omniroute/backend/routing"
)

// Nodes are the verbs about endpoints that the user defines.
type Nodes struct{ rooms *Rooms }

// Node is a user-defined endpoint; BaseURL is as it will be called.
type Node struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Prefix  string `json:"prefix"`
	Type    string `json:"type"`
	APIType string `json:"apiType"`
	BaseURL string `json:"baseUrl"`
}

// NodeAnswer holds one node.
type NodeAnswer struct {
	Node Node `json:"node"`
}

// NodeList holds all nodes, by name.
type NodeList struct {
	Nodes []Node `json:"nodes"`
}

// NewNode describes a node to be made.
type NewNode struct {
	Name    string `json:"name"`
	Prefix  string `json:"prefix"`
	Type    string `json:"type"` // openai-compatible, anthropic-compatible or gemini-compatible
	APIType string `json:"apiType"`
	BaseURL string `json:"baseUrl"`
}

// NodeChange changes a node; what is nil stays.
type NodeChange struct {
	Caller  Caller  `json:"-"`
	ID      string  `json:"id" path:"id"`
	Name    *string `json:"name"`
	Prefix  *string `json:"prefix"`
	Type    *string `json:"type"`
	APIType *string `json:"apiType"`
	BaseURL *string `json:"baseUrl"`
}

// ByID names one thing.
type ByID struct {
	ID string `json:"id" path:"id"`
}

func nodeView(n *config.Node) Node {
	return Node{ID: n.ID, Name: n.Name, Prefix: n.Prefix, Type: string(n.Type), APIType: n.APIType, BaseURL: n.BaseURL}
}

// List lists the nodes.
func (v *Nodes) List() (NodeList, error) {
	out := NodeList{Nodes: []Node{}}
	for _, n := range v.rooms.Config.Now().Nodes {
		out.Nodes = append(out.Nodes, nodeView(n))
	}
	slices.SortFunc(out.Nodes, func(a, b Node) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	return out, nil
}

// Create makes a node.
func (v *Nodes) Create(in NewNode) (NodeAnswer, error) {
	n := &config.Node{Name: strings.TrimSpace(in.Name), Prefix: strings.TrimSpace(in.Prefix), Type: config.NodeType(in.Type), APIType: in.APIType, BaseURL: in.BaseURL}
	if err := v.normalise(n); err != nil {
		return NodeAnswer{}, err
	}
	n.ID = strings.TrimSuffix(string(n.Type)+"-"+n.APIType, "-") + "-" + newID()
	n.CreatedAt = v.rooms.Now().UTC()
	n.UpdatedAt = n.CreatedAt
	_, err := v.rooms.update(func(s *config.Snapshot) error {
		s.Nodes[n.ID] = n
		return nil
	})
	return NodeAnswer{nodeView(n)}, err
}

// normalise checks what config cannot: type and base URL belong together.
func (v *Nodes) normalise(n *config.Node) error {
	template, ok := v.rooms.Catalog.Node(string(n.Type))
	if !ok {
		return badInput("type", "The type %q is unknown. Use openai-compatible, anthropic-compatible or gemini-compatible.", clip(string(n.Type), 60))
	}
	switch {
	case n.Type != config.NodeOpenAI:
		n.APIType = ""
	case n.APIType == "":
		n.APIType = "chat"
	case n.APIType != "chat" && n.APIType != "responses":
		return badInput("apiType", "apiType must be chat or responses.")
	}
	if strings.TrimSpace(n.BaseURL) == "" {
		return badInput("baseUrl", "The field \"baseUrl\" is missing.")
	}
	base, err := v.rooms.checkBase(n.BaseURL)
	if err != nil {
		return err
	}
	if base, err = template.Base(base, nil); err != nil {
		return err
	}
	n.BaseURL, err = v.rooms.checkBase(base)
	return err
}

// checkBase refuses what may never become an upstream, this gateway itself
// included.
func (r *Rooms) checkBase(raw string) (string, error) {
	base, err := egress.CheckBaseURL(raw)
	if err != nil {
		return "", err
	}
	if port := r.Port(); port != 0 && egress.IsLoopback(base) && portOf(base) == port {
		return "", badInput("baseUrl", "This base URL leads to this gateway itself.")
	}
	return base, nil
}

// Update changes a node. Another host takes the keys of its connections away:
// a key belongs to the host it was entered for (rulings 2.2).
func (v *Nodes) Update(in NodeChange) (NodeAnswer, error) {
	var next *config.Node
	var lost []string
	_, err := v.rooms.update(func(s *config.Snapshot) error {
		old := s.Nodes[in.ID]
		if old == nil {
			return notFound("provider node", in.ID)
		}
		n := *old
		set(&n.Name, in.Name)
		set(&n.Prefix, in.Prefix)
		set((*string)(&n.Type), in.Type)
		set(&n.APIType, in.APIType)
		set(&n.BaseURL, in.BaseURL)
		if err := v.normalise(&n); err != nil {
			return err
		}
		n.UpdatedAt = v.rooms.Now().UTC()
		next = &n
		s.Nodes[n.ID] = next
		var err error
		lost, err = v.moveKeys(s, old, next, in.Caller)
		return err
	})
	if err != nil {
		return NodeAnswer{}, err
	}
	v.rooms.forget(lost)
	return NodeAnswer{nodeView(next)}, nil
}

// moveKeys marks the connections that follow a node to another host as
// keyless and returns them.
func (v *Nodes) moveKeys(s *config.Snapshot, old, next *config.Node, c Caller) (lost []string, err error) {
	if old.BaseURL == next.BaseURL {
		return nil, nil
	}
	for id, a := range s.Accounts {
		if a.Provider != next.ID || a.BaseURL != "" {
			continue
		}
		if err := c.proven("Changing the base URL of an existing connection"); err != nil {
			return nil, err
		}
		if egress.Origin(old.BaseURL) == egress.Origin(next.BaseURL) || !a.HasSecret {
			continue
		}
		b := *a
		b.HasSecret, b.KeyHint, b.UpdatedAt = false, "", next.UpdatedAt
		b.Models, b.ModelsAt = nil, time.Time{}
		s.Accounts[id] = &b
		lost = append(lost, id)
	}
	return lost, nil
}

// Delete removes a node, its connections and its custom models. For a while
// they can be restored with their keys; then the keys are deleted, too.
func (v *Nodes) Delete(in ByID) error {
	var node *config.Node
	var lost []*config.Account
	var models []config.CustomModel
	_, err := v.rooms.update(func(s *config.Snapshot) error {
		if node = s.Nodes[in.ID]; node == nil {
			return notFound("provider node", in.ID)
		}
		delete(s.Nodes, in.ID)
		maps.DeleteFunc(s.Accounts, func(_ string, a *config.Account) bool {
			if a.Provider == in.ID {
				lost = append(lost, a)
				v.rooms.discardSecret(s, a)
			}
			return a.Provider == in.ID
		})
		models = slices.Clone(s.CustomOf(in.ID))
		s.Custom = slices.DeleteFunc(s.Custom, func(m config.CustomModel) bool { return m.Provider == in.ID })
		return nil
	})
	if err != nil {
		return err
	}
	ids := make([]string, 0, len(lost))
	for _, a := range lost {
		v.rooms.Board.Forget(a.ID)
		ids = append(ids, a.ID)
	}
	v.rooms.bin.put(discarded{kind: "provider node", id: in.ID, undo: func(s *config.Snapshot) error {
		s.Nodes[node.ID] = node
		for _, a := range lost {
			s.Accounts[a.ID] = a
			delete(s.Discarded, a.ID)
		}
		s.Custom = append(s.Custom, models...)
		return nil
	}, gone: v.rooms.forgetLater(ids)})
	return nil
}

// Restore undoes a deletion, up to ten minutes after it and until the next
// start.
func (v *Nodes) Restore(in ByID) (NodeAnswer, error) {
	next, err := v.rooms.restore("provider node", in.ID)
	if err != nil {
		return NodeAnswer{}, err
	}
	return NodeAnswer{nodeView(next.Nodes[in.ID])}, nil
}

// forget deletes the stored keys of connections that lost them, and what is
// known of how they fared. The settings already say that there is no key, and
// the vault binds each to its host, so a failure leaves rubbish, no danger.
func (r *Rooms) forget(accounts []string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Lifetime), saving)
	defer cancel()
	for _, id := range accounts {
		r.Board.Forget(id)
		if err := r.Secrets.Forget(ctx, id); err != nil {
			r.Log.Warn("the key of a connection could not be deleted", "connection", id, "error", err)
		}
	}
}

// NodeTrial is an endpoint to be tried before it is stored.
type NodeTrial struct {
	BaseURL string `json:"baseUrl"`
	APIKey  string `json:"apiKey"`
	Type    string `json:"type"`
	APIType string `json:"apiType"`
	Model   string `json:"model"` // for the one-token call where there is no model list; "" = any
}

// Validity says whether a trial went well.
type Validity struct {
	Valid bool   `json:"valid"`
	Error string `json:"error,omitempty"`
}

// Validate tries an endpoint without storing anything.
func (v *Nodes) Validate(in NodeTrial) (Validity, error) {
	n := &config.Node{ID: "trial", Name: "This endpoint", Prefix: "trial", Type: config.NodeType(cmp.Or(in.Type, string(config.NodeOpenAI))), APIType: in.APIType, BaseURL: in.BaseURL}
	if err := v.normalise(n); err != nil {
		return Validity{}, err
	}
	key, err := cleanKey(in.APIKey)
	if err != nil {
		return Validity{}, err
	}
	template, _ := v.rooms.Catalog.Node(string(n.Type))
	a := &config.Account{ID: "trial", Provider: n.ID, Name: n.Name, Kind: config.KindNone, Active: true}
	if key != "" {
		a.Kind, a.HasSecret = config.KindAPIKey, true
	}
	e, err := providers.NewEndpoint(a, routing.Upstream{Provider: template, Node: n})
	if err != nil {
		return Validity{}, err
	}
	ctx, cancel := v.rooms.within(trialTime)
	defer cancel()
	r := v.rooms.Prober.Test(ctx, e, key, in.Model)
	return Validity{Valid: r.Valid, Error: r.Error}, nil
}

func set[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

// cleanKey takes a pasted key: spaces around it are dropped, what cannot be
// in a header is refused, and so is a key of our own.
func cleanKey(text string) (fault.Secret, error) {
	text = strings.TrimSpace(text)
	if len(text) > 16<<10 {
		return "", badInput("apiKey", "The key is longer than 16 KB. Service account files are not supported yet.")
	}
	for _, c := range []byte(text) {
		if c < 0x21 || c > 0x7e {
			return "", badInput("apiKey", "The key contains a space, a line break or another character that no key has. Copy it again.")
		}
	}
	if strings.HasPrefix(text, accounts.KeyPrefix) {
		return "", badInput("apiKey", "This is a key of this gateway, not of a provider.")
	}
	return fault.Secret(text), nil
}
