package trace

import "time"

// Op is what a client asked for, reduced to what matters to a cache.
type Op uint8

const (
	// Get reads a key; a read-through cache stores the object after a miss.
	Get Op = iota
	// Set stores a value (set, add, replace, counters and the like).
	Set
	// Delete removes the key at the client's wish.
	Delete
)

// String returns the operation's lower-case name.
func (o Op) String() string {
	switch o {
	case Get:
		return "get"
	case Set:
		return "set"
	case Delete:
		return "delete"
	}
	return "unknown"
}

const (
	// NoSize says that the trace does not know the object's size.
	NoSize = -1
	// NoTime says that the trace has no times.
	NoTime = time.Duration(-1)
)

// Request is one access.
type Request struct {
	// Key is borrowed: it is valid until the next call of Reader.Next.
	Key []byte
	Op  Op
	// KeySize is the key's length in the system that was recorded, 0 where unknown: recorders often shorten keys.
	KeySize int
	// Size is the value's length in bytes, or NoSize.
	Size int
	// TTL is the lifetime that the object gets when it is stored; 0 says that the trace names none.
	TTL time.Duration
	// At is the time since the trace's first request, or NoTime.
	At time.Duration
	// Row is the source's row (or record) that the request comes from, counted from 1. One row can be several requests.
	Row int
}
