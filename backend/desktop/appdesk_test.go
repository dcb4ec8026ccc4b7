//go:build app

package desktop

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
)

// The tests with the tag app run the built program on a whole desktop of its
// own: display, window manager, session bus, tray host, notification daemon,
// keyring. make test-desktop builds it and installs what is needed.

// patience bounds every wait for something that must happen. It is never
// measured.
const patience = 40 * time.Second

// appBinary is what make test-desktop built.
func appBinary(t *testing.T) string {
	t.Helper()
	path := os.Getenv("OMNIROUTE_APP")
	if path == "" {
		t.Fatal("OMNIROUTE_APP does not name the built program: run make test-desktop")
	}
	return path
}

// session is one person's desktop.
type session struct {
	t       *testing.T
	home    string
	data    string // DATA_DIR
	env     []string
	bus     *dbus.Conn // nil without a bus
	watcher *watcher
	toasts  *toastDaemon
}

type feature int

const (
	noBus feature = iota
	noTrayHost
	noDisplay
	keyringUnlocked
	keyringLocked
	wayland
)

func newSession(t *testing.T, features ...feature) *session {
	t.Helper()
	home, err := os.MkdirTemp("", "omd") // short: sockets live below it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(home) })
	s := &session{t: t, home: home, data: filepath.Join(home, "data")}
	run := filepath.Join(home, "run")
	if err := os.Mkdir(run, 0o700); err != nil {
		t.Fatal(err)
	}
	s.env = []string{
		"HOME=" + home, "XDG_RUNTIME_DIR=" + run, "DATA_DIR=" + s.data, "PATH=" + os.Getenv("PATH"), "LANG=C.UTF-8",
		"LIBGL_ALWAYS_SOFTWARE=1", "GTK_THEME=Adwaita", "LOG_LEVEL=debug",
	}
	has := func(f feature) bool { return slices.Contains(features, f) }
	if has(wayland) {
		s.env = append(s.env, "WAYLAND_DISPLAY=wayland-om", "XDG_SESSION_TYPE=wayland", "GDK_BACKEND=wayland")
		s.background("weston", "--backend=headless-backend.so", "--use-pixman", "--socket=wayland-om", "--idle-time=0")
		s.until("the compositor", func() bool { _, err := os.Stat(filepath.Join(run, "wayland-om")); return err == nil })
	}
	if !has(noDisplay) && !has(wayland) {
		number := s.announced("Xvfb", "-displayfd", "3", "-screen", "0", "1280x800x24", "-nolisten", "tcp")
		s.env = append(s.env, "DISPLAY=:"+number)
	}
	if !has(noBus) {
		address := s.announced("dbus-daemon", "--session", "--nofork", "--nopidfile", "--print-address=3")
		s.env = append(s.env, "DBUS_SESSION_BUS_ADDRESS="+address)
		if s.bus, err = dbus.Connect(address); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.bus.Close() })
		s.toasts = ownNotifications(t, s.bus)
		if !has(noTrayHost) {
			s.watcher = ownWatcher(t, s.bus)
		}
		if has(keyringUnlocked) || has(keyringLocked) {
			s.keyring(has(keyringLocked))
		}
	}
	if !has(noDisplay) && !has(wayland) {
		s.windowManager()
	}
	return s
}

// windowManager starts openbox, and again when it ends by itself: on a busy
// machine one session was once left without.
func (s *session) windowManager() {
	s.t.Helper()
	said := &output{}
	start := func() (gone chan struct{}) {
		cmd := exec.Command("openbox", "--sm-disable")
		cmd.Stdout, cmd.Stderr, cmd.Env, cmd.Dir = said, said, s.env, s.home
		if err := cmd.Start(); err != nil {
			s.t.Fatal(err)
		}
		gone = make(chan struct{})
		go func() { cmd.Wait(); close(gone) }()
		s.t.Cleanup(func() { cmd.Process.Kill(); <-gone })
		return gone
	}
	gone := start()
	defer func() {
		if s.t.Failed() {
			s.t.Logf("openbox said: %s", said)
		}
	}()
	s.until("the window manager", func() bool {
		select {
		case <-gone:
			gone = start()
		default:
		}
		return s.tool("wmctrl", "-m") != ""
	})
}

