//go:build app

package desktop

import (
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

const smallest = "demo/simulated"

// combo makes a combo over /api and returns its id.
func (p *program) combo(name string, models ...string) string {
	p.s.t.Helper()
	answer := p.api("POST", "/api/combos", map[string]any{"name": name, "models": models})
	combo, ok := answer["combo"].(map[string]any)
	if !ok {
		p.s.t.Fatalf("making a combo: %v", answer)
	}
	return combo["id"].(string)
}

// answeredBy asks for a model and says which combo answered, and how.
func (p *program) ask(model string) (combo string, status int) {
	p.s.t.Helper()
	answer := p.api("POST", "/v1/chat/completions", map[string]any{"model": model, "messages": []map[string]string{{"role": "user", "content": "Hello"}}})
	if answer == nil {
		p.s.t.Fatal("the gateway does not answer")
	}
	return answer["header"].(http.Header).Get("X-OmniRoute-Combo"), answer["status"].(int)
}

func (p *program) terminate() {
	p.s.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.s.t.Fatal(err)
	}
	if code := p.exit(); code != 0 {
		p.s.t.Errorf("after SIGTERM the program ended with %d", code)
	}
}

func (s *session) onPage(text string) {
	s.t.Helper()
	s.until(fmt.Sprintf("%q on the page", text), func() bool { return strings.Contains(s.pageText(), text) })
}

// TestAppShowsOneTruth: window, tray, /api and the next request agree on the
// active combo, whoever switched it.
func TestAppShowsOneTruth(t *testing.T) {
	s := newSession(t, keyringUnlocked)
	p := s.start().serving()
	icon := s.watcher.icon()
	s.until("the window", s.visible)
	first := p.combo("coding_fast", smallest)
	p.combo("free", smallest)
	icon.line(s, "Active combo: coding__fast > coding__fast", checked)
	s.onPage("Active combo: coding_fast")
	s.look("window")
	icon.click(s, "Active combo: coding__fast > free")
	icon.line(s, "Active combo: free > free", checked)
	s.onPage("Active combo: free")
	if combo, _ := p.ask("auto"); combo != "free" {
		t.Errorf("after the switch in the tray, auto went to %q", combo)
	}
	p.api("POST", "/api/combos/"+first+"/activate", nil)
	icon.line(s, "Active combo: coding__fast > coding__fast", checked)
	s.onPage("Active combo: coding_fast")
	icon.click(s, "Pause gateway > Until I resume")
	icon.line(s, "OmniRoute: Paused", there)
	if _, status := p.ask("auto"); status != http.StatusServiceUnavailable {
		t.Errorf("a paused gateway answered %d", status)
	}
	paused := icon.picture()
	icon.click(s, "Resume gateway")
	icon.line(s, "OmniRoute: Ready", there)
	if icon.picture() == paused {
		t.Error("the icon did not change with the state")
	}
	icon.click(s, "Start at login")
	icon.line(s, "Start at login", checked)
	if on := p.api("GET", "/api/desktop", nil)["startAtLogin"]; on != true {
		t.Errorf("/api says startAtLogin %v", on)
	}
	p.terminate()
}

// TestAppPageActs: what is pressed in the window happens in the gateway,
// through a bound method.
func TestAppPageActs(t *testing.T) {
	s := newSession(t, keyringUnlocked)
	p := s.start().serving()
	s.until("the window", s.visible)
	if done := p.api("GET", "/api/settings", nil)["setupComplete"]; done != false {
		t.Fatalf("a fresh start says setupComplete %v", done)
	}
	s.press("Skip setup")
	s.until("the setting", func() bool { return p.api("GET", "/api/settings", nil)["setupComplete"] == true })
	s.onPage("Home · OmniRoute")
	p.terminate()
}

