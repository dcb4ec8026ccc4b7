package gemini

import (
	"slices"
	"strings"
	"testing"

	"omniroute/backend/fault"
	"omniroute/backend/llm"
	"omniroute/backend/wire"
)

func TestEncodeRequest(t *testing.T) {
	yes, no, five, two := true, false, int64(5), int64(2)
	warm := 0.25
	schema := []byte(`{"type":"object","properties":{"a":{"type":["string","null"]}},"additionalProperties":false}`)
	image := llm.Part{Kind: llm.PartImage, Media: &llm.Media{MIME: "image/png", Data: "iVBORw0KGgo="}}
	tool := llm.Tool{Name: "f", Description: "does f", Schema: schema}
	gen3 := wire.Dialect{Model: "gemini-3-pro", Caps: wire.Caps{Thinking: wire.ThinkingLevel}}
	gen2 := wire.Dialect{Model: "gemini-2.5-pro", Caps: wire.Caps{Thinking: wire.ThinkingBudget}}
	cases := []struct {
		name string
		req  llm.Request
		d    wire.Dialect
		want string
	}{
		{name: "turns are merged and roles are user and model (R13)",
			req:  llm.Request{System: []llm.Part{text("S")}, Messages: []llm.Message{user("a"), model(text("b")), user("c"), user("d")}},
			want: `{"systemInstruction":{"role":null,"parts":[{"text":"S"}]},"contents":[{"role":"user","parts":[{"text":"a"}]},{"role":"model","parts":[{"text":"b"}]},{"role":"user","parts":[{"text":"c"},{"text":"d"}]}],"model":null}`},
		{name: "instructions in the middle join the others (R13)",
			req:  llm.Request{System: []llm.Part{text("S")}, Messages: []llm.Message{user("a"), {Role: llm.RoleSystem, Parts: []llm.Part{text("M")}}, user("b")}},
			want: `{"systemInstruction":{"parts":[{"text":"S"},{"text":"M"}]},"contents":[{"role":"user","parts":[{"text":"a"},{"text":"b"}]}]}`},
		{name: "a conversation begins with the user",
			req:  llm.Request{Messages: []llm.Message{model(text("b")), user("c")}},
			want: `{"contents":[{"role":"user"},{"role":"model","parts":[{"text":"b"}]},{"role":"user"}]}`},
		{name: "empty texts are dropped (P12, R15)",
			req:  llm.Request{Messages: []llm.Message{user(" x "), model(text(""), text(" \n")), user("y")}},
			want: `{"contents":[{"role":"user","parts":[{"text":" x "},{"text":"y"}]}]}`},
		{name: "results follow call order, one content (R21, P09, P10)",
			req: llm.Request{Messages: []llm.Message{user("q"), model(call("c1", "get", `{"id":12345678901234567890}`), call("c2", "put", "")),
				results(result("c2", `{"big":9007199254740993}`), result("c1", ""))}},
			d:    gen2,
			want: `{"contents":[{},{"role":"model","parts":[{"functionCall":{"id":"c1","name":"get","args":{"id":12345678901234567890}},"thoughtSignature":null},{"functionCall":{"name":"put","args":{}}}]},{"role":"user","parts":[{"functionResponse":{"id":"c1","name":"get","response":{"output":""}}},{"functionResponse":{"name":"put","response":{"big":9007199254740993,"output":null}}}]}]}`},
		{name: "errors, arrays and scalars are never bare (R24)",
			req: llm.Request{Messages: []llm.Message{user("q"), model(call("a", "f", "[1]"), call("b", "f", `{"x"`)),
				results(llm.Part{Kind: llm.PartToolResult, Result: &llm.ToolResult{CallID: "a", Error: true, Parts: []llm.Part{text(`{"no":1}`)}}}, result("b", "[1,2]"))}},
			want: `{"contents":[{},{"parts":[{"functionCall":{"args":{"value":[1]}}},{"functionCall":{"args":{"_raw":"{\"x\""}}}]},{"parts":[{"functionResponse":{"response":{"error":"{\"no\":1}"}}},{"functionResponse":{"response":{"output":"[1,2]"}}}]}]}`},
		{name: "an unanswered call gets a result (R22)",
			req:  llm.Request{Messages: []llm.Message{user("q"), model(call("a", "f", "{}")), user("stop")}},
			want: `{"contents":[{},{},{"role":"user","parts":[{"functionResponse":{"name":"f","response":{"error":"No result was recorded for this tool call."}}},{"text":"stop"}]}]}`},
		{name: "Vertex takes no ids", d: wire.Dialect{Caps: wire.Caps{NoCallIDs: true}},
			req:  llm.Request{Messages: []llm.Message{user("q"), model(call("a", "f", "{}")), results(result("a", "x"))}},
			want: `{"contents":[{},{"parts":[{"functionCall":{"id":null,"name":"f"}}]},{"parts":[{"functionResponse":{"id":null,"name":"f"}}]}]}`},
		{name: "images of a result stand beside it (R23)", d: gen2,
			req:  llm.Request{Messages: []llm.Message{user("q"), model(call("a", "f", "{}")), results(result("a", "see", image))}},
			want: `{"contents":[{},{},{"parts":[{"functionResponse":{"parts":null,"response":{"output":"see"}}},{"inlineData":{"mimeType":"image/png","data":"iVBORw0KGgo="}}]}]}`},
		{name: "and inside it for Gemini 3 (R23)", d: gen3,
			req:  llm.Request{Messages: []llm.Message{user("q"), model(sealed(call("a", "f", "{}"), "SIG")), results(result("a", "", image))}},
			want: `{"contents":[{},{"parts":[{"thoughtSignature":"SIG"}]},{"parts":[{"functionResponse":{"parts":[{"inlineData":{"mimeType":"image/png"}}],"response":{"output":""}}}]}]}`},
		{name: "media (3.2)",
			req: llm.Request{Messages: []llm.Message{{Parts: []llm.Part{
				{Kind: llm.PartImage, Media: &llm.Media{URL: "https://x.test/a.PNG?s=1"}},
				{Kind: llm.PartImage, Media: &llm.Media{URL: "data:image/jpg;charset=utf-8;base64,AAAA"}},
				{Kind: llm.PartAudio, Media: &llm.Media{MIME: "audio/mpeg", Data: "SUQz"}},
				{Kind: llm.PartFile, Media: &llm.Media{MIME: "application/pdf", Data: "JVBERi0=", Name: "a.pdf"}},
				{Kind: llm.PartFile, Media: &llm.Media{MIME: "text/plain", Text: "words"}},
				{Kind: llm.PartFile, Media: &llm.Media{FileID: "file-1"}}}}}},
			want: `{"contents":[{"parts":[{"fileData":{"fileUri":"https://x.test/a.PNG?s=1","mimeType":"image/png"}},{"inlineData":{"mimeType":"image/jpeg","data":"AAAA"}},{"inlineData":{"mimeType":"audio/mpeg","data":"SUQz"}},{"inlineData":{"mimeType":"application/pdf","data":"JVBERi0="}},{"text":"words"}]}]}`},
		{name: "sampling (R3, R4)",
			req: llm.Request{Messages: []llm.Message{user("q")}, Sampling: llm.Sampling{MaxTokens: &five, Temperature: &warm, TopP: &warm, TopK: &warm, N: &two, Seed: &five,
				Presence: &warm, Frequency: &warm, Stop: []string{"1", "", "2", "3", "4", "5", "6"}, Logprobs: true, TopLogprobs: &two}},
			want: `{"generationConfig":{"maxOutputTokens":5,"temperature":0.25,"topP":0.25,"topK":0.25,"candidateCount":2,"seed":5,"presencePenalty":0.25,"frequencyPenalty":0.25,"stopSequences":["1","2","3","4","5"],"responseLogprobs":true,"logprobs":2}}`},
		{name: "a model without sampling", d: wire.Dialect{Caps: wire.Caps{NoSampling: true, MaxOutput: 4}},
			req:  llm.Request{Messages: []llm.Message{user("q")}, Sampling: llm.Sampling{MaxTokens: &five, Temperature: &warm}},
			want: `{"generationConfig":{"maxOutputTokens":4,"temperature":null}}`},
		{name: "functions share one object, Google's tools stand apart (P22, R37)",
			req: llm.Request{Messages: []llm.Message{user("q")}, Tools: []llm.Tool{tool, {Kind: llm.ToolWebSearch, Name: "web_search", Search: &llm.WebSearch{Blocked: []string{"x.test"}}}, {Name: "g"},
				{Kind: llm.ToolServer, Name: "bash", Opaque: &llm.Opaque{Format: "anthropic", Raw: []byte(`{}`)}}}},
			want: `{"tools":[{"functionDeclarations":[{"name":"f","description":"does f","parameters":{"type":"object","properties":{"a":{"type":"string","nullable":true}},"additionalProperties":null}},{"name":"g","parameters":null}]},{"googleSearch":{}}],"toolConfig":null}`},
		{name: "raw schemas where the model takes them (R34)", d: wire.Dialect{Caps: wire.Caps{JSONSchema: true}},
			req:  llm.Request{Messages: []llm.Message{user("q")}, Tools: []llm.Tool{tool}, Output: llm.Output{Kind: llm.OutputSchema, Schema: schema}},
			want: `{"tools":[{"functionDeclarations":[{"parameters":null,"parametersJsonSchema":{"type":"object","additionalProperties":false}}]}],"generationConfig":{"responseMimeType":"application/json","responseSchema":null,"responseJsonSchema":{"additionalProperties":false}}}`},
		{name: "cleaned output schema", req: llm.Request{Messages: []llm.Message{user("q")}, Output: llm.Output{Kind: llm.OutputSchema, Schema: schema}},
			want: `{"generationConfig":{"responseMimeType":"application/json","responseJsonSchema":null,"responseSchema":{"properties":{"a":{"nullable":true}}}}}`},
		{name: "a JSON object is the media type alone (R46)", req: llm.Request{Messages: []llm.Message{user("q")}, Output: llm.Output{Kind: llm.OutputJSON}},
			want: `{"generationConfig":{"responseMimeType":"application/json","responseSchema":null}}`},
		{name: "a schema as words (R47)", d: wire.Dialect{Caps: wire.Caps{NoStructured: true}},
			req:  llm.Request{Messages: []llm.Message{user("q")}, Output: llm.Output{Kind: llm.OutputSchema, Schema: schema}},
			want: `{"generationConfig":null,"systemInstruction":{"parts":[{}]}}`},
		{name: "effort as budget (R43)", d: gen2, req: llm.Request{Messages: []llm.Message{user("q")}, Reasoning: llm.Reasoning{Mode: llm.ReasoningOn, Effort: llm.EffortHigh, Show: &yes}},
			want: `{"generationConfig":{"thinkingConfig":{"thinkingBudget":24576,"thinkingLevel":null,"includeThoughts":true}}}`},
		{name: "budget as level (R43)", d: gen3, req: llm.Request{Messages: []llm.Message{user("q")}, Reasoning: llm.Reasoning{Mode: llm.ReasoningOn, Budget: &five, Show: &no}},
			want: `{"generationConfig":{"thinkingConfig":{"thinkingLevel":"MINIMAL","thinkingBudget":null,"includeThoughts":null}}}`},
		{name: "xhigh is HIGH", d: gen3, req: llm.Request{Messages: []llm.Message{user("q")}, Reasoning: llm.Reasoning{Mode: llm.ReasoningOn, Effort: llm.EffortXHigh}},
			want: `{"generationConfig":{"thinkingConfig":{"thinkingLevel":"HIGH"}}}`},
		{name: "off as level", d: gen3, req: llm.Request{Messages: []llm.Message{user("q")}, Reasoning: llm.Reasoning{Mode: llm.ReasoningOff}},
			want: `{"generationConfig":{"thinkingConfig":{"thinkingLevel":"MINIMAL"}}}`},
		{name: "off as budget", d: gen2, req: llm.Request{Messages: []llm.Message{user("q")}, Reasoning: llm.Reasoning{Mode: llm.ReasoningOff, Show: &yes}},
			want: `{"generationConfig":{"thinkingConfig":{"thinkingBudget":0,"includeThoughts":null}}}`},
		{name: "a model that does not think (R44)", d: wire.Dialect{Caps: wire.Caps{Thinking: wire.ThinkingNone}},
			req:  llm.Request{Messages: []llm.Message{user("q")}, Reasoning: llm.Reasoning{Mode: llm.ReasoningOn, Effort: llm.EffortHigh, Show: &yes}},
			want: `{"generationConfig":null}`},
		{name: "no wish, nothing said", d: gen3, req: llm.Request{Messages: []llm.Message{user("q")}}, want: `{"generationConfig":null,"toolConfig":null,"tools":null}`},
		{name: "adaptive without effort and unseen says nothing", d: gen3, req: llm.Request{Messages: []llm.Message{user("q")}, Reasoning: llm.Reasoning{Mode: llm.ReasoningAdaptive}},
			want: `{"generationConfig":null}`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := encode(t, New(), &c.req, c.d)
			subset(t, got, c.want)
		})
	}
}

