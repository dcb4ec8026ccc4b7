package ollama

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"omniroute/backend/fault"
	"omniroute/backend/llm"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
	"omniroute/backend/wire/wiretest"
)

func decode(t *testing.T, body string) *llm.Request {
	t.Helper()
	if err := jscan.Check([]byte(body)); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	r, err := New().DecodeRequest([]byte(body))
	if err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	return r
}

const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="

func TestDecodeRequest(t *testing.T) {
	r := decode(t, `{"model":"llama3.2:latest","messages":[
		{"role":"system","content":"Be brief."},
		{"role":"user","content":"What is this?","images":["`+pixel+`","data:image/jpg;base64,/9j/4AAQ"]},
		{"role":"assistant","content":"","thinking":"A tool helps.","tool_calls":[{"function":{"name":"look","arguments":{"n":12345678901234567890,"s":"ü"}}},{"id":"c2","function":{"index":1,"name":"look","arguments":"{\"a\":1}"}}]},
		{"role":"tool","tool_name":"look","content":"a dog"},
		{"role":"tool","tool_call_id":"c2","content":"a cat"},
		{"role":"system","content":"later"},
		{"role":"assistant","content":""},
		{"role":"user","content":[{"type":"text","text":"and now?"}]}],
		"tools":[{"type":"function","function":{"name":"look","description":"Looks.","parameters":{"type":"object","properties":{}}}},{"type":"function","function":{"name":"bare"}}],
		"options":{"temperature":0.5,"top_p":0.9,"top_k":40,"num_predict":100,"stop":["a","b"],"seed":7,"frequency_penalty":1,"presence_penalty":-1,"num_ctx":8192,"min_p":null},
		"think":"high","keep_alive":"5m","template":null}`)
	if r.Model != "llama3.2:latest" || !r.Stream || len(r.System) != 1 || r.System[0].Text != "Be brief." {
		t.Errorf("%q stream=%v system=%v", r.Model, r.Stream, r.System)
	}
	var drawn []string
	for _, m := range r.Messages {
		for _, p := range m.Parts {
			switch {
			case p.Media != nil:
				drawn = append(drawn, fmt.Sprintf("%d image %s %d", m.Role, p.Media.MIME, len(p.Media.Data)))
			case p.Call != nil:
				drawn = append(drawn, fmt.Sprintf("%d call %s %s %s", m.Role, p.Call.ID, p.Call.Name, p.Call.Args))
			case p.Result != nil:
				drawn = append(drawn, fmt.Sprintf("%d result %s %s %s", m.Role, p.Result.CallID, p.Result.Name, p.Result.Parts[0].Text))
			default:
				drawn = append(drawn, fmt.Sprintf("%d %d %s", m.Role, p.Kind, p.Text))
			}
		}
	}
	want := []string{
		fmt.Sprintf("0 image image/png %d", len(pixel)), "0 image image/jpeg 8", "0 0 What is this?",
		"1 7 A tool helps.", `1 call  look {"n":12345678901234567890,"s":"ü"}`, `1 call c2 look {"a":1}`,
		"0 result  look a dog", "0 result c2  a cat", "2 0 later", "0 0 and now?",
	}
	if !reflect.DeepEqual(drawn, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(drawn, "\n"), strings.Join(want, "\n"))
	}
	s := r.Sampling
	if *s.Temperature != 0.5 || *s.TopP != 0.9 || *s.TopK != 40 || *s.MaxTokens != 100 || *s.Seed != 7 || *s.Frequency != 1 || *s.Presence != -1 || !reflect.DeepEqual(s.Stop, []string{"a", "b"}) {
		t.Errorf("%+v", s)
	}
	if r.Reasoning.Mode != llm.ReasoningOn || r.Reasoning.Effort != llm.EffortHigh || r.Reasoning.Show == nil || !*r.Reasoning.Show {
		t.Errorf("%+v", r.Reasoning)
	}
	if len(r.Tools) != 2 || r.Tools[0].Description != "Looks." || string(r.Tools[0].Schema) != `{"type":"object","properties":{}}` || r.Tools[1].Schema != nil {
		t.Errorf("%+v", r.Tools)
	}
	var extra []string
	for _, f := range r.Extra.Fields {
		extra = append(extra, f.Name+"="+string(f.Value))
	}
	if got := strings.Join(extra, " "); got != `options.num_ctx=8192 keep_alive="5m"` || r.Extra.Format != formatName {
		t.Errorf("extra %s", got)
	}
	// the calls and results are paired for any upstream
	prepared, _ := wire.Prepare(r, wire.Anthropic, wire.Dialect{Model: "m"})
	for i, m := range prepared.Messages {
		n := 0
		for _, p := range m.Parts {
			if p.Call != nil {
				res := prepared.Messages[i+1].Parts[n].Result
				n++
				if p.Call.ID == "" || res == nil || res.CallID != p.Call.ID {
					t.Errorf("call %q has the result %+v", p.Call.ID, res)
				}
			}
		}
	}
}

