package all

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"omniroute/backend/llm"
	"omniroute/backend/wire"
)

// literals are insides of JSON strings as clients and attackers write them.
var literals = map[string]string{
	"plain":             `nothing to escape`,
	"newlines and tabs": `func run() {\n\tfor i := range 10 {\n\t\tgo work(i)\n\t}\n}\n`,
	"escaped slash":     `<\/script> \/ \b\f\r`,
	"quotes":            `he said \"no\" and \\ left`,
	"numbered escapes":  `\u003cb\u003e \u00e9 \ud83d\ude00`,
	"lone surrogates":   `\ud83d and \ude00 and \ud83d\u0041`,
	"no valid UTF-8":    "caf\xe9 \xf0\x9f",
	"other scripts":     "日本語 \U0001F600 \u2028",
}

func long(inside string) string { return strings.Repeat(inside+" ", 200/len(inside)+2) }

// bodies are requests of every client format that hold a text at every place
// where long ones stand.
var bodies = map[wire.Format]string{
	wire.OpenAIChat:      `{"model":"m","messages":[{"role":"system","content":"%[1]s"},{"role":"user","content":"%[1]s"},{"role":"assistant","content":"%[1]s","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c1","content":"%[1]s"},{"role":"user","content":[{"type":"text","text":"%[1]s"},"%[1]s"]}],"tools":[{"type":"function","function":{"name":"f"}}]}`,
	wire.OpenAIResponses: `{"model":"m","instructions":"%[1]s","input":[{"role":"user","content":"%[1]s"},{"type":"message","role":"assistant","content":[{"type":"output_text","text":"%[1]s"}]},{"type":"function_call","call_id":"c1","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"c1","output":"%[1]s"}],"tools":[{"type":"function","name":"f"}]}`,
	wire.Anthropic:       `{"model":"m","max_tokens":9,"system":[{"type":"text","text":"%[1]s"}],"messages":[{"role":"user","content":"%[1]s"},{"role":"assistant","content":[{"type":"text","text":"%[1]s"},{"type":"tool_use","id":"c1","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","is_error":true,"content":"%[1]s"},{"type":"text","text":"%[1]s"}]}],"tools":[{"name":"f","input_schema":{"type":"object"}}]}`,
	wire.Gemini:          `{"systemInstruction":{"parts":[{"text":"%[1]s"}]},"contents":[{"role":"user","parts":[{"text":"%[1]s"}]},{"role":"model","parts":[{"text":"%[1]s"}]},{"role":"user","parts":[{"text":"%[1]s"}]}]}`,
}

// TestLiteralsSayTheText: what is copied from the client's body means the
// same as the text escaped anew, from every format into every format.
func TestLiteralsSayTheText(t *testing.T) {
	for f, shape := range bodies {
		from, _ := Of(f)
		for name, inside := range literals {
			body := []byte(fmt.Sprintf(shape, long(inside)))
			for _, to := range Codecs() {
				encode := func(r *llm.Request) any {
					d := wire.Dialect{Model: "m", Project: "p"}
					prepared, _ := wire.Prepare(r, to.Format(), d)
					out, _, err := to.EncodeRequest(prepared, d)
					if err != nil {
						t.Fatalf("%s, %s to %s: %v", name, f, to.Format(), err)
					}
					var v any
					if err := json.Unmarshal(out, &v); err != nil {
						t.Fatalf("%s, %s to %s: no JSON: %v\n%s", name, f, to.Format(), err, out)
					}
					return v
				}
				decode := func() *llm.Request {
					r, err := from.DecodeRequest(body)
					if err != nil {
						t.Fatalf("%s, %s: %v", name, f, err)
					}
					return r
				}
				copied, escaped := encode(decode()), encode(withoutLiterals(decode()))
				if !reflect.DeepEqual(copied, escaped) {
					t.Errorf("%s, %s to %s: copied\n%q\nescaped\n%q", name, f, to.Format(), copied, escaped)
				}
			}
		}
	}
}

// TestLongTextsAreCopied: the road that saves the work is really taken, and
// left again when a rule changes the text.
func TestLongTextsAreCopied(t *testing.T) {
	for f, shape := range bodies {
		from, _ := Of(f)
		r, err := from.DecodeRequest([]byte(fmt.Sprintf(shape, long(literals["newlines and tabs"]))))
		if err != nil {
			t.Fatal(err)
		}
		p := &r.Messages[0].Parts[0]
		if p.Literal() == nil {
			t.Errorf("%s: a long text has no literal", f)
		}
		for _, changed := range []string{p.Text + "!", p.Text[:len(p.Text)-1], strings.Clone(p.Text[1:]), ""} {
			q := *p
			q.Text = changed
			if q.Literal() != nil {
				t.Errorf("%s: %.20q… still has the literal of another text", f, changed)
			}
		}
	}
}

func withoutLiterals(r *llm.Request) *llm.Request {
	each := func(parts []llm.Part) {
		for i := range parts {
			parts[i].SetText(parts[i].Text, nil)
			if res := parts[i].Result; res != nil {
				for j := range res.Parts {
					res.Parts[j].SetText(res.Parts[j].Text, nil)
				}
			}
		}
	}
	each(r.System)
	for i := range r.Messages {
		each(r.Messages[i].Parts)
	}
	return r
}
