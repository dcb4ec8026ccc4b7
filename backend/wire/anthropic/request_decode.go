package anthropic

import (
	"fmt"
	"strings"

	"omniroute/backend/llm"
	"omniroute/backend/wire/jscan"
)

// DecodeRequest reads the body of POST /v1/messages or of its count_tokens
// (formats.md 2, [SDK]). Members it does not know are kept in Extra.
func (codec) DecodeRequest(body []byte) (*llm.Request, error) {
	if jscan.KindOf(body) != jscan.Object {
		return nil, invalid("", "The request body must be a JSON object.")
	}
	d := requestDecoder{r: &llm.Request{}}
	c := jscan.NewCursor(body)
	for k := range c.Members() {
		var err error
		if string(k) == "messages" && c.Kind() != jscan.Null {
			err = d.decodeMessages(&c)
		} else if v := c.Value(); !jscan.IsNull(v) {
			err = d.member(string(k), v)
		}
		if err != nil {
			return nil, err
		}
	}
	if !d.messages {
		return nil, invalid("messages", "messages: a list with at least one message is required.")
	}
	d.r.Extra = extra(d.extra)
	return d.r, nil
}

type requestDecoder struct {
	r        *llm.Request
	extra    []llm.Field
	messages bool
}

func (d *requestDecoder) member(key string, v []byte) error {
	r := d.r
	switch key {
	case "model":
		return str(v, key, &r.Model)
	case "system":
		return d.decodeSystem(v)
	case "tools":
		return d.decodeTools(v)
	case "tool_choice":
		return d.decodeChoice(v)
	case "stream":
		r.Stream = jscan.True(v)
	case "max_tokens":
		return integer(v, key, &r.Sampling.MaxTokens)
	case "temperature":
		return number(v, key, &r.Sampling.Temperature)
	case "top_p":
		return number(v, key, &r.Sampling.TopP)
	case "top_k":
		return number(v, key, &r.Sampling.TopK)
	case "stop_sequences":
		r.Sampling.Stop = strs(v)
	case "thinking":
		d.decodeThinking(v)
	case "output_config":
		d.decodeOutputConfig(v)
	case "output_format":
		d.decodeOutput(v)
	case "metadata":
		r.Meta.UserID = jscan.Str(jscan.Get(v, "user_id"))
	case "service_tier":
		return str(v, key, &r.Meta.ServiceTier)
	case "thread":
		r.Meta.Thread = raw(v)
	default:
		d.extra = append(d.extra, llm.Field{Name: key, Value: v})
	}
	return nil
}

// decodeMessages reads the conversation, by far the longest member, in one
// pass over its bytes.
func (d *requestDecoder) decodeMessages(c *jscan.Cursor) error {
	if c.Kind() != jscan.Array {
		return invalid("messages", "messages: must be a list.")
	}
	d.r.Messages = nil // the last of duplicate members counts
	leading := true
	for i := range c.Elements() {
		d.messages = true
		var role []byte
		var parts []llm.Part
		var err error
		for k := range c.Members() {
			switch string(k) {
			case "role":
				role = c.Value()
			case "content":
				if parts, err = decodeContent(c); err != nil {
					return within(err, fmt.Sprintf("messages[%d]", i))
				}
			}
		}
		msg := llm.Message{Parts: parts}
		switch jscan.Str(role) {
		case "user":
			leading = false
		case "assistant":
			msg.Role, leading = llm.RoleAssistant, false
		case "system":
			msg.Role = llm.RoleSystem
		default:
			return within(invalid("role", "must be user, assistant or system."), fmt.Sprintf("messages[%d]", i))
		}
		if leading && onlyText(parts) {
			d.r.System = append(d.r.System, parts...)
			continue
		}
		d.r.Messages = append(d.r.Messages, msg)
	}
	return nil
}

func onlyText(parts []llm.Part) bool {
	for i := range parts {
		if parts[i].Kind != llm.PartText {
			return false
		}
	}
	return true
}

// decodeSystem reads the top-level instructions; they stand before any that
// messages begin with, whatever the order of the members.
func (d *requestDecoder) decodeSystem(v []byte) error {
	if k := jscan.KindOf(v); k != jscan.String && k != jscan.Array {
		return invalid("system", "system: must be a string or a list of text blocks.")
	}
	c := jscan.NewCursor(v)
	parts, err := decodeContent(&c)
	if err != nil {
		return within(err, "system")
	}
	if !onlyText(parts) {
		return invalid("system", "system: only text blocks are allowed.")
	}
	d.r.System = append(parts, d.r.System...)
	return nil
}

func (d *requestDecoder) decodeTools(v []byte) error {
	if jscan.KindOf(v) != jscan.Array {
		return invalid("tools", "tools: must be a list.")
	}
	d.r.Tools = make([]llm.Tool, 0, jscan.Len(v))
	for i, t := range jscan.Elements(v) {
		tool := decodeTool(t)
		if tool.Kind == llm.ToolFunction && tool.Name == "" {
			return invalid(fmt.Sprintf("tools[%d].name", i), "tools[%d]: the tool has no name.", i)
		}
		d.r.Tools = append(d.r.Tools, tool)
	}
	return nil
}

