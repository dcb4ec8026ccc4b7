package usage

import (
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"omniroute/backend/config"
	"omniroute/backend/fault"
)

// Receipts are packed once, when they are settled. The same bytes stand in
// the journal and in the database; they become JSON when somebody looks.
//
// A payload of the journal is its kind, then for a begin: version, id, time
// and what BeginRecord holds; for an end: the length of the brief (uint32
// little-endian), the brief, the detail.
//
//	brief   version, id (two uint64, big-endian), time as its distance to the
//	        id's, length of the labels, labels, flags, numbers, texts
//	detail  version, numbers, lists, then the reasons of what was skipped,
//	        then beginning and reason of each attempt, that of the whole, and
//	        those of the candidates, none at all where none has one
//
// Numbers are varints, durations are in microseconds. A text is a uvarint x:
// x even, x/2 bytes follow; x odd, it is the x/2-th of those non-empty texts
// of this receipt that were written out, of which the first maxTexts count.
// Labels come first so that equal labels are equal bytes. Fields may be added
// at the end of brief and detail: readers ignore what they don't know and
// take what is missing as zero. The version changes when that is not enough.
const (
	kindBegin = 1
	kindEnd   = 2

	packVersion = 1
	maxTexts    = 24
)

// Bounds of text that a client chooses, in bytes.
const (
	maxText   = 512
	maxReason = 300
)

const (
	flagStream = 1 << iota
	flagEstimated
	flagPriced
)

var errPacked = errors.New("usage: damaged record")

// packer writes. Its texts are those that can be referred to.
type packer struct {
	b     []byte
	texts [maxTexts]string
	n     int
}

func (p *packer) byte(c byte)     { p.b = append(p.b, c) }
func (p *packer) int(n int64)     { p.b = binary.AppendVarint(p.b, n) }
func (p *packer) count(n int)     { p.b = binary.AppendUvarint(p.b, uint64(n)) }
func (p *packer) clip(s string)   { p.text(clip(s, maxText)) }
func (p *packer) reason(s string) { p.text(clip(s, maxReason)) }

func (p *packer) time(d time.Duration) { p.int(d.Microseconds()) }

func (p *packer) text(s string) {
	if s == "" {
		p.b = append(p.b, 0)
		return
	}
	for i := range p.texts[:p.n] {
		if p.texts[i] == s {
			p.b = append(p.b, byte(i<<1|1))
			return
		}
	}
	if p.n < maxTexts {
		p.texts[p.n] = s
		p.n++
	}
	p.b = binary.AppendUvarint(p.b, uint64(len(s))<<1)
	p.b = append(p.b, s...)
}

// head writes what begins both a begin and a brief; an id that is none is
// zero, which no reader takes.
func (p *packer) head(id string, at time.Time) {
	n, ok := numberOf(id)
	if !ok {
		n = number{}
	}
	p.byte(packVersion)
	p.b = binary.BigEndian.AppendUint64(p.b, n.at)
	p.b = binary.BigEndian.AppendUint64(p.b, n.chance)
	p.int(at.UnixNano() - int64(n.at))
}

func appendBegin(b []byte, r *BeginRecord) []byte {
	p := packer{b: append(b, kindBegin)}
	p.head(r.ID, r.Time)
	p.clip(r.Path)
	p.text(r.ClientFormat)
	p.clip(r.RequestedModel)
	p.clip(r.Agent)
	p.text(r.KeyID)
	p.byte(flag(r.Stream, flagStream))
	return p.b
}

func flag(on bool, bit byte) byte {
	if on {
		return bit
	}
	return 0
}

func appendEnd(b []byte, r *Receipt) []byte {
	p := packer{b: append(b, kindEnd, 0, 0, 0, 0)}
	start := len(p.b)
	p.brief(r)
	binary.LittleEndian.PutUint32(p.b[start-4:], uint32(len(p.b)-start))
	p.detail(r)
	return p.b
}

