package desktop

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

// TestWhatThePageSentIsNotLogged: Wails quotes a call that failed, and calls
// carry keys.
func TestWhatThePageSentIsNotLogged(t *testing.T) {
	var buf bytes.Buffer
	l := PageLog{slog.New(slog.NewTextHandler(&buf, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	const call = `{"name":"control.Providers.Create","args":[{"apiKey":"sk-secret"}]}`
	l.Error("process message error: C" + call + " -> error parsing arguments")
	for _, say := range []func(string){l.Print, l.Trace, l.Debug, l.Info} {
		say("json call result data: " + call)
	}
	if text := buf.String(); strings.Contains(text, "sk-secret") || !strings.Contains(text, "a call of the window's page failed") {
		t.Errorf("logged %s", text)
	}
	buf.Reset()
	l.Warning("the display is odd")
	l.Error("the window is odd")
	l.Fatal("no more")
	for _, want := range []string{"level=WARN msg=\"the display is odd\"", "level=ERROR msg=\"the window is odd\"", "no more"} {
		if !strings.Contains(buf.String(), want) {
			t.Errorf("%s is not in the log: %s", want, buf.String())
		}
	}
}
