package wire

import (
	"omniroute/backend/llm"
	"omniroute/backend/wire/jscan"
)

// ReadText sets a part's text from a JSON string and remembers how it stood
// there; anything else leaves the part alone and is not ok.
func ReadText(p *llm.Part, v []byte) (ok bool) {
	s, inside, ok := jscan.Literal(v)
	if ok {
		p.SetText(s, inside)
	}
	return ok
}

// AppendText appends the inside of a JSON string that says the part's text:
// as the client wrote it where that is known, escaped anew otherwise. Long
// prompts are mostly text that no rule changes.
func AppendText(dst []byte, p *llm.Part) []byte {
	if inside := p.Literal(); inside != nil {
		return append(dst, inside...)
	}
	return jscan.AppendEscaped(dst, p.Text)
}

// AppendTextQuoted is AppendText between quotes.
func AppendTextQuoted(dst []byte, p *llm.Part) []byte {
	return append(AppendText(append(dst, '"'), p), '"')
}
