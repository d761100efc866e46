package eviction

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// The simulation drives the policies and the pool as the keyspace does and compares the hits with those of the same policy
// played exactly: every key of the cache scored at every eviction.

// trace is a sequence of keys.
type trace struct {
	name string
	keys []uint32
}

// zipfTrace draws keys with frequencies falling as rank^-s.
func zipfTrace(n, keys int, s float64) trace {
	rnd := rand.New(rand.NewPCG(1, uint64(keys)))
	z := rand.NewZipf(rnd, s, 1, uint64(keys-1))
	t := trace{name: fmt.Sprintf("zipf %.2f", s)}
	for range n {
		t.keys = append(t.keys, uint32(z.Uint64()))
	}
	return t
}

// mixedTrace is what caches meet in turn: half the requests zipf, a quarter a loop over more keys than fit, a quarter a scan
// of keys that never come again; and every tenth of the way the popular keys are others.
func mixedTrace(n, keys int) trace {
	rnd := rand.New(rand.NewPCG(2, 3))
	z := rand.NewZipf(rnd, 1.05, 1, uint64(keys-1))
	t := trace{name: "zipf+loop+scan"}
	loop, scan := uint32(0), uint32(1<<30)
	for i := range n {
		switch i % 4 {
		case 0, 1:
			t.keys = append(t.keys, uint32(z.Uint64())+uint32(i/(n/10)*keys/20))
		case 2:
			loop = (loop + 1) % uint32(keys/4)
			t.keys = append(t.keys, 1<<29+loop)
		default:
			scan++
			t.keys = append(t.keys, scan)
		}
	}
	return t
}

// cached is the header of a key in the simulated cache.
type cached struct {
	key    uint32
	access uint32
	freq   uint8
	shard  int
}

// cache is a keyspace of shards, from which entries are drawn independently.
type cache struct {
	policy   Policy
	capacity int
	unit     int // requests in a unit of the access clock
	perMin   int // requests in a minute
	rnd      *rand.Rand
	now      uint64
	keys     map[uint32]*cached
	shards   [][]*cached
	next     int // the shard to sample next
	pool     Pool
	round    int // keys that go in a round
}

func newCache(p Policy, capacity, shards int) *cache {
	return &cache{policy: p, capacity: capacity, unit: 1, rnd: rand.New(rand.NewPCG(4, 5)), keys: map[uint32]*cached{},
		shards: make([][]*cached, shards), round: min(Round, max(1, capacity/100))}
}

func (c *cache) clock() uint32 { return uint32(c.now / uint64(c.unit)) }

func (c *cache) score(e *cached) uint64 {
	return c.policy.Score(Use{Now: c.clock(), Access: e.access, Freq: Decay(e.freq, c.minutes(e), 1)})
}

// minutes is IdleMinutes with the simulation's length of a minute.
func (c *cache) minutes(e *cached) uint32 {
	if c.perMin == 0 {
		return 0
	}
	per := uint32(c.perMin / c.unit)
	return c.clock()/per - e.access/per
}

// request looks the key up and puts it in if it is missing.
func (c *cache) request(key uint32, evict func()) (hit bool) {
	c.now++
	if e, ok := c.keys[key]; ok {
		e.freq = Increment(Decay(e.freq, c.minutes(e), 1), 10, c.rnd.Uint64())
		e.access = c.clock()
		return true
	}
	for len(c.keys) >= c.capacity {
		evict()
	}
	h := key * 0x9e3779b1
	e := &cached{key: key, access: c.clock(), freq: InitialFreq, shard: int((h^h>>15)*0x85ebca77>>8) % len(c.shards)}
	c.keys[key] = e
	c.shards[e.shard] = append(c.shards[e.shard], e)
	return false
}

func (c *cache) remove(e *cached) {
	s := c.shards[e.shard]
	s[slices.Index(s, e)] = s[len(s)-1]
	c.shards[e.shard] = s[:len(s)-1]
	delete(c.keys, e.key)
}

