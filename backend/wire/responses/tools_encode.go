package responses

import (
	"slices"

	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// toolList writes the declarations (formats.md 4.2).
func (e *requestEncoder) toolList() {
	if !e.hasTools() {
		return
	}
	e.key("tools")
	e.tools(e.req.Tools, func(t *llm.Tool, why string) { e.lose("tools."+t.Name, why) })
}

// hasTools reports whether anything will be declared: without tools neither
// choice nor parallel may be sent (R40, P27).
func (e *requestEncoder) hasTools() bool {
	return slices.ContainsFunc(e.req.Tools, func(t llm.Tool) bool { return declared(&t) })
}

// declared reports whether a tool stands in `tools` at this format.
func declared(t *llm.Tool) bool {
	if extra(t.Extra, loadedBySearch) != nil {
		return false
	}
	return t.Kind != llm.ToolServer || t.Opaque != nil && t.Opaque.Format == own
}

// tools writes a list of declarations; a namespace takes in all its tools
// where its first one stands (R39).
func (w *writer) tools(list []llm.Tool, lose func(*llm.Tool, string)) {
	w.lit("[")
	for i := range list {
		t := &list[i]
		if !declared(t) {
			if t.Kind == llm.ToolServer {
				lose(t, "the tool runs at another vendor")
			}
			continue
		}
		if t.Namespace == "" {
			w.tool(t, lose)
			continue
		}
		if slices.ContainsFunc(list[:i], func(x llm.Tool) bool { return x.Namespace == t.Namespace && declared(&x) }) {
			continue
		}
		w.open()
		w.str("type", "namespace")
		w.str("name", t.Namespace)
		if about := extra(t.Extra, namespaceAbout); about != nil {
			w.raw("description", about)
		} else {
			w.str("description", "")
		}
		w.key("tools")
		w.lit("[")
		for j := i; j < len(list); j++ {
			if x := &list[j]; x.Namespace == t.Namespace && declared(x) {
				w.tool(x, lose)
			}
		}
		w.lit("]}")
	}
	w.end(']')
}

func (w *writer) tool(t *llm.Tool, lose func(*llm.Tool, string)) {
	if t.Opaque != nil && t.Opaque.Format == own {
		w.comma()
		w.b = jscan.AppendCompact(w.b, t.Opaque.Raw)
		return
	}
	w.open()
	switch t.Kind {
	case llm.ToolWebSearch:
		w.search(t, lose)
	case llm.ToolCustom:
		w.str("type", "custom")
		w.str("name", t.Name)
		if t.Description != "" {
			w.str("description", t.Description)
		}
		if f := grammar(t.Grammar); f != nil {
			w.raw("format", f)
		}
	default:
		w.str("type", "function")
		w.str("name", t.Name)
		if t.Description != "" {
			w.str("description", t.Description)
		}
		w.raw("parameters", wire.ObjectSchema(t.Schema))
		w.boolean("strict", t.Strict != nil && *t.Strict) // absent would mean true (R32, P16)
	}
	if t.Extra.Format == own {
		for _, f := range t.Extra.Fields {
			if f.Name != namespaceAbout && f.Name != loadedBySearch {
				w.field(f.Name, f.Value)
			}
		}
	}
	w.end('}')
}

// grammar flattens chat's nesting of a custom tool's format.
func grammar(f []byte) []byte {
	inner := jscan.Get(f, "grammar")
	if jscan.KindOf(inner) != jscan.Object {
		return f
	}
	w := writer{}
	w.lit("{")
	w.str("type", "grammar")
	for k, v := range jscan.Members(inner) {
		w.field(string(k), v)
	}
	w.end('}')
	return w.b
}

// search writes another vendor's web search as OpenAI's (R37, P23).
func (w *writer) search(t *llm.Tool, lose func(*llm.Tool, string)) {
	w.str("type", "web_search")
	s := t.Search
	if s == nil {
		return
	}
	if len(s.Allowed) > 0 {
		w.key("filters")
		w.lit(`{"allowed_domains":[`)
		for _, d := range s.Allowed {
			w.comma()
			w.quote(d)
		}
		w.lit("]}")
	}
	if s.City != "" || s.Region != "" || s.Country != "" || s.Zone != "" {
		w.key("user_location")
		w.lit(`{"type":"approximate"`)
		for _, m := range [...]struct{ name, value string }{{"city", s.City}, {"region", s.Region}, {"country", s.Country}, {"timezone", s.Zone}} {
			if m.value != "" {
				w.str(m.name, m.value)
			}
		}
		w.end('}')
	}
	if len(s.Blocked) > 0 {
		lose(t, "blocked domains cannot be named")
	}
	if s.MaxUses > 0 {
		lose(t, "the number of searches cannot be limited")
	}
}

// toolChoice writes tool_choice and parallel_tool_calls (4.3, R40).
func (e *requestEncoder) toolChoice() {
	if !e.hasTools() {
		return
	}
	if raw := extra(e.req.Extra, "tool_choice"); raw != nil {
		e.raw("tool_choice", raw)
	} else if e.req.Choice.Mode != llm.ChoiceUnset && e.allowed("tool_choice") {
		e.choice(&e.req.Choice, e.req.Tools)
	}
	if e.req.Parallel != nil && e.allowed("parallel_tool_calls") {
		e.boolean("parallel_tool_calls", *e.req.Parallel)
	}
}

// choice writes the member tool_choice, nothing for an unset one.
func (w *writer) choice(c *llm.ToolChoice, tools []llm.Tool) {
	switch c.Mode {
	case llm.ChoiceAuto:
		w.str("tool_choice", "auto")
	case llm.ChoiceNone:
		w.str("tool_choice", "none")
	case llm.ChoiceRequired:
		w.str("tool_choice", "required")
	case llm.ChoiceNamed:
		w.key("tool_choice")
		w.choose(c.Names[0], c.Custom, tools)
	case llm.ChoiceAllowed:
		w.key("tool_choice")
		w.lit(`{"type":"allowed_tools"`)
		if c.Required {
			w.str("mode", "required")
		} else {
			w.str("mode", "auto")
		}
		w.key("tools")
		w.lit("[")
		for _, n := range c.Names {
			w.comma()
			w.choose(n, c.Custom, tools)
		}
		w.lit("]}")
	}
}

// choose refers to one tool: by name, or by type when it has none here.
func (w *writer) choose(name string, custom bool, tools []llm.Tool) {
	typ := "function"
	if custom {
		typ = "custom"
	}
	for i := range tools {
		t := &tools[i]
		if t.Name != name {
			continue
		}
		switch {
		case t.Opaque != nil && t.Opaque.Format == own:
			typ, name = t.Opaque.Type, ""
		case t.Kind == llm.ToolWebSearch:
			typ, name = "web_search", ""
		case t.Kind == llm.ToolCustom:
			typ = "custom"
		default:
			typ = "function"
		}
		break
	}
	w.lit("{")
	w.str("type", typ)
	if name != "" {
		w.str("name", name)
	}
	w.end('}')
}
