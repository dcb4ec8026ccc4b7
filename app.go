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
	in, err := desktop.Acquire(o.Env.DataDir)
	if errors.Is(err, desktop.ErrRunning) {
		if s.Hidden {
			return nil // it runs, which is all that was asked
		}
		return desktop.Tell(context.Background(), o.Env.DataDir, desktop.Ask{Do: desktop.AskOpen, Args: os.Args[1:]})
	}
	if err != nil {
		return err
	}
	return errors.Join(newApp(o, in).run(s.Hidden), in.Release())
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

	opened chan struct{} // capacity 1: somebody wants to see the window
	ended  chan struct{} // closed once: quit for good
	ending sync.Once

	window atomic.Pointer[context.Context] // of Wails, nil while there is no window
}

func newApp(o daemon.Options, in *desktop.Instance) *app {
	return &app{opts: o, log: o.Log, instance: in, opened: make(chan struct{}, 1), ended: make(chan struct{})}
}

// run starts the gateway, then the window (at once, or when somebody first
// wants to see it), and stops both. It stays on the main goroutine, which the
// window toolkit needs.
func (a *app) run(hidden bool) error {
	d, err := daemon.New(a.opts)
	if err != nil {
		return err
	}
	a.daemon = d
	if err := d.Open(context.Background()); err != nil {
		return err
	}
	a.services = d.Services()
	if err := d.Listen(a.opts.Env.Port); err != nil {
		a.log.Error(daemon.Sentence(err), "error", err)
	}
	stop := a.hearOthers()
	defer stop()
	if a.wanted(hidden) {
		err = wails.Run(appOptions(a, desktop.Place{}))
	}
	a.end()
	bounded, cancel := context.WithTimeout(context.Background(), a.opts.Env.ShutdownTimeout)
	defer cancel()
	return errors.Join(err, d.Stop(bounded))
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
