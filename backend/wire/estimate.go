package wire

import (
	"unicode/utf8"

	"omniroute/backend/llm"
)

// What media costs, in tokens, when nobody counted it (formats.md R70). The
// size of the base64 text says nothing about it.
const (
	imageTokens    = 1100
	audioTokens    = 800
	documentTokens = 2500
	messageTokens  = 4 // roles and separators of one message
	toolTokens     = 8 // the frame around one declaration
)

// EstimateText guesses the tokens of a text: about four bytes of Latin text,
// or one CJK character, each (formats.md R70).
func EstimateText(s string) int64 {
	quarters := int64(0)
	ascii := 0
	for i := 0; i < len(s); {
		if i+8 <= len(s) { // prompts are megabytes of plain letters
			b := s[i : i+8]
			if b[0]|b[1]|b[2]|b[3]|b[4]|b[5]|b[6]|b[7] < utf8.RuneSelf {
				ascii += 8
				i += 8
				continue
			}
		}
		if s[i] < utf8.RuneSelf {
			ascii++
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		i += n
		if wide(r) {
			quarters += 4
		} else {
			quarters += 2
		}
	}
	return (quarters + int64(ascii) + 3) / 4
}

// wide reports characters that are about a token each: CJK, kana, Hangul,
// full-width forms and everything beyond the basic plane.
func wide(r rune) bool {
	return r >= 0x1100 && r <= 0x11ff || r >= 0x2e80 && r <= 0x9fff || r >= 0xa960 && r <= 0xa97f || r >= 0xac00 && r <= 0xd7ff || r >= 0xf900 && r <= 0xfaff || r >= 0xff00 && r <= 0xffef || r > 0xffff
}

// EstimateTokens guesses the input tokens of a request over instructions,
// tools and all parts (formats.md R70). It is at least 1.
func EstimateTokens(r *llm.Request) int64 {
	n := estimateParts(r.System)
	for i := range r.Messages {
		n += messageTokens + estimateParts(r.Messages[i].Parts)
	}
	for i := range r.Tools {
		t := &r.Tools[i]
		n += toolTokens + EstimateText(t.Namespace) + EstimateText(t.Name) + EstimateText(t.Description) + estimateBytes(t.Schema) + estimateBytes(t.Grammar)
		if t.Opaque != nil && t.Schema == nil {
			n += estimateBytes(t.Opaque.Raw)
		}
	}
	n += estimateBytes(r.Output.Schema)
	return max(n, 1)
}

func estimateBytes(b []byte) int64 {
	wideChars := int64(0)
	for _, c := range b {
		if c >= 0xe0 { // lead byte of a character of three or four bytes
			wideChars++
		}
	}
	return wideChars + (int64(len(b))-3*wideChars+3)/4
}

func estimateParts(parts []llm.Part) int64 {
	n := int64(0)
	for i := range parts {
		p := &parts[i]
		n += EstimateText(p.Text)
		switch {
		case p.Media != nil:
			n += estimateMedia(p.Kind, p.Media)
		case p.Call != nil:
			n += messageTokens + EstimateText(p.Call.Name) + EstimateText(p.Call.Args) + EstimateText(p.Call.Input)
		case p.Result != nil:
			n += messageTokens + estimateParts(p.Result.Parts)
		case p.Opaque != nil:
			n += min(estimateBytes(p.Opaque.Raw), documentTokens)
		}
	}
	return n
}

func estimateMedia(kind llm.PartKind, m *llm.Media) int64 {
	switch {
	case m.Text != "":
		return EstimateText(m.Text)
	case kind == llm.PartImage:
		return imageTokens
	case kind == llm.PartAudio:
		return audioTokens
	}
	return documentTokens
}

// EstimateOutput guesses the output tokens of an answer whose upstream gave
// no usage (R52).
func EstimateOutput(r *llm.Response) int64 {
	n := int64(0)
	for i := range r.Candidates {
		n += estimateParts(r.Candidates[i].Parts)
	}
	return n
}
