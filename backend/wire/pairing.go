package wire

import (
	"strconv"

	"omniroute/backend/llm"
)

// turn is one message of the history, or several of the assistant that stand
// next to each other.
type turn struct {
	role  llm.Role
	name  string
	index int // of its first message in the request
	parts []llm.Part
}

// call is one call of the history and the result it was given.
type call struct {
	turn   int
	part   *llm.Part
	result *llm.Part
	id     string // at the target
}

// turns joins neighbouring assistant messages: some formats spread one answer
// over several items.
func turns(ms []llm.Message) []turn {
	out := make([]turn, 0, len(ms))
	for i, m := range ms {
		if n := len(out); n > 0 && m.Role == llm.RoleAssistant && out[n-1].role == llm.RoleAssistant {
			last := &out[n-1]
			last.parts = append(last.parts[:len(last.parts):len(last.parts)], m.Parts...)
			continue
		}
		out = append(out, turn{role: m.Role, name: m.Name, index: i, parts: m.Parts})
	}
	return out
}

// pairing knows which result answers which call.
type pairing struct {
	calls   []call
	first   []int // index of the first call of each turn, one more at the end
	byID    map[string][]int
	orphans map[*llm.Part]bool
}

// pair matches by id; results without one match calls by name, first come
// first served (R21, P08). A second result for a call replaces the first.
func pair(ts []turn) *pairing {
	p := &pairing{byID: map[string][]int{}, orphans: map[*llm.Part]bool{}, first: make([]int, 0, len(ts)+1)}
	for t := range ts {
		p.first = append(p.first, len(p.calls))
		for i := range ts[t].parts {
			part := &ts[t].parts[i]
			switch {
			case part.Kind == llm.PartToolCall && part.Call != nil && ts[t].role == llm.RoleAssistant:
				if part.Call.ID != "" {
					p.byID[part.Call.ID] = append(p.byID[part.Call.ID], len(p.calls))
				}
				p.calls = append(p.calls, call{turn: t, part: part})
			case part.Kind == llm.PartToolResult && part.Result != nil:
				if c := p.find(part.Result); c != nil {
					c.result = part
				} else {
					p.orphans[part] = true
				}
			}
		}
	}
	p.first = append(p.first, len(p.calls))
	if len(p.orphans) > 0 {
		p.adopt(ts)
	}
	return p
}

// find returns the call that a result answers, among those before it.
func (p *pairing) find(r *llm.ToolResult) *call {
	if r.CallID != "" {
		same := p.byID[r.CallID]
		if len(same) > 0 {
			return p.sameID(same)
		}
	}
	// Newest turn first, in call order inside it.
	for end := len(p.calls); end > 0; {
		start := end - 1
		for start > 0 && p.calls[start-1].turn == p.calls[end-1].turn {
			start--
		}
		for i := start; i < end; i++ {
			c := &p.calls[i]
			if c.result == nil && (r.CallID == "" || c.part.Call.ID == "") && (r.Name == c.part.Call.Name || r.Name == "") {
				return c
			}
		}
		end = start
	}
	return nil
}

// sameID picks among calls of one id: the first unanswered one of the newest
// turn, else its last one, whose result is replaced.
func (p *pairing) sameID(same []int) *call {
	newest := p.calls[same[len(same)-1]].turn
	for _, i := range same {
		if c := &p.calls[i]; c.turn == newest && c.result == nil {
			return c
		}
	}
	return &p.calls[same[len(same)-1]]
}

// adopt gives results that stand before their call to it.
func (p *pairing) adopt(ts []turn) {
	for t := range ts {
		for i := range ts[t].parts {
			part := &ts[t].parts[i]
			if !p.orphans[part] || part.Result.CallID == "" {
				continue
			}
			for _, n := range p.byID[part.Result.CallID] {
				if c := &p.calls[n]; c.result == nil {
					c.result = part
					delete(p.orphans, part)
					break
				}
			}
		}
	}
}

// assignIDs gives every call an id that is legal at f and unique in the
// conversation. Ids that Gemini's format left out are derived from the call
// alone, so that prompt caches hit (R30); a Gemini target needs none.
func (p *pairing) assignIDs(f Format) {
	if len(p.calls) == 0 {
		return
	}
	used := make(map[string]bool, len(p.calls))
	for i := range p.calls {
		c := &p.calls[i]
		own := c.part.Call.ID
		if own == "" && f.Family() == llm.FamilyGemini {
			continue
		}
		id := LegalID(f, own)
		if own == "" {
			id = madeID(f, c.part.Call, 0)
		}
		for n := 1; used[id]; n++ {
			if own == "" {
				id = madeID(f, c.part.Call, n)
			} else {
				id = LegalID(f, own+"_"+strconv.Itoa(n+1))
			}
		}
		used[id] = true
		c.id = id
	}
}

func madeID(f Format, c *llm.ToolCall, n int) string {
	prefix := "call_"
	if f == Anthropic {
		prefix = "toolu_"
	}
	return prefix + shortHash(24, c.Namespace, c.Name, c.Args, c.Input, strconv.Itoa(n))
}
