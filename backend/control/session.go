package control

import (
	"context"
	"crypto/subtle"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"omniroute/backend/accounts"
	"omniroute/backend/events"
	"omniroute/backend/fault"
)

// How long a sign-in holds.
const (
	sessionIdle = 12 * time.Hour      // without a call
	sessionLife = 30 * 24 * time.Hour // at most
	saveEvery   = 10 * time.Minute    // how stale the stored time of the last call may be
	maxKnown    = 1000                // sessions held in memory
)

// sessions are the signed-in browsers: the store knows them all, memory those
// that called lately. Safe for concurrent use; the store is never called
// under the lock.
type sessions struct {
	now  func() time.Time
	repo accounts.Sessions
	log  *slog.Logger
	bus  *events.Bus // hears when one begins or ends

	mu    sync.Mutex
	known map[string]*known          // by hash
	ended int                        // how often sessions were ended
	ends  map[string][]chan struct{} // by hash: closed when the session ends
}

type known struct {
	accounts.Session
	saved time.Time
}

func expiry(s *accounts.Session) time.Time {
	idle, end := s.Seen.Add(sessionIdle), s.Created.Add(sessionLife)
	if end.Before(idle) {
		return end
	}
	return idle
}

// touch finds a living session and notes that it was used.
func (s *sessions) touch(ctx context.Context, hash string) (accounts.Session, bool) {
	now := s.now()
	if one, found := s.use(hash, now); found {
		if !now.Before(one.Expires) {
			s.quietly(ctx, hash)
			return accounts.Session{}, false
		}
		return one, true
	}
	for {
		before := s.endings()
		one, err := s.repo.SessionByHash(ctx, hash)
		if err != nil || !now.Before(one.Expires) {
			if err != nil && fault.KindOf(err) != fault.NotFound {
				s.log.Warn("a session could not be read", "error", err)
			}
			return accounts.Session{}, false
		}
		if s.remember(one, one.Seen, before) {
			return s.use(hash, now)
		}
	}
}

func (s *sessions) endings() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ended
}

// use moves the time of the last call of a session held in memory, and has
// it stored when that is due. A dead one is returned as it is.
func (s *sessions) use(hash string, now time.Time) (accounts.Session, bool) {
	s.mu.Lock()
	k := s.known[hash]
	if k == nil {
		s.mu.Unlock()
		return accounts.Session{}, false
	}
	due := false
	if now.Before(k.Expires) {
		k.Seen = now
		k.Expires = expiry(&k.Session)
		if due = now.Sub(k.saved) > saveEvery; due {
			k.saved = now
		}
	}
	one := k.Session
	s.mu.Unlock()
	if due {
		if err := s.repo.RenewSession(context.Background(), one); err != nil {
			s.log.Warn("the last use of a session could not be stored; a restart may end it early", "error", err)
		}
	}
	return one, true
}

// remember holds a session in memory, unless one was ended since it was read:
// it may have been this one.
func (s *sessions) remember(one accounts.Session, saved time.Time, before int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended != before {
		return false
	}
	if len(s.known) >= maxKnown {
		clear(s.known) // the store has them
	}
	s.known[one.Hash] = &known{one, saved}
	return true
}

// begin makes a session and returns what the browser keeps of it.
func (s *sessions) begin(ctx context.Context, agent string) (token, csrf string) {
	now := s.now()
	token = randomText()
	csrf = csrfOf(token)
	one := accounts.Session{Hash: digest(token), CSRF: digest(csrf), Created: now, Seen: now, Agent: clip(agent, 200)}
	one.Expires = expiry(&one)
	for !s.remember(one, now, s.endings()) { // nobody can have ended what nobody knows
	}
	if err := s.repo.SaveSession(ctx, one); err != nil {
		s.log.Warn("a session could not be stored; a restart will end it", "error", err)
	}
	s.bus.Publish(events.SessionsChanged{})
	return token, csrf
}

// csrfOf derives the second secret of a session from its first, so that
// several pages of one browser can be told the same.
func csrfOf(token string) string { return digest("omniroute csrf " + token) }

