package gemini

import (
	"testing"

	"omniroute/backend/fault"
	"omniroute/backend/llm"
	"omniroute/backend/wire"
)

// Parts as joined writes them: kind:text, calls, =results, #seal.
func TestDecodeContents(t *testing.T) {
	cases := []struct{ name, contents, want string }{
		{"a missing role means the user", `[{"parts":[{"text":"a"}]}]`, "u 0:a|"},
		{"role function is the user's (R13)", `[{"role":"user","parts":[{"text":"a"}]},{"role":"function","parts":[{"functionResponse":{"name":"f","response":{"output":"x"}}}]}]`, "u 0:a| u 6:=0:x||"},
		{"one content and one part without lists", `{"role":"user","parts":{"text":"a"}}`, "u 0:a|"},
		{"a plain string", `["a"]`, "u 0:a|"},
		{"texts of the user stay apart", `[{"parts":[{"text":"a"},{"text":"b"}]},{"parts":[{"text":"c"}]}]`, "u 0:a|0:b| u 0:c|"},
		{"the pieces of a streamed answer are one text", `[{"parts":[{"text":"q"}]},{"role":"model","parts":[{"text":"Say"}]},{"role":"model","parts":[{"text":"\n\n"}]},{"role":"model","parts":[{"text":"it"}]},{"role":"model","parts":[{"text":""}]}]`, "u 0:q| m 0:Say\n\nit|"},
		{"the pieces of a thought, its signature last", `[{"role":"model","parts":[{"text":"a","thought":true},{"text":"b","thought":true},{"text":"","thought":true,"thoughtSignature":"S"},{"text":"c","thought":true}]},{"role":"model","parts":[{"text":"d","thought":true}]},{"role":"model","parts":[{"text":"t"}]}]`, "m 7:ab#S|7:cd|0:t|"},
		{"empty parts mean nothing (P12)", `[{"parts":[{},{"text":""},{"text":"a"}]}]`, "u 0:a|"},
		{"a signature alone is no text", `[{"role":"model","parts":[{"text":"a"},{"text":"","thoughtSignature":"S"}]}]`, "m 0:a|7:#S|"},
		{"a signature on a text leads it", `[{"role":"model","parts":[{"text":"a","thought_signature":"S"}]}]`, "m 7:#S|0:a|"},
		{"a signature on a call stays there", `[{"role":"model","parts":[{"functionCall":{"name":"f","args":{ "a" : 12345678901234567890 }},"thoughtSignature":"S"}]}]`, `m 5:f({"a":12345678901234567890})#S|`},
		{"calls belong to the model, results to the user", `[{"role":"user","parts":[{"text":"q"},{"function_call":{"name":"f"}},{"function_response":{"name":"f"}}]}]`, "u 0:q| m 5:f()| u 6:=|"},
		{"results as text and as errors (R24)", `[{"parts":[{"functionResponse":{"name":"f","response":{"output":"a"}}},{"functionResponse":{"name":"f","response":{"error":"b"}}},{"functionResponse":{"name":"f","response":{"output":"a", "n":1.0}}},{"functionResponse":{"name":"f","response":{"output":[1]}}},{"functionResponse":{"name":"f","response":{"output":""}}}]}]`,
			`u 6:=0:a||6:=0:b||6:=0:{"output":"a","n":1.0}||6:=0:{"output":[1]}||6:=|`},
		{"parts about Google's own tools", `[{"role":"model","parts":[{"executableCode":{"code":"1"}},{"codeExecutionResult":{"output":"1"}},{"text":"a"},{"novel":{"x":1}}]}]`, "m 8:|8:|0:a|9:|"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := ""
			for _, m := range decode(t, New(), `{"contents":`+c.contents+`}`).Messages {
				if got != "" {
					got += " "
				}
				got += map[llm.Role]string{llm.RoleUser: "u", llm.RoleAssistant: "m", llm.RoleSystem: "s"}[m.Role] + " " + joined(m.Parts)
			}
			if got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

func TestDecodeResultFlags(t *testing.T) {
	req := decode(t, New(), `{"contents":[{"parts":[{"functionResponse":{"id":"c1","name":"f","response":{"error":"b"},"parts":[{"inlineData":{"mimeType":"image/jpg","data":"AA-_"}}]}}]}]}`)
	r := req.Messages[0].Parts[0].Result
	if !r.Error || r.CallID != "c1" || r.Name != "f" || len(r.Parts) != 2 {
		t.Fatalf("result %+v", r)
	}
	if m := r.Parts[1].Media; r.Parts[1].Kind != llm.PartImage || m.MIME != "image/jpeg" || m.Data != "AA+/" {
		t.Errorf("image %+v", r.Parts[1].Media)
	}
}

func TestDecodeMedia(t *testing.T) {
	cases := []struct {
		name, part string
		kind       llm.PartKind
		want       llm.Media
	}{
		{"snake case", `{"inline_data":{"mime_type":"image/png","data":"AAAA"}}`, llm.PartImage, llm.Media{MIME: "image/png", Data: "AAAA"}},
		{"sound", `{"inlineData":{"mimeType":"audio/mp3","data":"AAAA"}}`, llm.PartAudio, llm.Media{MIME: "audio/mpeg", Data: "AAAA"}},
		{"document", `{"inlineData":{"mimeType":"application/pdf","data":"AAAA","displayName":"a.pdf"}}`, llm.PartFile, llm.Media{MIME: "application/pdf", Data: "AAAA", Name: "a.pdf"}},
		{"plain text", `{"inlineData":{"mimeType":"text/csv; charset=utf-8","data":"YSxi"}}`, llm.PartFile, llm.Media{MIME: "text/csv", Text: "a,b"}},
		{"type from the bytes", `{"inlineData":{"data":"iVBORw0KGgoAAA"}}`, llm.PartImage, llm.Media{MIME: "image/png", Data: "iVBORw0KGgoAAA"}},
		{"a data URL by mistake", `{"inlineData":{"mimeType":"image/png","data":"data:image/png;base64,AAAA"}}`, llm.PartImage, llm.Media{MIME: "image/png", Data: "AAAA"}},
		{"address", `{"fileData":{"fileUri":"https://x.test/a.jpeg?x=1"}}`, llm.PartImage, llm.Media{MIME: "image/jpeg", URL: "https://x.test/a.jpeg?x=1"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p := decode(t, New(), `{"contents":[{"parts":[`+c.part+`]}]}`).Messages[0].Parts[0]
			if p.Kind != c.kind || *p.Media != c.want {
				t.Errorf("got %d %+v", p.Kind, *p.Media)
			}
		})
	}
	// A text file stays a file for Google.
	req := decode(t, New(), `{"contents":[{"parts":[{"inlineData":{"mimeType":"text/csv","data":"YSxi"}}]}]}`)
	subset(t, encode(t, NewCodeAssist(), req, wire.Dialect{}), `{"request":{"contents":[{"parts":[{"inlineData":{"mimeType":"text/csv","data":"YSxi"}}]}]}}`)
}

func TestDecodeSystem(t *testing.T) {
	for _, s := range []string{`"S"`, `{"parts":[{"text":"S"}]}`, `{"role":"system","parts":{"text":"S"}}`, `[{"text":"S"}]`, `{"text":"S"}`} {
		for _, key := range []string{"systemInstruction", "system_instruction"} {
			req := decode(t, New(), `{"`+key+`":`+s+`,"contents":[{"parts":[{"text":"q"}]}]}`)
			if len(req.System) != 1 || req.System[0].Text != "S" {
				t.Errorf("%s %s: %+v", key, s, req.System)
			}
		}
	}
}

func TestDecodeConfig(t *testing.T) {
	req := decode(t, New(), `{"contents":[{"parts":[{"text":"q"}]}],"generation_config":{"max_output_tokens":"12","temperature":0,"top_p":0.5,"topK":40,"candidateCount":2,"seed":-7,"presence_penalty":1,"frequencyPenalty":-1,
		"stopSequences":["x"],"responseLogprobs":true,"logprobs":3,"responseMimeType":"application/json","responseSchema":{"type":"OBJECT","properties":{"ok":{"type":"BOOLEAN"}}},"speechConfig":{"a":1}},"cachedContent":"c/1","labels":{"a":"b"}}`)
	s := req.Sampling
	if *s.MaxTokens != 12 || *s.Temperature != 0 || *s.TopP != 0.5 || *s.TopK != 40 || *s.N != 2 || *s.Seed != -7 || *s.Presence != 1 || *s.Frequency != -1 || s.Stop[0] != "x" || !s.Logprobs || *s.TopLogprobs != 3 {
		t.Errorf("sampling %+v", s)
	}
	o := req.Output
	if o.Kind != llm.OutputSchema || string(o.Schema) != `{"type":"object","properties":{"ok":{"type":"boolean"}}}` || o.Strict == nil || !*o.Strict {
		t.Errorf("output %+v %s", o, o.Schema)
	}
	subset(t, encode(t, NewCodeAssist(), req, wire.Dialect{}), `{"request":{"cachedContent":"c/1","labels":{"a":"b"},"generationConfig":{"speechConfig":{"a":1},"maxOutputTokens":12,"temperature":0}}}`)

	enum := decode(t, New(), `{"contents":[{"parts":[{"text":"q"}]}],"generationConfig":{"responseMimeType":"text/x.enum","responseSchema":{"type":"STRING","enum":["a"]}}}`)
	subset(t, encode(t, NewCodeAssist(), enum, wire.Dialect{}), `{"request":{"generationConfig":{"responseMimeType":"text/x.enum","responseSchema":{"type":"string","enum":["a"]}}}}`)
}

func TestDecodeThinking(t *testing.T) {
	yes := true
	for in, want := range map[string]llm.Reasoning{
		`{}`:                   {},
		`{"thinkingBudget":0}`: {Mode: llm.ReasoningOff, Budget: ptr(int64(0))},
		`{"thinkingBudget":-1,"includeThoughts":true}`:     {Mode: llm.ReasoningAdaptive, Budget: ptr(int64(-1)), Show: &yes},
		`{"thinking_budget":2000,"include_thoughts":true}`: {Mode: llm.ReasoningOn, Budget: ptr(int64(2000)), Show: &yes},
		`{"thinkingLevel":"LOW"}`:                          {Mode: llm.ReasoningOn, Effort: llm.EffortLow},
		`{"includeThoughts":true}`:                         {Mode: llm.ReasoningAdaptive, Show: &yes},
	} {
		req := decode(t, New(), `{"contents":[{"parts":[{"text":"q"}]}],"generationConfig":{"thinkingConfig":`+in+`}}`)
		r := req.Reasoning
		same := r.Mode == want.Mode && r.Effort == want.Effort && (r.Budget == nil) == (want.Budget == nil) && (r.Show == nil) == (want.Show == nil)
		if !same || r.Budget != nil && *r.Budget != *want.Budget {
			t.Errorf("%s: %+v, want %+v", in, r, want)
		}
		if in == `{}` {
			continue
		}
		// To Google again, whose model is unknown: as the client said it.
		subset(t, encode(t, NewCodeAssist(), req, wire.Dialect{}), `{"request":{"generationConfig":{"thinkingConfig":`+snakeToCamel(in)+`}}}`)
	}
}

func snakeToCamel(s string) string {
	b := []byte(s)
	out := b[:0]
	for i := 0; i < len(b); i++ {
		if b[i] == '_' {
			i++
			out = append(out, b[i]-'a'+'A')
			continue
		}
		out = append(out, b[i])
	}
	return string(out)
}

func TestDecodeTools(t *testing.T) {
	req := decode(t, New(), `{"contents":[{"parts":[{"text":"q"}]}],"tools":[{"function_declarations":[{"name":"f","description":"d","parameters":{"type":"OBJECT","properties":{"n":{"type":"INTEGER","nullable":true}}},"behavior":"BLOCKING"},{"name":"g","parametersJsonSchema":{"type":"object"}}],"google_search":{}},{"urlContext":{}}],
		"tool_config":{"function_calling_config":{"mode":"validated"}}}`)
	if len(req.Tools) != 4 || req.Tools[2].Kind != llm.ToolWebSearch || req.Tools[3].Kind != llm.ToolServer {
		t.Fatalf("tools %+v", req.Tools)
	}
	if s := string(req.Tools[0].Schema); s != `{"type":"object","properties":{"n":{"type":["integer","null"]}}}` {
		t.Errorf("schema %s", s)
	}
	if req.Choice.Mode != llm.ChoiceAuto {
		t.Errorf("VALIDATED is auto elsewhere (R40): %+v", req.Choice)
	}
	subset(t, encode(t, NewCodeAssist(), req, wire.Dialect{}), `{"request":{"tools":[{"functionDeclarations":[{"name":"f","behavior":"BLOCKING"},{"name":"g"}]},{"googleSearch":{}},{"urlContext":{}}],"toolConfig":{"functionCallingConfig":{"mode":"AUTO"}}}}`)

	for in, want := range map[string]llm.ToolChoice{
		`{"mode":"ANY"}`: {Mode: llm.ChoiceRequired},
		`{"mode":"ANY","allowedFunctionNames":["a"]}`:       {Mode: llm.ChoiceNamed, Names: []string{"a"}},
		`{"mode":"ANY","allowed_function_names":["a","b"]}`: {Mode: llm.ChoiceAllowed, Names: []string{"a", "b"}, Required: true},
		`{"mode":"NONE","allowedFunctionNames":["a"]}`:      {Mode: llm.ChoiceNone},
		`{"mode":"AUTO","allowedFunctionNames":["a"]}`:      {Mode: llm.ChoiceAllowed, Names: []string{"a"}},
		`{"mode":"MODE_UNSPECIFIED"}`:                       {},
	} {
		got := decode(t, New(), `{"contents":[{"parts":[{"text":"q"}]}],"tools":[{"functionDeclarations":[{"name":"a"}]}],"toolConfig":{"functionCallingConfig":`+in+`}}`).Choice
		if got.Mode != want.Mode || len(got.Names) != len(want.Names) || got.Required != want.Required {
			t.Errorf("%s: %+v", in, got)
		}
	}
}

func TestDecodeCountRequest(t *testing.T) {
	req := decode(t, New(), `{"generateContentRequest":{"model":"models/g","contents":[{"parts":[{"text":"q"}]}],"systemInstruction":{"parts":[{"text":"S"}]}}}`)
	if req.Op != llm.OpCountTokens || len(req.Messages) != 1 || len(req.System) != 1 || req.Model != "" {
		t.Errorf("%+v", req)
	}
	req = decode(t, NewCodeAssist(), `{"request":{"model":"models/g","contents":[{"parts":[{"text":"q"}]}]}}`)
	if req.Op != llm.OpCountTokens || req.Model != "g" {
		t.Errorf("%+v", req)
	}
}

func TestDecodeRequestRefuses(t *testing.T) {
	for _, c := range []struct {
		codec       wire.Codec
		body, param string
	}{
		{New(), `[]`, ""},
		{New(), `{}`, "contents"},
		{New(), `{"contents":[]}`, "contents"},
		{New(), `{"contents":[{"parts":[{"text":""}]}]}`, "contents"},
		{New(), `{"contents":7}`, "contents"},
		{New(), `{"contents":[7]}`, "contents[0]"},
		{New(), `{"contents":[{"parts":["x"]}]}`, "contents[0].parts[0]"},
		{New(), `{"contents":["x"],"generationConfig":{"temperature":"warm"}}`, "generationConfig.temperature"},
		{New(), `{"contents":["x"],"generationConfig":[]}`, "generationConfig"},
		{New(), `{"contents":["x"],"tools":"f"}`, "tools"},
		{NewCodeAssist(), `{"contents":["x"]}`, "request"},
	} {
		_, err := c.codec.DecodeRequest([]byte(c.body))
		e := fault.As(err)
		if e == nil || e.Kind != fault.Invalid || e.Param != c.param || e.Public == "" {
			t.Errorf("%s: %#v", c.body, e)
		}
	}
}
