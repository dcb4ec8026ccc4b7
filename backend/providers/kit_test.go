package providers

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"omniroute/backend/catalog"
	"omniroute/backend/egress"
	"omniroute/backend/fault"
	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/all"
	"omniroute/backend/wire/jscan"
)

// The kit proves that a provider of a known format works by its catalogue
// entry alone: it calls every one of them at a double on this machine.

const kitKey = "kit-secret-0123456789abcdef"

// double is an upstream that notes what it is asked.
type double struct {
	*httptest.Server
	sync.Mutex
	asked  []asked
	answer func(w http.ResponseWriter, r *http.Request)
}

type asked struct {
	method, uri string
	header      http.Header
	body        []byte
}

func newDouble(t testing.TB, answer func(w http.ResponseWriter, r *http.Request)) *double {
	d := &double{answer: answer}
	d.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		d.Lock()
		d.asked = append(d.asked, asked{r.Method, r.URL.RequestURI(), r.Header.Clone(), body})
		answer := d.answer
		d.Unlock()
		answer(w, r)
	}))
	t.Cleanup(d.Close)
	return d
}

func (d *double) last(t testing.TB) asked {
	t.Helper()
	d.Lock()
	defer d.Unlock()
	if len(d.asked) == 0 {
		t.Fatal("nothing was asked")
	}
	return d.asked[len(d.asked)-1]
}

