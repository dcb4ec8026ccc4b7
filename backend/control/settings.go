package control

import (
	"encoding/json"
	"fmt"
	"strings"

	"omniroute/backend/config"
	"omniroute/backend/fault"
)

// Settings are the verbs about switches.
type Settings struct{ rooms *Rooms }

// SettingsView is every setting (contract.md 3.2) and activeCombo. Locked says
// which of them the environment decides, and why.
type SettingsView struct {
	Rev                   int64             `json:"rev"`
	HasPassword           bool              `json:"hasPassword"`
	Locked                map[string]Locked `json:"locked"`
	ActiveCombo           string            `json:"activeCombo"`          // combo id, "" = none
	UnknownToActiveCombo  bool              `json:"unknownToActiveCombo"` // a bare model name that nobody serves goes there
	SessionAffinity       bool              `json:"sessionAffinity"`      // a conversation stays on its connection
	RequireAPIKey         bool              `json:"requireApiKey"`
	RequireLogin          bool              `json:"requireLogin"`
	RequireAuthForModels  bool              `json:"requireAuthForModels"`
	SetupComplete         bool              `json:"setupComplete"`
	FallbackStrategy      string            `json:"fallbackStrategy"`
	StickyRoundRobinLimit int               `json:"stickyRoundRobinLimit"`
	WildcardAliases       []Alias           `json:"wildcardAliases"`
	BlockedProviders      []string          `json:"blockedProviders"`
	HideHealthCheckLogs   bool              `json:"hideHealthCheckLogs"`
	Theme                 string            `json:"theme"`
	Language              string            `json:"language"`
	InstanceName          string            `json:"instanceName"`
	Density               string            `json:"density" enum:"comfortable compact"`
	SingleKeyShortcuts    bool              `json:"singleKeyShortcuts"`
	CloseToTray           bool              `json:"closeToTray"` // desktop only
	StartHidden           bool              `json:"startHidden"` // desktop only
	Notifications         Notifications     `json:"notifications"`
	LogRetentionDays      int               `json:"logRetentionDays"`
	EnableRequestLogs     bool              `json:"enableRequestLogs"`
	EnableSocks5Proxy     bool              `json:"enableSocks5Proxy"`
	CloudEnabled          bool              `json:"cloudEnabled"`
	CloudURL              string            `json:"cloudUrl"`
	BaseURL               string            `json:"baseUrl"`     // BASE_URL
	CORSOrigins           []string          `json:"corsOrigins"` // CORS_ORIGIN
	ComboDefaults         json.RawMessage   `json:"comboDefaults"`
	ProviderOverrides     json.RawMessage   `json:"providerOverrides"`
	ProviderProfiles      json.RawMessage   `json:"providerProfiles"`
	RateLimitDefaults     json.RawMessage   `json:"rateLimitDefaults"`
	ThinkingBudget        json.RawMessage   `json:"thinkingBudget"`
	SystemPrompt          json.RawMessage   `json:"systemPrompt"`
}

// Notifications says which conditions become a notification of the system
// (desktop only). Quiet hours are local times like 22:00; "" = none.
type Notifications struct {
	Enabled   bool   `json:"enabled"`
	Breaker   bool   `json:"breaker"`   // breaker_open
	NoTarget  bool   `json:"noTarget"`  // no_usable_target
	SignIn    bool   `json:"signIn"`    // needs_login, needs_key
	System    bool   `json:"system"`    // vault, database, port
	Recovered bool   `json:"recovered"` // when it is over, too
	QuietFrom string `json:"quietFrom"`
	QuietTo   string `json:"quietTo"`
}

// Locked says why a setting cannot be changed here.
type Locked struct {
	Value string `json:"value"`
	Why   string `json:"why"`
}

