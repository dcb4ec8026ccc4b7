package control

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"maps"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"omniroute/backend/accounts"
	"omniroute/backend/config"
	"omniroute/backend/events"
	"omniroute/backend/fault"
)

// CookieName and CSRFHeader are what a browser sends after signing in; the
// cookie alone opens nothing (rulings 1.3).
const (
	CookieName = "auth_token"
	CSRFHeader = "X-OmniRoute-CSRF"
)

// AccessOptions is what Access needs to know. Holder and Sessions are
// required.
type AccessOptions struct {
	Holder     *config.Holder
	Sessions   accounts.Sessions
	Bus        *events.Bus  // hears of sign-ins; nil = nobody does
	DataDir    string       // where wrong tries are kept over a restart; "" = forgets them
	AdminToken fault.Secret // of AdminToken
	// LoopbackOnly says that BASE_URL and HOSTNAME name no other host than
	// loopback: only then a caller on this machine is known to be one.
	LoopbackOnly bool
	SecureCookie bool // AUTH_COOKIE_SECURE, or an https BASE_URL
	Now          func() time.Time
	Log          *slog.Logger

	owner func(peer, local netip.AddrPort) ownership // tests replace it
}

// triesFile is where wrong passwords are counted in DATA_DIR. Losing it costs
// nothing but the memory over one restart.
const triesFile = "login-tries.json"

// Access answers who is calling /api (rulings 1.1, 1.3, 1.4). Safe for
// concurrent use.
type Access struct {
	o        AccessOptions
	sessions *sessions
	links    *links
	throttle *throttle
	hashing  chan struct{} // capacity 2: a password check costs 64 MiB
	writing  sync.Mutex    // of triesFile
}

// NewAccess recalls who guessed wrong before the restart.
func NewAccess(o AccessOptions) *Access {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Bus == nil {
		o.Bus = events.NewBus()
	}
	if o.owner == nil {
		o.owner = ownerOf
	}
	a := &Access{
		o:        o,
		sessions: &sessions{now: o.Now, repo: o.Sessions, log: o.Log, bus: o.Bus, known: map[string]*known{}, ends: map[string][]chan struct{}{}},
		links:    &links{now: o.Now, byHash: map[string]time.Time{}},
		throttle: &throttle{now: o.Now, tries: map[string]Tries{}},
		hashing:  make(chan struct{}, 2),
	}
	if err := a.recall(); err != nil {
		a.throttle.tries = map[string]Tries{}
		o.Log.Warn("the count of wrong passwords could not be recalled", "error", err)
	}
	return a
}

