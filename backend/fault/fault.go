// Package fault says what went wrong and what follows from it. One table
// (policy.go) tells the client's status, whether the same target or the next
// candidate may be tried, whether the circuit breaker is blamed, and what a
// person should hear. Nothing else in the project decides that.
package fault

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Kind classifies a failure. The zero value is Internal: an error that nobody
// classified is a bug of ours.
type Kind uint8

// The kinds. Only providers.Classify, egress and wire create the upstream
// ones (from AuthExpired on); only gateway and control turn kinds into HTTP.
const (
	Internal     Kind = iota // our bug
	Invalid                  // the caller's request is wrong
	Unauthorized             // no or wrong key of ours
	Forbidden                // key, address or scope does not allow it
	NotFound                 // model, combo or path does not exist
	Conflict                 // stale revision or name in use
	TooLarge                 // body or context does not fit
	Unsupported              // a feature cannot travel to this target
	Budget                   // reservation refused
	AuthExpired              // upstream 401
	AuthRevoked              // upstream says the login or key is dead
	Denied                   // upstream 403: this account may not use this model
	ModelGone                // upstream 404 for the model
	Quota                    // a window is used up, or the balance is empty
	RateLimited              // short 429
	Overloaded               // 503, 529
	Upstream                 // 5xx, nonsense body
	Timeout                  // connect, first byte, idle
	Truncated                // stream without its end
	Canceled                 // the client left
	Exhausted                // no candidate is left
	kinds                    // number of kinds, keeps the table complete
)

// Scope tells how far a failure reaches.
type Scope uint8

// From narrow to wide.
const (
	ScopeRequest  Scope = iota // only this request
	ScopeModel                 // this model on this account
	ScopeAccount               // every model of this account
	ScopeProvider              // every account of this provider
)

// Machine-readable codes carried in Error.Code; codecs translate them into
// their format's own words (formats.md 4.8). Other codes of an upstream
// travel verbatim.
const (
	CodeContextLength     = "context_length_exceeded"
	CodeUnsupportedParam  = "unsupported_parameter"
	CodeBilling           = "insufficient_quota"
	CodeBodyTooLarge      = "request_too_large"
	CodeThreadUnsupported = "thread_unsupported_request" // formats.md R9
	CodeThreadNotFound    = "thread_not_found"           // formats.md R9
	CodeModelNotFound     = "model_not_found"
)

// Error is a classified failure. Public is safe to show to anyone and says
// what to do; Err is for the log and never leaves the process. An Error is
// immutable once returned and may be shared between goroutines.
type Error struct {
	Kind       Kind
	Op         string        // where it happened, e.g. "egress.dial"
	Scope      Scope         // how far it reaches
	Status     int           // the upstream's own HTTP status, 0 = by Kind
	Code       string        // machine code, see the constants
	Param      string        // the request field at fault, e.g. "messages[2].content"
	RetryAfter time.Duration // 0 = not stated
	Reason     Reason        // what it means for the target, zero = by Kind
	Public     string        // one sentence for the client
	Err        error         // cause, for the log only
}

// New makes an Error; the arguments are formatted into Public.
func New(kind Kind, op, format string, args ...any) *Error {
	return &Error{Kind: kind, Op: op, Public: fmt.Sprintf(format, args...)}
}

// Wrap makes an Error around a cause that must not be shown.
func Wrap(kind Kind, op string, err error, public string) *Error {
	return &Error{Kind: kind, Op: op, Public: public, Err: err}
}

// Error is for the log: it includes the cause.
func (e *Error) Error() string {
	s := e.Op + ": " + e.Public
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// With returns a copy changed by edit; the receiver stays as it is.
func (e *Error) With(edit func(*Error)) *Error {
	c := *e
	edit(&c)
	return &c
}

// As returns the classified error inside err. An error nobody classified
// becomes Internal, a cancelled context Canceled, a deadline Timeout. It
// returns nil only for nil.
func As(err error) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	switch {
	case errors.Is(err, context.Canceled):
		return Wrap(Canceled, "", err, "The client closed the connection.")
	case errors.Is(err, context.DeadlineExceeded):
		return Wrap(Timeout, "", err, "The upstream did not answer in time.")
	}
	return Wrap(Internal, "", err, "The gateway made a mistake. The receipt id helps to report it.")
}

// KindOf returns the kind of err, see As.
func KindOf(err error) Kind { return As(err).Kind }
