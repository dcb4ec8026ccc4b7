package control

import (
	"time"

	"omniroute/backend/config"
	"omniroute/backend/events"
	"omniroute/backend/fault"
	"omniroute/backend/resilience"
)

// resting is how a whole account stands, not one of its models.
type resting struct {
	resilience.Standing
	known bool
}

// refused: the upstream does not take the login or key. That it is tried
// again after a while does not make it a cooldown to the person who must act.
func (r resting) refused() bool {
	return r.Login || r.Cooling && (r.Kind == fault.AuthExpired || r.Kind == fault.AuthRevoked)
}

// standings indexes the board by account.
func (v *Providers) standings() map[string]resting {
	out := map[string]resting{}
	for _, st := range v.rooms.Board.Standings() {
		if st.Target.Model == "" {
			out[st.Target.Account] = resting{st, true}
		}
	}
	return out
}

// status is the word of rulings 3.12 for an account, why, and until when.
func (v *Providers) status(a *config.Account, st resting) (word, why string, until *time.Time) {
	now := v.rooms.Now()
	if st.known && st.Until.After(now) {
		t := st.Until.UTC()
		until = &t
	}
	switch {
	case !a.Active:
		return "off", "", nil
	case a.Kind == config.KindAPIKey && !a.HasSecret:
		return "needs-key", "Enter the key for this host.", nil
	case st.refused() && a.Kind == config.KindAPIKey:
		return "needs-key", st.Why, nil
	case st.refused():
		return "sign-in", st.Why, nil
	case st.Cooling && st.Kind == fault.Quota:
		return "out-of-quota", st.Why, until
	case st.Cooling:
		return "cooling", st.Why, until
	case st.State == resilience.Open && until != nil:
		return "breaker-open", st.Why, until
	case st.State != resilience.Closed:
		return "probing", st.Why, nil
	case a.Kind == config.KindRelay, !a.ModelsAt.IsZero(), v.isProven(a.ID):
		return "ready", "", nil
	}
	return "untested", "", nil
}

// statusReason is the status in the words of the catalogue "reasons"; zero
// where the word alone says all.
func statusReason(a *config.Account, word string, st resting) fault.Reason {
	switch word {
	case "off":
		return fault.Because(fault.ReasonDisabled)
	case "needs-key":
		if st.refused() {
			return fault.Because(fault.ReasonSignIn)
		}
		return fault.Because(fault.ReasonNeedsKey)
	case "ready", "untested":
		return fault.Reason{}
	}
	return st.Reason
}

func (v *Providers) prove(id string, ok bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if ok {
		v.proven[id] = true
	} else {
		delete(v.proven, id)
	}
}

// announce tells listeners how an account stands; the board tells of its own
// changes, a test of the rest.
func (v *Providers) announce(id string) {
	if a := v.rooms.Config.Now().Accounts[id]; a != nil {
		word, _, _ := v.status(a, v.standings()[id])
		v.rooms.Bus.Publish(events.AccountChanged{Account: id, Status: word})
	}
}

func (v *Providers) isProven(id string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.proven[id]
}

// Release ends what the gateway holds against one connection: cooldowns and
// breakers of it and of its models. Trouble that is still there comes back
// with the next call.
func (v *Providers) Release(in ByID) (ConnectionAnswer, error) {
	s := v.rooms.Config.Now()
	a := s.Accounts[in.ID]
	if a == nil {
		return ConnectionAnswer{}, notFound("connection", in.ID)
	}
	v.rooms.Board.Forget(a.ID)
	return ConnectionAnswer{Connection: v.view(s, a, v.standings())}, nil
}
