package daemon

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// holder names the program that listens on a port, "" when that cannot be
// told: another user's processes are not ours to look into.
func holder(port int) string {
	inodes := map[string]bool{}
	for _, table := range [...]string{"/proc/net/tcp", "/proc/net/tcp6"} {
		raw, err := os.ReadFile(table)
		if err != nil {
			continue
		}
		for _, line := range strings.Split(string(raw), "\n") {
			f := strings.Fields(line)
			if len(f) > 9 && f[3] == "0A" && strings.HasSuffix(f[1], fmt.Sprintf(":%04X", port)) {
				inodes["socket:["+f[9]+"]"] = true
			}
		}
	}
	links, _ := filepath.Glob("/proc/[0-9]*/fd/*")
	for _, l := range links {
		if target, err := os.Readlink(l); err == nil && inodes[target] {
			pid := strings.Split(l, "/")[2]
			name, err := os.ReadFile("/proc/" + pid + "/comm")
			if err != nil {
				return "process " + pid
			}
			return strings.TrimSpace(string(name)) + " (process " + pid + ")"
		}
	}
	return ""
}
