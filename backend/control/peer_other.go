//go:build !linux

package control

import "net/netip"

// ownership is what the system says about who holds the other end of a
// loopback connection.
type ownership uint8

const (
	ownerUnknown ownership = iota // this system cannot say
	ownerOurs
	ownerForeign
	ownerNobody // no process holds it: closed already, or not accepted yet
)

// ownerOf needs tables that only Linux offers to everyone.
func ownerOf(_, _ netip.AddrPort) ownership { return ownerUnknown }
