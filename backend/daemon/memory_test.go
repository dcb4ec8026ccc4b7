package daemon_test

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"omniroute/backend/testkit"
	"omniroute/backend/wire"
)

// A stream event of 64 MB: where bytes only pass it is passed, where an event
// must be read the call fails in the client's own words. Either way the
// gateway needs the memory of one event at most and a little more, and stays
// up.
func TestHugeEventsNeedBoundedMemory(t *testing.T) {
	const (
		huge   = 64 << 20
		event  = 32 << 20 // the limit of an event that is read
		little = 20 << 20
	)
	for _, up := range testkit.Formats() {
		for _, client := range testkit.Formats() {
			t.Run(fmt.Sprintf("%s to %s", client, up), func(t *testing.T) {
				p := testkit.Exec(t, t.TempDir(), testkit.FreePort(t))
				u := p.Upstream("one", up)
				if r := p.Ask(client, "one/m", true); r.Status != 200 {
					t.Fatalf("%v", r)
				}
				u.Then(testkit.HugeLine(huge))
				p.ForgetPeak(t)
				before := p.PeakMemory(t)
				path, body := testkit.Ask(client, "one/m", "hi", true)
				resp := p.Open("POST", path, strings.NewReader(body))
				n, err := count(resp.Body)
				resp.Body.Close()
				grown := p.PeakMemory(t) - before
				if client == up {
					most := int64(little)
					if up == wire.OpenAIResponses { // it is also collected, in case it is continued, until it is too large for that
						most = event + 2*little
					}
					if resp.StatusCode != 200 || err != io.EOF || n < huge || grown > most {
						t.Errorf("%d, %d bytes, %v, grown by %d MB", resp.StatusCode, n, err, grown>>20)
					}
				} else if resp.StatusCode != 502 || err != io.EOF || n > 1000 || grown > event+little {
					t.Errorf("%d, %d bytes, %v, grown by %d MB", resp.StatusCode, n, err, grown>>20)
				}
				if r := p.Ask(client, "demo/simulated", false); r.Status != 200 {
					t.Errorf("afterwards: %v", r)
				}
				p.Kill()
			})
		}
	}
}

// count reads to the end and keeps nothing.
func count(r io.Reader) (n int64, err error) {
	buf := make([]byte, 64<<10)
	for {
		k, err := r.Read(buf)
		n += int64(k)
		if err != nil {
			return n, err
		}
	}
}
