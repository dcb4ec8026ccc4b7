package control

import (
	_ "embed" // words.json
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"
)

// words.json holds the comments of verbs, structs and their members, so that
// the document says what the source says. Go generate writes it.
//
//go:embed words.json
var wordsText string

// node is a piece of a JSON document whose shape a standard decides.
type node = map[string]any

// Describe adds the route of the OpenAPI document to a whole table, which the
// document describes.
func Describe(version string, table []Route) []Route {
	var whole []Route
	text := sync.OnceValues(func() ([]byte, error) { return json.Marshal(openAPI(version, whole)) })
	whole = append(slices.Clip(table), stream("GET /api/openapi.json", func(w http.ResponseWriter, _ *http.Request, _ Caller) error {
		doc, err := text()
		if err == nil {
			writeJSON(w, http.StatusOK, json.RawMessage(doc))
		}
		return err
	}))
	return whole
}

// openAPI is the OpenAPI 3.1 document of what programs may call: /api as the
// table has it, /v1 as far as it is ours to say; its bodies belong to the
// vendors whose formats they are.
func openAPI(version string, table []Route) node {
	d := describer{words: map[string]string{}}
	_ = json.Unmarshal([]byte(wordsText), &d.words) // a test reads it
	paths := node{}
	for _, r := range table {
		path := strings.ReplaceAll(r.Path, "...}", "}")
		op := d.operation(r, path)
		if op == nil {
			continue
		}
		item, ok := paths[path].(node)
		if !ok {
			item = node{}
			paths[path] = item
		}
		item[strings.ToLower(r.Method)] = op
	}
	schemas := node{}
	for _, s := range shapes(table, append(feedTypes(), reflect.TypeFor[ErrorBody]())...) {
		schemas[s.Name] = d.object(s.Type, fieldsOf(s.Type, s.Input), s.Input)
	}
	return node{
		"openapi": "3.1.0",
		"info": node{
			"title": "OmniRoute", "version": version,
			"description": "One local endpoint for every coding agent and every model: /api manages the gateway, /v1 and /v1beta are what agents call.",
		},
		"paths": paths,
		"components": node{
			"schemas": schemas,
			"securitySchemes": node{
				"adminToken": node{"type": "http", "scheme": "bearer", "description": "The content of DATA_DIR/admin-token."},
				"session":    node{"type": "apiKey", "in": "cookie", "name": CookieName, "description": "Set by a sign-in; opens nothing without csrf."},
				"csrf":       node{"type": "apiKey", "in": "header", "name": CSRFHeader, "description": "The value csrf of the sign-in's answer."},
				"key":        node{"type": "http", "scheme": "bearer", "description": "An API key of this gateway."},
				"keyHeader":  node{"type": "apiKey", "in": "header", "name": "x-api-key", "description": "The same key as Anthropic clients send it; x-goog-api-key and x-omniroute-key work too."},
			},
			"responses": node{"Error": node{
				"description": "The call was refused; nothing was changed.",
				"content":     content("application/json", ref("ErrorBody")),
			}},
		},
	}
}

// describer turns routes and types into the document's words.
type describer struct{ words map[string]string }

// operation describes a route, nil for one that is no business of programs:
// files of the page, catch-alls, second spellings of a path.
func (d *describer) operation(r Route, path string) node {
	switch {
	case r.Tier == TierDataPlane:
		return d.dataPlane(r, path)
	case r.Method == "" || !strings.HasPrefix(path, "/api/"):
		return nil
	}
	op := node{"summary": d.words[r.Name], "responses": d.responses(r), "tags": []string{tagOf(r)}}
	if r.Name != "" {
		op["operationId"] = r.Name
		if r.Method == http.MethodPut && r.Name == "Settings.Update" {
			op["operationId"] = r.Name + ".Put" // PATCH has the name
		}
	}
	if r.Tier == TierAPI {
		op["security"] = []node{{"adminToken": []string{}}, {"session": []string{}, "csrf": []string{}}, {}}
	} else {
		op["security"] = []node{{}}
	}
	switch path {
	case "/api/events":
		op["operationId"], op["summary"] = "Events", "Tells what changes: server-sent events of {topic, rev, data}, hello first."
	case exportPath:
		if r.Name == "" {
			op["operationId"], op["summary"] = "Logs.Stream", "Writes the filtered requests as one file, CSV or JSON, newest first. Its query is the body of the POST on this path."
		}
	case "/api/openapi.json":
		op["operationId"], op["summary"] = "OpenAPI", "This document."
	}
	if r.In != nil {
		d.input(op, r)
	}
	return op
}

// input puts the members of an input where they travel.
func (d *describer) input(op node, r Route) {
	var body []field
	parameters := []node{}
	for _, f := range fieldsOf(r.In, true) {
		switch {
		case f.Path:
			parameters = append(parameters, node{"name": f.Name, "in": "path", "required": true, "schema": d.schema(f)})
		case f.Query != "":
			parameters = append(parameters, node{"name": f.Query, "in": "query", "schema": d.schema(f), "description": d.words[r.In.Name()+"."+f.Name]})
		default:
			body = append(body, f)
		}
	}
	if len(parameters) > 0 {
		op["parameters"] = parameters
	}
	if len(body) > 0 {
		op["requestBody"] = node{"content": content("application/json", d.object(r.In, body, true))}
	}
}

func (d *describer) responses(r Route) node {
	ok := node{"description": "Done."}
	switch {
	case r.Path == "/api/events":
		ok["content"] = content("text/event-stream", node{"type": "string"})
	case r.Path == exportPath && r.Name == "":
		ok["content"] = content("text/csv", node{"type": "string"})
	case r.Out != nil:
		ok["content"] = content("application/json", d.schema(field{Type: r.Out}))
	case r.Status == http.StatusOK:
		ok["content"] = content("application/json", node{"type": "object"})
	}
	return node{statusText(r.Status): ok, "default": node{"$ref": "#/components/responses/Error"}}
}

