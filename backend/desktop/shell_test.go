package desktop

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"omniroute/backend/health"
	"omniroute/backend/testkit"
	"omniroute/backend/wire"
)

// drawing is what a tray was told to show.
type drawing struct {
	icon    State
	tooltip string
	items   []Item
}

// desk is a desktop in memory around a real gateway. The real tray is tested
// over D-Bus in tray_test.go, the whole program by make test-desktop.
type desk struct {
	t     *testing.T
	g     *testkit.Gateway
	shell *Shell

	drawn  chan drawing
	toasts chan toast
	opened chan struct{}
	quit   chan struct{}

	mu     sync.Mutex
	login  bool
	copied string
	broken error // of the clipboard
	now    time.Time
}

func (d *desk) Show(icon State, tooltip string, items []Item) {
	d.drawn <- drawing{icon, tooltip, items}
}

func (d *desk) Enabled() (bool, error) { d.mu.Lock(); defer d.mu.Unlock(); return d.login, nil }
func (d *desk) Set(on bool) error      { d.mu.Lock(); defer d.mu.Unlock(); d.login = on; return nil }

func newDesk(t *testing.T) *desk {
	d := &desk{
		t: t, g: testkit.Start(t), drawn: make(chan drawing, 100), toasts: make(chan toast, 100),
		opened: make(chan struct{}, 1), quit: make(chan struct{}, 1), now: time.Date(2026, 11, 25, 12, 0, 0, 0, time.Local),
	}
	d.shell = New(Options{
		Services: d.g.Daemon.Services(), Words: words(t), Tray: d, Login: d,
		Toast: func(title, body string) error { d.toasts <- toast{title, body}; return nil },
		Copy: func(text string) error {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.copied = text
			return d.broken
		},
		Open: func() { d.opened <- struct{}{} }, Quit: func() { d.quit <- struct{}{} },
		Now: func() time.Time { d.mu.Lock(); defer d.mu.Unlock(); return d.now },
		Log: slog.New(slog.DiscardHandler),
	})
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan error, 1)
	go func() { gone <- d.shell.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := testkit.Wait(t, "the end of the shell", gone); err != nil {
			t.Error(err)
		}
	})
	d.until("the first drawing", func(drawing) bool { return true })
	return d
}

// until waits for a drawing of a kind.
func (d *desk) until(what string, is func(drawing) bool) drawing {
	d.t.Helper()
	for {
		if got := testkit.Wait(d.t, what, d.drawn); is(got) {
			return got
		}
	}
}

func shows(lines ...string) func(drawing) bool {
	return func(d drawing) bool {
		text := "\n" + strings.Join(flat(d.items, ""), "\n") + "\n"
		for _, l := range lines {
			if !strings.Contains(text, "\n"+l+"\n") {
				return false
			}
		}
		return true
	}
}

func TestComboSwitchesBothWays(t *testing.T) {
	d := newDesk(t)
	one, two := d.g.Combo("one", "demo/simulated"), d.g.Combo("two", "demo/simulated")
	d.until("both combos", shows("Active combo: one", "  [x] one", "  [ ] two"))
	d.shell.Click(doCombo + two)
	d.until("the switch in the tray", shows("Active combo: two", "  [ ] one", "  [x] two"))
	if got := d.g.Ask(wire.OpenAIChat, "auto", false).Header.Get("X-OmniRoute-Combo"); got != "two" {
		t.Errorf("the next request for auto went to %q", got)
	}
	d.g.API("POST", "/api/combos/"+one+"/activate", nil)
	d.until("the switch over /api", shows("Active combo: one", "  [x] one"))
	d.g.API("PUT", "/api/combos/"+one, map[string]any{"name": "first"})
	d.until("the new name", shows("Active combo: first", "  [x] first", "  [ ] two"))
}

func TestTrayPausesAndResumes(t *testing.T) {
	d := newDesk(t)
	d.shell.Click(doPause + "15")
	got := d.until("the pause", func(x drawing) bool { return x.icon == Paused })
	if !shows("Resume gateway")(got) || shows("Pause gateway")(got) || !strings.Contains(got.tooltip, "paused until") {
		t.Errorf("paused, but the tray shows %q and %v", got.tooltip, flat(got.items, ""))
	}
	if status := d.g.Ask(wire.OpenAIChat, "demo/simulated", false).Status; status != 503 {
		t.Errorf("a paused gateway answered %d", status)
	}
	d.shell.Click(doResume)
	d.until("the end of the pause", func(x drawing) bool { return x.icon == Ready && shows("Pause gateway")(x) })
	d.shell.Click(doPause + "0")
	got = d.until("a pause without an end", func(x drawing) bool { return x.icon == Paused })
	if got.tooltip != "OmniRoute: Paused" {
		t.Errorf("the tooltip is %q", got.tooltip)
	}
	d.shell.Click(doResume)
	d.until("the end of the pause", func(x drawing) bool { return x.icon == Ready })
}

func TestOtherLinesOfTheMenu(t *testing.T) {
	d := newDesk(t)
	d.shell.Click(doLogin)
	d.until("the mark", shows("[x] Start at login"))
	d.shell.Click(doLogin)
	d.until("no mark", shows("[ ] Start at login"))
	d.shell.Click(doOpen)
	testkit.Wait(t, "the window", d.opened)
	d.shell.Click(doQuit)
	testkit.Wait(t, "the end", d.quit)
	d.shell.Click(doCopy)
	if got := testkit.Wait(t, "word of the copy", d.toasts); !strings.HasSuffix(d.copied, "/v1") || got.body != d.copied {
		t.Errorf("copied %q, said %q", d.copied, got)
	}
	d.mu.Lock()
	d.broken = errors.New("no clipboard")
	d.mu.Unlock()
	d.shell.Click(doCopy)
	if got := testkit.Wait(t, "word of the failure", d.toasts); !strings.HasSuffix(got.body, "/v1") || got.title != "Copy the endpoint yourself" {
		t.Errorf("said %q", got)
	}
	d.shell.Click(doCombo + "gone")
	if got := testkit.Wait(t, "word of the failure", d.toasts); !strings.Contains(got.body, "combo") {
		t.Errorf("said %q", got)
	}
}

