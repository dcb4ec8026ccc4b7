// Package cache remembers what spares a repetition: the conversations behind
// previous_response_id (formats.md R8, rulings 2.5). Each belongs to the
// caller it was made for; no other caller ever finds it. They live for 24
// hours, up to 64 MB in memory and 256 MB on disk, there sealed under the key
// the room was given.
package cache

import (
	"bytes"
	"container/list"
	"context"
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"

	"omniroute/backend/config"
	"omniroute/backend/fault"
)

// Bounds (rulings 2.5).
const (
	Lifetime  = 24 * time.Hour
	maxMemory = 64 << 20  // bytes of items
	maxDisk   = 256 << 20 // bytes of files
	maxItems  = 32 << 20  // bytes of one conversation; longer ones are not kept
	maxQueue  = 256       // conversations waiting for the disk
	maxWait   = 32 << 20  // bytes waiting for the disk
	overhead  = 256       // bytes one entry costs besides its items
	shards    = 16
)

// Conversations keeps the items behind response ids. Safe for concurrent use:
// memory is sharded and no lock is held across I/O; the disk is written by
// one goroutine, which Close ends.
type Conversations struct {
	now    func() time.Time
	disk   *disk // nil = memory only
	limits limits
	seed   maphash.Seed
	shards [shards]shard
	held   atomic.Int64  // bytes in memory
	turn   atomic.Uint32 // the shard to shrink next

	gate    sync.RWMutex // held for writing only by Close
	closed  bool
	jobs    chan *entry
	waiting atomic.Int64 // bytes in jobs
	done    chan struct{}
}

// limits are the bounds in bytes; tests make them small.
type limits struct{ memory, disk, items, wait int64 }

type shard struct {
	sync.Mutex
	entries map[key]*list.Element // of *entry
	recent  *list.List            // most recently used first
}

type key struct{ caller, id string }

// entry is one conversation. All but pending is fixed once it is published.
type entry struct {
	key
	items   []byte
	minted  config.Target
	at      time.Time
	pending bool // not on disk yet: stays in memory; guarded by the shard
}

func (e *entry) size() int64 {
	return int64(len(e.items)+len(e.caller)+len(e.id)) + overhead
}

// New opens the conversations of a directory, which is made when it is
// missing; nothing in it is read before it is asked for. secret is 32 bytes
// from the vault. An empty dir keeps everything in memory only. now is the
// clock. The error is fault.Internal and says what cannot be written.
func New(dir string, secret []byte, now func() time.Time) (*Conversations, error) {
	return open(dir, secret, now, limits{maxMemory, maxDisk, maxItems, maxWait})
}

func open(dir string, secret []byte, now func() time.Time, l limits) (*Conversations, error) {
	c := &Conversations{now: now, limits: l, seed: maphash.MakeSeed(), done: make(chan struct{})}
	for i := range c.shards {
		c.shards[i].entries, c.shards[i].recent = map[key]*list.Element{}, list.New()
	}
	if dir == "" {
		close(c.done)
		return c, nil
	}
	var err error
	if c.disk, err = openDisk(dir, secret, now, l.disk); err != nil {
		return nil, err
	}
	c.jobs = make(chan *entry, maxQueue)
	go c.run()
	return c, nil
}

func (c *Conversations) shard(k key) *shard {
	return &c.shards[maphash.Comparable(c.seed, k)%shards]
}

// Find returns the items kept for this caller under a response id, and who
// minted the id. The items are shared: do not change them. It reads the disk
// when memory has forgotten; a damaged file counts as not there.
func (c *Conversations) Find(caller, id string) (items []byte, minted config.Target, ok bool) {
	k := key{caller, id}
	s := c.shard(k)
	s.Lock()
	if el := s.entries[k]; el != nil {
		e := el.Value.(*entry)
		if c.alive(e.at) {
			s.recent.MoveToFront(el)
			s.Unlock()
			return e.items, e.minted, true
		}
		c.drop(s, el)
		s.Unlock()
		return nil, config.Target{}, false
	}
	s.Unlock()
	if c.disk == nil {
		return nil, config.Target{}, false
	}
	e, ok := c.disk.read(k)
	if !ok || !c.alive(e.at) {
		return nil, config.Target{}, false
	}
	c.put(e, false)
	return e.items, e.minted, true
}

// alive: a moment in the future is the clock's fault, not the entry's.
func (c *Conversations) alive(at time.Time) bool { return c.now().Sub(at) < Lifetime }

