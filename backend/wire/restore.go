package wire

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"omniroute/backend/llm"
	"omniroute/backend/wire/jscan"
)

// NamelessTool is the name of a call that the upstream left without one: the
// client answers that it knows no such tool, and the model tries again.
const NamelessTool = "unknown_tool"

// Restore gives the calls of an upstream's answer the client's own names,
// namespaces and kinds, and an id to those that have none or one that the
// conversation already uses (R30, R35, R38, R39). The input is not changed.
func (n *Names) Restore(r *llm.Response) *llm.Response {
	out := *r
	out.Candidates = make([]llm.Candidate, len(r.Candidates))
	block := 0
	issued := map[string]bool{}
	for i, c := range r.Candidates {
		parts := make([]llm.Part, len(c.Parts))
		copy(parts, c.Parts)
		for j := range parts {
			if parts[j].Call != nil {
				call := *parts[j].Call
				n.restoreCall(&call, r.ID, block, issued)
				parts[j].Call = &call
			}
			block++
		}
		c.Parts = parts
		out.Candidates[i] = c
	}
	return &out
}

// restoreCall renames one call; a call that arrives in pieces has no
// arguments yet. It tells how the pieces to come must be changed.
func (n *Names) restoreCall(call *llm.ToolCall, answer string, block int, issued map[string]bool) (pieces convert) {
	k, ok := n.back[call.Name]
	if !ok || k == (toolKey{}) {
		if k, ok = n.bare[call.Name]; !ok {
			k = toolKey{call.Namespace, call.Name}
		}
	}
	if call.Namespace == "" {
		call.Namespace = k.namespace
	}
	if call.Name = k.name; call.Name == "" { // every client format demands a name
		call.Name = NamelessTool
	}
	if call.ID == "" || n.used(call.ID) || issued[call.ID] {
		call.ID = n.newID(answer, block, call.Name, issued)
	}
	issued[call.ID] = true
	kind, declared := n.declared[k]
	switch {
	case call.Kind == llm.CallFunction && declared && kind == llm.ToolCustom:
		call.Kind = llm.CallCustom
		if call.Args != "" {
			call.Input, call.Args = UnwrapInput(call.Args), ""
		}
		return convertUnwrap
	case call.Kind == llm.CallCustom && declared && kind == llm.ToolFunction:
		call.Kind = llm.CallFunction
		call.Args, call.Input = call.Input, ""
		return convertArgs
	case call.Kind == llm.CallCustom && !declared: // the client may not know custom tools
		call.Kind = llm.CallFunction
		if call.Input != "" {
			call.Args, call.Input = WrapInput(call.Input), ""
		}
		return convertWrap
	}
	return convertNone
}

// newID derives an id from the answer and the place of the call in it, so
// that it is the same however the answer was cut into pieces.
func (n *Names) newID(answer string, block int, name string, issued map[string]bool) string {
	for i := 0; ; i++ {
		id := "call_" + shortHash(24, answer, strconv.Itoa(n.calls), strconv.Itoa(block), name, strconv.Itoa(i))
		if !n.used(id) && !issued[id] {
			return id
		}
	}
}

// convert is what happens to the argument pieces of a call.
type convert uint8

const (
	convertNone   convert = iota
	convertUnwrap         // {"input": text} becomes the text
	convertArgs           // text of a custom call becomes arguments
	convertWrap           // the text becomes {"input": text}
)

