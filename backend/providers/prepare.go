package providers

import (
	"bytes"
	"io"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
	"sync/atomic"

	"omniroute/backend/catalog"
	"omniroute/backend/config"
	"omniroute/backend/fault"
	"omniroute/backend/wire"
)

// Call is one attempt, ready to be sent but for its envelope of URL and
// headers. Body is encoded or spliced already.
type Call struct {
	Endpoint   *Endpoint
	Model      *Model
	Format     wire.Format // the upstream's
	Purpose    Purpose
	Native     bool // the client speaks the same format
	Stream     bool
	Body       []byte
	Client     http.Header   // the client's own headers, read only
	Query      string        // the client's query without any key
	Credential fault.Secret  // the account's key, or the client's own bearer on a relay
	Open       *atomic.Int32 // counts readers of Body that are not closed yet; nil = nobody asks
}

// anthropicVersion is sent where the client names none (rulings 3.3).
const anthropicVersion = "2023-06-01"

// Prepare makes the HTTP request of an attempt (rulings 3.3). The client's
// own credentials never reach an upstream, except the bearer of a relay. The
// request carries no context yet: egress gives it one.
func Prepare(c *Call, userAgent string) (*http.Request, error) {
	u, ok := c.Endpoint.URL(c.Format, c.Purpose, c.Model.ID)
	if !ok {
		return nil, fault.New(fault.Unsupported, "providers.prepare", "%s has no path for %s requests.", c.Endpoint.Upstream.Name(), c.Format)
	}
	if c.Native && c.Query != "" {
		u = mergeQuery(u, c.Query)
	}
	body := c.Body
	req := &http.Request{
		Method: http.MethodPost, URL: u, Host: u.Host, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Body: newBody(body, c.Open), ContentLength: int64(len(body)),
		GetBody: func() (io.ReadCloser, error) { return newBody(body, c.Open), nil },
	}
	if c.Endpoint.Account.Kind == config.KindRelay {
		req.Header = relayHeaders(c.Client, c.Credential)
		return req, nil
	}
	req.Header = c.headers(userAgent)
	return req, nil
}

// body is a request body in memory. Until it is closed, the transport may
// still be reading it, even after the answer has come.
type body struct {
	bytes.Reader
	open   *atomic.Int32
	closed atomic.Bool
}

func newBody(b []byte, open *atomic.Int32) *body {
	r := &body{open: open}
	r.Reset(b)
	if open != nil {
		open.Add(1)
	}
	return r
}

// Close implements io.Closer.
func (b *body) Close() error {
	if b.open != nil && b.closed.CompareAndSwap(false, true) {
		b.open.Add(-1)
	}
	return nil
}

func (c *Call) headers(userAgent string) http.Header {
	h := make(http.Header, 8)
	h["Content-Type"] = []string{"application/json"}
	h["User-Agent"] = []string{userAgent}
	accept := "application/json"
	if c.Stream {
		accept = "text/event-stream"
	}
	if c.Native {
		if v := c.Client.Get("Accept"); v != "" {
			accept = v
		}
	}
	h["Accept"] = []string{accept}
	p := c.Endpoint.Upstream.Provider
	if c.Format == wire.Anthropic {
		c.anthropicHeaders(h, p)
	}
	if c.Native {
		if v := c.Client.Get("Openai-Beta"); v != "" {
			h["Openai-Beta"] = []string{v}
		}
	}
	for k, v := range p.Headers.Set {
		if k = textproto.CanonicalMIMEHeaderKey(k); h[k] == nil {
			h[k] = []string{v}
		}
	}
	Authorize(h, c.Endpoint, c.Credential)
	return h
}

func (c *Call) anthropicHeaders(h http.Header, p *catalog.Provider) {
	version, betas := anthropicVersion, p.Headers.Betas
	if c.Native {
		if v := c.Client.Get("Anthropic-Version"); v != "" {
			version = v
		}
		betas = mergeBetas(c.Client.Values("Anthropic-Beta"), betas)
	}
	h["Anthropic-Version"] = []string{version}
	if len(betas) > 0 {
		h["Anthropic-Beta"] = []string{strings.Join(betas, ",")}
	}
}

