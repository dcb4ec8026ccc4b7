package providers

import (
	"cmp"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"omniroute/backend/catalog"
	"omniroute/backend/config"
	"omniroute/backend/fault"
	"omniroute/backend/routing"
	"omniroute/backend/wire"
	"omniroute/backend/wire/all"
)

// facts is the catalogue of the binary.
func facts(t testing.TB) *catalog.Catalog {
	t.Helper()
	c, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// endpointOf makes an endpoint of a catalogue entry; base "" = its own.
func endpointOf(t testing.TB, c *catalog.Catalog, id, base string) *Endpoint {
	t.Helper()
	p, ok := c.Provider(id)
	if !ok {
		t.Fatalf("the catalogue has no %s", id)
	}
	a := &config.Account{ID: "acc", Provider: p.ID, Kind: config.KindAPIKey, BaseURL: base, HasSecret: true, Params: map[string]string{}}
	for _, param := range p.Params {
		a.Params[param.Name] = "filled-" + strings.ReplaceAll(param.Name, "_", "-")
	}
	e, err := NewEndpoint(a, routing.Upstream{Provider: p})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func codecOf(t testing.TB, f wire.Format) wire.Codec {
	t.Helper()
	codec, ok := all.Of(f)
	if !ok {
		t.Fatalf("no codec speaks %q", f)
	}
	return codec
}

var scopes = map[string]fault.Scope{"request": fault.ScopeRequest, "model": fault.ScopeModel, "account": fault.ScopeAccount, "provider": fault.ScopeProvider}

// refusal is one case of testdata/errors. Times are counted from the clock of
// a synctest bubble, 2000-01-01T00:00:00Z (946684800).
type refusal struct {
	Name     string
	Provider string
	Status   int
	Header   map[string]string
	Body     json.RawMessage // a string is the body's text
	Kind     string
	Scope    string
	Wait     string // "" = not looked at
	Code     string // "" = not looked at
	Gives    int    // the status of the fault, 0 = Status
	Says     string // part of Public
	Never    string // never in the error
}

func (r *refusal) header() http.Header {
	h := http.Header{}
	for k, v := range r.Header {
		h.Set(k, v)
	}
	return h
}

func (r *refusal) body() []byte {
	var s string
	if json.Unmarshal(r.Body, &s) == nil {
		return []byte(s)
	}
	return r.Body
}

func TestRefusals(t *testing.T) {
	c := facts(t)
	files, err := filepath.Glob("testdata/errors/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var cases []refusal
		if err := json.Unmarshal(raw, &cases); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, r := range cases {
			t.Run(strings.TrimSuffix(filepath.Base(file), ".json")+"/"+r.Name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { r.check(t, c) })
			})
		}
	}
}

func (r *refusal) check(t *testing.T, c *catalog.Catalog) {
	e := endpointOf(t, c, r.Provider, "")
	codec := codecOf(t, wire.Format(e.Upstream.Provider.Format()))
	f := Classify(e, codec, r.Status, r.header(), r.body())
	if f.Kind.String() != r.Kind {
		t.Errorf("kind %s, want %s (%s)", f.Kind, r.Kind, f.Public)
	}
	if f.Scope != scopes[r.Scope] {
		t.Errorf("scope %d, want %s", f.Scope, r.Scope)
	}
	if want := cmp.Or(r.Gives, r.Status); f.Status != want {
		t.Errorf("status %d, want %d", f.Status, want)
	}
	if r.Wait != "" {
		want, err := time.ParseDuration(r.Wait)
		if err != nil {
			t.Fatal(err)
		}
		if got := f.RetryAfter; got < want || got > want+time.Millisecond {
			t.Errorf("wait %s, want %s", got, want)
		}
	}
	if r.Code != "" && f.Code != r.Code {
		t.Errorf("code %q, want %q", f.Code, r.Code)
	}
	if f.Public == "" || !strings.Contains(f.Public, r.Says) {
		t.Errorf("says %q, want %q in it", f.Public, r.Says)
	}
	if r.Never != "" && strings.Contains(f.Error(), r.Never) {
		t.Errorf("%q leaks %q", f.Error(), r.Never)
	}
}

func TestRelayRefusalRestsNothing(t *testing.T) {
	c := facts(t)
	e := endpointOf(t, c, "claude", "")
	e.Account.Kind = config.KindRelay
	f := Classify(e, codecOf(t, wire.Anthropic), 401, nil, []byte(`{"type":"error","error":{"type":"authentication_error","message":"OAuth token has expired"}}`))
	if f.Kind != fault.AuthExpired || f.Scope != fault.ScopeRequest || f.RetryAfter > time.Second {
		t.Errorf("%s scope %d wait %s: a client's own expired login must not rest the account", f.Kind, f.Scope, f.RetryAfter)
	}
}

