package wire

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"omniroute/backend/llm"
)

func TestArgs(t *testing.T) {
	for _, c := range []struct{ in, object, text string }{
		{``, `{}`, `{}`},
		{" \n", `{}`, `{}`},
		{`null`, `{}`, `null`},
		{`{}`, `{}`, `{}`},
		{` { "a" : 1.0 , "big":12345678901234567891 } `, `{"a":1.0,"big":12345678901234567891}`, ` { "a" : 1.0 , "big":12345678901234567891 } `},
		{`{"a":`, `{"_raw":"{\"a\":"}`, `{"_raw":"{\"a\":"}`},
		{`rm -rf "x"`, `{"_raw":"rm -rf \"x\""}`, `{"_raw":"rm -rf \"x\""}`},
		{`[1, 2]`, `{"value":[1,2]}`, `[1, 2]`},
		{`"s"`, `{"value":"s"}`, `"s"`},
		{`9007199254740993`, `{"value":9007199254740993}`, `9007199254740993`},
	} {
		if got := string(ObjectArgs(c.in)); got != c.object {
			t.Errorf("ObjectArgs(%q) = %s, want %s", c.in, got, c.object)
		}
		if got := TextArgs(c.in); got != c.text {
			t.Errorf("TextArgs(%q) = %s, want %s", c.in, got, c.text)
		}
	}
	for in, want := range map[string]string{`{"input":"a\nb"}`: "a\nb", `"plain"`: "plain", `{"other":1}`: `{"other":1}`, `broken`: "broken", `{"input":7}`: `{"input":7}`} {
		if got := UnwrapInput(in); got != want {
			t.Errorf("UnwrapInput(%s) = %q, want %q", in, got, want)
		}
	}
	if in := "a \"b\"\n\u2028é"; UnwrapInput(WrapInput(in)) != in {
		t.Errorf("WrapInput does not come back: %s", WrapInput(in))
	}
}

func TestDataURLs(t *testing.T) {
	for in, want := range map[string]string{
		"data:image/jpg;base64,/9j/AA==":                   "image/jpeg|/9j/AA==",
		"data:image/png;charset=utf-8;base64,iVBO,RS":      "image/png|iVBO,RS",
		"DATA:Image/PNG;name=x;BASE64,iVBO\nRS Z":          "image/png|iVBORSZ",
		"data:;base64,JVBERi0x":                            "application/pdf|JVBERi0x",
		"data:application/octet-stream;base64,iVBORw0KGgo": "image/png|iVBORw0KGgo",
		"data:application/octet-stream;base64,AAAA":        "application/octet-stream|AAAA",
		"data:text/plain,hello%20you":                      "text/plain|aGVsbG8geW91",
		"data:,x":                                          "text/plain|eA==",
		"data:image/png;base64,iVBO%2BRS%3D":               "image/png|iVBO+RS=",
	} {
		mime, data, ok := ParseDataURL(in)
		if got := mime + "|" + data; !ok || got != want {
			t.Errorf("ParseDataURL(%s) = %s %v, want %s", in, got, ok, want)
		}
	}
	for _, in := range []string{"", "data:", "https://x/y,z", "data:image/png;base64"} {
		if _, _, ok := ParseDataURL(in); ok {
			t.Errorf("%q is no data URL", in)
		}
	}
	if got := DataURL("image/png", "AA"); got != "data:image/png;base64,AA" || DataURL("x", got) != got || DataURL("", "AA") != "data:application/octet-stream;base64,AA" {
		t.Errorf("DataURL = %s", got)
	}
}