// SettingsChange changes settings; what is nil stays. The read-only fields of
// SettingsView are accepted so that what was read can be sent back; a Rev that
// is not the present one is a Conflict.
type SettingsChange struct {
	Caller                Caller          `json:"-"`
	Rev                   *int64          `json:"rev"`
	Password              *string         `json:"password"` // "" = remove
	CurrentPassword       *string         `json:"currentPassword"`
	HasPassword           *bool           `json:"hasPassword"`
	Locked                json.RawMessage `json:"locked"`
	ActiveCombo           *string         `json:"activeCombo"` // id or name
	UnknownToActiveCombo  *bool           `json:"unknownToActiveCombo"`
	SessionAffinity       *bool           `json:"sessionAffinity"`
	RequireAPIKey         *bool           `json:"requireApiKey"`
	RequireLogin          *bool           `json:"requireLogin"`
	RequireAuthForModels  *bool           `json:"requireAuthForModels"`
	SetupComplete         *bool           `json:"setupComplete"`
	FallbackStrategy      *string         `json:"fallbackStrategy"`
	StickyRoundRobinLimit *int            `json:"stickyRoundRobinLimit"`
	WildcardAliases       []Alias         `json:"wildcardAliases"`
	BlockedProviders      []string        `json:"blockedProviders"`
	HideHealthCheckLogs   *bool           `json:"hideHealthCheckLogs"`
	Theme                 *string         `json:"theme"`
	Language              *string         `json:"language"`
	InstanceName          *string         `json:"instanceName"`
	Density               *string         `json:"density" enum:"comfortable compact"`
	SingleKeyShortcuts    *bool           `json:"singleKeyShortcuts"`
	CloseToTray           *bool           `json:"closeToTray"`
	StartHidden           *bool           `json:"startHidden"`
	Notifications         *Notifications  `json:"notifications"` // as a whole
	LogRetentionDays      *int            `json:"logRetentionDays"`
	EnableRequestLogs     *bool           `json:"enableRequestLogs"`
	EnableSocks5Proxy     *bool           `json:"enableSocks5Proxy"`
	CloudEnabled          *bool           `json:"cloudEnabled"`
	CloudURL              *string         `json:"cloudUrl"`
	BaseURL               *string         `json:"baseUrl"`
	CORSOrigins           []string        `json:"corsOrigins"`
	ComboDefaults         json.RawMessage `json:"comboDefaults"`
	ProviderOverrides     json.RawMessage `json:"providerOverrides"`
	ProviderProfiles      json.RawMessage `json:"providerProfiles"`
	RateLimitDefaults     json.RawMessage `json:"rateLimitDefaults"`
	ThinkingBudget        json.RawMessage `json:"thinkingBudget"`
	SystemPrompt          json.RawMessage `json:"systemPrompt"`
}

// Get shows every setting.
func (v *Settings) Get() (SettingsView, error) { return v.view(v.rooms.Config.Now()), nil }

func (v *Settings) view(s *config.Snapshot) SettingsView {
	over := v.rooms.Config.Overridden()
	t := &s.Settings
	out := SettingsView{
		Rev: s.Rev, HasPassword: t.PasswordHash != "", Locked: map[string]Locked{}, ActiveCombo: t.ActiveCombo,
		UnknownToActiveCombo: t.UnknownToActiveCombo, SessionAffinity: t.SessionAffinity,
		RequireAPIKey: t.RequireAPIKey, RequireLogin: t.RequireLogin, RequireAuthForModels: t.RequireAuthForModels, SetupComplete: t.SetupComplete,
		FallbackStrategy: t.FallbackStrategy, StickyRoundRobinLimit: t.StickyRoundRobinLimit, WildcardAliases: []Alias{},
		BlockedProviders: append([]string{}, t.BlockedProviders...), HideHealthCheckLogs: t.HideHealthCheckLogs,
		Theme: t.Theme, Language: t.Language, InstanceName: t.InstanceName, LogRetentionDays: t.LogRetentionDays,
		Density: t.Density, SingleKeyShortcuts: t.SingleKeyShortcuts, CloseToTray: t.CloseToTray, StartHidden: t.StartHidden, Notifications: Notifications(t.Notifications),
		EnableRequestLogs: t.EnableRequestLogs, EnableSocks5Proxy: t.EnableSocks5Proxy,
		CloudEnabled: string(t.More["cloudEnabled"]) == "true", CloudURL: text(t.More["cloudUrl"]), BaseURL: v.rooms.BaseURL, CORSOrigins: append([]string{}, v.rooms.CORSOrigins...),
		ComboDefaults: object(t, "comboDefaults"), ProviderOverrides: object(t, "providerOverrides"), ProviderProfiles: object(t, "providerProfiles"),
		RateLimitDefaults: object(t, "rateLimitDefaults"), ThinkingBudget: object(t, "thinkingBudget"), SystemPrompt: object(t, "systemPrompt"),
	}
	for _, l := range over.Locks {
		out.Locked[l.Setting] = Locked{l.Value, l.Why}
	}
	const why = "Only the environment decides this, because it says who may reach the gateway. Set %s and start again."
	out.Locked["baseUrl"] = Locked{out.BaseURL, fmt.Sprintf(why, "BASE_URL")}
	out.Locked["corsOrigins"] = Locked{strings.Join(out.CORSOrigins, ","), fmt.Sprintf(why, "CORS_ORIGIN")}
	for _, a := range s.Aliases {
		if strings.ContainsAny(a.Pattern, "*?") {
			out.WildcardAliases = append(out.WildcardAliases, Alias{a.Pattern, a.Target})
		}
	}
	return out
}