func TestEncodeChoice(t *testing.T) {
	tools := []llm.Tool{{Name: "f"}, {Name: "g"}}
	for name, c := range map[string]struct {
		choice llm.ToolChoice
		want   string
	}{
		"auto":        {llm.ToolChoice{Mode: llm.ChoiceAuto}, `{"mode":"AUTO","allowedFunctionNames":null}`},
		"none":        {llm.ToolChoice{Mode: llm.ChoiceNone}, `{"mode":"NONE"}`},
		"required":    {llm.ToolChoice{Mode: llm.ChoiceRequired}, `{"mode":"ANY","allowedFunctionNames":null}`},
		"named":       {llm.ToolChoice{Mode: llm.ChoiceNamed, Names: []string{"g"}}, `{"mode":"ANY","allowedFunctionNames":["g"]}`},
		"allowed":     {llm.ToolChoice{Mode: llm.ChoiceAllowed, Names: []string{"g", "f", "zz"}}, `{"mode":"AUTO","allowedFunctionNames":["g","f"]}`},
		"one of them": {llm.ToolChoice{Mode: llm.ChoiceAllowed, Names: []string{"g"}, Required: true}, `{"mode":"ANY","allowedFunctionNames":["g"]}`},
	} {
		t.Run(name, func(t *testing.T) {
			req := llm.Request{Messages: []llm.Message{user("q")}, Tools: tools, Choice: c.choice}
			subset(t, encode(t, New(), &req, wire.Dialect{}), `{"toolConfig":{"functionCallingConfig":`+c.want+`}}`)
		})
	}
	search := llm.Request{Messages: []llm.Message{user("q")}, Tools: []llm.Tool{{Kind: llm.ToolWebSearch}}, Choice: llm.ToolChoice{Mode: llm.ChoiceRequired}}
	subset(t, encode(t, New(), &search, wire.Dialect{}), `{"tools":[{"googleSearch":{}}],"toolConfig":null}`)
}

