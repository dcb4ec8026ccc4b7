package wire

import "omniroute/backend/wire/jscan"

// tree is a JSON value taken apart as far as a schema needs it: objects keep
// the order of their members, scalars their exact bytes. A duplicate key
// keeps its last value at the first place.
type tree struct {
	kind  jscan.Kind
	raw   []byte // of a scalar
	keys  []string
	items []*tree // values of an object, elements of an array
}

func parseTree(raw []byte) *tree {
	t := &tree{kind: jscan.KindOf(raw)}
	switch t.kind {
	case jscan.Object:
		for k, v := range jscan.Members(raw) {
			t.set(string(k), parseTree(v))
		}
	case jscan.Array:
		for _, v := range jscan.Elements(raw) {
			t.items = append(t.items, parseTree(v))
		}
	default:
		t.raw = raw
	}
	return t
}

func newObject() *tree        { return &tree{kind: jscan.Object} }
func newRaw(raw string) *tree { return &tree{kind: jscan.KindOf([]byte(raw)), raw: []byte(raw)} }
func newText(s string) *tree  { return &tree{kind: jscan.String, raw: jscan.AppendQuoted(nil, s)} }

// get returns nil on anything but an object with that key.
func (t *tree) get(key string) *tree {
	if t == nil || t.kind != jscan.Object {
		return nil
	}
	for i, k := range t.keys {
		if k == key {
			return t.items[i]
		}
	}
	return nil
}

func (t *tree) set(key string, v *tree) {
	for i, k := range t.keys {
		if k == key {
			t.items[i] = v
			return
		}
	}
	t.keys = append(t.keys, key)
	t.items = append(t.items, v)
}

func (t *tree) remove(key string) {
	for i, k := range t.keys {
		if k == key {
			t.keys = append(t.keys[:i], t.keys[i+1:]...)
			t.items = append(t.items[:i], t.items[i+1:]...)
			return
		}
	}
}

// text is the string a value holds, "" for anything else.
func (t *tree) text() string {
	if t == nil {
		return ""
	}
	return jscan.Str(t.raw)
}

func (t *tree) is(k jscan.Kind) bool { return t != nil && t.kind == k }

func (t *tree) isTrue() bool { return t != nil && string(t.raw) == "true" }

func (t *tree) append(dst []byte) []byte {
	switch t.kind {
	case jscan.Object:
		dst = append(dst, '{')
		for i, k := range t.keys {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(jscan.AppendQuoted(dst, k), ':')
			dst = t.items[i].append(dst)
		}
		return append(dst, '}')
	case jscan.Array:
		dst = append(dst, '[')
		for i, v := range t.items {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = v.append(dst)
		}
		return append(dst, ']')
	}
	return append(dst, t.raw...)
}
