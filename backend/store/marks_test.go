package store

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"omniroute/backend/config"
	"omniroute/backend/usage"
)

// chance makes batches as a busy gateway does: rows in the order of their
// ends, some of which began long before, clocks that jump, labels of which
// few are rare.
type chance struct {
	*rand.Rand
	clock time.Time
	all   []usage.Record
}

func (c *chance) batch(t *testing.T, n int) []usage.Receipt {
	list := make([]usage.Receipt, n)
	for i := range list {
		c.clock = c.clock.Add(time.Duration(c.IntN(2_000_000)) * time.Nanosecond)
		at := c.clock
		if c.IntN(20) == 0 {
			at = at.Add(-time.Duration(c.IntN(int(time.Minute))))
		}
		pick := func(of string, usual int) string {
			if c.IntN(100) == 0 {
				return fmt.Sprint(of, "-rare-", c.IntN(40))
			}
			return fmt.Sprint(of, "-", c.IntN(usual))
		}
		r := usage.Receipt{
			ID: usage.NewID(at), Time: at, Path: "/v1", KeyID: pick("key", 3), RequestedModel: pick("model", 3), Combo: pick("combo", 2), Status: 200,
			Target: config.Target{Provider: pick("provider", 2), Account: pick("account", 2), Model: pick("model", 3)},
		}
		if c.IntN(50) == 0 {
			r.Status, r.Kind, r.Error = 400+c.IntN(200), pick("kind", 2), "It broke."
		}
		list[i] = r
	}
	c.keep(t, list)
	return list
}

func (c *chance) keep(t *testing.T, list []usage.Receipt) {
	for _, row := range pack(t, list) {
		r, err := row.Record()
		if err != nil {
			t.Fatal(err)
		}
		c.all = append(c.all, r)
	}
	slices.SortFunc(c.all, func(a, b usage.Record) int { return cmp.Compare(b.ID, a.ID) })
}

func (c *chance) check(t *testing.T, s *Store, what string) {
	t.Helper()
	for _, f := range []usage.Filter{
		{}, {KeyID: "key-1"}, {KeyID: "key-rare-7"}, {Model: "model-2"}, {Model: "model-rare-3"}, {Combo: "combo-rare-1"}, {Provider: "provider-0", KeyID: "key-rare-9"},
		{Account: "account-rare-5"}, {Failed: true}, {Kind: "kind-rare-2"}, {Kind: "kind-1", Provider: "provider-1"}, {StatusMin: 503, StatusMax: 503}, {StatusMin: 500, StatusMax: 599},
		{StatusMin: 400}, {StatusMin: 200, StatusMax: 299, Model: "model-rare-8"}, {Search: "RARE-11"}, {Model: "nothing"},
	} {
		pick := c.all[c.IntN(len(c.all))]
		switch c.IntN(4) {
		case 0:
			f.Before = pick.ID
		case 1:
			f.From = pick.Time
		case 2:
			f.To = pick.Time
		}
		f.Limit = 1 + c.IntN(300)
		var want []string
		for i := range c.all {
			r := &c.all[i]
			l := usage.Labels{Status: r.Status, Kind: r.Kind, KeyID: r.KeyID, RequestedModel: r.RequestedModel, Combo: r.Combo, Target: r.Target}
			if admits(&f, &l) && (f.Before == "" || r.ID < f.Before) && !r.Time.Before(f.From) && (f.To.IsZero() || r.Time.Before(f.To)) && (f.Search == "" || contains(r, f.Search)) {
				want = append(want, r.ID)
			}
		}
		want = want[:min(len(want), f.Limit)]
		page, err := s.CallLogs(t.Context(), f)
		if err != nil || page.Partial {
			t.Fatalf("%s, %+v: partial %v, %v", what, f, page.Partial, err)
		}
		if got := ids(page.Logs); !slices.Equal(got, want) {
			t.Fatalf("%s, %+v: %d found, want %d", what, f, len(got), len(want))
		}
	}
}

