package gateway_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"omniroute/backend/testkit"
	"omniroute/backend/wire"
)

func gzipped(t *testing.T, raw []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(raw)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zstded(t *testing.T, raw []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	return w.EncodeAll(raw, nil)
}

func TestCompressedBodies(t *testing.T) {
	g := testkit.Start(t)
	u := g.Upstream("one", wire.OpenAIChat)
	for _, f := range clients() {
		for _, stream := range []bool{false, true} {
			path, body := testkit.Ask(f, "one/m", "hi there", stream)
			plain := u.Count()
			for encoding, packed := range map[string][]byte{"gzip": gzipped(t, []byte(body)), "zstd": zstded(t, []byte(body)), "GZIP": gzipped(t, []byte(body)), "identity": []byte(body)} {
				r := g.Do("POST", path, bytes.NewReader(packed), "Content-Encoding", encoding)
				if text, complete := r.Text(f); r.Status != 200 || text != "hello" || !complete {
					t.Errorf("%s stream=%v %s: %d %s", f, stream, encoding, r.Status, r.Body)
				}
				if got := u.Last(t); !strings.Contains(string(got.Body), "hi there") || got.Header.Get("Content-Encoding") != "" {
					t.Errorf("%s %s: the upstream got %q, encoding %q", f, encoding, got.Body, got.Header.Get("Content-Encoding"))
				}
			}
			if n := u.Count() - plain; n != 4 {
				t.Errorf("%d calls for 4 requests", n)
			}
		}
	}
}

func TestBodiesThatDoNotUnpack(t *testing.T) {
	bomb := append([]byte(`{"model":"both","padding":"`), bytes.Repeat([]byte("a"), 8<<20)...)
	bomb = append(bomb, `"}`...)
	huge := bytes.Repeat([]byte("0123456789abcdef"), 66<<16) // 66 MB, unpacking to more than fits
	noise := []byte(strings.Repeat("no gzip at all", 10))
	good := gzipped(t, []byte(`{"model":"both"}`))
	each(t, func(t *testing.T, g *testkit.Gateway, f wire.Format, stream bool) {
		for _, c := range []struct {
			name, encoding string
			body           []byte
			status         int
			says           string
		}{
			{"gzip bomb", "gzip", gzipped(t, bomb), 413, "100 times"},
			{"zstd bomb", "zstd", zstded(t, bomb), 413, "100 times"},
			{"zstd of 66 MB", "zstd", zstded(t, huge), 413, "Send"},
			{"no gzip", "gzip", noise, 400, "is not"},
			{"no zstd", "zstd", noise, 400, "damaged"},
			{"cut gzip", "gzip", good[:len(good)-6], 400, "damaged"},
			{"empty gzip", "gzip", nil, 400, "is not"},
			{"brotli", "br", noise, 415, "gzip or zstd"},
			{"twice", "gzip, zstd", noise, 415, "gzip or zstd"},
			{"nonsense", "x-nonsense", noise, 415, "gzip or zstd"},
		} {
			if stream && len(c.body) > 1<<20 {
				continue
			}
			t.Run(c.name, func(t *testing.T) {
				path, _ := testkit.Ask(f, "both", "", stream)
				refused(t, g.Do("POST", path, io.NopCloser(bytes.NewReader(c.body)), "Content-Encoding", c.encoding), f, c.status, c.says)
			})
		}
	})
}
