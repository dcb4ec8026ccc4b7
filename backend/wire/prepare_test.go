package wire

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"omniroute/backend/llm"
)

// Short ways to write a conversation.
func txt(s string) llm.Part { return llm.Part{Kind: llm.PartText, Text: s} }
func tool(id, name, args string) llm.Part {
	return llm.Part{Kind: llm.PartToolCall, Call: &llm.ToolCall{ID: id, Name: name, Args: args}}
}
func res(id, text string) llm.Part {
	return llm.Part{Kind: llm.PartToolResult, Result: &llm.ToolResult{CallID: id, Parts: []llm.Part{txt(text)}}}
}
func named(name, text string) llm.Part {
	p := res("", text)
	p.Result.Name = name
	return p
}
func think(s string, seal llm.Seal) llm.Part {
	return llm.Part{Kind: llm.PartReasoning, Text: s, Seal: seal}
}
func user(parts ...llm.Part) llm.Message  { return llm.Message{Role: llm.RoleUser, Parts: parts} }
func model(parts ...llm.Part) llm.Message { return llm.Message{Role: llm.RoleAssistant, Parts: parts} }
func rule(parts ...llm.Part) llm.Message  { return llm.Message{Role: llm.RoleSystem, Parts: parts} }

// draw writes a conversation on one line: U(text) A(call#id=name) …
func draw(ms []llm.Message) string {
	var b strings.Builder
	for i, m := range ms {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteByte("UAS"[m.Role])
		b.WriteByte('(')
		for j, p := range m.Parts {
			if j > 0 {
				b.WriteByte(' ')
			}
			switch p.Kind {
			case llm.PartToolCall:
				fmt.Fprintf(&b, "%s=%s", p.Call.ID, p.Call.Name)
				if p.Call.Input != "" {
					b.WriteString("<" + p.Call.Input + ">")
				}
			case llm.PartToolResult:
				text := ""
				for _, x := range p.Result.Parts {
					text += x.Text
				}
				if p.Result.Error {
					text = "!" + text
				}
				fmt.Fprintf(&b, "%s:%s", p.Result.CallID, text)
			case llm.PartReasoning:
				b.WriteString("~" + p.Text)
			case llm.PartText:
				b.WriteString(strings.ReplaceAll(p.Text, " ", "_"))
			default:
				fmt.Fprintf(&b, "#%d", p.Kind)
			}
			if p.Seal.Data != "" {
				b.WriteString("*" + p.Seal.Data)
			}
		}
		b.WriteByte(')')
	}
	return b.String()
}