// background runs a program of the desktop until the end of the test.
func (s *session) background(name string, args ...string) *exec.Cmd {
	s.t.Helper()
	return s.spawn(exec.Command(name, args...))
}

func (s *session) spawn(cmd *exec.Cmd) *exec.Cmd {
	s.t.Helper()
	cmd.Env, cmd.Dir = s.env, s.home
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		s.t.Fatalf("%s: %v", cmd.Path, err)
	}
	s.t.Cleanup(func() {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		cmd.Wait()
	})
	return cmd
}

// announced runs a program that says on descriptor 3 where it is.
func (s *session) announced(name string, args ...string) string {
	s.t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		s.t.Fatal(err)
	}
	defer r.Close()
	cmd := exec.Command(name, args...)
	cmd.ExtraFiles = []*os.File{w}
	s.spawn(cmd)
	w.Close()
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		s.t.Fatalf("%s did not start: %v", name, err)
	}
	return strings.TrimSpace(line)
}

// keyring starts the real gnome-keyring; locked means that it has a keyring
// whose password nobody typed.
func (s *session) keyring(locked bool) {
	s.t.Helper()
	unlock := func() *exec.Cmd {
		cmd := exec.Command("gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets")
		cmd.Stdin = strings.NewReader("ci\n")
		return s.spawn(cmd)
	}
	ready := func() bool {
		var has bool
		return s.bus.BusObject().Call("org.freedesktop.DBus.NameHasOwner", 0, "org.freedesktop.secrets").Store(&has) == nil && has
	}
	cmd := unlock()
	s.until("the keyring", ready)
	if !locked {
		return
	}
	if out, err := s.command("secret-tool", "store", "--label=first", "a", "b").stdin("x").CombinedOutput(); err != nil {
		s.t.Fatalf("making a keyring: %v %s", err, out)
	}
	syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
	s.until("the end of the keyring", func() bool { return !ready() })
	s.background("gnome-keyring-daemon", "--foreground", "--components=secrets")
	s.until("the locked keyring", ready)
}

type command struct{ *exec.Cmd }

func (s *session) command(name string, args ...string) command {
	cmd := exec.Command(name, args...)
	cmd.Env, cmd.Dir = s.env, s.home
	return command{cmd}
}

func (c command) stdin(text string) command { c.Stdin = strings.NewReader(text); return c }

