package fault

import (
	"strconv"
	"time"
)

// Reason says, in a word of a closed list, why a target was chosen, passed
// over, or failed, with the values that its sentence needs. The sentences
// stand in frontend/src/i18n/<language>/reasons.json under Code; a code's
// values are always complete, so that no sentence has a hole. The zero value
// means that nothing is known.
type Reason struct {
	Code ReasonCode
	Args []Arg
}

// Arg is one value of a reason: times are RFC 3339, ms and status are whole
// numbers, everything else is text.
type Arg struct{ Name, Value string }

// ReasonCode is a word of the closed list.
type ReasonCode string

// The list (dashboard.md 2.17, as far as this version can say it).
const (
	ReasonFirst          ReasonCode = "chosen_priority"   // first in the list
	ReasonNext           ReasonCode = "chosen_next"       // what stands before it could not answer
	ReasonQuotaUntil     ReasonCode = "quota_exhausted"   // until
	ReasonQuota          ReasonCode = "quota_empty"       // no time is known
	ReasonCooldown       ReasonCode = "cooldown"          // until
	ReasonBreaker        ReasonCode = "breaker_open"      // n, until
	ReasonProbing        ReasonCode = "breaker_probing"   // another request tries it right now
	ReasonDisabled       ReasonCode = "disabled"          // every account is switched off
	ReasonNoAccount      ReasonCode = "no_credentials"    // no account is connected
	ReasonNeedsKey       ReasonCode = "needs_key"         // the account lost its key
	ReasonSignIn         ReasonCode = "reauth"            // the login or key is dead
	ReasonNoLogin        ReasonCode = "no_login"          // a relay, and no login came with the request
	ReasonDenied         ReasonCode = "denied"            // this account may not use the model
	ReasonModelUnknown   ReasonCode = "model_unknown"     // not offered there
	ReasonTooSmall       ReasonCode = "context_too_small" // the request does not fit
	ReasonUnsupported    ReasonCode = "unsupported_input" // it cannot take what the request holds
	ReasonUpstreamStatus ReasonCode = "upstream_status"   // status, ms
	ReasonTimeout        ReasonCode = "timeout"           // ms
	ReasonBroken         ReasonCode = "stream_broken"     // it ended before its end
	ReasonNetwork        ReasonCode = "network"           // it could not be reached
	ReasonBlocked        ReasonCode = "blocked_provider"  // hidden in the settings
	ReasonNotAllowed     ReasonCode = "not_allowed_for_key"
	ReasonUnauthorized   ReasonCode = "unauthorized" // no key came, or a wrong one
	ReasonTooLarge       ReasonCode = "body_too_large"
	ReasonCombo          ReasonCode = "resolved_combo"  // name: what the asked name led to
	ReasonInvalid        ReasonCode = "invalid_request" // the request itself is at fault
	ReasonTooDeep        ReasonCode = "too_deep"        // combos and aliases lead on and on
	ReasonEmptyCombo     ReasonCode = "combo_exhausted" // name: no step of that combo is left
	ReasonVault          ReasonCode = "vault_unavailable"
	ReasonCanceled       ReasonCode = "client_left"
	ReasonStopped        ReasonCode = "interrupted" // the gateway stopped meanwhile
	ReasonPaused         ReasonCode = "paused"
	ReasonInternal       ReasonCode = "internal"
	ReasonServed         ReasonCode = "served"

	// Why a candidate stands where it stands, other than by the list.
	ReasonTurn      ReasonCode = "chosen_round_robin" // n of limit in a row
	ReasonLeastUsed ReasonCode = "chosen_least_used"
	ReasonRandom    ReasonCode = "chosen_random"
	ReasonWeighted  ReasonCode = "chosen_weighted" // weight
	ReasonHealthier ReasonCode = "chosen_p2c"      // score, than: the better of two
	ReasonCheapest  ReasonCode = "chosen_cost"     // usd of a usual request
	ReasonFastest   ReasonCode = "chosen_fast"     // ms until its first word, lately
	ReasonFree      ReasonCode = "chosen_free"
	ReasonLocal     ReasonCode = "chosen_local"
	ReasonNotFree   ReasonCode = "not_free"
	ReasonNotLocal  ReasonCode = "not_local"
	ReasonNoMetric  ReasonCode = "no_metric"               // strategy: it stands last, nothing was measured
	ReasonStray     ReasonCode = "unknown_to_active_combo" // name: what was asked for, combo: who took it
	ReasonChain     ReasonCode = "fallback_chain"          // name: everything before it failed
	ReasonLowest    ReasonCode = "chosen_lowest"           // priority: the lowest value
	ReasonNoPrice   ReasonCode = "no_price"                // strategy: it stands last, its price is not known
	ReasonNoneKnown ReasonCode = "inputs_missing"          // strategy: nothing it needs is known, so the order of the list holds
	ReasonSession   ReasonCode = "session_kept"            // tokens of the conversation that are warm there
	ReasonMoved     ReasonCode = "session_moved"           // from, tokens that are not warm here
)

