package config

import (
	"net/url"
	"strings"

	"omniroute/backend/fault"
)

// Limits of what may be stored.
const (
	MaxDepth      = 3      // combos inside combos, the outermost counted (api.md)
	MaxName       = 100    // bytes of a combo name
	maxLabel      = 200    // bytes of the names people give
	maxSteps      = 500    // models in one combo
	maxSticky     = 1000   // contract.md 3.2
	maxRetention  = 365    // days, contract.md 3.2
	maxModels     = 20_000 // live list of one account
	maxCustom     = 20_000
	maxAliases    = 10_000
	maxIDBytes    = 128
	maxModelBytes = 512
)

// check is what every snapshot must obey, whoever edits it. What needs
// knowledge of other rooms (catalogue prefixes, strategies) is a veto.
func check(s *Snapshot) error {
	for _, f := range [...]func(*Snapshot) error{checkNodes, checkAccounts, checkCombos, checkKeys, checkNames, checkSettings} {
		if err := f(s); err != nil {
			return err
		}
	}
	return nil
}

func invalid(param, format string, args ...any) error {
	return fault.New(fault.Invalid, "config.check", format, args...).With(func(e *fault.Error) { e.Param = param })
}

func conflict(param, format string, args ...any) error {
	return fault.New(fault.Conflict, "config.check", format, args...).With(func(e *fault.Error) { e.Param = param })
}

