package dispatch

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"omniroute/backend/catalog"
	"omniroute/backend/config"
	"omniroute/backend/egress"
	"omniroute/backend/fault"
	"omniroute/backend/llm"
	"omniroute/backend/providers"
	"omniroute/backend/resilience"
	"omniroute/backend/routing"
	"omniroute/backend/usage"
	"omniroute/backend/wire"
	"omniroute/backend/wire/all"
)

// house is a dispatcher over real rooms, with scripted upstreams.
type house struct {
	*Dispatcher
	snap *config.Snapshot
}

type oneKey struct{}

func (oneKey) Credential(_ context.Context, account, _ string) (fault.Secret, error) {
	return fault.Secret("key-of-" + account), nil
}

// rows collects what the meter books.
type rows struct {
	sync.Mutex
	all []usage.Record
}

func (r *rows) Write(_ context.Context, batch []usage.Row) error {
	r.Lock()
	defer r.Unlock()
	for i := range batch {
		record, err := batch[i].Record()
		if err != nil {
			return err
		}
		r.all = append(r.all, record)
	}
	return nil
}
func (r *rows) Sync(context.Context) error { return nil }

// talks remembers conversations in a map.
type talks map[string]struct {
	items  []byte
	minted config.Target
}

func (t talks) Find(caller, id string) ([]byte, config.Target, bool) {
	c, ok := t[caller+"/"+id]
	return c.items, c.minted, ok
}
func (t talks) Keep(caller, id string, items []byte, minted config.Target) {
	t[caller+"/"+id] = struct {
		items  []byte
		minted config.Target
	}{items, minted}
}

// upstream is one scripted node: prefix, type and what it answers.
type upstream struct {
	prefix string
	typ    config.NodeType
	api    string
	serve  http.HandlerFunc
}

func build(t *testing.T, ups ...upstream) *house {
	t.Helper()
	facts, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	meter, err := usage.NewMeter(t.TempDir(), &rows{}, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	s := &config.Snapshot{Rev: 7, Nodes: map[string]*config.Node{}, Accounts: map[string]*config.Account{}, Combos: map[string]*config.Combo{}}
	var models []config.ComboModel
	for i, u := range ups {
		srv := httptest.NewServer(u.serve)
		t.Cleanup(srv.Close)
		id := fmt.Sprintf("node-%d", i)
		s.Nodes[id] = &config.Node{ID: id, Name: u.prefix, Prefix: u.prefix, Type: u.typ, APIType: u.api, BaseURL: srv.URL + "/v1"}
		s.Accounts["acc-"+u.prefix] = &config.Account{ID: "acc-" + u.prefix, Provider: id, Name: u.prefix, Kind: config.KindAPIKey, Active: true, HasSecret: true}
		models = append(models, config.ComboModel{Model: u.prefix + "/m"})
	}
	s.Combos["c"] = &config.Combo{ID: "c", Name: "all", Strategy: "priority", Models: models}
	s.Seal()
	planner := &routing.Planner{Catalog: facts}
	return &house{snap: s, Dispatcher: &Dispatcher{
		Catalog: facts, Planner: planner, Directory: providers.NewDirectory(facts), Board: resilience.NewBoard(resilience.DefaultProfile(), time.Now),
		Keeper: oneKey{}, Egress: egress.New(egress.Proxy{}), Meter: meter, Conversations: talks{}, Codec: all.Of, UserAgent: "omniroute/test", Now: time.Now,
	}}
}

// recorder is a client that writes down what it gets.
type recorder struct {
	head   Head
	begins int
	bytes.Buffer
	events []llm.Event
	answer *llm.Response
}

func (r *recorder) Begin(h Head)                                 { r.head = h; r.begins++ }
func (r *recorder) Native(p []byte) error                        { r.Write(p); return nil }
func (r *recorder) Event(ev llm.Event) error                     { r.events = append(r.events, ev); return nil }
func (r *recorder) Whole(p []byte) error                         { r.Write(p); return nil }
func (r *recorder) Flush() error                                 { return nil }
func (r *recorder) Response(a *llm.Response) ([]llm.Loss, error) { r.answer = a; return nil, nil }

func (r *recorder) text() string {
	var b strings.Builder
	b.WriteString(r.String())
	for _, ev := range r.events {
		if ev.Kind == llm.EventDelta {
			b.WriteString(ev.Text)
		}
	}
	if r.answer != nil {
		for _, p := range r.answer.Candidates[0].Parts {
			b.WriteString(p.Text)
		}
	}
	return b.String()
}

func (h *house) do(model string, f wire.Format, body string) (*recorder, bool, *fault.Error) {
	rec := &recorder{}
	head, err := wire.Peek([]byte(body))
	if err != nil {
		return nil, false, fault.As(err)
	}
	call := &Call{
		Head: head, ID: usage.NewID(time.Now()), Time: time.Now(), Snapshot: h.snap, Path: "/test", Format: f, Model: model,
		Stream: strings.Contains(body, `"stream":true`), Body: []byte(body), Header: http.Header{},
	}
	begun, err := h.Do(context.Background(), call, rec)
	return rec, begun, fault.As(err)
}

const (
	chatReq   = `{"model":"all","messages":[{"role":"user","content":"hi"}]}`
	chatSSE   = `{"model":"all","stream":true,"messages":[{"role":"user","content":"hi"}]}`
	chatReply = `{"id":"c1","object":"chat.completion","created":1,"model":"up","choices":[{"index":0,"message":{"role":"assistant","content":"hello"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}}`
	chunkText = `data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"up","choices":[{"index":0,"delta":{"role":"assistant","content":"hello"},"finish_reason":null}]}` + "\n\n"
	chunkEnd  = `data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"up","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}` + "\n\ndata: [DONE]\n\n"
)

func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		ct := "application/json"
		if strings.HasPrefix(body, "data:") || strings.HasPrefix(body, "event:") {
			ct = "text/event-stream"
		} else if strings.HasPrefix(body, "<") {
			ct = "text/html"
		}
		w.Header().Set("Content-Type", ct)
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

func chat(prefix string, h http.HandlerFunc) upstream {
	return upstream{prefix, config.NodeOpenAI, "chat", h}
}

func TestNativeKeepsEveryByte(t *testing.T) {
	body := `{ "model" : "one/m",  "z":1.0, "big":9007199254740993, "messages":[{"role":"user","content":"hi"}] }`
	var got string
	h := build(t, chat("one", func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		got = string(raw)
		if a := r.Header.Get("Authorization"); a != "Bearer key-of-acc-one" {
			t.Errorf("Authorization = %q", a)
		}
		says(200, chatReply)(w, r)
	}))
	rec, _, err := h.do("one/m", wire.OpenAIChat, body)
	if err != nil || rec.String() != chatReply {
		t.Fatalf("answer %q, error %v", rec.String(), err)
	}
	if want := strings.Replace(body, "one/m", "m", 1); got != want {
		t.Errorf("upstream got %s\nwant         %s", got, want)
	}
	if rec.head.Answered != "one/m" || rec.head.Attempts != 1 {
		t.Errorf("head %+v", rec.head)
	}
}

