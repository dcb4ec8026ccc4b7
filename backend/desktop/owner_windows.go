package desktop

import "io/fs"

// private: the temporary directory of Windows is the user's own.
func private(fs.FileInfo) bool { return true }
