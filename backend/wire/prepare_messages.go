package wire

import (
	"strings"

	"omniroute/backend/llm"
)

// messages rebuilds the history. All parts of the result live in one list
// that belongs to it.
func (p *preparer) messages(out *llm.Request) {
	ts := turns(out.Messages)
	pairs := pair(ts)
	pairs.assignIDs(p.f)
	size, inner := len(pairs.calls), 0
	for i := range ts {
		if ts[i].shared = p.leaves(&ts[i]); ts[i].shared {
			continue
		}
		size += len(ts[i].parts)
		for j := range ts[i].parts {
			if r := ts[i].parts[j].Result; r != nil {
				inner += len(r.Parts)
			}
		}
	}
	h := history{
		p: p, pairs: pairs,
		parts:   make([]llm.Part, 0, size+1),
		inner:   make([]llm.Part, 0, inner),
		calls:   make([]llm.ToolCall, 0, len(pairs.calls)),
		answers: make([]llm.ToolResult, 0, len(pairs.calls)),
		out:     make([]llm.Message, 0, 2*len(ts)+1),
	}
	for i := range ts {
		switch role := ts[i].role; {
		case ts[i].shared && (role == llm.RoleAssistant || !h.pending):
			h.share(&ts[i])
		case role == llm.RoleAssistant:
			h.assistant(ts, i)
		case role == llm.RoleSystem:
			h.instruction(&ts[i], out)
		default:
			h.user(&ts[i])
		}
	}
	out.Messages = h.out
	if p.alternates() {
		out.Messages = MergeTurns(out.Messages)
		if len(out.Messages) > 0 && out.Messages[0].Role != llm.RoleUser {
			out.Messages = append([]llm.Message{userText(".")}, out.Messages...)
		}
	}
	if len(out.Messages) == 0 && (p.f != OpenAIChat || len(out.System) == 0) {
		out.Messages = []llm.Message{userText(systemText(out.System))}
	}
}

// leaves reports a turn in which no rule changes anything: texts that say
// something, without seals, hints or what only another format could read.
func (p *preparer) leaves(t *turn) bool {
	if t.role == llm.RoleSystem {
		return false
	}
	for i := range t.parts {
		part := &t.parts[i]
		if part.Kind != llm.PartText || part.Seal != (llm.Seal{}) || part.Cache != nil || strings.TrimSpace(part.Text) == "" ||
			part.Extra.Format != "" && !p.native(Format(part.Extra.Format)) {
			return false
		}
	}
	return len(t.parts) > 0
}

// share takes a turn as it is.
func (h *history) share(t *turn) {
	h.pending = false
	h.out = append(h.out, llm.Message{Role: t.role, Name: t.name, Parts: t.parts[:len(t.parts):len(t.parts)]})
}

func userText(s string) llm.Message {
	return llm.Message{Role: llm.RoleUser, Parts: []llm.Part{{Kind: llm.PartText, Text: s}}}
}

// systemText is the user turn of a request that has instructions only (R10).
func systemText(system []llm.Part) string {
	texts := make([]string, 0, len(system))
	for i := range system {
		texts = append(texts, system[i].Text)
	}
	if s := strings.Join(texts, "\n\n"); s != "" {
		return s
	}
	return "."
}

// history is the list of messages being built.
type history struct {
	p       *preparer
	pairs   *pairing
	parts   []llm.Part
	inner   []llm.Part // of results
	calls   []llm.ToolCall
	answers []llm.ToolResult
	out     []llm.Message
	pending bool // the last message holds results; user parts may follow in it
}

// begin marks where a new message's parts start.
func (h *history) begin() int { return len(h.parts) }

// end makes a message of the parts added since begin. Nothing added is no
// message.
func (h *history) end(from int, role llm.Role, name string) bool {
	if len(h.parts) == from {
		return false
	}
	h.out = append(h.out, llm.Message{Role: role, Name: name, Parts: h.parts[from:len(h.parts):len(h.parts)]})
	return true
}

