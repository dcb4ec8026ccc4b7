package config

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// AccountStrategies are the ways to choose among the accounts of one provider
// (contract F074), the default first.
func AccountStrategies() []string {
	return []string{"fill-first", "round-robin", "p2c", "random", "least-used", "cost-optimized"}
}

// ComboStrategies are the ways to order the steps of a combo (api.md), the
// default first.
func ComboStrategies() []string {
	return []string{"priority", "fill-first", "round-robin", "weighted", "random", "p2c", "least-used", "cost-optimized"}
}

// Spread says how requests are spread: over the accounts of a provider or
// the steps of a combo. Sticky is how many requests in a row round-robin gives
// to one of them, at least 1.
type Spread struct {
	Strategy string
	Sticky   int
}

// AccountSpread is how the accounts of a provider share its requests: what
// providerOverrides say about its id, else about its prefix, else the global
// setting.
func (s *Snapshot) AccountSpread(provider, prefix string) Spread {
	if r, ok := s.index.spread[provider]; ok {
		return r
	}
	if r, ok := s.index.spread[prefix]; ok {
		return r
	}
	return s.index.spreadAll
}

// providerOverride is one value of the setting providerOverrides.
type providerOverride struct {
	FallbackStrategy      *string `json:"fallbackStrategy"`
	StickyRoundRobinLimit *int    `json:"stickyRoundRobinLimit"`
}

// readOverrides reads the setting providerOverrides: an object of provider ids
// or prefixes. Members that are not known are refused: a switch that does
// nothing is worse than an error.
func readOverrides(raw []byte) (map[string]providerOverride, error) {
	out := map[string]providerOverride{}
	if len(raw) == 0 {
		return out, nil
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&out); err != nil {
		return nil, invalid("providerOverrides", "providerOverrides must be an object of providers, each with fallbackStrategy and stickyRoundRobinLimit or one of them.")
	}
	for name, o := range out {
		if o.FallbackStrategy != nil && !slices.Contains(AccountStrategies(), *o.FallbackStrategy) {
			return nil, invalid("providerOverrides", "fallbackStrategy of %q must be one of %s.", name, strings.Join(AccountStrategies(), ", "))
		}
		if o.StickyRoundRobinLimit != nil && (*o.StickyRoundRobinLimit < 0 || *o.StickyRoundRobinLimit > maxSticky) {
			return nil, invalid("providerOverrides", "stickyRoundRobinLimit of %q must be between 0 and %d.", name, maxSticky)
		}
	}
	return out, nil
}

// CheckOverrides says what is wrong with a value of providerOverrides. It
// returns the providers that it names.
func CheckOverrides(raw []byte) (providers []string, err error) {
	list, err := readOverrides(raw)
	for name := range list {
		providers = append(providers, name)
	}
	return providers, err
}

// indexSpread fills the index. What an older version stored and this one
// cannot read has no effect; control refuses to store it anew.
func (x *index) indexSpread(t *Settings) {
	x.spreadAll = Spread{t.FallbackStrategy, max(t.StickyRoundRobinLimit, 1)}
	if !slices.Contains(AccountStrategies(), x.spreadAll.Strategy) {
		x.spreadAll.Strategy = AccountStrategies()[0]
	}
	list, err := readOverrides(t.More["providerOverrides"])
	if err != nil {
		return
	}
	x.spread = make(map[string]Spread, len(list))
	for name, o := range list {
		r := x.spreadAll
		override(&r.Strategy, o.FallbackStrategy)
		if o.StickyRoundRobinLimit != nil {
			r.Sticky = max(*o.StickyRoundRobinLimit, 1)
		}
		x.spread[name] = r
	}
}

// comboRules is what the config of a combo, or comboDefaults, say about
// routing. Other members belong to other rooms.
type comboRules struct {
	Strategy              *string `json:"strategy"` // comboDefaults only: of combos that are made without one
	StickyRoundRobinLimit *int    `json:"stickyRoundRobinLimit"`
}

func readComboRules(param string, raw []byte) (r comboRules, err error) {
	if len(raw) == 0 {
		return r, nil
	}
	if json.Unmarshal(raw, &r) != nil {
		return comboRules{}, invalid(param, "%s must be an object; its strategy is a text and its stickyRoundRobinLimit a number.", param)
	}
	if r.Strategy != nil && !slices.Contains(ComboStrategies(), *r.Strategy) {
		return comboRules{}, invalid(param, "strategy of %s must be one of %s.", param, strings.Join(ComboStrategies(), ", "))
	}
	if r.StickyRoundRobinLimit != nil && (*r.StickyRoundRobinLimit < 0 || *r.StickyRoundRobinLimit > maxSticky) {
		return comboRules{}, invalid(param, "stickyRoundRobinLimit of %s must be between 0 and %d.", param, maxSticky)
	}
	return r, nil
}

// CheckComboRules says what is wrong with the config of a combo or with
// comboDefaults; param names it.
func CheckComboRules(param string, raw []byte) error {
	_, err := readComboRules(param, raw)
	return err
}

// ComboSpread is how a combo spreads requests over its steps: round-robin
// changes the step with each request unless the combo's config or
// comboDefaults say otherwise.
func (s *Snapshot) ComboSpread(c *Combo) Spread {
	r := Spread{c.Strategy, s.index.comboSticky}
	if n, ok := s.index.sticky[c.ID]; ok {
		r.Sticky = n
	}
	return r
}

// DefaultStrategy is the strategy of a combo that is made without one.
func (s *Snapshot) DefaultStrategy() string {
	r, _ := readComboRules("comboDefaults", s.Settings.More["comboDefaults"])
	if r.Strategy != nil {
		return *r.Strategy
	}
	return ComboStrategies()[0]
}

func (x *index) indexCombos(s *Snapshot) {
	x.comboSticky = 1
	if r, _ := readComboRules("comboDefaults", s.Settings.More["comboDefaults"]); r.StickyRoundRobinLimit != nil {
		x.comboSticky = max(*r.StickyRoundRobinLimit, 1)
	}
	x.sticky = map[string]int{}
	for id, c := range s.Combos {
		if r, _ := readComboRules("config", c.Config); r.StickyRoundRobinLimit != nil {
			x.sticky[id] = max(*r.StickyRoundRobinLimit, 1)
		}
	}
}
