package store

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"omniroute/backend/config"
	"omniroute/backend/fault"
	"omniroute/backend/llm"
	"omniroute/backend/usage"
)

// requests makes n receipts a millisecond apart, every fifth of a failure.
func requests(from time.Time, n int) []usage.Receipt {
	list := make([]usage.Receipt, n)
	for i := range list {
		at := from.Add(time.Duration(i) * time.Millisecond).UTC()
		r := usage.Receipt{
			ID: usage.NewID(at), Snapshot: int64(i), Time: at, Path: "/v1/messages", ClientFormat: "anthropic", UpstreamFormat: "openai-chat", Road: usage.RoadTranslated, Stream: i%2 == 0,
			Agent: "claude-cli/2.1", KeyID: []string{"", "k1", "k2"}[i%3], RequestedModel: []string{"best", "openai/gpt-4.1", "gpt-4.1"}[i%3], Combo: []string{"best", "", ""}[i%3],
			AnsweredBy: "openai/gpt-4.1", Target: config.Target{Provider: []string{"openai", "groq"}[i%2], Account: "a1", Model: "gpt-4.1"},
			Status: 200, Usage: llm.Usage{Input: 100, Output: 10, CacheRead: 5}, Cost: usage.Cost{Micros: 7, Known: i%4 != 0, Basis: "list"},
			Attempts: []usage.Attempt{{Status: 200}}, Timing: usage.Timing{TTFT: 30 * time.Millisecond, Total: 90 * time.Millisecond},
		}
		if i%5 == 4 {
			r.Status, r.Kind, r.Error, r.AnsweredBy, r.Target = 502, "upstream", "The upstream broke (100%).", "", config.Target{}
		}
		list[i] = r
	}
	return list
}

func pack(t testing.TB, list []usage.Receipt) []usage.Row {
	t.Helper()
	rows := make([]usage.Row, len(list))
	for i := range list {
		var err error
		if rows[i], err = list[i].Pack(); err != nil {
			t.Fatal(err)
		}
	}
	return rows
}

func write(t testing.TB, s *Store, list []usage.Receipt) {
	t.Helper()
	if err := s.Write(t.Context(), pack(t, list)); err != nil {
		t.Fatal(err)
	}
}

func ids(logs []usage.Record) []string {
	var list []string
	for _, r := range logs {
		list = append(list, r.ID)
	}
	return list
}

func TestWrittenTwiceCountsOnce(t *testing.T) {
	s := open(t, t.TempDir())
	batch := requests(time.Now().Add(-time.Minute), 50)
	for range 2 {
		write(t, s, batch)
	}
	page, err := s.CallLogs(t.Context(), usage.Filter{Limit: 1000})
	if err != nil || len(page.Logs) != 50 {
		t.Fatalf("%d rows, error %v; want 50", len(page.Logs), err)
	}
	totals, err := s.Totals(t.Context(), usage.Query{})
	if err != nil || len(totals) != 1 || totals[0].Requests != 50 || totals[0].Failed != 10 {
		t.Errorf("totals %+v, error %v; want 50 requests, 10 failed", totals, err)
	}
	row := pack(t, batch)[49]
	want, err := row.Record()
	if err != nil || page.Logs[0] != want || want.ID != batch[49].ID || want.Attempts != 1 || want.Tokens != batch[49].Usage || want.Cost != batch[49].Cost {
		t.Errorf("newest row %+v\nwant %+v (%v)", page.Logs[0], want, err)
	}
}

func TestSharedNanosecondLosesNothing(t *testing.T) {
	s := open(t, t.TempDir())
	at := time.Now()
	batch := requests(at, 40)
	for i := range batch {
		batch[i].ID = usage.NewID(at)
	}
	for range 2 {
		write(t, s, batch)
	}
	var seen []string
	before := ""
	for {
		page, err := s.CallLogs(t.Context(), usage.Filter{Limit: 7, Before: before})
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Logs) == 0 {
			break
		}
		seen = append(seen, ids(page.Logs)...)
		before = seen[len(seen)-1]
	}
	var want []string
	for _, r := range slices.Backward(batch) {
		want = append(want, r.ID)
	}
	if !slices.Equal(seen, want) {
		t.Errorf("paging saw %d rows, want the %d written, last first", len(seen), len(want))
	}
	for i, r := range batch {
		if body, err := s.Receipt(t.Context(), r.ID); err != nil || string(body) != string(r.AppendJSON(nil)) {
			t.Fatalf("receipt %d is %q, %v", i, body, err)
		}
	}
}

