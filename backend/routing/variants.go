package routing

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"omniroute/backend/catalog"
	"omniroute/backend/config"
	"omniroute/backend/fault"
)

// A variant of auto chooses by itself among everything that is connected: of
// each provider the model that suits it best, then the providers by their
// scores. Equal scores, and those without one, keep the order of fallback:
// subscription, API key, cheap, free.
type variant struct {
	name string
	// rate scores a candidate: lower is better; known is false where what it
	// needs is not known. A candidate that must not be used has the reason why.
	rate func(*walk, *Candidate) (score float64, known bool, why, not fault.Reason)
}

// variants are the names behind "auto/". A new one is a function and a line.
var variants = [...]variant{
	{"cheap", (*walk).rateCheap}, {"fast", (*walk).rateFast}, {"free", (*walk).rateFree}, {"offline", (*walk).rateOffline},
}

// Variants lists the names that choose among everything connected.
func Variants() []string {
	var out []string
	for _, v := range variants {
		out = append(out, Auto+"/"+v.name)
	}
	return out
}

func variantOf(name string) *variant {
	after, ok := strings.CutPrefix(name, Auto+"/")
	for i := range variants {
		if ok && variants[i].name == after {
			return &variants[i]
		}
	}
	return nil
}

func (w *walk) rateCheap(c *Candidate) (float64, bool, fault.Reason, fault.Reason) {
	micros, known := w.planner.cost(c)
	if !known {
		return 0, false, fault.Because(fault.ReasonNoPrice, "strategy", "auto/cheap"), fault.Reason{}
	}
	return float64(micros), true, fault.Because(fault.ReasonCheapest, "usd", usd(micros)), fault.Reason{}
}

func (w *walk) rateFast(c *Candidate) (float64, bool, fault.Reason, fault.Reason) {
	first, known := w.planner.State.First(c.Target)
	if !known {
		return 0, false, fault.Because(fault.ReasonNoMetric, "strategy", "auto/fast"), fault.Reason{}
	}
	return float64(first), true, fault.Because(fault.ReasonFastest, "ms", strconv.FormatInt(first.Milliseconds(), 10)), fault.Reason{}
}

func (w *walk) rateFree(c *Candidate) (float64, bool, fault.Reason, fault.Reason) {
	free := local(c) || c.Upstream.Provider.Tier == catalog.TierFree
	if m, ok := c.Upstream.Provider.Model(c.Target.Model); ok && m.Price.Basis != catalog.BasisUnknown {
		free = m.Price.Basis == catalog.BasisFree
	}
	if !free {
		return 0, false, fault.Reason{}, fault.Because(fault.ReasonNotFree)
	}
	return 0, true, fault.Because(fault.ReasonFree), fault.Reason{}
}

func (w *walk) rateOffline(c *Candidate) (float64, bool, fault.Reason, fault.Reason) {
	if !local(c) {
		return 0, false, fault.Reason{}, fault.Because(fault.ReasonNotLocal)
	}
	return 0, true, fault.Because(fault.ReasonLocal), fault.Reason{}
}

// local reports a candidate whose calls do not leave this machine.
func local(c *Candidate) bool {
	base := c.Account.BaseURL
	if base == "" && c.Upstream.Node != nil {
		base = c.Upstream.Node.BaseURL
	}
	return cmp.Or(base, c.Upstream.Provider.BaseURL) != "" && config.IsLoopback(cmp.Or(base, c.Upstream.Provider.BaseURL))
}

// rated is a provider's candidates for the model that suits a variant best.
type rated struct {
	item
	score float64
	tier  int
	first *config.Account
}

