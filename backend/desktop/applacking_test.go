//go:build app

package desktop

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// What a desktop may lack: each is said, and none is an end.

// TestAppWithoutAKeychain: a locked keyring is a condition, no other vault
// and no end.
func TestAppWithoutAKeychain(t *testing.T) {
	for name, f := range map[string][]feature{"locked": {keyringLocked}, "none": nil} {
		t.Run(name, func(t *testing.T) {
			s := newSession(t, f...)
			p := s.start("--hidden").serving()
			icon := s.watcher.icon()
			vault := p.api("GET", "/api/system/status", nil)["vault"].(map[string]any)
			if vault["kind"] != "keychain" || vault["state"] != "unavailable" {
				t.Errorf("the vault is %v", vault)
			}
			s.until("the trouble in the tray", func() bool {
				_, ready := find(icon.menu(), "OmniRoute: Ready")
				return len(icon.menu()) > 0 && !ready
			})
			if _, status := p.ask(smallest); status != http.StatusOK {
				t.Errorf("the demo answered %d", status)
			}
			p.terminate()
			if n := s.toasts.next(t); n.title == "" {
				t.Errorf("said %+v", n)
			}
			if _, err := os.Stat(filepath.Join(s.data, "vault")); !os.IsNotExist(err) {
				t.Errorf("another vault was made: %v", err)
			}
		})
	}
}

// TestAppWithoutATrayHost: close minimises, says so once, and the next one
// quits; asked anew each time.
func TestAppWithoutATrayHost(t *testing.T) {
	s := newSession(t, noTrayHost, keyringUnlocked)
	p := s.start().serving()
	s.until("the window", s.visible)
	s.closeWindow()
	s.until("the minimised window", s.minimised)
	if n := s.toasts.next(t); !strings.Contains(n.title, "minimised") {
		t.Errorf("said %q", n)
	}
	if code := s.startOn(p.port).exit(); code != 0 {
		t.Errorf("a second start ended with %d", code)
	}
	s.until("the raised window", s.visible)
	s.closeWindow()
	if code := p.exit(); code != 0 {
		t.Errorf("after the second close the program ended with %d", code)
	}
	s.watcher = ownWatcher(t, s.bus)
	p = s.start().serving()
	icon := s.watcher.icon()
	s.until("the window", s.visible)
	s.watcher.vanish()
	s.closeWindow()
	s.until("the minimised window after the panel went", s.minimised)
	s.watcher.appear()
	icon = s.watcher.icon() // it registers again by itself
	icon.click(s, "Open dashboard")
	s.until("the window from the new panel", s.visible)
	p.terminate()
}

// TestAppWithoutABus: no tray, no notifications, no keychain, no private bus,
// no panic.
func TestAppWithoutABus(t *testing.T) {
	s := newSession(t, noBus)
	p := s.start().serving()
	s.until("the window", s.visible)
	s.closeWindow()
	s.until("the minimised window", s.minimised)
	if code := s.startOn(p.port).exit(); code != 0 {
		t.Errorf("a second start ended with %d", code)
	}
	s.until("the raised window", s.visible)
	p.terminate()
	if left := s.processes("dbus-daemon"); len(left) > 0 {
		t.Errorf("a bus was started: %v", left)
	}
}

// processes are those of this session with a name.
func (s *session) processes(name string) (found []string) {
	list, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		s.t.Fatal(err)
	}
	for _, path := range list {
		env, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(env), "HOME="+s.home+"\x00") {
			continue
		}
		if comm, err := os.ReadFile(filepath.Join(filepath.Dir(path), "comm")); err == nil && strings.TrimSpace(string(comm)) == name {
			found = append(found, path)
		}
	}
	return found
}

// TestAppWithoutADisplay: it serves, as the server does.
func TestAppWithoutADisplay(t *testing.T) {
	s := newSession(t, noDisplay)
	p := s.start().serving()
	s.until("the two lines", func() bool { return strings.Contains(p.out.String(), "curl http://") })
	p.terminate()
}

// TestAppWithADeadDisplay: a display that does not answer is no end either.
func TestAppWithADeadDisplay(t *testing.T) {
	s := newSession(t, noDisplay)
	s.env = append(s.env, "DISPLAY=:4711")
	p := s.start().serving()
	s.until("the two lines", func() bool { return strings.Contains(p.out.String(), "curl http://") })
	if _, status := p.ask(smallest); status != http.StatusOK {
		t.Errorf("the demo answered %d", status)
	}
	p.cmd.Process.Signal(syscall.SIGTERM)
	if code := p.exit(); code != 0 {
		t.Errorf("after SIGTERM the program ended with %d", code)
	}
}

// TestAppBesideAServer: the data directory is in use by the server face; its
// dashboard opens in the browser.
func TestAppBesideAServer(t *testing.T) {
	s := newSession(t)
	bin := filepath.Join(s.home, "bin")
	if err := os.Mkdir(bin, 0o700); err != nil {
		t.Fatal(err)
	}
	seen := filepath.Join(s.home, "browser")
	if err := os.WriteFile(filepath.Join(bin, "xdg-open"), []byte("#!/bin/sh\necho \"$1\" >"+seen+".new && mv "+seen+".new "+seen+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	for i, kv := range s.env {
		if rest, ok := strings.CutPrefix(kv, "PATH="); ok {
			s.env[i] = "PATH=" + bin + ":" + rest
		}
	}
	server := s.start("serve", "--no-open").serving()
	s.env = append(s.env, fmt.Sprintf("PORT=%d", server.port))
	if code := s.startOn(server.port).exit(); code != 0 {
		t.Errorf("the window ended with %d", code)
	}
	s.until("the browser", func() bool { _, err := os.Stat(seen); return err == nil })
	server.terminate()
}

// TestAppWithoutItsPort: the window stays, says so, and another port can be
// had.
func TestAppWithoutItsPort(t *testing.T) {
	s := newSession(t, keyringUnlocked)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	p := s.startOn(l.Addr().(*net.TCPAddr).Port)
	icon := s.watcher.icon()
	s.until("the window", s.visible)
	taken := fmt.Sprintf("Port %d is in use", p.port)
	icon.line(s, taken, there)
	if n := s.toasts.next(t); n.title != taken {
		t.Errorf("said %+v", n)
	}
	icon.click(s, "Use another port")
	n := s.toasts.next(t)
	if !strings.Contains(n.title, "another address") {
		t.Fatalf("said %+v", n)
	}
	if _, err := fmt.Sscanf(n.body, "http://localhost:%d/v1", &p.port); err != nil {
		t.Fatalf("said %+v", n)
	}
	if _, status := p.ask(smallest); status != http.StatusOK {
		t.Errorf("on the other port the gateway answered %d", status)
	}
	icon.line(s, "OmniRoute: Ready", there)
	p.combo("mine", smallest) // which ends the first-run page
	s.onPage(fmt.Sprintf(":%d", p.port))
	icon.click(s, "Quit OmniRoute")
	if code := p.exit(); code != 0 {
		t.Errorf("the program ended with %d", code)
	}
}
