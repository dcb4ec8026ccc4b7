package control

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"omniroute/backend/catalog"
	"omniroute/backend/config"
	"omniroute/backend/fault"
	"omniroute/backend/providers"
	"omniroute/backend/resilience"
	"omniroute/backend/routing"
	"omniroute/backend/usage"
)

// Draft is a combo as it stands in the editor.
type Draft struct {
	Name   string      `json:"name"`   // of a stored combo that it would replace, or a new one; "" = none yet
	Models []ComboStep `json:"models"` // left out = as the stored combo has them
}

// PreviewRow is what a request would meet at one target. Code and Args belong
// to the catalogue "reasons".
type PreviewRow struct {
	Step        int               `json:"step"`    // index into the draft's models
	Model       string            `json:"model"`   // the step as it was written
	Target      string            `json:"target"`  // prefix/model; the step where nothing is known
	Account     string            `json:"account"` // connection id, "" = none
	AccountName string            `json:"accountName"`
	Verdict     string            `json:"verdict" enum:"would_answer next skipped"`
	Code        string            `json:"code"`
	Args        map[string]string `json:"args"`
	EstMicros   *int64            `json:"estMicros"` // of a request of your usual size, micro-dollars; null = price not known
	PriceBasis  string            `json:"priceBasis" enum:"list reference plan free unknown"`
}

// Preview is what a draft would do now, in the order it would be tried.
type Preview struct {
	Rows      []PreviewRow `json:"rows"`
	TokensIn  int64        `json:"tokensIn"` // the size the estimates are made for
	TokensOut int64        `json:"tokensOut"`
	NextAt    *time.Time   `json:"nextAt,omitempty"` // when somebody may answer, if nobody would now
}

// A request of unknown size is taken to be of these tokens.
const (
	usualIn  = 2000
	usualOut = 500
)

// maxPreview bounds the rows.
const maxPreview = 200

// Preview tells what a draft would do with a request now. Nobody is called.
func (v *Combos) Preview(in Draft) (Preview, error) {
	s, draft, err := v.drafted(&in)
	if err != nil {
		return Preview{}, err
	}
	p := previewer{rooms: v.rooms, snap: s, rests: map[config.Target]resilience.Standing{}, seen: map[config.Target]bool{}}
	p.tokensIn, p.tokensOut = v.rooms.usualSize()
	for _, st := range v.rooms.Board.Standings() {
		if st.Reason.Code != "" {
			p.rests[st.Target] = st
		}
	}
	out := Preview{Rows: []PreviewRow{}, TokensIn: p.tokensIn, TokensOut: p.tokensOut}
	for i, step := range draft.Models {
		out.Rows = append(out.Rows, p.step(i, step.Model)...)
		if len(out.Rows) >= maxPreview {
			out.Rows = out.Rows[:maxPreview]
			break
		}
	}
	if !p.answered {
		out.NextAt = moment(p.next)
	}
	return out, nil
}

// drafted is the present world with the draft in it, under its name.
func (v *Combos) drafted(in *Draft) (*config.Snapshot, *config.Combo, error) {
	s := *v.rooms.Config.Now()
	draft := &config.Combo{ID: "draft", Name: cmp.Or(strings.TrimSpace(in.Name), "draft"), Strategy: "priority"}
	if stored, ok := s.ComboByName(draft.Name); ok && in.Models == nil {
		draft.Models = stored.Models
	} else if err := v.fill(draft, in.Models, nil); err != nil {
		return nil, nil, err
	}
	if len(draft.Models) > 500 {
		return nil, nil, badInput("models", "A combo lists at most 500 models.")
	}
	s.Combos = maps.Clone(s.Combos)
	if old, ok := s.ComboByName(draft.Name); ok {
		delete(s.Combos, old.ID)
		draft.ID = old.ID
	}
	s.Combos[draft.ID] = draft
	s.Seal()
	return &s, draft, nil
}

