package openai

import (
	"fmt"
	"strconv"
	"strings"

	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// tools writes tools, tool_choice and parallel_tool_calls (4.2, 4.3). Without
// tools there is neither choice nor parallel (R40, P27).
func (w *requestWriter) tools() {
	start := len(w.b)
	if !w.member("tools") {
		return
	}
	open := len(w.b)
	var search *llm.Tool
	for i := range w.req.Tools {
		t := &w.req.Tools[i]
		if t.Kind == llm.ToolWebSearch && !isFormat(t.Opaque, "web_search") {
			search = t
			continue
		}
		before := len(w.b)
		w.b = append(w.b, ",["[btoi(before == open)])
		if !w.tool(t) {
			w.b = w.b[:before]
			w.lose(fmt.Sprintf("tools[%d]", i), "a tool that its vendor runs has no counterpart here")
		}
	}
	if len(w.b) == open {
		w.b = w.b[:start]
	} else {
		w.b = append(w.b, ']')
		w.choice()
		w.boolean("parallel_tool_calls", w.req.Parallel)
	}
	if search != nil {
		w.webSearch(search)
	}
}

// isFormat tells whether a hosted tool was declared in this format's tools.
func isFormat(o *llm.Opaque, prefix string) bool {
	return o != nil && o.Format == formatName && o.Type != "web_search_options" && strings.HasPrefix(o.Type, prefix)
}

// tool writes one declaration; false means chat has no word for it.
func (w *requestWriter) tool(t *llm.Tool) bool {
	switch t.Kind {
	case llm.ToolFunction:
		w.b = append(w.b, `{"type":"function","function":{"name":`...)
		w.b = jscan.AppendQuoted(w.b, t.Name)
		if t.Description != "" {
			w.b = append(w.b, `,"description":`...)
			w.b = jscan.AppendQuoted(w.b, t.Description)
		}
		w.b = append(w.b, `,"parameters":`...)
		w.b = append(w.b, wire.ObjectSchema(t.Schema)...)
		if t.Strict != nil {
			w.b = append(w.b, `,"strict":`...)
			w.b = strconv.AppendBool(w.b, *t.Strict)
		}
		w.b = append(w.b, "}}"...)
		return true
	case llm.ToolCustom:
		w.b = append(w.b, `{"type":"custom","custom":{"name":`...)
		w.b = jscan.AppendQuoted(w.b, t.Name)
		if t.Description != "" {
			w.b = append(w.b, `,"description":`...)
			w.b = jscan.AppendQuoted(w.b, t.Description)
		}
		if t.Grammar != nil {
			w.b = append(w.b, `,"format":`...)
			w.b = appendGrammar(w.b, t.Grammar)
		}
		w.b = append(w.b, "}}"...)
		return true
	}
	if t.Opaque != nil && t.Opaque.Format == formatName {
		w.b = append(w.b, t.Opaque.Raw...)
		return true
	}
	return false
}

// appendGrammar nests the flat grammar of llm.Tool the way chat wants it.
func appendGrammar(dst, format []byte) []byte {
	if jscan.Str(jscan.Get(format, "type")) != "grammar" || jscan.KindOf(jscan.Get(format, "grammar")) == jscan.Object {
		return append(dst, format...)
	}
	dst = append(dst, `{"type":"grammar","grammar":{`...)
	return append(appendUntyped(dst, format), "}}"...)
}

// appendUntyped appends the members of an object but for its type.
func appendUntyped(dst, object []byte) []byte {
	first := true
	for k, v := range jscan.Members(object) {
		if string(k) == "type" {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = jscan.AppendQuoted(dst, string(k))
		dst = append(append(dst, ':'), v...)
	}
	return dst
}

// webSearch writes web_search_options, which only search models take
// (table 4.2); elsewhere the tool is dropped, never declared as a function
// that the client would have to run (R37).
func (w *requestWriter) webSearch(t *llm.Tool) {
	if !strings.Contains(w.d.Model, "search") {
		w.lose("tools", "web search runs only on search models here")
		return
	}
	if !w.member("web_search_options") {
		return
	}
	if t.Opaque != nil && t.Opaque.Format == formatName && t.Opaque.Type == "web_search_options" {
		w.b = append(w.b, t.Opaque.Raw...)
		return
	}
	s := t.Search
	if s == nil || s.City == "" && s.Region == "" && s.Country == "" && s.Zone == "" {
		w.b = append(w.b, "{}"...)
		return
	}
	w.b = append(w.b, `{"user_location":{"type":"approximate","approximate":{`...)
	first := true
	for _, m := range [...]struct{ name, value string }{{"city", s.City}, {"country", s.Country}, {"region", s.Region}, {"timezone", s.Zone}} {
		if m.value == "" {
			continue
		}
		if !first {
			w.b = append(w.b, ',')
		}
		first = false
		w.b = jscan.AppendQuoted(w.b, m.name)
		w.b = append(w.b, ':')
		w.b = jscan.AppendQuoted(w.b, m.value)
	}
	w.b = append(w.b, "}}}"...)
	if len(s.Allowed)+len(s.Blocked) > 0 {
		w.lose("tools", "web search here knows no list of domains")
	}
}

// choice writes tool_choice (table 4.3).
func (w *requestWriter) choice() {
	c := &w.req.Choice
	switch c.Mode {
	case llm.ChoiceAuto:
		w.str("tool_choice", "auto")
	case llm.ChoiceNone:
		w.str("tool_choice", "none")
	case llm.ChoiceRequired:
		word := w.d.Caps.ToolChoiceAny
		if word == "" {
			word = "required"
		}
		w.str("tool_choice", word)
	case llm.ChoiceNamed:
		if len(c.Names) == 0 || !w.declared(c.Names[0]) {
			w.lose("tool_choice", "the named tool is not declared here")
		} else if w.member("tool_choice") {
			w.b = w.appendChoice(w.b, c.Names[0])
		}
	case llm.ChoiceAllowed:
		var names []string
		for _, name := range c.Names {
			if w.declared(name) {
				names = append(names, name)
			}
		}
		if len(names) == 0 {
			w.lose("tool_choice", "none of the allowed tools is declared here")
			return
		}
		if !w.member("tool_choice") {
			return
		}
		w.b = append(w.b, `{"type":"allowed_tools","allowed_tools":{"mode":"`...)
		w.b = append(w.b, [...]string{"auto", "required"}[btoi(c.Required)]...)
		w.b = append(w.b, `","tools":`...)
		for i, name := range names {
			w.b = append(w.b, ",["[btoi(i == 0)])
			w.b = w.appendChoice(w.b, name)
		}
		w.b = append(w.b, "]}}"...)
	}
}

// declared tells whether a function or custom tool of this name is offered.
func (w *requestWriter) declared(name string) bool {
	for i := range w.req.Tools {
		if t := &w.req.Tools[i]; t.Name == name && (t.Kind == llm.ToolFunction || t.Kind == llm.ToolCustom) {
			return true
		}
	}
	return false
}

// appendChoice names one tool in the words of its kind.
func (w *requestWriter) appendChoice(dst []byte, name string) []byte {
	kind := "function"
	for i := range w.req.Tools {
		if t := &w.req.Tools[i]; t.Name == name && t.Kind == llm.ToolCustom {
			kind = "custom"
		}
	}
	dst = append(dst, `{"type":"`...)
	dst = append(dst, kind...)
	dst = append(dst, `","`...)
	dst = append(dst, kind...)
	dst = append(dst, `":{"name":`...)
	dst = jscan.AppendQuoted(dst, name)
	return append(dst, "}}"...)
}
