package responses

import (
	"bytes"

	"omniroute/backend/wire/jscan"
)

// tailKept is how much of the end of an oversized line is kept: the usage of
// a final response stands behind its output.
const tailKept = 64 << 10

// headKept is how much of the beginning stays: type, id and model.
const headKept = 4 << 10

// lines cuts a stream into lines without holding more than limit bytes of
// one. Lines that lie whole inside a write are not copied.
type lines struct {
	limit int
	part  []byte // beginning of the line that is still open
	tail  []byte // end of a line over the limit
	over  bool
}

// feed hands every completed line to each, without its end. For a line over
// the limit head is its beginning and tail its end, else tail is nil. The
// slices are valid during the call only.
func (l *lines) feed(b []byte, each func(head, tail []byte)) {
	for len(b) > 0 {
		i := bytes.IndexByte(b, '\n')
		if i < 0 {
			l.hold(b)
			return
		}
		line := b[:i]
		b = b[i+1:]
		if len(l.part) == 0 && !l.over && len(line) <= l.limit {
			each(withoutCR(line), nil)
			continue
		}
		l.hold(line)
		if l.over {
			each(l.part, withoutCR(l.tail))
		} else {
			each(withoutCR(l.part), nil)
		}
		l.part, l.tail, l.over = l.part[:0], l.tail[:0], false
		if cap(l.part) > l.limit/2 {
			l.part = nil
		}
	}
}

func (l *lines) hold(b []byte) {
	if !l.over && len(l.part)+len(b) > l.limit {
		l.over = true
		l.tail = append(l.tail[:0], l.part[max(0, len(l.part)-tailKept):]...)
		if need := headKept - len(l.part); need > 0 {
			l.part = append(l.part, b[:min(need, len(b))]...)
		}
		l.part = l.part[:min(len(l.part), headKept)]
	}
	if !l.over {
		l.part = append(l.part, b...)
		return
	}
	if len(b) >= tailKept {
		l.tail = append(l.tail[:0], b[len(b)-tailKept:]...)
		return
	}
	if len(l.tail)+len(b) > 2*tailKept {
		n := copy(l.tail, l.tail[len(l.tail)-tailKept:])
		l.tail = l.tail[:n]
	}
	l.tail = append(l.tail, b...)
}

// whole reports that no line is open.
func (l *lines) whole() bool { return len(l.part) == 0 && !l.over }

func withoutCR(b []byte) []byte {
	if n := len(b); n > 0 && b[n-1] == '\r' {
		return b[:n-1]
	}
	return b
}

// dataOf is the value of a data line, nil for other lines.
func dataOf(line []byte) []byte {
	rest, ok := bytes.CutPrefix(line, []byte("data:"))
	if !ok {
		return nil
	}
	if len(rest) > 0 && rest[0] == ' ' {
		rest = rest[1:]
	}
	return rest
}

// typeOf is the type of an event. OpenAI writes it first; others are searched.
func typeOf(data []byte) string {
	if rest, ok := bytes.CutPrefix(data, []byte(`{"type":"`)); ok {
		if i := bytes.IndexByte(rest, '"'); i >= 0 && i < 64 {
			return known(rest[:i])
		}
	}
	return jscan.Str(jscan.Get(data, "type"))
}

// known returns the constant for the types that make up most of a stream, so
// that watching them allocates nothing.
func known(t []byte) string {
	switch string(t) {
	case "response.output_text.delta":
		return "response.output_text.delta"
	case "response.function_call_arguments.delta":
		return "response.function_call_arguments.delta"
	case "response.custom_tool_call_input.delta":
		return "response.custom_tool_call_input.delta"
	case "response.reasoning_summary_text.delta":
		return "response.reasoning_summary_text.delta"
	case "response.reasoning_text.delta":
		return "response.reasoning_text.delta"
	}
	return string(t)
}

// lastObject is the last member of that name in a piece of JSON that ends
// with its document: the whole value is there, what stood before may not be.
func lastObject(tail []byte, name string) []byte {
	key := `"` + name + `":`
	for end := len(tail); end > 0; {
		i := bytes.LastIndex(tail[:end], []byte(key))
		if i < 0 {
			return nil
		}
		v := bytes.TrimLeft(tail[i+len(key):], " \t")
		if len(v) > 0 && v[0] == '{' {
			for _, x := range jscan.Members(append([]byte(`{"v":`), v...)) {
				return x
			}
		}
		end = i
	}
	return nil
}
