package fault

// Next says whether another candidate may be tried.
type Next uint8

// NextLarger: only a target with a larger context window. NextFree: only the
// free tier, and only if the combo allows it.
const (
	NextNo Next = iota
	NextYes
	NextLarger
	NextFree
)

// Cool says what rests after a failure, and for how long.
type Cool uint8

// CoolReset rests until the stated reset, CoolRetryAfter for the stated (or
// a growing) time, CoolBackoff for a growing time, CoolLogin until a person
// signs in again.
const (
	CoolNo Cool = iota
	CoolReset
	CoolRetryAfter
	CoolBackoff
	CoolLogin
)

// Policy is one row of the fault table (ARCHITECTURE.md section 7).
type Policy struct {
	Name   string // for logs and receipts
	Status int    // HTTP status to the client where the format has no better one
	Again  bool   // the same target may be tried once more
	Next   Next
	Blame  bool // counts against the circuit breaker
	Cool   Cool
	Human  string // the health condition it may open, "" = none
}

// policies is the fault table. Keep it in the order of the kinds.
var policies = [kinds]Policy{
	Internal:     {Name: "internal", Status: 500},
	Invalid:      {Name: "invalid", Status: 400},
	Unauthorized: {Name: "unauthorized", Status: 401, Human: "access.refused"},
	Forbidden:    {Name: "forbidden", Status: 403, Human: "access.refused"},
	NotFound:     {Name: "not_found", Status: 404},
	Conflict:     {Name: "conflict", Status: 409},
	TooLarge:     {Name: "too_large", Status: 413, Next: NextLarger},
	Unsupported:  {Name: "unsupported", Status: 400, Next: NextYes},
	Budget:       {Name: "budget", Status: 429, Next: NextFree, Human: "budget.reached"},
	AuthExpired:  {Name: "auth_expired", Status: 401, Again: true, Next: NextYes, Cool: CoolBackoff},
	AuthRevoked:  {Name: "auth_revoked", Status: 401, Next: NextYes, Cool: CoolLogin, Human: "account.needs-login"},
	Denied:       {Name: "denied", Status: 403, Next: NextYes, Cool: CoolBackoff},
	ModelGone:    {Name: "model_gone", Status: 404, Next: NextYes, Cool: CoolBackoff},
	Quota:        {Name: "quota", Status: 429, Next: NextYes, Cool: CoolReset, Human: "quota.exhausted"},
	RateLimited:  {Name: "rate_limited", Status: 429, Next: NextYes, Cool: CoolRetryAfter},
	Overloaded:   {Name: "overloaded", Status: 503, Again: true, Next: NextYes, Blame: true, Cool: CoolBackoff, Human: "breaker.open"},
	Upstream:     {Name: "upstream", Status: 502, Next: NextYes, Blame: true, Cool: CoolBackoff, Human: "breaker.open"},
	Timeout:      {Name: "timeout", Status: 504, Next: NextYes, Blame: true, Cool: CoolBackoff, Human: "breaker.open"},
	Truncated:    {Name: "truncated", Status: 502, Next: NextYes, Blame: true, Cool: CoolBackoff},
	Canceled:     {Name: "canceled", Status: 499},
	Exhausted:    {Name: "exhausted", Status: 503, Human: "no-target"},
}

// Policy returns the row of the fault table.
func (k Kind) Policy() Policy {
	if k >= kinds {
		return policies[Internal]
	}
	return policies[k]
}

// String is the name used in logs, receipts and the management API.
func (k Kind) String() string { return k.Policy().Name }

// HTTPStatus is what the client sees where its format names no better one:
// an upstream's own 4xx or 5xx as it is, else the status of the kind.
func (e *Error) HTTPStatus() int {
	if e.Status >= 400 && e.Status <= 599 {
		return e.Status
	}
	return e.Kind.Policy().Status
}
