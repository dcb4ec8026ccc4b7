package providers

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"omniroute/backend/catalog"
	"omniroute/backend/config"
	"omniroute/backend/egress"
	"omniroute/backend/fault"
	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// Trial is everything a connection test needs.
type Trial struct {
	Client     *egress.Client
	Catalog    *catalog.Catalog
	Codec      func(wire.Format) (wire.Codec, bool)
	Endpoint   *Endpoint
	Credential fault.Secret // "" where none is needed
	Model      string       // for the one-token call; "" = the account's default, else the first one known
	UserAgent  string
}

// Result is what a connection test found. Valid means that the upstream was
// reached and took the credential, not that every model answers.
type Result struct {
	Valid      bool
	Error      string // one sentence for people, "" when valid
	StatusCode int    // of the last answer, 0 = none came
	LatencyMs  int64  // of the last call
	Diagnosis  Diagnosis
}

// Diagnosis says in a word what was found, and in a sentence what to do.
type Diagnosis struct {
	Type    Verdict
	Source  string // "models", "completion", "network" or "local": where it was found
	Message string
	Code    string // the upstream's own code, "" = none
}

// Verdict is the word of a diagnosis.
type Verdict string

// The verdicts. The first six are valid connections.
const (
	VerdictOK          Verdict = "ok"
	VerdictSimulated   Verdict = "simulated"
	VerdictRelay       Verdict = "relay"        // the client brings the login, nothing to try
	VerdictAccepted    Verdict = "key-accepted" // the call was refused for another reason than the key
	VerdictLimited     Verdict = "rate-limited" // taken, but a limit is reached
	VerdictNoCredit    Verdict = "no-credit"    // taken, but the balance or window is empty
	VerdictNeedsKey    Verdict = "needs-key"
	VerdictRefused     Verdict = "key-refused"
	VerdictUnusable    Verdict = "unusable"     // this gateway cannot call it
	VerdictNotFound    Verdict = "not-found"    // something answers there, but no API
	VerdictUnreachable Verdict = "unreachable"  // no connection: name, port, TLS, proxy
	VerdictTimeout     Verdict = "timeout"      // connected or not, no answer in time
	VerdictUpstream    Verdict = "server-error" // the upstream's own failure
)

func (v Verdict) valid() bool {
	switch v {
	case VerdictOK, VerdictSimulated, VerdictRelay, VerdictAccepted, VerdictLimited, VerdictNoCredit:
		return true
	}
	return false
}

// maxTrial bounds the answer of a one-token call.
const maxTrial = 1 << 20

// Test tries a connection: it asks for the model list and, where there is
// none (404, 405, 501, or an answer that is no list), makes a call of one
// token in the endpoint's own format (contract.md F206). 401 and 403 mean a
// bad key; 400, 422 and 429 mean that the key was accepted. It never panics
// on what the upstream says and never lets the credential into a sentence.
func Test(ctx context.Context, t Trial) Result {
	if r, local := t.local(); local {
		return r
	}
	r, sure := t.byList(ctx)
	if !sure {
		r = t.byCall(ctx)
	}
	return r
}

func (t *Trial) result(v Verdict, source string, a *answer, took time.Duration, code, message string) Result {
	r := Result{Valid: v.valid(), LatencyMs: took.Milliseconds(), Diagnosis: Diagnosis{v, source, mask(message, t.Credential), code}}
	if a != nil {
		r.StatusCode = a.status
	}
	if !r.Valid {
		r.Error = r.Diagnosis.Message
	}
	return r
}

// local answers what needs no call.
func (t *Trial) local() (Result, bool) {
	up := t.Endpoint.Upstream
	here := func(v Verdict, message string) (Result, bool) {
		return t.result(v, "local", nil, 0, "", message), true
	}
	switch ok, why := up.Provider.Usable(); {
	case up.Provider.Kind == catalog.KindDemo:
		return here(VerdictSimulated, "Built in: answers are simulated, nothing leaves this machine.")
	case t.Endpoint.Account.Kind == config.KindRelay:
		return here(VerdictRelay, "The client brings its own login; there is nothing stored that could be tried.")
	case up.Node == nil && !ok:
		return here(VerdictUnusable, why)
	case t.Endpoint.Account.Kind == config.KindAPIKey && t.Credential == "":
		return here(VerdictNeedsKey, "This connection has no key. Enter one.")
	}
	return Result{}, false
}

