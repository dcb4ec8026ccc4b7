package control

import (
	"cmp"
	"strings"
	"time"

	"omniroute/backend/fault"
	"omniroute/backend/routing"
	"omniroute/backend/usage"
)

// Overview are the verbs of the first page.
type Overview struct{ rooms *Rooms }

// Today is what happened since midnight on this computer. Cached is part of
// Input. Requests whose price is not known are counted in Unpriced and are in
// no sum.
type Today struct {
	Since       time.Time `json:"since"`
	AsOf        time.Time `json:"asOf"`
	Requests    int64     `json:"requests"`
	Failed      int64     `json:"failed"`
	Tokens      Tokens    `json:"tokens"`
	SpentMicros int64     `json:"spentMicros"` // micro-dollars
	Unpriced    int64     `json:"unpriced"`
}

// Today sums up the local day. Days begin at a whole hour of UTC: where local
// midnight is none, up to an hour of the day before is counted in.
func (v *Overview) Today() (Today, error) {
	r := v.rooms
	now := r.Now()
	out := Today{Since: midnight(now).UTC(), AsOf: now.UTC()}
	total, err := r.total(usage.Query{From: out.Since, To: now})
	if err != nil {
		return Today{}, err
	}
	out.Requests, out.Failed, out.SpentMicros, out.Unpriced = total.Requests, total.Failed, total.CostMicros, total.Unpriced
	out.Tokens = Tokens{total.Input, total.Output, total.CacheRead, total.CacheWrite, total.Reasoning}
	return out, nil
}

func midnight(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, t.Location())
}

// total is the one bar of a query, what was answered a moment ago included.
func (r *Rooms) total(q usage.Query) (usage.Total, error) {
	list, err := r.totals(q)
	if err != nil || len(list) == 0 {
		return usage.Total{}, err
	}
	return list[0], nil
}

func (r *Rooms) totals(q usage.Query) ([]usage.Total, error) {
	r.flush()
	ctx, cancel := r.within(readTime)
	defer cancel()
	return r.Books.Totals(ctx, q)
}

// TestRequest is a request to be made for a person who wants to see one.
type TestRequest struct {
	Model string `json:"model"` // "" = the active combo, else demo/simulated
}

// TestAnswer is what came of it. Error says why nobody answered; its receipt
// is in the log all the same.
type TestAnswer struct {
	OK         bool   `json:"ok"`
	Text       string `json:"text"`
	Model      string `json:"model"`      // that was asked for
	AnsweredBy string `json:"answeredBy"` // prefix/model
	Ms         int64  `json:"ms"`
	RequestID  string `json:"requestId"`
	Error      string `json:"error"`
	Kind       string `json:"kind"` // fault kind, "" = success
}

// A test asks for a short sentence; models that think first need room.
const (
	testQuestion = "Say hello in one short sentence."
	testTokens   = 512
	testTime     = 60 * time.Second
	maxTestText  = 2000
)

// demoModel always answers.
const demoModel = "demo/simulated"

// SendTest makes one real request, as an agent would.
func (v *Overview) SendTest(in TestRequest) (TestAnswer, error) {
	r := v.rooms
	model := strings.TrimSpace(in.Model)
	if model == "" {
		model = demoModel
		if r.Config.Now().ActiveCombo() != nil {
			model = routing.Auto
		}
	}
	if len(model) > 512 {
		return TestAnswer{}, badInput("model", "The model's name is too long.")
	}
	if until, paused := r.Pause.Paused(); paused {
		return TestAnswer{}, Paused(until, r.Now())
	}
	ctx, cancel := r.within(testTime)
	defer cancel()
	start := r.Now()
	trial, err := r.Tester.Try(ctx, TrialQuestion{Model: model, Ask: testQuestion, MaxTokens: testTokens, Path: "/v1/chat/completions"})
	out := TestAnswer{OK: err == nil, Text: clip(trial.Text, maxTestText), Model: model, AnsweredBy: trial.Answered, RequestID: trial.RequestID, Ms: trial.Latency.Milliseconds()}
	if err != nil {
		f := fault.As(err)
		out.Error, out.Kind = f.Public, f.Kind.String()
		out.Ms = cmp.Or(out.Ms, r.Now().Sub(start).Milliseconds())
	}
	return out, nil
}

// Paused is what a client hears while the gateway is paused; until is zero
// where no end is known.
func Paused(until, now time.Time) *fault.Error {
	e := fault.New(fault.Overloaded, "control.paused", "The gateway is paused. Resume it in the dashboard or in the tray menu.")
	e.Status, e.RetryAfter, e.Reason = 503, time.Minute, fault.Because(fault.ReasonPaused)
	if !until.IsZero() {
		e.Public = "The gateway is paused until " + until.Local().Format("15:04") + ". Resume it in the dashboard or in the tray menu."
		e.RetryAfter = max(until.Sub(now), time.Second)
	}
	return e
}
