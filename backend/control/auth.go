package control

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"sync"
	"time"

	"omniroute/backend/fault"
)

// AuthStatus is what anyone may know (GET /api/auth/status).
type AuthStatus struct {
	Authenticated bool `json:"authenticated"`
	SetupRequired bool `json:"setupRequired"`
	PasswordSet   bool `json:"passwordSet"`
}

// SignedIn answers a sign-in; CSRF goes into the CSRFHeader of every call.
type SignedIn struct {
	Success bool   `json:"success"`
	CSRF    string `json:"csrf"`
}

// SignedOut answers a sign-out.
type SignedOut struct {
	Success bool `json:"success"`
	AuthStatus
}

// Login is the password of a sign-in.
type Login struct {
	Password string `json:"password"`
}

// SignIn is the token of a sign-in link.
type SignIn struct {
	Token string `json:"token"`
}

// routes are the calls about sessions. They speak HTTP themselves, because
// cookies are no business of the window.
func (a *Access) routes() []Route {
	return []Route{
		session("Login", "POST /api/auth/login", a.login, reflect.TypeFor[Login](), reflect.TypeFor[SignedIn]()),
		session("SignIn", "POST /api/auth/sign-in", a.signIn, reflect.TypeFor[SignIn](), reflect.TypeFor[SignedIn]()),
		session("Logout", "POST /api/auth/logout", a.logout, nil, reflect.TypeFor[SignedOut]()),
		session("Status", "GET /api/auth/status", a.status, nil, reflect.TypeFor[AuthStatus]()),
	}
}

// session makes a route that only browsers have.
func session(name, pattern string, f http.HandlerFunc, in, out reflect.Type) Route {
	r := Serve(TierOpen, pattern, f)
	r.Name, r.In, r.Out = "Session."+name, in, out
	return r
}

func (a *Access) statusOf(r *http.Request) AuthStatus {
	_, err := a.Authorize(r)
	s := &a.o.Holder.Now().Settings
	return AuthStatus{Authenticated: err == nil, SetupRequired: s.PasswordHash == "" && !s.SetupComplete, PasswordSet: s.PasswordHash != ""}
}

// status says whether the caller is signed in, and whether that is needed.
func (a *Access) status(w http.ResponseWriter, r *http.Request) {
	writeJSON(w, http.StatusOK, a.statusOf(r))
}

// openBody reads the small body of a call that anyone may make.
func openBody(w http.ResponseWriter, r *http.Request, in any) error {
	body, err := readBody(w, r, maxOpenBody)
	if err != nil {
		return err
	}
	return decodeBody(body, in)
}

// login answers 401 to a wrong password and 429 to whoever tries too often,
// even with the right one.
func (a *Access) login(w http.ResponseWriter, r *http.Request) {
	var in Login
	if err := openBody(w, r, &in); err != nil {
		writeError(w, err)
		return
	}
	hash := a.o.Holder.Now().Settings.PasswordHash
	if hash == "" {
		writeError(w, fault.New(fault.Forbidden, "control.login", "No password is set. Run \"omniroute open\" on this computer to sign this browser in."))
		return
	}
	if in.Password == "" {
		writeError(w, badInput("password", "The field \"password\" is missing."))
		return
	}
	address := addressOf(r.RemoteAddr)
	ok, err := a.guess(r.Context(), address, fault.Secret(in.Password), hash)
	if err != nil {
		writeError(w, err)
		return
	}
	if !ok {
		a.o.Log.Warn("a wrong password was given", "address", address)
		writeError(w, fault.New(fault.Unauthorized, "control.login", "The password is wrong."))
		return
	}
	writeJSON(w, http.StatusOK, SignedIn{true, a.start(w, r)})
}

// guess checks a password for somebody who may be guessing: who is what the
// wrong tries are counted under. RateLimited says how long to wait.
func (a *Access) guess(ctx context.Context, who string, p fault.Secret, hash string) (bool, error) {
	if d := a.throttle.admit(who); d > 0 {
		e := fault.New(fault.RateLimited, "control.password", "Too many wrong passwords. Wait before the next try; Retry-After says how many seconds.")
		e.RetryAfter = d
		return false, e
	}
	ok, err := a.checkPassword(ctx, p, hash)
	if err != nil {
		return false, err
	}
	if ok {
		a.throttle.absolve(who)
	}
	a.remember()
	return ok, nil
}

// signIn trades the token of a sign-in link for a session (rulings 1.4).
func (a *Access) signIn(w http.ResponseWriter, r *http.Request) {
	var in SignIn
	if err := openBody(w, r, &in); err != nil {
		writeError(w, err)
		return
	}
	switch {
	case a.PasswordSet():
		writeError(w, fault.New(fault.Forbidden, "control.sign-in", "A password is set: sign in with it. Links work only without one."))
	case !a.near(r):
		writeError(w, fault.New(fault.Forbidden, "control.sign-in", "Sign-in links work only on the computer the gateway runs on, without a proxy in between."))
	case !a.links.take(in.Token):
		writeError(w, fault.New(fault.Unauthorized, "control.sign-in", "This link was used already or is older than 15 minutes. Run \"omniroute open\" for a new one."))
	default:
		writeJSON(w, http.StatusOK, SignedIn{true, a.start(w, r)})
	}
}

// logout ends the session of a page that can prove it is ours, and takes the
// cookie from any.
func (a *Access) logout(w http.ResponseWriter, r *http.Request) {
	if hash, proven := a.session(r); proven {
		a.sessions.quietly(r.Context(), hash)
	}
	a.cookie(w, r, "", -1)
	status := a.statusOf(r)
	status.Authenticated = false
	writeJSON(w, http.StatusOK, SignedOut{true, status})
}

// links are the sign-in tokens that still work. Only hashes, only in memory.
type links struct {
	now    func() time.Time
	mu     sync.Mutex
	byHash map[string]time.Time // hash → until when
}

// Life and number of sign-in links.
const (
	linkLife = 15 * time.Minute
	maxLinks = 16
)

func (l *links) make() string {
	now := l.now()
	token := randomText()
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.byHash) >= maxLinks {
		oldest := ""
		for h, until := range l.byHash {
			if oldest == "" || until.Before(l.byHash[oldest]) {
				oldest = h
			}
		}
		delete(l.byHash, oldest)
	}
	l.byHash[digest(token)] = now.Add(linkLife)
	return token
}

func (l *links) take(token string) bool {
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	h := digest(token)
	until, ok := l.byHash[h]
	delete(l.byHash, h)
	return ok && now.Before(until)
}

func (l *links) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	clear(l.byHash)
}

// Link makes a link that signs one browser in, once, within 15 minutes. base
// is the gateway's URL, e.g. http://127.0.0.1:20128. Where a password decides
// it is the plain page.
func (a *Access) Link(base string) string {
	if a.PasswordSet() || !a.o.LoopbackOnly {
		return base + "/"
	}
	return fmt.Sprintf("%s/#/sign-in/%s", base, a.links.make())
}
