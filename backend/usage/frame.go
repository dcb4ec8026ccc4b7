package usage

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"time"

	"omniroute/backend/config"
	"omniroute/backend/llm"
)

// A segment is the magic and a salt, then frames: payload length and salted
// CRC32C of the payload, both uint32 little-endian, then the payload. A payload is its
// kind, then fields: integers as varints, text as length and bytes. Fields
// may be added at the end of a payload; readers ignore what they don't know
// and take what is missing as zero. The magic changes when that is not enough.
const (
	magic      = "omnijrn1"
	headBytes  = len(magic) + 4
	frameHead  = 8
	maxPayload = 1 << 20

	kindBegin = 1
	kindEnd   = 2
)

// Bounds of text that a client chooses, in bytes.
const (
	maxText   = 512
	maxReason = 300
)

var errPayload = errors.New("usage: damaged record")

// A checksum starts from a random salt that stands in the segment's head: text
// chosen by a client can never pass for a record, wherever reading resumes.
func checksum(salt uint32, payload []byte) uint32 {
	return crc32.Update(salt, crc32.MakeTable(crc32.Castagnoli), payload)
}

// seal fills in the head of the frame that b is: frameHead reserved bytes,
// then the payload.
func seal(b []byte, salt uint32) {
	payload := b[frameHead:]
	binary.LittleEndian.PutUint32(b, uint32(len(payload)))
	binary.LittleEndian.PutUint32(b[4:], checksum(salt, payload))
}

// frameAt returns the payload of the frame at the beginning of b, nil when
// there is no whole and intact one.
func frameAt(b []byte, salt uint32) []byte {
	if len(b) < frameHead {
		return nil
	}
	n := int(binary.LittleEndian.Uint32(b))
	if n < 2 || n > maxPayload || n > len(b)-frameHead {
		return nil
	}
	p := b[frameHead : frameHead+n]
	if p[0] != kindBegin && p[0] != kindEnd || checksum(salt, p) != binary.LittleEndian.Uint32(b[4:]) {
		return nil
	}
	return p
}

// nextFrame returns the payload of the first intact frame in b, how many
// bytes it is to its end, and how many of them were damage before it. A nil
// payload means that b holds no further intact frame.
func nextFrame(b []byte, salt uint32) (payload []byte, size, damage int) {
	for at := 0; at+frameHead < len(b); at++ {
		if p := frameAt(b[at:], salt); p != nil {
			return p, at + frameHead + len(p), at
		}
	}
	return nil, 0, 0
}

func appendText(b []byte, s string) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

func appendFlag(b []byte, f bool) []byte {
	if f {
		return append(b, 1)
	}
	return append(b, 0)
}

func appendBegin(b []byte, r *BeginRecord) []byte {
	b = append(b, kindBegin)
	b = appendText(b, r.ID)
	b = binary.AppendVarint(b, r.Time.UnixNano())
	b = appendText(b, clip(r.Path, maxText))
	b = appendText(b, r.ClientFormat)
	b = appendText(b, clip(r.RequestedModel, maxText))
	b = appendText(b, clip(r.Agent, maxText))
	b = appendText(b, r.KeyID)
	return appendFlag(b, r.Stream)
}

