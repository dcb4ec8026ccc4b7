package responses

import (
	"net/http"
	"strings"

	"omniroute/backend/fault"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// DecodeError reads an upstream's failure (formats.md 4.8): {error:{…}},
// Codex's {detail:…} (R65), or anything a proxy puts in its place (R62).
func (codec) DecodeError(status int, h http.Header, body []byte) error {
	return faultOf(status, wire.ErrorFields(status, h, body))
}

// errorOf reads an error that came with a good status: inside a stream, in a
// failed response, or as a whole body (R66).
func errorOf(body []byte) error {
	if jscan.IsNull(jscan.Get(body, "error")) && jscan.Get(body, "message") == nil && jscan.Get(body, "detail") == nil {
		e := fault.New(fault.Upstream, "responses.upstream", "The upstream failed to make the response and gave no reason.")
		return e
	}
	info := wire.ErrorFields(0, nil, body)
	status := info.Number
	if n, ok := jscan.Int(jscan.Get(body, "status")); ok && status == 0 { // codex: {type:error,status:429,error:{…}}
		status = int(n)
	}
	if n, ok := jscan.Int(jscan.Get(body, "status_code")); ok && status == 0 {
		status = int(n)
	}
	if status < 400 || status > 599 {
		status = 0
	}
	return faultOf(status, info)
}

// faultOf classifies by code and type first: they say more than a status.
func faultOf(status int, info wire.ErrorInfo) *fault.Error {
	e := &fault.Error{Kind: fault.Upstream, Op: "responses.upstream", Status: status, Code: info.Code, Param: info.Param, RetryAfter: info.RetryAfter, Public: info.Message}
	if status >= 400 {
		e.Kind = wire.KindOfStatus(status)
	}
	word := info.Code
	if word == "" {
		word = info.Type
	}
	if c, ok := classOf(word); ok {
		e.Kind = c.kind
		if e.Status < 400 {
			e.Status = c.status
		}
	} else if c, ok := classOf(info.Type); ok && e.Status < 400 {
		e.Kind, e.Status = c.kind, c.status
	}
	switch low := strings.ToLower(e.Public); {
	case word == "billing_hard_limit_reached", word == "billing_not_active":
		e.Code = fault.CodeBilling
	case e.Kind == fault.Quota && status == 402:
		e.Code = fault.CodeBilling
	case e.Kind == fault.Invalid && tooLong(low):
		e.Kind, e.Code = fault.TooLarge, fault.CodeContextLength
	case e.Kind == fault.TooLarge && e.Code == "":
		e.Code = fault.CodeBodyTooLarge
	case e.Kind == fault.ModelGone && e.Code == "" && strings.Contains(low, "model"):
		e.Code = fault.CodeModelNotFound
	}
	if e.Kind == fault.TooLarge && e.Code == fault.CodeBodyTooLarge && tooLong(strings.ToLower(e.Public)) {
		e.Code = fault.CodeContextLength
	}
	return e
}

// tooLong finds the sentence for a conversation that no longer fits.
func tooLong(message string) bool {
	for _, s := range [...]string{"maximum context length", "context window", "context length exceeded", "input exceeds the context", "prompt is too long"} {
		if strings.Contains(message, s) {
			return true
		}
	}
	return false
}

// class is what a machine word means, and the status it usually comes with.
type class struct {
	word   string
	kind   fault.Kind
	status int
}

// classes are the codes and types of OpenAI, its compatible hosts and the
// Codex backend.
var classes = [...]class{
	{"context_length_exceeded", fault.TooLarge, 400},
	{"string_above_max_length", fault.Invalid, 400},
	{"request_too_large", fault.TooLarge, 413},
	{"insufficient_quota", fault.Quota, 429},
	{"billing_hard_limit_reached", fault.Quota, 429},
	{"billing_not_active", fault.Quota, 429},
	{"usage_limit_reached", fault.Quota, 429},
	{"usage_not_included", fault.Denied, 403},
	{"rate_limit_exceeded", fault.RateLimited, 429},
	{"rate_limit_error", fault.RateLimited, 429},
	{"rate_limit_reached", fault.RateLimited, 429},
	{"tokens", fault.RateLimited, 429},
	{"requests", fault.RateLimited, 429},
	{"invalid_api_key", fault.AuthExpired, 401},
	{"authentication_error", fault.AuthExpired, 401},
	{"permission_error", fault.Denied, 403},
	{"model_not_found", fault.ModelGone, 404},
	{"not_found_error", fault.ModelGone, 404},
	{"server_is_overloaded", fault.Overloaded, 503},
	{"overloaded_error", fault.Overloaded, 503},
	{"overloaded", fault.Overloaded, 503},
	{"slow_down", fault.Overloaded, 503},
	{"timeout", fault.Timeout, 504},
	{"server_error", fault.Upstream, 500},
	{"api_error", fault.Upstream, 500},
	{"invalid_prompt", fault.Invalid, 400},
	{"invalid_request_error", fault.Invalid, 400},
}

func classOf(word string) (class, bool) {
	for _, c := range classes {
		if c.word == word {
			return c, true
		}
	}
	return class{}, false
}

// EncodeError writes an error body with all four members (formats.md 4.8).
func (codec) EncodeError(err error, _ string) (int, http.Header, []byte) {
	e := fault.As(err)
	s := shapeOf(e)
	h := http.Header{"Content-Type": {"application/json"}}
	if v := wire.RetryHeader(e.RetryAfter); v != "" {
		h.Set("Retry-After", v)
	}
	if e.Kind == fault.Budget || e.Kind == fault.Quota { // the SDK would try every 429 again at once
		h.Set("x-should-retry", "false")
	}
	w := writer{b: make([]byte, 0, len(e.Public)+160)}
	w.lit(`{"error":{`)
	w.str("message", e.Public)
	w.str("type", s.typ)
	w.optStr("param", e.Param)
	w.optStr("code", s.code)
	w.lit("}}")
	return s.status, h, w.b
}

// shape is one row of table 4.8 in OpenAI's words.
type shape struct {
	status int
	typ    string
	code   string
}

// shapeOf finds the row. A code that says more than the row's own travels.
func shapeOf(e *fault.Error) shape {
	s := rowOf(e)
	switch e.Code {
	case "", fault.CodeContextLength, fault.CodeBilling, fault.CodeBodyTooLarge:
	default:
		if e.Code != strings.ToUpper(e.Code) { // Google's words stay with Google
			s.code = e.Code
		}
	}
	return s
}

func rowOf(e *fault.Error) shape {
	status := e.HTTPStatus()
	switch e.Kind {
	case fault.TooLarge:
		if e.Code == fault.CodeContextLength || e.Code == "" && e.Status == 400 {
			return shape{400, "invalid_request_error", fault.CodeContextLength}
		}
		return shape{413, "invalid_request_error", fault.CodeBodyTooLarge}
	case fault.Unauthorized, fault.AuthExpired, fault.AuthRevoked:
		return shape{401, "authentication_error", "invalid_api_key"}
	case fault.Quota, fault.Budget, fault.RateLimited:
		if e.Code == fault.CodeBilling {
			return shape{429, fault.CodeBilling, fault.CodeBilling}
		}
		return shape{429, "rate_limit_error", "rate_limit_exceeded"}
	case fault.Forbidden, fault.Denied:
		return shape{403, "permission_error", ""}
	case fault.NotFound, fault.ModelGone:
		return shape{404, "invalid_request_error", fault.CodeModelNotFound}
	case fault.Timeout:
		return shape{504, "server_error", "timeout"}
	case fault.Overloaded, fault.Exhausted:
		return shape{503, "server_error", "overloaded"}
	}
	if status >= 500 {
		return shape{status, "server_error", ""}
	}
	return shape{status, "invalid_request_error", ""}
}

// failure writes response.error: the SDK's list of codes is closed (R68).
func (w *writer) failure(err error) {
	e := fault.As(err)
	code := "server_error"
	switch {
	case rowOf(e).status == http.StatusTooManyRequests:
		code = "rate_limit_exceeded"
	case streamCode(e.Code):
		code = e.Code
	}
	w.lit("{")
	w.str("code", code)
	w.str("message", e.Public)
	w.end('}')
}

// streamCode reports the other words of that list.
func streamCode(code string) bool {
	switch code {
	case "invalid_prompt", "data_residency_mismatch", "bio_policy", "vector_store_timeout", "invalid_image", "invalid_image_format",
		"invalid_base64_image", "invalid_image_url", "image_too_large", "image_too_small", "image_parse_error",
		"image_content_policy_violation", "invalid_image_mode", "image_file_too_large", "unsupported_image_media_type",
		"empty_image_file", "failed_to_download_image", "image_file_not_found":
		return true
	}
	return false
}