func TestTraySpeaksTheChosenLanguage(t *testing.T) {
	d := newDesk(t)
	d.g.API("PATCH", "/api/settings", map[string]any{"language": "ko"})
	d.until("Korean", shows("대시보드 열기", "OmniRoute 종료"))
	d.g.API("PATCH", "/api/settings", map[string]any{"language": "pt-BR"})
	d.until("Portuguese", shows("Abrir painel"))
}

// fail makes one request that nobody answers.
func (d *desk) fail(model string) {
	d.t.Helper()
	if r := d.g.Ask(wire.OpenAIChat, model, false); r.Status < 500 {
		d.t.Fatalf("a failing upstream gave %s", r)
	}
}

func TestTroubleIsToldOncePerEpisode(t *testing.T) {
	d := newDesk(t)
	d.g.API("PATCH", "/api/settings", map[string]any{"notifications": map[string]any{
		"enabled": true, "breaker": true, "noTarget": false, "signIn": true, "system": true, "recovered": true, "quietFrom": "", "quietTo": "",
	}})
	up := d.g.Upstream("sick", wire.OpenAIChat, testkit.Fails(500, `{"error":{"message":"no"}}`))
	d.g.Combo("only", "sick/m")
	for episode := range 2 {
		for range 8 {
			d.fail("only")
		}
		d.until("the attention", func(x drawing) bool { return x.icon != Ready })
		got := testkit.Wait(t, fmt.Sprintf("the notification of episode %d", episode), d.toasts)
		if text := got.title + got.body; strings.Contains(text, "conditions:") || strings.Contains(text, "{{") || strings.Contains(text, up.BaseURL()) ||
			strings.Contains(text, testkit.Secret("sick")) || text == "" {
			t.Errorf("said %q", got)
		}
		d.g.Rested()
		up.Then(testkit.Says("well"))
		if r := d.g.Ask(wire.OpenAIChat, "only", false); r.Status != 200 {
			t.Fatalf("a well upstream gave %s", r)
		}
		d.until("the recovery", func(x drawing) bool { return x.icon == Ready })
		got = testkit.Wait(t, "word of the recovery", d.toasts)
		if got.title != "sick answers again" {
			t.Errorf("said %q at the end", got)
		}
		up.Then(testkit.Fails(500, `{"error":{"message":"no"}}`))
	}
	select {
	case extra := <-d.toasts:
		t.Errorf("one notification too many: %q", extra)
	default:
	}
}

// TestMissedMessagesAreCaughtUp: a busy desktop may lose some of the feed.
func TestMissedMessagesAreCaughtUp(t *testing.T) {
	g := testkit.Start(t)
	s := New(Options{Services: g.Daemon.Services(), Words: words(t), Login: &desk{}, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	take := func() (titles []string) {
		for len(s.toasts) > 0 {
			titles = append(titles, (<-s.toasts).title)
		}
		return titles
	}
	g.API("PATCH", "/api/settings", map[string]any{"notifications": map[string]any{
		"enabled": true, "breaker": true, "noTarget": true, "signIn": true, "system": true, "recovered": true, "quietFrom": "", "quietTo": "",
	}})
	g.Daemon.Health().Open(health.Report{Code: health.PortTaken, Args: map[string]string{"port": "1"}})
	for range 2 { // told once, however often we look
		s.catchUp()
	}
	if got := take(); len(got) != 1 || got[0] != "Port 1 is in use" {
		t.Errorf("said %q", got)
	}
	g.Daemon.Health().Close(health.PortTaken, "")
	for range 2 {
		s.catchUp()
	}
	if got := take(); len(got) != 1 || got[0] != "OmniRoute can be reached again" {
		t.Errorf("said %q at the end", got)
	}
}

func TestQuietHoursAndSwitches(t *testing.T) {
	d := newDesk(t)
	quiet := map[string]any{"enabled": true, "breaker": true, "noTarget": true, "signIn": true, "system": true, "recovered": true, "quietFrom": "11:00", "quietTo": "13:00"}
	d.g.API("PATCH", "/api/settings", map[string]any{"notifications": quiet})
	up := d.g.Upstream("sick", wire.OpenAIChat, testkit.Fails(500, `{"error":{"message":"no"}}`))
	d.g.Combo("only", "sick/m")
	for range 8 {
		d.fail("only")
	}
	d.until("the attention", func(x drawing) bool { return x.icon != Ready })
	d.g.Rested()
	up.Then(testkit.Says("well"))
	d.g.Ask(wire.OpenAIChat, "only", false)
	d.until("the recovery", func(x drawing) bool { return x.icon == Ready })
	quiet["quietFrom"], quiet["enabled"] = "", false
	d.g.API("PATCH", "/api/settings", map[string]any{"notifications": quiet})
	up.Then(testkit.Fails(500, `{"error":{"message":"no"}}`))
	for range 8 {
		d.fail("only")
	}
	d.until("the attention", func(x drawing) bool { return x.icon != Ready })
	select {
	case got := <-d.toasts:
		t.Errorf("said %q, although it was to be quiet", got)
	default:
	}
}