// RestoreStream is Restore for a stream. The text of a wrapped custom call is
// taken out of its JSON as it arrives.
func (n *Names) RestoreStream(s llm.Stream) llm.Stream {
	return func(yield func(llm.Event, error) bool) {
		var (
			answer string
			pieces convert
			input  unwrapper
			begun  bool // convertWrap: the object was opened
			issued = map[string]bool{}
		)
		for ev, err := range s {
			if err != nil {
				yield(ev, err)
				return
			}
			switch {
			case ev.Kind == llm.EventBegin:
				answer = ev.ID
			case ev.Kind == llm.EventOpen:
				pieces = convertNone
				if ev.Part != nil && ev.Part.Call != nil {
					part, call := *ev.Part, *ev.Part.Call
					pieces = n.restoreCall(&call, answer, ev.Block, issued)
					part.Call = &call
					ev.Part = &part
					input, begun = unwrapper{}, false
				}
			case ev.Kind == llm.EventDelta && ev.Delta == llm.DeltaArgs && pieces == convertUnwrap:
				ev.Delta = llm.DeltaInput
				if ev.Text = input.feed(ev.Text); ev.Text == "" {
					continue
				}
			case ev.Kind == llm.EventDelta && ev.Delta == llm.DeltaInput && pieces == convertArgs:
				ev.Delta = llm.DeltaArgs
			case ev.Kind == llm.EventDelta && ev.Delta == llm.DeltaInput && pieces == convertWrap:
				ev.Delta, ev.Text = llm.DeltaArgs, wrapPiece(ev.Text, begun)
				begun = true
			case ev.Kind == llm.EventClose && pieces != convertNone:
				last := llm.Event{Kind: llm.EventDelta, Delta: llm.DeltaInput, Candidate: ev.Candidate, Block: ev.Block}
				switch {
				case pieces == convertUnwrap:
					last.Text = input.rest()
				case pieces == convertWrap:
					last.Delta, last.Text = llm.DeltaArgs, wrapPiece("", begun)+`"}`
				}
				pieces = convertNone
				if last.Text != "" && !yield(last, nil) {
					return
				}
			}
			if !yield(ev, nil) {
				return
			}
		}
	}
}

// wrapPiece writes a piece of a custom call's text into {"input":"…"}, whose
// beginning goes ahead of the first one.
func wrapPiece(text string, begun bool) string {
	b := make([]byte, 0, len(text)+16)
	if !begun {
		b = append(b, `{"input":"`...)
	}
	return string(jscan.AppendEscaped(b, text))
}

// unwrapper reads the text out of {"input":"…"} piece by piece. Arguments of
// another shape are held until the end and then read as a whole.
type unwrapper struct {
	held    string // not yet given out
	inside  bool   // past the opening quote
	done    bool   // past the closing quote
	strange bool
}

func (u *unwrapper) feed(piece string) string {
	if u.done {
		return ""
	}
	u.held += piece
	if u.strange {
		return ""
	}
	if !u.inside {
		n, ok := inputStart(u.held)
		if !ok {
			u.strange = true
			return ""
		}
		if n == 0 {
			return ""
		}
		u.held, u.inside = u.held[n:], true
	}
	n, closed := whole(u.held)
	text := jscan.AppendUnquoted(nil, []byte(`"`+u.held[:n]+`"`))
	u.held, u.done = u.held[n:], closed
	return string(text)
}

// rest is what was held back: arguments of another shape, or a torn escape
// that will never be completed.
func (u *unwrapper) rest() string {
	if u.inside || strings.TrimSpace(u.held) == "" || strings.TrimSpace(u.held) == "{}" {
		return ""
	}
	return UnwrapInput(u.held)
}

// inputStart finds the end of `{"input":"`, white space allowed. 0 means that
// more is needed, !ok that the arguments look otherwise.
func inputStart(s string) (n int, ok bool) {
	i := 0
	for _, token := range [...]string{"{", `"input"`, ":", `"`} {
		for i < len(s) && strings.IndexByte(" \t\r\n", s[i]) >= 0 {
			i++
		}
		for j := 0; j < len(token); j++ {
			if i == len(s) {
				return 0, true
			}
			if s[i] != token[j] {
				return 0, false
			}
			i++
		}
	}
	return i, true
}

// whole is how much of the inside of a JSON string can be read now: up to the
// closing quote, or short of an escape that is cut off.
func whole(s string) (n int, closed bool) {
	for n < len(s) {
		switch s[n] {
		case '"':
			return n, true
		case '\\':
			size := 2
			if n+1 < len(s) && s[n+1] == 'u' {
				size = 6
				if n+3 < len(s) && (s[n+2]|0x20) == 'd' && strings.IndexByte("89abAB", s[n+3]) >= 0 {
					size = 12 // the low half must follow
					if n+6 < len(s) && s[n+6] != '\\' || n+7 < len(s) && s[n+7] != 'u' {
						size = 6
					}
				}
			}
			if n+size > len(s) {
				return n, false
			}
			n += size
		default:
			if s[n] >= utf8.RuneSelf && !utf8.FullRuneInString(s[n:]) {
				return n, false
			}
			n++
		}
	}
	return n, false
}
