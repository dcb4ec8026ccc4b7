package wiretest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

func text(s string) llm.Part { return llm.Part{Kind: llm.PartText, Text: s} }

func call(id, name, args string) llm.Part {
	return llm.Part{Kind: llm.PartToolCall, Call: &llm.ToolCall{ID: id, Name: name, Args: args}}
}

func result(id string, parts ...llm.Part) llm.Part {
	return llm.Part{Kind: llm.PartToolResult, Result: &llm.ToolResult{CallID: id, Parts: parts}}
}

func message(role llm.Role, parts ...llm.Part) llm.Message {
	return llm.Message{Role: role, Parts: parts}
}

// long is a text that decoders remember the literal of.
func long(first string) string {
	return first + strings.Repeat("\n\tif err != nil {\n\t\treturn fmt.Errorf(\"open %q: %w\", path, err) // 日本語 \\ \U0001F600 \u2028\n\t}", 4)
}

// Requests are requests that every format can carry.
func Requests() map[string]*llm.Request {
	number := func(n int64) *int64 { return &n }
	image := llm.Part{Kind: llm.PartImage, Media: &llm.Media{MIME: "image/png", Data: pixel}}
	tools := []llm.Tool{
		{Name: "get_weather", Description: "Looks out of \"the\" window.\nTwice.", Schema: []byte(`{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}`)},
		{Name: "noop", Schema: []byte(`{"type":"object","properties":{}}`)},
	}
	return map[string]*llm.Request{
		"plain": {Model: "m", Messages: []llm.Message{message(llm.RoleUser, text("hi"))}, Sampling: llm.Sampling{MaxTokens: number(100)}},
		"system": {Model: "m", System: []llm.Part{text("Be brief. 日本語 \U0001F600 \u2028")}, Sampling: llm.Sampling{MaxTokens: number(1)},
			Messages: []llm.Message{message(llm.RoleUser, text(" spaced \n"), text("second")), message(llm.RoleAssistant, text("yes")), message(llm.RoleUser, text("\"quoted\" \\ \t \u0001"))}},
		"long": {Model: "m", System: []llm.Part{text(long("Be careful."))}, Sampling: llm.Sampling{MaxTokens: number(1)}, Tools: tools, Messages: []llm.Message{
			message(llm.RoleUser, text(long("Read the file."))), message(llm.RoleAssistant, text(long("I read it.")), call("call_1", "noop", `{}`)),
			message(llm.RoleUser, result("call_1", text(long("package main"))), text(long("Go on."))),
		}},
		"image": {Model: "m", Sampling: llm.Sampling{MaxTokens: number(9)}, Messages: []llm.Message{message(llm.RoleUser, text("what"), image, text("is it"))}},
		"tools": {Model: "m", Sampling: llm.Sampling{MaxTokens: number(512)}, Tools: tools, Choice: llm.ToolChoice{Mode: llm.ChoiceAuto}, Messages: []llm.Message{
			message(llm.RoleUser, text("weather?")),
			message(llm.RoleAssistant, text("I look."), call("call_1", "get_weather", `{"city":"Köln","big":12345678901234567891,"f":1.0}`), call("call_2", "noop", `{}`)),
			message(llm.RoleUser, result("call_1", text("rain")), result("call_2", text("{\"deep\":[1,2]} text")), text("and now?")),
			message(llm.RoleAssistant, call("call_3", "get_weather", `{"city":""}`)),
			message(llm.RoleUser, result("call_3", text("sun"))),
		}},
		"forced":   {Model: "m", Sampling: llm.Sampling{MaxTokens: number(5)}, Tools: tools, Choice: llm.ToolChoice{Mode: llm.ChoiceNamed, Names: []string{"noop"}}, Messages: []llm.Message{message(llm.RoleUser, text("x"))}},
		"required": {Model: "m", Sampling: llm.Sampling{MaxTokens: number(5)}, Tools: tools, Choice: llm.ToolChoice{Mode: llm.ChoiceRequired}, Messages: []llm.Message{message(llm.RoleUser, text("x"))}},
	}
}

// Asker is the request that the answers belong to: it declares the tools and
// has no history.
func Asker() *llm.Request {
	r := *Requests()["tools"]
	r.Messages = r.Messages[:1]
	r.Meta.IncludeUsage = true
	return &r
}

