package control

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"omniroute/backend/fault"
)

type echoIn struct {
	Caller Caller   `json:"-"`
	ID     string   `json:"id" path:"id"`
	Limit  int      `json:"limit" query:"limit"`
	Deep   bool     `json:"deep" query:"deep"`
	Name   string   `json:"name" query:"name,alias"`
	List   []string `json:"list"`
	Ptr    *int     `json:"ptr"`
}

type echoOut struct {
	ID   string `json:"id"`
	Text string `json:"text"`
}

func serveVerb(r Route, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	mux := http.NewServeMux()
	mux.HandleFunc(r.Pattern(), func(w http.ResponseWriter, req *http.Request) { r.answer(discard(), w, req, Caller{kind: callerAdmin}) })
	req := httptest.NewRequest(method, target, strings.NewReader(body))
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, req)
	return w
}

func TestInputs(t *testing.T) {
	var in echoIn
	r := verb("POST /x/{id}", func(i echoIn) (echoOut, error) { in = i; return echoOut{ID: i.ID}, nil })
	const whole = `{"name":"n","list":["a"],"ptr":3,"id":"from the body"}`
	for _, c := range []struct {
		name, target, body string
		headers            []string
		want               int
		says               string
	}{
		{"whole", "/x/a%2Fb?limit=5&deep=true", whole, nil, 200, `{"id":"a/b","text":""}`},
		{"no body", "/x/1", "", nil, 200, ""},
		{"null", "/x/1", "null", nil, 200, ""},
		{"byte order mark", "/x/1", "\xef\xbb\xbf{}", nil, 200, ""},
		{"any content type", "/x/1", `{}`, []string{"Content-Type: application/x-www-form-urlencoded"}, 200, ""},
		{"browser, JSON", "/x/1", `{}`, []string{"Origin: http://h", "Content-Type: application/json; charset=utf-8"}, 200, ""},
		{"browser, text", "/x/1", `{}`, []string{"Origin: http://h", "Content-Type: text/plain"}, 415, "application/json"},
		{"browser, none", "/x/1", `{}`, []string{"Sec-Fetch-Site: same-origin"}, 415, "application/json"},
		{"unknown field", "/x/1", `{"nam":"x"}`, nil, 400, `\"nam\"`},
		{"unknown field with a quote", "/x/1", `{"a\"b":1}`, nil, 400, `a\\\"b`},
		{"wrong type", "/x/1", `{"list":"a"}`, nil, 400, `\"list\" must be a list, not string`},
		{"wrong number", "/x/1", `{"ptr":1.5}`, nil, 400, `\"ptr\"`},
		{"caller", "/x/1", `{"Caller":{}}`, nil, 400, "Caller"},
		{"list", "/x/1", `[]`, nil, 400, "object"},
		{"text", "/x/1", `"x"`, nil, 400, "object"},
		{"broken", "/x/1", `{"name":`, nil, 400, "not valid JSON"},
		{"two values", "/x/1", `{}{}`, nil, 400, "not valid JSON"},
		{"form", "/x/1", `a=b`, nil, 400, "not valid JSON"},
		{"deep", "/x/1", strings.Repeat(`{"list":`, 600) + "1" + strings.Repeat("}", 600), nil, 400, "not valid JSON"},
		{"bad query number", "/x/1?limit=ten", "", nil, 400, "limit"},
		{"bad query flag", "/x/1?deep=perhaps", "", nil, 400, "deep"},
	} {
		in = echoIn{}
		w := serveVerb(r, "POST", c.target, c.body, c.headers...)
		if w.Code != c.want || !strings.Contains(w.Body.String(), c.says) {
			t.Errorf("%s: %d %s, want %d with %s", c.name, w.Code, w.Body, c.want, c.says)
		}
		if w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("X-Content-Type-Options") != "nosniff" || !strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") {
			t.Errorf("%s: headers %v", c.name, w.Header())
		}
		if c.name == "whole" {
			three := 3
			want := echoIn{Caller: Caller{kind: callerAdmin}, ID: "a/b", Limit: 5, Deep: true, Name: "n", List: []string{"a"}, Ptr: &three}
			if !reflect.DeepEqual(in, want) {
				t.Errorf("input %+v, want %+v", in, want)
			}
		}
	}
	get := verb("GET /x/{id}", func(i echoIn) (echoOut, error) { in = i; return echoOut{}, nil })
	if w := serveVerb(get, "GET", "/x/1?alias=older", "ignored"); w.Code != 200 || in.Name != "older" {
		t.Errorf("a query under its older name: %d %+v", w.Code, in)
	}
}

