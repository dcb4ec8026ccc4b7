package daemon_test

import (
	"testing"

	"omniroute/backend/testkit"
	"omniroute/backend/wire"
)

// check compares a gateway that came back with what was promised, and kills
// it again.
func (m *mortal) check(p *testkit.Process) {
	m.t.Helper()
	m.checkSettings(p)
	m.checkThings(p)
	m.checkBooks(p)
	p.Kill()
}

// checkSettings: each has the value acknowledged last, or the one that was on
// its way when the gateway died.
func (m *mortal) checkSettings(p *testkit.Process) {
	m.t.Helper()
	now := map[string]string{}
	now["instanceName"], _ = p.API("GET", "/api/settings", nil)["instanceName"].(string)
	for _, a := range p.API("GET", "/api/models/alias", nil)["aliases"].([]any) {
		now[testkit.At(a, "pattern").(string)] = testkit.At(a, "target").(string)
	}
	for name, want := range m.settled {
		if got := now[name]; got != want && got != m.inFlight[name] {
			m.t.Errorf("life %d: %s is %q, acknowledged was %q, on its way %q", m.lives, name, got, want, m.inFlight[name])
		}
		m.settled[name] = now[name]
	}
	clear(m.inFlight)
}

// checkThings: whatever was made is there, whatever was deleted is not, keys
// open, and secrets reach the upstream.
func (m *mortal) checkThings(p *testkit.Process) {
	m.t.Helper()
	have := map[string]bool{}
	for path, list := range map[string]string{"/api/keys": "keys", "/api/provider-nodes": "nodes", "/api/combos": "combos"} {
		for _, x := range p.API("GET", path, nil)[list].([]any) {
			have[testkit.At(x, "id").(string)] = true
		}
	}
	for id := range m.keys {
		if !have[id] {
			m.t.Errorf("life %d: key %s is lost", m.lives, id)
		}
	}
	for prefix, id := range m.nodes {
		if !have[id] {
			m.t.Errorf("life %d: node %s is lost", m.lives, prefix)
		}
	}
	for name, id := range m.combos {
		if have[id] && m.gone[id] {
			m.t.Errorf("life %d: the deleted combo %s is back", m.lives, name)
		} else if !have[id] && !m.doubtful[id] {
			m.t.Errorf("life %d: combo %s is lost", m.lives, name)
		}
	}
	for id, text := range m.keys { // one of them, whichever comes first
		r := p.Ask(wire.OpenAIChat, "demo/simulated", false, "x-api-key", text)
		if l := p.Logged(r.ID()); r.Status != 200 || len(l) != 1 || l[0]["apiKeyId"] != id {
			m.t.Errorf("life %d: key %s: %d, log %v", m.lives, id, r.Status, l)
		}
		break
	}
	for prefix := range m.nodes {
		r := p.Ask(wire.OpenAIChat, prefix+"/m", false)
		if got := m.chat.Last(m.t).Header.Get("Authorization"); r.Status != 200 || got != "Bearer "+testkit.Secret(prefix) {
			m.t.Errorf("life %d: node %s: %d, the upstream saw %q", m.lives, prefix, r.Status, got)
		}
		break
	}
}

// checkBooks: every answer that a client saw complete is in the log once, as
// the client saw it.
func (m *mortal) checkBooks(p *testkit.Process) {
	m.t.Helper()
	rows := map[string]int{}
	for _, l := range p.Logs() {
		id := l["id"].(string)
		rows[id]++
		if rows[id] > 1 {
			m.t.Errorf("life %d: %s is in the log %d times", m.lives, id, rows[id])
		}
		if seen, ok := m.answered[id]; ok && (l["status"] != float64(seen) || seen == 200 && l["kind"] != "") {
			m.t.Errorf("life %d: the client saw %d, the log says %v", m.lives, seen, l)
		}
	}
	for id := range m.answered {
		if rows[id] == 0 {
			m.t.Errorf("life %d: %s was answered and is not in the log", m.lives, id)
		}
	}
	m.compared += len(m.answered)
	clear(m.answered)
}

// complete reports that something of every kind was at stake.
func (m *mortal) complete() bool {
	return m.compared > 0 && len(m.keys) > 0 && len(m.nodes) > 0 && len(m.gone) > 0
}

// dies kills a gateway at least n times and compares after each.
func dies(t *testing.T, n int, seed uint64) {
	m := newMortal(t, seed)
	for m.lives < n || !m.complete() && m.lives < 10*n { // a loaded machine makes few changes in a life
		m.live()
		if t.Failed() {
			t.Fatalf("seed %d: stopped at life %d", seed, m.lives)
		}
	}
	if !m.complete() {
		t.Errorf("nothing was compared: %+v", m)
	}
	if held := testkit.Holds(t, m.dir, "upstream-secret-of-"); held != nil {
		t.Errorf("secrets stand in clear in %v", held)
	}
	t.Logf("%d kills, %d answers found in the books once, %d keys, %d nodes and %d combos kept, %d deletions held, slowest start %v",
		m.lives, m.compared, len(m.keys), len(m.nodes), len(m.combos)-len(m.gone), len(m.gone), m.slow)
}

// The short form of the hundred deaths of `make test-death`.
func TestKilledFiveTimes(t *testing.T) { dies(t, 5, 1) }
