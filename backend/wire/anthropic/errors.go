package anthropic

import (
	"net/http"
	"strings"

	"omniroute/backend/fault"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// tooLong is how this vendor says that a conversation no longer fits. Claude
// Code compacts when an error begins with it (formats.md 4.8, P76).
const tooLong = "prompt is too long"

// errorClass is one row of table 4.8 of formats.md.
type errorClass struct {
	word   string // error.type
	kind   fault.Kind
	status int
}

// errorClasses is what the vendor's words mean.
var errorClasses = [...]errorClass{
	{"invalid_request_error", fault.Invalid, 400},
	{"authentication_error", fault.AuthExpired, 401},
	{"billing_error", fault.Quota, 402},
	{"permission_error", fault.Denied, 403},
	{"not_found_error", fault.ModelGone, 404},
	{"request_too_large", fault.TooLarge, 413},
	{"rate_limit_error", fault.RateLimited, 429},
	{"api_error", fault.Upstream, 500},
	{"timeout_error", fault.Timeout, 504},
	{"overloaded_error", fault.Overloaded, 529},
}

// DecodeError reads a failure of the upstream. A status that is no error (an
// error inside a 200 or inside a stream) is replaced by the one its type
// stands for (formats.md R66).
func (codec) DecodeError(status int, h http.Header, body []byte) error {
	info := wire.ErrorFields(status, h, body)
	e := &fault.Error{
		Kind: wire.KindOfStatus(status), Op: "anthropic.upstream", Status: status,
		Code: info.Code, Param: info.Param, RetryAfter: info.RetryAfter, Public: info.Message,
	}
	word := info.Type
	if e.Code == "" {
		e.Code = jscan.Str(jscan.Path(info.Object, "details", "error_code"))
	}
	if status < 400 {
		e.Kind, e.Status = fault.Upstream, 0
		if info.Number >= 400 && info.Number <= 599 {
			e.Kind, e.Status = wire.KindOfStatus(info.Number), info.Number
		}
	}
	for _, c := range errorClasses {
		if c.word == word {
			e.Kind = c.kind
			if e.Status == 0 {
				e.Status = c.status
			}
		}
	}
	refine(e, word)
	return e
}

// refine tells apart what one type or status covers.
func refine(e *fault.Error, word string) {
	low := strings.ToLower(e.Public)
	switch {
	case word == "billing_error":
		e.Code = fault.CodeBilling
	case e.Kind == fault.TooLarge && e.Code == "":
		e.Code = fault.CodeBodyTooLarge
	case e.Kind == fault.Invalid && (strings.HasPrefix(low, tooLong) || strings.Contains(low, "exceed context limit")):
		e.Kind, e.Code = fault.TooLarge, fault.CodeContextLength
	case e.Kind == fault.ModelGone && e.Code == "" && strings.Contains(low, "model"):
		e.Code = fault.CodeModelNotFound
	}
}

// EncodeError writes an error for a client of this format (formats.md 4.8).
func (codec) EncodeError(err error, requestID string) (int, http.Header, []byte) {
	e := fault.As(err)
	status, word := classify(e)
	h := http.Header{"Content-Type": {"application/json"}}
	if v := wire.RetryHeader(e.RetryAfter); v != "" {
		h.Set("Retry-After", v)
	}
	if pointless(e) {
		h.Set("X-Should-Retry", "false")
	}
	b := errorBody(nil, e, word)
	if requestID != "" {
		b = text(b[:len(b)-1], "request_id", requestID)
		b = append(b, '}')
	}
	return status, h, b
}

// pointless reports failures that a second try at once meets again: the SDK
// would otherwise retry every 429 (formats.md section 7).
func pointless(e *fault.Error) bool {
	return e.Kind == fault.Budget || e.Kind == fault.Quota || e.Code == fault.CodeBilling
}

// classify finds the status and the type for a client.
func classify(e *fault.Error) (status int, word string) {
	switch e.Code {
	case fault.CodeContextLength, fault.CodeThreadUnsupported:
		return 400, "invalid_request_error"
	case fault.CodeThreadNotFound:
		return 404, "not_found_error"
	case fault.CodeBilling:
		return 402, "billing_error"
	case fault.CodeBodyTooLarge:
		return 413, "request_too_large"
	}
	switch e.Kind {
	case fault.TooLarge:
		if e.Status == 400 {
			return 400, "invalid_request_error"
		}
		return 413, "request_too_large"
	case fault.Overloaded:
		return 529, "overloaded_error"
	case fault.Timeout:
		return 504, "timeout_error"
	case fault.Quota, fault.RateLimited, fault.Budget:
		return 429, "rate_limit_error"
	case fault.AuthExpired, fault.AuthRevoked, fault.Unauthorized:
		return 401, "authentication_error"
	case fault.Denied, fault.Forbidden:
		return 403, "permission_error"
	case fault.ModelGone, fault.NotFound:
		return 404, "not_found_error"
	}
	status = e.HTTPStatus()
	return status, wordOf(status)
}

// wordOf is the type for a status that no kind decides.
func wordOf(status int) string {
	for _, c := range errorClasses {
		if c.status == status {
			return c.word
		}
	}
	if status >= 500 {
		return "api_error"
	}
	return "invalid_request_error"
}

// errorBody writes the error object. Codes this vendor could have sent travel
// in details, where the SDK looks for them (formats.md R9).
func errorBody(b []byte, e *fault.Error, word string) []byte {
	message := e.Public
	if e.Code == fault.CodeContextLength && !strings.HasPrefix(message, tooLong) {
		message = tooLong + ": " + message
	}
	if message == "" {
		message = "The request failed."
	}
	b = text(append(b, `{"type":"error","error":{`...), "type", word)
	b = text(b, "message", message)
	switch e.Code {
	case "", fault.CodeContextLength, fault.CodeBilling, fault.CodeBodyTooLarge, fault.CodeUnsupportedParam, fault.CodeModelNotFound,
		"rate_limit_exceeded", "invalid_api_key":
	case fault.CodeThreadUnsupported:
		b = append(b, `,"details":{"error_code":"`+fault.CodeThreadUnsupported+`","unsupported":[]}`...)
	default:
		b = append(text(append(member(b, "details"), '{'), "error_code", e.Code), '}')
	}
	return append(b, "}}"...)
}

// errorEvent writes an error inside a stream (formats.md R67).
func errorEvent(b []byte, err error) []byte {
	e := fault.As(err)
	_, word := classify(e)
	b = append(b, "event: error\ndata: "...)
	return append(errorBody(b, e, word), "\n\n"...)
}
