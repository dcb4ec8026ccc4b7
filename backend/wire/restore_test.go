package wire

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"omniroute/backend/llm"
)

func TestNames(t *testing.T) {
	long := strings.Repeat("mcp__search_public_channels_", 6)
	for _, f := range []Format{OpenAIChat, OpenAIResponses, Anthropic, Gemini, CodeAssist} {
		req := &llm.Request{Tools: []llm.Tool{{Name: long}, {Name: long + "x"}, {Name: "a b"}, {Name: "a.b"}, {Name: "a_b"}, {Name: "9f"}, {Name: "日本"}, {Name: "本日"}, {Name: "ok"}, {Namespace: "n", Name: "ok"}, {Namespace: "n", Name: "go"}, {Namespace: "n__", Name: "go2"}, {Name: "n__go"}}}
		n := NamesFor(req, f)
		seen := map[string]bool{}
		for _, x := range req.Tools {
			w := n.Wire(x.Namespace, x.Name)
			if !legalName(f, w) || seen[w] {
				t.Errorf("%s: %s.%s became %q (legal %v, twice %v)", f, x.Namespace, x.Name, w, legalName(f, w), seen[w])
			}
			if x.Namespace == "" && legalName(f, x.Name) && w != x.Name {
				t.Errorf("%s: legal name %s became %s", f, x.Name, w)
			}
			seen[w] = true
			back := n.Restore(&llm.Response{Candidates: []llm.Candidate{{Parts: []llm.Part{tool("c", w, "{}")}}}}).Candidates[0].Parts[0].Call
			if back.Name != x.Name || back.Namespace != x.Namespace {
				t.Errorf("%s: %s came back as %s.%s", f, w, back.Namespace, back.Name)
			}
		}
	}
	n := NamesFor(&llm.Request{Tools: []llm.Tool{{Kind: llm.ToolWebSearch}, {Name: "web_search"}}}, Anthropic)
	if w := n.Wire("", "web_search"); w == "web_search" {
		t.Error("a client's function may not be called like the server tool beside it")
	}
}

func TestRestore(t *testing.T) {
	req := &llm.Request{
		Tools:    []llm.Tool{{Name: "f"}, {Namespace: "mcp", Name: "get"}, {Kind: llm.ToolCustom, Name: "patch"}},
		Messages: []llm.Message{model(tool("call_0", "f", "")), user(res("call_0", "x"))},
	}
	n := NamesFor(req, OpenAIChat)
	in := &llm.Response{ID: "r", Candidates: []llm.Candidate{{Parts: []llm.Part{
		tool("call_0", "f", "{}"), tool("", "mcp__get", "{}"), tool("", "get", "{}"), tool("p", "patch", `{"input":"*** a\n"}`), tool("q", "unknown", "{}"), tool("q", "f", "{}"),
	}}}}
	out := n.Restore(in)
	calls := map[string]bool{"call_0": true}
	var got []string
	for _, p := range out.Candidates[0].Parts {
		c := p.Call
		if c.ID == "" || calls[c.ID] {
			t.Errorf("%s has the id %q again", c.Name, c.ID)
		}
		calls[c.ID] = true
		got = append(got, fmt.Sprintf("%s.%s/%d%s%s", c.Namespace, c.Name, c.Kind, c.Args, c.Input))
	}
	if s := strings.Join(got, " "); s != ".f/0{} mcp.get/0{} mcp.get/0{} .patch/1*** a\n .unknown/0{} .f/0{}" {
		t.Errorf("got %q", s)
	}
	if in.Candidates[0].Parts[3].Call.Kind != llm.CallFunction || in.Candidates[0].Parts[1].Call.ID != "" {
		t.Error("the upstream's answer was changed")
	}
	again := n.Restore(in)
	if !reflect.DeepEqual(out, again) {
		t.Error("two runs differ")
	}
}