// byList asks for the model list; sure is false when only a call can tell.
func (t *Trial) byList(ctx context.Context) (r Result, sure bool) {
	raw, err := t.Endpoint.ModelsURL()
	if err != nil {
		return r, false
	}
	u, err := url.Parse(raw)
	if err != nil {
		return r, false
	}
	start := time.Now()
	a, err := fetch(ctx, t.Client, t.Endpoint.get(u, t.Credential, t.UserAgent), maxList)
	took := time.Since(start)
	if err != nil {
		return t.unreached(err, took), true
	}
	switch a.status {
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return r, false
	case http.StatusOK:
		l := list{shape: t.Endpoint.Upstream.Provider.ModelsShape, seen: map[string]bool{}}
		if jscan.Check(a.body) != nil || !l.read(a.body) {
			return r, false
		}
		if t.Model == "" && len(l.ids) > 0 {
			t.Model = t.pick(l.ids)
		}
		if t.public(ctx, u) {
			return r, false
		}
		return t.result(VerdictOK, "models", &a, took, "", "The key works: the model list was read."), true
	}
	f := listRefused(t.Endpoint, &a, t.Credential).(*fault.Error)
	if a.status == http.StatusForbidden && (wordsOf(&wire.ErrorInfo{Message: f.Public}).any(narrowKey)) {
		return r, false // a key that may call models but not list them
	}
	return t.refused(f, "models", &a, took), true
}

var narrowKey = []string{"missing scope", "insufficient permissions", "model.read"}

// public reports a vendor's list that anybody may read, which proves nothing
// about a key. Only the vendors' own hosts are asked twice: an endpoint of
// the user's is believed (contract.md F206).
func (t *Trial) public(ctx context.Context, u *url.URL) bool {
	e := t.Endpoint
	if t.Credential == "" || e.Upstream.Node != nil || e.Account.BaseURL != "" || e.Upstream.Provider.Kind != catalog.KindLLM {
		return false
	}
	a, err := fetch(ctx, t.Client, e.get(u, "", t.UserAgent), maxList)
	return err == nil && a.status == http.StatusOK
}

// byCall makes a call of one token.
func (t *Trial) byCall(ctx context.Context) Result {
	req, codec, err := t.call(ctx)
	if err != nil {
		return t.result(VerdictUnusable, "local", nil, 0, "", fault.As(err).Public)
	}
	start := time.Now()
	a, err := fetch(ctx, t.Client, req, maxTrial)
	took := time.Since(start)
	if err != nil {
		return t.unreached(err, took)
	}
	if a.status < 300 {
		if f := t.answered(codec, &a); f != nil {
			return t.refused(f, "completion", &a, took)
		}
		return t.result(VerdictOK, "completion", &a, took, "", "The key works: a call of one token was answered.")
	}
	return t.refused(Classify(t.Endpoint, codec, a.status, a.header, a.body), "completion", &a, took)
}

// answered finds the error in a 200, nil for an answer.
func (t *Trial) answered(codec wire.Codec, a *answer) *fault.Error {
	if t.streams() {
		return nil
	}
	if jscan.Check(a.body) != nil {
		return fault.New(fault.NotFound, "providers.test", "%s answered with something that is no API answer. Is the base URL right? It usually ends in /v1.", t.Endpoint.Upstream.Name())
	}
	if _, err := codec.DecodeResponse(a.body); err != nil {
		return Refine(t.Endpoint, fault.As(err))
	}
	return nil
}

func (t *Trial) streams() bool {
	return t.Endpoint.Model(t.Catalog, t.model()).Dialect.Caps.Codex
}

