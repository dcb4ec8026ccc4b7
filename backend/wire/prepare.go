package wire

import (
	"fmt"
	"strings"

	"omniroute/backend/llm"
	"omniroute/backend/wire/jscan"
)

// NoResult is what an unanswered call is answered with (formats.md R22).
const NoResult = "No result was recorded for this tool call."

// billingHeader begins a block that only Anthropic may see (formats.md R14).
const billingHeader = "x-anthropic-billing-header:"

// Prepare copies a request into one that obeys the structural laws of the
// target's format, so that encoders only write:
//
//   - tool names are legal, flat and unique, in declarations, history and
//     choice alike (R35, R36, R39); custom tools are functions where the
//     format has no others (R38)
//   - call ids are legal and unique; each assistant message with calls is
//     followed by one user message that begins with exactly their results, in
//     call order (R21, R22); orphans are user text
//   - reasoning and seals of other families are gone, except the text of
//     thoughts for targets that want it back (R27, R28)
//   - empty texts and messages are gone (R15), neighbours merged and the
//     first message a user's where the format wants it (R10, R13)
//   - cache hints are at most four at Anthropic and none elsewhere (R29)
//
// The result shares what it does not change with req; both are read-only.
// The same request gives the same result, and a longer history begins with
// the result of the shorter one.
func Prepare(req *llm.Request, f Format, d Dialect) (*llm.Request, []llm.Loss) {
	p := &preparer{f: f, d: d, names: NamesFor(req, f)}
	out := *req
	p.system(&out)
	p.tools(&out)
	p.messages(&out)
	if f == Anthropic {
		p.checkThinking(&out)
	}
	p.cacheHints(&out)
	return &out, p.losses
}

type preparer struct {
	f      Format
	d      Dialect
	names  *Names
	losses []llm.Loss
	hints  int // cache hints dropped
}

func (p *preparer) lose(why, path string, args ...any) {
	p.losses = append(p.losses, llm.Loss{Path: fmt.Sprintf(path, args...), Why: why})
}

// wrapsCustom reports formats without free-text tools.
func (p *preparer) wrapsCustom() bool { return p.f != OpenAIResponses }

// alternates reports formats whose turns must alternate, a user's first.
func (p *preparer) alternates() bool { return p.f == Anthropic || p.f.Family() == llm.FamilyGemini }

// knows reports whether content of another format's own kind may stay.
func (p *preparer) knows(o *llm.Opaque) bool {
	return o != nil && p.native(Format(o.Format))
}

// own takes from a part what only another format could read: its unknown
// members and its citations.
func (p *preparer) own(part llm.Part) llm.Part {
	if part.Extra.Format != "" && !p.native(Format(part.Extra.Format)) {
		part.Extra, part.Annotations = llm.Extra{}, nil
	}
	return part
}

// native reports whether the target reads that format's own members.
func (p *preparer) native(f Format) bool {
	return f == p.f || f.Family() == llm.FamilyGemini && p.f.Family() == llm.FamilyGemini
}

func (p *preparer) system(out *llm.Request) {
	if len(out.System) == 0 {
		return
	}
	parts := make([]llm.Part, 0, len(out.System))
	for i, part := range out.System {
		if p.f != Anthropic && strings.HasPrefix(part.Text, billingHeader) {
			p.lose("the billing header is for Anthropic only", "system[%d]", i)
			_, part.Text, _ = strings.Cut(part.Text, "\n")
		}
		if strings.TrimSpace(part.Text) != "" {
			parts = append(parts, p.own(part))
		}
	}
	out.System = parts
}

func (p *preparer) tools(out *llm.Request) {
	tools := make([]llm.Tool, 0, len(out.Tools))
	declared := make(map[string]bool, len(out.Tools))
	for i, t := range out.Tools {
		switch t.Kind {
		case llm.ToolFunction, llm.ToolCustom:
			if t.Name == "" {
				p.lose("a tool without a name cannot be called", "tools[%d]", i)
				continue
			}
			t.Name, t.Namespace = p.names.Wire(t.Namespace, t.Name), ""
			if declared[t.Name] {
				p.lose("declared twice, the first one counts", "tools[%d]", i)
				continue
			}
			declared[t.Name] = true
			if t.Kind == llm.ToolCustom && p.wrapsCustom() {
				t = wrapTool(t)
			}
		case llm.ToolServer:
			if !p.knows(t.Opaque) {
				p.lose("a tool that runs at another vendor", "tools[%d]", i)
				continue
			}
		}
		tools = append(tools, t)
	}
	out.Tools = tools
	if len(tools) == 0 { // R40, P27
		out.Tools, out.Choice, out.Parallel = nil, llm.ToolChoice{}, nil
		return
	}
	p.choice(out)
}

