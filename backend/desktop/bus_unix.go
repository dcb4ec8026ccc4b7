//go:build !windows && !darwin

package desktop

import (
	"context"
	"time"

	"github.com/godbus/dbus/v5"

	"omniroute/backend/accounts"
)

const (
	watcherName = "org.kde.StatusNotifierWatcher"
	busTime     = 2 * time.Second
)

// busAlive reports whether the session's bus answers. The connection is the
// one that tray and notifications share.
func busAlive() bool {
	if !accounts.SessionBus() {
		return false
	}
	alive := make(chan bool, 1)
	go func() {
		_, err := dbus.SessionBus()
		alive <- err == nil
	}()
	select {
	case ok := <-alive:
		return ok
	case <-time.After(busTime):
		return false
	}
}

// HasTray asks whether something shows tray icons at this moment: plain GNOME
// has nothing, and panels come and go (desktop.md 3.4).
func HasTray() bool {
	if !accounts.SessionBus() {
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), busTime)
	defer cancel()
	conn, err := dbus.ConnectSessionBus(dbus.WithContext(ctx))
	if err != nil {
		return false
	}
	defer conn.Close()
	var has bool
	err = conn.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.NameHasOwner", 0, watcherName).Store(&has)
	return err == nil && has
}