func TestDecodeWishes(t *testing.T) {
	ask := func(more string) *llm.Request {
		return decode(t, `{"model":"m","messages":[{"role":"user","content":"x"}]`+more+`}`)
	}
	if !ask(``).Stream || ask(`,"stream":false`).Stream || !ask(`,"stream":true`).Stream || !ask(`,"stream":null`).Stream {
		t.Error("a stream unless it is false")
	}
	if r := ask(``); r.Extra.Format != "" || r.Reasoning != (llm.Reasoning{}) || r.Output.Kind != llm.OutputText {
		t.Errorf("%+v", r)
	}
	if r := ask(`,"think":false`).Reasoning; r.Mode != llm.ReasoningOff || r.Show != nil {
		t.Errorf("%+v", r)
	}
	if r := ask(`,"think":true`).Reasoning; r.Mode != llm.ReasoningOn || r.Effort != llm.EffortMedium {
		t.Errorf("%+v", r)
	}
	if r := ask(`,"format":"json"`).Output; r.Kind != llm.OutputJSON {
		t.Errorf("%+v", r)
	}
	if r := ask(`,"format":{"type":"object"}`).Output; r.Kind != llm.OutputSchema || string(r.Schema) != `{"type":"object"}` {
		t.Errorf("%+v", r)
	}
	if r := ask(`,"format":""`).Output; r.Kind != llm.OutputText {
		t.Errorf("%+v", r)
	}
	for _, n := range []string{"-1", "-2", "0"} {
		if r := ask(`,"options":{"num_predict":` + n + `}`); r.Sampling.MaxTokens != nil {
			t.Errorf("num_predict %s: %d", n, *r.Sampling.MaxTokens)
		}
	}
	if r := ask(`,"options":{"stop":"x"}`); !reflect.DeepEqual(r.Sampling.Stop, []string{"x"}) {
		t.Errorf("%v", r.Sampling.Stop)
	}
}

func TestDecodedAliasesNothing(t *testing.T) {
	body := []byte(`{"model":"model-a","keep_alive":"10m","format":{"type":"object"},"tools":[{"function":{"name":"toolname","parameters":{"a":1}}}],"messages":[{"role":"user","content":"hello"},{"role":"assistant","tool_calls":[{"function":{"name":"toolname","arguments":{"k":"v"}}}]}]}`)
	r, err := New().DecodeRequest(body)
	if err != nil {
		t.Fatal(err)
	}
	before := fmt.Sprintf("%+v %s %s %s %s", r.Messages[1].Parts[0].Call, r.Output.Schema, r.Tools[0].Schema, r.Extra.Fields[0].Value, r.Model)
	for i := range body {
		body[i] = 'Z'
	}
	if after := fmt.Sprintf("%+v %s %s %s %s", r.Messages[1].Parts[0].Call, r.Output.Schema, r.Tools[0].Schema, r.Extra.Fields[0].Value, r.Model); after != before {
		t.Errorf("changed with the body: %s", after)
	}
}

