package gemini

import (
	"math"
	"slices"

	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

const maxStops = 5 // formats.md R3

// config writes generationConfig, if there is anything to say.
func (e *requestEncoder) config() {
	mark := len(e.b)
	e.open("generationConfig", '{')
	start := len(e.b)
	e.sampling()
	e.output()
	e.thinking()
	if e.req.Extra.Format == own {
		for _, f := range e.req.Extra.Fields {
			if f.Name == extraConfig {
				for k, v := range jscan.Members(f.Value) {
					e.member(string(k), v)
				}
			}
		}
	}
	if len(e.b) == start {
		e.b = e.b[:mark]
		return
	}
	e.b = append(e.b, '}')
}

func (e *requestEncoder) sampling() {
	s := &e.req.Sampling
	if n := s.MaxTokens; n != nil {
		limit := e.d.Caps.MaxOutput
		if limit > 0 && *n > limit {
			e.add("max_tokens", "lowered to the most this model can write")
			n = &limit
		}
		e.int("maxOutputTokens", *n)
	}
	if e.d.Caps.NoSampling {
		if s.Temperature != nil || s.TopP != nil || s.TopK != nil {
			e.add("temperature", "the model refuses sampling settings")
		}
	} else {
		e.optional("temperature", s.Temperature)
		e.optional("topP", s.TopP)
		e.optional("topK", s.TopK)
	}
	e.optional("presencePenalty", s.Presence)
	e.optional("frequencyPenalty", s.Frequency)
	if s.Seed != nil {
		if *s.Seed < math.MinInt32 || *s.Seed > math.MaxInt32 {
			e.add("seed", "Gemini takes seeds of 32 bits only")
		} else {
			e.int("seed", *s.Seed)
		}
	}
	if s.N != nil && *s.N != 1 {
		e.int("candidateCount", *s.N)
	}
	stops := slices.DeleteFunc(slices.Clone(s.Stop), func(x string) bool { return x == "" })
	if len(stops) > maxStops {
		e.add("stop", "only the first five stop sequences are sent")
		stops = stops[:maxStops]
	}
	if len(stops) > 0 {
		e.strings("stopSequences", stops)
	}
	if s.Logprobs || s.TopLogprobs != nil && *s.TopLogprobs > 0 {
		e.literal("responseLogprobs", "true")
		if s.TopLogprobs != nil && *s.TopLogprobs > 0 {
			e.int("logprobs", *s.TopLogprobs)
		}
	}
}

func (e *requestEncoder) optional(name string, f *float64) {
	if f != nil {
		e.float(name, *f)
	}
}

// output writes the wished shape (formats.md 4.5): a JSON object without a
// schema is the media type alone (R46).
func (e *requestEncoder) output() {
	o := &e.req.Output
	if o.Kind == llm.OutputText || o.Kind == llm.OutputSchema && e.d.Caps.NoStructured {
		return
	}
	if !e.mimeGiven() {
		e.text("responseMimeType", "application/json")
	}
	if o.Kind != llm.OutputSchema || jscan.KindOf(o.Schema) != jscan.Object {
		return
	}
	if e.d.Caps.JSONSchema {
		e.raw("responseJsonSchema", compact(o.Schema))
		return
	}
	e.raw("responseSchema", wire.CleanSchema(o.Schema))
}

// mimeGiven reports a media type other than JSON's that a client of this
// format named beside its schema; config writes it back.
func (e *requestEncoder) mimeGiven() bool {
	if e.req.Extra.Format == own {
		for _, f := range e.req.Extra.Fields {
			if f.Name == extraConfig && jscan.Get(f.Value, "responseMimeType") != nil {
				return true
			}
		}
	}
	return false
}

// thinking writes thinkingConfig (formats.md R43, R44): a level or a budget,
// never both.
func (e *requestEncoder) thinking() {
	r := &e.req.Reasoning
	show := r.Show != nil && *r.Show && r.Mode != llm.ReasoningOff
	if r.Mode == llm.ReasoningUnset && !show {
		return
	}
	if e.d.Caps.Thinking == wire.ThinkingNone {
		e.add("reasoning", "the model does not think")
		return
	}
	e.open("thinkingConfig", '{')
	start := len(e.b)
	if r.Mode != llm.ReasoningUnset {
		if e.leveled() {
			e.level()
		} else {
			e.budget()
		}
	}
	if show {
		e.literal("includeThoughts", "true")
	}
	if len(e.b) == start { // a model that decides for itself, in secret
		e.b = e.b[:start-len(`"thinkingConfig":{`)]
		if e.b[len(e.b)-1] == ',' {
			e.b = e.b[:len(e.b)-1]
		}
		return
	}
	e.b = append(e.b, '}')
}

// leveled chooses the level's words. Where nobody said what the model takes,
// a client of this format is believed, and the name decides for others.
func (e *requestEncoder) leveled() bool {
	switch e.d.Caps.Thinking {
	case wire.ThinkingLevel:
		return true
	case wire.ThinkingBudget:
		return false
	}
	r := &e.req.Reasoning
	if e.req.Extra.Format == own && r.Mode != llm.ReasoningUnset {
		return r.Effort != ""
	}
	return generation3(e.d.Model)
}

func (e *requestEncoder) level() {
	r := &e.req.Reasoning
	effort := r.Effort
	switch {
	case r.Mode == llm.ReasoningOff:
		effort = llm.EffortNone
	case effort == "" && r.Budget != nil && *r.Budget >= 0:
		effort = wire.BudgetEffort(*r.Budget)
	}
	word := ""
	switch effort {
	case "":
		return
	case llm.EffortNone, llm.EffortMinimal:
		word = "MINIMAL"
	case llm.EffortLow:
		word = "LOW"
	case llm.EffortMedium:
		word = "MEDIUM"
	default:
		word = "HIGH"
	}
	e.text("thinkingLevel", word)
}

func (e *requestEncoder) budget() {
	r := &e.req.Reasoning
	switch {
	case r.Mode == llm.ReasoningOff:
		e.int("thinkingBudget", 0)
	case r.Budget != nil:
		e.int("thinkingBudget", max(*r.Budget, -1))
	case r.Effort != "":
		e.int("thinkingBudget", wire.EffortBudget(r.Effort, 0))
	case r.Mode == llm.ReasoningAdaptive && e.d.Caps.Thinking == wire.ThinkingBudget:
		e.int("thinkingBudget", -1)
	}
}
