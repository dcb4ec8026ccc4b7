package control

import (
	"bytes"
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"omniroute/backend/config"
	"omniroute/backend/fault"
)

// Bounds of what settings hold.
const (
	maxText    = 200
	maxObject  = 256 << 10
	maxBlocked = 1000
)

// edit lays a change over the settings.
func (v *Settings) edit(s *config.Snapshot, in *SettingsChange) error {
	t := &s.Settings
	set(&t.RequireAPIKey, in.RequireAPIKey)
	set(&t.UnknownToActiveCombo, in.UnknownToActiveCombo)
	set(&t.SessionAffinity, in.SessionAffinity)
	set(&t.RequireLogin, in.RequireLogin)
	set(&t.RequireAuthForModels, in.RequireAuthForModels)
	set(&t.SetupComplete, in.SetupComplete)
	set(&t.StickyRoundRobinLimit, in.StickyRoundRobinLimit)
	set(&t.HideHealthCheckLogs, in.HideHealthCheckLogs)
	set(&t.LogRetentionDays, in.LogRetentionDays)
	set(&t.EnableRequestLogs, in.EnableRequestLogs)
	set(&t.EnableSocks5Proxy, in.EnableSocks5Proxy)
	set(&t.Density, in.Density)
	set(&t.SingleKeyShortcuts, in.SingleKeyShortcuts)
	set(&t.CloseToTray, in.CloseToTray)
	set(&t.StartHidden, in.StartHidden)
	set(&t.Notifications, (*config.Notifications)(in.Notifications))
	for _, f := range [...]func(*config.Snapshot, *SettingsChange) error{v.editWords, v.editCombo, v.editLists, v.editFixed, editObjects, v.editRouting} {
		if err := f(s, in); err != nil {
			return err
		}
	}
	return nil
}

func (v *Settings) editWords(s *config.Snapshot, in *SettingsChange) error {
	t := &s.Settings
	if in.FallbackStrategy != nil {
		if all := config.AccountStrategies(); !slices.Contains(all, *in.FallbackStrategy) {
			return badInput("fallbackStrategy", "fallbackStrategy must be one of %s.", strings.Join(all, ", "))
		}
		t.FallbackStrategy = *in.FallbackStrategy
	}
	if in.Theme != nil {
		if !slices.Contains([]string{"system", "light", "dark"}, *in.Theme) {
			return badInput("theme", "theme must be system, light or dark.")
		}
		t.Theme = *in.Theme
	}
	if in.Language != nil {
		if *in.Language != "" && !languageTag(*in.Language) {
			return badInput("language", "language must be a tag like en, ko or pt-BR.")
		}
		t.Language = *in.Language
	}
	if in.InstanceName != nil {
		if len(*in.InstanceName) > maxText {
			return badInput("instanceName", "instanceName is longer than %d bytes.", maxText)
		}
		t.InstanceName = *in.InstanceName
	}
	return nil
}

// languageTag is the form of a tag, not the list of what is translated.
func languageTag(s string) bool {
	for i, part := range strings.Split(s, "-") {
		if len(part) < 2 || len(part) > 8 || i > 3 {
			return false
		}
		for _, c := range []byte(part) {
			if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || i > 0 && c >= '0' && c <= '9') {
				return false
			}
		}
	}
	return true
}

func (v *Settings) editCombo(s *config.Snapshot, in *SettingsChange) error {
	if in.ActiveCombo == nil {
		return nil
	}
	want := *in.ActiveCombo
	if want == "" {
		s.Settings.ActiveCombo = ""
		return nil
	}
	for id, c := range s.Combos {
		if id == want || c.Name == want {
			s.Settings.ActiveCombo = id
			return nil
		}
	}
	return badInput("activeCombo", "There is no combo %q.", clip(want, 100))
}

func (v *Settings) editLists(s *config.Snapshot, in *SettingsChange) error {
	if in.BlockedProviders != nil {
		if len(in.BlockedProviders) > maxBlocked {
			return badInput("blockedProviders", "blockedProviders lists more than %d providers.", maxBlocked)
		}
		list := []string{}
		for _, name := range in.BlockedProviders {
			up, ok := v.rooms.Planner.Upstream(s, name)
			if !ok {
				return badInput("blockedProviders", "The provider %q in blockedProviders is unknown.", clip(name, 100))
			}
			if !slices.Contains(list, up.ID()) {
				list = append(list, up.ID())
			}
		}
		s.Settings.BlockedProviders = list
	}
	if in.WildcardAliases != nil {
		s.Aliases = slices.DeleteFunc(s.Aliases, func(a config.Alias) bool { return strings.ContainsAny(a.Pattern, "*?") })
		for _, a := range in.WildcardAliases {
			if !strings.ContainsAny(a.Pattern, "*?") {
				return badInput("wildcardAliases", "The pattern %q in wildcardAliases holds neither * nor ?. PUT /api/models/alias takes plain names.", clip(a.Pattern, 100))
			}
			s.Aliases = append(s.Aliases, config.Alias{Pattern: a.Pattern, Target: a.Target})
		}
	}
	return nil
}

