package control

import (
	"context"
	"sync"
	"time"

	"omniroute/backend/config"
	"omniroute/backend/events"
	"omniroute/backend/fault"
)

// Pace and bounds of the feed.
const (
	feedPace   = 250 * time.Millisecond // at most four deliveries a second
	feedListed = 100                    // requests named in one message
	feedHeld   = 256                    // messages waiting for one delivery
	feedLimit  = 64                     // listeners at once
)

// Feed tells pages and the window what changed, in the same messages. Its
// zero value is not ready; New makes it. Safe for concurrent use.
type Feed struct {
	bus     *events.Bus
	config  *config.Holder
	version string

	slots  chan struct{}
	ending chan struct{}
	once   sync.Once
}

func newFeed(r *Rooms) *Feed {
	return &Feed{bus: r.Bus, config: r.Config, version: r.Version, slots: make(chan struct{}, feedLimit), ending: make(chan struct{})}
}

// Close ends every Listen after a last message that says so; none can begin
// afterwards. It may be called more than once.
func (f *Feed) Close() { f.once.Do(func() { close(f.ending) }) }

// Listen calls send with hello and then with every message, in order and from
// one goroutine, until ctx or the process ends. What changed after the
// revision in hello is told. A slow send delays nobody else; it may cost this
// listener messages, of which it learns by a message lagged.
func (f *Feed) Listen(ctx context.Context, send func(Message)) error {
	return f.listen(ctx, nil, func(batch []Message) error {
		for _, m := range batch {
			send(m)
		}
		return nil
	})
}

// listen is Listen with whole deliveries. Each tick of beat is an empty one.
// An error of send ends it.
func (f *Feed) listen(ctx context.Context, beat <-chan time.Time, send func([]Message) error) error {
	select {
	case f.slots <- struct{}{}:
		defer func() { <-f.slots }()
	default:
		return fault.New(fault.RateLimited, "control.feed", "Too many pages listen already. Close some.")
	}
	sub := f.bus.Subscribe() // before the revision is read: nothing falls in between
	defer sub.Close()
	deliver := func(batch []Message) error {
		rev := f.config.Now().Rev
		for i := range batch {
			batch[i].Rev = rev
		}
		return send(batch)
	}
	if err := deliver([]Message{{Topic: topicHello, Data: FeedHello{f.version}}}); err != nil {
		return err
	}
	var p pending
	pace := time.NewTimer(0)
	defer pace.Stop()
	resting := true // until the timer says otherwise
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-f.ending:
			p.add(events.GatewayChanged{State: gatewayStopping})
			return deliver(p.take())
		case <-beat:
			if err := send(nil); err != nil {
				return err
			}
			continue
		case e := <-sub.C():
			p.add(e)
			p.drain(sub)
		case <-pace.C:
			resting = false
		}
		if resting || len(p.messages) == 0 {
			continue
		}
		if err := deliver(p.take()); err != nil {
			return err
		}
		resting = true
		pace.Reset(feedPace)
	}
}

// pending is what waits for the next delivery. A later word about the same
// thing replaces the earlier one; requests are gathered.
type pending struct {
	messages []Message
	subjects []any // beside messages: what each is about
}

// drain takes what came meanwhile, without waiting.
func (p *pending) drain(sub *events.Subscription) {
	for range events.Backlog {
		select {
		case e := <-sub.C():
			p.add(e)
		default:
			return
		}
	}
}

func (p *pending) take() []Message {
	out := p.messages
	p.messages, p.subjects = nil, nil
	return out
}

func (p *pending) add(e events.Event) {
	if _, internal := e.(events.Trouble); internal {
		return // health says what is to be said about it
	}
	if done, ok := e.(events.RequestDone); ok && p.gather(done) {
		return
	}
	subject, data := tell(e)
	if _, lost := e.(events.Lagged); lost || len(p.messages) >= feedHeld {
		p.take() // the listener fetches everything anew
		subject, data = events.Lagged{}, FeedNothing{}
		e = events.Lagged{}
	}
	if subject != nil {
		for i, s := range p.subjects {
			if s == subject {
				p.messages = append(p.messages[:i], p.messages[i+1:]...)
				p.subjects = append(p.subjects[:i], p.subjects[i+1:]...)
				break
			}
		}
	}
	p.messages = append(p.messages, Message{Topic: e.Topic(), Data: data})
	p.subjects = append(p.subjects, subject)
}

// gather adds a request to the message that already waits.
func (p *pending) gather(done events.RequestDone) bool {
	for i := range p.messages {
		list, ok := p.messages[i].Data.(FeedRequests)
		if !ok {
			continue
		}
		if len(list.Requests) == feedListed {
			list.Requests, list.More = list.Requests[1:], list.More+1
		}
		list.Requests = append(list.Requests, feedRequest(done))
		p.messages[i].Data = list
		return true
	}
	return false
}

// tell puts an event in the feed's words. The subject is what a later event
// about the same thing shares with it, nil = each counts.
func tell(e events.Event) (subject, data any) {
	switch e := e.(type) {
	case events.ConfigChanged:
		return events.ConfigChanged{}, FeedNothing{}
	case events.SessionsChanged:
		return e, FeedNothing{}
	case events.RequestDone:
		return nil, FeedRequests{Requests: []FeedRequest{feedRequest(e)}}
	case events.TargetChanged:
		about := events.TargetChanged{Provider: e.Provider, Account: e.Account, Model: e.Model}
		return about, FeedTarget{Provider: e.Provider, Account: e.Account, Model: e.Model, State: e.State, Until: moment(e.Until), Why: e.Why}
	case events.AccountChanged:
		return events.AccountChanged{Account: e.Account}, FeedAccount{Account: e.Account, Status: e.Status}
	case events.ConditionChanged:
		return nil, FeedCondition{Code: e.Code, Subject: e.Subject, Open: e.Open, Detail: e.Detail}
	case events.GatewayChanged:
		return events.GatewayChanged{}, FeedGateway{State: e.State, Until: moment(e.Until)}
	}
	return nil, FeedNothing{}
}

func feedRequest(e events.RequestDone) FeedRequest {
	out := FeedRequest{
		ID: e.RequestID, Time: e.Time.UTC(), RequestedModel: e.RequestedModel, AnsweredBy: e.AnsweredBy, APIKeyID: e.KeyID,
		Status: e.Status, Kind: e.Kind, Tokens: e.Tokens, TotalMs: e.Total.Milliseconds(),
	}
	if e.CostKnown {
		out.CostMicros = new(e.CostMicros)
	}
	return out
}

// moment is a time that may be unknown.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return new(t.UTC())
}
