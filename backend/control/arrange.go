package control

import (
	"slices"
	"sync"
	"time"

	"omniroute/backend/config"
)

// AccountOrder is the order in which connections of one provider are used.
type AccountOrder struct {
	Provider string   `json:"provider"` // catalogue id, prefix or node id
	IDs      []string `json:"ids"`      // first to last; those not named come after
}

// Reorder sets the priorities of a provider's connections.
func (v *Providers) Reorder(in AccountOrder) (ConnectionList, error) {
	_, err := v.rooms.update(func(s *config.Snapshot) error {
		up, ok := v.rooms.Planner.Upstream(s, in.Provider)
		if !ok {
			return badInput("provider", "The provider %q is unknown.", clip(in.Provider, 100))
		}
		var list []*config.Account
		for _, a := range s.Accounts {
			if a.Provider == up.ID() {
				list = append(list, a)
			}
		}
		for i, id := range in.IDs {
			if slices.Contains(in.IDs[:i], id) {
				return badInput("ids", "The connection %q is named twice.", clip(id, 100))
			}
			if a := s.Accounts[id]; a == nil || a.Provider != up.ID() {
				return badInput("ids", "%s has no connection %q.", up.Name(), clip(id, 100))
			}
		}
		place := func(a *config.Account) int {
			if i := slices.Index(in.IDs, a.ID); i >= 0 {
				return i
			}
			return len(in.IDs)
		}
		slices.SortFunc(list, func(a, b *config.Account) int {
			if d := place(a) - place(b); d != 0 {
				return d
			}
			return config.ByPriority(a, b)
		})
		now := v.rooms.Now().UTC()
		for i, a := range list {
			if a.Priority == i+1 {
				continue
			}
			b := *a
			b.Priority, b.UpdatedAt = i+1, now
			s.Accounts[a.ID] = &b
		}
		return nil
	})
	if err != nil {
		return ConnectionList{}, err
	}
	return v.List()
}

// TestsOf narrows a test of all connections to one provider.
type TestsOf struct {
	Provider string `json:"provider"` // "" = all
}

// TestedConnection is the outcome for one of them.
type TestedConnection struct {
	ID     string     `json:"id"`
	Result TestResult `json:"result"`
}

// TestedConnections lists the outcomes by connection id. Those switched off
// are not tested.
type TestedConnections struct {
	Results []TestedConnection `json:"results"`
}

// testsAtOnce is how many connections are tested at the same time; testAllTime
// bounds the whole.
const (
	testsAtOnce = 4
	testAllTime = 5 * time.Minute
)

// TestAll tries every connection, four at once.
func (v *Providers) TestAll(in TestsOf) (TestedConnections, error) {
	s := v.rooms.Config.Now()
	only := ""
	if in.Provider != "" {
		up, ok := v.rooms.Planner.Upstream(s, in.Provider)
		if !ok {
			return TestedConnections{}, badInput("provider", "The provider %q is unknown.", clip(in.Provider, 100))
		}
		only = up.ID()
	}
	var ids []string
	for _, a := range s.Accounts {
		if a.Active && (only == "" || a.Provider == only) {
			ids = append(ids, a.ID)
		}
	}
	slices.Sort(ids)
	ctx, cancel := v.rooms.within(testAllTime)
	defer cancel()
	out := TestedConnections{Results: make([]TestedConnection, len(ids))}
	slots := make(chan struct{}, testsAtOnce)
	var wg sync.WaitGroup
	for i, id := range ids {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			r, err := v.test(ctx, TestOf{ID: id})
			if err != nil {
				r = TestResult{Error: publicOf(err), TestedAt: v.rooms.Now().UTC()}
			}
			out.Results[i] = TestedConnection{id, r}
		})
	}
	wg.Wait()
	return out, nil
}
