package control

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"reflect"
	"runtime"
	"strconv"
	"strings"

	"omniroute/backend/fault"
	"omniroute/backend/wire/jscan"
)

// MaxBody bounds the body of a management call, in bytes (issue, part 8).
const MaxBody = 64 << 20

// maxOpenBody bounds the body of a call that anyone may make.
const maxOpenBody = 64 << 10

// Tier says who may call a route.
type Tier string

// The tiers. Guard stands before all of them.
const (
	TierOpen      Tier = "open"      // anyone whom Guard lets through
	TierAPI       Tier = "api"       // a session, the admin token, or a direct caller
	TierDataPlane Tier = "dataplane" // the rules of /v1: the handler checks keys
	TierPage      Tier = "page"      // the dashboard's files: no secrets in them
)

// Route is one line of the route table.
type Route struct {
	Name   string // Service.Method, as pages call it; "" = not for pages
	Method string
	Path   string // of http.ServeMux, e.g. /api/combos/{id}
	Tier   Tier
	Status int          // of success
	In     reflect.Type // input struct, nil = none
	Out    reflect.Type // output, nil = none

	verb    answerer
	handler http.Handler
}

// answerer answers a caller whom the tier let through. An error means that
// nothing was written yet.
type answerer func(http.ResponseWriter, *http.Request, Caller) error

// Pattern is the route as http.ServeMux wants it.
func (r Route) Pattern() string { return strings.TrimSpace(r.Method + " " + r.Path) }

// Serve makes a route of a handler of another room, for the one table that
// holds them all. pattern is "METHOD /path" or "/path" for every method.
func Serve(tier Tier, pattern string, h http.Handler) Route {
	r := newRoute(pattern, tier)
	r.handler = h
	return r
}

// verbName reads Service.Method off a method value: the table then needs no
// second list of names that could go wrong.
func verbName(f any) string {
	name := runtime.FuncForPC(reflect.ValueOf(f).Pointer()).Name() // …/control.(*Combos).List-fm
	name = name[strings.LastIndexByte(name, '(')+1:]
	return strings.NewReplacer("*", "", ")", "", "-fm", "").Replace(name)
}

func newRoute(pattern string, tier Tier) Route {
	method, path, ok := strings.Cut(pattern, " ")
	if !ok {
		method, path = "", pattern
	}
	return Route{Method: method, Path: path, Tier: tier, Status: http.StatusOK}
}

// verb makes a route of a service method with an input.
func verb[In, Out any](pattern string, f func(In) (Out, error)) Route {
	r := newRoute(pattern, TierAPI)
	r.Name = verbName(f)
	r.In, r.Out = reflect.TypeFor[In](), reflect.TypeFor[Out]()
	r.verb = calling(http.StatusOK, f)
	return r
}

// create makes a route whose success is 201.
func create[In, Out any](pattern string, f func(In) (Out, error)) Route {
	r := verb(pattern, f)
	r.Status, r.verb = http.StatusCreated, calling(http.StatusCreated, f)
	return r
}

func calling[In, Out any](status int, f func(In) (Out, error)) answerer {
	return func(w http.ResponseWriter, req *http.Request, c Caller) error {
		var in In
		if err := decode(w, req, c, &in); err != nil {
			return err
		}
		out, err := f(in)
		if err == nil {
			writeJSON(w, status, out)
		}
		return err
	}
}

// view makes a route of a service method without an input.
func view[Out any](pattern string, f func() (Out, error)) Route {
	r := newRoute(pattern, TierAPI)
	r.Name = verbName(f)
	r.Out = reflect.TypeFor[Out]()
	r.verb = calling(http.StatusOK, func(struct{}) (Out, error) { return f() })
	return r
}

// act makes a route of a service method that answers nothing: 204.
func act[In any](pattern string, f func(In) error) Route {
	r := newRoute(pattern, TierAPI)
	r.Name = verbName(f)
	r.In, r.Status = reflect.TypeFor[In](), http.StatusNoContent
	r.verb = func(w http.ResponseWriter, req *http.Request, c Caller) error {
		var in In
		err := decode(w, req, c, &in)
		if err == nil {
			err = f(in)
		}
		if err == nil {
			w.Header()["Cache-Control"] = []string{"no-store"}
			w.WriteHeader(http.StatusNoContent)
		}
		return err
	}
	return r
}

// stream makes a route that answers for hours and looks after its caller
// itself. It is no verb: pages hear it through the feed.
func stream(pattern string, f answerer) Route {
	r := newRoute(pattern, TierAPI)
	r.verb = f
	return r
}

func badInput(field, format string, args ...any) *fault.Error {
	e := fault.New(fault.Invalid, "control.input", format, args...)
	e.Param = field
	return e
}

