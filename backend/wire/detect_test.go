package wire

import (
	"net/http"
	"testing"

	"omniroute/backend/fault"
)

func TestDetect(t *testing.T) {
	for _, c := range []struct {
		path, body string
		want       Format
	}{
		{"/v1/chat/completions", `{"messages":[]}`, OpenAIChat},
		{"/v1/v1/chat/completions", `{"messages":[]}`, OpenAIChat},
		{"/chat/completions", `not json`, OpenAIChat},
		{"/v1/chat/completions", `{"contents":[{}]}`, Gemini},
		{"/v1/chat/completions", `{"input":"x"}`, OpenAIResponses},
		{"/v1/chat/completions", `{"input":"x","messages":[]}`, OpenAIChat},
		{"/v1/chat/completions", `{"messages":[],"system":"x"}`, Anthropic},
		{"/v1/chat/completions", `{"messages":[],"tools":[{"name":"x","input_schema":{}}]}`, Anthropic},
		{"/v1/messages", `{}`, Anthropic},
		{"/v1/messages/count_tokens", ``, Anthropic},
		{"/v1/responses", ``, OpenAIResponses},
		{"/v1/responses/input_tokens", ``, OpenAIResponses},
		{"/codex/responses/", ``, OpenAIResponses},
		{"/v1beta/models/x:generateContent", ``, Gemini},
		{"/v1beta/models/a/b:streamGenerateContent", ``, Gemini},
		{"/v1beta/models/x:countTokens", ``, Gemini},
		{"/v1internal:generateContent", ``, CodeAssist},
		{"/v1internal:countTokens", ``, CodeAssist},
		{"/api/chat", `{"messages":[]}`, Ollama},
		{"/v1/api/chat", ``, Ollama},
		{"/v1", `{"messages":[]}`, OpenAIChat},
		{"/v1", `{"request":{"contents":[]}}`, CodeAssist},
	} {
		got, err := Detect("POST", c.path, http.Header{}, []byte(c.body))
		if err != nil || got != c.want {
			t.Errorf("Detect(%s, %s) = %s (%v), want %s", c.path, c.body, got, err, c.want)
		}
	}
	if f, _ := Detect("POST", "/v1/chat/completions", http.Header{"Anthropic-Version": {"2023-06-01"}}, []byte(`{"messages":[]}`)); f != Anthropic {
		t.Errorf("the version header says anthropic, got %s", f)
	}
	if _, err := Detect("POST", "/v1/nothing", nil, []byte(`{}`)); fault.KindOf(err) != fault.NotFound {
		t.Errorf("unknown path: %v", err)
	}
}
