package gemini

import (
	"strings"

	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// config reads generationConfig. Members nobody else has are kept together
// as one Extra field.
func (d *requestDecoder) config(v []byte) error {
	if jscan.KindOf(v) != jscan.Object {
		return invalid("generationConfig", "The field generationConfig must be an object.")
	}
	s := &d.req.Sampling
	rest := buffer{b: []byte{'{'}}
	var mime string
	var openAPI, schema []byte
	for k, m := range jscan.Members(v) {
		if jscan.IsNull(m) {
			continue
		}
		name := camel(string(k))
		ok := true
		switch name {
		case "maxOutputTokens":
			s.MaxTokens, ok = integer(m)
		case "candidateCount":
			s.N, ok = integer(m)
		case "seed":
			s.Seed, ok = integer(m)
		case "logprobs":
			s.TopLogprobs, ok = integer(m)
		case "temperature":
			s.Temperature, ok = real(m)
		case "topP":
			s.TopP, ok = real(m)
		case "topK":
			s.TopK, ok = real(m)
		case "presencePenalty":
			s.Presence, ok = real(m)
		case "frequencyPenalty":
			s.Frequency, ok = real(m)
		case "responseLogprobs":
			s.Logprobs = jscan.True(m)
		case "stopSequences":
			for _, x := range jscan.Elements(m) {
				s.Stop = append(s.Stop, jscan.Str(x))
			}
		case "responseMimeType":
			mime = strings.ToLower(jscan.Str(m))
			if mime != "application/json" && mime != "text/plain" { // text/x.enum and what may come
				rest.member(name, m)
			}
		case "responseSchema":
			openAPI = m
		case "responseJsonSchema", "_responseJsonSchema":
			schema = m
		case "thinkingConfig":
			d.req.Reasoning = readThinking(m)
		default:
			rest.member(name, m)
		}
		if !ok {
			return invalid("generationConfig."+name, "The field generationConfig.%s must be a number.", name)
		}
	}
	d.output(mime, openAPI, schema)
	if len(rest.b) > 1 {
		d.extra(extraConfig, append(rest.b, '}'))
	}
	return nil
}

func integer(v []byte) (*int64, bool) {
	n, ok := number(v)
	return &n, ok
}

func real(v []byte) (*float64, bool) {
	f, ok := float(v)
	return &f, ok
}

// output reads the wished shape of the answer. Schemas in this format bind
// the model, so they arrive strict elsewhere (formats.md R45).
func (d *requestDecoder) output(mime string, openAPI, schema []byte) {
	o := &d.req.Output
	switch {
	case schema != nil:
		o.Kind, o.Schema = llm.OutputSchema, compact(schema)
	case openAPI != nil:
		o.Kind, o.Schema = llm.OutputSchema, clone(wire.LowerSchema(openAPI))
	case mime == "application/json":
		o.Kind = llm.OutputJSON
	}
	if o.Kind == llm.OutputSchema {
		o.Strict = ptr(true)
	}
}

// readThinking reads thinkingConfig (formats.md 4.4). A budget of -1 leaves
// the amount to the model, and so does a wish to see thoughts that says
// nothing about how many.
func readThinking(v []byte) llm.Reasoning {
	var r llm.Reasoning
	for k, m := range jscan.Members(v) {
		switch camel(string(k)) {
		case "includeThoughts":
			if jscan.KindOf(m) == jscan.Bool {
				r.Show = ptr(jscan.True(m))
			}
		case "thinkingBudget":
			if n, ok := number(m); ok {
				r.Budget = &n
			}
		case "thinkingLevel":
			switch e := llm.Effort(strings.ToLower(jscan.Str(m))); e {
			case llm.EffortMinimal, llm.EffortLow, llm.EffortMedium, llm.EffortHigh:
				r.Effort = e
			}
		}
	}
	switch {
	case r.Effort != "":
		r.Mode, r.Budget = llm.ReasoningOn, nil
	case r.Budget != nil && *r.Budget == 0:
		r.Mode = llm.ReasoningOff
	case r.Budget != nil && *r.Budget > 0:
		r.Mode = llm.ReasoningOn
	case r.Budget != nil, r.Show != nil && *r.Show:
		r.Mode = llm.ReasoningAdaptive
	}
	return r
}
