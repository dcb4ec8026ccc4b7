package main

import (
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	_ "modernc.org/sqlite"
)

// prepared is a gateway with the endpoints every part uses.
type prepared struct {
	*process
	key string
}

func (b *bench) prepared() (*prepared, error) {
	p, err := b.gateway("")
	if err != nil {
		return nil, err
	}
	return b.fill(p)
}

func (b *bench) fill(p *process) (*prepared, error) {
	mock := "http://" + b.mock.addr
	for _, n := range [...]struct{ prefix, kind, path string }{
		{"chat0", "openai-compatible", "/ok/0/0/v1"}, {"chat20", "openai-compatible", "/ok/20/0/v1"}, {"chat200", "openai-compatible", "/ok/200/0/v1"},
		{"anth0", "anthropic-compatible", "/ok/0/0/v1"}, {"anth20", "anthropic-compatible", "/ok/20/0/v1"},
		{"slow", "openai-compatible", "/ok/50/20/v1"}, {"fail", "openai-compatible", "/fail/0/0/v1"},
	} {
		if err := p.node(n.prefix, n.kind, mock+n.path); err != nil {
			return nil, err
		}
	}
	for name, models := range map[string][]string{"one": {"chat0/m"}, "two": {"fail/m", "chat0/m"}} {
		if _, err := p.api("POST", "/api/combos", map[string]any{"name": name, "models": models, "strategy": "priority"}); err != nil {
			return nil, err
		}
	}
	out, err := p.api("POST", "/api/keys", map[string]any{"name": "bench"})
	if err != nil {
		return nil, err
	}
	return &prepared{p, out["key"].(string)}, nil
}

// case of the CPU table: the gateway's request beside what the floor passes
// through for the same client.
type pair struct {
	name      string
	anthropic bool // the client's format
	model     string
	floorPath string
	stream    bool
	size      int
	c, n      int
}

func (b *bench) jobs(g *prepared, p pair) (gate, floor job) {
	path, end := "/v1/chat/completions", ""
	if p.anthropic {
		path = "/v1/messages"
	}
	if p.stream {
		end = "[DONE]"
		if p.anthropic {
			end = "message_stop"
		}
	}
	body := prompt(p.anthropic, p.size, p.model, p.stream)
	gate = job{url: "http://" + g.addr + path, key: g.key, anthropic: p.anthropic, body: body, end: end}
	floor = gate
	floor.url = "http://" + b.floor.addr + p.floorPath + path
	return gate, floor
}

// compare measures gateway and floor in turn and returns the median ratio.
func (b *bench) compare(g *prepared, p pair) (ratio, gateCPU, floorCPU float64, err error) {
	gj, fj := b.jobs(g, p)
	var gs, fs []float64
	ratio, err = b.median(func() (float64, error) {
		f := load(b.floor, fj, p.c, p.n)
		o := load(g.process, gj, p.c, p.n)
		if o.errors > 0 {
			return 0, fmt.Errorf("%s: %d of %d failed: %s", p.name, o.errors, o.requests, o.first)
		}
		gs, fs = append(gs, o.perRequest()), append(fs, f.perRequest())
		return o.perRequest() / f.perRequest(), nil
	})
	return ratio, middle(gs), middle(fs), err
}

