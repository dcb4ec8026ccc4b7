package wire

import (
	"slices"
	"strconv"
	"strings"

	"omniroute/backend/wire/jscan"
)

// maxSchemaNodes bounds what inlining of references may grow a schema to.
const maxSchemaNodes = 20_000

// CleanSchema turns a JSON Schema into the OpenAPI subset that Gemini's
// `parameters` and `responseSchema` accept (formats.md R34): references are
// inlined, keywords Gemini refuses are translated or dropped. Only schema
// positions are cleaned: a property may be called like a keyword.
func CleanSchema(raw []byte) []byte {
	if jscan.KindOf(raw) != jscan.Object {
		return []byte(emptySchema)
	}
	root := parseTree(raw)
	c := cleaner{root: root}
	return c.schema(root, nil).append(make([]byte, 0, len(raw)))
}

type cleaner struct {
	root  *tree
	nodes int
}

// schema returns a cleaned copy; open holds the references being inlined.
func (c *cleaner) schema(t *tree, open []string) *tree {
	out := c.gather(t, open)
	cleanType(out)
	cleanEnum(out)
	cleanRequired(out)
	if strings.EqualFold(out.get("type").text(), "array") && out.get("items") == nil {
		out.set("items", stringItems())
	}
	return out
}

func stringItems() *tree {
	t := newObject()
	t.set("type", newText("string"))
	return t
}

// gather collects the keywords of a schema and of everything it refers to or
// is composed of; what only makes sense on the whole is left to schema.
func (c *cleaner) gather(t *tree, open []string) *tree {
	c.nodes++
	if c.nodes > maxSchemaNodes {
		return anyObject()
	}
	if !t.is(jscan.Object) { // true, false and nonsense
		return newObject()
	}
	if ref := t.get("$ref"); ref.is(jscan.String) {
		return c.reference(t, ref.text(), open)
	}
	out := newObject()
	for i, k := range t.keys {
		c.keyword(out, t, k, t.items[i], open)
	}
	c.union(out, t, open)
	if all := t.get("allOf"); all.is(jscan.Array) {
		for _, s := range all.items {
			mergeSchema(out, c.gather(s, open))
		}
	}
	exclusive(out, t)
	return out
}

func anyObject() *tree {
	t := newObject()
	t.set("type", newText("object"))
	return t
}

// keyword copies one keyword of a schema when Gemini knows it.
func (c *cleaner) keyword(out, t *tree, k string, v *tree, open []string) {
	switch k {
	case "title", "description", "nullable", "minItems", "maxItems", "minProperties", "maxProperties", "minLength", "maxLength",
		"pattern", "minimum", "maximum", "example", "default", "propertyOrdering", "type", "required", "enum":
		out.set(k, v.copy())
	case "format":
		if f := v.text(); t.get("type").text() != "string" || f == "date-time" || f == "enum" {
			out.set(k, v)
		}
	case "const":
		if t.get("enum") == nil {
			out.set("enum", &tree{kind: jscan.Array, items: []*tree{v}})
		}
	case "properties":
		props := newObject()
		if v.is(jscan.Object) {
			for i, name := range v.keys {
				if string(v.items[i].raw) != "false" {
					props.set(name, c.schema(v.items[i], open))
				}
			}
		}
		out.set(k, props)
	case "items", "prefixItems":
		if out.get("items") == nil {
			out.set("items", c.itemSchema(v, open))
		}
	}
}

// itemSchema takes one schema for all elements, or one for each place.
func (c *cleaner) itemSchema(v *tree, open []string) *tree {
	if !v.is(jscan.Array) {
		return c.schema(v, open)
	}
	if len(v.items) == 1 {
		return c.schema(v.items[0], open)
	}
	either := &tree{kind: jscan.Array}
	for _, s := range v.items {
		either.items = append(either.items, c.schema(s, open))
	}
	out := newObject()
	if len(either.items) > 0 {
		out.set("anyOf", either)
	}
	return out
}

