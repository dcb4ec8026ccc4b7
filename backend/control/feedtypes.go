package control

import (
	"reflect"
	"time"

	"omniroute/backend/events"
)

// Message is one step of the feed, the same for the window and a browser. Rev
// is the revision of the settings when it was sent: who has seen an older one
// fetches again.
type Message struct {
	Topic string `json:"topic"`
	Rev   int64  `json:"rev"`
	Data  any    `json:"data"` // of the topic, see topics
}

// FeedHello is the first message. From here on nothing is missed; what was
// fetched before it must be fetched again.
type FeedHello struct {
	Version string `json:"version"`
}

// FeedRequests are the requests answered since the message before.
type FeedRequests struct {
	Requests []FeedRequest `json:"requests"` // oldest first
	More     int           `json:"more"`     // answered too, not listed
}

// FeedRequest is an answered request whose receipt can be fetched.
type FeedRequest struct {
	ID             string    `json:"id"`
	Time           time.Time `json:"time"`
	RequestedModel string    `json:"requestedModel"`
	AnsweredBy     string    `json:"answeredBy"` // prefix/model, "" = nobody
	APIKeyID       string    `json:"apiKeyId"`
	Status         int       `json:"status"`     // HTTP status the client saw
	Kind           string    `json:"kind"`       // fault kind, "" = success
	Tokens         int64     `json:"tokens"`     // input and output
	CostMicros     *int64    `json:"costMicros"` // micro-dollars, null = no price known
	TotalMs        int64     `json:"totalMs"`
}

// FeedTarget tells that a target rests, is barred, or may be used again.
type FeedTarget struct {
	Provider string     `json:"provider"`
	Account  string     `json:"account"` // connection id, "" = all of the provider's
	Model    string     `json:"model"`   // "" = all
	State    string     `json:"state" enum:"usable cooling locked sign-in breaker-open probing"`
	Until    *time.Time `json:"until"` // null = not known
	Why      string     `json:"why"`
}

// FeedAccount tells that an account's ability to be used changed.
type FeedAccount struct {
	Account string `json:"account"` // connection id
	Status  string `json:"status"`
}

// FeedCondition is the beginning or the end of a named trouble.
type FeedCondition struct {
	Code    string `json:"code"`
	Subject string `json:"subject"` // what it is about, e.g. a connection id; "" = the whole
	Open    bool   `json:"open"`
	Detail  string `json:"detail"`
}

// FeedGateway tells that the gateway as a whole serves, pauses or ends.
type FeedGateway struct {
	State string     `json:"state" enum:"serving paused stopping"`
	Until *time.Time `json:"until"` // end of a pause, null = until a person resumes
}

// FeedNothing is the data of topics that say all by their name.
type FeedNothing struct{}

// The words of the feed that are no event's.
const (
	topicHello      = "hello"
	gatewayStopping = "stopping"
)

// topic is a name of the feed and the shape of its data.
type topic struct {
	name string
	data reflect.Type
}

// topics lists what the feed may say.
func topics() []topic {
	return []topic{
		{topicHello, reflect.TypeFor[FeedHello]()},
		{events.ConfigChanged{}.Topic(), reflect.TypeFor[FeedNothing]()},
		{events.RequestDone{}.Topic(), reflect.TypeFor[FeedRequests]()},
		{events.TargetChanged{}.Topic(), reflect.TypeFor[FeedTarget]()},
		{events.AccountChanged{}.Topic(), reflect.TypeFor[FeedAccount]()},
		{events.ConditionChanged{}.Topic(), reflect.TypeFor[FeedCondition]()},
		{events.GatewayChanged{}.Topic(), reflect.TypeFor[FeedGateway]()},
		{events.SessionsChanged{}.Topic(), reflect.TypeFor[FeedNothing]()},
		{events.Lagged{}.Topic(), reflect.TypeFor[FeedNothing]()},
	}
}

func feedTypes() (out []reflect.Type) {
	for _, t := range topics() {
		out = append(out, t.data)
	}
	return out
}
