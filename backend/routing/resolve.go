package routing

import (
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"omniroute/backend/catalog"
	"omniroute/backend/config"
	"omniroute/backend/fault"
)

// MaxDepth is how deep combos and aliases may lead to one another.
const MaxDepth = 3

// Auto is the name of whatever combo is active.
const Auto = "auto"

// walk collects the candidates of one plan.
type walk struct {
	planner *Planner
	snap    *config.Snapshot
	query   Query
	route   *Route
	source  *rand.Rand // nil = nothing was drawn yet
	repeats bool       // a target may be listed more than once so far
	within  int        // combos around that will be put in another order
	stray   bool       // nobody serves the bare name that was asked for

	asked, named, fresh bool // what Talk said, once it was asked
	session             SessionID
}

// name resolves one name: exact combo, exact alias, wildcard alias,
// prefix/model, bare id (rulings 3.1).
func (w *walk) name(name string, depth int) error {
	if depth > MaxDepth {
		return because(modelNotFound("The aliases and combos behind %q lead deeper than %d levels. Shorten the chain.", w.query.Model, MaxDepth), fault.ReasonTooDeep)
	}
	if name == Auto {
		combo := w.snap.ActiveCombo()
		if combo == nil {
			return modelNotFound("No combo is active, so %q means nothing yet. Make a combo, or ask for a model like demo/simulated.", Auto)
		}
		return w.combo(combo, depth)
	}
	if combo, ok := w.snap.ComboByName(name); ok {
		return w.combo(combo, depth)
	}
	if target, ok := w.snap.Alias(name); ok {
		return w.name(target, depth+1)
	}
	prefix, id, slash := strings.Cut(name, "/")
	var up Upstream
	known := false
	if v := variantOf(name); v != nil {
		if _, node := w.snap.NodeByPrefix(prefix); !node {
			return w.variant(v)
		}
	}
	if slash && id != "" {
		up, known = w.planner.upstream(w.snap, prefix)
		if known && up.Node == nil && w.builtin(up, id) {
			return w.model(up, id)
		}
	}
	if target, ok := w.snap.Wildcard(name); ok {
		return w.name(target, depth+1)
	}
	switch {
	case known && id == anyModel:
		return w.any(up)
	case known:
		return w.model(up, id)
	}
	return w.bare(name, slash)
}

// builtin reports whether the catalogue's own alias table renames the id.
func (w *walk) builtin(up Upstream, id string) bool {
	r, err := w.planner.Catalog.ResolveAt(up.Provider, id, w.connected)
	return err != nil || r.Replaced
}

// adopt lets the active combo serve a bare name that nobody serves, where the
// settings say so (rulings 3.1).
func (w *walk) adopt(err error) error {
	combo := w.snap.ActiveCombo()
	if combo == nil || !w.snap.Settings.UnknownToActiveCombo {
		return err
	}
	err = w.combo(combo, 0)
	note := Sentence(fault.Because(fault.ReasonStray, "name", w.query.Model, "combo", combo.Name))
	for i := range w.route.Candidates {
		c := &w.route.Candidates[i]
		if c.Note != "" {
			c.Note = note + " " + c.Note
		} else {
			c.Note = strings.TrimSuffix(note, ".")
		}
	}
	w.skip(w.query.Model, note, config.Target{Model: w.query.Model}, fault.Because(fault.ReasonStray, "name", w.query.Model, "combo", combo.Name))
	return err
}

func (w *walk) connected(provider string) bool {
	for _, a := range w.snap.AccountsOf(provider) {
		if ready(a) == "" {
			return true
		}
	}
	return false
}

// combo orders the steps by the combo's strategy and walks them. A step that
// cannot be used is skipped with its reason; the combo fails only when no
// step is left.
func (w *walk) combo(c *config.Combo, depth int) error {
	if depth == 0 || w.route.Combo == nil {
		w.route.Combo = c
	}
	w.route.Candidates = slices.Grow(w.route.Candidates, len(c.Models))
	spread := w.snap.ComboSpread(c)
	order := strategies[spread.Strategy]
	var items []item
	if order != nil {
		w.repeats = true // which of two steps has a target first is not decided yet
		items = make([]item, 0, len(c.Models))
		w.within++
	}
	var last error
	for _, m := range c.Models {
		from := len(w.route.Candidates)
		if err := w.name(m.Model, depth+1); err != nil {
			f := fault.As(err)
			w.skip(m.Model, f.Public, config.Target{}, fault.ReasonOf(f, 0, 0, time.Time{}))
			last = err
		} else if to := len(w.route.Candidates); order != nil && to > from {
			items = append(items, item{from: from, to: to, id: m.Model, weight: m.Weight})
		}
	}
	if order != nil {
		w.within--
	}
	if len(items) > 1 {
		w.arrange(&choice{walk: w, scope: comboScope(c), Spread: spread, combo: true, items: items})
	}
	if len(w.route.Candidates) > 0 {
		return nil
	}
	if depth > 0 && last != nil {
		return last
	}
	e := because(modelNotFound("No model of the combo %q can be used now. Its receipt lists why; connect an account for one of them.", c.Name), fault.ReasonEmptyCombo, "name", c.Name)
	if last != nil && fault.KindOf(last) != fault.NotFound {
		e.Kind, e.Code = fault.KindOf(last), ""
	}
	return e
}

