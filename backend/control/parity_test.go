package control

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// verbsOf lists the methods that the window can call, as Service.Method.
func verbsOf(s *Services) map[string]reflect.Type {
	out := map[string]reflect.Type{}
	for _, service := range s.Bound() {
		t := reflect.TypeOf(service)
		for i := range t.NumMethod() {
			out[t.Elem().Name()+"."+t.Method(i).Name] = reflect.ValueOf(service).Method(i).Type()
		}
	}
	return out
}

// TestBothFacesHaveTheSameVerbs: what the window can call stands in the table
// once, and the other way round (architecture section 9).
func TestBothFacesHaveTheSameVerbs(t *testing.T) {
	s := &Services{}
	places := map[string][]Route{}
	for _, r := range Routes(s) {
		if r.Name != "" && r.Tier == TierAPI {
			places[r.Name] = append(places[r.Name], r)
		}
	}
	failure := reflect.TypeFor[error]()
	verbs := verbsOf(s)
	for name, f := range verbs {
		routes := places[name]
		if len(routes) == 0 {
			t.Errorf("%s stands in no route: a browser cannot call it", name)
			continue
		}
		for _, r := range routes[1:] { // the same call under a second HTTP method
			if r.Path != routes[0].Path {
				t.Errorf("%s stands at %s and %s", name, routes[0].Path, r.Path)
			}
		}
		if f.NumIn() > 1 || f.NumIn() == 1 && f.In(0).Kind() != reflect.Struct {
			t.Errorf("%s must take at most one struct", name)
		} else if f.NumIn() == 1 && f.In(0) != routes[0].In || f.NumIn() == 0 && routes[0].In != nil {
			t.Errorf("%s takes another input in the window than over HTTP", name)
		}
		if n := f.NumOut(); n == 0 || n > 2 || f.Out(n-1) != failure {
			t.Errorf("%s must return (T, error) or error", name)
		} else if n == 2 && f.Out(0) != routes[0].Out || n == 1 && routes[0].Out != nil {
			t.Errorf("%s answers something else in the window than over HTTP", name)
		}
	}
	for name := range places {
		if verbs[name] == nil {
			t.Errorf("%s stands in the table, the window has no such method", name)
		}
	}
}

// TestEveryServiceIsBound: a service added to Services is a service of the
// window, under the name of its field.
func TestEveryServiceIsBound(t *testing.T) {
	s := New(Rooms{})
	fields := reflect.ValueOf(*s)
	var want []string
	for i := range fields.NumField() {
		name := fields.Type().Field(i).Name
		if name == "Session" || name == "Feed" {
			continue
		}
		want = append(want, name)
		if got := fields.Field(i).Type().Elem().Name(); got != name {
			t.Errorf("the field %s holds a %s: pages call it by its type's name", name, got)
		}
		if fields.Field(i).IsNil() {
			t.Errorf("New leaves %s out", name)
		}
	}
	var got []string
	for _, service := range s.Bound() {
		got = append(got, reflect.TypeOf(service).Elem().Name())
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("bound are %v, want %v", got, want)
	}
}

// TestInputsFitBothRoads: a page writes one object; where its members go over
// HTTP is the road's business.
func TestInputsFitBothRoads(t *testing.T) {
	for _, r := range Routes(&Services{}) {
		if r.In == nil {
			continue
		}
		for _, f := range fieldsOf(r.In, true) {
			if f.Path && !strings.Contains(r.Path, "{"+f.Name+"}") {
				t.Errorf("%s: the member %q has another name in the path", r.Name, f.Name)
			}
			if !f.Path && f.Query == "" && (r.Method == http.MethodGet || r.Method == http.MethodDelete) {
				t.Errorf("%s: the member %q can stand nowhere in a %s", r.Name, f.Name, r.Method)
			}
			if f.Query != "" && f.Query != f.Name {
				t.Errorf("%s: the member %q is first called %q in the query", r.Name, f.Name, f.Query)
			}
		}
		whole := sampleOf(r.In)
		text, err := json.Marshal(whole)
		if err != nil {
			t.Fatal(err)
		}
		bound := reflect.New(r.In)
		if err := json.Unmarshal(text, bound.Interface()); err != nil { // what Wails does
			t.Errorf("%s: %v", r.Name, err)
			continue
		}
		served := reflect.New(r.In)
		if err := decode(httptest.NewRecorder(), roadOf(t, r, whole), Caller{}, served.Interface()); err != nil {
			t.Errorf("%s: %v", r.Name, err)
			continue
		}
		if !reflect.DeepEqual(bound.Interface(), served.Interface()) {
			t.Errorf("%s: the window's method gets %+v, over HTTP it gets %+v", r.Name, bound.Elem(), served.Elem())
		}
		if bound.Elem().IsZero() && len(whole) > 0 {
			t.Errorf("%s: nothing of %s arrived", r.Name, text)
		}
	}
}

// roadOf makes the request that a page makes of an input.
func roadOf(t *testing.T, r Route, whole map[string]any) *http.Request {
	t.Helper()
	body, query := map[string]any{}, url.Values{}
	inPath := map[string]string{}
	for _, f := range fieldsOf(r.In, true) {
		switch v := whole[f.Name]; {
		case f.Path:
			inPath[f.Name] = v.(string)
		case f.Query != "":
			text, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			query.Set(f.Name, strings.Trim(string(text), `"`))
		default:
			body[f.Name] = v
		}
	}
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	target := "/x?" + query.Encode()
	req := httptest.NewRequest(r.Method, target, strings.NewReader(string(text)))
	for name, value := range inPath {
		req.SetPathValue(name, value)
	}
	return req
}

// sampleOf fills every member of an input.
func sampleOf(t reflect.Type) map[string]any {
	out := map[string]any{}
	for _, f := range fieldsOf(t, true) {
		out[f.Name] = sample(f.Type)
	}
	return out
}

func sample(t reflect.Type) any {
	switch t {
	case reflect.TypeFor[time.Time]():
		return "2026-11-25T12:00:00Z"
	case reflect.TypeFor[json.RawMessage]():
		return map[string]any{"deep": []any{1, "two"}}
	case reflect.TypeFor[ComboStep]():
		return map[string]any{"model": "m", "weight": 3}
	}
	switch t.Kind() {
	case reflect.Bool:
		return true
	case reflect.String:
		return "text"
	case reflect.Slice:
		return []any{sample(t.Elem())}
	case reflect.Map:
		return map[string]any{"key": sample(t.Elem())}
	case reflect.Struct:
		return sampleOf(t)
	case reflect.Pointer:
		return sample(t.Elem())
	}
	return 7
}

// TestUnknownMembersAreRefusedOverHTTP, where a typing error would else do
// nothing in silence; the window's page is ours and typed.
func TestUnknownMembersAreRefusedOverHTTP(t *testing.T) {
	h := newHouse(t)
	g := h.call(400, "POST /api/combos", map[string]any{"name": "a", "modles": []any{"x"}})
	if g.str("error.param") != "modles" || g.str("error.kind") != "invalid" {
		t.Errorf("%s", g.body)
	}
	var in NewCombo
	if err := json.Unmarshal([]byte(`{"name":"a","modles":["x"]}`), &in); err != nil || in.Name != "a" {
		t.Errorf("%v %+v", err, in)
	}
}
