package responses

import (
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// InputItems is the request's input as a JSON array of items, each with its
// own bytes: what a cache of conversations keeps of a turn. A string becomes
// one user message, no input an empty array. The error is fault.Invalid with
// Param for an input of another kind. body passed jscan.Check.
func InputItems(body []byte) ([]byte, error) {
	input := jscan.Get(body, "input")
	switch jscan.KindOf(input) {
	case jscan.Invalid, jscan.Null:
		return []byte("[]"), nil
	case jscan.Array:
		return jscan.AppendCompact(make([]byte, 0, len(input)), input), nil
	case jscan.String:
		w := writer{b: make([]byte, 0, len(input)+80)}
		w.lit(`[{"type":"message","role":"user","content":[{"type":"input_text"`)
		w.raw("text", input)
		w.lit("}]}]")
		return w.b, nil
	}
	return nil, invalid("input", "input must be a string or an array of items.")
}

// OutputItems turns the output of a finished response into input items for
// the next turn, as the SDK's toResponseInputItems does: what only an answer
// carries is removed, and items that cannot be replayed are left out. It
// returns "[]" for a body without output.
func OutputItems(responseJSON []byte) []byte {
	output := jscan.Get(responseJSON, "output")
	w := writer{b: make([]byte, 0, len(output)+2)}
	w.lit("[")
	for _, item := range jscan.Elements(output) {
		if jscan.KindOf(item) != jscan.Object || !replayable(item) {
			continue
		}
		custom := jscan.Str(jscan.Get(item, "type")) == "custom_tool_call_output"
		w.open()
		for k, v := range jscan.Members(item) {
			name := string(k)
			if name == "created_by" || custom && name == "status" {
				continue
			}
			w.field(name, v)
		}
		w.end('}')
	}
	w.end(']')
	return w.b
}

func replayable(item []byte) bool {
	status := jscan.Str(jscan.Get(item, "status"))
	switch jscan.Str(jscan.Get(item, "type")) {
	case "additional_tools":
		return jscan.Str(jscan.Get(item, "role")) == "developer"
	case "computer_call_output":
		return status != "failed"
	case "custom_tool_call_output":
		return status == "" || status == "completed"
	case "function_call", "custom_tool_call": // half a call must not be run, nor repeated
		return status != "incomplete" && status != "in_progress"
	}
	return true
}

// WithInput is the same request with items, a JSON array, as its input and
// without previous_response_id; every other byte stays.
func WithInput(body, items []byte) ([]byte, error) {
	if jscan.KindOf(items) != jscan.Array {
		return nil, invalid("input", "input must be an array of items.")
	}
	if jscan.KindOf(body) != jscan.Object {
		return nil, invalid("", "The request body must be a JSON object.")
	}
	return wire.Edit(body, []wire.Member{{Name: "input", Raw: items}}, []string{"previous_response_id"}), nil
}

// JoinItems appends the items of one JSON array to those of another.
func JoinItems(a, b []byte) []byte {
	w := writer{b: make([]byte, 0, len(a)+len(b))}
	w.lit("[")
	for _, list := range [...][]byte{a, b} {
		for _, item := range jscan.Elements(list) {
			w.comma()
			w.b = append(w.b, item...)
		}
	}
	w.end(']')
	return w.b
}

// Collector gathers the final response object from the bytes of a stream in
// this format, native or translated. It holds at most about twice its limit;
// a larger answer is not collected. Not for concurrent use.
type Collector struct {
	lines    lines
	limit    int
	items    []byte // finished items, separated by commas
	response []byte
	lost     bool
}

// NewCollector bounds the response object to limit bytes.
func NewCollector(limit int) *Collector {
	return &Collector{lines: lines{limit: limit}, limit: limit}
}

// Write takes bytes of the stream. It never fails and keeps no reference.
func (c *Collector) Write(p []byte) (int, error) {
	if !c.lost && c.response == nil {
		c.lines.feed(p, c.line)
	}
	return len(p), nil
}

func (c *Collector) line(head, tail []byte) {
	data := dataOf(head)
	if tail != nil {
		c.lost = true
	}
	if data == nil || c.lost || c.response != nil {
		return
	}
	switch typeOf(data) {
	case "response.output_item.done":
		item := jscan.Get(data, "item")
		if len(c.items)+len(item) > c.limit {
			c.lost = true
			return
		}
		w := writer{b: c.items}
		if len(c.items) > 0 {
			w.end(',')
		}
		c.items = append(w.b, item...)
	case "response.completed", "response.incomplete", "response.done":
		if jscan.Check(data) == nil {
			c.finish(jscan.Get(data, "response"))
		}
	}
}

// finish fills in the items that some upstreams leave out of the final
// object (ChatGPT's backend, which stores nothing).
func (c *Collector) finish(response []byte) {
	if jscan.KindOf(response) != jscan.Object {
		return
	}
	if jscan.Len(jscan.Get(response, "output")) > 0 || len(c.items) == 0 {
		c.response = keep(response)
	} else {
		list := append(append([]byte("["), c.items...), ']')
		c.response = wire.Edit(keep(response), []wire.Member{{Name: "output", Raw: list}}, nil)
	}
	c.items = nil
}

// Response is the final response object, nil when the stream failed, broke
// off or was too large.
func (c *Collector) Response() []byte { return c.response }