func TestPairing(t *testing.T) {
	const lost = "!No result was recorded for this tool call."
	cases := []struct {
		name string
		f    Format
		in   []llm.Message
		want string
	}{
		{"plain", OpenAIChat, []llm.Message{user(txt("q")), model(tool("1", "f", "{}")), user(res("1", "r")), model(txt("a"))}, "U(q) A(1=f) U(1:r) A(a)"},
		{"split results are merged", Anthropic, []llm.Message{user(txt("q")), model(tool("1", "f", ""), tool("2", "g", "")), user(res("2", "b")), user(res("1", "a")), user(txt("go"))}, "U(q) A(1=f 2=g) U(1:a 2:b go)"},
		{"split results, chat keeps the later message", OpenAIChat, []llm.Message{user(txt("q")), model(tool("1", "f", "")), user(res("1", "a")), user(txt("go"))}, "U(q) A(1=f) U(1:a) U(go)"},
		{"results come first", Anthropic, []llm.Message{user(txt("q")), model(tool("1", "f", "")), user(txt("look"), res("1", "a"), txt("ok"))}, "U(q) A(1=f) U(1:a look ok)"},
		{"calls of several messages", OpenAIChat, []llm.Message{user(txt("q")), model(txt("t")), model(tool("1", "f", "")), model(tool("2", "g", "")), user(res("1", "a")), user(res("2", "b"))}, "U(q) A(t 1=f 2=g) U(1:a 2:b)"},
		{"user text between", OpenAIChat, []llm.Message{user(txt("q")), model(tool("1", "f", "")), user(txt("wait")), user(res("1", "a"))}, "U(q) A(1=f) U(1:a wait)"},
		{"late result", OpenAIChat, []llm.Message{user(txt("q")), model(tool("1", "f", "")), user(txt("x")), model(txt("y")), user(res("1", "a"))}, "U(q) A(1=f) U(1:a x) A(y)"},
		{"system between", OpenAIChat, []llm.Message{user(txt("q")), model(tool("1", "f", "")), rule(txt("s")), user(res("1", "a"))}, "U(q) A(1=f) U(1:a) S(s)"},
		{"unanswered", Anthropic, []llm.Message{user(txt("q")), model(tool("1", "f", ""), tool("2", "g", "")), user(res("2", "b"), txt("go"))}, "U(q) A(1=f 2=g) U(1:" + lost + " 2:b go)"},
		{"interrupted", OpenAIResponses, []llm.Message{user(txt("q")), model(tool("1", "f", "")), user(txt("stop"))}, "U(q) A(1=f) U(1:" + lost + " stop)"},
		{"still open", Anthropic, []llm.Message{user(txt("q")), model(tool("1", "f", ""))}, "U(q) A(1=f)"},
		{"partly answered at the end", Gemini, []llm.Message{user(txt("q")), model(tool("1", "f", ""), tool("2", "g", "")), user(res("1", "a"))}, "U(q) A(1=f 2=g) U(1:a 2:" + lost + ")"},
		{"orphan", Anthropic, []llm.Message{user(res("9", "old"), txt("q")), model(txt("a")), user(txt("x"))}, "U([Result_of_a_tool_call_that_is_no_longer_in_this_conversation]\nold q) A(a) U(x)"},
		{"orphan in the middle", OpenAIChat, []llm.Message{user(txt("q")), model(tool("1", "f", "")), user(res("1", "a"), res("2", "b"))}, "U(q) A(1=f) U(1:a [Result_of_a_tool_call_that_is_no_longer_in_this_conversation]\nb)"},
		{"result before its call", OpenAIChat, []llm.Message{user(txt("q")), user(res("1", "a")), model(tool("1", "f", "")), user(txt("x"))}, "U(q) A(1=f) U(1:a x)"},
		{"duplicate result: last payload, first place", OpenAIChat, []llm.Message{user(txt("q")), model(tool("1", "f", "")), user(res("1", "a")), model(txt("b")), user(res("1", "c"), txt("x"))}, "U(q) A(1=f) U(1:c) A(b) U(x)"},
		{"one id in two turns", Anthropic, []llm.Message{user(txt("q")), model(tool("0", "f", "")), user(res("0", "a")), model(tool("0", "f", "")), user(res("0", "b"))}, "U(q) A(0=f) U(0:a) A(0_2=f) U(0_2:b)"},
		{"one id twice in a turn", OpenAIChat, []llm.Message{user(txt("q")), model(tool("0", "f", ""), tool("0", "f", "")), user(res("0", "a"), res("0", "b"))}, "U(q) A(0=f 0_2=f) U(0:a 0_2:b)"},
		{"illegal ids", Anthropic, []llm.Message{user(txt("q")), model(tool("f:0|é", "f", ""), tool("f.0_e", "f", ""), tool("f:0_e", "f", "")), user(res("f:0_e", "c"), res("f:0|é", "a"), res("f.0_e", "b"))}, "U(q) A(f_0__=f f_0_e=f f_0_e_2=f) U(f_0__:a f_0_e:b f_0_e_2:c)"},
		{"id-less at gemini", Gemini, []llm.Message{user(txt("q")), model(tool("", "f", "1"), tool("", "g", ""), tool("", "f", "2")), user(named("f", "a"), named("f", "b"), named("g", "c"))}, "U(q) A(=f =g =f) U(:a :c :b)"},
		{"id-less, surplus and wrong names", Gemini, []llm.Message{user(txt("q")), model(tool("", "f", "")), user(named("h", "x"), named("f", "a"), named("f", "b"))}, "U(q) A(=f) U(:a [Result_of_a_tool_call_to_h_that_is_no_longer_in_this_conversation]\nx [Result_of_a_tool_call_to_f_that_is_no_longer_in_this_conversation]\nb)"},
		{"call without id, result with one", Gemini, []llm.Message{user(txt("q")), model(tool("", "f", "")), user(llm.Part{Kind: llm.PartToolResult, Result: &llm.ToolResult{CallID: "x", Name: "f", Parts: []llm.Part{txt("a")}}})}, "U(q) A(=f) U(:a)"},
		{"result in an assistant message", OpenAIChat, []llm.Message{user(txt("q")), model(tool("1", "f", ""), res("1", "a"), txt("b")), user(txt("x"))}, "U(q) A(1=f b) U(1:a x)"},
		{"assistant first", Anthropic, []llm.Message{model(txt("hi")), user(txt("q"))}, "U(.) A(hi) U(q)"},
		{"assistant first, chat", OpenAIChat, []llm.Message{model(txt("hi")), user(txt("q"))}, "A(hi) U(q)"},
		{"empty texts", Anthropic, []llm.Message{user(txt("q"), txt(""), txt(" \n")), model(txt("")), user(txt("x"))}, "U(q x)"},
		{"empty texts, chat", OpenAIChat, []llm.Message{user(txt("q"), txt("")), model(txt("")), user(txt(""))}, "U(q) U()"},
		{"white space is kept", Anthropic, []llm.Message{user(txt(" q "))}, "U(_q_)"},
		{"system in the middle, anthropic", Anthropic, []llm.Message{user(txt("q")), rule(txt("s")), model(txt("a"))}, "U(q <system-reminder>\ns\n</system-reminder>) A(a)"},
		{"nothing left", Gemini, []llm.Message{user(txt(""))}, "U(.)"},
	}
	for _, c := range cases {
		got, _ := Prepare(&llm.Request{Messages: c.in}, c.f, Dialect{})
		if d := draw(got.Messages); d != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, d, c.want)
		}
	}
}

