package routing

import (
	"slices"

	"omniroute/backend/config"
)

// comboScope names the steps of a combo in State.
func comboScope(c *config.Combo) string { return "combo/" + c.ID }

// spread puts the accounts of one upstream, the candidates from an index on,
// into the order of its strategy.
func (w *walk) spread(from int, up Upstream) {
	list := w.route.Candidates[from:]
	if len(list) < 2 {
		return
	}
	rule := w.snap.AccountSpread(up.ID(), up.Prefix())
	order := strategies[rule.Strategy]
	if id, _ := w.talk(); order == nil && id == nil {
		return
	}
	items := make([]item, len(list))
	for i := range list {
		items[i] = item{from: from + i, to: from + i + 1, id: list[i].Target.Account}
	}
	w.arrange(&choice{walk: w, scope: accountScope(up.ID()), model: list[0].Target.Model, Spread: rule, items: items})
}

// spreadEach does the same for candidates of several upstreams, which keep
// the places they have among each other.
func (w *walk) spreadEach(from int) {
	list := w.route.Candidates[from:]
	if len(list) < 2 {
		return
	}
	var done []string
	for i := range list {
		up := list[i].Upstream
		if slices.Contains(done, up.ID()) {
			continue
		}
		done = append(done, up.ID())
		if id, _ := w.talk(); id == nil && strategies[w.snap.AccountSpread(up.ID(), up.Prefix()).Strategy] == nil {
			continue
		}
		var places []int
		var own []Candidate
		for j := i; j < len(list); j++ {
			if list[j].Upstream == up {
				places, own = append(places, j), append(own, list[j])
			}
		}
		sub := Route{Candidates: own}
		inner := *w
		inner.route = &sub
		if from+i > 0 {
			inner.within++ // others stand before these
		}
		inner.spread(0, up)
		w.source = inner.source
		w.route.Sticky = w.route.Sticky || sub.Sticky
		for k, j := range places {
			list[j] = sub.Candidates[k]
		}
	}
}

// arrange orders the items of a choice: where its conversation is warm first,
// what else can be used now by the strategy (nil = as listed), the others
// after them. When none can, the list's order stays, for it is then up to the
// probes.
func (w *walk) arrange(c *choice) {
	order := strategies[c.Strategy]
	all := c.items
	c.take = w.query.Take && w.within == 0 && all[0].from == 0
	first := all[0].from
	usable := make([]item, 0, len(all))
	var resting []item
	for _, x := range all {
		if w.rests(&x) {
			resting = append(resting, x)
		} else {
			usable = append(usable, x)
		}
	}
	if len(usable) == 0 {
		return
	}
	c.items = usable
	id, fresh := w.talk()
	decided, moved := c.stay(id, fresh)
	if !decided && len(usable) > 1 && order != nil {
		reason := order(c)
		usable[0].reason = reason
	}
	if moved.Code != "" {
		usable[0].reason = moved
	}
	if id != nil && c.take {
		c.bind(id)
	}
	last := all[len(all)-1].to
	sorted := make([]Candidate, 0, last-first)
	for _, x := range append(usable, resting...) {
		k := len(sorted)
		sorted = append(sorted, w.route.Candidates[x.from:x.to]...)
		if x.reason.Code != "" {
			sorted[k].Reason = x.reason
		}
		if w.query.Take && !c.take && !decided {
			c.postpone(sorted[k:], &x)
		}
	}
	copy(w.route.Candidates[first:last], sorted)
}

// postpone has what the strategy counts counted when a candidate is tried.
func (c *choice) postpone(list []Candidate, x *item) {
	l := later{}
	switch c.Strategy {
	case "round-robin":
		l.turn = c.scope
	case "least-used":
		if c.combo { // of accounts, every use counts
			l.heat = c.use(x)
		}
	}
	if l.turn == "" && l.heat == "" {
		return
	}
	for i := range list {
		own := l
		own.outer = list[i].later
		list[i].later = &own
	}
}

// rests reports an item of which no candidate can be used now.
func (w *walk) rests(x *item) bool {
	if w.planner.View == nil {
		return false
	}
	for k := x.from; k < x.to; k++ {
		if !w.planner.View.Rests(w.route.Candidates[k].Target) {
			return false
		}
	}
	return true
}

// distinct keeps the first of each target.
func distinct(list []Candidate) []Candidate {
	seen := make(map[config.Target]bool, len(list))
	return slices.DeleteFunc(list, func(c Candidate) bool {
		twice := seen[c.Target]
		seen[c.Target] = true
		return twice
	})
}
