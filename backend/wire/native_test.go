package wire

import "testing"

func TestNative(t *testing.T) {
	cases := []struct {
		name     string
		f        Format
		d        Dialect
		in, want string
	}{
		{"only the model", OpenAIChat, Dialect{Model: "m", Caps: Caps{DeveloperRole: true}}, `{ "x":1.0,"model" : "a" ,"messages":[{"role":"developer"}]}`, `{ "x":1.0,"model" : "m" ,"messages":[{"role":"developer"}]}`},
		{"no model given", Anthropic, Dialect{}, `{"model":"a", "n":12345678901234567891}`, `{"model":"a", "n":12345678901234567891}`},
		{"gemini has none", Gemini, Dialect{Model: "m"}, `{"contents":[ ]}`, `{"contents":[ ]}`},
		{"developer role", OpenAIChat, Dialect{Model: "m"}, `{"messages":[{"role":"developer","content":"role: \"developer\""},{"role" : "user"},{"content":[],"role":"developer"}],"model":"a"}`, `{"messages":[{"role":"system","content":"role: \"developer\""},{"role" : "user"},{"content":[],"role":"system"}],"model":"m"}`},
		{"developer role at home", OpenAIChat, Dialect{Model: "m", Caps: Caps{OpenAIHost: true}}, `{"messages":[{"role":"developer"}],"model":"a"}`, `{"messages":[{"role":"developer"}],"model":"m"}`},
		{"limit", OpenAIChat, Dialect{Model: "m", Caps: Caps{MaxTokensField: "max_completion_tokens"}}, `{"max_tokens":5,"model":"a"}`, `{"model":"m","max_completion_tokens":5}`},
		{"both limits", OpenAIChat, Dialect{Model: "m", Caps: Caps{MaxTokensField: "max_completion_tokens"}}, `{"max_tokens":5,"model":"a","max_completion_tokens":7}`, `{"model":"m","max_completion_tokens":7}`},
		{"strip", OpenAIResponses, Dialect{Model: "m", Strip: []string{"user", "store"}}, `{"model":"a","user":"u","x":{"user":1}}`, `{"model":"m","x":{"user":1}}`},
		{"project", CodeAssist, Dialect{Model: "m", Project: "p"}, `{"model":"a","project":"old","request":{"model":1}}`, `{"model":"m","project":"p","request":{"model":1}}`},
		{"the tag in prose", Anthropic, Dialect{Model: "m"}, `{"model":"a","x":"say ~omni1. aloud"}`, `{"model":"m","x":"say ~omni1. aloud"}`},
	}
	for _, c := range cases {
		h, err := Peek([]byte(c.in))
		if err != nil {
			t.Fatal(err)
		}
		got, ok := Native(h, c.f, c.d)
		if !ok || string(got) != c.want {
			t.Errorf("%s: %s (%v), want %s", c.name, got, ok, c.want)
		}
	}
	for name, c := range map[string]struct {
		f  Format
		d  Dialect
		in string
	}{
		"codex":        {OpenAIResponses, Dialect{Caps: Caps{Codex: true}}, `{"model":"a"}`},
		"foreign seal": {Anthropic, Dialect{}, `{"model":"a","messages":[{"content":[{"type":"thinking","signature":"~omni1.g..x"}]}]}`},
		"packed":       {Gemini, Dialect{}, `{"contents":[{"parts":[{"thoughtSignature":"fm9tbmkxLmEuLmRhdGE=="}]}]}`},
	} {
		h, _ := Peek([]byte(c.in))
		if _, ok := Native(h, c.f, c.d); ok {
			t.Errorf("%s cannot travel natively", name)
		}
	}
}
