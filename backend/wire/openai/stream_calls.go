package openai

import (
	"bytes"

	"omniroute/backend/llm"
	"omniroute/backend/wire/jscan"
)

// fragment is one element of a delta's tool_calls.
type fragment struct {
	index    int
	indexed  bool // the host sent an index
	legacy   bool // function_call, which has no id
	id, name string
	custom   bool
	args     []byte // raw
	seal     llm.Seal
}

func readFragment(v []byte) fragment {
	var f fragment
	for k, x := range jscan.Members(v) {
		switch string(k) {
		case "index":
			n, ok := jscan.Int(x)
			f.index, f.indexed = int(n), ok
		case "id":
			f.id = jscan.Str(x)
		case "type":
			f.custom = f.custom || jscan.Str(x) == "custom"
		case "function", "custom":
			if jscan.KindOf(x) != jscan.Object {
				continue
			}
			f.custom = f.custom || string(k) == "custom"
			for name, m := range jscan.Members(x) {
				switch string(name) {
				case "name":
					f.name = jscan.Str(m)
				case "arguments", "input":
					f.args = m
				}
			}
		case "extra_content":
			f.seal = readCarrier(x).seal
		}
	}
	return f
}

// fragment adds to the call it belongs to, or begins one. Ids and names may
// come late, be repeated, be null or empty (P66).
func (d *streamDecoder) fragment(c *choice, f fragment) error {
	args := argsText(f.args)
	b := c.callFor(&f, args)
	if b == nil {
		if f.id == "" && f.name == "" && args == "" && !f.indexed {
			return nil
		}
		if len(c.calls) >= maxCalls {
			return noAnswer(streamOp, nil, "The upstream made more than 1024 tool calls in one answer.")
		}
		call := &llm.ToolCall{}
		if f.custom {
			call.Kind = llm.CallCustom
		}
		b = d.push(c, llm.Part{Kind: llm.PartToolCall, Call: call})
		b.index, b.noID = f.index, f.legacy
		c.calls = append(c.calls, b)
	} else if b.closed || f.id != "" && f.id == b.part.Call.ID && b.argsComplete() && string(b.args) == args {
		return nil // sent twice, the second time whole (P60)
	}
	call := b.part.Call
	if !b.open {
		if call.ID == "" {
			call.ID = f.id
		}
		if call.Name == "" {
			call.Name = f.name
		}
		if f.custom && len(b.args) == 0 {
			call.Kind = llm.CallCustom
		}
	}
	if f.seal.Data != "" {
		b.part.Seal = f.seal
	}
	b.args = append(b.args, args...)
	b.object.feed(args)
	d.add(c, b, args)
	d.flow()
	return nil
}

// callFor finds the call a fragment continues, nil for a new one. Most hosts
// number calls by index; some give every call index 0, some no index at all.
func (c *choice) callFor(f *fragment, args string) *block {
	var b *block
	for i := len(c.calls) - 1; i >= 0 && b == nil; i-- {
		switch x := c.calls[i]; {
		case f.indexed && x.index == f.index,
			!f.indexed && f.id != "" && x.part.Call.ID == f.id,
			!f.indexed && f.id == "" && f.name == "":
			b = x
		}
	}
	if b == nil || f.name == "" || f.legacy {
		return b
	}
	known := b.part.Call.ID
	switch {
	case f.id != "" && known != "" && f.id != known:
		return nil
	case (f.id == "" || known == "") && b.argsComplete() && bytes.HasPrefix(bytes.TrimSpace([]byte(args)), []byte("{")):
		return nil
	}
	return b
}
