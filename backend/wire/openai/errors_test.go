package openai

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"omniroute/backend/fault"
)

func TestDecodeError(t *testing.T) {
	cases := []struct {
		status int
		body   string
		kind   fault.Kind
		code   string
		says   string
	}{
		{400, `{"error":{"message":"bad","type":"invalid_request_error","param":"p","code":null}}`, fault.Invalid, "", "bad"},
		{400, `{"error":{"message":"This model's maximum context length is 128000 tokens.","type":"invalid_request_error","code":"context_length_exceeded"}}`, fault.TooLarge, fault.CodeContextLength, "128000"},
		{400, `{"error":{"message":"Prompt is too long: 5 tokens"}}`, fault.TooLarge, fault.CodeContextLength, "too long"},
		{413, `<html><h1>413</h1></html>`, fault.TooLarge, fault.CodeBodyTooLarge, "413"},
		{401, `{"error":{"message":"Incorrect API key provided: sk-abcdefghijklmnopqrstuvwx","code":"invalid_api_key"}}`, fault.AuthExpired, "invalid_api_key", "Incorrect"},
		{402, `{"error":{"message":"Insufficient Balance"}}`, fault.Quota, fault.CodeBilling, "Balance"},
		{403, `{"error":{"message":"no"}}`, fault.Denied, "", "no"},
		{404, `{"error":{"message":"The model does not exist"}}`, fault.ModelGone, fault.CodeModelNotFound, "not exist"},
		{400, `{"error":{"message":"x","code":"model_not_found"}}`, fault.ModelGone, fault.CodeModelNotFound, "x"},
		{429, `{"error":{"message":"Rate limit reached","code":"rate_limit_exceeded"}}`, fault.RateLimited, "rate_limit_exceeded", "Rate"},
		{429, `{"error":{"message":"Request too large: reduce the length of the messages","type":"tokens"}}`, fault.RateLimited, "", "large"},
		{429, `{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","code":"insufficient_quota"}}`, fault.Quota, fault.CodeBilling, "quota"},
		{500, `{"error":{"message":"x","type":"overloaded_error"}}`, fault.Overloaded, "", "x"},
		{500, ``, fault.Upstream, "", "500"},
		{502, `<html><head><title>502 Bad Gateway</title></head></html>`, fault.Upstream, "", "502 Bad Gateway"},
		{503, `{"error":"warming up"}`, fault.Overloaded, "", "warming up"},
		{504, `upstream timed out`, fault.Timeout, "", "timed out"},
		{529, `{}`, fault.Overloaded, "", "error"},
		{200, `{"error":{"message":"x","code":401}}`, fault.AuthExpired, "", "x"},
		{400, `[{"error":{"code":400,"message":"m","status":"INVALID_ARGUMENT"}}]`, fault.Invalid, "INVALID_ARGUMENT", "m"},
	}
	for _, c := range cases {
		e := fault.As(Codec{}.DecodeError(c.status, http.Header{}, []byte(c.body)))
		if e.Kind != c.kind || e.Code != c.code || !strings.Contains(e.Public, c.says) {
			t.Errorf("%d %s: %s code %q %q, want %s code %q", c.status, c.body, e.Kind, e.Code, e.Public, c.kind, c.code)
		}
		if strings.ContainsAny(e.Public, "<>\n") || strings.Contains(e.Public, "sk-abc") {
			t.Errorf("%d %s: unfit for a client: %q", c.status, c.body, e.Public)
		}
	}
	e := fault.As(Codec{}.DecodeError(429, http.Header{"Retry-After": {"12"}}, []byte(`{"error":{"message":"x","param":"p"}}`)))
	if e.RetryAfter != 12*time.Second || e.Param != "p" || e.Status != 429 {
		t.Errorf("%+v", e)
	}
}