// variant lists every connected provider for a variant of auto.
func (w *walk) variant(v *variant) error {
	var all []rated
	for _, up := range w.planner.Known(w.snap) {
		list := AccountsOf(w.snap, up)
		if len(list) == 0 || up.Provider.Kind == catalog.KindDemo || slices.Contains(w.snap.Settings.BlockedProviders, up.ID()) {
			continue
		}
		if ok, _ := up.Provider.Usable(); !ok {
			continue
		}
		r, model, not := w.best(v, up, list)
		if model == "" {
			if not.Code != "" {
				w.skip(up.Name(), Sentence(not), config.Target{Provider: up.ID()}, not)
			}
			continue
		}
		asked := up.Prefix() + "/" + model
		r.from = len(w.route.Candidates)
		if err := w.accounts(up, model, asked, ""); err != nil {
			f := fault.As(err)
			w.skip(asked, f.Public, config.Target{Provider: up.ID(), Model: model}, f.Reason)
			continue
		}
		if r.to = len(w.route.Candidates); r.to > r.from {
			r.tier, r.first = up.Provider.Tier.Rank(), w.route.Candidates[r.from].Account
			all = append(all, r)
		}
	}
	if len(all) == 0 {
		return because(modelNotFound("Nothing that is connected suits %q: %s", w.query.Model, v.wants()), fault.ReasonEmptyCombo, "name", w.query.Model)
	}
	slices.SortStableFunc(all, func(a, b rated) int {
		return cmp.Or(cmp.Compare(a.score, b.score), cmp.Compare(a.tier, b.tier), config.ByPriority(a.first, b.first))
	})
	sorted := make([]Candidate, 0, len(w.route.Candidates))
	for _, r := range all {
		k := len(sorted)
		sorted = append(sorted, w.route.Candidates[r.from:r.to]...)
		sorted[k].Reason = r.reason
	}
	if math.IsInf(all[0].score, 1) {
		sorted[0].Reason = fault.Because(fault.ReasonNoneKnown, "strategy", Auto+"/"+v.name)
	}
	w.route.Candidates = append(w.route.Candidates[:all[0].base(all)], sorted...)
	return nil
}

// base is where the candidates of a variant begin.
func (rated) base(all []rated) int {
	first := all[0].from
	for _, r := range all {
		first = min(first, r.from)
	}
	return first
}

// wants says what would suit.
func (v *variant) wants() string {
	switch v.name {
	case "free":
		return "connect a provider that costs nothing."
	case "offline":
		return "connect a server on this computer."
	}
	return "connect a provider first."
}

// best finds the model of an upstream that suits a variant best. Without any,
// not says why none does.
func (w *walk) best(v *variant, up Upstream, list []*config.Account) (best rated, model string, not fault.Reason) {
	best.score = math.Inf(1)
	for _, id := range w.choices(up, list) {
		c := Candidate{Target: config.Target{Provider: up.ID(), Account: list[0].ID, Model: id}, Account: list[0], Upstream: up}
		score, known, why, refused := v.rate(w, &c)
		if refused.Code != "" {
			not = refused
			continue
		}
		if !known {
			score = math.Inf(1)
		}
		if model == "" || score < best.score {
			best.score, best.reason, model = score, why, id
		}
	}
	return best, model, not
}

// choices lists the models of an upstream that an agent could use, the ones
// to prefer first: what the accounts name as their default, what the
// catalogue lists that can call tools, what the user added, and else what the
// upstream says it has.
func (w *walk) choices(up Upstream, list []*config.Account) []string {
	var out []string
	offered := func(id string) bool {
		return !slices.ContainsFunc(list, func(a *config.Account) bool { return a.Models != nil }) ||
			slices.ContainsFunc(list, func(a *config.Account) bool { return slices.Contains(a.Models, id) })
	}
	for _, a := range list {
		if a.DefaultModel != "" {
			out = append(out, a.DefaultModel)
		}
	}
	if up.Node == nil {
		for _, m := range up.Provider.Models() {
			if m.Kind == "chat" && m.Living() && m.AliasOf == "" && m.Tools == catalog.Yes && offered(m.ID) {
				out = append(out, m.ID)
			}
		}
	}
	for _, m := range w.snap.CustomOf(up.ID()) {
		out = append(out, m.ID)
	}
	if len(out) == 0 {
		for _, a := range list {
			if len(a.Models) > 0 {
				return a.Models[:1]
			}
		}
	}
	return out
}
