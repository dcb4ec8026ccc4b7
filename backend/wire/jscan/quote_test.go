package jscan

import (
	"encoding/json"
	"strings"
	"testing"
)

// Reading a string must agree with encoding/json on any bytes that JSON
// allows between quotes, torn UTF-8 and lone surrogates included.
func FuzzUnquote(f *testing.F) {
	for _, s := range []string{"", "abc", `\n\t\"\\\/`, `é😀`, `\ud83d\ude00`, `\ud83d`, `\ude00\ud83d`, `\ud83dx`, "\xff", "\xe2\x82", "\xe2\\n\x82\xac", "\xed\xa0\x80",
		strings.Repeat("x", 200) + `\n`, strings.Repeat(`ab\"`, 50), strings.Repeat("é", 33) + `\u00e9`, "1234567\\n", "12345678\\n", "\x7f"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, inside []byte) {
		q := append(append([]byte{'"'}, inside...), '"')
		if Check(q) != nil {
			return
		}
		var want string
		if err := json.Unmarshal(q, &want); err != nil {
			t.Fatalf("Check accepts %q: %v", q, err)
		}
		if got, ok := Text(q); !ok || got != want {
			t.Fatalf("Text(%q) = %q, want %q", q, got, want)
		}
		if got := string(AppendUnquoted([]byte("\xe2"), q)); got != "\xe2"+want {
			t.Fatalf("AppendUnquoted changes what stood before: %q", got)
		}
	})
}
