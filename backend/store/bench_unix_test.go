//go:build unix

package store

import (
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"omniroute/backend/config"
	"omniroute/backend/llm"
	"omniroute/backend/usage"
)

// spent is the processor time of this process.
func spent(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkBooks is what the books cost a request in processor time, from
// Begin to the committed row, in rounds of 1,000 requests by four targets.
// "path" is the time until the last Settle returned: what requests wait for,
// and what the writer did meanwhile.
func BenchmarkBooks(b *testing.B) {
	s, err := Open(b.Context(), b.TempDir(), quiet())
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	m, err := usage.NewMeter(filepath.Join(b.TempDir(), "journal"), s, nil, quiet())
	if err != nil {
		b.Fatal(err)
	}
	if err := m.Replay(b.Context()); err != nil {
		b.Fatal(err)
	}
	go func() { _ = m.Run(b.Context()) }()
	const round = 1000
	list := make([]usage.Receipt, round)
	var path, all time.Duration
	var allocated uint64
	var before, after runtime.MemStats
	rows := 0
	for b.Loop() {
		for i := range list {
			list[i] = sample(i)
		}
		runtime.ReadMemStats(&before)
		start := spent(b)
		for i := range list {
			r := &list[i]
			h, err := m.Begin(usage.BeginRecord{ID: r.ID, Time: r.Time, Path: r.Path, ClientFormat: r.ClientFormat, RequestedModel: r.RequestedModel, Agent: r.Agent, KeyID: r.KeyID, Stream: r.Stream})
			if err != nil {
				b.Fatal(err)
			}
			h.Settle(r)
		}
		path += spent(b) - start
		if err := m.Flush(b.Context()); err != nil {
			b.Fatal(err)
		}
		all += spent(b) - start
		runtime.ReadMemStats(&after)
		allocated += after.TotalAlloc - before.TotalAlloc
		rows += round
	}
	b.ReportMetric(float64(path.Nanoseconds())/float64(rows), "path-ns/row")
	b.ReportMetric(float64(all.Nanoseconds())/float64(rows), "all-ns/row")
	b.ReportMetric(float64(allocated)/float64(rows), "B/row")
}

// sample is an everyday receipt: the first of a combo's two targets answered.
func sample(i int) usage.Receipt {
	now := time.Now()
	account := "5f0c9d2e-8f7b-4c53-9c0e-0b1f9c1d2e3f"
	first := config.Target{Provider: "openai", Account: account, Model: []string{"gpt-4.1", "gpt-4.1-mini", "o4", "gpt-4o"}[i%4]}
	second := config.Target{Provider: "groq", Account: "9c0e0b1f-9c1d-4e3f-5f0c-9d2e8f7b4c53", Model: "llama-3.3-70b"}
	return usage.Receipt{
		ID: usage.NewID(now), Snapshot: 12, Time: now, Path: "/v1/messages", ClientFormat: "anthropic", UpstreamFormat: "openai-chat", Road: usage.RoadTranslated, Stream: true,
		Agent: "claude-cli/2.1", KeyID: "1d2e3f5f-0c9d-4e8f-7b4c-539c0e0b1f9c", RequestedModel: "premium-coding", Combo: "premium-coding", AnsweredBy: "openai/" + first.Model, Target: first,
		Candidates: []usage.Choice{{Target: first}, {Target: second}}, Attempts: []usage.Attempt{{Target: first, Status: 200, Latency: 812 * time.Millisecond}},
		Status: 200, Usage: llm.Usage{Input: 12345, Output: 678, CacheRead: 12000, Reasoning: 50}, Cost: usage.Cost{Micros: 12340 + int64(i), Known: true, Basis: "list"},
		Timing: usage.Timing{TTFT: 312 * time.Millisecond, Total: 820 * time.Millisecond, Upstream: 812 * time.Millisecond},
	}
}
