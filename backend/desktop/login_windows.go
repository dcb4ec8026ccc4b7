package desktop

import (
	"errors"
	"strings"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
)

// SystemLogin is the Run value of the user's registry. go-autostart wants a C
// compiler on Windows (desktop.md 0.4).
type SystemLogin struct{}

const (
	runKey      = `Software\Microsoft\Windows\CurrentVersion\Run`
	approvedKey = `Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run`
)

// switchedOff reports that the task manager's list of startup apps has ours
// switched off: the first byte of its entry is odd.
func switchedOff() bool {
	key, err := registry.OpenKey(registry.CURRENT_USER, approvedKey, registry.QUERY_VALUE)
	if err != nil {
		return false
	}
	defer key.Close()
	state, _, err := key.GetBinaryValue(appName)
	return err == nil && len(state) > 0 && state[0]%2 == 1
}

// Enabled reports whether the value is there and counts.
func (SystemLogin) Enabled() (bool, error) {
	key, err := registry.OpenKey(registry.CURRENT_USER, runKey, registry.QUERY_VALUE)
	if errors.Is(err, registry.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, loginFailed(err)
	}
	defer key.Close()
	_, _, err = key.GetStringValue(appName)
	if errors.Is(err, registry.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, loginFailed(err)
	}
	return !switchedOff(), nil
}

// Set makes or removes the value.
func (SystemLogin) Set(on bool) error {
	key, _, err := registry.CreateKey(registry.CURRENT_USER, runKey, registry.SET_VALUE)
	if err != nil {
		return loginFailed(err)
	}
	defer key.Close()
	if !on {
		if err := key.DeleteValue(appName); err != nil && !errors.Is(err, registry.ErrNotExist) {
			return loginFailed(err)
		}
		return nil
	}
	command, err := loginCommand()
	if err != nil {
		return loginFailed(err)
	}
	for i, part := range command {
		command[i] = windows.EscapeArg(part)
	}
	if err := key.SetStringValue(appName, strings.Join(command, " ")); err != nil {
		return loginFailed(err)
	}
	return approve()
}

// approve takes back what the task manager switched off: who switches it on
// here wants it on.
func approve() error {
	key, err := registry.OpenKey(registry.CURRENT_USER, approvedKey, registry.SET_VALUE)
	if errors.Is(err, registry.ErrNotExist) {
		return nil
	}
	if err != nil {
		return loginFailed(err)
	}
	defer key.Close()
	if err := key.DeleteValue(appName); err != nil && !errors.Is(err, registry.ErrNotExist) {
		return loginFailed(err)
	}
	return nil
}
