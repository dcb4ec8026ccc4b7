package daemon_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"omniroute/backend/testkit"
	"omniroute/backend/wire"
)

// roads runs a test for every dialect, streamed or not, against an upstream
// of every format that plays the same script.
func roads(t *testing.T, g *testkit.Gateway, run func(t *testing.T, u *testkit.Upstream, client wire.Format, stream bool)) {
	t.Helper()
	for _, up := range testkit.Formats() {
		u := g.Upstream("up-"+string(up), up)
		for _, client := range clients() {
			for _, stream := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s to %s stream=%v", client, up, stream), func(t *testing.T) {
					g.Rested()
					run(t, u, client, stream)
				})
			}
		}
	}
}

// told checks an error for a client, before any content: status, the
// dialect's own shape, the sentence, and one entry in the log.
func told(t *testing.T, g *testkit.Gateway, r *testkit.Reply, client wire.Format, status int, says string) {
	t.Helper()
	e, ok := r.Failure(client)
	if r.Status != status || !ok || !strings.Contains(e.Message, says) {
		t.Errorf("want %d saying %q in the words of %s, got %d (own shape: %v)\n%s", status, says, client, r.Status, ok, r.Body)
	}
	logged := g.Logged(r.ID())
	if len(logged) != 1 || logged[0]["status"] != float64(r.Status) {
		t.Errorf("log: %v, the client saw %d", logged, r.Status)
	}
}

// statusFor is the status a client sees for an upstream's: each dialect has
// its own word for an overload.
func statusFor(client wire.Format, upstream int) int {
	if upstream == http.StatusServiceUnavailable || upstream == 529 {
		if client == wire.Anthropic {
			return 529
		}
		return 503
	}
	return upstream
}

func TestUpstreamRefusalsKeepStatusAndSentence(t *testing.T) {
	g := testkit.Start(t)
	second := g.Upstream("second", wire.OpenAIChat)
	roads(t, g, func(t *testing.T, u *testkit.Upstream, client wire.Format, stream bool) {
		for _, c := range []struct {
			status, want int
			next         bool // whether another target may be tried
		}{
			{400, 400, false}, {422, 422, false}, {401, 401, true}, {403, 403, true}, {404, 404, true}, {429, 429, true},
			{500, 500, true}, {502, 502, true}, {503, 503, true}, {529, 529, true},
		} {
			g.Rested()
			says := fmt.Sprintf("the upstream is unhappy in way %d", c.status)
			u.Then(testkit.Refuses(c.status, says))
			before := u.Count()
			r := g.Ask(client, u.Prefix+"/m", stream)
			want := statusFor(client, c.want)
			if client == wire.Gemini && c.want == 529 {
				want = 503
			}
			told(t, g, r, client, want, says)
			if n := u.Count() - before; n != 1 {
				t.Errorf("%d: %d calls", c.status, n)
			}
			if r.Header.Get("X-OmniRoute-Model") != "" {
				t.Errorf("%d: a refusal names a model that answered", c.status)
			}
		}
	})
	if second.Count() != 0 {
		t.Error("a target that was not asked for was called")
	}
}

