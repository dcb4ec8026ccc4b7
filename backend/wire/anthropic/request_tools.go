package anthropic

import (
	"fmt"
	"slices"

	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// chooseTools is what will be declared: only the allowed ones where the
// client named some (formats.md table 4.3).
func (e *requestEncoder) chooseTools() []llm.Tool {
	if e.req.Choice.Mode != llm.ChoiceAllowed {
		return e.req.Tools
	}
	var out []llm.Tool
	for _, t := range e.req.Tools {
		if slices.Contains(e.req.Choice.Names, t.Name) {
			out = append(out, t)
		}
	}
	return out
}

func (e *requestEncoder) tools(tools []llm.Tool) {
	if len(tools) == 0 || !e.may("tools") {
		return
	}
	e.b = append(member(e.b, "tools"), '[')
	for i := range tools {
		e.b = comma(e.b)
		e.tool(&tools[i], i)
	}
	e.b = append(e.b, ']')
}

func (e *requestEncoder) tool(t *llm.Tool, i int) {
	switch {
	case native(t.Opaque):
		e.b = hinted(e.b, t.Opaque.Raw, t.Cache)
		return
	case t.Kind == llm.ToolWebSearch:
		e.webSearch(t, i)
		return
	}
	e.b = text(append(e.b, '{'), "name", t.Name)
	if t.Description != "" {
		e.b = text(e.b, "description", t.Description)
	}
	e.b = append(member(e.b, "input_schema"), wire.ObjectSchema(t.Schema)...)
	if t.Strict != nil && *t.Strict {
		e.b = literal(e.b, "strict", "true")
	}
	e.b = fields(e.b, &t.Extra)
	e.b = append(cacheHint(e.b, t.Cache), '}')
}

// webSearch writes the vendor's own search tool with what both sides know of
// domains and place (formats.md R37).
func (e *requestEncoder) webSearch(t *llm.Tool, i int) {
	e.b = append(e.b, `{"type":"web_search_20250305","name":"web_search"`...)
	if s := t.Search; s != nil {
		if s.MaxUses > 0 {
			e.b = literal(e.b, "max_uses", itoa(s.MaxUses))
		}
		switch {
		case len(s.Allowed) > 0:
			e.b = list(e.b, "allowed_domains", s.Allowed)
			e.dropped(fmt.Sprintf("tools[%d].blocked_domains", i), len(s.Blocked) > 0, "allowed or blocked domains, not both")
		case len(s.Blocked) > 0:
			e.b = list(e.b, "blocked_domains", s.Blocked)
		}
		if s.City+s.Region+s.Country+s.Zone != "" {
			e.b = text(append(member(e.b, "user_location"), '{'), "type", "approximate")
			for _, f := range [...]struct{ name, value string }{{"city", s.City}, {"region", s.Region}, {"country", s.Country}, {"timezone", s.Zone}} {
				if f.value != "" {
					e.b = text(e.b, f.name, f.value)
				}
			}
			e.b = append(e.b, '}')
		}
	}
	e.b = append(cacheHint(e.b, t.Cache), '}')
}

// choice writes tool_choice (formats.md 4.3, R40); without tools it is an
// error there.
func (e *requestEncoder) choice(tools bool) {
	c, single := e.req.Choice, e.req.Parallel != nil && !*e.req.Parallel
	if !tools || (c.Mode == llm.ChoiceUnset && !single) || !e.may("tool_choice") {
		return
	}
	e.b = append(member(e.b, "tool_choice"), '{')
	switch {
	case c.Mode == llm.ChoiceNone:
		e.b = append(e.b, `"type":"none"}`...)
		return
	case c.Mode == llm.ChoiceNamed && len(c.Names) > 0:
		e.b = text(text(e.b, "type", "tool"), "name", c.Names[0])
	case forced(c):
		e.b = text(e.b, "type", "any")
	default:
		e.b = text(e.b, "type", "auto")
	}
	if single {
		e.b = literal(e.b, "disable_parallel_tool_use", "true")
	}
	e.b = append(e.b, '}')
}

func list(b []byte, name string, values []string) []byte {
	b = append(member(b, name), '[')
	for _, v := range values {
		b = jscan.AppendQuoted(comma(b), v)
	}
	return append(b, ']')
}

// cacheHint writes cache_control (formats.md R29).
func cacheHint(b []byte, c *llm.CacheHint) []byte {
	if c == nil {
		return b
	}
	b = text(append(member(b, "cache_control"), '{'), "type", "ephemeral")
	if c.TTL != "" {
		b = text(b, "ttl", c.TTL)
	}
	return append(b, '}')
}

// hinted writes an object's own bytes with a cache hint added to them.
func hinted(b, obj []byte, c *llm.CacheHint) []byte {
	b = append(b, obj...)
	if c == nil || b[len(b)-1] != '}' {
		return b
	}
	return append(cacheHint(b[:len(b)-1], c), '}')
}

// fields writes the members only this format knows.
func fields(b []byte, x *llm.Extra) []byte {
	if x.Format != format {
		return b
	}
	for _, f := range x.Fields {
		b = append(member(b, f.Name), f.Value...)
	}
	return b
}
