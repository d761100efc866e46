package eviction

import (
	"bytes"
	"hash/maphash"
)

const (
	// poolSize is the number of candidates kept. See the simulation test for what other sizes would give.
	poolSize = 64
	// keepBuffer is the largest key buffer that the pool keeps for the next candidate.
	keepBuffer = 512
)

// Candidate is a key that may have to go.
type Candidate struct {
	Score uint64 // when it was sampled
	Hash  uint64 // the caller's, not looked at
	Shard int
	DB    int
	Key   []byte // valid until the next call of Best
}

// Pool keeps the best candidates seen so far, over all shards and databases. It is not safe for concurrent use: the
// keyspace's evictor guards it. In steady state it allocates nothing: key bytes are copied into buffers used again.
type Pool struct {
	n       int
	entries [poolSize + 1]entry // ascending by score up to n; the last one holds what Best returned
	prints  [poolSize]uint64    // fingerprints of the entries' keys, for finding a key that is in the pool already
	seed    maphash.Seed
}

type entry struct {
	score     uint64
	hash      uint64
	shard, db int
	key       []byte
}

// NewPool returns an empty pool.
func NewPool() *Pool { return &Pool{seed: maphash.MakeSeed()} }

// Len is the number of candidates.
func (p *Pool) Len() int { return p.n }

// Clear forgets all candidates: after a change of the policy or a flush.
func (p *Pool) Clear() { p.n = 0 }

// Offer hands in a sampled key; its bytes are copied if it is kept. A key that is in the pool already gets the new score.
func (p *Pool) Offer(score uint64, shard, db int, hash uint64, key []byte) {
	if p.n == poolSize && score <= p.entries[0].score {
		return
	}
	print := maphash.Bytes(p.seed, key)
	at := p.find(print, shard, db, key)
	switch {
	case at >= 0:
	case p.n == poolSize:
		at = 0
	default:
		at = p.n
		p.n++
	}
	e := &p.entries[at]
	e.score, e.hash, e.shard, e.db = score, hash, shard, db
	if cap(e.key) > keepBuffer && len(key) <= keepBuffer {
		e.key = nil
	}
	e.key = append(e.key[:0], key...)
	p.prints[at] = print
	p.settle(at)
}

// Best takes the candidate with the highest score out of the pool. It is as of when it was sampled: the caller looks
// whether the key is still there and whether its score is still at least as high.
func (p *Pool) Best() (Candidate, bool) {
	if p.n == 0 {
		return Candidate{}, false
	}
	p.n--
	p.entries[p.n], p.entries[poolSize] = p.entries[poolSize], p.entries[p.n]
	e := &p.entries[poolSize]
	return Candidate{Score: e.score, Hash: e.hash, Shard: e.shard, DB: e.db, Key: e.key}, true
}

// find returns where the key is, or -1.
func (p *Pool) find(print uint64, shard, db int, key []byte) int {
	for i, other := range p.prints[:p.n] {
		if other == print {
			if e := &p.entries[i]; e.shard == shard && e.db == db && bytes.Equal(e.key, key) {
				return i
			}
		}
	}
	return -1
}

// settle moves an entry whose score has changed to its place.
func (p *Pool) settle(at int) {
	for ; at+1 < p.n && p.entries[at].score > p.entries[at+1].score; at++ {
		p.swap(at, at+1)
	}
	for ; at > 0 && p.entries[at].score < p.entries[at-1].score; at-- {
		p.swap(at, at-1)
	}
}

func (p *Pool) swap(i, j int) {
	p.entries[i], p.entries[j] = p.entries[j], p.entries[i]
	p.prints[i], p.prints[j] = p.prints[j], p.prints[i]
}