// Responses are answers that every format can carry.
func Responses() map[string]*llm.Response {
	usage := &llm.Usage{Input: 30, CacheRead: 10, Output: 12, Reasoning: 0}
	answer := func(stop llm.Stop, parts ...llm.Part) *llm.Response {
		return &llm.Response{ID: "id_1", Model: "up-model", Created: 1760000000, Usage: usage, Candidates: []llm.Candidate{{Parts: parts, Stop: stop}}}
	}
	return map[string]*llm.Response{
		"text":   answer(llm.Stop{Reason: llm.StopEnd}, text("Hello 日本 \U0001F600\n\"you\" \u2028")),
		"call":   answer(llm.Stop{Reason: llm.StopToolCalls}, call("call_1", "get_weather", `{"city":"Köln","big":12345678901234567891}`)),
		"calls":  answer(llm.Stop{Reason: llm.StopToolCalls}, text("I look."), call("call_1", "get_weather", `{"city":"a"}`), call("call_2", "noop", `{}`)),
		"length": answer(llm.Stop{Reason: llm.StopLength}, text("cut")),
		"filter": answer(llm.Stop{Reason: llm.StopFilter}, text("no")),
		"everything": answer(llm.Stop{Reason: llm.StopToolCalls}, llm.Part{Kind: llm.PartReasoning, Text: "I think"}, text("one "), call("call_1", "get_weather", `{"city":"\u0041"}`),
			call("call_2", "get_weather", `{"city":"b"}`)),
	}
}

// Digest writes the meaning of a prepared request on a few lines: what every
// format must keep.
func Digest(r *llm.Request) string {
	var b strings.Builder
	var system []string
	for _, p := range r.System {
		system = append(system, p.Text)
	}
	fmt.Fprintf(&b, "system %q\n", strings.Join(system, "\n\n"))
	if r.Sampling.MaxTokens != nil {
		fmt.Fprintf(&b, "max %d\n", *r.Sampling.MaxTokens)
	}
	for _, t := range r.Tools {
		schema := compact(t.Schema)
		if schema == `{"properties":{},"type":"object"}` { // the same as none
			schema = ""
		}
		fmt.Fprintf(&b, "tool %s %q %s\n", t.Name, t.Description, schema)
	}
	if r.Choice.Mode != llm.ChoiceAuto && r.Choice.Mode != llm.ChoiceUnset {
		fmt.Fprintf(&b, "choice %d %v\n", r.Choice.Mode, r.Choice.Names)
	}
	for _, m := range wire.MergeTurns(r.Messages) {
		fmt.Fprintf(&b, "%d:", m.Role)
		digestParts(&b, m.Parts)
		b.WriteByte('\n')
	}
	return b.String()
}

func digestParts(b *strings.Builder, parts []llm.Part) {
	for i := range parts {
		p := &parts[i]
		switch p.Kind {
		case llm.PartToolCall:
			fmt.Fprintf(b, " call %s %s %s", p.Call.ID, p.Call.Name, compact([]byte(p.Call.Args)))
		case llm.PartToolResult:
			fmt.Fprintf(b, " result %s [", p.Result.CallID)
			digestParts(b, p.Result.Parts)
			b.WriteString(" ]")
		case llm.PartImage:
			fmt.Fprintf(b, " image %s %d", p.Media.MIME, len(p.Media.Data))
		default:
			fmt.Fprintf(b, " %d%q", p.Kind, p.Text)
		}
	}
}

// DigestResponse writes the meaning of an answer.
func DigestResponse(r *llm.Response) string {
	var b strings.Builder
	fmt.Fprintf(&b, "model %s\n", r.Model)
	if u := r.Usage; u != nil {
		fmt.Fprintf(&b, "usage in %d cached %d out %d\n", u.Input, u.CacheRead, u.Output)
	}
	for _, k := range r.Candidates {
		digestParts(&b, k.Parts)
		fmt.Fprintf(&b, "\nstop %d\n", k.Stop.Reason)
	}
	return b.String()
}

// compact drops white space and reads string escapes, keeping numbers exact.
func compact(raw []byte) string {
	if jscan.Check(raw) != nil {
		return string(raw)
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return string(raw)
	}
	out, _ := json.Marshal(v)
	return string(out)
}

func show(events []llm.Event) string {
	var b strings.Builder
	for _, ev := range events {
		fmt.Fprintf(&b, "[%d.%d.%d %d %q", ev.Kind, ev.Candidate, ev.Block, ev.Delta, ev.Text)
		if ev.Part != nil {
			fmt.Fprintf(&b, " part %d %q %v", ev.Part.Kind, ev.Part.Text, ev.Part.Seal)
			if ev.Part.Call != nil {
				fmt.Fprintf(&b, " %+v", *ev.Part.Call)
			}
		}
		if ev.Usage != nil {
			fmt.Fprintf(&b, " %+v", *ev.Usage)
		}
		if ev.Kind == llm.EventFinish {
			fmt.Fprintf(&b, " %+v", ev.Stop)
		}
		b.WriteString("]")
	}
	return b.String()
}
