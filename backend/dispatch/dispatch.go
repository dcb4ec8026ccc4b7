package dispatch

import (
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"time"

	"omniroute/backend/catalog"
	"omniroute/backend/config"
	"omniroute/backend/fault"
	"omniroute/backend/llm"
	"omniroute/backend/providers"
	"omniroute/backend/resilience"
	"omniroute/backend/routing"
	"omniroute/backend/usage"
	"omniroute/backend/wire"
)

// Keeper gives the credential of an account for the origin it was entered
// for. The error says what a person must do.
type Keeper interface {
	Credential(ctx context.Context, accountID, origin string) (fault.Secret, error)
}

// run is one call on its way through the candidates.
type run struct {
	*Dispatcher
	ctx     context.Context
	call    *Call
	out     Out
	hold    *usage.Hold
	receipt usage.Receipt
	client  wire.Codec

	begun   bool // content was committed to: no way back
	settled bool
	worst   *fault.Error // the most useful refusal so far
	sticky  bool         // routing wants to hear where the conversation is now
	losses  []llm.Loss
}

// Do runs a call. It returns nil when the answer was complete, in which case
// the receipt is in the journal and only the terminator may follow. Any error
// is a *fault.Error; begun tells whether content had been sent before it.
func (d *Dispatcher) Do(ctx context.Context, call *Call, out Out) (begun bool, err error) {
	client, ok := d.Codec(call.Format)
	if !ok {
		return false, fault.New(fault.Internal, "dispatch", "No codec speaks %s.", call.Format)
	}
	r := &run{Dispatcher: d, ctx: ctx, call: call, out: out, client: client}
	r.receipt = newReceipt(call)
	err = r.walk()
	if err != nil {
		f := fault.As(err)
		r.settle(f)
		return r.begun, f
	}
	r.settle(nil)
	return r.begun, nil
}

// walk plans and tries the candidates in order.
func (r *run) walk() error {
	route, err := r.Planner.Plan(r.call.Snapshot, routing.Query{
		Model: r.call.Model, Provider: r.call.Provider, Format: catalog.Format(r.call.Format), Take: true, Now: r.call.Time, Seed: rand.Uint64(), Talk: r.call,
	})
	r.sticky = route.Sticky
	r.note(&route)
	if err != nil {
		return err
	}
	candidates, err := r.previous(route.Candidates)
	if err != nil {
		return err
	}
	if r.hold, err = r.Meter.Begin(r.begin()); err != nil {
		return err
	}
	var rested []*routing.Candidate // only an open breaker kept these away
	tried := 0
	for i := range candidates {
		c := &candidates[i]
		refusal, done, err := r.try(c, false)
		if refusal != nil {
			if !refusal.Hard {
				rested = append(rested, c)
			}
			r.refuse(c, refusal)
			continue
		}
		tried++
		if done {
			return err
		}
	}
	if tried == 0 { // never skip the last usable candidate for a breaker alone
		for _, c := range rested {
			if _, done, err := r.try(c, true); done {
				return err
			}
		}
	}
	if r.worst == nil {
		return fault.New(fault.Exhausted, "dispatch", "No target is left for %q.", r.call.Model)
	}
	return r.worst
}

// try makes one attempt. done means that the walk ends here: answered, begun,
// or failed for a reason no other candidate cures.
func (r *run) try(c *routing.Candidate, force bool) (*resilience.Refusal, bool, error) {
	if r.ctx.Err() != nil {
		return nil, true, fault.As(context.Cause(r.ctx))
	}
	a, err := r.attempt(c)
	if err != nil {
		return nil, r.fails(c, nil, err), r.worst
	}
	lease, refusal := r.Board.Admit(c.Target, force)
	if refusal != nil {
		return refusal, false, nil
	}
	a.started = r.Now()
	load := r.Planner.State.Begin(c, a.started)
	defer load.Release()
	err = a.send()
	if a.anchored() && lostAnchor(err) && a.splice(r.call.Head) { // the upstream forgot: tell it everything
		err = a.send()
	}
	if r.ctx.Err() != nil && err != nil {
		err = fault.As(context.Cause(r.ctx))
	}
	lease.Done(blamed(err))
	if err == nil {
		return nil, true, nil
	}
	if r.begun {
		r.attempted(a, fault.As(err))
		return nil, true, err
	}
	return nil, r.fails(c, a, err), r.last(err)
}