// assistant writes one turn of the model and, when it has calls that
// something follows, their results.
func (h *history) assistant(ts []turn, at int) {
	t := &ts[at]
	calls := h.pairs.calls[h.pairs.first[at]:h.pairs.first[at+1]]
	h.pending = false
	from := h.begin()
	next := 0
	var carrier llm.Seal
	for i := range t.parts {
		part := t.parts[i]
		switch part.Kind {
		case llm.PartToolCall:
			if part.Call == nil {
				continue
			}
			part.Call = h.call(&calls[next])
			next++
			if !h.p.acceptsSeal(part.Seal.Family) {
				part.Seal = llm.Seal{}
			}
			if part.Seal == (llm.Seal{}) { // R28: back on the part it came from
				part.Seal = carrier
			}
			carrier = llm.Seal{}
			h.parts = append(h.parts, h.p.own(part))
			continue
		case llm.PartToolResult:
			continue // written below, if nothing answers it
		case llm.PartReasoning:
			kept, ok := h.p.reasoning(part)
			if !ok {
				h.p.lose("reasoning that this vendor did not sign", "messages[%d].content[%d]", t.index, i)
				continue
			}
			if h.p.f == OpenAIChat && kept.Text == "" { // chat has seals on calls only
				carrier = kept.Seal
				continue
			}
			h.parts = append(h.parts, h.p.own(kept))
			continue
		}
		h.content(part, t, i)
	}
	h.end(from, llm.RoleAssistant, t.name)
	followed := at < len(ts)-1
	for i := range t.parts {
		followed = followed || h.pairs.orphans[&t.parts[i]]
	}
	if last := len(h.parts) - 1; h.p.f == OpenAIResponses && last >= from && h.parts[last].Kind != llm.PartToolCall {
		followed = true // the parts are items of one list there: something follows the call
	}
	h.results(calls, t.index, followed)
	from = h.begin()
	for i := range t.parts {
		if t.parts[i].Kind == llm.PartToolResult {
			h.orphan(&t.parts[i], t.index)
		}
	}
	if h.end(from, llm.RoleUser, "") {
		h.pending = false
	}
}

// call copies a call with its name, id and arguments at the target.
func (h *history) call(c *call) *llm.ToolCall {
	h.calls = append(h.calls, *c.part.Call)
	out := &h.calls[len(h.calls)-1]
	out.Name, out.Namespace = h.p.names.Wire(out.Namespace, out.Name), ""
	out.ID = c.id
	if out.Kind == llm.CallCustom && h.p.wrapsCustom() {
		out.Kind, out.Args, out.Input = llm.CallFunction, WrapInput(out.Input), ""
	}
	return out
}

// results writes the user message that answers the calls of a turn.
func (h *history) results(calls []call, index int, followed bool) {
	if len(calls) == 0 {
		return
	}
	for i := range calls {
		followed = followed || calls[i].result != nil
	}
	if !followed { // the turn is still open
		return
	}
	from := h.begin()
	for i := range calls {
		c := &calls[i]
		part := llm.Part{Kind: llm.PartToolResult}
		result := llm.ToolResult{Error: true, Parts: []llm.Part{{Kind: llm.PartText, Text: NoResult}}}
		if c.result != nil {
			part, result = *c.result, *c.result.Result
			result.Parts = h.resultParts(result.Parts)
		} else {
			h.p.lose("the call has no result in the history, one was made up", "messages[%d]", index)
		}
		part = h.p.own(part)
		result.CallID = c.id
		result.Name = h.p.names.Wire(c.part.Call.Namespace, c.part.Call.Name)
		result.Kind = c.part.Call.Kind
		if h.p.wrapsCustom() {
			result.Kind = llm.CallFunction
		}
		h.answers = append(h.answers, result)
		part.Result = &h.answers[len(h.answers)-1]
		h.parts = append(h.parts, part)
	}
	h.end(from, llm.RoleUser, "")
	h.pending = true
}

// resultParts copies the content of a result without its empty texts. What
// has no place in a result loses its frame and keeps its text.
func (h *history) resultParts(parts []llm.Part) []llm.Part {
	from := len(h.inner)
	h.addResultParts(parts)
	return h.inner[from:len(h.inner):len(h.inner)]
}

func (h *history) addResultParts(parts []llm.Part) {
	for _, part := range parts {
		switch part.Kind {
		case llm.PartText:
			if part.Text == "" {
				continue
			}
		case llm.PartToolCall, llm.PartReasoning:
			continue
		case llm.PartToolResult:
			if part.Result != nil {
				h.addResultParts(part.Result.Parts)
			}
			continue
		case llm.PartServer, llm.PartOpaque:
			if !h.p.knows(part.Opaque) {
				continue
			}
		}
		h.inner = append(h.inner, h.p.own(part))
	}
}

