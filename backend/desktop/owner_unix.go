//go:build !windows

package desktop

import (
	"io/fs"
	"os"
	"syscall"
)

// private reports that only we can enter a directory.
func private(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == os.Getuid() && info.Mode().Perm() == 0o700
}
