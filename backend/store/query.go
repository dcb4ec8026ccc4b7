package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
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

const requestColumns = `seq, id, path, client_format, upstream_format, road, stream, agent, key_id, requested_model, combo, answered_by,
	provider, account, model, status, kind, error, input, output, cache_read, cache_write, cache_long, reasoning, estimated, cost_micros, cost_basis, cache, attempts, ttft_ms, total_ms`

// walk is a way back from the newest request: along one index, or along the
// table itself, dropping what the other terms exclude.
type walk struct {
	index string
	terms []string
	args  []any
}

func (w *walk) and(term string, args ...any) {
	w.terms = append(w.terms, term)
	w.args = append(w.args, args...)
}

// equal adds column = value, on the column's index if none was chosen yet.
// The second term of an indexed one admits partial indexes.
func (w *walk) equal(column, value, index string) {
	switch {
	case value == "":
	case index != "" && w.index == "":
		w.index = index
		w.and(column+" = ? AND "+column+" <> ''", value)
	default:
		w.and(column+" = ?", value)
	}
}

func (w *walk) query() string {
	q := "SELECT " + requestColumns + " FROM requests "
	if w.index == "" {
		q += "NOT INDEXED"
	} else {
		q += "INDEXED BY " + w.index
	}
	if len(w.terms) > 0 {
		q += " WHERE " + strings.Join(w.terms, " AND ")
	}
	return q + " ORDER BY seq DESC LIMIT ?"
}

// numbered is a record with its place in the order of the list.
type numbered struct {
	seq    int64
	record usage.Record
}

// CallLogs walks back from the newest request. It never counts, and never
// sorts more than it returns.
func (s *Store) CallLogs(ctx context.Context, f usage.Filter) (usage.Page, error) {
	l := s.usage.Load()
	l.mu.RLock()
	defer l.mu.RUnlock()
	limit := cmp.Or(min(max(f.Limit, 0), maxRows), defaultRows)
	before, err := l.seqOf(ctx, f.Before)
	if err != nil {
		return usage.Page{}, usageFault(err)
	}
	bounded, cancel := context.WithTimeout(ctx, queryTime)
	defer cancel()
	var found []numbered
	var page usage.Page
	for _, w := range walks(f, before) {
		rows, err := l.follow(bounded, w, limit)
		if err != nil {
			if bounded.Err() == nil || ctx.Err() != nil {
				return usage.Page{}, usageFault(err)
			}
			page.Partial = true // our own limit: what was found counts
		}
		found = append(found, rows...)
	}
	slices.SortFunc(found, func(a, b numbered) int { return cmp.Compare(b.seq, a.seq) })
	found = slices.CompactFunc(found, func(a, b numbered) bool { return a.seq == b.seq })
	page.Logs = make([]usage.Record, 0, limit)
	for _, n := range found[:min(len(found), limit)] {
		page.Logs = append(page.Logs, n.record)
	}
	return page, nil
}

// walks turns a filter into one walk, or, for a model, into one per column it
// may stand in.
func walks(f usage.Filter, before int64) []walk {
	if f.Model == "" {
		var w walk
		w.narrow(f, before)
		return []walk{w}
	}
	var requested, answered walk
	requested.equal("requested_model", f.Model, "requests_requested")
	_, model, prefixed := strings.Cut(f.Model, "/")
	if prefixed {
		answered.equal("answered_by", f.Model, "")
	} else {
		model = f.Model
	}
	answered.equal("model", model, "requests_model")
	requested.narrow(f, before)
	answered.narrow(f, before)
	return []walk{requested, answered}
}

