package gemini

import (
	"omniroute/backend/llm"
	"omniroute/backend/wire/jscan"
)

// groundingChunks are the sources that Google's search gave, as a raw array
// of {"web":{"uri","title"}}; nil = none. Which words they support is not
// carried.
func groundingChunks(v []byte) []byte {
	chunks := member(v, "groundingChunks", "grounding_chunks")
	if jscan.Len(chunks) == 0 {
		return nil
	}
	return compact(chunks)
}

// cite hangs sources on the last text of an answer (formats.md R37).
func cite(parts []llm.Part, sources []byte) {
	if sources == nil {
		return
	}
	for i := len(parts) - 1; i >= 0; i-- {
		if parts[i].Kind == llm.PartText {
			parts[i].Annotations, parts[i].Extra.Format = sources, own
			return
		}
	}
}

// source appends the citation of any format as a grounding chunk to a list
// without its brackets; one without an address is left out.
func source(list, citation []byte) []byte {
	c := citation
	for _, nest := range [...]string{"web", "url_citation"} {
		if inner := jscan.Get(citation, nest); jscan.KindOf(inner) == jscan.Object {
			c = inner
		}
	}
	uri := jscan.Str(jscan.Get(c, "uri"))
	if uri == "" {
		uri = jscan.Str(jscan.Get(c, "url"))
	}
	if uri == "" {
		return list
	}
	w := buffer{b: list}
	if len(list) > 0 {
		w.comma()
	}
	w.b = append(w.b, `{"web":{`...)
	w.text("uri", uri)
	if title := jscan.Str(jscan.Get(c, "title")); title != "" {
		w.text("title", title)
	}
	w.b = append(w.b, "}}"...)
	return w.b
}

// grounding writes the sources of a candidate.
func (w *buffer) grounding(list []byte) {
	if len(list) == 0 {
		return
	}
	w.open("groundingMetadata", '{')
	w.open("groundingChunks", '[')
	w.b = append(w.b, list...)
	w.b = append(w.b, "]}"...)
}
