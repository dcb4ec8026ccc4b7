package control

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// document is the one that the house serves.
func document(t *testing.T, h *house) map[string]any {
	t.Helper()
	g := h.call(200, "GET /api/openapi.json", nil, h.admin())
	if g.header.Get("Content-Type") != "application/json; charset=utf-8" || g.header.Get("Cache-Control") != "no-store" {
		t.Errorf("%v", g.header)
	}
	return g.json
}

func in(v any, path ...string) any {
	for _, name := range path {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}

// TestOpenAPIIsWhole: the form that OpenAPI 3.1 asks for, and every call in
// it.
func TestOpenAPIIsWhole(t *testing.T) {
	h := newHouse(t)
	doc := document(t, h)
	if doc["openapi"] != "3.1.0" || in(doc, "info", "title") != "OmniRoute" || in(doc, "info", "version") != "1.2.3" {
		t.Errorf("%v %v", doc["openapi"], doc["info"])
	}
	eachRef(doc, func(ref string) {
		path, local := strings.CutPrefix(ref, "#/")
		if !local || in(doc, strings.Split(path, "/")...) == nil {
			t.Errorf("%s leads nowhere", ref)
		}
	})
	ids := map[string]bool{}
	paths := in(doc, "paths").(map[string]any)
	for path, item := range paths {
		if !strings.HasPrefix(path, "/") || strings.Contains(path, "...") || strings.Contains(path, "$") {
			t.Errorf("the path %q", path)
		}
		for method, op := range item.(map[string]any) {
			where := method + " " + path
			if !slices.Contains([]string{"get", "put", "post", "delete", "patch"}, method) {
				t.Errorf("%s: not a method", where)
			}
			id, _ := in(op, "operationId").(string)
			if id == "" || ids[id] {
				t.Errorf("%s: the operationId %q is missing or stands twice", where, id)
			}
			ids[id] = true
			if s, _ := in(op, "summary").(string); s == "" {
				t.Errorf("%s says nothing about itself", where)
			}
			checkOperation(t, where, path, op)
		}
	}
	for _, r := range h.routes() {
		if !strings.HasPrefix(r.Path, "/api/") || r.Method == "" || r.Tier == TierDataPlane {
			continue
		}
		if in(paths, r.Path, strings.ToLower(r.Method)) == nil {
			t.Errorf("%s is left out", r.Pattern())
		}
	}
	for _, path := range []string{"/", "/healthz", "/assets/{name}"} {
		if paths[path] != nil {
			t.Errorf("%s is no call", path)
		}
	}
	if in(paths, "/v1/chat/completions", "post", "requestBody") == nil || in(paths, "/api/chat", "post") == nil {
		t.Error("the calls of agents are left out")
	}
}

func checkOperation(t *testing.T, where, path string, op any) {
	t.Helper()
	declared := []string{}
	list, _ := in(op, "parameters").([]any)
	for _, p := range list {
		name := in(p, "name").(string)
		if in(p, "schema") == nil {
			t.Errorf("%s: the parameter %s has no schema", where, name)
		}
		if in(p, "in") == "path" {
			declared = append(declared, "{"+name+"}")
			if in(p, "required") != true {
				t.Errorf("%s: the path parameter %s must be required", where, name)
			}
		}
	}
	used := regexp.MustCompile(`\{[^}]*\}`).FindAllString(path, -1)
	if !slices.Equal(declared, append([]string{}, used...)) {
		t.Errorf("%s declares %v", where, declared)
	}
	answers, _ := in(op, "responses").(map[string]any)
	ok := 0
	for status, answer := range answers {
		if !regexp.MustCompile(`^(default|[1-5][0-9][0-9])$`).MatchString(status) {
			t.Errorf("%s: the status %q", where, status)
		}
		if status[0] == '2' {
			ok++
			if status == "204" && in(answer, "content") != nil || in(answer, "description") == nil {
				t.Errorf("%s: %v", where, answer)
			}
		}
	}
	if ok != 1 || answers["default"] == nil || in(op, "security") == nil {
		t.Errorf("%s: %v", where, op)
	}
}

func eachRef(v any, visit func(string)) {
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			if text, ok := inner.(string); ok && name == "$ref" {
				visit(text)
			}
			eachRef(inner, visit)
		}
	case []any:
		for _, inner := range v {
			eachRef(inner, visit)
		}
	}
}

// checker compares values with the document, as far as it uses JSON Schema.
type checker struct{ doc map[string]any }

func (c checker) check(schema, v any, at string) error {
	s, ok := schema.(map[string]any)
	if !ok {
		return fmt.Errorf("%s: the schema is %v", at, schema)
	}
	if text, ok := s["$ref"].(string); ok {
		return c.check(in(c.doc, strings.Split(strings.TrimPrefix(text, "#/"), "/")...), v, at)
	}
	for _, word := range []string{"anyOf", "oneOf"} {
		if list, ok := s[word].([]any); ok {
			if !slices.ContainsFunc(list, func(one any) bool { return c.check(one, v, at) == nil }) {
				return fmt.Errorf("%s: %v is none of %s", at, v, word)
			}
			return nil
		}
	}
	kinds, _ := s["type"].([]any)
	if one, ok := s["type"].(string); ok {
		kinds = []any{one}
	}
	if len(kinds) > 0 && !slices.ContainsFunc(kinds, func(k any) bool { return isKind(v, k.(string)) }) {
		return fmt.Errorf("%s: %v is no %v", at, v, kinds)
	}
	if list, ok := s["enum"].([]any); ok && !slices.Contains(list, v) {
		return fmt.Errorf("%s: %v is none of %v", at, v, list)
	}
	if text, ok := v.(string); ok && s["format"] == "date-time" {
		if moment, err := time.Parse(time.RFC3339, text); err != nil || moment.Location() != time.UTC {
			return fmt.Errorf("%s: %q is no time in UTC", at, text)
		}
	}
	return c.inside(s, v, at)
}

