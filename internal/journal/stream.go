package journal

import (
	"slices"
	"sync"

	"github.com/curfewkv/curfew/internal/clock"
)

// Block is what one transaction changed. It is borrowed: valid only during the call of Follow.
type Block struct {
	// Number counts the blocks; the first one is 1.
	Number uint64
	// Offset is where Bytes begins in the stream.
	Offset int64
	// Bytes are whole commands in RESP.
	Bytes []byte
	// Commands is how many of them are effects: SELECT, MULTI and EXEC are not counted.
	Commands int
	// Now is the instant of the transaction.
	Now clock.Instant
	// Origin is the id of the session whose command it was, 0 for the server itself.
	Origin uint64
}

// Follower is handed the blocks of the stream, each one once and in order.
type Follower interface {
	Follow(b *Block)
}

// stream numbers the blocks.
type stream struct {
	mu        sync.Mutex // a leaf but for what followers lock; held while they are called
	followers []Follower
	number    uint64
	offset    int64
	db        int // the database that was selected last; noDatabase: none
	block     Block
}

const noDatabase = -1

// Follow adds a follower: it is handed every block from now on, the first of which selects its database. REQUIRES: no
// transaction is gathering, which the keyspace sees to (Txn.Follow).
func (j *Journal) Follow(f Follower) {
	s := &j.stream
	s.mu.Lock()
	s.followers = append(slices.Clone(s.followers), f)
	s.db = noDatabase
	s.mu.Unlock()
	j.want(EffectsWanted, true)
}

// Unfollow removes a follower, which is handed nothing more once it returns. Safe for concurrent use.
func (j *Journal) Unfollow(f Follower) {
	s := &j.stream
	s.mu.Lock()
	defer s.mu.Unlock()
	s.followers = slices.DeleteFunc(slices.Clone(s.followers), func(x Follower) bool { return x == f })
	if len(s.followers) == 0 {
		j.want(EffectsWanted, false)
	}
}

// Position is the number of the last block and the offset at which the next one begins. Both stand still while nobody
// follows.
func (j *Journal) Position() (number uint64, offset int64) {
	s := &j.stream
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.number, s.offset
}

// Commit hands what a transaction gathered to the followers as one block and empties it. The effects of a session's
// command are one step for a server that runs the stream; those of the server itself (keys that expired, evicted ones) need not
// be. REQUIRES the shards of all keys in it to be locked.
func (j *Journal) Commit(e *Effects, now clock.Instant, origin uint64) {
	s := &j.stream
	s.mu.Lock()
	defer s.mu.Unlock()
	defer e.reset()
	if len(s.followers) == 0 {
		return
	}
	at := headRoom
	if origin != 0 && e.n > 1 {
		at -= copy(e.buf[at-len(multi):], multi)
		e.buf = append(e.buf, exec...)
	}
	if e.first != s.db {
		var room [headRoom]byte
		sel := appendSelect(room[:0], e.first)
		at -= copy(e.buf[at-len(sel):], sel)
	}
	s.db = e.db
	s.number++
	s.block = Block{Number: s.number, Offset: s.offset, Bytes: e.buf[at:], Commands: e.n, Now: now, Origin: origin}
	s.offset += int64(len(s.block.Bytes))
	for _, f := range s.followers {
		f.Follow(&s.block)
	}
	s.block.Bytes = nil
}
