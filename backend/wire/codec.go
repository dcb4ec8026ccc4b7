// Package wire turns bytes into meaning and back. It holds the contract of a
// codec and everything the codecs share: server-sent events, splicing,
// detection, pairing of calls and results, names, ids, schemas, seals and
// estimates. One format lives in each sub-room; none knows another.
package wire

import (
	"io"
	"net/http"

	"omniroute/backend/llm"
)

// Format names a wire format; the words are those of formats.md.
type Format string

// The formats.
const (
	OpenAIChat      Format = "openai-chat"
	OpenAIResponses Format = "openai-responses"
	Anthropic       Format = "anthropic"
	Gemini          Format = "gemini"
	CodeAssist      Format = "gemini-code-assist"
	Ollama          Format = "ollama" // clients only
)

// Family tells whose seals a format's upstreams mint and accept.
func (f Format) Family() llm.Family {
	switch f {
	case OpenAIChat, OpenAIResponses:
		return llm.FamilyOpenAI
	case Anthropic:
		return llm.FamilyAnthropic
	case Gemini, CodeAssist:
		return llm.FamilyGemini
	}
	return llm.FamilyNone
}

// Thinking is how a model takes a wish about reasoning.
type Thinking string

// ThinkingUnknown: nobody said; a stated wish travels in the format's usual
// way and none is invented.
const (
	ThinkingUnknown  Thinking = ""
	ThinkingNone     Thinking = "none"
	ThinkingBudget   Thinking = "budget"
	ThinkingAdaptive Thinking = "adaptive"
	ThinkingLevel    Thinking = "level"
	ThinkingEffort   Thinking = "effort"
)

// Caps is what a target can do (end of formats.md section 1). The zero value
// is an unknown model of the format's plainest kind.
type Caps struct {
	Thinking       Thinking
	NoSampling     bool   // temperature, top_p and top_k are refused
	DeveloperRole  bool   // chat: instructions may be role developer
	MaxTokensField string // chat: "" = max_tokens
	ReasoningField string // chat: "reasoning_content" replays thoughts, "" or "none" does not
	MaxOutput      int64  // 0 = unknown
	NoStructured   bool   // no native JSON schema output (R47)
	NoImages       bool
	NoAudio        bool
	NoFiles        bool
	Codex          bool   // ChatGPT's Codex backend (formats.md 4.9)
	JSONSchema     bool   // Gemini: takes parametersJsonSchema and responseJsonSchema
	NoCallIDs      bool   // Gemini: functionCall.id is refused (Vertex)
	NeedsSeal      bool   // Gemini 3: calls in history need a signature (R28)
	OpenAIHost     bool   // api.openai.com itself: safety_identifier instead of user (R5)
	NoStreamUsage  bool   // chat: stream_options is refused
	SeedField      string // chat: "" = seed
	ToolChoiceAny  string // chat: the word for "must call a tool", "" = required
	ToolIDs        string // chat: shape of call ids the host insists on, "" or "alnum9" (Mistral)
	UserRole       bool   // chat: instructions travel as user text (contract F106)
}

// Dialect is the target's own way of speaking a format.
type Dialect struct {
	Model    string // id to send
	Provider string // catalogue id, "" for a user's node
	Project  string // code assist
	Caps     Caps
	Strip    []string // top-level fields this upstream refuses
}

// Codec is one format's two halves. Implementations are stateless values,
// safe for concurrent use; decoded values alias nothing of their input unless
// a method says so. Every error is a *fault.Error whose Public sentence can
// be shown. A decoder assumes its body passed jscan.Check.
type Codec interface {
	Format() Format

	// DecodeRequest reads a client's request. What the gateway cannot do for
	// anyone (a message without content of any known kind) is fault.Invalid
	// with Param naming the field. The parts' literals alias the body.
	DecodeRequest(body []byte) (*llm.Request, error)
	// EncodeRequest writes the body for an upstream. req comes from
	// Prepare(req, Format()): paired, renamed, with legal ids. What this
	// format cannot carry is listed as losses; what must not be dropped
	// silently (R4's n>1, R8, R9) is fault.Unsupported or fault.Invalid.
	EncodeRequest(req *llm.Request, d Dialect) ([]byte, []llm.Loss, error)

	// DecodeResponse reads a whole upstream answer. A 200 with an error body
	// is that error (R66).
	DecodeResponse(body []byte) (*llm.Response, error)
	// EncodeResponse writes a whole answer for the client that sent req.
	EncodeResponse(resp *llm.Response, req *llm.Request) ([]byte, []llm.Loss, error)

	// DecodeStream reads an upstream stream; see llm.Stream for its laws. The
	// decoder reads only when the consumer pulls, and never more than one
	// event ahead, so that a reader that flushes before it blocks sends
	// everything known so far.
	DecodeStream(r io.Reader) llm.Stream
	// EncodeStream writes a stream for the client that sent req. Each Encode
	// makes at most one Write.
	EncodeStream(w io.Writer, req *llm.Request) StreamEncoder

	// DecodeError reads an upstream's failure: status >= 400, or a 200 whose
	// body is an error. Provider-specific words are the providers' business.
	DecodeError(status int, h http.Header, body []byte) error
	// EncodeError writes an error for a client of this format (formats.md
	// 4.8). The header holds Content-Type, Retry-After and x-should-retry
	// where they apply. requestID may be "".
	EncodeError(err error, requestID string) (status int, header http.Header, body []byte)

	// EncodeCount writes the answer to a count request.
	EncodeCount(tokens int64) []byte
	// DecodeCount reads an upstream's answer to a count request.
	DecodeCount(body []byte) (tokens int64, err error)

	// Tap watches a native answer; stream tells SSE from a whole body.
	Tap(stream bool) Tap
}

// StreamEncoder writes one stream. Not for concurrent use.
type StreamEncoder interface {
	// Encode writes what an event means to this client; it may hold bytes
	// back until it knows more. It fails only when the Writer fails.
	Encode(llm.Event) error
	// KeepAlive writes the format's own sign of life (formats.md section 5);
	// formats without one write nothing. Safe before the first event.
	KeepAlive() error
	// Close ends the stream: nil after EventEnd writes the terminator; an
	// error is written in the format's own words (R67). Exactly one call.
	Close(err error) error
}

// Tap sees a copy of a native answer. Write never fails and never keeps b.
// After the last byte, Ended says whether the answer was complete in its
// format's own terms and Err returns the error the stream carried, if any.
type Tap interface {
	io.Writer
	Usage() *llm.Usage // nil = none seen
	Stop() llm.StopReason
	Model() string // as the upstream named it, "" = not seen
	// Content reports whether anything a person could see has passed. Until
	// then a failure may still fall back (P61).
	Content() bool
	Ended() bool
	Err() error
	// Fail returns the bytes that end a broken native stream honestly in the
	// format's own words (R67), given what has passed so far: a torn event is
	// closed first, ids and sequence numbers continue. Called at most once,
	// after the last Write; nil for whole bodies.
	Fail(err error) []byte
	// Boundary reports whether the last byte ended an event, so that a
	// keep-alive may be inserted.
	Boundary() bool
}