// A stream folds into the same calls as the whole answer, however the
// arguments are cut.
func TestRestoreStreamEqualsRestore(t *testing.T) {
	req := &llm.Request{Tools: []llm.Tool{{Kind: llm.ToolCustom, Name: "patch"}, {Name: "f"}}}
	n := NamesFor(req, OpenAIChat)
	for _, args := range []string{`{"input":"*** Begin\n\"é\" \ud83d\ude00 \u00e9 \\ end"}`, ` { "input" : "" } `, `{"input":"a","more":1}`, `{"other":"x"}`, `plain text`, `{"input":7}`, ``, `{"input":"\ud83d\n\ud83dx"}`, `"just text"`} {
		want := n.Restore(&llm.Response{ID: "r", Candidates: []llm.Candidate{{Parts: []llm.Part{tool("1", "patch", args), tool("2", "f", `{"a":1}`)}}}}).Candidates[0].Parts
		for cut := 0; cut <= len(args); cut++ {
			for _, next := range []int{cut, min(cut+1, len(args)), min(cut+5, len(args))} {
				s := func(yield func(llm.Event, error) bool) {
					for _, ev := range []llm.Event{
						{Kind: llm.EventBegin, ID: "r"},
						{Kind: llm.EventOpen, Part: ptr(tool("1", "patch", ""))},
						{Kind: llm.EventDelta, Delta: llm.DeltaArgs, Text: args[:cut]},
						{Kind: llm.EventDelta, Delta: llm.DeltaArgs, Text: args[cut:next]},
						{Kind: llm.EventDelta, Delta: llm.DeltaArgs, Text: args[next:]},
						{Kind: llm.EventClose},
						{Kind: llm.EventOpen, Block: 1, Part: ptr(tool("2", "f", ""))},
						{Kind: llm.EventDelta, Delta: llm.DeltaArgs, Block: 1, Text: `{"a":1}`},
						{Kind: llm.EventClose, Block: 1},
						{Kind: llm.EventEnd},
					} {
						if !yield(ev, nil) {
							return
						}
					}
				}
				got, err := llm.Fold(n.RestoreStream(s))
				if err != nil || !reflect.DeepEqual(got.Candidates[0].Parts, want) {
					t.Fatalf("%q cut at %d: %+v, want %+v (%v)", args, cut, got.Candidates[0].Parts[0].Call, want[0].Call, err)
				}
			}
		}
	}
}

func ptr[T any](v T) *T { return &v }

func TestSerialize(t *testing.T) {
	in := []llm.Event{
		{Kind: llm.EventBegin},
		{Kind: llm.EventOpen, Block: 5, Part: ptr(tool("a", "f", ""))},
		{Kind: llm.EventOpen, Block: 7, Part: ptr(tool("b", "g", ""))},
		{Kind: llm.EventDelta, Delta: llm.DeltaArgs, Block: 7, Text: "1"},
		{Kind: llm.EventDelta, Delta: llm.DeltaArgs, Block: 5, Text: "2"},
		{Kind: llm.EventDelta, Delta: llm.DeltaArgs, Block: 7, Text: "3"},
		{Kind: llm.EventClose, Block: 7},
		{Kind: llm.EventOpen, Block: 9, Part: ptr(txt(""))},
		{Kind: llm.EventFinish},
		{Kind: llm.EventDelta, Block: 5, Delta: llm.DeltaArgs, Text: "4"},
		{Kind: llm.EventClose, Block: 5},
		{Kind: llm.EventDelta, Block: 9, Text: "t"},
		{Kind: llm.EventUsage},
		{Kind: llm.EventEnd},
	}
	var got []string
	for ev, err := range Serialize(func(yield func(llm.Event, error) bool) {
		for _, ev := range in {
			if !yield(ev, nil) {
				return
			}
		}
	}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%d.%d%s", ev.Kind, ev.Block, ev.Text))
	}
	if s := strings.Join(got, " "); s != "0.0 1.0 2.02 2.04 3.0 1.1 2.11 2.13 3.1 1.2 2.2t 3.2 4.0 5.0 6.0" {
		t.Errorf("got %s", s)
	}
}

// A custom call that the client never declared becomes a function call with
// the text wrapped, whole and in pieces alike.
func TestUndeclaredCustomCall(t *testing.T) {
	n := NamesFor(&llm.Request{}, OpenAIResponses)
	custom := func(input string) llm.Part {
		return llm.Part{Kind: llm.PartToolCall, Call: &llm.ToolCall{ID: "1", Name: "p", Kind: llm.CallCustom, Input: input}}
	}
	for _, input := range []string{"say \"hi\"\n", "x"} {
		r := &llm.Response{ID: "r", Candidates: []llm.Candidate{{Parts: []llm.Part{custom(input)}}}}
		want := n.Restore(r)
		if c := want.Candidates[0].Parts[0].Call; c.Kind != llm.CallFunction || c.Args != WrapInput(input) || c.Input != "" {
			t.Errorf("%q became %+v", input, c)
		}
		got, err := llm.Fold(n.RestoreStream(llm.Unfold(r)))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q in a stream became %+v (%v)", input, got.Candidates[0].Parts[0].Call, err)
		}
	}
	got, err := llm.Fold(n.RestoreStream(llm.Unfold(&llm.Response{Candidates: []llm.Candidate{{Parts: []llm.Part{custom("")}}}})))
	if err != nil || got.Candidates[0].Parts[0].Call.Args != WrapInput("") {
		t.Errorf("without text: %+v %v", got, err)
	}
}