// union writes anyOf and oneOf as anyOf; a null alternative becomes nullable,
// and a single one that remains is the schema itself.
func (c *cleaner) union(out, t *tree, open []string) {
	var either []*tree
	for _, k := range []string{"anyOf", "oneOf"} {
		v := t.get(k)
		if !v.is(jscan.Array) {
			continue
		}
		for _, s := range v.items {
			if s.get("type").text() == "null" || s.get("const").is(jscan.Null) {
				out.set("nullable", newRaw("true"))
				continue
			}
			either = append(either, s)
		}
	}
	if len(either) == 1 {
		mergeSchema(out, c.gather(either[0], open))
		return
	}
	list := &tree{kind: jscan.Array}
	for _, s := range either {
		list.items = append(list.items, c.schema(s, open))
	}
	if len(either) > 1 {
		out.set("anyOf", list)
	}
}

// reference inlines "#/a/b"; its siblings win over the target's keywords.
func (c *cleaner) reference(t *tree, ref string, open []string) *tree {
	target := c.resolve(ref)
	if target == nil || slices.Contains(open, ref) {
		out := anyObject()
		if d := t.get("description"); d != nil {
			out.set("description", d)
		}
		return out
	}
	rest := newObject()
	for i, k := range t.keys {
		if k != "$ref" {
			rest.set(k, t.items[i])
		}
	}
	out := c.gather(target, append(open[:len(open):len(open)], ref))
	if len(rest.keys) == 0 {
		return out
	}
	own := c.gather(rest, open)
	mergeSchema(own, out)
	return own
}

// resolve follows a JSON pointer inside the document; nil when it leads
// nowhere.
func (c *cleaner) resolve(ref string) *tree {
	path, ok := strings.CutPrefix(ref, "#")
	if !ok {
		return nil
	}
	at := c.root
	for step := range strings.SplitSeq(strings.TrimPrefix(path, "/"), "/") {
		if step == "" {
			continue
		}
		step = strings.NewReplacer("~1", "/", "~0", "~").Replace(step)
		if at.is(jscan.Array) {
			n, err := strconv.Atoi(step)
			if err != nil || n < 0 || n >= len(at.items) {
				return nil
			}
			at = at.items[n]
			continue
		}
		if at = at.get(step); at == nil {
			return nil
		}
	}
	return at
}

// mergeSchema adds to dst what it lacks: properties and required are united,
// of other keywords dst's own win.
func mergeSchema(dst, src *tree) {
	for i, k := range src.keys {
		have := dst.get(k)
		switch {
		case have == nil:
			dst.set(k, src.items[i])
		case k == "properties":
			for j, name := range src.items[i].keys {
				if have.get(name) == nil {
					have.set(name, src.items[i].items[j])
				}
			}
		case k == "required":
			have.items = append(have.items, src.items[i].items...)
		}
	}
}

// exclusive turns an exclusive bound of an integer into the next inclusive
// one; other exclusive bounds are dropped.
func exclusive(out, t *tree) {
	if !hasType(t, "integer") {
		return
	}
	for _, b := range [...]struct {
		from, to string
		step     int64
	}{{"exclusiveMinimum", "minimum", 1}, {"exclusiveMaximum", "maximum", -1}} {
		v := t.get(b.from)
		if v == nil {
			continue
		}
		if v.isTrue() { // draft 4: a flag beside the bound
			v = t.get(b.to)
		} else if have := out.get(b.to); have != nil && !stricter(v, have, b.step) {
			continue
		}
		if v == nil {
			continue
		}
		if n, ok := jscan.Int(v.raw); ok {
			out.set(b.to, newRaw(strconv.FormatInt(n+b.step, 10)))
		}
	}
}

func stricter(v, have *tree, step int64) bool {
	a, ok1 := jscan.Int(v.raw)
	b, ok2 := jscan.Int(have.raw)
	return ok1 && ok2 && (a+step-b)*step > 0
}

