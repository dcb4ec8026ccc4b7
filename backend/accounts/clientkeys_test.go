package accounts

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"omniroute/backend/config"
	"omniroute/backend/fault"
)

// repo is a config.Repo that keeps nothing.
type repo struct{}

func (repo) Load(context.Context) (*config.Snapshot, error) {
	return &config.Snapshot{Settings: config.DefaultSettings()}, nil
}
func (repo) Save(context.Context, *config.Snapshot, *config.Snapshot) error { return nil }

// issued makes a holder with one key of each state.
func issued(t testing.TB, c *ClientKeys) (h *config.Holder, keys map[string]string) {
	t.Helper()
	h, err := config.NewHolder(t.Context(), repo{})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	keys = map[string]string{}
	_, err = h.Update(t.Context(), func(s *config.Snapshot) error {
		for name, k := range map[string]config.Key{"good": {ExpiresAt: now.Add(time.Hour)}, "off": {Disabled: true}, "old": {ExpiresAt: now.Add(-time.Second)}, "deleted": {}} {
			text, hash, masked := c.Issue()
			k.ID, k.Name, k.Hash, k.Masked = name, name, hash, masked
			s.Keys[name] = &k
			keys[name] = text.Reveal()
		}
		return nil
	})
	if err == nil {
		_, err = h.Update(t.Context(), func(s *config.Snapshot) error { delete(s.Keys, "deleted"); return nil })
	}
	if err != nil {
		t.Fatal(err)
	}
	return h, keys
}

func TestIssuedKeysHaveTheShape(t *testing.T) {
	c := NewClientKeys("secret")
	seen := map[string]bool{}
	for range 200 {
		text, hash, masked := c.Issue()
		s := text.Reveal()
		if len(s) != 8+43+6 || !strings.HasPrefix(s, "sk-omni-") || strings.Trim(s[8:], base62) != "" || !WellFormed(s) {
			t.Fatalf("key %q", s)
		}
		if seen[s] || seen[hash] || len(hash) != 64 || c.Hash(s) != hash {
			t.Fatalf("hash %q of %q", hash, s)
		}
		if strings.Contains(masked, s[16:40]) || !strings.HasPrefix(masked, s[:12]) || !strings.HasSuffix(masked, s[len(s)-4:]) {
			t.Fatalf("masked %q of %q", masked, s)
		}
		seen[s], seen[hash] = true, true
		for i := range s {
			typo := []byte(s)
			typo[i] = base62[(strings.IndexByte(base62, s[i])+1)%62]
			if WellFormed(string(typo)) {
				t.Fatalf("%q passes with a typo at %d", s, i)
			}
		}
	}
	if NewClientKeys("a").Hash("x") == NewClientKeys("b").Hash("x") {
		t.Error("the hash does not depend on the secret")
	}
}

func TestCheck(t *testing.T) {
	c := NewClientKeys("secret")
	h, keys := issued(t, c)
	stranger, _, _ := c.Issue()
	for text, want := range map[string]KeyStatus{
		"": KeyMissing, "sk_omniroute": KeyUnknown, "sk-omni-": KeyUnknown, stranger.Reveal(): KeyUnknown, keys["good"] + "x": KeyUnknown, strings.ToUpper(keys["good"]): KeyUnknown,
		keys["good"]: KeyValid, keys["off"]: KeyRevoked, keys["deleted"]: KeyRevoked, keys["old"]: KeyExpired,
	} {
		if got := c.Check(h.Now(), text, time.Now()); got.Status != want {
			t.Errorf("%q: %v, want %v", text, got.Status, want)
		}
	}
	if v := NewClientKeys("another").Check(h.Now(), keys["good"], time.Now()); v.Status != KeyUnknown {
		t.Errorf("under another secret: %v, want unknown", v.Status)
	}
}

