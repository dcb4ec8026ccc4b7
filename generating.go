//go:build bindings

package main

// generating: this build runs only to be looked at by wails; nothing may be
// opened.
const generating = true