// Gemini 3 wants a signature on the first call of each step of the current
// turn (R28, P33), and only Google's own may go there (P34).
func TestSignatures(t *testing.T) {
	gen3 := wire.Dialect{Model: "gemini-3-pro"}
	foreign := call("c", "f", "{}")
	foreign.Seal = llm.Seal{Family: llm.FamilyAnthropic, Data: "CLAUDE"}
	thought := func(s string) llm.Part { return llm.Part{Kind: llm.PartReasoning, Text: s} }
	cases := []struct {
		name string
		d    wire.Dialect
		ms   []llm.Message
		want string
	}{
		{"the first of parallel calls, in every step of the turn", gen3,
			[]llm.Message{user("old"), model(call("x", "f", "{}")), results(result("x", "r")), model(text("done")), user("q"),
				model(call("a", "f", "{}"), call("b", "f", "{}")), results(result("a", "1"), result("b", "2")), model(foreign), results(result("c", "3"))},
			`{"contents":[{},{"parts":[{"functionCall":{},"thoughtSignature":null}]},{},{},{},{"parts":[{"thoughtSignature":"skip_thought_signature_validator"},{"thoughtSignature":null}]},{},{"parts":[{"thoughtSignature":"skip_thought_signature_validator"}]},{}]}`},
		{"not for older models", wire.Dialect{Model: "gemini-2.5-pro"},
			[]llm.Message{user("q"), model(call("a", "f", "{}")), results(result("a", "1"))},
			`{"contents":[{},{"parts":[{"thoughtSignature":null}]},{}]}`},
		{"a signature that leads comes back on the call", gen3,
			[]llm.Message{user("q"), model(thought("hmm"), sealed(thought(""), "SIG"), call("a", "f", "{}"), call("b", "f", "{}")), results(result("a", "1"), result("b", "2"))},
			`{"contents":[{},{"parts":[{"functionCall":{"name":"f"},"thoughtSignature":"SIG","text":null},{"functionCall":{},"thoughtSignature":null}]},{}]}`},
		{"also when the client merged it with the thought", gen3,
			[]llm.Message{user("q"), model(sealed(thought("hmm"), "SIG"), call("a", "f", "{}")), results(result("a", "1"))},
			`{"contents":[{},{"parts":[{"functionCall":{},"thoughtSignature":"SIG"}]},{}]}`},
		{"on the text it leads, alone when it leads nothing", gen3,
			[]llm.Message{user("q"), model(sealed(thought(""), "A"), text("t"), sealed(thought(""), "B")), user("r")},
			`{"contents":[{},{"parts":[{"text":"t","thoughtSignature":"A"},{"text":"","thoughtSignature":"B"}]},{}]}`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			subset(t, encode(t, New(), &llm.Request{Messages: c.ms}, c.d), c.want)
		})
	}
}

func TestEncodeRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		req  llm.Request
		kind fault.Kind
		code string
		par  string
	}{
		"thread create":     {llm.Request{Meta: llm.Meta{Thread: []byte(`{"type":"create"}`)}}, fault.Invalid, fault.CodeThreadUnsupported, "thread"},
		"thread continue":   {llm.Request{Meta: llm.Meta{Thread: []byte(`{"type":"continue","previous_message_id":"m"}`)}}, fault.NotFound, fault.CodeThreadNotFound, "thread"},
		"previous response": {llm.Request{Meta: llm.Meta{PreviousResponseID: "resp_1"}}, fault.Invalid, "", "previous_response_id"},
		"conversation":      {llm.Request{Meta: llm.Meta{Conversation: []byte(`"conv_1"`)}}, fault.Invalid, "", "conversation"},
		"item reference":    {llm.Request{Meta: llm.Meta{ItemReferences: []string{"msg_1"}}}, fault.Invalid, "", "input"},
	} {
		t.Run(name, func(t *testing.T) {
			c.req.Messages = []llm.Message{user("q")}
			_, _, err := New().EncodeRequest(&c.req, wire.Dialect{})
			if e := fault.As(err); e == nil || e.Kind != c.kind || e.Code != c.code || e.Param != c.par {
				t.Errorf("got %#v", e)
			}
		})
	}
	req := llm.Request{Messages: []llm.Message{{Parts: []llm.Part{{Kind: llm.PartImage, Media: &llm.Media{FileID: "f"}}}}}}
	if _, _, err := New().EncodeRequest(&req, wire.Dialect{}); kind(err) != fault.Unsupported {
		t.Errorf("a request of which nothing is left: %v", err)
	}
}

