package anthropic

import (
	"strconv"

	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// minBudget is the least thinking budget the API takes, in tokens (R41).
const minBudget = 1024

// thinking is how the request asks for it.
type thinking uint8

const (
	thinkUnsaid thinking = iota
	thinkOff
	thinkBudget
	thinkAdaptive
)

// plan is what thinking and the answer's length come to together: a budget
// must be smaller than max_tokens.
type plan struct {
	thinking  thinking
	budget    int64
	effort    llm.Effort
	display   string
	maxTokens int64
}

func (p plan) thinks() bool { return p.thinking == thinkBudget || p.thinking == thinkAdaptive }

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// plan decides max_tokens, thinking and effort (formats.md R1, R40, R41,
// R44).
func (e *requestEncoder) plan(tools bool) (plan, error) {
	p := plan{maxTokens: defaultMaxTokens}
	limit := e.dialect.Caps.MaxOutput
	if limit > 0 {
		p.maxTokens = limit
	}
	asked := e.req.Sampling.MaxTokens
	if asked != nil {
		if *asked < 1 {
			return p, invalid("max_tokens", "The answer's length limit must be at least 1 token, not %d.", *asked)
		}
		p.maxTokens = *asked
		if limit > 0 && *asked > limit {
			p.maxTokens = limit
			e.lose("max_tokens", "limited to the model's maximum of "+itoa(limit))
		}
	}
	e.wish(&p)
	if !p.thinks() {
		return p, nil
	}
	switch {
	case tools && forced(e.req.Choice):
		p.thinking = thinkUnsaid
		e.lose("reasoning", "a forced tool call does not go with thinking")
	case p.thinking == thinkBudget:
		e.fitBudget(&p, asked == nil)
	}
	return p, nil
}

// wish translates the client's wish into the target's way of taking one.
func (e *requestEncoder) wish(p *plan) {
	r, way := &e.req.Reasoning, e.dialect.Caps.Thinking
	mode, effort := r.Mode, r.Effort
	if effort == llm.EffortNone || (r.Budget != nil && *r.Budget == 0 && mode != llm.ReasoningUnset) {
		mode = llm.ReasoningOff
	}
	if mode == llm.ReasoningUnset && effort == "" {
		return
	}
	if way == wire.ThinkingNone {
		e.dropped("reasoning", mode != llm.ReasoningOff, "the model does not think")
		return
	}
	if mode == llm.ReasoningOff {
		p.thinking = thinkOff
		return
	}
	if effort == "" && r.Budget != nil && *r.Budget > 0 {
		effort = wire.BudgetEffort(*r.Budget)
	}
	if mode == llm.ReasoningUnset { // effort alone: how much work, not whether to think
		if way == wire.ThinkingBudget {
			e.lose("output_config.effort", "the model takes no effort")
			return
		}
		p.effort = word(effort)
		return
	}
	switch {
	case way == wire.ThinkingEffort:
		p.effort = word(effort)
	case way == wire.ThinkingAdaptive, way != wire.ThinkingBudget && mode == llm.ReasoningAdaptive:
		p.thinking, p.effort = thinkAdaptive, word(effort)
		if r.Show != nil {
			p.display = "summarized"
			if !*r.Show {
				p.display = "omitted"
			}
		}
	default:
		p.thinking = thinkBudget
		if r.Budget != nil && *r.Budget > 0 {
			p.budget = *r.Budget
			if way != wire.ThinkingBudget {
				p.effort = word(r.Effort)
			}
			return
		}
		p.budget = wire.EffortBudget(effort, e.dialect.Caps.MaxOutput)
	}
}

// word is the effort in this vendor's vocabulary, which begins at low.
func word(effort llm.Effort) llm.Effort {
	if effort == llm.EffortMinimal {
		return llm.EffortLow
	}
	return effort
}

// fitBudget keeps the budget between the API's minimum and max_tokens: a
// length nobody asked for grows, one the client named shrinks the budget.
func (e *requestEncoder) fitBudget(p *plan, free bool) {
	p.budget = max(p.budget, minBudget)
	if e.count || p.budget < p.maxTokens {
		return
	}
	if limit := e.dialect.Caps.MaxOutput; free && (limit == 0 || limit > p.maxTokens) {
		p.maxTokens = p.budget + defaultMaxTokens
		if limit > 0 {
			p.maxTokens = min(p.maxTokens, limit)
		}
		if p.budget < p.maxTokens {
			return
		}
	}
	if p.maxTokens <= minBudget {
		p.thinking = thinkUnsaid
		e.lose("reasoning", "the answer's length limit leaves no room for thinking")
		return
	}
	p.budget = max(minBudget, p.maxTokens/4*3) // a quarter stays for the answer
}

// forced reports a choice that makes the model call a tool.
func forced(c llm.ToolChoice) bool {
	switch c.Mode {
	case llm.ChoiceRequired, llm.ChoiceNamed:
		return true
	case llm.ChoiceAllowed:
		return c.Required
	}
	return false
}

// signed reports thinking this vendor will accept back.
func signed(p *llm.Part) bool {
	return p.Seal.Family == llm.FamilyAnthropic && p.Seal.Data != ""
}

// reasoning writes thinking and output_config (formats.md 4.4, 4.5).
func (e *requestEncoder) reasoning(p plan) {
	switch p.thinking {
	case thinkOff:
		if e.may("thinking") {
			e.b = literal(e.b, "thinking", `{"type":"disabled"}`)
		}
	case thinkBudget:
		if e.may("thinking") {
			e.b = literal(e.b, "thinking", `{"type":"enabled","budget_tokens":`+itoa(p.budget)+`}`)
		}
	case thinkAdaptive:
		if e.may("thinking") {
			e.b = text(append(member(e.b, "thinking"), '{'), "type", "adaptive")
			if p.display != "" {
				e.b = text(e.b, "display", p.display)
			}
			e.b = append(e.b, '}')
		}
	}
	o := &e.req.Output
	schema := o.Kind == llm.OutputSchema && len(o.Schema) > 0 && !e.dialect.Caps.NoStructured
	kept := e.kept("output_config")
	if p.effort == "" && !schema && kept == nil || !e.may("output_config") {
		return
	}
	e.b = append(member(e.b, "output_config"), '{')
	if p.effort != "" {
		e.b = text(e.b, "effort", string(p.effort))
	}
	if schema {
		e.b = literal(e.b, "format", `{"type":"json_schema","schema":`)
		e.b = append(jscan.AppendCompact(e.b, o.Schema), '}')
	}
	for k, v := range jscan.Members(kept) {
		e.b = append(member(e.b, string(k)), v...)
	}
	e.b = append(e.b, '}')
}

// kept is what the decoder saved of a member that only this format knows.
func (e *requestEncoder) kept(name string) []byte {
	if e.req.Extra.Format != format {
		return nil
	}
	for _, f := range e.req.Extra.Fields {
		if f.Name == name {
			return f.Value
		}
	}
	return nil
}
