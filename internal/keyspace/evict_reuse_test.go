package keyspace

import (
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/curfewkv/curfew/internal/eviction"
)

// Between the moment that a candidate is sampled and that it is evicted, its block may have become that of another key. That
// may be found by the hash of the candidate, but must not be taken out by it: the index would lose others.
func TestACandidateWhoseBlockIsAnotherKeysNow(t *testing.T) {
	const keys, trials = 650, 20_000
	f := newFixture(t, 1).quiet()
	f.k.SetPolicy(eviction.AllKeysRandom)
	rnd := rand.New(rand.NewPCG(1, 2))
	names := make([]string, keys)
	next := 0
	put := func(i int) {
		names[i] = "name" + strconv.Itoa(10_000_000+next)
		next++
		f.set(names[i], "value", None)
	}
	for i := range names {
		put(i)
	}
	for range trials {
		i := rnd.IntN(keys)
		var c eviction.Candidate
		f.peek(names[i], func(tx *Txn, en Entry) {
			c = eviction.Candidate{Hash: en.hash, Handle: uint32(en.h)}
			tx.Delete(en, eventTest)
		})
		put(i) // in the same block
		if _, gone := f.tx.evictCandidate(f.clock.Now(), c, eviction.AllKeysRandom); gone {
			put(i)
		}
	}
	check(t, f.k)
}
