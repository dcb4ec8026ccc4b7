package anthropic

import "omniroute/backend/wire/jscan"

// EncodeCount answers /v1/messages/count_tokens (formats.md 4.10).
func (codec) EncodeCount(tokens int64) []byte {
	return []byte(`{"input_tokens":` + itoa(tokens) + `}`)
}

// DecodeCount reads such an answer of an upstream.
func (c codec) DecodeCount(body []byte) (int64, error) {
	if n, ok := jscan.Int(jscan.Get(body, "input_tokens")); ok && n >= 0 {
		return n, nil
	}
	if !jscan.IsNull(jscan.Get(body, "error")) {
		return 0, c.DecodeError(200, nil, body)
	}
	return 0, upstream("The upstream's answer to the count holds no input_tokens.")
}