func (b *bench) measureCPU() error {
	g, err := b.prepared()
	if err != nil {
		return err
	}
	n := b.n(6000)
	for _, c := range [...]struct {
		pair
		gate float64
	}{
		{pair{"native, 16 connections", false, "one", "/ok/0/0", false, 1024, 16, n}, 1.5},
		{pair{"native stream of 20", false, "chat20/m", "/ok/20/0", true, 1024, 16, n / 2}, 1.5},
		{pair{"Anthropic client, OpenAI upstream", true, "chat0/m", "/ok/0/0", false, 1024, 16, n}, 1.8},
		{pair{"OpenAI client, Anthropic upstream", false, "anth0/m", "/ok/0/0", false, 1024, 16, n}, 1.8},
		{pair{"Anthropic client, OpenAI upstream, stream of 20", true, "chat20/m", "/ok/20/0", true, 1024, 16, n / 2}, 1.8},
		{pair{"OpenAI client, Anthropic upstream, stream of 20", false, "anth20/m", "/ok/20/0", true, 1024, 16, n / 2}, 1.8},
	} {
		if !strings.Contains(c.name, b.match) {
			continue
		}
		ratio, cpu, floor, err := b.compare(g, c.pair)
		if err != nil {
			return err
		}
		b.add(c.name, fmt.Sprintf("%.2fx  (%.0f µs, floor %.0f µs)", ratio, cpu, floor), fmt.Sprintf("<= %.1fx", c.gate), ratio <= c.gate)
	}
	if b.match != "" {
		return nil
	}
	short, _ := b.jobs(g, pair{model: "chat20/m", stream: true, size: 1024})
	long, _ := b.jobs(g, pair{model: "chat200/m", stream: true, size: 1024})
	perChunk, err := b.median(func() (float64, error) {
		s, l := load(g.process, short, 16, n/2), load(g.process, long, 16, n/6)
		if s.errors+l.errors > 0 {
			return 0, fmt.Errorf("streams failed: %s%s", s.first, l.first)
		}
		return (l.perRequest() - s.perRequest()) / 180, nil
	})
	b.add("each further chunk", fmt.Sprintf("%.2f µs", perChunk), "<= 1.2 µs", perChunk <= 1.2)
	return err
}

func (b *bench) measureLarge() error {
	g, err := b.prepared()
	if err != nil {
		return err
	}
	for _, c := range [...]struct {
		pair
		gate float64
	}{
		{pair{"100 KB prompt, native", false, "chat0/m", "/read/ok/0/0", false, 100 << 10, 8, b.n(2000)}, 0},
		{pair{"1 MB prompt, native", false, "chat0/m", "/read/ok/0/0", false, 1 << 20, 8, b.n(400)}, 1.0},
		{pair{"1 MB prompt, Anthropic to OpenAI", true, "chat0/m", "/read/ok/0/0", false, 1 << 20, 8, b.n(400)}, 1.5},
		{pair{"1 MB prompt, native, floor that does not read it", false, "chat0/m", "/ok/0/0", false, 1 << 20, 8, b.n(400)}, 0},
	} {
		if !strings.Contains(c.name, b.match) {
			continue
		}
		ratio, cpu, floor, err := b.compare(g, c.pair)
		if err != nil {
			return err
		}
		gate := ""
		if c.gate > 0 {
			gate = fmt.Sprintf("<= %.1fx", c.gate)
		}
		b.add(c.name, fmt.Sprintf("%.2fx  (%.0f µs, floor %.0f µs)", ratio, cpu, floor), gate, ratio <= c.gate)
	}
	_, peak := g.memory()
	b.add("peak memory with 1 MB prompts", fmt.Sprintf("%.0f MB", peak), "", true)
	return nil
}

// measureFallback resets the breaker between rounds, so that the failing
// target is really tried by every request.
func (b *bench) measureFallback() error {
	g, err := b.prepared()
	if err != nil {
		return err
	}
	gj, fj := b.jobs(g, pair{model: "two", floorPath: "/ok/0/0", size: 1024})
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(2 * time.Millisecond):
				g.api("POST", "/api/resilience/reset", map[string]any{})
			}
		}
	})
	defer func() { close(stop); wg.Wait() }()
	n := b.n(3000)
	ratio, err := b.median(func() (float64, error) {
		f := load(b.floor, fj, 4, n)
		o := load(g.process, gj, 4, n)
		if o.errors > 0 {
			return 0, fmt.Errorf("%d failed: %s", o.errors, o.first)
		}
		return o.perRequest() / f.perRequest(), nil
	})
	b.add("a failed first target, then the next, 4 connections", fmt.Sprintf("%.2fx", ratio), "<= 3.0x", ratio <= 3)
	return err
}