// decode fills an input struct: the JSON body first (fields by their json
// names, unknown ones refused), then fields tagged path and query, which win,
// then the caller.
func decode(w http.ResponseWriter, r *http.Request, c Caller, in any) error {
	body, err := readBody(w, r, MaxBody)
	if err != nil {
		return err
	}
	if err := decodeBody(body, in); err != nil {
		return err
	}
	return fill(reflect.ValueOf(in).Elem(), r, c)
}

// readBody reads a whole body. Methods without one have none, whatever was
// sent.
func readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	if r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodDelete || r.Body == nil {
		return nil, nil
	}
	tooLarge := fault.New(fault.TooLarge, "control.body", "The body is larger than %d MB. Send less.", max(limit>>20, 1))
	if limit < 1<<20 {
		tooLarge = fault.New(fault.TooLarge, "control.body", "The body is larger than %d KB. Send less.", limit>>10)
	}
	if r.ContentLength > limit {
		drain(r.Body, limit)
		return nil, tooLarge
	}
	if fromBrowser(r) && r.ContentLength != 0 {
		if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/json" {
			e := badInput("", "Browsers must send Content-Type: application/json.")
			e.Status = http.StatusUnsupportedMediaType
			return nil, e
		}
	}
	var buf bytes.Buffer
	if r.ContentLength > 0 {
		buf.Grow(int(min(r.ContentLength, 1<<20)) + bytes.MinRead)
	}
	if _, err := buf.ReadFrom(http.MaxBytesReader(w, r.Body, limit)); err != nil {
		var big *http.MaxBytesError
		if errors.As(err, &big) {
			drain(r.Body, limit)
			return nil, tooLarge
		}
		return nil, fault.Wrap(fault.Canceled, "control.body", err, "The body did not arrive completely.")
	}
	return buf.Bytes(), nil
}

// drain reads on for a while: a client that is still sending when the answer
// comes and the connection closes sees a reset instead of the answer.
func drain(body io.Reader, limit int64) {
	_, _ = io.Copy(io.Discard, io.LimitReader(body, 4*limit)) // what is lost here is refused anyway
}

// fromBrowser is api.md's mark of a browser.
func fromBrowser(r *http.Request) bool {
	return r.Header["Origin"] != nil || r.Header["Sec-Fetch-Site"] != nil
}

func decodeBody(body []byte, in any) error {
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")))
	if len(body) == 0 || string(body) == "null" {
		return nil
	}
	if err := jscan.Check(body); err != nil {
		return badInput("", "The body is not valid JSON: %s.", err)
	}
	if body[0] != '{' {
		return badInput("", "The body must be a JSON object.")
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(in); err != nil && err != io.EOF {
		return bodyError(err)
	}
	return nil
}

// bodyError names the field at fault.
func bodyError(err error) error {
	var own *fault.Error
	if errors.As(err, &own) {
		return own
	}
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return badInput(wrong.Field, "The field %q must be %s, not %s.", wrong.Field, jsonName(wrong.Type), wrong.Value)
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		field, uerr := strconv.Unquote(name)
		if uerr != nil {
			field = strings.Trim(name, `"`)
		}
		return badInput(field, "The field %q is not known here. Nothing was changed.", clip(field, 100))
	}
	return badInput("", "The body does not have the right shape.")
}

// jsonName says in JSON's words what a Go type is read from.
func jsonName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		return jsonName(t.Elem())
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Map, reflect.Struct:
		return "an object"
	}
	return "a whole number"
}

// fill sets the tagged fields of an input, those of embedded structs
// included. Tags hold alternatives separated by commas: query:"pattern,alias".
func fill(v reflect.Value, r *http.Request, c Caller) error {
	t := v.Type()
	for i := range t.NumField() {
		f := t.Field(i)
		switch {
		case f.Type == reflect.TypeFor[Caller]():
			v.Field(i).Set(reflect.ValueOf(c))
		case f.Tag.Get("path") != "":
			v.Field(i).SetString(r.PathValue(f.Tag.Get("path")))
		case f.Tag.Get("query") != "":
			if err := fillQuery(v.Field(i), f.Tag.Get("query"), r); err != nil {
				return err
			}
		}
	}
	return nil
}

func fillQuery(v reflect.Value, names string, r *http.Request) error {
	q := r.URL.Query()
	for name := range strings.SplitSeq(names, ",") {
		text := q.Get(name)
		if text == "" {
			continue
		}
		switch v.Kind() {
		case reflect.String:
			v.SetString(text)
		case reflect.Int, reflect.Int64:
			n, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				return badInput(name, "%s must be a whole number.", name)
			}
			v.SetInt(n)
		case reflect.Bool:
			b, err := strconv.ParseBool(text)
			if err != nil {
				return badInput(name, "%s must be true or false.", name)
			}
			v.SetBool(b)
		}
		return nil
	}
	return nil
}

// clip shortens text for a sentence without cutting a character.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}
