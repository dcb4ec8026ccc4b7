package anthropic

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"omniroute/backend/fault"
)

func TestDecodeError(t *testing.T) {
	body := func(kind, message string) string {
		return `{"type":"error","error":{"type":"` + kind + `","message":"` + message + `"},"request_id":"req_1"}`
	}
	cases := []struct {
		name    string
		status  int
		body    string
		kind    fault.Kind
		code    string
		want    int
		message string
	}{
		{"overloaded", 529, body("overloaded_error", "Overloaded"), fault.Overloaded, "", 529, "Overloaded"},
		{"overloaded inside a 200", 200, body("overloaded_error", "Overloaded"), fault.Overloaded, "", 529, "Overloaded"},
		{"rate", 429, body("rate_limit_error", "slow"), fault.RateLimited, "", 429, "slow"},
		{"auth", 401, body("authentication_error", "bad"), fault.AuthExpired, "", 401, "bad"},
		{"permission", 403, body("permission_error", "no"), fault.Denied, "", 403, "no"},
		{"model", 404, body("not_found_error", "model: x"), fault.ModelGone, fault.CodeModelNotFound, 404, "model: x"},
		{"size", 413, body("request_too_large", "big"), fault.TooLarge, fault.CodeBodyTooLarge, 413, "big"},
		{"billing", 402, body("billing_error", "pay"), fault.Quota, fault.CodeBilling, 402, "pay"},
		{"window", 400, body("invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"), fault.TooLarge, fault.CodeContextLength, 400, "prompt is too long"},
		{"window and limit", 400, body("invalid_request_error", "input length and `max_tokens` exceed context limit: 1 + 2 > 3"), fault.TooLarge, fault.CodeContextLength, 400, "exceed context limit"},
		{"request", 400, body("invalid_request_error", "messages.0: bad"), fault.Invalid, "", 400, "messages.0: bad"},
		{"api", 500, body("api_error", "boom"), fault.Upstream, "", 500, "boom"},
		{"timeout", 504, body("timeout_error", "slow"), fault.Timeout, "", 504, "slow"},
		{"thread", 404, `{"type":"error","error":{"type":"not_found_error","message":"gone","details":{"error_code":"thread_not_found"}}}`, fault.ModelGone, fault.CodeThreadNotFound, 404, "gone"},
		{"R62 html", 502, `<html><head><title>502 Bad Gateway</title></head></html>`, fault.Upstream, "", 502, "502"},
		{"R62 nothing", 503, ``, fault.Overloaded, "", 503, "503"},
		{"other shape", 400, `{"error":{"message":"nope","code":"strange"}}`, fault.Invalid, "strange", 400, "nope"},
		{"unknown type", 418, body("teapot_error", "short"), fault.Invalid, "", 418, "short"},
	}
	for _, c := range cases {
		e := fault.As(New().DecodeError(c.status, http.Header{"Retry-After": {"12"}}, []byte(c.body)))
		if e.Kind != c.kind || e.Code != c.code || e.HTTPStatus() != c.want || !strings.Contains(e.Public, c.message) || strings.Contains(e.Public, "<") || e.RetryAfter != 12*time.Second {
			t.Errorf("%s: kind %v code %q status %d %q wait %v", c.name, e.Kind, e.Code, e.HTTPStatus(), e.Public, e.RetryAfter)
		}
	}
}