func TestEncodeError(t *testing.T) {
	cases := []struct {
		err    *fault.Error
		status int
		want   string
	}{
		{&fault.Error{Kind: fault.Invalid, Param: "p", Public: "bad"}, 400, `{"error":{"message":"bad","type":"invalid_request_error","param":"p","code":null}}`},
		{&fault.Error{Kind: fault.Invalid, Status: 422, Code: "own_code"}, 422, `{"error":{"code":"own_code"}}`},
		{&fault.Error{Kind: fault.TooLarge, Status: 413, Code: fault.CodeContextLength}, 400, `{"error":{"type":"invalid_request_error","code":"context_length_exceeded"}}`},
		{&fault.Error{Kind: fault.TooLarge}, 413, `{"error":{"code":"request_too_large"}}`},
		{&fault.Error{Kind: fault.Unsupported, Code: fault.CodeUnsupportedParam, Param: "n"}, 400, `{"error":{"type":"invalid_request_error","code":"unsupported_parameter","param":"n"}}`},
		{&fault.Error{Kind: fault.Unauthorized}, 401, `{"error":{"type":"authentication_error","code":"invalid_api_key"}}`},
		{&fault.Error{Kind: fault.Denied, Status: 403, Code: "PERMISSION_DENIED"}, 403, `{"error":{"type":"permission_error","code":null}}`},
		{&fault.Error{Kind: fault.ModelGone, Status: 404}, 404, `{"error":{"type":"invalid_request_error","code":"model_not_found"}}`},
		{&fault.Error{Kind: fault.Quota, Status: 402, Code: fault.CodeBilling}, 429, `{"error":{"type":"insufficient_quota","code":"insufficient_quota"}}`},
		{&fault.Error{Kind: fault.RateLimited, Status: 429, Code: "rate_limit_error"}, 429, `{"error":{"type":"rate_limit_error","code":"rate_limit_exceeded"}}`},
		{&fault.Error{Kind: fault.Budget}, 429, `{"error":{"type":"insufficient_quota"}}`},
		{&fault.Error{Kind: fault.Overloaded, Status: 529}, 503, `{"error":{"type":"server_error","code":"overloaded"}}`},
		{&fault.Error{Kind: fault.Upstream, Status: 500}, 500, `{"error":{"type":"server_error","code":null}}`},
		{&fault.Error{Kind: fault.Upstream}, 502, `{"error":{"type":"server_error"}}`},
		{&fault.Error{Kind: fault.Timeout}, 504, `{"error":{"type":"server_error","code":"timeout"}}`},
		{&fault.Error{Kind: fault.Internal}, 500, `{"error":{"message":"The request failed."}}`},
	}
	for _, c := range cases {
		status, h, body := Codec{}.EncodeError(c.err, "req_1")
		if status != c.status || h.Get("Content-Type") != "application/json" {
			t.Errorf("%s: status %d %v, want %d", c.err.Kind, status, h, c.status)
		}
		mustContain(t, body, c.want)
	}
	_, h, _ := Codec{}.EncodeError(&fault.Error{Kind: fault.RateLimited, RetryAfter: 1200 * time.Millisecond}, "")
	if h.Get("Retry-After") != "2" || h.Get("X-Should-Retry") != "" {
		t.Errorf("%v", h)
	}
	for _, e := range []*fault.Error{{Kind: fault.Budget}, {Kind: fault.Quota, Code: fault.CodeBilling}, {Kind: fault.Quota, RetryAfter: time.Hour}} {
		if _, h, _ = (Codec{}).EncodeError(e, ""); h.Get("X-Should-Retry") != "false" {
			t.Errorf("%s: %v", e.Kind, h)
		}
	}
}

// What an upstream of the same format said reaches the client unchanged in
// class, code and text.
func TestErrorRoundTrip(t *testing.T) {
	for _, body := range []string{
		`{"error":{"message":"Rate limit reached","type":"rate_limit_error","param":null,"code":"rate_limit_exceeded"}}`,
		`{"error":{"message":"m","type":"invalid_request_error","param":"messages[0]","code":"invalid_value"}}`,
	} {
		status := 429
		if strings.Contains(body, "invalid_value") {
			status = 400
		}
		got, _, out := Codec{}.EncodeError(Codec{}.DecodeError(status, nil, []byte(body)), "")
		if got != status {
			t.Errorf("status %d, want %d", got, status)
		}
		mustContain(t, out, body)
	}
}

func TestCount(t *testing.T) {
	n, err := Codec{}.DecodeCount(Codec{}.EncodeCount(42))
	if n != 42 || err != nil {
		t.Errorf("%d %v", n, err)
	}
	for _, bad := range []string{``, `{}`, `{"input_tokens":-1}`, `[`} {
		if _, err := (Codec{}).DecodeCount([]byte(bad)); err == nil {
			t.Errorf("accepted %q", bad)
		}
	}
}
