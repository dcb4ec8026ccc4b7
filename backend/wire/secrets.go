package wire

import "strings"

// secretHeads are how keys and tokens of the known vendors begin.
var secretHeads = [...]string{"sk-", "sk_", "pk-", "rk-", "ak-", "gsk_", "xai-", "key-", "AIza", "ya29.", "ghp_", "gho_", "ghu_", "ghs_", "github_pat_", "hf_", "nvapi-", "fw_", "r8_", "eyJ", "AKIA", "ASIA", "pplx-", "tgp_", "csk-", "fk-", "1//0"}

// MaskSecrets replaces keys, bearer tokens and e-mail addresses in a text
// that leaves the process (formats.md R63). Everything else stays.
func MaskSecrets(s string) string {
	var b strings.Builder
	at := 0
	for i := 0; i < len(s); {
		if !wordByte(s[i]) {
			i++
			continue
		}
		end := i
		for end < len(s) && (wordByte(s[end]) || s[end] == '@') {
			end++
		}
		word := strings.TrimRight(s[i:end], ".-")
		if secret(word) || bearer(s[:i]) && len(word) >= 8 {
			b.WriteString(s[at:i])
			b.WriteString("****")
			at = i + len(word)
		}
		i = end
	}
	if at == 0 {
		return s
	}
	b.WriteString(s[at:])
	return b.String()
}

func wordByte(c byte) bool {
	return nameByte(c) || c == '.' || c == '+' || c == '*' || c == '~'
}

func secret(word string) bool {
	if name, domain, ok := strings.Cut(word, "@"); ok && name != "" && strings.IndexByte(domain, '.') > 0 {
		return true
	}
	for _, head := range secretHeads {
		if rest, ok := strings.CutPrefix(word, head); ok && len(rest) >= 8 {
			return head != "eyJ" && head != "key-" && head != "ak-" && head != "fk-" || mixed(rest)
		}
	}
	return len(word) >= 32 && !strings.ContainsAny(word, "-_.") && mixed(word) // ids have separators, keys of hosts without a prefix do not
}

// mixed tells a random text from a word: digits and letters alternate often.
func mixed(s string) bool {
	changes := 0
	for i := 1; i < len(s); i++ {
		a, b := class(s[i-1]), class(s[i])
		if a != b && a > 0 && b > 0 {
			changes++
		}
	}
	return changes*5 >= len(s)
}

func class(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return 1
	case c >= 'a' && c <= 'z':
		return 2
	case c >= 'A' && c <= 'Z':
		return 3
	}
	return 0
}

// bearer reports that a credential's label stands directly before.
func bearer(before string) bool {
	low := strings.ToLower(before[max(0, len(before)-24):])
	for _, label := range [...]string{"bearer ", "api key: ", "api_key=", "apikey=", "?key=", "&key=", "x-api-key: ", "access_token=", "token: ", "api key provided: ", "authorization: "} {
		if strings.HasSuffix(low, label) || strings.HasSuffix(strings.TrimRight(low, `"'`), label) {
			return true
		}
	}
	return false
}
