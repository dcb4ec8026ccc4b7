package daemon_test

import (
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"omniroute/backend/testkit"
	"omniroute/backend/wire"
)

// open begins a stream and returns its body once content has come.
func open(t *testing.T, p *testkit.Process, f wire.Format, model string) (body io.ReadCloser, id string) {
	t.Helper()
	path, req := testkit.Ask(f, model, "hi", true)
	resp := p.Open("POST", path, strings.NewReader(req))
	if _, err := io.ReadFull(resp.Body, make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	return resp.Body, resp.Header.Get("X-OmniRoute-Request-Id")
}

// gated is an upstream that streams its first events at once and the rest
// when the gate opens.
func gated(t *testing.T, p *testkit.Process, prefix string, f wire.Format) (gate chan struct{}) {
	gate = make(chan struct{})
	events := testkit.StreamAnswer(f, "one two three four")
	p.Upstream(prefix, f, func(c *testkit.Call) {
		c.Begin("text/event-stream")
		for i, ev := range events {
			if i == len(events)/2 {
				select {
				case <-gate:
				case <-c.Done():
					return
				}
			}
			if c.Write(ev) != nil {
				return
			}
		}
	})
	return gate
}

func TestTermLetsStreamsEnd(t *testing.T) {
	dir, port := t.TempDir(), testkit.FreePort(t)
	p := testkit.Exec(t, dir, port)
	gate := gated(t, p, "one", wire.OpenAIChat)
	var bodies []io.ReadCloser
	var ids []string
	for _, f := range []wire.Format{wire.OpenAIChat, wire.Anthropic} { // both roads
		b, id := open(t, p, f, "one/m")
		bodies, ids = append(bodies, b), append(ids, id)
	}
	p.Signal(t, syscall.SIGTERM)
	refusing(t, port) // it has stopped to accept
	close(gate)
	for i, b := range bodies {
		rest, err := io.ReadAll(b)
		if text := string(rest); err != nil || !strings.Contains(text, "four") || !strings.Contains(text, "[DONE]") && !strings.Contains(text, "message_stop") {
			t.Errorf("stream %d was cut: %v %s", i, err, rest)
		}
	}
	if code := p.Exit(t); code != 0 {
		t.Errorf("exit %d: %s", code, p.Said())
	}
	// A second start finds everything again.
	p = testkit.Exec(t, dir, port)
	for _, id := range ids {
		if l := p.Logged(id); len(l) != 1 || l[0]["status"] != 200.0 || l[0]["kind"] != "" {
			t.Errorf("after the restart the log has %v", l)
		}
	}
	if r := p.Ask(wire.OpenAIChat, "one/m", true); r.Status != 200 {
		t.Errorf("after the restart: %v", r)
	}
}

// refusing returns when the port takes no connection any more.
func refusing(t *testing.T, port int) {
	t.Helper()
	for {
		c, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			return
		}
		c.Close()
	}
}

func TestTermCutsWhatDoesNotEnd(t *testing.T) {
	dir, port := t.TempDir(), testkit.FreePort(t)
	p := testkit.Exec(t, dir, port, "SHUTDOWN_TIMEOUT_MS=300")
	gated(t, p, "one", wire.OpenAIChat)
	var bodies []io.ReadCloser
	var ids []string
	for _, f := range []wire.Format{wire.OpenAIChat, wire.Anthropic} {
		b, id := open(t, p, f, "one/m")
		bodies, ids = append(bodies, b), append(ids, id)
	}
	p.Signal(t, syscall.SIGTERM)
	if code := p.Exit(t); code != 0 || !strings.Contains(p.Said(), "cut off") {
		t.Errorf("exit %d: %s", code, p.Said())
	}
	for i, b := range bodies {
		rest, err := io.ReadAll(b)
		if text := string(rest); strings.Contains(text, "[DONE]") || strings.Contains(text, "message_stop") || !strings.Contains(text, "shutting down") {
			t.Errorf("the end of the cut stream %d: %v %s", i, err, rest)
		}
	}
	p = testkit.Exec(t, dir, port)
	for _, id := range ids {
		if l := p.Logged(id); len(l) != 1 || l[0]["kind"] != "canceled" {
			t.Errorf("the log has %v", l)
		}
	}
}

func TestSecondTermEndsAtOnce(t *testing.T) {
	dir, port := t.TempDir(), testkit.FreePort(t)
	p := testkit.Exec(t, dir, port) // would wait 30 s for the stream
	gated(t, p, "one", wire.OpenAIChat)
	_, id := open(t, p, wire.OpenAIChat, "one/m")
	p.Signal(t, syscall.SIGTERM)
	refusing(t, port)
	p.Signal(t, syscall.SIGTERM)
	p.Exit(t)
	p = testkit.Exec(t, dir, port)
	if l := p.Logged(id); len(l) != 1 || l[0]["kind"] != "interrupted" {
		t.Errorf("the log has %v", l)
	}
}

func TestTermWithoutRequestsExitsZero(t *testing.T) {
	for _, s := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
		p := testkit.Exec(t, t.TempDir(), testkit.FreePort(t))
		if len(p.Lines) != 2 || !strings.Contains(p.Lines[0], "http://127.0.0.1:"+strconv.Itoa(p.Port)) {
			t.Errorf("it printed %q", p.Lines)
		}
		p.Signal(t, s)
		if code := p.Exit(t); code != 0 {
			t.Errorf("%v: exit %d: %s", s, code, p.Said())
		}
	}
}

func TestTakenPortIsOneSentence(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := l.Addr().(*net.TCPAddr).Port
	_, err = testkit.Launch(t, t.TempDir(), port)
	if err == nil {
		t.Fatal("it started on a port that is taken")
	}
	said := err.Error()
	for _, want := range []string{"ended with 1", "Port " + strconv.Itoa(port), "process " + strconv.Itoa(os.Getpid()), "--port"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q does not say %q", said, want)
		}
	}
	if strings.Count(strings.TrimSpace(said), "\n") != 0 {
		t.Errorf("more than one line: %q", said)
	}
	six, err := net.Listen("tcp6", "[::1]:0")
	if err != nil {
		return // no IPv6 on this machine
	}
	defer six.Close()
	if _, err = testkit.Launch(t, t.TempDir(), six.Addr().(*net.TCPAddr).Port); err == nil || !strings.Contains(err.Error(), "already in use") {
		t.Errorf("taken on IPv6 alone: %v", err)
	}
}

func TestSecondStartOnTheSameData(t *testing.T) {
	dir := t.TempDir()
	p := testkit.Exec(t, dir, testkit.FreePort(t))
	if _, err := testkit.Launch(t, dir, testkit.FreePort(t)); err == nil || !strings.Contains(err.Error(), "ended with 1") || !strings.Contains(err.Error(), dir) {
		t.Errorf("the second start said: %v", err)
	}
	if r := p.Ask(wire.OpenAIChat, "demo/simulated", false); r.Status != 200 {
		t.Errorf("the first one: %v", r)
	}
	if _, err := os.Stat(dir); err != nil {
		t.Error(err)
	}
}
