//go:build windows || darwin

package desktop

func busAlive() bool { return true }

// HasTray: these systems always show tray icons.
func HasTray() bool { return true }
