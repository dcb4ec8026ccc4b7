package control

import (
	"net/url"
	"strings"

	"omniroute/backend/fault"
)

// Shell is what only the window can do. Its methods are safe for concurrent
// use.
type Shell interface {
	// LoginItem reports whether the program starts at login, and whether this
	// system has such entries.
	LoginItem() (on, can bool)
	SetLoginItem(on bool) error
	// HasTray asks whether something shows the tray icon at this moment.
	HasTray() bool
	// UsePort opens another port for the gateway that has none; 0 = any.
	UsePort(port int) error
	// OpenLink shows an address in the browser.
	OpenLink(address string) error
	// SaveFile asks the person where to, and writes there. "" = they changed
	// their mind.
	SaveFile(name, text string) (path string, err error)
}

// Desktop are the verbs about the window and what stands around it. Where
// there is none, State says so and the others refuse.
type Desktop struct{ rooms *Rooms }

// DesktopState is how the program is at home on this desktop.
type DesktopState struct {
	Available       bool `json:"available"` // there is a window
	StartAtLogin    bool `json:"startAtLogin"`
	CanStartAtLogin bool `json:"canStartAtLogin"` // this system has login items
	HasTray         bool `json:"hasTray"`         // something shows the tray icon now
	Listening       bool `json:"listening"`       // the gateway has its port
}

// LoginItemChange switches the start at login.
type LoginItemChange struct {
	Caller Caller `json:"-"`
	On     bool   `json:"on"`
}

// PortChoice is another port for the gateway, for this run.
type PortChoice struct {
	Caller Caller `json:"-"`
	Port   int    `json:"port"` // 0 = any that is free
}

// LinkToOpen is an address for the person's browser.
type LinkToOpen struct {
	Caller Caller `json:"-"`
	URL    string `json:"url"`
}

// FileToSave is a text that the person may keep in a file of their choice.
type FileToSave struct {
	Caller Caller `json:"-"`
	Name   string `json:"name"` // proposed
	Text   string `json:"text"`
}

// SavedFile says where it went.
type SavedFile struct {
	Path string `json:"path"` // "" = the person changed their mind
}

// routes are the part of Routes about the window.
func (v *Desktop) routes() []Route {
	return []Route{
		view("GET /api/desktop", v.State),
		verb("PUT /api/desktop/login-item", v.SetLoginItem),
		verb("POST /api/desktop/port", v.UsePort),
		act("POST /api/desktop/link", v.OpenLink),
		verb("POST /api/desktop/file", v.SaveFile),
	}
}

// State shows how the program is at home here.
func (v *Desktop) State() (DesktopState, error) {
	out := DesktopState{Listening: v.rooms.Port() != 0}
	if s := v.rooms.Shell; s != nil {
		out.Available, out.HasTray = true, s.HasTray()
		out.StartAtLogin, out.CanStartAtLogin = s.LoginItem()
	}
	return out, nil
}

// SetLoginItem makes the program start at login, or not, and shows what came
// of it.
func (v *Desktop) SetLoginItem(in LoginItemChange) (DesktopState, error) {
	if err := in.Caller.proven("Changing what starts at login"); err != nil {
		return DesktopState{}, err
	}
	s, err := v.shell()
	if err == nil {
		err = s.SetLoginItem(in.On)
	}
	if err != nil {
		return DesktopState{}, err
	}
	return v.State()
}

// UsePort opens another port after the usual one was found taken.
func (v *Desktop) UsePort(in PortChoice) (ProcessStatus, error) {
	s, err := v.window(in.Caller)
	if err != nil {
		return ProcessStatus{}, err
	}
	if in.Port < 0 || in.Port > 65535 {
		return ProcessStatus{}, badInput("port", "port must be between 1 and 65535, or 0 for any that is free.")
	}
	if v.rooms.Port() != 0 {
		return ProcessStatus{}, fault.New(fault.Conflict, "control.desktop", "The gateway has a port already. To use another one, start with --port N.")
	}
	if err := s.UsePort(in.Port); err != nil {
		return ProcessStatus{}, err
	}
	return (&System{rooms: v.rooms}).Status()
}

// OpenLink opens a page of the web in the person's browser.
func (v *Desktop) OpenLink(in LinkToOpen) error {
	s, err := v.window(in.Caller)
	if err != nil {
		return err
	}
	u, err := url.Parse(in.URL)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil {
		return badInput("url", "Only addresses that begin with https:// or http:// can be opened.")
	}
	return s.OpenLink(u.String())
}

// SaveFile keeps a text in a file that the person chooses.
func (v *Desktop) SaveFile(in FileToSave) (SavedFile, error) {
	s, err := v.window(in.Caller)
	if err != nil {
		return SavedFile{}, err
	}
	if in.Name == "" || strings.ContainsAny(in.Name, "/\\\x00") || len(in.Name) > maxText {
		return SavedFile{}, badInput("name", "name must be the name of a file, without a folder.")
	}
	path, err := s.SaveFile(in.Name, in.Text)
	return SavedFile{path}, err
}

func (v *Desktop) shell() (Shell, error) {
	if v.rooms.Shell == nil {
		return nil, fault.New(fault.NotFound, "control.desktop", "This works in the OmniRoute window only, and the gateway runs without one.")
	}
	return v.rooms.Shell, nil
}

// window lets only the window's own page do what happens on the person's
// screen.
func (v *Desktop) window(c Caller) (Shell, error) {
	if c.kind != callerBound {
		return nil, fault.New(fault.Forbidden, "control.desktop", "This works in the OmniRoute window only.")
	}
	return v.shell()
}