// cutEnd takes the payload of an end apart.
func cutEnd(p []byte) (brief, detail []byte, err error) {
	if len(p) < 5 || p[0] != kindEnd {
		return nil, nil, errPacked
	}
	n := binary.LittleEndian.Uint32(p[1:])
	p = p[5:]
	if uint64(n) > uint64(len(p)) {
		return nil, nil, errPacked
	}
	return p[:n:n], p[n:], nil
}

func (p *packer) brief(r *Receipt) {
	p.head(r.ID, r.Time)
	p.b = append(p.b, 0, 0)
	start := len(p.b)
	p.int(int64(r.Status))
	p.clip(r.Kind)
	p.clip(r.KeyID)
	p.clip(r.RequestedModel)
	p.clip(r.Combo)
	p.clip(r.AnsweredBy)
	p.target(&r.Target)
	binary.LittleEndian.PutUint16(p.b[start-2:], uint16(len(p.b)-start))
	u := &r.Usage
	p.byte(flag(r.Stream, flagStream) | flag(u.Estimated, flagEstimated) | flag(r.Cost.Known, flagPriced))
	for _, n := range [...]int64{u.Input, u.Output, u.CacheRead, u.CacheWrite, u.CacheLong, u.Reasoning, r.Cost.Micros} {
		p.int(n)
	}
	p.time(r.Timing.Total)
	p.time(r.Timing.TTFT)
	p.count(len(r.Attempts))
	p.clip(r.Path)
	p.text(r.ClientFormat)
	p.text(r.UpstreamFormat)
	p.text(string(r.Road))
	p.clip(r.Agent)
	p.clip(r.Error)
	p.text(r.Cost.Basis)
	p.text(r.Cache)
}

func (p *packer) detail(r *Receipt) {
	p.byte(packVersion)
	p.int(r.Snapshot)
	p.time(r.Timing.Upstream)
	p.count(r.Omitted())
	p.choices(r.Candidates)
	p.choices(r.Skipped)
	p.count(min(len(r.Attempts), maxList))
	for i := range r.Attempts[:min(len(r.Attempts), maxList)] {
		a := &r.Attempts[i]
		p.target(&a.Target)
		p.int(int64(a.Status))
		p.text(a.Kind)
		p.time(a.Latency)
		p.reason(a.Why)
	}
	p.count(min(len(r.Losses), maxList))
	for _, l := range r.Losses[:min(len(r.Losses), maxList)] {
		p.reason(l.Path)
		p.reason(l.Why)
	}
	p.count(min(len(r.Policies), maxList))
	for _, s := range r.Policies[:min(len(r.Policies), maxList)] {
		p.text(s)
	}
	for i := range r.Skipped[:min(len(r.Skipped), maxList)] {
		p.because(&r.Skipped[i].Reason)
	}
	for i := range r.Attempts[:min(len(r.Attempts), maxList)] {
		p.time(r.Attempts[i].Started)
		p.because(&r.Attempts[i].Reason)
	}
	p.because(&r.Reason)
	candidates := r.Candidates[:min(len(r.Candidates), maxList)]
	if !slices.ContainsFunc(candidates, func(c Choice) bool { return c.Reason.Code != "" }) {
		candidates = nil
	}
	p.count(len(candidates))
	for i := range candidates {
		p.because(&candidates[i].Reason)
	}
}

func (p *packer) because(r *fault.Reason) {
	p.text(string(r.Code))
	p.count(len(r.Args))
	for _, a := range r.Args {
		p.text(a.Name)
		p.reason(a.Value)
	}
}

func (p *packer) choices(list []Choice) {
	list = list[:min(len(list), maxList)]
	p.count(len(list))
	for i := range list {
		p.target(&list[i].Target)
		p.reason(list[i].Why)
	}
}

func (p *packer) target(t *config.Target) {
	p.clip(t.Provider)
	p.clip(t.Account)
	p.clip(t.Model)
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
