package egress

import (
	"net/netip"
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

func TestOriginIsWhatAKeyBelongsTo(t *testing.T) {
	for url, want := range map[string]string{
		"https://API.x.test/v1":       "https://api.x.test:443",
		"HTTPS://api.x.test:443":      "https://api.x.test:443",
		"https://api.x.test.:443/":    "https://api.x.test:443",
		"http://127.0.0.1:8080/v1?x":  "http://127.0.0.1:8080",
		"http://[::1]/":               "http://[::1]:80",
		"https://u:p@api.x.test/v1#f": "https://api.x.test:443",
		"ftp://x":                     "", "": "", "//x": "", "https://": "", "https://:443": "", "x.test": "", "https://%zz": "",
	} {
		if got := Origin(url); got != want {
			t.Errorf("%q: %q, want %q", url, got, want)
		}
	}
}