// text is a stored JSON string.
func text(raw []byte) string {
	var s string
	if len(raw) > 0 && json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

// object is a stored JSON object, {} when there is none.
func object(t *config.Settings, name string) json.RawMessage {
	if raw := t.More[name]; len(raw) > 0 {
		return json.RawMessage(raw)
	}
	return json.RawMessage("{}")
}

// Update changes settings and shows the whole.
func (v *Settings) Update(in SettingsChange) (SettingsView, error) {
	if err := v.mayChange(&in); err != nil {
		return SettingsView{}, err
	}
	hash, err := v.newPassword(&in)
	if err != nil {
		return SettingsView{}, err
	}
	edit := func(s *config.Snapshot) error { return v.edit(s, &in) }
	ctx, cancel := v.rooms.within(saving)
	defer cancel()
	if in.Rev != nil {
		_, err = v.rooms.Config.UpdateAt(ctx, *in.Rev, edit)
	} else {
		_, err = v.rooms.Config.Update(ctx, edit)
	}
	if err == nil && in.Password != nil {
		err = v.rooms.Access.setPassword(ctx, hash, in.Caller.session)
	}
	if err != nil {
		return SettingsView{}, err
	}
	return v.view(v.rooms.Config.Now()), nil
}

// mayChange refuses what the environment decides, and keeps what protects the
// gateway for people who proved themselves (rulings 1.1).
func (v *Settings) mayChange(in *SettingsChange) error {
	t := &v.rooms.Config.Now().Settings
	over := v.rooms.Config.Overridden()
	for _, f := range [...]struct {
		name    string
		changes bool
	}{
		{"requireApiKey", in.RequireAPIKey != nil && *in.RequireAPIKey != t.RequireAPIKey},
		{"enableRequestLogs", in.EnableRequestLogs != nil && *in.EnableRequestLogs != t.EnableRequestLogs},
		{"enableSocks5Proxy", in.EnableSocks5Proxy != nil && *in.EnableSocks5Proxy != t.EnableSocks5Proxy},
		{"logRetentionDays", in.LogRetentionDays != nil && *in.LogRetentionDays != t.LogRetentionDays},
	} {
		if l, locked := over.LockOf(f.name); locked && f.changes {
			return fault.New(fault.Conflict, "control.settings", "%s cannot be changed here. %s", f.name, l.Why)
		}
	}
	switch {
	case in.Password != nil:
		return in.Caller.proven("Setting or removing the password")
	case in.RequireLogin != nil && *in.RequireLogin != t.RequireLogin:
		return in.Caller.proven("Changing requireLogin")
	case in.EnableRequestLogs != nil && *in.EnableRequestLogs && !t.EnableRequestLogs:
		return in.Caller.proven("Switching the logging of bodies on")
	}
	return nil
}

// newPassword checks a new password and hashes it; "" removes it. A browser
// must know the old one: the person in front of it may not be who signed in.
func (v *Settings) newPassword(in *SettingsChange) (hash string, err error) {
	if in.Password == nil {
		return "", nil
	}
	old := v.rooms.Config.Now().Settings.PasswordHash
	if old != "" && in.Caller.kind == callerSession {
		current := ""
		set(&current, in.CurrentPassword)
		ok, err := v.rooms.Access.guess(v.rooms.Lifetime, "session "+sessionID(in.Caller.session), fault.Secret(current), old)
		if err != nil {
			return "", err
		}
		if !ok {
			e := fault.New(fault.Forbidden, "control.password", "The current password is missing or wrong: send it as currentPassword.")
			e.Param = "currentPassword"
			return "", e
		}
	}
	if *in.Password == "" {
		if !v.rooms.Access.o.LoopbackOnly {
			return "", fault.New(fault.Conflict, "control.password", "The gateway can be reached from other computers, so it needs a password.")
		}
		return "", nil
	}
	if err := CheckPassword(fault.Secret(*in.Password)); err != nil {
		return "", err
	}
	return hashPassword(fault.Secret(*in.Password)), nil
}
