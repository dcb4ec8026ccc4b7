package control

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"os"
	"strconv"
)

// ownership is what the system says about who holds the other end of a
// loopback connection.
type ownership uint8

const (
	ownerUnknown ownership = iota // this system cannot say
	ownerOurs
	ownerForeign
	ownerNobody // no process holds it: closed already, or not accepted yet
)

// ownerOf finds the socket whose own end is peer and whose far end is local
// in the kernel's tables, and compares its user with ours. A connection whose
// socket is gone or closed belongs to nobody: who asked cannot be known any
// more, and that must not be taken for us.
func ownerOf(peer, local netip.AddrPort) ownership {
	readable := false
	for _, table := range [...]struct {
		file string
		wide bool
	}{{"/proc/self/net/tcp", false}, {"/proc/self/net/tcp6", true}} {
		if !table.wide && !peer.Addr().Unmap().Is4() {
			continue
		}
		text, err := os.ReadFile(table.file)
		if err != nil {
			continue
		}
		readable = true
		if uid, ok := socketOwner(text, kernelName(peer, table.wide), kernelName(local, table.wide)); ok {
			if uid == os.Geteuid() {
				return ownerOurs
			}
			return ownerForeign
		}
	}
	if readable {
		return ownerNobody
	}
	return ownerUnknown
}

// kernelName spells an address as /proc/net/tcp does: words of 32 bits in the
// machine's byte order, then the port.
func kernelName(ap netip.AddrPort, wide bool) []byte {
	var raw []byte
	if wide {
		a := ap.Addr().As16()
		raw = a[:]
	} else {
		a := ap.Addr().Unmap().As4()
		raw = a[:]
	}
	var out []byte
	for i := 0; i < len(raw); i += 4 {
		out = fmt.Appendf(out, "%08X", binary.NativeEndian.Uint32(raw[i:]))
	}
	return fmt.Appendf(out, ":%04X", ap.Port())
}

// socketOwner reads one table. Fields: number, own end, far end, state,
// queues, timer, retransmits, uid, timeout, inode. Rows without an inode are
// sockets that no process holds any more; their uid means nothing.
func socketOwner(table, own, far []byte) (uid int, ok bool) {
	for line := range bytes.Lines(table) {
		if !bytes.Contains(line, own) {
			continue
		}
		f := bytes.Fields(line)
		if len(f) < 10 || !bytes.Equal(f[1], own) || !bytes.Equal(f[2], far) || string(f[9]) == "0" {
			continue
		}
		if n, err := strconv.Atoi(string(f[7])); err == nil {
			return n, true
		}
	}
	return 0, false
}
