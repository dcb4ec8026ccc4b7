package gateway_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"omniroute/backend/testkit"
)

// dial opens a bare connection, for clients that behave as ours never would.
func dial(t *testing.T, g *testkit.Gateway) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(g.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c.(*net.TCPConn)
}

// answer reads one response of a bare connection.
func answer(t *testing.T, c net.Conn) (int, string) {
	t.Helper()
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatalf("no answer: %v", err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// Many clients look for an answer only once they have sent everything: the
// refusal of a large body must not be lost in a closed connection.
func TestRefusalsReachClientsThatSendFirst(t *testing.T) {
	g := testkit.Start(t, testkit.Env("REQUIRE_API_KEY", "true"))
	_, key := g.Key("k")
	for _, c := range []struct {
		name, path, key string
		size            int
		status          int
		says            string
	}{
		{"body too large", "/v1/messages", key, 70 << 20, 413, "64 MB"},
		{"no key", "/v1/messages", "sk-nothing", 20 << 20, 401, "key"},
		{"no such path", "/v1/nonsense", key, 20 << 20, 404, "base URL"},
		{"legacy path", "/v1/completions", key, 20 << 20, 404, "chat/completions"},
		{"wrong method", "/v1/models", key, 20 << 20, 405, "GET"},
	} {
		for _, chunked := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s chunked=%v", c.name, chunked), func(t *testing.T) {
				conn := dial(t, g)
				head := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nx-api-key: %s\r\n", c.path, c.key)
				if chunked {
					head += "Transfer-Encoding: chunked\r\n\r\n"
				} else {
					head += fmt.Sprintf("Content-Length: %d\r\n\r\n", c.size)
				}
				io.WriteString(conn, head)
				piece := strings.Repeat("x", 1<<20)
				for range c.size >> 20 {
					part := piece
					if chunked {
						part = fmt.Sprintf("%x\r\n%s\r\n", len(piece), piece)
					}
					if _, err := io.WriteString(conn, part); err != nil {
						t.Fatalf("the connection was closed while the body was being sent: %v", err)
					}
				}
				if chunked {
					io.WriteString(conn, "0\r\n\r\n")
				}
				if status, body := answer(t, conn); status != c.status || !strings.Contains(body, c.says) {
					t.Errorf("%d %s", status, body)
				}
			})
		}
	}
}

// A client that asks before it sends is told at once and sends nothing.
func TestExpectContinueIsAnsweredWithoutTheBody(t *testing.T) {
	g := testkit.Start(t)
	conn := dial(t, g)
	fmt.Fprintf(conn, "POST /v1/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n", 70<<20)
	if status, body := answer(t, conn); status != 413 {
		t.Errorf("%d %s", status, body)
	}
}

// A body that breaks off is refused and reaches no upstream.
func TestBodyThatBreaksOff(t *testing.T) {
	g := testkit.Start(t)
	u := g.Upstream("one", "openai-chat")
	conn := dial(t, g)
	io.WriteString(conn, "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n{\"model\":\"one/m\"")
	conn.CloseWrite()
	if status, body := answer(t, conn); status != 400 || !strings.Contains(body, "broke off") {
		t.Errorf("%d %s", status, body)
	}
	if u.Count() != 0 {
		t.Error("the upstream was called")
	}
}