func TestDecodeMistakes(t *testing.T) {
	msg := `"messages":[{"role":"user","content":"x"}]`
	for body, param := range map[string]string{
		`[]`:              "",
		`{}`:              "messages",
		`{"model":"m"}`:   "messages",
		`{"messages":[]}`: "messages",
		`{"messages":{}}`: "messages",
		`{"messages":[{"role":"user","content":""}]}`:                     "messages",
		`{"messages":["x"]}`:                                              "messages[0]",
		`{"messages":[{"role":"robot","content":"x"}]}`:                   "messages[0].role",
		`{"messages":[{"content":"x"}]}`:                                  "messages[0].role",
		`{"messages":[{"role":"user","content":7}]}`:                      "messages[0].content",
		`{"messages":[{"role":"user","content":[{"type":"image_url"}]}]}`: "messages[0].content[0]",
		`{"messages":[{"role":"user","content":"x","images":"a"}]}`:       "messages[0].images",
		`{"messages":[{"role":"user","content":"x","images":[1]}]}`:       "messages[0].images[0]",
		`{"messages":[{"role":"assistant","tool_calls":{}}]}`:             "messages[0].tool_calls",
		`{"messages":[{"role":"assistant","tool_calls":[{}]}]}`:           "messages[0].tool_calls[0].function.name",
		`{"model":7,` + msg + `}`:                                         "model",
		`{"stream":"yes",` + msg + `}`:                                    "stream",
		`{"tools":{},` + msg + `}`:                                        "tools",
		`{"tools":[{"type":"function"}],` + msg + `}`:                     "tools[0].function.name",
		`{"format":"xml",` + msg + `}`:                                    "format",
		`{"format":7,` + msg + `}`:                                        "format",
		`{"think":"hard",` + msg + `}`:                                    "think",
		`{"options":[],` + msg + `}`:                                      "options",
		`{"options":{"seed":1.5},` + msg + `}`:                            "options.seed",
		`{"options":{"temperature":"hot"},` + msg + `}`:                   "options.temperature",
		`{"options":{"stop":{}},` + msg + `}`:                             "options.stop",
		`{"options":{"stop":[1]},` + msg + `}`:                            "options.stop[0]",
	} {
		_, err := New().DecodeRequest([]byte(body))
		f := fault.As(err)
		if f == nil || f.Kind != fault.Invalid || f.Param != param || f.Public == "" {
			t.Errorf("%s: %+v, want a mistake at %q", body, f, param)
		}
	}
}

// answer is what Ollama's clients read.
type answer struct {
	Model     string    `json:"model"`
	CreatedAt time.Time `json:"created_at"`
	Message   struct {
		Role      string   `json:"role"`
		Content   *string  `json:"content"`
		Thinking  string   `json:"thinking"`
		Images    []string `json:"images"`
		ToolCalls []struct {
			ID       string `json:"id"`
			Function struct {
				Index     int             `json:"index"`
				Name      string          `json:"name"`
				Arguments json.RawMessage `json:"arguments"`
			} `json:"function"`
		} `json:"tool_calls"`
	} `json:"message"`
	Done            *bool  `json:"done"`
	DoneReason      string `json:"done_reason"`
	PromptEvalCount int64  `json:"prompt_eval_count"`
	EvalCount       int64  `json:"eval_count"`
	TotalDuration   int64  `json:"total_duration"`
	EvalDuration    int64  `json:"eval_duration"`
	Error           string `json:"error"`
}

func read(t *testing.T, line []byte) answer {
	t.Helper()
	var a answer
	if err := json.Unmarshal(line, &a); err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	return a
}

// TestWholeAndStreamAgree: a stream's lines add up to the whole answer.
func TestWholeAndStreamAgree(t *testing.T) {
	for name, r := range wiretest.Responses() {
		t.Run(name, func(t *testing.T) {
			body, losses, err := New().EncodeResponse(r, wiretest.Asker())
			if err != nil || len(losses) != 0 {
				t.Fatal(err, losses)
			}
			whole := read(t, body)
			w := &counting{}
			e := New().EncodeStream(w, wiretest.Asker())
			for ev, err := range llm.Unfold(r) {
				w.calls = 0
				if err != nil || e.Encode(ev) != nil || w.calls > 1 {
					t.Fatalf("%v: %d writes for one event", err, w.calls)
				}
			}
			if err := e.Close(nil); err != nil {
				t.Fatal(err)
			}
			sum := answer{}
			content := ""
			lines := bytes.SplitAfter(w.Bytes(), []byte("\n"))
			for i, line := range lines[:len(lines)-1] {
				a := read(t, line)
				last := i == len(lines)-2
				if a.Done == nil || *a.Done != last || a.Message.Content == nil || a.Message.Role != "assistant" || a.Model != "up-model" || a.CreatedAt.Unix() != 1760000000 {
					t.Errorf("line %d: %s", i, line)
				}
				content += *a.Message.Content
				sum.Message.Thinking += a.Message.Thinking
				sum.Message.ToolCalls = append(sum.Message.ToolCalls, a.Message.ToolCalls...)
				sum.DoneReason, sum.PromptEvalCount, sum.EvalCount = a.DoneReason, a.PromptEvalCount, a.EvalCount
			}
			if len(lines[len(lines)-1]) != 0 {
				t.Errorf("rest %q", lines[len(lines)-1])
			}
			if content != *whole.Message.Content || sum.Message.Thinking != whole.Message.Thinking || !reflect.DeepEqual(sum.Message.ToolCalls, whole.Message.ToolCalls) ||
				sum.DoneReason != whole.DoneReason || sum.PromptEvalCount != whole.PromptEvalCount || sum.EvalCount != whole.EvalCount {
				t.Errorf("stream %q %+v\nwhole  %s", content, sum, body)
			}
			if whole.Done == nil || !*whole.Done || whole.PromptEvalCount != 30 || whole.EvalCount != 12 {
				t.Errorf("%s", body)
			}
		})
	}
}

