package routing

import "omniroute/backend/config"

// Strategies lists the ways to order a combo's models. A new one is a
// function and a line here.
var strategies = map[string]func(*config.Combo) []config.ComboModel{
	"priority": func(c *config.Combo) []config.ComboModel { return c.Models },
}

// KnownStrategy reports whether a combo may use the strategy.
func KnownStrategy(name string) bool { _, ok := strategies[name]; return ok }

func order(c *config.Combo) []config.ComboModel {
	if f, ok := strategies[c.Strategy]; ok {
		return f(c)
	}
	return c.Models
}
