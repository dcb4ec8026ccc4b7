package desktop

import "github.com/gen2brain/beeep"

// appName is what the system shows beside a notification.
const appName = "OmniRoute"

// Toasts makes the function that shows notifications of the system, with a
// PNG beside them.
func Toasts(icon []byte) func(title, body string) error {
	beeep.AppName = appName
	return func(title, body string) error {
		if !busAlive() {
			return errNoBus // the library would start a bus of its own (desktop.md 3.3)
		}
		return beeep.Notify(title, body, icon)
	}
}