func TestRefineInBand(t *testing.T) {
	c := facts(t)
	e := endpointOf(t, c, "codex", "")
	cases := []struct {
		f     fault.Error
		kind  fault.Kind
		scope fault.Scope
	}{
		{fault.Error{Kind: fault.RateLimited, Code: "usage_limit_reached", Public: "The usage limit has been reached"}, fault.Quota, fault.ScopeAccount},
		{fault.Error{Kind: fault.RateLimited, Public: "slow down"}, fault.RateLimited, fault.ScopeModel},
		{fault.Error{Kind: fault.Upstream, Public: "Selected model is at capacity."}, fault.Overloaded, fault.ScopeModel},
		{fault.Error{Kind: fault.Internal, Public: "boom"}, fault.Upstream, fault.ScopeRequest},
		{fault.Error{Kind: fault.Invalid, Public: "messages: wrong"}, fault.Invalid, fault.ScopeRequest},
		{fault.Error{Kind: fault.Upstream, Status: 402, Public: "no"}, fault.Quota, fault.ScopeAccount},
	}
	for _, x := range cases {
		got := Refine(e, &x.f)
		if got.Kind != x.kind || got.Scope != x.scope {
			t.Errorf("%q: %s scope %d, want %s scope %d", x.f.Public, got.Kind, got.Scope, x.kind, x.scope)
		}
	}
}

func TestSaidTimes(t *testing.T) {
	now := time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"Please try again in 7.66s. Need more?":                  7660 * time.Millisecond,
		"try again in 708 ms":                                    708 * time.Millisecond,
		"try again in 1h26m4.8s.":                                time.Hour + 26*time.Minute + 4800*time.Millisecond,
		"Please retry after 2 minutes and 5 seconds":             125 * time.Second,
		"Resets in 3 days":                                       72 * time.Hour,
		"quota will reset after 156h":                            156 * time.Hour,
		"Please retry in 12.5s.":                                 12500 * time.Millisecond,
		"Your limit will reset at 2026-11-25 10:00:00":           2 * time.Hour,
		"Your limit will reset at 2026-11-25 10:00:00 UTC":       10 * time.Hour,
		"resets at 2026-11-25T10:00:00+02:00":                    8 * time.Hour,
		"Your limit will reset at 2020-01-01 00:00:00":           0,
		"try again in a while":                                   0,
		"try again in -3s":                                       0,
		"try again later":                                        0,
		"try again in 99999999999 days":                          0,
		"We saw 20 seconds of audio":                             0,
		"RETRY IN 3 SECONDS":                                     3 * time.Second,
		"try again in " + strings.Repeat("9", 400) + "s":         0,
		"Try again in 5 minutes. Requests reset in 9 hours each": 5 * time.Minute,
	} {
		w := words{info: &wire.ErrorInfo{Message: text}}
		if got := w.fromText(now); got != want {
			t.Errorf("%.60q: %s, want %s", text, got, want)
		}
	}
}

// FuzzJudge: whatever an upstream says, the verdict is one of the upstream's
// kinds, with a wait that makes sense.
func FuzzJudge(f *testing.F) {
	f.Add(429, "retry-after", "1e400", `{"error":{"message":"try again in 5s","resets_in_seconds":1e99}}`)
	f.Add(403, "x-ratelimit-reset", "-1", `[{"error":{"details":[{"violations":[{"quotaId":"PerDay"}]}]}}]`)
	f.Add(200, "anthropic-ratelimit-unified-5h-reset", "rejected", `{`)
	c := facts(f)
	e := endpointOf(f, c, "openai", "")
	codec := codecOf(f, wire.OpenAIChat)
	f.Fuzz(func(t *testing.T, status int, name, value, body string) {
		h := http.Header{}
		h.Set(name, value)
		got := Classify(e, codec, status, h, []byte(body))
		if got.RetryAfter < 0 || got.RetryAfter > maxWait {
			t.Fatalf("wait %s", got.RetryAfter)
		}
		switch got.Kind {
		case fault.Internal, fault.Unauthorized, fault.Forbidden, fault.NotFound, fault.Conflict, fault.Budget, fault.Exhausted:
			t.Fatalf("kind %s is ours alone", got.Kind)
		}
	})
}
