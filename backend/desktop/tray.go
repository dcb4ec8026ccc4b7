//go:build desktop || dev || bindings

package desktop

import (
	"runtime"
	"sync"
	"sync/atomic"

	"fyne.io/systray"
)

// SystemTray is the icon near the clock. Show and Close are called from one
// goroutine.
//
// Lines are made once and from then on renamed, marked and hidden, never
// taken away: systray closes a removed line's channel, and a click that
// arrives at that moment would end the program.
type SystemTray struct {
	click func(do string)
	ready chan struct{}
	gone  chan struct{}
	end   func() // ends the loop, and waits
	going sync.WaitGroup

	drawn   bool
	icon    State
	tooltip string
	lines   []*line
}

// line is one line on screen. do changes when the lines of a list move up.
type line struct {
	item  *systray.MenuItem // nil = a separator
	do    atomic.Pointer[string]
	shown Item
	sub   []*line
}

// NewTray makes a tray whose clicks go to click. It is nil where the session
// has no bus to show it on.
func NewTray(click func(do string)) *SystemTray {
	if !busAlive() {
		return nil // systray would start a bus of its own, or panic at the end (desktop.md 3.3)
	}
	t := &SystemTray{click: click, ready: make(chan struct{}), gone: make(chan struct{})}
	if runtime.GOOS != "darwin" { // there it would stand beside the icon
		systray.SetTitle(appName)
	}
	t.end = begin(func() { close(t.ready) })
	return t
}

// Show draws what changed.
func (t *SystemTray) Show(icon State, tooltip string, items []Item) {
	<-t.ready
	if !t.drawn || icon != t.icon {
		t.setIcon(icon)
	}
	if !t.drawn || tooltip != t.tooltip {
		systray.SetTooltip(tooltip)
	}
	t.lines = t.draw(nil, t.lines, items)
	t.icon, t.tooltip, t.drawn = icon, tooltip, true
}

func (t *SystemTray) setIcon(s State) {
	switch runtime.GOOS {
	case "windows":
		systray.SetIcon(s.ICO())
	case "darwin":
		systray.SetTemplateIcon(s.Template(), s.PNG())
	default:
		systray.SetIcon(s.PNG())
	}
}

// draw brings lines in step with items: changes what differs, adds what is
// missing at the end, hides what is too much.
func (t *SystemTray) draw(parent *systray.MenuItem, lines []*line, items []Item) []*line {
	for i, it := range items {
		if i < len(lines) {
			t.change(lines[i], it)
			continue
		}
		lines = append(lines, t.add(parent, it))
	}
	for _, l := range lines[len(items):] {
		t.change(l, Item{Label: l.shown.Label, Check: l.shown.Check, Hidden: true})
	}
	return lines
}

func (t *SystemTray) add(parent *systray.MenuItem, it Item) *line {
	if it.Separator {
		systray.AddSeparator()
		return &line{shown: it}
	}
	l := &line{item: add(parent, it), shown: it}
	l.do.Store(&it.Do)
	if it.Disabled {
		l.item.Disable()
	}
	if it.Hidden {
		l.item.Hide()
	}
	l.sub = t.draw(l.item, nil, it.Items)
	t.going.Go(func() { t.listen(l) })
	return l
}

func add(parent *systray.MenuItem, it Item) *systray.MenuItem {
	label := escape(runtime.GOOS, it.Label)
	switch {
	case parent == nil && it.Check:
		return systray.AddMenuItemCheckbox(label, "", it.Checked)
	case parent == nil:
		return systray.AddMenuItem(label, "")
	case it.Check:
		return parent.AddSubMenuItemCheckbox(label, "", it.Checked)
	}
	return parent.AddSubMenuItem(label, "")
}

func (t *SystemTray) listen(l *line) {
	for {
		select {
		case <-l.item.ClickedCh:
			if do := *l.do.Load(); do != "" {
				t.click(do)
			}
		case <-t.gone:
			return
		}
	}
}

func (t *SystemTray) change(l *line, it Item) {
	was := l.shown
	l.shown = it
	if l.item == nil {
		return
	}
	l.do.Store(&it.Do)
	if it.Label != was.Label {
		l.item.SetTitle(escape(runtime.GOOS, it.Label))
	}
	if it.Checked != was.Checked {
		if it.Checked {
			l.item.Check()
		} else {
			l.item.Uncheck()
		}
	}
	if it.Hidden != was.Hidden {
		if it.Hidden {
			l.item.Hide()
		} else {
			l.item.Show()
		}
	}
	l.sub = t.draw(l.item, l.sub, it.Items)
}

// Close takes the icon away and returns when its loop has ended.
func (t *SystemTray) Close() {
	<-t.ready
	t.end()
	close(t.gone)
	t.going.Wait()
}