func hasType(t *tree, name string) bool {
	typ := t.get("type")
	if typ.is(jscan.Array) {
		return slices.ContainsFunc(typ.items, func(x *tree) bool { return strings.EqualFold(x.text(), name) })
	}
	return strings.EqualFold(typ.text(), name)
}

// cleanType leaves a single type: null becomes nullable, several others
// become alternatives, a missing one is inferred from what the schema says.
func cleanType(out *tree) {
	typ := out.get("type")
	if typ.is(jscan.Array) {
		var names []*tree
		for _, x := range typ.items {
			if strings.EqualFold(x.text(), "null") {
				out.set("nullable", newRaw("true"))
			} else if x.is(jscan.String) {
				names = append(names, x)
			}
		}
		switch {
		case len(names) == 1:
			out.set("type", names[0])
		case len(names) > 1 && out.get("anyOf") == nil:
			out.set("anyOf", alternatives(out, names))
			out.remove("type")
		default:
			out.remove("type")
		}
	}
	if typ = out.get("type"); typ != nil && !typ.is(jscan.String) {
		out.remove("type")
	}
	if strings.EqualFold(out.get("type").text(), "null") {
		out.set("type", newText("string"))
		out.set("nullable", newRaw("true"))
	}
	if out.get("type") == nil && out.get("anyOf") == nil {
		switch {
		case out.get("properties") != nil:
			out.set("type", newText("object"))
		case out.get("items") != nil:
			out.set("type", newText("array"))
		}
	}
	if n := out.get("nullable"); n != nil && !n.isTrue() {
		out.remove("nullable")
	}
}

// alternatives makes one schema per type and gives each the keywords that
// only it can have.
func alternatives(out *tree, names []*tree) *tree {
	list := &tree{kind: jscan.Array}
	for _, n := range names {
		s := newObject()
		s.set("type", n)
		var own []string
		switch strings.ToLower(n.text()) {
		case "object":
			own = []string{"properties", "required"}
		case "array":
			own = []string{"items", "minItems", "maxItems"}
		}
		for _, k := range own {
			if v := out.get(k); v != nil {
				s.set(k, v)
				out.remove(k)
			}
		}
		if s.get("type").text() == "array" && s.get("items") == nil {
			s.set("items", stringItems())
		}
		list.items = append(list.items, s)
	}
	return list
}

// cleanEnum makes every value a non-empty string, the only kind Gemini has.
func cleanEnum(out *tree) {
	enum := out.get("enum")
	if enum == nil {
		return
	}
	list := &tree{kind: jscan.Array}
	for _, v := range enum.items {
		switch v.kind {
		case jscan.Null:
			out.set("nullable", newRaw("true"))
		case jscan.String:
			if v.text() != "" {
				list.items = append(list.items, v)
			}
		case jscan.Number, jscan.Bool:
			list.items = append(list.items, newText(string(v.raw)))
		}
	}
	if len(list.items) == 0 {
		out.remove("enum")
		return
	}
	out.set("enum", list)
	out.set("type", newText("string"))
	out.remove("format")
}

// cleanRequired keeps the names that exist, each once.
func cleanRequired(out *tree) {
	required := out.get("required")
	if required == nil {
		return
	}
	list := &tree{kind: jscan.Array}
	var seen []string
	for _, v := range required.items {
		name := v.text()
		if required.kind == jscan.Array && v.is(jscan.String) && out.get("properties").get(name) != nil && !slices.Contains(seen, name) {
			seen = append(seen, name)
			list.items = append(list.items, v)
		}
	}
	if len(list.items) == 0 {
		out.remove("required")
		return
	}
	out.set("required", list)
}

// copy is deep enough for the edits above: lists may be appended to.
func (t *tree) copy() *tree {
	c := *t
	c.keys = slices.Clone(t.keys)
	c.items = slices.Clone(t.items)
	return &c
}
