package desktop

import (
	"errors"
	"os"

	"omniroute/backend/fault"
)

// LoginItem is the program's entry among what starts when the person logs in.
type LoginItem interface {
	// Enabled asks the system, each time: people change it elsewhere.
	Enabled() (bool, error)
	Set(on bool) error
}

var errNoBus = errors.New("desktop: this session has no D-Bus")

// loginName names the entry to the system.
const loginName = "omniroute"

// loginCommand is what the system is to start. In an AppImage that is the
// image, not the program inside, which another start unpacks elsewhere.
func loginCommand() ([]string, error) {
	if image := os.Getenv("APPIMAGE"); image != "" {
		return []string{image, "--hidden"}, nil
	}
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return []string{exe, "--hidden"}, nil
}

func loginFailed(err error) error {
	return fault.Wrap(fault.Internal, "desktop.login", err, "The entry among the programs that start at login could not be changed. Check that your configuration directory is writable.")
}
