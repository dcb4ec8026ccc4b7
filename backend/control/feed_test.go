package control

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"omniroute/backend/config"
	"omniroute/backend/events"
	"omniroute/backend/fault"
)

// memory is a store without a disk, for tests of time.
type memory struct{}

func (memory) Load(context.Context) (*config.Snapshot, error) {
	return &config.Snapshot{Settings: config.DefaultSettings()}, nil
}
func (memory) Save(context.Context, *config.Snapshot, *config.Snapshot) error { return nil }

// bareFeed is a feed with nothing around it.
func bareFeed(t *testing.T) (*Feed, *events.Bus, *config.Holder) {
	t.Helper()
	holder, err := config.NewHolder(t.Context(), memory{})
	if err != nil {
		t.Fatal(err)
	}
	bus := events.NewBus()
	holder.AnnounceOn(bus)
	return newFeed(&Rooms{Bus: bus, Config: holder, Version: "1.2.3"}), bus, holder
}

func relabel(t *testing.T, h *config.Holder, name string) int64 {
	t.Helper()
	s, err := h.Update(context.Background(), func(s *config.Snapshot) error { s.Settings.InstanceName = name; return nil })
	if err != nil {
		t.Fatal(err)
	}
	return s.Rev
}

// A change that falls between the revision of hello and what a page fetches
// afterwards is told.
func TestFeedMissesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		feed, _, holder := bareFeed(t)
		before := relabel(t, holder, "before")
		ctx, leave := context.WithCancel(t.Context())
		var got []Message
		err := feed.Listen(ctx, func(m Message) {
			got = append(got, m)
			if m.Topic == "hello" {
				relabel(t, holder, "between")
			}
			if m.Topic == "config" {
				leave()
			}
		})
		if !errors.Is(err, context.Canceled) || len(got) != 2 {
			t.Fatalf("%v %+v", err, got)
		}
		if got[0].Rev != before || got[0].Data != (FeedHello{"1.2.3"}) || got[1].Rev != before+1 {
			t.Errorf("%+v", got)
		}
	})
}

// However many requests are answered, a page hears at most four times a
// second of them, of each at once, and of the first without delay.
func TestFeedPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		feed, bus, _ := bareFeed(t)
		ctx, leave := context.WithCancel(t.Context())
		start := time.Now()
		var at []time.Duration
		var heard, more int
		go func() {
			_ = feed.listen(ctx, nil, func(batch []Message) error {
				for _, m := range batch {
					if list, ok := m.Data.(FeedRequests); ok {
						at = append(at, time.Since(start))
						heard += len(list.Requests)
						more += list.More
					}
				}
				return nil
			})
		}()
		synctest.Wait()
		for i := range 200 {
			bus.Publish(events.RequestDone{RequestID: fmt.Sprint(i)})
			time.Sleep(5 * time.Millisecond)
		}
		time.Sleep(time.Second)
		leave()
		synctest.Wait()
		if heard != 200 || more != 0 {
			t.Errorf("heard of %d requests and %d more, want 200", heard, more)
		}
		if len(at) != 5 || at[0] != 0 {
			t.Errorf("deliveries at %v, want one at once and one every 250 ms", at)
		}
		for i := 1; i < len(at); i++ {
			if at[i]-at[i-1] < feedPace {
				t.Errorf("deliveries %v apart", at[i]-at[i-1])
			}
		}
	})
}

func TestFeedGathers(t *testing.T) {
	until := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	var p pending
	for i := range 250 {
		p.add(events.ConfigChanged{Rev: int64(i)})
		p.add(events.RequestDone{RequestID: fmt.Sprint(i), CostMicros: 7, CostKnown: i%2 == 0, Total: 1500 * time.Microsecond})
	}
	p.add(events.TargetChanged{Provider: "p", Account: "a", State: "cooling", Until: until})
	p.add(events.TargetChanged{Provider: "p", Account: "b", State: "cooling"})
	p.add(events.TargetChanged{Provider: "p", Account: "a", State: "usable"})
	p.add(events.ConditionChanged{Code: "c", Open: true})
	p.add(events.ConditionChanged{Code: "c"})
	p.add(events.AccountChanged{Account: "a", Status: "cooling"})
	p.add(events.AccountChanged{Account: "a", Status: "ready"})
	p.add(events.GatewayChanged{State: "paused", Until: until})
	var topics []string
	for _, m := range p.take() {
		topics = append(topics, m.Topic)
		switch d := m.Data.(type) {
		case FeedRequests:
			if len(d.Requests) != feedListed || d.More != 150 || d.Requests[0].ID != "150" || d.Requests[99].ID != "249" {
				t.Errorf("%d requests from %s on, %d more", len(d.Requests), d.Requests[0].ID, d.More)
			}
			if d.Requests[0].CostMicros == nil || *d.Requests[0].CostMicros != 7 || d.Requests[1].CostMicros != nil || d.Requests[0].TotalMs != 1 {
				t.Errorf("%+v", d.Requests[:2])
			}
		case FeedTarget:
			if d.Account == "a" && (d.State != "usable" || d.Until != nil) {
				t.Errorf("%+v", d)
			}
		case FeedAccount:
			if d.Status != "ready" {
				t.Errorf("%+v", d)
			}
		case FeedGateway:
			if d.Until == nil || !d.Until.Equal(until) {
				t.Errorf("%+v", d)
			}
		}
	}
	if want := []string{"request", "config", "target", "target", "condition", "condition", "account", "gateway"}; !slices.Equal(topics, want) {
		t.Errorf("topics %v, want %v", topics, want)
	}
	p.add(events.AccountChanged{Account: "a"})
	p.add(events.Lagged{})
	p.add(events.AccountChanged{Account: "b"})
	if got := p.take(); len(got) != 2 || got[0].Topic != "lagged" || got[1].Topic != "account" {
		t.Errorf("after a gap: %+v", got)
	}
	for i := range 3 * feedHeld {
		p.add(events.ConditionChanged{Code: fmt.Sprint(i)})
	}
	if got := p.take(); len(got) > feedHeld || got[0].Topic != "lagged" || got[len(got)-1].Data.(FeedCondition).Code != fmt.Sprint(3*feedHeld-1) {
		t.Errorf("%d messages held, first %+v", len(got), got[0])
	}
	if p.take() != nil {
		t.Error("what was taken is still there")
	}
}

