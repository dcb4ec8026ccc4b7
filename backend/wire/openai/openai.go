// Package openai is the codec of OpenAI's Chat Completions format
// (POST /v1/chat/completions) and of the many hosts that speak a dialect of
// it: DeepSeek, Kimi, GLM, OpenRouter and others, whose reasoning fields are
// understood as well (formats.md 4.9). The official SDK, openai 6.49.0, is the
// judge of what a stream must look like (formats.md 5.2 and 7).
package openai

import (
	"strconv"

	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// formatName marks what only this format understands in llm values.
const formatName = string(wire.OpenAIChat)

// Codec implements wire.Codec for Chat Completions. The zero value is ready;
// it holds no state.
type Codec struct{}

// New returns the codec.
func New() wire.Codec { return Codec{} }

// Format is wire.OpenAIChat.
func (Codec) Format() wire.Format { return wire.OpenAIChat }

// EncodeCount writes a token count. Chat has no counting endpoint; the answer
// has the shape of OpenAI's other one, /v1/responses/input_tokens
// (formats.md 4.10).
func (Codec) EncodeCount(tokens int64) []byte {
	b := append([]byte(nil), `{"object":"response.input_tokens","input_tokens":`...)
	return append(strconv.AppendInt(b, tokens, 10), '}')
}

// DecodeCount reads the answer that EncodeCount writes.
func (Codec) DecodeCount(body []byte) (int64, error) {
	if err := jscan.Check(body); err != nil {
		return 0, noAnswer("openai.count", err, "The upstream's token count is no JSON.")
	}
	n, ok := jscan.Int(jscan.Get(body, "input_tokens"))
	if !ok || n < 0 {
		return 0, noAnswer("openai.count", nil, "The upstream's token count holds no number.")
	}
	return n, nil
}
