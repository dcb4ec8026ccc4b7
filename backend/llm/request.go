// Package llm is the one meaning of a call to a language model: what every
// wire format is decoded into and encoded from. It is a superset of the four
// formats, closest to Anthropic's content blocks and OpenAI's response items
// (formats.md section 1). Values are plain data: no JSON tags, no I/O, no
// vendor behaviour.
package llm

import "unsafe"

// Op is the kind of call.
type Op uint8

// Chat and CountTokens carry the full meaning.
const (
	OpChat Op = iota
	OpCountTokens
)

// Family names who can read an opaque value. A signature minted by one family
// is never sent to another (formats.md R28).
type Family string

// The families.
const (
	FamilyNone      Family = ""
	FamilyOpenAI    Family = "openai"
	FamilyAnthropic Family = "anthropic"
	FamilyGemini    Family = "gemini"
)

// Request is one call. Pointers mean "the client said so"; nil is "not said".
// A decoder returns a Request that nobody else holds; afterwards it is
// read-only: who wants another one copies it (Clone).
type Request struct {
	Op        Op
	Model     string
	Stream    bool
	System    []Part // leading instructions in order; Kind is Text
	Messages  []Message
	Tools     []Tool
	Choice    ToolChoice
	Parallel  *bool // false: at most one tool call per turn (R40)
	Sampling  Sampling
	Reasoning Reasoning
	Output    Output
	Meta      Meta
	Extra     Extra // unknown top-level fields, written back only to their own format
}

// Role of a message. Tool results are parts of user messages, whatever the
// wire calls them.
type Role uint8

// RoleSystem marks an instruction in the middle of a conversation; leading
// ones are Request.System.
const (
	RoleUser Role = iota
	RoleAssistant
	RoleSystem
)

// Message is one turn or a piece of one; encoders merge neighbours of the
// same role where their format wants it.
type Message struct {
	Role  Role
	Name  string // chat's participant name, "" = none
	Parts []Part
}

// PartKind says which fields of a Part are set.
type PartKind uint8

// The kinds of parts.
const (
	PartText       PartKind = iota // Text
	PartRefusal                    // Text
	PartImage                      // Media
	PartAudio                      // Media
	PartFile                       // Media
	PartToolCall                   // Call, Seal (Gemini signs calls)
	PartToolResult                 // Result
	PartReasoning                  // Text (may be empty), Seal
	PartServer                     // Opaque: a tool run by the vendor's server, call or result
	PartOpaque                     // Opaque: anything else only its own format understands
)

// Part is one piece of content.
type Part struct {
	Kind        PartKind
	Text        string
	Media       *Media
	Call        *ToolCall
	Result      *ToolResult
	Seal        Seal
	Opaque      *Opaque
	Cache       *CacheHint
	Annotations []byte // raw JSON array of citations in the origin format, nil = none; origin is Extra.Format
	Extra       Extra
	literal     *literal
}

// literal is how a text stood in the body it came from.
type literal struct {
	text   string
	inside []byte
}

// shortLiteral is from which length on, in bytes, copying a literal saves
// more than remembering it costs.
const shortLiteral = 128

// SetText sets Text, and remembers the inside of the JSON string it was read
// from, so that an encoder can copy that instead of escaping the text again.
// inside may borrow the request's body; nil = none.
func (p *Part) SetText(text string, inside []byte) {
	p.Text, p.literal = text, nil
	if len(inside) >= shortLiteral {
		p.literal = &literal{text, inside}
	}
}

// Literal returns the inside of a JSON string that says Text, or nil when
// none is known: a text that was changed since has none. It may be read only
// while the body lives that the request was decoded from.
func (p *Part) Literal() []byte {
	l := p.literal
	if l == nil || len(l.text) != len(p.Text) || unsafe.StringData(l.text) != unsafe.StringData(p.Text) {
		return nil
	}
	return l.inside
}

// Media is an image, a sound or a document: exactly one of Data, URL, FileID
// and Text is set.
type Media struct {
	MIME   string // "image/jpeg", never "image/jpg" (R20)
	Data   string // base64 without any prefix
	URL    string
	FileID string
	Text   string // a plain-text document
	Name   string // file name or title, "" = none
	Detail string // OpenAI's image detail, "" = not said
}

// CallKind tells JSON arguments from free text.
type CallKind uint8

// CallFunction has Args, CallCustom has Input (R38).
const (
	CallFunction CallKind = iota
	CallCustom
)

// ToolCall is the model asking the client to run a tool.
type ToolCall struct {
	ID        string // "" when the format carries none (Gemini)
	Name      string
	Namespace string // Responses namespaces (R39)
	Kind      CallKind
	Args      string // JSON text exactly as received; "" means {} (R25)
	Input     string // free text of a custom call
}

// ToolResult answers a ToolCall.
type ToolResult struct {
	CallID string
	Name   string // as far as the format says it
	Kind   CallKind
	Parts  []Part // text, images, files
	Error  bool
}

