package control

import (
	"encoding/json"
	"net/http"
	"time"

	"omniroute/backend/fault"
	"omniroute/backend/wire"
	"omniroute/backend/wire/all"
)

// Translator are the verbs of the translator page. They call no upstream,
// fetch no media and keep nothing (rulings 2.7).
type Translator struct{ slots chan struct{} }

// Limits on translations, which may be 64 MB each.
const (
	translations = 2
	slotWait     = 5 * time.Second
)

func newTranslator() *Translator { return &Translator{slots: make(chan struct{}, translations)} }

// slot waits for one of the two places.
func (v *Translator) slot() (release func(), err error) {
	timer := time.NewTimer(slotWait)
	defer timer.Stop()
	select {
	case v.slots <- struct{}{}:
		return func() { <-v.slots }, nil
	case <-timer.C:
		e := fault.New(fault.RateLimited, "control.translator", "Two translations are running already. Try again in a moment.")
		e.RetryAfter = slotWait
		return nil, e
	}
}

// Translation is what all.Translate takes. Its own struct, because what a
// vector adds beside it (labels, expectations) is none of the translator's
// business and refused.
type Translation = all.Input

// Translate does what the gateway does between a client and an upstream. What
// the gateway would refuse comes back as rejected.
func (v *Translator) Translate(in Translation) (all.Output, error) {
	release, err := v.slot()
	if err != nil {
		return all.Output{}, err
	}
	defer release()
	return all.Translate(in)
}

// Sample is a request whose format is to be told.
type Sample struct {
	Path    string            `json:"path"`
	Headers map[string]string `json:"headers"`
	Body    json.RawMessage   `json:"body"`
}

// Detected is the format of a request.
type Detected struct {
	Format string `json:"format"`
}

// Detect tells the format of a request by path, headers and body. A body that
// is a string is taken as the exact bytes.
func (v *Translator) Detect(in Sample) (Detected, error) {
	release, err := v.slot()
	if err != nil {
		return Detected{}, err
	}
	defer release()
	h := http.Header{}
	for k, value := range in.Headers {
		h.Set(k, value)
	}
	body := []byte(in.Body)
	var exact string
	if len(body) > 0 && body[0] == '"' && json.Unmarshal(body, &exact) == nil {
		body = []byte(exact)
	}
	f, err := wire.Detect(http.MethodPost, in.Path, h, body)
	if err != nil && fault.KindOf(err) == fault.NotFound {
		return Detected{}, badInput("body", "This looks like no request of a known format: OpenAI Chat, OpenAI Responses, Anthropic Messages or Gemini.")
	}
	return Detected{string(f)}, err
}
