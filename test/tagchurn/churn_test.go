package tagchurn

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/curfewkv/curfew/lifetime"
	"github.com/curfewkv/curfew/test/rig"
)

// The case is a shop's page cache (https://github.com/mage-os/mageos-magento2/issues/283): after 48 hours, 3.6 million
// tag keys were left beside 141,000 live keys. Here an hour is 400 ms and a key stands for 141; TTLs are scaled alike.
const (
	hour    = 400 * time.Millisecond
	hours   = 48
	live    = 1000
	writers = 4
	minTTL  = hour / 2
	maxTTL  = 3 * hour
)

// cache is a way to keep tagged values.
type cache interface {
	write(ctx context.Context, key string, ttl time.Duration, tags []string) error
	invalidate(ctx context.Context, tag string) error
}

// generations are package lifetime's Tags.
type generations struct{ tags *lifetime.Tags }

func (g generations) write(ctx context.Context, key string, ttl time.Duration, tags []string) error {
	stamp, err := g.tags.Stamp(ctx, ttl, tags...)
	if err != nil {
		return err
	}
	return g.tags.Set(ctx, key, []byte("page"), ttl, stamp)
}

func (g generations) invalidate(ctx context.Context, tag string) error {
	_, err := g.tags.Invalidate(ctx, tag)
	return err
}

// sets are what is done by hand: a set of keys for each tag.
type sets struct{ client *redis.Client }

func (s sets) write(ctx context.Context, key string, ttl time.Duration, tags []string) error {
	pipe := s.client.Pipeline()
	pipe.Set(ctx, key, "page", ttl)
	for _, tag := range tags {
		pipe.SAdd(ctx, "lifetime:tag:"+tag, key)
	}
	_, err := pipe.Exec(ctx)
	return err
}

func (s sets) invalidate(ctx context.Context, tag string) error {
	keys, err := s.client.SMembers(ctx, "lifetime:tag:"+tag).Result()
	if err != nil {
		return err
	}
	return s.client.Unlink(ctx, append(keys, "lifetime:tag:"+tag)...).Err()
}

// state is what the server holds.
type state struct {
	values, tags int
	bytes        int64 // of the tags' keys
}

func (s state) String() string {
	return fmt.Sprintf("%d live values, %.2f tag keys and %.0f bytes of bookkeeping for each", s.values, s.perValue(), s.bytesPerValue())
}
func (s state) perValue() float64      { return float64(s.tags) / float64(max(1, s.values)) }
func (s state) bytesPerValue() float64 { return float64(s.bytes) / float64(max(1, s.values)) }

func look(t *testing.T, client *redis.Client) (s state) {
	t.Helper()
	ctx := t.Context()
	pipe := client.Pipeline()
	var sizes []*redis.IntCmd
	seen := map[string]bool{}
	for keys := client.Scan(ctx, 0, "", 1000).Iterator(); keys.Next(ctx); {
		key := keys.Val()
		if seen[key] {
			continue
		}
		seen[key] = true
		if strings.HasPrefix(key, "lifetime:tag:") {
			s.tags++
			sizes = append(sizes, pipe.MemoryUsage(ctx, key))
		} else {
			s.values++
		}
	}
	_, _ = pipe.Exec(ctx) // keys may have ended since
	for _, size := range sizes {
		s.bytes += size.Val()
	}
	return s
}

// churn writes and invalidates for some hours, and returns the state at the end of each.
func churn(t *testing.T, client *redis.Client, c cache, hours int, seed uint64) (states []state) {
	var wg sync.WaitGroup
	var order, written atomic.Int64
	begun := time.Now()
	end := begun.Add(time.Duration(hours) * hour)
	rate := float64(live) / ((minTTL + maxTTL) / 2).Seconds() // so that live values are there at a time
	for w := range writers {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(seed, uint64(w)))
			for now := time.Now(); now.Before(end); now = time.Now() {
				if float64(written.Load()) >= rate*now.Sub(begun).Seconds() {
					time.Sleep(time.Millisecond)
					continue
				}
				written.Add(1)
				// Half of the values overwrite others, with other tags; each carries one tag that no other value ever has.
				key := fmt.Sprint("page:", random.IntN(2*live))
				tags := []string{
					fmt.Sprint("order:", order.Add(1)), fmt.Sprint("product:", random.IntN(live/5)), fmt.Sprint("category:", random.IntN(50)),
				}
				err := c.write(t.Context(), key, minTTL+rand.N(maxTTL-minTTL), tags)
				if err == nil && random.IntN(50) == 0 {
					err = c.invalidate(t.Context(), tags[1+random.IntN(2)])
				}
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for h := range hours {
		time.Sleep(time.Until(begun.Add(time.Duration(h+1) * hour)))
		states = append(states, look(t, client))
	}
	wg.Wait()
	t.Logf("%d values written", written.Load())
	return states
}

func mean(states []state, of func(state) float64) (sum float64) {
	for _, s := range states {
		sum += of(s) / float64(len(states))
	}
	return sum
}

// Two days of churn leave nothing behind, and cost the same for each live value in the first hours and in the last.
func TestTagsLeaveNothingBehindAfterTwoDays(t *testing.T) {
	for name, start := range map[string]func(testing.TB, ...string) *rig.Server{"redis": rig.Redis, "curfew": rig.Curfew} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := redis.NewClient(&redis.Options{Addr: start(t).Addr})
			defer client.Close()
			seed := rand.Uint64()
			t.Logf("seed %d", seed)
			states := churn(t, client, generations{lifetime.NewTags(client, lifetime.TagsOptions{})}, hours, seed)
			early, late := states[5:17], states[len(states)-12:]
			t.Logf("hour 6: %v; hour 48: %v", states[5], states[len(states)-1])
			if n := mean(late, func(s state) float64 { return float64(s.values) }); n < live/10 {
				t.Fatalf("only %.0f live values: nothing was tested", n)
			}
			for what, of := range map[string]func(state) float64{"keys": state.perValue, "bytes": state.bytesPerValue} {
				// The tags that values share weigh more when a slow machine has fewer values: that is no leak.
				if a, b := mean(early, of), mean(late, of); b > 1.3*a {
					t.Errorf("bookkeeping %s for each live value grew from %.2f to %.2f", what, a, b)
				}
			}
			// Every value has ended after the longest TTL, and with it every trace.
			rig.Eventually(t, "nothing is left", func() bool { return client.DBSize(t.Context()).Val() == 0 })
		})
	}
}

// The same churn with sets leaves what this test would see: it must be able to fail.
func TestTagSetsLeakUnderTheSameChurn(t *testing.T) {
	client := redis.NewClient(&redis.Options{Addr: rig.Redis(t).Addr})
	defer client.Close()
	states := churn(t, client, sets{client}, 12, 1)
	first, last := states[3], states[len(states)-1]
	t.Logf("hour 4: %v; hour 12: %v", first, last)
	if last.perValue() < 1.5*first.perValue() {
		t.Errorf("sets did not grow: %v, then %v", first, last)
	}
	rig.Eventually(t, "all values have ended", func() bool { return look(t, client).values == 0 })
	if orphans := look(t, client).tags; orphans < first.values {
		t.Errorf("%d orphans are left; want more than values that were live", orphans)
	} else {
		t.Logf("%d orphans are left", orphans)
	}
}