// call makes the one-token request in the endpoint's own format.
func (t *Trial) call(ctx context.Context) (*http.Request, wire.Codec, error) {
	m := t.Endpoint.Model(t.Catalog, t.model())
	if len(m.Formats) == 0 {
		return nil, nil, fault.New(fault.Unsupported, "providers.test", "%s speaks no format this gateway knows.", t.Endpoint.Upstream.Name())
	}
	format := m.Formats[0]
	codec, ok := t.Codec(format)
	if !ok {
		return nil, nil, fault.New(fault.Unsupported, "providers.test", "No codec speaks %s.", format)
	}
	limit := int64(1)
	if format == wire.OpenAIResponses {
		limit = 16 // the least that format allows
	}
	ask := &llm.Request{
		Model: m.ID, Stream: t.streams(), Sampling: llm.Sampling{MaxTokens: &limit},
		Messages: []llm.Message{{Role: llm.RoleUser, Parts: []llm.Part{{Kind: llm.PartText, Text: "Hi"}}}},
	}
	prepared, _ := wire.Prepare(ask, format, m.Dialect)
	body, _, err := codec.EncodeRequest(prepared, m.Dialect)
	if err != nil {
		return nil, nil, err
	}
	purpose := ForAnswer
	if ask.Stream {
		purpose = ForStream
	}
	req, err := Prepare(&Call{Endpoint: t.Endpoint, Model: m, Format: format, Purpose: purpose, Stream: ask.Stream, Body: body, Credential: t.Credential}, t.UserAgent)
	return req, codec, err
}

// model is the one to try.
func (t *Trial) model() string {
	a, p := t.Endpoint.Account, t.Endpoint.Upstream.Provider
	switch {
	case t.Model != "":
	case a.DefaultModel != "":
		t.Model = a.DefaultModel
	case len(a.Models) > 0:
		t.Model = t.pick(a.Models)
	default:
		t.Model = "test" // an endpoint that knows nothing of it still judges the key first
		for _, m := range p.Models() {
			if m.Kind == "chat" && m.Living() {
				t.Model = m.ID
				break
			}
		}
	}
	return t.Model
}

// pick prefers, of a live list, a model the catalogue knows to chat.
func (t *Trial) pick(ids []string) string {
	if d := t.Endpoint.Account.DefaultModel; d != "" {
		return d
	}
	for _, id := range ids {
		if m, ok := t.Endpoint.Upstream.Provider.Model(id); ok && m.Kind == "chat" && m.Living() {
			return id
		}
	}
	return ids[0]
}

// unreached names why no answer came.
func (t *Trial) unreached(err error, took time.Duration) Result {
	f := fault.As(err)
	v := VerdictUnreachable
	switch f.Kind {
	case fault.Timeout:
		v = VerdictTimeout
	case fault.Truncated:
		v = VerdictUpstream
	}
	return t.result(v, "network", nil, took, "", f.Public)
}

// refused judges an answer that is an error.
func (t *Trial) refused(f *fault.Error, source string, a *answer, took time.Duration) Result {
	name := t.Endpoint.Upstream.Name()
	say := func(v Verdict, message string) Result { return t.result(v, source, a, took, f.Code, message) }
	switch {
	case f.Kind == fault.AuthExpired || f.Kind == fault.AuthRevoked:
		return say(VerdictRefused, name+" refused the key: "+f.Public)
	case f.Kind == fault.Quota:
		return say(VerdictNoCredit, name+" takes the key, but: "+f.Public)
	case f.Kind == fault.RateLimited || f.Kind == fault.Overloaded && a.status < 500:
		return say(VerdictLimited, name+" takes the key, but a limit is reached: "+f.Public)
	case a.status == http.StatusForbidden || f.Kind == fault.Denied:
		return say(VerdictRefused, name+" does not let this key in: "+f.Public)
	case a.status == http.StatusBadRequest || a.status == http.StatusUnprocessableEntity || a.status == http.StatusTooManyRequests || a.status == http.StatusRequestEntityTooLarge:
		return say(VerdictAccepted, "The key was accepted; the trial itself was refused: "+f.Public)
	case a.status == http.StatusNotFound && f.Kind == fault.ModelGone && aboutModel(a.body):
		return say(VerdictAccepted, "The key was accepted; the model of the trial does not exist: "+f.Public)
	case a.status == http.StatusNotFound || a.status == http.StatusMethodNotAllowed || f.Kind == fault.NotFound:
		return say(VerdictNotFound, "Nothing answers API calls at "+t.Endpoint.Base+". Is the base URL right? It usually ends in /v1. It says: "+f.Public)
	}
	return say(VerdictUpstream, name+" failed: "+f.Public)
}

// aboutModel tells an API that misses the model from a server that misses
// the path.
func aboutModel(body []byte) bool {
	info := wire.ErrorFields(http.StatusNotFound, nil, body)
	return jscan.Check(body) == nil && wordsOf(&info).any([]string{"model", "not_found_error"})
}
