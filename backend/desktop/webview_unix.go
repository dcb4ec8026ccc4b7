//go:build !windows && !darwin

package desktop

import "os"

// PrepareWebView comes before the window. With some drivers WebKit's faster
// way to the screen leaves the window blank (desktop.md 3.10); who set the
// variable knows better.
func PrepareWebView() error {
	const name = "WEBKIT_DISABLE_DMABUF_RENDERER"
	if _, set := os.LookupEnv(name); set {
		return nil
	}
	return os.Setenv(name, "1")
}