// evictSampled is the keyspace's way: samples for some keys that are to go, of one shard if it has enough, and then those
// keys, from wherever they are.
func (c *cache) evictSampled() {
	want := c.round * Samples(c.capacity)
	for tried, seen := 0, 0; tried < len(c.shards) && seen < want; tried++ {
		seen += c.sample(c.next, want-seen)
		c.next = (c.next + 1) % len(c.shards)
	}
	for gone := 0; gone < c.round; {
		best, ok := c.pool.Best()
		if !ok {
			return
		}
		e, there := c.keys[best.Handle]
		if !there {
			continue
		}
		if best.Score, there = c.score(e), c.policy.Used(best.Score, c.score(e)); there {
			c.pool.Offer(best)
			continue
		}
		c.remove(e)
		gone++
	}
}

// sample offers n entries of a shard, fewer if it has not so many.
func (c *cache) sample(shard, n int) (seen int) {
	s := c.shards[shard]
	n = min(n, len(s))
	for range n {
		e := s[c.rnd.IntN(len(s))]
		c.pool.Offer(Candidate{Score: c.score(e), Shard: int32(shard), Handle: e.key})
	}
	return n
}

// evictExact scores every key there is; of equals the one with the highest number goes, which no trace favours.
func (c *cache) evictExact() {
	var victim *cached
	worst := uint64(0)
	for _, e := range c.shards[0] {
		if s := c.score(e); victim == nil || s > worst || s == worst && e.key > victim.key {
			victim, worst = e, s
		}
	}
	c.remove(victim)
}

// ratio is the hit ratio in percent.
func (c *cache) ratio(t trace, evict func()) float64 {
	hits := 0
	for _, key := range t.keys {
		if c.request(key, evict) {
			hits++
		}
	}
	return 100 * float64(hits) / float64(len(t.keys))
}

// TestSamplingIsAsGoodAsExact plays traces through both. An exact policy reads the clock as finely as it likes; the sampled
// one also with a clock on which many requests fall into one unit, as on a busy server. Better than exact is welcome: a
// loop larger than the cache is the worst that can happen to exact LRU.
func TestSamplingIsAsGoodAsExact(t *testing.T) {
	n := 40_000
	if testing.Short() {
		n = 15_000
	}
	for _, tr := range []trace{zipfTrace(n, 20_000, 1.01), zipfTrace(n, 20_000, 1.3), mixedTrace(n, 20_000)} {
		for _, capacity := range []int{50, 400, 2000, 6000} {
			for _, p := range []Policy{AllKeysLRU, AllKeysLFU} {
				exact, least := play(tr, p, capacity, 1, 0), 100.0
				for _, c := range []struct{ unit, shards int }{{1, 1}, {1, 64}, {20, 16}} {
					got := play(tr, p, capacity, c.unit, c.shards)
					if least = min(least, got); got < exact-0.5 {
						t.Errorf("%s, %d keys, %s, %d requests a unit, %d shards: exact %.2f%%, sampled %.2f%%",
							tr.name, capacity, p, c.unit, c.shards, exact, got)
					}
				}
				t.Logf("%-14s %4d keys, %s: exact %.2f%%, sampled %+.2f", tr.name, capacity, p, exact, least-exact)
			}
		}
	}
}

// play returns the mean hit ratio of some runs, more where chance has a greater say; no shards stands for the exact policy.
func play(tr trace, p Policy, capacity, unit, shards int) (ratio float64) {
	const requestsPerMinute = 6000
	runs := 1
	if capacity < smallCache {
		runs = 3
	}
	for seed := range runs {
		c := newCache(p, capacity, max(1, shards))
		c.unit, c.perMin, c.rnd = unit, requestsPerMinute, rand.New(rand.NewPCG(uint64(seed), 6))
		evict := c.evictSampled
		if shards == 0 {
			evict = c.evictExact
		}
		ratio += c.ratio(tr, evict) / float64(runs)
	}
	return ratio
}
