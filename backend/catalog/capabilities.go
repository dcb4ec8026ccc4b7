package catalog

// Thinking says how a target is asked to reason (formats.md 4.4).
type Thinking string

// The ways of asking. ThinkingUnknown: nobody said; a stated wish may travel
// in the format's usual way.
const (
	ThinkingUnknown  Thinking = ""
	ThinkingNone     Thinking = "none"     // send nothing
	ThinkingBudget   Thinking = "budget"   // a number of tokens (Claude up to 4.5, Gemini 2.5)
	ThinkingAdaptive Thinking = "adaptive" // Claude 4.6 and later: adaptive plus output_config.effort
	ThinkingLevel    Thinking = "level"    // Gemini 3: thinkingLevel
	ThinkingEffort   Thinking = "effort"   // reasoning_effort or reasoning.effort
)

// Capabilities is what a translation must know about its target (formats.md,
// end of section 1): a provider's dialect with the model's own abilities laid
// over it.
type Capabilities struct {
	Formats        []Format // the formats this model is served in, best first
	Thinking       Thinking
	Sampling       bool     // accepts temperature, top_p, top_k
	SystemRole     string   // "system", "developer" or "user" (formats.md R11, contract F106)
	MaxTokensField string   // "max_tokens" or "max_completion_tokens" on openai-chat (R1)
	ReasoningField string   // "reasoning_content" where thoughts travel so in history, else "none" (R27b)
	Structured     bool     // takes a JSON schema natively (R47)
	StreamUsage    bool     // accepts stream_options.include_usage
	EndUserField   string   // "user" or "safety_identifier" (R5)
	SeedField      string   // name of the seed field on openai-chat
	ToolChoiceAny  string   // word for "must call a tool": "required" or "any"
	ToolIDs        string   // shape of tool call ids the host insists on: "" or "alnum9"
	AlternateRoles bool     // user and assistant must strictly alternate
	Codex          bool     // ChatGPT back end dialect (formats.md 4.9)
	NeedsSeal      bool     // tool calls in history need their thought signature (Gemini 3, R28)
	NoCallIDs      bool     // functionCall.id is refused (Vertex, formats.md 4.9)
	StripFields    []string // top-level request fields the host refuses; drop them, native road included

	Context   int64 // tokens, 0 = unknown
	MaxOutput int64 // tokens, 0 = unknown
	Tools     bool  // false only when known; likewise below
	Images    bool
	Audio     bool
	Files     bool // PDF
	Video     bool
}

// baseline is an openai-chat host about which nothing is known.
func baseline() Capabilities {
	return Capabilities{
		Sampling: true, SystemRole: "system", MaxTokensField: "max_tokens",
		ReasoningField: "none", Structured: true, StreamUsage: true, EndUserField: "user",
		SeedField: "seed", ToolChoiceAny: "required",
		Tools: true, Images: true, Audio: true, Files: true, Video: true,
	}
}

// dialect is a partial set of capabilities in the data: what is absent is
// inherited. strip_fields replaces the inherited list.
type dialect struct {
	Formats        []Format `json:"formats,omitempty"`
	Thinking       Thinking `json:"thinking,omitempty"`
	Sampling       *bool    `json:"sampling,omitempty"`
	SystemRole     string   `json:"system_role,omitempty"`
	MaxTokensField string   `json:"max_tokens_field,omitempty"`
	ReasoningField string   `json:"reasoning_field,omitempty"`
	Structured     *bool    `json:"structured,omitempty"`
	StreamUsage    *bool    `json:"stream_usage,omitempty"`
	EndUserField   string   `json:"end_user_field,omitempty"`
	SeedField      string   `json:"seed_field,omitempty"`
	ToolChoiceAny  string   `json:"tool_choice_any,omitempty"`
	ToolIDs        string   `json:"tool_ids,omitempty"`
	AlternateRoles *bool    `json:"alternate_roles,omitempty"`
	Codex          *bool    `json:"codex,omitempty"`
	NeedsSeal      *bool    `json:"needs_seal,omitempty"`
	NoCallIDs      *bool    `json:"no_call_ids,omitempty"`
	StripFields    []string `json:"strip_fields,omitempty"`
	Tools          *bool    `json:"tools,omitempty"`
	Images         *bool    `json:"images,omitempty"`
	Audio          *bool    `json:"audio,omitempty"`
	Files          *bool    `json:"files,omitempty"`
	Video          *bool    `json:"video,omitempty"`
}

