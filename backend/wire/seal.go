package wire

import (
	"encoding/base64"
	"strings"

	"omniroute/backend/llm"
)

// A foreign seal travels through a client as
//
//	~omni1.<family>[r|t].<item id>.[<text>.]<data>
//
// (the first byte is rare in prompts, so that Native finds it fast) where r marks a redacted block and t one whose text comes along in base64
// (PackThought). sealTag64 is how the tag begins in base64:
// Gemini's thoughtSignature is of type bytes, and clients decode it.
const (
	sealTag   = "~omni1."
	sealTag64 = "fm9tbmkx"
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
func PackSeal(s llm.Seal, to Format) string { return packSeal(s, to, "", "") }

// PackThought is PackSeal for a thought whose words must come back exactly:
// a client of a format without signed thoughts may lose or change them (the
// official openai SDK keeps only the last piece of reasoning_content).
func PackThought(text string, s llm.Seal, to Format) string {
	if s.Redacted {
		return packSeal(s, to, "", "")
	}
	return packSeal(s, to, "t", base64.RawURLEncoding.EncodeToString([]byte(text))+".")
}

func packSeal(s llm.Seal, to Format, flag, text string) string {
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
	v := sealTag + word + flag + "." + id + "." + text + s.Data
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
	s, _, _ := UnpackThought(v, from)
	return s
}

// UnpackThought is UnpackSeal for what PackThought made: known tells whether
// the words of the thought came along.
func UnpackThought(v string, from Format) (s llm.Seal, text string, known bool) {
	if v == "" {
		return llm.Seal{}, "", false
	}
	if !tagged(v) {
		return llm.Seal{Family: carrierFamily(from), Data: v}, "", false
	}
	if strings.HasPrefix(v, sealTag64) {
		plain, ok := decodeTag(v)
		if !ok {
			return llm.Seal{}, "", false
		}
		v = plain
	}
	word, rest, ok := strings.Cut(v[len(sealTag):], ".")
	if !ok {
		return llm.Seal{}, "", false
	}
	id, data, ok := strings.Cut(rest, ".")
	if word, known = strings.CutSuffix(word, "t"); known && ok {
		var words string
		words, data, ok = strings.Cut(data, ".")
		plain, err := base64.RawURLEncoding.DecodeString(words)
		text, ok = string(plain), ok && err == nil
	}
	if !ok || data == "" || tagged(data) {
		return llm.Seal{}, "", false
	}
	word, redacted := strings.CutSuffix(word, "r")
	for _, f := range sealFamilies {
		if f.word == word && f.family != carrierFamily(from) && !(redacted && known) {
			return llm.Seal{Family: f.family, Data: data, Redacted: redacted, ItemID: id}, text, known
		}
	}
	return llm.Seal{}, "", false
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