func TestEffort(t *testing.T) {
	for e, want := range map[llm.Effort]int64{"none": 0, "minimal": 512, "low": 1024, "medium": 8192, "high": 24576, "xhigh": 32768, "max": 64000, "odd": 8192} {
		if got := EffortBudget(e, 64000); got != want {
			t.Errorf("EffortBudget(%s) = %d, want %d", e, got, want)
		}
	}
	if EffortBudget("high", 4000) != 4000 || EffortBudget("max", 0) != 32768 {
		t.Error("a budget must not exceed the model's maximum; without one max is xhigh")
	}
	for b, want := range map[int64]llm.Effort{-1: "medium", 0: "none", 1: "minimal", 512: "minimal", 513: "low", 1024: "low", 8192: "medium", 8193: "high", 24576: "high", 24577: "xhigh"} {
		if got := BudgetEffort(b); got != want {
			t.Errorf("BudgetEffort(%d) = %s, want %s", b, got, want)
		}
	}
}

// Every seal returns to its own family through every client, and to nobody
// else (R28).
func TestSealsTravel(t *testing.T) {
	formats := []Format{OpenAIChat, OpenAIResponses, Anthropic, Gemini, CodeAssist}
	for _, seal := range []llm.Seal{
		{Family: llm.FamilyAnthropic, Data: "EqQBCkYI+/=="},
		{Family: llm.FamilyAnthropic, Data: "red.act:ed", Redacted: true},
		{Family: llm.FamilyGemini, Data: "R0VNSU5JLVNJRw=="},
		{Family: llm.FamilyOpenAI, Data: "gAAAA.B_-", ItemID: "rs_1"},
	} {
		for _, f := range formats {
			v := PackSeal(seal, f)
			back := UnpackSeal(v, f)
			own := f != OpenAIChat && seal.Family == f.Family() || f == OpenAIChat && seal.Family == llm.FamilyGemini
			if own && v != seal.Data {
				t.Errorf("%s to %s must be verbatim, got %s", seal.Family, f, v)
			}
			if !own && back != seal {
				t.Errorf("%+v through %s came back as %+v (%s)", seal, f, back, v)
			}
			if own && (back.Family != seal.Family || back.Data != seal.Data) {
				t.Errorf("%+v at home in %s came back as %+v", seal, f, back)
			}
		}
	}
	// Gemini clients decode the field and may write it in the other alphabet.
	v := PackSeal(llm.Seal{Family: llm.FamilyAnthropic, Data: "~~~???>>>"}, Gemini)
	if back := UnpackSeal(strings.TrimRight(strings.NewReplacer("-", "+", "_", "/").Replace(v), "="), Gemini); back.Data != "~~~???>>>" {
		t.Errorf("the other alphabet: %+v", back)
	}
}

func TestSpoofedSealsAreRefused(t *testing.T) {
	for _, v := range []string{"", "~omni1.", "~omni1.a", "~omni1.a.x", "~omni1.z..data", "~omni1.a..", "~omni1.a..data", "~omni1.g..~omni1.a..x", "fm9tbmkx!!", "~omni1.a..fm9tbmkxLmEuLmRhdGE"} {
		if s := UnpackSeal(v, Anthropic); s != (llm.Seal{}) {
			t.Errorf("UnpackSeal(%q) = %+v", v, s)
		}
	}
	if v := PackSeal(llm.Seal{Family: llm.FamilyGemini, Data: "~omni1.a..stolen"}, Gemini); v != "" {
		t.Errorf("an upstream minted our tag and it went through: %s", v)
	}
	if v := PackSeal(llm.Seal{Family: "odd", Data: "x"}, Gemini); v != "" {
		t.Errorf("unknown family: %s", v)
	}
}

func TestMergeTurns(t *testing.T) {
	in := []llm.Message{userText("a"), userText("b"), {Role: llm.RoleAssistant, Parts: []llm.Part{{Text: "c"}}}, {Role: llm.RoleAssistant, Parts: []llm.Part{{Text: "d"}}}, userText("e")}
	got := MergeTurns(in)
	if len(got) != 3 || len(got[0].Parts) != 2 || got[0].Parts[1].Text != "b" || got[1].Parts[1].Text != "d" {
		t.Errorf("%+v", got)
	}
	if len(in) != 5 || len(in[0].Parts) != 1 {
		t.Error("the input was changed")
	}
	if same := MergeTurns(got); &same[0] != &got[0] {
		t.Error("nothing to join must not copy")
	}
}

