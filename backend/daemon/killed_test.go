package daemon_test

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"omniroute/backend/testkit"
	"omniroute/backend/wire"
)

// mayStart is the budget of a start after a kill (issue, show 7); it gates at
// twice its size (rulings 5.5).
const mayStart = 2 * time.Second

// mortal is a gateway that is killed again and again, and what it promised
// its clients in its lives so far.
type mortal struct {
	t     *testing.T
	dir   string
	port  int
	rnd   *rand.Rand
	chat  *testkit.Upstream
	anth  *testkit.Upstream
	lives int
	slow  time.Duration // the slowest start after a kill

	compared int // answers found in the books

	mu       sync.Mutex
	answered map[string]int    // request id → status the client saw, whole answers only
	settled  map[string]string // setting → value acknowledged last
	inFlight map[string]string // setting → value asked for and not acknowledged
	keys     map[string]string // id → text, acknowledged
	nodes    map[string]string // prefix → id, acknowledged
	combos   map[string]string // name → id, acknowledged
	gone     map[string]bool   // combo ids whose deletion was acknowledged
	doubtful map[string]bool   // combo ids whose deletion was asked for and not acknowledged
}

func newMortal(t *testing.T, seed uint64) *mortal {
	m := &mortal{
		t: t, dir: t.TempDir(), port: testkit.FreePort(t), rnd: rand.New(rand.NewPCG(seed, 1)),
		chat: testkit.NewUpstream(t, wire.OpenAIChat, testkit.Says("one two three")), anth: testkit.NewUpstream(t, wire.Anthropic, testkit.Says("one two three")),
		answered: map[string]int{}, settled: map[string]string{}, inFlight: map[string]string{}, keys: map[string]string{}, nodes: map[string]string{},
		combos: map[string]string{}, gone: map[string]bool{}, doubtful: map[string]bool{},
	}
	p := testkit.Exec(t, m.dir, m.port)
	p.Node("chat", wire.OpenAIChat, m.chat.BaseURL())
	p.Node("anth", wire.Anthropic, m.anth.BaseURL())
	p.Combo("both", "chat/m", "anth/m")
	p.Kill()
	return m
}

// live runs the gateway under mixed load until it has given a random number
// of answers, kills it, and compares its books with what clients saw.
func (m *mortal) live() {
	m.t.Helper()
	m.lives++
	p := m.start()
	fatal := int64(m.rnd.IntN(250) + 1)
	var given atomic.Int64
	dying := make(chan struct{})
	var once sync.Once
	tick := func() {
		if given.Add(1) >= fatal {
			once.Do(func() { close(dying) })
		}
	}
	var load sync.WaitGroup
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}}
	for w := range 6 {
		seed := m.rnd.Uint64()
		load.Go(func() { m.ask(client, p, rand.New(rand.NewPCG(seed, uint64(w))), tick) })
	}
	for w := range 2 {
		seed := m.rnd.Uint64()
		load.Go(func() { m.edit(client, p, rand.New(rand.NewPCG(seed, uint64(w))), w, tick) })
	}
	testkit.Wait(m.t, "enough answers", dying)
	p.Kill()
	load.Wait()
	client.CloseIdleConnections()
	m.check(m.start())
}

// start starts the gateway and looks at what it says about its data.
func (m *mortal) start() *testkit.Process {
	m.t.Helper()
	m.sound()
	p := testkit.Exec(m.t, m.dir, m.port)
	m.slow = max(m.slow, p.Startup)
	if p.Startup > 2*mayStart {
		m.t.Errorf("life %d: the start took %v", m.lives, p.Startup)
	}
	if strings.Contains(p.Said(), "level=ERROR") {
		m.t.Errorf("life %d: it starts with an error:\n%s", m.lives, p.Said())
	}
	return p
}

// sound checks copies of both databases, as they were left behind.
func (m *mortal) sound() {
	m.t.Helper()
	copied := m.t.TempDir()
	for _, name := range []string{"omniroute.db", "usage.db"} {
		for _, part := range []string{"", "-wal"} {
			raw, err := os.ReadFile(filepath.Join(m.dir, name+part))
			if os.IsNotExist(err) {
				continue
			}
			if err == nil {
				err = os.WriteFile(filepath.Join(copied, name+part), raw, 0o600)
			}
			if err != nil {
				m.t.Fatal(err)
			}
		}
		db, err := sql.Open("sqlite", filepath.Join(copied, name))
		if err != nil {
			m.t.Fatal(err)
		}
		var verdict string
		if err := db.QueryRow("PRAGMA integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
			m.t.Errorf("life %d: %s is corrupt: %q %v", m.lives, name, verdict, err)
		}
		db.Close()
	}
}

// ask makes calls of every kind until the gateway is dead.
func (m *mortal) ask(client *http.Client, p *testkit.Process, rnd *rand.Rand, tick func()) {
	formats := testkit.Formats()
	for {
		f := formats[rnd.IntN(len(formats))]
		model := []string{"chat/m", "anth/m", "both", "demo/simulated", "nope/x"}[rnd.IntN(5)]
		path, body := testkit.Ask(f, model, "hi", rnd.IntN(2) == 0)
		resp, err := client.Post(p.URL+path, "application/json", strings.NewReader(body))
		if err != nil {
			return
		}
		raw, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		r := &testkit.Reply{Status: resp.StatusCode, Header: resp.Header, Body: raw, Err: err}
		if m.saw(f, r) {
			tick()
		} else if err != nil {
			return
		}
	}
}

