package control

import (
	"os/exec"
	"runtime"

	"omniroute/backend/fault"
)

// OpenBrowser shows a file or an address in the user's browser. Only the
// command line calls it, never a request (peers.md S29). The target must not
// be a secret: process lists show it.
func OpenBrowser(target string) error {
	name, args := opener(runtime.GOOS, target)
	cmd := exec.Command(name, args...)
	if err := cmd.Start(); err != nil {
		return fault.Wrap(fault.NotFound, "control.browser", err, "No browser could be opened. Open this yourself: "+target)
	}
	go func() { _ = cmd.Wait() }() // what the browser says later is its own business
	return nil
}

// HasDisplay reports whether a browser could show anything here.
func HasDisplay(goos string, lookup func(string) (string, bool)) bool {
	if goos == "windows" || goos == "darwin" {
		return true
	}
	for _, name := range [...]string{"DISPLAY", "WAYLAND_DISPLAY"} {
		if v, ok := lookup(name); ok && v != "" {
			return true
		}
	}
	return false
}

// opener is the program that knows the user's browser.
func opener(goos, target string) (name string, args []string) {
	switch goos {
	case "darwin":
		return "/usr/bin/open", []string{target}
	case "windows":
		return "rundll32", []string{"url.dll,FileProtocolHandler", target}
	}
	return "xdg-open", []string{target}
}
