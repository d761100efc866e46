package session

import (
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
	// Watched are the keys under WATCH.
	Watched   []WatchedKey
	watchedAt map[WatchedKey]struct{} // the same, nil for few
}

// Enqueue adds a command to the queue.
func (m *Multi) Enqueue(q Queued) {
	before := cap(m.Queue)
	m.Queue = append(m.Queue, q)
	m.Bytes += queuedSize*int64(cap(m.Queue)-before) + SizeOf(q.Args)
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