func TestIDsAreMadeFromTheCall(t *testing.T) {
	in := []llm.Message{user(txt("q")), model(tool("", "f", "1"), tool("", "f", "1")), user(named("f", "a"), named("f", "b"))}
	one, _ := Prepare(&llm.Request{Messages: in}, Anthropic, Dialect{})
	two, _ := Prepare(&llm.Request{Messages: append(in, model(txt("x")), user(txt("y")))}, Anthropic, Dialect{})
	a, b := one.Messages[1].Parts[0].Call.ID, one.Messages[1].Parts[1].Call.ID
	if a == b || a == "" || !strings.HasPrefix(a, "toolu_") || one.Messages[2].Parts[0].Result.CallID != a {
		t.Errorf("%s", draw(one.Messages))
	}
	if d := draw(two.Messages); !strings.HasPrefix(d, draw(one.Messages)) {
		t.Errorf("the prefix changed:\n%s\n%s", draw(one.Messages), d)
	}
}

func TestOnlySystem(t *testing.T) {
	for f, want := range map[Format]string{Anthropic: "U(be\n\nnice)", Gemini: "U(be\n\nnice)", OpenAIResponses: "U(be\n\nnice)", OpenAIChat: ""} {
		got, _ := Prepare(&llm.Request{System: []llm.Part{txt("be"), txt(" "), txt("nice")}}, f, Dialect{})
		if d := draw(got.Messages); d != want || len(got.System) != 2 {
			t.Errorf("%s: %s, %d system parts", f, d, len(got.System))
		}
	}
}

