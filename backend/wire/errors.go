package wire

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"omniroute/backend/fault"
	"omniroute/backend/wire/jscan"
)

// maxErrorText bounds the message of an upstream that a client sees.
const maxErrorText = 4000

// ErrorInfo is what an upstream's failure says, before a format gives its
// words a meaning (formats.md R60-R66).
type ErrorInfo struct {
	Message    string        // one line, without markup and secrets, never ""
	Type       string        // error.type of OpenAI and Anthropic
	Code       string        // error.code when it is a string, or Google's error.status
	Number     int           // error.code when it is a number
	Param      string        // error.param
	RetryAfter time.Duration // 0 = not stated
	Object     []byte        // the error object, nil when the body holds none
}

// ErrorFields reads the body and header of an upstream's failure. It accepts
// the shapes of all formats, because hosts mix them: {error:{…}},
// {error:"text"}, [{error:…}], {detail:"…"}, {message:"…"}, {errors:[…]},
// the response.failed object, plain text, HTML and nothing.
func ErrorFields(status int, h http.Header, body []byte) ErrorInfo {
	var e ErrorInfo
	if jscan.Check(body) == nil {
		e.read(body)
	} else if text := plainText(body); text != "" {
		e.Message = text
	}
	e.RetryAfter = retryAfter(h, e.Object, e.Message)
	e.Message = MaskSecrets(oneLine(e.Message))
	if e.Message == "" {
		e.Message = emptyError(status)
	}
	return e
}

func emptyError(status int) string {
	if text := http.StatusText(status); text != "" {
		return "The upstream answered " + strconv.Itoa(status) + " " + text + "."
	}
	return "The upstream answered with an error and no explanation."
}

func (e *ErrorInfo) read(v []byte) {
	for depth := 0; jscan.KindOf(v) == jscan.Array && depth < 4; depth++ { // R64
		var firstItem []byte
		for _, item := range jscan.Elements(v) {
			firstItem = item
			break
		}
		v = firstItem
	}
	if jscan.KindOf(v) == jscan.String {
		e.Message = jscan.Str(v)
		return
	}
	if code := baseCode(v); code != 0 {
		e.base(code, v)
		return
	}
	outer := v
	for _, key := range [...]string{"response", "error", "error"} {
		inner := jscan.Get(v, key)
		if key == "response" && jscan.KindOf(jscan.Get(inner, "error")) != jscan.Object {
			continue
		}
		if jscan.KindOf(inner) == jscan.Object {
			v = inner
		} else if s, ok := jscan.Text(inner); ok && s != "" && jscan.IsNull(jscan.Get(v, "message")) {
			e.Message = s
		}
	}
	e.object(v)
	if e.Message == "" {
		e.Message = message(outer)
	}
}

// baseCode is MiniMax's status of an answer: 0 where it succeeded, and where
// nobody says.
func baseCode(v []byte) int64 {
	code, _ := jscan.Int(jscan.Path(v, "base_resp", "status_code"))
	return code
}

// Refused reports an answer that says in MiniMax's way, inside a 200, that it
// is none (providers.md, minimax; the format's own error member is its
// codec's business).
func Refused(body []byte) bool { return baseCode(body) != 0 }

// base gives MiniMax's codes the status they would have had.
func (e *ErrorInfo) base(code int64, v []byte) {
	e.Object = v
	e.Message = jscan.Str(jscan.Path(v, "base_resp", "status_msg"))
	switch code {
	case 1002:
		e.Number = http.StatusTooManyRequests
	case 1004:
		e.Number = http.StatusUnauthorized
	case 1008:
		e.Number = http.StatusPaymentRequired
	case 2056: // the plan's window
		e.Number, e.Code = http.StatusTooManyRequests, "usage_limit_reached"
	default:
		e.Number = http.StatusBadGateway
	}
	if e.Message == "" {
		e.Message = "The upstream refused with its code " + strconv.FormatInt(code, 10) + "."
	}
}

// object reads an error object whatever its vendor.
func (e *ErrorInfo) object(v []byte) {
	if jscan.KindOf(v) != jscan.Object {
		return
	}
	e.Object = v
	for k, x := range jscan.Members(v) {
		switch string(k) {
		case "type":
			e.Type = jscan.Str(x)
		case "status":
			if s := jscan.Str(x); s != "" && e.Code == "" {
				e.Code = s
			}
		case "code":
			if s, ok := jscan.Text(x); ok {
				if n, err := strconv.Atoi(s); err == nil {
					e.Number = n
				} else if s != "" {
					e.Code = s
				}
			} else if n, ok := jscan.Int(x); ok {
				e.Number = int(n)
			}
		case "param":
			e.Param = jscan.Str(x)
		}
	}
	if e.Message == "" {
		e.Message = message(v)
	}
}

// message finds the sentence in an object: message, detail (R65) and what
// other hosts call it.
func message(v []byte) string {
	for _, key := range [...]string{"message", "detail", "error_description", "msg", "reason", "title", "error_message", "details"} {
		x := jscan.Get(v, key)
		if s := strings.TrimSpace(jscan.Str(x)); s != "" {
			return s
		}
		if k := jscan.KindOf(x); k == jscan.Object || k == jscan.Array && key != "details" {
			for _, item := range jscan.Elements(x) {
				x = item
				break
			}
			if jscan.KindOf(x) == jscan.Object {
				if s := message(x); s != "" {
					return s
				}
			}
		}
	}
	for _, item := range jscan.Elements(jscan.Get(v, "errors")) {
		if s := jscan.Str(item); s != "" {
			return s
		}
		return message(item)
	}
	return ""
}