// Reasons lists every code, for whoever must have a sentence for each.
func Reasons() []ReasonCode {
	return []ReasonCode{
		ReasonFirst, ReasonNext, ReasonQuotaUntil, ReasonQuota, ReasonCooldown, ReasonBreaker, ReasonProbing, ReasonDisabled, ReasonNoAccount,
		ReasonNeedsKey, ReasonSignIn, ReasonNoLogin, ReasonDenied, ReasonModelUnknown, ReasonTooSmall, ReasonUnsupported, ReasonUpstreamStatus,
		ReasonTimeout, ReasonBroken, ReasonNetwork, ReasonBlocked, ReasonNotAllowed, ReasonInvalid, ReasonTooDeep, ReasonEmptyCombo, ReasonVault,
		ReasonUnauthorized, ReasonTooLarge, ReasonCombo, ReasonCanceled, ReasonStopped, ReasonPaused, ReasonInternal, ReasonServed,
		ReasonTurn, ReasonLeastUsed, ReasonRandom, ReasonWeighted, ReasonHealthier, ReasonCheapest, ReasonLowest, ReasonNoPrice, ReasonNoneKnown,
		ReasonFastest, ReasonFree, ReasonLocal, ReasonNotFree, ReasonNotLocal, ReasonNoMetric, ReasonStray, ReasonChain,
		ReasonSession, ReasonMoved,
	}
}

// Because makes a reason of a code and pairs of name and value.
func Because(code ReasonCode, pairs ...string) Reason {
	r := Reason{Code: code}
	for i := 0; i+1 < len(pairs); i += 2 {
		r.Args = append(r.Args, Arg{pairs[i], pairs[i+1]})
	}
	return r
}

// Moment is how a reason spells a time.
func Moment(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// ReasonOf tells what a failure means for the target that failed: status is
// the upstream's HTTP status, 0 when no answer came; took how long it was
// waited for; now what RetryAfter counts from.
func ReasonOf(e *Error, status int, took time.Duration, now time.Time) Reason {
	ms := strconv.FormatInt(took.Milliseconds(), 10)
	answered := func() Reason {
		if status == 0 {
			return Because(ReasonNetwork)
		}
		return Because(ReasonUpstreamStatus, "status", strconv.Itoa(status), "ms", ms)
	}
	if e.Reason.Code != "" {
		return e.Reason
	}
	switch e.Kind {
	case Quota:
		if e.RetryAfter > 0 && e.Code != CodeBilling { // an empty balance has no reset; its rest is our guess
			return Because(ReasonQuotaUntil, "until", Moment(now.Add(e.RetryAfter)))
		}
		return Because(ReasonQuota)
	case RateLimited:
		if e.RetryAfter > 0 {
			return Because(ReasonCooldown, "until", Moment(now.Add(e.RetryAfter)))
		}
		return answered()
	case AuthExpired, AuthRevoked, Unauthorized:
		return Because(ReasonSignIn)
	case Denied:
		return Because(ReasonDenied)
	case ModelGone:
		return Because(ReasonModelUnknown)
	case TooLarge:
		return Because(ReasonTooSmall)
	case Unsupported:
		return Because(ReasonUnsupported)
	case Invalid:
		return Because(ReasonInvalid)
	case Timeout:
		return Because(ReasonTimeout, "ms", ms)
	case Truncated:
		return Because(ReasonBroken)
	case Canceled:
		return Because(ReasonCanceled)
	case Overloaded, Upstream:
		return answered()
	case Forbidden:
		return Because(ReasonBlocked)
	case NotFound:
		return Because(ReasonModelUnknown)
	}
	return Because(ReasonInternal)
}