// narrow adds the rest of the filter, first what usually selects most.
func (w *walk) narrow(f usage.Filter, before int64) {
	w.equal("key_id", f.KeyID, "requests_key")
	w.equal("combo", f.Combo, "requests_combo")
	if f.StatusMin >= 400 && f.StatusMin == f.StatusMax && w.index == "" {
		w.index = "requests_status"
		w.and("status = ?", f.StatusMin)
	}
	if f.Failed || f.Kind != "" || f.StatusMin >= 400 {
		if w.index == "" {
			w.index = "requests_failed"
		}
		w.and("kind <> ''")
	}
	w.equal("provider", f.Provider, "requests_provider")
	w.equal("account", f.Account, "")
	w.equal("kind", f.Kind, "")
	if f.StatusMin > 0 {
		w.and("status >= ?", f.StatusMin)
	}
	if f.StatusMax > 0 {
		w.and("status <= ?", f.StatusMax)
	}
	if before > 0 {
		w.and("seq < ?", before)
	}
	if !f.From.IsZero() {
		w.and("seq >= ?", f.From.UnixNano())
	}
	if !f.To.IsZero() {
		w.and("seq < ?", f.To.UnixNano())
	}
	if f.Search != "" {
		like := "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(f.Search) + "%"
		w.and(`(id || ' ' || path || ' ' || requested_model || ' ' || answered_by || ' ' || model || ' ' || combo || ' ' || agent || ' ' || error) LIKE ? ESCAPE '\'`, like)
	}
}

// follow returns what it found even when it was interrupted.
func (l *ledger) follow(ctx context.Context, w walk, limit int) ([]numbered, error) {
	rows, err := l.read.QueryContext(ctx, w.query(), append(w.args, limit)...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var found []numbered
	for rows.Next() {
		var n numbered
		if err := n.scan(rows); err != nil {
			return found, err
		}
		found = append(found, n)
	}
	return found, rows.Err()
}

func (n *numbered) scan(rows *sql.Rows) error {
	r := &n.record
	var cost sql.NullInt64
	var ttft, total int64
	err := rows.Scan(&n.seq, &r.ID, &r.Path, &r.ClientFormat, &r.UpstreamFormat, &r.Road, &r.Stream, &r.Agent, &r.KeyID, &r.RequestedModel, &r.Combo, &r.AnsweredBy,
		&r.Target.Provider, &r.Target.Account, &r.Target.Model, &r.Status, &r.Kind, &r.Error,
		&r.Tokens.Input, &r.Tokens.Output, &r.Tokens.CacheRead, &r.Tokens.CacheWrite, &r.Tokens.CacheLong, &r.Tokens.Reasoning, &r.Tokens.Estimated,
		&cost, &r.Cost.Basis, &r.Cache, &r.Attempts, &ttft, &total)
	r.Time = time.Unix(0, n.seq).UTC()
	r.Cost.Micros, r.Cost.Known = cost.Int64, cost.Valid
	r.TTFT, r.Total = time.Duration(ttft)*time.Millisecond, time.Duration(total)*time.Millisecond
	return err
}

// seqOf finds the place of a request: its own if it is there, else that of
// its time. An empty or foreign id has none, 0.
func (l *ledger) seqOf(ctx context.Context, id string) (seq int64, err error) {
	t, ok := usage.TimeOf(id)
	if !ok {
		return 0, nil
	}
	seq = t.UnixNano()
	err = l.read.QueryRowContext(ctx, "SELECT seq FROM requests WHERE seq >= ? AND seq < ? AND id = ?", seq, seq+maxShare, id).Scan(&seq)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return seq, err
}

// Receipt finds a receipt by the id of its request.
func (s *Store) Receipt(ctx context.Context, id string) ([]byte, error) {
	missing := fault.New(fault.NotFound, "store.receipt", "There is no receipt with this id. Receipts are deleted after a while, see the retention settings.")
	t, ok := usage.TimeOf(id)
	if !ok {
		return nil, missing
	}
	l := s.usage.Load()
	l.mu.RLock()
	defer l.mu.RUnlock()
	var body []byte
	err := l.read.QueryRowContext(ctx, `SELECT body FROM requests JOIN receipts USING (seq) WHERE seq >= ? AND seq < ? AND id = ?`,
		t.UnixNano(), t.UnixNano()+maxShare, id).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, missing
	}
	return body, usageFault(err)
}
