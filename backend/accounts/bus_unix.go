//go:build !windows && !darwin

package accounts

import (
	"os"
	"path/filepath"
)

// SessionBus reports whether this session has a D-Bus. Asking the D-Bus
// library instead would start a private one (desktop.md 3.3).
func SessionBus() bool {
	if os.Getenv("DBUS_SESSION_BUS_ADDRESS") != "" {
		return true
	}
	dir := os.Getenv("XDG_RUNTIME_DIR")
	if dir == "" {
		return false
	}
	_, err := os.Stat(filepath.Join(dir, "bus"))
	return err == nil
}
