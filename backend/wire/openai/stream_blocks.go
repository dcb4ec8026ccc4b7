package openai

import (
	"bytes"
	"unicode/utf8"

	"omniroute/backend/llm"
	"omniroute/backend/wire/jscan"
)

// choice is one alternative being received.
type choice struct {
	index    int
	queue    []*block // blocks not yet closed, in order of appearance
	calls    []*block // every call, for the fragments to come
	logprobs []string // wait for the choice's turn
	finish   string
	called   bool // a call was announced
}

// block is a block of content being received. Only the first of the flowing
// choice's queue is sent; others keep their text in wait.
type block struct {
	part   llm.Part
	index  int // of a call's fragments
	num    int // number in the stream, once open
	open   bool
	closed bool
	whole  bool // came in one piece
	noID   bool // a legacy call, whose id will never come
	wait   []byte
	torn   []byte // bytes of a character whose rest is still to come
	notes  []string
	args   []byte     // of a call: all so far
	object objectScan // where args stand
}

// push adds a block at the end of the queue.
func (d *streamDecoder) push(c *choice, p llm.Part) *block {
	b := &block{part: p}
	c.queue = append(c.queue, b)
	return b
}

// text adds to the text block at the end of the queue, or begins one; v is
// the raw JSON string.
func (d *streamDecoder) text(c *choice, kind llm.PartKind, v []byte) {
	n := len(c.queue)
	for n > 0 && c.queue[n-1].part.Call != nil && c.queue[n-1].part.Call.Name == "" { // perhaps never a call
		n--
	}
	var b *block
	if n > 0 && c.queue[n-1].part.Kind == kind {
		b = c.queue[n-1]
	} else {
		p := llm.Part{Kind: kind}
		if kind == llm.PartText {
			p.Extra.Format = formatName // the origin of its annotations
		}
		b = d.push(c, p)
	}
	d.add(c, b, b.untear(v))
	d.flow()
}

// whole adds a block that needs no deltas.
func (d *streamDecoder) whole(c *choice, p llm.Part) {
	d.push(c, p).whole = true
	d.flow()
}

// add sends a piece of an open block's text; of another it waits for flow.
func (d *streamDecoder) add(c *choice, b *block, s string) {
	if s == "" {
		return
	}
	if b.open {
		d.send(llm.Event{Kind: llm.EventDelta, Delta: b.deltaKind(), Candidate: c.index, Block: b.num, Text: s})
		return
	}
	b.wait = append(b.wait, s...)
	d.held += len(s)
}

func (b *block) deltaKind() llm.DeltaKind {
	switch {
	case b.part.Kind == llm.PartReasoning:
		return llm.DeltaReasoning
	case b.part.Call == nil:
		return llm.DeltaText
	case b.part.Call.Kind == llm.CallCustom:
		return llm.DeltaInput
	}
	return llm.DeltaArgs
}

func (d *streamDecoder) open(c *choice, b *block) {
	b.open, b.num = true, d.next
	d.next++
	part := b.part
	part.Seal = llm.Seal{}
	if part.Call != nil {
		call := *part.Call
		part.Call, c.called = &call, true
	}
	d.send(llm.Event{Kind: llm.EventOpen, Candidate: c.index, Block: b.num, Part: &part})
	if len(b.wait) > 0 {
		d.send(llm.Event{Kind: llm.EventDelta, Delta: b.deltaKind(), Candidate: c.index, Block: b.num, Text: string(b.wait)})
		d.held -= len(b.wait)
		b.wait = nil
	}
	for _, note := range b.notes {
		d.send(llm.Event{Kind: llm.EventDelta, Delta: llm.DeltaAnnotation, Candidate: c.index, Block: b.num, Text: note})
	}
	b.notes = nil
}

// annotation goes to the text block it came with.
func (d *streamDecoder) annotation(c *choice, raw string) {
	for i := len(c.queue) - 1; i >= 0; i-- {
		b := c.queue[i]
		if b.part.Kind != llm.PartText {
			continue
		}
		if b.open {
			d.send(llm.Event{Kind: llm.EventDelta, Delta: llm.DeltaAnnotation, Candidate: c.index, Block: b.num, Text: raw})
		} else {
			b.notes = append(b.notes, raw)
		}
		return
	}
}

func (d *streamDecoder) logprobs(c *choice, raw string) {
	if d.active < len(d.choices) && d.choices[d.active] == c && len(c.queue) <= 1 {
		num := max(d.next-1, 0)
		d.send(llm.Event{Kind: llm.EventDelta, Delta: llm.DeltaLogprobs, Candidate: c.index, Block: num, Text: raw})
		return
	}
	c.logprobs = append(c.logprobs, raw)
	d.held += len(raw)
}