// blamed keeps what is the client's own doing away from the target's record.
func blamed(err error) error {
	if err == nil {
		return nil
	}
	switch fault.KindOf(err) {
	case fault.Invalid, fault.Unsupported, fault.TooLarge:
		return fault.New(fault.Canceled, "dispatch", "The request was at fault, not the target.")
	}
	return err
}

// last is what the walk ends with when err stops it.
func (r *run) last(err error) error {
	if r.worst != nil {
		return r.worst
	}
	return err
}

// fails books a failed attempt and reports whether the walk must stop.
func (r *run) fails(c *routing.Candidate, a *attempt, err error) (stop bool) {
	f := fault.As(err)
	if a != nil {
		r.attempted(a, f)
	} else {
		r.receipt.Skipped = append(r.receipt.Skipped, usage.Choice{Target: c.Target, Why: f.Public, Reason: fault.ReasonOf(f, 0, 0, r.Now())})
	}
	switch f.Kind.Policy().Next {
	case fault.NextYes:
		r.worst = worse(r.worst, f)
		return false
	case fault.NextLarger:
		r.worst = worse(r.worst, f)
		return r.call.Snapshot == nil // another window may hold it; a too large body never gets here
	}
	r.worst = f
	return true
}

func (r *run) refuse(c *routing.Candidate, refusal *resilience.Refusal) {
	r.receipt.Skipped = append(r.receipt.Skipped, usage.Choice{Target: c.Target, Why: refusal.Why, Reason: refusal.Reason})
	r.worst = worse(r.worst, refusal.Error(r.Now()))
}

// attempt is one try at one candidate.
type attempt struct {
	*run
	cand     *routing.Candidate
	endpoint *providers.Endpoint
	model    *providers.Model
	codec    wire.Codec // the upstream's
	native   bool
	body     []byte
	bearer   fault.Secret
	names    *wire.Names
	request  *llm.Request // the client's, decoded; translated road only
	losses   []llm.Loss
	status   int
	started  time.Time
}

// attempt chooses the road and makes the body. It does not touch the network.
func (r *run) attempt(c *routing.Candidate) (*attempt, error) {
	a := &attempt{run: r, cand: c}
	var err error
	if a.endpoint, err = r.Directory.Endpoint(r.call.Snapshot, c.Account, c.Upstream); err != nil {
		return nil, err
	}
	a.model = a.endpoint.Model(r.Catalog, c.Target.Model)
	if c.Upstream.Provider.Kind == catalog.KindDemo {
		return a, a.decode()
	}
	if ok, why := c.Upstream.Provider.Usable(); !ok && c.Account.Kind != config.KindRelay {
		return nil, fault.New(fault.Denied, "dispatch", "%s: %s", c.Upstream.Name(), why)
	}
	format := r.call.Format
	a.native = a.model.Serves(format) && !r.call.Array
	if !a.native && !(r.call.Array && a.model.Serves(format)) {
		if len(a.model.Formats) == 0 {
			return nil, fault.New(fault.Denied, "dispatch", "%s speaks no format this gateway knows.", c.Upstream.Name())
		}
		format = a.model.Formats[0]
	}
	a.codec, _ = r.Codec(format)
	if err := a.credential(); err != nil {
		return nil, err
	}
	head := r.call.Head
	if a.anchored() {
		head = *r.call.anchored
	}
	if a.native && a.splice(head) {
		return a, nil
	}
	a.native = false
	return a, a.translate()
}

