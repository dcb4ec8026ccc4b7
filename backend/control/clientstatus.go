package control

import (
	"cmp"
	"context"
	"net/http"
	"strings"

	"omniroute/backend/i18n"
)

// Status is how the running gateway is, line by line: where it runs, what it
// can use, and what troubles it has. It speaks the terminal's language
// (session, like ko_KR.UTF-8), or where that is none ("", C, POSIX) the one of
// the settings. The error says how to start a gateway.
func (c *Client) Status(ctx context.Context, words *i18n.Catalogues, session string) ([]string, error) {
	var s ProcessStatus
	if err := c.call(ctx, http.MethodGet, "/api/system/status", nil, &s); err != nil {
		return nil, err
	}
	var troubles ConditionList
	if err := c.call(ctx, http.MethodGet, "/api/health/conditions", nil, &troubles); err != nil {
		return nil, err
	}
	w := words.In(cmp.Or(terminalLanguage(session), s.Language))
	const minute = "2006-01-02 15:04"
	lines := []string{w.T("cli:status.running", "version", s.Version, "url", s.URL, "since", s.StartedAt.Local().Format(minute))}
	switch {
	case s.State == "paused" && s.PausedUntil != nil:
		lines = append(lines, w.T("cli:status.pausedUntil", "time", s.PausedUntil.Local().Format(minute)))
	case s.State == "paused":
		lines = append(lines, w.T("cli:status.paused"))
	}
	combo := w.T("cli:status.noCombo")
	if s.ActiveCombo != "" {
		combo = w.T("cli:status.combo", "name", s.ActiveCombo)
	}
	lines = append(lines, w.N("cli:status.accounts", s.Connections, "usable", s.Usable), combo, w.N("cli:status.keys", s.Keys))
	for _, t := range troubles.Conditions {
		pairs := []any{"name", t.Subject.Name, "detail", t.Detail}
		for name, value := range t.Args {
			pairs = append(pairs, name, value)
		}
		lines = append(lines, "! "+w.T("conditions:"+t.Code+".title", pairs...))
	}
	return lines, nil
}

// terminalLanguage is the language of a POSIX locale, "" for those that mean
// none.
func terminalLanguage(locale string) string {
	name, _, _ := strings.Cut(locale, ".")
	if name == "C" || name == "POSIX" {
		return ""
	}
	return locale
}
