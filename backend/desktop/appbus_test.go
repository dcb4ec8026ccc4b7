//go:build app

package desktop

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
)

// watcher is a panel's tray host: programs register their icons with it.
type watcher struct {
	t     *testing.T
	bus   *dbus.Conn
	items chan string // bus names of those who registered
}

// RegisterStatusNotifierItem is the D-Bus method.
func (w *watcher) RegisterStatusNotifierItem(_ string, sender dbus.Sender) *dbus.Error {
	w.items <- string(sender)
	return nil
}

func ownWatcher(t *testing.T, bus *dbus.Conn) *watcher {
	t.Helper()
	w := &watcher{t: t, bus: bus, items: make(chan string, 20)}
	if err := bus.Export(w, "/StatusNotifierWatcher", "org.kde.StatusNotifierWatcher"); err != nil {
		t.Fatal(err)
	}
	w.appear()
	return w
}

func (w *watcher) appear() {
	w.t.Helper()
	if _, err := w.bus.RequestName("org.kde.StatusNotifierWatcher", dbus.NameFlagDoNotQueue); err != nil {
		w.t.Fatal(err)
	}
}

// vanish is what a panel does that crashes.
func (w *watcher) vanish() {
	w.t.Helper()
	if _, err := w.bus.ReleaseName("org.kde.StatusNotifierWatcher"); err != nil {
		w.t.Fatal(err)
	}
}

// icon waits for a registration.
func (w *watcher) icon() *icon {
	w.t.Helper()
	select {
	case name := <-w.items:
		return &icon{w.t, w.bus, name}
	case <-time.After(patience):
		w.t.Fatal("no tray icon was registered")
		return nil
	}
}

// icon is somebody's tray icon.
type icon struct {
	t    *testing.T
	bus  *dbus.Conn
	name string
}

// menuLine is a line of its menu.
type menuLine struct {
	id      int32
	label   string
	visible bool
	enabled bool
	checked bool
	sub     []menuLine
}

type layout struct {
	ID    int32
	Props map[string]dbus.Variant
	Sub   []dbus.Variant
}

func (i *icon) menu() []menuLine {
	var revision uint32
	var root layout
	call := i.bus.Object(i.name, "/StatusNotifierItem/menu").Call("com.canonical.dbusmenu.GetLayout", 0, int32(0), int32(-1), []string{})
	if call.Err != nil || call.Store(&revision, &root) != nil {
		return nil
	}
	return entries(root.Sub)
}

func entries(list []dbus.Variant) (out []menuLine) {
	for _, v := range list {
		var l layout
		if dbus.Store([]any{v.Value()}, &l) != nil {
			continue
		}
		e := menuLine{id: l.ID, visible: true, enabled: true, sub: entries(l.Sub)}
		e.label, _ = l.Props["label"].Value().(string)
		if on, ok := l.Props["visible"].Value().(bool); ok {
			e.visible = on
		}
		if on, ok := l.Props["enabled"].Value().(bool); ok {
			e.enabled = on
		}
		state, _ := l.Props["toggle-state"].Value().(int32)
		e.checked = state == 1
		out = append(out, e)
	}
	return out
}

// find looks a line up by its words; a submenu's line as "menu > line".
func find(list []menuLine, path string) (menuLine, bool) {
	first, rest, deeper := strings.Cut(path, " > ")
	for _, e := range list {
		if !e.visible || e.label != first {
			continue
		}
		if !deeper {
			return e, true
		}
		return find(e.sub, rest)
	}
	return menuLine{}, false
}

// line waits for a line of the menu.
func (i *icon) line(s *session, path string, is func(menuLine) bool) menuLine {
	i.t.Helper()
	var got menuLine
	s.until("the tray's line "+path, func() bool {
		var ok bool
		got, ok = find(i.menu(), path)
		return ok && is(got)
	})
	return got
}

func there(menuLine) bool { return true }

func checked(e menuLine) bool { return e.checked }

func (i *icon) click(s *session, path string) {
	i.t.Helper()
	e := i.line(s, path, there)
	call := i.bus.Object(i.name, "/StatusNotifierItem/menu").Call("com.canonical.dbusmenu.Event", 0, e.id, "clicked", dbus.MakeVariant(int32(0)), uint32(0))
	if call.Err != nil {
		i.t.Fatalf("clicking %s: %v", path, call.Err)
	}
}

// picture is the icon's pixels.
func (i *icon) picture() string {
	v, err := i.bus.Object(i.name, "/StatusNotifierItem").GetProperty("org.kde.StatusNotifierItem.IconPixmap")
	if err != nil {
		return ""
	}
	var pictures []struct {
		W, H int32
		Data []byte
	}
	if dbus.Store([]any{v.Value()}, &pictures) != nil || len(pictures) == 0 {
		return ""
	}
	return string(pictures[0].Data)
}

// notification is one that the daemon was asked to show.
type notification struct{ app, title, body string }

// toastDaemon is a notification daemon.
type toastDaemon struct{ shown chan notification }

