//go:build !windows && !darwin

package desktop

import (
	"bufio"
	"bytes"
	"os"
	"path/filepath"
	"strings"
)

// escapeCommand guards what desktop entries read as a field code; go-autostart
// does the quoting (desktop.md 3.8).
func escapeCommand(part string) string { return strings.ReplaceAll(part, "%", "%%") }

// switchedOff reports that the entry is there but a settings program of the
// desktop switched it off (Desktop Application Autostart Specification).
func switchedOff() bool {
	dir := os.Getenv("XDG_CONFIG_HOME")
	if dir == "" {
		dir = filepath.Join(os.Getenv("HOME"), ".config")
	}
	text, err := os.ReadFile(filepath.Join(dir, "autostart", loginName+".desktop"))
	if err != nil {
		return false
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		switch strings.ToLower(strings.ReplaceAll(lines.Text(), " ", "")) {
		case "hidden=true", "x-gnome-autostart-enabled=false":
			return true
		}
	}
	return false
}
