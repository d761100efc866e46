package eviction

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// TestPoliciesHaveRedisNames: those of Redis 7 in its order, each its own inverse, and the rights that the names promise.
func TestPoliciesHaveRedisNames(t *testing.T) {
	want := []string{"volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl", "allkeys-lru", "allkeys-lfu", "allkeys-random", "noeviction"}
	if got := Names(); strings.Join(got, " ") != strings.Join(want, " ") {
		t.Fatalf("names %q, want %q", got, want)
	}
	for _, name := range want {
		p, ok := Parse(strings.ToUpper(name))
		if !ok || p.String() != name {
			t.Errorf("%s is parsed as %s, %v", name, p, ok)
		}
		if p.AllKeys() != strings.HasPrefix(name, "allkeys-") || p.Volatile() != strings.HasPrefix(name, "volatile-") {
			t.Errorf("%s: all keys %v, volatile %v", name, p.AllKeys(), p.Volatile())
		}
		if p.LRU() != strings.HasSuffix(name, "-lru") || p.LFU() != strings.HasSuffix(name, "-lfu") {
			t.Errorf("%s: LRU %v, LFU %v", name, p.LRU(), p.LFU())
		}
		p.Score(Use{Now: 1, Freq: 2, Lot: 3}) // every policy has a score
	}
	for _, name := range []string{"", "lru", "allkeys-lru ", "allkeys_lru", "volatile-ttl2"} {
		if p, ok := Parse(name); ok {
			t.Errorf("%q is parsed as %s", name, p)
		}
	}
	if bad := Policy(200); bad.String() != "unknown" || bad.AllKeys() || bad.Volatile() {
		t.Errorf("a value that is no policy: %s", bad)
	}
}

// TestScoresOrderVictims: who goes before whom.
func TestScoresOrderVictims(t *testing.T) {
	for _, c := range []struct {
		p                       Policy
		why                     string
		firstIdle, secondIdle   uint32
		firstFreq, secondFreq   uint8
		firstDrawn, secondDrawn uint64
	}{
		{AllKeysLRU, "the longer unused", 11, 10, 200, 0, 0, 9},
		{VolatileLRU, "the longer unused", 1 << 31, 1<<31 - 1, 255, 0, 0, 9},
		{AllKeysLFU, "the less often used", 0, 1 << 31, 4, 5, 0, 9},
		{VolatileLFU, "the longer unused of those used alike", 11, 10, 5, 5, 0, 9},
		{AllKeysRandom, "the one whose lot it is", 0, 1000, 255, 0, 9, 8},
		{VolatileRandom, "the one whose lot it is", 0, 1000, 255, 0, 9, 8},
	} {
		now := uint32(1<<32 - 1)
		first := c.p.Score(Use{Now: now, Access: now - c.firstIdle, Freq: c.firstFreq, Lot: c.firstDrawn})
		second := c.p.Score(Use{Now: now, Access: now - c.secondIdle, Freq: c.secondFreq, Lot: c.secondDrawn})
		if first <= second {
			t.Errorf("%s does not evict %s first", c.p, c.why)
		}
	}
}

// TestUsedSinceSampled: a candidate that was used has a lower score than it had. A lot is drawn anew each time.
func TestUsedSinceSampled(t *testing.T) {
	for _, p := range []Policy{AllKeysLRU, VolatileLRU, AllKeysLFU, VolatileLFU} {
		const sampledAt = 1000
		sampled := p.Score(Use{Now: sampledAt, Access: sampledAt - 100, Freq: 10})
		for _, now := range []struct {
			idle uint32
			freq uint8
			used bool
		}{{100, 10, false}, {150, 10, false}, {15_100, 9, false}, {1, 10, true}, {1, 11, true}} {
			if now.freq > 10 && p.LRU() {
				continue
			}
			if got := p.Used(sampled, p.Score(Use{Now: 20_000, Access: 20_000 - now.idle, Freq: now.freq})); got != now.used {
				t.Errorf("%s: idle 100 -> %d, counter 10 -> %d: used %v", p, now.idle, now.freq, got)
			}
		}
	}
	if AllKeysRandom.Used(9, 8) {
		t.Error("a lower lot is taken for a use")
	}
}

