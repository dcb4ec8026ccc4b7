package wiretest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"

	"omniroute/backend/llm"
	"omniroute/backend/wire"
)

// Conversation is a random history: results may be missing, doubled, late or
// orphaned, texts empty, ids repeated or illegal somewhere.
func Conversation(rng *rand.Rand) []llm.Message {
	ids := []string{"call_1", "call_2", "fn.get:0", strings.Repeat("long", 20), "id_é"}
	names := []string{"get_weather", "noop", "other.tool/x"}
	args := []string{"{}", `{"city":"x"}`, "", `{"cut":`, "[1]"}
	texts := []string{"x", "", " ", "two\nlines", "<system-reminder>x"}
	var ms []llm.Message
	for range 1 + rng.IntN(8) {
		m := llm.Message{Role: llm.RoleUser}
		switch rng.IntN(8) {
		case 0:
			m.Role = llm.RoleSystem
			m.Parts = append(m.Parts, text(texts[rng.IntN(len(texts))]))
		case 1, 2, 3:
			m.Role = llm.RoleAssistant
			for range rng.IntN(4) {
				if rng.IntN(3) == 0 {
					m.Parts = append(m.Parts, text(texts[rng.IntN(len(texts))]))
				} else {
					m.Parts = append(m.Parts, call(ids[rng.IntN(len(ids))], names[rng.IntN(len(names))], args[rng.IntN(len(args))]))
				}
			}
		default:
			for range rng.IntN(4) {
				switch rng.IntN(3) {
				case 0:
					m.Parts = append(m.Parts, text(texts[rng.IntN(len(texts))]))
				default:
					r := result(ids[rng.IntN(len(ids))], text(texts[rng.IntN(len(texts))]))
					r.Result.Name = names[rng.IntN(len(names))]
					r.Result.Error = rng.IntN(4) == 0
					m.Parts = append(m.Parts, r)
				}
			}
		}
		ms = append(ms, m)
	}
	return ms
}

// Answer is a random lawful answer with one candidate.
func Answer(rng *rand.Rand) *llm.Response {
	texts := []string{"Hello", "日本 \U0001F600", " \n", "a \"quote\" \\ \u2028", strings.Repeat("long ", 50)}
	c := llm.Candidate{Stop: llm.Stop{Reason: llm.StopEnd}}
	last := llm.PartKind(255)
	for i := range rng.IntN(5) {
		kind := []llm.PartKind{llm.PartText, llm.PartToolCall, llm.PartReasoning}[rng.IntN(3)]
		if kind == last && kind != llm.PartToolCall || kind == llm.PartReasoning && i > 0 {
			continue // neighbours of a kind may become one
		}
		last = kind
		switch kind {
		case llm.PartToolCall:
			c.Parts = append(c.Parts, call(fmt.Sprintf("call_%d", i), "get_weather", []string{`{}`, `{"city":"Köln","big":12345678901234567891}`}[rng.IntN(2)]))
			c.Stop.Reason = llm.StopToolCalls
		case llm.PartReasoning:
			c.Parts = append(c.Parts, llm.Part{Kind: kind, Text: "thinking"})
		default:
			c.Parts = append(c.Parts, text(texts[rng.IntN(len(texts))]))
		}
	}
	if rng.IntN(6) == 0 {
		c.Stop.Reason = llm.StopLength
	}
	return &llm.Response{ID: "id_1", Model: "up-model", Created: 1760000000, Candidates: []llm.Candidate{c}, Usage: &llm.Usage{Input: 30, CacheRead: int64(rng.IntN(2)) * 10, Output: 12}}
}

// Stream writes an answer as an upstream of the format would.
func Stream(c wire.Codec, r *llm.Response) []byte {
	req := Asker()
	req.Stream = true
	var b bytes.Buffer
	enc := c.EncodeStream(&b, req)
	for ev, err := range llm.Unfold(r) {
		if err != nil {
			return b.Bytes()
		}
		if enc.Encode(ev) != nil {
			return b.Bytes()
		}
	}
	_ = enc.Close(nil)
	return b.Bytes()
}

// Damage streams an answer and harms it: events are changed, dropped,
// doubled, swapped, cut off or followed by rubbish.
func Damage(rng *rand.Rand, c wire.Codec, r *llm.Response) []byte {
	events := strings.SplitAfter(string(Stream(c, r)), "\n\n")
	for range rng.IntN(4) {
		i := rng.IntN(len(events))
		switch rng.IntN(7) {
		case 0:
			events[i] = ""
		case 1:
			events[i] += events[i]
		case 2:
			j := rng.IntN(len(events))
			events[i], events[j] = events[j], events[i]
		case 3:
			events = events[:i+1]
		case 4:
			events[i] += "data: " + []string{"{}", "null", "[DONE]", "{\"choices\":[]}", "not json", "{\"error\":{\"message\":\"oops\"}}", "[]", "7", "{\"type\":\"x\"}"}[rng.IntN(9)] + "\n\n"
		default:
			events[i] = damageEvent(rng, events[i])
		}
	}
	out := strings.Join(events, "")
	if rng.IntN(8) == 0 {
		out = out[:rng.IntN(len(out)+1)]
	}
	return []byte(out)
}

func damageEvent(rng *rand.Rand, event string) string {
	head, data, ok := strings.Cut(event, "data: ")
	if !ok {
		return event
	}
	body := Mutate(rng, []byte(strings.TrimSpace(data)))
	return head + "data: " + string(body) + "\n\n"
}

// Pieces streams an answer whose first part comes in many pieces.
func Pieces(c wire.Codec, r *llm.Response, pieces int) string {
	req := Asker()
	req.Stream = true
	var b bytes.Buffer
	enc := c.EncodeStream(&b, req)
	for ev, err := range llm.Unfold(r) {
		if err != nil {
			return ""
		}
		n := 1
		if ev.Kind == llm.EventDelta {
			n = pieces
		}
		for range n {
			if enc.Encode(ev) != nil {
				return ""
			}
		}
	}
	_ = enc.Close(nil)
	return b.String()
}