func TestSystemReachesGemini(t *testing.T) {
	got, _ := Prepare(&llm.Request{System: []llm.Part{txt("a")}, Messages: []llm.Message{user(txt("q")), rule(txt("late")), model(txt("x"))}}, Gemini, Dialect{})
	if len(got.System) != 2 || got.System[1].Text != "late" || draw(got.Messages) != "U(q) A(x)" {
		t.Errorf("%v %s", got.System, draw(got.Messages))
	}
}

func TestBillingHeader(t *testing.T) {
	req := &llm.Request{System: []llm.Part{txt("x-anthropic-billing-header: a=b"), txt("x-anthropic-billing-header: c\nkeep"), txt("s")}, Messages: []llm.Message{user(txt("q"))}}
	for f, want := range map[Format]int{Anthropic: 3, OpenAIChat: 2, Gemini: 2} {
		got, _ := Prepare(req, f, Dialect{})
		if len(got.System) != want {
			t.Errorf("%s: %v", f, got.System)
		}
		for _, p := range got.System {
			if f != Anthropic && strings.Contains(p.Text, "billing") {
				t.Errorf("%s: %q leaks", f, p.Text)
			}
		}
	}
}

func TestReasoningInHistory(t *testing.T) {
	claude := llm.Seal{Family: llm.FamilyAnthropic, Data: "C"}
	google := llm.Seal{Family: llm.FamilyGemini, Data: "G"}
	openai := llm.Seal{Family: llm.FamilyOpenAI, Data: "O"}
	signed := tool("1", "f", "")
	signed.Seal = google
	cases := []struct {
		name string
		f    Format
		d    Dialect
		in   []llm.Part
		want string
	}{
		{"own stays in place", Anthropic, Dialect{}, []llm.Part{think("t", claude), txt("a"), think("", claude)}, "A(~t*C a ~*C)"},
		{"foreign and unsigned go", Anthropic, Dialect{}, []llm.Part{think("t", google), think("u", llm.Seal{}), think("v", openai), txt("a")}, "A(a)"},
		{"openai", OpenAIResponses, Dialect{}, []llm.Part{think("t", openai), think("u", claude), txt("a")}, "A(~t*O a)"},
		{"chat", OpenAIChat, Dialect{}, []llm.Part{think("t", openai), txt("a")}, "A(a)"},
		{"chat that wants it back", OpenAIChat, Dialect{Caps: Caps{ReasoningField: "reasoning_content"}}, []llm.Part{think("t", claude), think("", claude), txt("a")}, "A(~t a)"},
		{"gemini's own needs no seal", Gemini, Dialect{}, []llm.Part{think("t", llm.Seal{Family: llm.FamilyGemini}), txt("a")}, "A(~t a)"},
		{"gemini, foreign", Gemini, Dialect{}, []llm.Part{think("t", claude), txt("a")}, "A(a)"},
		{"seals stay in place for the encoder", Gemini, Dialect{}, []llm.Part{think("t", google), think("", google), tool("1", "f", "")}, "A(~t*G ~*G 1=f)"},
		{"seal goes back on the call", OpenAIChat, Dialect{Model: "gemini-3"}, []llm.Part{think("t", google), think("", google), tool("1", "f", ""), tool("2", "f", "")}, "A(1=f*G 2=f)"},
		{"a sealed call keeps its own", OpenAIChat, Dialect{Model: "gemini-3"}, []llm.Part{think("", llm.Seal{Family: llm.FamilyGemini, Data: "H"}), signed}, "A(1=f*G)"},
		{"seal after text stays", Gemini, Dialect{}, []llm.Part{txt("a"), think("", google)}, "A(a ~*G)"},
		{"seal of a call, elsewhere", Anthropic, Dialect{}, []llm.Part{signed}, "A(1=f)"},
		{"seal of a call, chat", OpenAIChat, Dialect{Model: "gpt"}, []llm.Part{signed}, "A(1=f)"},
		{"seal of a call, Google's chat", OpenAIChat, Dialect{Model: "google/Gemini-3"}, []llm.Part{signed}, "A(1=f*G)"},
	}
	for _, c := range cases {
		got, _ := Prepare(&llm.Request{Messages: []llm.Message{user(txt("q")), model(c.in...)}}, c.f, c.d)
		if d := draw(got.Messages[1:]); d != c.want {
			t.Errorf("%s: got %s, want %s", c.name, d, c.want)
		}
	}
}

