package store

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"omniroute/backend/config"
)

// table says how one map of the snapshot lies in the database.
type table[K, V comparable] struct {
	list, put, drop string
	key             func(K) []any
	values          func(K, V) ([]any, error)
	scan            func(*sql.Rows) (K, V, error)
}

func one(k string) []any { return []any{k} }

// Times are RFC 3339 UTC, NULL for the zero time.
func putTime(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// timeText scans putTime's form.
type timeText struct{ to *time.Time }

func (t timeText) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		*t.to = time.Time{}
		return nil
	case string:
		got, err := time.Parse(time.RFC3339Nano, v)
		*t.to = got.UTC()
		return err
	}
	return fmt.Errorf("%w: a time is %T", errDamaged, v)
}

// jsonText scans JSON, NULL as nothing.
type jsonText struct{ to any }

func (j jsonText) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		return nil
	case string:
		if err := json.Unmarshal([]byte(v), j.to); err != nil {
			return fmt.Errorf("%w: %w", errDamaged, err)
		}
		return nil
	}
	return fmt.Errorf("%w: JSON is %T", errDamaged, v)
}

// putJSON keeps the first error of several values.
type putJSON struct{ err error }

func (p *putJSON) text(v any) string {
	b, err := json.Marshal(v)
	if err != nil && p.err == nil {
		p.err = err
	}
	return string(b)
}

func list[T any](v []T) []T {
	if v == nil {
		return []T{}
	}
	return v
}

func accountTable() table[string, *config.Account] {
	return table[string, *config.Account]{
		list: `SELECT id, provider, auth_type, name, priority, is_active, base_url, params, default_model, has_secret, key_hint, models, models_at, created_at, updated_at FROM provider_connections`,
		put: `INSERT INTO provider_connections (id, provider, auth_type, name, priority, is_active, base_url, params, default_model, has_secret, key_hint, models, models_at, created_at, updated_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET provider = excluded.provider, auth_type = excluded.auth_type, name = excluded.name, priority = excluded.priority, is_active = excluded.is_active,
			base_url = excluded.base_url, params = excluded.params, default_model = excluded.default_model, has_secret = excluded.has_secret, key_hint = excluded.key_hint, models = excluded.models,
			models_at = excluded.models_at, created_at = excluded.created_at, updated_at = excluded.updated_at`,
		drop: "DELETE FROM provider_connections WHERE id = ?",
		key:  one,
		values: func(id string, a *config.Account) ([]any, error) {
			var j putJSON
			params := a.Params
			if params == nil {
				params = map[string]string{}
			}
			var models any
			if a.Models != nil {
				models = j.text(a.Models)
			}
			return []any{id, a.Provider, string(a.Kind), a.Name, a.Priority, a.Active, a.BaseURL, j.text(params), a.DefaultModel, a.HasSecret, a.KeyHint,
				models, putTime(a.ModelsAt), stored(a.CreatedAt), stored(a.UpdatedAt)}, j.err
		},
		scan: func(r *sql.Rows) (string, *config.Account, error) {
			a := &config.Account{}
			err := r.Scan(&a.ID, &a.Provider, &a.Kind, &a.Name, &a.Priority, &a.Active, &a.BaseURL, jsonText{&a.Params}, &a.DefaultModel, &a.HasSecret, &a.KeyHint,
				jsonText{&a.Models}, timeText{&a.ModelsAt}, timeText{&a.CreatedAt}, timeText{&a.UpdatedAt})
			return a.ID, a, err
		},
	}
}

