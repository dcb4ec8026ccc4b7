//go:build !windows

package desktop

import "os"

// sessionLanguage is the first of the usual variables that is set (POSIX,
// locale).
func sessionLanguage() string {
	for _, name := range [...]string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if tag := os.Getenv(name); tag != "" {
			return tag
		}
	}
	return ""
}
