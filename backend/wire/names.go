package wire

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"

	"omniroute/backend/llm"
)

// toolKey is what a client calls a tool.
type toolKey struct{ namespace, name string }

// Names maps the client's tool names to the upstream's and back. It is built
// from the client's request alone, so a restarted gateway continues any
// conversation (formats.md section 1, R35, R38, R39). It is immutable and
// safe for concurrent use.
type Names struct {
	format   Format
	wire     map[toolKey]string
	back     map[string]toolKey // by upstream name
	bare     map[string]toolKey // namespaced tools whose plain name is unambiguous
	flat     map[string]toolKey // namespaced tools by namespace.name and namespace__name
	declared map[toolKey]llm.ToolKind
	history  []llm.Message // whose call ids are taken
	calls    int           // calls in it
}

// NamesFor reads the tools and the history of the client's own request (not
// of a prepared one). Names legal at f stay; others get a short form that
// depends on the name only. Two tools never share a name.
func NamesFor(req *llm.Request, f Format) *Names {
	n := &Names{format: f, history: req.Messages, wire: make(map[toolKey]string, len(req.Tools)), back: make(map[string]toolKey, len(req.Tools)), declared: make(map[toolKey]llm.ToolKind, len(req.Tools))}
	var order []toolKey
	for i := range req.Tools {
		t := &req.Tools[i]
		if t.Kind == llm.ToolWebSearch && f == Anthropic {
			n.back["web_search"] = toolKey{} // the server tool owns that name
		}
		if (t.Kind != llm.ToolFunction && t.Kind != llm.ToolCustom) || t.Name == "" {
			continue
		}
		k := toolKey{t.Namespace, t.Name}
		if _, seen := n.declared[k]; !seen {
			n.declared[k] = t.Kind
			order = append(order, k)
		}
	}
	n.bareNames(order)
	var seen map[toolKey]bool
	for i := range req.Messages {
		for j := range req.Messages[i].Parts {
			c := req.Messages[i].Parts[j].Call
			if c == nil {
				continue
			}
			n.calls++
			k := n.key(c.Namespace, c.Name)
			if _, known := n.declared[k]; !known && !seen[k] {
				if seen == nil {
					seen = make(map[toolKey]bool)
				}
				seen[k] = true
				order = append(order, k)
			}
		}
	}
	n.assign(order)
	return n
}

// used reports whether a call of the history has that id. Answers have few
// calls: looking costs less than keeping a map for every request.
func (n *Names) used(id string) bool {
	for i := range n.history {
		for j := range n.history[i].Parts {
			if c := n.history[i].Parts[j].Call; c != nil && c.ID == id {
				return true
			}
		}
	}
	return false
}

// bareNames finds the namespaced tools that a plain name means.
func (n *Names) bareNames(order []toolKey) {
	var spaced bool
	for _, k := range order {
		spaced = spaced || k.namespace != ""
	}
	if !spaced {
		return
	}
	ambiguous := map[string]bool{}
	for _, k := range order {
		if k.namespace == "" {
			ambiguous[k.name] = true
			continue
		}
		if n.bare == nil {
			n.bare, n.flat = make(map[string]toolKey), make(map[string]toolKey)
		}
		n.flat[k.namespace+"."+k.name], n.flat[flatten(k)] = k, k
		if _, twice := n.bare[k.name]; twice {
			ambiguous[k.name] = true
		}
		n.bare[k.name] = k
	}
	for name := range ambiguous {
		delete(n.bare, name)
	}
}

// key finds the tool that a call or a choice means.
func (n *Names) key(namespace, name string) toolKey {
	k := toolKey{namespace, name}
	if namespace != "" {
		return k
	}
	if _, ok := n.declared[k]; ok {
		return k
	}
	if full, ok := n.bare[name]; ok {
		return full
	}
	if full, ok := n.flat[name]; ok {
		return full
	}
	return k
}