// Seal is opaque, vendor-signed bytes: thinking signatures, encrypted
// reasoning, thought signatures. It is valid only at its family.
type Seal struct {
	Family   Family
	Data     string
	Redacted bool   // the whole block is sealed, its text is not known
	ItemID   string // Responses item id, "" elsewhere
}

// Opaque is content only one format understands, kept as raw JSON.
type Opaque struct {
	Format string // wire format name
	Type   string // its type there, for loss lists
	Raw    []byte
}

// CacheHint is Anthropic's cache_control (R29). TTL is "", "5m" or "1h".
type CacheHint struct{ TTL string }

// ToolKind is what a declared tool is.
type ToolKind uint8

// ToolServer tools run at the vendor.
const (
	ToolFunction ToolKind = iota
	ToolCustom
	ToolWebSearch
	ToolServer // any other tool the vendor runs; Raw of its own format only
)

// Tool is a declaration. Schema is raw JSON (nil = none given).
type Tool struct {
	Kind        ToolKind
	Name        string
	Namespace   string
	Description string
	Schema      []byte
	Strict      *bool
	Grammar     []byte // raw "format" of a custom tool, nil = free text
	Search      *WebSearch
	Cache       *CacheHint
	Opaque      *Opaque // the declaration in its own words, for its own format
	Extra       Extra
}

// WebSearch carries what two vendors' search tools have in common (R37).
type WebSearch struct {
	Allowed, Blocked []string
	City, Region     string
	Country, Zone    string
	MaxUses          int64 // 0 = not said
}

// ChoiceMode is what the client wants of tool use.
type ChoiceMode uint8

// ChoiceUnset: the client did not say.
const (
	ChoiceUnset ChoiceMode = iota
	ChoiceAuto
	ChoiceNone
	ChoiceRequired
	ChoiceNamed   // Names[0]
	ChoiceAllowed // Names; Required tells any from auto
)

// ToolChoice is table 4.3 of formats.md.
type ToolChoice struct {
	Mode     ChoiceMode
	Names    []string
	Custom   bool // the named tool is a custom one
	Required bool // for ChoiceAllowed
}

// Sampling holds the knobs of generation. Number-like values that must
// survive exactly are kept as their JSON text.
type Sampling struct {
	MaxTokens   *int64
	Temperature *float64
	TopP        *float64
	TopK        *float64
	Frequency   *float64
	Presence    *float64
	Seed        *int64
	N           *int64
	Stop        []string
	Logprobs    bool
	TopLogprobs *int64
	LogitBias   []byte // raw JSON object
}

// ReasoningMode is what the client asked about thinking.
type ReasoningMode uint8

// ReasoningUnset: no wish was stated, and none is invented.
const (
	ReasoningUnset ReasoningMode = iota
	ReasoningOff
	ReasoningOn // with Effort or Budget
	ReasoningAdaptive
)

// Effort words, from little to much (formats.md 4.4). "" = not said.
type Effort string

// The words of all formats together.
const (
	EffortNone    Effort = "none"
	EffortMinimal Effort = "minimal"
	EffortLow     Effort = "low"
	EffortMedium  Effort = "medium"
	EffortHigh    Effort = "high"
	EffortXHigh   Effort = "xhigh"
	EffortMax     Effort = "max"
)

// Reasoning is the client's wish about thinking.
type Reasoning struct {
	Mode    ReasoningMode
	Effort  Effort
	Budget  *int64 // tokens; -1 = dynamic
	Show    *bool  // thoughts in the answer: true asked, false refused, nil not said
	Summary string // Responses' reasoning.summary as given
}

// OutputKind is the shape the client wants the answer in.
type OutputKind uint8

// OutputText is the default.
const (
	OutputText OutputKind = iota
	OutputJSON            // any JSON object (R46)
	OutputSchema
)

// Output is structured output (formats.md 4.5).
type Output struct {
	Kind        OutputKind
	Name        string
	Description string
	Schema      []byte
	Strict      *bool
	Verbosity   string
}

// Meta is everything about the call that is not content.
type Meta struct {
	UserID             string // end-user id (R5)
	Map                []byte // metadata object, raw JSON, nil = none
	ServiceTier        string
	Store              *bool
	CacheKey           string
	PreviousResponseID string
	Conversation       []byte // raw JSON of Responses' conversation, nil = none
	ItemReferences     []string
	Include            []string
	Thread             []byte // raw JSON of Anthropic's thread (R9), nil = none
	IncludeUsage       bool   // chat: the client asked for the usage chunk (R7)
	Session            string // code assist session id
	Project            string // code assist project
}

// Extra keeps fields the canonical model has no name for. They are written
// back only to the format they came from.
type Extra struct {
	Format string
	Fields []Field
}

// Field is one unknown member: its name and raw JSON value.
type Field struct {
	Name  string
	Value []byte
}
