package dispatch

import (
	"context"
	"io"
	"net/http"

	"omniroute/backend/catalog"
	"omniroute/backend/fault"
	"omniroute/backend/llm"
	"omniroute/backend/providers"
	"omniroute/backend/routing"
	"omniroute/backend/usage"
	"omniroute/backend/wire"
)

// Count answers how many tokens a request would take: from the upstream that
// would serve it when that speaks the client's format and can count, else by
// our own estimate (formats.md R70). A wrong credential is an error, never
// hidden behind the estimate; counting touches no breaker and no cooldown.
func (d *Dispatcher) Count(ctx context.Context, call *Call) (int64, error) {
	client, ok := d.Codec(call.Format)
	if !ok {
		return 0, fault.New(fault.Internal, "dispatch.count", "No codec speaks %s.", call.Format)
	}
	r := &run{Dispatcher: d, ctx: ctx, call: call, client: client}
	route, err := d.Planner.Plan(call.Snapshot, routing.Query{Model: call.Model, Provider: call.Provider, Format: catalog.Format(call.Format)})
	if err != nil {
		return 0, err
	}
	for i := range route.Candidates {
		n, ok, err := r.countAt(&route.Candidates[i])
		if err != nil {
			return 0, err
		}
		if ok {
			return n, nil
		}
		break // only the target that would answer may count
	}
	req, err := client.DecodeRequest(call.Body)
	if err != nil {
		return 0, err
	}
	req.Op = llm.OpCountTokens
	return wire.EstimateTokens(req), nil
}

// countAt asks one upstream; ok is false when it cannot count.
func (r *run) countAt(c *routing.Candidate) (n int64, ok bool, err error) {
	endpoint, err := r.Directory.Endpoint(r.call.Snapshot, c.Account, c.Upstream)
	if err != nil || c.Upstream.Provider.Kind == catalog.KindDemo {
		return 0, false, nil
	}
	a := &attempt{run: r, cand: c, endpoint: endpoint, model: endpoint.Model(r.Catalog, c.Target.Model), native: true, codec: r.client, started: r.Now()}
	if _, counts := endpoint.URL(r.call.Format, providers.ForCount, a.model.ID); !counts || !a.model.Serves(r.call.Format) {
		return 0, false, nil
	}
	if a.credential() != nil || !a.splice(r.call.Head) {
		return 0, false, nil
	}
	req, err := providers.Prepare(&providers.Call{
		Endpoint: endpoint, Model: a.model, Format: r.call.Format, Purpose: providers.ForCount, Native: true,
		Body: a.body, Client: r.call.Header, Query: r.call.Query, Credential: a.bearer,
	}, r.UserAgent)
	if err != nil {
		return 0, false, nil
	}
	resp, err := r.Egress.Do(r.ctx, req, r.Timeouts)
	if err != nil {
		return 0, false, nil // an unreachable counter is no reason to refuse a count
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxError))
	switch {
	case resp.StatusCode == http.StatusUnauthorized || resp.StatusCode == http.StatusForbidden || resp.StatusCode == http.StatusBadRequest:
		return 0, false, providers.Classify(endpoint, r.client, resp.StatusCode, resp.Header, body)
	case err != nil || resp.StatusCode != http.StatusOK:
		return 0, false, nil
	}
	n, err = r.client.DecodeCount(body)
	return n, err == nil, nil
}

// cost is the price of the answer in USD, "" when a price is missing.
func (r *run) cost() string {
	if !r.receipt.Cost.Known {
		return ""
	}
	return string(usage.AppendUSD(nil, r.receipt.Cost.Micros))
}
