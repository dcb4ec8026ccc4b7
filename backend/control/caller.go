package control

import "omniroute/backend/fault"

// Caller says on whose behalf a verb runs. The zero value is a method bound
// to the window: the person at this machine. HTTP always sets another one.
type Caller struct {
	kind    callerKind
	session string // hash of the session's id, "" = none
}

type callerKind uint8

const (
	callerBound   callerKind = iota // the window's own methods
	callerSession                   // a signed-in browser
	callerAdmin                     // the admin token
	callerDirect                    // this machine's user, while no password is set
)

// proven refuses a caller who only comes from this machine, for what rulings
// 1.1 keep for people who proved themselves.
func (c Caller) proven(what string) error {
	if c.kind != callerDirect {
		return nil
	}
	return fault.New(fault.Unauthorized, "control.caller", "%s needs a signed-in browser (run \"omniroute open\") or the admin token: send the content of DATA_DIR/admin-token as a Bearer.", what)
}
