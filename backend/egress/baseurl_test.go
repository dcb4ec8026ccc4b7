package egress

import (
	"net/netip"
	"strings"
	"testing"
)

func TestCheckBaseURL(t *testing.T) {
	for in, want := range map[string]string{
		"https://API.Example.com/v1/":                 "https://api.example.com/v1",
		"https://api.example.com/v1/chat/completions": "https://api.example.com/v1",
		"http://127.0.0.1:11434/v1":                   "http://127.0.0.1:11434/v1",
		"http://[::1]:8000/v1":                        "http://[::1]:8000/v1",
		"http://192.168.1.5:8000":                     "http://192.168.1.5:8000",
	} {
		if got, err := CheckBaseURL(in); err != nil || got != want {
			t.Errorf("%s: %q %v, want %q", in, got, err, want)
		}
	}
	for _, in := range []string{
		"", "example.com", "ftp://example.com", "file:///etc/passwd", "https://user:pass@example.com", "https://example.com/#x", "https://",
		"http://169.254.169.254/latest", "http://[fe80::1]/", "http://[fd00:ec2::254]/", "http://metadata.google.internal/", "http://METADATA.google.internal./",
		"http://0x7f000001/", "http://2130706433/", "http://0177.0.0.1/", "http://127.1/", "http://0.0.0.0/", "http://[::ffff:169.254.169.254]/", "http://224.0.0.1/",
	} {
		if got, err := CheckBaseURL(in); err == nil {
			t.Errorf("%q was accepted as %q", in, got)
		}
	}
}

func TestForbiddenAddresses(t *testing.T) {
	for ip, want := range map[string]bool{"169.254.169.254": true, "::ffff:169.254.1.1": true, "fe80::1": true, "fd00:ec2::254": true, "0.0.0.0": true, "127.0.0.1": false, "10.0.0.1": false, "::1": false, "8.8.8.8": false} {
		if got := Forbidden(netip.MustParseAddr(ip)); got != want {
			t.Errorf("%s: %v", ip, got)
		}
	}
}

func TestOriginNamesThePort(t *testing.T) {
	for in, want := range map[string]string{"https://a.b/v1": "https://a.b:443", "http://a.b": "http://a.b:80", "http://a.b:8080/x": "http://a.b:8080"} {
		if got := Origin(in); !strings.EqualFold(got, want) {
			t.Errorf("%s: %s", in, got)
		}
	}
}