func TestEnvelope(t *testing.T) {
	d := wire.Dialect{Model: "gemini-x", Project: "proj-1"}
	req := decode(t, New(), `{"contents":[{"parts":[{"text":"hi"}]}],"generationConfig":{"temperature":0.1,"responseModalities":["TEXT"]},"safetySettings":[{"category":"X"}],"toolConfig":{"retrievalConfig":{"languageCode":"de"}}}`)
	subset(t, encode(t, NewCodeAssist(), req, d),
		`{"model":"gemini-x","project":"proj-1","contents":null,"request":{"model":null,"contents":[{"role":"user","parts":[{"text":"hi"}]}],"generationConfig":{"temperature":0.1,"responseModalities":["TEXT"]},"safetySettings":[{"category":"X"}],"toolConfig":{"retrievalConfig":{"languageCode":"de"}}}}`)

	body := `{"model":"m","project":"p","user_prompt_id":"u","request":{"contents":[{"role":"user","parts":[{"text":"hi"}]}],"session_id":"s"}}`
	back := decode(t, NewCodeAssist(), body)
	if back.Model != "m" || back.Meta.Project != "p" || back.Meta.Session != "s" {
		t.Errorf("envelope: %+v %+v", back.Model, back.Meta)
	}
	subset(t, encode(t, NewCodeAssist(), back, wire.Dialect{}), body)
	subset(t, encode(t, New(), back, wire.Dialect{}), `{"model":null,"project":null,"user_prompt_id":null,"session_id":null,"request":null}`)

	strip := encode(t, NewCodeAssist(), req, wire.Dialect{Model: "m", Strip: []string{"safetySettings", "generationConfig"}})
	subset(t, strip, `{"request":{"safetySettings":null,"generationConfig":null}}`)
}

