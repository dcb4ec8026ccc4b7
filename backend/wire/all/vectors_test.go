package all

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"

	"omniroute/backend/wire/jscan"
)

// matcher is the reference matcher in a node process, see
// testkit/vectors/check.mjs.
type matcher struct {
	in  io.WriteCloser
	out *bufio.Reader
}

type vector struct {
	Name, Kind string
	Steps      int
}

type answer struct {
	Vectors []vector
	Call    Input
	Errs    []string
}

func startMatcher(t *testing.T, dir string) *matcher {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatal("node is not installed: the vectors are checked by the reference matcher, which needs Node 20.19 or newer")
	}
	// Only node reads these files; naming them here keeps a cached pass of
	// `go test` from outliving a change.
	for _, pattern := range []string{filepath.Join(vectorsDir, "*.mjs"), filepath.Join(dir, "*.json")} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			if _, err := os.Stat(name); err != nil {
				t.Fatal(err)
			}
		}
	}
	cmd := exec.Command(node, filepath.Join(vectorsDir, "check.mjs"), dir)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("node does not start: %v", err)
	}
	t.Cleanup(func() { in.Close(); cmd.Wait() })
	return &matcher{in: in, out: bufio.NewReader(out)}
}

func (m *matcher) ask(t *testing.T, question map[string]any) answer {
	t.Helper()
	q, err := json.Marshal(question)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.in.Write(append(q, '\n')); err != nil {
		t.Fatalf("the matcher is gone: %v", err)
	}
	line, err := m.out.ReadBytes('\n')
	if err != nil {
		t.Fatalf("the matcher is gone: %v", err)
	}
	var a answer
	if err := json.Unmarshal(line, &a); err != nil {
		t.Fatalf("the matcher said %.200s: %v", line, err)
	}
	return a
}

// TestVectors runs every vector in process; the reference matcher judges.
// VECTORS=folder runs another set of the same schema.
func TestVectors(t *testing.T) {
	dir, least := vectorsDir, 73
	if other := os.Getenv("VECTORS"); other != "" {
		dir, least = other, 1
	}
	runVectors(t, dir, least, 1<<30)
}

// TestNastyVectors runs our own set: each pitfall again, with other pairs of
// formats and worse input.
func TestNastyVectors(t *testing.T) { runVectors(t, filepath.Join(vectorsDir, "nasty"), 400, 60) }

const vectorsDir = "../../testkit/vectors"

func runVectors(t *testing.T, dir string, least, cuts int) {
	m := startMatcher(t, dir)
	list := m.ask(t, map[string]any{"list": true}).Vectors
	if len(list) < least {
		t.Fatalf("only %d vectors found in %s", len(list), dir)
	}
	for _, v := range list {
		t.Run(v.Name, func(t *testing.T) {
			for step := range v.Steps {
				call := m.ask(t, map[string]any{"name": v.Name, "step": step}).Call
				var out Output
				var err error
				synctest.Test(t, func(t *testing.T) { out, err = Translate(call) })
				if err != nil {
					t.Fatalf("step %d: %v", step+1, err)
				}
				for _, e := range m.ask(t, map[string]any{"name": v.Name, "step": step, "out": out}).Errs {
					t.Errorf("step %d: %s", step+1, e)
				}
				if t.Failed() {
					t.Logf("input %.3000s%.3000s\nraw %.4000s\nevents %.6000s\nrejected %+v\nlosses %v", call.Input, call.InputRaw, out.Raw, showEvents(out.Events), out.Rejected, out.Losses)
					return
				}
				checkAgain(t, call, out, cuts)
			}
		})
	}
}

func showEvents(events []Event) string {
	var b strings.Builder
	for _, e := range events {
		b.WriteString("\n  " + e.Event + " " + e.Data)
	}
	return b.String()
}

