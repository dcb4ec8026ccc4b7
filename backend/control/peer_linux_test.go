package control

import (
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"testing"
)

func addrPort(t *testing.T, a net.Addr) netip.AddrPort {
	t.Helper()
	ap, err := netip.ParseAddrPort(a.String())
	if err != nil {
		t.Fatal(err)
	}
	return ap
}

func TestOwnerOfARealConnection(t *testing.T) {
	for _, network := range []string{"tcp4", "tcp6", "tcp"} {
		listen := map[string]string{"tcp4": "127.0.0.1:0", "tcp6": "[::1]:0", "tcp": ":0"}[network]
		l, err := net.Listen(network, listen)
		if err != nil {
			t.Logf("%s is not available here: %v", network, err)
			continue
		}
		defer l.Close()
		_, port, _ := net.SplitHostPort(l.Addr().String())
		target := "127.0.0.1:" + port
		if network == "tcp6" {
			target = "[::1]:" + port
		}
		client, err := net.Dial("tcp", target)
		if err != nil {
			t.Fatal(err)
		}
		server, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		peer, local := addrPort(t, server.RemoteAddr()), addrPort(t, server.LocalAddr())
		if got := ownerOf(peer, local); got != ownerOurs {
			t.Errorf("%s: our own connection is %d, want %d", network, got, ownerOurs)
		}
		if got := ownerOf(netip.AddrPortFrom(peer.Addr(), peer.Port()^1), local); got != ownerNobody {
			t.Errorf("%s: a connection that does not exist is %d, want %d", network, got, ownerNobody)
		}
		client.Close()
		if got := ownerOf(peer, local); got == ownerOurs {
			t.Errorf("%s: a closed connection still counts as ours", network)
		}
		server.Close()
	}
}

func TestSocketOwner(t *testing.T) {
	peer, local := netip.MustParseAddrPort("127.0.0.1:50000"), netip.MustParseAddrPort("127.0.0.1:20128")
	own, far := string(kernelName(peer, false)), string(kernelName(local, false))
	uid := strconv.Itoa(os.Geteuid())
	row := func(a, b, state, uid, inode string) string {
		return "   1: " + a + " " + b + " " + state + " 00000000:00000000 00:00000000 00000000  " + uid + "        0 " + inode + " 1 0000000000000000 20 4 30 10 -1\n"
	}
	head := "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
	for _, c := range []struct {
		name, table string
		want        int
		ok          bool
	}{
		{"there", head + row(own, far, "01", "1234", "77"), 1234, true},
		{"only our own end", head + row(far, own, "01", uid, "77"), 0, false},
		{"to another port", head + row(own, far[:9]+"0001", "01", uid, "77"), 0, false},
		{"gone, waiting", head + row(own, far, "06", "0", "0"), 0, false},
		{"left by its process", head + row(own, far, "04", "0", "0"), 0, false},
		{"second row", head + row(far, own, "01", "5", "76") + row(own, far, "08", "1234", "77"), 1234, true},
		{"torn", head + own + " " + far, 0, false},
		{"empty", "", 0, false},
	} {
		if got, ok := socketOwner([]byte(c.table), []byte(own), []byte(far)); got != c.want || ok != c.ok {
			t.Errorf("%s: %d %v, want %d %v", c.name, got, ok, c.want, c.ok)
		}
	}
	if !strings.HasSuffix(own, ":C350") {
		t.Errorf("port in %s", own)
	}
	if wide := kernelName(peer, true); len(wide) != 32+5 {
		t.Errorf("an IPv4 peer in the IPv6 table: %s", wide)
	}
}
