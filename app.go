//go:build desktop || dev || bindings

package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/signal"
	goruntime "runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/wailsapp/wails/v2"

	"omniroute/backend/config"
	"omniroute/backend/control"
	"omniroute/backend/daemon"
	"omniroute/backend/desktop"
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
	if generating { // wails only wants to see what is bound
		return wails.Run(appOptions(&app{services: control.New(control.Rooms{})}, desktop.Place{}))
	}
	o, err := s.options()
	if err != nil {
		return err
	}
	if s.Quit {
		return quitRunning(o.Env)
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

// quitRunning ends the running copy. That none runs is what was wanted.
func quitRunning(env *config.Env) error {
	if !desktop.Running(env.DataDir) {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), env.ShutdownTimeout+closing)
	defer cancel()
	if err := desktop.Tell(ctx, env.DataDir, desktop.Ask{Do: desktop.AskQuit}); err != nil {
		return err
	}
	return desktop.WaitGone(ctx, env.DataDir)
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

	opened  chan struct{} // capacity 1: somebody wants to see the window
	ended   chan struct{} // closed once: quit for good
	ending  sync.Once
	leaving atomic.Bool // the window was told to end

	port   sync.Mutex                      // held while one is opened
	window atomic.Pointer[context.Context] // of Wails, nil while there is no window
	shown  atomic.Bool                     // the window is on screen, as far as we know
	hinted atomic.Bool                     // the person was told where the window went
	toast  func(title, body string) error
}

func newApp(o daemon.Options, in *desktop.Instance) *app {
	a := &app{log: o.Log, instance: in, opened: make(chan struct{}, 1), ended: make(chan struct{}), toast: desktop.Toasts(appIcon)}
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
		return err
	}
	a.services = a.daemon.Services()
	a.listen(a.opts.Env.Port)
	stopHearing := a.hearOthers()
	stopShell := a.surround()
	if a.wanted(hidden) {
		err = wails.Run(appOptions(a, desktop.LoadPlace(a.opts.Env.DataDir)))
	}
	a.end()
	stopShell() // before the gateway: who is told of its end must still be there (desktop.md 3.7)
	stopHearing()
	bounded, cancel := context.WithTimeout(context.Background(), a.opts.Env.ShutdownTimeout)
	defer cancel()
	return errors.Join(err, a.daemon.Stop(bounded))
}

// listen opens the port. A taken one is no end: window and tray say so, and
// another one can be chosen.
func (a *app) listen(port int) error {
	a.port.Lock()
	defer a.port.Unlock()
	err := a.daemon.Listen(port)
	if err != nil {
		a.log.Error(daemon.Sentence(err), "error", err)
	}
	a.daemon.PortTrouble(err)
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
	case <-a.opened:
		return true
	case <-a.ended:
		return false
	}
}

// hearOthers obeys signals and further starts of the program.
func (a *app) hearOthers() (stop func()) {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, os.Interrupt)
	quiet := make(chan struct{})
	var hearing sync.WaitGroup
	hearing.Go(func() {
		asks := a.instance.Asks()
		for {
			select {
			case <-signals:
				a.end()
			case ask, ok := <-asks:
				switch {
				case !ok:
					asks = nil
				case ask.Do == desktop.AskQuit:
					a.end()
				case ask.Do == desktop.AskOpen:
					a.show()
				}
			case <-quiet:
				return
			}
		}
	})
	return func() {
		signal.Stop(signals)
		close(quiet)
		hearing.Wait()
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
