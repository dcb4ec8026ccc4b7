package gemini

import (
	"omniroute/backend/fault"
	"omniroute/backend/wire/jscan"
)

// EncodeCount implements wire.Codec. Code Assist answers without envelope
// here, too.
func (c codec) EncodeCount(tokens int64) []byte {
	return append(appendInt([]byte(`{"totalTokens":`), tokens), '}')
}

// DecodeCount implements wire.Codec.
func (c codec) DecodeCount(body []byte) (int64, error) {
	inner := unwrap(body)
	if e := jscan.Get(inner, "error"); !jscan.IsNull(e) {
		return 0, c.DecodeError(200, nil, body)
	}
	n, ok := number(member(inner, "totalTokens", "total_tokens"))
	if !ok || n < 0 {
		return 0, fault.New(fault.Upstream, "wire.gemini", "The upstream's answer to a count request holds no totalTokens.")
	}
	return n, nil
}