// wrapTool declares a free-text tool as a function of one string (R38).
func wrapTool(t llm.Tool) llm.Tool {
	description := t.Description
	if rule := jscan.Str(jscan.Get(t.Grammar, "definition")); rule != "" {
		if description != "" {
			description += "\n\n"
		}
		description += "The input must match this grammar"
		if syntax := jscan.Str(jscan.Get(t.Grammar, "syntax")); syntax != "" {
			description += " (" + syntax + ")"
		}
		description += ":\n" + rule
	}
	t.Kind = llm.ToolFunction
	t.Description = description
	t.Schema = []byte(`{"type":"object","properties":{"input":{"type":"string"}},"required":["input"]}`)
	t.Strict, t.Grammar, t.Opaque = nil, nil, nil
	return t
}

func (p *preparer) choice(out *llm.Request) {
	c := out.Choice
	if len(c.Names) > 0 {
		names := make([]string, len(c.Names))
		for i, name := range c.Names {
			names[i] = p.names.Wire("", name)
		}
		c.Names = names
	}
	switch {
	case c.Mode == llm.ChoiceNamed && len(c.Names) == 0:
		c.Mode = llm.ChoiceRequired
	case c.Mode == llm.ChoiceAllowed && len(c.Names) == 0:
		c.Mode = llm.ChoiceAuto
		if c.Required {
			c.Mode = llm.ChoiceRequired
		}
	}
	if p.wrapsCustom() {
		c.Custom = false
	}
	out.Choice = c
}

// acceptsSeal reports whether the target can read seals of a family. A chat
// host reads Google's only when it is Google's (R28).
func (p *preparer) acceptsSeal(family llm.Family) bool {
	if family == llm.FamilyNone {
		return false
	}
	if p.f == OpenAIChat {
		return family == llm.FamilyGemini && (p.d.Caps.NeedsSeal || strings.Contains(strings.ToLower(p.d.Model), "gemini"))
	}
	return family == p.f.Family()
}

// reasoning decides about a thought in the history (R27): it stays, it loses
// its seal, or it goes.
func (p *preparer) reasoning(part llm.Part) (llm.Part, bool) {
	switch p.f {
	case OpenAIChat:
		if p.d.Caps.ReasoningField != "" && p.d.Caps.ReasoningField != "none" && part.Text != "" {
			part.Seal = llm.Seal{}
			return part, true
		}
		return part, part.Text == "" && part.Seal.Data != "" && p.acceptsSeal(part.Seal.Family)
	case Gemini, CodeAssist: // thoughts need no seal there, but must be Gemini's own
		return part, part.Seal.Family == llm.FamilyGemini && (part.Seal.Data != "" || part.Text != "")
	}
	return part, p.acceptsSeal(part.Seal.Family) && part.Seal.Data != ""
}

// checkThinking switches thinking off when the tool turn being continued does
// not begin with a thought: Anthropic refuses it (R27c, P29).
func (p *preparer) checkThinking(out *llm.Request) {
	if out.Reasoning.Mode != llm.ReasoningOn && out.Reasoning.Mode != llm.ReasoningAdaptive {
		return
	}
	n := len(out.Messages)
	if n < 2 || out.Messages[n-1].Role != llm.RoleUser || out.Messages[n-1].Parts[0].Kind != llm.PartToolResult {
		return
	}
	// Without interleaved thinking only the first answer of the loop has one.
	for i := n - 2; i > 0; i -= 2 {
		parts := out.Messages[i].Parts
		if len(parts) > 0 && parts[0].Kind == llm.PartReasoning {
			return
		}
		if before := out.Messages[i-1].Parts; len(before) == 0 || before[0].Kind != llm.PartToolResult {
			break
		}
	}
	out.Reasoning = llm.Reasoning{}
	p.lose("thinking is off for this call: the tool turn it continues has no thought of this vendor", "reasoning")
}

// cacheHints keeps the last four in prompt order at Anthropic and none
// elsewhere (R29). The lists it edits are the copies made before.
func (p *preparer) cacheHints(out *llm.Request) {
	keep := 0
	if p.f == Anthropic {
		keep = 4
	}
	drop := func(h **llm.CacheHint) {
		if *h == nil {
			return
		}
		if keep > 0 {
			keep--
			return
		}
		*h = nil
		p.hints++
	}
	for i := len(out.Messages) - 1; i >= 0; i-- {
		parts := out.Messages[i].Parts
		for j := len(parts) - 1; j >= 0; j-- {
			drop(&parts[j].Cache)
			if r := parts[j].Result; r != nil {
				for k := len(r.Parts) - 1; k >= 0; k-- {
					drop(&r.Parts[k].Cache)
				}
			}
		}
	}
	for i := len(out.System) - 1; i >= 0; i-- {
		drop(&out.System[i].Cache)
	}
	for i := len(out.Tools) - 1; i >= 0; i-- {
		drop(&out.Tools[i].Cache)
	}
	if p.hints > 0 {
		why := "only Anthropic has cache hints"
		if p.f == Anthropic {
			why = "at most four cache hints, the last ones count"
		}
		p.lose(why, "cache_control")
	}
}
