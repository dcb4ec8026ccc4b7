package control

import (
	"maps"
	"strings"
	"time"

	"omniroute/backend/config"
	"omniroute/backend/fault"
	"omniroute/backend/providers"
	"omniroute/backend/routing"
)

// change is what an edit of a connection leads to.
type change struct {
	old, next *config.Account
	endpoint  *providers.Endpoint // of next
	moved     bool                // calls go to another scheme, host or port than before
	key       fault.Secret        // entered with the edit, "" = none
}

// Update changes a connection. Another host without a new key takes the
// stored one away: the status becomes needs-key (rulings 2.2).
func (v *Providers) Update(in ConnectionChange) (ConnectionAnswer, error) {
	r := v.rooms
	var c change
	next, err := r.update(func(s *config.Snapshot) (err error) {
		old := s.Accounts[in.ID]
		if old == nil {
			return notFound("connection", in.ID)
		}
		if c, err = v.edit(s, old, &in); err != nil {
			return err
		}
		s.Accounts[in.ID] = c.next
		return nil
	})
	if err != nil {
		return ConnectionAnswer{}, err
	}
	a := c.next
	if c.moved {
		v.prove(a.ID, false)
		if c.old.HasSecret {
			r.forget([]string{a.ID})
		}
	}
	if c.key != "" {
		if next, a, err = v.rekey(&c); err != nil {
			return ConnectionAnswer{}, err
		}
	}
	if c.moved || c.key != "" {
		r.Board.Forget(a.ID)
		v.refreshLater(a.ID)
	}
	return ConnectionAnswer{Connection: v.view(next, a, v.standings())}, nil
}

// edit works out the changed account. The new key is not part of it: until
// it is in the vault, the account has none for a new host.
func (v *Providers) edit(s *config.Snapshot, old *config.Account, in *ConnectionChange) (c change, err error) {
	up, ok := v.rooms.Planner.Upstream(s, old.Provider)
	if !ok {
		return c, fault.New(fault.Conflict, "control.connection", "The provider of this connection does not exist any more. Delete the connection.")
	}
	if in.Provider != nil && *in.Provider != old.Provider || in.Kind != nil && *in.Kind != string(old.Kind) {
		return c, badInput("provider", "Provider and kind of a connection cannot be changed. Make a new connection.")
	}
	before, err := providers.NewEndpoint(old, up)
	if err != nil { // what was stored does not hold any more; any edit may mend it
		before = &providers.Endpoint{}
	}
	a := *old
	set(&a.Name, in.Name)
	a.Name = strings.TrimSpace(a.Name)
	set(&a.DefaultModel, in.DefaultModel)
	set(&a.Active, in.IsActive)
	if in.Priority != nil {
		if a.Priority, err = v.priority(s, a.Provider, in.Priority); err != nil {
			return c, err
		}
	}
	if in.BaseURL != nil || in.Params != nil {
		if err := v.replace(&a, before, in, up); err != nil {
			return c, err
		}
	}
	c = change{old: old, next: &a}
	if c.endpoint, err = providers.NewEndpoint(&a, up); err != nil {
		return c, err
	}
	if c.endpoint.Base != before.Base {
		if err := in.Caller.proven("Changing the base URL of an existing connection"); err != nil {
			return c, err
		}
	}
	if c.moved = c.endpoint.Origin != before.Origin; c.moved {
		a.HasSecret, a.KeyHint, a.Models, a.ModelsAt = false, "", nil, time.Time{}
	}
	a.UpdatedAt = v.rooms.Now().UTC()
	return c, v.newKey(&c, in)
}

// replace moves an account. A base URL that is where it already goes (forms
// send back what they were shown) is no change.
func (v *Providers) replace(a *config.Account, before *providers.Endpoint, in *ConnectionChange, up routing.Upstream) error {
	base, params := a.BaseURL, a.Params
	if in.BaseURL != nil && strings.TrimSpace(*in.BaseURL) != before.Base {
		base = *in.BaseURL
	}
	if in.Params != nil {
		params = in.Params
	}
	if base == a.BaseURL && maps.Equal(params, a.Params) {
		return nil
	}
	return v.place(a, up, base, params, in.Caller)
}

func (v *Providers) newKey(c *change, in *ConnectionChange) error {
	if in.APIKey == nil {
		return nil
	}
	key, err := cleanKey(*in.APIKey)
	if err != nil || key == "" {
		return err
	}
	if c.next.Kind == config.KindRelay {
		return badInput("apiKey", "A relay connection keeps no key: the client brings its own login.")
	}
	if !c.endpoint.Upstream.Provider.Auth.Accepts("apikey") {
		return badInput("apiKey", "%s takes no key.", c.endpoint.Upstream.Name())
	}
	c.key, c.next.Kind = key, config.KindAPIKey
	return nil
}

// rekey stores the new key, then says so in the settings. Between the two the
// account is one without a key for its host, which is harmless.
func (v *Providers) rekey(c *change) (*config.Snapshot, *config.Account, error) {
	ctx, cancel := v.rooms.within(saving)
	defer cancel()
	if err := v.rooms.Secrets.SetKey(ctx, c.next.ID, c.endpoint.Origin, c.key); err != nil {
		return nil, nil, err
	}
	a := *c.next
	a.HasSecret, a.KeyHint = true, hintOf(c.key.Reveal())
	next, err := v.rooms.update(func(s *config.Snapshot) error {
		if s.Accounts[a.ID] != c.next {
			return fault.New(fault.Conflict, "control.connection", "The connection was changed elsewhere meanwhile. Enter the key again.")
		}
		s.Accounts[a.ID] = &a
		return nil
	})
	return next, &a, err
}