// faults are what upstreams do before any content; the next target must
// answer as if nothing had been.
func faults() map[string]struct {
	answer testkit.Answer
	stream int // 1 = only streams, -1 = only whole answers
} {
	type f = struct {
		answer testkit.Answer
		stream int
	}
	return map[string]f{
		"401": {testkit.Refuses(401, "bad key"), 0}, "403": {testkit.Refuses(403, "not you"), 0},
		"404": {testkit.Refuses(404, "no such model"), 0}, "429": {testkit.Refuses(429, "slow down"), 0},
		"402": {testkit.Fails(402, `{"error":{"message":"pay"}}`), 0},
		"500": {testkit.Refuses(500, "boom"), 0}, "503": {testkit.Refuses(503, "busy"), 0}, "529": {testkit.Refuses(529, "busy"), 0},
		"520":              {testkit.Fails(520, "<html>cloud</html>", "Content-Type", "text/html"), 0},
		"408":              {testkit.Refuses(408, "too slow"), 0},
		"portal":           {testkit.Raw("text/html", "<html><title>Log in</title></html>"), 0},
		"garbage":          {testkit.Raw("application/json", "}{ nonsense"), 0},
		"empty":            {testkit.Raw("application/json", ""), 0},
		"null":             {testkit.Raw("application/json", "null"), 0},
		"empty object":     {testkit.Raw("application/json", "{}"), -1},
		"list":             {testkit.Raw("application/json", "[]"), -1},
		"other format":     {testkit.Raw("application/json", `{"ok":true,"data":[1,2,3]}`), -1},
		"reset":            {testkit.Resets(), 0},
		"cut early":        {testkit.CutAt(20, "hello"), 0},
		"nothing streamed": {testkit.Raw("text/event-stream", ""), 1},
		"comments only":    {testkit.Raw("text/event-stream", ": a\n\n: b\n\n"), 1},
		"error inside":     {testkit.RefusesInside(529, "busy inside"), 1},
		"rate inside":      {testkit.RefusesInside(429, "slow inside"), 1},
		"garbage events":   {testkit.Raw("text/event-stream", "data: }{\n\n"), 1},
		"redirect":         {testkit.Redirects(302, "http://127.0.0.1:1/elsewhere"), 0},
		"redirect 307":     {testkit.Redirects(307, "http://127.0.0.1:1/elsewhere"), 0},
		"brotli":           {testkit.WithHeader(testkit.Raw("application/json", "xxxx"), "Content-Encoding", "br"), 0},
		"no gzip":          {testkit.WithHeader(testkit.Raw("application/json", "xxxx"), "Content-Encoding", "gzip"), 0},
	}
}

func TestFallbackBeforeContentIsInvisible(t *testing.T) {
	g := testkit.Start(t)
	good := map[wire.Format]*testkit.Upstream{}
	for _, f := range testkit.Formats() {
		good[f] = g.Upstream("good-"+string(f), f, testkit.Says("all is well"))
	}
	for _, up := range testkit.Formats() {
		bad := g.Upstream("bad-"+string(up), up)
		for _, client := range clients() {
			for _, next := range []wire.Format{up, other(up)} {
				combo := fmt.Sprintf("%s-%s-%s", up, client, next)
				g.Combo(combo, bad.Prefix+"/m", good[next].Prefix+"/m")
				for name, fault := range faults() {
					for _, stream := range []bool{false, true} {
						if fault.stream == 1 && !stream || fault.stream == -1 && stream {
							continue
						}
						t.Run(fmt.Sprintf("%s from %s to %s then %s stream=%v", name, up, client, next, stream), func(t *testing.T) {
							g.Rested()
							bad.Then(fault.answer)
							before := bad.Count()
							r := g.Ask(client, combo, stream)
							text, complete := r.Text(client)
							if r.Status != 200 || text != "all is well" || !complete {
								t.Fatalf("%d, %q, complete %v\n%s", r.Status, text, complete, r.Body)
							}
							if n := bad.Count() - before; n != 1 && !(n == 2 && name == "reset") {
								t.Errorf("the failing target was called %d times", n)
							}
							if a, m := r.Header.Get("X-OmniRoute-Attempts"), r.Header.Get("X-OmniRoute-Model"); a != "2" || m != good[next].Prefix+"/m" {
								t.Errorf("attempts %q, model %q", a, m)
							}
							if c := r.Header.Get("X-OmniRoute-Combo"); c != combo {
								t.Errorf("combo %q", c)
							}
						})
					}
				}
			}
		}
	}
}

// other is a format that is not f.
func other(f wire.Format) wire.Format {
	if f == wire.Anthropic {
		return wire.OpenAIChat
	}
	return wire.Anthropic
}

