package store

import (
	"cmp"
	"context"
	"database/sql"
	"math"
	"strconv"
	"strings"
	"time"

	"omniroute/backend/fault"
	"omniroute/backend/usage"
)

const (
	defaultRows = 100
	maxRows     = 1000
	queryTime   = time.Second // limit of one list, a search included (peers.md S31)
)

// walk is a way back from the newest request: through the spans that hold all
// of its marks, or, without any, through the table itself.
type walk struct {
	marks    []mark
	from, to int64 // seq; to is excluded
}

func (w *walk) add(what int64, value string) {
	if value != "" {
		w.marks = append(w.marks, mark{what, value})
	}
}

// walkOf lists a filter's marks, first what usually selects most: it leads.
func walkOf(f *usage.Filter, before int64) walk {
	w := walk{to: math.MaxInt64}
	w.add(markKind, f.Kind)
	w.add(markKey, f.KeyID)
	w.add(markAccount, f.Account)
	w.add(markCombo, f.Combo)
	w.add(markModel, f.Model)
	switch {
	case f.StatusMin <= 0:
	case f.StatusMin == f.StatusMax:
		w.add(markStatus, strconv.Itoa(f.StatusMin))
	case f.StatusMin%100 == 0 && f.StatusMax == f.StatusMin+99:
		w.add(markClass, strconv.Itoa(f.StatusMin/100))
	}
	if f.Kind == "" && (f.Failed || f.StatusMin >= 400) {
		w.marks = append(w.marks, mark{what: markFailed})
	}
	w.add(markProvider, f.Provider)
	if before > 0 {
		w.to = before
	}
	if !f.From.IsZero() {
		w.from = f.From.UnixNano()
	}
	if !f.To.IsZero() {
		w.to = min(w.to, f.To.UnixNano())
	}
	return w
}

// query reads each span by itself: its bounds are one lower and one upper, so
// that neither the database nor we ever look beyond them. (EXISTS would become
// a join, and the join sort.)
func (w *walk) query() (query string, args []any) {
	if len(w.marks) == 0 {
		return "SELECT body FROM requests WHERE seq >= ? AND seq < ? ORDER BY seq DESC", []any{w.from, w.to}
	}
	var q strings.Builder
	q.WriteString(`SELECT r.body FROM marks m CROSS JOIN requests r
		WHERE m.what = ?3 AND m.value = ?4 AND m.span < ?2 AND m.span >= (SELECT COALESCE(MAX(start), 0) FROM spans WHERE start <= ?1)
		AND r.seq >= MAX(m.span, ?1) AND r.seq < MIN(?2, COALESCE((SELECT MIN(start) FROM spans WHERE start > m.span), ?2))`)
	args = []any{w.from, w.to, w.marks[0].what, w.marks[0].value}
	for _, m := range w.marks[1:] {
		q.WriteString(" AND (SELECT 1 FROM marks WHERE what = ? AND value = ? AND span = m.span)")
		args = append(args, m.what, m.value)
	}
	q.WriteString(" ORDER BY m.span DESC, r.seq DESC")
	return q.String(), args
}

// CallLogs walks back from the newest request. It never counts, and never
// reads much more than it returns where marks lead the way.
func (s *Store) CallLogs(ctx context.Context, f usage.Filter) (usage.Page, error) {
	l := s.usage.Load()
	l.mu.RLock()
	defer l.mu.RUnlock()
	before, err := l.seqOf(ctx, f.Before)
	if err != nil {
		return usage.Page{}, usageFault(err)
	}
	bounded, cancel := context.WithTimeout(ctx, queryTime)
	defer cancel()
	page := usage.Page{Logs: []usage.Record{}}
	err = l.follow(bounded, &f, before, cmp.Or(min(max(f.Limit, 0), maxRows), defaultRows), &page.Logs)
	if err != nil {
		if bounded.Err() == nil || ctx.Err() != nil {
			return usage.Page{}, usageFault(err)
		}
		page.Partial = true // our own limit: what was found counts
	}
	return page, nil
}

// follow adds what it finds to list, also when it is interrupted.
func (l *ledger) follow(ctx context.Context, f *usage.Filter, before int64, limit int, list *[]usage.Record) error {
	w := walkOf(f, before)
	query, args := w.query()
	rows, err := l.read.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	verdicts := make(map[string]bool) // by packed labels, of which there are few
	var body sql.RawBytes
	for len(*list) < limit && rows.Next() {
		if err := rows.Scan(&body); err != nil {
			return err
		}
		row, err := usage.OpenRow(body)
		if err != nil {
			continue // a damaged row hides no other
		}
		wanted, known := verdicts[string(row.Labels)]
		if !known {
			labels, err := usage.ReadLabels(row.Labels)
			wanted = err == nil && admits(f, &labels)
			if len(verdicts) >= maxGroups {
				clear(verdicts)
			}
			verdicts[string(row.Labels)] = wanted
		}
		if !wanted {
			continue
		}
		r, err := row.Record()
		if err == nil && (f.Search == "" || contains(&r, f.Search)) && lasted(f, r.Total) {
			*list = append(*list, r)
		}
	}
	return rows.Err()
}

