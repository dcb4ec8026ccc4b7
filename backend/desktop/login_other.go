//go:build !windows

package desktop

import (
	"errors"
	"io/fs"

	"github.com/emersion/go-autostart"
)

// SystemLogin is the login item of this system: a desktop entry or, on macOS,
// a launch agent.
type SystemLogin struct{}

// entry is made anew for each use: enabling one twice would quote its command
// twice (desktop.md 3.8).
func entry() (*autostart.App, error) {
	command, err := loginCommand()
	if err != nil {
		return nil, err
	}
	for i, part := range command {
		command[i] = escapeCommand(part)
	}
	return &autostart.App{Name: loginName, DisplayName: appName, Exec: command}, nil
}

// Enabled reports whether the entry is there and counts.
func (SystemLogin) Enabled() (bool, error) {
	app, err := entry()
	if err != nil {
		return false, loginFailed(err)
	}
	return app.IsEnabled() && !switchedOff(), nil
}

// Set makes or removes the entry.
func (SystemLogin) Set(on bool) error {
	app, err := entry()
	if err != nil {
		return loginFailed(err)
	}
	if on {
		err = app.Enable()
	} else if err = app.Disable(); errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if err != nil {
		return loginFailed(err)
	}
	return nil
}
