package providers

import (
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
	"time"

	"omniroute/backend/config"
	"omniroute/backend/egress"
	"omniroute/backend/fault"
	"omniroute/backend/routing"
	"omniroute/backend/wire"
)

// Bounds of a call that no client waits for token by token: a model list, a
// connection test.
const (
	lookupHeader = 15 * time.Second
	lookupTotal  = 30 * time.Second
)

// answer is a small document of an upstream, read to its end.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// fetch sends a small request and reads its answer, at most limit bytes. The
// error is a *fault.Error of kind Timeout, Upstream, Truncated or Canceled; a
// status of 400 and more is no error here.
func fetch(ctx context.Context, client *egress.Client, req *http.Request, limit int64) (answer, error) {
	bounded, cancel := context.WithTimeout(ctx, lookupTotal)
	defer cancel()
	resp, err := client.Do(bounded, req, egress.Timeouts{Header: lookupHeader, Idle: lookupHeader})
	if err == nil {
		defer resp.Body.Close()
		a := answer{status: resp.StatusCode, header: resp.Header}
		a.body, err = readSmall(resp, limit)
		if err == nil {
			return a, nil
		}
	}
	if ctx.Err() == nil && bounded.Err() != nil {
		return answer{}, fault.Wrap(fault.Timeout, "providers.fetch", err, req.URL.Host+" did not answer in time.")
	}
	return answer{}, err
}

func readSmall(resp *http.Response, limit int64) ([]byte, error) {
	var r io.Reader = resp.Body
	if enc := resp.Header.Get("Content-Encoding"); strings.EqualFold(enc, "gzip") { // some hosts do not ask whether we can
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, fault.Wrap(fault.Upstream, "providers.gzip", err, "The upstream's answer is said to be gzip and is not.")
		}
		r = z
	}
	body, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, fault.As(readFailed(err))
	}
	if int64(len(body)) > limit {
		return nil, fault.New(fault.Upstream, "providers.fetch", "The answer of %s is larger than %d MB.", resp.Request.URL.Host, max(limit>>20, 1))
	}
	return body, nil
}

func readFailed(err error) error {
	if f := fault.As(err); f.Kind != fault.Internal {
		return f
	}
	return fault.Wrap(fault.Upstream, "providers.fetch", err, "The upstream's answer could not be read.")
}

// get makes a GET to the endpoint's own origin, signed the way it wants.
func (e *Endpoint) get(u *url.URL, credential fault.Secret, userAgent string) *http.Request {
	h := make(http.Header, 8)
	h["Accept"] = []string{"application/json"}
	h["Accept-Encoding"] = []string{"identity"}
	h["User-Agent"] = []string{userAgent}
	p := e.Upstream.Provider
	for k, v := range p.Headers.Set {
		if k = textproto.CanonicalMIMEHeaderKey(k); h[k] == nil {
			h[k] = []string{v}
		}
	}
	if wire.Format(p.Format()) == wire.Anthropic && h["Anthropic-Version"] == nil {
		h["Anthropic-Version"] = []string{anthropicVersion}
	}
	if betas := p.Headers.Betas; len(betas) > 0 {
		h["Anthropic-Beta"] = []string{strings.Join(betas, ",")}
	}
	Authorize(h, e, credential)
	return &http.Request{Method: http.MethodGet, URL: u, Host: u.Host, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: h}
}

// lookupBarred says why a call on our own account is impossible: a relay
// keeps no login of ours, and the client's own is never used for lookups
// (rulings 2.1).
func lookupBarred(a *config.Account, up routing.Upstream) error {
	if a.Kind == config.KindRelay {
		return fault.New(fault.Unsupported, "providers.relay", "A relay connection to %s keeps no login, so nothing can be asked without the client.", up.Name())
	}
	return nil
}

// mask removes the credential itself from a sentence that an upstream wrote,
// however it is shaped.
func mask(text string, credential fault.Secret) string {
	if s := credential.Reveal(); len(s) >= 4 {
		text = strings.ReplaceAll(text, s, "****")
	}
	return text
}
