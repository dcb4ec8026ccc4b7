package egress

import (
	"net"
	"net/netip"
	"net/url"
	"strings"

	"omniroute/backend/config"
	"omniroute/backend/fault"
)

// metadataNames are hosts that hand out cloud credentials.
var metadataNames = [...]string{"metadata.google.internal", "metadata.goog", "metadata", "instance-data", "instance-data.ec2.internal"}

// CheckBaseURL refuses what must never become an upstream (api.md
// "Upstreams"): other schemes than http and https, credentials or fragments
// in the URL, link-local and metadata addresses and names, and numeric
// spellings of an address. The result is normalised: lower-case host, no
// trailing slash, and a pasted endpoint suffix removed.
func CheckBaseURL(raw string) (string, error) {
	bad := func(format string, args ...any) (string, error) {
		e := fault.New(fault.Invalid, "egress.base-url", format, args...)
		e.Param = "baseUrl"
		return "", e
	}
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil || u.Host == "" {
		return bad("The base URL is not a URL like https://api.example.com/v1.")
	}
	u.Scheme = strings.ToLower(u.Scheme)
	if u.Scheme != "http" && u.Scheme != "https" {
		return bad("The base URL must begin with http:// or https://.")
	}
	if u.User != nil || u.Fragment != "" || u.Opaque != "" {
		return bad("The base URL must not carry a user name, a password or a fragment.")
	}
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if host == "" {
		return bad("The base URL has no host.")
	}
	for _, n := range metadataNames {
		if host == n {
			return bad("The host %s hands out cloud credentials and is never called.", host)
		}
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	switch {
	case err == nil && Forbidden(ip):
		return bad("The address %s is never called.", ip)
	case err != nil && numericHost(host):
		return bad("Write the address in its usual form, like 127.0.0.1.")
	}
	if port := u.Port(); port != "" {
		u.Host = host
		if ip.Is6() {
			u.Host = "[" + host + "]"
		}
		u.Host += ":" + port
	} else if ip.Is6() {
		u.Host = "[" + host + "]"
	} else {
		u.Host = host
	}
	path := strings.TrimRight(u.Path, "/")
	for _, suffix := range [...]string{"/chat/completions", "/responses", "/messages", "/models"} {
		if cut, ok := strings.CutSuffix(path, suffix); ok {
			path = cut
			break
		}
	}
	u.Path, u.RawPath = path, ""
	return u.String(), nil
}

// numericHost reports hosts some resolvers read as an address: decimal,
// hexadecimal or octal, with fewer or odd parts.
func numericHost(host string) bool {
	last := host[strings.LastIndexByte(host, '.')+1:]
	if strings.HasPrefix(last, "0x") {
		return true
	}
	for _, c := range last {
		if c < '0' || c > '9' {
			return false
		}
	}
	return last != ""
}

// Origin is the scheme, host and port a key belongs to (rulings 2.2),
// normalised: "https://api.example.com:443"; "" for what is no http(s) URL.
func Origin(baseURL string) string {
	u, err := url.Parse(baseURL)
	if err != nil || u.Hostname() == "" {
		return ""
	}
	port := u.Port()
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return ""
	case port == "" && u.Scheme == "https":
		port = "443"
	case port == "":
		port = "80"
	}
	return u.Scheme + "://" + net.JoinHostPort(strings.TrimSuffix(strings.ToLower(u.Hostname()), "."), port)
}

// IsLoopback reports a base URL that never leaves this machine.
func IsLoopback(baseURL string) bool { return config.IsLoopback(baseURL) }