func TestFilters(t *testing.T) {
	s := open(t, t.TempDir())
	all := requests(time.Now().Add(-time.Hour), 120)
	write(t, s, all)
	for name, c := range map[string]struct {
		filter usage.Filter
		want   func(r usage.Receipt) bool
	}{
		"all":        {usage.Filter{}, func(usage.Receipt) bool { return true }},
		"key":        {usage.Filter{KeyID: "k1"}, func(r usage.Receipt) bool { return r.KeyID == "k1" }},
		"combo":      {usage.Filter{Combo: "best"}, func(r usage.Receipt) bool { return r.Combo == "best" }},
		"provider":   {usage.Filter{Provider: "groq"}, func(r usage.Receipt) bool { return r.Target.Provider == "groq" }},
		"account":    {usage.Filter{Account: "a1"}, func(r usage.Receipt) bool { return r.Target.Account == "a1" }},
		"failed":     {usage.Filter{Failed: true}, func(r usage.Receipt) bool { return r.Kind != "" }},
		"kind":       {usage.Filter{Kind: "upstream"}, func(r usage.Receipt) bool { return r.Kind == "upstream" }},
		"5xx":        {usage.Filter{StatusMin: 500, StatusMax: 599}, func(r usage.Receipt) bool { return r.Status >= 500 }},
		"502":        {usage.Filter{StatusMin: 502, StatusMax: 502}, func(r usage.Receipt) bool { return r.Status == 502 }},
		"418":        {usage.Filter{StatusMin: 418, StatusMax: 418}, func(usage.Receipt) bool { return false }},
		"200":        {usage.Filter{StatusMin: 200, StatusMax: 200}, func(r usage.Receipt) bool { return r.Status == 200 }},
		"requested":  {usage.Filter{Model: "best"}, func(r usage.Receipt) bool { return r.RequestedModel == "best" }},
		"bare model": {usage.Filter{Model: "gpt-4.1"}, func(r usage.Receipt) bool { return r.RequestedModel == "gpt-4.1" || r.Target.Model == "gpt-4.1" }},
		"prefixed model": {usage.Filter{Model: "openai/gpt-4.1"}, func(r usage.Receipt) bool {
			return r.RequestedModel == "openai/gpt-4.1" || r.AnsweredBy == "openai/gpt-4.1"
		}},
		"key and failed": {usage.Filter{KeyID: "k2", Failed: true, Provider: ""}, func(r usage.Receipt) bool { return r.KeyID == "k2" && r.Kind != "" }},
		"everything": {usage.Filter{KeyID: "k1", Provider: "openai", Model: "gpt-4.1", Account: "a1", StatusMin: 200, StatusMax: 299},
			func(r usage.Receipt) bool { return r.KeyID == "k1" && r.Target.Provider == "openai" && r.Status == 200 }},
		"search":         {usage.Filter{Search: "BROKE (100%)"}, func(r usage.Receipt) bool { return r.Kind != "" }},
		"search literal": {usage.Filter{Search: "bro_e"}, func(usage.Receipt) bool { return false }},
		"time":           {usage.Filter{From: all[10].Time, To: all[20].Time}, func(r usage.Receipt) bool { return !r.Time.Before(all[10].Time) && r.Time.Before(all[20].Time) }},
		"before":         {usage.Filter{Before: all[30].ID}, func(r usage.Receipt) bool { return r.ID < all[30].ID }},
		"nobody":         {usage.Filter{KeyID: "' OR 1=1 --"}, func(usage.Receipt) bool { return false }},
	} {
		t.Run(name, func(t *testing.T) {
			c.filter.Limit = 1000
			page, err := s.CallLogs(t.Context(), c.filter)
			if err != nil {
				t.Fatal(err)
			}
			var want []string
			for _, r := range slices.Backward(all) {
				if c.want(r) {
					want = append(want, r.ID)
				}
			}
			if got := ids(page.Logs); !slices.Equal(got, want) {
				t.Errorf("%d rows, want %d", len(got), len(want))
			}
			if page.Logs == nil || page.Partial {
				t.Errorf("logs nil: %v, partial: %v", page.Logs == nil, page.Partial)
			}
		})
	}
}

