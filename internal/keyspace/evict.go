package keyspace

import (
	"math/rand/v2"

	"github.com/curfewkv/curfew/internal/clock"
	"github.com/curfewkv/curfew/internal/eviction"
	"github.com/curfewkv/curfew/internal/journal"
	"github.com/curfewkv/curfew/internal/store"
)

// evictRounds bounds how often fresh samples are drawn for one eviction. The first round may find only candidates that
// are gone; what later ones draw is gone only if another goroutine was faster.
const evictRounds = 8

// hunt is a worker's search for victims over all shards. Workers share nothing of it: a candidate that two of them have is
// gone for the second.
type hunt struct {
	pool   eviction.Pool
	pooled eviction.Policy // the policy whose scores the pool holds
	rnd    *rand.PCG
	next   int // the shard to sample next
	drawn  []store.Drawn
}

// hunt is the transaction's search for victims, made at its first.
func (t *Txn) hunt() *hunt {
	if t.hunting == nil {
		t.hunting = &hunt{rnd: rand.NewPCG(rand.Uint64(), rand.Uint64())}
	}
	return t.hunting
}

// evictSome removes keys that the policy likes least, until over bytes are freed or eviction.Round keys are gone, and
// returns the memory freed; false: there is none to remove.
func (t *Txn) evictSome(now clock.Instant, over int64) (freed int64, ok bool) {
	switch p := t.ks.Policy(); p {
	case eviction.NoEviction:
		return 0, false
	case eviction.VolatileTTL:
		return t.evictNearest(now, over)
	default:
		return t.evictSampled(now, p, over)
	}
}

// evictSampled fills the pool with fresh samples and evicts its best candidates that are still what they were.
func (t *Txn) evictSampled(now clock.Instant, p eviction.Policy, over int64) (freed int64, ok bool) {
	v := t.hunt()
	if v.pooled != p {
		v.pool.Clear()
		v.pooled = p
	}
	for range evictRounds {
		keys, seen := t.fillPool(now, p, over)
		for v.pool.Len() > 0 {
			n, gone := t.evictBest(now, p, keys, over)
			if freed += n; gone > 0 {
				return freed, true
			}
			if t.ks.Policy() != p {
				return freed, false
			}
		}
		if seen == 0 {
			break
		}
	}
	return freed, false
}

// fillPool samples as many entries as some victims need, of one shard where it has enough of them, and returns how many
// keys are wanted gone.
func (t *Txn) fillPool(now clock.Instant, p eviction.Policy, over int64) (victims, seen int) {
	k, v := t.ks, t.hunt()
	of := 0
	for tried, want := 0, 1; tried < len(k.shards) && seen < want; {
		s := k.shards[v.next]
		v.next = (v.next + 1) % len(k.shards)
		tried++
		if !s.enter() {
			continue
		}
		keys, size := s.evictable(p)
		of += keys
		if keys > 0 {
			// How many keys of the mean size are too much; what is not wanted after all stays in the pool.
			victims = int(max(1, min(eviction.Round, over/size)))
			want = victims * eviction.Samples(of*len(k.shards)/tried)
			seen += t.sample(now, p, s, want-seen, keys)
		}
		s.mu.Unlock()
	}
	return max(1, victims), seen
}

// evictable is how many keys of the shard the policy may evict, and the memory that one takes in the mean.
func (s *shard) evictable(p eviction.Policy) (keys int, size int64) {
	all := 0
	for _, d := range s.dbs {
		if d == nil {
			continue
		}
		all += d.table.Len()
		if p.Volatile() {
			keys += d.table.Volatile()
		}
	}
	if p.AllKeys() {
		keys = all
	}
	used := s.arena.Used() + s.ks.blobs.Used()/int64(len(s.ks.shards))
	return keys, used/int64(max(1, all)) + 1
}

// sample offers about n of the keys of a locked shard to the pool, of each database as many as its share is, and returns how
// many they were.
func (t *Txn) sample(now clock.Instant, p eviction.Policy, s *shard, n, keys int) (seen int) {
	t.Begin(now, 0, 0, true)
	v := t.hunt()
	for db, d := range s.dbs {
		if d == nil {
			continue
		}
		of := d.table.Len()
		if p.Volatile() {
			of = d.table.Volatile()
		}
		v.drawn = d.table.Draw(v.rnd.Uint64(), (n*of+keys-1)/keys, p.Volatile(), v.drawn[:0])
		seen += len(v.drawn)
		for _, x := range v.drawn {
			e := s.arena.Entry(x.Entry)
			score := t.score(p, e)
			if v.pool.Wants(score) {
				v.pool.Offer(eviction.Candidate{Score: score, Hash: t.ks.hash(e.Key()), Handle: uint32(x.Entry),
					Bucket: uint32(x.Bucket), Shard: int32(s.index), DB: int32(db)})
			}
		}
	}
	return seen
}

