package dispatch

import (
	"omniroute/backend/config"
	"omniroute/backend/fault"
	"omniroute/backend/routing"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
	"omniroute/backend/wire/responses"
)

// previous resolves previous_response_id (formats.md R8): the account that
// minted the id comes first and gets the request as it is; every other target
// gets the whole conversation instead. An id that this caller was not given
// is refused, never ignored and never passed on.
func (r *run) previous(candidates []routing.Candidate) ([]routing.Candidate, error) {
	if r.call.Previous == "" {
		return candidates, nil
	}
	items, minted, ok := r.Conversations.Find(r.call.Caller(), r.call.Previous)
	if !ok {
		e := fault.New(fault.Invalid, "dispatch.previous", "The response %q is not known here, or its 24 hours are over. Send the whole conversation in `input`.", r.call.Previous)
		e.Param, e.Code = "previous_response_id", "previous_response_not_found"
		return nil, e
	}
	own, err := responses.InputItems(r.call.Body)
	if err != nil {
		return nil, err
	}
	whole, err := responses.WithInput(r.call.Body, responses.JoinItems(items, own))
	if err != nil {
		return nil, err
	}
	r.call.minted = minted
	if minted != (config.Target{}) {
		came := r.call.Head
		r.call.anchored = &came
	}
	r.call.Body = whole
	if r.call.Head, err = wire.Peek(whole); err != nil {
		return nil, err
	}
	ordered := make([]routing.Candidate, 0, len(candidates))
	for _, first := range [...]bool{true, false} {
		for _, c := range candidates {
			if (minted.Account != "" && c.Target.Account == minted.Account) == first {
				ordered = append(ordered, c)
			}
		}
	}
	return ordered, nil
}

// Remember keeps a finished response, so that its id can be continued. The
// gateway calls it before the client can see that the response is finished.
// answer is the response object.
func (d *Dispatcher) Remember(call *Call, answer []byte) {
	id := jscan.Str(jscan.Get(answer, "id"))
	if id == "" || jscan.False(jscan.Get(call.Body, "store")) {
		return
	}
	own, err := responses.InputItems(call.Body)
	if err != nil {
		return
	}
	var minted config.Target
	if call.native {
		minted = call.answered
	}
	d.Conversations.Keep(call.Caller(), id, responses.JoinItems(own, responses.OutputItems(answer)), minted)
}

// anchored reports a candidate that gets the client's own short request,
// because it gave out the id itself.
func (a *attempt) anchored() bool {
	return a.native && a.call.anchored != nil && a.cand.Target.Account == a.call.minted.Account
}

// lostAnchor recognises an upstream that no longer knows the id it gave out.
func lostAnchor(err error) bool {
	f := fault.As(err)
	return f != nil && (f.Param == "previous_response_id" || f.Code == "previous_response_not_found")
}
