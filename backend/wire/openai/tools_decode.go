package openai

import (
	"bytes"
	"fmt"
	"strings"

	"omniroute/backend/llm"
	"omniroute/backend/wire/jscan"
)

// legacyMark is the field of a tool's Extra that remembers that the client
// declared it through the old functions member and expects function_call
// back.
const legacyMark = "functions"

// readTools reads tools and the legacy functions.
func (d *requestDecoder) readTools() {
	if d.tools != nil && jscan.KindOf(d.tools) != jscan.Array {
		d.fail("tools", "tools must be a list.")
		return
	}
	for i, v := range jscan.Elements(d.tools) {
		d.readTool(i, v)
	}
	if d.functions == nil {
		return
	}
	if jscan.KindOf(d.functions) != jscan.Array {
		d.fail("functions", "functions must be a list.")
		return
	}
	for i, v := range jscan.Elements(d.functions) {
		t, ok := functionTool(v)
		if !ok {
			d.fail(fmt.Sprintf("functions[%d].name", i), "functions[%d] needs a name.", i)
			return
		}
		t.Extra = llm.Extra{Format: formatName, Fields: []llm.Field{{Name: legacyMark, Value: []byte("true")}}}
		d.req.Tools = append(d.req.Tools, t)
	}
	if len(d.req.Tools) > 0 && d.req.Parallel == nil {
		one := false // the old shape holds a single call
		d.req.Parallel = &one
	}
}

// readTool reads one element of tools. Both the nested shape and the flat one
// of the Responses format are accepted.
func (d *requestDecoder) readTool(i int, v []byte) {
	if jscan.KindOf(v) != jscan.Object {
		d.fail(fmt.Sprintf("tools[%d]", i), "tools[%d] must be an object.", i)
		return
	}
	kind := jscan.Str(jscan.Get(v, "type"))
	var t llm.Tool
	ok := true
	switch {
	case kind == "function" || kind == "" && jscan.Get(v, "function") != nil:
		t, ok = functionTool(nested(v, "function"))
	case kind == "custom":
		t, ok = customTool(nested(v, "custom"))
	case strings.HasPrefix(kind, "web_search"):
		t = llm.Tool{Kind: llm.ToolWebSearch, Name: "web_search", Search: searchLocation(v), Opaque: opaque(kind, v)}
		if list := jscan.Path(v, "filters", "allowed_domains"); list != nil {
			t.Search.Allowed = stringList(list)
		}
	case kind == "":
		d.fail(fmt.Sprintf("tools[%d].type", i), "tools[%d] needs a type.", i)
		return
	default:
		t = llm.Tool{Kind: llm.ToolServer, Name: jscan.Str(jscan.Get(v, "name")), Opaque: opaque(kind, v)}
	}
	if !ok {
		d.fail(fmt.Sprintf("tools[%d].%s.name", i, kind), "tools[%d] needs a name.", i)
		return
	}
	if c := cacheHint(jscan.Get(v, "cache_control")); c != nil {
		t.Cache = c
	}
	d.req.Tools = append(d.req.Tools, t)
}

// nested is the member that holds the declaration, or the tool itself when it
// is flat.
func nested(v []byte, key string) []byte {
	if inner := jscan.Get(v, key); jscan.KindOf(inner) == jscan.Object {
		return inner
	}
	return v
}

func opaque(kind string, v []byte) *llm.Opaque {
	return &llm.Opaque{Format: formatName, Type: kind, Raw: bytes.Clone(v)}
}

func functionTool(v []byte) (llm.Tool, bool) {
	t := llm.Tool{Kind: llm.ToolFunction}
	for k, m := range jscan.Members(v) {
		switch string(k) {
		case "name":
			t.Name = jscan.Str(m)
		case "description":
			t.Description = jscan.Str(m)
		case "parameters":
			if jscan.KindOf(m) == jscan.Object {
				t.Schema = bytes.Clone(m)
			}
		case "strict":
			t.Strict = optionalBool(m)
		case "cache_control":
			t.Cache = cacheHint(m)
		}
	}
	return t, t.Name != ""
}

