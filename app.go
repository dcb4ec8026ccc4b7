//go:build desktop || dev || bindings

package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	goruntime "runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wailsapp/wails/v2"
	"github.com/wailsapp/wails/v2/pkg/logger"
	"github.com/wailsapp/wails/v2/pkg/options"
	"github.com/wailsapp/wails/v2/pkg/options/assetserver"
	"github.com/wailsapp/wails/v2/pkg/options/linux"
	"github.com/wailsapp/wails/v2/pkg/runtime"

	"omniroute/backend/control"
	"omniroute/backend/daemon"
	"omniroute/backend/desktop"
	"omniroute/backend/fault"
	"omniroute/backend/health"
	"omniroute/backend/i18n"
)

// closing is how long a quit may take beyond the time for running requests.
const closing = 20 * time.Second

// face is the command line of the desktop build.
type face struct {
	Start start `cmd:"" default:"withargs" help:"Open the window; without a display, serve. This is what happens without a command, too."`
	Serve serve `cmd:"" help:"Start the gateway without a window."`
}

// start is the window, or, where nothing could show one, the server.
type start struct {
	serve
	Hidden bool `help:"Start in the tray, without a window."`
	Quit   bool `help:"End the running copy and wait until it has gone."`
}

// Run opens the window and ends when the person quits.
func (s *start) Run() error {
	if desktop.Generating() { // wails only wants to see what is bound
		return wails.Run(&options.App{Bind: control.New(control.Rooms{}).Bound()})
	}
	o, err := s.options()
	if err != nil {
		return err
	}
	if s.Quit {
		return desktop.QuitRunning(context.Background(), o.Env.DataDir, o.Env.ShutdownTimeout+closing)
	}
	if !control.HasDisplay(goruntime.GOOS, os.LookupEnv) {
		return s.serve.Run()
	}
	if s.Hidden && desktop.Running(o.Env.DataDir) {
		return nil // it runs, which is all that was asked
	}
	in, err := desktop.Enter(context.Background(), o.Env.DataDir, desktop.Ask{Do: desktop.AskOpen, Args: os.Args[1:]})
	if in == nil {
		return err
	}
	return errors.Join(newApp(o, in).run(s.Hidden), in.Close())
}

// app is one run of the window: the gateway, what stands around it on this
// desktop, and the window once it was opened.
type app struct {
	opts     daemon.Options
	log      *slog.Logger
	instance *desktop.Instance
	daemon   *daemon.Daemon
	services *control.Services
	words    *i18n.Catalogues

	asked   chan struct{} // capacity 1: somebody wants to see the window
	ended   chan struct{} // closed once: quit for good
	ending  sync.Once
	leaving atomic.Bool // the window was told to end

	port   sync.Mutex                      // held while one is opened
	window atomic.Pointer[context.Context] // of Wails, nil while there is no window
	hinted atomic.Bool                     // the person was told where the window went
	toast  func(title, body string) error
}

func newApp(o daemon.Options, in *desktop.Instance) *app {
	a := &app{log: o.Log, instance: in, asked: make(chan struct{}, 1), ended: make(chan struct{}), toast: desktop.Toasts(appIcon)}
	o.Face, o.Keychain, o.Shell = "window", true, a
	a.opts = o
	return a
}

// run starts the gateway, then the window (at once, or when somebody first
// wants to see it), and stops both. It stays on the main goroutine, which the
// window toolkit needs.
func (a *app) run(hidden bool) error {
	var err error
	if a.words, err = i18n.Load(a.opts.Words, "desktop", "conditions"); err != nil {
		return err
	}
	if a.daemon, err = daemon.New(a.opts); err != nil {
		return err
	}
	if err := a.daemon.Open(context.Background()); err != nil {
		return a.notStarted(err)
	}
	a.services = a.daemon.Services()
	a.listen(a.opts.Env.Port)
	stopHearing := a.instance.Serve(a.show, a.end)
	stopShell := a.surround()
	if a.wanted(hidden || a.prefersHidden()) {
		a.open()
	}
	a.end()
	stopShell() // before the gateway: who is told of its end must still be there (desktop.md 3.7)
	stopHearing()
	bounded, cancel := context.WithTimeout(context.Background(), a.opts.Env.ShutdownTimeout)
	defer cancel()
	return a.daemon.Stop(bounded)
}

// notStarted shows what is there instead: the dashboard of the server that
// has the data directory, or why there is nothing. Who clicked on an icon sees
// no terminal.
func (a *app) notStarted(err error) error {
	if fault.KindOf(err) == fault.Conflict {
		if c, cerr := client(); cerr == nil && c.Open(context.Background()) == nil {
			a.log.Info("a server runs on this data directory already; its dashboard was opened in the browser")
			return nil
		}
	}
	w := desktop.Speak(a.words, "")
	if terr := a.toast(w.T("desktop:toast.notStarted"), daemon.Sentence(err)); terr != nil {
		a.log.Info("a notification could not be shown", "error", terr)
	}
	return err
}

