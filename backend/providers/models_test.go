package providers

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"omniroute/backend/catalog"
	"omniroute/backend/config"
	"omniroute/backend/egress"
	"omniroute/backend/fault"
	"omniroute/backend/routing"
)

func client(t testing.TB) *egress.Client {
	c := egress.New(egress.Proxy{})
	t.Cleanup(c.CloseIdle)
	return c
}

// nodeAt is an endpoint of a user's own node.
func nodeAt(t testing.TB, c *catalog.Catalog, typ config.NodeType, api, base string) *Endpoint {
	t.Helper()
	template, ok := c.Node(string(typ))
	if !ok {
		t.Fatalf("no template %s", typ)
	}
	n := &config.Node{ID: "node-1", Name: "Mine", Prefix: "mine", Type: typ, APIType: api, BaseURL: base}
	e, err := NewEndpoint(&config.Account{ID: "acc", Provider: n.ID, Kind: config.KindAPIKey, HasSecret: true}, routing.Upstream{Provider: template, Node: n})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestListPages(t *testing.T) {
	c := facts(t)
	cases := map[string]struct {
		provider string
		pages    map[string]string // query → body
		want     []string
	}{
		"anthropic": {"anthropic", map[string]string{
			"":            `{"data":[{"type":"model","id":"a"},{"type":"model","id":"b"}],"has_more":true,"first_id":"a","last_id":"b"}`,
			"after_id=b":  `{"data":[{"id":"c"}],"has_more":true,"last_id":"c"}`,
			"after_id=c":  `{"data":[{"id":"d"}],"has_more":false,"last_id":"d"}`,
			"after_id=dd": `{}`,
		}, []string{"a", "b", "c", "d"}},
		"gemini": {"gemini", map[string]string{
			"pageSize=1000":                 `{"models":[{"name":"models/a"},{"name":"tunedModels/x"}],"nextPageToken":"t/1"}`,
			"pageSize=1000&pageToken=t%2F1": `{"models":[{"name":"models/b"}]}`,
		}, []string{"a", "tunedModels/x", "b"}},
		"openai": {"openai", map[string]string{
			"":        `{"object":"list","data":[{"id":"a"}],"has_more":true,"last_id":"a"}`,
			"after=a": `{"object":"list","data":[{"id":"b"},{"id":"a"},{"id":""},{"id":7},{},null]}`,
		}, []string{"a", "b"}},
		"a list that never ends": {"openai", map[string]string{
			"":        `{"data":[{"id":"a"}],"has_more":true,"last_id":"a"}`,
			"after=a": `{"data":[{"id":"a"}],"has_more":true,"last_id":"a"}`,
		}, []string{"a"}},
		"ollama's own shape": {"ollama-local", map[string]string{"": `{"models":[{"name":"llama3:latest","model":"llama3:latest","size":1}]}`}, []string{"llama3:latest"}},
		"ollama without any": {"ollama-local", map[string]string{"": `{"object":"list","data":null}`}, nil},
		"lm studio's own":    {"lm-studio", map[string]string{"": `{"object":"list","data":[{"id":"qwen","type":"llm","state":"loaded"}]}`}, []string{"qwen"}},
		"plain words":        {"openai", map[string]string{"": `{"models":["a","b"]}`}, []string{"a", "b"}},
		"hostile ids":        {"openai", map[string]string{"": `{"data":[{"id":"a\nb"},{"id":"` + strings.Repeat("x", 300) + `"},{"id":" ok "}]}`}, []string{"ok"}},
	}
	for name, x := range cases {
		t.Run(name, func(t *testing.T) {
			d := newDouble(t, func(w http.ResponseWriter, r *http.Request) {
				body, ok := x.pages[r.URL.RawQuery]
				if !ok {
					t.Errorf("asked for ?%s", r.URL.RawQuery)
				}
				say(200, body)(w, r)
			})
			ids, err := ListModels(context.Background(), client(t), endpointOf(t, c, x.provider, d.URL), kitKey, "omniroute/test")
			if err != nil || !slices.Equal(ids, x.want) {
				t.Errorf("%q %v, want %q", ids, err, x.want)
			}
		})
	}
}

func TestListRefusals(t *testing.T) {
	c := facts(t)
	cases := map[string]struct {
		status int
		body   string
		kind   fault.Kind
	}{
		"no such path":       {404, `{"detail":"Not Found"}`, fault.Unsupported},
		"wrong method":       {405, "", fault.Unsupported},
		"not implemented":    {501, "", fault.Unsupported},
		"bad key":            {401, `{"error":{"message":"Incorrect API key provided: ` + kitKey + `"}}`, fault.AuthExpired},
		"forbidden":          {403, `{"error":"no"}`, fault.Denied},
		"limit":              {429, "", fault.RateLimited},
		"failing":            {500, "<html>oops</html>", fault.Upstream},
		"a page":             {200, "<html>welcome</html>", fault.Unsupported},
		"no list":            {200, `{"hello":"world"}`, fault.Unsupported},
		"a number":           {200, `7`, fault.Unsupported},
		"more than 8 MB":     {200, `{"data":[{"id":"` + strings.Repeat("x", maxList) + `"}]}`, fault.Upstream},
		"redirect elsewhere": {302, "", fault.Upstream},
	}
	for name, x := range cases {
		t.Run(name, func(t *testing.T) {
			d := newDouble(t, say(x.status, x.body))
			ids, err := ListModels(context.Background(), client(t), endpointOf(t, c, "openai", d.URL), kitKey, "omniroute/test")
			if err == nil || fault.KindOf(err) != x.kind || ids != nil {
				t.Fatalf("%v %v, want %s", ids, err, x.kind)
			}
			if strings.Contains(err.Error(), kitKey) {
				t.Errorf("the key leaks: %v", err)
			}
		})
	}
}

func TestListIsBounded(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"data":[`)
	for i := range maxIDs + 50 {
		fmt.Fprintf(&b, `{"id":"m%d"},`, i)
	}
	b.WriteString(`{"id":"last"}],"has_more":true,"last_id":"last"}`)
	d := newDouble(t, say(200, b.String()))
	ids, err := ListModels(context.Background(), client(t), endpointOf(t, facts(t), "openai", d.URL), kitKey, "omniroute/test")
	if err != nil || len(ids) != maxIDs || len(d.asked) != 1 {
		t.Errorf("%d ids after %d questions, %v", len(ids), len(d.asked), err)
	}
}

func TestListNeverUsesARelay(t *testing.T) {
	c := facts(t)
	d := newDouble(t, say(200, shapes["data"]))
	e := endpointOf(t, c, "claude", d.URL)
	e.Account.Kind = config.KindRelay
	_, err := ListModels(context.Background(), client(t), e, "", "omniroute/test")
	if fault.KindOf(err) != fault.Unsupported || len(d.asked) != 0 {
		t.Errorf("%v after %d questions", err, len(d.asked))
	}
	demo, err := ListModels(context.Background(), client(t), endpointOf(t, c, "demo", ""), "", "omniroute/test")
	if err != nil || !slices.Equal(demo, []string{"simulated"}) {
		t.Errorf("demo: %v %v", demo, err)
	}
}

func TestListAtAVendorsOtherPath(t *testing.T) {
	e := endpointOf(t, facts(t), "cloudflare-ai", "")
	u, err := e.ModelsURL()
	if err != nil || u != "https://api.cloudflare.com/client/v4/accounts/filled-account-id/ai/models/search" {
		t.Errorf("%s %v", u, err)
	}
}
