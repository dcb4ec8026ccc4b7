package daemon_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"omniroute/backend/config"
	"omniroute/backend/daemon"
)

// childDir names the data directory to the process that is going to die.
const childDir = "OMNIROUTE_DEATH_DIR"

// TestDeathChild is no test: it is the gateway that TestDeath kills.
func TestDeathChild(t *testing.T) {
	dir := os.Getenv(childDir)
	if dir == "" {
		return
	}
	env, err := config.LoadEnv(config.Source{Environ: []string{"DATA_DIR=" + dir, "PORT=" + os.Getenv("OMNIROUTE_DEATH_PORT")}, ReadFile: os.ReadFile, Home: dir, OS: "linux"})
	if err != nil {
		t.Fatal(err)
	}
	d, err := daemon.New(daemon.Options{Env: env, Version: "death"})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	fmt.Println("ready")
	select {} // until SIGKILL
}

// TestDeath kills the gateway at random moments under load. Whatever a client
// was told is true afterwards: settings acknowledged, answers booked once.
// DEATHS=100 is for closing an issue (make test-death).
func TestDeath(t *testing.T) {
	n, seed := 4, uint64(time.Now().UnixNano())
	if v, err := strconv.Atoi(os.Getenv("DEATHS")); err == nil {
		n = v
	}
	t.Logf("seed %d", seed)
	m := &mortal{t: t, dir: t.TempDir(), rnd: rand.New(rand.NewPCG(seed, 1)), combos: map[string]bool{}, answered: map[string]bool{}}
	up := httptest.NewServer(http.HandlerFunc(m.upstream))
	defer up.Close()
	m.start()
	m.connect(up.URL)
	var slowest time.Duration
	for i := range n {
		m.load(time.Duration(30+m.rnd.IntN(300)) * time.Millisecond)
		slowest = max(slowest, m.start())
		m.verify(i)
	}
	m.kill()
	fmt.Printf("%d kills, %d settings and %d answers checked, slowest start %v\n", n, len(m.combos), m.checked, slowest.Round(time.Millisecond))
	if slowest > 2*time.Second {
		t.Errorf("a restart took %v, the promise is 2 s", slowest)
	}
}

// mortal is a gateway process and what it has promised.
type mortal struct {
	t    *testing.T
	dir  string
	base string
	rnd  *rand.Rand
	cmd  *exec.Cmd

	mu       sync.Mutex
	combos   map[string]bool // acknowledged
	answered map[string]bool // complete answers not checked yet
	checked  int
	next     int
}