// After content only an error in the client's own words is honest.
func TestBreakAfterContentIsNeverComplete(t *testing.T) {
	const text = "one two three four five"
	g := testkit.Start(t)
	second := g.Upstream("second", wire.OpenAIChat)
	for _, up := range testkit.Formats() {
		u := g.Upstream("up-"+string(up), up)
		events := testkit.StreamAnswer(up, text)
		middle := len(events) / 2
		bytesToMiddle := len(strings.Join(events[:middle], "")) + len(events[middle])/2
		for _, client := range clients() {
			combo := string(up) + "-" + string(client)
			g.Combo(combo, u.Prefix+"/m", "second/m")
			for name, answer := range map[string]testkit.Answer{
				"breaks between events": testkit.BreaksAfter(middle, text),
				"ends between events":   testkit.EndsAfter(middle, text),
				"breaks inside event":   testkit.CutAt(bytesToMiddle, text),
				"error inside": func(c *testkit.Call) {
					testkit.EndsAfter(middle, text)(c)
					c.Write(testkit.ErrorEvent(up, 529, "overloaded meanwhile"))
				},
			} {
				t.Run(fmt.Sprintf("%s from %s to %s", name, up, client), func(t *testing.T) {
					g.Rested()
					u.Then(answer)
					r := g.Ask(client, combo, true)
					got, complete := r.Text(client)
					e, ok := r.Failure(client)
					if r.Status != 200 || complete || !ok {
						t.Fatalf("%d, complete %v, error event %v:\n%s", r.Status, complete, ok, r.Body)
					}
					if got == "" || !strings.HasPrefix(text, got) {
						t.Errorf("text %q", got)
					}
					if name == "error inside" && !strings.Contains(e.Message, "overloaded meanwhile") {
						t.Errorf("says %q", e.Message)
					}
					logged := g.Logged(r.ID())
					if len(logged) != 1 || logged[0]["kind"] == "" || logged[0]["answeredBy"] != u.Prefix+"/m" {
						t.Errorf("log: %v", logged)
					}
				})
			}
		}
	}
	if second.Count() != 0 {
		t.Errorf("the next target was called %d times after content", second.Count())
	}
}

// A host that answers a request for a stream with one whole body.
func TestWholeBodyInsteadOfAStream(t *testing.T) {
	g := testkit.Start(t)
	roads(t, g, func(t *testing.T, u *testkit.Upstream, client wire.Format, stream bool) {
		u.Then(testkit.Raw("application/json; charset=utf-8", testkit.WholeAnswer(u.Format, "hello out there")))
		r := g.Ask(client, u.Prefix+"/m", stream)
		if text, complete := r.Text(client); r.Status != 200 || text != "hello out there" || !complete {
			t.Errorf("%d, %q, complete %v\n%s", r.Status, text, complete, r.Body)
		}
	})
}

// The counters of a stream may come after its last finish reason.
func TestCountersAfterTheFinishReason(t *testing.T) {
	g := testkit.Start(t)
	for _, f := range []wire.Format{wire.OpenAIChat, wire.Gemini} {
		gate := make(chan struct{})
		events := testkit.StreamAnswer(f, "hello")
		if f == wire.Gemini {
			head, tail, _ := strings.Cut(events[0], `"usageMetadata"`)
			events = []string{strings.TrimSuffix(head, ",") + "}\r\n\r\n", `data: {"usageMetadata"` + tail}
		}
		u := g.Upstream("late-"+string(f), f, func(c *testkit.Call) {
			c.Begin("text/event-stream")
			for i, ev := range events {
				if c.Write(ev) != nil {
					return
				}
				if i == len(events)-3 || i == len(events)-2 {
					<-gate
				}
			}
		})
		path, body := testkit.Ask(f, u.Prefix+"/m", "hi", true)
		resp := g.Open("POST", path, strings.NewReader(body))
		for seen := ""; !strings.Contains(seen, `"stop"`) && !strings.Contains(seen, "STOP"); {
			piece := make([]byte, 512)
			n, err := resp.Body.Read(piece)
			if seen += string(piece[:n]); err != nil {
				t.Fatal(err)
			}
		}
		close(gate)
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		logged := g.Logged(resp.Header.Get("X-OmniRoute-Request-Id"))
		if len(logged) != 1 || testkit.At(logged[0], "tokens", "output") != float64(testkit.TokensOut) || logged[0]["estimated"] != false {
			t.Errorf("%s: booked %v", f, logged)
		}
	}
}
