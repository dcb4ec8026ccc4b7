package main

import (
	"database/sql"
	"fmt"
	"path/filepath"
)

// measureScale compares 10 combos, keys and models with 10,000 of each.
func (b *bench) measureScale() error {
	small, err := b.grown(10)
	if err != nil {
		return err
	}
	big, err := b.grown(10_000)
	if err != nil {
		return err
	}
	sj, _ := b.jobs(small, pair{model: "one", size: 1024})
	bj, _ := b.jobs(big, pair{model: "one", size: 1024})
	n := b.n(6000)
	ratio, err := b.median(func() (float64, error) {
		s, l := load(small.process, sj, 16, n), load(big.process, bj, 16, n)
		if s.errors+l.errors > 0 {
			return 0, fmt.Errorf("requests failed: %s%s", s.first, l.first)
		}
		return l.perRequest() / s.perRequest(), nil
	})
	if err != nil {
		return err
	}
	now, _ := big.memory()
	b.add("10 to 10,000 combos, keys and models", fmt.Sprintf("%.2fx, %.0f MB", ratio, now), "<= 1.1x", ratio <= 1.1)
	return nil
}

// grown is a gateway with n combos, keys and models. One of each is made as
// people make them; the rest are copies inside the database, because 30,000
// saved revisions, each durable before the next, are no part of what is
// measured. The gateway itself says how many it found.
func (b *bench) grown(n int) (*prepared, error) {
	g, err := b.prepared()
	if err != nil {
		return nil, err
	}
	for path, body := range map[string]map[string]any{
		"/api/combos":          {"name": "many", "models": []string{"chat0/m"}, "strategy": "priority"},
		"/api/keys":            {"name": "many"},
		"/api/provider-models": {"provider": "chat0", "modelId": "many", "modelName": "M"},
	} {
		if _, err := g.api("POST", path, body); err != nil {
			return nil, err
		}
	}
	g.stop()
	if err := copyRows(filepath.Join(g.dir, "omniroute.db"), n-1); err != nil {
		return nil, err
	}
	if g.process, err = b.gateway(g.dir); err != nil {
		return nil, err
	}
	for path, list := range map[string]string{"/api/combos": "combos", "/api/keys": "keys", "/api/provider-models?provider=chat0": "models"} {
		out, err := g.api("GET", path, nil)
		if err != nil {
			return nil, err
		}
		if found, _ := out[list].([]any); len(found) < n {
			return nil, fmt.Errorf("%s lists %d of %d", path, len(found), n)
		}
	}
	return g, nil
}

// copyRows adds n copies of what is called many to each table.
func copyRows(path string, n int) error {
	db, err := sql.Open("sqlite", path)
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1) // temporary tables belong to a connection
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	exec := func(query string, args ...any) {
		if err == nil {
			_, err = tx.Exec(query, args...)
		}
	}
	for _, t := range [...]struct{ table, pick, change string }{
		{"combos", "name = 'many'", "id = printf('many%d', ?1), name = printf('many-%d', ?1)"},
		{"api_keys", "name = 'many'", "id = printf('many%d', ?1), name = printf('many-%d', ?1), hash = substr(hash, 1, length(hash) - 8) || printf('%08x', ?1)"},
		{"custom_models", "model = 'many'", "model = printf('many-%d', ?1), position = position + 1"},
	} {
		exec("CREATE TEMP TABLE copy AS SELECT * FROM main." + t.table + " WHERE " + t.pick)
		for i := range n {
			exec("UPDATE temp.copy SET "+t.change, i)
			exec("INSERT INTO main." + t.table + " SELECT * FROM temp.copy")
		}
		exec("DROP TABLE temp.copy")
	}
	if err != nil {
		return err
	}
	return tx.Commit()
}
