package routing

import (
	"strings"
	"time"

	"omniroute/backend/config"
	"omniroute/backend/fault"
)

// fallBack adds the fallback chains behind everything a request was routed
// to. A name that means nothing is the client's mistake and gets no chain; a
// known one that nobody can serve does.
func (w *walk) fallBack(err error) error {
	if err != nil && !w.servable(err) {
		return err
	}
	combo := w.route.Combo
	for _, chain := range w.snap.Chains() {
		for _, model := range chain.Models {
			from := len(w.route.Candidates)
			if err := w.name(model, 1); err != nil {
				f := fault.As(err)
				w.skip(model, f.Public, config.Target{}, fault.ReasonOf(f, 0, 0, time.Time{}))
			}
			for i := from; i < len(w.route.Candidates); i++ {
				w.route.Candidates[i].Reason = fault.Because(fault.ReasonChain, "name", chain.Name)
			}
		}
	}
	w.route.Combo = combo
	if len(w.route.Candidates) > 0 {
		return nil
	}
	return err
}

// servable reports a plan that failed for want of an account, not of a
// meaning.
func (w *walk) servable(err error) bool {
	switch fault.As(err).Reason.Code {
	case fault.ReasonNoAccount, fault.ReasonNeedsKey, fault.ReasonDisabled, fault.ReasonEmptyCombo:
		return true
	}
	return false
}

// anyModel after a prefix means whatever the client asked for, at that
// provider.
const anyModel = "*"

// any resolves prefix/*: the model the client asked for where that provider
// offers it, else the one it is best for.
func (w *walk) any(up Upstream) error {
	list := AccountsOf(w.snap, up)
	asked := w.query.Model
	if prefix, id, ok := strings.Cut(asked, "/"); ok {
		if _, known := w.planner.upstream(w.snap, prefix); known {
			asked = id
		}
	}
	if w.route.Combo == nil && asked != anyModel && (w.offers(up, asked) || open(up, list)) {
		return w.model(up, asked)
	}
	if all := w.choices(up, list); len(all) > 0 {
		return w.model(up, all[0])
	}
	if len(list) == 0 {
		return w.accounts(up, anyModel, up.Prefix()+"/"+anyModel, "") // says what to connect
	}
	return because(modelNotFound("Which model of %s to use is not known. Give its connection a default model.", up.Name()), fault.ReasonModelUnknown)
}

// offers reports an id the upstream is known to have.
func (w *walk) offers(up Upstream, id string) bool {
	if up.Node == nil {
		if m, ok := up.Provider.Model(id); ok && m.Living() {
			return true
		}
		if r, err := w.planner.Catalog.ResolveAt(up.Provider, id, w.connected); err == nil && r.Replaced && !r.OtherProvider {
			return true
		}
	}
	return w.listed(up, id)
}

// open reports an endpoint of the user's that never said what it has.
func open(up Upstream, list []*config.Account) bool {
	for _, a := range list {
		if a.Models != nil || a.DefaultModel != "" {
			return false
		}
	}
	return up.Node != nil && len(list) > 0
}
