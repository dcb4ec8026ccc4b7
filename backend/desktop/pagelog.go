package desktop

import (
	"log/slog"
	"strings"
)

// PageLog takes what the window toolkit has to say. Its words about a failed
// call of the page quote the whole call, keys included: those are left out.
type PageLog struct{ Log *slog.Logger }

// Print says nothing: what a page prints is its own business.
func (PageLog) Print(string) {}

// Trace says nothing: it would quote every answer.
func (PageLog) Trace(string) {}

// Debug says nothing.
func (PageLog) Debug(string) {}

// Info says nothing.
func (PageLog) Info(string) {}

// Warning is the toolkit's.
func (p PageLog) Warning(s string) { p.Log.Warn(quotesNothing(s)) }

// Error is the toolkit's.
func (p PageLog) Error(s string) { p.Log.Error(quotesNothing(s)) }

// Fatal is the toolkit's last word.
func (p PageLog) Fatal(s string) { p.Log.Error(quotesNothing(s)) }

func quotesNothing(s string) string {
	if strings.HasPrefix(s, "process message error") {
		return "a call of the window's page failed before it reached its verb"
	}
	return s
}
