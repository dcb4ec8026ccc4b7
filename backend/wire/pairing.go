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

	shared bool // no rule changes it
}

// call is one call of the history and the result it was given.
type call struct {
	turn   int
	part   *llm.Part
	result *llm.Part
	id     string // at the target
	before int    // the call before it with the same id, -1 = none
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
	first   []int          // index of the first call of each turn, one more at the end
	newest  map[string]int // by id: the last call seen
	orphans map[*llm.Part]bool
}

// pair matches by id; results without one match calls by name, first come
// first served (R21, P08). A second result for a call replaces the first.
func pair(ts []turn) *pairing {
	n := 0
	for t := range ts {
		for i := range ts[t].parts {
			if ts[t].parts[i].Call != nil {
				n++
			}
		}
	}
	p := &pairing{calls: make([]call, 0, n), newest: make(map[string]int, n), first: make([]int, 0, len(ts)+1)}
	for t := range ts {
		p.first = append(p.first, len(p.calls))
		for i := range ts[t].parts {
			part := &ts[t].parts[i]
			switch {
			case part.Kind == llm.PartToolCall && part.Call != nil && ts[t].role == llm.RoleAssistant:
				c := call{turn: t, part: part, before: -1}
				if id := part.Call.ID; id != "" {
					if last, ok := p.newest[id]; ok {
						c.before = last
					}
					p.newest[id] = len(p.calls)
				}
				p.calls = append(p.calls, c)
			case part.Kind == llm.PartToolResult && part.Result != nil:
				if c := p.find(part.Result); c != nil {
					c.result = part
				} else {
					if p.orphans == nil {
						p.orphans = make(map[*llm.Part]bool)
					}
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
		if last, ok := p.newest[r.CallID]; ok {
			return p.sameID(last)
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
func (p *pairing) sameID(last int) *call {
	found := last
	for i := last; i >= 0 && p.calls[i].turn == p.calls[last].turn; i = p.calls[i].before {
		if p.calls[i].result == nil {
			found = i
		}
	}
	return &p.calls[found]
}

// adopt gives results that stand before their call to it.
func (p *pairing) adopt(ts []turn) {
	for t := range ts {
		for i := range ts[t].parts {
			part := &ts[t].parts[i]
			if !p.orphans[part] || part.Result.CallID == "" {
				continue
			}
			last, ok := p.newest[part.Result.CallID]
			if !ok {
				continue
			}
			found := -1
			for n := last; n >= 0; n = p.calls[n].before {
				if p.calls[n].result == nil {
					found = n
				}
			}
			if found >= 0 {
				p.calls[found].result = part
				delete(p.orphans, part)
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
