package openai

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"omniroute/backend/fault"
	"omniroute/backend/llm"
	"omniroute/backend/wire"
)

func decodeRequest(t *testing.T, body string) *llm.Request {
	t.Helper()
	r, err := Codec{}.DecodeRequest([]byte(body))
	if err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	return r
}

// user is a request of one user message with further members.
func user(members string) string {
	if members != "" {
		members = "," + members
	}
	return `{"model":"m","messages":[{"role":"user","content":"x"}]` + members + `}`
}

func conversation(messages string) string { return `{"model":"m","messages":[` + messages + `]}` }

func TestDecodeRequestMembers(t *testing.T) {
	r := decodeRequest(t, user(`"max_tokens":10,"max_completion_tokens":64,"temperature":1.6,"top_p":null,"stop":"END","n":2,"seed":7,"logprobs":true,"top_logprobs":3,
		"logit_bias":{"5":-100},"stream":true,"stream_options":{"include_usage":true},"parallel_tool_calls":false,"user":"u","safety_identifier":"s","metadata":{"k":"v"},
		"service_tier":"flex","store":true,"prompt_cache_key":"pk","verbosity":"low","reasoning_effort":"high","x_vendor":{"big":12345678901234567891}`))
	s := &r.Sampling
	switch {
	case *s.MaxTokens != 64, *s.Temperature != 1.6, s.TopP != nil, len(s.Stop) != 1, *s.N != 2, *s.Seed != 7, !s.Logprobs, *s.TopLogprobs != 3, string(s.LogitBias) != `{"5":-100}`:
		t.Errorf("sampling %+v", *s)
	case !r.Stream, !r.Meta.IncludeUsage, r.Parallel == nil || *r.Parallel:
		t.Errorf("stream %v usage %v parallel %v", r.Stream, r.Meta.IncludeUsage, r.Parallel)
	case r.Meta.UserID != "s", string(r.Meta.Map) != `{"k":"v"}`, r.Meta.ServiceTier != "flex", !*r.Meta.Store, r.Meta.CacheKey != "pk", r.Output.Verbosity != "low":
		t.Errorf("meta %+v", r.Meta)
	case r.Reasoning.Mode != llm.ReasoningOn, r.Reasoning.Effort != llm.EffortHigh, r.Reasoning.Show == nil:
		t.Errorf("reasoning %+v", r.Reasoning)
	case r.Extra.Format != "openai-chat" || len(r.Extra.Fields) != 1 || string(r.Extra.Fields[0].Value) != `{"big":12345678901234567891}`:
		t.Errorf("extra %+v", r.Extra)
	}
}

// The request must not change when the caller reuses the body's memory.
func TestDecodeRequestAliasesNothing(t *testing.T) {
	body := []byte(user(`"metadata":{"k":"v"},"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}],"x":[1]`))
	r, err := Codec{}.DecodeRequest(body)
	if err != nil {
		t.Fatal(err)
	}
	before := fmt.Sprintf("%+v", *r)
	for i := range body {
		body[i] = '#'
	}
	if after := fmt.Sprintf("%+v", *r); after != before {
		t.Errorf("changed to %s", after)
	}
}

func TestDecodeRequestRefuses(t *testing.T) {
	cases := []struct{ body, param string }{
		{`[]`, ""},
		{`{"model":"m"}`, "messages"},
		{`{"model":"m","messages":[]}`, "messages"},
		{`{"model":"m","messages":["x"]}`, "messages[0]"},
		{`{"model":7,"messages":[{"role":"user","content":"x"}]}`, "model"},
		{conversation(`{"content":"x"}`), "messages[0].role"},
		{conversation(`{"role":"bot","content":"x"}`), "messages[0].role"},
		{conversation(`{"role":"user"}`), "messages[0].content"},
		{conversation(`{"role":"user","content":null}`), "messages[0].content"},
		{conversation(`{"role":"user","content":{}}`), "messages[0].content"},
		{conversation(`{"role":"user","content":"a"},{"role":"user","content":[{"type":"hologram"}]}`), "messages[1].content"},
		{conversation(`{"role":"user","content":[{"type":"image_url","image_url":{}}]}`), "messages[0].content"},
		{conversation(`{"role":"assistant","tool_calls":[{"id":"a","function":{}}]}`), "messages[0].tool_calls[0]"},
		{user(`"temperature":"hot"`), "temperature"},
		{user(`"max_tokens":1.5`), "max_tokens"},
		{user(`"stop":[1]`), "stop"},
		{user(`"stream":"yes"`), "stream"},
		{user(`"tools":{}`), "tools"},
		{user(`"tools":[{"type":"function","function":{}}]`), "tools[0].function.name"},
		{user(`"tools":[{"name":"f"}]`), "tools[0].type"},
		{user(`"functions":[{}]`), "functions[0].name"},
		{user(`"tool_choice":"maybe"`), "tool_choice"},
		{user(`"tool_choice":{"type":"function"}`), "tool_choice"},
		{user(`"response_format":{"type":"xml"}`), "response_format.type"},
		{user(`"reasoning_effort":"heroic"`), "reasoning_effort"},
		{user(`"metadata":"x"`), "metadata"},
	}
	for _, c := range cases {
		_, err := Codec{}.DecodeRequest([]byte(c.body))
		if err == nil {
			t.Errorf("accepted %s", c.body)
			continue
		}
		if e := wantKind(t, err, fault.Invalid); e.Param != c.param || e.Public == "" {
			t.Errorf("%s: param %q (%s), want %q", c.body, e.Param, e.Public, c.param)
		}
	}
}

