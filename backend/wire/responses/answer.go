package responses

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// answer builds a response object item by item, and the events that tell of
// it when live is set (formats.md 5.3). Items are finished one step late: only
// what follows tells whether the last one was cut off (P56).
type answer struct {
	writer // events of the current step
	req    *llm.Request
	live   bool
	seq    int64 // next sequence_number

	id, seed string
	model    string
	tier     string
	created  int64

	output []byte // finished items, separated by commas
	count  int    // items begun
	tokens int64  // estimate of what was said, for upstreams that do not count
	sealed bool   // the open call's signature has been written

	open openItem
}

// openItem is the item being written.
type openItem struct {
	kind    llm.PartKind // Text also for refusals: the item is a message
	active  bool
	id      string
	mark    []byte // upstream's id of a message
	phase   []byte
	content []byte // finished content parts, separated by commas
	parts   int
	part    openPart
	call    *llm.ToolCall
	native  *native
	args    strings.Builder
	seal    llm.Seal
	after   llm.Seal  // of a text or a call, travels behind the item
	extra   llm.Extra // own words of a call or of reasoning
	raw     []byte    // an item only this format understands
}

// openPart is the text being written inside a message or a reasoning item.
type openPart struct {
	active      bool
	refusal     bool
	text        strings.Builder
	annotations []byte // in this format's shape, separated by commas
	notes       int
	origin      string // format of annotations to come
	logprobs    []byte // list
}

func newAnswer(req *llm.Request) *answer {
	if req == nil {
		req = &llm.Request{}
	}
	return &answer{req: req}
}

// begin fixes what stays the same within the answer.
func (a *answer) begin(id, model, tier string, created int64) {
	a.id, a.model, a.tier, a.created = id, model, tier, created
	if !strings.HasPrefix(id, "resp_") || len(id) < 10 {
		a.id = "resp_" + a.newID(id)
	}
	a.seed = a.id[len("resp_"):]
	if len(a.seed) > 32 {
		a.seed = a.seed[len(a.seed)-32:]
	}
	if a.model == "" {
		a.model = a.req.Model
	}
	if a.model == "" {
		a.model = "unknown"
	}
	if a.created <= 0 {
		a.created = time.Now().Unix()
	}
}

// newID makes the id that the client may refer to later (previous_response_id).
// Hosts repeat theirs, so the moment and the question go into it too.
func (a *answer) newID(upstream string) string {
	h := sha256.New()
	h.Write([]byte(upstream))
	h.Write(strconv.AppendInt([]byte{0}, time.Now().UnixNano(), 10))
	if n := len(a.req.Messages); n > 0 {
		for _, p := range a.req.Messages[n-1].Parts {
			h.Write([]byte(p.Text[:min(len(p.Text), 1024)]))
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:20])
}

// itemID is stable from the item's first event to the final object.
func (a *answer) itemID(prefix string) string {
	return prefix + a.seed + strconv.Itoa(a.count)
}

// start opens an item; the caller has set what the kind needs.
func (a *answer) start(kind llm.PartKind, prefix string) {
	a.open.kind, a.open.active = kind, true
	if a.open.id == "" {
		a.open.id = a.itemID(prefix)
	}
	a.count++
}

func (a *answer) index() int64 { return int64(a.count - 1) }

// startMessage opens a message: one for each text. Only a whole answer of
// this format keeps a message of several parts together. Like the other
// starts it is called when there is something to say: an empty block is not
// shown (P69).
func (a *answer) startMessage(p *llm.Part) {
	mark := extra(p.Extra, "id")
	if !a.live && mark == nil && a.open.mark != nil && p.Extra.Format == own {
		a.finishPart()
	} else {
		a.finish("completed")
		a.open.mark, a.open.phase = mark, extra(p.Extra, "phase")
		if id := jscan.Str(mark); id != "" {
			a.open.id = id
		}
		a.start(llm.PartText, "msg_")
		a.itemAdded()
	}
	part := &a.open.part
	part.active, part.refusal, part.origin = true, p.Kind == llm.PartRefusal, p.Extra.Format
	a.partEvent("response.content_part.added", func() { a.contentPart(false) })
}

