package responses

import (
	"strings"

	"omniroute/backend/llm"
	"omniroute/backend/wire/jscan"
)

// toolList reads declarations (formats.md 4.2). Those inside a namespace are
// listed one by one and remember it (R39).
func toolList(dst []llm.Tool, list []byte) []llm.Tool {
	for _, t := range jscan.Elements(list) {
		if jscan.KindOf(t) != jscan.Object {
			continue
		}
		if jscan.Str(jscan.Get(t, "type")) != "namespace" {
			dst = append(dst, toolOf(t))
			continue
		}
		name, about := jscan.Str(jscan.Get(t, "name")), jscan.Get(t, "description")
		for _, inner := range jscan.Elements(jscan.Get(t, "tools")) {
			tool := toolOf(inner)
			tool.Namespace = name
			if !jscan.IsNull(about) {
				withExtra(&tool.Extra, namespaceAbout, about)
			}
			dst = append(dst, tool)
		}
	}
	return dst
}

const (
	namespaceAbout = "namespace_description" // kept from the namespace around a tool
	loadedBySearch = "loaded_by_tool_search" // stands in a tool_search_output, not in tools
)

// loadedTools reads what a tool search brought: other formats need it
// declared, this one has it in the item.
func loadedTools(dst []llm.Tool, list []byte) []llm.Tool {
	from := len(dst)
	dst = toolList(dst, list)
	for i := from; i < len(dst); i++ {
		withExtra(&dst[i].Extra, loadedBySearch, []byte("true"))
	}
	return dst
}

func toolOf(v []byte) llm.Tool {
	typ := jscan.Str(jscan.Get(v, "type"))
	switch {
	case typ == "function" || typ == "" && jscan.Get(v, "name") != nil:
		return functionOf(v)
	case typ == "custom":
		return customOf(v)
	case strings.HasPrefix(typ, "web_search"):
		return searchOf(typ, v)
	}
	if n := nativeByTool(typ); n != nil {
		it := itemOf(v)
		if !it.serverRun() && (typ != "tool_search" || jscan.Str(it.execution) == "client") {
			return n.declaration(v)
		}
	}
	return llm.Tool{Kind: llm.ToolServer, Name: typ, Opaque: &llm.Opaque{Format: own, Type: typ, Raw: keep(v)}}
}

func functionOf(v []byte) llm.Tool {
	t := llm.Tool{Kind: llm.ToolFunction}
	if f := jscan.Get(v, "function"); jscan.KindOf(f) == jscan.Object { // chat's nesting
		v = f
	}
	for k, x := range jscan.Members(v) {
		switch name := string(k); name {
		case "type":
		case "name":
			t.Name = jscan.Str(x)
		case "description":
			t.Description = jscan.Str(x)
		case "parameters":
			if jscan.KindOf(x) == jscan.Object {
				t.Schema = keep(x)
			}
		case "strict":
			t.Strict = boolOf(x)
		case "cache_control":
			if jscan.KindOf(x) == jscan.Object {
				t.Cache = &llm.CacheHint{TTL: jscan.Str(jscan.Get(x, "ttl"))}
			}
		default:
			if !jscan.IsNull(x) {
				withExtra(&t.Extra, name, x)
			}
		}
	}
	return t
}

func customOf(v []byte) llm.Tool {
	t := llm.Tool{Kind: llm.ToolCustom}
	if c := jscan.Get(v, "custom"); jscan.KindOf(c) == jscan.Object { // chat's nesting
		v = c
	}
	for k, x := range jscan.Members(v) {
		switch name := string(k); name {
		case "type":
		case "name":
			t.Name = jscan.Str(x)
		case "description":
			t.Description = jscan.Str(x)
		case "format":
			if jscan.KindOf(x) == jscan.Object {
				t.Grammar = keep(x)
			}
		default:
			if !jscan.IsNull(x) {
				withExtra(&t.Extra, name, x)
			}
		}
	}
	return t
}

func searchOf(typ string, v []byte) llm.Tool {
	s := &llm.WebSearch{}
	f := jscan.Get(v, "filters")
	s.Allowed = strList(jscan.Get(f, "allowed_domains"))
	s.Blocked = strList(jscan.Get(f, "blocked_domains"))
	for k, x := range jscan.Members(jscan.Get(v, "user_location")) {
		switch string(k) {
		case "city":
			s.City = jscan.Str(x)
		case "region":
			s.Region = jscan.Str(x)
		case "country":
			s.Country = jscan.Str(x)
		case "timezone":
			s.Zone = jscan.Str(x)
		}
	}
	return llm.Tool{Kind: llm.ToolWebSearch, Name: "web_search", Search: s, Opaque: &llm.Opaque{Format: own, Type: typ, Raw: keep(v)}}
}

func strList(v []byte) []string {
	var list []string
	for _, e := range jscan.Elements(v) {
		if s := jscan.Str(e); s != "" {
			list = append(list, s)
		}
	}
	return list
}

// readChoice reads tool_choice (formats.md 4.3). A choice among tools that
// only OpenAI runs is kept in its own words.
func readChoice(req *llm.Request, v []byte) {
	c := &req.Choice
	switch jscan.KindOf(v) {
	case jscan.String:
		switch jscan.Str(v) {
		case "auto":
			c.Mode = llm.ChoiceAuto
		case "none":
			c.Mode = llm.ChoiceNone
		case "required", "any":
			c.Mode = llm.ChoiceRequired
		}
		return
	case jscan.Object:
	default:
		return
	}
	typ := jscan.Str(jscan.Get(v, "type"))
	switch typ {
	case "function", "custom":
		name := jscan.Str(jscan.Get(v, "name"))
		if name == "" {
			name = jscan.Str(jscan.Path(v, typ, "name")) // chat's nesting
		}
		if name != "" {
			c.Mode, c.Names, c.Custom = llm.ChoiceNamed, []string{name}, typ == "custom"
		}
	case "allowed_tools":
		c.Mode = llm.ChoiceAllowed
		c.Required = jscan.Str(jscan.Get(v, "mode")) == "required"
		for _, t := range jscan.Elements(jscan.Get(v, "tools")) {
			if name := choiceName(req, t); name != "" {
				c.Names = append(c.Names, name)
			}
		}
		if len(c.Names) == 0 {
			*c = llm.ToolChoice{}
			withExtra(&req.Extra, "tool_choice", v)
		}
	default:
		if name := choiceName(req, v); name != "" {
			c.Mode, c.Names = llm.ChoiceNamed, []string{name}
		} else {
			withExtra(&req.Extra, "tool_choice", v)
		}
	}
}

// choiceName is the name of a tool that a choice refers to by name or, for
// declared tools without a name, by type; "" when it has none elsewhere.
func choiceName(req *llm.Request, v []byte) string {
	if name := jscan.Str(jscan.Get(v, "name")); name != "" {
		return name
	}
	typ := jscan.Str(jscan.Get(v, "type"))
	for i := range req.Tools {
		t := &req.Tools[i]
		if t.Opaque != nil && t.Kind != llm.ToolServer && (t.Opaque.Type == typ || t.Kind == llm.ToolWebSearch && strings.HasPrefix(typ, "web_search")) {
			return t.Name
		}
	}
	return ""
}
