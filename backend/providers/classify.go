package providers

import (
	"net/http"
	"strings"
	"time"

	"omniroute/backend/config"
	"omniroute/backend/fault"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// keyRest is how long an account rests after a 401 that no refresh can cure,
// and after an empty balance that nobody said when will be filled.
const keyRest = 2 * time.Minute

// relayRest is the least the board knows: the login that was refused is the
// client's own, and the next request may bring a better one.
const relayRest = time.Second

// Classify turns an upstream's refusal into a fault: the codec reads the
// format's own words, then the provider's meaning is laid over them (what is
// at fault, how far it reaches, when it ends).
func Classify(e *Endpoint, codec wire.Codec, status int, h http.Header, body []byte) *fault.Error {
	f := fault.As(codec.DecodeError(status, h, body))
	info := wire.ErrorFields(status, h, body)
	info.RetryAfter = 0 // read here, where longer waits and more spellings count
	return judge(e, f, h, &info)
}

// Refine gives an error that came inside an answer of status 200 (a stream's
// error event, an error body) the meaning Classify would have given it.
func Refine(e *Endpoint, f *fault.Error) *fault.Error {
	return judge(e, f, nil, &wire.ErrorInfo{Message: f.Public, Code: f.Code, RetryAfter: f.RetryAfter})
}

// judge decides kind, scope and reset of a refusal. f is not changed.
func judge(e *Endpoint, f *fault.Error, h http.Header, info *wire.ErrorInfo) *fault.Error {
	c := *f
	c.Op = "upstream." + e.Upstream.ID()
	now := time.Now()
	w := wordsOf(info)
	switch {
	case !w.read(&c) && !byStatus(&c):
		w.limited(&c, h, now)
	case c.Kind == fault.Quota && c.Scope < fault.ScopeModel:
		c.Scope = fault.ScopeAccount
	}
	if e.Account.Kind == config.KindRelay && c.Kind == fault.AuthExpired {
		c.Scope, c.RetryAfter = fault.ScopeRequest, relayRest
		return &c
	}
	c.RetryAfter = w.wait(&c, h, now)
	if c.RetryAfter == 0 && (c.Kind == fault.AuthExpired || c.Kind == fault.Quota && c.Code == fault.CodeBilling) {
		c.RetryAfter = keyRest
	}
	return &c
}

// words is what a refusal says, ready to be searched.
type words struct {
	info   *wire.ErrorInfo
	text   string // type, code, Google's reasons and the sentence, lower case
	quotas string // Google's quotaIds, lower case, "" = none
}

func wordsOf(info *wire.ErrorInfo) *words {
	w := &words{info: info}
	parts := []string{info.Type, info.Code, info.Message}
	for _, d := range jscan.Elements(jscan.Get(info.Object, "details")) {
		parts = append(parts, jscan.Str(jscan.Get(d, "reason")))
		for _, v := range jscan.Elements(jscan.Get(d, "violations")) {
			w.quotas += " " + jscan.Str(jscan.Get(v, "quotaId"))
		}
	}
	w.text = " " + strings.ToLower(strings.Join(parts, " | "))
	w.quotas = strings.ToLower(w.quotas)
	return w
}

func (w *words) any(list []string) bool {
	for _, s := range list {
		if strings.Contains(w.text, s) {
			return true
		}
	}
	return false
}

// sign is a wording that means more than its status: the statuses it counts
// for (nil = every one below 500), and what it means.
type sign struct {
	statuses []int
	numbers  []int // vendor codes that mean it without words
	words    []string
	kind     fault.Kind
	scope    fault.Scope
	code     string
}

// signs in the order of their weight. Wordings come from the vendors' own
// errors (catalogue, errors of each provider).
var signs = [...]sign{
	{ // Claude: asks for an extra of the plan; the account is well
		statuses: []int{400, 403, 429}, words: []string{"credits are required for fast mode", "required for fast mode"},
		kind: fault.Unsupported, scope: fault.ScopeRequest,
	},
	{ // Google says a bad key with 400, Cohere with 498
		statuses: []int{400, 401, 403, 498}, numbers: []int{1000, 1001, 1002, 1003, 1004},
		words: []string{"api_key_invalid", "invalid_api_key", "api key not valid", "api key expired", "invalid api key", "incorrect api key"},
		kind:  fault.AuthExpired, scope: fault.ScopeAccount,
	},
	{ // with 400 these words mean other tokens
		statuses: []int{401, 403, 498}, words: []string{"invalid_auth", "invalid token", "token expired", "token has expired"},
		kind: fault.AuthExpired, scope: fault.ScopeAccount,
	},
	{ // an empty balance, whatever the status
		statuses: []int{400, 401, 402, 403, 412, 429}, numbers: []int{1113, 1008},
		words: []string{"insufficient_quota", "credit balance", "insufficient balance", "insufficient_balance", "insufficient credit", "insufficient_credit", "insufficient funds", "exceeded_current_quota", "out of credits", "no credits", "billing_error", "billing hard limit", "payment required", "account balance", "used up your credits", "included credits"},
		kind:  fault.Quota, scope: fault.ScopeAccount, code: fault.CodeBilling,
	},
	{ // a subscription's window
		statuses: []int{400, 401, 402, 403, 429}, numbers: []int{1308, 1310, 2056},
		words: []string{"usage_limit_reached", "usage limit", " quota_exceeded", "quotaexceeded", "daily free allocation", "weekly limit", "monthly limit", "plan limit"},
		kind:  fault.Quota, scope: fault.ScopeAccount,
	},
	{ // the place is refused, not the account's model; Google says it with 400
		statuses: []int{400, 403, 451},
		words:    []string{"user location is not supported", "country, region, or territory", "unsupported_country", "not available in your region", "not available in your country", "region is not supported"},
		kind:     fault.Denied, scope: fault.ScopeAccount,
	},
	{ // this prompt is refused
		statuses: []int{403, 451}, words: []string{"moderation", "flagged", "content policy", "usage policies", "safety system"},
		kind: fault.Unsupported, scope: fault.ScopeRequest,
	},
	{ // the account is refused
		statuses: []int{403, 412},
		words:    []string{"suspended", "deactivated", "disabled your account", "organization has been disabled", "account_blocked", "account is blocked", "not eligible", "validation_required", "no membership", "service_disabled", "licence", "license", "oauth authentication is currently not allowed"},
		kind:     fault.Denied, scope: fault.ScopeAccount,
	},
	{ // something of the conversation is gone, not the model
		statuses: []int{400, 404}, words: []string{"previous_response_not_found", "previous response with id", "item with id", "container_expired"},
		kind: fault.Invalid, scope: fault.ScopeRequest,
	},
	{ // Codex and Fireworks: capacity with a client's status
		statuses: []int{400, 429, 498}, words: []string{"at capacity", "capacity exceeded", "capacity_exceeded", "overloaded_error", "engine_overloaded", "currently overloaded"},
		kind: fault.Overloaded, scope: fault.ScopeModel,
	},
	{
		statuses: []int{400, 403, 404, 410, 422},
		words:    []string{"model_not_found", "model_decommissioned", "decommissioned", "is not a valid model", "model not found", "unknown model", "invalid model name", "model not exist", "no such model", "requested model is not supported", "not supported when using codex with a chatgpt account", "not accessible via the"},
		kind:     fault.ModelGone, scope: fault.ScopeModel,
	},
}

// read lays the first matching sign over c; false when none matches.
func (w *words) read(c *fault.Error) bool {
	for i := range signs {
		s := &signs[i]
		if !s.counts(c.Status) || w.quotas != "" && s.kind == fault.Quota {
			continue // Google names its quota: limited reads it
		}
		if !s.numbered(w.info.Number) && !w.any(s.words) {
			continue
		}
		c.Kind, c.Scope = s.kind, s.scope
		if s.code != "" {
			c.Code = s.code
		}
		return true
	}
	return false
}

func (s *sign) counts(status int) bool {
	if status == 0 { // inside a 200: nobody said a status
		return true
	}
	for _, n := range s.statuses {
		if n == status {
			return true
		}
	}
	return false
}

func (s *sign) numbered(n int) bool {
	for _, m := range s.numbers {
		if n == m {
			return true
		}
	}
	return false
}

// byStatus decides by the status alone; false for 429, whose words and
// headers tell more, and for a fault without a status that is a limit.
func byStatus(c *fault.Error) bool {
	switch c.Status {
	case 0:
		if c.Kind == fault.RateLimited {
			return false
		}
	case 401, 498:
		c.Kind, c.Scope = fault.AuthExpired, fault.ScopeAccount
	case 402:
		c.Kind, c.Scope, c.Code = fault.Quota, fault.ScopeAccount, fault.CodeBilling
	case 403, 426, 451:
		c.Kind, c.Scope = fault.Denied, fault.ScopeModel
	case 404, 410:
		c.Kind, c.Scope = fault.ModelGone, fault.ScopeModel
	case 408:
		c.Kind = fault.Timeout
	case 413:
		c.Kind = fault.TooLarge
	case 429:
		return false
	case 405, 409, 421, 423, 424, 425, 499:
		c.Kind = fault.Upstream
	case 501:
		c.Kind = fault.Unsupported
	case 503, 529:
		c.Kind = fault.Overloaded
	case 504, 522, 524:
		c.Kind = fault.Timeout
	}
	switch c.Kind {
	case fault.Unauthorized, fault.Forbidden, fault.NotFound, fault.Conflict, fault.Budget, fault.Internal, fault.Exhausted:
		c.Kind = fault.Upstream // these are ours alone
	}
	return true
}

// limited reads a 429. Only words that name the account or a window rest the
// whole account; everything else rests this model on this account (api.md, "a
// resting target").
func (w *words) limited(c *fault.Error, h http.Header, now time.Time) {
	c.Kind, c.Scope = fault.RateLimited, fault.ScopeModel
	switch {
	case unified(h).rejected:
		c.Kind = fault.Quota
		if !unified(h).oneModel {
			c.Scope = fault.ScopeAccount
		}
	case w.quotas != "" || strings.Contains(w.text, "resource_exhausted"): // Google counts per model
		if strings.Contains(w.quotas, "perday") || strings.Contains(w.text, "quota_exhausted") {
			c.Kind = fault.Quota
		}
	case strings.Contains(h.Get("X-Model-Quota-Remaining"), "=0"): // MiniMax: that model only
		c.Kind = fault.Quota
	case w.any(perModel):
		if w.any(windows) {
			c.Kind = fault.Quota
		}
	case w.any(windows) || w.any(wholeAccount):
		c.Kind, c.Scope = fault.Quota, fault.ScopeAccount
	}
}

// perModel words count for one model even where they name a window: OpenAI
// and Groq limit each model per day, OpenRouter its free models.
var perModel = []string{"in organization", "free-models-per", "for this model", "for model"}

var windows = []string{"perday", "per day", "per-day", "(rpd)", "(tpd)", "daily", "weekly", "monthly", "per month", "per week", "5-hour", "five-hour", "5 hour"}

var wholeAccount = []string{"exceeded your current quota", "quota exceeded", "quota has been", "billing", "your plan", "your account", "this account"}
