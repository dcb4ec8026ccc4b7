package providers

import (
	"regexp"
	"strconv"
	"time"
)

// Times that vendors write into their sentences: "try again in 7.66s", "Your
// quota will reset after 1h2m3s.", "Please retry in 708 ms", "Resets in 3
// days", "Your limit will reset at 2026-11-26 10:00:00".
var (
	saidDelay = regexp.MustCompile(`(?i)(?:try again|retry|resets?|available(?: again)?)(?: it)? (?:in|after)(?: about| approximately)? ((?:[0-9]+(?:\.[0-9]+)? ?(?:milliseconds?|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d|weeks?)\b[ ,]*(?:and )?)+|(?:[0-9]+(?:\.[0-9]+)?(?:ms|s|m|h|d))+)`)
	saidPiece = regexp.MustCompile(`(?i)([0-9]+(?:\.[0-9]+)?) ?(milliseconds?|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d|weeks?)`)
	saidTime  = regexp.MustCompile(`(?i)resets? at:? ([0-9]{4}-[0-9]{2}-[0-9]{2})[ T]([0-9]{2}:[0-9]{2}:[0-9]{2})(Z| ?UTC|[+-][0-9]{2}:[0-9]{2})?`)
)

// shanghai is the clock of the vendors that write a local time without its
// zone (glm).
const shanghai = 8 * 3600

// fromText reads what the sentence says.
func (w *words) fromText(now time.Time) time.Duration {
	text := w.info.Message
	if len(text) > 2000 {
		text = text[:2000]
	}
	if m := saidDelay.FindStringSubmatch(text); m != nil {
		total := 0.0
		for _, p := range saidPiece.FindAllStringSubmatch(m[1], -1) {
			n, _ := strconv.ParseFloat(p[1], 64)
			total += n * unit(p[2])
		}
		return seconds(total)
	}
	m := saidTime.FindStringSubmatch(text)
	if m == nil {
		return 0
	}
	zone := time.FixedZone("UTC+8", shanghai)
	switch {
	case m[3] == "":
	case len(m[3]) == 6:
		t, err := time.Parse(time.RFC3339, m[1]+"T"+m[2]+m[3])
		if err != nil {
			return 0
		}
		return sane(t.Sub(now))
	default:
		zone = time.UTC
	}
	t, err := time.ParseInLocation(time.DateTime, m[1]+" "+m[2], zone)
	if err != nil {
		return 0
	}
	return sane(t.Sub(now))
}

func unit(word string) float64 {
	switch word[0] | 0x20 {
	case 's':
		return 1
	case 'h':
		return 3600
	case 'd':
		return 86400
	case 'w':
		return 7 * 86400
	}
	switch {
	case word == "m" || word == "M" || len(word) > 2 && word[1]|0x20 == 'i' && word[2]|0x20 == 'n':
		return 60
	}
	return 0.001
}
