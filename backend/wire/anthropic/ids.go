package anthropic

import (
	"crypto/rand"
	"strconv"

	"omniroute/backend/llm"
	"omniroute/backend/wire"
)

// messageID is the upstream's id, or a new one: a client may take two answers
// with one id for pieces of the same answer.
func messageID(id string) string {
	if id == "" {
		id = "msg_" + rand.Text()
	}
	return id
}

// callIDs gives the calls of an answer ids that are legal for the client and
// unique within its conversation: some hosts send none, or count from zero in
// every answer (formats.md R30).
type callIDs struct {
	req  *llm.Request
	used []string
}

func (c *callIDs) next(id string) string {
	if id == "" {
		id = "toolu_" + rand.Text()
	} else {
		id = wire.LegalID(wire.Anthropic, id)
	}
	unique := id
	for n := 2; c.taken(unique); n++ {
		unique = id + "_" + strconv.Itoa(n)
	}
	c.used = append(c.used, unique)
	return unique
}

func (c *callIDs) taken(id string) bool {
	for _, u := range c.used {
		if u == id {
			return true
		}
	}
	if c.req == nil {
		return false
	}
	for i := range c.req.Messages {
		parts := c.req.Messages[i].Parts
		for j := range parts {
			if parts[j].Kind == llm.PartToolCall && parts[j].Call != nil && parts[j].Call.ID == id {
				return true
			}
		}
	}
	return false
}
