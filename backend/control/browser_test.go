package control

import "testing"

func TestABrowserNeedsADisplay(t *testing.T) {
	for _, c := range []struct {
		goos, name, value string
		want              bool
	}{
		{"linux", "DISPLAY", ":0", true}, {"linux", "WAYLAND_DISPLAY", "wayland-0", true}, {"linux", "DISPLAY", "", false},
		{"linux", "HOME", "/root", false}, {"darwin", "", "", true}, {"windows", "", "", true},
	} {
		lookup := func(name string) (string, bool) { return c.value, name == c.name }
		if got := HasDisplay(c.goos, lookup); got != c.want {
			t.Errorf("%s with %s=%q: %v", c.goos, c.name, c.value, got)
		}
	}
}
