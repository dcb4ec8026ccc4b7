package control

import (
	"maps"
	"net/netip"
	"sync"
	"time"
)

// Limits on guessing the password.
const (
	freeTries   = 5                // wrong ones of one address before it must wait
	freeGlobal  = 25               // wrong ones of everybody before everybody must wait
	firstWait   = 30 * time.Second // doubled with every further wrong try
	longestWait = 15 * time.Minute // after this long without a try, all is forgotten
	maxTried    = 10_000           // addresses remembered
)

// throttle slows down guessing, per address and for all together. Safe for
// concurrent use.
type throttle struct {
	now   func() time.Time
	mu    sync.Mutex
	tries map[string]Tries // by address; "" = everybody
}

// Tries counts the wrong passwords of one address. It is kept over restarts,
// so that a restart is no way to guess on.
type Tries struct {
	Wrong int       `json:"wrong"`
	Last  time.Time `json:"last"`
}

// admit counts a try as wrong before the password is even looked at, so that
// many at once gain nothing; absolve takes it back. A positive result is how
// long the address must wait; then nothing is counted.
func (t *throttle) admit(address string) time.Duration {
	now := t.now()
	t.mu.Lock()
	defer t.mu.Unlock()
	maps.DeleteFunc(t.tries, func(_ string, v Tries) bool { return now.Sub(v.Last) > longestWait })
	if d := max(t.tries[address].wait(freeTries, now), t.tries[""].wait(freeGlobal, now)); d > 0 {
		return d
	}
	for _, k := range [...]string{address, ""} {
		if v, known := t.tries[k]; known || len(t.tries) < maxTried || k == "" {
			t.tries[k] = Tries{v.Wrong + 1, now}
		}
	}
	return 0
}

func (t Tries) wait(free int, now time.Time) time.Duration {
	if t.Wrong < free {
		return 0
	}
	wait := min(firstWait<<min(t.Wrong-free, 10), longestWait)
	return t.Last.Add(wait).Sub(now)
}

// absolve forgets an address after the right password, and its share of what
// everybody did.
func (t *throttle) absolve(address string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := t.tries[""]
	all.Wrong = max(all.Wrong-t.tries[address].Wrong, 0)
	t.tries[""] = all
	delete(t.tries, address)
}

// list copies the tries for saving.
func (t *throttle) list() map[string]Tries {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.tries)
}

// addressOf is what a try is counted under: an IPv4 address, or the /64 an
// IPv6 user can choose from freely.
func addressOf(remote string) string {
	ap, err := netip.ParseAddrPort(remote)
	if err != nil {
		return "unknown"
	}
	ip := ap.Addr().Unmap().WithZone("")
	if ip.Is6() {
		if p, err := ip.Prefix(64); err == nil {
			return p.String()
		}
	}
	return ip.String()
}
