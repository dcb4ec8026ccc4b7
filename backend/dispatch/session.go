package dispatch

import (
	"crypto/sha256"
	"hash"

	"omniroute/backend/routing"
	"omniroute/backend/wire/jscan"
)

// sessionHeaders name a conversation, in this order (api.md "Session keys of
// agents"). Header names do not tell case apart.
var sessionHeaders = [...]string{"X-Session-Id", "X_session_id", "X-Claude-Code-Session-Id", "Session_id", "Conversation_id"}

// session is the conversation a call belongs to, as far as it was asked for.
type session struct {
	asked     bool
	id        routing.SessionID
	fresh, ok bool
}

// maxOpening is how much of a conversation's first message is read to tell it
// from others, in bytes.
const maxOpening = 64 << 10

// Session is routing.Talk's: what the agent says, else what the conversation
// begins with.
func (c *Call) Session(salt [16]byte) (id routing.SessionID, fresh, ok bool) {
	if !c.session.asked {
		c.session.asked = true
		c.session.id, c.session.fresh, c.session.ok = c.findSession(salt)
	}
	return c.session.id, c.session.fresh, c.session.ok
}

func (c *Call) findSession(salt [16]byte) (id routing.SessionID, fresh, ok bool) {
	h := sha256.New()
	h.Write(salt[:])
	h.Write([]byte(c.Caller()))
	h.Write([]byte{0})
	named := func(kind byte, name []byte) routing.SessionID {
		h.Write([]byte{kind})
		h.Write(name)
		return short(h)
	}
	for _, name := range sessionHeaders {
		if v := c.Header.Get(name); v != "" {
			return named('h', []byte(v)), false, true
		}
	}
	if v := jscan.Str(c.Head.CacheKey); v != "" {
		return named('c', []byte(v)), false, true
	}
	if v := jscan.Str(jscan.Get(c.Head.Metadata, "user_id")); v != "" {
		return named('u', []byte(v)), false, true
	}
	opening, goesOn := opening(c.Head.Turns)
	if len(opening) == 0 {
		return id, false, false
	}
	h.Write([]byte{'o'})
	for _, text := range opening {
		h.Write(text)
		h.Write([]byte{0})
	}
	return short(h), !goesOn && c.Previous == "", true
}

func short(h hash.Hash) (id routing.SessionID) {
	copy(id[:], h.Sum(nil))
	return id
}

// opening is the text of a conversation's first message by the user, and
// whether anybody answered it. Only texts count: agents move cache marks from
// turn to turn.
func opening(turns []byte) (texts [][]byte, goesOn bool) {
	if jscan.KindOf(turns) == jscan.String {
		return [][]byte{turns[:min(len(turns), maxOpening)]}, false
	}
	if jscan.KindOf(turns) != jscan.Array {
		return nil, false
	}
	for _, m := range jscan.Elements(turns) {
		if jscan.KindOf(m) != jscan.Object {
			continue
		}
		role := jscan.Str(jscan.Get(m, "role"))
		switch role {
		case "assistant", "model":
			return texts, len(texts) > 0
		case "system", "developer":
			continue
		case "": // Responses: calls and their results; Gemini may leave a user's role out
			if typ := jscan.Get(m, "type"); typ != nil && jscan.Str(typ) != "message" {
				return texts, len(texts) > 0
			}
		}
		if texts != nil {
			continue
		}
		content := jscan.Get(m, "content")
		if content == nil {
			content = jscan.Get(m, "parts")
		}
		texts = textsOf(content)
	}
	return texts, false
}

func textsOf(content []byte) (texts [][]byte) {
	left := maxOpening
	add := func(text []byte) {
		text = text[:min(len(text), left)]
		left -= len(text)
		texts = append(texts, text)
	}
	if jscan.KindOf(content) == jscan.Array {
		for _, part := range jscan.Elements(content) {
			if text := jscan.Get(part, "text"); text != nil && left > 0 {
				add(text)
			}
		}
	}
	if texts == nil && len(content) > 0 {
		add(content)
	}
	return texts
}
