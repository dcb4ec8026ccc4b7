package config

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"omniroute/backend/events"
	"omniroute/backend/fault"
)

// shelf is a Repo in memory.
type shelf struct {
	saved *Snapshot
	saves int
	fail  error
}

func (r *shelf) Load(context.Context) (*Snapshot, error) {
	if r.saved == nil {
		return &Snapshot{Settings: DefaultSettings()}, nil
	}
	return r.saved, nil
}

func (r *shelf) Save(_ context.Context, old, next *Snapshot) error {
	if r.fail != nil {
		return r.fail
	}
	if r.saved != nil && old.Rev != r.saved.Rev {
		return fmt.Errorf("old revision %d, stored %d", old.Rev, r.saved.Rev)
	}
	r.saved = next
	r.saves++
	return nil
}

func holder(t *testing.T, r Repo) *Holder {
	t.Helper()
	h, err := NewHolder(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func combo(id, name string, models ...string) *Combo {
	c := &Combo{ID: id, Name: name, Strategy: "priority"}
	for _, m := range models {
		c.Models = append(c.Models, ComboModel{Model: m})
	}
	return c
}

func add(cs ...*Combo) func(*Snapshot) error {
	return func(s *Snapshot) error {
		for _, c := range cs {
			s.Combos[c.ID] = c
		}
		return nil
	}
}

func TestRequestKeepsItsWorld(t *testing.T) {
	h := holder(t, &shelf{})
	before := h.Now()
	after, err := h.Update(t.Context(), add(combo("c", "best", "m")))
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := before.ComboByName("best"); ok || len(before.Combos) != 0 || before.Rev != 0 {
		t.Error("a published snapshot changed")
	}
	if _, ok := after.ComboByName("best"); !ok || h.Now() != after || after.Rev != 1 {
		t.Error("the new snapshot is not the published one, or cannot be looked up")
	}
}

func TestNothingChangesOnFailure(t *testing.T) {
	boom := errors.New("boom")
	r := &shelf{}
	h := holder(t, r)
	bus := events.NewBus()
	heard := bus.Subscribe()
	h.AnnounceOn(bus)
	if _, err := h.Update(t.Context(), add(combo("a", "a", "m"))); err != nil {
		t.Fatal(err)
	}
	before := h.Now()
	veto := false
	h.Verify("test", func(old, next *Snapshot) error {
		if veto {
			if _, ok := next.ComboByName("b"); !ok {
				t.Error("a veto cannot look things up in the next snapshot")
			}
			return boom
		}
		return nil
	})
	for name, c := range map[string]struct {
		edit  func(*Snapshot) error
		setup func()
	}{
		"edit":     {func(s *Snapshot) error { s.Combos = nil; return boom }, func() {}},
		"check":    {add(combo("b", "a", "m")), func() {}},
		"veto":     {add(combo("b", "b", "m")), func() { veto = true }},
		"database": {add(combo("b", "b", "m")), func() { veto = false; r.fail = boom }},
	} {
		veto, r.fail = false, nil
		c.setup()
		if _, err := h.Update(t.Context(), c.edit); err == nil {
			t.Errorf("%s: no error", name)
		}
		if h.Now() != before || r.saves != 1 || r.saved.Rev != 1 || len(before.Combos) != 1 {
			t.Errorf("%s: something changed", name)
		}
	}
	heard.Close()
	n := 0
	for range heard.C() {
		n++
	}
	if n != 1 {
		t.Errorf("%d events, want one for the one change", n)
	}
}

func TestStaleEditorIsRefused(t *testing.T) {
	h := holder(t, &shelf{})
	seen := h.Now().Rev
	if _, err := h.UpdateAt(t.Context(), seen, add(combo("a", "a", "m"))); err != nil {
		t.Fatal(err)
	}
	if _, err := h.UpdateAt(t.Context(), seen, add(combo("b", "b", "m"))); fault.KindOf(err) != fault.Conflict {
		t.Errorf("error %v, want a conflict", err)
	}
	if len(h.Now().Combos) != 1 {
		t.Error("the stale edit was applied")
	}
}

func TestWritersQueueReadersDoNot(t *testing.T) {
	h := holder(t, &shelf{})
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			id := fmt.Sprint("c", i)
			if _, err := h.Update(context.Background(), add(combo(id, id, "m"))); err != nil {
				t.Error(err)
			}
		})
		wg.Go(func() {
			for range 200 {
				s := h.Now()
				if int(s.Rev) != len(s.Combos) {
					t.Errorf("revision %d has %d combos", s.Rev, len(s.Combos))
				}
			}
		})
	}
	wg.Wait()
	if got := h.Now(); got.Rev != 20 || len(got.Combos) != 20 {
		t.Errorf("revision %d with %d combos, want 20 of both", got.Rev, len(got.Combos))
	}
}

