package control

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"

	"omniroute/backend/fault"
)

// ErrorBody is the body of every refused call (api.md, first lines).
type ErrorBody struct {
	Error ErrorDetail `json:"error"`
}

// ErrorDetail says what went wrong: Kind is a name of the fault table,
// Message one sentence for people, Receipt the id of a request's receipt when
// there is one.
type ErrorDetail struct {
	Kind    string `json:"kind"`
	Message string `json:"message"`
	Receipt string `json:"receipt,omitempty"`
}

// statusOf is the status of a refused management call. What an upstream said
// about its own credentials must not look like a statement about ours.
func statusOf(e *fault.Error) int {
	switch e.Kind {
	case fault.AuthExpired, fault.AuthRevoked, fault.Denied, fault.ModelGone:
		return http.StatusBadGateway
	}
	if e.Kind >= fault.AuthExpired {
		return e.Kind.Policy().Status
	}
	return e.HTTPStatus()
}

// writeError answers with a fault. Only its Public sentence leaves the
// process.
func writeError(w http.ResponseWriter, err error) {
	e := fault.As(err)
	h := w.Header()
	if e.RetryAfter > 0 {
		h["Retry-After"] = []string{strconv.Itoa(int(math.Ceil(e.RetryAfter.Seconds())))}
	}
	kind := e.Kind.String()
	message := e.Public
	if e.Kind == fault.Internal && message == "" {
		message = "The gateway made a mistake. Its log says more."
	}
	writeJSON(w, statusOf(e), ErrorBody{ErrorDetail{Kind: kind, Message: message}})
}

// writeJSON answers with a body. Management answers are never cached and
// never guessed at.
func writeJSON(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		status = http.StatusInternalServerError
		text = []byte(`{"error":{"kind":"internal","message":"The answer could not be written. The log says more."}}`)
	}
	h := w.Header()
	h["Content-Type"] = []string{"application/json; charset=utf-8"}
	h["Cache-Control"] = []string{"no-store"}
	h["X-Content-Type-Options"] = []string{"nosniff"}
	h["Content-Length"] = []string{strconv.Itoa(len(text))}
	w.WriteHeader(status)
	_, _ = w.Write(text) // the client is gone: nobody left to tell
}
