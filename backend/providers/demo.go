package providers

import (
	"strings"

	"omniroute/backend/llm"
	"omniroute/backend/wire"
)

// DemoModel is the only model of the built-in provider, and the name every
// reply of it carries: nobody can take it for a real one (rulings 3.10).
const DemoModel = "demo/simulated"

// Simulate answers in process, without any network. It says plainly that it
// is simulated, streams word by word, and calls the first tool it is offered
// once, with arguments that fit its schema.
func Simulate(req *llm.Request, id string, created int64) llm.Stream {
	return func(yield func(llm.Event, error) bool) {
		usage := &llm.Usage{Input: wire.EstimateTokens(req), Estimated: true}
		if !yield(llm.Event{Kind: llm.EventBegin, ID: id, Model: DemoModel, Created: created, Usage: usage}, nil) {
			return
		}
		stop := llm.Stop{Reason: llm.StopEnd}
		if tool := offered(req); tool != nil {
			stop.Reason = llm.StopToolCalls
			if !simulateCall(tool, id, yield) {
				return
			}
		} else if !simulateText(reply(req), yield) {
			return
		}
		done := *usage
		done.Output = 24
		if !yield(llm.Event{Kind: llm.EventFinish, Stop: stop}, nil) || !yield(llm.Event{Kind: llm.EventUsage, Usage: &done}, nil) {
			return
		}
		yield(llm.Event{Kind: llm.EventEnd}, nil)
	}
}

func reply(req *llm.Request) string {
	if req.Output.Kind != llm.OutputText {
		return `{"simulated":true,"provider":"omniroute demo"}`
	}
	said := ""
	for _, m := range req.Messages {
		if m.Role != llm.RoleUser {
			continue
		}
		for _, p := range m.Parts {
			if p.Kind == llm.PartText {
				said = p.Text
			}
		}
	}
	if r := []rune(strings.TrimSpace(said)); len(r) > 80 {
		said = string(r[:80]) + "…"
	}
	return "This is a simulated answer of OmniRoute's built-in demo: the gateway works, no model was asked. You said: \"" + strings.TrimSpace(said) + "\". Connect a provider to talk to a real model."
}

func simulateText(text string, yield func(llm.Event, error) bool) bool {
	if !yield(llm.Event{Kind: llm.EventOpen, Part: &llm.Part{Kind: llm.PartText}}, nil) {
		return false
	}
	for _, word := range strings.SplitAfter(text, " ") {
		if !yield(llm.Event{Kind: llm.EventDelta, Text: word}, nil) {
			return false
		}
	}
	return yield(llm.Event{Kind: llm.EventClose}, nil)
}

func simulateCall(t *llm.Tool, id string, yield func(llm.Event, error) bool) bool {
	call := &llm.ToolCall{ID: "call_demo_" + strings.ToLower(id), Name: t.Name, Namespace: t.Namespace}
	delta := llm.Event{Kind: llm.EventDelta, Delta: llm.DeltaArgs, Text: string(example(t.Schema, t.Schema, 0))}
	if t.Kind == llm.ToolCustom {
		call.Kind = llm.CallCustom
		delta.Delta, delta.Text = llm.DeltaInput, "simulated input"
	}
	return yield(llm.Event{Kind: llm.EventOpen, Part: &llm.Part{Kind: llm.PartToolCall, Call: call}}, nil) &&
		yield(delta, nil) && yield(llm.Event{Kind: llm.EventClose}, nil)
}

// offered is the tool to call: none when the client forbids it or a tool has
// been called already.
func offered(req *llm.Request) *llm.Tool {
	if req.Choice.Mode == llm.ChoiceNone {
		return nil
	}
	for _, m := range req.Messages {
		for _, p := range m.Parts {
			if p.Kind == llm.PartToolCall || p.Kind == llm.PartToolResult {
				return nil
			}
		}
	}
	for i := range req.Tools {
		t := &req.Tools[i]
		if t.Kind != llm.ToolFunction && t.Kind != llm.ToolCustom {
			continue
		}
		if req.Choice.Mode == llm.ChoiceNamed && len(req.Choice.Names) > 0 && req.Choice.Names[0] != t.Name {
			continue
		}
		return t
	}
	return nil
}
