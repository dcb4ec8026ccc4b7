package config

import "omniroute/backend/fault"

// Overrides are settings fixed by a flag or the environment. A nil pointer
// leaves the stored value.
type Overrides struct {
	RequireAPIKey     *bool
	RequireLogin      *bool
	EnableRequestLogs *bool
	EnableSocks5Proxy *bool
	LogRetentionDays  *int
	Locks             []Lock // one for each, and for process settings without a stored value (port, listen address …)
}

// Lock says why a setting cannot be changed in the dashboard.
type Lock struct {
	Setting string // name in the management API, e.g. "requireApiKey"
	Value   string // the value in force; dots for a secret
	Why     string // a sentence for people
}

// LockOf finds the lock of a setting by its name in the management API.
func (o *Overrides) LockOf(setting string) (Lock, bool) {
	for _, l := range o.Locks {
		if l.Setting == setting {
			return l, true
		}
	}
	return Lock{}, false
}

func (o *Overrides) apply(s *Settings) {
	override(&s.RequireAPIKey, o.RequireAPIKey)
	override(&s.RequireLogin, o.RequireLogin)
	override(&s.EnableRequestLogs, o.EnableRequestLogs)
	override(&s.EnableSocks5Proxy, o.EnableSocks5Proxy)
	override(&s.LogRetentionDays, o.LogRetentionDays)
}

func override[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

// guard refuses an edit that would change what it cannot change. Setting the
// value that is in force already is no change.
func (o *Overrides) guard(old, next *Settings) error {
	for _, refused := range [...]struct {
		is   bool
		name string
	}{
		{locked(o.RequireAPIKey, old.RequireAPIKey, &next.RequireAPIKey), "requireApiKey"},
		{locked(o.RequireLogin, old.RequireLogin, &next.RequireLogin), "requireLogin"},
		{locked(o.EnableRequestLogs, old.EnableRequestLogs, &next.EnableRequestLogs), "enableRequestLogs"},
		{locked(o.EnableSocks5Proxy, old.EnableSocks5Proxy, &next.EnableSocks5Proxy), "enableSocks5Proxy"},
		{locked(o.LogRetentionDays, old.LogRetentionDays, &next.LogRetentionDays), "logRetentionDays"},
	} {
		if refused.is {
			l, _ := o.LockOf(refused.name)
			return fault.New(fault.Conflict, "config.update", "%s cannot be changed here. %s", refused.name, l.Why)
		}
	}
	return nil
}

// locked reports a change of a fixed value. An edit that repeats the value in
// force (a form sends all its fields back) leaves the stored one.
func locked[T comparable](fixed *T, old T, next *T) bool {
	if fixed == nil || *next == old {
		return false
	}
	if *next == *fixed {
		*next = old
		return false
	}
	return true
}
