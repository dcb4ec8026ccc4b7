//go:build windows || darwin

package desktop

// PrepareWebView: the web views of these systems need nothing.
func PrepareWebView() error { return nil }
