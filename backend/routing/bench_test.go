package routing

import (
	"testing"

	"omniroute/backend/catalog"
)

// BenchmarkPriorityPlan is the plan of nearly every request: a combo of three
// steps in their order, one of them with two accounts.
func BenchmarkPriorityPlan(b *testing.B) {
	p, s := world(b)
	b.ReportAllocs()
	for b.Loop() {
		if r, err := p.Plan(s, Query{Model: "coding", Format: catalog.OpenAIChat}); err != nil || len(r.Candidates) != 3 {
			b.Fatal(r, err)
		}
	}
}