// Keep remembers the items of a conversation under the id of its last
// response; it takes a copy. A conversation over 32 MB is not kept. The disk follows later; when it cannot keep up, memory alone
// remembers.
func (c *Conversations) Keep(caller, id string, items []byte, minted config.Target) {
	if id == "" || int64(len(items)) > c.limits.items {
		return
	}
	e := &entry{key: key{caller, id}, items: bytes.Clone(items), minted: minted, at: c.now()}
	c.gate.RLock()
	defer c.gate.RUnlock()
	queue := c.disk != nil && !c.closed && c.reserve(e.size())
	c.put(e, queue)
	if !queue {
		return
	}
	select {
	case c.jobs <- e:
	default:
		c.waiting.Add(-e.size())
		c.written(e)
	}
}

// reserve claims room in the queue. One conversation always fits.
func (c *Conversations) reserve(n int64) bool {
	for {
		w := c.waiting.Load()
		if w > 0 && w+n > c.limits.wait {
			return false
		}
		if c.waiting.CompareAndSwap(w, w+n) {
			return true
		}
	}
}

// put publishes an entry. One that came from disk never replaces what is
// newer in memory.
func (c *Conversations) put(e *entry, pending bool) {
	e.pending = pending
	s := c.shard(e.key)
	s.Lock()
	if old := s.entries[e.key]; old != nil {
		if old.Value.(*entry).at.After(e.at) {
			s.Unlock()
			return
		}
		c.drop(s, old)
	}
	s.entries[e.key] = s.recent.PushFront(e)
	c.held.Add(e.size())
	s.Unlock()
	c.shrink(e.key)
}

// drop forgets an entry; the shard is locked.
func (c *Conversations) drop(s *shard, el *list.Element) {
	e := el.Value.(*entry)
	s.recent.Remove(el)
	delete(s.entries, e.key)
	c.held.Add(-e.size())
}

// shrink makes room, one shard after the other in turn, the longest unused
// first. What waits for the disk stays, and so does the newest, unless nothing
// else is left to go.
func (c *Conversations) shrink(newest key) {
	if c.held.Load() <= c.limits.memory {
		return
	}
	first := c.turn.Add(1)
	for i := range uint32(shards) {
		c.shrinkShard(&c.shards[(first+i)%shards], func(e *entry) bool { return e.key != newest })
	}
	c.shrinkShard(c.shard(newest), func(*entry) bool { return true })
}

func (c *Conversations) shrinkShard(s *shard, may func(*entry) bool) {
	s.Lock()
	defer s.Unlock()
	for el := s.recent.Back(); el != nil && c.held.Load() > c.limits.memory; {
		prev := el.Prev()
		if e := el.Value.(*entry); !e.pending && may(e) {
			c.drop(s, el)
		}
		el = prev
	}
}

// written releases an entry that waited for the disk.
func (c *Conversations) written(e *entry) {
	s := c.shard(e.key)
	s.Lock()
	e.pending = false
	s.Unlock()
	c.shrink(e.key)
}

// sweep forgets the expired entries of one shard.
func (c *Conversations) sweep(n int) {
	s := &c.shards[n%shards]
	s.Lock()
	defer s.Unlock()
	for el := s.recent.Back(); el != nil; {
		prev := el.Prev()
		if e := el.Value.(*entry); !e.pending && !c.alive(e.at) {
			c.drop(s, el)
		}
		el = prev
	}
}

// How long the writer rests when there is nothing to write: between two steps
// of tidying, and when all is tidy.
const (
	stepRest = 100 * time.Millisecond
	tidyRest = time.Minute
)

// run writes what is kept and tidies up in small steps.
func (c *Conversations) run() {
	defer close(c.done)
	defer c.disk.close()
	t := time.NewTimer(stepRest)
	defer t.Stop()
	for n := 0; ; n++ {
		select {
		case e, open := <-c.jobs:
			if !open {
				return
			}
			c.disk.write(e)
			c.waiting.Add(-e.size())
			c.written(e)
		case <-t.C:
			c.sweep(n)
		}
		if c.disk.tidy() {
			t.Reset(stepRest)
		} else {
			t.Reset(tidyRest)
		}
	}
}

// Close writes what still waits and ends the goroutine. Afterwards Find works
// on, and Keep remembers in memory only. It returns ctx's error when the disk
// takes too long.
func (c *Conversations) Close(ctx context.Context) error {
	c.gate.Lock()
	if !c.closed {
		c.closed = true
		if c.jobs != nil {
			close(c.jobs)
		}
	}
	c.gate.Unlock()
	select {
	case <-c.done:
		return nil
	case <-ctx.Done():
		return fault.Wrap(fault.Timeout, "cache.close", ctx.Err(), "The disk took too long to take the open conversations.")
	}
}

// Trouble is the last reason why the disk did not take a conversation, nil
// while all is well.
func (c *Conversations) Trouble() error {
	if c.disk == nil {
		return nil
	}
	if p := c.disk.trouble.Load(); p != nil {
		return *p
	}
	return nil
}