// saw books an answer that a client would believe to be complete.
func (m *mortal) saw(f wire.Format, r *testkit.Reply) bool {
	complete := r.Err == nil
	switch {
	case r.Status == 200 && strings.HasPrefix(r.Header.Get("Content-Type"), "text/event-stream"):
		_, complete = testkit.StreamText(f, r.Body) // whatever became of the connection
	case r.Status == 404 && complete:
	case r.Status != 200 && complete:
		m.t.Errorf("life %d: %d %s", m.lives, r.Status, r.Body)
	}
	if !complete {
		return false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.answered[r.ID()] = r.Status
	return true
}

// api makes a management call that may die.
func (m *mortal) api(client *http.Client, p *testkit.Process, method, path string, in any) (out map[string]any, acknowledged bool) {
	raw, err := json.Marshal(in)
	if err != nil {
		m.t.Error(err)
	}
	req, err := http.NewRequest(method, p.URL+path, bytes.NewReader(raw))
	if err != nil {
		m.t.Error(err)
		return nil, false
	}
	req.Header.Set("Authorization", "Bearer "+p.Token())
	resp, err := client.Do(req)
	if err != nil {
		return nil, false
	}
	defer resp.Body.Close()
	// The status line is the acknowledgement, even if the body dies on its way.
	raw, _ = io.ReadAll(resp.Body)
	json.Unmarshal(raw, &out)
	if resp.StatusCode > 299 {
		m.t.Errorf("life %d: %s %s: %d %s", m.lives, method, path, resp.StatusCode, raw)
	}
	return out, resp.StatusCode <= 299
}

// edit changes settings of every kind until the gateway is dead.
func (m *mortal) edit(client *http.Client, p *testkit.Process, rnd *rand.Rand, who int, tick func()) {
	for n := 0; ; n++ {
		name := fmt.Sprintf("l%d-w%d-n%d", m.lives, who, n)
		ok := false
		switch rnd.IntN(5) {
		case 0:
			if who == 0 {
				ok = m.set(client, p, "instanceName", name)
			} else {
				ok = m.alias(client, p, "alias-2", "anth/"+name)
			}
		case 1:
			ok = m.alias(client, p, fmt.Sprintf("alias-%d", who), "chat/"+name)
		case 2:
			ok = m.key(client, p, name)
		case 3:
			ok = m.node(client, p, name)
		case 4:
			ok = m.combo(client, p, name, rnd)
		}
		if !ok {
			return
		}
		tick()
	}
}

// pending notes a wish before it is made, acknowledged that it was granted.
func (m *mortal) pending(name, value string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.inFlight[name] = value
}

func (m *mortal) acknowledged(name, value string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.settled[name] = value
	delete(m.inFlight, name)
}

func (m *mortal) set(client *http.Client, p *testkit.Process, name, value string) bool {
	m.pending(name, value)
	_, ok := m.api(client, p, "PATCH", "/api/settings", map[string]any{name: value})
	if ok {
		m.acknowledged(name, value)
	}
	return ok
}

func (m *mortal) alias(client *http.Client, p *testkit.Process, pattern, target string) bool {
	m.pending(pattern, target)
	_, ok := m.api(client, p, "PUT", "/api/models/alias", map[string]any{"pattern": pattern, "target": target})
	if ok {
		m.acknowledged(pattern, target)
	}
	return ok
}

func (m *mortal) key(client *http.Client, p *testkit.Process, name string) bool {
	out, ok := m.api(client, p, "POST", "/api/keys", map[string]any{"name": name})
	if text, whole := out["key"].(string); whole {
		m.mu.Lock()
		m.keys[out["id"].(string)] = text
		m.mu.Unlock()
	}
	return ok
}

func (m *mortal) node(client *http.Client, p *testkit.Process, prefix string) bool {
	out, ok := m.api(client, p, "POST", "/api/provider-nodes", map[string]any{"name": prefix, "prefix": prefix, "type": "openai-compatible", "apiType": "chat", "baseUrl": m.chat.BaseURL()})
	id, whole := testkit.At(out, "node", "id").(string)
	if !ok || !whole {
		return false
	}
	_, ok = m.api(client, p, "POST", "/api/providers", map[string]any{"provider": id, "name": prefix, "apiKey": testkit.Secret(prefix)})
	if ok {
		m.mu.Lock()
		m.nodes[prefix] = id
		m.mu.Unlock()
	}
	return ok
}

func (m *mortal) combo(client *http.Client, p *testkit.Process, name string, rnd *rand.Rand) bool {
	out, ok := m.api(client, p, "POST", "/api/combos", map[string]any{"name": name, "models": []string{"chat/m"}, "strategy": "priority"})
	id, whole := testkit.At(out, "combo", "id").(string)
	if !ok || !whole {
		return false
	}
	m.mu.Lock()
	m.combos[name] = id
	m.mu.Unlock()
	if rnd.IntN(2) == 0 {
		return true
	}
	m.mu.Lock()
	m.doubtful[id] = true
	m.mu.Unlock()
	_, ok = m.api(client, p, "DELETE", "/api/combos/"+id, nil)
	if ok {
		m.mu.Lock()
		m.gone[id] = true
		m.mu.Unlock()
	}
	return ok
}
