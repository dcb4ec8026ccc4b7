package resilience

import (
	"time"

	"omniroute/backend/config"
)

// Rests reports a target that Admit would refuse now. It spends nothing.
func (b *Board) Rests(t config.Target) bool {
	now := b.now()
	return b.resting(t, now) != nil || b.resting(account(t), now) != nil || b.shut(account(t), now)
}

// shut reports a breaker that lets nobody through now.
func (b *Board) shut(t config.Target, now time.Time) (shut bool) {
	b.with(t, false, func(e *entry) {
		shut = e.state == Open && now.Before(e.retryAt) || e.state != Closed && e.probing
	})
	return shut
}

// Health is how well a target fares, from 0 to 100: 100 less 10 for each rest
// or open breaker in a row, 20 when the last attempt failed, 30 while it rests
// (contract.md 4.5).
func (b *Board) Health(t config.Target) int {
	now := b.now()
	health := 100
	for _, at := range [...]config.Target{t, account(t)} {
		b.with(at, false, func(e *entry) {
			health -= 10 * (e.cooled + e.opened)
			if e.failures > 0 || e.cooled > 0 {
				health -= 20
			}
			if e.login || now.Before(e.coolUntil) || e.state != Closed {
				health -= 30
			}
		})
	}
	return max(health, 0)
}