// customTool reads a free-text tool. Chat nests the grammar one level deeper
// than Responses does; llm.Tool.Grammar holds the flat shape of Responses.
func customTool(v []byte) (llm.Tool, bool) {
	t := llm.Tool{Kind: llm.ToolCustom}
	for k, m := range jscan.Members(v) {
		switch string(k) {
		case "name":
			t.Name = jscan.Str(m)
		case "description":
			t.Description = jscan.Str(m)
		case "format":
			t.Grammar = flatGrammar(m)
		}
	}
	return t, t.Name != ""
}

func flatGrammar(format []byte) []byte {
	if jscan.KindOf(format) != jscan.Object {
		return nil
	}
	inner := jscan.Get(format, "grammar")
	if jscan.KindOf(inner) != jscan.Object {
		return bytes.Clone(format)
	}
	out := append([]byte(nil), `{"type":"grammar"`...)
	for k, m := range jscan.Members(inner) {
		out = append(out, ',')
		out = jscan.AppendQuoted(out, string(k))
		out = append(append(out, ':'), m...)
	}
	return append(out, '}')
}

// webSearchOptions is chat's way to switch web search on (R37).
func webSearchOptions(v []byte) llm.Tool {
	return llm.Tool{Kind: llm.ToolWebSearch, Name: "web_search", Search: searchLocation(v), Opaque: opaque("web_search_options", v)}
}

func searchLocation(v []byte) *llm.WebSearch {
	at := jscan.Get(v, "user_location")
	if inner := jscan.Get(at, "approximate"); inner != nil {
		at = inner
	}
	return &llm.WebSearch{
		City:    jscan.Str(jscan.Get(at, "city")),
		Region:  jscan.Str(jscan.Get(at, "region")),
		Country: jscan.Str(jscan.Get(at, "country")),
		Zone:    jscan.Str(jscan.Get(at, "timezone")),
	}
}

func stringList(v []byte) []string {
	var out []string
	for _, e := range jscan.Elements(v) {
		if s, ok := jscan.Text(e); ok {
			out = append(out, s)
		}
	}
	return out
}

// readChoice reads tool_choice, or the legacy function_call (table 4.3).
func (d *requestDecoder) readChoice() {
	c := &d.req.Choice
	v := d.choice
	if v == nil {
		v = d.called
		if name := jscan.Str(jscan.Get(v, "name")); name != "" {
			c.Mode, c.Names = llm.ChoiceNamed, []string{name}
			return
		}
	}
	if v == nil {
		return
	}
	if word, ok := jscan.Text(v); ok {
		switch word {
		case "auto":
			c.Mode = llm.ChoiceAuto
		case "none":
			c.Mode = llm.ChoiceNone
		case "required", "any":
			c.Mode = llm.ChoiceRequired
		default:
			d.fail("tool_choice", "tool_choice must be none, auto, required or name a tool.")
		}
		return
	}
	if jscan.KindOf(v) != jscan.Object {
		d.fail("tool_choice", "tool_choice must be none, auto, required or name a tool.")
		return
	}
	switch kind := jscan.Str(jscan.Get(v, "type")); kind {
	case "function", "custom", "":
		name := choiceName(v)
		if name == "" {
			d.fail("tool_choice", "tool_choice must name a tool.")
			return
		}
		c.Mode, c.Names, c.Custom = llm.ChoiceNamed, []string{name}, kind == "custom"
	case "allowed_tools":
		set := nested(v, "allowed_tools")
		c.Mode, c.Required = llm.ChoiceAllowed, jscan.Str(jscan.Get(set, "mode")) == "required"
		for _, t := range jscan.Elements(jscan.Get(set, "tools")) {
			if name := choiceName(t); name != "" {
				c.Names = append(c.Names, name)
			}
		}
	case "auto", "none": // the shape of other formats, sent by mistake
		c.Mode = llm.ChoiceAuto
		if kind == "none" {
			c.Mode = llm.ChoiceNone
		}
	default: // a hosted tool is asked for: the model must use a tool
		c.Mode = llm.ChoiceRequired
	}
}

// choiceName finds the tool's name in {function:{name}}, {custom:{name}} or
// the flat shape.
func choiceName(v []byte) string {
	for _, key := range [...]string{"function", "custom"} {
		if name := jscan.Str(jscan.Path(v, key, "name")); name != "" {
			return name
		}
	}
	return jscan.Str(jscan.Get(v, "name"))
}