func (a *Access) recall() error {
	if a.o.DataDir == "" {
		return nil
	}
	text, err := os.ReadFile(filepath.Join(a.o.DataDir, triesFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var tries map[string]Tries
	if err := json.Unmarshal(text, &tries); err != nil {
		return err
	}
	maps.Copy(a.throttle.tries, tries)
	return nil
}

// remember writes the wrong tries.
func (a *Access) remember() {
	if a.o.DataDir == "" {
		return
	}
	a.writing.Lock()
	defer a.writing.Unlock()
	text, err := json.Marshal(a.throttle.list())
	if err == nil {
		_, err = replaceFile(a.o.DataDir, triesFile, text)
	}
	if err != nil {
		a.o.Log.Warn("the count of wrong passwords could not be stored", "error", err)
	}
}

// Authorize says who calls a route of TierAPI. The error is Unauthorized, or
// Forbidden when a session comes without its CSRF header. A key for /v1 means
// nothing here.
func (a *Access) Authorize(r *http.Request) (Caller, error) {
	if a.isAdmin(r) {
		return Caller{kind: callerAdmin}, nil
	}
	hash, proven := a.session(r)
	if hash != "" && proven {
		return Caller{kind: callerSession, session: hash}, nil
	}
	if a.open() && a.direct(r) {
		return Caller{kind: callerDirect}, nil
	}
	return Caller{}, a.refusal(r, hash != "", a.PasswordSet())
}

// open reports whether this machine's user needs no sign-in.
func (a *Access) open() bool {
	settings := &a.o.Holder.Now().Settings
	return settings.PasswordHash == "" || !settings.RequireLogin
}

// still reports whether a caller who was let in would be let in now, for
// answers that go on for hours. It does not count as a use of the session.
func (a *Access) still(ctx context.Context, c Caller) bool {
	switch c.kind {
	case callerSession:
		return a.sessions.alive(ctx, c.session)
	case callerDirect:
		return a.open()
	}
	return true
}

func (a *Access) refusal(r *http.Request, cookie, password bool) error {
	switch {
	case cookie:
		e := fault.New(fault.Forbidden, "control.access", "The header %s is missing or wrong. Sign in again to get its value; the cookie alone opens nothing.", CSRFHeader)
		e.Param = CSRFHeader // what the page knows this refusal by
		return e
	case password:
		return fault.New(fault.Unauthorized, "control.access", "Sign in first, or send the content of DATA_DIR/admin-token as a Bearer.")
	case fromBrowser(r):
		return fault.New(fault.Unauthorized, "control.access", "This browser is not signed in. Run \"omniroute open\" on this computer.")
	}
	return fault.New(fault.Unauthorized, "control.access", "Only programs of the same user on this computer may call without signing in. Send the content of DATA_DIR/admin-token as a Bearer.")
}

func (a *Access) isAdmin(r *http.Request) bool {
	bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	token := a.o.AdminToken.Reveal()
	return ok && token != "" && subtle.ConstantTimeCompare([]byte(strings.TrimSpace(bearer)), []byte(token)) == 1
}

// PasswordSet reports whether a password protects /api.
func (a *Access) PasswordSet() bool { return a.o.Holder.Now().Settings.PasswordHash != "" }

// InitialPassword stores INITIAL_PASSWORD unless there is a password already.
// Where others can reach us the error says why it is too weak. On loopback
// (rulings 4.5) one that stands in public documents is ignored and a short
// one taken, with a warning each.
func (a *Access) InitialPassword(ctx context.Context, p fault.Secret) error {
	if a.PasswordSet() || p == "" {
		return nil
	}
	if err := CheckPassword(p); err != nil {
		switch {
		case !a.o.LoopbackOnly || len(p.Reveal()) > maxPassword:
			return err
		case published(p):
			a.o.Log.Warn("INITIAL_PASSWORD stands in public documents and is ignored; set a password of your own")
			return nil
		}
		a.o.Log.Warn("INITIAL_PASSWORD is short; change it in the settings")
	}
	return a.setPassword(ctx, hashPassword(p), "")
}

// MakePassword sets a random password where one is forced and none exists,
// and returns it to be shown once; "" when there is one already.
func (a *Access) MakePassword(ctx context.Context) (fault.Secret, error) {
	if a.PasswordSet() {
		return "", nil
	}
	p := fault.Secret(randomText()[:22])
	return p, a.setPassword(ctx, hashPassword(p), "")
}

// setPassword stores a hash ("" removes the password) and ends every other
// session than the one given, since whoever knew the old one is out.
func (a *Access) setPassword(ctx context.Context, hash, session string) error {
	_, err := a.o.Holder.Update(ctx, func(s *config.Snapshot) error {
		s.Settings.PasswordHash = hash
		if hash != "" {
			s.Settings.SetupComplete = true
		}
		return nil
	})
	if err != nil {
		return err
	}
	a.links.clear()
	return a.sessions.endAll(ctx, session)
}

// checkPassword spends a password check, two at once at most.
func (a *Access) checkPassword(ctx context.Context, p fault.Secret, hash string) (bool, error) {
	select {
	case a.hashing <- struct{}{}:
		defer func() { <-a.hashing }()
	case <-ctx.Done():
		return false, ctx.Err()
	}
	return samePassword(p, hash), nil
}
