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

	mu    sync.Mutex
	known map[string]*known          // by hash
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
			s.end(ctx, hash)
			return accounts.Session{}, false
		}
		return one, true
	}
	one, err := s.repo.SessionByHash(ctx, hash)
	if err != nil || !now.Before(one.Expires) {
		if err != nil && fault.KindOf(err) != fault.NotFound {
			s.log.Warn("a session could not be read", "error", err)
		}
		return accounts.Session{}, false
	}
	s.remember(one, one.Seen)
	return s.use(hash, now)
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
		s.store(context.Background(), one)
	}
	return one, true
}

func (s *sessions) remember(one accounts.Session, saved time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.known) >= maxKnown {
		clear(s.known) // the store has them
	}
	s.known[one.Hash] = &known{one, saved}
}

func (s *sessions) store(ctx context.Context, one accounts.Session) {
	if err := s.repo.SaveSession(ctx, one); err != nil {
		s.log.Warn("a session could not be stored; a restart will end it", "error", err)
	}
}

// begin makes a session and returns what the browser keeps of it.
func (s *sessions) begin(ctx context.Context, agent string) (token, csrf string) {
	now := s.now()
	token = randomText()
	csrf = csrfOf(token)
	one := accounts.Session{Hash: digest(token), CSRF: digest(csrf), Created: now, Seen: now, Agent: clip(agent, 200)}
	one.Expires = expiry(&one)
	s.remember(one, now)
	s.store(ctx, one)
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

func (s *sessions) end(ctx context.Context, hash string) {
	s.mu.Lock()
	delete(s.known, hash)
	s.tell(hash)
	s.mu.Unlock()
	if err := s.repo.DropSession(ctx, hash); err != nil {
		s.log.Warn("a session could not be deleted", "error", err)
	}
}

// endAll ends every session but one ("" = none). The error matters: whoever
// should be out may still be in.
func (s *sessions) endAll(ctx context.Context, but string) error {
	s.mu.Lock()
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
	if err := s.repo.DropSessions(ctx); err != nil {
		return err
	}
	if keep != nil {
		return s.repo.SaveSession(ctx, keep.Session)
	}
	return nil
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
		a.sessions.end(r.Context(), hash) // a new sign-in is a new session
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
