//go:build desktop || dev || bindings

package main

import (
	"context"
	_ "embed"
	"os"
	goruntime "runtime"

	"github.com/wailsapp/wails/v2/pkg/runtime"

	"omniroute/backend/control"
	"omniroute/backend/desktop"
	"omniroute/backend/fault"
)

//go:embed build/appicon.png
var appIcon []byte

var _ control.Shell = (*app)(nil)

// LoginItem is control.Shell's.
func (a *app) LoginItem() (on, can bool) {
	on, err := desktop.SystemLogin{}.Enabled()
	return on, err == nil
}

// SetLoginItem is control.Shell's.
func (a *app) SetLoginItem(on bool) error { return desktop.SystemLogin{}.Set(on) }

// HasTray is control.Shell's.
func (a *app) HasTray() bool { return desktop.HasTray() }

// UsePort is control.Shell's.
func (a *app) UsePort(port int) error { return a.listen(port) }

// OpenLink is control.Shell's. Wails' own way refuses many addresses without
// saying so (desktop.md 7).
func (a *app) OpenLink(address string) error { return control.OpenBrowser(address) }

// SaveFile is control.Shell's: the system's own dialog.
func (a *app) SaveFile(name, text string) (string, error) {
	ctx := a.window.Load()
	if ctx == nil {
		return "", fault.New(fault.Conflict, "app.save", "The window is closed. Open it and try again.")
	}
	path, err := runtime.SaveFileDialog(*ctx, runtime.SaveDialogOptions{DefaultFilename: name})
	if err != nil {
		return "", fault.Wrap(fault.Internal, "app.save", err, "The dialog to save a file could not be shown.")
	}
	if path == "" {
		return "", nil
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return "", fault.Wrap(fault.Invalid, "app.save", err, "The file "+path+" could not be written. Choose another place.")
	}
	return path, nil
}

// copyText puts text on the clipboard, through the window if there is one.
func (a *app) copyText(text string) error {
	if ctx := a.window.Load(); ctx != nil {
		return runtime.ClipboardSetText(*ctx, text)
	}
	return desktop.CopyText(text)
}

func quitWindow(ctx context.Context) { runtime.Quit(ctx) }

// hideWindow: macOS brings only a hidden app back by a click on its icon in
// the dock, not a hidden window (desktop.md 2).
func hideWindow(ctx context.Context) {
	if goruntime.GOOS == "darwin" {
		runtime.Hide(ctx)
		return
	}
	runtime.WindowHide(ctx)
}

func showWindow(ctx context.Context) {
	if goruntime.GOOS == "darwin" {
		runtime.Show(ctx)
	}
	runtime.WindowUnminimise(ctx)
	runtime.WindowShow(ctx)
}
