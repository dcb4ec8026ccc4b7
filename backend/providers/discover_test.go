package providers

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"testing"

	"omniroute/backend/catalog"
)

// server is a double that answers some paths, and its port.
func server(t *testing.T, paths map[string]string) (*double, int) {
	t.Helper()
	d := newDouble(t, func(w http.ResponseWriter, r *http.Request) {
		body, ok := paths[r.URL.Path]
		if !ok {
			w.WriteHeader(404)
			return
		}
		say(200, body)(w, r)
	})
	u, err := url.Parse(d.URL)
	if err != nil {
		t.Fatal(err)
	}
	port, _ := strconv.Atoi(u.Port())
	return d, port
}

// TestDiscoverKnowsEachServer moves every target of the catalogue to a double
// that answers like it.
func TestDiscoverKnowsEachServer(t *testing.T) {
	c := facts(t)
	models := `{"object":"list","data":[{"id":"m","owned_by":"vllm"}]}`
	like := map[string]string{
		"/api/version": `{"version":"0.9.0"}`, "/api/tags": `{"models":[]}`, "/api/v0/models": models, "/v1/models": models,
		"/props": `{"default_generation_settings":{}}`, "/version": `{"version":"0.8"}`, "/engines/v1/models": models, "/api/v1/models": models,
		"/get_model_info": `{"model_path":"x"}`, "/api/v1/info/version": `{"result":"1.2"}`, "/v1/internal/model/info": `{"model_name":"x"}`,
	}
	for _, target := range c.LocalDiscovery().Targets {
		d, port := server(t, like)
		target.Ports = []int{port}
		found := discover(context.Background(), client(t), c, []catalog.LocalTarget{target}, nil)
		if len(found) != 1 || found[0].Provider != target.Provider || found[0].BaseURL != d.URL+target.Signs[0].BasePath || found[0].Name == "" || found[0].Port != port {
			t.Errorf("%s %s: %+v", target.Provider, target.Name, found)
		}
	}
}

func TestDiscoverIsNotFooled(t *testing.T) {
	c := facts(t)
	var ollama, vllm catalog.LocalTarget
	for _, target := range c.LocalDiscovery().Targets {
		switch target.Provider {
		case "ollama-local":
			ollama = target
		case "vllm":
			vllm = target
		}
	}
	cases := []struct {
		name   string
		target catalog.LocalTarget
		paths  map[string]string
	}{
		{"an open port", ollama, nil},
		{"a page for everything", ollama, map[string]string{"/api/version": "<html>", "/api/tags": "<html>"}},
		{"half of the signs", ollama, map[string]string{"/api/version": `{"version":"1"}`}},
		{"another owner", vllm, map[string]string{"/version": `{"version":"1"}`, "/v1/models": `{"data":[{"id":"m","owned_by":"someone"}]}`}},
		{"no models", vllm, map[string]string{"/version": `{"version":"1"}`, "/v1/models": `{"data":[]}`}},
		{"a list where an object should be", ollama, map[string]string{"/api/version": `[]`, "/api/tags": `"models"`}},
	}
	for _, x := range cases {
		_, port := server(t, x.paths)
		x.target.Ports = []int{port}
		if found := discover(context.Background(), client(t), c, []catalog.LocalTarget{x.target}, nil); len(found) != 0 {
			t.Errorf("%s: %+v", x.name, found)
		}
	}
}

func TestDiscoverNeverAsksItself(t *testing.T) {
	c := facts(t)
	d, port := server(t, map[string]string{"/api/version": `{"version":"1"}`, "/api/tags": `{"models":[]}`})
	target := c.LocalDiscovery().Targets[0]
	target.Ports = []int{port}
	if found := discover(context.Background(), client(t), c, []catalog.LocalTarget{target}, []int{port}); len(found) != 0 || len(d.asked) != 0 {
		t.Errorf("%+v after %d questions", found, len(d.asked))
	}
}

func TestDiscoverWaitsForNobody(t *testing.T) {
	c := facts(t)
	release := make(chan struct{})
	d := newDouble(t, func(_ http.ResponseWriter, r *http.Request) { <-release })
	t.Cleanup(func() { close(release) }) // before the double closes
	u, _ := url.Parse(d.URL)
	port, _ := strconv.Atoi(u.Port())
	target := c.LocalDiscovery().Targets[0]
	target.Ports = []int{port}
	if found := discover(context.Background(), client(t), c, []catalog.LocalTarget{target}, nil); len(found) != 0 {
		t.Errorf("%+v", found)
	}
}
