package wire

import "omniroute/backend/llm"

// MergeTurns joins neighbours of the same role by appending their parts;
// texts are never joined (formats.md R10, R13). The input is not changed, and
// it is returned as it is when there is nothing to join.
func MergeTurns(ms []llm.Message) []llm.Message {
	same := 0
	for i := 1; i < len(ms); i++ {
		if ms[i].Role == ms[i-1].Role {
			same++
		}
	}
	if same == 0 {
		return ms
	}
	out := make([]llm.Message, 0, len(ms)-same)
	for i, m := range ms {
		if i == 0 || m.Role != ms[i-1].Role {
			m.Parts = m.Parts[:len(m.Parts):len(m.Parts)] // appending copies
			out = append(out, m)
			continue
		}
		last := &out[len(out)-1]
		last.Parts = append(last.Parts, m.Parts...)
	}
	return out
}
