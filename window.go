//go:build desktop || dev || bindings

package main

import (
	"context"
	"log/slog"
	"net/http"
	"strings"

	"github.com/wailsapp/wails/v2/pkg/logger"
	"github.com/wailsapp/wails/v2/pkg/options"
	"github.com/wailsapp/wails/v2/pkg/options/assetserver"
	"github.com/wailsapp/wails/v2/pkg/options/linux"
	"github.com/wailsapp/wails/v2/pkg/runtime"

	"omniroute/backend/control"
	"omniroute/backend/desktop"
)

// The smallest window the dashboard is made for, in pixels.
const (
	minWidth  = 400
	minHeight = 560
)

// appOptions are the window: what it shows, what its page may call, and what
// happens at its edges.
func appOptions(a *app, at desktop.Place) *options.App {
	return &options.App{
		Title: "OmniRoute", MinWidth: minWidth, MinHeight: minHeight, Width: at.Width, Height: at.Height,
		AssetServer:   a.assets(),
		OnStartup:     a.started,
		OnBeforeClose: a.closing,
		OnShutdown:    a.closed,
		Bind:          a.services.Bound(), ErrorFormatter: control.WindowError,
		Logger: pageLog{a.log}, LogLevelProduction: logger.WARNING,
		Linux: &linux.Options{ProgramName: "omniroute", WebviewGpuPolicy: linux.WebviewGpuPolicyNever},
	}
}

// assets are the dashboard: the files that a browser gets, with the same
// rules for what they may load.
func (a *app) assets() *assetserver.Options {
	return &assetserver.Options{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, name := range [...]string{"Accept-Encoding", "If-None-Match"} { // Wails must read the page to add its script
			r.Header.Del(name)
		}
		a.daemon.Page().ServeHTTP(w, r)
	})}
}

func (a *app) started(ctx context.Context) {
	a.window.Store(&ctx)
}

// closing decides what the close button does: true keeps the program.
func (a *app) closing(ctx context.Context) (keep bool) {
	select {
	case <-a.ended:
		return false
	default:
	}
	runtime.WindowHide(ctx)
	return true
}

func (a *app) closed(context.Context) { a.window.Store(nil) }

// show brings the window to the front, or asks for the first one.
func (a *app) show() {
	ctx := a.window.Load()
	if ctx == nil {
		select {
		case a.opened <- struct{}{}:
		default: // asked for already
		}
		return
	}
	runtime.WindowUnminimise(*ctx)
	runtime.WindowShow(*ctx)
}

// end quits for good, from wherever: tray, signal, another start.
func (a *app) end() {
	a.ending.Do(func() {
		close(a.ended)
		if ctx := a.window.Load(); ctx != nil {
			runtime.Quit(*ctx)
		}
	})
}

// pageLog takes what Wails has to say. Its words about a failed call of the
// page quote the whole call, keys included: those are left out.
type pageLog struct{ log *slog.Logger }

func (p pageLog) Print(string) {}
func (p pageLog) Trace(string) {}
func (p pageLog) Debug(string) {}
func (p pageLog) Info(string)  {}

func (p pageLog) Warning(s string) { p.log.Warn(quotesNothing(s)) }
func (p pageLog) Error(s string)   { p.log.Error(quotesNothing(s)) }
func (p pageLog) Fatal(s string)   { p.log.Error(quotesNothing(s)) }

func quotesNothing(s string) string {
	if strings.HasPrefix(s, "process message error") {
		return "a call of the window's page failed before it reached its verb"
	}
	return s
}
