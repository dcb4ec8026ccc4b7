package usage

import (
	"strconv"
	"time"
	"unicode/utf8"

	"omniroute/backend/config"
	"omniroute/backend/fault"
)

// maxList bounds the lists inside a receipt, so that ten thousand accounts do
// not make every receipt a megabyte; "omitted" counts the rest.
const maxList = 100

// AppendJSON writes the receipt in the shape of GET /api/receipts/{id}
// (api.md). Lists are never null; money that is not known is null.
func (r *Receipt) AppendJSON(b []byte) []byte {
	b = appendString(append(b, `{"id":`...), r.ID)
	b = strconv.AppendInt(append(b, `,"snapshot":`...), r.Snapshot, 10)
	b = appendTime(append(b, `,"time":`...), r.Time)
	b = member(b, "path", clip(r.Path, maxText))
	b = member(b, "clientFormat", r.ClientFormat)
	b = member(b, "upstreamFormat", r.UpstreamFormat)
	b = member(b, "road", string(r.Road))
	b = strconv.AppendBool(append(b, `,"stream":`...), r.Stream)
	b = member(b, "agent", clip(r.Agent, maxText))
	b = member(b, "keyId", r.KeyID)
	b = member(b, "requestedModel", clip(r.RequestedModel, maxText))
	b = member(b, "combo", clip(r.Combo, maxText))
	b = member(b, "answeredBy", clip(r.AnsweredBy, maxText))
	b = appendTarget(append(b, `,"target":`...), r.Target)
	b = strconv.AppendInt(append(b, `,"status":`...), int64(r.Status), 10)
	b = member(b, "kind", r.Kind)
	b = member(b, "error", clip(r.Error, maxText))
	b = appendChoices(append(b, `,"candidates":`...), r.Candidates)
	b = appendChoices(append(b, `,"skipped":`...), r.Skipped)
	b = r.appendAttempts(append(b, `,"attempts":`...))
	b = r.appendLosses(append(b, `,"losses":`...))
	b = append(b, `,"policies":[`...)
	for i, p := range r.Policies[:min(len(r.Policies), maxList)] {
		b = appendString(comma(b, i), p)
	}
	b = append(b, ']')
	if n := r.Omitted(); n > 0 {
		b = strconv.AppendInt(append(b, `,"omitted":`...), int64(n), 10)
	}
	b = r.appendNumbers(b)
	b = member(b, "cache", r.Cache)
	b = append(b, `,"timing":{"ttftMs":`...)
	b = appendMs(b, r.Timing.TTFT, r.Timing.TTFT > 0)
	b = appendMs(append(b, `,"totalMs":`...), r.Timing.Total, true)
	b = appendMs(append(b, `,"upstreamMs":`...), r.Timing.Upstream, true)
	b = appendMs(append(b, `,"ownMs":`...), max(r.Timing.Total-r.Timing.Upstream, 0), true)
	return append(b, "}}"...)
}

func (r *Receipt) appendAttempts(b []byte) []byte {
	b = append(b, '[')
	for i := range r.Attempts[:min(len(r.Attempts), maxList)] {
		a := &r.Attempts[i]
		b = appendTarget(append(comma(b, i), `{"target":`...), a.Target)
		b = strconv.AppendInt(append(b, `,"status":`...), int64(a.Status), 10)
		b = member(b, "kind", a.Kind)
		b = appendMs(append(b, `,"latencyMs":`...), a.Latency, true)
		b = append(appendReason(member(b, "why", clip(a.Why, maxReason)), &a.Reason), '}')
	}
	return append(b, ']')
}

func (r *Receipt) appendLosses(b []byte) []byte {
	b = append(b, '[')
	for i, l := range r.Losses[:min(len(r.Losses), maxList)] {
		b = appendString(append(comma(b, i), `{"path":`...), clip(l.Path, maxReason))
		b = append(member(b, "why", clip(l.Why, maxReason)), '}')
	}
	return append(b, ']')
}

// Omitted counts items of lists that were too long to be kept.
func (r *Receipt) Omitted() int {
	n := r.lost
	for _, l := range [...]int{len(r.Candidates), len(r.Skipped), len(r.Attempts), len(r.Losses), len(r.Policies)} {
		n += max(l-maxList, 0)
	}
	return n
}