// checkID guards the ids that become file names in the vault and parts of
// paths.
func checkID(kind, key, id string) error {
	if key != id {
		return invalid("id", "A %s is stored under the id %q but says %q.", kind, key, id)
	}
	if id == "" || len(id) > maxIDBytes || strings.HasPrefix(id, ".") {
		return invalid("id", "The id %q of a %s is not valid.", id, kind)
	}
	for _, c := range []byte(id) {
		if !isWord(c) && c != '-' && c != '_' && c != '.' {
			return invalid("id", "The id %q of a %s is not valid: only letters, digits, dot, dash and underscore.", id, kind)
		}
	}
	return nil
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

func checkNodes(s *Snapshot) error {
	prefixes := make(map[string]string, len(s.Nodes))
	for id, n := range s.Nodes {
		if err := checkID("node", id, n.ID); err != nil {
			return err
		}
		if err := checkLabel("name", n.Name); err != nil {
			return err
		}
		if !ValidPrefix(n.Prefix) {
			return invalid("prefix", "The prefix %q is not valid: 1 to 50 letters, digits, dot, dash and underscore, beginning with a letter or digit.", n.Prefix)
		}
		if other, taken := prefixes[strings.ToLower(n.Prefix)]; taken {
			return conflict("prefix", "The prefix %q is already used by %q. Choose another one.", n.Prefix, other)
		}
		prefixes[strings.ToLower(n.Prefix)] = n.Name
		switch n.Type {
		case NodeOpenAI:
			if n.APIType != "chat" && n.APIType != "responses" {
				return invalid("apiType", "apiType must be chat or responses.")
			}
		case NodeAnthropic, NodeGemini:
		default:
			return invalid("type", "The type %q is unknown. Use openai-compatible, anthropic-compatible or gemini-compatible.", n.Type)
		}
		if err := checkURL(n.BaseURL); err != nil {
			return err
		}
	}
	return nil
}

// ValidPrefix reports whether p can stand before the slash of a model name.
func ValidPrefix(p string) bool {
	if p == "" || len(p) > 50 || !isWord(p[0]) {
		return false
	}
	for i := range len(p) {
		if c := p[i]; !isWord(c) && c != '.' && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

// checkURL knows only the form; where a URL may lead is egress's business.
func checkURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return invalid("baseUrl", "The base URL must begin with http:// or https:// and name a host.")
	}
	if u.User != nil {
		return invalid("baseUrl", "The base URL must not contain a user name or password. Enter the key in its own field.")
	}
	return nil
}

func checkLabel(param, text string) error {
	if strings.TrimSpace(text) == "" {
		return invalid(param, "The %s is missing.", param)
	}
	if len(text) > maxLabel {
		return invalid(param, "The %s is longer than %d characters.", param, maxLabel)
	}
	return nil
}

func checkAccounts(s *Snapshot) error {
	for id, a := range s.Accounts {
		if err := checkID("connection", id, a.ID); err != nil {
			return err
		}
		if a.Provider == "" {
			return invalid("provider", "The connection names no provider.")
		}
		if err := checkLabel("name", a.Name); err != nil {
			return err
		}
		switch a.Kind {
		case KindAPIKey, KindRelay, KindNone:
		default:
			return invalid("kind", "The kind %q is unknown. Use apikey or relay.", a.Kind)
		}
		if a.Kind != KindAPIKey && a.HasSecret {
			return invalid("kind", "A connection of kind %q keeps no key.", a.Kind)
		}
		if a.BaseURL != "" {
			if err := checkURL(a.BaseURL); err != nil {
				return err
			}
		}
		if len(a.Models) > maxModels {
			return invalid("models", "A connection lists more than %d models.", maxModels)
		}
	}
	return nil
}

func checkKeys(s *Snapshot) error {
	hashes := make(map[string]bool, len(s.Keys))
	for id, k := range s.Keys {
		if err := checkID("key", id, k.ID); err != nil {
			return err
		}
		if err := checkLabel("name", k.Name); err != nil {
			return err
		}
		if k.Hash == "" || hashes[k.Hash] {
			return fault.New(fault.Internal, "config.check", "The key could not be stored. Make a new one.")
		}
		if _, dead := s.Revoked[k.Hash]; dead {
			return conflict("key", "This key was revoked and cannot be used again. Make a new one.")
		}
		hashes[k.Hash] = true
	}
	return nil
}

func checkNames(s *Snapshot) error {
	if len(s.Aliases) > maxAliases {
		return invalid("pattern", "There are more than %d aliases.", maxAliases)
	}
	patterns := make(map[string]bool, len(s.Aliases))
	for _, a := range s.Aliases {
		if strings.TrimSpace(a.Pattern) == "" || len(a.Pattern) > maxModelBytes {
			return invalid("pattern", "The pattern of the alias is missing or too long.")
		}
		if strings.TrimSpace(a.Target) == "" || len(a.Target) > maxModelBytes {
			return invalid("target", "The target of the alias %q is missing or too long.", a.Pattern)
		}
		if patterns[a.Pattern] {
			return conflict("pattern", "There is already an alias for %q.", a.Pattern)
		}
		patterns[a.Pattern] = true
	}
	if len(s.Custom) > maxCustom {
		return invalid("modelId", "There are more than %d custom models.", maxCustom)
	}
	type model struct{ provider, id string }
	seen := make(map[model]bool, len(s.Custom))
	for _, m := range s.Custom {
		if m.Provider == "" {
			return invalid("provider", "The custom model names no provider.")
		}
		if strings.TrimSpace(m.ID) == "" || len(m.ID) > maxModelBytes {
			return invalid("modelId", "The id of the custom model is missing or too long.")
		}
		if seen[model{m.Provider, m.ID}] {
			return conflict("modelId", "The model %q was already added to %s.", m.ID, m.Provider)
		}
		seen[model{m.Provider, m.ID}] = true
	}
	return nil
}

func checkSettings(s *Snapshot) error {
	if n := s.Settings.StickyRoundRobinLimit; n < 0 || n > maxSticky {
		return invalid("stickyRoundRobinLimit", "stickyRoundRobinLimit must be between 0 and %d.", maxSticky)
	}
	if n := s.Settings.LogRetentionDays; n < 1 || n > maxRetention {
		return invalid("logRetentionDays", "logRetentionDays must be between 1 and %d.", maxRetention)
	}
	if d := s.Settings.Density; d != "comfortable" && d != "compact" {
		return invalid("density", "density must be comfortable or compact.")
	}
	if err := checkChains(s.Settings.Chains); err != nil {
		return err
	}
	n := &s.Settings.Notifications
	for _, f := range [...]struct{ name, text string }{{"quietFrom", n.QuietFrom}, {"quietTo", n.QuietTo}} {
		if _, ok := clockMinutes(f.text); f.text != "" && !ok {
			return invalid("notifications."+f.name, "%s must be a time like 22:00.", f.name)
		}
	}
	return nil
}
