package usage

import (
	"bytes"
	"encoding/json"
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

func FuzzPayload(f *testing.F) {
	f.Add(appendBegin(nil, &BeginRecord{ID: NewID(time.Now()), Time: time.Now(), Path: "/v1"}))
	f.Add(appendEnd(nil, receipt(0)))
	f.Add([]byte{kindEnd, 26})
	f.Fuzz(func(t *testing.T, p []byte) {
		if len(p) == 0 {
			return
		}
		if r, err := readBegin(p); err == nil && r.Kind != KindInterrupted {
			t.Errorf("a begin was read as %+v", r)
		}
		row, err := endRow(p)
		if err != nil {
			return
		}
		r, err := row.Receipt()
		if err != nil {
			return
		}
		again, err := r.Pack()
		if err != nil || !again.Same(&row) || !row.Is(r.ID) {
			t.Errorf("what was read cannot be packed again: %v, %+v", err, r)
		}
		if !json.Valid(r.AppendJSON(nil)) {
			t.Errorf("receipt %s is no JSON", r.AppendJSON(nil))
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
