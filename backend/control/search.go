package control

import (
	"strings"
	"time"
	"unicode"
)

// tokens are what a search says beside the fields of a filter.
type tokens struct {
	model           string // part of a model's name
	longer, shorter time.Duration
}

// parsed takes the tokens out of a search: status:error, model:opus,
// key:laptop, provider:groq, account:…, combo:x, >2s, <500ms. A value with
// spaces stands in double quotes. What a field says already is not overruled;
// words that are no tokens stay the search.
func (in *CallFilter) parsed() (*CallFilter, tokens, error) {
	out := *in
	var t tokens
	var words []string
	put := func(to *string, value string) {
		if *to == "" {
			*to = value
		}
	}
	for _, w := range searchWords(in.Search) {
		name, value, colon := strings.Cut(w, ":")
		known := colon && value != ""
		switch {
		case known && name == "status":
			put(&out.Status, value)
		case known && name == "model":
			put(&t.model, value)
		case known && name == "key":
			put(&out.APIKey, value)
		case known && name == "provider":
			put(&out.Provider, value)
		case known && name == "account":
			put(&out.Account, value)
		case known && name == "combo":
			put(&out.Combo, value)
		case len(w) > 1 && (w[0] == '>' || w[0] == '<'):
			d, err := lasting(w[1:])
			if err != nil {
				return in, t, badInput("search", "%q is no time. Write >2s or <500ms.", clip(w, 60))
			}
			if w[0] == '>' {
				t.longer = d
			} else {
				t.shorter = d
			}
		default:
			words = append(words, w)
		}
	}
	out.Search = strings.Join(words, " ")
	return &out, t, nil
}

// lasting reads 2s, 500ms, 1.5m; a bare number is seconds.
func lasting(text string) (time.Duration, error) {
	text = strings.TrimPrefix(text, "=")
	if last := text[max(len(text)-1, 0):]; last >= "0" && last <= "9" {
		text += "s"
	}
	return time.ParseDuration(text)
}

// searchWords splits at spaces outside of double quotes and drops the quotes.
func searchWords(text string) (out []string) {
	var w strings.Builder
	quoted := false
	end := func() {
		if w.Len() > 0 {
			out = append(out, w.String())
			w.Reset()
		}
	}
	for _, c := range text {
		switch {
		case c == '"':
			quoted = !quoted
		case unicode.IsSpace(c) && !quoted:
			end()
		default:
			w.WriteRune(c)
		}
	}
	end()
	return out
}
