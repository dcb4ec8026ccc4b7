package providers

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"omniroute/backend/fault"
	"omniroute/backend/wire/jscan"
)

// maxWait is the longest reset that is believed; what is longer is garbage.
// The board probes earlier than a far reset, the person sees the real one.
const maxWait = 400 * 24 * time.Hour

// wait is how long the refused thing rests: 0 when nothing was said. A short
// limit ends at the first time that is stated, a used-up window only when the
// last has passed.
func (w *words) wait(c *fault.Error, h http.Header, now time.Time) time.Duration {
	if c.Kind == fault.Quota {
		if u := unified(h); u.rejected && u.until.After(now) {
			return sane(u.until.Sub(now))
		}
		return max(w.fromHeader(h, now), w.fromBody(now), w.fromText(now), exhausted(h, now), sane(w.info.RetryAfter), w.calendar(now))
	}
	for _, d := range [...]time.Duration{w.fromHeader(h, now), w.fromBody(now), w.fromText(now)} {
		if d > 0 {
			return d
		}
	}
	if d := sane(w.info.RetryAfter); d > 0 {
		return d
	}
	if c.Kind == fault.RateLimited || c.Kind == fault.Overloaded {
		return exhausted(h, now)
	}
	return 0
}

func sane(d time.Duration) time.Duration {
	if d <= 0 || d > maxWait {
		return 0
	}
	return d
}

func seconds(n float64) time.Duration {
	if !(n > 0) || n > maxWait.Seconds() {
		return 0
	}
	return time.Duration(math.Ceil(n*1000)) * time.Millisecond
}

// fromHeader reads retry-after-ms and Retry-After (seconds or a date).
func (w *words) fromHeader(h http.Header, now time.Time) time.Duration {
	if ms, err := strconv.ParseFloat(h.Get("Retry-After-Ms"), 64); err == nil {
		if d := seconds(ms / 1000); d > 0 {
			return d
		}
	}
	v := strings.TrimSpace(h.Get("Retry-After"))
	if v == "" {
		return 0
	}
	if n, err := strconv.ParseFloat(v, 64); err == nil {
		return seconds(n)
	}
	if t, err := http.ParseTime(v); err == nil {
		return sane(t.Sub(now))
	}
	return 0
}

// fromBody reads the members that say it: Codex' resets_in_seconds and
// resets_at, Google's RetryInfo and quotaResetDelay, OpenRouter's copy of the
// headers.
func (w *words) fromBody(now time.Time) time.Duration {
	o := w.info.Object
	for _, key := range [...]string{"resets_in_seconds", "retry_after_seconds", "retry_after"} {
		if d := seconds(number(jscan.Get(o, key))); d > 0 {
			return d
		}
	}
	if t, ok := instant(scalar(jscan.Get(o, "resets_at")), time.Time{}); ok {
		if d := sane(t.Sub(now)); d > 0 {
			return d
		}
	}
	for _, d := range jscan.Elements(jscan.Get(o, "details")) {
		meta := jscan.Get(d, "metadata")
		for _, v := range [...]string{jscan.Str(jscan.Get(d, "retryDelay")), jscan.Str(jscan.Get(meta, "quotaResetDelay"))} {
			if d, err := time.ParseDuration(v); err == nil && sane(d) > 0 {
				return sane(d)
			}
		}
		if t, ok := instant(jscan.Str(jscan.Get(meta, "quotaResetTimeStamp")), now); ok && sane(t.Sub(now)) > 0 {
			return sane(t.Sub(now))
		}
	}
	for k, v := range jscan.Members(jscan.Path(o, "metadata", "headers")) {
		if strings.EqualFold(string(k), "X-RateLimit-Reset") || strings.EqualFold(string(k), "Retry-After") {
			if t, ok := instant(scalar(v), now); ok && sane(t.Sub(now)) > 0 {
				return sane(t.Sub(now))
			}
		}
	}
	return 0
}

func number(v []byte) float64 {
	n, _ := strconv.ParseFloat(scalar(v), 64)
	return n
}

// scalar is a number or a string as text.
func scalar(v []byte) string {
	if s, ok := jscan.Text(v); ok {
		return strings.TrimSpace(s)
	}
	return string(v)
}

