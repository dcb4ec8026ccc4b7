package control

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"omniroute/backend/config"
	"omniroute/backend/usage"
)

// Keys are the verbs about API keys of agents.
type Keys struct {
	rooms *Rooms
	used  lastUses
}

// Key is an API key as it can still be shown: never its text.
type Key struct {
	ID            string     `json:"id"`
	Name          string     `json:"name"`
	Masked        string     `json:"masked"`
	AllowedModels []string   `json:"allowedModels"` // empty = every model
	Disabled      bool       `json:"disabled"`
	ExpiresAt     *time.Time `json:"expiresAt"` // null = never
	CreatedAt     time.Time  `json:"createdAt"`
	LastUsedAt    *time.Time `json:"lastUsedAt,omitempty"`
	Month         KeyMonth   `json:"month"`
}

// KeyMonth is what a key was used for since the first of the month, local
// time. Requests without a known price are counted in Unpriced and are in no
// sum.
type KeyMonth struct {
	Requests    int64 `json:"requests"`
	Failed      int64 `json:"failed"`
	Tokens      int64 `json:"tokens"` // input and output
	SpentMicros int64 `json:"spentMicros"`
	Unpriced    int64 `json:"unpriced"`
}

// KeyList holds all keys, newest last. Anonymous is what callers without a key
// used this month.
type KeyList struct {
	Keys      []Key    `json:"keys"`
	Anonymous KeyMonth `json:"anonymous"`
}

// NewKey describes a key to be made. Limits by provider, combo, address or
// rate come with later versions and are refused until then: a limit that is
// not kept is worse than none.
type NewKey struct {
	Name          string   `json:"name"`
	AllowedModels []string `json:"allowedModels"` // names, or patterns of * and ?
	ExpiresAt     string   `json:"expiresAt"`     // RFC 3339; "" = never
}

// IssuedKey is the only time a key's text is shown.
type IssuedKey struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Key  string `json:"key"`
}

// KeyChange changes a key; what is nil stays.
type KeyChange struct {
	ID            string   `json:"id" path:"id"`
	Name          *string  `json:"name"`
	AllowedModels []string `json:"allowedModels"` // [] = every model
	Disabled      *bool    `json:"disabled"`
	ExpiresAt     *string  `json:"expiresAt"` // "" = never
}

const maxAllowed = 1000

// view shows a key; without months its use is left out.
func (v *Keys) view(k *config.Key, months map[string]KeyMonth) Key {
	out := Key{ID: k.ID, Name: k.Name, Masked: k.Masked, AllowedModels: append([]string{}, k.AllowedModels...), Disabled: k.Disabled, CreatedAt: k.CreatedAt, LastUsedAt: v.used.at(k.ID), Month: months[k.ID]}
	if !k.ExpiresAt.IsZero() {
		t := k.ExpiresAt.UTC()
		out.ExpiresAt = &t
	}
	return out
}

// List lists the keys.
func (v *Keys) List() (KeyList, error) {
	s := v.rooms.Config.Now()
	months, err := v.months()
	if err != nil {
		return KeyList{}, err
	}
	v.used.refresh(v.rooms, s)
	out := KeyList{Keys: make([]Key, 0, len(s.Keys)), Anonymous: months[""]}
	for _, k := range s.Keys {
		out.Keys = append(out.Keys, v.view(k, months))
	}
	slices.SortFunc(out.Keys, func(a, b Key) int { return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID)) })
	return out, nil
}

// Get shows one key, not its text.
func (v *Keys) Get(in ByID) (Key, error) {
	s := v.rooms.Config.Now()
	k := s.Keys[in.ID]
	if k == nil {
		return Key{}, notFound("key", in.ID)
	}
	months, err := v.months()
	if err != nil {
		return Key{}, err
	}
	v.used.refresh(v.rooms, s)
	return v.view(k, months), nil
}

// months sums up the month by key.
func (v *Keys) months() (map[string]KeyMonth, error) {
	now := v.rooms.Now()
	y, m, _ := now.Date()
	list, err := v.rooms.totals(usage.Query{From: time.Date(y, m, 1, 0, 0, 0, 0, now.Location()), To: now, By: usage.ByKey})
	if err != nil {
		return nil, err
	}
	out := make(map[string]KeyMonth, len(list))
	for _, t := range list {
		out[t.Name] = KeyMonth{Requests: t.Requests, Failed: t.Failed, Tokens: t.Input + t.Output, SpentMicros: t.CostMicros, Unpriced: t.Unpriced}
	}
	return out, nil
}

