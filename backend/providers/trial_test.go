package providers

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"omniroute/backend/config"
	"omniroute/backend/wire"
	"omniroute/backend/wire/all"
	"omniroute/backend/wire/jscan"
)

// TestVerdicts walks contract.md F206: GET of the list, then a call of one
// token; 401 and 403 mean a bad key, 400, 422 and 429 an accepted one.
func TestVerdicts(t *testing.T) {
	c := facts(t)
	missing := answer{status: 404, body: []byte(`{"detail":"Not Found"}`)}
	chat := answers[wire.OpenAIChat]
	cases := []struct {
		name       string
		list, call answer
		verdict    Verdict
		valid      bool
		status     int
		calls      int // of one token
	}{
		{"list", ok(shapes["data"]), missing, VerdictOK, true, 200, 0},
		{"bad key at the list", refuse(401, `{"error":{"message":"no `+kitKey+`"}}`), ok(chat[0]), VerdictRefused, false, 401, 0},
		{"forbidden at the list", refuse(403, `{"error":{"message":"no"}}`), ok(chat[0]), VerdictRefused, false, 403, 0},
		{"a key that may not list", refuse(403, `{"error":{"message":"You have insufficient permissions for this operation. Missing scopes: api.model.read"}}`), ok(chat[0]), VerdictOK, true, 200, 1},
		{"400 at the list", refuse(400, `{}`), missing, VerdictAccepted, true, 400, 0},
		{"422 at the list", refuse(422, `{}`), missing, VerdictAccepted, true, 422, 0},
		{"429 at the list", refuse(429, `{}`), missing, VerdictLimited, true, 429, 0},
		{"bad key with 400", refuse(400, `{"error":{"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT"}}`), missing, VerdictRefused, false, 400, 0},
		{"failing list", refuse(500, ``), ok(chat[0]), VerdictUpstream, false, 500, 0},
		{"no list", missing, ok(chat[0]), VerdictOK, true, 200, 1},
		{"405", refuse(405, ``), ok(chat[0]), VerdictOK, true, 200, 1},
		{"501", refuse(501, ``), ok(chat[0]), VerdictOK, true, 200, 1},
		{"a page instead of a list", ok(`<html></html>`), ok(chat[0]), VerdictOK, true, 200, 1},
		{"bad key at the call", missing, refuse(401, chat[1]), VerdictRefused, false, 401, 1},
		{"forbidden at the call", missing, refuse(403, `{"error":{"message":"region"}}`), VerdictRefused, false, 403, 1},
		{"400 at the call", missing, refuse(400, `{"error":{"message":"max_tokens too small"}}`), VerdictAccepted, true, 400, 1},
		{"422 at the call", missing, refuse(422, `{"detail":[{"msg":"field required"}]}`), VerdictAccepted, true, 422, 1},
		{"429 at the call", missing, refuse(429, `{"error":{"message":"slow down"}}`), VerdictLimited, true, 429, 1},
		{"no money", missing, refuse(402, `{"error":{"message":"Insufficient Balance"}}`), VerdictNoCredit, true, 402, 1},
		{"no such model", missing, refuse(404, `{"error":{"message":"The model test does not exist","code":"model_not_found"}}`), VerdictAccepted, true, 404, 1},
		{"wrong path", missing, missing, VerdictNotFound, false, 404, 1},
		{"a web server", ok(`<html></html>`), refuse(405, `<html>`), VerdictNotFound, false, 405, 1},
		{"pages for everything", ok(`<html></html>`), ok(`<html></html>`), VerdictNotFound, false, 200, 1},
		{"error inside a 200", missing, ok(`{"error":{"message":"Invalid API key","code":"invalid_api_key"}}`), VerdictRefused, false, 200, 1},
		{"server error", missing, refuse(503, `{"error":{"message":"down"}}`), VerdictUpstream, false, 503, 1},
	}
	for _, x := range cases {
		t.Run(x.name, func(t *testing.T) {
			calls := 0
			d := newDouble(t, func(w http.ResponseWriter, r *http.Request) {
				a := x.list
				if r.Method == "POST" {
					a = x.call
					calls++
				}
				say(a.status, string(a.body))(w, r)
			})
			r := Test(context.Background(), Trial{Client: client(t), Catalog: c, Codec: all.Of, Endpoint: nodeAt(t, c, config.NodeOpenAI, "chat", d.URL+"/v1"), Credential: kitKey, UserAgent: "omniroute/test"})
			if r.Diagnosis.Type != x.verdict || r.Valid != x.valid || r.StatusCode != x.status || calls != x.calls {
				t.Errorf("%+v after %d calls", r, calls)
			}
			if (r.Error == "") != r.Valid || r.Diagnosis.Message == "" {
				t.Errorf("error %q, message %q", r.Error, r.Diagnosis.Message)
			}
			if out, _ := json.Marshal(r); strings.Contains(string(out), kitKey) {
				t.Errorf("the key leaks: %s", out)
			}
		})
	}
}

