package testkit

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"omniroute/backend/wire"
)

// Says answers with a text, as a stream or whole as it was asked. The stream
// has one event for each word.
func Says(text string) Answer {
	return func(c *Call) {
		if !c.Stream() {
			c.whole(WholeAnswer(c.up.Format, text))
			return
		}
		c.Begin("text/event-stream")
		for _, ev := range StreamAnswer(c.up.Format, text) {
			if c.Write(ev) != nil {
				return
			}
		}
	}
}

func (c *Call) whole(body string) {
	c.Set("Content-Type", "application/json")
	c.Set("Content-Length", strconv.Itoa(len(body)))
	io.WriteString(c.w, body)
}

// Raw answers 200 with any bytes.
func Raw(contentType, body string) Answer {
	return func(c *Call) {
		c.Set("Content-Type", contentType)
		io.WriteString(c.w, body)
	}
}

// Fails answers with a status and a body. Headers come in pairs.
func Fails(status int, body string, headers ...string) Answer {
	return func(c *Call) {
		c.Set("Content-Type", "application/json")
		for k, v := range header(headers) {
			c.w.Header()[k] = v
		}
		c.w.WriteHeader(status)
		io.WriteString(c.w, body)
	}
}

// Refuses answers with a status in the format's own words. Headers come in
// pairs.
func Refuses(status int, message string, headers ...string) Answer {
	return func(c *Call) { Fails(status, ErrorBody(c.up.Format, status, message), headers...)(c) }
}

// RefusesInside answers 200, and the stream's first event is an error.
func RefusesInside(status int, message string) Answer {
	return func(c *Call) {
		c.Begin("text/event-stream")
		c.Write(ErrorEvent(c.up.Format, status, message))
	}
}

// BreaksAfter plays the first n events of a streamed text and breaks the
// connection in the middle of the body.
func BreaksAfter(n int, text string) Answer {
	return func(c *Call) {
		c.Begin("text/event-stream")
		for _, ev := range StreamAnswer(c.up.Format, text)[:n] {
			if c.Write(ev) != nil {
				return
			}
		}
		c.Break()
	}
}

// EndsAfter plays the first n events and ends the body regularly, without the
// format's own terminator.
func EndsAfter(n int, text string) Answer {
	return func(c *Call) {
		c.Begin("text/event-stream")
		for _, ev := range StreamAnswer(c.up.Format, text)[:n] {
			if c.Write(ev) != nil {
				return
			}
		}
	}
}

// CutAt sends the first n bytes of an answer, whole or streamed, and breaks
// the connection.
func CutAt(n int, text string) Answer {
	return func(c *Call) {
		body, ct := WholeAnswer(c.up.Format, text), "application/json"
		if c.Stream() {
			body, ct = strings.Join(StreamAnswer(c.up.Format, text), ""), "text/event-stream"
		}
		c.Begin(ct)
		if c.Write(body[:min(n, len(body))]) == nil {
			c.Break()
		}
	}
}

// Resets breaks the connection with a TCP reset before any header.
func Resets() Answer { return func(c *Call) { c.Reset() } }

// Hangs never answers; it ends when the caller goes away.
func Hangs() Answer { return func(c *Call) { <-c.Done() } }

// HangsAfter plays the first n events and then nothing, until the caller goes
// away.
func HangsAfter(n int, text string) Answer {
	return func(c *Call) {
		c.Begin("text/event-stream")
		for _, ev := range StreamAnswer(c.up.Format, text)[:n] {
			if c.Write(ev) != nil {
				return
			}
		}
		<-c.Done()
	}
}

// Gated waits for the gate before each event of a streamed text, and before a
// whole answer. A closed gate lets everything through.
func Gated(gate <-chan struct{}, text string) Answer {
	return func(c *Call) {
		wait := func() bool {
			select {
			case <-gate:
				return true
			case <-c.Done():
				return false
			}
		}
		if !c.Stream() {
			if wait() {
				c.whole(WholeAnswer(c.up.Format, text))
			}
			return
		}
		c.Begin("text/event-stream")
		for _, ev := range StreamAnswer(c.up.Format, text) {
			if !wait() || c.Write(ev) != nil {
				return
			}
		}
	}
}