// assign gives every tool its upstream name: legal plain names first, so that
// they never change because of others.
func (n *Names) assign(order []toolKey) {
	for _, k := range order {
		if k.namespace == "" && legalName(n.format, k.name) && !n.taken(k.name) {
			n.claim(k, k.name)
		}
	}
	for _, k := range order {
		if _, done := n.wire[k]; done {
			continue
		}
		flat := flatten(k)
		if k.namespace != "" && legalName(n.format, flat) && !n.taken(flat) {
			n.claim(k, flat)
			continue
		}
		name := shortName(n.format, flat, shortHash(8, k.namespace, k.name))
		for i := 2; n.taken(name); i++ {
			name = shortName(n.format, flat, shortHash(8, k.namespace, k.name, strconv.Itoa(i)))
		}
		n.claim(k, name)
	}
}

func (n *Names) taken(name string) bool { _, ok := n.back[name]; return ok }

func (n *Names) claim(k toolKey, name string) {
	n.wire[k] = name
	n.back[name] = k
}

// Wire is the upstream's name of the client's tool.
func (n *Names) Wire(namespace, name string) string {
	k := n.key(namespace, name)
	if w, ok := n.wire[k]; ok {
		return w
	}
	if flat := flatten(k); legalName(n.format, flat) {
		return flat
	}
	return shortName(n.format, flatten(k), shortHash(8, k.namespace, k.name))
}

// flatten joins a namespace and a name (R39).
func flatten(k toolKey) string {
	switch {
	case k.namespace == "":
		return k.name
	case len(k.namespace) > 2 && k.namespace[len(k.namespace)-2:] == "__":
		return k.namespace + k.name
	}
	return k.namespace + "__" + k.name
}

// maxName is how long a tool's name may be (R35; Anthropic's limit is 128).
func maxName(f Format) int {
	if f == OpenAIChat || f == OpenAIResponses {
		return 64
	}
	return 128
}

func legalName(f Format, name string) bool {
	if name == "" || len(name) > maxName(f) {
		return false
	}
	gemini := f.Family() == llm.FamilyGemini
	if c := name[0]; gemini && (c == '-' || c >= '0' && c <= '9') {
		return false
	}
	for i := 0; i < len(name); i++ {
		if !nameByte(name[i]) && (!gemini || i == 0 || name[i] != '.' && name[i] != ':') {
			return false
		}
	}
	return true
}

// shortName keeps the head of a name and adds a hash.
func shortName(f Format, name, hash string) string {
	b := make([]byte, 0, maxName(f))
	if c := name; f.Family() == llm.FamilyGemini && c != "" && (c[0] == '-' || c[0] >= '0' && c[0] <= '9') {
		b = append(b, '_')
	}
	for _, r := range name { // one underscore for each character, not for each byte
		if len(b) == maxName(f)-len(hash)-1 {
			break
		}
		if r < 0x80 && nameByte(byte(r)) {
			b = append(b, byte(r))
		} else {
			b = append(b, '_')
		}
	}
	if len(b) == 0 {
		b = append(b, "tool"...)
	}
	b = append(b, '_')
	return string(append(b, hash...))
}

// nameByte reports the letters every format allows in names and ids.
func nameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-'
}

// LegalID makes a call id one that the format takes (R30): Anthropic's
// letters, at most 64 characters at Responses. A legal id stays as it is;
// the result depends on the id only.
func LegalID(f Format, id string) string {
	switch f {
	case Anthropic:
		for i := 0; i < len(id); i++ {
			if !nameByte(id[i]) {
				return cleanID(id)
			}
		}
	case OpenAIResponses:
		if len(id) > 64 {
			return cleanID(id[:40]) + "_" + shortHash(16, id)
		}
	}
	return id
}

func cleanID(id string) string {
	b := make([]byte, 0, len(id))
	for _, r := range id {
		if r < 0x80 && nameByte(byte(r)) {
			b = append(b, byte(r))
		} else {
			b = append(b, '_')
		}
	}
	return string(b)
}

// shortHash is a stable fingerprint of n hex digits.
func shortHash(n int, parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		h.Write([]byte(p))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil))[:n]
}
