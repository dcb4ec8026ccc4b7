package desktop

import (
	"runtime/debug"
	"strings"
)

// Generating reports a build that runs only for wails to look at what is
// bound: nothing may be opened then (rulings 4.2).
func Generating() bool {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return false
	}
	for _, s := range info.Settings {
		if s.Key == "-tags" && strings.Contains(s.Value, "bindings") {
			return true
		}
	}
	return false
}
