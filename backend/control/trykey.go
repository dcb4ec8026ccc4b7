package control

import (
	"cmp"
	"context"
	"strconv"
	"strings"

	"omniroute/backend/config"
	"omniroute/backend/fault"
	"omniroute/backend/providers"
	"omniroute/backend/routing"
)

// KeyTrial is a connection to be tried before it is stored: of a provider (its
// id, prefix, or a node's id), or of an endpoint that is no node yet (Type and
// BaseURL, Provider "").
type KeyTrial struct {
	Caller   Caller            `json:"-"`
	Provider string            `json:"provider"`
	Type     string            `json:"type"`    // openai-compatible, anthropic-compatible or gemini-compatible
	APIType  string            `json:"apiType"` // chat or responses
	APIKey   string            `json:"apiKey"`
	BaseURL  string            `json:"baseUrl"`
	Params   map[string]string `json:"params"`
	Model    string            `json:"model"` // for the one-token call where there is no model list; "" = any
}

// KeyCheck is one line of a trial. Args belong to the sentence of Code and
// Why in the catalogue "connect": count of models, provider of a better guess.
type KeyCheck struct {
	Code string            `json:"code" enum:"reachable accepted models call"`
	OK   bool              `json:"ok"`
	Why  string            `json:"why" enum:"ok unreachable timeout not_found server_error refused wrong_provider needs_key no_credit limited unusable"`
	Args map[string]string `json:"args"`
}

// KeyReport is what a trial found. Valid means that it can be saved as it is.
type KeyReport struct {
	Valid   bool       `json:"valid"`
	Verdict string     `json:"verdict" enum:"ok simulated relay key-accepted rate-limited no-credit needs-key key-refused unusable not-found unreachable timeout server-error"`
	Checks  []KeyCheck `json:"checks"`  // in the order they were made; what was not reached is missing
	Message string     `json:"message"` // one English sentence
	BaseURL string     `json:"baseUrl"` // where the calls would go
	Models  []string   `json:"models"`  // of the upstream's list, at most 1000
	Ms      int64      `json:"ms"`
}

// maxTrialModels bounds the list in a report.
const maxTrialModels = 1000

// TryKey tries a key without storing anything.
func (v *Providers) TryKey(in KeyTrial) (KeyReport, error) {
	key, err := cleanKey(in.APIKey)
	if err != nil {
		return KeyReport{}, err
	}
	e, err := v.trialEndpoint(&in, key)
	if err != nil {
		return KeyReport{}, err
	}
	ctx, cancel := v.rooms.within(trialTime)
	defer cancel()
	start := v.rooms.Now()
	r := v.rooms.Prober.Test(ctx, e, key, in.Model)
	out := KeyReport{Valid: r.Valid, Verdict: string(r.Diagnosis.Type), BaseURL: e.Base, Message: r.Diagnosis.Message, Models: []string{}}
	out.Checks = v.checks(&r, e, key)
	if r.Valid {
		v.listModels(ctx, e, key, &out)
	}
	out.Ms = v.rooms.Now().Sub(start).Milliseconds()
	return out, nil
}

// trialEndpoint works out where a connection that is not stored would call.
func (v *Providers) trialEndpoint(in *KeyTrial, key fault.Secret) (*providers.Endpoint, error) {
	r := v.rooms
	a := &config.Account{ID: "trial", Name: "This connection", Kind: config.KindNone, Active: true}
	if in.Provider == "" {
		n := &config.Node{ID: "trial", Name: "This endpoint", Prefix: "trial", Type: config.NodeType(cmp.Or(in.Type, string(config.NodeOpenAI))), APIType: in.APIType, BaseURL: in.BaseURL}
		if err := (&Nodes{r}).normalise(n); err != nil {
			return nil, err
		}
		template, _ := r.Catalog.Node(string(n.Type))
		a.Provider = n.ID
		if key != "" {
			a.Kind, a.HasSecret = config.KindAPIKey, true
		}
		return providers.NewEndpoint(a, routing.Upstream{Provider: template, Node: n})
	}
	up, ok := r.Planner.Upstream(r.Config.Now(), strings.TrimSpace(in.Provider))
	if !ok {
		return nil, badInput("provider", "The provider %q is unknown. Use an id or prefix of GET /api/models/catalog, or the id of a provider node.", clip(in.Provider, 100))
	}
	a.Provider = up.ID()
	if _, err := v.kindOf(a, up, &NewConnection{APIKey: key.Reveal()}); err != nil {
		return nil, err
	}
	a.HasSecret = key != ""
	if err := v.place(a, up, in.BaseURL, in.Params, in.Caller); err != nil {
		return nil, err
	}
	return providers.NewEndpoint(a, up)
}

// checks puts a diagnosis into lines: what must hold first comes first.
func (v *Providers) checks(r *providers.Result, e *providers.Endpoint, key fault.Secret) []KeyCheck {
	line := func(code, why string, pairs ...string) KeyCheck {
		c := KeyCheck{Code: code, OK: why == "", Why: cmp.Or(why, "ok"), Args: map[string]string{}}
		for i := 0; i+1 < len(pairs); i += 2 {
			c.Args[pairs[i]] = pairs[i+1]
		}
		return c
	}
	reachable, accepted := line("reachable", ""), line("accepted", "")
	switch r.Diagnosis.Type {
	case providers.VerdictUnreachable:
		return []KeyCheck{line("reachable", "unreachable")}
	case providers.VerdictTimeout:
		return []KeyCheck{line("reachable", "timeout")}
	case providers.VerdictUnusable:
		return []KeyCheck{line("reachable", "unusable")}
	case providers.VerdictNotFound:
		return []KeyCheck{line("reachable", "not_found")}
	case providers.VerdictUpstream:
		return []KeyCheck{line("reachable", "server_error", "status", strconv.Itoa(r.StatusCode))}
	case providers.VerdictNeedsKey:
		return []KeyCheck{reachable, line("accepted", "needs_key")}
	case providers.VerdictRefused:
		if g := v.rooms.Catalog.GuessKey(key.Reveal()); len(g) > 0 && g[0].Sure && g[0].Provider != e.Upstream.Provider {
			return []KeyCheck{reachable, line("accepted", "wrong_provider", "provider", g[0].Provider.ID, "name", g[0].Provider.Name)}
		}
		return []KeyCheck{reachable, line("accepted", "refused")}
	case providers.VerdictNoCredit:
		return []KeyCheck{reachable, accepted, line("call", "no_credit")}
	case providers.VerdictLimited:
		return []KeyCheck{reachable, accepted, line("call", "limited")}
	}
	if r.Diagnosis.Source == "completion" && r.Diagnosis.Type == providers.VerdictOK {
		return []KeyCheck{reachable, accepted, line("call", "")}
	}
	return []KeyCheck{reachable, accepted}
}

// listModels adds the model list where there is one.
func (v *Providers) listModels(ctx context.Context, e *providers.Endpoint, key fault.Secret, out *KeyReport) {
	ids, err := v.rooms.Prober.ListModels(ctx, e, key)
	if err != nil {
		return // the connection works; a list is no condition for it
	}
	out.Checks = append(out.Checks, KeyCheck{Code: "models", OK: true, Why: "ok", Args: map[string]string{"count": strconv.Itoa(len(ids))}})
	out.Models = append(out.Models, ids[:min(len(ids), maxTrialModels)]...)
}