// drawing shows roles and parts of a conversation.
func drawing(r *llm.Request) string {
	var out []string
	for i := range r.Messages {
		m := &r.Messages[i]
		var parts []string
		for j := range m.Parts {
			p := &m.Parts[j]
			if p.Kind == llm.PartToolResult {
				inner := llm.Candidate{Parts: p.Result.Parts}
				parts = append(parts, fmt.Sprintf("result:%s=%s", p.Result.CallID, sketch(&inner)))
				continue
			}
			one := llm.Candidate{Parts: m.Parts[j : j+1]}
			parts = append(parts, sketch(&one))
		}
		out = append(out, string("uas"[m.Role])+"["+strings.Join(parts, " ")+"]")
	}
	return strings.Join(out, " ")
}

func TestDecodeMessages(t *testing.T) {
	const png = "data:image/jpg;charset=x;base64,AA,A"
	cases := []struct{ name, messages, want string }{
		{"empty assistant", `{"role":"user","content":"a"},{"role":"assistant","content":""},{"role":"assistant","content":null},{"role":"user","content":"b"}`, `u[text:a] u[text:b]`},
		{"no text beside calls", `{"role":"assistant","content":"","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":""}}]}`, `a[call:c/f()]`},
		{"empty list of calls", `{"role":"assistant","content":"x","tool_calls":[]}`, `a[text:x]`},
		{"thoughts", `{"role":"assistant","content":"x","reasoning_content":"t"}`, `a[think:t text:x]`},
		{"reasoning", `{"role":"assistant","content":"x","reasoning":"t"}`, `a[think:t text:x]`},
		{"refusals", `{"role":"assistant","content":[{"type":"text","text":"x"},{"type":"refusal","refusal":"n"}],"refusal":"m"}`, `a[text:x refuse:n refuse:m]`},
		{"later system", `{"role":"user","content":"a"},{"role":"system","content":"s"},{"role":"developer","content":[{"type":"text","text":"d"}]}`, `u[text:a] s[text:s] s[text:d]`},
		{"results", `{"role":"tool","tool_call_id":"a","content":"1"},{"role":"tool","tool_call_id":"b","content":[{"type":"text","text":"2"}]},{"role":"tool","tool_call_id":"c","content":""}`, `u[result:a=text:1 result:b=text:2 result:c=]`},
		{"stringified image", `{"role":"tool","tool_call_id":"a","content":"[{\"type\":\"input_text\",\"text\":\"t\"},{\"type\":\"input_image\",\"image_url\":\"data:image/png;base64,AAAA\"}]"}`, `u[result:a=text:t|image:image/png]`},
		{"stringified list of others", `{"role":"tool","tool_call_id":"a","content":"[{\"kind\":\"image\"}]"}`, `u[result:a=text:[{"kind":"image"}]]`},
		{"legacy", `{"role":"assistant","content":null,"function_call":{"name":"f","arguments":"{}"}},{"role":"function","name":"f","content":"r"}`, `a[call:call_legacy1/f({})] u[result:call_legacy1=text:r]`},
		{"custom call", `{"role":"assistant","tool_calls":[{"id":"c","type":"custom","custom":{"name":"p","input":"in"}}]}`, `a[call:c/p(in)]`},
		{"image", `{"role":"user","content":[{"type":"image_url","image_url":{"url":"` + png + `"}},{"type":"image_url","image_url":"http://h/i.png"}]}`, `u[image:image/jpeg image:http://h/i.png]`},
		{"unknown beside known", `{"role":"user","content":[{"type":"text","text":"a"},{"type":"hologram"}]}`, `u[text:a kind9]`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := drawing(decodeRequest(t, conversation(c.messages))); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestDecodeSystemAndHints(t *testing.T) {
	r := decodeRequest(t, conversation(`{"role":"system","content":[{"type":"text","text":"a","cache_control":{"type":"ephemeral","ttl":"1h"}}]},{"role":"developer","content":"b"},{"role":"user","content":"x","cache_control":{"type":"ephemeral"}}`))
	if len(r.System) != 2 || r.System[0].Cache == nil || r.System[0].Cache.TTL != "1h" || r.System[1].Text != "b" {
		t.Errorf("system %+v", r.System)
	}
	if r.Messages[0].Parts[0].Cache == nil {
		t.Error("the hint of the message is lost")
	}
}

func TestDecodeMedia(t *testing.T) {
	cases := []struct {
		part string
		want llm.Media
	}{
		{`{"type":"input_audio","input_audio":{"data":"SUQz","format":"mp3"}}`, llm.Media{MIME: "audio/mpeg", Data: "SUQz"}},
		{`{"type":"input_audio","input_audio":{"data":"data:audio/wav;base64,UklG"}}`, llm.Media{MIME: "audio/wav", Data: "UklG"}},
		{`{"type":"file","file":{"filename":"r.pdf","file_data":"data:application/pdf;base64,JVBERg=="}}`, llm.Media{MIME: "application/pdf", Data: "JVBERg==", Name: "r.pdf"}},
		{`{"type":"file","file":{"filename":"a.txt","file_data":"aGk="}}`, llm.Media{MIME: "text/plain", Data: "aGk=", Name: "a.txt"}},
		{`{"type":"file","file":{"file_id":"file-1"}}`, llm.Media{FileID: "file-1"}},
		{`{"type":"image_url","image_url":{"url":"https://h/i","detail":"low"}}`, llm.Media{URL: "https://h/i", Detail: "low"}},
	}
	for _, c := range cases {
		r := decodeRequest(t, conversation(`{"role":"user","content":[`+c.part+`]}`))
		if got := *r.Messages[0].Parts[0].Media; got != c.want {
			t.Errorf("%s: %+v", c.part, got)
		}
	}
}

func TestDecodeTools(t *testing.T) {
	r := decodeRequest(t, user(`"tools":[
		{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"},"strict":true},"cache_control":{"type":"ephemeral"}},
		{"type":"function","name":"flat","parameters":{"type":"object"}},
		{"type":"custom","custom":{"name":"p","format":{"type":"grammar","grammar":{"syntax":"lark","definition":"x"}}}},
		{"type":"web_search"},{"type":"code_interpreter"}],"web_search_options":{"user_location":{"type":"approximate","approximate":{"city":"Oslo"}}}`))
	if len(r.Tools) != 6 {
		t.Fatalf("%d tools", len(r.Tools))
	}
	options, f, flat, custom, search, hosted := r.Tools[0], r.Tools[1], r.Tools[2], r.Tools[3], r.Tools[4], r.Tools[5]
	if options.Kind != llm.ToolWebSearch { // the order follows the members
		options, f, flat, custom, search, hosted = r.Tools[5], r.Tools[0], r.Tools[1], r.Tools[2], r.Tools[3], r.Tools[4]
	}
	switch {
	case f.Name != "f" || f.Strict == nil || f.Cache == nil || f.Description != "d" || f.Schema == nil:
		t.Errorf("function %+v", f)
	case flat.Name != "flat" || flat.Strict != nil || flat.Schema == nil:
		t.Errorf("flat %+v", flat)
	case custom.Kind != llm.ToolCustom || string(custom.Grammar) != `{"type":"grammar","syntax":"lark","definition":"x"}`:
		t.Errorf("custom %s %+v", custom.Grammar, custom)
	case search.Kind != llm.ToolWebSearch || hosted.Kind != llm.ToolServer:
		t.Errorf("hosted %+v %+v", search, hosted)
	case options.Search == nil || options.Search.City != "Oslo":
		t.Errorf("options %+v", options)
	}
}

func TestToolChoice(t *testing.T) {
	cases := []struct{ in, out string }{
		{`"auto"`, `"auto"`}, {`"none"`, `"none"`}, {`"required"`, `"required"`}, {`"any"`, `"required"`},
		{`{"type":"function","function":{"name":"f"}}`, `{"type":"function","function":{"name":"f"}}`},
		{`{"type":"function","name":"f"}`, `{"type":"function","function":{"name":"f"}}`},
		{`{"type":"custom","custom":{"name":"p"}}`, `{"type":"custom","custom":{"name":"p"}}`},
		{`{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[{"type":"function","function":{"name":"f"}},{"type":"custom","custom":{"name":"p"}}]}}`,
			`{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[{"type":"function","function":{"name":"f"}},{"type":"custom","custom":{"name":"p"}}]}}`},
		{`{"type":"function","function":{"name":"gone"}}`, `"<absent>"`},
	}
	const tools = `"tools":[{"type":"function","function":{"name":"f"}},{"type":"custom","custom":{"name":"p"}}]`
	for _, c := range cases {
		r := decodeRequest(t, user(tools+`,"tool_choice":`+c.in))
		body, _, err := Codec{}.EncodeRequest(r, wire.Dialect{Model: "m"})
		if err != nil {
			t.Fatal(err)
		}
		mustContain(t, body, `{"tool_choice":`+c.out+`}`)
	}
	r := decodeRequest(t, user(`"functions":[{"name":"f"}],"function_call":{"name":"f"}`))
	body, _, _ := Codec{}.EncodeRequest(r, wire.Dialect{Model: "m"})
	mustContain(t, body, `{"tool_choice":{"type":"function","function":{"name":"f"}},"parallel_tool_calls":false,"functions":"<absent>","function_call":"<absent>"}`)
	r = decodeRequest(t, user(`"tool_choice":"required","parallel_tool_calls":false`))
	body, _, _ = Codec{}.EncodeRequest(r, wire.Dialect{Model: "m"})
	mustContain(t, body, `{"tool_choice":"<absent>","parallel_tool_calls":"<absent>","tools":"<absent>"}`)
}

// What chat can say comes out as it went in.
func TestRequestRoundTrip(t *testing.T) {
	bodies := []string{
		user(`"temperature":0.2,"top_p":0.9,"frequency_penalty":0.5,"presence_penalty":-1,"seed":9007199254740993,"n":3,"stop":["a","b"],"logprobs":true,"top_logprobs":2,"logit_bias":{"1":5},"reasoning_effort":"none","x_vendor":{"f":1.0}`),
		user(`"response_format":{"type":"json_schema","json_schema":{"name":"r","description":"d","schema":{"type":"object"},"strict":false}},"verbosity":"high","user":"u","metadata":{"a":"b"},"service_tier":"priority","store":false,"prompt_cache_key":"k"`),
		user(`"response_format":{"type":"json_object"},"tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object","properties":{}},"strict":true}},{"type":"custom","custom":{"name":"p","format":{"type":"grammar","grammar":{"syntax":"lark","definition":"x"}}}}],"parallel_tool_calls":true`),
		conversation(`{"role":"system","content":"s"},{"role":"user","name":"bob","content":[{"type":"text","text":"a","prompt_cache_breakpoint":{"mode":"explicit"}},{"type":"image_url","image_url":{"url":"https://h/i","detail":"low"}},{"type":"input_audio","input_audio":{"data":"SUQz","format":"mp3"}},{"type":"file","file":{"filename":"r.pdf","file_data":"data:application/pdf;base64,JVBERg=="}}]},` +
			`{"role":"assistant","content":"t","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{ \"big\": 12345678901234567891 }"}}]},{"role":"tool","tool_call_id":"c","content":"r"},{"role":"assistant","content":null,"refusal":"no"}`),
	}
	for _, body := range bodies {
		out, losses, err := Codec{}.EncodeRequest(decodeRequest(t, body), wire.Dialect{Model: "m"})
		if err != nil || len(losses) > 0 {
			t.Fatalf("%v %v", err, losses)
		}
		mustContain(t, out, body)
		again, _, _ := Codec{}.EncodeRequest(decodeRequest(t, string(out)), wire.Dialect{Model: "m"})
		if !bytes.Equal(out, again) {
			t.Errorf("a second round differs:\n%s\n%s", out, again)
		}
	}
}