func TestFallsBackBeforeContent(t *testing.T) {
	broken := []struct {
		name    string
		streams bool // speaks of streams only
		serve   http.HandlerFunc
	}{
		{"500", false, says(500, `{"error":{"message":"boom"}}`)},
		{"503 html", false, says(503, `<html>nginx</html>`)},
		{"429", false, says(429, `{"error":{"message":"slow down"}}`)},
		{"401", false, says(401, `{"error":{"message":"bad key"}}`)},
		{"404", false, says(404, `{"error":{"message":"no such model"}}`)},
		{"portal", false, says(200, `<html>log in</html>`)},
		{"garbage", false, says(200, `{"id":`)},
		{"error in 200", true, says(200, `data: {"error":{"message":"overloaded","type":"server_error","code":null}}`+"\n\n")},
		{"empty stream", true, says(200, "data: ")},
		{"cut", true, says(200, `data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"up","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}`+"\n\n")},
		{"redirect", false, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "http://127.0.0.1:1/", 302) }},
		{"closed at once", false, func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) }},
	}
	for _, c := range broken {
		for _, stream := range []bool{false, true} {
			if c.streams && !stream {
				continue
			}
			t.Run(fmt.Sprintf("%s stream=%v", c.name, stream), func(t *testing.T) {
				good, body := says(200, chatReply), chatReq
				if stream {
					good, body = says(200, chunkText+chunkEnd), chatSSE
				}
				h := build(t, chat("bad", c.serve), chat("good", good))
				for _, f := range []wire.Format{wire.OpenAIChat, wire.Anthropic} {
					req := body
					if f == wire.Anthropic {
						req = strings.Replace(body, `{"model"`, `{"max_tokens":9,"model"`, 1)
					}
					rec, _, err := h.do("all", f, req)
					if err != nil || !strings.Contains(rec.text(), "hello") || rec.begins != 1 {
						t.Fatalf("%s: text %q, begins %d, error %v", f, rec.text(), rec.begins, err)
					}
					if rec.head.Answered != "good/m" || rec.head.Combo != "all" {
						t.Errorf("%s: head %+v", f, rec.head)
					}
					h.Board.Reset()
				}
			})
		}
	}
}

func TestCallersFaultIsNotRetried(t *testing.T) {
	second := 0
	h := build(t, chat("one", says(400, `{"error":{"message":"temperature must be a number","type":"invalid_request_error","param":"temperature","code":null}}`)),
		chat("two", func(w http.ResponseWriter, r *http.Request) { second++; says(200, chatReply)(w, r) }))
	_, begun, err := h.do("all", wire.OpenAIChat, chatReq)
	if err == nil || err.Kind != fault.Invalid || begun || second != 0 || !strings.Contains(err.Public, "temperature") {
		t.Errorf("error %v, begun %v, second target called %d times", err, begun, second)
	}
	if s := h.Board.Standings(); len(s) != 0 {
		t.Errorf("a caller's fault was blamed on the target: %+v", s)
	}
}

