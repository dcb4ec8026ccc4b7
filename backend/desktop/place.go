package desktop

import (
	"encoding/json"
	"os"
	"path/filepath"
)

// Place is where the window stood, in pixels.
type Place struct {
	X         int  `json:"x"`
	Y         int  `json:"y"`
	Width     int  `json:"width"`
	Height    int  `json:"height"`
	Maximised bool `json:"maximised"`
	Known     bool `json:"-"` // it was saved; otherwise the window is centred
}

// Screen is the size of a screen, in pixels.
type Screen struct{ Width, Height int }

const placeFile = "window.json"

// The window before anybody moved it, and the smallest the dashboard is made
// for, in pixels.
const (
	firstWidth  = 1200
	firstHeight = 800
	MinWidth    = 400
	MinHeight   = 560
)

// LoadPlace reads where the window stood. What cannot be read is the first
// place.
func LoadPlace(dataDir string) Place {
	first := Place{Width: firstWidth, Height: firstHeight}
	text, err := os.ReadFile(filepath.Join(dataDir, placeFile))
	if err != nil {
		return first
	}
	p := Place{}
	if json.Unmarshal(text, &p) != nil || p.Width < 1 || p.Height < 1 {
		return first
	}
	p.Known = true
	return p
}

// Save keeps where the window stands.
func (p Place) Save(dataDir string) error {
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	path := filepath.Join(dataDir, placeFile)
	if err := os.WriteFile(path+".new", text, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// Clamp fits a place on a screen: nothing of the title bar may be out of
// reach after a screen was unplugged or became smaller. A first window leaves
// a tenth of the screen to panels and title bars.
func (p Place) Clamp(s Screen) Place {
	if s.Width < 1 || s.Height < 1 {
		return p
	}
	if !p.Known {
		p.Width, p.Height = min(p.Width, s.Width*9/10), min(p.Height, s.Height*9/10)
	}
	p.Width = min(max(p.Width, MinWidth), max(s.Width, MinWidth))
	p.Height = min(max(p.Height, MinHeight), max(s.Height, MinHeight))
	p.X = min(max(p.X, 0), max(s.Width-p.Width, 0))
	p.Y = min(max(p.Y, 0), max(s.Height-p.Height, 0))
	return p
}
