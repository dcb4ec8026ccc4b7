package control

import (
	"cmp"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"omniroute/backend/config"
	"omniroute/backend/usage"
)

// Logs are the verbs about answered requests.
type Logs struct{ rooms *Rooms }

// CallFilter narrows the list of requests. Status is a number, a class like
// 4xx, "ok" or "error"; APIKey an id or a name; Provider an id or a prefix.
type CallFilter struct {
	Limit    int    `json:"limit" query:"limit"` // 0 = 100, at most 1000
	Before   string `json:"before" query:"before"`
	Status   string `json:"status" query:"status"`
	Model    string `json:"model" query:"model"`
	Provider string `json:"provider" query:"provider"`
	Account  string `json:"account" query:"account,connection"`
	APIKey   string `json:"apiKey" query:"apiKey"`
	Combo    string `json:"combo" query:"combo"`
	Search   string `json:"search" query:"search"` // words, and tokens like status:error model:opus key:laptop provider:groq combo:x >2s
	From     string `json:"from" query:"from"`     // RFC 3339
	To       string `json:"to" query:"to"`
}

// Tokens counts a request's tokens: input includes both cache columns, output
// includes reasoning (rulings 3.11).
type Tokens struct {
	Input      int64 `json:"input"`
	Output     int64 `json:"output"`
	CacheRead  int64 `json:"cacheRead"`
	CacheWrite int64 `json:"cacheWrite"`
	Reasoning  int64 `json:"reasoning"`
}

// CallLog is one request. CostUSD is null when a price is missing.
type CallLog struct {
	ID             string    `json:"id"`
	Time           time.Time `json:"time"`
	Path           string    `json:"path"`
	RequestedModel string    `json:"requestedModel"`
	AnsweredBy     string    `json:"answeredBy"` // prefix/model, "" = nobody
	Status         int       `json:"status"`
	Tokens         Tokens    `json:"tokens"`
	CostUSD        *string   `json:"costUsd"`
	CostMicros     *int64    `json:"costMicros"`
	TTFTMs         int64     `json:"ttftMs"`
	TotalMs        int64     `json:"totalMs"`
	Cache          string    `json:"cache"`
	Attempts       int       `json:"attempts"`

	Kind         string `json:"kind"` // fault kind, "" = success
	Error        string `json:"error"`
	Stream       bool   `json:"stream"`
	Road         string `json:"road"` // native, translated, "" = reached no upstream
	Agent        string `json:"agent"`
	Combo        string `json:"combo"`
	Provider     string `json:"provider"`
	Account      string `json:"account"`     // connection id
	AccountName  string `json:"accountName"` // as it is called now, its id when it is gone
	ProviderName string `json:"providerName"`
	CostBasis    string `json:"costBasis" enum:"exact estimated unknown included free"`
	APIKey       string `json:"apiKey"` // name of the key, "" = anonymous
	APIKeyID     string `json:"apiKeyId"`
	Estimated    bool   `json:"estimated"` // the tokens are our estimate
}

// CallLogs is a piece of the list, newest first. Next continues it as before;
// Partial says that the search gave up early and older matches may exist.
type CallLogs struct {
	Logs    []CallLog `json:"logs"`
	Next    string    `json:"next,omitempty"`
	Partial bool      `json:"partial"`
}

// readTime bounds a look into the books; flushTime how long it waits for what
// was answered a moment ago.
const (
	readTime  = 10 * time.Second
	flushTime = 2 * time.Second
)

// flush waits for the last answers to reach the books; what is later is
// missing, which is better than no list.
func (r *Rooms) flush() {
	ctx, cancel := r.within(flushTime)
	defer cancel()
	if err := r.Flush(ctx); err != nil {
		r.Log.Debug("the books are behind", "error", err)
	}
}

// Calls lists requests.
func (v *Logs) Calls(in CallFilter) (CallLogs, error) {
	f, err := v.filter(&in)
	if err != nil {
		return CallLogs{}, err
	}
	v.rooms.flush()
	ctx, cancel := v.rooms.within(readTime)
	defer cancel()
	page, err := v.rooms.Books.CallLogs(ctx, f)
	if err != nil {
		return CallLogs{}, err
	}
	s := v.rooms.Config.Now()
	out := CallLogs{Logs: make([]CallLog, 0, len(page.Logs)), Partial: page.Partial}
	for i := range page.Logs {
		l := callLog(&page.Logs[i])
		if k := s.Keys[l.APIKeyID]; k != nil {
			l.APIKey = k.Name
		} else {
			l.APIKey = l.APIKeyID // deleted since
		}
		v.named(s, &l)
		out.Logs = append(out.Logs, l)
	}
	if len(out.Logs) > 0 && (page.Partial || len(out.Logs) == cmp.Or(f.Limit, 100)) {
		out.Next = out.Logs[len(out.Logs)-1].ID
	}
	return out, nil
}

