package desktop

import "strings"

// escapeCommand guards what the property list's XML would read as markup
// (desktop.md 3.8).
func escapeCommand(part string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(part)
}

// switchedOff: the system keeps that where only it can read it.
func switchedOff() bool { return false }
