package control

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"omniroute/backend/fault"
	"omniroute/backend/health"
)

// TestEveryCodeHasWords: what Go says by code, people can read in every
// language.
func TestEveryCodeHasWords(t *testing.T) {
	folder := "../../frontend/src/i18n"
	languages, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, l := range languages {
		if !l.IsDir() {
			continue
		}
		seen++
		reasons := words(t, filepath.Join(folder, l.Name(), "reasons.json"))
		for _, code := range fault.Reasons() {
			if s, _ := reasons[string(code)].(string); s == "" {
				t.Errorf("%s has no words for the reason %s", l.Name(), code)
			}
			delete(reasons, string(code))
		}
		for code := range reasons {
			t.Errorf("%s has words for a reason %q that nobody gives", l.Name(), code)
		}
		conditions := words(t, filepath.Join(folder, l.Name(), "conditions.json"))
		for _, k := range health.Kinds() {
			said, _ := conditions[k.Code].(map[string]any)
			for _, part := range []string{"title", "text", "over"} {
				if s, _ := said[part].(string); s == "" {
					t.Errorf("%s has no %s for the condition %s", l.Name(), part, k.Code)
				}
			}
		}
		actions, _ := conditions["action"].(map[string]any)
		f, _ := reflect.TypeFor[ConditionAction]().FieldByName("Label")
		for label := range strings.FieldsSeq(f.Tag.Get("enum")) {
			if s, _ := actions[label].(string); s == "" {
				t.Errorf("%s has no words for the action %s", l.Name(), label)
			}
		}
	}
	if seen < 3 {
		t.Errorf("%d languages, want three", seen)
	}
}

func words(t *testing.T, name string) (out map[string]any) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err == nil {
		err = json.Unmarshal(text, &out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestReasonsAreWhole: the list names every constant once.
func TestReasonsAreWhole(t *testing.T) {
	text, err := os.ReadFile("../fault/reason.go")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[fault.ReasonCode]bool{}
	for _, code := range fault.Reasons() {
		if seen[code] {
			t.Errorf("%s stands twice", code)
		}
		seen[code] = true
	}
	if n := strings.Count(string(text), "ReasonCode = \""); n != len(seen) {
		t.Errorf("%d constants, %d in the list", n, len(seen))
	}
}