// flow sends what may be sent now: it opens the first block of the flowing
// choice and closes it once nothing can be added to it any more.
func (d *streamDecoder) flow() {
	for d.active < len(d.choices) && !d.stopped {
		c := d.choices[d.active]
		// The last choice keeps the turn; another takes it when this one ended.
		over := c.finish != "" && d.active < len(d.choices)-1
		for len(c.queue) > 0 && !d.stopped {
			b := c.queue[0]
			if !b.open && b.ready() {
				d.open(c, b)
			}
			if !b.open || !over && !b.complete(c.followed()) {
				return
			}
			d.close(c, b)
		}
		if !over {
			return
		}
		d.sendLogprobs(c)
		d.active++
	}
}

// followed tells whether a block that will be shown waits behind the first.
func (c *choice) followed() bool {
	for _, b := range c.queue[1:] {
		if b.part.Call == nil || b.part.Call.Name != "" {
			return true
		}
	}
	return false
}

// ready tells whether a block can be announced: a call needs its id and name
// (P66).
func (b *block) ready() bool {
	if b.part.Call != nil {
		return b.part.Call.Name != "" && (b.part.Call.ID != "" || b.noID)
	}
	return b.whole || len(b.wait) > 0
}

// complete tells whether a block can be closed. Text ends where another block
// begins (P68); arguments end where they form a whole object, since fragments
// of two calls may alternate (P67).
func (b *block) complete(followed bool) bool {
	if b.whole {
		return true
	}
	return followed && (b.part.Call == nil || b.argsComplete())
}

func (b *block) argsComplete() bool { return b.object.done && b.part.Call.Kind == llm.CallFunction }

// objectScan follows JSON text piece by piece until its first object is
// closed.
type objectScan struct {
	depth                  int
	text, escape, done, no bool
}

func (o *objectScan) feed(s string) {
	for i := 0; i < len(s) && !o.done && !o.no; i++ {
		c := s[i]
		switch {
		case o.escape:
			o.escape = false
		case o.text:
			o.escape = c == '\\'
			o.text = c != '"'
		case c == '"' && o.depth > 0:
			o.text = true
		case c == '{' || c == '[' && o.depth > 0:
			o.depth++
		case (c == '}' || c == ']') && o.depth > 0:
			o.depth--
			o.done = o.depth == 0
		case o.depth == 0 && c > ' ':
			o.no = true // no object
		}
	}
}

func (d *streamDecoder) close(c *choice, b *block) {
	if len(b.torn) > 0 {
		d.add(c, b, string(jscan.AppendUnquoted(nil, quote(b.torn))))
	}
	ev := llm.Event{Kind: llm.EventClose, Candidate: c.index, Block: b.num}
	if b.part.Seal.Data != "" {
		ev.Part = &llm.Part{Seal: b.part.Seal}
	}
	d.send(ev)
	b.closed = true
	c.queue[0] = nil
	c.queue = c.queue[1:]
}

// drain sends all that a choice still holds. A call whose name never came is
// dropped: nobody could run it. One without id goes out without: names and
// ids are given back by wire.Names.
func (d *streamDecoder) drain(c *choice) {
	for len(c.queue) > 0 && !d.stopped {
		b := c.queue[0]
		if !b.open {
			if b.part.Call != nil && b.part.Call.Name == "" {
				c.queue = c.queue[1:]
				continue
			}
			d.open(c, b)
		}
		d.close(c, b)
	}
	d.sendLogprobs(c)
}

func (d *streamDecoder) sendLogprobs(c *choice) {
	for _, raw := range c.logprobs {
		d.send(llm.Event{Kind: llm.EventDelta, Delta: llm.DeltaLogprobs, Candidate: c.index, Block: max(d.next-1, 0), Text: raw})
		d.held -= len(raw)
	}
	c.logprobs = nil
}

func quote(inner []byte) []byte { return append(append([]byte{'"'}, inner...), '"') }

// untear reads a JSON string whose end may have cut a character in two: half
// a surrogate pair or the first bytes of a UTF-8 sequence wait for the next
// piece (P80).
func (b *block) untear(v []byte) string {
	inner := v[1 : len(v)-1]
	if len(b.torn) > 0 {
		inner = append(b.torn, inner...)
		v = quote(inner)
		b.torn = nil
	}
	n := tornTail(inner)
	if n == 0 {
		return jscan.Str(v)
	}
	cut := len(inner) - n
	b.torn = bytes.Clone(inner[cut:])
	return string(jscan.AppendUnquoted(nil, quote(inner[:cut])))
}

// tornTail is how many bytes at the end begin a character without ending it.
func tornTail(s []byte) int {
	n := len(s)
	if n >= 6 && s[n-6] == '\\' && s[n-5] == 'u' && s[n-4]|0x20 == 'd' && bytes.IndexByte([]byte("89abAB"), s[n-3]) >= 0 {
		slashes := 0
		for i := n - 6; i >= 0 && s[i] == '\\'; i-- {
			slashes++
		}
		if slashes%2 == 1 {
			return 6
		}
	}
	for i := 1; i <= 3 && i <= n; i++ {
		switch c := s[n-i]; {
		case c < utf8.RuneSelf:
			return 0
		case c >= 0xc0:
			if utf8.FullRune(s[n-i:]) {
				return 0
			}
			return i
		}
	}
	return 0
}
