package responses

import "omniroute/backend/wire/jscan"

// item is an input or output item, cut into its members in one pass: items
// hold most of a request's bytes.
type item struct {
	raw []byte
	typ string // "message" and "item_reference" also where the wire left it out

	id, callID, name, namespace  []byte
	role, content, phase, status []byte
	arguments, input, output     []byte
	summary, sealed              []byte
	action, operation            []byte
	tools, execution, env        []byte
}

func itemOf(raw []byte) item {
	it := item{raw: raw}
	for k, v := range jscan.Members(raw) {
		if f := it.field(string(k)); f != nil {
			*f = v
		} else if string(k) == "type" {
			it.typ = itemWord(v)
		}
	}
	switch {
	case it.typ != "":
	case it.role != nil:
		it.typ = "message"
	case it.id != nil:
		it.typ = "item_reference"
	}
	return it
}

func (it *item) field(name string) *[]byte {
	switch name {
	case "id":
		return &it.id
	case "call_id":
		return &it.callID
	case "name":
		return &it.name
	case "namespace":
		return &it.namespace
	case "role":
		return &it.role
	case "content":
		return &it.content
	case "phase":
		return &it.phase
	case "status":
		return &it.status
	case "arguments":
		return &it.arguments
	case "input":
		return &it.input
	case "output":
		return &it.output
	case "summary":
		return &it.summary
	case "encrypted_content":
		return &it.sealed
	case "action":
		return &it.action
	case "operation":
		return &it.operation
	case "tools":
		return &it.tools
	case "execution":
		return &it.execution
	case "environment":
		return &it.env
	}
	return nil
}

// call is the id that pairs a call with its result; some items use id.
func (it *item) call() string {
	if s := jscan.Str(it.callID); s != "" {
		return s
	}
	return jscan.Str(it.id)
}

// itemWord returns the constants for what most items are.
func itemWord(v []byte) string {
	switch string(v) {
	case `"message"`:
		return "message"
	case `"function_call"`:
		return "function_call"
	case `"function_call_output"`:
		return "function_call_output"
	case `"reasoning"`:
		return "reasoning"
	}
	return jscan.Str(v)
}