func TestThinkingOffWithoutThought(t *testing.T) {
	claude := llm.Seal{Family: llm.FamilyAnthropic, Data: "C"}
	for name, c := range map[string]struct {
		in   []llm.Message
		want llm.ReasoningMode
	}{
		"no thought":       {[]llm.Message{user(txt("q")), model(tool("1", "f", "")), user(res("1", "a"))}, llm.ReasoningUnset},
		"foreign thought":  {[]llm.Message{user(txt("q")), model(think("t", llm.Seal{Family: llm.FamilyGemini, Data: "G"}), tool("1", "f", "")), user(res("1", "a"))}, llm.ReasoningUnset},
		"thought":          {[]llm.Message{user(txt("q")), model(think("t", claude), tool("1", "f", "")), user(res("1", "a"))}, llm.ReasoningOn},
		"first of a loop":  {[]llm.Message{user(txt("q")), model(think("t", claude), tool("1", "f", "")), user(res("1", "a")), model(tool("2", "f", "")), user(res("2", "a"))}, llm.ReasoningOn},
		"an earlier loop":  {[]llm.Message{user(txt("q")), model(think("t", claude), tool("1", "f", "")), user(res("1", "a")), model(txt("x")), user(txt("y")), model(tool("2", "f", "")), user(res("2", "a"))}, llm.ReasoningUnset},
		"a new question":   {[]llm.Message{user(txt("q")), model(tool("1", "f", "")), user(res("1", "a")), model(txt("b")), user(txt("y"))}, llm.ReasoningOn},
		"result then text": {[]llm.Message{user(txt("q")), model(tool("1", "f", "")), user(res("1", "a"), txt("b"))}, llm.ReasoningUnset},
		"first message":    {[]llm.Message{user(txt("q"))}, llm.ReasoningOn},
	} {
		req := &llm.Request{Reasoning: llm.Reasoning{Mode: llm.ReasoningOn}, Messages: c.in}
		if got, _ := Prepare(req, Anthropic, Dialect{}); got.Reasoning.Mode != c.want {
			t.Errorf("%s: mode %d, want %d", name, got.Reasoning.Mode, c.want)
		}
		if got, _ := Prepare(req, Gemini, Dialect{}); got.Reasoning.Mode != llm.ReasoningOn {
			t.Errorf("%s: only Anthropic asks for this", name)
		}
	}
}

func TestCacheHints(t *testing.T) {
	hint := func(p llm.Part) llm.Part { p.Cache = &llm.CacheHint{}; return p }
	inner := res("1", "r")
	inner.Result.Parts[0] = hint(inner.Result.Parts[0])
	req := &llm.Request{
		Tools:    []llm.Tool{{Name: "f", Cache: &llm.CacheHint{}}},
		System:   []llm.Part{hint(txt("s"))},
		Messages: []llm.Message{user(hint(txt("a")), hint(txt("b"))), model(tool("1", "f", "")), user(hint(inner), hint(txt("c")))},
	}
	count := func(r *llm.Request) string {
		var b strings.Builder
		mark := func(h *llm.CacheHint) { b.WriteByte("-x"[map[bool]int{true: 1}[h != nil]]) }
		for _, x := range r.Tools {
			mark(x.Cache)
		}
		for _, x := range r.System {
			mark(x.Cache)
		}
		for _, m := range r.Messages {
			for _, x := range m.Parts {
				mark(x.Cache)
				if x.Result != nil {
					for _, y := range x.Result.Parts {
						mark(y.Cache)
					}
				}
			}
		}
		return b.String()
	}
	before := count(req)
	got, losses := Prepare(req, Anthropic, Dialect{})
	if s := count(got); s != "---x-xxx" && s != "---x-xxx"[:len(s)] {
		t.Errorf("kept %s of %s", s, before)
	}
	if len(losses) != 1 {
		t.Errorf("one loss for the dropped hints: %v", losses)
	}
	got, _ = Prepare(req, OpenAIChat, Dialect{})
	if s := count(got); strings.Contains(s, "x") {
		t.Errorf("chat got hints: %s", s)
	}
	if count(req) != before {
		t.Error("the client's request was changed")
	}
}

