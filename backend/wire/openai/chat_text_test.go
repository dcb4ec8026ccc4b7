package openai

import (
	"encoding/json"
	"fmt"
	"strings"
)

type seenChunk struct {
	Error *struct {
		Message string
	}
	Usage *struct {
		Prompt     int `json:"prompt_tokens"`
		Completion int `json:"completion_tokens"`
	}
	Choices []struct {
		Index    int
		Finish   string `json:"finish_reason"`
		Logprobs any
		Delta    struct {
			Role, Content, Refusal string
			Reasoning              string        `json:"reasoning_content"`
			Function               *seenFunction `json:"function_call"`
			Calls                  []struct {
				Index            int
				ID               string
				Function, Custom *seenFunction
			} `json:"tool_calls"`
		}
	}
}

type seenFunction struct{ Name, Arguments, Input string }

// chatText draws a stream: one word for each thing a client sees.
func chatText(chunks []string) string {
	var out []string
	for _, raw := range chunks {
		if raw == "[DONE]" {
			out = append(out, raw)
			continue
		}
		var c seenChunk
		if err := json.Unmarshal([]byte(raw), &c); err != nil {
			return "no JSON: " + raw
		}
		if c.Error != nil {
			out = append(out, "error "+c.Error.Message)
		}
		for _, ch := range c.Choices {
			add := func(s string) {
				if ch.Index > 0 {
					s = fmt.Sprintf("%d:%s", ch.Index, s)
				}
				out = append(out, s)
			}
			if d := ch.Delta; d.Role != "" {
				add("role")
			} else if d.Content != "" {
				add(d.Content)
			} else if d.Refusal != "" {
				add("refuse " + d.Refusal)
			} else if d.Reasoning != "" {
				add("think " + d.Reasoning)
			} else if d.Function != nil {
				add("fn " + d.Function.Name + d.Function.Arguments)
			}
			for _, t := range ch.Delta.Calls {
				f := t.Function
				if f == nil {
					if f = t.Custom; f == nil {
						f = &seenFunction{}
					}
				}
				if t.ID != "" {
					add(fmt.Sprintf("call %d %s", t.Index, f.Name))
				} else if text := f.Arguments + f.Input; text != "" {
					add(fmt.Sprintf("args %d %s", t.Index, text))
				}
			}
			if ch.Logprobs != nil {
				add("logprobs")
			}
			if ch.Finish != "" {
				add("finish " + ch.Finish)
			}
		}
		if c.Usage != nil {
			out = append(out, fmt.Sprintf("usage %d+%d", c.Usage.Prompt, c.Usage.Completion))
		}
	}
	return strings.Join(out, "|")
}
