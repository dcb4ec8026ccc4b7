// Package egress reaches the outside politely: one shared transport per
// setting, bounded waiting at every step, addresses checked where they are
// dialled. It never retries, never follows a redirect and never reads a
// request's body.
package egress

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/net/http/httpproxy"

	"omniroute/backend/fault"
)

// Timeouts bound the steps of one attempt (peers.md 3.4). Zero means the
// default of New.
type Timeouts struct {
	Header time.Duration // from sending to the response header
	Idle   time.Duration // between two reads of the body
}

// Defaults: 5 s to connect, 10 s for TLS, 60 s to the header, 90 s idle.
const (
	connectTimeout = 5 * time.Second
	tlsTimeout     = 10 * time.Second
	headerTimeout  = 60 * time.Second
	idleTimeout    = 90 * time.Second
)

// Client sends requests. Safe for concurrent use.
type Client struct {
	transport *http.Transport
	proxy     func(*http.Request) (*url.URL, error)
}

// Proxy is the environment's wish in the words of HTTP_PROXY, HTTPS_PROXY,
// ALL_PROXY and NO_PROXY; "" = none. Loopback is never sent through a proxy.
type Proxy struct{ HTTP, HTTPS, All, No string }

// New makes a client.
func New(p Proxy) *Client {
	d := &dialer{net.Dialer{Timeout: connectTimeout, KeepAlive: 30 * time.Second, Control: refuseForbidden}}
	choose := (&httpproxy.Config{HTTPProxy: cmp.Or(p.HTTP, p.All), HTTPSProxy: cmp.Or(p.HTTPS, p.All), NoProxy: p.No}).ProxyFunc()
	c := &Client{proxy: func(r *http.Request) (*url.URL, error) { return choose(r.URL) }}
	c.transport = &http.Transport{
		Proxy:                  c.proxy,
		DialContext:            d.dial,
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           2048,
		MaxIdleConnsPerHost:    1024,
		IdleConnTimeout:        90 * time.Second,
		TLSHandshakeTimeout:    tlsTimeout,
		ExpectContinueTimeout:  time.Second,
		DisableCompression:     true, // answers pass as they are; we ask for identity
		WriteBufferSize:        16 << 10,
		ReadBufferSize:         8 << 10,
		MaxResponseHeaderBytes: 256 << 10,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
	}
	return c
}

// CloseIdle drops pooled connections: after waking up, on shutdown.
func (c *Client) CloseIdle() { c.transport.CloseIdleConnections() }

// Do sends one request. The error is a *fault.Error of kind Timeout,
// Upstream or Canceled. The body of the answer is watched: a silence longer
// than Idle ends it with fault.Timeout. Closing the body, or the end of ctx,
// closes the connection to the upstream.
func (c *Client) Do(ctx context.Context, req *http.Request, t Timeouts) (*http.Response, error) {
	if t.Header == 0 {
		t.Header = headerTimeout
	}
	if t.Idle == 0 {
		t.Idle = idleTimeout
	}
	w := newWatch(ctx, t.Header)
	resp, err := c.transport.RoundTrip(req.WithContext(w.ctx))
	if err != nil {
		cause := context.Cause(w.ctx)
		w.stop()
		return nil, c.classify(err, cause, req)
	}
	if resp.StatusCode >= 300 && resp.StatusCode < 400 {
		resp.Body.Close()
		w.stop()
		return nil, fault.New(fault.Upstream, "egress.redirect", "%s answered with a redirect (%d). Redirects are never followed, because a credential would travel along; set the final base URL.", req.URL.Host, resp.StatusCode)
	}
	resp.Body = &watchedBody{body: resp.Body, watch: w, idle: t.Idle}
	w.extend(t.Idle)
	return resp, nil
}

// errSilent is the cause of a context cancelled by the watch.
var errSilent = errors.New("egress: silent too long")

// watch cancels a context when its deadline passes. The deadline moves
// without touching the timer; the timer re-arms itself when it fires early.
type watch struct {
	ctx      context.Context
	cancel   context.CancelCauseFunc
	deadline atomic.Int64 // unix nanoseconds
	timer    *time.Timer
}

func newWatch(parent context.Context, d time.Duration) *watch {
	w := &watch{}
	w.ctx, w.cancel = context.WithCancelCause(parent)
	w.extend(d)
	w.timer = time.AfterFunc(d, w.fire)
	return w
}

func (w *watch) extend(d time.Duration) { w.deadline.Store(time.Now().Add(d).UnixNano()) }

