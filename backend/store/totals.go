package store

import (
	"cmp"
	"context"
	"slices"
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
	hour := "0"
	if q.Step > 0 {
		hour = "hour"
	}
	to := q.To
	if to.IsZero() {
		to = now().Add(time.Hour)
	}
	l := s.usage.Load()
	l.mu.RLock()
	defer l.mu.RUnlock()
	rows, err := l.read.QueryContext(ctx, `SELECT `+hour+` AS h, `+column+` AS name, SUM(requests), SUM(failed), SUM(input), SUM(output), SUM(cache_read), SUM(cache_write),
		SUM(reasoning), SUM(cost_micros), SUM(unpriced), SUM(total_ms) FROM rollups WHERE hour >= ? AND hour < ? GROUP BY h, name`,
		q.From.Unix()/3600, (to.Unix()+3599)/3600)
	if err != nil {
		return nil, usageFault(err)
	}
	defer func() { _ = rows.Close() }()
	bars := make(map[barKey]*usage.Total)
	for rows.Next() {
		var h int64
		var t usage.Total
		if err := rows.Scan(&h, &t.Name, &t.Requests, &t.Failed, &t.Input, &t.Output, &t.CacheRead, &t.CacheWrite, &t.Reasoning, &t.CostMicros, &t.Unpriced, &t.TotalMs); err != nil {
			return nil, usageFault(err)
		}
		t.Start = barStart(h, q)
		addBar(bars, t)
	}
	if err := rows.Err(); err != nil {
		return nil, usageFault(err)
	}
	list := make([]usage.Total, 0, len(bars))
	for _, t := range bars {
		list = append(list, *t)
	}
	slices.SortFunc(list, func(a, b usage.Total) int { return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.Name, b.Name)) })
	return list, nil
}

type barKey struct {
	start int64
	name  string
}

// barStart is the beginning of the bar an hour belongs to. Bars of a day or
// more begin at midnight of the zone; days are as long as the zone has them.
func barStart(hour int64, q usage.Query) time.Time {
	if q.Step <= 0 {
		return time.Time{}
	}
	zone := q.Zone
	if zone == nil {
		zone = time.UTC
	}
	t := time.Unix(hour*3600, 0).In(zone)
	if q.Step < day {
		return t
	}
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, zone)
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
