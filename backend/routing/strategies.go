package routing

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"

	"omniroute/backend/config"
	"omniroute/backend/fault"
)

// strategies are the ways to order accounts of a provider or steps of a combo
// that can be used now. A new one is a function and a line here. The list's
// own order needs none: priority and fill-first are nil. A strategy returns why
// the first one is first, and must not change the choice where it lacks what
// it needs: then it says so (fault.ReasonNoneKnown).
var strategies = map[string]strategy{
	"priority":       nil,
	"fill-first":     nil,
	"round-robin":    (*choice).roundRobin,
	"weighted":       (*choice).weighted,
	"random":         (*choice).random,
	"p2c":            (*choice).betterOfTwo,
	"least-used":     (*choice).leastUsed,
	"cost-optimized": (*choice).cheapest,
}

type strategy func(*choice) fault.Reason

// KnownStrategy reports whether a combo may use the strategy.
func KnownStrategy(name string) bool { _, ok := strategies[name]; return ok }

// choice is a set of items to be put in order.
type choice struct {
	*walk
	config.Spread
	scope string // names the set: of a provider's accounts or a combo's steps
	model string // what the accounts are asked for, "" = steps of a combo
	combo bool
	take  bool   // the choice counts at once: its first is what will be tried
	items []item // that can be used now, in the list's order
}

// item is an account, or a step of a combo: a run of candidates.
type item struct {
	from, to int // candidates
	id       string
	weight   int
	reason   fault.Reason // why it stands where it stands, besides the first
}

// roundRobin gives sticky requests in a row to each, in turns.
func (c *choice) roundRobin() fault.Reason {
	n := c.planner.State.turn(c.scope, c.take)
	sticky := uint64(max(c.Sticky, 1))
	rotate(c.items, int(n/sticky%uint64(len(c.items))))
	return fault.Because(fault.ReasonTurn, "n", strconv.FormatUint(n%sticky+1, 10), "limit", strconv.FormatUint(sticky, 10))
}

// rotate lets the k-th item be the first.
func rotate(items []item, k int) {
	slices.Reverse(items[:k])
	slices.Reverse(items[k:])
	slices.Reverse(items)
}

// random shuffles (Fisher-Yates).
func (c *choice) random() fault.Reason {
	c.rand().Shuffle(len(c.items), func(i, j int) { c.items[i], c.items[j] = c.items[j], c.items[i] })
	return fault.Because(fault.ReasonRandom)
}

// weighted draws the first in proportion to the weights; the rest follows by
// weight. Without any weight all are alike.
func (c *choice) weighted() fault.Reason {
	sum := 0
	for i := range c.items {
		sum += c.items[i].weight
	}
	if sum == 0 {
		c.random()
		return fault.Because(fault.ReasonNoneKnown, "strategy", "weighted")
	}
	at := c.rand().IntN(sum)
	first := 0
	for at >= c.items[first].weight {
		at -= c.items[first].weight
		first++
	}
	c.front(first)
	slices.SortStableFunc(c.items[1:], func(a, b item) int { return b.weight - a.weight })
	return fault.Because(fault.ReasonWeighted, "weight", strconv.Itoa(c.items[0].weight))
}

// front moves one item to the front and keeps the order of the others.
func (c *choice) front(i int) {
	x := c.items[i]
	copy(c.items[1:i+1], c.items[:i])
	c.items[0] = x
}

// betterOfTwo draws two and takes the healthier, less busy one; the other
// comes next, the rest in the order of the list.
func (c *choice) betterOfTwo() fault.Reason {
	r := c.rand()
	i := r.IntN(len(c.items))
	j := r.IntN(len(c.items) - 1)
	if j >= i {
		j++
	}
	a, b := c.score(&c.items[i]), c.score(&c.items[j])
	if b > a {
		i, j, a, b = j, i, b, a
	}
	better, other := c.items[i], c.items[j]
	rest := slices.DeleteFunc(slices.Clone(c.items), func(x item) bool { return x.from == better.from || x.from == other.from })
	copy(c.items, append([]item{better, other}, rest...))
	return fault.Because(fault.ReasonHealthier, "score", strconv.Itoa(a), "than", strconv.Itoa(b))
}

// busyCosts is what a running request takes off a target's health.
const busyCosts = 10