// TestAppWindowComesAndGoes: close hides, further starts and the tray bring
// the window back, quitting frees the port.
func TestAppWindowComesAndGoes(t *testing.T) {
	s := newSession(t, keyringUnlocked)
	p := s.start().serving()
	icon := s.watcher.icon()
	s.until("the window", s.visible)
	s.closeWindow()
	s.until("the hidden window", func() bool { return !s.visible() })
	if n := s.toasts.next(t); n.app != "OmniRoute" || !strings.Contains(n.title, "keeps running") {
		t.Errorf("said %q when the window went to the tray", n)
	}
	if _, status := p.ask(smallest); status != http.StatusOK {
		t.Errorf("with a hidden window the gateway answered %d", status)
	}
	if code := s.startOn(p.port, "--hidden").exit(); code != 0 || s.visible() {
		t.Errorf("a hidden second start: exit %d, window visible %v", code, s.visible())
	}
	if code := s.startOn(p.port).exit(); code != 0 {
		t.Errorf("a second start ended with %d", code)
	}
	s.until("the raised window", s.visible)
	s.closeWindow()
	s.until("the hidden window", func() bool { return !s.visible() })
	icon.click(s, "Open dashboard")
	s.until("the window from the tray", s.visible)
	icon.click(s, "Quit OmniRoute")
	if code := p.exit(); code != 0 {
		t.Errorf("after Quit the program ended with %d", code)
	}
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", p.port))
	if err != nil {
		t.Fatalf("the port is not free: %v", err)
	}
	l.Close()
	again := s.startOn(p.port).serving()
	s.watcher.icon()
	if code := s.startOn(p.port, "--quit").exit(); code != 0 {
		t.Errorf("--quit ended with %d", code)
	}
	if code := s.startOn(p.port, "--quit").exit(); code != 0 {
		t.Errorf("--quit without a running copy ended with %d", code)
	}
	if code := again.exit(); code != 0 {
		t.Errorf("after --quit the program ended with %d", code)
	}
	if n := len(s.toasts.shown); n != 0 {
		t.Errorf("%d notifications too many", n)
	}
}

// TestAppStandsWhereItStood: size and place survive a restart, and a screen
// that became smaller.
func TestAppStandsWhereItStood(t *testing.T) {
	s := newSession(t, keyringUnlocked)
	p := s.start().serving()
	s.until("the window", s.visible)
	s.onPage(" · OmniRoute") // Wails has put it in the middle by now
	s.tool("wmctrl", "-r", "OmniRoute", "-e", "0,150,90,720,600")
	s.until("the moved window", func() bool { return strings.Contains(s.geometry(), "720 600") })
	p.terminate()
	saved := LoadPlace(s.data)
	if saved.Width != 720 || saved.Height != 600 || saved.X < 140 || saved.X > 160 || saved.Y < 60 || saved.Y > 120 {
		t.Fatalf("saved %+v", saved)
	}
	p = s.start().serving()
	s.until("the window where it stood", func() bool { return strings.Contains(s.geometry(), "720 600") })
	p.terminate()
	if again := LoadPlace(s.data); again.X < saved.X-3 || again.X > saved.X+3 || again.Y < saved.Y-3 || again.Y > saved.Y+3 {
		t.Errorf("the window wanders: it stood at %d,%d and then at %d,%d", saved.X, saved.Y, again.X, again.Y)
	}
	if err := (Place{X: 5000, Y: 4000, Width: 720, Height: 600}).Save(s.data); err != nil {
		t.Fatal(err)
	}
	p = s.start().serving()
	s.until("the window on the screen", s.visible)
	s.until("its place on the screen", func() bool {
		var x, y int
		_, err := fmt.Sscan(s.geometry(), &x, &y)
		return err == nil && x < 1280-100 && y < 800-100
	})
	p.terminate()
}

// geometry is the window's "x y width height".
func (s *session) geometry() string {
	for line := range strings.SplitSeq(s.tool("wmctrl", "-l", "-G"), "\n") {
		if f := strings.Fields(line); len(f) > 7 && f[len(f)-1] == "OmniRoute" {
			return strings.Join(f[2:6], " ")
		}
	}
	return ""
}

