package openai

import (
	"strconv"

	"omniroute/backend/llm"
	"omniroute/backend/wire/jscan"
)

// readUsage reads a usage object (4.6); nil for anything else. Prompt tokens
// include cached ones; where a host leaves the reasoning out of
// completion_tokens, which the total gives away, it is added.
func readUsage(v []byte) *llm.Usage {
	if jscan.KindOf(v) != jscan.Object {
		return nil
	}
	u := &llm.Usage{}
	total, hit, known := int64(0), int64(0), false
	for k, x := range jscan.Members(v) {
		n, ok := jscan.Int(x)
		if n < 0 {
			n = 0
		}
		switch string(k) {
		case "prompt_tokens", "input_tokens":
			u.Input, known = max(u.Input, n), known || ok
		case "completion_tokens", "output_tokens":
			u.Output, known = max(u.Output, n), known || ok
		case "total_tokens":
			total, known = n, known || ok
		case "cached_tokens", "prompt_cache_hit_tokens": // Kimi, DeepSeek
			hit = max(hit, n)
		case "prompt_tokens_details", "input_tokens_details":
			u.CacheRead = count(x, "cached_tokens")
			u.CacheWrite = max(count(x, "cache_write_tokens"), count(x, "cache_creation_tokens"))
		case "completion_tokens_details", "output_tokens_details":
			u.Reasoning = count(x, "reasoning_tokens")
		}
	}
	if !known {
		return nil
	}
	u.CacheRead = max(u.CacheRead, hit)
	if u.Reasoning > 0 && total == u.Input+u.Output+u.Reasoning {
		u.Output += u.Reasoning
	}
	if u.Output == 0 && total > u.Input {
		u.Output = total - u.Input
	}
	return u
}

func count(v []byte, key string) int64 {
	n, _ := jscan.Int(jscan.Get(v, key))
	return max(n, 0)
}

// appendUsage appends the usage object with both details objects.
func appendUsage(dst []byte, u *llm.Usage) []byte {
	input := max(u.Input, u.CacheRead+u.CacheWrite) // the parts never exceed the whole
	dst = append(dst, `{"prompt_tokens":`...)
	dst = strconv.AppendInt(dst, input, 10)
	dst = append(dst, `,"completion_tokens":`...)
	dst = strconv.AppendInt(dst, u.Output, 10)
	dst = append(dst, `,"total_tokens":`...)
	dst = strconv.AppendInt(dst, input+u.Output, 10)
	dst = append(dst, `,"prompt_tokens_details":{"cached_tokens":`...)
	dst = strconv.AppendInt(dst, u.CacheRead, 10)
	if u.CacheWrite > 0 {
		dst = append(dst, `,"cache_write_tokens":`...)
		dst = strconv.AppendInt(dst, u.CacheWrite, 10)
	}
	dst = append(dst, `},"completion_tokens_details":{"reasoning_tokens":`...)
	dst = strconv.AppendInt(dst, u.Reasoning, 10)
	return append(dst, "}}"...)
}