// open shows the window until it is closed for good. Where no display answers
// the toolkit panics (desktop.md 3.2): the gateway then serves without it.
func (a *app) open() {
	err := func() (err error) {
		defer func() {
			if r := recover(); r != nil {
				err = fmt.Errorf("app: %v", r)
			}
		}()
		return errors.Join(desktop.PrepareWebView(), wails.Run(appOptions(a, desktop.LoadPlace(a.opts.Env.DataDir))))
	}()
	if err == nil {
		return
	}
	a.log.Error("The window could not be opened. The gateway serves without it.", "error", err)
	a.daemon.Announce(os.Stdout)
	<-a.ended
}

// prefersHidden is the setting, where something shows the tray icon that
// brings the window back.
func (a *app) prefersHidden() bool {
	settings, err := a.services.Settings.Get()
	return err == nil && settings.StartHidden && desktop.HasTray()
}

// listen opens the port. A taken one is no end: window and tray say so, and
// another one can be chosen.
func (a *app) listen(port int) error {
	a.port.Lock()
	defer a.port.Unlock()
	err := a.daemon.Listen(port)
	if err == nil {
		a.daemon.Health().Close(health.PortTaken, "")
		return nil
	}
	a.log.Error(daemon.Sentence(err), "error", err)
	a.daemon.Health().Open(health.Report{Code: health.PortTaken, Args: map[string]string{"port": strconv.Itoa(port)}, Detail: daemon.Sentence(err)})
	return err
}

// surround starts tray and notifications.
func (a *app) surround() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var shell *desktop.Shell
	tray := desktop.NewTray(func(do string) { shell.Click(do) })
	o := desktop.Options{
		Services: a.services, Words: a.words, Login: desktop.SystemLogin{},
		Toast: a.toast, Copy: a.copyText, Open: a.show, Quit: a.end, Now: time.Now, Log: a.log,
	}
	if tray != nil {
		o.Tray = tray
	}
	shell = desktop.New(o)
	var running sync.WaitGroup
	running.Go(func() {
		if err := shell.Run(ctx); err != nil {
			a.log.Error("tray and notifications ended", "error", err)
		}
	})
	return func() {
		cancel()
		running.Wait()
		if tray != nil {
			tray.Close()
		}
	}
}

// wanted waits until the window is to be seen; false means that the program
// is to end before.
func (a *app) wanted(hidden bool) bool {
	if !hidden || goruntime.GOOS == "darwin" { // there the toolkit must own the loop from the start
		return true
	}
	select {
	case <-a.asked:
		return true
	case <-a.ended:
		return false
	}
}

// end quits for good, from wherever: tray, signal, another start.
func (a *app) end() {
	a.ending.Do(func() {
		close(a.ended)
		if ctx := a.window.Load(); ctx != nil {
			quitWindow(*ctx)
		}
	})
}

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
		BackgroundColour: a.ground(),
		AssetServer:      a.assets(),
		OnStartup:        func(ctx context.Context) { a.started(ctx, at) },
		OnBeforeClose:    a.closing,
		OnShutdown:       a.closed,
		Bind:             a.services.Bound(),
		ErrorFormatter:   control.WindowError,
		Logger:           desktop.PageLog{Log: a.log}, LogLevelProduction: logger.WARNING,
		DragAndDrop: &options.DragAndDrop{DisableWebViewDrop: true}, // a file dropped on the page would take its place
		Linux:       &linux.Options{ProgramName: "omniroute", Icon: appIcon, WebviewGpuPolicy: linux.WebviewGpuPolicyNever},
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

// ground is the colour of the window before its page is painted: that of
// tokens.css.
func (a *app) ground() *options.RGBA {
	settings, err := a.services.Settings.Get()
	if err == nil && (settings.Theme == "dark" || settings.Theme == "system" && desktop.PrefersDark()) {
		return options.NewRGB(0x10, 0x11, 0x13)
	}
	return options.NewRGB(0xfa, 0xfa, 0xf9)
}

// place puts the window where it stood, and the first one in the middle.
func (a *app) place(ctx context.Context, at desktop.Place) {
	runtime.WindowGetSize(ctx) // returns when the loop runs: from then on Wails' own centring is before us
	s, ok := screen(ctx)
	if at.Maximised || !ok {
		return
	}
	at = at.Clamp(s)
	runtime.WindowSetSize(ctx, at.Width, at.Height)
	if at.Known {
		runtime.WindowSetPosition(ctx, at.X, at.Y)
	} else {
		runtime.WindowCenter(ctx)
	}
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
		case a.asked <- struct{}{}:
		default: // asked for already
		}
		return
	}
	showWindow(*ctx)
}

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
