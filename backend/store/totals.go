package store

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"omniroute/backend/fault"
	"omniroute/backend/usage"
)

// Totals sums roll-ups: a row per hour and combination, so that a month is
// some thousand rows however many requests it saw.
func (s *Store) Totals(ctx context.Context, q usage.Query) ([]usage.Total, error) {
	column := "''"
	switch q.By {
	case usage.ByNothing:
	case usage.ByModel:
		column = "model"
	case usage.ByProvider:
		column = "provider"
	case usage.ByAccount:
		column = "account"
	case usage.ByKey:
		column = "key_id"
	case usage.ByCombo:
		column = "combo"
	default:
		return nil, fault.New(fault.Invalid, "store.totals", "Usage cannot be grouped by %q.", string(q.By))
	}
	to := q.To
	if to.IsZero() {
		to = now().Add(time.Hour)
	}
	from, until := q.From.Unix()/3600, (to.Unix()+3599)/3600
	l := s.usage.Load()
	l.mu.RLock()
	defer l.mu.RUnlock()
	var first int64
	if err := l.read.QueryRowContext(ctx, "SELECT COALESCE(MIN(hour), 0) FROM rollups").Scan(&first); err != nil {
		return nil, usageFault(err)
	}
	from = max(from, first)
	bars := make(map[barKey]*usage.Total)
	for _, p := range periods(from, until, q) {
		if err := l.sumPeriod(ctx, p, column, bars); err != nil {
			return nil, usageFault(err)
		}
	}
	list := make([]usage.Total, 0, len(bars))
	for _, t := range bars {
		list = append(list, *t)
	}
	slices.SortFunc(list, func(a, b usage.Total) int { return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.Name, b.Name)) })
	return list, nil
}

// period is a stretch of hours in which bars can be told by arithmetic: the
// distance to UTC does not change.
type period struct {
	from, until int64  // hours
	bar         string // SQL for the number of a bar
	start       func(bar int64) time.Time
}

// periods cuts a range where the clocks of the zone are changed. Bars of a
// day or more begin at midnight there.
func periods(from, until int64, q usage.Query) []period {
	switch {
	case q.Step <= 0:
		return []period{{from, until, "0", func(int64) time.Time { return time.Time{} }}}
	case q.Step < day:
		return []period{{from, until, "hour", func(bar int64) time.Time { return time.Unix(bar*3600, 0).In(zoneOf(q)) }}}
	}
	var list []period
	for from < until {
		t := time.Unix(from*3600, 0).In(zoneOf(q))
		_, offset := t.Zone()
		end := until
		if _, change := t.ZoneBounds(); !change.IsZero() {
			end = min(until, max(change.Unix()/3600, from+1))
		}
		list = append(list, period{from, end, "(hour * 3600 + " + strconv.Itoa(offset) + ") / 86400", func(bar int64) time.Time {
			return time.Date(1970, 1, 1+int(bar), 0, 0, 0, 0, zoneOf(q))
		}})
		from = end
	}
	return list
}

func zoneOf(q usage.Query) *time.Location {
	if q.Zone == nil {
		return time.UTC
	}
	return q.Zone
}

// sumPeriod adds one stretch to the bars.
func (l *ledger) sumPeriod(ctx context.Context, p period, column string, bars map[barKey]*usage.Total) error {
	rows, err := l.read.QueryContext(ctx, `SELECT `+p.bar+` AS bar, `+column+` AS name, SUM(requests), SUM(failed), SUM(input), SUM(output), SUM(cache_read), SUM(cache_write),
		SUM(reasoning), SUM(cost_micros), SUM(unpriced), SUM(total_ms) FROM rollups WHERE hour >= ? AND hour < ? GROUP BY bar, name`, p.from, p.until)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var bar int64
		var t usage.Total
		if err := rows.Scan(&bar, &t.Name, &t.Requests, &t.Failed, &t.Input, &t.Output, &t.CacheRead, &t.CacheWrite, &t.Reasoning, &t.CostMicros, &t.Unpriced, &t.TotalMs); err != nil {
			return err
		}
		t.Start = p.start(bar)
		addBar(bars, t)
	}
	return rows.Err()
}

type barKey struct {
	start int64
	name  string
}

func addBar(bars map[barKey]*usage.Total, t usage.Total) {
	k := barKey{t.Start.Unix(), t.Name}
	b := bars[k]
	if b == nil {
		bars[k] = &t
		return
	}
	b.Requests += t.Requests
	b.Failed += t.Failed
	b.Input += t.Input
	b.Output += t.Output
	b.CacheRead += t.CacheRead
	b.CacheWrite += t.CacheWrite
	b.Reasoning += t.Reasoning
	b.CostMicros += t.CostMicros
	b.Unpriced += t.Unpriced
	b.TotalMs += t.TotalMs
}
