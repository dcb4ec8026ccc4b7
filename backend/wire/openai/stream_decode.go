package openai

import (
	"bytes"
	"io"

	"omniroute/backend/fault"
	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

const streamOp = "openai.stream"

// Bounds against hostile streams.
const (
	maxChoices = 128      // alternatives of one answer
	maxCalls   = 1024     // calls of one alternative
	maxWaiting = 64 << 20 // bytes held back for blocks whose turn has not come
)

// DecodeStream reads an upstream's stream; see wire.Codec. It accepts hosts
// that omit [DONE], that send a whole completion instead of chunks, and
// fragments of calls in any order (formats.md 5.5).
func (Codec) DecodeStream(r io.Reader) llm.Stream {
	return func(yield func(llm.Event, error) bool) {
		d := streamDecoder{yield: yield}
		sse := wire.NewSSE(r)
		defer sse.Close()
		for {
			event, data, err := sse.Next()
			if err != nil {
				d.end(err)
				return
			}
			done, err := d.chunk(event, data)
			switch {
			case d.stopped:
				return
			case err != nil:
				yield(llm.Event{}, err)
				return
			case done:
				d.end(nil)
				return
			}
		}
	}
}

// streamDecoder brings interleaved fragments into one open block at a time:
// the first unfinished choice flows, the others wait.
type streamDecoder struct {
	yield   func(llm.Event, error) bool
	stopped bool
	begun   bool
	head    llm.Event // Begin being collected
	choices []*choice // in order of appearance
	active  int       // index into choices of the one that flows
	next    int       // number of the next block
	held    int       // bytes that wait
	usage   *llm.Usage
	plain   plainChunk
}

func (d *streamDecoder) send(ev llm.Event) {
	if !d.stopped && !d.yield(ev, nil) {
		d.stopped = true
	}
}

// chunk reads one event; done is true for [DONE].
func (d *streamDecoder) chunk(event string, data []byte) (done bool, err error) {
	data = bytes.TrimSpace(data)
	if bytes.HasPrefix(data, []byte("[DONE]")) {
		return true, nil
	}
	if d.readPlain(data) {
		return false, d.overfull()
	}
	if err := jscan.Check(data); err != nil {
		return false, noAnswer(streamOp, err, "The upstream sent a stream event that is no JSON.")
	}
	var choices []byte
	failed := event == "error"
	for k, v := range jscan.Members(data) {
		switch string(k) {
		case "choices":
			choices = v
		case "id":
			if d.head.ID == "" {
				d.head.ID = jscan.Str(v)
			}
		case "model":
			if d.head.Model == "" {
				d.head.Model = jscan.Str(v)
			}
		case "created":
			if d.head.Created == 0 {
				d.head.Created, _ = jscan.Int(v)
			}
		case "service_tier":
			if d.head.Tier == "" {
				d.head.Tier = jscan.Str(v)
			}
		case "usage":
			d.count(v)
		case "x_groq":
			d.count(jscan.Get(v, "usage"))
		case "error":
			failed = failed || isError(v)
		}
	}
	if failed || jscan.IsNull(choices) && (jscan.KindOf(data) == jscan.Array || saysError(data)) { // P61
		return false, decodeError(streamOp, 0, nil, data)
	}
	for i, v := range jscan.Elements(choices) {
		if err := d.choice(i, v); err != nil || d.stopped {
			return false, err
		}
	}
	d.plain.remember(data)
	d.flow()
	return false, d.overfull()
}

func (d *streamDecoder) overfull() error {
	if d.held > maxWaiting {
		return noAnswer(streamOp, nil, "The upstream mixed more than 64 MB of parallel output.")
	}
	return nil
}

func (d *streamDecoder) count(v []byte) {
	if u := readUsage(v); u != nil {
		d.usage = u
		d.plain.mixed = true
	}
}

func (d *streamDecoder) begin() {
	if d.begun {
		return
	}
	d.begun = true
	ev := d.head
	ev.Kind = llm.EventBegin
	if d.usage != nil && d.usage.Input > 0 {
		ev.Usage = d.usage
	}
	d.send(ev)
}

// choice reads one element of choices.
func (d *streamDecoder) choice(position int, v []byte) error {
	var delta, finish, logprobs []byte
	index := int64(position)
	for k, x := range jscan.Members(v) {
		switch string(k) {
		case "index":
			if n, ok := jscan.Int(x); ok {
				index = n
			}
		case "delta", "message": // some hosts send the whole message
			if jscan.KindOf(x) == jscan.Object {
				delta = x
			}
		case "finish_reason":
			finish = x
		case "logprobs":
			logprobs = jscan.Get(x, "content")
		case "usage": // Kimi
			d.count(x)
		}
	}
	if index < 0 || index >= maxChoices {
		return nil
	}
	d.begin()
	c := d.choiceAt(int(index))
	if delta != nil {
		if err := d.delta(c, delta); err != nil {
			return err
		}
	}
	if jscan.KindOf(logprobs) == jscan.Array && jscan.Len(logprobs) > 0 {
		d.plain.mixed = true
		d.logprobs(c, string(logprobs))
	}
	word := jscan.Str(finish)
	if word == "" {
		return nil
	}
	d.plain.mixed = true
	if failed(word) {
		return brokenOff(word)
	}
	// The first reason counts, but a cut or a call says more than "stop".
	if c.finish == "" || stopOf(c.finish, false).Reason == llm.StopEnd {
		c.finish = word
	}
	return nil
}

func (d *streamDecoder) choiceAt(index int) *choice {
	for _, c := range d.choices {
		if c.index == index {
			return c
		}
	}
	c := &choice{index: index}
	d.choices = append(d.choices, c)
	return c
}

// delta sorts the content of one delta into blocks: thoughts, text, refusal,
// images, calls. Empty values mean nothing (P65).
func (d *streamDecoder) delta(c *choice, v []byte) error {
	m := readMessage(v)
	if m.images != nil || m.annotations != nil || m.refusal != nil || m.toolCalls != nil || m.functionCall != nil || m.details != nil || m.reasoning != nil {
		d.plain.mixed = true
	}
	if t := m.thoughts(); t != nil {
		d.plain.note(c, llm.PartReasoning, t)
		d.text(c, llm.PartReasoning, t)
	}
	switch jscan.KindOf(m.content) {
	case jscan.String:
		if len(m.content) > 2 {
			d.plain.note(c, llm.PartText, m.content)
			d.text(c, llm.PartText, m.content)
		}
	case jscan.Array:
		d.plain.mixed = true
		for _, e := range jscan.Elements(m.content) {
			p, ok := contentPart(e)
			switch {
			case ok && (p.Kind == llm.PartText || p.Kind == llm.PartReasoning) && p.Text != "":
				d.text(c, p.Kind, jscan.AppendQuoted(nil, p.Text))
			case ok && p.Kind == llm.PartImage:
				d.whole(c, p)
			}
		}
	}
	for _, e := range jscan.Elements(m.annotations) {
		d.annotation(c, string(e))
	}
	if jscan.KindOf(m.refusal) == jscan.String && len(m.refusal) > 2 {
		d.text(c, llm.PartRefusal, m.refusal)
	}
	for _, e := range jscan.Elements(m.images) {
		if p := imagePart(e); *p.Media != (llm.Media{}) {
			d.whole(c, p)
		}
	}
	for _, e := range jscan.Elements(m.toolCalls) {
		if err := d.fragment(c, readFragment(e)); err != nil {
			return err
		}
	}
	if m.functionCall != nil {
		f := readFragment(m.functionCall)
		f.index, f.indexed, f.legacy = 0, true, true
		f.name, f.args = jscan.Str(jscan.Get(m.functionCall, "name")), jscan.Get(m.functionCall, "arguments")
		return d.fragment(c, f)
	}
	return nil
}

// end closes the stream: err is nil after [DONE], io.EOF at the end of the
// body, or the failure of the reader. A finish reason makes any of the two
// latter a normal end; without it the stream is broken (R67, P62).
func (d *streamDecoder) end(err error) {
	finished := len(d.choices) > 0
	for _, c := range d.choices {
		finished = finished && c.finish != ""
	}
	switch {
	case err == nil && len(d.choices) == 0:
		d.yield(llm.Event{}, noAnswer(streamOp, nil, "The upstream ended its stream without an answer."))
		return
	case err == nil || finished && fault.KindOf(err) != fault.Canceled:
	case err == io.EOF && !d.begun:
		d.yield(llm.Event{}, fault.New(fault.Truncated, streamOp, "The upstream closed the stream before it answered."))
		return
	case err == io.EOF:
		d.yield(llm.Event{}, fault.New(fault.Truncated, streamOp, "The upstream's answer broke off before its end."))
		return
	default:
		d.yield(llm.Event{}, err)
		return
	}
	d.drain(d.choices[d.active]) // it may have an open block
	for _, c := range d.choices {
		d.drain(c)
	}
	for _, c := range d.choices {
		d.send(llm.Event{Kind: llm.EventFinish, Candidate: c.index, Stop: stopOf(c.finish, c.called)})
	}
	if d.usage != nil {
		d.send(llm.Event{Kind: llm.EventUsage, Usage: d.usage})
	}
	d.send(llm.Event{Kind: llm.EventEnd})
}