func TestCountRequests(t *testing.T) {
	req := &llm.Request{Op: llm.OpCountTokens, Messages: []llm.Message{user("q")}}
	subset(t, encode(t, New(), req, wire.Dialect{Model: "g"}), `{"contents":[{}],"generateContentRequest":null}`)
	req.System = []llm.Part{text("S")}
	subset(t, encode(t, New(), req, wire.Dialect{Model: "g"}), `{"contents":null,"generateContentRequest":{"model":"models/g","contents":[{}],"systemInstruction":{}}}`)
	subset(t, encode(t, NewCodeAssist(), req, wire.Dialect{Model: "g"}), `{"model":null,"request":{"model":"models/g","contents":[{"parts":[{"text":"S"},{"text":"q"}]}],"systemInstruction":null}}`)
}

// The same conversation must give the same bytes, and a longer one must begin
// with them: prompt caches depend on it (P05, CPA 5107).
func TestDeterministic(t *testing.T) {
	body := `{"contents":[{"parts":[{"text":"q"}]},{"role":"model","parts":[{"functionCall":{"name":"f","args":{"a":1}}},{"functionCall":{"name":"f","args":{"a":2}}}]},{"parts":[{"functionResponse":{"name":"f","response":{"output":"1"}}},{"functionResponse":{"name":"f","response":{"output":"2"}}}]}`
	first := string(encode(t, New(), decode(t, New(), body+`]}`), wire.Dialect{}))
	again := string(encode(t, New(), decode(t, New(), body+`]}`), wire.Dialect{}))
	longer := string(encode(t, New(), decode(t, New(), body+`,{"role":"model","parts":[{"text":"done"}]},{"parts":[{"text":"more"}]}]}`), wire.Dialect{}))
	if first != again {
		t.Errorf("two encodings differ:\n%s\n%s", first, again)
	}
	if prefix := strings.TrimSuffix(first, "]}"); !strings.HasPrefix(longer, prefix) {
		t.Errorf("the longer conversation does not begin with the shorter one:\n%s\n%s", prefix, longer)
	}
	if !strings.Contains(first, `"output":"1"`) || strings.Index(first, `"output":"1"`) > strings.Index(first, `"output":"2"`) {
		t.Errorf("results out of order: %s", first)
	}
}

func TestLossesAreListedOnce(t *testing.T) {
	no := false
	req := llm.Request{Messages: []llm.Message{user("q")}, Tools: []llm.Tool{{Name: "f"}}, Parallel: &no, Meta: llm.Meta{UserID: "u", Map: []byte(`{"a":1}`)}, Sampling: llm.Sampling{LogitBias: []byte(`{}`)}}
	ready, _ := wire.Prepare(&req, wire.Gemini, wire.Dialect{})
	_, lost, err := New().EncodeRequest(ready, wire.Dialect{})
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, l := range lost {
		if l.Why == "" || slices.Contains(paths, l.Path) {
			t.Errorf("loss %+v", l)
		}
		paths = append(paths, l.Path)
	}
	if want := []string{"logit_bias", "parallel_tool_calls", "user", "metadata"}; !slices.Equal(paths, want) {
		t.Errorf("losses %v, want %v", paths, want)
	}
}
