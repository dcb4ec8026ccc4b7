package gateway

import (
	"cmp"
	"net/http"
	"sync/atomic"
	"time"
)

// piece is how much of an answer is written under one deadline, in bytes;
// so much the system takes at once, without anyone reading.
const piece = 64 << 10

func (s *Server) clientWait() time.Duration { return cmp.Or(s.ClientWait, ClientWait) }

// client writes to whoever asked, and gives up one who takes nothing for
// wait: otherwise a client that stopped reading would hold its request and
// the upstream's for ever (peers.md F34). A deadline for each chunk of a
// stream would cost as much as the chunk, so streams are watched by the timer
// that also keeps them alive.
type client struct {
	w       http.ResponseWriter
	flusher http.Flusher
	wait    time.Duration
	watched bool // look is called while something is written

	writes atomic.Uint64 // odd while one is under way
	total  int           // bytes written, where nobody watches

	seen  uint64    // by look: the write it found
	since time.Time // when
}

// write returns an error when the client is gone.
func (c *client) write(p []byte) error {
	if c.watched {
		c.writes.Add(1)
		_, err := c.w.Write(p)
		c.writes.Add(1)
		return err
	}
	for {
		n := min(len(p), piece)
		if c.total += n; c.total > piece {
			c.within(c.wait)
		}
		if _, err := c.w.Write(p[:n]); err != nil || n == len(p) {
			return err
		}
		p = p[n:]
	}
}

// within bounds what is written next; 0 = no more.
func (c *client) within(d time.Duration) {
	end := time.Time{}
	if d > 0 {
		end = time.Now().Add(d)
	}
	_ = http.NewResponseController(c.w).SetWriteDeadline(end) // where it is not possible nobody waits either
}

// done leaves the connection as it was: the next request may use it.
func (c *client) done() {
	if c.total > piece {
		c.within(0)
	}
}

func (c *client) flush() {
	if c.flusher == nil {
		return
	}
	c.writes.Add(1)
	c.flusher.Flush()
	c.writes.Add(1)
}

// look is called by the timer when a write may be under way, and returns when
// to look again. A write that has not moved for wait is ended.
func (c *client) look() time.Duration {
	now, n := time.Now(), c.writes.Load()
	if n%2 == 0 || n != c.seen {
		c.seen, c.since = n, now
		return c.wait / 4
	}
	if now.Sub(c.since) >= c.wait {
		c.within(time.Nanosecond) // what is being written fails at once
	}
	return c.wait / 4
}
