// Package all is the list of codecs, and the pure translator between any two
// of them that the dashboard's translator page and the vectors use.
package all

import (
	"omniroute/backend/wire"
	"omniroute/backend/wire/anthropic"
	"omniroute/backend/wire/gemini"
	"omniroute/backend/wire/ollama"
	"omniroute/backend/wire/openai"
	"omniroute/backend/wire/responses"
)

// Codecs lists the codecs of the formats that upstreams speak, one per format.
func Codecs() []wire.Codec {
	return []wire.Codec{openai.New(), responses.New(), anthropic.New(), gemini.New(), gemini.NewCodeAssist()}
}

// ClientOnly lists the codecs of formats that only clients speak: their
// upstream halves are fault.Unsupported.
func ClientOnly() []wire.Codec { return []wire.Codec{ollama.New()} }

// Of returns the codec of a format; ok is false for an unknown one.
func Of(f wire.Format) (c wire.Codec, ok bool) {
	for _, c := range Codecs() {
		if c.Format() == f {
			return c, true
		}
	}
	for _, c := range ClientOnly() {
		if c.Format() == f {
			return c, true
		}
	}
	return nil, false
}