func say(status int, body string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

// byEntry lists the providers that work with a key, or without one, by their
// entry alone.
func byEntry(t testing.TB, c *catalog.Catalog) []*catalog.Provider {
	var out []*catalog.Provider
	for _, p := range c.Providers() {
		if ok, _ := p.Usable(); ok && p.Kind != catalog.KindDemo {
			out = append(out, p)
		}
	}
	if len(out) < 30 {
		t.Fatalf("only %d providers are usable by their entry: the kit tests nothing", len(out))
	}
	return out
}

// at is where the double stands in for a provider: its own path, another host.
func at(t testing.TB, d *double, p *catalog.Provider) string {
	u, err := url.Parse(strings.NewReplacer("{", "", "}", "").Replace(p.BaseURL))
	if err != nil {
		t.Fatal(err)
	}
	return d.URL + u.Path
}

func chatModel(p *catalog.Provider) string {
	for _, m := range p.Models() {
		if m.Kind == "chat" && m.Living() && m.UpstreamFormat == "" {
			return m.ID
		}
	}
	return "some-model"
}

func TestProvidersWorkByTheirEntry(t *testing.T) {
	c := facts(t)
	d := newDouble(t, say(200, `{}`))
	client := client(t)
	for _, p := range byEntry(t, c) {
		t.Run(p.ID, func(t *testing.T) {
			e := endpointOf(t, c, p.ID, at(t, d, p))
			m := e.Model(c, chatModel(p))
			if len(m.Formats) == 0 {
				t.Fatal("speaks no format once its base URL is overridden")
			}
			for _, f := range m.Formats {
				for _, stream := range []bool{false, true} {
					callDouble(t, d, client, e, m, f, stream)
				}
			}
		})
	}
}

func callDouble(t *testing.T, d *double, client *egress.Client, e *Endpoint, m *Model, f wire.Format, stream bool) {
	t.Helper()
	p := e.Upstream.Provider
	req, err := Prepare(&Call{
		Endpoint: e, Model: m, Format: f, Purpose: purposeOf(stream), Stream: stream, Body: encode(t, f, m, stream), Credential: kitKey,
		Client: http.Header{"Authorization": {"Bearer client-own"}, "X-Api-Key": {"client-own"}, "Cookie": {"a=b"}, "Anthropic-Beta": {"client-beta"}},
	}, "omniroute/test")
	if err != nil {
		t.Fatalf("%s: %v", f, err)
	}
	resp, err := client.Do(context.Background(), req, egress.Timeouts{})
	if err != nil {
		t.Fatalf("%s: %v", f, err)
	}
	resp.Body.Close()
	got := d.last(t)
	base, _ := url.Parse(e.Base)
	if want := base.Path + routePath(p, f, stream, m.ID); got.method != "POST" || got.uri != want {
		t.Errorf("%s stream=%v: %s %s, want POST %s", f, stream, got.method, got.uri, want)
	}
	checkHeaders(t, p, f, stream, got.header)
	if jscan.Check(got.body) != nil {
		t.Fatalf("%s: the body is no JSON: %s", f, got.body)
	}
	for _, field := range m.Dialect.Strip {
		if jscan.Get(got.body, field) != nil {
			t.Errorf("%s: sends %s, which the host refuses", f, field)
		}
	}
	if f != wire.Gemini && f != wire.CodeAssist && jscan.Str(jscan.Get(got.body, "model")) != m.ID {
		t.Errorf("%s: model %s, want %s", f, jscan.Get(got.body, "model"), m.ID)
	}
	if stream && (f == wire.OpenAIChat || f == wire.OpenAIResponses || f == wire.Anthropic) && !jscan.True(jscan.Get(got.body, "stream")) {
		t.Errorf("%s: does not ask for a stream: %s", f, got.body)
	}
}

func purposeOf(stream bool) Purpose {
	if stream {
		return ForStream
	}
	return ForAnswer
}

// routePath is the entry's own path, written down independently of Join.
func routePath(p *catalog.Provider, f wire.Format, stream bool, model string) string {
	path := map[wire.Format]string{wire.OpenAIChat: p.Paths.Chat, wire.OpenAIResponses: p.Paths.Responses, wire.Anthropic: p.Paths.Messages, wire.Gemini: p.Paths.Generate, wire.CodeAssist: p.Paths.Generate}[f]
	if stream && (f == wire.Gemini || f == wire.CodeAssist) {
		path = p.Paths.Stream
	}
	return strings.ReplaceAll(path, "{model}", model)
}

func checkHeaders(t *testing.T, p *catalog.Provider, f wire.Format, stream bool, h http.Header) {
	t.Helper()
	want := kitKey
	if p.Auth.Scheme != "" {
		want = p.Auth.Scheme + " " + kitKey
	}
	name := http.CanonicalHeaderKey(p.Auth.Header)
	if h.Get(name) != want {
		t.Errorf("%s: %s = %q, want %q", f, name, h.Get(name), want)
	}
	for k, v := range h {
		if line := strings.Join(v, " "); strings.Contains(line, "client-") || k != name && strings.Contains(line, kitKey) || k == "Cookie" {
			t.Errorf("%s: the header %s: %s must not reach an upstream", f, k, line)
		}
	}
	for k, v := range p.Headers.Set {
		if !strings.EqualFold(k, "accept") && h.Get(k) != v {
			t.Errorf("%s: %s = %q, want %q", f, k, h.Get(k), v)
		}
	}
	if f == wire.Anthropic && h.Get("Anthropic-Version") == "" {
		t.Errorf("%s: no anthropic-version", f)
	}
	for _, beta := range p.Headers.Betas {
		if f == wire.Anthropic && !slices.Contains(strings.Split(h.Get("Anthropic-Beta"), ","), beta) {
			t.Errorf("%s: the beta %s is missing", f, beta)
		}
	}
	accept := "application/json"
	if stream {
		accept = "text/event-stream"
	}
	if h.Get("Accept") != accept || h.Get("User-Agent") != "omniroute/test" || h.Get("Content-Type") != "application/json" {
		t.Errorf("%s: accept %q, user-agent %q, content-type %q", f, h.Get("Accept"), h.Get("User-Agent"), h.Get("Content-Type"))
	}
}

// encode makes a request with every knob that some host refuses.
func encode(t *testing.T, f wire.Format, m *Model, stream bool) []byte {
	t.Helper()
	half, one := 0.5, int64(1)
	req := &llm.Request{
		Model: m.ID, Stream: stream,
		Messages: []llm.Message{{Role: llm.RoleUser, Parts: []llm.Part{{Kind: llm.PartText, Text: "Hi"}}}},
		Sampling: llm.Sampling{MaxTokens: &one, Temperature: &half, TopK: &half, Frequency: &half, Presence: &half, Seed: &one, Stop: []string{"x"}, Logprobs: true, LogitBias: []byte(`{"1":2}`)},
		Meta:     llm.Meta{UserID: "user", IncludeUsage: true, ServiceTier: "auto", CacheKey: "k", Map: []byte(`{"a":"b"}`)},
	}
	prepared, _ := wire.Prepare(req, f, m.Dialect)
	body, _, err := codecOf(t, f).EncodeRequest(prepared, m.Dialect)
	if err != nil {
		t.Fatalf("%s: %v", f, err)
	}
	return body
}

// shapes are model lists as the vendors answer them, by models_shape.
var shapes = map[string]string{
	"data":       `{"object":"list","data":[{"id":"m-1","object":"model"},{"id":"m/2"}]}`,
	"array":      `[{"id":"m-1","type":"chat"},{"id":"m/2"}]`,
	"gemini":     `{"models":[{"name":"models/m-1","supportedGenerationMethods":["generateContent"]},{"name":"models/m/2"}]}`,
	"cloudflare": `{"success":true,"result":[{"id":"8f0c1d","name":"m-1"},{"id":"77","name":"m/2"}]}`,
	"codex":      `{"models":[{"slug":"m-1"},{"slug":"m/2"}]}`,
}

func TestProvidersListTheirModels(t *testing.T) {
	c := facts(t)
	client := client(t)
	d := newDouble(t, nil)
	for _, p := range byEntry(t, c) {
		t.Run(p.ID, func(t *testing.T) {
			d.Lock()
			d.answer = say(200, shapes[p.ModelsShape])
			d.Unlock()
			e := endpointOf(t, c, p.ID, at(t, d, p))
			ids, err := ListModels(context.Background(), client, e, kitKey, "omniroute/test")
			if p.Paths.Models == "" || strings.HasPrefix(p.Paths.Models, "https://") { // a key never travels to another host than its own
				if fault.KindOf(err) != fault.Unsupported {
					t.Fatalf("%v, want unsupported", err)
				}
				return
			}
			if err != nil || !slices.Equal(ids, []string{"m-1", "m/2"}) {
				t.Fatalf("%v %v: is models_shape %q right?", ids, err, p.ModelsShape)
			}
			got := d.last(t)
			base, _ := url.Parse(e.Base)
			if got.method != "GET" || got.uri != base.Path+p.Paths.Models {
				t.Errorf("%s %s, want GET %s", got.method, got.uri, base.Path+p.Paths.Models)
			}
			if v := got.header.Get(p.Auth.Header); !strings.HasSuffix(v, kitKey) {
				t.Errorf("%s = %q: the list is asked with the key", p.Auth.Header, v)
			}
		})
	}
}

// answers are whole answers of each format, good and bad.
var answers = map[wire.Format][2]string{
	wire.OpenAIChat:      {`{"id":"1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"length"}]}`, `{"error":{"message":"Incorrect API key provided: ` + kitKey + `","type":"authentication_error","code":"invalid_api_key"}}`},
	wire.OpenAIResponses: {`{"id":"r","object":"response","created_at":1,"status":"completed","model":"m","output":[{"type":"message","id":"x","role":"assistant","status":"completed","content":[{"type":"output_text","text":"Hi","annotations":[]}]}]}`, `{"error":{"message":"bad ` + kitKey + `","code":"invalid_api_key"}}`},
	wire.Anthropic:       {`{"id":"1","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"Hi"}],"stop_reason":"max_tokens","usage":{"input_tokens":1,"output_tokens":1}}`, `{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key ` + kitKey + `"}}`},
	wire.Gemini:          {`{"candidates":[{"content":{"role":"model","parts":[{"text":"Hi"}]},"finishReason":"MAX_TOKENS"}]}`, `{"error":{"code":401,"message":"key ` + kitKey + ` is wrong","status":"UNAUTHENTICATED"}}`},
}

func TestProvidersCanBeTried(t *testing.T) {
	c := facts(t)
	client := client(t)
	d := newDouble(t, nil)
	for _, p := range byEntry(t, c) {
		t.Run(p.ID, func(t *testing.T) {
			e := endpointOf(t, c, p.ID, at(t, d, p))
			trial := Trial{Client: client, Catalog: c, Codec: all.Of, Endpoint: e, Credential: kitKey, UserAgent: "omniroute/test"}
			text := answers[e.Model(c, (&trial).model()).Formats[0]]
			for status, body := range map[int]string{200: text[0], 401: text[1]} {
				d.Lock()
				d.answer = func(w http.ResponseWriter, r *http.Request) {
					if r.Method == "GET" {
						w.WriteHeader(404)
						return
					}
					say(status, body)(w, r)
				}
				d.Unlock()
				r := Test(context.Background(), trial)
				if r.Valid != (status == 200) || r.StatusCode != status || r.Diagnosis.Source != "completion" {
					t.Errorf("%d: %+v", status, r)
				}
				if out, _ := json.Marshal(r); bytes.Contains(out, []byte(kitKey)) {
					t.Errorf("%d: the key leaks: %s", status, out)
				}
			}
		})
	}
}

// TestAlternatesStayOnTheirHost: a second format on another base exists only
// while the base URL is the catalogue's, and the key's origin stays.
func TestAlternatesStayOnTheirHost(t *testing.T) {
	c := facts(t)
	n := 0
	for _, p := range byEntry(t, c) {
		for _, alt := range p.Alternates {
			n++
			own := endpointOf(t, c, p.ID, "")
			u, ok := own.URL(wire.Format(alt.Format), ForAnswer, "m")
			if !ok || u.String() != alt.BaseURL+alt.Path {
				t.Errorf("%s: %s goes to %v", p.ID, alt.Format, u)
			}
			other := endpointOf(t, c, p.ID, "http://127.0.0.1:9/v1")
			if u, ok := other.URL(wire.Format(alt.Format), ForAnswer, "m"); ok {
				t.Errorf("%s: with another base URL the key would travel to %s", p.ID, u)
			}
			if other.Model(c, "m").Serves(wire.Format(alt.Format)) {
				t.Errorf("%s: claims %s at another base URL", p.ID, alt.Format)
			}
		}
	}
	if n == 0 {
		t.Error("no provider has an alternate: this test proves nothing")
	}
}
