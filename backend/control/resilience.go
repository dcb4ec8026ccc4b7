package control

import (
	"cmp"
	"math"
	"slices"
	"time"

	"omniroute/backend/config"
	"omniroute/backend/resilience"
)

// Resilience are the verbs about what rests and why.
type Resilience struct{ rooms *Rooms }

// Profile is the numbers of breakers and cooldowns of a kind of account.
type Profile struct {
	FailureThreshold    int   `json:"failureThreshold"`    // failures in a row that open the breaker
	ResetTimeoutMs      int64 `json:"resetTimeoutMs"`      // first open time, doubled each time
	TransientCooldownMs int64 `json:"transientCooldownMs"` // first rest after a refusal without a stated time, doubled each time
	RateLimitCooldownMs int64 `json:"rateLimitCooldownMs"` // 0 = what the upstream says
	MaxBackoffLevel     int   `json:"maxBackoffLevel"`     // doublings of the open time
	MaxOpenMs           int64 `json:"maxOpenMs"`           // longest open time
	MaxCooldownMs       int64 `json:"maxCooldownMs"`       // a longer stated time is probed after this
	SuccessesToClose    int   `json:"successesToClose"`    // of probes, to close the breaker
}

// Limits are the default limits per account; 0 = none.
type Limits struct {
	RequestsPerMinute        int `json:"requestsPerMinute"`
	MinTimeBetweenRequestsMs int `json:"minTimeBetweenRequestsMs"`
	ConcurrentRequests       int `json:"concurrentRequests"`
}

// Breaker is the worst breaker among a provider's connections. Provider is a
// prefix.
type Breaker struct {
	Provider     string     `json:"provider"`
	State        string     `json:"state"` // CLOSED, OPEN or HALF_OPEN
	FailureCount int        `json:"failureCount"`
	RetryAt      *time.Time `json:"retryAt,omitempty"`
	Why          string     `json:"why,omitempty"`
}

// Rest is a target that rests.
type Rest struct {
	Target string     `json:"target"`
	Until  *time.Time `json:"until"` // null = until a person acts
	Why    string     `json:"why"`
}

// ResilienceView is what GET /api/resilience answers.
type ResilienceView struct {
	Profiles        map[string]Profile `json:"profiles"`
	Defaults        Limits             `json:"defaults"`
	CircuitBreakers []Breaker          `json:"circuitBreakers"`
	Cooldowns       []Rest             `json:"cooldowns"`
	Lockouts        []Rest             `json:"lockouts"`
}

// ResetAnswer says how many breakers and cooldowns were cleared.
type ResetAnswer struct {
	OK         bool `json:"ok"`
	ResetCount int  `json:"resetCount"`
}

// Get shows the numbers in force and everything that is not simply well.
func (v *Resilience) Get() (ResilienceView, error) {
	p := v.rooms.Profile
	profile := Profile{
		FailureThreshold: p.Failures, ResetTimeoutMs: p.Open.Milliseconds(), TransientCooldownMs: p.CoolFirst.Milliseconds(),
		MaxBackoffLevel: int(math.Ceil(math.Log2(float64(p.OpenMax) / float64(max(p.Open, 1))))),
		MaxOpenMs:       p.OpenMax.Milliseconds(), MaxCooldownMs: p.CoolMax.Milliseconds(), SuccessesToClose: p.Successes,
	}
	out := ResilienceView{
		Profiles:        map[string]Profile{"oauth": profile, "apikey": profile},
		CircuitBreakers: []Breaker{}, Cooldowns: []Rest{}, Lockouts: []Rest{},
	}
	s := v.rooms.Config.Now()
	breakers := map[string]*Breaker{}
	for _, a := range s.Accounts {
		if name := v.prefix(s, a.Provider); breakers[name] == nil {
			breakers[name] = &Breaker{Provider: name, State: resilience.Closed.String()}
		}
	}
	for _, st := range v.rooms.Board.Standings() {
		if st.Target.Model == "" {
			v.worst(breakers, v.prefix(s, st.Target.Provider), &st)
		}
		if st.Cooling {
			out.Cooldowns = append(out.Cooldowns, Rest{v.target(s, st.Target), v.soon(st.Until), st.Why})
		}
	}
	for _, b := range breakers {
		out.CircuitBreakers = append(out.CircuitBreakers, *b)
	}
	slices.SortFunc(out.CircuitBreakers, func(a, b Breaker) int { return cmp.Compare(a.Provider, b.Provider) })
	slices.SortFunc(out.Cooldowns, func(a, b Rest) int { return cmp.Compare(a.Target, b.Target) })
	return out, nil
}

func (v *Resilience) worst(breakers map[string]*Breaker, name string, st *resilience.Standing) {
	b := breakers[name]
	if b == nil {
		b = &Breaker{Provider: name, State: resilience.Closed.String()}
		breakers[name] = b
	}
	rank := func(state string) int {
		return slices.Index([]string{resilience.Closed.String(), resilience.HalfOpen.String(), resilience.Open.String()}, state)
	}
	b.FailureCount = max(b.FailureCount, st.Failures)
	if rank(st.State.String()) > rank(b.State) {
		b.State, b.Why = st.State.String(), st.Why
		if !st.Cooling {
			b.RetryAt = v.soon(st.Until)
		}
	}
}

func (v *Resilience) soon(t time.Time) *time.Time {
	if !t.After(v.rooms.Now()) {
		return nil
	}
	t = t.UTC()
	return &t
}

func (v *Resilience) prefix(s *config.Snapshot, provider string) string {
	if up, ok := v.rooms.Planner.Upstream(s, provider); ok {
		return up.Prefix()
	}
	return provider
}

// target names a target for people: prefix/model@connection.
func (v *Resilience) target(s *config.Snapshot, t config.Target) string {
	return targetName(v.rooms, s, t)
}

func targetName(r *Rooms, s *config.Snapshot, t config.Target) string {
	name := t.Provider
	if up, ok := r.Planner.Upstream(s, t.Provider); ok {
		name = up.Prefix()
	}
	account := t.Account
	if a := s.Accounts[t.Account]; a != nil {
		account = a.Name
	}
	return name + "/" + cmp.Or(t.Model, "*") + "@" + account
}

// Reset clears every breaker and cooldown.
func (v *Resilience) Reset() (ResetAnswer, error) {
	return ResetAnswer{OK: true, ResetCount: v.rooms.Board.Reset()}, nil
}