// Every event there is has its own words, and none says more than they do.
func TestFeedKnowsEveryEvent(t *testing.T) {
	for _, e := range []events.Event{
		events.Lagged{}, events.ConfigChanged{}, events.RequestDone{}, events.TargetChanged{}, events.AccountChanged{}, events.ConditionChanged{}, events.GatewayChanged{}, events.SessionsChanged{},
	} {
		_, data := tell(e)
		i := slices.IndexFunc(topics(), func(k topic) bool { return k.name == e.Topic() })
		if i < 0 {
			t.Errorf("%T has no topic", e)
			continue
		}
		if got := fmt.Sprintf("%T", data); got != topics()[i].data.String() {
			t.Errorf("%T is told as %s, the page was told %s", e, got, topics()[i].data)
		}
	}
}

// listener is a page that reads the stream of a real server.
type listener struct {
	t    *testing.T
	resp *http.Response
	in   *bufio.Scanner
}

func listen(t *testing.T, server *httptest.Server, headers ...string) *listener {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/api/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Add(name, value)
	}
	r.Host = "127.0.0.1:20128"
	resp, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return &listener{t, resp, bufio.NewScanner(resp.Body)}
}

// next reads one message; false at the end of the stream.
func (l *listener) next() (m struct {
	Topic string
	Rev   int64
	Data  map[string]any
}, ok bool) {
	l.t.Helper()
	for l.in.Scan() {
		text, found := strings.CutPrefix(l.in.Text(), "data: ")
		if !found {
			continue
		}
		if err := json.Unmarshal([]byte(text), &m); err != nil {
			l.t.Fatalf("%v: %s", err, text)
		}
		return m, true
	}
	return m, false
}

func TestStream(t *testing.T) {
	h := newHouse(t)
	server := httptest.NewServer(h.handler)
	defer server.Close()
	l := listen(t, server, h.admin())
	if l.resp.StatusCode != 200 || !strings.HasPrefix(l.resp.Header.Get("Content-Type"), "text/event-stream") || l.resp.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %v", l.resp.StatusCode, l.resp.Header)
	}
	hello, ok := l.next()
	if !ok || hello.Topic != "hello" || hello.Rev != h.holder.Now().Rev || hello.Data["version"] != "1.2.3" {
		t.Fatalf("%+v", hello)
	}
	h.call(201, "POST /api/keys", map[string]any{"name": "agent"})
	if m, ok := l.next(); !ok || m.Topic != "config" || m.Rev != hello.Rev+1 {
		t.Errorf("%v %+v", ok, m)
	}
	h.bus.Publish(events.RequestDone{RequestID: "r1", Status: 200})
	if m, ok := l.next(); !ok || m.Topic != "request" || len(m.Data["requests"].([]any)) != 1 {
		t.Errorf("%v %+v", ok, m)
	}
	h.services.Feed.Close()
	h.services.Feed.Close()
	if m, ok := l.next(); !ok || m.Topic != "gateway" || m.Data["state"] != "stopping" {
		t.Errorf("%v %+v", ok, m)
	}
	if m, ok := l.next(); ok {
		t.Errorf("after the end: %+v", m)
	}
	if text, err := eventText(nil); err != nil || string(text) != ": alive\n\n" {
		t.Errorf("sign of life: %q %v", text, err)
	}
	if n := len(h.services.Feed.slots); n != 0 { // health listens, too: the bus is never unwatched
		t.Errorf("%d listeners stayed on the bus", n)
	}
}

