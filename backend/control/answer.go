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

// ErrorDetail says what went wrong, to a browser and to the window alike: Kind
// is a name of the fault table, Message one sentence for people, Param the
// field of the input that is at fault, RetryAfterSeconds how long to wait.
type ErrorDetail struct {
	Kind              string `json:"kind"`
	Message           string `json:"message"`
	Receipt           string `json:"receipt,omitempty"` // id of the request's receipt
	Param             string `json:"param,omitempty"`
	RetryAfterSeconds int64  `json:"retryAfterSeconds,omitempty"`
}

// detailOf is what may leave the process of an error.
func detailOf(e *fault.Error) ErrorDetail {
	d := ErrorDetail{Kind: e.Kind.String(), Message: e.Public, Param: e.Param}
	if e.RetryAfter > 0 {
		d.RetryAfterSeconds = int64(math.Ceil(e.RetryAfter.Seconds()))
	}
	if e.Kind == fault.Internal && d.Message == "" {
		d.Message = "The gateway made a mistake. Its log says more."
	}
	return d
}

// WindowError is what the window's page hears of a verb that failed: the
// ErrorDetail that a browser would have got.
func WindowError(err error) any { return detailOf(fault.As(err)) }

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

// publicOf is what a person reads of an error.
func publicOf(err error) string { return fault.As(err).Public }

// writeError answers with a fault. Only its Public sentence leaves the
// process.
func writeError(w http.ResponseWriter, err error) {
	e := fault.As(err)
	detail := detailOf(e)
	if detail.RetryAfterSeconds > 0 {
		w.Header()["Retry-After"] = []string{strconv.FormatInt(detail.RetryAfterSeconds, 10)}
	}
	writeJSON(w, statusOf(e), ErrorBody{detail})
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