// Every filter must walk an index or the table backwards, never sort: the
// newest hundred of ten million rows are then as near as those of ten.
func TestNoListSorts(t *testing.T) {
	s := open(t, t.TempDir())
	for _, f := range []usage.Filter{{}, {KeyID: "k"}, {Combo: "c"}, {Provider: "p"}, {Failed: true}, {StatusMin: 400}, {StatusMin: 502, StatusMax: 502}, {Model: "m"}, {Model: "p/m"}, {KeyID: "k", Provider: "p", Failed: true}, {Account: "a"}, {Search: "x"}} {
		w := walkOf(&f, 5)
		query, args := w.query()
		rows, err := s.usage.Load().read.Query("EXPLAIN QUERY PLAN "+query, args...)
		if err != nil {
			t.Fatalf("%+v: %v", f, err)
		}
		for rows.Next() {
			var id, parent, x int
			var detail string
			if err := rows.Scan(&id, &parent, &x, &detail); err != nil {
				t.Fatal(err)
			}
			if strings.Contains(detail, "TEMP B-TREE") || strings.HasPrefix(detail, "SCAN") {
				t.Errorf("%+v: %s\n%s", f, detail, query)
			}
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTotals(t *testing.T) {
	s := open(t, t.TempDir())
	zone := time.FixedZone("UTC+3", 3*3600)
	from := time.Date(2026, 11, 20, 22, 30, 0, 0, time.UTC) // 01:30 of the 21st there
	write(t, s, requests(from, 10))
	write(t, s, requests(from.Add(-2*time.Hour), 5))
	bars, err := s.Totals(t.Context(), usage.Query{From: from.Add(-day), To: from.Add(day), Step: day, Zone: zone, By: usage.ByProvider})
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, b := range bars {
		got += fmt.Sprintf("%s %q %d/%d/%d in %d\n", b.Start.Format(time.DateOnly), b.Name, b.Requests, b.Failed, b.Unpriced, b.Input)
	}
	want := `2026-11-20 "" 1/1/1 in 100
2026-11-20 "groq" 2/0/0 in 200
2026-11-20 "openai" 2/0/1 in 200
2026-11-21 "" 2/2/1 in 200
2026-11-21 "groq" 4/0/0 in 400
2026-11-21 "openai" 4/0/2 in 400
`
	if got != want {
		t.Errorf("bars\n%swant\n%s", got, want)
	}
	clocks, err := time.LoadLocation("Europe/Berlin") // summer time ends on 2026-10-25
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []string{"2026-10-24T21:59:00Z", "2026-10-24T22:00:00Z", "2026-10-25T00:30:00Z", "2026-10-25T22:59:00Z", "2026-10-25T23:00:00Z"} {
		when, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		write(t, s, requests(when, 1))
	}
	bars, err = s.Totals(t.Context(), usage.Query{From: time.Date(2026, 10, 20, 0, 0, 0, 0, clocks), To: time.Date(2026, 10, 30, 0, 0, 0, 0, clocks), Step: day, Zone: clocks})
	if err != nil {
		t.Fatal(err)
	}
	got = ""
	for _, b := range bars {
		got += fmt.Sprint(b.Start.Format(time.RFC3339), " ", b.Requests, "\n")
	}
	if want := "2026-10-24T00:00:00+02:00 1\n2026-10-25T00:00:00+02:00 3\n2026-10-26T00:00:00+01:00 1\n"; got != want {
		t.Errorf("bars around the change of clocks\n%swant\n%s", got, want)
	}
	if _, err := s.Totals(t.Context(), usage.Query{By: "name; DROP TABLE rollups"}); fault.KindOf(err) != fault.Invalid {
		t.Errorf("unknown grouping: %v", err)
	}
}

func TestSweep(t *testing.T) {
	s := open(t, t.TempDir())
	now := time.Now()
	for _, age := range []time.Duration{100 * day, 40 * day, day} {
		write(t, s, requests(now.Add(-age), 700))
	}
	if err := s.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := count(t, s, "requests"); got != 1400 {
		t.Errorf("%d rows, want those younger than 90 days: 1400", got)
	}
	if got := count(t, s, "receipts"); got != 700 {
		t.Errorf("%d receipts, want those younger than 30 days: 700", got)
	}
	totals, err := s.Totals(t.Context(), usage.Query{})
	if err != nil || totals[0].Requests != 2100 {
		t.Errorf("roll-ups %+v, %v; want all 2100 requests still counted", totals, err)
	}
	s.RetainDays(func() int { return 7 })
	if err := s.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := count(t, s, "requests"); got != 700 {
		t.Errorf("%d rows, want those younger than 7 days: 700", got)
	}
	s.retention.Store(new(func() retention { return retention{90 * day, 30 * day, 1} }))
	if err := s.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := count(t, s, "requests"); got != 0 {
		t.Errorf("%d rows although one byte is allowed", got)
	}
}

func TestFreePagesAreGivenBack(t *testing.T) {
	s := open(t, t.TempDir())
	batch := requests(time.Now().Add(-40*day), 3000)
	for i := range batch {
		batch[i].Policies = []string{strings.Repeat("x", 4000)}
	}
	write(t, s, batch)
	before := pragma(t, s, "page_count")
	if err := s.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if after := pragma(t, s, "page_count"); after > before/2 {
		t.Errorf("%d pages before, %d after three quarters were deleted", before, after)
	}
}

func count(t *testing.T, s *Store, table string) (n int) {
	t.Helper()
	if err := s.usage.Load().read.QueryRow("SELECT COUNT(*) FROM " + table).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func pragma(t *testing.T, s *Store, name string) (n int) {
	t.Helper()
	if err := s.usage.Load().write.QueryRow("PRAGMA " + name).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestReceiptNotFound(t *testing.T) {
	s := open(t, t.TempDir())
	for _, id := range []string{"", "nonsense", usage.NewID(time.Now())} {
		if _, err := s.Receipt(t.Context(), id); fault.KindOf(err) != fault.NotFound {
			t.Errorf("%q: %v, want not found", id, err)
		}
	}
}
