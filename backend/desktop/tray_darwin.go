//go:build desktop || dev || bindings

package desktop

/*
#include <dispatch/dispatch.h>

void omnirouteOnMainThread(void *);

static void omnirouteQueue(void) {
	dispatch_async_f(dispatch_get_main_queue(), 0, omnirouteOnMainThread);
}
*/
import "C"

import (
	"sync/atomic"
	"unsafe"

	"fyne.io/systray"
)

// queued is what the main thread is to do once the window's loop spins.
var queued atomic.Pointer[func()]

// begin lets the window's loop own the tray: AppKit wants it made on the main
// thread, which is the window toolkit's (desktop.md 2).
func begin(ready func()) (end func()) {
	start, stop := systray.RunWithExternalLoop(ready, func() {})
	queued.Store(&start)
	C.omnirouteQueue()
	return stop
}

//export omnirouteOnMainThread
func omnirouteOnMainThread(unsafe.Pointer) {
	if start := queued.Swap(nil); start != nil {
		(*start)()
	}
}
