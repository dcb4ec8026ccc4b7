package control

import (
	"time"
)

// System are the verbs about the process itself.
type System struct {
	rooms   *Rooms
	started time.Time
}

// ProcessStatus is how the running gateway is.
type ProcessStatus struct {
	Version       string    `json:"version"`
	URL           string    `json:"url"`
	StartedAt     time.Time `json:"startedAt"`
	UptimeSeconds int64     `json:"uptimeSeconds"`
	Revision      int64     `json:"revision"` // of the settings
	PasswordSet   bool      `json:"passwordSet"`
	ActiveCombo   string    `json:"activeCombo"` // name, "" = none
	Connections   int       `json:"connections"`
	Usable        int       `json:"usable"` // connections that are switched on and have what they need
	Combos        int       `json:"combos"`
	Keys          int       `json:"keys"`
}

// Link is where a person signs in.
type Link struct {
	URL string `json:"url"`
}

// LinkFor is who asks for a link.
type LinkFor struct {
	Caller Caller `json:"-"`
}

// Status shows how the gateway is.
func (v *System) Status() (ProcessStatus, error) {
	s := v.rooms.Config.Now()
	out := ProcessStatus{
		Version: v.rooms.Version, URL: v.rooms.URL(), StartedAt: v.started.UTC(), UptimeSeconds: int64(v.rooms.Now().Sub(v.started).Seconds()),
		Revision: s.Rev, PasswordSet: s.Settings.PasswordHash != "", Connections: len(s.Accounts), Combos: len(s.Combos), Keys: len(s.Keys),
	}
	if c := s.ActiveCombo(); c != nil {
		out.ActiveCombo = c.Name
	}
	for _, a := range s.Accounts {
		if a.Active && usable(a) {
			out.Usable++
		}
	}
	return out, nil
}

// SignInLink makes a link that signs one browser in (rulings 1.4).
func (v *System) SignInLink(in LinkFor) (Link, error) {
	if err := in.Caller.proven("Making a sign-in link"); err != nil {
		return Link{}, err
	}
	return Link{v.rooms.Access.Link(v.rooms.URL())}, nil
}
