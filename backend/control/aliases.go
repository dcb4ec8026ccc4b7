package control

import (
	"slices"
	"strings"

	"omniroute/backend/config"
)

// Alias renames what is asked for; Pattern may hold * and ?.
type Alias struct {
	Pattern string `json:"pattern"`
	Target  string `json:"target"`
}

// AliasList holds all aliases in the user's order.
type AliasList struct {
	Aliases []Alias `json:"aliases"`
}

// AliasInput is an alias in either of the two shapes clients use.
type AliasInput struct {
	Pattern string `json:"pattern"`
	Target  string `json:"target"`
	Alias   string `json:"alias"` // older name of Pattern
	Model   string `json:"model"` // older name of Target
}

// AliasID names an alias.
type AliasID struct {
	Pattern string `json:"pattern" query:"pattern,alias"`
}

func aliasViews(list []config.Alias) []Alias {
	out := make([]Alias, 0, len(list))
	for _, a := range list {
		out = append(out, Alias{a.Pattern, a.Target})
	}
	return out
}

// Aliases lists the aliases.
func (v *Models) Aliases() (AliasList, error) {
	return AliasList{aliasViews(v.rooms.Config.Now().Aliases)}, nil
}

// SetAlias adds an alias or changes where it leads.
func (v *Models) SetAlias(in AliasInput) (AliasList, error) {
	pattern, err := oneOf("pattern", in.Pattern, "alias", in.Alias)
	if err != nil {
		return AliasList{}, err
	}
	target, err := oneOf("target", in.Target, "model", in.Model)
	if err != nil {
		return AliasList{}, err
	}
	if pattern == target {
		return AliasList{}, badInput("target", "An alias cannot lead to itself.")
	}
	next, err := v.rooms.update(func(s *config.Snapshot) error {
		a := config.Alias{Pattern: pattern, Target: target}
		if i := slices.IndexFunc(s.Aliases, func(o config.Alias) bool { return o.Pattern == pattern }); i >= 0 {
			s.Aliases[i] = a
		} else {
			s.Aliases = append(s.Aliases, a)
		}
		return nil
	})
	if err != nil {
		return AliasList{}, err
	}
	return AliasList{aliasViews(next.Aliases)}, nil
}

// oneOf takes a value under its name or its older name, not two different
// ones.
func oneOf(name, value, older, old string) (string, error) {
	value, old = strings.TrimSpace(value), strings.TrimSpace(old)
	switch {
	case value == "":
		return old, nil
	case old != "" && old != value:
		return "", badInput(older, "%q and %q say different things. Send one of them.", name, older)
	}
	return value, nil
}

// RemoveAlias removes an alias.
func (v *Models) RemoveAlias(in AliasID) error {
	if in.Pattern == "" {
		return badInput("pattern", "Say which alias: DELETE /api/models/alias?pattern=…")
	}
	_, err := v.rooms.update(func(s *config.Snapshot) error {
		before := len(s.Aliases)
		s.Aliases = slices.DeleteFunc(s.Aliases, func(a config.Alias) bool { return a.Pattern == in.Pattern })
		if len(s.Aliases) == before {
			return notFound("alias", in.Pattern)
		}
		return nil
	})
	return err
}