func (m *mortal) upstream(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	if !bytes.Contains(body, []byte(`"stream":true`)) {
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"ok"},"finish_reason":"stop"}],"usage":{"prompt_tokens":2,"completion_tokens":1,"total_tokens":3}}`)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	for _, delta := range [...]string{`{"role":"assistant","content":"o"},"finish_reason":null`, `{"content":"k"},"finish_reason":null`, `{},"finish_reason":"stop"`} {
		fmt.Fprintf(w, "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":%s}]}\n\n", delta)
		w.(http.Flusher).Flush()
	}
	io.WriteString(w, "data: [DONE]\n\n")
}

// start begins a new life and returns how long it took to be ready.
func (m *mortal) start() time.Duration {
	m.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		m.t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	m.base = "http://" + addr
	_, port, _ := net.SplitHostPort(addr)
	m.cmd = exec.Command(os.Args[0], "-test.run=^TestDeathChild$")
	m.cmd.Env = append(os.Environ(), childDir+"="+m.dir, "OMNIROUTE_DEATH_PORT="+port)
	out, err := m.cmd.StdoutPipe()
	if err != nil {
		m.t.Fatal(err)
	}
	began := time.Now()
	if err := m.cmd.Start(); err != nil {
		m.t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || line != "ready\n" {
		m.t.Fatalf("the gateway did not come back: %q %v", line, err)
	}
	return time.Since(began)
}

func (m *mortal) kill() {
	m.cmd.Process.Signal(syscall.SIGKILL)
	m.cmd.Wait()
}

func (m *mortal) post(path, body string) (*http.Response, []byte, error) {
	resp, err := http.Post(m.base+path, "application/json", strings.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	return resp, raw, err
}

func (m *mortal) connect(url string) {
	m.t.Helper()
	resp, raw, err := m.post("/api/provider-nodes", `{"name":"up","prefix":"up","type":"openai-compatible","apiType":"chat","baseUrl":"`+url+`/v1"}`)
	if err != nil || resp.StatusCode != http.StatusCreated {
		m.t.Fatalf("node: %s %v", raw, err)
	}
	var node struct{ Node struct{ ID string } }
	if err := json.Unmarshal(raw, &node); err != nil {
		m.t.Fatal(err)
	}
	if resp, raw, err = m.post("/api/providers", `{"provider":"`+node.Node.ID+`","name":"up","apiKey":"k"}`); err != nil || resp.StatusCode != http.StatusCreated {
		m.t.Fatalf("connection: %s %v", raw, err)
	}
}

// load keeps everybody busy for a while, then kills.
func (m *mortal) load(d time.Duration) {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	for _, c := range [...]struct{ path, body, end string }{
		{"/v1/chat/completions", `{"model":"up/m","messages":[{"role":"user","content":"hi"}]}`, ""},
		{"/v1/chat/completions", `{"model":"up/m","stream":true,"messages":[{"role":"user","content":"hi"}]}`, "[DONE]"},
		{"/v1/messages", `{"model":"up/m","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"hi"}]}`, "message_stop"},
		{"/v1/responses", `{"model":"demo/simulated","input":"hi"}`, ""},
	} {
		wg.Go(func() {
			for ctx.Err() == nil {
				resp, raw, err := m.post(c.path, c.body)
				if err == nil && resp.StatusCode == http.StatusOK && (c.end == "" || bytes.Contains(raw, []byte(c.end))) {
					m.mu.Lock()
					m.answered[resp.Header.Get("X-Omniroute-Request-Id")] = true
					m.mu.Unlock()
				}
			}
		})
	}
	wg.Go(func() {
		for ctx.Err() == nil {
			m.mu.Lock()
			m.next++
			name := fmt.Sprintf("combo-%d", m.next)
			m.mu.Unlock()
			resp, _, err := m.post("/api/combos", `{"name":"`+name+`","models":["up/m"],"strategy":"priority"}`)
			if err == nil && resp.StatusCode == http.StatusCreated {
				m.mu.Lock()
				m.combos[name] = true
				m.mu.Unlock()
			}
		}
	})
	time.Sleep(d) // the moment of death is the point, not a wait for something
	m.kill()
	cancel()
	wg.Wait()
}

func (m *mortal) get(path string, into any) {
	m.t.Helper()
	resp, err := http.Get(m.base + path)
	if err != nil {
		m.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		m.t.Fatalf("%s: %d %s %v", path, resp.StatusCode, raw, err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		m.t.Fatal(err)
	}
}

// verify compares what stands there with what was promised.
func (m *mortal) verify(life int) {
	m.t.Helper()
	var stored struct{ Combos []struct{ Name string } }
	m.get("/api/combos", &stored)
	there := map[string]bool{}
	for _, c := range stored.Combos {
		there[c.Name] = true
	}
	for name := range m.combos {
		if !there[name] {
			m.t.Errorf("kill %d: the combo %s was acknowledged and is gone", life, name)
		}
	}
	booked := map[string]int{}
	before := ""
	for len(m.answered) > 0 {
		var page struct{ Logs []struct{ ID string } }
		m.get("/api/usage/call-logs?limit=1000"+before, &page)
		if len(page.Logs) == 0 {
			break
		}
		for _, l := range page.Logs {
			booked[l.ID]++
		}
		missing := false
		for id := range m.answered {
			missing = missing || booked[id] == 0
		}
		if !missing || len(page.Logs) < 1000 {
			break
		}
		before = "&before=" + page.Logs[len(page.Logs)-1].ID
	}
	for id := range m.answered {
		if booked[id] != 1 {
			m.t.Errorf("kill %d: the answered request %s is in the log %d times", life, id, booked[id])
		}
		m.checked++
	}
	clear(m.answered)
}