func (w *walk) skip(target, why string, at config.Target, reason fault.Reason) {
	w.route.Skipped = append(w.route.Skipped, Skip{target, why, at, reason})
}

// because gives an error the reason that a combo's step is skipped for.
func because(e *fault.Error, code fault.ReasonCode, pairs ...string) *fault.Error {
	e.Reason = fault.Because(code, pairs...)
	return e
}

// dedicated serves /v1/providers/{p}/…: the prefix may be missing, a foreign
// one is refused (contract F085). The test is made on the known prefix, not
// on the first slash: model ids hold slashes.
func (w *walk) dedicated() error {
	up, ok := w.planner.upstream(w.snap, w.query.Provider)
	if !ok {
		return because(modelNotFound("There is no provider %q. GET /api/models/catalog lists the prefixes.", w.query.Provider), fault.ReasonModelUnknown)
	}
	id := w.query.Model
	if prefix, rest, ok := strings.Cut(id, "/"); ok {
		if other, known := w.planner.upstream(w.snap, prefix); known && other.ID() == up.ID() {
			id = rest
		} else if known {
			if _, own := up.Provider.Model(id); !own && !w.listed(up, id) {
				e := fault.New(fault.Invalid, "routing.dedicated", "Model %q does not belong to provider %q. Expected prefix: %s/", w.query.Model, up.ID(), up.Prefix())
				e.Param = "model"
				return e
			}
		}
	}
	return w.model(up, id)
}

func (w *walk) listed(up Upstream, id string) bool {
	for _, a := range w.snap.AccountsOf(up.ID()) {
		if slices.Contains(a.Models, id) {
			return true
		}
	}
	return w.snap.HasCustom(up.ID(), id)
}

// model adds the accounts of one provider for one model id.
func (w *walk) model(up Upstream, id string) error {
	note := ""
	asked := up.Prefix() + "/" + id
	if up.Node == nil && !w.isCustom(up, id) {
		r, err := w.planner.Catalog.ResolveAt(up.Provider, id, w.connected)
		if err != nil {
			return err
		}
		if r.Replaced {
			note = asked + " means " + r.Provider.Alias + "/" + r.Model + " today"
			if r.Note != "" {
				note += ": " + r.Note
			}
		}
		up, id = Upstream{Provider: r.Provider}, r.Model
	}
	return w.accounts(up, id, asked, note)
}

func (w *walk) isCustom(up Upstream, id string) bool { return w.snap.HasCustom(up.ID(), id) }

// accounts appends a candidate for every account that can be used.
func (w *walk) accounts(up Upstream, id, asked, note string) error {
	list := AccountsOf(w.snap, up)
	if slices.Contains(w.snap.Settings.BlockedProviders, up.ID()) {
		return because(fault.New(fault.Forbidden, "routing.accounts", "The provider %s is blocked in the settings.", up.Name()), fault.ReasonBlocked)
	}
	if len(list) == 0 {
		return because(modelNotFound("No account of %s is connected, so %s cannot be used. Connect one: POST /api/providers.", up.Name(), asked), w.absent(up))
	}
	w.route.Candidates = slices.Grow(w.route.Candidates, len(list))
	from, added, why := len(w.route.Candidates), false, ""
	for _, a := range list {
		t := config.Target{Provider: up.ID(), Account: a.ID, Model: id}
		if reason := ready(a); reason != "" {
			why = reason
			w.skip(asked+"@"+a.Name, reason, t, fault.Because(fault.ReasonNeedsKey))
			continue
		}
		if w.has(t) {
			continue
		}
		added = true
		w.route.Candidates = append(w.route.Candidates, Candidate{Target: t, Account: a, Upstream: up, Asked: asked, Note: note})
	}
	w.spread(from, up)
	if !added && why != "" {
		return because(fault.New(fault.AuthRevoked, "routing.accounts", "No account of %s can be used: %s.", up.Name(), why), fault.ReasonNeedsKey)
	}
	return nil
}

