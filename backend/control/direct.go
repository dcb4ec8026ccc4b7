package control

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// direct is rulings 1.1: a program of this machine's user that reached us
// without anything in between and is no browser.
func (a *Access) direct(r *http.Request) bool {
	return a.near(r) && !fromBrowser(r) && r.Header["Referer"] == nil
}

// near is direct without the question whether it is a browser: for the
// sign-in link, which our own page posts.
func (a *Access) near(r *http.Request) bool {
	if !a.o.LoopbackOnly {
		return false
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !peer.Addr().Unmap().IsLoopback() {
		return false
	}
	for name := range r.Header {
		if forwarded(name) {
			return false
		}
	}
	local, ok := localEnd(r)
	if !ok {
		return true
	}
	owner := a.o.owner(peer, local)
	return owner == ownerOurs || owner == ownerUnknown
}

// forwarded reports headers that only something between us and the caller
// writes. Names are canonical, net/http saw to that.
func forwarded(name string) bool {
	switch name {
	case "Forwarded", "X-Real-Ip", "Via":
		return true
	}
	return strings.HasPrefix(name, "X-Forwarded-") || strings.HasPrefix(name, "Cf-")
}

// localEnd is our end of the connection; false outside a server.
func localEnd(r *http.Request) (netip.AddrPort, bool) {
	addr, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok {
		return netip.AddrPort{}, false
	}
	ap, err := netip.ParseAddrPort(addr.String())
	return ap, err == nil
}
