package eviction

import (
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestPoolKeepsTheBest holds the pool against a list of all offers.
func TestPoolKeepsTheBest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type id struct {
			shard  int32
			handle uint32
		}
		var p Pool
		want, floor := map[id]Candidate{}, uint64(0)
		lowest := func() id {
			return slices.MinFunc(slices.Collect(maps.Keys(want)), func(a, b id) int {
				return int(int64(want[a].Score) - int64(want[b].Score))
			})
		}
		t.Repeat(map[string]func(*rapid.T){
			"": func(t *rapid.T) {
				if p.Len() != len(want) {
					t.Fatalf("%d candidates, want %d", p.Len(), len(want))
				}
			},
			"offer": func(t *rapid.T) {
				for range rapid.IntRange(1, 40).Draw(t, "offers") {
					c := Candidate{Shard: rapid.Int32Range(0, 3).Draw(t, "shard"), Handle: rapid.Uint32Range(1, 60).Draw(t, "handle"),
						Score: rapid.Uint64Range(0, 1<<40).Draw(t, "score"), Hash: rapid.Uint64().Draw(t, "hash"), DB: 1, Bucket: 7}
					k := id{c.Shard, c.Handle}
					_, there := want[k]
					if !there && slices.ContainsFunc(slices.Collect(maps.Values(want)), func(o Candidate) bool { return o.Score == c.Score }) {
						continue // which of two equals is dropped is left open
					}
					full := len(want) == poolSize
					if wants := c.Score > floor || len(want) < poolLow; wants != p.Wants(c.Score) {
						t.Fatalf("wants a score of %d: %v", c.Score, !wants)
					} else if p.Offer(c); !wants {
						continue
					}
					if !there && full {
						delete(want, lowest())
					}
					if want[k] = c; len(want) == poolSize {
						floor = want[lowest()].Score
					}
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
				for _, o := range want {
					if o.Score > c.Score {
						t.Fatalf("Best has a score of %d, there is one with %d", c.Score, o.Score)
					}
				}
				k := id{c.Shard, c.Handle}
				if want[k] != c {
					t.Fatalf("Best %+v, offered was %+v", c, want[k])
				}
				if delete(want, k); len(want) < poolLow {
					floor = 0
				}
			},
			"clear": func(t *rapid.T) {
				p.Clear()
				clear(want)
				floor = 0
			},
		})
	})
}

// BenchmarkEviction is what the pool costs for one key evicted: the offers and a Best.
func BenchmarkEviction(b *testing.B) {
	var p Pool
	score := uint64(0)
	for b.Loop() {
		for range samples {
			score = score*6364136223846793005 + 1442695040888963407
			if p.Wants(score >> 8) {
				p.Offer(Candidate{Score: score >> 8, Shard: int32(score >> 60), Handle: uint32(score>>20) & 0xfffff})
			}
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