func (b *bench) measureStart() error {
	first, err := b.gateway("") // the very first start makes keys and databases
	if err != nil {
		return err
	}
	dir := first.dir
	first.stop()
	ms, err := b.median(func() (float64, error) {
		began := time.Now()
		p, err := b.gateway(dir)
		if err != nil {
			return 0, err
		}
		defer p.stop()
		resp, err := http.Post("http://"+p.addr+"/v1/chat/completions", "application/json", strings.NewReader(`{"model":"demo/simulated","messages":[{"role":"user","content":"hi"}]}`))
		if err != nil {
			return 0, err
		}
		defer resp.Body.Close()
		io.Copy(io.Discard, resp.Body)
		if resp.StatusCode != 200 {
			return 0, fmt.Errorf("first answer: %d", resp.StatusCode)
		}
		return float64(time.Since(began).Milliseconds()), nil
	})
	if err != nil {
		return err
	}
	b.add("start to first answer", fmt.Sprintf("%.0f ms", ms), "<= 150 ms", ms <= 150)
	g, err := b.prepared()
	if err != nil {
		return err
	}
	time.Sleep(3 * time.Second)
	before := g.cpu()
	time.Sleep(5 * time.Second)
	busy := float64((g.cpu() - before).Microseconds()) / 5000
	now, _ := g.memory()
	b.add("idle memory", fmt.Sprintf("%.1f MB", now), "<= 40 MB", now <= 40)
	b.add("idle CPU", fmt.Sprintf("%.2f ms/s", busy), "", true)
	return nil
}

// measureSlow holds 1,000 streams open at once.
func (b *bench) measureSlow() error {
	g, err := b.prepared()
	if err != nil {
		return err
	}
	j, _ := b.jobs(g, pair{model: "slow/m", stream: true, size: 1024})
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1000}}
	var failed atomic.Int64
	var first atomic.Pointer[string]
	var wg sync.WaitGroup
	for range 1000 {
		wg.Go(func() {
			if err := once(client, j, make([]byte, 4<<10)); err != nil {
				failed.Add(1)
				s := err.Error()
				first.CompareAndSwap(nil, &s)
			}
		})
	}
	wg.Wait()
	_, peak := g.memory()
	why := ""
	if e := first.Load(); e != nil {
		why = ": " + *e
	}
	b.add("1,000 slow streams at once", fmt.Sprintf("%.0f MB, %d errors%s", peak, failed.Load(), why), "<= 120 MB, 0 errors", peak <= 120 && failed.Load() == 0)
	return nil
}

func (b *bench) measureStreams() error {
	g, err := b.prepared()
	if err != nil {
		return err
	}
	j, _ := b.jobs(g, pair{model: "chat20/m", stream: true, size: 1024})
	o := load(g.process, j, 16, b.n(60_000))
	b.add(fmt.Sprintf("errors in %d streams", o.requests), fmt.Sprintf("%d %s", o.errors, o.first), "0", o.errors == 0)
	return nil
}

// measureDrift runs 30 rounds on one gateway: the last five must cost what
// the first five did.
func (b *bench) measureDrift() error {
	g, err := b.prepared()
	if err != nil {
		return err
	}
	j, _ := b.jobs(g, pair{model: "one", size: 1024})
	var cost, rss []float64
	for range 30 {
		o := load(g.process, j, 16, b.n(2000))
		if o.errors > 0 {
			return fmt.Errorf("%d failed: %s", o.errors, o.first)
		}
		now, _ := g.memory()
		cost, rss = append(cost, o.perRequest()), append(rss, now)
	}
	c := middle(cost[25:]) / middle(cost[:5])
	m := middle(rss[25:]) / middle(rss[:5])
	b.add("drift over 30 rounds", fmt.Sprintf("CPU %.2fx, memory %.2fx", c, m), "<= 1.05x, <= 1.1x", c <= 1.05 && m <= 1.1)
	return nil
}

