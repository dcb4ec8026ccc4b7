package testkit

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"omniroute/backend/control"
)

// Edges collects the beginnings and ends of conditions: "+code subject" and
// "-code subject".
type Edges struct{ seen chan string }

// Edges listens to the gateway's feed from now on.
func (g *Gateway) Edges() *Edges {
	g.t.Helper()
	e := &Edges{seen: make(chan string, 1024)}
	ready, done := make(chan struct{}), make(chan struct{})
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		defer close(done)
		_ = g.Daemon.Services().Feed.Listen(ctx, func(m control.Message) { // ends when it is told to
			switch data := m.Data.(type) {
			case control.FeedHello:
				close(ready)
			case control.FeedCondition:
				sign := "-"
				if data.Open {
					sign = "+"
				}
				e.seen <- sign + data.Code + " " + data.Subject
			}
		})
	}()
	g.t.Cleanup(func() { stop(); <-done })
	Wait(g.t, "the feed's hello", ready)
	return e
}

// Until waits until every one of these was seen, in any order.
func (e *Edges) Until(t testing.TB, want ...string) {
	t.Helper()
	missing := map[string]bool{}
	for _, w := range want {
		missing[w] = true
	}
	for len(missing) > 0 {
		delete(missing, Wait(t, "one of "+strings.Join(want, ", "), e.seen))
	}
}

// Sealed lists the files of the vault that belong to an id.
func Sealed(t testing.TB, dir, id string) (found []string) {
	t.Helper()
	list, err := os.ReadDir(filepath.Join(dir, "vault"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range list {
		if strings.HasPrefix(f.Name(), id+".") {
			found = append(found, f.Name())
		}
	}
	return found
}
