package wire

import (
	"encoding/base64"
	"strings"

	"omniroute/backend/llm"
)

// A foreign seal travels through a client as
//
//	omni1.<family>[r].<item id>.<data>
//
// where r marks a redacted block. sealTag64 is how the tag begins in base64:
// Gemini's thoughtSignature is of type bytes, and clients decode it.
const (
	sealTag   = "omni1."
	sealTag64 = "b21uaTEu"
)

// sealFamilies are the words of the families inside a tag.
var sealFamilies = [...]struct {
	word   string
	family llm.Family
}{{"a", llm.FamilyAnthropic}, {"g", llm.FamilyGemini}, {"o", llm.FamilyOpenAI}}

// carrierFamily is whose seals stand untagged in a format's carrier field.
// Chat's field is Google's own convention, extra_content.google (formats.md
// R28): OpenAI's chat API mints no seals.
func carrierFamily(f Format) llm.Family {
	if f == OpenAIChat {
		return llm.FamilyGemini
	}
	return f.Family()
}

// PackSeal is the value for a format's carrier field (formats.md R28): a seal
// of the format's own family travels verbatim, another one tagged with its
// family, so that UnpackSeal can refuse to give it to a stranger. "" means
// there is nothing to carry.
func PackSeal(s llm.Seal, to Format) string {
	if s.Data == "" || tagged(s.Data) { // an upstream that mints our tag is lying
		return ""
	}
	if s.Family == carrierFamily(to) {
		return s.Data
	}
	word := ""
	for _, f := range sealFamilies {
		if f.family == s.Family {
			word = f.word
		}
	}
	if word == "" {
		return ""
	}
	if s.Redacted {
		word += "r"
	}
	id := s.ItemID
	if strings.IndexByte(id, '.') >= 0 || len(id) > 200 {
		id = ""
	}
	v := sealTag + word + "." + id + "." + s.Data
	if to.Family() == llm.FamilyGemini {
		return base64.URLEncoding.EncodeToString([]byte(v))
	}
	return v
}

// UnpackSeal reads a carrier field of a client or an upstream of the format.
// An untagged value belongs to the format it stands in. A tag that PackSeal
// would not have written there (unknown family, the format's own family, no
// data) is refused: the zero Seal.
func UnpackSeal(v string, from Format) llm.Seal {
	if v == "" {
		return llm.Seal{}
	}
	if !tagged(v) {
		return llm.Seal{Family: carrierFamily(from), Data: v}
	}
	if strings.HasPrefix(v, sealTag64) {
		plain, ok := decodeTag(v)
		if !ok {
			return llm.Seal{}
		}
		v = plain
	}
	word, rest, ok := strings.Cut(v[len(sealTag):], ".")
	if !ok {
		return llm.Seal{}
	}
	id, data, ok := strings.Cut(rest, ".")
	if !ok || data == "" || tagged(data) {
		return llm.Seal{}
	}
	word, redacted := strings.CutSuffix(word, "r")
	for _, f := range sealFamilies {
		if f.word == word && f.family != carrierFamily(from) {
			return llm.Seal{Family: f.family, Data: data, Redacted: redacted, ItemID: id}
		}
	}
	return llm.Seal{}
}

func tagged(v string) bool { return strings.HasPrefix(v, sealTag) || strings.HasPrefix(v, sealTag64) }

// decodeTag accepts both alphabets and missing padding: clients decode and
// encode the field again in their own way.
func decodeTag(v string) (string, bool) {
	v = strings.TrimRight(strings.NewReplacer("+", "-", "/", "_").Replace(v), "=")
	b, err := base64.RawURLEncoding.DecodeString(v)
	if err != nil || !strings.HasPrefix(string(b), sealTag) {
		return "", false
	}
	return string(b), true
}