// startReasoning opens a reasoning item.
func (a *answer) startReasoning(p *llm.Part) {
	a.finish("completed")
	a.open.extra = p.Extra
	if strings.HasPrefix(p.Seal.ItemID, "rs_") {
		a.open.id = p.Seal.ItemID
	}
	a.start(llm.PartReasoning, "rs_")
	a.itemAdded()
}

// startCall opens a call. A signature of another family travels in a
// reasoning item of its own (R28).
func (a *answer) startCall(p *llm.Part) {
	a.carrySeal(p.Seal)
	a.sealed = p.Seal.Data != ""
	a.finish("completed")
	call := *p.Call
	a.open.call = &call
	a.open.extra = p.Extra
	if call.ID == "" {
		call.ID = a.itemID("call_")
	}
	call.ID = wire.LegalID(wire.OpenAIResponses, call.ID) // the client may send it to OpenAI itself later (P05)
	prefix := "fc_"
	if call.Kind == llm.CallCustom {
		prefix = "ctc_"
	} else if a.open.native = a.nativeCall(&call); a.open.native != nil {
		prefix = a.open.native.prefix
	}
	a.start(llm.PartToolCall, prefix)
	a.itemAdded()
}

// nativeCall finds the client's own kind of tool behind a function's name.
func (a *answer) nativeCall(c *llm.ToolCall) *native {
	for i := range a.req.Tools {
		t := &a.req.Tools[i]
		if t.Name == c.Name && t.Namespace == c.Namespace && t.Kind == llm.ToolFunction {
			if t.Opaque == nil || t.Opaque.Format != own {
				return nil
			}
			return nativeByTool(t.Opaque.Type)
		}
	}
	return nil
}

// carrySeal writes the signature of a call or a text as an item of its own.
func (a *answer) carrySeal(s llm.Seal) {
	if wire.PackSeal(s, wire.OpenAIResponses) == "" {
		return
	}
	a.finish("completed")
	a.open.seal = s
	a.start(llm.PartReasoning, "rs_")
	a.itemAdded()
	a.finish("completed")
}

// whole writes an item in this format's own words. It reports false for an
// item without an id, which a stream cannot refer to.
func (a *answer) whole(o *llm.Opaque) bool {
	if o == nil || o.Format != own || jscan.KindOf(o.Raw) != jscan.Object {
		return false
	}
	a.finish("completed")
	id := jscan.Str(jscan.Get(o.Raw, "id"))
	a.open.raw = o.Raw
	if id == "" {
		w := writer{}
		w.lit("{")
		w.str("id", a.itemID("item_"))
		for k, v := range jscan.Members(o.Raw) {
			if string(k) != "id" {
				w.field(string(k), v)
			}
		}
		w.end('}')
		a.open.raw = w.b
	}
	a.start(llm.PartServer, "item_")
	a.itemAdded()
	a.finish("completed")
	return true
}

// text adds to the open text, reasoning or refusal.
func (a *answer) text(s string) {
	if !a.open.active || s == "" {
		return
	}
	part := &a.open.part
	switch a.open.kind {
	case llm.PartText:
		if !part.active {
			return
		}
		part.text.WriteString(s)
		if part.refusal {
			a.partEvent("response.refusal.delta", func() { a.str("delta", s) })
			return
		}
		a.partEvent("response.output_text.delta", func() {
			a.str("delta", s)
			a.lit(`,"logprobs":[]`)
		})
	case llm.PartReasoning:
		if !part.active {
			part.active = true
			a.summaryEvent("response.reasoning_summary_part.added", func() { a.lit(`,"part":{"type":"summary_text","text":""}`) })
		}
		part.text.WriteString(s)
		a.summaryEvent("response.reasoning_summary_text.delta", func() { a.str("delta", s) })
	}
}