func TestCutAfterContentIsNeverComplete(t *testing.T) {
	second := 0
	h := build(t, chat("one", says(200, chunkText)), chat("two", func(http.ResponseWriter, *http.Request) { second++ }))
	rec, begun, err := h.do("all", wire.OpenAIChat, chatSSE)
	if err == nil || err.Kind != fault.Truncated || !begun || second != 0 {
		t.Fatalf("error %v, begun %v, second %d", err, begun, second)
	}
	if s := rec.String(); !strings.HasPrefix(s, chunkText) || !strings.Contains(s[len(chunkText):], `"error"`) || strings.Contains(s, "[DONE]") {
		t.Errorf("native stream ends with %q", s)
	}
	h.Board.Reset()
	rec, begun, err = h.do("all", wire.Anthropic, strings.Replace(chatSSE, `{"model"`, `{"max_tokens":9,"model"`, 1))
	if err == nil || err.Kind != fault.Truncated || !begun {
		t.Fatalf("translated: error %v, begun %v", err, begun)
	}
	for _, ev := range rec.events {
		if ev.Kind == llm.EventEnd {
			t.Error("translated stream was ended as if complete")
		}
	}
}

func TestAllFailedGivesTheMostUsefulError(t *testing.T) {
	h := build(t, chat("one", says(500, `{"error":{"message":"boom"}}`)),
		chat("two", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", "7")
			says(429, `{"error":{"message":"slow down"}}`)(w, r)
		}))
	_, _, err := h.do("all", wire.OpenAIChat, chatReq)
	if err == nil || err.Kind != fault.RateLimited || err.RetryAfter != 7*time.Second {
		t.Errorf("got %+v", err)
	}
}

func TestOpenBreakerNeverTakesTheLastCandidate(t *testing.T) {
	healthy := false
	h := build(t, chat("one", func(w http.ResponseWriter, r *http.Request) {
		if healthy {
			says(200, chatReply)(w, r)
			return
		}
		says(500, `{"error":{"message":"boom"}}`)(w, r)
	}))
	for range 8 {
		h.do("one/m", wire.OpenAIChat, chatReq)
	}
	healthy = true
	if _, _, err := h.do("one/m", wire.OpenAIChat, chatReq); err != nil {
		t.Errorf("the only target was skipped for its breaker: %v", err)
	}
}

func TestDemoAnswersEveryDialect(t *testing.T) {
	h := build(t)
	for f, body := range map[wire.Format]string{
		wire.OpenAIChat:      `{"messages":[{"role":"user","content":"hi"}],"model":"demo/simulated"`,
		wire.OpenAIResponses: `{"input":"hi","model":"demo/simulated"`,
		wire.Anthropic:       `{"max_tokens":5,"messages":[{"role":"user","content":"hi"}],"model":"demo/simulated"`,
		wire.Gemini:          `{"contents":[{"parts":[{"text":"hi"}]}]`,
	} {
		for _, end := range []string{"}", `,"stream":true}`} {
			rec, _, err := h.do("demo/simulated", f, body+end)
			if err != nil || !strings.Contains(rec.text(), "simulated") {
				t.Errorf("%s %s: %q, %v", f, end, rec.text(), err)
			}
			if rec.head.Answered != "demo/simulated" {
				t.Errorf("%s: answered by %q", f, rec.head.Answered)
			}
		}
	}
}

func TestClientThatLeavesBlamesNobody(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	released := make(chan struct{})
	h := build(t, chat("one", func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		cancel()
		<-r.Context().Done()
		close(released)
	}))
	head, err := wire.Peek([]byte(chatSSE))
	if err != nil {
		t.Fatal(err)
	}
	call := &Call{ID: usage.NewID(time.Now()), Time: time.Now(), Snapshot: h.snap, Format: wire.OpenAIChat, Model: "one/m", Stream: true, Body: []byte(chatSSE), Head: head, Header: http.Header{}}
	_, err = h.Do(ctx, call, &recorder{})
	if fault.KindOf(err) != fault.Canceled {
		t.Errorf("got %v", err)
	}
	<-released // the upstream was let go
	if s := h.Board.Standings(); len(s) != 0 {
		t.Errorf("blamed: %+v", s)
	}
}

func TestUnknownModelIsTheClientsError(t *testing.T) {
	h := build(t)
	for _, model := range []string{"nope", "nope/x", "auto", "groq/llama-3.3-70b-versatile"} {
		_, _, err := h.do(model, wire.OpenAIChat, chatReq)
		if err == nil || err.Kind != fault.NotFound || err.HTTPStatus() != 404 {
			t.Errorf("%s: %v", model, err)
		}
	}
}