// Drips sends a streamed text byte by byte.
func Drips(text string) Answer {
	return func(c *Call) {
		c.Begin("text/event-stream")
		for _, b := range []byte(strings.Join(StreamAnswer(c.up.Format, text), "")) {
			if _, err := c.w.Write([]byte{b}); err != nil {
				return
			}
			c.Flush()
		}
	}
}

// HugeLine answers with one event whose text has n bytes, made on the fly so
// that the upstream itself needs no memory, followed by the regular end.
func HugeLine(n int) Answer {
	return func(c *Call) {
		events := StreamAnswer(c.up.Format, "@")
		c.Begin("text/event-stream")
		piece := strings.Repeat("x", 64<<10)
		for _, ev := range events {
			before, after, here := strings.Cut(ev, `"@"`)
			if !here {
				if c.Write(ev) != nil {
					return
				}
				continue
			}
			if c.Write(before+`"`) != nil {
				return
			}
			for sent := 0; sent < n; sent += len(piece) {
				if _, err := io.WriteString(c.w, piece[:min(len(piece), n-sent)]); err != nil {
					return
				}
			}
			if c.Write(`"`+after) != nil {
				return
			}
		}
	}
}

// WithHeader plays an answer with more headers, in pairs.
func WithHeader(a Answer, headers ...string) Answer {
	return func(c *Call) {
		for k, v := range header(headers) {
			c.w.Header()[k] = v
		}
		a(c)
	}
}

// Redirects answers with a redirect.
func Redirects(status int, to string) Answer {
	return func(c *Call) { http.Redirect(c.w, c.r, to, status) }
}

// ErrorBody is a refusal in a format's own words.
func ErrorBody(f wire.Format, status int, message string) string {
	switch f {
	case wire.Anthropic:
		typ := map[int]string{400: "invalid_request_error", 401: "authentication_error", 403: "permission_error", 404: "not_found_error", 413: "request_too_large", 429: "rate_limit_error", 529: "overloaded_error"}[status]
		if typ == "" && status < 500 {
			typ = "invalid_request_error"
		} else if typ == "" {
			typ = "api_error"
		}
		return fmt.Sprintf(`{"type":"error","error":{"type":%q,"message":%q},"request_id":"req_1"}`, typ, message)
	case wire.Gemini:
		st := map[int]string{400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED", 503: "UNAVAILABLE"}[status]
		if st == "" && status < 500 {
			st = "INVALID_ARGUMENT"
		} else if st == "" {
			st = "INTERNAL"
		}
		return fmt.Sprintf(`{"error":{"code":%d,"message":%q,"status":%q}}`, status, message, st)
	}
	typ := map[int]string{400: "invalid_request_error", 401: "authentication_error", 403: "permission_error", 404: "invalid_request_error", 429: "rate_limit_error"}[status]
	if typ == "" && status < 500 {
		typ = "invalid_request_error"
	} else if typ == "" {
		typ = "server_error"
	}
	return fmt.Sprintf(`{"error":{"message":%q,"type":%q,"param":null,"code":null}}`, message, typ)
}

// ErrorEvent is a refusal inside a stream, in a format's own words.
func ErrorEvent(f wire.Format, status int, message string) string {
	switch f {
	case wire.Anthropic:
		return "event: error\ndata: " + ErrorBody(f, status, message) + "\n\n"
	case wire.OpenAIResponses:
		code := "server_error"
		if status == http.StatusTooManyRequests {
			code = "rate_limit_exceeded"
		}
		return fmt.Sprintf("event: response.failed\ndata: {\"type\":\"response.failed\",\"sequence_number\":1,\"response\":{\"id\":\"resp_1\",\"object\":\"response\",\"created_at\":1,\"status\":\"failed\",\"error\":{\"code\":%q,\"message\":%q},\"output\":[]}}\n\n", code, message)
	}
	return "data: " + ErrorBody(f, status, message) + "\n\n"
}
