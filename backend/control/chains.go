package control

import (
	"slices"
	"strings"

	"omniroute/backend/config"
	"omniroute/backend/routing"
)

// Chain is a list of models that every request falls back to when everything
// it was routed to has failed.
type Chain struct {
	Name    string   `json:"name"`
	Models  []string `json:"models"`
	Enabled bool     `json:"enabled"`
}

// ChainList holds the fallback chains in the order in which they are walked.
type ChainList struct {
	Chains []Chain `json:"chains"`
}

// ChainInput makes a fallback chain, or changes the one of that name.
type ChainInput struct {
	Name    string   `json:"name"`
	Models  []string `json:"models"`
	Enabled *bool    `json:"enabled"` // null = yes
}

// ChainID names a fallback chain.
type ChainID struct {
	Name string `json:"name" query:"name"`
}

func chainViews(s *config.Snapshot) ChainList {
	out := ChainList{Chains: make([]Chain, 0, len(s.Settings.Chains))}
	for _, c := range s.Settings.Chains {
		out.Chains = append(out.Chains, Chain{c.Name, append([]string{}, c.Models...), c.Enabled})
	}
	return out
}

// Chains lists the fallback chains.
func (v *Routing) Chains() (ChainList, error) { return chainViews(v.rooms.Config.Now()), nil }

// SetChain makes or changes a fallback chain. What it lists must be known; a
// chain nobody can be reached through would help nobody.
func (v *Routing) SetChain(in ChainInput) (ChainList, error) {
	c := config.Chain{Name: strings.TrimSpace(in.Name), Enabled: true}
	set(&c.Enabled, in.Enabled)
	for _, m := range in.Models {
		c.Models = append(c.Models, strings.TrimSpace(m))
	}
	next, err := v.rooms.update(func(s *config.Snapshot) error {
		for _, m := range c.Models {
			if prefix, _, ok := strings.Cut(m, "/"); ok && !v.known(s, m, prefix) {
				return badInput("models", "No provider has the prefix %q of %q.", clip(prefix, 60), clip(m, 100))
			}
		}
		list := slices.Clone(s.Settings.Chains)
		if i := slices.IndexFunc(list, func(o config.Chain) bool { return o.Name == c.Name }); i >= 0 {
			list[i] = c
		} else {
			list = append(list, c)
		}
		s.Settings.Chains = list
		return nil
	})
	if err != nil {
		return ChainList{}, err
	}
	return chainViews(next), nil
}

// known reports a name with a slash that can mean something.
func (v *Routing) known(s *config.Snapshot, model, prefix string) bool {
	if _, combo := s.ComboByName(model); combo || prefix == routing.Auto {
		return true
	}
	if _, alias := s.Alias(model); alias {
		return true
	}
	if _, alias := s.Wildcard(model); alias {
		return true
	}
	_, ok := v.rooms.Planner.Upstream(s, prefix)
	return ok
}

// RemoveChain removes a fallback chain.
func (v *Routing) RemoveChain(in ChainID) error {
	if in.Name == "" {
		return badInput("name", "Say which chain: DELETE /api/fallback/chains?name=…")
	}
	_, err := v.rooms.update(func(s *config.Snapshot) error {
		list := slices.DeleteFunc(slices.Clone(s.Settings.Chains), func(c config.Chain) bool { return c.Name == in.Name })
		if len(list) == len(s.Settings.Chains) {
			return notFound("fallback chain", in.Name)
		}
		s.Settings.Chains = list
		return nil
	})
	return err
}