// stored writes times that are never NULL.
func stored(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

func nodeTable() table[string, *config.Node] {
	return table[string, *config.Node]{
		list: "SELECT id, type, name, prefix, api_type, base_url, created_at, updated_at FROM provider_nodes",
		put: `INSERT INTO provider_nodes (id, type, name, prefix, api_type, base_url, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET type = excluded.type, name = excluded.name, prefix = excluded.prefix, api_type = excluded.api_type,
			base_url = excluded.base_url, created_at = excluded.created_at, updated_at = excluded.updated_at`,
		drop: "DELETE FROM provider_nodes WHERE id = ?",
		key:  one,
		values: func(id string, n *config.Node) ([]any, error) {
			return []any{id, string(n.Type), n.Name, n.Prefix, n.APIType, n.BaseURL, stored(n.CreatedAt), stored(n.UpdatedAt)}, nil
		},
		scan: func(r *sql.Rows) (string, *config.Node, error) {
			n := &config.Node{}
			err := r.Scan(&n.ID, &n.Type, &n.Name, &n.Prefix, &n.APIType, &n.BaseURL, timeText{&n.CreatedAt}, timeText{&n.UpdatedAt})
			return n.ID, n, err
		},
	}
}

// step is how a combo's model lies in JSON.
type step struct {
	Model  string `json:"model"`
	Weight int    `json:"weight,omitempty"`
}

func comboTable() table[string, *config.Combo] {
	return table[string, *config.Combo]{
		list: "SELECT id, name, models, strategy, config, created_at, updated_at FROM combos",
		put: `INSERT INTO combos (id, name, models, strategy, config, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET name = excluded.name, models = excluded.models, strategy = excluded.strategy, config = excluded.config,
			created_at = excluded.created_at, updated_at = excluded.updated_at`,
		drop: "DELETE FROM combos WHERE id = ?",
		key:  one,
		values: func(id string, c *config.Combo) ([]any, error) {
			var j putJSON
			steps := make([]step, len(c.Models))
			for i, m := range c.Models {
				steps[i] = step(m)
			}
			var raw any
			if c.Config != nil {
				raw = string(c.Config)
			}
			return []any{id, c.Name, j.text(steps), c.Strategy, raw, stored(c.CreatedAt), stored(c.UpdatedAt)}, j.err
		},
		scan: func(r *sql.Rows) (string, *config.Combo, error) {
			c := &config.Combo{}
			var steps []step
			var raw sql.NullString
			err := r.Scan(&c.ID, &c.Name, jsonText{&steps}, &c.Strategy, &raw, timeText{&c.CreatedAt}, timeText{&c.UpdatedAt})
			for _, s := range steps {
				c.Models = append(c.Models, config.ComboModel(s))
			}
			if raw.Valid {
				c.Config = []byte(raw.String)
			}
			return c.ID, c, err
		},
	}
}

func keyTable() table[string, *config.Key] {
	return table[string, *config.Key]{
		list: "SELECT id, name, hash, masked, allowed_models, disabled, expires_at, created_at FROM api_keys",
		put: `INSERT INTO api_keys (id, name, hash, masked, allowed_models, disabled, expires_at, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET name = excluded.name, hash = excluded.hash, masked = excluded.masked, allowed_models = excluded.allowed_models,
			disabled = excluded.disabled, expires_at = excluded.expires_at, created_at = excluded.created_at`,
		drop: "DELETE FROM api_keys WHERE id = ?",
		key:  one,
		values: func(id string, k *config.Key) ([]any, error) {
			var j putJSON
			return []any{id, k.Name, k.Hash, k.Masked, j.text(list(k.AllowedModels)), k.Disabled, putTime(k.ExpiresAt), stored(k.CreatedAt)}, j.err
		},
		scan: func(r *sql.Rows) (string, *config.Key, error) {
			k := &config.Key{}
			err := r.Scan(&k.ID, &k.Name, &k.Hash, &k.Masked, jsonText{&k.AllowedModels}, &k.Disabled, timeText{&k.ExpiresAt}, timeText{&k.CreatedAt})
			if len(k.AllowedModels) == 0 {
				k.AllowedModels = nil
			}
			return k.ID, k, err
		},
	}
}

func discardedTable() table[string, time.Time] {
	return table[string, time.Time]{
		list:   "SELECT id, discarded_at FROM discarded_secrets",
		put:    "INSERT INTO discarded_secrets (id, discarded_at) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET discarded_at = excluded.discarded_at",
		drop:   "DELETE FROM discarded_secrets WHERE id = ?",
		key:    one,
		values: func(id string, at time.Time) ([]any, error) { return []any{id, stored(at)}, nil },
		scan: func(r *sql.Rows) (id string, at time.Time, err error) {
			err = r.Scan(&id, timeText{&at})
			return id, at, err
		},
	}
}

func revokedTable() table[string, time.Time] {
	return table[string, time.Time]{
		list: "SELECT hash, revoked_at FROM revoked_keys",
		put:  "INSERT INTO revoked_keys (hash, revoked_at) VALUES (?, ?) ON CONFLICT (hash) DO UPDATE SET revoked_at = excluded.revoked_at",
		drop: "DELETE FROM revoked_keys WHERE hash = ?",
		key:  one,
		values: func(hash string, at time.Time) ([]any, error) {
			return []any{hash, stored(at)}, nil
		},
		scan: func(r *sql.Rows) (hash string, at time.Time, err error) {
			err = r.Scan(&hash, timeText{&at})
			return hash, at, err
		},
	}
}

// aliasRow is an alias at its place in the user's order.
type aliasRow struct {
	target   string
	position int
}

func aliasRows(as []config.Alias) map[string]aliasRow {
	m := make(map[string]aliasRow, len(as))
	for i, a := range as {
		m[a.Pattern] = aliasRow{a.Target, i}
	}
	return m
}

func aliasTable() table[string, aliasRow] {
	return table[string, aliasRow]{
		list: "SELECT pattern, target, position FROM aliases",
		put: `INSERT INTO aliases (pattern, target, position) VALUES (?, ?, ?)
			ON CONFLICT (pattern) DO UPDATE SET target = excluded.target, position = excluded.position`,
		drop:   "DELETE FROM aliases WHERE pattern = ?",
		key:    one,
		values: func(pattern string, a aliasRow) ([]any, error) { return []any{pattern, a.target, a.position}, nil },
		scan: func(r *sql.Rows) (pattern string, a aliasRow, err error) {
			err = r.Scan(&pattern, &a.target, &a.position)
			return pattern, a, err
		},
	}
}

type customID struct{ provider, model string }

type customRow struct {
	name     string
	position int
}

func customRows(ms []config.CustomModel) map[customID]customRow {
	rows := make(map[customID]customRow, len(ms))
	for i, m := range ms {
		rows[customID{m.Provider, m.ID}] = customRow{m.Name, i}
	}
	return rows
}

func customTable() table[customID, customRow] {
	return table[customID, customRow]{
		list: "SELECT provider, model, name, position FROM custom_models",
		put: `INSERT INTO custom_models (provider, model, name, position) VALUES (?, ?, ?, ?)
			ON CONFLICT (provider, model) DO UPDATE SET name = excluded.name, position = excluded.position`,
		drop: "DELETE FROM custom_models WHERE provider = ? AND model = ?",
		key:  func(id customID) []any { return []any{id.provider, id.model} },
		values: func(id customID, c customRow) ([]any, error) {
			return []any{id.provider, id.model, c.name, c.position}, nil
		},
		scan: func(r *sql.Rows) (id customID, c customRow, err error) {
			err = r.Scan(&id.provider, &id.model, &c.name, &c.position)
			return id, c, err
		},
	}
}

func settingTable() table[string, string] {
	return table[string, string]{
		list:   "SELECT key, value FROM settings",
		put:    "INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
		drop:   "DELETE FROM settings WHERE key = ?",
		key:    one,
		values: func(key, value string) ([]any, error) { return []any{key, value}, nil },
		scan: func(r *sql.Rows) (key, value string, err error) {
			err = r.Scan(&key, &value)
			return key, value, err
		},
	}
}
