package gemini

import (
	"slices"
	"strconv"

	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// toolList writes tools: all functions in one object, each tool that Google
// runs in one of its own (formats.md P22). It returns the names declared.
func (e *requestEncoder) toolList() []string {
	if !e.wants("tools") {
		return nil
	}
	var declared []string
	mark := len(e.b)
	e.open("tools", '[')
	start := len(e.b)
	for i := range e.req.Tools {
		t := &e.req.Tools[i]
		if t.Kind != llm.ToolFunction && t.Kind != llm.ToolCustom || t.Name == "" {
			continue
		}
		if declared == nil {
			e.b = append(e.b, `{"functionDeclarations":[`...)
		}
		declared = append(declared, t.Name)
		e.declaration(t)
	}
	if declared != nil {
		e.b = append(e.b, "]}"...)
	}
	search := false
	for i := range e.req.Tools {
		t := &e.req.Tools[i]
		switch {
		case t.Kind == llm.ToolFunction || t.Kind == llm.ToolCustom:
		case t.Opaque != nil && t.Opaque.Format == own:
			e.comma()
			e.b = append(e.b, t.Opaque.Raw...)
			search = search || t.Kind == llm.ToolWebSearch
		case t.Kind == llm.ToolWebSearch:
			if !search {
				e.comma()
				e.b = append(e.b, `{"googleSearch":{}}`...)
				search = true
			}
			if s := t.Search; s != nil && (len(s.Allowed) > 0 || len(s.Blocked) > 0 || s.City != "" || s.Region != "" || s.Country != "" || s.Zone != "" || s.MaxUses > 0) {
				e.add(toolPath(i), "Google's search takes no domains, place or limit")
			}
		default:
			e.add(toolPath(i), "this tool runs at another vendor and has no counterpart")
		}
	}
	if len(e.b) == start {
		e.b = e.b[:mark]
		return nil
	}
	e.b = append(e.b, ']')
	return declared
}

func toolPath(i int) string { return "tools[" + strconv.Itoa(i) + "]" }

func (e *requestEncoder) declaration(t *llm.Tool) {
	e.comma()
	e.b = append(e.b, '{')
	e.text("name", t.Name)
	if t.Description != "" {
		e.text("description", t.Description)
	}
	e.schema(t.Schema)
	e.fields(t.Extra)
	e.b = append(e.b, '}')
}

// schema writes the parameters of a function (formats.md R34): as they are
// where the model takes JSON Schema, else cleaned. A function without
// parameters declares none: an object without properties is refused.
func (e *requestEncoder) schema(raw []byte) {
	if jscan.KindOf(raw) != jscan.Object {
		return
	}
	if e.d.Caps.JSONSchema {
		e.raw("parametersJsonSchema", compact(wire.ObjectSchema(raw)))
		return
	}
	clean := wire.CleanSchema(wire.ObjectSchema(raw))
	if jscan.KindOf(jscan.Get(clean, "anyOf")) != jscan.Array && emptyObject(jscan.Get(clean, "properties")) {
		return
	}
	e.raw("parameters", clean)
}

func emptyObject(v []byte) bool {
	for range jscan.Members(v) {
		return false
	}
	return true
}

// choice writes toolConfig (formats.md 4.3). Without declared functions there
// is nothing to choose from (R40).
func (e *requestEncoder) choice(declared []string) {
	if !e.wants("toolConfig") {
		return
	}
	mark := len(e.b)
	e.open("toolConfig", '{')
	start := len(e.b)
	given := e.given()
	if len(declared) > 0 {
		e.functionConfig(declared, given)
	}
	for k, v := range jscan.Members(given) {
		if name := camel(string(k)); name != "functionCallingConfig" && !jscan.IsNull(v) {
			e.member(name, v)
		}
	}
	if len(e.b) == start {
		e.b = e.b[:mark]
		return
	}
	e.b = append(e.b, '}')
}

// given is the toolConfig of a client that speaks this format itself.
func (e *requestEncoder) given() []byte {
	if e.req.Extra.Format == own {
		for _, f := range e.req.Extra.Fields {
			if f.Name == extraTools {
				return f.Value
			}
		}
	}
	return nil
}

func (e *requestEncoder) functionConfig(declared []string, given []byte) {
	c := &e.req.Choice
	var names []string
	for _, n := range c.Names {
		if slices.Contains(declared, n) && !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	mode := ""
	switch c.Mode {
	case llm.ChoiceAuto:
		mode = "AUTO"
	case llm.ChoiceNone:
		mode = "NONE"
	case llm.ChoiceRequired:
		mode = "ANY"
	case llm.ChoiceNamed, llm.ChoiceAllowed:
		if len(names) == 0 {
			e.add("tool_choice", "none of the named tools is a function of this request")
			return
		}
		mode = "AUTO"
		if c.Mode == llm.ChoiceNamed || c.Required {
			mode = "ANY"
		}
	default:
		return
	}
	if mode == "AUTO" && validated(given) {
		mode = "VALIDATED"
	}
	e.open("functionCallingConfig", '{')
	e.text("mode", mode)
	if c.Mode == llm.ChoiceNamed || c.Mode == llm.ChoiceAllowed {
		e.strings("allowedFunctionNames", names)
	}
	e.b = append(e.b, '}')
}

// validated reports a client of this format that asked for VALIDATED, which
// no other format has (formats.md R40).
func validated(given []byte) bool {
	return jscan.Str(jscan.Get(member(given, "functionCallingConfig", "function_calling_config"), "mode")) == "VALIDATED"
}
