package control

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"omniroute/backend/fault"
)

// ExportQuery is a filter (see CallFilter) whose requests are to be written
// out.
type ExportQuery struct {
	Format   string `json:"format" enum:"csv json"` // "" = csv
	Status   string `json:"status"`
	Model    string `json:"model"`
	Provider string `json:"provider"`
	Account  string `json:"account"`
	APIKey   string `json:"apiKey"`
	Combo    string `json:"combo"`
	Search   string `json:"search"`
	From     string `json:"from"`
	To       string `json:"to"`
}

func (q *ExportQuery) filter() CallFilter {
	return CallFilter{
		Limit: exportPage, Status: q.Status, Model: q.Model, Provider: q.Provider, Account: q.Account, APIKey: q.APIKey,
		Combo: q.Combo, Search: q.Search, From: q.From, To: q.To,
	}
}

// ExportFile is a file for a person to keep. Rows counts its requests;
// Complete is false where older ones were left out.
type ExportFile struct {
	Name     string `json:"name"`
	Type     string `json:"type"` // media type
	Text     string `json:"text"`
	Rows     int    `json:"rows"`
	Complete bool   `json:"complete"`
}

// exportPath serves an export as a verb (POST) and as the file itself (GET).
const exportPath = "/api/usage/call-logs/export"

// Bounds of an export: as text for a page, and as a stream.
const (
	exportRows = 20_000
	streamRows = 1_000_000
	exportPage = 1000
)

// exportColumns are the columns of a CSV, in order.
var exportColumns = [...]string{
	"id", "time", "path", "agent", "api_key", "requested_model", "answered_by", "combo", "provider", "account", "status", "kind", "error",
	"input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens", "tokens_estimated",
	"cost_usd", "cost_basis", "ttft_ms", "total_ms", "attempts", "stream", "road",
}

// Export writes the filtered requests as one text, newest first: CSV or JSON.
// Times are ISO 8601 in UTC, money plain decimals of dollars, unknown is
// empty. At most 20,000 requests; GET on the same path streams more.
func (v *Logs) Export(in ExportQuery) (ExportFile, error) {
	if err := in.check(); err != nil {
		return ExportFile{}, err
	}
	var b bytes.Buffer
	rows, complete, err := v.write(&b, &in, exportRows)
	if err != nil {
		return ExportFile{}, err
	}
	return ExportFile{Name: in.name(v.rooms.Now()), Type: in.mediaType(), Text: b.String(), Rows: rows, Complete: complete}, nil
}

func (q *ExportQuery) check() error {
	if q.Format == "" {
		q.Format = "csv"
	}
	if q.Format != "csv" && q.Format != "json" {
		return badInput("format", "format must be csv or json.")
	}
	return nil
}

func (q *ExportQuery) name(now time.Time) string {
	return "omniroute-requests-" + now.UTC().Format("20060102-150405") + "." + q.Format
}

func (q *ExportQuery) mediaType() string {
	if q.Format == "json" {
		return "application/json"
	}
	return "text/csv; charset=utf-8"
}

// write pages through the books. Only what was there at its beginning is
// sure to be in it.
func (v *Logs) write(w io.Writer, in *ExportQuery, most int) (rows int, complete bool, err error) {
	out := newExport(w, in.Format)
	f := in.filter()
	for {
		page, err := v.Calls(f)
		if err != nil {
			return rows, false, err
		}
		for i := range page.Logs {
			if rows == most {
				return rows, false, out.end()
			}
			if err := out.row(&page.Logs[i]); err != nil {
				return rows, false, err
			}
			rows++
		}
		if page.Next == "" || len(page.Logs) == 0 {
			return rows, !page.Partial, out.end()
		}
		f.Before = page.Next
	}
}

// exporter writes rows in one of the formats.
type exporter struct {
	w     io.Writer
	csv   *csv.Writer // nil = JSON
	begun bool
}

func newExport(w io.Writer, format string) *exporter {
	e := &exporter{w: w}
	if format == "csv" {
		e.csv = csv.NewWriter(w)
		_ = e.csv.Write(exportColumns[:]) // errors stay and come out of Flush
	}
	return e
}

func (e *exporter) row(l *CallLog) error {
	if e.csv != nil {
		_ = e.csv.Write(cells(l))
		e.csv.Flush()
		return e.csv.Error()
	}
	text, err := json.Marshal(l)
	if err != nil {
		return err
	}
	sep := "[\n"
	if e.begun {
		sep = ",\n"
	}
	e.begun = true
	_, err = e.w.Write(append([]byte(sep), text...))
	return err
}

func (e *exporter) end() error {
	if e.csv != nil {
		e.csv.Flush()
		return e.csv.Error()
	}
	text := "\n]\n"
	if !e.begun {
		text = "[]\n"
	}
	_, err := io.WriteString(e.w, text)
	return err
}

func cells(l *CallLog) []string {
	n := func(v int64) string { return strconv.FormatInt(v, 10) }
	cost := ""
	if l.CostUSD != nil {
		cost = *l.CostUSD
	}
	row := []string{
		l.ID, l.Time.UTC().Format(time.RFC3339Nano), l.Path, l.Agent, l.APIKey, l.RequestedModel, l.AnsweredBy, l.Combo, l.ProviderName, l.AccountName,
		strconv.Itoa(l.Status), l.Kind, l.Error, n(l.Tokens.Input), n(l.Tokens.Output), n(l.Tokens.CacheRead), n(l.Tokens.CacheWrite), n(l.Tokens.Reasoning),
		strconv.FormatBool(l.Estimated), cost, l.CostBasis, n(l.TTFTMs), n(l.TotalMs), strconv.Itoa(l.Attempts), strconv.FormatBool(l.Stream), l.Road,
	}
	for i, c := range row {
		if c != "" && strings.ContainsRune("=+-@\t\r", rune(c[0])) {
			row[i] = "'" + c // a spreadsheet would run it
		}
	}
	return row
}

// stream answers GET with the file itself, as long as it is.
func (v *Logs) stream(w http.ResponseWriter, r *http.Request, _ Caller) error {
	q := r.URL.Query()
	in := ExportQuery{
		Format: q.Get("format"), Status: q.Get("status"), Model: q.Get("model"), Provider: q.Get("provider"), Account: q.Get("account"), APIKey: q.Get("apiKey"),
		Combo: q.Get("combo"), Search: q.Get("search"), From: q.Get("from"), To: q.Get("to"),
	}
	err := in.check()
	if err == nil {
		f := in.filter()
		_, err = v.filter(&f)
	}
	if err != nil {
		return err
	}
	h := w.Header()
	h["Content-Type"] = []string{in.mediaType()}
	h["Content-Disposition"] = []string{`attachment; filename="` + in.name(v.rooms.Now()) + `"`}
	h["Cache-Control"] = []string{"no-store"}
	h["X-Content-Type-Options"] = []string{"nosniff"}
	if _, _, err := v.write(w, &in, streamRows); err != nil && fault.KindOf(err) != fault.Canceled {
		v.rooms.Log.Warn("an export broke off", "error", err)
		panic(http.ErrAbortHandler) // half a file must not look like a whole one
	}
	return nil
}
