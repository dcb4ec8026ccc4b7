package desktop

import (
	"strings"
	"time"

	"omniroute/backend/i18n"
)

// State is what the tray icon says: one shape each.
type State int

// The states, from the quietest to the loudest.
const (
	Ready State = iota
	Paused
	Attention
	Broken
)

// word is the state's key in the catalogue.
func (s State) word() string {
	return [...]string{"desktop:state.ready", "desktop:state.paused", "desktop:state.attention", "desktop:state.broken"}[s]
}

// Standing is everything the tray shows, gathered anew after each event.
type Standing struct {
	State       State
	Trouble     string    // title of the worst open condition, "" = none
	More        int       // how many others are open
	PausedUntil time.Time // zero = until a person resumes
	Combos      []Combo   // by name
	LoginItem   bool      // starts at login
	CanLogin    bool      // this system has login items
	NoPort      bool      // another program has the gateway's port
}

// Combo is a line of the list of combos.
type Combo struct {
	ID, Name string
	Active   bool
}

// Item is one line of the tray's menu. Do is what a click asks of the shell,
// "" for lines that do nothing. The top level always has the same lines in
// the same places, so that a tray never has to take one away (see
// SystemTray); what does not apply is hidden.
type Item struct {
	Do        string
	Label     string
	Separator bool
	Check     bool // can carry a mark
	Checked   bool
	Disabled  bool
	Hidden    bool
	Items     []Item // a submenu; never deeper than one
}

// What clicks ask.
const (
	doOpen   = "open"
	doCopy   = "copy-endpoint"
	doPause  = "pause/" // and minutes, 0 = until resumed
	doResume = "resume"
	doCombo  = "combo/" // and id
	doLogin  = "login"
	doPort   = "use-another-port"
	doQuit   = "quit"
)

// longestName is how many characters of a combo's name fit a menu.
const longestName = 40

// Menu is the tray's menu for a standing, in one language.
func Menu(w i18n.Words, s Standing) []Item {
	separator := Item{Separator: true}
	paused := s.State == Paused
	return []Item{
		{Label: Headline(w, s), Disabled: true},
		{Do: doOpen, Label: w.T("desktop:tray.open")},
		separator,
		{Label: w.T("desktop:tray.noCombo"), Disabled: true, Hidden: len(s.Combos) > 0},
		combos(w, s),
		{Do: doPort, Label: w.T("desktop:tray.usePort"), Hidden: !s.NoPort},
		{Do: doCopy, Label: w.T("desktop:tray.copyEndpoint"), Hidden: s.NoPort},
		{Label: w.T("desktop:tray.pause"), Hidden: paused, Items: []Item{
			{Do: doPause + "15", Label: w.T("desktop:tray.pause15")},
			{Do: doPause + "60", Label: w.T("desktop:tray.pause60")},
			{Do: doPause + "0", Label: w.T("desktop:tray.pauseOpen")},
		}},
		{Do: doResume, Label: w.T("desktop:tray.resume"), Hidden: !paused},
		separator,
		{Do: doLogin, Label: w.T("desktop:tray.startAtLogin"), Check: true, Checked: s.LoginItem, Hidden: !s.CanLogin},
		{Do: doQuit, Label: w.T("desktop:tray.quit")},
	}
}

// Headline is the state in one line: the first of the menu, and the tooltip.
func Headline(w i18n.Words, s Standing) string {
	switch {
	case s.State == Paused && !s.PausedUntil.IsZero():
		return w.T("desktop:tray.pausedUntil", "time", s.PausedUntil.Local().Format("15:04"))
	case s.Trouble != "" && s.More > 0:
		return w.N("desktop:tray.more", s.More, "title", s.Trouble)
	case s.Trouble != "":
		return s.Trouble
	}
	return w.T("desktop:tray.status", "state", w.T(s.State.word()))
}

func combos(w i18n.Words, s Standing) Item {
	list := Item{Label: w.T("desktop:tray.chooseCombo"), Hidden: len(s.Combos) == 0}
	for _, c := range s.Combos {
		if c.Active {
			list.Label = w.T("desktop:tray.combo", "name", plain(c.Name))
		}
		list.Items = append(list.Items, Item{Do: doCombo + c.ID, Label: plain(c.Name), Check: true, Checked: c.Active})
	}
	return list
}

// plain is a name in one short line.
func plain(name string) string {
	name = strings.Join(strings.Fields(name), " ")
	if runes := []rune(name); len(runes) > longestName {
		name = string(runes[:longestName-1]) + "…"
	}
	return name
}
