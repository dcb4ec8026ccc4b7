package wire

import (
	"net/http"
	"strings"

	"omniroute/backend/fault"
	"omniroute/backend/wire/jscan"
)

// Detect tells which format a client speaks. The path decides; the chat path
// and unknown ones are decided by the shape of the body, because old clients
// send every format there. An unknown path with an unknown body is
// fault.NotFound. Broken bodies never fail here.
func Detect(method, path string, h http.Header, body []byte) (Format, error) {
	p := strings.TrimRight(strings.ToLower(path), "/")
	switch {
	case strings.Contains(p, "/v1internal:") || strings.Contains(p, "v1internal/models/"):
		return CodeAssist, nil
	case strings.HasSuffix(p, ":generatecontent"), strings.HasSuffix(p, ":streamgeneratecontent"), strings.HasSuffix(p, ":counttokens"):
		return Gemini, nil
	case strings.HasSuffix(p, "/messages"), strings.HasSuffix(p, "/messages/count_tokens"):
		return Anthropic, nil
	case strings.HasSuffix(p, "/responses"), strings.Contains(p, "/responses/"), p == "responses":
		return OpenAIResponses, nil
	case strings.HasSuffix(p, "/api/chat"):
		return Ollama, nil
	case strings.HasSuffix(p, "/chat/completions"):
		if f, ok := shape(h, body); ok {
			return f, nil
		}
		return OpenAIChat, nil
	}
	if f, ok := shape(h, body); ok {
		return f, nil
	}
	if jscan.KindOf(jscan.Get(body, "messages")) == jscan.Array {
		return OpenAIChat, nil
	}
	return "", fault.New(fault.NotFound, "wire.detect", "No such endpoint: %s %s.", method, clip(path, 200))
}

// shape recognises the bodies that cannot be chat requests.
func shape(h http.Header, body []byte) (Format, bool) {
	var contents, request, input, messages, system, inputSchema bool
	for k, v := range jscan.Members(body) {
		switch string(k) {
		case "contents":
			contents = jscan.KindOf(v) == jscan.Array || jscan.KindOf(v) == jscan.Object
		case "request":
			request = jscan.Get(v, "contents") != nil
		case "input":
			input = !jscan.IsNull(v)
		case "messages":
			messages = true
		case "system":
			system = !jscan.IsNull(v)
		case "tools":
			for _, t := range jscan.Elements(v) {
				inputSchema = inputSchema || jscan.Get(t, "input_schema") != nil
			}
		}
	}
	switch {
	case request && !messages:
		return CodeAssist, true
	case contents && !messages:
		return Gemini, true
	case input && !messages:
		return OpenAIResponses, true
	case messages && (system || inputSchema || h.Get("Anthropic-Version") != ""):
		return Anthropic, true
	}
	return "", false
}

// clip shortens text for an error sentence without cutting a character.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}
