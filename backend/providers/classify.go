package providers

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"omniroute/backend/config"
	"omniroute/backend/fault"
	"omniroute/backend/wire"
)

// keyRest is how long an account rests after a 401 that no refresh can cure.
const keyRest = 2 * time.Minute

// Classify turns an upstream's refusal into a fault: the codec reads the
// format's own words, then the provider's meaning is laid over them (scope,
// quota window, reset time).
func Classify(e *Endpoint, codec wire.Codec, status int, h http.Header, body []byte) *fault.Error {
	f := fault.As(codec.DecodeError(status, h, body))
	c := *f
	c.Op = "upstream." + e.Upstream.ID()
	if c.RetryAfter == 0 {
		c.RetryAfter = retryAfter(h)
	}
	switch status {
	case http.StatusUnauthorized:
		c.Kind, c.Scope = fault.AuthExpired, fault.ScopeAccount
		if e.Account.Kind == config.KindRelay {
			c.Kind, c.Scope = fault.AuthExpired, fault.ScopeRequest // the client's own login, nothing of ours
		} else if c.RetryAfter == 0 {
			c.RetryAfter = keyRest
		}
	case http.StatusPaymentRequired:
		c.Kind, c.Scope, c.Code = fault.Quota, fault.ScopeAccount, fault.CodeBilling
	case http.StatusForbidden:
		c.Kind, c.Scope = fault.Denied, fault.ScopeModel
	case http.StatusNotFound:
		c.Kind, c.Scope = fault.ModelGone, fault.ScopeModel
	case http.StatusTooManyRequests:
		limited(&c, h)
	case http.StatusRequestTimeout, http.StatusTooEarly:
		c.Kind = fault.Upstream
	}
	if c.Kind == fault.Unauthorized || c.Kind == fault.Forbidden || c.Kind == fault.NotFound || c.Kind == fault.Internal {
		c.Kind = fault.Upstream // these kinds are ours alone; an upstream's are above
	}
	return &c
}

// limited tells a used-up window from a short limit. Only words that name the
// account or a window rest the whole account; everything else rests this
// model on this account (api.md, "a resting target").
func limited(c *fault.Error, h http.Header) {
	if c.Kind != fault.Quota {
		c.Kind = fault.RateLimited
	}
	c.Scope = fault.ScopeModel
	if strings.EqualFold(h.Get("Anthropic-Ratelimit-Unified-Status"), "rejected") {
		c.Kind, c.Scope = fault.Quota, fault.ScopeAccount
		if d := unifiedReset(h); d > 0 {
			c.RetryAfter = d
		}
		return
	}
	text := strings.ToLower(c.Code + " " + c.Public)
	for _, w := range [...]string{"insufficient_quota", "usage_limit_reached", "billing", "credit balance", "exceeded your current quota", "quota exceeded", "perday", "per day", "daily", "weekly", "monthly"} {
		if strings.Contains(text, w) {
			c.Kind, c.Scope = fault.Quota, fault.ScopeAccount
			return
		}
	}
}

// unifiedReset is the latest reset among the rejected windows of a Claude
// subscription (providers.yaml, claude).
func unifiedReset(h http.Header) time.Duration {
	var latest time.Time
	for k, v := range h {
		name, ok := strings.CutPrefix(k, "Anthropic-Ratelimit-Unified-")
		if !ok || len(v) == 0 || !strings.EqualFold(v[0], "rejected") {
			continue
		}
		reset := "Anthropic-Ratelimit-Unified-Reset"
		if window, ok := strings.CutSuffix(name, "-Status"); ok {
			reset = "Anthropic-Ratelimit-Unified-" + window + "-Reset"
		}
		if t, ok := instant(h.Get(reset)); ok && t.After(latest) {
			latest = t
		}
	}
	if latest.IsZero() {
		return 0
	}
	return max(time.Until(latest), time.Second)
}

// retryAfter reads the reset headers of the OpenAI and Anthropic families
// when Retry-After itself is missing.
func retryAfter(h http.Header) time.Duration {
	for _, name := range [...]string{"X-Ratelimit-Reset-Requests", "X-Ratelimit-Reset-Tokens", "X-Ratelimit-Reset",
		"Anthropic-Ratelimit-Requests-Reset", "Anthropic-Ratelimit-Tokens-Reset", "Anthropic-Ratelimit-Unified-Reset"} {
		v := h.Get(name)
		if v == "" || h.Get(strings.Replace(name, "Reset", "Remaining", 1)) > "0" {
			continue
		}
		if d, err := time.ParseDuration(v); err == nil && d > 0 {
			return d
		}
		if t, ok := instant(v); ok {
			if d := time.Until(t); d > 0 {
				return d
			}
		}
	}
	return 0
}

// instant reads a time given as RFC 3339, epoch seconds or epoch
// milliseconds; small numbers count from now.
func instant(v string) (time.Time, bool) {
	if t, err := time.Parse(time.RFC3339, v); err == nil {
		return t, true
	}
	n, err := strconv.ParseFloat(v, 64)
	switch {
	case err != nil || n <= 0:
		return time.Time{}, false
	case n > 1e11:
		return time.UnixMilli(int64(n)), true
	case n > 1e8:
		return time.Unix(int64(n), 0), true
	}
	return time.Now().Add(time.Duration(n * float64(time.Second))), true
}
