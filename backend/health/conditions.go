package health

import "time"

// Severity says how much a trouble matters.
type Severity string

// Attention: something works worse than it could. Broken: something a person
// counts on does not work.
const (
	Attention Severity = "attention"
	Broken    Severity = "broken"
)

// The codes. Their words stand in frontend/src/i18n/<language>/conditions.json.
const (
	BreakerOpen      = "breaker_open"      // subject: account. Opens when its breaker does, closes when a call succeeds or it is reset
	NeedsLogin       = "needs_login"       // subject: account. The upstream refuses its login
	NeedsKey         = "needs_key"         // subject: account. Its key is missing, or the upstream refuses it
	NoUsableTarget   = "no_usable_target"  // subject: combo. A request found no step that could answer; closes at the next one that is answered
	VaultUnavailable = "vault_unavailable" // credentials cannot be read; closes when one could be
	DatabaseTrouble  = "database_trouble"  // what is answered may be missing from the books
	DatabaseRepaired = "database_repaired" // a start had to repair it; open until the next start
	BooksBehind      = "books_behind"      // rows wait in the journal because usage.db does not take them
	PortTaken        = "port_taken"        // window only: another program has the port
)

// Kind is one line of the list of conditions.
type Kind struct {
	Code     string
	Severity Severity
	Subject  string        // kind of what it is about: account, combo, gateway
	After    time.Duration // how long the trouble must last before it is called one
}

// Kinds lists every condition there is.
func Kinds() []Kind {
	return []Kind{
		{BreakerOpen, Attention, "account", 0},
		{NeedsLogin, Attention, "account", 0},
		{NeedsKey, Attention, "account", 0},
		{NoUsableTarget, Broken, "combo", 0},
		{VaultUnavailable, Broken, "gateway", 0},
		{DatabaseTrouble, Broken, "gateway", 0},
		{DatabaseRepaired, Attention, "gateway", 0},
		{BooksBehind, Attention, "gateway", 10 * time.Second},
		{PortTaken, Broken, "gateway", 0},
	}
}