// alive reports whether a session still holds, without using it.
func (s *sessions) alive(ctx context.Context, hash string) bool {
	s.mu.Lock()
	k := s.known[hash]
	if k != nil {
		defer s.mu.Unlock()
		return s.now().Before(k.Expires)
	}
	s.mu.Unlock()
	one, err := s.repo.SessionByHash(ctx, hash)
	return err == nil && s.now().Before(one.Expires)
}

// watch returns a channel that is closed when the session is ended. The caller
// must call forget.
func (s *sessions) watch(hash string) (ended <-chan struct{}, forget func()) {
	c := make(chan struct{})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ends[hash] = append(s.ends[hash], c)
	return c, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.ends[hash] = slices.DeleteFunc(s.ends[hash], func(o chan struct{}) bool { return o == c }); len(s.ends[hash]) == 0 {
			delete(s.ends, hash)
		}
	}
}

// tell closes the channels of a session's watchers. The lock is held.
func (s *sessions) tell(hash string) {
	for _, c := range s.ends[hash] {
		close(c)
	}
	delete(s.ends, hash)
}

// end ends a session. The error matters: whoever should be out may still be
// in.
func (s *sessions) end(ctx context.Context, hash string) error {
	defer s.bus.Publish(events.SessionsChanged{})
	err := s.repo.DropSession(ctx, hash) // first: memory learns from the store, not the other way round
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended++
	delete(s.known, hash)
	s.tell(hash)
	return err
}

// quietly ends a session whose caller is leaving anyway.
func (s *sessions) quietly(ctx context.Context, hash string) {
	if err := s.end(ctx, hash); err != nil {
		s.log.Warn("a session could not be deleted", "error", err)
	}
}

// endAll ends every session but one ("" = none). The error matters as that of
// end does.
func (s *sessions) endAll(ctx context.Context, but string) error {
	defer s.bus.Publish(events.SessionsChanged{})
	err := s.repo.DropSessions(ctx)
	s.mu.Lock()
	s.ended++
	keep := s.known[but]
	clear(s.known)
	if keep != nil {
		s.known[but] = keep
	}
	for hash := range s.ends {
		if hash != but || keep == nil {
			s.tell(hash)
		}
	}
	s.mu.Unlock()
	if err == nil && keep != nil {
		err = s.repo.SaveSession(ctx, keep.Session)
	}
	return err
}

// list is every living session as it is now.
func (s *sessions) list(ctx context.Context) ([]accounts.Session, error) {
	stored, err := s.repo.LivingSessions(ctx)
	if err != nil {
		return nil, err
	}
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range stored {
		if k := s.known[stored[i].Hash]; k != nil {
			stored[i] = k.Session // the store may be behind
		}
	}
	return slices.DeleteFunc(stored, func(one accounts.Session) bool { return !now.Before(one.Expires) }), nil
}

// session finds the session of a request's cookie, and whether the CSRF
// header proves that the request comes from the page it was made for. Another
// local server may have set a cookie of the same name, so all are tried.
func (a *Access) session(r *http.Request) (hash string, proven bool) {
	word := digest(r.Header.Get(CSRFHeader))
	for i, c := range r.CookiesNamed(CookieName) {
		if i == 4 {
			break
		}
		one, ok := a.sessions.touch(r.Context(), digest(c.Value))
		if !ok {
			continue
		}
		hash = one.Hash
		if subtle.ConstantTimeCompare([]byte(one.CSRF), []byte(word)) == 1 {
			return hash, true
		}
	}
	return hash, false
}

// start makes a session and hands it to a browser.
func (a *Access) start(w http.ResponseWriter, r *http.Request) (csrf string) {
	if hash, _ := a.session(r); hash != "" {
		a.sessions.quietly(r.Context(), hash) // a new sign-in is a new session
	}
	token, csrf := a.sessions.begin(r.Context(), r.UserAgent())
	a.cookie(w, r, token, int(sessionLife/time.Second))
	return csrf
}

func (a *Access) cookie(w http.ResponseWriter, r *http.Request, value string, age int) {
	http.SetCookie(w, &http.Cookie{
		Name: CookieName, Value: value, Path: "/", MaxAge: age,
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: a.o.SecureCookie || r.TLS != nil,
	})
}