// usualSize is the mean of the last thirty days, a round figure without any.
func (r *Rooms) usualSize() (in, out int64) {
	now := r.Now()
	t, err := r.total(usage.Query{From: now.AddDate(0, 0, -30), To: now})
	if n := t.Requests - t.Failed; err == nil && n > 0 && t.Input > 0 {
		return t.Input / n, t.Output / n
	}
	return usualIn, usualOut
}

type previewer struct {
	rooms               *Rooms
	snap                *config.Snapshot
	rests               map[config.Target]resilience.Standing
	seen                map[config.Target]bool
	tokensIn, tokensOut int64
	answered            bool
	next                time.Time
}

// step plans one step alone, so that its targets are known to be its own.
func (p *previewer) step(i int, model string) []PreviewRow {
	var rows []PreviewRow
	row := func(target string) PreviewRow {
		return PreviewRow{Step: i, Model: model, Target: target, Verdict: "skipped", Args: map[string]string{}, PriceBasis: string(catalog.BasisUnknown)}
	}
	route, err := p.rooms.Planner.Plan(p.snap, routing.Query{Model: model, Format: catalog.OpenAIChat})
	for _, skip := range route.Skipped {
		one := row(skip.Target)
		if a := p.snap.Accounts[skip.At.Account]; a != nil {
			one.Account, one.AccountName = a.ID, a.Name
			one.Target, _, _ = strings.Cut(skip.Target, "@"+a.Name)
		}
		one.because(skip.Reason)
		rows = append(rows, one)
	}
	for j := range route.Candidates {
		c := &route.Candidates[j]
		if p.seen[c.Target] {
			continue // an earlier step has it already
		}
		p.seen[c.Target] = true
		one := row(c.Upstream.Prefix() + "/" + c.Target.Model)
		one.Account, one.AccountName = c.Account.ID, c.Account.Name
		if c.Account.ID == routing.DemoAccount {
			one.AccountName = ""
		}
		p.price(&one, c)
		p.judge(&one, c)
		rows = append(rows, one)
	}
	if err != nil && len(rows) == 0 {
		one := row(model)
		one.because(fault.ReasonOf(fault.As(err), 0, 0, p.rooms.Now()))
		rows = append(rows, one)
	}
	return rows
}

func (r *PreviewRow) because(reason fault.Reason) {
	r.Code, r.Args = string(reason.Code), argsOf(reason)
}

// judge asks the board's view, not the board: asking for a lease would spend a
// breaker's one probe.
func (p *previewer) judge(row *PreviewRow, c *routing.Candidate) {
	for _, t := range [...]config.Target{c.Target, {Provider: c.Target.Provider, Account: c.Target.Account}} {
		st, resting := p.rests[t]
		if !resting || st.Reason.Code == fault.ReasonProbing {
			continue
		}
		row.because(st.Reason)
		if !st.Login && (p.next.IsZero() || st.Until.Before(p.next)) {
			p.next = st.Until
		}
		return
	}
	if ok, _ := c.Upstream.Provider.Usable(); !ok && c.Account.Kind != config.KindRelay {
		row.because(fault.Because(fault.ReasonDenied))
		return
	}
	if p.answered {
		row.Verdict = "next"
		row.because(fault.Because(fault.ReasonNext))
		return
	}
	if c.Account.Kind == config.KindRelay { // only who brings a login is answered there
		row.Verdict = "next"
		row.because(fault.Because(fault.ReasonNoLogin))
		return
	}
	p.answered = true
	row.Verdict = "would_answer"
	row.because(fault.Because(fault.ReasonFirst))
}

func (p *previewer) price(row *PreviewRow, c *routing.Candidate) {
	e, err := providers.NewEndpoint(c.Account, c.Upstream)
	if err != nil {
		return
	}
	price := e.Model(p.rooms.Catalog, c.Target.Model).Price
	row.PriceBasis = cmp.Or(string(price.Basis), row.PriceBasis)
	if micros, ok := price.Cost(p.tokensIn, 0, 0, p.tokensOut); ok {
		row.EstMicros = &micros
	}
}