// lasted applies the bounds of time.
func lasted(f *usage.Filter, d time.Duration) bool {
	return d >= f.Longer && (f.Shorter <= 0 || d <= f.Shorter)
}

// admits is the part of a filter that labels answer.
func admits(f *usage.Filter, l *usage.Labels) bool {
	equal := func(want, is string) bool { return want == "" || want == is }
	return equal(f.Kind, l.Kind) && equal(f.KeyID, l.KeyID) && equal(f.Account, l.Target.Account) && equal(f.Combo, l.Combo) && equal(f.Provider, l.Target.Provider) &&
		(f.Model == "" || f.Model == l.RequestedModel || f.Model == l.Target.Model || f.Model == l.AnsweredBy) &&
		(f.ModelPart == "" || within(l.RequestedModel, f.ModelPart) || within(l.AnsweredBy, f.ModelPart) || within(l.Target.Model, f.ModelPart)) &&
		(!f.Failed || l.Kind != "") && l.Status >= f.StatusMin && (f.StatusMax <= 0 || l.Status <= f.StatusMax)
}

// contains searches a request's texts, ignoring ASCII case.
func contains(r *usage.Record, part string) bool {
	for _, s := range [...]string{r.ID, r.Path, r.RequestedModel, r.AnsweredBy, r.Target.Model, r.Combo, r.Agent, r.Error} {
		if within(s, part) {
			return true
		}
	}
	return false
}

// within reports that part occurs in s, ignoring ASCII case.
func within(s, part string) bool {
	for i := 0; i+len(part) <= len(s); i++ {
		if equalFold(s[i:i+len(part)], part) {
			return true
		}
	}
	return false
}

// equalFold compares texts of equal length.
func equalFold(a, b string) bool {
	for i := range len(a) {
		if x, y := a[i], b[i]; x != y && (x|0x20 != y|0x20 || x|0x20 < 'a' || x|0x20 > 'z') {
			return false
		}
	}
	return true
}

// seqOf finds the place of a request: its own if it is there, else that of
// its time. An empty or foreign id has none, 0.
func (l *ledger) seqOf(ctx context.Context, id string) (seq int64, err error) {
	t, ok := usage.TimeOf(id)
	if !ok {
		return 0, nil
	}
	seq, _, _, err = l.findRow(ctx, "SELECT seq, body, NULL FROM requests WHERE seq >= ? AND seq < ?", id)
	if seq == 0 {
		seq = t.UnixNano()
	}
	return seq, err
}

// findRow looks through those that share the time of an id; seq is 0 when it
// is not among them.
func (l *ledger) findRow(ctx context.Context, query, id string) (seq int64, brief, detail []byte, err error) {
	t, ok := usage.TimeOf(id)
	if !ok {
		return 0, nil, nil, nil
	}
	rows, err := l.read.QueryContext(ctx, query, t.UnixNano(), t.UnixNano()+maxShare)
	if err != nil {
		return 0, nil, nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := rows.Scan(&seq, &brief, &detail); err != nil {
			return 0, nil, nil, err
		}
		if row, err := usage.OpenRow(brief); err == nil && row.Is(id) {
			return seq, brief, detail, nil
		}
	}
	return 0, nil, nil, rows.Err()
}

// Receipt finds a receipt by the id of its request.
func (s *Store) Receipt(ctx context.Context, id string) ([]byte, error) {
	r, err := s.Find(ctx, id)
	if err != nil {
		return nil, err
	}
	return r.AppendJSON(nil), nil
}

// Find finds a receipt by the id of its request.
func (s *Store) Find(ctx context.Context, id string) (*usage.Receipt, error) {
	l := s.usage.Load()
	l.mu.RLock()
	defer l.mu.RUnlock()
	seq, brief, detail, err := l.findRow(ctx, "SELECT seq, requests.body, receipts.body FROM requests JOIN receipts USING (seq) WHERE seq >= ? AND seq < ?", id)
	if err != nil {
		return nil, usageFault(err)
	}
	if seq == 0 {
		return nil, fault.New(fault.NotFound, "store.receipt", "There is no receipt with this id. Receipts are deleted after a while, see the retention settings.")
	}
	row, err := usage.OpenRow(brief)
	if err != nil {
		return nil, usageFault(err)
	}
	row.Detail = detail
	r, err := row.Receipt()
	if err != nil {
		return nil, usageFault(err)
	}
	return r, nil
}