func TestWhoIsAdmitted(t *testing.T) {
	c := NewClientKeys("secret")
	h, keys := issued(t, c)
	stranger, _, _ := c.Issue()
	yes := true
	for _, required := range []bool{false, true} {
		h.Override(config.Overrides{})
		if required {
			h.Override(config.Overrides{RequireAPIKey: &yes})
		}
		for text, want := range map[string]string{ // "" = anonymous, "!" = refused
			"": "", "sk_omniroute": "", stranger.Reveal(): "", keys["good"]: "good", keys["off"]: "!", keys["deleted"]: "!", keys["old"]: "!",
		} {
			if required && want == "" {
				want = "!"
			}
			headers := http.Header{}
			if text != "" {
				headers.Set("Authorization", "Bearer "+text)
			}
			k, err := c.Admit(h.Now(), headers, "", time.Now())
			got := ""
			if err != nil {
				got = "!"
				if f := fault.As(err); f.Kind != fault.Unauthorized || text != "" && strings.Contains(f.Error(), text) {
					t.Errorf("%q: error %v", text, err)
				}
			} else if k != nil {
				got = k.ID
			}
			if got != want {
				t.Errorf("required %v, %q: %q, want %q", required, text, got, want)
			}
		}
	}
}

func TestPlacesOfTheKey(t *testing.T) {
	c := NewClientKeys("secret")
	text, _, _ := c.Issue()
	ours := text.Reveal()
	for name, r := range map[string]struct {
		headers map[string]string
		query   string
		want    string
		found   bool
	}{
		"nothing":                        {nil, "", "", false},
		"bearer":                         {map[string]string{"Authorization": "Bearer " + ours}, "", ours, true},
		"bearer in lower case":           {map[string]string{"Authorization": "bearer  " + ours + " "}, "", ours, true},
		"basic is none":                  {map[string]string{"Authorization": "Basic " + ours}, "", "", false},
		"x-api-key":                      {map[string]string{"x-api-key": ours}, "", ours, true},
		"x-goog-api-key":                 {map[string]string{"x-goog-api-key": ours}, "", ours, true},
		"query":                          {nil, "alt=sse&key=" + ours, ours, true},
		"query escaped":                  {nil, "key=sk%2Domni%2D" + ours[8:] + "&x=1", ours, true},
		"other query":                    {nil, "monkey=1&keys=2", "", false},
		"own header":                     {map[string]string{"x-omniroute-key": ours}, "", ours, true},
		"own header decides":             {map[string]string{"x-omniroute-key": "wrong", "Authorization": "Bearer " + ours}, "", "wrong", true},
		"own header decides, though bad": {map[string]string{"x-omniroute-key": "", "x-api-key": ours}, "", "", true},
		"a login beside our key":         {map[string]string{"Authorization": "Bearer sk-ant-oat01-abc", "x-api-key": ours}, "", ours, true},
		"our key behind another":         {map[string]string{"x-api-key": "dummy", "Authorization": "Bearer " + ours}, "", ours, true},
		"our key in the query":           {map[string]string{"x-goog-api-key": "dummy"}, "key=" + ours, ours, true},
		"the first of strangers":         {map[string]string{"x-api-key": "one", "Authorization": "Bearer two"}, "key=three", "one", true},
	} {
		headers := http.Header{}
		for k, v := range r.headers {
			headers.Set(k, v)
		}
		if got, found := FromRequest(headers, r.query); got != r.want || found != r.found {
			t.Errorf("%s: %q, %v; want %q, %v", name, got, found, r.want, r.found)
		}
	}
}

func BenchmarkAdmit(b *testing.B) {
	c := NewClientKeys("secret")
	h, keys := issued(b, c)
	headers := http.Header{"Authorization": {"Bearer " + keys["good"]}, "Content-Type": {"application/json"}}
	now := time.Now()
	b.ReportAllocs()
	for b.Loop() {
		if k, err := c.Admit(h.Now(), headers, "", now); err != nil || k == nil {
			b.Fatal("not admitted")
		}
	}
}