// named fills in what things are called now.
func (v *Logs) named(s *config.Snapshot, l *CallLog) {
	l.AccountName, l.ProviderName = accountName(s, l.Account), l.Provider
	if l.Provider != "" {
		l.ProviderName = upstreamName(v.rooms, s, l.Provider)
	}
}

func callLog(r *usage.Record) CallLog {
	l := CallLog{
		ID: r.ID, Time: r.Time.UTC(), Path: r.Path, RequestedModel: r.RequestedModel, AnsweredBy: r.AnsweredBy, Status: r.Status,
		Tokens: Tokens{r.Tokens.Input, r.Tokens.Output, r.Tokens.CacheRead, r.Tokens.CacheWrite, r.Tokens.Reasoning},
		TTFTMs: r.TTFT.Milliseconds(), TotalMs: r.Total.Milliseconds(), Cache: r.Cache, Attempts: r.Attempts,
		Kind: r.Kind, Error: r.Error, Stream: r.Stream, Road: string(r.Road), Agent: r.Agent, Combo: r.Combo,
		CostBasis: costBasis(r.Cost, r.Tokens.Estimated, r.AnsweredBy != ""),
		Provider:  r.Target.Provider, Account: r.Target.Account, APIKeyID: r.KeyID, Estimated: r.Tokens.Estimated,
	}
	if r.Cost.Known {
		usd, micros := string(usage.AppendUSD(nil, r.Cost.Micros)), r.Cost.Micros
		l.CostUSD, l.CostMicros = &usd, &micros
	}
	return l
}

func (v *Logs) filter(in *CallFilter) (f usage.Filter, err error) {
	if in.Limit < 0 || in.Limit > 1000 {
		return f, badInput("limit", "limit must be between 1 and 1000.")
	}
	in, t, err := in.parsed()
	if err != nil {
		return f, err
	}
	f = usage.Filter{
		Limit: in.Limit, Before: in.Before, Model: in.Model, Account: in.Account, Combo: in.Combo, Search: in.Search, Provider: in.Provider, KeyID: in.APIKey,
		ModelPart: t.model, Longer: t.longer, Shorter: t.shorter,
	}
	s := v.rooms.Config.Now()
	if up, ok := v.rooms.Planner.Upstream(s, in.Provider); in.Provider != "" && ok {
		f.Provider = up.ID()
	}
	if s.Keys[in.APIKey] == nil && in.APIKey != "" {
		for id, k := range s.Keys {
			if k.Name == in.APIKey {
				f.KeyID = id
			}
		}
	}
	for id, a := range s.Accounts {
		if s.Accounts[in.Account] == nil && a.Name == in.Account {
			f.Account = id
		}
	}
	if f.From, err = timeOf("from", in.From); err != nil {
		return f, err
	}
	if f.To, err = timeOf("to", in.To); err != nil {
		return f, err
	}
	return f, statusFilter(&f, strings.ToLower(in.Status))
}

func timeOf(name, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return t, badInput(name, "%s must be a time like 2027-01-31T00:00:00Z.", name)
	}
	return t, nil
}

func statusFilter(f *usage.Filter, word string) error {
	switch word {
	case "", "all":
	case "ok", "success":
		f.StatusMin, f.StatusMax = 200, 299
	case "error", "failed":
		f.Failed = true
	default:
		if class, ok := strings.CutSuffix(word, "xx"); ok && len(class) == 1 && class[0] >= '1' && class[0] <= '5' {
			f.StatusMin = int(class[0]-'0') * 100
			f.StatusMax = f.StatusMin + 99
			return nil
		}
		n, err := strconv.Atoi(word)
		if err != nil || n < 100 || n > 599 {
			return badInput("status", "status must be a number like 429, a class like 4xx, ok or error.")
		}
		f.StatusMin, f.StatusMax = n, n
	}
	return nil
}

// Receipt shows one request's receipt, in the shape of usage.Receipt's
// AppendJSON.
func (v *Logs) Receipt(in ByID) (json.RawMessage, error) {
	v.rooms.flush()
	ctx, cancel := v.rooms.within(readTime)
	defer cancel()
	return v.rooms.Books.Receipt(ctx, in.ID)
}
