package daemon

import (
	"path/filepath"

	"omniroute/backend/accounts"
	"omniroute/backend/cache"
)

// conversations opens what previous_response_id continues, sealed under a key
// that lies in the vault. Without a readable vault they live in memory alone:
// nothing a person said is written in the clear.
func (d *Daemon) conversations(v accounts.Vault) (*cache.Conversations, error) {
	key, err := accounts.VaultSecret(v, "conversations")
	if err != nil {
		d.log.Warn("conversations are kept in memory only, because the vault cannot be read", "error", err)
		key = make([]byte, 32) // of no use without a disk
		return cache.New("", key, d.opts.Now)
	}
	return cache.New(filepath.Join(d.opts.Env.DataDir, "conversations"), key, d.opts.Now)
}