// absent tells accounts that were switched off from none at all.
func (w *walk) absent(up Upstream) fault.ReasonCode {
	for _, a := range w.snap.Accounts {
		if a.Provider == up.ID() {
			return fault.ReasonDisabled
		}
	}
	return fault.ReasonNoAccount
}

// ready says why an account cannot be used, "" when it can.
func ready(a *config.Account) string {
	if a.Kind == config.KindAPIKey && !a.HasSecret {
		return "the account " + a.Name + " has no key; enter it again"
	}
	return ""
}

// has reports a target that is listed already, where that is decided.
func (w *walk) has(t config.Target) bool {
	return !w.repeats && slices.ContainsFunc(w.route.Candidates, func(c Candidate) bool { return c.Target == t })
}

// bare resolves an id without a known prefix: every account that lists it,
// native format first, then by tier, then by priority.
func (w *walk) bare(id string, slash bool) error {
	type option struct {
		up      Upstream
		account *config.Account
	}
	var options []option
	add := func(up Upstream, a *config.Account) {
		if ready(a) != "" || slices.ContainsFunc(options, func(o option) bool { return o.account == a }) {
			return
		}
		options = append(options, option{up, a})
	}
	for _, pm := range w.planner.Catalog.Bare(id) {
		for _, a := range w.snap.AccountsOf(pm.Provider.ID) {
			add(Upstream{Provider: pm.Provider}, a)
		}
	}
	for _, a := range w.snap.ListedBy(id) {
		if up, ok := w.planner.upstream(w.snap, a.Provider); ok {
			add(up, a)
		}
	}
	for _, c := range w.snap.CustomByID(id) {
		if up, ok := w.planner.upstream(w.snap, c.Provider); ok {
			for _, a := range w.snap.AccountsOf(up.ID()) {
				add(up, a)
			}
		}
	}
	if len(options) == 0 {
		return w.unknown(id, slash)
	}
	native := func(up Upstream) int {
		if up.Format() == w.query.Format {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(options, func(a, b option) int {
		if d := native(a.up) - native(b.up); d != 0 {
			return d
		}
		if d := a.up.Provider.Tier.Rank() - b.up.Provider.Tier.Rank(); d != 0 {
			return d
		}
		return a.account.Priority - b.account.Priority
	})
	w.route.Candidates = slices.Grow(w.route.Candidates, len(options))
	from := len(w.route.Candidates)
	for _, o := range options {
		model, note := id, ""
		up := o.up
		if up.Node == nil && !w.isCustom(up, id) {
			if r, err := w.planner.Catalog.ResolveAt(up.Provider, id, w.connected); err == nil && r.Replaced && !r.OtherProvider {
				model, note = r.Model, id+" means "+up.Prefix()+"/"+r.Model+" today"
			}
		}
		t := config.Target{Provider: up.ID(), Account: o.account.ID, Model: model}
		if !w.has(t) {
			w.route.Candidates = append(w.route.Candidates, Candidate{Target: t, Account: o.account, Upstream: up, Asked: id, Note: note})
		}
	}
	w.spreadEach(from)
	return nil
}

// unknown makes the 404 of a name that means nothing here.
func (w *walk) unknown(id string, slash bool) error {
	if slash {
		prefix, _, _ := strings.Cut(id, "/")
		return because(modelNotFound("Model %q is not known: no provider has the prefix %q. GET /v1/models lists what can be used.", id, prefix), fault.ReasonModelUnknown)
	}
	w.stray = id == w.query.Model && w.route.Combo == nil
	var homes []string
	for _, pm := range w.planner.Catalog.Bare(id) {
		homes = append(homes, pm.Provider.Name)
		if len(homes) == 3 {
			break
		}
	}
	if len(homes) > 0 {
		return because(modelNotFound("No connected account serves %q. It is offered by %s: connect one of them.", id, strings.Join(homes, ", ")), fault.ReasonNoAccount)
	}
	return because(modelNotFound("Model %q is not known. GET /v1/models lists what can be used.", id), fault.ReasonModelUnknown)
}

// Known lists the prefixes for error messages and lists; kept here so that
// the order of names stands in one file.
func (p *Planner) Known(s *config.Snapshot) []Upstream {
	var out []Upstream
	for _, n := range s.Nodes {
		if t, ok := p.Catalog.Node(string(n.Type)); ok {
			out = append(out, Upstream{t, n})
		}
	}
	slices.SortFunc(out, func(a, b Upstream) int { return strings.Compare(a.Node.Prefix, b.Node.Prefix) })
	for _, e := range p.Catalog.Providers() {
		if e.Kind != catalog.KindNode {
			out = append(out, Upstream{Provider: e})
		}
	}
	return out
}
