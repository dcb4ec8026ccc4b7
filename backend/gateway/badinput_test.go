package gateway_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"omniroute/backend/testkit"
	"omniroute/backend/wire"
	"omniroute/backend/wire/all"
)

// clients are the dialects that agents speak.
func clients() []wire.Format {
	list := testkit.Formats()
	if _, ok := all.Of(wire.Ollama); ok {
		list = append(list, wire.Ollama)
	}
	return list
}

// kinds says how each dialect names a class of errors (formats.md 4.8).
func kinds(f wire.Format, status int) string {
	names := map[int][3]string{ // anthropic, openai, gemini
		400: {"invalid_request_error", "invalid_request_error", "INVALID_ARGUMENT"},
		401: {"authentication_error", "authentication_error", "UNAUTHENTICATED"},
		403: {"permission_error", "permission_error", "PERMISSION_DENIED"},
		404: {"not_found_error", "invalid_request_error", "NOT_FOUND"},
		405: {"invalid_request_error", "invalid_request_error", "INVALID_ARGUMENT"},
		413: {"request_too_large", "invalid_request_error", "INVALID_ARGUMENT"},
		415: {"invalid_request_error", "invalid_request_error", "INVALID_ARGUMENT"},
		429: {"rate_limit_error", "rate_limit_error", "RESOURCE_EXHAUSTED"},
		502: {"api_error", "server_error", "INTERNAL"},
	}[status]
	switch f {
	case wire.Anthropic:
		return names[0]
	case wire.Gemini:
		return names[2]
	case wire.Ollama:
		return ""
	}
	return names[1]
}

// refused checks a refusal: status, the dialect's own body, a sentence that
// says what to do, an id that finds it again.
func refused(t *testing.T, r *testkit.Reply, f wire.Format, status int, says string) testkit.Failure {
	t.Helper()
	e, ok := r.Failure(f)
	if r.Status != status || !ok {
		t.Fatalf("want %d in the words of %s, got %d (own shape: %v)\n%v", status, f, r.Status, ok, r)
	}
	if want := kinds(f, status); e.Kind != want {
		t.Errorf("kind %q, want %q", e.Kind, want)
	}
	if !strings.Contains(e.Message, says) {
		t.Errorf("says %q, want something with %q", e.Message, says)
	}
	if ct := r.Header.Get("Content-Type"); !strings.HasPrefix(ct, "application/json") {
		t.Errorf("Content-Type %q", ct)
	}
	if r.ID() == "" {
		t.Error("no X-OmniRoute-Request-Id")
	}
	if r.Header.Get("X-OmniRoute-Model") != "" {
		t.Error("a refusal names a model that answered")
	}
	return e
}

// each runs a test for every dialect, streamed and not, on a gateway with a
// combo "both" of two targets, one of each road.
func each(t *testing.T, run func(t *testing.T, g *testkit.Gateway, f wire.Format, stream bool)) {
	g := testkit.Start(t)
	one := g.Upstream("one", wire.OpenAIChat)
	two := g.Upstream("two", wire.Anthropic)
	g.Combo("both", "one/m", "two/m")
	for _, f := range clients() {
		for _, stream := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s stream=%v", f, stream), func(t *testing.T) {
				run(t, g, f, stream)
				if n := one.Count() + two.Count(); n != 0 {
					t.Fatalf("the upstreams were called %d times", n)
				}
			})
		}
	}
	if r := g.Ask(wire.OpenAIChat, "both", false); r.Status != 200 {
		t.Errorf("the gateway does not answer any more: %v", r)
	}
}

func TestUnknownModel(t *testing.T) {
	each(t, func(t *testing.T, g *testkit.Gateway, f wire.Format, stream bool) {
		g.API("PATCH", "/api/settings", map[string]any{"unknownToActiveCombo": false}) // else the active combo takes bare names
		for model, says := range map[string]string{
			"nope":                     "GET /v1/models",
			"nope/x":                   `prefix "nope"`,
			"auto-but-not-quite":       "not known",
			"groq/openai/gpt-oss-120b": "Connect one",
			"claude-sonnet-4-5":        "connect one of them",
		} {
			e := refused(t, g.Ask(f, model, stream), f, 404, says)
			if (f == wire.OpenAIChat || f == wire.OpenAIResponses) && (e.Code != "model_not_found" || e.Param != "model") {
				t.Errorf("%s: code %q, param %q", model, e.Code, e.Param)
			}
		}
	})
}

// send posts a body of one's own to where a format's requests go.
func send(g *testkit.Gateway, f wire.Format, stream bool, body string, headers ...string) *testkit.Reply {
	path, _ := testkit.Ask(f, "both", "", stream)
	return g.Post(path, body, headers...)
}

