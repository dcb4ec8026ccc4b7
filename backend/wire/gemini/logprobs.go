package gemini

import (
	"unicode/utf8"

	"omniroute/backend/wire/jscan"
)

// chatLogprobs turns logprobsResult into the array of chat's
// choices[].logprobs.content (formats.md R4b); nil = nothing there. Numbers
// keep their digits.
func chatLogprobs(v []byte) []byte {
	chosen := member(v, "chosenCandidates", "chosen_candidates")
	if jscan.Len(chosen) == 0 {
		return nil
	}
	var tops [][]byte
	for _, t := range jscan.Elements(member(v, "topCandidates", "top_candidates")) {
		tops = append(tops, jscan.Get(t, "candidates"))
	}
	w := buffer{b: append(make([]byte, 0, 2*len(v)), '[')}
	for i, c := range jscan.Elements(chosen) {
		w.comma()
		w.b = append(w.b, '{')
		w.chatToken(c)
		w.open("top_logprobs", '[')
		if i < len(tops) {
			for _, t := range jscan.Elements(tops[i]) {
				w.comma()
				w.b = append(w.b, '{')
				w.chatToken(t)
				w.b = append(w.b, '}')
			}
		}
		w.b = append(w.b, "]}"...)
	}
	return append(w.b, ']')
}

// chatToken writes token, logprob and bytes without braces.
func (w *buffer) chatToken(c []byte) {
	token := jscan.Str(jscan.Get(c, "token"))
	w.text("token", token)
	p := member(c, "logProbability", "log_probability")
	if jscan.KindOf(p) != jscan.Number {
		p = []byte("0") // proto JSON leaves zeros out
	}
	w.raw("logprob", p)
	if !utf8.ValidString(token) {
		return
	}
	w.open("bytes", '[')
	for i := range len(token) {
		w.comma()
		w.b = appendInt(w.b, int64(token[i]))
	}
	w.b = append(w.b, ']')
}

// logprobsResult writes chat's logprobs array as Gemini's object.
func (w *buffer) logprobsResult(content []byte) {
	if jscan.Len(content) == 0 {
		return
	}
	w.open("logprobsResult", '{')
	w.open("chosenCandidates", '[')
	for _, c := range jscan.Elements(content) {
		w.geminiToken(c)
	}
	w.b = append(w.b, ']')
	w.open("topCandidates", '[')
	for _, c := range jscan.Elements(content) {
		w.comma()
		w.b = append(w.b, '{')
		w.open("candidates", '[')
		for _, t := range jscan.Elements(jscan.Get(c, "top_logprobs")) {
			w.geminiToken(t)
		}
		w.b = append(w.b, "]}"...)
	}
	w.b = append(w.b, "]}"...)
}

func (w *buffer) geminiToken(c []byte) {
	w.comma()
	w.b = append(w.b, '{')
	w.text("token", jscan.Str(jscan.Get(c, "token")))
	p := jscan.Get(c, "logprob")
	if jscan.KindOf(p) != jscan.Number {
		p = []byte("0")
	}
	w.raw("logProbability", p)
	w.b = append(w.b, '}')
}
