package control

import (
	"context"
	"encoding/pem"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"omniroute/backend/accounts"
	"omniroute/backend/fault"
	"omniroute/backend/health"
	"omniroute/backend/i18n"
)

// listening serves a house on a real port, real socket owners included.
func listening(t *testing.T) (*house, int) {
	t.Helper()
	h := open(t, t.TempDir(), func(a *AccessOptions, _ *Rooms) { a.owner = ownerOf })
	srv := httptest.NewServer(h.handler)
	t.Cleanup(srv.Close)
	u, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil {
		t.Fatal(err)
	}
	return h, port
}

func TestClient(t *testing.T) {
	h, port := listening(t)
	c, err := NewClient(h.dir, port)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := c.Status(t.Context(), spoken(t), "C.UTF-8")
	line := strings.Join(lines, "\n")
	if err != nil || !strings.Contains(line, "OmniRoute 1.2.3 runs at http://127.0.0.1:20128") || !strings.Contains(line, "No combo is active") {
		t.Errorf("status: %q %v", line, err)
	}
	h.health.Open(health.Report{Code: health.PortTaken, Args: map[string]string{"port": "20128"}})
	for session, want := range map[string]string{"ko_KR.UTF-8": "! 20128 포트가 사용 중입니다", "": "! Port 20128 is in use", "pt_BR": "! A porta 20128 está em uso"} {
		if lines, err := c.Status(t.Context(), spoken(t), session); err != nil || lines[len(lines)-1] != want {
			t.Errorf("%q: %q %v", session, lines, err)
		}
	}
	key, err := c.CreateKey(t.Context(), "agent")
	if err != nil || h.keys.Check(h.holder.Now(), key.Reveal(), h.clock.now()).Status != accounts.KeyValid {
		t.Errorf("key: %v", err)
	}
	if _, err := c.CreateKey(t.Context(), ""); err == nil || !strings.Contains(fault.As(err).Public, "name") {
		t.Errorf("a key without a name: %v", err)
	}
	file, err := c.OpenFile(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { // at the end: a password takes the links away
		fresh, err := c.ResetPassword(t.Context())
		if err != nil || len(fresh.Reveal()) < 20 {
			t.Fatalf("password: %v", err)
		}
		ok, err := h.access.checkPassword(t.Context(), fresh, h.holder.Now().Settings.PasswordHash)
		if err != nil || !ok {
			t.Errorf("the new password does not open: %v", err)
		}
	}()
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 || !strings.HasPrefix(file, h.dir) {
		t.Errorf("file %s: %v %v", file, info, err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, token, ok := strings.Cut(string(text), "/#/sign-in/")
	if !ok {
		t.Fatalf("file: %s", text)
	}
	token = token[:43]
	resp, err := http.Post("http://127.0.0.1:"+strconv.Itoa(port)+"/api/auth/sign-in", "application/json", strings.NewReader(`{"token":"`+token+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	if resp.Body.Close(); resp.StatusCode != 200 || len(resp.Cookies()) != 1 {
		t.Errorf("the link of the file does not sign in: %s", resp.Status)
	}
	setPassword(t, h)
	if target, err := c.OpenFile(t.Context()); err != nil || target != "http://127.0.0.1:20128/" {
		t.Errorf("with a password: %s %v", target, err)
	}
}

func TestClientSaysWhatIsWrong(t *testing.T) {
	h, port := listening(t)
	says := func(c *Client, want string) {
		t.Helper()
		_, err := c.Status(t.Context(), spoken(t), "")
		if err == nil || !strings.Contains(fault.As(err).Public, want) {
			t.Errorf("%v, want a sentence with %q", err, want)
		}
	}
	none, _ := NewClient(t.TempDir(), port)
	says(none, "omniroute serve")

	other := t.TempDir()
	if _, err := AdminToken(other); err != nil {
		t.Fatal(err)
	}
	setPassword(t, h)
	stranger, _ := NewClient(other, port)
	says(stranger, "another data directory")

	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free := l.Addr().(*net.TCPAddr).Port
	l.Close()
	silent, _ := NewClient(h.dir, free)
	says(silent, "No gateway answers")

	if _, err := NewClient(h.dir, 0); err == nil {
		t.Error("port 0 is no port")
	}
	if err := read(200, []byte("<html>"), &Link{}); err == nil {
		t.Error("a page was taken for an answer")
	}
	if err := read(404, []byte("not here"), &Link{}); err == nil || !strings.Contains(fault.As(err).Public, "no OmniRoute") {
		t.Errorf("%v", err)
	}
}

// TestClientOverTLS: the certificate in the file is the only one that opens
// the client's mouth.
func TestClientOverTLS(t *testing.T) {
	h := newHouse(t)
	srv := httptest.NewTLSServer(h.handler)
	defer srv.Close()
	_, port, err := net.SplitHostPort(srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	n, _ := strconv.Atoi(port)
	right, wrong := filepath.Join(h.dir, "right.pem"), filepath.Join(h.dir, "wrong.pem")
	for file, raw := range map[string][]byte{right: srv.Certificate().Raw, wrong: []byte("another")} {
		if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := ClientFor(ClientOptions{DataDir: h.dir, Host: "0.0.0.0", Port: n, TLSCert: right})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Status(t.Context(), spoken(t), ""); err != nil {
		t.Errorf("with its certificate: %v", err)
	}
	c, err = ClientFor(ClientOptions{DataDir: h.dir, Port: n, TLSCert: wrong})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Status(t.Context(), spoken(t), ""); err == nil || fault.KindOf(err) != fault.Forbidden {
		t.Errorf("with another certificate: %v", err)
	}
	if _, err := ClientFor(ClientOptions{DataDir: h.dir, Port: n, TLSCert: filepath.Join(h.dir, "none")}); err == nil {
		t.Error("a certificate that is not there")
	}
}

// TestAServerThatDoesNotAccept gets no token: nobody knows whose it is.
func TestAServerThatDoesNotAccept(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	late := make(chan bool)
	go func() { late <- foreignServer(t.Context(), conn) }()
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	if <-late {
		t.Error("our own server counts as foreign, because it accepted a little later")
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	gone := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}
	if runtime.GOOS == "linux" && !foreignServer(stopped, ends{conn, gone}) {
		t.Error("a server without an owner gets the token")
	}
}

// ends is a connection that says it leads elsewhere.
type ends struct {
	net.Conn
	remote net.Addr
}

func (e ends) RemoteAddr() net.Addr { return e.remote }

// TestDirectOverARealSocket: the same user's program is let in, by the
// kernel's own word.
func TestDirectOverARealSocket(t *testing.T) {
	_, port := listening(t)
	resp, err := httpGet("http://127.0.0.1:" + strconv.Itoa(port) + "/api/keys")
	if err != nil || resp != 200 {
		t.Errorf("status %d, %v", resp, err)
	}
}

func TestOpener(t *testing.T) {
	for goos, want := range map[string]string{"darwin": "/usr/bin/open", "windows": "rundll32", "linux": "xdg-open", "freebsd": "xdg-open"} {
		name, args := opener(goos, "x")
		if name != want || args[len(args)-1] != "x" {
			t.Errorf("%s: %s %v", goos, name, args)
		}
	}
}

func httpGet(url string) (int, error) {
	resp, err := http.Get(url)
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, resp.Body.Close()
}

// spoken are the catalogues of the command line.
func spoken(t *testing.T) *i18n.Catalogues {
	t.Helper()
	c, err := i18n.Load(os.DirFS("../../frontend/src/i18n"), "cli", "conditions", "reasons")
	if err != nil {
		t.Fatal(err)
	}
	return c
}