func TestBodyLimit(t *testing.T) {
	r := verb("POST /x", func(struct{}) (echoOut, error) { return echoOut{}, nil })
	body := `{"a":"` + strings.Repeat("x", MaxBody) + `"}`
	if w := serveVerb(r, "POST", "/x", body); w.Code != 413 || !strings.Contains(w.Body.String(), "64 MB") {
		t.Errorf("%d %.200s", w.Code, w.Body)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /x", func(w http.ResponseWriter, req *http.Request) { r.answer(discard(), w, req, Caller{}) })
	req := httptest.NewRequest("POST", "/x", strings.NewReader(body))
	req.ContentLength = -1 // chunked: the length is not told
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, req)
	if w.Code != 413 {
		t.Errorf("chunked: %d %.200s", w.Code, w.Body)
	}
}

// zeros is a body of n bytes that nobody has to hold.
type zeros struct{ n int }

func (z *zeros) Read(p []byte) (int, error) {
	if z.n <= 0 {
		return 0, io.EOF
	}
	n := min(len(p), z.n)
	z.n -= n
	return n, nil
}

// TestALargeBodyIsAnswered: who sends 70 MB hears why it was refused, however
// it was sent.
func TestALargeBodyIsAnswered(t *testing.T) {
	_, port := listening(t)
	for name, length := range map[string]int64{"told": 70 << 20, "chunked": -1} {
		req, err := http.NewRequest("POST", "http://127.0.0.1:"+strconv.Itoa(port)+"/api/combos", &zeros{70 << 20})
		if err != nil {
			t.Fatal(err)
		}
		req.ContentLength = length
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		text, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != 413 || !strings.Contains(string(text), "too_large") {
			t.Errorf("%s: %s %v %.200s", name, resp.Status, err, text)
		}
	}
}

func TestOutcomes(t *testing.T) {
	cause := errors.New("pq: secret sk-live-123 in /home/user/.omniroute/omniroute.db")
	outcome := func(err error) *httptest.ResponseRecorder {
		return serveVerb(verb("GET /x", func(struct{}) (echoOut, error) { return echoOut{}, err }), "GET", "/x", "")
	}
	for _, c := range []struct {
		err    error
		status int
		kind   string
	}{
		{fault.New(fault.Invalid, "t", "Say it right."), 400, "invalid"},
		{fault.New(fault.Unauthorized, "t", "Sign in."), 401, "unauthorized"},
		{fault.New(fault.Forbidden, "t", "No."), 403, "forbidden"},
		{fault.New(fault.NotFound, "t", "Not there."), 404, "not_found"},
		{fault.New(fault.Conflict, "t", "Taken."), 409, "conflict"},
		{fault.New(fault.TooLarge, "t", "Less."), 413, "too_large"},
		{fault.New(fault.AuthExpired, "t", "The upstream refused the key.").With(func(e *fault.Error) { e.Status = 401 }), 502, "auth_expired"},
		{fault.New(fault.Denied, "t", "The upstream refused.").With(func(e *fault.Error) { e.Status = 403 }), 502, "denied"},
		{fault.New(fault.Timeout, "t", "Too slow."), 504, "timeout"},
		{fault.Wrap(fault.Upstream, "t", cause, "It failed."), 502, "upstream"},
		{fault.Wrap(fault.Internal, "t", cause, ""), 500, "internal"},
		{cause, 500, "internal"},
	} {
		w := outcome(c.err)
		var body ErrorBody
		if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || w.Code != c.status || body.Error.Kind != c.kind || body.Error.Message == "" {
			t.Errorf("%v: %d %s", c.err, w.Code, w.Body)
		}
		if got := WindowError(c.err); got != body.Error {
			t.Errorf("the window hears %+v, a browser %+v", got, body.Error)
		}
		if strings.Contains(w.Body.String(), "sk-live") || strings.Contains(w.Body.String(), ".db") {
			t.Errorf("the cause is shown: %s", w.Body)
		}
	}
	w := outcome(fault.New(fault.RateLimited, "t", "Wait.").With(func(e *fault.Error) { e.RetryAfter, e.Param = 1200*time.Millisecond, "password" }))
	if want := `{"error":{"kind":"rate_limited","message":"Wait.","param":"password","retryAfterSeconds":2}}`; w.Code != 429 || w.Header().Get("Retry-After") != "2" || w.Body.String() != want {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	w = serveVerb(act("DELETE /x", func(struct{}) error { return nil }), "DELETE", "/x", "")
	if w.Code != 204 || w.Body.Len() != 0 {
		t.Errorf("act: %d %s", w.Code, w.Body)
	}
	w = serveVerb(create("POST /x", func(struct{}) (echoOut, error) { return echoOut{ID: "1"}, nil }), "POST", "/x", "")
	if w.Code != 201 {
		t.Errorf("create: %d", w.Code)
	}
}