// with adds members to a format's minimal request.
func with(f wire.Format, stream bool, members string) string {
	_, body := testkit.Ask(f, "both", "hi", stream)
	return body[:len(body)-1] + "," + members + "}"
}

func TestModelMissingOrNoString(t *testing.T) {
	each(t, func(t *testing.T, g *testkit.Gateway, f wire.Format, stream bool) {
		if f == wire.Gemini { // the model stands in the path
			method := ":generateContent"
			if stream {
				method = ":streamGenerateContent"
			}
			refused(t, g.Post("/v1beta/models/"+method, `{"contents":[]}`), f, 400, "model")
			refused(t, g.Post("/v1beta/models/gemini-x", `{"contents":[]}`), f, 404, "generateContent")
			refused(t, g.Post("/v1beta/models/one/m:embedContent", `{"contents":[]}`), f, 404, "generateContent")
			return
		}
		_, body := testkit.Ask(f, "both", "hi", stream)
		for _, c := range []struct{ model, says string }{
			{"", "GET /v1/models"}, {`"model":"",`, "GET /v1/models"}, {`"model":null,`, "GET /v1/models"},
			{`"model":7,`, "must be a string"}, {`"model":["both"],`, "must be a string"}, {`"model":{},`, "must be a string"},
		} {
			r := send(g, f, stream, strings.Replace(body, `"model":"both",`, c.model, 1))
			if e := refused(t, r, f, 400, c.says); (f == wire.OpenAIChat || f == wire.OpenAIResponses) && e.Param != "model" {
				t.Errorf("%s: param %q", c.model, e.Param)
			}
		}
	})
}

func TestBodiesThatAreNoRequest(t *testing.T) {
	deep := strings.Repeat("[", 10000) + strings.Repeat("]", 10000)
	each(t, func(t *testing.T, g *testkit.Gateway, f wire.Format, stream bool) {
		_, good := testkit.Ask(f, "both", "hi", stream)
		for name, c := range map[string]struct{ body, says string }{
			"empty":            {"", "empty"},
			"white space":      {" \r\n\t ", "empty"},
			"cut off":          {good[:len(good)-3], "JSON"},
			"no quotes":        {strings.ReplaceAll(good, `"`, ""), "JSON"},
			"trailing comma":   {good[:len(good)-1] + ",}", "JSON"},
			"two values":       {good + good, "JSON"},
			"form":             {"model=both&messages=hi", "JSON"},
			"string":           {`"both"`, "JSON object"},
			"list":             {`[` + good + `]`, "JSON object"},
			"null":             {`null`, "JSON object"},
			"NaN":              {good[:len(good)-1] + `,"temperature":NaN}`, "JSON"},
			"raw NUL":          {strings.Replace(good, `"hi"`, "\"h\x00i\"", 1), "control character"},
			"raw newline":      {strings.Replace(good, `"hi"`, "\"h\ni\"", 1), "control character"},
			"half escape":      {strings.Replace(good, `"hi"`, `"h\u12"`, 1), "escape"},
			"10,000 deep":      {with(f, stream, `"metadata":`+deep), "512"},
			"10,000 deep text": {strings.Replace(good, `"hi"`, deep, 1), "512"},
			"10,000 open":      {with(f, stream, `"metadata":`+strings.Repeat(`{"a":`, 10000)), "512"},
			"only brackets":    {strings.Repeat("[", 1<<20), "512"},
		} {
			t.Run(name, func(t *testing.T) { refused(t, send(g, f, stream, c.body), f, 400, c.says) })
		}
		if f != wire.Gemini && f != wire.Ollama {
			refused(t, send(g, f, stream, with(f, false, `"stream":"yes"`)), f, 400, "stream")
		}
	})
}

// zeros is a body that costs no memory at the sender.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestBodiesOverTheLimit(t *testing.T) {
	each(t, func(t *testing.T, g *testkit.Gateway, f wire.Format, stream bool) {
		if stream {
			return // nobody knows that before the body is read
		}
		path, _ := testkit.Ask(f, "both", "", stream)
		for name, body := range map[string]io.Reader{
			"announced": io.LimitReader(zeros{}, 70<<20),
			"chunked":   io.LimitReader(zeros{}, 70<<20),
		} {
			t.Run(name, func(t *testing.T) {
				length := int64(-1)
				if name == "announced" {
					length = 70 << 20
				}
				r := g.Send("POST", path, body, length, "Content-Type", "application/json")
				refused(t, r, f, 413, "64 MB")
			})
		}
	})
}