func TestStreamBeats(t *testing.T) {
	feed, _, _ := bareFeed(t)
	beat := make(chan time.Time)
	var got []int
	end := errors.New("enough")
	go func() { beat <- time.Time{}; beat <- time.Time{} }()
	err := feed.listen(t.Context(), beat, func(batch []Message) error {
		if got = append(got, len(batch)); len(got) == 3 {
			return end
		}
		return nil
	})
	if !errors.Is(err, end) || !slices.Equal(got, []int{1, 0, 0}) {
		t.Errorf("%v, deliveries of %v messages", err, got)
	}
}

// TestStreamEnds: whoever may not listen any more does not.
func TestStreamEnds(t *testing.T) {
	for name, end := range map[string]func(h *house, p page){
		"sign out":      func(h *house, p page) { h.call(200, "POST /api/auth/logout", nil, p.headers()...) },
		"a new sign-in": func(h *house, p page) { h.login(testPassword, "Cookie: "+p.cookie) },
		"sign out everywhere": func(h *house, _ page) {
			h.call(200, "PATCH /api/settings", map[string]any{"password": "another long password"}, h.admin())
		},
		"age": func(h *house, _ page) {
			h.clock.advance(sessionIdle + time.Second)
			h.bus.Publish(events.RequestDone{})
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			setPassword(t, h)
			server := httptest.NewServer(h.handler)
			defer server.Close()
			p, _ := h.login(testPassword)

			for _, headers := range [][]string{nil, {"Cookie: " + p.cookie}, {CSRFHeader + ": " + p.csrf}} {
				if l := listen(t, server, headers...); l.resp.StatusCode < 401 {
					t.Errorf("%v: %d", headers, l.resp.StatusCode)
				}
			}
			own := []string{"Cookie: " + p.cookie, CSRFHeader + ": " + p.csrf}
			l := listen(t, server, own...)
			if m, ok := l.next(); !ok || m.Topic != "hello" {
				t.Fatalf("%v %+v", ok, m)
			}
			end(h, p)
			for {
				m, ok := l.next()
				if !ok {
					break
				}
				if m.Topic == "request" {
					t.Errorf("a message after the end: %+v", m)
				}
			}
			if l := listen(t, server, own...); l.resp.StatusCode != 401 {
				t.Errorf("again: %d", l.resp.StatusCode)
			}
		})
	}
}

// A session that goes on is not disturbed by the end of another, and
// listening does not keep it alive.
func TestStreamOfAnotherSessionGoesOn(t *testing.T) {
	h := newHouse(t)
	setPassword(t, h)
	server := httptest.NewServer(h.handler)
	defer server.Close()
	p, _ := h.login(testPassword)
	other, _ := h.login(testPassword)
	l := listen(t, server, "Cookie: "+p.cookie, CSRFHeader+": "+p.csrf)
	l.next()
	h.call(200, "POST /api/auth/logout", nil, other.headers()...)
	h.call(200, "PATCH /api/settings", map[string]any{"password": "another long password", "currentPassword": testPassword}, p.headers()...)
	h.clock.advance(sessionIdle - time.Minute)
	h.bus.Publish(events.RequestDone{})
	heard := map[string]bool{}
	for !heard["request"] {
		m, ok := l.next()
		if !ok {
			t.Fatal("the session that changed the password is out")
		}
		heard[m.Topic] = true
	}
	if !heard["session"] || !heard["config"] {
		t.Errorf("the page heard of %v only", heard)
	}
	h.clock.advance(2 * time.Minute)
	h.call(401, "GET /api/keys", nil, p.headers()...)
}

// A password shuts out who listened without one.
func TestStreamOfADirectCallerEndsWithThePassword(t *testing.T) {
	h := newHouse(t)
	server := httptest.NewServer(h.handler)
	defer server.Close()
	l := listen(t, server)
	if m, ok := l.next(); !ok || m.Topic != "hello" {
		t.Fatalf("%v %+v", ok, m)
	}
	setPassword(t, h)
	if m, ok := l.next(); ok {
		t.Errorf("still told: %+v", m)
	}
}

func TestStreamsAreBounded(t *testing.T) {
	feed, _, _ := bareFeed(t)
	for range feedLimit {
		feed.slots <- struct{}{}
	}
	err := feed.Listen(t.Context(), func(Message) { t.Error("told") })
	if fault.KindOf(err) != fault.RateLimited {
		t.Errorf("one too many: %v", err)
	}
	h := newHouse(t)
	for range feedLimit {
		h.services.Feed.slots <- struct{}{}
	}
	if g := h.call(429, "GET /api/events", nil); g.str("error.kind") != "rate_limited" || g.header.Get("Content-Type") != "application/json; charset=utf-8" {
		t.Errorf("%s %v", g.body, g.header)
	}
	if g := h.call(200, "HEAD /api/events", nil); g.body != "" {
		t.Errorf("HEAD: %q", g.body)
	}
}