// ComboTemplate is a combo made of what is connected.
type ComboTemplate struct {
	Code   string      `json:"code" enum:"best_first free_only same_model try_out"` // its words stand in the catalogue "combos"
	Name   string      `json:"name"`                                                // a name that is free
	Models []ComboStep `json:"models"`
}

// ComboTemplates lists those that make sense with what is connected.
type ComboTemplates struct {
	Templates []ComboTemplate `json:"templates"`
}

// templateSteps is how many models a template has at most.
const templateSteps = 6

// Templates proposes combos: subscription first, then key, cheap and free;
// only what is free; one model of several connections; the demo where nothing
// is connected.
func (v *Combos) Templates() (ComboTemplates, error) {
	s := v.rooms.Config.Now()
	picked := v.models.flagships(s)
	out := ComboTemplates{Templates: []ComboTemplate{}}
	add := func(code, name string, models []string) {
		t := ComboTemplate{Code: code, Name: freeName(s, name), Models: []ComboStep{}}
		for _, m := range models[:min(len(models), templateSteps)] {
			t.Models = append(t.Models, ComboStep{Model: m})
		}
		out.Templates = append(out.Templates, t)
	}
	var all, free []string
	for _, p := range picked {
		all = append(all, p.model)
		if p.free {
			free = append(free, p.model)
		}
	}
	if len(all) > 0 {
		add("best_first", "always-on", all)
	}
	if len(free) > 0 && len(free) < len(all) {
		add("free_only", "free", free)
	}
	if m := v.models.shared(s); m != "" {
		add("same_model", "one-model", []string{m})
	}
	if len(all) == 0 {
		add("try_out", "try-out", []string{demoModel})
	}
	return out, nil
}

// freeName is a combo name nobody has.
func freeName(s *config.Snapshot, name string) string {
	for n, i := name, 2; ; i++ {
		if _, taken := s.ComboByName(n); !taken {
			return n
		}
		n = name + "-" + strconv.Itoa(i)
	}
}

// flagship is the best model of one connected provider.
type flagship struct {
	model string
	rank  int
	free  bool
}

// flagships lists one model per connected provider, in the order of fallback.
func (v *Models) flagships(s *config.Snapshot) []flagship {
	var out []flagship
	status := v.statuses()
	for _, up := range v.rooms.Planner.Known(s) {
		st, connected := status[up.ID()]
		if !connected || st.word == "needs-key" || st.word == "sign-in" {
			continue
		}
		list := v.callable(s, up)
		if len(list) == 0 {
			continue
		}
		best := v.best(s, up, list)
		tier := up.Provider.Tier.Rank()
		if up.Node != nil {
			tier = catalog.TierAPIKey.Rank()
		}
		out = append(out, flagship{best.ID, tier, best.PriceBasis == string(catalog.BasisFree) || up.Provider.Tier == catalog.TierFree || up.Provider.Kind == catalog.KindLocal})
	}
	slices.SortStableFunc(out, func(a, b flagship) int { return a.rank - b.rank })
	return out
}

// best is the connection's default model, else the first one the catalogue
// lists that can call tools, else the first.
func (v *Models) best(s *config.Snapshot, up routing.Upstream, list []PickModel) PickModel {
	for _, a := range routing.AccountsOf(s, up) {
		if a.DefaultModel == "" {
			continue
		}
		for _, m := range list {
			if m.ID == up.Prefix()+"/"+a.DefaultModel {
				return m
			}
		}
	}
	for _, m := range up.Provider.Models() {
		if m.Kind != "chat" || !m.Living() || m.Tools != catalog.Yes {
			continue
		}
		for _, have := range list {
			if have.ID == up.Prefix()+"/"+m.ID {
				return have
			}
		}
	}
	return list[0]
}

// shared is the best model of the first provider with several connections,
// "" = none has.
func (v *Models) shared(s *config.Snapshot) string {
	for _, up := range v.rooms.Planner.Known(s) {
		n := 0
		for _, a := range routing.AccountsOf(s, up) {
			if usable(a) {
				n++
			}
		}
		if list := v.callable(s, up); n > 1 && len(list) > 0 {
			return v.best(s, up, list).ID
		}
	}
	return ""
}