// calendar is the end of a window that is named without its time: Google's
// day ends at midnight in California, Cloudflare's at midnight UTC, a month of
// included credits with the month.
func (w *words) calendar(now time.Time) time.Duration {
	switch {
	case strings.Contains(w.quotas, "perday"):
		zone, err := time.LoadLocation("America/Los_Angeles")
		if err != nil {
			zone = time.FixedZone("PST", -8*3600) // no zone data here: at most an hour late
		}
		t := now.In(zone)
		return sane(time.Date(t.Year(), t.Month(), t.Day()+1, 0, 0, 0, 0, zone).Sub(now))
	case strings.Contains(w.text, "daily free allocation"):
		t := now.UTC()
		return sane(time.Date(t.Year(), t.Month(), t.Day()+1, 0, 0, 0, 0, time.UTC).Sub(now))
	case strings.Contains(w.text, "monthly included credits"):
		t := now.UTC()
		return sane(time.Date(t.Year(), t.Month()+1, 1, 0, 0, 0, 0, time.UTC).Sub(now))
	}
	return 0
}

// windowState is what the unified headers of a Claude subscription say.
type windowState struct {
	rejected bool
	oneModel bool      // only a window of one model family is used up
	until    time.Time // the latest reset among the rejected windows; zero = not said
}

const unifiedPrefix = "Anthropic-Ratelimit-Unified-"

func unified(h http.Header) (s windowState) {
	s.rejected = strings.EqualFold(h.Get(unifiedPrefix+"Status"), "rejected")
	families, others := 0, 0
	for k, v := range h {
		name, ok := strings.CutPrefix(k, unifiedPrefix)
		if !ok || len(v) == 0 || !strings.EqualFold(v[0], "rejected") {
			continue
		}
		window, ok := strings.CutSuffix(name, "-Status")
		if !ok {
			continue
		}
		s.rejected = true
		if strings.Contains(window, "_") { // 7d_oi: the seven days of one family
			families++
		} else {
			others++
		}
		if t, ok := instant(h.Get(unifiedPrefix+window+"-Reset"), time.Time{}); ok && t.After(s.until) {
			s.until = t
		}
	}
	s.oneModel = families > 0 && others == 0
	if s.until.IsZero() && s.rejected {
		s.until, _ = instant(h.Get(unifiedPrefix+"Reset"), time.Time{})
	}
	return s
}

// exhausted reads the headers of rate-limit windows (x-ratelimit-reset-*,
// anthropic-ratelimit-*-reset, ratelimit-reset): the latest reset among the
// windows that have nothing left. A window that does not say what is left
// counts when there is no other.
func exhausted(h http.Header, now time.Time) time.Duration {
	var empty, unsaid time.Duration
	for k, v := range h {
		if len(v) == 0 || !strings.Contains(k, "Ratelimit") || !strings.Contains(k, "Reset") || strings.HasPrefix(k, unifiedPrefix) {
			continue
		}
		d := resetOf(v[0], now)
		if d == 0 {
			continue
		}
		left, err := strconv.ParseFloat(h.Get(strings.Replace(k, "Reset", "Remaining", 1)), 64)
		switch {
		case err != nil && (unsaid == 0 || d < unsaid):
			unsaid = d
		case err == nil && left <= 0:
			empty = max(empty, d)
		}
	}
	if empty > 0 {
		return empty
	}
	return unsaid
}

// resetOf reads "6m0s", "7.66s", "12", an epoch or RFC 3339.
func resetOf(v string, now time.Time) time.Duration {
	v = strings.TrimSpace(v)
	if d, err := time.ParseDuration(v); err == nil {
		return sane(d)
	}
	if t, ok := instant(v, now); ok {
		return sane(t.Sub(now))
	}
	return 0
}

// instant reads a time given as RFC 3339, epoch seconds or epoch
// milliseconds; smaller numbers are seconds from now.
func instant(v string, now time.Time) (time.Time, bool) {
	if t, err := time.Parse(time.RFC3339, v); err == nil {
		return t, true
	}
	n, err := strconv.ParseFloat(v, 64)
	switch {
	case err != nil || !(n > 0) || n > 1e14:
		return time.Time{}, false
	case n > 1e11:
		return time.UnixMilli(int64(n)), true
	case n > 1e8:
		return time.Unix(int64(n), 0), true
	case now.IsZero() || n > maxWait.Seconds():
		return time.Time{}, false
	}
	return now.Add(time.Duration(n * float64(time.Second))), true
}
