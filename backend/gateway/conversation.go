package gateway

import (
	"omniroute/backend/dispatch"
	"omniroute/backend/wire"
	"omniroute/backend/wire/jscan"
	"omniroute/backend/wire/responses"
)

// maxRemembered bounds a finished response that is kept for continuation.
const maxRemembered = 8 << 20

// conversation watches an answer of the Responses API on its way out and
// hands the finished response over, before the client can see that it is
// finished and ask for its continuation. All methods work on nil.
type conversation struct {
	runner    Runner
	call      *dispatch.Call
	collector *responses.Collector // streams only
	done      bool
}

// remember returns nil when nothing is to be kept: another format, or a
// client that said store:false.
func remember(runner Runner, call *dispatch.Call) *conversation {
	if call.Format != wire.OpenAIResponses || jscan.False(jscan.Get(call.Body, "store")) {
		return nil
	}
	c := &conversation{runner: runner, call: call}
	if call.Stream {
		c.collector = responses.NewCollector(maxRemembered)
	}
	return c
}

// watch sees the bytes of a stream before they are sent.
func (c *conversation) watch(p []byte) {
	if c == nil || c.collector == nil || c.done {
		return
	}
	c.collector.Write(p)
	if answer := c.collector.Response(); answer != nil {
		c.whole(answer)
	}
}

// whole sees a complete response object before it is sent.
func (c *conversation) whole(body []byte) {
	if c == nil || c.done {
		return
	}
	c.done = true
	c.runner.Remember(c.call, body)
}