// Whatever the order in which rows come, and whatever the writer has
// forgotten, marks must lead to each of them.
func TestMarksLeadToEveryRow(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	c := &chance{Rand: rand.New(rand.NewPCG(1, 2)), clock: time.Now().Add(-48 * time.Hour)}
	var again []usage.Receipt
	gap := time.Time{} // nothing happened around it
	for round := range 30 {
		if round == 20 {
			gap = c.clock.Add(5 * time.Hour)
			c.clock = c.clock.Add(10 * time.Hour)
			again = again[:0]
		}
		list := c.batch(t, 1+c.IntN(1000))
		what := fmt.Sprintf("round %d", round)
		switch round % 6 {
		case 1:
			what += ", rows that are there among new ones"
			list = append(list, again...)
		case 2:
			what += ", after a restart"
			closeStore(t, s)
			s = open(t, dir)
		case 3:
			what += ", after a jump of the clock"
			c.clock = c.clock.Add(time.Duration(c.IntN(int(time.Hour))) - 30*time.Minute)
		case 4:
			what += ", after the writer forgot"
			s.usage.Load().desk = newDesk()
		}
		write(t, s, list)
		again = list
		c.check(t, s, what)
	}
	spans, rows := count(t, s, "spans"), len(c.all)
	if spans < rows/crowdRows || spans > 2*rows/spanRows {
		t.Errorf("%d spans for %d rows", spans, rows)
	}

	// What is too old goes, with its marks, and nothing else does.
	age := time.Since(gap)
	s.retention.Store(new(func() retention { return retention{rows: age, receipts: age} }))
	if err := s.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.all = slices.DeleteFunc(c.all, func(r usage.Record) bool { return r.Time.Before(gap) })
	if got := count(t, s, "requests"); got != len(c.all) {
		t.Fatalf("%d rows are left, want %d", got, len(c.all))
	}
	c.check(t, s, "after the sweep")
	if left := count(t, s, "spans"); left >= spans/2 {
		t.Errorf("%d of %d spans are left", left, spans)
	}
	var dead int
	err := s.usage.Load().read.QueryRow("SELECT COUNT(*) FROM marks WHERE span NOT IN (SELECT start FROM spans)").Scan(&dead)
	if err != nil || dead > 0 {
		t.Errorf("%d marks of spans that are gone, %v", dead, err)
	}
	at := c.all[len(c.all)-1].Time.Add(-time.Hour)
	late := []usage.Receipt{{ID: usage.NewID(at), Time: at, KeyID: "key-1", Status: 200}}
	c.keep(t, late)
	write(t, s, late)
	c.check(t, s, "after a row older than all")
}

// A clock that was once years ahead must not leave one endless span before it.
func TestSpansBeforeTheFuture(t *testing.T) {
	s := open(t, t.TempDir())
	write(t, s, requests(time.Now().Add(1000*day), 300))
	for i := range 10 {
		write(t, s, requests(time.Now().Add(time.Duration(i)*time.Second), 300))
	}
	if got := count(t, s, "spans"); got < 3000/crowdRows {
		t.Errorf("%d spans for 3300 rows", got)
	}
}

// The books must not wait for a clock that stands still.
func TestCoarseClock(t *testing.T) {
	s := open(t, t.TempDir())
	at := time.Now().Add(-time.Minute)
	var all []usage.Receipt
	for range 5 {
		list := requests(at, 200)
		for i := range list {
			list[i].ID = usage.NewID(at)
		}
		write(t, s, list)
		all = append(all, list...)
	}
	write(t, s, all[100:700])
	if got := count(t, s, "requests"); got != len(all) {
		t.Errorf("%d rows, want %d", got, len(all))
	}
	totals, err := s.Totals(t.Context(), usage.Query{})
	if err != nil || len(totals) != 1 || totals[0].Requests != int64(len(all)) {
		t.Errorf("totals %+v, %v; want %d requests", totals, err, len(all))
	}
}