// Notify is the D-Bus method.
func (d *toastDaemon) Notify(app string, _ uint32, _, title, body string, _ []string, _ map[string]dbus.Variant, _ int32) (uint32, *dbus.Error) {
	d.shown <- notification{app, title, body}
	return 1, nil
}

// GetCapabilities is the D-Bus method.
func (d *toastDaemon) GetCapabilities() ([]string, *dbus.Error) { return []string{"body"}, nil }

// GetServerInformation is the D-Bus method.
func (d *toastDaemon) GetServerInformation() (name, vendor, version, spec string, err *dbus.Error) {
	return "test", "test", "1", "1.2", nil
}

// CloseNotification is the D-Bus method.
func (d *toastDaemon) CloseNotification(uint32) *dbus.Error { return nil }

func ownNotifications(t *testing.T, bus *dbus.Conn) *toastDaemon {
	t.Helper()
	d := &toastDaemon{shown: make(chan notification, 50)}
	if err := bus.Export(d, "/org/freedesktop/Notifications", "org.freedesktop.Notifications"); err != nil {
		t.Fatal(err)
	}
	if _, err := bus.RequestName("org.freedesktop.Notifications", dbus.NameFlagDoNotQueue); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *toastDaemon) next(t *testing.T) notification {
	t.Helper()
	select {
	case n := <-d.shown:
		return n
	case <-time.After(patience):
		t.Fatal("no notification came")
		return notification{}
	}
}

// a11y is the bus on which screen readers read the program.
func (s *session) a11y() (*dbus.Conn, error) {
	var address string
	if err := s.bus.Object("org.a11y.Bus", "/org/a11y/bus").Call("org.a11y.Bus.GetAddress", 0).Store(&address); err != nil {
		return nil, err
	}
	return dbus.Connect(address)
}

// desktopRoot is where all that is accessible begins.
func desktopRoot() reference {
	return reference{"org.a11y.atspi.Registry", "/org/a11y/atspi/accessible/root"}
}

// pageText is what a screen reader finds in the program: the page of the
// window, word for word.
func (s *session) pageText() string {
	conn, err := s.a11y()
	if err != nil {
		return ""
	}
	defer conn.Close()
	var out []string
	readAccessible(conn, desktopRoot(), 0, &out)
	return strings.Join(out, "\n")
}

// press does what a screen reader's user does with a button of the page.
func (s *session) press(button string) {
	s.t.Helper()
	s.until("the button "+button, func() bool {
		conn, err := s.a11y()
		if err != nil {
			return false
		}
		defer conn.Close()
		return pressIn(conn, desktopRoot(), button, 0)
	})
}

func pressIn(conn *dbus.Conn, r reference, button string, depth int) bool {
	o := conn.Object(r.Name, r.Path)
	name, err := o.GetProperty("org.a11y.atspi.Accessible.Name")
	if text, _ := name.Value().(string); err == nil && text == button {
		var can []string
		var done bool
		if o.Call("org.a11y.atspi.Accessible.GetInterfaces", 0).Store(&can) == nil && slices.Contains(can, "org.a11y.atspi.Action") {
			return o.Call("org.a11y.atspi.Action.DoAction", 0, int32(0)).Store(&done) == nil && done
		}
	}
	if depth > 60 {
		return false
	}
	for _, c := range children(o) {
		if pressIn(conn, c, button, depth+1) {
			return true
		}
	}
	return false
}

type reference struct {
	Name string
	Path dbus.ObjectPath
}

func readAccessible(conn *dbus.Conn, r reference, depth int, out *[]string) {
	if depth > 60 || len(*out) > 5000 {
		return
	}
	o := conn.Object(r.Name, r.Path)
	if v, err := o.GetProperty("org.a11y.atspi.Accessible.Name"); err == nil {
		if name, _ := v.Value().(string); name != "" {
			*out = append(*out, name)
		}
	}
	var text string
	var interfaces []string
	_ = o.Call("org.a11y.atspi.Accessible.GetInterfaces", 0).Store(&interfaces) // none then
	if slices.Contains(interfaces, "org.a11y.atspi.Text") && o.Call("org.a11y.atspi.Text.GetText", 0, int32(0), int32(-1)).Store(&text) == nil && strings.Trim(text, " \n\ufffc") != "" {
		*out = append(*out, text)
	}
	for _, c := range children(o) {
		readAccessible(conn, c, depth+1, out)
	}
}

// children also crosses from the window to the page, which another process
// draws: such a child is known by its index alone.
func children(o dbus.BusObject) (list []reference) {
	if o.Call("org.a11y.atspi.Accessible.GetChildren", 0).Store(&list) == nil && len(list) > 0 {
		return list
	}
	var only reference
	count, err := o.GetProperty("org.a11y.atspi.Accessible.ChildCount")
	if n, _ := count.Value().(int32); err != nil || n == 0 || o.Call("org.a11y.atspi.Accessible.GetChildAtIndex", 0, int32(0)).Store(&only) != nil {
		return nil
	}
	return []reference{only}
}
