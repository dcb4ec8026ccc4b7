package usage

import (
	"encoding/binary"
	"time"

	"omniroute/backend/config"
	"omniroute/backend/fault"
	"omniroute/backend/llm"
)

// Row is a receipt on its way into the database or out of it: what sums and
// searches need is decoded, the rest is left packed.
type Row struct {
	Seq    int64  // unix nanoseconds out of the id: the order of requests
	At     int64  // arrival, unix nanoseconds
	Labels []byte // packed; equal bytes are equal labels, see ReadLabels
	Tokens llm.Usage
	Micros int64 // cost, meaningless when not Priced
	Priced bool
	Total  time.Duration

	Brief  []byte // everything a Record shows
	Detail []byte // what only the receipt shows; nil where it was not asked for

	chance uint64
	stream bool
	rest   []byte // of Brief, behind what is decoded
}

// Labels are what requests are grouped and found by.
type Labels struct {
	Status         int
	Kind           string
	KeyID          string
	RequestedModel string
	Combo          string
	AnsweredBy     string
	Target         config.Target
}

// Same reports whether two rows are of the same request.
func (r *Row) Same(o *Row) bool { return r.Seq == o.Seq && r.chance == o.chance }

// Is reports whether the row is of the request with this id.
func (r *Row) Is(id string) bool {
	n, ok := numberOf(id)
	return ok && n == number{uint64(r.Seq), r.chance}
}

// Pack makes the row of a receipt.
func (r *Receipt) Pack() (Row, error) { return endRow(appendEnd(nil, r)) }

func endRow(payload []byte) (Row, error) {
	brief, detail, err := cutEnd(payload)
	if err != nil {
		return Row{}, err
	}
	row, err := OpenRow(brief)
	row.Detail = detail
	return row, err
}

// OpenRow reads a brief. The row refers to its bytes.
func OpenRow(brief []byte) (Row, error) {
	u := unpacker{b: brief}
	r := Row{Brief: brief}
	n, at := u.head()
	r.Seq, r.chance, r.At = int64(n.at), n.chance, at
	r.Labels = u.bytes(int(u.byte()) | int(u.byte())<<8)
	flags := u.byte()
	r.stream, r.Priced = flags&flagStream != 0, flags&flagPriced != 0
	r.Tokens = llm.Usage{
		Input: u.int(), Output: u.int(), CacheRead: u.int(), CacheWrite: u.int(), CacheLong: u.int(), Reasoning: u.int(), Estimated: flags&flagEstimated != 0,
	}
	r.Micros, r.Total = u.int(), u.time()
	r.rest = u.b
	if u.bad {
		return r, errPacked
	}
	return r, nil
}

// ReadLabels decodes a row's labels.
func ReadLabels(packed []byte) (Labels, error) {
	u := unpacker{b: packed}
	l := u.labels()
	if u.bad {
		return l, errPacked
	}
	return l, nil
}

// Record decodes the brief.
func (r *Row) Record() (Record, error) {
	var u unpacker
	return r.record(&u)
}

func (r *Row) record(u *unpacker) (Record, error) {
	u.b = r.Labels
	l := u.labels()
	u.b = r.rest
	ttft, attempts := u.time(), u.count()
	rec := Record{
		ID: number{uint64(r.Seq), r.chance}.String(), Time: time.Unix(0, r.At).UTC(), Path: u.text(), ClientFormat: u.text(), UpstreamFormat: u.text(), Road: Road(u.text()), Stream: r.stream,
		Agent: u.text(), KeyID: l.KeyID, RequestedModel: l.RequestedModel, Combo: l.Combo, AnsweredBy: l.AnsweredBy, Target: l.Target, Status: l.Status, Kind: l.Kind, Error: u.text(),
		Tokens: r.Tokens, Cost: Cost{Micros: r.Micros, Known: r.Priced, Basis: u.text()}, Cache: u.text(), Attempts: attempts, TTFT: ttft, Total: r.Total,
	}
	if u.bad {
		return rec, errPacked
	}
	return rec, nil
}

