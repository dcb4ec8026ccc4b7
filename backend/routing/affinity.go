package routing

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"omniroute/backend/config"
	"omniroute/backend/fault"
)

// SessionID names a conversation. It says nothing about what is said in it.
type SessionID [16]byte

// Talk knows which conversation a request belongs to.
type Talk interface {
	// Session names it, false when it cannot be told. fresh means that it is
	// told by what it begins with, and that this is its beginning: the name may
	// have belonged to another one before. salt keeps names apart from those of
	// other installations.
	Session(salt [16]byte) (id SessionID, fresh, ok bool)
}

// Bounds of what is remembered about conversations (peers.md 3.4).
const (
	sessionIdle   = time.Hour
	sessionShards = 16
	shardSessions = 1024 // 16,384 in all
)

// sessionKey is a conversation at one choice: the accounts for a model of a
// provider, or the steps of a combo.
type sessionKey [2]uint64

// key tells the choices of one conversation apart.
func (id *SessionID) key(scope, model string) sessionKey {
	h := fnv(fnv(14695981039346656037, scope)*31, model)
	return sessionKey{binary.BigEndian.Uint64(id[:8]) ^ h, binary.BigEndian.Uint64(id[8:]) ^ (h>>29 | h<<35)}
}

func fnv(h uint64, s string) uint64 {
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

// warmth is where a conversation is warm.
type warmth struct {
	id     string // account, or step of a combo
	tokens int64  // of its last turn, 0 = not known
	at     int64  // of its last turn, unix seconds
}

// sessions remembers where conversations are warm, the most recent ones.
type sessions struct {
	shards [sessionShards]struct {
		sync.Mutex
		warm map[sessionKey]warmth
	}
}

// find returns where a conversation is warm.
func (s *sessions) find(k sessionKey, now int64) (w warmth, ok bool) {
	shard := &s.shards[k[0]%sessionShards]
	shard.Lock()
	defer shard.Unlock()
	w, ok = shard.warm[k]
	return w, ok && now-w.at < int64(sessionIdle/time.Second)
}

// edit changes an entry; f gets the zero warmth where there is none or it is
// too old. It returns what was there.
func (s *sessions) edit(k sessionKey, now int64, f func(*warmth)) (old warmth) {
	shard := &s.shards[k[0]%sessionShards]
	shard.Lock()
	defer shard.Unlock()
	w, known := shard.warm[k]
	if now-w.at >= int64(sessionIdle/time.Second) {
		w = warmth{}
	}
	old = w
	f(&w)
	w.at = now
	if !known && len(shard.warm) >= shardSessions {
		evict(shard.warm, now)
	}
	if shard.warm == nil {
		shard.warm = make(map[sessionKey]warmth)
	}
	shard.warm[k] = w
	return old
}

// evict drops what is too old, and at least the oldest quarter.
func evict(m map[sessionKey]warmth, now int64) {
	ages := make([]int64, 0, len(m))
	for _, w := range m {
		ages = append(ages, w.at)
	}
	slices.Sort(ages)
	limit := max(ages[len(ages)/4], now-int64(sessionIdle/time.Second))
	for k, w := range m {
		if w.at <= limit && len(m) > shardSessions/2 {
			delete(m, k)
		}
	}
}

// talk names the conversation, once per plan and only where it matters.
func (w *walk) talk() (id *SessionID, fresh bool) {
	if w.query.Talk == nil || w.planner.State == nil || !w.snap.Settings.SessionAffinity {
		return nil, false
	}
	if !w.asked {
		w.asked = true
		w.session, w.fresh, w.named = w.query.Talk.Session(w.planner.State.salt)
	}
	if !w.named {
		return nil, false
	}
	w.route.Sticky = true
	return &w.session, w.fresh
}

// stay lets a conversation keep its place, or begin anew at another one when
// its own cannot be used. It returns whether the order is decided by that.
func (c *choice) stay(id *SessionID, fresh bool) (decided bool, moved fault.Reason) {
	if id == nil || fresh {
		return false, fault.Reason{}
	}
	w, ok := c.planner.State.warm.find(id.key(c.scope, c.model), c.query.Now.Unix())
	if !ok || w.id == "" {
		return false, fault.Reason{}
	}
	i := slices.IndexFunc(c.items, func(x item) bool { return x.id == w.id })
	if i < 0 {
		return false, movedFrom(c.snap, w)
	}
	c.front(i)
	c.items[0].reason = fault.Because(fault.ReasonSession, "tokens", strconv.FormatInt(w.tokens, 10))
	return true, fault.Reason{}
}

func movedFrom(snap *config.Snapshot, w warmth) fault.Reason {
	from := w.id
	if a := snap.Accounts[w.id]; a != nil {
		from = a.Name
	}
	return fault.Because(fault.ReasonMoved, "from", from, "tokens", strconv.FormatInt(w.tokens, 10))
}

// bind notes where a conversation goes, so that requests of it that come at
// the same time go there as well.
func (c *choice) bind(id *SessionID) {
	first := c.items[0].id
	c.planner.State.warm.edit(id.key(c.scope, c.model), c.query.Now.Unix(), func(w *warmth) {
		if w.id != first {
			*w = warmth{id: first}
		}
	})
	c.planner.State.changed.Store(true)
}

// accountScope names the accounts of a provider in State.
func accountScope(provider string) string { return "accounts/" + provider }

// Served notes which account answered a conversation, with how many tokens.
// When that is not where it was warm, it has moved, and the reason says what
// it cost; else the reason is zero.
func (s *State) Served(snap *config.Snapshot, id SessionID, t config.Target, tokens int64, now time.Time) (moved fault.Reason) {
	if s == nil {
		return moved
	}
	old := s.warm.edit(id.key(accountScope(t.Provider), t.Model), now.Unix(), func(w *warmth) { w.id, w.tokens = t.Account, tokens })
	s.changed.Store(true)
	if old.id != "" && old.id != t.Account {
		return movedFrom(snap, old)
	}
	return moved
}

// savedSession is a conversation as it lies on disk.
type savedSession struct {
	Key    string `json:"k"` // of sessionKey, base 16
	ID     string `json:"a"`
	Tokens int64  `json:"n,omitempty"`
	At     int64  `json:"t"` // unix seconds
}

func (s *sessions) restore(list []savedSession) {
	for _, x := range list {
		hi, lo, _ := strings.Cut(x.Key, " ")
		a, err1 := strconv.ParseUint(hi, 16, 64)
		b, err2 := strconv.ParseUint(lo, 16, 64)
		if err1 == nil && err2 == nil {
			s.edit(sessionKey{a, b}, x.At, func(w *warmth) { w.id, w.tokens = x.ID, x.Tokens })
		}
	}
}

func (s *sessions) save() (out []savedSession) {
	newest := int64(0)
	for i := range s.shards {
		shard := &s.shards[i]
		shard.Lock()
		for k, w := range shard.warm {
			out = append(out, savedSession{strconv.FormatUint(k[0], 16) + " " + strconv.FormatUint(k[1], 16), w.id, w.tokens, w.at})
			newest = max(newest, w.at)
		}
		shard.Unlock()
	}
	out = slices.DeleteFunc(out, func(x savedSession) bool { return newest-x.At >= int64(sessionIdle/time.Second) })
	slices.SortFunc(out, func(a, b savedSession) int { return cmp.Compare(a.Key, b.Key) })
	return out
}
