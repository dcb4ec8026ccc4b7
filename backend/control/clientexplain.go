package control

import (
	"cmp"
	"context"
	"fmt"
	"net/http"

	"omniroute/backend/i18n"
)

// Explain is where a request for a model would go now, line by line: who
// would be asked, first to last, then who would not, each with its reason.
// For the language see Status.
func (c *Client) Explain(ctx context.Context, words *i18n.Catalogues, terminal string, q Question) ([]string, error) {
	var s ProcessStatus
	if err := c.call(ctx, http.MethodGet, "/api/system/status", nil, &s); err != nil {
		return nil, err
	}
	var plan Plan
	if err := c.call(ctx, http.MethodPost, "/api/route/explain", q, &plan); err != nil {
		return nil, err
	}
	w := words.In(cmp.Or(terminalLanguage(terminal), s.Language))
	lines := []string{w.T("cli:explain.model", "model", plan.Model)}
	if plan.Combo != "" {
		lines[0] = w.T("cli:explain.combo", "model", plan.Model, "name", plan.Combo, "strategy", plan.Strategy)
	}
	line := func(mark string, t *Choice) {
		lines = append(lines, fmt.Sprintf("%4s %s  %s", mark, t.Target, t.sentence(w)))
	}
	for i := range plan.Candidates {
		line(fmt.Sprintf("%d.", i+1), &plan.Candidates[i])
	}
	if len(plan.Candidates) == 0 {
		lines = append(lines, w.T("cli:explain.nobody"))
	}
	if len(plan.Skipped) > 0 {
		lines = append(lines, w.T("cli:explain.skipped"))
	}
	for i := range plan.Skipped {
		line("-", &plan.Skipped[i])
	}
	return lines, nil
}

// sentence is the reason in a language, English where it has no code.
func (t *Choice) sentence(w i18n.Words) string {
	if t.Code == "" || !w.Has("reasons:"+t.Code) {
		return t.Why
	}
	var pairs []any
	for name, value := range t.Args {
		if name == "ms" {
			value += " ms"
		}
		pairs = append(pairs, name, value)
	}
	return w.T("reasons:"+t.Code, pairs...)
}