func (c checker) inside(s map[string]any, v any, at string) error {
	if list, ok := v.([]any); ok && s["items"] != nil {
		for i, one := range list {
			if err := c.check(s["items"], one, fmt.Sprintf("%s[%d]", at, i)); err != nil {
				return err
			}
		}
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil
	}
	required, _ := s["required"].([]any)
	for _, name := range required {
		if _, there := m[name.(string)]; !there {
			return fmt.Errorf("%s: %v is missing", at, name)
		}
	}
	members, _ := s["properties"].(map[string]any)
	for name, inner := range m {
		schema, known := members[name]
		if !known {
			if schema = s["additionalProperties"]; schema == nil && members != nil || schema == false {
				return fmt.Errorf("%s: %q is not described", at, name)
			}
		}
		if schema != nil {
			if err := c.check(schema, inner, at+"."+name); err != nil {
				return err
			}
		}
	}
	return nil
}

func isKind(v any, kind string) bool {
	switch v := v.(type) {
	case nil:
		return kind == "null"
	case bool:
		return kind == "boolean"
	case string:
		return kind == "string"
	case float64:
		return kind == "number" || kind == "integer" && v == float64(int64(v))
	case []any:
		return kind == "array"
	}
	return kind == "object"
}

// TestAnswersAreAsDescribed makes every call that only reads, on a house with
// something of everything in it.
func TestAnswersAreAsDescribed(t *testing.T) {
	h := newHouse(t)
	c := checker{document(t, h)}
	node := h.node("box", "http://127.0.0.1:9")
	ids := map[string]string{
		"provider-nodes": node, "providers": h.connect(node, "sk-1"),
		"combos": h.call(201, "POST /api/combos", map[string]any{"name": "one", "models": []any{"box/x", map[string]any{"model": "box/y", "weight": 2}}}).str("combo.id"),
		"keys":   h.call(201, "POST /api/keys", map[string]any{"name": "agent", "expiresAt": "2027-01-01T00:00:00+01:00"}).str("id"),
	}
	h.call(200, "PUT /api/models/alias", map[string]any{"pattern": "a*", "target": "one"})
	h.call(201, "POST /api/provider-models", map[string]any{"provider": "box", "modelId": "z"})
	h.tasks.Wait()
	checked := 0
	for _, r := range h.routes() {
		if r.Method != "GET" || r.Out == nil {
			continue
		}
		path := r.Path
		if strings.Contains(path, "{id}") {
			id, known := ids[strings.Split(path, "/")[2]]
			if !known {
				continue
			}
			path = strings.Replace(path, "{id}", id, 1)
		}
		g := h.do(ask{text: "GET " + path})
		if g.status != 200 {
			continue // what it needs is missing here; its refusal is another test's
		}
		checked++
		schema := in(c.doc, "paths", r.Path, "get", "responses", "200", "content", "application/json", "schema")
		if err := c.check(schema, any(g.json), r.Name); err != nil {
			t.Error(err)
		}
	}
	if checked < 12 {
		t.Errorf("only %d calls were checked", checked)
	}
	g := h.do(ask{text: "GET /api/combos/nope"})
	if err := c.check(in(c.doc, "components", "schemas", "ErrorBody"), any(g.json), "an error"); err != nil {
		t.Error(err)
	}
	if c.check(in(c.doc, "components", "schemas", "Combo"), map[string]any{"id": 1}, "x") == nil {
		t.Error("the check finds nothing")
	}
}

// TestInputsAreAsDescribed: what the document lets in, Go takes.
func TestInputsAreAsDescribed(t *testing.T) {
	h := newHouse(t)
	c := checker{document(t, h)}
	for _, r := range Routes(&Services{}) {
		body := in(c.doc, "paths", r.Path, strings.ToLower(r.Method), "requestBody", "content", "application/json", "schema")
		if body == nil || r.In == nil {
			continue
		}
		whole := sampleOf(r.In)
		for _, f := range fieldsOf(r.In, true) {
			if f.Path || f.Query != "" {
				delete(whole, f.Name)
			} else if len(f.Enum) > 0 {
				whole[f.Name] = f.Enum[0]
			}
		}
		text, err := json.Marshal(whole)
		if err != nil {
			t.Fatal(err)
		}
		var v any
		if err := json.Unmarshal(text, &v); err != nil {
			t.Fatal(err)
		}
		if err := c.check(body, v, r.Name); err != nil {
			t.Error(err)
		}
		v.(map[string]any)["nonsense"] = 1
		if c.check(body, v, r.Name) == nil {
			t.Errorf("%s: the document lets anything in", r.Name)
		}
	}
}