type counting struct {
	bytes.Buffer
	calls int
}

func (c *counting) Write(p []byte) (int, error) { c.calls++; return c.Buffer.Write(p) }

func TestAnswersInDetail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // 2000-01-01
		r := &llm.Response{Candidates: []llm.Candidate{{Parts: []llm.Part{
			{Kind: llm.PartReasoning, Text: "hm"}, {Kind: llm.PartText, Text: "a\n"}, {Kind: llm.PartRefusal, Text: "b"},
			{Kind: llm.PartToolCall, Call: &llm.ToolCall{ID: "c1", Name: "f", Args: `{"big":9007199254740993}`}},
			{Kind: llm.PartToolCall, Call: &llm.ToolCall{Name: "g"}},
			{Kind: llm.PartToolCall, Call: &llm.ToolCall{Name: "h", Args: `{"cut`}},
			{Kind: llm.PartImage, Media: &llm.Media{MIME: "image/png", Data: "QUJD"}},
			{Kind: llm.PartServer, Opaque: &llm.Opaque{Type: "web_search_call"}},
		}, Stop: llm.Stop{Reason: llm.StopLength}}, {}}}
		body, losses, err := New().EncodeResponse(r, &llm.Request{Model: "asked", Messages: []llm.Message{{Parts: []llm.Part{{Text: "hi there"}}}}})
		want := `{"model":"asked","created_at":"2000-01-01T00:00:00Z","message":{"role":"assistant","content":"a\nb","thinking":"hm","images":["QUJD"],"tool_calls":[` +
			`{"id":"c1","function":{"index":0,"name":"f","arguments":{"big":9007199254740993}}},{"function":{"index":1,"name":"g","arguments":{}}},{"function":{"index":2,"name":"h","arguments":{"_raw":"{\"cut"}}}]},` +
			`"done":true,"done_reason":"length","prompt_eval_count":`
		if err != nil || !strings.HasPrefix(string(body), want) || jscan.Check(body) != nil {
			t.Errorf("%v\ngot  %s\nwant %s", err, body, want)
		}
		if len(losses) != 2 {
			t.Errorf("losses %v", losses)
		}
	})
}

func TestStreamEnds(t *testing.T) {
	begin := llm.Event{Kind: llm.EventBegin, Model: "m", Created: 1}
	cases := map[string]struct {
		events []llm.Event
		err    error
		last   string // start of the last line
	}{
		"nothing":         {nil, nil, `{"error":"The upstream's answer broke off before its end."}`},
		"without end":     {[]llm.Event{begin}, nil, `{"error":"The upstream's answer broke off`},
		"error at once":   {nil, fault.New(fault.Quota, "x", "Used up."), `{"error":"Used up."}`},
		"error later":     {[]llm.Event{begin, {Kind: llm.EventOpen, Part: &llm.Part{}}, {Kind: llm.EventDelta, Text: "a"}}, fault.New(fault.Timeout, "x", "Silent."), `{"error":"Silent."}`},
		"an empty answer": {[]llm.Event{begin, {Kind: llm.EventFinish}, {Kind: llm.EventEnd}}, nil, `{"model":"m","created_at":"1970-01-01T00:00:01Z","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","total_duration":`},
	}
	for name, x := range cases {
		var b bytes.Buffer
		e := New().EncodeStream(&b, nil)
		for _, ev := range x.events {
			if err := e.Encode(ev); err != nil {
				t.Fatal(err)
			}
		}
		before := b.Len()
		if e.KeepAlive() != nil || b.Len() != before {
			t.Errorf("%s: a keep-alive is written", name)
		}
		if err := e.Close(x.err); err != nil {
			t.Fatal(err)
		}
		if err := e.Close(nil); err != nil {
			t.Fatal(err)
		}
		if last := b.String()[before:]; !strings.HasPrefix(last, x.last) || strings.Count(last, "\n") != 1 || !strings.HasSuffix(last, "\n") {
			t.Errorf("%s: %q, want %q", name, last, x.last)
		}
	}
}

func TestStreamTellsItsTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		e := New().EncodeStream(&b, nil)
		time.Sleep(2 * time.Second)
		for _, ev := range []llm.Event{{Kind: llm.EventBegin}, {Kind: llm.EventOpen, Part: &llm.Part{}}, {Kind: llm.EventDelta, Text: "a"}} {
			e.Encode(ev)
		}
		time.Sleep(3 * time.Second)
		e.Encode(llm.Event{Kind: llm.EventEnd})
		e.Close(nil)
		lines := bytes.Split(bytes.TrimSpace(b.Bytes()), []byte("\n"))
		if a := read(t, lines[len(lines)-1]); a.TotalDuration != 5e9 || a.EvalDuration != 3e9 || a.EvalCount != 1 {
			t.Errorf("%+v", a)
		}
	})
}

func TestErrors(t *testing.T) {
	for _, x := range []struct {
		err    error
		status int
		retry  string
	}{
		{fault.New(fault.NotFound, "x", "model 'm' not found"), 404, ""},
		{fault.New(fault.Unauthorized, "x", "No key."), 401, ""},
		{fault.New(fault.Quota, "x", "q").With(func(e *fault.Error) { e.RetryAfter = 1500 * time.Millisecond; e.Code = fault.CodeBilling }), 429, "2"},
		{fault.New(fault.Overloaded, "x", "o").With(func(e *fault.Error) { e.Status = 529 }), 503, ""},
		{fault.New(fault.TooLarge, "x", "t").With(func(e *fault.Error) { e.Code = fault.CodeContextLength }), 400, ""},
		{fault.New(fault.TooLarge, "x", "t"), 413, ""},
		{fault.New(fault.Upstream, "x", "u").With(func(e *fault.Error) { e.Status = 404 }), 502, ""},
		{fault.New(fault.Upstream, "x", "u").With(func(e *fault.Error) { e.Status = 500 }), 500, ""},
		{fault.New(fault.Timeout, "x", "u"), 504, ""},
		{fault.New(fault.Invalid, "x", ""), 400, ""},
		{nil, 500, ""},
	} {
		status, h, body := New().EncodeError(x.err, "req")
		if status != x.status || h.Get("Retry-After") != x.retry || h.Get("Content-Type") != "application/json" || read(t, body).Error == "" {
			t.Errorf("%v: %d %v %s, want %d", x.err, status, h, body, x.status)
		}
	}
	f := fault.As(New().DecodeError(404, nil, []byte(`{"error":"model \"x\" not found, try pulling it first"}`)))
	if f.Kind != fault.ModelGone || f.Status != 404 || !strings.Contains(f.Public, "try pulling") {
		t.Errorf("%+v", f)
	}
}

func TestClientsOnly(t *testing.T) {
	c := New()
	_, _, e1 := c.EncodeRequest(&llm.Request{}, wire.Dialect{})
	_, e2 := c.DecodeResponse([]byte(`{}`))
	_, e3 := c.DecodeCount([]byte(`{}`))
	_, e4 := llm.Fold(c.DecodeStream(strings.NewReader("{}")))
	for i, err := range []error{e1, e2, e3, e4, c.Tap(true).Err()} {
		if fault.KindOf(err) != fault.Unsupported || fault.As(err).Public == "" {
			t.Errorf("%d: %v", i, err)
		}
	}
	if c.Format() != wire.Ollama || string(c.EncodeCount(7)) != `{"prompt_eval_count":7}` || (Codec{}).ContentType() != "application/x-ndjson" {
		t.Error("format, count or content type")
	}
}

func FuzzDecodeRequest(f *testing.F) {
	for _, s := range []string{
		`{"model":"m","messages":[{"role":"user","content":"x","images":["QUJD"]}],"options":{"stop":["a"],"seed":1},"think":true,"format":{"type":"object"}}`,
		`{"messages":[{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":{"a":[1,2]}}}]},{"role":"tool","content":"r","tool_name":"f"}],"tools":[{"function":{"name":"f"}}]}`,
		`{"messages":[{"role":"user","content":[{"text":"a"}]}],"stream":false,"keep_alive":0}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if jscan.Check(body) != nil {
			return
		}
		r, err := New().DecodeRequest(body)
		if err != nil {
			if e := fault.As(err); e.Kind != fault.Invalid || e.Public == "" {
				t.Fatalf("%+v", e)
			}
			return
		}
		for _, to := range []wire.Format{wire.Anthropic, wire.Gemini, wire.OpenAIChat} {
			if p, _ := wire.Prepare(r, to, wire.Dialect{Model: "m"}); p == nil {
				t.Fatal("nothing prepared")
			}
		}
	})
}
