package session

import (
	"sync/atomic"
	"unsafe"
)

// Queued is a command waiting for EXEC; the arguments are copies. Command is dispatch's, opaque here.
type Queued struct {
	Command any
	Args    [][]byte
}

// argSize and queuedSize are what an argument and a queued command take beside the argument's bytes.
const (
	argSize    = int64(unsafe.Sizeof([]byte(nil)))
	queuedSize = int64(unsafe.Sizeof(Queued{}))
)

// SizeOf is how much memory a list of arguments takes. Short arguments take little and their list takes much more.
func SizeOf(args [][]byte) int64 {
	n := argSize * int64(len(args))
	for _, a := range args {
		n += int64(len(a))
	}
	return n
}

// Multi is the transaction of a session.
type Multi struct {
	Open  bool
	Queue []Queued
	// Failed: a command could not be queued, EXEC will refuse.
	Failed bool
	// Bytes that the queue takes.
	Bytes int64
	// Watched keys; the watch service writes Dirty from under the shards' locks.
	Watched []WatchedKey
	Dirty   atomic.Bool
}

// Enqueue adds a command to the queue.
func (m *Multi) Enqueue(q Queued) {
	before := cap(m.Queue)
	m.Queue = append(m.Queue, q)
	m.Bytes += queuedSize*int64(cap(m.Queue)-before) + SizeOf(q.Args)
}

// WatchedKey is a key under WATCH.
type WatchedKey struct {
	DB  int
	Key string
}

// Subscriptions of a session. The pub/sub service keeps the reverse index.
type Subscriptions struct {
	Channels, Patterns, Shards map[string]struct{}
}

// Count is the number of channels and patterns, as SUBSCRIBE replies it.
func (u *Subscriptions) Count() int { return len(u.Channels) + len(u.Patterns) }

// Any reports whether there is any subscription, shard channels included.
func (u *Subscriptions) Any() bool { return u.Count()+len(u.Shards) > 0 }

// Tracking is the client-side caching state of a session. The tracking service owns its meaning.
type Tracking struct {
	BCast, OptIn, OptOut, NoLoop bool
	Caching                      bool // CLIENT CACHING was given for the next command
	// KeepCaching: the command that ends now is one of CLIENT's, so Caching waits for the next.
	KeepCaching bool
	Redirect    uint64
	Prefixes    []string
}

// Block is a session waiting for something other than input.
type Block struct {
	// Until is the monotonic instant in ns at which Done runs at the latest; 0 is never.
	Until int64
	// Ready is polled when the session is woken; true runs Done. Safe to leave nil.
	Ready func() bool
	// Done writes the reply. unblocked is false when Until came first. It runs on the owner.
	Done func(s *Session, unblocked bool)
	// Release is called when the session goes away while blocked; may be nil.
	Release func()
	// forced: CLIENT UNBLOCK was called: 1 as a timeout, 2 with an error
	forced atomic.Uint32
	ended  atomic.Bool
}

// force ends a block early and reports whether this call was the one that did.
func (b *Block) force(withError bool) bool {
	v := uint32(1)
	if withError {
		v = 2
	}
	return b.forced.CompareAndSwap(0, v)
}

// Forced reports how Unblock ended the block: not at all, as a timeout, or with an error.
func (b *Block) Forced() (ended, withError bool) {
	v := b.forced.Load()
	return v != 0, v == 2
}

// Suspend makes the session wait for b once its command has ended. Called by the owner.
func (s *Session) Suspend(b *Block) {
	done := b.Done
	b.Done = func(s *Session, unblocked bool) {
		b.ended.Store(true)
		done(s, unblocked)
	}
	s.Block = b
	s.block.Store(b)
}

// Unblock ends the session's block early (CLIENT UNBLOCK), if there is one, and reports whether there was. Safe for concurrent use.
func (s *Session) Unblock(withError bool) bool {
	b := s.block.Load()
	if b == nil || b.ended.Load() || !b.force(withError) {
		return false
	}
	s.transport.Wake(s)
	return true
}