// editFixed refuses changes of what only the environment decides; repeating
// the value in force is no change.
func (v *Settings) editFixed(_ *config.Snapshot, in *SettingsChange) error {
	if in.BaseURL != nil && *in.BaseURL != v.rooms.BaseURL {
		return fault.New(fault.Conflict, "control.settings", "baseUrl cannot be changed here. Set BASE_URL in the environment and start again.")
	}
	if in.CORSOrigins != nil && !slices.Equal(in.CORSOrigins, v.rooms.CORSOrigins) {
		return fault.New(fault.Conflict, "control.settings", "corsOrigins cannot be changed here. Set CORS_ORIGIN in the environment and start again.")
	}
	return nil
}

// editRouting checks the objects that say how requests are spread.
func (v *Settings) editRouting(s *config.Snapshot, in *SettingsChange) error {
	if len(in.ProviderOverrides) > 0 {
		names, err := config.CheckOverrides(s.Settings.More["providerOverrides"])
		if err != nil {
			return err
		}
		for _, name := range names {
			if _, known := v.rooms.Planner.Upstream(s, name); !known {
				return badInput("providerOverrides", "There is no provider %q, so nothing can be set for it.", clip(name, 60))
			}
		}
	}
	if len(in.ComboDefaults) > 0 {
		return config.CheckComboRules("comboDefaults", s.Settings.More["comboDefaults"])
	}
	return nil
}

// editObjects keeps the settings whose value is an object or that a later
// version gives its effect.
func editObjects(s *config.Snapshot, in *SettingsChange) error {
	t := &s.Settings
	keep := func(name string, raw []byte) {
		if t.More == nil {
			t.More = map[string][]byte{}
		}
		t.More[name] = raw
	}
	if in.CloudEnabled != nil {
		raw, _ := json.Marshal(*in.CloudEnabled)
		keep("cloudEnabled", raw)
	}
	if in.CloudURL != nil {
		if u, err := url.Parse(*in.CloudURL); *in.CloudURL != "" && (err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || len(*in.CloudURL) > 2048) {
			return badInput("cloudUrl", "cloudUrl must begin with https:// and carry no user name or password.")
		}
		raw, _ := json.Marshal(*in.CloudURL)
		keep("cloudUrl", raw)
	}
	for _, f := range [...]struct {
		name string
		raw  json.RawMessage
	}{
		{"comboDefaults", in.ComboDefaults}, {"providerOverrides", in.ProviderOverrides}, {"providerProfiles", in.ProviderProfiles},
		{"rateLimitDefaults", in.RateLimitDefaults}, {"thinkingBudget", in.ThinkingBudget}, {"systemPrompt", in.SystemPrompt},
	} {
		raw := bytes.TrimSpace(f.raw)
		switch {
		case len(raw) == 0, bytes.Equal(raw, []byte("null")):
		case raw[0] != '{':
			return badInput(f.name, "%s must be an object.", f.name)
		case len(raw) > maxObject:
			return badInput(f.name, "%s is larger than %d KB.", f.name, maxObject>>10)
		default:
			keep(f.name, bytes.Clone(raw))
		}
	}
	return nil
}

// ComboDefaults are what combos and providers do unless they say otherwise.
type ComboDefaults struct {
	ComboDefaults     json.RawMessage `json:"comboDefaults"`     // strategy, stickyRoundRobinLimit
	ProviderOverrides json.RawMessage `json:"providerOverrides"` // by provider: fallbackStrategy, stickyRoundRobinLimit
}

// ComboDefaults shows the defaults of combos and what differs by provider.
func (v *Settings) ComboDefaults() (ComboDefaults, error) {
	t := &v.rooms.Config.Now().Settings
	return ComboDefaults{object(t, "comboDefaults"), object(t, "providerOverrides")}, nil
}

// SetComboDefaults changes them; what is missing stays.
func (v *Settings) SetComboDefaults(in ComboDefaults) (ComboDefaults, error) {
	view, err := v.Update(SettingsChange{ComboDefaults: in.ComboDefaults, ProviderOverrides: in.ProviderOverrides})
	return ComboDefaults{view.ComboDefaults, view.ProviderOverrides}, err
}