// plainText is the text of a body that is no JSON; of HTML its title, never
// its markup (R62).
func plainText(body []byte) string {
	s := strings.TrimSpace(strings.ToValidUTF8(string(body[:min(len(body), 64<<10)]), ""))
	low := strings.ToLower(s)
	if !strings.HasPrefix(s, "<") && !strings.Contains(low, "<html") && !strings.Contains(low, "<body") {
		if strings.HasPrefix(s, "{") || strings.HasPrefix(s, "[") || strings.ContainsAny(s, "<>") {
			s = strings.NewReplacer("<", " ", ">", " ").Replace(s)
		}
		return s
	}
	if len(low) != len(s) {
		return ""
	}
	if i := strings.Index(low, "<title"); i >= 0 {
		if j := strings.IndexByte(low[i:], '>'); j >= 0 {
			title := s[i+j+1:]
			if k := strings.IndexByte(title, '<'); k >= 0 {
				title = title[:k]
			}
			if title = strings.TrimSpace(strings.ReplaceAll(title, ">", " ")); title != "" {
				return "The upstream answered with a web page: " + title + "."
			}
		}
	}
	return ""
}

// oneLine joins lines and bounds the length.
func oneLine(s string) string {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' || r == '\u2028' || r == '\u2029' || r == 0 }), " ")
	return clip(strings.TrimSpace(s), maxErrorText)
}

// retryAfter finds how long to wait: retry-after-ms, Retry-After in seconds
// or as a date, Google's RetryInfo, a member of the body, or the sentence
// itself (R61). A day is the most that is believed.
func retryAfter(h http.Header, object []byte, sentence string) time.Duration {
	if ms, err := strconv.ParseFloat(h.Get("Retry-After-Ms"), 64); err == nil && ms > 0 {
		return bounded(ms / 1000)
	}
	if v := strings.TrimSpace(h.Get("Retry-After")); v != "" {
		if s, err := strconv.ParseFloat(v, 64); err == nil && s > 0 {
			return bounded(s)
		}
		if at, err := http.ParseTime(v); err == nil {
			if wait := time.Until(at); wait > 0 {
				return bounded(math.Ceil(wait.Seconds()))
			}
		}
	}
	for _, d := range jscan.Elements(jscan.Get(object, "details")) {
		if s, ok := strings.CutSuffix(jscan.Str(jscan.Get(d, "retryDelay")), "s"); ok {
			if f, err := strconv.ParseFloat(s, 64); err == nil && f > 0 {
				return bounded(f)
			}
		}
	}
	for _, key := range [...]string{"retry_after", "resets_in_seconds", "retry_after_seconds"} {
		v := jscan.Get(object, key)
		f, ok := jscan.Float(v)
		if !ok {
			f, _ = strconv.ParseFloat(jscan.Str(v), 64)
		}
		if f > 0 {
			return bounded(f)
		}
	}
	return spokenDelay(sentence)
}

func bounded(seconds float64) time.Duration {
	if !(seconds > 0) {
		return 0
	}
	return time.Duration(min(seconds, 86400) * float64(time.Second)).Round(time.Millisecond)
}

// spokenDelay reads "try again in 7.2s", "in 1m30s", "in 20 seconds",
// "retry in 450ms".
func spokenDelay(s string) time.Duration {
	low := strings.ToLower(s)
	at := -1
	for _, lead := range [...]string{"try again in ", "retry in ", "retry after ", "reset in ", "reset after "} {
		if i := strings.Index(low, lead); i >= 0 {
			at = i + len(lead)
			break
		}
	}
	if at < 0 {
		return 0
	}
	rest := low[at:]
	total := 0.0
	for rest != "" {
		n := 0
		for n < len(rest) && (rest[n] >= '0' && rest[n] <= '9' || rest[n] == '.' && n > 0 && n+1 < len(rest) && rest[n+1] >= '0' && rest[n+1] <= '9') {
			n++
		}
		value, err := strconv.ParseFloat(rest[:n], 64)
		if n == 0 || err != nil {
			break
		}
		rest = strings.TrimLeft(rest[n:], " ")
		word := 0
		for word < len(rest) && rest[word] >= 'a' && rest[word] <= 'z' {
			word++
		}
		seconds := unitSeconds(rest[:word])
		if seconds == 0 {
			break
		}
		total += value * seconds
		rest = strings.TrimLeft(rest[word:], " ")
	}
	return bounded(total)
}

func unitSeconds(u string) float64 {
	switch u {
	case "ms", "millisecond", "milliseconds":
		return 0.001
	case "s", "sec", "secs", "second", "seconds":
		return 1
	case "m", "min", "mins", "minute", "minutes":
		return 60
	case "h", "hour", "hours":
		return 3600
	case "d", "day", "days":
		return 86400
	}
	return 0
}

// RetryHeader is the value of Retry-After: whole seconds, rounded up (R61).
// "" for no wait.
func RetryHeader(d time.Duration) string {
	if d <= 0 {
		return ""
	}
	return strconv.FormatInt(int64(math.Ceil(d.Seconds())), 10)
}

// KindOfStatus classifies an HTTP status that no words explain (formats.md
// 4.8).
func KindOfStatus(status int) fault.Kind {
	switch status {
	case 400, 405, 409, 415, 422:
		return fault.Invalid
	case 401:
		return fault.AuthExpired
	case 402:
		return fault.Quota
	case 403:
		return fault.Denied
	case 404, 410:
		return fault.ModelGone
	case 408, 504, 524:
		return fault.Timeout
	case 413:
		return fault.TooLarge
	case 429:
		return fault.RateLimited
	case 503, 529:
		return fault.Overloaded
	}
	if status >= 400 && status < 500 {
		return fault.Invalid
	}
	return fault.Upstream
}