func appendEnd(b []byte, r *Receipt) []byte {
	b = append(b, kindEnd)
	b = appendText(b, r.ID)
	b = binary.AppendVarint(b, r.Time.UnixNano())
	b = appendText(b, clip(r.Path, maxText))
	b = appendText(b, r.ClientFormat)
	b = appendText(b, clip(r.RequestedModel, maxText))
	b = appendText(b, clip(r.Agent, maxText))
	b = appendText(b, r.KeyID)
	b = appendFlag(b, r.Stream)
	b = appendText(b, r.UpstreamFormat)
	b = appendText(b, string(r.Road))
	b = appendText(b, clip(r.Combo, maxText))
	b = appendText(b, clip(r.AnsweredBy, maxText))
	b = appendText(b, r.Target.Provider)
	b = appendText(b, r.Target.Account)
	b = appendText(b, clip(r.Target.Model, maxText))
	b = binary.AppendVarint(b, int64(r.Status))
	b = appendText(b, r.Kind)
	b = appendText(b, clip(r.Error, maxText))
	for _, n := range [...]int64{r.Usage.Input, r.Usage.Output, r.Usage.CacheRead, r.Usage.CacheWrite, r.Usage.CacheLong, r.Usage.Reasoning} {
		b = binary.AppendVarint(b, n)
	}
	b = appendFlag(b, r.Usage.Estimated)
	b = binary.AppendVarint(b, r.Cost.Micros)
	b = appendFlag(b, r.Cost.Known)
	b = appendText(b, r.Cost.Basis)
	b = appendText(b, r.Cache)
	b = binary.AppendVarint(b, int64(len(r.Attempts)))
	b = binary.AppendVarint(b, r.Timing.TTFT.Milliseconds())
	b = binary.AppendVarint(b, r.Timing.Total.Milliseconds())
	// The receipt's length is not known before it is written: it comes last
	// and takes the rest.
	return r.AppendJSON(b)
}

// names keeps one copy of each text that comes again and again: paths,
// providers, models. It forgets everything when a client invents too many.
type names map[string]string

const maxNames = 2048

func (n names) of(b []byte) string {
	if s, ok := n[string(b)]; ok { // looking up does not copy
		return s
	}
	if len(n) >= maxNames {
		clear(n)
	}
	s := string(b)
	n[s] = s
	return s
}

// fields reads a payload; the first damage sticks and the rest reads as zero.
type fields struct {
	b     []byte
	names names
	bad   bool
}

func (f *fields) bytes() []byte {
	n, w := binary.Uvarint(f.b)
	if w <= 0 || n > uint64(len(f.b)-w) {
		f.bad, f.b = true, nil
		return nil
	}
	b := f.b[w : w+int(n)]
	f.b = f.b[w+int(n):]
	return b
}

func (f *fields) text() string { return f.names.of(f.bytes()) }

func (f *fields) int() int64 {
	n, w := binary.Varint(f.b)
	if w <= 0 {
		f.bad, f.b = true, nil
		return 0
	}
	f.b = f.b[w:]
	return n
}

func (f *fields) flag() bool {
	if len(f.b) == 0 {
		f.bad = true
		return false
	}
	v := f.b[0]
	f.b = f.b[1:]
	return v == 1
}

// readPayload decodes what appendBegin and appendEnd wrote. The record of a
// begin is what the row will be if no end follows.
func readPayload(p []byte, n names) (r Record, end bool, err error) {
	if len(p) == 0 {
		return r, false, errPayload
	}
	f := fields{b: p[1:], names: n}
	r.ID = string(f.bytes())
	r.Time = time.Unix(0, f.int()).UTC()
	r.Path, r.ClientFormat, r.RequestedModel, r.Agent, r.KeyID = f.text(), f.text(), f.text(), f.text(), f.text()
	r.Stream = f.flag()
	switch p[0] {
	case kindBegin:
		r.Kind = KindInterrupted
	case kindEnd:
		end = true
		r.UpstreamFormat, r.Road, r.Combo, r.AnsweredBy = f.text(), Road(f.text()), f.text(), f.text()
		r.Target = config.Target{Provider: f.text(), Account: f.text(), Model: f.text()}
		r.Status, r.Kind, r.Error = int(f.int()), f.text(), f.text()
		r.Tokens = llm.Usage{Input: f.int(), Output: f.int(), CacheRead: f.int(), CacheWrite: f.int(), CacheLong: f.int(), Reasoning: f.int(), Estimated: f.flag()}
		r.Cost = Cost{Micros: f.int(), Known: f.flag(), Basis: f.text()}
		r.Cache, r.Attempts = f.text(), int(f.int())
		r.TTFT, r.Total = time.Duration(f.int())*time.Millisecond, time.Duration(f.int())*time.Millisecond
		r.Receipt = append([]byte(nil), f.b...)
	default:
		return r, false, errPayload
	}
	if _, ok := TimeOf(r.ID); f.bad || !ok {
		return r, false, errPayload
	}
	return r, end, nil
}

// clip cuts s to at most n bytes without splitting a character.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n]
}
