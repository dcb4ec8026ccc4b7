package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"omniroute/backend/accounts"
	"omniroute/backend/catalog"
	"omniroute/backend/config"
	"omniroute/backend/control"
	"omniroute/backend/dispatch"
	"omniroute/backend/egress"
	"omniroute/backend/fault"
	"omniroute/backend/llm"
	"omniroute/backend/providers"
	"omniroute/backend/usage"
	"omniroute/backend/wire"
	"omniroute/backend/wire/all"
)

// clientKeys gives the gateway its clock's keys.
type clientKeys struct {
	*accounts.ClientKeys
	now func() time.Time
}

func (k clientKeys) Check(s *config.Snapshot, h http.Header, rawQuery string) (*config.Key, error) {
	return k.Admit(s, h, rawQuery, k.now())
}

// credentials gives dispatch the bare secret.
type credentials struct{ *accounts.Keeper }

func (c credentials) Credential(ctx context.Context, account, origin string) (fault.Secret, error) {
	got, err := c.Keeper.Credential(ctx, account, origin)
	return got.Secret, err
}

// prober asks upstreams with the key a person just entered, or the stored one.
type prober struct {
	client    *egress.Client
	catalog   *catalog.Catalog
	keeper    *accounts.Keeper
	userAgent string
	port      func() int
}

func (p *prober) key(ctx context.Context, e *providers.Endpoint, key fault.Secret) fault.Secret {
	if key != "" || e.Account.Kind != config.KindAPIKey {
		return key
	}
	stored, err := p.keeper.Credential(ctx, e.Account.ID, e.Origin)
	if err != nil {
		return "" // the test then says that a key is needed
	}
	return stored.Secret
}

func (p *prober) ListModels(ctx context.Context, e *providers.Endpoint, key fault.Secret) ([]string, error) {
	return providers.ListModels(ctx, p.client, e, p.key(ctx, e, key), p.userAgent)
}

func (p *prober) Test(ctx context.Context, e *providers.Endpoint, key fault.Secret, model string) providers.Result {
	return providers.Test(ctx, providers.Trial{
		Client: p.client, Catalog: p.catalog, Codec: all.Of, Endpoint: e, Credential: p.key(ctx, e, key), Model: model, UserAgent: p.userAgent,
	})
}

func (p *prober) Discover(ctx context.Context) []providers.Found {
	return providers.Discover(ctx, p.client, p.catalog, p.port())
}

// tester makes the smallest call through the gateway's own road.
type tester struct {
	runner *dispatch.Dispatcher
	holder *config.Holder
	now    func() time.Time
}

// testBody is a plain request of one message.
func testBody(q control.TrialQuestion) ([]byte, error) {
	type message struct {
		Role    string `json:"role"`
		Content string `json:"content"`
	}
	return json.Marshal(struct {
		Model     string    `json:"model"`
		MaxTokens int       `json:"max_tokens"`
		Messages  []message `json:"messages"`
	}{q.Model, q.MaxTokens, []message{{"user", q.Ask}}})
}

// testAgent is what the log shows as the client of a test.
const testAgent = "OmniRoute-test"

func (t *tester) Try(ctx context.Context, q control.TrialQuestion) (control.Trial, error) {
	body, err := testBody(q)
	if err != nil {
		return control.Trial{}, err
	}
	head, err := wire.Peek(body)
	if err != nil {
		return control.Trial{}, err
	}
	now := t.now()
	call := &dispatch.Call{
		ID: usage.NewID(now), Time: now, Snapshot: t.holder.Now(), Path: q.Path, Format: wire.OpenAIChat,
		Model: q.Model, Body: body, Head: head, Header: http.Header{"User-Agent": {testAgent}},
	}
	out := &answered{}
	_, err = t.runner.Do(ctx, call, out)
	trial := control.Trial{Answered: out.head.Answered, Latency: t.now().Sub(now), Text: out.text, RequestID: call.ID}
	if err == nil {
		trial.Status = http.StatusOK
	}
	return trial, err
}

// answered is a client that wants to know who answered, and the text. A whole
// answer is all it asks for.
type answered struct {
	head dispatch.Head
	text string
}

func (a *answered) Begin(h dispatch.Head)                        { a.head = h }
func (a *answered) Native([]byte) error                          { return nil }
func (a *answered) Event(llm.Event) error                        { return nil }
func (a *answered) Response(r *llm.Response) ([]llm.Loss, error) { a.text = textOf(r); return nil, nil }
func (a *answered) Flush() error                                 { return nil }

func (a *answered) Whole(body []byte) error {
	if codec, ok := all.Of(wire.OpenAIChat); ok {
		if r, err := codec.DecodeResponse(body); err == nil {
			a.text = textOf(r)
		}
	}
	return nil
}

// textOf is what a person reads of an answer.
func textOf(r *llm.Response) string {
	var b strings.Builder
	for _, c := range r.Candidates {
		for _, p := range c.Parts {
			if p.Kind == llm.PartText {
				b.WriteString(p.Text)
			}
		}
	}
	return strings.TrimSpace(b.String())
}

// Sentence is what a person reads of an error: the public part of a fault.
func Sentence(err error) string {
	var f *fault.Error
	if errors.As(err, &f) {
		return f.Public
	}
	return err.Error()
}
