package anthropic

import (
	"omniroute/backend/llm"
	"omniroute/backend/wire/jscan"
)

// readStop is table 4.7 of formats.md, inward.
func readStop(word string) llm.StopReason {
	switch word {
	case "end_turn":
		return llm.StopEnd
	case "stop_sequence":
		return llm.StopSequence
	case "tool_use":
		return llm.StopToolCalls
	case "max_tokens":
		return llm.StopLength
	case "model_context_window_exceeded":
		return llm.StopContextFull
	case "refusal":
		return llm.StopFilter
	case "pause_turn", "compaction":
		return llm.StopPause
	}
	return llm.StopUnknown
}

// stopWord is the same table, outward. Calls in the answer make it tool_use
// whatever a sloppy upstream said, unless it was cut or filtered (R55).
func stopWord(s llm.Stop, calls, refused bool) string {
	switch s.Reason {
	case llm.StopLength:
		return "max_tokens"
	case llm.StopContextFull:
		return "model_context_window_exceeded"
	case llm.StopFilter:
		return "refusal"
	}
	switch {
	case calls:
		return "tool_use"
	case refused:
		return "refusal"
	}
	switch s.Reason {
	case llm.StopSequence:
		return "stop_sequence"
	case llm.StopPause:
		if readStop(s.Native) == llm.StopPause {
			return s.Native
		}
		return "pause_turn"
	}
	return "end_turn"
}

// decodeStop reads the three members that say why an answer ended.
func decodeStop(reason, sequence, details []byte) llm.Stop {
	s := llm.Stop{Native: jscan.Str(reason), Sequence: jscan.Str(sequence)}
	s.Reason = readStop(s.Native)
	s.Message = jscan.Str(jscan.Get(details, "explanation"))
	return s
}

// ended corrects the reason of an answer that holds calls (R55).
func ended(s llm.Stop, calls bool) llm.Stop {
	if calls && (s.Reason == llm.StopEnd || s.Reason == llm.StopUnknown || s.Reason == llm.StopSequence) {
		s.Reason = llm.StopToolCalls
	}
	return s
}

// stopMembers writes stop_reason, stop_sequence and, for a refusal that came
// with an explanation, stop_details.
func stopMembers(b []byte, s llm.Stop, calls, refused bool) []byte {
	word := stopWord(s, calls, refused)
	b = text(b, "stop_reason", word)
	if word == "stop_sequence" && s.Sequence != "" {
		b = text(b, "stop_sequence", s.Sequence)
	} else {
		b = literal(b, "stop_sequence", "null")
	}
	if word == "refusal" && s.Message != "" {
		b = append(member(b, "stop_details"), `{"type":"refusal","category":null`...)
		b = append(text(b, "explanation", s.Message), '}')
	}
	return b
}