// checkAgain demands the same output from the same input, and from a stream
// whose bytes come in two pieces, cut anywhere or at so many places, or in
// many.
func checkAgain(t *testing.T, call Input, want Output, cuts int) {
	t.Helper()
	given := string(call.Input) + call.InputRaw + string(call.Context.Request)
	wanted := stableIDs(t, want, given)
	same := func(got Output, err error, how string) {
		if err != nil || stableIDs(t, got, given) != wanted {
			t.Fatalf("%s gives something else (%v):\n got %s%s\nwant %s%s", how, err, got.Raw, showEvents(got.Events), want.Raw, showEvents(want.Events))
		}
	}
	synctest.Test(t, func(t *testing.T) {
		got, err := Translate(call)
		same(got, err, "a second run")
		if call.Kind != "stream" {
			return
		}
		sse, err := (&translation{Input: call, body: call.body()}).sse()
		if err != nil {
			t.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(1, uint64(len(sse))))
		for cut := 0; cut < len(sse); cut += 1 + len(sse)/cuts {
			got, err := translateStream(call, io.MultiReader(bytes.NewReader(sse[:cut]), bytes.NewReader(sse[cut:])))
			same(got, err, "a cut of the stream")
		}
		for range 20 {
			got, err := translateStream(call, &torn{b: sse, rng: rng})
			same(got, err, "a stream in small pieces")
		}
	})
}

// minted is how the codecs write ids that they make at random.
var minted = regexp.MustCompile(`[A-Za-z0-9]{20,}`)

// stableIDs writes an output with the ids that were not given replaced by
// their order of appearance.
func stableIDs(t *testing.T, out Output, given string) string {
	t.Helper()
	b, err := json.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	return minted.ReplaceAllStringFunc(string(b), func(id string) string {
		if strings.Contains(given, id) {
			return id
		}
		if seen[id] == "" {
			seen[id] = fmt.Sprintf("minted-%d", len(seen))
		}
		return seen[id]
	})
}

func translateStream(in Input, r io.Reader) (Output, error) {
	t := newTranslation(in)
	err := t.open()
	if err == nil {
		err = t.streamFrom(r)
	}
	return t.out, err
}

// torn gives its bytes in pieces of random size.
type torn struct {
	b   []byte
	rng *rand.Rand
}

func (r *torn) Read(p []byte) (int, error) {
	if len(r.b) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), 1+r.rng.IntN(9))], r.b)
	r.b = r.b[n:]
	return n, nil
}

// TestTranslateRefuses: a wrong call is an error of the call, never a panic.
func TestTranslateRefuses(t *testing.T) {
	for _, in := range []Input{
		{}, {Kind: "request", From: "x", To: "anthropic"}, {Kind: "request", From: "anthropic", To: "x"}, {Kind: "odd", From: "anthropic", To: "anthropic"},
		{Kind: "stream", From: "anthropic", To: "openai-chat", InputRaw: ""}, {Kind: "stream", From: "anthropic", To: "openai-chat", Input: json.RawMessage(`{}`)},
		{Kind: "response", From: "anthropic", To: "openai-chat", Input: json.RawMessage(`{`)},
		{Kind: "error", From: "anthropic", To: "openai-chat", Input: json.RawMessage(`[]`)},
		{Kind: "response", From: "anthropic", To: "openai-chat", Input: json.RawMessage(`{"type":"message","content":[]}`), Context: Context{Request: json.RawMessage(`{"messages":7}`)}},
	} {
		if _, err := Translate(in); err == nil {
			t.Errorf("%+v was accepted", in)
		}
	}
	for _, f := range []string{"openai-chat", "openai-responses", "anthropic", "gemini", "gemini-code-assist"} {
		var in Input
		if err := json.Unmarshal([]byte(`{"kind":"request","from":"`+f+`","to":"anthropic","inputRaw":"{\"model\":"}`), &in); err != nil {
			t.Fatal(err)
		}
		out, err := Translate(in)
		if err != nil || out.Rejected == nil || out.Rejected.Status != 400 || jscan.Check([]byte(out.Rejected.Raw)) != nil {
			t.Errorf("%s: broken JSON gave %+v %v", f, out, err)
		}
	}
}
