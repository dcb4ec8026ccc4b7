package control

import (
	"net"
	"strconv"
	"time"

	"omniroute/backend/health"
)

// System are the verbs about the process itself.
type System struct {
	rooms   *Rooms
	started time.Time
}

// ProcessStatus is how the running gateway is. Endpoint is what an agent is
// given. State is paused before broken before attention before ready.
type ProcessStatus struct {
	Version       string      `json:"version"`
	URL           string      `json:"url"`
	Port          int         `json:"port"`
	Endpoint      string      `json:"endpoint"`
	StartedAt     time.Time   `json:"startedAt"`
	UptimeSeconds int64       `json:"uptimeSeconds"`
	State         string      `json:"state" enum:"ready attention broken paused"`
	PausedUntil   *time.Time  `json:"pausedUntil,omitempty"` // absent = not paused, or until a person resumes
	Conditions    int         `json:"conditions"`            // open ones
	Face          string      `json:"face" enum:"window browser"`
	DataDir       string      `json:"dataDir"`
	Vault         VaultStatus `json:"vault"`
	Revision      int64       `json:"revision"` // of the settings
	Language      string      `json:"language"` // of the settings
	PasswordSet   bool        `json:"passwordSet"`
	ActiveCombo   string      `json:"activeCombo"` // name, "" = none
	Connections   int         `json:"connections"`
	Usable        int         `json:"usable"` // connections that are switched on and have what they need
	Combos        int         `json:"combos"`
	Keys          int         `json:"keys"`
}

// VaultStatus says where the credentials of upstreams lie and whether they
// can be read.
type VaultStatus struct {
	Kind   string `json:"kind" enum:"files keychain"`
	State  string `json:"state" enum:"ok unavailable"`
	Detail string `json:"detail"` // why it is unavailable, "" = it is not
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
	r := v.rooms
	s := r.Config.Now()
	out := ProcessStatus{
		Version: r.Version, URL: r.URL(), Port: r.Port(), Endpoint: endpointFor(r.URL(), r.Port()), StartedAt: v.started.UTC(), UptimeSeconds: int64(r.Now().Sub(v.started).Seconds()),
		Face: r.Face, DataDir: r.DataDir, Vault: r.Vault(),
		Revision: s.Rev, Language: s.Settings.Language, PasswordSet: s.Settings.PasswordHash != "", Connections: len(s.Accounts), Combos: len(s.Combos), Keys: len(s.Keys),
	}
	if c := s.ActiveCombo(); c != nil {
		out.ActiveCombo = c.Name
	}
	for _, a := range s.Accounts {
		if a.Active && usable(a) {
			out.Usable++
		}
	}
	open := r.Health.Conditions()
	out.Conditions = len(open)
	until, paused := r.Pause.Paused()
	switch {
	case paused:
		out.State, out.PausedUntil = "paused", moment(until)
	case len(open) > 0 && open[0].Severity == health.Broken:
		out.State = "broken"
	case len(open) > 0:
		out.State = "attention"
	default:
		out.State = "ready"
	}
	return out, nil
}

// endpointFor is the base URL for agents. localhost reads better than
// 127.0.0.1 and means the same.
func endpointFor(base string, port int) string {
	if base == "http://"+net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) {
		base = "http://localhost:" + strconv.Itoa(port)
	}
	return base + "/v1"
}

// PauseFor says for how long.
type PauseFor struct {
	Minutes int `json:"minutes"` // 0 = until a person resumes; at most 10080, a week
}

const maxPause = 7 * 24 * 60

// Pause makes the gateway refuse agents: every call of /v1 is answered 503
// (529 to Anthropic's clients) with Retry-After in the client's own format. Running answers end normally.
// A restart ends the pause.
func (v *System) Pause(in PauseFor) (ProcessStatus, error) {
	if in.Minutes < 0 || in.Minutes > maxPause {
		return ProcessStatus{}, badInput("minutes", "minutes must be between 1 and %d, or 0 for a pause until somebody resumes.", maxPause)
	}
	v.rooms.Pause.set(time.Duration(in.Minutes) * time.Minute)
	return v.Status()
}

// Resume ends a pause.
func (v *System) Resume() (ProcessStatus, error) {
	v.rooms.Pause.end()
	return v.Status()
}

// SignInLink makes a link that signs one browser in (rulings 1.4).
func (v *System) SignInLink(in LinkFor) (Link, error) {
	if err := in.Caller.proven("Making a sign-in link"); err != nil {
		return Link{}, err
	}
	return Link{v.rooms.Access.Link(v.rooms.URL())}, nil
}
