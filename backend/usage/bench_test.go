package usage

import (
	"bytes"
	"testing"
	"time"
)

// BenchmarkBeginSettle is the whole cost of the books on a request's path.
func BenchmarkBeginSettle(b *testing.B) {
	m := newMeter(b, b.TempDir(), &discard{})
	stop := run(b, m)
	defer stop()
	r := receipt(0)
	b.ReportAllocs()
	for b.Loop() {
		h, err := m.Begin(BeginRecord{ID: r.ID, Time: r.Time, Path: r.Path, ClientFormat: r.ClientFormat, RequestedModel: r.RequestedModel, Agent: r.Agent, KeyID: r.KeyID, Stream: true})
		if err != nil {
			b.Fatal(err)
		}
		h.Settle(r)
	}
}

// BenchmarkBeginSettleAlone leaves out the writer that runs beside it.
func BenchmarkBeginSettleAlone(b *testing.B) {
	m := newMeter(b, b.TempDir(), &discard{})
	r := receipt(0)
	b.ReportAllocs()
	for b.Loop() {
		h, err := m.Begin(BeginRecord{ID: r.ID, Time: r.Time, Path: r.Path, ClientFormat: r.ClientFormat, RequestedModel: r.RequestedModel, Agent: r.Agent, KeyID: r.KeyID, Stream: true})
		if err != nil {
			b.Fatal(err)
		}
		h.Settle(r)
	}
}

func BenchmarkNewID(b *testing.B) {
	at := time.Now()
	b.ReportAllocs()
	for b.Loop() {
		NewID(at)
	}
}

func FuzzReadPayload(f *testing.F) {
	f.Add(appendBegin(nil, &BeginRecord{ID: NewID(time.Now()), Time: time.Now(), Path: "/v1"}))
	f.Add(appendEnd(nil, receipt(0)))
	f.Add([]byte{kindEnd, 26})
	f.Fuzz(func(t *testing.T, p []byte) {
		r, end, err := readPayload(p, make(names))
		if err == nil && end == (r.Kind == KindInterrupted) && p[0] == kindBegin {
			t.Errorf("a begin was read as an end")
		}
	})
}

func FuzzNextFrame(f *testing.F) {
	frame := appendEnd(make([]byte, frameHead), receipt(0))
	seal(frame, 7)
	f.Add(frame, 0)
	f.Add(frame[:100], 3)
	f.Fuzz(func(t *testing.T, junk []byte, cut int) {
		// Whatever stands before a whole frame, the frame is found unless the
		// junk itself holds one.
		data := append(bytes.Clone(junk), frame...)
		for len(data) > 0 {
			payload, size, _ := nextFrame(data, 7)
			if payload == nil {
				t.Fatalf("the frame behind %d bytes of junk was not found", len(junk))
			}
			if bytes.Equal(payload, frame[frameHead:]) {
				return
			}
			data = data[size:]
		}
	})
}
