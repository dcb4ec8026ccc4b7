package daemon

import (
	"omniroute/backend/accounts"
	"omniroute/backend/control"
	"omniroute/backend/health"
)

// vault opens the vault, or stands in for one that cannot be opened: accounts
// then say so, the demo and relays go on, and nothing falls back to another
// place for secrets (rulings 2.3). A data directory keeps the kind it was
// given first; a passphrase in the environment asks for files.
func (d *Daemon) vault() accounts.Vault {
	env := d.opts.Env
	kind, err := accounts.ChosenVault(env.DataDir)
	if err == nil && (kind == accounts.VaultKeychain || kind == "" && d.opts.Keychain && env.VaultKey == "") {
		return accounts.NewKeychainVault(env.DataDir, accounts.SystemRing{})
	}
	v, err := accounts.OpenFileVault(env.DataDir, env.VaultKey)
	if err != nil {
		d.log.Error(Sentence(err), "error", err)
		return accounts.BrokenVault{Err: err}
	}
	if v.Warning != "" {
		d.log.Warn(v.Warning)
	}
	return v
}

// watchVault makes a condition of a vault that does not work.
func watchVault(troubles *health.Engine) func(error) {
	return func(err error) {
		if err == nil {
			troubles.Close(health.VaultUnavailable, "")
			return
		}
		troubles.Open(health.Report{Code: health.VaultUnavailable, Detail: Sentence(err)})
	}
}

// vaultStatus is the vault as people see it.
func vaultStatus(k *accounts.Keeper) func() control.VaultStatus {
	return func() control.VaultStatus {
		out := control.VaultStatus{Kind: k.VaultKind(), State: "ok"}
		if err := k.Trouble(); err != nil {
			out.State, out.Detail = "unavailable", Sentence(err)
		}
		return out
	}
}
