package gemini

import (
	"net/http"
	"strings"

	"omniroute/backend/fault"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// DecodeError implements wire.Codec: Google's error object, alone or in a
// list (formats.md R64), in either format.
func (c codec) DecodeError(status int, h http.Header, body []byte) error {
	info := wire.ErrorFields(status, h, body)
	word := strings.ToUpper(info.Code)
	if status < 400 {
		status = info.Number
		if status < 400 || status > 599 {
			status = statusOf(word)
		}
	}
	e := fault.New(kindOfWord(word, status), "wire.gemini", "%s", info.Message)
	e.Status, e.Param, e.RetryAfter = status, info.Param, info.RetryAfter
	refine(e, word, info.Object)
	return e
}

// statusOf is the HTTP status of one of Google's status words; 500 for an
// unknown one.
func statusOf(word string) int {
	switch word {
	case "INVALID_ARGUMENT", "FAILED_PRECONDITION", "OUT_OF_RANGE":
		return 400
	case "UNAUTHENTICATED":
		return 401
	case "PERMISSION_DENIED":
		return 403
	case "NOT_FOUND":
		return 404
	case "ABORTED", "ALREADY_EXISTS":
		return 409
	case "RESOURCE_EXHAUSTED":
		return 429
	case "UNAVAILABLE":
		return 503
	case "DEADLINE_EXCEEDED":
		return 504
	}
	return 500
}

func kindOfWord(word string, status int) fault.Kind {
	switch word {
	case "INVALID_ARGUMENT", "FAILED_PRECONDITION", "OUT_OF_RANGE":
		if status == http.StatusRequestEntityTooLarge {
			return fault.TooLarge
		}
		return fault.Invalid
	case "UNAUTHENTICATED":
		return fault.AuthExpired
	case "PERMISSION_DENIED":
		return fault.Denied
	case "NOT_FOUND":
		return fault.ModelGone
	case "RESOURCE_EXHAUSTED":
		return fault.RateLimited
	case "UNAVAILABLE":
		return fault.Overloaded
	case "DEADLINE_EXCEEDED":
		return fault.Timeout
	case "INTERNAL", "UNKNOWN", "DATA_LOSS", "ABORTED", "CANCELLED":
		if status >= 500 {
			return fault.Upstream
		}
	}
	return wire.KindOfStatus(status)
}

// refine reads what Google says in words and details only: a bad key and a
// prompt that is too long both come as INVALID_ARGUMENT.
func refine(e *fault.Error, word string, object []byte) {
	low := strings.ToLower(e.Public)
	switch {
	case e.Kind == fault.ModelGone:
		e.Code, e.Scope = fault.CodeModelNotFound, fault.ScopeModel
	case e.Status == http.StatusPaymentRequired, word == "FAILED_PRECONDITION" && strings.Contains(low, "billing"):
		e.Kind, e.Code, e.Scope = fault.Quota, fault.CodeBilling, fault.ScopeAccount
	case e.Kind == fault.TooLarge:
		e.Code = fault.CodeBodyTooLarge
	case e.Kind != fault.Invalid:
	case reason(object) == "API_KEY_INVALID", strings.Contains(low, "api key not valid"), strings.Contains(low, "api key expired"):
		e.Kind, e.Status, e.Scope = fault.AuthRevoked, http.StatusUnauthorized, fault.ScopeAccount
	case strings.Contains(low, "token") && strings.Contains(low, "exceed") && (strings.Contains(low, "input") || strings.Contains(low, "maximum number of tokens")):
		e.Kind, e.Code = fault.TooLarge, fault.CodeContextLength
	case strings.Contains(low, "payload size exceeds"):
		e.Kind, e.Code, e.Status = fault.TooLarge, fault.CodeBodyTooLarge, http.StatusRequestEntityTooLarge
	}
}

// reason is the word of the ErrorInfo among the details.
func reason(object []byte) string {
	for _, d := range jscan.Elements(jscan.Get(object, "details")) {
		if s := jscan.Str(jscan.Get(d, "reason")); s != "" {
			return s
		}
	}
	return ""
}

// EncodeError implements wire.Codec. The official client reads the body only
// when its type is JSON.
func (c codec) EncodeError(err error, requestID string) (int, http.Header, []byte) {
	e := fault.As(err)
	if e == nil {
		e = fault.New(fault.Internal, "wire.gemini", "The gateway made a mistake.")
	}
	status, _ := statusAndWord(e)
	h := http.Header{"Content-Type": {"application/json; charset=utf-8"}}
	if v := wire.RetryHeader(e.RetryAfter); v != "" {
		h.Set("Retry-After", v)
	}
	return status, h, appendError(nil, e, requestID)
}

// statusAndWord is the class of an error in Google's words (formats.md 4.8).
func statusAndWord(e *fault.Error) (int, string) {
	if e.Code == fault.CodeBilling {
		return http.StatusPaymentRequired, "FAILED_PRECONDITION"
	}
	own := func(from, to, other int) int {
		if e.Status >= from && e.Status <= to {
			return e.Status
		}
		return other
	}
	switch e.Kind {
	case fault.Invalid, fault.Unsupported:
		return own(400, 499, 400), "INVALID_ARGUMENT"
	case fault.TooLarge:
		if e.Code == fault.CodeContextLength {
			return 400, "INVALID_ARGUMENT"
		}
		return 413, "INVALID_ARGUMENT"
	case fault.Unauthorized, fault.AuthExpired, fault.AuthRevoked:
		return 401, "UNAUTHENTICATED"
	case fault.Forbidden, fault.Denied:
		return 403, "PERMISSION_DENIED"
	case fault.NotFound, fault.ModelGone:
		return 404, "NOT_FOUND"
	case fault.Conflict:
		return 409, "ABORTED"
	case fault.Budget, fault.Quota, fault.RateLimited:
		return 429, "RESOURCE_EXHAUSTED"
	case fault.Overloaded, fault.Exhausted:
		return 503, "UNAVAILABLE"
	case fault.Timeout:
		return 504, "DEADLINE_EXCEEDED"
	case fault.Canceled:
		return 499, "CANCELLED"
	case fault.Internal:
		return 500, "INTERNAL"
	}
	return own(500, 599, 502), "INTERNAL"
}

// appendError writes {"error":…} with the details Google's clients know.
func appendError(dst []byte, e *fault.Error, requestID string) []byte {
	status, word := statusAndWord(e)
	w := buffer{b: append(dst, `{"error":{`...)}
	w.int("code", int64(status))
	w.text("message", e.Public)
	w.text("status", word)
	mark := len(w.b)
	w.open("details", '[')
	start := len(w.b)
	if v := wire.RetryHeader(e.RetryAfter); v != "" {
		w.detail("RetryInfo")
		w.text("retryDelay", v+"s")
		w.b = append(w.b, '}')
	}
	if e.Param != "" {
		w.detail("BadRequest")
		w.open("fieldViolations", '[')
		w.b = append(w.b, '{')
		w.text("field", e.Param)
		w.text("description", e.Public)
		w.b = append(w.b, "}]}"...)
	}
	if requestID != "" {
		w.detail("RequestInfo")
		w.text("requestId", requestID)
		w.b = append(w.b, '}')
	}
	if len(w.b) == start {
		w.b = w.b[:mark]
	} else {
		w.b = append(w.b, ']')
	}
	return append(w.b, "}}"...)
}

func (w *buffer) detail(kind string) {
	w.comma()
	w.b = append(w.b, '{')
	w.text("@type", "type.googleapis.com/google.rpc."+kind)
}