// Authorize adds the credential the way the provider wants it. A user's
// Anthropic-compatible endpoint gets it in both usual places, because some
// hosts read only one of them.
func Authorize(h http.Header, e *Endpoint, credential fault.Secret) {
	if credential == "" {
		return
	}
	a := &e.Upstream.Provider.Auth
	header := textproto.CanonicalMIMEHeaderKey(a.Header)
	if header == "" {
		header = "Authorization"
	}
	value := credential.Reveal()
	if a.Scheme != "" {
		value = a.Scheme + " " + value
	}
	h[header] = []string{value}
	if e.Upstream.Node != nil && e.Upstream.Node.Type == config.NodeAnthropic && e.Origin != "https://api.anthropic.com:443" {
		h["Authorization"] = []string{"Bearer " + credential.Reveal()}
	}
}

// mergeBetas keeps the client's list and adds what the provider requires.
func mergeBetas(client, required []string) []string {
	var out []string
	seen := map[string]bool{}
	for _, list := range [][]string{client, required} {
		for _, line := range list {
			for b := range strings.SplitSeq(line, ",") {
				if b = strings.TrimSpace(b); b != "" && !seen[b] {
					seen[b] = true
					out = append(out, b)
				}
			}
		}
	}
	return out
}

// relayHeaders passes what the client sent, but for what belongs to this hop
// or to this gateway (rulings 3.3). The bearer is the client's own.
func relayHeaders(client http.Header, bearer fault.Secret) http.Header {
	h := make(http.Header, len(client))
	for k, v := range client {
		if !dropOnRelay(k) {
			h[k] = v
		}
	}
	for line := range strings.SplitSeq(client.Get("Connection"), ",") {
		h.Del(strings.TrimSpace(line))
	}
	h["Accept-Encoding"] = []string{"identity"}
	h["Authorization"] = []string{"Bearer " + bearer.Reveal()}
	return h
}

func dropOnRelay(k string) bool {
	switch k {
	case "Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade",
		"Host", "Cookie", "Origin", "Referer", "Forwarded", "Via", "X-Real-Ip", "Accept-Encoding", "Content-Length", "Content-Encoding", "Authorization", "X-Api-Key", "X-Goog-Api-Key":
		return true
	}
	return strings.HasPrefix(k, "X-Forwarded-") || strings.HasPrefix(k, "X-Omniroute-")
}

func mergeQuery(u *url.URL, query string) *url.URL {
	c := *u
	own := u.Query()
	for part := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(part, "=")
		if name == "" || own.Has(name) {
			continue
		}
		if c.RawQuery != "" {
			c.RawQuery += "&"
		}
		c.RawQuery += part
	}
	return &c
}

// Relayable returns the client's own bearer if this endpoint may pass it on:
// it is shaped like that provider's logins and is no key of ours (rulings
// 2.1). The caller has checked that both formats are equal.
func Relayable(e *Endpoint, client http.Header) (fault.Secret, bool) {
	prefix := e.Upstream.Provider.Auth.TokenPrefix
	bearer, ok := strings.CutPrefix(client.Get("Authorization"), "Bearer ")
	if !ok || prefix == "" || !strings.HasPrefix(bearer, prefix) {
		return "", false
	}
	return fault.Secret(bearer), true
}

// backHeaders are the upstream's headers a native answer hands on
// (rulings 3.3); never Set-Cookie.
var backPrefixes = [...]string{"Anthropic-Ratelimit-", "X-Ratelimit-"}

// CopyBack adds to dst what the client may see of the upstream's headers.
func CopyBack(dst, upstream http.Header) {
	for k, v := range upstream {
		if k == "Retry-After" || k == "Request-Id" || k == "X-Request-Id" || strings.HasPrefix(k, backPrefixes[0]) || strings.HasPrefix(k, backPrefixes[1]) {
			dst[k] = v
		}
	}
}
