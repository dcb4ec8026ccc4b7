package providers

import (
	"strings"
	"testing"

	"omniroute/backend/config"
	"omniroute/backend/wire"
)

func TestCleanNative(t *testing.T) {
	c := facts(t)
	glm := endpointOf(t, c, "glm", "")
	const mark = "x-anthropic-billing-header: cc_version=2.1.0; cch=abc"
	cases := []struct{ name, in, want string }{
		{"a block of its own", `{"model":"m", "system": [{"type":"text","text":"` + mark + `"},{"type":"text","text":"You are terse.","cache_control":{"type":"ephemeral"}}],"messages":[]}`,
			`{"model":"m", "system": [{"type":"text","text":"You are terse.","cache_control":{"type":"ephemeral"}}],"messages":[]}`},
		{"a line before the rest", `{"system":[{"type":"text","text":"` + mark + `\nBe \"kind\" é","cache_control":{"type":"ephemeral"}}]}`, `{"system":[{"type":"text","text":"Be \"kind\" é","cache_control":{"type":"ephemeral"}}]}`},
		{"a text", `{"system":"` + mark + `\nrest"}`, `{"system":"rest"}`},
		{"nothing else", `{"max_tokens":1,"system":[{"type":"text","text":"` + mark + `"}],"messages":[]}`, `{"max_tokens":1,"messages":[]}`},
		{"nothing else, text", `{"system":"` + mark + `","messages":[]}`, `{"messages":[]}`},
		{"in the middle", `{"messages":[{"role":"user","content":"a"},{"role":"system","content":"` + mark + `"},{"role":"system","content":[{"type":"text","text":"` + mark + `"},{"type":"text","text":"s"}]}]}`,
			`{"messages":[{"role":"user","content":"a"},{"role":"system","content":[{"type":"text","text":"s"}]}]}`},
		{"what a user quotes is the user's", `{"system":"s","messages":[{"role":"user","content":"` + mark + `"}]}`, ""},
		{"not at the beginning", `{"system":"see ` + mark + `","messages":[]}`, ""},
		{"no mark", `{"system":"s","messages":[]}`, ""},
		{"only messages", `{"messages":[{"role":"system","content":"` + mark + `"}]}`, ""},
	}
	for _, x := range cases {
		t.Run(x.name, func(t *testing.T) {
			in := []byte(x.in)
			got := CleanNative(in, glm, wire.Anthropic)
			if x.want == "" {
				x.want = x.in
			}
			if string(got) != x.want || string(in) != x.in {
				t.Errorf("got  %s\nwant %s", got, x.want)
			}
		})
	}
}

func TestCleanNativeTouchesNothingOfAnthropic(t *testing.T) {
	c := facts(t)
	body := []byte(`{"system":"x-anthropic-billing-header: a","messages":[]}`)
	plain := []byte(`{"system":"s","messages":[]}`)
	same := func(a, b []byte) bool { return len(a) == len(b) && &a[0] == &b[0] }
	for name, e := range map[string]*Endpoint{
		"anthropic":                  endpointOf(t, c, "anthropic", ""),
		"claude":                     endpointOf(t, c, "claude", ""),
		"anthropic behind a proxy":   endpointOf(t, c, "anthropic", "http://127.0.0.1:9"),
		"a node of anthropic itself": nodeAt(t, c, config.NodeAnthropic, "", "https://api.anthropic.com/v1"),
	} {
		if !same(CleanNative(body, e, wire.Anthropic), body) {
			t.Errorf("%s: the body was changed or copied", name)
		}
	}
	node := nodeAt(t, c, config.NodeAnthropic, "", "http://127.0.0.1:9")
	if !same(CleanNative(plain, node, wire.Anthropic), plain) || !same(CleanNative(body, node, wire.OpenAIChat), body) {
		t.Error("a body without the mark, or of another format, was copied")
	}
	for _, id := range []string{"glm", "minimax", "kimi-coding", "deepseek"} {
		if got := CleanNative(body, endpointOf(t, c, id, ""), wire.Anthropic); strings.Contains(string(got), "billing") {
			t.Errorf("%s: %s", id, got)
		}
	}
	if got := CleanNative(body, node, wire.Anthropic); strings.Contains(string(got), "billing") {
		t.Errorf("node: %s", got)
	}
}

func BenchmarkCleanNativeWithoutMark(b *testing.B) {
	c := facts(b)
	e := endpointOf(b, c, "glm", "")
	body := []byte(`{"system":"s","messages":[{"role":"user","content":"` + strings.Repeat("some words of a prompt, ", 43_000) + `"}]}`)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		CleanNative(body, e, wire.Anthropic)
	}
}
