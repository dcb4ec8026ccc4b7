package config

import "strings"

// checkCombos refuses names in use, combos that contain themselves and
// nesting deeper than MaxDepth.
func checkCombos(s *Snapshot) error {
	byName := make(map[string]*Combo, len(s.Combos))
	for id, c := range s.Combos {
		if err := checkID("combo", id, c.ID); err != nil {
			return err
		}
		if !ValidComboName(c.Name) {
			return invalid("name", "The combo name %q is not valid: 1 to %d letters, digits, dot, dash, underscore and slash.", c.Name, MaxName)
		}
		if byName[c.Name] != nil {
			return conflict("name", "There is already a combo named %q. Choose another name.", c.Name)
		}
		byName[c.Name] = c
		if len(c.Models) == 0 || len(c.Models) > maxSteps {
			return invalid("models", "The combo %q must list between 1 and %d models.", c.Name, maxSteps)
		}
		for _, m := range c.Models {
			if strings.TrimSpace(m.Model) == "" || len(m.Model) > maxModelBytes {
				return invalid("models", "The combo %q lists a model without a name or with one that is too long.", c.Name)
			}
			if m.Weight < 0 || m.Weight > 100 {
				return invalid("models", "The weight of %q in the combo %q must be between 0 and 100.", m.Model, c.Name)
			}
		}
	}
	w := walk{byName: byName, depth: make(map[*Combo]int, len(byName))}
	for _, c := range s.Combos {
		if _, err := w.visit(c, nil); err != nil {
			return err
		}
	}
	return nil
}

// ValidComboName is contract.md 2.2: ^[A-Za-z0-9_/.-]{1,100}$.
func ValidComboName(name string) bool {
	if name == "" || len(name) > MaxName {
		return false
	}
	for i := range len(name) {
		if c := name[i]; !isWord(c) && c != '_' && c != '/' && c != '.' && c != '-' {
			return false
		}
	}
	return true
}

// walk measures nesting, each combo once.
type walk struct {
	byName map[string]*Combo
	depth  map[*Combo]int // 0 = being visited
}

// visit returns how many levels c spans; path is the way to it.
func (w *walk) visit(c *Combo, path []string) (int, error) {
	path = append(path, c.Name)
	if d, known := w.depth[c]; known {
		if d == 0 {
			return 0, invalid("models", "The combo %q contains itself: %s.", c.Name, strings.Join(path, " → "))
		}
		return d, nil
	}
	w.depth[c] = 0
	deepest := 1
	for _, m := range c.Models {
		inner := w.byName[m.Model]
		if inner == nil {
			continue
		}
		d, err := w.visit(inner, path)
		if err != nil {
			return 0, err
		}
		deepest = max(deepest, d+1)
	}
	if deepest > MaxDepth {
		return 0, invalid("models", "Combos may be nested %d deep at most; %q spans %d levels.", MaxDepth, c.Name, deepest)
	}
	w.depth[c] = deepest
	return deepest, nil
}

// maxChains bounds the fallback chains.
const maxChains = 100

func checkChains(list []Chain) error {
	if len(list) > maxChains {
		return invalid("name", "There are more than %d fallback chains.", maxChains)
	}
	names := make(map[string]bool, len(list))
	for _, c := range list {
		if err := checkLabel("name", c.Name); err != nil {
			return err
		}
		if names[c.Name] {
			return conflict("name", "There is already a fallback chain named %q.", c.Name)
		}
		names[c.Name] = true
		if len(c.Models) == 0 || len(c.Models) > maxSteps {
			return invalid("models", "The fallback chain %q must list between 1 and %d models.", c.Name, maxSteps)
		}
		for _, m := range c.Models {
			if strings.TrimSpace(m) == "" || len(m) > maxModelBytes {
				return invalid("models", "The fallback chain %q lists a model without a name or with one that is too long.", c.Name)
			}
		}
	}
	return nil
}
