package ollama

import (
	"bytes"
	"fmt"
	"strings"

	"omniroute/backend/fault"
	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

type decoder struct {
	req *llm.Request
	err error
}

// DecodeRequest reads a chat request; see wire.Codec. A request without
// messages, with which Ollama's clients load or unload a model, is
// fault.Invalid: there is nothing to answer.
func (Codec) DecodeRequest(body []byte) (*llm.Request, error) {
	if jscan.KindOf(body) != jscan.Object {
		return nil, invalid("", "The request body must be a JSON object.")
	}
	d := decoder{req: &llm.Request{Stream: true}}
	d.req.Extra.Format = formatName
	var messages []byte
	for k, v := range jscan.Members(body) {
		if jscan.IsNull(v) {
			continue
		}
		if string(k) == "messages" {
			messages = v
			continue
		}
		d.member(string(k), v)
	}
	d.messages(messages)
	if d.err != nil {
		return nil, d.err
	}
	if len(d.req.Extra.Fields) == 0 {
		d.req.Extra = llm.Extra{}
	}
	return d.req, nil
}

func invalid(param, format string, args ...any) *fault.Error {
	e := fault.New(fault.Invalid, "ollama.request", format, args...)
	e.Param = param
	return e
}

// fail keeps the first mistake.
func (d *decoder) fail(param, format string, args ...any) {
	if d.err == nil {
		d.err = invalid(param, format, args...)
	}
}

// keep remembers a member that has no name in the canonical model.
func (d *decoder) keep(name string, v []byte) {
	d.req.Extra.Fields = append(d.req.Extra.Fields, llm.Field{Name: name, Value: bytes.Clone(v)})
}

func (d *decoder) str(param string, v []byte) string {
	s, ok := jscan.Text(v)
	if !ok {
		d.fail(param, "%s must be a string.", param)
	}
	return s
}

func (d *decoder) member(key string, v []byte) {
	switch key {
	case "model":
		d.req.Model = d.str(key, v)
	case "stream":
		d.req.Stream = !jscan.False(v)
		if !jscan.True(v) && !jscan.False(v) {
			d.fail(key, "stream must be true or false.")
		}
	case "tools":
		d.tools(v)
	case "format":
		d.format(v)
	case "options":
		d.options(v)
	case "think":
		d.think(v)
	default: // keep_alive, template, truncate, logprobs …
		d.keep(key, v)
	}
}

// format is "json" or a JSON schema; "" means text.
func (d *decoder) format(v []byte) {
	switch jscan.KindOf(v) {
	case jscan.String:
		switch s := jscan.Str(v); s {
		case "":
		case "json":
			d.req.Output.Kind = llm.OutputJSON
		default:
			d.fail("format", `format must be "json" or a JSON schema.`)
		}
	case jscan.Object:
		d.req.Output.Kind, d.req.Output.Schema = llm.OutputSchema, bytes.Clone(v)
	default:
		d.fail("format", `format must be "json" or a JSON schema.`)
	}
}

// think is a switch or an effort.
func (d *decoder) think(v []byte) {
	r, show := &d.req.Reasoning, true
	switch {
	case jscan.False(v):
		r.Mode, r.Effort = llm.ReasoningOff, llm.EffortNone
		return
	case jscan.True(v):
		r.Mode, r.Effort, r.Show = llm.ReasoningOn, llm.EffortMedium, &show
		return
	}
	switch e := llm.Effort(jscan.Str(v)); e {
	case llm.EffortNone:
		r.Mode, r.Effort = llm.ReasoningOff, e
	case llm.EffortMinimal, llm.EffortLow, llm.EffortMedium, llm.EffortHigh, llm.EffortXHigh, llm.EffortMax:
		r.Mode, r.Effort, r.Show = llm.ReasoningOn, e, &show
	default:
		d.fail("think", `think must be true, false, "low", "medium" or "high".`)
	}
}

func (d *decoder) options(v []byte) {
	if jscan.KindOf(v) != jscan.Object {
		d.fail("options", "options must be an object.")
		return
	}
	s := &d.req.Sampling
	for k, x := range jscan.Members(v) {
		if jscan.IsNull(x) {
			continue
		}
		name := "options." + string(k)
		switch string(k) {
		case "temperature":
			s.Temperature = d.number(name, x)
		case "top_p":
			s.TopP = d.number(name, x)
		case "top_k":
			s.TopK = d.number(name, x)
		case "frequency_penalty":
			s.Frequency = d.number(name, x)
		case "presence_penalty":
			s.Presence = d.number(name, x)
		case "seed":
			s.Seed = d.integer(name, x)
		case "num_predict":
			if n := d.integer(name, x); n != nil && *n > 0 { // -1 and -2 mean: as much as fits
				s.MaxTokens = n
			}
		case "stop":
			d.stop(x)
		default: // num_ctx, repeat_penalty, mirostat …
			d.keep(name, x)
		}
	}
}

func (d *decoder) number(param string, v []byte) *float64 {
	n, ok := jscan.Float(v)
	if !ok {
		d.fail(param, "%s must be a number.", param)
		return nil
	}
	return &n
}

func (d *decoder) integer(param string, v []byte) *int64 {
	n, ok := jscan.Int(v)
	if !ok {
		d.fail(param, "%s must be an integer.", param)
		return nil
	}
	return &n
}

func (d *decoder) stop(v []byte) {
	d.req.Sampling.Stop = nil
	if s, ok := jscan.Text(v); ok {
		d.req.Sampling.Stop = []string{s}
		return
	}
	if jscan.KindOf(v) != jscan.Array {
		d.fail("options.stop", "options.stop must be a list of strings.")
		return
	}
	for i, x := range jscan.Elements(v) {
		d.req.Sampling.Stop = append(d.req.Sampling.Stop, d.str(fmt.Sprintf("options.stop[%d]", i), x))
	}
}

func (d *decoder) tools(v []byte) {
	if jscan.KindOf(v) != jscan.Array {
		d.fail("tools", "tools must be a list.")
		return
	}
	d.req.Tools = nil
	for i, x := range jscan.Elements(v) {
		f := jscan.Get(x, "function")
		name := jscan.Str(jscan.Get(f, "name"))
		if name == "" {
			d.fail(fmt.Sprintf("tools[%d].function.name", i), "tools[%d] must be a function with a name.", i)
			return
		}
		t := llm.Tool{Name: name, Description: jscan.Str(jscan.Get(f, "description"))}
		if p := jscan.Get(f, "parameters"); jscan.KindOf(p) == jscan.Object {
			t.Schema = bytes.Clone(p)
		}
		d.req.Tools = append(d.req.Tools, t)
	}
}

func (d *decoder) messages(v []byte) {
	if jscan.KindOf(v) != jscan.Array {
		d.fail("messages", "messages must be a list of messages.")
		return
	}
	leading := true
	for i, m := range jscan.Elements(v) {
		at := fmt.Sprintf("messages[%d]", i)
		if jscan.KindOf(m) != jscan.Object {
			d.fail(at, "%s must be an object.", at)
			return
		}
		switch role := jscan.Str(jscan.Get(m, "role")); role {
		case "system", "developer":
			parts := d.content(at, m)
			if leading {
				d.req.System = append(d.req.System, parts...)
				continue
			}
			d.add(llm.RoleSystem, parts)
		case "user":
			d.add(llm.RoleUser, append(d.images(at, m), d.content(at, m)...))
		case "assistant":
			d.add(llm.RoleAssistant, d.assistant(at, m))
		case "tool":
			d.add(llm.RoleUser, d.result(at, m))
		default:
			d.fail(at+".role", "%s.role must be system, user, assistant or tool.", at)
		}
		leading = false
	}
	if len(d.req.Messages) == 0 && len(d.req.System) == 0 {
		d.fail("messages", "messages must hold at least one message with content. Loading and unloading models is for Ollama itself.")
	}
}

func (d *decoder) add(role llm.Role, parts []llm.Part) {
	if len(parts) > 0 {
		d.req.Messages = append(d.req.Messages, llm.Message{Role: role, Parts: parts})
	}
}

// content is a text; some clients send OpenAI's list of text parts.
func (d *decoder) content(at string, m []byte) []llm.Part {
	v := jscan.Get(m, "content")
	at += ".content"
	switch jscan.KindOf(v) {
	case jscan.String:
		if s := jscan.Str(v); s != "" {
			return []llm.Part{{Kind: llm.PartText, Text: s}}
		}
		return nil
	case jscan.Array:
		var parts []llm.Part
		for i, x := range jscan.Elements(v) {
			s, ok := jscan.Text(jscan.Get(x, "text"))
			if !ok {
				d.fail(fmt.Sprintf("%s[%d]", at, i), "%s must be a string; images go into images.", at)
				return nil
			}
			if s != "" {
				parts = append(parts, llm.Part{Kind: llm.PartText, Text: s})
			}
		}
		return parts
	}
	if !jscan.IsNull(v) {
		d.fail(at, "%s must be a string.", at)
	}
	return nil
}

// images are base64, with or without the head of a data URL.
func (d *decoder) images(at string, m []byte) []llm.Part {
	v := jscan.Get(m, "images")
	if jscan.IsNull(v) {
		return nil
	}
	at += ".images"
	if jscan.KindOf(v) != jscan.Array {
		d.fail(at, "%s must be a list of base64 strings.", at)
		return nil
	}
	var parts []llm.Part
	for i, x := range jscan.Elements(v) {
		s, ok := jscan.Text(x)
		if !ok || s == "" {
			d.fail(fmt.Sprintf("%s[%d]", at, i), "%s[%d] must be a base64 string.", at, i)
			return nil
		}
		mime, data, ok := wire.ParseDataURL(s)
		if !ok {
			mime, data = "", strings.TrimSpace(s)
		}
		if mime == "" {
			mime = wire.SniffMIME(data)
		}
		if mime == "" {
			mime = "image/png"
		}
		parts = append(parts, llm.Part{Kind: llm.PartImage, Media: &llm.Media{MIME: mime, Data: data}})
	}
	return parts
}

// assistant reads thoughts, text and calls. Calls have an id only with newer
// clients; results find the others by name and order.
func (d *decoder) assistant(at string, m []byte) []llm.Part {
	var parts []llm.Part
	if s := jscan.Str(jscan.Get(m, "thinking")); s != "" {
		parts = append(parts, llm.Part{Kind: llm.PartReasoning, Text: s})
	}
	parts = append(parts, d.content(at, m)...)
	calls := jscan.Get(m, "tool_calls")
	if jscan.IsNull(calls) {
		return parts
	}
	if jscan.KindOf(calls) != jscan.Array {
		d.fail(at+".tool_calls", "%s.tool_calls must be a list.", at)
		return parts
	}
	for i, x := range jscan.Elements(calls) {
		f := jscan.Get(x, "function")
		call := &llm.ToolCall{ID: jscan.Str(jscan.Get(x, "id")), Name: jscan.Str(jscan.Get(f, "name"))}
		if call.Name == "" {
			d.fail(fmt.Sprintf("%s.tool_calls[%d].function.name", at, i), "%s.tool_calls[%d] needs the name of its function.", at, i)
			return parts
		}
		if a := jscan.Get(f, "arguments"); jscan.KindOf(a) == jscan.String {
			call.Args = jscan.Str(a)
		} else if !jscan.IsNull(a) {
			call.Args = string(a)
		}
		parts = append(parts, llm.Part{Kind: llm.PartToolCall, Call: call})
	}
	return parts
}

func (d *decoder) result(at string, m []byte) []llm.Part {
	r := &llm.ToolResult{CallID: jscan.Str(jscan.Get(m, "tool_call_id")), Name: jscan.Str(jscan.Get(m, "tool_name"))}
	if r.Name == "" {
		r.Name = jscan.Str(jscan.Get(m, "name"))
	}
	r.Parts = append(d.content(at, m), d.images(at, m)...)
	return []llm.Part{{Kind: llm.PartToolResult, Result: r}}
}