// decodeTool reads one declaration. Keys only this family knows (formats.md
// R33) are kept as Extra; a tool with a type of its own is kept whole.
func decodeTool(v []byte) llm.Tool {
	var t llm.Tool
	var kind string
	var unknown []llm.Field
	for k, v := range jscan.Members(v) {
		switch string(k) {
		case "type":
			kind = jscan.Str(v)
		case "name":
			t.Name = jscan.Str(v)
		case "description":
			t.Description = jscan.Str(v)
		case "input_schema":
			if !jscan.IsNull(v) {
				t.Schema = raw(v)
			}
		case "strict":
			if jscan.True(v) || jscan.False(v) {
				strict := jscan.True(v)
				t.Strict = &strict
			}
		case "cache_control":
			t.Cache = decodeCache(v)
		default:
			unknown = append(unknown, llm.Field{Name: string(k), Value: v})
		}
	}
	if kind == "" || kind == "custom" {
		t.Extra = extra(unknown)
		return t
	}
	t.Kind = llm.ToolServer
	t.Opaque = &llm.Opaque{Format: format, Type: kind, Raw: without(v, "cache_control")}
	if strings.HasPrefix(kind, "web_search") {
		t.Kind, t.Search = llm.ToolWebSearch, decodeSearch(v)
	}
	return t
}

func decodeSearch(v []byte) *llm.WebSearch {
	s := &llm.WebSearch{}
	for k, v := range jscan.Members(v) {
		switch string(k) {
		case "allowed_domains":
			s.Allowed = strs(v)
		case "blocked_domains":
			s.Blocked = strs(v)
		case "max_uses":
			s.MaxUses, _ = jscan.Int(v)
		case "user_location":
			s.City = jscan.Str(jscan.Get(v, "city"))
			s.Region = jscan.Str(jscan.Get(v, "region"))
			s.Country = jscan.Str(jscan.Get(v, "country"))
			s.Zone = jscan.Str(jscan.Get(v, "timezone"))
		}
	}
	return s
}

// decodeChoice reads tool_choice (formats.md 4.3, R40).
func (d *requestDecoder) decodeChoice(v []byte) error {
	c := &d.r.Choice
	switch kind := jscan.Str(jscan.Get(v, "type")); kind {
	case "auto":
		c.Mode = llm.ChoiceAuto
	case "any":
		c.Mode = llm.ChoiceRequired
	case "none":
		c.Mode = llm.ChoiceNone
	case "tool":
		name := jscan.Str(jscan.Get(v, "name"))
		if name == "" {
			return invalid("tool_choice.name", "tool_choice: the tool to use is not named.")
		}
		c.Mode, c.Names = llm.ChoiceNamed, []string{name}
	default:
		return invalid("tool_choice.type", "tool_choice.type: must be auto, any, tool or none, not %q.", kind)
	}
	if jscan.True(jscan.Get(v, "disable_parallel_tool_use")) {
		single := false
		d.r.Parallel = &single
	}
	return nil
}

// decodeThinking reads thinking (formats.md R42). Kinds of thinking nobody
// else has stay with their family.
func (d *requestDecoder) decodeThinking(v []byte) {
	r := &d.r.Reasoning
	switch jscan.Str(jscan.Get(v, "type")) {
	case "enabled":
		r.Mode = llm.ReasoningOn
		if n, ok := jscan.Int(jscan.Get(v, "budget_tokens")); ok {
			r.Budget = &n
		}
	case "adaptive":
		r.Mode = llm.ReasoningAdaptive
	case "disabled":
		r.Mode = llm.ReasoningOff
		return
	default:
		d.extra = append(d.extra, llm.Field{Name: "thinking", Value: v})
		return
	}
	show := jscan.Str(jscan.Get(v, "display")) != "omitted"
	r.Show = &show
}

// decodeOutputConfig reads effort and format; further members are kept.
func (d *requestDecoder) decodeOutputConfig(v []byte) {
	rest := []byte{'{'}
	for k, v := range jscan.Members(v) {
		switch {
		case jscan.IsNull(v):
		case string(k) == "effort":
			d.r.Reasoning.Effort = llm.Effort(jscan.Str(v))
		case string(k) == "format":
			d.decodeOutput(v)
		default:
			rest = append(member(rest, string(k)), v...)
		}
	}
	if len(rest) > 1 {
		d.extra = append(d.extra, llm.Field{Name: "output_config", Value: append(rest, '}')})
	}
}

// decodeOutput reads a structured output format. The vendor always holds the
// model to the schema, which is what strict means elsewhere (formats.md R45).
func (d *requestDecoder) decodeOutput(v []byte) {
	if jscan.Str(jscan.Get(v, "type")) != "json_schema" {
		return
	}
	strict := true
	d.r.Output = llm.Output{Kind: llm.OutputSchema, Schema: raw(jscan.Get(v, "schema")), Strict: &strict}
}

func str(v []byte, param string, to *string) error {
	s, ok := jscan.Text(v)
	if !ok {
		return invalid(param, "%s: must be a string.", param)
	}
	*to = s
	return nil
}

func integer(v []byte, param string, to **int64) error {
	n, ok := jscan.Int(v)
	if !ok {
		return invalid(param, "%s: must be a whole number.", param)
	}
	*to = &n
	return nil
}

func number(v []byte, param string, to **float64) error {
	f, ok := jscan.Float(v)
	if !ok {
		return invalid(param, "%s: must be a number.", param)
	}
	*to = &f
	return nil
}

// strs reads a list of strings, or a single one; other elements are skipped.
func strs(v []byte) []string {
	if s, ok := jscan.Text(v); ok {
		return []string{s}
	}
	var out []string
	for _, e := range jscan.Elements(v) {
		if s, ok := jscan.Text(e); ok {
			out = append(out, s)
		}
	}
	return out
}
