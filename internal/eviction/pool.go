package eviction

import (
	"bytes"
	"hash/maphash"
	"slices"
	"sort"
)

const (
	// poolSize is the number of candidates kept. In the simulation 16 and 128 do no worse with 16 samples an eviction; with
	// 8 the larger pool makes up for them.
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
	n int
	// order ranks the candidates, ascending by score, up to n; behind them it holds the places that are free.
	order  [poolSize]ranked
	places [poolSize + 1]place
	// out is the place that Best has handed out. It is given back to order when the next one is.
	out uint8
	// prints has a fingerprint of each place's key, 0 if the place is free, for finding a key that is in the pool already.
	prints [poolSize + 1]uint64
	seed   maphash.Seed
}

type ranked struct {
	score uint64
	place uint8
}

type place struct {
	hash      uint64
	shard, db int
	key       []byte
}

// NewPool returns an empty pool.
func NewPool() *Pool {
	p := &Pool{seed: maphash.MakeSeed(), out: poolSize}
	for i := range p.order {
		p.order[i].place = uint8(i)
	}
	return p
}

// Len is the number of candidates.
func (p *Pool) Len() int { return p.n }

// Clear forgets all candidates: after a change of the policy or a flush.
func (p *Pool) Clear() {
	p.n = 0
	clear(p.prints[:])
}

// Offer hands in a sampled key; its bytes are copied if it is kept. A key that is in the pool already gets the new score,
// unless that is too low to be kept: then Policy.Used will tell.
func (p *Pool) Offer(score uint64, shard, db int, hash uint64, key []byte) {
	if p.n == poolSize && score <= p.order[0].score {
		return
	}
	print := maphash.Bytes(p.seed, key) | 1
	at, found := p.find(print, shard, db, key)
	if !found {
		at = p.take()
		p.prints[at] = print
		p.places[at].fill(shard, db, hash, key)
	}
	i := sort.Search(p.n, func(i int) bool { return p.order[i].score >= score })
	copy(p.order[i+1:p.n+1], p.order[i:p.n])
	p.order[i] = ranked{score, at}
	p.n++
}

// Best takes the candidate with the highest score out of the pool. It is as of when it was sampled: the caller looks
// whether the key is still there, and whether it was used since (Policy.Used), in which case it offers it again.
func (p *Pool) Best() (Candidate, bool) {
	if p.n == 0 {
		return Candidate{}, false
	}
	p.n--
	best := p.order[p.n]
	p.order[p.n].place, p.out = p.out, best.place
	p.prints[best.place] = 0
	c := &p.places[best.place]
	return Candidate{Score: best.score, Hash: c.hash, Shard: c.shard, DB: c.db, Key: c.key}, true
}

// find looks for a key in the pool and takes it out of the ranking, its place with it.
func (p *Pool) find(print uint64, shard, db int, key []byte) (at uint8, found bool) {
	for i, other := range p.prints {
		if other != print {
			continue
		}
		if c := &p.places[i]; c.shard == shard && c.db == db && bytes.Equal(c.key, key) {
			p.drop(slices.IndexFunc(p.order[:p.n], func(r ranked) bool { return r.place == uint8(i) }))
			return uint8(i), true
		}
	}
	return 0, false
}

// take returns a free place, that of the worst candidate if need be.
func (p *Pool) take() uint8 {
	if p.n < poolSize {
		return p.order[p.n].place
	}
	worst := p.order[0].place
	p.drop(0)
	return worst
}

// drop takes a candidate out of the ranking; its place is the caller's.
func (p *Pool) drop(i int) {
	copy(p.order[i:p.n-1], p.order[i+1:p.n])
	p.n--
}

func (c *place) fill(shard, db int, hash uint64, key []byte) {
	c.shard, c.db, c.hash = shard, db, hash
	if cap(c.key) > keepBuffer && len(key) <= keepBuffer {
		c.key = nil
	}
	c.key = append(c.key[:0], key...)
}
