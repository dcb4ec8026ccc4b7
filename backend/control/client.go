package control

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"omniroute/backend/fault"
)

// Client talks to the running gateway on this computer, for the command line.
// It shows the admin token to nobody but a process of this user.
type Client struct {
	dir  string
	base string
	http *http.Client
}

const clientTimeout = 30 * time.Second

// ClientOptions say where the running gateway is.
type ClientOptions struct {
	DataDir string
	Host    string // the address it was told to listen on, "" = loopback
	Port    int
	TLSCert string // file with the certificate it shows, "" = plain HTTP
}

// NewClient makes a client for the gateway with this data directory on the
// loopback address. Nothing is called yet.
func NewClient(dataDir string, port int) (*Client, error) {
	return ClientFor(ClientOptions{DataDir: dataDir, Port: port})
}

// ClientFor makes a client for a gateway that listens elsewhere or with TLS.
// Only the very certificate of the file is accepted, so the token can go to
// nobody else.
func ClientFor(o ClientOptions) (*Client, error) {
	if o.Port < 1 || o.Port > 65535 {
		return nil, fault.New(fault.Invalid, "control.client", "The port must be between 1 and 65535.")
	}
	host, scheme := "127.0.0.1", "http"
	if ip, err := netip.ParseAddr(o.Host); err == nil && !ip.IsUnspecified() {
		host = o.Host
	}
	transport := &http.Transport{DialContext: dialOurs} // no proxy: the token stays on this computer
	if o.TLSCert != "" {
		pin, err := pinned(o.TLSCert)
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, "control.client", err, "The certificate "+o.TLSCert+" could not be read. Check OMNIROUTE_TLS_CERT.")
		}
		scheme, transport.TLSClientConfig = "https", pin
	}
	return &Client{
		dir: o.DataDir, base: scheme + "://" + net.JoinHostPort(host, strconv.Itoa(o.Port)),
		http: &http.Client{Transport: transport, Timeout: clientTimeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}, nil
}

// pinned accepts the certificate of a file and no other, whatever name it is
// made out to.
func pinned(file string) (*tls.Config, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("no PEM block")
	}
	return &tls.Config{
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: true, // VerifyConnection is stricter
		VerifyConnection: func(s tls.ConnectionState) error {
			if len(s.PeerCertificates) == 0 || !bytes.Equal(s.PeerCertificates[0].Raw, block.Bytes) {
				return errForeign
			}
			return nil
		},
	}, nil
}

func dialOurs(ctx context.Context, network, addr string) (net.Conn, error) {
	dialer := &net.Dialer{Timeout: 2 * time.Second}
	conn, err := dialer.DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	if foreignServer(ctx, conn) {
		return nil, errors.Join(errForeign, conn.Close())
	}
	return conn, nil
}

var errForeign = errors.New("control: the program there is not ours")

// acceptTime is how long a server may take to accept a connection before it
// counts as nobody's.
const acceptTime = time.Second

// foreignServer reports that another user listens where we expect ourselves.
// Until the other end accepts, the system names no owner.
func foreignServer(ctx context.Context, conn net.Conn) bool {
	local, err1 := netip.ParseAddrPort(conn.LocalAddr().String())
	remote, err2 := netip.ParseAddrPort(conn.RemoteAddr().String())
	if err1 != nil || err2 != nil {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, acceptTime)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		switch owner := ownerOf(remote, local); {
		case owner == ownerForeign:
			return true
		case owner != ownerNobody:
			return false
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return true
		}
	}
}

// OpenFile makes a sign-in link and puts it into a private file that leads
// there, so that no list of processes shows it. It returns what a browser
// should open: that file, or the plain address where a password decides.
func (c *Client) OpenFile(ctx context.Context) (string, error) {
	var link Link
	if err := c.call(ctx, http.MethodPost, "/api/system/sign-in-link", struct{}{}, &link); err != nil {
		return "", err
	}
	if !strings.Contains(link.URL, "#") {
		return link.URL, nil
	}
	return LinkFile(c.dir, link.URL)
}

// Open opens the dashboard, signed in, in the browser of this computer.
func (c *Client) Open(ctx context.Context) error {
	target, err := c.OpenFile(ctx)
	if err != nil {
		return err
	}
	return OpenBrowser(target)
}

// LinkFile writes the file behind OpenFile and returns its path.
func LinkFile(dir, link string) (string, error) {
	quoted, err := json.Marshal(link) // safe inside a script: json escapes < > &
	if err != nil {
		return "", err
	}
	page := `<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer"><title>OmniRoute</title><script>location.replace(` + string(quoted) + `)</script>`
	path, err := replaceFile(dir, "open.html", []byte(page))
	if err != nil {
		return "", fault.Wrap(fault.Internal, "control.open", err, "The file with the sign-in link could not be written. Check that the data directory is writable.")
	}
	return path, nil
}

// CreateKey makes an API key and returns it, this once.
func (c *Client) CreateKey(ctx context.Context, name string) (fault.Secret, error) {
	var key IssuedKey
	err := c.call(ctx, http.MethodPost, "/api/keys", NewKey{Name: name}, &key)
	return fault.Secret(key.Key), err
}

// ResetPassword sets a new password for the dashboard and returns it, this
// once. It ends every sign-in. It is the way back for who forgot the old one:
// the admin token proves that the caller may read the data directory.
func (c *Client) ResetPassword(ctx context.Context) (fault.Secret, error) {
	fresh := fault.Secret(randomText()[:20]) // 120 bit
	in := struct {
		Password string `json:"password"`
	}{fresh.Reveal()}
	if err := c.call(ctx, http.MethodPatch, "/api/settings", in, &SettingsView{}); err != nil {
		return "", err
	}
	return fresh, nil
}

// call makes one call with the admin token.
func (c *Client) call(ctx context.Context, method, path string, in, out any) error {
	token, ok := readToken(c.dir)
	if !ok {
		return fault.New(fault.NotFound, "control.client", "No gateway has used the data directory %s yet. Start one: omniroute serve", c.dir)
	}
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+token.Reveal())
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.http.Do(req)
	if errors.Is(err, errForeign) {
		return fault.Wrap(fault.Forbidden, "control.client", err, "The program at "+c.base+" belongs to another user or shows another certificate, so it gets no token from here.")
	}
	if err != nil {
		return fault.Wrap(fault.NotFound, "control.client", err, "No gateway answers at "+c.base+". Start one with \"omniroute serve\", or set PORT to where it runs.")
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return fault.Wrap(fault.Truncated, "control.client", err, "The gateway's answer broke off. Try again.")
	}
	return read(resp.StatusCode, text, out)
}

func read(status int, text []byte, out any) error {
	if status >= 200 && status < 300 {
		if err := json.Unmarshal(text, out); err != nil {
			return fault.Wrap(fault.Internal, "control.client", err, "What answers there is no OmniRoute of this version.")
		}
		return nil
	}
	var body ErrorBody
	if json.Unmarshal(text, &body) != nil || body.Error.Message == "" {
		return fault.New(fault.Internal, "control.client", "What answers there is no OmniRoute (status %d).", status)
	}
	if status == http.StatusUnauthorized {
		return fault.New(fault.Unauthorized, "control.client", "The running gateway uses another data directory. Set DATA_DIR to the one it was started with.")
	}
	return fault.New(fault.Invalid, "control.client", "%s", body.Error.Message)
}

// readToken reads the admin token without making one.
func readToken(dir string) (fault.Secret, bool) {
	text, err := os.ReadFile(filepath.Join(dir, AdminTokenFile))
	token := strings.TrimSpace(string(text))
	return fault.Secret(token), err == nil && token != ""
}
