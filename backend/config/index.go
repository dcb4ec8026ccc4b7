package config

import (
	"cmp"
	"slices"
	"strings"
)

// index answers the questions of a request with map lookups only.
type index struct {
	nodeByPrefix map[string]*Node
	accounts     map[string][]*Account // by provider, active ones, by priority then age
	comboByName  map[string]*Combo
	keyByHash    map[string]*Key
	exact        map[string]string        // alias without wildcards → target
	wildcards    []Alias                  // most specific first (contract.md 4.3)
	custom       map[string][]CustomModel // by provider
	customByID   map[string][]CustomModel
	hasCustom    map[[2]string]bool    // provider, id
	listedBy     map[string][]*Account // bare model id → active accounts whose live list has it
	spreadAll    Spread                // of accounts
	spread       map[string]Spread     // by provider id or prefix, where it differs
	comboSticky  int                   // of combos
	sticky       map[string]int        // by combo id, where it differs
	chains       []Chain               // that are enabled
}

// DefaultSettings are the values of a fresh install.
func DefaultSettings() Settings {
	return Settings{
		FallbackStrategy: "fill-first", StickyRoundRobinLimit: 3, RequireLogin: true, LogRetentionDays: 90, Theme: "system",
		UnknownToActiveCombo: true, SessionAffinity: true,
		Density: "comfortable", SingleKeyShortcuts: true, CloseToTray: true,
		Notifications: Notifications{Enabled: true, Breaker: true, NoTarget: true, SignIn: true, System: true},
	}
}

// Seal builds the lookup tables. It is called once, by the writer, before a
// snapshot is published.
func (s *Snapshot) Seal() {
	x := &index{
		nodeByPrefix: make(map[string]*Node, len(s.Nodes)),
		accounts:     make(map[string][]*Account),
		comboByName:  make(map[string]*Combo, len(s.Combos)),
		keyByHash:    make(map[string]*Key, len(s.Keys)),
		exact:        make(map[string]string),
		custom:       make(map[string][]CustomModel),
		customByID:   make(map[string][]CustomModel, len(s.Custom)),
		hasCustom:    make(map[[2]string]bool, len(s.Custom)),
		listedBy:     make(map[string][]*Account),
	}
	for _, n := range s.Nodes {
		x.nodeByPrefix[n.Prefix] = n
	}
	for _, a := range s.Accounts {
		if a.Active {
			x.accounts[a.Provider] = append(x.accounts[a.Provider], a)
		}
	}
	for _, list := range x.accounts {
		slices.SortFunc(list, ByPriority)
		for _, a := range list {
			for _, m := range a.Models {
				x.listedBy[m] = append(x.listedBy[m], a)
			}
		}
	}
	for _, c := range s.Combos {
		x.comboByName[c.Name] = c
	}
	for _, k := range s.Keys {
		x.keyByHash[k.Hash] = k
	}
	for _, a := range s.Aliases {
		if strings.ContainsAny(a.Pattern, "*?") {
			x.wildcards = append(x.wildcards, a)
		} else if _, taken := x.exact[a.Pattern]; !taken {
			x.exact[a.Pattern] = a.Target
		}
	}
	slices.SortStableFunc(x.wildcards, func(a, b Alias) int { return specificity(b.Pattern) - specificity(a.Pattern) })
	for _, m := range s.Custom {
		x.custom[m.Provider] = append(x.custom[m.Provider], m)
		x.customByID[m.ID] = append(x.customByID[m.ID], m)
		x.hasCustom[[2]string{m.Provider, m.ID}] = true
	}
	x.indexSpread(&s.Settings)
	x.indexCombos(s)
	for _, c := range s.Settings.Chains {
		if c.Enabled {
			x.chains = append(x.chains, c)
		}
	}
	s.index = x
}

// ByPriority orders accounts: preferred first, then older first.
func ByPriority(a, b *Account) int {
	return cmp.Or(cmp.Compare(a.Priority, b.Priority), a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
}

// specificity ranks wildcard patterns: 10 for a literal character, -50 for *,
// -5 for ?, plus the length (contract.md 4.3).
func specificity(pattern string) int {
	n := len(pattern)
	for _, c := range pattern {
		switch c {
		case '*':
			n -= 50
		case '?':
			n -= 5
		default:
			n += 10
		}
	}
	return n
}

// NodeByPrefix finds a user-defined endpoint by its model prefix.
func (s *Snapshot) NodeByPrefix(prefix string) (*Node, bool) {
	n, ok := s.index.nodeByPrefix[prefix]
	return n, ok
}

// AccountsOf lists a provider's active accounts, preferred first.
func (s *Snapshot) AccountsOf(provider string) []*Account { return s.index.accounts[provider] }

// ComboByName finds a combo by its exact name.
func (s *Snapshot) ComboByName(name string) (*Combo, bool) {
	c, ok := s.index.comboByName[name]
	return c, ok
}

// ActiveCombo is the combo behind the name "auto", nil when there is none.
func (s *Snapshot) ActiveCombo() *Combo { return s.Combos[s.Settings.ActiveCombo] }

// KeyByHash finds a key by the HMAC of its text.
func (s *Snapshot) KeyByHash(hash string) (*Key, bool) {
	k, ok := s.index.keyByHash[hash]
	return k, ok
}

// Alias resolves an exact alias of the user.
func (s *Snapshot) Alias(name string) (target string, ok bool) {
	target, ok = s.index.exact[name]
	return target, ok
}

// Wildcard resolves a wildcard alias, the most specific first. The match is
// anchored and ignores case. What a pattern's only * stands for replaces the *
// of the target, so that openai/* can lead to groq/*.
func (s *Snapshot) Wildcard(name string) (target string, ok bool) {
	for _, a := range s.index.wildcards {
		if !Match(a.Pattern, name) {
			continue
		}
		if before, after, one := strings.Cut(a.Pattern, "*"); one && !strings.Contains(after, "*") {
			return strings.Replace(a.Target, "*", name[len(before):len(name)-len(after)], 1), true
		}
		return a.Target, true
	}
	return "", false
}

// Chains are the fallback chains that are enabled, in their order.
func (s *Snapshot) Chains() []Chain { return s.index.chains }

// CustomOf lists the models the user added to a provider.
func (s *Snapshot) CustomOf(provider string) []CustomModel { return s.index.custom[provider] }

// CustomByID lists the providers the user added a bare model id to.
func (s *Snapshot) CustomByID(model string) []CustomModel { return s.index.customByID[model] }

// HasCustom reports whether the user added this model to this provider.
func (s *Snapshot) HasCustom(provider, model string) bool {
	return s.index.hasCustom[[2]string{provider, model}]
}

// ListedBy lists the active accounts whose live model list has this bare id.
func (s *Snapshot) ListedBy(model string) []*Account { return s.index.listedBy[model] }

// Match reports whether name fits a pattern of * (anything) and ? (one
// character), ignoring ASCII case.
func Match(pattern, name string) bool {
	p, n := 0, 0
	star, mark := -1, 0
	for n < len(name) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, n
			p++
		case p < len(pattern) && (pattern[p] == '?' || lower(pattern[p]) == lower(name[n])):
			p++
			n++
		case star >= 0:
			mark++
			p, n = star+1, mark
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
