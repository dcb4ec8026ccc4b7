//go:build !windows && !darwin

package desktop

import (
	"context"
	"os"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"

	"omniroute/backend/accounts"
)

// darkTime is how long the start may wait for the answer.
const darkTime = 200 * time.Millisecond

// PrefersDark asks which colours the person wants, for what is on screen
// before the page is: the toolkit's theme, then the desktop's portal
// (org.freedesktop.appearance, color-scheme: 1 is dark).
func PrefersDark() bool {
	if theme := os.Getenv("GTK_THEME"); theme != "" {
		return strings.HasSuffix(strings.ToLower(theme), "dark")
	}
	if !accounts.SessionBus() {
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), darkTime)
	defer cancel()
	conn, err := dbus.ConnectSessionBus(dbus.WithContext(ctx))
	if err != nil {
		return false
	}
	defer conn.Close()
	const portal = "org.freedesktop.portal.Desktop"
	var has bool // asking a portal that does not run would start it
	if conn.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.NameHasOwner", 0, portal).Store(&has) != nil || !has {
		return false
	}
	var answer dbus.Variant
	if conn.Object(portal, "/org/freedesktop/portal/desktop").CallWithContext(ctx, "org.freedesktop.portal.Settings.Read", 0, "org.freedesktop.appearance", "color-scheme").Store(&answer) != nil {
		return false
	}
	for {
		inner, nested := answer.Value().(dbus.Variant) // Read wraps twice
		if !nested {
			break
		}
		answer = inner
	}
	scheme, _ := answer.Value().(uint32)
	return scheme == 1
}
