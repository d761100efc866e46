package lifetime

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"github.com/curfewkv/curfew/test/rig"
)

func newTestLimit(t testing.TB, client redis.UniversalClient, options RateLimitOptions) *RateLimit {
	options.Telemetry.Metrics = NewRecorder()
	r, err := NewRateLimit(client, options)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRateLimitAllowsItsBurstAndNoMore(t *testing.T) {
	onServers(t, func(t *testing.T, client *redis.Client) {
		r := newTestLimit(t, client, RateLimitOptions{Requests: 10, Per: 24 * time.Hour})
		for i := range 13 {
			got, err := r.Allow(t.Context(), "ann")
			if err != nil {
				t.Fatal(err)
			}
			if allowed := i < 10; got.Allowed != allowed || got.Remaining != max(9-i, 0) || (got.RetryAfter == 0) != allowed {
				t.Errorf("request %d: %+v", i, got)
			}
			if most := 24 * time.Hour * time.Duration(min(i+1, 10)) / 10; got.ResetAfter > most || got.ResetAfter < most-time.Minute {
				t.Errorf("request %d: reset after %v, want %v", i, got.ResetAfter, most)
			}
			if !got.Allowed && (got.RetryAfter > 144*time.Minute || got.RetryAfter < 143*time.Minute) {
				t.Errorf("retry after %v, want a tenth of a day", got.RetryAfter)
			}
		}
		if got, err := r.Allow(t.Context(), "bob"); err != nil || !got.Allowed {
			t.Errorf("another key: %+v, %v", got, err)
		}
		if left := client.PTTL(t.Context(), "ratelimit:ann").Val(); left > 24*time.Hour || left < 23*time.Hour {
			t.Errorf("the key lives for %v", left)
		}
		metrics := r.options.Telemetry.Metrics.(*Recorder)
		for result, n := range map[string]float64{"allowed": 11, "denied": 3, "error": 0} {
			if got := metrics.Value("lifetime_ratelimit_total", result); got != n {
				t.Errorf("%s: %v, want %v", result, got, n)
			}
		}
	})
}

func TestRateLimitCountsCostsAllOrNothing(t *testing.T) {
	onServers(t, func(t *testing.T, client *redis.Client) {
		r := newTestLimit(t, client, RateLimitOptions{Requests: 1, Per: time.Hour, Burst: 5})
		for _, c := range []struct {
			n, remaining int
			allowed      bool
		}{{3, 2, true}, {3, 2, false}, {2, 0, true}, {1, 0, false}} {
			got, err := r.AllowN(t.Context(), "k", c.n)
			if err != nil || got.Allowed != c.allowed || got.Remaining != c.remaining {
				t.Errorf("%d: %+v, %v", c.n, got, err)
			}
		}
		for _, n := range []int{0, -1, 6, 1 << 62} {
			if got, err := r.AllowN(t.Context(), "k", n); err == nil || got.Allowed {
				t.Errorf("%d: %+v, %v", n, got, err)
			}
		}
		if _, err := r.Allow(t.Context(), ""); err == nil {
			t.Error("an empty key")
		}
	})
}

func TestRateLimitRecoversByItself(t *testing.T) {
	onServers(t, func(t *testing.T, client *redis.Client) {
		r := newTestLimit(t, client, RateLimitOptions{Requests: 1, Per: 50 * time.Millisecond})
		allowed := 0
		eventually(t, "three requests pass", func() bool {
			got, err := r.Allow(t.Context(), "k")
			if err != nil {
				t.Fatal(err)
			}
			if got.Allowed {
				allowed++
			}
			return allowed == 3
		})
		eventually(t, "the key ends", func() bool { return client.Exists(t.Context(), "ratelimit:k").Val() == 0 })
	})
}

func TestRateLimitHoldsForManyAtOnce(t *testing.T) {
	onServers(t, func(t *testing.T, client *redis.Client) {
		r := newTestLimit(t, client, RateLimitOptions{Requests: 50, Per: 24 * time.Hour})
		var allowed atomic.Int64
		var wait sync.WaitGroup
		for range 8 {
			wait.Go(func() {
				for range 20 {
					got, err := r.Allow(t.Context(), "k")
					for err != nil && strings.Contains(err.Error(), ErrContended.Error()) {
						got, err = r.Allow(t.Context(), "k")
					}
					if err != nil {
						t.Error(err)
						return
					}
					if got.Allowed {
						allowed.Add(1)
					}
				}
			})
		}
		wait.Wait()
		if allowed.Load() != 50 {
			t.Errorf("%d passed, want 50", allowed.Load())
		}
	})
}

func TestRateLimitSurvivesWhatOthersStored(t *testing.T) {
	onServers(t, func(t *testing.T, client *redis.Client) {
		r := newTestLimit(t, client, RateLimitOptions{Requests: 2, Per: time.Hour})
		now := client.Time(t.Context()).Val().UnixMicro()
		for i, c := range []struct {
			stored    string
			remaining int
		}{
			{"rubbish", 1}, {"", 1}, {"-5 7", 1}, {"1", 1}, {"9 9 9", 1},
			{"5 99999999999999999", 1},
			{fmt.Sprintf("%d %d", int64(longestLevel), now+3600_000_000), 0}, // of a larger limit, and a clock ahead
		} {
			key := fmt.Sprint(i)
			client.Set(t.Context(), "ratelimit:"+key, c.stored, 0)
			got, err := r.Allow(t.Context(), key)
			if err != nil || got.Remaining != c.remaining {
				t.Errorf("%q: %+v, %v", c.stored, got, err)
			}
		}
		if client.Type(t.Context(), "ratelimit:0").Val() != "string" || client.PTTL(t.Context(), "ratelimit:0").Val() <= 0 {
			t.Error("not replaced")
		}
	})
}

func TestRateLimitRefusesBadOptions(t *testing.T) {
	nowhere := fetchClient(t, "127.0.0.1:1")
	for _, o := range []RateLimitOptions{
		{}, {Requests: -1, Per: time.Second}, {Requests: 1}, {Requests: 1, Per: time.Microsecond}, {Requests: 1, Per: time.Second + 1},
		{Requests: 1, Per: time.Second, Burst: -1}, {Requests: 1 << 40, Per: time.Hour}, {Requests: 1, Per: longestTTL, Burst: 2},
	} {
		if _, err := NewRateLimit(nowhere, o); err == nil || !strings.HasPrefix(err.Error(), "RateLimitOptions: ") {
			t.Errorf("%+v: %v", o, err)
		}
	}
	if _, err := NewRateLimit(nowhere, RateLimitOptions{Requests: 1_000_000, Per: time.Second}); err != nil {
		t.Error(err)
	}
}

// The script's arithmetic, in floating point, must be the Go function's, in integers: at all sizes, and for clocks that
// go backwards.
func TestRateLimitScriptComputesWhatTheModelDoes(t *testing.T) {
	client := fetchClient(t, rig.Redis(t).Addr)
	source := strings.Replace(spendSource, "local now = time[1] * 1000000 + time[2]", "local now = tonumber(ARGV[4])", 1)
	source = strings.Replace(source, ", 'PX', math.ceil(level / rate / 1000)", "", 1) // the key would live in real time
	if len(source) > len(spendSource)-40 {
		t.Fatal("the script's clock and TTL are not replaced")
	}
	script := redis.NewScript(source)
	rapid.Check(t, func(rt *rapid.T) {
		client.Del(t.Context(), "k")
		cost := rapid.Int64Range(1000, 1<<42).Draw(rt, "per")
		burst := rapid.Int64Range(1, min(1<<20, longestLevel/cost)).Draw(rt, "burst")
		b := bucket{rate: rapid.Int64Range(1, 1<<20).Draw(rt, "requests"), cost: cost, size: burst * cost}
		if b.size/b.rate > int64(longestTTL/time.Microsecond) {
			rt.Skip("refused by NewRateLimit")
		}
		model, now := bucketFill{}, int64(1_700_000_000_000_000)
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			reach := max(2, 2*b.cost/b.rate)
			now += rapid.Int64Range(-reach/2, reach).Draw(rt, "elapsed")
			n := rapid.Int64Range(1, burst).Draw(rt, "n")
			want := b.spend(model, now, n*b.cost)
			if want.write {
				model = bucketFill{want.level, now}
			}
			reply, err := script.Run(t.Context(), client, []string{"k"}, b.rate, b.size, n*b.cost, now).Result()
			got, ok := integers(reply, 3)
			if err != nil || !ok || (got[0] == 1) != want.allowed || got[1] != want.level || got[2] != want.wait {
				rt.Fatalf("%+v at %d, %d requests: the script says %v, %v; the model %+v", b, now, n, reply, err, want)
			}
			if want.write {
				if stored := client.Get(t.Context(), "k").Val(); b.parseFill(stored) != model {
					rt.Fatalf("stored %q, want %q", stored, model)
				}
			}
		}
	})
}

// In any stretch of time no more pass than burst and rate allow, whatever the pattern of requests.
func TestRateLimitNeverExceedsItsRate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := bucket{rate: rapid.Int64Range(1, 50).Draw(t, "requests"), cost: rapid.Int64Range(1000, 5000).Draw(t, "per")}
		burst := rapid.Int64Range(1, 20).Draw(t, "burst")
		b.size = burst * b.cost
		f, now, passed := bucketFill{}, int64(0), int64(0)
		for range 200 {
			now += rapid.Int64Range(0, 200).Draw(t, "elapsed")
			d := b.spend(f, now, b.cost)
			if d.write {
				f = bucketFill{d.level, now}
			}
			if d.allowed {
				passed++
			} else if again := b.spend(f, now+d.wait, b.cost); !again.allowed || d.wait > 1 && b.spend(f, now+d.wait-1, b.cost).allowed {
				t.Fatalf("RetryAfter %d is not when it is allowed", d.wait)
			}
			if most := burst + now*b.rate/b.cost; passed > most {
				t.Fatalf("%d passed in %d µs, at most %d may", passed, now, most)
			}
		}
	})
}
