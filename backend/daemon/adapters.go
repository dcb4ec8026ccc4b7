package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
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

// testBody asks for one word.
func testBody(model string) ([]byte, error) {
	type message struct {
		Role    string `json:"role"`
		Content string `json:"content"`
	}
	return json.Marshal(struct {
		Model     string    `json:"model"`
		MaxTokens int       `json:"max_tokens"`
		Messages  []message `json:"messages"`
	}{model, 16, []message{{"user", "Say OK."}}})
}

func (t *tester) Try(ctx context.Context, model string) (control.Trial, error) {
	body, err := testBody(model)
	if err != nil {
		return control.Trial{}, err
	}
	head, err := wire.Peek(body)
	if err != nil {
		return control.Trial{}, err
	}
	now := t.now()
	call := &dispatch.Call{
		ID: usage.NewID(now), Time: now, Snapshot: t.holder.Now(), Path: "/api/combos/test", Format: wire.OpenAIChat,
		Model: model, Body: body, Head: head, Header: http.Header{},
	}
	out := &answered{}
	if _, err := t.runner.Do(ctx, call, out); err != nil {
		return control.Trial{}, err
	}
	return control.Trial{Answered: out.head.Answered, Status: http.StatusOK, Latency: t.now().Sub(now)}, nil
}

// answered is a client that only wants to know who answered.
type answered struct{ head dispatch.Head }

func (a *answered) Begin(h dispatch.Head)                      { a.head = h }
func (a *answered) Native([]byte) error                        { return nil }
func (a *answered) Event(llm.Event) error                      { return nil }
func (a *answered) Whole([]byte) error                         { return nil }
func (a *answered) Response(*llm.Response) ([]llm.Loss, error) { return nil, nil }
func (a *answered) Flush() error                               { return nil }

// Sentence is what a person reads of an error: the public part of a fault.
func Sentence(err error) string {
	var f *fault.Error
	if errors.As(err, &f) {
		return f.Public
	}
	return err.Error()
}
