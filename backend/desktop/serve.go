package desktop

import (
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// Serve obeys signals and further starts until stop is called. Without an ear
// of our own for SIGTERM, a program that hides at close would never end at
// logout (desktop.md 3.1). Both functions must return at once.
func (in *Instance) Serve(show, quit func()) (stop func()) {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, os.Interrupt)
	quiet := make(chan struct{})
	var hearing sync.WaitGroup
	hearing.Go(func() {
		asks := in.asks
		for {
			select {
			case <-signals:
				quit()
			case ask, ok := <-asks:
				switch {
				case !ok:
					asks = nil
				case ask.Do == AskQuit:
					quit()
				case ask.Do == AskOpen:
					show()
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