// measureRows compares an empty usage.db with one of ten million rows.
func (b *bench) measureRows() error {
	empty, err := b.prepared()
	if err != nil {
		return err
	}
	full, err := b.prepared()
	if err != nil {
		return err
	}
	j, _ := b.jobs(full, pair{model: "one", size: 1024})
	load(full.process, j, 4, 200) // real rows to multiply
	full.stop()
	if err := multiply(filepath.Join(full.dir, "usage.db"), b.rows); err != nil {
		return err
	}
	began := time.Now()
	again, err := b.gateway(full.dir)
	if err != nil {
		return err
	}
	started := time.Since(began)
	full.process = again
	sj, _ := b.jobs(empty, pair{model: "one", size: 1024})
	bj, _ := b.jobs(full, pair{model: "one", size: 1024})
	n := b.n(6000)
	ratio, err := b.median(func() (float64, error) {
		s, l := load(empty.process, sj, 16, n), load(full.process, bj, 16, n)
		if s.errors+l.errors > 0 {
			return 0, fmt.Errorf("requests failed: %s%s", s.first, l.first)
		}
		return l.perRequest() / s.perRequest(), nil
	})
	if err != nil {
		return err
	}
	b.add(fmt.Sprintf("0 to %d usage rows", b.rows), fmt.Sprintf("%.2fx, start %d ms", ratio, started.Milliseconds()), "<= 1.1x", ratio <= 1.1)
	began = time.Now()
	if _, err := full.api("GET", "/api/usage/call-logs?limit=100", nil); err != nil {
		return err
	}
	b.add("newest 100 call logs among them", fmt.Sprintf("%d ms", time.Since(began).Milliseconds()), "", true)
	return nil
}

// multiply copies rows inside the database until there are n: two a second,
// before those that are there, with ids of their own (usage, pack.go), and
// with the spans and marks that lists find them by (store, marks.go).
func multiply(path string, n int) error {
	db, err := sql.Open("sqlite", path+"?_pragma=journal_mode(wal)&_pragma=synchronous(off)")
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1) // temporary tables belong to a connection
	const apart = 500_000_000
	var have int
	var first int64
	if err := db.QueryRow("SELECT count(*), min(seq) FROM requests").Scan(&have, &first); err != nil {
		return err
	}
	n -= have
	first -= int64(n+1) * apart
	exec := func(query string, args ...any) {
		if err == nil {
			_, err = db.Exec(query, args...)
		}
	}
	exec("CREATE TEMP TABLE sample AS SELECT row_number() OVER () - 1 AS k, body FROM requests")
	exec("CREATE TEMP TABLE kinds AS SELECT DISTINCT what, value FROM marks")
	const step = 500_000
	for done := 0; done < n && err == nil; done += step {
		exec(`WITH RECURSIVE s(n) AS (SELECT ? UNION ALL SELECT n + 1 FROM s WHERE n + 1 < ?)
			INSERT INTO requests (seq, body) SELECT seq, CAST(substr(body, 1, 1) || unhex(printf('%016X', seq)) || substr(body, 10) AS BLOB)
			FROM (SELECT ? + s.n * ? AS seq, body FROM s CROSS JOIN sample ON sample.rowid = s.n % ? + 1)`, done, min(done+step, n), first, apart, have)
	}
	exec("WITH RECURSIVE s(n) AS (SELECT 0 UNION ALL SELECT n + 256 FROM s WHERE n + 256 < ?) INSERT INTO spans (start) SELECT ? + n * ? FROM s", n, first, apart)
	exec("INSERT OR IGNORE INTO marks (what, value, span) SELECT what, value, start FROM kinds CROSS JOIN spans WHERE start > 0")
	exec("PRAGMA wal_checkpoint(TRUNCATE)")
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0) // or the gateway's first sync would wait for gigabytes of ours
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func middle(v []float64) float64 {
	s := append([]float64(nil), v...)
	for i := range s {
		for k := i; k > 0 && s[k] < s[k-1]; k-- {
			s[k], s[k-1] = s[k-1], s[k]
		}
	}
	if len(s) == 0 {
		return 0
	}
	return s[len(s)/2]
}
