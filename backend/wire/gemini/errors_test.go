package gemini

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"omniroute/backend/fault"
)

func TestDecodeError(t *testing.T) {
	google := func(code, status, message, more string) string {
		return `{"error":{"code":` + code + `,"message":"` + message + `","status":"` + status + `"` + more + `}}`
	}
	cases := []struct {
		name   string
		status int
		body   string
		kind   fault.Kind
		code   string
		want   int // status
		after  time.Duration
	}{
		{"bad request", 400, google("400", "INVALID_ARGUMENT", "bad", ""), fault.Invalid, "", 400, 0},
		{"context (P76)", 400, google("400", "INVALID_ARGUMENT", "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).", ""), fault.TooLarge, fault.CodeContextLength, 400, 0},
		{"payload", 400, google("400", "INVALID_ARGUMENT", "Request payload size exceeds the limit: 20971520 bytes.", ""), fault.TooLarge, fault.CodeBodyTooLarge, 413, 0},
		{"a bad key comes as 400", 400, google("400", "INVALID_ARGUMENT", "API key not valid.", `,"details":[{"@type":"x","reason":"API_KEY_INVALID"}]`), fault.AuthRevoked, "", 401, 0},
		{"login", 401, google("401", "UNAUTHENTICATED", "no", ""), fault.AuthExpired, "", 401, 0},
		{"permission", 403, google("403", "PERMISSION_DENIED", "no", ""), fault.Denied, "", 403, 0},
		{"model", 404, google("404", "NOT_FOUND", "no", ""), fault.ModelGone, fault.CodeModelNotFound, 404, 0},
		{"slow (R61)", 429, google("429", "RESOURCE_EXHAUSTED", "slow", `,"details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"36.4s"}]`), fault.RateLimited, "", 429, 36400 * time.Millisecond},
		{"in a list (R64)", 503, "[" + google("503", "UNAVAILABLE", "busy", "") + "]", fault.Overloaded, "", 503, 0},
		{"inside", 500, google("500", "INTERNAL", "oops", ""), fault.Upstream, "", 500, 0},
		{"late", 504, google("504", "DEADLINE_EXCEEDED", "late", ""), fault.Timeout, "", 504, 0},
		{"billing", 400, google("400", "FAILED_PRECONDITION", "Enable billing.", ""), fault.Quota, fault.CodeBilling, 400, 0},
		{"region", 400, google("400", "FAILED_PRECONDITION", "User location is not supported.", ""), fault.Invalid, "", 400, 0},
		{"in a stream", 200, google("429", "RESOURCE_EXHAUSTED", "slow", ""), fault.RateLimited, "", 429, 0},
		{"in a stream without number", 200, `{"error":{"message":"x","status":"UNAVAILABLE"}}`, fault.Overloaded, "", 503, 0},
		{"a web page (R62)", 502, "<html><title>Bad</title></html>", fault.Upstream, "", 502, 0},
		{"nothing", 500, "", fault.Upstream, "", 500, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			e := fault.As(New().DecodeError(c.status, http.Header{}, []byte(c.body)))
			if e.Kind != c.kind || e.Code != c.code || e.Status != c.want || e.RetryAfter != c.after || e.Public == "" {
				t.Errorf("got %v %q %d %v %q", e.Kind, e.Code, e.Status, e.RetryAfter, e.Public)
			}
		})
	}
}

func TestEncodeError(t *testing.T) {
	with := func(kind fault.Kind, edit func(*fault.Error)) error {
		return fault.New(kind, "x", "why").With(edit)
	}
	none := func(*fault.Error) {}
	cases := []struct {
		name   string
		err    error
		status int
		want   string
	}{
		{"invalid", with(fault.Invalid, func(e *fault.Error) { e.Param = "contents" }), 400, `{"error":{"code":400,"message":"why","status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.BadRequest","fieldViolations":[{"field":"contents"}]},{"requestId":"req_1"}]}}`},
		{"unprocessable", with(fault.Invalid, func(e *fault.Error) { e.Status = 422 }), 422, `{"error":{"code":422,"status":"INVALID_ARGUMENT"}}`},
		{"context", with(fault.TooLarge, func(e *fault.Error) { e.Code = fault.CodeContextLength }), 400, `{"error":{"status":"INVALID_ARGUMENT"}}`},
		{"body", with(fault.TooLarge, none), 413, `{"error":{"code":413,"status":"INVALID_ARGUMENT"}}`},
		{"key", with(fault.Unauthorized, none), 401, `{"error":{"status":"UNAUTHENTICATED"}}`},
		{"login", with(fault.AuthRevoked, func(e *fault.Error) { e.Status = 400 }), 401, `{"error":{"status":"UNAUTHENTICATED"}}`},
		{"denied", with(fault.Denied, none), 403, `{"error":{"status":"PERMISSION_DENIED"}}`},
		{"model", with(fault.ModelGone, none), 404, `{"error":{"status":"NOT_FOUND"}}`},
		{"money", with(fault.Quota, func(e *fault.Error) { e.Code, e.Status = fault.CodeBilling, 429 }), 402, `{"error":{"code":402,"status":"FAILED_PRECONDITION"}}`},
		{"slow", with(fault.RateLimited, func(e *fault.Error) { e.RetryAfter = 36200 * time.Millisecond }), 429, `{"error":{"status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"37s"},{}]}}`},
		{"529", with(fault.Overloaded, func(e *fault.Error) { e.Status = 529 }), 503, `{"error":{"code":503,"status":"UNAVAILABLE"}}`},
		{"their own 500", with(fault.Upstream, func(e *fault.Error) { e.Status = 500 }), 500, `{"error":{"code":500,"status":"INTERNAL"}}`},
		{"no valid answer", with(fault.Truncated, none), 502, `{"error":{"code":502,"status":"INTERNAL"}}`},
		{"late", with(fault.Timeout, none), 504, `{"error":{"status":"DEADLINE_EXCEEDED"}}`},
		{"nobody left", with(fault.Exhausted, none), 503, `{"error":{"status":"UNAVAILABLE"}}`},
		{"a bug", errors.New("password"), 500, `{"error":{"code":500,"status":"INTERNAL"}}`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			status, h, body := New().EncodeError(c.err, "req_1")
			if status != c.status || h.Get("Content-Type") != "application/json; charset=utf-8" {
				t.Errorf("status %d, header %v", status, h)
			}
			subset(t, body, c.want)
		})
	}
	_, h, _ := New().EncodeError(with(fault.RateLimited, func(e *fault.Error) { e.RetryAfter = 100 * time.Millisecond }), "")
	if h.Get("Retry-After") != "1" {
		t.Errorf("Retry-After %q", h.Get("Retry-After"))
	}
}

func TestCount(t *testing.T) {
	if got := string(New().EncodeCount(9)); got != `{"totalTokens":9}` {
		t.Error(got)
	}
	for in, want := range map[string]int64{`{"totalTokens":31}`: 31, `{"response":{"totalTokens":"7"}}`: 7} {
		if n, err := New().DecodeCount([]byte(in)); err != nil || n != want {
			t.Errorf("%s: %d %v", in, n, err)
		}
	}
	if _, err := New().DecodeCount([]byte(`{"error":{"code":404,"message":"no","status":"NOT_FOUND"}}`)); kind(err) != fault.ModelGone {
		t.Error(err)
	}
	if _, err := New().DecodeCount([]byte(`{}`)); kind(err) != fault.Upstream {
		t.Error(err)
	}
}
