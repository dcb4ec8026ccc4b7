package accounts

import (
	"context"
	"time"
)

// Session is a signed-in browser. Its cookie and its CSRF word are known here
// only as hashes.
type Session struct {
	Hash    string // of the cookie's text
	CSRF    string // hash of the word the page keeps
	Created time.Time
	Seen    time.Time
	Expires time.Time
	Agent   string // user agent at sign-in, shortened
}

// Sessions keeps sign-ins across restarts. SessionByHash returns
// fault.NotFound for one that is gone or past Expires.
type Sessions interface {
	SessionByHash(ctx context.Context, hash string) (Session, error)
	LivingSessions(ctx context.Context) ([]Session, error) // those not past Expires
	SaveSession(ctx context.Context, s Session) error      // inserts or replaces
	RenewSession(ctx context.Context, s Session) error     // its Seen and Expires, unless it was dropped
	DropSession(ctx context.Context, hash string) error
	DropSessions(ctx context.Context) error // all: sign out everywhere
}