// score is the health of an item's best candidate less its load.
func (c *choice) score(x *item) int {
	best := math.MinInt
	for k := x.from; k < x.to; k++ {
		t := c.route.Candidates[k].Target
		health := 100
		if c.planner.View != nil {
			health = c.planner.View.Health(t)
		}
		best = max(best, health-busyCosts*c.planner.State.busy(t.Account))
	}
	return best
}

// leastUsed: of accounts the one whose last use is the oldest, of steps the
// one with the fewest requests lately.
func (c *choice) leastUsed() fault.Reason {
	state := c.planner.State
	if state == nil {
		return fault.Because(fault.ReasonNoneKnown, "strategy", "least-used")
	}
	if c.take {
		defer state.pick(c.scope)()
	}
	now := c.query.Now.UnixNano()
	if c.combo {
		heats := make(map[string]float64, len(c.items))
		for i := range c.items {
			heats[c.items[i].id] = state.heatOf(c.use(&c.items[i]), now)
		}
		slices.SortStableFunc(c.items, func(a, b item) int { return cmp.Compare(heats[a.id], heats[b.id]) })
		if c.take {
			state.heat(c.use(&c.items[0]), now)
		}
		return fault.Because(fault.ReasonLeastUsed)
	}
	slices.SortStableFunc(c.items, func(a, b item) int { return cmp.Compare(state.lastUse(a.id), state.lastUse(b.id)) })
	if c.take { // later than all others, even where the clock stands still
		last := c.items[len(c.items)-1].id
		state.uses.get(c.items[0].id).touch(max(now, state.lastUse(last)+1))
		state.changed.Store(true)
	}
	return fault.Because(fault.ReasonLeastUsed)
}

// use is the key under which a step's uses are counted.
func (c *choice) use(x *item) string { return c.scope + "\x00" + x.id }

// cooled is how much of a heat is left.
func cooled(heat float64, at, now int64) float64 {
	if heat == 0 || now <= at {
		return heat
	}
	return heat * math.Exp2(-float64(now-at)/float64(heatHalf))
}

// A request of unknown size is taken to be of these tokens.
const (
	usualIn  = 2000
	usualOut = 500
)

// cheapest: of accounts the lowest priority value (contract F074f), which is
// their order already; of steps the lowest price of a usual request. What has
// no price comes last and says so.
func (c *choice) cheapest() fault.Reason {
	if !c.combo {
		return fault.Because(fault.ReasonLowest, "priority", strconv.Itoa(c.route.Candidates[c.items[0].from].Account.Priority))
	}
	costs := make(map[int]int64, len(c.items))
	known := 0
	for i := range c.items {
		costs[c.items[i].from] = math.MaxInt64
		if micros, ok := c.cost(&c.items[i]); ok {
			costs[c.items[i].from] = micros
			known++
		} else {
			c.items[i].reason = fault.Because(fault.ReasonNoPrice, "strategy", "cost-optimized")
		}
	}
	if known == 0 {
		return fault.Because(fault.ReasonNoneKnown, "strategy", "cost-optimized")
	}
	slices.SortStableFunc(c.items, func(a, b item) int { return cmp.Compare(costs[a.from], costs[b.from]) })
	for i := range c.items[:known] {
		c.items[i].reason = fault.Because(fault.ReasonCheapest, "usd", usd(costs[c.items[i].from]))
	}
	return fault.Because(fault.ReasonCheapest, "usd", usd(costs[c.items[0].from]))
}

// cost is what a usual request costs at an item's first candidate, in
// micro-dollars. What is not billed per call costs nothing.
func (c *choice) cost(x *item) (int64, bool) {
	if x.from == x.to {
		return 0, false
	}
	return c.planner.cost(&c.route.Candidates[x.from])
}

func (p *Planner) cost(c *Candidate) (int64, bool) {
	if c.Upstream.Provider.Simulated {
		return 0, true
	}
	m, ok := c.Upstream.Provider.Model(c.Target.Model)
	if !ok {
		return 0, false
	}
	if !m.Price.Billed() {
		return 0, true
	}
	return m.Price.Cost(usualIn, 0, 0, usualOut)
}

// usd spells micro-dollars.
func usd(micros int64) string { return strconv.FormatFloat(float64(micros)/1e6, 'f', -1, 64) }

// rand draws for one plan: the same seed, the same plan.
func (w *walk) rand() *rand.Rand {
	if w.source == nil {
		w.source = rand.New(rand.NewPCG(w.query.Seed, 0x9e3779b97f4a7c15))
	}
	return w.source
}
