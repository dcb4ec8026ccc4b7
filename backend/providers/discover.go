package providers

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"omniroute/backend/catalog"
	"omniroute/backend/egress"
	"omniroute/backend/wire/jscan"
)

// Found is a model server on this machine. Nothing is added by finding it
// (rulings 3.12).
type Found struct {
	Provider string // catalogue id, or "openai-compatible" for a node
	Name     string
	Port     int
	BaseURL  string // as a connection would use it
}

// probeTime bounds one question to a local port.
const probeTime = 500 * time.Millisecond

// Discover looks for the model servers of catalog.LocalDiscovery on
// 127.0.0.1: every port in parallel, half a second for each question. A
// server counts when it answers like itself; an open port alone never does.
// The ports in own (the gateway's) are not asked. Results are in the order of
// the catalogue.
func Discover(ctx context.Context, client *egress.Client, c *catalog.Catalog, own ...int) []Found {
	return discover(ctx, client, c, c.LocalDiscovery().Targets, own)
}

func discover(ctx context.Context, client *egress.Client, c *catalog.Catalog, targets []catalog.LocalTarget, own []int) []Found {
	type place struct {
		target *catalog.LocalTarget
		port   int
	}
	var places []place
	for i := range targets {
		for _, port := range targets[i].Ports {
			if !slices.Contains(own, port) {
				places = append(places, place{&targets[i], port})
			}
		}
	}
	hits := make([]*Found, len(places))
	var wg sync.WaitGroup
	for i, p := range places {
		wg.Go(func() { hits[i] = identify(ctx, client, c, p.target, p.port) })
	}
	wg.Wait()
	found := []Found{}
	for _, h := range hits {
		if h != nil {
			found = append(found, *h)
		}
	}
	return found
}

// identify asks one port whether it is this kind of server.
func identify(ctx context.Context, client *egress.Client, c *catalog.Catalog, t *catalog.LocalTarget, port int) *Found {
	root := "http://127.0.0.1:" + strconv.Itoa(port)
	for _, sign := range t.Signs {
		if !slices.ContainsFunc(sign.Probes, func(p catalog.Probe) bool { return !holds(ctx, client, root, p) }) && len(sign.Probes) > 0 {
			f := &Found{Provider: t.Provider, Name: t.Name, Port: port, BaseURL: root + sign.BasePath}
			if p, ok := c.Provider(t.Provider); ok && f.Name == "" {
				f.Name = p.Name
			}
			return f
		}
	}
	return nil
}

// holds asks one question.
func holds(ctx context.Context, client *egress.Client, root string, p catalog.Probe) bool {
	u, err := url.Parse(root + p.Path)
	if err != nil {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	req := &http.Request{
		Method: http.MethodGet, URL: u, Host: u.Host, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Accept": {"application/json"}}, Close: true,
	}
	resp, err := client.Do(ctx, req, egress.Timeouts{Header: probeTime, Idle: probeTime})
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return false
	}
	body, err := readSmall(resp, 1<<20)
	if err != nil || jscan.Check(body) != nil {
		return false
	}
	return p.Field == "" || slices.ContainsFunc(fields(body, p.Field), func(v []byte) bool {
		return p.Equals == "" || jscan.Str(v) == p.Equals
	})
}

// fields follows a path of the catalogue: keys joined by ".", "[]" after a
// key stands for any element.
func fields(v []byte, path string) [][]byte {
	if path == "" {
		return [][]byte{v}
	}
	key, rest, _ := strings.Cut(path, ".")
	key, each := strings.CutSuffix(key, "[]")
	if v = jscan.Get(v, key); v == nil {
		return nil
	}
	if !each {
		return fields(v, rest)
	}
	var out [][]byte
	for _, item := range jscan.Elements(v) {
		out = append(out, fields(item, rest)...)
	}
	return out
}
