package gemini

import (
	"strings"
	"testing"

	"omniroute/backend/llm"
)

// Sources of Google's search survive a change of format, whole and streamed
// (R37).
func TestCitations(t *testing.T) {
	grounding := `"groundingMetadata":{"webSearchQueries":["q"],"groundingChunks":[{"web":{"uri":"https://a.test/","title":"A"}},{"retrievedContext":{"text":"x"}}]}`
	whole := `{"candidates":[{"content":{"parts":[{"text":"said"}]},"finishReason":"STOP",` + grounding + `}]}`
	r := answerOf(t, New(), whole)
	if got := string(r.Candidates[0].Parts[0].Annotations); got != `[{"web":{"uri":"https://a.test/","title":"A"}},{"retrievedContext":{"text":"x"}}]` {
		t.Errorf("annotations %s", got)
	}
	want := `{"candidates":[{"groundingMetadata":{"groundingChunks":[{"web":{"uri":"https://a.test/","title":"A"}}]}}]}`
	b, _, _ := New().EncodeResponse(r, nil)
	subset(t, b, want)

	in := sse(`{"candidates":[{"content":{"parts":[{"text":"sa"}]}}]}`, `{"candidates":[{"content":{"parts":[{"text":"id"}]}}]}`, `{"candidates":[{"content":{"parts":[{"text":""}]},"finishReason":"STOP",`+grounding+`}]}`)
	list := chunks(t, writeStream(t, New(), NewCodeAssist().DecodeStream(strings.NewReader(in)), &llm.Request{}, nil))
	subset(t, list[len(list)-1], want)

	// Other vendors' words for the same.
	for _, a := range []string{`{"type":"url_citation","url":"https://a.test/","title":"A","start_index":0}`, `{"type":"url_citation","url_citation":{"url":"https://a.test/","title":"A"}}`, `{"type":"web_search_result_location","url":"https://a.test/","title":"A","encrypted_index":"x"}`} {
		p := text("said")
		p.Annotations = []byte("[" + a + `,{"type":"file_citation","file_id":"f"}]`)
		resp := &llm.Response{Candidates: []llm.Candidate{{Parts: []llm.Part{p}}}}
		b, _, _ := New().EncodeResponse(resp, nil)
		subset(t, b, want)
		list := chunks(t, writeStream(t, New(), llm.Unfold(resp), &llm.Request{}, nil))
		subset(t, list[len(list)-1], want)
	}
}
