package accounts

import (
	"errors"

	"github.com/zalando/go-keyring"
)

// SystemRing is the keychain of this system: Secret Service on Linux,
// Credential Manager on Windows, Keychain on macOS.
type SystemRing struct{}

var errNoBus = errors.New("accounts: this session has no D-Bus, through which the keychain is reached")

// Get reads an item.
func (SystemRing) Get(service, user string) (string, error) {
	if !SessionBus() {
		return "", errNoBus
	}
	text, err := keyring.Get(service, user)
	return text, missing(err)
}

// Set writes an item.
func (SystemRing) Set(service, user, text string) error {
	if !SessionBus() {
		return errNoBus
	}
	return keyring.Set(service, user, text)
}

// Delete removes an item.
func (SystemRing) Delete(service, user string) error {
	if !SessionBus() {
		return errNoBus
	}
	return missing(keyring.Delete(service, user))
}

func missing(err error) error {
	if errors.Is(err, keyring.ErrNotFound) {
		return ErrNoSecret
	}
	return err
}