// rule lays a dialect over every model whose id matches one of the patterns,
// listed or not. Rules apply in order.
type rule struct {
	Match []string `json:"match"` // "*" stands for any text; case does not count
	Basis string   `json:"basis,omitempty"`
	Set   dialect  `json:"set"`
}

func (d *dialect) apply(c *Capabilities) {
	if d.Formats != nil {
		c.Formats = d.Formats
	}
	if d.Thinking != "" {
		c.Thinking = d.Thinking
	}
	if d.StripFields != nil {
		c.StripFields = d.StripFields
	}
	setText(&c.SystemRole, d.SystemRole)
	setText(&c.MaxTokensField, d.MaxTokensField)
	setText(&c.ReasoningField, d.ReasoningField)
	setText(&c.EndUserField, d.EndUserField)
	setText(&c.SeedField, d.SeedField)
	setText(&c.ToolChoiceAny, d.ToolChoiceAny)
	setText(&c.ToolIDs, d.ToolIDs)
	setBool(&c.Sampling, d.Sampling)
	setBool(&c.Structured, d.Structured)
	setBool(&c.StreamUsage, d.StreamUsage)
	setBool(&c.AlternateRoles, d.AlternateRoles)
	setBool(&c.Codex, d.Codex)
	setBool(&c.NeedsSeal, d.NeedsSeal)
	setBool(&c.NoCallIDs, d.NoCallIDs)
	setBool(&c.Tools, d.Tools)
	setBool(&c.Images, d.Images)
	setBool(&c.Audio, d.Audio)
	setBool(&c.Files, d.Files)
	setBool(&c.Video, d.Video)
}

func setText(dst *string, v string) {
	if v != "" {
		*dst = v
	}
}

func setBool(dst *bool, v *bool) {
	if v != nil {
		*dst = *v
	}
}

// Capabilities tells what translation must know about a model of this
// provider. For an id that is not listed, the provider's defaults and the
// rules for its family count, and nothing is presumed missing.
func (p *Provider) Capabilities(model string) Capabilities {
	if m, ok := p.byID[model]; ok {
		return m.capabilities
	}
	c := p.defaults
	for i := range p.rules {
		if p.rules[i].matches(model) {
			p.rules[i].Set.apply(&c)
		}
	}
	return c
}

// derive fills in what a listed model can do: defaults, rules, its own facts,
// its own exceptions, in this order.
func (p *Provider) derive(m *Model, own *dialect) Capabilities {
	c := p.defaults
	for i := range p.rules {
		if p.rules[i].matches(m.ID) {
			p.rules[i].Set.apply(&c)
		}
	}
	if m.UpstreamFormat != "" {
		c.Formats = []Format{m.UpstreamFormat}
	}
	c.Context, c.MaxOutput = m.Context, m.MaxOutput
	if m.Reasoning == No {
		c.Thinking = ThinkingNone
	}
	known := func(dst *bool, modality string) {
		if a := m.Accepts(modality); a != Unknown {
			*dst = *dst && a == Yes
		}
	}
	known(&c.Images, "image")
	known(&c.Audio, "audio")
	known(&c.Files, "pdf")
	known(&c.Video, "video")
	if m.Tools == No {
		c.Tools = false
	}
	if own != nil {
		own.apply(&c)
	}
	return c
}

func (r *rule) matches(model string) bool {
	for _, pattern := range r.Match {
		if match(pattern, model) {
			return true
		}
	}
	return false
}

// match compares text with a pattern in which "*" stands for any text, ASCII
// case folded. It backtracks only to the last star, so its time is at most
// the product of the lengths.
func match(pattern, text string) bool {
	p, t := 0, 0
	star, mark := -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, t
			p++
		case p < len(pattern) && lower(pattern[p]) == lower(text[t]):
			p++
			t++
		case star >= 0:
			mark++
			p, t = star+1, mark
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

func lower(b byte) byte {
	if 'A' <= b && b <= 'Z' {
		return b + 'a' - 'A'
	}
	return b
}
