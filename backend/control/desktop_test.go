package control

import (
	"strings"
	"testing"

	"omniroute/backend/fault"
)

// recordedShell is a window that remembers what it was asked.
type recordedShell struct {
	login  bool
	port   int
	opened []string
	saved  map[string]string
	err    error
}

func (s *recordedShell) LoginItem() (on, can bool)  { return s.login, true }
func (s *recordedShell) SetLoginItem(on bool) error { s.login = on; return s.err }
func (s *recordedShell) HasTray() bool              { return true }
func (s *recordedShell) UsePort(port int) error     { s.port = port; return s.err }
func (s *recordedShell) OpenLink(address string) error {
	s.opened = append(s.opened, address)
	return s.err
}

func (s *recordedShell) SaveFile(name, text string) (string, error) {
	s.saved[name] = text
	return "/home/a/" + name, s.err
}

func desktopOf(s Shell, port int) *Desktop {
	return &Desktop{&Rooms{Shell: s, Port: func() int { return port }}}
}

func TestWithoutAWindowDesktopSaysSo(t *testing.T) {
	v := desktopOf(nil, 1)
	state, err := v.State()
	if err != nil || state.Available || state.CanStartAtLogin || !state.Listening {
		t.Errorf("state %+v, %v", state, err)
	}
	if _, err := v.SetLoginItem(LoginItemChange{On: true}); fault.KindOf(err) != fault.NotFound {
		t.Errorf("a login item without a window: %v", err)
	}
	if err := v.OpenLink(LinkToOpen{URL: "https://a.test"}); fault.KindOf(err) != fault.NotFound {
		t.Errorf("a link without a window: %v", err)
	}
}

// TestOnlyTheWindowActsOnTheScreen: not a script and not a browser, however
// well they proved themselves.
func TestOnlyTheWindowActsOnTheScreen(t *testing.T) {
	s := &recordedShell{saved: map[string]string{}}
	v := desktopOf(s, 0)
	for name, c := range map[string]Caller{"session": {kind: callerSession}, "admin": {kind: callerAdmin}, "direct": {kind: callerDirect}} {
		if err := v.OpenLink(LinkToOpen{Caller: c, URL: "https://a.test"}); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("%s opens a link: %v", name, err)
		}
		if _, err := v.SaveFile(FileToSave{Caller: c, Name: "a", Text: "b"}); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("%s saves a file: %v", name, err)
		}
		if _, err := v.UsePort(PortChoice{Caller: c}); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("%s changes the port: %v", name, err)
		}
	}
	if _, err := v.SetLoginItem(LoginItemChange{Caller: Caller{kind: callerDirect}, On: true}); fault.KindOf(err) != fault.Unauthorized || s.login {
		t.Errorf("an unproven caller switches the start at login: %v", err)
	}
	if state, err := v.SetLoginItem(LoginItemChange{Caller: Caller{kind: callerSession}, On: true}); err != nil || !state.StartAtLogin {
		t.Errorf("a signed-in browser may not: %+v, %v", state, err)
	}
	if len(s.opened)+len(s.saved)+s.port != 0 {
		t.Errorf("something happened all the same: %+v", s)
	}
}

func TestTheWindowOpensPagesAndSavesFiles(t *testing.T) {
	s := &recordedShell{saved: map[string]string{}}
	v := desktopOf(s, 0)
	if err := v.OpenLink(LinkToOpen{URL: "https://a.test/x?state=a~b"}); err != nil || strings.Join(s.opened, " ") != "https://a.test/x?state=a~b" {
		t.Errorf("opened %v, %v", s.opened, err)
	}
	for _, bad := range []string{"", "file:///etc/passwd", "javascript:alert(1)", "https://", "https://user:pass@a.test", "--help", "/etc/passwd", "vscode://x"} {
		if err := v.OpenLink(LinkToOpen{URL: bad}); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%q: %v", bad, err)
		}
	}
	got, err := v.SaveFile(FileToSave{Name: "log.csv", Text: "a,b"})
	if err != nil || got.Path != "/home/a/log.csv" || s.saved["log.csv"] != "a,b" {
		t.Errorf("saved %v at %v, %v", s.saved, got, err)
	}
	for _, bad := range []string{"", "../x", `a\b`, "a\x00b", strings.Repeat("n", maxText+1)} {
		if _, err := v.SaveFile(FileToSave{Name: bad}); fault.KindOf(err) != fault.Invalid {
			t.Errorf("the name %q: %v", bad, err)
		}
	}
	if _, err := desktopOf(s, 20128).UsePort(PortChoice{}); fault.KindOf(err) != fault.Conflict {
		t.Errorf("a second port: %v", err)
	}
	for _, bad := range []int{-1, 65536} {
		if _, err := v.UsePort(PortChoice{Port: bad}); fault.KindOf(err) != fault.Invalid {
			t.Errorf("port %d: %v", bad, err)
		}
	}
	if len(s.opened) != 1 || len(s.saved) != 1 || s.port != 0 {
		t.Errorf("something refused happened: %+v", s)
	}
}
