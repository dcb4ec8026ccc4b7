package wiretest

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"slices"
)

// Mutate changes a few values inside a JSON body: replaced, removed, doubled,
// swapped, renamed. The order of members changes too. A body that is no JSON
// is returned as it is; the result is always JSON.
func Mutate(rng *rand.Rand, body []byte) []byte {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return body
	}
	for range 1 + rng.IntN(3) {
		v = mutateOne(rng, v)
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if e.Encode(v) != nil {
		return body
	}
	return bytes.TrimSpace(out.Bytes())
}

// holder is a place in the tree that can be changed.
type holder struct {
	object map[string]any
	key    string
	list   []any
	index  int
	set    func(any)
}

func mutateOne(rng *rand.Rand, root any) any {
	var places []holder
	var walk func(v any, set func(any))
	walk = func(v any, set func(any)) {
		switch x := v.(type) {
		case map[string]any:
			keys := make([]string, 0, len(x))
			for k := range x {
				keys = append(keys, k)
			}
			slices.Sort(keys)
			for _, k := range keys {
				places = append(places, holder{object: x, key: k, set: func(n any) { x[k] = n }})
				walk(x[k], func(n any) { x[k] = n })
			}
		case []any:
			for i := range x {
				places = append(places, holder{list: x, index: i, set: set})
				walk(x[i], func(n any) { x[i] = n })
			}
		}
	}
	walk(root, func(n any) { root = n })
	if len(places) == 0 {
		return root
	}
	p := places[rng.IntN(len(places))]
	if p.object != nil {
		switch rng.IntN(6) {
		case 0:
			delete(p.object, p.key)
		case 1:
			p.object[p.key+"_x"] = p.object[p.key]
			delete(p.object, p.key)
		case 2:
			other := places[rng.IntN(len(places))]
			if other.object != nil {
				p.object[p.key] = clone(other.object[other.key])
			}
		default:
			p.object[p.key] = strange(rng)
		}
		return root
	}
	switch rng.IntN(5) {
	case 0:
		p.set(slices.Delete(slices.Clone(p.list), p.index, p.index+1))
	case 1:
		p.set(slices.Insert(slices.Clone(p.list), p.index, clone(p.list[p.index])))
	case 2:
		j := rng.IntN(len(p.list))
		p.list[p.index], p.list[j] = p.list[j], p.list[p.index]
	default:
		p.list[p.index] = strange(rng)
	}
	return root
}

// clone is a copy without shared parts, so that no value contains itself.
func clone(v any) any {
	b, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var out any
	_ = d.Decode(&out)
	return out
}

// strange is a value of any type and any trade.
func strange(rng *rand.Rand) any {
	values := []string{
		"null", "7", "-1.5", "1e400", "99999999999999999999", "true", "false", `""`, `" "`, `"x"`, `"\u0000\ud800é😀"`, "{}", "[]", "[null]", "[[{}]]", "[7]", `{"a":[1]}`,
		`{"type":"text"}`, `{"type":"text","text":""}`, `{"type":"tool_use"}`, `{"type":"tool_result","tool_use_id":"call_9","content":null}`, `{"type":"image","source":{}}`, `{"text":"t","thought":true}`,
		`{"functionCall":{"name":""}}`, `{"functionResponse":{"name":"x","response":[1]}}`, `{"type":"thinking","thinking":"t","signature":"s"}`, `{"type":"function_call","call_id":"","name":"","arguments":7}`,
		`{"role":"assistant"}`, `{"role":"tool","tool_call_id":"call_1","content":[]}`, `{"role":"system","content":"s"}`, `[{"type":"text","text":"a"},{"type":"odd"}]`, `"data:image/png;base64,AA"`,
		`"assistant"`, `"user"`, `"tool"`, `"system"`, `"developer"`, `"function"`, `"model"`, `"auto"`, `"required"`, `"stop"`, `"tool_calls"`, `"STOP"`, `"end_turn"`, `"completed"`, `"in_progress"`,
	}
	return json.RawMessage(values[rng.IntN(len(values))])
}
