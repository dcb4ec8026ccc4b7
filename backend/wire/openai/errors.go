package openai

import (
	"net/http"
	"strings"
	"time"

	"omniroute/backend/fault"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// noAnswer is an upstream whose answer makes no sense.
func noAnswer(op string, cause error, public string) *fault.Error {
	return fault.Wrap(fault.Upstream, op, cause, public)
}

// DecodeError reads an upstream's failure; see wire.Codec. The message is kept
// (R60), HTML and empty bodies become one line (R62).
func (Codec) DecodeError(status int, h http.Header, body []byte) error {
	return decodeError("openai.error", status, h, body)
}

func decodeError(op string, status int, h http.Header, body []byte) *fault.Error {
	info := wire.ErrorFields(status, h, body)
	if status < 400 || status > 599 { // a failure inside a 200 (R66)
		status = 0
		if info.Number >= 400 && info.Number <= 599 {
			status = info.Number
		}
	}
	kind, code := classify(status, &info)
	return &fault.Error{Kind: kind, Op: op, Status: status, Code: code, Param: info.Param, RetryAfter: info.RetryAfter, Public: info.Message}
}

// classify is table 4.8 read backwards: first the words that say more than
// the status, then the status, then the type.
func classify(status int, info *wire.ErrorInfo) (fault.Kind, string) {
	code := info.Code
	switch {
	case code == fault.CodeContextLength || status != 429 && status < 500 && tooLong(info.Message):
		return fault.TooLarge, fault.CodeContextLength
	case code == fault.CodeBilling || info.Type == fault.CodeBilling || status == 402 || code == "billing_hard_limit_reached" || code == "billing_not_active":
		return fault.Quota, fault.CodeBilling
	case code == fault.CodeModelNotFound && status < 500:
		return fault.ModelGone, code
	case status == 413:
		return fault.TooLarge, fault.CodeBodyTooLarge
	}
	kind := fault.Upstream
	if status != 0 {
		kind = wire.KindOfStatus(status)
	}
	if kind == fault.Upstream {
		if k, known := kindOfWords(info.Type, code); known && (status == 0 || k == fault.Overloaded) {
			kind = k
		}
	}
	if kind == fault.ModelGone && code == "" {
		code = fault.CodeModelNotFound
	}
	return kind, code
}

// tooLong recognises a prompt that does not fit, in the words of many hosts
// (P76).
func tooLong(message string) bool {
	m := strings.ToLower(message)
	for _, words := range [...]string{
		"prompt is too long", "maximum context length", "context length exceeded", "context_length_exceeded",
		"exceeds the context window", "exceed context window", "exceeds the model's context", "exceeds the available context size",
		"exceeds context length", "exceed the context length", "maximum prompt length", "reduce the length of the messages",
		"reduce the length of the input", "input is too long", "input length exceeds", "exceeds the maximum number of tokens allowed",
		"exceeds the maximum number of input tokens", "exceeded model token limit", "longer than the model's context length",
	} {
		if strings.Contains(m, words) {
			return true
		}
	}
	return false
}

// kindOfWords classifies by error.type and error.code, for failures inside a
// stream that carry no status.
func kindOfWords(kind, code string) (fault.Kind, bool) {
	for _, s := range [...]string{strings.ToLower(kind), strings.ToLower(code)} {
		switch {
		case s == "":
		case strings.Contains(s, "overloaded") || s == "unavailable" || s == "service_unavailable":
			return fault.Overloaded, true
		case strings.Contains(s, "rate_limit") || s == "too_many_requests" || s == "resource_exhausted":
			return fault.RateLimited, true
		case strings.Contains(s, "authentication") || s == "invalid_api_key" || s == "unauthenticated":
			return fault.AuthExpired, true
		case strings.Contains(s, "permission"):
			return fault.Denied, true
		case strings.Contains(s, "not_found"):
			return fault.ModelGone, true
		case strings.Contains(s, "timeout") || s == "deadline_exceeded":
			return fault.Timeout, true
		case strings.Contains(s, "request_too_large"):
			return fault.TooLarge, true
		case strings.Contains(s, "invalid_request") || s == "invalid_argument" || s == "badrequesterror" || s == "bad_request":
			return fault.Invalid, true
		}
	}
	return 0, false
}

// words are OpenAI's type, code and status of a failure.
type words struct {
	kind, code string // code "" = null
	status     int
}

// wordsOf is table 4.8 for OpenAI.
func wordsOf(e *fault.Error) words {
	w := words{kind: "server_error", status: e.HTTPStatus()}
	switch e.Kind {
	case fault.Invalid, fault.Conflict:
		w.kind = "invalid_request_error"
		if w.status >= 500 {
			w.status = e.Kind.Policy().Status
		}
	case fault.Unsupported:
		w.kind, w.code = "invalid_request_error", fault.CodeUnsupportedParam
	case fault.TooLarge:
		w.kind, w.code, w.status = "invalid_request_error", fault.CodeBodyTooLarge, 413
		if e.Code == fault.CodeContextLength {
			w.code, w.status = fault.CodeContextLength, 400
		}
		return w
	case fault.Unauthorized, fault.AuthExpired, fault.AuthRevoked:
		w.kind, w.code, w.status = "authentication_error", "invalid_api_key", 401
	case fault.Forbidden, fault.Denied:
		w.kind, w.status = "permission_error", 403
	case fault.NotFound, fault.ModelGone:
		w.kind, w.code, w.status = "invalid_request_error", fault.CodeModelNotFound, 404
	case fault.Budget:
		w.kind, w.code, w.status = fault.CodeBilling, fault.CodeBilling, 429
	case fault.Quota, fault.RateLimited:
		w.kind, w.code, w.status = "rate_limit_error", "rate_limit_exceeded", 429
		if e.Code == fault.CodeBilling {
			w.kind, w.code = fault.CodeBilling, fault.CodeBilling
			return w
		}
	case fault.Timeout:
		w.code, w.status = "timeout", 504
	case fault.Overloaded:
		w.code, w.status = "overloaded", 503 // 529 is not known to OpenAI clients
	case fault.Upstream, fault.Truncated:
		if w.status < 500 || w.status == 529 {
			w.status = 502
		}
	}
	if travels(e.Code) {
		w.code = e.Code
	}
	return w
}

// travels tells whether an upstream's code means something to OpenAI's
// clients; another vendor's class words do not.
func travels(code string) bool {
	return code != "" && !strings.HasSuffix(code, "_error") && strings.ToUpper(code) != code
}

// appendError appends {"error":{…}} with all four keys.
func appendError(dst []byte, e *fault.Error) []byte {
	w := wordsOf(e)
	dst = append(dst, `{"error":{"message":`...)
	message := e.Public
	if message == "" {
		message = "The request failed."
	}
	dst = jscan.AppendQuoted(dst, message)
	dst = append(dst, `,"type":`...)
	dst = jscan.AppendQuoted(dst, w.kind)
	dst = append(dst, `,"param":`...)
	dst = appendOptional(dst, e.Param)
	dst = append(dst, `,"code":`...)
	dst = appendOptional(dst, w.code)
	return append(dst, "}}"...)
}

func appendOptional(dst []byte, s string) []byte {
	if s == "" {
		return append(dst, "null"...)
	}
	return jscan.AppendQuoted(dst, s)
}

// patience is how long a client may be asked to sleep before it tries again:
// the official SDK sleeps as long as Retry-After says, hours included.
const patience = time.Minute

// EncodeError writes an error for a chat client; see wire.Codec. Clients are
// told not to retry what cannot succeed soon: the SDK obeys x-should-retry.
// OpenAI's body has no place for a request id.
func (Codec) EncodeError(err error, _ string) (int, http.Header, []byte) {
	e := fault.As(err)
	if e == nil {
		e = fault.New(fault.Internal, "openai.error", "The gateway made a mistake.")
	}
	h := http.Header{"Content-Type": {"application/json"}}
	if wait := wire.RetryHeader(e.RetryAfter); wait != "" {
		h.Set("Retry-After", wait)
	}
	switch {
	case e.RetryAfter > patience, e.Kind == fault.Budget, e.Kind == fault.Conflict, e.Kind == fault.Quota && e.Code == fault.CodeBilling:
		h.Set("X-Should-Retry", "false")
	}
	return wordsOf(e).status, h, appendError(nil, e)
}