func TestEstimate(t *testing.T) {
	for in, want := range map[string]int64{"": 0, "abcd": 1, "abcde": 2, "日本語": 3, "한국": 2, "😀": 1, "éé": 1} {
		if got := EstimateText(in); got != want {
			t.Errorf("EstimateText(%q) = %d, want %d", in, got, want)
		}
	}
	image := llm.Part{Kind: llm.PartImage, Media: &llm.Media{MIME: "image/png", Data: strings.Repeat("A", 1<<20)}}
	r := &llm.Request{Messages: []llm.Message{{Parts: []llm.Part{image}}, {Parts: []llm.Part{{Kind: llm.PartToolResult, Result: &llm.ToolResult{Parts: []llm.Part{image}}}}}}}
	if got := EstimateTokens(r); got < 2*imageTokens || got > 3*imageTokens {
		t.Errorf("two images are %d tokens: never by base64 length", got)
	}
	r = &llm.Request{System: []llm.Part{{Text: strings.Repeat("word ", 400)}}, Tools: []llm.Tool{{Name: "t", Description: strings.Repeat("does ", 80), Schema: []byte(`{"type":"object","properties":{"a":{"description":"` + strings.Repeat("日", 50) + `"}}}`)}}}
	if got := EstimateTokens(r); got < 500+100+50 || got > 500+100+50+60 {
		t.Errorf("system and tools count: %d", got)
	}
	if EstimateTokens(&llm.Request{}) != 1 {
		t.Error("at least one token")
	}
}

func TestErrorFields(t *testing.T) {
	for name, c := range map[string]struct{ body, message, typ, code string }{
		"openai":    {`{"error":{"message":"no","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}`, "no", "invalid_request_error", "context_length_exceeded"},
		"anthropic": {`{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"r"}`, "Overloaded", "overloaded_error", ""},
		"google":    {`{"error":{"code":429,"message":"slow","status":"RESOURCE_EXHAUSTED"}}`, "slow", "", "RESOURCE_EXHAUSTED"},
		"array":     {`[{"error":{"code":400,"message":"bad","status":"INVALID_ARGUMENT"}}]`, "bad", "", "INVALID_ARGUMENT"},
		"text":      {`{"error":"just text"}`, "just text", "", ""},
		"codex":     {`{"detail":"no such thing"}`, "no such thing", "", ""},
		"fastapi":   {`{"detail":[{"loc":["body"],"msg":"field required"}]}`, "field required", "", ""},
		"message":   {`{"message":"top","code":"x"}`, "top", "", "x"},
		"errors":    {`{"errors":[{"message":"first","code":7}]}`, "first", "", ""},
		"failed":    {`{"type":"response.failed","response":{"status":"failed","error":{"code":"server_error","message":"broke"}}}`, "broke", "", "server_error"},
		"html":      {"<html><head><title>502 Bad Gateway</title></head><body><h1>x</h1></body></html>", "The upstream answered with a web page: 502 Bad Gateway.", "", ""},
		"doctype":   {"<!DOCTYPE html><html><body>secret stuff</body></html>", "The upstream answered 502 Bad Gateway.", "", ""},
		"empty":     {"", "The upstream answered 502 Bad Gateway.", "", ""},
		"plain":     {"upstream\nconnect <b>error</b>\r\n", "upstream connect  b error /b", "", ""},
		"object":    {`{}`, "The upstream answered 502 Bad Gateway.", "", ""},
		"nested":    {`{"error":{"error":{"message":"deep"}}}`, "deep", "", ""},
		"key":       {`{"error":{"message":"Incorrect API key provided: sk-proj-abcdef0123456789. Ask me@example.org."}}`, "Incorrect API key provided: ****. Ask ****.", "", ""},
	} {
		e := ErrorFields(502, http.Header{}, []byte(c.body))
		if e.Message != c.message || e.Type != c.typ || e.Code != c.code {
			t.Errorf("%s: %q %q %q, want %q %q %q", name, e.Message, e.Type, e.Code, c.message, c.typ, c.code)
		}
	}
	if e := ErrorFields(400, nil, []byte(`{"error":{"code":"429","message":"m","param":"p"}}`)); e.Number != 429 || e.Param != "p" {
		t.Errorf("%+v", e)
	}
	if e := ErrorFields(400, nil, []byte(strings.Repeat("long ", 5000))); len(e.Message) > maxErrorText+4 {
		t.Errorf("%d bytes of message", len(e.Message))
	}
}