func statusText(status int) string {
	return string([]byte{byte('0' + status/100), byte('0' + status/10%10), byte('0' + status%10)})
}

func tagOf(r Route) string {
	service, _, named := strings.Cut(r.Name, ".")
	if !named {
		return "System"
	}
	return service
}

// dataPlane describes a call of agents.
func (d *describer) dataPlane(r Route, path string) node {
	said, known := dataPlaneWords(r.Method + " " + path)
	if !known {
		return nil
	}
	op := node{
		"summary": said, "tags": []string{"Agents"},
		"operationId": strings.NewReplacer("/", " ", "{", "", "}", "").Replace(strings.ToLower(r.Method) + path),
		"security":    []node{{"key": []string{}}, {"keyHeader": []string{}}, {}},
		"responses": node{
			"200":     node{"description": "The answer in the client's own format, as JSON or as a stream.", "content": content("application/json", node{"type": "object"})},
			"default": node{"description": "A refusal in the client's own format.", "content": content("application/json", node{"type": "object"})},
		},
	}
	if r.Method == http.MethodPost {
		op["requestBody"] = node{"required": true, "content": content("application/json", node{"type": "object"})}
	}
	var parameters []node
	for part := range strings.SplitSeq(path, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			parameters = append(parameters, node{"name": strings.TrimSuffix(name, "}"), "in": "path", "required": true, "schema": node{"type": "string"}})
		}
	}
	if parameters != nil {
		op["parameters"] = parameters
	}
	return op
}

// dataPlaneWords says what an agent's call is; false for the second spellings
// that forgive a wrong base URL.
func dataPlaneWords(pattern string) (string, bool) {
	said := map[string]string{
		"POST /v1/chat/completions":                      "OpenAI Chat Completions.",
		"POST /v1/responses":                             "OpenAI Responses.",
		"POST /v1/responses/input_tokens":                "Counts the tokens of a request of OpenAI Responses.",
		"POST /v1/messages":                              "Anthropic Messages.",
		"POST /v1/messages/count_tokens":                 "Counts the tokens of a request of Anthropic Messages.",
		"GET /v1/models":                                 "Lists what can be asked for.",
		"GET /v1/models/{model}":                         "Shows one model.",
		"POST /v1/providers/{provider}/chat/completions": "OpenAI Chat Completions at one provider.",
		"POST /v1/providers/{provider}/messages":         "Anthropic Messages at one provider.",
		"POST /v1/providers/{provider}/responses":        "OpenAI Responses at one provider.",
		"GET /v1beta/models":                             "Lists what can be asked for, as Gemini clients expect it.",
		"GET /v1beta/models/{model}":                     "Shows one model, as Gemini clients expect it.",
		"POST /v1beta/models/{model}":                    "Gemini: model ends in :generateContent, :streamGenerateContent or :countTokens.",
		"POST /api/chat":                                 "Ollama chat.",
		"GET /api/tags":                                  "Lists what can be asked for, as Ollama clients expect it.",
	}
	text, known := said[pattern]
	return text, known
}

// object is the schema of a struct. What we are sent may hold nothing else.
func (d *describer) object(t reflect.Type, fields []field, input bool) node {
	members, required := node{}, []string{}
	for _, f := range fields {
		one := d.schema(f)
		if text := d.words[t.Name()+"."+f.Name]; text != "" {
			one["description"] = text
		}
		members[f.Name] = one
		if !f.Optional {
			required = append(required, f.Name)
		}
	}
	out := node{"type": "object", "properties": members}
	if text := d.words[t.Name()]; text != "" {
		out["description"] = text
	}
	if len(required) > 0 {
		out["required"] = required
	}
	if input {
		out["additionalProperties"] = false
	}
	return out
}

// schema is the JSON Schema of a member.
func (d *describer) schema(f field) node {
	out := d.typed(f.Type)
	if len(f.Enum) > 0 {
		at := out
		if items, ok := out["items"].(node); ok {
			at = items
		}
		at["enum"] = f.Enum
	}
	if !f.Nullable {
		return out
	}
	if name, plain := out["type"].(string); plain && len(f.Enum) == 0 {
		out["type"] = []string{name, "null"}
		return out
	}
	return node{"anyOf": []node{out, {"type": "null"}}}
}

func (d *describer) typed(t reflect.Type) node {
	switch t {
	case reflect.TypeFor[time.Time]():
		return node{"type": "string", "format": "date-time"}
	case reflect.TypeFor[json.RawMessage]():
		return node{}
	case reflect.TypeFor[ComboStep]():
		return node{"oneOf": []node{{"type": "string"}, {
			"type": "object", "properties": node{"model": node{"type": "string"}, "weight": node{"type": "integer"}}, "required": []string{"model", "weight"},
		}}}
	}
	switch t.Kind() {
	case reflect.String:
		return node{"type": "string"}
	case reflect.Bool:
		return node{"type": "boolean"}
	case reflect.Slice:
		return node{"type": "array", "items": d.typed(t.Elem())}
	case reflect.Map:
		return node{"type": "object", "additionalProperties": d.typed(t.Elem())}
	case reflect.Struct:
		return ref(shapeName(t))
	}
	return node{"type": "integer"} // floats are in no shape: a test sees to it
}

func ref(name string) node { return node{"$ref": "#/components/schemas/" + name} }

func content(kind string, schema node) node { return node{kind: node{"schema": schema}} }