// TestAppWindowFollowsItsSettings: close may quit, and a start may be hidden
// where a tray brings the window back.
func TestAppWindowFollowsItsSettings(t *testing.T) {
	s := newSession(t, keyringUnlocked)
	p := s.start().serving()
	s.watcher.icon()
	s.until("the window", s.visible)
	p.api("PATCH", "/api/settings", map[string]any{"closeToTray": false, "startHidden": true})
	s.closeWindow()
	if code := p.exit(); code != 0 {
		t.Errorf("a close that quits ended with %d", code)
	}
	p = s.start().serving()
	icon := s.watcher.icon()
	icon.line(s, "OmniRoute: Ready", there)
	if s.visible() {
		t.Error("a hidden start shows its window")
	}
	icon.click(s, "Open dashboard")
	s.until("the window", s.visible)
	p.terminate()
	s.watcher.vanish()
	p = s.start().serving()
	s.until("the window that nothing could bring back", s.visible)
	p.terminate()
}

// TestAppTellsOfTroubleOnce: a breaker that a failing upstream trips reaches
// the notification daemon once, without keys and addresses.
func TestAppTellsOfTroubleOnce(t *testing.T) {
	s := newSession(t, keyringUnlocked)
	p := s.start("--hidden").serving()
	icon := s.watcher.icon()
	sick := true
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if sick {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		fmt.Fprint(w, `{"id":"x","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}]}`)
	}))
	defer up.Close()
	const key = "sk-secret-of-this-test-0123456789"
	p.connect("sick", up.URL, key)
	for range 8 {
		p.ask("sick/m")
	}
	n := s.toasts.next(t)
	text := n.title + " " + n.body
	if n.app != "OmniRoute" || n.title != "sick is paused" || strings.Contains(text, key) || strings.Contains(text, strings.TrimPrefix(up.URL, "http://")) || strings.Contains(text, "Hello") {
		t.Errorf("said %+v", n)
	}
	s.until("the trouble in the tray", func() bool {
		_, ready := find(icon.menu(), "OmniRoute: Ready")
		return !ready
	})
	for range 3 {
		p.ask("sick/m")
	}
	sick = false
	p.api("POST", "/api/resilience/reset", nil)
	if _, status := p.ask("sick/m"); status != http.StatusOK {
		t.Errorf("a well upstream gave %d", status)
	}
	icon.line(s, "OmniRoute: Ready", there)
	p.terminate()
	if extra := len(s.toasts.shown); extra != 0 {
		t.Errorf("%d notifications too many: %+v", extra, <-s.toasts.shown)
	}
}

// connect adds an OpenAI-compatible endpoint with a key.
func (p *program) connect(prefix, base, key string) {
	p.s.t.Helper()
	node := p.api("POST", "/api/provider-nodes", map[string]any{"name": prefix, "prefix": prefix, "type": "openai-compatible", "apiType": "chat", "baseUrl": base + "/v1"})
	made, ok := node["node"].(map[string]any)
	if !ok {
		p.s.t.Fatalf("making an endpoint: %v", node)
	}
	if answer := p.api("POST", "/api/providers", map[string]any{"provider": made["id"], "name": prefix, "apiKey": key}); answer["connection"] == nil {
		p.s.t.Fatalf("connecting it: %v", answer)
	}
}

// TestAppKeepsKeysInTheKeychain: with the real gnome-keyring.
func TestAppKeepsKeysInTheKeychain(t *testing.T) {
	s := newSession(t, keyringUnlocked)
	p := s.start("--hidden").serving()
	const key = "sk-secret-of-this-test-0123456789"
	seen := make(chan string, 10)
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/completions") {
			seen <- r.Header.Get("Authorization")
		}
		fmt.Fprint(w, `{"id":"x","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}]}`)
	}))
	defer up.Close()
	p.connect("mine", up.URL, key)
	for range 2 {
		if _, status := p.ask("mine/m"); status != http.StatusOK {
			t.Fatalf("asked through a key in the keychain: %d", status)
		}
		if got := <-seen; got != "Bearer "+key {
			t.Errorf("the upstream saw %q", got)
		}
		vault := p.api("GET", "/api/system/status", nil)["vault"].(map[string]any)
		if vault["kind"] != "keychain" || vault["state"] != "ok" {
			t.Errorf("the vault is %v", vault)
		}
		p.terminate()
		p = s.start("--hidden").serving() // the key must still be there
	}
	p.terminate()
	err := filepath.WalkDir(s.data, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		if strings.Contains(string(text), key) {
			t.Errorf("the key lies in %s", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
