package desktop

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"omniroute/backend/control"
	"omniroute/backend/fault"
	"omniroute/backend/i18n"
)

// redrawPace is how often the tray changes at most (dashboard.md 2.14).
const redrawPace = time.Second

// Tray shows the state and the menu. *SystemTray is the one there is.
type Tray interface {
	Show(icon State, tooltip string, items []Item)
}

// Options are what a shell stands on. Tray may be nil, where nothing shows
// one; all else is required.
type Options struct {
	Services *control.Services
	Words    *i18n.Catalogues // of the areas desktop and conditions
	Tray     Tray
	Login    LoginItem
	Toast    func(title, body string) error // may block for a while
	Copy     func(text string) error        // to the clipboard
	Open     func()                         // shows the window
	Quit     func()                         // ends the program; returns at once
	Now      func() time.Time
	Log      *slog.Logger
}

// Shell keeps tray and notifications in step with the gateway and does what
// the tray's menu asks. Everything happens on the goroutine of Run.
type Shell struct {
	o      Options
	clicks chan string
	toasts chan toast
	told   map[episode]bool // open conditions that were noticed, told or not
	last   time.Time        // of the last drawing
}

type episode struct{ code, subject string }

type toast struct{ title, body string }

// New makes a shell. It does nothing before Run.
func New(o Options) *Shell {
	return &Shell{o: o, clicks: make(chan string, 8), toasts: make(chan toast, 8), told: map[episode]bool{}}
}

// Click hands over a click of the menu. It never blocks: a ninth click while
// the first still works is lost.
func (s *Shell) Click(do string) {
	select {
	case s.clicks <- do:
	default:
	}
}

// Run draws, listens and obeys until ctx ends.
func (s *Shell) Run(ctx context.Context) error {
	changes := make(chan control.Message, 64)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	gone := make(chan error, 1)
	go func() { gone <- s.o.Services.Feed.Listen(ctx, func(m control.Message) { pass(ctx, changes, m) }) }()
	sent := make(chan struct{})
	go func() { s.send(); close(sent) }()
	defer func() { close(s.toasts); <-sent }()
	s.prime()
	s.draw()
	redraw := time.NewTimer(0)
	if !redraw.Stop() {
		<-redraw.C
	}
	defer redraw.Stop()
	due := false
	for {
		select {
		case err := <-gone:
			if errors.Is(err, context.Canceled) {
				return nil
			}
			return err
		case m := <-changes:
			if m.Topic == "lagged" {
				s.catchUp()
			}
			s.notice(m)
			if concernsTray(m.Topic) && !due {
				due = true
				redraw.Reset(max(0, redrawPace-time.Since(s.last)))
			}
		case do := <-s.clicks:
			s.obey(do)
			due = true
			redraw.Reset(0)
		case <-redraw.C:
			due = false
			s.draw()
		}
	}
}

func pass(ctx context.Context, to chan<- control.Message, m control.Message) {
	select {
	case to <- m:
	case <-ctx.Done():
	}
}

// concernsTray leaves out what happens with every request.
func concernsTray(topic string) bool {
	switch topic {
	case "config", "condition", "gateway", "lagged":
		return true
	}
	return false
}

// words are those of the language in the settings.
func (s *Shell) words() i18n.Words {
	settings, err := s.o.Services.Settings.Get()
	if err != nil {
		return Speak(s.o.Words, "")
	}
	return Speak(s.o.Words, settings.Language)
}

func (s *Shell) draw() {
	s.last = time.Now()
	if s.o.Tray == nil {
		return
	}
	w := s.words()
	standing, err := s.standing(w)
	if err != nil {
		s.o.Log.Warn("the tray could not be drawn", "error", err)
		return
	}
	s.o.Tray.Show(standing.State, Headline(w, standing), Menu(w, standing))
}

// standing gathers what the tray shows, through the same verbs as everybody.
func (s *Shell) standing(w i18n.Words) (Standing, error) {
	var out Standing
	status, err := s.o.Services.System.Status()
	if err != nil {
		return out, err
	}
	list, err := s.o.Services.Combos.List()
	if err != nil {
		return out, err
	}
	conditions, err := s.o.Services.Health.Conditions()
	if err != nil {
		return out, err
	}
	out.State, out.NoPort = stateOf(status.State), status.Port == 0
	if status.PausedUntil != nil {
		out.PausedUntil = *status.PausedUntil
	}
	if n := len(conditions.Conditions); n > 0 {
		out.Trouble, out.More = title(w, &conditions.Conditions[0]), n-1
	}
	for _, c := range list.Combos {
		out.Combos = append(out.Combos, Combo{ID: c.ID, Name: c.Name, Active: c.IsActive})
	}
	out.LoginItem, err = s.o.Login.Enabled()
	out.CanLogin = err == nil
	return out, nil
}

func stateOf(word string) State {
	switch word {
	case "paused":
		return Paused
	case "attention":
		return Attention
	case "broken":
		return Broken
	}
	return Ready
}

// obey does what a line of the menu asks.
func (s *Shell) obey(do string) {
	var err error
	switch kind, arg, _ := strings.Cut(do, "/"); kind + "/" {
	case doOpen + "/":
		s.o.Open()
	case doQuit + "/":
		s.o.Quit()
	case doCombo:
		_, err = s.o.Services.Combos.Activate(control.ByID{ID: arg})
	case doPause:
		minutes, _ := strconv.Atoi(arg) // ours
		_, err = s.o.Services.System.Pause(control.PauseFor{Minutes: minutes})
	case doResume + "/":
		_, err = s.o.Services.System.Resume()
	case doLogin + "/":
		var on bool
		if on, err = s.o.Login.Enabled(); err == nil {
			err = s.o.Login.Set(!on)
		}
	case doCopy + "/":
		s.copyEndpoint()
	case doPort + "/":
		var status control.ProcessStatus
		if status, err = s.o.Services.Desktop.UsePort(control.PortChoice{}); err == nil {
			s.say(s.words().T("desktop:toast.otherPort"), status.Endpoint)
		}
	}
	if err != nil {
		s.o.Log.Warn("the tray could not do what was asked", "what", do, "error", err)
		s.say(s.words().T("desktop:toast.failed"), fault.As(err).Public)
	}
}

func (s *Shell) copyEndpoint() {
	w := s.words()
	status, err := s.o.Services.System.Status()
	if err == nil {
		err = s.o.Copy(status.Endpoint)
	}
	if err != nil {
		s.o.Log.Info("the clipboard could not be reached", "error", err)
		s.say(w.T("desktop:toast.notCopied"), status.Endpoint)
		return
	}
	s.say(w.T("desktop:toast.copied"), status.Endpoint)
}
