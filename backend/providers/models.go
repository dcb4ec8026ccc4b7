package providers

import (
	"context"
	"net/url"
	"strconv"
	"strings"

	"omniroute/backend/catalog"
	"omniroute/backend/egress"
	"omniroute/backend/fault"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// Bounds of a model list.
const (
	maxList   = 8 << 20 // bytes of one page
	maxIDs    = 10_000
	maxIDSize = 256 // bytes; longer ones are no ids
	maxPages  = 50
)

// ListModels asks an upstream for its models and returns their ids as the
// upstream names them, in its order, each once. An upstream without a list,
// or one that answers 404, 405 or 501 there, is fault.Unsupported; a refusal
// has the kind Classify gives it. At most 10,000 ids are returned; a page
// over 8 MB is fault.Upstream.
func ListModels(ctx context.Context, client *egress.Client, e *Endpoint, credential fault.Secret, userAgent string) ([]string, error) {
	p := e.Upstream.Provider
	if p.Kind == catalog.KindDemo {
		return catalogIDs(p), nil
	}
	if err := lookupBarred(e.Account, e.Upstream); err != nil {
		return nil, err
	}
	raw, err := e.ModelsURL()
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(raw)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "providers.models", err, "The address of "+e.Upstream.Name()+"'s model list is no URL.")
	}
	l := list{shape: p.ModelsShape, seen: map[string]bool{}}
	for page := 0; page < maxPages && u != nil; page++ {
		a, err := fetch(ctx, client, e.get(u, credential, userAgent), maxList)
		if err != nil {
			return nil, err
		}
		if a.status != 200 {
			return nil, listRefused(e, &a, credential)
		}
		if jscan.Check(a.body) != nil || !l.read(a.body) {
			return nil, noList(e)
		}
		u = l.next(u, e, a.body)
	}
	return l.ids, nil
}

func noList(e *Endpoint) error {
	return fault.New(fault.Unsupported, "providers.models", "What %s answers at its model list is no list of models.", e.Upstream.Name())
}

// listRefused turns a status into an error without the codec of a format:
// errors of a list come in the shapes wire.ErrorFields knows.
func listRefused(e *Endpoint, a *answer, credential fault.Secret) error {
	switch a.status {
	case 404, 405, 501:
		return fault.New(fault.Unsupported, "providers.models", "%s has no model list at %s.", e.Upstream.Name(), e.Base).
			With(func(f *fault.Error) { f.Status = a.status })
	}
	info := wire.ErrorFields(a.status, a.header, a.body)
	f := fault.New(wire.KindOfStatus(a.status), "providers.models", "%s", mask(info.Message, credential))
	f.Status, f.Code, info.RetryAfter = a.status, info.Code, 0
	return judge(e, f, a.header, &info)
}

func catalogIDs(p *catalog.Provider) []string {
	ids := make([]string, 0, len(p.Models()))
	for _, m := range p.Models() {
		ids = append(ids, m.ID)
	}
	return ids
}

// list gathers ids over pages.
type list struct {
	shape string
	seen  map[string]bool
	ids   []string
}

// read adds one page; false when it is no list of models. The shapes are
// those of the catalogue's models_shape, and besides them what Ollama
// (models[].model) and LM Studio (data[].id) answer on their own paths.
func (l *list) read(body []byte) bool {
	items := body
	if jscan.KindOf(body) == jscan.Object {
		items = nil
		for _, key := range [...]string{"data", "models", "result"} {
			if v := jscan.Get(body, key); jscan.KindOf(v) == jscan.Array {
				items = v
				break
			}
		}
	}
	if jscan.KindOf(items) != jscan.Array {
		// Ollama's OpenAI route says data:null when nothing is installed
		return jscan.KindOf(body) == jscan.Object && jscan.KindOf(jscan.Get(body, "data")) == jscan.Null && jscan.Str(jscan.Get(body, "object")) == "list"
	}
	for _, item := range jscan.Elements(items) {
		if len(l.ids) >= maxIDs {
			break
		}
		l.add(l.id(item))
	}
	return true
}

func (l *list) id(item []byte) string {
	if s, ok := jscan.Text(item); ok {
		return s
	}
	keys := [...]string{"id", "model", "slug", "name"}
	switch l.shape {
	case "gemini":
		return strings.TrimPrefix(jscan.Str(jscan.Get(item, "name")), "models/")
	case "cloudflare":
		keys = [...]string{"name", "id", "model", "slug"} // id is a UUID there
	case "codex":
		keys = [...]string{"slug", "id", "model", "name"}
	}
	for _, k := range keys {
		if s := jscan.Str(jscan.Get(item, k)); s != "" {
			return s
		}
	}
	return ""
}

func (l *list) add(id string) {
	id = strings.TrimSpace(id)
	if id == "" || len(id) > maxIDSize || l.seen[id] || strings.ContainsFunc(id, func(r rune) bool { return r < 0x20 || r == 0x7f }) {
		return
	}
	l.seen[id] = true
	l.ids = append(l.ids, id)
}

// next is the address of the next page, nil at the end. Anthropic and OpenAI
// say has_more and go on after an id, Google hands out a token, Cloudflare
// counts pages.
func (l *list) next(u *url.URL, e *Endpoint, body []byte) *url.URL {
	if len(l.ids) >= maxIDs {
		return nil
	}
	name, value := "", ""
	switch {
	case l.shape == "gemini":
		name, value = "pageToken", jscan.Str(jscan.Get(body, "nextPageToken"))
	case l.shape == "cloudflare":
		info := jscan.Get(body, "result_info")
		page, _ := jscan.Int(jscan.Get(info, "page"))
		if pages, _ := jscan.Int(jscan.Get(info, "total_pages")); page > 0 && page < pages {
			name, value = "page", strconv.FormatInt(page+1, 10)
		}
	case jscan.True(jscan.Get(body, "has_more")):
		name, value = "after", jscan.Str(jscan.Get(body, "last_id"))
		if wire.Format(e.Upstream.Provider.Format()) == wire.Anthropic {
			name = "after_id"
		}
	}
	if value == "" || u.Query().Get(name) == value {
		return nil
	}
	c := *u
	q := c.Query()
	q.Set(name, value)
	c.RawQuery = q.Encode()
	return &c
}
