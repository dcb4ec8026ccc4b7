package dispatch

import (
	"net/http"
	"strings"
	"testing"

	"omniroute/backend/config"
	"omniroute/backend/wire"
)

// talk is the conversation of a request with headers "name: value".
func talk(t *testing.T, body string, headers ...string) *Call {
	t.Helper()
	head, err := wire.Peek([]byte(body))
	if err != nil {
		t.Fatal(body, err)
	}
	c := &Call{Head: head, Body: []byte(body), Header: http.Header{}}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		c.Header.Set(name, value)
	}
	return c
}

func TestSessionKeys(t *testing.T) {
	const full = `{"prompt_cache_key":"pk","metadata":{"user_id":"u1"},"messages":[{"role":"user","content":"hi"}]}`
	id := func(c *Call) string {
		id, _, ok := c.Session([16]byte{1})
		if !ok {
			return ""
		}
		return string(id[:])
	}
	// Each line is overruled by the one above.
	levels := []string{"X-Session-Id: a", "x_session_id: a", "x-claude-code-session-id: a", "session_id: a", "conversation_id: a"}
	all := append([]string{}, levels...)
	for i, level := range levels {
		if id(talk(t, full, all[i:]...)) != id(talk(t, `{}`, level)) {
			t.Errorf("%s does not come before %v", level, all[i+1:])
		}
		if id(talk(t, full, level)) == id(talk(t, full, strings.TrimSuffix(level, "a")+"b")) {
			t.Errorf("%s: another value is the same conversation", level)
		}
	}
	if id(talk(t, full)) != id(talk(t, `{"prompt_cache_key":"pk"}`)) || id(talk(t, full)) == id(talk(t, `{"metadata":{"user_id":"u1"}}`)) {
		t.Error("prompt_cache_key does not come before metadata")
	}
	if id(talk(t, `{"metadata":{"user_id":"u1"},"messages":[{"role":"user","content":"hi"}]}`)) != id(talk(t, `{"metadata":{"user_id":"u1"}}`)) {
		t.Error("metadata.user_id does not come before the messages")
	}
	own, other := talk(t, full), talk(t, full)
	other.Key = &config.Key{ID: "k"}
	if id(own) == id(other) {
		t.Error("another caller's conversation has the same name")
	}
	salted, _, _ := talk(t, full).Session([16]byte{2})
	if string(salted[:]) == id(own) {
		t.Error("the salt does nothing")
	}
}

func TestConversationsAreToldByTheirBeginning(t *testing.T) {
	for _, c := range []struct{ name, first, second, other string }{
		{"chat",
			`{"messages":[{"role":"system","content":"S"},{"role":"user","content":"hi"}]}`,
			`{"messages":[{"role":"system","content":"S, at 12:00"},{"role":"user","content":"hi"},{"role":"assistant","content":"yes"},{"role":"user","content":"more"}]}`,
			`{"messages":[{"role":"system","content":"S"},{"role":"user","content":"ho"},{"role":"assistant","content":"yes"}]}`},
		{"anthropic, whose cache mark moves",
			`{"messages":[{"role":"user","content":[{"type":"text","text":"hi","cache_control":{"type":"ephemeral"}}]}]}`,
			`{"messages":[{"role":"user","content":[{"type":"text","text":"hi"}]},{"role":"assistant","content":[]},{"role":"user","content":[{"type":"text","text":"more"}]}]}`,
			`{"messages":[{"role":"user","content":[{"type":"text","text":"hi"},{"type":"text","text":"there"}]},{"role":"assistant","content":[]}]}`},
		{"gemini",
			`{"contents":[{"parts":[{"text":"hi"}]}]}`,
			`{"contents":[{"role":"user","parts":[{"text":"hi"}]},{"role":"model","parts":[{"text":"yes"}]}]}`,
			`{"contents":[{"parts":[{"text":"ho"}]},{"role":"model","parts":[]}]}`},
		{"responses",
			`{"input":[{"role":"user","content":[{"type":"input_text","text":"hi"}]}]}`,
			`{"input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"hi"}]},{"type":"function_call","name":"f"},{"type":"function_call_output","output":"1"}]}`,
			`{"input":[{"role":"user","content":"ho"},{"type":"reasoning"}]}`},
	} {
		a, fresh1, ok1 := talk(t, c.first).Session([16]byte{})
		b, fresh2, ok2 := talk(t, c.second).Session([16]byte{})
		o, _, ok3 := talk(t, c.other).Session([16]byte{})
		if !ok1 || !ok2 || !ok3 || a != b || a == o {
			t.Errorf("%s: same %v, other %v", c.name, a == b, a != o)
		}
		if !fresh1 || fresh2 {
			t.Errorf("%s: the beginning is fresh %v, the second turn %v", c.name, fresh1, fresh2)
		}
	}
	for _, body := range []string{`{}`, `{"messages":[]}`, `{"messages":7}`, `{"messages":[1,null]}`, `{"messages":[{"role":"user"}]}`} {
		if _, _, ok := talk(t, body).Session([16]byte{}); ok {
			t.Errorf("%s names a conversation", body)
		}
	}
	if _, fresh, ok := talk(t, `{"input":"hi"}`).Session([16]byte{}); !ok || !fresh {
		t.Error("a text as input")
	}
}
