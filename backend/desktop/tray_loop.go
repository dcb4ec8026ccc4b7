//go:build (desktop || dev || bindings) && !darwin

package desktop

import (
	"runtime"

	"fyne.io/systray"
)

// begin runs the tray's loop on a thread of its own, which Windows needs
// (desktop.md 2). The function it returns ends the loop and waits.
func begin(ready func()) (end func()) {
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		runtime.LockOSThread()
		systray.Run(ready, func() {})
	}()
	return func() {
		systray.Quit()
		<-gone
	}
}