func (w *watch) fire() {
	if left := time.Until(time.Unix(0, w.deadline.Load())); left > 0 {
		w.timer.Reset(left)
		return
	}
	w.cancel(errSilent)
}

func (w *watch) stop() {
	w.timer.Stop()
	w.cancel(nil)
}

// watchedBody extends the watch on every read and turns its end into a fault.
type watchedBody struct {
	body  io.ReadCloser
	watch *watch
	idle  time.Duration
}

func (b *watchedBody) Read(p []byte) (int, error) {
	n, err := b.body.Read(p)
	if err == nil {
		b.watch.extend(b.idle)
		return n, nil
	}
	if err == io.EOF {
		return n, io.EOF
	}
	switch cause := context.Cause(b.watch.ctx); {
	case errors.Is(cause, errSilent):
		err = fault.Wrap(fault.Timeout, "egress.read", err, "The upstream went silent in the middle of its answer.")
	case cause != nil:
		err = canceled("egress.read", cause)
	default:
		err = fault.Wrap(fault.Truncated, "egress.read", err, "The connection to the upstream broke in the middle of its answer.")
	}
	return n, err
}

func (b *watchedBody) Close() error {
	err := b.body.Close()
	b.watch.stop()
	return err
}

// classify names what happened before a response header came.
func (c *Client) classify(err, cause error, req *http.Request) error {
	host := req.URL.Host
	var forbidden *forbiddenAddr
	var dns *net.DNSError
	var certInvalid x509.CertificateInvalidError
	var hostname x509.HostnameError
	var authority x509.UnknownAuthorityError
	var op *net.OpError
	switch {
	case errors.Is(cause, errSilent):
		return fault.Wrap(fault.Timeout, "egress.header", err, host+" did not answer in time.")
	case cause != nil:
		return canceled("egress.header", cause)
	case errors.As(err, &forbidden):
		return fault.Wrap(fault.Upstream, "egress.dial", err, host+" leads to the address "+forbidden.ip.String()+", which the gateway never calls.")
	case errors.As(err, &dns):
		return fault.Wrap(fault.Upstream, "egress.dns", err, "The name "+dns.Name+" could not be resolved. Check the base URL and the network.")
	case errors.As(err, &certInvalid), errors.As(err, &hostname), errors.As(err, &authority):
		return fault.Wrap(fault.Upstream, "egress.tls", err, "The TLS certificate of "+host+" is not valid for it.")
	case errors.As(err, &op) && op.Op == "proxyconnect":
		return fault.Wrap(fault.Upstream, "egress.proxy", err, "The proxy set in the environment could not be reached.")
	case errors.As(err, &op) && op.Op == "dial":
		kind := fault.Upstream
		if op.Timeout() {
			kind = fault.Timeout
		}
		return fault.Wrap(kind, "egress.dial", err, "No connection to "+host+". Is it running, and is the base URL right?")
	}
	var ne net.Error
	if errors.As(err, &ne) && ne.Timeout() {
		return fault.Wrap(fault.Timeout, "egress.send", err, host+" did not answer in time.")
	}
	return fault.Wrap(fault.Upstream, "egress.send", err, "The connection to "+host+" broke before an answer came.")
}

// canceled names who gave up: usually the client, else the cause says it.
func canceled(op string, cause error) error {
	var known *fault.Error
	if errors.As(cause, &known) {
		return known
	}
	return fault.Wrap(fault.Canceled, op, cause, "The client closed the connection.")
}

type forbiddenAddr struct{ ip netip.Addr }

func (e *forbiddenAddr) Error() string { return "address " + e.ip.String() + " is never dialled" }

// refuseForbidden checks the address that is really dialled, after DNS.
func refuseForbidden(_, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	if Forbidden(ap.Addr()) {
		return &forbiddenAddr{ap.Addr()}
	}
	return nil
}

// Forbidden reports addresses no upstream may have: link-local and cloud
// metadata, multicast, unspecified (peers.md S15). Loopback and private
// networks are allowed: local model servers live there.
func Forbidden(ip netip.Addr) bool {
	ip = ip.Unmap()
	return ip.IsLinkLocalUnicast() || ip.IsMulticast() || ip.IsUnspecified() || ip == netip.AddrFrom16([16]byte{0xfd, 0, 0x0e, 0xc2, 14: 0x02, 15: 0x54}) ||
		ip == netip.AddrFrom4([4]byte{255, 255, 255, 255})
}
