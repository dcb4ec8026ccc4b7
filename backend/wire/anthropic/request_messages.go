package anthropic

import (
	"fmt"

	"omniroute/backend/fault"
	"omniroute/backend/llm"
	"omniroute/backend/wire"
)

// placeholder is the user turn of a history whose first turns could not be
// carried: the API wants a user first (formats.md R10, P81).
const placeholder = "."

// messages writes the conversation: neighbours of one role become one
// message, what is empty vanishes, the first message is the user's
// (formats.md R10, R15, R21).
func (e *requestEncoder) messages() error {
	e.b = append(member(e.b, "messages"), '[')
	for i := range e.req.Messages {
		m := &e.req.Messages[i]
		wrote, media := false, false
		for j := range m.Parts {
			p, why := fit(&m.Parts[j], m.Role, &e.dialect.Caps)
			if why != "" {
				e.lose(fmt.Sprintf("messages[%d].content[%d]", i, j), why)
			}
			if p == nil {
				media = media || why != "" && m.Parts[j].Media != nil
				continue
			}
			e.turn(m.Role)
			e.block(p, i, j)
			wrote = true
		}
		if media && !wrote {
			return fault.New(fault.Unsupported, "anthropic.request", "This model cannot read what messages[%d] brings: send text, or choose another model.", i).
				With(func(e *fault.Error) {
					e.Code, e.Param = fault.CodeUnsupportedParam, fmt.Sprintf("messages[%d].content", i)
				})
		}
	}
	if !e.wrote {
		e.turn(llm.RoleUser)
		e.b = textBlock(e.b, &llm.Part{Text: placeholder})
	}
	e.shut()
	e.b = append(e.b, ']')
	return nil
}

// turn makes sure that a message of the role is open and that a block may be
// appended.
func (e *requestEncoder) turn(role llm.Role) {
	if role == llm.RoleSystem { // Prepare marked it as what it is
		role = llm.RoleUser
	}
	if e.open && e.role == role {
		e.b = comma(e.b)
		return
	}
	e.shut()
	if !e.wrote && role == llm.RoleAssistant {
		e.b = append(e.b, `{"role":"user","content":"`+placeholder+`"}`...)
	}
	e.b = comma(e.b)
	word := "user"
	if role == llm.RoleAssistant {
		word = "assistant"
	}
	e.b = append(e.b, `{"role":"`+word+`","content":[`...)
	e.open, e.wrote, e.role = true, true, role
}

func (e *requestEncoder) shut() {
	if e.open {
		e.b = append(e.b, "]}"...)
		e.open = false
	}
}

// block writes a part that fits.
func (e *requestEncoder) block(p *llm.Part, i, j int) {
	switch {
	case native(p.Opaque):
		e.b = hinted(e.b, p.Opaque.Raw, p.Cache)
	case p.Kind == llm.PartToolResult:
		e.result(p, i, j)
	case p.Kind == llm.PartToolCall:
		e.b = callBlock(e.b, p)
	case p.Kind == llm.PartReasoning:
		e.b = reasoningBlock(e.b, p.Text, &p.Seal)
	case p.Media != nil:
		e.b = mediaBlock(e.b, p)
	default:
		e.b = textBlock(e.b, p)
	}
}

// unreadable stands in a tool result of which nothing could be carried.
const unreadable = "[The tool returned content that this model cannot read.]"

// result writes a tool result (formats.md R21, R23, R26).
func (e *requestEncoder) result(p *llm.Part, i, j int) {
	r := p.Result
	e.b = text(append(e.b, '{'), "type", "tool_result")
	e.b = text(e.b, "tool_use_id", r.CallID)
	var parts []*llm.Part
	lost := false
	for k := range r.Parts {
		q, why := fit(&r.Parts[k], llm.RoleUser, &e.dialect.Caps)
		if why != "" {
			lost = true
			e.lose(fmt.Sprintf("messages[%d].content[%d].content[%d]", i, j, k), why)
		}
		if q != nil {
			parts = append(parts, q)
		}
	}
	switch {
	case len(parts) == 0 && lost:
		e.b = text(e.b, "content", unreadable)
	case len(parts) == 0:
	case len(parts) == 1 && plain(parts[0]):
		e.b = wire.AppendTextQuoted(member(e.b, "content"), parts[0])
	default:
		e.b = append(member(e.b, "content"), '[')
		for _, q := range parts {
			e.b = comma(e.b)
			e.block(q, i, j)
		}
		e.b = append(e.b, ']')
	}
	if r.Error {
		e.b = literal(e.b, "is_error", "true")
	}
	e.b = fields(e.b, &p.Extra)
	e.b = append(cacheHint(e.b, p.Cache), '}')
}

// plain reports text that a bare string says completely.
func plain(p *llm.Part) bool {
	return p.Kind == llm.PartText && p.Cache == nil && p.Opaque == nil && p.Annotations == nil && p.Extra.Fields == nil
}
