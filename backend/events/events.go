// Package events is the bus and the plain data that travels on it. Events
// tell that something changed, not everything about it: a listener that needs
// more asks the owner. They carry no pointers, no secrets and no prompts.
package events

import "time"

// Event is one of the structs of this file.
type Event interface {
	// Topic is the stable name under which the dashboard hears of it.
	Topic() string
}

// Lagged stands for the events a slow subscriber missed: it must fetch anew
// what it shows.
type Lagged struct{}

// ConfigChanged follows every published snapshot.
type ConfigChanged struct{ Rev int64 }

// RequestDone follows every answered request, after its receipt was settled.
type RequestDone struct {
	RequestID      string
	Time           time.Time
	RequestedModel string
	AnsweredBy     string // prefix/model, "" = nobody
	Combo          string // name, "" = none
	Account        string // that answered
	KeyID          string
	Status         int    // HTTP status the client saw
	Kind           string // fault kind, "" = success
	Tokens         int64  // input and output
	CostMicros     int64  // micro-dollars
	CostKnown      bool
	Total          time.Duration
}

// TargetChanged tells that a target rests, is barred, or may be used again.
type TargetChanged struct {
	Provider, Account, Model string    // Account and Model may be "": all of them
	State                    string    // usable, cooling, locked, sign-in, breaker-open, probing
	Until                    time.Time // zero = not known
	Why                      string
}

// AccountChanged tells that an account's ability to be used changed.
type AccountChanged struct {
	Account string
	Status  string // the status words of rulings 3.12
}

// ConditionChanged is the beginning or the end of a named trouble.
type ConditionChanged struct {
	Code    string
	Subject string // what it is about, e.g. an account id; "" = the whole
	Open    bool
	Detail  string // one sentence for a person
}

// Trouble is what a room that watches itself has to say; health makes a
// condition of it. It is no topic of the dashboard.
type Trouble struct {
	Code    string // of health's list
	Subject string
	Open    bool
	Detail  string // one sentence for a person
}

// GatewayChanged tells that the gateway as a whole serves, pauses or ends.
type GatewayChanged struct {
	State string    // serving, paused, stopping
	Until time.Time // end of a pause, zero = until a person resumes
}

// SessionsChanged tells that a browser was signed in or out.
type SessionsChanged struct{}

func (SessionsChanged) Topic() string  { return "session" }
func (Lagged) Topic() string           { return "lagged" }
func (ConfigChanged) Topic() string    { return "config" }
func (RequestDone) Topic() string      { return "request" }
func (TargetChanged) Topic() string    { return "target" }
func (AccountChanged) Topic() string   { return "account" }
func (ConditionChanged) Topic() string { return "condition" }
func (GatewayChanged) Topic() string   { return "gateway" }
func (Trouble) Topic() string          { return "trouble" }
