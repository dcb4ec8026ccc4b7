package openai

import (
	"bytes"

	"omniroute/backend/llm"
	"omniroute/backend/wire/jscan"
)

// plainChunk remembers the last chunk that held one text and nothing else.
// Hosts repeat all bytes around the text, so that the next such chunk needs
// no parsing: it means what the last one meant, with another text.
type plainChunk struct {
	head, tail []byte
	known      bool
	choice     *choice
	kind       llm.PartKind
	// Of the chunk being read:
	text  []byte // its text, nil = none or several things
	mixed bool   // it holds more than that
}

// readPlain takes a chunk that differs from the remembered one in its text only.
func (d *streamDecoder) readPlain(data []byte) bool {
	p := &d.plain
	n := len(data) - len(p.tail)
	if !p.known || n < len(p.head)+3 || !bytes.HasPrefix(data, p.head) || !bytes.HasSuffix(data, p.tail) {
		return false
	}
	text := data[len(p.head):n]
	if text[0] != '"' || text[len(text)-1] != '"' || jscan.Check(text) != nil {
		return false
	}
	d.text(p.choice, p.kind, text)
	return true
}

// note is told of every text a chunk holds, as a part of the chunk's bytes.
func (p *plainChunk) note(c *choice, kind llm.PartKind, text []byte) {
	p.mixed = p.mixed || p.text != nil
	p.text, p.choice, p.kind = text, c, kind
}

// remember keeps the chunk that was read, if it was a plain one.
func (p *plainChunk) remember(data []byte) {
	at := cap(data) - cap(p.text)
	p.known = p.text != nil && !p.mixed && at >= 0 && at < len(data) && &data[at] == &p.text[0]
	if p.known {
		p.head = append(p.head[:0], data[:at]...)
		p.tail = append(p.tail[:0], data[at+len(p.text):]...)
	}
	p.text, p.mixed = nil, false
}
