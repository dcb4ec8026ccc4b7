package daemon

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"

	"omniroute/backend/fault"
)

func inUse(err error) bool {
	return errors.Is(err, syscall.EADDRINUSE) || strings.Contains(err.Error(), "Only one usage of each socket address")
}

// taken says what is wrong with the port, who holds it as far as that can be
// told, and what to do.
func taken(err error, port int) error {
	var op *net.OpError
	switch {
	case inUse(err):
		who := holder(port)
		if who != "" {
			who = " by " + who
		}
		return fault.Wrap(fault.Conflict, "daemon.bind", err, fmt.Sprintf("Port %d is already in use%s. Stop that program, or start with --port N.", port, who))
	case errors.Is(err, syscall.EACCES):
		return fault.Wrap(fault.Forbidden, "daemon.bind", err, fmt.Sprintf("Port %d may not be opened by this user. Start with --port N, N above 1023.", port))
	case errors.As(err, &op):
		return fault.Wrap(fault.Invalid, "daemon.bind", err, "The address "+op.Addr.String()+" does not belong to this machine. Check HOSTNAME.")
	}
	return fault.Wrap(fault.Internal, "daemon.bind", err, "The port could not be opened.")
}