// tool runs a small program of the desktop; its failure is an empty answer.
func (s *session) tool(name string, args ...string) string {
	out, err := s.command(name, args...).Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

// until waits for something outside of this process.
func (s *session) until(what string, is func() bool) {
	s.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	end := time.After(patience)
	for !is() {
		select {
		case <-tick.C:
		case <-end:
			s.t.Fatalf("waited in vain for %s", what)
		}
	}
}

// output is what a program wrote.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}
func (o *output) String() string { o.mu.Lock(); defer o.mu.Unlock(); return o.buf.String() }

// program is one start of OmniRoute.
type program struct {
	s     *session
	cmd   *exec.Cmd
	port  int
	out   *output
	ended chan struct{}
	begun time.Time
}

// start starts the program on a free port.
func (s *session) start(args ...string) *program {
	s.t.Helper()
	return s.startOn(freePort(s.t), args...)
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func (s *session) startOn(port int, args ...string) *program {
	s.t.Helper()
	p := &program{s: s, port: port, out: &output{}, ended: make(chan struct{})}
	p.cmd = exec.Command(appBinary(s.t), append(args, "--port", fmt.Sprint(port))...)
	p.cmd.Env, p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = s.env, s.home, p.out, p.out
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p.begun = time.Now()
	if err := p.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	go func() { p.cmd.Wait(); close(p.ended) }()
	s.t.Cleanup(func() {
		syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
		<-p.ended
		if text := p.out.String(); strings.Contains(text, "panic:") || strings.Contains(text, "DATA RACE") {
			s.t.Errorf("the program panicked:\n%s", text)
		} else if s.t.Failed() {
			s.t.Logf("the program said:\n%s", text)
		}
	})
	return p
}

// exit waits for the end of the program.
func (p *program) exit() int {
	p.s.t.Helper()
	select {
	case <-p.ended:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		p.s.t.Fatalf("the program did not end:\n%s", p.out)
		return -1
	}
}

func (p *program) running() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// api calls the gateway; nil means that nobody answers.
func (p *program) api(method, path string, in any) map[string]any {
	p.s.t.Helper()
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			p.s.t.Fatal(err)
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequest(method, fmt.Sprintf("http://127.0.0.1:%d%s", p.port, path), body)
	if err != nil {
		p.s.t.Fatal(err)
	}
	req.Close = true // no connection outlives the test
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil
	}
	defer resp.Body.Close()
	out := map[string]any{"status": resp.StatusCode, "header": resp.Header}
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		p.s.t.Fatal(err)
	}
	if len(text) > 0 {
		if err := json.Unmarshal(text, &out); err != nil {
			p.s.t.Fatalf("%s %s: %s", method, path, text)
		}
	}
	return out
}

// serving waits until the gateway answers.
func (p *program) serving() *program {
	p.s.t.Helper()
	p.s.until("the gateway", func() bool { return p.api("GET", "/healthz", nil) != nil || !p.running() })
	if !p.running() {
		p.s.t.Fatalf("the program ended:\n%s", p.out)
	}
	return p
}

// visible reports whether the window is on screen.
func (s *session) visible() bool {
	return s.tool("xdotool", "search", "--onlyvisible", "--name", "^OmniRoute$") != ""
}

// minimised reports whether the window is in the task bar alone. The toolkit
// has a second, never shown one of the same name.
func (s *session) minimised() bool {
	for id := range strings.FieldsSeq(s.tool("xdotool", "search", "--name", "^OmniRoute$")) {
		if strings.Contains(s.tool("xprop", "-id", id, "WM_STATE"), "Iconic") {
			return !s.visible()
		}
	}
	return false
}

func (s *session) closeWindow() { s.tool("wmctrl", "-c", "OmniRoute") }

// screenshot is the whole screen; the file stays when the test fails.
func (s *session) screenshot(name string) image.Image {
	s.t.Helper()
	dir := os.Getenv("OMNIROUTE_SHOTS")
	if dir == "" {
		dir = s.t.TempDir()
	}
	file := filepath.Join(dir, name+".png")
	if out, err := s.command("import", "-window", "root", file).CombinedOutput(); err != nil {
		s.t.Fatalf("screenshot: %v %s", err, out)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		s.t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(text))
	if err != nil {
		s.t.Fatal(err)
	}
	return img
}

// painted reports that the middle of the screen, where the page is, holds
// more than a window's background.
func painted(img image.Image) bool {
	seen := map[[3]uint32]bool{}
	b := img.Bounds()
	for y := b.Min.Y + b.Dy()/5; y < b.Max.Y-b.Dy()/5; y += 2 {
		for x := b.Min.X + b.Dx()/5; x < b.Max.X-b.Dx()/5; x += 2 {
			r, g, bl, _ := img.At(x, y).RGBA()
			seen[[3]uint32{r, g, bl}] = true
		}
	}
	return len(seen) > 30 // edges of letters have many shades
}

// look waits until the page is painted and keeps the picture.
func (s *session) look(name string) {
	s.t.Helper()
	s.until("a painted page", func() bool { return painted(s.screenshot(name)) })
}