func TestTools(t *testing.T) {
	req := &llm.Request{
		Tools: []llm.Tool{
			{Name: "f"}, {Name: "f", Description: "second"}, {Name: ""},
			{Name: "search", Namespace: "mcp__git"}, {Name: "search", Namespace: "docs"},
			{Kind: llm.ToolCustom, Name: "patch", Description: "edits", Grammar: []byte(`{"type":"grammar","syntax":"lark","definition":"start: \"x\""}`)},
			{Kind: llm.ToolServer, Opaque: &llm.Opaque{Format: string(Anthropic)}},
			{Kind: llm.ToolWebSearch, Search: &llm.WebSearch{}},
		},
		Choice:   llm.ToolChoice{Mode: llm.ChoiceNamed, Names: []string{"patch"}, Custom: true},
		Messages: []llm.Message{user(txt("q")), model(llm.Part{Kind: llm.PartToolCall, Call: &llm.ToolCall{ID: "1", Name: "patch", Kind: llm.CallCustom, Input: "*** x"}}, llm.Part{Kind: llm.PartToolCall, Call: &llm.ToolCall{ID: "2", Namespace: "docs", Name: "search"}}), user(res("1", "ok"), res("2", "ok"))},
	}
	got, _ := Prepare(req, OpenAIChat, Dialect{})
	var names []string
	for _, x := range got.Tools {
		names = append(names, fmt.Sprintf("%d%s", x.Kind, x.Name))
	}
	if s := strings.Join(names, " "); s != "0f 0mcp__git__search 0docs__search 0patch 2" {
		t.Errorf("tools %s", s)
	}
	patch := got.Tools[3]
	if !strings.Contains(patch.Description, "edits") || !strings.Contains(patch.Description, `start: "x"`) || !strings.Contains(string(patch.Schema), `"input"`) || got.Choice.Custom {
		t.Errorf("%+v", patch)
	}
	c := got.Messages[1].Parts[0].Call
	if c.Kind != llm.CallFunction || c.Args != `{"input":"*** x"}` || got.Messages[2].Parts[0].Result.Kind != llm.CallFunction {
		t.Errorf("%+v", c)
	}
	if draw(got.Messages) != "U(q) A(1=patch 2=docs__search) U(1:ok 2:ok)" {
		t.Errorf("%s", draw(got.Messages))
	}
	if got, _ = Prepare(req, OpenAIResponses, Dialect{}); got.Tools[3].Kind != llm.ToolCustom || got.Messages[1].Parts[0].Call.Input != "*** x" {
		t.Error("Responses has custom tools")
	}
	if got, _ = Prepare(&llm.Request{Choice: llm.ToolChoice{Mode: llm.ChoiceAuto}, Parallel: new(bool)}, OpenAIChat, Dialect{}); got.Choice.Mode != llm.ChoiceUnset || got.Parallel != nil {
		t.Error("tool settings without tools")
	}
}