func TestOverridesWinAndAreNotStored(t *testing.T) {
	r := &shelf{}
	h := holder(t, r)
	yes, week := true, 7
	h.Override(Overrides{RequireAPIKey: &yes, LogRetentionDays: &week, Locks: []Lock{{"requireApiKey", "true", "It is set by REQUIRE_API_KEY in the environment."}}})
	if s := h.Now().Settings; !s.RequireAPIKey || s.LogRetentionDays != 7 {
		t.Error("an override has no effect")
	}
	_, err := h.Update(t.Context(), func(s *Snapshot) error {
		s.Settings.Theme = "dark"
		s.Settings.RequireAPIKey = true // the form sends back what it shows
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if r.saved.Settings.RequireAPIKey || r.saved.Settings.LogRetentionDays != 90 || r.saved.Settings.Theme != "dark" {
		t.Errorf("stored: %+v", r.saved.Settings)
	}
	_, err = h.Update(t.Context(), func(s *Snapshot) error { s.Settings.LogRetentionDays = 30; return nil })
	if fault.KindOf(err) != fault.Conflict {
		t.Errorf("changing a locked setting: %v, want a conflict", err)
	}
	h.Override(Overrides{})
	if s := h.Now().Settings; s.RequireAPIKey || s.LogRetentionDays != 90 || s.Theme != "dark" {
		t.Errorf("without overrides: %+v", s)
	}
}

func TestDeletedKeysLeaveTombstones(t *testing.T) {
	h := holder(t, &shelf{})
	_, err := h.Update(t.Context(), func(s *Snapshot) error {
		s.Keys["k1"] = &Key{ID: "k1", Name: "one", Hash: "h1"}
		s.Keys["k2"] = &Key{ID: "k2", Name: "two", Hash: "h2"}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = h.Update(t.Context(), func(s *Snapshot) error {
		delete(s.Keys, "k1")
		s.Keys["k2"] = &Key{ID: "k2", Name: "two", Hash: "h3"} // rotated
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	s := h.Now()
	for _, hash := range []string{"h1", "h2"} {
		if at, dead := s.Revoked[hash]; !dead || time.Since(at) > time.Minute {
			t.Errorf("%s: tombstone %v, %v", hash, dead, at)
		}
	}
	if _, err = h.Update(t.Context(), func(s *Snapshot) error { s.Keys["k9"] = &Key{ID: "k9", Name: "x", Hash: "h1"}; return nil }); err == nil {
		t.Error("a revoked hash came back to life")
	}
}

func TestActiveComboExists(t *testing.T) {
	h := holder(t, &shelf{})
	_, err := h.Update(t.Context(), func(s *Snapshot) error { s.Settings.ActiveCombo = "a"; return add(combo("a", "a", "m"))(s) })
	if err != nil || h.Now().ActiveCombo() == nil {
		t.Fatalf("no active combo: %v", err)
	}
	if _, err = h.Update(t.Context(), func(s *Snapshot) error { delete(s.Combos, "a"); return nil }); err != nil {
		t.Fatal(err)
	}
	if h.Now().Settings.ActiveCombo != "" {
		t.Error("a deleted combo is still active")
	}
}

func TestChecks(t *testing.T) {
	node := func(id, prefix string) *Node {
		return &Node{ID: id, Name: id, Prefix: prefix, Type: NodeOpenAI, APIType: "chat", BaseURL: "https://x.test/v1"}
	}
	account := func(change func(*Account)) func(*Snapshot) error {
		return func(s *Snapshot) error {
			a := &Account{ID: "a", Provider: "openai", Name: "a", Kind: KindAPIKey}
			change(a)
			s.Accounts["a"] = a
			return nil
		}
	}
	nodes := func(ns ...*Node) func(*Snapshot) error {
		return func(s *Snapshot) error {
			for _, n := range ns {
				s.Nodes[n.ID] = n
			}
			return nil
		}
	}
	for name, c := range map[string]struct {
		edit func(*Snapshot) error
		want string // part of the sentence, "" = allowed
		kind fault.Kind
	}{
		"three levels":      {add(combo("a", "a", "b"), combo("b", "b", "c"), combo("c", "c", "m")), "", 0},
		"four levels":       {add(combo("a", "a", "b"), combo("b", "b", "c"), combo("c", "c", "d"), combo("d", "d", "m")), "3 deep", fault.Invalid},
		"itself":            {add(combo("a", "a", "m", "a")), "contains itself", fault.Invalid},
		"a cycle":           {add(combo("a", "a", "b"), combo("b", "b", "a")), "contains itself", fault.Invalid},
		"diamond":           {add(combo("a", "a", "b", "c"), combo("b", "b", "d"), combo("c", "c", "d"), combo("d", "d", "m")), "", 0},
		"name twice":        {add(combo("a", "x", "m"), combo("b", "x", "m")), "already a combo", fault.Conflict},
		"names by case":     {add(combo("a", "x", "m"), combo("b", "X", "m")), "", 0},
		"bad name":          {add(combo("a", "my combo", "m")), "not valid", fault.Invalid},
		"slash in name":     {add(combo("a", "my/combo.v1_x-y", "m")), "", 0},
		"no models":         {add(combo("a", "a")), "between 1 and", fault.Invalid},
		"empty model":       {add(combo("a", "a", " ")), "without a name", fault.Invalid},
		"id mismatch":       {func(s *Snapshot) error { s.Combos["z"] = combo("a", "a", "m"); return nil }, "stored under", fault.Invalid},
		"id as path":        {add(combo("../a", "a", "m")), "not valid", fault.Invalid},
		"prefix twice":      {nodes(node("a", "mine"), node("b", "MINE")), "already used", fault.Conflict},
		"prefix with slash": {nodes(node("a", "my/ne")), "not valid", fault.Invalid},
		"node url":          {nodes(&Node{ID: "a", Name: "a", Prefix: "a", Type: NodeGemini, BaseURL: "ftp://x"}), "http", fault.Invalid},
		"key in url":        {nodes(&Node{ID: "a", Name: "a", Prefix: "a", Type: NodeGemini, BaseURL: "https://u:p@x.test"}), "must not contain", fault.Invalid},
		"node type":         {nodes(&Node{ID: "a", Name: "a", Prefix: "a", Type: "grpc", BaseURL: "https://x.test"}), "unknown", fault.Invalid},
		"api type":          {nodes(&Node{ID: "a", Name: "a", Prefix: "a", Type: NodeOpenAI, APIType: "x", BaseURL: "https://x.test"}), "apiType", fault.Invalid},
		"account":           {account(func(*Account) {}), "", 0},
		"account kind":      {account(func(a *Account) { a.Kind = "oauth2" }), "unknown", fault.Invalid},
		"relay keeps none":  {account(func(a *Account) { a.Kind, a.HasSecret = KindRelay, true }), "keeps no key", fault.Invalid},
		"no provider":       {account(func(a *Account) { a.Provider = "" }), "no provider", fault.Invalid},
		"account url":       {account(func(a *Account) { a.BaseURL = "x.test" }), "http", fault.Invalid},
		"alias twice":       {func(s *Snapshot) error { s.Aliases = []Alias{{"a", "b"}, {"a", "c"}}; return nil }, "already an alias", fault.Conflict},
		"alias to nothing":  {func(s *Snapshot) error { s.Aliases = []Alias{{"a", ""}}; return nil }, "target", fault.Invalid},
		"custom twice":      {func(s *Snapshot) error { s.Custom = []CustomModel{{"p", "m", ""}, {"p", "m", "x"}}; return nil }, "already added", fault.Conflict},
		"retention":         {func(s *Snapshot) error { s.Settings.LogRetentionDays = 0; return nil }, "logRetentionDays", fault.Invalid},
		"sticky":            {func(s *Snapshot) error { s.Settings.StickyRoundRobinLimit = 1001; return nil }, "stickyRoundRobinLimit", fault.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := holder(t, &shelf{}).Update(t.Context(), c.edit)
			if c.want == "" {
				if err != nil {
					t.Errorf("refused: %v", err)
				}
				return
			}
			if err == nil || fault.KindOf(err) != c.kind || !strings.Contains(fault.As(err).Public, c.want) {
				t.Errorf("error %v, want kind %v and %q", err, c.kind, c.want)
			}
		})
	}
}

func BenchmarkUpdateOf10000(b *testing.B) {
	h, err := NewHolder(b.Context(), &shelf{})
	if err != nil {
		b.Fatal(err)
	}
	_, err = h.Update(b.Context(), func(s *Snapshot) error {
		for i := range 10000 {
			id := fmt.Sprint("i", i)
			s.Combos[id] = combo(id, id, "m")
			s.Keys[id] = &Key{ID: id, Name: id, Hash: id}
			s.Accounts[id] = &Account{ID: id, Provider: "openai", Name: id, Kind: KindAPIKey, Active: true, Models: []string{"a", "b"}}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := h.Update(b.Context(), func(s *Snapshot) error { s.Settings.Theme = "dark"; return nil }); err != nil {
			b.Fatal(err)
		}
	}
}
