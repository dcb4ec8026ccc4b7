package desktop

import "golang.org/x/sys/windows"

// sessionLanguage is the first language of the user's list.
func sessionLanguage() string {
	tags, err := windows.GetUserPreferredUILanguages(windows.MUI_LANGUAGE_NAME)
	if err != nil || len(tags) == 0 {
		return ""
	}
	return tags[0]
}
