package gateway

import "fmt"

// headerText makes a name fit for a header field: RFC 9110 5.5 allows no
// control characters there, and net/http lets most of them through. They are
// written as in a URL; every other byte stays.
func headerText(s string) string {
	control := func(c byte) bool { return c < ' ' || c == 0x7f }
	for i := range len(s) {
		if !control(s[i]) {
			continue
		}
		out := []byte(s[:i])
		for _, c := range []byte(s[i:]) {
			if control(c) {
				out = fmt.Appendf(out, "%%%02X", c)
			} else {
				out = append(out, c)
			}
		}
		return string(out)
	}
	return s
}