func TestTextThatIsHardToCarry(t *testing.T) {
	g := testkit.Start(t)
	ups := map[wire.Format]*testkit.Upstream{}
	for _, f := range testkit.Formats() {
		ups[f] = g.Upstream("up-"+string(f), f)
	}
	const valid = `grüße 世界 👋\u0000 \ud83d\udc4b "q" \\ \/ end`
	for name, text := range map[string]string{
		"valid":            strings.ReplaceAll(valid, `"q"`, `\"q\"`),
		"invalid UTF-8":    "a\xff\xfe b\xc3( c\xed\xa0\x80 d",
		"torn at the end":  "a \xe4\xb8",
		"lone surrogates":  `a\ud800b\udc00c\udbff`,
		"surrogates twice": `\ud83d\ud83d\udc4b`,
	} {
		for _, client := range clients() {
			for _, up := range testkit.Formats() {
				for _, stream := range []bool{false, true} {
					t.Run(fmt.Sprintf("%s/%s to %s stream=%v", name, client, up, stream), func(t *testing.T) {
						u := ups[up]
						path, body := testkit.Ask(client, u.Prefix+"/m", "hi", stream)
						body = strings.Replace(body, `"hi"`, `"`+text+`"`, 1)
						r := g.Post(path, body)
						if got, complete := r.Text(client); r.Status != 200 || got != "hello" || !complete {
							t.Fatalf("%d %s", r.Status, r.Body)
						}
						sent := u.Last(t).Body
						if client == up { // native: the bytes are the client's own
							if !strings.Contains(string(sent), text) {
								t.Errorf("native bytes changed: %q", sent)
							}
							return
						}
						if u.Last(t).JSON() == nil || !utf8.Valid(sent) {
							t.Errorf("the upstream got no valid JSON: %q", sent)
						}
					})
				}
			}
		}
	}
}

func TestUpstreamTextTornAcrossChunks(t *testing.T) {
	const text = "grüße 世界 👋 \u2028 end"
	g := testkit.Start(t)
	for _, up := range testkit.Formats() {
		u := g.Upstream("up-"+string(up), up, testkit.Drips(text))
		for _, client := range clients() {
			t.Run(fmt.Sprintf("%s to %s", client, up), func(t *testing.T) {
				r := g.Ask(client, u.Prefix+"/m", true)
				if got, complete := r.Text(client); got != text || !complete {
					t.Fatalf("%q, complete %v\n%s", got, complete, r.Body)
				}
				if client == up && string(r.Body) != strings.Join(testkit.StreamAnswer(up, text), "") {
					t.Errorf("native bytes changed:\n%s", r.Body)
				}
			})
		}
	}
}

func TestUpstreamTextThatIsNoText(t *testing.T) {
	g := testkit.Start(t)
	for _, up := range testkit.Formats() {
		for name, bad := range map[string]string{"invalid UTF-8": "a\xff\xfeb", "lone surrogate": `a\ud800b`, "NUL": `a\u0000b`} {
			u := g.Upstream(strings.ReplaceAll(string(up)+name, " ", ""), up)
			for _, client := range clients() {
				for _, stream := range []bool{false, true} {
					body, ct := testkit.WholeAnswer(up, "@@"), "application/json"
					if stream {
						body, ct = strings.Join(testkit.StreamAnswer(up, "@@"), ""), "text/event-stream"
					}
					u.Then(testkit.Raw(ct, strings.ReplaceAll(body, "@@", bad)))
					r := g.Ask(client, u.Prefix+"/m", stream)
					if _, complete := r.Text(client); r.Status != 200 || !complete && client != up {
						t.Errorf("%s from %s to %s stream=%v: %d %q", name, up, client, stream, r.Status, r.Body)
					}
					if client != up && !utf8.Valid(r.Body) {
						t.Errorf("%s from %s to %s stream=%v: invalid UTF-8 reaches the client: %q", name, up, client, stream, r.Body)
					}
				}
			}
		}
	}
}

