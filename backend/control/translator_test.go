package control

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"omniroute/backend/fault"
)

func TestTranslate(t *testing.T) {
	h := newHouse(t)
	type m = map[string]any
	g := h.call(200, "POST /api/translator/translate", m{
		"kind": "request", "from": "openai-chat", "to": "anthropic", "target": m{"model": "claude-x"},
		"input": m{"model": "m", "messages": []m{{"role": "user", "content": "Hello"}}, "max_tokens": 10},
	})
	if !strings.Contains(g.str("raw"), `"claude-x"`) || g.at("losses") == nil {
		t.Errorf("%s", g.body)
	}
	g = h.call(200, "POST /api/translator/translate", m{"kind": "request", "from": "openai-chat", "to": "anthropic", "input": m{"model": "m"}})
	if g.at("rejected.status") != 400.0 || g.str("rejected.raw") == "" {
		t.Errorf("what the gateway refuses: %s", g.body)
	}
	h.call(400, "POST /api/translator/translate", m{"kind": "request", "from": "xml", "to": "anthropic", "input": m{}})
	h.call(400, "POST /api/translator/translate", m{"kind": "roundtrip", "from": "openai-chat", "to": "anthropic", "input": m{}})
	h.call(400, "POST /api/translator/translate", m{"kind": "request", "from": "openai-chat", "to": "anthropic", "steps": []any{}})
	h.call(400, "POST /api/translator/translate", `{"kind":"request","from":"openai-chat","to":"anthropic","input":`+strings.Repeat("[", 512)+strings.Repeat("]", 512)+`}`)
	setPassword(t, h)
	h.call(401, "POST /api/translator/translate", m{})
}

// TestVectorsArriveWhole: the endpoint takes every vector's call as the
// vectors' own runner sends it. What comes out is wire's business.
func TestVectorsArriveWhole(t *testing.T) {
	files, err := filepath.Glob("../testkit/vectors/*.json")
	if err != nil || len(files) < 50 {
		t.Fatalf("%d vectors, %v", len(files), err)
	}
	h := newHouse(t)
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var v map[string]json.RawMessage
		if err := json.Unmarshal(text, &v); err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		if string(v["kind"]) == `"roundtrip"` {
			continue
		}
		call := map[string]json.RawMessage{}
		for _, k := range []string{"kind", "from", "to", "target", "context", "input", "inputRaw"} {
			if raw, ok := v[k]; ok {
				call[k] = raw
			}
		}
		if g := h.do(ask{text: "POST /api/translator/translate", body: call}); g.status != 200 || g.at("losses") == nil {
			t.Errorf("%s: %d %.300s", filepath.Base(f), g.status, g.body)
		}
	}
}

func TestDetect(t *testing.T) {
	h := newHouse(t)
	type m = map[string]any
	for _, c := range []struct {
		body m
		want string
	}{
		{m{"body": m{"messages": []any{}}}, "openai-chat"},
		{m{"path": "/v1/messages", "body": m{}}, "anthropic"},
		{m{"body": m{"contents": []any{}}}, "gemini"},
		{m{"body": m{"input": "hi"}}, "openai-responses"},
		{m{"body": m{"messages": []any{}}, "headers": m{"anthropic-version": "2023-06-01"}}, "anthropic"},
		{m{"body": `{"contents":[{}]}`}, "gemini"},
	} {
		if g := h.call(200, "POST /api/translator/detect", c.body); g.str("format") != c.want {
			t.Errorf("%v: %s, want %s", c.body, g.body, c.want)
		}
	}
	h.call(400, "POST /api/translator/detect", m{"body": m{"a": 1}})
	h.call(400, "POST /api/translator/detect", m{})
}

func TestTwoTranslationsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newTranslator()
		first, err1 := v.slot()
		_, err2 := v.slot()
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		if _, err := v.slot(); fault.KindOf(err) != fault.RateLimited || fault.As(err).RetryAfter == 0 {
			t.Errorf("a third one: %v", err)
		}
		got := make(chan error)
		go func() { _, err := v.slot(); got <- err }()
		synctest.Wait()
		first()
		if err := <-got; err != nil {
			t.Errorf("a place that became free was not taken: %v", err)
		}
	})
}
