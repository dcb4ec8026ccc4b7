package gemini

import (
	"fmt"
	"slices"
	"strings"

	"omniroute/backend/fault"
	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// EncodeRequest implements wire.Codec. The body of New holds no model: it
// belongs into the URL. A count request is written as countTokens wants it.
func (c codec) EncodeRequest(req *llm.Request, d wire.Dialect) ([]byte, []llm.Loss, error) {
	if err := refuse(req); err != nil {
		return nil, nil, err
	}
	e := &requestEncoder{req: req, d: d, sealed: needsSeal(d), turn: turnStart(req.Messages)}
	e.b = wire.Buffer(sizeOf(req))
	model := d.Model
	if model == "" {
		model = req.Model
	}
	var err error
	switch {
	case c.envelope && req.Op == llm.OpCountTokens:
		err = e.countEnvelope(model)
	case c.envelope:
		e.envelope(model)
		e.open("request", '{')
		err = e.body()
		if req.Meta.Session != "" {
			e.text("session_id", req.Meta.Session)
		}
		e.b = append(e.b, "}}"...)
	case req.Op == llm.OpCountTokens:
		err = e.count(model)
	default:
		e.b = append(e.b, '{')
		err = e.body()
		e.b = append(e.b, '}')
	}
	if err != nil {
		return nil, e.losses, err
	}
	return e.b, e.losses, nil
}

// refuse names what must not be dropped silently: history that only another
// server holds (formats.md R8, R9).
func refuse(req *llm.Request) error {
	m := &req.Meta
	switch {
	case m.Thread != nil && jscan.Str(jscan.Get(m.Thread, "type")) == "continue":
		return fault.New(fault.NotFound, "wire.gemini", "This thread is not known here. Send the whole conversation again without thread.").
			With(func(e *fault.Error) { e.Code, e.Param = fault.CodeThreadNotFound, "thread" })
	case m.Thread != nil:
		return fault.New(fault.Invalid, "wire.gemini", "Threads are kept by Anthropic only. Send the whole conversation without thread.").
			With(func(e *fault.Error) { e.Code, e.Param = fault.CodeThreadUnsupported, "thread" })
	case m.PreviousResponseID != "":
		return invalid("previous_response_id", "The response %q is not known here. Send the whole conversation in input.", m.PreviousResponseID)
	case m.Conversation != nil:
		return invalid("conversation", "Conversations are kept by OpenAI only. Send the whole conversation in input.")
	case len(m.ItemReferences) > 0:
		return invalid("input", "The item %q is not known here. Send the item itself instead of a reference.", m.ItemReferences[0])
	}
	return nil
}

// needsSeal tells the Gemini 3 class, which refuses calls of the current turn
// without a signature (formats.md R28).
func needsSeal(d wire.Dialect) bool {
	return d.Caps.NeedsSeal || d.Caps.Thinking == wire.ThinkingLevel || generation3(d.Model)
}

func generation3(model string) bool {
	return strings.HasPrefix(model[strings.LastIndexByte(model, '/')+1:], "gemini-3")
}

// turnStart is the index of the message that began the current turn: the last
// one of the user that is not about results.
func turnStart(ms []llm.Message) int {
	for i := len(ms) - 1; i >= 0; i-- {
		if ms[i].Role == llm.RoleUser && !slices.ContainsFunc(ms[i].Parts, func(p llm.Part) bool { return p.Kind == llm.PartToolResult }) {
			return i
		}
	}
	return -1
}

func sizeOf(req *llm.Request) int {
	n := 1024
	for i := range req.System {
		n += len(req.System[i].Text) + 16
	}
	for i := range req.Messages {
		for j := range req.Messages[i].Parts {
			n += partSize(&req.Messages[i].Parts[j])
		}
	}
	for i := range req.Tools {
		n += len(req.Tools[i].Description) + len(req.Tools[i].Schema) + 96
	}
	return n + n/16
}

func partSize(p *llm.Part) int {
	n := len(p.Text) + len(p.Seal.Data) + 64
	if p.Media != nil {
		n += len(p.Media.Data) + len(p.Media.Text)
	}
	if p.Call != nil {
		n += len(p.Call.Args) + len(p.Call.Input)
	}
	if p.Result != nil {
		for i := range p.Result.Parts {
			n += partSize(&p.Result.Parts[i])
		}
	}
	return n
}

type requestEncoder struct {
	buffer
	losses
	req    *llm.Request
	d      wire.Dialect
	sealed bool // calls of the current turn need a signature
	turn   int
	role   string // of the content that is open, "" = none
	began  bool   // a content was written
}

// wants reports whether the upstream takes a top-level member.
func (e *requestEncoder) wants(name string) bool { return !slices.Contains(e.d.Strip, name) }

// envelope writes what stands around a Code Assist request, and leaves it
// open.
func (e *requestEncoder) envelope(model string) {
	e.b = append(e.b, '{')
	e.text("model", model)
	project := e.d.Project
	if project == "" {
		project = e.req.Meta.Project
	}
	if project != "" {
		e.text("project", project)
	}
	if e.req.Extra.Format != own {
		return
	}
	for _, f := range e.req.Extra.Fields {
		if name, ok := strings.CutPrefix(f.Name, extraEnvelope); ok && e.wants(name) {
			e.member(name, f.Value)
		}
	}
}

// body writes the members of a generateContent request without its braces.
func (e *requestEncoder) body() error {
	system := e.system()
	began, err := e.contents()
	if err != nil {
		return err
	}
	if !began { // only instructions: they are what the user says (R10)
		if len(system) == 0 {
			return e.nothingLeft()
		}
		e.textContent("user", system)
		system = nil
	}
	e.b = append(e.b, ']')
	if len(system) > 0 && e.wants("systemInstruction") {
		e.open("systemInstruction", '{')
		e.open("parts", '[')
		for _, s := range system {
			e.textPart(s)
		}
		e.b = append(e.b, "]}"...)
	}
	declared := e.toolList()
	e.choice(declared)
	if e.wants("generationConfig") {
		e.config()
	}
	e.rest()
	e.dropped()
	return nil
}

// rest writes back unknown members of this format.
func (e *requestEncoder) rest() {
	if e.req.Extra.Format != own {
		return
	}
	for _, f := range e.req.Extra.Fields {
		if f.Name == extraConfig || f.Name == extraTools || strings.HasPrefix(f.Name, extraEnvelope) || !e.wants(f.Name) {
			continue
		}
		e.member(f.Name, f.Value)
	}
}

// nothingLeft is a request whose every part was empty or could not travel.
func (e *requestEncoder) nothingLeft() error {
	if len(e.losses) > 0 {
		l := e.losses[0]
		return fault.New(fault.Unsupported, "wire.gemini", "Nothing of the conversation can travel to this model: %s: %s.", l.Path, l.Why)
	}
	return invalid("messages", "The conversation holds no text, data or tool call. Send at least one message with content.")
}

// system gathers all instructions, those in the middle of the conversation
// included (formats.md R13).
func (e *requestEncoder) system() []string {
	var list []string
	add := func(parts []llm.Part) {
		for i := range parts {
			if !blank(parts[i].Text) {
				list = append(list, parts[i].Text)
			}
		}
	}
	add(e.req.System)
	for i := range e.req.Messages {
		if e.req.Messages[i].Role == llm.RoleSystem {
			add(e.req.Messages[i].Parts)
		}
	}
	if o := &e.req.Output; o.Kind == llm.OutputSchema && e.d.Caps.NoStructured { // R47
		list = append(list, "Answer with a single JSON value and nothing else. It must follow this JSON Schema:\n"+string(o.Schema))
	}
	return list
}

// dropped lists the wishes this format has no words for (formats.md R4).
func (e *requestEncoder) dropped() {
	r := e.req
	for _, x := range [...]struct {
		lost bool
		path string
	}{
		{r.Sampling.LogitBias != nil, "logit_bias"},
		{r.Parallel != nil && !*r.Parallel, "parallel_tool_calls"},
		{r.Output.Verbosity != "", "verbosity"},
		{r.Meta.UserID != "", "user"},
		{r.Meta.Map != nil, "metadata"},
		{r.Meta.ServiceTier != "", "service_tier"},
		{r.Meta.Store != nil && *r.Meta.Store, "store"},
		{r.Meta.CacheKey != "", "prompt_cache_key"},
	} {
		if x.lost {
			e.add(x.path, "Gemini has no such field")
		}
	}
	if r.Extra.Format != own {
		for _, f := range r.Extra.Fields {
			e.add(f.Name, "only "+r.Extra.Format+" knows this field")
		}
	}
}

// count writes a countTokens request. Instructions and tools fit only into
// the long form, which names the model in the body.
func (e *requestEncoder) count(model string) error {
	long := len(e.req.System) > 0 || len(e.req.Tools) > 0
	e.b = append(e.b, '{')
	if long {
		e.open("generateContentRequest", '{')
		e.text("model", qualified(model))
		if err := e.body(); err != nil {
			return err
		}
		e.b = append(e.b, "}}"...)
		return nil
	}
	if err := e.countContents(); err != nil {
		return err
	}
	e.b = append(e.b, '}')
	return nil
}

// countEnvelope writes Code Assist's countTokens request, which knows
// contents only: instructions and tools are counted as text of the user.
func (e *requestEncoder) countEnvelope(model string) error {
	e.b = append(e.b, '{')
	e.open("request", '{')
	e.text("model", qualified(model))
	r := *e.req
	var extra []llm.Part
	for _, s := range e.system() {
		extra = append(extra, llm.Part{Kind: llm.PartText, Text: s})
	}
	for i := range r.Tools {
		t := &r.Tools[i]
		extra = append(extra, llm.Part{Kind: llm.PartText, Text: t.Name + "\n" + t.Description + "\n" + string(t.Schema)})
	}
	if len(extra) > 0 {
		r.Messages = append([]llm.Message{{Role: llm.RoleUser, Parts: extra}}, r.Messages...)
		e.turn++
	}
	e.req = &r
	if err := e.countContents(); err != nil {
		return err
	}
	e.b = append(e.b, "}}"...)
	return nil
}

func (e *requestEncoder) countContents() error {
	began, err := e.contents()
	if err != nil {
		return err
	}
	if !began {
		return e.nothingLeft()
	}
	e.b = append(e.b, ']')
	return nil
}

func qualified(model string) string {
	if strings.Contains(model, "/") {
		return model
	}
	return "models/" + model
}

// at is the path of a part in the client's conversation, for losses.
func at(message, part int) string { return fmt.Sprintf("messages[%d].content[%d]", message, part) }
