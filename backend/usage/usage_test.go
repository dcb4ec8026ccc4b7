package usage

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.uber.org/goleak"

	"omniroute/backend/config"
	"omniroute/backend/fault"
	"omniroute/backend/llm"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// memory is a database in a map.
type memory struct {
	mu    sync.Mutex
	rows  map[string]*Receipt
	twice []string // ids that were written although they were there
	fail  error

	writes, syncs int
}

func (s *memory) Write(_ context.Context, batch []Row) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return s.fail
	}
	s.writes++
	if s.rows == nil {
		s.rows = make(map[string]*Receipt)
	}
	for i := range batch {
		r, err := batch[i].Receipt()
		if err != nil {
			return err
		}
		if _, there := s.rows[r.ID]; there {
			s.twice = append(s.twice, r.ID)
			continue
		}
		s.rows[r.ID] = r
	}
	return nil
}

func (s *memory) Sync(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.syncs++
	return nil
}

func (s *memory) break_(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = err
}

func (s *memory) calls() (writes, syncs int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.writes, s.syncs
}

func (s *memory) all() map[string]*Receipt {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.rows)
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func newMeter(t testing.TB, dir string, sink Sink) *Meter {
	t.Helper()
	m, err := NewMeter(dir, sink, nil, quiet())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// run starts the writer; the returned function stops it and waits.
func run(t testing.TB, m *Meter) (stop func()) {
	t.Helper()
	if err := m.Replay(t.Context()); err != nil {
		t.Fatalf("replay: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- m.Run(ctx) }()
	return sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
	})
}

func begin(t testing.TB, m *Meter, r *Receipt) *Hold {
	t.Helper()
	h, err := m.Begin(BeginRecord{ID: r.ID, Time: r.Time, Path: r.Path, ClientFormat: r.ClientFormat, RequestedModel: r.RequestedModel, Agent: r.Agent, KeyID: r.KeyID, Stream: r.Stream})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func receipt(i int) *Receipt {
	at := time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC).Add(time.Duration(i) * time.Millisecond)
	target := config.Target{Provider: "openai", Account: "5f0c9d2e-8f7b-4c53-9c0e-0b1f9c1d2e3f", Model: "gpt-4.1"}
	return &Receipt{
		ID: NewID(at), Snapshot: 12, Time: at, Path: "/v1/messages", ClientFormat: "anthropic", UpstreamFormat: "openai-chat", Road: RoadTranslated, Stream: true,
		Agent: "claude-cli/2.1", KeyID: "k1", RequestedModel: "premium-coding", Combo: "premium-coding", AnsweredBy: "openai/gpt-4.1", Target: target,
		Candidates: []Choice{{Target: target, Why: "first in the combo", Reason: fault.Because(fault.ReasonTurn, "n", "2", "limit", "3")}, {Target: config.Target{Provider: "groq", Account: "b", Model: "llama"}, Why: "second in the combo"}},
		Skipped:    []Choice{{Target: config.Target{Provider: "claude", Account: "c", Model: "opus"}, Why: "no login came with the request", Reason: fault.Because(fault.ReasonCooldown, "until", "2026-11-25T12:00:00Z")}},
		Attempts:   []Attempt{{Target: target, Status: 200, Latency: 812 * time.Millisecond}},
		Losses:     []llm.Loss{{Path: "messages[1].content[0].cache_control", Why: "prompt caching is automatic there"}},
		Policies:   []string{"names"}, Status: 200, Usage: llm.Usage{Input: 12345, Output: 678, CacheRead: 12000, Reasoning: 50},
		Cost: Cost{Micros: 12340 + int64(i), Known: true, Basis: "list"}, Timing: Timing{TTFT: 312 * time.Millisecond, Total: 820 * time.Millisecond, Upstream: 812 * time.Millisecond},
	}
}

func TestEveryRequestIsBookedOnce(t *testing.T) {
	dir, sink := t.TempDir(), &memory{}
	m := newMeter(t, dir, sink)
	stop := run(t, m)
	const n = 3000
	want := make([]*Receipt, n)
	for i := range want {
		want[i] = receipt(i)
	}
	var wg sync.WaitGroup
	for part := range slices.Chunk(want, n/8) {
		wg.Go(func() {
			for _, r := range part {
				h := begin(t, m, r)
				h.Settle(r)
				h.Settle(r)
			}
		})
	}
	wg.Wait()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := m.Flush(ctx); err != nil {
		t.Fatalf("flush: %v", err)
	}
	rows := sink.all()
	if len(rows) != n || len(sink.twice) > 0 {
		t.Fatalf("%d rows (%d twice), want %d", len(rows), len(sink.twice), n)
	}
	for _, r := range want {
		if d := cmp.Diff(r, rows[r.ID], cmpopts.IgnoreUnexported(Receipt{})); d != "" {
			t.Fatalf("what was booked differs from what was settled (-want +got):\n%s", d)
		}
	}
	stop()
	left, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(left) != 0 {
		t.Errorf("a clean stop left %v (%v)", left, err)
	}
	if _, err := m.Begin(BeginRecord{ID: NewID(time.Now())}); err == nil {
		t.Error("Begin works after the end")
	}
}

// What the process had told a client must be in the books although the
// process dies: everything that was written, at every length of the file.
func TestDeathAtEveryByte(t *testing.T) {
	dir := t.TempDir()
	m := newMeter(t, dir, &memory{})
	var sizes []int64 // of the journal after each step
	var booked []string
	step := func() {
		s := m.journal.segments[0]
		sizes = append(sizes, s.tail.Load())
	}
	for i := range 4 {
		r := receipt(i)
		h := begin(t, m, r)
		step()
		h.Settle(r)
		step()
		booked = append(booked, r.ID)
	}
	if err := m.journal.close(); err != nil {
		t.Fatal(err)
	}
	name := m.journal.segments[0].path
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	where := t.TempDir()
	for cut := range int64(len(whole)) + 1 {
		if err := os.WriteFile(filepath.Join(where, filepath.Base(name)), whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		steps := 0
		for steps < len(sizes) && sizes[steps] <= cut {
			steps++
		}
		sink := &memory{}
		again := newMeter(t, where, sink)
		if err := again.Replay(t.Context()); err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		rows := sink.all()
		if want := (steps + 1) / 2; len(rows) != want {
			t.Fatalf("cut at %d, after %d whole records: %d rows, want %d", cut, steps, len(rows), want)
		}
		for i, id := range booked[:(steps+1)/2] {
			kind := ""
			if i == steps/2 {
				kind = KindInterrupted
			}
			if r := rows[id]; r == nil || r.Kind != kind {
				t.Fatalf("cut at %d: request %d is %+v, want kind %q", cut, i, r, kind)
			}
		}
		if left, err := filepath.Glob(filepath.Join(where, "*")); err != nil || len(left) != 0 {
			t.Fatalf("cut at %d: replay left %v (%v)", cut, left, err)
		}
	}
}

func TestDamageLosesOnlyTheDamaged(t *testing.T) {
	dir := t.TempDir()
	m := newMeter(t, dir, &memory{})
	var tails []int64
	var list []string
	for i := range 20 {
		r := receipt(i)
		m.Settle(r)
		list = append(list, r.ID)
		tails = append(tails, m.journal.segments[0].tail.Load())
	}
	if err := m.journal.close(); err != nil {
		t.Fatal(err)
	}
	name := m.journal.segments[0].path
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	data[tails[4]+2] ^= 0x40  // the length of record 5
	data[tails[9]+40] ^= 0x01 // a byte of record 10
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	sink := &memory{}
	if err := newMeter(t, dir, sink).Replay(t.Context()); err != nil {
		t.Fatal(err)
	}
	rows := sink.all()
	for i, id := range list {
		if _, there := rows[id]; there == (i == 5 || i == 10) {
			t.Errorf("record %d: there %v", i, there)
		}
	}
}

// A client's text that looks like a record must not become one.
func TestForgedRecordStaysText(t *testing.T) {
	dir := t.TempDir()
	m := newMeter(t, dir, &memory{})
	forged := appendEnd(make([]byte, frameHead), &Receipt{ID: NewID(time.Now()), Time: time.Now(), Cost: Cost{Micros: 1, Known: true}})
	seal(forged, 0)
	r := receipt(0)
	r.RequestedModel = string(forged)
	m.Settle(r)
	s := m.journal.segments[0]
	if err := m.journal.close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(s.path, s.tail.Load()-1); err != nil { // torn: reading resumes inside it
		t.Fatal(err)
	}
	sink := &memory{}
	if err := newMeter(t, dir, sink).Replay(t.Context()); err != nil {
		t.Fatal(err)
	}
	if rows := sink.all(); len(rows) != 0 {
		t.Errorf("the forged record became a row: %v", rows)
	}
}

func TestReplayIsIdempotentAndRetries(t *testing.T) {
	dir := t.TempDir()
	m := newMeter(t, dir, &memory{})
	for i := range batchRows + 10 {
		m.Settle(receipt(i))
	}
	begin(t, m, receipt(9999))
	if err := m.journal.close(); err != nil {
		t.Fatal(err)
	}
	sink := &memory{fail: errors.New("database is locked")}
	again := newMeter(t, dir, sink)
	if err := again.Replay(t.Context()); err == nil {
		t.Fatal("replay into a broken database succeeded")
	}
	sink.break_(nil)
	stop := run(t, again)
	stop()
	rows := sink.all()
	interrupted := 0
	for _, r := range rows {
		if r.Kind == KindInterrupted {
			interrupted++
		}
	}
	if len(rows) != batchRows+11 || interrupted != 1 {
		t.Errorf("%d rows, %d interrupted; want %d and one", len(rows), interrupted, batchRows+11)
	}
}

func TestSegmentsRotateAndGo(t *testing.T) {
	dir, sink := t.TempDir(), &memory{}
	m := newMeter(t, dir, sink)
	stop := run(t, m)
	long := receipt(0)
	hold := begin(t, m, long) // pins the first segment
	big := receipt(1)
	for range maxList {
		big.Skipped = append(big.Skipped, Choice{Target: big.Target, Why: strings.Repeat("x", maxReason)})
	}
	frame := len(appendEnd(nil, big)) + frameHead
	n := 3*segmentBytes/frame + 2
	for i := range n {
		r := *big
		r.ID = NewID(time.Date(2026, 1, 1, 0, 0, 0, i, time.UTC))
		m.Settle(&r)
	}
	if err := m.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	hold.Settle(long)
	stop()
	if got := len(sink.all()); got != n+1 {
		t.Errorf("%d rows, want %d", got, n+1)
	}
	if m.journal.next < 4 {
		t.Errorf("only %d segments were made", m.journal.next-1)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(left) != 0 {
		t.Errorf("left %v (%v)", left, err)
	}
}

func TestOpenRequestKeepsItsSegment(t *testing.T) {
	dir, sink := t.TempDir(), &memory{}
	m := newMeter(t, dir, sink)
	stop := run(t, m)
	begin(t, m, receipt(0))
	m.Settle(receipt(1))
	stop() // as if streams were cut off at shutdown
	again := newMeter(t, dir, sink)
	if err := again.Replay(t.Context()); err != nil {
		t.Fatal(err)
	}
	rows := sink.all()
	kinds := []string{}
	for _, r := range rows {
		kinds = append(kinds, r.Kind)
	}
	slices.Sort(kinds)
	if !slices.Equal(kinds, []string{"", KindInterrupted}) {
		t.Errorf("kinds %q, want one finished and one interrupted", kinds)
	}
	if len(sink.twice) != 1 {
		t.Errorf("the finished one was offered %d times more, want once", len(sink.twice))
	}
}

func TestForeignFilesAreLeftAlone(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"notes.txt": "hello", "0000000000000007.seg": "something else entirely"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	m := newMeter(t, dir, &memory{})
	run(t, m)()
	left, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(left) != 2 || !strings.HasSuffix(left[0], ".bad") {
		t.Errorf("left %v (%v), want both files", left, err)
	}
	if m.journal.next != 8 {
		t.Errorf("next segment %d, want 8", m.journal.next)
	}
}

// discard takes everything and keeps nothing.
type discard struct{}

func (discard) Write(context.Context, []Row) error { return nil }
func (discard) Sync(context.Context) error         { return nil }
