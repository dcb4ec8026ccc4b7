package testkit

import (
	"encoding/json"
	"fmt"
	"strings"

	"omniroute/backend/wire"
)

// The usage every scripted answer reports: rows in the books are compared
// with it.
const (
	TokensIn  = 11
	TokensOut = 7
)

// quote writes a JSON string the way JSON.stringify does.
func quote(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.Encode(s)
	return strings.TrimSuffix(b.String(), "\n")
}

// WholeAnswer is a complete answer with one text.
func WholeAnswer(f wire.Format, text string) string {
	q := quote(text)
	switch f {
	case wire.OpenAIResponses:
		return `{"id":"resp_up1","object":"response","created_at":1700000000,"status":"completed","model":"up-model","output":[` + messageItem(q, "completed") + `],"usage":` + responsesUsage() + `}`
	case wire.Anthropic:
		return fmt.Sprintf(`{"id":"msg_up1","type":"message","role":"assistant","model":"up-model","content":[{"type":"text","text":%s}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":%d,"output_tokens":%d}}`, q, TokensIn, TokensOut)
	case wire.Gemini:
		return fmt.Sprintf(`{"candidates":[{"content":{"role":"model","parts":[{"text":%s}]},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":%d,"candidatesTokenCount":%d,"totalTokenCount":%d},"modelVersion":"up-model","responseId":"g1"}`, q, TokensIn, TokensOut, TokensIn+TokensOut)
	}
	return fmt.Sprintf(`{"id":"chatcmpl-up1","object":"chat.completion","created":1700000000,"model":"up-model","choices":[{"index":0,"message":{"role":"assistant","content":%s,"refusal":null},"logprobs":null,"finish_reason":"stop"}],"usage":%s}`, q, chatUsage())
}

func chatUsage() string {
	return fmt.Sprintf(`{"prompt_tokens":%d,"completion_tokens":%d,"total_tokens":%d}`, TokensIn, TokensOut, TokensIn+TokensOut)
}

func responsesUsage() string {
	return fmt.Sprintf(`{"input_tokens":%d,"input_tokens_details":{"cached_tokens":0},"output_tokens":%d,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":%d}`, TokensIn, TokensOut, TokensIn+TokensOut)
}

func messageItem(q, status string) string {
	return `{"type":"message","id":"msg_up1","status":"` + status + `","role":"assistant","content":[{"type":"output_text","text":` + q + `,"annotations":[],"logprobs":[]}]}`
}

// words cuts a text so that the pieces joined are the text.
func words(text string) []string { return strings.SplitAfter(text, " ") }

// StreamAnswer is a complete stream, one string for each event.
func StreamAnswer(f wire.Format, text string) []string {
	switch f {
	case wire.OpenAIResponses:
		return responsesStream(text)
	case wire.Anthropic:
		return anthropicStream(text)
	case wire.Gemini:
		return geminiStream(text)
	}
	return chatStream(text)
}

func chatStream(text string) []string {
	chunk := func(choices, usage string) string {
		return `data: {"id":"chatcmpl-up1","object":"chat.completion.chunk","created":1700000000,"model":"up-model","choices":` + choices + usage + "}\n\n"
	}
	out := []string{chunk(`[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]`, "")}
	for _, w := range words(text) {
		out = append(out, chunk(`[{"index":0,"delta":{"content":`+quote(w)+`},"finish_reason":null}]`, ""))
	}
	return append(out,
		chunk(`[{"index":0,"delta":{},"finish_reason":"stop"}]`, ""),
		chunk(`[]`, `,"usage":`+chatUsage()),
		"data: [DONE]\n\n")
}

func anthropicStream(text string) []string {
	event := func(typ, rest string) string {
		return "event: " + typ + "\ndata: {\"type\":\"" + typ + "\"" + rest + "}\n\n"
	}
	out := []string{
		event("message_start", fmt.Sprintf(`,"message":{"id":"msg_up1","type":"message","role":"assistant","model":"up-model","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":%d,"output_tokens":1}}`, TokensIn)),
		event("content_block_start", `,"index":0,"content_block":{"type":"text","text":""}`),
	}
	for _, w := range words(text) {
		out = append(out, event("content_block_delta", `,"index":0,"delta":{"type":"text_delta","text":`+quote(w)+`}`))
	}
	return append(out,
		event("content_block_stop", `,"index":0`),
		event("message_delta", fmt.Sprintf(`,"delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":%d}`, TokensOut)),
		event("message_stop", ""))
}

func geminiStream(text string) []string {
	pieces := words(text)
	var out []string
	for i, w := range pieces {
		finish := ""
		if i == len(pieces)-1 {
			finish = `,"finishReason":"STOP"`
		}
		out = append(out, fmt.Sprintf("data: {\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":%s}]}%s,\"index\":0}],\"usageMetadata\":{\"promptTokenCount\":%d,\"candidatesTokenCount\":%d,\"totalTokenCount\":%d},\"modelVersion\":\"up-model\",\"responseId\":\"g1\"}\r\n\r\n",
			quote(w), finish, TokensIn, TokensOut, TokensIn+TokensOut))
	}
	return out
}

func responsesStream(text string) []string {
	n := 0
	event := func(typ, rest string) string {
		n++
		return fmt.Sprintf("event: %s\ndata: {\"type\":%q,\"sequence_number\":%d%s}\n\n", typ, typ, n-1, rest)
	}
	response := func(status, output, usage string) string {
		return `,"response":{"id":"resp_up1","object":"response","created_at":1700000000,"status":"` + status + `","model":"up-model","output":[` + output + `],"usage":` + usage + `}`
	}
	const place = `,"item_id":"msg_up1","output_index":0,"content_index":0`
	q := quote(text)
	out := []string{
		event("response.created", response("in_progress", "", "null")),
		event("response.in_progress", response("in_progress", "", "null")),
		event("response.output_item.added", `,"output_index":0,"item":{"type":"message","id":"msg_up1","status":"in_progress","role":"assistant","content":[]}`),
		event("response.content_part.added", place+`,"part":{"type":"output_text","text":"","annotations":[],"logprobs":[]}`),
	}
	for _, w := range words(text) {
		out = append(out, event("response.output_text.delta", place+`,"delta":`+quote(w)+`,"logprobs":[]`))
	}
	return append(out,
		event("response.output_text.done", place+`,"text":`+q+`,"logprobs":[]`),
		event("response.content_part.done", place+`,"part":{"type":"output_text","text":`+q+`,"annotations":[],"logprobs":[]}`),
		event("response.output_item.done", `,"output_index":0,"item":`+messageItem(q, "completed")),
		event("response.completed", response("completed", messageItem(q, "completed"), responsesUsage())))
}

// modelList is the answer to a question for the models.
func modelList(f wire.Format) string {
	switch f {
	case wire.Anthropic:
		return `{"data":[{"type":"model","id":"m","display_name":"M","created_at":"2025-01-01T00:00:00Z"}],"has_more":false,"first_id":"m","last_id":"m"}`
	case wire.Gemini:
		return `{"models":[{"name":"models/m","supportedGenerationMethods":["generateContent","streamGenerateContent","countTokens"]}]}`
	}
	return `{"object":"list","data":[{"id":"m","object":"model","created":1,"owned_by":"test"}]}`
}
