package control

import (
	"context"
	"testing"
	"time"

	"omniroute/backend/accounts"
)

func TestSessionList(t *testing.T) {
	h := newHouse(t)
	setPassword(t, h)
	laptop, _ := h.login(testPassword, "User-Agent: Laptop")
	h.clock.advance(time.Minute)
	phone, _ := h.login(testPassword, "User-Agent: Phone")
	h.clock.advance(time.Minute)
	third, _ := h.login(testPassword, "User-Agent: Third")
	h.clock.advance(time.Minute)
	h.call(200, "GET /api/keys", nil, laptop.headers()...)

	list := func(headers ...string) (out []map[string]any) {
		for _, s := range h.call(200, "GET /api/sessions", nil, headers...).at("sessions").([]any) {
			out = append(out, s.(map[string]any))
		}
		return out
	}
	got := list(phone.headers()...)
	if len(got) != 3 || got[0]["agent"] != "Phone" || got[0]["current"] != true || got[1]["agent"] != "Laptop" || got[1]["current"] != false || got[2]["agent"] != "Third" {
		t.Fatalf("%v", got)
	}
	if got[1]["createdAt"] != "2026-11-25T12:00:00Z" || got[1]["seenAt"] != "2026-11-25T12:03:00Z" || got[1]["expiresAt"] != "2026-11-26T00:03:00Z" {
		t.Errorf("%v", got[1])
	}
	for _, one := range list(h.admin()) {
		if one["current"] == true {
			t.Errorf("the admin token has a session: %v", one)
		}
	}
	h.call(404, "DELETE /api/sessions/nope", nil, phone.headers()...)
	h.call(204, "DELETE /api/sessions/"+got[2]["id"].(string), nil, phone.headers()...)
	h.call(401, "GET /api/keys", nil, third.headers()...)
	h.call(200, "GET /api/keys", nil, laptop.headers()...)
	h.call(404, "DELETE /api/sessions/"+got[2]["id"].(string), nil, phone.headers()...)

	h.call(204, "DELETE /api/sessions?others=true", nil, phone.headers()...)
	h.call(401, "GET /api/keys", nil, laptop.headers()...)
	if got := list(phone.headers()...); len(got) != 1 || got[0]["current"] != true {
		t.Errorf("%v", got)
	}
	h.call(204, "DELETE /api/sessions", nil, phone.headers()...)
	h.call(401, "GET /api/keys", nil, phone.headers()...)
	if got := list(h.admin()); len(got) != 0 {
		t.Errorf("%v", got)
	}
	p, _ := h.login(testPassword)
	h.clock.advance(sessionIdle + time.Second)
	if got := list(h.admin()); len(got) != 0 {
		t.Errorf("one that is over is listed: %v", got)
	}
	h.call(401, "GET /api/keys", nil, p.headers()...)
}

func TestSignOutEverywhereVoidsLinks(t *testing.T) {
	h := newHouse(t)
	token := h.access.links.make()
	h.call(204, "DELETE /api/sessions", nil, h.admin())
	h.call(401, "POST /api/auth/sign-in", map[string]any{"token": token})
}

// A signed-in browser that guesses the password is slowed down like one that
// is not, and does not lock others out.
func TestGuessingTheCurrentPasswordIsThrottled(t *testing.T) {
	h := newHouse(t)
	setPassword(t, h)
	p, _ := h.login(testPassword)
	next := map[string]any{"password": "another long password", "currentPassword": "wrong"}
	for range freeTries {
		if g := h.call(403, "PATCH /api/settings", next, p.headers()...); g.str("error.param") != "currentPassword" {
			t.Errorf("%s", g.body)
		}
	}
	next["currentPassword"] = testPassword
	if g := h.call(429, "PATCH /api/settings", next, p.headers()...); g.at("error.retryAfterSeconds") != 30.0 || g.header.Get("Retry-After") != "30" {
		t.Errorf("%s", g.body)
	}
	if _, g := h.login(testPassword); g.status != 200 {
		t.Errorf("another browser is locked out: %d", g.status)
	}
	h.clock.advance(31 * time.Second)
	h.call(200, "PATCH /api/settings", next, p.headers()...)
}

// meddling ends a session between the moment it is read and the moment it is
// held in memory.
type meddling struct {
	accounts.Sessions
	meddle func()
}

func (m *meddling) SessionByHash(ctx context.Context, hash string) (accounts.Session, error) {
	s, err := m.Sessions.SessionByHash(ctx, hash)
	if f := m.meddle; f != nil {
		m.meddle = nil
		f()
	}
	return s, err
}

func TestAnEndedSessionStaysEnded(t *testing.T) {
	var m *meddling
	h := open(t, t.TempDir(), func(a *AccessOptions, _ *Rooms) {
		m = &meddling{Sessions: a.Sessions}
		a.Sessions = m
	})
	setPassword(t, h)
	p, _ := h.login(testPassword)
	other, _ := h.login(testPassword)
	clear(h.access.sessions.known) // as after a restart
	m.meddle = func() { h.call(204, "DELETE /api/sessions", nil, h.admin()) }
	h.call(401, "GET /api/keys", nil, p.headers()...)
	h.call(401, "GET /api/keys", nil, p.headers()...)

	p, _ = h.login(testPassword)
	clear(h.access.sessions.known)
	m.meddle = func() { h.call(204, "DELETE /api/sessions", nil, h.admin()) }
	h.call(401, "GET /api/keys", nil, other.headers()...) // gone already
	h.call(401, "GET /api/keys", nil, p.headers()...)

	p, _ = h.login(testPassword)
	one, ok := h.access.sessions.touch(t.Context(), digest(p.cookie[len(CookieName)+1:]))
	if !ok {
		t.Fatal("not signed in")
	}
	h.call(204, "DELETE /api/sessions", nil, h.admin())
	if err := h.store.RenewSession(t.Context(), one); err != nil { // as a call that was under way would
		t.Fatal(err)
	}
	h.call(401, "GET /api/keys", nil, p.headers()...)
}
