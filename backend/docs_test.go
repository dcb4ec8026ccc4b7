package backend_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestReadmesAreInStep: the translations say the same as README.md, as far as
// a program can see: the same sections, commands, settings and points.
func TestReadmesAreInStep(t *testing.T) {
	source := outline(t, "../README.md")
	for _, file := range []string{"../docs/README.pt-BR.md", "../docs/README.ko.md"} {
		got := outline(t, file)
		for i := range max(len(source), len(got)) {
			a, b := "the end", "the end"
			if i < len(source) {
				a = source[i]
			}
			if i < len(got) {
				b = got[i]
			}
			if a != b {
				t.Errorf("%s: piece %d is %q, in README.md it is %q", file, i, b, a)
				break
			}
		}
	}
}

var (
	codeSpan = regexp.MustCompile("`[^`]+`")
	blocks   = regexp.MustCompile("(?s)```.*?```")
)

// outline is what no translation changes: code, and where headings and points
// begin. The spans of a paragraph are sorted, for languages order them as
// they must.
func outline(t *testing.T, file string) (out []string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	body := blocks.ReplaceAllStringFunc(string(text), func(b string) string {
		out = append(out, b)
		return ""
	})
	for piece := range strings.SplitSeq(body, "\n\n") {
		spans := codeSpan.FindAllString(piece, -1)
		slices.Sort(spans)
		kind := "text"
		switch {
		case strings.HasPrefix(piece, "#"):
			kind = "heading"
		case strings.HasPrefix(strings.TrimSpace(piece), "- "):
			kind = "points"
		case strings.HasPrefix(piece, "|"):
			kind = "table"
		case strings.TrimSpace(piece) == "":
			continue
		}
		lines := strings.Count(piece, "\n- ") + strings.Count(piece, "\n|")
		out = append(out, kind+" "+strings.Repeat("+", lines)+" "+strings.Join(spans, " "))
	}
	return out
}