// credential finds what the upstream wants to see. A relay takes the client's
// own bearer, on the native road only (rulings 2.1).
func (a *attempt) credential() (err error) {
	switch a.cand.Account.Kind {
	case config.KindRelay:
		var ok bool
		if a.bearer, ok = providers.Relayable(a.endpoint, a.call.Header); !ok || !a.native {
			e := fault.New(fault.AuthRevoked, "dispatch.relay", "No login for %s came with the request.", a.cand.Upstream.Name())
			e.Reason = fault.Because(fault.ReasonNoLogin)
			return e
		}
	case config.KindAPIKey:
		a.bearer, err = a.Keeper.Credential(a.ctx, a.cand.Account.ID, a.endpoint.Origin)
	}
	return err
}

// splice keeps the client's bytes but for the model and what this upstream
// refuses. It is false when that takes more than edits.
func (a *attempt) splice(head wire.Head) bool {
	d := a.model.Dialect
	if a.call.Format == wire.Gemini {
		d.Model = "" // stands in the URL
	}
	body, ok := wire.Native(head, a.call.Format, d)
	if ok {
		if d.Model != "" {
			a.call.Own(body) // Native has copied it
		}
		a.body = providers.CleanNative(body, a.endpoint, a.call.Format)
	}
	return ok
}

func (a *attempt) decode() (err error) {
	if a.call.decoded == nil {
		if a.call.decoded, err = a.client.DecodeRequest(a.call.Body); err != nil {
			return err
		}
		a.call.decoded.Model, a.call.decoded.Stream = a.call.Model, a.call.Stream
	}
	a.request = a.call.decoded
	return nil
}

// translate goes through the canonical model.
func (a *attempt) translate() error {
	if err := a.decode(); err != nil {
		return err
	}
	f := a.codec.Format()
	prepared, losses := wire.Prepare(a.request, f, a.model.Dialect)
	body, more, err := a.codec.EncodeRequest(prepared, a.model.Dialect)
	if err != nil {
		return err
	}
	a.call.Own(body)
	a.body, a.losses = body, append(losses, more...)
	a.names = wire.NamesFor(a.request, f)
	return nil
}

// send makes the call and passes the answer on.
func (a *attempt) send() error {
	if a.cand.Upstream.Provider.Kind == catalog.KindDemo {
		return a.simulate()
	}
	stream := a.call.Stream || a.model.Dialect.Caps.Codex
	purpose := providers.ForAnswer
	if stream {
		purpose = providers.ForStream
	}
	req, err := providers.Prepare(&providers.Call{
		Endpoint: a.endpoint, Model: a.model, Format: a.codec.Format(), Purpose: purpose, Native: a.native, Stream: stream,
		Body: a.body, Client: a.call.Header, Query: a.call.Query, Credential: a.bearer, Open: &a.call.open,
	}, a.UserAgent)
	if err != nil {
		return err
	}
	resp, err := a.Egress.Do(a.ctx, req, a.Timeouts)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	a.status = resp.StatusCode
	if err := decompress(resp); err != nil {
		return err
	}
	if resp.StatusCode >= 400 {
		return a.refused(resp)
	}
	if err := plausible(resp, stream); err != nil {
		return err
	}
	switch {
	case a.native && stream && a.call.Stream && bareJSON(resp):
		if err := a.decode(); err != nil {
			return err
		}
		return a.translateStream(resp)
	case a.native && stream && a.call.Stream:
		return a.passStream(resp)
	case a.native && !stream:
		return a.passWhole(resp)
	case stream:
		return a.translateStream(resp)
	}
	return a.translateWhole(resp)
}

// maxError bounds how much of an upstream's refusal is read.
const maxError = 1 << 20

// refused reads an upstream's error body and classifies it.
func (a *attempt) refused(resp *http.Response) error {
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxError))
	if err != nil && len(body) == 0 {
		body = nil // the status alone still says enough
	}
	return providers.Classify(a.endpoint, a.codec, resp.StatusCode, resp.Header, body)
}
