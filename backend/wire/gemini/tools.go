package gemini

import (
	"strings"

	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// tools reads the list of tool objects. One object may hold function
// declarations and tools of the vendor side by side.
func (d *requestDecoder) tools(v []byte) error {
	if jscan.KindOf(v) == jscan.Object {
		d.toolObject(v)
		return nil
	}
	if jscan.KindOf(v) != jscan.Array {
		return invalid("tools", "The field tools must be a list of tool objects.")
	}
	for _, t := range jscan.Elements(v) {
		d.toolObject(t)
	}
	return nil
}

func (d *requestDecoder) toolObject(v []byte) {
	for k, m := range jscan.Members(v) {
		if jscan.IsNull(m) {
			continue
		}
		name := camel(string(k))
		switch name {
		case "functionDeclarations":
			for _, f := range jscan.Elements(m) {
				d.req.Tools = append(d.req.Tools, readDeclaration(f))
			}
		case "googleSearch", "googleSearchRetrieval":
			t := vendorTool(name, m)
			t.Kind, t.Search = llm.ToolWebSearch, &llm.WebSearch{}
			for _, x := range jscan.Elements(member(m, "excludeDomains", "exclude_domains")) {
				t.Search.Blocked = append(t.Search.Blocked, jscan.Str(x))
			}
			d.req.Tools = append(d.req.Tools, t)
		default:
			d.req.Tools = append(d.req.Tools, vendorTool(name, m))
		}
	}
}

// member reads a member by either of its spellings.
func member(v []byte, camel, snake string) []byte {
	if m := jscan.Get(v, camel); m != nil {
		return m
	}
	return jscan.Get(v, snake)
}

// vendorTool keeps a tool that Google runs in its own words.
func vendorTool(name string, v []byte) llm.Tool {
	w := buffer{b: append(make([]byte, 0, len(v)+len(name)+8), '{')}
	w.member(name, v)
	w.b = append(w.b, '}')
	return llm.Tool{Kind: llm.ToolServer, Opaque: &llm.Opaque{Format: own, Type: name, Raw: w.b}}
}

func readDeclaration(v []byte) llm.Tool {
	t := llm.Tool{Kind: llm.ToolFunction}
	for k, m := range jscan.Members(v) {
		if jscan.IsNull(m) {
			continue
		}
		switch camel(string(k)) {
		case "name":
			t.Name = jscan.Str(m)
		case "description":
			t.Description = jscan.Str(m)
		case "parameters":
			if t.Schema == nil {
				t.Schema = clone(wire.LowerSchema(m))
			}
		case "parametersJsonSchema":
			t.Schema = compact(m)
		default:
			t.Extra.Format = own
			t.Extra.Fields = append(t.Extra.Fields, llm.Field{Name: camel(string(k)), Value: clone(m)})
		}
	}
	return t
}

// toolConfig reads the choice of tools (formats.md 4.3). The object itself is
// kept for Google's own formats: VALIDATED and the members nobody else has
// would be lost otherwise.
func (d *requestDecoder) toolConfig(v []byte) {
	for k, m := range jscan.Members(v) {
		if camel(string(k)) == "functionCallingConfig" {
			d.req.Choice = readChoice(m)
		}
	}
	d.extra(extraTools, v)
}

func readChoice(v []byte) llm.ToolChoice {
	var c llm.ToolChoice
	mode := ""
	for k, m := range jscan.Members(v) {
		switch string(k) {
		case "mode":
			mode = strings.ToUpper(jscan.Str(m))
		case "allowedFunctionNames", "allowed_function_names":
			for _, x := range jscan.Elements(m) {
				if s := jscan.Str(x); s != "" {
					c.Names = append(c.Names, s)
				}
			}
		}
	}
	switch mode {
	case "ANY":
		switch len(c.Names) {
		case 0:
			c.Mode = llm.ChoiceRequired
		case 1:
			c.Mode = llm.ChoiceNamed
		default:
			c.Mode, c.Required = llm.ChoiceAllowed, true
		}
	case "NONE":
		c = llm.ToolChoice{Mode: llm.ChoiceNone}
	case "AUTO", "VALIDATED":
		c.Mode = llm.ChoiceAuto
		if len(c.Names) > 0 {
			c.Mode = llm.ChoiceAllowed
		}
	default:
		if len(c.Names) > 0 {
			c.Mode = llm.ChoiceAllowed
		}
	}
	return c
}