// Create makes a key and shows it this once.
func (v *Keys) Create(in NewKey) (IssuedKey, error) {
	allowed, err := allowedModels(in.AllowedModels)
	if err != nil {
		return IssuedKey{}, err
	}
	now := v.rooms.Now().UTC()
	expires, err := expiryOf(in.ExpiresAt)
	if err != nil {
		return IssuedKey{}, err
	}
	if !expires.IsZero() && !expires.After(now) {
		return IssuedKey{}, badInput("expiresAt", "expiresAt lies in the past.")
	}
	text, hash, masked := v.rooms.Issuer.Issue()
	k := &config.Key{ID: newID(), Name: strings.TrimSpace(in.Name), Hash: hash, Masked: masked, AllowedModels: allowed, ExpiresAt: expires, CreatedAt: now}
	_, err = v.rooms.update(func(s *config.Snapshot) error {
		s.Keys[k.ID] = k
		return nil
	})
	if err != nil {
		return IssuedKey{}, err
	}
	return IssuedKey{ID: k.ID, Name: k.Name, Key: text.Reveal()}, nil
}

func allowedModels(list []string) ([]string, error) {
	if len(list) > maxAllowed {
		return nil, badInput("allowedModels", "allowedModels lists more than %d models. Use patterns like openai/*.", maxAllowed)
	}
	var out []string
	for _, m := range list {
		m = strings.TrimSpace(m)
		if m == "" || len(m) > 512 {
			return nil, badInput("allowedModels", "allowedModels holds an empty name or one that is too long.")
		}
		if !slices.Contains(out, m) {
			out = append(out, m)
		}
	}
	return out, nil
}

// expiryOf reads a time; the zero time means never.
func expiryOf(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return t, badInput("expiresAt", "expiresAt must be a time like 2027-01-31T00:00:00Z.")
	}
	return t.UTC(), nil
}

// Update changes a key's name, models, expiry, or switches it off.
func (v *Keys) Update(in KeyChange) (Key, error) {
	allowed, err := allowedModels(in.AllowedModels)
	if err != nil {
		return Key{}, err
	}
	var k config.Key
	_, err = v.rooms.update(func(s *config.Snapshot) error {
		old := s.Keys[in.ID]
		if old == nil {
			return notFound("key", in.ID)
		}
		k = *old
		set(&k.Name, in.Name)
		k.Name = strings.TrimSpace(k.Name)
		set(&k.Disabled, in.Disabled)
		if in.AllowedModels != nil {
			k.AllowedModels = allowed
		}
		if in.ExpiresAt != nil {
			k.ExpiresAt, err = expiryOf(*in.ExpiresAt)
		}
		s.Keys[k.ID] = &k
		return err
	})
	if err != nil {
		return Key{}, err
	}
	return v.view(&k, nil), nil
}

// Delete revokes a key. For a while it can be restored.
func (v *Keys) Delete(in ByID) error {
	var old *config.Key
	_, err := v.rooms.update(func(s *config.Snapshot) error {
		if old = s.Keys[in.ID]; old == nil {
			return notFound("key", in.ID)
		}
		delete(s.Keys, in.ID)
		return nil
	})
	if err != nil {
		return err
	}
	v.rooms.bin.put(discarded{kind: "key", id: in.ID, undo: func(s *config.Snapshot) error {
		delete(s.Revoked, old.Hash)
		s.Keys[old.ID] = old
		return nil
	}})
	return nil
}

// Restore undoes a deletion, up to ten minutes after it and until the next
// start: the same text works again.
func (v *Keys) Restore(in ByID) (Key, error) {
	next, err := v.rooms.restore("key", in.ID)
	if err != nil {
		return Key{}, err
	}
	return v.view(next.Keys[in.ID], nil), nil
}

// Rotate replaces a key's text. The old one is revoked at once.
func (v *Keys) Rotate(in ByID) (IssuedKey, error) {
	text, hash, masked := v.rooms.Issuer.Issue()
	var k config.Key
	_, err := v.rooms.update(func(s *config.Snapshot) error {
		old := s.Keys[in.ID]
		if old == nil {
			return notFound("key", in.ID)
		}
		k = *old
		k.Hash, k.Masked = hash, masked
		s.Keys[k.ID] = &k
		return nil
	})
	if err != nil {
		return IssuedKey{}, err
	}
	return IssuedKey{ID: k.ID, Name: k.Name, Key: text.Reveal()}, nil
}
