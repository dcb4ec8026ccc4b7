package accounts

import (
	"errors"
	"fmt"

	"github.com/zalando/go-keyring"
)

// SystemRing is the keychain of this system: Secret Service on Linux,
// Credential Manager on Windows, Keychain on macOS.
type SystemRing struct{}

var errNoBus = errors.New("accounts: this session has no D-Bus, through which the keychain is reached")

// Get reads an item.
func (SystemRing) Get(service, user string) (text string, err error) {
	err = guarded(func() error { text, err = keyring.Get(service, user); return err })
	return text, missing(err)
}

// Set writes an item.
func (SystemRing) Set(service, user, text string) error {
	return guarded(func() error { return keyring.Set(service, user, text) })
}

// Delete removes an item.
func (SystemRing) Delete(service, user string) error {
	return missing(guarded(func() error { return keyring.Delete(service, user) }))
}

// guarded keeps the library from starting a bus of its own, and from ending
// the program: it panics when the bus goes while its dialog is open.
func guarded(f func() error) (err error) {
	if !SessionBus() {
		return errNoBus
	}
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("accounts: the keychain library gave up: %v", r)
		}
	}()
	return f()
}

func missing(err error) error {
	if errors.Is(err, keyring.ErrNotFound) {
		return ErrNoSecret
	}
	return err
}
