package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"omniroute/backend/fault"
)

// A stream of events shows a sign of life every streamBeat and gives a reader
// streamPatience to take a delivery.
const (
	streamBeat     = 15 * time.Second
	streamPatience = 30 * time.Second
)

// errSignedOut ends the stream of a caller who may not listen any more.
var errSignedOut = errors.New("signed out")

// serveFeed is the feed as server-sent events, one message in each. It ends
// when its caller's session does, when a password shuts direct callers out,
// and when the process begins to stop.
func (s *Services) serveFeed(w http.ResponseWriter, r *http.Request, c Caller) error {
	h := w.Header()
	h["Content-Type"] = []string{"text/event-stream; charset=utf-8"}
	h["Cache-Control"] = []string{"no-store"}
	h["X-Content-Type-Options"] = []string{"nosniff"}
	h["X-Accel-Buffering"] = []string{"no"} // what some proxies need to be told
	if r.Method == http.MethodHead {
		return nil
	}
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	if c.kind == callerSession {
		ended, forget := s.Session.sessions.watch(c.session)
		defer forget()
		go func() {
			select {
			case <-ended:
				cancel(errSignedOut)
			case <-ctx.Done():
			}
		}()
	}
	beat := time.NewTicker(streamBeat)
	defer beat.Stop()
	out := http.NewResponseController(w)
	defer func() { _ = out.SetWriteDeadline(time.Time{}) }() // the connection lives on
	err := s.Feed.listen(ctx, beat.C, func(batch []Message) error {
		if !s.Session.still(ctx, c) {
			return errSignedOut
		}
		text, err := eventText(batch)
		if err != nil {
			return err
		}
		if err := out.SetWriteDeadline(time.Now().Add(streamPatience)); err != nil && !errors.Is(err, http.ErrNotSupported) {
			return err
		}
		if _, err := w.Write(text); err != nil {
			return err
		}
		return out.Flush()
	})
	if err != nil && fault.KindOf(err) == fault.RateLimited { // before the first byte
		return err
	}
	return nil // how a stream ends is no answer any more
}

// eventText writes messages as server-sent events; none are a comment.
func eventText(batch []Message) ([]byte, error) {
	if len(batch) == 0 {
		return []byte(": alive\n\n"), nil
	}
	var b bytes.Buffer
	for _, m := range batch {
		text, err := json.Marshal(m)
		if err != nil {
			return nil, err
		}
		b.WriteString("data: ")
		b.Write(text)
		b.WriteString("\n\n")
	}
	return b.Bytes(), nil
}
