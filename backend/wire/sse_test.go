package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"omniroute/backend/fault"
)

// readAll lists events as name|data.
func readAll(r io.Reader) (events []string, err error) {
	s := NewSSE(r)
	defer s.Close()
	for {
		name, data, err := s.Next()
		if err == io.EOF {
			return events, nil
		}
		if err != nil {
			return events, err
		}
		events = append(events, name+"|"+string(data))
	}
}

func TestSSEFraming(t *testing.T) {
	cases := map[string]struct{ in, want string }{
		"plain":             {"data: a\n\ndata: b\n\n", "|a |b"},
		"named":             {"event: x\ndata: {\"a\":1}\n\n", `x|{"a":1}`},
		"no space":          {"event:x\ndata:a\n\n", "x|a"},
		"only one space":    {"data:  a\n\n", "| a"},
		"crlf":              {"event: x\r\ndata: a\r\n\r\ndata: b\r\n\r\n", "x|a |b"},
		"cr":                {"event: x\rdata: a\r\rdata: b\r\r", "x|a |b"},
		"mixed ends":        {"data: a\r\n\ndata: b\r\r\ndata: c\n\n", "|a |b |c"},
		"bom":               {"\ufeffdata: a\n\n", "|a"},
		"comments":          {": hi\n\ndata: a\n: in between\ndata: b\n\n:\n\n", "|a\nb"},
		"several lines":     {"data: a\ndata: b\ndata:\n\n", "|a\nb\n"},
		"other fields":      {"id: 7\nretry: 5\nevent: x\nid: 8\ndata: a\n\n", "x|a"},
		"name is forgotten": {"event: x\n\ndata: a\n\n", "|a"},
		"no data":           {"event: x\n\nevent: y\ndata:\n\n", ""},
		"no blank line":     {"data: a\n\nevent: x\ndata: b\n", "|a x|b"},
		"no line end":       {"data: a\n\ndata: b", "|a |b"},
		"data before name":  {"data: a\nevent: x\n\n", "x|a"},
		"last name wins":    {"event: x\nevent: y\ndata: a\n\n", "y|a"},
		"empty":             {"", ""},
		"bare json":         {"\n {\"error\":\n{}}\n\n", "|{\"error\":\n{}}"},
		"bare array":        {"[{\"error\":{}}]", `|[{"error":{}}]`},
		"utf-8":             {"data: 日本😀\n\n", "|日本😀"},
	}
	for name, c := range cases {
		readers := map[string]io.Reader{"whole": strings.NewReader(c.in), "byte by byte": iotest.OneByteReader(strings.NewReader(c.in)), "with error": iotest.DataErrReader(strings.NewReader(c.in))}
		for how, r := range readers {
			got, err := readAll(r)
			if s := strings.Join(got, " "); s != c.want || err != nil {
				t.Errorf("%s, %s: got %q (%v), want %q", name, how, s, err, c.want)
			}
		}
	}
}

func TestSSELargeEvents(t *testing.T) {
	big := strings.Repeat("x", 3<<20)
	in := "data: small\n\ndata: " + big + "\n\ndata: " + big + "\ndata: tail\n\ndata: end\n\n"
	got, err := readAll(iotest.HalfReader(strings.NewReader(in)))
	if err != nil || len(got) != 4 || got[1] != "|"+big || got[2] != "|"+big+"\ntail" || got[3] != "|end" {
		t.Fatalf("%d events, error %v", len(got), err)
	}
	s := NewSSE(strings.NewReader("data: " + strings.Repeat("y", 100<<10)))
	defer s.Close()
	s.limit = 64 << 10
	if _, _, err := s.Next(); fault.KindOf(err) != fault.Upstream {
		t.Fatalf("an event over the limit gave %v", err)
	}
	if _, _, err := s.Next(); fault.KindOf(err) != fault.Upstream {
		t.Fatalf("the error must stay: %v", err)
	}
}

func TestSSEReadErrors(t *testing.T) {
	for want, cause := range map[fault.Kind]error{
		fault.Truncated:  io.ErrUnexpectedEOF,
		fault.Canceled:   fmt.Errorf("read: %w", context.Canceled),
		fault.Timeout:    fmt.Errorf("read: %w", context.DeadlineExceeded),
		fault.Overloaded: fault.New(fault.Overloaded, "egress", "Busy."),
	} {
		got, err := readAll(io.MultiReader(strings.NewReader("data: a\n\ndata: b\n"), iotest.ErrReader(cause)))
		var e *fault.Error
		if len(got) != 1 || !errors.As(err, &e) || e.Kind != want || e.Public == "" {
			t.Errorf("%v: events %q, error %v", cause, got, err)
		}
	}
}

// A reader that flushes before it blocks needs the event as soon as its
// blank line has come.
func TestSSEDoesNotReadAhead(t *testing.T) {
	for _, end := range []string{"\n\n", "\r\n\r\n", "\r\r"} {
		r, w := io.Pipe()
		s := NewSSE(r)
		go func() { w.Write([]byte("data: a" + end)) }()
		if _, data, err := s.Next(); string(data) != "a" || err != nil {
			t.Errorf("end %q: %q %v", end, data, err)
		}
		r.Close()
		s.Close()
	}
}

func TestAppendEvent(t *testing.T) {
	got := string(AppendEvent(AppendEvent(nil, "", []byte("a\nb")), "x", []byte("{}")))
	if want := "data: a\ndata: b\n\nevent: x\ndata: {}\n\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func FuzzSSE(f *testing.F) {
	for _, s := range []string{"data: a\n\n", "event: x\r\ndata: a\r\n\r\n:c\r\rdata: b", "\ufeffdata:a\rdata:b\r\r", "{\"error\":{}}"} {
		f.Add([]byte(s), uint64(1))
	}
	f.Fuzz(func(t *testing.T, b []byte, seed uint64) {
		whole, err := readAll(strings.NewReader(string(b)))
		torn, tornErr := readAll(&tornReader{b: b, rng: rand.New(rand.NewPCG(seed, 0))})
		if strings.Join(whole, "\x00") != strings.Join(torn, "\x00") || (err == nil) != (tornErr == nil) {
			t.Fatalf("%q: whole %q (%v), torn %q (%v)", b, whole, err, torn, tornErr)
		}
	})
}

// tornReader gives its bytes in pieces of random size.
type tornReader struct {
	b   []byte
	rng *rand.Rand
}

func (r *tornReader) Read(p []byte) (int, error) {
	if len(r.b) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), 1+r.rng.IntN(7))], r.b)
	r.b = r.b[n:]
	return n, nil
}

func BenchmarkSSE200(b *testing.B) {
	in := strings.Repeat("data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"some words\"}}]}\n\n", 200)
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		s := NewSSE(strings.NewReader(in))
		n := 0
		for {
			if _, _, err := s.Next(); err != nil {
				break
			}
			n++
		}
		s.Close()
		if n != 200 {
			b.Fatal(n)
		}
	}
}
