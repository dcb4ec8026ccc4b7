// Package ollama is the codec of Ollama's native chat format (POST /api/chat),
// for clients only: Ollama itself is reached through its OpenAI route, so no
// upstream ever gets a body of this format. Answers stream as lines of JSON,
// and they stream unless the client says `"stream":false`. Facts: Ollama's
// public API documentation.
package ollama

import (
	"io"
	"net/http"
	"strconv"
	"strings"

	"omniroute/backend/fault"
	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
)

// formatName marks what only this format understands in llm values.
const formatName = string(wire.Ollama)

// Codec implements the client's halves of wire.Codec; the upstream's halves
// are fault.Unsupported. The zero value is ready; it holds no state.
type Codec struct{}

// New returns the codec.
func New() wire.Codec { return Codec{} }

// Format is wire.Ollama.
func (Codec) Format() wire.Format { return wire.Ollama }

// ContentType is what a stream of this format is served as: lines of JSON.
// Formats without this method stream server-sent events.
func (Codec) ContentType() string { return "application/x-ndjson" }

// StreamsByDefault reports that a request without `stream` wants a stream.
func (Codec) StreamsByDefault() bool { return true }

func clientOnly() *fault.Error {
	return fault.New(fault.Unsupported, "ollama", "Ollama's own format is for clients only: reach an Ollama server through its OpenAI route, /v1.")
}

// EncodeRequest is fault.Unsupported.
func (Codec) EncodeRequest(*llm.Request, wire.Dialect) ([]byte, []llm.Loss, error) {
	return nil, nil, clientOnly()
}

// DecodeResponse is fault.Unsupported.
func (Codec) DecodeResponse([]byte) (*llm.Response, error) { return nil, clientOnly() }

// DecodeStream yields fault.Unsupported and reads nothing.
func (Codec) DecodeStream(io.Reader) llm.Stream {
	return func(yield func(llm.Event, error) bool) { yield(llm.Event{}, clientOnly()) }
}

// DecodeError reads {"error":"text"}; it never fails, because any refusal has
// to be told.
func (Codec) DecodeError(status int, h http.Header, body []byte) error {
	info := wire.ErrorFields(status, h, body)
	kind := fault.Upstream
	if status >= 400 && status <= 599 {
		kind = wire.KindOfStatus(status)
	} else {
		status = 0
	}
	return &fault.Error{Kind: kind, Op: "ollama.error", Status: status, Code: info.Code, Param: info.Param, RetryAfter: info.RetryAfter, Public: info.Message}
}

// EncodeError writes {"error":"text"}, all that Ollama's clients read besides
// the status.
func (Codec) EncodeError(err error, _ string) (int, http.Header, []byte) {
	e := asFault(err)
	h := http.Header{"Content-Type": {"application/json"}}
	if v := wire.RetryHeader(e.RetryAfter); v != "" {
		h["Retry-After"] = []string{v}
	}
	return statusOf(e), h, appendError(nil, e)
}

func asFault(err error) *fault.Error {
	if e := fault.As(err); e != nil {
		return e
	}
	return fault.New(fault.Internal, "ollama.error", "The gateway made a mistake.")
}

// statusOf is table 4.8 of formats.md for a format without words of its own.
func statusOf(e *fault.Error) int {
	switch e.Kind {
	case fault.TooLarge:
		if e.Code == fault.CodeContextLength {
			return 400
		}
		return 413
	case fault.Unauthorized, fault.AuthExpired, fault.AuthRevoked:
		return 401
	case fault.Forbidden, fault.Denied:
		return 403
	case fault.NotFound, fault.ModelGone:
		return 404
	case fault.Budget, fault.Quota, fault.RateLimited:
		return 429
	case fault.Overloaded:
		return 503
	case fault.Timeout:
		return 504
	}
	s := e.HTTPStatus()
	if e.Kind == fault.Upstream || e.Kind == fault.Truncated {
		if s < 500 || s == 529 {
			return 502
		}
	} else if e.Kind == fault.Invalid && s >= 500 {
		return 400
	}
	return s
}

func appendError(dst []byte, e *fault.Error) []byte {
	message := e.Public
	if strings.TrimSpace(message) == "" {
		message = "The request failed."
	}
	dst = append(dst, `{"error":`...)
	dst = jscan.AppendQuoted(dst, message)
	return append(dst, '}')
}

// EncodeCount writes a token count in the word Ollama uses for it; the format
// has no counting endpoint.
func (Codec) EncodeCount(tokens int64) []byte {
	return append(strconv.AppendInt([]byte(`{"prompt_eval_count":`), tokens, 10), '}')
}

// DecodeCount is fault.Unsupported.
func (Codec) DecodeCount([]byte) (int64, error) { return 0, clientOnly() }

// Tap watches nothing: no native answer of this format exists.
func (Codec) Tap(bool) wire.Tap { return tap{} }

type tap struct{}

func (tap) Write(p []byte) (int, error) { return len(p), nil }
func (tap) Usage() *llm.Usage           { return nil }
func (tap) Stop() llm.StopReason        { return llm.StopUnknown }
func (tap) Model() string               { return "" }
func (tap) Content() bool               { return false }
func (tap) Ended() bool                 { return false }
func (tap) Err() error                  { return clientOnly() }
func (tap) Fail(error) []byte           { return nil }
func (tap) Boundary() bool              { return true }
