package control

import (
	"slices"
	"time"

	"omniroute/backend/accounts"
)

// Security are the verbs about who is signed in. The password itself is a
// setting; signing in and out is Session's, because cookies are.
type Security struct{ rooms *Rooms }

// SessionsFor is who asks for the list.
type SessionsFor struct {
	Caller Caller `json:"-"`
}

// SignedInBrowser is one sign-in that still holds.
type SignedInBrowser struct {
	ID        string    `json:"id"`
	Agent     string    `json:"agent"` // user agent at sign-in, as the browser sent it
	CreatedAt time.Time `json:"createdAt"`
	SeenAt    time.Time `json:"seenAt"`    // of the last call
	ExpiresAt time.Time `json:"expiresAt"` // unless it is used before
	Current   bool      `json:"current"`   // the one that asks
}

// SessionList holds the sign-ins, the one that asks first, then the last used.
type SessionList struct {
	Sessions []SignedInBrowser `json:"sessions"`
}

// SessionToEnd names a sign-in.
type SessionToEnd struct {
	ID string `json:"id" path:"id"`
}

// SessionsToEnd says whether the one that asks stays.
type SessionsToEnd struct {
	Caller Caller `json:"-"`
	Others bool   `json:"others" query:"others"` // true = all but the one that asks
}

// sessionID names a session without telling what it is stored under.
func sessionID(hash string) string { return digest("omniroute session id " + hash)[:16] }

// Sessions lists the browsers that are signed in.
func (v *Security) Sessions(in SessionsFor) (SessionList, error) {
	ctx, cancel := v.rooms.within(readTime)
	defer cancel()
	living, err := v.rooms.Access.sessions.list(ctx)
	if err != nil {
		return SessionList{}, err
	}
	slices.SortStableFunc(living, func(a, b accounts.Session) int {
		if a.Hash == in.Caller.session || b.Hash == in.Caller.session {
			return map[bool]int{true: -1, false: 1}[a.Hash == in.Caller.session]
		}
		return b.Seen.Compare(a.Seen)
	})
	out := SessionList{Sessions: make([]SignedInBrowser, 0, len(living))}
	for _, s := range living {
		out.Sessions = append(out.Sessions, SignedInBrowser{
			ID: sessionID(s.Hash), Agent: s.Agent, CreatedAt: s.Created.UTC(), SeenAt: s.Seen.UTC(), ExpiresAt: s.Expires.UTC(), Current: s.Hash == in.Caller.session,
		})
	}
	return out, nil
}

// EndSession signs one browser out.
func (v *Security) EndSession(in SessionToEnd) error {
	ctx, cancel := v.rooms.within(saving)
	defer cancel()
	living, err := v.rooms.Access.sessions.list(ctx)
	if err != nil {
		return err
	}
	for _, s := range living {
		if sessionID(s.Hash) == in.ID {
			return v.rooms.Access.sessions.end(ctx, s.Hash)
		}
	}
	return notFound("sign-in", in.ID)
}

// EndSessions signs every browser out, and voids links that would sign one in.
func (v *Security) EndSessions(in SessionsToEnd) error {
	ctx, cancel := v.rooms.within(saving)
	defer cancel()
	keep := ""
	if in.Others {
		keep = in.Caller.session
	}
	v.rooms.Access.links.clear()
	return v.rooms.Access.sessions.endAll(ctx, keep)
}