// lawful checks what Prepare promises.
func lawful(t *testing.T, f Format, r *llm.Request, in string) {
	t.Helper()
	ids := map[string]bool{}
	for i, m := range r.Messages {
		if len(m.Parts) == 0 {
			t.Fatalf("%s: empty message %d in %s from %s", f, i, draw(r.Messages), in)
		}
		var calls []string
		for _, p := range m.Parts {
			switch p.Kind {
			case llm.PartToolCall:
				id := p.Call.ID
				if f.Family() != llm.FamilyGemini && (id == "" || ids[id]) || m.Role != llm.RoleAssistant || !legalName(f, p.Call.Name) || LegalID(f, id) != id {
					t.Fatalf("%s: call %+v in %s from %s", f, p.Call, draw(r.Messages), in)
				}
				ids[id] = true
				calls = append(calls, id)
			case llm.PartToolResult:
				if i == 0 || m.Role != llm.RoleUser || r.Messages[i-1].Role != llm.RoleAssistant {
					t.Fatalf("%s: result out of place in %s from %s", f, draw(r.Messages), in)
				}
			}
		}
		if len(calls) > 0 && i < len(r.Messages)-1 {
			next := r.Messages[i+1]
			n := 0
			for n < len(next.Parts) && next.Parts[n].Kind == llm.PartToolResult {
				n++
			}
			if n != len(calls) {
				t.Fatalf("%s: %d calls, %d results in %s from %s", f, len(calls), n, draw(r.Messages), in)
			}
			for k, id := range calls {
				if next.Parts[k].Result.CallID != id || next.Parts[k].Result.Name == "" {
					t.Fatalf("%s: result %d is out of order in %s from %s", f, k, draw(r.Messages), in)
				}
			}
		}
		if (f == Anthropic || f.Family() == llm.FamilyGemini) && m.Role != llm.Role(i%2) {
			t.Fatalf("%s: turns do not alternate in %s from %s", f, draw(r.Messages), in)
		}
	}
}

func randomConversation(rng *rand.Rand) []llm.Message {
	ids := []string{"1", "2", "a.b", "", strings.Repeat("long", 20)}
	names := []string{"f", "g h", "k"}
	pick := func(s []string) string { return s[rng.IntN(len(s))] }
	var ms []llm.Message
	for range 1 + rng.IntN(7) {
		m := llm.Message{Role: llm.Role(rng.IntN(3))}
		for range rng.IntN(4) {
			var p llm.Part
			switch rng.IntN(6) {
			case 0, 1:
				p = tool(pick(ids), pick(names), "{}")
			case 2, 3:
				p = res(pick(ids), "r")
				p.Result.Name = pick(append(names, ""))
			case 4:
				p = think("t", llm.Seal{Family: llm.FamilyAnthropic, Data: "C"})
			default:
				p = txt(pick([]string{"x", "", " "}))
			}
			m.Parts = append(m.Parts, p)
		}
		ms = append(ms, m)
	}
	return ms
}

// FuzzPrepare: any conversation becomes a lawful one, the same every time,
// without a change to the client's request.
func FuzzPrepare(f *testing.F) {
	for i := range uint64(20) {
		f.Add(i)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		ms := randomConversation(rand.New(rand.NewPCG(seed, 1)))
		in := draw(ms)
		req := &llm.Request{Messages: ms, Tools: []llm.Tool{{Name: "f"}, {Name: "g h"}}}
		for _, format := range []Format{OpenAIChat, OpenAIResponses, Anthropic, Gemini} {
			one, _ := Prepare(req, format, Dialect{})
			two, _ := Prepare(req, format, Dialect{})
			lawful(t, format, one, in)
			if !reflect.DeepEqual(one, two) {
				t.Fatalf("%s: two runs differ on %s", format, in)
			}
			again, _ := Prepare(one, format, Dialect{})
			lawful(t, format, again, in)
			if draw(ms) != in {
				t.Fatalf("%s: the request was changed", format)
			}
		}
	})
}
