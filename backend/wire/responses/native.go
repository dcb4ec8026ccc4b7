package responses

import (
	"strings"

	"omniroute/backend/llm"
	"omniroute/backend/wire/jscan"
)

// native is a tool that OpenAI defines by its type and the client runs: it
// has no name and no schema on the wire. To other formats it is a function of
// that name; on the way back the call takes its own shape again. Tools that
// run at OpenAI are never shown as functions (R36, R37).
type native struct {
	tool     string // type of the declaration, and the function's name
	callType string
	outType  string
	prefix   string // of the item's id
	args     string // member of the call item that holds the arguments
	skeleton string // what args holds while the call is still being written
	about    string
	schema   string
}

// natives are the known ones (openai SDK 6.49.0).
var natives = [...]native{
	{
		tool: "local_shell", callType: "local_shell_call", outType: "local_shell_call_output", prefix: "lsh_", args: "action",
		skeleton: `{"type":"exec","command":[],"env":{}}`,
		about:    "Runs a command on the user's machine and returns its output.",
		schema:   `{"type":"object","properties":{"type":{"type":"string","enum":["exec"]},"command":{"type":"array","items":{"type":"string"},"description":"The program and its arguments."},"env":{"type":"object","additionalProperties":{"type":"string"},"description":"Environment variables to set."},"timeout_ms":{"type":"integer"},"working_directory":{"type":"string"}},"required":["command"]}`,
	},
	{
		tool: "shell", callType: "shell_call", outType: "shell_call_output", prefix: "sh_", args: "action",
		skeleton: `{"commands":[]}`,
		about:    "Runs shell commands on the user's machine and returns their output.",
		schema:   `{"type":"object","properties":{"commands":{"type":"array","items":{"type":"string"},"description":"Commands to run, in order."},"timeout_ms":{"type":"integer"},"max_output_length":{"type":"integer"}},"required":["commands"]}`,
	},
	{
		tool: "apply_patch", callType: "apply_patch_call", outType: "apply_patch_call_output", prefix: "apc_", args: "operation",
		skeleton: `{"type":"update_file","path":"","diff":""}`,
		about:    "Creates, changes or deletes a file. diff is a V4A diff and is left out for delete_file.",
		schema:   `{"type":"object","properties":{"type":{"type":"string","enum":["create_file","update_file","delete_file"]},"path":{"type":"string"},"diff":{"type":"string"}},"required":["type","path"]}`,
	},
	{
		tool: "tool_search", callType: "tool_search_call", outType: "tool_search_output", prefix: "tsc_", args: "arguments",
		skeleton: `{}`,
		about:    "Finds tools that are not loaded yet.",
		schema:   `{"type":"object","properties":{"query":{"type":"string"},"limit":{"type":"integer"}},"required":["query"]}`,
	},
}

func nativeByTool(typ string) *native {
	for i := range natives {
		if natives[i].tool == typ {
			return &natives[i]
		}
	}
	return nil
}

func nativeByCall(typ string) *native {
	for i := range natives {
		if natives[i].callType == typ {
			return &natives[i]
		}
	}
	return nil
}

func nativeByResult(typ string) *native {
	for i := range natives {
		if natives[i].outType == typ {
			return &natives[i]
		}
	}
	return nil
}

// serverRun reports whether a declaration or an item belongs to a tool of
// this kind that OpenAI runs itself: a shell in a container, a tool search
// at the server.
func (it *item) serverRun() bool {
	return jscan.Str(it.execution) == "server" || strings.HasPrefix(jscan.Str(jscan.Get(it.env, "type")), "container")
}

// declaration is the tool as a function for other formats.
func (n *native) declaration(raw []byte) llm.Tool {
	t := llm.Tool{
		Kind: llm.ToolFunction, Name: n.tool, Description: n.about, Schema: []byte(n.schema),
		Opaque: &llm.Opaque{Format: own, Type: n.tool, Raw: keep(raw)},
	}
	if d := jscan.Str(jscan.Get(raw, "description")); d != "" {
		t.Description = d
	}
	if p := jscan.Get(raw, "parameters"); jscan.KindOf(p) == jscan.Object {
		t.Schema = keep(p)
	}
	return t
}

// call reads a call item. Its own words are kept for its own format.
func (n *native) call(it *item) llm.Part {
	args := it.arguments
	switch n.args {
	case "action":
		args = it.action
	case "operation":
		args = it.operation
	}
	p := llm.Part{Kind: llm.PartToolCall, Call: &llm.ToolCall{Name: n.tool, ID: it.call(), Args: argsText(args)}}
	withExtra(&p.Extra, "item", it.raw)
	return p
}

// result reads an output item. The local shell names its call in id.
func (n *native) result(it *item) llm.Part {
	r := &llm.ToolResult{Name: n.tool, CallID: it.call()}
	switch {
	case n.tool == "tool_search":
		r.Parts = []llm.Part{{Text: foundTools(it.tools)}}
	case jscan.KindOf(it.output) == jscan.Array: // stdout, stderr and outcome of each command
		r.Parts = []llm.Part{{Text: string(jscan.AppendCompact(nil, it.output))}}
	default:
		r.Parts = outputParts(it.output)
	}
	r.Error = n.tool == "apply_patch" && jscan.Str(it.status) == "failed"
	p := llm.Part{Kind: llm.PartToolResult, Result: r}
	withExtra(&p.Extra, "item", it.raw)
	return p
}

// foundTools tells the model what a search loaded; the declarations
// themselves join the request's tools.
func foundTools(tools []byte) string {
	w := writer{}
	w.lit(`{"loaded":[`)
	for _, t := range toolList(nil, tools) {
		w.comma()
		w.quote(t.Name)
	}
	w.lit("]}")
	return string(w.b)
}

// item writes the call in its own shape, see native.call. raw is the item it
// was, nil for a call that another format's model made.
func (n *native) item(w *writer, raw []byte, id, callID, args, status string) {
	if raw != nil {
		w.member(raw, "call_id", callID)
		return
	}
	w.open()
	w.str("type", n.callType)
	if id != "" {
		w.str("id", id)
	}
	w.str("call_id", callID)
	w.raw(n.args, n.object(args))
	if n.tool == "tool_search" {
		w.str("execution", "client")
	}
	w.str("status", status)
	w.end('}')
}

// object makes a model's arguments fit for the typed member: clients read
// type and env of a local shell's action without asking.
func (n *native) object(args string) []byte {
	v := []byte(args)
	if strings.TrimSpace(args) == "" || jscan.Check(v) != nil || jscan.KindOf(v) != jscan.Object {
		return []byte(n.skeleton)
	}
	if n.tool != "local_shell" {
		return v
	}
	w := writer{}
	w.lit("{")
	w.str("type", "exec")
	env := false
	for k, x := range jscan.Members(v) {
		if string(k) == "type" {
			continue
		}
		env = env || string(k) == "env"
		w.field(string(k), x)
	}
	if !env {
		w.raw("env", []byte("{}"))
	}
	w.end('}')
	return w.b
}

// member copies an object as an array element with one string member set.
func (w *writer) member(raw []byte, name, value string) {
	w.open()
	for k, v := range jscan.Members(raw) {
		if string(k) == name {
			w.str(name, value)
		} else {
			w.field(string(k), v)
		}
	}
	w.end('}')
}
