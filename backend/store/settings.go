package store

import (
	"encoding/json"
	"fmt"

	"omniroute/backend/config"
)

// settingFields binds the settings to their keys (contract.md 3.2).
func settingFields(s *config.Settings) map[string]any {
	return map[string]any{
		"fallbackStrategy":      &s.FallbackStrategy,
		"stickyRoundRobinLimit": &s.StickyRoundRobinLimit,
		"requireLogin":          &s.RequireLogin,
		"password":              &s.PasswordHash,
		"setupComplete":         &s.SetupComplete,
		"requireAuthForModels":  &s.RequireAuthForModels,
		"blockedProviders":      &s.BlockedProviders,
		"hideHealthCheckLogs":   &s.HideHealthCheckLogs,
		"theme":                 &s.Theme,
		"language":              &s.Language,
		"instanceName":          &s.InstanceName,
		"logRetentionDays":      &s.LogRetentionDays,
		"enableRequestLogs":     &s.EnableRequestLogs,
		"enableSocks5Proxy":     &s.EnableSocks5Proxy,
		"activeCombo":           &s.ActiveCombo,
		"requireApiKey":         &s.RequireAPIKey,
		"unknownToActiveCombo":  &s.UnknownToActiveCombo,
		"sessionAffinity":       &s.SessionAffinity,
		"fallbackChains":        &s.Chains,
		"density":               &s.Density,
		"singleKeyShortcuts":    &s.SingleKeyShortcuts,
		"closeToTray":           &s.CloseToTray,
		"startHidden":           &s.StartHidden,
		"notifications":         &s.Notifications,
	}
}

// settingRows is the settings as they lie in the table.
func settingRows(s *config.Settings) (map[string]string, error) {
	rows := make(map[string]string)
	for key, field := range settingFields(s) {
		b, err := json.Marshal(field)
		if err != nil {
			return nil, err
		}
		rows[key] = string(b)
	}
	for key, raw := range s.More {
		rows[key] = string(raw)
	}
	return rows, nil
}

// applySettings is the way back. Keys that are not fields go to More, so that
// settings of a newer version survive.
func applySettings(s *config.Settings, rows map[string]string) error {
	fields := settingFields(s)
	for key, value := range rows {
		field, ok := fields[key]
		if !ok {
			if s.More == nil {
				s.More = make(map[string][]byte)
			}
			s.More[key] = []byte(value)
			continue
		}
		if err := json.Unmarshal([]byte(value), field); err != nil {
			return fmt.Errorf("%w: setting %s: %w", errDamaged, key, err)
		}
	}
	return nil
}