// Receipt decodes brief and detail. Lists that were too long are cut, see
// AppendJSON.
func (r *Row) Receipt() (*Receipt, error) {
	var u unpacker
	rec, err := r.record(&u)
	if err != nil {
		return nil, err
	}
	out := &Receipt{
		ID: rec.ID, Time: rec.Time, Path: rec.Path, ClientFormat: rec.ClientFormat, UpstreamFormat: rec.UpstreamFormat, Road: rec.Road, Stream: rec.Stream, Agent: rec.Agent, KeyID: rec.KeyID,
		RequestedModel: rec.RequestedModel, Combo: rec.Combo, AnsweredBy: rec.AnsweredBy, Target: rec.Target, Status: rec.Status, Kind: rec.Kind, Error: rec.Error,
		Usage: rec.Tokens, Cost: rec.Cost, Cache: rec.Cache, Timing: Timing{TTFT: rec.TTFT, Total: rec.Total},
	}
	u.b = r.Detail
	if u.byte() != packVersion {
		return nil, errPacked
	}
	out.Snapshot, out.Timing.Upstream, out.lost = u.int(), u.time(), u.count()
	out.Candidates, out.Skipped = u.choices(), u.choices()
	for range u.items() {
		out.Attempts = append(out.Attempts, Attempt{Target: u.target(), Status: int(u.int()), Kind: u.text(), Latency: u.time(), Why: u.text()})
	}
	for range u.items() {
		out.Losses = append(out.Losses, llm.Loss{Path: u.text(), Why: u.text()})
	}
	for range u.items() {
		out.Policies = append(out.Policies, u.text())
	}
	for i := range out.Skipped {
		out.Skipped[i].Reason = u.because()
	}
	for i := range out.Attempts {
		out.Attempts[i].Started, out.Attempts[i].Reason = u.time(), u.because()
	}
	out.Reason = u.because()
	for i := range u.items() {
		if r := u.because(); i < len(out.Candidates) {
			out.Candidates[i].Reason = r
		}
	}
	if u.bad {
		return nil, errPacked
	}
	return out, nil
}

// readBegin decodes a begin into the receipt that is booked if no end follows.
func readBegin(payload []byte) (*Receipt, error) {
	u := unpacker{b: payload[1:]}
	n, at := u.head()
	r := &Receipt{
		ID: n.String(), Time: time.Unix(0, at).UTC(), Path: u.text(), ClientFormat: u.text(), RequestedModel: u.text(), Agent: u.text(), KeyID: u.text(), Stream: u.byte() == flagStream,
		Kind: KindInterrupted, Error: "The gateway stopped while this request was running.",
	}
	if u.bad {
		return nil, errPacked
	}
	return r, nil
}

// unpacker reads; the first damage sticks and the rest reads as zero. What
// ends early, at a field, was written before that field existed.
type unpacker struct {
	b     []byte
	texts [maxTexts]string
	n     int
	bad   bool
}

func (u *unpacker) fail() {
	u.b, u.bad = nil, true
}

func (u *unpacker) byte() byte {
	if len(u.b) == 0 {
		return 0
	}
	c := u.b[0]
	u.b = u.b[1:]
	return c
}

func (u *unpacker) bytes(n int) []byte {
	if n > len(u.b) {
		u.fail()
		return nil
	}
	b := u.b[:n:n]
	u.b = u.b[n:]
	return b
}

func (u *unpacker) uint() uint64 {
	if len(u.b) == 0 {
		return 0
	}
	n, w := binary.Uvarint(u.b)
	if w <= 0 {
		u.fail()
		return 0
	}
	u.b = u.b[w:]
	return n
}

func (u *unpacker) int() int64 {
	n := u.uint()
	return int64(n>>1) ^ -int64(n&1)
}

func (u *unpacker) count() int { return int(u.uint() & (1<<31 - 1)) }

// items reads the length of a list, each item of which takes a byte or more.
func (u *unpacker) items() int {
	n := u.count()
	if n > len(u.b) {
		u.fail()
		return 0
	}
	return n
}

func (u *unpacker) time() time.Duration { return time.Duration(u.int()) * time.Microsecond }

func (u *unpacker) text() string {
	x := u.uint()
	if x&1 == 1 {
		if x>>1 >= uint64(u.n) {
			u.fail()
			return ""
		}
		return u.texts[x>>1]
	}
	if x>>1 > uint64(len(u.b)) {
		u.fail()
		return ""
	}
	s := string(u.bytes(int(x >> 1)))
	if s != "" && u.n < maxTexts {
		u.texts[u.n] = s
		u.n++
	}
	return s
}

func (u *unpacker) head() (n number, at int64) {
	if u.byte() != packVersion || len(u.b) < 16 {
		u.fail()
		return n, 0
	}
	n.at, n.chance = binary.BigEndian.Uint64(u.b), binary.BigEndian.Uint64(u.b[8:])
	u.b = u.b[16:]
	if n.at == 0 || n.at >= 1<<63 {
		u.fail()
	}
	return n, int64(n.at) + u.int()
}

func (u *unpacker) labels() Labels {
	return Labels{Status: int(u.int()), Kind: u.text(), KeyID: u.text(), RequestedModel: u.text(), Combo: u.text(), AnsweredBy: u.text(), Target: u.target()}
}

func (u *unpacker) target() config.Target {
	return config.Target{Provider: u.text(), Account: u.text(), Model: u.text()}
}

func (u *unpacker) because() fault.Reason {
	r := fault.Reason{Code: fault.ReasonCode(u.text())}
	for range u.items() {
		r.Args = append(r.Args, fault.Arg{Name: u.text(), Value: u.text()})
	}
	return r
}

func (u *unpacker) choices() []Choice {
	var list []Choice
	for range u.items() {
		list = append(list, Choice{Target: u.target(), Why: u.text()})
	}
	return list
}