func TestEncodeError(t *testing.T) {
	with := func(kind fault.Kind, status int, code string) *fault.Error {
		return fault.New(kind, "", "why").With(func(e *fault.Error) { e.Status, e.Code = status, code })
	}
	cases := []struct {
		name   string
		err    error
		status int
		body   string
	}{
		{"invalid", with(fault.Invalid, 0, ""), 400, `{"type":"error","error":{"type":"invalid_request_error","message":"why"},"request_id":"r"}`},
		{"own 4xx", with(fault.Invalid, 422, ""), 422, `{"type":"error","error":{"type":"invalid_request_error","message":"why"},"request_id":"r"}`},
		{"P76 window", with(fault.TooLarge, 400, fault.CodeContextLength), 400, `{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: why"},"request_id":"r"}`},
		{"body", with(fault.TooLarge, 0, fault.CodeBodyTooLarge), 413, `{"type":"error","error":{"type":"request_too_large","message":"why"},"request_id":"r"}`},
		{"unauthorized", with(fault.Unauthorized, 0, ""), 401, `{"type":"error","error":{"type":"authentication_error","message":"why"},"request_id":"r"}`},
		{"expired", with(fault.AuthExpired, 401, "invalid_api_key"), 401, `{"type":"error","error":{"type":"authentication_error","message":"why"},"request_id":"r"}`},
		{"billing as OpenAI sends it", with(fault.Quota, 429, fault.CodeBilling), 402, `{"type":"error","error":{"type":"billing_error","message":"why"},"request_id":"r"}`},
		{"quota", with(fault.Quota, 429, ""), 429, `{"type":"error","error":{"type":"rate_limit_error","message":"why"},"request_id":"r"}`},
		{"denied", with(fault.Denied, 403, ""), 403, `{"type":"error","error":{"type":"permission_error","message":"why"},"request_id":"r"}`},
		{"model", with(fault.NotFound, 0, fault.CodeModelNotFound), 404, `{"type":"error","error":{"type":"not_found_error","message":"why"},"request_id":"r"}`},
		{"overloaded", with(fault.Overloaded, 503, ""), 529, `{"type":"error","error":{"type":"overloaded_error","message":"why"},"request_id":"r"}`},
		{"upstream", with(fault.Upstream, 0, ""), 502, `{"type":"error","error":{"type":"api_error","message":"why"},"request_id":"r"}`},
		{"own 5xx", with(fault.Upstream, 500, ""), 500, `{"type":"error","error":{"type":"api_error","message":"why"},"request_id":"r"}`},
		{"timeout", with(fault.Timeout, 0, ""), 504, `{"type":"error","error":{"type":"timeout_error","message":"why"},"request_id":"r"}`},
		{"exhausted", with(fault.Exhausted, 0, ""), 503, `{"type":"error","error":{"type":"api_error","message":"why"},"request_id":"r"}`},
		{"R9 create", with(fault.Unsupported, 0, fault.CodeThreadUnsupported), 400, `{"type":"error","error":{"type":"invalid_request_error","message":"why","details":{"error_code":"thread_unsupported_request","unsupported":[]}},"request_id":"r"}`},
		{"R9 continue", with(fault.NotFound, 0, fault.CodeThreadNotFound), 404, `{"type":"error","error":{"type":"not_found_error","message":"why","details":{"error_code":"thread_not_found"}},"request_id":"r"}`},
		{"code of an upstream", with(fault.Invalid, 400, "strange\""), 400, `{"type":"error","error":{"type":"invalid_request_error","message":"why","details":{"error_code":"strange\""}},"request_id":"r"}`},
		{"n", with(fault.Unsupported, 0, fault.CodeUnsupportedParam), 400, `{"type":"error","error":{"type":"invalid_request_error","message":"why"},"request_id":"r"}`},
	}
	for _, c := range cases {
		status, h, body := New().EncodeError(c.err, "r")
		if status != c.status || h.Get("Content-Type") != "application/json" {
			t.Errorf("%s: status %d, want %d; %v", c.name, status, c.status, h)
		}
		same(t, c.name, string(body), c.body)
	}
	status, _, body := New().EncodeError(errors.New("secret detail"), "")
	if status != 500 || strings.Contains(string(body), "secret") || strings.Contains(string(body), "request_id") {
		t.Errorf("unclassified: %d %s", status, body)
	}
}

func TestErrorHeaders(t *testing.T) {
	wait := fault.New(fault.RateLimited, "", "x").With(func(e *fault.Error) { e.RetryAfter = 11200 * time.Millisecond })
	_, h, _ := New().EncodeError(wait, "")
	if h.Get("Retry-After") != "12" || h.Get("X-Should-Retry") != "" {
		t.Errorf("R61: %v", h)
	}
	for _, e := range []error{fault.New(fault.Budget, "", "x"), fault.New(fault.Quota, "", "x")} {
		if _, h, _ := New().EncodeError(e, ""); h.Get("X-Should-Retry") != "false" {
			t.Errorf("%v: %v", e, h)
		}
	}
}
