package desktop

import (
	"time"

	"omniroute/backend/config"
	"omniroute/backend/control"
	"omniroute/backend/i18n"
)

// prime learns what is open already. What agents and accounts suffer from is
// not told: it was, when it began, and the tray shows it. What stands in the
// way of this very start is.
func (s *Shell) prime() {
	open, err := s.o.Services.Health.Conditions()
	if err != nil {
		return
	}
	for _, c := range open.Conditions {
		if c.Subject.Kind != "gateway" {
			s.told[episode{c.Code, c.Subject.ID}] = false
			continue
		}
		s.notice(control.Message{Data: control.FeedCondition{Code: c.Code, Subject: c.Subject.ID, Open: true}})
	}
}

// catchUp tells what a missed message would have told.
func (s *Shell) catchUp() {
	list, err := s.o.Services.Health.Conditions()
	if err != nil {
		return
	}
	open := map[episode]bool{}
	for _, c := range list.Conditions {
		open[episode{c.Code, c.Subject.ID}] = true
		s.notice(control.Message{Data: control.FeedCondition{Code: c.Code, Subject: c.Subject.ID, Open: true}})
	}
	for is := range s.told {
		if !open[is] {
			s.notice(control.Message{Data: control.FeedCondition{Code: is.code, Subject: is.subject}})
		}
	}
}

// notice makes notifications of the edges of conditions, once per episode
// (dashboard.md 2.15).
func (s *Shell) notice(m control.Message) {
	edge, ok := m.Data.(control.FeedCondition)
	if !ok {
		return
	}
	is := episode{edge.Code, edge.Subject}
	told, known := s.told[is]
	if edge.Open == known {
		return // both edges of an episode are told once
	}
	settings, err := s.o.Services.Settings.Get()
	if err != nil {
		return
	}
	w := Speak(s.o.Words, settings.Language)
	chosen := config.Notifications(settings.Notifications)
	wanted := wants(chosen, edge.Code) && !chosen.Quiet(s.o.Now().Local())
	c := s.condition(is)
	if edge.Open {
		s.told[is] = wanted
		if wanted {
			s.say(title(w, c), sentence(w, c))
		}
		return
	}
	delete(s.told, is)
	if wanted && told && chosen.Recovered {
		s.say(speak(w, c, ".over"), "")
	}
}

// condition finds what an edge is about, with its names.
func (s *Shell) condition(is episode) *control.Condition {
	list, err := s.o.Services.Health.Conditions()
	if err == nil {
		for i, c := range list.Conditions {
			if c.Code == is.code && c.Subject.ID == is.subject {
				return &list.Conditions[i]
			}
		}
		for i, e := range list.Recent {
			if e.Code == is.code && e.Subject.ID == is.subject {
				return &list.Recent[i].Condition
			}
		}
	}
	return &control.Condition{Code: is.code, Subject: control.ConditionSubject{ID: is.subject, Name: is.subject}}
}

// wants reports whether the person wants to hear of a kind of trouble.
func wants(n config.Notifications, code string) bool {
	if !n.Enabled {
		return false
	}
	switch code {
	case "breaker_open":
		return n.Breaker
	case "no_usable_target":
		return n.NoTarget
	case "needs_login", "needs_key":
		return n.SignIn
	}
	return n.System
}

func title(w i18n.Words, c *control.Condition) string { return speak(w, c, ".title") }

func sentence(w i18n.Words, c *control.Condition) string { return speak(w, c, ".text") }

// speak fills a text of a condition. Times are those of this machine. Detail
// is what scripts read, and better than nothing.
func speak(w i18n.Words, c *control.Condition, part string) string {
	key := "conditions:" + c.Code + part
	if !w.Has(key) {
		return c.Detail
	}
	pairs := make([]any, 0, 2*len(c.Args)+2)
	pairs = append(pairs, "detail", c.Detail)
	for name, value := range c.Args {
		if at, err := time.Parse(time.RFC3339, value); err == nil {
			value = at.Local().Format("15:04")
		}
		pairs = append(pairs, name, value)
	}
	return w.T(key, pairs...)
}

// say queues a notification. The ninth that waits is lost: nobody reads nine.
func (s *Shell) say(title, body string) {
	select {
	case s.toasts <- toast{title, body}:
	default:
	}
}

// send shows notifications, one after the other: a desktop without a daemon
// for them takes its time to say so (desktop.md 3.9).
func (s *Shell) send() {
	for t := range s.toasts {
		if err := s.o.Toast(t.title, t.body); err != nil {
			s.o.Log.Info("a notification could not be shown", "title", t.title, "error", err)
		}
	}
}