// TestCounterGrowsAsRedisDocumentsIt: the table in redis.conf, hits to counter for each lfu-log-factor, +-10%.
func TestCounterGrowsAsRedisDocumentsIt(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for factor, rows := range map[uint32]map[int]float64{
		0:   {100: 104, 1000: 255},
		1:   {100: 18, 1000: 49, 100_000: 255},
		10:  {100: 10, 1000: 18, 100_000: 142},
		100: {100: 8, 1000: 11, 100_000: 49},
	} {
		for hits, want := range rows {
			const keys = 20
			sum := 0
			for range keys {
				freq := uint8(InitialFreq)
				for range hits {
					freq = Increment(freq, factor, rnd.Uint64())
				}
				sum += int(freq)
			}
			if got := float64(sum) / keys; got < 0.9*want-1 || got > 1.1*want+1 {
				t.Errorf("factor %d, %d hits: counter %.1f, want %.0f", factor, hits, got, want)
			}
		}
	}
}

// TestIncrementOdds at the edges of the random number.
func TestIncrementOdds(t *testing.T) {
	const never = 1<<64 - 1
	for _, c := range []struct {
		freq, want uint8
		rnd        uint64
	}{{0, 1, never}, {4, 5, never}, {5, 6, never}, {6, 6, never}, {6, 7, 0}, {254, 255, 0}, {255, 255, 0}} {
		if got := Increment(c.freq, 10, c.rnd); got != c.want {
			t.Errorf("counter %d with lot %d becomes %d, want %d", c.freq, c.rnd, got, c.want)
		}
	}
}

// TestDecay: one less for each period, not below 0; a decay time of 0 keeps the counter.
func TestDecay(t *testing.T) {
	for _, c := range []struct {
		freq           uint8
		minutes, decay uint32
		want           uint8
	}{{10, 0, 1, 10}, {10, 3, 1, 7}, {10, 3, 2, 9}, {10, 1, 2, 10}, {10, 10, 1, 0}, {10, 1 << 31, 1, 0}, {255, 300, 1, 0}, {10, 99, 0, 10}, {0, 5, 1, 0}} {
		if got := Decay(c.freq, c.minutes, c.decay); got != c.want {
			t.Errorf("counter %d after %d minutes with decay time %d is %d, want %d", c.freq, c.minutes, c.decay, got, c.want)
		}
	}
}

// TestIdleSurvivesTheWrap of the access clock, and a stamp from a core whose clock was read a little later.
func TestIdleSurvivesTheWrap(t *testing.T) {
	for _, c := range []struct{ now, access, want uint32 }{
		{100, 100, 0}, {100, 40, 60}, {5, 1<<32 - 5, 10}, {100, 101, 0}, {100, 100 + ahead - 1, 0},
		{3, 1<<32 - 1<<31, 1<<31 + 3}, {0, 0, 0}, {1<<32 - 1, 0, 1<<32 - 1 - 0},
	} {
		if c.want > 1<<32-1-ahead {
			c.want = 0
		}
		if got := Idle(c.now, c.access); got != c.want {
			t.Errorf("used at %d, idle %d at %d, want %d", c.access, got, c.now, c.want)
		}
	}
	if AccessClock(3_600_000_000_000) != 900_000 {
		t.Errorf("an hour is %d units", AccessClock(3_600_000_000_000))
	}
}

// TestAKeyUsedAllTheTimeDecays: every 50 seconds for an hour makes 50 to 60 minutes, though it is never idle for one.
func TestAKeyUsedAllTheTimeDecays(t *testing.T) {
	for _, start := range []uint32{900_000, 1<<32 - 100_000} {
		minutes, access := uint32(0), start
		for range 72 {
			now := access + 50*UnitsPerMinute/60
			minutes += IdleMinutes(now, access)
			access = now
		}
		if minutes < 50 || minutes > 61 {
			t.Errorf("from %d: %d minutes", start, minutes)
		}
	}
	if got := IdleMinutes(30*UnitsPerMinute, 20*UnitsPerMinute+1); got != 10 {
		t.Errorf("%d minutes, want 10", got)
	}
}
