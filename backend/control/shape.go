package control

import (
	"encoding/json"
	"path"
	"reflect"
	"slices"
	"strings"
	"time"
)

// shape is the JSON shape of a struct, for what is generated from the route
// table: the page's types and the OpenAPI document.
type shape struct {
	Name   string
	Type   reflect.Type
	Input  bool // only ever sent to us: what is left out is what Go leaves zero
	Fields []field
}

// field is one member of a shape.
type field struct {
	Name     string
	Type     reflect.Type // the pointer taken off
	Nullable bool
	Optional bool
	Path     bool   // stands in the path, not in the body
	Query    string // name in the query, "" = in the body
	Enum     []string
}

// shapes lists every struct the routes speak of, by name.
func shapes(routes []Route, more ...reflect.Type) []shape {
	out := map[reflect.Type]bool{}
	for _, t := range more {
		reach(t, out)
	}
	for _, r := range routes {
		reach(r.Out, out)
	}
	all := map[reflect.Type]bool{}
	for t := range out {
		all[t] = true
	}
	for _, r := range routes {
		reach(r.In, all)
	}
	list := make([]shape, 0, len(all))
	for t := range all {
		list = append(list, shape{Name: shapeName(t), Type: t, Input: !out[t], Fields: fieldsOf(t, !out[t])})
	}
	slices.SortFunc(list, func(a, b shape) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// shapeName keeps our own names, and puts the room before those of others.
func shapeName(t reflect.Type) string {
	room := path.Base(t.PkgPath())
	switch room {
	case "control":
		return t.Name()
	case "all": // wire/all, which translates
		room = "translation"
	}
	return strings.ToUpper(room[:1]) + room[1:] + t.Name()
}

// scalar reports types whose JSON is no object of their fields.
func scalar(t reflect.Type) bool {
	return t == reflect.TypeFor[time.Time]() || t == reflect.TypeFor[ComboStep]() || t == reflect.TypeFor[json.RawMessage]()
}

// reach adds the structs that t speaks of.
func reach(t reflect.Type, seen map[reflect.Type]bool) {
	switch {
	case t == nil || scalar(t) || seen[t]:
	case t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map:
		reach(t.Elem(), seen)
	case t.Kind() == reflect.Struct:
		seen[t] = true
		for _, f := range fieldsOf(t, false) {
			reach(f.Type, seen)
		}
	}
}

// fieldsOf lists the JSON members of a struct, those of embedded ones
// included, the way encoding/json reads and writes them.
func fieldsOf(t reflect.Type, input bool) (out []field) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous && name == "" {
			out = append(out, fieldsOf(f.Type, input)...)
			continue
		}
		if !f.IsExported() || name == "-" {
			continue
		}
		query, _, _ := strings.Cut(f.Tag.Get("query"), ",")
		one := field{Name: name, Type: f.Type, Path: f.Tag.Get("path") != "", Query: query, Enum: strings.Fields(f.Tag.Get("enum"))}
		one.Optional = input && !one.Path || options == "omitempty" || options == "omitzero"
		if f.Type.Kind() == reflect.Pointer {
			one.Type, one.Nullable = f.Type.Elem(), options != "omitempty"
		}
		out = append(out, one)
	}
	return out
}
