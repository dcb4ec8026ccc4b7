package responses

import (
	"errors"
	"io"
	"strings"

	"omniroute/backend/fault"
	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// DecodeStream reads an upstream's events (formats.md 5.3, 5.5). Text,
// arguments and reasoning are taken once, from whichever event brings them
// first: deltas, done events, the finished item, or the final response.
func (codec) DecodeStream(r io.Reader) llm.Stream {
	return wire.Serialize(func(yield func(llm.Event, error) bool) {
		sse := wire.NewSSE(r)
		defer sse.Close()
		d := &streamDecoder{yield: yield}
		for !d.done {
			name, data, err := sse.Next()
			if err != nil {
				if errors.Is(err, io.EOF) {
					err = fault.New(fault.Truncated, "responses.stream", "The upstream ended the stream before the answer was complete.")
				}
				d.fail(err)
				return
			}
			d.take(name, data)
		}
	})
}

type streamDecoder struct {
	yield func(llm.Event, error) bool
	done  bool // End or an error was yielded, or the consumer left
	begun bool
	next  int // number of the next block
	items []*inItem
	calls bool
}

// inItem is an output item on its way.
type inItem struct {
	index  int64
	id     string
	typ    string
	done   bool
	parts  []inPart
	call   *llm.ToolCall // known so far
	block  int           // of a call or of reasoning, -1 = not open
	got    bool          // pieces of arguments or reasoning have come
	held   string        // arguments before the name is known
	list   string        // summary or content: the one reasoning is taken from
	listAt int64         // index in that list
	before bool          // an earlier entry of that list has text
}

// inPart is a content part of a message.
type inPart struct {
	index  int64
	block  int
	open   bool
	got    bool
	closed bool
	probs  bool
}

func (d *streamDecoder) emit(ev llm.Event) {
	if !d.done && !d.yield(ev, nil) {
		d.done = true
	}
}

func (d *streamDecoder) fail(err error) {
	if !d.done {
		d.done = true
		d.yield(llm.Event{}, err)
	}
}

// take reads one event.
func (d *streamDecoder) take(name string, data []byte) {
	if string(data) == "[DONE]" {
		return // a terminal event comes before it, or the stream is truncated
	}
	if err := jscan.Check(data); err != nil {
		d.fail(fault.Wrap(fault.Upstream, "responses.stream", err, "The upstream sent an event that is not valid JSON."))
		return
	}
	f := fieldsOf(data)
	if f.typ == "" {
		f.typ = name
	}
	switch f.typ {
	case "response.created", "response.in_progress", "response.queued":
		d.begin(f.response)
	case "response.completed", "response.incomplete", "response.failed", "response.cancelled", "response.done":
		d.end(f.typ, data, f.response)
	case "error":
		d.fail(errorOf(data))
	case "response.output_item.added":
		d.added(&f)
	case "response.output_item.done":
		d.finished(d.item(&f), f.item)
	case "":
		d.untyped(data)
	default:
		if strings.HasPrefix(f.typ, "response.") {
			d.piece(&f)
		}
	}
}

// untyped reads a body that is no event: an error, or a whole response from a
// host that does not stream (R66).
func (d *streamDecoder) untyped(data []byte) {
	if !jscan.IsNull(jscan.Get(data, "error")) || jscan.Get(data, "detail") != nil {
		d.fail(errorOf(data))
		return
	}
	if d.begun || jscan.Str(jscan.Get(data, "object")) != "response" {
		return
	}
	r, err := codec{}.DecodeResponse(data)
	if err != nil {
		d.fail(err)
		return
	}
	for ev := range llm.Unfold(r) {
		d.emit(ev)
	}
	d.done = true
}

// fields are the members that events have in common.
type fields struct {
	typ      string
	itemID   []byte
	index    int64 // output_index, -1 = none
	part     int64 // content_index
	summary  int64 // summary_index
	delta    []byte
	response []byte
	item     []byte
	data     []byte
}

func fieldsOf(data []byte) fields {
	f := fields{index: -1, data: data}
	for k, v := range jscan.Members(data) {
		switch string(k) {
		case "type":
			if len(v) > 2 && v[0] == '"' {
				f.typ = known(v[1 : len(v)-1])
			}
		case "item_id":
			f.itemID = v
		case "output_index":
			if n, ok := jscan.Int(v); ok {
				f.index = n
			}
		case "content_index":
			f.part, _ = jscan.Int(v)
		case "summary_index":
			f.summary, _ = jscan.Int(v)
		case "delta":
			f.delta = v
		case "response":
			f.response = v
		case "item":
			f.item = v
		}
	}
	return f
}

func (f *fields) text(name string) string { return jscan.Str(jscan.Get(f.data, name)) }

func (d *streamDecoder) begin(response []byte) {
	if d.begun {
		return
	}
	if e := jscan.Get(response, "error"); !jscan.IsNull(e) {
		d.fail(errorOf(response))
		return
	}
	d.begun = true
	r := header(response)
	d.emit(llm.Event{Kind: llm.EventBegin, ID: r.ID, Model: r.Model, Created: r.Created, Tier: r.Tier, Usage: usageOf(jscan.Get(response, "usage"))})
}

// item finds the item that an event is about; one that was never announced
// begins with its first event.
func (d *streamDecoder) item(f *fields) *inItem {
	if !d.begun {
		d.begin(nil)
	}
	id := f.itemID
	if id == nil {
		id = jscan.Get(f.item, "id")
	}
	for i := len(d.items) - 1; i >= 0; i-- {
		it := d.items[i]
		if f.index >= 0 && it.index == f.index || f.index < 0 && (id == nil || it.id == jscan.Str(id)) {
			return it
		}
	}
	it := &inItem{index: f.index, id: jscan.Str(id), block: -1}
	if it.index < 0 {
		it.index = int64(len(d.items))
	}
	d.items = append(d.items, it)
	return it
}

func (d *streamDecoder) added(f *fields) {
	if f.index < 0 { // do not mistake it for the last one
		f.index = int64(len(d.items))
	}
	it, head := d.item(f), itemOf(f.item)
	it.typ = head.typ
	if it.typ == "function_call" || it.typ == "custom_tool_call" {
		it.call = callPart(&head).Call
		it.call.Args, it.call.Input = "", "" // some hosts repeat them in the pieces
		d.openCall(it)
	}
}

// open begins a block.
func (d *streamDecoder) open(p llm.Part) int {
	n := d.next
	d.next++
	d.emit(llm.Event{Kind: llm.EventOpen, Block: n, Part: &p})
	return n
}

func (d *streamDecoder) delta(block int, kind llm.DeltaKind, text string) {
	if text != "" {
		d.emit(llm.Event{Kind: llm.EventDelta, Delta: kind, Block: block, Text: text})
	}
}

func (d *streamDecoder) close(block int, p llm.Part) {
	d.emit(llm.Event{Kind: llm.EventClose, Block: block, Part: &p})
}

// end reads the terminal event: what only it brings, then how it ended.
func (d *streamDecoder) end(typ string, data, response []byte) {
	if response == nil {
		response = data
	}
	if typ == "response.failed" || typ == "response.cancelled" {
		if err := failure(response); err != nil {
			d.fail(err)
		} else {
			d.fail(errorOf(response))
		}
		return
	}
	if err := failure(response); err != nil {
		d.fail(err)
		return
	}
	d.begin(response)
	for i, item := range jscan.Elements(jscan.Get(response, "output")) {
		d.finished(d.itemAt(i, item), item)
	}
	for _, it := range d.items {
		d.finished(it, nil)
	}
	stop := stopOf(response, d.calls)
	if typ == "response.incomplete" && stop.Reason == llm.StopEnd {
		stop.Reason = llm.StopLength
	}
	d.emit(llm.Event{Kind: llm.EventFinish, Stop: stop})
	if u := usageOf(jscan.Get(response, "usage")); u != nil {
		d.emit(llm.Event{Kind: llm.EventUsage, Usage: u})
	}
	d.emit(llm.Event{Kind: llm.EventEnd})
	d.done = true
}

// itemAt finds the streamed item that an item of the final output is, by its
// id before its place.
func (d *streamDecoder) itemAt(i int, raw []byte) *inItem {
	id := jscan.Str(jscan.Get(raw, "id"))
	for _, it := range d.items {
		if id != "" && it.id == id {
			return it
		}
	}
	typ := itemOf(raw).typ
	for _, it := range d.items {
		if it.index == int64(i) && (it.typ == typ || it.typ == "") {
			return it
		}
	}
	it := &inItem{index: int64(i), id: id, block: -1}
	d.items = append(d.items, it)
	return it
}
