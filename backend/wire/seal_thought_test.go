package wire

import (
	"testing"

	"omniroute/backend/llm"
)

// The words of a signed thought travel with its seal, byte for byte.
func TestThoughtsTravel(t *testing.T) {
	seal := llm.Seal{Family: llm.FamilyAnthropic, Data: "EqQB.Ck/+=="}
	for _, words := range []string{"", "why", "a.b\n\"é\" 😀", "~omni1.a..x"} {
		for _, f := range []Format{OpenAIChat, OpenAIResponses, Gemini} {
			v := PackThought(words, seal, f)
			back, text, known := UnpackThought(v, f)
			if back != seal || text != words || !known {
				t.Errorf("%q through %s came back as %+v %q %v (%s)", words, f, back, text, known, v)
			}
			if UnpackSeal(v, f) != seal {
				t.Errorf("UnpackSeal(%s) = %+v", v, UnpackSeal(v, f))
			}
		}
	}
	if v := PackThought("x", seal, Anthropic); v != seal.Data {
		t.Errorf("at home a seal is verbatim, got %s", v)
	}
	redacted := llm.Seal{Family: llm.FamilyAnthropic, Data: "R", Redacted: true}
	if back, text, known := UnpackThought(PackThought("x", redacted, OpenAIChat), OpenAIChat); back != redacted || text != "" || known {
		t.Errorf("a redacted block has no words: %+v %q", back, text)
	}
	for _, v := range []string{"~omni1.at..data", "~omni1.at..!!.data", "~omni1.at..d2h5.", "~omni1.at", "~omni1.t..d2h5.data", "~omni1.art..d2h5.data", "~omni1.at..d2h5.~omni1.a..x"} {
		if s, text, _ := UnpackThought(v, OpenAIChat); s != (llm.Seal{}) || text != "" {
			t.Errorf("UnpackThought(%q) = %+v %q", v, s, text)
		}
	}
}
