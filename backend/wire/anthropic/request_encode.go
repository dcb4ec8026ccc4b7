package anthropic

import (
	"fmt"
	"slices"
	"strings"

	"omniroute/backend/fault"
	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// defaultMaxTokens is sent when neither the client nor the catalogue knows a
// limit: max_tokens is mandatory (formats.md R1).
const defaultMaxTokens = 8192

// jsonOnly asks for what this format has no switch for (formats.md R46).
const jsonOnly = "Answer with a single JSON object and nothing else: no introduction, no explanation, no code fence."

// EncodeRequest writes the body of POST /v1/messages, or of count_tokens when
// req.Op says so. The order of the members is fixed and so is every byte for
// the same input: prompt caches live on it.
func (codec) EncodeRequest(req *llm.Request, d wire.Dialect) ([]byte, []llm.Loss, error) {
	if err := refuse(req); err != nil {
		return nil, nil, err
	}
	e := &requestEncoder{req: req, dialect: d, count: req.Op == llm.OpCountTokens}
	tools := e.chooseTools()
	plan, err := e.plan(len(tools) > 0)
	if err != nil {
		return nil, nil, err
	}
	e.b = append(wire.Buffer(sizeOf(req)), '{')
	model := d.Model
	if model == "" {
		model = req.Model
	}
	e.b = text(e.b, "model", model)
	if !e.count {
		e.b = literal(e.b, "max_tokens", itoa(plan.maxTokens))
		if req.Stream && e.may("stream") {
			e.b = literal(e.b, "stream", "true")
		}
	}
	e.system()
	e.tools(tools)
	e.choice(len(tools) > 0)
	e.reasoning(plan)
	if !e.count {
		e.sampling(plan)
		e.meta()
	}
	if err := e.messages(); err != nil {
		return nil, nil, err
	}
	e.rest()
	return append(e.b, '}'), e.losses, nil
}

// refuse stops what must not be dropped in silence (formats.md R4, R8).
func refuse(req *llm.Request) error {
	if n := req.Sampling.N; n != nil && *n > 1 {
		return fault.New(fault.Unsupported, "anthropic.request", "This model gives one answer at a time: n must be 1, not %d.", *n).
			With(func(e *fault.Error) { e.Code, e.Param = fault.CodeUnsupportedParam, "n" })
	}
	switch m := &req.Meta; {
	case m.PreviousResponseID != "":
		return invalid("previous_response_id", "The gateway does not hold the response that previous_response_id names: send the whole conversation instead.")
	case m.Conversation != nil:
		return invalid("conversation", "The gateway does not hold this conversation: send the whole history as input instead.")
	case len(m.ItemReferences) > 0:
		return invalid("input", "The gateway does not hold the item %q that the input refers to: send the item itself.", m.ItemReferences[0])
	}
	return nil
}

type requestEncoder struct {
	req     *llm.Request
	dialect wire.Dialect
	count   bool // a count request: no sampling, no limits
	b       []byte
	losses  []llm.Loss

	role   llm.Role // of the open message
	open   bool
	wrote  bool // at least one message was opened
	hadTop []string
}

// may reports whether the upstream takes a top-level member, and remembers
// that it was written.
func (e *requestEncoder) may(name string) bool {
	if slices.Contains(e.dialect.Strip, name) {
		return false
	}
	e.hadTop = append(e.hadTop, name)
	return true
}

func (e *requestEncoder) lose(path, why string) {
	e.losses = append(e.losses, llm.Loss{Path: path, Why: why})
}

// sizeOf guesses the length of the body, so that one buffer suffices.
func sizeOf(req *llm.Request) int {
	n := 1 << 10
	for i := range req.System {
		n += len(req.System[i].Text) + 64
	}
	for i := range req.Tools {
		t := &req.Tools[i]
		n += len(t.Name) + len(t.Description) + len(t.Schema) + 128
	}
	for i := range req.Messages {
		n += 48 + sizeOfParts(req.Messages[i].Parts)
	}
	return n + n/16
}

func sizeOfParts(parts []llm.Part) int {
	n := 0
	for i := range parts {
		p := &parts[i]
		n += len(p.Text) + len(p.Seal.Data) + 96
		switch {
		case p.Opaque != nil:
			n += len(p.Opaque.Raw)
		case p.Media != nil:
			n += len(p.Media.Data) + len(p.Media.Text) + len(p.Media.URL)
		case p.Call != nil:
			n += len(p.Call.Args) + len(p.Call.Input) + len(p.Call.Name)
		case p.Result != nil:
			n += 64 + sizeOfParts(p.Result.Parts)
		}
	}
	return n
}

// system writes the instructions: a plain string where that says it all,
// text blocks otherwise (formats.md R10).
func (e *requestEncoder) system() {
	var parts []llm.Part
	for _, p := range e.req.System {
		if strings.TrimSpace(p.Text) != "" { // R15
			parts = append(parts, p)
		}
	}
	if s := e.outputInstruction(); s != "" {
		parts = append(parts, llm.Part{Text: s})
	}
	if len(parts) == 0 || !e.may("system") {
		return
	}
	if len(parts) == 1 && parts[0].Cache == nil && !native(parts[0].Opaque) {
		e.b = wire.AppendTextQuoted(member(e.b, "system"), &parts[0])
		return
	}
	e.b = append(member(e.b, "system"), '[')
	for i := range parts {
		e.b = textBlock(comma(e.b), &parts[i])
	}
	e.b = append(e.b, ']')
}

// outputInstruction is the sentence that stands in for a structured output
// switch the target lacks (formats.md R46, R47).
func (e *requestEncoder) outputInstruction() string {
	o := &e.req.Output
	switch {
	case o.Kind == llm.OutputJSON, o.Kind == llm.OutputSchema && len(o.Schema) == 0:
		return jsonOnly
	case o.Kind == llm.OutputSchema && e.dialect.Caps.NoStructured:
		return jsonOnly + " It must be valid against this JSON schema:\n" + string(jscan.AppendCompact(nil, o.Schema))
	}
	return ""
}

// sampling writes the knobs this format has (formats.md R2, R3). Thinking
// takes no sampling but temperature 1.
func (e *requestEncoder) sampling(p plan) {
	s := &e.req.Sampling
	temperature, topP, topK := s.Temperature, s.TopP, s.TopK
	why := ""
	switch {
	case e.dialect.Caps.NoSampling:
		why, temperature, topP, topK = "the model takes no sampling parameters", nil, nil, nil
	case p.thinks():
		why, topP, topK = "thinking allows no sampling parameters", nil, nil
		if temperature != nil && *temperature != 1 {
			temperature = nil
		}
	case temperature != nil && topP != nil:
		why, topP = "the model takes temperature or top_p, not both", nil
	}
	e.dropped("temperature", s.Temperature != nil && temperature == nil, why)
	e.dropped("top_p", s.TopP != nil && topP == nil, why)
	e.dropped("top_k", s.TopK != nil && topK == nil, why)
	if temperature != nil {
		clamped := min(max(*temperature, 0), 1)
		if clamped != *temperature {
			e.lose("temperature", "limited to the range 0 to 1")
		}
		e.float("temperature", clamped)
	}
	if topP != nil {
		e.float("top_p", *topP)
	}
	if topK != nil {
		e.float("top_k", *topK)
	}
	e.stops(s.Stop)
	e.dropped("frequency_penalty", s.Frequency != nil, noCounterpart)
	e.dropped("presence_penalty", s.Presence != nil, noCounterpart)
	e.dropped("seed", s.Seed != nil, noCounterpart)
	e.dropped("logprobs", s.Logprobs || s.TopLogprobs != nil, noCounterpart)
	e.dropped("logit_bias", s.LogitBias != nil, noCounterpart)
}

const noCounterpart = "the Anthropic format has no such field"

func (e *requestEncoder) dropped(path string, really bool, why string) {
	if really {
		e.lose(path, why)
	}
}

func (e *requestEncoder) float(name string, f float64) {
	if e.may(name) {
		e.b = jscan.AppendFloat(member(e.b, name), f)
	}
}

func (e *requestEncoder) stops(stops []string) {
	var keep []string
	for i, s := range stops {
		if strings.TrimSpace(s) == "" {
			e.lose(fmt.Sprintf("stop[%d]", i), "a stop sequence must hold more than white space")
			continue
		}
		keep = append(keep, s)
	}
	if len(keep) == 0 || !e.may("stop_sequences") {
		return
	}
	e.b = append(member(e.b, "stop_sequences"), '[')
	for _, s := range keep {
		e.b = jscan.AppendQuoted(comma(e.b), s)
	}
	e.b = append(e.b, ']')
}

// meta writes what is said about the call (formats.md R5, R6, R9).
func (e *requestEncoder) meta() {
	m := &e.req.Meta
	if m.UserID != "" && e.may("metadata") {
		e.b = append(text(append(member(e.b, "metadata"), '{'), "user_id", m.UserID), '}')
	}
	e.dropped("metadata", m.Map != nil, "the Anthropic format takes only a user id")
	switch m.ServiceTier {
	case "":
	case "auto", "default":
		e.tier("auto")
	case "standard_only":
		e.tier("standard_only")
	default:
		e.lose("service_tier", "no such tier in the Anthropic format")
	}
	if m.Thread != nil && e.may("thread") {
		e.b = append(member(e.b, "thread"), m.Thread...)
	}
	e.dropped("store", m.Store != nil && *m.Store, noCounterpart)
	e.dropped("prompt_cache_key", m.CacheKey != "", noCounterpart)
	e.dropped("verbosity", e.req.Output.Verbosity != "", noCounterpart)
}

func (e *requestEncoder) tier(word string) {
	if e.may("service_tier") {
		e.b = text(e.b, "service_tier", word)
	}
}

// rest writes back the members that only this format knows.
func (e *requestEncoder) rest() {
	x := &e.req.Extra
	if x.Format != format {
		for _, f := range x.Fields {
			e.lose(f.Name, "known only to the format "+x.Format)
		}
		return
	}
	for _, f := range x.Fields {
		if !slices.Contains(e.hadTop, f.Name) && e.may(f.Name) {
			e.b = append(member(e.b, f.Name), f.Value...)
		}
	}
}
