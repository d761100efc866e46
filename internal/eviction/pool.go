package eviction

import "sort"

const (
	// poolSize is the number of candidates kept. In the simulation 16 and 128 do no worse with 16 samples an eviction; with
	// fewer the larger pool makes up for them.
	poolSize = 64
	// poolLow: while fewer are left, every sample is welcome.
	poolLow = poolSize / 2
)

// Candidate is a key that may have to go, known by where its entry is. All but the score is the caller's and not looked at,
// but that Shard and Handle together tell the candidates apart.
type Candidate struct {
	Score  uint64 // when it was sampled
	Hash   uint64 // of the key
	Handle uint32 // of the entry
	Bucket uint32 // where the index held it
	Shard  int32
	DB     int32
}

// Pool keeps the best candidates seen so far, over all shards and databases. It holds no keys: whether the entry is still
// there, and still the same key's, is looked up when its turn comes. The zero Pool is empty. It is not safe for concurrent
// use; each worker has its own.
type Pool struct {
	n   int
	all [poolSize]Candidate // ascending by score, up to n
	ids [poolSize]uint64    // of each of them, for finding one that is there already
	// floor is the lowest score when the pool was full last; no sample is kept that is not above it. So as many are kept as
	// are evicted, where otherwise three in four would be there only to fill the places of the last victims, until better
	// ones come; what is evicted is the same.
	floor uint64
}

func (c *Candidate) id() uint64 { return uint64(c.Shard)<<32 | uint64(c.Handle) }

// Len is the number of candidates.
func (p *Pool) Len() int { return p.n }

// Clear forgets all candidates: after a change of the policy.
func (p *Pool) Clear() { p.n, p.floor = 0, 0 }

// Wants reports whether an entry with this score would be kept, so that the rest of a Candidate need not be found out for
// one that would not.
func (p *Pool) Wants(score uint64) bool { return score > p.floor || p.n < poolLow }

// Offer hands in a sampled key. One that is in the pool already gets the new score, unless that is too low to be kept: then
// Policy.Used will tell.
func (p *Pool) Offer(c Candidate) {
	if !p.Wants(c.Score) {
		return
	}
	id := c.id()
	from := p.n // the place that is free to be taken over
	for i, other := range p.ids[:p.n] {
		if other == id {
			from = i
			break
		}
	}
	if from == poolSize {
		from = 0
	}
	to := sort.Search(p.n, func(i int) bool { return p.all[i].Score >= c.Score })
	switch {
	case from == p.n:
		p.n++
		fallthrough
	case from >= to:
		copy(p.all[to+1:from+1], p.all[to:from])
		copy(p.ids[to+1:from+1], p.ids[to:from])
	default:
		to--
		copy(p.all[from:to], p.all[from+1:to+1])
		copy(p.ids[from:to], p.ids[from+1:to+1])
	}
	p.all[to], p.ids[to] = c, id
	if p.n == poolSize {
		p.floor = p.all[0].Score
	}
}

// Best takes the candidate with the highest score out of the pool. It is as of when it was sampled: the caller looks
// whether the key is still there, and whether it was used since (Policy.Used), in which case it offers it again.
func (p *Pool) Best() (Candidate, bool) {
	if p.n == 0 {
		return Candidate{}, false
	}
	if p.n--; p.n < poolLow {
		p.floor = 0
	}
	return p.all[p.n], true
}