func TestUnknownPathsAndWrongMethods(t *testing.T) {
	g := testkit.Start(t)
	for _, c := range []struct {
		method, path string
		format       wire.Format
		status       int
		allow        string
	}{
		{"POST", "/v1/nonsense", wire.OpenAIChat, 404, ""},
		{"GET", "/nonsense", wire.OpenAIChat, 404, ""},
		{"POST", "/v1/messages/nonsense", wire.Anthropic, 404, ""},
		{"POST", "/v1/responses/resp_1/cancel", wire.OpenAIResponses, 404, ""},
		{"GET", "/v1/responses/resp_1", wire.OpenAIResponses, 404, ""},
		{"POST", "/v1beta/nonsense", wire.Gemini, 404, ""},
		{"POST", "/v1/completions", wire.OpenAIChat, 404, ""},
		{"POST", "/completions", wire.OpenAIChat, 404, ""},
		{"POST", "/v1/providers/one/nonsense", wire.OpenAIChat, 404, ""},
		{"GET", "/v1/chat/completions", wire.OpenAIChat, 405, "POST"},
		{"PUT", "/v1/chat/completions", wire.OpenAIChat, 405, "POST"},
		{"DELETE", "/chat/completions", wire.OpenAIChat, 405, "POST"},
		{"GET", "/v1/messages", wire.Anthropic, 405, "POST"},
		{"GET", "/v1/messages/count_tokens", wire.Anthropic, 405, "POST"},
		{"DELETE", "/v1/responses", wire.OpenAIResponses, 405, "GET, POST"},
		{"GET", "/v1/responses", wire.OpenAIResponses, 405, "POST"},
		{"POST", "/v1/models", wire.OpenAIChat, 405, "GET"},
		{"DELETE", "/v1beta/models/m:generateContent", wire.Gemini, 405, "GET, POST"},
		{"GET", "/api/chat", wire.Ollama, 405, "POST"},
		{"POST", "/api/tags", wire.Ollama, 405, "GET"},
		{"GET", "/v1/providers/one/messages", wire.Anthropic, 405, "POST"},
	} {
		t.Run(c.method+" "+c.path, func(t *testing.T) {
			if _, ok := all.Of(c.format); !ok {
				c.format = wire.OpenAIChat
			}
			r := g.Do(c.method, c.path, nil)
			e, ok := r.Failure(c.format)
			if r.Status != c.status || !ok || e.Message == "" || r.ID() == "" {
				t.Fatalf("want %d in the words of %s, got %d\n%s", c.status, c.format, r.Status, r.Body)
			}
			if want := kinds(c.format, c.status); e.Kind != want {
				t.Errorf("kind %q, want %q", e.Kind, want)
			}
			for _, m := range strings.Split(c.allow, ", ") {
				if !strings.Contains(r.Header.Get("Allow"), m) {
					t.Errorf("Allow %q, want %q", r.Header.Get("Allow"), c.allow)
				}
			}
		})
	}
}

func TestCodexIsTurnedAwayFromWebSocket(t *testing.T) {
	g := testkit.Start(t)
	for _, path := range []string{"/v1/responses", "/responses", "/v1/v1/responses", "/codex/responses"} {
		r := g.Get(path, "Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
		if _, ok := r.Failure(wire.OpenAIResponses); r.Status != http.StatusUpgradeRequired || !ok {
			t.Errorf("%s: %d %s", path, r.Status, r.Body)
		}
	}
}

func TestNoUsableAccount(t *testing.T) {
	g := testkit.Start(t)
	u := testkit.NewUpstream(t, wire.OpenAIChat)
	_, account := g.Node("lost", wire.OpenAIChat, u.BaseURL())
	g.Combo("empty", "nope/x", "groq/openai/gpt-oss-120b")
	g.API("PUT", "/api/providers/"+account, map[string]any{"baseUrl": strings.Replace(u.BaseURL(), "127.0.0.1", "localhost", 1)})
	for _, f := range clients() {
		for _, stream := range []bool{false, true} {
			r := g.Ask(f, "lost/m", stream)
			if e, ok := r.Failure(f); r.Status != 401 || !ok || !strings.Contains(e.Message, "no key") {
				t.Errorf("%s stream=%v: account without key: %d %s", f, stream, r.Status, r.Body)
			}
			r = g.Ask(f, "empty", stream)
			if e, ok := r.Failure(f); r.Status != 404 || !ok || !strings.Contains(e.Message, "connect an account") {
				t.Errorf("%s stream=%v: empty combo: %d %s", f, stream, r.Status, r.Body)
			}
		}
	}
	if u.Count() != 0 {
		t.Errorf("the upstream was called %d times", u.Count())
	}
}

func TestNamesThatAreTooLong(t *testing.T) {
	each(t, func(t *testing.T, g *testkit.Gateway, f wire.Format, stream bool) {
		r := g.Ask(f, strings.Repeat("long", 9000), stream)
		refused(t, r, f, 400, "longer than")
		if len(r.Body) > 1000 {
			t.Errorf("the refusal has %d bytes", len(r.Body))
		}
	})
}

// The id of a refusal leads to a receipt, like that of any answer.
func TestRefusalsAreInTheBooks(t *testing.T) {
	each(t, func(t *testing.T, g *testkit.Gateway, f wire.Format, stream bool) {
		for _, r := range []*testkit.Reply{
			g.Ask(f, "nope/x", stream),
			send(g, f, stream, "{"),
			g.Ask(f, strings.Repeat("long", 9000), stream),
		} {
			logged := g.Logged(r.ID())
			if len(logged) != 1 || logged[0]["status"] != float64(r.Status) || logged[0]["kind"] == "" {
				t.Errorf("log of %d %s: %v", r.Status, r.Body, logged)
			}
			if receipt := g.Receipt(r.ID()); receipt["id"] != r.ID() {
				t.Errorf("receipt %v", receipt)
			}
		}
	})
}
