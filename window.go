//go:build desktop || dev || bindings

package main

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/wailsapp/wails/v2/pkg/logger"
	"github.com/wailsapp/wails/v2/pkg/options"
	"github.com/wailsapp/wails/v2/pkg/options/assetserver"
	"github.com/wailsapp/wails/v2/pkg/options/linux"
	"github.com/wailsapp/wails/v2/pkg/runtime"

	"omniroute/backend/control"
	"omniroute/backend/desktop"
)

// feedEvent is the name under which the page hears the feed.
const feedEvent = "omniroute"

// appOptions are the window: what it shows, what its page may call, and what
// happens at its edges.
func appOptions(a *app, at desktop.Place) *options.App {
	state := options.Normal
	if at.Maximised {
		state = options.Maximised
	}
	return &options.App{
		Title: "OmniRoute", MinWidth: desktop.MinWidth, MinHeight: desktop.MinHeight, Width: at.Width, Height: at.Height, WindowStartState: state,
		BackgroundColour: options.NewRGB(0x11, 0x11, 0x13),
		AssetServer:      a.assets(),
		OnStartup:        func(ctx context.Context) { a.started(ctx, at) },
		OnBeforeClose:    a.closing,
		OnShutdown:       a.closed,
		Bind:             a.services.Bound(),
		ErrorFormatter:   control.WindowError,
		Logger:           pageLog{a.log}, LogLevelProduction: logger.WARNING,
		Linux: &linux.Options{ProgramName: "omniroute", Icon: appIcon, WebviewGpuPolicy: linux.WebviewGpuPolicyNever},
	}
}

// assets are the dashboard: the files that a browser gets, with the same
// rules for what they may load.
func (a *app) assets() *assetserver.Options {
	return &assetserver.Options{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, name := range [...]string{"Accept-Encoding", "If-None-Match"} { // Wails must read the page to add its script
			r.Header.Del(name)
		}
		if u, err := url.Parse(a.daemon.URL()); err == nil {
			r.Host = u.Host // the page names the gateway's address, not the window's
		}
		a.daemon.Page().ServeHTTP(w, r)
	})}
}

// started is called by Wails when the window is made.
func (a *app) started(ctx context.Context, at desktop.Place) {
	a.window.Store(&ctx)
	select {
	case <-a.ended: // while the window was being made
		quitWindow(ctx)
		return
	default:
	}
	a.shown.Store(true)
	a.place(ctx, at)
	go func() {
		if err := a.services.Feed.Listen(ctx, func(m control.Message) { a.emit(ctx, m) }); err != nil {
			a.log.Debug("the window's feed ended", "error", err)
		}
	}()
}

// emit hands a message of the feed to the page, unless the window is gone:
// Wails would complain (desktop.md 3.7).
func (a *app) emit(ctx context.Context, m control.Message) {
	select {
	case <-a.ended:
	default:
		runtime.EventsEmit(ctx, feedEvent, m)
	}
}

// place puts the window where it stood.
func (a *app) place(ctx context.Context, at desktop.Place) {
	if !at.Known || at.Maximised {
		return
	}
	if s, ok := screen(ctx); ok {
		at = at.Clamp(s)
		runtime.WindowSetSize(ctx, at.Width, at.Height)
	}
	runtime.WindowSetPosition(ctx, at.X, at.Y)
}

func screen(ctx context.Context) (desktop.Screen, bool) {
	all, err := runtime.ScreenGetAll(ctx)
	if err != nil {
		return desktop.Screen{}, false
	}
	for _, s := range all {
		if s.IsCurrent || s.IsPrimary || len(all) == 1 {
			return desktop.Screen{Width: s.Size.Width, Height: s.Size.Height}, true
		}
	}
	return desktop.Screen{}, false
}

// savePlace keeps where the window stands. What a maximised window would be
// without that, only the window manager knows.
func (a *app) savePlace(ctx context.Context) {
	at := desktop.LoadPlace(a.opts.Env.DataDir)
	if at.Maximised = runtime.WindowIsMaximised(ctx); !at.Maximised {
		at.X, at.Y = runtime.WindowGetPosition(ctx)
		at.Width, at.Height = runtime.WindowGetSize(ctx)
	}
	if err := at.Save(a.opts.Env.DataDir); err != nil {
		a.log.Info("the place of the window was not saved", "error", err)
	}
}

// closing decides what the close button does; true keeps the program. The
// window hides only where a tray can bring it back, asked at this moment
// (desktop.md 3.4); else the first press minimises and says so, and the next
// one quits.
func (a *app) closing(ctx context.Context) (keep bool) {
	select {
	case <-a.ended:
		if a.leaving.Swap(true) {
			return true // Wails asks again for each signal, but its loop ends only once
		}
		a.savePlace(ctx)
		return false
	default:
	}
	a.savePlace(ctx)
	if settings, err := a.services.Settings.Get(); err == nil && !settings.CloseToTray {
		return a.leave()
	}
	if desktop.HasTray() {
		a.shown.Store(false)
		hideWindow(ctx)
		a.hint("desktop:toast.inTray")
		return true
	}
	if a.hinted.Load() {
		return a.leave()
	}
	runtime.WindowMinimise(ctx)
	a.hint("desktop:toast.noTray")
	return true
}

// leave ends the program from the close button itself.
func (a *app) leave() (keep bool) {
	a.leaving.Store(true)
	a.end()
	return false
}

// hint tells once a run where the window went.
func (a *app) hint(key string) {
	if a.hinted.Swap(true) {
		return
	}
	w := desktop.Speak(a.words, "")
	if settings, err := a.services.Settings.Get(); err == nil {
		w = desktop.Speak(a.words, settings.Language)
	}
	go func() {
		if err := a.toast(w.T(key), w.T(key+"Body")); err != nil {
			a.log.Info("a notification could not be shown", "error", err)
		}
	}()
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
	a.shown.Store(true)
	showWindow(*ctx)
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