// user writes a user turn without its results, which stand elsewhere now.
func (h *history) user(t *turn) {
	from := h.begin()
	for i := range t.parts {
		switch part := t.parts[i]; part.Kind {
		case llm.PartToolResult:
			h.orphan(&t.parts[i], t.index)
		case llm.PartToolCall, llm.PartReasoning:
			h.p.lose("only the assistant may call tools and think", "messages[%d].content[%d]", t.index, i)
		default:
			h.content(part, t, i)
		}
	}
	if !h.pending {
		h.end(from, llm.RoleUser, t.name)
		return
	}
	// The results were the last thing written: these parts continue them.
	last := &h.out[len(h.out)-1]
	last.Parts = h.parts[from-len(last.Parts) : len(h.parts) : len(h.parts)]
	last.Name = t.name
	h.pending = false
}

// orphan turns a result without call into user text (R22, P02); its images
// and files stay what they are.
func (h *history) orphan(part *llm.Part, index int) {
	if part.Result == nil || !h.pairs.orphans[part] {
		return
	}
	h.p.lose("a result without its call, kept as text", "messages[%d]", index)
	r := part.Result
	var b strings.Builder
	b.WriteString("[Result of a tool call")
	if r.Name != "" {
		b.WriteString(" to " + r.Name)
	}
	b.WriteString(" that is no longer in this conversation]")
	content := h.resultParts(r.Parts)
	for i := range content {
		if content[i].Kind == llm.PartText {
			b.WriteString("\n" + content[i].Text)
		}
	}
	h.parts = append(h.parts, llm.Part{Kind: llm.PartText, Text: b.String(), Cache: part.Cache})
	for _, x := range content {
		if x.Kind != llm.PartText {
			h.parts = append(h.parts, x)
		}
	}
}

// content adds a part that is neither call, result nor reasoning.
func (h *history) content(part llm.Part, t *turn, i int) {
	switch part.Kind {
	case llm.PartText:
		if part.Text == "" && (t.role != llm.RoleUser || len(t.parts) > 1 || h.p.alternates()) ||
			h.p.alternates() && strings.TrimSpace(part.Text) == "" {
			if part.Seal.Data == "" || !h.p.acceptsSeal(part.Seal.Family) {
				return
			}
		}
	case llm.PartServer, llm.PartOpaque:
		if !h.p.knows(part.Opaque) {
			kind := ""
			if part.Opaque != nil {
				kind = part.Opaque.Type
			}
			h.p.lose(strings.TrimSpace(kind+" content that only its own format knows"), "messages[%d].content[%d]", t.index, i)
			return
		}
	}
	if part.Seal != (llm.Seal{}) && !h.p.acceptsSeal(part.Seal.Family) {
		part.Seal = llm.Seal{}
	}
	h.parts = append(h.parts, h.p.own(part))
}

// instruction places a system message in the middle of a conversation: as a
// reminder in the user's turn at Anthropic, with the other instructions at
// Gemini, where it stands elsewhere (R10, R13).
func (h *history) instruction(t *turn, out *llm.Request) {
	from := h.begin()
	for i := range t.parts {
		part := t.parts[i]
		if part.Kind == llm.PartToolResult {
			h.orphan(&t.parts[i], t.index)
			continue
		}
		if h.p.f != Anthropic && strings.HasPrefix(part.Text, billingHeader) {
			continue
		}
		if part.Kind != llm.PartText || strings.TrimSpace(part.Text) == "" {
			continue
		}
		switch {
		case h.p.f == Anthropic:
			if !strings.HasPrefix(strings.TrimSpace(part.Text), "<system-reminder>") {
				part.Text = "<system-reminder>\n" + part.Text + "\n</system-reminder>"
			}
			h.parts = append(h.parts, part)
		case h.p.f.Family() == llm.FamilyGemini:
			out.System = append(out.System[:len(out.System):len(out.System)], part)
		default:
			h.parts = append(h.parts, part)
		}
	}
	role := llm.RoleSystem
	if h.p.alternates() {
		role = llm.RoleUser
	}
	if h.end(from, role, t.name) {
		h.pending = false
	}
}
