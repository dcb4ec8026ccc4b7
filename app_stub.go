//go:build !desktop && !dev && !bindings

package main

// face is the command line of the server face: there is no window in this
// build.
type face struct {
	Serve serve `cmd:"" default:"withargs" help:"Start the gateway. This is what happens without a command, too."`
}
