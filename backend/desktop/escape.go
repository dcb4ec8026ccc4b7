package desktop

import "strings"

// escape writes a label so that the system's menu shows it as it is: D-Bus
// menus take _ and Windows takes & for the mark of a key.
func escape(goos, label string) string {
	switch goos {
	case "darwin":
		return label
	case "windows":
		return strings.ReplaceAll(label, "&", "&&")
	}
	return strings.ReplaceAll(label, "_", "__")
}