func ok(body string) answer                 { return answer{status: 200, body: []byte(body)} }
func refuse(status int, body string) answer { return answer{status: status, body: []byte(body)} }

func TestTrialSpeaksTheNodesFormat(t *testing.T) {
	c := facts(t)
	cases := []struct {
		typ    config.NodeType
		api    string
		path   string
		tokens []string // path of the limit in the body
		want   int64
		format wire.Format
	}{
		{config.NodeOpenAI, "chat", "/v1/chat/completions", []string{"max_tokens"}, 1, wire.OpenAIChat},
		{config.NodeOpenAI, "responses", "/v1/responses", []string{"max_output_tokens"}, 16, wire.OpenAIResponses},
		{config.NodeAnthropic, "", "/v1/messages", []string{"max_tokens"}, 1, wire.Anthropic},
		{config.NodeGemini, "", "/v1beta/models/m-1:generateContent", []string{"generationConfig", "maxOutputTokens"}, 1, wire.Gemini},
	}
	for _, x := range cases {
		var got []byte
		var path string
		d := newDouble(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method == "GET" {
				w.WriteHeader(404)
				return
			}
			path = r.URL.Path
			say(200, answers[x.format][0])(w, r)
		})
		r := Test(context.Background(), Trial{Client: client(t), Catalog: c, Codec: all.Of, Endpoint: nodeAt(t, c, x.typ, x.api, d.URL), Credential: kitKey, Model: "m-1", UserAgent: "omniroute/test"})
		got = d.last(t).body
		if n, _ := jscan.Int(jscan.Path(got, x.tokens...)); !r.Valid || path != x.path || n != x.want {
			t.Errorf("%s: %+v %s %s", x.format, r, path, got)
		}
	}
}

func TestTrialWithoutACall(t *testing.T) {
	c := facts(t)
	trial := Trial{Client: client(t), Catalog: c, Codec: all.Of, UserAgent: "omniroute/test"}
	try := func(e *Endpoint, credential string) Result {
		x := trial
		x.Endpoint = e
		return Test(context.Background(), x)
	}
	relay := endpointOf(t, c, "claude", "")
	relay.Account.Kind = config.KindRelay
	for want, r := range map[Verdict]Result{
		VerdictSimulated: try(endpointOf(t, c, "demo", ""), ""),
		VerdictRelay:     try(relay, ""),
		VerdictNeedsKey:  try(endpointOf(t, c, "openai", ""), ""),
		VerdictUnusable:  try(endpointOf(t, c, "codex", ""), ""),
		VerdictUnreachable: func() Result {
			x := trial
			x.Endpoint, x.Credential = endpointOf(t, c, "openai", "http://127.0.0.1:1"), kitKey
			return Test(context.Background(), x)
		}(),
	} {
		if r.Diagnosis.Type != want || r.Valid != want.valid() || r.StatusCode != 0 || r.Diagnosis.Message == "" {
			t.Errorf("%s: %+v", want, r)
		}
	}
}

// TestPublicListProvesNothing: at a vendor's own host, a list that anybody
// may read is followed by a call.
func TestPublicListProvesNothing(t *testing.T) {
	c := facts(t)
	for _, public := range []bool{true, false} {
		d := newDouble(t, func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.Method == "POST":
				say(401, answers[wire.OpenAIChat][1])(w, r)
			case public || r.Header.Get("Authorization") != "":
				say(200, shapes["data"])(w, r)
			default:
				w.WriteHeader(401)
			}
		})
		e := endpointOf(t, c, "openrouter", d.URL)
		e.Account.BaseURL = "" // the double plays the vendor's own host
		r := Test(context.Background(), Trial{Client: client(t), Catalog: c, Codec: all.Of, Endpoint: e, Credential: kitKey, UserAgent: "omniroute/test"})
		if r.Valid == public {
			t.Errorf("public=%v: %+v", public, r)
		}
	}
}

func TestBrokenAnswer(t *testing.T) {
	d := newDouble(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "1000")
		io.WriteString(w, "{")
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	})
	r := Test(context.Background(), Trial{Client: client(t), Catalog: facts(t), Codec: all.Of, Endpoint: endpointOf(t, facts(t), "openai", d.URL), Credential: kitKey, UserAgent: "omniroute/test"})
	if r.Valid || r.Diagnosis.Type != VerdictUpstream {
		t.Errorf("%+v", r)
	}
}
