package anthropic

import (
	"math"

	"omniroute/backend/llm"
	"omniroute/backend/wire/jscan"
)

// counts are the usage counters as the wire has them: input excludes what
// came from or went into the cache (formats.md R50).
type counts struct {
	input, read, write, long, output, reasoning int64
	seen                                        bool
}

// overlay replaces the counters that v states; values of a stream are
// cumulative totals (formats.md R51).
func (c *counts) overlay(v []byte) {
	for k, v := range jscan.Members(v) {
		var to *int64
		switch string(k) {
		case "input_tokens":
			to = &c.input
		case "cache_read_input_tokens":
			to = &c.read
		case "cache_creation_input_tokens":
			to = &c.write
		case "output_tokens":
			to = &c.output
		case "cache_creation":
			v, to = jscan.Get(v, "ephemeral_1h_input_tokens"), &c.long
		case "output_tokens_details":
			v, to = jscan.Get(v, "thinking_tokens"), &c.reasoning
		default:
			continue
		}
		if n, ok := jscan.Int(v); ok {
			*to, c.seen = max(n, 0), true
		}
	}
}

// usage is what the counters mean; nil when the upstream stated none.
func (c *counts) usage() *llm.Usage {
	if !c.seen {
		return nil
	}
	return &llm.Usage{
		Input:     sum(sum(c.input, c.read), c.write),
		CacheRead: c.read, CacheWrite: c.write, CacheLong: min(c.long, c.write),
		Output: c.output, Reasoning: min(c.reasoning, c.output),
	}
}

// sum adds without running over: counters of a hostile upstream.
func sum(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

// usageObject writes the counters (formats.md 4.6). whole adds what only a
// message has, not a message_delta.
func usageObject(b []byte, u *llm.Usage, whole bool) []byte {
	b = literal(append(b, '{'), "input_tokens", itoa(max(u.Input-u.CacheRead-u.CacheWrite, 0)))
	b = literal(b, "cache_creation_input_tokens", itoa(u.CacheWrite))
	b = literal(b, "cache_read_input_tokens", itoa(u.CacheRead))
	if whole && u.CacheLong > 0 {
		b = literal(b, "cache_creation", `{"ephemeral_5m_input_tokens":`+itoa(max(u.CacheWrite-u.CacheLong, 0))+
			`,"ephemeral_1h_input_tokens":`+itoa(u.CacheLong)+`}`)
	}
	b = literal(b, "output_tokens", itoa(u.Output))
	if u.Reasoning > 0 {
		b = literal(b, "output_tokens_details", `{"thinking_tokens":`+itoa(u.Reasoning)+`}`)
	}
	return append(b, '}')
}