func (r *Receipt) appendNumbers(b []byte) []byte {
	u := &r.Usage
	b = strconv.AppendInt(append(b, `,"usage":{"input":`...), u.Input, 10)
	b = strconv.AppendInt(append(b, `,"output":`...), u.Output, 10)
	b = strconv.AppendInt(append(b, `,"cacheRead":`...), u.CacheRead, 10)
	b = strconv.AppendInt(append(b, `,"cacheWrite":`...), u.CacheWrite, 10)
	b = strconv.AppendInt(append(b, `,"reasoning":`...), u.Reasoning, 10)
	b = strconv.AppendBool(append(b, `,"estimated":`...), u.Estimated)
	b = append(b, `},"cost":{"usd":`...)
	if r.Cost.Known {
		b = append(AppendUSD(append(b, '"'), r.Cost.Micros), '"')
		b = strconv.AppendInt(append(b, `,"micros":`...), r.Cost.Micros, 10)
	} else {
		b = append(b, `null,"micros":null`...)
	}
	return append(member(b, "basis", r.Cost.Basis), '}')
}

// AppendUSD writes micro-dollars as a decimal number of dollars: "0.0123",
// "-2", "1234.5".
func AppendUSD(b []byte, micros int64) []byte {
	u := uint64(micros)
	if micros < 0 {
		b = append(b, '-')
		u = -u
	}
	b = strconv.AppendUint(b, u/1_000_000, 10)
	if frac := u % 1_000_000; frac != 0 {
		at := len(b)
		b = strconv.AppendUint(b, 1_000_000+frac, 10)
		b[at] = '.'
		for b[len(b)-1] == '0' {
			b = b[:len(b)-1]
		}
	}
	return b
}

func appendChoices(b []byte, cs []Choice) []byte {
	b = append(b, '[')
	for i := range cs[:min(len(cs), maxList)] {
		b = appendTarget(append(comma(b, i), `{"target":`...), cs[i].Target)
		b = append(appendReason(member(b, "why", clip(cs[i].Why, maxReason)), &cs[i].Reason), '}')
	}
	return append(b, ']')
}

// appendReason writes the code and its values, nothing when there is none.
func appendReason(b []byte, r *fault.Reason) []byte {
	if r.Code == "" {
		return b
	}
	b = append(member(b, "code", string(r.Code)), `,"args":{`...)
	for i, a := range r.Args {
		b = append(appendString(comma(b, i), a.Name), ':')
		b = appendString(b, clip(a.Value, maxReason))
	}
	return append(b, '}')
}

// appendTarget writes Target.String without building it, null for nobody.
func appendTarget(b []byte, t config.Target) []byte {
	if t == (config.Target{}) {
		return append(b, "null"...)
	}
	b = appendEscaped(append(b, '"'), t.Provider)
	b = appendEscaped(append(b, '/'), clip(t.Model, maxText))
	b = appendEscaped(append(b, '@'), t.Account)
	return append(b, '"')
}

func comma(b []byte, i int) []byte {
	if i > 0 {
		return append(b, ',')
	}
	return b
}

func member(b []byte, name, value string) []byte {
	b = append(append(append(b, `,"`...), name...), `":`...)
	return appendString(b, value)
}

// appendMs writes milliseconds with up to three decimals, null when not
// known.
func appendMs(b []byte, d time.Duration, known bool) []byte {
	if !known {
		return append(b, "null"...)
	}
	return strconv.AppendFloat(b, float64(d.Microseconds())/1000, 'f', -1, 64)
}

func appendTime(b []byte, t time.Time) []byte {
	return append(t.UTC().AppendFormat(append(b, '"'), time.RFC3339Nano), '"')
}

func appendString(b []byte, s string) []byte {
	return append(appendEscaped(append(b, '"'), s), '"')
}

// appendEscaped writes the inside of a JSON string; what is not UTF-8 becomes
// the replacement character.
func appendEscaped(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			if r, n := utf8.DecodeRuneInString(s[i:]); r != utf8.RuneError || n > 1 {
				i += n
				continue
			}
		}
		b = append(b, s[start:i]...)
		switch {
		case c >= utf8.RuneSelf:
			b = append(b, "\uFFFD"...)
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		default:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		i++
		start = i
	}
	return append(b, s[start:]...)
}
