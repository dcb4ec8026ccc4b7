package wire

import "omniroute/backend/llm"

// Serialize brings a stream whose blocks overlap into one block at a time
// (formats.md 5.5, P67): the block opened first flows, the pieces of the
// others wait, and blocks are numbered in the order they appear. Finish,
// Usage and End come after every block. Use it in decoders of formats that
// may interleave.
func Serialize(s llm.Stream) llm.Stream {
	return func(yield func(llm.Event, error) bool) {
		z := serializer{yield: yield, live: -1}
		for ev, err := range s {
			if err != nil {
				yield(ev, err)
				return
			}
			if !z.take(ev) {
				return
			}
		}
		z.drain()
	}
}

// waiting is a block that is not the one being written.
type waiting struct {
	block  int // the decoder's number
	events []llm.Event
	closed bool
}

type serializer struct {
	yield func(llm.Event, error) bool
	queue []waiting
	live  int // the decoder's number of the block being written, -1 = none
	next  int // our number of the next block
	after []llm.Event
}

func (z *serializer) take(ev llm.Event) bool {
	switch ev.Kind {
	case llm.EventOpen:
		if z.live < 0 && len(z.queue) == 0 {
			z.live = ev.Block
			return z.write(ev)
		}
		z.queue = append(z.queue, waiting{block: ev.Block, events: []llm.Event{ev}})
		return true
	case llm.EventDelta, llm.EventClose:
		if ev.Kind == llm.EventDelta && ev.Delta == llm.DeltaLogprobs {
			return z.send(ev)
		}
		if ev.Block == z.live {
			if !z.write(ev) {
				return false
			}
			return ev.Kind != llm.EventClose || z.advance()
		}
		for i := range z.queue {
			if w := &z.queue[i]; w.block == ev.Block && !w.closed {
				w.events = append(w.events, ev)
				w.closed = ev.Kind == llm.EventClose
				break
			}
		}
		return true
	case llm.EventFinish, llm.EventUsage, llm.EventEnd:
		if z.live >= 0 {
			z.after = append(z.after, ev)
			if ev.Kind != llm.EventEnd {
				return true
			}
			return z.drain()
		}
	}
	return z.send(ev)
}

// write sends an event of the live block under our number.
func (z *serializer) write(ev llm.Event) bool {
	ev.Block = z.next
	if ev.Kind == llm.EventClose {
		z.next++
		z.live = -1
	}
	return z.send(ev)
}

func (z *serializer) send(ev llm.Event) bool { return z.yield(ev, nil) }

// advance writes the waiting blocks until one is still open.
func (z *serializer) advance() bool {
	for len(z.queue) > 0 {
		w := z.queue[0]
		z.queue = z.queue[1:]
		z.live = w.block
		for _, ev := range w.events {
			if !z.write(ev) {
				return false
			}
		}
		if !w.closed {
			return true
		}
	}
	after := z.after
	z.after = nil
	for _, ev := range after {
		if !z.send(ev) {
			return false
		}
	}
	return true
}

// drain closes what is open and writes what waits.
func (z *serializer) drain() bool {
	for z.live >= 0 {
		if !z.write(llm.Event{Kind: llm.EventClose}) || !z.advance() {
			return false
		}
	}
	return true
}
