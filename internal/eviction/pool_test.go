package eviction

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestPoolKeepsTheBest holds the pool against a list of all offers.
func TestPoolKeepsTheBest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type id struct {
			shard, db int
			key       string
		}
		p, want := NewPool(), map[id]uint64{}
		lowest := func() (least uint64, at id) {
			first := true
			for k, s := range want {
				if first || s < least {
					least, at, first = s, k, false
				}
			}
			return least, at
		}
		t.Repeat(map[string]func(*rapid.T){
			"": func(t *rapid.T) {
				if p.Len() != len(want) {
					t.Fatalf("%d candidates, want %d", p.Len(), len(want))
				}
			},
			"offer": func(t *rapid.T) {
				for range rapid.IntRange(1, 40).Draw(t, "offers") {
					k := id{rapid.IntRange(0, 3).Draw(t, "shard"), rapid.IntRange(0, 1).Draw(t, "db"),
						fmt.Sprint("key:", rapid.IntRange(0, 60).Draw(t, "key"))}
					score := rapid.Uint64Range(0, 1<<40).Draw(t, "score")
					if _, there := want[k]; !there && slices.Contains(scores(want), score) {
						continue // which of two equals is dropped is left open
					}
					p.Offer(score, k.shard, k.db, 7, []byte(k.key))
					least, drop := lowest()
					if len(want) == poolSize && score <= least {
						continue
					}
					if _, there := want[k]; !there && len(want) == poolSize {
						delete(want, drop)
					}
					want[k] = score
				}
			},
			"best": func(t *rapid.T) {
				c, ok := p.Best()
				if ok != (len(want) > 0) {
					t.Fatalf("Best %v with %d candidates", ok, len(want))
				}
				if !ok {
					return
				}
				k := id{c.Shard, c.DB, string(c.Key)}
				if s, there := want[k]; !there || s != c.Score || s != slices.Max(scores(want)) || c.Hash != 7 {
					t.Fatalf("Best %+v %q, want score %d", c, c.Key, slices.Max(scores(want)))
				}
				delete(want, k)
			},
			"clear": func(t *rapid.T) {
				p.Clear()
				clear(want)
			},
		})
	})
}

func scores[K comparable](m map[K]uint64) (all []uint64) {
	for _, s := range m {
		all = append(all, s)
	}
	return all
}

// TestBestStaysValidWhileOffered: the caller offers again what it has taken out and found used.
func TestBestStaysValidWhileOffered(t *testing.T) {
	p := NewPool()
	for i := range poolSize {
		p.Offer(uint64(100+i), 0, 0, 0, fmt.Appendf(nil, "key:%03d", i))
	}
	c, _ := p.Best()
	key := bytes.Clone(c.Key)
	for i := range 2 * poolSize {
		p.Offer(uint64(1000+i), 0, 0, 0, fmt.Appendf(nil, "new:%03d", i))
		p.Offer(uint64(2000+i), c.Shard, c.DB, c.Hash, c.Key)
	}
	if !bytes.Equal(c.Key, key) {
		t.Errorf("the key became %q, was %q", c.Key, key)
	}
	if again, _ := p.Best(); !bytes.Equal(again.Key, key) || again.Score != 2000+2*poolSize-1 {
		t.Errorf("offered again, the best is %q with %d", again.Key, again.Score)
	}
}

// TestPoolAllocatesNothing in steady state, and does not keep the buffer of a huge key for good.
func TestPoolAllocatesNothing(t *testing.T) {
	p := NewPool()
	key := []byte("user:000000:profile")
	score := uint64(0)
	round := func() {
		for range 16 {
			score++
			key[5]++
			key[6] = byte(score % 50)
			p.Offer(score*2654435761%100_000, int(score%64), 0, score, key)
		}
		p.Best()
	}
	for range 100 {
		round()
	}
	if n := testing.AllocsPerRun(1000, round); n != 0 {
		t.Errorf("%v allocations a round", n)
	}
	p.Clear()
	p.Offer(1, 0, 0, 0, make([]byte, 1<<20))
	p.Best()
	kept := 0
	for range 4 * poolSize { // every buffer comes round
		for i := range poolSize {
			p.Offer(uint64(i), 0, 0, 0, fmt.Appendf(nil, "%d", i))
		}
		p.Best()
	}
	for _, e := range p.places {
		kept += cap(e.key)
	}
	if kept > len(p.places)*2*keepBuffer {
		t.Errorf("the pool keeps %d bytes of keys", kept)
	}
}

// BenchmarkEviction is what the pool costs for one key evicted: 16 offers and a Best.
func BenchmarkEviction(b *testing.B) {
	p := NewPool()
	key := []byte("user:000000:profile")
	score := uint64(0)
	for b.Loop() {
		for range samples {
			score = score*6364136223846793005 + 1442695040888963407
			key[5], key[6], key[7] = byte(score>>40), byte(score>>48), byte(score>>56)
			p.Offer(score>>8, int(score>>60), 0, score, key)
		}
		p.Best()
	}
}

func BenchmarkIncrement(b *testing.B) {
	rnd, freq := uint64(1), uint8(20)
	for b.Loop() {
		rnd = rnd*6364136223846793005 + 1442695040888963407
		freq = Increment(freq, 10, rnd) & 31
	}
	_ = freq
}
