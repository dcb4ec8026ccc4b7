package desktop

import (
	"cmp"

	"omniroute/backend/i18n"
)

// Speak finds the words for the language of the settings; "" is the one this
// session speaks.
func Speak(c *i18n.Catalogues, language string) i18n.Words {
	return c.In(cmp.Or(language, sessionLanguage()))
}
