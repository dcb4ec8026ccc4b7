package all

import (
	"strings"

	"omniroute/backend/wire"
)

// dialect turns a described target into the codecs' words. What only the
// catalogue knows of a real target follows from the names here.
func dialect(t Target, f wire.Format) wire.Dialect {
	c := t.Caps
	model := strings.ToLower(t.Model)
	caps := wire.Caps{
		Thinking:       wire.Thinking(c.Thinking),
		NoSampling:     is(c.Sampling, false),
		DeveloperRole:  c.SystemRole == "developer",
		MaxTokensField: c.MaxTokensField,
		ReasoningField: c.ReasoningField,
		MaxOutput:      c.MaxOutput,
		NoStructured:   c.Structured == "none",
		NoImages:       is(c.Images, false),
		NoAudio:        is(c.Audio, false),
		NoFiles:        is(c.Files, false),
		Codex:          c.Codex,
		JSONSchema:     c.JSONSchema,
		NoCallIDs:      is(c.CallIDs, false) || strings.Contains(t.Provider, "vertex"),
		OpenAIHost:     t.Provider == "openai",
	}
	if f == wire.Gemini || f == wire.CodeAssist {
		caps.NeedsSeal = caps.Thinking == wire.ThinkingLevel || strings.Contains(model, "gemini-3")
	}
	return wire.Dialect{Model: t.Model, Provider: t.Provider, Project: t.Project, Caps: caps}
}

func is(flag *bool, want bool) bool { return flag != nil && *flag == want }