// arguments adds to the open call.
func (a *answer) arguments(s string) {
	o := &a.open
	if !o.active || o.kind != llm.PartToolCall || s == "" {
		return
	}
	o.args.WriteString(s)
	switch {
	case o.native != nil: // has no events for its pieces
	case o.call.Kind == llm.CallCustom:
		a.itemEvent("response.custom_tool_call_input.delta", func() { a.str("delta", s) })
	default:
		a.itemEvent("response.function_call_arguments.delta", func() { a.str("delta", s) })
	}
}

// annotate adds one citation to the open text; one that cannot be shown here
// is left out.
func (a *answer) annotate(raw []byte) {
	part := &a.open.part
	if !part.active || a.open.kind != llm.PartText || part.refusal {
		return
	}
	one := citation(raw, part.origin, part.text.String())
	if one == nil {
		return
	}
	if part.notes > 0 {
		part.annotations = append(part.annotations, ',')
	}
	part.annotations = append(part.annotations, one...)
	a.partEvent("response.output_text.annotation.added", func() {
		a.num("annotation_index", int64(part.notes))
		a.raw("annotation", one)
	})
	part.notes++
}

// finishPart closes the open text of a message: content of the item from now.
func (a *answer) finishPart() {
	part := &a.open.part
	if !part.active || a.open.kind != llm.PartText {
		return
	}
	if part.refusal {
		a.partEvent("response.refusal.done", func() { a.str("refusal", part.text.String()) })
	} else {
		a.partEvent("response.output_text.done", func() {
			a.str("text", part.text.String())
			a.key("logprobs")
			a.list(part.logprobs)
		})
	}
	a.partEvent("response.content_part.done", func() { a.contentPart(true) })
	a.tokens += wire.EstimateText(part.text.String())
	w := writer{b: a.open.content}
	if a.open.parts > 0 {
		w.end(',')
	}
	w.part(part, true)
	a.open.content = w.b
	a.open.parts++
	a.open.part = openPart{}
}

// finish closes the open item: its last events, and its place in the output.
func (a *answer) finish(status string) {
	o := &a.open
	if !o.active {
		a.open = openItem{}
		return
	}
	switch o.kind {
	case llm.PartText:
		a.finishPart()
	case llm.PartReasoning:
		if o.part.active {
			text := o.part.text.String()
			a.summaryEvent("response.reasoning_summary_text.done", func() { a.str("text", text) })
			a.summaryEvent("response.reasoning_summary_part.done", func() {
				a.key("part")
				a.lit(`{"type":"summary_text"`)
				a.str("text", text)
				a.end('}')
			})
			a.tokens += wire.EstimateText(text)
		}
	case llm.PartToolCall:
		a.finishCall()
	}
	w := writer{b: a.output}
	if len(a.output) > 0 {
		w.end(',')
	}
	from := len(w.b)
	a.item(&w, status)
	a.output = w.b
	if a.live {
		a.event("response.output_item.done")
		a.num("output_index", a.index())
		a.key("item")
		a.b = append(a.b, a.output[from:]...)
		a.endEvent()
	}
	after := o.after
	a.open = openItem{}
	a.carrySeal(after)
}

func (a *answer) finishCall() {
	o := &a.open
	a.tokens += wire.EstimateText(o.args.String()) + wire.EstimateText(o.call.Name)
	if o.native != nil {
		return
	}
	if o.call.Kind == llm.CallCustom {
		a.itemEvent("response.custom_tool_call_input.done", func() { a.str("input", o.args.String()) })
		return
	}
	if o.args.Len() == 0 {
		o.args.WriteString("{}") // full arguments, even when empty (5.3)
	}
	a.itemEvent("response.function_call_arguments.done", func() {
		a.str("name", o.call.Name)
		a.str("arguments", o.args.String())
	})
}
