package desktop

// PrefersDark: the window takes the system's colours by itself there.
func PrefersDark() bool { return false }