// score is how much the policy wants an entry gone.
func (t *Txn) score(p eviction.Policy, e store.Entry) uint64 {
	u := eviction.Use{Now: t.lru, Access: e.Access(), Freq: e.Freq(), DecayMinutes: uint32(t.ks.Settings.LFUDecayMinutes.Load())}
	if p.Draws() {
		u.Lot = t.hunt().rnd.Uint64()
	}
	return p.Score(u)
}

// evictBest takes the best candidates out of the pool, asks for the memory of all of them, and removes them until over
// bytes are freed; the rest goes back. It returns how many are gone.
func (t *Txn) evictBest(now clock.Instant, p eviction.Policy, victims int, over int64) (freed int64, gone int) {
	v := t.hunt()
	var best [eviction.Round]eviction.Candidate
	n := 0
	for n < victims {
		c, there := v.pool.Best()
		if !there {
			break
		}
		t.ks.shards[c.Shard].arena.Prefetch(store.Drawn{Entry: store.Handle(c.Handle), Bucket: store.Handle(c.Bucket)})
		best[n] = c
		n++
	}
	for _, c := range best[:n] {
		if freed >= over {
			v.pool.Offer(c)
			continue
		}
		bytes, went := t.evictCandidate(now, c, p)
		freed += bytes
		if went {
			gone++
		}
	}
	return freed, gone
}

// evictCandidate removes a candidate if it is still there and still allowed to go. One that was used since it was sampled
// goes back into the pool with the score that it has now. Another key may have taken the block over meanwhile, and be found
// in the buckets of the candidate's hash: to take it out by that hash would break the index.
func (t *Txn) evictCandidate(now clock.Instant, c eviction.Candidate, p eviction.Policy) (freed int64, gone bool) {
	s := t.ks.shards[c.Shard]
	if !t.lockShard(s) {
		return 0, false
	}
	t.Begin(now, int(c.DB), 0, true)
	defer t.Unlock()
	d := s.dbs[c.DB]
	if d == nil || !s.beginEviction(p) {
		return 0, false
	}
	defer s.endEviction()
	slot, ok := d.table.FindHandle(c.Hash, store.Handle(c.Handle))
	if !ok {
		return 0, false
	}
	h := store.Handle(c.Handle)
	en := Entry{s: s, d: d, db: int(c.DB), hash: c.Hash, slot: slot, h: h, e: s.arena.Entry(h)}
	if t.ks.hash(en.e.Key()) != c.Hash {
		return 0, false
	}
	at := en.Deadline()
	if p.Volatile() && at == None {
		return 0, false
	}
	if due(at, now) {
		before := s.used()
		t.expire(en, at)
		return before - s.used(), true
	}
	if score := t.score(p, en.e); p.Used(c.Score, score) {
		c.Score = score
		t.hunt().pool.Offer(c)
		return 0, false
	}
	return t.evict(en), true
}

// evict removes an entry for memory's sake and returns the memory freed. A due key of the shard goes in its place: one may
// have been put there since the slices of expiry went by.
func (t *Txn) evict(en Entry) (freed int64) {
	s := en.s
	before := s.used()
	if s.mayBeDue(t.Now) && t.expireShard(s) > 0 {
		return before - s.used()
	}
	c := &s.counts
	c.Evicted++
	age := t.IdleMs(en)
	c.EvictedAgeMs += age
	c.EvictedAgeMax = max(c.EvictedAgeMax, age)
	if s.hasDue(t.Now) {
		c.EvictedExpiredPresent++
	}
	t.remove(en, journal.Evicted, journal.EventEvicted)
	if len(s.garbage) > 0 {
		t.undrained |= 1 << s.index
	}
	return before - s.used()
}

// hasDue reports whether a due key is in the shard.
func (s *shard) hasDue(now clock.Instant) bool {
	if !s.mayBeDue(now) {
		return false
	}
	for _, d := range s.dbs {
		if d != nil && d.due(now) > 0 {
			return true
		}
	}
	return false
}