func TestRetryAfter(t *testing.T) {
	for name, c := range map[string]struct {
		header, value, body string
		want                time.Duration
	}{
		"seconds":      {"Retry-After", "12", "", 12 * time.Second},
		"milliseconds": {"Retry-After-Ms", "1500", "", 1500 * time.Millisecond},
		"google":       {"", "", `{"error":{"details":[{"@type":"x"},{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"36.5s"}]}}`, 36500 * time.Millisecond},
		"sentence":     {"", "", `{"error":{"message":"Rate limit. Please try again in 7.2s. Visit x."}}`, 7200 * time.Millisecond},
		"minutes":      {"", "", `{"error":{"message":"try again in 1m30s"}}`, 90 * time.Second},
		"words":        {"", "", `{"error":{"message":"Please retry after 20 seconds."}}`, 20 * time.Second},
		"small":        {"", "", `{"error":{"message":"try again in 450ms"}}`, 450 * time.Millisecond},
		"codex":        {"", "", `{"error":{"type":"usage_limit_reached","resets_in_seconds":3600}}`, time.Hour},
		"nothing":      {"Retry-After", "soon", `{"error":{"message":"try again in a while"}}`, 0},
		"negative":     {"Retry-After", "-5", "", 0},
		"endless":      {"Retry-After", "1e300", "", 24 * time.Hour},
	} {
		h := http.Header{}
		if c.header != "" {
			h.Set(c.header, c.value)
		}
		if got := ErrorFields(429, h, []byte(c.body)).RetryAfter; got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	at := time.Now().Add(30 * time.Second).UTC().Format(http.TimeFormat)
	if got := ErrorFields(429, http.Header{"Retry-After": {at}}, nil).RetryAfter; got < 28*time.Second || got > 31*time.Second {
		t.Errorf("a date: %v", got)
	}
	if RetryHeader(36100*time.Millisecond) != "37" || RetryHeader(0) != "" {
		t.Error("Retry-After is rounded up")
	}
}

func TestMaskSecrets(t *testing.T) {
	for in, want := range map[string]string{
		"key sk-ant-api03-AAAABBBBCCCC is bad":                 "key **** is bad",
		"Bearer abcdef.ghijkl-12345 refused":                   "Bearer **** refused",
		"AIzaSyA1234567890abcdefghijklmnop!":                   "****!",
		"ask joe.doe+x@example.co.uk.":                         "ask ****.",
		"?key=abcdefgh123 and token eyJhbGciOiJIUzI1NiJ9.e30":  "?key=**** and token ****",
		"tool_use id toolu_01A09q90qw90lq917835lq9 is unknown": "tool_use id toolu_01A09q90qw90lq917835lq9 is unknown",
		"model claude-sonnet-4-5-20250929 at 10:20":            "model claude-sonnet-4-5-20250929 at 10:20",
		"request 6f9619ff-8b86-d011-b42d-00cf4fc964ff":         "request 6f9619ff-8b86-d011-b42d-00cf4fc964ff",
		"key-value pairs and sk-8 are fine":                    "key-value pairs and sk-8 are fine",
		"Incorrect key a8f3k2m9x7q1w5e6r4t8y2u0i9o7p3s1":       "Incorrect key ****",
		"": "",
	} {
		if got := MaskSecrets(in); got != want {
			t.Errorf("MaskSecrets(%q) = %q, want %q", in, got, want)
		}
	}
}
